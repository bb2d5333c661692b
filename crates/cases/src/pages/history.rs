//! The life of a case as people read it: what happened, when, by whom, in which words.

use super::line::{edition_words, limit_words};
use crate::basis::Basis;
use crate::lists::{ListKind, Lists};
use crate::model::{By, Case, CaseEvent, Fact, Imported, JointFact, Moved, TaskKind, Timed};
use access::{AccountId, Role, role_key};
use jiff::Timestamp;
use matters::City;
use std::collections::HashMap;
use ui::{Entry, EntryLink, Ui};

/// Names of accounts by id.
pub type Names = HashMap<AccountId, String>;

/// The accounts that a life names: who acted, and to whom something was given.
pub fn accounts_of(case: &Case, events: &[CaseEvent]) -> Vec<AccountId> {
    let mut ids: Vec<AccountId> = Vec::new();
    for event in events {
        ids.extend(
            event
                .by
                .account
                .filter(|_| event.by.kind == "staff")
                .map(AccountId),
        );
        ids.extend(event.by.on_behalf.map(AccountId));
        match &event.fact {
            Fact::TaskGiven { to, .. } => ids.extend(*to),
            Fact::Assigned { handler } => ids.push(*handler),
            _ => {}
        }
    }
    ids.extend(case.handler);
    ids.extend(case.task.as_ref().and_then(|t| t.assignee));
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Who reads a life.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// Of the handling department only: sees what is missing, not who rated.
    pub is_of_department: bool,
    /// Opens the register of duties.
    pub reads_duties: bool,
}

/// The entries of a life, in order.
pub fn entries(
    ui: &Ui,
    city: &City,
    case: &Case,
    events: &[CaseEvent],
    names: &Names,
    reader: Reader,
    lists: &Lists,
) -> Vec<Entry> {
    let lang = ui.lang.tag();
    events
        .iter()
        .map(|event| {
            let is_hidden = match event.fact {
                Fact::Reported(_) => case.confidential,
                Fact::CalledBack { .. } => reader.is_of_department,
                _ => false,
            };
            let (mut note, tone) = match &event.fact {
                // The unit reads what is missing; not how, nor by whom, it was rated.
                Fact::CalledBack { missing, .. } if reader.is_of_department => (
                    ui.list(&lists.names(ListKind::Missing, missing, lang)),
                    "info",
                ),
                fact => content(ui, city, lists, fact, names),
            };
            if let Some(done_at) = event.done_at {
                let late = ui.tn(
                    "cases-history-done-at",
                    "time",
                    ui.time_text(done_at).as_str(),
                );
                note = [note, late]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" ");
            }
            Entry {
                when: ui.time(event.at),
                what: what(ui, &event.fact),
                who: if is_hidden {
                    String::new()
                } else if is_by_itself(event) {
                    ui.t("cases-by-program")
                } else {
                    who(ui, city, &event.by, names)
                },
                note,
                tone,
                link: link_of(ui, city, &event.fact, reader),
            }
        })
        .collect()
}

/// The line of the register, or the case with the ruling, for which a unit was chosen, where the reader may open it.
fn link_of(ui: &Ui, city: &City, fact: &Fact, reader: Reader) -> Option<EntryLink> {
    let Fact::Dispatched { basis, .. } = fact else {
        return None;
    };
    match Basis::read(basis)? {
        Basis::Duty { duty, .. } if reader.reads_duties => {
            let duty = city.duties.iter().find(|d| d.id == duty)?;
            Some(EntryLink {
                label: ui.t("cases-basis-open-duty"),
                href: matters::duty_link(duty),
            })
        }
        // A department may not see the other case.
        Basis::Ruling { number, .. } if !reader.is_of_department => Some(EntryLink {
            label: ui.t("cases-basis-open-ruling"),
            href: format!("/cases/{number}"),
        }),
        _ => None,
    }
}

/// Why a case went to its unit, in the reader's words; what a person wrote stands as it was written.
fn basis_words(ui: &Ui, city: &City, line: &str) -> String {
    let with = |said: String, more: &str| match more {
        "" => said,
        more => format!("{said} · {more}"),
    };
    match Basis::read(line) {
        None => line.to_owned(),
        Some(Basis::Duty { duty, law, .. }) => {
            let found = city.duties.iter().find(|d| d.id == duty);
            let said = match found.map(|d| matters::duty_words(ui, city, d)) {
                Some([matter, place, unit]) => ui.ta(
                    "cases-basis-duty",
                    &[("matter", &matter), ("place", &place), ("unit", &unit)],
                ),
                None => ui.t("cases-basis-duty-gone"),
            };
            with(said, &law)
        }
        Some(Basis::Ruling { number, reason, .. }) => {
            let number = number.to_string();
            with(ui.tn("cases-basis-ruling", "number", number), &reason)
        }
        Some(Basis::FirstReceiver) => ui.t("cases-why-first"),
        Some(Basis::Territory(division)) => ui.tn(
            "cases-why-territory",
            "place",
            city.territory.name_in(division, ui.lang),
        ),
        Some(Basis::City) => ui.t("cases-why-city"),
    }
}

