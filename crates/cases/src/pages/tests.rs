//! Every page renders with sample data, in both languages, and is sound; every word used is there.

use super::forms::{Maker, Sent};
use super::history::{self, Names, Reader};
use super::pictures::{Entry, Kept, Offer, PictureField, Shot};
use super::read::{self, Wrong};
use super::sheet::{Frame, Loaded, Sheet};
use super::{
    Offers, about, bulk, calendar, case, contact, desk, filters, found, home, intake, line, report,
    requester, tasks, track, unit,
};
use crate::bulk::{Bulk, BulkCase, BulkState, BulkStep, Outcome, Reason, ReasonWord};
use crate::lists::{ListEntry, Lists};
use crate::model::{
    By, CallBack, Case, CaseEvent, Fact, Place, Reported, Satisfaction, Standard, State, Task,
    TaskKind, VerifyOutcome,
};
use crate::moves::Act;
use crate::ops::{Called, CaseError, Tracked};
use crate::record::{
    Answer, AnswerParts, Appeal, AppealStage, Draft, Exclusion, Record, Round, SentAnswer,
};
use crate::rules::{self, Refusal};
use crate::sql_desk::Moments;
use access::{AccountId, Fields, Role, UnitId};
use askama::Template;
use jiff::Timestamp;
use kernel::deadline::{ClockKind, Limit};
use kernel::geo::Point;
use kernel::id::Id;
use matters::{City, MatterId, Reference};
use std::collections::HashMap;
use std::sync::Arc;
use ui::{FormState, Lang, Pager, Queue, Ui, testing};

const WORDS: (&str, &str, &str) = (
    "cases",
    include_str!("../../locales/zh-CN.ftl"),
    include_str!("../../locales/en.ftl"),
);

fn now() -> Timestamp {
    "2026-03-16T02:00:00Z".parse().expect("a time")
}

pub(super) fn reader(lang: Lang) -> Ui {
    let words = access::words_of(&[
        access::capability(),
        access::Capability::new("cases", access::Routes::new("cases")).locales(WORDS.1, WORDS.2),
    ]);
    testing::ui_with(
        testing::site_with(words.expect("the words are sound")),
        lang,
        now(),
    )
}

