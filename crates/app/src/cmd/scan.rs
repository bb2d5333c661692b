//! `shiyu scan`: clusters of cases in space and time, read from files in SaTScan's formats. Needs no database.

use crate::output::{Done, Failure};
use analysis::scan::periods::Unit;
use analysis::scan::study::{Files, Model, NamedCluster, Report, Request, Study};
use analysis::scan::{Coordinates, ScanError, Span};
use clap::ValueEnum;
use jiff::civil::Date;
use serde::Serialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Finds clusters of cases in space and time (Kulldorff's scan statistics).
#[derive(clap::Args)]
pub struct Args {
    /// Cases: place, count, time, covariates if any.
    #[arg(long, value_name = "F.cas")]
    cases: PathBuf,
    /// Places: identifier, latitude, longitude; or identifier, x, y.
    #[arg(long, value_name = "F.geo")]
    geo: PathBuf,
    /// Population: place, time, people, covariates if any.
    #[arg(long, value_name = "F.pop")]
    pop: Option<PathBuf>,
    /// Controls, laid out as cases.
    #[arg(long, value_name = "F.ctl")]
    controls: Option<PathBuf>,
    /// Expected counts: place, time if any, expected.
    #[arg(long, value_name = "F.exp")]
    expected: Option<PathBuf>,
    /// What the numbers of the places mean.
    #[arg(long, value_name = "latlon|cartesian")]
    coordinates: CoordinatesName,
    /// The model: poisson needs --pop or --expected; permutation needs cases alone; ebp (expectation-based
    /// Poisson) needs --expected, or --pop and cases before --from; bernoulli needs --controls.
    #[arg(
        long,
        default_value = "permutation",
        value_name = "poisson|permutation|ebp|bernoulli"
    )]
    model: ModelName,
    /// All windows of time, only those that end with the study, or none (space alone).
    #[arg(
        long,
        default_value = "retrospective",
        value_name = "retrospective|prospective|none"
    )]
    time: TimeName,
    /// First day of the study; default: of the earliest case.
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Last day of the study; default: of the latest case.
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// The unit in which time is counted.
    #[arg(long, default_value = "day", value_name = "day|month|year")]
    unit: UnitName,
    /// The largest zone as a share of the population (of the cases, for permutation), above 0 and at most 1;
    /// default 0.5, but no bound for ebp where --max-neighbours is given.
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    max_population: Option<f64>,
    /// The most places in a zone, its centre counted.
    #[arg(long, value_name = "K", allow_negative_numbers = true)]
    max_neighbours: Option<usize>,
    /// The longest window, in whole units of --unit; default: half of the study, for ebp all of it.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_days: Option<usize>,
    /// Simulated data sets from which p-values come; 0 for none.
    #[arg(
        long,
        default_value_t = 999,
        value_name = "N",
        allow_negative_numbers = true
    )]
    replicates: u32,
    /// Where the random numbers begin; the same seed gives the same answer.
    #[arg(
        long,
        default_value_t = 1,
        value_name = "N",
        allow_negative_numbers = true
    )]
    seed: u64,
    /// Pass over windows with fewer cases.
    #[arg(
        long,
        default_value_t = 1,
        value_name = "N",
        allow_negative_numbers = true
    )]
    min_cases: u32,
    /// Stop simulating once so many data sets have a cluster as strong as the strongest found.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    stop_after: Option<u32>,
}

#[derive(Clone, Copy, ValueEnum)]
enum CoordinatesName {
    Latlon,
    Cartesian,
}

#[derive(Clone, Copy, ValueEnum)]
enum ModelName {
    Poisson,
    Permutation,
    Ebp,
    Bernoulli,
}

#[derive(Clone, Copy, ValueEnum)]
enum TimeName {
    Retrospective,
    Prospective,
    None,
}

#[derive(Clone, Copy, ValueEnum)]
enum UnitName {
    Day,
    Month,
    Year,
}

/// What the command prints.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    report: Report,
    seconds: f64,
}

impl Args {
    /// Runs the command.
    pub fn run(self) -> Result<Done, Failure> {
        let started = Instant::now();
        let (cases, geo) = (read("cases", &self.cases)?, read("geo", &self.geo)?);
        let pop = self
            .pop
            .as_deref()
            .map(|path| read("pop", path))
            .transpose()?;
        let controls = self
            .controls
            .as_deref()
            .map(|path| read("controls", path))
            .transpose()?;
        let expected = self
            .expected
            .as_deref()
            .map(|path| read("expected", path))
            .transpose()?;
        let files = Files {
            cases: &cases,
            places: &geo,
            population: pop.as_deref(),
            controls: controls.as_deref(),
            expected: expected.as_deref(),
        };
        let study = Study::read(&files, &self.request()).map_err(unusable)?;
        // For the expectation-based model the time before the study is its baseline.
        let is_history = matches!(self.model, ModelName::Ebp);
        let left_out = study.left_out();
        if left_out > 0 && !is_history {
            crate::output::tell(format_args!(
                "{left_out} cases lie outside the time of the study and are left out"
            ));
        }
        let report = study.scan().map_err(unusable)?;
        let answer = Answer {
            report,
            seconds: started.elapsed().as_secs_f64(),
        };
        Done::new(&answer, in_words(&answer))
    }

