//! A case's life as four calls, beside its statements run by plain rusqlite and by pgbench, at none and at many stored
//! lives; and what a page of the list costs.

use crate::city::City;
use crate::floor::{PgBench, Sqlite};
use crate::measure::{Cost, Server, Turns, cost_of};
use crate::program::Program;
use crate::report::{Line, Wanted};
use crate::server::Postgres;
use crate::template::{Recorded, Template, typed};
use anyhow::{Context as _, ensure};
use kernel::codes::CaseNumber;
use kernel::{Clock, ManualClock, SystemClock};
use std::sync::Arc;
use store::{DbOptions, FromValue, StoreError, Value, ValueRef};
use testkit::temp::Dir;

/// So much of pgbench's speed a life must reach, in CPU seconds (design, "How fast").
const LIFE: Wanted = Wanted::AtLeast(0.6);
/// CPU milliseconds a page of a list may cost.
const LIST_MS: f64 = 2.0;
/// How many ask PostgreSQL at the same time. SQLite has one, so that every COMMIT holds one call on both sides.
const CLIENTS: u32 = 2;
/// Sequences of the lives that are laid in, and of those the floor writes: beyond any the program hands out here.
const FILL_FROM: u32 = 10_000_000;
const FLOOR_FROM: u32 = 1_000_000_000;
/// Lives laid in by one transaction.
const FILL_AT_ONCE: u32 = 100;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Lives of one turn.
    pub lives: u32,
    /// Turns of program and floor.
    pub turns: u32,
    /// Lives stored for the second part.
    pub stored: u32,
    /// Pages of the list.
    pub pages: u32,
}

/// The statements of a life, of showing it and of a list, as PostgreSQL logged them.
pub struct Record {
    life: Template,
    list: Template,
}

/// Records two lives and two lists on a server that logs.
///
/// # Errors
/// When the two differ in more than their own.
pub fn record(program: &Program, postgres: &Postgres) -> anyhow::Result<Record> {
    let (database, folder) = (postgres.database()?, Dir::new("bench-record")?);
    program.init(folder.path(), database.url(), false)?;
    // One moment for both lives: what differs is then their own.
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    postgres.log_statements(&database)?;
    let city = City::new(database.url(), clock, &options(1))?;
    city.run(city.life()).context("the life that warms up")?;
    let started = postgres.logged(&database)?.len();
    let first = city.run(city.life())?;
    let middle = postgres.logged(&database)?.len();
    let second = city.run(city.life())?;
    let end = postgres.logged(&database)?.len();
    city.run(cases::ops::list(
        &city.desk,
        cases::ops::ListQuery::default(),
    ))?;
    let logged = postgres.logged(&database)?;

    let mut client = postgres::Client::connect(database.url(), postgres::NoTls)?;
    let mut recorded =
        |number: CaseNumber, range: std::ops::Range<usize>| -> anyhow::Result<Recorded> {
            let statements = typed(&logged[range], |sql| {
                Ok(client.prepare(sql)?.params().to_vec())
            })?;
            Ok(Recorded { number, statements })
        };
    let list = recorded(second, end..logged.len())?;
    Ok(Record {
        life: Template::of(
            &recorded(first, started..middle)?,
            &recorded(second, middle..end)?,
        )?,
        list: Template::of(&list, &list)?,
    })
}

fn options(writers: usize) -> DbOptions {
    DbOptions {
        writers,
        readers: 1,
        ..DbOptions::default()
    }
}

/// Measures on SQLite.
///
/// # Errors
/// When program or floor fail.
pub fn on_sqlite(
    program: &Program,
    record: &Record,
    size: Size,
    say: &mut dyn FnMut(Line),
) -> anyhow::Result<()> {
    let folder = Dir::new("bench-life")?;
    let path = folder.join("life.db");
    let url = format!("sqlite:{}", path.display());
    program.init(folder.path(), &url, false)?;
    let city = City::new(&url, Arc::new(SystemClock), &options(1))?;
    let floor = Sqlite::open(&path)?;
    statements("sqlite", &city, say)?;
    let mut next = FLOOR_FROM;
    let mut turns = |city: &City| -> anyhow::Result<Turns> {
        let mut turns = Turns::default();
        for _ in 0..size.turns {
            let (_, ours) = cost_of(None, || city.run(city.lives(size.lives as usize)))?;
            let ready = floor.prepare(&record.life, next, size.lives)?;
            next += size.lives;
            let (_, theirs) = cost_of(None, || floor.run(&ready))?;
            turns.add(ours, theirs);
        }
        Ok(turns)
    };
    city.run(city.lives(50))?;
    let empty = turns(&city)?;
    fill(&city, size.stored)?;
    let full = turns(&city)?;
    tell("sqlite", &empty, &full, size, say);

    let pages = size.pages;
    list("sqlite", &city, None, pages, size.turns, say, || {
        let ready = floor.prepare(&record.list, FILL_FROM, pages)?;
        cost_of(None, || floor.run(&ready)).map(|(_, cost)| cost)
    })
}

