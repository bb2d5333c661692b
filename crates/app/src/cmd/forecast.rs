//! `shiyu forecast`: what counts to expect next, with limits.

use super::detect::series_failure;
use super::table::{Table, check_once};
use crate::output::{Done, Failure};
use analysis::forecast::{Evaluation, ForecastError, ForecastPoint, bottom_up, evaluate};
use analysis::series::Step;
use jiff::civil::Date;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Foresee a series of counts, by a model that beats last season's counts or else by those.
#[derive(clap::Args)]
pub struct Args {
    /// CSV file with a column of counts and perhaps a column `date`, daily, weekly or monthly without gaps.
    series: PathBuf,
    /// Column of counts; may be given several times: each is foreseen, and their sum as the sum of their forecasts.
    #[arg(long, default_value = "observed")]
    column: Vec<String>,
    /// How many steps to foresee.
    #[arg(long, allow_negative_numbers = true)]
    horizon: usize,
    /// A season's length in steps; may be given several times. Without it: 7 and 365 for days, 52 for weeks, 12 for months, none without dates.
    #[arg(long, value_name = "STEPS", allow_negative_numbers = true)]
    season: Vec<usize>,
}

#[derive(Serialize)]
struct Answer {
    model: String,
    points: Vec<Dated>,
    mase: f64,
    mae: f64,
    coverage95: Option<f64>,
    /// Whether the model foresaw the past better than last season's counts; one that did not is not for showing.
    beats_naive: bool,
    seasons: Vec<usize>,
    origins: usize,
    /// The series of a sum.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    column: String,
    #[serde(flatten)]
    answer: Answer,
}

impl Answer {
    fn of(evaluation: &Evaluation, dates: &[Date], parts: Vec<Part>) -> Self {
        let forecast = evaluation.forecast();
        let dated = |(i, point): (usize, &ForecastPoint)| Dated {
            date: dates.get(i).copied(),
            point: *point,
        };
        Self {
            model: forecast.model.to_string(),
            points: forecast.points.iter().enumerate().map(dated).collect(),
            mase: forecast.mase,
            mae: forecast.mae,
            coverage95: forecast.coverage95,
            beats_naive: forecast.beats_the_yardstick(),
            seasons: evaluation.seasons.clone(),
            origins: forecast.origins,
            parts,
        }
    }
}

#[derive(Serialize)]
struct Dated {
    date: Option<Date>,
    #[serde(flatten)]
    point: ForecastPoint,
}

impl Args {
    /// Foresees the series.
    pub fn run(self) -> Result<Done, Failure> {
        check_once(&self.column)?;
        let table = Table::read(&self.series)?;
        let (mut dates, mut usual) = (Vec::new(), Vec::new());
        if let Some(known) = table.dates()? {
            let step = Step::of(&known).map_err(|e| series_failure(&e, &table))?;
            dates = step.after(&known, self.horizon);
            usual = match step {
                Step::Day => vec![7, step.per_year()],
                Step::Week | Step::Month => vec![step.per_year()],
            };
        }
        let seasons = if self.season.is_empty() {
            &usual
        } else {
            &self.season
        };
        let mut evaluations = Vec::with_capacity(self.column.len());
        for column in &self.column {
            let counts = table.counts(column)?;
            let found = evaluate(&counts, seasons, self.horizon);
            evaluations.push(found.map_err(|e| failure(&e, &table))?);
        }
        for season in &self.season {
            if evaluations.iter().all(|e| !e.seasons.contains(season)) {
                crate::output::tell(format_args!(
                    "a season of {season} is left out: the series is too short to tell it"
                ));
            }
        }
        let sum = bottom_up(&evaluations.iter().collect::<Vec<_>>());
        let sum = sum.map_err(|e| failure(&e, &table))?;
        let parts = if evaluations.len() > 1 {
            let both = self.column.iter().zip(&evaluations);
            both.map(|(column, evaluation)| Part {
                column: column.clone(),
                answer: Answer::of(evaluation, &dates, Vec::new()),
            })
            .collect()
        } else {
            Vec::new()
        };
        let answer = Answer::of(&sum, &dates, parts);
        Done::new(&answer, in_words(&answer))
    }
}

/// Names the option, or the line of the file, at fault.
fn failure(error: &ForecastError, table: &Table) -> Failure {
    let field = match error {
        ForecastError::Series(series) => return series_failure(series, table),
        ForecastError::Horizon(_) | ForecastError::TooShort { .. } => "horizon",
        ForecastError::Season(_) => "season",
        ForecastError::Unlike(_) | ForecastError::NoParts => "column",
    };
    Failure::unusable("cannot_foresee", error.to_string()).field(field)
}

