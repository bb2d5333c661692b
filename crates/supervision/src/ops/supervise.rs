//! 督办 — opened by a leader or a shift leader, reported on by the unit, signed off by whoever opened it, or in that one's place.

use super::{actor, reach, text};
use crate::model::{Decision, Mark, NewSupervised, Standing, Supervised, SupervisionError};
use crate::rules::{self, Names, Opener};
use crate::sql::{self, Filter, UnitCount};
use access::{AccountId, Ctx, Permission, Role, UnitId};
use cases::service::Cases;
use cases::{Case, CaseId};
use jiff::Timestamp;
use kernel::deadline::{Limit, ParseOptions, deadline};
use kernel::id::Id;
use kernel::{Calendar, DivisionCode, Due};
use kernel::{Cursor, Page, PageSize};
use matters::City;
use notices::{NewNotice, Notices, To};
use std::collections::HashMap;
use store::{AuditEvent, Read, StoreError};

pub(crate) fn notice(s: &Supervised, kind: &'static str, to: To, names: &Names<'_>) -> NewNotice {
    NewNotice::new(
        format!("supervised/{}/{}/{kind}", s.id, s.version),
        kind,
        to,
        s.district,
        format!("/supervision/{}", s.id),
    )
    .with("about", s.about())
    .with("unit", names.unit(Some(s.unit)))
    .with("due", s.due_at)
}

/// The place whose calendar holds: where the case lies, else that of the unit that is to act.
pub(crate) fn place_of(city: &City, case: Option<&Case>, unit: UnitId) -> Option<DivisionCode> {
    match case {
        Some(case) => case.place.here(),
        None => city.unit(unit).and_then(|u| u.division),
    }
}

/// When a limit that runs since a moment ends by a calendar.
pub(crate) fn due_by(
    city: &City,
    calendar: &Calendar,
    limit: &str,
    from: Timestamp,
) -> Result<(Limit, Due), SupervisionError> {
    let wrong = |e: &dyn std::fmt::Display| {
        SupervisionError::field("limit", "supervision.bad_limit", e.to_string())
    };
    let limit = Limit::parse(limit, ParseOptions::default()).map_err(|e| wrong(&e))?;
    let due = deadline(from, limit, calendar, &city.timezone, &[]).map_err(|e| wrong(&e))?;
    Ok((limit, due))
}

pub(crate) fn heads(unit: UnitId) -> To {
    To::Unit {
        unit,
        roles: vec![Role::DepartmentLead],
    }
}

/// Whether the account that opened it can decide: it is open, has the right, and is not on leave.
pub(super) fn opener_of(
    r: &mut Read<'_>,
    s: &Supervised,
    now: Timestamp,
) -> Result<Opener, StoreError> {
    let Some(account) = s.opened_by else {
        return Ok(Opener::Unable);
    };
    let found = match access::ops::accounts::find(r, account) {
        Ok(found) => found,
        Err(access::AccountError::Store(error)) => return Err(error),
        Err(_) => return Ok(Opener::Unable),
    };
    let has_right = |role: &Role| role.permissions().contains(&Permission::CaseSupervise);
    let can = !found.is_disabled
        && found.roles.0.iter().any(has_right)
        && !access::ops::deputies::is_away(r, account, now)?;
    Ok(if can { Opener::There } else { Opener::Unable })
}

/// Who is told of what the unit did: whoever opened it, else those who may decide in that one's place.
pub(super) fn told(s: &Supervised, opener: Opener) -> Vec<To> {
    let own = s.opened_by.map(To::Account);
    if opener == Opener::There {
        return own.into_iter().collect();
    }
    let role = s.opened_role.parse().unwrap_or(Role::Leader);
    std::iter::once(To::Role(role)).chain(own).collect()
}

