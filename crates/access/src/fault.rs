//! Why a request was not answered as asked. A handler returns a [`Fault`]; the front door turns it into a page in the
//! reader's language or into a problem document (RFC 9457), with the reference number of the request, and logs it once.
//!
//! A capability's own errors implement [`Problem`]: a status, a stable code, perhaps a field. Their words stand in the
//! `.ftl` files under [`word_key`] of the code; without words the English text of the error is used.

use crate::ctx::Refused;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use store::StoreError;
use ui::Ui;

/// An error that knows how a visitor should be told.
pub trait Problem: Error + Send + Sync + 'static {
    /// The HTTP status: 4xx for what the visitor can change, 5xx for what is ours.
    fn status(&self) -> StatusCode;
    /// A stable code, `capability.what_is_wrong`, such as `cases.wrong_state`.
    fn code(&self) -> &'static str;
    /// The field at fault, where there is one.
    fn field(&self) -> Option<String> {
        None
    }
    /// Values for the sentence in the language files.
    fn args(&self) -> Vec<(&'static str, Word)> {
        Vec::new()
    }
    /// When to try again, in seconds.
    fn retry_after_s(&self) -> Option<u32> {
        None
    }
}

/// A value in the sentence of a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// A name, a code, a date: shown as it is.
    Text(String),
    /// A count: grouped, and chooses singular or plural.
    Number(i64),
    /// A word of the program itself: its key in the language files.
    Key(String),
    /// A moment, as people say it.
    Moment(Timestamp),
    /// Sentences of the program, one after another.
    Sayings(Vec<Saying>),
}

/// A sentence of the program inside another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// Its key in the language files.
    pub key: String,
    /// What it names.
    pub args: Vec<(Cow<'static, str>, Word)>,
}

impl Saying {
    /// A sentence by its key, with what it names.
    pub fn new(key: impl Into<String>, args: Vec<(&'static str, Word)>) -> Self {
        let args = args.into_iter();
        Self {
            key: key.into(),
            args: args.map(|(name, word)| (name.into(), word)).collect(),
        }
    }
}

impl From<Saying> for Word {
    fn from(saying: Saying) -> Self {
        Self::Sayings(vec![saying])
    }
}

/// A value as a sentence takes it.
enum Value {
    Text(String),
    Number(i64),
}

impl Value {
    fn arg(&self) -> &dyn ui::Arg {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number,
        }
    }
}

impl Word {
    fn value(&self, to: &Reader<'_>) -> Value {
        match self {
            Self::Text(text) => Value::Text(text.clone()),
            Self::Number(number) => Value::Number(*number),
            Self::Key(key) => Value::Text(to.words.text(to.lang, key, &[])),
            Self::Moment(at) => Value::Text((to.moment)(*at)),
            Self::Sayings(all) => {
                let told: Vec<String> = all.iter().map(|s| to.told(&s.key, &s.args)).collect();
                Value::Text(ui::listed(to.lang, &told))
            }
        }
    }
    /// The same as programs read it, where nobody is there to be told in a language.
    pub fn plain(&self) -> String {
        match self {
            Self::Text(text) | Self::Key(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Moment(at) => at.to_string(),
            Self::Sayings(all) => {
                let words = all
                    .iter()
                    .flat_map(|s| &s.args)
                    .map(|(_, word)| word.plain());
                words.collect::<Vec<_>>().join(" ")
            }
        }
    }
}

/// Whoever a sentence is for.
struct Reader<'a> {
    words: &'a ui::I18n,
    lang: ui::Lang,
    /// How a moment is said.
    moment: &'a dyn Fn(Timestamp) -> String,
}

impl Reader<'_> {
    fn told(&self, key: &str, args: &[(impl AsRef<str>, Word)]) -> String {
        let values: Vec<(&str, Value)> = args
            .iter()
            .map(|(name, word)| (name.as_ref(), word.value(self)))
            .collect();
        let args: Vec<(&str, &dyn ui::Arg)> =
            values.iter().map(|(name, v)| (*name, v.arg())).collect();
        self.words.text(self.lang, key, &args)
    }
}

