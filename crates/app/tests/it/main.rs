//! The whole program: its command line on both engines, its faults (killed while it imports, killed under load), and
//! what holds over everything it is composed of.
#![expect(
    clippy::unwrap_used,
    reason = "what cannot be unwrapped here is the failure a test looks for"
)]

mod chicago;
mod cli;
mod clocks;
mod drawing;
mod exports;
mod facts;
mod forms;
mod import;
mod imports;
mod inventory;
mod kill;
mod open311;
mod place;
mod python;
mod reference_api;
mod sample;
mod schema;
mod schemathesis;
mod serving;
