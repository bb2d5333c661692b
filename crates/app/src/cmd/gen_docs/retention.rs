//! How long the rows of each table are kept. A new table needs a line here: a test fails without it.

const RECORD: &str = "for good; it is the record";
const REFERENCE: &str =
    "for good; what is no longer in force has an end date, because old cases refer to it";
const DERIVED: &str = "until the figures are made again from the record; nothing is lost with them";
const LATEST_LOOK: &str = "until the next daily look, which puts its own in their place";
const WITH_SUBJECT: &str =
    "until the person is erased, or the time of the field is over (`retention_until`)";

/// Table and retention, in the order of their names.
pub const KEPT: &[(&str, &str)] = &[
    (
        "accounts",
        "for good; an account is closed, not removed, because the record names it",
    ),
    (
        "admin_imports",
        "for good, without the file; who brought in what, and what was refused",
    ),
    (
        "api_tokens",
        "for good, without the token itself; expired and revoked ones open nothing",
    ),
    ("attachments", RECORD), // marks of taken uploads (district 000000) go with the uploads, after a day
    (
        "audit",
        "for good by the program; on PostgreSQL a whole year is one partition, which the operator may archive after the time the law asks for",
    ),
    ("beat_grids", "as long as the beat has these cells"),
    ("beat_shifts", "as long as the beat has these shifts"),
    ("beats", REFERENCE),
    (
        "calendars",
        "for good; deadlines name the version they were computed with",
    ),
    ("answer_templates", REFERENCE),
    ("case_access", "as long as the case; hashes only"),
    ("case_events", RECORD),
    ("case_lists", REFERENCE),
    ("case_parts", "as long as the case; a projection of it"),
    (
        "case_measures",
        "as long as the case; it follows from its events",
    ),
    ("cases", RECORD),
    ("catalogues", REFERENCE),
    ("channels", REFERENCE),
    ("claims", "as long as the case"),
    (
        "deputies",
        "for good; the record names who acted in whose place",
    ),
    (
        "bulk_acts",
        "31 days after they ended, then removed when the account asks for the next; what was done is in the record of each case",
    ),
    ("bulk_cases", "as long as the bulk act"),
    (
        "city_settings",
        "for good; every value a rule of the city ever had, who set it and why",
    ),
    (
        "clock_runs",
        "for good; when open deadlines were computed again, and how many moved",
    ),
    (
        "definition_sets",
        "for good; frozen months and published figures name the version",
    ),
    (
        "connectors",
        "until changed; its secret lies among the keys of the vault",
    ),
    (
        "connector_troubles",
        "until it is over; the audit trail keeps when people were told of it, and when it was over",
    ),
    (
        "desk_filters",
        "until the account removes them; nobody else sees them",
    ),
    ("divisions", REFERENCE),
    (
        "drawn_lattices",
        "for good; a repeated drawing must find the same cells",
    ),
    ("duties", REFERENCE),
    (
        "evaluation_snapshots",
        "for good; what was published stays as it was",
    ),
    (
        "exports",
        "31 days after the file went, then removed by the program; a file is kept 7 days, one with names and phones 24 hours or until somebody it names is erased; the audit trail keeps what was taken out, and its hash",
    ),
    ("facts_cases", DERIVED),
    ("facts_districts", DERIVED),
    ("facts_durations", DERIVED),
    ("facts_generations", DERIVED),
    ("facts_places", DERIVED),
    ("facts_rollups", DERIVED),
    ("facts_search_state", DERIVED),
    ("facts_search_texts", DERIVED),
    ("facts_search_words", DERIVED),
    ("facts_spots", DERIVED),
    (
        "grid_items",
        "for good; what is no longer in force has an end date",
    ),
    (
        "handovers",
        "for good; what one shift left to the next is part of the record",
    ),
    ("facts_supervision_clocks", DERIVED),
    (
        "connector_handovers",
        "for good; which order was handed over when, and how it ended",
    ),
    ("hot_topic_cases", LATEST_LOOK),
    ("hot_topics", LATEST_LOOK),
    ("idempotency", "24 hours, then removed by the program"),
    (
        "import_keys",
        "for good; a repeated import must know its rows",
    ),
    (
        "import_runs",
        "for good; which file was read when, and how far",
    ),
    ("matter_classes", REFERENCE),
    ("matter_conditions", REFERENCE),
    ("mentions", "as long as the case; a projection of its notes"),
    (
        "near_letters",
        "until sent or given up, a day and a half at most; it holds neither address nor words",
    ),
    (
        "near_subscriptions",
        "until ended by the link in each letter, which erases the address at once; 24 hours where nobody confirms",
    ),
    (
        "notice_addresses",
        "until changed; the addresses themselves lie in the vault",
    ),
    ("notice_deliveries", "as long as the notice"),
    (
        "notice_templates",
        "until changed; the audit trail has what was said before",
    ),
    (
        "notices",
        "180 days, then removed by the program; they name no person outside the vault",
    ),
    (
        "matter_drafts",
        "until published or dropped; the audit trail says who did which",
    ),
    (
        "matter_versions",
        "for good, except one taken back before it began, which becomes the draft again",
    ),
    (
        "number_blocks",
        "for good; a case number is never given twice",
    ),
    (
        "open311_texts",
        "as long as the case; a person has read the words and found them fit to be public",
    ),
    (
        "outbox",
        "until every reader has read it, then removed by the program; the last row always stays",
    ),
    (
        "outbox_readers",
        "as long as the reader; how far it has come",
    ),
    (
        "reference_changes",
        "one counter for each part of the reference data",
    ),
    (
        "reorganisations",
        "for good; cases name the order that moved them",
    ),
    (
        "schema_migrations",
        "for good; which step of the schema was applied when",
    ),
    (
        "sessions",
        "until they end or time out, then removed by the program",
    ),
    ("settings", "until changed"),
    ("subscriptions", "until the organisation ends them"),
    (
        "suggestion_models",
        "for good; the weights of a model are let go 30 days after it last suggested, what it was worth stays",
    ),
    (
        "suggestion_outcomes",
        "for good; what people decided where something was suggested, without who",
    ),
    ("suggestion_settings", "until changed"),
    ("supervised", RECORD),
    ("supervised_marks", RECORD),
    ("supervision_entries", RECORD),
    (
        "supervision_stage_rungs",
        "until changed; what fired names the level",
    ),
    (
        "supervision_rungs",
        "until changed; what fired names the level",
    ),
    (
        "topic_cases",
        "as long as the topic; taking a case out removes its row",
    ),
    ("topic_marks", RECORD),
    ("topic_measures", RECORD),
    ("topics", RECORD),
    ("unit_grids", REFERENCE),
    ("unit_heirs", REFERENCE),
    ("units", REFERENCE),
    (
        "uploads",
        "about a day: after 25 hours the program removes the row, and with it the file if no case took it",
    ),
    (
        "vault_erasures",
        "for good; a restored backup must forget these people again. An id, a time and a cause, nothing else",
    ),
    ("vault_fields", WITH_SUBJECT),
    ("vault_index", WITH_SUBJECT),
    (
        "vault_keys",
        "as long as the vault; wrapped under the master key, which is not in the database",
    ),
    ("vault_looks", "for good; the person may read who looked"),
    ("vault_purposes", "for good; fields and looks name them"),
    (
        "vault_subjects",
        "for good as an id; erasing destroys the key, and what it sealed cannot be read again",
    ),
    (
        "vault_unmaskings",
        "for good; who opened whose confidential report, and why",
    ),
    (
        "warning_backtests",
        "for good; what was tested with which settings",
    ),
    ("warning_beats", RECORD),
    (
        "warning_detectors",
        "until changed; findings name the version",
    ),
    ("warning_marks", RECORD),
    (
        "warning_runs",
        "for good; which day was looked at, and with which seed",
    ),
    ("warning_sights", RECORD),
    ("warnings", RECORD),
    ("whistle_calls", "as long as the whistle"),
    (
        "whistles",
        "for good; it is the record of what was called and answered",
    ),
];

/// The retention of a table.
pub fn of(table: &str) -> Option<&'static str> {
    KEPT.iter().find(|k| k.0 == table).map(|k| k.1)
}
