//! What stands in a file: the rows of the command, within the reach of whoever asked.

use crate::city::ELSEWHERE;
use crate::stage::{Stage, column, hash, migrations, rows};
use access::{Ctx, Role};
use cases::State;
use cases::facts::CaseFacts;
use cases::ops::NewReport;
use exports::cases_file::{CasesFile, Format, Teller};
use exports::facts_file::{self, FactsFile};
use exports::write;
use serde_json::json;

/// The file of the command line.
fn of_the_command(ctx: &Ctx, format: Format) -> Vec<u8> {
    let city = ctx.service::<matters::Reference>().current();
    let teller = Teller {
        city: &city,
        tz: &city.timezone,
        has_people: false,
        reads_cases: true,
    };
    let filter = write::filter(None, None, &city.timezone).unwrap();
    let mut file = CasesFile::begin(Vec::new(), format, teller.columns(), false).unwrap();
    write::cases(ctx, filter, &teller, None, &mut file, &mut |_| Ok(())).unwrap();
    file.finish().unwrap()
}

testdb::both_engines!(
    a_file_holds_the_rows_of_the_command_and_its_hash_is_in_the_trail,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.case_at(State::Closed);
        stage.case_at(State::Handling);
        let formula = NewReport {
            description: "=HYPERLINK(\"http://x\")".into(),
            ..stage.cover("patrol")
        };
        stage.report("collector", formula);
        for (kind, format, mark) in [
            ("cases.csv", Format::Csv, "\u{feff}"),
            ("cases.geojson", Format::Geojson, ""),
        ] {
            let (done, bytes) = stage.made("shift_leader", &json!({ "kind": kind }));
            let command = of_the_command(&stage.system(), format);
            assert_eq!(bytes, [mark.as_bytes(), &command].concat());
            assert_eq!(done["rows"], 3);
            assert_eq!(done["bytes"], bytes.len());
            let hash = hash(&bytes);
            assert_eq!(done["sha256"], hash.as_str());
            let (what, ending) = kind.split_once('.').unwrap();
            assert_eq!(
                done["file"],
                format!("{what}-{}.{ending}", &hash[..12]).as_str()
            );
            for act in ["export.end", "export.download"] {
                let trail = stage.trail(act);
                let of_it = trail.iter().find(|d| d["sha256"] == done["sha256"]);
                let of_it = of_it.unwrap_or_else(|| panic!("{act}: {trail:?}"));
                assert_eq!((&of_it["rows"], &of_it["kind"]), (&3.into(), &kind.into()));
            }
            // And as it leaves over HTTP.
            let reply = stage.get(
                "shift_leader",
                &format!("{}/file", crate::stage::path(&done)),
            );
            assert_eq!((reply.status, reply.text.as_bytes()), (200, &bytes[..]));
        }
        assert_eq!(stage.trail("export.download").len(), 4);
        assert_eq!(stage.told("shift_leader"), ["export.done", "export.done"]);
        let (_, bytes) = stage.made("shift_leader", &json!({ "kind": "cases.csv" }));
        let rows = rows(&bytes);
        assert!(column(&rows, "description").contains(&"'=HYPERLINK(\"http://x\")"));
        assert!(column(&rows, "state").contains(&"closed"));
        let personal = rows[0].as_object().unwrap();
        assert!(!personal.contains_key("name") && !personal.contains_key("phone"));
    }
);

testdb::both_engines!(
    a_period_is_of_local_days_and_both_ends_count,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        // 16 March 09:00 in Shanghai; a day later, and a day after that at 00:30, which is still the 17th in UTC.
        stage.case_at(State::PendingAccept);
        stage.wait(24);
        let second = stage.case_at(State::PendingAccept).number.to_string();
        stage.wait(15);
        stage.clock.advance(std::time::Duration::from_secs(1_800));
        stage.case_at(State::PendingAccept);
        let of = |body| {
            let (_, bytes) = stage.made("shift_leader", &body);
            rows(&bytes)
        };
        let day = "2026-03-17";
        let one = of(json!({ "kind": "cases.csv", "from": day, "to": day }));
        assert_eq!(column(&one, "number"), [second.as_str()]);
        assert_eq!(of(json!({ "kind": "cases.csv", "from": day })).len(), 2);
        assert_eq!(of(json!({ "kind": "cases.csv", "to": day })).len(), 2);
        assert_eq!(
            of(json!({ "kind": "cases.csv", "to": "2026-03-01" })).len(),
            0
        );
    }
);

