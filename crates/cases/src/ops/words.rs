//! The words of an answer that is made of the record, and what steps of nature, answer and fairness name: codes are looked up
//! in the city's lists, free text is masked.

use super::CaseError;
use super::act::{Job, known_code, known_codes};
use crate::lists::{self, ListKind, Lists, Values};
use crate::model::{Case, State};
use crate::moves::Act;
use crate::record::{Answer, AnswerKind, AnswerParts};
use crate::rules::{AnswerCommand, FairCommand, Refusal, answer};
use crate::words::said_by_itself;
use access::UnitId;
use jiff::Timestamp;
use matters::{City, MatterClass};
use ui::Lang;
use vault::ops::Known;

/// What an answer tells besides what the case holds.
#[derive(Clone, Copy, Default)]
struct Told<'a> {
    /// What the unit, or the desk, says it did.
    result: &'a str,
    /// How it was closed.
    closing: &'a str,
    /// Why it was refused.
    reason: &'a str,
    /// The unit of whoever decides, where no unit handles the case; none where that is not known.
    decided_by: Option<UnitId>,
}

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
    let told = Told {
        result: case.record.result.as_deref().unwrap_or_default(),
        closing: if is_refusal { "" } else { told },
        reason: if is_refusal { told } else { "" },
        decided_by: job.actor.unit,
    };
    compose((&job.city, &job.lists), case, kind, told, doors, now)
}

/// The answer for somebody who joins a case that is over and was answered to nobody: how it was closed, or why it was refused
/// and which doors are still open.
pub(super) fn for_a_late_joiner(job: &Job, case: &Case, now: Timestamp) -> Answer {
    let kind = answer::kind_of_ended(case).unwrap_or_default();
    let (reason, doors) = match kind {
        AnswerKind::Refused => {
            let all = job.lists.active(ListKind::Door);
            let reason = case.reason.as_deref().unwrap_or_default();
            (reason, all.map(|d| d.code.clone()).collect())
        }
        _ => ("", Vec::new()),
    };
    let told = Told {
        result: case.record.result.as_deref().unwrap_or_default(),
        closing: case.closing.as_deref().unwrap_or_default(),
        reason,
        // Whoever merges now is not who decided then.
        decided_by: None,
    };
    compose((&job.city, &job.lists), case, kind, told, doors, now)
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
    let told = Told {
        result: case.record.result.as_deref().unwrap_or_default(),
        closing,
        ..Told::default()
    };
    let kind = AnswerKind::Handled;
    Some(compose((city, lists), case, kind, told, Vec::new(), now))
}

/// The answer of a kind: what the city's template makes of the record, and by which rule and by whom it was decided where the
/// template has no words for it.
fn compose(
    (city, lists): (&City, &Lists),
    case: &Case,
    kind: AnswerKind,
    told: Told<'_>,
    doors: Vec<String>,
    now: Timestamp,
) -> Answer {
    let class = case.matter.and_then(|m| city.matter(m));
    let code = class.map(|c| c.code.as_str()).unwrap_or_default();
    let mut answer = match lists.template(kind, code) {
        Some(template) => {
            let values = values((city, lists), case, &told, &doors, now);
            lists::compose(template, kind, &values, doors)
        }
        // A city without a template says what the record says.
        None => {
            let done = [told.result, told.closing, told.reason]
                .into_iter()
                .find(|t| !t.is_empty());
            let parts = AnswerParts {
                done: done.unwrap_or_default().to_owned(),
                ..AnswerParts::default()
            };
            Answer {
                kind,
                en: Some(parts.clone()),
                parts,
                from_record: true,
                doors,
            }
        }
    };
    let english = answer.en.as_mut().map(|en| (Lang::En, en));
    for (lang, parts) in [Some((Lang::Zh, &mut answer.parts)), english]
        .into_iter()
        .flatten()
    {
        if parts.rule.is_empty() {
            parts.rule = rule((city, lists), case, class, kind, lang);
        }
        cite(&mut parts.rule, case, lang);
        if parts.by.is_empty() {
            parts.by = by(city, case, kind, told.decided_by, lang);
        }
    }
    answer
}

