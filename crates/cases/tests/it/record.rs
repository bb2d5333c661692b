//! Nature, answer, call-back, reopening, appeal, duplicates: what stands in the record and who may do what.

use crate::city::{City, migrations};
use cases::ops::{self, CaseError};
use cases::record::AppealStage;
use cases::rules::fairness::appealed_round;
use cases::{Case, State};
use kernel::PageSize;
use kernel::codes::CaseNumber;
use serde_json::{Value, json};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn act(city: &City, login: &str, number: CaseNumber, acts: &[Value]) -> (u16, String, Value) {
    let path = format!("/api/v1/cases/{number}/acts");
    let reply = city.post(login, &path, &json!({ "acts": acts }));
    let code = reply.body["code"].as_str().unwrap_or_default().to_owned();
    (reply.status, code, reply.body)
}

fn done(city: &City, login: &str, number: CaseNumber, acts: &[Value]) -> Value {
    let (status, code, case) = act(city, login, number, acts);
    assert_eq!((status, code.as_str()), (200, ""), "{case}");
    case
}

fn refused(city: &City, login: &str, number: CaseNumber, what: Value) -> (u16, String) {
    let (status, code, body) = act(city, login, number, &[what]);
    assert!(status >= 400, "{body}");
    (status, code)
}

fn said(text: &str) -> (u16, String) {
    let (status, code) = text.split_once(' ').unwrap();
    (status.parse().unwrap(), code.to_owned())
}

/// A resident's report with a phone number; answers number and link.
fn resident(city: &City) -> (CaseNumber, String) {
    let mut new = city.cover("web");
    new.contact.phone = Some("13800138000".into());
    let receipt = city.report("stranger", new);
    (receipt.case.number, receipt.link)
}

/// As four calls a script makes: the life of `design.md` §8, with the acts as they always were.
fn by_script(city: &City, number: CaseNumber, until: State) {
    let desk = [
        json!({ "act": "accept" }),
        json!({ "act": "register" }),
        json!({ "act": "dispatch" }),
    ];
    let unit = [
        json!({ "act": "sign" }),
        json!({ "act": "report_back", "result": "已更换井盖" }),
    ];
    let check = [
        json!({ "act": "check", "passed": true }),
        json!({ "act": "close", "closing": "更换" }),
    ];
    let (status, ..) = act(
        city,
        "collector",
        number,
        &[json!({ "act": "verify", "outcome": "yes" })],
    );
    assert!(
        status == 200 || status == 409,
        "a patrol's finding needs no look"
    );
    done(city, "desk", number, &desk);
    if until == State::PendingSign {
        return;
    }
    done(city, "water", number, &unit);
    if until == State::PendingCheck {
        return;
    }
    done(city, "checker", number, &check);
}

fn shown(city: &City, number: CaseNumber) -> Value {
    city.get("desk", &format!("/api/v1/cases/{number}")).body
}

fn track(city: &City, link: &str) -> Value {
    let reply = city.get("stranger", &format!("/api/v1/track/link/{link}"));
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.body
}

fn by_link(city: &City, link: &str, what: &str, body: &Value) -> (u16, Value) {
    let reply = city.post(
        "stranger",
        &format!("/api/v1/track/link/{link}/{what}"),
        body,
    );
    (reply.status, reply.body)
}

fn calls(city: &City, login: &str) -> Vec<String> {
    let ctx = city.ctx(login);
    let page = city
        .run(ops::calls(&ctx, PageSize::default(), None))
        .unwrap();
    page.items.iter().map(|c| c.number.to_string()).collect()
}

testdb::both_engines!(
    a_script_closes_a_residents_case_and_the_answer_is_made_of_the_record,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, link) = resident(&city);
        by_script(&city, number, State::Closed);
        let case = shown(&city, number);
        assert_eq!(case["state"], "closed");
        let answer = &case["answer"];
        assert_eq!(
            (&answer["from_record"], &answer["kind"], &answer["by"]),
            (&json!(true), &json!("handled"), &json!("水务局"))
        );
        assert!(answer["done"].as_str().unwrap().contains("已更换井盖"));
        assert!(answer["found"].as_str().unwrap().contains("缺失"));
        assert!(answer["next"].as_str().unwrap().contains("15"));
        let seen = track(&city, &link);
        assert_eq!(seen["answer"]["done"], answer["done"]);
        assert_eq!(seen["may_rate"], true);
        // A patrol's own finding has nobody to answer.
        let own = city.report("collector", city.cover("patrol")).case.number;
        by_script(&city, own, State::Closed);
        assert_eq!(shown(&city, own)["answer"], Value::Null);
        assert_eq!(calls(&city, "acceptor"), [number.to_string()]);
        city.check_life(number);
        city.check_life(own);
    }
);

testdb::both_engines!(
    a_written_answer_is_agreed_to_by_another_person_and_goes_out_at_the_close,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, link) = resident(&city);
        by_script(&city, number, State::PendingSign);
        let acts = [
            json!({ "act": "sign" }),
            json!({ "act": "report_back", "result": "已更换", "answer": { "done": "新井盖已装好，电话 13912345678" } }),
        ];
        let case = done(&city, "water", number, &acts);
        assert_eq!(
            case["draft"]["rule"], "依据立案标准 C0101。",
            "filled in by the template"
        );
        assert!(
            !case.to_string().contains("13912345678"),
            "numbers are masked"
        );
        assert_eq!(
            track(&city, &link)["answer"],
            Value::Null,
            "a draft is not shown"
        );
        assert_eq!(
            refused(&city, "water", number, json!({ "act": "approve_answer" })).0,
            403,
            "a handler is no head"
        );
        // A check that fails takes the agreement back.
        done(
            &city,
            "water_lead",
            number,
            &[json!({ "act": "approve_answer" })],
        );
        done(
            &city,
            "checker",
            number,
            &[json!({ "act": "check", "passed": false, "note": "松动" })],
        );
        assert_eq!(shown(&city, number)["draft_approved"], false);
        done(
            &city,
            "water_lead",
            number,
            &[json!({ "act": "return_answer", "reason": "写明何时更换" })],
        );
        done(
            &city,
            "water",
            number,
            &[
                json!({ "act": "draft_answer", "done": "3 月 16 日已重新安装" }),
                json!({ "act": "report_back", "result": "已重装" }),
            ],
        );
        done(
            &city,
            "checker",
            number,
            &[json!({ "act": "check", "passed": true })],
        );
        assert_eq!(
            refused(
                &city,
                "checker",
                number,
                json!({ "act": "close", "closing": "更换" })
            ),
            said("409 cases.not_approved"),
            "a checker is no head"
        );
        // What was sent back does not go out because a head closes.
        done(
            &city,
            "water_lead",
            number,
            &[json!({ "act": "return_answer", "reason": "写明由谁安装" })],
        );
        assert_eq!(
            refused(
                &city,
                "shift_leader",
                number,
                json!({ "act": "close", "closing": "更换" })
            ),
            said("409 cases.answer_returned")
        );
        done(
            &city,
            "water",
            number,
            &[json!({ "act": "draft_answer", "done": "3 月 16 日已重新安装" })],
        );
        // Whoever closes as a head agrees by closing.
        done(
            &city,
            "shift_leader",
            number,
            &[json!({ "act": "close", "closing": "更换" })],
        );
        let answer = track(&city, &link)["answer"].clone();
        assert_eq!(answer["done"], "3 月 16 日已重新安装");
        assert_eq!(answer["from_record"], false);
        let events = city
            .get("desk", &format!("/api/v1/cases/{number}/events"))
            .body;
        let words: Vec<&str> = events["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["event"].as_str().unwrap())
            .collect();
        assert!(
            words.ends_with(&["answer_approved", "answer_sent", "closed"]),
            "{words:?}"
        );
        city.check_life(number);
    }
);

testdb::both_engines!(
    evidence_and_law_of_the_condition_stay_with_the_case_and_the_answer_names_the_law,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut new = city.cover("web");
        new.matter = Some(city.class("E0113"));
        new.contact.phone = Some("13800138000".into());
        let number = city.report("stranger", new).case.number;
        let looked = json!({ "act": "verify", "outcome": "yes" });
        done(&city, "collector", number, &[looked]);
        let desk = [
            json!({ "act": "accept" }),
            json!({ "act": "register", "rule": 1 }),
            json!({ "act": "dispatch" }),
        ];
        let case = done(&city, "desk", number, &desk);
        assert_eq!(case["standard"]["evidence"], "清除后照片");
        assert_eq!(case["standard"]["legal_basis"], "市容条例第十条");
        done(&city, "clean", number, &[json!({ "act": "sign" })]);
        // The page shows both, and the form offers the law.
        let page = city.get("clean", &format!("/cases/{number}"));
        assert!(page.text.contains("清除后照片"), "{}", page.text);
        assert!(page.text.matches("市容条例第十条").count() >= 2);
        let draft = json!({ "act": "draft_answer", "done": "已清除" });
        let case = done(&city, "clean", number, &[draft]);
        assert_eq!(case["draft"]["rule"], "市容条例第十条");
        city.check_life(number);
    }
);

