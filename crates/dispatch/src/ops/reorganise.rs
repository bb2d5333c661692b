//! 机构调整 — units merge or split on a day: duties end and begin on it, open cases move when it has come, each with an
//! event that says so and why; what was before stays. There is a preview and no way back.
//!
//! Whatever else names a unit and is open goes the same way: whistles and those they call, hand-overs, subscriptions, and
//! what rooms beside keep ([`cases::rooms`]). Accounts go along where all the work of a unit goes to one other.

use super::DispatchError;
use crate::model::Whistle;
use crate::rules::{self, Row};
use crate::sql_desk::{self, Order};
use crate::sql_keep;
use access::{Ctx, Permission, Saying, UnitId, Word};
use cases::rooms::{Reorganised, Rooms};
use cases::rules::JointCommand;
use cases::{Case, CaseId};
use grid::report::ImportError;
use grid::sheet::{Column, Sheet, optional, required};
use grid::{Part, Why};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use kernel::DivisionCode;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use matters::City;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{AuditEvent, StoreError, Write};

/// Cases moved in one run of the program's own work.
const MOST_AT_ONCE: i64 = 500;
/// Accounts of one unit moved in one run: so many a list of them has.
const MOST_ACCOUNTS: usize = 200;
/// The most rows of an order.
const MOST_ROWS: usize = 500;

/// A row of an order as a file or a form says it: codes of units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it stands.
    pub line: u64,
    /// The code of the unit until then.
    pub from: String,
    /// The code of the unit from then on.
    pub to: String,
    /// Only matters whose code begins so.
    pub matter: String,
    /// Only in this division.
    pub division: Option<DivisionCode>,
}

/// What an order would do, or did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The day.
    pub on: String,
    /// The codes of the units that end.
    pub ended_units: Vec<String>,
    /// Duties that end.
    pub duties_ended: usize,
    /// Duties that begin.
    pub duties_begun: usize,
    /// Open cases by unit: code of the old, code of the new, how many.
    pub cases: Vec<Moved>,
    /// Whistles, hand-overs, subscriptions, supervised matters, topics and measures that move, whatever their units.
    pub beside: u64,
    /// Accounts that belong to the units that end.
    pub accounts: usize,
    /// Those of them that go along, since all the work of their unit goes to one other; the security administrator moves the
    /// rest, and until then they act for no unit.
    pub accounts_moved: usize,
    /// Whether cases move at once; else when the day has come.
    pub at_once: bool,
}

/// Cases that move from one unit to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The code of the old unit.
    pub from: String,
    /// The code of the new one.
    pub to: String,
    /// How many.
    pub cases: usize,
}

impl Line {
    /// Its number as a sentence takes it.
    fn number(&self) -> i64 {
        i64::try_from(self.line).unwrap_or(i64::MAX)
    }
}

const COLUMNS: [Column; 4] = [
    required("from", &["原单位"]),
    required("to", &["新单位"]),
    optional("matter", &["事项"]),
    optional("division", &["区划"]),
];

/// Reads an order: CSV with `from,to[,matter,division]`.
///
/// # Errors
/// An unusable file, or the first row that does not read: an order is taken whole or not at all.
pub fn read(bytes: &[u8]) -> Result<Vec<Line>, ImportError> {
    // words: grid-reject-at grid-column-*
    let refuse = |r: grid::report::Reject| {
        let column = format!("grid-column-{}", r.field.replace('_', "-"));
        let column = match r.field.as_str() {
            "" => Word::Key("grid-column-row".to_owned()),
            _ => Word::Key(column),
        };
        ImportError::unusable("bad_row", format!("{}: {}", r.field, r.reason))
            .at(&r.field)
            .on_line(r.line)
            .telling(
                Saying::new("grid-reject-at", vec![("at", column), ("reason", r.word())]).into(),
            )
    };
    let sheet = Sheet::open(bytes, &COLUMNS)?;
    let mut lines = Vec::new();
    for row in sheet.rows() {
        let row = row.map_err(refuse)?;
        let division = row.division("division").map_err(refuse)?;
        let word = |name| -> Result<String, ImportError> {
            Ok(row.words(name).map_err(refuse)?.unwrap_or_default())
        };
        lines.push(Line {
            line: row.line,
            from: word("from")?,
            to: word("to")?,
            matter: word("matter")?,
            division,
        });
        if lines.len() > MOST_ROWS {
            break;
        }
    }
    if lines.is_empty() || lines.len() > MOST_ROWS {
        let text = format!("an order has 1 to {MOST_ROWS} rows");
        let why = Why::new("order_rows", text).with("most", MOST_ROWS);
        return Err(ImportError::because("bad_rows", why));
    }
    Ok(lines)
}

