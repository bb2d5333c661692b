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

impl Read<'_> {
    /// How far a reader has come; none if there is no such reader.
    pub fn outbox_position(&mut self, reader: &str) -> StoreResult<Option<i64>> {
        let sql = "SELECT seq FROM outbox_readers WHERE name = $1";
        Ok(self
            .opt::<(i64,)>(sql, crate::params![reader])?
            .map(|p| p.0))
    }
    /// The number of the last row there is; 0 where there is none.
    pub fn outbox_end(&mut self) -> StoreResult<i64> {
        let sql = "SELECT coalesce(max(seq), 0) FROM outbox";
        Ok(self.one::<(i64,)>(sql, &[])?.0)
    }
}

impl Read<'_> {
    /// The number up to which every row is there and will stay: where a reader begins that reads the record itself first.
    pub fn outbox_horizon(&mut self) -> StoreResult<i64> {
        let sql = format!(
            "SELECT coalesce(max(seq), 0) FROM outbox WHERE 1 = 1 {}",
            dialect::outbox_horizon(self.engine())
        );
        Ok(self.one::<(i64,)>(&sql, &[])?.0)
    }
}

/// Rows removed at once at most, so that a reader that was away for long holds up nobody.
const TRIM: i64 = 5_000;

// The books of the readers are no record: a reader that begins anew reads the record itself.
impl Write<'_> {
    /// Enters a reader, or sets it back: from now on the outbox keeps what comes after `after`.
    pub fn outbox_enter(&mut self, reader: &str, after: i64) -> StoreResult<()> {
        let sql = "INSERT INTO outbox_readers (name, seq, at) VALUES ($1, $2, $3) \
                   ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, at = excluded.at";
        self.quietly(sql, crate::params![reader, after, self.now()])
            .map(|_| ())
    }
    /// Moves a reader on in the transaction of what it made of the rows. Answers `false` when somebody else moved it
    /// first: then the rows are another's, and the transaction must change nothing.
    pub fn outbox_advance(&mut self, reader: &str, from: i64, to: i64) -> StoreResult<bool> {
        let sql = "UPDATE outbox_readers SET seq = $3, at = $4 WHERE name = $1 AND seq = $2";
        Ok(self.quietly(sql, crate::params![reader, from, to, self.now()])? == 1)
    }
    /// Takes a reader out: nothing is kept for it any more.
    pub fn outbox_leave(&mut self, reader: &str) -> StoreResult<()> {
        self.quietly(
            "DELETE FROM outbox_readers WHERE name = $1",
            crate::params![reader],
        )
        .map(|_| ())
    }
    /// Drops rows that every reader has read, some thousands at once; answers how many. While one of the `needed` readers
    /// (patterns of LIKE) has not entered yet, nothing goes: it wants everything from the beginning. The last row always
    /// stays: SQLite goes on counting from the highest number there is.
    pub fn outbox_trim(&mut self, needed: &[&str]) -> StoreResult<u64> {
        for pattern in needed {
            let entered = self
                .one::<(i64,)>(
                    "SELECT count(*) FROM outbox_readers WHERE name LIKE $1",
                    crate::params![*pattern],
                )?
                .0;
            if entered == 0 {
                return Ok(0);
            }
        }
        let sql = "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox \
                   WHERE seq <= (SELECT min(seq) FROM outbox_readers) AND seq < (SELECT max(seq) FROM outbox) \
                   ORDER BY seq LIMIT $1)";
        self.quietly(sql, crate::params![TRIM])
    }
}
