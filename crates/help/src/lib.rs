//! 使用指南 — the guides of `docs/guide`, one for each kind of people, in both languages, served under `/help`.
//!
//! The text is in the repository where people read it; here it becomes pages. The pictures are made by the browser tests.

mod guide;
mod pages;

pub use guide::{GUIDES, Guide};
pub use pages::capability;
