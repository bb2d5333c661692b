//! Plain types of the vault and the one decision about a look; no I/O.

use access::{Permission, Problem, Refused, Saying, Word};
use axum::http::StatusCode;
use jiff::Timestamp;
use kernel::DistrictCode;
use kernel::id::Id;
use kernel::mask;
use serde::{Deserialize, Serialize};
use store::StoreError;

/// What is kept of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// 姓名
    Name,
    /// 电话
    Phone,
    /// 电子邮箱
    Email,
    /// 住址 — where the person can be met, not the place of the matter.
    Address,
    /// 原文 — what the person wrote, where the text on the case had to be masked.
    Text,
    /// 私人链接 — the secret part of the private link, so that the program can send it to the person it belongs to. No
    /// member of staff is ever shown it: whoever has it acts as the person.
    Link,
}

impl Field {
    /// All of them, in the order shown.
    pub const ALL: [Self; 6] = [
        Self::Name,
        Self::Phone,
        Self::Email,
        Self::Address,
        Self::Text,
        Self::Link,
    ];
    /// What a person may be shown to staff for a purpose: all but the private link.
    pub const SHOWN: [Self; 5] = [
        Self::Name,
        Self::Phone,
        Self::Email,
        Self::Address,
        Self::Text,
    ];
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Address => "address",
            Self::Text => "text",
            Self::Link => "link",
        }
    }
    /// The most characters it may have.
    pub const fn longest(self) -> usize {
        match self {
            Self::Name => 100,
            Self::Phone => 40,
            Self::Email => 254,
            Self::Address => 500,
            Self::Text => 20_000,
            Self::Link => 64,
        }
    }
    /// Whether it can be searched for, as a whole.
    pub const fn is_indexed(self) -> bool {
        matches!(self, Self::Name | Self::Phone)
    }
    /// The one form of a text under which it is indexed, none if the field is not indexed or nothing is left of it.
    ///
    /// Phones: digits only, full width as half width, without +86. Names: without any space, lowercase.
    pub fn normalise(self, text: &str) -> Option<String> {
        let plain = |c: char| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            _ => c,
        };
        let normalised: String = match self {
            Self::Phone => {
                let digits: String = text
                    .chars()
                    .map(plain)
                    .filter(char::is_ascii_digit)
                    .collect();
                let national = digits
                    .strip_prefix("0086")
                    .or_else(|| digits.strip_prefix("86"))
                    .filter(|rest| mask::looks_like_phone(rest));
                national.map(str::to_owned).unwrap_or(digits)
            }
            Self::Name => text
                .chars()
                .map(plain)
                .filter(|c| !c.is_whitespace() && !matches!(c, '·' | '•' | '‧'))
                .flat_map(char::to_lowercase)
                .collect(),
            _ => return None,
        };
        (!normalised.is_empty()).then_some(normalised)
    }
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Field {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|field| field.as_str() == text)
            .ok_or_else(|| {
                format!(
                    "unknown field {:?}",
                    text.chars().take(40).collect::<String>()
                )
            })
    }
}
store::text_value!(Field);

/// Codes of the purposes that the program itself uses; the table `vault_purposes` may hold more.
pub mod purpose {
    /// 办理诉求
    pub const HANDLING: &str = "handling";
    /// 回访
    pub const CALL_BACK: &str = "call_back";
    /// 紧急情况
    pub const EMERGENCY: &str = "emergency";
    /// 依法履行其他职责
    pub const DUTY: &str = "duty";
    /// 本人行使权利
    pub const OWN: &str = "own";
    /// 告知办理进展 — the program tells the person how the own matter goes (the row comes with the tables of notices).
    pub const NOTICE: &str = "notice";
    /// All of them: what the program itself writes down as the reason of a look, so that a page has words for each.
    pub const ALL: [&str; 6] = [HANDLING, CALL_BACK, EMERGENCY, DUTY, OWN, NOTICE];
}

/// The basis of what a person gives with a report, unless a form says otherwise.
pub const REPORT_BASIS: &str = "个人信息保护法第十三条第一款第（三）项、第三十四条";

