//! The desk: queues in the order of their clocks, page by page, with how many are late and soon; the table of a unit.

use crate::city::{City, ELSEWHERE, migrations};
use cases::State;
use cases::ops::{self, CaseError, NewPlace, NewReport, Step};
use cases::sql_desk::Standing;
use futures_util::StreamExt as _;
use kernel::PageSize;
use kernel::codes::CaseNumber;
use std::time::Duration;

/// A case registered under a limit of 4 working hours, 2 working days, or waiting at the desk.
fn dispatched(city: &City, class: &str, rule: u32) -> CaseNumber {
    let new = NewReport {
        matter: Some(city.class(class)),
        ..city.cover("patrol")
    };
    let number = city.report("collector", new).case.number;
    let steps = vec![
        Step::Accept {
            matter: None,
            urgent: false,
        },
        Step::Register { rule: Some(rule) },
        Step::Dispatch {
            unit: Some(city.unit("WATER")),
            basis: "test".into(),
        },
    ];
    city.act("desk", number, steps).unwrap();
    number
}

fn pages(city: &City, login: &str, state: State, size: u64) -> Vec<CaseNumber> {
    let ctx = city.ctx(login);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let before = ctx.statements();
        let size = PageSize::new(size).unwrap();
        let page = ops::desk::queue(&ctx, vec![state], size, after.as_ref());
        let page = city.run(page).unwrap();
        assert_eq!(ctx.statements() - before, 1);
        seen.extend(page.items.iter().map(|c| c.number));
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
}

fn standing(city: &City, login: &str, state: State) -> Option<Standing> {
    let ctx = city.ctx(login);
    let queues = city.run(ops::desk::queues(&ctx)).unwrap();
    assert!(ctx.statements() <= 2, "with the list at most three");
    queues.into_iter().find(|s| s.state == state)
}

testdb::both_engines!(
    a_queue_stands_in_the_order_of_its_clocks_then_of_age,
    &migrations(),
    |db| {
        let city = City::new(db);
        let days = dispatched(&city, "E0113", 1);
        city.clock.advance(Duration::from_secs(60));
        let hours = dispatched(&city, "C0101", 1);
        city.clock.advance(Duration::from_secs(60));
        let hours_later = dispatched(&city, "C0101", 1);
        let expected = [hours, hours_later, days];
        for size in [1, 2, 30] {
            assert_eq!(
                pages(&city, "dispatcher", State::PendingSign, size),
                expected,
                "{size}"
            );
        }
        assert_eq!(pages(&city, "water", State::PendingSign, 30), expected);
        assert_eq!(pages(&city, "clean", State::PendingSign, 30), []);
        // Without a clock the oldest comes first.
        let waiting: Vec<CaseNumber> = (0..5)
            .map(|_| {
                city.clock.advance(Duration::from_secs(1));
                let new = city.cover("patrol");
                city.report("collector", new).case.number
            })
            .collect();
        assert_eq!(pages(&city, "acceptor", State::PendingAccept, 2), waiting);
        let there = NewReport {
            place: NewPlace {
                division: Some("330104000000".parse().unwrap()),
                ..NewPlace::default()
            },
            ..city.cover("patrol")
        };
        let there = city.report("collector", there).case.number;
        assert_eq!(there.district().as_str(), ELSEWHERE);
        assert_eq!(pages(&city, "elsewhere", State::PendingAccept, 30), [there]);
        let ctx = city.ctx("desk");
        for foreign in [
            kernel::Cursor::new(["x", "y"]),
            kernel::Cursor::new(["1"]),
            kernel::Cursor::new(["-", "018f0000-0000-7000-8000-000000000000"]),
        ] {
            let page = ops::desk::queue(&ctx, Vec::new(), PageSize::default(), Some(&foreign));
            let refused = city.run(page);
            assert!(matches!(refused, Err(CaseError::Field { field, .. }) if field == "after"));
        }
        let ctx = city.ctx("stranger");
        let page = ops::desk::queue(&ctx, Vec::new(), PageSize::default(), None);
        let refused = city.run(page);
        assert!(matches!(refused, Err(CaseError::Refused(_))));
    }
);

