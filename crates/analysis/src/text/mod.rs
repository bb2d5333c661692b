//! Suggestion from words: class, duplicates and hot topics of citizens' messages.
//!
//! Everything here is a suggestion to a person who decides: reasons are given, and below its own
//! confidence a model is silent. The words of a message are looked at to serve the message; nothing here
//! takes, keeps or returns who wrote it.

mod calibrate;
mod duplicates;
mod explain;
mod fast;
mod file;
mod grams;
mod keywords;
mod measure;
mod model;
mod segment;
mod solve;
mod topics;
mod train;

pub use calibrate::{Calibration, DEFAULT_LEAST, DEFAULT_TARGET};
pub use duplicates::{
    Closeness, Place, Reason, Report, Suspect, compare, duplicates, metres_between,
};
pub use explain::MAX_WORDS;
pub use file::{ModelFileError, VERSION};
pub use keywords::{Keywords, suggest};
pub use measure::{Measures, Tally};
pub use model::{Message, Model, Suggestion, Verdict};
pub use segment::{MAX_TEXT_BYTES, looks_segmented, prepare};
pub use solve::Stop;
pub use topics::{Post, Topic, TopicOptions, topics};
pub use train::{MAX_LABELS, MAX_MESSAGES, Options, TrainError, train, train_until};

#[cfg(test)]
mod test_data;
