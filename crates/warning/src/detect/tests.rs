//! What detectors find, what they leave alone, and the guards on the way.

use super::*;
use crate::counts::days_between;
use crate::testing::{self, Luck, class};
use jiff::civil::date;
use std::collections::BTreeSet;

const FIRST: Date = date(2025, 11, 1);
const TODAY: Date = date(2026, 3, 1);

/// A city of 2 districts of 2 streets of 6 × 6 cells with quiet counts of one class: one incident in about ten cells a day.
struct City {
    places: Places,
    counts: Counts,
    categories: BTreeMap<MatterId, Category>,
}

impl City {
    fn new(households: Option<i64>) -> Self {
        let places = Places::of(&testing::territory(2, 2, 6, households));
        let category = Category {
            is_sensitive: false,
        };
        Self {
            places,
            counts: Counts::new(FIRST, TODAY),
            categories: BTreeMap::from([(class(1), category)]),
        }
    }
    fn quiet(mut self, category: u8, per_day: f64, luck: &mut Luck) -> Self {
        let cells = u32::try_from(self.places.at(Level::Grid).len()).unwrap();
        for day in 0..=days_between(FIRST, TODAY) {
            for _ in 0..poisson(per_day, luck) {
                self.put(category, luck.below(cells), day_after(FIRST, day), 1, 1);
            }
        }
        self
    }
    fn put(&mut self, category: u8, cell: u32, day: Date, incidents: u32, voices: u32) {
        let code = self.places.at(Level::Grid)[cell as usize].code.clone();
        let spot = self.places.spot(&code).unwrap();
        self.counts
            .add(class(category), day, spot, incidents, voices);
    }
    fn run(&self, detectors: &[Detector]) -> Vec<Look> {
        let counts = self.counts.clone().sorted();
        let ground = Ground {
            counts: &counts,
            places: &self.places,
            categories: &self.categories,
            is_off: &|day| day.weekday().to_monday_zero_offset() >= 5,
        };
        run(&ground, detectors, TODAY, 1)
    }
    fn signals(&self, detector: &Detector) -> Vec<Signal> {
        self.run(std::slice::from_ref(detector))
            .into_iter()
            .flat_map(|look| look.signals)
            .collect()
    }
}

/// Knuth's method; means here are small.
fn poisson(mean: f64, luck: &mut Luck) -> u32 {
    let (limit, mut product, mut n) = ((-mean).exp(), luck.share(), 0);
    while product > limit {
        product *= luck.share();
        n += 1;
    }
    n
}

fn detector(method: Method, level: Level, settings: &[(&str, f64)]) -> Detector {
    let settings = settings.iter().map(|(n, v)| ((*n).to_owned(), *v));
    Detector::new("test", method, level, settings).unwrap()
}

fn scan() -> Detector {
    detector(Method::Scan, Level::Grid, &[])
}

/// The cells around cell 14 of the first street (6 × 6): a plus.
const AROUND: [u32; 5] = [14, 8, 13, 15, 20];

fn with_burst(mut city: City, cells: &[u32], per_day: u32) -> City {
    for back in 0..4 {
        for n in 0..per_day {
            city.put(
                1,
                cells[n as usize % cells.len()],
                day_after(TODAY, -back),
                1,
                2,
            );
        }
    }
    city
}

#[test]
fn a_burst_in_neighbouring_cells_is_found_with_its_place_window_and_voices() {
    let quiet = City::new(None).quiet(1, 4.0, &mut Luck(1));
    assert_eq!(quiet.signals(&scan()), []);
    let city = with_burst(quiet, &AROUND, 5);
    let signals = city.signals(&scan());
    assert_eq!(signals.len(), 1, "{signals:?}");
    let signal = &signals[0];
    let cells = city.places.at(Level::Grid);
    let wanted: BTreeSet<&str> = AROUND
        .iter()
        .map(|c| cells[*c as usize].code.as_str())
        .collect();
    let found: BTreeSet<&str> = signal.places.iter().map(String::as_str).collect();
    assert!(wanted.intersection(&found).count() >= 4, "{found:?}");
    assert_eq!(signal.to, TODAY);
    assert!(
        (3..=5).contains(&days_between(signal.from, TODAY)),
        "{signal:?}"
    );
    assert!(signal.observed >= 18 && signal.expected < 4.0, "{signal:?}");
    assert!(
        signal.voices > signal.observed + 10,
        "voices are shown beside: {signal:?}"
    );
    assert!(
        signal.recurrence_days >= 365.0 && (signal.p * signal.recurrence_days - 1.0).abs() < 1e-6
            || signal.recurrence_days == LONGEST_RECURRENCE_DAYS
    );
    assert_eq!(
        (signal.category, signal.level, signal.version),
        (class(1), Level::Grid, 1)
    );
    assert_eq!(city.signals(&scan()), signals, "a seed fixes the answer");
}