/// A task that nobody of the desk gave came of the report, or of the unit's answer, by the rules.
fn is_by_itself(event: &CaseEvent) -> bool {
    let by = &event.by;
    let is_of_desk = matches!(
        by.role,
        Some(Role::Acceptor | Role::ShiftLeader | Role::Collector | Role::Checker)
    );
    matches!(event.fact, Fact::TaskGiven { .. }) && (by.kind != "staff" || !is_of_desk)
}

/// Whoever made an event: role, name, unit.
pub fn who(ui: &Ui, city: &City, by: &By, names: &Names) -> String {
    let role = by.role.map(|r| ui.t(role_key(r)));
    match by.kind.as_str() {
        "staff" => {
            let name = by.account.and_then(|a| names.get(&AccountId(a))).cloned();
            let unit = by
                .unit
                .and_then(|u| city.unit(u))
                .map(|u| u.name(ui.lang.tag()).to_owned());
            // A deputy acts under the own name, in a colleague's place.
            let name = match by.on_behalf.and_then(|a| names.get(&AccountId(a))) {
                Some(away) => {
                    let (name, away) = (name.unwrap_or_default(), away.as_str());
                    Some(ui.t2("cases-by-deputy", "name", name.as_str(), "away", away))
                }
                None => name,
            };
            let parts: Vec<String> = [role.or_else(|| Some(ui.t("cases-by-staff"))), name, unit]
                .into_iter()
                .flatten()
                .collect();
            parts.join(" · ")
        }
        "resident" => role.unwrap_or_else(|| ui.t(role_key(Role::Resident))),
        "stranger" => ui.t("cases-by-stranger"),
        _ => ui.t("cases-by-program"),
    }
}

