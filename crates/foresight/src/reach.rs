//! How readily problems are reported, by place, from repeated reports of one incident. Pure.
//!
//! While an incident stands, people report it again; how often they do says how readily a problem there is reported at
//! all (Liu, Bhandaram & Garg 2024, *Nature Computational Science* 4, 57: the first report only starts the clock, so that
//! the unknown time before it does not matter). A street's repeated reports are held against what its mix of classes
//! would bring elsewhere, with 95 % limits that widen where reports are uneven. A street whose limits lie below the city
//! is one to go to and ask; it is never a grade, and no figure of this module reaches one: a [`Correction`] can only be
//! read by a person.

use analysis::math::regression::{Design, fit_poisson};
use reporting::{Relative, relative};
use ui::Ui;

/// Days a problem is taken to stand when it is asked how many such problems nobody reports.
pub const STANDS_DAYS: f64 = 30.0;
/// Fewer incidents than this are shown together with others, or not at all.
pub const FEWEST: usize = 10;
/// Streets needed beyond the facts whose effect is estimated.
const FEWEST_STREETS: usize = 6;

/// One incident and how often it was reported again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incident {
    /// Position of its street.
    pub street: usize,
    /// Position of its class.
    pub class: usize,
    /// Reports after the first, while it stood.
    pub again: u32,
    /// Days from the first report until it was handled, or until today; above 0.
    pub days: f64,
}

/// What may explain how readily a place reports: facts of the place, from a closed list. Never of its people's opinions,
/// incomes or origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceFact {
    /// Residents on a square kilometre.
    Density,
    /// Residents in a household.
    HouseholdSize,
}

impl PlaceFact {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Density, Self::HouseholdSize];

    /// The word in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Density => "density",
            Self::HouseholdSize => "household-size",
        }
    }
}

/// The facts of one street, in the order of [`PlaceFact::ALL`]; above 0, or not known.
pub type Facts = [Option<f64>; 2];

/// How many incidents there were, if those that nobody reported are counted in: an estimate for people to read.
///
/// There is no way from it to a number, so that no evaluation can take it up:
/// ```compile_fail
/// fn graded(c: foresight::reach::Correction) -> f64 { c.into() }
/// ```
/// ```compile_fail
/// fn graded(c: &foresight::reach::Correction) -> f64 { c.likely }
/// ```
/// ```compile_fail
/// fn stored(c: &foresight::reach::Correction) -> String { serde_json::to_string(c).unwrap() }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correction {
    likely: f64,
    least: f64,
    most: Option<f64>,
}

impl Correction {
    fn of(incidents: usize, rate: f64, ratio: Relative) -> Option<Self> {
        let reported = |ratio: f64| -(-rate * ratio * STANDS_DAYS).exp_m1();
        let of = |ratio: f64| Some(incidents as f64 / reported(ratio)).filter(|v| v.is_finite());
        Some(Self {
            likely: of(ratio.ratio)?,
            least: of(ratio.hi)?,
            most: of(ratio.lo),
        })
    }

    /// In words, always with its limits.
    pub fn told(&self, ui: &Ui) -> String {
        let whole = |v: f64| ui.num(v.round().clamp(0.0, 9e15) as u64);
        let most = self.most.map_or_else(|| ui.t("foresight-no-limit"), whole);
        ui.ta(
            "foresight-correction",
            &[
                ("likely", &whole(self.likely)),
                ("least", &whole(self.least)),
                ("most", &most),
            ],
        )
    }
}

/// What was found out about one street, or about the small ones together.
#[derive(Debug, Clone, PartialEq)]
pub struct Street {
    /// Its position; none for the small ones together.
    pub street: Option<usize>,
    /// Incidents looked at.
    pub incidents: usize,
    /// Repeated reports over those expected.
    pub ratio: Relative,
    /// Whether its limits lie below the city: go there and ask.
    pub is_low: bool,
    /// Its incidents with those nobody reported.
    pub correction: Option<Correction>,
}

/// The effect of a fact of places: what the rate is multiplied by where the fact is twice as large.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Which fact.
    pub fact: PlaceFact,
    /// The factor.
    pub factor: f64,
    /// Its lower 95 % limit.
    pub lo: f64,
    /// Its upper 95 % limit.
    pub hi: f64,
}

