//! The list, as JSON and as a page: what is public and what not, the filters, paging, bad input.

use crate::city::{City, New, cell, closed, community, district, migrations, street};
use cases::model::State;
use kernel::codes::DivisionCode;
use nearby::model::Wanted;
use nearby::ops;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testdb::both_engines;

fn numbers(answer: &Value) -> Vec<String> {
    let items = answer["items"].as_array().unwrap();
    let number = |item: &Value| item["number"].as_str().unwrap().to_owned();
    items.iter().map(number).collect()
}

fn at(place: DivisionCode) -> String {
    format!("/api/v1/near?place={place}")
}

both_engines!(only_what_everybody_may_know_is_shown, &migrations(), |db| {
    let city = City::new(db);
    let shown = city.cover();
    let other = |class: &str, confidential: bool, void: bool| {
        let new = New {
            class,
            words: "王小二家门口",
            grid: cell(1, 2),
            confidential,
        };
        city.keep(new, |case| {
            if void {
                case.state = State::Voided;
            }
        })
    };
    let hidden = [
        other("C0101", true, false),
        other("E0201", false, false),
        other("E0901", false, false),
        other("C0101", false, true),
    ];
    let answer = city.get(&at(street(1)));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(numbers(&answer), [shown.to_string()]);
    let item = &answer["items"][0];
    assert_eq!(
        (
            &item["stand"],
            &item["open"],
            &item["words"],
            &item["place"]
        ),
        (
            &json!("received"),
            &json!(true),
            &json!(""),
            &json!(street(1).to_string())
        )
    );
    // The middle of the street, not the cell in which it lies.
    assert_eq!(
        (&item["lon"], &item["lat"]),
        (&json!(120.002), &json!(30.002))
    );
    // Words appear when a person has read them, and not before; an empty text stays in the house.
    let page = format!("/near?place={}", street(1));
    let one = format!("/near/matters/{shown}");
    let feed = format!("/near.atom?place={}", street(1));
    for path in [&page, &one, &feed, &at(street(1))] {
        let reply = city.get(path);
        assert_eq!(reply.status, 200, "{path}");
        for personal in ["王小二", "海棠街12号", "30.0005", "120.0005"] {
            assert!(
                !reply.text.contains(personal),
                "{path} shows {personal}: {}",
                reply.text
            );
        }
        for number in &hidden {
            assert!(
                !reply.text.contains(&number.to_string()),
                "{path}: {number}"
            );
        }
    }
    city.publish(shown, "井盖没了<b>");
    assert_eq!(
        city.get(&at(street(1))).json()["items"][0]["words"],
        "井盖没了<b>"
    );
    for path in [&page, &one] {
        let text = city.get(path).text;
        assert!(
            text.contains("井盖没了") && !text.contains("井盖没了<b>"),
            "{path}: {text}"
        );
    }
    city.publish(shown, "");
    assert_eq!(city.get(&at(street(1))).json()["items"][0]["words"], "");
    for number in hidden {
        assert_eq!(city.get(&format!("/near/matters/{number}")).status, 404);
    }
    assert_eq!(
        city.get("/near/matters/330102-20260316-99999").status,
        404,
        "what is not there and what is not public look alike"
    );
});

both_engines!(
    one_voice_more_is_no_second_matter_until_it_is_found_to_be_one,
    &migrations(),
    |db| {
        let city = City::new(db);
        let matter = city.cover();
        let voice = |change: fn(&mut cases::Case)| {
            city.public(cell(1, 1), |case| {
                case.same_as = Some(matter);
                change(case);
            })
        };
        let hidden = [
            voice(|_| {}),
            voice(|case| case.state = State::PendingRegister),
            voice(|case| {
                case.state = State::Merged;
                case.closed_at = Some(case.reported_at);
            }),
        ];
        let own = voice(|case| {
            case.state = State::PendingDispatch;
            case.registered_at = Some(case.reported_at);
        });
        let shown: BTreeSet<String> = numbers(&city.get(&at(street(1))).json())
            .into_iter()
            .collect();
        assert_eq!(shown, BTreeSet::from([own, matter].map(|n| n.to_string())));
        let feed = city.get(&format!("/near.atom?place={}", street(1))).text;
        for number in hidden {
            assert!(
                !feed.contains(&number.to_string()),
                "{number} is in the feed"
            );
            assert_eq!(city.get(&format!("/near/matters/{number}")).status, 404);
        }
    }
);

