//! Files and requests that cannot be used are refused with the file, the line and the reason.

use super::*;
use crate::scan::files::FileKind;
use proptest::prelude::*;

const GOOD: Files<'static> = Files {
    cases: "a 1 2001/1/2\nb 2 2001/1/3\n",
    places: "a 0 0\nb 1 1\n",
    population: Some("a 2001 10\nb 2001 20\n"),
    controls: Some("a 1 2001/1/2\nb 2 2001/1/3\n"),
    expected: None,
};

fn daily(model: Model) -> Request {
    Request {
        unit: Unit::Day,
        ..request(model, Coordinates::LatLon)
    }
}

/// Asserts that a file is refused at a line with a reason that contains the words.
#[track_caller]
fn refused(files: Files<'_>, asked: &Request, kind: FileKind, line: u64, words: &str) {
    match run(&files, asked) {
        Err(ScanError::Line {
            kind: k,
            line: l,
            reason,
        }) => {
            assert_eq!((k, l), (kind, line), "{reason}");
            assert!(
                reason.contains(words),
                "\"{reason}\" does not say \"{words}\""
            );
        }
        other => panic!("not refused at a line: {other:?}"),
    }
}

#[track_caller]
fn option_refused(files: Files<'_>, asked: &Request, option: &str) {
    match run(&files, asked) {
        Err(ScanError::Option { option: o, reason }) => assert_eq!(o, option, "{reason}"),
        other => panic!("not refused by option: {other:?}"),
    }
}

#[test]
fn lines_of_a_case_file() {
    for (cases, line, words) in [
        (
            "a 1 2001/1/2\nx 1 2001/1/2\n",
            2,
            "place \"x\" is not in the coordinates file",
        ),
        ("a -1 2001/1/2", 1, "count \"-1\""),
        ("a 1.5 2001/1/2", 1, "count \"1.5\""),
        ("\n\na many 2001/1/2", 3, "count \"many\""),
        ("a 1", 1, "column 3 (time) is missing"),
        ("a", 1, "column 2 (count) is missing"),
        ("a 1 yesterday", 1, "time \"yesterday\""),
        ("a 1 2001/2/30", 1, "no day of the calendar"),
        ("a 1 01/2/3", 1, "year of four digits"),
        ("a 1 2001", 1, "not exact enough to be counted by day"),
        ("a 1 2001/1/2/3", 1, "is not a date"),
        ("\"a 1 2001/1/2", 1, "double quote"),
        ("a 99999999999 2001/1/2", 1, "count"),
        ("a 4000000000 2001/1/2", 1, "more than can be scanned"),
        ("a\0 1 2001/1/2", 1, "zero byte"),
        (
            "a 1 2001/1/2 f\nb 1 2001/1/2\n",
            2,
            "the first line has 4 columns, this one has 3",
        ),
        (
            "a 1 2001/1/2\nb 1 2001/1/2 f\n",
            2,
            "the first line has 3 columns, this one has 4",
        ),
    ] {
        refused(
            Files { cases, ..GOOD },
            &daily(Model::Permutation),
            FileKind::Cases,
            line,
            words,
        );
    }
    refused(
        Files {
            controls: Some("a 1 2001/1/2\nb x 2001/1/2"),
            ..GOOD
        },
        &daily(Model::Bernoulli),
        FileKind::Controls,
        2,
        "count \"x\"",
    );
}

#[test]
fn lines_of_a_coordinates_file() {
    for (places, line, words) in [
        ("a 0 0\nb 91 0\n", 2, "latitude 91 is not between"),
        ("a 0 181\n", 1, "longitude 181 is not between"),
        ("a 0\n", 1, "column 3 (longitude) is missing"),
        ("a 0 east\n", 1, "longitude \"east\" is not a number"),
        ("a NaN 0\n", 1, "not a finite number"),
        ("a 0 0\na 0 1\n", 2, "given twice"),
        ("a 0 0 0\n", 1, "3 columns"),
        ("id,lat,lon\n", 1, "not by commas"),
        ("a 0 0\n# 1 2 3\nb;1;1\n", 3, "semicolons"),
    ] {
        refused(
            Files { places, ..GOOD },
            &daily(Model::Permutation),
            FileKind::Places,
            line,
            words,
        );
    }
    option_refused(
        Files {
            places: " \n",
            ..GOOD
        },
        &daily(Model::Permutation),
        "geo",
    );
}

