//! The calls of topics under `/api/v1`. A handler translates; `ops` decides. No answer names a person.

mod topics;
pub mod views;

pub use topics::move_of;

use access::{Operation, Permission, Routes};
use axum::http::Method;
use views::{AddedView, MeasureView, TopicFullView, TopicView};

/// The calls.
pub fn routes() -> Routes {
    let (read, manage) = (Permission::TopicRead, Permission::TopicManage);
    let (get, post) = (|| Method::GET, || Method::POST);
    Routes::new("topics")
        .on_api(
            get(),
            "/api/v1/topics",
            read,
            topics::list,
            Operation::new("lists topics, the last changed first")
                .query::<String>("standing", "proposed, chosen, under_way, ended or dropped; several with commas")
                .query::<String>("month", "only those chosen for this month (YYYY-MM)")
                .answers::<Vec<TopicView>>(200),
        )
        .on_api(
            post(),
            "/api/v1/topics",
            manage,
            topics::make,
            Operation::new("makes a topic; of a hot topic it takes the cases").body::<topics::Wanted>().answers::<TopicView>(201),
        )
        .on_api(
            get(),
            "/api/v1/topics/{id}",
            read,
            topics::show,
            Operation::new("shows a topic with its measures, its curve and what became of it").answers::<TopicFullView>(200),
        )
        .on_api(
            post(),
            "/api/v1/topics/{id}",
            manage,
            topics::edit,
            Operation::new("changes what a topic is about").body::<topics::Wanted>().answers::<TopicView>(200),
        )
        .on_api(
            post(),
            "/api/v1/topics/{id}/moves",
            manage,
            topics::move_to,
            Operation::new("moves a topic on: choose, start, end, drop, reopen").body::<topics::Moved>().answers::<TopicView>(200),
        )
        .on_api(
            post(),
            "/api/v1/topics/{id}/cases",
            manage,
            topics::cases,
            Operation::new("puts cases into a topic: by their numbers, or with no numbers by its classes, place and words")
                .about("Nothing of a case changes by being in a topic, and neither does how it counts.")
                .body::<topics::Numbers>()
                .answers::<AddedView>(200),
        )
        .on_api(
            post(),
            "/api/v1/topics/{id}/measures",
            read,
            topics::measure,
            Operation::new("adds a measure, or changes one")
                .about("Departments do so for topics and measures of their own unit.")
                .body::<topics::MeasureWanted>()
                .answers::<MeasureView>(200),
        )
}
