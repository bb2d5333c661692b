//! Tasks whose own clock has run out.

use crate::city::{City, migrations};
use cases::State;
use cases::ops::{self, Step};
use std::time::Duration;

testdb::both_engines!(
    lapsed_tasks_move_on_once_and_by_the_program,
    &migrations(),
    |db| {
        let city = City::new(db);
        let verify = city.report("stranger", city.cover("web")).case;
        let check = city.case_at(State::PendingCheck);
        city.act("checker", check.number, vec![Step::TakeTask { to: None }])
            .unwrap();
        let run = || city.run(ops::run_timers(&city.system())).unwrap();
        assert_eq!(run(), 0, "nothing is over yet");
        city.clock.advance(Duration::from_secs(25 * 3600));
        assert_eq!((run(), run()), (2, 0));
        let auditor = city.ctx("auditor");
        let verify = city.run(ops::find(&auditor, verify.number)).unwrap();
        assert_eq!(
            (verify.state, verify.verified),
            (State::PendingAccept, None)
        );
        let check = city.run(ops::find(&auditor, check.number)).unwrap();
        assert_eq!(check.state, State::PendingCheck);
        let task = check.task.clone().unwrap();
        assert_eq!(
            (task.assignee, task.due_at > city.system().now()),
            (None, true),
            "back to the pool with a new clock"
        );
        city.check_life(verify.number);
        city.check_life(check.number);
        assert_eq!(
            (
                city.audited("case.lapse_verify", "done"),
                city.audited("case.lapse_check", "done")
            ),
            (1, 1)
        );
    }
);

testdb::both_engines!(
    people_cannot_make_the_moves_of_timers,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.report("stranger", city.cover("web")).case.number;
        for act in ["lapse_verify", "import", "report"] {
            let body = serde_json::json!({ "acts": [{ "act": act }] });
            let reply = city.post("desk", &format!("/api/v1/cases/{number}/acts"), &body);
            assert_eq!(reply.status, 422, "{act}: {reply:?}");
        }
    }
);
