//! The pages render soundly in both languages, empty and full, and every word used is there.

use super::*;
use access::AccountId;
use access::ops::orders::Orderer;
use jiff::Timestamp;
use ui::testing;

const WORDS: (&str, &str, &str) = (
    "exports",
    include_str!("../../locales/zh-CN.ftl"),
    include_str!("../../locales/en.ftl"),
);

fn reader(lang: Lang) -> Ui {
    let words = access::words_of(&[access::capability(), crate::capability()]);
    let site = testing::site_with(words.expect("sound words"));
    testing::ui_with(site, lang, Timestamp::UNIX_EPOCH)
}

fn export(state: State, kind: Kind, purpose: Option<&str>) -> Export {
    let account = AccountId(Id::from_bytes([2; 16]));
    let is_done = matches!(state, State::Done | State::Removed);
    Export {
        id: ExportId(Id::from_bytes([1; 16])),
        account,
        name: "<b>尉迟".into(),
        orderer: Orderer {
            account,
            behalf: None,
            scope: None,
        },
        asked: Asked {
            kind,
            from: kind.is_of_cases().then(|| jiff::civil::date(2026, 3, 1)),
            to: None,
            purpose: purpose.map(str::to_owned),
        },
        state,
        why: match state {
            State::Failed => Some(Why::Disk),
            State::Removed => Some(Why::ByTime),
            _ => None,
        },
        asked_at: Timestamp::UNIX_EPOCH,
        begun: 1,
        run: None,
        expected: (state != State::Waiting).then_some(2_000),
        written: if is_done { 2_000 } else { 500 },
        bytes: is_done.then_some(1_234_567),
        sha256: is_done.then(|| "ba7816bf8f01".repeat(5) + "abcd"),
        ended_at: None,
        kept_to: (state == State::Done).then_some(Timestamp::UNIX_EPOCH),
    }
}

fn purpose() -> Purpose {
    Purpose {
        code: "handling".into(),
        name_zh: "办理<i>".into(),
        name_en: "Handling<i>".into(),
        basis: "law".into(),
    }
}

fn sound(page: &impl Template) -> String {
    let html = page.render().expect("the page renders");
    testing::assert_sound(&html);
    for raw in ["<b>尉迟", "办理<i>", "Handling<i>", "<q>"] {
        assert!(!html.contains(raw), "{raw} is not escaped");
    }
    html
}

#[test]
fn the_list_is_sound_empty_and_full() {
    let offered = Offered {
        kinds: Kind::ALL.to_vec(),
        purposes: vec![purpose()],
    };
    for lang in Lang::ALL {
        let form = || FormState::new().with("kind", "cases.csv");
        let empty = sound(&list_page(reader(lang), form(), &offered, &[], false));
        assert!(!empty.contains("<tbody"));
        assert!(empty.contains("name=\"purpose\"") && empty.contains("facts.parquet"));
        let narrow = Offered {
            kinds: vec![Kind::CasesCsv],
            purposes: Vec::new(),
        };
        let bare = sound(&list_page(reader(lang), form(), &narrow, &[], false));
        assert!(!bare.contains("name=\"purpose\"") && !bare.contains("facts.parquet"));
        let all: Vec<Export> = State::ALL
            .iter()
            .map(|s| export(*s, Kind::CasesCsv, Some("handling")))
            .collect();
        let mut wrong = form();
        wrong.fault("from", "<q>坏");
        let full = sound(&list_page(reader(lang), wrong, &offered, &all, true));
        assert_eq!(full.matches("/exports/").count(), all.len());
        assert!(full.contains("尉迟"), "whose they are");
        let own = sound(&list_page(reader(lang), form(), &offered, &all, false));
        assert!(!own.contains("尉迟"));
    }
}

#[test]
fn one_is_sound_in_every_state() {
    for lang in Lang::ALL {
        for state in State::ALL {
            for (kind, of) in [
                (Kind::CasesGeojson, Some("handling")),
                (Kind::FactsParquet, None),
            ] {
                let purposes = [purpose()];
                let html = sound(&one_page(
                    reader(lang),
                    export(*state, kind, of),
                    &purposes,
                    true,
                ));
                assert_eq!(html.contains("/file\""), *state == State::Done);
                assert_eq!(html.contains("/again"), *state == State::Failed);
                assert_eq!(html.contains("/remove"), *state != State::Removed);
                assert_eq!(html.contains("http-equiv=\"refresh\""), state.is_open());
                assert_eq!(html.contains("value=\"25\""), *state == State::Running);
                let foreign = sound(&one_page(
                    reader(lang),
                    export(*state, kind, of),
                    &purposes,
                    false,
                ));
                for act in ["/file\"", "/again", "/remove"] {
                    assert!(!foreign.contains(act), "{act} is for its owner");
                }
            }
        }
        let mut large = export(State::Failed, Kind::CasesCsv, None);
        large.why = Some(Why::TooMany);
        let html = sound(&one_page(reader(lang), large, &[], true));
        assert!(!html.contains("/again"), "it would be too large again");
        assert_eq!(html.matches("href=\"/exports\"").count(), 2, "{html}");
        for why in Why::ALL {
            let text = reader(lang).t(why_word(*why));
            assert!(text.chars().count() > 5, "{text}");
        }
    }
}

#[test]
fn every_word_used_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let used = testing::used_keys(&[&root.join("templates"), &root.join("src")]).expect("sources");
    let words = ui::I18n::builder()
        .add(WORDS.0, WORDS.1, WORDS.2)
        .build()
        .expect("both languages have the same keys");
    let faults = testing::word_faults(&words, &used, &["exports"]);
    let faults: Vec<&String> = faults
        .iter()
        .filter(|f| !f.contains("exports-error-"))
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
}
