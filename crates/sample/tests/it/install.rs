//! Installing on both engines.

use cases::State;
use cases::sql::{Filter, count_by_state, each_life};
use kernel::ManualClock;
use sample::ops::{InstallError, install, keep_accounts};
use sample::{SampleCity, generate_cases};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use store::{Migration, Read, StoreError, StoreResult, Value};
use testdb::{TestDb, both_engines, monday};

static TABLES: LazyLock<Vec<Migration>> = LazyLock::new(|| {
    let rooms = [
        store::MIGRATIONS,
        access::MIGRATIONS,
        grid::MIGRATIONS,
        actors::MIGRATIONS,
        matters::MIGRATIONS,
        cases::MIGRATIONS,
    ];
    rooms.concat()
});

fn small() -> SampleCity {
    generate_cases(11, monday(), 350).unwrap()
}

fn number(db: &TestDb, clock: &Arc<ManualClock>, sql: &'static str) -> i64 {
    let row: StoreResult<(i64,)> = db
        .system(clock)
        .read_blocking(move |r: &mut Read<'_>| r.one(sql, &[]));
    row.unwrap().0
}

both_engines!(a_city_is_installed_and_replays, &TABLES, |db| {
    let clock = Arc::new(ManualClock::at(monday()));
    let city = small();
    let mut seen = Vec::new();
    let accounts = install(&db.system(&clock), &city, |p| seen.push(p)).unwrap();
    assert_eq!(accounts.len(), 13);
    assert!(
        seen.last()
            .is_some_and(|p| p.cases == p.of && p.of == city.lives.len())
    );
    assert!(seen.windows(2).all(|w| w[0].cases < w[1].cases));

    let expected: BTreeMap<State, i64> =
        city.lives.iter().fold(BTreeMap::new(), |mut all, life| {
            *all.entry(life.case.state).or_default() += 1;
            all
        });
    let ctx = db.system(&clock);
    let found: Vec<(State, i64)> = ctx
        .read_blocking::<_, StoreError, _>(|r| count_by_state(r, &Filter::default()))
        .unwrap();
    assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), expected);

    // Every stored life adds up to its stored row.
    let lives = ctx.read_blocking::<_, StoreError, _>(|r| {
        let mut lives = 0;
        each_life(r, |id, row: &[Value], measured, events| {
            let case = cases::rules::replay(id, events).expect("a life begins with a report");
            assert_eq!(cases::sql::columns(&case), row, "{}", case.number);
            let measures = cases::measures::Measures::of(&case, events).values();
            assert_eq!(Some(measures.as_slice()), measured, "{}", case.number);
            lives += 1;
            Ok(())
        })?;
        Ok(lives)
    });
    assert_eq!(lives.unwrap(), city.lives.len());

    assert_eq!(
        number(
            db,
            &clock,
            "SELECT count(*) FROM settings WHERE name = 'sample_city' AND value = '1'"
        ),
        1
    );
    assert_eq!(
        number(
            db,
            &clock,
            "SELECT count(*) FROM accounts WHERE disabled = 0"
        ),
        13
    );
    assert_eq!(
        number(db, &clock, "SELECT count(*) FROM accounts"),
        city.people.len() as i64
    );
    assert_eq!(
        number(db, &clock, "SELECT count(*) FROM unit_grids"),
        city.grids.len() as i64
    );
    assert_eq!(
        number(db, &clock, "SELECT count(*) FROM duties"),
        city.duties.len() as i64
    );
    assert_eq!(
        number(db, &clock, "SELECT count(*) FROM outbox"),
        city.lives.len() as i64
    );
    let parts = "SELECT count(*) FROM reference_changes WHERE counter > 0 AND part <> 'calendars'";
    assert_eq!(
        number(db, &clock, parts),
        4,
        "every part that was written is counted"
    );
    // One audit event a batch, and no batch with more rows than it may have.
    let audited = number(
        db,
        &clock,
        "SELECT count(*) FROM audit WHERE action = 'sample.install'",
    );
    let rows: usize = city.lives.iter().map(|l| l.events.len() + 2).sum();
    assert!(
        audited as usize >= rows / sample::ops::ROWS,
        "{audited} audit events for {rows} rows of cases alone"
    );
});

