//! GET /audit/special — every act that changes how a case counts, or was recorded late, in one list; POST takes the file.

use super::{CSV, csv, period};
use crate::model::SPECIALS;
use crate::ops::{self, SpecialQuery};
use access::ops::audit::{AuditRow, actor_text};
use access::{Ctx, Fault, Fields, Json, Listing, show, trail};
use askama::Template;
use axum::extract::RawQuery;
use axum::response::Response;
use jiff::Timestamp;
use kernel::Cursor;
use kernel::id::Id;
use serde::Serialize;
use ui::{Choice, FormState, Html, Pager, Ui};

struct Line {
    when: Html,
    /// Its kind.
    kind: String,
    /// What was done, as a sentence; the word of the trail where there is none.
    told: String,
    case: String,
    href: String,
    who: String,
    details: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "oversight_special.html")]
struct SpecialPage {
    ui: Ui,
    form: FormState,
    kinds: Vec<Choice>,
    rows: Vec<Line>,
    pager: Pager,
    /// The fields of the search, for the form that takes the file.
    kept: Vec<(&'static str, String)>,
}

const FILTERS: [&str; 3] = ["kind", "from", "to"];

// words: oversight-kind-* oversight-menu-* oversight-act-* oversight-object-*
/// The key of a kind's word.
fn kind_key(code: &str) -> &'static str {
    match code {
        "void" => "oversight-kind-void",
        "merge" => "oversight-kind-merge",
        "late" => "oversight-kind-late",
        "clock" => "oversight-kind-clock",
        "ruling" => "oversight-kind-ruling",
        "exemption" => "oversight-kind-exemption",
        "exclusion" => "oversight-kind-exclusion",
        _ => "oversight-kind-other",
    }
}

/// The kind an act of the trail belongs to.
fn kind_of(action: &str) -> &'static str {
    SPECIALS
        .iter()
        .find(|special| special.actions.contains(&action))
        .map_or("oversight-kind-other", |special| kind_key(special.code))
}

fn query(ui: &Ui, fields: &Fields) -> Result<SpecialQuery, Fault> {
    let (from, to) = period(ui, fields)?;
    let after = match fields.read::<Cursor>("after")? {
        Some(cursor) => Some(cursor.part::<Id>(0).map_err(|e| {
            Fault::invalid("after", "access.invalid_field", e.to_string()).arg("field", "after")
        })?),
        None => None,
    };
    Ok(SpecialQuery {
        kind: fields.get("kind").to_owned(),
        from,
        to,
        after,
    })
}

pub(crate) async fn page(ctx: Ctx, ui: Ui, RawQuery(text): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(text.unwrap_or_default().as_bytes());
    let found = ops::specials(&ctx, &query(&ui, &fields)?).await?;
    let link = |after: Option<&Cursor>| {
        let mut link = form_urlencoded::Serializer::new("/audit/special?".to_owned());
        for name in FILTERS.iter().filter(|name| !fields.get(name).is_empty()) {
            link.append_pair(name, fields.get(name));
        }
        if let Some(after) = after {
            link.append_pair("after", &after.to_string());
        }
        link.finish()
    };
    let pager = Pager {
        previous: (!fields.get("after").is_empty()).then(|| link(None)),
        next: found.next.as_ref().map(|after| link(Some(after))),
        shown: found.items.len() as u64,
        total: None,
    };
    show(&page_of(ui, &fields, &found.items, pager))
}

pub(super) fn page_of(ui: Ui, fields: &Fields, rows: &[AuditRow], pager: Pager) -> impl Template {
    let kinds = SPECIALS
        .iter()
        .map(|special| Choice::new(special.code, ui.t(kind_key(special.code))));
    SpecialPage {
        rows: rows.iter().map(|row| line(&ui, row)).collect(),
        kept: FILTERS
            .into_iter()
            .map(|name| (name, fields.get(name).to_owned()))
            .collect(),
        form: fields.form(),
        kinds: kinds.collect(),
        pager,
        ui,
    }
}

fn line(ui: &Ui, row: &AuditRow) -> Line {
    Line {
        when: ui.time(row.at),
        kind: ui.t(kind_of(&row.action)),
        told: trail::act(ui, &row.action).unwrap_or_else(|| row.action.clone()),
        href: trail::page_of(row).unwrap_or_default(),
        case: row.object_id.clone(),
        who: actor_text(row),
        details: trail::details(&row.detail),
    }
}

/// POST /audit/special — the whole list as a file; its hash stands in the audit trail before it leaves.
pub(crate) async fn file(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let query = query(&ui, &fields)?;
    let rows = ops::all_specials(&ctx, &query).await?;
    let head = [
        "at",
        "action",
        "outcome",
        "object_kind",
        "object_id",
        "district",
        "actor_kind",
        "actor",
        "purpose",
        "detail",
        "request",
    ];
    let count = rows.len();
    let bytes = csv(
        head,
        rows.into_iter().map(|row| {
            [
                row.at.to_string(),
                row.action.clone(),
                row.outcome.clone(),
                row.object_kind.clone(),
                row.object_id.clone(),
                row.district.clone(),
                row.actor_kind.clone(),
                actor_text(&row),
                row.purpose.clone().unwrap_or_default(),
                row.detail.clone(),
                row.request.to_string(),
            ]
        }),
    );
    let detail = serde_json::json!({
        "kind": query.kind,
        "from": query.from.map(|t| t.to_string()),
        "to": query.to.map(|t| t.to_string()),
    });
    let taken = ops::take(&ctx, "special", bytes, count, detail).await?;
    Ok(taken.download("special", "csv", CSV))
}

/// A special act as the API tells it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SpecialView {
    /// When, RFC 3339.
    at: String,
    /// The act's word.
    action: String,
    /// `done` or `refused`.
    outcome: String,
    /// What kind of thing was acted on.
    object_kind: String,
    /// Which one.
    object_id: String,
    /// The district.
    district: String,
    /// Who.
    actor: String,
    /// More facts.
    detail: serde_json::Value,
    /// The reference number of the request.
    request: String,
}

/// GET /api/v1/audit/special
pub(crate) async fn api(
    ctx: Ctx,
    RawQuery(text): RawQuery,
) -> Result<Json<Listing<SpecialView>>, Fault> {
    let fields = Fields::parse(text.unwrap_or_default().as_bytes());
    let after = fields
        .read::<Cursor>("after")?
        .map(|cursor| cursor.part::<Id>(0))
        .transpose()
        .map_err(|e| {
            Fault::invalid("after", "access.invalid_field", e.to_string()).arg("field", "after")
        })?;
    let query = SpecialQuery {
        kind: fields.get("kind").to_owned(),
        from: fields.read::<Timestamp>("from")?,
        to: fields.read::<Timestamp>("to")?,
        after,
    };
    let found = ops::specials(&ctx, &query).await?;
    let items = found.items.into_iter().map(|row| SpecialView {
        at: row.at.to_string(),
        actor: actor_text(&row),
        detail: serde_json::from_str(&row.detail).unwrap_or_default(),
        action: row.action,
        outcome: row.outcome,
        object_kind: row.object_kind,
        object_id: row.object_id,
        district: row.district,
        request: row.request.to_string(),
    });
    Ok(Json(Listing {
        items: items.collect(),
        next: found.next.map(|cursor| cursor.to_string()),
    }))
}
