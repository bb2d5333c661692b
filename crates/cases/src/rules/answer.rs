//! Nature (诉求性质) and answer (答复): what kind of contact it is, what the desk answers itself (直接办结), and the written
//! answer with which every case ends that somebody asked for.
//!
//! Sources: `domain.md` §3.1 (受理 → … → 答复 → … → 回访), §3.2 (art. 11: a consultation is answered at once; art. 15), §3.4.
//! An answer is drafted by the unit and agreed to by a head, another person; it goes out when the case ends, once for each
//! time it ends. Where nobody wrote one it is made of what the record says and marked so, and whoever closes
//! reads it before, unless the city demands a written one ([`super::CityRules::answer_must_be_written`]).

use super::{Actor, CityRules, Facts, Refusal, optional_text, text};
use crate::model::{Case, CaseEvent, Fact, State};
use crate::moves::{self, Act};
use crate::record::{Answer, AnswerKind, AnswerParts, Draft, SentAnswer};
use access::Role;
use access::city_settings::{SettingKind, SettingValue};
use serde::{Deserialize, Serialize};

/// Who agrees to drafts of answers: heads of units, shift leaders, or both. Written with commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvers(pub Vec<Role>);

impl SettingValue for Approvers {
    fn kind(_: Option<(f64, f64)>) -> SettingKind {
        SettingKind::SomeOf(&["department_lead", "shift_leader"])
    }
    fn read(text: &str) -> Result<Self, String> {
        let words = text.split([',', '，', ' ']).filter(|word| !word.is_empty());
        let mut roles = words
            .map(str::parse)
            .collect::<Result<Vec<Role>, String>>()?;
        roles.sort();
        roles.dedup();
        let may = [Role::DepartmentLead, Role::ShiftLeader];
        match roles.iter().all(|role| may.contains(role)) && !roles.is_empty() {
            true => Ok(Self(roles)),
            false => Err("department_lead, shift_leader or both".into()),
        }
    }
    fn write(&self) -> String {
        let words: Vec<&str> = self.0.iter().map(|role| role.as_str()).collect();
        words.join(", ")
    }
    fn say(&self, ui: &ui::Ui) -> String {
        let words = self.0.iter().map(|role| ui.t(access::role_key(*role)));
        words.collect::<Vec<_>>().join(" · ")
    }
}

/// Which ends of the desk's own need an answer that was written and agreed to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ApprovedEnds {
    /// 不予受理、不予立案
    pub refused: bool,
    /// 自处置归档
    pub self_handled: bool,
    /// 直接办结
    pub direct: bool,
}

impl ApprovedEnds {
    fn words(self) -> impl Iterator<Item = &'static str> {
        [
            (self.refused, "refused"),
            (self.self_handled, "self_handled"),
            (self.direct, "direct"),
        ]
        .into_iter()
        .filter_map(|(is, word)| is.then_some(word))
    }
}

impl SettingValue for ApprovedEnds {
    fn kind(_: Option<(f64, f64)>) -> SettingKind {
        SettingKind::SomeOf(&["refused", "self_handled", "direct"])
    }
    fn read(text: &str) -> Result<Self, String> {
        let mut ends = Self::default();
        if matches!(text.trim(), "无" | "none" | "-") {
            return Ok(ends);
        }
        for word in text.split([',', '，', ' ']).filter(|word| !word.is_empty()) {
            match word {
                "refused" => ends.refused = true,
                "self_handled" => ends.self_handled = true,
                "direct" => ends.direct = true,
                _ => return Err("refused, self_handled, direct, several of them, or 无".into()),
            }
        }
        Ok(ends)
    }
    fn write(&self) -> String {
        let words: Vec<&str> = self.words().collect();
        if words.is_empty() {
            "无".into()
        } else {
            words.join(", ")
        }
    }
    fn say(&self, ui: &ui::Ui) -> String {
        // words: cases-answer-end-*
        let key = |word: &str| format!("cases-answer-end-{}", word.replace('_', "-"));
        let words: Vec<String> = self.words().map(|word| ui.t(&key(word))).collect();
        if words.is_empty() {
            ui.t("cases-answer-end-none")
        } else {
            words.join(" · ")
        }
    }
}

/// What somebody wants done about the nature of a contact or about its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the fields are those of the facts they lead to"
)]
pub enum AnswerCommand {
    /// What kind of contact it is; `confidential` as the city's list says of that kind.
    SetNature { nature: String, confidential: bool },
    /// 拟答复. At the desk `kind` says for which end: a refusal, or a direct answer; elsewhere there is one. `doors` as the
    /// city's list has them.
    DraftAnswer {
        parts: AnswerParts,
        #[serde(default)]
        kind: AnswerKind,
        #[serde(default)]
        doors: Vec<String>,
    },
    /// 答复审核同意
    ApproveAnswer,
    /// 答复退回修改
    ReturnAnswer { reason: String },
    /// 直接办结 — the desk answers itself. `direct` as the city's list says of the contact's nature.
    AnswerDirectly { parts: AnswerParts, direct: bool },
}

