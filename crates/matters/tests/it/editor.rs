//! The editor: a draft, its publication from a day on, taking back, retiring; duties one by one; the rules where nobody is
//! named. Cases keep what they were registered under, because versions stay readable.

use crate::{operator, options};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use matters::ops::{self, NewDuty};
use matters::rules::Fallback;
use matters::{City, DutyRules, MatterClass, MatterError, Reason, Reference};
use std::sync::Arc;

const SHEET: &str = "kind,major,minor,name_zh,rule_no,condition,limit,closing\n\
    component,01,01,上水井盖,1,缺失,2UH,恢复\nevent,04,01,占道经营,1,占道,4WH,清除\n";
const UNITS: &str = "code,name,kind,division\nGOV,思明区政府,政府,350203\nSTREET,厦港街道办,政府,350203001\nCG,城管局,政府,\nWATER,水务集团,企业,\n";
const DIVISIONS: &str = "code,name\n350203,思明区\n350203001,厦港街道\n350203002,中华街道\n";
const TODAY: Date = date(2026, 3, 16);

struct Place {
    ctx: access::Ctx,
    reference: Reference,
    runtime: tokio::runtime::Runtime,
}

impl Place {
    fn new(db: &testdb::TestDb) -> Self {
        let ctx = operator(db);
        let from = grid::ops::ImportOptions {
            source: "test".into(),
            crs: kernel::Crs::Wgs84,
        };
        grid::ops::import_divisions(&ctx, DIVISIONS.as_bytes(), &from).unwrap();
        actors::ops::import_units(&ctx, UNITS.as_bytes(), "test").unwrap();
        ops::import_matters(&ctx, SHEET.as_bytes(), &options("yc")).unwrap();
        Self {
            ctx,
            reference: Reference::new(TimeZone::get("Asia/Shanghai").unwrap()),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
        }
    }
    fn city(&self) -> Arc<City> {
        self.reference.refresh_blocking(&self.ctx).unwrap();
        self.reference.current()
    }
    /// The city as it stands on another day.
    fn on(&self, day: Date) -> Vec<MatterClass> {
        let read = move |r: &mut store::Read<'_>| matters::sql::classes_on(r, day);
        self.ctx.read_blocking(read).unwrap()
    }
    fn class(&self, code: &str) -> MatterClass {
        self.city().matters.by_code("yc", code).unwrap().clone()
    }
    fn draft(&self, class: MatterClass, base: u32) -> Result<(), MatterError> {
        self.runtime
            .block_on(ops::save_draft(&self.ctx, class, base, "why".into()))
    }
    fn publish(&self, class: &MatterClass, from: Date) -> Result<u32, MatterError> {
        self.runtime
            .block_on(ops::publish(&self.ctx, class.id, from, TODAY))
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, MatterError>) -> &'static str {
    access::Problem::code(&result.unwrap_err())
}

testdb::both_engines!(
    a_version_counts_from_its_day_and_the_one_before_stays_readable,
    &crate::migrations(),
    |db| {
        let place = Place::new(db);
        let old = place.class("C0101");
        let mut new = old.clone();
        new.conditions[0].limit = Some("1紧急工作时".parse().unwrap());
        new.keywords = vec!["井盖不见".into()];
        place.draft(new.clone(), 1).unwrap();
        assert_eq!(place.class("C0101"), old, "a draft counts for nothing");
        assert_eq!(code(place.publish(&old, date(2026, 3, 15))), "matters.past");
        let later = date(2026, 4, 1);
        assert_eq!(place.publish(&old, later).unwrap(), 2);
        assert_eq!(
            place.class("C0101").conditions,
            old.conditions,
            "not before its day"
        );
        let find = |day: Date| {
            let all = place.on(day);
            all.into_iter().find(|c| c.id == old.id).unwrap()
        };
        assert_eq!(find(later).conditions, new.conditions);
        assert_eq!(
            (find(later).version, find(date(2026, 3, 31)).version),
            (2, 1)
        );
        // Taken back before it begins, it is the draft again; published from today it counts at once.
        place
            .runtime
            .block_on(ops::take_back(&place.ctx, old.id, 2, TODAY))
            .unwrap();
        assert_eq!(find(later).conditions, old.conditions);
        assert_eq!(place.publish(&old, TODAY).unwrap(), 2);
        let now = place.class("C0101");
        assert_eq!(
            (now.version, now.conditions.clone()),
            (2, new.conditions.clone())
        );
        assert_eq!(now.id, old.id, "a class keeps its id");
        let best = place.city();
        assert_eq!(
            best.matters.find("井盖不见了").next().unwrap().0.code,
            "C0101"
        );
        let id = old.id;
        let first = place.ctx.read_blocking(move |r| ops::version_of(r, id, 1));
        assert_eq!(first.unwrap().conditions, old.conditions);
        let begun = ops::take_back(&place.ctx, old.id, 2, TODAY);
        assert_eq!(code(place.runtime.block_on(begun)), "matters.begun");
    }
);

