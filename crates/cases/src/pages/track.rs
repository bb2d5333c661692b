//! GET and POST /track — number and code; GET /track/link/{token} — the private link. How the own matter goes on.

use super::line::unit_name;
use super::pictures::{Picture, pictures_for_requester};
use super::read;
use super::requester::Record;
use crate::model::{Case, Satisfaction, State};
use crate::ops::{self, CaseError};
use crate::service::Cases;
use access::{Ctx, Fault, Fields, Go, Path, Problem as _, Visit, show, show_as};
use askama::Template;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use kernel::codes::CaseNumber;
use matters::City;
use ui::{FormState, Html, Step, StepState, Tone, Ui};

#[derive(Template)]
#[template(path = "cases_track.html")]
pub(super) struct TrackPage {
    pub ui: Ui,
    pub form: FormState,
}

#[derive(Template)]
#[template(path = "cases_progress.html")]
pub(super) struct ProgressPage {
    pub ui: Ui,
    pub number: String,
    /// How it stands, in a sentence.
    pub stands: String,
    /// Why it ended as it did; empty where there is nothing to say.
    pub reason: String,
    /// When it is due; empty without a deadline.
    pub due: Html,
    pub steps: Vec<Step>,
    pub matter: String,
    pub description: String,
    pub address: String,
    pub unit: String,
    pub closing: String,
    pub satisfaction: String,
    /// What the unit asks the requester; empty if nothing.
    pub question: String,
    /// Where the answer is sent; empty for whoever came by the code, which is not enough to act.
    pub answer_to: String,
    /// What was wrong with the answer.
    pub form: FormState,
    /// What was seen and what it looks like now.
    pub pictures: Vec<Picture>,
    /// What is kept of the requester and who looked.
    pub record: Record,
}

pub(super) async fn blank(ui: Ui) -> Result<Response, Fault> {
    show(&TrackPage {
        ui,
        form: FormState::new(),
    })
}

