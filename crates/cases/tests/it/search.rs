//! Looking for cases: by words of what was said and where, by numbers and their beginnings; within what the reader may see.

use crate::city::{City, ELSEWHERE, migrations};
use cases::ops::search::{self, Step};
use cases::ops::{self, CaseError, ListQuery, NewPlace, NewReport, Step as Act};
use cases::{Case, State};
use kernel::PageSize;
use std::time::Duration;

/// Brings the index up to date. On PostgreSQL a row of the outbox is read when no older transaction runs any more, those of
/// other tests included.
fn keep_up(city: &City) {
    let system = city.system();
    let waits = "SELECT (SELECT coalesce(max(seq), 0) FROM outbox) - seq FROM outbox_readers WHERE name = 'search'";
    for _ in 0..2000 {
        let is_idle = city.run(search::keep_up(&system)).unwrap() == Step::Idle;
        if is_idle && city.count(waits) == 0 {
            return;
        }
        if is_idle {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    panic!("the index is never done");
}

fn said(city: &City, words: &str, address: &str) -> Case {
    city.clock.advance(Duration::from_secs(1));
    let new = NewReport {
        description: words.into(),
        place: NewPlace {
            lon_lat: Some((120.165, 30.245)),
            address: Some(address.into()),
            ..NewPlace::default()
        },
        ..city.cover("patrol")
    };
    city.report("collector", new).case
}

fn query(find: &str) -> ListQuery {
    ListQuery {
        find: search::read_find("q", find).unwrap(),
        ..ListQuery::default()
    }
}

/// The numbers found by an account, page by page.
fn found(city: &City, login: &str, query: &ListQuery, size: u64) -> Vec<String> {
    let ctx = city.ctx(login);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = ops::list(
            &ctx,
            ListQuery {
                size: PageSize::new(size).unwrap(),
                after,
                ..query.clone()
            },
        );
        let page = city.run(page).unwrap();
        seen.extend(page.items.iter().map(|c| c.number.to_string()));
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
}

fn numbers(cases: &[&Case]) -> Vec<String> {
    cases.iter().map(|c| c.number.to_string()).collect()
}

testdb::both_engines!(
    two_characters_find_a_case_newest_first_and_page_by_page,
    &migrations(),
    |db| {
        let city = City::new(db);
        let first = said(&city, "路口的井盖缺失，很危险", "延安路12号");
        let second = said(&city, "井盖坏了", "ＫＦＣ 门口");
        let third = said(&city, "垃圾没有收", "井盖旁 100% _ ! 号");
        keep_up(&city);
        let seen = |find: &str| found(&city, "desk", &query(find), 30);
        assert_eq!(seen("井盖"), numbers(&[&third, &second, &first]));
        for size in [1, 2] {
            let all = found(&city, "desk", &query("井盖"), size);
            assert_eq!(all, numbers(&[&third, &second, &first]), "{size}");
        }
        assert_eq!(seen("井盖缺失"), numbers(&[&first]));
        assert_eq!(seen("危险 井盖"), numbers(&[&first]));
        assert_eq!(seen("延安路12号"), numbers(&[&first]));
        assert_eq!(seen("kfc"), numbers(&[&second]));
        assert_eq!(seen("100%"), numbers(&[&third]));
        assert_eq!(seen("100 _ !"), numbers(&[&third]));
        // The class and the place, which stand on every row of the list; what people say for the number.
        let all = numbers(&[&third, &second, &first]);
        assert_eq!(seen("上水井盖"), all);
        assert_eq!(seen("清波门社区"), all);
        let sequence = &first.number.to_string()[16..];
        for short in [sequence, &sequence[1..], &sequence[2..]] {
            assert!(seen(short).contains(&first.number.to_string()), "{short}");
        }
        // Pairs that the text has, but not side by side; half a word of letters.
        for nothing in ["盖缺 失井", "缺失井盖", "kf", "1_0"] {
            assert_eq!(seen(nothing), numbers(&[]), "{nothing}");
        }
        // In a state, of a class, in a stretch of time.
        let narrowed = |states: Vec<State>| ListQuery {
            states,
            matter: Some(city.class("C0101")),
            from: Some(second.reported_at),
            to: Some(third.reported_at),
            ..query("井盖")
        };
        let of = |states| found(&city, "desk", &narrowed(states), 30);
        assert_eq!(of(Vec::new()), numbers(&[&second]));
        assert_eq!(of(vec![State::PendingAccept]), numbers(&[&second]));
        assert_eq!(of(vec![State::Closed]), numbers(&[]));
    }
);

testdb::both_engines!(
    a_number_and_its_beginnings_find_a_case_before_any_index_is_there,
    &migrations(),
    |db| {
        let city = City::new(db);
        let cases: Vec<Case> = (0..3)
            .map(|n| said(&city, &format!("第{n}件"), "x"))
            .collect();
        let number = cases[0].number.to_string();
        let seen = |find: &str, size| found(&city, "desk", &query(find), size);
        let newest_first = numbers(&[&cases[2], &cases[1], &cases[0]]);
        for size in [1, 2, 30] {
            assert_eq!(seen("330102-20260316", size), newest_first, "{size}");
        }
        assert_eq!(seen("330102", 30), newest_first);
        assert_eq!(seen("330102-2026", 30), newest_first);
        assert_eq!(seen(&number, 30), std::slice::from_ref(&number));
        assert_eq!(seen("330102-2025", 30), numbers(&[]));
        assert_eq!(seen("330104", 30), numbers(&[]));
        assert_eq!(found(&city, "elsewhere", &query(&number), 30), numbers(&[]));
        // Without the district it is a word of the index.
        let tail = number.split_once('-').unwrap().1;
        assert_eq!(seen(tail, 30), numbers(&[]));
        keep_up(&city);
        assert_eq!(seen(tail, 30), [number]);
    }
);

testdb::both_engines!(
    only_what_the_reader_may_open_is_found,
    &migrations(),
    |db| {
        let city = City::new(db);
        let handled = city.case_at(State::Handling);
        let secret = city.report(
            "stranger",
            NewReport {
                confidential: true,
                ..city.cover("web")
            },
        );
        let there = NewReport {
            place: NewPlace {
                division: Some("330104000000".parse().unwrap()),
                ..NewPlace::default()
            },
            ..city.cover("patrol")
        };
        let there = city.report("collector", there).case;
        assert_eq!(there.district.as_str(), ELSEWHERE);
        keep_up(&city);
        let seen = |login: &str, states: Vec<State>| {
            let query = ListQuery {
                states,
                ..query("井盖")
            };
            let mut found = found(&city, login, &query, 30);
            found.sort();
            found
        };
        let open: Vec<State> = ops::states_of("open").unwrap();
        for states in [Vec::new(), open] {
            let all = numbers(&[&handled, &secret.case, &there]);
            assert_eq!(seen("desk", states.clone()).len(), all.len());
            assert_eq!(seen("elsewhere", states.clone()), numbers(&[&there]));
            assert_eq!(seen("water", states.clone()), numbers(&[&handled]));
            assert_eq!(seen("clean", states.clone()), numbers(&[]), "not theirs");
        }
        for login in ["analyst", "stranger"] {
            let ctx = city.ctx(login);
            let refused = city.run(ops::list(&ctx, query("井盖")));
            assert!(matches!(refused, Err(CaseError::Refused(_))), "{login}");
        }
        let of_district = ListQuery {
            district: Some(ELSEWHERE.parse().unwrap()),
            ..query("井盖")
        };
        assert_eq!(found(&city, "desk", &of_district, 30), numbers(&[&there]));
        let nobody = ListQuery {
            district: Some("330102".parse().unwrap()),
            ..query("井盖")
        };
        assert_eq!(found(&city, "elsewhere", &nobody, 30), numbers(&[]));
    }
);

testdb::both_engines!(
    names_and_telephone_numbers_are_not_in_the_index,
    &migrations(),
    |db| {
        let city = City::new(db);
        let new = NewReport {
            description: "我是张小明，电话13800138000，井盖坏了".into(),
            contact: ops::Contact {
                name: Some("张小明".into()),
                phone: Some("13800138000".into()),
                ..ops::Contact::default()
            },
            ..city.cover("web")
        };
        let case = city.report("stranger", new).case;
        keep_up(&city);
        let seen = |find: &str| found(&city, "desk", &query(find), 30);
        assert_eq!(seen("井盖坏了"), numbers(&[&case]));
        for personal in ["张小明", "13800138000"] {
            assert_eq!(seen(personal), numbers(&[]), "{personal}");
        }
        let kept = "SELECT count(*) FROM facts_search_texts WHERE text LIKE '%小明%' OR text LIKE '%13800138000%'";
        assert_eq!(city.count(kept), 0);
    }
);

testdb::both_engines!(
    a_corrected_address_is_found_and_the_old_one_no_more,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = said(&city, "树倒了", "延安路 1 号");
        keep_up(&city);
        let seen = |find: &str| found(&city, "desk", &query(find), 30);
        assert_eq!(seen("延安路"), numbers(&[&case]));
        let words = city.count("SELECT count(*) FROM facts_search_words");
        let place = NewPlace {
            address: Some("解放街 2 号".into()),
            lon_lat: Some((120.165, 30.245)),
            ..NewPlace::default()
        };
        let step = Act::Correct {
            matter: None,
            place: Some(place),
        };
        city.act("acceptor", case.number, vec![step]).unwrap();
        keep_up(&city);
        assert_eq!(seen("延安路"), numbers(&[]));
        assert_eq!(seen("解放街"), numbers(&[&case]));
        assert_eq!(seen("树倒"), numbers(&[&case]));
        assert_eq!(
            city.count("SELECT count(*) FROM facts_search_words WHERE word = '延安'"),
            0
        );
        assert_eq!(city.count("SELECT count(*) FROM facts_search_words"), words);
        // Moves that change no word write none.
        let step = Act::Accept {
            matter: None,
            urgent: false,
        };
        city.act("acceptor", case.number, vec![step]).unwrap();
        keep_up(&city);
        assert_eq!(city.count("SELECT count(*) FROM facts_search_words"), words);
    }
);

testdb::both_engines!(
    cases_of_before_are_looked_at_once_and_again_when_asked,
    &migrations(),
    |db| {
        let city = City::new(db);
        let old = said(&city, "路灯不亮", "a");
        assert!(
            city.run(search::standing(&city.system()))
                .unwrap()
                .is_none()
        );
        let system = city.system();
        let first = city.run(search::keep_up(&system)).unwrap();
        assert_eq!(first, Step::Filled { seen: 0, total: 1 });
        // What comes while the old ones are looked at is found as well.
        let new = said(&city, "路灯又不亮", "b");
        keep_up(&city);
        let seen = || found(&city, "desk", &query("路灯"), 30);
        assert_eq!(seen(), numbers(&[&new, &old]));
        let standing = city.run(search::standing(&system)).unwrap().unwrap();
        assert!(standing.is_finished && standing.total == 1);
        // Damage is mended by making it again, which tells how far it is.
        city.exec("DELETE FROM facts_search_words");
        city.exec("DELETE FROM facts_search_texts WHERE district = '330102'");
        assert_eq!(seen(), numbers(&[]));
        let mut told = Vec::new();
        let made = search::rebuild(&system, |seen, total| told.push((seen, total)));
        assert_eq!(city.run(made).unwrap(), 2);
        assert!(told.contains(&(2, 2)), "{told:?}");
        assert_eq!(seen(), numbers(&[&new, &old]));
    }
);

testdb::both_engines!(
    a_step_of_a_case_costs_no_statement_more_and_a_search_is_one,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = city.case_at(State::PendingAccept);
        keep_up(&city);
        let ctx = city.ctx("acceptor");
        let step = Act::Accept {
            matter: None,
            urgent: false,
        };
        let before = ctx.statements();
        city.run(ops::act(&ctx, case.number, None, vec![step]))
            .unwrap();
        let cost = ctx.statements() - before;
        // Six, the audit event and the first look at the city's lists among them.
        assert!(cost <= 8, "{cost}");
        let ctx = city.ctx("desk");
        city.run(ops::list(&ctx, query("井盖"))).unwrap();
        let before = ctx.statements();
        city.run(ops::list(&ctx, query("井盖"))).unwrap();
        assert_eq!(ctx.statements() - before, 1);
    }
);

