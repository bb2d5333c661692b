//! Speed and calibration of aberration detection, forecasts and reporting rates.
//!
//! `cargo bench -p shiyu-analysis --bench series`. Ends with an error if a promise is broken: Farrington at most
//! 0.2 ms a point on one core; limits of 95 % that cover 95 % ± 1.5.

use analysis::aberration::{Ears, EarsMethod, Farrington, Threshold, Timeline, ears, farrington};
use analysis::forecast::{Model, evaluate};
use analysis::reporting::rate;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::f64::consts::TAU;
use std::hint::black_box;
use std::time::Instant;

/// The most a point may take, in milliseconds.
const MOST_MILLISECONDS: f64 = 0.2;
/// How far a coverage may lie from what it promises.
const TOLERANCE: f64 = 0.015;

/// A Poisson count: by multiplication, in parts so that large means do not underflow.
fn poisson(mut mean: f64, random: &mut SmallRng) -> f64 {
    let mut total = 0.0;
    while mean > 0.0 {
        let part = mean.min(30.0);
        mean -= part;
        let (limit, mut product) = ((-part).exp(), random.random::<f64>());
        while product > limit {
            product *= random.random::<f64>();
            total += 1.0;
        }
    }
    total
}

/// A count with variance about twice its mean: the mean itself varies.
fn overdispersed(mean: f64, random: &mut SmallRng) -> f64 {
    // Twelve uniforms make a nearly normal factor of variance 1/mean.
    let normal = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
    poisson((mean + mean.sqrt() * normal).max(0.0), random)
}

fn weekly_series(weeks: usize, seed: u64) -> Vec<f64> {
    let mut random = SmallRng::seed_from_u64(seed);
    (0..weeks)
        .map(|t| poisson(12.0 + 6.0 * (t as f64 * TAU / 52.0).sin(), &mut random))
        .collect()
}

fn farrington_speed(failures: &mut Vec<String>) {
    let one_core = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a pool of one thread can be made");
    let counts = weekly_series(1_000, 1);
    let timeline = Timeline::by_index(counts.len(), 52);
    for (name, threshold) in [
        ("delta", Threshold::Delta),
        ("nbplugin", Threshold::NbPlugin),
        ("muan", Threshold::Muan),
    ] {
        let settings = Farrington {
            threshold,
            years: 5,
            ..Farrington::default()
        };
        let begin = Instant::now();
        let points = one_core
            .install(|| farrington(black_box(&counts), &timeline, &settings, None))
            .expect("a long series can be judged");
        let each = begin.elapsed().as_secs_f64() * 1e3 / points.len() as f64;
        println!(
            "farrington {name:9} {each:.4} ms a point on one core ({} points, b 5, w 3, 10 periods)",
            points.len()
        );
        if each > MOST_MILLISECONDS {
            failures.push(format!("farrington {name} takes {each:.4} ms a point"));
        }
    }
    let begin = Instant::now();
    let mut judged = 0;
    for _ in 0..1_000 {
        judged += ears(black_box(&counts), &Ears::new(EarsMethod::C2), None)
            .expect("a long series can be judged")
            .len();
    }
    println!(
        "ears c2              {:.1} M points a second",
        judged as f64 / begin.elapsed().as_secs_f64() / 1e6
    );
}

fn forecast_speed() {
    let mut random = SmallRng::seed_from_u64(2);
    let day = |t: usize| {
        40.0 * (1.0 + 0.3 * (t as f64 * TAU / 365.0).sin())
            * [1.2, 1.1, 1.1, 1.0, 1.0, 0.9, 0.7][t % 7]
    };
    let counts: Vec<f64> = (0..1_500).map(|t| poisson(day(t), &mut random)).collect();
    let begin = Instant::now();
    let found = evaluate(black_box(&counts), &[7, 365], 30)
        .expect("four years can be foreseen")
        .forecast();
    println!(
        "forecast of 1,500 days, seasons 7 and 365, horizon 30: {:.2} s ({}, mase {:.2})",
        begin.elapsed().as_secs_f64(),
        found.model,
        found.mase
    );
}

