//! A folder with a database of its own, in which the program is run as an operator would run it.

use app::compose::Program;
use app::config::Common;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use testkit::postgres::Database;

/// Where one program lives: a folder and a database, both gone with their owner.
pub struct Place {
    dir: testkit::temp::Dir,
    _database: Option<Database>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    /// The one JSON object on stdout, and nothing else there.
    pub fn json(&self) -> Value {
        let mut values = serde_json::Deserializer::from_str(&self.stdout).into_iter::<Value>();
        let first = values.next().unwrap_or_else(|| panic!("no JSON: {self:?}"));
        let value = first.unwrap_or_else(|e| panic!("not JSON ({e}): {self:?}"));
        assert!(value.is_object(), "not an object: {self:?}");
        assert!(values.next().is_none(), "more than one object: {self:?}");
        value
    }
    /// The object of a command that was done.
    #[track_caller]
    pub fn done(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.json()
    }
    /// The object `error` of a command that ended with this code.
    #[track_caller]
    pub fn error(&self, code: i32) -> Value {
        assert_eq!(self.code, Some(code), "{self:?}");
        let json = self.json();
        let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["error"], "{self:?}");
        let error = json["error"].clone();
        let mut fields: Vec<&String> = error.as_object().unwrap().keys().collect();
        fields.sort();
        assert_eq!(fields, ["code", "field", "line", "message"], "{self:?}");
        assert!(
            error["code"].is_string() && !error["message"].as_str().unwrap().is_empty(),
            "{self:?}"
        );
        error
    }
}

impl Place {
    fn at(url: Option<String>, database: Option<Database>) -> Self {
        let dir = testkit::temp::Dir::new("program").unwrap();
        let url = url.unwrap_or_else(|| format!("sqlite:{}", dir.join("shiyu.db").display()));
        let data = dir.path().display();
        let config = format!("db = {url:?}\ndata_dir = \"{data}\"\ntimezone = \"Asia/Shanghai\"\n");
        std::fs::write(dir.join("shiyu.toml"), config).unwrap();
        Self {
            dir,
            _database: database,
        }
    }
    /// On a SQLite file; not initialised.
    pub fn sqlite() -> Self {
        Self::at(None, None)
    }
    /// On a fresh PostgreSQL database; none where the run does without.
    pub fn postgres(name: &str) -> Option<Self> {
        let database = testkit::postgres::database_for(name)?;
        Some(Self::at(Some(database.url().to_owned()), Some(database)))
    }
    /// On a database of somebody else's.
    pub fn on(url: &str) -> Self {
        Self::at(Some(url.to_owned()), None)
    }
    /// The same with its tables.
    pub fn ready(self) -> Self {
        self.run(&["init"]).done();
        self
    }
    /// A file in the folder.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }
    /// The path of something in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
    /// The program with `--json` and this place's configuration; nothing of the environment speaks in.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shiyu"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SHIYU_")) {
            command.env_remove(name);
        }
        command
            .current_dir(self.dir.path())
            .arg("--json")
            .arg("--config")
            .arg(self.path("shiyu.toml"))
            .args(args)
            .stdin(Stdio::null());
        command
    }
    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Answer {
        let output = self.command(args).output().unwrap();
        Answer {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
    /// The same program opened inside the test, to look into its record.
    pub fn program(&self) -> Program {
        let common = Common {
            db: None,
            config: Some(self.path("shiyu.toml")),
        };
        Program::open(&common).unwrap_or_else(|e| panic!("{e:?}"))
    }
    /// One number out of the database.
    pub fn count(&self, sql: &'static str) -> i64 {
        let ctx = self.program().system(access::SystemRole::Operator);
        ctx.read_blocking::<_, store::StoreError, _>(move |r| Ok(r.one::<(i64,)>(sql, &[])?.0))
            .unwrap()
    }
    /// Every case rebuilt from its events is what its row says. Answers how many there are.
    #[track_caller]
    pub fn check_record(&self) -> u64 {
        let found = self.run(&["replay"]).done();
        assert_eq!(found["mismatches"], 0, "{found}");
        found["cases"].as_u64().unwrap()
    }
}

/// A map of the examples that the project carries.
pub fn example_map(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("examples/maps").join(name).display().to_string()
}

/// Declares a test whose body runs on SQLite and on PostgreSQL, on a place with its tables.
macro_rules! on_both {
    ($name:ident, |$place:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "not every body uses what stands around it")]
            use super::*;
            fn claim($place: &$crate::place::Place) $body
            #[test]
            fn on_sqlite() {
                claim(&$crate::place::Place::sqlite().ready());
            }
            #[test]
            fn on_postgres() {
                let name = concat!(stringify!($name), "::on_postgres");
                if let Some(place) = $crate::place::Place::postgres(name) {
                    claim(&place.ready());
                }
            }
        }
    };
}
pub(crate) use on_both;
