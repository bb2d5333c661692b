//! Detectors against published results and against an independent implementation, on real series.

use super::*;
use jiff::civil::Date;
use std::path::{Path, PathBuf};

/// A column of a shared series, and its dates; none, saying so, where the shared data is absent.
fn shared(file: &str, columns: impl Fn(&str) -> bool) -> Option<(Vec<f64>, Vec<Date>)> {
    let root = std::env::var_os("SHIYU_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = root.join("data/count-series").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is absent", path.display());
        return None;
    };
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next()?.split(',').collect();
    let (mut counts, mut dates) = (Vec::new(), Vec::new());
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        counts.push(
            (0..header.len())
                .filter(|i| columns(header[*i]))
                .map(|i| fields[i].parse::<f64>().unwrap())
                .sum(),
        );
        if let Some(i) = header.iter().position(|h| *h == "date") {
            dates.push(fields[i].parse().unwrap());
        }
    }
    Some((counts, dates))
}

fn observed(file: &str) -> Option<Vec<f64>> {
    shared(file, |c| c == "observed").map(|s| s.0)
}

fn alarms(points: &[Point]) -> Vec<usize> {
    points.iter().filter(|p| p.alarm).map(|p| p.index).collect()
}

#[test]
fn ears_on_salmonella_agona() {
    let Some(counts) = observed("salmonella.agona.csv") else {
        return;
    };
    for (method, published) in [
        (EarsMethod::C1, 16),
        (EarsMethod::C2, 20),
        (EarsMethod::C3, 23),
    ] {
        let points = ears(
            &counts,
            &Ears {
                alpha: 0.001,
                ..Ears::new(method)
            },
            Some(20..=312),
        )
        .unwrap();
        assert_eq!(alarms(&points).len(), published, "{method:?}");
    }
}

/// `surveillance`, tests/testthat/test-earsC.R: the first weeks of ISO year 2011.
#[test]
fn ears_on_salmonella_newport() {
    let Some((counts, dates)) = shared("salmNewport.csv", |c| {
        c.chars().next().is_some_and(char::is_uppercase)
    }) else {
        return;
    };
    let first = dates
        .iter()
        .position(|d| d.iso_week_date().year() == 2011)
        .unwrap()
        + 1;
    let points = ears(
        &counts,
        &Ears {
            alpha: 0.05,
            ..Ears::new(EarsMethod::C1)
        },
        Some(first..=first + 3),
    )
    .unwrap();
    for (point, upper) in points.iter().zip([3.278854, 3.278854, 3.436517, 3.855617]) {
        assert!((point.upper.unwrap() - upper).abs() < 1e-6, "{point:?}");
    }
}

/// Salmon, Schumacher & Höhle 2016: weeks 282 to 312, counted from 1.
#[test]
fn farrington_on_salmonella_agona() {
    let Some(counts) = observed("salmonella.agona.csv") else {
        return;
    };
    let timeline = Timeline::by_index(counts.len(), 52);
    for (threshold, published) in [
        (Threshold::NbPlugin, vec![2, 3, 4, 7, 13]),
        (Threshold::Delta, vec![2, 3, 4, 7, 13, 14]),
        (Threshold::Muan, vec![3, 4]),
    ] {
        let settings = Farrington {
            alpha: 0.1,
            threshold,
            ..Farrington::default()
        };
        let points = farrington(&counts, &timeline, &settings, Some(282..=312)).unwrap();
        assert_eq!(
            alarms(&points).iter().map(|i| i - 281).collect::<Vec<_>>(),
            published,
            "{threshold:?}"
        );
        // An independent implementation with R's arithmetic (QR decomposition, SciPy's distributions).
        for (point, expected) in points.iter().zip([
            1.380_939_301_774_675,
            1.437_269_850_062_866,
            1.723_898_501_062_17,
            1.972_706_213_403_799,
            2.109_661_728_942_164_4,
        ]) {
            assert!(
                (point.expected.unwrap() - expected).abs() < 1e-6,
                "{point:?}"
            );
        }
    }
}

