//! POST /desk/bulk — one act for the cases picked on the desk: asked once more, or carried out after a short while.
//! GET /desk/bulk/{id} — how it came out; GET /desk/bulk/{id}/part — its line above the list; POST …/stop and …/seen.

use super::read::{self, Wrong};
use super::{MOST_OFFERS, Offers};
use crate::bulk::{
    Bulk, BulkCase, BulkState, BulkStep, MOST_CASES, Outcome, Reason, ReasonWord, asks_more,
};
use crate::model::Case;
use crate::moves::Act;
use crate::ops::{self, CaseError, allowed};
use crate::service::Cases;
use crate::sql_bulk::NewBulk;
use crate::words::act_key;
use access::{
    AccountId, Ctx, Fault, Fields, Go, Path, Principal, Query, Role, show as show_page, show_as,
    word_key,
};
use askama::Template;
use axum::response::{IntoResponse, Response};
use kernel::codes::CaseNumber;
use kernel::id::Id;
use matters::City;
use serde::Deserialize;
use std::collections::BTreeSet;
use ui::{Choice, Crumb, FormState, Html, Tone, Ui};

/// The most workers that are offered.
const MOST_WORKERS: usize = 200;

/// An act that may be asked for several cases.
#[derive(Debug, Clone)]
pub(super) struct BulkButton {
    /// Its word.
    pub act: &'static str,
    /// What is read.
    pub label: String,
    /// Its letter; may be empty.
    pub key: &'static str,
    /// `primary`, `danger` or empty.
    pub tone: &'static str,
}

/// The acts that at least one case of a list takes from this reader.
pub(super) fn buttons(ui: &Ui, ctx: &Ctx, cases: &[Case]) -> Vec<BulkButton> {
    let open: Vec<Act> = cases.iter().flat_map(|c| allowed(ctx, c)).collect();
    BulkStep::ACTS
        .into_iter()
        .filter(|act| open.contains(act))
        .filter(|act| *act != Act::TakeTask || gives_tasks(ctx.principal()))
        .map(|act| BulkButton {
            act: act.as_str(),
            label: label(ui, act),
            key: match act {
                Act::Accept => "a",
                Act::Register => "r",
                Act::Dispatch => "d",
                Act::Sign => "s",
                _ => "",
            },
            tone: match act {
                Act::NotAccept => "danger",
                Act::Accept | Act::Register | Act::Dispatch | Act::Sign => "primary",
                _ => "",
            },
        })
        .collect()
}

/// Who gives tasks to others; a worker takes the own ones one by one.
fn gives_tasks(principal: &Principal) -> bool {
    principal.has(Role::Acceptor) || principal.has(Role::ShiftLeader)
}

fn label(ui: &Ui, act: Act) -> String {
    match act {
        Act::TakeTask => ui.t("cases-bulk-give"),
        Act::Correct => ui.t("cases-bulk-class"),
        _ => ui.t(act_key(act)),
    }
}

/// A bulk act in one line above the list.
#[derive(Debug, Clone, Template)]
#[template(path = "cases_bulk_part.html")]
pub(super) struct Banner {
    pub ui: Ui,
    /// Where its line is asked for again.
    pub href: String,
    /// How far it is.
    pub state: BulkState,
    /// A sentence.
    pub text: String,
    /// How many seconds are left until it is carried out.
    pub rest_s: i64,
    /// How many cases are through, and of how many.
    pub through: i64,
    pub cases: i64,
    /// Cases were left out.
    pub has_left: bool,
    /// It stands on the page that tells of each case.
    pub is_own_page: bool,
    /// The list it stands above, and the same inside an address.
    pub back: String,
    pub back_query: String,
}