    fn request(&self) -> Request {
        Request {
            model: match self.model {
                ModelName::Poisson => Model::Poisson,
                ModelName::Permutation => Model::Permutation,
                ModelName::Ebp => Model::ExpectationBased,
                ModelName::Bernoulli => Model::Bernoulli,
            },
            coordinates: match self.coordinates {
                CoordinatesName::Latlon => Coordinates::LatLon,
                CoordinatesName::Cartesian => Coordinates::Cartesian,
            },
            span: match self.time {
                TimeName::Retrospective => Span::Retrospective,
                TimeName::Prospective => Span::Prospective,
                TimeName::None => Span::Spatial,
            },
            unit: match self.unit {
                UnitName::Day => Unit::Day,
                UnitName::Month => Unit::Month,
                UnitName::Year => Unit::Year,
            },
            from: self.from,
            to: self.to,
            max_population: self.max_population,
            max_neighbours: self.max_neighbours,
            max_length: self.max_days,
            replicates: self.replicates,
            seed: self.seed,
            stop_after: self.stop_after,
            min_cases: self.min_cases,
        }
    }
}

fn read(option: &str, path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|e| {
        Failure::unusable(
            "unreadable_file",
            format!("cannot read {}: {e}", path.display()),
        )
        .field(option)
    })
}

/// A file or an argument that cannot be used, by its option and line.
fn unusable(error: ScanError) -> Failure {
    let message = error.to_string();
    match error {
        ScanError::Line { kind, line, .. } => Failure::unusable("unusable_file", message)
            .field(kind.option())
            .line(line),
        ScanError::Option { option, .. } => {
            Failure::unusable("unusable_argument", message).field(option)
        }
        ScanError::NothingExpected { .. } | ScanError::Data(_) => {
            Failure::unusable("unusable_data", message)
        }
    }
}

/// The clusters as a table, with their places below.
fn in_words(answer: &Answer) -> String {
    let Report {
        clusters,
        zones,
        windows,
    } = &answer.report;
    let mut text = format!(
        "{zones} zones, {windows} windows, {:.1} s\n",
        answer.seconds
    );
    if clusters.is_empty() {
        text.push_str("nowhere are there more cases than expected\n");
        return text;
    }
    text.push_str("\n no  from        to          places  observed    expected  rel. risk        LLR        p   Gumbel p  once in days\n");
    for (number, cluster) in (1..).zip(clusters) {
        row(&mut text, number, cluster);
    }
    text.push('\n');
    for (number, cluster) in (1..).zip(clusters) {
        let _ = writeln!(text, "{number:>3}  {}", cluster.locations.join(" "));
    }
    text
}

fn row(text: &mut String, number: usize, c: &NamedCluster) {
    let date = |date: Option<Date>| date.map_or("-".to_owned(), |d| d.to_string());
    let share = |p: Option<f64>| {
        p.map_or("-".to_owned(), |p| {
            if p < 1e-4 {
                format!("{p:.1e}")
            } else {
                format!("{p:.4}")
            }
        })
    };
    let days = c
        .recurrence_days
        .map_or("-".to_owned(), |d| format!("{d:.0}"));
    let risk = if c.relative_risk.is_finite() {
        format!("{:.2}", c.relative_risk)
    } else {
        "-".to_owned()
    };
    let (from, to, p, gumbel) = (
        date(c.from),
        date(c.to),
        share(c.p_value),
        share(c.p_gumbel),
    );
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{number:>3}  {from:<10}  {to:<10}  {:>6}  {:>8}  {:>10.2}  {risk:>9}  {:>9.3}  {p:>7}  {gumbel:>9}  {days:>12}",
        c.locations.len(),
        c.observed,
        c.expected,
        c.llr,
    );
}

#[cfg(test)]
mod tests {
    use crate::cmd::Cli;
    use clap::Parser;
    use serde_json::Value;
    use std::path::PathBuf;

    /// A folder with files, removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let path =
                std::env::temp_dir().join(format!("shiyu-scan-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            for (file, text) in files {
                std::fs::write(path.join(file), text).unwrap();
            }
            Self(path)
        }

