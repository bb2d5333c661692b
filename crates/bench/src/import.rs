//! An import of cases by `shiyu import`, beside the same rows written by the engine's own bulk path in the same
//! transactions; and the most memory an import holds.

use crate::floor::{Sqlite, bind};
use crate::life::{AUDIT, OUTBOX, Table, rows};
use crate::measure::{Cost, Turns, cost_of};
use crate::program::Program;
use crate::report::{Line, Wanted};
use crate::server::Postgres;
use access::{Ctx, Services, SystemRole};
use anyhow::{Context as _, ensure};
use kernel::SystemClock;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{AuditEvent, Db, DbOptions, StoreError, Value};
use testkit::rng::Rng;
use testkit::temp::Dir;

/// The share of the engine's own bulk rate an import must reach.
const SHARE: Wanted = Wanted::AtLeast(0.5);
/// The most memory it may hold, in MB.
const MEMORY_MB: f64 = 300.0;
/// The same file at every run.
const SEED: u64 = 20_261_123;
/// Rows of a transaction, as the importer writes them.
const BATCH: usize = 500;
/// No more rows than this are held in memory for the floor.
const MOST_FOR_RATIO: u32 = 200_000;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Rows of the file.
    pub rows: u32,
    /// Turns of program and floor.
    pub turns: u32,
}

const KEYS: &[&str] = &[
    "district",
    "source",
    "row_id",
    "case_district",
    "case_id",
    "content",
];

/// What an import writes: the table, how its rows are found in the order they were written, and of how many of them a batch
/// has one.
const WRITTEN: [(Table, &str, usize); 6] = [
    (("cases", cases::sql::COLUMNS), "ORDER BY id", 1),
    (
        ("case_events", cases::sql::EVENT_COLUMNS),
        "ORDER BY case_id, seq",
        1,
    ),
    (
        ("case_measures", cases::measures::COLUMNS),
        "ORDER BY case_id",
        1,
    ),
    (("import_keys", KEYS), "ORDER BY row_id", 1),
    (
        ("outbox", OUTBOX),
        "WHERE topic = 'case.imported' ORDER BY seq",
        BATCH,
    ),
    (
        ("audit", AUDIT),
        "WHERE action = 'case.import' ORDER BY id",
        BATCH,
    ),
];

const MAP: &str = r#"source = "bench"
timezone = "Asia/Shanghai"
district = "990001"
[columns]
id = "no"
reported_at = "opened"
closed_at = "closed"
status = "status"
matter = "kind"
unit = "department"
channel = "source"
description = "text"
address = "address"
lat = "lat"
lon = "lon"
[time]
formats = ["%Y-%m-%d %H:%M:%S"]
[status]
"done" = "closed"
"open" = "open"
"#;

/// A file like those cities export, the same for the same number of rows: a year of cases in order of time.
///
/// # Errors
/// The file system's.
pub fn write_csv(path: &Path, rows: u32) -> anyhow::Result<()> {
    const TEXTS: [&str; 6] = [
        "路面破损，雨天积水，行人和非机动车通行不便",
        "垃圾桶满溢，周边有散落的生活垃圾，请尽快清理",
        "井盖松动，车辆经过时有明显响声，夜间存在安全隐患",
        "人行道上长期停放共享单车，占用盲道",
        "路灯不亮，已经连续三个晚上",
        "店外经营占用道路，\"油烟\"影响楼上居民",
    ];
    let mut rng = Rng::new(SEED);
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(
        out,
        "no,opened,closed,status,kind,department,source,text,address,lat,lon"
    )?;
    let begin = jiff::civil::date(2025, 1, 1).at(0, 0, 0, 0);
    let step_s = 364.0 * 86_400.0 / f64::from(rows.max(1));
    for n in 0..rows {
        #[expect(clippy::cast_possible_truncation, reason = "the seconds of a year")]
        let at = begin + jiff::SignedDuration::from_secs((f64::from(n) * step_s) as i64);
        let is_done = rng.chance(0.95);
        let took = jiff::SignedDuration::from_secs(600 + i64::try_from(rng.below(400_000))?);
        let closed = if is_done {
            (at + took).strftime("%Y-%m-%d %H:%M:%S").to_string()
        } else {
            String::new()
        };
        let text = rng.pick(&TEXTS).replace('"', "\"\"");
        writeln!(
            out,
            "B{n:08},{},{closed},{},类别{},部门{},渠道{},\"{text}，编号 {n}\",中山路 {} 号,{:.6},{:.6}",
            at.strftime("%Y-%m-%d %H:%M:%S"),
            if is_done { "done" } else { "open" },
            rng.below(40),
            rng.below(12),
            rng.below(4),
            rng.below(900),
            30.2 + rng.fraction() / 10.0,
            120.1 + rng.fraction() / 10.0,
        )?;
    }
    out.flush()?;
    Ok(())
}

