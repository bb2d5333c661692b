//! One series a class and a division: days by EARS C2 and CUSUM, weeks by Farrington flexible.
//!
//! **Days.** Counts are divided by the factor of their kind of day (working calendar), estimated over the whole city.
//! C2 looks at a baseline that ends three days back, so that a beginning outbreak does not hide itself; its spread is at
//! least that of counts (√mean). Because C2's normal limit is far too rash where counts are small, an alarm needs the tail
//! of a negative binomial as well, whose mean comes from the same baseline and whose variance holds both the
//! overdispersion seen there and what a short baseline leaves uncertain (a Gamma(½) prior); that tail is its p-value.
//!
//! **Rises.** CUSUM adds up what the days of a watch are above the baseline before it, and tells since when. Its p-value
//! is the tail of the same law for the whole rise, times the number of beginnings the watch could have had (Bonferroni).
//!
//! **Weeks.** The seven days that end today against the same season of the years before.

use super::{Candidate, Ground, Judged, Sighting};
use crate::counts::day_after;
use crate::model::{Detector, Level};
use analysis::aberration::{
    Cusum, DayKind, DayPattern, DetectError, Ears, EarsMethod, Farrington, Reference, Threshold,
    Timeline, cusum, ears, farrington, risen_since,
};
use analysis::math::special::CountLaw;
use jiff::civil::Date;
use matters::MatterId;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Days between the judged one and its baseline, as in C2.
const GAP: usize = 2;
/// Weight of the prior on the mean of a baseline, in cases (Jeffreys).
const PRIOR_CASES: f64 = 0.5;
/// Half width of Farrington's window, in weeks.
const HALF_WINDOW: usize = 3;

/// The series of one class, by place, over some days.
fn by_place(
    ground: &Ground<'_>,
    category: MatterId,
    level: Level,
    days: std::ops::RangeInclusive<u32>,
) -> BTreeMap<u32, Vec<f64>> {
    let mut series: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    let length = (days.end() - days.start() + 1) as usize;
    for tally in ground.counts.on(category, days.clone()) {
        if let Some(at) = tally.spot.at(level) {
            let counts = series.entry(at).or_insert_with(|| vec![0.0; length]);
            counts[(tally.day - days.start()) as usize] += f64::from(tally.incidents);
        }
    }
    series
}

fn each_class(
    ground: &Ground<'_>,
    judge: impl Fn(MatterId, crate::guard::Category) -> Judged + Sync,
) -> Judged {
    let categories: Vec<_> = ground.categories.iter().collect();
    categories
        .into_par_iter()
        .map(|(id, category)| judge(*id, *category))
        .reduce(Judged::default, Judged::joined)
}

/// Judges each series of days by what `excess` says of it; `needed` days must have been recorded.
fn judge_each_day_series(
    ground: &Ground<'_>,
    detector: &Detector,
    today: u32,
    needed: usize,
    excess: impl Fn(&Days<'_>) -> Option<Excess> + Sync,
) -> Judged {
    let from = (today + 1).saturating_sub(detector.reach_days());
    let length = (today + 1 - from) as usize;
    let kinds: Vec<DayKind> = (from..=today)
        .map(|day| {
            let date = day_after(ground.counts.first, i64::from(day));
            DayKind::of(date, (ground.is_off)(date))
        })
        .collect();
    each_class(ground, |id, category| {
        let level = category.level(detector.level);
        let series = by_place(ground, id, level, from..=today);
        if length < needed {
            return Judged {
                too_short: series.len(),
                ..Judged::default()
            };
        }
        let mut city = vec![0.0; length];
        for counts in series.values() {
            city.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
        }
        let pattern = DayPattern::estimate(&city, &kinds);
        let factors: Vec<f64> = kinds.iter().map(|k| pattern.factor(*k)).collect();
        let candidates = series.iter().filter_map(|(at, counts)| {
            let found = excess(&Days {
                counts,
                adjusted: &pattern.adjusted(counts, &kinds),
                factors: &factors,
            })?;
            let sighting = Sighting {
                category: id,
                level,
                places: &[*at],
                from: today + 1 - found.days,
                to: today,
                observed: found.observed,
                expected: found.expected,
                p: found.p,
            };
            let signal = sighting.signal(ground, detector)?;
            Some(Candidate {
                signal,
                leads: true,
            })
        });
        Judged {
            series: series.len(),
            too_short: 0,
            candidates: candidates.collect(),
        }
    })
}

/// A series of days, the last one today.
struct Days<'a> {
    counts: &'a [f64],
    /// The counts with the kind of day taken off.
    adjusted: &'a [f64],
    /// What the kind of each day multiplies its count by.
    factors: &'a [f64],
}

