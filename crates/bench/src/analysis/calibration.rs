//! Whether the statistics are right about chance: data without anything unusual are made by the thousand, and what is
//! claimed of them is counted.
//!
//! Every figure is told with its own standard error, found from simulations that know nothing of each other (data sets,
//! series, years). With `--quick` these errors are near the tolerances, so there is no verdict.

use super::simulated::{Pattern, generator, lattice, normal, overdispersed, poisson};
use crate::report::{Line, Wanted};
use analysis::aberration::{Farrington, Threshold, Timeline, farrington};
use analysis::forecast::{Evaluation, bottom_up, evaluate};
use analysis::scan::{Data, Findings, Null, Options, Span, Tally, Zones, scan};
use anyhow::Context as _;
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use rayon::prelude::*;
use reporting::{Covariates, Interval, rate, reporting};
use std::f64::consts::TAU;

/// How far a share of 5 % or 95 % may lie from it, in points.
const TOLERANCE: f64 = 1.5;
/// Days in the year over which recurrence intervals must be kept.
const YEAR: usize = 365;

/// Simulates.
///
/// # Errors
/// When a method refuses simulated data.
pub fn run(quick: bool, tell: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let say = &mut |line: Line| {
        tell(if quick {
            Line {
                wanted: Wanted::Nothing,
                is_met: None,
                ..line
            }
        } else {
            line
        });
    };
    p_values(if quick { 600 } else { 4_000 }, say)?;
    recurrence(if quick { 20 } else { 200 }, say)?;
    forecasts(if quick { 60 } else { 400 }, say)?;
    sums(if quick { 40 } else { 200 }, say)?;
    alarms(if quick { 40 } else { 200 }, say)?;
    rates(if quick { 400 } else { 3_000 }, say)
}

/// Shares counted in simulations that are independent of each other.
#[derive(Debug, Default, Clone)]
struct Tries {
    /// (hits, tries) of each simulation.
    simulations: Vec<(f64, f64)>,
}

impl Tries {
    fn of(simulations: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self {
            simulations: simulations.into_iter().collect(),
        }
    }

    fn of_hits(hits: impl IntoIterator<Item = bool>) -> Self {
        Self::of(hits.into_iter().map(|hit| (f64::from(u8::from(hit)), 1.0)))
    }

    fn tries(&self) -> f64 {
        self.simulations.iter().map(|s| s.1).sum()
    }

    fn share(&self) -> f64 {
        self.simulations.iter().map(|s| s.0).sum::<f64>() / self.tries()
    }

    /// The standard error of the share: by the spread of the simulations (a ratio estimate), so that what is alike
    /// within one counts once.
    fn error(&self) -> f64 {
        let (share, n) = (self.share(), self.simulations.len() as f64);
        let squares: f64 = self
            .simulations
            .iter()
            .map(|(hits, tries)| (hits - share * tries).powi(2))
            .sum();
        (squares * n / (n - 1.0)).sqrt() / self.tries()
    }

    /// The share's distance from `percent`, in points, against the tolerance.
    fn line(&self, what: String, percent: f64) -> Line {
        let (share, error) = (100.0 * self.share(), 100.0 * self.error());
        let line = Line::new(
            "calibration",
            "-",
            format!("{what}, off {percent} %"),
            (share - percent).abs(),
        );
        line.wanted(Wanted::AtMost(TOLERANCE))
            .detail(format!("{share:.2} % ± {error:.2} of {:.0}", self.tries()))
    }

    /// The same without a verdict.
    fn told(&self, what: String) -> Line {
        let (share, error) = (100.0 * self.share(), 100.0 * self.error());
        Line::new("calibration", "-", format!("{what}, %"), share)
            .detail(format!("± {error:.2} of {:.0}", self.tries()))
    }
}

/// A model of the scan, with data of its null hypothesis.
#[derive(Clone, Copy)]
enum Kind {
    Poisson,
    Permutation,
    ExpectationBased,
    Bernoulli,
}

