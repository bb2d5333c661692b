//! The city of the tests of cases with notices and supervision.

use crate::city::City;
use cases::Case;
use cases::ops::Step;
use jiff::tz::TimeZone;
use kernel::Clock as _;
use notices::{Notices, NoticesConfig};
use std::sync::Arc;
use store::StoreError;
use testdb::TestDb;

pub fn migrations() -> Vec<store::Migration> {
    [
        crate::city::migrations(),
        notices::MIGRATIONS.to_vec(),
        supervision::MIGRATIONS.to_vec(),
    ]
    .concat()
}

/// A city that has begun to be supervised.
pub fn city(db: &TestDb) -> City {
    let city = City::composed(
        db,
        || vec![notices::capability(), supervision::capability()],
        |services, keys, clock| {
            let zone = TimeZone::get("Asia/Shanghai").unwrap();
            let config =
                NoticesConfig::inside("https://city.example", zone, "339999".parse().unwrap())
                    .unwrap();
            let room: Arc<dyn cases::rooms::Room> = Arc::new(supervision::Matters);
            services.add(Arc::new(cases::rooms::Rooms(vec![room])));
            services.add(Arc::new(
                Notices::new(config, Some(keys.clone()), clock).unwrap(),
            ));
        },
    );
    assert!(city.run(supervision::begin(&city.system())).unwrap());
    assert!(!city.run(supervision::begin(&city.system())).unwrap());
    city
}

pub fn follow(city: &City) -> u32 {
    // On PostgreSQL a row is read when no older transaction runs any more, of whatever database: those of other tests too.
    let mut told = 0;
    for _ in 0..200 {
        told += city.run(supervision::follow(&city.system())).unwrap();
        let is_behind = city
            .system()
            .read_blocking::<_, store::StoreError, _>(|r| {
                Ok(r.outbox_position(supervision::READER)? < Some(r.outbox_end()?))
            })
            .unwrap();
        if !is_behind {
            return told;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the outbox stays behind a transaction that does not end");
}

pub fn fire(city: &City) -> usize {
    city.run(supervision::fire_due(&city.system())).unwrap()
}

pub fn wait(city: &City, minutes: i64) {
    city.clock
        .set(city.clock.now() + jiff::SignedDuration::from_mins(minutes));
}

/// The kinds of what an account was told, oldest first.
pub fn told(city: &City, login: &str) -> Vec<String> {
    let account = city.accounts[login];
    city.system()
        .read_blocking::<_, StoreError, _>(move |r| {
            let sql = "SELECT kind FROM notices WHERE account_id = $1 ORDER BY at, kind";
            Ok(r.all::<(String,)>(sql, store::params![account])?
                .into_iter()
                .map(|k| k.0)
                .collect())
        })
        .unwrap()
}

/// How many notices of a kind there are.
pub fn count(city: &City, kind: &'static str) -> i64 {
    city.system()
        .read_blocking::<_, StoreError, _>(move |r| {
            let sql = "SELECT count(*) FROM notices WHERE kind = $1";
            Ok(r.one::<(i64,)>(sql, store::params![kind])?.0)
        })
        .unwrap()
}

/// In how many languages a kind is worded.
pub fn wordings(city: &City, kind: &str) -> i64 {
    let kind = kind.to_owned();
    city.system()
        .read_blocking::<_, StoreError, _>(move |r| {
            let sql = "SELECT count(*) FROM notice_templates WHERE kind = $1";
            Ok(r.one::<(i64,)>(sql, store::params![kind])?.0)
        })
        .unwrap()
}

pub fn act(city: &City, login: &str, case: &Case, step: Step) -> Case {
    city.act(login, case.number, vec![step]).unwrap()
}