store::record! {
    /// 处理目的 — why a person's data is kept or looked at.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct Purpose {
        /// Its code.
        pub code: String,
        /// Its name in Chinese.
        pub name_zh: String,
        /// Its name in English.
        pub name_en: String,
        /// The law and article it rests on.
        pub basis: String,
    }
}

/// One field of a new subject.
#[derive(Clone, PartialEq, Eq)]
pub struct NewField {
    pub(crate) field: Field,
    pub(crate) text: String,
    pub(crate) purpose: String,
    pub(crate) basis: String,
    pub(crate) retention_until: Option<Timestamp>,
}

/// A person to put into the vault. It prints without what it holds.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSubject {
    pub(crate) district: DistrictCode,
    pub(crate) is_confidential: bool,
    pub(crate) fields: Vec<NewField>,
}

impl std::fmt::Debug for NewSubject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fields: Vec<&str> = self.fields.iter().map(|n| n.field.as_str()).collect();
        write!(f, "NewSubject({}, {fields:?})", self.district)
    }
}

impl NewSubject {
    /// Nobody yet, in the district of record of the matter.
    pub fn new(district: DistrictCode) -> Self {
        Self {
            district,
            is_confidential: false,
            fields: Vec::new(),
        }
    }
    /// 举报 — shown to nobody, not even masked, unless two people agree (see [`crate::ops::ask_unmasking`]).
    #[must_use]
    pub fn confidential(mut self, is_confidential: bool) -> Self {
        self.is_confidential = is_confidential;
        self
    }
    /// With a field, its purpose (a code of the table of purposes) and its legal basis. A text of nothing but space is
    /// left out.
    ///
    /// # Errors
    /// `Field` when the field is given twice, is too long, holds control characters, or has no basis.
    pub fn with(
        mut self,
        field: Field,
        text: &str,
        purpose: &str,
        basis: &str,
    ) -> Result<Self, VaultError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(self);
        }
        if self.fields.iter().any(|other| other.field == field) {
            return Err(VaultError::field(field, "vault-bad-twice", "given twice"));
        }
        check_text(field, text)?;
        if basis.trim().is_empty() {
            let reason = "kept without a legal basis";
            return Err(VaultError::field(field, "vault-bad-basis", reason));
        }
        self.fields.push(NewField {
            field,
            text: text.to_owned(),
            purpose: purpose.to_owned(),
            basis: basis.trim().to_owned(),
            retention_until: None,
        });
        Ok(self)
    }
    /// Keeps the field added last only until this time; without it, as long as the matter is kept.
    #[must_use]
    pub fn until(mut self, at: Timestamp) -> Self {
        if let Some(last) = self.fields.last_mut() {
            last.retention_until = Some(at);
        }
        self
    }
    /// Whether there is nothing to keep (a report without a name).
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Whether a text may stand in a field.
pub(crate) fn check_text(field: Field, text: &str) -> Result<(), VaultError> {
    if text.chars().count() > field.longest() {
        let most = i64::try_from(field.longest()).unwrap_or(i64::MAX);
        return Err(VaultError::Field {
            field: field.to_string(),
            reason: format!("longer than {} characters", field.longest()),
            word: Saying::new("vault-bad-long", vec![("most", most.into())]).into(),
        });
    }
    let is_bad =
        |c: char| c.is_control() && !(field == Field::Text && matches!(c, '\n' | '\r' | '\t'));
    if text.contains(is_bad) {
        let reason = "holds control characters";
        return Err(VaultError::field(field, "vault-bad-control", reason));
    }
    if field == Field::Phone && Field::Phone.normalise(text).is_none() {
        return Err(VaultError::field(
            field,
            "vault-bad-digits",
            "holds no digit",
        ));
    }
    Ok(())
}

/// How a look ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LookOutcome {
    /// The fields were shown.
    Seen,
    /// A search by name or phone found the person; no field was shown.
    Found,
    /// It was refused.
    Refused,
    /// The person had been erased; there was nothing to show.
    Erased,
    /// Somebody asked to be shown who made a confidential report.
    UnmaskingAsked,
    /// A second person agreed.
    UnmaskingGranted,
    /// A second person did not agree.
    UnmaskingRefused,
}