impl Banner {
    /// The line of a bulk act above the list of an address.
    pub fn of(ui: &Ui, bulk: &Bulk, back: &str) -> Self {
        let act = label(ui, bulk.step.act());
        let when = ui.time_text(bulk.due_at);
        let named: [(&str, &dyn ui::Arg); 5] = [
            ("act", &act),
            ("n", &bulk.cases),
            ("when", &when),
            ("done", &bulk.done),
            ("left", &bulk.left),
        ];
        let text = match bulk.state {
            BulkState::Waiting => ui.ta("cases-bulk-waits", &named),
            BulkState::Held => ui.ta("cases-bulk-held", &named),
            BulkState::Running => ui.ta("cases-bulk-runs", &named),
            BulkState::Stopped => ui.ta("cases-bulk-stopped", &named),
            BulkState::Done if bulk.left > 0 => ui.ta("cases-bulk-done-left", &named),
            BulkState::Done => ui.ta("cases-bulk-done", &named),
        };
        Self {
            href: format!("/desk/bulk/{}", bulk.id),
            state: bulk.state,
            text,
            rest_s: bulk.due_at.duration_since(ui.now).as_secs().max(0),
            through: bulk.done + bulk.left,
            cases: bulk.cases,
            has_left: bulk.left > 0,
            is_own_page: false,
            back: back.to_owned(),
            back_query: form_urlencoded::byte_serialize(back.as_bytes()).collect(),
            ui: ui.clone(),
        }
    }
    /// As a part of a page.
    pub fn html(&self) -> Html {
        Html::from_markup(self.render().unwrap_or_default())
    }
    /// It waits and can be stopped.
    pub fn is_waiting(&self) -> bool {
        self.state == BulkState::Waiting
    }
    /// Somebody holds it.
    pub fn is_held(&self) -> bool {
        self.state == BulkState::Held
    }
    /// Its line changes by itself.
    pub fn is_moving(&self) -> bool {
        matches!(self.state, BulkState::Waiting | BulkState::Running)
    }
    /// It is over and may be put away.
    pub fn is_over(&self) -> bool {
        self.state.is_over()
    }
}

/// A case that is to be acted on, or was.
pub(super) struct BulkLine {
    pub number: String,
    /// What is sent for it.
    pub pick: String,
    /// How it came out, in a sentence; empty before.
    pub outcome: String,
    pub is_left: bool,
}

#[derive(Template)]
#[template(path = "cases_bulk_ask.html")]
pub(super) struct AskPage {
    pub ui: Ui,
    pub crumbs: Vec<Crumb>,
    pub act: &'static str,
    pub title: String,
    /// What will happen, in a sentence.
    pub about: String,
    pub id: String,
    pub back: String,
    pub form: FormState,
    pub lines: Vec<BulkLine>,
    pub matters: Vec<String>,
    pub people: Vec<Choice>,
    /// `reason`, `people`, `pool`, `matter`, or empty.
    pub asks: &'static str,
    pub tone: &'static str,
}

#[derive(Template)]
#[template(path = "cases_bulk.html")]
pub(super) struct BulkPage {
    pub ui: Ui,
    pub crumbs: Vec<Crumb>,
    pub title: String,
    pub banner: Banner,
    pub lines: Vec<BulkLine>,
    pub is_over: bool,
}

/// What the form of the desk, or of the page that asks once more, sent.
struct Sent {
    id: Id,
    act: Act,
    cases: Vec<(CaseNumber, u32)>,
    back: String,
    /// A script is there to stop it: it may wait.
    waits: bool,
    /// It was asked once more.
    is_sure: bool,
}

fn sent(ui: &Ui, fields: &Fields) -> Result<Sent, Wrong> {
    let unreadable = |field: &'static str| Wrong::Entry {
        field,
        sentence: ui.t("cases-bulk-unreadable"),
    };
    let act = BulkStep::ACTS
        .into_iter()
        .find(|act| act.as_str() == fields.get("act"))
        .ok_or_else(|| unreadable("act"))?;
    let mut cases = Vec::new();
    for pick in fields.all("case").take(MOST_CASES + 1) {
        let (number, version) = pick.split_once('@').ok_or_else(|| unreadable("case"))?;
        let number = number.parse().map_err(|_| unreadable("case"))?;
        cases.push((number, version.parse().map_err(|_| unreadable("case"))?));
    }
    Ok(Sent {
        id: fields.get("id").parse().map_err(|_| unreadable("id"))?,
        act,
        cases,
        back: desk(fields.get("back")),
        waits: fields.get("wait") == "1",
        is_sure: fields.get("sure") == "1",
    })
}