/// The rows of an order as units of the register.
fn rows(city: &City, lines: &[Line], day: Date) -> Result<Vec<Row>, DispatchError> {
    let unit = |line: &Line, field: &'static str, code: &str| -> Result<UnitId, DispatchError> {
        city.units.by_code(code).map(|u| u.id).ok_or_else(|| {
            let code: String = code.chars().take(60).collect();
            let reason = format!("line {}: no unit has the code {code:?}", line.line);
            DispatchError::field(field, "dispatch.row_without_unit", reason)
                .with("line", line.number())
                .with("unit", code)
        })
    };
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        let to = unit(line, "to", &line.to)?;
        let from = unit(line, "from", &line.from)?;
        let end_of = |unit: UnitId| city.unit(unit).and_then(|u| u.valid_to);
        for (field, id, code) in [("from", from, &line.from), ("to", to, &line.to)] {
            if end_of(id).is_some_and(|last| last < day) {
                let reason = format!("line {}: the unit {code} ends before that day", line.line);
                return Err(
                    DispatchError::field(field, "dispatch.unit_ends_before", reason)
                        .with("line", line.number())
                        .with("unit", code.as_str()),
                );
            }
        }
        // What it takes over would be with nobody from then on.
        if let Some(last) = end_of(to).filter(|_| from != to) {
            let reason = format!("line {}: the unit {} ends on {last}", line.line, line.to);
            return Err(
                DispatchError::field("to", "dispatch.unit_ends_later", reason)
                    .with("line", line.number())
                    .with("unit", line.to.as_str())
                    .with("last", last.to_string()),
            );
        }
        rows.push(Row {
            from,
            to,
            matter: line.matter.clone(),
            division: line.division,
        });
    }
    // A case that moved to a unit must not move on from it by the same order.
    if let Some(at) = rules::chained(&rows) {
        let line = &lines[at];
        let reason = format!(
            "line {}: {} takes work over and gives work away on one day; make two orders of two days",
            line.line, line.to
        );
        return Err(DispatchError::field("to", "dispatch.chained", reason)
            .with("line", line.number())
            .with("unit", line.to.as_str()));
    }
    Ok(rows)
}

/// Refuses an order that goes on with what another of the same day moves, or moves what another goes on with: whose a case
/// is then would hang on which of them ran first.
fn not_chained_with(
    r: &mut store::Read<'_>,
    lines: &[Line],
    rows: &[Row],
    day: Date,
) -> Result<(), DispatchError> {
    for order in sql_desk::orders_of(r, day)? {
        let others = rows_of(&order)?;
        let moves = |row: &&Row| row.from != row.to;
        let is_chained = |row: &Row| {
            row.from != row.to
                && others
                    .iter()
                    .filter(moves)
                    .any(|other| other.to == row.from || other.from == row.to)
        };
        if let Some(at) = rows.iter().position(is_chained) {
            let line = &lines[at];
            let reason = format!(
                "line {}: another order of that day moves work to {} or from {}; make two orders of two days",
                line.line, line.from, line.to
            );
            return Err(
                DispatchError::field("on", "dispatch.chained_orders", reason)
                    .with("line", line.number())
                    .with("from", line.from.as_str())
                    .with("to", line.to.as_str()),
            );
        }
    }
    Ok(())
}

/// Where a case goes: none when it does not move.
fn goes_to(city: &City, rows: &[Row], from: UnitId, case: &Case) -> Option<UnitId> {
    let code = case
        .matter
        .and_then(|m| city.matter(m))
        .map(|c| c.code.as_str())
        .unwrap_or_default();
    let place = case
        .place
        .grid
        .map(|g| g.community())
        .or(case.place.division);
    rules::heir(rows, from, code, place).filter(|to| *to != from)
}

