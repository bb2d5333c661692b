//! The words of warning: detectors and their settings, signals, findings, verdicts. Plain types, no I/O.

use jiff::civil::Date;
use matters::MatterId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

kernel::typed_id! {
    /// 预警 — a finding: something unusual about a class in a place, for as long as it lasts.
    WarningId
}
store::id_value!(WarningId);

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            /// All of them, in the order shown to people.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word in the store, the API and files.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!("{:?} is not one of {}", text.chars().take(40).collect::<String>(), [$($word),*].join(", "))),
                }
            }
        }
        store::text_value!($name);
    };
}

words! {
    /// How a detector looks.
    Method {
        /// Prospective space-time permutation scan (Kulldorff et al. 2005).
        Scan = "scan",
        /// EARS C2 on days, with a tail of counts instead of the normal one (Hutwagner et al. 2003).
        EarsC2 = "ears-c2",
        /// Farrington flexible on weeks (Noufaily et al. 2013).
        Farrington = "farrington",
        /// CUSUM on days: small excesses that last (Page 1954; Rossi, Lampugnani & Marchi 1999).
        Cusum = "cusum",
    }
}

words! {
    /// How finely a detector looks at places. The order is from fine to coarse.
    Level {
        /// 单元网格
        Grid = "grid",
        /// 社区
        Community = "community",
        /// 街道
        Street = "street",
        /// 区县
        District = "district",
    }
}

words! {
    /// Where a finding stands.
    Standing {
        /// 新 — nobody has looked at it.
        New = "new",
        /// 已阅 — somebody has.
        Seen = "seen",
        /// 已派任务 — preventive work was opened.
        Task = "task",
        /// 已排除 — somebody decided that nothing needs doing.
        Dismissed = "dismissed",
    }
}

words! {
    /// What a person found out about a finding.
    Verdict {
        /// 属实 — something was going on that nobody had planned.
        Real = "real",
        /// 原因已知 — there was more than usual, for a reason known before (works, a festival, a campaign).
        KnownCause = "known_cause",
        /// 误报 — there was nothing.
        False = "false",
    }
}

/// One number of a detector's settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Knob {
    /// Its name in the store, the API and the form.
    pub name: &'static str,
    /// The least value taken.
    pub least: f64,
    /// The greatest value taken.
    pub most: f64,
    /// The value where the city says nothing.
    pub usual: f64,
    /// Only whole numbers are taken.
    pub is_whole: bool,
}

const fn whole(name: &'static str, least: u32, most: u32, usual: u32) -> Knob {
    Knob {
        name,
        least: least as f64,
        most: most as f64,
        usual: usual as f64,
        is_whole: true,
    }
}

const fn number(name: &'static str, least: f64, most: f64, usual: f64) -> Knob {
    Knob {
        name,
        least,
        most,
        usual,
        is_whole: false,
    }
}

const FALSE_DISCOVERY: Knob = number("false_discovery", 0.0001, 0.5, 0.01);
const LEAST_CASES: Knob = whole("least_cases", 2, 1000, 5);
const LEAST_RECURRENCE: Knob = number("least_recurrence_days", 1.0, 36_500.0, 365.0);

const SCAN: &[Knob] = &[
    whole("study_days", 28, 730, 120),
    whole("longest_days", 1, 30, 7),
    whole("neighbours", 3, 100, 30),
    whole("replicates", 99, 9999, 99),
    FALSE_DISCOVERY,
    LEAST_CASES,
    LEAST_RECURRENCE,
];
const EARS: &[Knob] = &[
    whole("study_days", 56, 730, 120),
    whole("baseline_days", 7, 56, 28),
    number("alpha", 0.000_01, 0.1, 0.001),
    FALSE_DISCOVERY,
    LEAST_CASES,
    LEAST_RECURRENCE,
];
const FARRINGTON: &[Knob] = &[
    whole("years", 3, 10, 4),
    number("alpha", 0.000_01, 0.1, 0.001),
    FALSE_DISCOVERY,
    LEAST_CASES,
    LEAST_RECURRENCE,
];

const CUSUM: &[Knob] = &[
    whole("watch_days", 7, 56, 28),
    whole("baseline_days", 28, 365, 84),
    number("k", 0.0, 5.0, 0.5),
    number("h", 0.5, 50.0, 4.0),
    FALSE_DISCOVERY,
    LEAST_CASES,
    LEAST_RECURRENCE,
];

