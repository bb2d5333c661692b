//! 评价 — counts, rates and scores over a period, recomputed from the record whenever they are asked for; months frozen.
//!
//! A [word](vocabulary) says how the row of measures of a case counts in a period, a [definition](definitions) puts sums of
//! words over each other and is data, [figures] are its answers, and the cases behind any figure are a WHERE. What may not
//! be graded is found from the definition itself ([guards]).
//!
//! Words: a *count* is a number of cases with something in the period, a *rate* a numerator over a denominator, both of
//! which are counts; its *definition* names them, because cities use different denominators under the same name.
//!
//! Unit of analysis: the city, a division, a unit, a class, a channel; never a person.

mod api;
pub mod bulletin;
mod case_tiles;
pub mod condition;
pub mod definitions;
pub mod figures;
mod figures_pages;
pub mod guards;
mod lights;
mod map;
pub mod model;
pub mod ops;
mod pages;
pub mod scores;
pub mod set_import;
mod set_pages;
pub mod sql;
pub mod sql_sets;
pub mod vocabulary;

pub use case_tiles::Piles;
pub use map::drawn as drawn_map;
pub use model::{By, Counts, Definition, Evaluation, Month, Period, RATES, Rate, Row};
pub use pages::capability;
pub use sql_sets::MIGRATIONS;
