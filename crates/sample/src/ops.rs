//! Writing the sample city into an empty database, and keeping the passwords of its demo accounts.

use crate::register::{COORDINATOR, Person};
use crate::{Life, SampleCity, sql};
use access::{Ctx, Permission, Role};
use cases::measures::{self, Measures};
use cases::sql::{COLUMNS, EVENT_COLUMNS, columns, event_columns, take_numbers};
use grid::Part;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::DistrictCode;
use matters::DutyRules;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use store::{AuditEvent, StoreError, StoreResult, Value, Write};

/// The most rows one transaction writes.
pub const ROWS: usize = 500;

/// Why the sample city was not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The database is in use. A sample city is never mixed with anything else.
    #[error("the sample city needs an empty database; this one already holds {0}")]
    NotEmpty(&'static str),
    /// Who asks may not bring in data.
    #[error(transparent)]
    Refused(#[from] access::Refused),
    /// A password could not be hashed.
    #[error("a demo password could not be made: {0}")]
    Password(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An account for visitors, with its password. Kept in a file beside the data, never in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DemoAccount {
    /// The role's word.
    pub role: String,
    /// The name shown to colleagues.
    pub name: String,
    /// What is typed at sign-in.
    pub login: String,
    /// The password, made at random for this installation.
    pub password: String,
    /// The page where the work of this role begins.
    pub home: String,
}

/// How far an installation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Cases written.
    pub cases: usize,
    /// Cases in all.
    pub of: usize,
}

/// The page where the work of a role begins.
pub fn home(role: Role) -> &'static str {
    match role {
        Role::Acceptor | Role::ShiftLeader | Role::Dispatcher => "/desk",
        Role::Collector | Role::Checker => "/tasks",
        Role::DepartmentLead | Role::Handler => "/unit",
        Role::Leader | Role::Analyst => "/evaluation",
        Role::Auditor => "/audit",
        Role::SecurityAdmin => "/users",
        Role::SystemAdmin => "/admin",
        Role::Resident => "/",
    }
}

/// Writes the city in small batches of the background lane, each with its audit event, and answers the demo accounts.
/// Must not be called on an async thread.
///
/// # Errors
/// [`InstallError`]. What was written before a failure of the store stays; begin again with a fresh database.
pub fn install(
    ctx: &Ctx,
    city: &SampleCity,
    mut progress: impl FnMut(Progress),
) -> Result<Vec<DemoAccount>, InstallError> {
    ctx.require(Permission::ReferenceManage)?;
    ctx.require(Permission::ImportRun)?;
    if let Some(what) = ctx.read_blocking::<_, StoreError, _>(sql::occupied)? {
        return Err(InstallError::NotEmpty(what));
    }
    let (accounts, people) = passwords(&city.people)?;
    batch(ctx, "mark", vec![()], |w, _| sql::mark(w))?;
    batches(ctx, "accounts", &people, sql::insert_accounts)?;
    reference(ctx, city)?;
    number_blocks(ctx, &city.lives)?;
    lives(ctx, &city.lives, &mut progress)?;
    Ok(accounts)
}

/// One transaction with its audit event.
fn batch<T: Send + 'static>(
    ctx: &Ctx,
    part: &'static str,
    rows: Vec<T>,
    mut write: impl FnMut(&mut Write<'_>, &[T]) -> StoreResult<()> + Send + 'static,
) -> StoreResult<()> {
    ctx.renewed().write_blocking(move |mut w| {
        write(&mut w, &rows)?;
        let detail = serde_json::json!({ "rows": rows.len() });
        w.commit(
            AuditEvent::done("sample.install", "sample", part).detail(detail),
            (),
        )
    })
}

fn batches<T: Clone + Send + 'static>(
    ctx: &Ctx,
    part: &'static str,
    rows: &[T],
    write: impl FnMut(&mut Write<'_>, &[T]) -> StoreResult<()> + Clone + Send + 'static,
) -> StoreResult<()> {
    rows.chunks(ROWS)
        .try_for_each(|some| batch(ctx, part, some.to_vec(), write.clone()))
}

/// Divisions, cells, beats, units, catalogue and duties.
fn reference(ctx: &Ctx, city: &SampleCity) -> StoreResult<()> {
    batches(ctx, "units", &city.units, |w, rows| {
        actors::sql::insert(w, rows)?;
        grid::sql::bump(w, Part::Units)
    })?;
    batches(ctx, "divisions", &city.divisions, |w, rows| {
        grid::sql::insert_divisions(w, rows)?;
        grid::sql::bump(w, Part::Territory)
    })?;
    batches(ctx, "grids", &city.grids, |w, rows| {
        grid::sql::insert_grids(w, rows)?;
        grid::sql::bump(w, Part::Territory)
    })?;
    // A beat has about forty rows of its own.
    for beats in city.beats.chunks(ROWS / 50) {
        batch(ctx, "beats", beats.to_vec(), |w, rows| {
            rows.iter()
                .try_for_each(|beat| grid::sql::save_beat(w, beat))?;
            grid::sql::bump(w, Part::Territory)
        })?;
    }
    batch(ctx, "catalogue", vec![city.catalogue.clone()], |w, rows| {
        rows.iter()
            .try_for_each(|c| matters::sql::save_catalogue(w, c))
    })?;
    // A class has a handful of conditions.
    for classes in city.classes.chunks(ROWS / 5) {
        batch(ctx, "classes", classes.to_vec(), |w, rows| {
            matters::sql::insert_classes(w, rows)?;
            grid::sql::bump(w, Part::Catalogue)
        })?;
    }
    batches(ctx, "duties", &city.duties, |w, rows| {
        matters::sql::insert_duties(w, rows)?;
        grid::sql::bump(w, Part::Duties)
    })?;
    let rules = DutyRules {
        coordinator: COORDINATOR.into(),
        ..DutyRules::default()
    };
    batch(ctx, "duty_rules", vec![rules], |w, rows| {
        rows.iter()
            .try_for_each(|rules| matters::ops::put_duty_rules(w, rules))
    })
}

/// Moves the next number of every district and day beyond those used.
fn number_blocks(ctx: &Ctx, lives: &[Life]) -> StoreResult<()> {
    let mut used: BTreeMap<(DistrictCode, Date), u32> = BTreeMap::new();
    for life in lives {
        let number = life.case.number;
        let last = used.entry((number.district(), number.day())).or_default();
        *last = number.sequence().max(*last);
    }
    let used: Vec<_> = used.into_iter().collect();
    batches(ctx, "numbers", &used, |w, rows| {
        rows.iter().try_for_each(|((district, day), last)| {
            take_numbers(w, *district, *day, *last).map(|_| ())
        })
    })
}

/// The rows of some cases, ready to be written.
#[derive(Default)]
struct Rows {
    cases: Vec<Vec<Value>>,
    events: Vec<Vec<Value>>,
    measures: Vec<Vec<Value>>,
    /// What the outbox says of each case.
    moved: Vec<(DistrictCode, kernel::id::Id, String)>,
    times: Vec<Timestamp>,
}

impl Rows {
    fn of(lives: &[Life]) -> Self {
        let mut rows = Self::default();
        for Life { case, events } in lives {
            rows.cases.push(columns(case));
            rows.measures.push(Measures::of(case, events).values());
            rows.events
                .extend(events.iter().map(|e| event_columns(case, e)));
            let body =
                serde_json::json!({ "from": 1, "to": case.version, "state": case.state.as_str() });
            rows.moved
                .push((case.district, case.id.0, body.to_string()));
            rows.times.push(case.reported_at);
        }
        rows
    }
    fn write(&self, w: &mut Write<'_>) -> StoreResult<()> {
        // Cases come in order of time: the first and the last tell the years between.
        for at in self.times.first().iter().chain(&self.times.last()) {
            w.ensure_year_of(**at)?;
        }
        w.bulk("cases", COLUMNS, &self.cases)?;
        w.bulk("case_events", EVENT_COLUMNS, &self.events)?;
        w.bulk("case_measures", measures::COLUMNS, &self.measures)?;
        self.moved.iter().try_for_each(|(district, id, body)| {
            w.outbox("case.moved", district.as_str(), *id, body)
        })
    }
}

/// Splits lives so that no part has more than [`ROWS`] rows: a row for the case, one for its measures, one for the outbox, and its events.
fn parts(lives: &[Life]) -> Vec<&[Life]> {
    let (mut parts, mut from, mut rows) = (Vec::new(), 0, 0);
    for (at, life) in lives.iter().enumerate() {
        let own = life.events.len() + 3;
        if rows + own > ROWS && at > from {
            parts.push(&lives[from..at]);
            (from, rows) = (at, 0);
        }
        rows += own;
    }
    parts.extend((from < lives.len()).then(|| &lives[from..]));
    parts
}

fn lives(ctx: &Ctx, lives: &[Life], progress: &mut impl FnMut(Progress)) -> StoreResult<()> {
    /// How many parts are made ready at once: some on every core, and never much memory.
    const AT_ONCE: usize = 16;
    let mut done = 0;
    for some in parts(lives).chunks(AT_ONCE) {
        let ready: Vec<Rows> = some.par_iter().map(|part| Rows::of(part)).collect();
        for rows in ready {
            done += rows.cases.len();
            let count = rows.cases.len();
            ctx.renewed()
                .write_blocking::<_, StoreError, _>(move |mut w| {
                    rows.write(&mut w)?;
                    let detail = serde_json::json!({ "cases": count, "events": rows.events.len() });
                    w.commit(
                        AuditEvent::done("sample.install", "sample", "cases").detail(detail),
                        (),
                    )
                })?;
            progress(Progress {
                cases: done,
                of: lives.len(),
            });
        }
    }
    Ok(())
}

/// Every person with a password hash: the demo accounts' own, and one that nobody knows for all others.
type Hashed = Vec<(Person, String)>;

fn passwords(people: &[Person]) -> Result<(Vec<DemoAccount>, Hashed), InstallError> {
    let hash = |password: &str| {
        access::password::hash_blocking(password).map_err(|e| InstallError::Password(e.to_string()))
    };
    let nobodys = hash(&access::password::one_time())?;
    let (mut accounts, mut hashed) = (Vec::new(), Vec::with_capacity(people.len()));
    for person in people {
        let Some(role) = person.draft.roles.first().filter(|_| person.is_demo) else {
            hashed.push((person.clone(), nobodys.clone()));
            continue;
        };
        let password = access::password::one_time();
        hashed.push((person.clone(), hash(&password)?));
        accounts.push(DemoAccount {
            role: role.as_str().into(),
            name: person.draft.name.clone(),
            login: person.login.clone(),
            password,
            home: home(*role).into(),
        });
    }
    accounts.sort_by_key(|a| Role::ALL.iter().position(|r| r.as_str() == a.role));
    Ok((accounts, hashed))
}

/// Keeps the demo accounts in a file that only its owner may read.
///
/// # Errors
/// The file system's.
pub fn keep_accounts(path: &Path, accounts: &[DemoAccount]) -> std::io::Result<()> {
    let text = serde_json::json!({ "accounts": accounts });
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    // A file that was there before keeps its mode when it is opened.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    writeln!(file, "{text:#}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_has_too_many_rows_and_none_is_lost() {
        let now = "2026-11-23T10:30:00+08:00".parse().unwrap();
        let city = crate::generate_cases(3, now, 300).unwrap();
        let parts = parts(&city.lives);
        for part in &parts {
            let rows = Rows::of(part);
            let all = rows.cases.len() + rows.events.len() + rows.moved.len();
            assert!(all <= ROWS && !rows.cases.is_empty(), "{all} rows");
        }
        let together: Vec<&Life> = parts.iter().flat_map(|p| p.iter()).collect();
        assert_eq!(together, city.lives.iter().collect::<Vec<_>>());
        assert!(super::parts(&[]).is_empty());
    }

    #[test]
    fn every_role_has_a_demo_account_of_its_own() {
        let now = "2026-11-23T10:30:00+08:00".parse().unwrap();
        let city = crate::generate_cases(3, now, 100).unwrap();
        let (accounts, hashed) = passwords(&city.people).unwrap();
        let roles: Vec<&str> = accounts.iter().map(|a| a.role.as_str()).collect();
        assert_eq!(
            roles,
            Role::ALL.iter().map(|r| r.as_str()).collect::<Vec<_>>()
        );
        assert_eq!(hashed.len(), city.people.len());
        let nobodys: Vec<&String> = hashed
            .iter()
            .filter(|(p, _)| !p.is_demo)
            .map(|(_, h)| h)
            .collect();
        for (person, hash) in hashed.iter().filter(|(p, _)| p.is_demo) {
            assert!(!nobodys.contains(&hash), "{} shares a hash", person.login);
        }
        let mut passwords: Vec<&str> = accounts.iter().map(|a| a.password.as_str()).collect();
        passwords.dedup();
        assert_eq!(passwords.len(), 13);
    }
}
