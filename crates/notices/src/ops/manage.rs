//! What the administrator does: failures seen and sent again, templates worded anew; and what the operator is told.

use super::posting::tell_unit;
use crate::model::{Failure, NoticeError, Template};
use crate::rules::LEASE;
use crate::service::Notices;
use crate::{sql, template};
use access::{Ctx, Permission};
use jiff::{SignedDuration, Timestamp};
use kernel::id::Id;
use kernel::{Cursor, Page, PageSize};
use store::{AuditEvent, Read, StoreResult};

/// Notices are kept for so long, read or not.
const KEPT: SignedDuration = SignedDuration::from_hours(180 * 24);
/// Notices that units without anybody are told again at once at most.
const TOLD_AT_ONCE: i64 = 500;
/// Removed at once at most.
const FORGOTTEN_AT_ONCE: i64 = 500;

/// How many deliveries failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed {
    /// Given up: somebody should look.
    pub given_up: i64,
    /// To be tried again by themselves.
    pub tried_again: i64,
}

/// Deliveries that failed, newest first, from their first try on until they arrive or somebody has looked, and how many there are
/// in all. Two statements.
///
/// # Errors
/// The lack of the permission; a cursor of another list; the store's.
pub async fn failures(
    ctx: &Ctx,
    size: PageSize,
    after: Option<&Cursor>,
) -> Result<(Page<Failure>, Failed), NoticeError> {
    ctx.require(Permission::NoticeManage)?;
    let before: Option<Id> = after
        .map(|c| c.part(0))
        .transpose()
        .map_err(|e| NoticeError::field("after", "notices.bad_cursor", e.to_string()))?;
    let (rows, all) = ctx
        .read::<_, NoticeError, _>(move |r| Ok((sql::failed(r, before, size.probe())?, count(r)?)))
        .await?;
    let page = Page::from_probe(rows, size, |f| Cursor::new([f.notice.to_string()]));
    Ok((page, all))
}

fn count(r: &mut Read<'_>) -> StoreResult<Failed> {
    let (given_up, tried_again) = sql::count_failed(r)?;
    Ok(Failed {
        given_up,
        tried_again,
    })
}

/// Whether what is to be tried again by itself can be sent now: what comes within the lease of a worker comes soon enough, or is
/// being tried at this moment.
pub fn can_go_now(next_at: Timestamp, now: Timestamp) -> bool {
    next_at > now + LEASE
}

/// Lets what failed begin anew, whether it was given up or waits for its next try: that of one notice, by one channel where it
/// is named, or everything. A unit that had nobody is told now if it has somebody. Answers how many.
///
/// # Errors
/// `NotFound` when there is nothing of the kind; `StillNobody`; the store's.
pub async fn again(
    ctx: &Ctx,
    notice: Option<Id>,
    channel: Option<&str>,
) -> Result<u64, NoticeError> {
    ctx.require(Permission::NoticeManage)?;
    let (notices, channel) = (ctx.service::<Notices>(), channel.map(str::to_owned));
    change_failed(ctx, "notice.again", notice, move |w| {
        let soon = w.now() + LEASE;
        let mut begun = sql::again(w, notice, channel.as_deref(), soon)?;
        if channel.as_deref().is_none_or(|name| name == "in_app") {
            let unheard = sql::unheard(w, notice, TOLD_AT_ONCE)?;
            for one in &unheard {
                begun += u64::from(tell_unit(w, &notices, one)?);
            }
            if begun == 0 && notice.is_some() && !unheard.is_empty() {
                return Err(NoticeError::StillNobody);
            }
        }
        Ok(begun)
    })
    .await
}

/// Takes what was given up off the list.
///
/// # Errors
/// As [`again`].
pub async fn dismiss(ctx: &Ctx, notice: Id) -> Result<u64, NoticeError> {
    ctx.require(Permission::NoticeManage)?;
    change_failed(ctx, "notice.dismiss", Some(notice), move |w| {
        Ok(sql::dismiss(w, notice)?)
    })
    .await
}

