//! Who is told of what happens to a case. One place, readable by a clerk: an event and whom it concerns.

use crate::model::Holder;
use access::{AccountId, Role, UnitId};
use cases::model::{JointFact, TaskKind};
use cases::{Case, CaseEvent, Fact, State};
use kernel::id::Id;
use matters::City;
use notices::{NewNotice, Place, To};
use serde_json::Value;
use vault::ops::{UnmaskingMove, UnmaskingStep};

/// Names as notices say them: those of the city, in Chinese, as the record has them.
pub struct Names<'a>(pub &'a City);

impl Names<'_> {
    /// The class of a case.
    pub fn matter(&self, case: &Case) -> Place {
        let class = case.matter.and_then(|id| self.0.matter(id));
        named(class.map(|m| (m.name_zh.as_str(), m.name_en.as_deref())))
    }
    /// A unit.
    pub fn unit(&self, unit: Option<UnitId>) -> Place {
        let unit = unit.and_then(|id| self.0.unit(id));
        named(unit.map(|u| (u.name_zh.as_str(), u.name_en.as_deref())))
    }
}

/// A name in both languages; where there is no English one, the one there is.
fn named(names: Option<(&str, Option<&str>)>) -> Place {
    let (zh, en) = names.unwrap_or(("—", None));
    Place::Named {
        zh: zh.to_owned(),
        en: en.unwrap_or(zh).to_owned(),
    }
}

const HEADS_AND_HANDLERS: [Role; 2] = [Role::DepartmentLead, Role::Handler];

fn unit_of(unit: UnitId) -> To {
    To::Unit {
        unit,
        roles: HEADS_AND_HANDLERS.to_vec(),
    }
}

/// Whoever handles the case: the handler that was named, else the unit.
fn handling(case: &Case) -> Option<To> {
    match (case.handler, case.unit) {
        (Some(handler), _) => Some(To::Account(handler)),
        (None, Some(unit)) => Some(unit_of(unit)),
        (None, None) => None,
    }
}

/// Whoever dispatched the case last before an event, else all dispatchers.
fn dispatcher(life: &[CaseEvent], before: u32) -> To {
    let last = life
        .iter()
        .rfind(|e| e.seq < before && matches!(e.fact, Fact::Dispatched { .. }));
    match last.and_then(|e| e.by.account) {
        Some(account) => To::Account(AccountId(account)),
        None => To::Role(Role::Dispatcher),
    }
}

/// Whom the present step of a case waits for.
pub fn holder(case: &Case) -> Option<Holder> {
    Some(match case.state {
        State::PendingVerify | State::PendingCheck => {
            match case.task.as_ref().and_then(|t| t.assignee) {
                Some(worker) => Holder::Account(worker),
                None if case.state == State::PendingCheck => Holder::Role(Role::Checker),
                None => Holder::Role(Role::Collector),
            }
        }
        State::PendingAccept => Holder::Role(Role::Acceptor),
        State::PendingRegister | State::PendingClose | State::SelfHandledAudit => {
            Holder::Role(Role::ShiftLeader)
        }
        State::PendingDispatch => Holder::Role(Role::Dispatcher),
        State::Coordinating => Holder::Role(Role::Leader),
        State::PendingSign | State::Handling => match (case.handler, case.unit) {
            (Some(handler), _) => Holder::Account(handler),
            (None, Some(unit)) => Holder::Unit(unit),
            (None, None) => return None,
        },
        // The clock stands still: there is nothing to remind of.
        State::Suspended | State::Waiting => return None,
        _ => return None,
    })
}

/// The step a case is in, as a key: a person's reminder is said once in each.
pub fn step_key(case: &Case) -> String {
    let round = super::clock::of_round(case);
    format!(
        "{}/d{}w{}r{}{round}",
        case.state, case.dispatches, case.reworks, case.returns
    )
}

/// Whoever did the last thing of a kind before an event: who asked, who drafted.
fn whoever(life: &[CaseEvent], before: u32, did: fn(&Fact) -> bool) -> Option<To> {
    let last = life.iter().rfind(|e| e.seq < before && did(&e.fact))?;
    Some(To::Account(AccountId(last.by.account?)))
}

/// Whoever looks first at a case that was reopened and is with no unit: the desk that had answered it, else the dispatchers.
fn first_after_reopening(life: &[CaseEvent], before: u32) -> To {
    let end = life.iter().rfind(|e| {
        e.seq < before && matches!(e.fact, Fact::Closed { .. } | Fact::AnsweredDirectly)
    });
    match end.map(|e| &e.fact) {
        Some(Fact::AnsweredDirectly) => To::Role(Role::Acceptor),
        _ => To::Role(Role::Dispatcher),
    }
}

