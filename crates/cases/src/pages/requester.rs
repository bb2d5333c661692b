//! GET /cases/{number}/requester — what is kept of a requester, who looked at it, and what may be done about it; POST beside it
//! erases, or brings two people together over a confidential report. The same record is part of a requester's own page.

use super::contact::PURPOSES;
use crate::ops::requester::{self, Kept};
use access::{Ctx, Fault, Fields, Go, Path, Permission, Role, role_key, show};
use askama::Template;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use ui::{Choice, Crumb, FormState, Html, Tone, Ui};
use vault::model::{ErasureCause, Look, LookOutcome};

/// One line of what is kept.
pub struct HeldLine {
    /// Which field.
    pub field: String,
    /// What for.
    pub purpose: String,
    /// On which basis.
    pub basis: String,
    /// Until when.
    pub until: Html,
}

/// One look.
pub struct LookLine {
    /// When.
    pub when: Html,
    /// Under which role.
    pub who: String,
    /// What happened, in words.
    pub what: String,
    /// What for.
    pub purpose: String,
}

/// What is kept of a person and who looked at it, as pages show it.
#[derive(Default)]
pub struct Record {
    /// What is kept.
    pub held: Vec<HeldLine>,
    /// Who looked, newest first.
    pub looks: Vec<LookLine>,
    /// 举报 — what the reporter is told first: how the latest request to see who reported it stands; empty without one.
    pub told: String,
}

impl Record {
    /// The lines of a record in the reader's language.
    pub fn new(ui: &Ui, kept: &Kept) -> Self {
        // words: cases-contact-*
        let held = kept.held.iter().map(|h| HeldLine {
            field: ui.t(&format!("cases-contact-{}", h.field)),
            purpose: purpose_word(ui, &h.purpose),
            basis: h.basis.clone(),
            until: match h.retention_until {
                Some(at) => ui.day(at),
                None => Html::from_text(&ui.t("cases-kept-with-case")),
            },
        });
        Self {
            held: held.collect(),
            looks: kept.looks.iter().map(|l| look_line(ui, l)).collect(),
            told: (kept.looks.iter())
                .find_map(|l| told_of(ui, l))
                .unwrap_or_default(),
        }
    }
}

/// The sentence about a step of a request to see who reported in confidence; none for any other look.
fn told_of(ui: &Ui, look: &Look) -> Option<String> {
    let time = ui.time_text(look.at);
    Some(match look.outcome {
        LookOutcome::UnmaskingAsked => ui.tn("cases-unmask-told-asked", "time", time),
        LookOutcome::UnmaskingGranted => ui.tn("cases-unmask-told-granted", "time", time),
        LookOutcome::UnmaskingRefused => ui.tn("cases-unmask-told-refused", "time", time),
        _ => return None,
    })
}

fn look_line(ui: &Ui, look: &Look) -> LookLine {
    // words: cases-looked-*
    LookLine {
        when: ui.time(look.at),
        who: look
            .role
            .parse::<Role>()
            .map_or_else(|_| ui.t("cases-by-program"), |role| ui.t(role_key(role))),
        what: ui.t(&format!(
            "cases-looked-{}",
            look.outcome.as_str().replace('_', "-")
        )),
        purpose: purpose_word(ui, &look.purpose),
    }
}

/// A purpose of the program's own in words; a city's own, or what was given instead, as it stands.
pub(super) fn purpose_word(ui: &Ui, code: &str) -> String {
    // words: cases-purpose-*
    match vault::model::purpose::ALL.contains(&code) {
        true => ui.t(&format!("cases-purpose-{}", code.replace('_', "-"))),
        false => code.to_owned(),
    }
}

/// A request to be shown who made a confidential report.
struct AskedLine {
    id: String,
    when: Html,
    who: String,
    reason: String,
    /// How it stands, in words.
    stands: String,
    /// Whether the reader may be the second person.
    is_open: bool,
}

#[derive(Template)]
#[template(path = "cases_requester.html")]
struct RequesterPage {
    ui: Ui,
    number: String,
    crumbs: Vec<Crumb>,
    /// 张* 138****1234; empty if there is neither.
    masked: String,
    is_confidential: bool,
    is_erased: bool,
    record: Record,
    purposes: Vec<Choice>,
    causes: Vec<Choice>,
    asked: Vec<AskedLine>,
    form: FormState,
}

pub(super) async fn page(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
) -> Result<Response, Fault> {
    let back = format!("/cases/{number}");
    let found = requester::requester(&ctx, number)
        .await
        .map_err(|e| Fault::from(e).back(back))?;
    let now = ctx.now();
    let asked = found.unmaskings.iter().map(|u| AskedLine {
        id: u.id.to_string(),
        when: ui.time(u.asked_at),
        who: u.asked_by.clone().unwrap_or_default(),
        reason: u.reason.clone(),
        stands: stands(&ui, u.granted, u.valid_until, u.is_open(now)),
        is_open: u.is_open(now),
    });
    let page = RequesterPage {
        crumbs: crumbs(&ui, &number.to_string()),
        number: number.to_string(),
        masked: [found.masked.name.as_str(), found.masked.phone.as_str()]
            .join(" ")
            .trim()
            .to_owned(),
        is_confidential: found.masked.is_confidential,
        is_erased: found.masked.is_erased,
        record: Record::new(&ui, &found.kept),
        purposes: purposes(&ui),
        causes: causes(&ui),
        asked: asked.collect(),
        form: FormState::new(),
        ui,
    };
    show(&page)
}

fn crumbs(ui: &Ui, number: &str) -> Vec<Crumb> {
    vec![Crumb {
        label: ui.tn("cases-back-to", "number", number),
        href: format!("/cases/{number}"),
    }]
}

