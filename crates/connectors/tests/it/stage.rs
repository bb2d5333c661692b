//! The city of the tests of cases with notices and connectors, and a system of the water department.

use crate::city::City;
use crate::sinks::Web;
use access::UnitId;
use connectors::model::{Connector, Kind};
use connectors::ops::{Wanted, set};
use jiff::tz::TimeZone;
use kernel::Clock as _;
use notices::outgoing::{Caller, Policy};
use notices::{Notices, NoticesConfig};
use std::sync::Arc;
use testdb::TestDb;

pub fn migrations() -> Vec<store::Migration> {
    [
        crate::city::migrations(),
        notices::MIGRATIONS.to_vec(),
        connectors::MIGRATIONS.to_vec(),
    ]
    .concat()
}

pub fn city(db: &TestDb) -> City {
    let city = City::composed(
        db,
        || vec![notices::capability(), connectors::capability()],
        |services, keys, clock| {
            let zone = TimeZone::get("Asia/Shanghai").unwrap();
            let mut config =
                NoticesConfig::inside("https://city.example", zone, "339999".parse().unwrap())
                    .unwrap();
            config.caller =
                Caller::new(Policy::parse("127.0.0.1", "127.0.0.0/8").unwrap(), None).unwrap();
            services.add(Arc::new(
                Notices::new(config, Some(keys.clone()), clock).unwrap(),
            ));
        },
    );
    city.run(connectors::begin(&city.system())).unwrap();
    city
}

pub fn wanted(city: &City, kind: Kind, url: &str) -> Wanted {
    let unit: Option<UnitId> = (kind == Kind::Unit).then(|| city.unit("WATER"));
    Wanted {
        of: None,
        name: "水务系统".into(),
        kind,
        unit,
        url: url.to_owned(),
        topics: "dispatched, closed".into(),
        ack_minutes: 30,
        timeout_s: 5,
        enabled: true,
    }
}

/// Sets a connector up as the program itself; answers its secret, where it is called.
pub fn connect(city: &City, kind: Kind, web: Option<&Web>) -> (Connector, Option<String>) {
    let url = web.map_or_else(String::new, |w| {
        format!("http://127.0.0.1:{}/orders", w.port)
    });
    city.run(set(&city.system(), wanted(city, kind, &url)))
        .unwrap()
}

pub fn follow(city: &City) -> u32 {
    // On PostgreSQL a row is read when no older transaction runs any more, of whatever database: those of other tests too.
    let mut made = 0;
    for _ in 0..200 {
        made += city.run(connectors::follow(&city.system())).unwrap();
        let is_behind = city
            .system()
            .read_blocking::<_, store::StoreError, _>(|r| {
                Ok(r.outbox_position(connectors::READER)? < Some(r.outbox_end()?))
            })
            .unwrap();
        if !is_behind {
            return made;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the outbox stays behind a transaction that does not end");
}

pub fn push(city: &City) -> usize {
    city.run(connectors::push_due(&city.system())).unwrap()
}

pub fn wait(city: &City, minutes: i64) {
    city.clock
        .set(city.clock.now() + jiff::SignedDuration::from_mins(minutes));
}
