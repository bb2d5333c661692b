//! What happens near a resident, as a whole: what is shown and what not, the feed, the letters.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it cannot use")]

mod city;
mod feed;
mod letters;
mod list;
