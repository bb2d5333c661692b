//! What holds over all tables, words, sources and moves of the composed program.

use crate::place::{Place, on_both};
use app::compose::{capabilities, migrations};
use cases::State;
use cases::moves::{MOVES, Move, TIMERS, Who, prove};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use store::dialect;
use vault::guard::{Allowed, Table, check_api, check_schema};

/// Measures beside a person key that are allowed, each with its reason (`rights.md`, first row). The list only shrinks
/// by itself: an entry that is not needed fails the test.
const ALLOWED: &[Allowed] = &[
    Allowed {
        table: "accounts",
        column: "failed_tries",
        reason: "wrong passwords in a row lock an account of staff; set back at each sign-in",
    },
    Allowed {
        table: "cases",
        column: "number",
        reason: "the number of the case, by which people ask for it; it counts nothing",
    },
];

/// The same for the objects of the API.
const ALLOWED_IN_API: &[Allowed] = &[Allowed {
    table: "CaseView",
    column: "number",
    reason: "the number of the case, by which people ask for it; it counts nothing",
}];

fn tables(place: &Place) -> Vec<Table> {
    let ctx = place.program().system(access::SystemRole::Operator);
    ctx.read_blocking::<_, store::StoreError, _>(|r| {
        let engine = r.engine();
        let names: Vec<(String,)> = r.all(dialect::table_names(engine), &[])?;
        names
            .into_iter()
            .map(|(name,)| {
                let columns: Vec<(String, String)> =
                    r.all(dialect::table_columns(engine), store::params![name])?;
                Ok(Table {
                    name,
                    columns: columns.into_iter().map(|c| c.0).collect(),
                })
            })
            .collect()
    })
    .unwrap()
}

on_both!(the_tables_measure_nobody, |place| {
    let tables = tables(place);
    assert!(tables.len() > 25, "only {} tables", tables.len());
    assert_eq!(check_schema(&tables, ALLOWED), []);
    // The guard bites: the same tables with one column more are refused.
    let mut worse = tables;
    let cases = worse.iter_mut().find(|t| t.name == "cases").unwrap();
    cases.columns.push("reporter_score".into());
    assert_eq!(check_schema(&worse, ALLOWED).len(), 1);
});

#[test]
fn the_api_measures_nobody() {
    let document = access::openapi(&capabilities());
    assert!(document["paths"].as_object().unwrap().len() > 8);
    let found = check_api(&document, ALLOWED_IN_API);
    assert!(found.is_empty(), "{found:#?}");
}

fn indexes(place: &Place) -> BTreeSet<String> {
    let ctx = place.program().system(access::SystemRole::Operator);
    ctx.read_blocking::<_, store::StoreError, _>(|r| {
        let sql = match r.engine() {
            store::Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'",
            // What stands behind a key has no name of ours; what belongs to a partition comes from its table.
            store::Engine::Postgres => {
                "SELECT CAST(c.relname AS TEXT) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
                 JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND NOT c.relispartition \
                 AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid)"
            }
        };
        Ok(r.all::<(String,)>(sql, &[])?.into_iter().map(|i| i.0).collect())
    })
    .unwrap()
}

#[test]
fn both_engines_have_the_same_tables_columns_and_indexes() {
    let Some(postgres) = Place::postgres("both_engines_have_the_same_tables_columns_and_indexes")
    else {
        return;
    };
    let (sqlite, postgres) = (Place::sqlite().ready(), postgres.ready());
    let shape = |place: &Place| -> BTreeMap<String, Vec<String>> {
        let of_engine =
            |table: &str, column: &str| dialect::ENGINE_COLUMNS.contains(&(table, column));
        tables(place)
            .into_iter()
            .map(|mut t| {
                t.columns.retain(|c| !of_engine(&t.name, c));
                (t.name, t.columns)
            })
            .collect()
    };
    assert_eq!(shape(&sqlite), shape(&postgres));
    let (here, there) = (indexes(&sqlite), indexes(&postgres));
    assert!(here.len() > 10, "{here:?}");
    assert_eq!(here, there);
}