pub(super) async fn by_code(
    ctx: Ctx,
    ui: Ui,
    visit: Visit,
    fields: Fields,
) -> Result<Response, Fault> {
    let number = fields.get("number").trim().parse::<CaseNumber>();
    let found = match number {
        Ok(number) => ops::track(&ctx, number, fields.get("code"), visit.address()).await,
        // A number that reads as none and a number that is none look alike.
        Err(_) => Err(CaseError::WrongCode),
    };
    match found {
        Ok(case) => progress(&ctx, ui, &case, String::new(), FormState::new()).await,
        Err(error @ (CaseError::WrongCode | CaseError::TooManyTries { .. })) => {
            let mut form = fields.form();
            form.fault("number", read::sentence(&ui, &error, None));
            show_as(error.status(), &TrackPage { form, ui })
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn by_link(
    ctx: Ctx,
    ui: Ui,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    match ops::track_link(&ctx, &token, visit.address()).await {
        Ok(case) => progress(&ctx, ui, &case, answer_path(&token), FormState::new()).await,
        Err(error @ (CaseError::WrongCode | CaseError::TooManyTries { .. })) => {
            let mut form = FormState::new();
            form.fault("number", read::sentence(&ui, &error, None));
            show_as(error.status(), &TrackPage { form, ui })
        }
        Err(error) => Err(error.into()),
    }
}

fn answer_path(token: &str) -> String {
    format!("/track/link/{token}/answer")
}

/// POST /track/link/{token}/answer — the requester answers what the unit asked.
pub(super) async fn answer(
    ctx: Ctx,
    ui: Ui,
    visit: Visit,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Fault> {
    let back = format!("/track/link/{token}");
    match ops::answer_by_link(&ctx, &token, fields.get("answer"), visit.address()).await {
        Ok(_) => Ok(Go::to(back)
            .saying(Tone::Good, ui.t("cases-answered"))
            .into_response()),
        Err(error @ CaseError::Rule { .. }) => {
            let case = ops::track_link(&ctx, &token, visit.address()).await?;
            let mut form = fields.form();
            let label = ui.t("cases-field-answer");
            form.fault("answer", read::sentence(&ui, &error, Some(&label)));
            progress(&ctx, ui, &case, answer_path(&token), form).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn progress(
    ctx: &Ctx,
    ui: Ui,
    case: &Case,
    answer_to: String,
    form: FormState,
) -> Result<Response, Fault> {
    let kept = ops::requester::kept_of(ctx, case).await?;
    let record = Record::new(&ui, &kept);
    let city = ctx.service::<Cases>().city();
    show(&ProgressPage {
        record,
        pictures: pictures_for_requester(ctx, &ui, case).await?,
        answer_to,
        form,
        ..ProgressPage::new(ui, &city, case)
    })
}

impl ProgressPage {
    /// What a requester sees of the own case.
    pub fn new(ui: Ui, city: &City, case: &Case) -> Self {
        let is_open = !case.state.is_final();
        // words: cases-stands-*, cases-satisfaction-*
        let stands = ui.t(&format!(
            "cases-stands-{}",
            case.state.as_str().replace('_', "-")
        ));
        let satisfaction = case
            .call_back
            .as_ref()
            .filter(|c| c.satisfaction != Satisfaction::Unknown);
        let satisfaction = satisfaction
            .map(|c| ui.t(&format!("cases-satisfaction-{}", c.satisfaction.as_str())))
            .unwrap_or_default();
        Self {
            number: case.number.to_string(),
            stands,
            reason: case
                .reason
                .clone()
                .or_else(|| {
                    case.merged_into
                        .map(|n| ui.tn("cases-merged-into", "number", n.to_string().as_str()))
                })
                .unwrap_or_default(),
            due: case
                .due_at
                .filter(|_| is_open && case.handled_at.is_none())
                .map(|at| ui.time(at))
                .unwrap_or_default(),
            steps: steps(&ui, case),
            matter: case
                .matter
                .and_then(|m| city.matter(m))
                .map(|c| c.name(ui.lang.tag()).to_owned())
                .unwrap_or_default(),
            description: case.description.clone(),
            address: super::line::place_text(city, &case.place),
            unit: unit_name(&ui, city, case.unit),
            closing: case.closing.clone().unwrap_or_default(),
            satisfaction,
            question: case.question.clone().unwrap_or_default(),
            answer_to: String::new(),
            form: FormState::new(),
            pictures: Vec::new(),
            record: Record::default(),
            ui,
        }
    }
}

/// How far each state is on the way; states off the way end it where they are.
fn position(state: State) -> usize {
    match state {
        State::PendingVerify | State::PendingAccept | State::SelfHandledAudit => 1,
        State::PendingRegister => 2,
        State::PendingDispatch | State::Coordinating => 3,
        State::PendingSign | State::Handling | State::Suspended | State::Waiting => 4,
        State::PendingCheck | State::PendingClose => 5,
        _ => 6,
    }
}

/// The steps of the way with what is known of each. A case that ended early shows what was done, then its end.
pub(super) fn steps(ui: &Ui, case: &Case) -> Vec<Step> {
    let at = position(case.state);
    let is_over = case.state.is_final();
    let note = |time: Option<Timestamp>| time.map(|t| ui.time(t)).unwrap_or_default();
    let way = [
        ("cases-step-reported", Some(case.reported_at)),
        ("cases-step-accepted", case.accepted_at),
        ("cases-step-registered", case.registered_at),
        ("cases-step-dispatched", case.dispatched_at),
        ("cases-step-handled", case.handled_at),
    ];
    // words: cases-step-*
    let mut steps: Vec<Step> = Vec::new();
    for (n, (key, time)) in way.into_iter().enumerate() {
        let is_done = if is_over { time.is_some() } else { n < at };
        if is_over && !is_done {
            continue;
        }
        let state = match n {
            _ if is_done => StepState::Done,
            n if n == at => StepState::Current,
            _ => StepState::Next,
        };
        // A rework begins handling again: an earlier end of handling is not shown as this one's.
        steps.push(Step {
            label: ui.t(key),
            note: if is_done { note(time) } else { Html::default() },
            state,
        });
    }
    let (key, state) = match case.state {
        State::Closed | State::SelfHandled => ("cases-step-closed", StepState::Done),
        _ if is_over => ("cases-step-ended", StepState::Done),
        _ if at == 5 => ("cases-step-closed", StepState::Current),
        _ => ("cases-step-closed", StepState::Next),
    };
    steps.push(Step {
        label: ui.t(key),
        note: note(case.closed_at),
        state,
    });
    steps
}
