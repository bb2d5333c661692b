//! Every page in both languages, with little and with much; the words used and the words there.

use super::{backtests, detectors, list, one};
use crate::backtest::{Outcome, Warned};
use crate::model::{Level, Standing, Verdict, WarningId, usual_detectors};
use crate::ops::{Details, Standings, Worth};
use crate::performance;
use crate::sql::{BacktestRow, BeatRow, CaseBehind, Curve, Mark, Run, Warning};
use crate::testing::{self, class, matter_class};
use crate::track::{Sight, Track};
use access::AccountId;
use askama::Template as _;
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use kernel::id::Id;
use matters::{City, Matters, Reference};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use ui::{FormState, Lang, Pager, Ui};

const WORDS: (&str, &str, &str) = (
    "warning",
    include_str!("../../locales/zh-CN.ftl"),
    include_str!("../../locales/en.ftl"),
);

fn now() -> Timestamp {
    "2026-03-16T02:00:00Z".parse().expect("a time")
}

pub(super) fn reader(lang: Lang) -> Ui {
    let capabilities = [
        access::capability(),
        cases::http::capability(),
        crate::http::capability(),
    ];
    let words = access::words_of(&capabilities).expect("sound words");
    testing_ui(words, lang)
}

fn testing_ui(words: ui::I18n, lang: Lang) -> Ui {
    ui::testing::ui_with(ui::testing::site_with(words), lang, now())
}

pub(super) fn city() -> City {
    let reference = Reference::new(TimeZone::get("Asia/Shanghai").expect("a zone"));
    let mut city = (*reference.current()).clone();
    city.territory = Arc::new(testing::territory(2, 2, 4, Some(4000)));
    let classes = vec![matter_class(1, "雨水井盖 <b>")];
    city.matters = Arc::new(Matters::build(Vec::new(), classes, date(2026, 3, 16)));
    city
}

fn sight() -> Sight {
    Sight {
        day: date(2026, 3, 15),
        detector: "scan".into(),
        version: 3,
        from: date(2026, 3, 9),
        to: date(2026, 3, 15),
        observed: 31,
        voices: 52,
        expected: 12.04,
        p: 1.0 / 240.0,
        recurrence_days: 240.0,
        places: 4,
    }
}

pub(super) fn warning(city: &City, standing: Standing, verdict: Option<Verdict>) -> Warning {
    let grids = city.territory.grids();
    let days = (1..=15).map(|d| (date(2026, 3, d), u32::from(d > 8) * 4));
    Warning {
        district: "330102".parse().expect("six digits"),
        id: WarningId(Id::from_bytes([9; 16])),
        version: 1,
        standing,
        verdict,
        track: Track {
            category: class(1),
            level: Level::Grid,
            places: grids[14..18].iter().map(|g| g.code.to_string()).collect(),
            began: date(2026, 3, 9),
            first_seen: date(2026, 3, 11),
            last_seen: date(2026, 3, 15),
            now: sight(),
        },
        curve: Curve {
            days: days.collect(),
            usual: 0.4,
        },
    }
}

fn sound(html: &str) {
    ui::testing::assert_sound(html);
    assert!(
        !html.contains("雨水井盖 <b>"),
        "what people write is escaped"
    );
}

#[test]
fn the_list_renders_empty_and_full() {
    let city = city();
    for lang in Lang::ALL {
        let page = |warnings: &[Warning], shown: Option<&str>| {
            let counts = Standings::from([(Standing::New, 2), (Standing::Task, 1)]);
            let ui = reader(lang);
            list::page_of(
                ui,
                &city,
                warnings,
                &counts,
                shown,
                "x".into(),
                Pager::default(),
            )
            .render()
            .expect("the template renders")
        };
        sound(&page(&[], None));
        let many: Vec<Warning> = Standing::ALL
            .iter()
            .map(|s| warning(&city, *s, Some(Verdict::Real)))
            .collect();
        let html = page(&many, Some("new"));
        sound(&html);
        assert!(html.contains("/warnings/") && html.contains("<svg class=\"sketch\""));
        assert!(
            html.contains("31") && html.contains("52"),
            "both numbers are shown"
        );
    }
}

fn details(city: &City, standing: Standing) -> Details {
    let account = AccountId(Id::from_bytes([3; 16]));
    let mark = |mark: &str, verdict| Mark {
        seq: 1,
        at: now(),
        account: Some(account),
        mark: mark.into(),
        verdict,
        reason: "<script>".into(),
    };
    let beat = |is_control| BeatRow {
        beat: if is_control { "B2" } else { "B1" }.into(),
        is_control,
        seed: 77,
        opened_at: now(),
        case: "330102-20260316-00007".parse().expect("a number"),
    };
    Details {
        warning: warning(city, standing, Some(Verdict::KnownCause)),
        sights: vec![sight()],
        marks: vec![
            mark("seen", None),
            mark("task", None),
            mark("dismissed", None),
            mark("verdict", Some(Verdict::False)),
        ],
        beats: vec![beat(false), beat(true)],
        names: HashMap::from([(account, "林小雨".to_owned())]),
    }
}

