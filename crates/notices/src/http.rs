//! The calls of notices under `/api/v1`. A handler translates; `ops` decides.

use crate::model::{Failure, NoticeError};
use crate::ops::{self, Addresses, Shown};
use crate::service::Notices;
use access::{Ctx, Fault, Json, Listing, Operation, Path, Permission, Query, Routes};
use axum::http::{Method, StatusCode};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::id::Id;
use kernel::{Cursor, PageSize};
use serde::{Deserialize, Serialize};
use ui::Lang;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    let (get, post) = (|| Method::GET, || Method::POST);
    let (read, manage) = (Permission::NoticeRead, Permission::NoticeManage);
    Routes::new("notices")
        .on_api(
            get(),
            "/api/v1/notices",
            read,
            inbox,
            Operation::new("lists the caller's own notices, newest first")
                .query::<bool>("unread", "only those not read")
                .query::<String>("lang", "zh-CN (usual) or en")
                .paged()
                .answers::<Listing<NoticeView>>(200),
        )
        .on_api(
            post(),
            "/api/v1/notices/read",
            read,
            mark,
            Operation::new("marks the caller's own notices as read: these, or all")
                .body::<MarkInput>()
                .answers::<Changed>(200),
        )
        .on_api(
            get(),
            "/api/v1/notices/addresses",
            read,
            addresses,
            Operation::new("shows how the caller wants to be told besides in the program, addresses masked")
                .answers::<AddressesView>(200),
        )
        .on_api(
            post(),
            "/api/v1/notices/addresses",
            read,
            set_addresses,
            Operation::new("sets how the caller wants to be told; the addresses go to the vault, those before are erased")
                .body::<AddressesView>()
                .answers_empty(204, "kept"),
        )
        .on_api(
            get(),
            "/api/v1/notice-failures",
            manage,
            failures,
            Operation::new("lists notices that did not arrive, newest first, from their first try on; it names nobody")
                .paged()
                .answers::<Listing<FailureView>>(200),
        )
        .on_api(
            post(),
            "/api/v1/notice-failures/again",
            manage,
            again_all,
            Operation::new("sends everything again that did not arrive, also what waits for its next try").answers::<Changed>(200),
        )
        .on_api(
            post(),
            "/api/v1/notice-failures/{id}/again",
            manage,
            again,
            Operation::new("sends a notice again that did not arrive")
                .about("To a unit that had no account: 409 while it still has none.")
                .query::<String>("channel", "only by this channel, as the list names it; without it by every one that failed")
                .answers::<Changed>(200),
        )
        .on_api(
            post(),
            "/api/v1/notice-failures/{id}/dismiss",
            manage,
            dismiss,
            Operation::new("takes a notice off the list: somebody has looked").answers::<Changed>(200),
        )
        .on_api(
            get(),
            "/api/v1/notice-templates",
            manage,
            templates,
            Operation::new("lists how each kind of notice is worded").answers::<Vec<TemplateView>>(200),
        )
        .on_api(
            post(),
            "/api/v1/notice-templates/{kind}/{lang}",
            manage,
            reword,
            Operation::new("words a kind of notice anew; a place it does not have is refused")
                .body::<TemplateInput>()
                .answers_empty(204, "kept"),
        )
}

/// A notice.
#[derive(Serialize, ToSchema)]
struct NoticeView {
    /// Its id.
    id: String,
    /// Its kind.
    kind: String,
    /// One line.
    title: String,
    /// The text.
    text: String,
    /// The page it leads to.
    path: String,
    /// When it was posted, RFC 3339.
    at: String,
    /// When it was read.
    read_at: Option<String>,
}

fn stamp(at: Timestamp, tz: &TimeZone) -> String {
    at.display_with_offset(tz.to_offset(at)).to_string()
}

impl NoticeView {
    fn of(shown: Shown, tz: &TimeZone) -> Self {
        Self {
            id: shown.notice.id.to_string(),
            kind: shown.notice.kind,
            title: shown.title,
            text: shown.text,
            path: shown.notice.path,
            at: stamp(shown.notice.at, tz),
            read_at: shown.notice.read_at.map(|at| stamp(at, tz)),
        }
    }
}

/// What a list may be asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    unread: Option<bool>,
    lang: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

fn size_of(limit: Option<&String>) -> Result<PageSize, NoticeError> {
    let wrong = |e: String| NoticeError::field("limit", "notices.bad_limit", e);
    limit.map_or_else(
        || Ok(PageSize::default()),
        |t| {
            t.parse()
                .map_err(|e: kernel::paging::PagingError| wrong(e.to_string()))
        },
    )
}

fn cursor_of(after: Option<&String>) -> Result<Option<Cursor>, NoticeError> {
    after
        .map(|t| t.parse())
        .transpose()
        .map_err(|e: kernel::paging::PagingError| {
            NoticeError::field("after", "notices.bad_cursor", e.to_string())
        })
}

async fn inbox(ctx: Ctx, Query(wanted): Query<Wanted>) -> Result<Json<Listing<NoticeView>>, Fault> {
    let lang = match wanted.lang.as_deref() {
        Some(tag) if tag.starts_with("en") => Lang::En,
        _ => Lang::Zh,
    };
    let (size, after) = (
        size_of(wanted.limit.as_ref())?,
        cursor_of(wanted.after.as_ref())?,
    );
    let page = ops::inbox(
        &ctx,
        lang,
        wanted.unread == Some(true),
        size,
        after.as_ref(),
    )
    .await?;
    let tz = ctx.service::<Notices>().timezone.clone();
    Ok(Json(page.map(|n| NoticeView::of(n, &tz)).into()))
}

