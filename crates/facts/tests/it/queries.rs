//! Queries of analysts: what they may ask, what they never get out, and what is written down.

use crate::lives::{Lives, id, migrations};
use facts::ops;
use facts::views;
use store::sandbox::{Answer, SandboxError};
use store::{StoreError, Value};
use testdb::TestDb;

fn lived(db: &TestDb) -> Lives {
    let mut lives = Lives::new(db, 41);
    for _ in 0..40 {
        lives.begin();
    }
    lives.live(60);
    lives.catch_up();
    lives
}

fn ask(lives: &Lives, sql: &str) -> Result<Answer, ops::QueryError> {
    ops::query_blocking(&lives.ctx, sql)
}

fn count(lives: &Lives, sql: &'static str) -> i64 {
    lives
        .ctx
        .read_blocking::<_, StoreError, _>(move |r| Ok(r.one::<(i64,)>(sql, &[])?.0))
        .unwrap()
}

testdb::both_engines!(
    every_view_answers_with_the_columns_it_is_said_to_have,
    &migrations(),
    |db| {
        let lives = lived(db);
        for view in views::NAMES {
            let answer = ask(&lives, &format!("SELECT * FROM {view}")).unwrap();
            assert_eq!(answer.columns, views::columns(view).unwrap(), "{view}");
            assert!(!answer.rows.is_empty() || *view == "v_places", "{view}");
        }
        let answer = ask(&lives, "WITH d AS (SELECT month, sum(reported) AS n FROM v_months GROUP BY month) SELECT month, n FROM d ORDER BY n DESC LIMIT 1;").unwrap();
        assert!(
            matches!(&answer.rows[0][0], Value::Text(month) if month.len() == 10 && month.ends_with("-01")),
            "{answer:?}"
        );
    }
);

testdb::both_engines!(
    small_cells_are_hidden_and_are_no_difference_of_shown_ones,
    &migrations(),
    |db| {
        let lives = lived(db);
        let mut hidden = 0;
        for view in views::NAMES {
            let answer = ask(&lives, &format!("SELECT * FROM {view}")).unwrap();
            for row in &answer.rows {
                for (name, value) in answer.columns.iter().zip(row) {
                    let is_measure =
                        facts::Measure::ALL.iter().any(|m| m.as_str() == name) || name == "cases";
                    match value {
                        Value::Int(n) if is_measure => {
                            let is_shown = *n >= views::FEWEST && *n % views::ROUNDED_TO == 0;
                            assert!(*n == 0 || is_shown, "{view}.{name} = {n}")
                        }
                        Value::Null if is_measure => hidden += 1,
                        _ => {}
                    }
                }
            }
        }
        assert!(hidden > 10, "nothing was small enough to hide");
    }
);

testdb::both_engines!(the_own_unit_is_seen_to_the_last_case, &migrations(), |db| {
    let lives = lived(db);
    lives
        .ctx
        .write_blocking::<_, StoreError, _>(|mut w| {
            for n in [100_u8, 101, 102] {
                let sql = "INSERT INTO units (id, code, name_zh, kind, source, reviewed) VALUES ($1, $2, $2, '政府', 'test', 1)";
                w.exec(sql, store::params![id(n), format!("U{n}")])?;
            }
            w.commit(store::AuditEvent::done("test.units", "unit", ""), ())
        })
        .unwrap();
    let own = access::UnitId(id(101));
    let fence = views::fence(lives.ctx.db().engine(), Some(own));
    let sql = "SELECT unit, sum(reported), count(*), count(reported) FROM v_units WHERE unit IS NOT NULL GROUP BY unit ORDER BY unit";
    let answer = lives.ctx.run_fenced(sql, &fence).unwrap();
    let expected = lives.cases.iter().filter(|c| c.unit == Some(own)).count();
    let row = answer
        .rows
        .iter()
        .find(|r| r[0] == Value::Text("U101".into()))
        .unwrap();
    let number = |value: &Value| match value {
        Value::Int(n) => *n as f64,
        Value::Real(x) => *x,
        other => panic!("{other:?}"),
    };
    assert!(expected > 0);
    assert_eq!(number(&row[1]), expected as f64);
    assert_eq!(row[2], row[3], "nothing of the own unit is hidden");
    // Of the others, and for a reader without a unit, small cells stay hidden.
    let plain = lives
        .ctx
        .run_fenced(sql, &views::fence(lives.ctx.db().engine(), None))
        .unwrap();
    assert!(plain.rows.iter().any(|r| r[2] != r[3]));
    // The own views were made for one connection and are gone with it.
    assert_eq!(ask(&lives, sql).unwrap(), plain);
});