fn in_words(answer: &Answer) -> String {
    let mut text = format!(
        "model {}; its error is {:.0} % of that of last season's counts at {} origins of the past\n",
        answer.model,
        answer.mase * 100.0,
        answer.origins
    );
    if let Some(share) = answer.coverage95 {
        let _ = writeln!(
            text,
            "{:.1} % of past counts fell inside the 95 % limits",
            share * 100.0
        );
    }
    text.push_str("step  date            mean   80 %             95 %\n");
    for (i, Dated { date, point: p }) in answer.points.iter().enumerate() {
        let date = date.map_or_else(|| "-".to_owned(), |d| d.to_string());
        let (inner, outer) = (
            format!("{}–{}", p.lo80, p.hi80),
            format!("{}–{}", p.lo95, p.hi95),
        );
        let _ = writeln!(
            text,
            "{:4}  {date:10}  {:8.2}   {inner:14}   {outer}",
            i + 1,
            p.mean
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::cmd::testing::{run, with_file};

    fn days(n: i64, count: impl Fn(i64) -> i64) -> String {
        let start = jiff::civil::date(2024, 1, 1);
        let line = |i: i64| {
            format!(
                "{},{}\n",
                start.checked_add(jiff::Span::new().days(i)).unwrap(),
                count(i)
            )
        };
        "date,observed\n".to_owned() + &(0..n).map(line).collect::<String>()
    }

    #[test]
    fn the_answer_has_the_shape_of_the_contract() {
        // A week with a ripple that does not repeat weekly.
        let text = days(300, |i| {
            20 + [6, 4, 2, 0, 0, -8, -12][i as usize % 7] + i * i % 11
        });
        let done = with_file(&text, |f| {
            run(&["forecast", f, "--horizon", "14", "--season", "7"])
        })
        .unwrap();
        assert!(done.json["model"].is_string() && done.json["mase"].as_f64().unwrap() <= 1.0);
        assert!(
            (0.85..=1.0).contains(&done.json["coverage95"].as_f64().unwrap()),
            "{}",
            done.json
        );
        let points = done.json["points"].as_array().unwrap();
        assert_eq!(
            (points.len(), points[0]["date"].as_str()),
            (14, Some("2024-10-27"))
        );
        for p in points {
            let v = |k: &str| p[k].as_f64().unwrap();
            assert!(
                0.0 <= v("lo95")
                    && v("lo95") <= v("lo80")
                    && v("lo80") <= v("mean")
                    && v("mean") <= v("hi80")
                    && v("hi80") <= v("hi95")
            );
        }
        assert!(done.text.contains("2024-10-27"));
    }

    #[test]
    fn the_forecast_of_a_sum_is_the_sum_of_the_forecasts() {
        let start = jiff::civil::date(2024, 1, 1);
        let mut text = "date,east,west\n".to_owned();
        for i in 0..200 {
            let day = start.checked_add(jiff::Span::new().days(i)).unwrap();
            let week = [6, 4, 2, 0, 0, 1, 2][i as usize % 7];
            text += &format!("{day},{},{}\n", week + i * i % 7, 2 * week + i * i * i % 5);
        }
        let done = with_file(&text, |f| {
            run(&[
                "forecast",
                f,
                "--column",
                "east",
                "--column",
                "west",
                "--horizon",
                "7",
                "--season",
                "7",
            ])
        })
        .unwrap();
        let parts = done.json["parts"].as_array().unwrap();
        assert_eq!(
            (parts.len(), &parts[0]["column"], &done.json["model"]),
            (2, &"east".into(), &"sum".into())
        );
        for h in 0..7 {
            let mean = |v: &serde_json::Value| v["points"][h]["mean"].as_f64().unwrap();
            assert!((mean(&done.json) - mean(&parts[0]) - mean(&parts[1])).abs() < 1e-9);
        }
        assert_eq!(
            parts[1]["points"][0]["date"],
            done.json["points"][0]["date"]
        );
        let one = with_file(&text, |f| {
            run(&[
                "forecast",
                f,
                "--column",
                "east",
                "--horizon",
                "7",
                "--season",
                "7",
            ])
        })
        .unwrap();
        assert!(one.json.get("parts").is_none() && one.json["beats_naive"].is_boolean());
        assert_eq!(one.json["points"], parts[0]["points"]);
    }

    #[test]
    fn without_dates_there_are_none() {
        let text = "observed\n".to_owned() + &"3\n5\n4\n".repeat(20);
        let done = with_file(&text, |f| run(&["forecast", f, "--horizon", "2"])).unwrap();
        assert!(
            done.json["points"][0]["date"].is_null()
                && done.json["points"][0].get("date").is_some()
        );
        assert_eq!(done.json["seasons"].as_array().unwrap().len(), 0);
    }

    #[test]
    fn errors_name_option_line_and_field() {
        let case = |text: &str, args: &[&str]| {
            with_file(text, |f| run(&[&["forecast", f], args].concat())).unwrap_err()
        };
        let good = days(60, |i| i % 5);
        assert_eq!(
            case(&good, &["--horizon", "0"]).field.as_deref(),
            Some("horizon")
        );
        assert_eq!(
            case(&good, &["--horizon", "55"]).field.as_deref(),
            Some("horizon")
        );
        assert_eq!(
            case(&good, &["--horizon", "3", "--season", "1"])
                .field
                .as_deref(),
            Some("season")
        );
        let gap = good.replace("2024-01-20,4\n", "");
        let f = case(&gap, &["--horizon", "3"]);
        assert_eq!((f.field.as_deref(), f.line), (Some("date"), Some(21)));
        let f = case("observed\n1\nNaN\n", &["--horizon", "3"]);
        assert_eq!((f.field.as_deref(), f.line), (Some("observed"), Some(3)));
        let twice = ["--column", "observed", "--column", "observed"];
        let f = case(&good, &[&twice[..], &["--horizon", "3"]].concat());
        assert_eq!(f.field.as_deref(), Some("column"));
        for (option, args) in [
            ("--horizon", &["--horizon", "-1"][..]),
            ("--season", &["--horizon", "3", "--season", "-7"][..]),
        ] {
            let f = case(&good, args);
            assert!(f.message.contains(option), "{}", f.message);
        }
    }
}