/// A sentence of the language files with its values, in the words, the clock and the zone of a reader.
#[must_use]
pub fn told(ui: &Ui, key: &str, args: &[(&'static str, Word)]) -> String {
    let reader = Reader {
        words: &ui.site.words,
        lang: ui.lang,
        moment: &|at| ui.time_text(at),
    };
    reader.told(key, args)
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<i64> for Word {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

// words: access-error-*
/// The key of a code's sentence: `cases.wrong_state` has its words under `cases-error-wrong-state`.
#[must_use]
pub fn word_key(code: &str) -> String {
    let (capability, what) = code.split_once('.').unwrap_or(("access", code));
    format!("{capability}-error-{}", what.replace(['_', '.'], "-"))
}

/// Why a request was not answered as asked. Cheap to clone.
#[derive(Clone)]
pub struct Fault {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    field: Option<String>,
    args: Vec<(&'static str, Word)>,
    detail: String,
    retry_after_s: Option<u32>,
    back: String,
}

impl Fault {
    /// A refusal with a code and its English text (lowercase, what failed and for which input).
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            inner: Arc::new(Inner {
                status,
                code,
                field: None,
                args: Vec::new(),
                detail: detail.into(),
                retry_after_s: None,
                back: String::new(),
            }),
        }
    }
    /// Input that does not fit: 422, naming the field.
    pub fn invalid(
        field: impl Into<String>,
        code: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail).field(field)
    }
    /// There is no such thing, or the visitor may not know of it.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "access.not_found", "not found")
    }
    /// A fault of ours. The text goes to the log only; the visitor gets the reference number.
    pub fn internal(detail: impl fmt::Display) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "access.internal",
            detail.to_string(),
        )
    }
    /// Naming the field at fault.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.inner).field = Some(field.into());
        self
    }
    /// With a value for the sentence in the language files.
    #[must_use]
    pub fn arg(mut self, name: &'static str, value: impl Into<Word>) -> Self {
        Arc::make_mut(&mut self.inner)
            .args
            .push((name, value.into()));
        self
    }
    /// With the time after which to try again, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        Arc::make_mut(&mut self.inner).retry_after_s = Some(seconds);
        self
    }
    /// With a link the error page offers (a path of this site).
    #[must_use]
    pub fn back(mut self, path: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.inner).back = path.into();
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.inner.status
    }
    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.inner.code
    }
    /// The field at fault.
    pub fn field_name(&self) -> Option<&str> {
        self.inner.field.as_deref()
    }
    /// The English text, for the log and the problem document.
    pub fn detail(&self) -> &str {
        &self.inner.detail
    }
    /// When to try again, in seconds.
    pub fn retry_after_s(&self) -> Option<u32> {
        self.inner.retry_after_s
    }
    /// Where the error page leads back to; empty = the first page.
    pub(crate) fn back_path(&self) -> &str {
        &self.inner.back
    }
    /// The translated sentence, where the language files have one for this code. A form shows it beside the field; what it calls the
    /// field is the label on the page that it goes to ([`ui::field_name`]).
    pub fn sentence(&self, words: &ui::I18n, lang: ui::Lang) -> Option<String> {
        let key = word_key(self.inner.code);
        if !words.has(&key) {
            return None;
        }
        let args = on_a_page(self.field_name(), self.inner.args.clone());
        Some(said(words, lang, &key, &args))
    }
    /// The same where there is no form, for a reader whose clock is known: moments and sentences within it are told as people say
    /// them, a field keeps the name it is sent by.
    pub fn told(&self, ui: &Ui) -> Option<String> {
        let args = with_field(self.field_name(), self.inner.args.clone());
        told_if_there(ui, &word_key(self.inner.code), &args)
    }
    /// The same for a page on its own, which has no field to point at: where there are words that name none, or what was typed, these.
    pub(crate) fn lone_sentence(&self, ui: &Ui) -> Option<String> {
        let is_given = self.inner.args.iter().any(|(name, _)| *name == "given");
        // words: access-lone-*
        let lone = match self.inner.code {
            "access.missing_field" => "access-lone-missing",
            "access.invalid_field" if is_given => "access-lone-given",
            "access.invalid_field" => "access-lone-invalid",
            _ => return self.told(ui),
        };
        told_if_there(ui, lone, &self.inner.args)
    }
}

