//! `shiyu detect`: which points of a series of counts are unusually high.

use super::table::{Table, check_once};
use crate::output::{Done, Failure};
use analysis::aberration::{
    Cusum, DayKind, DayPattern, DetectError, Ears, EarsMethod, Farrington, Point, Threshold,
    Timeline, Transform, adjusted_p_values, cusum, ears, farrington,
};
use analysis::series::{SeriesError, Step};
use clap::ValueEnum;
use jiff::civil::Date;
use kernel::Calendar;
use serde::Serialize;
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Weeks of a year where a series has no dates.
const WEEKS: usize = 52;
/// Days from which the pattern of the kinds of day is learned, at least; else from the whole series.
const LEARN_DAYS: usize = 56;

/// Find unusually high points in a series of counts.
#[derive(clap::Args)]
pub struct Args {
    /// CSV file with a column of counts and perhaps a column `date`.
    series: PathBuf,
    /// Column of counts; may be given several times, for as many series.
    #[arg(long, default_value = "observed")]
    column: Vec<String>,
    /// Method.
    #[arg(long, value_enum)]
    method: Method,
    /// Points to judge, counted from 1, both ends included; without it, all that have enough past.
    #[arg(long, value_name = "A:B", value_parser = parse_range)]
    range: Option<RangeInclusive<usize>>,
    /// One-sided level of the limits; 0.001 for EARS C1 and C2, 0.025 for C3, 0.05 for Farrington.
    #[arg(long, allow_negative_numbers = true)]
    alpha: Option<f64>,
    /// Take off what the kind of day brings: its day of the week, holidays and make-up days of the Chinese working
    /// calendar (cn), or the days of the week alone (week). Needs a column `date`, daily.
    #[arg(long, value_name = "cn|week")]
    calendar: Option<CalendarName>,
    /// Of all series together, the share of false discoveries that is let pass at each point (Benjamini & Hochberg).
    #[arg(long, value_name = "Q", allow_negative_numbers = true)]
    fdr: Option<f64>,
    /// CUSUM: excess in deviations that is let pass at each point.
    #[arg(long, default_value_t = 1.04, allow_negative_numbers = true)]
    k: f64,
    /// CUSUM: limit of the sum.
    #[arg(long, default_value_t = 2.26, allow_negative_numbers = true)]
    h: f64,
    /// CUSUM: how counts become standard.
    #[arg(long, value_enum, default_value = "standard")]
    transform: TransformName,
    /// Farrington: how the upper limit is found.
    #[arg(long, value_enum, default_value = "delta")]
    threshold: ThresholdName,
    /// Farrington: years of past.
    #[arg(long, default_value_t = 4, allow_negative_numbers = true)]
    b: usize,
    /// Farrington: half width of the window around each reference week.
    #[arg(long, default_value_t = 3, allow_negative_numbers = true)]
    w: usize,
    /// Farrington: periods a year is cut into.
    #[arg(long, default_value_t = 10, allow_negative_numbers = true)]
    no_periods: usize,
    /// Farrington: weeks just before the judged one that are left out.
    #[arg(long, default_value_t = 26, allow_negative_numbers = true)]
    past_weeks_not_included: usize,
    /// Farrington: residual above which past counts are weighed down.
    #[arg(long, default_value_t = 2.58, allow_negative_numbers = true)]
    weights_threshold: f64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Method {
    EarsC1,
    EarsC2,
    EarsC3,
    Farrington,
    Cusum,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum CalendarName {
    Cn,
    Week,
}

#[derive(Clone, Copy, ValueEnum)]
enum ThresholdName {
    Delta,
    #[value(name = "nbplugin", alias = "nbPlugin")]
    NbPlugin,
    Muan,
}

#[derive(Clone, Copy, ValueEnum)]
enum TransformName {
    Standard,
    Rossi,
    Anscombe,
}

/// Reads `A:B`.
fn parse_range(text: &str) -> Result<RangeInclusive<usize>, String> {
    let ends = text
        .split_once(':')
        .and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
    match ends {
        Some((a, b)) if a >= 1 && a <= b => Ok(a..=b),
        _ => Err("a range is written A:B, with whole numbers from 1 and A not above B".to_owned()),
    }
}

/// One column gives its points, several give a list of series.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    One { points: Vec<Judged> },
    Many { series: Vec<Named> },
}

#[derive(Serialize)]
struct Named {
    column: String,
    points: Vec<Judged>,
}

#[derive(Serialize)]
struct Judged {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Date>,
    observed: u64,
    expected: Option<f64>,
    upper: Option<f64>,
    alarm: bool,
    p_value: Option<f64>,
    /// The least share of false discoveries at which the point is one; only with `--fdr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    adjusted_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discovery: Option<bool>,
}

impl Args {
    /// Judges the series.
    pub fn run(self) -> Result<Done, Failure> {
        check_once(&self.column)?;
        let table = Table::read(&self.series)?;
        let dates = table.dates()?;
        if let Some(dates) = &dates {
            Step::of(dates).map_err(|e| series_failure(&e, &table))?;
        }
        let kinds = self.day_kinds(dates.as_deref(), &table)?;
        let mut series = Vec::with_capacity(self.column.len());
        for column in &self.column {
            let counts = table.counts(column)?;
            let points = self
                .judge_by_day(&counts, dates.as_deref(), kinds.as_deref())
                .map_err(|e| failure(&e, &table, column))?;
            let judged = |p: &Point| Judged {
                index: p.index,
                date: dates.as_ref().and_then(|d| d.get(p.index - 1)).copied(),
                // Counts are read as whole numbers that a u64 holds; adjusting and restoring may leave a hair.
                observed: p.observed.round() as u64,
                expected: p.expected,
                upper: p.upper,
                alarm: p.alarm,
                p_value: p.p_value,
                adjusted_p: None,
                discovery: None,
            };
            series.push(Named {
                column: column.clone(),
                points: points.iter().map(judged).collect(),
            });
        }
        if let Some(rate) = self.fdr {
            discover(&mut series, rate)?;
        }
        let text = series.iter().map(|s| in_words(s, self.column.len() > 1));
        let text = text.collect::<String>();
        let answer = if series.len() == 1 {
            Answer::One {
                points: series.pop().map(|s| s.points).unwrap_or_default(),
            }
        } else {
            Answer::Many { series }
        };
        Done::new(&answer, text)
    }

