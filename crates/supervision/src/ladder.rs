//! Rungs that are reached: the clocks of a case are looked at in a transaction of its own, and each rung fires exactly once per
//! case, arming and level.

use crate::model::{EntryRow, Holder, Ladder, RungAct, SupervisionError, Tell};
use crate::rules::{self, Names};
use crate::sql;
use access::{AccountId, Ctx, Role};
use cases::service::Cases;
use cases::{Case, CaseId, Fact, Stage};
use kernel::DistrictCode;
use kernel::id::Id;
use matters::City;
use notices::{NewNotice, Notices, Place, To};
use std::sync::Arc;
use store::{AuditEvent, Read, Sealed, StoreResult, Write};

/// Clocks looked at in one round; the next takes the rest.
const MOST_AT_ONCE: i64 = 200;

struct Job {
    city: Arc<City>,
    notices: Arc<Notices>,
    ladder: Arc<Ladder>,
    district: DistrictCode,
    case: Id,
    /// The program has never looked before: what lies behind is noted and told to nobody.
    is_first_look: bool,
}

fn recipients(r: &mut Read<'_>, case: &Case, tell: Tell) -> StoreResult<Option<To>> {
    let lead = |unit| To::Unit {
        unit,
        roles: vec![Role::DepartmentLead],
    };
    Ok(match tell {
        Tell::Handler => case.handler.map(To::Account),
        Tell::Lead => case.unit.map(lead),
        Tell::ShiftLeader => Some(To::Role(Role::ShiftLeader)),
        Tell::Leader => Some(To::Role(Role::Leader)),
        Tell::Holder => waits_for(case),
        Tell::Dispatcher => {
            let life = cases::sql::events(r, case.district, case.id)?;
            let last = life
                .iter()
                .rev()
                .find(|e| matches!(e.fact, Fact::Dispatched { .. }));
            Some(
                last.and_then(|e| e.by.account)
                    .map_or(To::Role(Role::Dispatcher), |a| To::Account(AccountId(a))),
            )
        }
    })
}

/// Whoever the stage of a case waits for.
fn waits_for(case: &Case) -> Option<To> {
    if Stage::of(case) == Some(Stage::CallBack) {
        return Some(To::Role(Role::Acceptor));
    }
    Some(match rules::holder(case)? {
        Holder::Account(account) => To::Account(account),
        Holder::Role(role) => To::Role(role),
        Holder::Unit(unit) => To::Unit {
            unit,
            roles: vec![Role::DepartmentLead, Role::Handler],
        },
    })
}

/// The wording of a rung; a stage beside handling is named by its rung.
fn kind_of(stage: Stage, act: RungAct) -> &'static str {
    match (stage, act) {
        (Stage::Handle, RungAct::Warn) => "supervision.warning",
        (Stage::Handle, RungAct::Overdue) => "supervision.overdue",
        (Stage::Handle, RungAct::Criticism) => "supervision.criticism",
        (_, RungAct::Warn) => "supervision.stage_warning",
        (_, RungAct::Overdue) => "supervision.stage_overdue",
        (_, RungAct::Criticism) => "supervision.stage_criticism",
    }
}

