//! What is learned from a record, what is worth enough to suggest, and what is never read.

use crate::city::{City, cell, migrations};
use suggestion::model::{Kind, Standing};
use suggestion::{Advisers, ops};
use testdb::both_engines;

const WORDS: [(&str, [&str; 5]); 3] = [
    (
        "C0101",
        [
            "井盖坏了",
            "雨水井盖不见了",
            "井盖破损，车过就响",
            "窨井盖松动",
            "下水道盖子翘起",
        ],
    ),
    (
        "E0113",
        [
            "垃圾没人清理",
            "路边堆满垃圾",
            "垃圾桶满了发臭",
            "生活垃圾散落一地",
            "垃圾堆了三天",
        ],
    ),
    (
        "E0201",
        [
            "店铺把货物堆在人行道",
            "占道堆放建材",
            "路上堆着沙子",
            "人行道被货物占用",
            "占道堆物走不过去",
        ],
    ),
];
const PLACES: [&str; 6] = [
    "学校门口",
    "菜市场旁",
    "小区东门",
    "公交站",
    "桥头",
    "医院后面",
];

/// So many cases of each class in words of their own.
pub fn record(city: &City, each: usize) {
    for n in 0..each {
        for (class, words) in WORDS {
            let text = format!(
                "{}{}，请处理",
                PLACES[n % PLACES.len()],
                words[n % words.len()]
            );
            let grid = cell(1 + (n % 4) as u16, 1 + (n % 36) as u16);
            city.accepted(class, &text, 1 + (n as i64 * 3) % 300, grid);
        }
    }
}

both_engines!(
    a_record_teaches_and_what_is_good_enough_suggests,
    &migrations(),
    |db| {
        let city = City::new(db);
        record(&city, 100);
        let done = ops::train(&city.system(), &city.reference(), 7).unwrap();
        let class = done.iter().find(|t| t.kind == Kind::Class).unwrap();
        assert_eq!((class.model, class.classes), (Some(1), 3), "{class:?}");
        assert_eq!((class.messages, class.held_back), (300, 30));
        assert_eq!(class.standing, Some(Standing::InForce), "{class:?}");
        assert!(class.accuracy > Some(0.9));
        // Nobody has handled anything: units cannot be learned.
        let unit = done.iter().find(|t| t.kind == Kind::Unit).unwrap();
        assert_eq!((unit.model, unit.messages), (None, 0));

        let system = city.system();
        city.runtime.block_on(ops::refresh(&system)).unwrap();
        let advisers = city.services.get::<Advisers>();
        assert_eq!(advisers.in_force(Kind::Class).map(|m| m.number), Some(1));
        // The same record and seed: the same model under the next number.
        ops::train(&system, &city.reference(), 7).unwrap();
        city.runtime.block_on(ops::refresh(&system)).unwrap();
        let again = advisers.in_force(Kind::Class).unwrap();
        assert_eq!(again.number, 2);
        assert_eq!(
            city.rows("SELECT count(*) FROM suggestion_models WHERE standing = 'in_force'"),
            1
        );
        assert_eq!(
            city.rows("SELECT count(*) FROM suggestion_models a JOIN suggestion_models b ON a.body = b.body AND a.number < b.number"),
            1
        );
        assert_eq!(
            city.rows("SELECT count(*) FROM audit WHERE action = 'suggestion.train'"),
            2
        );
    }
);

both_engines!(
    a_program_that_ends_keeps_no_model_of_half_a_record,
    &migrations(),
    |db| {
        let city = City::new(db);
        record(&city, 100);
        city.services.get::<Advisers>().stop();
        let stopped = ops::train(&city.system(), &city.reference(), 7).unwrap_err();
        assert_eq!(stopped.to_string(), "the training was stopped");
        assert_eq!(city.rows("SELECT count(*) FROM suggestion_models"), 0);
    }
);

both_engines!(
    too_little_teaches_nothing_and_says_so,
    &migrations(),
    |db| {
        let city = City::new(db);
        record(&city, 10);
        let done = ops::train(&city.system(), &city.reference(), 1).unwrap();
        assert!(done.iter().all(|t| t.model.is_none()));
        assert!(
            done[0].reason.as_deref().unwrap().contains("30 messages"),
            "{:?}",
            done[0].reason
        );
        assert_eq!(city.rows("SELECT count(*) FROM suggestion_models"), 0);
    }
);

both_engines!(
    a_model_that_is_often_wrong_never_suggests,
    &migrations(),
    |db| {
        let city = City::new(db);
        // The classes were given by lot: there is nothing to learn.
        for n in 0..300_usize {
            let (class, _) = WORDS[(n * 7 + n / 11) % 3];
            let text = format!("{}有问题，第{n}次，请处理", PLACES[n % PLACES.len()]);
            city.accepted(
                class,
                &text,
                1 + (n as i64) % 300,
                cell(1, 1 + (n % 36) as u16),
            );
        }
        let done = ops::train(&city.system(), &city.reference(), 1).unwrap();
        assert_eq!(done[0].standing, Some(Standing::Weak), "{:?}", done[0]);
        let system = city.system();
        city.runtime.block_on(ops::refresh(&system)).unwrap();
        assert!(
            city.services
                .get::<Advisers>()
                .in_force(Kind::Class)
                .is_none()
        );
    }
);

both_engines!(confidential_reports_are_never_read, &migrations(), |db| {
    let city = City::new(db);
    record(&city, 70);
    let before = ops::try_out(&city.system(), &city.reference(), Kind::Class, 3).unwrap();
    for n in 0..50 {
        city.whispered(
            &format!("我举报某单位第{n}次夜里偷倒渣土"),
            1 + n,
            cell(1, 1),
        );
    }
    let after = ops::try_out(&city.system(), &city.reference(), Kind::Class, 3).unwrap();
    assert_eq!(before.learned.messages, after.learned.messages);
    assert!(
        before.learned.model == after.learned.model,
        "not a weight has changed"
    );
});
