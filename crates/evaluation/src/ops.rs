//! Evaluations asked for by people and scripts: counts, figures by definition, the cases behind them, frozen months.

use crate::condition::Mode;
use crate::definitions::{DefinitionSet, SetError, built_in};
use crate::figures::{self, Line};
use crate::model::{By, Counts, Evaluation, Month, Period, Row, Share, rates};
use crate::scores::Scored;
use crate::sql::{self, Ask, Behind, Key, Summand};
use crate::sql_sets::{self, Frozen};
use crate::vocabulary;
use access::{Ctx, Permission, Principal, Refused, Scope, UnitId};
use cases::lists::ListKind;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::codes::DivisionCode;
use kernel::id::Id;
use matters::{City, MatterId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{AuditEvent, Read, Sealed, StoreError, StoreResult, Write};

/// Why there is no evaluation.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// Lacks the permission.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such set.
    #[error("there is no definition set {0:?}")]
    UnknownSet(String),
    /// No such rate in the set.
    #[error("the set has no definition {0:?}")]
    UnknownDefinition(String),
    /// The row is not one of the grouping.
    #[error("{0:?} is no row of this grouping")]
    UnknownRow(String),
    /// A set that cannot be used.
    #[error(transparent)]
    Set(#[from] SetError),
    /// The version is there already and says something else.
    #[error(
        "version {version} of {id:?} is there already and says something else; a changed set needs the next version"
    )]
    SameVersion {
        /// The set.
        id: String,
        /// The version.
        version: u32,
    },
    /// A month is frozen once it is over.
    #[error("the month {0} is not over yet")]
    NotOver(String),
    /// A month that has not begun has no figures.
    #[error("the month {0} has not begun")]
    NotBegun(String),
    /// A period that has not begun has no figures.
    #[error("the period begins on {0}, which has not come yet")]
    FirstDayAhead(Date),
    /// A frozen month is not frozen again.
    #[error("the month {month} is frozen already, since {at}")]
    AlreadyFrozen {
        /// The month.
        month: String,
        /// Since when.
        at: Timestamp,
    },
    /// Nothing is frozen for the month.
    #[error("the month {0} is not frozen")]
    NotFrozen(String),
    /// A month is frozen for the whole city.
    #[error("only who sees the whole city may do this")]
    WholeCityOnly,
    /// The period is not one.
    #[error("{0}")]
    Period(String),
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

fn ask(ctx: &Ctx, by: By, period: Period) -> Result<Ask, Refused> {
    Ok(Ask {
        by,
        period,
        now: ctx.now(),
        scope: scope_of(ctx)?,
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
    let ask = ask(ctx, by, period)?;
    let (groups, called) = ctx
        .read::<_, StoreError, _>(move |r| Ok((sql::groups(r, &ask)?, called(r, by)?)))
        .await?;
    Ok(named(city, by, groups, &called))
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
    let ask = ask(ctx, by, period)?;
    let read = move |r: &mut Read<'_>| Ok((sql::groups(r, &ask)?, called(r, by)?));
    let (groups, called) = ctx.read_blocking::<_, StoreError, _>(read)?;
    Ok(named(city, by, groups, &called))
}

/// The sets there are.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Sets {
    /// Those that can be asked by.
    pub sets: Vec<DefinitionSet>,
    /// Versions in the store that cannot be read. Nothing is made by them; the next version can be added.
    pub unreadable: Vec<Unreadable>,
}

/// A stored version of a set that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// The set.
    pub id: String,
    /// The version.
    pub version: i64,
    /// Why.
    pub reason: String,
}

/// The sets of the program, and every version the city brought in. One that cannot be read takes none of the others with it.
///
/// # Errors
/// The store's.
pub fn all_sets(r: &mut Read<'_>) -> Result<Sets, EvaluationError> {
    let mut all = Sets {
        sets: built_in(),
        unreadable: Vec::new(),
    };
    for (id, version, body) in sql_sets::sets(r)? {
        match DefinitionSet::stored(&body) {
            Ok(set) => all.sets.push(set),
            Err(error) => {
                let reason = error.to_string();
                tracing::warn!(set = %id, version, %reason, "version {version} of the definition set {id} in the store cannot be read; nothing is made by it");
                all.unreadable.push(Unreadable {
                    id,
                    version,
                    reason,
                });
            }
        }
    }
    Ok(all)
}

