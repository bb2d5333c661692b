//! Figures that cities published (domain facts §1.8): records that lead to their counts lead to their rates. Each kind of life
//! is decided by the rules and copied, and the cases of each are made through `ops`, case by case.

use crate::lives::{City, Did, closed, dispatched, life, migrations};
use crate::through_ops::{self, Brought};
use evaluation::{By, Counts, Row};

/// What a city published for a period, and what was due besides.
#[derive(Clone, Copy)]
struct Published {
    accepted: u32,
    registered: u32,
    dispatched: u32,
    due_closing: u32,
    closed: u32,
    on_time: u32,
    reworked: u32,
    extended: u32,
    rates: &'static [(&'static str, f64)],
}

/// Zhengzhou, 8 to 14 April 2019, all cases.
const ALL: Published = Published {
    accepted: 51_571,
    registered: 51_229,
    dispatched: 49_151,
    due_closing: 52_434,
    closed: 43_523,
    on_time: 40_394,
    reworked: 276,
    extended: 104,
    rates: &[
        ("registration", 0.9934),
        ("dispatch", 0.9594),
        ("closing", 0.83005),
        ("closing_on_time", 0.7704),
        ("rework", 0.0053),
        ("extension", 0.0020),
    ],
};

/// The same week, regular cases.
const REGULAR: Published = Published {
    accepted: 16_754,
    registered: 16_570,
    dispatched: 14_673,
    due_closing: 18_086,
    closed: 10_225,
    on_time: 8_765,
    reworked: 274,
    extended: 101,
    rates: &[
        ("registration", 0.9890),
        ("dispatch", 0.8855),
        ("closing", 0.5654),
        ("closing_on_time", 0.4846),
        ("rework", 0.01515),
        ("extension", 0.0056),
    ],
};

/// Tianmen, December 2016. It did not say how many were dispatched: any number that leaves room for what was due.
const TIANMEN: Published = Published {
    accepted: 1_054,
    registered: 996,
    dispatched: 980,
    due_closing: 972,
    closed: 911,
    on_time: 737,
    reworked: 0,
    extended: 0,
    rates: &[("closing", 0.9372), ("closing_on_time", 0.7582)],
};

/// A life, told as who did what when.
pub type Told<'t> = Vec<(&'t str, Did)>;

/// Lives that add up to the published counts, and how often each was lived: of what was due, a part was carried over
/// from the week before.
fn lives(says: &Published) -> Vec<(u32, Told<'static>)> {
    let (late, open) = (says.closed - says.on_time, says.due_closing - says.closed);
    // What was extended or done anew was reported in the week.
    let on_time_before = (says.on_time - says.extended) / 16;
    let late_before = (late - says.reworked) / 3;
    let open_before = open / 2;
    let (on_time_now, late_now, open_now) = (
        says.on_time - on_time_before,
        late - late_before,
        open - open_before,
    );
    let within = says.dispatched - on_time_now - late_now - open_now;

    // More time was granted in the week, and the case was handled within the old limit.
    let mut extended = dispatched("04-09 10:00");
    extended.extend([
        ("04-10 09:00", Did::AskMoreTime),
        ("04-10 09:10", Did::EndorseMoreTime),
        ("04-10 09:20", Did::GrantMoreTime),
        ("04-10 10:00", Did::ReportBack),
        ("04-10 15:00", Did::Pass),
        ("04-10 15:00", Did::Close),
    ]);
    let mut again = dispatched("04-09 10:00");
    again.extend([
        ("04-10 10:00", Did::ReportBack),
        ("04-10 12:00", Did::Fail),
        ("04-12 10:00", Did::ReportBack),
        ("04-12 15:00", Did::Pass),
        ("04-12 16:00", Did::Close),
    ]);
    let accepted = vec![("04-09 10:00", Did::Report), ("04-09 10:00", Did::Accept)];
    let registered = [&accepted[..], &[("04-09 10:00", Did::Register)]].concat();
    // What belongs to other weeks, and is nobody's work: none of it may count.
    let beside = 200.min(says.accepted / 50);
    vec![
        (
            on_time_now - says.extended,
            closed("04-09 10:00", "04-10 10:00", "04-10 15:00"),
        ),
        (says.extended, extended),
        (
            late_now - says.reworked,
            closed("04-09 10:00", "04-12 10:00", "04-12 15:00"),
        ),
        (says.reworked, again),
        (open_now, dispatched("04-09 10:00")),
        (within, dispatched("04-14 10:00")),
        (
            on_time_before,
            closed("04-06 10:00", "04-08 08:00", "04-08 15:00"),
        ),
        (
            late_before,
            closed("04-06 10:00", "04-09 10:00", "04-09 15:00"),
        ),
        (open_before, dispatched("04-06 10:00")),
        (says.accepted - says.registered, accepted),
        (says.registered - says.dispatched, registered),
        (beside, closed("04-01 10:00", "04-02 10:00", "04-02 15:00")),
        (beside, closed("04-16 10:00", "04-17 10:00", "04-17 15:00")),
    ]
}