testdb::both_engines!(
    every_end_is_answered_with_the_rule_it_goes_by_and_the_unit_that_decided,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add_desk_of_hall();
        let part = |answer: &Value, name: &str| answer[name].as_str().unwrap_or("").to_owned();
        let no_person = |answer: &Value| {
            assert!(!answer.to_string().contains("hall_desk"), "{answer}");
        };
        // A refusal: held against the conditions of its class, in the city's rules of intake; by the unit whose desk refuses.
        let (number, link) = resident(&city);
        let refuse = json!({ "act": "not_accept", "reason": "属于小区内部" });
        done(&city, "hall_desk", number, &[refuse]);
        let answer = track(&city, &link)["answer"].clone();
        for said in ["上水井盖", "C0101", "受理规则"] {
            assert!(part(&answer, "rule").contains(said), "{said}: {answer}");
        }
        assert_eq!(part(&answer, "by"), "城管局");
        no_person(&answer);
        city.check_life(number);
        // The page in English has the same in English, with the name of the unit.
        let request = axum::http::Request::get(format!("/track/link/{link}"))
            .header(axum::http::header::ACCEPT_LANGUAGE, "en");
        let page = city
            .raw(request.body(axum::body::Body::empty()).unwrap())
            .text;
        assert!(page.contains("rules of intake"), "{page}");
        assert!(
            page.contains("城管局"),
            "the unit has no English name: {page}"
        );
        // Not registered, by a desk that belongs to no unit: the city's desk.
        let (number, link) = resident(&city);
        let looked = json!({ "act": "verify", "outcome": "yes" });
        done(&city, "collector", number, &[looked]);
        done(&city, "desk", number, &[json!({ "act": "accept" })]);
        let refuse = json!({ "act": "not_register", "reason": "不符合立案条件" });
        done(&city, "desk", number, &[refuse]);
        let answer = track(&city, &link)["answer"].clone();
        assert!(part(&answer, "rule").contains("C0101"), "{answer}");
        assert_eq!(part(&answer, "by"), "本市受理台");
        // A void.
        let (number, link) = resident(&city);
        let void = json!({ "act": "void", "reason": "重复录入" });
        done(&city, "hall_desk", number, &[void]);
        let answer = track(&city, &link)["answer"].clone();
        assert!(part(&answer, "rule").contains("作废规则"), "{answer}");
        assert_eq!(part(&answer, "by"), "城管局");
        no_person(&answer);
        // A direct answer names the kind of contact that the desk may answer itself.
        let (number, link) = resident(&city);
        let direct = [
            json!({ "act": "set_nature", "nature": "consultation" }),
            json!({ "act": "answer_directly", "done": "每周三下午受理" }),
        ];
        done(&city, "hall_desk", number, &direct);
        let answer = track(&city, &link)["answer"].clone();
        assert!(part(&answer, "rule").contains("“咨询”"), "{answer}");
        assert_eq!(part(&answer, "by"), "城管局");
        no_person(&answer);
        // What the writer says stands as it was written.
        let (number, link) = resident(&city);
        let direct = [
            json!({ "act": "set_nature", "nature": "consultation" }),
            json!({ "act": "answer_directly", "done": "已告知", "rule": "政务公开办法", "by": "市民中心" }),
        ];
        done(&city, "hall_desk", number, &direct);
        let answer = track(&city, &link)["answer"].clone();
        assert_eq!(
            (part(&answer, "rule"), part(&answer, "by")),
            ("政务公开办法".to_owned(), "市民中心".to_owned())
        );
        // Put right on the spot: somebody who joins it reads by which rule, and that a collector did it, without a name.
        let mut new = city.cover("patrol");
        new.self_handled = Some("已扶正".into());
        let spot = city.report("collector", new).case.number;
        let (number, _) = resident(&city);
        let merge = json!({ "act": "merge", "into": spot.to_string() });
        done(&city, "desk", number, &[merge]);
        done(
            &city,
            "desk",
            spot,
            &[json!({ "act": "confirm_self_handling" })],
        );
        let answer = shown(&city, spot)["answer"].clone();
        assert!(part(&answer, "rule").contains("自处置规则"), "{answer}");
        assert!(part(&answer, "by").contains("采集人员"), "{answer}");
        city.check_life(spot);
    }
);

testdb::both_engines!(
    an_answer_made_of_the_record_cites_the_law_that_the_case_was_registered_under,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut new = city.cover("web");
        new.matter = Some(city.class("E0113"));
        new.contact.phone = Some("13800138000".into());
        let number = city.report("stranger", new).case.number;
        let looked = json!({ "act": "verify", "outcome": "yes" });
        done(&city, "collector", number, &[looked]);
        let desk = [
            json!({ "act": "accept" }),
            json!({ "act": "register", "rule": 1 }),
            json!({ "act": "dispatch" }),
        ];
        done(&city, "desk", number, &desk);
        let unit = [
            json!({ "act": "sign" }),
            json!({ "act": "report_back", "result": "已清除" }),
        ];
        done(&city, "clean", number, &unit);
        // The law of the catalogue changes: the case keeps the one it was registered under.
        city.revise("市容条例第十条", "市容条例第十二条");
        let check = [json!({ "act": "check", "passed": true })];
        done(&city, "checker", number, &check);
        let close = [json!({ "act": "close", "closing": "清除" })];
        let case = done(&city, "checker", number, &close);
        let answer = &case["answer"];
        assert_eq!(answer["from_record"], true);
        assert_eq!(
            answer["rule"], "依据立案标准 E0113。法律依据：市容条例第十条。",
            "the standard, then its law"
        );
        assert_eq!(answer["by"], "环卫公司");
        city.check_life(number);
    }
);

testdb::both_engines!(
    an_answer_that_nobody_wrote_is_read_before_it_goes_out_by_closing,
    &migrations(),
    |db| {
        let city = City::new(db);
        let passed = || json!({ "act": "check", "passed": true });
        let (number, _) = resident(&city);
        by_script(&city, number, State::PendingCheck);
        done(&city, "checker", number, &[passed()]);
        let close = || json!({ "act": "close", "closing": "更换" });
        let page = city.get("shift_leader", &format!("/cases/{number}")).text;
        assert!(
            page.contains("还没有人写答复") && page.contains("所选结案方式"),
            "the head reads what will go out: {page}"
        );
        let case = done(&city, "shift_leader", number, &[close()]);
        assert_eq!(case["answer"]["from_record"], true);
        let told = case["answer"]["done"].as_str().unwrap();
        assert!(told.contains("更换"), "{told}");
        // With a draft that waits, the form shows that one.
        let (other, _) = resident(&city);
        by_script(&city, other, State::PendingCheck);
        done(&city, "checker", other, &[passed()]);
        let draft = json!({ "act": "draft_answer", "done": "换了新井盖" });
        done(&city, "water", other, &[draft]);
        let page = city.get("shift_leader", &format!("/cases/{other}")).text;
        assert!(page.contains("结案即同意并发出这份拟答复"), "{page}");
        // Nobody asked for a patrol's finding: nothing goes out, and nothing is shown.
        let own = city.report("collector", city.cover("patrol")).case.number;
        by_script(&city, own, State::PendingCheck);
        done(&city, "checker", own, &[passed()]);
        let page = city.get("shift_leader", &format!("/cases/{own}")).text;
        assert!(!page.contains("还没有人写答复"), "{page}");
        city.check_life(number);
    }
);

testdb::both_engines!(a_city_may_demand_a_written_answer, &migrations(), |db| {
    let city = City::new(db);
    city.rule("cases.reopen_days", "7");
    city.rule("cases.answer_must_be_written", "yes");
    let (number, _) = resident(&city);
    by_script(&city, number, State::PendingCheck);
    done(
        &city,
        "checker",
        number,
        &[json!({ "act": "check", "passed": true })],
    );
    let close = || json!({ "act": "close", "closing": "更换" });
    assert_eq!(
        refused(&city, "shift_leader", number, close()),
        said("409 cases.not_answered")
    );
    done(
        &city,
        "water",
        number,
        &[json!({ "act": "draft_answer", "done": "已更换" })],
    );
    assert_eq!(
        refused(&city, "checker", number, close()),
        said("409 cases.not_approved")
    );
    done(
        &city,
        "water_lead",
        number,
        &[json!({ "act": "approve_answer" })],
    );
    done(&city, "checker", number, &[close()]);
    // Nobody asked for a patrol's finding.
    let own = city.report("collector", city.cover("patrol")).case.number;
    by_script(&city, own, State::Closed);
});

