//! Each count by lives made by hand: the period is the week of 8 to 14 April 2019, limits are 48 hours.

use crate::lives::{City, Did, closed, dispatched, from_file, life, migrations};
use evaluation::{By, Counts};

const WEEK: (&str, &str) = ("04-08", "04-14");

fn counted(db: &testdb::TestDb, lives: &[Vec<(&str, Did)>]) -> Counts {
    let mut city = City::new(db);
    for steps in lives {
        city.add(1, &life(steps));
    }
    city.counts(WEEK.0, WEEK.1)
}

/// Counts of cases with a limit, as (due, closed, on time).
fn due(counts: &Counts) -> (i64, i64, i64) {
    assert_eq!(
        counts.due_closing,
        counts.due_closing_with_limit + counts.due_closing_without_limit
    );
    (counts.due_closing, counts.closed, counts.closed_on_time)
}

testdb::both_engines!(
    a_life_within_the_week_counts_once_everywhere,
    &migrations(),
    |db| {
        let counts = counted(db, &[closed("04-09 10:00", "04-10 10:00", "04-10 15:00")]);
        let expected = Counts {
            reported: 1,
            accepted: 1,
            registered: 1,
            dispatched: 1,
            due_closing: 1,
            due_closing_with_limit: 1,
            closed: 1,
            closed_on_time: 1,
            ..Counts::default()
        };
        assert_eq!(counts, expected);
    }
);

testdb::both_engines!(
    a_deadline_passed_unhandled_is_due_and_not_closed,
    &migrations(),
    |db| {
        assert_eq!(due(&counted(db, &[dispatched("04-09 10:00")])), (1, 0, 0));
    }
);

testdb::both_engines!(
    inside_its_limit_at_the_end_it_is_not_due,
    &migrations(),
    |db| {
        let counts = counted(db, &[dispatched("04-14 10:00")]);
        assert_eq!((due(&counts), counts.dispatched), ((0, 0, 0), 1));
    }
);

testdb::both_engines!(
    in_a_week_that_is_not_over_only_deadlines_passed_so_far_are_due,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add(1, &life(&dispatched("04-09 10:00")));
        city.now("04-11 09:59");
        assert_eq!(due(&city.counts(WEEK.0, WEEK.1)), (0, 0, 0));
        city.now("04-11 10:01");
        assert_eq!(due(&city.counts(WEEK.0, WEEK.1)), (1, 0, 0));
    }
);

testdb::both_engines!(
    carried_over_it_is_due_without_being_dispatched_again,
    &migrations(),
    |db| {
        let handled = closed("04-06 10:00", "04-08 08:00", "04-08 15:00");
        let counts = counted(db, &[handled, dispatched("04-01 10:00")]);
        assert_eq!(
            (due(&counts), counts.reported, counts.dispatched),
            ((2, 1, 1), 0, 0)
        );
    }
);

testdb::both_engines!(
    late_is_judged_by_the_end_of_handling_not_by_the_closing,
    &migrations(),
    |db| {
        // Both are closed after the deadline of 11 April 10:00; only one was handled after it.
        let clerk_late = closed("04-09 10:00", "04-11 10:00", "04-13 10:00");
        let unit_late = closed("04-09 10:00", "04-11 10:01", "04-13 10:00");
        assert_eq!(due(&counted(db, &[clerk_late, unit_late])), (2, 2, 1));
    }
);

testdb::both_engines!(
    handled_in_the_week_and_closed_after_it_is_due_here_and_closed_there,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add(
            1,
            &life(&closed("04-13 10:00", "04-14 10:00", "04-16 10:00")),
        );
        assert_eq!(due(&city.counts("04-08", "04-14")), (1, 0, 0));
        assert_eq!(due(&city.counts("04-15", "04-21")), (0, 1, 1));
    }
);

testdb::both_engines!(
    unhandled_at_the_end_is_due_there_even_if_handled_later,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add(
            1,
            &life(&closed("04-09 10:00", "04-16 10:00", "04-16 15:00")),
        );
        assert_eq!(due(&city.counts("04-08", "04-14")), (1, 0, 0));
        assert_eq!(due(&city.counts("04-15", "04-21")), (1, 1, 0));
    }
);

