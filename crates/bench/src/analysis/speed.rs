//! How fast the statistics are, in ratios to their budgets.
//!
//! A budget is a time on a core, so it is held against CPU seconds: of one thread where it speaks of one core, of all
//! threads over the number of cores where it speaks of the machine.

use super::simulated::{Pattern, generator, lattice, poisson};
use crate::measure::{Cost, cost_of};
use crate::report::{Line, Wanted};
use analysis::aberration::{
    Cusum, DayKind, DayPattern, Ears, EarsMethod, Farrington, Threshold, Timeline, cusum,
    discoveries, ears, farrington,
};
use analysis::forecast::evaluate;
use analysis::scan::{Data, Findings, Null, Options, Span, Zones, scan};
use anyhow::Context as _;
use jiff::ToSpan as _;
use reporting::{Covariates, reporting};
use std::f64::consts::TAU;
use std::hint::black_box;

/// Cores of the machine that the budgets of whole scans speak of.
const CORES: f64 = 2.0;
/// Windows a second on one core, by model.
const WINDOWS_PER_S: f64 = 100e6;
const PERMUTATION_WINDOWS_PER_S: f64 = 50e6;
/// Seconds of a prospective scan: 2,000 grids, ≤ 100 neighbours, 30 days, 999 replicates.
const SCAN_S: f64 = 60.0;
/// Seconds of the scans of a daily warning run: 2,000 grids × 60 categories.
const DAILY_S: f64 = 120.0;
/// Milliseconds of Farrington for one point.
const FARRINGTON_MS: f64 = 0.2;

const PLACES: usize = 2000;
const UNITS: usize = 365;
const CASES: usize = 73_000;

/// Measures.
///
/// # Errors
/// When `/proc` cannot be read or the simulated data are refused.
pub fn run(quick: bool, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    scans(quick, say)?;
    daily(say)?;
    farrington_points(say)?;
    small_detectors(say)?;
    forecast(say)?;
    reporting_rate(say)?;
    super::text::run(say)
}

/// Runs on one thread, so that its CPU seconds are those of one core.
fn on_one_core<T: Send>(
    work: impl FnOnce() -> anyhow::Result<T> + Send,
) -> anyhow::Result<(T, Cost)> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .context("cannot make a thread")?;
    cost_of(None, || pool.install(work))
}

fn scanned(zones: &Zones, data: &Data, options: &Options) -> anyhow::Result<Findings> {
    scan(zones, data, options).context("the simulated data are refused")
}

fn scans(quick: bool, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let pattern = Pattern::even(PLACES, UNITS);
    let zones = lattice(100, &pattern.places);
    let mut rng = generator(1);
    let cases = pattern.draw(CASES, &mut rng);
    let expected = pattern.expected(CASES as f64);
    let controls = pattern.draw(2 * CASES, &mut rng);
    let models = [
        (
            "poisson",
            WINDOWS_PER_S,
            Null::Poisson {
                expected: expected.clone(),
            },
        ),
        ("permutation", PERMUTATION_WINDOWS_PER_S, Null::Permutation),
        (
            "expectation-based",
            WINDOWS_PER_S,
            Null::ExpectationBased { expected },
        ),
        ("bernoulli", WINDOWS_PER_S, Null::Bernoulli { controls }),
    ];
    for (name, budget, null) in models {
        let data = Data {
            places: PLACES,
            units: UNITS,
            cases: cases.clone(),
            null,
        };
        let options = |span, replicates| Options {
            span,
            longest: 30,
            replicates,
            ..Options::default()
        };
        // All windows of a year are a hundred times those that end with it, so a few replicates cost as much.
        for (words, span, replicates) in [
            ("prospective", Span::Prospective, 199),
            ("retrospective", Span::Retrospective, 2),
        ] {
            let (found, cost) = on_one_core(|| scanned(&zones, &data, &options(span, replicates)))?;
            let rate = found.windows as f64 * (found.replicates + 1) as f64 / cost.cpu_s;
            let line = Line::new(
                "analysis",
                "-",
                format!("{name} {words}, windows a second of one core"),
                rate / budget,
            );
            let detail = format!("{:.0} M, budget {:.0} M", rate / 1e6, budget / 1e6);
            say(line.wanted(Wanted::AtLeast(1.0)).detail(detail));
        }
        if quick {
            continue;
        }
        let (_, cost) = cost_of(None, || {
            scanned(&zones, &data, &options(Span::Prospective, 999))
        })?;
        let line = Line::new(
            "analysis",
            "-",
            format!("{name}: 2,000 grids, 30 days, 999 replicates"),
            cost.cpu_s / CORES / SCAN_S,
        );
        say(line
            .wanted(Wanted::AtMost(1.0))
            .detail(cores_used(cost, SCAN_S)));
    }
    Ok(())
}