testdb::both_engines!(
    a_city_may_demand_that_a_head_agrees_to_what_the_desk_answers,
    &migrations(),
    |db| {
        let city = City::new(db);
        let refuse = || json!({ "act": "not_accept", "reason": "属于小区内部" });
        let draft = |kind: &str| json!({ "act": "draft_answer", "kind": kind, "done": "井盖在小区内，由物业负责" });
        // As delivered, the desk refuses by itself and the answer is made of the record.
        let (free, _) = resident(&city);
        let page = city.get("acceptor", &format!("/cases/{free}")).text;
        assert!(!page.contains("拟写答复"), "{page}");
        done(&city, "acceptor", free, &[refuse()]);
        city.rule("cases.answers_approved", "refused, direct");
        let (a, link) = resident(&city);
        assert_eq!(
            refused(&city, "acceptor", a, refuse()),
            said("409 cases.not_answered")
        );
        let page = city.get("acceptor", &format!("/cases/{a}")).text;
        assert!(
            page.contains("拟写答复") && page.contains("answer_kind"),
            "{page}"
        );
        done(&city, "acceptor", a, &[draft("refused")]);
        assert_eq!(
            refused(&city, "acceptor", a, refuse()),
            said("409 cases.not_approved")
        );
        let agree = || json!({ "act": "approve_answer" });
        let back = json!({ "act": "return_answer", "reason": "写明物业电话" });
        done(&city, "shift_leader", a, &[back]);
        assert_eq!(
            refused(&city, "desk", a, refuse()),
            said("409 cases.answer_returned")
        );
        done(&city, "acceptor", a, &[draft("refused")]);
        assert_eq!(
            refused(&city, "acceptor", a, agree()),
            said("403 access.refused")
        );
        done(&city, "shift_leader", a, &[agree()]);
        done(&city, "acceptor", a, &[refuse()]);
        // What was agreed to went out, with the doors that are open.
        let answer = &track(&city, &link)["answer"];
        assert_eq!(
            (&answer["kind"], &answer["from_record"]),
            (&json!("refused"), &json!(false))
        );
        let words = answer.to_string();
        assert!(
            words.contains("由物业负责") && words.contains("信访"),
            "{words}"
        );
        // A direct answer: whoever leads the shift agrees by answering, if another person wrote it.
        let (b, _) = resident(&city);
        done(
            &city,
            "acceptor",
            b,
            &[json!({ "act": "set_nature", "nature": "consultation" })],
        );
        let answers = || json!({ "act": "answer_directly", "done": "另一句话" });
        assert_eq!(
            refused(&city, "shift_leader", b, answers()),
            said("409 cases.not_answered")
        );
        done(&city, "acceptor", b, &[draft("direct")]);
        assert_eq!(
            refused(&city, "acceptor", b, answers()),
            said("409 cases.not_approved")
        );
        let ended = done(&city, "shift_leader", b, &[answers()]);
        assert!(
            ended["answer"]["done"]
                .as_str()
                .unwrap()
                .contains("由物业负责"),
            "{ended}"
        );
        // A draft for an end that did not come is no answer to what a unit does.
        let (c, _) = resident(&city);
        done(&city, "acceptor", c, &[draft("refused")]);
        by_script(&city, c, State::Closed);
        assert_eq!(shown(&city, c)["answer"]["from_record"], true);
        for number in [free, a, b, c] {
            city.check_life(number);
        }
    }
);

testdb::both_engines!(
    what_was_put_right_on_the_spot_can_be_answered_where_answers_are_written,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.rule("cases.answer_must_be_written", "yes");
        let mut new = city.cover("patrol");
        new.self_handled = Some("已扶正".into());
        let spot = city.report("collector", new).case.number;
        let (a, link) = resident(&city);
        done(
            &city,
            "acceptor",
            a,
            &[json!({ "act": "merge", "into": spot.to_string() })],
        );
        let confirm = || json!({ "act": "confirm_self_handling" });
        assert_eq!(
            refused(&city, "acceptor", spot, confirm()),
            said("409 cases.not_answered")
        );
        let draft = json!({ "act": "draft_answer", "done": "巡查员已当场扶正" });
        done(&city, "acceptor", spot, &[draft]);
        done(&city, "shift_leader", spot, &[confirm()]);
        let answer = &track(&city, &link)["answer"];
        assert!(
            answer["done"].as_str().unwrap().contains("当场扶正"),
            "{answer}"
        );
    }
);

testdb::both_engines!(
    the_first_receiver_does_not_pass_a_case_on_by_not_signing_for_it,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.rule("cases.first_receiver_leads", "yes");
        let back = || json!({ "act": "return", "reason": "不属于本单位" });
        let (number, _) = resident(&city);
        by_script(&city, number, State::PendingSign);
        // An objection is ruled on; after the ruling there is none.
        let objected = done(&city, "water", number, &[back()]);
        assert_eq!(objected["state"], "coordinating");
        let unit = city.unit("WATER").to_string();
        let rule = json!({ "act": "rule", "unit": unit, "reason": "管道归水务局" });
        done(&city, "desk", number, &[rule, json!({ "act": "dispatch" })]);
        assert_eq!(
            refused(&city, "water", number, back()),
            said("409 cases.ruled")
        );
        // What was signed for is led, also when it comes back by a reopening and waits to be signed for anew.
        let (number, _) = resident(&city);
        by_script(&city, number, State::PendingSign);
        done(&city, "water", number, &[json!({ "act": "sign" })]);
        assert_eq!(
            refused(&city, "water", number, back()),
            said("409 cases.first_receiver")
        );
        let result = json!({ "act": "report_back", "result": "已更换" });
        done(&city, "water", number, &[result]);
        let ends = [
            json!({ "act": "check", "passed": true }),
            json!({ "act": "close", "closing": "更换" }),
        ];
        done(&city, "checker", number, &ends[..1]);
        done(&city, "shift_leader", number, &ends[1..]);
        let again = json!({ "act": "reopen", "reason": "又松了" });
        assert_eq!(
            done(&city, "acceptor", number, &[again])["state"],
            "pending_sign"
        );
        assert_eq!(
            refused(&city, "water", number, back()),
            said("409 cases.first_receiver")
        );
    }
);

testdb::both_engines!(
    one_person_neither_asks_for_a_void_and_grants_it_nor_confirms_the_own_self_handling,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add_many_hats();
        let allowed = |number: CaseNumber, act: &str| {
            let seen = city.get("many_hats", &format!("/api/v1/cases/{number}"));
            let acts = seen.body["allowed"].as_array().unwrap();
            acts.contains(&json!(act))
        };
        let void = || json!({ "act": "void", "reason": "重复登记" });
        let ask = || json!({ "act": "request_void", "reason": "重复登记" });
        let late = city.case_at(State::Handling).number;
        city.clock.advance(30 * 24 * HOUR);
        // A unit has it: nobody takes it out of the figures alone.
        assert!(!allowed(late, "void"));
        assert_eq!(
            refused(&city, "many_hats", late, void()),
            said("409 cases.no_void_request")
        );
        done(&city, "many_hats", late, &[ask()]);
        assert!(!allowed(late, "void"));
        assert_eq!(
            refused(&city, "many_hats", late, void()),
            said("403 cases.same_person")
        );
        let path = format!("/api/v1/cases/{late}/acts");
        let both = city.post("many_hats", &path, &json!({ "acts": [ask(), void()] }));
        assert_eq!(both.status, 403, "{both:?}");
        done(&city, "shift_leader", late, &[void()]);
        city.check_life(late);
        // What was put right on the spot is confirmed by somebody else than whoever did it.
        let mut new = city.cover("patrol");
        new.self_handled = Some("已扶正".into());
        let spot = city.report("many_hats", new).case.number;
        let confirm = || json!({ "act": "confirm_self_handling" });
        assert!(!allowed(spot, "confirm_self_handling"));
        assert_eq!(
            refused(&city, "many_hats", spot, confirm()),
            said("403 cases.same_person")
        );
        done(&city, "acceptor", spot, &[confirm()]);
        city.check_life(spot);
    }
);

testdb::both_engines!(
    a_refusal_names_its_reason_and_the_doors_still_open,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, link) = resident(&city);
        let wrong = json!({ "act": "not_accept", "reason": "已在诉讼", "doors": ["no_such_door"] });
        assert_eq!(
            refused(&city, "acceptor", number, wrong),
            said("422 cases.unknown_code")
        );
        let refuse =
            json!({ "act": "not_accept", "reason": "已在诉讼", "doors": ["review", "petition"] });
        done(&city, "acceptor", number, &[refuse]);
        let seen = track(&city, &link);
        assert_eq!(seen["answer"]["kind"], "refused");
        assert_eq!(seen["answer"]["doors"], json!(["review", "petition"]));
        let next = seen["answer"]["next"].as_str().unwrap();
        assert!(next.contains("行政复议") && next.contains("信访") && !next.contains("仲裁"));
        assert!(
            seen["answer"]["done"]
                .as_str()
                .unwrap()
                .contains("已在诉讼")
        );
        // The page of the requester says it too, in plain words.
        let page = city.get("stranger", &format!("/track/link/{link}"));
        assert!(
            page.text.contains("已在诉讼") && page.text.contains("行政复议"),
            "{}",
            page.text
        );
        // Without a choice all doors are named.
        let (number, link) = resident(&city);
        done(
            &city,
            "acceptor",
            number,
            &[json!({ "act": "not_accept", "reason": "无权处理" })],
        );
        assert_eq!(
            track(&city, &link)["answer"]["doors"]
                .as_array()
                .unwrap()
                .len(),
            7
        );
    }
);