/// Measures on PostgreSQL.
///
/// # Errors
/// When program or floor fail.
pub fn on_postgres(
    program: &Program,
    postgres: &Postgres,
    record: &Record,
    size: Size,
    say: &mut dyn FnMut(Line),
) -> anyhow::Result<()> {
    let (database, folder) = (postgres.database()?, Dir::new("bench-life")?);
    program.init(folder.path(), database.url(), false)?;
    let city = City::new(
        database.url(),
        Arc::new(SystemClock),
        &options(CLIENTS as usize),
    )?;
    let floor = PgBench::new(folder.path(), database.url(), &record.life)?;
    statements("postgres", &city, say)?;
    let each = size.lives.div_ceil(CLIENTS);
    let server = Some(postgres.server);
    // A turn of pgbench takes its numbers from here on; sixteen numbers a life.
    let mut next = FLOOR_FROM / 16;
    let mut turns = |city: &City| -> anyhow::Result<Turns> {
        let mut turns = Turns::default();
        for _ in 0..size.turns {
            let (_, ours) = cost_of(server, || {
                let (a, b) = city.run(async {
                    tokio::join!(city.lives(each as usize), city.lives(each as usize))
                });
                a.and(b)
            })?;
            let (_, theirs) = cost_of(server, || floor.run(CLIENTS, each, next))?;
            next += each;
            turns.add(ours, theirs);
        }
        Ok(turns)
    };
    city.run(city.lives(50))?;
    let empty = turns(&city)?;
    fill(&city, size.stored)?;
    let full = turns(&city)?;
    tell("postgres", &empty, &full, size, say);

    let floor = PgBench::new(folder.path(), database.url(), &record.list)?;
    list(
        "postgres",
        &city,
        server,
        size.pages,
        size.turns,
        say,
        || cost_of(server, || floor.run(1, size.pages, 0)).map(|(_, cost)| cost),
    )
}

fn tell(engine: &'static str, empty: &Turns, full: &Turns, size: Size, say: &mut dyn FnMut(Line)) {
    let lives = size.lives as usize;
    for (turns, stored) in [(empty, 0), (full, size.stored)] {
        let detail = format!(
            "CPU ms a life {:.2}, floor {:.2}; lives/s {:.0}, floor {:.0}; elapsed {:.2}",
            turns.of_program(|c| c.cpu_ms_each(lives)),
            turns.of_floor(|c| c.cpu_ms_each(lives)),
            turns.of_program(|c| c.rate(lives)),
            turns.of_floor(|c| c.rate(lives)),
            turns.wall_ratio()
        );
        let what = format!("floor / program, CPU a life at {stored} lives");
        say(Line::new("life", engine, what, turns.cpu_ratio())
            .wanted(LIFE)
            .detail(detail));
    }
    let growth = full.of_program(|c| c.cpu_s) / empty.of_program(|c| c.cpu_s);
    let floor = full.of_floor(|c| c.cpu_s) / empty.of_floor(|c| c.cpu_s);
    let what = format!("CPU a life at {} over at 0", size.stored);
    say(Line::new("life", engine, what, growth).detail(format!("floor {floor:.2}")));
}

fn statements(engine: &'static str, city: &City, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    // The first life takes a block of numbers and meets the channel.
    city.run(city.life())?;
    for counted in city.count_statements()? {
        let most = if counted.call.contains("list") {
            3.0
        } else {
            6.0
        };
        let line = Line::new(
            "requests",
            engine,
            format!("statements: {}", counted.call),
            f64::from(counted.count),
        );
        say(line.wanted(Wanted::AtMost(most)));
    }
    Ok(())
}

