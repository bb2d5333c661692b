//! Those concerned are told of each event, once, though the follower is killed and repeats itself.

use crate::stage::{act, city, count, follow, migrations, told, wait};
use cases::State;
use cases::ops::Step;
use cases::rules::ClockCommand as Clock;
use store::StoreError;
use testdb::both_engines;

both_engines!(
    those_concerned_are_told_of_each_event,
    &migrations(),
    |db| {
        let city = city(db);
        let case = city.case_at(State::PendingSign);
        assert!(follow(&city) > 0);
        assert_eq!(told(&city, "water_lead"), ["case.dispatched"]);
        assert_eq!(told(&city, "water"), ["case.dispatched"]);
        assert!(told(&city, "clean").is_empty() && told(&city, "dispatcher").is_empty());
        // Returned: whoever dispatched it is told, not every dispatcher (desk is one too).
        act(
            &city,
            "water_lead",
            &case,
            Step::Return {
                reason: "不属本单位".into(),
            },
        );
        follow(&city);
        assert_eq!(told(&city, "dispatcher"), ["case.returned"]);
        assert!(told(&city, "desk").is_empty());
        act(
            &city,
            "dispatcher",
            &case,
            Step::Dispatch {
                unit: Some(city.unit("WATER")),
                basis: "核实".into(),
            },
        );
        act(&city, "water", &case, Step::Sign);
        wait(&city, 1);
        act(
            &city,
            "water",
            &case,
            Step::Clock(Clock::RequestExtension {
                reason: "配件未到".into(),
            }),
        );
        follow(&city);
        assert!(told(&city, "dispatcher").contains(&"case.extension_asked".into()));
        act(
            &city,
            "dispatcher",
            &case,
            Step::Clock(Clock::EndorseExtension),
        );
        follow(&city);
        assert!(told(&city, "shift_leader").contains(&"case.extension_endorsed".into()));
        act(
            &city,
            "shift_leader",
            &case,
            Step::Clock(Clock::GrantExtension),
        );
        follow(&city);
        assert!(told(&city, "water").contains(&"case.extended".into()));
        // A task that was given; whoever takes one from the pool knows.
        act(
            &city,
            "water",
            &case,
            Step::ReportBack {
                result: "已更换".into(),
                attachments: Vec::new(),
            },
        );
        act(
            &city,
            "shift_leader",
            &case,
            Step::TakeTask {
                to: Some(city.accounts["checker"]),
            },
        );
        follow(&city);
        assert_eq!(told(&city, "checker"), ["case.task"]);
        act(
            &city,
            "checker",
            &case,
            Step::Check {
                passed: false,
                note: "未修好".into(),
                attachments: Vec::new(),
            },
        );
        follow(&city);
        assert!(told(&city, "water").contains(&"case.rework".into()));
    }
);

both_engines!(
    a_requester_is_told_only_with_a_contact_and_consent,
    &migrations(),
    |db| {
        let city = city(db);
        for (agreed, phone) in [
            (true, Some("13912345678")),
            (false, Some("13912345678")),
            (true, None),
        ] {
            let mut new = city.cover("hotline");
            new.contact.phone = phone.map(str::to_owned);
            new.notify = agreed;
            let case = city.report("acceptor", new).case;
            assert_eq!(case.notify, agreed && phone.is_some());
            act(
                &city,
                "acceptor",
                &case,
                Step::NotAccept {
                    reason: "不属受理范围".into(),
                    doors: Vec::new(),
                },
            );
        }
        follow(&city);
        assert_eq!(count(&city, "requester.refused"), 1);
        // The link lies sealed in the vault for who agreed, and for nobody else.
        assert_eq!(
            city.count("SELECT count(*) FROM vault_fields WHERE field = 'link'"),
            1
        );
    }
);

both_engines!(
    a_follower_that_is_killed_or_repeats_itself_tells_nobody_twice,
    &migrations(),
    |db| {
        let city = city(db);
        for _ in 0..3 {
            city.case_at(State::Closed);
        }
        let before: Vec<u32> = (0..1).map(|_| follow(&city)).collect();
        assert!(before[0] >= 6);
        let all = city.count("SELECT count(*) FROM notices");
        let clocks = city.count("SELECT count(*) FROM facts_supervision_clocks");
        // The position was lost with the machine: everything is read again.
        for _ in 0..2 {
            city.system()
                .write_blocking::<_, StoreError, _>(|mut w| {
                    w.outbox_enter(supervision::READER, 0)?;
                    w.unchanged(())
                })
                .unwrap();
            assert_eq!(follow(&city), 0);
        }
        assert_eq!(city.count("SELECT count(*) FROM notices"), all);
        assert_eq!(
            city.count("SELECT count(*) FROM facts_supervision_clocks"),
            clocks
        );
        // Two processes at once: each row is one's.
        city.case_at(State::PendingSign);
        let (a, b) = (city.system(), city.system());
        let (one, two) =
            city.run(async { tokio::join!(supervision::follow(&a), supervision::follow(&b)) });
        assert_eq!(one.unwrap() + two.unwrap() + follow(&city), 2);
        // Killed inside the transaction: nothing was done, the position stands.
        city.case_at(State::PendingSign);
        let failed = city.system().write_blocking::<(), StoreError, _>(|mut w| {
            let from = w.outbox_position(supervision::READER)?.unwrap();
            assert!(w.outbox_advance(supervision::READER, from, from + 1)?);
            Err(StoreError::Lost("killed".into()))
        });
        assert!(failed.is_err());
        assert_eq!(follow(&city), 2);
    }
);
