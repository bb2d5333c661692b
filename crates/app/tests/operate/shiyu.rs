//! The program, run as an operator runs it.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program with a database and a data folder.
pub struct Shiyu<'a> {
    db: String,
    data_dir: &'a Path,
}

impl<'a> Shiyu<'a> {
    /// Over SQLite in `data_dir`.
    pub fn sqlite(data_dir: &'a Path) -> Self {
        let db = format!("sqlite:{}", data_dir.join("shiyu.db").display());
        Self { db, data_dir }
    }
    /// Over a PostgreSQL database.
    pub fn postgres(url: &str, data_dir: &'a Path) -> Self {
        Self {
            db: url.to_owned(),
            data_dir,
        }
    }
    pub fn url(&self) -> &str {
        &self.db
    }
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shiyu"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| {
            let name = name.to_string_lossy();
            name.starts_with("SHIYU_") && name != "SHIYU_TEST_POSTGRES"
        }) {
            command.env_remove(name);
        }
        command.args(args).args(["--db", &self.db, "--json"]);
        command
            .env("SHIYU_DATA_DIR", self.data_dir)
            .stdin(Stdio::null());
        command
    }
    pub fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }
    /// Runs a command that succeeds; its JSON object.
    pub fn run(&self, args: &[&str]) -> Value {
        let output = self.output(args);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {words}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
    /// Runs a command that is refused with exit 2; the code of its error.
    pub fn refused(&self, args: &[&str]) -> String {
        let output = self.output(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let error: Value = serde_json::from_slice(&output.stdout).unwrap();
        error["error"]["code"].as_str().unwrap().to_owned()
    }
    /// Makes the database and imports `rows` cases, with and without places, open and closed.
    pub fn fill(&self, rows: usize) {
        self.run(&["init"]);
        let mut text = "id,opened,closed,what,note,lat,lon,state\n".to_owned();
        for n in 0..rows {
            let (year, day) = (2023 + n % 4, 1 + n % 27);
            let closed = if n % 3 == 0 {
                String::new()
            } else {
                format!("{year}-06-{:02} 18:00:00", day + 1)
            };
            let state = if n % 3 == 0 { "open" } else { "done" };
            let place = if n % 5 == 0 {
                ",".to_owned()
            } else {
                format!("31.23{:02},121.47{:02}", n % 60, n % 40)
            };
            text.push_str(&format!("r-{n},{year}-06-{day:02} 08:30:00,{closed},井盖破损{},路口第 {n} 号,{place},{state}\n", n % 7));
        }
        let file = self.data_dir.join("cases.csv");
        let map = self.data_dir.join("map.toml");
        std::fs::write(&file, text).unwrap();
        std::fs::write(&map, MAP).unwrap();
        let done = self.run(&[
            "import",
            "cases",
            file.to_str().unwrap(),
            "--map",
            map.to_str().unwrap(),
            "--draw-grid",
            "200",
        ]);
        assert_eq!(done["imported"], rows);
    }
}

const MAP: &str = r#"
source = "operate"
timezone = "Asia/Shanghai"
crs = "wgs84"
[columns]
id = "id"
reported_at = "opened"
closed_at = "closed"
matter = "what"
description = "note"
lat = "lat"
lon = "lon"
status = "state"
[time]
formats = ["%Y-%m-%d %H:%M:%S"]
[status]
"done" = "closed"
"open" = "open"
"#;