#[test]
fn a_finding_renders_with_what_each_role_may_do() {
    let city = city();
    let behind = [CaseBehind {
        number: "330102-20260312-00003".parse().expect("a number"),
        state: cases::State::Handling,
        reported_at: now(),
        grid: Some(city.territory.grids()[14].code),
    }];
    for lang in Lang::ALL {
        for standing in Standing::ALL {
            for may in [true, false] {
                let details = details(&city, *standing);
                let sheet = one::Sheet {
                    city: &city,
                    details: &details,
                    behind: if may { &behind } else { &[] },
                    may: one::May {
                        judge: may,
                        task: may,
                        cases: may,
                    },
                };
                let mut form = FormState::new();
                if may {
                    form.fault("reason", "!");
                }
                let html = one::page_of(reader(lang), &sheet, form, String::new())
                    .render()
                    .expect("the template renders");
                sound(&html);
                let is_open = matches!(standing, Standing::New | Standing::Seen);
                assert_eq!(html.contains("/verdict\""), may);
                assert_eq!(html.contains("/task\""), may && is_open, "{standing}");
                assert_eq!(html.contains("/seen\""), may && *standing == Standing::New);
                assert_eq!(html.contains("330102-20260312-00003"), may);
                assert!(html.contains("&lt;script&gt;") || html.contains("&#60;script&#62;"));
            }
        }
    }
}

#[test]
fn detectors_and_their_worth_render_for_those_who_set_them_and_those_who_do_not() {
    let city = city();
    let life = performance::Life {
        began: date(2026, 3, 1),
        last_seen: date(2026, 3, 5),
        verdict: Some(Verdict::Real),
        seen_by: vec![("scan".into(), date(2026, 3, 2))],
    };
    let worth = |full: bool| Worth {
        detectors: performance::of(
            if full {
                std::slice::from_ref(&life)
            } else {
                &[]
            },
            &BTreeMap::from([("season".to_owned(), 9)]),
        ),
        runs: if full {
            vec![Run {
                day: date(2026, 3, 15),
                detector: "scan".into(),
                at: now(),
                seed: 20_260_315,
                series: 60,
                too_short: 2,
                signals: 1,
            }]
        } else {
            Vec::new()
        },
        beats: if full {
            vec![(false, 9, 4, 1), (true, 1, 1, 1)]
        } else {
            Vec::new()
        },
    };
    for lang in Lang::ALL {
        for may in [true, false] {
            let detectors = usual_detectors();
            let html = detectors::page_of(reader(lang), &city, &detectors, &worth(may), None, may)
                .render()
                .expect("the template renders");
            sound(&html);
            assert_eq!(html.contains("name=\"scan.neighbours\""), may);
        }
    }
}

#[test]
fn back_tests_render_at_every_stage() {
    let city = city();
    let outcome = |full: bool| {
        let warned = Warned {
            track: warning(&city, Standing::New, None).track,
            sights: vec![sight()],
            verdict: Some(Verdict::Real),
        };
        Outcome {
            from: date(2026, 1, 1),
            to: date(2026, 3, 1),
            seed: 5,
            warned: if full { vec![warned] } else { Vec::new() },
            performance: performance::of(&[], &BTreeMap::from([("scan".to_owned(), 60)])),
            days_judged: BTreeMap::from([("scan".to_owned(), 60)]),
            by_chance: BTreeMap::from([("scan".to_owned(), 1)]),
        }
    };
    let row = |outcome: Option<&Outcome>, failure: Option<&str>, moved_at: Timestamp| BacktestRow {
        id: Id::from_bytes([5; 16]),
        from: date(2026, 1, 1),
        to: date(2026, 3, 1),
        seed: 5,
        asked_at: now(),
        moved_at,
        steps: 120,
        steps_done: 40,
        outcome: outcome.map(|o| serde_json::to_string(o).expect("JSON")),
        failure: failure.map(str::to_owned),
    };
    let mut garbage = row(None, None, now());
    garbage.outcome = Some("{".into());
    let rows = [
        row(None, None, now()),
        row(None, None, Timestamp::UNIX_EPOCH),
        row(None, Some("<b>"), now()),
        row(Some(&outcome(true)), None, now()),
        row(Some(&outcome(false)), None, now()),
        garbage,
    ];
    for lang in Lang::ALL {
        for row in &rows {
            let html = backtests::page_of(reader(lang), &city, row)
                .render()
                .expect("the template renders");
            sound(&html);
            let is_running =
                row.outcome.is_none() && row.failure.is_none() && row.moved_at == now();
            assert_eq!(html.contains("http-equiv=\"refresh\""), is_running);
        }
        for may in [true, false] {
            let form = FormState::new().with("from", "2026-01-01");
            let html = backtests::list_of(
                reader(lang),
                if may { &rows } else { &[] },
                form,
                "!".into(),
                may,
            )
            .render()
            .expect("the template renders");
            sound(&html);
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
    let faults: Vec<String> = ui::testing::word_faults(&words, &used, &["warning"])
        .into_iter()
        .filter(|fault| {
            !fault.contains("warning-menu")
                && !fault.contains("warning-error-")
                && !fault.contains("cases-state")
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
