//! The pages and calls of access itself: sign-in, one's own account, users, the audit trail, health.

mod account;
pub(crate) mod audit;
mod city_rules;
mod deputies;
mod health;
mod sign_in;
mod tokens;
mod users;
mod wall;

pub(crate) use sign_in::again as sign_in_again;

use crate::MIGRATIONS;
use crate::openapi::Operation;
use crate::permission::Permission;
use crate::routes::{Capability, Routes};
use axum::http::Method;

/// What this crate brings to the program.
pub fn capability() -> Capability {
    let routes = Routes::new("access")
        .bare("/healthz", health::healthz)
        .bare(ui::assets::ROUTE, ui::assets::serve)
        .bare(ui::assets::SERVICE_WORKER_ROUTE, ui::assets::service_worker)
        .bare(ui::assets::MANIFEST_ROUTE, ui::assets::manifest)
        .bare(ui::look::PATH, ui::look::change)
        .on(Method::GET, "/sign-in", Permission::Public, sign_in::form)
        .on(Method::POST, "/sign-in", Permission::Public, sign_in::send)
        .on(
            Method::POST,
            "/sign-out",
            Permission::OwnAccount,
            sign_in::out,
        )
        .on(
            Method::GET,
            "/account",
            Permission::OwnAccount,
            account::show_own,
        )
        .on(
            Method::POST,
            "/account/password",
            Permission::OwnAccount,
            account::change_password,
        )
        .on(
            Method::GET,
            "/users",
            Permission::AccountManage,
            users::list,
        )
        .on(
            Method::GET,
            "/users/new",
            Permission::RoleManage,
            users::blank,
        )
        .on(
            Method::POST,
            "/users/new",
            Permission::RoleManage,
            users::add,
        )
        .on(
            Method::GET,
            "/users/{id}",
            Permission::AccountManage,
            users::one,
        )
        .on(
            Method::POST,
            "/users/{id}",
            Permission::RoleManage,
            users::edit,
        )
        .on(
            Method::POST,
            "/users/{id}/reset",
            Permission::AccountManage,
            users::reset,
        )
        .on(
            Method::POST,
            "/users/{id}/close",
            Permission::AccountManage,
            users::close,
        )
        .on(
            Method::POST,
            "/users/{id}/open",
            Permission::AccountManage,
            users::open,
        )
        .on(
            Method::GET,
            "/users/{id}/tokens",
            Permission::AccountManage,
            tokens::list,
        )
        .on(
            Method::POST,
            "/users/{id}/tokens",
            Permission::RoleManage,
            tokens::issue,
        )
        .on(
            Method::POST,
            "/users/{id}/tokens/{token}/revoke",
            Permission::AccountManage,
            tokens::revoke,
        )
        .on_api(
            Method::GET,
            "/api/v1/accounts/{id}/tokens",
            Permission::AccountManage,
            tokens::api_list,
            Operation::new("lists the API keys of an account, without their texts")
                .answers::<tokens::TokenList>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/accounts/{id}/tokens",
            Permission::RoleManage,
            tokens::api_issue,
            Operation::new(
                "gives out an API key of somebody else's account; its text is told once",
            )
            .body::<tokens::NewKey>()
            .answers::<tokens::TokenOnce>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/accounts/{id}/tokens/{token}/revoke",
            Permission::AccountManage,
            tokens::api_revoke,
            Operation::new("takes an API key back").answers::<tokens::TokenList>(200),
        )
        .on(
            Method::GET,
            "/deputies",
            Permission::OwnAccount,
            deputies::list,
        )
        .on(
            Method::POST,
            "/deputies",
            Permission::OwnAccount,
            deputies::appoint,
        )
        .on(
            Method::POST,
            "/deputies/back",
            Permission::OwnAccount,
            deputies::back,
        )
        .on(
            Method::POST,
            "/deputies/{id}/end",
            Permission::OwnAccount,
            deputies::end,
        )
        .on(
            Method::POST,
            "/deputies/{id}/act",
            Permission::OwnAccount,
            deputies::act,
        )
        .on_api(
            Method::GET,
            "/api/v1/deputies",
            Permission::OwnAccount,
            deputies::api_list,
            Operation::new("lists who acts in whose place, as far as it concerns the caller")
                .answers::<deputies::DeputiesView>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/deputies",
            Permission::OwnAccount,
            deputies::api_appoint,
            Operation::new("enters a leave with its deputy")
                .body::<deputies::DeputyInput>()
                .answers::<deputies::DeputiesView>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/deputies/{id}/end",
            Permission::OwnAccount,
            deputies::api_end,
            Operation::new("ends the time of a deputy").answers::<deputies::DeputiesView>(200),
        )
        .on(
            Method::GET,
            "/rules",
            Permission::ReferenceRead,
            city_rules::list,
        )
        .on(
            Method::GET,
            "/rules/{key}",
            Permission::ReferenceRead,
            city_rules::one,
        )
        .on(
            Method::POST,
            "/rules/{key}",
            Permission::ReferenceManage,
            city_rules::set,
        )
        .on(
            Method::POST,
            "/rules/{key}/back",
            Permission::ReferenceManage,
            city_rules::set_back,
        )
        .on_api(
            Method::GET,
            "/api/v1/rules",
            Permission::ReferenceRead,
            city_rules::list_api,
            Operation::new("tells every rule of the city with its value and its default")
                .answers::<city_rules::RulesView>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/rules",
            Permission::ReferenceManage,
            city_rules::set_api,
            Operation::new(
                "sets rules of the city, all or none; null sets one back to its default",
            )
            .body::<city_rules::NewRules>()
            .answers::<city_rules::RulesView>(200),
        )
        .on(
            Method::POST,
            "/wall",
            Permission::EvaluationRead,
            wall::begin,
        )
        .on(Method::GET, "/audit", Permission::AuditRead, audit::search)
        .on_api(
            Method::GET,
            "/api/v1/account",
            Permission::OwnAccount,
            account::who_am_i,
            Operation::new("tells who the session or token acts as")
                .answers::<account::WhoAmI>(200),
        );
    Capability::new("access", routes)
        .migrations(MIGRATIONS)
        .locales(
            include_str!("../../locales/zh-CN.ftl"),
            include_str!("../../locales/en.ftl"),
        )
        .menu(
            "access-menu-users",
            "/users",
            Permission::AccountManage,
            800,
        )
        .menu(
            "access-menu-rules",
            "/rules",
            Permission::ReferenceManage,
            780,
        )
        .menu("access-menu-audit", "/audit", Permission::AuditRead, 810)
        .staff_menu(
            "access-menu-deputies",
            "/deputies",
            Permission::OwnAccount,
            890,
        )
        .menu(
            "access-menu-account",
            "/account",
            Permission::OwnAccount,
            900,
        )
}
