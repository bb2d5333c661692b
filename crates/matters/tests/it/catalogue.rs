//! Catalogues: sums by line, ids that stay, the real sheet of one city.

use crate::{migrations, operator, options};
use kernel::ClockKind;
use kernel::deadline::ParseOptions;
use matters::{MatterKind, Matters, ops, sql};
use std::collections::BTreeSet;
use store::StoreError;

const SHEET: &str = "kind,major,minor,name_zh,rule_no,condition,limit,closing\n\
    component,01,01,上水井盖,1,缺失,2UH,恢复\n\
    component,01,01,上水井盖,2,破损,4WH,更换;修复\n\
    event,01,13,暴露垃圾,1,散落,2D,清除\n\
    event,01,13,暴露垃圾,2,成堆,4WH,清除\n";

fn matters(ctx: &access::Ctx) -> Matters {
    let read = |r: &mut store::Read<'_>| Ok((sql::all_catalogues(r)?, sql::all_classes(r)?));
    let (catalogues, classes) = ctx.read_blocking::<_, StoreError, _>(read).unwrap();
    Matters::build(catalogues, classes, jiff::civil::date(2026, 3, 16))
}

testdb::both_engines!(
    a_sheet_comes_once_and_a_better_one_completes_it,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        let first = ops::import_matters(&ctx, SHEET.as_bytes(), &options("yc-2020")).unwrap();
        assert!(first.adds_up());
        assert_eq!((first.read, first.imported, first.rejected), (4, 3, 1));
        assert_eq!(
            (first.rejects[0].line, first.rejects[0].field.as_str()),
            (4, "limit")
        );
        let before = matters(&ctx);
        let again = ops::import_matters(&ctx, SHEET.as_bytes(), &options("yc-2020")).unwrap();
        assert_eq!(
            (
                again.imported,
                again.unchanged,
                again.updated,
                again.rejected
            ),
            (0, 3, 0, 1)
        );
        let limits = ParseOptions {
            bare_days: Some(ClockKind::WorkingDays),
            bare_hours: None,
        };
        let told = matters::ops::CatalogueOptions {
            limits,
            ..options("yc-2020")
        };
        let better = ops::import_matters(&ctx, SHEET.as_bytes(), &told).unwrap();
        assert_eq!(
            (
                better.read,
                better.unchanged,
                better.updated,
                better.rejected
            ),
            (4, 2, 2, 0)
        );
        let after = matters(&ctx);
        let (old, new) = (
            before.by_code("yc-2020", "E0113").unwrap(),
            after.by_code("yc-2020", "E0113").unwrap(),
        );
        assert_eq!(
            (old.id, old.conditions.len(), new.conditions.len()),
            (new.id, 1, 2)
        );
        assert_eq!(
            new.condition(1).unwrap().limit,
            Some("2工作日".parse().unwrap())
        );
        let lid = after.by_code("yc-2020", "C0101").unwrap();
        assert_eq!(lid.condition(2).unwrap().closing, ["更换", "修复"]);
        // The first sheet again does not take the completed condition away.
        ops::import_matters(&ctx, SHEET.as_bytes(), &options("yc-2020")).unwrap();
        assert_eq!(
            matters(&ctx)
                .by_code("yc-2020", "E0113")
                .unwrap()
                .conditions
                .len(),
            2
        );
        assert_eq!(after.search("井盖", 5)[0].code, "C0101");
        assert!(ops::import_matters(&ctx, SHEET.as_bytes(), &options("local:x")).is_err());
    }
);

testdb::both_engines!(
    an_import_makes_local_entries_once,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        let names = BTreeSet::from(["Overflowing garbage".to_owned(), "Rats".to_owned()]);
        let first = ops::get_or_make_imported(&ctx, "chicago", &names).unwrap();
        assert_eq!(
            ops::get_or_make_imported(&ctx, "chicago", &names).unwrap(),
            first
        );
        let register = matters(&ctx);
        let rats = register.imported("chicago", " Rats").unwrap();
        assert_eq!(
            (rats.id, rats.reviewed, rats.kind, rats.conditions.len()),
            (first["Rats"], false, MatterKind::Other, 0)
        );
        assert!(!rats.flags.public && !rats.flags.warnable);
        assert_eq!(
            register.choices().count(),
            0,
            "nobody chooses from what nobody reviewed"
        );
    }
);

/// 518 lines: 89 limits in D and 5 in h do not say which clock they mean.
#[test]
fn the_sheet_of_one_city_is_taken_line_by_line() {
    const NAME: &str = "the_sheet_of_one_city_is_taken_line_by_line";
    let Some(file) = testkit::shared::need(
        NAME,
        "data/case-categories-example/case_categories_example.csv",
    ) else {
        return;
    };
    let bytes = std::fs::read(file).unwrap();
    let strict = ops::check(&bytes, ParseOptions::default()).unwrap();
    assert_eq!(
        (strict.rows, strict.conditions, strict.rejected),
        (518, 424, 94)
    );
    assert!(strict.errors.iter().all(|e| e.field == "limit"));
    let told = ParseOptions {
        bare_days: Some(ClockKind::WorkingDays),
        bare_hours: Some(ClockKind::WorkingHours),
    };
    let check = ops::check(&bytes, told).unwrap();
    assert_eq!(
        (
            check.rows,
            check.conditions,
            check.rejected,
            check.without_limit
        ),
        (518, 518, 0, 0),
        "{:?}",
        check.errors
    );
    assert_eq!(
        (check.classes, check.components, check.events),
        (190, 92, 98)
    );
    // The README of the data: D and h do not state a clock, the others do. Counted in the file itself.
    let clocks: Vec<_> = check.clocks.iter().map(|(k, n)| (k.as_str(), *n)).collect();
    let stated: Vec<_> = strict
        .clocks
        .iter()
        .map(|(k, n)| (k.as_str(), *n))
        .collect();
    let written = String::from_utf8(bytes.clone()).unwrap();
    let count = |unit: &str| {
        let limits = written.lines().skip(1).filter_map(|l| l.rsplit(',').next());
        let bare = limits.map(|l| l.split('(').next().unwrap_or_default().trim());
        let ends = |l: &&str| l.trim_start_matches(|c: char| c.is_ascii_digit()) == unit;
        bare.filter(ends).count() as u64
    };
    let (uh, ud, wh, wd) = (count("UH"), count("UD"), count("WH"), count("WD"));
    assert_eq!(uh + ud + wh + wd, 424);
    let some =
        |all: [(&'static str, u64); 4]| all.into_iter().filter(|c| c.1 > 0).collect::<Vec<_>>();
    assert_eq!(
        stated,
        some([("UD", ud), ("UH", uh), ("WD", wd), ("WH", wh)])
    );
    let (days, hours) = (count("D"), count("h"));
    assert_eq!((days, hours), (89, 5));
    assert_eq!(
        clocks,
        some([
            ("UD", ud),
            ("UH", uh),
            ("WD", wd + days),
            ("WH", wh + hours)
        ])
    );
    let db = testdb::TestDb::sqlite(&migrations());
    let ctx = operator(&db);
    let told = matters::ops::CatalogueOptions {
        limits: told,
        ..options("yuncheng")
    };
    let report = ops::import_matters(&ctx, &bytes, &told).unwrap();
    assert_eq!(
        (report.read, report.imported, report.rejected),
        (518, 518, 0)
    );
    let again = ops::import_matters(&ctx, &bytes, &told).unwrap();
    assert_eq!((again.unchanged, again.updated), (518, 0));
}
