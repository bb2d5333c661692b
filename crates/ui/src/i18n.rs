//! The words of the pages: Fluent messages that each capability brings in both languages.
//!
//! Built once at start. What could surprise a reader later is refused here: a syntax error, a key twice, a key or a
//! variable that only one language has, a message without text.

use crate::format::group_digits;
use crate::lang::Lang;
use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue};
use fluent_syntax::ast;
use intl_memoizer::concurrent::IntlLangMemoizer;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use unic_langid::langid;

type Bundle = fluent_bundle::bundle::FluentBundle<FluentResource, IntlLangMemoizer>;

/// How many different gaps are kept by name; more are only counted.
const GAPS_KEPT: usize = 100;

/// Why the words cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum I18nError {
    /// A line Fluent cannot read.
    #[error("{capability} {lang}: cannot read line {line}: {reason}")]
    Syntax {
        /// Whose words.
        capability: &'static str,
        /// `zh-CN` or `en`.
        lang: &'static str,
        /// Line in the file, from 1.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// One key in two places.
    #[error("key {key:?} is defined by {first} and again by {second}")]
    Duplicate {
        /// The key.
        key: String,
        /// Who had it.
        first: &'static str,
        /// Who brought it again (may be the same).
        second: &'static str,
    },
    /// A key that one language lacks.
    #[error("{capability}: key {key:?} is missing in {lang}")]
    Missing {
        /// Whose words.
        capability: &'static str,
        /// The key.
        key: String,
        /// The language that lacks it.
        lang: &'static str,
    },
    /// A message, or one of its variants, has no text. Fluent also reads a one-line select expression like this.
    #[error(
        "{capability} {lang}: key {key:?} has no text (the variants of a select stand on separate lines)"
    )]
    Empty {
        /// Whose words.
        capability: &'static str,
        /// `zh-CN` or `en`.
        lang: &'static str,
        /// The key.
        key: String,
    },
    /// The two languages expect different values.
    #[error("{capability}: key {key:?} takes {{{zh}}} in zh-CN but {{{en}}} in en")]
    Variables {
        /// Whose words.
        capability: &'static str,
        /// The key.
        key: String,
        /// Names in Chinese, comma separated.
        zh: String,
        /// Names in English, comma separated.
        en: String,
    },
}

/// A value that can be put into a sentence. Whole numbers are grouped (43,523); give years and codes as text.
pub trait Arg {
    /// The value as Fluent takes it.
    fn fluent(&self) -> FluentValue<'_>;
}

impl<T: Arg + ?Sized> Arg for &T {
    fn fluent(&self) -> FluentValue<'_> {
        (**self).fluent()
    }
}
impl Arg for str {
    fn fluent(&self) -> FluentValue<'_> {
        FluentValue::from(self)
    }
}
impl Arg for String {
    fn fluent(&self) -> FluentValue<'_> {
        FluentValue::from(self.as_str())
    }
}
impl Arg for Cow<'_, str> {
    fn fluent(&self) -> FluentValue<'_> {
        FluentValue::from(self.as_ref())
    }
}
macro_rules! number_args {
    ($($kind:ty)*) => { $(impl Arg for $kind {
        fn fluent(&self) -> FluentValue<'_> {
            FluentValue::from(*self)
        }
    })* };
}
number_args!(i16 i32 i64 isize u8 u16 u32 u64 usize f64);

/// All words in both languages. Shared by every request.
pub struct I18n {
    zh: Bundle,
    en: Bundle,
    keys: BTreeMap<String, Word>,
    gaps: AtomicU64,
    gap_keys: Mutex<BTreeSet<String>>,
}

/// What is known of one key.
#[derive(Clone, Debug)]
struct Word {
    capability: &'static str,
    variables: BTreeSet<String>,
}

impl fmt::Debug for I18n {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("I18n")
            .field("keys", &self.keys.len())
            .field("gaps", &self.gaps)
            .finish()
    }
}

/// Collects the words of all capabilities.
#[derive(Debug)]
pub struct Builder {
    sources: Vec<(&'static str, &'static str, &'static str)>,
}

impl Builder {
    /// Adds one capability: its name, the text of its `zh-CN.ftl` and of its `en.ftl` (`include_str!`).
    #[must_use]
    pub fn add(mut self, capability: &'static str, zh: &'static str, en: &'static str) -> Self {
        self.sources.push((capability, zh, en));
        self
    }

