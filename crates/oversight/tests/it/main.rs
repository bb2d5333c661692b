//! The auditor's list is read from the record of the cases: what stands there is listed, whichever way it came into the store.
#![expect(
    clippy::unwrap_used,
    reason = "a test that unwraps nothing has failed, which is what it is for"
)]

use cases::model::{By, CaseEvent, Fact, Place, Reported};
use cases::rules;
use jiff::{SignedDuration, Timestamp};
use kernel::ManualClock;
use kernel::codes::CaseNumber;
use oversight::model::SpecialAct;
use oversight::ops::{self, SpecialQuery};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{AuditEvent, Migration, StoreError};
use testdb::{TestDb, both_engines};

fn migrations() -> Vec<Migration> {
    [
        store::MIGRATIONS,
        access::MIGRATIONS,
        grid::MIGRATIONS,
        actors::MIGRATIONS,
        matters::MIGRATIONS,
        vault::MIGRATIONS,
        attachments::MIGRATIONS,
        facts::MIGRATIONS,
        cases::MIGRATIONS,
    ]
    .concat()
}

/// A record without an audit trail, as the sample city and a restored backup of cases alone have it.
struct Record {
    ctx: access::Ctx,
    runtime: tokio::runtime::Runtime,
}

fn number(n: u32) -> CaseNumber {
    format!("330102-20260316-{n:05}").parse().unwrap()
}

impl Record {
    fn new(db: &TestDb) -> Self {
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        Self {
            ctx: db.system(&clock),
            runtime,
        }
    }
    /// A case whose life goes on with these facts, an hour after one another from the moment of its report on.
    fn keep(&self, n: u32, facts: Vec<(Fact, Option<SignedDuration>)>) {
        let reported_at = testdb::monday() + SignedDuration::from_mins(i64::from(n));
        let report = Reported {
            district: "330102".parse().unwrap(),
            number: number(n),
            reported_at,
            channel: "web".into(),
            matter: None,
            description: "井盖没了".into(),
            place: Place::default(),
            subject: None,
            attachments: Vec::new(),
            verify: false,
            self_handled: None,
            confidential: false,
            notify: false,
            same_as: None,
            nature: None,
            nature_assumed: false,
            askable: None,
            requested: false,
        };
        let by = By {
            kind: "system".into(),
            account: None,
            role: None,
            unit: None,
            on_behalf: None,
        };
        let life = std::iter::once((Fact::Reported(Box::new(report)), None)).chain(facts);
        let events: Vec<CaseEvent> = life
            .zip(1_u32..)
            .map(|((fact, late), seq)| {
                let at = reported_at + SignedDuration::from_hours(i64::from(seq) - 1);
                CaseEvent {
                    seq,
                    at,
                    done_at: late.map(|late| at - late),
                    by: by.clone(),
                    fact,
                    clocks: None,
                }
            })
            .collect();
        let id = rules::new_case_id(reported_at, rand_of(n));
        let case = rules::replay(id, &events).unwrap();
        self.ctx
            .write_blocking::<_, StoreError, _>(move |mut w| {
                cases::sql::insert(&mut w, &case, &events)?;
                w.commit(AuditEvent::done("test.setup", "test", ""), ())
            })
            .unwrap();
    }
    /// The whole list, page by page.
    fn listed(&self, query: &SpecialQuery) -> Vec<SpecialAct> {
        let (mut seen, mut after) = (Vec::new(), query.after);
        loop {
            let query = SpecialQuery {
                after,
                ..query.clone()
            };
            let page = self
                .runtime
                .block_on(ops::specials(&self.ctx, &query))
                .unwrap();
            seen.extend(page.items);
            match page.next {
                Some(cursor) => after = Some(ops::place(&cursor).unwrap()),
                None => return seen,
            }
        }
    }
}

fn rand_of(n: u32) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[6..].copy_from_slice(&n.to_be_bytes());
    bytes
}

fn of_kind(kind: &str) -> SpecialQuery {
    SpecialQuery {
        kind: kind.into(),
        ..SpecialQuery::default()
    }
}

fn told(acts: &[SpecialAct]) -> BTreeSet<(String, &'static str)> {
    acts.iter().map(|a| (a.number.clone(), a.kind())).collect()
}