testdb::both_engines!(
    without_a_limit_it_is_outside_the_rate_on_time,
    &migrations(),
    |db| {
        let mut steps = vec![
            ("04-09 10:00", Did::Report),
            ("04-09 10:00", Did::Accept),
            ("04-09 10:00", Did::RegisterWithoutLimit),
            ("04-09 10:00", Did::Dispatch),
            ("04-09 10:00", Did::Sign),
        ];
        let unhandled = steps.clone();
        steps.extend([
            ("04-10 10:00", Did::ReportBack),
            ("04-10 11:00", Did::Pass),
            ("04-10 12:00", Did::Close),
        ]);
        let counts = counted(db, &[steps, unhandled]);
        assert_eq!(due(&counts), (1, 1, 0));
        assert_eq!(
            (
                counts.due_closing_with_limit,
                counts.due_closing_without_limit
            ),
            (0, 1)
        );
        let city = City::new(db);
        city.now("04-20 10:00");
        let rate = &city.evaluate(By::City, WEEK.0, WEEK.1).rows[0].rates["closing_on_time"];
        assert_eq!((rate.numerator, rate.denominator, rate.value), (0, 0, None));
    }
);

testdb::both_engines!(
    void_and_merged_cases_are_nobodys_debt,
    &migrations(),
    |db| {
        let ended = |steps: Vec<(&'static str, Did)>, how: Did| {
            [steps, vec![("04-12 10:00", how)]].concat()
        };
        let unhandled = || dispatched("04-09 10:00");
        let handled = || [unhandled(), vec![("04-10 10:00", Did::ReportBack)]].concat();
        // Only what is in nobody's hands can be merged.
        let returned = || {
            let hands_back = ("04-09 11:00", Did::Return);
            [unhandled(), vec![hands_back]].concat()
        };
        let counts = counted(
            db,
            &[
                ended(unhandled(), Did::Void),
                ended(handled(), Did::Void),
                ended(returned(), Did::Merge),
            ],
        );
        assert_eq!((due(&counts), counts.dispatched), ((0, 0, 0), 3));
    }
);

testdb::both_engines!(
    rows_of_a_file_that_ended_otherwise_are_nobodys_debt,
    &migrations(),
    |db| {
        use cases::model::ImportStatus as S;
        let mut city = City::new(db);
        for status in [S::Closed, S::Duplicate, S::Transferred, S::Void] {
            city.add(1, &from_file(status));
        }
        assert_eq!(due(&city.counts(WEEK.0, WEEK.1)), (0, 0, 0));
        city.add(1, &from_file(S::Open));
        assert_eq!(due(&city.counts(WEEK.0, WEEK.1)), (1, 0, 0));
    }
);

testdb::both_engines!(
    void_after_the_week_leaves_the_week_as_it_was,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add(
            1,
            &life(&[dispatched("04-09 10:00"), vec![("04-16 10:00", Did::Void)]].concat()),
        );
        assert_eq!(due(&city.counts("04-08", "04-14")), (1, 0, 0));
        assert_eq!(due(&city.counts("04-15", "04-21")), (0, 0, 0));
    }
);

testdb::both_engines!(
    put_right_on_the_spot_is_no_units_work,
    &migrations(),
    |db| {
        let counts = counted(
            db,
            &[vec![
                ("04-09 10:00", Did::ReportPutRight),
                ("04-09 12:00", Did::ConfirmPutRight),
            ]],
        );
        assert_eq!((due(&counts), counts.reported), ((0, 0, 0), 1));
    }
);

testdb::both_engines!(
    a_failed_check_counts_in_the_week_it_failed_and_the_old_deadline_holds,
    &migrations(),
    |db| {
        let mut steps = dispatched("04-05 10:00");
        steps.extend([
            ("04-06 10:00", Did::ReportBack),
            ("04-08 09:00", Did::Fail),
            ("04-09 10:00", Did::ReportBack),
            ("04-09 15:00", Did::Pass),
            ("04-09 16:00", Did::Close),
        ]);
        let counts = counted(db, &[steps]);
        assert_eq!((due(&counts), counts.reworked), ((1, 1, 0), 1));
    }
);

testdb::both_engines!(an_empty_record_has_one_row_of_zeros, &migrations(), |db| {
    let city = City::new(db);
    assert_eq!(city.counts(WEEK.0, WEEK.1), Counts::default());
    for by in [By::Division, By::Unit, By::Matter, By::Channel] {
        assert!(city.evaluate(by, WEEK.0, WEEK.1).rows.is_empty());
    }
});