    /// Reads and checks everything.
    ///
    /// # Errors
    /// The first fault found, naming capability, language and key.
    pub fn build(self) -> Result<I18n, I18nError> {
        let (mut zh_bundle, mut en_bundle) = (bundle(Lang::Zh), bundle(Lang::En));
        let mut keys: BTreeMap<String, Word> = BTreeMap::new();
        for (capability, zh, en) in self.sources {
            let (zh_words, zh_source) = read(capability, Lang::Zh, zh)?;
            let (en_words, en_source) = read(capability, Lang::En, en)?;
            for (key, variables) in zh_words.iter() {
                let Some(english) = en_words.get(key) else {
                    return Err(I18nError::Missing {
                        capability,
                        key: key.clone(),
                        lang: Lang::En.tag(),
                    });
                };
                if variables != english {
                    let list = |names: &BTreeSet<String>| {
                        names.iter().cloned().collect::<Vec<_>>().join(", ")
                    };
                    let (zh, en) = (list(variables), list(english));
                    return Err(I18nError::Variables {
                        capability,
                        key: key.clone(),
                        zh,
                        en,
                    });
                }
                let word = Word {
                    capability,
                    variables: variables.clone(),
                };
                if let Some(before) = keys.insert(key.clone(), word) {
                    return Err(I18nError::Duplicate {
                        key: key.clone(),
                        first: before.capability,
                        second: capability,
                    });
                }
            }
            if let Some(key) = en_words.keys().find(|key| !zh_words.contains_key(*key)) {
                return Err(I18nError::Missing {
                    capability,
                    key: key.clone(),
                    lang: Lang::Zh.tag(),
                });
            }
            zh_bundle.add_resource_overriding(zh_source);
            en_bundle.add_resource_overriding(en_source);
        }
        Ok(I18n {
            zh: zh_bundle,
            en: en_bundle,
            keys,
            gaps: AtomicU64::new(0),
            gap_keys: Mutex::default(),
        })
    }
}

impl I18n {
    /// Begins with the words of the layouts and pieces of this crate.
    #[must_use]
    pub fn builder() -> Builder {
        let own = Builder {
            sources: Vec::new(),
        };
        own.add(
            "ui",
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
    }

    /// The message `key` in `lang`. A gap (no such key, a value not given) is marked in the text as `⟦key⟧`,
    /// logged the first time and counted: tests fail on it, a reader still gets a page.
    #[must_use]
    pub fn text(&self, lang: Lang, key: &str, args: &[(&str, &dyn Arg)]) -> String {
        let bundle = match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        };
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            return self.gap(lang, key, "no such key");
        };
        let mut faults: Vec<FluentError> = Vec::new();
        let text = if args.is_empty() {
            bundle.format_pattern(pattern, None, &mut faults)
        } else {
            let given: FluentArgs<'_> = args
                .iter()
                .map(|(name, value)| (*name, value.fluent()))
                .collect();
            bundle.format_pattern(pattern, Some(&given), &mut faults)
        };
        match faults.first() {
            None => text.into_owned(),
            Some(fault) => self.gap(lang, key, &fault.to_string()),
        }
    }

    /// How many times a word could not be shown since the start.
    #[must_use]
    pub fn gaps(&self) -> u64 {
        self.gaps.load(Ordering::Relaxed)
    }

    /// The keys behind [`I18n::gaps`], at most 100.
    #[must_use]
    pub fn gap_keys(&self) -> Vec<String> {
        self.gap_keys
            .lock()
            .map_or_else(|_| Vec::new(), |keys| keys.iter().cloned().collect())
    }

    /// Whether there is a sentence under a key, and nothing it names is missing among these values.
    #[must_use]
    pub fn is_filled_by(&self, key: &str, names: &[&str]) -> bool {
        let word = self.keys.get(key);
        word.is_some_and(|word| word.variables.iter().all(|v| names.contains(&v.as_str())))
    }
    /// Whether there is such a key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// All keys, with the capability that brought each and the names of the values it takes.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &'static str, &BTreeSet<String>)> {
        self.keys
            .iter()
            .map(|(key, word)| (key.as_str(), word.capability, &word.variables))
    }

    fn gap(&self, lang: Lang, key: &str, reason: &str) -> String {
        self.gaps.fetch_add(1, Ordering::Relaxed);
        // A poisoned lock only means that another thread panicked while noting a gap: the count still stands.
        if let Ok(mut known) = self.gap_keys.lock()
            && known.len() < GAPS_KEPT
            && known.insert(key.to_owned())
        {
            tracing::error!(
                key,
                lang = lang.tag(),
                reason,
                "word cannot be shown: {key:?}"
            );
        }
        format!("⟦{key}⟧")
    }
}

fn bundle(lang: Lang) -> Bundle {
    let id = match lang {
        Lang::Zh => langid!("zh-CN"),
        Lang::En => langid!("en"),
    };
    let mut bundle = Bundle::new_concurrent(vec![id]);
    // Isolation marks around values would end up in titles, attributes and copied text.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) => Some(group_digits(&number.as_string())),
        _ => None,
    }));
    bundle
}

/// The variables of every key of one file.
type Variables = BTreeMap<String, BTreeSet<String>>;

/// Parses one file and lists its keys with their variables.
fn read(
    capability: &'static str,
    lang: Lang,
    source: &str,
) -> Result<(Variables, FluentResource), I18nError> {
    let resource = FluentResource::try_new(source.to_owned()).map_err(|(_, faults)| {
        let fault = faults.first();
        let at = fault.map_or(0, |fault| fault.pos.start);
        let line = source
            .bytes()
            .take(at)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1;
        let reason = fault.map_or_else(|| "not Fluent".to_owned(), |fault| fault.kind.to_string());
        I18nError::Syntax {
            capability,
            lang: lang.tag(),
            line,
            reason,
        }
    })?;
    let mut words = Variables::new();
    for entry in resource.entries() {
        let ast::Entry::Message(message) = entry else {
            continue;
        };
        let key = message.id.name.to_owned();
        let mut variables = BTreeSet::new();
        let told = message
            .value
            .as_ref()
            .is_some_and(|value| examine(value, &mut variables));
        if !told {
            return Err(I18nError::Empty {
                capability,
                lang: lang.tag(),
                key,
            });
        }
        if words.insert(key.clone(), variables).is_some() {
            return Err(I18nError::Duplicate {
                key,
                first: capability,
                second: capability,
            });
        }
    }
    Ok((words, resource))
}

