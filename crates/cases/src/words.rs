//! The keys of the words of cases in the language files.

use crate::model::State;
use crate::moves::Act;
use crate::sql_desk::Clock;
use crate::stage::Stage;
use std::sync::LazyLock;
use ui::{Arg, I18n, Lang};

/// The words of this capability where no reader's page brings them: what the program itself writes into the record.
static OWN: LazyLock<I18n> = LazyLock::new(|| {
    let (zh, en) = (
        include_str!("../locales/zh-CN.ftl"),
        include_str!("../locales/en.ftl"),
    );
    I18n::builder()
        .add("cases", zh, en)
        .build()
        .expect("the words of both languages are compared in a test")
});

/// A sentence that the program writes into the record, in a language.
pub(crate) fn said_by_itself(lang: Lang, key: &str, args: &[(&str, &dyn Arg)]) -> String {
    OWN.text(lang, key, args)
}

/// What an event says, in a few words of the reader's language.
pub fn event_text(ui: &ui::Ui, fact: &crate::model::Fact) -> String {
    crate::pages::event_text(ui, fact)
}

/// The key of a state's word.
#[must_use]
pub const fn state_key(state: State) -> &'static str {
    match state {
        State::PendingVerify => "cases-state-pending-verify",
        State::PendingAccept => "cases-state-pending-accept",
        State::NotAccepted => "cases-state-not-accepted",
        State::PendingRegister => "cases-state-pending-register",
        State::NotRegistered => "cases-state-not-registered",
        State::PendingDispatch => "cases-state-pending-dispatch",
        State::Coordinating => "cases-state-coordinating",
        State::PendingSign => "cases-state-pending-sign",
        State::Handling => "cases-state-handling",
        State::Suspended => "cases-state-suspended",
        State::Waiting => "cases-state-waiting",
        State::PendingCheck => "cases-state-pending-check",
        State::PendingClose => "cases-state-pending-close",
        State::Closed => "cases-state-closed",
        State::SelfHandledAudit => "cases-state-self-handled-audit",
        State::SelfHandled => "cases-state-self-handled",
        State::Merged => "cases-state-merged",
        State::Voided => "cases-state-voided",
        State::Transferred => "cases-state-transferred",
        State::AnsweredDirectly => "cases-state-answered-directly",
    }
}

/// The key of a light's word, with its sign.
#[must_use]
pub const fn light_key(clock: Clock) -> &'static str {
    match clock {
        Clock::Late => "cases-desk-light-late",
        Clock::Soon => "cases-desk-light-soon",
        Clock::InTime => "cases-desk-light-in-time",
    }
}