/// What happened, in a few words.
pub(super) fn what(ui: &Ui, fact: &Fact) -> String {
    let key = match fact {
        Fact::Reported(r) if r.self_handled.is_some() => "cases-event-reported-handled",
        Fact::Reported(_) => "cases-event-reported",
        Fact::Imported(_) => "cases-event-imported",
        Fact::ImportUpdated { .. } => "cases-event-import-updated",
        Fact::Verified { .. } => "cases-event-verified",
        Fact::VerifyLapsed => "cases-event-verify-lapsed",
        Fact::TaskGiven {
            task: TaskKind::Verify,
            ..
        } => "cases-event-verify-given",
        Fact::TaskGiven {
            task: TaskKind::Check,
            ..
        } => "cases-event-check-given",
        Fact::Accepted { .. } => "cases-event-accepted",
        Fact::NotAccepted { .. } => "cases-event-not-accepted",
        Fact::Corrected { .. } => "cases-event-corrected",
        Fact::Registered { .. } => "cases-event-registered",
        Fact::NotRegistered { .. } => "cases-event-not-registered",
        Fact::Dispatched { .. } => "cases-event-dispatched",
        Fact::Signed => "cases-event-signed",
        Fact::Returned {
            to_coordinator: true,
            ..
        } => "cases-event-returned-coordinator",
        Fact::Returned { .. } => "cases-event-returned",
        Fact::Ruled { .. } => "cases-event-ruled",
        Fact::Assigned { .. } => "cases-event-assigned",
        Fact::ExtensionRequested { .. } => "cases-event-extension-requested",
        Fact::ExtensionEndorsed => "cases-event-extension-endorsed",
        Fact::Extended { .. } => "cases-event-extended",
        Fact::ExtensionRefused { .. } => "cases-event-extension-refused",
        Fact::SuspensionRequested { .. } => "cases-event-suspension-requested",
        Fact::Suspended { .. } => "cases-event-suspended",
        Fact::SuspensionRefused { .. } => "cases-event-suspension-refused",
        Fact::Resumed { .. } => "cases-event-resumed",
        Fact::RequesterAsked { .. } => "cases-event-requester-asked",
        Fact::RequesterAnswered { .. } => "cases-event-requester-answered",
        Fact::WaitLapsed { .. } => "cases-event-wait-lapsed",
        Fact::Recomputed(_) => "cases-event-recomputed",
        Fact::ReportedBack { .. } => "cases-event-reported-back",
        Fact::Checked { passed: true, .. } => "cases-event-check-passed",
        Fact::Checked { .. } => "cases-event-check-failed",
        Fact::CheckLapsed { .. } => "cases-event-check-lapsed",
        Fact::Closed { .. } => "cases-event-closed",
        Fact::CalledBack { .. } => "cases-event-called-back",
        Fact::VoidRequested { .. } => "cases-event-void-requested",
        Fact::VoidRefused { .. } => "cases-event-void-refused",
        Fact::Voided { .. } => "cases-event-voided",
        Fact::Merged { .. } => "cases-event-merged",
        Fact::Unmerged => "cases-event-unmerged",
        Fact::SelfHandlingConfirmed => "cases-event-self-handling-confirmed",
        Fact::Noted { .. } => "cases-event-noted",
        Fact::NatureSet { .. } => "cases-event-nature-set",
        Fact::AnswerDrafted { .. } => "cases-event-answer-drafted",
        Fact::AnswerApproved => "cases-event-answer-approved",
        Fact::AnswerReturned { .. } => "cases-event-answer-returned",
        Fact::AnswerSent { answer } if answer.from_record => "cases-event-answer-sent-record",
        Fact::AnswerSent { .. } => "cases-event-answer-sent",
        Fact::AnsweredDirectly => "cases-event-answered-directly",
        Fact::AppealLodged { .. } => "cases-event-appeal-lodged",
        Fact::AppealEndorsed => "cases-event-appeal-endorsed",
        Fact::AppealGranted => "cases-event-appeal-granted",
        Fact::AppealRefused { .. } => "cases-event-appeal-refused",
        Fact::ExclusionAsked { .. } => "cases-event-exclusion-asked",
        Fact::ExclusionGranted => "cases-event-exclusion-granted",
        Fact::ExclusionRefused { .. } => "cases-event-exclusion-refused",
        Fact::Reopened { .. } => "cases-event-reopened",
        Fact::RequesterAdded { .. } => "cases-event-requester-added",
        Fact::Joined { .. } => "cases-event-joined",
        Fact::Parted { .. } => "cases-event-parted",
        Fact::CallRenewed => "cases-event-call-renewed",
        Fact::Joint(fact) => joint_key(fact),
    };
    ui.t(key)
}

/// The word of an event as the API names it (`accepted`), as people read it.
pub fn event_word(ui: &Ui, word: &str) -> String {
    // words: cases-event-*
    let key = format!("cases-event-{}", word.replace('_', "-"));
    match word {
        "task_given" => ui.t("cases-event-task-given"),
        "checked" => ui.t("cases-event-checked"),
        _ => ui.t(&key),
    }
}

