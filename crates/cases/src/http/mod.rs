//! The calls of cases under `/api/v1`. A handler translates; `ops` decides.

mod acts;
mod cases;
mod input;
mod reports;
mod track;

use crate::ops::view::{CaseView, TrackView};
use access::{Capability, Listing, Operation, Permission, Routes};
use axum::http::Method;

/// The calls of cases. Whoever brings pages of cases adds them to these.
pub fn routes() -> Routes {
    let list = |about| {
        Operation::new(about)
            .query::<String>(
                "state",
                "a state or one of the groups open, closed, duplicate, transferred, void",
            )
            .query::<String>(
                "district",
                "six digits: only cases whose record this district keeps",
            )
            .query::<String>("unit", "the id of a unit: only what it handles")
            .query::<String>("matter", "the id of a class")
            .query::<String>("from", "reported at or after this time")
            .query::<String>("to", "reported before this time")
            .query::<bool>("own", "only what the caller reported")
    };
    Routes::new("cases")
        .on_api(
            Method::POST,
            "/api/v1/reports",
            Permission::CaseReport,
            reports::public,
            Operation::new("reports a matter; no account is needed")
                .about("Answers the number with a code and a private link, each shown once. From one network only so many reports an hour are taken.")
                .body::<input::PublicReport>()
                .answers::<reports::ReceiptView>(201),
        )
        .on_api(
            Method::POST,
            "/api/v1/cases",
            Permission::CaseRead,
            reports::staff,
            Operation::new("takes a report in by any channel").body::<input::StaffReport>().answers::<reports::ReceiptView>(201),
        )
        .on_api(
            Method::GET,
            "/api/v1/cases",
            Permission::CaseRead,
            cases::list,
            list("lists cases in the caller's scope, newest first").paged().answers::<Listing<CaseView>>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/cases/{number}",
            Permission::CaseRead,
            cases::show,
            Operation::new("shows a case and what the caller may do with it now").answers::<CaseView>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/cases/{number}/events",
            Permission::CaseRead,
            cases::events,
            Operation::new("shows the life of a case").answers::<cases::Life>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/cases/{number}/acts",
            Permission::CaseRead,
            acts::act,
            Operation::new("makes one or several moves on a case, all or none")
                .about("With `expected_version` the case must still be as the caller saw it; else 409 tells what changed meanwhile.")
                .body::<input::Acts>()
                .answers::<CaseView>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/inbox",
            Permission::CaseRead,
            cases::inbox,
            list("counts the cases of each state in the caller's scope").answers::<cases::Inbox>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/tasks",
            Permission::CaseInspect,
            cases::tasks,
            Operation::new("lists the caller's tasks and those of the pool, the most pressing first").paged().answers::<Listing<CaseView>>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/track/{number}",
            Permission::CaseTrack,
            track::by_code,
            Operation::new("follows a case by its number and code").required_query::<String>("code", "the six characters").answers::<TrackView>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/track/link/{token}",
            Permission::CaseTrack,
            track::by_link,
            Operation::new("follows a case by its private link").answers::<TrackView>(200),
        )
}

/// What cases bring to the program: calls, tables, words.
pub fn capability() -> Capability {
    crate::pages::menu(Capability::new("cases", crate::pages::add(routes())))
        .migrations(crate::MIGRATIONS)
        .locales(
            include_str!("../../locales/zh-CN.ftl"),
            include_str!("../../locales/en.ftl"),
        )
}
