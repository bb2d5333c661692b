//! 城市规则 — what a city sets: one declaration a rule, values as versioned data.
//!
//! A rule is declared once, by [`city_settings!`](crate::city_settings): its name, type, bounds and default. From that come
//! the typed field that decisions read, the form, the check of what is typed in, the command line and the export. Its words
//! are two lines in each language file: `CAPABILITY-setting-NAME` and the same with `-help`.
//!
//! Values are kept as text. The default is never stored: a city that sets nothing follows the program.

use std::collections::BTreeMap;
use std::fmt;

/// The values a city has set, by the name of the rule.
pub type Values = BTreeMap<String, String>;

/// How a rule is typed in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SettingKind {
    /// A whole number between two bounds, both included.
    Whole {
        /// The least.
        least: f64,
        /// The most.
        most: f64,
    },
    /// A number, perhaps with a part, between two bounds.
    Number {
        /// The least.
        least: f64,
        /// The most.
        most: f64,
    },
    /// Yes or no.
    YesNo,
    /// One of these; each has a word of its own, `CAPABILITY-setting-NAME-VALUE`.
    OneOf(&'static [&'static str]),
    /// Several of these, written with commas, or `无` for none; each has a word as in [`Self::OneOf`].
    SomeOf(&'static [&'static str]),
    /// A limit (时限), which says its clock.
    Limit,
    /// A text that may be empty.
    Line,
    /// Any other text that its type can read.
    Text,
}

/// A type that a rule may have.
pub trait SettingValue: Sized {
    /// How it is typed in, with bounds where it has any.
    fn kind(bounds: Option<(f64, f64)>) -> SettingKind;
    /// Reads a value.
    ///
    /// # Errors
    /// Why the text is none.
    fn read(text: &str) -> Result<Self, String>;
    /// The value in its one way of writing.
    fn write(&self) -> String;
    /// The value as people read it.
    fn say(&self, _: &ui::Ui) -> String {
        self.write()
    }
    /// As a number, where bounds apply.
    fn number(&self) -> Option<f64> {
        None
    }
}

macro_rules! numbers {
    ($($type:ty = $kind:ident),*) => {$(
        impl SettingValue for $type {
            fn kind(bounds: Option<(f64, f64)>) -> SettingKind {
                let (least, most) = bounds.unwrap_or((0.0, 1_000_000.0));
                SettingKind::$kind { least, most }
            }
            fn read(text: &str) -> Result<Self, String> {
                text.trim().parse().map_err(|_| format!("{:?} is no number of this kind", text.chars().take(40).collect::<String>()))
            }
            fn write(&self) -> String {
                self.to_string()
            }
            #[allow(clippy::unnecessary_cast, reason = "one of them is an f64 already")]
            fn number(&self) -> Option<f64> {
                Some(*self as f64)
            }
        }
    )*};
}
numbers!(u32 = Whole, i64 = Whole, f64 = Number);

impl SettingValue for bool {
    fn kind(_: Option<(f64, f64)>) -> SettingKind {
        SettingKind::YesNo
    }
    fn read(text: &str) -> Result<Self, String> {
        match text.trim() {
            "yes" | "是" | "true" | "1" => Ok(true),
            "no" | "否" | "false" | "0" | "" => Ok(false),
            _ => Err("expected yes or no".into()),
        }
    }
    fn write(&self) -> String {
        if *self { "yes" } else { "no" }.to_owned()
    }
    fn say(&self, ui: &ui::Ui) -> String {
        ui.t(if *self {
            "access-rules-yes"
        } else {
            "access-rules-no"
        })
    }
}

impl SettingValue for kernel::Limit {
    fn kind(_: Option<(f64, f64)>) -> SettingKind {
        SettingKind::Limit
    }
    fn read(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|e: kernel::deadline::LimitError| e.to_string())
    }
    fn write(&self) -> String {
        self.to_string()
    }
    fn say(&self, ui: &ui::Ui) -> String {
        ui.limit(Some(*self))
    }
}

/// A line of text, without what is around it.
impl SettingValue for String {
    fn kind(_: Option<(f64, f64)>) -> SettingKind {
        SettingKind::Line
    }
    fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text.chars().all(|c| !c.is_control()) {
            true => Ok(text.to_owned()),
            false => Err("expected one line of text".into()),
        }
    }
    fn write(&self) -> String {
        self.clone()
    }
}

