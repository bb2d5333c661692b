//! The words of an answer that is made of the record, and what steps of nature, answer and fairness name: codes are looked up
//! in the city's lists, free text is masked.

use super::CaseError;
use super::act::{Job, known_code, known_codes};
use crate::lists::{self, ListKind, Lists, Values};
use crate::model::Case;
use crate::moves::Act;
use crate::record::{Answer, AnswerKind, AnswerParts};
use crate::rules::{AnswerCommand, FairCommand, Refusal, answer};
use jiff::Timestamp;
use matters::City;
use vault::ops::Known;

/// The answer of the city's template for the end that an act makes of a case. `told` is what the act says: how it was closed,
/// or why it was refused.
pub(super) fn at_the_end(
    job: &Job,
    case: &Case,
    act: Act,
    told: &str,
    doors: Vec<String>,
    now: Timestamp,
) -> Answer {
    let kind = match act {
        Act::NotAccept | Act::NotRegister => AnswerKind::Refused,
        Act::Void => AnswerKind::Ended,
        _ => AnswerKind::Handled,
    };
    let is_refusal = kind != AnswerKind::Handled;
    let closing = if is_refusal { "" } else { told };
    let reason = if is_refusal { told } else { "" };
    let result = case.record.result.as_deref().unwrap_or_default();
    compose(
        (&job.city, &job.lists),
        case,
        kind,
        (result, closing, reason),
        doors,
        now,
    )
}

/// The answer for somebody who joins a case that is over and was answered to nobody: how it was closed, or why it was refused
/// and which doors are still open.
pub(super) fn for_a_late_joiner(job: &Job, case: &Case, now: Timestamp) -> Answer {
    let kind = answer::kind_of_ended(case).unwrap_or_default();
    let result = case.record.result.as_deref().unwrap_or_default();
    let closing = case.closing.as_deref().unwrap_or_default();
    let (reason, doors) = match kind {
        AnswerKind::Refused => {
            let all = job.lists.active(ListKind::Door);
            let reason = case.reason.as_deref().unwrap_or_default();
            (reason, all.map(|d| d.code.clone()).collect())
        }
        _ => ("", Vec::new()),
    };
    compose(
        (&job.city, &job.lists),
        case,
        kind,
        (result, closing, reason),
        doors,
        now,
    )
}

/// The answer that goes out when a case is closed and nobody wrote one, for whoever closes it to read first; none where none is
/// owed, or a draft stands.
pub fn answer_of_closing(
    city: &City,
    lists: &Lists,
    case: &Case,
    closing: &str,
    now: Timestamp,
) -> Option<Answer> {
    if !answer::is_owed(case) || case.record.draft.is_some() {
        return None;
    }
    let result = case.record.result.as_deref().unwrap_or_default();
    let told = (result, closing, "");
    let kind = AnswerKind::Handled;
    Some(compose((city, lists), case, kind, told, Vec::new(), now))
}

/// The answer of the city's template of a kind.
fn compose(
    (city, lists): (&City, &Lists),
    case: &Case,
    kind: AnswerKind,
    (result, closing, reason): (&str, &str, &str),
    doors: Vec<String>,
    now: Timestamp,
) -> Answer {
    let class = case.matter.and_then(|m| city.matter(m));
    let code = class.map(|c| c.code.as_str()).unwrap_or_default();
    let Some(template) = lists.template(kind, code) else {
        // A city without a template says what the record says.
        let done = [result, closing, reason]
            .into_iter()
            .find(|t| !t.is_empty());
        let parts = AnswerParts {
            done: done.unwrap_or_default().to_owned(),
            ..AnswerParts::default()
        };
        return Answer {
            kind,
            parts,
            from_record: true,
            doors,
            ..Answer::default()
        };
    };
    let same = |name, text: &str| (name, text.to_owned(), text.to_owned());
    let unit = case.unit.and_then(|u| city.unit(u));
    let standard = case.standard.as_ref();
    let place = case.place.address.clone().unwrap_or_else(|| {
        let division = case.place.division;
        division.map(|d| city.territory.name(d)).unwrap_or_default()
    });
    let days = lists.rules.reopen_days.to_string();
    let limit = case.limit_of_handling().map(|l| l.to_string());
    let named = |lang: &str, between: &str| lists.names(ListKind::Door, &doors, lang).join(between);
    let values: Values = vec![
        same("number", &case.number.to_string()),
        (
            "matter",
            class.map(|c| c.name("zh").to_owned()).unwrap_or_default(),
            class.map(|c| c.name("en").to_owned()).unwrap_or_default(),
        ),
        same("place", &place),
        (
            "unit",
            unit.map(|u| u.name("zh").to_owned()).unwrap_or_default(),
            unit.map(|u| u.name("en").to_owned()).unwrap_or_default(),
        ),
        same("condition", standard.map_or("", |s| s.condition.as_str())),
        same("standard", standard.map_or("", |s| s.code.as_str())),
        same(
            "law",
            standard
                .and_then(|s| s.legal_basis.as_deref())
                .unwrap_or_default(),
        ),
        same("limit", limit.as_deref().unwrap_or_default()),
        same("result", result),
        same("closing", closing),
        same("reason", reason),
        ("doors", named("zh", "；"), named("en", "; ")),
        same("days", &days),
        same("date", &city.local_date(now).to_string()),
    ];
    lists::compose(template, kind, &values, doors)
}

