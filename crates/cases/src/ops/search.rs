//! The index of the search kept up: what the outbox says has changed is looked at again, and the cases of before there was
//! an index are looked at once, the newest first. Nothing of it is done while somebody waits: a step of a case costs no
//! statement more.
//!
//! Invariant: every writer takes the row of the state first, so that of two looks at one case the later one stays.

use super::CaseError;
use crate::facts::touched;
use crate::model::Case;
use crate::search::{self, Find, FindError};
use crate::service::Cases;
use crate::sql_search::{self, Standing};
use access::Ctx;
use facts::upkeep::CaseKey;
use jiff::SignedDuration;
use matters::City;
use std::collections::BTreeSet;
use store::{Read, StoreError, StoreResult, ToValue, Value, Write};

/// The name under which the search reads the outbox.
pub const READER: &str = "search";
/// Rows of the outbox passed in one step.
const ROWS: u32 = 500;
/// Cases of one step at most (a single row of an import may name more).
const CASES: usize = 500;
/// Cases of before looked at in one step.
const OLDER: i64 = 500;
/// What is known of the index is read again after so long; while it is being made, sooner.
const KNOWN_FOR: SignedDuration = SignedDuration::from_secs(60);
const KNOWN_FOR_WHILE_MADE: SignedDuration = SignedDuration::from_secs(2);

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing waits.
    Idle,
    /// Rows of the outbox were passed.
    Followed,
    /// Cases of before were looked at: how many so far, and of how many.
    Filled {
        /// So far.
        seen: i64,
        /// Of how many.
        total: i64,
    },
}

/// Does the next piece of work: what changed first, then what was there before. Several processes may call it at once.
///
/// # Errors
/// The store's.
pub async fn keep_up(ctx: &Ctx) -> Result<Step, StoreError> {
    let ctx = ctx.renewed();
    let standing = ctx.read(sql_search::standing).await?;
    let Some(standing) = standing.filter(|s| s.way == search::WAY) else {
        return begin(&ctx).await;
    };
    if follow(&ctx).await? {
        return Ok(Step::Followed);
    }
    if standing.is_finished {
        return Ok(Step::Idle);
    }
    fill(&ctx).await
}

/// Looks at all cases again, from the newest on; what is found meanwhile is found as before. `progress` hears how many were
/// looked at, and of how many. Answers how many.
///
/// # Errors
/// The store's.
pub async fn rebuild(ctx: &Ctx, mut progress: impl FnMut(i64, i64)) -> Result<i64, StoreError> {
    begin(ctx).await?;
    loop {
        match keep_up(ctx).await? {
            Step::Idle => break,
            Step::Followed => {}
            Step::Filled { seen, total } => progress(seen, total),
        }
    }
    let standing = ctx.read(sql_search::standing).await?;
    Ok(standing.map_or(0, |s| s.seen))
}

/// How far the index has come; none before the program first served.
///
/// # Errors
/// The store's.
pub async fn standing(ctx: &Ctx) -> Result<Option<Standing>, StoreError> {
    ctx.read(sql_search::standing).await
}

/// From now on the outbox is kept for the search, and all cases are to be looked at.
async fn begin(ctx: &Ctx) -> Result<Step, StoreError> {
    let total = ctx
        .renewed()
        .write::<_, StoreError, _>(|mut w| {
            let end = w.outbox_horizon()?;
            sql_search::begin(&mut w, search::WAY)?;
            w.outbox_enter(READER, end)?;
            let total = sql_search::standing(&mut w)?.map_or(0, |s| s.total);
            w.unchanged(total)
        })
        .await?;
    forget_known(ctx);
    Ok(Step::Filled { seen: 0, total })
}

/// Passes some rows of the outbox; answers whether there were any.
async fn follow(ctx: &Ctx) -> Result<bool, StoreError> {
    let found = ctx.read(changed).await?;
    let Some((from, to, keys)) = found else {
        return Ok(false);
    };
    let city = ctx.service::<Cases>().city();
    let has_new = ctx
        .write::<_, StoreError, _>(move |mut w| {
            // Whoever moves the position does the work; another process that was faster did it.
            if !w.outbox_advance(READER, from, to)? {
                return w.unchanged(false);
            }
            let Some(mut standing) = sql_search::take(&mut w)? else {
                return w.unchanged(false);
            };
            let cases = sql_search::cases(&mut w, &keys)?;
            let has_new = index(&mut w, &city, &mut standing, &cases, false)?;
            if has_new {
                sql_search::put_standing(&mut w, &standing)?;
            }
            w.unchanged(has_new)
        })
        .await?;
    if has_new {
        forget_known(ctx);
    }
    Ok(true)
}

