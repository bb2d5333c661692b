//! `shiyu export cases`: what stands in the file, names only for a purpose, and bad input refused before anything is written.

use crate::inventory::City;
use crate::place::on_both;
use access::Role;
use axum::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The rows of a CSV file, each by its columns.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        let cells = columns.iter().zip(record.iter());
        cells.map(|(c, v)| (c.to_owned(), v.to_owned())).collect()
    };
    reader.records().map(|r| row(r.unwrap())).collect()
}

on_both!(
    cases_are_exported_with_names_only_for_a_purpose_and_each_is_a_look,
    |place| {
        let city = City::new(place);
        city.account("desk", &[Role::ShiftLeader], None);
        let mut desk = city.sign_in("desk");
        for (description, contact) in [
            ("=1+1", json!({ "name": "王小二", "phone": "13800138000" })),
            ("路灯不亮", json!({})),
        ] {
            let body = json!({ "description": description, "contact": contact }).to_string();
            let media = "application/json";
            let reply = city.visit(
                &mut desk,
                Method::POST,
                "/api/v1/reports",
                media,
                body.into(),
            );
            assert_eq!(reply.status, 201, "{}", reply.text);
        }
        let out = place.path("cases.out").display().to_string();
        let export = |more: &[&str]| {
            let args = [&["export", "cases", "--out", &out, "--format"], more].concat();
            let done = place.run(&args).done();
            (done, std::fs::read_to_string(&out).unwrap())
        };
        let looks =
            "SELECT count(*) FROM vault_looks WHERE outcome = 'seen' AND purpose = 'handling'";
        let (done, text) = export(&["csv"]);
        assert_eq!(done["rows"], 2);
        assert!(text.starts_with("number,state,"), "no mark: {text}");
        let cases = rows(&text);
        assert_eq!(
            [&cases[0]["description"], &cases[1]["description"]],
            ["路灯不亮", "'=1+1"],
            "newest first, and no formula"
        );
        assert!(!cases[0].contains_key("name") && !text.contains("138"));
        assert_eq!(place.count(looks), 0);
        let (done, text) = export(&["csv", "--purpose", "handling"]);
        assert_eq!(done["rows"], 2);
        let named = rows(&text);
        let person = |n: usize| [named[n]["name"].as_str(), named[n]["phone"].as_str()];
        assert_eq!(
            (person(0), person(1)),
            (["", ""], ["王小二", "13800138000"])
        );
        assert_eq!(place.count(looks), 1, "of whoever there is");
        let (_, text) = export(&["geojson"]);
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["features"][1]["properties"]["description"], "=1+1");
        let (_, text) = export(&["geojson", "--to", "2000-01-01"]);
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["features"], json!([]));
        let wrong = |more: &[&str]| {
            let args = [&["export", "cases", "--out", &out, "--format"], more].concat();
            place.run(&args).error(2)["field"].clone()
        };
        assert_eq!(wrong(&["csv", "--purpose", "curiosity"]), "purpose");
        assert_eq!(
            wrong(&["csv", "--from", "2026-01-02", "--to", "2026-01-01"]),
            "to"
        );
    }
);