fn city() -> Arc<City> {
    Reference::new(jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone")).current()
}

fn by(role: Role) -> By {
    By {
        kind: "staff".into(),
        account: Some(Id::from_bytes([1; 16])),
        role: Some(role),
        unit: Some(UnitId(Id::from_bytes([2; 16]))),
        on_behalf: None,
    }
}

fn reported() -> Reported {
    Reported {
        district: "330102".parse().expect("a district"),
        number: "330102-20260316-00001".parse().expect("a number"),
        reported_at: now(),
        channel: "web".into(),
        matter: None,
        description: "井盖坏了 <b>很危险</b>".into(),
        place: Place {
            point: Point::new(120.165, 30.245).ok(),
            address: Some("延安路 1 号".into()),
            ..Place::default()
        },
        subject: None,
        attachments: Vec::new(),
        verify: true,
        self_handled: None,
        notify: false,
        confidential: false,
        same_as: None,
        nature: Some("complaint".into()),
        nature_assumed: true,
        askable: None,
        requested: true,
    }
}

/// A form in which something is wrong with these fields.
fn faulty(fields: &[&str]) -> FormState {
    let mut form = FormState::new().with("find", "<i>");
    for field in fields {
        form.fault(field, "wrong <b>");
    }
    form
}

fn bulk_of(state: BulkState, left: i64) -> Bulk {
    Bulk {
        id: Id::from_bytes([4; 16]),
        step: BulkStep::NotAccept {
            reason: "<b>".into(),
        },
        state,
        due_at: now(),
        cases: 3,
        done: 3 - left,
        left,
    }
}

const BULK_STATES: [BulkState; 5] = [
    BulkState::Waiting,
    BulkState::Held,
    BulkState::Running,
    BulkState::Done,
    BulkState::Stopped,
];

fn desk_page(
    ui: &Ui,
    queues: &[Queue],
    pager: &Pager,
    lines: Vec<desk::DeskLine>,
    beside: Option<(String, String)>,
    form: FormState,
) -> desk::DeskPage {
    let choice = || vec![ui::Choice::new("a", "a <b>"), ui::Choice::new("b", "b")];
    let button = |act, key, tone| bulk::BulkButton {
        act,
        label: "a <b>".into(),
        key,
        tone,
    };
    desk::DeskPage {
        ui: ui.clone(),
        queues: queues.to_vec(),
        queue: "q".into(),
        pager: pager.clone(),
        beside,
        may_report: true,
        may_take_in: true,
        is_mixed: true,
        is_filtered: !form.is_ok(),
        place: "<b>海棠街道".into(),
        all_places: "/desk?state=open&light=late".into(),
        days: "只列 <b> 上报的。".into(),
        all_days: "/desk?state=all".into(),
        is_of_closing: lines.len() > 1,
        moments: super::wanted::moments(ui),
        form,
        is_open: true,
        states: choice(),
        districts: choice(),
        lights: super::wanted::lights(ui),
        making: Some(desk::Making { seen: 3, total: 9 }),
        chips: vec![desk::Chip {
            name: "我的 <b>".into(),
            href: "/desk?state=handling".into(),
            count: Some(3),
            is_current: true,
        }],
        asked: "state=open".into(),
        back: "/desk?state=open&after=1".into(),
        bulk: vec![button("accept", "a", "primary"), button("correct", "", "")],
        bulk_id: Id::from_bytes([4; 16]).to_string(),
        banners: vec![
            bulk::Banner::of(ui, &bulk_of(BulkState::Waiting, 0), "/desk?find=%C3").html(),
        ],
        keys: super::forms::keys(ui),
        lines,
    }
}

/// A bulk act in each state, with cases that came out in each way.
fn bulk_pages(ui: &Ui) -> Vec<bulk::BulkPage> {
    let left = |code: &str| {
        Outcome::Left(Reason {
            code: code.into(),
            args: vec![(
                "why".into(),
                ReasonWord::Said {
                    key: "cases-rule-other".into(),
                    args: ["class", "known"]
                        .map(|name| (name.into(), ReasonWord::Text("<b>".into())))
                        .into(),
                },
            )],
            text: "why <b>".into(),
        })
    };
    let outcomes = [
        Outcome::Open,
        Outcome::Done,
        left("cases.changed"),
        left("cases.unknown_rule"),
        left("cases.bulk_no_rights"),
        left("x.y"),
    ];
    let cases = outcomes.map(|outcome| BulkCase {
        number: "330102-20260316-00001".parse().expect("a number"),
        version: 1,
        outcome,
    });
    BULK_STATES
        .iter()
        .map(|state| bulk::page(ui.clone(), &bulk_of(*state, 1), &cases))
        .collect()
}

fn ask_page(ui: &Ui, asks: &'static str, form: FormState) -> bulk::AskPage {
    bulk::AskPage {
        ui: ui.clone(),
        crumbs: Vec::new(),
        act: "not_accept",
        title: "t <b>".into(),
        about: "a".into(),
        id: Id::from_bytes([4; 16]).to_string(),
        back: "/desk".into(),
        form,
        lines: vec![bulk::BulkLine {
            number: "330102-20260316-00001".into(),
            pick: "330102-20260316-00001@1".into(),
            outcome: String::new(),
            is_left: false,
        }],
        matters: vec!["E0113 暴露垃圾".into()],
        people: vec![ui::Choice::new("1", "张 <b>")],
        asks,
        tone: "danger",
    }
}

fn filters_page(ui: &Ui, asked: &str, form: FormState) -> filters::FiltersPage {
    let row = |id: &str, fault: &str| filters::FilterRow {
        id: id.into(),
        name: "我的 <b>".into(),
        href: "/desk?state=open".into(),
        about: "a".into(),
        fault: fault.into(),
    };
    filters::FiltersPage {
        ui: ui.clone(),
        crumbs: Vec::new(),
        rows: if asked.is_empty() {
            Vec::new()
        } else {
            vec![row("1", ""), row("2", "wrong <b>")]
        },
        most: 20,
        asked: asked.into(),
        asked_about: "a".into(),
        form,
    }
}

/// A city's lists, as much of them as pages show.
fn lists() -> Lists {
    let entry = |kind: &str, code: &str| ListEntry {
        kind: kind.into(),
        code: code.into(),
        name_zh: format!("{code} <b>"),
        name_en: format!("{code} <b>"),
        also: String::new(),
        direct: true,
        confidential: false,
        active: true,
        position: 1,
    };
    Lists {
        entries: [
            ("nature", "complaint"),
            ("appeal", "rework"),
            ("exclusion", "in_court"),
            ("missing", "not_done"),
            ("door", "review"),
        ]
        .map(|(kind, code)| entry(kind, code))
        .into(),
        // Whatever a city may demand, so that every form is there.
        rules: std::sync::Arc::new(crate::rules::CityRules {
            answers_approved: crate::rules::ApprovedEnds {
                refused: true,
                self_handled: true,
                direct: true,
            },
            ..crate::rules::CityRules::default()
        }),
        ..Lists::default()
    }
}

fn matter() -> MatterId {
    MatterId(Id::from_bytes([3; 16]))
}

/// One of each fact.
fn facts() -> Vec<Fact> {
    let unit = UnitId(Id::from_bytes([2; 16]));
    let worker = AccountId(Id::from_bytes([1; 16]));
    let why = || "因为 <script>".to_owned();
    let standard = Standard {
        matter: matter(),
        code: "C0101".into(),
        catalogue: "test".into(),
        rule: 1,
        condition: "缺失".into(),
        limit: Limit::new(4, ClockKind::WorkingHours).ok(),
        closings: vec!["恢复".into(), "更换".into()],
        evidence: Some("照片".into()),
        legal_basis: Some("城市道路管理条例第二十三条".into()),
        edition: Some(Box::new(crate::model::Edition {
            version: 2,
            valid_from: Some(jiff::civil::date(2026, 1, 1)),
            standard: "立案处置结案标准 <b>".into(),
            of_standard: "2026".into(),
        })),
    };
    let moved = |provisional| crate::model::Moved {
        was_due_at: now(),
        was_provisional: false,
        was_calendar: None,
        due_at: now(),
        soon_at: None,
        provisional,
    };
    vec![
        Fact::Reported(Box::new(reported())),
        Fact::TaskGiven {
            task: TaskKind::Verify,
            to: None,
            due_at: now(),
            timed: None,
        },
        Fact::VerifyLapsed,
        Fact::Recomputed(Box::new(crate::model::Recomputed {
            calendar: "cn-2027".into(),
            handling: Some(crate::model::Moved {
                was_due_at: now(),
                was_provisional: true,
                was_calendar: None,
                due_at: now(),
                soon_at: None,
                provisional: false,
            }),
            stage: None,
            of: None,
            task: None,
            wait: None,
            claim: None,
            parts: Vec::new(),
        })),
        Fact::Recomputed(Box::new(crate::model::Recomputed {
            calendar: "cn-2027".into(),
            handling: None,
            stage: None,
            of: None,
            task: Some(crate::model::TaskMoved {
                task: TaskKind::Check,
                moved: moved(true),
            }),
            wait: Some(moved(true)),
            claim: Some(moved(false)),
            parts: vec![crate::model::PartMoved {
                part: 1,
                moved: moved(true),
            }],
        })),
        Fact::Verified {
            outcome: VerifyOutcome::NotFound,
            note: why(),
            attachments: Vec::new(),
        },
        Fact::Corrected {
            matter: Some(matter()),
            place: Some(Place::default()),
        },
        Fact::Accepted {
            matter: matter(),
            urgent: true,
        },
        Fact::Registered { standard },
        Fact::Dispatched {
            unit,
            basis: "duty".into(),
            due_at: Some(now()),
            provisional: true,
        },
        Fact::Returned {
            reason: why(),
            to_coordinator: false,
            worked: false,
            late: false,
        },
        Fact::Returned {
            reason: why(),
            to_coordinator: true,
            worked: true,
            late: true,
        },
        Fact::Ruled {
            unit,
            reason: why(),
        },
        Fact::Assigned { handler: worker },
        Fact::Signed,
        Fact::ReportedBack {
            result: why(),
            attachments: Vec::new(),
        },
        Fact::TaskGiven {
            task: TaskKind::Check,
            to: Some(worker),
            due_at: now(),
            timed: None,
        },
        Fact::CheckLapsed {
            due_at: now(),
            timed: None,
        },
        Fact::Checked {
            passed: false,
            note: why(),
            attachments: Vec::new(),
            due_at: None,
        },
        Fact::Checked {
            passed: true,
            note: String::new(),
            attachments: Vec::new(),
            due_at: None,
        },
        Fact::Closed {
            closing: "更换".into(),
        },
        Fact::CalledBack {
            contacted: Some(true),
            solved: Some(false),
            satisfaction: Satisfaction::Dissatisfied,
            missing: vec!["not_done".into()],
            note: why(),
            unit: None,
            anew: false,
        },
        Fact::NotAccepted { reason: why() },
        Fact::NotRegistered { reason: why() },
        Fact::VoidRequested {
            reason: why(),
            asked_by: None,
        },
        Fact::VoidRefused { reason: why() },
        Fact::Voided { reason: why() },
        Fact::Merged {
            into: "330102-20260316-00002".parse().expect("a number"),
            held: None,
        },
        Fact::Unmerged,
        Fact::SelfHandlingConfirmed,
        Fact::Noted {
            text: why(),
            attachments: Vec::new(),
            mentions: Vec::new(),
        },
        Fact::NatureSet {
            nature: "complaint".into(),
            confidential: false,
        },
        Fact::AnswerDrafted { answer: answer() },
        Fact::AnswerReturned { reason: why() },
        Fact::AnswerApproved,
        Fact::AnswerSent { answer: answer() },
        Fact::AnsweredDirectly,
        Fact::AppealLodged {
            count: "late".into(),
            reason: why(),
            evidence: why(),
            attachments: Vec::new(),
            round: Some(0),
        },
        Fact::AppealEndorsed,
        Fact::AppealGranted,
        Fact::AppealRefused { reason: why() },
        Fact::ExclusionAsked {
            reason: "in_court".into(),
            words: why(),
        },
        Fact::ExclusionGranted,
        Fact::ExclusionRefused { reason: why() },
        Fact::Reopened {
            reason: why(),
            due_at: Some(now()),
            provisional: false,
            to_dispatch: false,
            limit: None,
        },
        Fact::RequesterAdded { text: why() },
        Fact::Joined {
            number: "330102-20260316-00003".parse().expect("a number"),
            owed: true,
        },
        Fact::Parted {
            number: "330102-20260316-00003".parse().expect("a number"),
        },
        Fact::CallRenewed,
    ]
}

fn answer() -> Box<Answer> {
    Box::new(Answer {
        parts: AnswerParts {
            found: "井盖 <b>缺失".into(),
            done: "已更换".into(),
            ..AnswerParts::default()
        },
        from_record: true,
        ..Answer::default()
    })
}

/// Everything that the record may hold of a case.
fn record() -> Record {
    let said = CallBack {
        at: now(),
        contacted: Some(false),
        solved: Some(false),
        satisfaction: Satisfaction::Dissatisfied,
        missing: vec!["not_done".into()],
        unit: None,
    };
    Record {
        nature: Some("complaint".into()),
        nature_assumed: false,
        askable: None,
        requested: true,
        result: Some("已更换 <b>".into()),
        draft: Some(Draft {
            answer: *answer(),
            by: None,
            approved: false,
            returned: Some("太短 <b>".into()),
        }),
        answer: Some(SentAnswer {
            at: now(),
            answer: *answer(),
        }),
        appeal: Some(Appeal {
            count: "late".into(),
            reason: "停水 <b>".into(),
            evidence: "通知 <b>".into(),
            by: None,
            endorsed_by: None,
            stage: AppealStage::Lodged,
            refused: None,
            round: 0,
        }),
        exempt: vec!["late".into()],
        exclusion: Some(Exclusion {
            reason: "in_court".into(),
            words: "一审 <b>".into(),
            by: None,
            granted: None,
        }),
        rounds: vec![Round {
            reopened_at: now(),
            reason: "又坏了 <b>".into(),
            unit: None,
            due_at: Some(now()),
            handled_at: Some(now() + jiff::SignedDuration::from_hours(1)),
            closed_at: Some(now()),
            closing: None,
            call_back: Some(said),
            exclusion: None,
            answer: None,
            exempt: Vec::new(),
        }],
        ..Record::default()
    }
}

fn life(facts: Vec<Fact>) -> Vec<CaseEvent> {
    (1..)
        .zip(facts)
        .map(|(seq, fact)| CaseEvent {
            done_at: None,
            seq,
            at: now(),
            by: by(Role::Acceptor),
            fact,
            clocks: None,
        })
        .collect()
}

/// A case with everything known of it, in a state.
fn case_in(state: State) -> Case {
    let reported = life(vec![Fact::Reported(Box::new(reported()))]);
    let case = rules::replay(rules::new_case_id(now(), [7; 10]), &reported)
        .expect("a report makes a case");
    let standard = facts().into_iter().find_map(|f| {
        if let Fact::Registered { standard } = f {
            Some(standard)
        } else {
            None
        }
    });
    Case {
        state,
        standard,
        unit: Some(UnitId(Id::from_bytes([2; 16]))),
        due_at: Some(now()),
        provisional: true,
        returns: 2,
        reworks: 1,
        void_requested: Some("<i>错报</i>".into()),
        record: record(),
        task: Some(Task {
            kind: TaskKind::Check,
            assignee: None,
            due_at: now(),
            clock: None,
        }),
        ..case
    }
}

fn loaded(case: Case) -> Loaded {
    let names: Names = [(AccountId(Id::from_bytes([1; 16])), "林晓".to_owned())].into();
    let acts: Vec<Act> = Act::ALL
        .iter()
        .copied()
        .filter(|a| {
            !matches!(
                a,
                Act::Report
                    | Act::Import
                    | Act::UpdateImport
                    | Act::LapseVerify
                    | Act::LapseCheck
                    | Act::Rate
                    | Act::Join
                    | Act::Part
                    | Act::RenewCall
            )
        })
        .collect();
    let masked = vault::Masked {
        name: "张*".into(),
        phone: "138****1234".into(),
        ..vault::Masked::default()
    };
    Loaded {
        channel: None,
        events: life(facts()),
        attachments: Vec::new(),
        twins: vec![(
            case.clone(),
            crate::advice::Alike {
                likeness: 0.8,
                metres: Some(12.5),
                hours: 3.0,
                is_same_class: true,
                is_same_grid: true,
                words: Some(0.6),
                is_said: true,
            },
        )],
        advice: super::advice::Given {
            classes: vec![crate::advice::Advised {
                what: matter(),
                confidence: 0.93,
                why: vec![
                    crate::advice::Why::Word("井盖".into()),
                    crate::advice::Why::Night,
                ],
                learned: crate::advice::Learned::Record(3),
            }],
            unit: None,
        },
        voices: vec![Called {
            number: case.number,
            channel: "web".into(),
            reported_at: now(),
            has_contact: true,
            said: None,
            is_due: true,
        }],
        missing: vec!["not_done".into()],
        lists: Arc::new(lists()),
        workers: vec![(AccountId(Id::from_bytes([1; 16])), "林晓".into())],
        acts,
        closed: vec![
            (
                Act::RequestExtension,
                crate::rules::Refusal::UsedUp {
                    act: "request_extension",
                    most: 2,
                },
            ),
            (
                Act::Return,
                crate::rules::JointRefusal::FirstReceiver.into(),
            ),
        ],
        names,
        handlers: Vec::new(),
        requester: Some(masked),
        case,
    }
}

/// The moments of a city whose tasks are soon in their last hour.
fn at() -> Moments {
    let soon = now() + jiff::SignedDuration::from_hours(1);
    Moments {
        now: now(),
        verify_soon: soon,
        check_soon: soon,
    }
}

fn frame<'a>(ui: &'a Ui, city: &'a Arc<City>, sent: Option<Sent<'a>>) -> Frame<'a> {
    Frame {
        ui,
        city,
        at: at(),
        reader: Reader {
            is_of_department: false,
            reads_duties: true,
        },
        may_look: true,
        tiles: None,
        may_go_on: true,
        back: "/desk?state=pending_accept",
        sent,
    }
}