/// An order as rooms see it.
fn reorganised(id: Id, why: &str, rows: &[Row]) -> Reorganised {
    let rows = rows.to_vec();
    let mut froms: Vec<UnitId> = rows.iter().map(|r| r.from).collect();
    froms.sort_unstable();
    froms.dedup();
    let ended = rules::dissolved(&rows);
    let only_heirs = ended
        .iter()
        .filter_map(|unit| Some((*unit, only_heir(&rows, *unit)?)))
        .collect();
    Reorganised::new(
        id,
        why.to_owned(),
        froms,
        ended,
        only_heirs,
        move |from, code, place| rules::heir(&rows, from, code, place),
    )
}

/// A whistle, a hand-over or a subscription that goes from one unit to another.
enum Goes {
    Whistle(Box<Whistle>),
    Call(Box<Whistle>),
    Handovers,
    Subscription(Id),
}

/// What of dispatch itself an order moves, with the unit it goes from and the one it goes to.
fn beside(
    r: &mut store::Read<'_>,
    city: &City,
    order: &Reorganised,
) -> Result<Vec<(Goes, UnitId, UnitId)>, StoreError> {
    let mut found = Vec::new();
    for from in &order.froms {
        let from = *from;
        let mut whistles: Vec<(bool, Whistle)> = Vec::new();
        whistles.extend(
            sql_keep::whistled_by(r, from)?
                .into_iter()
                .map(|w| (true, w)),
        );
        whistles.extend(sql_keep::calling(r, from)?.into_iter().map(|w| (false, w)));
        for (is_whistler, whistle) in whistles {
            let case = match whistle.case {
                Some(id) => cases::sql::by_id(r, whistle.district, id)?,
                None => None,
            };
            let code = case
                .as_ref()
                .and_then(|c| c.matter)
                .and_then(|m| city.matter(m))
                .map(|c| c.code.clone())
                .unwrap_or_default();
            if let Some(to) = order.goes_to(from, &code, whistle.division) {
                let whistle = Box::new(whistle);
                let goes = if is_whistler {
                    Goes::Whistle(whistle)
                } else {
                    Goes::Call(whistle)
                };
                found.push((goes, from, to));
            }
        }
        // A unit that goes on keeps its own shifts and what it wants to know of.
        if !order.ended.contains(&from) {
            continue;
        }
        if let Some(to) = order.goes_to(from, "", None)
            && sql_keep::has_handovers(r, from)?
        {
            found.push((Goes::Handovers, from, to));
        }
        for s in sql_desk::subscriptions(r, from)? {
            if let Some(to) = order.goes_to(from, &s.matter, s.division) {
                found.push((Goes::Subscription(s.id), from, to));
            }
        }
    }
    Ok(found)
}

/// Moves what [`beside`] finds, each in a transaction of its own with what it was in the audit trail; answers how many.
async fn move_beside(
    ctx: &Ctx,
    city: &Arc<City>,
    order: &Reorganised,
) -> Result<u64, DispatchError> {
    let id = order.order;
    let (of, order) = (city.clone(), order.clone());
    let found = ctx.read(move |r| beside(r, &of, &order)).await?;
    let mut moved = 0;
    for (goes, from, to) in found {
        let done = ctx
            .renewed()
            .write(move |mut w| -> Result<_, StoreError> {
                let (kind, object, is_done) = match &goes {
                    Goes::Whistle(whistle) => (
                        "whistle",
                        whistle.id,
                        sql_keep::whistle_to(&mut w, whistle, from, to)?,
                    ),
                    Goes::Call(whistle) => (
                        "whistle",
                        whistle.id,
                        sql_keep::call_to(&mut w, whistle, from, to)?,
                    ),
                    Goes::Handovers => {
                        let n = sql_keep::handovers_to(&mut w, from, to)?;
                        ("unit", from.0, n > 0)
                    }
                    Goes::Subscription(s) => (
                        "subscription",
                        *s,
                        sql_keep::subscription_to(&mut w, *s, from, to)?,
                    ),
                };
                if !is_done {
                    return w.unchanged(0);
                }
                let event = AuditEvent::done(
                    "unit.reorganise_move",
                    "reorganisation",
                    id.to_string(),
                )
                .detail(serde_json::json!({ "what": kind, "id": object, "from": from, "to": to }));
                w.commit(event, 1)
            })
            .await?;
        moved += done;
    }
    Ok(moved)
}

