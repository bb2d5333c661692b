//! Whose duty something is: the most specific place, then the most specific matter, and never a dead end.

use crate::{operator, options};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use matters::http::{Asked, WhoView};
use matters::{City, Reason, Reference, ops};
use std::sync::Arc;

const DIVISIONS: &str = "code,name\n350203,思明区\n350203001,厦港街道\n350203001001,甲社区\n350203002,中华街道\n350203002001,乙社区\n";
const UNITS: &str = "code,name,kind,division,valid_to\nGOV,思明区政府,政府,350203,\nSTREET,厦港街道办,政府,350203001,\nCG,城管局,政府,,\nWATER,水务集团,企业,,\nGARDEN,园林队,事业单位,,\nOLD,旧单位,企业,,2025-12-31\n";
const MATTERS: &str = "kind,major,minor,name_zh,rule_no,condition,limit\ncomponent,01,01,上水井盖,1,缺失,2UH\ncomponent,04,01,古树名木,1,死亡,1WD\nevent,01,13,暴露垃圾,1,散落,4WH\n";
const CELL: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"350203001001001"},"geometry":{"type":"Polygon","coordinates":[[[118.0,24.5],[118.001,24.5],[118.001,24.501],[118.0,24.501],[118.0,24.5]]]}}]}"#;
const BEATS: &str = "beat,name,grid\nB1,一号,350203001001001\n";

fn city(db: &testdb::TestDb, duties: &str) -> Arc<City> {
    let ctx = operator(db);
    let from = grid::ops::ImportOptions {
        source: "test".into(),
        crs: kernel::Crs::Wgs84,
    };
    grid::ops::import_divisions(&ctx, DIVISIONS.as_bytes(), &from).unwrap();
    grid::ops::import_grids(&ctx, CELL.as_bytes(), &from).unwrap();
    grid::ops::import_grids(&ctx, BEATS.as_bytes(), &from).unwrap();
    // The old unit was there when its duty came; it has ended since.
    let before = UNITS.replace("2025-12-31", "");
    actors::ops::import_units(&ctx, before.as_bytes(), "test").unwrap();
    ops::import_matters(&ctx, MATTERS.as_bytes(), &options("test")).unwrap();
    let report = ops::import_duties(&ctx, duties.as_bytes(), "test").unwrap();
    assert!(report.adds_up() && report.rejected == 0, "{report:?}");
    actors::ops::import_units(&ctx, UNITS.as_bytes(), "test").unwrap();
    let again = ops::import_duties(&ctx, duties.as_bytes(), "test").unwrap();
    assert_eq!((again.imported, again.updated), (0, 0));
    let reference = Reference::new(TimeZone::get("Asia/Shanghai").unwrap());
    reference.refresh_blocking(&ctx).unwrap();
    reference.current()
}

fn who(city: &City, class: &str, division: &str, on: Date) -> String {
    let matter = city.matters.by_code("test", class).map(|c| c.id);
    let found = city
        .who(matter, None, Some(division.parse().unwrap()), on)
        .unwrap();
    city.unit(found.handling).unwrap().code.clone()
}

const TODAY: Date = date(2026, 3, 16);

testdb::both_engines!(the_most_specific_duty_wins, &crate::migrations(), |db| {
    let duties = "matter,division,beat,handling,valid_from,valid_to\n\
        C01,,,WATER,,\nC0101,,,CG,,\nC04,350203001,,GARDEN,,\nC,350203001,,CG,,\n,,B1,GARDEN,,\nE,350203,,OLD,,\nE0113,350203,,CG,2026-01-01,2026-06-30\n";
    let city = city(db, duties);
    let (street, other) = ("350203001001", "350203002001");
    assert_eq!(
        who(&city, "C0101", other, TODAY),
        "CG",
        "the longer code wins over C01"
    );
    assert_eq!(
        who(&city, "C0101", street, TODAY),
        "CG",
        "the street's C wins over anywhere's C0101 by place"
    );
    assert_eq!(who(&city, "C0401", street, TODAY), "GARDEN");
    assert_eq!(who(&city, "E0113", other, TODAY), "CG");
    assert_eq!(
        who(&city, "E0113", other, date(2026, 7, 1)),
        "GOV",
        "the duty ended, the unit of the other one too"
    );
    assert_eq!(
        who(&city, "E0113", street, date(2026, 7, 1)),
        "STREET",
        "属地兜底: the street before the district"
    );
    let grid = city.locate(kernel::Point::new(118.0005, 24.5005).unwrap());
    let in_beat = city.who(None, grid, None, TODAY).unwrap();
    assert_eq!(city.unit(in_beat.handling).unwrap().code, "GARDEN");
    assert!(matches!(in_beat.reason, Reason::Duty { place: "beat", .. }));
    let elsewhere = city
        .who(None, None, Some("110101001001".parse().unwrap()), TODAY)
        .unwrap();
    assert_eq!(elsewhere.reason, Reason::City);
    // Of the whole city, and neither the street's office nor the district's, which have nothing to do with that place.
    assert_eq!(city.unit(elsewhere.handling).unwrap().code, "CG");
});