#[test]
fn one_crowd_makes_no_cluster() {
    // Two incidents with a hundred voices each: merged reports count once.
    let mut city = City::new(None).quiet(1, 4.0, &mut Luck(1));
    for cell in [14, 15] {
        city.put(1, cell, TODAY, 1, 100);
    }
    for detector in [scan(), detector(Method::EarsC2, Level::Street, &[])] {
        assert_eq!(city.signals(&detector), []);
    }
}

#[test]
fn a_finding_in_one_cell_points_at_three() {
    let city = with_burst(City::new(None).quiet(1, 4.0, &mut Luck(1)), &[14], 6);
    let signals = city.signals(&scan());
    assert!(!signals.is_empty());
    for signal in &signals {
        assert!(signal.places.len() >= 3, "{signal:?}");
    }
}

#[test]
fn a_finding_covers_a_hundred_households_where_they_are_known() {
    // 36 cells of a community: with 360 households ten cells hold a hundred, with 36 no zone does.
    let signals = |households| {
        with_burst(
            City::new(Some(households)).quiet(1, 4.0, &mut Luck(1)),
            &AROUND,
            5,
        )
        .signals(&scan())
    };
    let (many, some, few) = (signals(36_000), signals(360), signals(36));
    assert!(many[0].places.len() < 10, "{many:?}");
    assert!(
        !some.is_empty() && some.iter().all(|s| s.places.len() >= 10),
        "{some:?}"
    );
    assert_eq!(few, []);
}

#[test]
fn a_sensitive_class_is_found_by_street_and_never_below() {
    let mut city = with_burst(City::new(None).quiet(1, 4.0, &mut Luck(1)), &AROUND, 9);
    city.categories
        .insert(class(1), Category { is_sensitive: true });
    let signals = city.signals(&scan());
    assert!(!signals.is_empty());
    let all = [scan(), detector(Method::Scan, Level::Community, &[])];
    for signal in all.iter().flat_map(|d| city.signals(d)) {
        assert_eq!(signal.level, Level::Street);
        assert!(
            signal.places.iter().all(|p| p.ends_with("000")),
            "{signal:?}"
        );
    }
}

#[test]
fn a_class_that_is_not_admitted_raises_nothing() {
    let mut city = with_burst(City::new(None).quiet(1, 4.0, &mut Luck(1)), &AROUND, 5);
    city.categories.clear();
    let surge = detector(Method::EarsC2, Level::Street, &[]);
    for look in city.run(&[scan(), surge]) {
        assert_eq!((look.series, look.signals.len()), (0, 0));
    }
}

#[test]
fn a_surge_of_a_street_is_found_on_its_day() {
    let mut city = City::new(None).quiet(1, 8.0, &mut Luck(3));
    let surge = detector(Method::EarsC2, Level::Street, &[]);
    assert_eq!(city.signals(&surge), []);
    for n in 0..14 {
        city.put(1, n, TODAY, 1, 1);
    }
    let signals = city.signals(&surge);
    assert_eq!(signals.len(), 1, "{signals:?}");
    let signal = &signals[0];
    assert_eq!(
        signal.places,
        [city.places.at(Level::Street)[0].code.clone()]
    );
    assert_eq!((signal.from, signal.to), (TODAY, TODAY));
    assert!(
        signal.observed >= 14 && (0.5..4.0).contains(&signal.expected),
        "{signal:?}"
    );
}