testdb::both_engines!(
    a_file_reaches_as_far_as_whoever_asked,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let handling = stage.case_at(State::Handling).number.to_string();
        stage.case_at(State::PendingAccept);
        let there = stage.there().number.to_string();
        let numbers = |login: &str| {
            let (_, bytes) = stage.made(login, &json!({ "kind": "cases.csv" }));
            let rows = rows(&bytes);
            column(&rows, "number")
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers("shift_leader").len(), 3);
        assert_eq!(numbers("auditor").len(), 3);
        assert_eq!(numbers("water_lead"), [handling], "what the unit handles");
        stage.change("shift_leader", &[Role::ShiftLeader], &[ELSEWHERE]);
        assert_eq!(numbers("shift_leader"), [there], "the own district");
        // Whoever may not take cases out learns nothing at all.
        for login in ["acceptor", "water", "collector", "leader"] {
            let reply = stage.post(login, "/api/v1/exports", &json!({ "kind": "cases.csv" }));
            assert_eq!(reply.status, 403, "{login}: {reply:?}");
        }
        assert_eq!(stage.write(), 0);
    }
);

testdb::both_engines!(
    who_reads_no_cases_is_told_of_what_is_sensitive_by_its_street,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let classed = stage.case_at(State::Handling).number.to_string();
        let unclassed = NewReport {
            matter: None,
            ..stage.cover("hotline")
        };
        let unclassed = stage.report("acceptor", unclassed).case.number.to_string();
        let secret = NewReport {
            confidential: true,
            ..stage.cover("hotline")
        };
        let secret = stage.report("acceptor", secret).case.number.to_string();
        let told = |login: &str, number: &str| {
            let (_, bytes) = stage.made(login, &json!({ "kind": "cases.csv" }));
            let rows = rows(&bytes);
            let row = rows.iter().find(|r| r["number"] == number).unwrap();
            ["grid", "division", "lon", "lat", "description"]
                .map(|c| row[c].as_str().unwrap().to_owned())
        };
        let whole = told("shift_leader", &classed);
        assert_eq!(whole[0], crate::city::CELL);
        assert_eq!(whole[1], "330102001001");
        assert!(whole.iter().all(|cell| !cell.is_empty()));
        assert_eq!(told("analyst", &classed), whole);
        for number in [unclassed, secret] {
            assert_eq!(told("shift_leader", &number), whole);
            assert_eq!(
                told("analyst", &number),
                ["", "330102001000", "", "", ""].map(str::to_owned)
            );
        }
        let (_, bytes) = stage.made("analyst", &json!({ "kind": "cases.geojson" }));
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let features = json["features"].as_array().unwrap();
        let placed = features.iter().filter(|f| !f["geometry"].is_null());
        assert_eq!((features.len(), placed.count()), (3, 1));
    }
);

/// Waits until the figures have so many cases: on PostgreSQL a row of the outbox is read when no older transaction runs any
/// more, of whatever database, those of other tests too.
fn counted(ctx: &Ctx, city: &matters::City, cases: i64) {
    let source = CaseFacts::source(city.timezone.clone());
    for _ in 0..200 {
        facts::catch_up(ctx, &source).unwrap();
        let there = ctx.read_blocking::<_, store::StoreError, _>(|r| facts::rows::count(r, &[]));
        if there.unwrap() == cases {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the figures stay behind a transaction that does not end");
}

testdb::both_engines!(
    what_cases_count_as_is_the_file_of_the_command_and_keeps_to_the_district,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.case_at(State::Handling);
        stage.there();
        let facts = json!({ "kind": "facts.parquet" });
        let reply = stage.post("shift_leader", "/api/v1/exports", &facts);
        assert_eq!(reply.status, 403, "for those who may ask figures by SQL");
        let ctx = stage.system();
        let city = ctx.service::<matters::Reference>().current();
        counted(&ctx, &city, 2);
        let (done, bytes) = stage.made("analyst", &facts);
        assert_eq!(done["rows"], 2);
        let sensitive = facts_file::sensitive(&city);
        let of = |districts: Vec<kernel::DistrictCode>| {
            let sensitive = sensitive.clone();
            ctx.snapshot_blocking::<_, write::WriteError, _>(move |r| {
                let mut file = FactsFile::begin(Vec::new(), &sensitive)?;
                write::facts(r, &districts, &mut file, &mut |_| Ok(()))?;
                Ok(file.finish()?.0)
            })
            .unwrap()
        };
        assert_eq!(bytes, of(Vec::new()));
        stage.change("analyst", &[Role::Analyst], &[ELSEWHERE]);
        let (done, bytes) = stage.made("analyst", &facts);
        assert_eq!(done["rows"], 1);
        assert_eq!(bytes, of(vec![ELSEWHERE.parse().unwrap()]));
    }
);
