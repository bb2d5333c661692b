//! The catalogue of the sample city: a selection in the manner of the national standard, in words of its own, with the
//! words in which people report each class and in which units say what they did.

mod components;
mod events;
mod street;

use crate::SampleError;
use crate::land::{Ground, SOURCE};
use crate::luck::Luck;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::Limit;
use matters::{Catalogue, Condition, MatterClass, MatterId, MatterKind, rules};

/// The id of the catalogue.
pub const CATALOGUE: &str = "sample-2026";

/// Whose work a class is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Work {
    /// The district's city management.
    Order,
    Sanitation,
    Roads,
    Greening,
    Water,
    Drains,
    Gas,
    Power,
    Telecom,
    Traffic,
    Building,
    Ecology,
    Bikes,
    /// The street office.
    Street,
}

/// One class as written here.
pub(crate) struct Entry {
    pub code: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub words: &'static [&'static str],
    pub work: Work,
    /// How many of a thousand reports it makes, about.
    pub weight: f64,
    /// Where it happens more often than elsewhere; empty for anywhere.
    pub on: &'static [Ground],
    /// A collector may put it right on the spot.
    pub light: bool,
    /// It comes with rain.
    pub rain: bool,
    /// Conditions from 1: when, limit, what closing may be called.
    pub conditions: &'static [(&'static str, &'static str, &'static [&'static str])],
    /// What people see, after the place, and which condition that is.
    pub seen: &'static [(u32, &'static str)],
    /// The same in English, after "There is " or alone.
    pub seen_en: &'static str,
    /// What the unit did.
    pub done: &'static [&'static str],
}

/// What most classes have in common.
const BASE: Entry = Entry {
    code: "",
    zh: "",
    en: "",
    words: &[],
    work: Work::Order,
    weight: 1.0,
    on: &[],
    light: false,
    rain: false,
    conditions: &[],
    seen: &[],
    seen_en: "",
    done: &[],
};

/// Majors by the letter and the two digits.
const MAJORS: [(&str, &str); 12] = [
    ("C01", "公用设施"),
    ("C02", "交通设施"),
    ("C03", "市容环境设施"),
    ("C04", "园林绿化设施"),
    ("C05", "其他部件"),
    ("E01", "市容环境"),
    ("E02", "宣传广告"),
    ("E03", "施工管理"),
    ("E04", "街面秩序"),
    ("E05", "突发事件"),
    ("E06", "其他事件"),
    ("O01", "民生服务"),
];

/// Events that brook no delay are not verified first.
const AT_ONCE: [&str; 8] = [
    "E0501", "E0502", "E0503", "E0505", "E0506", "E0508", "E0594", "E0596",
];
/// Whether a report of this class is acted on without a look first.
pub(crate) fn is_at_once(code: &str) -> bool {
    AT_ONCE.contains(&code)
}

/// Whether the unit never learns who reported.
pub(crate) fn is_confidential(code: &str) -> bool {
    CONFIDENTIAL.contains(&code)
}

/// 举报: the unit never learns who reported.
const CONFIDENTIAL: [&str; 1] = ["E0189"];

/// Every class as written here, components first.
pub(crate) fn entries() -> impl Iterator<Item = &'static Entry> {
    components::ENTRIES
        .iter()
        .chain(events::ENTRIES)
        .chain(street::ENTRIES)
}

/// The catalogue in its one version.
pub(crate) fn catalogue(valid_from: Date) -> Catalogue {
    Catalogue {
        id: CATALOGUE.into(),
        standard: "示范市城市管理事项立案处置结案标准（演示）".into(),
        version: "2026".into(),
        valid_from: Some(valid_from),
        valid_to: None,
        source: SOURCE.into(),
        reviewed: true,
    }
}

/// The classes, in the order of [`entries`].
pub(crate) fn classes(seed: u64, at: Timestamp) -> Result<Vec<MatterClass>, SampleError> {
    let mut luck = Luck::new(seed, "classes", 0);
    entries()
        .map(|entry| class(entry, MatterId(luck.id(at))))
        .collect()
}