testdb::both_engines!(
    each_queue_says_how_many_are_late_and_how_many_soon,
    &migrations(),
    |db| {
        let city = City::new(db);
        let counts =
            |login: &str, state| standing(&city, login, state).map(|s| (s.total, s.late, s.soon));
        // 9:00 on a Monday: four working hours end at 15:00, two working days on Wednesday at 9:00.
        dispatched(&city, "C0101", 1);
        dispatched(&city, "E0113", 1);
        city.report("stranger", city.cover("web"));
        assert_eq!(counts("desk", State::PendingSign), Some((2, 0, 0)));
        assert_eq!(counts("desk", State::PendingVerify), Some((1, 0, 0)));
        assert_eq!(counts("desk", State::PendingCheck), None);
        // 14:20: 3 h 20 min of 4 h are used, more than four fifths.
        city.clock.advance(Duration::from_secs(5 * 3600 + 1200));
        assert_eq!(counts("desk", State::PendingSign), Some((2, 0, 1)));
        assert_eq!(counts("water", State::PendingSign), Some((2, 0, 1)));
        assert_eq!(counts("clean", State::PendingSign), None);
        // 15:10: the first is late, the second far from it.
        city.clock.advance(Duration::from_secs(3000));
        assert_eq!(counts("desk", State::PendingSign), Some((2, 1, 0)));
        // A verification has 24 hours: at 5:00 of the next day four are left, less than a fifth.
        assert_eq!(counts("desk", State::PendingVerify), Some((1, 0, 0)));
        city.clock.advance(Duration::from_secs(13 * 3600 + 3000));
        assert_eq!(counts("desk", State::PendingVerify), Some((1, 0, 1)));
        city.clock.advance(Duration::from_secs(5 * 3600));
        assert_eq!(counts("desk", State::PendingVerify), Some((1, 1, 0)));
    }
);

testdb::both_engines!(
    the_table_of_a_unit_is_one_statement_and_says_where_there_is_more,
    &migrations(),
    |db| {
        const COLUMNS: &[&[State]] = &[
            &[State::PendingSign],
            &[State::Handling],
            &[State::PendingCheck, State::PendingClose],
        ];
        let city = City::new(db);
        let days = dispatched(&city, "E0113", 1);
        let hours = dispatched(&city, "C0101", 1);
        let handling = city.case_at(State::Handling).number;
        let closing = city.case_at(State::PendingClose).number;
        city.case_at(State::Closed);
        let table = |login: &str, size: u64| {
            let ctx = city.ctx(login);
            let before = ctx.statements();
            let size = PageSize::new(size).unwrap();
            let table = city.run(ops::desk::table(&ctx, COLUMNS, size)).unwrap();
            assert_eq!(ctx.statements() - before, 1);
            let numbers = |(cases, more): (Vec<cases::Case>, bool)| {
                (cases.iter().map(|c| c.number).collect::<Vec<_>>(), more)
            };
            table.into_iter().map(numbers).collect::<Vec<_>>()
        };
        assert_eq!(
            table("water", 30),
            [
                (vec![hours, days], false),
                (vec![handling], false),
                (vec![closing], false)
            ]
        );
        assert_eq!(table("water", 1)[0], (vec![hours], true));
        assert!(table("clean", 30).iter().all(|(cases, _)| cases.is_empty()));
        let ctx = city.ctx("desk");
        let refused = city.run(ops::desk::table(&ctx, COLUMNS, PageSize::default()));
        assert!(matches!(refused, Err(CaseError::Field { field, .. }) if field == "unit"));
    }
);

testdb::both_engines!(
    the_case_beside_the_list_is_a_part_of_a_page_for_whom_it_is_open,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = city.case_at(State::Handling);
        let path = format!(
            "/cases/{}/beside?back=%2Fdesk%3Fstate%3Dhandling",
            case.number
        );
        let part = city.get("water", &path);
        assert_eq!(part.status, 200);
        assert!(part.text.contains("id=\"case-title\"") && !part.text.contains("<html"));
        assert!(part.text.contains("value=\"/desk?state=handling\""));
        assert_eq!(city.get("clean", &path).status, 404);
        let away = format!(
            "/cases/{}/beside?back=https://elsewhere.example",
            case.number
        );
        assert!(!city.get("water", &away).text.contains("elsewhere.example"));
        let desk = city.get("water", "/desk?state=handling");
        assert!(desk.text.contains("hx-get=\"/cases/"), "{}", desk.text);
        for login in ["water_lead", "water"] {
            let page = city.get(login, "/unit");
            assert!(page.text.contains(&case.number.to_string()));
        }
    }
);

testdb::both_engines!(
    an_open_desk_hears_of_a_change_and_is_let_go_when_the_program_stops,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut stream = city.stream("desk", "/desk/live");
        let mut heard = || {
            let next = async { tokio::time::timeout(Duration::from_secs(60), stream.next()).await };
            let part = city.run(next).expect("an answer within a minute");
            part.map(|bytes| String::from_utf8(bytes.unwrap().to_vec()).unwrap())
        };
        assert_eq!(heard().as_deref(), Some(": listening\n\n"));
        dispatched(&city, "E0113", 1);
        let change = heard().unwrap();
        assert!(change.contains("event: changed"), "{change}");
        assert!(
            !change.contains("E0113"),
            "that something changed, not what"
        );
        city.cases.hang_up();
        while heard().is_some() {}
        let mut late = city.stream("desk", "/desk/live");
        assert!(city.run(late.next()).is_none(), "nobody is let in any more");
    }
);

