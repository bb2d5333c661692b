//! GET /for-me — what waits for whoever is signed in: notes that name them, parts and whistles of their unit, hand-overs.

use super::{due_text, unit_name};
use crate::ops::{city, for_me, handover};
use access::{Ctx, Fault, Go, show as show_page};
use askama::Template;
use axum::response::{IntoResponse, Response};
use ui::Ui;

struct NoteRow {
    number: String,
    text: String,
    by: String,
    when: String,
    is_new: bool,
}

struct PartRow {
    number: String,
    title: String,
    ask: String,
    due: String,
    tone: &'static str,
    state: String,
}

struct CallRow {
    href: String,
    due: String,
    is_late: bool,
}

#[derive(Template)]
#[template(path = "dispatch_for_me.html")]
struct ForMe {
    ui: Ui,
    unit: String,
    notes: Vec<NoteRow>,
    any_new: bool,
    parts: Vec<PartRow>,
    calls: Vec<CallRow>,
    /// Desks that somebody gave and nobody has taken over.
    waiting: usize,
    has_unit: bool,
    /// The reader's unit has ended: the reader acts for none.
    has_ended: bool,
}

pub(super) async fn show(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let city = city(&ctx);
    let has_unit =
        ctx.principal().unit().is_some() && ctx.require(access::Permission::CaseHandle).is_ok();
    let named = for_me::mentions(&ctx).await?;
    let owed = if has_unit {
        for_me::parts(&ctx, true).await?
    } else {
        Vec::new()
    };
    let calls = for_me::calls(&ctx).await?;
    let (given, _) = handover::list(&ctx).await?;
    let me = ctx.principal().actor().id;
    let waiting = given
        .iter()
        .filter(|h| h.taken_at.is_none() && Some(h.given_by.0) != me)
        .count();
    let notes: Vec<NoteRow> = named
        .into_iter()
        .map(|n| NoteRow {
            number: n.case.map(|c| c.number.to_string()).unwrap_or_default(),
            text: n.text,
            by: n.by,
            when: ui.time_text(n.mention.at),
            is_new: n.mention.seen_at.is_none(),
        })
        .collect();
    let parts = owed
        .iter()
        .map(|p| {
            let part = p.case.joint.part(p.part);
            let (state, tone) = if p.case.paused_until.is_some() {
                ("dispatch-part-still", "info")
            } else if p.due_at < ui.now {
                ("dispatch-part-late", "bad")
            } else {
                ("dispatch-part-open", "warn")
            };
            let class = p
                .case
                .matter
                .and_then(|m| city.matter(m))
                .map(|c| c.name(ui.lang.tag()).to_owned());
            PartRow {
                number: p.case.number.to_string(),
                title: class.unwrap_or_default(),
                ask: part.map(|x| x.ask.clone()).unwrap_or_default(),
                due: due_text(
                    &ui,
                    p.due_at,
                    p.is_open && part.is_some_and(|x| x.provisional),
                ),
                state: ui.t(state),
                tone,
            }
        })
        .collect();
    let calls = calls
        .iter()
        .map(|c| CallRow {
            href: format!("/whistles/{}", c.whistle),
            due: ui.time_text(c.due_at),
            is_late: c.is_late(ui.now),
        })
        .collect();
    let has_ended = ctx
        .principal()
        .unit()
        .is_some_and(|u| !city.units.is_in_force(u));
    let unit = ctx
        .principal()
        .unit()
        .map(|u| unit_name(&ui, &city, u))
        .unwrap_or_default();
    show_page(&ForMe {
        unit,
        any_new: notes.iter().any(|n| n.is_new),
        notes,
        parts,
        calls,
        waiting,
        has_unit,
        has_ended,
        ui,
    })
}

pub(super) async fn seen(ctx: Ctx) -> Result<Response, Fault> {
    for_me::see_mentions(&ctx).await?;
    Ok(Go::to("/for-me").into_response())
}
