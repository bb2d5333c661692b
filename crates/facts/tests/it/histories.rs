//! Random histories: whatever happens to cases, in whatever order and with whatever pauses, the figures kept up by the
//! outbox are those made anew from the record. The seed is printed on failure.

use crate::lives::{Lives, migrations};
use facts::figures::{self, Ask, Step};
use facts::model::{Level, Measure, Place, day_at};
use facts::{FiguresError, rebuild, upkeep};
use jiff::civil::date;
use std::collections::BTreeMap;
use store::StoreError;

const SEEDS: [u64; 3] = [1, 20_260_316, 77];

testdb::both_engines!(kept_up_figures_are_those_made_anew, &migrations(), |db| {
    let mut all = 0;
    for seed in SEEDS {
        let mut lives = Lives::new(db, seed);
        lives.live(160);
        lives.catch_up();
        let checked = lives.differences();
        assert_eq!(checked.differences, 0, "seed {seed}: {checked:?}");
        all += lives.cases.len() as u64;
        assert_eq!(checked.cases, all, "seed {seed}");
        assert!(lives.cases.len() > 10, "seed {seed}");
    }
});

testdb::both_engines!(doing_it_again_changes_nothing, &migrations(), |db| {
    let mut lives = Lives::new(db, 5);
    lives.live(80);
    lives.catch_up();
    assert_eq!(lives.catch_up().rows, 0);
    // The position is set back, as after a takeover by another process: the same rows are passed again.
    lives
        .ctx
        .write_blocking::<_, StoreError, _>(|mut w| {
            w.outbox_enter("facts/1", 0)?;
            w.unchanged(())
        })
        .unwrap();
    assert!(lives.catch_up().rows > 0);
    assert_eq!(lives.differences().differences, 0);
});

testdb::both_engines!(
    a_rebuild_mends_and_a_check_finds_what_is_wrong,
    &migrations(),
    |db| {
        let mut lives = Lives::new(db, 9);
        lives.live(80);
        lives.catch_up();
        let spoil = |sql: &'static str| {
            lives
                .ctx
                .write_blocking::<_, StoreError, _>(move |mut w| {
                    w.derive(sql, &[])?;
                    w.unchanged(())
                })
                .unwrap();
        };
        spoil("UPDATE facts_rollups SET closed = closed + 1 WHERE cube = 1 AND reported > 0");
        spoil("DELETE FROM facts_spots");
        spoil("UPDATE facts_places SET closed = closed + 1 WHERE reported > 0");
        let found = lives.differences();
        let wrong: Vec<_> = found
            .tables
            .iter()
            .filter(|t| t.1 > 0)
            .map(|t| t.0)
            .collect();
        assert_eq!(
            wrong,
            ["facts_rollups", "facts_spots", "facts_places"],
            "{found:?}"
        );
        let mut told = 0;
        let rebuilt = rebuild::rebuild(&lives.ctx, &lives.source, |n| told = n).unwrap();
        assert_eq!(rebuilt.cases, lives.cases.len() as u64);
        assert_eq!(told, rebuilt.cases);
        assert_eq!(lives.differences().differences, 0);
        // One generation is left, and the outbox keeps nothing for the others.
        let left = |sql: &'static str| {
            lives
                .ctx
                .read_blocking::<_, StoreError, _>(move |r| Ok(r.one::<(i64,)>(sql, &[])?.0))
                .unwrap()
        };
        assert_eq!(left("SELECT count(*) FROM facts_generations"), 1);
        assert_eq!(left("SELECT count(*) FROM outbox_readers"), 1);
        assert_eq!(
            left("SELECT count(DISTINCT generation) FROM facts_rollups"),
            1
        );
        assert_eq!(
            left("SELECT count(*) FROM audit WHERE action = 'facts.rebuild'"),
            1
        );
        // It goes on from there.
        lives.live(40);
        lives.catch_up();
        assert_eq!(lives.differences().differences, 0);
    }
);

testdb::both_engines!(
    cases_that_change_during_a_rebuild_are_counted_once,
    &migrations(),
    |db| {
        let mut lives = Lives::new(db, 13);
        lives.live(60);
        lives.catch_up();
        let (ctx, source) = (lives.ctx.clone(), lives.source.clone());
        // In the middle of the making, people go on.
        rebuild::rebuild(&ctx, &source, |_| lives.live_within_a_moment(60)).unwrap();
        lives.catch_up();
        assert_eq!(lives.differences().differences, 0);
    }
);

testdb::both_engines!(
    a_killed_rebuild_holds_nothing_back_for_long,
    &migrations(),
    |db| {
        let mut lives = Lives::new(db, 19);
        lives.live(30);
        lives.catch_up();
        // What a rebuild leaves that is killed after its first transaction.
        let at = lives.now();
        lives
        .ctx
        .write_blocking::<_, StoreError, _>(move |mut w| {
            let sql = "INSERT INTO facts_generations (generation, zone, is_current, started_at, as_of) \
                       VALUES (2, 'Asia/Shanghai', 0, $1, $1)";
            w.derive(sql, store::params![at])?;
            w.outbox_enter("facts/2", 1)?;
            w.unchanged(())
        })
        .unwrap();
        let readers = |lives: &Lives| {
            lives
                .ctx
                .read_blocking::<_, StoreError, _>(|r| {
                    Ok(r.one::<(i64,)>("SELECT count(*) FROM outbox_readers", &[])?
                        .0)
                })
                .unwrap()
        };
        lives.begin();
        lives.catch_up();
        assert_eq!(readers(&lives), 2, "it may still be at work");
        let other = rebuild::rebuild(&lives.ctx, &lives.source, |_| {}).unwrap_err();
        assert!(matches!(other, upkeep::UpkeepError::Running(_)), "{other}");
        lives
            .clock
            .advance(std::time::Duration::from_secs(2 * 3600));
        lives.begin();
        lives.catch_up();
        assert_eq!(readers(&lives), 1);
        rebuild::rebuild(&lives.ctx, &lives.source, |_| {}).unwrap();
        assert_eq!(lives.differences().differences, 0);
    }
);

