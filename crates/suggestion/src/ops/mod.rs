//! Use cases of suggestion: what is set, learning from the record, keeping what people decided, hot topics.

mod error;
mod hot;
mod outcomes;
mod settings;
mod train;

pub use error::SuggestionError;
pub use hot::{
    Behind, Look, behind, find as hot_topic, last_look, list as hot_topics, look, look_if_due,
};
pub use outcomes::{READER, advance};
pub use settings::{Overview, change, overview, refresh, settings as settings_of, use_model};
pub use train::{Trained, Trial, train, train_if_due, try_out};
