//! The administrator's door: one page that says in what state everything is, and imports that are looked at before they
//! are carried out.
//!
//! Words: *import* 导入 (one file, from its upload to its end), *preview* 预览 (what it would add, change and refuse).
//!
//! Invariants: an upload writes nothing but itself; what a preview shows is found out by the same code that writes; a
//! refused row is never lost, but listed with its line, field and reason; the guards of `rights.md` stand before a preview
//! as before an import.

mod api;
mod home;
mod imports;
mod model;
mod ops;
mod sql;

pub use model::{Found, Import, ImportId, Kind, Options, State};
pub use ops::Imports;

use access::{Capability, Permission, Routes};
use axum::http::Method;

/// The table of imports.
pub const MIGRATIONS: &[store::Migration] = &[store::Migration {
    number: 43,
    name: "imports",
    sql: include_str!("../migrations/0043_imports.sql"),
}];

/// Pages, table and words.
pub fn capability() -> Capability {
    let (get, post) = (|| Method::GET, || Method::POST);
    let manage = Permission::ReferenceManage;
    let routes = Routes::new("admin")
        .on(get(), "/admin", manage, home::show)
        .on(get(), "/admin/imports", manage, imports::list)
        .on(post(), "/admin/imports", manage, imports::upload)
        .takes(ops::MOST_BYTES + (1 << 20))
        .on(get(), "/admin/imports/{id}", manage, imports::one)
        .on(
            post(),
            "/admin/imports/{id}/confirm",
            manage,
            imports::confirm,
        )
        .on(
            post(),
            "/admin/imports/{id}/cancel",
            manage,
            imports::cancel,
        )
        .on(
            get(),
            "/admin/imports/{id}/rejects.csv",
            manage,
            imports::rejects,
        );
    Capability::new("admin", api::add(routes))
        .migrations(MIGRATIONS)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
        .menu("admin-menu", "/admin", manage, 700)
}
