//! What goes in comes out, on both engines alike.

use store::{MIGRATIONS, Migration, StoreError, Value, params};
use testdb::{grant, monday};

const THINGS: Migration = Migration {
    number: 900,
    name: "things",
    sql: "CREATE TABLE things (id BIGINT NOT NULL PRIMARY KEY, n BIGINT, x DOUBLE PRECISION, t TEXT, b BYTEA);",
};

fn schema() -> Vec<Migration> {
    MIGRATIONS.iter().copied().chain([THINGS]).collect()
}

type Thing = (
    i64,
    Option<i64>,
    Option<f64>,
    Option<String>,
    Option<Vec<u8>>,
);

fn things() -> Vec<Thing> {
    vec![
        (
            1,
            Some(i64::MIN),
            Some(0.1 + 0.2),
            Some("井盖坏了，\t车过\n就响 \\ \u{1f6b0} '\"".into()),
            Some(vec![0, 255, 92, 10]),
        ),
        (2, None, None, None, None),
        (
            3,
            Some(i64::MAX),
            Some(-1e300),
            Some(String::new()),
            Some(vec![]),
        ),
    ]
}

testdb::every_engine!(every_type_comes_back_as_it_went_in, &schema(), |db| {
    let grant = grant(monday());
    db.write_blocking::<_, StoreError, _>(&grant, store::Lane::People, |mut w| {
        for (id, n, x, t, b) in things() {
            w.exec(
                "INSERT INTO things (id, n, x, t, b) VALUES ($1, $2, $3, $4, $5)",
                params![id, n, x, t, b],
            )?;
        }
        w.commit(store::AuditEvent::done("test.write", "thing", "all"), ())
    })
    .unwrap();
    let found: Vec<Thing> = db
        .read_blocking(&grant, |r| {
            r.all("SELECT id, n, x, t, b FROM things ORDER BY id", &[])
        })
        .map_err(|e: StoreError| e)
        .unwrap();
    assert_eq!(found, things());
});

testdb::every_engine!(
    the_bulk_path_writes_the_same_rows_as_inserts,
    &schema(),
    |db| {
        let grant = grant(monday());
        db.write_blocking::<_, StoreError, _>(&grant, store::Lane::Background, |mut w| {
            let rows: Vec<Vec<Value>> = things()
                .into_iter()
                .map(|(id, n, x, t, b)| params![id, n, x, t, b].to_vec())
                .collect();
            w.bulk("things", &["id", "n", "x", "t", "b"], &rows)?;
            w.commit(store::AuditEvent::done("test.write", "thing", "all"), ())
        })
        .unwrap();
        let found: Vec<Thing> = db
            .read_blocking(&grant, |r| {
                r.all("SELECT id, n, x, t, b FROM things ORDER BY id", &[])
            })
            .map_err(|e: StoreError| e)
            .unwrap();
        assert_eq!(found, things());
    }
);

testdb::every_engine!(
    a_column_of_another_type_is_an_error_that_names_it,
    &schema(),
    |db| {
        let grant = grant(monday());
        let wrong = db.read_blocking::<Vec<(String,)>, StoreError, _>(&grant, |r| {
            r.all("SELECT number FROM schema_migrations", &[])
        });
        assert!(
            matches!(wrong, Err(StoreError::Decode { column: 0, .. })),
            "{wrong:?}"
        );
    }
);

testdb::every_engine!(migrating_again_changes_nothing, &schema(), |db| {
    assert_eq!(db.migrate(&schema(), monday()).unwrap(), Vec::<u32>::new());
    db.check_schema(&schema()).unwrap();
    assert!(matches!(
        db.check_schema(&[Migration {
            number: 901,
            ..THINGS
        }]),
        Err(StoreError::Uninitialised)
    ));
});

testdb::every_engine!(an_edited_migration_is_refused, &schema(), |db| {
    let edited = Migration {
        sql: "CREATE TABLE things (id BIGINT);",
        ..THINGS
    };
    let schema: Vec<Migration> = MIGRATIONS.iter().copied().chain([edited]).collect();
    assert!(matches!(
        db.migrate(&schema, monday()),
        Err(StoreError::Misuse(_))
    ));
});

testdb::every_engine!(
    a_statement_may_have_hundreds_of_parameters,
    &schema(),
    |db| {
        let grant = grant(monday());
        let found = db
            .read_blocking::<(i64,), StoreError, _>(&grant, |r| {
                let places: Vec<String> =
                    (1..=300).map(|n| format!("CAST(${n} AS BIGINT)")).collect();
                let values: Vec<Value> = (1..=300).map(Value::Int).collect();
                r.one(&format!("SELECT {}", places.join(" + ")), &values)
            })
            .unwrap();
        assert_eq!(found.0, 300 * 301 / 2);
    }
);

testdb::every_engine!(
    each_value_finds_its_place_whatever_the_order_and_however_often,
    &schema(),
    |db| {
        let grant = grant(monday());
        // Twice, since the second time the places are known; and the same words in another order are another text.
        for _ in 0..2 {
            let found = db.read_blocking::<_, StoreError, _>(&grant, |r| {
                let places = |order: [i64; 4]| {
                    let of = order.map(|n| format!("CAST(${n} AS BIGINT)"));
                    format!("SELECT {}", of.join(", "))
                };
                let values = params![1_i64, 2_i64, 3_i64];
                let one: (i64, i64, i64, i64) = r.one(&places([3, 1, 2, 1]), values)?;
                let other: (i64, i64, i64, i64) = r.one(&places([1, 3, 2, 2]), values)?;
                Ok((one, other))
            });
            assert_eq!(found.unwrap(), ((3, 1, 2, 1), (1, 3, 2, 2)));
        }
    }
);

testdb::every_engine!(a_value_without_a_place_is_refused, &schema(), |db| {
    let grant = grant(monday());
    let wrong = db.read_blocking::<(i64,), StoreError, _>(&grant, |r| {
        r.one(
            "SELECT count(*) FROM things WHERE id = $1",
            params![1_i64, 2_i64],
        )
    });
    assert!(wrong.is_err());
    let wrong = db.read_blocking::<(i64,), StoreError, _>(&grant, |r| {
        r.one(
            "SELECT count(*) FROM things WHERE id = $1 OR id = $2",
            params![1_i64],
        )
    });
    assert!(wrong.is_err());
    // A gap in the numbers is no place.
    let wrong = db.read_blocking::<(i64,), StoreError, _>(&grant, |r| {
        r.one(
            "SELECT count(*) FROM things WHERE id = $1 OR id = $3",
            params![1_i64, 2_i64],
        )
    });
    assert!(wrong.is_err());
});
