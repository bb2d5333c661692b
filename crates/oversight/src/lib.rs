//! 审计监督 — what the auditor asks of the record beside searching it: every act that changes how a case counts or that
//! was recorded late, a sample drawn by lot that can be drawn again, and files of both with their hash.
//!
//! Words: a *special act* is one that an auditor wants to see whole, such as a void or a merge; a *sample* is drawn by a
//! *seed*, so that nobody can say afterwards that convenient cases were picked.
//!
//! Unit of analysis: an act and a case; there is no count by the person who acted.

pub mod http;
pub mod model;
pub mod ops;
pub mod pages;
pub mod rules;
mod sql;

pub use http::capability;
