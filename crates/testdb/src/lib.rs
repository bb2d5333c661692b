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
    Cluster {
        _schema: Schema,
    },
}

/// The environment variable that names a database of a Citus cluster (the URL of its coordinator).
pub const CITUS: &str = "SHIYU_TEST_CITUS";

/// A schema of its own in a database that is there already, gone with its owner.
struct Schema {
    cluster: testkit::postgres::Cluster,
    name: String,
}

impl Drop for Schema {
    fn drop(&mut self) {
        let dropped = self
            .cluster
            .sql(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name));
        if let Err(error) = dropped {
            println!("the schema {} stays behind: {error}", self.name);
        }
    }
}

/// Spreads every table whose primary key begins with `district`, which is what case data is told by.
const DISTRIBUTE: &str = "SELECT create_distributed_table(CAST(i.indrelid AS regclass), 'district') FROM pg_index i \
    JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] \
    WHERE i.indisprimary AND a.attname = 'district' AND NOT t.relispartition AND n.nspname = current_schema()";

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
    /// A schema of its own in the Citus cluster that `SHIYU_TEST_CITUS` names, its tables spread by district; none where
    /// no cluster is named (the skip is printed and counted).
    pub fn citus(name: &str, migrations: &[Migration]) -> Option<Self> {
        let Ok(url) = std::env::var(CITUS) else {
            testkit::skip(name, &format!("{CITUS} names no cluster"));
            return None;
        };
        let cluster = testkit::postgres::Cluster::at(&url).expect("a cluster that can be asked");
        let schema = format!("test_{:016x}", rand::random::<u64>());
        cluster
            .sql(&format!("CREATE SCHEMA {schema}"))
            .expect("a fresh schema");
        let home = Schema {
            cluster,
            name: schema.clone(),
        };
        let join = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{join}options=-csearch_path%3D{schema}%2Cpublic");
        let options = DbOptions {
            writers: 3,
            readers: 2,
            ..DbOptions::default()
        };
        let db = Db::open(&url, &options).expect("the cluster opens");
        db.migrate(migrations, monday())
            .expect("the schema applies");
        home.cluster
            .sql(&format!(
                "SET search_path TO {schema}, public; {DISTRIBUTE}"
            ))
            .expect("every table of case data can be spread by district");
        Some(Self {
            db,
            _home: Home::Cluster { _schema: home },
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
        on_behalf: None,
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

/// As [`both_engines`], and once more on a Citus cluster where one is named: for the store's own promises.
#[macro_export]
macro_rules! every_engine {
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
            #[test]
            fn on_citus() {
                if let Some(db) = $crate::TestDb::citus(concat!(stringify!($name), "::on_citus"), $migrations) {
                    claim(&db);
                }
            }
        }
    };
}
