//! Evaluations asked for by people and scripts.

use crate::model::{By, Counts, Evaluation, Period, Row, rates};
use crate::sql;
use access::{Ctx, Permission, Principal, Refused, Scope, UnitId};
use kernel::codes::DivisionCode;
use kernel::id::Id;
use matters::{City, MatterId};
use store::StoreError;

/// Why there is no evaluation.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// Lacks the permission.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the reader may count: a district's people their districts, a department's people their own unit.
///
/// # Errors
/// The lack of the permission.
pub fn scope_of(ctx: &Ctx) -> Result<Scope, Refused> {
    ctx.require(Permission::EvaluationRead)?;
    let scope = ctx.scope();
    let is_of_departments = match ctx.principal() {
        Principal::Staff(staff) => staff.roles.iter().all(|r| r.is_of_departments()),
        _ => false,
    };
    // A department account that belongs to no unit handles nothing, so it counts nothing; no unit has this id.
    let nobody = UnitId(Id::from_bytes([0; 16]));
    Ok(Scope {
        unit: scope.unit.or(is_of_departments.then_some(nobody)),
        ..scope
    })
}

/// The counts and rates of a period, within the reader's scope.
///
/// # Errors
/// [`EvaluationError`].
pub async fn evaluate(
    ctx: &Ctx,
    city: &City,
    by: By,
    period: Period,
) -> Result<Evaluation, EvaluationError> {
    let (scope, now) = (scope_of(ctx)?, ctx.now());
    let groups = ctx
        .read::<_, StoreError, _>(move |r| sql::groups(r, by, period, now, &scope))
        .await?;
    Ok(named(city, by, groups))
}

/// [`evaluate`] for the command line. Must not be called on an async thread.
///
/// # Errors
/// [`EvaluationError`].
pub fn evaluate_blocking(
    ctx: &Ctx,
    city: &City,
    by: By,
    period: Period,
) -> Result<Evaluation, EvaluationError> {
    let (scope, now) = (scope_of(ctx)?, ctx.now());
    let groups =
        ctx.read_blocking::<_, StoreError, _>(move |r| sql::groups(r, by, period, now, &scope))?;
    Ok(named(city, by, groups))
}

fn named(city: &City, by: By, groups: Vec<sql::Group>) -> Evaluation {
    let mut rows: Vec<Row> = groups
        .into_iter()
        // A group without anything in the period says nothing; the city itself is always there.
        .filter(|g| by == By::City || g.counts != Counts::default())
        .map(|g| {
            let (key, name) = label(city, by, &g);
            Row {
                key,
                name,
                counts: g.counts,
                rates: rates(&g.counts),
            }
        })
        .collect();
    if by == By::City && rows.is_empty() {
        let counts = Counts::default();
        rows.push(Row {
            key: "city".into(),
            name: "city".into(),
            counts,
            rates: rates(&counts),
        });
    }
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    Evaluation { rows }
}

fn label(city: &City, by: By, group: &sql::Group) -> (String, String) {
    let unknown = || ("unknown".to_owned(), "unknown".to_owned());
    match by {
        By::City => ("city".to_owned(), "city".to_owned()),
        By::Division => group.key.as_deref().map_or_else(unknown, |district| {
            let name = DivisionCode::padded(district)
                .ok()
                .and_then(|code| city.territory.division(code));
            (
                district.to_owned(),
                name.map_or_else(|| district.to_owned(), |d| d.name.clone()),
            )
        }),
        By::Unit => match group.id.map(UnitId) {
            Some(id) => city.unit(id).map_or_else(
                || (id.to_string(), id.to_string()),
                |u| (u.code.clone(), u.name_zh.clone()),
            ),
            None => unknown(),
        },
        By::Matter => match group.id.map(MatterId) {
            Some(id) => city.matter(id).map_or_else(
                || (id.to_string(), id.to_string()),
                |m| (format!("{}/{}", m.catalogue, m.code), m.name_zh.clone()),
            ),
            None => unknown(),
        },
        By::Channel => group
            .key
            .as_deref()
            .map_or_else(unknown, |code| (code.to_owned(), code.to_owned())),
    }
}