    /// The kind of each day, where kinds are to be adjusted for.
    fn day_kinds(
        &self,
        dates: Option<&[Date]>,
        table: &Table,
    ) -> Result<Option<Vec<DayKind>>, Failure> {
        let Some(name) = self.calendar else {
            return Ok(None);
        };
        let needs_days = || {
            let message = "--calendar needs a column \"date\" with every day";
            Failure::unusable("unusable_argument", message).field("calendar")
        };
        let dates = dates.ok_or_else(needs_days)?;
        if Step::of(dates).map_err(|e| series_failure(&e, table))? != Step::Day {
            return Err(needs_days());
        }
        let weekends = Calendar::none();
        let calendar = match name {
            CalendarName::Cn => Calendar::cn(),
            CalendarName::Week => &weekends,
        };
        let kinds = dates
            .iter()
            .map(|d| DayKind::of(*d, !calendar.is_workday(*d)));
        Ok(Some(kinds.collect()))
    }

    /// Judges counts as they would have been on a day of average kind, and tells them as they were.
    fn judge_by_day(
        &self,
        counts: &[f64],
        dates: Option<&[Date]>,
        kinds: Option<&[DayKind]>,
    ) -> Result<Vec<Point>, DetectError> {
        let Some(kinds) = kinds else {
            return self.judge(counts, dates);
        };
        // The pattern is learned from what came before the points to judge, if that is enough to learn from.
        let before = self
            .range
            .as_ref()
            .map_or(0, |r| r.start() - 1)
            .min(counts.len());
        let known = if before >= LEARN_DAYS {
            &counts[..before]
        } else {
            counts
        };
        let pattern = DayPattern::estimate(known, kinds);
        let points = self.judge(&pattern.adjusted(counts, kinds), dates)?;
        Ok(pattern.restored(points, kinds))
    }