/// Tables of the whole city rather than of a district's cases: reference data and the program's own books. On Citus they
/// are reference tables, or stay on the coordinator. Everything else spreads by `district`.
const OF_THE_CITY: &[&str] = &[
    "accounts",
    "answer_templates",
    "case_lists",
    "admin_imports",
    "api_tokens",
    "beat_grids",
    "beat_shifts",
    "beats",
    "bulk_acts",
    "calendars",
    "catalogues",
    "channels",
    "deputies",
    "city_settings",
    "definition_sets",
    "desk_filters",
    "connector_troubles",
    "connectors",
    "divisions",
    "duties",
    "evaluation_snapshots",
    "exports",
    "facts_generations",
    "facts_search_state",
    "grid_items",
    "handovers",
    "idempotency",
    "matter_classes",
    "matter_conditions",
    "notice_addresses",
    "notice_templates",
    "matter_drafts",
    "matter_versions",
    "outbox",
    "outbox_readers",
    "reference_changes",
    "reorganisations",
    "schema_migrations",
    "sessions",
    "settings",
    "subscriptions",
    "supervision_rungs",
    "supervision_stage_rungs",
    "unit_grids",
    "unit_heirs",
    "units",
    "uploads",
    "vault_keys",
    "vault_purposes",
    "warning_detectors",
];
/// Every key of a table: its name, its first column, and for a foreign key the table it points to.
fn keys(place: &Place) -> Vec<(String, String, String, Option<String>)> {
    struct Key(String, String, String, Option<String>);
    impl store::FromRow for Key {
        fn from_row(row: &store::Row<'_>) -> store::StoreResult<Self> {
            Ok(Self(row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        }
    }
    let ctx = place.program().system(access::SystemRole::Operator);
    let found = ctx.read_blocking::<_, store::StoreError, _>(|r| {
        let sql = match r.engine() {
            store::Engine::Sqlite => {
                "SELECT t.name, i.name, c.name, NULL FROM sqlite_master t JOIN pragma_index_list(t.name) i ON i.\"unique\" = 1 \
                 JOIN pragma_index_info(i.name) c ON c.seqno = 0 WHERE t.type = 'table' \
                 UNION ALL SELECT t.name, 'primary', c.name, NULL FROM sqlite_master t JOIN pragma_table_info(t.name) c ON c.pk = 1 WHERE t.type = 'table' \
                 UNION ALL SELECT t.name, 'foreign', f.\"from\", f.\"table\" FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f ON f.seq = 0 \
                 WHERE t.type = 'table'"
            }
            store::Engine::Postgres => {
                "SELECT CAST(t.relname AS TEXT), CAST(c.relname AS TEXT), CAST(a.attname AS TEXT), CAST(NULL AS TEXT) FROM pg_index i \
                 JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
                 JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] \
                 WHERE i.indisunique AND n.nspname = current_schema() AND NOT t.relispartition \
                 UNION ALL SELECT CAST(t.relname AS TEXT), CAST(k.conname AS TEXT), CAST(a.attname AS TEXT), CAST(f.relname AS TEXT) FROM pg_constraint k \
                 JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
                 JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.conkey[1] \
                 WHERE k.contype = 'f' AND n.nspname = current_schema() AND NOT t.relispartition"
            }
        };
        r.all::<Key>(sql, &[])
    });
    found
        .unwrap()
        .into_iter()
        .map(|k| (k.0, k.1, k.2, k.3))
        .collect()
}

on_both!(every_key_of_case_data_begins_with_the_district, |place| {
    let of_the_city = |table: &str| OF_THE_CITY.contains(&table);
    let tables: BTreeSet<String> = tables(place).into_iter().map(|t| t.name).collect();
    let keys = keys(place);
    let keyed: BTreeSet<&String> = keys.iter().map(|k| &k.0).collect();
    for table in tables.iter().filter(|t| !of_the_city(t)) {
        assert!(keyed.contains(table), "{table} has no key");
    }
    let wrong: Vec<_> = keys
        .iter()
        .filter(|(table, ..)| !of_the_city(table))
        // A row of a district may point to a reference table, which is on every node.
        .filter(|(.., to)| !to.as_deref().is_some_and(of_the_city))
        .filter(|(_, _, first, _)| first != "district")
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(keys.len() > 40, "only {} keys", keys.len());
});

#[test]
fn migrations_are_numbered_once_and_in_order() {
    let numbers: Vec<u32> = migrations().iter().map(|m| m.number).collect();
    let unique: BTreeSet<u32> = numbers.iter().copied().collect();
    assert_eq!(unique.len(), numbers.len(), "{numbers:?}");
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn every_word_is_there_in_both_languages_and_every_key_used_is_defined() {
    let capabilities = capabilities();
    let words = access::words_of(&capabilities).unwrap();
    let spoken: Vec<&str> = capabilities
        .iter()
        .filter(|c| c.locales.is_some())
        .map(|c| c.name)
        .collect();
    assert!(
        spoken.contains(&"access") && spoken.contains(&"cases"),
        "{spoken:?}"
    );
    let mut folders = Vec::new();
    for name in spoken.iter().chain(&["ui", "app"]) {
        for part in ["src", "templates"] {
            let folder = crates().join(name).join(part);
            if folder.is_dir() {
                folders.push(folder);
            }
        }
    }
    let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let used = ui::testing::used_keys(&folders).unwrap();
    assert!(used.keys.len() > 50, "only {} keys", used.keys.len());
    let missing: Vec<_> = used
        .keys
        .iter()
        .filter(|(key, _)| !words.has(key))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
    // Every entry of the menu has its word.
    for entry in access::menu_of(&capabilities) {
        assert!(words.has(entry.key), "{}", entry.key);
    }
    // A file of one language without its twin, or a key in one of them only, does not build.
    for capability in &capabilities {
        let Some((zh, en)) = capability.locales else {
            continue;
        };
        let keys = |text: &str| -> BTreeSet<String> {
            let heads = text
                .lines()
                .filter(|l| !l.starts_with([' ', '#', '}']) && l.contains('='));
            heads
                .map(|l| l.split('=').next().unwrap().trim().to_owned())
                .collect()
        };
        assert_eq!(keys(zh), keys(en), "{}", capability.name);
        assert!(
            !zh.trim().is_empty() || keys(en).is_empty(),
            "{}",
            capability.name
        );
    }
}

fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
}

/// Sources of all crates but the tests', with comments left out.
fn all_sources() -> Vec<(String, PathBuf, String)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(crates()).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let mut found = Vec::new();
        if folder.join("src").is_dir() {
            sources(&folder.join("src"), &mut found);
        }
        for (path, text) in found {
            let code: Vec<&str> = text
                .lines()
                .filter(|l| !l.trim_start().starts_with("//"))
                .collect();
            all.push((name.clone(), path, code.join("\n")));
        }
    }
    assert!(all.len() > 100, "only {} sources", all.len());
    all
}