/// The next rows of the outbox: from where to where, and the cases they name.
fn changed(r: &mut Read<'_>) -> StoreResult<Option<(i64, i64, Vec<CaseKey>)>> {
    let Some(from) = r.outbox_position(READER)? else {
        return Ok(None);
    };
    let (mut to, mut keys) = (from, BTreeSet::new());
    for row in r.outbox_after(from, ROWS)? {
        keys.extend(touched(&row)?);
        to = row.seq;
        if keys.len() >= CASES {
            break;
        }
    }
    Ok((to > from).then(|| (from, to, keys.into_iter().collect())))
}

/// Looks at some of the cases of before.
async fn fill(ctx: &Ctx) -> Result<Step, StoreError> {
    let city = ctx.service::<Cases>().city();
    let (step, is_news) = ctx
        .write::<_, StoreError, _>(move |mut w| {
            let Some(mut standing) = sql_search::take(&mut w)?.filter(|s| !s.is_finished) else {
                return w.unchanged((Step::Idle, false));
            };
            let older = sql_search::older(&mut w, standing.upto, OLDER)?;
            let has_new = index(&mut w, &city, &mut standing, &older, true)?;
            standing.seen += i64::try_from(older.len()).unwrap_or(i64::MAX);
            match older.last() {
                Some(last) => standing.upto = Some((last.id.0, last.district)),
                None => standing.is_finished = true,
            }
            sql_search::put_standing(&mut w, &standing)?;
            let step = Step::Filled {
                seen: standing.seen,
                total: standing.total.max(standing.seen),
            };
            w.unchanged((step, has_new || standing.is_finished))
        })
        .await?;
    if is_news {
        forget_known(ctx);
    }
    Ok(step)
}

/// Brings the index to what these cases say now; answers whether one lies in a district that had none. `all` writes also
/// the words that should be there already.
fn index(
    w: &mut Write<'_>,
    city: &City,
    standing: &mut Standing,
    cases: &[Case],
    all: bool,
) -> StoreResult<bool> {
    let keys: Vec<_> = cases.iter().map(|c| (c.district, c.id)).collect();
    let kept = sql_search::texts(w, &keys)?;
    let (mut words, mut texts): (Vec<Vec<Value>>, Vec<Vec<Value>>) = (Vec::new(), Vec::new());
    let mut has_new = false;
    for case in cases {
        has_new |= standing.districts.insert(case.district);
        let text = search::text_of(case, city);
        let before = kept.get(&(case.district, case.id));
        if before == Some(&text) && !all {
            continue;
        }
        let now = search::words_of(&text);
        let old = before.map(|b| search::words_of(b)).unwrap_or_default();
        for word in old.difference(&now) {
            sql_search::drop_word(w, case.district, word, case.id)?;
        }
        let fresh = now.iter().filter(|word| all || !old.contains(*word));
        words.extend(fresh.map(|word| row(case, word)));
        if before != Some(&text) {
            texts.push(vec![
                case.district.to_value(),
                case.id.to_value(),
                text.to_value(),
            ]);
        }
    }
    // Neighbours in the key lie on one page.
    words.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
    sql_search::add(w, &words, &texts)?;
    Ok(has_new)
}

fn row(case: &Case, word: &str) -> Vec<Value> {
    vec![
        case.district.to_value(),
        word.to_value(),
        case.id.to_value(),
    ]
}

fn key(row: &[Value]) -> (&str, &str, &[u8]) {
    match row {
        [Value::Text(district), Value::Text(word), Value::Blob(case)] => (district, word, case),
        _ => ("", "", &[]),
    }
}

fn forget_known(ctx: &Ctx) {
    if let Some(cases) = ctx.service_if_any::<Cases>() {
        cases.forget_indexed();
    }
}

/// What this process knows of the index, at most a minute old. At most one statement.
///
/// # Errors
/// The store's.
pub(crate) async fn known(ctx: &Ctx) -> Result<Standing, StoreError> {
    let cases = ctx.service::<Cases>();
    let now = ctx.now();
    if let Some((at, known)) = cases.indexed() {
        let lasts = if known.is_finished {
            KNOWN_FOR
        } else {
            KNOWN_FOR_WHILE_MADE
        };
        if now.duration_since(at).abs() < lasts {
            return Ok(known);
        }
    }
    let standing = ctx.read(sql_search::standing).await?;
    let standing = standing.unwrap_or_else(nothing);
    cases.keep_indexed(now, standing.clone());
    Ok(standing)
}

/// Before the index was begun.
pub(crate) fn nothing() -> Standing {
    Standing {
        way: search::WAY,
        districts: BTreeSet::new(),
        upto: None,
        seen: 0,
        total: 0,
        is_finished: false,
    }
}

/// Reads what was typed into a search field; none where it is empty.
///
/// # Errors
/// A query that narrows nothing, or is too long, naming the field.
pub fn read_find(field: &'static str, text: &str) -> Result<Option<Find>, CaseError> {
    Find::read(text).map_err(|error| {
        let code = match error {
            FindError::TooShort => "cases.find_short",
            FindError::TooLong => "cases.find_long",
        };
        CaseError::field(field, code, error.to_string())
    })
}
