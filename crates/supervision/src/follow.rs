//! Following the outbox: of each event of a case, those concerned are told, and the clock that runs now is set to its next
//! rung. What was read and how far the reader has come change in one transaction: killed anywhere, it goes on where it was.

use crate::ladder;
use crate::model::{Ladder, SupervisionError};
use crate::rules::{self, Names};
use crate::sql;
use access::{AccountId, Ctx, Role};
use cases::service::Cases;
use cases::{Case, CaseEvent, CaseId};
use jiff::Timestamp;
use kernel::DistrictCode;
use kernel::id::Id;
use notices::{NewNotice, Notices};
use serde::Deserialize;
use std::collections::BTreeMap;
use store::{AuditEvent, OutboxRow, Read, StoreError, StoreResult};
use vault::ops::{UNMASKING, UnmaskingMove, UnmaskingStep};

/// The name under which supervision reads the outbox.
pub const READER: &str = "supervision";
/// Rows passed in one step.
const ROWS: u32 = 200;
/// Clocks set at once when the program looks for the first time.
const FIRST: i64 = 500;
/// That the first look is done stands in the settings under this name.
const BEGUN: &str = "supervision_begun";

#[derive(Deserialize)]
struct Moved {
    from: u32,
    to: u32,
}

#[derive(Deserialize)]
struct Imported {
    cases: Vec<(String, Id)>,
}

/// From now on the stages beside handling climb the ladder too. What is in one already is not looked at: among it is every
/// case whose requester was never called.
async fn begin_stages(ctx: &Ctx) -> Result<(), SupervisionError> {
    ctx.renewed()
        .write::<_, SupervisionError, _>(|mut w| {
            if !sql::begin_stages(&mut w)? {
                return Ok(w.unchanged(())?);
            }
            let event = AuditEvent::done("supervision.begin", "setting", sql::STAGES_SINCE);
            Ok(w.commit(event, ())?)
        })
        .await
}

/// The first look of a database: from now on the outbox is kept for supervision, and the clocks that run already are set.
/// What they have passed is noted and told to nobody. Answers whether it was done now.
///
/// # Errors
/// The store's.
pub async fn begin(ctx: &Ctx) -> Result<bool, SupervisionError> {
    begin_stages(ctx).await?;
    let is_begun = ctx
        .read::<_, SupervisionError, _>(|r| {
            let sql = "SELECT value FROM settings WHERE name = $1";
            Ok(r.opt::<(String,)>(sql, store::params![BEGUN])?.is_some())
        })
        .await?;
    if is_begun {
        return Ok(false);
    }
    ctx.write::<_, SupervisionError, _>(|mut w| {
        if w.outbox_position(READER)?.is_none() {
            let end = w.outbox_horizon()?;
            w.outbox_enter(READER, end)?;
        }
        Ok(w.unchanged(())?)
    })
    .await?;
    let mut after = None;
    loop {
        let page = ctx
            .read::<_, SupervisionError, _>(move |r| Ok(sql::open_cases(r, after, FIRST)?))
            .await?;
        let Some(last) = page.last().copied() else {
            break;
        };
        for (district, case) in page {
            ladder::fire(&ctx.renewed(), district, case, true).await?;
        }
        after = Some(last);
    }
    ctx.renewed()
        .write::<_, SupervisionError, _>(|mut w| {
            let now = w.now();
            let sql = "INSERT INTO settings (name, value, updated_at) VALUES ($1, '1', $2) ON CONFLICT (name) DO NOTHING";
            w.exec(sql, store::params![BEGUN, now])?;
            Ok(w.commit(AuditEvent::done("supervision.begin", "setting", BEGUN), true)?)
        })
        .await
}

/// What one step found to do.
#[derive(Clone)]
struct Found {
    from: i64,
    to: i64,
    notices: Vec<NewNotice>,
    clocks: Vec<(DistrictCode, Id, Option<Timestamp>)>,
}

fn wrong(row: &OutboxRow, e: &dyn std::fmt::Display) -> StoreError {
    StoreError::Engine(format!("row {} of the outbox: {e}", row.seq))
}

/// Those who are told of the requests to see who made confidential reports that some rows of the outbox speak of.
fn of_unmaskings(
    r: &mut Read<'_>,
    rows: &[OutboxRow],
    names: &Names<'_>,
) -> StoreResult<Vec<NewNotice>> {
    let mut told = Vec::new();
    for row in rows.iter().filter(|row| row.topic == UNMASKING) {
        let district: DistrictCode = row.district.parse().map_err(|e| wrong(row, &e))?;
        let step: UnmaskingStep = serde_json::from_str(&row.body).map_err(|e| wrong(row, &e))?;
        let Some(case) = cases::sql::by_id(r, district, CaseId(row.object_id))? else {
            continue;
        };
        let leaders = match step.step {
            UnmaskingMove::Asked(_) => deciders(r, &case, &step, names)?,
            _ => Vec::new(),
        };
        told.extend(rules::tell_unmasking(&case, &step, &leaders));
    }
    Ok(told)
}

/// The shift leaders who may decide such a request: not whoever asked, and nobody with work of the own in the case.
fn deciders(
    r: &mut Read<'_>,
    case: &Case,
    step: &UnmaskingStep,
    names: &Names<'_>,
) -> StoreResult<Vec<AccountId>> {
    let most = u16::try_from(notices::model::MOST_RECIPIENTS).unwrap_or(u16::MAX);
    let all = access::ops::accounts::of_role(r, Role::ShiftLeader, case.district, most)?;
    Ok(all
        .iter()
        .filter(|a| a.id.0 != step.asked_by)
        .filter(|a| !cases::ops::has_own_work(&names.0.units, a, case))
        .map(|a| a.id)
        .collect())
}

