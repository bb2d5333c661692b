//! Use cases: the list of special acts, drawing a sample, taking a file.

use crate::model::{self, Draw, LONGEST_SEED, MOST_DRAWN, Place, Sample, SpecialAct, Wanted};
use crate::sql;
use access::ops::audit::{self, AuditQuery, AuditRow};
use access::{Ctx, FileOut, Problem, Refused, Word};
use axum::http::StatusCode;
use jiff::Timestamp;
use kernel::paging::Cursor;
use kernel::{Page, PageSize};
use store::{AuditEvent, StoreError};

/// The most rows of a file: it is made in memory, so that its hash stands in the trail before it leaves.
pub const MOST_ROWS: usize = 50_000;

/// Why an auditor gets no answer.
#[derive(Debug, thiserror::Error)]
pub enum OversightError {
    /// Not permitted.
    #[error(transparent)]
    Forbidden(#[from] Refused),
    /// A field that cannot be used.
    #[error("{field}: {reason}")]
    Field {
        /// Which.
        field: &'static str,
        /// The code of the sentence.
        code: &'static str,
        /// Why.
        reason: String,
    },
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for OversightError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Forbidden(error) => error.status(),
            Self::Field { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Store(error) => error.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Forbidden(error) => error.code(),
            Self::Field { code, .. } => code,
            Self::Store(error) => error.code(),
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::Field { field, .. } => Some((*field).to_owned()),
            _ => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Forbidden(error) => error.args(),
            Self::Store(error) => error.args(),
            Self::Field { .. } => vec![("most", Word::from(i64::from(MOST_DRAWN)))],
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(error) => error.retry_after_s(),
            _ => None,
        }
    }
}

/// Which special acts, of when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpecialQuery {
    /// A kind of [`model::SPECIALS`]; empty = all.
    pub kind: String,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Those that come after this place, where a page ended.
    pub after: Option<Place>,
}

impl SpecialQuery {
    fn wanted(&self) -> Result<Wanted, OversightError> {
        model::wanted(&self.kind).ok_or_else(|| OversightError::Field {
            field: "kind",
            code: "oversight.unknown_kind",
            reason: "no such kind of special acts".into(),
        })
    }
}

/// So many acts, from the place of the query on. One statement.
async fn acts(
    ctx: &Ctx,
    query: &SpecialQuery,
    most: i64,
) -> Result<Vec<SpecialAct>, OversightError> {
    let wanted = query.wanted()?;
    let (period, after) = ((query.from, query.to), query.after);
    let districts = ctx.scope().districts;
    Ok(ctx
        .read(move |r| -> Result<_, StoreError> {
            sql::specials(r, &wanted, period, after, &districts, most)
        })
        .await?)
}

/// A place as the cursor of a list.
pub fn cursor(place: Place) -> Cursor {
    Cursor::new([
        place.at.as_microsecond().to_string(),
        place.key.to_string(),
        place.seq.to_string(),
    ])
}

/// The place that a cursor names; none of one that is no place of this list.
pub fn place(cursor: &Cursor) -> Option<Place> {
    Some(Place {
        at: Timestamp::from_microsecond(cursor.part(0).ok()?).ok()?,
        key: cursor.part(1).ok()?,
        seq: cursor.part(2).ok()?,
    })
}

/// One page of special acts, newest first, from the record of the cases itself: whatever is there is in the list, whichever
/// way it came into the store.
///
/// # Errors
/// [`OversightError`].
pub async fn specials(ctx: &Ctx, query: &SpecialQuery) -> Result<Page<SpecialAct>, OversightError> {
    let size = PageSize::default();
    let found = acts(ctx, query, size.probe()).await?;
    Ok(Page::from_probe(found, size, |act| cursor(act.place())))
}

/// All special acts of a query, at most [`MOST_ROWS`], newest first.
///
/// # Errors
/// [`OversightError`]; more rows than a file holds are refused, not cut.
pub async fn all_specials(
    ctx: &Ctx,
    query: &SpecialQuery,
) -> Result<Vec<SpecialAct>, OversightError> {
    let rows = acts(ctx, query, i64::try_from(MOST_ROWS + 1).unwrap_or(i64::MAX)).await?;
    if rows.len() > MOST_ROWS {
        return Err(too_many());
    }
    Ok(rows)
}

