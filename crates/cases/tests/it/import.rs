//! Files of other systems, read inside the program: what each row becomes, what is refused and on which line, and that
//! no file makes it stumble.

use crate::city::migrations;
use access::Ctx;
use cases::import::{ImportMap, Options, Outcome, run};
use cases::model::{Case, CaseEvent};
use cases::{Fact, State, replay, sql};
use grid::ImportError;
use jiff::tz::TimeZone;
use kernel::ManualClock;
use matters::Reference;
use std::sync::Arc;
use store::StoreError;
use testdb::TestDb;

const MAP: &str = r#"
    source = "elsewhere"
    timezone = "America/New_York"
    [columns]
    id = "id"
    reported_at = "from"
    closed_at = "to"
    due_at = "due"
    status = "state"
    matter = "kind"
    description = "words"
    lat = "lat"
    lon = "lon"
    [time]
    formats = ["%Y-%m-%d %H:%M"]
    [status]
    "Done" = "closed"
    "Open" = "open"
    "Dup" = "duplicate"
    "Moved" = "transferred"
    "Void" = "void"
    [missing]
    time = ["1900-01-01"]
    point = [[0.0, 0.0]]
"#;
const HEAD: &str = "id,from,to,due,state,kind,words,lat,lon\n";

/// A database, a folder for files, and the snapshot an import works with.
struct Desk<'d> {
    db: &'d TestDb,
    clock: Arc<ManualClock>,
    reference: Reference,
    dir: testkit::temp::Dir,
}

impl<'d> Desk<'d> {
    fn new(db: &'d TestDb) -> Self {
        Self {
            db,
            clock: Arc::new(ManualClock::at(testdb::monday())),
            reference: Reference::new(TimeZone::get("Asia/Shanghai").unwrap()),
            dir: testkit::temp::Dir::new("import").unwrap(),
        }
    }
    fn ctx(&self) -> Ctx {
        self.db.system(&self.clock)
    }
    fn try_import(&self, map: &str, content: &[u8]) -> Result<Outcome, ImportError> {
        let file = self.dir.join("file.csv");
        std::fs::write(&file, content).unwrap();
        let options = Options {
            file,
            draw_grid_m: None,
            rejects: Some(self.dir.join("rejects.csv")),
            told: None,
        };
        let map = ImportMap::parse(map)?;
        run(&self.ctx(), &self.reference, &map, &options, &mut |_| {})
    }
    /// Imports and checks that the counters add up and the record agrees with itself.
    fn import(&self, map: &str, content: &str) -> Outcome {
        let done = self.try_import(map, content.as_bytes()).unwrap();
        assert_eq!(
            done.read,
            done.imported + done.unchanged + done.updated + done.rejected,
            "{done:?}"
        );
        assert_eq!(done.placed + done.unplaced, done.imported + done.updated);
        assert_eq!(self.rejects().len() as u64, done.rejected);
        assert_eq!(replay::replay(&self.ctx()).unwrap().mismatches, 0);
        done
    }
    /// The rejected rows as (line, id, field).
    fn rejects(&self) -> Vec<(u64, String, String)> {
        let text = std::fs::read_to_string(self.dir.join("rejects.csv")).unwrap();
        assert!(text.starts_with("line,id,field,value,reason\n"), "{text}");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader
            .records()
            .map(|r| {
                let r = r.unwrap();
                assert!(!r[4].is_empty(), "no reason: {r:?}");
                (r[0].parse().unwrap(), r[1].to_owned(), r[2].to_owned())
            })
            .collect()
    }
    fn life(&self, row: &str) -> (Case, Vec<CaseEvent>) {
        let row = row.to_owned();
        self.ctx()
            .read_blocking::<_, StoreError, _>(move |r| {
                let sql = "SELECT c.number FROM import_keys k JOIN cases c ON c.district = k.case_district AND c.id = k.case_id WHERE k.row_id = $1";
                let (number,): (String,) = r.one(sql, store::params![row])?;
                let case = sql::by_number(r, &number.parse().unwrap())?.unwrap();
                let events = sql::events(r, case.district, case.id)?;
                Ok((case, events))
            })
            .unwrap()
    }
    fn case(&self, row: &str) -> Case {
        self.life(row).0
    }
    fn notes(&self, row: &str) -> Vec<String> {
        match &self.life(row).1[0].fact {
            Fact::Imported(import) => import.notes.clone(),
            other => panic!("a life begins with {other:?}"),
        }
    }
}

