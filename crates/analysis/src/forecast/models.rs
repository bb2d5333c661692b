//! The models that are tried, from plain to rich. All work on counts, none can foresee less than nothing.

use super::profile::Shapes;

/// How fast the level forgets: a count weighs this much less with every new one. 1 never forgets.
const DISCOUNTS: [f64; 9] = [0.5, 0.7, 0.8, 0.88, 0.93, 0.96, 0.98, 0.99, 0.997];
/// Gains of the damped trend: how much an error moves the level, and how much of that the slope.
const GAINS: [(f64, f64); 6] = [
    (0.05, 0.1),
    (0.1, 0.1),
    (0.1, 0.3),
    (0.2, 0.1),
    (0.3, 0.2),
    (0.5, 0.2),
];
/// How much of the slope is left after each step (Gardner & McKenzie 1985).
const DAMPING: f64 = 0.95;
/// Share of the past on which discounts and gains are chosen: the later part.
const LATER: f64 = 0.6;

/// A way to foresee counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// The count one season earlier: the yardstick.
    SeasonalNaive,
    /// A level that forgets: Σ counts over Σ points, older ones discounted (Harvey & Fernandes 1989).
    Level,
    /// The level times the profile of the shortest season.
    SeasonalLevel,
    /// The level times the profiles of all seasons.
    AllSeasonsLevel,
    /// A level with a damped trend, times the profile of the shortest season.
    SeasonalTrend,
    /// A level with a damped trend, times the profiles of all seasons.
    AllSeasonsTrend,
    /// A sum of forecasts.
    Sum,
}

impl std::fmt::Display for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Model::SeasonalNaive => "seasonal-naive",
            Model::Level => "level",
            Model::SeasonalLevel => "seasonal-level",
            Model::AllSeasonsLevel => "all-seasons-level",
            Model::SeasonalTrend => "seasonal-damped-trend",
            Model::AllSeasonsTrend => "all-seasons-damped-trend",
            Model::Sum => "sum",
        })
    }
}

/// The count one season earlier, for each step ahead.
pub(super) fn seasonal_naive(past: &[f64], season: usize, horizon: usize) -> Vec<f64> {
    let last = &past[past.len().saturating_sub(season)..];
    (0..horizon)
        .map(|h| last.get(h % last.len().max(1)).copied().unwrap_or(0.0))
        .collect()
}

impl Model {
    /// The models to try beside the yardstick.
    pub(super) fn candidates(seasons: &[usize]) -> Vec<Model> {
        let mut all = vec![Model::Level, Model::SeasonalTrend];
        if !seasons.is_empty() {
            all.push(Model::SeasonalLevel);
        }
        if seasons.len() > 1 {
            all.extend([Model::AllSeasonsLevel, Model::AllSeasonsTrend]);
        }
        all
    }

    /// Expected counts for each step after `past`, whose seasons have these shapes.
    pub(super) fn predict(
        self,
        past: &[f64],
        shapes: &Shapes,
        shortest: usize,
        horizon: usize,
    ) -> Vec<f64> {
        let level = |factors| foresee(past, factors, horizon, &DISCOUNTS.map(Smoother::level));
        let trend = |factors| {
            foresee(
                past,
                factors,
                horizon,
                &GAINS.map(|g| Smoother::trend(g, past)),
            )
        };
        match self {
            Model::SeasonalNaive | Model::Sum => seasonal_naive(past, shortest, horizon),
            Model::Level => level(&shapes.flat),
            Model::SeasonalLevel => level(&shapes.shortest),
            Model::AllSeasonsLevel => level(&shapes.all),
            Model::SeasonalTrend => trend(&shapes.shortest),
            Model::AllSeasonsTrend => trend(&shapes.all),
        }
    }
}

/// What is carried from point to point, the season taken off.
#[derive(Debug, Clone, Copy)]
enum Smoother {
    /// Discounted sums of counts and of seasonal factors; their ratio is the level.
    Level {
        discount: f64,
        counts: f64,
        factors: f64,
    },
    /// A level and a slope that errors correct.
    Trend {
        gain: f64,
        share: f64,
        level: f64,
        slope: f64,
    },
}

impl Smoother {
    fn level(discount: f64) -> Self {
        Smoother::Level {
            discount,
            counts: 0.0,
            factors: 0.0,
        }
    }

    fn trend((gain, share): (f64, f64), past: &[f64]) -> Self {
        let first = &past[..past.len().min(14)];
        let level = first.iter().sum::<f64>() / first.len().max(1) as f64;
        Smoother::Trend {
            gain,
            share,
            level,
            slope: 0.0,
        }
    }

    fn learn(&mut self, count: f64, factor: f64) {
        match self {
            Smoother::Level {
                discount,
                counts,
                factors,
            } => {
                *counts = *discount * *counts + count;
                *factors = *discount * *factors + factor;
            }
            Smoother::Trend {
                gain,
                share,
                level,
                slope,
            } => {
                let carried = *slope * DAMPING;
                // A point of high season tells more about the level: its error is not divided by its factor. Long
                // factors are kept from overshooting.
                let error = (count - factor * (*level + carried)) / factor.max(1.0);
                *level = (*level + carried + *gain * error).max(0.0);
                *slope = carried + *gain * *share * error;
            }
        }
    }