fn cores_used(cost: Cost, budget_s: f64) -> String {
    format!(
        "{:.1} CPU s on {:.1} cores ({:.1} s), budget {budget_s:.0} s on two",
        cost.cpu_s,
        cost.cpu_s / cost.wall_s,
        cost.wall_s
    )
}

/// The scans of a daily warning run: 60 categories over 2,000 grids, 7 windows, 99 replicates and Gumbel.
fn daily(say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    const BACK: usize = 90;
    let pattern = Pattern::uneven(PLACES, BACK);
    let work = || {
        let mut clusters = 0;
        for category in 0..60 {
            let cases = pattern.draw(1000 + 50 * category, &mut generator(category as u64));
            // Zones are bound by the cases of the category, as they are where no population is known.
            let mut weights = vec![0.0; PLACES];
            cases
                .iter()
                .for_each(|t| weights[t.place as usize] += f64::from(t.count));
            let data = Data {
                places: PLACES,
                units: BACK,
                cases,
                null: Null::Permutation,
            };
            let options = Options {
                span: Span::Prospective,
                longest: 7,
                replicates: 99,
                min_cases: 3,
                ..Options::default()
            };
            clusters += scanned(&lattice(30, &weights), &data, &options)?
                .clusters
                .len();
        }
        Ok(clusters)
    };
    let (_, cost) = cost_of(None, work)?;
    let line = Line::new(
        "analysis",
        "-",
        "daily run: scans of 2,000 grids × 60 categories",
        cost.cpu_s / CORES / DAILY_S,
    );
    say(line
        .wanted(Wanted::AtMost(1.0))
        .detail(cores_used(cost, DAILY_S)));
    Ok(())
}

fn farrington_points(say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let mut rng = generator(2);
    let counts: Vec<f64> = (0..4_000)
        .map(|t| poisson(12.0 + 6.0 * (f64::from(t) * TAU / 52.0).sin(), &mut rng))
        .collect();
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
        let (points, cost) = on_one_core(|| {
            farrington(black_box(&counts), &timeline, &settings, None)
                .context("the simulated series is refused")
        })?;
        let each = cost.cpu_ms_each(points.len());
        let line = Line::new(
            "analysis",
            "-",
            format!("farrington {name}, a point / {FARRINGTON_MS} ms"),
            each / FARRINGTON_MS,
        );
        let detail = format!("{each:.4} ms; b 5, w 3, 10 periods");
        say(line.wanted(Wanted::AtMost(1.0)).detail(detail));
    }
    Ok(())
}

