//! The calls of suggestion under `/api/v1`. A handler translates; `ops` decides. No answer names a person.

mod ask;
mod hot;
mod models;
pub mod views;

use access::{Operation, Permission, Routes};
use axum::http::Method;
use views::{
    HotLookView, HotTopicFullView, HotTopicView, ModelsView, SettingsView, SuggestionView,
    TrainingView,
};

/// The calls.
pub fn routes() -> Routes {
    let (read, manage) = (Permission::SuggestionRead, Permission::SuggestionManage);
    let (get, post) = (|| Method::GET, || Method::POST);
    Routes::new("suggestion")
        .on_api(
            post(),
            "/api/v1/suggestions",
            Permission::Public,
            ask::suggest,
            Operation::new("suggests class, unit and what is perhaps known already for the words, place and time of a report")
                .about("A suggestion comes with its reason, and a person decides. Below its confidence the machine is silent. \
                        Units are suggested to staff only. Nothing that is sent is kept.")
                .body::<ask::Wanted>()
                .answers::<SuggestionView>(200),
        )
        .on_api(
            get(),
            "/api/v1/suggestion-models",
            read,
            models::list,
            Operation::new("lists models, what they were worth on messages held back, and what people decided with each").answers::<ModelsView>(200),
        )
        .on_api(
            post(),
            "/api/v1/suggestion-models",
            manage,
            models::train,
            Operation::new("begins to learn from the record; it goes on beside the request").answers::<TrainingView>(202),
        )
        .on_api(
            post(),
            "/api/v1/suggestion-models/{number}/use",
            manage,
            models::use_again,
            Operation::new("puts a model into force again that a later one replaced").answers::<ModelsView>(200),
        )
        .on_api(
            get(),
            "/api/v1/suggestion-settings",
            read,
            models::settings,
            Operation::new("says how suggestion is set").answers::<SettingsView>(200),
        )
        .on_api(
            post(),
            "/api/v1/suggestion-settings",
            manage,
            models::change,
            Operation::new("turns suggestion on or off, sets the share of right answers wanted").body::<models::Wanted>().answers::<SettingsView>(200),
        )
        .on_api(
            get(),
            "/api/v1/hot-topics",
            Permission::TopicRead,
            hot::list,
            Operation::new("lists hot topics of the last look, the most incidents first").answers::<Vec<HotTopicView>>(200),
        )
        .on_api(
            post(),
            "/api/v1/hot-topics",
            manage,
            hot::look,
            Operation::new("looks for hot topics now").answers::<HotLookView>(200),
        )
        .on_api(
            get(),
            "/api/v1/hot-topics/{id}",
            Permission::TopicRead,
            hot::show,
            Operation::new("shows a hot topic with its curve and its cases; no cases for whoever may not see them").answers::<HotTopicFullView>(200),
        )
}