/// Whom a requester's message is for: whoever handles the case, else the desk, unless the desk wrote it down itself.
fn reader_of_message(case: &Case, event: &CaseEvent) -> Option<To> {
    let is_handled = case.unit.is_some() && !case.state.is_final();
    match handling(case).filter(|_| is_handled) {
        Some(to) => Some(to),
        None => (event.by.kind != "staff").then_some(To::Role(Role::Acceptor)),
    }
}

/// Who is told of one event of a life, and how. `case` is the case as it is now, `life` its events so far, `approvers` who
/// agrees to answers in this city.
pub fn tell(
    case: &Case,
    life: &[CaseEvent],
    event: &CaseEvent,
    names: &Names<'_>,
    approvers: &[Role],
) -> Vec<NewNotice> {
    let mut told = Vec::new();
    let path = format!("/cases/{}", case.number);
    let number = case.number.to_string();
    let due = |due: Option<jiff::Timestamp>| due.map_or_else(|| Place::from("—"), Place::Time);
    let notice = |kind: &'static str, to: To| {
        NewNotice::new(
            format!("case/{}/{}/{kind}", case.id, event.seq),
            kind,
            to,
            case.district,
            path.clone(),
        )
        .with("number", number.clone())
        .with("matter", names.matter(case))
    };
    // The requester, where a contact was given and it was agreed; a resident with an account reads it in the program.
    let requester =
        |told: &mut Vec<NewNotice>, kind: &'static str, with: &[(&'static str, Place)]| {
            let fill = |mut n: NewNotice| {
                n.places.remove("matter");
                for (name, place) in with {
                    n = n.with(name, place.clone());
                }
                n
            };
            if let Some(subject) = case.subject.filter(|_| case.notify) {
                told.push(fill(notice(kind, To::Requester(subject))));
            }
            let is_resident = life.first().is_some_and(|e| e.by.kind == "resident");
            if let Some(account) = case.reporter.filter(|_| is_resident) {
                let mut own = fill(notice(kind, To::Account(AccountId(account))));
                own.path = "/track".into();
                told.push(own);
            }
        };
    let unit = event.by.unit.or(case.unit);
    match &event.fact {
        Fact::Dispatched { unit, due_at, .. } => {
            told.push(notice("case.dispatched", unit_of(*unit)).with("due", due(*due_at)));
            let is_first = life
                .iter()
                .all(|e| e.seq >= event.seq || !matches!(e.fact, Fact::Dispatched { .. }));
            if is_first {
                let with = [
                    ("matter", names.matter(case)),
                    ("unit", names.unit(Some(*unit))),
                    ("due", due(*due_at)),
                ];
                requester(&mut told, "requester.accepted", &with);
            }
        }
        Fact::NotAccepted { .. } | Fact::NotRegistered { .. } => {
            requester(&mut told, "requester.refused", &[])
        }
        Fact::Assigned { handler } => {
            told.push(notice("case.assigned", To::Account(*handler)).with("due", due(case.due_at)));
        }
        Fact::Returned { to_coordinator, .. } => {
            let (kind, to) = if *to_coordinator {
                ("case.coordinate", To::Role(Role::Leader))
            } else {
                ("case.returned", dispatcher(life, event.seq))
            };
            told.push(notice(kind, to).with("unit", names.unit(event.by.unit)));
        }
        Fact::TaskGiven {
            to: Some(worker),
            due_at,
            task,
            ..
        } => {
            // Whoever takes a task from the pool knows.
            let is_own = event.by.account == Some(worker.0);
            if !is_own {
                debug_assert!(matches!(task, TaskKind::Verify | TaskKind::Check));
                told.push(notice("case.task", To::Account(*worker)).with("due", *due_at));
            }
        }
        Fact::ExtensionRequested { .. } => {
            told.push(
                notice("case.extension_asked", dispatcher(life, event.seq))
                    .with("unit", names.unit(unit)),
            );
        }
        Fact::ExtensionEndorsed => {
            told.push(
                notice("case.extension_endorsed", To::Role(Role::ShiftLeader))
                    .with("unit", names.unit(case.unit)),
            );
        }
        Fact::Extended { due_at, .. } => {
            told.extend(handling(case).map(|to| notice("case.extended", to).with("due", *due_at)));
            requester(
                &mut told,
                "requester.extended",
                &[("due", (*due_at).into())],
            );
        }
        Fact::ExtensionRefused { .. } => {
            told.extend(
                handling(case)
                    .map(|to| notice("case.extension_refused", to).with("due", due(case.due_at))),
            );
        }
        Fact::SuspensionRequested { .. } => {
            told.push(
                notice("case.suspension_asked", dispatcher(life, event.seq))
                    .with("unit", names.unit(unit)),
            );
        }
        Fact::Suspended { until } => {
            told.extend(
                handling(case).map(|to| notice("case.suspended", to).with("until", *until)),
            );
        }
        Fact::SuspensionRefused { .. } => {
            told.extend(
                handling(case)
                    .map(|to| notice("case.suspension_refused", to).with("due", due(case.due_at))),
            );
        }
        Fact::RequesterAsked { until, .. } => {
            requester(&mut told, "requester.asked", &[("until", (*until).into())])
        }
        Fact::Resumed { due_at, .. }
        | Fact::RequesterAnswered { due_at, .. }
        | Fact::WaitLapsed { due_at, .. } => {
            told.extend(
                handling(case).map(|to| notice("case.resumed", to).with("due", due(*due_at))),
            );
        }
        Fact::Checked {
            passed: false,
            due_at,
            ..
        } => {
            told.extend(
                handling(case).map(|to| notice("case.rework", to).with("due", due(*due_at))),
            );
        }
        Fact::Ruled { unit, .. } => told.push(notice("case.ruled", unit_of(*unit))),
        Fact::Reopened {
            to_dispatch: true, ..
        } => told.push(notice(
            "case.reopened_unplaced",
            first_after_reopening(life, event.seq),
        )),
        Fact::Reopened { due_at, .. } => {
            told.extend(
                handling(case).map(|to| notice("case.reopened", to).with("due", due(*due_at))),
            );
        }
        Fact::VoidRequested { .. } => {
            told.push(notice("case.void_asked", To::Role(Role::ShiftLeader)));
        }
        Fact::RequesterAdded { .. } => {
            told.extend(
                reader_of_message(case, event).map(|to| notice("case.requester_added", to)),
            );
        }
        // What the desk drafts has no unit: whoever leads the shift agrees to it.
        Fact::AnswerDrafted { .. } if unit.is_none() => {
            told.push(notice(
                "case.answer_drafted_desk",
                To::Role(Role::ShiftLeader),
            ));
        }
        Fact::AnswerDrafted { .. } => {
            for role in approvers {
                let to = match (role, unit) {
                    (Role::DepartmentLead, Some(unit)) => To::Unit {
                        unit,
                        roles: vec![Role::DepartmentLead],
                    },
                    (role, _) => To::Role(*role),
                };
                told.push(notice("case.answer_drafted", to).with("unit", names.unit(unit)));
            }
        }
        Fact::AnswerReturned { .. } => {
            let drafted = |f: &Fact| matches!(f, Fact::AnswerDrafted { .. });
            told.extend(
                whoever(life, event.seq, drafted).map(|to| notice("case.answer_returned", to)),
            );
        }
        Fact::AppealLodged { .. } => {
            told.push(
                notice("case.appeal_lodged", To::Role(Role::Dispatcher))
                    .with("unit", names.unit(unit)),
            );
        }
        // The second reviewer is another person of the desk.
        Fact::AppealEndorsed => {
            for role in [Role::Acceptor, Role::ShiftLeader] {
                told.push(
                    notice("case.appeal_endorsed", To::Role(role))
                        .with("unit", names.unit(case.unit)),
                );
            }
        }
        Fact::AppealGranted | Fact::AppealRefused { .. } => {
            let kind = match event.fact {
                Fact::AppealGranted => "case.appeal_granted",
                _ => "case.appeal_refused",
            };
            let lodged = |f: &Fact| matches!(f, Fact::AppealLodged { .. });
            told.extend(whoever(life, event.seq, lodged).map(|to| notice(kind, to)));
        }
        Fact::ExclusionAsked { .. } => {
            for role in [Role::ShiftLeader, Role::Leader] {
                told.push(notice("case.exclusion_asked", To::Role(role)));
            }
        }
        Fact::ExclusionGranted | Fact::ExclusionRefused { .. } => {
            let kind = match event.fact {
                Fact::ExclusionGranted => "case.exclusion_granted",
                _ => "case.exclusion_refused",
            };
            let asked = |f: &Fact| matches!(f, Fact::ExclusionAsked { .. });
            told.extend(whoever(life, event.seq, asked).map(|to| notice(kind, to)));
        }
        Fact::Joint(fact) => told.extend(joint(fact, case, names).map(|(kind, unit, with)| {
            let new = notice(kind, unit_of(unit));
            with.into_iter()
                .fold(new, |n, (name, place)| n.with(name, place))
        })),
        Fact::Closed { .. } => requester(&mut told, "requester.closed", &[]),
        Fact::Merged { .. } => requester(&mut told, "requester.merged", &[]),
        other => {
            let value = serde_json::to_value(other).unwrap_or_default();
            // 答复 — a written answer that was sent, whatever else is written about it.
            if matches!(
                value["event"].as_str(),
                Some("answered" | "answer_sent" | "replied")
            ) {
                requester(&mut told, "requester.answered", &[]);
            }
            for account in mentioned(&value)
                .into_iter()
                .filter(|a| event.by.account != Some(a.0))
            {
                told.push(notice("case.mentioned", To::Account(account)));
            }
        }
    }
    told
}

