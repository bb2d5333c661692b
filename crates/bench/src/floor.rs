//! The floors of a life: its statements without the program — by plain rusqlite, and by pgbench.

use crate::template::{Own, Piece, Slot, Statement, Template};
use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use kernel::{Clock as _, SystemClock};
use rusqlite::{Connection, types};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use store::Value;

/// A statement ready to run: its text, the engine's place of each `$n`, the values.
struct Ready {
    sql: Arc<str>,
    places: Arc<[usize]>,
    values: Vec<Value>,
}

/// Plain rusqlite with the settings of the store: WAL, synchronous=FULL, foreign keys.
pub struct Sqlite {
    conn: Connection,
}

/// Lives ready to run.
pub struct Lives(Vec<Ready>);

impl Sqlite {
    /// Opens the file.
    ///
    /// # Errors
    /// The engine's.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let conn = Connection::open(path)?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "foreign_keys", "ON")?;
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        conn.pragma_update(None, "cache_size", -16_000)?;
        conn.set_prepared_statement_cache_capacity(256);
        Ok(Self { conn })
    }

    /// Makes `count` lives ready, outside what is measured.
    ///
    /// # Errors
    /// A statement the engine does not know.
    pub fn prepare(&self, template: &Template, first: u32, count: u32) -> anyhow::Result<Lives> {
        let mut ready = Vec::new();
        let places = template
            .statements
            .iter()
            .map(|s| self.places(s))
            .collect::<anyhow::Result<Vec<_>>>()?;
        for n in 0..count {
            let own: Own = template.own(first + n, SystemClock.now(), rand::random);
            for (statement, (sql, places)) in template.statements.iter().zip(&places) {
                ready.push(Ready {
                    sql: sql.clone(),
                    places: places.clone(),
                    values: statement.slots.iter().map(|s| s.value(&own)).collect(),
                });
            }
        }
        Ok(Lives(ready))
    }

    /// `$1` is a named parameter here, so its place is asked for by name, once.
    fn places(&self, statement: &Statement) -> anyhow::Result<(Arc<str>, Arc<[usize]>)> {
        let sql: Arc<str> = match &*statement.sql {
            "BEGIN" => "BEGIN IMMEDIATE".into(),
            _ => statement.sql.clone(),
        };
        let prepared = self
            .conn
            .prepare_cached(&sql)
            .with_context(|| format!("cannot prepare `{sql}`"))?;
        let places = (1..=statement.slots.len()).map(|n| {
            let place = prepared.parameter_index(&format!("${n}"))?;
            place.with_context(|| format!("no ${n} in `{sql}`"))
        });
        let places = places.collect::<anyhow::Result<Vec<_>>>()?;
        Ok((sql.clone(), places.into()))
    }

    /// Runs lives.
    ///
    /// # Errors
    /// The engine's.
    pub fn run(&self, lives: &Lives) -> anyhow::Result<()> {
        for Ready {
            sql,
            places,
            values,
        } in &lives.0
        {
            let mut statement = self.conn.prepare_cached(sql)?;
            for (place, value) in places.iter().zip(values) {
                bind(&mut statement, *place, value)?;
            }
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next().with_context(|| format!("running `{sql}`"))? {
                std::hint::black_box(row.get_ref(0)?);
            }
        }
        Ok(())
    }

    /// The connection, for floors of other benches.
    pub fn conn(&self) -> &Connection {
        &self.conn
    }
}

/// Binds a value of ours.
///
/// # Errors
/// The engine's.
pub fn bind(
    statement: &mut rusqlite::Statement<'_>,
    place: usize,
    value: &Value,
) -> rusqlite::Result<()> {
    match value {
        Value::Null => statement.raw_bind_parameter(place, types::Null),
        Value::Int(v) => statement.raw_bind_parameter(place, v),
        Value::Real(v) => statement.raw_bind_parameter(place, v),
        Value::Text(v) => statement.raw_bind_parameter(place, v.as_str()),
        Value::Blob(v) => statement.raw_bind_parameter(place, v.as_slice()),
    }
}