/// Opens a supervision: of a case, or of what an instruction says without one. The unit is told.
///
/// # Errors
/// The case's; a field that cannot be used; `AlreadyOpen`.
pub async fn open(ctx: &Ctx, new: NewSupervised) -> Result<Supervised, SupervisionError> {
    ctx.require(Permission::CaseSupervise)?;
    let instruction = text("instruction", &new.instruction, false)?;
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let case = match new.number {
        Some(number) => Some(cases::ops::find(ctx, number).await?),
        None => None,
    };
    let unit = new
        .unit
        .or(case.as_ref().and_then(|c| c.unit))
        .ok_or_else(|| {
            SupervisionError::field(
                "unit",
                "supervision.unit_needed",
                "no unit has the case: name the one that is to act",
            )
        })?;
    if !city.units.is_in_force(unit) {
        return Err(SupervisionError::field(
            "unit",
            "supervision.unknown_unit",
            format!("no unit {unit} is in force"),
        ));
    }
    let now = ctx.now();
    let calendar = city.calendar_at(place_of(&city, case.as_ref(), unit));
    let (limit, due) = due_by(&city, calendar, &new.limit, now)?;
    let (account, role) = actor(ctx, Permission::CaseSupervise);
    let of_unit = city
        .unit(unit)
        .and_then(|u| u.division)
        .filter(|d| d.level() >= kernel::DivisionLevel::District);
    let district = case
        .as_ref()
        .map(|c| c.district)
        .or_else(|| of_unit.map(|d| d.district()))
        .unwrap_or(cases.config().default_district);
    let supervised = Supervised {
        district,
        id: Id::new(now, rand::random()),
        version: 1,
        case: case.as_ref().map(|c| c.id.0),
        case_no: case.as_ref().map(|c| c.number.to_string()),
        unit,
        origin: new.origin,
        instruction,
        limit_text: limit.to_string(),
        opened_by: account,
        opened_role: role,
        opened_at: now,
        due_at: due.at,
        provisional: due.provisional,
        state: Standing::Open,
        report: String::new(),
        reported_at: None,
        decided_at: None,
        told_late: false,
        due_from: Some(now),
        due_limit: Some(limit.to_string()),
        calendar: Some(calendar.version().to_owned()),
    };
    let notices = ctx.service::<Notices>();
    ctx.write::<_, SupervisionError, _>(move |mut w| {
        if let Some(case) = supervised.case {
            w.alone(&format!("supervision/open/{case}"))?;
            if sql::has_open(&mut w, supervised.district, case, account)? {
                return Err(SupervisionError::AlreadyOpen);
            }
        }
        sql::insert(&mut w, &supervised)?;
        let mark = Mark::new(
            w.now(),
            account,
            supervised.opened_role.clone(),
            "opened",
            supervised.instruction.clone(),
        );
        sql::add_mark(&mut w, &supervised, &mark)?;
        let names = Names(&city);
        notices::ops::post(&mut w, &notices, &notice(&supervised, "supervised.opened", heads(unit), &names))?;
        let event = AuditEvent::done("supervision.open", "supervised", supervised.id.to_string())
            .district(supervised.district.as_str())
            .detail(serde_json::json!({ "case": supervised.case_no, "unit": unit, "origin": supervised.origin, "due_at": supervised.due_at.to_string() }));
        Ok(w.commit(event, supervised.clone())?)
    })
    .await
}

async fn find(ctx: &Ctx, id: Id) -> Result<Supervised, SupervisionError> {
    let (districts, unit) = reach(ctx)?;
    let filter = Filter {
        districts,
        unit,
        id: Some(id),
        ..Filter::default()
    };
    let found = ctx
        .read::<_, SupervisionError, _>(move |r| Ok(sql::list(r, &filter, 1)?))
        .await?;
    found.into_iter().next().ok_or(SupervisionError::NotFound)
}