testdb::both_engines!(
    a_point_outside_the_territory_is_said_to_be_outside,
    &crate::migrations(),
    |db| {
        let city = city(db, "matter,division,handling\nC01,350203,WATER\n");
        let class = city.matters.by_code("test", "C0101").unwrap();
        let ask = |lon, lat| {
            let asked = Asked {
                point: Some(kernel::Point::new(lon, lat).unwrap()),
                ..Asked::default()
            };
            let found = WhoView::ask(&city, class, asked, TODAY).unwrap();
            (found.outside, found.handling.code.unwrap())
        };
        assert_eq!(ask(118.0005, 24.5005), (false, "WATER".into()));
        assert_eq!(ask(10.0, 50.0), (true, "CG".into()));
        let somewhere = WhoView::ask(&city, class, Asked::default(), TODAY).unwrap();
        assert!(!somewhere.outside, "no point was named");
    }
);

testdb::both_engines!(a_bad_duty_is_refused_by_line, &crate::migrations(), |db| {
    let ctx = operator(db);
    actors::ops::import_units(&ctx, UNITS.as_bytes(), "test").unwrap();
    ops::import_matters(&ctx, MATTERS.as_bytes(), &options("test")).unwrap();
    let sheet =
        "matter,beat,handling\nC01,,CG\nC99,,CG\nC01,B9,CG\nC04,,NOBODY\nC01,,WATER\nC01,,CG\n";
    let report = ops::import_duties(&ctx, sheet.as_bytes(), "test").unwrap();
    assert_eq!(
        (
            report.read,
            report.imported,
            report.unchanged,
            report.rejected
        ),
        (6, 1, 1, 4)
    );
    let seen: Vec<_> = report
        .rejects
        .iter()
        .map(|r| (r.line, r.field.as_str()))
        .collect();
    assert_eq!(
        seen,
        [(3, "matter"), (4, "beat"), (5, "handling"), (6, "matter")]
    );
});

testdb::both_engines!(
    a_line_of_a_unit_that_has_ended_is_refused_naming_its_end_and_its_heir,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        actors::ops::import_units(&ctx, UNITS.as_bytes(), "test").unwrap();
        ops::import_matters(&ctx, MATTERS.as_bytes(), &options("test")).unwrap();
        // What was while the unit was there is still told; what goes on after it, nobody would answer for.
        let sheet = "matter,handling,competent,valid_from,valid_to\nC01,OLD,,2025-01-01,2025-12-31\n\
            C0101,OLD,,,\nC04,CG,OLD,2026-01-01,\nE01,OLD,,2025-01-01,2026-01-31\n";
        let refused = || {
            let report = ops::import_duties(&ctx, sheet.as_bytes(), "test").unwrap();
            assert!(report.adds_up() && report.rejected == 3, "{report:?}");
            report.rejects
        };
        let rejects = refused();
        let seen: Vec<_> = rejects.iter().map(|r| (r.line, r.field.as_str())).collect();
        assert_eq!(seen, [(3, "handling"), (4, "competent"), (5, "handling")]);
        assert!(
            rejects
                .iter()
                .all(|r| r.coded.code == "unit_over"
                    && r.reason == "the unit OLD ended on 2025-12-31"),
            "{rejects:?}"
        );
        let id = |code: &str| {
            let units = ctx.read_blocking::<_, store::StoreError, _>(actors::sql::all);
            units
                .unwrap()
                .into_iter()
                .find(|u| u.code == code)
                .unwrap()
                .id
        };
        let note = |heir: &str| {
            let (old, heir) = (id("OLD"), id(heir));
            ctx.renewed()
                .write_blocking::<_, store::StoreError, _>(move |mut w| {
                    actors::sql::insert_heir(&mut w, old, heir)?;
                    w.commit(
                        store::AuditEvent::done("test.heir", "unit", old.to_string()),
                        (),
                    )
                })
                .unwrap();
        };
        note("WATER");
        assert_eq!(
            refused()[0].reason,
            "the unit OLD ended on 2025-12-31; its work went to WATER 水务集团"
        );
        // With two nobody can say which it is.
        note("GARDEN");
        assert_eq!(refused()[0].reason, "the unit OLD ended on 2025-12-31");
    }
);

#[test]
fn without_any_unit_the_answer_says_so() {
    let reference = Reference::new(TimeZone::UTC);
    assert_eq!(
        reference.current().who(None, None, None, TODAY),
        Err(matters::NoUnit)
    );
}
