//! Early warning as a whole: on the sample city, in the store, through the API and the pages.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it cannot use")]

mod api;
mod city;
mod daily;
mod decisions;
mod sample_city;