/// An address of the desk; anything else leads to its first page.
pub(super) fn desk(back: &str) -> String {
    if back == "/desk" || back.starts_with("/desk?") {
        ui::look::own_path(back).to_owned()
    } else {
        "/desk".to_owned()
    }
}

/// The step with what the page asked for.
fn step(ui: &Ui, city: &City, act: Act, fields: &Fields) -> Result<BulkStep, Wrong> {
    let missing = |field: &'static str| {
        // words: cases-field-*
        let label = ui.t(&format!("cases-field-{field}"));
        Wrong::Entry {
            field,
            sentence: ui.tn("cases-error-missing", "field", label.as_str()),
        }
    };
    let person = |field: &'static str| -> Result<Option<AccountId>, Wrong> {
        match fields.get(field) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| missing(field)),
        }
    };
    Ok(match act {
        Act::Accept => BulkStep::Accept,
        Act::Register => BulkStep::Register,
        Act::Dispatch => BulkStep::Dispatch,
        Act::Sign => BulkStep::Sign,
        Act::TakeTask => BulkStep::TakeTask { to: person("to")? },
        Act::Assign => BulkStep::Assign {
            handler: person("handler")?.ok_or_else(|| missing("handler"))?,
        },
        Act::Correct => BulkStep::Correct {
            matter: read::matter(ui, city, fields.get("matter"))?
                .ok_or_else(|| missing("matter"))?,
        },
        _ => match fields.get("reason") {
            "" => return Err(missing("reason")),
            reason => BulkStep::NotAccept {
                reason: reason.to_owned(),
            },
        },
    })
}

pub(super) async fn send(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let sent = sent(&ui, &fields).map_err(Wrong::fault)?;
    if sent.cases.is_empty() {
        return Ok(Go::to(&sent.back)
            .saying(Tone::Warn, ui.t("cases-error-bulk-none"))
            .into_response());
    }
    if !(sent.is_sure || sent.waits && !asks_more(sent.act)) {
        let page = ask_page(&ctx, ui, &city, &sent, FormState::new()).await?;
        return show_page(&page);
    }
    let asked = match step(&ui, &city, sent.act, &fields) {
        Ok(step) => {
            let new = NewBulk {
                id: sent.id,
                step,
                cases: sent.cases.clone(),
            };
            ops::bulk::ask(&ctx, new, sent.waits)
                .await
                .map_err(Wrong::from)
        }
        Err(wrong) => Err(wrong),
    };
    match asked {
        Ok(()) if sent.waits => Ok(Go::to(&sent.back).into_response()),
        Ok(()) => Ok(Go::to(format!("/desk/bulk/{}", sent.id)).into_response()),
        Err(wrong) => refused(&ctx, ui, &city, &sent, &fields, wrong).await,
    }
}

/// The page that asks comes back with what was typed and a sentence.
async fn refused(
    ctx: &Ctx,
    ui: Ui,
    city: &City,
    sent: &Sent,
    fields: &Fields,
    wrong: Wrong,
) -> Result<Response, Fault> {
    if matches!(
        wrong,
        Wrong::Case(CaseError::Store(_) | CaseError::Refused(_))
    ) {
        return Err(wrong.fault());
    }
    let status = wrong.status();
    let mut form = fields.form();
    let (field, sentence) = match &wrong {
        Wrong::Entry { field, sentence } => ((*field).to_owned(), sentence.clone()),
        Wrong::Case(error) => {
            let field = access::Problem::field(error).filter(|f| f == "reason" || f == "matter");
            // words: cases-field-*
            let label = field.as_ref().map(|f| ui.t(&format!("cases-field-{f}")));
            let sentence = read::sentence(&ui, error, label.as_deref());
            (field.unwrap_or_else(|| "case".into()), sentence)
        }
    };
    form.fault(&field, sentence);
    let page = ask_page(ctx, ui, city, sent, form).await?;
    show_as(status, &page)
}

