//! Every way of asking gives the same sums, and what is not kept is refused.

use crate::lives::{Lives, id, migrations};
use facts::figures::{self, Ask, Counted, Earlier, Filter, SeriesQuery, Step};
use facts::model::{Level, Measure, Span};
use facts::{FiguresError, Place, standing};
use jiff::civil::{Date, date};
use std::collections::BTreeMap;
use testdb::TestDb;

fn lived(db: &TestDb) -> Lives {
    let mut lives = Lives::new(db, 31);
    lives.live(220);
    lives.catch_up();
    lives
}

fn ask(lives: &Lives, ask: Ask) -> Result<Vec<figures::Figure>, FiguresError> {
    lives
        .ctx
        .read_blocking::<_, FiguresError, _>(move |r| figures::figures(r, &ask))
}

const ALL: (Date, Date) = (date(2020, 1, 1), date(2030, 12, 31));

testdb::both_engines!(every_way_to_ask_gives_the_same_sum, &migrations(), |db| {
    let lives = lived(db);
    let total = i64::try_from(lives.cases.len()).unwrap();
    let plain = |step, level, by: &str| Ask {
        step,
        level,
        by_matter: by.contains('m'),
        by_unit: by.contains('u'),
        by_channel: by.contains('c'),
        by_state: by.contains('s'),
        ..Ask::new(ALL.0, ALL.1, &[Measure::Reported])
    };
    for step in [Step::Whole, Step::Month, Step::Day] {
        for (level, by) in [
            (Level::City, ""),
            (Level::District, ""),
            (Level::Street, ""),
            (Level::Community, ""),
            (Level::Grid, ""),
            (Level::City, "m"),
            (Level::District, "m"),
            (Level::Street, "m"),
            (Level::Community, "m"),
            (Level::Grid, "m"),
            (Level::City, "u"),
            (Level::District, "u"),
            (Level::City, "um"),
            (Level::District, "c"),
            (Level::City, "s"),
            (Level::Street, "s"),
            (Level::City, "us"),
        ] {
            if step == Step::Month
                && matches!((level, by), (Level::Grid, _) | (Level::Community, "m"))
            {
                continue;
            }
            let rows = ask(&lives, plain(step, level, by)).unwrap();
            let sum: i64 = rows.iter().map(|f| f.n[0]).sum();
            assert_eq!(sum, total, "{step:?} {level:?} {by}");
        }
    }
    // Days, months and the whole agree over a period that begins and ends in the middle of months.
    let (from, to) = (date(2026, 1, 11), date(2026, 3, 20));
    let sum = |step| -> Vec<i64> {
        let measures = Measure::ALL;
        let rows = ask(
            &lives,
            Ask {
                step,
                ..Ask::new(from, to, measures)
            },
        )
        .unwrap();
        (0..measures.len())
            .map(|n| rows.iter().map(|f| f.n[n]).sum())
            .collect()
    };
    assert_eq!(sum(Step::Whole), sum(Step::Day));
    assert_eq!(sum(Step::Whole), sum(Step::Month));
    assert!(sum(Step::Whole)[0] > 10);
});

testdb::both_engines!(
    a_small_place_is_counted_from_its_cases,
    &migrations(),
    |db| {
        let lives = lived(db);
        for place in ["330102001001001", "330102001001", "330102001"] {
            let within: Place = place.parse().unwrap();
            let wide = Ask {
                step: Step::Day,
                filter: Filter {
                    within: Some(within),
                    ..Filter::default()
                },
                ..Ask::new(ALL.0, ALL.1, Measure::ALL)
            };
            let rows = ask(&lives, wide.clone()).unwrap();
            let expected = lives
                .cases
                .iter()
                .filter(|c| c.place.grid.is_some_and(|g| g.as_str().starts_with(place)))
                .count();
            let sum: i64 = rows.iter().map(|f| f.n[0]).sum();
            assert_eq!(sum, i64::try_from(expected).unwrap(), "{place}");
            if place.len() >= 12 {
                // The same by unit and class, which no cube of so small a place has.
                let split = Ask {
                    by_unit: true,
                    by_matter: true,
                    ..wide
                };
                let split: i64 = ask(&lives, split).unwrap().iter().map(|f| f.n[6]).sum();
                assert_eq!(split, rows.iter().map(|f| f.n[6]).sum::<i64>());
            }
        }
    }
);

