//! `shiyu reporting-rate`: how likely a problem is to be reported, from the repeated reports of one incident.

use super::table::{Table, bad_value};
use crate::output::{Done, Failure};
use grid::guard;
use reporting::{Covariates, Effect, Interval, Reporting, ReportingError, ZeroInflated, reporting};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

/// The column of reports after the first.
const DUPLICATES: &str = "duplicates";
/// The column of days from the first report to the end of observation.
const DAYS: &str = "days";
/// Different texts a covariate may have.
const MOST_VALUES: usize = 50;
/// Covariate columns altogether, each text value counted.
const MOST_COLUMNS: usize = 200;

/// Words by which a column tells of who reports, beside those that no import may bring in.
const PERSONS: [&str; 15] = [
    "caller",
    "reporter",
    "complainant",
    "gender",
    "来电人",
    "报案人",
    "举报人",
    "投诉人",
    "性别",
    "年龄",
    "户籍",
    "国籍",
    "残疾",
    "姓氏",
    "姓名",
];

/// Words that tell of persons where they stand alone in a name: `race`, not `racecourse`.
const WHOLE_WORDS: [&str; 7] = [
    "age",
    "sex",
    "race",
    "nationality",
    "surname",
    "disability",
    "hukou",
];

/// Estimate how fast incidents are reported, from their repeated reports.
#[derive(clap::Args)]
pub struct Args {
    /// CSV file, one row an incident: `duplicates` (reports after the first), `days` (time of observation), covariates.
    incidents: PathBuf,
    /// A column to use as covariate; may be given several times. Without it: all other columns.
    #[arg(long, value_name = "COL")]
    covariate: Vec<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    incidents: usize,
    duplicates: f64,
    /// Reports a day while an incident stands, over all incidents.
    rate: f64,
    rate_interval: Interval,
    mean_delay_days: Option<f64>,
    loglik: f64,
    dispersion: Option<f64>,
    baseline_rate: Option<f64>,
    effects: &'a [Effect],
    /// Share of incidents never reported again, where the zero-inflated model is preferred; details follow.
    zero_inflation: Option<f64>,
    zero_inflated: Option<Details<'a>>,
}

#[derive(Serialize)]
struct Details<'a> {
    share: f64,
    share_interval: Interval,
    rate: f64,
    rate_interval: Interval,
    mean_delay_days: f64,
    loglik: f64,
    p_value: f64,
    effects: &'a [Effect],
}

impl<'a> From<&'a ZeroInflated> for Details<'a> {
    fn from(z: &'a ZeroInflated) -> Self {
        Self {
            share: z.share,
            share_interval: z.interval,
            rate: z.rate,
            rate_interval: z.rate_interval,
            mean_delay_days: z.rate.recip(),
            loglik: z.loglik,
            p_value: z.p_value,
            effects: &z.effects,
        }
    }
}

impl Args {
    /// Estimates the rate.
    pub fn run(self) -> Result<Done, Failure> {
        let table = Table::read(&self.incidents)?;
        let duplicates = table.counts(DUPLICATES)?;
        let days = table.positive(DAYS)?;
        let covariates = covariates(&table, &duplicates, &self.covariate)?;
        let found = reporting(&duplicates, &days, &covariates).map_err(|e| failure(&e))?;
        let answer = Answer {
            incidents: duplicates.len(),
            duplicates: duplicates.iter().sum(),
            rate: found.overall.rate,
            rate_interval: found.overall.interval,
            mean_delay_days: found.overall.mean_delay_days,
            loglik: found.loglik,
            dispersion: found.dispersion,
            baseline_rate: found.baseline,
            effects: &found.effects,
            zero_inflation: found.zero_inflated.as_ref().map(|z| z.share),
            zero_inflated: found.zero_inflated.as_ref().map(Details::from),
        };
        Done::new(&answer, in_words(&found, duplicates.len()))
    }
}

fn failure(error: &ReportingError) -> Failure {
    let plain = Failure::unusable("cannot_estimate", error.to_string());
    match error {
        ReportingError::Dependent(name)
        | ReportingError::Unlimited { name, .. }
        | ReportingError::UnlimitedTogether(name) => {
            plain.field(name.split('=').next().unwrap_or(name))
        }
        _ => plain,
    }
}

/// Refuses a covariate that tells of persons; covariates are facts of places.
fn check_covariate(name: &str) -> Result<(), Failure> {
    let refused = |why: String| Err(Failure::unusable("refused_covariate", why).field("covariate"));
    if let Err(forbidden) = guard::check_column(name) {
        return refused(forbidden.to_string());
    }
    let small = name.to_lowercase();
    // Of a name with a place's own figure in it, such as `median_age`, only the whole is looked at.
    let is_whole = |word: &str| {
        small == word
            || small.starts_with(&format!("{word}_"))
            || small.ends_with(&format!("_of_{word}"))
    };
    if WHOLE_WORDS.iter().any(|word| is_whole(word))
        || PERSONS.iter().any(|word| small.contains(*word))
    {
        return refused(format!(
            "column {name:?} tells of persons, and a covariate is a fact of a place: {}",
            guard::RULE
        ));
    }
    Ok(())
}

