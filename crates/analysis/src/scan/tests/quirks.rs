//! Files that are odd and legal: whatever they look like, the same data give the same answer.

use super::*;
use crate::scan::files::{FileKind, Places};
use crate::scan::periods::{Precision, Stamp};
use proptest::prelude::*;

/// One line of a case file: place, count, day of January 2001.
type Row = (usize, u32, u8);

const PLACES: [(&str, f64, f64); 5] = [
    ("a", 0.0, 0.0),
    ("b1", 1.0, 0.5),
    ("湖里", 2.0, 1.0),
    ("d d", -1.5, 3.0),
    ("#5", 4.0, -2.0),
];

/// How a file may be written without meaning anything else.
#[derive(Clone, Debug)]
struct Style {
    between: &'static str,
    end: &'static str,
    quotes: bool,
    comments: bool,
    mark: bool,
    /// Written as two lines, the second with what is left, and a third with nothing.
    split: bool,
    date: usize,
    last_line_ends: bool,
}

const PLAIN: Style = Style {
    between: " ",
    end: "\n",
    quotes: false,
    comments: false,
    mark: false,
    split: false,
    date: 0,
    last_line_ends: true,
};

fn style() -> impl Strategy<Value = Style> {
    (
        prop::sample::select(vec![" ", "\t", "  \t ", "\u{a0}"]),
        prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n", " \r\n"]),
        any::<[bool; 5]>(),
        0usize..6,
    )
        .prop_map(|(between, end, flags, date)| Style {
            between,
            end,
            quotes: flags[0],
            comments: flags[1],
            mark: flags[2],
            split: flags[3],
            date,
            last_line_ends: flags[4],
        })
}

impl Style {
    fn file(&self, lines: &[Vec<String>]) -> String {
        let quoted = |c: &String| {
            if self.quotes || c.contains(' ') {
                format!("\"{c}\"")
            } else {
                c.clone()
            }
        };
        let mut rows: Vec<String> = lines
            .iter()
            .map(|columns| {
                columns
                    .iter()
                    .map(quoted)
                    .collect::<Vec<_>>()
                    .join(self.between)
            })
            .collect();
        if self.comments {
            rows.insert(0, "# place count time".into());
            rows.insert(1, "#place, count, time".into());
            rows.push("  // the end of \"it".into());
            rows.push("#".into());
        }
        let mut text = if self.mark {
            "\u{feff}".to_owned()
        } else {
            String::new()
        };
        text += &rows.join(self.end);
        if self.last_line_ends {
            text += self.end;
        } else if self.mark {
            text.push('\u{1a}');
        }
        text
    }

    fn day(&self, day: u8) -> String {
        match self.date {
            0 => format!("2001/1/{day}"),
            1 => format!("2001-01-{day:02}"),
            2 => format!("1/{day}/2001"),
            3 => format!("200101{day:02}"),
            4 => format!("01/1/{day}"),
            _ => format!("2001.1.{day}"),
        }
    }

    fn cases(&self, rows: &[Row]) -> String {
        let mut lines = Vec::new();
        for &(place, count, day) in rows {
            let mut line = |count: String| {
                lines.push(vec![PLACES[place].0.to_owned(), count, self.day(day)]);
            };
            if self.split {
                line((count / 2).to_string());
                line(format!("{}.0", count - count / 2));
                line("0".into());
            } else {
                line(count.to_string());
            }
        }
        if self.split {
            lines.reverse();
        }
        self.file(&lines)
    }

    fn places(&self) -> String {
        let mut lines: Vec<Vec<String>> = PLACES
            .iter()
            .map(|(id, x, y)| vec![(*id).to_owned(), x.to_string(), format!("{y:.3}")])
            .collect();
        if self.split {
            lines.push(lines[0].clone());
        }
        self.file(&lines)
    }

    fn population(&self) -> String {
        let lines: Vec<Vec<String>> = PLACES
            .iter()
            .enumerate()
            .map(|(at, (id, ..))| {
                vec![
                    (*id).to_owned(),
                    "2001".to_owned(),
                    format!("{}", 10 * (at + 1)),
                ]
            })
            .collect();
        self.file(&lines)
    }
}

fn january(model: Model, span: Span) -> Request {
    Request {
        from: date("2001-01-01"),
        to: date("2001-01-09"),
        unit: Unit::Day,
        span,
        replicates: 9,
        max_population: Some(0.7),
        ..request(model, Coordinates::Cartesian)
    }
}

