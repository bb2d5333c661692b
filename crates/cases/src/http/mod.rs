//! The calls of cases under `/api/v1`. A handler translates; `ops` decides.

mod acts;
mod calendar;
mod cases;
mod input;
mod own;
mod reports;
mod requester;
mod track;
mod unclear;

use crate::ops::view::{CaseView, TrackView};
use access::{Capability, Listing, Operation, Permission, Routes};
use axum::http::Method;

/// The calls of cases. Whoever brings pages of cases adds them to these.
pub fn routes() -> Routes {
    let list = |about| {
        Operation::new(about)
            .query::<String>(
                "state",
                "a state or one of the groups open, closed, duplicate, transferred, void",
            )
            .query::<String>(
                "district",
                "six digits: only cases whose record this district keeps",
            )
            .query::<String>("unit", "the id of a unit: only what it handles")
            .query::<String>("matter", "the id of a class")
            .query::<String>("from", "reported at or after this time; a date is a day of the city, from its beginning")
            .query::<String>("to", "reported before this time; a date is a day of the city, to its end")
            .query::<String>("closed_from", "closed at or after this time or day; the last closed come first")
            .query::<String>("closed_to", "closed before this time, or on this day at the latest")
            .query::<bool>("closed_in_time", "only closed cases that were handled by their deadline, or only those handled later")
            .query::<bool>("own", "only what the caller reported")
    };
    let routes = Routes::new("cases");
    calendar::add(own::add(routes))
        .on_api(
            Method::POST,
            "/api/v1/reports",
            Permission::CaseReport,
            reports::public,
            Operation::new("reports a matter; no account is needed")
                .about("Answers the number with a code and a private link, each shown once. From one network only so many reports an hour are taken.")
                .body::<input::PublicReport>()
                .answers::<reports::ReceiptView>(201),
        )
        .on_api(
            Method::POST,
            "/api/v1/cases",
            Permission::CaseRead,
            reports::staff,
            Operation::new("takes a report in by any channel").body::<input::StaffReport>().answers::<reports::ReceiptView>(201),
        )
        .on_api(
            Method::GET,
            "/api/v1/cases",
            Permission::CaseRead,
            cases::list,
            list("lists cases in the caller's scope, newest first")
                .query::<String>("q", "words of the description or the address (two Chinese characters are enough), or a case number or its beginning")
                .paged().answers::<Listing<CaseView>>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/cases/{number}",
            Permission::CaseRead,
            cases::show,
            Operation::new("shows a case and what the caller may do with it now").answers::<CaseView>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/cases/{number}/events",
            Permission::CaseRead,
            cases::events,
            Operation::new("shows the life of a case").answers::<cases::Life>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/cases/{number}/acts",
            Permission::CaseRead,
            acts::act,
            Operation::new("makes one or several moves on a case, all or none")
                .about("With `expected_version` the case must still be as the caller saw it; else 409 tells what changed meanwhile.")
                .body::<input::Acts>()
                .answers::<CaseView>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/inbox",
            Permission::CaseRead,
            cases::inbox,
            list("counts the cases of each state in the caller's scope").answers::<cases::Inbox>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/tasks",
            Permission::CaseInspect,
            cases::tasks,
            Operation::new("lists the caller's tasks and those of the pool, the most pressing first").paged().answers::<Listing<CaseView>>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/track/{number}",
            Permission::CaseTrack,
            track::by_code,
            Operation::new("follows a case by its number and code").required_query::<String>("code", "the six characters").answers::<TrackView>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/track/link/{token}",
            Permission::CaseTrack,
            track::by_link,
            Operation::new("follows a case by its private link").answers::<TrackView>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/track/link/{token}/answer",
            Permission::CaseTrack,
            track::answer,
            Operation::new("answers by the private link what the unit asks")
                .body::<track::OwnAnswerInput>()
                .answers::<TrackView>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/track/link/{token}/rate",
            Permission::CaseTrack,
            track::rate,
            Operation::new("says by the private link how it went: contacted, solved, satisfied, what is missing")
                .about("A changed rating is a second fact; both are kept. At most five after each end.")
                .body::<track::RatingInput>()
                .answers::<TrackView>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/track/link/{token}/reopen",
            Permission::CaseTrack,
            track::reopen,
            Operation::new("asks by the private link that it is done again, within the days the city sets")
                .body::<track::ReopeningInput>()
                .answers::<TrackView>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/track/link/{token}/messages",
            Permission::CaseTrack,
            track::add_message,
            Operation::new("adds something to a case by the private link")
                .body::<track::MessageInput>()
                .answers::<TrackView>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/call-backs",
            Permission::CaseCallBack,
            cases::calls,
            Operation::new("lists the cases whose requester still has to be called back, those that ended first in front")
                .about("Requesters of merged cases are listed by their own case, once the case it went into is over. Never what the caller's own unit handled.")
                .paged()
                .answers::<Listing<CaseView>>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/duties/unclear",
            Permission::CaseCoordinate,
            unclear::list,
            Operation::new("lists the duties that units dispute: for which class in which district cases came back, with the cases behind each")
                .query::<u32>("days", "cases reported in so many last days, 1 to 365; 30 without it")
                .answers::<unclear::UnclearDuties>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/reviews",
            Permission::CaseRead,
            cases::reviews,
            Operation::new("lists the cases that wait for a decision of the caller's roles: appeals, exclusions, drafts of answers")
                .paged()
                .answers::<Listing<CaseView>>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/cases/{number}/voices",
            Permission::CaseCallBack,
            cases::voices,
            Operation::new("lists the requesters of a case with those of the cases merged into it, without anything of the people")
                .answers::<cases::Voices>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/cases/{number}/suspects",
            Permission::CaseRead,
            cases::suspects,
            Operation::new("lists cases that are perhaps about the same thing, each with the reasons")
                .answers::<cases::Suspects>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/track/{number}/record",
            Permission::CaseTrack,
            requester::record_by_code,
            Operation::new("shows what is kept of the person who follows a case by number and code, and who looked at it")
                .required_query::<String>("code", "the six characters")
                .answers::<requester::RecordView>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/track/link/{token}/record",
            Permission::CaseTrack,
            requester::record_by_link,
            Operation::new("shows what is kept of the person who follows a case by the private link, and who looked at it")
                .answers::<requester::RecordView>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/cases/{number}/requester",
            Permission::PersonalRead,
            requester::show,
            Operation::new("shows the requester of a case, masked, with what is kept and who looked")
                .answers::<requester::RequesterView>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/cases/{number}/requester/look",
            Permission::CaseRead,
            requester::look,
            Operation::new("looks at the contact of a case for a purpose")
                .about("The look is recorded, also when it is refused for want of `personal.read`, and the requester can read it. No Idempotency-Key: each look is one.")
                .body::<requester::LookInput>()
                .answers::<requester::Shown>(200),
        )
        .each_time()
        .on_api(
            Method::POST,
            "/api/v1/cases/{number}/requester/erase",
            Permission::PersonalRead,
            requester::erase,
            Operation::new("erases what is kept of the requester; the case and its proof stay")
                .about("There is no way back, and a restored backup forgets the person again.")
                .body::<requester::ErasureInput>()
                .answers_empty(204, "erased"),
        )
        .on_api(
            Method::POST,
            "/api/v1/cases/{number}/requester/unmaskings",
            Permission::PersonalRead,
            requester::ask,
            Operation::new("asks that a second person agree to show who made a confidential report")
                .body::<requester::UnmaskingInput>()
                .answers::<requester::Asked>(201),
        )
        .on_api(
            Method::POST,
            "/api/v1/cases/{number}/requester/unmaskings/{id}",
            Permission::PersonalRead,
            requester::decide,
            Operation::new("agrees to show who made a confidential report, or does not: a shift leader other than who asked")
                .body::<requester::DecisionInput>()
                .answers_empty(204, "decided"),
        )
}

/// What cases bring to the program: calls, tables, words.
pub fn capability() -> Capability {
    crate::pages::menu(Capability::new("cases", crate::pages::add(routes())))
        .migrations(crate::MIGRATIONS)
        .locales(
            include_str!("../../locales/zh-CN.ftl"),
            include_str!("../../locales/en.ftl"),
        )
}
