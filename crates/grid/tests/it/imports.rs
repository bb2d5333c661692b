//! Imports: sums that add up, a second run that changes nothing, real registers and borders.

use crate::{at, migrations, operator};
use access::Ctx;
use grid::ops::{self, ImportOptions};
use grid::{Part, Report, Territory, sql};
use jiff::civil::date;
use kernel::geo::Crs;
use std::io::Read as _;
use store::StoreError;

fn options(crs: Crs) -> ImportOptions {
    ImportOptions {
        source: "test".into(),
        crs,
    }
}

fn sums(r: &Report) -> (u64, u64, u64, u64, u64) {
    assert!(r.adds_up(), "{r:?}");
    (r.read, r.imported, r.unchanged, r.updated, r.rejected)
}

fn territory(ctx: &Ctx) -> Territory {
    ctx.read_blocking::<_, StoreError, _>(|r| {
        let (divisions, grids) = (sql::all_divisions(r)?, sql::all_grids(r)?);
        Ok(Territory::build(
            divisions,
            grids,
            sql::all_beats(r)?,
            date(2026, 3, 16),
        ))
    })
    .unwrap()
}

fn territory_changes(ctx: &Ctx) -> i64 {
    ctx.read_blocking::<_, StoreError, _>(|r| Ok(sql::changes(r)?[Part::Territory.as_str()]))
        .unwrap()
}

fn audited(ctx: &Ctx, action: &'static str) -> i64 {
    let count = "SELECT count(*) FROM audit WHERE action = $1";
    ctx.read_blocking::<_, StoreError, _>(move |r| r.one::<(i64,)>(count, store::params![action]))
        .unwrap()
        .0
}

testdb::both_engines!(
    divisions_come_once_and_changes_are_seen,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        let csv = "code,name,residents\n35,福建省,\n350203,思明区,1072600\n350203001,厦港街道,\n350203001,厦港街道,\n350203001,别名,\n35O2,x,\n";
        let first = ops::import_divisions(&ctx, csv.as_bytes(), &options(Crs::Wgs84)).unwrap();
        assert_eq!(sums(&first), (6, 3, 1, 0, 2));
        assert_eq!(
            first.rejects.iter().map(|r| r.line).collect::<Vec<_>>(),
            [6, 7]
        );
        assert_eq!(
            (territory_changes(&ctx), audited(&ctx, "division.import")),
            (1, 1)
        );
        let again = ops::import_divisions(&ctx, csv.as_bytes(), &options(Crs::Wgs84)).unwrap();
        assert_eq!(sums(&again), (6, 0, 4, 0, 2));
        assert_eq!(
            (territory_changes(&ctx), audited(&ctx, "division.import")),
            (1, 1)
        );
        let renamed = "code,name\n350203,思明新区\n";
        assert_eq!(
            sums(&ops::import_divisions(&ctx, renamed.as_bytes(), &options(Crs::Wgs84)).unwrap()),
            (1, 0, 0, 1, 0)
        );
        let siming = territory(&ctx)
            .division("350203000000".parse().unwrap())
            .unwrap()
            .clone();
        assert_eq!(
            (siming.name.as_str(), siming.residents),
            ("思明新区", Some(1_072_600))
        );
    }
);

testdb::both_engines!(
    an_unusable_file_writes_nothing,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        for bytes in [
            &b"\xff\xfe"[..],
            b"name\nx\n",
            b"{\"type\":\"Topology\"}",
            "code,name,宗教\n35,x,y\n".as_bytes(),
        ] {
            assert!(ops::import_divisions(&ctx, bytes, &options(Crs::Wgs84)).is_err());
        }
        assert_eq!(
            (territory_changes(&ctx), audited(&ctx, "division.import")),
            (0, 0)
        );
    }
);

