//! `shiyu doctor`: looks at what a deployment stands on, and answers each question in a sentence. Changes nothing.

use crate::compose::Program;
use crate::config::Common;
use crate::erasures;
use crate::output::{Done, Failure};
use access::SystemRole;
use clap::Args;
use connectors::model::{Connector, Stranded};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::path::Path;
use std::process::Command;
use store::{Engine, Read, StoreError, StoreResult};
use vault::MasterKeys;

/// The oldest PostgreSQL that is tested.
const OLDEST_POSTGRES: i64 = 150_000;
/// Less room than this, and the next import or backup may fill the disk.
const ROOM_MB: u64 = 1024;
/// How far the clocks of two machines may be apart, and a row may lie in the future.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(5);

/// Check the database, its settings, the disk, the key, the clock and the calendar.
#[derive(Args)]
pub struct Doctor {}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Found {
    Good,
    /// The program works, but somebody should look.
    Warning,
    /// Records, people's data or promises are at risk.
    Bad,
}

#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    found: Found,
    text: String,
}

fn check(name: &'static str, found: Found, text: impl Into<String>) -> Check {
    Check {
        name,
        found,
        text: text.into(),
    }
}

fn good_if(is_good: bool, otherwise: Found) -> Found {
    if is_good { Found::Good } else { otherwise }
}

impl Doctor {
    /// Runs it. A failed check is an answer, not a failure of the command: scripts read `bad`.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let program = Program::open(common)?;
        let ctx = program.ready(SystemRole::Operator)?;
        let now = program.clock.now();
        let data_dir = &program.config.data_dir;
        let mut checks = vec![check(
            "schema",
            Found::Good,
            "the schema is the one of this program",
        )];
        checks.extend(ctx.read_blocking::<_, StoreError, _>(move |r| engine(r, now))?);
        checks.push(disk(data_dir));
        checks.push(key(data_dir));
        checks.push(erasures(data_dir));
        let city = program.reference.current();
        checks.extend(ctx.read_blocking::<_, StoreError, _>(move |r| {
            let stranded = connectors::ops::stranded(r, |unit| city.units.is_in_force(unit))?;
            Ok([
                deliveries(notices::ops::health(r, now)?),
                hand_overs(connectors::ops::count_stuck(r, now)?, &stranded),
            ])
        })?);
        let calendar = program.reference.current().calendar.clone();
        checks.push(next_year(
            &calendar,
            program.reference.current().local_date(now),
        ));
        checks.push(match ui::assets::has_islands() {
            true => check(
                "assets",
                Found::Good,
                "scripts, map and charts are built in",
            ),
            false => check(
                "assets",
                Found::Warning,
                "built without Node: pages work, without scripts, charts and the kit's styles",
            ),
        });
        checks.push(demo(data_dir, &program.config.public_url));
        let count = |found: Found| checks.iter().filter(|c| c.found == found).count();
        let (warnings, bad) = (count(Found::Warning), count(Found::Bad));
        let mut text = String::new();
        for check in &checks {
            let mark = match check.found {
                Found::Good => "ok  ",
                Found::Warning => "look",
                Found::Bad => "BAD ",
            };
            text.push_str(&format!("{mark}  {:<12} {}\n", check.name, check.text));
        }
        text.push_str(&format!(
            "{} checks, {warnings} to look at, {bad} bad",
            checks.len()
        ));
        let json = serde_json::json!({ "checks": checks, "warnings": warnings, "bad": bad });
        Done::new(&json, text)
    }
}

/// What the engine says about itself: version, durability, the clock of its machine, rows from the future.
fn engine(r: &mut Read<'_>, now: Timestamp) -> StoreResult<Vec<Check>> {
    let mut checks = Vec::new();
    match r.engine() {
        Engine::Sqlite => {
            let (version,): (String,) = r.one("SELECT sqlite_version()", &[])?;
            checks.push(check(
                "engine",
                Found::Good,
                format!("SQLite {version}, built in"),
            ));
            let (journal,): (String,) =
                r.one("SELECT journal_mode FROM pragma_journal_mode", &[])?;
            let (synchronous,): (i64,) =
                r.one("SELECT synchronous FROM pragma_synchronous", &[])?;
            let text = format!("journal_mode {journal}, synchronous {synchronous} (2 = FULL)");
            checks.push(check(
                "durability",
                good_if(journal == "wal" && synchronous >= 2, Found::Bad),
                text,
            ));
        }
        Engine::Postgres => {
            let sql = "SELECT CAST(current_setting('server_version_num') AS BIGINT), CAST(current_setting('server_version') AS TEXT)";
            let (number, version): (i64, String) = r.one(sql, &[])?;
            let text = format!("PostgreSQL {version}");
            checks.push(check(
                "engine",
                good_if(number >= OLDEST_POSTGRES, Found::Bad),
                text,
            ));
            let sql = "SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes')";
            let (fsync, commit, pages): (String, String, String) = r.one(sql, &[])?;
            let text =
                format!("fsync {fsync}, synchronous_commit {commit}, full_page_writes {pages}");
            let is_durable = fsync == "on" && commit != "off" && pages == "on";
            checks.push(check("durability", good_if(is_durable, Found::Bad), text));
            let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)";
            let (theirs,): (Timestamp,) = r.one(sql, &[])?;
            let apart = theirs.duration_since(now).abs();
            let text = format!("the server's clock is {apart:#} away");
            checks.push(check(
                "server clock",
                good_if(apart <= CLOCKS_APART, Found::Warning),
                text,
            ));
        }
    }
    let latest: Option<(Timestamp,)> =
        r.opt("SELECT at FROM audit ORDER BY id DESC LIMIT 1", &[])?;
    checks.push(match latest {
        Some((at,)) if at > now + CLOCKS_APART => check(
            "clock",
            Found::Bad,
            format!(
                "the last act was recorded at {at}, which has not come yet: this clock is behind"
            ),
        ),
        _ => check(
            "clock",
            Found::Good,
            format!("it is {now}; nothing was recorded later"),
        ),
    });
    Ok(checks)
}

