//! The outbox: what changed, in an order that readers can follow without skipping a row that commits late.

use crate::tx::Read;
use crate::{StoreResult, Write, dialect};
use jiff::Timestamp;
use kernel::id::Id;

pub(crate) const INSERT: &str =
    "INSERT INTO outbox (district, topic, object_id, at, body) VALUES ($1, $2, $3, $4, $5)";

crate::record! {
    /// One change.
    #[derive(Debug, Clone)]
    pub struct OutboxRow {
        /// Its place in the outbox.
        pub seq: i64,
        /// The district of the object.
        pub district: String,
        /// What happened, a dotted word.
        pub topic: String,
        /// The object it happened to.
        pub object_id: Id,
        /// When.
        pub at: Timestamp,
        /// More facts, as JSON.
        pub body: String,
    }
}

impl Read<'_> {
    /// The next rows after `after`, at most `limit`, none of which can still be overtaken by a running writer.
    pub fn outbox_after(&mut self, after: i64, limit: u32) -> StoreResult<Vec<OutboxRow>> {
        let sql = format!(
            "SELECT seq, district, topic, object_id, at, body FROM outbox WHERE seq > $1 {} ORDER BY seq LIMIT $2",
            dialect::outbox_horizon(self.engine())
        );
        self.all(&sql, crate::params![after, limit])
    }
}

impl Write<'_> {
    /// Drops what every reader has read.
    pub fn outbox_forget(&mut self, up_to: i64) -> StoreResult<u64> {
        self.exec("DELETE FROM outbox WHERE seq <= $1", crate::params![up_to])
    }
}