/// Who is told of a step of a request to see who made a confidential report: the `leaders` who may decide it, of whom none asked and
/// none has work in the case; and whoever asked, of the decision. The reporter reads both on the own page, and by no message: a
/// phone is seen by others.
pub fn tell_unmasking(case: &Case, step: &UnmaskingStep, leaders: &[AccountId]) -> Vec<NewNotice> {
    let notice = |kind: &'static str, to: AccountId| {
        NewNotice::new(
            format!("case/{}/unmask/{}/{kind}", case.id, step.request),
            kind,
            To::Account(to),
            case.district,
            format!("/cases/{}/requester", case.number),
        )
        .with("number", case.number.to_string())
    };
    let asker = AccountId(step.asked_by);
    match step.step {
        UnmaskingMove::Asked(until) => leaders
            .iter()
            .map(|leader| notice("case.unmask_asked", *leader).with("until", until))
            .collect(),
        UnmaskingMove::Granted(until) => {
            vec![notice("case.unmask_granted", asker).with("until", until)]
        }
        UnmaskingMove::Refused => vec![notice("case.unmask_refused", asker)],
    }
}

/// A notice to a unit: which kind, which unit, with which words.
type ToUnit = (&'static str, UnitId, Vec<(&'static str, Place)>);

/// Which units are told of what several do on one case.
fn joint(fact: &JointFact, case: &Case, names: &Names<'_>) -> impl Iterator<Item = ToUnit> {
    let lead = || ("unit", names.unit(case.unit));
    let told: Vec<ToUnit> = match fact {
        JointFact::HelpAsked { unit, due_at, .. } => {
            vec![(
                "case.help_asked",
                *unit,
                vec![lead(), ("due", (*due_at).into())],
            )]
        }
        JointFact::Split { shares, dues, .. } => shares
            .iter()
            .zip(dues)
            .map(|(share, due)| {
                let with = vec![lead(), ("due", due.due_at.into())];
                ("case.help_asked", share.unit, with)
            })
            .collect(),
        JointFact::PartRecalled { part, .. } => case
            .joint
            .part(*part)
            .map(|part| ("case.part_recalled", part.unit, vec![lead()]))
            .into_iter()
            .collect(),
        JointFact::Whistled {
            by_unit,
            units,
            due_at,
            ..
        } => {
            let whistling = names.unit(Some(*by_unit));
            let with = vec![("unit", whistling), ("due", (*due_at).into())];
            let all = units.iter();
            all.map(|unit| ("case.whistle", *unit, with.clone()))
                .collect()
        }
        // What is over needs nobody's hand.
        JointFact::UnitChanged { from, to, .. } if !case.state.is_final() => {
            let before = names.unit(Some(*from));
            vec![("case.unit_changed", *to, vec![("unit", before)])]
        }
        _ => Vec::new(),
    };
    told.into_iter()
}