testdb::both_engines!(
    a_draft_that_is_flawed_outdated_or_says_nothing_new_is_not_published,
    &crate::migrations(),
    |db| {
        let place = Place::new(db);
        let class = place.class("E0401");
        let flags = matters::Flags {
            warnable: true,
            ..class.flags
        };
        let warning = MatterClass {
            flags,
            ..class.clone()
        };
        place.draft(warning, 1).unwrap();
        assert_eq!(
            code(place.publish(&class, TODAY)),
            "matters.conduct_warnable"
        );
        place.draft(class.clone(), 1).unwrap();
        assert_eq!(code(place.publish(&class, TODAY)), "matters.no_change");
        let renamed = MatterClass {
            name_en: Some("Street trade".into()),
            ..class.clone()
        };
        place.draft(renamed.clone(), 1).unwrap();
        place.publish(&class, TODAY).unwrap();
        place.draft(renamed, 1).unwrap();
        assert_eq!(code(place.publish(&class, TODAY)), "matters.outdated");
        let drop = || {
            place
                .runtime
                .block_on(ops::drop_draft(&place.ctx, class.id))
        };
        drop().unwrap();
        assert_eq!(code(drop()), "access.not_found");
        assert_eq!(code(place.publish(&class, TODAY)), "access.not_found");
    }
);

testdb::both_engines!(
    a_new_class_begins_and_a_retired_one_is_chosen_no_more,
    &crate::migrations(),
    |db| {
        let place = Place::new(db);
        let class = MatterClass {
            id: matters::MatterId(kernel::id::Id::from_bytes([7; 16])),
            code: "E0499".into(),
            minor: Some("99".into()),
            name_zh: "共享单车".into(),
            ..place.class("E0401")
        };
        place.draft(class.clone(), 0).unwrap();
        assert_eq!(place.publish(&class, TODAY).unwrap(), 1);
        assert!(place.city().matters.choices().any(|c| c.code == "E0499"));
        place.draft(class.clone(), 0).unwrap();
        assert_eq!(code(place.publish(&class, TODAY)), "matters.code_taken");
        let retire = |last| {
            let done = ops::retire(&place.ctx, class.id, last, TODAY);
            place.runtime.block_on(done)
        };
        assert_eq!(code(retire(Some(date(2026, 3, 1)))), "matters.past");
        retire(Some(date(2026, 3, 15))).unwrap();
        let city = place.city();
        assert!(!city.matters.choices().any(|c| c.code == "E0499"));
        assert!(city.matter(class.id).is_some(), "its cases still know it");
        retire(None).unwrap();
        assert!(place.city().matters.choices().any(|c| c.code == "E0499"));
    }
);

testdb::both_engines!(
    an_import_makes_another_version_of_what_it_changes,
    &crate::migrations(),
    |db| {
        let place = Place::new(db);
        let before = place.class("C0101");
        let sheet = SHEET.replace("2UH", "1UH");
        ops::import_matters(&place.ctx, sheet.as_bytes(), &options("yc")).unwrap();
        let after = place.class("C0101");
        assert_eq!((before.version, after.version), (1, 2));
        assert_eq!(after.valid_from, Some(TODAY));
        let id = before.id;
        let first = place.ctx.read_blocking(move |r| ops::version_of(r, id, 1));
        assert_eq!(first.unwrap(), before);
        assert_eq!(
            place.class("E0401").version,
            1,
            "what did not change has no other version"
        );
    }
);

testdb::both_engines!(
    the_units_a_sheet_names_become_duties_once,
    &crate::migrations(),
    |db| {
        let place = Place::new(db);
        let sheet = "大类代码,小类代码,小类名称,立案条件,处置时限,处置单位,主管部门\n\
            01,01,上水井盖,缺失,2紧急工作时,水务集团,城管局\n01,02,污水井盖,缺失,2紧急工作时,没有的单位,\n";
        let how = matters::ops::CatalogueOptions {
            kind: Some(matters::MatterKind::Component),
            ..options("sheet")
        };
        let report = ops::import_matters(&place.ctx, sheet.as_bytes(), &how).unwrap();
        assert!(report.warnings[0].text.contains("没有的单位"), "{report:?}");
        ops::import_matters(&place.ctx, sheet.as_bytes(), &how).unwrap();
        let city = place.city();
        assert_eq!(city.duties.len(), 1);
        let class = city.matters.by_code("sheet", "C0101").unwrap().id;
        let found = city.who(Some(class), None, None, TODAY).unwrap();
        let code = |u| city.unit(u).unwrap().code.clone();
        assert_eq!(
            (code(found.handling), code(found.competent.unwrap())),
            ("WATER".into(), "CG".into())
        );
    }
);

