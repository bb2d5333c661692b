//! What the cases of a class may be used for where nobody has said (`rights.md`).

use crate::model::{Flags, MatterKind};

/// Words of facilities, hygiene and water in class names: such events may raise warnings unless a conduct word is there.
const THING_WORDS: [&str; 24] = [
    "垃圾",
    "积水",
    "污水",
    "渗漏",
    "漏水",
    "跑冒",
    "堵塞",
    "路面",
    "道路破损",
    "塌陷",
    "沉陷",
    "坑",
    "积雪",
    "结冰",
    "粪便",
    "污物",
    "渣土",
    "污渍",
    "焚烧",
    "扬尘",
    "水体",
    "死株",
    "卫生",
    "脏",
];
/// Words of what people do or suffer in class names: such classes are never warnable and not public unless the sheet says
/// so. English ones in small letters.
const CONDUCT_WORDS: [&str; 52] = [
    "占道",
    "经营",
    "摊",
    "游商",
    "店外",
    "乱",
    "违规",
    "违法",
    "违章",
    "擅自",
    "非法",
    "流浪",
    "乞讨",
    "噪",
    "养",
    "贩",
    "散发",
    "张贴",
    "悬挂",
    "纠纷",
    "聚集",
    "人员",
    "举报",
    "私",
    "打架",
    "斗殴",
    "赌",
    "酒",
    "滋事",
    "扰民",
    "吸毒",
    "卖淫",
    "精神",
    "传染病",
    "疫情",
    "中毒",
    "homeless",
    "beggar",
    "begging",
    "panhandl",
    "loiter",
    "vagran",
    "drunk",
    "fight",
    "gambl",
    "dispute",
    "noise",
    "drug",
    "prostitut",
    "encampment",
    "disease",
    "illness",
];

/// What the cases of a class may be used for where the sheet does not say: facilities, hygiene and water may raise
/// warnings and be shown in public; conduct of persons never (`rights.md`).
pub fn default_flags(kind: MatterKind, name_zh: &str) -> Flags {
    let has = |words: &[&str]| words.iter().any(|w| name_zh.contains(w));
    let is_thing = match kind {
        MatterKind::Component => true,
        MatterKind::Event => has(&THING_WORDS) && !has(&CONDUCT_WORDS),
        MatterKind::Other => false,
    };
    Flags {
        public: is_thing,
        warnable: is_thing,
        confidential: name_zh.contains("举报"),
        verify: true,
        claimable: false,
    }
}

/// Whether a class speaks of what people do or suffer rather than of a thing, by any of its names: it may never raise
/// warnings (`rights.md`, patrol and preventive work). A component is a thing whatever it is called.
pub fn is_conduct<'a>(kind: MatterKind, names: impl IntoIterator<Item = &'a str>) -> bool {
    let speaks = |name: &str| {
        let name = name.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
        has(&CONDUCT_WORDS) && !has(&THING_WORDS)
    };
    kind != MatterKind::Component && names.into_iter().any(speaks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_do_or_suffer_is_known_in_both_languages_and_a_thing_is_none_of_it() {
        for name in [
            "打架斗殴",
            "传染病",
            "流浪乞讨人员",
            "Panhandling",
            "Neighbour dispute",
        ] {
            for kind in [MatterKind::Event, MatterKind::Other] {
                assert!(is_conduct(kind, [name]), "{name}");
            }
            assert!(!is_conduct(MatterKind::Component, [name]), "{name}");
        }
        assert!(is_conduct(
            MatterKind::Event,
            ["其他", "Homeless encampment"]
        ));
        for name in ["暴露垃圾", "道路积水", "Broken street light"] {
            assert!(!is_conduct(MatterKind::Event, [name]), "{name}");
        }
    }
}