fn content(
    ui: &Ui,
    city: &City,
    lists: &Lists,
    fact: &Fact,
    names: &Names,
) -> (String, &'static str) {
    let lang = ui.lang.tag();
    let matter = |id| {
        city.matter(id)
            .map(|c| c.name(ui.lang.tag()).to_owned())
            .unwrap_or_default()
    };
    let unit = |id| {
        city.unit(id)
            .map(|u| u.name(ui.lang.tag()).to_owned())
            .unwrap_or_default()
    };
    let name = |id: &AccountId| names.get(id).cloned().unwrap_or_default();
    // words: cases-due-*
    let due = |at: &Option<Timestamp>, provisional: bool| {
        let key = if provisional {
            "cases-due-by-provisional"
        } else {
            "cases-due"
        };
        at.map(|at| ui.tn(key, "time", ui.time_text(at)))
            .unwrap_or_default()
    };
    let lines = |parts: Vec<String>| {
        parts
            .into_iter()
            .filter(|p| !p.is_empty())
            .collect::<Vec<_>>()
            .join(" · ")
    };
    match fact {
        Fact::Reported(r) => (r.self_handled.clone().unwrap_or_default(), "info"),
        Fact::Imported(i) => (imported(ui, i), "info"),
        Fact::ImportUpdated { new, .. } => (imported(ui, new), "info"),
        Fact::Verified { outcome, note, .. } => {
            // words: cases-verify-*
            let found = ui.t(&format!(
                "cases-verify-{}",
                outcome.as_str().replace('_', "-")
            ));
            (lines(vec![found, note.clone()]), "info")
        }
        Fact::VerifyLapsed => (String::new(), "warn"),
        Fact::CheckLapsed { due_at, .. } => {
            (ui.tn("cases-due", "time", ui.time_text(*due_at)), "warn")
        }
        Fact::TaskGiven { to, due_at, .. } => {
            let to = to.as_ref().map_or_else(|| ui.t("cases-pool"), name);
            (
                lines(vec![to, ui.tn("cases-due", "time", ui.time_text(*due_at))]),
                "info",
            )
        }
        Fact::Accepted { matter: id, urgent } => (
            lines(vec![
                matter(*id),
                if *urgent {
                    ui.t("cases-urgent")
                } else {
                    String::new()
                },
            ]),
            "good",
        ),
        Fact::NotAccepted { reason } | Fact::NotRegistered { reason } | Fact::Voided { reason } => {
            (reason.clone(), "bad")
        }
        Fact::VoidRequested { reason, .. }
        | Fact::VoidRefused { reason }
        | Fact::ExtensionRequested { reason }
        | Fact::ExtensionRefused { reason }
        | Fact::SuspensionRefused { reason }
        | Fact::Returned {
            reason,
            late: false,
            ..
        } => (reason.clone(), "warn"),
        Fact::Returned { reason, .. } => (
            lines(vec![reason.clone(), ui.t("cases-returned-late")]),
            "bad",
        ),
        Fact::SuspensionRequested { reason, until } => (
            lines(vec![
                reason.clone(),
                ui.tn("cases-until", "time", ui.time_text(*until)),
            ]),
            "warn",
        ),
        Fact::Suspended { until } => (ui.tn("cases-until", "time", ui.time_text(*until)), "warn"),
        Fact::RequesterAsked {
            question, until, ..
        } => (
            lines(vec![
                question.clone(),
                ui.tn("cases-until", "time", ui.time_text(*until)),
            ]),
            "info",
        ),
        Fact::Extended {
            due_at,
            provisional,
        } => (due(&Some(*due_at), *provisional), "info"),
        Fact::Resumed {
            due_at,
            provisional,
        }
        | Fact::WaitLapsed {
            due_at,
            provisional,
        } => (due(due_at, *provisional), "info"),
        Fact::RequesterAnswered {
            text,
            how,
            due_at,
            provisional,
        } => (
            lines(vec![text.clone(), how.clone(), due(due_at, *provisional)]),
            "good",
        ),
        Fact::Recomputed(said) => {
            let told = |m: &Moved| {
                let now = if m.provisional {
                    ui.tn("cases-time-provisional", "time", ui.time_text(m.due_at))
                } else {
                    ui.time_text(m.due_at)
                };
                let was = ui.time_text(m.was_due_at);
                ui.ta(
                    "cases-recomputed-said",
                    &[
                        ("was", &was.as_str()),
                        ("now", &now.as_str()),
                        ("calendar", &said.calendar.as_str()),
                    ],
                )
            };
            // words: cases-recomputed-*
            let of = |key: &str, moved: &Option<Moved>| {
                moved
                    .as_ref()
                    .map(|m| ui.tn(key, "said", told(m)))
                    .unwrap_or_default()
            };
            let clock = said.handling.as_ref().or(said.stage.as_ref());
            let mut all = vec![
                clock.map(told).unwrap_or_default(),
                said.task
                    .as_ref()
                    .map(|t| {
                        let key = match t.task {
                            TaskKind::Verify => "cases-recomputed-verify",
                            TaskKind::Check => "cases-recomputed-check",
                        };
                        ui.tn(key, "said", told(&t.moved))
                    })
                    .unwrap_or_default(),
                of("cases-recomputed-wait", &said.wait),
                of("cases-recomputed-claim", &said.claim),
            ];
            all.extend(said.parts.iter().map(|p| {
                let no = ui.tn("cases-part-no", "n", i64::from(p.part));
                format!("{no} · {}", told(&p.moved))
            }));
            all.retain(|line| !line.is_empty());
            (all.join("\n"), "warn")
        }
        Fact::Corrected { matter: id, place } => {
            let place = place
                .as_ref()
                .and_then(|p| p.address.clone())
                .unwrap_or_default();
            (
                lines(vec![id.map(matter).unwrap_or_default(), place]),
                "info",
            )
        }
        Fact::Registered { standard } => {
            let limit = standard
                .limit
                .map_or_else(|| ui.t("cases-no-limit"), |l| limit_words(ui, l));
            let edition = edition_words(ui, standard).unwrap_or_default();
            (
                lines(vec![standard.condition.clone(), limit, edition]),
                "good",
            )
        }
        Fact::Dispatched {
            unit: id,
            basis,
            due_at,
            provisional,
        } => (
            lines(vec![
                unit(*id),
                due(due_at, *provisional),
                basis_words(ui, city, basis),
            ]),
            "info",
        ),
        Fact::Ruled { unit: id, reason } => (lines(vec![unit(*id), reason.clone()]), "info"),
        Fact::Assigned { handler } => (name(handler), "info"),
        Fact::ReportedBack { result, .. } => (result.clone(), "good"),
        Fact::Checked { passed, note, .. } => (note.clone(), if *passed { "good" } else { "bad" }),
        Fact::Closed { closing } => (closing.clone(), "good"),
        Fact::CalledBack {
            contacted,
            solved,
            satisfaction,
            missing,
            note,
            ..
        } => {
            // words: cases-said-*
            let answer = |key, said: &Option<bool>| {
                said.map(|yes| {
                    ui.tn(
                        key,
                        "answer",
                        if yes {
                            ui.t("cases-yes")
                        } else {
                            ui.t("cases-no")
                        },
                    )
                })
                .unwrap_or_default()
            };
            // words: cases-satisfaction-*
            let rated = ui.t(&format!("cases-satisfaction-{}", satisfaction.as_str()));
            (
                lines(vec![
                    rated,
                    answer("cases-said-contacted", contacted),
                    answer("cases-said-solved", solved),
                    ui.list(&lists.names(ListKind::Missing, missing, lang)),
                    note.clone(),
                ]),
                "info",
            )
        }
        Fact::Merged { into, .. } => (into.to_string(), "info"),
        Fact::Noted { text, .. } => (text.clone(), "info"),
        Fact::NatureSet { nature, .. } => (lists.name(ListKind::Nature, nature, lang), "info"),
        Fact::AnswerDrafted { answer } | Fact::AnswerSent { answer } => {
            let parts = crate::ops::parts_in(answer, lang).named();
            let parts = parts.into_iter().map(|(_, text)| text.to_owned());
            let tone = match &fact {
                Fact::AnswerSent { .. } => "good",
                _ => "info",
            };
            (lines(parts.collect()), tone)
        }
        Fact::AnswerReturned { reason }
        | Fact::AppealRefused { reason }
        | Fact::ExclusionRefused { reason } => (reason.clone(), "warn"),
        Fact::AppealLodged {
            count,
            reason,
            evidence,
            ..
        } => {
            let count = lists.name(ListKind::Appeal, count, lang);
            (lines(vec![count, reason.clone(), evidence.clone()]), "warn")
        }
        Fact::ExclusionAsked { reason, words } => {
            let reason = lists.name(ListKind::Exclusion, reason, lang);
            (lines(vec![reason, words.clone()]), "warn")
        }
        Fact::Reopened {
            reason,
            due_at,
            provisional,
            limit,
            ..
        } => {
            let limit = limit.map(|l| limit_words(ui, l)).unwrap_or_default();
            (
                lines(vec![reason.clone(), limit, due(due_at, *provisional)]),
                "bad",
            )
        }
        Fact::RequesterAdded { text } => (text.clone(), "info"),
        Fact::Joined { number, .. } | Fact::Parted { number } => (number.to_string(), "info"),
        Fact::AnswerApproved
        | Fact::AnsweredDirectly
        | Fact::AppealEndorsed
        | Fact::AppealGranted
        | Fact::ExclusionGranted => (String::new(), "good"),
        Fact::Joint(fact) => joint_content(ui, city, fact),
        Fact::Signed
        | Fact::Unmerged
        | Fact::SelfHandlingConfirmed
        | Fact::ExtensionEndorsed
        | Fact::CallRenewed => (String::new(), "info"),
    }
}