/// All sets that can be asked by.
///
/// # Errors
/// The store's.
pub fn sets(r: &mut Read<'_>) -> Result<Vec<DefinitionSet>, EvaluationError> {
    Ok(all_sets(r)?.sets)
}

/// The set that a name asks for: `standard` is the newest version, `standard@1` the first.
///
/// # Errors
/// [`EvaluationError::UnknownSet`].
pub fn find_set(sets: &[DefinitionSet], name: &str) -> Result<DefinitionSet, EvaluationError> {
    let (id, version) = match name.split_once('@') {
        Some((id, version)) => (id, version.parse::<u32>().ok()),
        None => (name, None),
    };
    let wants_version = name.contains('@');
    sets.iter()
        .filter(|s| s.id == id && (!wants_version || Some(s.version) == version))
        .max_by_key(|s| s.version)
        .cloned()
        .ok_or_else(|| EvaluationError::UnknownSet(name.to_owned()))
}

/// Figures of a period by definition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// The set.
    pub set: String,
    /// Its version.
    pub version: u32,
    /// The first moment of the period.
    pub from: Timestamp,
    /// The first moment after it.
    pub to: Timestamp,
    /// What the rows stand for.
    pub by: &'static str,
    /// The rows, by key.
    pub rows: Vec<Line>,
}

fn figures(
    r: &mut Read<'_>,
    set: &DefinitionSet,
    city: &City,
    ask: &Ask,
) -> Result<Figures, EvaluationError> {
    Ok(Figures {
        set: set.id.clone(),
        version: set.version,
        from: ask.period.start,
        to: ask.period.end,
        by: ask.by.as_str(),
        rows: figures::lines(r, set, city, ask)?,
    })
}

/// What somebody asks for by definition: a set by name, what the rows stand for, a period.
#[derive(Debug, Clone)]
pub struct ByDefinition {
    /// The name of the set, perhaps with `@version`.
    pub set: String,
    /// What the rows stand for.
    pub by: By,
    /// The period.
    pub period: Period,
}

/// The figures of a period by a set of definitions, within the reader's scope, and the set.
///
/// # Errors
/// [`EvaluationError`].
pub async fn by_definition(
    ctx: &Ctx,
    city: Arc<City>,
    asked: ByDefinition,
) -> Result<(DefinitionSet, Figures), EvaluationError> {
    let ask = ask(ctx, asked.by, asked.period)?;
    ctx.read(move |r| {
        let set = find_set(&sets(r)?, &asked.set)?;
        let found = figures(r, &set, &city, &ask)?;
        Ok((set, found))
    })
    .await
}

/// The same for the command line.
///
/// # Errors
/// [`EvaluationError`].
pub fn by_definition_blocking(
    ctx: &Ctx,
    city: &Arc<City>,
    asked: &ByDefinition,
) -> Result<(DefinitionSet, Figures), EvaluationError> {
    let ask = ask(ctx, asked.by, asked.period)?;
    let (city, name) = (city.clone(), asked.set.clone());
    ctx.read_blocking(move |r| {
        let set = find_set(&sets(r)?, &name)?;
        let found = figures(r, &set, &city, &ask)?;
        Ok((set, found))
    })
}

/// Which number's cases are asked for.
#[derive(Debug, Clone)]
pub struct Drill {
    /// The set and what the rows stand for.
    pub of: ByDefinition,
    /// The rate; not read where a count is asked for.
    pub definition: String,
    /// A plain count instead of a rate: a word of the vocabulary.
    pub count: Option<String>,
    /// Below the line instead of above.
    pub denominator: bool,
    /// After review instead of raw.
    pub after_review: bool,
    /// The key of the row, as in the figures.
    pub key: String,
    /// Only older than this case.
    pub before: Option<Id>,
    /// How many at most.
    pub limit: i64,
}

/// The most cases of one page.
pub const MOST_BEHIND: i64 = 500;

