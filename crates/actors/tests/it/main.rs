//! What the register of units promises, on both engines.
#![expect(
    clippy::unwrap_used,
    reason = "a test that unwraps nothing has failed, which is what it is for"
)]

use access::Ctx;
use actors::{Unit, UnitKind, Units, ops, sql};
use jiff::civil::date;
use kernel::ManualClock;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{Migration, StoreError};
use testdb::TestDb;

fn migrations() -> Vec<Migration> {
    [
        store::MIGRATIONS,
        access::MIGRATIONS,
        grid::MIGRATIONS,
        actors::MIGRATIONS,
    ]
    .concat()
}

fn operator(db: &TestDb) -> Ctx {
    db.system(&Arc::new(ManualClock::at(testdb::monday())))
}

fn units(ctx: &Ctx) -> Units {
    Units::build(
        ctx.read_blocking::<_, StoreError, _>(sql::all).unwrap(),
        date(2026, 3, 16),
    )
}

const SHEET: &str = "编码,名称,类型,上级,区划\nGOV,思明区政府,政府,,350203\nCG,城市管理局,政府,GOV,350203\nWATER,水务集团,企业,,\n";

testdb::both_engines!(
    a_sheet_comes_once_and_units_keep_their_ids,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        let first = ops::import_units(&ctx, SHEET.as_bytes(), "test").unwrap();
        assert_eq!((first.read, first.imported, first.rejected), (3, 3, 0));
        let before = units(&ctx);
        let again = ops::import_units(&ctx, SHEET.as_bytes(), "test").unwrap();
        assert_eq!((again.unchanged, again.imported, again.updated), (3, 0, 0));
        let renamed = ops::import_units(
            &ctx,
            SHEET.replace("水务集团", "自来水公司").as_bytes(),
            "test",
        )
        .unwrap();
        assert_eq!((renamed.unchanged, renamed.updated), (2, 1));
        let after = units(&ctx);
        let (old, new) = (
            before.by_code("WATER").unwrap(),
            after.by_code("WATER").unwrap(),
        );
        assert_eq!(
            (old.id, new.name_zh.as_str(), new.kind),
            (new.id, "自来水公司", UnitKind::Enterprise)
        );
        assert_eq!(
            after
                .government_of("350203000000".parse().unwrap())
                .unwrap()
                .code,
            "GOV"
        );
        assert!(after.are_related(
            after.by_code("CG").unwrap().id,
            after.by_code("GOV").unwrap().id
        ));
        assert!(!after.are_related(after.by_code("CG").unwrap().id, new.id));
    }
);

testdb::both_engines!(
    an_import_makes_a_unit_once_and_says_nobody_reviewed_it,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        let names = BTreeSet::from([
            "Ward 1".to_owned(),
            "Ward  1 ".to_owned(),
            "Ward 2".to_owned(),
        ]);
        let first = ops::get_or_make_imported(&ctx, "chicago", &names).unwrap();
        assert_eq!((first.len(), first["Ward 1"]), (3, first["Ward  1 "]));
        assert_eq!(
            ops::get_or_make_imported(&ctx, "chicago", &names).unwrap(),
            first
        );
        let other =
            ops::get_or_make_imported(&ctx, "nyc", &BTreeSet::from(["Ward 1".to_owned()])).unwrap();
        assert_ne!(other["Ward 1"], first["Ward 1"]);
        let register = units(&ctx);
        let ward: &Unit = register.imported("chicago", "Ward 1").unwrap();
        assert_eq!(
            (ward.id, ward.reviewed, ward.source.as_str()),
            (first["Ward 1"], false, "chicago")
        );
        assert_eq!(register.all().len(), 3);
        assert!(
            ops::get_or_make_imported(&ctx, "nyc", &BTreeSet::new())
                .unwrap()
                .is_empty()
        );
    }
);