/// Judges today's counts by EARS C2.
pub(super) fn judge_days(ground: &Ground<'_>, detector: &Detector, today: u32) -> Judged {
    let baseline = detector.whole("baseline_days") as usize;
    judge_each_day_series(ground, detector, today, baseline + GAP + 1, |days| {
        day_excess(days, detector)
    })
}

/// Judges the days of the watch by CUSUM: small excesses that last until today.
pub(super) fn judge_rises(ground: &Ground<'_>, detector: &Detector, today: u32) -> Judged {
    judge_each_day_series(
        ground,
        detector,
        today,
        detector.reach_days() as usize,
        |days| rise(days, detector),
    )
}

/// More than was to be expected of the last days of a series.
struct Excess {
    /// How many days, today included.
    days: u32,
    observed: u32,
    expected: f64,
    p: f64,
}

/// Whether the last day of a series is an alarm of C2, and how unlikely its count is.
fn day_excess(days: &Days<'_>, detector: &Detector) -> Option<Excess> {
    let last = days.counts.len() - 1;
    let observed = days.counts[last];
    if observed < detector.get("least_cases") {
        return None;
    }
    let baseline = detector.whole("baseline_days") as usize;
    let past = last - GAP - baseline..last - GAP;
    let mean = days.adjusted[past.clone()].iter().sum::<f64>() / baseline as f64;
    let settings = Ears {
        alpha: detector.get("alpha"),
        baseline,
        least_deviation: mean.sqrt(),
        ..Ears::new(EarsMethod::C2)
    };
    let judged = ears(days.adjusted, &settings, Some(last + 1..=last + 1)).ok()?;
    if !judged.first()?.alarm {
        return None;
    }
    let law = Predictive::new(
        &days.counts[past.clone()],
        &days.factors[past],
        days.factors[last],
    )?;
    Some(Excess {
        days: 1,
        observed: observed as u32,
        expected: law.mean,
        p: law.tail(observed),
    })
}

/// Whether the sum of a series stands above its limit today, since when it rises, and how unlikely the rise is.
fn rise(days: &Days<'_>, detector: &Detector) -> Option<Excess> {
    let watch = detector.whole("watch_days") as usize;
    let (past, watched) = days.counts.split_at(days.counts.len() - watch);
    let (past_factors, factors) = days.factors.split_at(past.len());
    let rate = (past.iter().sum::<f64>() + PRIOR_CASES) / past_factors.iter().sum::<f64>();
    let expected: Vec<f64> = factors.iter().map(|f| rate * f).collect();
    let settings = Cusum {
        k: detector.get("k"),
        h: detector.get("h"),
        reference: Reference::Expected(&expected),
        ..Cusum::default()
    };
    if !cusum(watched, &settings, None).ok()?.last()?.alarm {
        return None;
    }
    let first = risen_since(watched, &settings, None).ok()?? - 1;
    let observed: f64 = watched[first..].iter().sum();
    let law = Predictive::new(past, past_factors, factors[first..].iter().sum())?;
    Some(Excess {
        days: (watch - first) as u32,
        observed: observed as u32,
        expected: law.mean,
        p: (law.tail(observed) * watch as f64).min(1.0),
    })
}

/// What a baseline lets expect of the next days.
struct Predictive {
    mean: f64,
    dispersion: f64,
}

impl Predictive {
    /// From the counts of a baseline with the factors of their days, for a day with its own factor, or for some days with
    /// the sum of theirs.
    fn new(counts: &[f64], factors: &[f64], factor: f64) -> Option<Self> {
        let (total, days): (f64, f64) = (counts.iter().sum(), factors.iter().sum());
        if days <= 0.0 || factor <= 0.0 {
            return None;
        }
        let rate = (total + PRIOR_CASES) / days;
        // Pearson's dispersion; a series of counts is never less spread than Poisson's.
        let pearson: f64 = counts
            .iter()
            .zip(factors)
            .map(|(n, f)| (n - rate * f).powi(2) / (rate * f))
            .sum();
        let spread = (pearson / (counts.len() as f64 - 1.0)).max(1.0);
        Some(Self {
            mean: rate * factor,
            dispersion: spread * (1.0 + factor / days),
        })
    }
    /// The chance of at least so many.
    fn tail(&self, observed: f64) -> f64 {
        let law = CountLaw::new(self.mean, self.dispersion);
        law.map_or(1.0, |law| law.tail(observed - 1.0).clamp(1e-9, 1.0))
    }
}