/// The cases behind a number, newest first, within the reader's scope. Their numbers add up to it.
///
/// # Errors
/// [`EvaluationError`].
pub async fn behind(
    ctx: &Ctx,
    city: Arc<City>,
    drill: Drill,
) -> Result<Vec<Behind>, EvaluationError> {
    let ask = ask(ctx, drill.of.by, drill.of.period)?;
    ctx.read(move |r| behind_in(r, &city, &ask, &drill)).await
}

/// The same for the command line and tests.
///
/// # Errors
/// [`EvaluationError`].
pub fn behind_blocking(
    ctx: &Ctx,
    city: &Arc<City>,
    drill: &Drill,
) -> Result<Vec<Behind>, EvaluationError> {
    let ask = ask(ctx, drill.of.by, drill.of.period)?;
    let (city, drill) = (city.clone(), drill.clone());
    ctx.read_blocking(move |r| behind_in(r, &city, &ask, &drill))
}

fn behind_in(
    r: &mut Read<'_>,
    city: &City,
    ask: &Ask,
    drill: &Drill,
) -> Result<Vec<Behind>, EvaluationError> {
    let set = find_set(&sets(r)?, &drill.of.set)?;
    let summands = match &drill.count {
        Some(name) => {
            let word = vocabulary::word(name);
            let word = word.ok_or_else(|| EvaluationError::UnknownDefinition(name.clone()))?;
            vec![Summand {
                amount: word.amount,
                filters: Vec::new(),
                of: word.of,
            }]
        }
        None => {
            let definition = set
                .definition(&drill.definition)
                .ok_or_else(|| EvaluationError::UnknownDefinition(drill.definition.clone()))?;
            figures::summands(definition, drill.denominator)
        }
    };
    let key = key_of(city, ask.by, &drill.key)?;
    let mode = if drill.after_review {
        Mode::AfterReview
    } else {
        Mode::Raw
    };
    let limit = drill.limit.clamp(1, MOST_BEHIND);
    let found = sql::behind(r, ask, &key, &summands, mode, drill.before, limit)?;
    if found.is_empty() && drill.before.is_none() && !is_row(r, city, ask.by, &drill.key)? {
        return Err(EvaluationError::UnknownRow(drill.key.clone()));
    }
    Ok(found)
}

/// Whether a key that names no case can be that of a row. Cases may lie where no division is known, and come by channels that no
/// list has any more; such a row has cases.
fn is_row(r: &mut Read<'_>, city: &City, by: By, key: &str) -> StoreResult<bool> {
    let is_division = |digits: usize| {
        let code = DivisionCode::padded(key).ok();
        key.len() == digits && code.is_some_and(|code| city.territory.division(code).is_some())
    };
    Ok(match by {
        _ if key == "unknown" => true,
        By::Division => is_division(6),
        By::Street => is_division(9),
        By::Channel | By::Nature => called(r, by)?.contains_key(key),
        // Of the others the key itself says what it is.
        By::City | By::Unit | By::Matter => true,
    })
}

/// The stored group of a row's key.
fn key_of(city: &City, by: By, key: &str) -> Result<Key, EvaluationError> {
    let unknown = || EvaluationError::UnknownRow(key.to_owned());
    if by == By::City {
        return Ok(Key::All);
    }
    if key == "unknown" {
        return Ok(Key::Unknown);
    }
    match by {
        By::Unit => {
            let known = city.units.by_code(key).map(|u| u.id.0);
            let id = known.or_else(|| key.parse().ok());
            id.map(Key::Id).ok_or_else(unknown)
        }
        By::Matter => {
            let known = key
                .split_once('/')
                .and_then(|(catalogue, code)| city.matters.by_code(catalogue, code))
                .map(|m| m.id.0);
            let id = known.or_else(|| key.parse().ok());
            id.map(Key::Id).ok_or_else(unknown)
        }
        By::City | By::Division | By::Street | By::Channel | By::Nature => {
            Ok(Key::Text(key.to_owned()))
        }
    }
}

