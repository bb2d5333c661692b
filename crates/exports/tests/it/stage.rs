//! The city of the tests of cases with exports and notices.

use crate::city::{City, ELSEWHERE};
use access::ops::accounts;
use access::{AccountDraft, AccountError, Role};
use cases::Case;
use cases::ops::{Contact, NewPlace, NewReport};
use exports::Exports;
use exports::model::{Export, ExportId};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use kernel::Clock as _;
use notices::{Notices, NoticesConfig};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::StoreError;
use testdb::TestDb;

pub fn migrations() -> Vec<store::Migration> {
    [
        crate::city::migrations(),
        facts::ALL_MIGRATIONS.to_vec(),
        notices::MIGRATIONS.to_vec(),
        exports::MIGRATIONS.to_vec(),
    ]
    .concat()
}

/// A city whose exports lie in a folder of its own.
pub struct Stage {
    pub city: City,
    folder: PathBuf,
    _dir: testkit::temp::Dir,
}

impl std::ops::Deref for Stage {
    type Target = City;
    fn deref(&self) -> &City {
        &self.city
    }
}

impl Stage {
    pub fn new(db: &TestDb) -> Self {
        let dir = testkit::temp::Dir::new("exports").unwrap();
        let folder = dir.join("exports");
        let lies = OnceCell::from(folder.clone());
        let city = City::composed(
            db,
            || vec![notices::capability(), exports::capability()],
            |services, keys, clock| {
                let zone = TimeZone::get("Asia/Shanghai").unwrap();
                let config =
                    NoticesConfig::inside("https://city.example", zone, "339999".parse().unwrap());
                let notices = Notices::new(config.unwrap(), Some(keys.clone()), clock).unwrap();
                services.add(Arc::new(notices));
                services.add(keys.clone());
                services.add(Arc::new(Exports::new(lies.into_inner().unwrap())));
            },
        );
        Self {
            city,
            folder,
            _dir: dir,
        }
    }
    pub fn folder(&self) -> &Path {
        &self.folder
    }
    /// How many files lie in the folder, whole or not.
    pub fn files(&self) -> usize {
        std::fs::read_dir(&self.folder).map_or(0, Iterator::count)
    }
    /// Gives an account other roles and districts.
    pub fn change(&self, login: &str, roles: &[Role], districts: &[&str]) {
        let (account, roles) = (self.accounts[login], roles.to_vec());
        let districts: Vec<_> = districts.iter().map(|d| d.parse().unwrap()).collect();
        self.system()
            .write_blocking::<_, AccountError, _>(move |mut w| {
                let found = accounts::find(&mut w, account)?;
                let draft = AccountDraft {
                    name: found.name,
                    roles: roles.clone(),
                    unit: found.unit,
                    districts: districts.clone(),
                };
                accounts::edit(w, account, found.version, &draft)
            })
            .unwrap();
    }
    /// Asks as an account; answers the export as the API tells it.
    pub fn ask(&self, login: &str, body: &Value) -> Value {
        let reply = self.post(login, "/api/v1/exports", body);
        assert_eq!(reply.status, 202, "{reply:?}");
        assert_eq!(reply.body["state"], "waiting");
        reply.body
    }
    /// Lets the program write what waits.
    pub fn write(&self) -> usize {
        self.run(exports::ops::run_due(&self.system())).unwrap()
    }
    pub fn clean(&self) -> exports::ops::Cleaned {
        self.run(exports::ops::clean(&self.system())).unwrap()
    }
    /// The export as its owner sees it now.
    pub fn shown(&self, login: &str, export: &Value) -> Value {
        let reply = self.get(login, &path(export));
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body
    }
    /// Asks, lets it be written, and answers the export with its file.
    pub fn made(&self, login: &str, body: &Value) -> (Value, Vec<u8>) {
        let asked = self.ask(login, body);
        assert_eq!(self.write(), 1);
        let done = self.shown(login, &asked);
        assert_eq!(done["state"], "done", "{done}");
        let (_, bytes) = self.fetched(login, &asked);
        (done, bytes)
    }
    /// The file of an export, as its owner fetches it.
    pub fn fetched(&self, login: &str, export: &Value) -> (Export, Vec<u8>) {
        let id: ExportId = export["id"].as_str().unwrap().parse().unwrap();
        let ctx = self.ctx(login);
        let (export, source) = self.run(exports::ops::open(&ctx, id)).unwrap();
        let pieces: Vec<Vec<u8>> = source.collect::<std::io::Result<_>>().unwrap();
        (export, pieces.concat())
    }
    pub fn wait(&self, hours: i64) {
        self.clock
            .set(self.clock.now() + SignedDuration::from_hours(hours));
    }
    /// A case in the other district.
    pub fn there(&self) -> Case {
        let place = NewPlace {
            division: Some(format!("{ELSEWHERE}000000").parse().unwrap()),
            ..NewPlace::default()
        };
        let new = NewReport {
            place,
            ..self.cover("patrol")
        };
        self.report("collector", new).case
    }
    /// A case of somebody with a name and a phone.
    pub fn of(&self, name: &str, phone: &str, confidential: bool) -> Case {
        let contact = Contact {
            name: Some(name.into()),
            phone: Some(phone.into()),
            email: None,
        };
        let new = NewReport {
            contact,
            confidential,
            ..self.cover("hotline")
        };
        self.report("acceptor", new).case
    }
    /// The details of the audit entries of an act, oldest first.
    pub fn trail(&self, action: &'static str) -> Vec<Value> {
        self.system()
            .read_blocking::<_, StoreError, _>(move |r| {
                let sql = "SELECT detail FROM audit WHERE action = $1 ORDER BY id";
                r.all::<(String,)>(sql, store::params![action])
            })
            .unwrap()
            .into_iter()
            .map(|(text,)| serde_json::from_str(&text).unwrap())
            .collect()
    }
    /// The kinds of what an account was told, oldest first.
    pub fn told(&self, login: &str) -> Vec<String> {
        let account = self.accounts[login];
        self.system()
            .read_blocking::<_, StoreError, _>(move |r| {
                let sql = "SELECT kind FROM notices WHERE account_id = $1 ORDER BY at, kind";
                r.all::<(String,)>(sql, store::params![account])
            })
            .unwrap()
            .into_iter()
            .map(|k| k.0)
            .collect()
    }
}

pub fn path(export: &Value) -> String {
    format!("/api/v1/exports/{}", export["id"].as_str().unwrap())
}

pub fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The rows of a CSV file of the pages, each by its columns.
pub fn rows(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    let text = text.strip_prefix('\u{feff}').unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| -> Value {
        let cells = columns.iter().zip(record.iter());
        cells
            .map(|(name, cell)| (name.to_owned(), json!(cell)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    reader.records().map(|r| row(r.unwrap())).collect()
}

/// One column of such rows.
pub fn column<'r>(rows: &'r [Value], name: &str) -> Vec<&'r str> {
    rows.iter()
        .map(|row| row[name].as_str().unwrap_or("(no such column)"))
        .collect()
}
