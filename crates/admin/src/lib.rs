//! The administrator's door: one page that says in what state everything is, and imports that are looked at before they
//! are carried out.
//!
//! Words: *import* 导入 (one file, from its upload to its end), *preview* 预览 (what it would add, change and refuse), *door*
//! (where files of some kinds come in, with the permission that such data wants).
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

pub use model::{Door, Found, Import, ImportId, Kind, Options, State};
pub use ops::Imports;

use access::{Capability, Ctx, Path, Permission, Query, Routes, Upload};
use axum::http::Method;
use ui::Ui;

/// The table of imports.
pub const MIGRATIONS: &[store::Migration] = &[store::Migration {
    number: 43,
    name: "imports",
    sql: include_str!("../migrations/0043_imports.sql"),
}];

/// The pages of imports at a door: its list, and under it one import, to confirm, to cancel, and its refused rows.
fn imports_at(
    routes: Routes,
    door: Door,
    manage: Permission,
    [list, one, confirm, cancel, rejects]: [&'static str; 5],
) -> Routes {
    let (get, post) = (|| Method::GET, || Method::POST);
    type Id = Path<ImportId>;
    routes
        .on(
            get(),
            list,
            manage,
            move |ctx: Ctx, ui: Ui, asked: Query<imports::ListQuery>| {
                imports::list(ctx, ui, door, asked)
            },
        )
        .on(
            post(),
            list,
            manage,
            move |ctx: Ctx, ui: Ui, file: Upload| imports::upload(ctx, ui, door, file),
        )
        .takes(ops::MOST_BYTES + (1 << 20))
        .on(get(), one, manage, move |ctx: Ctx, ui: Ui, id: Id| {
            imports::one(ctx, ui, door, id)
        })
        .on(post(), confirm, manage, move |ctx: Ctx, ui: Ui, id: Id| {
            imports::confirm(ctx, ui, door, id)
        })
        .on(post(), cancel, manage, move |ctx: Ctx, ui: Ui, id: Id| {
            imports::cancel(ctx, ui, door, id)
        })
        .on(get(), rejects, manage, move |ctx: Ctx, ui: Ui, id: Id| {
            imports::rejects(ctx, ui, door, id)
        })
}

/// Pages, table and words.
pub fn capability() -> Capability {
    let manage = Permission::ReferenceManage;
    let routes = Routes::new("admin").on(Method::GET, "/admin", manage, home::show);
    let of_reference = [
        "/admin/imports",
        "/admin/imports/{id}",
        "/admin/imports/{id}/confirm",
        "/admin/imports/{id}/cancel",
        "/admin/imports/{id}/rejects.csv",
    ];
    let of_definitions = [
        "/evaluation/sets/imports",
        "/evaluation/sets/imports/{id}",
        "/evaluation/sets/imports/{id}/confirm",
        "/evaluation/sets/imports/{id}/cancel",
        "/evaluation/sets/imports/{id}/rejects.csv",
    ];
    let routes = imports_at(routes, Door::Administration, manage, of_reference);
    let analyst = Permission::EvaluationManage;
    let routes = imports_at(routes, Door::Evaluation, analyst, of_definitions);
    Capability::new("admin", api::add(routes))
        .migrations(MIGRATIONS)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
        .menu("admin-menu", "/admin", manage, 700)
}