    /// The level `ahead` steps on (1 is the next point).
    fn ahead(&self, ahead: usize) -> f64 {
        match self {
            Smoother::Level {
                counts, factors, ..
            } => {
                if *factors > 0.0 {
                    counts / factors
                } else {
                    0.0
                }
            }
            Smoother::Trend { level, slope, .. } => {
                let steps =
                    DAMPING * (1.0 - DAMPING.powi(ahead.min(10_000) as i32)) / (1.0 - DAMPING);
                (level + slope * steps).max(0.0)
            }
        }
    }
}

/// Runs every smoother over the past, keeps the one that foresaw the later part best at three horizons, and foresees.
/// `factors` are those of the season at each point, also of those to come.
fn foresee(past: &[f64], factors: &[f64], horizon: usize, smoothers: &[Smoother]) -> Vec<f64> {
    let n = past.len();
    let later = (n as f64 * (1.0 - LATER)) as usize;
    let mut ahead = [1, horizon.div_ceil(2), horizon];
    ahead.sort_unstable();
    let run = |start: &Smoother| {
        let (mut smoother, mut error) = (*start, 0.0);
        for t in 0..n {
            smoother.learn(past[t], factors[t]);
            if t < later {
                continue;
            }
            for h in ahead {
                if let Some(came) = past.get(t + h) {
                    // Squared, for it is the mean that is sought: the counts of quiet places would else be
                    // foreseen as none, and their sums too low. Busy parts of the season vary more.
                    error += (smoother.ahead(h) * factors[t + h] - came).powi(2) / factors[t + h];
                }
            }
        }
        (smoother, error)
    };
    let best = smoothers.iter().map(run).min_by(|a, b| a.1.total_cmp(&b.1));
    let Some((smoother, _)) = best else {
        return vec![0.0; horizon];
    };
    (1..=horizon)
        .map(|h| smoother.ahead(h) * factors[n + h - 1])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreseen(model: Model, past: &[f64], season: Option<usize>, horizon: usize) -> Vec<f64> {
        let seasons: Vec<usize> = season.into_iter().collect();
        let shapes = Shapes::of(past, &seasons, past.len() + horizon);
        model.predict(past, &shapes, season.unwrap_or(1), horizon)
    }

    #[test]
    fn the_yardstick_repeats_the_last_season() {
        assert_eq!(
            seasonal_naive(&[9.0, 1.0, 2.0, 3.0], 3, 5),
            [1.0, 2.0, 3.0, 1.0, 2.0]
        );
        assert_eq!(seasonal_naive(&[9.0, 4.0], 1, 2), [4.0, 4.0]);
        assert_eq!(seasonal_naive(&[], 7, 2), [0.0, 0.0]);
    }

    #[test]
    fn a_level_is_the_discounted_mean() {
        let mut s = Smoother::level(0.5);
        [8.0, 4.0, 2.0].iter().for_each(|c| s.learn(*c, 1.0));
        // (8/4 + 4/2 + 2) / (1/4 + 1/2 + 1)
        assert!((s.ahead(1) - 6.0 / 1.75).abs() < 1e-12 && s.ahead(1) == s.ahead(9));
    }

    #[test]
    fn a_trend_is_followed_and_damped() {
        let past: Vec<f64> = (0..200).map(|t| 50.0 + f64::from(t)).collect();
        let seen = foreseen(Model::SeasonalTrend, &past, None, 40);
        assert!(seen[0] > 245.0 && seen[9] > seen[0], "{seen:?}");
        assert!(
            seen[39] - seen[38] < 0.5 * (seen[1] - seen[0]),
            "far steps are smaller"
        );
        let falling: Vec<f64> = past.iter().rev().map(|c| (c - 50.0) / 4.0).collect();
        assert!(
            foreseen(Model::SeasonalTrend, &falling, None, 40)
                .iter()
                .all(|m| *m >= 0.0)
        );
    }

    #[test]
    fn a_season_is_foreseen_in_its_phase() {
        let week = [10.0, 10.0, 10.0, 10.0, 10.0, 3.0, 1.0];
        let past: Vec<f64> = (0..140).map(|t| week[t % 7]).collect();
        for (h, mean) in foreseen(Model::SeasonalLevel, &past, Some(7), 9)
            .iter()
            .enumerate()
        {
            assert!((mean - week[h % 7]).abs() < 0.05, "step {h}: {mean}");
        }
        // A day of the week on which nothing ever happens.
        let never: Vec<f64> = (0..140)
            .map(|t| if t % 7 == 6 { 0.0 } else { 5.0 })
            .collect();
        let seen = foreseen(Model::SeasonalLevel, &never, Some(7), 7);
        assert!(seen[6] < 0.05 && (seen[0] - 5.0).abs() < 0.1, "{seen:?}");
    }
}
