//! Hot topics: what many reports are about, and the guards on them.

use crate::city::{City, cell, migrations};
use suggestion::ops;
use testdb::both_engines;

const MIXER: [&str; 7] = [
    "丽发新城旁边的搅拌站噪音扰民",
    "投诉丽发新城附近违建搅拌站，粉尘污染",
    "搅拌站夜间施工，丽发新城居民无法休息",
    "丽发新城小区门口建搅拌站，灰尘太大",
    "请关停丽发新城边上的搅拌站",
    "丽发新城的搅拌站，什么时候搬走",
    "丽发新城搅拌站车辆多，噪音大",
];
const OTHERS: [&str; 6] = [
    "公交线路调整建议",
    "学校食堂饭菜",
    "咨询公积金提取",
    "路灯晚上不亮",
    "水管漏水一天了",
    "树枝挡住红绿灯",
];

fn reports(city: &City) {
    for (n, text) in MIXER.iter().enumerate() {
        city.reported(Some("E0201"), text, 2 + n as i64 * 3, cell(1, 1 + n as u16));
    }
    for (n, text) in OTHERS.iter().enumerate() {
        city.reported(None, text, 3 + n as i64 * 4, cell(3, 1 + n as u16));
    }
}

both_engines!(
    reports_of_one_matter_in_other_words_are_one_topic,
    &migrations(),
    |db| {
        let city = City::new(db);
        reports(&city);
        let look = ops::look(&city.system(), &city.reference()).unwrap();
        assert_eq!(
            (look.reports, look.topics, look.going_on),
            (13, 1, 0),
            "{look:?}"
        );
        let (status, topics) = city.get("leader", "/api/v1/hot-topics");
        assert_eq!(status, 200);
        let topic = &topics[0];
        assert_eq!(
            (&topic["incidents"], &topic["voices"]),
            (&7.into(), &7.into()),
            "{topic}"
        );
        assert!(
            topic["name"].as_str().unwrap().contains("搅拌站"),
            "{topic}"
        );
        // Never below the street.
        let place = topic["place"].as_str().unwrap();
        assert!(place.ends_with("000"), "{place}");
        let id = topic["id"].as_str().unwrap().to_owned();
        let (_, full) = city.get("leader", &format!("/api/v1/hot-topics/{id}"));
        assert_eq!(full["cases"].as_array().unwrap().len(), 7);
        let days: i64 = full["curve"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| d["incidents"].as_i64().unwrap())
            .sum();
        assert_eq!(days, 7);
        // An analyst sees the topic and none of its cases; another district sees neither.
        let (_, seen) = city.get("analyst", &format!("/api/v1/hot-topics/{id}"));
        assert_eq!(
            (seen["cases"].as_array().unwrap().len(), &seen["incidents"]),
            (0, &7.into())
        );
        assert_eq!(
            city.get("elsewhere", &format!("/api/v1/hot-topics/{id}")).0,
            404
        );
        assert_eq!(city.get("checker", "/api/v1/hot-topics").0, 403);
        // Tomorrow it goes on under its id.
        city.reported(Some("E0201"), "丽发新城的搅拌站还在施工", 1, cell(1, 20));
        let again = ops::look(&city.system(), &city.reference()).unwrap();
        assert_eq!((again.topics, again.going_on), (1, 1));
        let (_, topics) = city.get("leader", "/api/v1/hot-topics");
        assert_eq!(
            (topics[0]["id"].as_str(), &topics[0]["incidents"]),
            (Some(id.as_str()), &8.into())
        );
    }
);

both_engines!(
    one_text_sent_again_and_again_and_confidential_words_make_no_topic,
    &migrations(),
    |db| {
        let city = City::new(db);
        for n in 0..20 {
            city.reported(
                Some("E0201"),
                "丽发新城旁边的搅拌站噪音扰民",
                1 + n,
                cell(1, 1),
            );
        }
        for (n, text) in MIXER.iter().enumerate() {
            city.whispered(
                &text.replace("丽发新城", "明华苑"),
                1 + n as i64,
                cell(2, 2),
            );
        }
        let look = ops::look(&city.system(), &city.reference()).unwrap();
        assert_eq!((look.reports, look.topics), (20, 0), "{look:?}");
    }
);