/// All entries of the trail that are asked for, at most [`MOST_ROWS`], newest first; `actor` as [`audit::actor_ids`] reads it, empty
/// for anybody.
///
/// # Errors
/// [`OversightError`].
pub async fn trail(
    ctx: &Ctx,
    query: AuditQuery,
    actor: String,
) -> Result<Vec<AuditRow>, OversightError> {
    let size = PageSize::new(u64::from(PageSize::MAX)).unwrap_or_default();
    let rows = ctx
        .read(move |r| -> Result<_, StoreError> {
            let mut query = query.clone();
            let mut rows = Vec::new();
            if !actor.is_empty() {
                query.actors = audit::actor_ids(r, &actor)?;
                if query.actors.is_empty() {
                    return Ok(rows);
                }
            }
            query.after = None;
            loop {
                let page = audit::search(r, &query, size)?;
                let last = page.items.last().map(|row| row.id);
                rows.extend(page.items);
                if page.next.is_none() || rows.len() > MOST_ROWS {
                    return Ok(rows);
                }
                query.after = last;
            }
        })
        .await?;
    if rows.len() > MOST_ROWS {
        return Err(too_many());
    }
    Ok(rows)
}

fn too_many() -> OversightError {
    OversightError::Field {
        field: "from",
        code: "oversight.too_many",
        reason: format!("more than {MOST_ROWS} rows: ask for a shorter period"),
    }
}

/// Checks what a sample is drawn by.
///
/// # Errors
/// [`OversightError::Field`].
pub fn check(draw: &Draw) -> Result<(), OversightError> {
    let refuse = |field, code, reason: &str| {
        Err(OversightError::Field {
            field,
            code,
            reason: reason.into(),
        })
    };
    if draw.size == 0 || draw.size > MOST_DRAWN {
        return refuse("size", "oversight.bad_size", "not between 1 and the most");
    }
    if draw.seed.is_empty() || draw.seed.chars().count() > LONGEST_SEED {
        return refuse("seed", "oversight.bad_seed", "empty or too long");
    }
    if draw.to <= draw.from {
        return refuse(
            "to",
            "oversight.backward",
            "the period ends before it begins",
        );
    }
    Ok(())
}

/// The sample of a draw: the same whenever it is asked for, while the record of the period is the same.
///
/// # Errors
/// [`OversightError`].
pub async fn sample(ctx: &Ctx, draw: &Draw) -> Result<Sample, OversightError> {
    check(draw)?;
    let draw = draw.clone();
    let districts = ctx.scope().districts;
    let (population, drawn) = ctx
        .read(move |r| -> Result<_, StoreError> { sql::draw(r, &draw, &districts) })
        .await?;
    Ok(Sample { population, drawn })
}

/// Writes into the trail that a sample was drawn, so that nobody draws until the sample pleases.
///
/// # Errors
/// [`OversightError`].
pub async fn record_draw(ctx: &Ctx, draw: &Draw) -> Result<(), OversightError> {
    check(draw)?;
    let event = AuditEvent::done("audit.sample", "audit", draw.seed.clone()).detail(
        serde_json::json!({ "seed": draw.seed, "from": draw.from.to_string(), "to": draw.to.to_string(), "size": draw.size }),
    );
    ctx.write(move |w| -> Result<_, StoreError> { w.commit(event.clone(), ()) })
        .await?;
    Ok(())
}

/// Writes a file's hash into the trail, and only then hands the file out.
///
/// # Errors
/// [`OversightError`].
pub async fn take(
    ctx: &Ctx,
    what: &'static str,
    bytes: Vec<u8>,
    rows: usize,
    mut detail: serde_json::Value,
) -> Result<FileOut, OversightError> {
    let file = FileOut::new(bytes);
    detail["what"] = what.into();
    detail["rows"] = rows.into();
    detail["sha256"] = file.sha256.clone().into();
    let event = AuditEvent::done("audit.export", "audit", file.sha256.clone()).detail(detail);
    ctx.write(move |w| -> Result<_, StoreError> { w.commit(event.clone(), ()) })
        .await?;
    Ok(file)
}
