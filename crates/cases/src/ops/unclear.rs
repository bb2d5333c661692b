//! 权责不清 — the duties that units dispute: for which class in which district cases came back, with the cases behind each.
//!
//! Units and duties are counted here, never people; the list leads to a line of the register of duties, not to a grade.

use super::{CaseError, Reach};
use crate::model::{Case, CaseId, Fact};
use crate::sql_unclear;
use access::{Ctx, Permission, UnitId};
use jiff::{SignedDuration, Timestamp};
use kernel::DivisionCode;
use matters::MatterId;
use std::collections::{BTreeMap, HashMap};

/// The most cases that are looked at.
const MOST_CASES: i64 = 300;

/// One return with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// When.
    pub at: Timestamp,
    /// The unit that said it is not its duty.
    pub unit: Option<UnitId>,
    /// Its reason.
    pub reason: String,
}

/// A case that came back.
#[derive(Debug, Clone)]
pub struct ReturnedCase {
    /// The case.
    pub case: Case,
    /// Its returns in order.
    pub returns: Vec<Return>,
}

/// A duty that is not clear: one class in one district.
#[derive(Debug, Clone)]
pub struct Unclear {
    /// The class.
    pub matter: Option<MatterId>,
    /// The district in which the cases lie.
    pub district: DivisionCode,
    /// How many returns there were.
    pub returns: u32,
    /// The cases behind it, newest first.
    pub cases: Vec<ReturnedCase>,
}

/// Puts returned cases together by class and district, the most disputed first.
pub fn grouped(cases: Vec<ReturnedCase>) -> Vec<Unclear> {
    let mut by_duty = BTreeMap::<(Option<MatterId>, DivisionCode), Unclear>::new();
    for returned in cases {
        let case = &returned.case;
        let place = case
            .place
            .division
            .map_or_else(|| case.district.division(), |d| d.district().division());
        let key = (case.matter, place);
        let duty = by_duty.entry(key).or_insert_with(|| Unclear {
            matter: key.0,
            district: key.1,
            returns: 0,
            cases: Vec::new(),
        });
        duty.returns += case.returns;
        duty.cases.push(returned);
    }
    let mut all: Vec<Unclear> = by_duty.into_values().collect();
    all.sort_by_key(|d| (std::cmp::Reverse(d.returns), d.district, d.matter));
    all
}

/// The unclear duties of the last `days`, within what the reader may see.
///
/// # Errors
/// The permission, or the store's.
pub async fn unclear(ctx: &Ctx, days: u32) -> Result<Vec<Unclear>, CaseError> {
    ctx.require(Permission::CaseCoordinate)?;
    let Reach {
        districts, unit, ..
    } = Reach::of(ctx)?;
    let since = ctx.now() - SignedDuration::from_hours(24 * i64::from(days));
    let (cases, rows) = ctx
        .read(move |r| {
            let cases = sql_unclear::returned(r, since, &districts, unit, MOST_CASES)?;
            let rows = sql_unclear::returns_of(r, &cases)?;
            Ok::<_, CaseError>((cases, rows))
        })
        .await?;
    let mut returns = HashMap::<CaseId, Vec<Return>>::new();
    for row in rows {
        if let Ok(Fact::Returned { reason, .. }) = serde_json::from_str(&row.fact) {
            returns.entry(row.case_id).or_default().push(Return {
                at: row.at,
                unit: row.unit,
                reason,
            });
        }
    }
    let with = |case: Case| ReturnedCase {
        returns: returns.remove(&case.id).unwrap_or_default(),
        case,
    };
    Ok(grouped(cases.into_iter().map(with).collect()))
}