fn list(
    engine: &'static str,
    city: &City,
    server: Option<Server>,
    pages: u32,
    turns: u32,
    say: &mut dyn FnMut(Line),
    mut floor: impl FnMut() -> anyhow::Result<Cost>,
) -> anyhow::Result<()> {
    let mut all = Turns::default();
    for _ in 0..turns {
        let (_, ours) = cost_of(server, || {
            for _ in 0..pages {
                ensure!(city.list_page("")? == 50, "the list is shorter than a page");
            }
            Ok(())
        })?;
        all.add(ours, floor()?);
    }
    let each = all.of_program(|c| c.cpu_ms_each(pages as usize));
    let detail = format!(
        "CPU ms {each:.2}, its list statement alone {:.2}",
        all.of_floor(|c| c.cpu_ms_each(pages as usize))
    );
    let what = "CPU of a page of 50 over the API / 2 ms";
    say(Line::new("requests", engine, what, each / LIST_MS)
        .wanted(Wanted::AtMost(1.0))
        .detail(detail));
    let (mut worst, mut details) = (0.0_f64, Vec::new());
    for (words, filter) in city.list_filters() {
        city.list_page(&filter)?;
        let (_, cost) = cost_of(server, || {
            (0..pages).try_for_each(|_| city.list_page(&filter).map(|_| ()))
        })?;
        let each = cost.cpu_ms_each(pages as usize);
        worst = worst.max(each);
        details.push(format!("{words} {each:.2}"));
    }
    let what = "CPU of a page with the dearest filter / 2 ms";
    say(Line::new("requests", engine, what, worst / LIST_MS)
        .wanted(Wanted::AtMost(1.0))
        .detail(format!("CPU ms: {}", details.join(", "))));
    Ok(())
}

/// Any column as a value.
struct AnyValue(Value);
impl FromValue for AnyValue {
    fn from_value(value: ValueRef<'_>) -> Result<Self, store::DecodeError> {
        Ok(Self(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Int(n) => Value::Int(n),
            ValueRef::Real(x) => Value::Real(x),
            ValueRef::Text(t) => Value::Text(t.to_owned()),
            ValueRef::Blob(b) => Value::Blob(b.to_vec()),
        }))
    }
}