/// The numbers of the cases of a page of the desk, in the order of the page.
fn rows_of(text: &str) -> Vec<CaseNumber> {
    let links = text.split("<td><a href=\"/cases/").skip(1);
    links
        .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
        .collect()
}

testdb::both_engines!(
    the_desk_lists_by_the_days_of_the_city_of_report_closing_and_handling_due,
    &migrations(),
    |db| {
        let city = City::new(db);
        let closed = city.case_at(State::Closed).number;
        city.clock.advance(Duration::from_secs(60));
        let of_today = dispatched(&city, "C0101", 1);
        let today = city.today();
        city.clock.advance(Duration::from_secs(24 * 3600));
        let tomorrow = city.today();
        let of_tomorrow = city.case_at(State::PendingAccept).number;
        let closed_later = city.case_at(State::Closed).number;
        let list = |query: &str| {
            let page = city.get("desk", &format!("/desk?{query}"));
            assert_eq!(page.status, 200, "{query}");
            (rows_of(&page.text), page.text)
        };
        let numbers = |query: &str| list(query).0;
        assert_eq!(
            numbers(&format!("by=reported&from={today}&to={today}")),
            [of_today, closed]
        );
        // Days without a moment are days of reports, and a queue is narrowed by them as well.
        assert_eq!(
            numbers(&format!("state=pending_accept&from={tomorrow}")),
            [of_tomorrow]
        );
        assert_eq!(numbers(&format!("state=pending_accept&to={today}")), []);
        // The last closed first, whatever queue was named with it.
        let of_closing = format!("by=closed&from={today}&to={tomorrow}");
        assert_eq!(numbers(&of_closing), [closed_later, closed]);
        assert_eq!(
            numbers(&format!("state=closed&by=closed&to={today}")),
            [closed]
        );
        assert_eq!(
            numbers(&format!("{of_closing}&light=in_time")),
            [closed_later, closed]
        );
        assert_eq!(numbers(&format!("{of_closing}&light=late")), []);
        let (rows, text) = list(&format!("state=handling&{of_closing}"));
        assert_eq!(rows, [closed_later, closed]);
        assert!(
            text.contains("form-fault"),
            "another queue is named: it is said"
        );
        // 4 working hours from Monday morning on: due today.
        let (rows, text) = list(&format!("by=due&to={today}"));
        assert_eq!(rows, [of_today]);
        assert!(
            text.contains(&format!("by=due&#38;to={today}")),
            "the list can be kept"
        );
        assert_eq!(numbers(&format!("by=due&from={tomorrow}")), []);
        for wrong in [
            "from=yesterday",
            "to=2026-13-01",
            "by=birth",
            "from=2026-03-17&to=2026-03-16",
        ] {
            let page = city.get("desk", &format!("/desk?{wrong}"));
            assert_eq!(page.status, 200);
            assert!(page.text.contains("form-fault"), "{wrong}");
        }
        // A kept list says its days, and reads as it was kept.
        let asked = format!("state=closed&by=closed&from={today}");
        let kept = city.urlencoded(
            "desk",
            "/desk/filters",
            &[("name", "结案"), ("asked", &asked)],
        );
        assert_eq!(kept.status, 303, "{}", kept.text);
        let page = city.get("desk", "/desk/filters");
        assert!(
            page.text.contains("2026年3月16日及以后结案"),
            "{}",
            page.text
        );
        // The scope stays: of another unit's closings nothing is seen.
        let page = city.get("clean", &format!("/desk?{of_closing}"));
        assert_eq!(rows_of(&page.text), []);
    }
);

testdb::both_engines!(
    the_desk_lists_what_failed_its_check_the_last_first,
    &migrations(),
    |db| {
        let city = City::new(db);
        let fail = || {
            let number = city.case_at(State::PendingCheck).number;
            let check = Step::Check {
                passed: false,
                note: "没有换".into(),
                attachments: Vec::new(),
            };
            city.act("checker", number, vec![check]).unwrap();
            city.clock.advance(Duration::from_secs(60));
            number
        };
        let (first, second) = (fail(), fail());
        city.case_at(State::PendingCheck);
        let today = city.today();
        let list = |query: &str| {
            let page = city.get("desk", &format!("/desk?{query}"));
            assert_eq!(page.status, 200, "{query}");
            (rows_of(&page.text), page.text)
        };
        let (rows, text) = list(&format!("by=reworked&from={today}&to={today}"));
        assert_eq!(rows, [second, first]);
        assert!(text.contains("核查未通过"), "the days are told: {text}");
        // A queue is narrowed by them as well; its own order stays.
        let (mut rows, _) = list(&format!("state=handling&by=reworked&from={today}"));
        rows.sort();
        assert_eq!(rows, [first, second]);
        assert_eq!(list("by=reworked&to=2026-03-01").0, []);
    }
);

