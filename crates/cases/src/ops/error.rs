//! Why a use case of cases was not done, in a form a visitor can be told.

use crate::model::CaseEvent;
use crate::moves::Act;
use crate::rules::Refusal;
use access::{Problem, Refused, Role, Saying, Word};
use axum::http::StatusCode;
use jiff::Timestamp;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use store::{AuditEvent, StoreError};

/// What somebody else did meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which event of the case.
    pub seq: u32,
    /// When.
    pub at: Timestamp,
    /// What, such as `accepted`.
    pub event: String,
    /// In which role.
    pub role: Option<Role>,
    /// By which account of staff.
    pub account: Option<Id>,
}

impl Change {
    /// What an event says about who did what when.
    pub fn of(event: &CaseEvent) -> Self {
        let account = event.by.account.filter(|_| event.by.kind == "staff");
        Self {
            seq: event.seq,
            at: event.at,
            event: super::view::event_word(&event.fact),
            role: event.by.role,
            account,
        }
    }
    /// The same as a sentence in the reader's words, without a name.
    fn saying(&self) -> Saying {
        // words: cases-event-* cases-meanwhile-*
        let event = format!("cases-event-{}", self.event.replace('_', "-"));
        let role = self.role.map_or("cases-by-program", access::role_key);
        let args = vec![
            ("when", Word::Moment(self.at)),
            ("role", Word::Key(role.to_owned())),
            ("what", Word::Key(event)),
        ];
        Saying::new("cases-meanwhile-brief", args)
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} by {} at {}",
            self.event,
            self.role.map_or("the program or a requester", Role::as_str),
            self.at
        )
    }
}