impl AnswerCommand {
    /// Its row in the table of moves.
    pub fn act(&self) -> Act {
        match self {
            Self::SetNature { .. } => Act::SetNature,
            Self::DraftAnswer { .. } => Act::DraftAnswer,
            Self::ApproveAnswer => Act::ApproveAnswer,
            Self::ReturnAnswer { .. } => Act::ReturnAnswer,
            Self::AnswerDirectly { .. } => Act::AnswerDirectly,
        }
    }
}

/// Whether an answer is owed: somebody asked, here or in a case that was merged into this one. Nobody asked in a case that
/// came from a file.
pub fn is_owed(case: &Case) -> bool {
    case.record.requested || case.record.joined.iter().any(|j| j.owed)
}

/// Whether somebody may make a move of answers as the case stands.
pub(super) fn may(case: &Case, act: Act, actor: &Actor) -> Result<(), Refusal> {
    match act {
        Act::DraftAnswer if !is_owed(case) => Err(Refusal::NoRequester),
        Act::ApproveAnswer | Act::ReturnAnswer => {
            let Some(draft) = &case.record.draft else {
                return Err(Refusal::NotAsked);
            };
            // A head agrees to what the own unit answers; the desk to any.
            let is_of_departments = actor.roles.iter().all(|r| r.is_of_departments());
            if is_of_departments && case.unit != actor.unit {
                return Err(Refusal::NotYourUnit { act: act.as_str() });
            }
            if act == Act::ApproveAnswer && draft.approved {
                return Err(Refusal::AlreadyAsked);
            }
            match wrote(draft, actor) {
                true => Err(Refusal::SamePerson),
                false => Ok(()),
            }
        }
        // 举报 is never answered at the desk: it goes to whom it concerns.
        Act::AnswerDirectly if case.confidential => Err(Refusal::NotDirect),
        _ => Ok(()),
    }
}

/// What a command about nature or answer leads to.
pub(super) fn decide(
    case: &Case,
    command: AnswerCommand,
    facts: &Facts<'_>,
) -> Result<Vec<Fact>, Refusal> {
    may(case, command.act(), facts.actor)?;
    Ok(match command {
        AnswerCommand::SetNature {
            nature,
            confidential,
        } => vec![Fact::NatureSet {
            nature: text("nature", &nature)?,
            // What was promised to be confidential stays so.
            confidential: confidential || case.confidential,
        }],
        AnswerCommand::DraftAnswer { parts, kind, doors } => {
            let kind = kind_of_draft(case.state, kind);
            let answer = Answer {
                kind,
                parts: checked(parts)?,
                doors: if kind == AnswerKind::Refused {
                    doors
                } else {
                    Vec::new()
                },
                ..Answer::default()
            };
            vec![Fact::AnswerDrafted {
                answer: Box::new(answer),
            }]
        }
        AnswerCommand::ApproveAnswer => {
            approver(case, facts)?;
            vec![Fact::AnswerApproved]
        }
        AnswerCommand::ReturnAnswer { reason } => {
            approver(case, facts)?;
            vec![Fact::AnswerReturned {
                reason: text("reason", &reason)?,
            }]
        }
        AnswerCommand::AnswerDirectly { parts, direct } => {
            if !direct {
                return Err(Refusal::NotDirect);
            }
            let drafted = draft_of(case, AnswerKind::Direct);
            let mut all = Vec::with_capacity(3);
            let answer = match drafted {
                Some(draft) if facts.rules.answers_approved.direct => {
                    if agrees(case, draft, facts)? {
                        all.push(Fact::AnswerApproved);
                    }
                    draft.answer.clone()
                }
                None if facts.rules.answers_approved.direct => return Err(Refusal::NotAnswered),
                _ => Answer {
                    kind: AnswerKind::Direct,
                    parts: checked(parts)?,
                    ..Answer::default()
                },
            };
            all.push(Fact::AnswerSent {
                answer: Box::new(answer),
            });
            all.push(Fact::AnsweredDirectly);
            all
        }
    })
}

/// Whether somebody wrote the draft, or acts in the place of whoever did: that person does not agree to it.
fn wrote(draft: &Draft, actor: &Actor) -> bool {
    draft.by == actor.account || actor.is_or_stands_for(draft.by)
}

