//! What the generated city promises, without a database.

use access::Role;
use cases::State;
use grid::Area;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::{Calendar, DivisionCode, DivisionLevel, Point};
use sample::{Ground, SampleCity, generate, generate_cases};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

fn noon() -> Timestamp {
    "2026-11-23T10:30:00+08:00".parse().unwrap()
}

/// The full city, made once for all tests of this process.
fn city() -> &'static SampleCity {
    static CITY: LazyLock<SampleCity> = LazyLock::new(|| generate(20_261_123, noon()).unwrap());
    &CITY
}

fn of_level(city: &SampleCity, level: DivisionLevel) -> Vec<DivisionCode> {
    city.divisions
        .iter()
        .map(|d| d.code)
        .filter(|c| c.level() == level)
        .collect()
}

fn shape(city: &SampleCity, code: DivisionCode) -> &Area {
    city.divisions
        .iter()
        .find(|d| d.code == code)
        .and_then(|d| d.shape.as_ref())
        .unwrap()
}

/// Numbers that look random and are the same in every run.
fn scatter(n: u32) -> (f64, f64) {
    let golden = |step: f64| (f64::from(n) * step).fract();
    (
        golden(0.754_877_666_246_692_8),
        golden(0.569_840_290_998_053_3),
    )
}

#[test]
fn every_division_has_a_name_in_both_languages() {
    for division in &city().divisions {
        let en = division.name_en.as_deref().unwrap_or_default();
        assert!(!en.is_empty() && en.is_ascii(), "{}: {en:?}", division.name);
    }
}

#[test]
fn the_city_is_as_large_as_it_says() {
    let city = city();
    assert_eq!(of_level(city, DivisionLevel::City).len(), 1);
    assert_eq!(of_level(city, DivisionLevel::District).len(), 3);
    assert_eq!(of_level(city, DivisionLevel::Street).len(), 12);
    assert_eq!(of_level(city, DivisionLevel::Community).len(), 48);
    assert!(
        (1100..=1300).contains(&city.grids.len()),
        "{} unit grids",
        city.grids.len()
    );
    assert_eq!(city.units.len(), 40);
    let kinds: BTreeSet<_> = city.units.iter().map(|u| u.kind).collect();
    assert_eq!(kinds.len(), 8, "all eight kinds of units: {kinds:?}");
    assert!((60..=90).contains(&city.classes.len()));
    assert_eq!(city.beats.len(), 48);
    assert_eq!(city.lives.len(), sample::CASES);
    assert!(
        city.divisions
            .iter()
            .all(|d| d.residents > Some(0) && d.households > Some(0))
    );
    let demo: Vec<Role> = city
        .people
        .iter()
        .filter(|p| p.is_demo)
        .flat_map(|p| p.draft.roles.clone())
        .collect();
    assert_eq!(demo.len(), 13);
    assert!(
        Role::ALL.iter().all(|role| demo.contains(role)),
        "one demo account for each role: {demo:?}"
    );
    let logins: BTreeSet<_> = city.people.iter().map(|p| &p.login).collect();
    assert_eq!(logins.len(), city.people.len(), "a login stands twice");
}

#[test]
fn every_part_is_the_sum_of_its_parts() {
    let city = city();
    for division in &city.divisions {
        let code = division.code;
        let area = shape(city, code);
        let sum: f64 = city
            .grids
            .iter()
            .filter(|g| code.contains(&g.code.community()))
            .map(|g| g.area_m2)
            .sum();
        assert!(
            (area.square_metres() / sum - 1.0).abs() < 1e-9,
            "{code}: {} m² and {sum} m² of grids",
            area.square_metres()
        );
        assert_eq!(area.polygons().len(), 1, "{code} lies in pieces");
        assert!(area.polygons()[0].holes.is_empty(), "{code} has a hole");
        area.check_simple().unwrap();
    }
    let people = |level| -> i64 {
        city.divisions
            .iter()
            .filter(|d| d.level() == level)
            .filter_map(|d| d.residents)
            .sum()
    };
    let all = people(DivisionLevel::City);
    assert!(
        (people(DivisionLevel::Community) - all).abs() <= 48,
        "rounding only"
    );
}