/// Free room where the data lie, as `df` tells it.
fn disk(data_dir: &Path) -> Check {
    let answer = Command::new("df").arg("-Pk").arg(data_dir).output();
    let text = answer
        .ok()
        .filter(|o| o.status.success())
        .map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    let Some(free_mb) = text.as_deref().and_then(free_mb) else {
        return check(
            "disk",
            Found::Warning,
            format!("cannot tell how much room {} has", data_dir.display()),
        );
    };
    let text = format!("{free_mb} MB free at {}", data_dir.display());
    check("disk", good_if(free_mb >= ROOM_MB, Found::Warning), text)
}

/// The free megabytes in the answer of `df -Pk` (POSIX: the fourth column of the second line, in kilobytes).
fn free_mb(text: &str) -> Option<u64> {
    let kilobytes: u64 = text
        .lines()
        .nth(1)?
        .split_whitespace()
        .nth(3)?
        .parse()
        .ok()?;
    Some(kilobytes / 1024)
}

fn key(data_dir: &Path) -> Check {
    let answer = |from: &str, keys: Result<MasterKeys, vault::keys::KeyError>| match keys {
        Ok(keys) => check(
            "key",
            Found::Good,
            format!(
                "the master key (version {}) is in {from}",
                keys.current_version()
            ),
        ),
        Err(error) => check("key", Found::Bad, error.to_string()),
    };
    if let Ok(text) = std::env::var("SHIYU_MASTER_KEY") {
        return answer(
            "SHIYU_MASTER_KEY",
            MasterKeys::parse(&text, "SHIYU_MASTER_KEY"),
        );
    }
    let named = std::env::var_os("SHIYU_MASTER_KEY_FILE").map(std::path::PathBuf::from);
    let path = named.unwrap_or_else(|| data_dir.join("master.key"));
    if !path.exists() {
        return check(
            "key",
            Found::Warning,
            format!(
                "there is no master key at {} yet; `shiyu serve` makes one",
                path.display()
            ),
        );
    }
    answer(&path.display().to_string(), MasterKeys::read_file(&path))
}

fn erasures(data_dir: &Path) -> Check {
    let path = erasures::path(data_dir);
    match erasures::read(&path) {
        Ok(entries) => check(
            "erasures",
            Found::Good,
            format!("{} erasures are listed outside the database", entries.len()),
        ),
        Err(failure) => check("erasures", Found::Bad, failure.message),
    }
}

/// Notices that did not arrive, and a worker that does not keep up.
fn deliveries(health: notices::ops::Health) -> Check {
    let failed = health.failed;
    let (found, text) = match (failed.given_up, health.stuck_since) {
        (0, None) if failed.tried_again > 0 => (
            Found::Good,
            format!(
                "{} deliveries of notices failed and are tried again; see /notices/failed",
                failed.tried_again
            ),
        ),
        (0, None) => (
            Found::Good,
            "every notice has arrived or is on its way".to_owned(),
        ),
        (0, Some(since)) => (
            Found::Warning,
            format!("a notice waits since {since}: is `shiyu serve` running?"),
        ),
        (n, _) => (
            Found::Warning,
            format!("{n} deliveries of notices failed and are tried no more; see /notices/failed"),
        ),
    };
    check("notices", found, text)
}