/// pgbench over a script with the statements of a life.
pub struct PgBench {
    program: PathBuf,
    script: PathBuf,
    url: String,
}

impl PgBench {
    /// Writes the script into `folder`.
    ///
    /// # Errors
    /// When the machine has no pgbench.
    pub fn new(folder: &Path, url: &str, template: &Template) -> anyhow::Result<Self> {
        let programs =
            testkit::postgres::Programs::find().context("no PostgreSQL on this machine")?;
        let program = programs.path("pgbench");
        ensure!(
            program.is_file(),
            "no pgbench beside {}",
            programs.dir().display()
        );
        let script = folder.join("life.sql");
        std::fs::write(&script, script_of(template, SystemClock.now())?)?;
        Ok(Self {
            program,
            script,
            url: url.to_owned(),
        })
    }

    /// Runs `count` lives with each of `clients` clients, whose numbers begin at `first` × 16.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn run(&self, clients: u32, count: u32, first: u32) -> anyhow::Result<()> {
        let output = Command::new(&self.program)
            .args(["-n", "-M", "prepared"])
            .args(["-c", &clients.to_string(), "-j", &clients.to_string()])
            .args(["-t", &count.to_string(), "-D", &format!("k={first}")])
            .arg("-f")
            .arg(&self.script)
            .arg(&self.url)
            .stdin(Stdio::null())
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr).into_owned();
        let wanted = u64::from(clients) * u64::from(count);
        let done = said.contains(&format!("actually processed: {wanted}/{wanted}"));
        if !output.status.success() || !done || complained.contains("ERROR") {
            bail!("pgbench failed: {said}{complained}");
        }
        Ok(())
    }
}

/// The script: `k` counts the lives of a client, `n` is the sequence no other client has.
fn script_of(template: &Template, now: Timestamp) -> anyhow::Result<String> {
    let mut script = String::from("\\set k :k + 1\n\\set n :k * 16 + :client_id\n");
    for statement in &template.statements {
        let values = statement
            .slots
            .iter()
            .map(|slot| expression(slot, template, now))
            .collect::<anyhow::Result<Vec<_>>>()?;
        script.push_str(&filled(&statement.sql, &values)?);
        script.push_str(";\n");
    }
    Ok(script)
}

/// A statement with its placeholders replaced.
fn filled(sql: &str, values: &[String]) -> anyhow::Result<String> {
    let mut out = String::new();
    let mut rest = sql;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let n: usize = rest[..digits]
            .parse()
            .with_context(|| format!("a $ without a number in `{sql}`"))?;
        out.push_str(
            n.checked_sub(1)
                .and_then(|n| values.get(n))
                .with_context(|| format!("no value for ${n} of `{sql}`"))?,
        );
        rest = &rest[digits..];
    }
    out.push_str(rest);
    Ok(out)
}

/// The life's sequence as hexadecimal digits of a given width.
fn hex_of_sequence(width: usize) -> String {
    format!("lpad(to_hex(CAST(:n AS BIGINT)), {width}, '0')")
}

/// The first half of an own value of 16 bytes, like the head of an id made now; the second half is the sequence.
fn head(index: usize, now: Timestamp) -> String {
    format!("{:012x}7{index:03x}", now.as_millisecond())
}

fn expression(slot: &Slot, template: &Template, now: Timestamp) -> anyhow::Result<String> {
    Ok(match slot {
        Slot::Same(Value::Null) => "NULL".into(),
        Slot::Same(Value::Int(n)) => n.to_string(),
        Slot::Same(Value::Real(x)) => format!("CAST({x:?} AS DOUBLE PRECISION)"),
        Slot::Same(Value::Blob(bytes)) => format!("CAST('\\x{}' AS BYTEA)", hex::encode(bytes)),
        Slot::Same(Value::Text(text)) => literal(text),
        Slot::Own(n) => match template.own[*n] {
            16 => format!(
                "decode('{}' || {}, 'hex')",
                head(*n, now),
                hex_of_sequence(16)
            ),
            // Any other length is a hash: as many digits as it has.
            bytes => format!("decode({}, 'hex')", hex_of_sequence(2 * bytes)),
        },
        Slot::Text(pieces) => {
            let parts = pieces.iter().map(|piece| match piece {
                Piece::Same(text) => literal(text),
                Piece::Number => format!("{} || CAST(:n AS TEXT)", literal(&template.number_head)),
                Piece::Id(n) => {
                    let digits = format!("'{}' || {}", head(*n, now), hex_of_sequence(16));
                    format!("CAST(CAST({digits} AS UUID) AS TEXT)")
                }
            });
            format!("({})", parts.collect::<Vec<_>>().join(" || "))
        }
    })
}