/// What the placeholders of a template stand for.
fn values(
    (city, lists): (&City, &Lists),
    case: &Case,
    told: &Told<'_>,
    doors: &[String],
    now: Timestamp,
) -> Values {
    let class = case.matter.and_then(|m| city.matter(m));
    let same = |name, text: &str| (name, text.to_owned(), text.to_owned());
    let unit = case.unit.and_then(|u| city.unit(u));
    let standard = case.standard.as_ref();
    let place = case.place.address.clone().unwrap_or_else(|| {
        let division = case.place.division;
        division.map(|d| city.territory.name(d)).unwrap_or_default()
    });
    let days = lists.rules.reopen_days.to_string();
    let limit = case.limit_of_handling().map(|l| l.to_string());
    let named = |lang: &str, between: &str| lists.names(ListKind::Door, doors, lang).join(between);
    vec![
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
        same("law", law_of(case)),
        same("limit", limit.as_deref().unwrap_or_default()),
        same("result", told.result),
        same("closing", told.closing),
        same("reason", told.reason),
        ("doors", named("zh", "；"), named("en", "; ")),
        same("days", &days),
        same("date", &city.local_date(now).to_string()),
    ]
}

/// Law and clause of the condition that the case was registered under; empty where it names none.
fn law_of(case: &Case) -> &str {
    let standard = case.standard.as_ref();
    let law = standard.and_then(|s| s.legal_basis.as_deref());
    law.map(str::trim).unwrap_or_default()
}

/// The legal basis of the condition, which every answer to a registered case names, whatever the template says.
fn cite(rule: &mut String, case: &Case, lang: Lang) {
    let law = law_of(case);
    if law.is_empty() || rule.contains(law) {
        return;
    }
    let cited = said_by_itself(lang, "cases-answer-rule-law", &[("law", &law)]);
    if !rule.is_empty() && lang == Lang::En {
        rule.push(' ');
    }
    rule.push_str(&cited);
}

/// By which rule a case ends so, where no template says it: the city's rule for such an end, with the class whose conditions it
/// was held against.
fn rule(
    (city, lists): (&City, &Lists),
    case: &Case,
    class: Option<&MatterClass>,
    kind: AnswerKind,
    lang: Lang,
) -> String {
    let said = |key, args: &[(&str, &dyn ui::Arg)]| said_by_itself(lang, key, args);
    let named = class.map(|class| {
        let catalogue = city.matters.catalogue(&class.catalogue);
        let catalogue = catalogue
            .map(|c| [c.standard.trim(), c.version.trim()].join(" "))
            .unwrap_or_default();
        let catalogue = match catalogue.trim() {
            "" => class.catalogue.clone(),
            standard => standard.to_owned(),
        };
        (class.name(lang.tag()), class.code.as_str(), catalogue)
    });
    // words: cases-answer-rule-*
    match (kind, named) {
        (AnswerKind::Refused, Some((matter, code, catalogue))) => said(
            "cases-answer-rule-refused-class",
            &[
                ("matter", &matter),
                ("code", &code),
                ("catalogue", &catalogue),
            ],
        ),
        (AnswerKind::Refused, None) => said("cases-answer-rule-refused", &[]),
        (AnswerKind::Ended, _) => said("cases-answer-rule-ended", &[]),
        (AnswerKind::Direct, _) => match lists.nature_relied_on(case, class) {
            Some(nature) => {
                let nature = nature.name(lang.tag());
                said("cases-answer-rule-direct-nature", &[("nature", &nature)])
            }
            None => said("cases-answer-rule-direct", &[]),
        },
        (AnswerKind::Handled, _) if is_self_handled(case) => {
            said("cases-answer-rule-self-handled", &[])
        }
        (AnswerKind::Handled, Some((matter, code, catalogue))) => said(
            "cases-answer-rule-class",
            &[
                ("matter", &matter),
                ("code", &code),
                ("catalogue", &catalogue),
            ],
        ),
        (AnswerKind::Handled, None) => said("cases-answer-rule-life", &[]),
    }
}

/// By whom, where no template says it: the unit that handles the case, else the unit that decides; never a person.
fn by(
    city: &City,
    case: &Case,
    kind: AnswerKind,
    decided_by: Option<UnitId>,
    lang: Lang,
) -> String {
    // words: cases-answer-by-*
    if kind == AnswerKind::Handled && is_self_handled(case) {
        return said_by_itself(lang, "cases-answer-by-spot", &[]);
    }
    let unit = match kind {
        AnswerKind::Handled => case.unit,
        _ => decided_by,
    };
    match unit.and_then(|u| city.unit(u)) {
        Some(unit) => unit.name(lang.tag()).to_owned(),
        None => said_by_itself(lang, "cases-answer-by-desk", &[]),
    }
}

/// 自处置 — put right on the spot by whoever found it.
fn is_self_handled(case: &Case) -> bool {
    matches!(case.state, State::SelfHandledAudit | State::SelfHandled)
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
            Told {
                result: &parts.done,
                decided_by: job.actor.unit,
                ..Told::default()
            },
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
