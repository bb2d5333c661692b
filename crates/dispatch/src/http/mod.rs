//! The calls of dispatch under `/api/v1`. A handler translates; `ops` decides. No answer measures a person.

mod claims;
mod desk;
mod views;
mod whistles;

pub(crate) use desk::level_of;
pub(crate) use whistles::{answer_of, moments};

use access::{Listing, Operation, Permission, Routes};
use axum::http::Method;
use views::{
    ClaimsView, FiguresView, HandoversView, MentionsView, OpenMattersView, PartsView, PreviewView,
    SubscriptionsView, WhistleView,
};

/// The calls of dispatch.
pub fn routes() -> Routes {
    let (read, handle, claim) = (
        Permission::CaseRead,
        Permission::CaseHandle,
        Permission::CaseClaim,
    );
    let (get, post) = (|| Method::GET, || Method::POST);
    let routes = Routes::new("dispatch")
        .on_api(
            get(),
            "/api/v1/parts",
            handle,
            desk::parts,
            Operation::new("lists the parts of other units' cases that the caller's unit owes an answer to, the most pressing first")
                .query::<String>("standing", "open (default) or ended")
                .answers::<PartsView>(200),
        )
        .on_api(
            get(),
            "/api/v1/mentions",
            read,
            desk::mentions,
            Operation::new("lists the notes that name the caller, newest first").answers::<MentionsView>(200),
        )
        .on_api(
            post(),
            "/api/v1/mentions/seen",
            read,
            desk::see,
            Operation::new("says that the caller has read the notes up to now").answers::<MentionsView>(200),
        )
        .on_api(
            get(),
            "/api/v1/handovers",
            read,
            desk::handovers,
            Operation::new("lists the latest hand-overs of the caller's desks").answers::<HandoversView>(200),
        )
        .on_api(
            post(),
            "/api/v1/handovers",
            read,
            desk::give,
            Operation::new("hands a desk over to the next shift, with what is open at it")
                .body::<desk::GiveInput>()
                .answers::<HandoversView>(200),
        )
        .on_api(
            post(),
            "/api/v1/handovers/{id}/take",
            read,
            desk::take,
            Operation::new("takes a desk over; not from oneself")
                .body::<desk::WordsInput>()
                .answers::<HandoversView>(200),
        )
        .on_api(
            post(),
            "/api/v1/cases/{number}/ruling",
            Permission::CaseCoordinate,
            desk::rule,
            Operation::new("rules whose duty a case is, and keeps the ruling as a duty in the same step")
                .body::<desk::RulingInput>()
                .answers::<cases::ops::view::CaseView>(200),
        )
        .on_api(
            post(),
            "/api/v1/reorganisations",
            Permission::ReferenceManage,
            desk::reorganise,
            Operation::new("orders that units merge or split on a day; with dry_run only what it would do")
                .about("There is no way back. Cases move when the day has come.")
                .body::<desk::OrderInput>()
                .answers::<PreviewView>(200),
        );
    routes
        .on_api(
            get(),
            "/api/v1/whistles",
            read,
            whistles::list,
            Operation::new("lists whistles of the caller's unit, as caller or called; all for the desk. Newest first")
                .paged()
                .answers::<Listing<WhistleView>>(200),
        )
        .on_api(
            post(),
            "/api/v1/whistles",
            handle,
            whistles::blow,
            Operation::new("whistles for a place in the street of the caller's unit (for a case: the act whistle)")
                .body::<whistles::WhistleInput>()
                .answers::<WhistleView>(201),
        )
        .on_api(
            get(),
            "/api/v1/whistles/figures",
            read,
            whistles::figures,
            Operation::new("tells, unit by unit, how whistles were answered and how both sides judged")
                .query::<String>("from", "the first day")
                .query::<String>("to", "the last day")
                .answers::<FiguresView>(200),
        )
        .on_api(
            get(),
            "/api/v1/whistles/{id}",
            read,
            whistles::show,
            Operation::new("shows a whistle with those it called").answers::<WhistleView>(200),
        )
        .on_api(
            post(),
            "/api/v1/whistles/{id}/answer",
            handle,
            whistles::answer,
            Operation::new("answers a whistle for the caller's unit: respond, arrive, or decline with a reason")
                .body::<whistles::AnswerInput>()
                .answers::<WhistleView>(200),
        )
        .on_api(
            post(),
            "/api/v1/whistles/{id}/end",
            handle,
            whistles::end,
            Operation::new("ends a whistle of the caller's unit").answers::<WhistleView>(200),
        )
        .on_api(
            post(),
            "/api/v1/whistles/{id}/assess",
            handle,
            whistles::assess,
            Operation::new("judges a unit that was called, or, for a unit that was called, the whistle; once, after its end")
                .body::<whistles::AssessInput>()
                .answers::<WhistleView>(200),
        )
        .on_api(
            get(),
            "/api/v1/subscriptions",
            claim,
            claims::subscriptions,
            Operation::new("lists what the caller's organisation subscribed to").answers::<SubscriptionsView>(200),
        )
        .on_api(
            post(),
            "/api/v1/subscriptions",
            claim,
            claims::subscribe,
            Operation::new("subscribes the caller's organisation to matters in a place")
                .body::<claims::SubscribeInput>()
                .answers::<SubscriptionsView>(200),
        )
        .on_api(
            post(),
            "/api/v1/subscriptions/{id}/end",
            claim,
            claims::unsubscribe,
            Operation::new("ends a subscription").answers::<SubscriptionsView>(200),
        )
        .on_api(
            get(),
            "/api/v1/open-matters",
            claim,
            claims::open,
            Operation::new("lists the open matters that the caller's organisation subscribed to and may claim: place, class and redacted text")
                .answers::<OpenMattersView>(200),
        )
        .on_api(
            get(),
            "/api/v1/claims",
            claim,
            claims::own,
            Operation::new("lists the claims of the caller's organisation, newest first").answers::<ClaimsView>(200),
        )
        .on_api(
            post(),
            "/api/v1/open-matters/{number}/claim",
            claim,
            claims::claim,
            Operation::new("claims a matter; clock and duty stay with its unit").answers::<ClaimsView>(200),
        )
        .on_api(
            post(),
            "/api/v1/open-matters/{number}/show",
            claim,
            claims::show,
            Operation::new("shows what was done under a claim, with at least one picture or document")
                .body::<claims::ShowInput>()
                .answers::<ClaimsView>(200),
        )
        .on_api(
            post(),
            "/api/v1/open-matters/{number}/drop",
            claim,
            claims::drop,
            Operation::new("gives a claim up, with a reason")
                .body::<claims::DropInput>()
                .answers::<ClaimsView>(200),
        )
}