/// Collects the variables of a pattern; false if it, or a variant in it, can never show any text.
fn examine(pattern: &ast::Pattern<&str>, variables: &mut BTreeSet<String>) -> bool {
    let mut told = false;
    for element in &pattern.elements {
        told |= match element {
            ast::PatternElement::TextElement { value } => !value.trim().is_empty(),
            ast::PatternElement::Placeable { expression } => {
                if !examine_expression(expression, variables) {
                    return false;
                }
                true
            }
        };
    }
    told
}

fn examine_expression(
    expression: &ast::Expression<&str>,
    variables: &mut BTreeSet<String>,
) -> bool {
    match expression {
        ast::Expression::Inline(inline) => examine_inline(inline, variables),
        ast::Expression::Select { selector, variants } => {
            // Every variant is looked at, also after an empty one: each may hold variables of its own.
            let mut told = examine_inline(selector, variables);
            for variant in variants {
                told &= examine(&variant.value, variables);
            }
            told
        }
    }
}

fn examine_inline(inline: &ast::InlineExpression<&str>, variables: &mut BTreeSet<String>) -> bool {
    match inline {
        ast::InlineExpression::VariableReference { id } => {
            variables.insert(id.name.to_owned());
            true
        }
        ast::InlineExpression::Placeable { expression } => {
            examine_expression(expression, variables)
        }
        ast::InlineExpression::FunctionReference { arguments, .. } => {
            let mut told = true;
            for argument in &arguments.positional {
                told &= examine_inline(argument, variables);
            }
            told
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn two(zh: &'static str, en: &'static str) -> Result<I18n, I18nError> {
        I18n::builder().add("t", zh, en).build()
    }

    #[test]
    fn words_come_in_both_languages_with_values() {
        let words = two(
            "t-cases = 共 { $n } 件",
            "t-cases = { $n ->\n    [one] one case\n   *[other] { $n } cases\n}",
        )
        .unwrap();
        assert_eq!(
            words.text(Lang::Zh, "t-cases", &[("n", &43_523)]),
            "共 43,523 件"
        );
        assert_eq!(words.text(Lang::En, "t-cases", &[("n", &1)]), "one case");
        assert_eq!(
            words.text(Lang::En, "t-cases", &[("n", &43_523_u64)]),
            "43,523 cases"
        );
        assert_eq!(words.gaps(), 0);
    }

    #[test]
    fn a_gap_is_seen_and_counted() {
        let words = two("t-a = 你好 { $name }", "t-a = Hello { $name }").unwrap();
        assert_eq!(words.text(Lang::Zh, "t-b", &[]), "⟦t-b⟧");
        assert_eq!(words.text(Lang::En, "t-a", &[]), "⟦t-a⟧");
        assert_eq!(
            (words.gaps(), words.gap_keys()),
            (2, vec!["t-a".to_owned(), "t-b".to_owned()])
        );
    }

    #[test]
    fn what_would_surprise_a_reader_is_refused() {
        let text = |result: Result<I18n, I18nError>| result.map(|_| ()).unwrap_err().to_string();
        assert_eq!(text(two("t-a = 一", "")), "t: key \"t-a\" is missing in en");
        assert_eq!(
            text(two("", "t-a = one")),
            "t: key \"t-a\" is missing in zh-CN"
        );
        assert_eq!(
            text(two("t-a = 一\nt-a = 二", "t-a = one")),
            "key \"t-a\" is defined by t and again by t"
        );
        assert_eq!(
            text(two("t-a = { $n } 个", "t-a = { $m } of { $n }")),
            "t: key \"t-a\" takes {n} in zh-CN but {m, n} in en"
        );
        assert!(
            text(two("t-a = 一\n\nt-b 二", "t-a = one\nt-b = two"))
                .starts_with("t zh-CN: cannot read line 3: ")
        );
        assert!(
            text(two("ui-skip = 一", "ui-skip = one")).ends_with("defined by ui and again by t")
        );
    }

    #[test]
    fn a_message_without_text_is_refused() {
        for en in [
            "t-a =\n    .title = x",
            "t-a = { $n ->\n    [one] {\"\"}\n   *[other]\n}",
            "t-a = { $n -> [one] one *[other] many }",
        ] {
            assert!(two("t-a = { $n } 个", en).is_err(), "{en}");
        }
    }

    proptest! {
        #[test]
        fn no_file_panics(source in "[a-z{}$>\\-\\*\\[\\]\"= \n.]{0,80}") {
            let _ = read("t", Lang::Zh, &source);
        }
    }
}