testdb::both_engines!(
    the_call_takes_words_and_refuses_what_narrows_nothing,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = said(&city, "井盖坏了", "a");
        keep_up(&city);
        let listed = |q: &str| {
            let q: String = form_urlencoded::byte_serialize(q.as_bytes()).collect();
            city.get("desk", &format!("/api/v1/cases?q={q}"))
        };
        let found = listed("井盖");
        assert_eq!(found.status, 200, "{}", found.text);
        assert_eq!(found.body["items"][0]["number"], case.number.to_string());
        assert_eq!(listed("  ").status, 200);
        for (bad, code) in [("井", "cases.find_short"), ("，", "cases.find_short")] {
            let refused = listed(bad);
            assert_eq!(refused.status, 422, "{bad}");
            assert_eq!(refused.body["code"], code);
            assert_eq!(refused.body["field"], "q");
        }
        let long = listed(&"井盖".repeat(60));
        assert_eq!(
            (long.status, &long.body["code"]),
            (422, &"cases.find_long".into())
        );
        assert_eq!(
            city.get("desk", "/api/v1/inbox?q=%E4%BA%95%E7%9B%96")
                .status,
            422
        );
        for odd in [
            "\u{0}",
            "%",
            "' OR 1=1 --",
            "\u{10FFFF}井盖",
            "330102-",
            "--",
        ] {
            let reply = listed(odd);
            assert!(
                reply.status == 200 || reply.status == 422,
                "{odd:?}: {}",
                reply.text
            );
        }
        // A cursor of another list.
        let foreign = city.get("desk", "/api/v1/cases?q=330102&after=bm8");
        assert_eq!(foreign.status, 422);
    }
);