/// Which notices were read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MarkInput {
    /// Their ids, at most 200; left out = all.
    #[schema(value_type = Option<Vec<String>>)]
    ids: Option<Vec<Id>>,
}

/// How many were changed.
#[derive(Serialize, ToSchema)]
struct Changed {
    /// So many.
    changed: u64,
}

async fn mark(ctx: Ctx, Json(input): Json<MarkInput>) -> Result<Json<Changed>, Fault> {
    let changed = ops::mark_read(&ctx, input.ids).await?;
    Ok(Json(Changed { changed }))
}

/// How somebody wants to be told.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddressesView {
    /// The mail address.
    #[serde(default)]
    email: String,
    /// The phone number for the gateway.
    #[serde(default)]
    phone: String,
    /// By e-mail.
    #[serde(default)]
    by_email: bool,
    /// By the gateway.
    #[serde(default)]
    by_gateway: bool,
    /// In English; else in Chinese.
    #[serde(default)]
    in_english: bool,
}

async fn addresses(ctx: Ctx) -> Result<Json<AddressesView>, Fault> {
    let a = ops::addresses(&ctx).await?;
    Ok(Json(AddressesView {
        email: a.email,
        phone: a.phone,
        by_email: a.by_email,
        by_gateway: a.by_gateway,
        in_english: a.in_english,
    }))
}

async fn set_addresses(ctx: Ctx, Json(a): Json<AddressesView>) -> Result<StatusCode, Fault> {
    let wanted = Addresses {
        email: a.email,
        phone: a.phone,
        by_email: a.by_email,
        by_gateway: a.by_gateway,
        in_english: a.in_english,
    };
    ops::set_addresses(&ctx, wanted).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A notice that did not arrive.
#[derive(Serialize, ToSchema)]
struct FailureView {
    /// The id of the notice.
    id: String,
    /// Its kind.
    kind: String,
    /// What it is about.
    path: String,
    /// When it was posted, RFC 3339.
    at: String,
    /// By which channel: `email`, `gateway`; `in_app` where a unit has nobody.
    channel: String,
    /// How often it was tried.
    attempts: u32,
    /// When it was last tried.
    tried_at: Option<String>,
    /// Why it failed.
    failure: String,
    /// When it is tried again by itself; null where it was given up.
    next_at: Option<String>,
}

impl FailureView {
    fn of(f: Failure, tz: &TimeZone) -> Self {
        Self {
            id: f.notice.to_string(),
            kind: f.kind,
            path: f.path,
            at: stamp(f.at, tz),
            channel: f.channel,
            attempts: f.attempts,
            tried_at: f.tried_at.map(|at| stamp(at, tz)),
            failure: f.failure,
            next_at: f.next_at.map(|at| stamp(at, tz)),
        }
    }
}

async fn failures(
    ctx: Ctx,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Listing<FailureView>>, Fault> {
    let (size, after) = (
        size_of(wanted.limit.as_ref())?,
        cursor_of(wanted.after.as_ref())?,
    );
    let (page, _) = ops::failures(&ctx, size, after.as_ref()).await?;
    let tz = ctx.service::<Notices>().timezone.clone();
    Ok(Json(page.map(|f| FailureView::of(f, &tz)).into()))
}

async fn again_all(ctx: Ctx) -> Result<Json<Changed>, Fault> {
    let changed = ops::again(&ctx, None, None).await?;
    Ok(Json(Changed { changed }))
}

/// Which way of a notice is meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneWay {
    /// By this channel; none = by every one that failed.
    pub(crate) channel: Option<String>,
}

async fn again(
    ctx: Ctx,
    Path(id): Path<Id>,
    Query(way): Query<OneWay>,
) -> Result<Json<Changed>, Fault> {
    let changed = ops::again(&ctx, Some(id), way.channel.as_deref()).await?;
    Ok(Json(Changed { changed }))
}

async fn dismiss(ctx: Ctx, Path(id): Path<Id>) -> Result<Json<Changed>, Fault> {
    let changed = ops::dismiss(&ctx, id).await?;
    Ok(Json(Changed { changed }))
}

/// The wording of a kind in a language.
#[derive(Serialize, ToSchema)]
struct TemplateView {
    /// The kind.
    kind: String,
    /// `zh-CN` or `en`.
    lang: String,
    /// One line.
    title: String,
    /// The text.
    body: String,
    /// The words it may ask for in braces.
    places: Vec<String>,
    /// Name it when changing.
    version: i64,
}

async fn templates(ctx: Ctx) -> Result<Json<Vec<TemplateView>>, Fault> {
    let all = ops::templates(&ctx).await?;
    let view = |t: crate::model::Template| TemplateView {
        places: t.places.split_whitespace().map(str::to_owned).collect(),
        kind: t.kind,
        lang: t.lang,
        title: t.title,
        body: t.body,
        version: t.version,
    };
    Ok(Json(all.into_iter().map(view).collect()))
}

/// A new wording.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TemplateInput {
    /// The version it replaces.
    version: i64,
    /// One line, at most 80 characters.
    title: String,
    /// The text, at most 1,000 characters.
    body: String,
}

async fn reword(
    ctx: Ctx,
    Path((kind, lang)): Path<(String, String)>,
    Json(input): Json<TemplateInput>,
) -> Result<StatusCode, Fault> {
    ops::reword(&ctx, &kind, &lang, input.version, &input.title, &input.body).await?;
    Ok(StatusCode::NO_CONTENT)
}
