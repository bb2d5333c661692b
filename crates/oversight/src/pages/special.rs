//! GET /audit/special — every act that changes how a case counts, or was recorded late, in one list; POST takes the file.

use super::{CSV, csv, period};
use crate::model::LATE_RECORD;
use crate::model::{Place, SPECIALS, SpecialAct};
use crate::ops::{self, SpecialQuery};
use access::{Ctx, Fault, Fields, Json, Listing, SystemRole, show, trail};
use askama::Template;
use axum::extract::RawQuery;
use axum::response::Response;
use cases::model::Fact;
use jiff::Timestamp;
use kernel::Cursor;
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

// words: oversight-kind-* oversight-menu-* oversight-act-* oversight-object-* oversight-detail-* oversight-value-*
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

/// Where a page begins.
fn after(fields: &Fields) -> Result<Option<Place>, Fault> {
    let Some(cursor) = fields.read::<Cursor>("after")? else {
        return Ok(None);
    };
    match ops::place(&cursor) {
        Some(place) => Ok(Some(place)),
        None => {
            let reason = "no place of this list";
            let fault = Fault::invalid("after", "access.invalid_field", reason);
            Err(fault.arg("field", "after"))
        }
    }
}

fn query(ui: &Ui, fields: &Fields) -> Result<SpecialQuery, Fault> {
    let (from, to) = period(ui, fields)?;
    Ok(SpecialQuery {
        kind: fields.get("kind").to_owned(),
        from,
        to,
        after: after(fields)?,
    })
}

/// Who did it: an account, a part of the program, or what kind of visitor.
fn who(act: &SpecialAct) -> String {
    match (&act.name, &act.login) {
        (Some(name), Some(login)) => format!("{name} ({login})"),
        _ => SystemRole::ALL
            .into_iter()
            .find(|part| Some(part.id()) == act.actor_id)
            .map_or_else(|| act.actor_kind.clone(), |part| part.as_str().to_owned()),
    }
}

/// The word of the act in the trail; of one that is in the list for being late alone, that of a late record.
fn action(act: &SpecialAct) -> &'static str {
    act.special().map_or(LATE_RECORD, |(_, act)| act.audit())
}

/// What the fact says beside its event.
fn details(act: &SpecialAct) -> serde_json::Value {
    let mut details: serde_json::Value = serde_json::from_str(&act.fact).unwrap_or_default();
    if let Some(facts) = details.as_object_mut() {
        facts.remove("event");
        for clock in ["clocks", "held"] {
            facts.remove(clock);
        }
        if let Some(done_at) = act.done_at {
            facts.insert("done_at".into(), done_at.to_string().into());
        }
    }
    details
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

pub(super) fn page_of(ui: Ui, fields: &Fields, rows: &[SpecialAct], pager: Pager) -> impl Template {
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

fn line(ui: &Ui, act: &SpecialAct) -> Line {
    let mut kind = ui.t(kind_key(act.kind()));
    if act.is_late() && act.special().is_some() {
        kind = format!("{kind} · {}", ui.t("oversight-kind-late"));
    }
    let told = match serde_json::from_str::<Fact>(&act.fact) {
        Ok(fact) => cases::words::event_text(ui, &fact),
        Err(_) => trail::act(ui, action(act)).unwrap_or_else(|| action(act).to_owned()),
    };
    Line {
        when: ui.time(act.at),
        kind,
        told,
        href: format!("/cases/{}", act.number),
        case: act.number.clone(),
        who: who(act),
        details: trail::details(ui, &details(act).to_string()),
    }
}

/// POST /audit/special — the whole list as a file; its hash stands in the audit trail before it leaves.
pub(crate) async fn file(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let query = query(&ui, &fields)?;
    let rows = ops::all_specials(&ctx, &query).await?;
    let head = [
        "at",
        "done_at",
        "kind",
        "action",
        "case",
        "district",
        "actor_kind",
        "actor",
        "detail",
    ];
    let count = rows.len();
    let bytes = csv(
        head,
        rows.into_iter().map(|act| {
            [
                act.at.to_string(),
                act.done_at.map(|at| at.to_string()).unwrap_or_default(),
                act.kind().to_owned(),
                action(&act).to_owned(),
                act.number.clone(),
                act.district.clone(),
                act.actor_kind.clone(),
                who(&act),
                details(&act).to_string(),
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
    /// When it was recorded, RFC 3339.
    at: String,
    /// When it was done, where it was recorded later.
    #[serde(skip_serializing_if = "Option::is_none")]
    done_at: Option<String>,
    /// Its kind.
    kind: &'static str,
    /// Whether it was recorded later than it was done.
    late: bool,
    /// The act's word in the audit trail.
    action: &'static str,
    /// The number of the case.
    case: String,
    /// The district.
    district: String,
    /// Who.
    actor: String,
    /// More facts.
    detail: serde_json::Value,
}

/// GET /api/v1/audit/special
pub(crate) async fn api(
    ctx: Ctx,
    RawQuery(text): RawQuery,
) -> Result<Json<Listing<SpecialView>>, Fault> {
    let fields = Fields::parse(text.unwrap_or_default().as_bytes());
    let query = SpecialQuery {
        kind: fields.get("kind").to_owned(),
        from: fields.read::<Timestamp>("from")?,
        to: fields.read::<Timestamp>("to")?,
        after: after(&fields)?,
    };
    let found = ops::specials(&ctx, &query).await?;
    let items = found.items.into_iter().map(|act| SpecialView {
        at: act.at.to_string(),
        done_at: act.done_at.map(|at| at.to_string()),
        kind: act.kind(),
        late: act.is_late(),
        action: action(&act),
        actor: who(&act),
        detail: details(&act),
        case: act.number,
        district: act.district,
    });
    Ok(Json(Listing {
        items: items.collect(),
        next: found.next.map(|cursor| cursor.to_string()),
    }))
}
