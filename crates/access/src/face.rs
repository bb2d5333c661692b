//! 门面 — what a city sets about its pages, as rules of the city; and the one in force, for every page of this process.

use crate::city_settings::{SettingKind, SettingValue, Values};
use std::sync::{Arc, PoisonError, RwLock};
use ui::{Accent, Face, Ui, Words};

/// The longest number of a hotline, in characters.
const LONGEST_NUMBER: usize = 24;

/// A number that can be called; empty for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hotline(String);

impl SettingValue for Hotline {
    fn kind(_: Option<(f64, f64)>) -> SettingKind {
        SettingKind::Line
    }
    fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_number = text
            .chars()
            .all(|c| c.is_ascii_digit() || "+- ()".contains(c));
        let has_digits = text.is_empty() || text.chars().any(|c| c.is_ascii_digit());
        match is_number && has_digits && text.len() <= LONGEST_NUMBER {
            true => Ok(Self(text.to_owned())),
            false => Err("expected a telephone number".into()),
        }
    }
    fn write(&self) -> String {
        self.0.clone()
    }
}

impl SettingValue for Accent {
    fn kind(_: Option<(f64, f64)>) -> SettingKind {
        SettingKind::OneOf(&Self::NAMES)
    }
    fn read(text: &str) -> Result<Self, String> {
        let names = Self::NAMES.join(", ");
        Self::of(text.trim()).ok_or_else(|| format!("expected one of {names}"))
    }
    fn write(&self) -> String {
        self.name().to_owned()
    }
    fn say(&self, ui: &Ui) -> String {
        // words: access-setting-accent-*
        ui.t(&format!("access-setting-accent-{}", self.name()))
    }
}

// words: access-setting-*
crate::city_settings! {
    /// How the city introduces itself; what is empty follows the configuration of the deployment.
    pub struct FaceRules of "access" {
        /// Its name in Chinese.
        pub city_zh: String = "",
        /// Its name in English.
        pub city_en: String = "",
        /// The hotline (政务服务便民热线) that residents call.
        pub hotline: Hotline = "12345",
        /// A line on top of every page, in Chinese.
        pub notice_zh: String = "",
        /// The same in English.
        pub notice_en: String = "",
        /// The colour of what can be acted on.
        pub accent: Accent = "celadon",
    }
}

impl FaceRules {
    fn face(self) -> Face {
        Face {
            city: Words::new(self.city_zh, self.city_en),
            hotline: self.hotline.0,
            notice: Words::new(self.notice_zh, self.notice_en),
            accent: self.accent,
        }
    }
}

/// The face in force. One per process, among the [`crate::Services`]; whoever reads the rules of the city tells it.
pub struct Faces(RwLock<Arc<Face>>);

impl Default for Faces {
    fn default() -> Self {
        Self(RwLock::new(Arc::new(FaceRules::default().face())))
    }
}

impl Faces {
    /// The one in force.
    pub fn current(&self) -> Arc<Face> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
    /// Takes what the city set.
    pub fn take(&self, values: &Values) {
        let fresh = FaceRules::of(values).face();
        if *self.current() != fresh {
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_and_no_colour_is_refused() {
        let check = |name: &str, text: &str| {
            let mut all = FaceRules::SETTINGS.iter();
            (all.find(|s| s.name == name).unwrap().check)(text)
        };
        for (text, is_one) in [
            ("12345", true),
            ("0592-123 4567", true),
            ("", true),
            ("javascript:1", false),
            ("--", false),
            ("1234567890123456789012345", false),
        ] {
            assert_eq!(check("hotline", text).is_ok(), is_one, "{text}");
        }
        assert!(check("accent", "red").is_err() && check("accent", "plum").is_ok());
        let SettingKind::OneOf(choices) = Accent::kind(None) else {
            panic!("a colour is chosen")
        };
        assert_eq!(choices, Accent::ALL.map(Accent::name));
    }

    #[test]
    fn the_face_follows_what_is_set_and_falls_back() {
        let faces = Faces::default();
        assert_eq!(faces.current().hotline, "12345");
        let key = |n: usize| FaceRules::SETTINGS[n].key();
        let values = Values::from([(key(0), "海棠市".into()), (key(2), String::new())]);
        faces.take(&values);
        assert_eq!(
            (
                faces.current().city.zh.as_str(),
                faces.current().hotline.as_str()
            ),
            ("海棠市", "")
        );
        faces.take(&Values::new());
        assert_eq!(*faces.current(), FaceRules::default().face());
    }
}
