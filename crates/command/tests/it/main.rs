//! What is open and late at the end of each day, worked back from now, is what the figures say of that day.
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

use cases::model::Case;
use facts::figures::{self, Ask, FiguresError};
use jiff::ToSpan as _;
use jiff::civil::Date;
use lives::{Lives, migrations};
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
