//! The parts of `shiyu`: the command line, configuration, composition. A library, so that tests can ask the composed
//! program what it is made of; the program itself is `main.rs`.
//!
//! One file a command under `cmd/`. Conventions every command keeps: with `--json` exactly one JSON object goes to stdout
//! and nothing else; text for people, progress and logs go to stderr. Exit 0 = done, 2 = file, map or arguments unusable
//! and nothing written, 1 = anything else.

pub mod cmd;
pub mod compose;
pub mod config;
pub mod erasures;
mod figures;
pub mod output;
mod places;
mod scenes;
pub mod serve;