/// How readily the city reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Reach {
    /// Incidents of what is shown: with those of hidden streets, the sum would give them away.
    pub incidents: usize,
    /// Repeated reports of them.
    pub again: u64,
    /// Repeated reports of them a day while an incident stands, with 95 % limits.
    pub rate: Relative,
    /// Streets, the lowest first.
    pub streets: Vec<Street>,
    /// Streets with too few incidents to be shown, even together.
    pub hidden: usize,
    /// Effects of facts of places, where enough streets are known.
    pub effects: Vec<Effect>,
}

/// Incidents of a street, added up.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    incidents: usize,
    again: f64,
    expected: f64,
    days: f64,
    streets: usize,
}

impl Sum {
    fn take(&mut self, other: Self) {
        self.incidents += other.incidents;
        self.again += other.again;
        self.expected += other.expected;
        self.days += other.days;
        self.streets += other.streets;
    }

    fn found(&self, street: Option<usize>, dispersion: f64) -> Option<Street> {
        let ratio = relative(self.again, self.expected, dispersion)?;
        Some(Street {
            street,
            incidents: self.incidents,
            ratio,
            is_low: ratio.hi < 1.0,
            correction: Correction::of(self.incidents, self.expected / self.days, ratio),
        })
    }
}

/// Estimates. `None` without a single repeated report, which says nothing about anywhere. Incidents with a street or class
/// out of range, or without a time, are left out.
pub fn reach(incidents: &[Incident], streets: &[Facts], classes: usize) -> Option<Reach> {
    let usable = |i: &&Incident| {
        i.street < streets.len() && i.class < classes && i.days.is_finite() && i.days > 0.0
    };
    let incidents: Vec<&Incident> = incidents.iter().filter(usable).collect();
    let (mut again, mut days) = (vec![0.0; classes], vec![0.0; classes]);
    for i in &incidents {
        again[i.class] += f64::from(i.again);
        days[i.class] += i.days;
    }
    let expected = |i: &Incident| again[i.class] / days[i.class] * i.days;
    if again.iter().all(|again| *again == 0.0) {
        return None;
    }
    // Pearson's statistic over incidents of which anything is expected.
    let (mut pearson, mut counted) = (0.0, 0.0);
    let mut sums = vec![Sum::default(); streets.len()];
    for i in &incidents {
        let mean = expected(i);
        if mean > 0.0 {
            pearson += (f64::from(i.again) - mean).powi(2) / mean;
            counted += 1.0;
        }
        sums[i.street].take(Sum {
            incidents: 1,
            again: f64::from(i.again),
            expected: mean,
            days: i.days,
            streets: 0,
        });
    }
    let used = again.iter().filter(|a| **a > 0.0).count() as f64;
    let dispersion = if counted > used {
        pearson / (counted - used)
    } else {
        1.0
    };
    let (mut small, mut shown) = (Sum::default(), Sum::default());
    let mut found = Vec::new();
    for (at, sum) in sums.iter().enumerate().filter(|(_, s)| s.incidents > 0) {
        if sum.incidents < FEWEST {
            small.take(Sum { streets: 1, ..*sum });
        } else {
            found.extend(sum.found(Some(at), dispersion));
            shown.take(*sum);
        }
    }
    let hidden = if small.incidents >= FEWEST {
        found.extend(small.found(None, dispersion));
        shown.take(small);
        0
    } else {
        small.streets
    };
    found.sort_by(|a, b| {
        a.ratio
            .ratio
            .total_cmp(&b.ratio.ratio)
            .then(a.street.cmp(&b.street))
    });
    Some(Reach {
        incidents: shown.incidents,
        again: shown.again as u64,
        rate: relative(shown.again, shown.days, dispersion)?,
        streets: found,
        hidden,
        effects: effects(&sums, streets),
    })
}