#[test]
fn a_busy_monday_is_no_surge() {
    // TODAY is a Sunday; let Sundays bring six times the count of other days, everywhere.
    let mut luck = Luck(5);
    let mut city = City::new(None).quiet(1, 4.0, &mut luck);
    let mut day = TODAY;
    while day >= FIRST {
        for _ in 0..20 + poisson(8.0, &mut luck) {
            let cell = luck.below(144);
            city.put(1, cell, day, 1, 1);
        }
        day = day_after(day, -7);
    }
    let surge = detector(Method::EarsC2, Level::Street, &[]);
    assert_eq!(city.signals(&surge), [], "the kind of day explains it");
}

#[test]
fn farrington_compares_with_the_years_before() {
    let last = TODAY;
    let first = day_after(last, -6 * 366);
    let run = |extra: u32| {
        let mut city = City::new(None);
        city.counts = Counts::new(first, last);
        let mut luck = Luck(9);
        for day in 0..=days_between(first, last) {
            for _ in 0..poisson(3.0, &mut luck) {
                let cell = luck.below(144);
                city.put(1, cell, day_after(first, day), 1, 1);
            }
        }
        for n in 0..extra {
            city.put(1, n % 36, day_after(last, -i64::from(n % 7)), 1, 1);
        }
        city.run(&[detector(Method::Farrington, Level::District, &[])])
            .remove(0)
    };
    let (calm, busy) = (run(0), run(40));
    assert_eq!((calm.series, calm.too_short, calm.signals.len()), (2, 0, 0));
    assert_eq!(busy.signals.len(), 1, "{busy:?}");
    let signal = &busy.signals[0];
    assert_eq!((signal.from, signal.to), (day_after(last, -6), last));
    assert!((7.0..15.0).contains(&signal.expected), "{signal:?}");
}

#[test]
fn a_slow_rise_is_found_with_its_beginning_where_no_single_day_stands_out() {
    // 36 cells a street: one case a day and street, then two and a half more each day of the last fortnight.
    let drift = detector(Method::Cusum, Level::Street, &[]);
    let surge = detector(Method::EarsC2, Level::Street, &[]);
    let mut city = City::new(None).quiet(1, 4.0, &mut Luck(5));
    assert_eq!(city.signals(&drift), []);
    for back in 0..14 {
        for n in 0..2 + u32::from(back % 2 == 0) {
            city.put(1, 5 * n + 1, day_after(TODAY, -back), 1, 1);
        }
    }
    assert_eq!(city.signals(&surge), [], "no day by itself");
    let signals = city.signals(&drift);
    assert_eq!(signals.len(), 1, "{signals:?}");
    let signal = &signals[0];
    assert_eq!((signal.level, signal.to), (Level::Street, TODAY));
    let begun = days_between(signal.from, TODAY);
    assert!((11..=16).contains(&begun), "{signal:?}");
    assert!(
        f64::from(signal.observed) > 2.0 * signal.expected && signal.recurrence_days >= 365.0,
        "{signal:?}"
    );
    // The same rise three weeks ago is over: its sum has come down.
    let resting = drift.clone().as_kept(false, 2);
    assert!(city.run(&[resting]).is_empty(), "switched off");
}

#[test]
fn chance_rises_no_oftener_than_it_says() {
    // 4 streets × 60 quiet classes: at a limit of p ≤ 0.05 for each by itself, at most 12 come on average.
    let mut luck = Luck(21);
    let mut city = City::new(None);
    for n in 1..=60 {
        city.categories.insert(
            class(n),
            Category {
                is_sensitive: false,
            },
        );
        city = city.quiet(n, 3.0, &mut luck);
    }
    let loose = [
        ("h", 0.5),
        ("false_discovery", 0.5),
        ("least_recurrence_days", 20.0),
        ("least_cases", 2.0),
    ];
    let drift = detector(Method::Cusum, Level::Street, &loose);
    let looks = city.run(std::slice::from_ref(&drift));
    assert_eq!(looks[0].series, 240);
    assert!(looks[0].signals.len() <= 12, "{}", looks[0].signals.len());
}

