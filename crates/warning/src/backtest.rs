//! Back-test over history: which warnings would have come, when, and how many of them by chance. Pure.
//!
//! Each day is looked at as it would have been then: no count of a later day is used. What is not known any more is how
//! the record stood on that day (cases merged or classified later count as they do now); `docs/warning.md` says so.
//!
//! How many are false is answered twice. *Judged*: a warning of the past takes the verdict that people gave to the finding
//! it agrees with, where there is one. *By chance*: the same days are looked at once more after the days of each class
//! have been dealt out anew among its incidents; places and days stay as busy as they were, and whatever warnings come of
//! it come by chance alone.

use crate::counts::{Counts, day_after, days_between};
use crate::detect::{self, Ground};
use crate::model::{Detector, Signal, Verdict};
use crate::performance::{self, Life, Performance};
use crate::track::{self, Sight, Track};
use jiff::civil::Date;
use matters::MatterId;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What people found out about a finding that was really made.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Its class.
    pub category: MatterId,
    /// Its places.
    pub places: Vec<String>,
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub to: Date,
    /// What it was.
    pub verdict: Verdict,
}

/// A warning that would have come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Warned {
    /// The finding as it stood at its end.
    pub track: Track,
    /// How it looked each day.
    pub sights: Vec<Sight>,
    /// What people found out about it, where they were asked.
    pub verdict: Option<Verdict>,
}

/// What a back-test answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// First day looked at.
    pub from: Date,
    /// Last day looked at.
    pub to: Date,
    /// The seed of simulation and chance.
    pub seed: u64,
    /// The warnings, the first seen first.
    pub warned: Vec<Warned>,
    /// What each detector would have been worth.
    pub performance: Vec<Performance>,
    /// By detector, on how many of the days it had enough past for at least one series.
    pub days_judged: BTreeMap<String, u32>,
    /// By detector, how many warnings the same days bring by chance alone.
    pub by_chance: BTreeMap<String, u32>,
}

/// What a back-test is to look at.
pub struct Plan<'a> {
    /// The detectors.
    pub detectors: &'a [Detector],
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// The seed of simulation and chance.
    pub seed: u64,
    /// What is known about findings that were made.
    pub known: &'a [Known],
}

impl Plan<'_> {
    /// How many steps it takes.
    pub fn steps(&self) -> u32 {
        2 * u32::try_from(days_between(self.from, self.to) + 1).unwrap_or(0)
    }
}

/// Looks at each day in turn. `go_on` is told the steps done and answers whether to go on; without an answer of a stopped
/// back-test.
pub fn run(
    ground: &Ground<'_>,
    plan: &Plan<'_>,
    mut go_on: impl FnMut(u32) -> bool,
) -> Option<Outcome> {
    let mut done = 0;
    let mut step = || {
        done += 1;
        go_on(done)
    };
    let past = walk(ground, plan, &mut step)?;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(plan.seed);
    let dealt: Counts = ground.counts.shuffled(|n| rng.random_range(0..n.max(1)));
    let chance = Ground {
        counts: &dealt,
        ..*ground
    };
    let by_chance = walk(&chance, plan, &mut step)?;
    let warned: Vec<Warned> = past
        .tracks
        .into_iter()
        .zip(past.sights)
        .map(|(track, sights)| Warned {
            verdict: verdict(&track, plan.known),
            track,
            sights,
        })
        .collect();
    let lives: Vec<Life> = warned.iter().map(life).collect();
    Some(Outcome {
        from: plan.from,
        to: plan.to,
        seed: plan.seed,
        performance: performance::of(&lives, &past.days_judged),
        warned,
        days_judged: past.days_judged,
        by_chance: seen(&by_chance.sights),
    })
}

/// What came of looking at each day.
struct Walked {
    tracks: Vec<Track>,
    sights: Vec<Vec<Sight>>,
    days_judged: BTreeMap<String, u32>,
}