/// The covariates of every row: numbers as they are, texts as one column for each value but the first in order that was
/// reported again, for against one that never was no effect has a limit.
fn covariates(table: &Table, duplicates: &[f64], wanted: &[String]) -> Result<Covariates, Failure> {
    let all = || {
        table
            .header()
            .iter()
            .filter(|h| *h != DUPLICATES && *h != DAYS)
            .cloned()
            .collect()
    };
    let wanted: Vec<String> = if wanted.is_empty() {
        all()
    } else {
        wanted.to_vec()
    };
    let mut result = Covariates {
        names: Vec::new(),
        rows: vec![Vec::new(); table.len()],
    };
    for name in &wanted {
        let column = table.column(name)?;
        check_covariate(name)?;
        let number = |text: &str| text.parse::<f64>().ok().filter(|v| v.is_finite());
        let texts: Vec<(u64, &str)> = table.texts(column).collect();
        if texts.iter().any(|(_, t)| number(t).is_some()) {
            result.names.push(name.clone());
            for (row, (line, text)) in result.rows.iter_mut().zip(&texts) {
                row.push(number(text).ok_or_else(|| {
                    bad_value(name, *line, text, "the other rows have numbers here")
                })?);
            }
            continue;
        }
        let values: BTreeSet<&str> = texts.iter().map(|(_, t)| *t).collect();
        if values.len() > MOST_VALUES {
            let message = format!(
                "column {name:?} has {} different texts, a covariate at most {MOST_VALUES}; name the columns to use with --covariate",
                values.len()
            );
            return Err(Failure::unusable("bad_covariate", message).field(name));
        }
        if values.len() < 2 {
            let message = format!(
                "column {name:?} has the same text everywhere, so it has no effect to estimate"
            );
            return Err(Failure::unusable("bad_covariate", message).field(name));
        }
        let is_reported = |value: &str| {
            let mut rows = texts.iter().zip(duplicates);
            rows.any(|((_, text), m)| *text == value && *m > 0.0)
        };
        let reference = values.iter().copied().find(|v| is_reported(v));
        let reference = reference.or_else(|| values.first().copied());
        for value in values.iter().filter(|v| Some(**v) != reference) {
            result.names.push(format!("{name}={value}"));
            for (row, (_, text)) in result.rows.iter_mut().zip(&texts) {
                row.push(f64::from(u8::from(text == value)));
            }
        }
    }
    if result.names.len() > MOST_COLUMNS {
        let message = format!(
            "the covariates make {} columns, more than {MOST_COLUMNS}",
            result.names.len()
        );
        return Err(Failure::unusable("bad_covariate", message));
    }
    Ok(result)
}

