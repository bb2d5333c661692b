//! The sample city has something of each kind to look at, made by the people who would make it.

use crate::place::Place;
use cases::record::AppealStage;
use cases::{Case, State};

/// Every case whose requester has an account, and every open one.
fn cases(place: &Place) -> Vec<Case> {
    let ctx = place.program().system(access::SystemRole::Operator);
    ctx.read_blocking::<_, store::StoreError, _>(|r| {
        let filter = cases::sql::Filter::default();
        cases::sql::list(r, &filter, 30_000)
    })
    .unwrap()
}

#[test]
fn each_desk_of_the_sample_city_finds_what_it_works_with() {
    let place = Place::sqlite();
    place.run(&["init", "--sample"]).done();
    for (what, least) in [
        ("SELECT count(*) FROM whistles", 2),
        (
            "SELECT count(*) FROM whistle_calls WHERE standing = 'responded'",
            1,
        ),
        ("SELECT count(*) FROM handovers", 1),
        ("SELECT count(*) FROM subscriptions", 1),
        ("SELECT count(*) FROM supervised", 1),
        ("SELECT count(*) FROM topics", 1),
        ("SELECT count(*) FROM topic_measures", 1),
        ("SELECT count(*) FROM topic_cases", 1),
        ("SELECT count(*) FROM duties WHERE valid_to IS NOT NULL", 1),
    ] {
        assert!(place.count(what) >= least, "{what}");
    }
    let all = cases(&place);
    let some = |what: &str, fits: &dyn Fn(&Case) -> bool| {
        assert!(all.iter().any(fits), "no case is {what}");
    };
    some("extended", &|c| c.extensions > 0);
    some("claimed", &|c| c.joint.claim.is_some());
    some("in parts", &|c| c.joint.open().count() > 1);
    some("appealed", &|c| {
        let appeal = c.record.appeal.as_ref();
        appeal.is_some_and(|a| a.stage == AppealStage::Lodged)
    });
    some("a resident's, and asks", &|c| {
        c.reporter.is_some() && c.question.is_some() && c.channel == "web"
    });
    some("a resident's, and over", &|c| {
        c.reporter.is_some() && c.state == State::Closed && c.channel == "web"
    });
    some("merged", &|c| c.state == State::Merged);
    assert_eq!(place.check_record(), all.len() as u64);
}
