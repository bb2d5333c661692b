//! The guards of `rights.md` on patrol, small cells and statistics, in one place. Each has a test that fails when it is
//! taken away.

use crate::model::Level;
use crate::places::Place;
use matters::{MatterClass, MatterId, MatterKind};
use std::collections::BTreeMap;

/// A finding covers at least so many unit grids: one building is one family.
pub const LEAST_GRIDS: u32 = 3;
/// And at least so many households, where they are known.
pub const LEAST_HOUSEHOLDS: f64 = 100.0;

/// Words of disputes, health and petitions in class names: such classes are never looked at below the street. English ones in
/// small letters.
const SENSITIVE_WORDS: [&str; 38] = [
    "纠纷",
    "矛盾",
    "调解",
    "信访",
    "上访",
    "举报",
    "投诉",
    "疾病",
    "传染",
    "疫",
    "医",
    "健康",
    "精神",
    "心理",
    "家庭",
    "家暴",
    "求助",
    "救助",
    "诉求",
    "中毒",
    "打架",
    "斗殴",
    "扰民",
    "邻里",
    "助残",
    "养老",
    "为老",
    "dispute",
    "neighbour",
    "neighbor",
    "petition",
    "complaint",
    "disease",
    "illness",
    "health",
    "poison",
    "mental",
    "domestic",
];

/// How a class may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Category {
    /// Not below the street.
    pub is_sensitive: bool,
}

impl Category {
    /// The level at which a detector may look: the street where it asks for less.
    pub fn level(self, wanted: Level) -> Level {
        if self.is_sensitive {
            wanted.max(Level::Street)
        } else {
            wanted
        }
    }
}

/// Whether a class speaks of disputes, health or petitions: nothing of it is shown below the street. Hygiene (环境卫生) is no
/// health matter.
pub fn is_sensitive(class: &MatterClass) -> bool {
    let names = [
        Some(class.name_zh.as_str()),
        class.name_en.as_deref(),
        class.major_name.as_deref(),
        class.default_nature.as_deref(),
    ];
    let speaks = names
        .into_iter()
        .flatten()
        .map(str::to_lowercase)
        .any(|name| SENSITIVE_WORDS.iter().any(|w| name.contains(w)));
    class.kind == MatterKind::Other || class.flags.confidential || speaks
}

/// The classes that may raise warnings: those flagged `warnable` that do not speak of what people do, whatever a catalogue
/// says of them; each with how it may be looked at.
pub fn admitted(classes: &[MatterClass]) -> BTreeMap<MatterId, Category> {
    classes
        .iter()
        .filter(|class| class.flags.warnable && !class.is_conduct())
        .map(|class| {
            let is_sensitive = is_sensitive(class);
            (class.id, Category { is_sensitive })
        })
        .collect()
}

/// Whether these places together are large enough to be pointed at: three unit grids, and a hundred households among
/// those places where they are known.
pub fn is_wide_enough<'a>(places: impl IntoIterator<Item = &'a Place>) -> bool {
    let (mut grids, mut households, mut is_known) = (0, 0.0, false);
    for place in places {
        grids += place.grids;
        households += place.households.unwrap_or(0.0);
        is_known |= place.households.is_some();
    }
    grids >= LEAST_GRIDS && (!is_known || households >= LEAST_HOUSEHOLDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::matter_class;

    fn place(grids: u32, households: Option<f64>) -> Place {
        Place {
            code: String::new(),
            middle: [0.0, 0.0],
            grids,
            households,
        }
    }

    #[test]
    fn three_grids_and_a_hundred_households_where_known() {
        let wide = |places: &[Place]| is_wide_enough(places);
        assert!(!wide(&[place(1, None), place(1, None)]));
        assert!(wide(&[place(1, None), place(1, None), place(1, None)]));
        assert!(wide(&[place(3, None)]));
        assert!(!wide(&[place(3, Some(99.0))]));
        assert!(wide(&[place(3, Some(100.0))]));
        // An unknown place hides no small one.
        assert!(!wide(&[place(2, Some(40.0)), place(2, None)]));
        assert!(!wide(&[place(2, Some(1000.0))]));
        assert!(!is_wide_enough([]));
    }

    #[test]
    fn only_classes_flagged_warnable_are_admitted() {
        let mut classes = vec![matter_class(1, "雨水井盖"), matter_class(2, "占道经营")];
        classes[1].flags.warnable = false;
        let admitted = admitted(&classes);
        assert_eq!(admitted.len(), 1);
        assert!(!admitted[&classes[0].id].is_sensitive);
    }

    #[test]
    fn disputes_health_and_petitions_are_sensitive_and_hygiene_is_not() {
        let sensitive = |name: &str| is_sensitive(&matter_class(1, name));
        for name in [
            "邻里纠纷",
            "信访事项",
            "传染病疫情",
            "传染病",
            "食物中毒",
            "精神障碍患者求助",
            "违规举报",
        ] {
            assert!(sensitive(name), "{name}");
        }
        for name in [
            "雨水井盖",
            "暴露垃圾",
            "环境卫生",
            "自来水管破裂",
            "道路积水",
        ] {
            assert!(!sensitive(name), "{name}");
        }
        let mut class = matter_class(1, "雨水井盖");
        class.kind = MatterKind::Other;
        assert!(is_sensitive(&class));
        let mut class = matter_class(1, "雨水井盖");
        class.flags.confidential = true;
        assert!(is_sensitive(&class));
    }

    #[test]
    fn a_sensitive_class_is_looked_at_by_street_or_coarser() {
        let (sensitive, plain) = (
            Category { is_sensitive: true },
            Category {
                is_sensitive: false,
            },
        );
        let levels = |c: Category| Level::ALL.iter().map(|l| c.level(*l)).collect::<Vec<_>>();
        use Level::{District, Street};
        assert_eq!(levels(sensitive), [Street, Street, Street, District]);
        assert_eq!(levels(plain), Level::ALL);
    }
}