fn class(entry: &Entry, id: MatterId) -> Result<MatterClass, SampleError> {
    let (major, minor) = (&entry.code[1..3], &entry.code[3..5]);
    let kind = match entry.code.as_bytes()[0] {
        b'C' => MatterKind::Component,
        b'E' => MatterKind::Event,
        _ => MatterKind::Other,
    };
    let mut flags = rules::default_flags(kind, entry.zh);
    flags.verify = !is_at_once(entry.code);
    flags.confidential = CONFIDENTIAL.contains(&entry.code);
    if matches!(entry.work, Work::Water | Work::Drains | Work::Sanitation)
        && kind == MatterKind::Event
        && !flags.confidential
    {
        (flags.public, flags.warnable) = (true, true);
    }
    let conditions = (1..)
        .zip(entry.conditions)
        .map(|(rule_no, (text, limit, closings))| {
            Ok(Condition {
                rule_no,
                text: (*text).into(),
                limit: Some(limit.parse::<Limit>()?),
                limit_text: limit.parse::<Limit>()?.to_string(),
                closing: closings.iter().map(|c| (*c).to_owned()).collect(),
                evidence: Some("处置前后同一位置照片".into()),
                legal_basis: Some("示范市城市管理事项标准（演示）".into()),
                mandatory: rule_no == 1,
            })
        });
    Ok(MatterClass {
        id,
        catalogue: CATALOGUE.into(),
        code: entry.code.into(),
        kind,
        major: Some(major.into()),
        minor: Some(minor.into()),
        major_name: MAJORS
            .iter()
            .find(|(code, _)| entry.code.starts_with(code))
            .map(|(_, name)| (*name).to_owned()),
        name_zh: entry.zh.into(),
        name_en: Some(entry.en.into()),
        // Local classes count down from 99 (`domain.md` §1.4).
        local: kind != MatterKind::Other && minor > "80",
        keywords: entry.words.iter().map(|w| (*w).to_owned()).collect(),
        flags,
        default_nature: Some(if kind == MatterKind::Other {
            "咨询".into()
        } else {
            "求决".into()
        }),
        reviewed: true,
        version: 1,
        valid_from: None,
        valid_to: None,
        conditions: conditions.collect::<Result<_, SampleError>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_class_can_be_reported_registered_and_closed() {
        let classes = classes(1, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
        assert!(
            (60..=90).contains(&classes.len()),
            "{} classes",
            classes.len()
        );
        let codes: BTreeSet<&str> = classes.iter().map(|c| c.code.as_str()).collect();
        assert_eq!(codes.len(), classes.len(), "a code stands twice");
        let mut clocks = BTreeSet::new();
        for (entry, class) in entries().zip(&classes) {
            assert!(class.major_name.is_some(), "{} has no major", entry.code);
            assert!(
                !entry.seen.is_empty() && !entry.done.is_empty() && entry.weight > 0.0,
                "{}",
                entry.code
            );
            for (rule, words) in entry.seen {
                assert!(
                    class.condition(*rule).is_some(),
                    "{} has no condition {rule} for {words}",
                    entry.code
                );
            }
            for condition in &class.conditions {
                assert!(
                    !condition.closing.is_empty(),
                    "{} cannot be closed",
                    entry.code
                );
                clocks.insert(condition.limit.unwrap().clock().code());
            }
        }
        assert_eq!(clocks.len(), 5, "all five clocks are used: {clocks:?}");
        for code in AT_ONCE.iter().chain(&CONFIDENTIAL) {
            assert!(codes.contains(code), "{code} is not a class");
        }
    }

    #[test]
    fn conduct_never_warns() {
        let classes = classes(1, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
        for code in ["E0401", "E0405", "E0406", "E0189", "E0184"] {
            let class = classes.iter().find(|c| c.code == code).unwrap();
            assert!(!class.flags.warnable && !class.flags.public, "{code}");
        }
        assert!(
            classes
                .iter()
                .find(|c| c.code == "E0501")
                .unwrap()
                .flags
                .warnable
        );
    }
}
