//! GET and POST /track — number and code; GET /track/link/{token} — the private link. How the own matter goes on, the written
//! answer, and by the link: answer a question, rate, have it done again, add something.

use super::line::{due_mark, unit_name};
use super::pictures::{Picture, pictures_for_requester};
use super::read;
use super::requester::Record;
use crate::lists::{ListKind, Lists};
use crate::model::{Case, Satisfaction, State};
use crate::moves::Act;
use crate::ops::{self, CaseError, Proof, Tracked};
use crate::rules::{FairCommand, Refusal};
use crate::service::Cases;
use access::{Ctx, Fault, Fields, Go, Path, Problem as _, Visit, show, show_as};
use askama::Template;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use kernel::codes::CaseNumber;
use matters::City;
use ui::{Choice, FormState, Html, Step, StepState, Tone, Ui};

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
    /// What happens next, and by when, before there is a deadline; empty after.
    pub next: String,
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
    /// The written answer, part by part; empty before it went out.
    pub reply: Vec<ReplyPart>,
    /// When the answer went out, and whether it was made of the record.
    pub reply_note: String,
    /// May be rated by the link.
    pub may_rate: bool,
    /// Until when it may be reopened by the link; empty if not.
    pub reopen_until: String,
    /// May add something by the link.
    pub may_add: bool,
    /// What may be missing.
    pub missing: Vec<Choice>,
    /// How content one may be.
    pub satisfactions: Vec<Choice>,
    /// Yes and no.
    pub yes_no: Vec<Choice>,
    /// What was wrong with what was sent.
    pub form: FormState,
    /// What was seen and what it looks like now.
    pub pictures: Vec<Picture>,
    /// What is kept of the requester and who looked.
    pub record: Record,
}

/// One part of an answer.
pub(super) struct ReplyPart {
    /// What it is.
    pub label: String,
    /// Its words.
    pub text: String,
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
        Ok(case) => progress(&ctx, ui, case, "", FormState::new()).await,
        Err(error @ (CaseError::WrongCode | CaseError::TooManyTries { .. })) => {
            let mut form = fields.form();
            form.fault("number", read::sentence(&ui, &error, None));
            again(ui, form, &error)
        }
        Err(error) => Err(error.into()),
    }
}

/// The form again, with the time after which the next try is taken where tries are used up.
fn again(ui: Ui, form: FormState, error: &CaseError) -> Result<Response, Fault> {
    let mut response = show_as(error.status(), &TrackPage { form, ui })?;
    if let Some(seconds) = error.retry_after_s() {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

/// Where the own case stands and is acted on, and what shows that it is the reader's own.
pub(super) struct Door<'d> {
    pub proof: Proof<'d>,
    pub address: String,
}

fn door<'t>(token: &'t str, visit: &Visit) -> Door<'t> {
    Door {
        proof: Proof::Link {
            token,
            client: visit.address(),
        },
        address: format!("/track/link/{token}"),
    }
}

pub(super) async fn by_link(
    ctx: Ctx,
    ui: Ui,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let door = door(&token, &visit);
    match door.proof.case(&ctx).await {
        Ok(case) => progress(&ctx, ui, case, &door.address, FormState::new()).await,
        Err(error @ (CaseError::WrongCode | CaseError::TooManyTries { .. })) => {
            let mut form = FormState::new();
            form.fault("number", read::sentence(&ui, &error, None));
            again(ui, form, &error)
        }
        Err(error) => Err(error.into()),
    }
}

