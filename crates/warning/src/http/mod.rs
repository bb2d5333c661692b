//! The calls of warnings under `/api/v1`. A handler translates; `ops` decides. No answer names a person.

pub(crate) mod backtests;
mod detectors;
mod runs;
mod views;
mod warnings;

use access::{Capability, Listing, Operation, Permission, Routes};
use axum::http::Method;
use views::{
    BacktestView, CasesView, DayRunView, DetectorView, OpenedView, RunView, WarningFullView,
    WarningView, WorthView,
};

fn routes() -> Routes {
    let (read, judge) = (Permission::WarningRead, Permission::WarningJudge);
    let (get, post) = (|| Method::GET, || Method::POST);
    Routes::new("warning")
        .on_api(
            get(),
            "/api/v1/warnings",
            read,
            warnings::list,
            Operation::new("lists findings in the caller's districts, the last seen first")
                .query::<String>("standing", "new, seen, task or dismissed; several with commas")
                .query::<String>("matter", "the id of a class")
                .query::<String>("district", "six digits: only findings whose record this district keeps")
                .query::<String>("seen_from", "only findings seen on this day or later")
                .paged()
                .answers::<Listing<WarningView>>(200),
        )
        .on_api(
            get(),
            "/api/v1/warnings/{id}",
            read,
            warnings::show,
            Operation::new("shows a finding with its history, its curve and its preventive work").answers::<WarningFullView>(200),
        )
        .on_api(
            get(),
            "/api/v1/warnings/{id}/cases",
            read,
            warnings::behind,
            Operation::new("lists the incidents behind a finding, oldest first, at most 200; none for whoever may not see cases").answers::<CasesView>(200),
        )
        .on_api(
            post(),
            "/api/v1/warnings/{id}/seen",
            judge,
            warnings::seen,
            Operation::new("says that somebody has looked at a finding").answers::<WarningView>(200),
        )
        .on_api(
            post(),
            "/api/v1/warnings/{id}/dismiss",
            judge,
            warnings::dismiss,
            Operation::new("says that nothing needs doing, and why").body::<warnings::Why>().answers::<WarningView>(200),
        )
        .on_api(
            post(),
            "/api/v1/warnings/{id}/verdict",
            judge,
            warnings::verdict,
            Operation::new("says what a finding was, and how that is known")
                .about("A later verdict is a second fact; the first one stays in the history.")
                .body::<warnings::Judged>()
                .answers::<WarningView>(200),
        )
        .on_api(
            post(),
            "/api/v1/warnings/{id}/task",
            Permission::WarningTask,
            warnings::task,
            Operation::new("opens preventive work: a case for each beat of the finding, and for beats drawn by lot")
                .about("At least a tenth of all beats that preventive work visits are drawn by lot as control; the seed of the draw is kept.")
                .body::<warnings::Work>()
                .answers::<OpenedView>(201),
        )
        .on_api(
            get(),
            "/api/v1/warning-detectors",
            read,
            detectors::list,
            Operation::new("lists the detectors with their settings").answers::<Vec<DetectorView>>(200),
        )
        .on_api(
            post(),
            "/api/v1/warning-detectors/{code}",
            Permission::WarningManage,
            detectors::change,
            Operation::new("sets a detector anew, or adds one; what is not given is as usual")
                .body::<detectors::Wanted>()
                .answers::<DetectorView>(200),
        )
        .on_api(
            get(),
            "/api/v1/warning-performance",
            read,
            detectors::worth,
            Operation::new("says what detectors and preventive work have been worth: precision, lead, false alarms").answers::<WorthView>(200),
        )
        .on_api(
            post(),
            "/api/v1/warning-runs",
            Permission::WarningManage,
            runs::look,
            Operation::new("looks at a day now: findings begin or go on")
                .about("Each day is looked at by itself in the morning after; looking again with the same record changes nothing.")
                .body::<runs::DayWanted>()
                .answers::<DayRunView>(200),
        )
        .on_api(
            post(),
            "/api/v1/warning-backtests",
            Permission::WarningManage,
            backtests::begin,
            Operation::new("begins a back-test over days that are over; one runs at a time")
                .body::<backtests::Wanted>()
                .answers::<RunView>(202),
        )
        .on_api(
            get(),
            "/api/v1/warning-backtests/{id}",
            read,
            backtests::show,
            Operation::new("shows how far a back-test is, and what came of it").answers::<BacktestView>(200),
        )
}

/// What warnings bring to the program: calls, pages, tables, words.
pub fn capability() -> Capability {
    Capability::new("warning", crate::pages::add(routes()))
        .migrations(crate::MIGRATIONS)
        .locales(
            include_str!("../../locales/zh-CN.ftl"),
            include_str!("../../locales/en.ftl"),
        )
        .menu("warning-menu", "/warnings", Permission::WarningRead, 55)
}