testdb::both_engines!(
    a_consultation_is_answered_at_the_desk_and_a_complaint_is_not,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut new = city.cover("hotline");
        new.contact.name = Some("王小二".into());
        new.nature = Some("no_such".into());
        let ctx = city.ctx("acceptor");
        let wrong = city.run(ops::report(&ctx, new.clone()));
        assert!(matches!(wrong, Err(CaseError::Field { field, .. }) if field == "nature"));
        new.nature = Some("complaint".into());
        let receipt = city.report("acceptor", new);
        let (number, link) = (receipt.case.number, receipt.link);
        let reply =
            || json!({ "act": "answer_directly", "done": "井盖由水务局负责，可拨打 12345" });
        assert_eq!(
            refused(&city, "acceptor", number, reply()),
            said("422 cases.not_direct")
        );
        assert_eq!(refused(&city, "dispatcher", number, reply()).0, 403);
        done(
            &city,
            "acceptor",
            number,
            &[json!({ "act": "set_nature", "nature": "consultation" })],
        );
        let case = done(&city, "acceptor", number, &[reply()]);
        assert_eq!(case["state"], "answered_directly");
        assert_eq!(case["dispatched_at"], Value::Null, "no unit worked on it");
        let seen = track(&city, &link);
        assert_eq!(
            (&seen["answer"]["kind"], &seen["may_rate"]),
            (&json!("direct"), &json!(true))
        );
        assert_eq!(calls(&city, "acceptor"), [number.to_string()]);
        // Not content: the desk looks at it again.
        let decided = "SELECT count(*) FROM case_measures WHERE accept_done = closed_at AND accept_from = closed_at";
        assert_eq!(city.count(decided), 1, "a decision on acceptance");
        let (status, seen) = by_link(&city, &link, "reopen", &json!({ "reason": "没有说谁来修" }));
        assert_eq!((status, &seen["state"]), (200, &json!("pending_accept")));
        city.check_life(number);
    }
);

testdb::both_engines!(
    a_tip_off_is_confidential_from_the_moment_its_nature_is_known,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, _) = resident(&city);
        let before = city.get("acceptor", &format!("/api/v1/cases/{number}/requester"));
        assert_ne!(before.body["phone"], "");
        done(
            &city,
            "acceptor",
            number,
            &[json!({ "act": "set_nature", "nature": "tip" })],
        );
        let after = city.get("acceptor", &format!("/api/v1/cases/{number}/requester"));
        assert_eq!(
            (&after.body["phone"], &after.body["confidential"]),
            (&json!(""), &json!(true))
        );
        assert_eq!(shown(&city, number)["confidential"], true);
        // What was promised is not taken back, and it is not answered away at the desk.
        done(
            &city,
            "acceptor",
            number,
            &[json!({ "act": "set_nature", "nature": "consultation" })],
        );
        assert_eq!(shown(&city, number)["confidential"], true);
        let reply = json!({ "act": "answer_directly", "done": "谢谢" });
        assert_eq!(
            refused(&city, "acceptor", number, reply),
            said("422 cases.not_direct")
        );
        // The unit gets the facts and asks by relay.
        by_script(&city, number, State::PendingSign);
        done(
            &city,
            "water",
            number,
            &[
                json!({ "act": "sign" }),
                json!({ "act": "ask_requester", "question": "是哪一个井盖？" }),
            ],
        );
        let life = city
            .get("water", &format!("/api/v1/cases/{number}/events"))
            .text;
        assert!(
            !life.contains("13800138000") && !life.contains("subject"),
            "{life}"
        );
        assert_eq!(
            city.get("water", &format!("/api/v1/cases/{number}/requester"))
                .status,
            403
        );
        city.check_life(number);
    }
);

testdb::both_engines!(
    a_requester_answers_the_unit_by_the_link_and_the_clock_goes_on,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, link) = resident(&city);
        by_script(&city, number, State::PendingSign);
        let answer = |text: &str| by_link(&city, &link, "answer", &json!({ "text": text }));
        let early = answer("东门");
        assert_eq!(early.0, 409, "nobody asked: {}", early.1);
        let ask = json!({ "act": "ask_requester", "question": "哪个门？" });
        done(&city, "water", number, &[json!({ "act": "sign" }), ask]);
        assert_eq!(shown(&city, number)["state"], "waiting");
        assert_eq!(track(&city, &link)["question"], "哪个门？");
        let wrong = by_link(&city, &"0".repeat(64), "answer", &json!({ "text": "东门" }));
        assert_eq!(
            (wrong.0, &wrong.1["code"]),
            (404, &json!("cases.wrong_code"))
        );
        let (status, seen) = answer("东门，13912345678");
        assert_eq!((status, &seen["question"]), (200, &Value::Null), "{seen}");
        assert_eq!(shown(&city, number)["state"], "handling");
        let life = city.get("water", &format!("/api/v1/cases/{number}/events"));
        assert!(life.text.contains("东门") && !life.text.contains("13912345678"));
        assert_eq!(answer("西门").0, 409, "answered already");
        city.check_life(number);
    }
);

testdb::both_engines!(
    a_requester_rates_twice_and_the_unit_reads_what_is_missing_and_not_who,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, link) = resident(&city);
        let rating = |how: &str| json!({ "contacted": false, "solved": false, "satisfaction": how, "missing": ["half_done"], "note": "我是隔壁老王" });
        assert_eq!(
            by_link(&city, &link, "rate", &rating("dissatisfied")).0,
            409,
            "not over yet"
        );
        by_script(&city, number, State::Closed);
        let unknown = json!({ "satisfaction": "dissatisfied", "missing": ["everything"] });
        assert_eq!(by_link(&city, &link, "rate", &unknown).0, 422);
        assert_eq!(
            by_link(&city, &link, "rate", &json!({ "satisfaction": "great" })).0,
            422
        );
        assert_eq!(
            by_link(&city, &link, "rate", &rating("dissatisfied")).0,
            200
        );
        let (status, seen) = by_link(&city, &link, "rate", &rating("acceptable"));
        assert_eq!(
            (status, &seen["call_back"]["satisfaction"]),
            (200, &json!("acceptable"))
        );
        for _ in 0..3 {
            assert_eq!(by_link(&city, &link, "rate", &rating("acceptable")).0, 200);
        }
        assert_eq!(
            by_link(&city, &link, "rate", &rating("acceptable")).0,
            409,
            "five are enough"
        );
        let ratings = |login: &str| -> Vec<Value> {
            let life = city
                .get(login, &format!("/api/v1/cases/{number}/events"))
                .body;
            let events = life["events"].as_array().unwrap().iter();
            events
                .filter(|e| e["event"] == "called_back")
                .cloned()
                .collect()
        };
        assert_eq!(
            ratings("desk").len(),
            5,
            "a changed rating is a second fact"
        );
        assert_eq!(ratings("desk")[0]["by"], "stranger");
        for seen in ratings("water") {
            assert_eq!(
                (&seen["by"], &seen["account"]),
                (&json!("hidden"), &Value::Null)
            );
            assert_eq!(seen["data"]["missing"], json!(["half_done"]));
            assert!(!seen.to_string().contains("老王"), "{seen}");
        }
        let page = city.get("water", &format!("/cases/{number}")).text;
        assert!(
            page.contains("只解决了一部分") && !page.contains("老王"),
            "{page}"
        );
        assert!(
            calls(&city, "acceptor").is_empty(),
            "said by the link, so nobody calls"
        );
        city.check_life(number);
    }
);

testdb::both_engines!(
    the_handling_unit_never_calls_back_nor_staff_rate,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, _) = resident(&city);
        by_script(&city, number, State::Closed);
        let call = || json!({ "act": "call_back", "contacted": true, "solved": true, "satisfaction": "satisfied" });
        assert_eq!(
            refused(&city, "water_checker", number, call()),
            said("403 cases.own_unit")
        );
        assert!(
            calls(&city, "water_checker").is_empty(),
            "nor is it listed for its people"
        );
        assert_eq!(calls(&city, "checker"), [number.to_string()]);
        // There is no act by which staff could rate in a requester's place.
        assert_eq!(
            refused(
                &city,
                "desk",
                number,
                json!({ "act": "rate", "satisfaction": "satisfied" })
            )
            .0,
            422
        );
        done(&city, "checker", number, &[call()]);
        assert!(calls(&city, "checker").is_empty());
    }
);