fn masked_parts(parts: AnswerParts, mask: &Known) -> AnswerParts {
    AnswerParts {
        found: mask.mask(&parts.found),
        done: mask.mask(&parts.done),
        rule: mask.mask(&parts.rule),
        by: mask.mask(&parts.by),
        next: mask.mask(&parts.next),
    }
}

/// A command of nature or answer with what the city's list says, and with what the record says where a part was left empty.
pub(super) fn known_reply(
    job: &Job,
    case: &Case,
    command: AnswerCommand,
    mask: &Known,
    now: Timestamp,
) -> Result<AnswerCommand, CaseError> {
    use AnswerCommand as A;
    let law = || case.standard.as_ref()?.legal_basis.clone();
    // What the writer left out is filled in from the template, so that every answer has its five parts; by which rule, where
    // the registration condition names a law.
    let whole = |parts: AnswerParts, kind, doors: &[String]| {
        let parts = masked_parts(parts, mask);
        let made = compose(
            (&job.city, &job.lists),
            case,
            kind,
            (parts.done.as_str(), "", ""),
            doors.to_vec(),
            now,
        )
        .parts;
        let or = |given: String, made: String| if given.trim().is_empty() { made } else { given };
        AnswerParts {
            found: or(parts.found, made.found),
            done: parts.done,
            rule: or(parts.rule, law().unwrap_or(made.rule)),
            by: or(parts.by, made.by),
            next: or(parts.next, made.next),
        }
    };
    Ok(match command {
        A::SetNature { nature, .. } => {
            let entry = known_code(&job.lists, ListKind::Nature, "nature", &nature)?;
            A::SetNature {
                nature: entry.code.clone(),
                confidential: entry.confidential,
            }
        }
        A::DraftAnswer { parts, kind, .. } => {
            let kind = answer::kind_of_draft(case.state, kind);
            let doors = job.lists.active(ListKind::Door);
            let doors: Vec<String> = doors.map(|d| d.code.clone()).collect();
            A::DraftAnswer {
                parts: whole(parts, kind, &doors),
                kind,
                doors,
            }
        }
        A::ReturnAnswer { reason } => A::ReturnAnswer {
            reason: mask.mask(&reason),
        },
        A::AnswerDirectly { parts, .. } => {
            let class = case.matter.and_then(|m| job.city.matter(m));
            let Some(nature) = job.lists.nature_relied_on(case, class) else {
                let (act, refusal) = (Act::AnswerDirectly, Refusal::Missing { field: "nature" });
                return Err(CaseError::Rule { act, refusal });
            };
            A::AnswerDirectly {
                parts: whole(parts, AnswerKind::Direct, &[]),
                direct: nature.direct,
            }
        }
        A::ApproveAnswer => A::ApproveAnswer,
    })
}

/// A command of fairness with its codes checked and its words masked.
pub(super) fn known_fair(
    job: &Job,
    case: &Case,
    command: FairCommand,
    mask: &Known,
) -> Result<FairCommand, CaseError> {
    use FairCommand as F;
    let lists = &job.lists;
    Ok(match command {
        F::LodgeAppeal {
            count,
            reason,
            evidence,
            attachments,
        } => F::LodgeAppeal {
            count: known_code(lists, ListKind::Appeal, "count", &count)?
                .code
                .clone(),
            reason: mask.mask(&reason),
            evidence: mask.mask(&evidence),
            attachments,
        },
        F::RefuseAppeal { reason } => F::RefuseAppeal {
            reason: mask.mask(&reason),
        },
        F::AskExclusion { reason, words } => F::AskExclusion {
            reason: known_code(lists, ListKind::Exclusion, "reason", &reason)?
                .code
                .clone(),
            words: mask.mask(&words),
        },
        F::RefuseExclusion { reason } => F::RefuseExclusion {
            reason: mask.mask(&reason),
        },
        F::Rate {
            contacted,
            solved,
            satisfaction,
            missing,
            note,
        } => F::Rate {
            contacted,
            solved,
            satisfaction,
            missing: known_codes(lists, ListKind::Missing, "missing", missing)?,
            note: mask.mask(&note),
        },
        F::Reopen { reason, .. } => F::Reopen {
            reason: mask.mask(&reason),
            to_dispatch: needs_dispatch(&job.city, case),
        },
        F::AddMessage { text } => F::AddMessage {
            text: mask.mask(&text),
        },
        without_words @ (F::EndorseAppeal
        | F::GrantAppeal
        | F::GrantExclusion
        | F::Join { .. }
        | F::Part { .. }
        | F::RenewCall) => without_words,
    })
}

/// Whether a case that is reopened has to be dispatched: its unit is no longer there.
pub(super) fn needs_dispatch(city: &matters::City, case: &Case) -> bool {
    case.unit.is_none_or(|unit| !city.units.is_in_force(unit))
}
