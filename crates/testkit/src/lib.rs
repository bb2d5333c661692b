//! What tests stand on: a throw-away PostgreSQL, temporary folders, free ports, seeds, real data
//! beside the project, and skipping a test *by name* where something it needs is absent.
//!
//! Deliberately absent: any crate of this project. The developers' entrance (`xtask`) stands on this
//! crate as well and must build in seconds, and a crate under test must not meet a second copy of itself here.
//!
//! # The environment it reads
//! | variable | meaning |
//! |---|---|
//! | `SHIYU_TEST_POSTGRES` | URL of a running server to use instead of starting one |
//! | `SHIYU_WITHOUT` | comma-separated names of what this run does without: `postgres`, `shared`, … |
//! | `SHIYU_SHARED` | folder of the shared data; else `../shared` beside the workspace |
//! | `SHIYU_SKIP_LOG` | file to which each skipped test adds one line, for the runner to count |
//! | `SHIYU_SEED` | seed of the random tests, to repeat a failure |

pub mod net;
pub mod postgres;
pub mod rng;
pub mod shared;
pub mod skip;
pub mod temp;
pub mod xlsx;

pub use rng::{Rng, Seed};
pub use skip::{skip, without};