testdb::both_engines!(
    what_a_requester_said_in_person_is_not_overwritten_by_the_desk,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, link) = resident(&city);
        by_script(&city, number, State::Closed);
        let call =
            |how: &str| json!({ "act": "call_back", "contacted": true, "satisfaction": how });
        // The desk may put right what the desk wrote down, until the person says it.
        done(&city, "checker", number, &[call("acceptable")]);
        done(&city, "checker", number, &[call("satisfied")]);
        let own = json!({ "contacted": false, "solved": false, "satisfaction": "dissatisfied" });
        assert_eq!(by_link(&city, &link, "rate", &own).0, 200);
        assert_eq!(
            refused(&city, "checker", number, call("satisfied")),
            said("409 cases.said_in_person")
        );
        let case = city.get("desk", &format!("/api/v1/cases/{number}")).body;
        assert_eq!(case["call_back"]["satisfaction"], json!("dissatisfied"));
        // Another round is another call.
        done(
            &city,
            "desk",
            number,
            &[json!({ "act": "reopen", "reason": "没有修好" })],
        );
        let unit = [
            json!({ "act": "sign" }),
            json!({ "act": "report_back", "result": "又修了" }),
        ];
        done(&city, "water", number, &unit);
        let check = [
            json!({ "act": "check", "passed": true }),
            json!({ "act": "close", "closing": "更换" }),
        ];
        done(&city, "checker", number, &check[..1]);
        done(&city, "shift_leader", number, &check[1..]);
        done(&city, "checker", number, &[call("satisfied")]);
        city.check_life(number);
    }
);

testdb::both_engines!(
    the_handling_unit_ends_its_own_case_by_no_move,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add_two_hats();
        let void = || json!({ "act": "void", "reason": "重复登记" });
        for state in [
            State::PendingSign,
            State::Handling,
            State::PendingCheck,
            State::PendingClose,
        ] {
            let number = city.case_at(state).number;
            assert_eq!(
                refused(&city, "two_hats", number, void()),
                said("403 cases.own_unit"),
                "{state}"
            );
            // It may ask; somebody else decides.
            let ask = json!({ "act": "request_void", "reason": "重复登记" });
            done(&city, "two_hats", number, &[ask]);
            let refuse = json!({ "act": "refuse_void", "reason": "不重复" });
            assert_eq!(
                refused(&city, "two_hats", number, refuse),
                said("403 cases.own_unit"),
                "{state}"
            );
            done(&city, "shift_leader", number, &[void()]);
        }
    }
);

testdb::both_engines!(
    a_reopened_case_reaches_its_unit_with_a_deadline_and_the_first_round_stays,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, link) = resident(&city);
        by_script(&city, number, State::PendingSign);
        city.clock.advance(30 * HOUR);
        done(
            &city,
            "water",
            number,
            &[
                json!({ "act": "sign" }),
                json!({ "act": "report_back", "result": "已更换" }),
            ],
        );
        done(
            &city,
            "checker",
            number,
            &[
                json!({ "act": "check", "passed": true }),
                json!({ "act": "close", "closing": "更换" }),
            ],
        );
        let first = shown(&city, number);
        assert_eq!(first["is_late"], true);
        assert_eq!(
            by_link(&city, &link, "reopen", &json!({ "reason": " " })).0,
            422
        );
        let (status, seen) = by_link(
            &city,
            &link,
            "reopen",
            &json!({ "reason": "又松了，请打 13912345678" }),
        );
        assert_eq!(
            (status, &seen["state"]),
            (200, &json!("pending_sign")),
            "{seen}"
        );
        let case = shown(&city, number);
        assert_eq!(case["unit"]["name"], "水务局");
        assert!(
            case["due_at"].as_str() > first["due_at"].as_str(),
            "a new limit from now"
        );
        let round = &case["reopened"][0];
        assert_eq!(
            (
                &round["due_at"],
                &round["handled_at"],
                &round["closed_at"],
                &round["is_late"]
            ),
            (
                &first["due_at"],
                &first["handled_at"],
                &first["closed_at"],
                &json!(true)
            )
        );
        assert!(!case.to_string().contains("13912345678"));
        let table = city.get("water", "/unit").text;
        assert!(table.contains(&number.to_string()) && table.contains("重新办理"));
        done(
            &city,
            "water",
            number,
            &[
                json!({ "act": "sign" }),
                json!({ "act": "report_back", "result": "已加固" }),
            ],
        );
        done(
            &city,
            "checker",
            number,
            &[
                json!({ "act": "check", "passed": true }),
                json!({ "act": "close", "closing": "更换" }),
            ],
        );
        assert!(
            track(&city, &link)["answer"]["done"]
                .as_str()
                .unwrap()
                .contains("已加固"),
            "answered again"
        );
        // By phone, at the desk; then twice is enough.
        done(
            &city,
            "acceptor",
            number,
            &[json!({ "act": "reopen", "reason": "来电说还是松" })],
        );
        assert_eq!(
            shown(&city, number)["reopened"].as_array().unwrap().len(),
            2
        );
        done(
            &city,
            "water",
            number,
            &[
                json!({ "act": "sign" }),
                json!({ "act": "report_back", "result": "已换新" }),
            ],
        );
        done(
            &city,
            "checker",
            number,
            &[
                json!({ "act": "check", "passed": true }),
                json!({ "act": "close", "closing": "更换" }),
            ],
        );
        assert_eq!(
            by_link(&city, &link, "reopen", &json!({ "reason": "还是松" })).0,
            409
        );
        city.check_life(number);

        // Too late, nobody who asked, and not by the unit.
        let (late, link) = resident(&city);
        by_script(&city, late, State::Closed);
        assert_eq!(
            refused(
                &city,
                "water",
                late,
                json!({ "act": "reopen", "reason": "x" })
            )
            .0,
            403
        );
        city.clock.advance(16 * DAY);
        assert_eq!(
            by_link(&city, &link, "reopen", &json!({ "reason": "又松了" })).0,
            409
        );
        assert_eq!(track(&city, &link)["reopen_until"], Value::Null);
        let own = city.report("collector", city.cover("patrol")).case.number;
        by_script(&city, own, State::Closed);
        assert_eq!(
            refused(
                &city,
                "acceptor",
                own,
                json!({ "act": "reopen", "reason": "x" })
            ),
            said("409 cases.no_requester")
        );
    }
);

testdb::both_engines!(
    an_appeal_is_reviewed_by_two_others_and_leaves_the_raw_fact,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.report("collector", city.cover("patrol")).case.number;
        by_script(&city, number, State::PendingSign);
        let appeal = || json!({ "act": "lodge_appeal", "count": "late", "reason": "停水抢修", "evidence": "3 月 16 日停水公告" });
        assert_eq!(
            refused(&city, "water", number, appeal()),
            said("409 cases.not_now"),
            "only after closing"
        );
        city.clock.advance(30 * HOUR);
        done(
            &city,
            "water",
            number,
            &[
                json!({ "act": "sign" }),
                json!({ "act": "report_back", "result": "已更换" }),
            ],
        );
        done(
            &city,
            "checker",
            number,
            &[
                json!({ "act": "check", "passed": true }),
                json!({ "act": "close", "closing": "更换" }),
            ],
        );
        let before = shown(&city, number);
        assert_eq!(
            refused(&city, "desk", number, appeal()).0,
            403,
            "only the unit"
        );
        assert_eq!(
            refused(&city, "clean", number, appeal()).0,
            404,
            "and no other"
        );
        let none =
            json!({ "act": "lodge_appeal", "count": "rework", "reason": "x", "evidence": "y" });
        assert_eq!(
            refused(&city, "water", number, none),
            said("409 cases.nothing_to_appeal")
        );
        let bare = json!({ "act": "lodge_appeal", "count": "late", "reason": "停水抢修" });
        assert_eq!(
            refused(&city, "water", number, bare),
            said("422 cases.missing")
        );
        let noise =
            json!({ "act": "lodge_appeal", "count": "noise", "reason": "x", "evidence": "y" });
        assert_eq!(
            refused(&city, "water", number, noise),
            said("422 cases.unknown_code")
        );
        done(&city, "water", number, &[appeal()]);
        let grant = || json!({ "act": "grant_appeal" });
        assert_eq!(
            refused(&city, "acceptor", number, grant()),
            said("409 cases.not_endorsed")
        );
        let ctx = city.ctx("dispatcher");
        let waiting = |ctx: &access::Ctx| -> Vec<Case> {
            city.run(ops::reviews(ctx, PageSize::default(), None))
                .unwrap()
                .items
        };
        assert_eq!(waiting(&ctx).len(), 1);
        done(&city, "desk", number, &[json!({ "act": "endorse_appeal" })]);
        assert!(waiting(&ctx).is_empty());
        assert_eq!(
            refused(&city, "desk", number, grant()),
            said("403 cases.same_person")
        );
        let case = done(&city, "acceptor", number, &[grant()]);
        assert_eq!(case["exempt"], json!(["late"]));
        for raw in [
            "is_late",
            "due_at",
            "handled_at",
            "closed_at",
            "light",
            "reworks",
        ] {
            assert_eq!(case[raw], before[raw], "{raw} stays");
        }
        assert_eq!(
            refused(&city, "water", number, appeal()),
            said("409 cases.used_up"),
            "once per case"
        );
        // Both stand beside one another on the page, and the list has the flag.
        let page = city.get("desk", &format!("/cases/{number}")).text;
        assert!(page.contains("超期") && page.contains("免责"), "{page}");
        assert!(city.get("desk", "/desk?state=closed").text.contains("免责"));
        assert_eq!(
            city.get("desk", "/api/v1/cases?state=closed").body["items"][0]["exempt"],
            json!(["late"])
        );
        let stored = city.run(ops::find(&city.ctx("desk"), number)).unwrap();
        assert_eq!(stored.record.appeal.unwrap().stage, AppealStage::Granted);
        city.check_life(number);
    }
);