testdb::both_engines!(
    a_line_takes_the_place_of_another_and_the_past_stays,
    &crate::migrations(),
    |db| {
        let place = Place::new(db);
        let city = place.city();
        let unit = |code: &str| city.units.by_code(code).unwrap().id;
        let add = |new: &NewDuty, replaces| {
            let city = place.city();
            place
                .runtime
                .block_on(ops::add_duty(&place.ctx, &city, new, replaces))
        };
        let old = NewDuty {
            valid_from: Some(date(2026, 1, 1)),
            ..NewDuty::of("C01", None, unit("CG"), TODAY)
        };
        let first = add(&old, None).unwrap();
        let street = "350203001000".parse().unwrap();
        let new = NewDuty::of("C01", None, unit("WATER"), date(2026, 4, 1));
        add(&new, Some(first)).unwrap();
        let who = |day: Date| {
            let city = place.city();
            let class = city.matters.by_code("yc", "C0101").unwrap().id;
            let found = city.who(Some(class), None, Some(street), day).unwrap();
            city.unit(found.handling).unwrap().code.clone()
        };
        assert_eq!(who(date(2026, 3, 31)), "CG");
        assert_eq!(who(date(2026, 4, 1)), "WATER");
        assert_eq!(
            who(date(2025, 12, 31)),
            "STREET",
            "before the first line the territory answers"
        );
        let end = |id, last| {
            let done = ops::end_duty(&place.ctx, id, last, TODAY);
            place.runtime.block_on(done)
        };
        assert_eq!(code(end(first, date(2026, 3, 1))), "matters.past");
        assert_eq!(code(end(first, date(2026, 5, 1))), "matters.ended");
        for (bad, field) in [
            (NewDuty::of("Z9", None, unit("CG"), TODAY), "matter"),
            (
                NewDuty::of(
                    "C",
                    Some("110101000000".parse().unwrap()),
                    unit("CG"),
                    TODAY,
                ),
                "division",
            ),
            (
                NewDuty {
                    beat: "B9".into(),
                    ..old.clone()
                },
                "beat",
            ),
            (
                NewDuty {
                    valid_to: Some(date(2025, 1, 1)),
                    ..old.clone()
                },
                "valid_to",
            ),
            (
                NewDuty {
                    legal_basis: Some("11010519491231002X".into()),
                    ..old.clone()
                },
                "legal_basis",
            ),
            (
                NewDuty {
                    handling: access::UnitId(kernel::id::Id::from_bytes([3; 16])),
                    ..old.clone()
                },
                "handling",
            ),
        ] {
            let error = add(&bad, None).unwrap_err();
            assert_eq!(
                access::Problem::field(&error).as_deref(),
                Some(field),
                "{error}"
            );
        }
    }
);

testdb::both_engines!(
    where_nobody_is_named_the_rules_of_the_city_say_who,
    &crate::migrations(),
    |db| {
        let place = Place::new(db);
        let street = "350203001000".parse().unwrap();
        let ask = |first| {
            let city = place.city();
            let found = city
                .who_after(None, None, Some(street), TODAY, first)
                .unwrap();
            (
                city.unit(found.handling).unwrap().code.clone(),
                found.reason,
            )
        };
        let set = |rules: DutyRules| {
            let city = place.city();
            place
                .runtime
                .block_on(ops::set_duty_rules(&place.ctx, &city, rules))
        };
        assert_eq!(ask(None).0, "STREET");
        let of = |fallback, first_receiver| DutyRules {
            fallback,
            coordinator: "CG".into(),
            first_receiver,
        };
        set(of(Fallback::District, false)).unwrap();
        assert_eq!(ask(None).0, "GOV");
        set(of(Fallback::Coordinator, false)).unwrap();
        assert_eq!(ask(None), ("CG".into(), Reason::City));
        let water = place.city().units.by_code("WATER").unwrap().id;
        assert_eq!(ask(Some(water)).0, "CG", "the city has not said so");
        set(of(Fallback::Coordinator, true)).unwrap();
        assert_eq!(ask(Some(water)), ("WATER".into(), Reason::FirstReceiver));
        let nobody = DutyRules {
            coordinator: "NOBODY".into(),
            ..DutyRules::default()
        };
        assert_eq!(code(set(nobody)), "matters.unknown_unit");
    }
);
