//! Use cases: the list of special acts, drawing a sample, taking a file.

use crate::model::{self, Draw, LONGEST_SEED, MOST_DRAWN, Sample};
use crate::sql;
use access::ops::audit::{self, AuditQuery, AuditRow};
use access::{Ctx, FileOut, Problem, Refused, Word};
use axum::http::StatusCode;
use jiff::Timestamp;
use kernel::id::Id;
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
    /// Older than this entry.
    pub after: Option<Id>,
}

impl SpecialQuery {
    fn read(&self) -> Result<AuditQuery, OversightError> {
        let actions = model::actions_of(&self.kind).ok_or_else(|| OversightError::Field {
            field: "kind",
            code: "oversight.unknown_kind",
            reason: "no such kind of special acts".into(),
        })?;
        Ok(AuditQuery {
            actions,
            from: self.from,
            to: self.to,
            after: self.after,
            ..AuditQuery::default()
        })
    }
}

/// One page of special acts, newest first.
///
/// # Errors
/// [`OversightError`].
pub async fn specials(ctx: &Ctx, query: &SpecialQuery) -> Result<Page<AuditRow>, OversightError> {
    let query = query.read()?;
    Ok(ctx
        .read(move |r| -> Result<_, StoreError> { audit::search(r, &query, PageSize::default()) })
        .await?)
}

/// All special acts of a query, at most [`MOST_ROWS`], newest first.
///
/// # Errors
/// [`OversightError`]; more rows than a file holds are refused, not cut.
pub async fn all_specials(
    ctx: &Ctx,
    query: &SpecialQuery,
) -> Result<Vec<AuditRow>, OversightError> {
    let query = query.read()?;
    let rows = ctx
        .read(move |r| -> Result<_, StoreError> {
            let mut query = query.clone();
            let mut rows: Vec<AuditRow> = Vec::new();
            let size = PageSize::new(PageSize::MAX.into()).unwrap_or_default();
            while rows.len() <= MOST_ROWS {
                let page = audit::search(r, &query, size)?;
                let last = page.items.last().map(|row| row.id);
                rows.extend(page.items);
                if page.next.is_none() {
                    break;
                }
                query.after = last;
            }
            Ok(rows)
        })
        .await?;
    if rows.len() > MOST_ROWS {
        return Err(OversightError::Field {
            field: "from",
            code: "oversight.too_many",
            reason: format!("more than {MOST_ROWS} rows: ask for a shorter period"),
        });
    }
    Ok(rows)
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