/// Whoever tries to get out of the views. Each of these would show or do something if a fence were missing.
const ESCAPES: &[&str] = &[
    "SELECT * FROM cases",
    "SELECT * FROM accounts",
    "SELECT body FROM case_events",
    "SELECT * FROM \"cases\"",
    "SELECT * FROM v_days, cases",
    "SELECT (SELECT count(*) FROM cases) FROM v_days",
    "SELECT * FROM v_days UNION SELECT district, id FROM cases",
    "WITH x AS (SELECT * FROM cases) SELECT * FROM x",
    "WITH v_days AS (SELECT * FROM cases) SELECT * FROM v_days",
    "SELECT * FROM v_days WHERE EXISTS (SELECT 1 FROM cases)",
    "SELECT * FROM v_days ORDER BY (SELECT max(number) FROM cases)",
    "SELECT * FROM facts_cases",
    "SELECT * FROM facts_rollups",
    "SELECT * FROM units",
    "SELECT * FROM main.cases",
    "SELECT * FROM public.cases",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pg_catalog.pg_authid",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM audit",
    "INSERT INTO cases (district) VALUES ('x')",
    "UPDATE cases SET state = 'closed'",
    "DELETE FROM facts_rollups",
    "DROP TABLE cases",
    "CREATE TABLE x (a INT)",
    "CREATE TEMP VIEW v_days AS SELECT 1",
    "PRAGMA query_only = OFF",
    "PRAGMA table_info(cases)",
    "ATTACH DATABASE 'x.db' AS y",
    "VACUUM INTO 'x.db'",
    "COPY cases TO '/tmp/x'",
    "SET ROLE postgres",
    "SELECT 1; DELETE FROM facts_rollups",
    "SELECT 1 /* x */ FROM v_days",
    "SELECT 1 -- x",
    "SELECT load_extension('x')",
    "SELECT readfile('/etc/passwd')",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT query_to_xml('SELECT * FROM cases', true, true, '')",
    "SELECT set_config('statement_timeout', '0', false)",
    "SELECT pg_sleep(60)",
    "SELECT nextval('outbox_seq_seq')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT dblink('x', 'y')",
    "SELECT randomblob(100000000)",
    "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a) SELECT count(*) FROM a",
    "TABLE cases",
    "SELECT * FROM (TABLE cases) x",
    "SELECT * INTO x FROM v_days",
    "SELECT * FROM v_days FOR UPDATE",
    "EXPLAIN SELECT * FROM cases",
    "VALUES (1)",
    "SELECT $1",
    "SELECT ?1",
    "",
    "   ;",
    "SELECT cases.number FROM v_days JOIN cases ON 1 = 1",
    "SELECT * FROM pragma_table_info('cases')",
    "SELECT * FROM json_each('[1]')",
];

testdb::both_engines!(nobody_gets_out_of_the_views, &migrations(), |db| {
    let lives = lived(db);
    let before = count(&lives, "SELECT count(*) FROM cases");
    for sql in ESCAPES {
        let refused = ask(&lives, sql).unwrap_err();
        assert!(
            matches!(
                refused,
                ops::QueryError::Query(SandboxError::Refused(_) | SandboxError::Wrong(_))
            ),
            "{sql}: {refused}"
        );
    }
    assert_eq!(count(&lives, "SELECT count(*) FROM cases"), before);
    let refused = count(
        &lives,
        "SELECT count(*) FROM audit WHERE action = 'facts.query' AND outcome = 'refused'",
    );
    assert_eq!(
        refused,
        i64::try_from(ESCAPES.len()).unwrap(),
        "every try is written down"
    );
});

/// The engine's own fence, without the reader of words before it: what the words let through by mistake stops there.
mod without_the_words {
    use super::*;