/// Adds a set that the city brings in. The same version with the same content is no change.
///
/// # Errors
/// A set that is not sound; a version that says something else; the lack of the permission.
pub fn import_set(ctx: &Ctx, text: &str) -> Result<(DefinitionSet, bool), EvaluationError> {
    ctx.require(Permission::EvaluationManage)?;
    let set = DefinitionSet::parse(text)?;
    let (stored, is_known) = (set.clone(), is_built_in(&set)?);
    let made = !is_known && ctx.write_blocking(move |w| put_set(w, &stored))?;
    Ok((set, made))
}

/// [`import_set`] for a server, with a set that was read already.
///
/// # Errors
/// As [`import_set`].
pub async fn add_set(ctx: &Ctx, set: DefinitionSet) -> Result<bool, EvaluationError> {
    ctx.require(Permission::EvaluationManage)?;
    set.check()?;
    Ok(!is_built_in(&set)? && ctx.write(move |w| put_set(w, &set)).await?)
}

/// Whether it comes with the program. A version of the program's that says something else is refused.
fn is_built_in(set: &DefinitionSet) -> Result<bool, EvaluationError> {
    let own = built_in();
    match own
        .iter()
        .find(|s| s.id == set.id && s.version == set.version)
    {
        Some(own) if own == set => Ok(true),
        Some(_) => Err(same_version(set)),
        None => Ok(false),
    }
}

fn put_set(mut w: Write<'_>, set: &DefinitionSet) -> Result<Sealed<bool>, EvaluationError> {
    let body = serde_json::to_string(set).map_err(|e| StoreError::Misuse(e.to_string()))?;
    match sql_sets::set(&mut w, &set.id, set.version)? {
        Some(known) if known == body => return Ok(w.unchanged(false)?),
        Some(_) => return Err(same_version(set)),
        None => {}
    }
    sql_sets::add_set(&mut w, &set.id, set.version, &body)?;
    let detail = serde_json::json!({ "version": set.version, "definitions": set.definitions.len(), "composites": set.composites.len() });
    let event =
        AuditEvent::done("evaluation.define", "definition_set", set.id.clone()).detail(detail);
    Ok(w.commit(event, true)?)
}

pub(crate) fn same_version(set: &DefinitionSet) -> EvaluationError {
    EvaluationError::SameVersion {
        id: set.id.clone(),
        version: set.version,
    }
}

/// A frozen month: the set and the figures as they were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The month.
    pub month: String,
    /// The definitions, whole.
    pub set: DefinitionSet,
    /// The figures by grouping, row and rate.
    pub figures: BTreeMap<String, BTreeMap<String, FrozenLine>>,
}

/// The figures of one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrozenLine {
    /// Its name then.
    pub name: String,
    /// Numerator, denominator and one over the other by definition, whatever it is told in: as it always was frozen.
    pub rates: BTreeMap<String, Share>,
    /// The same after review, where anything was reviewed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub after_review: BTreeMap<String, Share>,
    /// Score and grade by composite.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: BTreeMap<String, (Option<f64>, Option<String>)>,
    /// What each of them was made of. Months frozen before this was kept have none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub made: BTreeMap<String, FrozenScore>,
}

/// What a score was made of when it was frozen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FrozenScore {
    /// Its parts.
    pub parts: Vec<Scored>,
    /// The points by the other figures, before or after review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<f64>,
}

/// The scope of whoever sees everything.
pub const WHOLE_CITY: Scope = Scope {
    districts: Vec::new(),
    unit: None,
};

/// The groupings that are frozen.
pub const FROZEN_BY: [By; 5] = [By::City, By::Division, By::Unit, By::Matter, By::Channel];

/// One of the groupings that are frozen.
///
/// # Errors
/// In words.
pub fn frozen_by(text: &str) -> Result<By, String> {
    let found = FROZEN_BY.into_iter().find(|by| by.as_str() == text);
    let known = FROZEN_BY.map(By::as_str).join(", ");
    found.ok_or_else(|| format!("unknown grouping {text:?}: expected one of {known}"))
}

