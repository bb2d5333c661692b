//! What the condition of a case says stays with it: the evidence it asks for is demanded of the unit, and the version that
//! said so can be read whatever comes after it.

use crate::city::{City, migrations};
use crate::pictures::{photo, upload};
use cases::State;
use cases::ops::Step;
use serde_json::{Value, json};

const RULE: &str = "cases.evidence_must_be_shown";

fn back(files: &[String]) -> Value {
    json!({ "acts": [{ "act": "report_back", "result": "已更换", "attachments": files }] })
}

testdb::both_engines!(
    what_the_condition_asks_for_is_shown_or_the_unit_is_not_done,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.rule(RULE, "yes");
        let number = city.case_at(State::Handling).number;
        let acts = format!("/api/v1/cases/{number}/acts");
        let refused = city.post("water", &acts, &back(&[]));
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (422, &json!("cases.evidence_owed")),
            "{refused:?}"
        );
        assert_eq!(refused.body["field"], "attachments");
        assert!(
            refused.text.contains("更换前后照片"),
            "what is missing is named: {}",
            refused.text
        );
        // The form says it before, and beside its field after.
        let case = format!("/cases/{number}");
        let page = city.get("water", &case);
        assert!(
            page.text.contains("立案条件要求取证：更换前后照片"),
            "{}",
            page.text
        );
        let version = city.get("water", &format!("/api/v1/cases/{number}")).body["version"].clone();
        let words = [
            ("version", version.to_string()),
            ("result", "已更换".to_owned()),
        ];
        let words: Vec<(&str, &str)> = words.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let form = format!("{case}/report-back");
        let again = city.form("water", &form, &words, &[]);
        assert_eq!(again.status, 422, "{}", again.text);
        let said = "asks for evidence (更换前后照片): add at least one picture";
        assert_eq!(
            again.text.matches(said).count(),
            2,
            "on top with a link, and beside its field: {}",
            again.text
        );
        assert!(again.text.contains("已更换"), "what was typed is kept");
        let stands = city.get("water", &format!("/api/v1/cases/{number}")).body;
        assert_eq!(stands["state"], "handling", "and nothing has happened");
        let file = photo(false);
        let done = city.form("water", &form, &words, &[("files", "a.jpg", &file)]);
        assert_eq!(done.status, 303, "{}", done.text);
        city.check_life(number);
        // After a failed check the new work is shown anew.
        let failed = json!({ "acts": [{ "act": "check", "passed": false, "note": "没有换" }] });
        let path = format!("/api/v1/cases/{number}/acts");
        assert_eq!(city.post("checker", &path, &failed).status, 200);
        assert_eq!(city.post("water", &acts, &back(&[])).status, 422);
        let shown = [upload(&city, "water").to_string()];
        let done = city.post("water", &acts, &back(&shown));
        assert_eq!(done.body["state"], "pending_check", "{done:?}");
        city.check_life(number);
    }
);

testdb::both_engines!(
    whoever_handles_a_share_shows_what_it_did_and_a_helper_does_not_have_to,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.rule(RULE, "yes");
        let answer = |part: u32, files: &[String]| json!({ "acts": [{ "act": "answer_part", "part": part, "answer": "已围护", "attachments": files }] });
        let asked = |unit: &str, ask: &str| json!({ "unit": city.unit(unit).to_string(), "ask": ask, "limit": "4工作时" });
        let number = city.case_at(State::Handling).number;
        let acts = format!("/api/v1/cases/{number}/acts");
        let split = json!({ "acts": [{ "act": "split", "shares": [asked("WATER", "更换井盖"), asked("CLEAN", "清理路面")] }] });
        let split = city.post("water", &acts, &split);
        assert_eq!(split.status, 200, "{split:?}");
        let page = city.get("clean", &format!("/cases/{number}")).text;
        assert!(page.contains("立案条件要求取证：更换前后照片"), "{page}");
        let refused = city.post("clean", &acts, &answer(2, &[]));
        assert_eq!(
            (
                refused.status,
                &refused.body["code"],
                &refused.body["field"]
            ),
            (422, &json!("cases.evidence_owed"), &json!("attachments")),
            "{refused:?}"
        );
        let shown = [upload(&city, "clean").to_string()];
        assert_eq!(city.post("clean", &acts, &answer(2, &shown)).status, 200);
        // Whoever is asked to help handles nothing of its own.
        let other = city.case_at(State::Handling).number;
        let acts = format!("/api/v1/cases/{other}/acts");
        let mut help = asked("CLEAN", "提供管网图");
        help["act"] = json!("ask_help");
        let help = city.post("water", &acts, &json!({ "acts": [help] }));
        assert_eq!(help.status, 200, "{help:?}");
        assert_eq!(city.post("clean", &acts, &answer(1, &[])).status, 200);
        // Where the city does not insist, no share owes any.
        city.rule(RULE, "no");
        let third = city.case_at(State::Handling).number;
        let acts = format!("/api/v1/cases/{third}/acts");
        let split = json!({ "acts": [{ "act": "split", "shares": [asked("WATER", "更换井盖"), asked("CLEAN", "清理路面")] }] });
        assert_eq!(city.post("water", &acts, &split).status, 200);
        assert_eq!(city.post("clean", &acts, &answer(2, &[])).status, 200);
        for number in [number, other, third] {
            city.check_life(number);
        }
    }
);

