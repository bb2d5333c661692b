//! Every page in both languages, for whoever may see it.

use crate::city::{City, migrations};
use serde_json::json;

testdb::both_engines!(every_page_reads_in_both_languages, &migrations(), |db| {
    let city = City::new(db);
    let number = city.handling("E0113").number;
    let help = json!([{ "act": "ask_help", "unit": city.unit("WATER").to_string(), "ask": "请查管线", "limit": "4工作时" },
                          { "act": "note", "text": "@leader 请看" }]);
    assert_eq!(city.acts("citymgmt", number, help).status, 200);
    city.post(
        "green",
        "/api/v1/subscriptions",
        &json!({ "matter": "E01" }),
    );
    let body = json!({ "units": [city.unit("WATER").to_string()], "ask": "请到场" });
    let id = city.post("street", "/api/v1/whistles", &body).body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    city.post(
        "desk",
        "/api/v1/handovers",
        &json!({ "desk": "dispatcher", "words": "平安" }),
    );
    city.keep_up();
    let whistle = format!("/whistles/{id}");
    let case = format!("/cases/{number}");
    for (login, path) in [
        ("water", "/for-me"),
        ("leader", "/for-me"),
        ("street", "/whistles"),
        ("desk", "/whistles"),
        ("water", whistle.as_str()),
        ("street", whistle.as_str()),
        ("desk", "/whistles/figures"),
        ("desk", "/handover"),
        ("desk2", "/handover"),
        ("water", "/handover"),
        ("green", "/claims"),
        ("admin", "/reorganise"),
        ("admin", "/grid-items"),
        ("desk", "/grid-items"),
        ("water", "/deputies"),
        ("water", case.as_str()),
        ("citymgmt", case.as_str()),
        ("desk", case.as_str()),
    ] {
        for lang in ["zh-CN", "en"] {
            let reply = city.page(login, path, lang);
            assert_eq!(reply.status, 200, "{login} {path} {lang}: {}", reply.text);
            ui::testing::assert_sound(&reply.text);
        }
    }
    let page = city.page("water", "/for-me", "zh-CN");
    assert!(page.text.contains(&number.to_string()) && page.text.contains("请查管线"));
    assert!(
        city.page("leader", "/for-me", "zh-CN")
            .text
            .contains("请看")
    );
});

testdb::both_engines!(
    an_item_entered_on_the_page_obeys_the_rules_of_the_list,
    &migrations(),
    |db| {
        let city = City::new(db);
        let enter = |name: &str, by: &str, to: &str| {
            let body = format!(
                "list=2026-1&code=A1&name={name}&task=check&matter=E01&approved_by={by}&approved_on=2026-01-05\
                 &valid_from=2026-02-01&valid_to={to}&csrf=x"
            );
            city.form("admin", "/grid-items", &body)
        };
        let items = "SELECT count(*) FROM grid_items";
        let paper = "%E5%B8%82%E5%A7%94%201%20%E5%8F%B7";
        for (reply, why) in [
            (enter("x", paper, "2026-01-01"), "结束早于开始"),
            (enter("x", "", "2026-12-31"), "请填写“准入依据”"),
            (
                enter("11010519491231002X", paper, "2026-12-31"),
                "像是身份证号码",
            ),
        ] {
            assert_eq!(reply.status, 422, "{}", reply.text);
            assert!(reply.text.contains(why), "{why}: {}", reply.text);
            assert_eq!(city.count(items), 0);
        }
        assert_eq!(enter("x", paper, "2026-12-31").status, 303);
        assert_eq!(city.count(items), 1);
    }
);

testdb::both_engines!(
    a_reorganisation_is_looked_at_and_confirmed_by_its_day,
    &migrations(),
    |db| {
        let city = City::new(db);
        let form = |step: &str, confirm: &str| {
            let body = format!(
                "on=2026-03-18&why=1&rows=CITYMGMT,STREET&step={step}&confirm={confirm}&csrf=x"
            );
            city.form("admin", "/reorganise", &body)
        };
        let preview = form("preview", "");
        assert_eq!(preview.status, 200, "{}", preview.text);
        assert_eq!(form("order", "").status, 422);
        assert_eq!(city.count("SELECT count(*) FROM reorganisations"), 0);
        assert_eq!(form("order", "2026-03-18").status, 303);
        assert_eq!(city.count("SELECT count(*) FROM reorganisations"), 1);
        let garbage = city.form("admin", "/reorganise", "on=x&why=&rows=%FF&step=order");
        assert_eq!(garbage.status, 422);
    }
);

testdb::both_engines!(
    what_is_wrong_with_an_order_is_told_in_the_readers_language,
    &migrations(),
    |db| {
        let city = City::new(db);
        let told = |on: &str, rows: &str| {
            let body = format!("on={on}&why=1&rows={rows}&step=preview&csrf=x");
            let reply = city.form("admin", "/reorganise", &body);
            assert_eq!(reply.status, 422, "{rows}: {}", reply.text);
            reply.text
        };
        let gap = told("2026-03-18", "CITYMGMT,STREET,E0113,");
        for (page, why) in [
            (
                told("2026-03-18", "NOBODY,STREET"),
                "第 2 行：没有单位使用编码“NOBODY”。",
            ),
            (
                told("2026-03-18", "CITYMGMT,STREET%0ASTREET,WATER"),
                "第 2 行：单位 STREET 同日既接手又移交，请分成两天的两次调整。",
            ),
            (told("2026-03-01", "CITYMGMT,STREET"), "2026-03-01 已经过去"),
            (
                told("2026-03-18", "CITYMGMT,STREET,,33x"),
                "各行无法识别：第 2 行：区划：编码的位数或数字不对。",
            ),
            (
                told("2026-03-18", "from,x%0AA,B"),
                "缺少必需的列“to”（也可写作 新单位）",
            ),
            (told("2026-03-18", ""), "一次调整有 1 到 500 行"),
            (gap, "有职责无人接手：没有一行说明CITYMGMT在"),
        ] {
            assert!(page.contains(why), "{why}: {page}");
            assert!(
                !page.contains("no unit has") && !page.contains("line 2"),
                "{page}"
            );
        }
    }
);

testdb::both_engines!(
    a_form_says_which_of_its_fields_is_missing_as_it_is_called_there,
    &migrations(),
    |db| {
        let city = City::new(db);
        let body = "ask=&unit1=WATER&limit=4%E5%B7%A5%E4%BD%9C%E6%97%B6";
        let reply = city.form("street", "/whistles", body);
        assert_eq!(reply.status, 422, "{}", reply.text);
        let label = reply.text.split("for=\"f-ask\">").nth(1).unwrap();
        let label = label.split(['<', '\n']).next().unwrap().trim();
        let told = format!("“{label}”");
        assert_eq!(
            reply.text.matches(&told).count(),
            2,
            "in the list and beside the field: {told}: {}",
            reply.text
        );
    }
);