fn snapshot(
    r: &mut Read<'_>,
    set: DefinitionSet,
    city: &City,
    month: Month,
    now: Timestamp,
) -> Result<Snapshot, EvaluationError> {
    let period = month
        .period(&city.timezone)
        .map_err(|e| EvaluationError::Period(e.to_string()))?;
    let mut all = BTreeMap::new();
    for by in FROZEN_BY {
        let ask = Ask {
            by,
            period,
            now,
            scope: WHOLE_CITY,
        };
        let lines = figures::lines(r, &set, city, &ask)?;
        let lines = lines
            .into_iter()
            .map(|line| (line.key.clone(), frozen_line(&line)));
        all.insert(by.as_str().to_owned(), lines.collect());
    }
    Ok(Snapshot {
        month: month.to_string(),
        set,
        figures: all,
    })
}

fn frozen_line(line: &Line) -> FrozenLine {
    FrozenLine {
        name: line.name.clone(),
        rates: line
            .rates
            .iter()
            .map(|(id, f)| (id.clone(), f.share()))
            .collect(),
        after_review: line
            .rates
            .iter()
            .filter_map(|(id, f)| {
                let after = f.after_review?;
                Some((id.clone(), Share::of(after.numerator, after.denominator)))
            })
            .collect(),
        scores: line
            .scores
            .iter()
            .map(|s| (s.composite.clone(), (s.score, s.grade.clone())))
            .collect(),
        made: line
            .scores
            .iter()
            .map(|s| {
                let made = FrozenScore {
                    parts: s.parts.clone(),
                    otherwise: s.otherwise,
                };
                (s.composite.clone(), made)
            })
            .collect(),
    }
}

/// Freezes a month that is over, for the whole city, once.
///
/// # Errors
/// [`EvaluationError`].
pub fn freeze(
    mut w: Write<'_>,
    city: &City,
    set: &str,
    month: Month,
    who: &str,
) -> Result<Sealed<Frozen>, EvaluationError> {
    let now = w.now();
    let period = month
        .period(&city.timezone)
        .map_err(|e| EvaluationError::Period(e.to_string()))?;
    if period.end > now {
        return Err(EvaluationError::NotOver(month.to_string()));
    }
    let set = find_set(&sets(&mut w)?, set)?;
    if let Some(known) = sql_sets::frozen_month(&mut w, &set.id, &month.to_string())? {
        return Err(EvaluationError::AlreadyFrozen {
            month: known.month,
            at: known.frozen_at,
        });
    }
    let (id, version) = (set.id.clone(), set.version);
    let snapshot = snapshot(&mut w, set, city, month, now)?;
    let body = serde_json::to_string(&snapshot).map_err(|e| StoreError::Misuse(e.to_string()))?;
    let row = Frozen {
        set_id: id.clone(),
        month: month.to_string(),
        version,
        frozen_at: now,
        frozen_by: who.to_owned(),
        digest: hex::encode(Sha256::digest(body.as_bytes())),
    };
    sql_sets::freeze(&mut w, &row, &body)?;
    let event = AuditEvent::done("evaluation.freeze", "month", format!("{month} {id}"))
        .detail(serde_json::json!({ "version": version, "digest": row.digest }));
    Ok(w.commit(event, row)?)
}

/// Whether a month was frozen at the command line, by what stands as who froze it.
pub(crate) fn is_command_line(who: &str) -> bool {
    who == access::SystemRole::Operator.as_str()
}

/// Who may freeze: with the permission, and over the whole city. Answers under which name: at the command line that of the
/// system user, as the audit trail has it.
///
/// # Errors
/// [`EvaluationError`].
pub fn may_freeze(ctx: &Ctx) -> Result<String, EvaluationError> {
    ctx.require(Permission::EvaluationFreeze)?;
    let scope = ctx.scope();
    if scope.unit.is_some() || !scope.districts.is_empty() {
        return Err(EvaluationError::WholeCityOnly);
    }
    Ok(match ctx.principal() {
        Principal::Staff(staff) => staff.name.clone(),
        Principal::System(role) => role.as_str().to_owned(),
        Principal::Resident { .. } | Principal::Stranger => {
            return Err(Refused {
                permission: Permission::EvaluationFreeze,
            }
            .into());
        }
    })
}