/// A field of files that comes back with one file kept and one refused.
fn files(ui: &Ui) -> PictureField {
    PictureField {
        kept: vec![Kept {
            id: Id::from_bytes([4; 16]),
            name: "<b>.jpg".into(),
        }],
        faults: vec!["<i>".into()],
        ..PictureField::new(ui, "f", "files", "l".into())
    }
}

fn offer() -> Offer {
    Offer {
        point: Some((120.165, 30.245)),
        place: "清波门社区".into(),
        time: Some(now()),
        time_text: "10:00".into(),
    }
}

/// A picture and a document.
fn shots() -> Vec<Shot> {
    let shot = |is_picture| Shot {
        id: "1".into(),
        is_picture,
        kind: "k".into(),
        when: ui::Html::from_text("t"),
        alt: "a".into(),
    };
    vec![shot(true), shot(false)]
}

fn sound(page: &impl Template) -> String {
    let html = page.render().expect("the template renders");
    testing::assert_sound(&html);
    html
}

#[test]
fn the_pages_of_residents_render_in_both_languages() {
    let city = city();
    for lang in Lang::ALL {
        let ui = || reader(lang);
        let stranger = || Ui {
            account: None,
            menu: Vec::new(),
            ..reader(lang)
        };
        sound(&home::HomePage { ui: stranger() });
        sound(&home::HomePage { ui: ui() });
        let mut form = FormState::from_pairs([("description", "\"><script>"), ("lon", "x")]);
        form.fault("lon", "fault");
        form.fault("description", "fault");
        let html = sound(&report::ReportPage {
            natures: vec![ui::Choice::new("complaint", "<b>")],
            ui: stranger(),
            form: form.clone(),
            matters: vec!["C0101 上水井盖".into()],
            places: vec![ui::Choice::new("330102001001", "清波门社区")],
            cells: super::cells::Cells {
                communities: vec![ui::Choice::new("330102001001", "<b>清波门社区")],
                grids: vec![ui::Choice::new("330102001001001", "<b>001")],
                is_bare: true,
            },
            map: ui::Html::default(),
            files: files(&ui()),
            offer: offer(),
            hints: super::advice::Hints::default(),
            again: vec!["<b>".into()],
        });
        assert!(!html.contains("\"><script>"), "what was typed is escaped");
        sound(&report::ReportPage::new(
            stranger(),
            &city,
            FormState::new(),
            &Entry::default(),
        ));
        sound(&report::ReceiptPage {
            ui: stranger(),
            number: "330102-20260316-00001".into(),
            code: "AB23CD".into(),
            link: "/track/link/00".into(),
            address: "http://city.example/track/link/00".into(),
            near: "/near?place=330102001000".into(),
            next: "next".into(),
        });
        form.fault("number", "fault");
        sound(&track::TrackPage {
            ui: stranger(),
            form,
        });
        for state in State::ALL {
            let tracked = Tracked {
                own: case_in(*state),
                end: case_in(*state),
                may_rate: true,
                reopen_until: Some(now()),
                may_add: true,
            };
            let html = sound(&track::ProgressPage::new(
                stranger(),
                &city,
                &lists(),
                &tracked,
                true,
            ));
            assert!(
                !html.contains("<b>很危险") && !html.contains("138"),
                "{state}"
            );
        }
        testing::assert_sound(&contact::sample(ui()));
        let mut all = lists();
        all.templates.push(crate::lists::Template {
            kind: "handled".into(),
            matter: "C01".into(),
            zh: AnswerParts::default(),
            en: AnswerParts::default(),
        });
        testing::assert_sound(&super::rules::sample(ui(), &all));
        for is_confidential in [false, true] {
            testing::assert_sound(&requester::sample(ui(), is_confidential));
        }
    }
}