testdb::both_engines!(
    nothing_is_demanded_where_the_condition_or_the_city_asks_for_nothing,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.rule(RULE, "yes");
        let mut new = city.cover("patrol");
        new.matter = Some(city.class("E0113"));
        let number = city.report("collector", new).case.number;
        let accept = Step::Accept {
            matter: None,
            urgent: false,
        };
        let dispatch = Step::Dispatch {
            unit: None,
            basis: String::new(),
        };
        // The second condition of the class names no evidence; the first one does.
        let steps = vec![accept, Step::Register { rule: Some(2) }, dispatch];
        city.act("desk", number, steps).unwrap();
        city.act("clean", number, vec![Step::Sign]).unwrap();
        let acts = format!("/api/v1/cases/{number}/acts");
        assert_eq!(city.post("clean", &acts, &back(&[])).status, 200);
        let other = city.case_at(State::Handling).number;
        let acts = format!("/api/v1/cases/{other}/acts");
        assert_eq!(city.post("water", &acts, &back(&[])).status, 422);
        city.rule(RULE, "no");
        assert_eq!(city.post("water", &acts, &back(&[])).status, 200);
    }
);

testdb::both_engines!(
    a_case_leads_to_the_version_it_was_registered_under_whatever_came_after,
    &migrations(),
    |db| {
        let city = City::composed(db, || vec![matters::http::capability()], |_, _, _| {});
        let old = city.case_at(State::Handling).number;
        city.revise("更换前后照片", "更换前后照片和验收单");
        let new = city.case_at(State::Handling).number;
        let edition = |number| {
            let case = city.get("water", &format!("/api/v1/cases/{number}")).body;
            case["standard"]["edition"].clone()
        };
        let class = city.class("C0101");
        assert_eq!(
            edition(old),
            json!({ "matter": class.to_string(), "catalogue": "test", "version": 1, "valid_from": null,
                "standard": "test", "of_standard": "1" })
        );
        assert_eq!(edition(new)["version"], 2);
        assert_eq!(edition(new)["valid_from"], "2026-03-16");
        // The page of the case leads to exactly that version, and so does the call.
        let page = city.get("water", &format!("/cases/{old}"));
        let link = format!("/matters/{class}?version=1");
        assert!(page.text.contains(&format!("{link}#c1")), "{}", page.text);
        let shown = city.get("water", &link);
        assert_eq!(shown.status, 200, "{}", shown.text);
        assert!(shown.text.contains("更换前后照片") && !shown.text.contains("验收单"));
        assert!(
            shown.text.contains("第 1 版")
                && shown.text.contains(&format!("href=\"/matters/{class}\"")),
            "it says that it is not today's: {}",
            shown.text
        );
        let call = |version: u32| {
            let path = format!("/api/v1/matters/{class}?version={version}");
            let reply = city.get("water", &path);
            (
                reply.status,
                reply.body["conditions"][0]["evidence"].clone(),
            )
        };
        assert_eq!(call(1), (200, json!("更换前后照片")));
        assert_eq!(call(2), (200, json!("更换前后照片和验收单")));
        assert_eq!(call(3).0, 404);
        assert_eq!(
            city.get("water", &format!("/matters/{class}?version=3"))
                .status,
            404
        );
        for number in [old, new] {
            city.check_life(number);
        }
    }
);