/// Refuses a month that has not begun: there is nothing to say about it. One that runs has figures up to now.
///
/// # Errors
/// [`EvaluationError::NotBegun`].
pub fn check_begun(month: Month, now: Timestamp, tz: &TimeZone) -> Result<(), EvaluationError> {
    if month.first() > tz.to_datetime(now).date() {
        return Err(EvaluationError::NotBegun(month.to_string()));
    }
    Ok(())
}

/// Refuses a period whose first day has not come: of one that runs there are figures up to now.
///
/// # Errors
/// [`EvaluationError::FirstDayAhead`].
pub fn check_first_day(from: Date, now: Timestamp, tz: &TimeZone) -> Result<(), EvaluationError> {
    if from > tz.to_datetime(now).date() {
        return Err(EvaluationError::FirstDayAhead(from));
    }
    Ok(())
}

/// Whoever reads a frozen month sees the whole city: it is of nobody's part of it.
///
/// # Errors
/// The permission; [`EvaluationError::WholeCityOnly`].
pub fn may_read_frozen(ctx: &Ctx) -> Result<(), EvaluationError> {
    let scope = scope_of(ctx)?;
    if scope.unit.is_some() || !scope.districts.is_empty() {
        return Err(EvaluationError::WholeCityOnly);
    }
    Ok(())
}

/// One number that a later computation finds otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The grouping.
    pub by: String,
    /// The row.
    pub key: String,
    /// The rate.
    pub definition: String,
    /// Whether it is the number after review; else the raw one.
    pub after_review: bool,
    /// As it was frozen.
    pub frozen: Option<Share>,
    /// As it comes out now.
    pub now: Option<Share>,
}

/// The most differences that are listed.
const MOST_DIFFERENCES: usize = 500;

/// A month as it was frozen by a set, named without its version; none where it was not.
///
/// # Errors
/// The store's.
pub fn frozen(
    r: &mut Read<'_>,
    set: &str,
    month: Month,
) -> Result<Option<(Frozen, Snapshot)>, EvaluationError> {
    let text = month.to_string();
    let row = sql_sets::frozen_month(r, set, &text)?;
    let (Some(row), Some(body)) = (row, sql_sets::frozen_body(r, set, &text)?) else {
        return Ok(None);
    };
    let then = serde_json::from_str(&body)
        .map_err(|e| StoreError::Engine(format!("the frozen month {month} cannot be read: {e}")))?;
    Ok(Some((row, then)))
}

/// A frozen month beside the same definitions computed now.
///
/// # Errors
/// [`EvaluationError::NotFrozen`]; the store's.
pub fn compared(
    r: &mut Read<'_>,
    city: &City,
    set: &str,
    month: Month,
    now: Timestamp,
) -> Result<(Frozen, Snapshot, Vec<Difference>), EvaluationError> {
    let set = set.split('@').next().unwrap_or(set);
    let none = || EvaluationError::NotFrozen(month.to_string());
    let (row, then) = frozen(r, set, month)?.ok_or_else(none)?;
    let now = snapshot(r, then.set.clone(), city, month, now)?;
    Ok((row, then.clone(), differences(&then, &now)))
}

fn differences(then: &Snapshot, now: &Snapshot) -> Vec<Difference> {
    let mut found = Vec::new();
    let empty = BTreeMap::new();
    let nothing = FrozenLine {
        name: String::new(),
        rates: BTreeMap::new(),
        after_review: BTreeMap::new(),
        scores: BTreeMap::new(),
        made: BTreeMap::new(),
    };
    for by in FROZEN_BY.map(By::as_str) {
        let (a, b) = (
            then.figures.get(by).unwrap_or(&empty),
            now.figures.get(by).unwrap_or(&empty),
        );
        let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let (a, b) = (
                a.get(key).unwrap_or(&nothing),
                b.get(key).unwrap_or(&nothing),
            );
            for definition in &then.set.definitions {
                let id = &definition.id;
                let counted = |share: Option<&Share>| {
                    share
                        .copied()
                        .filter(|s| s.numerator != 0 || s.denominator != 0)
                };
                let raw = |line: &FrozenLine| counted(line.rates.get(id));
                // Where nothing was reviewed it is the raw one.
                let reviewed = |line: &FrozenLine| {
                    counted(line.after_review.get(id).or_else(|| line.rates.get(id)))
                };
                let is_reviewed =
                    a.after_review.contains_key(id) || b.after_review.contains_key(id);
                let pairs = [(false, raw(a), raw(b)), (true, reviewed(a), reviewed(b))];
                for (after_review, frozen, now) in pairs {
                    let is_told = !after_review || is_reviewed;
                    if is_told && frozen != now && found.len() < MOST_DIFFERENCES {
                        found.push(Difference {
                            by: by.to_owned(),
                            key: key.clone(),
                            definition: id.clone(),
                            after_review,
                            frozen,
                            now,
                        });
                    }
                }
            }
        }
    }
    found
}