/// The detectors beside Farrington, day kinds and the control over many series, over 2,000 series of a year.
fn small_detectors(say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    /// CPU time is told in hundredths of a second: each is done so often.
    const TURNS: usize = 20;
    let mut rng = generator(4);
    let series: Vec<Vec<f64>> = (0..2_000)
        .map(|_| (0..365).map(|_| poisson(4.0, &mut rng)).collect())
        .collect();
    let day = |n: usize| jiff::civil::date(2025, 1, 1).saturating_add((n as i64).days());
    let kinds: Vec<DayKind> = (0..365).map(|n| DayKind::of(day(n), n % 7 > 4)).collect();
    let points = series.len() * 365 * TURNS;
    let mut told = |what: &str, work: &(dyn Fn(&[f64]) -> anyhow::Result<()> + Sync)| {
        let (_, cost) = on_one_core(|| {
            (0..TURNS).try_for_each(|_| series.iter().try_for_each(|s| work(black_box(s))))
        })?;
        let millions = points as f64 / cost.cpu_s.max(1e-9) / 1e6;
        let line = Line::new(
            "analysis",
            "-",
            format!("{what}, million points a second of one core"),
            millions,
        );
        say(line.detail("2,000 series of 365 days"));
        anyhow::Ok(())
    };
    for method in [EarsMethod::C1, EarsMethod::C2, EarsMethod::C3] {
        told(&format!("EARS {method:?}"), &|counts| {
            black_box(ears(counts, &Ears::new(method), None).context("refused")?);
            Ok(())
        })?;
    }
    told("CUSUM", &|counts| {
        black_box(cusum(counts, &Cusum::default(), None).context("refused")?);
        Ok(())
    })?;
    told("day of the week and holidays", &|counts| {
        black_box(DayPattern::estimate(counts, &kinds).adjusted(counts, &kinds));
        Ok(())
    })?;
    let p_values: Vec<f64> = series.iter().flatten().map(|n| 1.0 / (1.0 + n)).collect();
    let (_, cost) = on_one_core(|| {
        for _ in 0..TURNS {
            black_box(discoveries(black_box(&p_values), 0.05));
        }
        Ok(())
    })?;
    let millions = points as f64 / cost.cpu_s.max(1e-9) / 1e6;
    say(Line::new(
        "analysis",
        "-",
        "false-discovery control, million p-values a second of one core",
        millions,
    ));
    Ok(())
}

/// The reporting rate with two covariates over 20,000 incidents, with the look for a share that is never reported again.
fn reporting_rate(say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    const INCIDENTS: usize = 20_000;
    let mut rng = generator(5);
    let (mut duplicates, mut days, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..INCIDENTS {
        let (x, stood) = ((n % 97) as f64 / 97.0, 5.0 + (n % 31) as f64);
        let never = n % 5 == 0;
        let mean = 0.04 * stood * (0.8 * x).exp();
        duplicates.push(if never { 0.0 } else { poisson(mean, &mut rng) });
        days.push(stood);
        rows.push(vec![x, (n % 13) as f64 / 13.0]);
    }
    let names = vec!["density".to_owned(), "household".to_owned()];
    let covariates = Covariates { names, rows };
    let (found, cost) = on_one_core(|| {
        reporting(black_box(&duplicates), &days, &covariates)
            .context("the simulated incidents are refused")
    })?;
    let line = Line::new(
        "analysis",
        "-",
        "reporting rate, 20,000 incidents, two covariates, CPU s",
        cost.cpu_s,
    );
    say(line.detail(format!(
        "zero-inflated model taken: {}",
        found.zero_inflated.is_some()
    )));
    Ok(())
}

fn forecast(say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let mut rng = generator(3);
    let counts: Vec<f64> = (0..1_500_usize)
        .map(|t| {
            let year = 1.0 + 0.3 * (t as f64 * TAU / 365.0).sin();
            let day = [1.2, 1.1, 1.1, 1.0, 1.0, 0.9, 0.7][t % 7];
            poisson(40.0 * year * day, &mut rng)
        })
        .collect();
    for (words, counts, seasons, horizon) in [
        (
            "400 days, season 7, horizon 14",
            &counts[..400],
            &[7][..],
            14,
        ),
        (
            "1,500 days, seasons 7 and 365, horizon 30",
            &counts[..],
            &[7, 365],
            30,
        ),
    ] {
        let (_, cost) = on_one_core(|| {
            evaluate(black_box(counts), seasons, horizon).context("the simulated series is refused")
        })?;
        let line = Line::new(
            "analysis",
            "-",
            format!("forecast of {words}, CPU s"),
            cost.cpu_s,
        );
        say(line);
    }
    Ok(())
}
