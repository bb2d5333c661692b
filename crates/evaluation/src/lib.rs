//! 评价 — counts and rates over a period, recomputed from the record whenever they are asked for.
//!
//! Words: a *count* is a number of cases with something in the period, a *rate* a numerator over a denominator, both of
//! which are counts; its *definition* names them, because cities use different denominators under the same name.
//!
//! Unit of analysis: the city, a division, a unit, a class, a channel; never a person.

mod map;
pub mod model;
pub mod ops;
mod pages;
mod sql;

pub use model::{By, Counts, Definition, Evaluation, Period, RATES, Rate, Row};
pub use pages::capability;