/// What the asker did in a period, by act. Nobody else can ask for it: there is no argument for whom.
///
/// # Errors
/// The store's.
pub async fn own(ctx: &Ctx, period: Period) -> Result<Vec<(String, i64)>, EvaluationError> {
    ctx.require(Permission::OwnAccount)?;
    let Some(account) = ctx.principal().actor().id else {
        return Ok(Vec::new());
    };
    ctx.read(move |r| Ok(sql_sets::own_acts(r, account, period.start, period.end)?))
        .await
}

/// The month before the present one.
pub fn last_month(now: Timestamp, tz: &TimeZone) -> Month {
    Month::of(tz.to_datetime(now).date()).before()
}

/// What the rows are called that no reference data names, by their key. One statement, and only where rows stand for such.
pub(crate) fn called(r: &mut Read<'_>, by: By) -> StoreResult<BTreeMap<String, String>> {
    Ok(match by {
        By::Channel => {
            let channels = cases::sql_lists::channels(r)?.into_iter();
            channels.map(|c| (c.code, c.name_zh)).collect()
        }
        By::Nature => {
            let entries = cases::sql_record::entries(r)?.into_iter();
            let natures = entries.filter(|e| e.kind == ListKind::Nature.as_str());
            natures.map(|e| (e.code, e.name_zh)).collect()
        }
        By::City | By::Division | By::Street | By::Unit | By::Matter => BTreeMap::new(),
    })
}

fn named(
    city: &City,
    by: By,
    groups: Vec<sql::Group>,
    called: &BTreeMap<String, String>,
) -> Evaluation {
    let mut rows: Vec<Row> = groups
        .into_iter()
        // A group without anything in the period says nothing; the city itself is always there.
        .filter(|g| by == By::City || g.counts != Counts::default())
        .map(|g| {
            let (key, name) = label(city, by, g.key.as_deref(), g.id, called);
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

/// The key and the name of a group; `called` are the names of channels and natures.
pub(crate) fn label(
    city: &City,
    by: By,
    key: Option<&str>,
    id: Option<Id>,
    called: &BTreeMap<String, String>,
) -> (String, String) {
    let unknown = || ("unknown".to_owned(), "unknown".to_owned());
    match by {
        By::City => ("city".to_owned(), "city".to_owned()),
        By::Division | By::Street => key.map_or_else(unknown, |district| {
            let name = DivisionCode::padded(district)
                .ok()
                .and_then(|code| city.territory.division(code));
            (
                district.to_owned(),
                name.map_or_else(|| district.to_owned(), |d| d.name.clone()),
            )
        }),
        By::Unit => match id.map(UnitId) {
            Some(id) => city.unit(id).map_or_else(
                || (id.to_string(), id.to_string()),
                |u| (u.code.clone(), u.name_zh.clone()),
            ),
            None => unknown(),
        },
        By::Matter => match id.map(MatterId) {
            Some(id) => city.matter(id).map_or_else(
                || (id.to_string(), id.to_string()),
                |m| (format!("{}/{}", m.catalogue, m.code), m.name_zh.clone()),
            ),
            None => unknown(),
        },
        By::Channel | By::Nature => key.map_or_else(unknown, |code| {
            let name = called.get(code).map_or(code, String::as_str);
            (code.to_owned(), name.to_owned())
        }),
    }
}