both_engines!(
    a_promise_that_was_not_kept_is_said_in_public,
    &migrations(),
    |db| {
        let city = City::new(db);
        let due = city.now();
        city.wait(3600);
        let with = |change: fn(&mut cases::Case)| {
            city.public(cell(1, 1), |case| {
                case.state = State::Handling;
                case.due_at = Some(due);
                change(case);
            })
        };
        let late = with(|_| {});
        let done_late = with(|case| {
            case.state = State::PendingCheck;
            case.handled_at = Some(case.reported_at);
        });
        with(|case| {
            case.state = State::PendingCheck;
            case.handled_at = case.due_at;
        });
        with(|case| case.due_at = Some(case.reported_at));
        let answer = city.get(&at(street(1))).json();
        let told: BTreeSet<String> = answer["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| item["late"] == true)
            .map(|item| item["number"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            told,
            BTreeSet::from([late.to_string(), done_late.to_string()])
        );
        let page = city.get(&format!("/near?place={}", street(1))).text;
        assert_eq!(page.matches("已超过承诺时间").count(), 2, "{page}");
        let feed = city.get(&format!("/near.atom?place={}", street(1))).text;
        assert_eq!(feed.matches("已超过承诺时间").count(), 2, "{feed}");
    }
);

both_engines!(
    a_place_holds_what_lies_in_it_and_filters_narrow_it,
    &migrations(),
    |db| {
        let city = City::new(db);
        let first = city.cover();
        let garbage = city.keep(
            New {
                class: "E0113",
                words: "x",
                grid: cell(1, 3),
                confidential: false,
            },
            closed(city.now()),
        );
        let second: kernel::codes::GridCode = format!("{}015", community(1, 2)).parse().unwrap();
        let second = city.public(second, |_| {});
        let elsewhere = city.public(cell(2, 1), |_| {});
        let found = |query: String| -> BTreeSet<String> {
            let reply = city.get(&format!("/api/v1/near?{query}"));
            assert_eq!(reply.status, 200, "{query}: {}", reply.text);
            numbers(&reply.json()).into_iter().collect()
        };
        let set = |numbers: &[kernel::CaseNumber]| -> BTreeSet<String> {
            numbers.iter().map(ToString::to_string).collect()
        };
        let here = street(1);
        for (query, expected) in [
            (format!("place={here}"), vec![first, garbage, second]),
            (format!("place={}", street(2)), vec![elsewhere]),
            (format!("place={}", street(3)), vec![]),
            (format!("place={}", community(1, 1)), vec![first, garbage]),
            (format!("place={}", community(1, 2)), vec![second]),
            (
                format!("place={}", district().division()),
                vec![first, garbage, second, elsewhere],
            ),
            (format!("place={here}&show=open"), vec![first, second]),
            (format!("place={here}&show=settled"), vec![garbage]),
            (format!("place={here}&class=E0113"), vec![garbage]),
            (format!("place={here}&class=C0101&show=settled"), vec![]),
            (
                "lon=120.0005&lat=30.0005".into(),
                vec![first, garbage, second],
            ),
        ] {
            assert_eq!(found(query.clone()), set(&expected), "{query}");
        }
        // The newest first.
        city.wait(60);
        let newest = city.cover();
        let answer = city.get(&at(here)).json();
        assert_eq!(numbers(&answer)[0], newest.to_string());
    }
);

both_engines!(
    pages_are_full_and_without_gaps_past_what_is_confidential,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut expected = Vec::new();
        for n in 0..45 {
            city.wait(1);
            let new = New {
                class: "C0101",
                words: "x",
                grid: cell(1, 1),
                confidential: n % 3 == 1,
            };
            let number = city.keep(new, |_| {});
            if n % 3 != 1 {
                expected.push(number.to_string());
            }
        }
        expected.reverse();
        let (mut seen, mut path) = (Vec::new(), format!("{}&limit=7", at(street(1))));
        loop {
            let answer = city.get(&path).json();
            let page = numbers(&answer);
            seen.extend(page.iter().cloned());
            let Some(next) = answer["next"].as_str() else {
                break;
            };
            assert_eq!(
                page.len(),
                7,
                "a short page would tell that something is hidden"
            );
            path = format!("{}&limit=7&after={next}", at(street(1)));
        }
        assert_eq!(seen, expected);
        // The page of people walks the same way.
        let page = city.get(&format!("/near?place={}", street(1)));
        let next = page.text.split("rel=\"next\" href=\"").nth(1).unwrap();
        let next = next
            .split('"')
            .next()
            .unwrap()
            .replace("&amp;", "&")
            .replace("&#38;", "&");
        let second = city.get(&next);
        assert_eq!(second.status, 200);
        assert!(second.text.contains(&expected[20]) && !second.text.contains(&expected[19]));
    }
);

both_engines!(
    a_page_costs_one_statement_and_a_feed_two,
    &migrations(),
    |db| {
        let city = City::new(db);
        for _ in 0..30 {
            city.cover();
        }
        let number = city.cover();
        let wanted = Wanted {
            place: street(1),
            class: None,
            open: None,
            after: None,
            size: kernel::PageSize::new(20).unwrap(),
        };
        let ctx = city.system();
        assert_eq!(city.run(ops::list(&ctx, &wanted)).unwrap().items.len(), 20);
        assert_eq!(ctx.statements(), 1);
        let ctx = city.system();
        assert_eq!(
            city.run(ops::feed(&ctx, street(1), None)).unwrap().len(),
            31
        );
        assert_eq!(ctx.statements(), 2);
        let ctx = city.system();
        city.run(ops::one(&ctx, number)).unwrap();
        assert_eq!(ctx.statements(), 1);
    }
);

both_engines!(bad_input_is_named_and_never_breaks, &migrations(), |db| {
    let city = City::new(db);
    city.cover();
    let here = street(1);
    for (query, field) in [
        (String::new(), "place"),
        ("place=x".into(), "place"),
        ("place=999999000000".into(), "place"),
        ("place=330000000000".into(), "place"),
        ("lon=north&lat=30".into(), "lon"),
        ("lon=120".into(), "lat"),
        ("lon=NaN&lat=30".into(), "lon"),
        ("lon=500&lat=30".into(), "lon"),
        ("lon=10&lat=10".into(), "lon"),
        (format!("place={here}&class=E0201"), "class"),
        (format!("place={here}&class=%F0%9F%98%80"), "class"),
        (format!("place={here}&show=lost"), "show"),
        (format!("place={here}&after=x"), "after"),
        (format!("place={here}&after=WyJ4Il0"), "after"),
        (format!("place={here}&limit=0"), "limit"),
        (format!("place={here}&limit=-1"), "limit"),
    ] {
        let reply = city.get(&format!("/api/v1/near?{query}"));
        assert_eq!(
            (reply.status, reply.json()["field"].as_str()),
            (422, Some(field)),
            "{query}: {}",
            reply.text
        );
        // A page says it beside the field, or as a page of its own; without any place it asks for one.
        let page = city.get(&format!("/near?{query}"));
        let expected = if query.is_empty() || field == "limit" {
            200
        } else {
            422
        };
        assert_eq!(page.status, expected, "{query}: {}", page.text);
    }
    for query in ["", "place=x", "place=330102001000&class=E0201"] {
        let reply = city.get(&format!("/near.atom?{query}"));
        assert_eq!(reply.status, 422, "{query}: {}", reply.text);
    }
});

both_engines!(
    a_position_picks_a_street_and_is_forgotten,
    &migrations(),
    |db| {
        let city = City::new(db);
        let reply = city.get("/near?lon=120.0052345&lat=30.0012345");
        assert_eq!(
            (reply.status, reply.header("location")),
            (303, format!("/near?place={}", street(2)).as_str())
        );
        for value in reply.headers.values() {
            assert!(!value.to_str().unwrap_or_default().contains("0052345"));
        }
        // Neither an audit row nor anything else was written.
        assert_eq!(
            city.rows("SELECT count(*) FROM audit WHERE detail LIKE '%0052345%'"),
            0
        );
        // Without script and without a map there is the list, level by level.
        let first = city.get("/near");
        let path = format!("/near?place={}", district().division());
        assert!(first.text.contains(&path), "{}", first.text);
        let page = city.get(&path);
        assert!(page.text.contains(&format!("/near?place={}", street(4))));
        let page = city.get(&format!("/near?place={}", street(4)));
        assert!(
            page.text
                .contains(&format!("/near?place={}", community(4, 2)))
        );
        // What is empty says what to do.
        assert!(page.text.contains("href=\"/report\""), "{}", page.text);
    }
);

both_engines!(
    whoever_sees_the_same_begins_with_it_filled_in,
    &migrations(),
    |db| {
        let city = City::new(db);
        let open = city.cover();
        let over = city.public(cell(1, 2), closed(city.now()));
        let page = city.get(&format!("/near?place={}", community(1, 1))).text;
        let here = community(1, 1);
        for link in [
            format!("/report?same_as={open}"),
            "/report?matter=C0101".to_owned(),
        ] {
            assert!(page.contains(&link), "{link}: {page}");
        }
        let form = city
            .get(&format!("/report?same_as={open}&division={here}"))
            .text;
        let chosen = format!("name=\"same_as\" value=\"{open}\" checked");
        assert!(form.contains(&chosen), "{form}");
        assert!(
            form.contains(&format!("value=\"{here}\" selected")),
            "{form}"
        );
        let form = city.get("/report?matter=C0101").text;
        assert!(form.contains("value=\"C0101 上水井盖\""), "{form}");
        // What is over, not there or nonsense is left out, and tells nothing.
        for query in [
            format!("same_as={over}"),
            "same_as=330102-20260316-99999".into(),
            "same_as=x&matter=%F0&division=1".into(),
        ] {
            let reply = city.get(&format!("/report?{query}"));
            assert_eq!(reply.status, 200);
            assert!(!reply.text.contains("name=\"same_as\""), "{query}");
        }
    }
);

both_engines!(
    every_public_point_is_the_middle_of_a_street_whichever_way_it_is_asked_for,
    &migrations(),
    |db| {
        let city = City::new(db);
        // Three cells in two communities of one street, and one of another.
        let cases =
            [cell(1, 1), cell(1, 2), cell(1, 5), cell(2, 1)].map(|grid| city.public(grid, |_| {}));
        let places = |list: &Value, lat: &str, lon: &str, name: &str| -> BTreeSet<String> {
            let one = |item: &Value| format!("{} {} {}", item[lat], item[lon], item[name]);
            list.as_array().unwrap().iter().map(one).collect()
        };
        let open311 = city.get("/open311/v2/requests.json").json();
        assert_eq!(open311.as_array().unwrap().len(), cases.len());
        let near = city.get(&at(district().division())).json();
        let of_open311 = places(&open311, "lat", "long", "address");
        assert_eq!(
            of_open311,
            places(&near["items"], "lat", "lon", "place_name")
        );
        assert_eq!(of_open311.len(), 2, "one point a street: {of_open311:?}");
        let codes: BTreeSet<&str> = open311
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["address_id"].as_str().unwrap())
            .collect();
        assert_eq!(
            codes,
            BTreeSet::from([street(1).as_str(), street(2).as_str()])
        );
        let communities = city.snapshot();
        let name = communities.territory.name(community(1, 1));
        assert!(
            !open311.to_string().contains(&name),
            "no community is named"
        );
    }
);