/// A sentence of the language files for a reader of whom no more is known than the language: words and sentences of the program
/// within it are told in that, moments as programs read them.
pub fn said(words: &ui::I18n, lang: ui::Lang, key: &str, args: &[(&'static str, Word)]) -> String {
    let reader = Reader {
        words,
        lang,
        moment: &|at: Timestamp| at.to_string(),
    };
    reader.told(key, args)
}

fn told_if_there(ui: &Ui, key: &str, args: &[(&'static str, Word)]) -> Option<String> {
    ui.site.words.has(key).then(|| told(ui, key, args))
}

/// The values for a sentence on a page: the name of the field at fault as what the page calls it. Where an error names a field, its
/// sentence may always say which.
pub fn on_a_page(
    field: Option<&str>,
    args: Vec<(&'static str, Word)>,
) -> Vec<(&'static str, Word)> {
    with_field(field, args)
        .into_iter()
        .map(|(name, word)| match word {
            Word::Text(text) if name == "field" && Some(text.as_str()) == field => {
                (name, Word::Text(ui::field_name(&text)))
            }
            word => (name, word),
        })
        .collect()
}

fn with_field(
    field: Option<&str>,
    mut args: Vec<(&'static str, Word)>,
) -> Vec<(&'static str, Word)> {
    if let (Some(field), false) = (field, args.iter().any(|(name, _)| *name == "field")) {
        args.push(("field", field.into()));
    }
    args
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            status,
            code,
            field,
            detail,
            ..
        } = &*self.inner;
        write!(f, "{status} {code} {field:?}: {detail}")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.detail)
    }
}

/// Deliberately not `std::error::Error`: any error that is a [`Problem`] converts into a fault by `?`.
impl<E: Problem> From<E> for Fault {
    fn from(error: E) -> Self {
        Self {
            inner: Arc::new(Inner {
                status: error.status(),
                code: error.code(),
                field: error.field(),
                args: error.args(),
                detail: chain(&error),
                retry_after_s: error.retry_after_s(),
                back: String::new(),
            }),
        }
    }
}

/// The front door finds the fault in the response and puts it into words; a bare status is all that is made here.
impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// An error's text followed by those of its sources that say something new.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

impl Problem for StoreError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Conflict | Self::Unique(_) => StatusCode::CONFLICT,
            Self::ForeignKey(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Busy { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Timeout | Self::Lost(_) | Self::Uninitialised => StatusCode::SERVICE_UNAVAILABLE,
            Self::Open { .. } | Self::Decode { .. } | Self::Misuse(_) | Self::Engine(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Conflict => "access.conflict",
            Self::Unique(_) => "access.exists",
            Self::ForeignKey(_) => "access.dangling",
            Self::Busy { .. } => "access.busy",
            Self::Timeout => "access.timeout",
            Self::Lost(_) | Self::Uninitialised => "access.unavailable",
            Self::Open { .. } | Self::Decode { .. } | Self::Misuse(_) | Self::Engine(_) => {
                "access.internal"
            }
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Busy { retry_after_s } => Some(*retry_after_s),
            Self::Timeout | Self::Lost(_) => Some(5),
            _ => None,
        }
    }
}

impl Problem for Refused {
    fn status(&self) -> StatusCode {
        StatusCode::FORBIDDEN
    }
    fn code(&self) -> &'static str {
        "access.refused"
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        vec![("permission", self.permission.as_str().into())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_key() {
        assert_eq!(word_key("cases.wrong_state"), "cases-error-wrong-state");
    }

    #[test]
    fn store_errors_keep_what_a_caller_treats_differently() {
        let busy = Fault::from(StoreError::Busy { retry_after_s: 2 });
        assert_eq!(
            (busy.status().as_u16(), busy.retry_after_s()),
            (429, Some(2))
        );
        assert_eq!(Fault::from(StoreError::Conflict).status().as_u16(), 409);
        assert_eq!(
            Fault::from(StoreError::Engine("x".into()))
                .status()
                .as_u16(),
            500
        );
    }
}