/// Changes a supervised matter by `change`, writes down who did what, and tells those concerned.
async fn change(
    ctx: &Ctx,
    before: Supervised,
    after: Supervised,
    mark: (&'static str, String, Permission),
    tell: Vec<(&'static str, To)>,
) -> Result<Supervised, SupervisionError> {
    let (word, words, by) = mark;
    let (account, role) = actor(ctx, by);
    let city = ctx.service::<Cases>().city();
    let notices = ctx.service::<Notices>();
    let action = match word {
        "reported" => "supervision.report",
        "sent_back" => "supervision.send_back",
        "signed_off" => "supervision.sign_off",
        _ => "supervision.withdraw",
    };
    ctx.write::<_, SupervisionError, _>(move |mut w| {
        sql::update(&mut w, &after)?;
        let mut now = after.clone();
        now.version += 1;
        let mark = Mark::new(w.now(), account, role.clone(), word, words.clone());
        sql::add_mark(&mut w, &now, &mark)?;
        for (kind, to) in &tell {
            notices::ops::post(
                &mut w,
                &notices,
                &notice(&now, kind, to.clone(), &Names(&city)),
            )?;
        }
        let event = AuditEvent::done(action, "supervised", now.id.to_string())
            .district(now.district.as_str())
            .detail(serde_json::json!({ "from": before.state, "to": now.state }));
        Ok(w.commit(event, now)?)
    })
    .await
}

/// The unit reports what it did.
///
/// # Errors
/// `NotFound`; `NotYourUnit`; `NotNow` when no report is asked; a text that cannot be used.
pub async fn report(ctx: &Ctx, id: Id, report: &str) -> Result<Supervised, SupervisionError> {
    ctx.require(Permission::CaseHandle)?;
    let before = find(ctx, id).await?;
    if ctx.principal().unit() != Some(before.unit) {
        return Err(SupervisionError::NotYourUnit);
    }
    if before.state != Standing::Open {
        return Err(SupervisionError::NotNow(before.state));
    }
    let report = text("report", report, false)?;
    let after = Supervised {
        state: Standing::Reported,
        report: report.clone(),
        reported_at: Some(ctx.now()),
        ..before.clone()
    };
    let (seen, now) = (before.clone(), ctx.now());
    let opener = ctx
        .read::<_, SupervisionError, _>(move |r| Ok(opener_of(r, &seen, now)?))
        .await?;
    let tell = told(&before, opener)
        .into_iter()
        .map(|to| ("supervised.reported", to))
        .collect();
    change(
        ctx,
        before,
        after,
        ("reported", report, Permission::CaseHandle),
        tell,
    )
    .await
}

/// Whoever opened it decides: the report is enough, or not, or nothing more is asked. Where that account is closed, on leave
/// or without the right, another with the same right does; never the unit that was asked.
///
/// # Errors
/// `NotFound`; `NotYours`; `NotNow`; a text or a limit that cannot be used.
pub async fn decide(
    ctx: &Ctx,
    id: Id,
    decision: Decision,
    words: &str,
    limit: Option<&str>,
) -> Result<Supervised, SupervisionError> {
    ctx.require(Permission::CaseSupervise)?;
    let before = find(ctx, id).await?;
    if !decides(ctx, &before).await? {
        return Err(SupervisionError::NotYours);
    }
    let is_possible = match decision {
        Decision::SignOff | Decision::SendBack => before.state == Standing::Reported,
        Decision::Withdraw => matches!(before.state, Standing::Open | Standing::Reported),
    };
    if !is_possible {
        return Err(SupervisionError::NotNow(before.state));
    }
    let now = ctx.now();
    let mut after = Supervised {
        decided_at: Some(now),
        ..before.clone()
    };
    let (word, kind) = match decision {
        Decision::SignOff => {
            after.state = Standing::SignedOff;
            ("signed_off", "supervised.signed_off")
        }
        Decision::Withdraw => {
            after.state = Standing::Withdrawn;
            ("withdrawn", "supervised.withdrawn")
        }
        Decision::SendBack => {
            let city = ctx.service::<Cases>().city();
            let limit = limit
                .map(str::trim)
                .filter(|l| !l.is_empty())
                .or(before.due_limit.as_deref())
                .unwrap_or(&before.limit_text);
            let seen = before.clone();
            let case = ctx
                .read::<_, SupervisionError, _>(move |r| match seen.case {
                    Some(id) => Ok(cases::sql::by_id(r, seen.district, CaseId(id))?),
                    None => Ok(None),
                })
                .await?;
            let calendar = city.calendar_at(place_of(&city, case.as_ref(), before.unit));
            let (limit, due) = due_by(&city, calendar, limit, now)?;
            (after.due_at, after.provisional) = (due.at, due.provisional);
            (after.due_from, after.due_limit) = (Some(now), Some(limit.to_string()));
            after.calendar = Some(calendar.version().to_owned());
            (after.state, after.decided_at, after.told_late) = (Standing::Open, None, false);
            ("sent_back", "supervised.sent_back")
        }
    };
    let words = text("words", words, decision == Decision::SignOff)?;
    let tell = vec![(kind, heads(before.unit))];
    change(
        ctx,
        before,
        after,
        (word, words, Permission::CaseSupervise),
        tell,
    )
    .await
}

/// Whether the reader may decide on a supervised matter.
async fn decides(ctx: &Ctx, s: &Supervised) -> Result<bool, SupervisionError> {
    let (seen, now) = (s.clone(), ctx.now());
    let (opener, reporter) = ctx
        .read::<_, SupervisionError, _>(move |r| {
            Ok((opener_of(r, &seen, now)?, sql::reporter(r, &seen)?))
        })
        .await?;
    Ok(rules::may_decide(ctx.principal(), s, opener, reporter))
}

/// What a list asks for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Only standing so; empty means any.
    pub states: Vec<Standing>,
    /// Only of this unit.
    pub unit: Option<UnitId>,
    /// The size of the page.
    pub size: PageSize,
    /// The page after this one.
    pub after: Option<Cursor>,
}

/// Supervised matters within the reader's reach, the most pressing first. One statement.
///
/// # Errors
/// A cursor of another list; the store's.
pub async fn list(ctx: &Ctx, asked: Asked) -> Result<Page<Supervised>, SupervisionError> {
    let (districts, own) = reach(ctx)?;
    let wrong = |e: kernel::paging::PagingError| {
        SupervisionError::field("after", "supervision.bad_cursor", e.to_string())
    };
    let after = match &asked.after {
        Some(cursor) => {
            let micros: i64 = cursor.part(0).map_err(wrong)?;
            let due = Timestamp::from_microsecond(micros).map_err(|e| {
                SupervisionError::field("after", "supervision.bad_cursor", e.to_string())
            })?;
            Some((due, cursor.part(1).map_err(wrong)?))
        }
        None => None,
    };
    // A department that asks for another unit is shown nothing.
    let unit = match (own, asked.unit) {
        (Some(own), Some(wanted)) if own != wanted => {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        }
        (own, wanted) => own.or(wanted),
    };
    let filter = Filter {
        districts,
        unit,
        states: asked.states,
        after,
        ..Filter::default()
    };
    let size = asked.size;
    let rows = ctx
        .read::<_, SupervisionError, _>(move |r| Ok(sql::list(r, &filter, size.probe())?))
        .await?;
    Ok(Page::from_probe(rows, size, |s| {
        Cursor::new([s.due_at.as_microsecond().to_string(), s.id.to_string()])
    }))
}

/// How many there are by unit and standing, within the reader's reach. One statement.
///
/// # Errors
/// The store's.
pub async fn count(ctx: &Ctx) -> Result<Vec<UnitCount>, SupervisionError> {
    let (districts, unit) = reach(ctx)?;
    let now = ctx.now();
    let filter = Filter {
        districts,
        unit,
        ..Filter::default()
    };
    ctx.read::<_, SupervisionError, _>(move |r| Ok(sql::counts(r, &filter, now)?))
        .await
}

/// A supervised matter with what was done about it.
#[derive(Debug, Clone)]
pub struct Full {
    /// What is kept.
    pub supervised: Supervised,
    /// What was done, in order.
    pub marks: Vec<Mark>,
    /// The names of those who did it.
    pub names: HashMap<AccountId, String>,
    /// Whether the reader is one who decides on it.
    pub may_decide: bool,
}

/// One supervised matter within the reader's reach.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn details(ctx: &Ctx, id: Id) -> Result<Full, SupervisionError> {
    let supervised = find(ctx, id).await?;
    let may_decide = decides(ctx, &supervised).await?;
    ctx.read::<_, SupervisionError, _>(move |r| {
        let marks = sql::marks(r, &supervised)?;
        let ids: Vec<AccountId> = marks.iter().filter_map(|m| m.account).collect();
        Ok(Full {
            names: access::ops::accounts::names(r, &ids)?,
            marks,
            may_decide,
            supervised: supervised.clone(),
        })
    })
    .await
}

/// The supervised matters of a case. The caller has checked that its reader may see the case. One statement.
///
/// # Errors
/// The store's.
pub async fn of_case(ctx: &Ctx, case: &Case) -> Result<Vec<Supervised>, SupervisionError> {
    let filter = Filter {
        districts: vec![case.district],
        case: Some(case.id.0),
        ..Filter::default()
    };
    ctx.read::<_, SupervisionError, _>(move |r| Ok(sql::list(r, &filter, 20)?))
        .await
}