#[test]
fn a_case_renders_with_every_form_and_every_fact_in_both_languages() {
    let city = city();
    for lang in Lang::ALL {
        for state in State::ALL {
            let ui = reader(lang);
            let c = Sheet {
                shots: shots(),
                ..frame(&ui, &city, None).sheet(&loaded(case_in(*state)))
            };
            assert_eq!(
                c.main.len() + c.more.len(),
                loaded(case_in(*state)).acts.len()
            );
            let offers = Offers {
                matters: vec!["C0101 上水井盖".into()],
                units: vec!["WATER 水务局".into()],
            };
            let page = case::CasePage {
                c,
                offers,
                crumbs: Vec::new(),
                meanwhile: vec!["<i>".into()],
                refused: Some(case::RefusedAct {
                    act: "<i>".into(),
                    sentence: "<i>".into(),
                    place: "<i>".into(),
                }),
                panels: Vec::new(),
                ui,
            };
            let html = sound(&page);
            assert!(
                !html.contains("<script>因")
                    && !html.contains("因为 <script>")
                    && !html.contains("<i>"),
                "{state}: words of people are escaped"
            );
        }
    }
}

#[test]
fn a_form_that_comes_back_keeps_what_was_typed_and_says_what_is_wrong() {
    let (city, ui) = (city(), reader(Lang::En));
    let fields = Fields::parse("reason=&note=keep+me&passed=fail".as_bytes());
    let entry = Entry::of(fields);
    let wrong = Wrong::Case(CaseError::Rule {
        act: Act::Check,
        refusal: Refusal::Missing { field: "note" },
    });
    let sent = Sent {
        act: Act::Check,
        entry: &entry,
        wrong: &wrong,
    };
    let c = frame(&ui, &city, Some(sent)).sheet(&loaded(case_in(State::PendingCheck)));
    let form = c
        .main
        .iter()
        .find(|f| f.id.starts_with("check-"))
        .expect("the check is offered");
    let note = form
        .inputs
        .iter()
        .find(|i| i.name == "note")
        .expect("a check has a note");
    assert_eq!(
        (note.value.as_str(), note.fault.as_str()),
        ("keep me", "“Note” is needed.")
    );
    assert!(form.is_open && form.fault.is_empty());
    assert_eq!(
        form.inputs
            .iter()
            .find(|i| i.name == "passed")
            .map(|i| i.value.as_str()),
        Some("fail")
    );
    // A refusal that is about no field stands above the form.
    let wrong = Wrong::Case(CaseError::Rule {
        act: Act::Check,
        refusal: Refusal::NotYourTask,
    });
    let sent = Sent {
        act: Act::Check,
        entry: &entry,
        wrong: &wrong,
    };
    let c = frame(&ui, &city, Some(sent)).sheet(&loaded(case_in(State::PendingCheck)));
    let form = c
        .main
        .iter()
        .find(|f| f.id.starts_with("check-"))
        .expect("the check is offered");
    assert_eq!(form.fault, "This task was given to somebody else.");
}