#[test]
fn lines_of_a_population_file() {
    for (population, line, words) in [
        ("a 2001 10\nb 2001 -20\n", 2, "population -20 is negative"),
        ("a 2001 ten\n", 1, "population \"ten\""),
        ("a 10\n", 1, "column 3 (population) is missing"),
        ("x 2001 10\n", 1, "place \"x\""),
        (
            "a 2001 10\nb 2001 10 f\n",
            2,
            "0 columns of covariates are wanted",
        ),
        ("a 201 10\n", 1, "year of four digits"),
    ] {
        refused(
            Files {
                population: Some(population),
                ..GOOD
            },
            &daily(Model::Poisson),
            FileKind::Population,
            line,
            words,
        );
    }
    option_refused(
        Files {
            population: Some(""),
            ..GOOD
        },
        &daily(Model::Poisson),
        "pop",
    );
    refused(
        Files {
            population: Some("a 2001 10 f\n"),
            ..GOOD
        },
        &daily(Model::Poisson),
        FileKind::Cases,
        1,
        "columns of covariates",
    );
    refused(
        Files {
            population: Some("a 2001 10\n"),
            ..GOOD
        },
        &daily(Model::Poisson),
        FileKind::Cases,
        2,
        "no population or expected count",
    );
    refused(
        Files {
            population: Some("a 2001 0\nb 2001 0\n"),
            ..GOOD
        },
        &daily(Model::Poisson),
        FileKind::Cases,
        1,
        "the population of its place is 0",
    );
    let stratified = Files {
        cases: "a 1 2001/1/2 f\nb 1 2001/1/2 m\n",
        population: Some("a 2001 9 f\nb 2001 9 f\n"),
        ..GOOD
    };
    refused(
        stratified,
        &daily(Model::Poisson),
        FileKind::Cases,
        2,
        "covariates",
    );
}

#[test]
fn lines_of_a_file_of_expected_counts() {
    for (expected, line, words) in [
        (
            "a 2001/1/2 1\nb 2001/1/3 -1\n",
            2,
            "expected count -1 is negative",
        ),
        ("a 2001/1/2 inf\n", 1, "not a finite number"),
        ("a 1\nb 2001/1/3 1\n", 2, "alike on every line"),
        ("a\n", 1, "1 columns are there"),
        ("a 2001/1/2 1 f\n", 1, "4 columns are there"),
        ("x 1\n", 1, "place \"x\""),
        ("a 2001 1\n", 1, "not exact enough"),
    ] {
        refused(
            Files {
                expected: Some(expected),
                ..GOOD
            },
            &daily(Model::ExpectationBased),
            FileKind::Expected,
            line,
            words,
        );
    }
    option_refused(
        Files {
            expected: Some("\n"),
            ..GOOD
        },
        &daily(Model::Poisson),
        "expected",
    );
    refused(
        Files {
            expected: Some("a 2001/1/2 1\n"),
            ..GOOD
        },
        &daily(Model::Poisson),
        FileKind::Cases,
        2,
        "place \"b\" has cases from 2001-01-03",
    );
}

