//! What the catalogue, the duties and the snapshot promise, on both engines.
#![expect(
    clippy::unwrap_used,
    reason = "a test that unwraps nothing has failed, which is what it is for"
)]

mod catalogue;
mod duties;
mod editor;
mod snapshot;

use access::Ctx;
use kernel::ManualClock;
use matters::ops::CatalogueOptions;
use std::sync::Arc;
use store::Migration;
use testdb::TestDb;

/// The tables these tests need.
pub fn migrations() -> Vec<Migration> {
    [
        store::MIGRATIONS,
        access::MIGRATIONS,
        grid::MIGRATIONS,
        actors::MIGRATIONS,
        matters::MIGRATIONS,
    ]
    .concat()
}

/// An operator at the machine.
pub fn operator(db: &TestDb) -> Ctx {
    db.system(&Arc::new(ManualClock::at(testdb::monday())))
}

/// A catalogue named `id`, every bare limit refused.
pub fn options(id: &str) -> CatalogueOptions {
    CatalogueOptions {
        id: id.into(),
        standard: "test".into(),
        version: "1".into(),
        valid_from: None,
        valid_to: None,
        source: "test".into(),
        limits: kernel::deadline::ParseOptions::default(),
        effective: None,
        kind: None,
    }
}