#[test]
fn a_file_that_was_not_taken_is_named_and_the_others_stay() {
    let ui = reader(Lang::En);
    let kept = |id: u8, name: &str| Kept {
        id: Id::from_bytes([id; 16]),
        name: name.into(),
    };
    let (a, b) = (kept(4, "a b.jpg"), kept(5, ""));
    let mut sent = String::from("reason=x");
    for value in [
        a.value().as_str(),
        b.value().as_str(),
        a.value().as_str(),
        "garbage",
        "",
        "00000000",
    ] {
        sent.push_str(&format!("&files_kept={}", form(value)));
    }
    let entry = Entry::of(Fields::parse(sent.as_bytes()));
    assert_eq!(
        entry.kept("files"),
        [a, b],
        "each once, garbage is nobody's file"
    );
    assert!(entry.kept("after").is_empty() && entry.whole().is_ok());
    let field = PictureField::new(&ui, "f", "files", String::new()).sent(&entry);
    assert_eq!((field.kept.len(), field.faults.len()), (2, 0));
}

#[test]
fn what_a_photo_says_is_offered_only_where_the_form_says_nothing() {
    let (city, ui) = (city(), reader(Lang::En));
    let of = |sent: &str, may_date| {
        let entry = Entry::of(Fields::parse(sent.as_bytes()));
        let offer = Offer::of(&ui, &city, &entry, may_date);
        (
            offer.time.is_some(),
            offer.is_open(&entry.fields),
            offer.agreed_time(&entry.fields),
        )
    };
    let at = |time: &str| format!("photo_time={}", form(time));
    let taken = at("2026-03-16T01:00:00Z");
    assert_eq!(of(&taken, true), (true, true, None));
    assert_eq!(
        of(&taken, false),
        (false, false, None),
        "residents report as of now"
    );
    assert!(
        !of(&at("2026-03-16T01:55:00Z"), true).0,
        "five minutes are no difference"
    );
    assert!(
        !of(&at("2026-03-17T01:00:00Z"), true).0,
        "no photo is of tomorrow"
    );
    assert!(!of(&at("2026-01-16T01:00:00Z"), true).0);
    let (_, is_open, agreed) = of(&format!("{taken}&use_time=yes"), true);
    assert_eq!(
        (is_open, agreed),
        (false, "2026-03-16T01:00:00Z".parse().ok())
    );
    assert_eq!(
        of(&format!("{taken}&use_time=no"), true),
        (true, false, None)
    );
    // The empty city has no place for any point.
    let nowhere = Entry::of(Fields::parse(b"photo_lon=120.165&photo_lat=30.245"));
    assert_eq!(Offer::of(&ui, &city, &nowhere, true), Offer::default());
    for garbage in [
        "photo_lon=NaN&photo_lat=inf",
        "photo_lon=x&photo_lat=",
        "photo_time=x",
    ] {
        let entry = Entry::of(Fields::parse(garbage.as_bytes()));
        assert_eq!(Offer::of(&ui, &city, &entry, true), Offer::default());
    }
}