fn purposes(ui: &Ui) -> Vec<Choice> {
    let choice = |code: &&str| Choice::new(*code, purpose_word(ui, code));
    PURPOSES.iter().map(choice).collect()
}

/// The causes that people give; the other one is the program's.
fn causes(ui: &Ui) -> Vec<Choice> {
    vec![
        Choice::new("requested", ui.t("cases-erase-requested")),
        Choice::new("mistake", ui.t("cases-erase-mistake")),
    ]
}

fn stands(ui: &Ui, granted: Option<bool>, valid_until: Option<Timestamp>, is_open: bool) -> String {
    match (granted, valid_until) {
        (Some(true), Some(until)) => ui.tn(
            "cases-unmask-granted",
            "until",
            ui.time_text(until).as_str(),
        ),
        (Some(_), _) => ui.t("cases-unmask-refused"),
        (None, _) if is_open => ui.t("cases-unmask-waiting"),
        (None, _) => ui.t("cases-unmask-lapsed"),
    }
}

pub(super) async fn erase(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
    fields: Fields,
) -> Result<Response, Fault> {
    let back = format!("/cases/{number}/requester");
    let cause: ErasureCause = fields.need("cause")?;
    requester::erase(&ctx, number, cause)
        .await
        .map_err(|e| Fault::from(e).back(back.clone()))?;
    Ok(Go::to(back)
        .saying(Tone::Good, ui.t("cases-erase-done"))
        .into_response())
}

pub(super) async fn ask(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
    fields: Fields,
) -> Result<Response, Fault> {
    let back = format!("/cases/{number}/requester");
    requester::ask_unmasking(&ctx, number, fields.get("reason"))
        .await
        .map_err(|e| Fault::from(e).back(back.clone()))?;
    Ok(Go::to(back)
        .saying(Tone::Good, ui.t("cases-unmask-asked"))
        .into_response())
}

pub(super) async fn decide(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
    fields: Fields,
) -> Result<Response, Fault> {
    let back = format!("/cases/{number}/requester");
    let (request, granted): (Id, bool) = (fields.need("request")?, fields.need("granted")?);
    requester::decide_unmasking(&ctx, number, request, granted)
        .await
        .map_err(|e| Fault::from(e).back(back.clone()))?;
    Ok(Go::to(back)
        .saying(Tone::Good, ui.t("cases-unmask-decided"))
        .into_response())
}

/// The record's routes.
pub(super) fn add(routes: access::Routes) -> access::Routes {
    use axum::http::Method;
    let permission = Permission::PersonalRead;
    routes
        .on(Method::GET, "/cases/{number}/requester", permission, page)
        .on(
            Method::POST,
            "/cases/{number}/requester/erase",
            permission,
            erase,
        )
        .on(
            Method::POST,
            "/cases/{number}/requester/unmaskings",
            permission,
            ask,
        )
        .on(
            Method::POST,
            "/cases/{number}/requester/decide",
            permission,
            decide,
        )
}

#[cfg(test)]
pub(super) fn sample(ui: Ui, is_confidential: bool) -> String {
    use vault::model::{Field, Held, LookOutcome};
    let at: Timestamp = "2026-03-16T02:00:00Z".parse().unwrap();
    let kept = Kept {
        held: vec![Held {
            field: Field::Phone,
            purpose: "handling".into(),
            basis: vault::model::REPORT_BASIS.into(),
            retention_until: None,
            created_at: at,
        }],
        looks: [LookOutcome::Seen, LookOutcome::UnmaskingAsked]
            .map(|outcome| Look {
                at,
                actor_kind: "staff".into(),
                role: "acceptor".into(),
                purpose: "call_back".into(),
                outcome,
                fields: "phone".into(),
            })
            .into(),
    };
    RequesterPage {
        crumbs: crumbs(&ui, "330102-20260316-00001"),
        number: "330102-20260316-00001".into(),
        masked: "张* 138****8000".into(),
        is_confidential,
        is_erased: false,
        record: Record::new(&ui, &kept),
        purposes: purposes(&ui),
        causes: causes(&ui),
        asked: vec![AskedLine {
            id: "018f0000-0000-7000-8000-000000000000".into(),
            when: ui.time(at),
            who: "李值班".into(),
            reason: "核实举报内容需要联系举报人".into(),
            stands: stands(&ui, None, None, true),
            is_open: true,
        }],
        form: FormState::new(),
        ui,
    }
    .render()
    .expect("the template renders")
}

#[cfg(test)]
mod tests {
    use super::*;
    use vault::model::{Field, Held, LookOutcome, purpose};

    #[test]
    fn whatever_is_kept_and_whyever_it_was_looked_at_is_told_in_words() {
        let at: Timestamp = "2026-03-16T02:00:00Z".parse().expect("a time");
        for lang in ui::Lang::ALL {
            let ui = crate::pages::tests::reader(lang);
            for code in purpose::ALL {
                let held = Field::ALL.map(|field| Held {
                    field,
                    purpose: code.into(),
                    basis: vault::model::REPORT_BASIS.into(),
                    retention_until: None,
                    created_at: at,
                });
                let looks = LookOutcome::ALL.map(|outcome| Look {
                    at,
                    actor_kind: "system".into(),
                    role: String::new(),
                    purpose: code.into(),
                    outcome,
                    fields: "phone".into(),
                });
                let (held, looks) = (held.into(), looks.into());
                let record = Record::new(&ui, &Kept { held, looks });
                let kept = record.held.iter().flat_map(|h| [&h.field, &h.purpose]);
                let seen = record.looks.iter().flat_map(|l| [&l.what, &l.purpose]);
                for said in kept.chain(seen) {
                    assert!(!said.contains('⟦') && said != code, "{said}");
                }
            }
        }
    }
}