fn in_words(found: &Reporting, incidents: usize) -> String {
    let rate = &found.overall;
    let limit = |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| format!("{v:.4}"));
    let mut text = format!(
        "{incidents} incidents: {:.4} reports a day while one stands (95 %: {} to {})\n",
        rate.rate,
        limit(rate.interval.lo),
        limit(rate.interval.hi)
    );
    if let Some(days) = rate.mean_delay_days {
        let _ = writeln!(text, "a first report comes after {days:.1} days on average");
    }
    for e in &found.effects {
        let _ = writeln!(
            text,
            "{}: rate × {:.3} (95 %: {} to {})",
            e.name,
            e.rate_ratio,
            limit(e.interval.lo),
            limit(e.interval.hi)
        );
    }
    if let Some(z) = &found.zero_inflated {
        let _ = writeln!(
            text,
            "{:.1} % of incidents are never reported again (95 %: {} to {}); the others at {:.4} a day (95 %: {} to {})",
            z.share * 100.0,
            limit(z.interval.lo.map(|v| v * 100.0)),
            limit(z.interval.hi.map(|v| v * 100.0)),
            z.rate,
            limit(z.rate_interval.lo),
            limit(z.rate_interval.hi)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::cmd::testing::{run, with_file};

    #[test]
    fn the_published_example() {
        let done = with_file("duplicates,days\n0,10\n1,5\n2,20\n0,100\n3,30\n", |f| {
            run(&["reporting-rate", f])
        })
        .unwrap();
        let number = |k: &str| done.json[k].as_f64().unwrap();
        assert!(
            (number("rate") - 6.0 / 165.0).abs() < 1e-12
                && (number("mean_delay_days") - 27.5).abs() < 1e-9
        );
        assert!(
            (number("loglik") + 10.565_528_073_3).abs() < 1e-8,
            "{}",
            done.json
        );
        assert!(
            done.json.get("zero_inflation").is_some()
                && done.json["effects"].as_array().unwrap().is_empty()
        );
        assert!(done.text.starts_with("5 incidents: 0.0364 reports a day"));
    }

    #[test]
    fn covariates_may_be_numbers_or_texts() {
        let mut text = "district,duplicates,days,size\n".to_owned();
        for i in 0..60 {
            let (district, m) = if i % 2 == 0 {
                ("东城", 2 + i % 3)
            } else {
                ("西城", i % 2)
            };
            text += &format!("{district},{m},10,{}\n", i % 7);
        }
        let done = with_file(&text, |f| run(&["reporting-rate", f])).unwrap();
        let effects = done.json["effects"].as_array().unwrap();
        assert_eq!(
            effects
                .iter()
                .map(|e| e["name"].as_str().unwrap())
                .collect::<Vec<_>>(),
            ["district=西城", "size"]
        );
        assert!(
            effects[0]["interval"]["hi"].as_f64().unwrap() < 0.7,
            "{}",
            done.json
        );
        let only = with_file(&text, |f| {
            run(&["reporting-rate", f, "--covariate", "size"])
        })
        .unwrap();
        assert_eq!(only.json["effects"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn traits_of_persons_are_no_covariates() {
        for name in [
            "caller_age",
            "信用分",
            "Age",
            "reporter gender",
            "来电人类别",
            "race",
            "Race_group",
            "nationality",
            "户籍地",
            "share_of_disability",
        ] {
            let text = format!("duplicates,days,{name}\n1,2,3\n0,2,4\n2,1,5\n");
            for args in [&[][..], &["--covariate", name][..]] {
                let f = with_file(&text, |f| run(&[&["reporting-rate", f][..], args].concat()))
                    .unwrap_err();
                assert_eq!(
                    (f.code.as_str(), f.field.as_deref()),
                    ("refused_covariate", Some("covariate")),
                    "{name}"
                );
                assert!(f.message.contains(name), "{}", f.message);
            }
        }
        for fact_of_a_place in ["pipe_age", "median_age", "racecourse", "density"] {
            let text = format!("duplicates,days,{fact_of_a_place}\n1,2,3\n0,2,4\n2,1,5\n1,3,4\n");
            with_file(&text, |f| run(&["reporting-rate", f])).unwrap();
        }
    }

    #[test]
    fn a_group_never_reported_again_is_no_reference_whatever_its_name() {
        for (silent, heard) in [("a", "b"), ("b", "a")] {
            let text = format!(
                "duplicates,days,group\n0,20,{silent}\n0,20,{silent}\n3,20,{heard}\n5,20,{heard}\n"
            );
            let done = with_file(&text, |f| run(&["reporting-rate", f])).unwrap();
            let effect = &done.json["effects"][0];
            assert_eq!(effect["name"], format!("group={silent}"));
            assert!(effect["interval"]["hi"].is_null(), "{effect}");
        }
        let text = "duplicates,days,floors\n0,20,3\n0,20,4\n3,20,6\n5,20,6\n";
        let f = with_file(text, |f| run(&["reporting-rate", f])).unwrap_err();
        assert_eq!(f.field.as_deref(), Some("floors"));
        assert!(f.message.contains("highest"), "{}", f.message);
    }

    #[test]
    fn errors_name_line_and_field() {
        let case = |text: &str, args: &[&str]| {
            let f = with_file(text, |f| run(&[&["reporting-rate", f], args].concat())).unwrap_err();
            (f.field, f.line)
        };
        assert_eq!(
            case("duplicates,days\n1,2\n1,0\n", &[]),
            (Some("days".into()), Some(3))
        );
        assert_eq!(
            case("duplicates,days\n1,2\n1,x\n", &[]),
            (Some("days".into()), Some(3))
        );
        assert_eq!(
            case("duplicates,days\n1,2\n-1,3\n", &[]),
            (Some("duplicates".into()), Some(3))
        );
        assert_eq!(case("duplicates\n1\n", &[]), (Some("days".into()), Some(1)));
        assert_eq!(
            case("duplicates,days,x\n1,2,3\n1,2,\n2,1,5\n", &[]),
            (Some("x".into()), Some(3))
        );
        assert_eq!(
            case("duplicates,days,x\n1,2,a\n1,2,a\n2,1,a\n", &[])
                .0
                .as_deref(),
            Some("x")
        );
        assert_eq!(
            case("duplicates,days,x\n1,2,4\n1,2,4\n2,1,4\n", &[])
                .0
                .as_deref(),
            Some("x")
        );
        assert_eq!(
            case("duplicates,days\n1,2\n", &["--covariate", "age"])
                .0
                .as_deref(),
            Some("age")
        );
        let many: String = (0..60).map(|i| format!("1,2,n{i}\n")).collect();
        assert_eq!(
            case(&format!("duplicates,days,id\n{many}"), &[])
                .0
                .as_deref(),
            Some("id")
        );
    }
}