/// Totals over whole series from an independent implementation (QR decomposition, SciPy's distributions):
/// of the expected counts, of the upper limits where five cases allow one, and the number of alarms.
#[test]
fn farrington_agrees_with_an_independent_implementation() {
    struct Case(
        &'static str,
        &'static str,
        bool,
        Threshold,
        [f64; 6],
        f64,
        f64,
    );
    use Threshold::{Delta, Muan, NbPlugin};
    let (four, three, old, two) = (
        [4.0, 3.0, 10.0, 26.0, 2.58, 0.05],
        [3.0, 3.0, 10.0, 26.0, 2.58, 0.01],
        [3.0, 2.0, 1.0, 3.0, 1.0, 0.05],
        [2.0, 3.0, 5.0, 10.0, 2.58, 0.05],
    );
    let cases = [
        Case(
            "salmonella.agona.csv",
            "observed",
            false,
            Delta,
            four,
            194.495677,
            463.015239,
        ),
        Case(
            "salmonella.agona.csv",
            "observed",
            false,
            Delta,
            old,
            326.373985,
            732.664314,
        ),
        Case(
            "salmonella.agona.csv",
            "observed",
            false,
            Muan,
            three,
            342.206790,
            1228.0,
        ),
        Case(
            "salmonella.agona.csv",
            "observed",
            false,
            NbPlugin,
            two,
            580.677427,
            1215.0,
        ),
        Case(
            "shadar.csv",
            "observed",
            false,
            Delta,
            four,
            138.046304,
            308.833676,
        ),
        Case(
            "shadar.csv",
            "observed",
            false,
            NbPlugin,
            old,
            263.813309,
            520.0,
        ),
        Case(
            "shadar.csv",
            "observed",
            false,
            Muan,
            two,
            567.247741,
            1197.0,
        ),
        Case(
            "n1.csv", "observed", false, Delta, three, 223.529562, 540.846706,
        ),
        Case(
            "n1.csv", "observed", false, NbPlugin, old, 237.754361, 109.0,
        ),
        Case(
            "campyDE.csv",
            "case",
            false,
            Delta,
            four,
            376992.832579,
            480810.024285,
        ),
        Case(
            "campyDE.csv",
            "case",
            true,
            Delta,
            four,
            377223.672929,
            481967.163596,
        ),
        Case(
            "campyDE.csv",
            "case",
            true,
            NbPlugin,
            three,
            433393.611401,
            603519.0,
        ),
        Case(
            "campyDE.csv",
            "case",
            true,
            Muan,
            four,
            377223.672929,
            483837.0,
        ),
    ];
    for Case(
        file,
        column,
        by_date,
        threshold,
        [years, w, periods, left_out, weights_threshold, alpha],
        expected,
        upper,
    ) in cases
    {
        let Some((counts, dates)) = shared(file, |c| c == column) else {
            return;
        };
        let timeline = if by_date {
            Timeline::by_date(&dates).unwrap()
        } else {
            Timeline::by_index(counts.len(), 52)
        };
        let [years, half_window, periods, left_out] =
            [years, w, periods, left_out].map(|v| v as usize);
        let settings = Farrington {
            years,
            half_window,
            periods,
            left_out,
            weights_threshold,
            alpha,
            threshold,
        };
        let from = 53 * years + half_window + 2;
        let points = farrington(&counts, &timeline, &settings, Some(from..=counts.len())).unwrap();
        let sum = |f: fn(&Point) -> Option<f64>| points.iter().filter_map(f).sum::<f64>();
        let (got_expected, got_upper) = (sum(|p| p.expected), sum(|p| p.upper));
        assert!(
            (got_expected / expected - 1.0).abs() < 1e-7,
            "{file} {threshold:?}: expected counts add up to {got_expected}, not {expected}"
        );
        assert!(
            (got_upper / upper - 1.0).abs() < 1e-7,
            "{file} {threshold:?}: limits add up to {got_upper}, not {upper}"
        );
    }
}

#[test]
fn farrington_refuses_what_it_cannot_judge() {
    let counts = vec![3.0; 300];
    let weeks = Timeline::by_index(300, 52);
    let settings = Farrington::default();
    let error = |s: &Farrington, r| farrington(&counts, &weeks, s, r).unwrap_err();
    assert!(matches!(
        error(&settings, Some(100..=300)),
        DetectError::History { index: 100, .. }
    ));
    assert!(matches!(
        error(&settings, Some(250..=301)),
        DetectError::Range { .. }
    ));
    assert!(matches!(
        error(
            &Farrington {
                years: 6,
                ..settings
            },
            None
        ),
        DetectError::TooShort { .. }
    ));
    assert!(matches!(
        error(
            &Farrington {
                periods: 50,
                ..settings
            },
            None
        ),
        DetectError::Setting {
            name: "no-periods",
            ..
        }
    ));
    assert!(matches!(
        error(
            &Farrington {
                periods: 0,
                ..settings
            },
            None
        ),
        DetectError::Setting {
            name: "no-periods",
            ..
        }
    ));
    assert!(matches!(
        error(
            &Farrington {
                years: 0,
                ..settings
            },
            None
        ),
        DetectError::Setting { name: "b", .. }
    ));
    assert!(matches!(
        error(
            &Farrington {
                alpha: 0.0,
                ..settings
            },
            None
        ),
        DetectError::Setting { name: "alpha", .. }
    ));
    assert!(matches!(
        error(
            &Farrington {
                weights_threshold: f64::NAN,
                ..settings
            },
            None
        ),
        DetectError::Setting { .. }
    ));
    assert!(
        farrington(&counts[..10], &weeks, &settings, None).is_err(),
        "a timeline of another length"
    );
    let all = farrington(&counts, &weeks, &settings, None).unwrap();
    assert_eq!(
        (all[0].index, all[all.len() - 1].index),
        (4 * 52 + 3, 300),
        "from the first week with a whole past"
    );
    // Windows far wider than a year must not break anything.
    let wide = Farrington {
        half_window: 90,
        years: 1,
        periods: 1,
        left_out: 0,
        ..settings
    };
    assert!(farrington(&counts, &weeks, &wide, None).is_ok());
}