testdb::both_engines!(
    the_api_lists_by_times_and_by_days_and_pages_through_closings,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut closed = Vec::new();
        for _ in 0..5 {
            closed.insert(0, city.case_at(State::Closed).number.to_string());
            city.clock.advance(Duration::from_secs(60));
        }
        city.case_at(State::Handling);
        let today = city.today();
        city.clock.advance(Duration::from_secs(24 * 3600));
        city.case_at(State::Closed);
        let list = |query: &str| city.get("desk", &format!("/api/v1/cases?{query}")).body;
        let numbers = |found: &serde_json::Value| -> Vec<String> {
            let items = found["items"].as_array().unwrap();
            items
                .iter()
                .map(|c| c["number"].as_str().unwrap().to_owned())
                .collect()
        };
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let found = list(&format!(
                "closed_from={today}&closed_to={today}&limit=2{after}"
            ));
            seen.extend(numbers(&found));
            let Some(next) = found["next"].as_str() else {
                break;
            };
            after = format!("&after={next}");
        }
        assert_eq!(seen, closed, "the last closed first, each once");
        let of_day = |query: &str| numbers(&list(query)).len();
        assert_eq!(of_day(&format!("from={today}&to={today}")), 6);
        assert_eq!(of_day(&format!("to={today}T00:00:00%2B08:00")), 0);
        assert_eq!(of_day("closed_in_time=true"), 6);
        assert_eq!(of_day("closed_in_time=false"), 0);
        assert_eq!(of_day(&format!("state=handling&closed_from={today}")), 0);
        let wrong = city.get("desk", "/api/v1/cases?closed_from=monday");
        assert_eq!(wrong.status, 422);
        assert!(wrong.text.contains("closed_from"), "{}", wrong.text);
    }
);

testdb::both_engines!(
    a_list_by_days_reads_no_more_than_an_index_has_of_them,
    &migrations(),
    |db| {
        let city = City::new(db);
        let closed = city.case_at(State::Closed);
        let open = city.case_at(State::Handling);
        let system = city.system();
        let rows: Vec<Vec<store::Value>> = (0..6_000_u32)
            .map(|n| {
                let mut case = if n % 10 == 0 {
                    open.clone()
                } else {
                    closed.clone()
                };
                let at = case.reported_at - jiff::SignedDuration::from_mins(i64::from(n));
                let mut random = [0; 10];
                random[..4].copy_from_slice(&n.to_be_bytes());
                case.id = cases::CaseId(kernel::id::Id::new(at, random));
                case.reported_at = at;
                case.closed_at = case.closed_at.map(|_| at);
                case.reworked_at = (n % 20 == 1).then_some(at);
                cases::sql::columns(&case)
            })
            .collect();
        system
            .write_blocking::<_, store::StoreError, _>(move |mut w| {
                w.bulk("cases", cases::sql::COLUMNS, &rows)?;
                w.commit(store::AuditEvent::done("test", "test", "lay"), ())
            })
            .unwrap();
        system.analyze_blocking().unwrap();
        let span = cases::period::Span {
            from: Some(closed.reported_at - jiff::SignedDuration::from_hours(48)),
            to: Some(closed.reported_at - jiff::SignedDuration::from_hours(24)),
        };
        let of_closing = cases::sql::Filter {
            states: vec![State::Closed],
            closing: Some(cases::period::Closing {
                span,
                in_time: Some(true),
            }),
            ..cases::sql::Filter::default()
        };
        let of_rework = cases::sql::Filter {
            reworked: Some(span),
            ..cases::sql::Filter::default()
        };
        let of_report = cases::sql::Filter {
            from: span.from,
            to: span.to,
            ..cases::sql::Filter::default()
        };
        // By its name, or the one PostgreSQL gives it in each partition.
        for (filter, index, of_part) in [
            (of_closing, "cases_by_closing", "_state_closed_at_id_"),
            (of_rework, "cases_by_rework", "_reworked_at_id_"),
            (of_report, "cases_by_id", "_id_idx"),
        ] {
            let plan = city.plan(cases::sql::list_statement(&filter, 31));
            assert!(plan.contains(index) || plan.contains(of_part), "{plan}");
            assert!(
                !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"),
                "{plan}"
            );
        }
    }
);
