//! Who may do what: principals, roles, permissions, scopes, purposes, and [`Ctx`], without which nobody opens the store;
//! accounts, sessions and API tokens; the only way to mount a handler ([`Routes`]); the front door of the program.
//!
//! Invariants:
//! - only this crate mints a store [`store::Grant`]; every grant belongs to a [`Ctx`] whose permission was checked;
//! - a handler is mounted by [`Routes`] only, so that the guard stands before it: who asks, may they, is the form ours;
//! - no refusal reaches a visitor as bare text: a [`Fault`] becomes a page in their language or a problem document.
//!
//! # A capability with a page and an API call
//! ```
//! use access::{Capability, Ctx, Fault, Json, Operation, Path, Permission, Routes};
//! use axum::http::Method;
//! use axum::response::Response;
//! use ui::Ui;
//!
//! # #[derive(serde::Serialize, utoipa::ToSchema)]
//! # struct CaseView { number: String }
//! # #[derive(askama::Template)]
//! # #[template(source = "{{ ui.city() }} {{ number }}", ext = "html")]
//! # struct CasePage { ui: Ui, number: String }
//! // A page: takes what it needs, translates, decides nothing.
//! async fn show(ctx: Ctx, ui: Ui, Path(number): Path<String>) -> Result<Response, Fault> {
//!     let _ = ctx.now(); // ops::find(&ctx, number).await?  — errors that are a `Problem` become a `Fault` by `?`
//!     access::show(&CasePage { ui, number })
//! }
//! async fn read(_ctx: Ctx, Path(number): Path<String>) -> Result<Json<CaseView>, Fault> {
//!     Ok(Json(CaseView { number }))
//! }
//! pub fn capability() -> Capability {
//!     let routes = Routes::new("cases")
//!         .on(Method::GET, "/cases/{number}", Permission::CaseRead, show)
//!         .on_api(Method::GET, "/api/v1/cases/{number}", Permission::CaseRead, read,
//!             Operation::new("shows a case").answers::<CaseView>(200));
//!     Capability::new("cases", routes).menu("cases-menu", "/desk", Permission::CaseRead, 10)
//! }
//! # let table = access::table_of(&[capability()]);
//! # assert_eq!(table.len(), 2);
//! ```
//! A form posts back to a route of its own; [`Fields`] keeps what was typed ([`Fields::form`]), a fault is shown beside its
//! field ([`Fault::sentence`], [`Fault::field_name`]), and what was done ends in [`Go`]. Files come as [`Upload`], on a route
//! that [`Routes::takes`] so many bytes. The words of an error code `cases.wrong_state` stand under `cases-error-wrong-state`.

mod again;
mod answer;
mod body;
pub mod city_settings;
mod cookies;
mod ctx;
mod extract;
pub mod face;
mod fault;
mod front;
mod gates;
mod guard;
mod http;
mod idempotency;
mod kept;
pub mod model;
mod openapi;
pub mod ops;
mod parts;
pub mod password;
mod permission;
mod principal;
mod rate;
mod refusals;
mod routes;
pub mod rules;
mod secret;
mod sql;
mod sql_deputies;
mod state;
mod told;
pub mod trail;
mod visit;

pub use answer::{FileOut, Go, Listing, show, show_as};
pub use ctx::{Ctx, Refused, Scope, Services};
pub use extract::{Fields, Form, Json, Path, Query, Upload, UploadedFile, from_json};
pub use fault::{Fault, Problem, Saying, Word, on_a_page, said, told, word_key};
pub use front::router;
pub use guard::NotNow;
pub use http::audit::audit_query;
pub use http::capability;
pub use idempotency::once_by_form;
pub use model::{Account, AccountDraft, Directory, NewAccount, Places, Unread, UnreadCount};
pub use openapi::{Operation, openapi};
pub use parts::{FilePart, FormParts};
pub use permission::{Permission, Role};
pub use principal::{AccountId, LeftUnit, OnBehalf, Principal, Staff, SystemRole, UnitId};
pub use rate::Buckets;
pub use routes::{
    Capability, MenuEntry, Refusal, Refusals, RouteInfo, RouteKind, Routes, menu_of, migrations_of,
    table_of, words_of,
};
pub use rules::AccountError;
pub use state::{AppParts, AppState, Limits, Settings};
pub use visit::{Via, Visit, role_key};

/// The tables of accounts, sessions and tokens.
pub const MIGRATIONS: &[store::Migration] = &[
    store::Migration {
        number: 10,
        name: "access",
        sql: include_str!("../migrations/0010_access.sql"),
    },
    store::Migration {
        number: 46,
        name: "deputies",
        sql: include_str!("../migrations/0046_deputies.sql"),
    },
    store::Migration {
        number: 12,
        name: "city_settings",
        sql: include_str!("../migrations/0012_city_settings.sql"),
    },
    store::Migration {
        number: 13,
        name: "audit_by_action",
        sql: include_str!("../migrations/0013_audit_by_action.sql"),
    },
    store::Migration {
        number: 146,
        name: "left_units",
        sql: include_str!("../migrations/0146_left_units.sql"),
    },
];
