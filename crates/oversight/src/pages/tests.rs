//! Both pages in both languages, empty and full; the words used and the words there; what a file says.

use super::{csv, sample, special};
use crate::model::{Draw, Drawn, Sample, SpecialAct};
use access::Fields;
use askama::Template as _;
use kernel::id::Id;
use ui::{Lang, Pager, Ui};

const WORDS: (&str, &str, &str) = (
    "oversight",
    include_str!("../../locales/zh-CN.ftl"),
    include_str!("../../locales/en.ftl"),
);

fn reader(lang: Lang) -> Ui {
    let capabilities = [
        access::capability(),
        cases::http::capability(),
        crate::capability(),
    ];
    let words = access::words_of(&capabilities).expect("sound words");
    let now = "2026-03-16T02:00:00Z".parse().expect("a time");
    ui::testing::ui_with(ui::testing::site_with(words), lang, now)
}

fn act(fact: &str, number: &str) -> SpecialAct {
    SpecialAct {
        district: "330102".into(),
        key: Id::from_bytes([1; 16]),
        seq: 3,
        at: "2026-03-15T02:00:00Z".parse().expect("a time"),
        done_at: Some("2026-03-15T01:00:00Z".parse().expect("a time")),
        actor_kind: "staff".into(),
        actor_id: None,
        fact: fact.into(),
        number: number.into(),
        login: Some("leader".into()),
        name: Some("<b>".into()),
    }
}

#[test]
fn special_acts_render_empty_and_full() {
    for lang in Lang::ALL {
        let fields = Fields::parse(b"kind=merge&from=2026-03-01");
        let none = special::page_of(reader(lang), &fields, &[], Pager::default());
        ui::testing::assert_sound(&none.render().expect("it renders"));
        let rows = [
            act(
                r#"{"event":"voided","reason":"<i>"}"#,
                "330102-20260316-00001",
            ),
            act(r#"{"event":"signed"}"#, "330102-20260316-00002"),
            act(
                r#"{"act":"report","done_at":"2026-03-15T01:00:00Z","minutes":60}"#,
                "330102-20260316-00003",
            ),
        ];
        let html = special::page_of(reader(lang), &fields, &rows, Pager::default())
            .render()
            .expect("it renders");
        ui::testing::assert_sound(&html);
        assert!(html.contains("/cases/330102-20260316-00001"));
        let told = match lang {
            Lang::Zh => [
                "作废 · 事后补录",
                "例如离线操作。",
                "<dt>操作时间</dt>",
                "<dt>相隔分钟</dt>",
            ],
            Lang::En => [
                "Void · Recorded late",
                "such as one without a network.",
                "<dt>Done at</dt>",
                "<dt>Minutes between</dt>",
            ],
        };
        for words in told {
            assert!(html.contains(words), "{words}: {html}");
        }
        assert!(!html.contains("<b>") && !html.contains("<i>"));
    }
}

#[test]
fn a_sample_renders_empty_and_full() {
    let draw = Draw {
        from: "2026-03-01T00:00:00Z".parse().expect("a time"),
        to: "2026-03-16T00:00:00Z".parse().expect("a time"),
        size: 2,
        seed: "<seed>".into(),
    };
    let drawn = Drawn {
        district: "330102".parse().expect("six digits"),
        id: Id::from_bytes([1; 16]),
        number: "330102-20260316-00001".parse().expect("a number"),
        state: "closed".into(),
        channel: "web".into(),
        reported_at: draw.from,
        closed_at: None,
    };
    for lang in Lang::ALL {
        for drawn in [vec![], vec![drawn.clone()]] {
            let sample = Sample {
                population: 1_234,
                drawn,
            };
            let fields = Fields::parse(b"from=2026-03-01&to=2026-03-15&size=2&seed=%3Cseed%3E");
            let web = cases::service::Channel {
                code: "web".into(),
                name_zh: "网页上报".into(),
                name_en: "On the web".into(),
                verify: false,
                reviewed: true,
            };
            let name = match lang {
                Lang::Zh => web.name_zh.clone(),
                Lang::En => web.name_en.clone(),
            };
            let channels = [(web.code.clone(), web)].into();
            let html = sample::page_of(reader(lang), &fields, &draw, &sample, &channels)
                .render()
                .expect("it renders");
            ui::testing::assert_sound(&html);
            assert!(!html.contains("<seed>"));
            assert_eq!(html.contains("1,234"), !sample.drawn.is_empty());
            // Where it came from is told by the name of the channel, not by its code.
            assert_eq!(html.contains(&name), !sample.drawn.is_empty());
            assert!(!html.contains(">web<"), "{html}");
        }
    }
}

#[test]
fn every_word_used_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let used =
        ui::testing::used_keys(&[&root.join("templates"), &root.join("src")]).expect("sources");
    let words = ui::I18n::builder()
        .add(WORDS.0, WORDS.1, WORDS.2)
        .build()
        .expect("both languages have the same keys");
    let faults = ui::testing::word_faults(&words, &used, &["oversight"]);
    let faults: Vec<&String> = faults
        .iter()
        .filter(|f| !f.contains("oversight-error-"))
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn no_cell_of_a_file_becomes_a_formula() {
    let bytes = csv(
        ["a", "b"],
        [["=1+1".to_owned(), "x,\"y\"".to_owned()]].into_iter(),
    );
    assert_eq!(
        String::from_utf8(bytes).expect("UTF-8"),
        "a,b\n'=1+1,\"x,\"\"y\"\"\"\n"
    );
}