#[test]
fn the_tables_of_work_render_in_both_languages() {
    let city = city();
    for lang in Lang::ALL {
        let ui = reader(lang);
        let case = case_in(State::Handling);
        let line = || line::Line {
            urgent: true,
            ..line::Line::of(&ui, &city, &at(), &case)
        };
        let desk_line = || desk::DeskLine {
            line: line(),
            is_current: true,
            beside: "/cases/1/beside?back=%2Fdesk".into(),
            address: "/desk?state=handling&case=1".into(),
            pick: "330102-20260316-00001@1".into(),
        };
        let lists = lists();
        let maker = Maker {
            ui: &ui,
            city: &city,
            lists: &lists,
            case: &case,
            handlers: &[],
            workers: &[],
            may_go_on: false,
            back: "/unit",
            sent: None,
        };
        let queues = vec![Queue {
            label: "q".into(),
            href: "/desk".into(),
            count: Some(3),
            late: 1,
            soon: 1,
            current: true,
        }];
        let pager = Pager {
            next: Some("/desk?after=x".into()),
            shown: 1,
            ..Pager::default()
        };
        let part = desk::BesidePart {
            c: frame(&ui, &city, None).sheet(&loaded(case_in(State::PendingAccept))),
            offers: Offers::default(),
            ui: ui.clone(),
        };
        let html = part.render().expect("the template renders");
        assert!(html.contains("id=\"case-title\"") && !html.contains("<html"));
        for beside in [
            None,
            Some(("1".to_owned(), "/cases/1/beside?back=%2Fdesk".to_owned())),
        ] {
            for form in [FormState::new(), faulty(&["find", "matter", "light"])] {
                for lines in [Vec::new(), vec![desk_line()]] {
                    let page = desk_page(&ui, &queues, &pager, lines, beside.clone(), form.clone());
                    sound(&page);
                }
            }
        }
        for page in bulk_pages(&ui) {
            sound(&page);
        }
        for asks in ["", "reason", "people", "pool", "matter"] {
            for form in [
                FormState::new(),
                faulty(&["reason", "handler", "matter", "case"]),
            ] {
                sound(&ask_page(&ui, asks, form));
            }
        }
        for form in [FormState::new(), faulty(&["name"])] {
            for asked in ["", "state=open&find=%E4%BA%95%E7%9B%96"] {
                sound(&filters_page(&ui, asked, form.clone()));
            }
        }
        let forms = || {
            vec![
                maker.form(Act::Sign),
                maker.form(Act::ReportBack),
                maker.form(Act::Return),
            ]
        };
        let column = |cards| unit::Column {
            title: "t".into(),
            empty: "e".into(),
            cards,
            total: 31,
            late: 2,
            soon: 1,
            more: vec![("处置中".into(), "/desk?state=handling".into())],
        };
        sound(&unit::UnitPage {
            ui: ui.clone(),
            unit: "水务局".into(),
            columns: vec![
                column(Vec::new()),
                column(vec![unit::Card {
                    line: line(),
                    shots: shots(),
                    forms: forms(),
                }]),
            ],
            in_hand: vec![unit::InHand {
                name: "<b>".into(),
                n: 3,
            }],
        });
        let task = || tasks::TaskCard {
            line: line(),
            shots: shots(),
            asked: "a".into(),
            forms: vec![maker.form(Act::Verify), maker.form(Act::TakeTask)],
        };
        sound(&tasks::TasksPage {
            ui: ui.clone(),
            mine: vec![task()],
            pool: Vec::new(),
            call_backs: vec![line()],
            pager: pager.clone(),
            walk: "w".into(),
            map: Some(ui::Html::from_text("map")),
            sync: super::offline::line(&ui, "<a>", &[("<b>".into(), "1".into())]),
        });
        sound(&tasks::TasksPage {
            ui: ui.clone(),
            mine: Vec::new(),
            pool: vec![task()],
            call_backs: Vec::new(),
            pager,
            walk: String::new(),
            map: None,
            sync: ui::Html::default(),
        });
        for (lines, has_wait) in [
            (Vec::new(), true),
            (vec![line()], false),
            (vec![line()], true),
        ] {
            let lines = lines.into_iter().map(|line| super::record::WaitLine {
                line,
                ended: ui.time(now()),
            });
            sound(&super::record::WaitsPage {
                ui: ui.clone(),
                title: "t".into(),
                about: "a".into(),
                empty: "e".into(),
                has_wait,
                lines: lines.collect(),
                pager: Pager::default(),
            });
        }
        let empty = Entry::default();
        sound(&found::FoundPage::new(
            ui.clone(),
            &city,
            FormState::new(),
            &empty,
        ));
        sound(&found::FoundPage {
            files: files(&ui),
            offer: offer(),
            ..found::FoundPage::new(ui.clone(), &city, FormState::new(), &empty)
        });
        sound(&intake::IntakePage {
            channels: vec![ui::Choice::new("hotline", "12345")],
            files: files(&ui),
            offer: offer(),
            ..intake::IntakePage::new(ui.clone(), &city, FormState::new(), &empty)
        });
        sound(&intake::DonePage {
            ui: ui.clone(),
            crumbs: Vec::new(),
            number: "330102-20260316-00001".into(),
            code: String::new(),
            next: String::new(),
        });
        sound(&intake::DonePage {
            ui: ui.clone(),
            crumbs: Vec::new(),
            number: "330102-20260316-00001".into(),
            code: "ABC234".into(),
            next: "n".into(),
        });
        let figures = vec![about::Figure {
            label: "l".into(),
            count: 43_523,
        }];
        sound(&about::AboutPage {
            ui: ui.clone(),
            version: "0",
            engine: "Sqlite".into(),
            figures,
        });
    }
}