#[test]
fn too_little_past_is_said_and_nothing_is_judged() {
    let city = City::new(None).quiet(1, 4.0, &mut Luck(1));
    let look = city
        .run(&[detector(Method::Farrington, Level::District, &[])])
        .remove(0);
    assert_eq!((look.series, look.too_short), (0, 2));
    let mut short = City::new(None);
    short.counts = Counts::new(day_after(TODAY, -20), TODAY);
    let short = with_burst(short, &AROUND, 9);
    let looks = short.run(&[scan(), detector(Method::EarsC2, Level::Street, &[])]);
    assert_eq!(
        looks
            .iter()
            .map(|l| (l.series, l.too_short))
            .collect::<Vec<_>>(),
        [(0, 1), (0, 1)]
    );
    assert!(looks.iter().all(|l| l.signals.is_empty()));
    // The very first days of a record.
    for days in 0..8 {
        let mut young = City::new(None);
        young.counts = Counts::new(day_after(TODAY, -days), TODAY);
        let young = with_burst(young, &AROUND, 9);
        let looks = young.run(&crate::model::usual_detectors());
        assert!(
            looks.iter().all(|l| l.series == 0 && l.signals.is_empty()),
            "{looks:?}"
        );
    }
    // A day outside the counts is not judged at all.
    let counts = city.counts.clone().sorted();
    let ground = Ground {
        counts: &counts,
        places: &city.places,
        categories: &city.categories,
        is_off: &|_| false,
    };
    let look = run(&ground, &[scan()], day_after(TODAY, 1), 1).remove(0);
    assert_eq!((look.series, look.too_short, look.signals.len()), (0, 0, 0));
}

#[test]
fn many_series_make_few_false_discoveries() {
    // Forty quiet classes on thirty days: 1,200 scans, of which chance alone makes 12 at p ≤ 0.01.
    let mut luck = Luck(11);
    let mut city = City::new(None);
    for n in 1..=40 {
        city = city.quiet(n, 1.5, &mut luck);
        city.categories.insert(
            class(n),
            Category {
                is_sensitive: false,
            },
        );
    }
    let counts = city.counts.clone().sorted();
    let ground = Ground {
        counts: &counts,
        places: &city.places,
        categories: &city.categories,
        is_off: &|_| false,
    };
    let mild = detector(
        Method::Scan,
        Level::Grid,
        &[("least_recurrence_days", 1.0), ("least_cases", 2.0)],
    );
    let (mut found, mut days) = (0, 0);
    for back in 0..30 {
        let look = run(
            &ground,
            std::slice::from_ref(&mild),
            day_after(TODAY, -back),
            1,
        )
        .remove(0);
        assert_eq!(look.series, 40);
        found += usize::from(!look.signals.is_empty());
        days += 1;
    }
    // At a rate of 0.01 a day has a false signal with probability 0.01; neighbouring days share their cases.
    assert!(found <= 3, "{found} of {days} days had a signal");
}

#[test]
fn the_control_keeps_only_what_is_rare_among_all_series() {
    let city = with_burst(City::new(None).quiet(1, 4.0, &mut Luck(1)), &AROUND, 5);
    let signal = city.signals(&scan()).remove(0);
    let of = |p: f64| Candidate {
        signal: Signal {
            p,
            recurrence_days: recurrence_days(p),
            ..signal.clone()
        },
        leads: true,
    };
    let kept = |ps: &[f64], series: usize| {
        let judged = Judged {
            series,
            too_short: 0,
            candidates: ps.iter().map(|p| of(*p)).collect(),
        };
        passed(judged, &scan()).len()
    };
    // Benjamini and Hochberg at 0.01: alone 0.001 passes, one among a hundred it does not.
    assert_eq!(kept(&[0.001], 1), 1);
    assert_eq!(kept(&[0.001], 100), 0);
    assert_eq!(kept(&[0.000_05], 100), 1);
    // Rare enough among the series but too frequent in time.
    assert_eq!(kept(&[0.009], 1), 0);
    assert_eq!(kept(&[], 100), 0);
}
