//! `shiyu evaluate --from DATE --to DATE [--by …]`: counts and rates of a period. With `--definition SET` the figures are
//! those of a set of definitions, and a month can be frozen.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::{Ctx, SystemRole};
use clap::Args;
use evaluation::definitions::Unit;
use evaluation::ops::{ByDefinition, Difference, EvaluationError, check_begun, check_first_day};
use evaluation::sql_sets::Frozen;
use evaluation::{By, Month, Period};
use jiff::civil::Date;
use serde::Serialize;
use std::sync::Arc;

/// Counts and rates of a period, by city, division, unit, matter or channel.
#[derive(Args)]
pub struct Evaluate {
    /// The first day (local date).
    #[arg(long, value_name = "DATE", required_unless_present = "definition")]
    from: Option<String>,
    /// The last day, included.
    #[arg(long, value_name = "DATE", required_unless_present = "definition")]
    to: Option<String>,
    /// What the rows stand for; with --definition also street.
    #[arg(
        long,
        default_value = "city",
        value_name = "city|division|unit|matter|channel"
    )]
    by: String,
    /// A set of definitions, such as `standard` or `standard@1`: its rates and scores instead of the plain ones.
    #[arg(long, value_name = "SET")]
    definition: Option<String>,
    /// The month.
    #[arg(long, value_name = "YYYY-MM", requires = "definition", conflicts_with_all = ["from", "to"])]
    month: Option<String>,
    /// Freeze the month: definitions and figures are kept as they are now, once and for all.
    #[arg(long, requires = "month")]
    freeze: bool,
}

impl Evaluate {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        match &self.definition {
            Some(set) => self.by_definition(set, common),
            None => self.plain(common),
        }
    }

    fn plain(&self, common: &Common) -> Result<Done, Failure> {
        let by: By = self
            .by
            .parse()
            .map_err(|e: String| Failure::unusable("unusable_option", e).field("by"))?;
        let (from, to) = self.days()?;
        let program = Program::open(common)?;
        let period = Period::days(from, to, &program.config.timezone)
            .map_err(|e| Failure::unusable("unusable_period", e.to_string()).field("to"))?;
        let ctx = program.ready(SystemRole::Operator)?;
        check_first_day(from, ctx.now(), &program.config.timezone).map_err(failed)?;
        let evaluation =
            evaluation::ops::evaluate_blocking(&ctx, &program.reference.current(), by, period)
                .map_err(failed)?;
        let mut text = String::new();
        for row in &evaluation.rows {
            text.push_str(&format!("{} {}\n", row.key, row.name));
            for (name, rate) in &row.rates {
                let value = percent(rate.value);
                text.push_str(&format!(
                    "  {name:<16} {value:>9} = {} / {}\n",
                    rate.numerator, rate.denominator
                ));
            }
        }
        Done::new(&evaluation, text)
    }

    fn days(&self) -> Result<(Date, Date), Failure> {
        let missing = |field: &'static str| {
            Failure::unusable("unusable_date", format!("--{field} is needed")).field(field)
        };
        let from = self.from.as_deref().ok_or_else(|| missing("from"))?;
        let to = self.to.as_deref().ok_or_else(|| missing("to"))?;
        Ok((date("from", from)?, date("to", to)?))
    }

    fn by_definition(&self, set: &str, common: &Common) -> Result<Done, Failure> {
        let by = By::grouping(&self.by)
            .map_err(|e| Failure::unusable("unusable_option", e).field("by"))?;
        let month = self.month.as_deref().map(month).transpose()?;
        let days = match month {
            Some(month) => (month.first(), month.last()),
            None => self.days()?,
        };
        let program = Program::open(common)?;
        let period = Period::days(days.0, days.1, &program.config.timezone)
            .map_err(|e| Failure::unusable("unusable_period", e.to_string()).field("to"))?;
        let ctx = program.ready(SystemRole::Operator)?;
        match month {
            Some(month) => check_begun(month, ctx.now(), &program.config.timezone),
            None => check_first_day(days.0, ctx.now(), &program.config.timezone),
        }
        .map_err(failed)?;
        let city = program.reference.current();
        if let (Some(month), true) = (month, self.freeze) {
            let who = evaluation::ops::may_freeze(&ctx).map_err(failed)?;
            let (city, set) = (city.clone(), set.to_owned());
            ctx.write_blocking(move |w| evaluation::ops::freeze(w, &city, &set, month, &who))
                .map_err(failed)?;
        }
        let asked = ByDefinition {
            set: set.to_owned(),
            by,
            period,
        };
        let (definitions, figures) =
            evaluation::ops::by_definition_blocking(&ctx, &city, &asked).map_err(failed)?;
        let frozen = match month {
            Some(month) => frozen(&ctx, &city, set, month)?,
            None => None,
        };
        let mut text = String::new();
        for row in &figures.rows {
            text.push_str(&format!("{} {}\n", row.key, row.name));
            for definition in &definitions.definitions {
                let Some(figure) = row.rates.get(&definition.id) else {
                    continue;
                };
                let value = match definition.unit {
                    Unit::Share => percent(figure.value),
                    Unit::Hours => figure
                        .value
                        .map_or_else(|| "–".to_owned(), |hours| format!("{hours:.1} h")),
                    Unit::Times => figure
                        .value
                        .map_or_else(|| "–".to_owned(), |v| format!("{v:.2}")),
                };
                let seconds = match definition.unit {
                    Unit::Hours => " s",
                    Unit::Share | Unit::Times => "",
                };
                text.push_str(&format!(
                    "  {:<42} {value:>9} = {}{seconds} / {}\n",
                    definition.id, figure.numerator, figure.denominator
                ));
            }
            for score in &row.scores {
                let points = score
                    .score
                    .map_or_else(|| "–".to_owned(), |s| format!("{s:.1}"));
                let grade = score.grade.as_deref().unwrap_or("not graded");
                let other = match (score.otherwise, score.reviewed) {
                    (None, _) => String::new(),
                    (Some(other), true) => format!(" ({other:.1} before review)"),
                    (Some(other), false) => format!(" ({other:.1} after review)"),
                };
                text.push_str(&format!(
                    "  {:<42} {points:>9}   {grade}{other}\n",
                    score.composite
                ));
            }
        }
        if let Some(frozen) = &frozen {
            text.push_str(&format!(
                "frozen by {} at {}, {} differences since\n",
                frozen.row.frozen_by,
                frozen.row.frozen_at,
                frozen.differences.len()
            ));
        }
        Done::new(
            &Answer {
                figures,
                month: month.map(|m| m.to_string()),
                frozen,
            },
            text,
        )
    }
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    figures: evaluation::ops::Figures,
    #[serde(skip_serializing_if = "Option::is_none")]
    month: Option<String>,
    /// The frozen month beside what comes out now; null when it is not frozen.
    frozen: Option<FrozenAnswer>,
}