/// A limit that may be none: `无`.
impl SettingValue for Option<kernel::Limit> {
    fn kind(_: Option<(f64, f64)>) -> SettingKind {
        SettingKind::Limit
    }
    fn read(text: &str) -> Result<Self, String> {
        match text.trim() {
            "" | "无" | "none" | "-" => Ok(None),
            limit => kernel::Limit::read(limit).map(Some),
        }
    }
    fn write(&self) -> String {
        self.as_ref().map_or("无".to_owned(), SettingValue::write)
    }
    fn say(&self, ui: &ui::Ui) -> String {
        ui.limit(*self)
    }
}

/// The longest value, in characters.
pub const LONGEST_VALUE: usize = 1000;

/// Reads a value within bounds.
///
/// # Errors
/// Why it is none.
pub fn read_bounded<T: SettingValue>(text: &str, bounds: Option<(f64, f64)>) -> Result<T, String> {
    if text.chars().count() > LONGEST_VALUE {
        return Err(format!("more than {LONGEST_VALUE} characters"));
    }
    let value = T::read(text)?;
    match (value.number(), bounds) {
        (Some(n), Some((least, most))) if !(n >= least && n <= most) => {
            Err(format!("{} lies outside {least} to {most}", value.write()))
        }
        (Some(n), _) if !n.is_finite() => Err("not a finite number".into()),
        _ => Ok(value),
    }
}

/// One rule, as it was declared.
#[derive(Clone, Copy)]
pub struct Setting {
    /// Its capability, such as `cases`: with it the name is unique, and its words are found.
    pub capability: &'static str,
    /// Its name there, such as `most_extensions`.
    pub name: &'static str,
    /// What the program does where a city sets nothing.
    pub default: &'static str,
    /// How it is typed in.
    pub kind: fn() -> SettingKind,
    /// The value in its one way of writing, or why it is none.
    pub check: fn(&str) -> Result<String, String>,
    /// A value as people read it; what is none as it stands there.
    pub say: fn(&str, &ui::Ui) -> String,
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key())
    }
}

impl Setting {
    /// Its name in files and in the store: `cases.most_extensions`.
    pub fn key(&self) -> String {
        format!("{}.{}", self.capability, self.name)
    }
    /// The key of its word in the language files.
    pub fn word(&self) -> String {
        format!(
            "{}-setting-{}",
            self.capability,
            self.name.replace('_', "-")
        )
    }
    /// The key of the word for what it means.
    pub fn help_word(&self) -> String {
        format!("{}-help", self.word())
    }
    /// What is in force: the value the city set, else the default.
    pub fn value<'a>(&self, values: &'a Values) -> &'a str {
        values.get(&self.key()).map_or(self.default, String::as_str)
    }
}