/// A text in which pgbench finds no variable of its own: every colon is written as an escape.
fn literal(text: &str) -> String {
    let mut out = String::from("E'");
    for c in text.chars() {
        match c {
            '\'' => out.push_str("''"),
            '\\' => out.push_str("\\\\"),
            ':' => out.push_str("\\x3a"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> Template {
        let insert = Statement {
            sql: "INSERT INTO t (id, note, n) VALUES ($1, $2, $3)".into(),
            slots: vec![
                Slot::Own(0),
                Slot::Text(vec![
                    Piece::Same("{\"it's\":true,\"".into()),
                    Piece::Number,
                    Piece::Same("\"}".into()),
                ]),
                Slot::Same(Value::Int(5)),
            ],
        };
        let control = |sql: &str| Statement {
            sql: sql.into(),
            slots: Vec::new(),
        };
        Template {
            statements: vec![control("BEGIN"), insert, control("COMMIT")],
            own: vec![16],
            number_head: "330102-20261123-".into(),
        }
    }

    #[test]
    fn the_floor_writes_what_the_template_says() {
        let dir = testkit::temp::Dir::new("floor").unwrap();
        let floor = Sqlite::open(&dir.join("x.db")).unwrap();
        floor
            .conn()
            .execute_batch("CREATE TABLE t (id BLOB PRIMARY KEY, note TEXT, n BIGINT)")
            .unwrap();
        let lives = floor.prepare(&template(), 100_000, 3).unwrap();
        floor.run(&lives).unwrap();
        let read = |sql: &str| {
            floor
                .conn()
                .query_row(sql, [], |r| r.get::<_, String>(0))
                .unwrap()
        };
        assert_eq!(
            read("SELECT CAST(count(*) AS TEXT) FROM t WHERE length(id) = 16 AND n = 5"),
            "3"
        );
        assert_eq!(
            read("SELECT note FROM t ORDER BY note LIMIT 1"),
            "{\"it's\":true,\"330102-20261123-100000\"}"
        );
        assert!(
            floor.run(&lives).is_err(),
            "the same life twice breaks the key"
        );
    }

    #[test]
    fn a_script_for_pgbench_has_no_variable_but_its_own() {
        let script = script_of(&template(), Timestamp::UNIX_EPOCH).unwrap();
        let variables: Vec<&str> = script
            .match_indices(':')
            .map(|(at, _)| {
                script[at + 1..]
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .unwrap()
            })
            .collect();
        assert!(
            variables
                .iter()
                .all(|v| ["k", "n", "client_id"].contains(v)),
            "{variables:?}"
        );
        assert!(script.contains("\nBEGIN;\n") && script.ends_with("\nCOMMIT;\n"));
        assert!(
            script.contains(
                "decode('0000000000007000' || lpad(to_hex(CAST(:n AS BIGINT)), 16, '0'), 'hex')"
            ),
            "{script}"
        );
    }

    #[test]
    fn placeholders_without_a_value_are_an_error() {
        let values = ["1".to_owned(), "2".to_owned()];
        assert_eq!(
            filled("a = $2 AND b = $1", &values).unwrap(),
            "a = 2 AND b = 1"
        );
        for sql in ["$3", "$0", "$", "$x", "$99999999999999999999999"] {
            assert!(filled(sql, &values).is_err(), "{sql}");
        }
    }
}
