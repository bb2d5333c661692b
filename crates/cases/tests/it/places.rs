//! Open cases by place and light: counted by a statement, they are what the lights of the cases say, whatever is asked.

use crate::city::{self, CELL, City, ELSEWHERE};
use crate::lives::{DISTRICTS, Lives, id, migrations};
use access::UnitId;
use cases::State;
use cases::model::Case;
use cases::ops::{self, CaseError, NewPlace, NewReport, desk::Narrow};
use cases::sql_desk::{self, Asked, AtPlace, Clock};
use facts::Place;
use jiff::Timestamp;
use kernel::deadline::Light;
use matters::MatterId;
use std::collections::BTreeMap;
use store::StoreError;
use testkit::rng::Seed;

fn clock_of(case: &Case, now: Timestamp) -> Clock {
    match case.light(now) {
        Some(Light::Late) => Clock::Late,
        Some(Light::Soon) => Clock::Soon,
        _ => Clock::InTime,
    }
}

fn place_of(case: &Case) -> Place {
    Place::of(case.place.grid, case.place.division)
}

/// When a clock that runs turns yellow next.
fn next_yellow(lives: &Lives) -> Option<Timestamp> {
    let now = lives.now();
    let turns = |case: &Case| [case.stage_soon_at, case.handling_soon()];
    let open = lives.cases.iter().filter(|c| !c.state.is_final());
    open.flat_map(turns).flatten().filter(|at| *at > now).min()
}

/// What `asked` says, read case by case.
fn is_asked(asked: &Asked, case: &Case) -> bool {
    !case.state.is_final()
        && (asked.states.is_empty() || asked.states.contains(&case.state))
        && (asked.districts.is_empty() || asked.districts.contains(&case.district))
        && asked.unit.is_none_or(|unit| case.unit == Some(unit))
        && asked.matter.is_none_or(|m| case.matter == Some(m))
        && asked.place.is_none_or(|place| {
            let own = place_of(case).to_string();
            own.starts_with(&place.to_string())
        })
        && asked
            .light
            .is_none_or(|(clock, now)| clock_of(case, now) == clock)
}

/// Anything of each kind, or nothing of it.
fn some_question(lives: &mut Lives) -> Asked {
    const PLACES: [&str; 7] = [
        "",
        "33",
        "330102",
        "330102001",
        "330102001001",
        "330102001001002",
        "9901",
    ];
    let open: Vec<State> = State::ALL
        .iter()
        .copied()
        .filter(|s| !s.is_final())
        .collect();
    let states = (0..lives.below(3))
        .map(|_| open[lives.below(open.len())])
        .collect();
    Asked {
        states,
        districts: (0..lives.below(3))
            .map(|n| DISTRICTS[n].parse().unwrap())
            .collect(),
        unit: (lives.below(3) == 0)
            .then(|| UnitId(id(100 + u8::try_from(lives.below(3)).unwrap()))),
        matter: (lives.below(3) == 0).then(|| MatterId(id(50))),
        place: (lives.below(2) == 0).then(|| PLACES[lives.below(7)].parse().unwrap()),
        ..Asked::default()
    }
}

testdb::both_engines!(
    places_count_what_the_lights_of_their_cases_say,
    &migrations(),
    |db| {
        let seed = Seed::of("places_count_what_the_lights_of_their_cases_say");
        let mut lives = Lives::new(db, seed.value());
        for _ in 0..40 {
            lives.begin();
        }
        let mut seen = BTreeMap::<&str, i64>::new();
        for round in 0..150 {
            for _ in 0..4 {
                match lives.below(10) {
                    0 => lives.begin(),
                    _ => lives.act(),
                }
            }
            let minutes = lives.below(90) as u64;
            let passed = std::time::Duration::from_secs(60 * minutes);
            lives.clock.advance(passed);
            // The last fifth of a limit is short, and most steps leap over it: every other round goes to where it begins.
            if let Some(soon) = (round % 2 == 0).then(|| next_yellow(&lives)).flatten() {
                lives.clock.set(soon);
            }
            let now = lives.now();
            let asked = match round % 3 {
                0 => Asked::default(),
                _ => some_question(&mut lives),
            };
            for clock in Clock::ALL {
                let lit = Asked {
                    light: Some((clock, now)),
                    ..asked.clone()
                };
                let (of_all, of_lit) = (asked.clone(), lit.clone());
                let (found, listed) = lives
                    .ctx
                    .renewed()
                    .read_blocking::<_, StoreError, _>(move |r| {
                        let found = sql_desk::by_place(r, &of_all, (clock, now))?;
                        Ok((found, sql_desk::queue(r, &of_lit, None, 1000)?))
                    })
                    .unwrap();
                let mut counted = BTreeMap::<Place, (i64, i64)>::new();
                for AtPlace { place, open, lit } in found {
                    let sums = counted.entry(place).or_default();
                    *sums = (sums.0 + open, sums.1 + lit);
                }
                let mut expected = BTreeMap::<Place, (i64, i64)>::new();
                for case in lives.cases.iter().filter(|c| is_asked(&asked, c)) {
                    let sums = expected.entry(place_of(case)).or_default();
                    sums.0 += 1;
                    sums.1 += i64::from(clock_of(case, now) == clock);
                }
                assert_eq!(counted, expected, "{asked:?} {clock:?} at {now}");
                // And the list behind a count has these cases.
                let mut numbers: Vec<_> = listed.iter().map(|q| q.case.number).collect();
                numbers.sort_unstable();
                let mut behind: Vec<_> = lives
                    .cases
                    .iter()
                    .filter(|c| is_asked(&lit, c))
                    .map(|c| c.number)
                    .collect();
                behind.sort_unstable();
                assert_eq!(numbers, behind, "{lit:?}");
                *seen.entry(clock.as_str()).or_default() +=
                    expected.values().map(|n| n.1).sum::<i64>();
            }
        }
        assert!(
            seen.len() == 3 && seen.values().all(|n| *n > 20),
            "too little was seen: {seen:?}"
        );
    }
);

