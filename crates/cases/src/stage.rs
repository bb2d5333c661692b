//! 环节 — the stages of a case, each with a limit of its own, and the clocks that an event sets going.
//!
//! A stage begins with the event that brings the case into it and ends with the event that takes it out. What is due when is
//! told by the event itself ([`Clocks`]): a life is rebuilt without the settings and the calendar of its time.

use crate::model::{Case, State, words};
use jiff::Timestamp;
use kernel::deadline::{Limit, LimitError, ParseOptions};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

words! {
    /// 环节 — for what a case is waiting.
    Stage {
        /// 核实
        Verify = "verify",
        /// 受理
        Accept = "accept",
        /// 立案
        Register = "register",
        /// 派遣
        Dispatch = "dispatch",
        /// 协调
        Coordinate = "coordinate",
        /// 签收
        Sign = "sign",
        /// 处置 — its limit is [`Case::limit_of_handling`], and runs from the dispatch ([`Case::due_at`]).
        Handle = "handle",
        /// 核查
        Check = "check",
        /// 结案
        Close = "close",
        /// 自处置审核
        Audit = "audit",
        /// 回访 — of a case that is over and has a requester who was not called back yet.
        CallBack = "call_back",
    }
}

impl Stage {
    /// The states of a case that is over in which its requester is called back.
    pub const CALLED_BACK: &[State] = &[
        State::Closed,
        State::AnsweredDirectly,
        State::NotAccepted,
        State::NotRegistered,
        State::SelfHandled,
    ];

    /// The stage a case is in; none when nobody waits for anything.
    pub fn of(case: &Case) -> Option<Self> {
        Some(match case.state {
            State::PendingVerify => Self::Verify,
            State::PendingAccept => Self::Accept,
            State::PendingRegister => Self::Register,
            State::PendingDispatch => Self::Dispatch,
            State::Coordinating => Self::Coordinate,
            State::PendingSign => Self::Sign,
            State::Handling | State::Suspended | State::Waiting => Self::Handle,
            State::PendingCheck => Self::Check,
            State::PendingClose => Self::Close,
            State::SelfHandledAudit => Self::Audit,
            state
                if Self::CALLED_BACK.contains(&state)
                    && case.subject.is_some()
                    && case.call_back.is_none() =>
            {
                Self::CallBack
            }
            _ => return None,
        })
    }
}

/// What an event says about clocks: the stage it begins, and when handling turns yellow under the deadline it sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// The stage that begins with this event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins: Option<Stage>,
    /// Its clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<StageClock>,
    /// The clock of handling that this event sets or moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<HandlingClock>,
    /// The calendar version they were computed with.
    pub calendar: String,
}

/// The clock of a stage, as it was set when the stage began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageClock {
    /// The limit the city gave it then; none: without limit (or handling, which has its own).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// When it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When it turns yellow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soon_at: Option<Timestamp>,
    /// The calendar did not reach that far.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
}

/// The clock of the stage in which a case was merged: it goes on when the merge is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldStage {
    /// When the stage began.
    pub from: Timestamp,
    /// Its clock.
    #[serde(flatten)]
    pub clock: StageClock,
    /// The calendar version by which it was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
}

/// What an event says about the clock of handling besides the deadline, which stands in the fact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandlingClock {
    /// When it turns yellow; none without a deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soon_at: Option<Timestamp>,
}

/// The limit of a stage as a city sets it: the usual one, and exceptions by channel and for urgent cases.
///
/// Its text is `2工作时`, `无` for none, and exceptions behind it: `2工作时; urgent=1紧急工作时; hotline=1工作时;
/// hotline+urgent=1紧急工作时`. The first of these that fits rules: channel and urgent, urgent, channel, usual.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageLimit {
    usual: Option<Limit>,
    exceptions: Vec<Exception>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Exception {
    /// Empty: any.
    channel: String,
    urgent: bool,
    limit: Option<LimitKey>,
}