/// Looks up what a value names (a channel, say) among what the city has, which the text alone does not tell: the name that is not
/// there, if there is one.
pub type Naming =
    fn(&mut store::Read<'_>, &Setting, &str) -> Result<Option<String>, store::StoreError>;

/// All rules of the program: what the pages and the command line show. One among the services of a deployment.
#[derive(Debug, Clone, Default)]
pub struct SettingsList {
    all: Vec<Setting>,
    naming: Vec<Naming>,
}

impl SettingsList {
    /// The rules of all capabilities.
    pub fn new(of: &[&[Setting]]) -> Self {
        Self {
            all: of.concat(),
            naming: Vec::new(),
        }
    }
    /// The same, whose new values are looked at by this too.
    #[must_use]
    pub fn naming(mut self, naming: Naming) -> Self {
        self.naming.push(naming);
        self
    }
    /// What a new value names and the city has not.
    pub(crate) fn unknown_name(
        &self,
        r: &mut store::Read<'_>,
        setting: &Setting,
        value: &str,
    ) -> Result<Option<String>, store::StoreError> {
        for naming in &self.naming {
            if let Some(name) = naming(r, setting, value)? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
    /// All of them, in the order they were declared.
    pub fn all(&self) -> &[Setting] {
        &self.all
    }
    /// One by its key.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.all.iter().find(|s| s.key() == key)
    }
}

/// Declares rules: a struct of what a city sets, one line a rule.
///
/// ```
/// access::city_settings! {
///     /// What a city sets about example.
///     pub struct ExampleRules of "example" {
///         /// How often.
///         pub how_often: u32 [0.0, 9.0] = "2",
///         /// For how long.
///         pub how_long: kernel::Limit = "5工作日",
///     }
/// }
/// let mut values = access::city_settings::Values::new();
/// assert_eq!(ExampleRules::of(&values).how_often, 2);
/// values.insert("example.how_often".into(), "3".into());
/// assert_eq!(ExampleRules::of(&values).how_often, 3);
/// assert!((ExampleRules::SETTINGS[0].check)("10").is_err());
/// ```
#[macro_export]
macro_rules! city_settings {
    ($(#[$meta:meta])* $vis:vis struct $name:ident of $capability:literal {
        $($(#[$doc:meta])* pub $field:ident : $type:ty $([$least:expr, $most:expr])? = $default:literal),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        $vis struct $name { $($(#[$doc])* pub $field: $type),* }
        impl $name {
            /// The rules as they were declared.
            pub const SETTINGS: &'static [$crate::city_settings::Setting] = &[$($crate::city_settings::Setting {
                capability: $capability,
                name: stringify!($field),
                default: $default,
                kind: || <$type as $crate::city_settings::SettingValue>::kind($crate::city_settings!(@bounds $($least, $most)?)),
                check: |text| {
                    let read = $crate::city_settings::read_bounded::<$type>(text, $crate::city_settings!(@bounds $($least, $most)?));
                    read.map(|value| $crate::city_settings::SettingValue::write(&value))
                },
                say: |text, ui| {
                    let read = <$type as $crate::city_settings::SettingValue>::read(text);
                    read.map_or_else(|_| text.to_owned(), |value| $crate::city_settings::SettingValue::say(&value, ui))
                },
            }),*];
            /// What is in force. A stored value that this version of the program cannot read counts as not set.
            pub fn of(values: &$crate::city_settings::Values) -> Self {
                $(let $field = {
                    let bounds = $crate::city_settings!(@bounds $($least, $most)?);
                    let stored = values.get(concat!($capability, ".", stringify!($field)));
                    stored
                        .and_then(|text| $crate::city_settings::read_bounded::<$type>(text, bounds).ok())
                        .unwrap_or_else(|| {
                            $crate::city_settings::read_bounded::<$type>($default, bounds)
                                .expect("a test reads every default")
                        })
                };)*
                Self { $($field),* }
            }
        }
        impl Default for $name {
            fn default() -> Self { Self::of(&$crate::city_settings::Values::new()) }
        }
    };
    (@bounds) => { None };
    (@bounds $least:expr, $most:expr) => { Some(($least, $most)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::city_settings! {
        /// For the tests.
        pub(crate) struct TestRules of "test" {
            /// A line.
            pub line: String = "",
            /// A number.
            pub often: u32 [1.0, 5.0] = "2",
            /// Another.
            pub far: f64 [0.0, 1000.0] = "50",
            /// A choice.
            pub asked: bool = "yes",
            /// A limit.
            pub limit: kernel::Limit = "3工作日",
        }
    }

    #[test]
    fn a_rule_is_declared_once_and_read_as_what_it_is() {
        let rules = TestRules::default();
        assert_eq!((rules.often, rules.far, rules.asked), (2, 50.0, true));
        assert_eq!(rules.limit.code(), "3WD");
        for setting in TestRules::SETTINGS {
            let default = setting.default;
            assert_eq!(
                (setting.check)(default).as_deref(),
                Ok(default),
                "{setting:?}"
            );
        }
        let list = SettingsList::new(&[TestRules::SETTINGS]);
        assert_eq!(list.get("test.far").unwrap().word(), "test-setting-far");
        assert!(list.get("test.near").is_none());
    }

    #[test]
    fn what_is_no_value_is_refused_and_a_stored_one_of_another_time_is_not_set() {
        let check = |key: &str, text: &str| {
            let list = SettingsList::new(&[TestRules::SETTINGS]);
            (list.get(key).unwrap().check)(text)
        };
        for (key, text) in [
            ("test.often", "6"),
            ("test.often", "0"),
            ("test.often", "-1"),
            ("test.often", "x"),
            ("test.far", "NaN"),
            ("test.far", "inf"),
            ("test.asked", "perhaps"),
            ("test.limit", "3天"),
            ("test.limit", ""),
            ("test.line", "a\nb"),
        ] {
            assert!(check(key, text).is_err(), "{key} {text}");
        }
        assert_eq!(
            check("test.limit", " ３ 个工作日 ").as_deref(),
            Ok("3工作日")
        );
        assert!(check("test.limit", &"3".repeat(2000)).is_err());
        let values = Values::from([("test.often".to_owned(), "99".to_owned())]);
        assert_eq!(TestRules::of(&values).often, 2);
    }
}
