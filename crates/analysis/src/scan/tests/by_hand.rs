//! Small cases worked out by hand.

use super::*;

const ROW: &str = "a 0 0\nb 1 0\nc 3 0\nd 6 0\n";

#[test]
fn poisson_over_space_alone() {
    // Equal populations, 4 of 8 cases in "a": expected 2, ratio 4 ln 2 + 4 ln (4/6).
    let files = Files {
        cases: "a 4\nb 1\nc 1\nd 2\n",
        places: ROW,
        population: Some("a 0 10\nb 0 10\nc 0 10\nd 0 10\n"),
        ..Files::default()
    };
    let report = run(
        &files,
        &Request {
            span: Span::Spatial,
            ..request(Model::Poisson, Coordinates::Cartesian)
        },
    )
    .unwrap();
    let best = &report.clusters[0];
    assert_eq!(
        (best.locations.as_slice(), best.observed, best.from, best.to),
        (["a".to_owned()].as_slice(), 4, None, None)
    );
    near(best.expected, 2.0, 1e-12);
    near(best.llr, 4.0 * 2f64.ln() + 4.0 * (4f64 / 6.0).ln(), 1e-12);
    near(best.relative_risk, (4.0 / 10.0) / (4.0 / 30.0), 1e-12);
    // Half of the people bound the zones to two places: {a} {b} {c} {d}, {a b} (from a and b), {c b}, {d c}.
    assert_eq!((report.zones, report.windows), (7, 7));
}

#[test]
fn permutation_expects_the_product_of_the_margins() {
    // Margins: a 5, b 3 cases; day 1: 4, day 2: 4. Expected at a on day 2: 5 · 4 / 8.
    let files = Files {
        cases: "a 1 2024/1/1\na 4 2024/1/2\nb 3 2024/1/1\n",
        places: ROW,
        ..Files::default()
    };
    let asked = Request {
        unit: Unit::Day,
        span: Span::Prospective,
        max_population: Some(1.0),
        max_length: Some(1),
        ..request(Model::Permutation, Coordinates::Cartesian)
    };
    let report = run(&files, &asked).unwrap();
    let best = &report.clusters[0];
    assert_eq!(
        (best.locations.len(), best.observed, best.from, best.to),
        (1, 4, date("2024-01-02"), date("2024-01-02"))
    );
    near(best.expected, 2.5, 1e-12);
    near(best.relative_risk, 1.6, 1e-12);
    near(best.llr, 4.0 * 1.6f64.ln() + 4.0 * (4f64 / 5.5).ln(), 1e-12);
}

#[test]
fn permutation_within_strata_removes_what_the_strata_explain() {
    // Children fall ill at a on day 2, adults at b on day 1: within each stratum place and time say nothing.
    let files = Files {
        cases: "a 4 2024/1/2 child\nb 3 2024/1/1 adult\n",
        places: ROW,
        ..Files::default()
    };
    let asked = Request {
        unit: Unit::Day,
        max_population: Some(1.0),
        ..request(Model::Permutation, Coordinates::Cartesian)
    };
    assert_eq!(run(&files, &asked).unwrap().clusters, []);
}

#[test]
fn bernoulli_over_space_alone() {
    // 3 of 4 people in "a" are cases, 1 of 6 elsewhere.
    let files = Files {
        cases: "a 3\nb 1\n",
        places: ROW,
        controls: Some("a 1\nb 1\nc 2\nd 2\n"),
        ..Files::default()
    };
    let report = run(
        &files,
        &Request {
            span: Span::Spatial,
            ..request(Model::Bernoulli, Coordinates::Cartesian)
        },
    )
    .unwrap();
    let best = &report.clusters[0];
    assert_eq!(
        (best.locations.as_slice(), best.observed),
        (["a".to_owned()].as_slice(), 3)
    );
    near(best.expected, 4.0 * 0.4, 1e-12);
    near(best.relative_risk, 0.75 / (1.0 / 6.0), 1e-12);
    let wanted = 3.0 * 0.75f64.ln() + 0.25f64.ln() + (1f64 / 6.0).ln() + 5.0 * (5f64 / 6.0).ln()
        - 4.0 * 0.4f64.ln()
        - 6.0 * 0.6f64.ln();
    near(best.llr, wanted, 1e-12);
}

#[test]
fn expectation_based_takes_the_expected_counts_as_they_are() {
    let files = Files {
        cases: "a 6 2024\n",
        places: ROW,
        expected: Some("a 2024 2\nb 2024 1\nc 2024 1\nd 2024 0.5\n"),
        ..Files::default()
    };
    let report = run(
        &files,
        &Request {
            max_neighbours: Some(4),
            ..request(Model::ExpectationBased, Coordinates::Cartesian)
        },
    )
    .unwrap();
    near(report.clusters[0].llr, 6.0 * 3f64.ln() - 4.0, 1e-12);
    near(report.clusters[0].relative_risk, 3.0, 1e-12);
    // {a ab abc abcd} {b bc} {c} {d cd bcd}: with a bound on neighbours there is none on expected counts,
    assert_eq!((report.zones, report.clusters.len()), (10, 1));
    // and without it zones expect at most half of 4.5: {a} {b} {c} {d}, {b c} and {c d}.
    assert_eq!(
        run(
            &files,
            &request(Model::ExpectationBased, Coordinates::Cartesian)
        )
        .unwrap()
        .zones,
        6
    );
}