impl LookOutcome {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Seen,
        Self::Found,
        Self::Refused,
        Self::Erased,
        Self::UnmaskingAsked,
        Self::UnmaskingGranted,
        Self::UnmaskingRefused,
    ];
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Found => "found",
            Self::Refused => "refused",
            Self::Erased => "erased",
            Self::UnmaskingAsked => "unmasking_asked",
            Self::UnmaskingGranted => "unmasking_granted",
            Self::UnmaskingRefused => "unmasking_refused",
        }
    }
}

impl std::fmt::Display for LookOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
impl std::str::FromStr for LookOutcome {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
            .ok_or_else(|| format!("unknown outcome {text:?}"))
    }
}
store::text_value!(LookOutcome);

store::record! {
    /// 查阅记录 — one look, as the person reads it. Who it was is named by role; the account stands in the audit trail.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct Look {
        /// When.
        pub at: Timestamp,
        /// `staff`, `resident` or `system`.
        pub actor_kind: String,
        /// The role under which it was done.
        pub role: String,
        /// The purpose that was stated: a code of the table of purposes, or what was given instead.
        pub purpose: String,
        /// How it ended.
        pub outcome: LookOutcome,
        /// Which fields, words separated by commas.
        pub fields: String,
    }
}

store::record! {
    /// What is kept of a person and why, without the content.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct Held {
        /// Which field.
        pub field: Field,
        /// What it was collected for.
        pub purpose: String,
        /// The legal basis.
        pub basis: String,
        /// Until when; none = as long as the matter is kept.
        pub retention_until: Option<Timestamp>,
        /// Since when.
        pub created_at: Timestamp,
    }
}

/// What a page may show of a person without a look: 张*, 138****1234.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Masked {
    /// The masked name; empty if none is kept.
    pub name: String,
    /// The masked phone number; empty if none is kept.
    pub phone: String,
    /// Whether more is kept that has no masked form (email, address, the original text).
    pub has_more: bool,
    /// 举报: nothing is shown.
    pub is_confidential: bool,
    /// Erased: there is nothing to show.
    pub is_erased: bool,
}

impl Masked {
    pub(crate) fn add(&mut self, field: Field, text: &str) {
        match field {
            Field::Name => self.name = mask::mask_name(text),
            Field::Phone => self.phone = mask::mask_phone(text),
            Field::Email | Field::Address | Field::Text => self.has_more = true,
            Field::Link => {}
        }
    }
}

store::record! {
    /// One entry of the list of erasures.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Erasure {
        /// The district of the subject.
        pub district: DistrictCode,
        /// Who was erased.
        pub subject: Id,
        /// When.
        pub at: Timestamp,
        /// Why: a word of [`ErasureCause`].
        pub cause: String,
    }
}

/// Why a person was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasureCause {
    /// The person asked for it.
    Requested,
    /// The time for which it could be kept is over.
    Retention,
    /// It should not have been collected.
    Mistake,
}

impl ErasureCause {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Retention => "retention",
            Self::Mistake => "mistake",
        }
    }
}

impl std::str::FromStr for ErasureCause {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Requested, Self::Retention, Self::Mistake]
            .into_iter()
            .find(|cause| cause.as_str() == text)
            .ok_or_else(|| "requested, retention or mistake".to_owned())
    }
}

/// 删除清单（库外） — what to do with an erasure at once after its COMMIT, so that a list outside the database knows of
/// it before whoever asked is told that it is done. A deployment without one lists erasures when it next reconciles.
pub struct ErasureLog(Box<Listing>);

/// What is done with one erasure.
type Listing = dyn Fn(&Erasure) -> std::io::Result<()> + Send + Sync;

impl ErasureLog {
    /// A log that does this with each erasure.
    pub fn new(list: impl Fn(&Erasure) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Box::new(list))
    }
    /// Lists an erasure that is committed.
    ///
    /// # Errors
    /// Those of the place where the list is kept.
    pub fn list(&self, erasure: &Erasure) -> std::io::Result<()> {
        (self.0)(erasure)
    }
}

