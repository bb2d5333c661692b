//! The sample city has one burst of water failures laid into half a year of ordinary cases. It must be found within days,
//! and there must be little else.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use warning::backtest::{self, Plan, Warned};
use warning::counts::{Counts, days_between};
use warning::detect::Ground;
use warning::guard;
use warning::model::usual_detectors;
use warning::places::Places;

/// Counts as the figures give them: incidents by unit grid, without what patrols found.
fn counts(city: &sample::SampleCity, places: &Places, first: Date, last: Date) -> Counts {
    let tz = TimeZone::get(sample::TIMEZONE).unwrap();
    let mut sums: BTreeMap<_, (u32, u32)> = BTreeMap::new();
    for life in &city.lives {
        let case = &life.case;
        let (Some(grid), Some(matter)) = (case.place.grid, case.matter) else {
            continue;
        };
        let is_own = cases::facts::PATROL_CHANNELS.contains(&case.channel.as_str());
        let is_incident = !matches!(case.state, cases::State::Merged | cases::State::Voided);
        let day = tz.to_datetime(case.reported_at).date();
        let sum = sums.entry((matter, day, grid)).or_default();
        sum.0 += u32::from(is_incident && !is_own);
        sum.1 += 1;
    }
    let mut counts = Counts::new(first, last);
    for ((matter, day, grid), (incidents, voices)) in sums {
        if let Some(spot) = places.spot(grid.as_str()) {
            counts.add(matter, day, spot, incidents, voices);
        }
    }
    counts.sorted()
}

#[test]
fn the_burst_is_found_within_days_and_little_else_comes() {
    let now = "2026-06-15T18:00:00+08:00".parse().unwrap();
    let city = sample::generate(1, now).unwrap();
    let today = now
        .to_zoned(TimeZone::get(sample::TIMEZONE).unwrap())
        .date();
    let territory = grid::Territory::build(
        city.divisions.clone(),
        city.grids.clone(),
        Vec::new(),
        today,
    );
    let places = Places::of(&territory);
    let first = today.checked_sub(sample::DAYS.days()).unwrap();
    let counts = counts(&city, &places, first, today);
    let categories = guard::admitted(&city.classes);
    assert!(
        categories.len() > 30,
        "only {} warnable classes",
        categories.len()
    );
    let calendar = kernel::Calendar::cn();
    let ground = Ground {
        counts: &counts,
        places: &places,
        categories: &categories,
        is_off: &|day| !calendar.is_workday(day),
    };
    let detectors = usual_detectors();
    let plan = Plan {
        detectors: &detectors,
        from: today.checked_sub(44.days()).unwrap(),
        to: today.checked_sub(1.days()).unwrap(),
        seed: 1,
        known: &[],
    };
    let outcome = backtest::run(&ground, &plan, |_| true).unwrap();
    let cells: BTreeSet<String> = city
        .burst
        .spots
        .iter()
        .map(|s| city.spots[*s].grid.to_string())
        .collect();
    let codes: BTreeMap<_, _> = city
        .classes
        .iter()
        .map(|c| (c.id, c.code.as_str()))
        .collect();
    let water = ["E0501", "E0594", "C0193"];
    let is_burst = |w: &&Warned| {
        water.contains(&codes[&w.track.category])
            && w.track.places.iter().any(|p| {
                cells.contains(p) || cells.iter().any(|c| c.starts_with(p.trim_end_matches('0')))
            })
            && w.track.first_seen >= city.burst.from
            && days_between(city.burst.to, w.track.first_seen) <= 7
    };
    let found: Vec<&Warned> = outcome.warned.iter().filter(is_burst).collect();
    assert!(!found.is_empty());
    let first_seen = found.iter().map(|w| w.track.first_seen).min().unwrap();
    let delay = days_between(city.burst.from, first_seen);
    assert!((0..=3).contains(&delay), "found after {delay} days");
    // A class at a place has one finding, however many days it lasted.
    let classes: BTreeSet<_> = found.iter().map(|w| w.track.category).collect();
    assert_eq!(classes.len(), found.len());
    let others = outcome.warned.len() - found.len();
    assert!(others <= 2, "{others} other warnings in 44 days");
    assert!(
        outcome.by_chance.values().sum::<u32>() <= 4,
        "{:?}",
        outcome.by_chance
    );
}