impl Method {
    /// The numbers that can be set.
    pub fn knobs(self) -> &'static [Knob] {
        match self {
            Self::Scan => SCAN,
            Self::EarsC2 => EARS,
            Self::Farrington => FARRINGTON,
            Self::Cusum => CUSUM,
        }
    }
}

/// Why a detector cannot be set so.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct SettingError {
    /// The setting.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A detector: a method, how finely it looks, and its numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Detector {
    /// The city's word for it: lower-case letters, digits and hyphens.
    pub code: String,
    /// How it looks.
    pub method: Method,
    /// How finely it looks at places.
    pub level: Level,
    /// Whether it runs.
    pub enabled: bool,
    /// Counts up with each change, so that a finding says under which settings it was made.
    pub version: u32,
    settings: BTreeMap<String, f64>,
}

impl Detector {
    /// A detector with the numbers given; what is not given is as usual.
    ///
    /// # Errors
    /// [`SettingError`] naming the field: an unknown setting, a number out of bounds, a code that is none.
    ///
    /// ```
    /// use warning::model::{Detector, Level, Method};
    /// let scan = Detector::new("scan", Method::Scan, Level::Grid, [("neighbours".to_owned(), 20.0)])?;
    /// assert_eq!((scan.get("neighbours"), scan.get("longest_days")), (20.0, 7.0));
    /// let wrong = Detector::new("scan", Method::Scan, Level::Grid, [("neighbours".to_owned(), 0.0)]);
    /// assert_eq!(wrong.unwrap_err().field, "neighbours");
    /// # Ok::<(), warning::model::SettingError>(())
    /// ```
    pub fn new(
        code: &str,
        method: Method,
        level: Level,
        settings: impl IntoIterator<Item = (String, f64)>,
    ) -> Result<Self, SettingError> {
        let refuse = |field: &str, reason: String| {
            Err(SettingError {
                field: field.chars().take(60).collect(),
                reason,
            })
        };
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if code.is_empty() || code.len() > 40 || !code.chars().all(fits) {
            return refuse(
                "code",
                "one to forty lower-case letters, digits and hyphens are taken".into(),
            );
        }
        if method == Method::Scan && level == Level::District {
            return refuse(
                "level",
                "a scan needs more places than a city has districts".into(),
            );
        }
        if method != Method::Scan && matches!(level, Level::Grid | Level::Community) {
            return refuse(
                "level",
                "a series of one place needs street or district: smaller places have too few cases"
                    .into(),
            );
        }
        let mut all: BTreeMap<String, f64> = method
            .knobs()
            .iter()
            .map(|k| (k.name.to_owned(), k.usual))
            .collect();
        for (name, value) in settings {
            let Some(knob) = method.knobs().iter().find(|k| k.name == name) else {
                return refuse(&name, format!("the method {method} has no such setting"));
            };
            let is_inside = value >= knob.least && value <= knob.most;
            if !is_inside || (knob.is_whole && value.fract() != 0.0) {
                let kind = if knob.is_whole {
                    "a whole number"
                } else {
                    "a number"
                };
                return refuse(
                    &name,
                    format!(
                        "{value} is not {kind} between {} and {}",
                        knob.least, knob.most
                    ),
                );
            }
            all.insert(name, value);
        }
        Ok(Self {
            code: code.to_owned(),
            method,
            level,
            enabled: true,
            version: 1,
            settings: all,
        })
    }
    /// The same, running or not, in a version.
    #[must_use]
    pub fn as_kept(self, enabled: bool, version: u32) -> Self {
        Self {
            enabled,
            version,
            ..self
        }
    }
    /// A setting of the method.
    ///
    /// # Panics
    /// On a name that is no setting of the method: a mistake of this program.
    pub fn get(&self, name: &str) -> f64 {
        *self
            .settings
            .get(name)
            .expect("each method is asked for its own settings only")
    }
    /// A whole setting of the method.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole settings lie between 0 and 9999"
    )]
    pub fn whole(&self, name: &str) -> u32 {
        self.get(name) as u32
    }
    /// All settings with their values.
    pub fn settings(&self) -> &BTreeMap<String, f64> {
        &self.settings
    }
    /// How many days of the past it looks at, the day itself included.
    pub fn reach_days(&self) -> u32 {
        match self.method {
            Method::Scan | Method::EarsC2 => self.whole("study_days"),
            Method::Cusum => self.whole("watch_days") + self.whole("baseline_days"),
            // The earliest window, and a year to spare for the season before it.
            Method::Farrington => (self.whole("years") + 1) * 366,
        }
    }
}