/// The key of an act's word, as on a button.
#[must_use]
pub const fn act_key(act: Act) -> &'static str {
    match act {
        Act::Report => "cases-act-report",
        Act::Import => "cases-act-import",
        Act::UpdateImport => "cases-act-update-import",
        Act::Verify => "cases-act-verify",
        Act::LapseVerify => "cases-act-lapse-verify",
        Act::TakeTask => "cases-act-take-task",
        Act::Accept => "cases-act-accept",
        Act::NotAccept => "cases-act-not-accept",
        Act::Correct => "cases-act-correct",
        Act::Register => "cases-act-register",
        Act::NotRegister => "cases-act-not-register",
        Act::Dispatch => "cases-act-dispatch",
        Act::Sign => "cases-act-sign",
        Act::Return => "cases-act-return",
        Act::Rule => "cases-act-rule",
        Act::Assign => "cases-act-assign",
        Act::RequestExtension => "cases-act-request-extension",
        Act::EndorseExtension => "cases-act-endorse-extension",
        Act::GrantExtension => "cases-act-grant-extension",
        Act::RefuseExtension => "cases-act-refuse-extension",
        Act::RequestSuspension => "cases-act-request-suspension",
        Act::Suspend => "cases-act-suspend",
        Act::RefuseSuspension => "cases-act-refuse-suspension",
        Act::Resume => "cases-act-resume",
        Act::LapseSuspension => "cases-act-lapse-suspension",
        Act::AskRequester => "cases-act-ask-requester",
        Act::Answer => "cases-act-answer",
        Act::LapseWaiting => "cases-act-lapse-waiting",
        Act::Recompute => "cases-act-recompute",
        Act::ReportBack => "cases-act-report-back",
        Act::Check => "cases-act-check",
        Act::LapseCheck => "cases-act-lapse-check",
        Act::Close => "cases-act-close",
        Act::CallBack => "cases-act-call-back",
        Act::RequestVoid => "cases-act-request-void",
        Act::RefuseVoid => "cases-act-refuse-void",
        Act::Void => "cases-act-void",
        Act::Merge => "cases-act-merge",
        Act::Unmerge => "cases-act-unmerge",
        Act::ConfirmSelfHandling => "cases-act-confirm-self-handling",
        Act::Note => "cases-act-note",
        Act::SetNature => "cases-act-set-nature",
        Act::DraftAnswer => "cases-act-draft-answer",
        Act::ApproveAnswer => "cases-act-approve-answer",
        Act::ReturnAnswer => "cases-act-return-answer",
        Act::AnswerDirectly => "cases-act-answer-directly",
        Act::LodgeAppeal => "cases-act-lodge-appeal",
        Act::EndorseAppeal => "cases-act-endorse-appeal",
        Act::GrantAppeal => "cases-act-grant-appeal",
        Act::RefuseAppeal => "cases-act-refuse-appeal",
        Act::AskExclusion => "cases-act-ask-exclusion",
        Act::GrantExclusion => "cases-act-grant-exclusion",
        Act::RefuseExclusion => "cases-act-refuse-exclusion",
        Act::Rate => "cases-act-rate",
        Act::Reopen => "cases-act-reopen",
        Act::AddMessage => "cases-act-add-message",
        Act::Join => "cases-act-join",
        Act::Part => "cases-act-part",
        Act::RenewCall => "cases-act-renew-call",
        Act::AskHelp => "cases-act-ask-help",
        Act::Split => "cases-act-split",
        Act::AnswerPart => "cases-act-answer-part",
        Act::RecallPart => "cases-act-recall-part",
        Act::NameFirst => "cases-act-name-first",
        Act::NameParty => "cases-act-name-party",
        Act::Whistle => "cases-act-whistle",
        Act::Claim => "cases-act-claim",
        Act::ShowClaim => "cases-act-show-claim",
        Act::DropClaim => "cases-act-drop-claim",
        Act::LapseClaim => "cases-act-lapse-claim",
        Act::ChangeUnit => "cases-act-change-unit",
    }
}

/// The word of a stage.
pub const fn stage_key(stage: Stage) -> &'static str {
    match stage {
        Stage::Verify => "cases-stage-verify",
        Stage::Accept => "cases-stage-accept",
        Stage::Register => "cases-stage-register",
        Stage::Dispatch => "cases-stage-dispatch",
        Stage::Coordinate => "cases-stage-coordinate",
        Stage::Sign => "cases-stage-sign",
        Stage::Handle => "cases-stage-handle",
        Stage::Check => "cases-stage-check",
        Stage::Close => "cases-stage-close",
        Stage::Audit => "cases-stage-audit",
        Stage::CallBack => "cases-stage-call-back",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> ui::I18n {
        let (zh, en) = (
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        );
        ui::I18n::builder()
            .add("cases", zh, en)
            .build()
            .expect("both languages have the same keys and variables")
    }

    #[test]
    fn every_state_and_every_act_has_its_word() {
        let words = words();
        for key in State::ALL
            .iter()
            .map(|s| state_key(*s))
            .chain(Act::ALL.iter().map(|a| act_key(*a)))
        {
            assert!(words.has(key), "{key}");
        }
    }

    /// The codes stand in the sources as `"cases.…"`; each has its sentence, and no sentence is left over.
    #[test]
    fn every_code_has_its_sentence() {
        let sources = [
            include_str!("bulk.rs"),
            include_str!("ops/act.rs"),
            include_str!("ops/bulk.rs"),
            include_str!("ops/filters.rs"),
            include_str!("ops/search.rs"),
            include_str!("ops/joint.rs"),
            include_str!("rules/joint.rs"),
            include_str!("ops/error.rs"),
            include_str!("ops/lists.rs"),
            include_str!("ops/record.rs"),
            include_str!("ops/report.rs"),
            include_str!("ops/show.rs"),
            include_str!("http/cases.rs"),
            include_str!("http/input.rs"),
            include_str!("pages/read.rs"),
        ];
        let words = words();
        let mut used = std::collections::BTreeSet::new();
        for code in sources
            .iter()
            .flat_map(|s| s.split("\"cases.").skip(1))
            .filter_map(|rest| rest.split('"').next())
        {
            let key = access::word_key(&format!("cases.{code}"));
            assert!(words.has(&key), "{key}");
            used.insert(key);
        }
        let keys = include_str!("../locales/en.ftl")
            .lines()
            .filter_map(|l| l.split(" =").next())
            .filter(|k| k.starts_with("cases-error-"));
        for key in keys {
            assert!(used.contains(key), "{key} is used nowhere");
        }
    }
}