/// The one unit to which all the work of a unit that ends goes, if there is one: its people go along.
fn only_heir(rows: &[Row], unit: UnitId) -> Option<UnitId> {
    let mut tos = rows.iter().filter(|r| r.from == unit).map(|r| r.to);
    let to = tos.next()?;
    tos.all(|other| other == to).then_some(to)
}

/// The accounts of units whose work all goes to one other go along; the others stay, and act for no unit. Answers whether
/// all of them could be moved.
async fn move_accounts(ctx: &Ctx, rows: &[Row]) -> Result<bool, DispatchError> {
    let mut is_done = true;
    for unit in rules::dissolved(rows) {
        let Some(to) = only_heir(rows, unit) else {
            continue;
        };
        let found = ctx
            .renewed()
            .read(move |r| access::ops::accounts::of_unit(r, unit))
            .await?;
        // The list has an end: what is left moves with the next run.
        is_done &= found.len() < MOST_ACCOUNTS;
        for account in found {
            let draft = access::AccountDraft {
                name: account.name.clone(),
                roles: account.roles.0.clone(),
                unit: Some(to),
                districts: account.districts.0.clone(),
            };
            let (id, version) = (account.id, account.version);
            let moved = ctx
                .renewed()
                .write(move |w| access::ops::accounts::edit(w, id, version, &draft))
                .await;
            if let Err(error) = moved {
                is_done = false;
                tracing::warn!(account = %id, %error, "an account could not go along to its new unit; the next run tries again");
            }
        }
    }
    Ok(is_done)
}

/// Open cases that a unit has to do with: those it has or owes a part in, those it claims, those a whistle calls it to; each
/// once.
fn open_cases(r: &mut store::Read<'_>, unit: UnitId, limit: i64) -> Result<Vec<Case>, StoreError> {
    let mut found = sql_desk::open_cases_of(r, unit, limit)?;
    found.extend(sql_desk::cases_beside(r, unit, limit)?);
    let mut seen = BTreeSet::new();
    found.retain(|case| seen.insert((case.district, case.id)));
    Ok(found)
}

/// What is to be done, worked out whole before anything is written.
struct Plan {
    rows: Vec<Row>,
    duties: rules::Duties,
    ended: Vec<actors::Unit>,
    preview: Preview,
}

fn plan(
    r: &mut store::Read<'_>,
    city: &City,
    lines: &[Line],
    day: Date,
    now: Timestamp,
) -> Result<Plan, DispatchError> {
    let today = city.local_date(now);
    // What was decided on a past day was decided under the units of then: that is a fact.
    if day < today {
        return Err(DispatchError::field(
            "on",
            "dispatch.past_day",
            format!("{day} is past; an order holds from today ({today}) on"),
        )
        .with("day", day.to_string())
        .with("today", today.to_string()));
    }
    // As they stand in this very transaction: what this process remembers of the register may be seconds old.
    let city = &city.with_units(actors::sql::all(r)?);
    let rows = rows(city, lines, day)?;
    not_chained_with(r, lines, &rows, day)?;
    let known = matters::sql::all_duties(r)?;
    let new_id = || Id::new(now, rand::random());
    let duties = rules::duties(&known, &rows, day, new_id).map_err(|gap| {
        let code = city
            .unit(gap.from)
            .map_or_else(String::new, |u| u.code.clone());
        let error = DispatchError::field("rows", "dispatch.gap", format!("{code}: {gap}"));
        gap_words(error, code, &gap)
    })?;
    let before = day.saturating_sub(1.day());
    let mut ended = Vec::new();
    let (mut accounts, mut accounts_moved) = (0, 0);
    for unit in rules::dissolved(&rows) {
        let of_unit = access::ops::accounts::of_unit(r, unit)?.len();
        accounts += of_unit;
        if only_heir(&rows, unit).is_some() {
            accounts_moved += of_unit;
        }
        if let Some(unit) = city.unit(unit) {
            ended.push(actors::Unit {
                valid_to: Some(unit.valid_to.map_or(before, |to| to.min(before))),
                ..unit.clone()
            });
        }
    }
    let mut froms: Vec<UnitId> = rows.iter().map(|r| r.from).collect();
    froms.sort_unstable();
    froms.dedup();
    let name = |unit: UnitId| city.unit(unit).map_or_else(String::new, |u| u.code.clone());
    let mut moved: Vec<Moved> = Vec::new();
    for from in froms {
        for case in open_cases(r, from, i64::MAX)? {
            let Some(to) = goes_to(city, &rows, from, &case) else {
                continue;
            };
            let (from, to) = (name(from), name(to));
            match moved.iter_mut().find(|m| m.from == from && m.to == to) {
                Some(known) => known.cases += 1,
                None => moved.push(Moved { from, to, cases: 1 }),
            }
        }
    }
    moved.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
    let preview = Preview {
        on: day.to_string(),
        ended_units: ended.iter().map(|u| u.code.clone()).collect(),
        duties_ended: duties.ended.len(),
        duties_begun: duties.begun.len(),
        cases: moved,
        beside: beside(r, city, &reorganised(new_id(), "", &rows))?.len() as u64,
        accounts,
        accounts_moved,
        at_once: day <= today,
    };
    Ok(Plan {
        rows,
        duties,
        ended,
        preview,
    })
}