testdb::both_engines!(
    a_round_that_was_late_may_still_be_appealed_when_the_next_one_was_in_time,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, link) = resident(&city);
        by_script(&city, number, State::PendingSign);
        city.clock.advance(30 * HOUR);
        let handle = || {
            let unit = [
                json!({ "act": "sign" }),
                json!({ "act": "report_back", "result": "已更换" }),
            ];
            let check = [
                json!({ "act": "check", "passed": true }),
                json!({ "act": "close", "closing": "更换" }),
            ];
            done(&city, "water", number, &unit);
            done(&city, "checker", number, &check);
        };
        handle();
        let reopen = json!({ "reason": "又松了" });
        assert_eq!(by_link(&city, &link, "reopen", &reopen).0, 200);
        handle();
        // The last round was in time; that the first one was not counts for ever.
        let case = shown(&city, number);
        assert_eq!(
            (&case["is_late"], &case["was_late_before"]),
            (&json!(false), &json!(true))
        );
        let counted = || city.count("SELECT late_before FROM case_measures");
        assert_eq!(counted(), 1);
        assert!(
            city.get("water", &format!("/cases/{number}"))
                .text
                .contains(&format!("/cases/{number}/lodge-appeal")),
            "the form is offered"
        );
        // Against it goes the unit that was late, or whoever took over its work; no other is helped by it.
        let stored = city.run(ops::find(&city.ctx("desk"), number)).unwrap();
        let other = Case {
            unit: Some(city.unit("CLEAN")),
            ..stored.clone()
        };
        let late = |case: &Case, took_over: &[_]| appealed_round(case, "late", took_over);
        assert_eq!((late(&stored, &[]), late(&other, &[])), (Some(0), None));
        assert_eq!(late(&other, &[city.unit("WATER")]), Some(0));
        let appeal = json!({ "act": "lodge_appeal", "count": "late", "reason": "停水抢修", "evidence": "停水通知" });
        let case = done(&city, "water", number, &[appeal]);
        assert_eq!(case["appeal"]["round"], 0);
        done(&city, "desk", number, &[json!({ "act": "endorse_appeal" })]);
        let case = done(
            &city,
            "acceptor",
            number,
            &[json!({ "act": "grant_appeal" })],
        );
        assert_eq!(
            (&case["exempt"], &case["reopened"][0]["exempt"]),
            (&json!([]), &json!(["late"])),
            "it is that round which is exempt"
        );
        assert_eq!(case["reopened"][0]["is_late"], true, "and the fact stays");
        assert_eq!(counted(), 2, "and its lateness with it in the figures");
        city.check_life(number);
        city.replays();
    }
);

testdb::both_engines!(
    a_call_back_is_left_out_only_when_another_person_agrees,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, link) = resident(&city);
        by_script(&city, number, State::Closed);
        let ask = || json!({ "act": "ask_exclusion", "reason": "in_court", "words": "一审中" });
        assert_eq!(
            refused(&city, "water_lead", number, ask()),
            said("409 cases.not_rated")
        );
        let rating =
            json!({ "satisfaction": "dissatisfied", "solved": false, "missing": ["not_done"] });
        assert_eq!(by_link(&city, &link, "rate", &rating).0, 200);
        let free = json!({ "act": "ask_exclusion", "reason": "we_do_not_like_it" });
        assert_eq!(
            refused(&city, "water_lead", number, free),
            said("422 cases.unknown_code")
        );
        done(&city, "desk", number, &[ask()]);
        let grant = || json!({ "act": "grant_exclusion" });
        assert_eq!(
            refused(&city, "desk", number, grant()),
            said("403 cases.same_person")
        );
        let case = done(&city, "leader", number, &[grant()]);
        assert_eq!(
            case["exclusion"],
            json!({ "reason": "in_court", "words": "一审中", "granted": true })
        );
        assert_eq!(
            case["call_back"]["satisfaction"], "dissatisfied",
            "the rating stays"
        );
        let page = city.get("desk", &format!("/cases/{number}")).text;
        assert!(page.contains("不计入三率"), "{page}");
        city.check_life(number);
        // Whoever said it is told, and why; what is said anew counts, and may be reviewed in its own right.
        assert_eq!(track(&city, &link)["left_out"], "in_court");
        let own = city.get("stranger", &format!("/track/link/{link}")).text;
        assert!(
            own.contains("不计入三率") || own.contains("counts in no rate"),
            "{own}"
        );
        let excluded = "SELECT count(*) FROM case_measures WHERE excluded = 1";
        assert_eq!(city.count(excluded), 1);
        let rating = json!({ "satisfaction": "dissatisfied", "solved": false });
        assert_eq!(by_link(&city, &link, "rate", &rating).0, 200);
        assert_eq!(shown(&city, number)["exclusion"], Value::Null);
        assert_eq!(track(&city, &link)["left_out"], Value::Null);
        assert_eq!(city.count(excluded), 0);
        done(&city, "desk", number, &[ask()]);
        done(&city, "leader", number, &[grant()]);
        assert_eq!(track(&city, &link)["left_out"], "in_court");
        city.check_life(number);
    }
);

testdb::both_engines!(
    the_requesters_name_stays_out_of_whatever_is_written_about_the_case,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut new = city.cover("web");
        new.description = "我叫李举报，井盖缺失".into();
        new.confidential = true;
        new.contact.name = Some("李举报".into());
        new.contact.phone = Some("13800138000".into());
        new.contact.email = Some("li.jubao@example.com".into());
        let receipt = city.report("stranger", new);
        let (number, link) = (receipt.case.number, receipt.link);
        let words = "我是李举报，写信到li.jubao@example.com，电话13800138000";
        by_script(&city, number, State::PendingSign);
        done(
            &city,
            "water",
            number,
            &[
                json!({ "act": "sign" }),
                json!({ "act": "ask_requester", "question": words }),
            ],
        );
        let said = json!({ "text": words });
        let ctx = city.ctx("stranger");
        let proof = ops::Proof::Link {
            token: &link,
            client: None,
        };
        city.run(ops::answer(&ctx, proof, words)).unwrap();
        assert_eq!(by_link(&city, &link, "messages", &said).0, 200);
        let result = json!({ "act": "report_back", "result": words });
        let note = json!({ "act": "note", "text": words });
        done(&city, "water", number, &[result, note]);
        done(
            &city,
            "checker",
            number,
            &[json!({ "act": "check", "passed": true, "note": words })],
        );
        let close = json!({ "act": "close", "closing": "更换" });
        done(&city, "shift_leader", number, &[close]);
        let rating = json!({ "satisfaction": "dissatisfied", "solved": false, "note": words });
        assert_eq!(by_link(&city, &link, "rate", &rating).0, 200);
        let again = json!({ "reason": words });
        assert_eq!(by_link(&city, &link, "reopen", &again).0, 200);
        // Nothing outside the vault has the name, the address or the number, whoever wrote it.
        for table in [
            "SELECT count(*) FROM case_events WHERE fact LIKE '%李举报%' OR fact LIKE '%jubao%' OR fact LIKE '%13800138000%'",
            "SELECT count(*) FROM cases WHERE body LIKE '%李举报%' OR body LIKE '%jubao%' OR body LIKE '%13800138000%'",
        ] {
            assert_eq!(city.count(table), 0, "{table}");
        }
        let life = city.get("water", &format!("/api/v1/cases/{number}/events"));
        assert!(life.text.contains("李**"), "{life:?}");
        city.check_life(number);
    }
);