/// Judges the seven days that end today by Farrington flexible.
pub(super) fn judge_weeks(ground: &Ground<'_>, detector: &Detector, today: u32) -> Judged {
    let reach = detector.reach_days();
    let weeks = (today + 1).min(reach) / 7;
    // In the first week of a record there is no week yet, only days.
    let from = (today + 1 - weeks * 7).min(today);
    let years = detector.whole("years") as usize;
    // A series that begins later than the earliest reference week has nothing to be compared with.
    let is_long_enough = weeks as usize > years * 52 + HALF_WINDOW + 1;
    let ends: Vec<Date> = (1..=weeks)
        .map(|week| day_after(ground.counts.first, i64::from(from + week * 7) - 1))
        .collect();
    let timeline = is_long_enough
        .then(|| Timeline::by_date(&ends).ok())
        .flatten();
    let settings = Farrington {
        years,
        half_window: HALF_WINDOW,
        alpha: detector.get("alpha"),
        threshold: Threshold::NbPlugin,
        ..Farrington::default()
    };
    let last = ends.len();
    each_class(ground, |id, category| {
        let level = category.level(detector.level);
        let (days, mut judged) = (from..=today, Judged::default());
        for (at, counts) in by_place(ground, id, level, days) {
            let weekly: Vec<f64> = counts.chunks(7).map(|week| week.iter().sum()).collect();
            let Some(timeline) = &timeline else {
                judged.too_short += 1;
                continue;
            };
            let is_candidate = weekly
                .last()
                .is_some_and(|n| *n >= detector.get("least_cases"));
            if !is_candidate {
                judged.series += 1;
                continue;
            }
            let point = match farrington(&weekly, timeline, &settings, Some(last..=last)) {
                Ok(points) => points[0],
                Err(DetectError::History { .. } | DetectError::TooShort { .. }) => {
                    judged.too_short += 1;
                    continue;
                }
                // Settings and counts were checked before; a series that cannot be judged is silent.
                Err(_) => continue,
            };
            judged.series += 1;
            let (true, Some(expected), Some(p)) = (point.alarm, point.expected, point.p_value)
            else {
                continue;
            };
            let sighting = Sighting {
                category: id,
                level,
                places: &[at],
                from: today - 6,
                to: today,
                observed: point.observed as u32,
                expected,
                p: p.clamp(1e-9, 1.0),
            };
            judged
                .candidates
                .extend(sighting.signal(ground, detector).map(|signal| Candidate {
                    signal,
                    leads: true,
                }));
        }
        judged
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_by_hand() {
        // 28 quiet days with 14 cases, all days alike: rate 14.5/28, tail of 5 or more at dispersion 1 + 1/28.
        let counts: Vec<f64> = (0..28).map(|n| f64::from(n % 2)).collect();
        let law = Predictive::new(&counts, &[1.0; 28], 1.0).unwrap();
        assert!((law.mean - 14.5 / 28.0).abs() < 1e-12);
        assert!((law.dispersion - 29.0 / 28.0).abs() < 1e-12);
        // Poisson with mean 0.517857: P(X ≥ 5) = 2.02e-4 by R: ppois(4, 14.5/28, lower = FALSE);
        // the negative binomial with this dispersion has 3.29773e-4 (its sum written out).
        let p = law.tail(5.0);
        assert!((p - 3.297_73e-4).abs() < 1e-8, "{p}");
        assert_eq!(law.tail(0.0), 1.0);
    }

    #[test]
    fn a_restless_baseline_is_less_surprised() {
        let calm = [2.0; 28];
        let restless: Vec<f64> = (0..28)
            .map(|n| if n % 7 == 0 { 14.0 } else { 0.0 })
            .collect();
        let tail = |counts: &[f64]| Predictive::new(counts, &[1.0; 28], 1.0).unwrap().tail(9.0);
        assert!(tail(&restless) > 20.0 * tail(&calm));
    }

    #[test]
    fn a_busy_kind_of_day_expects_more() {
        let law = |factor| Predictive::new(&[3.0; 28], &[1.0; 28], factor).unwrap();
        assert!((law(2.0).mean / law(1.0).mean - 2.0).abs() < 1e-12);
        assert!(law(2.0).tail(9.0) > 10.0 * law(1.0).tail(9.0));
        assert!(Predictive::new(&[3.0; 28], &[0.0; 28], 1.0).is_none());
    }
}