testdb::both_engines!(
    the_desk_lists_the_open_cases_of_a_place,
    &city::migrations(),
    |db| {
        let city = City::new(db);
        let here = city.case_at(State::PendingAccept);
        let over = city.case_at(State::Closed);
        let there = NewReport {
            place: NewPlace {
                division: Some(format!("{ELSEWHERE}000000").parse().unwrap()),
                ..NewPlace::default()
            },
            ..city.cover("patrol")
        };
        let there = city.report("collector", there).case;
        let page = |query: &str| city.get("desk", &format!("/desk?{query}")).text;
        let has = |text: &str, case: &Case| text.contains(&format!("/cases/{}\"", case.number));
        for place in [CELL, &CELL[..12], &CELL[..9], &CELL[..6], "33"] {
            for state in ["", "&state=all", "&state=open", "&state=pending_accept"] {
                let list = page(&format!("place={place}{state}"));
                assert!(has(&list, &here), "{place}{state}");
                assert!(!has(&list, &over), "{place}{state}: it is over");
                assert_eq!(has(&list, &there), place == "33", "{place}{state}");
                // The filter keeps the place, and a link drops it.
                let hidden = format!("<input type=\"hidden\" name=\"place\" value=\"{place}\">");
                assert!(list.contains(&hidden), "{place}{state}");
            }
        }
        let narrowed = page(&format!("place={CELL}&light=in_time&state=open"));
        assert!(has(&narrowed, &here));
        assert!(narrowed.contains("href=\"/desk?state=open&#38;light=in_time\""));
        assert!(!has(&page(&format!("place={CELL}&light=late")), &here));
        // What is over is in no such list, which says so.
        let closed = page(&format!("place={CELL}&state=closed"));
        assert!(closed.contains("按地点只能列出未办结的案件"), "{closed}");
        for odd in ["place=x", "place=3301", "place=33010", "place=%3Cb%3E"] {
            let reply = city.get("desk", &format!("/desk?{odd}"));
            assert_eq!(reply.status, 200, "{odd}");
            let is_told = reply.text.contains("role=\"alert\"");
            assert_eq!(is_told, odd != "place=3301", "{odd}");
        }
        // It is kept under a name like any other list.
        let asked = format!("state=open&place={CELL}&light=late");
        let save = [("name", "网格"), ("asked", asked.as_str())];
        let saved = city.urlencoded("desk", "/desk/filters", &save);
        assert_eq!(saved.location, format!("/desk?{asked}"));
    }
);

testdb::both_engines!(
    whoever_reads_figures_may_count_by_place_and_nobody_else,
    &city::migrations(),
    |db| {
        let city = City::new(db);
        city.case_at(State::Handling);
        city.case_at(State::PendingAccept);
        let count = |login: &str| {
            let ctx = city.ctx(login);
            let before = ctx.statements();
            let found = ops::desk::by_place(&ctx, Vec::new(), Narrow::default(), Clock::InTime);
            let found = city.run(found);
            assert!(ctx.statements() - before <= 1, "one statement");
            found.map(|all| all.iter().map(|at| (at.open, at.lit)).collect::<Vec<_>>())
        };
        assert_eq!(count("leader").unwrap(), [(2, 2)]);
        assert_eq!(count("analyst").unwrap(), [(2, 2)]);
        let own = count("water_lead").unwrap();
        assert_eq!(own, [(1, 1)], "a department its own");
        for login in ["collector", "acceptor", "water", "stranger"] {
            assert!(
                matches!(count(login), Err(CaseError::Refused(_))),
                "{login}"
            );
        }
    }
);