fn joint_key(fact: &JointFact) -> &'static str {
    match fact {
        JointFact::HelpAsked { .. } => "cases-event-help-asked",
        JointFact::Split { .. } => "cases-event-split",
        JointFact::PartAnswered { .. } => "cases-event-part-answered",
        JointFact::PartRecalled { .. } => "cases-event-part-recalled",
        JointFact::SharesJoined => "cases-event-shares-joined",
        JointFact::PartsMoved { .. } => "cases-event-parts-moved",
        JointFact::FirstNamed { .. } => "cases-event-first-named",
        JointFact::PartyNamed { .. } => "cases-event-party-named",
        JointFact::Whistled { .. } => "cases-event-whistled",
        JointFact::Claimed { .. } => "cases-event-claimed",
        JointFact::ClaimShown { .. } => "cases-event-claim-shown",
        JointFact::ClaimDropped { .. } => "cases-event-claim-dropped",
        JointFact::ClaimLapsed { .. } => "cases-event-claim-lapsed",
        JointFact::UnitChanged { .. } => "cases-event-unit-changed",
    }
}

fn joint_content(ui: &Ui, city: &City, fact: &JointFact) -> (String, &'static str) {
    let unit = |id: &access::UnitId| {
        let found = city.unit(*id).map(|u| u.name(ui.lang.tag()).to_owned());
        found.unwrap_or_default()
    };
    let part = |n: &u32| ui.tn("cases-part-no", "n", i64::from(*n));
    // words: cases-due-*
    let due = |at: Timestamp, provisional: bool| {
        let key = if provisional {
            "cases-due-by-provisional"
        } else {
            "cases-due"
        };
        ui.tn(key, "time", ui.time_text(at))
    };
    let is_provisional = |timed: &Option<Timed>| timed.as_ref().is_some_and(|t| t.provisional);
    let until = |at: Timestamp, timed: &Option<Timed>| {
        let at = if is_provisional(timed) {
            ui.tn("cases-time-provisional", "time", ui.time_text(at))
        } else {
            ui.time_text(at)
        };
        ui.tn("cases-until", "time", at)
    };
    let join = |words: Vec<String>| words.join(" · ");
    match fact {
        JointFact::HelpAsked {
            part: n,
            unit: of,
            ask,
            due_at,
            provisional,
            ..
        } => (
            join(vec![
                part(n),
                unit(of),
                ask.clone(),
                due(*due_at, *provisional),
            ]),
            "info",
        ),
        JointFact::Split { shares, dues, .. } => {
            let lines = shares.iter().zip(dues).map(|(share, at)| {
                let (of, ask) = (unit(&share.unit), share.ask.clone());
                join(vec![
                    part(&at.part),
                    of,
                    ask,
                    due(at.due_at, at.provisional),
                ])
            });
            (lines.collect::<Vec<_>>().join("\n"), "info")
        }
        JointFact::PartAnswered {
            part: n, answer, ..
        } => (join(vec![part(n), answer.clone()]), "good"),
        JointFact::PartRecalled { part: n, reason } => {
            (join(vec![part(n), reason.clone()]), "warn")
        }
        JointFact::SharesJoined => (String::new(), "good"),
        JointFact::PartsMoved { dues } => {
            let lines = dues
                .iter()
                .map(|d| join(vec![part(&d.part), due(d.due_at, d.provisional)]));
            (lines.collect::<Vec<_>>().join("\n"), "info")
        }
        JointFact::FirstNamed { unit: of, reason }
        | JointFact::ClaimDropped { unit: of, reason } => {
            (join(vec![unit(of), reason.clone()]), "info")
        }
        JointFact::PartyNamed { unit: of } => (unit(of), "info"),
        JointFact::Whistled {
            units,
            ask,
            due_at,
            timed,
            ..
        } => {
            let names: Vec<String> = units.iter().map(unit).collect();
            (
                join(vec![
                    ui.list(&names),
                    ask.clone(),
                    due(*due_at, is_provisional(timed)),
                ]),
                "warn",
            )
        }
        JointFact::Claimed {
            unit: of,
            until: at,
            timed,
        } => (join(vec![unit(of), until(*at, timed)]), "info"),
        JointFact::ClaimShown {
            unit: of, result, ..
        } => (join(vec![unit(of), result.clone()]), "good"),
        JointFact::ClaimLapsed { unit: of } => (unit(of), "warn"),
        JointFact::UnitChanged { from, to, why, .. } => (
            ui.ta(
                "cases-unit-changed",
                &[("from", &unit(from)), ("to", &unit(to)), ("why", why)],
            ),
            "warn",
        ),
    }
}

fn imported(ui: &Ui, i: &Imported) -> String {
    let ended = i
        .closed_at
        .map(|at| ui.tn("cases-imported-ended", "time", ui.time_text(at)))
        .unwrap_or_default();
    [
        ui.t2(
            "cases-imported-from",
            "source",
            i.source.as_str(),
            "row",
            i.row_id.as_str(),
        ),
        ended,
    ]
    .into_iter()
    .filter(|p| !p.is_empty())
    .collect::<Vec<_>>()
    .join(" · ")
}