testdb::both_engines!(
    a_series_tells_places_classes_and_signals_apart,
    &migrations(),
    |db| {
        let lives = lived(db);
        let query = |level, counted| SeriesQuery {
            from: ALL.0,
            to: ALL.1,
            level,
            by_matter: true,
            counted,
            filter: Filter {
                matters: vec![id(50)],
                ..Filter::default()
            },
        };
        let read = |query: SeriesQuery| {
            lives
                .ctx
                .read_blocking::<_, FiguresError, _>(move |r| figures::series(r, &query))
                .unwrap()
        };
        let all = read(query(Level::Grid, Counted::Reported));
        let signal = read(query(Level::Grid, Counted::Signal));
        let sum = |counts: &[facts::Count]| counts.iter().map(|c| c.n).sum::<i64>();
        let expected = lives
            .cases
            .iter()
            .filter(|c| c.matter.is_some_and(|m| m.0 == id(50)));
        assert_eq!(sum(&all), i64::try_from(expected.clone().count()).unwrap());
        let expected = expected.filter(|c| {
            c.channel != "patrol" && !matches!(c.state, cases::State::Merged | cases::State::Voided)
        });
        assert_eq!(sum(&signal), i64::try_from(expected.count()).unwrap());
        assert!(sum(&signal) < sum(&all) && all.iter().all(|c| c.matter == Some(id(50))));
        assert_eq!(
            sum(&read(query(Level::Street, Counted::Signal))),
            sum(&signal)
        );
        // And the very cases behind a count.
        let first = *all.iter().find(|c| c.place.grid().is_some()).unwrap();
        let keys = lives
            .ctx
            .read_blocking::<_, store::StoreError, _>(move |r| {
                figures::cases_behind(
                    r,
                    first.place,
                    first.matter,
                    (first.day, first.day),
                    Counted::Reported,
                    100,
                )
            })
            .unwrap();
        assert_eq!(keys.len(), usize::try_from(first.n).unwrap());
        for key in keys {
            let case = lives.cases.iter().find(|c| c.id.0 == key.id).unwrap();
            assert_eq!(case.place.grid, first.place.grid());
        }
    }
);

testdb::both_engines!(
    what_is_counted_by_case_is_what_the_sums_say,
    &migrations(),
    |db| {
        let lives = lived(db);
        // After all that happens in these lives.
        let today = ALL.1;
        for (level, filter) in [
            (Level::City, Filter::default()),
            (Level::Street, Filter::default()),
            (Level::Community, Filter::default()),
            (
                Level::Street,
                Filter {
                    matters: vec![id(50)],
                    ..Filter::default()
                },
            ),
        ] {
            let asked = Ask {
                level,
                filter: filter.clone(),
                ..Ask::new(
                    date(2026, 2, 1),
                    today,
                    &[Measure::Closed, Measure::ClosedOnTime],
                )
            };
            let (by_case, open, overdue, closed_by_case, closed) = lives
                .ctx
                .read_blocking::<_, FiguresError, _>(move |r| {
                    Ok((
                        standing::standing(r, level, &filter, today)?,
                        figures::open(r, &asked, today)?,
                        figures::overdue(r, &asked, today)?,
                        standing::closed(r, level, &filter, (asked.from, today))?,
                        figures::figures(r, &asked)?,
                    ))
                })
                .unwrap();
            let of = |figures: &[figures::Figure], n: usize| -> BTreeMap<Place, i64> {
                let some = figures.iter().filter(|f| f.n[n] != 0);
                some.map(|f| (f.place, f.n[n])).collect()
            };
            let open_by_case = by_case.iter().map(|s| (s.place, s.open));
            assert_eq!(open_by_case.collect::<BTreeMap<_, _>>(), of(&open, 0));
            let late_by_case = by_case.iter().filter(|s| s.overdue != 0);
            let late_by_case = late_by_case.map(|s| (s.place, s.overdue));
            assert_eq!(late_by_case.collect::<BTreeMap<_, _>>(), of(&overdue, 0));
            let closings = closed_by_case.iter().map(|c| (c.place, c.closed));
            assert_eq!(closings.collect::<BTreeMap<_, _>>(), of(&closed, 0));
            let in_time = closed_by_case.iter().filter(|c| c.on_time != 0);
            let in_time = in_time.map(|c| (c.place, c.on_time));
            assert_eq!(in_time.collect::<BTreeMap<_, _>>(), of(&closed, 1));
            assert!(
                !by_case.is_empty() && !closed_by_case.is_empty(),
                "{level:?}"
            );
        }
        // Reports and closings have a sum by unit grid as well.
        let wanted = [Measure::Reported, Measure::Closed, Measure::ClosedOnTime];
        let asked = Ask {
            level: Level::Grid,
            ..Ask::new(ALL.0, today, &wanted)
        };
        let (by_case, sums) = lives
            .ctx
            .read_blocking::<_, FiguresError, _>(move |r| {
                let period = (asked.from, today);
                Ok((
                    standing::closed(r, Level::Grid, &Filter::default(), period)?,
                    figures::figures(r, &asked)?,
                ))
            })
            .unwrap();
        let closed = sums.iter().filter(|f| f.n[1] != 0);
        assert_eq!(
            closed
                .map(|f| (f.place, f.n[1], f.n[2]))
                .collect::<Vec<_>>(),
            by_case
                .iter()
                .map(|c| (c.place, c.closed, c.on_time))
                .collect::<Vec<_>>()
        );
        assert!(by_case.iter().any(|c| c.place.grid().is_some()));
        let reported: i64 = sums.iter().map(|f| f.n[0]).sum();
        assert_eq!(reported, i64::try_from(lives.cases.len()).unwrap());
        // And what no sum is kept for: one state in the unit grids.
        let state = cases::State::Handling;
        let filter = Filter {
            states: vec![state.as_str().to_owned()],
            ..Filter::default()
        };
        let found = lives
            .ctx
            .read_blocking::<_, store::StoreError, _>(move |r| {
                standing::standing(r, Level::Grid, &filter, today)
            })
            .unwrap();
        let expected = lives.cases.iter().filter(|c| c.state == state).count();
        let sum: i64 = found.iter().map(|s| s.open).sum();
        assert_eq!(sum, i64::try_from(expected).unwrap());
    }
);