fn told(changes: &[Change]) -> String {
    changes
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

/// Why a use case was not done.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// There is no such case, or the reader may not know of it; the two look alike from outside.
    #[error("no case {number}")]
    NotFound {
        /// What was looked for.
        number: String,
        /// It is there, and this reader may not know: the attempt is recorded.
        is_hidden: bool,
    },
    /// A rule refused a move.
    #[error("{refusal}")]
    Rule {
        /// Which move.
        act: Act,
        /// Why.
        refusal: Refusal,
    },
    /// The input does not fit.
    #[error("{field}: {reason}")]
    Field {
        /// Which field.
        field: String,
        /// A stable code, such as `cases.unknown_matter`.
        code: &'static str,
        /// What is wrong with it, in English.
        reason: String,
        /// What its sentence names besides.
        args: Vec<(&'static str, Word)>,
    },
    /// Somebody else was faster.
    #[error("case {number} is at version {found}, not {expected}; meanwhile: {}", told(.since))]
    Changed {
        /// Which case.
        number: CaseNumber,
        /// The version the actor saw.
        expected: u32,
        /// The version it has.
        found: u32,
        /// What happened since.
        since: Vec<Change>,
    },
    /// The permission is lacking.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Number and code, or the link, lead nowhere.
    #[error("number and code do not belong together")]
    WrongCode,
    /// Too many wrong codes.
    #[error("too many wrong tries, come back in {retry_after_s} s")]
    TooManyTries {
        /// When to come back.
        retry_after_s: u32,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CaseError {
    /// A case that is not there.
    pub fn not_found(number: impl ToString) -> Self {
        Self::NotFound {
            number: number.to_string(),
            is_hidden: false,
        }
    }
    /// Input that does not fit.
    pub fn field(field: impl Into<String>, code: &'static str, reason: impl Into<String>) -> Self {
        Self::Field {
            field: field.into(),
            code,
            reason: reason.into(),
            args: Vec::new(),
        }
    }
    /// With something that the sentence names.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Word>) -> Self {
        if let Self::Field { args, .. } = &mut self {
            args.push((name, value.into()));
        }
        self
    }
    /// The entry of the audit trail, when this is a refusal that is recorded.
    pub(crate) fn audit(&self, number: &CaseNumber, tried: Option<Act>) -> Option<AuditEvent> {
        let (act, why) = match self {
            Self::Rule { act, refusal } => (Some(*act), refusal.code()),
            Self::NotFound {
                is_hidden: true, ..
            } => (tried, "out_of_scope"),
            Self::Refused(_) => (tried, "permission"),
            _ => return None,
        };
        let action = act.map_or("case.look", Act::audit);
        let event = AuditEvent::refused(action, "case", number.to_string())
            .district(number.district().as_str());
        Some(event.detail(serde_json::json!({ "why": why })))
    }
}

/// The code of a refusal in the API and the language files.
fn rule_code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NotNow { .. } => "cases.not_now",
        Refusal::WrongRole { .. } => "cases.wrong_role",
        Refusal::NotYourUnit { .. } => "cases.not_your_unit",
        Refusal::OwnUnit { .. } => "cases.own_unit",
        Refusal::SaidInPerson => "cases.said_in_person",
        Refusal::NotYourTask => "cases.not_your_task",
        Refusal::Missing { .. } => "cases.missing",
        Refusal::TooLong { .. } => "cases.too_long",
        Refusal::TooMany { .. } => "cases.too_many",
        Refusal::UnknownClosing { .. } => "cases.unknown_closing",
        Refusal::EvidenceOwed { .. } => "cases.evidence_owed",
        Refusal::OtherClass { .. } => "cases.other_class",
        Refusal::Ruled => "cases.ruled",
        Refusal::AgainstRuling => "cases.against_ruling",
        Refusal::MergeTarget { .. } => "cases.merge_target",
        Refusal::NoVoidRequest => "cases.no_void_request",
        Refusal::NoMerge => "cases.no_merge",
        Refusal::Deadline(_) => "cases.deadline",
        Refusal::NoLimit => "cases.no_limit",
        Refusal::TooLate { .. } => "cases.too_late",
        Refusal::UsedUp { .. } => "cases.used_up",
        Refusal::AlreadyAsked => "cases.already_asked",
        Refusal::NotAsked => "cases.not_asked",
        Refusal::SamePerson => "cases.same_person",
        Refusal::NotEndorsed => "cases.not_endorsed",
        Refusal::OutOfRange { .. } => "cases.out_of_range",
        Refusal::NoRequester => "cases.no_requester",
        Refusal::NotAnswered => "cases.not_answered",
        Refusal::NotApproved => "cases.not_approved",
        Refusal::AnswerReturned => "cases.answer_returned",
        Refusal::NotDirect => "cases.not_direct",
        Refusal::NothingToAppeal { .. } => "cases.nothing_to_appeal",
        Refusal::NotRated => "cases.not_rated",
        Refusal::WindowClosed { .. } => "cases.window_closed",
        Refusal::NotOver { .. } => "cases.not_over",
        Refusal::MergeCycle { .. } => "cases.merge_cycle",
        Refusal::NotAlike { .. } => "cases.not_alike",
        Refusal::Joint(refusal) => refusal.code(),
    }
}