const CELLS: &str = r#"{"type":"FeatureCollection","features":[
 {"type":"Feature","properties":{"code":"350203001001001","land_use":"R2"},"geometry":{"type":"Polygon","coordinates":[[[118.0,24.5],[118.001,24.5],[118.001,24.501],[118.0,24.501],[118.0,24.5]]]}},
 {"type":"Feature","properties":{"code":"350203001001002"},"geometry":{"type":"Polygon","coordinates":[[[118.001,24.5],[118.002,24.5],[118.002,24.501],[118.001,24.501],[118.001,24.5]]]}},
 {"type":"Feature","properties":{"code":"350203001001003"},"geometry":{"type":"Polygon","coordinates":[[[118.0,24.501],[118.002,24.503],[118.002,24.501],[118.0,24.503],[118.0,24.501]]]}},
 {"type":"Feature","properties":{"code":"350203001001004"},"geometry":{"type":"Polygon","coordinates":[[[118.0,24.501],[118.002,24.503],[118.002,24.501]]]}},
 {"type":"Feature","properties":{"code":"350203001001005"},"geometry":{"type":"Polygon","coordinates":[[[118.0015,24.5],[118.003,24.5],[118.003,24.501],[118.0015,24.501],[118.0015,24.5]]]}},
 {"type":"Feature","properties":{"code":"35020300100100"},"geometry":null}]}"#;

testdb::both_engines!(
    cells_are_checked_and_beats_are_made_of_them,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        let report = ops::import_grids(&ctx, CELLS.as_bytes(), &options(Crs::Wgs84)).unwrap();
        assert_eq!(sums(&report), (6, 3, 0, 0, 3));
        let reasons: Vec<_> = report
            .rejects
            .iter()
            .map(|r| (r.line, r.field.as_str()))
            .collect();
        assert_eq!(reasons, [(3, "geometry"), (4, "geometry"), (6, "code")]);
        assert!(
            report.warnings.iter().any(|w| w
                .text
                .contains("350203001001002 and 350203001001005 overlap")),
            "{:?}",
            report.warnings
        );
        assert!(
            report
                .warnings
                .iter()
                .any(|w| w.text.contains("not in the register"))
        );
        assert_eq!(
            sums(&ops::import_grids(&ctx, CELLS.as_bytes(), &options(Crs::Wgs84)).unwrap()),
            (6, 0, 3, 0, 3)
        );

        let beats = "责任网格,名称,单元网格\nB1,一号,350203001001001\nB1,一号,350203001001002\nB2,二号,350203001001002\nB2,二号,350203001001009\nB2,二号,350203001001005\n";
        let report = ops::import_grids(&ctx, beats.as_bytes(), &options(Crs::Wgs84)).unwrap();
        assert_eq!(sums(&report), (5, 3, 0, 0, 2));
        let grid = "350203001001002".parse().unwrap();
        assert_eq!(territory(&ctx).beat_of(grid).unwrap().name, "一号");
        assert_eq!(
            sums(&ops::import_grids(&ctx, beats.as_bytes(), &options(Crs::Wgs84)).unwrap()),
            (5, 0, 3, 0, 2)
        );
    }
);

testdb::both_engines!(a_beat_keeps_its_shifts, &crate::migrations(), |db| {
    let ctx = operator(db);
    let worker = access::AccountId(kernel::id::Id::from_bytes([7; 16]));
    let mut beat = grid::Beat {
        code: "B1".into(),
        name: "一号".into(),
        valid_from: None,
        valid_to: None,
        source: "test".into(),
        grids: vec!["350203001001001".parse().unwrap()],
        shifts: vec![grid::Shift {
            worker,
            weekday: 1,
            from_min: 480,
            to_min: 1080,
        }],
    };
    ops::save_beat(&ctx, &beat).unwrap();
    let found = territory(&ctx).worker_on_duty(beat.grids[0], date(2026, 3, 16).at(9, 0, 0, 0));
    assert_eq!(found, Some(worker));
    beat.shifts[0].weekday = 8;
    assert!(ops::save_beat(&ctx, &beat).is_err());
});

/// 31 provinces, 342 cities, 2,978 districts and 41,352 streets; four are in two lists under one code (东莞 4419 …).
#[test]
fn the_national_register_comes_in_whole() {
    const NAME: &str = "the_national_register_comes_in_whole";
    let Some(dir) = testkit::shared::need(NAME, "data/admin-divisions-cn") else {
        return;
    };
    let db = testdb::TestDb::sqlite(&migrations());
    let ctx = operator(&db);
    let mut streets = Vec::new();
    let packed = std::fs::File::open(dir.join("streets.csv.gz")).unwrap();
    flate2::read::GzDecoder::new(packed)
        .read_to_end(&mut streets)
        .unwrap();
    let file = |name: &str| std::fs::read(dir.join(name)).unwrap();
    let expected = [
        (file("provinces.csv"), (31, 31, 0, 0, 0)),
        (file("cities.csv"), (342, 342, 0, 0, 0)),
        (file("areas.csv"), (2978, 2975, 3, 0, 0)),
        (streets, (41_352, 41_351, 1, 0, 0)),
    ];
    for (bytes, wanted) in &expected {
        let report = ops::import_divisions(&ctx, bytes, &options(Crs::Wgs84)).unwrap();
        assert_eq!(sums(&report), *wanted);
        assert_eq!(report.warnings, []);
    }
    let territory = territory(&ctx);
    assert_eq!(territory.divisions().count(), 44_699);
    let line: Vec<_> = territory
        .ancestors("110101001001".parse().unwrap())
        .iter()
        .map(|d| d.name.clone())
        .collect();
    assert_eq!(line, ["东华门街道", "东城区", "市辖区", "北京市"]);
    assert_eq!(
        territory.children("350200000000".parse().unwrap()).count(),
        6
    );
}