testdb::both_engines!(
    each_row_becomes_what_it_says_and_nothing_more,
    &migrations(),
    |db| {
        let desk = Desk::new(db);
        let rows = "done,2024-05-01 10:00,2024-05-02 10:00,2024-05-03 10:00,Done,Noise,a,,\n\
        nul,2024-05-01 10:00,1900-01-01 00:00,,Done,Noise,a,0.0,0\n\
        open,2024-05-01 10:00,2024-05-02 10:00,,Open,Noise,a,95,10\n\
        dup,2024-05-01 10:00,2024-05-02 10:00,,Dup,Noise,a,,\n\
        moved,2024-05-01 10:00,,,Moved,Noise,a,,\n\
        void,2024-05-01 10:00,,,Void,Noise,a,,\n\
        late,2024-05-01 10:00,,2024-04-01 10:00,Open,,call 13800138000,,\n";
        let done = desk.import(MAP, &format!("{HEAD}{rows}"));
        assert_eq!((done.imported, done.unplaced), (7, 7));
        for (row, state) in [
            ("done", State::Closed),
            ("nul", State::Closed),
            ("open", State::PendingAccept),
            ("dup", State::Merged),
            ("moved", State::Transferred),
            ("void", State::Voided),
        ] {
            let (case, events) = desk.life(row);
            assert_eq!((case.state, events.len()), (state, 1), "{row}");
            assert_eq!(
                (case.accepted_at, case.dispatched_at, case.merged_into),
                (None, None, None),
                "{row}"
            );
            assert_eq!(case.source, Some(("elsewhere".into(), row.into())));
        }
        let ended = desk.case("done");
        assert_eq!(ended.handled_at, ended.closed_at);
        assert_eq!(ended.closed_at.unwrap().to_string(), "2024-05-02T14:00:00Z");
        assert_eq!(ended.number.to_string(), "990001-20240501-00001");
        let unknown = desk.case("nul");
        assert_eq!(
            (unknown.closed_at, unknown.handled_at, unknown.place.point),
            (None, None, None)
        );
        assert_eq!(desk.notes("nul"), ["unknown_end"]);
        assert_eq!(desk.case("open").closed_at, None);
        assert_eq!(
            desk.notes("open"),
            ["end_on_open_row=2024-05-02T14:00:00Z", "impossible_point"]
        );
        assert_eq!(desk.notes("late"), ["due_before_report"]);
        assert!(!desk.case("late").description.contains("13800138000"));
    }
);

testdb::both_engines!(
    rejects_name_the_physical_line_the_id_and_the_field,
    &migrations(),
    |db| {
        let desk = Desk::new(db);
        // A BOM, CRLF, a record over three lines and blank lines: the line is where the record starts.
        let text = "\u{feff}id,from,to,due,state,kind,words,lat,lon\r\n\
        1,2024-05-01 10:00,,,Open,Noise,\"one\r\ntwo\r\nthree\",,\r\n\
        2,soon,,,Open,Noise,,,\r\n\r\n\
        3,2024-05-01 10:00,2024-04-30 10:00,,Done,Noise,,,\r\n\
        4,2024-05-01 10:00,never,,Done,Noise,,,\r\n\
        5,2024-05-01 10:00,,whenever,Open,Noise,,,\r\n\
        6,2024-05-01 10:00,,,Perhaps,Noise,,,\r\n\
        ,2024-05-01 10:00,,,Open,Noise,,,\r\n\
        8,,,,Open,Noise,,,\r\n\
        9,2024-05-01 10:00,,,Open\r\n\
        1,2024-05-01 10:00,,,Open,Noise,\"one\r\ntwo\r\nthree\",,\r\n\
        1,2024-05-01 10:01,,,Open,Noise,x,,\r\n\
        11010519491231002X,2024-05-01 10:00,,,Open,Noise,,,";
        let done = desk.import(MAP, text);
        assert_eq!(
            (done.read, done.imported, done.unchanged, done.rejected),
            (12, 1, 1, 10)
        );
        let expected = [
            (5, "2", "reported_at"),
            (7, "3", "closed_at"),
            (8, "4", "closed_at"),
            (9, "5", "due_at"),
            (10, "6", "status"),
            (11, "", "id"),
            (12, "8", "reported_at"),
            (13, "9", "row"),
            (17, "1", "id"),
            // A number shaped like a resident's ID is not carried into the list either.
            (18, "", "id"),
        ];
        let expected: Vec<_> = expected
            .map(|(line, id, field)| (line, id.to_owned(), field.to_owned()))
            .into();
        assert_eq!(desk.rejects(), expected);
        let first = std::fs::read(desk.dir.join("rejects.csv")).unwrap();
        let again = desk.import(MAP, text);
        assert_eq!(
            (
                again.imported,
                again.unchanged,
                again.updated,
                again.rejected
            ),
            (0, 2, 0, 10)
        );
        assert_eq!(std::fs::read(desk.dir.join("rejects.csv")).unwrap(), first);
    }
);