#[test]
fn nothing_ever_counted_raises_no_alarm() {
    let mut counts = vec![0.0; 320];
    counts[318] = 4.0;
    let points = farrington(
        &counts,
        &Timeline::by_index(320, 52),
        &Farrington::default(),
        None,
    )
    .unwrap();
    assert!(
        points.iter().all(|p| !p.alarm && p.upper.is_none()),
        "fewer than five cases in four weeks"
    );
}

/// A past without cases gives a model that is hardly determined; every method still answers, and quickly.
#[test]
fn a_nearly_empty_past_is_judged() {
    let mut counts = vec![0.0; 320];
    (40..320).step_by(60).for_each(|i| counts[i] = 1.0);
    counts[310..].fill(6.0);
    for threshold in [Threshold::Delta, Threshold::NbPlugin, Threshold::Muan] {
        let settings = Farrington {
            threshold,
            ..Farrington::default()
        };
        let points = farrington(&counts, &Timeline::by_index(320, 52), &settings, None).unwrap();
        assert!(points.iter().all(|p| p.expected.is_none_or(f64::is_finite)));
        assert!(
            points
                .iter()
                .all(|p| p.alarm == p.upper.is_some_and(|u| p.observed > u))
        );
    }
}

#[test]
fn reference_weeks_are_found_by_date() {
    let start: Date = "2005-01-06".parse().unwrap();
    let weeks: Vec<Date> = (0..520)
        .map(|i| start.checked_add(jiff::Span::new().weeks(i)).unwrap())
        .collect();
    let at = |d: &str| {
        weeks
            .iter()
            .position(|w| *w == d.parse::<Date>().unwrap())
            .unwrap()
    };
    // `surveillance`, tests/testthat/test-farringtonFlexible.R: Thursdays a year before 6 June 2013.
    let expected = ["2013-06-06", "2012-06-07", "2011-06-09", "2010-06-03"].map(at);
    let timeline = Timeline::by_date(&weeks).unwrap();
    let settings = Farrington {
        years: 3,
        ..Farrington::default()
    };
    assert_eq!(
        settings
            .reference_positions(&timeline, at("2013-06-06"))
            .unwrap(),
        expected
    );
    let days: Vec<Date> = (0..900)
        .map(|i| {
            "2022-01-01"
                .parse::<Date>()
                .unwrap()
                .checked_add(jiff::Span::new().days(i))
                .unwrap()
        })
        .collect();
    let leap = days
        .iter()
        .position(|d| *d == "2024-02-29".parse::<Date>().unwrap())
        .unwrap();
    let daily = Farrington {
        years: 1,
        ..settings
    };
    let found = daily
        .reference_positions(&Timeline::by_date(&days).unwrap(), leap)
        .unwrap();
    assert_eq!(days[found[1]], "2023-03-01".parse::<Date>().unwrap());
    let mut gap = weeks.clone();
    gap.remove(100);
    assert!(matches!(
        Timeline::by_date(&gap),
        Err(DetectError::Series(SeriesError::Uneven { index: 101, .. }))
    ));
}

#[test]
fn months_follow_each_other_by_twelve() {
    let months: Vec<Date> = (0..72)
        .map(|i| Date::new(2015 + i / 12, (i % 12 + 1) as i8, 1).unwrap())
        .collect();
    let counts: Vec<f64> = (0..72)
        .map(|i| {
            if i == 71 {
                60.0
            } else {
                10.0 + f64::from(i % 12)
            }
        })
        .collect();
    let settings = Farrington {
        half_window: 1,
        periods: 4,
        left_out: 3,
        ..Farrington::default()
    };
    let points = farrington(
        &counts,
        &Timeline::by_date(&months).unwrap(),
        &settings,
        None,
    )
    .unwrap();
    assert_eq!(alarms(&points), [72]);
}
