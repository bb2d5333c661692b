//! What oversight brings to the program: its pages, its calls, its words.

use crate::pages;
use access::{Capability, Listing, Operation, Permission, Routes};
use axum::http::Method;

/// The capability.
pub fn capability() -> Capability {
    let routes = Routes::new("oversight")
        .on(Method::GET, "/audit/special", Permission::AuditRead, pages::special::page)
        .on(Method::POST, "/audit/special", Permission::AuditRead, pages::special::file)
        .on(Method::POST, "/audit/file", Permission::AuditRead, pages::trail::file)
        .on(Method::GET, "/audit/sample", Permission::AuditRead, pages::sample::page)
        .on(Method::POST, "/audit/sample", Permission::AuditRead, pages::sample::draw)
        .on(Method::POST, "/audit/sample/file", Permission::AuditRead, pages::sample::file)
        .on_api(
            Method::GET,
            "/api/v1/audit/special",
            Permission::AuditRead,
            pages::special::api,
            Operation::new("lists special acts: voids, merges, moved clocks, rulings, late records; newest first")
                .query::<String>("kind", "one kind; without it all")
                .query::<String>("from", "not before this time")
                .query::<String>("to", "before this time")
                .paged()
                .answers::<Listing<pages::special::SpecialView>>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/audit/sample",
            Permission::AuditRead,
            pages::sample::api,
            Operation::new("draws a sample of cases by lot")
                .about("Same seed, same period, same record: same sample. The draw is in the audit trail.")
                .body::<pages::sample::SampleInput>()
                .answers::<pages::sample::SampleView>(200),
        );
    Capability::new("oversight", routes)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
        .menu(
            "oversight-menu-special",
            "/audit/special",
            Permission::AuditRead,
            812,
        )
        .menu(
            "oversight-menu-sample",
            "/audit/sample",
            Permission::AuditRead,
            814,
        )
}