#[test]
fn cells_fit_without_gap_or_overlap() {
    let city = city();
    assert_eq!(grid::rules::check_fit(&city.grids, 30.0), Vec::new());
    let whole = shape(city, of_level(city, DivisionLevel::City)[0]);
    let b = whole.bounds();
    let mut inside = 0;
    for n in 0..4000 {
        let (x, y) = scatter(n);
        let p = Point::new(
            b.west + (b.east - b.west) * x,
            b.south + (b.north - b.south) * y,
        )
        .unwrap();
        let holders: Vec<_> = city
            .grids
            .iter()
            .filter(|g| g.shape.contains(p))
            .map(|g| g.code)
            .collect();
        assert_eq!(
            holders.len(),
            usize::from(whole.contains(p)),
            "{p:?} lies in {holders:?}"
        );
        for grid in holders {
            inside += 1;
            for d in &city.divisions {
                let holds = d.shape.as_ref().unwrap().contains(p);
                assert_eq!(
                    holds,
                    d.code.contains(&grid.community()),
                    "{p:?}: {} and {grid} do not agree",
                    d.code
                );
            }
        }
    }
    assert!(inside > 2500, "only {inside} points lay inside");
}

#[test]
fn neighbours_share_vertices_and_cells_are_not_squares() {
    let city = city();
    for (grid, spot) in city.grids.iter().zip(&city.spots) {
        assert_eq!(grid.code, spot.grid);
        let vertices = |at: usize| -> BTreeSet<(u64, u64)> {
            let outer = &city.grids[at].shape.polygons()[0].outer;
            outer
                .iter()
                .map(|v| (v[0].to_bits(), v[1].to_bits()))
                .collect()
        };
        let own: BTreeSet<(u64, u64)> = grid.shape.polygons()[0]
            .outer
            .iter()
            .map(|v| (v[0].to_bits(), v[1].to_bits()))
            .collect();
        assert!(own.len() >= 8, "{} has {} vertices", grid.code, own.len());
        for other in &spot.neighbours {
            let shared = own.intersection(&vertices(*other)).count();
            assert!(
                shared >= 3,
                "{} and {} share {shared} vertices",
                grid.code,
                city.grids[*other].code
            );
        }
        let longitudes: BTreeSet<u64> = own.iter().map(|v| v.0).collect();
        assert!(longitudes.len() > 2, "{} is a rectangle", grid.code);
    }
}

#[test]
fn any_seed_makes_a_city_that_fits() {
    for seed in [0, 1, 42, u64::MAX] {
        let city = generate_cases(seed, noon(), 100).unwrap();
        assert_eq!(
            grid::rules::check_fit(&city.grids, 30.0),
            Vec::new(),
            "seed {seed}"
        );
        for division in &city.divisions {
            let area = division.shape.as_ref().unwrap();
            assert_eq!(
                area.polygons().len(),
                1,
                "seed {seed}: {} lies in pieces",
                division.code
            );
            area.check_simple().unwrap();
        }
        assert!(
            (1100..=1300).contains(&city.grids.len()),
            "seed {seed}: {} unit grids",
            city.grids.len()
        );
    }
}

#[test]
fn no_open_task_is_behind_its_clock() {
    let city = city();
    // A merged case keeps its task, so that the merge can be undone.
    let open = || city.lives.iter().filter(|l| !l.case.state.is_final());
    let tasks = || open().filter_map(|l| l.case.task.as_ref());
    assert!(tasks().count() > 20);
    assert!(
        tasks().all(|task| task.due_at > city.now),
        "a timer would have run"
    );
    let demo = city
        .people
        .iter()
        .find(|p| p.login == "demo.collector")
        .unwrap()
        .id;
    assert!(
        tasks().any(|task| task.assignee == Some(demo) || task.assignee.is_none()),
        "the demo collector has something to do"
    );
}

#[test]
fn the_same_seed_makes_the_same_city_and_another_another() {
    let make = |seed| generate_cases(seed, noon(), 400).unwrap();
    let (a, b, c) = (make(7), make(7), make(8));
    assert_eq!(
        (&a.divisions, &a.grids, &a.units, &a.classes),
        (&b.divisions, &b.grids, &b.units, &b.classes)
    );
    assert_eq!(
        (&a.duties, &a.beats, &a.people, &a.lives, &a.burst),
        (&b.duties, &b.beats, &b.people, &b.lives, &b.burst)
    );
    assert_ne!(a.lives, c.lives);
    assert_ne!(a.grids, c.grids);
}

