//! The feed, the call under `/api/v1`, and the address that mail programs send to end a subscription. A handler translates.

mod api;
mod feed;

pub use api::{NearList, NearView};

use crate::model::NearError;
use access::{Operation, Permission, Routes};
use axum::http::Method;
use kernel::codes::DivisionCode;
use ui::Lang;

/// The calls.
pub fn routes() -> Routes {
    let everybody = Permission::Public;
    Routes::new("nearby")
        .on_api(
            Method::GET,
            "/near.atom",
            everybody,
            feed::show,
            Operation::new("an Atom feed (RFC 4287) of public matters at a place")
                .about("The newest matters, and those that changed within two weeks. Answers 304 to If-None-Match and If-Modified-Since.")
                .query::<String>("place", "the code of a district, street or community")
                .query::<String>("class", "only of the class with this code")
                .query::<String>("lang", "zh-CN or en; without it the language of the reader")
                .answers_empty(200, "application/atom+xml")
                .answers_empty(304, "nothing has changed"),
        )
        .on_api(
            Method::GET,
            "/api/v1/near",
            everybody,
            api::list,
            Operation::new("public matters at a place, the newest first")
                .about("What everybody may know: class, state, street, dates, and the words that a person has read and found fit to be public. Reported within the last year. The point is the middle of the street.")
                .query::<String>("place", "the code of a district, street or community")
                .query::<f64>("lon", "instead of a place: degrees east, WGS 84; it is used for this answer and stored nowhere")
                .query::<f64>("lat", "degrees north")
                .query::<String>("class", "only of the class with this code")
                .query::<String>("show", "open or settled")
                .query::<String>("after", "the cursor of the page before")
                .query::<u16>("limit", "how many, 1 to 200; 50 without it")
                .answers::<NearList>(200),
        )
        .on_api(
            Method::POST,
            "/near/stop/{link}",
            everybody,
            crate::pages::stop,
            Operation::new("ends a subscription to a place and erases its address (RFC 8058)")
                .about("The address stands in the letters. The answer is the same whether there was a subscription.")
                .answers_empty(200, "a page that says so"),
        )
        .each_time()
}

/// Which of open and settled matters are asked for.
///
/// # Errors
/// `show`, for another word.
pub(crate) fn read_open(text: &str) -> Result<Option<bool>, NearError> {
    match text {
        "" => Ok(None),
        "open" => Ok(Some(true)),
        "settled" => Ok(Some(false)),
        _ => {
            let reason = "is neither open nor settled";
            Err(NearError::field("show", "nearby.show", reason))
        }
    }
}

/// The path of the feed of a place. The order of its parameters is fixed: it is a part of the feed's own address.
pub(crate) fn feed_path(place: DivisionCode, class: Option<&str>, lang: Lang) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("place", place.as_str());
    if let Some(class) = class {
        query.append_pair("class", class);
    }
    query.append_pair("lang", lang.tag());
    format!("/near.atom?{}", query.finish())
}