#[test]
fn a_department_does_not_learn_who_rated() {
    let (city, ui) = (city(), reader(Lang::En));
    let loaded = loaded(case_in(State::Closed));
    let entries = |is_of_department| {
        history::entries(
            &ui,
            &city,
            &loaded.case,
            &loaded.events,
            &loaded.names,
            Reader {
                is_of_department,
                reads_duties: true,
            },
            &loaded.lists,
        )
    };
    let rated = |entries: Vec<ui::Entry>| {
        entries
            .into_iter()
            .find(|e| e.what == "Called back")
            .expect("it was called back")
    };
    assert!(rated(entries(false)).who.contains("林晓"));
    let seen_by_unit = rated(entries(true));
    assert_eq!(seen_by_unit.who, "");
    assert_eq!(
        seen_by_unit.note, "not_done <b>",
        "what is missing, and no more"
    );
}

#[test]
fn why_a_unit_was_chosen_is_said_in_words_and_leads_to_what_the_reader_may_open() {
    let city = city();
    let dispatched = |basis: &str| Fact::Dispatched {
        unit: UnitId(Id::from_bytes([2; 16])),
        basis: basis.into(),
        due_at: None,
        provisional: false,
    };
    let case = case_in(State::Handling);
    let gone = format!("duty {} (district)；供水条例", Id::from_bytes([9; 16]));
    let lines = [
        gone.as_str(),
        "ruling 330102-20260316-00009 (street)；历来由其养护",
        "first receiver",
        "territory 330102001000",
        "city",
        "电话商定",
    ];
    for lang in Lang::ALL {
        let ui = reader(lang);
        for is_of_department in [true, false] {
            let reader = Reader {
                is_of_department,
                reads_duties: true,
            };
            let events = life(lines.map(dispatched).to_vec());
            let (names, lists) = (HashMap::new(), lists());
            let told = history::entries(&ui, &city, &case, &events, &names, reader, &lists);
            for entry in &told {
                for raw in [
                    "duty ",
                    "ruling 3",
                    "(district)",
                    "(street)",
                    "first receiver",
                    "⟦",
                ] {
                    assert!(!entry.note.contains(raw), "{raw}: {}", entry.note);
                }
                assert!(entry.note.chars().count() > 3, "{}", entry.note);
            }
            assert!(told[0].note.contains("供水条例"));
            assert!(told[1].note.contains("330102-20260316-00009"));
            assert!(told[1].note.contains("历来由其养护"));
            assert!(
                told[5].note.contains("电话商定"),
                "what people write stands"
            );
            // What is no longer in the register leads nowhere; a department may not see the other case.
            let links: Vec<usize> = (0..told.len())
                .filter(|n| told[*n].link.is_some())
                .collect();
            assert_eq!(links, if is_of_department { vec![] } else { vec![1] });
        }
    }
}