/// Regresses the streets' ratios on the facts that are known of all of them.
fn effects(sums: &[Sum], streets: &[Facts]) -> Vec<Effect> {
    let rows: Vec<(&Sum, &Facts)> = sums
        .iter()
        .zip(streets)
        .filter(|(s, _)| s.expected > 0.0)
        .collect();
    let is_known = |fact: &usize| rows.iter().all(|(_, f)| f[*fact].is_some_and(|v| v > 0.0));
    let known: Vec<usize> = (0..PlaceFact::ALL.len()).filter(is_known).collect();
    if known.is_empty() || rows.len() < FEWEST_STREETS + known.len() {
        return Vec::new();
    }
    let mut design = Design::new(1 + known.len());
    for (_, facts) in &rows {
        let mut row = vec![1.0];
        // Doublings, so that a coefficient is the effect of twice as much.
        row.extend(known.iter().map(|f| facts[*f].unwrap_or(1.0).log2()));
        design.push(&row);
    }
    let counts: Vec<f64> = rows.iter().map(|(s, _)| s.again).collect();
    let offset: Vec<f64> = rows.iter().map(|(s, _)| s.expected.ln()).collect();
    let Ok(fit) = fit_poisson(&design, &counts, &offset, &[]) else {
        return Vec::new();
    };
    let wide = fit.dispersion.max(1.0).sqrt() * 1.959_964;
    let effect = |(j, fact): (usize, &usize)| {
        let (beta, error) = (fit.coefficients[j + 1], wide * fit.standard_error(j + 1));
        let (factor, lo, hi) = (beta.exp(), (beta - error).exp(), (beta + error).exp());
        [factor, lo, hi]
            .iter()
            .all(|v| v.is_finite())
            .then_some(Effect {
                fact: PlaceFact::ALL[*fact],
                factor,
                lo,
                hi,
            })
    };
    known.iter().enumerate().filter_map(effect).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};
    use std::collections::BTreeSet;

    fn poisson(mean: f64, random: &mut SmallRng) -> u32 {
        let (mut k, mut product) = (0, random.random::<f64>());
        while product > (-mean).exp() {
            product *= random.random::<f64>();
            k += 1;
        }
        k
    }

    /// Streets that report at their own multiple of the city's rates of two classes.
    fn city(multiples: &[f64], each: usize, seed: u64) -> Vec<Incident> {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut found = Vec::new();
        for (street, multiple) in multiples.iter().enumerate() {
            for n in 0..each {
                // The street that reports least has most of the class that is reported most.
                let class = usize::from(n % (street + 2) == 0);
                let days = 1.0 + 20.0 * random.random::<f64>();
                let rate = [0.2, 0.02][class] * multiple;
                found.push(Incident {
                    street,
                    class,
                    again: poisson(rate * days, &mut random),
                    days,
                });
            }
        }
        found
    }

    #[test]
    fn a_street_that_reports_less_is_found_whatever_its_problems_are() {
        let incidents = city(&[1.2, 1.1, 1.0, 1.0, 0.4], 400, 1);
        let found = reach(&incidents, &[[None; 2]; 5], 2).unwrap();
        let low: Vec<Option<usize>> = found
            .streets
            .iter()
            .filter(|s| s.is_low)
            .map(|s| s.street)
            .collect();
        assert_eq!(low, [Some(4)]);
        let last = &found.streets[0];
        assert!(last.ratio.lo < 0.45 && last.ratio.hi > 0.4, "{last:?}");
        // A raw rate would have said otherwise: it has the class that is reported most.
        let correction = last.correction.unwrap();
        assert!(
            correction.least < correction.likely && correction.likely < correction.most.unwrap()
        );
        assert!(correction.likely > 400.0);
        assert_eq!((found.incidents, found.hidden), (2_000, 0));
    }

    #[test]
    fn limits_hold_the_truth_nineteen_times_in_twenty() {
        let (mut inside, mut all) = (0, 0);
        for seed in 0..120 {
            let found = reach(&city(&[1.0; 8], 150, 100 + seed), &[[None; 2]; 8], 2).unwrap();
            for street in &found.streets {
                inside += u32::from(street.ratio.lo <= 1.0 && 1.0 <= street.ratio.hi);
                all += 1;
            }
        }
        // 960 streets, whose ratios average 1 by construction: somewhat more than 95 %.
        let share = f64::from(inside) / f64::from(all);
        assert!((0.94..0.985).contains(&share), "{share}");
    }

    #[test]
    fn small_streets_are_shown_together_or_not_at_all() {
        let mut incidents = city(&[1.0], 200, 3);
        let few = |street, n| {
            (0..n).map(move |_| Incident {
                street,
                class: 0,
                again: 1,
                days: 4.0,
            })
        };
        incidents.extend(few(1, 4).chain(few(2, 4)));
        let hidden = reach(&incidents, &[[None; 2]; 4], 2).unwrap();
        assert_eq!((hidden.streets.len(), hidden.hidden), (1, 2));
        assert_eq!(hidden.incidents, 200, "the hidden ones are in no sum");
        incidents.extend(few(3, 5));
        let merged = reach(&incidents, &[[None; 2]; 4], 2).unwrap();
        let together: Vec<_> = merged
            .streets
            .iter()
            .filter(|s| s.street.is_none())
            .collect();
        assert_eq!(
            (together.len(), together[0].incidents, merged.hidden),
            (1, 13, 0)
        );
    }

    #[test]
    fn a_fact_of_places_that_matters_is_seen() {
        // Twice as dense, half as readily reported.
        let densities: Vec<f64> = (0..10).map(|i| 500.0 * 1.5_f64.powi(i)).collect();
        let multiples: Vec<f64> = densities.iter().map(|d| 2_000.0 / d).collect();
        let facts: Vec<Facts> = densities.iter().map(|d| [Some(*d), None]).collect();
        let found = reach(&city(&multiples, 500, 5), &facts, 2).unwrap();
        let [effect] = found.effects.as_slice() else {
            panic!("{:?}", found.effects)
        };
        assert_eq!(effect.fact, PlaceFact::Density);
        assert!(effect.lo < effect.factor && effect.factor < effect.hi);
        assert!(
            (effect.factor - 0.5).abs() < 0.06 && effect.hi < 1.0,
            "{effect:?}"
        );
        let few = reach(&city(&multiples[..4], 500, 5), &facts[..4], 2).unwrap();
        assert!(
            few.effects.is_empty(),
            "four streets say nothing about density"
        );
    }

    #[test]
    fn without_a_repeated_report_nothing_is_said() {
        let one = Incident {
            street: 0,
            class: 0,
            again: 0,
            days: 3.0,
        };
        assert_eq!(reach(&[one], &[[None; 2]], 1), None);
        assert_eq!(reach(&[], &[], 0), None);
    }

    /// What a crate of this workspace stands on, and what those stand on, by their manifests.
    fn stands_on(name: &str) -> BTreeSet<String> {
        let manifest = |name: &str| {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
            std::fs::read_to_string(format!("{folder}/{name}/Cargo.toml")).ok()
        };
        let (mut known, mut open) = (BTreeSet::new(), vec![name.to_owned()]);
        while let Some(text) = open.pop().and_then(|name| manifest(&name)) {
            let needs = text.split("[dependencies]").nth(1).unwrap_or_default();
            let needs = needs.split("\n[").next().unwrap_or_default();
            for line in needs.lines() {
                let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
                if manifest(name).is_some() && known.insert(name.to_owned()) {
                    open.push(name.to_owned());
                }
            }
        }
        known
    }

    /// The guard of `rights.md`: no evaluation can be fed from here, because it knows neither this crate nor the rates.
    #[test]
    fn evaluation_does_not_stand_on_foresight() {
        let known = stands_on("evaluation");
        assert!(
            known.contains("cases") && known.contains("kernel"),
            "{known:?}"
        );
        assert!(
            !known.contains("foresight") && !known.contains("reporting"),
            "{known:?}"
        );
        assert!(
            stands_on("foresight").contains("reporting"),
            "the guard sees what there is"
        );
    }

    proptest! {
        #[test]
        fn garbage_is_left_out_and_nothing_panics(
            raw in prop::collection::vec((0usize..5, 0usize..4, 0u32..9, prop_oneof![Just(f64::NAN), Just(0.0), Just(-1.0), Just(f64::INFINITY), 0.01f64..50.0]), 0..60),
            facts in prop::collection::vec((prop::option::of(-1.0f64..1e4), prop::option::of(0.0f64..9.0)), 0..4),
        ) {
            let incidents: Vec<Incident> = raw.iter().map(|&(street, class, again, days)| Incident { street, class, again, days }).collect();
            let facts: Vec<Facts> = facts.into_iter().map(|(a, b)| [a, b]).collect();
            if let Some(found) = reach(&incidents, &facts, 3) {
                for s in &found.streets {
                    prop_assert!(s.incidents >= FEWEST && s.ratio.lo <= s.ratio.ratio && s.ratio.ratio <= s.ratio.hi);
                    prop_assert_eq!(s.is_low, s.ratio.hi < 1.0);
                }
            }
        }
    }
}
