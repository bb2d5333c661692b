//! 案件 — the case: from report through acceptance, registration, dispatch, handling, check and closing to call-back.
//!
//! Words: an *act* is what somebody wants done ([`rules::Command`]), a *fact* what happened ([`model::Fact`]), the
//! *table of moves* ([`moves::MOVES`]) says who may do what where. The life of a case is its list of events; the row is
//! their projection, and `replay` proves that the two agree.
//!
//! Invariants: facts are never overwritten; a department never closes, checks or calls back its own case.

pub mod advice;
pub mod basis;
pub mod bulk;
pub mod facts;
pub mod http;
pub mod import;
pub mod jobs;
pub mod lists;
pub mod measures;
pub mod model;
pub mod moves;
mod naming;
pub mod ops;
pub mod pages;
pub mod period;
pub mod record;
pub mod replay;
pub mod rooms;
pub mod rules;
pub mod search;
pub mod service;
pub mod sql;
pub mod sql_access;
mod sql_alike;
pub mod sql_bulk;
mod sql_clocks;
pub mod sql_desk;
mod sql_facts;
pub mod sql_lists;
mod sql_recompute;
pub mod sql_record;
pub mod sql_search;
mod sql_unclear;
pub mod stage;
pub mod stand;
pub mod walk;
pub mod words;

pub use model::{Case, CaseEvent, CaseId, Fact, Place, State};
pub use stage::Stage;

/// The tables of this capability.
pub const MIGRATIONS: &[store::Migration] = &[
    store::Migration {
        number: 50,
        name: "cases",
        sql: include_str!("../migrations/0050_cases.sql"),
    },
    store::Migration {
        number: 51,
        name: "case_lists",
        sql: include_str!("../migrations/0051_case_lists.sql"),
    },
    store::Migration {
        number: 52,
        name: "case_matters",
        sql: include_str!("../migrations/0052_case_matters.sql"),
    },
    store::Migration {
        number: 53,
        name: "cases_pressing",
        sql: include_str!("../migrations/0053_cases_pressing.sql"),
    },
    store::Migration {
        number: 54,
        name: "case_matters_by_state",
        sql: include_str!("../migrations/0054_case_matters_by_state.sql"),
    },
    store::Migration {
        number: 57,
        name: "case_measures",
        sql: include_str!("../migrations/0057_case_measures.sql"),
    },
    store::Migration {
        number: 58,
        name: "record",
        sql: include_str!("../migrations/0058_record.sql"),
    },
    store::Migration {
        number: 62,
        name: "case_deputies",
        sql: include_str!("../migrations/0062_case_deputies.sql"),
    },
    store::Migration {
        number: 91,
        name: "case_clocks",
        sql: include_str!("../migrations/0091_case_clocks.sql"),
    },
    store::Migration {
        number: 92,
        name: "clock_runs",
        sql: include_str!("../migrations/0092_clock_runs.sql"),
    },
    store::Migration {
        number: 93,
        name: "done_at",
        sql: include_str!("../migrations/0093_done_at.sql"),
    },
    store::Migration {
        number: 98,
        name: "case_search",
        sql: include_str!("../migrations/0098_case_search.sql"),
    },
    store::Migration {
        number: 99,
        name: "desk",
        sql: include_str!("../migrations/0099_desk.sql"),
    },
    store::Migration {
        number: 104,
        name: "desk_covering",
        sql: include_str!("../migrations/0104_desk_covering.sql"),
    },
    store::Migration {
        number: 107,
        name: "measures_of_late_returns",
        sql: include_str!("../migrations/0107_measures_of_late_returns.sql"),
    },
    store::Migration {
        number: 110,
        name: "calls_of_merged",
        sql: include_str!("../migrations/0110_calls_of_merged.sql"),
    },
    store::Migration {
        number: 112,
        name: "measures_of_stages",
        sql: include_str!("../migrations/0112_measures_of_stages.sql"),
    },
    store::Migration {
        number: 117,
        name: "measures_of_calls",
        sql: include_str!("../migrations/0117_measures_of_calls.sql"),
    },
    store::Migration {
        number: 122,
        name: "cases_by_number",
        sql: include_str!("../migrations/0122_cases_by_number.sql"),
    },
    store::Migration {
        number: 124,
        name: "special_acts",
        sql: include_str!("../migrations/0124_special_acts.sql"),
    },
    store::Migration {
        number: 127,
        name: "measures_of_rounds",
        sql: include_str!("../migrations/0127_measures_of_rounds.sql"),
    },
    store::Migration {
        number: 129,
        name: "measures_of_units",
        sql: include_str!("../migrations/0129_measures_of_units.sql"),
    },
    store::Migration {
        number: 132,
        name: "cases_by_rework",
        sql: include_str!("../migrations/0132_cases_by_rework.sql"),
    },
    store::Migration {
        number: 136,
        name: "measures_of_lapses",
        sql: include_str!("../migrations/0136_measures_of_lapses.sql"),
    },
    store::Migration {
        number: 137,
        name: "measures_of_direct_answers",
        sql: include_str!("../migrations/0137_measures_of_direct_answers.sql"),
    },
    store::Migration {
        number: 139,
        name: "measures_of_reworks",
        sql: include_str!("../migrations/0139_measures_of_reworks.sql"),
    },
    store::Migration {
        number: 141,
        name: "cases_by_closing",
        sql: include_str!("../migrations/0141_cases_by_closing.sql"),
    },
];
