//! Work that is done later goes by the rights the account has then; only the program gets such a permit.

use crate::city::City;
use access::ops::accounts;
use access::ops::orders::{Orderer, permit};
use access::{AccountDraft, AccountError, Ctx, MIGRATIONS, Permission, Principal, Role};
use testdb::both_engines;

fn migrations() -> Vec<store::Migration> {
    store::MIGRATIONS
        .iter()
        .chain(MIGRATIONS)
        .copied()
        .collect()
}

both_engines!(
    a_later_permit_has_the_rights_of_then_and_no_other,
    &migrations(),
    |db| {
        let city = City::new(db);
        let account = city.account("clerk", &[Role::Acceptor]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let system = city.system();
        let ask = |orderer: &Orderer, wanted: Permission| -> Option<Ctx> {
            runtime.block_on(permit(&system, orderer, wanted)).unwrap()
        };
        let orderer = Orderer {
            account,
            behalf: None,
            scope: None,
        };
        let clerk = ask(&orderer, Permission::CaseRead).unwrap();
        assert!(clerk.principal().may(Permission::CaseAccept));
        assert_eq!(Orderer::of(&clerk), Some(orderer.clone()));
        assert!(
            ask(&orderer, Permission::CaseRegister).is_none(),
            "not its role's"
        );
        // The token it came with still bounds it.
        let narrow = Orderer {
            scope: Some(vec![Permission::CaseRead]),
            ..orderer.clone()
        };
        let bounded = ask(&narrow, Permission::CaseRead).unwrap();
        assert!(!bounded.principal().may(Permission::CaseAccept));
        // In nobody's place without a leave that runs.
        let other = city.account("lead", &[Role::Leader]);
        let away = Orderer {
            behalf: Some(other),
            ..orderer.clone()
        };
        assert!(ask(&away, Permission::CaseRead).is_none());
        // A permit of an account gives out no other.
        let refused = runtime.block_on(permit(&clerk, &orderer, Permission::CaseRead));
        assert!(refused.is_err());
        assert!(Orderer::of(&system).is_none());
        let change = |roles: Vec<Role>| {
            system
                .write_blocking::<_, AccountError, _>(move |mut w| {
                    let found = accounts::find(&mut w, account)?;
                    let draft = AccountDraft {
                        name: found.name,
                        roles: roles.clone(),
                        unit: found.unit,
                        districts: Vec::new(),
                    };
                    accounts::edit(w, account, found.version, &draft)
                })
                .unwrap();
        };
        change(vec![Role::Auditor]);
        let now = ask(&orderer, Permission::CaseRead).unwrap();
        assert!(
            !now.principal().may(Permission::CaseAccept),
            "the role is gone"
        );
        assert!(matches!(now.principal(), Principal::Staff(_)));
        system
            .write_blocking::<_, AccountError, _>(move |w| accounts::set_closed(w, account, true))
            .unwrap();
        assert!(ask(&orderer, Permission::CaseRead).is_none(), "closed");
    }
);