#[test]
fn only_access_mints_grants_and_keeps_books_beside_the_record() {
    // `testdb` stands below access for the store's own tests and is never part of the program.
    let minting: BTreeSet<String> = all_sources()
        .into_iter()
        .filter(|(name, ..)| name != "testdb")
        .filter(|(.., code)| code.contains("Grant::mint(") || code.contains(".aside("))
        .map(|(name, ..)| name)
        .collect();
    assert_eq!(minting, BTreeSet::from(["access".to_owned()]));
}

#[test]
fn database_drivers_live_in_the_store_only() {
    for (name, path, code) in all_sources() {
        let drives = ["rusqlite::", "tokio_postgres::", "postgres::Client"]
            .iter()
            .any(|d| code.contains(d));
        assert!(
            !drives || matches!(name.as_str(), "store" | "bench"),
            "{} speaks to a driver",
            path.display()
        );
    }
    for entry in std::fs::read_dir(crates()).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(manifest) = std::fs::read_to_string(folder.join("Cargo.toml")) else {
            continue;
        };
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let runtime = manifest.split("[dev-dependencies]").next().unwrap();
        assert!(
            !runtime.contains("testdb") || name == "testdb",
            "{name} ships what only tests may have"
        );
    }
}

#[test]
fn the_table_of_moves_is_sound_and_its_proof_finds_flaws() {
    prove(MOVES, TIMERS).unwrap();
    // Close every way into a state, or every way out of one where a case cannot stay, and the proof says so.
    for state in State::ALL {
        let unreached: Vec<_> = MOVES
            .iter()
            .filter(|m| !m.to.contains(state))
            .copied()
            .collect();
        let flaw = prove(&unreached, &[]).unwrap_err();
        assert!(flaw.contains("reached"), "{state}: {flaw}");
        if !state.is_final() {
            let stuck: Vec<_> = MOVES
                .iter()
                .map(|m| match m.from.contains(state) {
                    true => Move {
                        by: Who::Program,
                        ..*m
                    },
                    false => *m,
                })
                .collect();
            let flaw = prove(&stuck, &[]).unwrap_err();
            assert!(flaw.contains("no way to an end"), "{state}: {flaw}");
        }
    }
    let without_exits: Vec<_> = MOVES
        .iter()
        .filter(|m| !m.act.as_str().starts_with("lapse"))
        .copied()
        .collect();
    assert!(prove(&without_exits, TIMERS).unwrap_err().contains("timer"));
    let mut doubled = MOVES.to_vec();
    doubled.extend_from_slice(&MOVES[..1]);
    assert!(prove(&doubled, TIMERS).is_err());
}
