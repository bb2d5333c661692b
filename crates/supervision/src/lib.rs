//! 监督 — reminders (催办), supervised handling (督办), the escalation ladder, and who is told of what happens to a case.
//!
//! Words: a *rung* says what happens at which share of the limit, or how long after it ([`model::Rung`]), of handling or of
//! another stage; the *arming* of a clock is which of its runs it is ([`rules::Running`]): a rung fires once per arming and level; a *supervised* matter
//! ([`model::Supervised`]) has its own clock, asks a report and is signed off by whoever opened it, or in that one's place.
//!
//! Invariants:
//! - a rung fires exactly once per case, arming and level; never while the clock stands still; anew after an extension;
//! - whoever is concerned is told once of each event, though the follower of the outbox may be killed and repeat itself;
//! - whoever opened a supervision signs it off, another with the same right only where that one cannot, and never the
//!   unit that was supervised;
//! - its limits follow the calendar of the place, and what is open follows a unit that is reorganised;
//! - nothing here counts or ranks people: the counts are of units.

mod follow;
mod http;
pub mod jobs;
mod ladder;
pub mod model;
pub mod ops;
mod pages;
mod room;
pub mod rules;
pub mod sql;

pub use follow::{READER, begin, follow, step};
pub use ladder::{fire, fire_due};
pub use pages::CasePanel;
pub use room::Matters;

/// The tables of supervision and the words of its notices.
pub const MIGRATIONS: &[store::Migration] = &[
    store::Migration {
        number: 65,
        name: "supervision",
        sql: include_str!("../migrations/0065_supervision.sql"),
    },
    store::Migration {
        number: 66,
        name: "supervision_words",
        sql: include_str!("../migrations/0066_supervision_words.sql"),
    },
    store::Migration {
        number: 103,
        name: "supervision_more_words",
        sql: include_str!("../migrations/0103_supervision_more_words.sql"),
    },
    store::Migration {
        number: 106,
        name: "supervision_unmasking",
        sql: include_str!("../migrations/0106_supervision_unmasking.sql"),
    },
    store::Migration {
        number: 111,
        name: "supervision_stages",
        sql: include_str!("../migrations/0111_supervision_stages.sql"),
    },
    store::Migration {
        number: 113,
        name: "supervision_desk_answers",
        sql: include_str!("../migrations/0113_supervision_desk_answers.sql"),
    },
    store::Migration {
        number: 119,
        name: "supervised_limits",
        sql: include_str!("../migrations/0119_supervised_limits.sql"),
    },
];

/// What supervision brings to the program: calls, pages, tables, words.
pub fn capability() -> access::Capability {
    use access::Permission as P;
    access::Capability::new("supervision", pages::add(http::routes()))
        .migrations(MIGRATIONS)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
        .menu("supervision-menu", "/supervision", P::CaseRead, 15)
}