testdb::both_engines!(a_period_stands_beside_the_one_before, &migrations(), |db| {
    let lives = lived(db);
    let (from, to) = (date(2026, 3, 1), date(2026, 3, 31));
    assert_eq!(
        Earlier::Before.period(from, to),
        (date(2026, 1, 29), date(2026, 2, 28))
    );
    assert_eq!(
        Earlier::YearBefore.period(from, to),
        (date(2025, 3, 1), date(2025, 3, 31))
    );
    let wanted = Ask {
        level: Level::District,
        ..Ask::new(from, to, &[Measure::Reported])
    };
    let (before_from, before_to) = Earlier::Before.period(from, to);
    let before: i64 = ask(
        &lives,
        Ask {
            from: before_from,
            to: before_to,
            ..wanted.clone()
        },
    )
    .unwrap()
    .iter()
    .map(|f| f.n[0])
    .sum();
    let rows = lives
        .ctx
        .read_blocking::<_, FiguresError, _>(move |r| {
            figures::compared(r, &wanted, Earlier::Before)
        })
        .unwrap();
    assert_eq!(rows.iter().map(|r| r.before[0]).sum::<i64>(), before);
    assert!(before > 0);
});

testdb::both_engines!(durations_are_those_of_the_cases, &migrations(), |db| {
    let lives = lived(db);
    let spans: Vec<i64> = lives
        .cases
        .iter()
        .filter_map(|c| Some(c.accepted_at?.duration_since(c.reported_at).as_secs()))
        .filter(|s| *s >= 0)
        .collect();
    assert!(spans.len() > 10);
    for (level, by_matter, by_unit) in [
        (Level::City, false, false),
        (Level::Street, false, false),
        (Level::District, true, false),
        (Level::City, false, true),
    ] {
        let wanted = Ask {
            level,
            by_matter,
            by_unit,
            ..Ask::new(ALL.0, ALL.1, &[])
        };
        let rows = lives
            .ctx
            .read_blocking::<_, FiguresError, _>(move |r| {
                figures::durations(r, &wanted, Span::Accept)
            })
            .unwrap();
        assert_eq!(
            rows.iter().map(figures::Durations::cases).sum::<i64>(),
            i64::try_from(spans.len()).unwrap()
        );
        assert_eq!(
            rows.iter().map(|d| d.seconds).sum::<i64>(),
            spans.iter().sum::<i64>()
        );
    }
});

testdb::both_engines!(what_is_not_kept_is_refused, &migrations(), |db| {
    let lives = lived(db);
    let plain = Ask::new(ALL.0, ALL.1, &[Measure::Closed]);
    let refused = |wanted: Ask| ask(&lives, wanted).unwrap_err().to_string();
    let backward = Ask {
        from: ALL.1,
        to: ALL.0,
        ..plain.clone()
    };
    assert!(refused(backward).contains("before it begins"));
    let grids = Ask {
        level: Level::Grid,
        ..Ask::new(ALL.0, ALL.1, &[Measure::Handled])
    };
    assert_eq!(refused(grids), "handled is not kept by grid");
    let classes = Ask {
        level: Level::Grid,
        by_matter: true,
        ..plain.clone()
    };
    assert_eq!(refused(classes), "closed is not kept by grid, matter");
    let both = Ask {
        by_channel: true,
        by_state: true,
        ..plain.clone()
    };
    assert_eq!(
        refused(both),
        "figures are not kept by city, channel, state together"
    );
    let state = Ask {
        by_state: true,
        ..plain.clone()
    };
    assert_eq!(refused(state), "closed is not kept by state");
    let streets = Ask {
        by_unit: true,
        level: Level::Street,
        ..plain
    };
    assert!(refused(streets).contains("street, unit"));
});

testdb::both_engines!(freshness_says_what_waits, &migrations(), |db| {
    let mut lives = Lives::new(db, 3);
    let fresh = |lives: &Lives| {
        let now = lives.now();
        lives
            .ctx
            .read_blocking::<_, store::StoreError, _>(move |r| figures::freshness(r, now))
            .unwrap()
    };
    assert_eq!(fresh(&lives), None, "nothing was made yet");
    lives.begin();
    lives.catch_up();
    lives.wait();
    let now = lives.now();
    assert_eq!(fresh(&lives).map(|f| (f.waiting, f.as_of)), Some((0, now)));
    lives.begin();
    let stale = fresh(&lives).unwrap();
    assert_eq!(stale.waiting, 1);
    assert!(stale.as_of < now);
});