both_engines!(
    the_installed_city_answers_as_the_cases_were_led,
    &TABLES,
    |db| {
        let clock = Arc::new(ManualClock::at(monday()));
        let city = small();
        install(&db.system(&clock), &city, |_| ()).unwrap();
        let reference = matters::Reference::new(jiff::tz::TimeZone::get(sample::TIMEZONE).unwrap());
        assert!(reference.refresh_blocking(&db.system(&clock)).unwrap());
        let now = reference.current();
        assert_eq!(now.territory.grids().len(), city.grids.len());
        assert_eq!(now.matters.choices().count(), city.classes.len());
        let today = now.local_date(monday());
        let mut asked = 0;
        for life in &city.lives {
            let case = &life.case;
            assert_eq!(
                now.locate(case.place.point.unwrap()),
                case.place.grid,
                "{}",
                case.number
            );
            // Who has a case for good, and was not ruled to, has it by the register of duties.
            let is_settled = matches!(
                case.state,
                State::Handling | State::PendingCheck | State::PendingClose | State::Closed
            );
            if let Some(unit) = case.unit.filter(|_| is_settled) {
                let who = now.who(case.matter, case.place.grid, None, today).unwrap();
                assert_eq!(who.handling, unit, "{}", case.number);
                asked += 1;
            }
        }
        assert!(asked > 100, "only {asked} cases");
    }
);

both_engines!(numbers_go_on_after_those_used, &TABLES, |db| {
    let clock = Arc::new(ManualClock::at(monday()));
    let city = small();
    install(&db.system(&clock), &city, |_| ()).unwrap();
    for life in &city.lives {
        let number = life.case.number;
        let next: StoreResult<Option<(i64,)>> = db.system(&clock).read_blocking(move |r| {
            let day = number.day().strftime("%Y%m%d").to_string();
            r.opt(
                "SELECT next FROM number_blocks WHERE district = $1 AND day = $2",
                store::params![number.district(), day],
            )
        });
        let (next,) = next.unwrap().unwrap();
        assert!(
            next > i64::from(number.sequence()),
            "{number} would be given again"
        );
    }
});

both_engines!(a_database_in_use_is_refused, &TABLES, |db| {
    let clock = Arc::new(ManualClock::at(monday()));
    let city = small();
    install(&db.system(&clock), &city, |_| ()).unwrap();
    let before = number(db, &clock, "SELECT count(*) FROM audit");
    let again = install(&db.system(&clock), &city, |_| ());
    assert!(
        matches!(again, Err(InstallError::NotEmpty("cases"))),
        "{again:?}"
    );
    assert_eq!(
        number(db, &clock, "SELECT count(*) FROM audit"),
        before,
        "nothing was written"
    );
});

both_engines!(channels_are_verified_as_the_city_says, &TABLES, |db| {
    let clock = Arc::new(ManualClock::at(monday()));
    let rows: StoreResult<Vec<(String, bool)>> = db
        .system(&clock)
        .read_blocking(|r| r.all("SELECT code, verify FROM channels", &[]));
    let channels: BTreeMap<String, bool> = rows.unwrap().into_iter().collect();
    let city = small();
    let classes: BTreeMap<_, _> = city.classes.iter().map(|c| (c.id, c)).collect();
    for life in &city.lives {
        let cases::Fact::Reported(report) = &life.events[0].fact else {
            panic!("a life begins with a report")
        };
        let by_channel = channels[&report.channel];
        assert!(
            by_channel || !report.verify,
            "{} was verified although {} is not",
            report.number,
            report.channel
        );
        if let Some(class) = report.matter.and_then(|m| classes.get(&m)) {
            assert_eq!(
                report.verify,
                by_channel && class.flags.verify,
                "{}",
                report.number
            );
        }
    }
});

#[test]
#[cfg(unix)]
fn the_passwords_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = testkit::temp::Dir::new("sample").unwrap();
    let path = dir.join("demo-accounts.json");
    std::fs::write(&path, "old").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let account = sample::ops::DemoAccount {
        role: "collector".into(),
        name: "演示网格员".into(),
        login: "demo.collector".into(),
        password: "abcd".into(),
        home: sample::ops::home(access::Role::Collector).into(),
    };
    keep_accounts(&path, &[account]).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let read: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(read["accounts"][0]["login"], "demo.collector");
    assert_eq!(read["accounts"][0]["home"], "/tasks");
}