async fn ask_page(
    ctx: &Ctx,
    ui: Ui,
    city: &City,
    sent: &Sent,
    form: FormState,
) -> Result<AskPage, Fault> {
    let people = match sent.act {
        Act::TakeTask => workers(ctx, city).await?,
        Act::Assign => handlers(ctx).await?,
        _ => Vec::new(),
    };
    let act = label(&ui, sent.act);
    let n = i64::try_from(sent.cases.len()).unwrap_or(i64::MAX);
    let matters = if sent.act == Act::Correct {
        Offers::of_matters(&ui, city)
    } else {
        Vec::new()
    };
    Ok(AskPage {
        crumbs: vec![Crumb {
            label: ui.t("cases-menu-desk"),
            href: sent.back.clone(),
        }],
        title: ui.t2("cases-bulk-title", "act", act.as_str(), "n", n),
        about: about(&ui, sent.act),
        act: sent.act.as_str(),
        id: sent.id.to_string(),
        back: sent.back.clone(),
        form,
        lines: sent
            .cases
            .iter()
            .map(|(number, version)| BulkLine {
                number: number.to_string(),
                pick: format!("{number}@{version}"),
                outcome: String::new(),
                is_left: false,
            })
            .collect(),
        matters,
        people,
        asks: match sent.act {
            Act::NotAccept => "reason",
            Act::Assign => "people",
            Act::TakeTask => "pool",
            Act::Correct => "matter",
            _ => "",
        },
        tone: if sent.act == Act::NotAccept {
            "danger"
        } else {
            "primary"
        },
        ui,
    })
}

fn about(ui: &Ui, act: Act) -> String {
    match act {
        Act::Register => ui.t("cases-bulk-about-register"),
        Act::Dispatch => ui.t("cases-bulk-about-dispatch"),
        Act::NotAccept => ui.t("cases-bulk-about-not-accept"),
        _ => ui.t("cases-bulk-about"),
    }
}

/// The workers of all beats by name. What each may take, the rules say case by case.
async fn workers(ctx: &Ctx, city: &City) -> Result<Vec<Choice>, CaseError> {
    let shifts = city.territory.beats().flat_map(|b| &b.shifts);
    let ids: BTreeSet<AccountId> = shifts.map(|s| s.worker).collect();
    let ids: Vec<AccountId> = ids.into_iter().take(MOST_WORKERS).collect();
    let names: Result<_, CaseError> = ctx
        .read(move |r| Ok(access::ops::accounts::names(r, &ids)?))
        .await;
    let mut people: Vec<Choice> = names?
        .into_iter()
        .map(|(id, name)| Choice::new(id.to_string(), name))
        .collect();
    people.sort_by(|a, b| (&a.label, &a.value).cmp(&(&b.label, &b.value)));
    Ok(people)
}

/// The people of the reader's own unit who handle.
async fn handlers(ctx: &Ctx) -> Result<Vec<Choice>, CaseError> {
    let Some(unit) = ctx.principal().unit() else {
        return Ok(Vec::new());
    };
    let found: Result<_, CaseError> = ctx
        .read(move |r| Ok(access::ops::accounts::of_unit(r, unit)?))
        .await;
    let handles = |a: &access::Account| {
        let roles = a.roles.0.iter();
        roles
            .into_iter()
            .any(|r| matches!(r, Role::Handler | Role::DepartmentLead))
    };
    Ok(found?
        .into_iter()
        .filter(handles)
        .take(MOST_OFFERS)
        .map(|a| Choice::new(a.id.to_string(), a.name))
        .collect())
}

pub(super) async fn show(ctx: Ctx, ui: Ui, Path(id): Path<Id>) -> Result<Response, Fault> {
    let (bulk, cases) = ops::bulk::with_cases(&ctx, id).await?;
    show_page(&page(ui, &bulk, &cases))
}