testdb::both_engines!(
    a_merge_keeps_every_requester_and_each_is_answered_and_called,
    &migrations(),
    |db| {
        let city = City::new(db);
        // The surviving case is a patrol's finding: nobody had asked for it.
        let main = city.report("collector", city.cover("patrol")).case.number;
        let (a, link_a) = resident(&city);
        let (b, link_b) = resident(&city);
        let (c, link_c) = resident(&city);
        let merge = |into: CaseNumber| json!({ "act": "merge", "into": into.to_string() });
        done(&city, "acceptor", a, &[merge(b)]);
        done(&city, "acceptor", b, &[merge(main)]);
        // Into a merged one: it goes where that one went.
        let case = done(&city, "acceptor", c, &[merge(a)]);
        assert_eq!(case["merged_into"], main.to_string());
        assert_eq!(
            refused(&city, "acceptor", main, merge(a)),
            said("422 cases.merge_cycle")
        );
        assert_eq!(
            refused(&city, "acceptor", main, merge(main)),
            said("422 cases.merge_cycle")
        );
        let voices = |number: CaseNumber| -> Vec<(String, bool)> {
            let found = city
                .get("acceptor", &format!("/api/v1/cases/{number}/voices"))
                .body;
            let voices = found["voices"].as_array().unwrap().iter();
            let mut found: Vec<(String, bool)> = voices
                .map(|v| {
                    (
                        v["number"].as_str().unwrap().to_owned(),
                        v["is_due"].as_bool().unwrap(),
                    )
                })
                .collect();
            found.sort();
            found
        };
        let all = [a, b, c].map(|n| n.to_string());
        assert_eq!(voices(main), all.clone().map(|n| (n, false)));
        assert!(calls(&city, "acceptor").is_empty(), "nothing is over yet");
        assert_eq!(
            by_link(
                &city,
                &link_a,
                "rate",
                &json!({ "satisfaction": "satisfied" })
            )
            .0,
            409
        );
        by_script(&city, main, State::Closed);
        assert_eq!(voices(main), all.clone().map(|n| (n, true)));
        let mut due = calls(&city, "acceptor");
        due.sort();
        assert_eq!(due, all);
        for link in [&link_a, &link_b, &link_c] {
            let seen = track(&city, link);
            assert!(
                seen["answer"]["done"]
                    .as_str()
                    .unwrap()
                    .contains("已更换井盖"),
                "{seen}"
            );
            assert_eq!(seen["may_rate"], true);
        }
        // The unit of the surviving case calls nobody, whichever case it is.
        let call = json!({ "act": "call_back", "satisfaction": "satisfied" });
        assert!(calls(&city, "water_checker").is_empty());
        assert_eq!(
            refused(&city, "water_checker", a, call.clone()),
            said("403 cases.own_unit")
        );
        done(&city, "acceptor", a, &[call]);
        let rating = json!({ "satisfaction": "dissatisfied", "missing": ["came_back"] });
        assert_eq!(by_link(&city, &link_b, "rate", &rating).0, 200);
        assert_eq!(calls(&city, "acceptor"), [c.to_string()]);
        // The unit reads what is missing on its own case, without a word about who.
        let page = city.get("water", &format!("/cases/{main}")).text;
        assert!(
            page.contains("问题又出现了") && !page.contains("不满意</"),
            "{page}"
        );
        // One of them is not content: the case that went on goes on again.
        let (status, seen) = by_link(&city, &link_c, "reopen", &json!({ "reason": "又缺了" }));
        assert_eq!(
            (status, &seen["registered_at"].is_string()),
            (200, &true),
            "{seen}"
        );
        assert_eq!(shown(&city, main)["state"], "pending_sign");
        for number in [main, a, b, c] {
            city.check_life(number);
        }
    }
);

testdb::both_engines!(undoing_a_merge_restores_both_sides, &migrations(), |db| {
    let city = City::new(db);
    let main = city.report("collector", city.cover("patrol")).case.number;
    let (a, link) = resident(&city);
    done(
        &city,
        "acceptor",
        a,
        &[json!({ "act": "merge", "into": main.to_string() })],
    );
    assert_eq!(shown(&city, main)["joined"], json!([a.to_string()]));
    assert_eq!(shown(&city, main)["answer_owed"], true);
    done(&city, "acceptor", a, &[json!({ "act": "unmerge" })]);
    assert_eq!(shown(&city, main)["joined"], json!([]));
    assert_eq!(shown(&city, main)["answer_owed"], false);
    assert_eq!(shown(&city, a)["state"], "pending_verify");
    // Into one that is over already: the answer goes out at once.
    by_script(&city, main, State::Closed);
    done(
        &city,
        "acceptor",
        a,
        &[json!({ "act": "merge", "into": main.to_string() })],
    );
    let seen = track(&city, &link);
    assert!(
        seen["answer"]["done"].as_str().unwrap().contains("更换"),
        "{seen}"
    );
    assert_eq!(calls(&city, "acceptor"), [a.to_string()]);
    city.check_life(main);
    city.check_life(a);
});

testdb::both_engines!(
    whoever_is_merged_is_answered_and_called_however_the_other_case_ends,
    &migrations(),
    |db| {
        let city = City::new(db);
        let merge = |from: CaseNumber, into: CaseNumber| {
            let merge = json!({ "act": "merge", "into": into.to_string() });
            done(&city, "acceptor", from, &[merge]);
        };
        // Void after the merge.
        let void = city.report("collector", city.cover("patrol")).case.number;
        let (a, link_a) = resident(&city);
        merge(a, void);
        let voids = json!({ "act": "void", "reason": "测试录入" });
        done(&city, "shift_leader", void, &[voids]);
        assert_eq!(track(&city, &link_a)["answer"]["kind"], "ended");
        // Refused before the merge, and nobody had asked: the answer goes out now, with the reason and the doors.
        let refused = city.report("collector", city.cover("patrol")).case.number;
        let refuses = json!({ "act": "not_accept", "reason": "属于小区内部" });
        done(&city, "acceptor", refused, &[refuses]);
        let (b, link_b) = resident(&city);
        merge(b, refused);
        let answer = &track(&city, &link_b)["answer"];
        assert_eq!(answer["kind"], "refused");
        let words = answer.to_string();
        assert!(words.contains("属于小区内部"), "{words}");
        assert!(words.contains("信访") && words.contains("110"), "{words}");
        // The case it went into takes longer than a call-back may wait.
        let slow = city.report("collector", city.cover("patrol")).case.number;
        let (c, _) = resident(&city);
        merge(c, slow);
        let mut due = calls(&city, "acceptor");
        due.sort();
        assert_eq!(due, [a, b].map(|n| n.to_string()));
        city.clock.advance(120 * DAY);
        assert!(calls(&city, "acceptor").is_empty(), "too long ago");
        by_script(&city, slow, State::Closed);
        assert_eq!(calls(&city, "acceptor"), [c.to_string()]);
        for number in [void, refused, slow, a, b, c] {
            city.check_life(number);
        }
    }
);

testdb::both_engines!(
    whoever_was_called_is_called_again_after_a_reopening_or_a_merge_undone,
    &migrations(),
    |db| {
        let city = City::new(db);
        let main = city.report("collector", city.cover("patrol")).case.number;
        let (a, link) = resident(&city);
        let (b, _) = resident(&city);
        for number in [a, b] {
            let merge = json!({ "act": "merge", "into": main.to_string() });
            done(&city, "acceptor", number, &[merge]);
        }
        by_script(&city, main, State::Closed);
        let call = json!({ "act": "call_back", "satisfaction": "dissatisfied" });
        for number in [a, b] {
            done(&city, "acceptor", number, std::slice::from_ref(&call));
        }
        assert!(calls(&city, "acceptor").is_empty());
        let reopen = json!({ "reason": "又缺了" });
        assert_eq!(by_link(&city, &link, "reopen", &reopen).0, 200);
        assert!(calls(&city, "acceptor").is_empty(), "it goes on");
        // One of them is taken out: it is another matter after all, and will be called about that.
        done(&city, "acceptor", b, &[json!({ "act": "unmerge" })]);
        done(
            &city,
            "water",
            main,
            &[
                json!({ "act": "sign" }),
                json!({ "act": "report_back", "result": "换了新的" }),
            ],
        );
        done(
            &city,
            "checker",
            main,
            &[
                json!({ "act": "check", "passed": true }),
                json!({ "act": "close", "closing": "更换" }),
            ],
        );
        assert_eq!(calls(&city, "acceptor"), [a.to_string()]);
        by_script(&city, b, State::Closed);
        let mut due = calls(&city, "acceptor");
        due.sort();
        assert_eq!(due, [a, b].map(|n| n.to_string()));
        // What was said stays in the life.
        let life = city
            .get("acceptor", &format!("/api/v1/cases/{a}/events"))
            .text;
        assert!(
            life.contains("dissatisfied") && life.contains("call_renewed"),
            "{life}"
        );
        for number in [main, a, b] {
            city.check_life(number);
        }
        city.replays();
    }
);

testdb::both_engines!(
    undoing_one_merge_of_several_tells_the_case_at_the_end,
    &migrations(),
    |db| {
        let city = City::new(db);
        let main = city.report("collector", city.cover("patrol")).case.number;
        let between = city.report("collector", city.cover("patrol")).case.number;
        let (a, _) = resident(&city);
        for (from, into) in [(a, between), (between, main)] {
            let merge = json!({ "act": "merge", "into": into.to_string() });
            done(&city, "acceptor", from, &[merge]);
        }
        assert_eq!(shown(&city, main)["answer_owed"], true);
        done(&city, "acceptor", a, &[json!({ "act": "unmerge" })]);
        assert_eq!(
            shown(&city, main)["answer_owed"],
            false,
            "nobody asks there any more"
        );
        assert_eq!(shown(&city, main)["joined"], json!([between.to_string()]));
        // Called about the end of one case, and taken out with the case between, whose matter goes on.
        let merge = json!({ "act": "merge", "into": between.to_string() });
        done(&city, "acceptor", between, &[json!({ "act": "unmerge" })]);
        done(&city, "acceptor", a, &[merge]);
        let merge = json!({ "act": "merge", "into": main.to_string() });
        done(&city, "acceptor", between, &[merge]);
        by_script(&city, main, State::Closed);
        let call = json!({ "act": "call_back", "satisfaction": "satisfied" });
        done(&city, "acceptor", a, &[call]);
        assert!(calls(&city, "acceptor").is_empty());
        done(&city, "acceptor", between, &[json!({ "act": "unmerge" })]);
        by_script(&city, between, State::Closed);
        assert_eq!(calls(&city, "acceptor"), [a.to_string()]);
        for number in [main, between, a] {
            city.check_life(number);
        }
    }
);

