//! What is open and late at the end of each day, worked back from now, is what the figures say of that day; and each number
//! leads to a list that holds as many cases.
#![expect(
    clippy::unwrap_used,
    reason = "a test that unwraps nothing has failed, which is what it is for"
)]

#[allow(
    dead_code,
    reason = "the random lives of the tests of figures have more than these tests use"
)]
#[path = "../../../facts/tests/it/lives.rs"]
mod lives;

use cases::State;
use cases::model::Case;
use cases::period::{Closing, Moment, Period};
use cases::sql_desk::Asked;
use command::model::Leads;
use facts::figures::{self, Ask, FiguresError};
use jiff::ToSpan as _;
use jiff::civil::Date;
use lives::{Lives, migrations};
use std::collections::BTreeMap;
use store::StoreError;
use testkit::rng::Seed;

/// Open and overdue at the end of a day.
fn told(lives: &Lives, day: Date) -> (u64, u64) {
    let (open, overdue) = lives
        .ctx
        .renewed()
        .read_blocking::<_, FiguresError, _>(move |r| {
            let ask = Ask::new(day, day, &[]);
            let sum = |of: Vec<figures::Figure>| of.iter().map(|f| f.n[0]).sum::<i64>();
            let open = sum(figures::open(r, &ask, day)?);
            Ok((open, sum(figures::overdue(r, &ask, day)?)))
        })
        .unwrap();
    (open.unsigned_abs(), overdue.unsigned_abs())
}

testdb::both_engines!(
    the_stock_of_each_day_is_that_of_the_figures,
    &migrations(),
    |db| {
        let seed = Seed::of("the_stock_of_each_day_is_that_of_the_figures");
        let mut lives = Lives::new(db, seed.value());
        lives.live(300);
        // They go on until there is something to see, which most seeds have by now.
        for _ in 0..100 {
            let now = lives.now();
            let is_late = |case: &Case| case.counted_due().is_some_and(|due| due < now);
            let mut open = lives.cases.iter().filter(|c| !c.state.is_final());
            if open.any(|case| case.handled_at.is_none() && is_late(case)) {
                break;
            }
            lives.live(20);
        }
        lives.catch_up();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let today = lives.now().to_zoned(lives.tz.clone()).date();
        // Of today, and of a day a year later, when today lies 52 weeks back.
        let later = today.saturating_add((52 * 7).days());
        for today in [today, later] {
            let ctx = lives.ctx.renewed();
            let before = ctx.statements();
            let numbers = runtime.block_on(command::ops::numbers(&ctx, today));
            let numbers = numbers.unwrap().unwrap();
            assert_eq!(ctx.statements() - before, 6, "whatever is stored");
            assert_eq!(numbers.stocks.len(), numbers.days.len());
            for stock in &numbers.stocks {
                let of_day = (stock.open, stock.overdue);
                assert_eq!(of_day, told(&lives, stock.date), "{}", stock.date);
            }
            for stock in &numbers.stocks_year_before {
                let of_day = (stock.open, stock.overdue);
                assert_eq!(of_day, told(&lives, stock.date), "{}", stock.date);
            }
            let has_year = today == later;
            assert_eq!(numbers.stock_year_before().is_some(), has_year, "{today}");
            assert!(
                numbers.open() > 0 && numbers.overdue() > 0,
                "nothing to see"
            );
        }
    }
);

/// How many cases the list of an address holds, asked for as the desk asks.
fn listed(lives: &Lives, address: &str) -> u64 {
    const MANY: i64 = 100_000;
    let query = address.strip_prefix("/desk?").unwrap();
    let parts: BTreeMap<&str, &str> = query
        .split('&')
        .map(|part| part.split_once('=').unwrap())
        .collect();
    let day = |name: &str| parts.get(name).map(|day| day.parse::<Date>().unwrap());
    let span = |of: Moment| {
        let period = Period {
            of,
            from: day("from"),
            to: day("to"),
        };
        let is_meant = parts.get("by") == Some(&of.as_str());
        is_meant.then(|| period.span(&lives.tz))
    };
    let (reported, closed, due) = (
        span(Moment::Reported),
        span(Moment::Closed),
        span(Moment::Due),
    );
    let reworked = span(Moment::Reworked);
    let in_time = parts.get("light").map(|light| *light == "in_time");
    let is_open = parts["state"] == "open";
    let found = lives
        .ctx
        .renewed()
        .read_blocking::<_, StoreError, _>(move |r| {
            if is_open {
                let open = State::ALL.iter().copied().filter(|s| !s.is_final());
                let asked = Asked {
                    states: open.collect(),
                    due: due.unwrap_or_default(),
                    ..Asked::default()
                };
                return Ok(cases::sql_desk::queue(r, &asked, None, MANY)?.len());
            }
            let reported = reported.unwrap_or_default();
            let filter = cases::sql::Filter {
                from: reported.from,
                to: reported.to,
                closing: closed.map(|span| Closing { span, in_time }),
                reworked,
                ..cases::sql::Filter::default()
            };
            Ok(cases::sql::list(r, &filter, MANY)?.len())
        });
    u64::try_from(found.unwrap()).unwrap()
}

