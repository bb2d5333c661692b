//! From daily counts to what the next days will bring. Pure.
//!
//! The counts are cells: places × categories × days. Each cell is foreseen by itself, and every sum is the sum of its
//! cells (`analysis::forecast::bottom_up`), so that the figures of a page add up over places and over categories. Each
//! shown sum has its own limits, from its own errors.

use analysis::forecast::{Evaluation, Forecast, ForecastPoint, bottom_up, evaluate};
use rayon::prelude::*;

/// Days foreseen.
pub const HORIZON: usize = 14;
/// Days of past that are looked at: three years, so that the season of the year is known where the record is that long.
pub const PAST_DAYS: usize = 3 * 366;
const WEEK: usize = 7;
/// The seasons of daily counts. The year is left out where there are not two of it.
const SEASONS: [usize; 2] = [WEEK, 365];

/// Daily counts of places and categories.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    places: usize,
    categories: usize,
    days: usize,
    /// Place after place, each with its categories, each with its days, oldest first.
    cells: Vec<f64>,
}

impl Counts {
    /// All zero.
    pub fn new(places: usize, categories: usize, days: usize) -> Self {
        Self {
            places,
            categories,
            days,
            cells: vec![0.0; places * categories * days],
        }
    }

    /// Adds to a cell on a day (from 0).
    ///
    /// # Panics
    /// If there is no such cell or day.
    pub fn add(&mut self, place: usize, category: usize, day: usize, count: f64) {
        assert!(category < self.categories && day < self.days);
        self.cells[(place * self.categories + category) * self.days + day] += count;
    }

    /// Days in each series.
    pub fn days(&self) -> usize {
        self.days
    }

    fn cell(&self, place: usize, category: usize) -> &[f64] {
        let at = (place * self.categories + category) * self.days;
        &self.cells[at..at + self.days]
    }

    /// The sum of the cells that `keep` chooses, day by day.
    fn sum(&self, keep: impl Fn(usize, usize) -> bool) -> Vec<f64> {
        let mut sum = vec![0.0; self.days];
        for place in 0..self.places {
            for category in (0..self.categories).filter(|c| keep(place, *c)) {
                let cell = self.cell(place, category);
                sum.iter_mut().zip(cell).for_each(|(s, c)| *s += c);
            }
        }
        sum
    }
}

/// How the last week compares with what was expected of it a week ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Light {
    /// Inside the 80 % limits.
    Usual,
    /// Above the 80 % limits.
    More,
    /// Above the 95 % limits.
    MuchMore,
    /// Below the 95 % limits.
    Less,
    /// Grey: no forecast was good enough to compare with.
    Unknown,
    /// Grey: nothing came where something was sure to come; the feed is missing rather than the problems.
    NoFeed,
}

impl Light {
    /// The light of a count against what was expected.
    pub fn of(observed: f64, expected: Option<&ForecastPoint>) -> Self {
        match expected {
            None => Self::Unknown,
            Some(e) if observed == 0.0 && e.lo95 > 0.0 => Self::NoFeed,
            Some(e) if observed > e.hi95 => Self::MuchMore,
            Some(e) if observed > e.hi80 => Self::More,
            Some(e) if observed < e.lo95 => Self::Less,
            Some(_) => Self::Usual,
        }
    }

    /// The word in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::More => "more",
            Self::MuchMore => "much-more",
            Self::Less => "less",
            Self::Unknown => "unknown",
            Self::NoFeed => "no-feed",
        }
    }
}

/// One sum: last week, and the next.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Counted in the last seven days.
    pub last_week: f64,
    /// What was expected of these seven days when they began; none where no model was good enough.
    pub expected: Option<ForecastPoint>,
    /// The two compared.
    pub light: Light,
    /// What the next seven days will bring; none where no model is good enough.
    pub next_week: Option<ForecastPoint>,
}