impl Kind {
    const ALL: [(&'static str, Kind); 4] = [
        ("poisson", Kind::Poisson),
        ("permutation", Kind::Permutation),
        ("expectation-based", Kind::ExpectationBased),
        ("bernoulli", Kind::Bernoulli),
    ];

    /// Data in which nothing is unusual, with about `mean` cases.
    fn data(self, pattern: &Pattern, mean: f64, rng: &mut Xoshiro256PlusPlus) -> Data {
        let count = match self {
            Kind::ExpectationBased => poisson(mean, rng),
            Kind::Poisson | Kind::Permutation | Kind::Bernoulli => mean,
        };
        let cases = pattern.draw(count as usize, rng);
        let null = match self {
            Kind::Permutation => Null::Permutation,
            Kind::Poisson => Null::Poisson {
                expected: pattern.expected(mean),
            },
            Kind::ExpectationBased => Null::ExpectationBased {
                expected: pattern.expected(mean),
            },
            Kind::Bernoulli => Null::Bernoulli {
                controls: pattern.draw((1.4 * mean) as usize, rng),
            },
        };
        Data {
            places: pattern.places.len(),
            units: pattern.units.len(),
            cases,
            null,
        }
    }
}

fn scanned(zones: &Zones, data: &Data, options: &Options) -> anyhow::Result<Findings> {
    scan(zones, data, options).context("the simulated data are refused")
}

/// Under no cluster, p is at most 0.05 in one data set of twenty.
fn p_values(sets: u64, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    const PLACES: usize = 49;
    const UNITS: usize = 20;
    let pattern = Pattern::uneven(PLACES, UNITS);
    let zones = lattice(12, &pattern.places);
    for (name, kind) in Kind::ALL {
        for (words, span, longest, mean) in [
            ("prospective", Span::Prospective, 7, 490.0),
            // Less than one case in ten cells: as sparse as one category in small grids.
            ("prospective, sparse", Span::Prospective, 7, 90.0),
            ("retrospective", Span::Retrospective, 5, 490.0),
        ] {
            let one = |seed: u64| -> anyhow::Result<(bool, bool)> {
                let data = kind.data(&pattern, mean, &mut generator(seed));
                let options = Options {
                    span,
                    longest,
                    replicates: 199,
                    seed,
                    ..Options::default()
                };
                let found = scanned(&zones, &data, &options)?;
                let rare = |p: Option<f64>| p.is_some_and(|p| p <= 0.05);
                // With 199 replicates the ten least ranks of 200 are 5 %. Without any excess there is no cluster.
                let best = found.clusters.first();
                Ok((
                    best.is_some_and(|c| rare(c.p_value)),
                    best.is_some_and(|c| rare(c.p_gumbel)),
                ))
            };
            let made: Vec<(bool, bool)> = (0..sets)
                .into_par_iter()
                .map(one)
                .collect::<Result<_, _>>()?;
            let by_rank = Tries::of_hits(made.iter().map(|m| m.0));
            let by_gumbel = Tries::of_hits(made.iter().map(|m| m.1));
            say(by_rank.line(format!("{name} {words}, p ≤ 0.05"), 5.0));
            say(by_gumbel.line(format!("{name} {words}, Gumbel p ≤ 0.05"), 5.0));
        }
    }
    Ok(())
}

/// Scanning every day of a year in which nothing is unusual: what is met once in 365 days or more rarely by its own
/// account is met about once a year.
fn recurrence(years: u64, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    const PLACES: usize = 49;
    const BACK: usize = 28;
    const A_DAY: f64 = 20.0;
    /// The two least ranks of 730 are 1/365.
    const REPLICATES: u32 = 2 * YEAR as u32 - 1;
    let whole = Pattern::uneven(PLACES, YEAR + BACK);
    let zones = lattice(12, &whole.places);
    for (name, kind) in Kind::ALL {
        if matches!(kind, Kind::Bernoulli) {
            continue;
        }
        for by_gumbel in [false, true] {
            let one = |year: u64| -> anyhow::Result<(f64, f64)> {
                let mut rng = generator(90_000 + year);
                let mean = A_DAY * (YEAR + BACK) as f64;
                let count = match kind {
                    Kind::ExpectationBased => poisson(mean, &mut rng),
                    Kind::Poisson | Kind::Permutation | Kind::Bernoulli => mean,
                };
                let cases = whole.draw(count as usize, &mut rng);
                let expected = whole.expected(mean);
                let mut alarms = 0.0;
                for day in 0..YEAR {
                    let options = Options {
                        span: Span::Prospective,
                        longest: 7,
                        replicates: if by_gumbel { 99 } else { REPLICATES },
                        // Two that reach as high settle that p is above 1/365.
                        stop_after: (!by_gumbel).then_some(2),
                        seed: year * 1_000 + day as u64,
                        ..Options::default()
                    };
                    let data = seen_on(kind, &cases, &expected, PLACES, day..day + BACK);
                    let found = scanned(&zones, &data, &options)?;
                    let p = found
                        .clusters
                        .first()
                        .and_then(|c| if by_gumbel { c.p_gumbel } else { c.p_value });
                    // A hair's breadth for 2/730 against 1/365.
                    alarms +=
                        f64::from(u8::from(p.is_some_and(|p| p <= (1.0 + 1e-9) / YEAR as f64)));
                }
                Ok((alarms, 1.0))
            };
            let made: Vec<(f64, f64)> = (0..years)
                .into_par_iter()
                .map(one)
                .collect::<Result<_, _>>()?;
            let alarms = Tries::of(made);
            let (a_year, error) = (alarms.share(), alarms.error());
            let by = if by_gumbel {
                "99 + Gumbel"
            } else {
                "729 replicates"
            };
            let line = Line::new(
                "calibration",
                "-",
                format!("{name} daily, {by}, rare in a year, off 1"),
                (a_year - 1.0).abs(),
            );
            let detail = format!("{a_year:.2} ± {error:.2} a year in {years} years");
            say(line.wanted(Wanted::AtMost(0.3)).detail(detail));
        }
    }
    Ok(())
}

/// What a scan on one day sees of the year: the units of `window`.
fn seen_on(
    kind: Kind,
    cases: &[Tally],
    expected: &[f64],
    places: usize,
    window: std::ops::Range<usize>,
) -> Data {
    let cut = || {
        let units = expected.len() / places;
        expected
            .chunks_exact(units)
            .flat_map(|row| row[window.clone()].iter().copied())
            .collect()
    };
    let null = match kind {
        Kind::Poisson => Null::Poisson { expected: cut() },
        Kind::ExpectationBased => Null::ExpectationBased { expected: cut() },
        Kind::Permutation | Kind::Bernoulli => Null::Permutation,
    };
    let cases = cases
        .iter()
        .filter(|t| window.contains(&(t.unit as usize)))
        .map(|t| Tally {
            unit: t.unit - u32::try_from(window.start).expect("a day of a year"),
            ..*t
        })
        .collect();
    Data {
        places,
        units: window.len(),
        cases,
        null,
    }
}

/// A kind of series: how a count comes about at a time, given what drifts.
struct Series {
    name: &'static str,
    days: usize,
    seasons: &'static [usize],
    law: fn(usize, f64, &mut Xoshiro256PlusPlus) -> f64,
    /// How far the logarithm of the level wanders in a day.
    drift: f64,
}

const WEEK: [f64; 7] = [1.25, 1.15, 1.1, 1.05, 1.0, 0.85, 0.6];

impl Series {
    const ALL: [Series; 8] = [
        Series {
            name: "0.3 a day",
            days: 300,
            seasons: &[7],
            law: |_, level, rng| poisson(0.3 * level, rng),
            drift: 0.0,
        },
        Series {
            name: "2 a day, weekly",
            days: 300,
            seasons: &[7],
            law: |t, level, rng| poisson(2.0 * WEEK[t % 7] * level, rng),
            drift: 0.0,
        },
        Series {
            name: "30 a day, weekly, 200 days",
            days: 200,
            seasons: &[7],
            law: |t, level, rng| poisson(30.0 * WEEK[t % 7] * level, rng),
            drift: 0.0,
        },
        Series {
            name: "30 a day, weekly",
            days: 400,
            seasons: &[7],
            law: |t, level, rng| poisson(30.0 * WEEK[t % 7] * level, rng),
            drift: 0.0,
        },
        Series {
            name: "60 a day, overdispersed",
            days: 400,
            seasons: &[7],
            law: |t, level, rng| overdispersed(60.0 * WEEK[t % 7] * level, rng),
            drift: 0.0,
        },
        Series {
            name: "40 a day, drifting",
            days: 400,
            seasons: &[7],
            law: |t, level, rng| poisson(40.0 * WEEK[t % 7] * level, rng),
            drift: 0.02,
        },
        Series {
            name: "400 a day, weekly",
            days: 300,
            seasons: &[7],
            law: |t, level, rng| poisson(400.0 * WEEK[t % 7] * level, rng),
            drift: 0.0,
        },
        Series {
            name: "20 a week, yearly",
            days: 260,
            seasons: &[52],
            law: |t, level, rng| {
                poisson(
                    20.0 * (1.0 + 0.5 * (t as f64 * TAU / 52.0).sin()) * level,
                    rng,
                )
            },
            drift: 0.0,
        },
    ];

