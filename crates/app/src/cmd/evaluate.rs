//! `shiyu evaluate --from DATE --to DATE [--by …]`: counts and rates of a period.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::SystemRole;
use clap::Args;
use evaluation::{By, Period};
use jiff::civil::Date;

/// Counts and rates of a period, by city, division, unit, matter or channel.
#[derive(Args)]
pub struct Evaluate {
    /// The first day (local date).
    #[arg(long, value_name = "DATE")]
    from: String,
    /// The last day, included.
    #[arg(long, value_name = "DATE")]
    to: String,
    /// What the rows stand for.
    #[arg(
        long,
        default_value = "city",
        value_name = "city|division|unit|matter|channel"
    )]
    by: String,
}

impl Evaluate {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let by: By = self
            .by
            .parse()
            .map_err(|e: String| Failure::unusable("unusable_option", e).field("by"))?;
        let (from, to) = (date("from", &self.from)?, date("to", &self.to)?);
        let program = Program::open(common)?;
        let period = Period::days(from, to, &program.config.timezone)
            .map_err(|e| Failure::unusable("unusable_period", e.to_string()).field("to"))?;
        let ctx = program.ready(SystemRole::Operator)?;
        let evaluation =
            evaluation::ops::evaluate_blocking(&ctx, &program.reference.current(), by, period)
                .map_err(|e| Failure::other("evaluate", e.to_string()))?;
        let mut text = String::new();
        for row in &evaluation.rows {
            text.push_str(&format!("{} {}\n", row.key, row.name));
            for (name, rate) in &row.rates {
                let value = rate
                    .value
                    .map_or_else(|| "–".to_owned(), |v| format!("{:.2} %", v * 100.0));
                text.push_str(&format!(
                    "  {name:<16} {value:>9} = {} / {}\n",
                    rate.numerator, rate.denominator
                ));
            }
        }
        Done::new(&evaluation, text)
    }
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