/// A table with the columns that are copied.
pub type Table = (&'static str, &'static [&'static str]);

/// Reads rows of a table as they are.
///
/// # Errors
/// The store's.
pub fn rows(
    ctx: &access::Ctx,
    (table, columns): Table,
    rest: &str,
    values: Vec<Value>,
) -> anyhow::Result<Vec<Vec<Value>>> {
    let sql = format!("SELECT {} FROM {table} {rest}", columns.join(", "));
    Ok(ctx.read_blocking::<_, StoreError, _>(move |r| {
        let mut rows = Vec::new();
        r.each(&sql, &values, |row| {
            let values = (0..columns.len()).map(|n| row.get::<AnyValue>(n).map(|v| v.0));
            rows.push(values.collect::<Result<Vec<_>, _>>()?);
            Ok(true)
        })?;
        Ok(rows)
    })?)
}

/// The columns of the audit trail.
pub const AUDIT: &[&str] = &[
    "district",
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "action",
    "outcome",
    "object_kind",
    "object_id",
    "purpose",
    "detail",
    "request",
];
/// The columns of the outbox that are given.
pub const OUTBOX: &[&str] = &["district", "topic", "object_id", "at", "body"];
const ACCESS: &[&str] = &["district", "case_id", "code_hash", "link_hash", "made_at"];

/// Every row a life leaves behind. `$1` is the case's id; in the audit trail its number.
const LEFT_BEHIND: [(Table, &str); 6] = [
    (("cases", cases::sql::COLUMNS), "WHERE id = $1"),
    (
        ("case_events", cases::sql::EVENT_COLUMNS),
        "WHERE case_id = $1 ORDER BY seq",
    ),
    (("case_access", ACCESS), "WHERE case_id = $1"),
    (("audit", AUDIT), "WHERE object_id = $1 ORDER BY id"),
    (("outbox", OUTBOX), "WHERE object_id = $1 ORDER BY seq"),
    (
        ("case_measures", cases::measures::COLUMNS),
        "WHERE case_id = $1",
    ),
];

/// Lays in `count` lives: the rows two lives left behind, with ids and numbers of their own, by the bulk path.
fn fill(city: &City, count: u32) -> anyhow::Result<()> {
    if count == 0 {
        return Ok(());
    }
    let left = |number: CaseNumber| -> anyhow::Result<Vec<Vec<Vec<Value>>>> {
        let found = city
            .system
            .read_blocking::<_, StoreError, _>(move |r| cases::sql::by_number(r, &number))?;
        let id = Value::Blob(
            found
                .context("a case that was just made")?
                .id
                .0
                .bytes()
                .to_vec(),
        );
        let key = |at| {
            if at == AUDIT_AT {
                Value::Text(number.to_string())
            } else {
                id.clone()
            }
        };
        let tables = LEFT_BEHIND.iter().enumerate();
        tables
            .map(|(at, (table, rest))| rows(&city.system, *table, rest, vec![key(at)]))
            .collect()
    };
    let number = city.run(city.life())?;
    let template = Rows::of(number, left(number)?)?;
    let mut first = FILL_FROM;
    let end = FILL_FROM + count;
    while first < end {
        let some = FILL_AT_ONCE.min(end - first);
        let tables = LEFT_BEHIND
            .iter()
            .enumerate()
            .map(|(n, ((table, columns), _))| (*table, *columns, template.table(n, first, some)));
        city.bulk(tables.collect())?;
        first += some;
    }
    city.system.analyze_blocking()?;
    Ok(())
}

/// The rows of a life, to be written again under other ids.
struct Rows {
    number: String,
    id: [u8; 16],
    id_text: String,
    head: String,
    tables: Vec<Vec<Vec<Value>>>,
}

/// Where the audit trail stands among [`LEFT_BEHIND`]: its ids are its own.
const AUDIT_AT: usize = 3;

impl Rows {
    fn of(number: CaseNumber, tables: Vec<Vec<Vec<Value>>>) -> anyhow::Result<Self> {
        ensure!(
            tables.iter().all(|rows| !rows.is_empty()),
            "a life left no row in a table"
        );
        let id = match tables.first().and_then(|rows| rows.first()?.get(1)) {
            Some(Value::Blob(bytes)) => bytes
                .as_slice()
                .try_into()
                .context("a case id has not 16 bytes")?,
            other => anyhow::bail!("{other:?} is no id of a case"),
        };
        Ok(Self {
            number: number.to_string(),
            id,
            id_text: kernel::id::Id::from_bytes(id).to_string(),
            head: format!("{}-{}-", number.district(), number.day().strftime("%Y%m%d")),
            tables,
        })
    }

    /// The rows of one table for the lives `first .. first + count`.
    fn table(&self, at: usize, first: u32, count: u32) -> Vec<Vec<Value>> {
        let mut all = Vec::new();
        for sequence in first..first + count {
            let number = format!("{}{sequence:05}", self.head);
            // The same id in every table: made of the case's own and the sequence.
            let mut id = self.id;
            id[12..].copy_from_slice(&sequence.to_be_bytes());
            let id_text = kernel::id::Id::from_bytes(id).to_string();
            for row in &self.tables[at] {
                let own = row.iter().enumerate().map(|(column, value)| match value {
                    Value::Blob(_) if at == AUDIT_AT && column == 1 => Value::Blob(
                        kernel::id::Id::new(SystemClock.now(), rand::random())
                            .bytes()
                            .to_vec(),
                    ),
                    Value::Blob(bytes) if *bytes == self.id => Value::Blob(id.to_vec()),
                    Value::Text(text) => Value::Text(
                        text.replace(&self.number, &number)
                            .replace(&self.id_text, &id_text),
                    ),
                    other => other.clone(),
                });
                all.push(own.collect());
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laid_in_rows_are_those_of_the_life_under_another_name() {
        let number: CaseNumber = "330102-20261123-00007".parse().unwrap();
        let id = [7_u8; 16];
        let id_text = kernel::id::Id::from_bytes(id).to_string();
        let row = vec![
            Value::Text("330102".into()),
            Value::Blob(id.to_vec()),
            Value::Text(format!("{number} {id_text}")),
            Value::Blob(vec![1]),
        ];
        let audit = vec![Value::Text("330102".into()), Value::Blob(vec![9; 16])];
        let rows = Rows::of(
            number,
            vec![
                vec![row.clone()],
                vec![row.clone()],
                vec![row.clone()],
                vec![audit.clone()],
                vec![row],
            ],
        )
        .unwrap();
        let made = rows.table(0, 10_000_000, 2);
        assert_eq!(made.len(), 2);
        let Value::Blob(new) = &made[1][1] else {
            panic!("no id")
        };
        assert_eq!(
            (&new[..12], &new[12..]),
            (&id[..12], &10_000_001_u32.to_be_bytes()[..])
        );
        let new_text = kernel::id::Id::from_bytes(new.as_slice().try_into().unwrap()).to_string();
        assert_eq!(
            made[1][2],
            Value::Text(format!("330102-20261123-10000001 {new_text}"))
        );
        assert_eq!(made[1][3], Value::Blob(vec![1]));
        assert_ne!(rows.table(3, 1, 1)[0][1], audit[1]);
        assert!(Rows::of(number, vec![Vec::new()]).is_err());
    }
}