#[derive(Serialize)]
struct FrozenAnswer {
    #[serde(flatten)]
    row: Frozen,
    differences: Vec<Difference>,
}

fn frozen(
    ctx: &Ctx,
    city: &Arc<matters::City>,
    set: &str,
    month: Month,
) -> Result<Option<FrozenAnswer>, Failure> {
    let (now, city, set) = (ctx.now(), city.clone(), set.to_owned());
    let found = ctx.read_blocking(move |r| evaluation::ops::compared(r, &city, &set, month, now));
    match found {
        Ok((row, _, differences)) => Ok(Some(FrozenAnswer { row, differences })),
        Err(EvaluationError::NotFrozen(_)) => Ok(None),
        Err(other) => Err(failed(other)),
    }
}

/// A failure of an evaluation as the command line tells it.
pub fn failed(error: EvaluationError) -> Failure {
    let message = error.to_string();
    match error {
        EvaluationError::Store(error) => error.into(),
        EvaluationError::UnknownSet(_) => {
            Failure::unusable("unknown_set", message).field("definition")
        }
        EvaluationError::Set(fault) => {
            let mut failure = Failure::unusable("unsound_set", message);
            failure.field = Some(fault.field);
            failure
        }
        EvaluationError::NotOver(_) => Failure::unusable("not_over", message).field("month"),
        EvaluationError::NotBegun(_) => Failure::unusable("not_begun", message).field("month"),
        EvaluationError::FirstDayAhead(_) => {
            Failure::unusable("first_day_ahead", message).field("from")
        }
        EvaluationError::SameVersion { .. } => {
            Failure::unusable("same_version", message).field("version")
        }
        EvaluationError::AlreadyFrozen { .. } => {
            Failure::other("already_frozen", message).field("month")
        }
        _ => Failure::other("evaluate", message),
    }
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |v| format!("{:.2} %", v * 100.0))
}

/// Reads a month of an option.
pub fn month(text: &str) -> Result<Month, Failure> {
    text.parse()
        .map_err(|e: String| Failure::unusable("unusable_month", e).field("month"))
}

fn date(field: &str, text: &str) -> Result<Date, Failure> {
    // `Date` reads a whole time as well and drops its hours without a word.
    let read = text.parse::<Date>().ok();
    read.filter(|date| date.to_string() == text).ok_or_else(|| {
        Failure::unusable(
            "unusable_date",
            format!("cannot read the date {text:?}: expected YYYY-MM-DD"),
        )
        .field(field)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_date_and_nothing_more() {
        assert_eq!(
            date("from", "2024-02-29").unwrap().to_string(),
            "2024-02-29"
        );
        for text in [
            "",
            "x",
            "2023-02-29",
            "2024-1-1",
            "20240101",
            "2024-01-01T00:00",
            "2024-01-01Z",
            "٢٠٢٤-٠١-٠١",
        ] {
            let failure = date("from", text).unwrap_err();
            assert_eq!(failure.field.as_deref(), Some("from"), "{text}");
        }
    }
}