/// The row of the city counts what was published, and its rates are the published ones.
fn check(row: &Row, says: &Published) {
    let expected = Counts {
        // Everything accepted in the week was reported in it; what was carried over was not.
        reported: says.accepted.into(),
        accepted: says.accepted.into(),
        registered: says.registered.into(),
        dispatched: says.dispatched.into(),
        due_closing: says.due_closing.into(),
        due_closing_with_limit: says.due_closing.into(),
        due_closing_without_limit: 0,
        closed: says.closed.into(),
        closed_on_time: says.on_time.into(),
        reworked: says.reworked.into(),
        extended: says.extended.into(),
    };
    assert_eq!(row.counts, expected);
    for (name, published) in says.rates {
        let value = row.rates[name].value.unwrap();
        assert!(
            (value - published).abs() < 1e-4,
            "{name}: {value} against {published}"
        );
    }
}

/// The lives of the rules, as many copies as were lived.
fn check_copies(db: &testdb::TestDb, says: &Published) {
    let mut city = City::new(db);
    for (copies, told) in lives(says) {
        city.add(copies, &life(&told));
    }
    let counts = city.counts("04-08", "04-14");
    let row = &city.evaluate(By::City, "04-08", "04-14").rows[0];
    assert_eq!(row.counts, counts);
    check(row, says);
}

testdb::both_engines!(zhengzhou_all_cases, &migrations(), |db| {
    check_copies(db, &ALL);
});

testdb::both_engines!(zhengzhou_regular_cases, &migrations(), |db| {
    check_copies(db, &REGULAR);
});

testdb::both_engines!(tianmen, &migrations(), |db| {
    check_copies(db, &TIANMEN);
});

testdb::both_engines!(tianmen_act_by_act, &through_ops::migrations(), |db| {
    check(&through_ops::evaluated(db, &lives(&TIANMEN), &[]), &TIANMEN);
});

/// The same counts, with as little work as leads to them: everything accepted in the week is lived step by step, and so is
/// what was extended or done anew; the other cases due in the week were carried over from before, and come with the file of the
/// system of before, which says when they were due and when they were closed. The rates look at nothing else of them.
fn lives_and_file(says: &Published) -> (Vec<(u32, Told<'static>)>, Vec<Brought<'static>>) {
    let mut by_steps = lives(&Published {
        on_time: says.extended,
        closed: says.extended + says.reworked,
        due_closing: says.extended + says.reworked,
        ..*says
    });
    // Whether the unit has signed for it, no rate asks.
    for (_, told) in &mut by_steps {
        told.pop_if(|last| matches!(last.1, Did::Sign));
    }
    let brought = vec![
        (
            says.on_time - says.extended,
            "04-06 10:00",
            "04-08 10:00",
            Some("04-08 08:00"),
        ),
        (
            says.closed - says.on_time - says.reworked,
            "04-06 10:00",
            "04-08 10:00",
            Some("04-09 10:00"),
        ),
        (
            says.due_closing - says.closed,
            "04-06 10:00",
            "04-08 10:00",
            None,
        ),
    ];
    (by_steps, brought)
}

testdb::both_engines!(
    zhengzhou_regular_cases_case_by_case,
    &through_ops::migrations(),
    |db| {
        let (lives, brought) = lives_and_file(&REGULAR);
        check(&through_ops::evaluated(db, &lives, &brought), &REGULAR);
    }
);

testdb::both_engines!(
    zhengzhou_all_cases_case_by_case,
    &through_ops::migrations(),
    |db| {
        let (lives, brought) = lives_and_file(&ALL);
        check(&through_ops::evaluated(db, &lives, &brought), &ALL);
    }
);