/// What is to be expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// Everything together.
    pub whole: Line,
    /// Everything together, day by day; none where the past is too short. Shown only if it beats the yardstick.
    pub daily: Option<Forecast>,
    /// Everything together as it was, day by day.
    pub past: Vec<f64>,
    /// Each place.
    pub places: Vec<Line>,
    /// Each category.
    pub categories: Vec<Line>,
}

impl Outlook {
    /// The same where reports did not come in as they should: every light is grey.
    #[must_use]
    pub fn without_feed(mut self) -> Self {
        let parts = self.places.iter_mut().chain(&mut self.categories);
        for line in parts.chain([&mut self.whole]) {
            line.light = Light::NoFeed;
        }
        self
    }
}

/// Foresees. Long: a second or more for every ten cells with three years of past.
pub fn outlook(counts: &Counts) -> Outlook {
    let cells: Vec<Option<Evaluation>> = (0..counts.places * counts.categories)
        .into_par_iter()
        .map(|at| {
            let (place, category) = (at / counts.categories, at % counts.categories);
            evaluate(counts.cell(place, category), &SEASONS, HORIZON).ok()
        })
        .collect();
    let sum_of = |keep: &dyn Fn(usize, usize) -> bool| -> Option<Evaluation> {
        let parts: Option<Vec<&Evaluation>> = cells
            .iter()
            .enumerate()
            .filter(|(at, _)| keep(at / counts.categories, at % counts.categories))
            .map(|(_, cell)| cell.as_ref())
            .collect();
        bottom_up(&parts?).ok()
    };
    let line = |keep: &(dyn Fn(usize, usize) -> bool + Sync)| {
        let past = counts.sum(keep);
        line_of(&past, sum_of(keep).as_ref())
    };
    let whole = sum_of(&|_, _| true);
    let past = counts.sum(|_, _| true);
    Outlook {
        whole: line_of(&past, whole.as_ref()),
        daily: whole.map(|e| e.forecast()),
        places: (0..counts.places)
            .into_par_iter()
            .map(|place| line(&move |p, _| p == place))
            .collect(),
        categories: (0..counts.categories)
            .into_par_iter()
            .map(|category| line(&move |_, c| c == category))
            .collect(),
        past,
    }
}