/// What [`judge`] needs to know of a look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LookFacts {
    pub may_look: bool,
    pub is_in_scope: bool,
    pub is_purpose_known: bool,
    pub is_confidential: bool,
    /// Whether two people agreed that this account may see a confidential reporter now.
    pub is_unmasked: bool,
    pub is_erased: bool,
}

/// Whether a look may be done. The order matters: who may not look learns nothing about the subject.
pub(crate) fn judge(facts: LookFacts, purpose: &str) -> Result<(), VaultError> {
    if !facts.may_look {
        return Err(VaultError::Refused(Refused {
            permission: Permission::PersonalRead,
        }));
    }
    if !facts.is_in_scope {
        return Err(VaultError::NotFound);
    }
    if !facts.is_purpose_known {
        return Err(VaultError::Purpose(purpose.chars().take(40).collect()));
    }
    if facts.is_erased {
        return Err(VaultError::Erased);
    }
    if facts.is_confidential && !facts.is_unmasked {
        return Err(VaultError::Confidential);
    }
    Ok(())
}

/// Why the vault stayed closed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The principal may not look at people's data.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// No purpose of the table was stated.
    #[error("{0:?} is no purpose of looking at a person's data")]
    Purpose(String),
    /// There is no such person, or not in this principal's districts.
    #[error("there is no such person in the vault")]
    NotFound,
    /// The person was erased.
    #[error("the person's data was erased")]
    Erased,
    /// The reporter of a confidential matter.
    #[error("the reporter is confidential: two people must agree before it is shown")]
    Confidential,
    /// The request to see a confidential reporter cannot be decided so.
    #[error("the request to show the reporter cannot be decided: {0}")]
    Unmasking(&'static str),
    /// A text that cannot be kept or searched for.
    #[error("{field}: {reason}")]
    Field {
        /// The field.
        field: String,
        /// What is wrong, in English.
        reason: String,
        /// The same in the reader's language.
        word: Word,
    },
    /// The master key that the data was sealed under is not there.
    #[error("the master key of version {0} is not loaded")]
    KeyVersion(u32),
    /// The data or the key is not the right one.
    #[error("cannot open {what}: {source}")]
    Sealed {
        /// What did not open.
        what: String,
        /// Why.
        source: crate::crypto::CryptoError,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl VaultError {
    // words: vault-bad-*
    /// A text that cannot be kept or searched for: why in English, and by a key of the language files.
    pub fn field(field: impl ToString, key: &str, reason: impl Into<String>) -> Self {
        Self::Field {
            field: field.to_string(),
            reason: reason.into(),
            word: Word::Key(key.to_owned()),
        }
    }
}

impl Problem for VaultError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(e) => e.status(),
            Self::Purpose(_) | Self::Field { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Erased => StatusCode::GONE,
            Self::Confidential => StatusCode::FORBIDDEN,
            Self::Unmasking(_) => StatusCode::CONFLICT,
            Self::KeyVersion(_) | Self::Sealed { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Store(e) => e.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Refused(e) => e.code(),
            Self::Purpose(_) => "vault.purpose",
            Self::NotFound => "vault.not_found",
            Self::Erased => "vault.erased",
            Self::Confidential => "vault.confidential",
            Self::Unmasking(_) => "vault.unmasking",
            Self::Field { .. } => "vault.field",
            Self::KeyVersion(_) | Self::Sealed { .. } => "vault.sealed",
            Self::Store(e) => e.code(),
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::Purpose(_) => Some("purpose".into()),
            Self::Field { field, .. } => Some(field.clone()),
            _ => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Refused(e) => e.args(),
            Self::Purpose(purpose) => vec![("purpose", purpose.as_str().into())],
            Self::Field { field, word, .. } => {
                vec![("field", field.as_str().into()), ("why", word.clone())]
            }
            _ => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(e) => e.retry_after_s(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn district() -> DistrictCode {
        "330102".parse().unwrap()
    }

    #[test]
    fn one_number_has_one_form() {
        for text in [
            "13812341234",
            "+86 138-1234-1234",
            "１３８１２３４１２３４",
            "0086 13812341234",
            "(138) 1234 1234",
        ] {
            assert_eq!(
                Field::Phone.normalise(text).unwrap(),
                "13812341234",
                "{text}"
            );
        }
        // A landline of 0860… is no number abroad.
        assert_eq!(Field::Phone.normalise("8612345").unwrap(), "8612345");
        assert_eq!(Field::Name.normalise(" 张 三 ").unwrap(), "张三");
        assert_eq!(
            Field::Name.normalise("Ｌi Lei").unwrap(),
            Field::Name.normalise("LI LEI").unwrap()
        );
        assert_eq!(
            Field::Name.normalise("买买提·吐尔逊"),
            Field::Name.normalise("买买提吐尔逊")
        );
        assert_eq!(
            (Field::Name.normalise(" "), Field::Text.normalise("文")),
            (None, None)
        );
    }

    #[test]
    fn what_cannot_be_kept_is_refused_by_its_field() {
        let new = || NewSubject::new(district());
        let long = "长".repeat(101);
        let cases = [
            (Field::Name, long.as_str(), "basis"),
            (Field::Name, "a\u{0}b", "basis"),
            (Field::Phone, "no number", "basis"),
            (Field::Name, "张三", " "),
        ];
        for (field, text, basis) in cases {
            let error = new()
                .with(field, text, purpose::HANDLING, basis)
                .unwrap_err();
            assert_eq!(
                Problem::field(&error).as_deref(),
                Some(field.as_str()),
                "{error}"
            );
        }
        let twice = new()
            .with(Field::Name, "张三", purpose::HANDLING, "b")
            .unwrap();
        assert!(
            twice
                .with(Field::Name, "李四", purpose::HANDLING, "b")
                .is_err()
        );
        assert!(
            new()
                .with(Field::Name, " ", purpose::HANDLING, "b")
                .unwrap()
                .is_empty()
        );
        assert!(
            new()
                .with(Field::Text, "两\n行", purpose::HANDLING, "b")
                .is_ok()
        );
    }

    #[test]
    fn a_new_subject_prints_without_its_content() {
        let new = NewSubject::new(district())
            .with(Field::Phone, "13812341234", purpose::HANDLING, "b")
            .unwrap();
        assert!(!format!("{new:?}").contains("138"));
    }

    #[test]
    fn who_may_not_look_learns_nothing_else() {
        let fine = LookFacts {
            may_look: true,
            is_in_scope: true,
            is_purpose_known: true,
            is_confidential: false,
            is_unmasked: false,
            is_erased: false,
        };
        assert!(judge(fine, "handling").is_ok());
        let nothing = LookFacts {
            may_look: false,
            is_in_scope: false,
            is_purpose_known: false,
            is_confidential: true,
            is_unmasked: false,
            is_erased: true,
        };
        assert!(matches!(judge(nothing, ""), Err(VaultError::Refused(_))));
        let elsewhere = LookFacts {
            is_in_scope: false,
            is_erased: true,
            ..fine
        };
        assert!(matches!(
            judge(elsewhere, "handling"),
            Err(VaultError::NotFound)
        ));
        let aimless = LookFacts {
            is_purpose_known: false,
            ..fine
        };
        assert!(
            matches!(judge(aimless, "curiosity"), Err(VaultError::Purpose(p)) if p == "curiosity")
        );
        let secret = LookFacts {
            is_confidential: true,
            ..fine
        };
        assert!(matches!(
            judge(secret, "handling"),
            Err(VaultError::Confidential)
        ));
        assert!(
            judge(
                LookFacts {
                    is_unmasked: true,
                    ..secret
                },
                "handling"
            )
            .is_ok()
        );
        let gone = LookFacts {
            is_erased: true,
            ..fine
        };
        assert!(matches!(judge(gone, "handling"), Err(VaultError::Erased)));
    }

    proptest! {
        #[test]
        fn a_form_is_its_own_form(text in ".{0,60}") {
            for field in [Field::Name, Field::Phone] {
                if let Some(once) = field.normalise(&text) {
                    prop_assert_eq!(field.normalise(&once), Some(once.clone()));
                }
            }
        }
        #[test]
        fn any_text_is_kept_or_refused(text in ".{0,300}") {
            for field in Field::ALL {
                let _ = NewSubject::new(district()).with(field, &text, purpose::HANDLING, "b");
            }
        }
    }
}
