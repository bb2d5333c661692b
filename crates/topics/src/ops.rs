//! Use cases of topics: made by hand, by query or from a hot topic; chosen for a month; measures; the effect.

mod error;
mod look;
mod make;
mod work;

pub use error::TopicError;
pub use look::{Details, TopicQuery, details, find, list};
pub use make::{Draft, draft_of_hot, edit, make};
pub use work::{NewMeasure, add_cases, gather, move_to, put_measure, remove_case};