#[test]
fn every_life_replays_to_its_case() {
    let city = city();
    let mut numbers = BTreeSet::new();
    for life in &city.lives {
        let case = &life.case;
        assert_eq!(
            cases::rules::replay(case.id, &life.events).as_ref(),
            Some(case),
            "{}",
            case.number
        );
        assert!(numbers.insert(case.number), "{} stands twice", case.number);
        assert_eq!(
            case.id.0.millis(),
            case.reported_at.as_millisecond(),
            "{}",
            case.number
        );
        let in_order = life
            .events
            .windows(2)
            .all(|w| w[0].at <= w[1].at && w[0].seq + 1 == w[1].seq);
        assert!(
            in_order && life.events.iter().all(|e| e.at <= city.now),
            "{}",
            case.number
        );
        let point = case.place.point.unwrap();
        let at = city
            .grids
            .binary_search_by_key(&case.place.grid.unwrap(), |g| g.code)
            .unwrap();
        assert!(
            city.grids[at].shape.contains(point),
            "{} lies outside its grid",
            case.number
        );
    }
    assert!(
        city.lives
            .windows(2)
            .all(|w| w[0].case.reported_at <= w[1].case.reported_at)
    );
}

fn states(city: &SampleCity) -> BTreeMap<State, usize> {
    let mut states = BTreeMap::new();
    for life in &city.lives {
        *states.entry(life.case.state).or_default() += 1;
    }
    states
}

#[test]
fn every_state_is_there_whenever_it_is_made() {
    // A working morning, a night, a Sunday, the middle of a long holiday, the first minutes of a year.
    for now in [
        "2026-11-23T10:30:00+08:00",
        "2026-07-15T03:05:00+08:00",
        "2026-08-09T20:00:00+08:00",
        "2026-02-19T12:00:00+08:00",
        "2026-01-01T00:03:00+08:00",
    ] {
        let city = generate_cases(5, now.parse().unwrap(), 600).unwrap();
        let there = states(&city);
        for state in State::ALL.iter().filter(|s| **s != State::Transferred) {
            assert!(
                there.contains_key(state),
                "at {now} no case is {state}: {there:?}"
            );
        }
    }
}

#[test]
fn the_record_looks_like_a_citys() {
    let city = city();
    let states = states(city);
    println!("{states:?}");
    let count =
        |holds: &dyn Fn(&cases::Case) -> bool| city.lives.iter().filter(|l| holds(&l.case)).count();
    let share = |part: usize| part as f64 / city.lives.len() as f64;
    let late = count(&|c| {
        c.due_at
            .zip(c.handled_at)
            .is_some_and(|(due, done)| done > due)
    });
    let handled = count(&|c| c.handled_at.is_some() && c.due_at.is_some());
    let figures = [
        ("closed", share(states[&State::Closed]), 0.65..0.92),
        (
            "handled on the spot",
            share(states[&State::SelfHandled]),
            0.03..0.2,
        ),
        ("merged", share(states[&State::Merged]), 0.01..0.08),
        ("reworked", share(count(&|c| c.reworks > 0)), 0.02..0.1),
        ("returned", share(count(&|c| c.returns > 0)), 0.02..0.1),
        ("late", late as f64 / handled as f64, 0.03..0.2),
        (
            "called back",
            share(count(&|c| c.call_back.is_some())),
            0.05..0.4,
        ),
        ("open", share(count(&|c| !c.state.is_final())), 0.005..0.08),
        (
            "open and overdue",
            share(count(&|c| {
                !c.state.is_final()
                    && c.handled_at.is_none()
                    && c.due_at.is_some_and(|d| d < city.now)
            })),
            0.0005..0.05,
        ),
    ];
    for (what, figure, expected) in figures {
        println!("{what}: {figure:.4}");
        assert!(
            expected.contains(&figure),
            "{what}: {figure:.4} is not within {expected:?}"
        );
    }
}