/// Forecasts of many series, each held against what came after.
fn forecast_calibration(failures: &mut Vec<String>) {
    const HORIZON: usize = 14;
    let week = [1.25, 1.15, 1.1, 1.05, 1.0, 0.85, 0.6];
    type Law = fn(f64, &mut SmallRng) -> f64;
    for (name, law, mean, days) in [
        ("poisson 30, 200 days", poisson as Law, 30.0, 200),
        ("poisson 30, 400 days", poisson as Law, 30.0, 400),
        (
            "overdispersed 60, 400 days",
            overdispersed as Law,
            60.0,
            400,
        ),
        ("poisson 400, 300 days", poisson as Law, 400.0, 300),
    ] {
        let (mut inside95, mut inside80, mut all, mut told, mut tellers, mut shown) =
            (0.0, 0.0, 0.0, 0.0, 0.0, 0);
        for seed in 0..400 {
            let mut random = SmallRng::seed_from_u64(seed);
            let counts: Vec<f64> = (0..days + HORIZON)
                .map(|t| law(mean * week[t % 7], &mut random))
                .collect();
            let found = evaluate(&counts[..days], &[7], HORIZON)
                .expect("the series is long enough")
                .forecast();
            shown += usize::from(found.model != Model::SeasonalNaive);
            for (p, came) in found.points.iter().zip(&counts[days..]) {
                inside95 += f64::from(u8::from((p.lo95..=p.hi95).contains(came)));
                inside80 += f64::from(u8::from((p.lo80..=p.hi80).contains(came)));
                all += 1.0;
            }
            if let Some(share) = found.coverage95 {
                told += share;
                tellers += 1.0;
            }
        }
        let (c95, c80, claimed) = (inside95 / all, inside80 / all, told / tellers);
        println!(
            "coverage, {name:27} 95 %: {:.2} %   80 %: {:.2} %   told by coverage95: {:.2} %   ({shown} of 400 beat seasonal-naive)",
            c95 * 100.0,
            c80 * 100.0,
            claimed * 100.0
        );
        for (what, got) in [("covers", c95), ("claims to cover", claimed)] {
            if (got - 0.95).abs() > TOLERANCE {
                failures.push(format!(
                    "forecast of {name}: the 95 % limits {what} {:.2} %",
                    got * 100.0
                ));
            }
        }
    }
}

fn rate_calibration(failures: &mut Vec<String>) {
    let (mut inside, trials) = (0, 4_000);
    let mut random = SmallRng::seed_from_u64(3);
    for _ in 0..trials {
        let days: Vec<f64> = (0..400)
            .map(|_| 2.0 + 40.0 * random.random::<f64>())
            .collect();
        let duplicates: Vec<f64> = days
            .iter()
            .map(|t| poisson(0.05 * t, &mut random))
            .collect();
        let found = rate(&duplicates, &days).expect("the incidents are usable");
        let (lo, hi) = (
            found.interval.lo.unwrap_or(0.0),
            found.interval.hi.unwrap_or(f64::INFINITY),
        );
        inside += u32::from((lo..=hi).contains(&0.05));
    }
    let share = f64::from(inside) / f64::from(trials);
    println!(
        "coverage, reporting rate of 400 incidents    95 %: {:.2} %",
        share * 100.0
    );
    if (share - 0.95).abs() > TOLERANCE {
        failures.push(format!(
            "the limits of a reporting rate cover {:.2} %",
            share * 100.0
        ));
    }
}

fn main() {
    let mut failures = Vec::new();
    farrington_speed(&mut failures);
    forecast_speed();
    forecast_calibration(&mut failures);
    rate_calibration(&mut failures);
    for failure in &failures {
        eprintln!("broken promise: {failure}");
    }
    if !failures.is_empty() {
        std::process::exit(1);
    }
}
