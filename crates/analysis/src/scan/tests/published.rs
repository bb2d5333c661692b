//! Published results, and others computed independently from the same data (`data/spatial-scan/README.md`
//! of the shared folder). Skipped by name where the shared data are absent.

use super::*;
use crate::scan::baseline::{Past, Trend};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A file of the shared data, or `None` (and a line saying so) where they are not there.
fn shared(test: &str, path: &str) -> Option<String> {
    let root = std::env::var_os("SHIYU_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(root.join("data").join(path)).ok();
    if text.is_none() {
        println!("skipped: {test} (no {path} in the shared data)");
    }
    text
}

/// The rows of a comma-separated file without its head, quotes taken off.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines()
        .skip(1)
        .map(|line| line.split(',').map(|c| c.trim_matches('"')).collect())
}

fn sorted(names: &[String]) -> Vec<&str> {
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn pennsylvania_lung_cancer_with_expected_counts() {
    let Some(table) = shared("pennsylvania", "analytics/pennlc.csv") else {
        return;
    };
    let column = |columns: &[usize]| -> String {
        rows(&table)
            .map(|r| columns.iter().map(|&c| r[c]).collect::<Vec<_>>().join(" ") + "\n")
            .collect()
    };
    let (cases, places, expected) = (column(&[0, 5]), column(&[0, 4, 3]), column(&[0, 7]));
    let population: String = rows(&table)
        .map(|r| format!("{} 0 {}\n", r[0], r[6]))
        .collect();
    let files = Files {
        cases: &cases,
        places: &places,
        expected: Some(&expected),
        ..Files::default()
    };
    let asked = Request {
        span: Span::Spatial,
        ..request(Model::Poisson, Coordinates::LatLon)
    };
    let report = run(&files, &asked).unwrap();
    let best = &report.clusters[0];
    assert_eq!(
        (sorted(&best.locations), best.observed),
        (vec!["delaware", "philadelphia"], 1900)
    );
    near(best.expected, 1673.6487, 1e-4);
    near(best.llr, 17.662883125, 1e-6);
    near(report.clusters[1].llr, 7.098944, 1e-6);
    // The bound is half of the expected counts, or of the population where it is given too.
    assert_eq!(report.zones, 2250);
    assert_eq!(
        run(
            &Files {
                population: Some(&population),
                ..files
            },
            &asked
        )
        .unwrap()
        .zones,
        2232
    );
}

#[test]
fn pennsylvania_lung_cancer_by_strata() {
    let Some(table) = shared(
        "pennsylvania by strata",
        "spatial-scan/pennlc/cases_population.csv",
    ) else {
        return;
    };
    let Some(geo) = shared("pennsylvania by strata", "spatial-scan/pennlc/geo.csv") else {
        return;
    };
    let places: String = rows(&geo)
        .map(|r| format!("{} {} {}\n", r[0], r[2], r[1]))
        .collect();
    let cases: String = rows(&table)
        .map(|r| format!("{} {} {} {} {}\n", r[0], r[1], r[3], r[4], r[5]))
        .collect();
    let population: String = rows(&table)
        .map(|r| format!("{} 0 {} {} {} {}\n", r[0], r[2], r[3], r[4], r[5]))
        .collect();
    let files = Files {
        cases: &cases,
        places: &places,
        population: Some(&population),
        ..Files::default()
    };
    let report = run(
        &files,
        &Request {
            span: Span::Spatial,
            ..request(Model::Poisson, Coordinates::LatLon)
        },
    )
    .unwrap();
    let best = &report.clusters[0];
    assert_eq!(
        (sorted(&best.locations), best.observed),
        (vec!["delaware", "philadelphia"], 1900)
    );
    near(best.llr, 17.662883125, 1e-6);
    near(report.clusters[1].llr, 7.098944, 1e-6);
    assert_eq!(report.zones, 2250); // bounded by half of the expected counts
}

/// New Mexico in the formats of SaTScan: places, cases, population by year.
fn new_mexico(test: &str) -> Option<[String; 3]> {
    let (table, geo) = (
        shared(test, "analytics/nm_popcas.csv")?,
        shared(test, "analytics/nm_geo.csv")?,
    );
    let places = rows(&geo)
        .map(|r| format!("{} {} {}\n", r[0], r[4], r[3]))
        .collect();
    let cases = rows(&table)
        .map(|r| format!("{} {} {}\n", r[1], r[3], r[0]))
        .collect();
    let population = rows(&table)
        .map(|r| format!("{} {} {}\n", r[1], r[0], r[2]))
        .collect();
    Some([places, cases, population])
}

#[test]
fn new_mexico_brain_cancer_over_all_years() {
    let Some([places, cases, population]) = new_mexico("new mexico, retrospective") else {
        return;
    };
    let files = Files {
        cases: &cases,
        places: &places,
        population: Some(&population),
        ..Files::default()
    };
    let best = run(
        &files,
        &Request {
            max_length: Some(9),
            ..request(Model::Poisson, Coordinates::LatLon)
        },
    )
    .unwrap()
    .clusters
    .remove(0);
    assert_eq!(
        sorted(&best.locations),
        [
            "bernalillo",
            "losalamos",
            "sandoval",
            "sanmiguel",
            "santafe",
            "socorro",
            "torrance",
            "valencia"
        ]
    );
    assert_eq!(
        (best.observed, best.from, best.to),
        (232, date("1985-01-01"), date("1989-12-31"))
    );
    near(best.llr, 11.31867652, 1e-6);
}

#[test]
fn new_mexico_brain_cancer_against_a_fitted_baseline() {
    let Some([places, cases, population]) = new_mexico("new mexico, expectation-based") else {
        return;
    };
    let asked = Request {
        span: Span::Prospective,
        from: date("1986-01-01"),
        to: date("1989-12-31"),
        max_neighbours: Some(15),
        max_length: Some(4),
        replicates: 999,
        ..request(Model::ExpectationBased, Coordinates::LatLon)
    };
    let from_history = run(
        &Files {
            cases: &cases,
            places: &places,
            population: Some(&population),
            ..Files::default()
        },
        &asked,
    )
    .unwrap();
    let expected = fitted_baseline(&cases, &population);
    let from_file = run(
        &Files {
            cases: &cases,
            places: &places,
            expected: Some(&expected),
            ..Files::default()
        },
        &asked,
    )
    .unwrap();
    for report in [from_history, from_file] {
        let best = &report.clusters[0];
        assert_eq!((report.zones, report.windows), (415, 415 * 4));
        assert_eq!(
            (sorted(&best.locations), best.observed),
            (vec!["losalamos", "santafe"], 43)
        );
        assert_eq!(
            (best.from, best.to),
            (date("1986-01-01"), date("1989-12-31"))
        );
        near(best.expected, 20.65853, 1e-5);
        near(best.llr, 9.180616998, 1e-6);
        // Published Monte Carlo p 0.005; 999 replicates leave about ±0.004.
        assert!(best.p_value.unwrap() < 0.012, "{:?}", best.p_value);
    }
}

/// What a user would write who fits the baseline apart: `.exp` with a time.
fn fitted_baseline(cases: &str, population: &str) -> String {
    let parse = |text: &str, time: usize, value: usize| -> BTreeMap<(String, i32), f64> {
        let cell = |line: &str| {
            let c: Vec<&str> = line.split(' ').collect();
            (
                (c[0].to_owned(), c[time].parse().unwrap()),
                c[value].parse().unwrap(),
            )
        };
        text.lines().map(cell).collect()
    };
    let (counts, people) = (parse(cases, 2, 1), parse(population, 1, 2));
    let before = counts.iter().filter(|((_, year), _)| *year < 1986);
    let past: Vec<Past> = before
        .map(|(key, &count)| Past {
            time: f64::from(key.1),
            exposure: people[key],
            count,
        })
        .collect();
    let trend = Trend::fit(&past).unwrap();
    let line = |key: &(String, i32)| {
        format!(
            "{} {} {}\n",
            key.0,
            key.1,
            trend.expected(f64::from(key.1), people[key])
        )
    };
    counts.keys().map(line).collect()
}

#[test]
fn new_mexico_brain_cancer_by_age_and_sex() {
    let file = |name: &str| {
        shared(
            "new mexico by age and sex",
            &format!("spatial-scan/newmexico/nm.{name}"),
        )
    };
    let (Some(cases), Some(places), Some(population)) = (file("cas"), file("geo"), file("pop"))
    else {
        return;
    };
    let files = Files {
        cases: &cases,
        places: &places,
        population: Some(&population),
        ..Files::default()
    };
    let best = run(
        &files,
        &Request {
            max_length: Some(9),
            ..request(Model::Poisson, Coordinates::LatLon)
        },
    )
    .unwrap()
    .clusters
    .remove(0);
    assert_eq!(
        (best.observed, best.from, best.to),
        (236, date("1985-01-01"), date("1989-12-31"))
    );
    near(best.expected, 176.22, 0.05);
    near(best.llr, 10.98, 0.02);
}

#[test]
fn new_york_fever_by_permutation() {
    let file = |name: &str| {
        shared(
            "new york fever",
            &format!("spatial-scan/nycfever/NYCfever.{name}"),
        )
    };
    let (Some(cases), Some(places)) = (file("cas"), file("geo")) else {
        return;
    };
    let asked = Request {
        unit: Unit::Day,
        span: Span::Prospective,
        max_length: Some(7),
        replicates: 99,
        ..request(Model::Permutation, Coordinates::LatLon)
    };
    let report = run(
        &Files {
            cases: &cases,
            places: &places,
            ..Files::default()
        },
        &asked,
    )
    .unwrap();
    let best = &report.clusters[0];
    assert_eq!(best.to, date("2001-11-24"));
    assert!(
        best.p_value.unwrap() >= 0.01 && best.llr > 0.0 && f64::from(best.observed) > best.expected
    );
    assert_eq!(report.windows, report.zones as u64 * 7);
}