testdb::both_engines!(
    the_desk_looks_in_a_queue_or_everywhere,
    &migrations(),
    |db| {
        let city = City::new(db);
        let waiting = said(&city, "井盖坏了", "a");
        let closed = city.case_at(State::Closed);
        keep_up(&city);
        let page = |query: &str| city.get("desk", &format!("/desk?{query}")).text;
        let has = |text: &str, case: &Case| text.contains(&format!("/cases/{}\"", case.number));
        let everywhere = page("find=%E4%BA%95%E7%9B%96");
        assert!(has(&everywhere, &waiting) && has(&everywhere, &closed));
        let queue = page("find=%E4%BA%95%E7%9B%96&state=pending_accept");
        assert!(has(&queue, &waiting) && !has(&queue, &closed));
        let late = page("state=pending_accept&light=late");
        assert!(!has(&late, &waiting), "its clock has just begun");
        let in_time = page("state=pending_accept&light=in_time&matter=C0101&district=330102");
        assert!(has(&in_time, &waiting), "{in_time}");
        assert!(!has(&page("matter=E0113"), &waiting));
        assert!(!has(&page("district=330104"), &waiting));
        city.clock.advance(Duration::from_secs(14 * 24 * 3600));
        assert!(has(&page("light=late"), &waiting));
        // What cannot be read is told, and the page is there.
        for odd in ["find=%E4%BA%95", "light=x", "district=y", "matter=%3Cb%3E"] {
            let reply = city.get("desk", &format!("/desk?{odd}"));
            assert_eq!(reply.status, 200, "{odd}");
            assert!(
                reply.text.contains("role=\"alert\"") || reply.text.contains("form-fault"),
                "{odd}"
            );
        }
        // A whole number leads to the case, an unknown one does not.
        let there = city.get("desk", &format!("/desk?find={}", waiting.number));
        assert_eq!(
            (there.status, there.location),
            (303, format!("/cases/{}", waiting.number))
        );
        assert_eq!(
            city.get("desk", "/desk?find=330102-20260316-09999").status,
            200
        );
    }
);