both_engines!(
    every_special_act_of_the_record_is_listed_though_no_trail_tells_of_it,
    &migrations(),
    |db| {
        let record = Record::new(db);
        let reason = String::from("重复");
        let voided = || Fact::Voided {
            reason: reason.clone(),
        };
        let merged = || Fact::Merged {
            into: number(1),
            held: None,
        };
        let hour = Some(SignedDuration::from_hours(1));
        record.keep(
            1,
            vec![(
                Fact::Noted {
                    text: "x".into(),
                    attachments: vec![],
                    mentions: vec![],
                },
                None,
            )],
        );
        record.keep(2, vec![(merged(), None)]);
        record.keep(
            3,
            vec![(merged(), None), (Fact::Unmerged, None), (voided(), hour)],
        );
        // Recorded later than it was done, and nothing special besides: by an hour, by a minute, and by nothing on a device whose
        // clock is ahead.
        record.keep(
            4,
            vec![(
                Fact::Noted {
                    text: "x".into(),
                    attachments: vec![],
                    mentions: vec![],
                },
                hour,
            )],
        );
        for (n, late) in [(5, SignedDuration::from_mins(1)), (6, SignedDuration::ZERO)] {
            record.keep(
                n,
                vec![(
                    Fact::Noted {
                        text: "x".into(),
                        attachments: vec![],
                        mentions: vec![],
                    },
                    Some(late),
                )],
            );
        }

        let all = record.listed(&of_kind(""));
        let of = |n: u32, kind| (number(n).to_string(), kind);
        assert_eq!(
            told(&all),
            BTreeSet::from([
                of(2, "merge"),
                of(3, "merge"),
                of(3, "void"),
                of(4, "late"),
                of(5, "late"),
                of(6, "late"),
            ])
        );
        assert_eq!(
            all.len(),
            7,
            "each act once, though one is late besides: {all:?}"
        );
        assert!(all.is_sorted_by_key(|act| std::cmp::Reverse(act.at)));
        assert_eq!(record.listed(&of_kind("merge")).len(), 3);
        assert_eq!(record.listed(&of_kind("void")).len(), 1);
        let late = record.listed(&of_kind("late"));
        assert_eq!(
            told(&late),
            BTreeSet::from([of(3, "void"), of(4, "late"), of(5, "late"), of(6, "late")])
        );
        assert!(late.iter().all(SpecialAct::is_late));
        // In a period: the first hour after the reports has the first act of each life.
        let first_hour = SpecialQuery {
            to: Some(testdb::monday() + SignedDuration::from_mins(90)),
            ..of_kind("")
        };
        assert_eq!(told(&record.listed(&first_hour)).len(), 5);
        let later = SpecialQuery {
            from: Some(testdb::monday() + SignedDuration::from_mins(90)),
            ..of_kind("")
        };
        assert_eq!(record.listed(&later).len(), 2);
        assert!(
            record
                .runtime
                .block_on(ops::specials(&record.ctx, &of_kind("x")))
                .is_err()
        );
    }
);

both_engines!(
    a_long_list_comes_page_by_page_and_each_page_is_one_statement,
    &migrations(),
    |db| {
        let record = Record::new(db);
        for n in 1..=70 {
            record.keep(
                n,
                vec![(
                    Fact::Merged {
                        into: number(1),
                        held: None,
                    },
                    None,
                )],
            );
        }
        let all = record.listed(&of_kind("merge"));
        let numbers: Vec<String> = (1..=70).rev().map(|n| number(n).to_string()).collect();
        assert_eq!(
            all.iter().map(|a| a.number.clone()).collect::<Vec<_>>(),
            numbers
        );
        let before = record.ctx.statements();
        let first = record
            .runtime
            .block_on(ops::specials(&record.ctx, &of_kind("")))
            .unwrap();
        assert_eq!(record.ctx.statements() - before, 1);
        assert!(first.items.len() < 70 && first.next.is_some());
        let file = record
            .runtime
            .block_on(ops::all_specials(&record.ctx, &of_kind("")))
            .unwrap();
        assert_eq!(file, all);
    }
);

both_engines!(
    the_file_of_the_trail_has_every_entry_that_was_asked_for,
    &migrations(),
    |db| {
        let record = Record::new(db);
        // More than two pages of the list, of two acts.
        for i in 0..450 {
            let action = ["audit.sample", "audit.export"][i % 2];
            let event = AuditEvent::done(action, "audit", i.to_string());
            record
                .ctx
                .write_blocking::<_, StoreError, _>(move |w| w.commit(event.clone(), ()))
                .unwrap();
        }
        let taken = |actions: &[&str], actor: &str| {
            let query = access::ops::audit::AuditQuery {
                actions: actions.iter().map(|a| (*a).to_owned()).collect(),
                ..Default::default()
            };
            let rows = ops::trail(&record.ctx, query, actor.to_owned());
            let rows = record.runtime.block_on(rows).unwrap();
            assert!(
                rows.is_sorted_by(|a, b| a.id > b.id),
                "newest first, each once"
            );
            let objects = rows.into_iter().map(|row| row.object_id.parse::<u32>());
            objects.collect::<Result<BTreeSet<_>, _>>().unwrap()
        };
        let both = ["audit.sample", "audit.export"];
        assert_eq!(taken(&both, ""), (0..450).collect());
        assert_eq!(taken(&both[1..], ""), (0..450).skip(1).step_by(2).collect());
        assert!(taken(&both, "nobody").is_empty(), "a stranger did nothing");
    }
);

#[test]
fn a_place_of_the_list_is_read_as_it_was_written() {
    let place = oversight::model::Place {
        at: Timestamp::from_microsecond(1_773_622_800_000_001).unwrap(),
        key: kernel::id::Id::from_bytes([7; 16]),
        seq: 12,
    };
    assert_eq!(ops::place(&ops::cursor(place)), Some(place));
    assert_eq!(ops::place(&kernel::Cursor::new(["x"])), None);
}
