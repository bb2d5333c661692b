//! A small record of made-up messages, enough to train on in a test.

use super::{Message, Model, Options, train};

const MATTERS: [(&str, &[&str]); 3] = [
    (
        "路灯",
        &[
            "路灯坏了",
            "路灯不亮",
            "灯杆倾斜",
            "晚上太黑没有路灯",
            "路灯闪烁",
            "路灯白天一直亮着",
        ],
    ),
    (
        "噪声",
        &[
            "工地夜间施工噪声扰民",
            "广场舞音乐太吵",
            "楼下餐馆油烟机噪声",
            "半夜施工吵得睡不着",
            "音响噪声很大",
            "装修电钻声吵",
        ],
    ),
    (
        "供水",
        &[
            "停水两天",
            "自来水发黄",
            "水管爆裂漏水",
            "水压太低",
            "自来水有异味",
            "水表漏水",
        ],
    ),
];
const PLACES: [&str; 5] = ["我们小区", "人民路", "学校门口", "菜市场旁边", "单位宿舍"];
const ENDINGS: [&str; 4] = [
    "，请尽快处理",
    "，已经三天了",
    "，希望有关部门解决",
    "，影响生活",
];

/// Every matter at every place with every ending.
pub fn small_record() -> Vec<(String, &'static str)> {
    let mut out = Vec::new();
    for (label, phrases) in MATTERS {
        for phrase in phrases {
            for (i, place) in PLACES.iter().enumerate() {
                out.push((
                    format!("{place}{phrase}{}", ENDINGS[i % ENDINGS.len()]),
                    label,
                ));
            }
        }
    }
    out
}

/// Trains on [`small_record`].
pub fn small_model() -> Model {
    let record = small_record();
    let messages: Vec<Message<'_>> = record
        .iter()
        .map(|(text, _)| text.as_str().into())
        .collect();
    let labels: Vec<&str> = record.iter().map(|(_, label)| *label).collect();
    train(&messages, &labels, &Options::default()).expect("a good record")
}