/// A limit that can be put in order with the others of its stage.
type LimitKey = (u32, kernel::deadline::ClockKind);

/// Exceptions of one stage at most.
const MOST_EXCEPTIONS: usize = 40;
/// The longest word of a channel.
const LONGEST_CHANNEL: usize = 40;
/// Words for "no limit".
const NONE: [&str; 3] = ["无", "none", "-"];

impl StageLimit {
    /// One limit for everybody.
    pub fn usual(limit: Limit) -> Self {
        Self {
            usual: Some(limit),
            exceptions: Vec::new(),
        }
    }
    /// The limit of a case that came by a channel.
    pub fn of(&self, channel: &str, urgent: bool) -> Option<Limit> {
        let find = |channel: &str, urgent: bool| {
            self.exceptions
                .iter()
                .find(|e| e.channel == channel && e.urgent == urgent)
                .map(|e| e.limit)
        };
        let exact = urgent.then(|| find(channel, true)).flatten();
        let by_urgency = || urgent.then(|| find("", true)).flatten();
        let found = exact.or_else(by_urgency).or_else(|| find(channel, false));
        match found {
            Some(limit) => limit.and_then(|(n, clock)| Limit::new(n, clock).ok()),
            None => self.usual,
        }
    }
    /// The channels of which it makes exceptions.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        let named = self.exceptions.iter().map(|e| e.channel.as_str());
        named.filter(|channel| !channel.is_empty())
    }
    /// All limits that occur in it.
    pub fn limits(&self) -> impl Iterator<Item = Limit> + '_ {
        let exceptions = self.exceptions.iter().filter_map(|e| e.limit);
        self.usual
            .into_iter()
            .chain(exceptions.filter_map(|(n, clock)| Limit::new(n, clock).ok()))
    }
}

/// Why a text is not the limit of a stage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StageLimitError {
    /// One of its limits cannot be read.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// An exception that does not say for what.
    #[error("cannot parse exception {0:?}: expected urgent=…, CHANNEL=… or CHANNEL+urgent=…")]
    Exception(String),
    /// The same exception twice.
    #[error("the exception {0:?} stands there twice")]
    Twice(String),
    /// Too many of them.
    #[error("more than {MOST_EXCEPTIONS} exceptions")]
    TooMany,
}

fn one(text: &str) -> Result<Option<Limit>, LimitError> {
    let text = text.trim();
    if NONE.iter().any(|none| none.eq_ignore_ascii_case(text)) {
        return Ok(None);
    }
    Limit::parse(text, ParseOptions::default()).map(Some)
}

impl FromStr for StageLimit {
    type Err = StageLimitError;
    fn from_str(text: &str) -> Result<Self, StageLimitError> {
        let mut parts = text.split([';', '；', '\n']);
        let usual = one(parts.next().unwrap_or_default())?;
        let mut exceptions: Vec<Exception> = Vec::new();
        for part in parts.map(str::trim).filter(|p| !p.is_empty()) {
            let wrong = || StageLimitError::Exception(part.chars().take(60).collect());
            let (of, limit) = part.split_once(['=', '＝']).ok_or_else(wrong)?;
            let (channel, urgent) = match of.trim().split_once('+') {
                Some((channel, word)) if is_urgent(word) => (channel.trim(), true),
                Some(_) => return Err(wrong()),
                None if is_urgent(of) => ("", true),
                None => (of.trim(), false),
            };
            let is_word = channel
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'));
            let length = channel.chars().count();
            if !is_word || length > LONGEST_CHANNEL || (channel.is_empty() && !urgent) {
                return Err(wrong());
            }
            let limit = one(limit)?.map(|l| (l.amount(), l.clock()));
            let channel = channel.to_owned();
            if exceptions
                .iter()
                .any(|e| e.channel == channel && e.urgent == urgent)
            {
                return Err(StageLimitError::Twice(of.trim().to_owned()));
            }
            if exceptions.len() == MOST_EXCEPTIONS {
                return Err(StageLimitError::TooMany);
            }
            exceptions.push(Exception {
                channel,
                urgent,
                limit,
            });
        }
        exceptions.sort_unstable();
        Ok(Self { usual, exceptions })
    }
}

