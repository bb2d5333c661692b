//! The units of a study tile it, and stated times fall where they should.

use super::date;
use crate::scan::periods::{Periods, Precision, Stamp, Unit};
use jiff::civil::Date;
use proptest::prelude::*;

fn stamp(text: &str) -> Stamp {
    Stamp::parse(text, None).unwrap()
}

#[test]
fn months_and_years_are_those_of_the_calendar_cut_by_the_study() {
    let [from, to] = ["2023-11-20", "2024-03-05"].map(|d| date(d).unwrap());
    let months = Periods::new(Unit::Month, from, to).unwrap();
    let days: Vec<String> = (0..months.len())
        .map(|m| format!("{} {}", months.first_day(m), months.last_day(m)))
        .collect();
    assert_eq!(
        days,
        [
            "2023-11-20 2023-11-30",
            "2023-12-01 2023-12-31",
            "2024-01-01 2024-01-31",
            "2024-02-01 2024-02-29",
            "2024-03-01 2024-03-05"
        ]
    );
    assert_eq!(
        (0..5).map(|m| months.weight(m)).collect::<Vec<_>>(),
        [11.0, 31.0, 31.0, 29.0, 5.0]
    );
    let years = Periods::new(Unit::Year, from, to).unwrap();
    assert_eq!(
        (years.len(), years.last_day(0)),
        (2, date("2023-12-31").unwrap())
    );
    assert_eq!(
        (years.weight(0), years.weight(1)),
        (42.0 / 365.0, 65.0 / 366.0)
    );
}

#[test]
fn a_stated_time_falls_in_its_unit_or_outside() {
    let months = Periods::new(
        Unit::Month,
        date("2023-11-20").unwrap(),
        date("2024-03-05").unwrap(),
    )
    .unwrap();
    for (text, index) in [
        ("2023/11/19", None),
        ("2023/11/20", Some(0)),
        ("2023/11", Some(0)),
        ("2023/12/1", Some(1)),
        ("2024-3", Some(4)),
        ("2024.3.5", Some(4)),
        ("3/6/2024", None),
        ("2024/4", None),
    ] {
        assert_eq!(months.index_of(stamp(text)), index, "{text}");
    }
    assert!(
        stamp("2024/3").fits(Unit::Month)
            && !stamp("2024/3").fits(Unit::Day)
            && !stamp("2024").fits(Unit::Month)
    );
}

#[test]
fn middles_of_years_are_a_year_apart() {
    let years = Periods::new(
        Unit::Year,
        date("2019-01-01").unwrap(),
        date("2025-12-31").unwrap(),
    )
    .unwrap();
    for unit in 0..years.len() {
        assert_eq!(years.middle(unit), 2019.5 + unit as f64);
        assert_eq!(years.weight(unit), 1.0);
    }
    assert_eq!(stamp("2020").middle(), 2020.5);
}

#[test]
fn years_of_two_digits_lie_near_the_study() {
    for (text, near, year) in [
        ("73", 1982, 1973),
        ("91", 1982, 1991),
        ("02", 1999, 2002),
        ("98", 2003, 1998),
        ("50", 2000, 1950),
        ("0", 2010, 2000),
    ] {
        assert_eq!(
            Stamp::parse(text, Some(near)).unwrap().first.year(),
            year,
            "{text} near {near}"
        );
    }
}

proptest! {
    #[test]
    fn units_tile_the_study(start in 0i32..20_000, length in 0i32..1500, unit in prop::sample::select(vec![Unit::Day, Unit::Month, Unit::Year])) {
        let day = |n: i32| Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(n));
        let periods = Periods::new(unit, day(start), day(start + length)).unwrap();
        let mut next = day(start);
        for index in 0..periods.len() {
            prop_assert_eq!(periods.first_day(index), next);
            let last = periods.last_day(index);
            prop_assert!(last >= next);
            for first in [next, last] {
                prop_assert_eq!(periods.index_of(Stamp { first, precision: Precision::Day }), Some(index));
            }
            next = last.tomorrow().unwrap();
        }
        prop_assert_eq!(next, day(start + length + 1));
    }
}
