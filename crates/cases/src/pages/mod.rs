//! The pages of cases: a resident's report and its progress, the desk, a case, a unit's table, a worker's tasks.
//!
//! They show what `ops` answers and send what people enter; what is allowed, `ops` and the table of moves say. Every page
//! works without script.

mod about;
mod advice;
mod again;
mod bulk;
mod calendar;
mod case;
mod cells;
mod contact;
mod desk;
mod filters;
mod forms;
mod found;
mod history;
mod home;
mod intake;
mod line;
pub(crate) mod live;
mod offline;
mod own;
mod panel;
pub mod pictures;
mod read;
mod record;
mod report;
mod requester;
mod rules;
mod sheet;
mod tasks;
mod track;
mod unclear;
mod unit;
mod wanted;

pub(crate) use calendar::YEARS as CALENDAR_YEARS;
pub use panel::{Panel, Paneling, Panels};

/// What an event says, in a few words.
pub(crate) fn event_text(ui: &Ui, fact: &crate::model::Fact) -> String {
    history::what(ui, fact)
}

/// A unit in force by what was typed or chosen on a form; the sentence says why none was found.
///
/// # Errors
/// None, or several, fit.
pub fn unit_of(ui: &Ui, city: &City, text: &str) -> Result<Option<access::UnitId>, String> {
    read::unit(ui, city, text).map_err(|wrong| wrong.told(ui, &[]).1)
}

/// What forms offer where a unit is to be named.
pub fn unit_offers(ui: &Ui, city: &City) -> Vec<String> {
    let units = city.units.in_force().filter(|u| u.reviewed);
    units
        .take(MOST_OFFERS)
        .map(|u| read::unit_label(u, ui.lang))
        .collect()
}

/// Whether somebody may carry a case from its acceptance as far as its unit.
fn may_go_on(principal: &Principal) -> bool {
    forms::onward(crate::moves::Act::Accept)
        .iter()
        .all(|act| crate::ops::is_open_to(principal, *act).is_ok())
}

/// Any problem in the reader's words.
pub fn told(ui: &Ui, problem: &dyn access::Problem) -> String {
    read::told_of(ui, problem)
}

use access::{Capability, Permission, Principal, Role, Routes};
use axum::http::Method;
use forms::ActForm;
use kernel::codes::CaseNumber;
use matters::City;
use ui::{Crumb, Ui};