impl Problem for CaseError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound { .. } | Self::WrongCode => StatusCode::NOT_FOUND,
            Self::Rule { refusal, .. } if refusal.is_forbidden() => StatusCode::FORBIDDEN,
            Self::Rule {
                refusal:
                    Refusal::NotNow { .. }
                    | Refusal::Ruled
                    | Refusal::NoVoidRequest
                    | Refusal::NoMerge
                    | Refusal::NoLimit
                    | Refusal::TooLate { .. }
                    | Refusal::UsedUp { .. }
                    | Refusal::SaidInPerson
                    | Refusal::AlreadyAsked
                    | Refusal::NotAsked
                    | Refusal::NotEndorsed
                    | Refusal::NoRequester
                    | Refusal::NotAnswered
                    | Refusal::NotApproved
                    | Refusal::AnswerReturned
                    | Refusal::NothingToAppeal { .. }
                    | Refusal::NotRated
                    | Refusal::WindowClosed { .. }
                    | Refusal::NotOver { .. },
                ..
            }
            | Self::Changed { .. } => StatusCode::CONFLICT,
            Self::Rule {
                refusal: Refusal::Joint(refusal),
                ..
            } if refusal.is_conflict() => StatusCode::CONFLICT,
            Self::Rule { .. } | Self::Field { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Refused(error) => error.status(),
            Self::TooManyTries { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Store(error) => error.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "cases.not_found",
            Self::Rule { refusal, .. } => rule_code(refusal),
            Self::Field { code, .. } => code,
            Self::Changed { .. } => "cases.changed",
            Self::Refused(error) => error.code(),
            Self::WrongCode => "cases.wrong_code",
            Self::TooManyTries { .. } => "cases.too_many_tries",
            Self::Store(error) => error.code(),
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::Rule { refusal, .. } => refusal.field().map(str::to_owned),
            Self::Field { field, .. } => Some(field.clone()),
            _ => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::NotFound { number, .. } => vec![("number", number.as_str().into())],
            Self::Rule { act, refusal } => rule_args(*act, refusal),
            Self::Field {
                field,
                reason,
                args,
                ..
            } => {
                let mut all = vec![
                    ("field", field.as_str().into()),
                    ("reason", reason.as_str().into()),
                ];
                all.extend(args.iter().cloned());
                all
            }
            Self::Changed { number, since, .. } => vec![
                ("number", number.to_string().into()),
                (
                    "changes",
                    Word::Sayings(since.iter().map(Change::saying).collect()),
                ),
            ],
            Self::Refused(error) => error.args(),
            Self::TooManyTries { retry_after_s } => {
                vec![("minutes", i64::from(retry_after_s.div_ceil(60)).into())]
            }
            Self::WrongCode | Self::Store(_) => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::TooManyTries { retry_after_s } => Some(*retry_after_s),
            Self::Store(error) => error.retry_after_s(),
            _ => None,
        }
    }
}

fn rule_args(act: Act, refusal: &Refusal) -> Vec<(&'static str, Word)> {
    let mut args: Vec<(&'static str, Word)> = vec![("act", act.as_str().into())];
    let count = |n: &usize| Word::Number(i64::try_from(*n).unwrap_or(i64::MAX));
    match refusal {
        Refusal::NotNow { state, .. } => args.push(("state", (*state).into())),
        Refusal::WrongRole { roles, .. } => args.push(("roles", roles.as_str().into())),
        Refusal::Missing { field } => args.push(("field", (*field).into())),
        Refusal::TooLong { field, most } => {
            args.extend([("field", (*field).into()), ("most", count(most))])
        }
        Refusal::TooMany { most } => args.push(("most", count(most))),
        Refusal::UnknownClosing { closing, known } => args.extend([
            ("closing", closing.as_str().into()),
            ("known", known.as_str().into()),
        ]),
        Refusal::EvidenceOwed { evidence } => args.push(("evidence", evidence.as_str().into())),
        Refusal::OtherClass { standard } => args.push(("standard", standard.as_str().into())),
        Refusal::MergeTarget { into }
        | Refusal::MergeCycle { into }
        | Refusal::NotAlike { into }
        | Refusal::NotOver { into } => args.push(("into", into.to_string().into())),
        Refusal::NothingToAppeal { count } => args.push(("count", count.as_str().into())),
        Refusal::WindowClosed { days, .. } => args.push(("days", Word::Number(i64::from(*days)))),
        Refusal::UsedUp { most, .. } => args.push(("most", Word::Number(i64::from(*most)))),
        Refusal::OutOfRange { field, from, to } => args.extend([
            ("field", (*field).into()),
            ("from", from.as_str().into()),
            ("to", to.as_str().into()),
        ]),
        Refusal::Joint(refusal) => {
            args.extend(refusal.args().into_iter().map(|(k, v)| (k, v.into())))
        }
        Refusal::Deadline(_)
        | Refusal::NotYourUnit { .. }
        | Refusal::OwnUnit { .. }
        | Refusal::SaidInPerson
        | Refusal::NotYourTask
        | Refusal::Ruled
        | Refusal::AgainstRuling
        | Refusal::NoVoidRequest
        | Refusal::NoMerge
        | Refusal::NoLimit
        | Refusal::TooLate { .. }
        | Refusal::AlreadyAsked
        | Refusal::NotAsked
        | Refusal::SamePerson
        | Refusal::NotEndorsed
        | Refusal::NoRequester
        | Refusal::NotAnswered
        | Refusal::NotApproved
        | Refusal::AnswerReturned
        | Refusal::NotDirect
        | Refusal::NotRated => {}
    }
    args
}
