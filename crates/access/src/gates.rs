//! What keeps the program well under load: places for requests, places for password hashes, and what is counted in
//! memory only (refusals of strangers, reports by network).

use crate::fault::Fault;
use crate::rate::Buckets;
use crate::refusals::StrangerRefusals;
use crate::state::Limits;
use axum::http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// When a visitor is told to come back, in seconds.
const COME_BACK_S: u32 = 2;

/// The gates of one process.
pub(crate) struct Gates {
    requests: Arc<Semaphore>,
    hashes: Arc<Semaphore>,
    hashes_waiting: AtomicUsize,
    most_waiting: usize,
    /// Refusals of strangers, summed per minute.
    pub refusals: StrangerRefusals,
    /// Public reports by network.
    pub reports: Buckets,
}

impl Gates {
    pub fn new(limits: &Limits) -> Self {
        Self {
            requests: Arc::new(Semaphore::new(limits.in_flight)),
            hashes: Arc::new(Semaphore::new(limits.hashes)),
            hashes_waiting: AtomicUsize::new(0),
            most_waiting: limits.hashes_waiting,
            refusals: StrangerRefusals::default(),
            reports: Buckets::new(limits.reports_per_hour, limits.report_burst, rand::random()),
        }
    }

    /// A place for one request, or the answer that there is none: better a quick 429 than a slow everybody.
    pub fn enter(&self) -> Result<OwnedSemaphorePermit, Fault> {
        self.requests
            .clone()
            .try_acquire_owned()
            .map_err(|_| busy("as many requests as allowed are being answered"))
    }

    /// A place for hashing one password; waits in a bounded line.
    pub async fn hash(&self) -> Result<OwnedSemaphorePermit, Fault> {
        if self.hashes_waiting.fetch_add(1, Ordering::Relaxed) >= self.most_waiting {
            self.hashes_waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(busy("as many sign-ins as allowed are waiting"));
        }
        let _leave = Leave(&self.hashes_waiting);
        self.hashes
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| Fault::internal("the gate of password hashes is closed"))
    }
}

/// Leaves the line also when the visitor went away while waiting.
struct Leave<'a>(&'a AtomicUsize);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn busy(detail: &str) -> Fault {
    Fault::new(StatusCode::TOO_MANY_REQUESTS, "access.busy", detail).retry_after(COME_BACK_S)
}