/// A gap, as people are told of it.
fn gap_words(error: DispatchError, unit: String, gap: &rules::Gap) -> DispatchError {
    // words: dispatch-gap-any-matter dispatch-gap-matter dispatch-gap-anywhere dispatch-gap-place
    let part = |key: &str, name: &'static str, value: String| -> Word {
        Saying::new(key, vec![(name, value.into())]).into()
    };
    let matter = match gap.matter.as_str() {
        "" => Word::Key("dispatch-gap-any-matter".to_owned()),
        code => part("dispatch-gap-matter", "code", code.to_owned()),
    };
    let place = match &gap.place {
        None => Word::Key("dispatch-gap-anywhere".to_owned()),
        Some(place) => part("dispatch-gap-place", "place", place.to_string()),
    };
    error
        .with("unit", unit)
        .with("matter", matter)
        .with("place", place)
}

/// What an order would do. Nothing is written.
///
/// # Errors
/// [`DispatchError`]: the order as a whole, with the row at fault.
pub async fn preview(ctx: &Ctx, lines: Vec<Line>, day: Date) -> Result<Preview, DispatchError> {
    ctx.require(Permission::ReferenceManage)?;
    let city = super::city(ctx);
    let now = ctx.now();
    let plan = ctx.read(move |r| plan(r, &city, &lines, day, now)).await?;
    with_rooms(ctx, plan).await
}

/// The preview, with what rooms beside would move.
async fn with_rooms(ctx: &Ctx, plan: Plan) -> Result<Preview, DispatchError> {
    let order = reorganised(Id::from_bytes([0; 16]), "", &plan.rows);
    let mut preview = plan.preview;
    for room in Rooms::of(ctx) {
        preview.beside += room.count(&ctx.renewed(), &order).await?;
    }
    Ok(preview)
}

/// Enters an order: duties and units end and begin on its day; its cases move as soon as the day has come
/// ([`move_cases`]). It cannot be taken back.
///
/// # Errors
/// As [`preview`].
pub async fn order(
    ctx: &Ctx,
    lines: Vec<Line>,
    day: Date,
    why: &str,
) -> Result<Preview, DispatchError> {
    ctx.require(Permission::ReferenceManage)?;
    let why = super::needed("why", why)?;
    let city = super::city(ctx);
    let id = Id::new(ctx.now(), rand::random());
    let plan = ctx
        .write(move |w| enter(w, &city, &lines, day, &why, id))
        .await?;
    with_rooms(ctx, plan).await
}