/// For which end a draft is: what the desk has not taken up yet ends as a refusal or is answered there.
pub fn kind_of_draft(state: State, wanted: AnswerKind) -> AnswerKind {
    match state {
        State::PendingVerify | State::PendingAccept | State::PendingRegister => match wanted {
            AnswerKind::Direct => AnswerKind::Direct,
            _ => AnswerKind::Refused,
        },
        _ => AnswerKind::Handled,
    }
}

/// The draft for an end of this kind, if one stands.
fn draft_of(case: &Case, kind: AnswerKind) -> Option<&Draft> {
    (case.record.draft.as_ref()).filter(|draft| draft.answer.kind == kind)
}

/// Whether whoever ends a case agrees to its draft by that; not where it was agreed to before.
///
/// # Errors
/// [`Refusal::AnswerReturned`] while it stands as it was sent back, [`Refusal::NotApproved`] where a head has to agree first.
fn agrees(case: &Case, draft: &Draft, facts: &Facts<'_>) -> Result<bool, Refusal> {
    if draft.approved {
        return Ok(false);
    }
    // What a head sent back does not go out because somebody ends the case: it is written anew, or agreed to in words.
    if draft.returned.is_some() {
        return Err(Refusal::AnswerReturned);
    }
    // That is a head's to do, and another person's than who wrote it.
    if wrote(draft, facts.actor) || approver(case, facts).is_err() {
        return Err(Refusal::NotApproved);
    }
    Ok(true)
}

/// Whoever agrees to drafts of units holds one of the roles that the city names; to those of the desk, whoever leads the shift.
fn approver(case: &Case, facts: &Facts<'_>) -> Result<(), Refusal> {
    let of_the_desk = [Role::ShiftLeader];
    let named = if moves::AT_THE_DESK.contains(&case.state) {
        &of_the_desk[..]
    } else {
        &facts.rules.answer_approvers.0
    };
    if named.iter().any(|r| facts.actor.roles.contains(r)) {
        return Ok(());
    }
    Err(Refusal::WrongRole {
        act: Act::ApproveAnswer.as_str(),
        roles: named
            .iter()
            .map(|r| r.as_str())
            .collect::<Vec<_>>()
            .join(", "),
    })
}

/// The parts as they may be written: what was done is needed, and none is too long.
fn checked(parts: AnswerParts) -> Result<AnswerParts, Refusal> {
    Ok(AnswerParts {
        found: optional_text("found", &parts.found)?,
        done: text("done", &parts.done)?,
        rule: optional_text("rule", &parts.rule)?,
        by: optional_text("by", &parts.by)?,
        next: optional_text("next", &parts.next)?,
    })
}

/// Puts the answer before the end of a case to which one is owed. `words` are the sentences that the city's template made of
/// the record, used where nobody wrote an answer; without them the record's own words stand.
///
/// # Errors
/// [`Refusal::NotAnswered`] where the city demands a written one, [`Refusal::NotApproved`] while a draft waits for its head,
/// [`Refusal::AnswerReturned`] while one stands that was sent back.
pub(super) fn before_the_end(
    case: &Case,
    ends: Vec<Fact>,
    words: Option<Answer>,
    facts: &Facts<'_>,
) -> Result<Vec<Fact>, Refusal> {
    // Somebody joins a case that is over and was answered to nobody: the answer goes out now.
    let joins = ends
        .iter()
        .any(|f| matches!(f, Fact::Joined { owed: true, .. }));
    let late = kind_of_ended(case).filter(|_| joins && case.record.answer.is_none());
    if let Some(kind) = late {
        let answer = words.unwrap_or_else(|| of_the_record(case, &ends));
        let answer = Box::new(Answer { kind, ..answer });
        return Ok(ends
            .into_iter()
            .chain([Fact::AnswerSent { answer }])
            .collect());
    }
    let Some(kind) = ends.iter().find_map(kind_of_end).filter(|_| is_owed(case)) else {
        return Ok(ends);
    };
    let mut all = Vec::with_capacity(ends.len() + 2);
    let answer = match draft_of(case, kind) {
        Some(draft) => {
            if agrees(case, draft, facts)? {
                all.push(Fact::AnswerApproved);
            }
            draft.answer.clone()
        }
        None if is_demanded(kind, &ends, facts.rules) => return Err(Refusal::NotAnswered),
        None => words.unwrap_or_else(|| of_the_record(case, &ends)),
    };
    all.push(Fact::AnswerSent {
        answer: Box::new(Answer { kind, ..answer }),
    });
    all.extend(ends);
    Ok(all)
}

