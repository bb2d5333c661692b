//! GET /cases/{number} — a case on its own page. POST /cases/{number}/{act} — one move on it.

use super::forms::{Maker, Sent};
use super::pictures::{self, Entry};
use super::read::{self, Wrong};
use super::sheet::{self, Frame, Sheet, reader_of};
use super::{Offers, history, own_back};
use crate::moves::Act;
use crate::ops::desk::moments;
use crate::ops::{self, CaseError, Change};
use crate::service::Cases;
use crate::words::act_key;
use access::{AccountId, Ctx, Fault, FormParts, Go, Path, Permission, role_key, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::codes::CaseNumber;
use ui::{Crumb, Tone, Ui};

#[derive(Template)]
#[template(path = "cases_case.html")]
pub(super) struct CasePage {
    pub ui: Ui,
    pub c: Sheet,
    pub offers: Offers,
    pub crumbs: Vec<Crumb>,
    /// What somebody else did meanwhile; empty when nothing stands in the way.
    pub meanwhile: Vec<String>,
    /// Why the last act was refused; none if it was not, or if what others did stands in the way.
    pub refused: Option<RefusedAct>,
    /// What rooms above know of it.
    pub panels: Vec<ui::Html>,
}

/// Why an act was refused, told on top of the page: its form may lie far below.
pub(super) struct RefusedAct {
    /// The act's word.
    pub act: String,
    /// Why.
    pub sentence: String,
    /// What is to be mended: the id of a field or a form on the page; empty where the form is no longer there.
    pub place: String,
}

impl RefusedAct {
    fn of(ui: &Ui, c: &Sheet, sent: Sent<'_>) -> Self {
        let id = super::forms::form_id(sent.act, &c.number);
        let form = c.main.iter().chain(&c.more).find(|form| form.id == id);
        let (place, sentence) = match form {
            Some(form) => form.told(),
            None => ("", sent.wrong.told(ui, &[]).1),
        };
        Self {
            act: ui.t(act_key(sent.act)),
            place: place.to_owned(),
            sentence,
        }
    }
}

pub(super) async fn show(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
) -> Result<Response, Fault> {
    page(&ctx, ui, number, None).await
}

async fn page(
    ctx: &Ctx,
    ui: Ui,
    number: CaseNumber,
    sent: Option<Sent<'_>>,
) -> Result<Response, Fault> {
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let loaded = sheet::load(ctx, &cases, &city, number).await?;
    let back = format!("/cases/{number}");
    let frame = Frame {
        ui: &ui,
        city: &city,
        at: moments(&cases, &city, ui.now),
        reader: reader_of(ctx.principal()),
        may_look: ctx.principal().may(Permission::PersonalRead),
        tiles: ctx.service_if_any::<grid::Tiles>(),
        may_go_on: super::may_go_on(ctx.principal()),
        back: &back,
        sent,
    };
    let c = frame.sheet(&loaded);
    let meanwhile = match sent.map(|s| s.wrong) {
        Some(Wrong::Case(CaseError::Changed { since, .. })) => told(ctx, &ui, since).await?,
        _ => Vec::new(),
    };
    let refused = sent
        .filter(|_| meanwhile.is_empty())
        .map(|sent| RefusedAct::of(&ui, &c, sent));
    let status = sent.map_or(StatusCode::OK, |s| s.wrong.status());
    let crumbs = super::way_back(ctx.principal(), &ui);
    let panels = super::panel::of_case(ctx, &ui, &loaded.case).await;
    show_as(
        status,
        &CasePage {
            offers: Offers::for_forms(&ui, &city, &c.main, &c.more),
            c,
            crumbs,
            meanwhile,
            refused,
            panels,
            ui,
        },
    )
}

/// What others did since the reader last looked, in sentences.
async fn told(ctx: &Ctx, ui: &Ui, since: &[Change]) -> Result<Vec<String>, Fault> {
    let ids: Vec<AccountId> = since
        .iter()
        .filter_map(|c| c.account)
        .map(AccountId)
        .collect();
    let names = ctx
        .read(move |r| access::ops::accounts::names(r, &ids))
        .await?;
    Ok(since
        .iter()
        .map(|change| {
            let role = change
                .role
                .map_or_else(|| ui.t("cases-by-program"), |r| ui.t(role_key(r)));
            let name = change
                .account
                .and_then(|a| names.get(&AccountId(a)))
                .cloned()
                .unwrap_or_default();
            let (what, when) = (
                history::event_word(ui, &change.event),
                ui.time_text(change.at),
            );
            ui.ta(
                "cases-meanwhile",
                &[
                    ("when", &when),
                    ("role", &role),
                    ("name", &name),
                    ("what", &what),
                ],
            )
        })
        .collect())
}

pub(super) async fn act(
    ctx: Ctx,
    ui: Ui,
    Path((number, word)): Path<(CaseNumber, String)>,
    form: FormParts,
) -> Result<Response, Fault> {
    let word = word.replace('-', "_");
    let Some(act) = Act::ALL.iter().copied().find(|a| a.as_str() == word) else {
        return Err(Fault::not_found());
    };
    let entry = pictures::read(&ctx, &ui, form).await?;
    match attempt(&ctx, &ui, number, act, &entry).await {
        Ok(()) => {
            let said = ui.t2(
                "cases-done",
                "act",
                ui.t(act_key(act)).as_str(),
                "number",
                number.to_string().as_str(),
            );
            Ok(Go::to(own_back(entry.fields.get("back"), number))
                .saying(Tone::Good, said)
                .into_response())
        }
        // What is not there for this reader, or does not work at all, is a page of its own.
        Err(wrong @ Wrong::Case(CaseError::NotFound { .. } | CaseError::Store(_))) => {
            Err(wrong.fault())
        }
        Err(wrong) => {
            page(
                &ctx,
                ui,
                number,
                Some(Sent {
                    act,
                    entry: &entry,
                    wrong: &wrong,
                }),
            )
            .await
        }
    }
}

async fn attempt(
    ctx: &Ctx,
    ui: &Ui,
    number: CaseNumber,
    act: Act,
    entry: &Entry,
) -> Result<(), Wrong> {
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let case = ops::find(ctx, number).await?;
    let lists = cases.lists(ctx).await.map_err(CaseError::from)?;
    let offered = Maker {
        ui,
        city: &city,
        lists: &lists,
        case: &case,
        handlers: &[],
        workers: &[],
        may_go_on: false,
        back: "",
        sent: None,
    }
    .responsible()
    .0;
    let steps = read::steps(ui, &city, &case, act, &offered, entry)?;
    // A note may always be added; everything else is decided on what the reader saw.
    let version = if act == Act::Note {
        None
    } else {
        Some(entry.fields.get("version").parse().unwrap_or(0))
    };
    ops::act(ctx, number, version, steps).await?;
    Ok(())
}