/// POST /track/link/{token}/answer — the requester answers what the unit asked.
pub(super) async fn answer(
    ctx: Ctx,
    ui: Ui,
    visit: Visit,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Fault> {
    answered(&ctx, ui, &door(&token, &visit), &fields).await
}

/// POST /track/link/{token}/rate — the requester says how it went.
pub(super) async fn rate(
    ctx: Ctx,
    ui: Ui,
    visit: Visit,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Fault> {
    rated(&ctx, ui, &door(&token, &visit), &fields).await
}

/// POST /track/link/{token}/reopen — the requester asks that it is done again.
pub(super) async fn reopen(
    ctx: Ctx,
    ui: Ui,
    visit: Visit,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Fault> {
    reopened(&ctx, ui, &door(&token, &visit), &fields).await
}

/// POST /track/link/{token}/message — the requester adds something.
pub(super) async fn message(
    ctx: Ctx,
    ui: Ui,
    visit: Visit,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Fault> {
    added(&ctx, ui, &door(&token, &visit), &fields).await
}

/// The own case, behind its door.
pub(super) async fn own(ctx: &Ctx, ui: Ui, door: &Door<'_>) -> Result<Response, Fault> {
    let case = door.proof.case(ctx).await?;
    progress(ctx, ui, case, &door.address, FormState::new()).await
}

/// The requester answers what the unit asked.
pub(super) async fn answered(
    ctx: &Ctx,
    ui: Ui,
    door: &Door<'_>,
    fields: &Fields,
) -> Result<Response, Fault> {
    let done = ops::answer(ctx, door.proof, fields.get("answer")).await;
    let said = ui.t("cases-answered");
    after(ctx, ui, door, (fields, "answer"), done, said).await
}

/// The requester says how it went.
pub(super) async fn rated(
    ctx: &Ctx,
    ui: Ui,
    door: &Door<'_>,
    fields: &Fields,
) -> Result<Response, Fault> {
    let yes_no = |name| match fields.get(name) {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let done = match fields.get("satisfaction").parse::<Satisfaction>() {
        Ok(satisfaction) => {
            let command = FairCommand::Rate {
                contacted: yes_no("contacted"),
                solved: yes_no("solved"),
                satisfaction,
                missing: fields.all("missing").map(str::to_owned).collect(),
                note: fields.get("note").to_owned(),
            };
            ops::rate(ctx, door.proof, command).await
        }
        Err(_) => Err(CaseError::Rule {
            act: Act::Rate,
            refusal: Refusal::Missing {
                field: "satisfaction",
            },
        }),
    };
    let said = ui.t("cases-rated");
    after(ctx, ui, door, (fields, "satisfaction"), done, said).await
}

/// The requester asks that it is done again.
pub(super) async fn reopened(
    ctx: &Ctx,
    ui: Ui,
    door: &Door<'_>,
    fields: &Fields,
) -> Result<Response, Fault> {
    let done = ops::reopen(ctx, door.proof, fields.get("reason")).await;
    let said = ui.t("cases-reopened-done");
    after(ctx, ui, door, (fields, "reason"), done, said).await
}

/// The requester adds something.
pub(super) async fn added(
    ctx: &Ctx,
    ui: Ui,
    door: &Door<'_>,
    fields: &Fields,
) -> Result<Response, Fault> {
    let done = ops::add_message(ctx, door.proof, fields.get("message")).await;
    let said = ui.t("cases-message-done");
    after(ctx, ui, door, (fields, "message"), done, said).await
}

/// Back to the own page with a word of thanks, or with what was wrong beside its field.
async fn after(
    ctx: &Ctx,
    ui: Ui,
    door: &Door<'_>,
    (fields, field): (&Fields, &'static str),
    done: Result<Case, CaseError>,
    said: String,
) -> Result<Response, Fault> {
    match done {
        Ok(_) => Ok(Go::to(&door.address)
            .saying(Tone::Good, said)
            .into_response()),
        Err(error @ (CaseError::Rule { .. } | CaseError::Field { .. })) => {
            let case = door.proof.case(ctx).await?;
            let mut form = fields.form();
            // words: cases-field-*
            let label = ui.t(&format!("cases-field-{field}"));
            form.fault(field, read::sentence(&ui, &error, Some(&label)));
            progress(ctx, ui, case, &door.address, form).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The page of the own case. Without an address to act on (by the code) it is looked at only.
async fn progress(
    ctx: &Ctx,
    ui: Ui,
    case: Case,
    acts: &str,
    form: FormState,
) -> Result<Response, Fault> {
    let kept = ops::requester::kept_of(ctx, &case).await?;
    let record = Record::new(&ui, &kept);
    let cases = ctx.service::<Cases>();
    let (city, lists) = (cases.city(), cases.lists(ctx).await?);
    let pictures = pictures_for_requester(ctx, &ui, &case).await?;
    let tracked = ops::tracked(ctx, case).await?;
    let page = ProgressPage::new(ui, &city, &lists, &tracked, !acts.is_empty());
    show(&ProgressPage {
        record,
        pictures,
        answer_to: acts.to_owned(),
        form,
        ..page
    })
}

impl ProgressPage {
    /// What a requester sees of the own case.
    pub fn new(ui: Ui, city: &City, lists: &Lists, tracked: &Tracked, may_act: bool) -> Self {
        let (own, case) = (&tracked.own, &tracked.end);
        let is_open = !case.state.is_final();
        // words: cases-stands-*, cases-satisfaction-*
        let stands = ui.t(&format!(
            "cases-stands-{}",
            case.state.as_str().replace('_', "-")
        ));
        let satisfaction = own
            .call_back
            .as_ref()
            .filter(|c| c.satisfaction != Satisfaction::Unknown);
        let satisfaction = satisfaction
            .map(|c| ui.t(&format!("cases-satisfaction-{}", c.satisfaction.as_str())))
            .unwrap_or_default();
        // A rating that was reviewed out of the rates is not left out behind the back of whoever gave it.
        let satisfaction = match own.left_out().filter(|_| !satisfaction.is_empty()) {
            Some(reason) => {
                let reason = lists.name(ListKind::Exclusion, reason, ui.lang.tag());
                let said = satisfaction.as_str();
                ui.t2(
                    "cases-said-left-out",
                    "said",
                    said,
                    "reason",
                    reason.as_str(),
                )
            }
            None => satisfaction,
        };
        Self {
            number: own.number.to_string(),
            stands,
            reason: case
                .reason
                .clone()
                .or_else(|| {
                    own.merged_into
                        .map(|n| ui.tn("cases-merged-into", "number", n.to_string().as_str()))
                })
                .unwrap_or_default(),
            due: case
                .due_at
                .filter(|_| is_open && case.handled_at.is_none())
                .map(|at| due_mark(&ui, at, case.provisional))
                .unwrap_or_default(),
            next: super::report::next_promise(&ui, case),
            steps: steps(&ui, case),
            matter: case
                .matter
                .and_then(|m| city.matter(m))
                .map(|c| c.name(ui.lang.tag()).to_owned())
                .unwrap_or_default(),
            description: own.description.clone(),
            address: super::line::place_text(city, &own.place, ui.lang),
            unit: unit_name(&ui, city, case.unit),
            closing: case.closing.clone().unwrap_or_default(),
            satisfaction,
            // Nobody but whoever reported it is asked.
            question: own.question.clone().unwrap_or_default(),
            answer_to: String::new(),
            reply: reply(&ui, case),
            reply_note: reply_note(&ui, case),
            may_rate: may_act && tracked.may_rate,
            reopen_until: tracked
                .reopen_until
                .filter(|_| may_act)
                .map(|at| ui.time_text(at))
                .unwrap_or_default(),
            may_add: may_act && tracked.may_add,
            missing: lists
                .active(ListKind::Missing)
                .map(|e| Choice::new(e.code.clone(), e.name(ui.lang.tag())))
                .collect(),
            satisfactions: [
                Satisfaction::Satisfied,
                Satisfaction::Acceptable,
                Satisfaction::Dissatisfied,
            ]
            .iter()
            .map(|s| {
                Choice::new(
                    s.as_str(),
                    ui.t(&format!("cases-satisfaction-{}", s.as_str())),
                )
            })
            .collect(),
            yes_no: vec![
                Choice::new("yes", ui.t("cases-yes")),
                Choice::new("no", ui.t("cases-no")),
            ],
            form: FormState::new(),
            pictures: Vec::new(),
            record: Record::default(),
            ui,
        }
    }
}

/// The answer part by part, in the reader's language where it has one.
fn reply(ui: &Ui, case: &Case) -> Vec<ReplyPart> {
    let Some(sent) = &case.record.answer else {
        return Vec::new();
    };
    let parts = ops::parts_in(&sent.answer, ui.lang.tag());
    // words: cases-part-*
    parts
        .named()
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| ReplyPart {
            label: ui.t(&format!("cases-part-{name}")),
            text: text.to_owned(),
        })
        .collect()
}

fn reply_note(ui: &Ui, case: &Case) -> String {
    case.record
        .answer
        .as_ref()
        .map_or_else(String::new, |sent| {
            let key = if sent.answer.from_record {
                "cases-answer-from-record"
            } else {
                "cases-answer-written"
            };
            ui.tn(key, "time", ui.time_text(sent.at).as_str())
        })
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
        State::Closed | State::SelfHandled | State::AnsweredDirectly => {
            ("cases-step-closed", StepState::Done)
        }
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