testdb::both_engines!(
    a_contact_that_names_no_nature_is_taken_for_the_usual_one_until_the_desk_says,
    &migrations(),
    |db| {
        use cases::model::NotOpen;
        let city = City::new(db);
        let nature = |number| {
            let case = shown(&city, number);
            (case["nature"].clone(), case["nature_assumed"].clone())
        };
        let (a, _) = resident(&city);
        assert_eq!(nature(a), (json!("help"), json!(true)));
        let page = city.get("acceptor", &format!("/cases/{a}")).text;
        assert!(page.contains("求助（未说明，按惯例）"), "{page}");
        // Nobody asked in a patrol's finding: it is no contact.
        let found = city.report("collector", city.cover("patrol")).case.number;
        assert_eq!(nature(found), (Value::Null, json!(false)));
        // What somebody named is nobody's assumption, and a confidential nature stays one.
        let mut new = city.cover("web");
        new.nature = Some("complaint".into());
        let named = city.report("stranger", new).case.number;
        assert_eq!(nature(named), (json!("complaint"), json!(false)));
        // Nothing rests on what was only assumed: neither an answer at the desk, nor who may claim the matter.
        let parts = json!({ "act": "answer_directly", "done": "已说明" });
        assert_eq!(
            refused(&city, "acceptor", a, parts.clone()),
            said("422 cases.missing")
        );
        let not_open = |number: CaseNumber| {
            let ctx = city.ctx("desk");
            let case = city.run(ops::find(&ctx, number)).unwrap();
            ops::joint::not_open(&city.cases.city(), &case)
        };
        assert_ne!(not_open(a), Some(NotOpen::Nature));
        // A person of the desk says what it is, even if that is the usual.
        done(
            &city,
            "acceptor",
            a,
            &[json!({ "act": "set_nature", "nature": "help" })],
        );
        assert_eq!(nature(a), (json!("help"), json!(false)));
        assert_eq!(
            refused(&city, "acceptor", a, parts),
            said("422 cases.not_direct")
        );
        // A city may have another usual nature, or none.
        city.rule("cases.usual_nature", "consultation");
        assert_eq!(
            nature(resident(&city).0),
            (json!("consultation"), json!(true))
        );
        city.rule("cases.usual_nature", "");
        let none = resident(&city).0;
        assert_eq!(nature(none), (Value::Null, json!(false)));
        let fact = |number| {
            let page = city.get("acceptor", &format!("/cases/{number}")).text;
            page.contains("<dt>诉求性质</dt><dd>未说明</dd>")
        };
        assert!(fact(none), "an open question is told as one");
        assert!(!fact(found), "what is no contact has no nature");
        for number in [a, found, named] {
            city.check_life(number);
        }
    }
);

testdb::both_engines!(
    messages_reach_the_unit_masked_and_are_bounded,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, link) = resident(&city);
        by_script(&city, number, State::PendingSign);
        let add = |text: &str| by_link(&city, &link, "messages", &json!({ "text": text })).0;
        assert_eq!(add("井盖在东门，找我 13912345678"), 200);
        assert_eq!(add(" "), 422);
        let life = city
            .get("water", &format!("/api/v1/cases/{number}/events"))
            .text;
        assert!(
            life.contains("东门") && !life.contains("13912345678"),
            "{life}"
        );
        for _ in 0..19 {
            assert_eq!(add("再补充"), 200);
        }
        assert_eq!(add("再补充"), 409);
        let (own, garbage) = (
            "00".repeat(32),
            by_link(&city, "zz", "messages", &json!({ "text": "x" })).0,
        );
        assert_eq!(garbage, 404);
        assert_eq!(
            by_link(&city, &own, "rate", &json!({ "satisfaction": "satisfied" })).0,
            404
        );
        city.check_life(number);
    }
);

testdb::both_engines!(
    a_channel_is_added_named_and_set_to_be_verified_first,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (ctx, desk) = (city.system(), city.ctx("desk"));
        let channel = |code: &str, zh: &str, verify: bool| cases::service::Channel {
            code: code.into(),
            name_zh: zh.into(),
            name_en: "Mayor's box".into(),
            verify,
            reviewed: false,
        };
        let put = |ctx: &access::Ctx, channel| city.run(ops::put_channel(ctx, channel));
        assert!(put(&desk, channel("mayor", "市长信箱", true)).is_err());
        for (code, zh, named) in [
            ("Mayor's", "市长信箱", "channel_code"),
            ("mayor", " ", "channel_zh"),
        ] {
            let wrong = put(&ctx, channel(code, zh, true));
            assert!(
                matches!(&wrong, Err(CaseError::Field { field, .. }) if field == named),
                "{wrong:?}"
            );
        }
        put(&ctx, channel("mayor", "市长信箱", true)).unwrap();
        put(&ctx, channel("mayor", "市长信箱（网上）", false)).unwrap();
        let known = ctx.service::<cases::service::Cases>().channels();
        let mayor = &known["mayor"];
        assert_eq!(mayor.name("zh"), "市长信箱（网上）");
        assert!(!mayor.verify && mayor.reviewed);
    }
);

testdb::both_engines!(
    lists_and_templates_are_changed_by_those_who_may_and_flaws_are_named,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (ctx, desk) = (city.system(), city.ctx("desk"));
        let entry = |kind: &str, code: &str| cases::lists::ListEntry {
            kind: kind.into(),
            code: code.into(),
            name_zh: "噪声".into(),
            name_en: "Noise".into(),
            also: String::new(),
            direct: false,
            confidential: false,
            active: true,
            position: 9,
        };
        assert!(
            city.run(ops::put_list_entry(&desk, entry("appeal", "noise")))
                .is_err()
        );
        for (kind, code) in [("no_list", "noise"), ("appeal", "No Ise"), ("appeal", "")] {
            let wrong = city.run(ops::put_list_entry(&ctx, entry(kind, code)));
            assert!(
                matches!(wrong, Err(CaseError::Field { .. })),
                "{kind} {code}"
            );
        }
        city.run(ops::put_list_entry(&ctx, entry("appeal", "noise")))
            .unwrap();
        let template = |done: &str| cases::lists::Template {
            kind: "handled".into(),
            matter: "C01".into(),
            zh: cases::record::AnswerParts {
                done: done.into(),
                ..Default::default()
            },
            en: cases::record::AnswerParts {
                done: "Done: {result}".into(),
                ..Default::default()
            },
        };
        for flaw in ["{wrong}", "{", "}", ""] {
            let wrong = city.run(ops::put_template(&ctx, template(flaw)));
            assert!(
                matches!(&wrong, Err(CaseError::Field { field, .. }) if field == "zh_done"),
                "{flaw} {wrong:?}"
            );
        }
        city.run(ops::put_template(&ctx, template("井盖类：{result}")))
            .unwrap();
        let (number, link) = resident(&city);
        by_script(&city, number, State::Closed);
        assert_eq!(track(&city, &link)["answer"]["done"], "井盖类：已更换井盖");
        assert_eq!(shown(&city, number)["answer"]["found"], "");
        city.run(ops::drop_template(&ctx, "handled".into(), "C01".into()))
            .unwrap();
        city.run(ops::drop_template(&ctx, "handled".into(), String::new()))
            .unwrap();
        let (number, link) = resident(&city);
        by_script(&city, number, State::Closed);
        assert!(
            track(&city, &link)["answer"]["found"]
                .as_str()
                .unwrap()
                .contains("缺失"),
            "that for all stays"
        );
    }
);

testdb::both_engines!(suspects_come_with_their_reasons, &migrations(), |db| {
    let city = City::new(db);
    let first = city.report("collector", city.cover("patrol")).case.number;
    city.clock.advance(3 * HOUR);
    let (second, _) = resident(&city);
    let found = city
        .get("acceptor", &format!("/api/v1/cases/{second}/suspects"))
        .body;
    let suspect = &found["suspects"][0];
    assert_eq!(
        (&suspect["number"], &suspect["metres"], &suspect["minutes"]),
        (&json!(first.to_string()), &json!(0.0), &json!(180))
    );
    assert_eq!(suspect["words"][0], "井盖缺失");
    let page = city.get("acceptor", &format!("/cases/{second}")).text;
    assert!(page.contains("都提到："), "{page}");
    // The city sets how near and how soon.
    city.rule("cases.duplicate_hours", "2");
    let found = city
        .get("acceptor", &format!("/api/v1/cases/{second}/suspects"))
        .body;
    assert_eq!(found["suspects"], json!([]));
});