/// Whether the city demands that somebody wrote the answer to an end.
fn is_demanded(kind: AnswerKind, ends: &[Fact], rules: &CityRules) -> bool {
    let is_self_handled = ends.contains(&Fact::SelfHandlingConfirmed);
    match kind {
        AnswerKind::Handled => {
            rules.answer_must_be_written || is_self_handled && rules.answers_approved.self_handled
        }
        AnswerKind::Refused => rules.answers_approved.refused,
        AnswerKind::Direct | AnswerKind::Ended => false,
    }
}

/// What an answer is about that goes out with this end; none where nothing ends.
fn kind_of_end(fact: &Fact) -> Option<AnswerKind> {
    match fact {
        Fact::Closed { .. } | Fact::SelfHandlingConfirmed => Some(AnswerKind::Handled),
        Fact::NotAccepted { .. } | Fact::NotRegistered { .. } => Some(AnswerKind::Refused),
        Fact::Voided { .. } => Some(AnswerKind::Ended),
        _ => None,
    }
}

/// What the answer to a case that is over is about; none for one that is not, and for one in which a matter does not end.
pub fn kind_of_ended(case: &Case) -> Option<AnswerKind> {
    match case.state {
        State::Closed | State::SelfHandled => Some(AnswerKind::Handled),
        State::NotAccepted | State::NotRegistered => Some(AnswerKind::Refused),
        State::AnsweredDirectly => Some(AnswerKind::Direct),
        _ => None,
    }
}

/// The answer in the record's own words: no sentence is invented.
fn of_the_record(case: &Case, ends: &[Fact]) -> Answer {
    let told = ends.iter().find_map(|fact| match fact {
        Fact::Closed { closing } => Some(closing.clone()),
        Fact::NotAccepted { reason } | Fact::NotRegistered { reason } | Fact::Voided { reason } => {
            Some(reason.clone())
        }
        _ => None,
    });
    let standard = case.standard.as_ref();
    let parts = AnswerParts {
        found: standard.map(|s| s.condition.clone()).unwrap_or_default(),
        done: case
            .record
            .result
            .clone()
            .or(told)
            .or_else(|| case.reason.clone())
            .unwrap_or_default(),
        rule: standard
            .map(|s| s.legal_basis.clone().unwrap_or_else(|| s.code.clone()))
            .unwrap_or_default(),
        ..AnswerParts::default()
    };
    Answer {
        parts,
        from_record: true,
        ..Answer::default()
    }
}

/// What an event of nature or answer makes of a case.
pub(super) fn change(case: &mut Case, event: &CaseEvent) {
    match &event.fact {
        Fact::NatureSet {
            nature,
            confidential,
        } => {
            case.record.nature = Some(nature.clone());
            case.record.nature_assumed = false;
            case.confidential |= confidential;
        }
        Fact::AnswerDrafted { answer } => {
            case.record.draft = Some(Draft {
                answer: (**answer).clone(),
                by: event.by.account,
                approved: false,
                returned: None,
            });
        }
        Fact::AnswerApproved => {
            if let Some(draft) = &mut case.record.draft {
                draft.approved = true;
                draft.returned = None;
            }
        }
        Fact::AnswerReturned { reason } => {
            if let Some(draft) = &mut case.record.draft {
                draft.approved = false;
                draft.returned = Some(reason.clone());
            }
        }
        Fact::AnswerSent { answer } => {
            case.record.draft = None;
            case.record.answer = Some(SentAnswer {
                at: event.at,
                answer: (**answer).clone(),
            });
        }
        Fact::AnsweredDirectly => super::apply::end(case, State::AnsweredDirectly, event.at, None),
        _ => {}
    }
}

#[cfg(test)]
mod setting_tests {
    use super::*;

    fn offered<T: SettingValue>() -> &'static [&'static str] {
        match T::kind(None) {
            SettingKind::SomeOf(values) => values,
            other => panic!("not several of a list: {other:?}"),
        }
    }

    #[test]
    fn whatever_of_the_boxes_is_ticked_is_read_and_written_back() {
        let ends = offered::<ApprovedEnds>();
        for chosen in 0..1 << ends.len() {
            let ticked = ends.iter().enumerate();
            let ticked = ticked.filter(|(i, _)| chosen & 1 << i != 0);
            let ticked: Vec<&str> = ticked.map(|(_, word)| *word).collect();
            let sent = match ticked.as_slice() {
                [] => "无".to_owned(),
                some => some.join(", "),
            };
            assert_eq!(ApprovedEnds::read(&sent).unwrap().write(), sent);
        }
        let approvers = offered::<Approvers>();
        for sent in approvers.iter().copied().chain([&*approvers.join(", ")]) {
            assert!(Approvers::read(sent).is_ok(), "{sent}");
        }
        assert!(Approvers::read("无").is_err(), "somebody has to agree");
    }
}