    fn simulate(&self, length: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<f64> {
        let mut log_level = 0.0_f64;
        (0..length)
            .map(|t| {
                log_level += self.drift * normal(rng);
                (self.law)(t, log_level.exp(), rng)
            })
            .collect()
    }
}

/// Steps foreseen from an origin, and how far the next origin lies.
const HORIZON: usize = 14;
/// Origins of one series.
const ROLLS: usize = 3;

/// Forecasts from rolling origins of many series, each held against what came after.
fn forecasts(series: u64, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    for kind in &Series::ALL {
        // (inside 95, inside a limit one count lower, inside 80, told, tries, tellers, shown)
        let one = |seed: u64| -> anyhow::Result<[f64; 6]> {
            let counts = kind.simulate(kind.days + ROLLS * HORIZON, &mut generator(30_000 + seed));
            let mut sums = [0.0; 6];
            for roll in 0..ROLLS {
                let known = kind.days + roll * HORIZON;
                let found = evaluate(&counts[..known], kind.seasons, HORIZON)
                    .context("the simulated series is refused")?
                    .forecast();
                for (p, came) in found.points.iter().zip(&counts[known..]) {
                    let hit = |inside: bool| f64::from(u8::from(inside));
                    sums[0] += hit((p.lo95..=p.hi95).contains(came));
                    sums[1] += hit((p.lo95..p.hi95).contains(came));
                    sums[2] += hit((p.lo80..=p.hi80).contains(came));
                    sums[3] += 1.0;
                }
                if let Some(share) = found.coverage95 {
                    sums[4] += share;
                    sums[5] += 1.0;
                }
            }
            Ok(sums)
        };
        let made: Vec<[f64; 6]> = (0..series)
            .into_par_iter()
            .map(one)
            .collect::<Result<_, _>>()?;
        let part = |hits: usize, tries: usize| Tries::of(made.iter().map(|m| (m[hits], m[tries])));
        let (inside, narrower) = (part(0, 3), part(1, 3));
        let line = inside.line(format!("forecast, {}, 95 % limits", kind.name), 95.0);
        // Counts are whole: where one count less would leave more than 5 % + 1.5 outside, nothing nearer 95 % exists.
        let share = 100.0 * narrower.share();
        let line = if inside.share() > 0.95 && share < 95.0 - TOLERANCE {
            let detail = format!("{}; one count less {share:.2} %", line.detail);
            Line {
                is_met: Some(true),
                ..line.detail(detail)
            }
        } else {
            line
        };
        say(line);
        say(part(2, 3).told(format!("forecast, {}, 80 % limits", kind.name)));
        say(part(4, 5).told(format!("forecast, {}, told by coverage95", kind.name)));
    }
    Ok(())
}

/// Sums of forecasts over places, held against the sums that came.
fn sums(cities: u64, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    const PLACES: usize = 12;
    const DAYS: usize = 300;
    let one = |seed: u64| -> anyhow::Result<(f64, f64)> {
        let mut rng = generator(60_000 + seed);
        let mut came = vec![0.0; HORIZON];
        let mut parts: Vec<Evaluation> = Vec::with_capacity(PLACES);
        for place in 0..PLACES {
            let mean = 0.5 + place as f64 / 2.0;
            let counts: Vec<f64> = (0..DAYS + HORIZON)
                .map(|t| poisson(mean * WEEK[t % 7], &mut rng))
                .collect();
            came.iter_mut()
                .zip(&counts[DAYS..])
                .for_each(|(a, b)| *a += b);
            parts.push(
                evaluate(&counts[..DAYS], &[7], HORIZON)
                    .context("the simulated series is refused")?,
            );
        }
        let whole = bottom_up(&parts.iter().collect::<Vec<_>>())
            .context("the parts are refused")?
            .forecast();
        let inside = whole
            .points
            .iter()
            .zip(&came)
            .filter(|(p, c)| (p.lo95..=p.hi95).contains(*c))
            .count();
        Ok((inside as f64, HORIZON as f64))
    };
    let made: Vec<(f64, f64)> = (0..cities)
        .into_par_iter()
        .map(one)
        .collect::<Result<_, _>>()?;
    say(Tries::of(made).line("forecast, sum of twelve places, 95 % limits".into(), 95.0));
    Ok(())
}

/// Alarms of Farrington on weeks in which nothing is unusual; counts are whole, so the level is an upper bound.
fn alarms(series: u64, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    const WEEKS: usize = 364;
    for (name, threshold) in [
        ("delta", Threshold::Delta),
        ("nbplugin", Threshold::NbPlugin),
        ("muan", Threshold::Muan),
    ] {
        let one = |seed: u64| -> anyhow::Result<(f64, f64)> {
            let mut rng = generator(70_000 + seed);
            let counts: Vec<f64> = (0..WEEKS)
                .map(|t| {
                    overdispersed(20.0 * (1.0 + 0.4 * (t as f64 * TAU / 52.0).sin()), &mut rng)
                })
                .collect();
            let settings = Farrington {
                threshold,
                ..Farrington::default()
            };
            let timeline = Timeline::by_index(WEEKS, 52);
            let points = farrington(&counts, &timeline, &settings, None)
                .context("the simulated series is refused")?;
            let alarms = points.iter().filter(|p| p.alarm).count();
            Ok((alarms as f64, points.len() as f64))
        };
        let made: Vec<(f64, f64)> = (0..series)
            .into_par_iter()
            .map(one)
            .collect::<Result<_, _>>()?;
        say(Tries::of(made).told(format!("farrington {name}, alarms at alpha 0.05")));
    }
    Ok(())
}

/// Limits of reporting rates, of the effect of a covariate, and of the share that is never reported again.
fn rates(sets: u64, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    const INCIDENTS: usize = 400;
    let holds = |interval: Interval, truth: f64| {
        (interval.lo.unwrap_or(f64::NEG_INFINITY)..=interval.hi.unwrap_or(f64::INFINITY))
            .contains(&truth)
    };
    let plain = |seed: u64| -> anyhow::Result<bool> {
        let mut rng = generator(40_000 + seed);
        let days: Vec<f64> = (0..INCIDENTS)
            .map(|_| 2.0 + 40.0 * rng.random::<f64>())
            .collect();
        let duplicates: Vec<f64> = days.iter().map(|t| poisson(0.05 * t, &mut rng)).collect();
        let found = rate(&duplicates, &days).context("the simulated incidents are refused")?;
        Ok(holds(found.interval, 0.05))
    };
    let made: Vec<bool> = (0..sets)
        .into_par_iter()
        .map(plain)
        .collect::<Result<_, _>>()?;
    say(Tries::of_hits(made).line("reporting rate, 95 % limits".into(), 95.0));
    for share in [0.0, 0.3] {
        let one = |seed: u64| -> anyhow::Result<(bool, Option<bool>)> {
            let mut rng = generator(50_000 + seed);
            let (mut duplicates, mut days) = (Vec::new(), Vec::new());
            let mut covariates = Covariates {
                names: vec!["x".into()],
                rows: Vec::new(),
            };
            for _ in 0..INCIDENTS {
                let (t, x) = (2.0 + 60.0 * rng.random::<f64>(), normal(&mut rng));
                let silent = rng.random::<f64>() < share;
                let mean = if silent {
                    0.0
                } else {
                    0.06 * t * (0.4 * x).exp()
                };
                duplicates.push(poisson(mean, &mut rng));
                days.push(t);
                covariates.rows.push(vec![x]);
            }
            let found = reporting(&duplicates, &days, &covariates)
                .context("the simulated incidents are refused")?;
            let zero = found.zero_inflated.as_ref();
            let effect = zero.map_or(&found.effects[0], |z| &z.effects[0]);
            Ok((
                holds(effect.interval, 0.4_f64.exp()),
                zero.map(|z| holds(z.interval, share)),
            ))
        };
        let made: Vec<(bool, Option<bool>)> = (0..sets)
            .into_par_iter()
            .map(one)
            .collect::<Result<_, _>>()?;
        let silent = 100.0 * share;
        let effects = Tries::of_hits(made.iter().map(|m| m.0));
        say(effects.line(
            format!("effect on a reporting rate, {silent} % silent, 95 % limits"),
            95.0,
        ));
        if share > 0.0 {
            let shares = Tries::of_hits(made.iter().filter_map(|m| m.1));
            say(shares.line("share of silent incidents, 95 % limits".into(), 95.0));
        } else {
            let claimed = Tries::of_hits(made.iter().map(|m| m.1.is_some()));
            say(claimed.line("zero inflation claimed where there is none".into(), 5.0));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_knows_its_error() {
        // 50 of 100 independent tries: sqrt(0.25 / 99).
        let even = Tries::of_hits((0..100).map(|i| i % 2 == 0));
        assert_eq!(even.share(), 0.5);
        assert!((even.error() - (0.25_f64 / 99.0).sqrt()).abs() < 1e-12);
        // The same hits in blocks that are all alike: ten simulations, not a hundred.
        let blocks = Tries::of((0..10).map(|i| (f64::from(i % 2) * 10.0, 10.0)));
        assert!((blocks.error() - (0.25_f64 / 9.0).sqrt()).abs() < 1e-12);
        let line = blocks.line("x".into(), 49.0);
        assert_eq!((line.value, line.is_met), (1.0, Some(true)));
        assert_eq!(blocks.line("x".into(), 45.0).is_met, Some(false));
    }

    #[test]
    fn a_day_sees_its_window_alone() {
        let pattern = Pattern::uneven(3, 10);
        let cases = pattern.draw(200, &mut generator(1));
        let expected = pattern.expected(200.0);
        let data = seen_on(Kind::Poisson, &cases, &expected, 3, 4..7);
        let wanted = cases.iter().filter(|t| (4..7).contains(&t.unit)).count();
        assert_eq!((data.units, data.cases.len()), (3, wanted));
        assert!(data.cases.iter().all(|t| t.unit < 3));
        let Null::Poisson { expected: cut } = data.null else {
            panic!("the model is kept");
        };
        assert_eq!(
            cut,
            [&expected[4..7], &expected[14..17], &expected[24..27]].concat()
        );
    }
}