/// Every number that leads to a list, of many days, compared with the list; how many cases each number counted in all.
fn compared(lives: &Lives, runtime: &tokio::runtime::Runtime) -> [u64; 9] {
    let now = lives.now().to_zoned(lives.tz.clone()).date();
    let on = |today: Date| {
        let numbers = runtime.block_on(command::ops::numbers(&lives.ctx.renewed(), today));
        numbers.unwrap().unwrap()
    };
    let mut seen = [0; 9];
    // Of many days: what was reported and closed on them, and in the week before.
    for back in 0..60 {
        let today = now.saturating_sub((2 * back).days());
        let (numbers, leads) = (on(today), Leads::of(today));
        let reported = |back| numbers.day(back).unwrap().reported;
        let told = [
            (reported(0), &leads.today),
            (reported(1), &leads.yesterday),
            (numbers.week(0, |d| d.closed), &leads.closed),
            (numbers.week(0, |d| d.on_time), &leads.on_time),
            (numbers.week(1, |d| d.closed), &leads.closed_until_yesterday),
            (
                numbers.week(1, |d| d.on_time),
                &leads.on_time_until_yesterday,
            ),
            (
                numbers.week(1, |d| d.reworked),
                &leads.reworked_until_yesterday,
            ),
        ];
        for (seen, (n, address)) in seen.iter_mut().zip(told) {
            assert_eq!(listed(lives, address), n, "{today}: {address}");
            *seen += n;
        }
    }
    // What is open and late, as of a day when nothing lies ahead: files say that cases end some day.
    let today = now.saturating_add(30.days());
    let (numbers, leads) = (on(today), Leads::of(today));
    let told = [
        (numbers.open(), &leads.open),
        (numbers.overdue(), &leads.overdue),
    ];
    for (seen, (n, address)) in seen[7..].iter_mut().zip(told) {
        assert_eq!(listed(lives, address), n, "{address}");
        *seen += n;
    }
    seen
}

/// Goes on until some work failed its check on one of the days that are compared: the rarest of all that is looked for.
fn until_a_check_failed_of_late(lives: &mut Lives) {
    for _ in 0..300 {
        let now = lives.now();
        let is_of_late =
            |at: jiff::Timestamp| (24..24 * 100).contains(&now.duration_since(at).as_hours());
        let mut reworked = lives.cases.iter().filter_map(|case| case.reworked_at);
        if reworked.any(is_of_late) {
            return;
        }
        let mut checked = lives.cases.iter();
        match checked.position(|case| case.state == State::PendingCheck) {
            Some(at) => {
                lives.act_on(at);
                lives.live(5);
            }
            None => lives.live(20),
        }
    }
}

testdb::both_engines!(
    each_number_leads_to_a_list_of_as_many_cases,
    &migrations(),
    |db| {
        let seed = Seed::of("each_number_leads_to_a_list_of_as_many_cases");
        let mut lives = Lives::new(db, seed.value());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut seen = [0; 9];
        lives.live(400);
        // They go on until each of the numbers was seen to be one, which many seeds are by now.
        for _ in 0..30 {
            until_a_check_failed_of_late(&mut lives);
            lives.catch_up();
            seen = compared(&lives, &runtime);
            if seen.iter().all(|n| *n > 0) {
                break;
            }
            lives.live(100);
        }
        assert!(seen.iter().all(|n| *n > 0), "nothing to see: {seen:?}");
    }
);