fn line_of(past: &[f64], ahead: Option<&Evaluation>) -> Line {
    let begin = past.len().saturating_sub(WEEK);
    let last_week = past[begin..].iter().sum();
    let shown = |evaluation: &Evaluation| {
        evaluation
            .forecast()
            .beats_the_yardstick()
            .then(|| evaluation.total(1..=WEEK))
            .flatten()
    };
    // What somebody would have been told a week ago.
    let expected = evaluate(&past[..begin], &SEASONS, WEEK)
        .ok()
        .and_then(|e| shown(&e));
    Line {
        last_week,
        light: Light::of(last_week, expected.as_ref()),
        expected,
        next_week: ahead.and_then(shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};

    const WEEKLY: [f64; 7] = [1.3, 1.2, 1.1, 1.0, 1.0, 0.8, 0.6];

    fn poisson(mean: f64, random: &mut SmallRng) -> f64 {
        let (mut k, mut product) = (0.0, random.random::<f64>());
        while product > (-mean).exp() {
            product *= random.random::<f64>();
            k += 1.0;
        }
        k
    }

    fn city(days: usize) -> Counts {
        let mut random = SmallRng::seed_from_u64(4);
        let mut counts = Counts::new(3, 2, days);
        for place in 0..3 {
            for category in 0..2 {
                for day in 0..days {
                    let mean = (1 + place + 3 * category) as f64 * WEEKLY[day % 7];
                    counts.add(place, category, day, poisson(mean, &mut random));
                }
            }
        }
        counts
    }

    #[test]
    fn figures_add_up_over_places_and_over_categories() {
        let found = outlook(&city(280));
        let mean = |line: &Line| line.next_week.unwrap().mean;
        let whole = mean(&found.whole);
        let by_place: f64 = found.places.iter().map(mean).sum();
        let by_category: f64 = found.categories.iter().map(mean).sum();
        assert!((whole - by_place).abs() < 1e-9 && (whole - by_category).abs() < 1e-9);
        let daily = found.daily.unwrap();
        let week: f64 = daily.points[..7].iter().map(|p| p.mean).sum();
        assert!(daily.beats_the_yardstick() && (whole - week).abs() < 1e-9);
        let last: f64 = found.past[273..].iter().sum();
        assert_eq!(found.whole.last_week, last);
        assert_eq!(found.places.iter().map(|l| l.last_week).sum::<f64>(), last);
    }

    #[test]
    fn lights_come_from_the_limits_and_a_missing_feed_is_grey() {
        let point = ForecastPoint {
            mean: 10.0,
            lo80: 7.0,
            hi80: 13.0,
            lo95: 4.0,
            hi95: 17.0,
        };
        for (observed, light) in [
            (0.0, Light::NoFeed),
            (3.0, Light::Less),
            (4.0, Light::Usual),
            (13.0, Light::Usual),
            (14.0, Light::More),
            (17.0, Light::More),
            (18.0, Light::MuchMore),
        ] {
            assert_eq!(Light::of(observed, Some(&point)), light, "{observed}");
        }
        let rare = ForecastPoint { lo95: 0.0, ..point };
        assert_eq!(Light::of(0.0, Some(&rare)), Light::Usual);
        assert_eq!(Light::of(9.0, None), Light::Unknown);
        let silent = outlook(&city(280)).without_feed();
        assert!(silent.places.iter().all(|l| l.light == Light::NoFeed));
    }

    #[test]
    fn the_season_of_the_year_is_foreseen_where_the_record_holds_two_years() {
        // Twice as much around midsummer, half around midwinter; the record ends as it begins to rise.
        let mut random = SmallRng::seed_from_u64(8);
        let mean = |day: usize| 8.0 * (std::f64::consts::TAU * day as f64 / 365.0).sin().exp2();
        let days = 2 * 365 + 280;
        let mut counts = Counts::new(1, 1, days);
        for day in 0..days {
            counts.add(0, 0, day, poisson(mean(day), &mut random));
        }
        let found = outlook(&counts);
        let daily = found.daily.unwrap();
        assert!(daily.beats_the_yardstick(), "{}", daily.mase);
        let ahead: f64 = daily.points.iter().map(|p| p.mean).sum();
        let truth: f64 = (days..days + HORIZON).map(mean).sum();
        let now: f64 = (days - HORIZON..days).map(mean).sum();
        assert!(
            (ahead - truth).abs() < 0.12 * truth,
            "{ahead} of {truth}, now {now}"
        );
    }

    #[test]
    fn a_week_out_of_the_usual_shows() {
        let mut counts = city(280);
        for day in 274..280 {
            counts.add(2, 1, day, 12.0);
        }
        let found = outlook(&counts);
        assert_eq!(found.places[2].light, Light::MuchMore);
        assert_eq!(found.categories[1].light, Light::MuchMore);
        assert_ne!(found.places[0].light, Light::MuchMore);
    }

    #[test]
    fn what_cannot_be_foreseen_is_not() {
        // Too short a past, no case at all, and an exact repetition, which nothing beats.
        for (days, each) in [
            (0, None),
            (6, Some(1.0)),
            (20, Some(1.0)),
            (200, None),
            (200, Some(2.0)),
        ] {
            let mut counts = Counts::new(2, 1, days);
            for day in 0..days {
                counts.add(0, 0, day, each.unwrap_or(0.0));
            }
            let found = outlook(&counts);
            assert_eq!(found.whole.next_week, None, "{days} days");
            assert_eq!(found.whole.light, Light::Unknown);
            assert!(found.daily.is_none_or(|d| !d.beats_the_yardstick()));
        }
        let none = outlook(&Counts::new(0, 0, 100));
        assert!(none.places.is_empty() && none.daily.is_none());
    }
}
