//! GET /handover — hand a desk over, and take one over. POST /handover, /handover/{id}/take.

use super::{done, faulty, unit_name};
use crate::model::OpenWork;
use crate::ops::{city, handover};
use access::{Ctx, Fault, Fields, Go, Path, role_key, show as show_page, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cases::model::State;
use cases::words::state_key;
use kernel::id::Id;
use ui::{Choice, FormState, Tone, Ui};

struct Row {
    id: String,
    desk: String,
    given: String,
    by: String,
    words: String,
    open: Vec<String>,
    pressing: Vec<String>,
    taken: String,
    taken_by: String,
    taken_words: String,
    may_take: bool,
}

#[derive(Template)]
#[template(path = "dispatch_handover.html")]
struct HandoverPage {
    ui: Ui,
    form: FormState,
    desks: Vec<Choice>,
    /// What is open at the only desk of the reader, so that it can be written about.
    now: Vec<String>,
    rows: Vec<Row>,
}

fn desk_name(ui: &Ui, word: &str) -> String {
    match word.parse::<access::Role>() {
        Ok(role) => ui.t(role_key(role)),
        Err(_) => ui.t("dispatch-desk-unit"),
    }
}

fn lines(ui: &Ui, open: &OpenWork) -> Vec<String> {
    let mut out: Vec<String> = open
        .states
        .iter()
        .filter_map(|(word, n)| {
            let state: State = word.parse().ok()?;
            let name = ui.t(state_key(state));
            Some(ui.t2("dispatch-open-state", "state", name.as_str(), "n", *n))
        })
        .collect();
    if open.parts > 0 {
        out.push(ui.tn("dispatch-open-parts", "n", open.parts));
    }
    if open.calls > 0 {
        out.push(ui.tn("dispatch-open-calls", "n", open.calls));
    }
    out
}

async fn page(ctx: &Ctx, ui: Ui, form: FormState) -> Result<HandoverPage, Fault> {
    let (words, unit) = handover::desks_of(ctx.principal());
    let mut desks: Vec<Choice> = words
        .iter()
        .map(|d| Choice::new(*d, desk_name(&ui, d)))
        .collect();
    if let Some(unit) = unit {
        desks.push(Choice::new(
            handover::UNIT,
            unit_name(&ui, &city(ctx), unit),
        ));
    }
    let now = match &desks[..] {
        [only] => lines(&ui, &handover::open_work(ctx, &only.value).await?),
        _ => Vec::new(),
    };
    let (found, names) = handover::list(ctx).await?;
    let me = ctx.principal().actor();
    let rows = found
        .into_iter()
        .map(|h| {
            let open: OpenWork = serde_json::from_str(&h.open_work).unwrap_or_default();
            let own = Some(h.given_by.0) == me.id || Some(h.given_by.0) == me.on_behalf;
            Row {
                id: h.id.to_string(),
                desk: desk_name(&ui, &h.desk),
                given: ui.time_text(h.given_at),
                by: names.get(&h.given_by).cloned().unwrap_or_default(),
                open: lines(&ui, &open),
                pressing: open.pressing,
                taken: h.taken_at.map(|at| ui.time_text(at)).unwrap_or_default(),
                taken_by: h
                    .taken_by
                    .and_then(|a| names.get(&a).cloned())
                    .unwrap_or_default(),
                may_take: h.taken_at.is_none() && !own,
                taken_words: h.taken_words,
                words: h.words,
            }
        })
        .collect();
    Ok(HandoverPage {
        form,
        desks,
        now,
        rows,
        ui,
    })
}

pub(super) async fn show(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    show_page(&page(&ctx, ui, FormState::new()).await?)
}

pub(super) async fn give(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    match handover::give(&ctx, fields.get("desk"), fields.get("words")).await {
        Ok(_) => Ok(Go::to("/handover")
            .saying(Tone::Good, ui.t("dispatch-given"))
            .into_response()),
        Err(error) => {
            let form = faulty(&ui, fields.form(), error)?;
            show_as(
                StatusCode::UNPROCESSABLE_ENTITY,
                &page(&ctx, ui, form).await?,
            )
        }
    }
}

pub(super) async fn take(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<Id>,
    fields: Fields,
) -> Result<Response, Fault> {
    let result = handover::take(&ctx, id, fields.get("words")).await;
    done(&ui, "/handover", result, "dispatch-taken")
}
