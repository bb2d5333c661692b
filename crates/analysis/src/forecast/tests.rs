//! Forecasts held against series whose law is known.

use super::*;
use proptest::prelude::*;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// A Poisson count by multiplication, for the means of these tests.
fn poisson(mean: f64, random: &mut SmallRng) -> f64 {
    let (mut k, mut product) = (0.0, random.random::<f64>());
    while product > (-mean).exp() {
        product *= random.random::<f64>();
        k += 1.0;
    }
    k
}

const WEEK: [f64; 7] = [1.3, 1.2, 1.1, 1.1, 1.0, 0.8, 0.5];

fn weekly(days: usize, mean: f64, seed: u64) -> Vec<f64> {
    let mut random = SmallRng::seed_from_u64(seed);
    (0..days)
        .map(|t| poisson(mean * WEEK[t % 7], &mut random))
        .collect()
}

#[test]
fn a_weekly_pattern_is_found_and_beats_the_yardstick() {
    let counts = weekly(400, 20.0, 1);
    let found = evaluate(&counts, &[7], 14).unwrap().forecast();
    assert!(
        found.model != Model::SeasonalNaive && found.mase < 0.85,
        "{} {}",
        found.model,
        found.mase
    );
    for (h, p) in found.points.iter().enumerate() {
        let truth = 20.0 * WEEK[(400 + h) % 7];
        assert!(
            (p.mean / truth - 1.0).abs() < 0.2,
            "step {h}: {} for {truth}",
            p.mean
        );
        assert!(
            p.lo95 <= p.lo80
                && p.lo80 <= p.mean
                && p.mean <= p.hi80
                && p.hi80 <= p.hi95
                && p.lo95 >= 0.0
        );
        assert!(
            [p.lo80, p.hi80, p.lo95, p.hi95]
                .iter()
                .all(|v| v.fract() == 0.0),
            "counts are whole"
        );
    }
    assert!(
        (found.coverage95.unwrap() - 0.95).abs() < 0.04,
        "{:?}",
        found.coverage95
    );
}

#[test]
fn the_limits_cover_what_comes() {
    let (mut inside95, mut inside80, mut all) = (0, 0, 0);
    for seed in 0..30 {
        let counts = weekly(314, 25.0, 100 + seed);
        let found = evaluate(&counts[..300], &[7], 14).unwrap().forecast();
        for (p, came) in found.points.iter().zip(&counts[300..]) {
            inside95 += u32::from((p.lo95..=p.hi95).contains(came));
            inside80 += u32::from((p.lo80..=p.hi80).contains(came));
            all += 1;
        }
    }
    let (share95, share80) = (
        f64::from(inside95) / f64::from(all),
        f64::from(inside80) / f64::from(all),
    );
    // 420 counts: three standard errors are 0.03 and 0.06.
    assert!((share95 - 0.95).abs() < 0.032, "{share95}");
    assert!((share80 - 0.80).abs() < 0.065, "{share80}");
}

#[test]
fn a_yearly_season_beside_the_week_is_used() {
    let mut random = SmallRng::seed_from_u64(5);
    let yearly = |t: usize| 1.0 + 0.6 * (t as f64 * std::f64::consts::TAU / 365.0).sin();
    let counts: Vec<f64> = (0..1300)
        .map(|t| poisson(30.0 * WEEK[t % 7] * yearly(t), &mut random))
        .collect();
    let found = evaluate(&counts, &[7, 365], 60).unwrap();
    assert_eq!(found.seasons, [7, 365]);
    assert!(
        matches!(
            found.model(),
            Model::AllSeasonsLevel | Model::AllSeasonsTrend
        ),
        "{}",
        found.model()
    );
    let last = found.means()[59] / (30.0 * WEEK[(1300 + 59) % 7] * yearly(1300 + 59));
    assert!((last - 1.0).abs() < 0.25, "{last}");
    let short = evaluate(&counts[..500], &[7, 365], 14).unwrap();
    assert_eq!(short.seasons, [7], "there are not two years");
}

#[test]
fn an_exact_repetition_cannot_be_beaten() {
    let counts: Vec<f64> = (0..210)
        .map(|t| [5.0, 0.0, 9.0, 2.0, 7.0, 1.0, 40.0][t % 7])
        .collect();
    let found = evaluate(&counts, &[7], 7).unwrap().forecast();
    assert_eq!(
        (found.model, found.mase, found.mae),
        (Model::SeasonalNaive, 1.0, 0.0)
    );
    let first = found.points[0];
    assert_eq!((first.mean, first.lo95, first.hi95), (5.0, 5.0, 5.0));
}

#[test]
fn a_series_of_zeros_is_foreseen_as_zeros() {
    let found = evaluate(&[0.0; 60], &[7], 5).unwrap().forecast();
    assert!(
        found.model == Model::SeasonalNaive
            && found.points.iter().all(|p| p.mean == 0.0 && p.hi95 == 0.0)
    );
}

