//! Suggestion as a whole: learning from a record, advice in the pages and the API, outcomes, hot topics, guards.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it cannot use")]

mod advice;
mod city;
mod hot;
mod learning;
