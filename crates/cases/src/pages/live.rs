//! GET /desk/live — tells an open desk that something changed, as server-sent events, so that it may look again.
//!
//! The stream says *that*, never *what*: the page asks for itself again with the reader's own scope. One look a second at
//! the end of the outbox serves every desk of this process; where nobody listens, nobody looks. Another process needs to
//! know nothing of it: the outbox is in the store.

use crate::service::Cases;
use access::{Ctx, Fault};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::{Read, StoreError};
use tokio::sync::watch;

/// How often the end of the outbox is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long one stream lasts; the browser opens the next by itself. A session that ended does not go on listening.
const STREAM_LASTS: Duration = Duration::from_secs(600);

/// The end of the outbox, for all who listen.
#[derive(Debug)]
pub(crate) struct Live {
    /// None: the program stops, and every stream ends, so that it need not wait for them.
    end: watch::Sender<Option<i64>>,
    is_looking: AtomicBool,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            end: watch::Sender::new(Some(0)),
            is_looking: AtomicBool::new(false),
        }
    }
}

impl Live {
    /// Begins to listen; whoever is the first begins to look.
    fn listen(self: &Arc<Self>, ctx: &Ctx) -> watch::Receiver<Option<i64>> {
        let receiver = self.end.subscribe();
        if !self.is_looking.swap(true, Ordering::AcqRel) {
            tokio::spawn(look(self.clone(), ctx.clone()));
        }
        receiver
    }

    /// Ends every stream, and those that begin from now on.
    pub(crate) fn hang_up(&self) {
        self.end.send_replace(None);
    }
}

/// Looks as long as somebody listens.
async fn look(live: Arc<Live>, ctx: Ctx) {
    loop {
        let end = ctx
            .read(|r: &mut Read<'_>| -> Result<i64, StoreError> { r.outbox_end() })
            .await;
        if let Ok(end) = end {
            live.end.send_if_modified(|known| {
                let is_new = known.is_some_and(|known| known != end);
                if is_new {
                    *known = Some(end);
                }
                is_new
            });
        }
        tokio::time::sleep(LOOK_EVERY).await;
        if live.end.receiver_count() == 0 {
            live.is_looking.store(false, Ordering::Release);
            // Somebody may have begun to listen between the count and the word that nobody looks.
            if live.end.receiver_count() == 0 || live.is_looking.swap(true, Ordering::AcqRel) {
                return;
            }
        }
    }
}

pub(super) async fn stream_of(ctx: Ctx) -> Result<Response, Fault> {
    let live = ctx.service::<Cases>().live();
    let receiver = live.listen(&ctx);
    let until = tokio::time::Instant::now() + STREAM_LASTS;
    let events = stream::unfold(
        (receiver, true),
        move |(mut receiver, is_first)| async move {
            if is_first {
                // What stands now is known to the page; from here on changes count.
                (*receiver.borrow_and_update())?;
                return Some((
                    Ok::<_, Infallible>(Event::default().comment("listening")),
                    (receiver, false),
                ));
            }
            let changed = tokio::time::timeout_at(until, receiver.changed()).await;
            if !matches!(changed, Ok(Ok(()))) {
                return None;
            }
            let end = (*receiver.borrow_and_update())?;
            Some((
                Ok(Event::default()
                    .event("changed")
                    .id(end.to_string())
                    .data("1")),
                (receiver, false),
            ))
        },
    );
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(20)));
    Ok(([("x-accel-buffering", "no")], stream).into_response())
}
