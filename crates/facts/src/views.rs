//! The views for analysts and business-intelligence tools, as the migration makes them and `docs/facts.md` explains them.

use crate::model::Measure;
use access::UnitId;
use std::time::Duration;
use store::dialect;
use store::sandbox::Fence;
use store::{Engine, Migration};

/// The text that makes most views as they are now …
const TEXT: &str = include_str!("../migrations/0094_facts_views_rounded.sql");
/// … and the one that makes that of durations, in the place of what stands there.
const DURATIONS: &str = include_str!("../migrations/0101_facts_durations_view.sql");

/// The migrations that make the views. They come after the tables of units, classes and divisions.
pub const MIGRATIONS: [Migration; 3] = [
    Migration {
        number: 49,
        name: "facts_views",
        sql: include_str!("../migrations/0049_facts_views.sql"),
    },
    Migration {
        number: 94,
        name: "facts_views_rounded",
        sql: TEXT,
    },
    Migration {
        number: 101,
        name: "facts_durations_view",
        sql: DURATIONS,
    },
];

/// The statements that make the views as they are now.
fn made() -> impl Iterator<Item = &'static str> {
    let others = TEXT
        .split(";\n")
        .filter(|s| !s.contains("VIEW v_durations"));
    others.chain(DURATIONS.split(";\n"))
}

/// What stands in the place of a test for the reader's own unit.
const OWN: &str = "/* own */";

/// Counts below this are hidden (rights: small cells).
pub const FEWEST: i64 = 10;
/// The others are rounded to the nearest multiple of this, so that no hidden count is the difference of shown ones.
pub const ROUNDED_TO: i64 = 5;
/// The most rows of an answer.
pub const MOST_ROWS: usize = 10_000;
/// The most bytes of an answer.
const MOST_BYTES: usize = 8 << 20;
/// How long a query may take.
const TIME: Duration = Duration::from_secs(10);

/// The names of the views.
pub const NAMES: &[&str] = &[
    "v_days",
    "v_months",
    "v_streets",
    "v_matters",
    "v_street_matters",
    "v_units",
    "v_unit_matters",
    "v_channels",
    "v_states",
    "v_durations",
    "v_places",
    "v_freshness",
];

/// The tables that stand under them.
const TABLES: &[&str] = &[
    "facts_generations",
    "facts_districts",
    "facts_rollups",
    "facts_durations",
    "matter_classes",
    "units",
    "divisions",
];

/// The columns of a view, in order; none for what is no view.
pub fn columns(view: &str) -> Option<Vec<&'static str>> {
    let keys: &[&str] = match view {
        "v_days" => &["day", "district"],
        "v_months" => &["month", "district"],
        "v_streets" => &["month", "street"],
        "v_matters" => &["month", "district", "matter", "matter_name"],
        "v_street_matters" => &["month", "street", "matter", "matter_name"],
        "v_units" => &["month", "unit", "unit_name"],
        "v_unit_matters" => &["month", "unit", "unit_name", "matter", "matter_name"],
        "v_channels" => &["month", "district", "channel"],
        "v_states" => {
            return Some(vec![
                "month",
                "district",
                "state",
                "reported",
                "incidents",
                "signal",
            ]);
        }
        "v_durations" => {
            return Some(vec![
                "month",
                "unit",
                "unit_name",
                "step",
                "up_to_hours",
                "cases",
            ]);
        }
        "v_places" => {
            return Some(vec![
                "digits",
                "code",
                "name",
                "level",
                "residents",
                "households",
            ]);
        }
        "v_freshness" => return Some(vec!["as_of", "zone"]),
        _ => return None,
    };
    let measures = Measure::ALL.iter().map(|m| m.as_str());
    Some(keys.iter().copied().chain(measures).collect())
}

/// The fence around a query of a reader, who may see the figures of the own unit to the last case.
pub fn fence(engine: Engine, own: Option<UnitId>) -> Fence {
    Fence {
        views: NAMES,
        tables: TABLES,
        own_views: own.map_or_else(Vec::new, |unit| own_views(engine, unit)),
        rows: MOST_ROWS,
        bytes: MOST_BYTES,
        time: TIME,
    }
}

/// The views of units once more, for one connection, with nothing hidden of one unit.
fn own_views(engine: Engine, unit: UnitId) -> Vec<String> {
    let test = format!(
        "f.unit = {} OR",
        dialect::bytes_literal(engine, &unit.0.bytes())
    );
    made()
        .filter(|statement| statement.contains(OWN))
        .map(|statement| {
            let own = statement
                .replace(OWN, &test)
                .replace("CREATE VIEW ", "CREATE TEMP VIEW ");
            dialect::ddl(engine, &own)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_is_named_and_every_name_is_a_view() {
        let mut made: Vec<&str> = made()
            .flat_map(str::lines)
            .filter_map(|line| line.strip_prefix("CREATE VIEW "))
            .filter_map(|rest| rest.split(' ').next())
            .collect();
        let mut names = NAMES.to_vec();
        made.sort_unstable();
        names.sort_unstable();
        assert_eq!(made, names);
        assert!(NAMES.iter().all(|v| columns(v).is_some()) && columns("cases").is_none());
    }

    #[test]
    fn only_the_views_of_units_know_an_own_unit() {
        let unit = UnitId(kernel::id::Id::from_bytes([7; 16]));
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let views = own_views(engine, unit);
            assert_eq!(views.len(), 3);
            for view in views {
                assert!(
                    view.contains("CREATE TEMP VIEW v_") && !view.contains(OWN),
                    "{view}"
                );
                assert!(view.contains("07070707"), "{view}");
            }
        }
    }

    /// The guard stands in the text itself: no count leaves a view but through it.
    #[test]
    fn every_count_of_a_view_hides_small_cells_and_rounds_the_others() {
        let counts = made()
            .flat_map(str::lines)
            .filter(|line| line.contains("sum(f."));
        let shown = format!(" >= {FEWEST} THEN (CAST(sum(");
        let rounded = format!(" + {}) / {ROUNDED_TO} * {ROUNDED_TO} END", ROUNDED_TO / 2);
        let mut all = 0;
        for line in counts {
            let is_guarded =
                line.contains(" = 0 THEN ") && line.contains(&shown) && line.contains(&rounded);
            assert!(is_guarded, "{line}");
            all += 1;
        }
        assert!(all > 100);
        assert!(made().all(|statement| !statement.contains("count(")));
    }
}
