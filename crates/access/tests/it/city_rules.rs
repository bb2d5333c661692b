//! Rules of the city: who sets them, what is refused, what stays in the record, how they are set back.

use crate::city::City;
use access::Role;
use access::city_settings::SettingsList;
use access::ops::settings::{SettingError, history, in_force, set_back, set_blocking};
use std::collections::BTreeMap;
use store::StoreError;

access::city_settings! {
    /// For the tests.
    pub struct TestRules of "test" {
        /// How often.
        pub often: u32 [0.0, 9.0] = "2",
        /// Asked for.
        pub asked: bool = "yes",
    }
}

fn list() -> SettingsList {
    SettingsList::new(&[TestRules::SETTINGS])
}

fn wanted(of: &[(&str, Option<&str>)]) -> BTreeMap<String, Option<String>> {
    let owned = |(key, value): &(&str, Option<&str>)| ((*key).to_owned(), value.map(str::to_owned));
    of.iter().map(owned).collect()
}

testdb::both_engines!(
    every_value_a_rule_had_stays_and_can_be_set_back,
    &[store::MIGRATIONS, access::MIGRATIONS].concat(),
    |db| {
        let city = City::new(db);
        let ctx = city.system();
        let set = |of: &[(&str, Option<&str>)]| {
            set_blocking(&ctx.renewed(), &list(), &wanted(of), "红头文件 3 号")
        };
        let values = || ctx.read_blocking::<_, StoreError, _>(in_force).unwrap();
        assert_eq!(TestRules::of(&values()).often, 2);
        assert_eq!(
            set(&[("test.often", Some("3")), ("test.asked", Some("否"))]).unwrap(),
            2
        );
        let rules = TestRules::of(&values());
        assert_eq!((rules.often, rules.asked), (3, false));
        assert_eq!(
            set(&[("test.often", Some(" 3 "))]).unwrap(),
            0,
            "nothing changes"
        );
        assert_eq!(set(&[("test.often", Some("5"))]).unwrap(), 1);
        // All or none.
        let refused = set(&[("test.often", Some("7")), ("test.asked", Some("perhaps"))]);
        assert!(matches!(refused, Err(SettingError::Value { key, .. }) if key == "test.asked"));
        assert!(matches!(
            set(&[("test.never", None)]),
            Err(SettingError::Unknown(_))
        ));
        assert!(matches!(
            set(&[("test.often", Some("10"))]),
            Err(SettingError::Value { .. })
        ));
        let no_reason = set_blocking(&ctx, &list(), &wanted(&[("test.often", None)]), "  ");
        assert!(matches!(no_reason, Err(SettingError::Reason)));
        assert_eq!(TestRules::of(&values()).often, 5);
        let back = |key: &'static str| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(set_back(&ctx.renewed(), &list(), key, "撤销"))
        };
        assert_eq!(back("test.often").unwrap(), 1);
        assert_eq!(TestRules::of(&values()).often, 3);
        assert_eq!(set(&[("test.often", None)]).unwrap(), 1);
        assert_eq!(TestRules::of(&values()).often, 2);
        let versions = ctx
            .read_blocking::<_, StoreError, _>(|r| history(r, "test.often"))
            .unwrap();
        let told: Vec<_> = versions.iter().map(|v| v.value.as_deref()).collect();
        assert_eq!(told, [None, Some("3"), Some("5"), Some("3")]);
        assert!(versions.iter().all(|v| !v.reason.is_empty()));
        assert!(matches!(
            back("test.unknown"),
            Err(SettingError::NothingBefore(_))
        ));
        let (audited,): (i64,) = ctx
            .read_blocking::<_, StoreError, _>(|r| {
                r.one(
                    "SELECT count(*) FROM audit WHERE action = 'city_settings.set'",
                    &[],
                )
            })
            .unwrap();
        assert_eq!(audited, 5);
    }
);

testdb::both_engines!(
    only_who_manages_reference_data_sets_rules_and_staff_sees_them,
    &[store::MIGRATIONS, access::MIGRATIONS].concat(),
    |db| {
        let city = City::new(db);
        assert_eq!(city.browser().get("/rules").status, 303);
        for role in [Role::Acceptor, Role::SystemAdmin] {
            let mut browser = city.role(role);
            let page = browser.get("/rules");
            assert_eq!(page.status, 200, "{role}");
            // This deployment was composed without any rule: the page says so.
            assert!(page.text.contains("no rules to set"), "{}", page.text);
            assert_eq!(browser.get("/rules/test.often").status, 404);
        }
    }
);