/// The page of a bulk act.
pub(super) fn page(ui: Ui, bulk: &Bulk, cases: &[BulkCase]) -> BulkPage {
    let act = label(&ui, bulk.step.act());
    BulkPage {
        crumbs: vec![Crumb {
            label: ui.t("cases-menu-desk"),
            href: "/desk".into(),
        }],
        title: ui.t2("cases-bulk-title", "act", act.as_str(), "n", bulk.cases),
        banner: Banner {
            is_own_page: true,
            ..Banner::of(&ui, bulk, "/desk")
        },
        lines: cases
            .iter()
            .map(|case| BulkLine {
                number: case.number.to_string(),
                pick: String::new(),
                outcome: match &case.outcome {
                    Outcome::Open if bulk.state == BulkState::Stopped => {
                        ui.t("cases-bulk-case-stopped")
                    }
                    Outcome::Open => ui.t("cases-bulk-case-open"),
                    Outcome::Done => ui.t("cases-bulk-case-done"),
                    Outcome::Left(reason) => because(&ui, &case.number, reason),
                },
                is_left: matches!(case.outcome, Outcome::Left(_)),
            })
            .collect(),
        is_over: bulk.state.is_over(),
        ui,
    }
}

/// Why a case was left out, in the reader's words.
fn because(ui: &Ui, number: &CaseNumber, reason: &Reason) -> String {
    // What others did meanwhile stands in the case itself.
    if reason.code == "cases.changed" || reason.code == "access.conflict" {
        return ui.tn("cases-bulk-changed", "number", number.to_string());
    }
    told(ui, &word_key(&reason.code), &reason.args).unwrap_or_else(|| reason.text.clone())
}

/// A sentence with what was kept of it; none where it has no words, or by now names what was not kept.
fn told(ui: &Ui, key: &str, args: &[(String, ReasonWord)]) -> Option<String> {
    let names: Vec<&str> = args.iter().map(|(name, _)| name.as_str()).collect();
    if !ui.site.words.is_filled_by(key, &names) {
        return None;
    }
    let words: Vec<(&str, Box<dyn ui::Arg>)> = args
        .iter()
        .map(|(name, word)| {
            let word: Box<dyn ui::Arg> = match word {
                ReasonWord::Text(text) => Box::new(text.clone()),
                ReasonWord::Number(number) => Box::new(*number),
                ReasonWord::Said { key, args } => {
                    Box::new(told(ui, key, args).unwrap_or_else(|| key.clone()))
                }
            };
            (name.as_str(), word)
        })
        .collect();
    let args: Vec<(&str, &dyn ui::Arg)> = words.iter().map(|(n, w)| (*n, w.as_ref())).collect();
    Some(ui.ta(key, &args))
}

#[derive(Deserialize)]
pub(super) struct Back {
    back: Option<String>,
}

pub(super) async fn part(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<Id>,
    Query(Back { back }): Query<Back>,
) -> Result<Response, Fault> {
    let bulk = ops::bulk::one(&ctx, id).await?;
    let back = desk(back.as_deref().unwrap_or_default());
    show_page(&Banner::of(&ui, &bulk, &back))
}

pub(super) async fn stop(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<Id>,
    fields: Fields,
) -> Result<Response, Fault> {
    let stopped = ops::bulk::stop(&ctx, id).await?;
    let back = Go::to(desk(fields.get("back")));
    let told = if stopped {
        back.saying(Tone::Good, ui.t("cases-bulk-stop-done"))
    } else {
        back.saying(Tone::Warn, ui.t("cases-bulk-stop-late"))
    };
    Ok(told.into_response())
}

pub(super) async fn hold(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<Id>,
    fields: Fields,
) -> Result<Response, Fault> {
    let held = ops::bulk::hold(&ctx, id).await?;
    let back = Go::to(desk(fields.get("back")));
    Ok(if held {
        back.into_response()
    } else {
        back.saying(Tone::Warn, ui.t("cases-bulk-stop-late"))
            .into_response()
    })
}

pub(super) async fn begin(ctx: Ctx, Path(id): Path<Id>, fields: Fields) -> Result<Response, Fault> {
    ops::bulk::begin_now(&ctx, id).await?;
    Ok(Go::to(desk(fields.get("back"))).into_response())
}

pub(super) async fn seen(ctx: Ctx, Path(id): Path<Id>, fields: Fields) -> Result<Response, Fault> {
    ops::bulk::seen(&ctx, id).await?;
    Ok(Go::to(desk(fields.get("back"))).into_response())
}
