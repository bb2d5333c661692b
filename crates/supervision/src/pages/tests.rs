//! Every page renders in both languages, empty and full; the words are complete.

use super::ladder::LadderPage;
use super::list::{ListPage, line, units};
use super::one::{OnePage, Reader};
use super::open::OpenPage;
use super::panel::{PanelHtml, said};
use crate::model::{EntryRow, Mark, Origin, Rung, RungAct, Standing, Supervised, Tell};
use crate::ops::Full;
use crate::sql::UnitCount;
use access::{AccountId, UnitId};
use askama::Template;
use jiff::Timestamp;
use kernel::id::Id;
use std::collections::HashMap;
use ui::testing::{assert_sound, site_with, ui_with};
use ui::{FormState, Lang, Pager, Ui};

fn words() -> ui::I18n {
    let all = [
        access::capability(),
        cases::http::capability(),
        crate::capability(),
    ];
    access::words_of(&all).unwrap()
}

fn now() -> Timestamp {
    "2026-03-16T01:00:00Z".parse().unwrap()
}

fn reader(lang: Lang) -> Ui {
    ui_with(site_with(words()), lang, now())
}

fn city() -> std::sync::Arc<matters::City> {
    matters::Reference::new(jiff::tz::TimeZone::UTC).current()
}

fn supervised(state: Standing) -> Supervised {
    Supervised {
        district: "330102".parse().unwrap(),
        id: Id::from_bytes([1; 16]),
        version: 1,
        case: Some(Id::from_bytes([2; 16])),
        case_no: Some("330102-20260316-00001".into()),
        unit: UnitId(Id::from_bytes([3; 16])),
        origin: Origin::Instruction,
        instruction: "请水务局三日内恢复井盖，并举一反三。".into(),
        limit_text: "3工作日".into(),
        opened_by: Some(AccountId(Id::from_bytes([4; 16]))),
        opened_role: "leader".into(),
        opened_at: now(),
        due_at: "2026-03-15T01:00:00Z".parse().unwrap(),
        provisional: false,
        state,
        report: "已更换。".into(),
        reported_at: Some(now()),
        decided_at: None,
        told_late: false,
        due_from: Some(now()),
        due_limit: Some("3工作日".into()),
        calendar: Some("cn-2007-2026".into()),
    }
}

fn rung(level: i64) -> Rung {
    Rung {
        stage: if level == 1 {
            cases::Stage::Handle
        } else {
            cases::Stage::CallBack
        },
        matter: "*".into(),
        level,
        at: "+1工作日".parse().unwrap(),
        act: RungAct::Overdue,
        tell: vec![Tell::Lead, Tell::Leader],
        name_zh: "超期一日".into(),
        name_en: "A day overdue".into(),
        enabled: level != 2,
        version: 1,
    }
}

fn pager() -> Pager {
    Pager {
        previous: None,
        next: Some("/supervision?after=x".into()),
        shown: 1,
        total: None,
    }
}

#[test]
fn every_page_is_sound_in_both_languages() {
    let city = city();
    for lang in [Lang::Zh, Lang::En] {
        for state in Standing::ALL {
            let ui = reader(lang);
            let counts = [UnitCount {
                unit: supervised(*state).unit,
                state: *state,
                n: 2,
                late: 1,
            }];
            let page = ListPage {
                queues: Vec::new(),
                rows: vec![line(&ui, &city, &supervised(*state))],
                units: units(&ui, &city, &counts),
                only: ui::Html::from_text("水务局"),
                may_open: true,
                pager: pager(),
                ui,
            };
            assert_sound(&page.render().unwrap());
            let mut marks: Vec<Mark> =
                ["opened", "reported", "sent_back", "signed_off", "withdrawn"]
                    .map(|mark| Mark::new(now(), None, "leader".into(), mark, "话".into()))
                    .to_vec();
            marks.push(Mark {
                was_due_at: Some(now()),
                due_at: Some(now()),
                calendar: Some("cn-2027".into()),
                ..Mark::by_program(now(), "recomputed", String::new())
            });
            marks.push(Mark {
                was_unit: Some(UnitId(Id::from_bytes([3; 16]))),
                unit: Some(UnitId(Id::from_bytes([5; 16]))),
                ..Mark::by_program(now(), "unit_changed", "机构改革".into())
            });
            for (is_of_unit, may_decide) in [(false, false), (true, false), (false, true)] {
                let full = Full {
                    supervised: supervised(*state),
                    marks: marks.clone(),
                    names: HashMap::new(),
                    may_decide,
                };
                let reader_of = Reader { is_of_unit };
                let page = OnePage::new(reader(lang), &city, &full, &reader_of, FormState::new());
                assert_sound(&page.render().unwrap());
            }
        }
        let empty = ListPage {
            ui: reader(lang),
            queues: Vec::new(),
            rows: Vec::new(),
            units: Vec::new(),
            only: ui::Html::default(),
            may_open: false,
            pager: pager(),
        };
        assert_sound(&empty.render().unwrap());
        let mut form = FormState::new();
        form.fault("limit", "x");
        assert_sound(
            &OpenPage::new(reader(lang), &city, form.clone())
                .render()
                .unwrap(),
        );
        let rungs = [rung(1), rung(2)];
        for may_change in [false, true] {
            for (chosen, sent) in [
                (None, None),
                (Some(("handle", "*", 2)), None),
                (Some(("handle", "", 0)), None),
                (Some(("handle", "*", 2)), Some(form.clone())),
            ] {
                let page = LadderPage::new(reader(lang), &rungs, may_change, chosen, sent);
                assert_sound(&page.render().unwrap());
            }
        }
        let ui = reader(lang);
        let row = EntryRow {
            entry: "x".into(),
            at: now(),
            kind: "rung".into(),
            level: Some(1),
            name_zh: "催办".into(),
            name_en: "Reminder".into(),
            account: None,
            role: None,
            words: String::new(),
        };
        let person = EntryRow {
            level: None,
            role: Some("leader".into()),
            words: "请尽快".into(),
            ..row.clone()
        };
        let panel = PanelHtml {
            number: "330102-20260316-00001".into(),
            said: vec![said(&ui, &row), said(&ui, &person)],
            supervised: vec![line(&ui, &city, &supervised(Standing::Open))],
            may_remind: true,
            may_open: true,
            ui,
        };
        assert!(
            panel
                .render()
                .unwrap()
                .contains("/cases/330102-20260316-00001/remind")
        );
    }
}

#[test]
fn the_words_are_complete() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let used = ui::testing::used_keys(&[&root.join("templates"), &root.join("src")]).unwrap();
    let is_elsewhere =
        |f: &String| f.contains("supervision-menu") || f.contains("supervision-error-");
    let mut faults = ui::testing::word_faults(&words(), &used, &["supervision"]);
    faults.retain(|f| !is_elsewhere(f));
    assert!(faults.is_empty(), "{faults:#?}");
}
