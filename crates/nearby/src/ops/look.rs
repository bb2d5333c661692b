//! What is public at a place: a page of the list, one matter, the feed, and what changed in a stretch of time.

use super::city;
use crate::model::{Entry, NearError, Wanted};
use crate::rules::{self, HORIZON};
use access::Ctx;
use jiff::{SignedDuration, Timestamp};
use kernel::codes::{CaseNumber, DivisionCode};
use kernel::paging::{Cursor, Page};
use matters::{City, MatterId};
use open311::sql::Filter;
use std::sync::Arc;
use store::StoreError;

/// The newest entries of a feed.
const NEWEST: u32 = 40;
/// The entries that a feed tells of because they changed.
const CHANGED: u32 = 60;
/// How long a feed tells of a change.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The filter of a place, from the horizon on.
fn at(place: DivisionCode, classes: Vec<MatterId>, now: Timestamp) -> Filter {
    let from = now.checked_sub(HORIZON).unwrap_or(Timestamp::MIN);
    let to = now
        .checked_add(SignedDuration::from_hours(1))
        .unwrap_or(Timestamp::MAX);
    Filter {
        classes,
        span: Some((from, to)),
        within: Some(place),
        ..Filter::default()
    }
}

/// The public classes with a code; all of them without one, which the filter says by naming none.
fn of_code(city: &City, code: Option<&str>) -> Result<Vec<MatterId>, NearError> {
    let Some(code) = code else {
        return Ok(Vec::new());
    };
    let public = open311::ops::public_classes(city).into_iter();
    let found: Vec<MatterId> = public
        .filter(|id| city.matter(*id).is_some_and(|c| c.code == code))
        .collect();
    if found.is_empty() {
        let reason = "is the code of no public class";
        return Err(NearError::field("class", "nearby.class", reason));
    }
    Ok(found)
}

async fn entries(
    ctx: &Ctx,
    city: &Arc<City>,
    filter: Filter,
    most: u32,
) -> Result<Vec<Entry>, StoreError> {
    let shown = open311::ops::public(ctx, city, filter, most).await?;
    Ok(shown.iter().filter_map(|s| rules::entry(city, s)).collect())
}

/// A page of what is public at a place, the newest first. One statement.
///
/// # Errors
/// `class`, for a code of no public class; the store's.
pub async fn list(ctx: &Ctx, wanted: &Wanted) -> Result<Page<Entry>, NearError> {
    let city = city(ctx);
    let classes = of_code(&city, wanted.class.as_deref())?;
    let filter = Filter {
        open: wanted.open,
        after: wanted.after,
        ..at(wanted.place, classes, ctx.now())
    };
    let probe = u32::try_from(wanted.size.probe()).unwrap_or(u32::MAX);
    let found = entries(ctx, &city, filter, probe).await?;
    Ok(Page::from_probe(found, wanted.size, |entry| {
        Cursor::new([entry.id.to_string()])
    }))
}

/// One public matter by its number, however old. One statement.
///
/// # Errors
/// `NotFound` for one that is not there or not public: nobody is told which.
pub async fn one(ctx: &Ctx, number: CaseNumber) -> Result<Entry, NearError> {
    let filter = Filter {
        numbers: vec![number.to_string()],
        ..Filter::default()
    };
    let found = entries(ctx, &city(ctx), filter, 1).await?;
    found.into_iter().next().ok_or(NearError::NotFound)
}

/// What a feed of a place tells of: the newest matters, and those that changed within two weeks; the last changed first.
/// Two statements.
///
/// # Errors
/// As [`list`].
pub async fn feed(
    ctx: &Ctx,
    place: DivisionCode,
    class: Option<&str>,
) -> Result<Vec<Entry>, NearError> {
    let city = city(ctx);
    let classes = of_code(&city, class)?;
    let newest = at(place, classes, ctx.now());
    let changed_since = ctx.now().checked_sub(TOLD_FOR).ok();
    let changed = Filter {
        changed_since,
        ..newest.clone()
    };
    let mut found = entries(ctx, &city, newest, NEWEST).await?;
    found.extend(entries(ctx, &city, changed, CHANGED).await?);
    found.sort_by(|a, b| b.changed_at.cmp(&a.changed_at).then(b.id.cmp(&a.id)));
    found.dedup_by_key(|entry| entry.id);
    Ok(found)
}

/// What may have changed at a place since a moment, the newest first, at most `most`. One statement.
///
/// # Errors
/// The store's.
pub async fn changed(
    ctx: &Ctx,
    place: DivisionCode,
    since: Timestamp,
    most: u32,
) -> Result<Vec<Entry>, NearError> {
    let filter = Filter {
        changed_since: Some(since),
        ..at(place, Vec::new(), ctx.now())
    };
    let mut found = entries(ctx, &city(ctx), filter, most).await?;
    found.retain(|entry| entry.changed_at >= since);
    Ok(found)
}
