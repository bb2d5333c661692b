//! What a finding says, in whole sentences of both languages. Places and classes only.

use crate::detect::LONGEST_RECURRENCE_DAYS;
use crate::model::Level;
use grid::{Division, Territory};
use kernel::codes::{DivisionCode, DivisionLevel};
use std::collections::BTreeSet;
use std::str::FromStr as _;

/// A sentence in Chinese and in English.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Both {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Both {
    /// The sentence in a language (`en`, else Chinese).
    pub fn in_lang(&self, lang: &str) -> &str {
        if lang.starts_with("en") {
            &self.en
        } else {
            &self.zh
        }
    }
}

/// What the sentence of a finding is made of.
#[derive(Debug, Clone)]
pub struct Said<'a> {
    /// The class in both languages.
    pub category: &'a Both,
    /// The place in both languages ([`place`]).
    pub place: &'a Both,
    /// Days of the window.
    pub days: i64,
    /// Incidents in it.
    pub observed: u32,
    /// Incidents that the past lets expect.
    pub expected: f64,
    /// In how many days chance alone shows as much once.
    pub recurrence_days: f64,
}

/// An expected number as people read it: one decimal below ten.
fn expected(n: f64) -> String {
    if n < 9.95 {
        format!("{n:.1}")
    } else {
        format!("{n:.0}")
    }
}

/// "雨水井盖 in 海沧 2 streets: 31 in 7 days, expected 12; as rare as once in 240 days".
pub fn sentence(said: &Said<'_>) -> Both {
    let (days, observed) = (said.days, said.observed);
    let expected = expected(said.expected);
    let (zh, en) = rarity(said.recurrence_days);
    let window = if days == 1 {
        "1 day".to_owned()
    } else {
        format!("{days} days")
    };
    Both {
        zh: format!(
            "{}的{}：{days} 天 {observed} 起，按比例应约 {expected} 起；{zh}",
            said.place.zh, said.category.zh
        ),
        en: format!(
            "{} in {}: {observed} in {window}, expected {expected}; {en}",
            said.category.en, said.place.en
        ),
    }
}

fn rarity(days: f64) -> (String, String) {
    if days >= LONGEST_RECURRENCE_DAYS {
        return (
            "凭偶然一千年也难得有一次".into(),
            "rarer than once in 1,000 years".into(),
        );
    }
    if days >= 3650.0 {
        let years = days / 365.25;
        return (
            format!("凭偶然约 {years:.0} 年才有一次"),
            format!("as rare as once in {years:.0} years"),
        );
    }
    (
        format!("凭偶然约 {days:.0} 天才有一次"),
        format!("as rare as once in {days:.0} days"),
    )
}

/// How people call the places of a finding: the smallest division that holds them all, and how many of what.
pub fn place(territory: &Territory, level: Level, codes: &[String]) -> Both {
    let n = codes.len();
    let at = |digits: usize| -> BTreeSet<String> {
        let head = |code: &String| code.get(..digits).map(|h| format!("{h:0<12}"));
        codes.iter().filter_map(head).collect()
    };
    if level == Level::Grid {
        let (communities, streets) = (at(12), at(9));
        if let Some(only) = single(&communities).or_else(|| single(&streets)) {
            let name = name(territory, only);
            return Both {
                zh: format!("{} {n} 个网格", name.zh),
                en: format!("{} ({n} grid cells)", name.en),
            };
        }
        return several(territory, &streets, &at(6), Some(n));
    }
    if let [only] = codes {
        return name(territory, only);
    }
    if level == Level::Community && at(9).len() == 1 {
        let street = at(9);
        let name = single(&street).map_or_else(|| unknown(""), |code| name(territory, code));
        return Both {
            zh: format!("{} {n} 个社区", name.zh),
            en: format!("{} {n} communities", name.en),
        };
    }
    if level == Level::District {
        return Both {
            zh: format!("{n} 个区县"),
            en: format!("{n} districts"),
        };
    }
    several(territory, &at(9), &at(6), None)
}

/// Several streets of one district or of several.
fn several(
    territory: &Territory,
    streets: &BTreeSet<String>,
    districts: &BTreeSet<String>,
    cells: Option<usize>,
) -> Both {
    let n = streets.len();
    let (zh, en) = match single(districts) {
        Some(code) => {
            let name = name(territory, code);
            (
                format!("{} {n} 个街道", name.zh),
                format!("{} {n} streets", name.en),
            )
        }
        None => {
            let d = districts.len();
            (
                format!("{d} 个区县 {n} 个街道"),
                format!("{n} streets of {d} districts"),
            )
        }
    };
    match cells {
        Some(cells) => Both {
            zh: format!("{zh} {cells} 个网格"),
            en: format!("{en} ({cells} grid cells)"),
        },
        None => Both { zh, en },
    }
}