fn enter(
    mut w: Write<'_>,
    city: &City,
    lines: &[Line],
    day: Date,
    why: &str,
    id: Id,
) -> Result<store::Sealed<Plan>, DispatchError> {
    let made_at = w.now();
    // One order at a time: whoever comes second waits here, and reads what the first one wrote.
    grid::sql::bump(&mut w, Part::Duties)?;
    grid::sql::bump(&mut w, Part::Units)?;
    let plan = plan(&mut w, city, lines, day, made_at)?;
    for duty in &plan.duties.ended {
        matters::sql::update_duty(&mut w, duty)?;
    }
    matters::sql::insert_duties(&mut w, &plan.duties.begun)?;
    for unit in &plan.ended {
        actors::sql::update(&mut w, unit)?;
    }
    let body = serde_json::to_string(&plan.rows).expect("rows of ids and codes are always JSON");
    sql_desk::insert_order(
        &mut w,
        &Order {
            id,
            day,
            why: why.to_owned(),
            body,
            made_at,
            done_at: None,
            cases: 0,
        },
    )?;
    let detail = serde_json::json!({
        "on": day.to_string(),
        "units_ended": plan.preview.ended_units,
        "duties_ended": plan.preview.duties_ended,
        "duties_begun": plan.preview.duties_begun,
    });
    let event =
        AuditEvent::done("unit.reorganise", "reorganisation", id.to_string()).detail(detail);
    Ok(w.commit(event, plan)?)
}

/// Orders that were entered, the latest first.
///
/// # Errors
/// The store's; the lack of the permission.
pub async fn orders(ctx: &Ctx) -> Result<Vec<Order>, DispatchError> {
    ctx.require(Permission::ReferenceManage)?;
    Ok(ctx.read(|r| sql_desk::orders(r, 50)).await?)
}

/// Moves the open cases of orders whose day has come, and what else is open beside them, each in a transaction of its own;
/// answers how many. Called by the
/// program itself until nothing is left, and by the command that enters an order.
///
/// # Errors
/// The store's. A case that fails is logged and left for the next run.
pub async fn move_cases(ctx: &Ctx) -> Result<u64, DispatchError> {
    let ctx = ctx.renewed();
    let city = super::city(&ctx);
    let today = city.local_date(ctx.now());
    note_heirs(&ctx, today).await?;
    let due = ctx
        .renewed()
        .read(move |r| sql_desk::due_orders(r, today))
        .await?;
    let mut moved = 0;
    for order in due {
        let rows = rows_of(&order)?;
        let reorganised = reorganised(order.id, &order.why, &rows);
        let mut left = 0;
        for room in Rooms::of(&ctx) {
            moved += room.before_cases(&ctx.renewed(), &reorganised).await?;
        }
        for from in &reorganised.froms {
            let (done, stay) = move_from(&ctx, &city, &order, &rows, *from).await?;
            moved += done;
            left += stay;
        }
        // After the cases: a call to a case goes on where the case shows it.
        moved += move_beside(&ctx.renewed(), &city, &reorganised).await?;
        for room in Rooms::of(&ctx) {
            moved += room.reorganise(&ctx.renewed(), &reorganised).await?;
        }
        left += u64::from(!move_accounts(&ctx, &rows).await?);
        if left == 0 {
            let id = order.id;
            ctx.write(move |mut w| -> Result<_, StoreError> {
                sql_desk::finish_order(&mut w, id)?;
                let event =
                    AuditEvent::done("unit.reorganise_done", "reorganisation", id.to_string());
                w.commit(event, ())
            })
            .await?;
        }
    }
    Ok(moved + move_latecomers(&ctx, &city).await?)
}

/// Notes in the register which units took over the work of those that an order ended, as soon as its day has come: from then
/// on what those had handled is no more theirs to judge than their own. Orders of before that was noted are noted as well.
async fn note_heirs(ctx: &Ctx, today: Date) -> Result<(), DispatchError> {
    let orders = ctx
        .renewed()
        .read(move |r| sql_desk::orders_without_heirs(r, today))
        .await?;
    for order in orders {
        let rows = rows_of(&order)?;
        ctx.renewed()
            .write(move |mut w| -> Result<_, StoreError> {
                if !sql_desk::heirs_noted(&mut w, order.id)? {
                    return w.unchanged(());
                }
                let mut heirs = Vec::new();
                for unit in rules::dissolved(&rows) {
                    for row in rows.iter().filter(|row| row.from == unit) {
                        actors::sql::insert_heir(&mut w, unit, row.to)?;
                        heirs.push((unit, row.to));
                    }
                }
                grid::sql::bump(&mut w, Part::Units)?;
                let event = AuditEvent::done(
                    "unit.reorganise_heirs",
                    "reorganisation",
                    order.id.to_string(),
                );
                w.commit(event.detail(serde_json::json!({ "heirs": heirs })), ())
            })
            .await?;
    }
    Ok(())
}