proptest! {
    /// Blanks, line ends, quotes, comments, marks, dates, repeated and empty rows change nothing.
    #[test]
    fn the_look_of_a_file_changes_no_answer(
        rows in prop::collection::vec((0usize..5, 0u32..9, 1u8..10), 1..12),
        cases in style(),
        others in style(),
        model in prop::sample::select(vec![Model::Poisson, Model::Permutation, Model::Bernoulli]),
        span in prop::sample::select(vec![Span::Retrospective, Span::Prospective]),
    ) {
        let asked = january(model, span);
        let scanned = |cases: &Style, others: &Style| {
            let (case, place, people) = (cases.cases(&rows), others.places(), others.population());
            let control: String = others.cases(&[(0, 9, 1), (1, 8, 2), (2, 7, 3), (3, 6, 5), (4, 5, 9)]);
            let files = Files {
                cases: &case,
                places: &place,
                population: Some(&people),
                controls: Some(&control),
                expected: None,
            };
            run(&files, &asked)
        };
        prop_assert_eq!(scanned(&cases, &others).unwrap(), scanned(&PLAIN, &PLAIN).unwrap());
    }

    /// For space alone a time column says nothing, and need not be there.
    #[test]
    fn space_alone_needs_no_time_column(rows in prop::collection::vec((0usize..5, 0u32..9, 1u8..10), 1..12)) {
        let asked = Request { replicates: 0,
            from: None, to: None, ..january(Model::Poisson, Span::Spatial) };
        let (places, people) = (PLAIN.places(), PLAIN.population());
        let with = PLAIN.cases(&rows);
        let without: String = with.lines().map(|l| {
            let cut = l.rfind(' ').unwrap();
            format!("{}\n", &l[..cut])
        }).collect();
        let files = |cases| Files { cases, places: &places, population: Some(&people), ..Files::default() };
        let (with, without) = (run(&files(&with), &asked).unwrap(), run(&files(&without), &asked).unwrap());
        prop_assert_eq!(with.clusters.len(), without.clusters.len());
        for (a, b) in with.clusters.iter().zip(&without.clusters) {
            // People are counted over days here and over the whole there: the last digit may differ, and with it which of
            // two zones that are equally likely comes first.
            near(a.llr, b.llr, 1e-9);
            if a.locations == b.locations {
                prop_assert_eq!(a.observed, b.observed);
                near(a.expected, b.expected, 1e-9);
            }
        }
    }
}

#[test]
fn comments_are_told_from_places_by_their_second_column() {
    let text = "#12 1 2\n# 3 4\n#13 east north\n//14 1 2\n15 1 3\n#";
    let places = Places::read(text, Coordinates::Cartesian).unwrap();
    assert_eq!(
        (places.len(), places.find("#12"), places.find("15")),
        (2, Some(0), Some(1))
    );
}

#[test]
fn coordinates_may_have_more_dimensions_as_many_on_every_line() {
    let text = "a 0 0 0\nb 0 0 5\nc 3 0 0\nd 0 0 20\n";
    let places = Places::read(text, Coordinates::Cartesian).unwrap();
    assert_eq!(
        (places.len(), places.points()[1].as_slice()),
        (4, [0.0, 0.0, 5.0].as_slice())
    );
    // In the plane b and d would stand where a does; in space c is nearer to a than b is.
    let files = Files {
        cases: "a 9 2001/1/9\nc 9 2001/1/9\na 3 2001/1/1\nb 3 2001/1/1\nc 3 2001/1/1\nd 3 2001/1/1\nb 1 2001/1/9\nd 1 2001/1/9\n",
        places: text,
        ..Files::default()
    };
    let asked = Request {
        max_population: Some(0.8),
        ..january(Model::Permutation, Span::Prospective)
    };
    let found = run(&files, &asked).unwrap();
    assert_eq!(found.clusters[0].locations, ["a", "c"]);
    for (bad, line, words) in [
        ("a 0 0 0\nb 0 0\n", 2, "4 columns are expected, 3 are there"),
        ("a 0 0\nb 0 0 1\n", 2, "3 columns are expected, 4 are there"),
        ("a 0 0 z\n", 1, "a coordinate \"z\" is not a number"),
    ] {
        let refused = Places::read(bad, Coordinates::Cartesian).unwrap_err();
        let ScanError::Line {
            kind,
            line: at,
            reason,
        } = refused
        else {
            panic!("{refused}");
        };
        assert_eq!((kind, at), (FileKind::Places, line));
        assert!(reason.contains(words), "{reason}");
    }
}

#[test]
fn identifiers_at_one_point_are_one_place() {
    let places = "a 0 0\nb 5 5\na2 -0 0.0\nc 9 0\n";
    let cases = "a 1 2001/1/9\na2 4 2001/1/9\nb 2 2001/1/2\nc 2 2001/1/3\n";
    let files = Files {
        cases,
        places,
        ..Files::default()
    };
    let found = run(&files, &january(Model::Permutation, Span::Prospective)).unwrap();
    let best = &found.clusters[0];
    assert_eq!(
        (best.locations.as_slice(), best.observed),
        (["a".to_owned(), "a2".to_owned()].as_slice(), 5)
    );
}

#[test]
fn years_of_two_digits_lie_near_the_study() {
    let files = Files {
        cases: "a 1 99/12/31\nb 2 00/1/1\n",
        places: "a 0 0\nb 1 1\n",
        ..Files::default()
    };
    let asked = Request {
        from: date("1999-12-30"),
        to: date("2000-01-02"),
        ..january(Model::Permutation, Span::Retrospective)
    };
    let study = Study::read(&files, &asked).unwrap();
    let units: Vec<u32> = study.data().cases.iter().map(|t| t.unit).collect();
    assert_eq!(units, [1, 2]);
    let open = Request {
        from: None,
        to: None,
        ..asked
    };
    assert!(Study::read(&files, &open).is_err());
}

#[test]
fn a_time_may_be_as_exact_as_the_unit_needs() {
    for (text, precision, first) in [
        ("2001", Precision::Year, "2001-01-01"),
        ("2001/3", Precision::Month, "2001-03-01"),
        ("3/2001", Precision::Month, "2001-03-01"),
        ("2001/03/07", Precision::Day, "2001-03-07"),
        ("20010307", Precision::Day, "2001-03-07"),
    ] {
        let stamp = Stamp::parse(text, None).unwrap();
        assert_eq!(
            (stamp.precision, stamp.first.to_string().as_str()),
            (precision, first)
        );
    }
    for bad in [
        "20011307",
        "2001030",
        "200103077",
        "2001/3/7/1",
        "1.5",
        "",
        "/",
        "2001/",
        "٢٠٠١",
    ] {
        assert!(Stamp::parse(bad, None).is_err(), "{bad}");
    }
}
