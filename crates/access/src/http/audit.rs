//! GET /audit — the auditor searches the trail by object, actor, act, time or reference number.

use crate::answer::show_as;
use crate::ctx::Ctx;
use crate::extract::Fields;
use crate::fault::Fault;
use crate::ops::accounts;
use crate::ops::audit::{self, AuditQuery, AuditRow};
use crate::principal::AccountId;
use crate::trail;
use askama::Template;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use kernel::id::Id;
use kernel::{Cursor, PageSize};
use std::collections::HashMap;
use store::StoreError;
use ui::{FormState, Html, Pager, Ui};

struct EntryRow {
    when: Html,
    who: String,
    kind: String,
    /// What else this actor did; empty for nobody in particular.
    of_actor: String,
    /// What was done, as a sentence; the word of the trail where there is none.
    told: String,
    /// The word of the trail.
    action: String,
    of_action: String,
    is_refused: bool,
    /// What kind of thing was acted on, in words, and which.
    object_kind: String,
    object: String,
    /// What the object is called; its id where it has no name.
    object_name: String,
    /// The page of the object; empty where there is none.
    page: String,
    /// What else was done to it.
    of_object: String,
    details: Vec<(String, String)>,
    purpose: String,
    reference: String,
    of_request: String,
}

#[derive(Template)]
#[template(path = "access_audit.html")]
struct AuditPage {
    ui: Ui,
    form: FormState,
    rows: Vec<EntryRow>,
    pager: Pager,
    /// What was searched by, for the form that takes the file.
    kept: Vec<(&'static str, String)>,
}

const FILTERS: [&str; 7] = [
    "kind",
    "object",
    "actor",
    "action",
    "reference",
    "from",
    "to",
];

pub(super) async fn search(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let mut form = fields.form();
    let mut wanted = match audit_query(&fields, &ui) {
        Ok(wanted) => Some(wanted),
        Err(fault) => {
            let field = fault.field_name().filter(|name| FILTERS.contains(name));
            let Some(field) = field else {
                return Err(fault);
            };
            let sentence = fault.sentence(&ui.site.words, ui.lang);
            form.fault(field, sentence.unwrap_or_else(|| fault.detail().to_owned()));
            None
        }
    };
    let actor = fields.get("actor").to_owned();
    let page = ctx
        .read(move |r| -> Result<_, StoreError> {
            let Some(wanted) = &mut wanted else {
                return Ok(None);
            };
            if !actor.is_empty() {
                wanted.actors = audit::actor_ids(r, &actor)?;
                if wanted.actors.is_empty() {
                    return Ok(None);
                }
            }
            let page = audit::search(r, wanted, PageSize::default())?;
            let acted_on = page.items.iter().filter(|row| row.object_kind == "account");
            let accounts: Vec<AccountId> = acted_on
                .filter_map(|row| row.object_id.parse().ok())
                .collect();
            let names = accounts::names(r, &accounts)?;
            Ok(Some((page, names)))
        })
        .await?;
    // Nobody of that name: an empty page says so.
    let (page, names) = page.unwrap_or_else(|| {
        let page = kernel::Page {
            items: Vec::new(),
            next: None,
        };
        (page, HashMap::new())
    });
    let link = |after: Option<&Cursor>| {
        let mut link = form_urlencoded::Serializer::new("/audit?".to_owned());
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
        next: page.next.as_ref().map(|after| link(Some(after))),
        shown: page.items.len() as u64,
        total: None,
    };
    let rows = page
        .items
        .into_iter()
        .map(|row| entry(&ui, row, &names))
        .collect();
    let status = if form.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = AuditPage {
        kept: FILTERS
            .into_iter()
            .map(|name| (name, fields.get(name).to_owned()))
            .collect(),
        form,
        ui,
        rows,
        pager,
    };
    show_as(status, &page)
}

/// What the form of the page asks for, but for who acted ([`audit::actor_ids`]).
///
/// # Errors
/// 422 naming the field.
pub fn audit_query(fields: &Fields, ui: &Ui) -> Result<AuditQuery, Fault> {
    let text = |name: &str| Some(fields.get(name).to_owned()).filter(|text| !text.is_empty());
    // Days are days of the deployment; the last one is included.
    let begin = |day: Date| -> Result<Timestamp, Fault> {
        let zoned = day.to_zoned(ui.site.time_zone.clone());
        zoned.map(|z| z.timestamp()).map_err(|e| {
            Fault::invalid("from", "access.invalid_field", e.to_string()).arg("field", "from")
        })
    };
    let from = fields.read::<Date>("from")?.map(begin).transpose()?;
    let to = fields
        .read::<Date>("to")?
        .map(|day| begin(day.saturating_add(1.day())))
        .transpose()?;
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        let reason = "the last day lies before the first";
        return Err(Fault::invalid("to", "access.days_backwards", reason));
    }
    let after = match fields.read::<Cursor>("after")? {
        Some(cursor) => Some(cursor.part::<Id>(0).map_err(|e| {
            Fault::invalid("after", "access.invalid_field", e.to_string()).arg("field", "after")
        })?),
        None => None,
    };
    Ok(AuditQuery {
        object_kind: text("kind"),
        object_id: text("object"),
        actors: Vec::new(),
        actions: text("action").into_iter().collect(),
        request: fields.read("reference")?,
        from,
        to,
        after,
    })
}

fn entry(ui: &Ui, row: AuditRow, names: &HashMap<AccountId, String>) -> EntryRow {
    let kind = match row.actor_kind.as_str() {
        "staff" => ui.t("access-audit-staff"),
        "resident" => ui.t("access-audit-resident"),
        "stranger" => ui.t("access-audit-stranger"),
        _ => ui.t("access-audit-system"),
    };
    let reference = row.request.to_string();
    EntryRow {
        when: ui.time(row.at),
        who: actor(ui, &row),
        kind,
        of_actor: row
            .actor_id
            .map(|id| narrowed(&[("actor", &id.to_string())]))
            .unwrap_or_default(),
        told: trail::act(ui, &row.action).unwrap_or_else(|| row.action.clone()),
        of_action: narrowed(&[("action", &row.action)]),
        is_refused: row.outcome == "refused",
        object_kind: trail::object(ui, &row.object_kind),
        page: trail::page_of(&row).unwrap_or_default(),
        of_object: narrowed(&[("kind", &row.object_kind), ("object", &row.object_id)]),
        details: trail::details(ui, &row.detail),
        purpose: row.purpose.unwrap_or_default(),
        of_request: narrowed(&[("reference", &reference)]),
        reference,
        action: row.action,
        object_name: row
            .object_id
            .parse::<AccountId>()
            .ok()
            .and_then(|id| names.get(&id).cloned())
            .or_else(|| trail::value(ui, &row.object_id))
            .unwrap_or_else(|| row.object_id.clone()),
        object: row.object_id,
    }
}

// words: access-audit-part-*
/// Who acted, as [`audit::actor_text`] has it; a part of the program with what it does.
fn actor(ui: &Ui, row: &AuditRow) -> String {
    let text = audit::actor_text(row);
    let key = format!("access-audit-part-{text}");
    if ui.site.words.has(&key) {
        format!("{} ({text})", ui.t(&key))
    } else {
        text
    }
}

/// The search for entries like one in this.
fn narrowed(by: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new("/audit?".to_owned())
        .extend_pairs(by)
        .finish()
}
