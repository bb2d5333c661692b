//! The snapshot: reloads what changed and nothing else, and stays as it was for those who hold it.

use crate::{operator, options};
use jiff::tz::TimeZone;
use kernel::{Limit, ManualClock};
use matters::{Reference, ops};
use std::sync::Arc;
use std::time::Duration;

fn shanghai() -> Reference {
    Reference::new(TimeZone::get("Asia/Shanghai").unwrap())
}

testdb::both_engines!(
    a_change_is_seen_at_the_next_look_and_old_snapshots_stay,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        let (here, elsewhere) = (shanghai(), shanghai());
        assert!(here.refresh_blocking(&ctx).unwrap());
        assert!(elsewhere.refresh_blocking(&ctx).unwrap());
        let before = elsewhere.current();
        let statements = ctx.statements();
        assert!(!elsewhere.refresh_blocking(&ctx).unwrap());
        assert_eq!(
            ctx.statements() - statements,
            1,
            "a look at nothing new costs one query"
        );
        actors::ops::import_units(&ctx, "code,name,kind\nU1,a,政府\n".as_bytes(), "test").unwrap();
        assert!(elsewhere.refresh_blocking(&ctx).unwrap());
        let after = elsewhere.current();
        assert_eq!((before.units.all().len(), after.units.all().len()), (0, 1));
        assert!(
            Arc::ptr_eq(&before.territory, &after.territory),
            "what did not change is not read again"
        );
        assert!(here.refresh_blocking(&ctx).unwrap());
    }
);

testdb::both_engines!(
    validity_is_looked_at_again_on_another_day,
    &crate::migrations(),
    |db| {
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        let ctx = db.system(&clock);
        let ends = "code,name,kind,valid_to\nU1,a,政府,2026-03-16\n";
        actors::ops::import_units(&ctx, ends.as_bytes(), "test").unwrap();
        let reference = shanghai();
        reference.refresh_blocking(&ctx).unwrap();
        assert_eq!(reference.current().units.in_force().count(), 1);
        clock.advance(Duration::from_secs(24 * 3600));
        assert!(reference.refresh_blocking(&ctx).unwrap());
        assert_eq!(reference.current().units.in_force().count(), 0);
    }
);

testdb::both_engines!(
    a_calendar_counts_from_when_it_is_loaded_and_old_versions_stay,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        let reference = shanghai();
        reference.refresh_blocking(&ctx).unwrap();
        let own = reference.current().calendar.version().to_owned();
        let start = "2027-01-04T09:00:00+08:00".parse().unwrap();
        let limit: Limit = "1工作日".parse().unwrap();
        assert!(
            reference
                .current()
                .due(start, limit, &[])
                .unwrap()
                .provisional
        );
        let notice =
            "source test\nversion cn-2027\nyear 2027\noff 2027-01-05 假日\noff 2027-10-01 国庆节\n";
        let report = ops::import_calendar(&ctx, notice.as_bytes()).unwrap();
        assert_eq!((report.read, report.imported), (1, 1));
        assert_eq!(
            ops::import_calendar(&ctx, notice.as_bytes())
                .unwrap()
                .unchanged,
            1
        );
        reference.refresh_blocking(&ctx).unwrap();
        let city = reference.current();
        let due = city.due(start, limit, &[]).unwrap();
        assert_eq!(
            (due.at, due.provisional),
            ("2027-01-06T09:00:00+08:00".parse().unwrap(), false)
        );
        assert!(
            city.calendar.is_loaded(2026),
            "the product's own years stay"
        );
        assert!(!city.calendar_version(&own).unwrap().is_loaded(2027));
        let summer = "version summer\nperiods 09:00-12:00 15:00-18:00\n";
        ops::import_calendar(&ctx, summer.as_bytes()).unwrap();
        reference.refresh_blocking(&ctx).unwrap();
        let monday = jiff::civil::date(2027, 1, 4);
        let city = reference.current();
        assert_eq!(
            city.calendar.periods_on(monday)[0].to_string(),
            "09:00-12:00"
        );
        assert!(city.calendar.is_loaded(2027) && city.calendar.is_loaded(2026));
        let other = notice.replace("2027-01-05", "2027-01-06");
        assert!(
            ops::import_calendar(&ctx, other.as_bytes())
                .unwrap_err()
                .to_string()
                .contains("other content")
        );
        // What a page shows before anything is written: each day with its hours before and after, for one street alone.
        let fair = "date,kind,name\n2027-01-06,off,庙会\n";
        let options = ops::CalendarOptions {
            file: matters::calendar_file::FileOptions {
                version: Some("fair".into()),
                ..Default::default()
            },
            division: Some("350203001000".parse().unwrap()),
            reason: Some("街道通知 1 号".into()),
            dry_run: false,
        };
        let plan = ops::plan_calendar(&ctx, fair.as_bytes(), &options).unwrap();
        let shown: Vec<&str> = plan.report.shown.iter().map(|r| r.name.as_str()).collect();
        assert_eq!(
            shown,
            ["fair", "2027-01-06 庙会: 09:00-12:00 15:00-18:00 → —"]
        );
        reference.refresh_blocking(&ctx).unwrap();
        let layers = |city: &matters::City| city.calendars.layers().len();
        assert_eq!(
            layers(&reference.current()),
            layers(&city),
            "nothing was written"
        );
        plan.carry_out(&ctx, &mut |_| ()).unwrap();
        reference.refresh_blocking(&ctx).unwrap();
        let wednesday = jiff::civil::date(2027, 1, 6);
        let after = reference.current();
        let of_street = after.calendars.at("350203001000".parse().ok());
        assert!(of_street.periods_on(wednesday).is_empty());
        assert!(!after.calendar.periods_on(wednesday).is_empty());
        for garbage in ["", "nonsense", "{", "year 20270\n"] {
            assert!(
                ops::import_calendar(&ctx, garbage.as_bytes()).is_err(),
                "{garbage}"
            );
        }
    }
);