/// Orders that other systems did not take in time, and systems that get none since their units have ended.
fn hand_overs(stuck: i64, stranded: &[(Connector, Stranded)]) -> Check {
    let mut faults = Vec::new();
    if stuck > 0 {
        faults.push(format!("{stuck} hand-overs to other systems are stuck"));
    }
    if !stranded.is_empty() {
        let systems: Vec<String> = stranded
            .iter()
            .map(|(system, why)| {
                let why = match why {
                    Stranded::Several => "its work went to several units",
                    Stranded::HasSystem => "the unit that took over has a system of its own",
                    Stranded::Ended => "nobody said where its work goes",
                };
                format!("{} ({why})", system.name)
            })
            .collect();
        faults.push(format!(
            "no order reaches the systems of units that have ended: {}",
            systems.join(", ")
        ));
    }
    if faults.is_empty() {
        return check(
            "connectors",
            Found::Good,
            "nothing is stuck on its way to another system",
        );
    }
    let text = format!("{}; see /connectors/stuck", faults.join("; "));
    check("connectors", Found::Warning, text)
}

/// Deadlines that reach into a year without a calendar are provisional.
fn next_year(calendar: &kernel::Calendar, today: jiff::civil::Date) -> Check {
    let missing: Vec<String> = [today.year(), today.year() + 1]
        .into_iter()
        .filter(|year| !calendar.is_loaded(*year))
        .map(|year| year.to_string())
        .collect();
    if missing.is_empty() {
        return check("calendar", Found::Good, "this year and the next are loaded");
    }
    let text = format!(
        "the calendar lacks {}: deadlines that reach into it are provisional",
        missing.join(" and ")
    );
    // The State Council announces a year in the November before it; until then nobody can have it.
    let is_urgent = !calendar.is_loaded(today.year());
    check(
        "calendar",
        if is_urgent {
            Found::Bad
        } else {
            Found::Warning
        },
        text,
    )
}

/// The sample city's accounts have their passwords beside the data: fine on a desk, not on a public address.
fn demo(data_dir: &Path, public_url: &str) -> Check {
    let is_there = data_dir.join("demo-accounts.json").exists();
    let is_local = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .any(|head| public_url.starts_with(head));
    match (is_there, is_local) {
        (false, _) => check(
            "accounts",
            Found::Good,
            "there are no demonstration accounts",
        ),
        (true, true) => check(
            "accounts",
            Found::Good,
            "demonstration accounts, on this machine only",
        ),
        (true, false) => check(
            "accounts",
            Found::Bad,
            format!("demonstration accounts are open at {public_url}: close them"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_df_is_read_and_garbage_is_not() {
        let text = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100 40 61440 40% /\n";
        assert_eq!(free_mb(text), Some(60));
        for garbage in ["", "one line", "a\nb c", "a\nb c d e f"] {
            assert_eq!(free_mb(garbage), None);
        }
    }

    #[test]
    fn a_year_without_a_calendar_is_told_before_it_comes() {
        let calendar = kernel::Calendar::cn();
        assert_eq!(
            next_year(calendar, jiff::civil::date(2025, 6, 1)).found,
            Found::Good
        );
        let last = calendar.years().max().expect("some year");
        assert_eq!(
            next_year(calendar, jiff::civil::date(last, 6, 1)).found,
            Found::Warning
        );
        assert_eq!(
            next_year(calendar, jiff::civil::date(last + 1, 6, 1)).found,
            Found::Bad
        );
    }

    #[test]
    fn systems_of_units_that_have_ended_are_told_with_what_is_stuck() {
        let system = |name: &str| Connector {
            id: kernel::id::Id::from_bytes([1; 16]),
            version: 1,
            name: name.into(),
            kind: connectors::model::Kind::Unit,
            unit: None,
            account: None,
            url: String::new(),
            topics: String::new(),
            ack_minutes: 30,
            timeout_s: 5,
            enabled: true,
            stranded: String::new(),
        };
        assert_eq!(hand_overs(0, &[]).found, Found::Good);
        let told = hand_overs(0, &[(system("水务系统"), Stranded::Several)]);
        assert_eq!(told.found, Found::Warning);
        assert!(
            told.text
                .contains("水务系统 (its work went to several units)")
        );
        let both = hand_overs(
            3,
            &[
                (system("A"), Stranded::Ended),
                (system("B"), Stranded::HasSystem),
            ],
        );
        for part in [
            "3 hand-overs",
            "A (nobody",
            "B (the unit",
            "/connectors/stuck",
        ] {
            assert!(both.text.contains(part), "{}", both.text);
        }
    }

    #[test]
    fn demonstration_accounts_on_a_public_address_are_bad() {
        let dir = testkit::temp::Dir::new("doctor").unwrap();
        assert_eq!(demo(dir.path(), "https://city.example").found, Found::Good);
        std::fs::write(dir.join("demo-accounts.json"), "{}").unwrap();
        assert_eq!(demo(dir.path(), "http://127.0.0.1:8311").found, Found::Good);
        assert_eq!(demo(dir.path(), "https://city.example").found, Found::Bad);
    }
}
