//! PostgreSQL for benches: a durable server of our own, its log as a record of what the program asked it.

use crate::measure::Server;
use anyhow::Context as _;
use testkit::postgres::{Cluster, Database, Durability};

/// A durable server whose databases can be told to log every statement.
pub struct Postgres {
    cluster: Cluster,
    /// Whose CPU time counts.
    pub server: Server,
}

impl Postgres {
    /// Starts it.
    ///
    /// # Errors
    /// When the machine has no PostgreSQL.
    pub fn start() -> anyhow::Result<Self> {
        let settings = [
            ("logging_collector", "on"),
            ("log_destination", "'csvlog'"),
            ("log_filename", "'bench.log'"),
            ("log_rotation_size", "0"),
            ("log_rotation_age", "0"),
        ];
        let cluster = Cluster::start_with(Durability::Durable, &settings)
            .context("benches need PostgreSQL 15 or later on this machine")?;
        let pid = cluster.sql("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)")?;
        let pid = pid
            .trim()
            .parse()
            .with_context(|| format!("{pid:?} is no process id"))?;
        Ok(Self {
            cluster,
            server: Server::new(pid),
        })
    }

    /// An empty database.
    ///
    /// # Errors
    /// The server's.
    pub fn database(&self) -> anyhow::Result<Database> {
        Ok(self.cluster.fresh_database()?)
    }

    /// From the next connection on, every statement in this database is logged with its values.
    ///
    /// # Errors
    /// The server's.
    pub fn log_statements(&self, database: &Database) -> anyhow::Result<()> {
        self.cluster.sql(&format!(
            "ALTER DATABASE {} SET log_statement = 'all'",
            database.name()
        ))?;
        Ok(())
    }

    /// What has been logged so far of a database: the statements and their values, in order.
    ///
    /// # Errors
    /// A log that cannot be read.
    pub fn logged(&self, database: &Database) -> anyhow::Result<Vec<Logged>> {
        // The collector writes a little later than the server answers.
        std::thread::sleep(std::time::Duration::from_millis(500));
        let text = self.cluster.sql("SELECT pg_read_file('log/bench.csv')")?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut logged = Vec::new();
        for record in reader.records() {
            let record = record.context("the server's log is no CSV")?;
            // The columns of csvlog: PostgreSQL manual, "Using CSV-Format Log Output".
            let [database_name, message, detail] =
                [2, 13, 14].map(|n| record.get(n).unwrap_or_default());
            if database_name == database.name()
                && let Some(statement) = Logged::parse(message, detail)?
            {
                logged.push(statement);
            }
        }
        Ok(logged)
    }
}

/// A statement as the server logged it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its text.
    pub sql: String,
    /// Its values as text, in the order of `$1`, `$2` …
    pub values: Vec<Option<String>>,
}

impl Logged {
    /// A statement from an entry of the log; none when the entry is about something else.
    fn parse(message: &str, detail: &str) -> anyhow::Result<Option<Self>> {
        let sql = if let Some(sql) = message.strip_prefix("statement: ") {
            sql
        } else if let Some(rest) = message.strip_prefix("execute ") {
            rest.split_once(": ").map_or(rest, |(_, sql)| sql)
        } else {
            return Ok(None);
        };
        let values = match detail.strip_prefix("parameters: ") {
            Some(text) => parse_values(text).with_context(|| format!("values of {sql}: {text}"))?,
            None => Vec::new(),
        };
        Ok(Some(Self {
            sql: sql.to_owned(),
            values,
        }))
    }
}

/// Reads `$1 = 'it''s', $2 = NULL`.
fn parse_values(text: &str) -> anyhow::Result<Vec<Option<String>>> {
    let mut values = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let head = format!("${} = ", values.len() + 1);
        rest = rest
            .strip_prefix(&head)
            .with_context(|| format!("no {head:?}"))?;
        if let Some(after) = rest.strip_prefix("NULL") {
            values.push(None);
            rest = after;
        } else {
            let (value, after) = quoted(rest).context("a value without its end")?;
            values.push(Some(value));
            rest = after;
        }
        if !rest.is_empty() {
            rest = rest.strip_prefix(", ").context("no comma after a value")?;
        }
    }
    Ok(values)
}

/// A text in single quotes, doubled inside; and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text.strip_prefix('\'')?;
    loop {
        let end = rest.find('\'')?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(after) => {
                value.push('\'');
                rest = after;
            }
            None => return Some((value, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logged_statement_is_read_with_its_values() {
        let logged = Logged::parse(
            "execute s3: INSERT INTO t VALUES ($1, $2, $3)",
            "parameters: $1 = 'it''s, $2 = ''x''', $2 = NULL, $3 = '\\x01ff'",
        );
        let logged = logged.unwrap().unwrap();
        assert_eq!(logged.sql, "INSERT INTO t VALUES ($1, $2, $3)");
        assert_eq!(
            logged.values,
            [
                Some("it's, $2 = 'x'".to_owned()),
                None,
                Some("\\x01ff".to_owned())
            ]
        );
        let begin = Logged::parse("statement: BEGIN", "").unwrap().unwrap();
        assert_eq!((begin.sql.as_str(), begin.values.len()), ("BEGIN", 0));
        assert_eq!(Logged::parse("connection received", "").unwrap(), None);
    }

    #[test]
    fn garbage_in_the_log_is_an_error() {
        for detail in [
            "$1",
            "$2 = 'a'",
            "$1 = 'a",
            "$1 = a",
            "$1 = 'a' $2 = 'b'",
            "$1 = ''' ",
        ] {
            let parsed = Logged::parse("execute s1: SELECT 1", &format!("parameters: {detail}"));
            assert!(parsed.is_err(), "{detail:?}: {parsed:?}");
        }
    }
}