/// The rows of an order.
fn rows_of(order: &Order) -> Result<Vec<Row>, StoreError> {
    serde_json::from_str(&order.body)
        .map_err(|e| StoreError::Engine(format!("reorganisation {}: {e}", order.id)))
}

/// Moves some hundreds of open cases of a unit; answers how many moved, and how much is left for the next run.
async fn move_from(
    ctx: &Ctx,
    city: &City,
    order: &Order,
    rows: &[Row],
    from: UnitId,
) -> Result<(u64, u64), DispatchError> {
    let found = ctx
        .renewed()
        .read(move |r| open_cases(r, from, MOST_AT_ONCE))
        .await?;
    let is_more = i64::try_from(found.len()).unwrap_or(i64::MAX) >= MOST_AT_ONCE;
    let (mut moved, mut left) = (0, u64::from(is_more));
    for case in found {
        let Some(to) = goes_to(city, rows, from, &case) else {
            continue;
        };
        match move_one(ctx, order, (case.district, case.id), from, to).await {
            Ok(true) => moved += 1,
            Ok(false) => {}
            Err(error) => {
                left += 1;
                tracing::warn!(number = %case.number, %error, "case {} could not be moved to its new unit; the next run tries again", case.number);
            }
        }
    }
    Ok((moved, left))
}

/// A case that was over when its unit ended and goes on again (reopened, a merge undone) follows the last order that
/// ended its unit.
async fn move_latecomers(ctx: &Ctx, city: &City) -> Result<u64, DispatchError> {
    let today = city.local_date(ctx.now());
    let back = ctx
        .renewed()
        .read(move |r| sql_desk::ended_with_open_cases(r, today))
        .await?;
    if back.is_empty() {
        return Ok(0);
    }
    let orders = ctx
        .renewed()
        .read(|r| sql_desk::orders(r, i64::MAX))
        .await?;
    let mut moved = 0;
    for unit in back {
        for order in orders.iter().filter(|o| o.done_at.is_some()) {
            let rows = rows_of(order)?;
            if rules::dissolved(&rows).contains(&unit) {
                moved += move_from(ctx, city, order, &rows, unit).await?.0;
                break;
            }
        }
    }
    Ok(moved)
}

async fn move_one(
    ctx: &Ctx,
    order: &Order,
    key: (DistrictCode, CaseId),
    from: UnitId,
    to: UnitId,
) -> Result<bool, DispatchError> {
    let command = JointCommand::ChangeUnit {
        from,
        to,
        why: order.why.clone(),
    };
    let id = order.id;
    let beside = move |w: &mut Write<'_>, after: Option<&Case>| {
        if after.is_some() {
            sql_desk::count_moved(w, id)?;
            return Ok(Vec::new());
        }
        // The case ended, or was moved, since it was read.
        let event = AuditEvent::done("unit.reorganise_pass", "reorganisation", id.to_string());
        Ok(vec![event])
    };
    let done = cases::ops::joint::by_program(ctx, key, command, beside).await?;
    Ok(done.is_some())
}

/// Waits until every order whose day has come is done; answers how many cases moved. For the command line.
///
/// # Errors
/// As [`move_cases`].
pub async fn move_all(ctx: &Ctx) -> Result<u64, DispatchError> {
    let mut all = 0;
    loop {
        let moved = move_cases(ctx).await?;
        all += moved;
        if moved == 0 {
            return Ok(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_whole_or_not_at_all() {
        let lines = read("from,to,matter,division\nA,C,,\nB,C,E01,330102\n".as_bytes()).unwrap();
        assert_eq!((lines[0].from.as_str(), lines[0].to.as_str()), ("A", "C"));
        assert_eq!(lines[1].division, Some("330102000000".parse().unwrap()));
        assert_eq!(lines[1].line, 3);
        for bad in [
            "",
            "from\nA\n",
            "from,to\n",
            "from,to,division\nA,B,33x\n",
            "a,b\n1,2\n",
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(read(&[0xff, 0xfe]).is_err());
    }
}