/// The file and its map in a folder.
struct Input {
    folder: Dir,
    file: PathBuf,
    map: PathBuf,
    rows: u32,
}

impl Input {
    fn new(rows: u32) -> anyhow::Result<Self> {
        let folder = Dir::new("bench-import")?;
        let (file, map) = (folder.join("cases.csv"), folder.join("map.toml"));
        write_csv(&file, rows)?;
        std::fs::write(&map, MAP)?;
        Ok(Self {
            folder,
            file,
            map,
            rows,
        })
    }

    /// Runs the program over the file; answers the most memory it held, in MB.
    fn import(&self, program: &Program, url: &str) -> anyhow::Result<f64> {
        let [file, map] = [&self.file, &self.map].map(|p| p.display().to_string());
        let (done, peak_mb) = program.run(
            self.folder.path(),
            url,
            &["import", "cases", &file, "--map", &map],
        )?;
        ensure!(
            done["imported"] == self.rows,
            "{} rows were to be imported: {done}",
            self.rows
        );
        Ok(peak_mb)
    }
}

/// The rows an import wrote, in batches.
struct Written {
    tables: Vec<Vec<Vec<Value>>>,
    batches: usize,
}

impl Written {
    fn read(url: &str) -> anyhow::Result<Self> {
        let db = Db::open(url, &DbOptions::default())?;
        let ctx = Ctx::system(
            db,
            Arc::new(SystemClock),
            Services::default(),
            SystemRole::Keeper,
        );
        let tables = WRITTEN
            .iter()
            .map(|(table, rest, _)| rows(&ctx, *table, rest, Vec::new()));
        let tables = tables.collect::<anyhow::Result<Vec<_>>>()?;
        let batches = tables[0].len().div_ceil(BATCH);
        Ok(Self { tables, batches })
    }
    /// The rows of one table that one batch writes.
    fn batch(&self, table: usize, batch: usize) -> &[Vec<Value>] {
        let rows = &self.tables[table];
        let size = BATCH / WRITTEN[table].2;
        let from = (batch * size).min(rows.len());
        &rows[from..(from + size).min(rows.len())]
    }
}

/// Measures on SQLite; answers what a row costs the program, in CPU milliseconds.
///
/// # Errors
/// When program or floor fail.
pub fn on_sqlite(program: &Program, size: Size, say: &mut dyn FnMut(Line)) -> anyhow::Result<f64> {
    let input = Input::new(size.rows.min(MOST_FOR_RATIO))?;
    let (mut turns, mut peak_mb) = (Turns::default(), 0.0_f64);
    for turn in 0..size.turns {
        let fresh = |name: &str| -> anyhow::Result<(PathBuf, String)> {
            let path = input.folder.join(format!("{name}-{turn}.db"));
            let url = format!("sqlite:{}", path.display());
            program.init(input.folder.path(), &url, false)?;
            Ok((path, url))
        };
        let (path, url) = fresh("program")?;
        let (peak, ours) = cost_of(None, || input.import(program, &url))?;
        peak_mb = peak_mb.max(peak);
        let written = Written::read(&url)?;
        let (floor_path, _) = fresh("floor")?;
        let floor = Sqlite::open(&floor_path)?;
        let ((), theirs) = cost_of(None, || sqlite_floor(&floor, &written))?;
        turns.add(ours, theirs);
        drop(floor);
        for path in [path, floor_path] {
            std::fs::remove_file(path)?;
        }
    }
    Ok(tell("sqlite", &turns, peak_mb, input.rows, say))
}

fn sqlite_floor(floor: &Sqlite, written: &Written) -> anyhow::Result<()> {
    let inserts: Vec<String> = WRITTEN
        .iter()
        .map(|((table, columns), ..)| {
            let places = vec!["?"; columns.len()].join(", ");
            format!(
                "INSERT INTO {table} ({}) VALUES ({places})",
                columns.join(", ")
            )
        })
        .collect();
    for batch in 0..written.batches {
        floor.conn().execute_batch("BEGIN IMMEDIATE")?;
        for (table, sql) in inserts.iter().enumerate() {
            let mut statement = floor.conn().prepare_cached(sql)?;
            for row in written.batch(table, batch) {
                for (n, value) in row.iter().enumerate() {
                    bind(&mut statement, n + 1, value)?;
                }
                statement.raw_execute()?;
            }
        }
        floor.conn().execute_batch("COMMIT")?;
    }
    Ok(())
}