testdb::both_engines!(
    a_changed_row_of_a_later_file_is_an_event_with_old_and_new,
    &migrations(),
    |db| {
        let desk = Desk::new(db);
        let one = |state: &str, end: &str| {
            format!(
                "{HEAD}1,2024-05-01 10:00,{end},,{state},Noise,a,,\n2,2024-05-01 10:00,,,Open,Noise,b,,\n"
            )
        };
        assert_eq!(desk.import(MAP, &one("Open", "")).imported, 2);
        let number = desk.case("1").number;
        let later = one("Done", "2024-05-02 10:00");
        let done = desk.import(MAP, &later);
        assert_eq!(
            (done.imported, done.unchanged, done.updated, done.rejected),
            (0, 1, 1, 0)
        );
        let (case, events) = desk.life("1");
        assert_eq!(
            (case.state, case.version, case.number),
            (State::Closed, 2, number)
        );
        let Fact::ImportUpdated { old, new } = &events[1].fact else {
            panic!("{:?}", events[1])
        };
        assert_eq!(
            (old.status.as_str(), new.status.as_str(), old.closed_at),
            ("open", "closed", None)
        );
        assert_eq!(new.closed_at, case.closed_at);
        let again = desk.import(MAP, &later);
        assert_eq!((again.unchanged, again.updated), (2, 0));
        // Back to what it said first: another event, nothing overwritten.
        assert_eq!(desk.import(MAP, &one("Open", "")).updated, 1);
        let (case, events) = desk.life("1");
        assert_eq!((case.state, events.len()), (State::PendingAccept, 3));
    }
);

testdb::both_engines!(
    local_times_that_do_not_exist_or_are_doubled,
    &migrations(),
    |db| {
        let desk = Desk::new(db);
        let rows = "gap,2024-03-10 02:30,2024-03-10 03:30,,Done,Noise,,,\n\
        fold,2024-11-03 01:30,,,Open,Noise,,,\n\
        turned,2024-11-03 01:50,2024-11-03 01:10,,Done,Noise,,,\n\
        backward,2024-11-03 02:50,2024-11-03 01:10,,Done,Noise,,,\n";
        let done = desk.import(MAP, &format!("{HEAD}{rows}"));
        assert_eq!((done.imported, desk.rejects().len()), (3, 1));
        assert_eq!(desk.rejects()[0].1, "backward");
        let times = |row: &str| {
            let case = desk.case(row);
            (
                case.reported_at.to_string(),
                case.closed_at.map(|t| t.to_string()),
            )
        };
        assert_eq!(
            times("gap"),
            (
                "2024-03-10T07:30:00Z".into(),
                Some("2024-03-10T07:30:00Z".into())
            )
        );
        assert_eq!(times("fold"), ("2024-11-03T05:30:00Z".into(), None));
        assert_eq!(
            times("turned"),
            (
                "2024-11-03T05:50:00Z".into(),
                Some("2024-11-03T06:10:00Z".into())
            )
        );
    }
);

testdb::both_engines!(
    without_a_table_of_states_an_end_means_closed,
    &migrations(),
    |db| {
        let desk = Desk::new(db);
        let map = MAP
            .split("[status]")
            .next()
            .unwrap()
            .replace("status = \"state\"", "");
        let rows = "1,2024-05-01 10:00,2024-05-02 10:00,,whatever,Noise,,,\n2,2024-05-01 10:00,,,Done,Noise,,,\n";
        assert_eq!(desk.import(&map, &format!("{HEAD}{rows}")).imported, 2);
        assert_eq!(
            (desk.case("1").state, desk.case("2").state),
            (State::Closed, State::PendingAccept)
        );
    }
);