testdb::both_engines!(
    a_year_that_is_not_announced_is_refused_and_stays_provisional,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        let reference = shanghai();
        let words = access::words_of(&[grid::http::capability()]).unwrap();
        let is_loaded = || {
            reference.refresh_blocking(&ctx).unwrap();
            let city = reference.current();
            (city.calendar.is_loaded(2027), city.calendars.layers().len())
        };
        let before = is_loaded();
        assert!(!before.0);
        for empty in [
            r#"{"year":2027,"papers":[],"days":[]}"#,
            r#"{"years":{"2027":[]}}"#,
            "year 2027\n",
            "year 2027\noff 2027-01-01 元旦\n",
        ] {
            let refused = ops::import_calendar(&ctx, empty.as_bytes()).unwrap_err();
            let field = access::Problem::field(&refused);
            assert_eq!(field.as_deref(), Some("2027"), "{empty}: {refused}");
            let said = refused.sentence(&words, ui::Lang::Zh);
            assert!(said.contains("2027 年的安排，却没有把国庆节"), "{said}");
            let said = refused.sentence(&words, ui::Lang::En);
            assert!(said.contains("claims to know the year 2027 but"), "{said}");
            assert_eq!(is_loaded(), before, "{empty}");
        }
        // The version name that the empty file would have taken is free for the notice.
        let notice = "year 2027\noff 2027-10-01..2027-10-07 国庆节\n";
        let named = kernel::Calendar::parse(r#"{"year":2027,"days":[]}"#).unwrap();
        assert_eq!(
            kernel::Calendar::parse(notice).unwrap().version(),
            named.version()
        );
        ops::import_calendar(&ctx, notice.as_bytes()).unwrap();
        assert_eq!(is_loaded(), (true, before.1 + 1));
        // What is known already may be adjusted without naming the whole of it again.
        let local = "version 三月三\nyear 2027\noff 2027-04-09 三月三\n";
        ops::import_calendar(&ctx, local.as_bytes()).unwrap();
        assert_eq!(is_loaded(), (true, before.1 + 2));
    }
);

testdb::both_engines!(
    imports_of_cases_bump_the_catalogue_only,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        let reference = shanghai();
        reference.refresh_blocking(&ctx).unwrap();
        let before = reference.current();
        ops::get_or_make_imported(&ctx, "chicago", &["Rats".to_owned()].into()).unwrap();
        reference.refresh_blocking(&ctx).unwrap();
        let after = reference.current();
        assert!(after.matters.imported("chicago", "Rats").is_some());
        assert!(Arc::ptr_eq(&before.units, &after.units));
        let sheet = "kind,major,minor,name_zh\nevent,01,01,x\n";
        ops::import_matters(&ctx, sheet.as_bytes(), &options("t")).unwrap();
        reference.refresh_blocking(&ctx).unwrap();
        assert_eq!(reference.current().matters.choices().count(), 1);
    }
);
