//! Use cases: the numbers of the day; what needs a decision.

use crate::model::{DAYS, Numbers, count, days, stocks};
use access::{Ctx, Fault, Permission};
use cases::ops::{ListQuery, counts_by_state, desk, reviews};
use cases::{Case, State};
use facts::Measure;
use facts::figures::{self, Ask, FiguresError, Filter, Step};
use jiff::ToSpan;
use jiff::civil::Date;
use kernel::PageSize;
use warning::model::Standing;
use warning::ops::WarningQuery;
use warning::sql::Warning;

/// The most of a kind that are offered for a decision.
pub const MOST: u64 = 5;

/// What is counted of a day, in the order of [`crate::model::Day`].
const MEASURES: [Measure; 8] = [
    Measure::Reported,
    Measure::Accepted,
    Measure::Closed,
    Measure::ClosedOnTime,
    Measure::Reworked,
    Measure::Ended,
    Measure::OverdueIn,
    Measure::OverdueOut,
];

/// What there is at the end of a day: what came less what went.
const STOCK: [Measure; 4] = [
    Measure::Reported,
    Measure::Ended,
    Measure::OverdueIn,
    Measure::OverdueOut,
];

/// The numbers in the reader's scope; none while the figures are being made. Six statements, whatever is stored.
///
/// # Errors
/// The store's.
pub async fn numbers(ctx: &Ctx, today: Date) -> Result<Option<Numbers>, Fault> {
    ctx.require(Permission::EvaluationRead)?;
    let scope = ctx.scope();
    let now = ctx.now();
    // The curve, and the week before it to compare the first week with.
    let first = today.saturating_sub((DAYS + 6).days());
    let found = ctx
        .read::<_, FiguresError, _>(move |r| {
            let Some(fresh) = figures::freshness(r, now)? else {
                return Ok(None);
            };
            let ask = Ask {
                step: Step::Day,
                filter: Filter {
                    districts: scope.districts.clone(),
                    unit: scope.unit.map(|unit| unit.0),
                    ..Filter::default()
                },
                ..Ask::new(first, today, &MEASURES)
            };
            let back = (52 * 7).days();
            let year = Ask {
                from: today.saturating_sub((DAYS - 1).days()).saturating_sub(back),
                to: today.saturating_sub(back),
                ..ask.clone()
            };
            let mut stock = |to: Date| -> Result<(u64, u64), FiguresError> {
                let whole = Ask {
                    filter: ask.filter.clone(),
                    ..Ask::until(to, &STOCK)
                };
                let all = figures::figures(r, &whole)?;
                let sum = |i: usize| all.iter().map(|f| f.n[i]).sum::<i64>();
                Ok((count(sum(0) - sum(1)), count(sum(2) - sum(3))))
            };
            let (now_there, then_there) = (stock(today)?, stock(year.to)?);
            let of_days = days(first, today, &figures::figures(r, &ask)?);
            let before = figures::figures(r, &year)?;
            // Without a single case of then there was no record yet.
            let of_year = if before.is_empty() {
                Vec::new()
            } else {
                days(year.from, year.to, &before)
            };
            Ok(Some(Numbers {
                stocks: stocks(&of_days, now_there),
                stocks_year_before: stocks(&of_year, then_there),
                year_before: of_year.iter().map(|day| day.reported).collect(),
                days: of_days,
                as_of: fresh.as_of,
                waiting: count(fresh.waiting),
            }))
        })
        .await;
    match found {
        Ok(found) => Ok(found),
        Err(FiguresError::Store(error)) => Err(error.into()),
        Err(error) => Err(Fault::internal(error)),
    }
}

/// What waits for somebody to decide.
#[derive(Debug, Default)]
pub struct Decisions {
    /// New findings of the daily look, the last seen first; some of them.
    pub warnings: Vec<Warning>,
    /// How many there are.
    pub all_warnings: u64,
    /// Cases whose duty a coordinator has to rule on, the most pressing first; some of them.
    pub coordinating: Vec<Case>,
    /// How many there are.
    pub all_coordinating: u64,
    /// Appeals, exclusions and answers that wait for one of the reader's roles; some of them.
    pub reviews: Vec<Case>,
    /// Supervised matters that were reported done and wait to be signed off.
    pub reported: u64,
}

impl Decisions {
    /// How many decisions wait. Of reviews as many as are shown, which are all or the first ones.
    pub fn all(&self) -> u64 {
        let reviews = u64::try_from(self.reviews.len()).unwrap_or(u64::MAX);
        self.all_warnings + self.all_coordinating + reviews + self.reported
    }
}

/// What waits for a decision, as far as the reader may see it. Six statements.
///
/// # Errors
/// The store's.
pub async fn decisions(ctx: &Ctx) -> Result<Decisions, Fault> {
    let size = PageSize::new(MOST).unwrap_or_default();
    let mut found = Decisions::default();
    if ctx.require(Permission::WarningRead).is_ok() {
        let query = WarningQuery {
            standings: vec![Standing::New],
            size,
            ..WarningQuery::default()
        };
        found.warnings = warning::ops::list(ctx, query).await?.items;
        let standings = warning::ops::standings(ctx).await?;
        found.all_warnings = standings.get(&Standing::New).copied().unwrap_or(0);
    }
    if ctx.require(Permission::CaseRead).is_ok() {
        let states = vec![State::Coordinating];
        found.coordinating = desk::queue(ctx, states.clone(), size, None).await?.items;
        let query = ListQuery {
            states,
            ..ListQuery::default()
        };
        let counts = counts_by_state(ctx, query).await?;
        found.all_coordinating = counts.iter().map(|(_, n)| count(*n)).sum();
        found.reviews = reviews(ctx, size, None).await?.items;
        let supervised = supervision::ops::count(ctx).await?;
        let reported = supervised
            .iter()
            .filter(|c| c.state == supervision::model::Standing::Reported);
        found.reported = reported.map(|c| count(c.n)).sum();
    }
    Ok(found)
}
