//! Every page in both languages, with little and with much; the words used and the words there.

use super::{hot, overview};
use crate::model::{HotTopicId, Kind, ModelRow, Outcome, Settings, Shares, Standing};
use crate::ops::Overview;
use crate::sql::Confusion;
use crate::sql_hot::{Body, HotTopic};
use askama::Template as _;
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use kernel::id::Id;
use matters::{City, MatterId, Reference};
use std::collections::BTreeMap;
use ui::{FormState, Lang, Ui};

fn now() -> Timestamp {
    "2026-03-16T02:00:00Z".parse().expect("a time")
}

fn reader(lang: Lang) -> Ui {
    let capabilities = [
        access::capability(),
        cases::http::capability(),
        super::capability(),
    ];
    let words = access::words_of(&capabilities).expect("sound words");
    ui::testing::ui_with(ui::testing::site_with(words), lang, now())
}

fn city() -> City {
    let reference = Reference::new(TimeZone::get("Asia/Shanghai").expect("a zone"));
    (*reference.current()).clone()
}

fn id(n: u8) -> Id {
    Id::from_bytes([n; 16])
}

fn full() -> Overview {
    let row = |number, standing| ModelRow {
        number,
        kind: if number == 2 { Kind::Unit } else { Kind::Class },
        made_at: now(),
        seed: 1,
        messages: 12_345,
        first_at: now(),
        last_at: now(),
        classes: 40,
        features: 100_000,
        threshold: if standing == Standing::Weak {
            2.0
        } else {
            0.61
        },
        held_back: 1234,
        accuracy: Some(0.93),
        macro_f1: Some(0.9),
        coverage: Some(0.88),
        answered_right: Some(0.96),
        standing,
        from_at: Some(now()),
        to_at: None,
    };
    let mut shares = Shares::default();
    shares.add(Outcome::Accepted, 90);
    shares.add(Outcome::Overridden, 10);
    shares.add(Outcome::Silent, 5);
    let confusion = Confusion {
        suggested: id(1),
        decided: id(2),
        n: 7,
    };
    Overview {
        settings: Settings {
            version: 3,
            enabled: false,
            nightly: true,
            target: 0.9,
            least: 0.5,
        },
        models: vec![
            row(3, Standing::InForce),
            row(2, Standing::Replaced),
            row(1, Standing::Weak),
        ],
        shares: BTreeMap::from([((3, Kind::Class), shares), ((0, Kind::Class), shares)]),
        confusions: BTreeMap::from([
            (Kind::Class, vec![confusion.clone()]),
            (Kind::Unit, vec![confusion]),
        ]),
    }
}

fn topic() -> HotTopic {
    HotTopic {
        district: "330102".parse().expect("six digits"),
        id: HotTopicId(id(9)),
        made_on: date(2026, 3, 15),
        name: "搅拌站 <b>丽发新城".into(),
        matter: Some(MatterId(id(1))),
        place: "330102001000".into(),
        incidents: 31,
        voices: 52,
        first_day: date(2026, 2, 1),
        last_day: date(2026, 3, 15),
        body: Body {
            terms: vec!["搅拌站".into(), "<script>".into()],
            curve: (1..=15)
                .map(|d| (date(2026, 3, d), u32::from(d > 8) * 3, 4))
                .collect(),
            classes: vec![(MatterId(id(1)), 31)],
            streets: vec![("330102001000".into(), 30)],
        },
    }
}

fn sound(html: &str) {
    ui::testing::assert_sound(html);
    assert!(
        !html.contains("<b>丽发") && !html.contains("<script>"),
        "words of people are escaped"
    );
}

#[test]
fn the_page_of_models_renders_empty_and_full() {
    for lang in Lang::ALL {
        for may_manage in [false, true] {
            let empty = Overview {
                models: Vec::new(),
                shares: BTreeMap::new(),
                confusions: BTreeMap::new(),
                ..full()
            };
            for overview in [&empty, &full()] {
                let city = city();
                let sheet = overview::Sheet {
                    city: &city,
                    overview,
                    may_manage,
                    is_training: may_manage,
                };
                for tried in [None, Some(Vec::new())] {
                    let page = overview::page_of(reader(lang), &sheet, FormState::new(), tried);
                    let html = page.render().expect("renders");
                    sound(&html);
                    assert_eq!(html.contains("/suggestions/settings"), may_manage);
                }
            }
        }
    }
}

#[test]
fn a_share_is_shown_with_what_it_is_a_share_of() {
    let (city, overview) = (city(), full());
    let sheet = overview::Sheet {
        city: &city,
        overview: &overview,
        may_manage: false,
        is_training: false,
    };
    let page = overview::page_of(reader(Lang::En), &sheet, FormState::new(), None);
    let html = page.render().expect("renders");
    // 90 accepted of 100 suggested, 5 silent of 105 decisions.
    for text in ["90", "100", "105"] {
        assert!(html.contains(text), "{text}");
    }
}

#[test]
fn hot_topics_render_empty_and_full() {
    let city = city();
    for lang in Lang::ALL {
        for (topics, last) in [(vec![], None), (vec![topic()], Some(date(2026, 3, 15)))] {
            let page = hot::list_of(reader(lang), &city, &topics, last, last.is_some());
            sound(&page.render().expect("renders"));
        }
        for may in [false, true] {
            let page = hot::one_of(reader(lang), &city, &topic(), &[], may, may);
            let html = page.render().expect("renders");
            sound(&html);
            assert_eq!(html.contains("/topics/new?hot="), may);
        }
    }
}

#[test]
fn every_word_used_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let used =
        ui::testing::used_keys(&[&root.join("templates"), &root.join("src")]).expect("sources");
    let words = ui::I18n::builder()
        .add(
            "suggestion",
            include_str!("../../locales/zh-CN.ftl"),
            include_str!("../../locales/en.ftl"),
        )
        .build()
        .expect("both languages have the same keys");
    // Menus and errors are named by the capability; words of cases are another's.
    let faults: Vec<String> = ui::testing::word_faults(&words, &used, &["suggestion"])
        .into_iter()
        .filter(|fault| {
            !fault.contains("-menu")
                && !fault.contains("suggestion-error-")
                && !fault.contains("cases-")
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