#[test]
fn forecasts_add_up() {
    let parts: Vec<Evaluation> = (0..3)
        .map(|i| evaluate(&weekly(250, 6.0 + 4.0 * i as f64, i), &[7], 10).unwrap())
        .collect();
    let at_once = bottom_up(&[&parts[0], &parts[1], &parts[2]]).unwrap();
    let pair = bottom_up(&[&parts[0], &parts[1]]).unwrap();
    let in_steps = bottom_up(&[&pair, &parts[2]]).unwrap();
    let (total, stepped) = (at_once.forecast(), in_steps.forecast());
    for h in 0..10 {
        let sum: f64 = parts.iter().map(|p| p.means()[h]).sum();
        assert!((total.points[h].mean - sum).abs() < 1e-9);
        assert!((total.points[h].hi95 - stepped.points[h].hi95).abs() < 1e-9);
        let widths: f64 = parts
            .iter()
            .map(|p| p.forecast().points[h])
            .map(|p| p.hi95 - p.lo95)
            .sum();
        assert!(
            total.points[h].hi95 - total.points[h].lo95 < widths,
            "independent errors partly cancel"
        );
    }
    assert!(total.model == Model::Sum && total.mase < 1.0);
    assert_eq!(bottom_up(&[]).unwrap_err(), ForecastError::NoParts);
    let other = evaluate(&weekly(260, 6.0, 9), &[7], 10).unwrap();
    assert_eq!(
        bottom_up(&[&parts[0], &other]).unwrap_err(),
        ForecastError::Unlike(2)
    );
}

#[test]
fn unusable_input_is_refused() {
    let counts = weekly(100, 5.0, 3);
    assert_eq!(
        evaluate(&counts, &[7], 0).unwrap_err(),
        ForecastError::Horizon(0)
    );
    assert_eq!(
        evaluate(&counts, &[1], 3).unwrap_err(),
        ForecastError::Season(1)
    );
    assert!(matches!(
        evaluate(&counts[..20], &[7], 14),
        Err(ForecastError::TooShort { needed: 28, .. })
    ));
    assert!(matches!(
        evaluate(&[1.0, f64::NAN], &[], 1),
        Err(ForecastError::Series(_))
    ));
    assert!(evaluate(&[], &[], 1).is_err());
}

#[test]
fn origins_see_only_the_past() {
    let counts = weekly(200, 9.0, 4);
    let whole = evaluate(&counts, &[7], 7).unwrap();
    let mut changed = counts.clone();
    changed[195] += 500.0;
    let other = evaluate(&changed, &[7], 7).unwrap();
    if whole.model == other.model {
        for (a, b) in whole
            .origins
            .iter()
            .zip(&other.origins)
            .filter(|(a, _)| a.known <= 195)
        {
            assert_eq!(a.predicted, b.predicted);
        }
    }
    assert!(
        whole
            .origins
            .iter()
            .all(|o| o.came.len() == 7.min(200 - o.known) && o.known < 200)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_series_has_a_sane_forecast(counts in prop::collection::vec(0u32..60, 20..90), season in 2usize..12, horizon in 1usize..9) {
        let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
        if let Ok(e) = evaluate(&counts, &[season], horizon) {
            let f = e.forecast();
            prop_assert_eq!(f.points.len(), horizon);
            prop_assert!(f.mase <= 1.0 && f.mase.is_finite());
            for p in f.points {
                prop_assert!(p.mean.is_finite() && 0.0 <= p.lo95 && p.lo95 <= p.lo80 && p.lo80 <= p.mean && p.mean <= p.hi80 && p.hi80 <= p.hi95);
            }
            prop_assert!(f.coverage95.is_none_or(|c| (0.0..=1.0).contains(&c)));
        }
    }
}

#[test]
fn a_week_ahead_is_the_sum_of_its_days_and_its_limits_cover_what_comes() {
    let (mut inside, mut all) = (0, 0);
    for seed in 0..60 {
        let counts = weekly(307, 4.0, 500 + seed);
        let evaluation = evaluate(&counts[..300], &[7], 7).unwrap();
        let week = evaluation.total(1..=7).unwrap();
        let days: f64 = evaluation.means().iter().sum();
        assert!((week.mean - days).abs() < 1e-9);
        let came: f64 = counts[300..].iter().sum();
        inside += u32::from((week.lo95..=week.hi95).contains(&came));
        all += 1;
        // Narrower than the sum of the limits of the days: their errors do not all fall on one side.
        let widest: f64 = evaluation
            .forecast()
            .points
            .iter()
            .map(|p| p.hi95 - p.lo95)
            .sum();
        assert!(week.hi95 - week.lo95 < widest);
    }
    // 60 weeks: three standard errors are 0.085.
    let share = f64::from(inside) / f64::from(all);
    assert!(share > 0.865, "{share}");
    let one = evaluate(&weekly(300, 4.0, 1), &[7], 7).unwrap();
    assert!(one.total(1..=8).is_none() && one.total(0..=3).is_none());
    assert_eq!(one.total(3..=3).unwrap().mean, one.means()[2]);
    let short = evaluate(&weekly(40, 4.0, 1), &[7], 7).unwrap();
    assert!(short.total(1..=7).is_none(), "too few origins for 95 %");
}

#[test]
fn only_a_model_that_beats_the_yardstick_is_for_people() {
    let repeated: Vec<f64> = (0..210).map(|t| f64::from(t % 7)).collect();
    assert!(
        !evaluate(&repeated, &[7], 7)
            .unwrap()
            .forecast()
            .beats_the_yardstick()
    );
    let good = evaluate(&weekly(400, 20.0, 1), &[7], 7).unwrap().forecast();
    assert!(good.beats_the_yardstick());
}