/// Which events of which cases some rows of the outbox speak of: case → (from, to); (0, 0) for a case that a file brought.
fn touched(rows: &[OutboxRow]) -> StoreResult<BTreeMap<(DistrictCode, Id), (u32, u32)>> {
    let mut cases: BTreeMap<(DistrictCode, Id), (u32, u32)> = BTreeMap::new();
    for row in rows {
        match row.topic.as_str() {
            "case.moved" => {
                let district: DistrictCode = row.district.parse().map_err(|e| wrong(row, &e))?;
                let moved: Moved = serde_json::from_str(&row.body).map_err(|e| wrong(row, &e))?;
                let range = cases
                    .entry((district, row.object_id))
                    .or_insert((moved.from, moved.to));
                *range = if range.1 == 0 {
                    (moved.from, moved.to)
                } else {
                    (range.0.min(moved.from), range.1.max(moved.to))
                };
            }
            "case.imported" => {
                let imported: Imported =
                    serde_json::from_str(&row.body).map_err(|e| wrong(row, &e))?;
                for (district, id) in imported.cases {
                    let district: DistrictCode = district.parse().map_err(|e| wrong(row, &e))?;
                    cases.entry((district, id)).or_insert((0, 0));
                }
            }
            _ => {}
        }
    }
    Ok(cases)
}

fn look(r: &mut Read<'_>, names: &Names<'_>, approvers: &[Role]) -> StoreResult<Option<Found>> {
    let Some(from) = r.outbox_position(READER)? else {
        return Ok(None);
    };
    let rows = r.outbox_after(from, ROWS)?;
    let Some(to) = rows.last().map(|row| row.seq) else {
        return Ok(None);
    };
    let ladder = sql::ladder(r)?;
    let mut found = Found {
        from,
        to,
        notices: of_unmaskings(r, &rows, names)?,
        clocks: Vec::new(),
    };
    for ((district, id), (first, last)) in touched(&rows)? {
        let Some(case) = cases::sql::by_id(r, district, CaseId(id))? else {
            continue;
        };
        if last > 0 {
            let life = cases::sql::events(r, district, CaseId(id))?;
            found
                .notices
                .extend(notices_of(&case, &life, (first, last), names, approvers));
        }
        found
            .clocks
            .push((district, id, next_look(r, &case, &ladder, names)?));
    }
    Ok(Some(found))
}

fn notices_of(
    case: &Case,
    life: &[CaseEvent],
    (first, last): (u32, u32),
    names: &Names<'_>,
    approvers: &[Role],
) -> Vec<NewNotice> {
    life.iter()
        .filter(|e| (first..=last).contains(&e.seq))
        .flat_map(|event| rules::tell(case, life, event, names, approvers))
        .collect()
}

/// When the clocks of a case are looked at: now where a rung is due, else when the next is reached; never while they stand.
fn next_look(
    r: &mut Read<'_>,
    case: &Case,
    ladder: &Ladder,
    names: &Names<'_>,
) -> StoreResult<Option<Timestamp>> {
    if rules::running(case, ladder.stages_since).is_empty() {
        return Ok(None);
    }
    let fired = sql::fired(r, case.district, case.id.0)?;
    let city = names.0;
    // As of the last change: what was reached since is due, and fires with the next look.
    let due = rules::due_rungs(
        case,
        ladder,
        &fired,
        case.updated_at,
        city.calendar_at(case.place.here()),
        &city.timezone,
    );
    Ok(if due.rungs.is_empty() {
        rules::next_look(case, &due)
    } else {
        Some(case.updated_at)
    })
}

/// Passes the next rows of the outbox; answers how many people were told, none when there is nothing to pass.
///
/// # Errors
/// The store's.
pub async fn step(ctx: &Ctx) -> Result<Option<u32>, SupervisionError> {
    let ctx = ctx.renewed();
    let cases = ctx.service::<Cases>();
    let (city, rules) = (cases.city(), cases.rules());
    let notices = ctx.service::<Notices>();
    let found = ctx
        .read::<_, SupervisionError, _>(move |r| {
            Ok(look(r, &Names(&city), &rules.answer_approvers.0)?)
        })
        .await?;
    let Some(found) = found else {
        return Ok(None);
    };
    ctx.write::<_, SupervisionError, _>(move |mut w| {
        // Whoever moves the position does what the rows ask for; another process that was faster did it.
        if !w.outbox_advance(READER, found.from, found.to)? {
            return Ok(w.unchanged(Some(0))?);
        }
        let mut told = 0;
        for new in &found.notices {
            told += notices::ops::post(&mut w, &notices, new)?;
        }
        sql::set_clocks(&mut w, &found.clocks)?;
        if found.notices.is_empty() {
            return Ok(w.unchanged(Some(0))?);
        }
        let event = AuditEvent::done("notice.post", "outbox", found.to.to_string())
            .detail(serde_json::json!({ "from": found.from, "told": told }));
        Ok(w.commit(event, Some(told))?)
    })
    .await
}

/// Follows until there is nothing to pass; answers how many people were told.
///
/// # Errors
/// The store's.
pub async fn follow(ctx: &Ctx) -> Result<u32, SupervisionError> {
    let mut told = 0;
    while let Some(n) = step(ctx).await? {
        told += n;
    }
    Ok(told)
}