/// Colleagues that a note mentions: the accounts in its list `mentions`.
fn mentioned(fact: &Value) -> Vec<AccountId> {
    let list = fact["mentions"].as_array();
    let ids = list
        .into_iter()
        .flatten()
        .filter_map(|v| v.as_str()?.parse::<Id>().ok());
    let mut accounts: Vec<AccountId> = ids.map(AccountId).collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts.truncate(notices::model::MOST_RECIPIENTS);
    accounts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_units_are_named_in_the_language_of_the_notice() {
        for (names, wanted) in [
            (Some(("暴露垃圾", Some("Litter"))), ("暴露垃圾", "Litter")),
            (Some(("暴露垃圾", None)), ("暴露垃圾", "暴露垃圾")),
            (None, ("—", "—")),
        ] {
            let (zh, en) = (wanted.0.to_owned(), wanted.1.to_owned());
            assert_eq!(named(names), Place::Named { zh, en });
        }
    }

    #[test]
    fn mentions_are_read_once_each_and_garbage_is_left_out() {
        let id = Id::from_bytes([7; 16]);
        let fact = serde_json::json!({ "event": "noted", "mentions": [id.to_string(), "x", id.to_string(), 3] });
        assert_eq!(mentioned(&fact), [AccountId(id)]);
        assert!(mentioned(&serde_json::json!({ "mentions": "x" })).is_empty());
        assert!(mentioned(&Value::Null).is_empty());
    }
}