fn walk(ground: &Ground<'_>, plan: &Plan<'_>, step: &mut impl FnMut() -> bool) -> Option<Walked> {
    let mut walked = Walked {
        tracks: Vec::new(),
        sights: Vec::new(),
        days_judged: BTreeMap::new(),
    };
    for detector in plan.detectors.iter().filter(|d| d.enabled) {
        walked.days_judged.insert(detector.code.clone(), 0);
    }
    for n in 0..=days_between(plan.from, plan.to) {
        let day = day_after(plan.from, n);
        let looks = detect::run(ground, plan.detectors, day, plan.seed);
        for look in looks.iter().filter(|l| l.series > 0) {
            *walked.days_judged.entry(look.detector.clone()).or_default() += 1;
        }
        let signals: Vec<Signal> = looks.into_iter().flat_map(|l| l.signals).collect();
        for change in track::follow(&mut walked.tracks, day, &signals) {
            if walked.sights.len() <= change.track {
                walked.sights.resize_with(change.track + 1, Vec::new);
            }
            walked.sights[change.track].push(change.sight);
        }
        if !step() {
            return None;
        }
    }
    Some(walked)
}

/// By detector, how many findings it saw.
fn seen(sights: &[Vec<Sight>]) -> BTreeMap<String, u32> {
    let mut by_detector = BTreeMap::new();
    for finding in sights {
        let mut codes: Vec<&String> = finding.iter().map(|s| &s.detector).collect();
        codes.sort();
        codes.dedup();
        for code in codes {
            *by_detector.entry(code.clone()).or_default() += 1;
        }
    }
    by_detector
}

/// The verdict of the finding that a warning agrees with most.
fn verdict(track: &Track, known: &[Known]) -> Option<Verdict> {
    let agrees = |k: &&Known| {
        k.category == track.category && k.from <= track.last_seen && track.began <= k.to
    };
    known
        .iter()
        .filter(agrees)
        .map(|k| (track::shared(&k.places, &track.places), k.verdict))
        .filter(|(share, _)| *share > 0.0)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, verdict)| verdict)
}

