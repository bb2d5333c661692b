//! 指挥中心 — what a leader looks at: the command centre's page for a wall and a desk, and the page of the morning for a
//! phone: five sentences with numbers, and what needs a decision.
//!
//! All numbers come from the sums of `facts`; how fresh they are stands beside them. Nothing here decides or ranks.

pub mod model;
pub mod ops;
mod pages;

pub use pages::capability;