/// Measures on PostgreSQL; answers what a row costs the program and the server, in CPU milliseconds.
///
/// # Errors
/// When program or floor fail.
pub fn on_postgres(
    program: &Program,
    postgres: &Postgres,
    size: Size,
    say: &mut dyn FnMut(Line),
) -> anyhow::Result<f64> {
    let input = Input::new(size.rows.min(MOST_FOR_RATIO))?;
    let (mut turns, mut peak_mb) = (Turns::default(), 0.0_f64);
    let server = Some(postgres.server);
    for _ in 0..size.turns {
        let database = postgres.database()?;
        program.init(input.folder.path(), database.url(), false)?;
        let (peak, ours) = cost_of(server, || input.import(program, database.url()))?;
        peak_mb = peak_mb.max(peak);
        let written = Written::read(database.url())?;
        drop(database);
        let database = postgres.database()?;
        program.init(input.folder.path(), database.url(), false)?;
        partitions(database.url())?;
        let theirs = postgres_floor(postgres, database.url(), &written)?;
        turns.add(ours, theirs);
    }
    Ok(tell("postgres", &turns, peak_mb, input.rows, say))
}

/// Makes the partitions of the years the file lies in, which an import makes as it goes.
fn partitions(url: &str) -> anyhow::Result<()> {
    let db = Db::open(url, &DbOptions::default())?;
    let ctx = Ctx::system(
        db,
        Arc::new(SystemClock),
        Services::default(),
        SystemRole::Keeper,
    );
    ctx.write_blocking::<_, StoreError, _>(|mut w| {
        for year in [2024, 2025, 2026] {
            w.ensure_year(year)?;
        }
        w.commit(AuditEvent::done("bench.fill", "bench", "partitions"), ())
    })?;
    Ok(())
}

/// COPY of the same rows in the same transactions; the text of each batch stands ready before its time counts.
fn postgres_floor(postgres: &Postgres, url: &str, written: &Written) -> anyhow::Result<Cost> {
    let copies: Vec<String> = WRITTEN
        .iter()
        .map(|((table, columns), ..)| format!("COPY {table} ({}) FROM STDIN", columns.join(", ")))
        .collect();
    let texts: Vec<Vec<String>> = (0..written.batches)
        .map(|batch| {
            (0..WRITTEN.len())
                .map(|table| copy_text(written.batch(table, batch)))
                .collect()
        })
        .collect();
    let mut client = postgres::Client::connect(url, postgres::NoTls)?;
    let ((), cost) = cost_of(Some(postgres.server), || {
        for batch in &texts {
            let mut transaction = client.transaction()?;
            for (sql, text) in copies.iter().zip(batch) {
                let mut copy = transaction
                    .copy_in(sql)
                    .with_context(|| format!("running {sql}"))?;
                copy.write_all(text.as_bytes())?;
                copy.finish().with_context(|| format!("running {sql}"))?;
            }
            transaction.commit()?;
        }
        // The books of a connection that has ended are the server's.
        client.close()?;
        Ok(())
    })?;
    Ok(cost)
}

/// Rows in the text format of COPY (PostgreSQL manual, COPY, "Text Format").
fn copy_text(rows: &[Vec<Value>]) -> String {
    let mut out = String::new();
    for row in rows {
        for (n, value) in row.iter().enumerate() {
            if n > 0 {
                out.push('\t');
            }
            match value {
                Value::Null => out.push_str("\\N"),
                Value::Int(v) => write!(out, "{v}").expect("a string takes every write"),
                Value::Real(v) => write!(out, "{v}").expect("a string takes every write"),
                Value::Text(v) => out.push_str(
                    &v.replace('\\', "\\\\")
                        .replace('\t', "\\t")
                        .replace('\n', "\\n")
                        .replace('\r', "\\r"),
                ),
                Value::Blob(v) => {
                    out.push_str("\\\\x");
                    out.push_str(&hex::encode(v));
                }
            }
        }
        out.push('\n');
    }
    out
}

