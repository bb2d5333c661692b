//! How large the index of the search is and how fast it answers, over many invented cases. A measurement, not a claim: it
//! is left out unless asked for, and prints what it finds.
//!
//! `SHIYU_SEARCH_CASES=1000000 cargo nextest run -p shiyu-cases --run-ignored only --no-capture search_scale`

use crate::city::{City, migrations};
use cases::ops::{self, ListQuery, search};
use cases::{Case, CaseId, State};
use jiff::{SignedDuration, Timestamp};
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::id::Id;
use std::time::Instant;
use store::{AuditEvent, Engine, StoreError, Value};

const DISTRICTS: u32 = 10;
const BATCH: u32 = 5_000;

fn wanted() -> u32 {
    let wanted = std::env::var("SHIYU_SEARCH_CASES").ok();
    wanted.and_then(|n| n.parse().ok()).unwrap_or(20_000)
}

/// Numbers that look drawn, the same in each run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % u64::from(n)).unwrap()
    }
    /// Small numbers far more often than large ones, as words of a language are.
    fn often(&mut self, n: u32) -> u32 {
        let few = self.below(n).min(self.below(n));
        few.min(self.below(n))
    }
}

/// A word of two characters.
fn word(n: u32) -> String {
    let sign = |n: u32| char::from_u32(0x4E00 + n % 2_500).unwrap();
    String::from_iter([sign(n * 7), sign(n * 13 + 5)])
}

/// A text of about forty characters, and an address.
fn texts(draw: &mut Draw) -> (String, String) {
    let words: Vec<String> = (0..20).map(|_| word(draw.often(4_000))).collect();
    let said = format!("{}，{}。", words[..11].concat(), words[11..].concat());
    let place = format!(
        "{}路{}号",
        word(5_000 + draw.below(400)),
        1 + draw.below(300)
    );
    (said, place)
}

fn invented(like: &Case, n: u32, of: u32, draw: &mut Draw) -> Case {
    let span = SignedDuration::from_hours(3 * 365 * 24);
    let before = span.as_secs() * i64::from(of - n) / i64::from(of);
    let at: Timestamp = testdb::monday() - SignedDuration::from_secs(before);
    let district: DistrictCode = format!("3301{:02}", 2 + n % DISTRICTS).parse().unwrap();
    let mut random = [0; 10];
    random[..4].copy_from_slice(&n.to_be_bytes());
    let day = at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut case = like.clone();
    case.id = CaseId(Id::new(at, random));
    case.district = district;
    case.number = CaseNumber::new(district, day, 1 + n).unwrap();
    case.reported_at = at;
    let (said, address) = texts(draw);
    case.description = said;
    case.place.address = Some(address);
    case
}

/// Lays cases down; one in two hundred is open.
fn lay(city: &City, how_many: u32) {
    let closed = city.case_at(State::Closed);
    let open = city.case_at(State::Handling);
    let mut draw = Draw(88_172_645_463_325_252);
    let system = city.system();
    for year in 2022..=2026 {
        system
            .write_blocking::<_, StoreError, _>(move |mut w| {
                w.ensure_year(year)?;
                w.commit(AuditEvent::done("test", "test", "year"), ())
            })
            .unwrap();
    }
    let mut n = 0;
    while n < how_many {
        let rows: Vec<Vec<Value>> = (n..(n + BATCH).min(how_many))
            .map(|n| {
                let like = if n % 200 == 0 { &open } else { &closed };
                cases::sql::columns(&invented(like, n, how_many, &mut draw))
            })
            .collect();
        system
            .write_blocking::<_, StoreError, _>(move |mut w| {
                w.bulk("cases", cases::sql::COLUMNS, &rows)?;
                w.commit(AuditEvent::done("test", "test", "lay"), ())
            })
            .unwrap();
        n += BATCH;
    }
    system.analyze_blocking().unwrap();
}

/// Bytes of the whole database.
fn bytes(city: &City, engine: Engine) -> i64 {
    match engine {
        Engine::Sqlite => city.count(
            "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
        ),
        Engine::Postgres => city.count("SELECT pg_database_size(current_database())"),
    }
}

fn measure(city: &City, engine: Engine) {
    let how_many = wanted();
    lay(city, how_many);
    let before = bytes(city, engine);
    let began = Instant::now();
    let system = city.system();
    let seen = city.run(search::rebuild(&system, |_, _| {})).unwrap();
    let filled_s = began.elapsed().as_secs_f64();
    system.analyze_blocking().unwrap();
    let rows = city.count("SELECT count(*) FROM facts_search_words");
    let index = bytes(city, engine) - before;
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let (each, per_case) = (index as f64 / seen as f64, rows as f64 / seen as f64);
    println!(
        "{engine:?}: {seen} cases in {filled_s:.0} s, {per_case:.1} words and {each:.0} bytes each; the record before {before} bytes, the index {index}"
    );
    let newest = invented(
        &city.case_at(State::Closed),
        how_many - 1,
        how_many,
        &mut Draw(1),
    );
    let number = newest.number.to_string();
    for (what, find, states) in [
        ("a frequent word", word(3), Vec::new()),
        ("a rare word", word(3_990), Vec::new()),
        (
            "two frequent words",
            format!("{} {}", word(3), word(9)),
            Vec::new(),
        ),
        (
            "four characters that never stand so",
            format!("{}{}", word(3), word(3_777)),
            Vec::new(),
        ),
        (
            "a frequent word among what is open",
            word(3),
            ops::states_of("open").unwrap(),
        ),
        (
            "a rare word among what is closed",
            word(3_990),
            vec![State::Closed],
        ),
        ("an address", format!("{}路", word(5_100)), Vec::new()),
        (
            "the beginning of a number",
            number[..13].to_owned(),
            Vec::new(),
        ),
    ] {
        for login in ["desk", "elsewhere", "clean"] {
            let query = ListQuery {
                find: search::read_find("q", &find).unwrap(),
                states: states.clone(),
                ..ListQuery::default()
            };
            let ctx = city.ctx(login);
            let mut times = Vec::new();
            let mut found = 0;
            for _ in 0..5 {
                let began = Instant::now();
                found = city
                    .run(ops::list(&ctx, query.clone()))
                    .unwrap()
                    .items
                    .len();
                times.push(began.elapsed().as_micros());
            }
            times.sort_unstable();
            println!(
                "{engine:?}: {what}, {login}: {found} on a page in {} µs",
                times[2]
            );
        }
    }
}

#[test]
#[ignore = "a measurement"]
fn how_large_and_how_fast_on_sqlite() {
    let db = testdb::TestDb::sqlite(&migrations());
    measure(&City::new(&db), Engine::Sqlite);
}

#[test]
#[ignore = "a measurement"]
fn how_large_and_how_fast_on_postgres() {
    let name = "how_large_and_how_fast_on_postgres";
    if let Some(db) = testdb::TestDb::postgres(name, &migrations()) {
        measure(&City::new(&db), Engine::Postgres);
    }
}