    testdb::both_engines!(the_engine_refuses_as_well, &migrations(), |db| {
        let lives = lived(db);
        // The words are a hurdle; here all tables are views as far as they can tell, and only the engine is left.
        let mut fence = views::fence(lives.ctx.db().engine(), None);
        fence.tables = &[
            "facts_generations",
            "facts_districts",
            "facts_rollups",
            "facts_durations",
            "matter_classes",
            "divisions",
        ];
        for sql in [
            "SELECT number FROM cases",
            "SELECT code FROM units",
            "WITH x AS (SELECT id FROM cases) SELECT count(*) FROM x",
        ] {
            let refused = lives.ctx.run_fenced(sql, &fence).unwrap_err();
            assert!(
                matches!(refused, SandboxError::Refused(_)),
                "{sql}: {refused}"
            );
        }
    });
}

testdb::both_engines!(
    answers_are_bounded_and_every_query_is_written_down,
    &migrations(),
    |db| {
        let lives = lived(db);
        let mut fence = views::fence(lives.ctx.db().engine(), None);
        fence.rows = 3;
        let answer = lives
            .ctx
            .run_fenced("SELECT * FROM v_streets", &fence)
            .unwrap();
        assert_eq!((answer.rows.len(), answer.is_cut), (3, true));
        fence.bytes = 100;
        let refused = lives
            .ctx
            .run_fenced("SELECT * FROM v_streets", &fence)
            .unwrap_err();
        assert!(matches!(refused, SandboxError::TooLarge(100)), "{refused}");
        fence.bytes = 1_000_000;
        fence.time = std::time::Duration::from_millis(300);
        let heavy = "SELECT count(*) FROM v_streets a, v_streets b, v_streets c, v_streets d, v_streets e, v_streets f, v_streets g, v_streets h";
        let refused = lives.ctx.run_fenced(heavy, &fence).unwrap_err();
        assert!(matches!(refused, SandboxError::TooLong(_)), "{refused}");
        ask(&lives, "SELECT count(*) FROM v_days").unwrap();
        ask(&lives, "SELECT nonsense FROM v_days").unwrap_err();
        assert_eq!(
            count(
                &lives,
                "SELECT count(*) FROM audit WHERE action = 'facts.query' AND outcome = 'done'"
            ),
            1
        );
        assert_eq!(
            count(
                &lives,
                "SELECT count(*) FROM audit WHERE action = 'facts.query' AND detail LIKE '%v_days%'"
            ),
            2
        );
    }
);

testdb::both_engines!(
    the_hash_of_a_file_is_in_the_trail_before_it_leaves,
    &migrations(),
    |db| {
        let lives = lived(db);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let sql = "SELECT day, sum(reported) AS n FROM v_days GROUP BY day ORDER BY day";
        let file = runtime
            .block_on(ops::query_file(&lives.ctx.renewed(), sql))
            .unwrap();
        assert_eq!(file.bytes, ops::csv(&ask(&lives, sql).unwrap()));
        assert!(file.bytes.starts_with(b"day,n\r\n2") && file.sha256.len() == 64);
        let details = || {
            let read = lives.ctx.renewed();
            let read = read.read_blocking::<_, StoreError, _>(|r| {
                r.all::<(String, String)>(
                    "SELECT outcome, detail FROM audit WHERE action = 'facts.query' ORDER BY id",
                    &[],
                )
            });
            read.unwrap()
        };
        let hash = format!("\"sha256\":\"{}\"", file.sha256);
        let told = details();
        let with_hash = told.iter().filter(|(_, detail)| detail.contains(&hash));
        let outcomes: Vec<&str> = with_hash.map(|(outcome, _)| outcome.as_str()).collect();
        assert_eq!(outcomes, ["done"], "{told:?}");
        // What is refused leaves no file, and no hash.
        let refused = runtime.block_on(ops::query_file(&lives.ctx.renewed(), "SELECT 1 -- x"));
        assert!(matches!(refused, Err(ops::QueryError::Query(_))));
        let told = details();
        let refused: Vec<_> = told.iter().filter(|(o, _)| o == "refused").collect();
        assert!(
            refused.len() == 1 && !refused[0].1.contains("sha256"),
            "{told:?}"
        );
    }
);