/// The detectors of a city that has set nothing. The one for slow rises rests until somebody switches it on.
pub fn usual_detectors() -> Vec<Detector> {
    let usual = |code, method, level| {
        Detector::new(code, method, level, []).expect("the usual settings lie within their bounds")
    };
    vec![
        usual("scan", Method::Scan, Level::Grid),
        usual("surge", Method::EarsC2, Level::Street),
        usual("season", Method::Farrington, Level::District),
        usual("drift", Method::Cusum, Level::Street).as_kept(false, 1),
    ]
}

/// What one detector found on one day. Places and categories only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// The detector.
    pub detector: String,
    /// Its version.
    pub version: u32,
    /// The class.
    pub category: MatterId,
    /// What kind of places these are.
    pub level: Level,
    /// Their codes, the centre first.
    pub places: Vec<String>,
    /// First day of the window.
    pub from: Date,
    /// Last day of the window.
    pub to: Date,
    /// Incidents in the window, after merging.
    pub observed: u32,
    /// Reports about them, repeated ones included.
    pub voices: u32,
    /// Incidents that the past lets expect.
    pub expected: f64,
    /// The chance of as much if nothing is unusual, for this class.
    pub p: f64,
    /// In how many days chance alone shows as much once, if looked at daily: 1/p, at most a thousand years.
    pub recurrence_days: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(
        method: Method,
        level: Level,
        settings: &[(&str, f64)],
        code: &str,
    ) -> Option<String> {
        let settings = settings.iter().map(|(n, v)| ((*n).to_owned(), *v));
        Detector::new(code, method, level, settings)
            .err()
            .map(|e| e.field)
    }

    #[test]
    fn garbage_is_refused_by_its_field() {
        let scan = |name, value| refused(Method::Scan, Level::Grid, &[(name, value)], "scan");
        assert_eq!(scan("neighbours", 30.0), None);
        for (name, value) in [
            ("neighbours", 2.0),
            ("neighbours", 30.5),
            ("neighbours", f64::NAN),
            ("replicates", 1e9),
            ("false_discovery", 0.0),
            ("false_discovery", f64::INFINITY),
            ("least_cases", -1.0),
            ("alpha", 0.01),
            ("", 1.0),
            ("years", 4.0),
        ] {
            assert_eq!(scan(name, value).as_deref(), Some(name), "{value}");
        }
        for code in ["", "Scan", "a b", "扫描", &"x".repeat(41)] {
            assert_eq!(
                refused(Method::Scan, Level::Grid, &[], code).as_deref(),
                Some("code")
            );
        }
        let level = |method, level| refused(method, level, &[], "x");
        assert_eq!(
            level(Method::Scan, Level::District).as_deref(),
            Some("level")
        );
        assert_eq!(level(Method::EarsC2, Level::Grid).as_deref(), Some("level"));
        assert_eq!(
            level(Method::Farrington, Level::Community).as_deref(),
            Some("level")
        );
    }

    #[test]
    fn the_usual_detectors_use_every_method() {
        let methods: Vec<Method> = usual_detectors().iter().map(|d| d.method).collect();
        assert_eq!(methods, Method::ALL);
        for detector in usual_detectors() {
            assert!(detector.reach_days() >= 28);
            for knob in detector.method.knobs() {
                assert_eq!(detector.get(knob.name), knob.usual);
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_lies_within_its_bounds(name in "[a-z_]{0,12}|neighbours|study_days|alpha", value in any::<f64>()) {
            for method in Method::ALL {
                let made = Detector::new("x", *method, Level::Street, [(name.clone(), value)]);
                if let Ok(detector) = made {
                    for knob in method.knobs() {
                        prop_assert!((knob.least..=knob.most).contains(&detector.get(knob.name)));
                    }
                }
            }
        }
        #[test]
        fn no_word_makes_the_readers_panic(text in ".{0,60}") {
            let _ = (text.parse::<Method>(), text.parse::<Level>(), text.parse::<Standing>(), text.parse::<Verdict>());
        }
    }
}