/// Adds the pages to the calls of cases.
pub fn add(routes: Routes) -> Routes {
    let (get, post) = (|| Method::GET, || Method::POST);
    own::add(requester::add(routes))
        .on(get(), "/", Permission::Public, home::show)
        .on(get(), "/offline", Permission::Public, offline::page)
        .on(get(), "/report", Permission::CaseReport, report::blank)
        .on(post(), "/report", Permission::CaseReport, report::send)
        .takes(pictures::FORM_BYTES)
        .shown_again()
        .on(
            get(),
            "/report/receipt/{token}",
            Permission::CaseTrack,
            report::receipt,
        )
        .on(
            post(),
            "/report/advice",
            // Not a report: typing one must not use up how many a network may send.
            Permission::Public,
            advice::part,
        )
        .on(post(), "/report/cells", Permission::Public, cells::part)
        .on(get(), "/track", Permission::CaseTrack, track::blank)
        .on(post(), "/track", Permission::CaseTrack, track::by_code)
        .on(
            get(),
            "/track/link/{token}",
            Permission::CaseTrack,
            track::by_link,
        )
        .on(
            post(),
            "/track/link/{token}/answer",
            Permission::CaseTrack,
            track::answer,
        )
        .on(
            post(),
            "/track/link/{token}/rate",
            Permission::CaseTrack,
            track::rate,
        )
        .on(
            post(),
            "/track/link/{token}/reopen",
            Permission::CaseTrack,
            track::reopen,
        )
        .on(
            post(),
            "/track/link/{token}/message",
            Permission::CaseTrack,
            track::message,
        )
        .on(
            get(),
            "/call-backs",
            Permission::CaseCallBack,
            record::calls,
        )
        .on(get(), "/reviews", Permission::CaseRead, record::reviews)
        .on(
            get(),
            "/record-rules",
            Permission::ReferenceManage,
            rules::page,
        )
        .on(
            post(),
            "/record-rules/lists",
            Permission::ReferenceManage,
            rules::put_entry,
        )
        .on(
            post(),
            "/record-rules/channels",
            Permission::ReferenceManage,
            rules::put_channel,
        )
        .on(
            post(),
            "/record-rules/templates",
            Permission::ReferenceManage,
            rules::put_template,
        )
        .on(get(), "/desk", Permission::CaseRead, desk::show)
        .on(get(), "/desk/live", Permission::CaseRead, live::stream_of)
        .on(get(), "/desk/filters", Permission::CaseRead, filters::show)
        .on(post(), "/desk/filters", Permission::CaseRead, filters::save)
        .on(
            post(),
            "/desk/filters/{id}",
            Permission::CaseRead,
            filters::rename,
        )
        .on(
            post(),
            "/desk/filters/{id}/remove",
            Permission::CaseRead,
            filters::remove,
        )
        .on(post(), "/desk/bulk", Permission::CaseRead, bulk::send)
        .on(get(), "/desk/bulk/{id}", Permission::CaseRead, bulk::show)
        .on(
            get(),
            "/desk/bulk/{id}/part",
            Permission::CaseRead,
            bulk::part,
        )
        .on(
            post(),
            "/desk/bulk/{id}/stop",
            Permission::CaseRead,
            bulk::stop,
        )
        .on(
            post(),
            "/desk/bulk/{id}/hold",
            Permission::CaseRead,
            bulk::hold,
        )
        .on(
            post(),
            "/desk/bulk/{id}/begin",
            Permission::CaseRead,
            bulk::begin,
        )
        .on(
            post(),
            "/desk/bulk/{id}/seen",
            Permission::CaseRead,
            bulk::seen,
        )
        .on(get(), "/cases/{number}", Permission::CaseRead, case::show)
        .on(
            get(),
            "/cases/{number}/beside",
            Permission::CaseRead,
            desk::beside,
        )
        .on(
            post(),
            "/cases/{number}/contact",
            Permission::CaseRead,
            contact::look,
        )
        .on(
            post(),
            "/cases/{number}/{act}",
            Permission::CaseRead,
            case::act,
        )
        .takes(pictures::FORM_BYTES)
        .on(
            get(),
            "/duties/unclear",
            Permission::CaseCoordinate,
            unclear::show,
        )
        .on(get(), "/unit", Permission::CaseHandle, unit::show)
        .on(get(), "/tasks", Permission::CaseInspect, tasks::show)
        .on(post(), "/tasks", Permission::CaseInspect, tasks::from_here)
        .on(get(), "/intake", Permission::CaseAccept, intake::blank)
        .on(post(), "/intake", Permission::CaseAccept, intake::send)
        .takes(pictures::FORM_BYTES)
        .shown_again()
        .on(
            get(),
            "/intake/told/{number}/{sealed}",
            Permission::CaseAccept,
            intake::told,
        )
        .on(get(), "/found", Permission::CaseInspect, found::blank)
        .on(post(), "/found", Permission::CaseInspect, found::send)
        .takes(pictures::FORM_BYTES)
        .on(
            get(),
            "/calendar",
            Permission::ReferenceRead,
            calendar::show,
        )
        .on(
            get(),
            "/calendar/day/{date}",
            Permission::ReferenceManage,
            calendar::day,
        )
        .on(
            post(),
            "/calendar/day/{date}",
            Permission::ReferenceManage,
            calendar::change,
        )
        .on(get(), "/about", Permission::SystemManage, about::show)
}