testdb::both_engines!(
    what_is_not_utf8_or_has_other_columns_is_refused_whole,
    &migrations(),
    |db| {
        let desk = Desk::new(db);
        let good = format!("{HEAD}1,2024-05-01 10:00,,,Open,Noise,,,\n");
        let late = [good.as_bytes(), b"2,2024-05-01 10:00,,,Open,\xd4\xeb,,,\n"].concat();
        let other = good.replace("state", "status");
        for (content, field, line) in [
            (late, None, Some(3)),
            (other.into_bytes(), Some("columns.status"), None),
            (Vec::new(), None, None),
        ] {
            match desk.try_import(MAP, &content) {
                Err(ImportError::Unusable {
                    field: f,
                    line: l,
                    message,
                    ..
                }) => {
                    assert_eq!((f.as_deref(), l), (field, line), "{message}");
                }
                other => panic!("expected an unusable file, got {other:?}"),
            }
        }
        assert_eq!(replay::replay(&desk.ctx()).unwrap().cases, 0);
    }
);

testdb::both_engines!(no_file_makes_it_stumble, &migrations(), |db| {
    let desk = Desk::new(db);
    let mut rng = testkit::Seed::of("no_file_makes_it_stumble").rng();
    let pieces = [
        "1",
        "2",
        ",",
        ",",
        ",",
        "\n",
        "\r\n",
        "\"",
        "\"\"",
        "2024-05-01 10:00",
        "1900-01-01 00:00",
        "Open",
        "Done",
        "0.0",
        "NaN",
        "1e999",
        "-",
        "\u{0}",
        "市域",
        "\u{feff}",
        "9999-12-31 23:59",
        "-9999-01-01 00:00",
        "=1+1",
        "  ",
    ];
    for _ in 0..60 {
        let length = rng.below(120);
        let body: String = (0..length)
            .map(|_| pieces[rng.below(pieces.len() as u64) as usize])
            .collect();
        match desk.try_import(MAP, format!("{HEAD}{body}").as_bytes()) {
            Ok(done) => assert_eq!(
                done.read,
                done.imported + done.unchanged + done.updated + done.rejected,
                "{body:?}"
            ),
            Err(ImportError::Unusable { message, .. }) => assert!(!message.is_empty()),
            Err(other) => panic!("{body:?}: {other:?}"),
        }
    }
    assert_eq!(replay::replay(&desk.ctx()).unwrap().mismatches, 0);
});

store::record! {
    /// A case as its row says, under the row of the file.
    #[derive(Debug, PartialEq)]
    struct Kept {
        row_id: String,
        number: String,
        state: String,
        channel: String,
        reported_at: i64,
        closed_at: Option<i64>,
        handled_at: Option<i64>,
        lon: Option<f64>,
        lat: Option<f64>,
    }
}

#[test]
fn both_engines_keep_the_same_record_of_the_same_file() {
    let Some(postgres) = TestDb::postgres(
        "both_engines_keep_the_same_record_of_the_same_file",
        &migrations(),
    ) else {
        return;
    };
    let sqlite = TestDb::sqlite(&migrations());
    let mut text = HEAD.to_owned();
    for n in 0..700 {
        let (day, hour) = (1 + n % 28, n % 24);
        let state = ["Done", "Open", "Dup", "Moved", "Void", "Odd"][n % 6];
        let end = if n % 4 == 0 {
            String::new()
        } else {
            format!("2024-06-{day:02} 23:{:02}", n % 60)
        };
        text.push_str(&format!(
            "r{},2024-05-{day:02} {hour:02}:15,{end},,{state},K{},w {n},40.{n:04},-73.{n:04}\n",
            n % 690,
            n % 9
        ));
    }
    let record = |db: &TestDb| {
        let desk = Desk::new(db);
        let mut done = desk.import(MAP, &text);
        done.seconds = 0.0;
        let rows = desk
            .ctx()
            .read_blocking::<_, StoreError, _>(|r| {
                let sql = "SELECT k.row_id, c.number, c.state, c.channel, c.reported_at, c.closed_at, c.handled_at, c.lon, c.lat \
                           FROM import_keys k JOIN cases c ON c.district = k.case_district AND c.id = k.case_id ORDER BY k.row_id";
                r.all::<Kept>(sql, &[])
            })
            .unwrap();
        (done, rows, desk.rejects())
    };
    let (here, there) = (record(&sqlite), record(&postgres));
    assert!(
        here.0.imported > 500 && here.0.rejected > 100,
        "{:?}",
        here.0
    );
    assert_eq!(here, there);
}