fn single(codes: &BTreeSet<String>) -> Option<&String> {
    codes.first().filter(|_| codes.len() == 1)
}

fn unknown(code: &str) -> Both {
    Both {
        zh: code.to_owned(),
        en: code.to_owned(),
    }
}

/// A division's name with that of its district before it, which a street or a community needs to be known by.
pub fn name(territory: &Territory, code: &str) -> Both {
    let Ok(code) = DivisionCode::from_str(code) else {
        return unknown(code);
    };
    let of = |d: &Division| Both {
        zh: d.name.clone(),
        en: d.name_en.clone().unwrap_or_else(|| d.name.clone()),
    };
    let own = territory
        .division(code)
        .map_or_else(|| unknown(code.as_str()), of);
    let district = territory
        .at_level(code, DivisionLevel::District)
        .filter(|d| d.code != code)
        .map(of);
    match district {
        Some(district) => Both {
            zh: format!("{}{}", district.zh, own.zh),
            en: format!("{}, {}", own.en, district.en),
        },
        None => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn both(zh: &str, en: &str) -> Both {
        Both {
            zh: zh.into(),
            en: en.into(),
        }
    }

    #[test]
    fn the_sentence_of_a_finding() {
        let category = both("雨水井盖", "storm drain cover");
        let place = both("海沧区 2 个街道", "Haicang 2 streets");
        let mut said = Said {
            category: &category,
            place: &place,
            days: 7,
            observed: 31,
            expected: 12.04,
            recurrence_days: 240.3,
        };
        let words = sentence(&said);
        assert_eq!(
            words.en,
            "storm drain cover in Haicang 2 streets: 31 in 7 days, expected 12; as rare as once in 240 days"
        );
        assert_eq!(
            words.zh,
            "海沧区 2 个街道的雨水井盖：7 天 31 起，按比例应约 12 起；凭偶然约 240 天才有一次"
        );
        assert_eq!(words.in_lang("en"), words.en);
        assert_eq!(words.in_lang("zh-CN"), words.zh);
        (said.days, said.expected, said.recurrence_days) = (1, 0.34, LONGEST_RECURRENCE_DAYS);
        let words = sentence(&said);
        assert!(
            words
                .en
                .ends_with("31 in 1 day, expected 0.3; rarer than once in 1,000 years"),
            "{}",
            words.en
        );
        said.recurrence_days = 7305.0;
        assert!(sentence(&said).zh.ends_with("约 20 年才有一次"));
    }

    #[test]
    fn places_are_called_by_the_smallest_division_that_holds_them() {
        let territory = testing::territory(2, 2, 3, None);
        let cells = |range: std::ops::Range<usize>| -> Vec<String> {
            territory.grids()[range]
                .iter()
                .map(|g| g.code.to_string())
                .collect()
        };
        let said = |level, codes: &[String]| place(&territory, level, codes);
        assert_eq!(
            said(Level::Grid, &cells(0..3)).zh,
            "1区1区1街道社区 3 个网格"
        );
        assert_eq!(
            said(Level::Grid, &cells(7..12)).en,
            "1区 2 streets (5 grid cells)"
        );
        assert_eq!(
            said(Level::Grid, &cells(16..20)).zh,
            "2 个区县 2 个街道 4 个网格"
        );
        let streets: Vec<String> = ["330102001000", "330102002000"].map(str::to_owned).into();
        assert_eq!(said(Level::Street, &streets[..1]).zh, "1区1区1街道");
        assert_eq!(said(Level::Street, &streets).en, "1区 2 streets");
        assert_eq!(
            said(Level::District, &["330102000000".to_owned()]).zh,
            "1区"
        );
        // What is not registered is called by its code; garbage does no harm.
        assert_eq!(
            said(Level::Street, &["330199001000".to_owned()]).zh,
            "330199001000"
        );
        assert_eq!(
            said(Level::Grid, &["".to_owned(), "x".to_owned()]).zh,
            "0 个区县 0 个街道 2 个网格"
        );
    }
}