// words: cases-state-* cases-act-* cases-setting-* cases-menu-*
/// Adds the links of the top bar.
pub fn menu(capability: Capability) -> Capability {
    capability
        .menu("cases-own", "/my-reports", Permission::CaseOwn, 5)
        .menu("cases-menu-desk", "/desk", Permission::CaseRead, 10)
        .menu("cases-menu-intake", "/intake", Permission::CaseAccept, 12)
        .menu("cases-menu-unit", "/unit", Permission::CaseHandle, 20)
        .menu("cases-menu-tasks", "/tasks", Permission::CaseInspect, 30)
        .menu(
            "cases-menu-calls",
            "/call-backs",
            Permission::CaseCallBack,
            34,
        )
        .menu("cases-menu-reviews", "/reviews", Permission::CaseGrant, 36)
        .menu("cases-menu-found", "/found", Permission::CaseInspect, 40)
        .menu(
            "cases-menu-rules",
            "/record-rules",
            Permission::ReferenceManage,
            810,
        )
        .menu(
            "cases-menu-calendar",
            "/calendar",
            Permission::ReferenceManage,
            770,
        )
        .menu(
            "cases-menu-unclear",
            "/duties/unclear",
            Permission::CaseCoordinate,
            39,
        )
        .menu("cases-menu-about", "/about", Permission::SystemManage, 820)
}

/// The page where the work of whoever is signed in begins; the first page for everybody else.
pub fn home_of(principal: &Principal) -> &'static str {
    let Principal::Staff(staff) = principal else {
        return "/";
    };
    match staff.roles.first() {
        Some(Role::Acceptor | Role::ShiftLeader | Role::Dispatcher) => "/desk",
        Some(Role::Collector | Role::Checker) => "/tasks",
        Some(Role::DepartmentLead | Role::Handler) => "/unit",
        Some(Role::Leader) => "/morning",
        Some(Role::Analyst) => "/evaluation",
        Some(Role::Auditor) => "/audit",
        Some(Role::SecurityAdmin) => "/users",
        Some(Role::SystemAdmin) => "/admin",
        Some(Role::Resident) | None => "/",
    }
}

/// The way back from a case to where one's work is.
fn way_back(principal: &Principal, ui: &Ui) -> Vec<Crumb> {
    let home = home_of(principal);
    let (label, href) = match home {
        "/unit" => (ui.t("cases-menu-unit"), home),
        "/tasks" => (ui.t("cases-menu-tasks"), home),
        _ => (ui.t("cases-menu-desk"), "/desk"),
    };
    vec![Crumb {
        label,
        href: href.to_owned(),
    }]
}

/// Where to go after an act: the page it was done on, else the case.
fn own_back(back: &str, number: CaseNumber) -> String {
    let of_cases = [
        "/cases/",
        "/desk",
        "/unit",
        "/tasks",
        "/call-backs",
        "/reviews",
    ];
    if of_cases.iter().any(|known| back.starts_with(known)) {
        ui::look::own_path(back).to_owned()
    } else {
        format!("/cases/{number}")
    }
}

/// The lists that fields with offers choose from; empty where no form on the page asks for them.
#[derive(Debug, Clone, Default)]
pub struct Offers {
    /// Classes.
    pub matters: Vec<String>,
    /// Units.
    pub units: Vec<String>,
}

/// More offers than this are of no use to a person and slow on a phone; typing finds the rest.
const MOST_OFFERS: usize = 600;

impl Offers {
    /// The classes people choose from.
    pub fn of_matters(ui: &Ui, city: &City) -> Vec<String> {
        city.matters
            .choices()
            .take(MOST_OFFERS)
            .map(|c| read::matter_label(c, ui.lang))
            .collect()
    }
    /// The same with the id of each class, for what a page sends later.
    pub fn matter_ids(ui: &Ui, city: &City) -> Vec<(String, String)> {
        city.matters
            .choices()
            .take(MOST_OFFERS)
            .map(|c| (read::matter_label(c, ui.lang), c.id.to_string()))
            .collect()
    }
    /// What the forms of a case ask for.
    pub fn for_forms(ui: &Ui, city: &City, main: &[ActForm], more: &[ActForm]) -> Self {
        let asks = |list: &str| {
            main.iter()
                .chain(more)
                .flat_map(|f| &f.inputs)
                .any(|i| i.list() == list)
        };
        let units = || {
            city.units
                .in_force()
                .filter(|u| u.reviewed)
                .take(MOST_OFFERS)
                .map(|u| read::unit_label(u, ui.lang))
                .collect()
        };
        Self {
            matters: if asks("offer-matters") {
                Self::of_matters(ui, city)
            } else {
                Vec::new()
            },
            units: if asks("offer-units") {
                units()
            } else {
                Vec::new()
            },
        }
    }
}

#[cfg(test)]
mod tests;