#[test]
fn the_poisson_model_scales_expected_counts_to_the_cases() {
    let places = ROW;
    let with = |expected| {
        let files = Files {
            cases: "a 4\nb 1\nc 1\nd 2\n",
            places,
            expected: Some(expected),
            ..Files::default()
        };
        run(
            &files,
            &Request {
                span: Span::Spatial,
                ..request(Model::Poisson, Coordinates::Cartesian)
            },
        )
        .unwrap()
        .clusters
    };
    assert_eq!(
        with("a 2\nb 2\nc 2\nd 2\n"),
        with("a 30\nb 30\nc 30\nd 30\n")
    );
}

#[test]
fn expected_counts_without_a_time_are_spread_over_the_study() {
    let cases = "a 5 2024/2/1\nb 1 2024/1/31\n";
    let by = |expected| {
        let files = Files {
            cases,
            places: "a 0 0\nb 1 1\n",
            expected: Some(expected),
            ..Files::default()
        };
        let asked = Request {
            unit: Unit::Month,
            from: date("2024-01-01"),
            to: date("2024-02-29"),
            max_neighbours: Some(2),
            max_length: Some(1),
            ..request(Model::ExpectationBased, Coordinates::Cartesian)
        };
        run(&files, &asked).unwrap().clusters
    };
    // January has 31 days, February of 2024 has 29.
    assert_eq!(by("a 60\nb 60\n").len(), 0);
    let spread = by("a 3\nb 3\n");
    near(spread[0].expected, 3.0 * 29.0 / 60.0, 1e-12);
    assert_eq!(
        (spread[0].from, spread[0].to),
        (date("2024-02-01"), date("2024-02-29"))
    );
}

#[test]
fn population_is_linear_between_censuses_and_constant_beyond() {
    // Expected counts follow 100, 100, 150, 200, 200 people: of 15 cases 2, 2, 3, 4, 4.
    let places = "a 0 0\nb 9 9\n";
    let cases = "a 1 2001\na 1 2002\na 9 2003\na 4 2005\nb 0 2004";
    let files = Files {
        cases,
        places,
        population: Some("a 02 100\na 04 200\n"),
        ..Files::default()
    };
    let asked = Request {
        max_population: Some(1.0),
        max_length: Some(1),
        ..request(Model::Poisson, Coordinates::Cartesian)
    };
    let best = &run(&files, &asked).unwrap().clusters[0];
    assert_eq!(
        (best.observed, best.from, best.to),
        (9, date("2003-01-01"), date("2003-12-31"))
    );
    near(best.expected, 3.0, 1e-9);
}

#[test]
fn strata_are_standardised_indirectly() {
    // Old people fall ill at 3 in 40, young at 1 in 160: "a" (20 old, 20 young) expects 1.5 + 0.125.
    let files = Files {
        cases: "a 3 old\nb 1 young\n",
        places: "a 0 0\nb 1 1\n",
        population: Some("a 0 20 old\na 0 20 young\nb 0 20 old\nb 0 140 young\n"),
        ..Files::default()
    };
    let best = &run(
        &files,
        &Request {
            span: Span::Spatial,
            ..request(Model::Poisson, Coordinates::Cartesian)
        },
    )
    .unwrap()
    .clusters[0];
    near(best.expected, 1.625, 1e-12);
    assert_eq!(best.observed, 3);
}

#[test]
fn secondary_clusters_share_no_place_with_one_before() {
    let files = Files {
        cases: "a 9\nb 8\nc 1\nd 6\n",
        places: ROW,
        population: Some("a 0 10\nb 0 10\nc 0 60\nd 0 10\n"),
        ..Files::default()
    };
    let report = run(
        &files,
        &Request {
            span: Span::Spatial,
            ..request(Model::Poisson, Coordinates::Cartesian)
        },
    )
    .unwrap();
    let names: Vec<String> = report
        .clusters
        .iter()
        .map(|c| c.locations.join(""))
        .collect();
    assert_eq!(names, ["ab", "d"]);
    assert!(report.clusters[0].llr > report.clusters[1].llr);
}

#[test]
fn no_cases_give_no_cluster() {
    let files = Files {
        cases: "",
        places: ROW,
        ..Files::default()
    };
    let asked = Request {
        unit: Unit::Day,
        from: date("2024-01-01"),
        to: date("2024-01-09"),
        replicates: 9,
        ..request(Model::Permutation, Coordinates::Cartesian)
    };
    assert_eq!(run(&files, &asked).unwrap().clusters, []);
}

#[test]
fn cases_outside_the_study_are_left_out() {
    let files = Files {
        cases: "a 9 2024/1/1\na 2 2024/1/3\nb 2 2024/1/4\n",
        places: ROW,
        ..Files::default()
    };
    let asked = Request {
        unit: Unit::Day,
        from: date("2024-01-02"),
        to: date("2024-01-04"),
        ..request(Model::Permutation, Coordinates::Cartesian)
    };
    let report = run(&files, &asked).unwrap();
    assert!(
        report.clusters.iter().all(|c| c.observed == 2),
        "{:?}",
        report.clusters
    );
    near(report.clusters[0].expected, 1.0, 1e-12);
}

#[test]
fn recurrence_is_given_for_prospective_scans_alone() {
    let files = Files {
        cases: "a 1 2024/1/1\na 4 2024/1/2\nb 3 2024/1/1\n",
        places: ROW,
        ..Files::default()
    };
    let asked = |span| Request {
        unit: Unit::Day,
        span,
        max_population: Some(1.0),
        replicates: 99,
        ..request(Model::Permutation, Coordinates::Cartesian)
    };
    let best = run(&files, &asked(Span::Prospective))
        .unwrap()
        .clusters
        .remove(0);
    near(
        best.recurrence_days.unwrap() * best.p_value.unwrap(),
        1.0,
        1e-12,
    );
    assert_eq!(
        run(&files, &asked(Span::Retrospective)).unwrap().clusters[0].recurrence_days,
        None
    );
}
