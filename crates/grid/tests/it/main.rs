//! What the territory promises, in memory and on both engines.
#![expect(
    clippy::unwrap_used,
    reason = "a test that unwraps nothing has failed, which is what it is for"
)]

mod drawing;
mod imports;
mod locating;
mod tiles;

use access::Ctx;
use kernel::{ManualClock, Point};
use std::sync::Arc;
use store::Migration;
use testdb::TestDb;

/// The tables these tests need.
pub fn migrations() -> Vec<Migration> {
    [store::MIGRATIONS, access::MIGRATIONS, grid::MIGRATIONS].concat()
}

/// An operator at the machine.
pub fn operator(db: &TestDb) -> Ctx {
    db.system(&Arc::new(ManualClock::at(testdb::monday())))
}

/// A point that is in range.
pub fn at(lon: f64, lat: f64) -> Point {
    Point::new(lon, lat).expect("a point in range")
}