/// DataV borders are in GCJ-02: read as such they move by some hundred metres, and 鼓浪屿 lies in 思明区.
#[test]
fn real_districts_are_read_and_located() {
    const NAME: &str = "real_districts_are_read_and_located";
    let Some(dir) = testkit::shared::need(NAME, "data/city-boundaries-cn") else {
        return;
    };
    let db = testdb::TestDb::sqlite(&migrations());
    let ctx = operator(&db);
    for (file, districts) in [
        ("xiamen_350200.geojson", 6),
        ("shijiazhuang_130100.geojson", 22),
    ] {
        let bytes = std::fs::read(dir.join(file)).unwrap();
        let report = ops::import_divisions(&ctx, &bytes, &options(Crs::Gcj02)).unwrap();
        assert_eq!(sums(&report), (districts, districts, 0, 0, 0), "{file}");
    }
    let territory = territory(&ctx);
    let district_at = |lon, lat| {
        territory
            .division_at(at(lon, lat))
            .map(|code| territory.name(code))
    };
    // 鼓浪屿 日光岩 and 厦门 集美大学, places of WGS 84.
    assert_eq!(district_at(118.0625, 24.4450).as_deref(), Some("思明区"));
    assert_eq!(district_at(118.0960, 24.5810).as_deref(), Some("集美区"));
    assert_eq!(district_at(0.0, 0.0), None);
    let alt = std::fs::read(dir.join("xiamen_350200_alt.geojson")).unwrap();
    assert!(alt.starts_with(b"\xef\xbb\xbf"));
    let report = ops::import_divisions(&ctx, &alt, &options(Crs::Wgs84)).unwrap();
    assert_eq!(
        (report.read, report.updated),
        (6, 6),
        "other borders, other property names, a byte-order mark"
    );
}

/// 厦门 思明区 with its islands, cut into cells of 500 m that cover it without gap or overlap.
#[test]
fn a_real_district_is_covered_by_cells() {
    const NAME: &str = "a_real_district_is_covered_by_cells";
    let Some(file) = testkit::shared::need(NAME, "data/city-boundaries-cn/xiamen_350200.geojson")
    else {
        return;
    };
    let rows = grid::import::divisions(&std::fs::read(file).unwrap(), Crs::Gcj02).unwrap();
    let areas: Vec<_> = rows
        .into_iter()
        .flatten()
        .map(|r| grid::draw::Canvas {
            code: r.code(),
            shape: r.shape().unwrap().clone(),
        })
        .collect();
    let plan = grid::draw::plan_for_areas(&areas, 500).unwrap();
    let whole: f64 = areas.iter().map(|a| a.shape.square_metres()).sum();
    let cells: f64 = plan.grids.iter().map(|g| g.area_m2).sum();
    assert!((cells / whole - 1.0).abs() < 1e-6, "{cells} {whole}");
    let territory = Territory::build(plan.divisions, plan.grids, Vec::new(), date(2026, 3, 16));
    let b = territory.bounds().unwrap();
    for x in 0..120 {
        for y in 0..120 {
            let share = |n: i32| (f64::from(n) + 0.37) / 120.0;
            let p = at(
                b.west + (b.east - b.west) * share(x),
                b.south + (b.north - b.south) * share(y),
            );
            let wanted = areas
                .iter()
                .find(|a| a.shape.contains(p))
                .map(|a| a.code.district());
            assert_eq!(territory.locate(p).map(|g| g.district()), wanted, "{p:?}");
        }
    }
}