fn is_urgent(word: &str) -> bool {
    let word = word.trim();
    word.eq_ignore_ascii_case("urgent") || word == "紧急"
}

impl access::city_settings::SettingValue for StageLimit {
    fn kind(_: Option<(f64, f64)>) -> access::city_settings::SettingKind {
        access::city_settings::SettingKind::Limit
    }
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|e: StageLimitError| e.to_string())
    }
    fn write(&self) -> String {
        self.to_string()
    }
    fn say(&self, ui: &ui::Ui) -> String {
        let exceptions = self.exceptions.iter().map(|e| {
            let urgent = || ui.t("cases-urgent");
            let of = match (e.channel.as_str(), e.urgent) {
                ("", _) => urgent(),
                (channel, true) => format!("{channel} + {}", urgent()),
                (channel, false) => channel.to_owned(),
            };
            let limit = e.limit.and_then(|(n, clock)| Limit::new(n, clock).ok());
            ui.t2(
                "cases-limit-of",
                "of",
                of.as_str(),
                "limit",
                ui.limit(limit),
            )
        });
        let all = std::iter::once(ui.limit(self.usual)).chain(exceptions);
        all.collect::<Vec<_>>().join(" · ")
    }
}

impl fmt::Display for StageLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said =
            |limit: Option<Limit>| limit.map_or_else(|| NONE[0].to_owned(), |l| l.to_string());
        let mut text = said(self.usual);
        for e in &self.exceptions {
            let limit = said(e.limit.and_then(|(n, clock)| Limit::new(n, clock).ok()));
            let of = match (e.channel.as_str(), e.urgent) {
                ("", _) => "urgent".to_owned(),
                (channel, true) => format!("{channel}+urgent"),
                (channel, false) => channel.to_owned(),
            };
            text.push_str(&format!("; {of}={limit}"));
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limit(text: &str) -> Option<Limit> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn the_narrowest_exception_rules() {
        let text =
            "2工作时; hotline=1工作时；紧急=1紧急工作时\nhotline+urgent=2紧急工作时; media=无";
        let of: StageLimit = text.parse().unwrap();
        assert_eq!(of.of("web", false), limit("2工作时"));
        assert_eq!(of.of("hotline", false), limit("1工作时"));
        assert_eq!(of.of("web", true), limit("1紧急工作时"));
        assert_eq!(of.of("hotline", true), limit("2紧急工作时"));
        assert_eq!(
            (of.of("media", false), of.of("media", true)),
            (None, limit("1紧急工作时"))
        );
        assert_eq!(of.to_string().parse::<StageLimit>().unwrap(), of);
        let none: StageLimit = "无".parse().unwrap();
        assert_eq!(
            (none.of("web", true), none.to_string()),
            (None, "无".into())
        );
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let refused = |text: &str| text.parse::<StageLimit>().unwrap_err().to_string();
        assert!(refused("2天").contains("does not say which clock"));
        assert!(refused("").contains("no amount"));
        assert!(refused("2工作时; 1工作时").contains("CHANNEL"));
        assert!(refused("2工作时; a+b=1工作时").contains("CHANNEL"));
        assert!(refused("2工作时; =1工作时").contains("CHANNEL"));
        assert!(refused("2工作时; web=1WH; web=2WH").contains("twice"));
    }

    proptest! {
        #[test]
        fn garbage_is_refused_or_read_back_the_same(text in "\\PC{0,30}", tail in "(; ?[a-z+=]{0,8}=?[0-9]{0,3}(工作时|UH|无)?){0,4}") {
            let _ = text.parse::<StageLimit>();
            if let Ok(read) = format!("3工作日{tail}").parse::<StageLimit>() {
                prop_assert_eq!(read.to_string().parse::<StageLimit>().unwrap(), read);
            }
        }
    }
}