testdb::both_engines!(another_time_zone_asks_for_a_rebuild, &migrations(), |db| {
    let mut lives = Lives::new(db, 17);
    lives.live(20);
    lives.catch_up();
    lives.source =
        cases::facts::CaseFacts::source(jiff::tz::TimeZone::get("America/Chicago").unwrap());
    let refused = upkeep::catch_up(&lives.ctx, &lives.source).unwrap_err();
    assert!(
        refused.to_string().contains("shiyu facts rebuild"),
        "{refused}"
    );
    rebuild::rebuild(&lives.ctx, &lives.source, |_| {}).unwrap();
    lives.live(20);
    lives.catch_up();
    assert_eq!(lives.differences().differences, 0);
});

/// Counts a measure of a case by hand, from the case itself and not from what facts made of it.
fn by_hand(lives: &Lives, measure: Measure) -> BTreeMap<(jiff::civil::Date, String), i64> {
    use cases::State as S;
    let mut found = BTreeMap::new();
    for case in &lives.cases {
        let closed = case.closed_at.filter(|_| case.state == S::Closed);
        let at = match measure {
            Measure::Reported => Some(case.reported_at),
            Measure::Incidents => {
                Some(case.reported_at).filter(|_| !matches!(case.state, S::Merged | S::Voided))
            }
            Measure::Signal => Some(case.reported_at).filter(|_| {
                !matches!(case.state, S::Merged | S::Voided) && case.channel != "patrol"
            }),
            Measure::Accepted => case.accepted_at,
            Measure::Registered => case.registered_at,
            Measure::Dispatched => case.dispatched_at,
            Measure::Handled => case.handled_at,
            Measure::Closed => closed,
            Measure::ClosedOnTime => closed.filter(|_| {
                case.handled_at <= case.due_at && case.due_at.is_some() && case.handled_at.is_some()
            }),
            Measure::Reworked => case.reworked_at,
            Measure::Due => case.due_at,
            Measure::Ended if case.state.is_final() => case.closed_at.or(Some(case.reported_at)),
            _ => None,
        };
        if let Some(at) = at {
            let street = case
                .place
                .grid
                .map_or_else(String::new, |g| g.as_str()[..9].to_owned());
            *found
                .entry((lives.tz.to_datetime(at).date(), street))
                .or_default() += 1;
        }
    }
    found
}

testdb::both_engines!(figures_are_what_is_counted_by_hand, &migrations(), |db| {
    let mut lives = Lives::new(db, 23);
    lives.live(260);
    lives.catch_up();
    for measure in Measure::ALL {
        if matches!(
            measure,
            Measure::Extended | Measure::OverdueIn | Measure::OverdueOut
        ) {
            continue;
        }
        let ask = Ask {
            step: Step::Day,
            level: Level::Street,
            ..Ask::new(date(2020, 1, 1), date(2030, 1, 1), &[*measure])
        };
        let read: BTreeMap<_, _> = lives
            .ctx
            .read_blocking::<_, FiguresError, _>(move |r| figures::figures(r, &ask))
            .unwrap()
            .into_iter()
            .map(|f| ((f.day.unwrap(), f.place.to_string()), f.n[0]))
            .collect();
        assert_eq!(read, by_hand(&lives, *measure), "{measure:?}");
    }
    // What is overdue at the end of each day, as evaluation defines it.
    for days in [0, 1, 3, 10, 40] {
        let day = lives
            .tz
            .to_datetime(lives.now())
            .date()
            .saturating_sub(jiff::Span::new().days(days));
        let end = day
            .tomorrow()
            .unwrap()
            .to_zoned(lives.tz.clone())
            .unwrap()
            .timestamp();
        let expected = lives
            .cases
            .iter()
            .filter(|c| {
                let is_unit_work = c.dispatched_at.is_some() || c.source.is_some();
                let is_over = match (c.handled_at, c.closed_at) {
                    (Some(over), _) | (None, Some(over)) => over < end,
                    (None, None) => c.state.is_final(),
                };
                is_unit_work && c.due_at.is_some_and(|d| d < end) && c.reported_at < end && !is_over
            })
            .count();
        let ask = Ask::until(day, &[]);
        let read = lives
            .ctx
            .read_blocking::<_, FiguresError, _>(move |r| figures::overdue(r, &ask, day))
            .unwrap();
        let read: i64 = read.iter().map(|f| f.n[0]).sum();
        assert_eq!(
            read,
            i64::try_from(expected).unwrap(),
            "at the end of {day}"
        );
        let _ = (Place::UNKNOWN, day_at(end, &lives.tz));
    }
});