#[test]
fn who_reported_confidentially_stands_on_no_page() {
    let (city, ui) = (city(), reader(Lang::En));
    let loaded = loaded(Case {
        confidential: true,
        ..case_in(State::PendingAccept)
    });
    let sheet = frame(&ui, &city, None).sheet(&loaded);
    assert_eq!(sheet.history[0].who, "");
    assert_eq!(sheet.requester, ui.t("cases-requester-confidential"));
}

#[test]
fn garbage_in_a_form_is_named_and_never_a_panic() {
    let (city, ui) = (city(), reader(Lang::En));
    let case = case_in(State::PendingAccept);
    let garbage = [
        "",
        "x",
        "\u{0}",
        "-1",
        "9999999999999999999999",
        "%FF",
        "NaN",
        "inf",
        "’; DROP TABLE cases",
        "𝟙",
    ];
    let names = [
        "outcome",
        "to",
        "matter",
        "reason",
        "address",
        "lon",
        "lat",
        "rule",
        "unit",
        "basis",
        "handler",
        "result",
        "passed",
        "closing",
        "satisfaction",
        "into",
        "text",
        "division",
        "nature",
        "done",
        "found",
        "next",
        "count",
        "evidence",
        "exclusion",
        "words",
        "missing",
        "message",
    ];
    for text in garbage {
        let mut body = String::new();
        for name in names {
            body.push_str(&format!(
                "{name}={}&",
                text.replace('%', "%25").replace('&', "%26")
            ));
        }
        let entry = Entry::of(Fields::parse(body.as_bytes()));
        for act in Act::ALL {
            if let Err(wrong) = read::steps(&ui, &city, &case, *act, "", &entry) {
                assert!(!wrong.told(&ui, &[]).1.is_empty(), "{act:?} {text:?}");
            }
        }
    }
}

#[test]
fn a_correction_without_a_change_of_place_leaves_the_place() {
    let (city, ui) = (city(), reader(Lang::Zh));
    let case = case_in(State::PendingAccept);
    let step = |body: &str| {
        read::step(
            &ui,
            &city,
            &case,
            Act::Correct,
            "",
            &Entry::of(Fields::parse(body.as_bytes())),
        )
        .expect("it reads")
    };
    let same = form("延安路 1 号");
    assert!(matches!(
        step(&format!("address={same}&lon=120.165&lat=30.245")),
        crate::ops::Step::Correct { place: None, .. }
    ));
    assert!(matches!(
        step(&format!(
            "address={}&lon=120.165&lat=30.245",
            form("延安路 2 号")
        )),
        crate::ops::Step::Correct { place: Some(_), .. }
    ));
}

fn form(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

#[test]
fn every_word_used_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let used = testing::used_keys(&[&root.join("templates"), &root.join("src")])
        .expect("the sources can be read");
    let words = ui::I18n::builder()
        .add(WORDS.0, WORDS.1, WORDS.2)
        .build()
        .expect("both languages have the same keys");
    let faults: Vec<String> = testing::word_faults(&words, &used, &["cases"])
        .into_iter()
        .filter(|f| !f.contains("cases-error-"))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_year_of_the_calendar_and_the_form_of_a_day_render_in_both_languages() {
    let city = city();
    let run = crate::ops::Run {
        id: Id::from_bytes([1; 16]),
        calendars: "a".into(),
        started_at: now(),
        updated_at: now(),
        finished_at: None,
        total: 9,
        seen: 4,
        moved: 1,
        failed: 0,
        after_district: None,
        after_id: None,
    };
    for lang in Lang::ALL {
        for (year, may_change) in [(2026, true), (2026, false), (2031, false)] {
            let page = calendar::page(reader(lang), &city, year, None, Some(&run), may_change);
            assert_eq!(page.months.len(), 12);
            let html = sound(&page);
            assert_eq!(html.contains("/calendar/day/2026-05-01"), may_change);
            // 2026: the Spring Festival is off, the Saturday before it is worked to make up (domain.md §8.5).
            assert!(html.contains("cal-makeup"));
            assert_eq!(page.is_loaded, year == 2026);
        }
        let day = jiff::civil::date(2026, 2, 14);
        let mut form = FormState::new().with("hours", "\"><script>");
        form.fault("hours", "fault");
        sound(&calendar::day_page(reader(lang), &city, day, None, None));
        let html = sound(&calendar::day_page(
            reader(lang),
            &city,
            day,
            None,
            Some(form),
        ));
        assert!(!html.contains("\"><script>"));
    }
}

#[test]
fn every_rule_of_the_city_has_its_words_and_reads_its_default() {
    let words = ui::I18n::builder()
        .add(WORDS.0, WORDS.1, WORDS.2)
        .build()
        .expect("both languages have the same keys");
    for setting in rules::CityRules::SETTINGS {
        assert_eq!(
            (setting.check)(setting.default).as_deref(),
            Ok(setting.default)
        );
        let word = setting.word();
        assert!(words.has(&word), "{word}");
        assert!(words.has(&format!("{word}-help")), "{word}-help");
    }
    let _ = rules::CityRules::default();
}