        /// Runs `shiyu scan` here: the JSON of the answer, or that of the failure.
        fn scan(&self, arguments: &str) -> Result<Value, Value> {
            let in_here = |word: &str| {
                if word.contains('.') && !word.starts_with("0.") {
                    self.0.join(word).display().to_string()
                } else {
                    word.to_owned()
                }
            };
            let words = ["shiyu", "scan", "--json"]
                .map(String::from)
                .into_iter()
                .chain(arguments.split(' ').map(in_here));
            let cli = Cli::try_parse_from(words).unwrap_or_else(|e| panic!("{e}"));
            match crate::cmd::run(cli) {
                Ok(done) => Ok(done.json),
                Err(failure) => Err(serde_json::to_value(failure).unwrap()),
            }
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    const CASES: &str = "a 1 2024/1/1\na 5 2024/1/4\nb 2 2024/1/2\nc 3 2024/1/3\n";
    const PLACES: &str = "a 0 0\nb 1 0\nc 9 9\n";

    fn keys(value: &Value) -> Vec<&str> {
        value
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect()
    }

    #[test]
    fn the_answer_has_the_shape_of_the_contract() {
        let folder = Folder::new("shape", &[("f.cas", CASES), ("f.geo", PLACES)]);
        let json = folder.scan("--cases f.cas --geo f.geo --coordinates cartesian --model permutation --time prospective --max-population 0.6 --replicates 99 --seed 7").unwrap();
        assert_eq!(keys(&json), ["clusters", "zones", "windows", "seconds"]);
        let best = &json["clusters"][0];
        let wanted = [
            "locations",
            "from",
            "to",
            "observed",
            "expected",
            "relative_risk",
            "llr",
            "p_value",
            "p_gumbel",
            "recurrence_days",
        ];
        assert_eq!(keys(best), wanted);
        assert_eq!(
            (&best["locations"], &best["from"], &best["to"]),
            (
                &serde_json::json!(["a"]),
                &"2024-01-04".into(),
                &"2024-01-04".into()
            )
        );
        assert_eq!(best["observed"], 5);
        assert!((best["expected"].as_f64().unwrap() - 6.0 * 5.0 / 11.0).abs() < 1e-12);
        assert!(
            (best["recurrence_days"].as_f64().unwrap() * best["p_value"].as_f64().unwrap() - 1.0)
                .abs()
                < 1e-9
        );
    }

    #[test]
    fn space_alone_has_no_dates() {
        let folder = Folder::new(
            "space",
            &[
                ("f.cas", "a 5\nb 1\nc 1\n"),
                ("f.geo", PLACES),
                ("f.pop", "a 0 10\nb 0 10\nc 0 10\n"),
            ],
        );
        let json = folder.scan("--cases f.cas --geo f.geo --pop f.pop --coordinates latlon --model poisson --time none --replicates 0").unwrap();
        let best = &json["clusters"][0];
        for key in ["from", "to", "p_value", "p_gumbel", "recurrence_days"] {
            assert!(best[key].is_null(), "{key}");
        }
        assert!((best["relative_risk"].as_f64().unwrap() - 5.0 / (2.0 / 2.0)).abs() < 1e-9);
    }

    #[test]
    fn a_negative_number_is_refused_by_its_option() {
        let given = "shiyu scan --cases f.cas --geo f.geo --coordinates latlon";
        for option in [
            "max-population",
            "max-neighbours",
            "max-days",
            "replicates",
            "seed",
            "min-cases",
            "stop-after",
        ] {
            let words = format!("{given} --{option} -1");
            match Cli::try_parse_from(words.split(' ')) {
                Ok(_) => assert_eq!(option, "max-population", "the study refuses it"),
                Err(e) => assert!(e.to_string().contains(&format!("--{option}")), "{e}"),
            }
        }
    }

    #[test]
    fn what_cannot_be_used_is_named_by_option_and_line() {
        let folder = Folder::new(
            "refused",
            &[
                ("f.cas", "a 1 2024/1/1\nz 1 2024/1/1\n"),
                ("f.geo", PLACES),
                ("bad.geo", "a 99 0\n"),
            ],
        );
        let failure = folder
            .scan("--cases f.cas --geo f.geo --coordinates latlon")
            .unwrap_err();
        assert_eq!(
            (&failure["field"], &failure["line"]),
            (&"cases".into(), &2.into())
        );
        assert!(failure["message"].as_str().unwrap().contains("\"z\""));
        let failure = folder
            .scan("--cases f.cas --geo bad.geo --coordinates latlon")
            .unwrap_err();
        assert_eq!(
            (&failure["field"], &failure["line"]),
            (&"geo".into(), &1.into())
        );
        let failure = folder
            .scan("--cases absent.cas --geo f.geo --coordinates latlon")
            .unwrap_err();
        assert_eq!(
            (&failure["code"], &failure["field"]),
            (&"unreadable_file".into(), &"cases".into())
        );
        for (model, option) in [
            ("poisson", "pop"),
            ("ebp", "expected"),
            ("bernoulli", "controls"),
            ("permutation --time none", "time"),
        ] {
            let failure = folder
                .scan(&format!(
                    "--cases f.cas --geo f.geo --coordinates latlon --model {model}"
                ))
                .unwrap_err();
            assert_eq!(
                (&failure["code"], &failure["field"]),
                (&"unusable_argument".into(), &option.into())
            );
        }
    }
}