/// Looks at the clocks of one case: fires what is due, and sets when it is looked at next. Answers how many rungs fired.
fn look(mut w: Write<'_>, job: &Job) -> Result<Sealed<usize>, SupervisionError> {
    let now = w.now();
    let city = &job.city;
    let key = (job.district, job.case);
    let Some(case) = cases::sql::by_id(&mut w, key.0, CaseId(key.1))? else {
        sql::set_clocks(&mut w, &[(key.0, key.1, None)])?;
        return Ok(w.unchanged(0)?);
    };
    let fired = sql::fired(&mut w, key.0, key.1)?;
    let due = rules::due_rungs(
        &case,
        &job.ladder,
        &fired,
        now,
        city.calendar_at(case.place.here()),
        &city.timezone,
    );
    let mut events = Vec::new();
    for (clock, rung) in &due.rungs {
        let row = EntryRow {
            entry: clock.entry(rung.level),
            at: now,
            kind: if job.is_first_look { "passed" } else { "rung" }.to_owned(),
            level: Some(rung.level),
            name_zh: rung.name_zh.clone(),
            name_en: rung.name_en.clone(),
            account: None,
            role: None,
            words: String::new(),
        };
        if !sql::add_entry(&mut w, key.0, key.1, &row)? || job.is_first_look {
            continue;
        }
        let names = Names(city);
        for tell in &rung.tell {
            let Some(to) = recipients(&mut w, &case, *tell)? else {
                continue;
            };
            // The key is that of the rung, so that whoever is two of those told is told once.
            let once = format!("rung/{}/{}", case.id, row.entry);
            let new = NewNotice::new(
                once,
                kind_of(clock.stage, rung.act),
                to,
                case.district,
                format!("/cases/{}", case.number),
            )
            .with("number", case.number.to_string())
            .with("matter", names.matter(&case))
            .with("unit", names.unit(case.unit))
            .with("due", clock.due);
            // A stage beside handling is named by its rung.
            let new = match clock.stage {
                Stage::Handle => new,
                _ => new.with(
                    "rung",
                    Place::Named {
                        zh: rung.name_zh.clone(),
                        en: rung.name_en.clone(),
                    },
                ),
            };
            notices::ops::post(&mut w, &job.notices, &new)?;
        }
        events.push(
            AuditEvent::done("supervision.rung", "case", case.number.to_string())
                .district(case.district.as_str())
                .detail(serde_json::json!({ "level": rung.level, "act": rung.act, "arming": clock.arming })),
        );
    }
    sql::set_clocks(&mut w, &[(key.0, key.1, rules::next_look(&case, &due))])?;
    let n = events.len();
    if due.rungs.is_empty() {
        return Ok(w.unchanged(0)?);
    }
    if events.is_empty() {
        let event = AuditEvent::done("supervision.pass", "case", case.number.to_string());
        events.push(event.district(case.district.as_str()));
    }
    Ok(w.commit_all(&events, n)?)
}

/// Looks at one clock now, whatever it was set to. Answers how many rungs fired.
///
/// # Errors
/// The store's.
pub async fn fire(
    ctx: &Ctx,
    district: DistrictCode,
    case: Id,
    is_first_look: bool,
) -> Result<usize, SupervisionError> {
    let ladder = ctx
        .read::<_, SupervisionError, _>(|r| Ok(sql::ladder(r)?))
        .await?;
    fire_by(ctx, Arc::new(ladder), district, case, is_first_look).await
}

async fn fire_by(
    ctx: &Ctx,
    ladder: Arc<Ladder>,
    district: DistrictCode,
    case: Id,
    is_first_look: bool,
) -> Result<usize, SupervisionError> {
    let job = Job {
        city: ctx.service::<Cases>().city(),
        notices: ctx.service::<Notices>(),
        ladder,
        district,
        case,
        is_first_look,
    };
    ctx.write(move |w| look(w, &job)).await
}

/// Fires every rung that is reached by now; answers how many. Several processes may run it at once. A case that fails is
/// logged and left for the next round.
///
/// # Errors
/// The store's, when the list cannot be read.
pub async fn fire_due(ctx: &Ctx) -> Result<usize, SupervisionError> {
    let ctx = ctx.renewed();
    let now = ctx.now();
    let (due, ladder) = ctx
        .read::<_, SupervisionError, _>(move |r| {
            let due = sql::clocks_due(r, now, MOST_AT_ONCE)?;
            let ladder = if due.is_empty() {
                Ladder::default()
            } else {
                sql::ladder(r)?
            };
            Ok((due, ladder))
        })
        .await?;
    let ladder = Arc::new(ladder);
    let mut fired = 0;
    for (district, case) in due {
        match fire_by(&ctx, ladder.clone(), district, case, false).await {
            Ok(n) => fired += n,
            Err(error) => {
                tracing::warn!(%case, %error, "the ladder of case {case} could not be looked at; the next round tries again");
            }
        }
    }
    Ok(fired)
}