#[test]
fn weeks_and_holidays_show() {
    let city = city();
    let tz = TimeZone::get(sample::TIMEZONE).unwrap();
    let mut by_day: BTreeMap<jiff::civil::Date, f64> = BTreeMap::new();
    for life in &city.lives {
        *by_day
            .entry(tz.to_datetime(life.case.reported_at).date())
            .or_default() += 1.0;
    }
    let mean = |holds: &dyn Fn(jiff::civil::Date) -> bool| {
        let days: Vec<f64> = by_day
            .iter()
            .filter(|(d, _)| holds(**d))
            .map(|(_, n)| *n)
            .collect();
        days.iter().sum::<f64>() / days.len() as f64
    };
    let calendar = Calendar::cn();
    let is_weekend = |d: jiff::civil::Date| d.weekday().to_monday_one_offset() > 5;
    let work = mean(&|d| calendar.is_workday(d));
    let weekend = mean(&|d| !calendar.is_workday(d) && is_weekend(d));
    let holiday = mean(&|d| !calendar.is_workday(d) && !is_weekend(d));
    assert!(
        weekend < 0.8 * work && holiday < 0.6 * work,
        "{work:.1} on working days, {weekend:.1} at weekends, {holiday:.1} on holidays"
    );
}

#[test]
fn no_text_holds_a_persons_number_and_texts_differ() {
    let city = city();
    let mut texts = BTreeSet::new();
    for life in &city.lives {
        let case = &life.case;
        for text in std::iter::once(&case.description).chain(&case.place.address) {
            let (masked, spans) = kernel::mask::mask_free_text(text, &[]);
            assert!(spans.is_empty(), "{text} became {masked}");
        }
        texts.insert(&case.description);
    }
    let different = texts.len() as f64 / city.lives.len() as f64;
    assert!(different > 0.9, "only {different:.3} of the texts differ");
    let english = texts.iter().filter(|t| t.is_ascii()).count();
    assert!(
        (20..1000).contains(&english),
        "{english} reports in English"
    );
}

#[test]
fn the_burst_stands_out() {
    let city = city();
    let tz = TimeZone::get(sample::TIMEZONE).unwrap();
    let burst = &city.burst;
    assert!((3..=6).contains(&burst.spots.len()), "{:?}", burst.spots);
    assert!(
        burst.spots[1..]
            .iter()
            .all(|s| city.spots[burst.spots[0]].neighbours.contains(s)),
        "neighbours of one another"
    );
    assert!(
        burst
            .spots
            .iter()
            .all(|s| city.spots[*s].ground == Ground::Homes)
    );
    let grids: BTreeSet<_> = burst.spots.iter().map(|s| city.spots[*s].grid).collect();
    let water: BTreeSet<_> = city
        .classes
        .iter()
        .filter(|c| matches!(c.code.as_str(), "E0501" | "E0594" | "C0193"))
        .map(|c| c.id)
        .collect();
    let (mut during, mut otherwise) = (0_usize, 0_usize);
    for life in city.lives.iter().filter(|l| l.case.state != State::Merged) {
        let case = &life.case;
        if grids.contains(&case.place.grid.unwrap())
            && case.matter.is_some_and(|m| water.contains(&m))
        {
            let day = tz.to_datetime(case.reported_at).date();
            if (burst.from..=burst.to).contains(&day) {
                during += 1
            } else {
                otherwise += 1
            }
        }
    }
    // A few reports are not accepted before anybody has given them a class.
    assert!(
        burst.incidents >= 25 && during * 10 >= burst.incidents * 8,
        "{during} of {}",
        burst.incidents
    );
    // Four days against 176 others.
    assert!(
        during > 2 * otherwise,
        "{during} in the burst, {otherwise} in half a year besides"
    );
}

#[test]
fn nobody_checks_or_closes_the_work_of_their_own_unit() {
    let city = city();
    for life in &city.lives {
        for event in &life.events {
            let judges = matches!(
                event.fact,
                cases::Fact::Checked { .. }
                    | cases::Fact::Closed { .. }
                    | cases::Fact::CalledBack { .. }
            );
            assert!(
                !judges || event.by.unit != life.case.unit,
                "{}",
                life.case.number
            );
        }
    }
}
