//! Pages as people get them from the served program, over a city whose record was made long by copies of the sample's
//! cases: the inbox of the desk, the command page, the map of the city and its tiles.
//!
//! A copy has an id and a number of its own and is otherwise its original, so that a copied city has the states, places
//! and classes of the sample. Copies have no events and no rows of measures: the pages measured here read none.

use crate::program::{Program, Running};
use crate::report::{Line, Wanted};
use crate::server::Postgres;
use anyhow::{Context as _, ensure};
use std::path::Path;
use std::time::{Duration, Instant};
use testkit::temp::Dir;

/// What a reader waits for, in milliseconds.
const INBOX_MS: f64 = 50.0;
const TILE_MS: f64 = 50.0;
const COMMAND_MS: f64 = 200.0;
/// From this many cases on the bodies of copies that are over are empty ("cases and rollups only"), and lists of them are not
/// read.
const BARE_FROM: u32 = 5_000_000;
/// What is open is read by the pages, so it keeps its body.
const BARE_BODY: &str = "CASE WHEN pressing IS NULL THEN '{}' ELSE body END";
/// How often each page is read; the middle one counts.
const READS: usize = 11;
/// The deepest and the flattest tile that is asked for.
const ZOOMS: std::ops::RangeInclusive<u32> = 8..=15;
const A_PLACE: &str = "SELECT lon, lat FROM cases WHERE lon IS NOT NULL LIMIT 1";
/// The regular work after a start is done by then.
const REST: Duration = Duration::from_secs(4);