async fn change_failed(
    ctx: &Ctx,
    word: &'static str,
    notice: Option<Id>,
    change: impl Fn(&mut store::Write<'_>) -> Result<u64, NoticeError> + Send + 'static,
) -> Result<u64, NoticeError> {
    ctx.write::<_, NoticeError, _>(move |mut w| {
        let n = change(&mut w)?;
        if n == 0 && notice.is_some() {
            return Err(NoticeError::NotFound);
        }
        let object = notice.map_or_else(|| "all".to_owned(), |id| id.to_string());
        let event =
            AuditEvent::done(word, "notice", object).detail(serde_json::json!({ "count": n }));
        Ok(w.commit(event, n)?)
    })
    .await
}

/// All templates. One statement.
///
/// # Errors
/// The lack of the permission; the store's.
pub async fn templates(ctx: &Ctx) -> Result<Vec<Template>, NoticeError> {
    ctx.require(Permission::NoticeManage)?;
    ctx.read::<_, NoticeError, _>(|r| Ok(sql::templates(r)?))
        .await
}

/// Words a kind anew in one language, if nobody did since `version`.
///
/// # Errors
/// `NotFound` for an unknown kind or language; `Field` when a text asks for a place there is not; `Store(Conflict)`.
pub async fn reword(
    ctx: &Ctx,
    kind: &str,
    lang: &str,
    version: i64,
    title: &str,
    body: &str,
) -> Result<(), NoticeError> {
    let known = templates(ctx).await?;
    let found = known.into_iter().find(|t| t.kind == kind && t.lang == lang);
    let mut template = found.ok_or(NoticeError::NotFound)?;
    let body = body.replace("\r\n", "\n");
    let wrong = |field| {
        move |e: template::TemplateError| {
            NoticeError::field(field, "notices.bad_template", e.to_string()).because(e.word())
        }
    };
    template::check(title.trim(), &template.places, template::LONGEST_TITLE)
        .map_err(wrong("title"))?;
    template::check(body.trim(), &template.places, template::LONGEST_BODY)
        .map_err(wrong("body"))?;
    (template.title, template.body, template.version) =
        (title.trim().to_owned(), body.trim().to_owned(), version);
    ctx.write::<_, NoticeError, _>(move |mut w| {
        sql::set_template(&mut w, &template)?;
        let event = AuditEvent::done("notice.reword", "notice_template", template.kind.clone())
            .detail(serde_json::json!({ "lang": template.lang, "title": template.title, "body": template.body }));
        Ok(w.commit(event, ())?)
    })
    .await
}

/// What the operator is told about notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Deliveries that failed and nobody has looked at.
    pub failed: Failed,
    /// Since when a delivery waits that should have been tried long ago.
    pub stuck_since: Option<Timestamp>,
}

/// How deliveries stand. Two statements.
///
/// # Errors
/// The store's.
pub fn health(r: &mut Read<'_>, now: Timestamp) -> StoreResult<Health> {
    Ok(Health {
        failed: count(r)?,
        stuck_since: sql::oldest_due(r, now - SignedDuration::from_mins(15))?,
    })
}

/// Removes notices past their time, some hundreds at once; answers how many.
///
/// # Errors
/// The store's.
pub async fn forget_old(ctx: &Ctx) -> Result<u64, NoticeError> {
    ctx.write::<_, NoticeError, _>(move |mut w| {
        let before = w.now() - KEPT;
        let n = sql::forget(&mut w, before, FORGOTTEN_AT_ONCE)?;
        if n == 0 {
            return Ok(w.unchanged(0)?);
        }
        let event = AuditEvent::done("notice.forget", "notice", "old")
            .detail(serde_json::json!({ "count": n }));
        Ok(w.commit(event, n)?)
    })
    .await
}