fn life(warned: &Warned) -> Life {
    let mut first: BTreeMap<&str, Date> = BTreeMap::new();
    for sight in &warned.sights {
        let day = first.entry(&sight.detector).or_insert(sight.day);
        *day = sight.day.min(*day);
    }
    Life {
        began: warned.track.began,
        last_seen: warned.track.last_seen,
        verdict: warned.verdict,
        seen_by: first
            .into_iter()
            .map(|(code, day)| (code.to_owned(), day))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Category;
    use crate::model::usual_detectors;
    use crate::places::Places;
    use crate::testing::{self, Luck, class};
    use jiff::civil::date;

    const FIRST: Date = date(2025, 12, 1);
    const LAST: Date = date(2026, 3, 20);
    const BURST: Date = date(2026, 3, 6);

    struct City {
        places: Places,
        counts: Counts,
        categories: BTreeMap<MatterId, Category>,
    }

    /// Five quiet classes, and four days of a burst of the first in five neighbouring cells.
    fn city() -> City {
        let places = Places::of(&testing::territory(2, 2, 6, None));
        let mut counts = Counts::new(FIRST, LAST);
        let mut luck = Luck(21);
        let spot = |at: u32| places.spot(&places.at(crate::model::Level::Grid)[at as usize].code);
        for n in 0..=days_between(FIRST, LAST) {
            for category in 1..=5 {
                for _ in 0..luck.below(4) {
                    let cell = luck.below(144);
                    counts.add(
                        class(category),
                        day_after(FIRST, n),
                        spot(cell).unwrap(),
                        1,
                        1,
                    );
                }
            }
        }
        for n in 0..4 {
            for cell in [14, 8, 13, 15, 20] {
                counts.add(class(1), day_after(BURST, n), spot(cell).unwrap(), 1, 1);
            }
        }
        let category = Category {
            is_sensitive: false,
        };
        City {
            counts: counts.sorted(),
            categories: (1..=5).map(|n| (class(n), category)).collect(),
            places,
        }
    }

    fn plan<'a>(detectors: &'a [Detector], known: &'a [Known]) -> Plan<'a> {
        Plan {
            detectors,
            from: date(2026, 2, 20),
            to: LAST,
            seed: 3,
            known,
        }
    }

    #[test]
    fn the_burst_is_found_within_two_days_once_and_little_else_comes() {
        let city = city();
        let ground = Ground {
            counts: &city.counts,
            places: &city.places,
            categories: &city.categories,
            is_off: &|_| false,
        };
        let detectors = usual_detectors();
        let known = [Known {
            category: class(1),
            places: vec![city.places.at(crate::model::Level::Grid)[14].code.clone()],
            from: BURST,
            to: LAST,
            verdict: Verdict::Real,
        }];
        let plan = plan(&detectors, &known);
        let mut steps = 0;
        let outcome = run(&ground, &plan, |done| {
            steps = done;
            true
        })
        .unwrap();
        assert_eq!((steps, plan.steps()), (58, 58));
        let of_burst: Vec<&Warned> = outcome
            .warned
            .iter()
            .filter(|w| w.verdict == Some(Verdict::Real))
            .collect();
        assert_eq!(
            of_burst.len(),
            1,
            "one finding that grows: {:#?}",
            outcome.warned
        );
        let burst = of_burst[0];
        assert!(
            (0..=2).contains(&days_between(BURST, burst.track.first_seen)),
            "{burst:?}"
        );
        assert!(burst.sights.len() >= 3, "{burst:?}");
        assert!(outcome.warned.len() <= 2, "{:#?}", outcome.warned);
        assert!(
            outcome.by_chance.values().sum::<u32>() <= 2,
            "{:?}",
            outcome.by_chance
        );
        let scan = outcome
            .performance
            .iter()
            .find(|p| p.detector == "scan")
            .unwrap();
        assert_eq!((scan.days, scan.real, scan.precision), (29, 1, Some(1.0)));
        assert!(scan.lead_days.unwrap() >= 1.0);
        // The season has no years to compare with, and that is said.
        assert_eq!(
            (outcome.days_judged["season"], outcome.days_judged["scan"]),
            (0, 29)
        );
        let again = run(&ground, &plan, |_| true).unwrap();
        assert_eq!(again, outcome, "a seed fixes the answer");
        let text = serde_json::to_string(&outcome).unwrap();
        assert_eq!(serde_json::from_str::<Outcome>(&text).unwrap(), outcome);
    }

    #[test]
    fn no_day_knows_a_later_one() {
        let city = city();
        let detectors = usual_detectors();
        let until = |last: Date| {
            let mut counts = Counts::new(FIRST, last);
            for category in city.counts.categories() {
                for t in city.counts.on(category, 0..=u32::MAX - 1) {
                    counts.add(
                        category,
                        day_after(FIRST, i64::from(t.day)),
                        t.spot,
                        t.incidents,
                        t.voices,
                    );
                }
            }
            counts.sorted()
        };
        let day = day_after(BURST, 1);
        let look = |counts: &Counts| {
            let ground = Ground {
                counts,
                places: &city.places,
                categories: &city.categories,
                is_off: &|_| false,
            };
            detect::run(&ground, &detectors, day, 1)
        };
        assert_eq!(look(&until(day)), look(&city.counts));
    }

    #[test]
    fn it_can_be_stopped() {
        let city = city();
        let ground = Ground {
            counts: &city.counts,
            places: &city.places,
            categories: &city.categories,
            is_off: &|_| false,
        };
        let detectors = usual_detectors();
        assert_eq!(run(&ground, &plan(&detectors, &[]), |done| done < 3), None);
    }
}
