//! The pages render soundly in both languages, and every word used is there.

use super::*;
use crate::home;
use access::AccountId;
use grid::Reject;
use grid::report::ShownRow;
use jiff::Timestamp;
use jiff::civil::date;
use kernel::id::Id;
use ui::{Lang, testing};

fn reader(lang: Lang) -> Ui {
    let words = access::words_of(&[
        access::capability(),
        grid::http::capability(),
        crate::capability(),
    ]);
    let site = testing::site_with(words.expect("sound words"));
    testing::ui_with(site, lang, Timestamp::UNIX_EPOCH)
}

fn import(state: State) -> Import {
    Import {
        id: ImportId(Id::from_bytes([1; 16])),
        kind: Kind::Matters,
        file: "<b>事项.xlsx".into(),
        state,
        options: Options::default(),
        found: Found {
            read: 3,
            imported: 1,
            updated: 1,
            rejected: 1,
            shown: vec![
                ShownRow {
                    line: 2,
                    is_new: true,
                    name: "<i>C0101".into(),
                },
                ShownRow {
                    line: 3,
                    is_new: false,
                    name: "C0102".into(),
                },
            ],
            rejects: vec![
                Reject::new(
                    4,
                    "limit",
                    "=2天",
                    grid::Why::new("limit_bare", "<u>bare").with("unit", "<u>天"),
                )
                .within(Some("部件")),
            ],
            warnings: vec![
                grid::Remark::new("no_unit", "no unit \"<s>look\" is registered")
                    .with("unit", "<s>look")
                    .with("classes", 2),
            ],
            ignored_columns: vec!["考核分".into()],
            failure: if state == State::Failed {
                "<q>lost".into()
            } else {
                String::new()
            },
            ..Found::default()
        },
        made_at: Timestamp::UNIX_EPOCH,
        made_by: Some(AccountId(Id::from_bytes([2; 16]))),
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn sound(page: &impl Template) -> String {
    let html = page.render().expect("the page renders");
    testing::assert_sound(&html);
    for raw in ["<b>事项", "<i>C", "<u>bare", "<u>天", "<s>look", "<q>"] {
        assert!(!html.contains(raw), "{raw} is not escaped");
    }
    html
}

#[test]
fn the_pages_are_sound_in_both_languages() {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone");
    let city = Reference::new(zone).current();
    for lang in Lang::ALL {
        for state in State::ALL {
            let html = sound(&import_page(
                reader(lang),
                import(*state),
                Some((1, 2)),
                false,
            ));
            let told = match lang {
                Lang::Zh => ["处置时限", "没有说明按哪种时间计", "没有登记名为“&"],
                Lang::En => ["limit", "does not say which clock it means", "no unit “&"],
            };
            assert!(
                told.iter().all(|words| html.contains(words)),
                "column and reason in the reader's language"
            );
            assert_eq!(html.contains("/confirm"), *state == State::Ready);
            assert_eq!(
                html.contains("http-equiv=\"refresh\""),
                *state == State::Running
            );
        }
        let lost = sound(&import_page(
            reader(lang),
            import(State::Running),
            None,
            true,
        ));
        assert!(
            lost.contains("/confirm"),
            "what its process left behind can go on"
        );
        let all: Vec<Import> = State::ALL.iter().map(|s| import(*s)).collect();
        let listed = |door, imports: &[Import], form, may: fn(Permission) -> bool| {
            sound(&list_page(
                reader(lang),
                door,
                imports,
                form,
                may,
                Vec::new(),
            ))
        };
        let whole = listed(Door::Administration, &all, FormState::new(), |_| true);
        assert!(whole.contains("value=\"cases\"") && whole.contains("value=\"grid-items\""));
        assert!(!whole.contains("value=\"definitions\""), "in other hands");
        let narrow = listed(Door::Evaluation, &[], FormState::new(), |_| true);
        assert!(narrow.contains("action=\"/evaluation/sets/imports\""));
        assert!(!narrow.contains("name=\"kind\"") && narrow.contains("name=\"file\""));
        let mut wrong = FormState::new();
        wrong.fault("file", "坏");
        let may = |p| p == Permission::ReferenceManage;
        let html = listed(Door::Administration, &[], wrong, may);
        assert!(
            !html.contains("value=\"cases\""),
            "not for who may not import cases"
        );
        let sums = home::Sums {
            channels: (3, 1),
            drafts: 2,
            waiting: 1,
            may_users: true,
        };
        sound(&home::page_of(
            reader(lang),
            &city,
            &sums,
            date(2026, 11, 29),
        ));
        sound(&home::page_of(
            reader(lang),
            &city,
            &home::Sums::default(),
            date(2026, 3, 16),
        ));
    }
}

#[test]
fn rows_are_called_written_only_once_they_are() {
    for lang in Lang::ALL {
        let words = |state: State| {
            let ui = reader(lang);
            let written = ["admin-shown-done", "admin-written-what"];
            let written = written.map(|key| ui.tn(key, "n", 2_u64));
            let html = sound(&import_page(ui.clone(), import(state), None, false));
            let will = html.contains(&ui.t("admin-shown-ready"));
            (will, written.map(|text| html.contains(&text)))
        };
        assert_eq!(words(State::Ready), (true, [false, false]));
        assert_eq!(words(State::Running), (false, [false, false]));
        assert_eq!(words(State::Done), (false, [true, true]));
        assert_eq!(words(State::Failed), (false, [false, false]));
        assert_eq!(words(State::Cancelled), (false, [false, false]));
        let mut nothing = import(State::Done);
        (nothing.found.imported, nothing.found.updated) = (0, 0);
        let html = sound(&import_page(reader(lang), nothing, None, false));
        assert!(html.contains(&reader(lang).t("admin-written-nothing")));
        let html = sound(&import_page(reader(lang), import(State::Done), None, false));
        assert!(html.contains("href=\"/matters\""), "to what is there now");
    }
}

#[test]
fn refused_rows_leave_as_a_sheet_that_runs_no_formula() {
    let text = rejects_csv(&import(State::Done).found.rejects);
    assert_eq!(
        text,
        "sheet,line,field,value,reason\n部件,4,limit,'=2天,<u>bare\n"
    );
}

#[test]
fn every_word_used_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let used = testing::used_keys(&[&root.join("templates"), &root.join("src")]).expect("sources");
    let words =
        access::words_of(&[access::capability(), crate::capability()]).expect("sound words");
    let faults: Vec<String> = testing::word_faults(&words, &used, &["admin"])
        .into_iter()
        .filter(|fault| !fault.contains("admin-menu"))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