/// Measures on SQLite.
///
/// # Errors
/// The engine's, and when a page does not answer.
pub fn on_sqlite(program: &Program, cases: u32, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let folder = Dir::new("bench-pages")?;
    let file = folder.join("pages.db");
    let url = format!("sqlite:{}", file.display());
    program.init(folder.path(), &url, true)?;
    let db = rusqlite::Connection::open(&file)?;
    let stored: u32 = db.query_row("SELECT count(*) FROM cases", [], |row| row.get(0))?;
    let columns: String = db.query_row(
        "SELECT group_concat(name) FROM pragma_table_info('cases')",
        [],
        |row| row.get(0),
    )?;
    let copy = Copy {
        cases,
        stored,
        id: "unhex(hex(substr(id, 1, 12)) || printf('%08X', k))",
        serial: "printf('%05d', (CAST(substr(number, 17) AS INTEGER) + k * 100) % 100000)",
        turns: "(WITH RECURSIVE turns(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM turns WHERE k < {n}) SELECT k FROM turns)",
    };
    db.execute_batch(&copy.sql(&columns))?;
    db.execute_batch("ANALYZE")?;
    let place = db.query_row(A_PLACE, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    drop(db);
    measure("sqlite", program, folder.path(), &url, place, cases, say)
}

/// Measures on a PostgreSQL of its own.
///
/// # Errors
/// As [`on_sqlite`].
pub fn on_postgres(
    program: &Program,
    postgres: &Postgres,
    cases: u32,
    say: &mut dyn FnMut(Line),
) -> anyhow::Result<()> {
    let folder = Dir::new("bench-pages")?;
    let database = postgres.database()?;
    program.init(folder.path(), database.url(), true)?;
    let stored = database.sql("SELECT count(*) FROM cases")?;
    let columns = database.sql(
        "SELECT string_agg(column_name, ',') FROM information_schema.columns WHERE table_name = 'cases' AND table_schema = 'public'",
    )?;
    let copy = Copy {
        cases,
        stored: stored.trim().parse().context("a count that is none")?,
        id: "overlay(id PLACING int4send(k) FROM 13)",
        serial: "lpad(((substr(number, 17)::int + k * 100) % 100000)::text, 5, '0')",
        turns: "generate_series(1, {n}) AS turns(k)",
    };
    database.sql(&copy.sql(columns.trim()))?;
    database.sql("VACUUM ANALYZE cases")?;
    let point = database.sql(A_PLACE)?;
    let point = point
        .trim()
        .split_once('|')
        .context("a point is two numbers")?;
    let place = (point.0.parse()?, point.1.parse()?);
    measure(
        "postgres",
        program,
        folder.path(),
        database.url(),
        place,
        cases,
        say,
    )
}

/// How a city is made long on one engine.
struct Copy {
    cases: u32,
    stored: u32,
    /// The id of the copy of turn `k`.
    id: &'static str,
    /// The last five digits of its number.
    serial: &'static str,
    /// The turns 1 to `{n}` as a table with the column `k`.
    turns: &'static str,
}

impl Copy {
    fn sql(&self, columns: &str) -> String {
        let turns = (self.cases / self.stored.max(1)).max(1);
        let values: Vec<String> = columns
            .split(',')
            .map(|column| match column {
                "id" => self.id.to_owned(),
                "number" => format!("substr(number, 1, 16) || {}", self.serial),
                "body" if self.cases >= BARE_FROM => BARE_BODY.to_owned(),
                _ => column.to_owned(),
            })
            .collect();
        format!(
            "INSERT INTO cases ({columns}) SELECT {} FROM cases, {}",
            values.join(", "),
            self.turns.replace("{n}", &turns.to_string())
        )
    }
}

/// A page, who reads it, and how long it may take.
struct Page {
    what: &'static str,
    login: &'static str,
    paths: Vec<String>,
    budget_ms: f64,
}

fn pages(cases: u32, tiles: Vec<String>) -> Vec<Page> {
    let page = |what, login, paths: &[&str], budget_ms| Page {
        what,
        login,
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        budget_ms,
    };
    let mut pages = vec![
        page(
            "command page / 200 ms",
            "demo.leader",
            &["/command"],
            COMMAND_MS,
        ),
        page(
            "map of the city / 50 ms",
            "demo.leader",
            &[
                "/city-map?by=district",
                "/city-map?by=street",
                "/city-map?by=community",
                "/city-map?by=grid",
                "/city-map?by=grid&show=on-time",
                "/city-map?by=grid&light=late",
            ],
            TILE_MS,
        ),
        Page {
            what: "tile of unit grids or cases, any zoom / 50 ms",
            login: "demo.leader",
            paths: tiles,
            budget_ms: TILE_MS,
        },
    ];
    let mut inbox = page(
        "inbox of the desk / 50 ms",
        "demo.acceptor",
        &["/desk", "/desk?state=handling", "/desk?light=late"],
        INBOX_MS,
    );
    if cases < BARE_FROM {
        inbox.paths.push("/desk?state=closed".to_owned());
    }
    pages.push(inbox);
    pages
}

fn measure(
    engine: &'static str,
    program: &Program,
    folder: &Path,
    url: &str,
    place: (f64, f64),
    cases: u32,
    say: &mut dyn FnMut(Line),
) -> anyhow::Result<()> {
    program.run(folder, url, &["facts", "rebuild"])?;
    let token_of = |login: &str| -> anyhow::Result<String> {
        let (answer, _) = program.run(folder, url, &["user", "token", login, "--name", "bench"])?;
        let token = answer["token"].as_str();
        Ok(token.context("no token in the answer")?.to_owned())
    };
    let pages = pages(cases, tiles_of(place));
    let running = program.serve(folder, url)?;
    std::thread::sleep(REST);
    for page in pages {
        let token = token_of(page.login)?;
        let mut worst = (String::new(), 0.0_f64);
        for path in &page.paths {
            let ms = middle_ms(&running, path, &token)?;
            eprintln!(
                "  {engine}: {path}: {:.2} of the budget",
                ms / page.budget_ms
            );
            if ms > worst.1 {
                worst = (path.clone(), ms);
            }
        }
        let line = Line::new("pages", engine, page.what, worst.1 / page.budget_ms);
        say(line.wanted(Wanted::AtMost(1.0)).detail(format!(
            "{cases} cases, served, elapsed time; the slowest was {}",
            worst.0
        )));
    }
    Ok(())
}

/// The addresses of the tiles that hold a point (longitude, latitude), at each zoom (WebMercatorQuad of the OGC's "Two
/// Dimensional Tile Matrix Set").
fn tiles_of((lon, lat): (f64, f64)) -> Vec<String> {
    let across = (lon + 180.0) / 360.0;
    let down = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0;
    let tile = |z: u32| {
        let side = f64::from(1_u32 << z);
        let (x, y) = ((across * side).floor(), (down * side).floor());
        let at = |set, query| format!("/tiles/{set}/{z}/{x}/{y}.mvt{query}");
        [at("grids", ""), at("cases", ""), at("cases", "?light=late")]
    };
    ZOOMS.flat_map(tile).collect()
}

fn middle_ms(running: &Running, path: &str, token: &str) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..READS {
        let began = Instant::now();
        let (status, length) = running.get(path, token)?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
        ensure!(status == 200, "{path} answers {status}");
        ensure!(length > 0 || path.starts_with("/tiles/"), "{path} is empty");
    }
    times.sort_by(f64::total_cmp);
    Ok(times[READS / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tiles_of_a_point_are_those_of_the_scheme() {
        // 120° E, 30° N: x = 5/6 of the way across, y by the Mercator of 30° (0.4125…).
        assert_eq!(tiles_of((120.0, 30.0))[0], "/tiles/grids/8/213/105.mvt");
        assert_eq!(tiles_of((120.0, 30.0)).len(), 24);
    }

    #[test]
    fn copies_keep_what_they_are_and_get_an_id_and_a_number() {
        let copy = Copy {
            cases: 1_000_000,
            stored: 20_000,
            id: "ID",
            serial: "SERIAL",
            turns: "TURNS({n})",
        };
        assert_eq!(
            copy.sql("district,id,number,body"),
            "INSERT INTO cases (district,id,number,body) SELECT district, ID, substr(number, 1, 16) || SERIAL, body FROM cases, TURNS(50)"
        );
        let bare = Copy {
            cases: 10_000_000,
            ..copy
        };
        assert!(
            bare.sql("body")
                .contains("THEN '{}' ELSE body END FROM cases, TURNS(500)")
        );
    }
}
