//! One test body on both engines.
//!
//! ```ignore
//! testdb::both_engines!(late_cases_come_oldest_first, cases::MIGRATIONS, |db| { /* arrange, act, assert once */ });
//! ```
//! Only integration tests (`tests/`) may use it: a crate's own unit tests would meet a second copy of the crate.

use access::{Ctx, Services, SystemRole};
use jiff::Timestamp;
use kernel::{Clock, ManualClock};
use std::sync::Arc;
use store::{Actor, ActorKind, Db, DbOptions, Grant, Migration};

/// A database with its schema that goes away with its owner.
pub struct TestDb {
    db: Db,
    // Dropped after `db`, in the order of the fields.
    _home: Home,
}

enum Home {
    Folder {
        _dir: testkit::temp::Dir,
    },
    Server {
        _database: testkit::postgres::Database,
    },
}

impl std::ops::Deref for TestDb {
    type Target = Db;
    fn deref(&self) -> &Db {
        &self.db
    }
}

/// The moment tests begin at: a Monday in working hours, no holiday near.
pub fn monday() -> Timestamp {
    "2026-03-16T09:00:00+08:00".parse().expect("a valid time")
}

impl TestDb {
    /// A fresh SQLite file.
    pub fn sqlite(migrations: &[Migration]) -> Self {
        let dir = testkit::temp::Dir::new("sqlite").expect("a temporary folder");
        let url = format!("sqlite:{}", dir.join("test.db").display());
        let options = DbOptions {
            create: true,
            ..DbOptions::default()
        };
        let db = Db::open(&url, &options).expect("a fresh SQLite file opens");
        db.migrate(migrations, monday())
            .expect("the schema applies");
        Self {
            db,
            _home: Home::Folder { _dir: dir },
        }
    }
    /// A fresh PostgreSQL database, or none where the run does without (the skip is printed and counted).
    pub fn postgres(name: &str, migrations: &[Migration]) -> Option<Self> {
        let database = testkit::postgres::database_for(name)?;
        let options = DbOptions {
            writers: 3,
            readers: 2,
            ..DbOptions::default()
        };
        let db = Db::open(database.url(), &options).expect("a fresh database opens");
        db.migrate(migrations, monday())
            .expect("the schema applies");
        Some(Self {
            db,
            _home: Home::Server {
                _database: database,
            },
        })
    }
    /// A permit of the program itself at a moment.
    pub fn system(&self, clock: &Arc<ManualClock>) -> Ctx {
        let clock: Arc<dyn Clock> = clock.clone();
        Ctx::system(
            self.db.clone(),
            clock,
            Services::default(),
            SystemRole::Operator,
        )
    }
}

/// A bare grant, for tests of the store itself.
#[expect(
    clippy::disallowed_methods,
    reason = "tests of the store stand below access"
)]
pub fn grant(now: Timestamp) -> Grant {
    let actor = Actor {
        kind: ActorKind::System,
        id: None,
    };
    Grant::mint(actor, now, kernel::id::Id::new(now, rand::random()), None)
}

/// Declares a test that runs the same body on SQLite and on PostgreSQL.
#[macro_export]
macro_rules! both_engines {
    ($name:ident, $migrations:expr, |$db:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "not every body uses what stands around it")]
            use super::*;
            fn claim($db: &$crate::TestDb) $body
            #[test]
            fn on_sqlite() {
                claim(&$crate::TestDb::sqlite($migrations));
            }
            #[test]
            fn on_postgres() {
                if let Some(db) = $crate::TestDb::postgres(concat!(stringify!($name), "::on_postgres"), $migrations) {
                    claim(&db);
                }
            }
        }
    };
}