/// Answers what a row costs the program, in CPU milliseconds.
fn tell(
    engine: &'static str,
    turns: &Turns,
    peak_mb: f64,
    rows: u32,
    say: &mut dyn FnMut(Line),
) -> f64 {
    let n = rows as usize;
    let detail = format!(
        "CPU ms a row {:.3}, floor {:.3}; rows/s {:.0}, floor {:.0}; elapsed {:.2}",
        turns.of_program(|c| c.cpu_ms_each(n)),
        turns.of_floor(|c| c.cpu_ms_each(n)),
        turns.of_program(|c| c.rate(n)),
        turns.of_floor(|c| c.rate(n)),
        turns.wall_ratio()
    );
    let what = format!("floor / program, CPU a row of {rows}");
    say(Line::new("import", engine, what, turns.cpu_ratio())
        .wanted(SHARE)
        .detail(detail));
    tell_memory(engine, peak_mb, rows, say);
    turns.of_program(|c| c.cpu_ms_each(n))
}

fn tell_memory(engine: &'static str, peak_mb: f64, rows: u32, say: &mut dyn FnMut(Line)) {
    let what = format!("peak memory of importing {rows} rows / 300 MB");
    let line = Line::new("import", engine, what, peak_mb / MEMORY_MB).wanted(Wanted::AtMost(1.0));
    say(line.detail(format!("{peak_mb:.0} MB")));
}

/// One import of more rows than the ratio is taken of: the most memory it holds, and what a row costs then.
/// `each_ms` is what a row costs with fewer.
///
/// # Errors
/// When the program fails.
pub fn many(
    program: &Program,
    postgres: &Postgres,
    rows: u32,
    each_ms: [f64; 2],
    say: &mut dyn FnMut(Line),
) -> anyhow::Result<()> {
    if rows <= MOST_FOR_RATIO {
        return Ok(());
    }
    let input = Input::new(rows)?;
    let mut run = |engine, url: &str, server, fewer_ms: f64| -> anyhow::Result<()> {
        program.init(input.folder.path(), url, false)?;
        let (peak_mb, cost) = cost_of(server, || input.import(program, url))?;
        tell_memory(engine, peak_mb, rows, say);
        let growth = cost.cpu_ms_each(rows as usize) / fewer_ms;
        let what = format!("CPU a row of {rows} over one of {MOST_FOR_RATIO}");
        say(Line::new("import", engine, what, growth));
        Ok(())
    };
    let url = format!("sqlite:{}", input.folder.join("many.db").display());
    run("sqlite", &url, None, each_ms[0])?;
    let database = postgres.database()?;
    run(
        "postgres",
        database.url(),
        Some(postgres.server),
        each_ms[1],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_one_the_importer_takes_whole() {
        let dir = Dir::new("bench-csv").unwrap();
        let path = dir.join("x.csv");
        write_csv(&path, 1000).unwrap();
        let map = cases::import::ImportMap::parse(MAP).unwrap();
        let mut reader = csv::Reader::from_path(&path).unwrap();
        let header: Vec<String> = reader
            .headers()
            .unwrap()
            .iter()
            .map(str::to_owned)
            .collect();
        map.places(&header).unwrap();
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), 1000);
        let opened: Vec<&str> = records.iter().map(|r| r.get(1).unwrap()).collect();
        assert!(
            opened.is_sorted() && opened[999].starts_with("2025-12"),
            "{}",
            opened[999]
        );
        assert!(
            records
                .iter()
                .any(|r| r.get(3) == Some("open") && r.get(2) == Some(""))
        );
        let text = std::fs::read(&path).unwrap();
        write_csv(&path, 1000).unwrap();
        assert_eq!(
            text,
            std::fs::read(&path).unwrap(),
            "the same rows, the same file"
        );
    }

    #[test]
    fn copy_text_escapes_what_parts_fields() {
        let row = vec![
            Value::Text("a\tb\\\n".into()),
            Value::Null,
            Value::Blob(vec![1, 255]),
            Value::Int(-1),
            Value::Real(0.5),
        ];
        assert_eq!(copy_text(&[row]), "a\\tb\\\\\\n\t\\N\t\\\\x01ff\t-1\t0.5\n");
    }

    #[test]
    fn batches_hold_every_row_once() {
        let row = |n: i64| vec![Value::Int(n)];
        let cases: Vec<_> = (0..1201).map(row).collect();
        let written = Written {
            tables: vec![
                cases.clone(),
                cases.clone(),
                cases.clone(),
                cases,
                (0..3).map(row).collect(),
                (0..9).map(row).collect(),
            ],
            batches: 3,
        };
        let all: usize = (0..3).map(|b| written.batch(0, b).len()).sum();
        assert_eq!(
            (all, written.batch(0, 2).len(), written.batch(4, 1)),
            (1201, 201, &[row(1)][..])
        );
    }
}
