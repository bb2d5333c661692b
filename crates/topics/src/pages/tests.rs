//! Every page in both languages, with little and with much; the words used and the words there.

use super::{form, list, one};
use crate::effect::{Daily, effect};
use crate::model::{Mark, Measure, MeasureStanding, Standing, Topic, TopicId};
use crate::ops::Details;
use crate::sql::Tally;
use askama::Template as _;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use kernel::id::Id;
use matters::{City, MatterId, Reference};
use std::collections::HashMap;
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

fn topic(standing: Standing) -> Topic {
    Topic {
        district: "990001".parse().unwrap(),
        id: TopicId(Id::from_bytes([9; 16])),
        version: 4,
        title: "雨水井盖 <b>".into(),
        question: "<script>怎样才算解决".into(),
        matters: vec![MatterId(Id::from_bytes([1; 16]))],
        place: "330102001000".parse().ok(),
        words: "井盖 破损".into(),
        unit: None,
        month: Some("2026-03".into()),
        standing,
        started_on: Some(date(2026, 1, 12)),
        ended_on: None,
        result: String::new(),
        made_at: now(),
        updated_at: now(),
    }
}

/// Ten a week before January 12, five after.
fn daily() -> Daily {
    let first = date(2025, 1, 6);
    let mut daily = Daily::new();
    for week in 0..62_i64 {
        let day: Date = first.saturating_add((week * 7 + 1).days());
        let n = if day < date(2026, 1, 12) { 10 } else { 5 };
        daily.insert(day, (n, n + 2));
    }
    daily
}

fn details(standing: Standing) -> Details {
    let measure = |seq, standing, due| Measure {
        seq,
        words: "更换 <i>300 个".into(),
        unit: None,
        due_on: Some(due),
        standing,
        done_on: None,
    };
    let mark = |seq, mark: &str, note: &str| Mark {
        seq,
        at: now(),
        account: None,
        mark: mark.into(),
        note: note.into(),
    };
    Details {
        topic: topic(standing),
        tally: Tally {
            voices: 52,
            incidents: 31,
            open: 4,
        },
        cases: Vec::new(),
        measures: vec![
            measure(1, MeasureStanding::UnderWay, date(2026, 2, 1)),
            measure(2, MeasureStanding::Done, date(2026, 9, 1)),
        ],
        marks: vec![
            mark(1, "made", "x"),
            mark(2, "cases", "3"),
            mark(3, "measure", "under_way 更换 <i>"),
            mark(4, "started", "2026-01-12"),
        ],
        names: HashMap::new(),
        effect: Some(effect(
            &daily(),
            date(2025, 1, 6),
            Some(date(2026, 1, 12)),
            None,
            date(2026, 3, 16),
            60,
        )),
    }
}

fn sound(html: &str) {
    ui::testing::assert_sound(html);
    for raw in ["井盖 <b>", "<script>怎样", "更换 <i>"] {
        assert!(!html.contains(raw), "words of people are escaped");
    }
}

#[test]
fn the_list_and_the_form_render_empty_and_full() {
    let city = city();
    for lang in Lang::ALL {
        for topics in [
            vec![],
            vec![(topic(Standing::Chosen), 12), (topic(Standing::Ended), 0)],
        ] {
            let may = !topics.is_empty();
            let page = list::page_of(reader(lang), &city, &topics, FormState::new(), may, may);
            sound(&page.render().expect("renders"));
        }
        for of in [None, Some((TopicId(Id::from_bytes([9; 16])), 2))] {
            let page = form::page_of(reader(lang), &city, FormState::new(), of, "x".into());
            sound(&page.render().expect("renders"));
        }
    }
}

#[test]
fn a_topic_renders_in_every_standing_and_offers_what_is_allowed() {
    let city = city();
    for lang in Lang::ALL {
        for standing in Standing::ALL {
            for manage in [false, true] {
                let may = one::May {
                    manage,
                    cases: manage,
                    ..one::May::default()
                };
                let details = details(*standing);
                let page = one::page_of(
                    reader(lang),
                    &city,
                    &details,
                    may,
                    FormState::new(),
                    "x".into(),
                );
                let html = page.render().expect("renders");
                sound(&html);
                let offers = |act: &str| html.contains(&format!("/{act}\""));
                assert_eq!(
                    offers("choose"),
                    manage && matches!(standing, Standing::Proposed | Standing::Chosen)
                );
                assert_eq!(offers("end"), manage && *standing == Standing::UnderWay);
                assert_eq!(offers("reopen"), manage && standing.is_over());
            }
        }
    }
}

#[test]
fn the_effect_is_told_with_its_limits() {
    let city = city();
    let page = |details: &Details| {
        let ui = reader(Lang::En);
        let may = one::May::default();
        let page = one::page_of(ui, &city, details, may, FormState::new(), String::new());
        page.render().expect("renders")
    };
    let html = page(&details(Standing::UnderWay));
    assert!(
        html.contains("fewer than before the start (95 % range")
            || html.contains("fewer than before the start (95"),
        "{html}"
    );
    assert!(
        html.contains("10.0 a week") && html.contains("5.0 a week"),
        "{html}"
    );
    let silent = Details {
        effect: None,
        ..details(Standing::UnderWay)
    };
    assert!(page(&silent).contains("There is no curve yet"));
}

#[test]
fn every_word_used_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let used =
        ui::testing::used_keys(&[&root.join("templates"), &root.join("src")]).expect("sources");
    let words = ui::I18n::builder()
        .add(
            "topics",
            include_str!("../../locales/zh-CN.ftl"),
            include_str!("../../locales/en.ftl"),
        )
        .build()
        .expect("both languages have the same keys");
    let faults: Vec<String> = ui::testing::word_faults(&words, &used, &["topics"])
        .into_iter()
        .filter(|fault| {
            !fault.contains("-menu")
                && !fault.contains("topics-error-")
                && !fault.contains("cases-")
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