#[test]
fn requests_without_what_their_model_needs() {
    let bare = Files {
        population: None,
        controls: None,
        ..GOOD
    };
    option_refused(bare, &daily(Model::Poisson), "pop");
    option_refused(bare, &daily(Model::ExpectationBased), "expected");
    option_refused(bare, &daily(Model::Bernoulli), "controls");
    option_refused(GOOD, &daily(Model::ExpectationBased), "from");
    option_refused(
        GOOD,
        &Request {
            from: date("2001-01-02"),
            ..daily(Model::ExpectationBased)
        },
        "from",
    );
    option_refused(
        bare,
        &Request {
            span: Span::Spatial,
            ..daily(Model::Permutation)
        },
        "time",
    );
    option_refused(
        Files { cases: "", ..GOOD },
        &daily(Model::Permutation),
        "cases",
    );
    for (asked, option) in [
        (
            Request {
                max_population: Some(0.0),
                ..daily(Model::Permutation)
            },
            "max-population",
        ),
        (
            Request {
                max_population: Some(50.0),
                ..daily(Model::Permutation)
            },
            "max-population",
        ),
        (
            Request {
                max_population: Some(f64::NAN),
                ..daily(Model::Permutation)
            },
            "max-population",
        ),
        (
            Request {
                max_neighbours: Some(0),
                ..daily(Model::Permutation)
            },
            "max-neighbours",
        ),
        (
            Request {
                max_length: Some(0),
                ..daily(Model::Permutation)
            },
            "max-days",
        ),
        (
            Request {
                stop_after: Some(0),
                ..daily(Model::Permutation)
            },
            "stop-after",
        ),
        (
            Request {
                replicates: u32::MAX,
                ..daily(Model::Permutation)
            },
            "replicates",
        ),
        (
            Request {
                from: date("2001-01-09"),
                ..daily(Model::Permutation)
            },
            "to",
        ),
        (
            Request {
                from: date("1001-01-09"),
                ..daily(Model::Permutation)
            },
            "unit",
        ),
    ] {
        option_refused(GOOD, &asked, option);
    }
    let spatial = Files {
        cases: "a 1\nb 1\n",
        population: Some("a 2001 10\nb 2002 20\n"),
        ..GOOD
    };
    option_refused(
        spatial,
        &Request {
            span: Span::Spatial,
            ..daily(Model::Poisson)
        },
        "from",
    );
}

#[test]
fn what_satscan_accepts_is_accepted() {
    let files = Files {
        cases: "\u{feff}a\t 1   2001/1/2\r\n\r\n  b 2\t2001-1-3 \r\n\"new place\" 1 1/4/2001\r\n",
        places: "a\t\t0 0\r\nb 1\t1\r\n\"new place\" 2 2\r\nb 1 1\r\n",
        ..Files::default()
    };
    let asked = Request {
        max_population: Some(1.0),
        ..daily(Model::Permutation)
    };
    let study = Study::read(&files, &asked).unwrap();
    assert_eq!((study.data().places, study.data().units), (3, 3));
    assert_eq!(
        study
            .data()
            .cases
            .iter()
            .map(|t| (t.place, t.unit, t.count))
            .collect::<Vec<_>>(),
        [(0, 0, 1), (1, 1, 2), (2, 2, 1)]
    );
}

proptest! {
    /// Whatever the files hold, the answer is a report or an error, never a panic.
    #[test]
    fn no_text_makes_the_readers_panic(
        cases in "([ab\"]{1,2}[ \t]{1,2}[-0-9.]{1,3}[ \t][-/0-9]{1,10}[ \t]?[fm]?\r?\n){0,4}|\\PC{0,40}",
        places in "([ab]{1,2} [-0-9.]{1,3} [-0-9.]{1,3}\n){0,4}|a 0 0\nb 1 1\n|\\PC{0,40}",
        other in "([ab]{1,2} [/0-9]{1,10} [-0-9.e]{1,5} ?[fm]?\n){0,4}|\\PC{0,40}",
        model in prop::sample::select(vec![Model::Poisson, Model::Permutation, Model::ExpectationBased, Model::Bernoulli]),
        span in prop::sample::select(vec![Span::Retrospective, Span::Prospective, Span::Spatial]),
        expected: bool,
    ) {
        let other = Some(other.as_str());
        let files = Files { cases: &cases, places: &places, population: other.filter(|_| !expected), controls: other, expected: other.filter(|_| expected) };
        let outcome = run(&files, &Request { span, replicates: 2, ..request(model, Coordinates::Cartesian) });
        if let Err(error) = outcome {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    /// A good file with one bad byte sequence put in anywhere is read or refused, never a panic.
    #[test]
    fn a_damaged_line_is_read_or_refused(at in 0usize..60, damage in "\\PC{1,6}") {
        let good = "a 1 2001/1/2\nb 2 2001/1/3\na 4 2001/1/4\n";
        let cut = good.char_indices().map(|(i, _)| i).nth(at).unwrap_or(good.len());
        let cases = format!("{}{damage}{}", &good[..cut], &good[cut..]);
        if let Err(ScanError::Line { line, .. }) = run(&Files { cases: &cases, ..GOOD }, &daily(Model::Permutation)) {
            prop_assert!(line >= 1);
        }
    }
}