    fn judge(&self, counts: &[f64], dates: Option<&[Date]>) -> Result<Vec<Point>, DetectError> {
        let range = self.range.clone();
        let by_ears = |method| {
            let usual = Ears::new(method);
            ears(
                counts,
                &Ears {
                    alpha: self.alpha.unwrap_or(usual.alpha),
                    ..usual
                },
                range.clone(),
            )
        };
        match self.method {
            Method::EarsC1 => by_ears(EarsMethod::C1),
            Method::EarsC2 => by_ears(EarsMethod::C2),
            Method::EarsC3 => by_ears(EarsMethod::C3),
            Method::Cusum => {
                let transform = match self.transform {
                    TransformName::Standard => Transform::Standard,
                    TransformName::Rossi => Transform::Rossi,
                    TransformName::Anscombe => Transform::Anscombe,
                };
                cusum(
                    counts,
                    &Cusum {
                        k: self.k,
                        h: self.h,
                        transform,
                        ..Cusum::default()
                    },
                    range,
                )
            }
            Method::Farrington => {
                let timeline = match dates {
                    Some(dates) => Timeline::by_date(dates)?,
                    None => Timeline::by_index(counts.len(), WEEKS),
                };
                let settings = Farrington {
                    years: self.b,
                    half_window: self.w,
                    periods: self.no_periods,
                    left_out: self.past_weeks_not_included,
                    weights_threshold: self.weights_threshold,
                    alpha: self.alpha.unwrap_or(Farrington::default().alpha),
                    threshold: match self.threshold {
                        ThresholdName::Delta => Threshold::Delta,
                        ThresholdName::NbPlugin => Threshold::NbPlugin,
                        ThresholdName::Muan => Threshold::Muan,
                    },
                };
                farrington(counts, &timeline, &settings, range)
            }
        }
    }
}

/// Marks the discoveries at each point over all series.
fn discover(series: &mut [Named], rate: f64) -> Result<(), Failure> {
    let refused = |message: &str| Failure::unusable("unusable_argument", message).field("fdr");
    if !(rate > 0.0 && rate < 1.0) {
        return Err(refused("--fdr is a share between 0 and 1"));
    }
    let points = series.first().map_or(0, |s| s.points.len());
    for at in 0..points {
        // All series have the same rows and range, so the same points.
        let p_values: Vec<f64> = series
            .iter()
            .map(|s| s.points[at].p_value.unwrap_or(f64::NAN))
            .collect();
        if p_values.iter().all(|p| p.is_nan())
            && series.iter().all(|s| s.points[at].upper.is_some())
        {
            return Err(refused(
                "--fdr needs a method with p-values: ears-c1, ears-c2 or farrington",
            ));
        }
        for (one, adjusted) in series.iter_mut().zip(adjusted_p_values(&p_values)) {
            one.points[at].adjusted_p = (!adjusted.is_nan()).then_some(adjusted);
            one.points[at].discovery = Some(adjusted <= rate);
        }
    }
    Ok(())
}

/// Names the option, or the column or line of the file, at fault.
fn failure(error: &DetectError, table: &Table, column: &str) -> Failure {
    let plain = Failure::unusable("cannot_judge", error.to_string());
    match error {
        DetectError::Series(series) => series_failure(series, table),
        DetectError::Range { .. } | DetectError::History { .. } => plain.field("range"),
        DetectError::Setting { name, .. } => plain.field(*name),
        DetectError::NothingBefore(_) => plain.field(column),
        DetectError::TooShort { .. } => plain,
    }
}

/// Names the line of a series at fault.
pub fn series_failure(error: &SeriesError, table: &Table) -> Failure {
    let plain = Failure::unusable("bad_series", error.to_string());
    let (field, index) = match error {
        SeriesError::Uneven { index, .. } => ("date", *index),
        SeriesError::Step { .. } => ("date", 2),
        SeriesError::TooShort(_) => ("date", 1),
        SeriesError::Count { .. } | SeriesError::Length { .. } => return plain,
    };
    match table.line(index - 1) {
        Some(line) => plain.field(field).line(line),
        None => plain.field(field),
    }
}

fn in_words(series: &Named, is_one_of_many: bool) -> String {
    let points = &series.points;
    // Where discoveries are asked for, they are what counts.
    let counts = |p: &&Judged| p.discovery.unwrap_or(p.alarm);
    let alarms: Vec<&Judged> = points.iter().filter(counts).collect();
    let name = if is_one_of_many {
        format!("{}: ", series.column)
    } else {
        String::new()
    };
    let mut text = format!(
        "{name}{} of {} points are unusually high\n",
        alarms.len(),
        points.len()
    );
    if !alarms.is_empty() {
        text.push_str("   index  date        observed   expected      upper\n");
    }
    for p in alarms {
        let date = p.date.map_or_else(|| "-".to_owned(), |d| d.to_string());
        let number = |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| format!("{v:.2}"));
        let (expected, upper) = (number(p.expected), number(p.upper));
        let _ = writeln!(
            text,
            "{:8}  {date:10}  {:8} {expected:>10} {upper:>10}",
            p.index, p.observed
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::cmd::testing::{run, with_file};

    fn weeks(n: usize) -> String {
        let mut text = "t,observed\n".to_owned();
        for i in 0..n {
            // A yearly wave of whole numbers with a small ripple, and a jump at the end.
            let wave =
                10.0 + 5.0 * (i as f64 * std::f64::consts::TAU / 52.0).sin() + (i % 3) as f64;
            let jump = if i + 1 == n { 40 } else { 0 };
            text += &format!("{},{}\n", i + 1, wave.round() as u64 + jump);
        }
        text
    }

    #[test]
    fn the_answer_has_the_shape_of_the_contract() {
        for (method, first) in [
            ("ears-c1", 8),
            ("ears-c2", 10),
            ("ears-c3", 12),
            ("farrington", 211),
            ("cusum", 76),
        ] {
            let done = with_file(&weeks(300), |file| {
                run(&["detect", file, "--method", method])
            })
            .unwrap();
            let points = done.json["points"].as_array().unwrap();
            assert_eq!(
                (points[0]["index"].as_u64(), points.len()),
                (Some(first), 301 - first as usize),
                "{method}"
            );
            for p in points {
                assert!(
                    p["observed"].is_u64() && p["expected"].is_number() && p["alarm"].is_boolean(),
                    "{method}: {p}"
                );
                assert_eq!(
                    p["alarm"].as_bool().unwrap(),
                    p["upper"]
                        .as_f64()
                        .is_some_and(|u| p["observed"].as_f64().unwrap() > u)
                );
                assert!(p.get("date").is_none());
            }
            if method != "ears-c3" {
                assert_eq!(
                    points.last().unwrap()["alarm"],
                    true,
                    "{method} sees the jump"
                );
            }
        }
    }

    #[test]
    fn the_range_is_inclusive_and_counted_from_one() {
        let done = with_file(&weeks(300), |f| {
            run(&[
                "detect",
                f,
                "--method",
                "farrington",
                "--range",
                "282:300",
                "--threshold",
                "muan",
                "--alpha",
                "0.1",
                "--b",
                "4",
                "--w",
                "3",
                "--no-periods",
                "10",
                "--past-weeks-not-included",
                "26",
                "--weights-threshold",
                "2.58",
            ])
        })
        .unwrap();
        let points = done.json["points"].as_array().unwrap();
        assert_eq!((points.len(), points[0]["index"].as_u64()), (19, Some(282)));
        assert!(done.text.contains("of 19 points"));
    }

    #[test]
    fn dates_are_used_and_shown() {
        let mut text = "date,cases\n".to_owned();
        let mut day = jiff::civil::date(2015, 1, 5);
        for i in 0..300 {
            text += &format!("{day},{}\n", 5 + i % 4);
            day = day.checked_add(jiff::Span::new().weeks(1)).unwrap();
        }
        let done = with_file(&text, |f| {
            run(&[
                "detect",
                f,
                "--column",
                "cases",
                "--method",
                "farrington",
                "--range",
                "300:300",
            ])
        })
        .unwrap();
        assert_eq!(done.json["points"][0]["date"], "2020-09-28");
        let gap: String = text
            .lines()
            .enumerate()
            .filter(|(i, _)| *i != 50)
            .map(|(_, l)| format!("{l}\n"))
            .collect();
        let f = with_file(&gap, |f| {
            run(&["detect", f, "--column", "cases", "--method", "farrington"])
        })
        .unwrap_err();
        assert_eq!((f.field.as_deref(), f.line), (Some("date"), Some(51)));
    }

    /// Salmon, Schumacher & Höhle 2016; weeks counted from 282.
    #[test]
    fn the_published_alarms_come_out_of_the_command() {
        let root = std::env::var("SHIYU_SHARED")
            .unwrap_or_else(|_| format!("{}/../../../shared", env!("CARGO_MANIFEST_DIR")));
        let file = format!("{root}/data/count-series/salmonella.agona.csv");
        if !std::path::Path::new(&file).exists() {
            println!("skipped: {file} is absent");
            return;
        }
        let alarms = |args: &str| -> Vec<u64> {
            let done = run(&[
                &["detect", &file],
                args.split(' ').collect::<Vec<_>>().as_slice(),
            ]
            .concat())
            .unwrap();
            let points = done.json["points"].as_array().unwrap().clone();
            points
                .iter()
                .filter(|p| p["alarm"] == true)
                .map(|p| p["index"].as_u64().unwrap())
                .collect()
        };
        for (threshold, published) in [
            ("nbplugin", vec![2, 3, 4, 7, 13]),
            ("delta", vec![2, 3, 4, 7, 13, 14]),
            ("muan", vec![3, 4]),
        ] {
            let options = "--method farrington --range 282:312 --alpha 0.1 --b 4 --w 3 --no-periods 10 --past-weeks-not-included 26 --weights-threshold 2.58";
            let found: Vec<u64> = alarms(&format!("{options} --threshold {threshold}"))
                .iter()
                .map(|i| i - 281)
                .collect();
            assert_eq!(found, published, "{threshold}");
        }
        for (method, number) in [("ears-c1", 16), ("ears-c2", 20), ("ears-c3", 23)] {
            assert_eq!(
                alarms(&format!("--method {method} --range 20:312 --alpha 0.001")).len(),
                number,
                "{method}"
            );
        }
    }

    /// Days from a Monday: three times as many on Mondays, and a jump on the last day.
    fn days(n: i64, jump: u64) -> String {
        let start = jiff::civil::date(2024, 1, 1);
        let mut text = "date,a,b,c\n".to_owned();
        for i in 0..n {
            let usual = if i % 7 == 0 { 30 } else { 10 } + (i * i % 5) as u64;
            let last = if i + 1 == n { jump } else { 0 };
            let day = start.checked_add(jiff::Span::new().days(i)).unwrap();
            text += &format!("{day},{},{usual},{}\n", usual + last, usual + 1);
        }
        text
    }

    #[test]
    fn the_kind_of_day_is_taken_off() {
        // 140 days end on a Sunday.
        let text = days(140, 40);
        let alarms = |more: &[&str]| -> Vec<jiff::civil::Date> {
            let base = ["--column", "a", "--method", "ears-c2", "--alpha", "0.02"];
            let done =
                with_file(&text, |f| run(&[&["detect", f][..], &base, more].concat())).unwrap();
            let points = done.json["points"].as_array().unwrap().clone();
            let found = points.iter().filter(|p| p["alarm"] == true);
            found
                .map(|p| p["date"].as_str().unwrap().parse().unwrap())
                .collect()
        };
        let mondays = |found: &[jiff::civil::Date]| {
            let is_monday = |d: &&jiff::civil::Date| d.weekday() == jiff::civil::Weekday::Monday;
            found.iter().filter(is_monday).count()
        };
        assert!(mondays(&alarms(&[])) > 8);
        for calendar in ["week", "cn"] {
            let found = alarms(&["--calendar", calendar]);
            assert_eq!(
                found.last(),
                Some(&jiff::civil::date(2024, 5, 19)),
                "{calendar}"
            );
            assert!(mondays(&found) <= 2, "{calendar}: {found:?}");
        }
        let without = weeks(60);
        for (text, column) in [
            (without.as_str(), "observed"),
            ("date,n\n2024-01-01,1\n2024-01-08,1\n2024-01-15,1\n", "n"),
        ] {
            let f = with_file(text, |f| {
                run(&[
                    "detect",
                    f,
                    "--column",
                    column,
                    "--method",
                    "ears-c1",
                    "--calendar",
                    "cn",
                ])
            })
            .unwrap_err();
            assert_eq!(f.field.as_deref(), Some("calendar"));
        }
    }

    #[test]
    fn many_series_are_judged_together() {
        let text = days(140, 40);
        let done = with_file(&text, |f| {
            run(&[
                "detect",
                f,
                "--column",
                "a",
                "--column",
                "b",
                "--column",
                "c",
                "--method",
                "ears-c2",
                "--calendar",
                "week",
                "--fdr",
                "0.05",
                "--range",
                "140:140",
            ])
        })
        .unwrap();
        let series = done.json["series"].as_array().unwrap();
        let found: Vec<(&str, bool)> = series
            .iter()
            .map(|s| {
                (
                    s["column"].as_str().unwrap(),
                    s["points"][0]["discovery"].as_bool().unwrap(),
                )
            })
            .collect();
        assert_eq!(found, [("a", true), ("b", false), ("c", false)]);
        let p = |n: usize, key: &str| series[n]["points"][0][key].as_f64().unwrap();
        assert!(p(0, "adjusted_p") >= p(0, "p_value") && p(1, "adjusted_p") >= p(1, "p_value"));
        assert!(done.text.contains("a: 1 of 1") && done.text.contains("b: 0 of 1"));
        for (method, fdr) in [
            ("ears-c3", "0.1"),
            ("cusum", "0.1"),
            ("ears-c1", "0"),
            ("ears-c1", "1.5"),
        ] {
            let f = with_file(&text, |f| {
                run(&[
                    "detect", f, "--column", "a", "--method", method, "--fdr", fdr,
                ])
            })
            .unwrap_err();
            assert_eq!(f.field.as_deref(), Some("fdr"), "{method} {fdr}");
        }
    }

    #[test]
    fn errors_name_option_line_and_field() {
        let case = |text: &str, args: &[&str]| {
            with_file(text, |f| run(&[&["detect", f], args].concat())).unwrap_err()
        };
        let f = case("observed\n1\n-2\n", &["--method", "ears-c1"]);
        assert_eq!((f.field.as_deref(), f.line), (Some("observed"), Some(3)));
        let f = case("n\n1\n", &["--method", "ears-c1"]);
        assert_eq!(f.code, "missing_column");
        let f = case(&weeks(60), &["--method", "ears-c1", "--range", "50:61"]);
        assert_eq!(f.field.as_deref(), Some("range"));
        let f = case(&weeks(60), &["--method", "ears-c1", "--alpha", "2"]);
        assert_eq!(f.field.as_deref(), Some("alpha"));
        let f = case(&weeks(60), &["--method", "farrington"]);
        assert!(f.message.contains("enough past"), "{}", f.message);
        let f = case(&weeks(60), &["--method", "ears-c1", "--range", "9-12"]);
        assert_eq!(f.code, "usage");
        let zeros = "n\n".to_owned() + &"0\n".repeat(40);
        let f = case(&zeros, &["--method", "cusum", "--column", "n"]);
        assert_eq!(f.field.as_deref(), Some("n"));
        assert!(f.message.contains("zeros"), "{}", f.message);
        let twice = ["--column", "observed", "--column", "observed"];
        let f = case(&weeks(60), &[&twice[..], &["--method", "cusum"]].concat());
        assert_eq!(f.field.as_deref(), Some("column"));
        let f = case(&weeks(60), &["--method", "cusum", "--h", "-1"]);
        assert_eq!(f.field.as_deref(), Some("h"));
        let f = case(&weeks(60), &["--method", "farrington", "--b", "-1"]);
        assert!(f.message.contains("--b"), "{}", f.message);
    }

    #[test]
    fn every_method_refuses_dates_that_do_not_follow_each_other() {
        let methods = ["ears-c1", "ears-c2", "ears-c3", "cusum", "farrington"];
        let start = jiff::civil::date(2024, 1, 1);
        let series = |steps: &[i64]| {
            let line = |i: &i64| {
                let day = start.checked_add(jiff::Span::new().days(*i)).unwrap();
                format!("{day},{}\n", 3 + i % 5)
            };
            "date,observed\n".to_owned() + &steps.iter().map(line).collect::<String>()
        };
        let even: Vec<i64> = (0..60).collect();
        let doubled = [&even[..20], &even[19..]].concat();
        let reversed: Vec<i64> = even.iter().rev().copied().collect();
        let gapped = [&even[..20], &even[21..]].concat();
        for method in methods {
            for (steps, line) in [(&doubled, 22), (&reversed, 3), (&gapped, 22)] {
                let f = with_file(&series(steps), |f| run(&["detect", f, "--method", method]))
                    .unwrap_err();
                assert_eq!(
                    (f.field.as_deref(), f.line),
                    (Some("date"), Some(line)),
                    "{method}"
                );
            }
        }
        let weekly: Vec<i64> = (0..60).map(|i| 7 * i).collect();
        let mut monthly = "date,observed\n".to_owned();
        for i in 0..60 {
            monthly += &format!("{}-{:02}-01,{}\n", 2019 + i / 12, 1 + i % 12, 3 + i % 5);
        }
        for text in [series(&even), series(&weekly), monthly] {
            for method in methods.into_iter().take(4) {
                with_file(&text, |f| run(&["detect", f, "--method", method])).unwrap();
            }
        }
    }
}
