//! What may be asked for, how large a file may be, how long it is kept. Pure.

use crate::model::{Asked, ExportError};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

/// The most cases of a file of the pages: about a gigabyte, more than any spreadsheet opens. The command line has no bound.
pub const MOST_ROWS: i64 = 2_000_000;
/// The most cases of a file with names and phones: each is a look that the person can read, and a file of a whole city's
/// requesters serves no purpose that the law knows. A shorter period is always possible.
pub const MOST_WITH_PEOPLE: i64 = 5_000;
/// Exports of one account that wait or are being written.
pub const MOST_OPEN: i64 = 2;
/// Files of one account that are kept at the same time.
pub const MOST_KEPT: i64 = 10;
/// How often an export is begun before it is given up: a program that dies over it three times dies the fourth time, too.
pub const MOST_BEGUN: i64 = 3;
/// A file without personal fields is kept over a working week and the days off around it.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A file with names and phones is there to be fetched, not to be kept.
const KEPT_WITH_PEOPLE: SignedDuration = SignedDuration::from_hours(24);

/// How long the file is kept.
pub fn kept_for(asked: &Asked) -> SignedDuration {
    match asked.purpose {
        Some(_) => KEPT_WITH_PEOPLE,
        None => KEPT,
    }
}

/// The most rows of a file.
pub fn most_rows(asked: &Asked) -> i64 {
    match asked.purpose {
        Some(_) => MOST_WITH_PEOPLE,
        None => MOST_ROWS,
    }
}

/// Whether the fields fit together.
///
/// # Errors
/// The field at fault.
pub fn check(asked: &Asked, tz: &TimeZone) -> Result<(), ExportError> {
    if !asked.kind.is_of_cases() {
        let given = [
            ("from", asked.from.is_some()),
            ("to", asked.to.is_some()),
            ("purpose", asked.purpose.is_some()),
        ];
        if let Some((field, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
            let (code, reason) = match field {
                "purpose" => ("exports.no_people", "what cases count as names nobody"),
                _ => ("exports.no_period", "what cases count as has all cases"),
            };
            return Err(ExportError::field(field, code, reason));
        }
        return Ok(());
    }
    crate::write::filter(asked.from, asked.to, tz)
        .map(|_| ())
        .map_err(|error| ExportError::field("to", "exports.period", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;
    use access::Problem as _;

    fn asked(kind: Kind, from: &str, to: &str, purpose: &str) -> Asked {
        let date = |text: &str| (!text.is_empty()).then(|| text.parse().expect("a date"));
        Asked {
            kind,
            from: date(from),
            to: date(to),
            purpose: (!purpose.is_empty()).then(|| purpose.to_owned()),
        }
    }

    #[test]
    fn what_does_not_fit_together_is_refused_by_its_field() {
        let flaw = |kind, from, to, purpose| {
            check(&asked(kind, from, to, purpose), &TimeZone::UTC)
                .err()
                .and_then(|e| e.field())
        };
        let day = "2026-03-01";
        assert_eq!(flaw(Kind::CasesCsv, "", "", "handling"), None);
        assert_eq!(flaw(Kind::CasesCsv, day, day, ""), None);
        assert_eq!(flaw(Kind::CasesGeojson, day, "", ""), None);
        assert_eq!(
            flaw(Kind::CasesCsv, day, "2026-02-28", "").as_deref(),
            Some("to")
        );
        assert_eq!(
            flaw(Kind::CasesCsv, "", "9999-12-31", "").as_deref(),
            Some("to")
        );
        assert_eq!(flaw(Kind::FactsParquet, "", "", ""), None);
        for (from, to, purpose, field) in [
            (day, "", "", "from"),
            ("", day, "", "to"),
            ("", "", "handling", "purpose"),
        ] {
            assert_eq!(
                flaw(Kind::FactsParquet, from, to, purpose).as_deref(),
                Some(field)
            );
        }
    }

    #[test]
    fn a_file_with_people_is_smaller_and_goes_sooner() {
        let with = asked(Kind::CasesCsv, "", "", "handling");
        let without = asked(Kind::CasesCsv, "", "", "");
        assert!(kept_for(&with) < kept_for(&without));
        assert!(most_rows(&with) < most_rows(&without));
    }
}
