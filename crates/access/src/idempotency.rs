//! `Idempotency-Key`: the same API post sent twice is done once and answered alike, for 24 hours.
//!
//! The key's row is written in the transaction of the change itself ([`Ctx::write`] does it), so there is no moment in
//! which the change is made and the key not known. The answer is added afterwards; if the process dies in between, a
//! repeat is told that it took effect. Of two at the same time one waits on the row and is told to come again.
//! A post that changed nothing, or was refused, leaves no row: it may be corrected and sent again with the same key.
//!
//! An answer can hold what the database otherwise keeps only as a hash, such as the code of a report. So it is kept sealed
//! (XChaCha20-Poly1305) under a key made of the caller's own key and body, of which the row has only digests: nobody but
//! the one who sends both again can open it.
//!
//! What has a key goes on although whoever asked hung up – a phone that lost its network, a page that was left – so that a
//! repeat finds the answer and is not told for minutes that the first is still at work.
//!
//! A page's form carries such a key in a field ([`once_by_form`]): pressed twice, or sent again by a reload, it is one
//! report and one receipt. Here the same key with other words is no mistake but a page that somebody went back to and
//! wrote on: it counts as another form. A form and a call of the API share their keys, so that what a page sent without
//! getting an answer can be sent again by the API: `access.key_reused` then says that it had arrived.

use crate::body;
use crate::ctx::Ctx;
use crate::fault::Fault;
use crate::secret::sha256;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chacha20poly1305::aead::{Aead, KeyInit as _};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use jiff::SignedDuration;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::{StoreError, StoreResult, Write, params};
use tracing::Instrument as _;

const KEY_HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED_HEADER: HeaderName = HeaderName::from_static("idempotency-replayed");
const LONGEST_KEY: usize = 200;
/// Larger answers are not kept; a repeat is then told that it took effect.
const LARGEST_ANSWER: usize = 256 * 1024;
/// A change whose answer is not there after so long lost it.
const RUNNING_FOR: SignedDuration = SignedDuration::from_mins(2);
/// A form that is sent a second time while the first is at work waits for its answer, so often and so long each time.
const LOOKS: u32 = 100;
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The media type under which the target of a redirect is kept.
const WAY: &str = "text/x-location";
/// Bytes of the nonce in front of a sealed answer.
const NONCE_BYTES: usize = 24;

/// The key of one request, to be written with its first change.
#[derive(Clone)]
pub(crate) struct OnceKey {
    id: [u8; 32],
    fingerprint: [u8; 32],
    /// What seals the kept answer; stored nowhere.
    sealing: [u8; 32],
    /// An earlier row of this key is over and gives way.
    is_renewed: bool,
    is_written: Arc<AtomicBool>,
    is_taken: Arc<AtomicBool>,
}

const RESERVE: &str = "INSERT INTO idempotency (id, fingerprint, status, media_type, body, created_at) VALUES ($1, $2, NULL, NULL, NULL, $3)";
const FIND: &str =
    "SELECT fingerprint, status, media_type, body, created_at FROM idempotency WHERE id = $1";
const ANSWER: &str = "UPDATE idempotency SET status = $2, media_type = $3, body = $4 WHERE id = $1";
const DROP_OVER: &str = "DELETE FROM idempotency WHERE id = $1 AND created_at <= $2";

impl OnceKey {
    /// Of the key with who uses it, and all that the request says.
    fn of(whose: &str, print: &[u8]) -> Self {
        let mut secret = format!("shiyu kept answer 1 {whose} ").into_bytes();
        secret.extend_from_slice(print);
        Self {
            id: sha256(whose.as_bytes()),
            fingerprint: sha256(print),
            sealing: sha256(&secret),
            is_renewed: false,
            is_written: Arc::default(),
            is_taken: Arc::default(),
        }
    }
    /// Writes the key's row into the transaction of the change, once for a request.
    #[expect(
        clippy::disallowed_methods,
        reason = "the key belongs to the request, not to the record"
    )]
    pub fn reserve(&self, w: &mut Write<'_>) -> StoreResult<()> {
        if self.is_written() {
            return Ok(());
        }
        let now = w.now();
        if self.is_renewed {
            w.aside(DROP_OVER, params![self.id, now - crate::ops::ANSWERS_KEPT])?;
        }
        let reserved = w.aside(RESERVE, params![self.id, self.fingerprint, now]);
        if let Err(StoreError::Unique(_)) = reserved {
            self.is_taken.store(true, Ordering::Release);
        }
        reserved.map(|_| ())
    }
    /// To be called after the commit.
    pub fn written(&self) {
        self.is_written.store(true, Ordering::Release);
    }
    fn is_written(&self) -> bool {
        self.is_written.load(Ordering::Acquire)
    }
    /// The answer as it is kept: a nonce, then the sealed bytes.
    fn seal(&self, nonce: [u8; NONCE_BYTES], answer: &[u8]) -> Vec<u8> {
        let sealed = XChaCha20Poly1305::new(&self.sealing.into())
            .encrypt(&XNonce::from(nonce), answer)
            .expect("only texts beyond 256 GiB cannot be sealed");
        [nonce.as_slice(), &sealed].concat()
    }
    /// The answer that was kept; none if it was not sealed for this key and body.
    fn open(&self, kept: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = kept.split_first_chunk::<NONCE_BYTES>()?;
        XChaCha20Poly1305::new(&self.sealing.into())
            .decrypt(&XNonce::from(*nonce), sealed)
            .ok()
    }
}

store::record! {
    struct Kept {
        fingerprint: [u8; 32],
        status: Option<u16>,
        media_type: Option<String>,
        body: Option<Vec<u8>>,
        created_at: jiff::Timestamp,
    }
}

/// Runs the request once: a repeat gets the kept answer. Requests without the header simply run.
pub(crate) async fn once<F: Future<Output = Response> + Send + 'static>(
    ctx: Ctx,
    request: Request,
    limit: usize,
    run: impl FnOnce(Request) -> F,
) -> Response {
    match prepare(&ctx, request, limit).await {
        Ok(Turn::Plain(request)) => run(request).await,
        Ok(Turn::Keyed(request, key)) => {
            let answered = run(request);
            to_its_end(async move {
                let response = answered.await;
                match (key.is_written(), key.is_taken.load(Ordering::Acquire)) {
                    (true, _) => keep(&ctx, &key, response).await,
                    // Of two at the same time this is the later one; it changed nothing.
                    (false, true) => running().into_response(),
                    (false, false) => response,
                }
            })
            .await
        }
        Ok(Turn::Answered(response)) => response,
        Err(fault) => fault.into_response(),
    }
}

/// Does work to its end, also when whoever waits for it is dropped.
async fn to_its_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(work.in_current_span()).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only the end of the program ends it before, and then nobody waits any more.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Runs what a page's form asks for once, by the key in the form: the same form again gets the answer it got before. `print`
/// is what the form says, files included. Only what is written with the permit handed to `run` counts as done. A form
/// without a usable key simply runs.
///
/// # Errors
/// Those of `run`; 409 while the first is still at work, or where its answer was not kept.
pub async fn once_by_form<F>(
    ctx: &Ctx,
    key: &str,
    print: &[u8],
    run: impl FnOnce(Ctx) -> F,
) -> Result<Response, Fault>
where
    F: Future<Output = Result<Response, Fault>> + Send + 'static,
{
    if !is_key(key) {
        return run(ctx.clone()).await;
    }
    let whose = whose(ctx, key);
    let mut key = OnceKey::of(&whose, &[b"form ", print].concat());
    if let Some(kept) = find(ctx, key.id).await?
        && kept.fingerprint != key.fingerprint
    {
        let other = format!("{whose} {}", hex::encode(key.fingerprint));
        key = OnceKey::of(&other, &[b"form ", print].concat());
    }
    match find(ctx, key.id).await? {
        Some(kept) if ctx.now().duration_since(kept.created_at) < crate::ops::ANSWERS_KEPT => {
            return first_answer(ctx, &key).await;
        }
        Some(_) => key.is_renewed = true,
        None => {}
    }
    let (done, keyed, keeper) = (run(ctx.once(key.clone())), key.clone(), ctx.clone());
    let done = to_its_end(async move {
        match done.await {
            Ok(done) if keyed.is_written() => Ok(keep(&keeper, &keyed, done).await),
            done => done,
        }
    })
    .await;
    if key.is_written() {
        return done;
    }
    if key.is_taken.load(Ordering::Acquire) {
        return first_answer(ctx, &key).await;
    }
    done
}

/// The answer of the form sent first, which may still be on its way; its row is seen only once it is committed.
async fn first_answer(ctx: &Ctx, key: &OnceKey) -> Result<Response, Fault> {
    for look in 0..LOOKS {
        match find(ctx, key.id).await? {
            Some(kept) if kept.status.is_some() => return kept_answer(ctx, key, kept),
            None if look > LOOKS / 4 => break,
            _ => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
    match find(ctx, key.id).await? {
        Some(kept) => kept_answer(ctx, key, kept),
        None => Err(running()),
    }
}

fn is_key(key: &str) -> bool {
    (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
}

/// The key together with who uses it: nobody meets somebody else's.
fn whose(ctx: &Ctx, key: &str) -> String {
    let actor = ctx.principal().actor();
    let actor_id = actor.id.map(|id| id.to_string()).unwrap_or_default();
    format!("{} {actor_id} {key}", actor.kind.as_str())
}

enum Turn {
    Plain(Request),
    Keyed(Request, OnceKey),
    Answered(Response),
}

async fn prepare(ctx: &Ctx, request: Request, limit: usize) -> Result<Turn, Fault> {
    let Some(key) = request.headers().get(KEY_HEADER) else {
        return Ok(Turn::Plain(request));
    };
    let key = key.to_str().ok().filter(|key| is_key(key));
    let key = key.ok_or_else(|| {
        Fault::new(
            StatusCode::BAD_REQUEST,
            "access.key_shape",
            "an idempotency key is 1 to 200 visible ASCII characters",
        )
        .field("Idempotency-Key")
    })?;
    let whose = whose(ctx, key);
    let (mut parts, body) = request.into_parts();
    let body = body::collect(body, limit).await?;
    let mut print = format!("{} {} ", parts.method, parts.uri).into_bytes();
    print.extend_from_slice(&said(&parts.headers, &body));
    let mut key = OnceKey::of(&whose, &print);
    match find(ctx, key.id).await? {
        Some(kept) if ctx.now().duration_since(kept.created_at) < crate::ops::ANSWERS_KEPT => {
            return kept_answer(ctx, &key, kept).map(Turn::Answered);
        }
        Some(_) => key.is_renewed = true,
        None => {}
    }
    parts.extensions.insert(ctx.once(key.clone()));
    Ok(Turn::Keyed(
        Request::from_parts(parts, Body::from(body)),
        key,
    ))
}

/// What a body says: of one in parts without the mark between them, which a browser makes up anew for each sending.
fn said<'b>(headers: &HeaderMap, body: &'b [u8]) -> Cow<'b, [u8]> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_in_parts = kind.to_ascii_lowercase().starts_with("multipart/");
    let mark = kind
        .split(';')
        .find_map(|part| part.trim().strip_prefix("boundary="))
        .map(|mark| mark.trim_matches('"'))
        .filter(|mark| is_in_parts && !mark.is_empty());
    let Some(mark) = mark else {
        return Cow::Borrowed(body);
    };
    let mut said = Vec::with_capacity(body.len());
    let mut from = 0;
    for at in memchr::memmem::find_iter(body, mark) {
        said.extend_from_slice(&body[from..at]);
        from = at + mark.len();
    }
    said.extend_from_slice(&body[from..]);
    Cow::Owned(said)
}

async fn find(ctx: &Ctx, id: [u8; 32]) -> StoreResult<Option<Kept>> {
    ctx.read(move |r| r.opt(FIND, params![id])).await
}

/// The answer of an earlier request with this key.
fn kept_answer(ctx: &Ctx, key: &OnceKey, kept: Kept) -> Result<Response, Fault> {
    if kept.fingerprint != key.fingerprint {
        let detail = "this idempotency key was used with another body";
        return Err(Fault::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "access.key_reused",
            detail,
        )
        .field("Idempotency-Key"));
    }
    let Some(status) = kept
        .status
        .and_then(|status| StatusCode::from_u16(status).ok())
    else {
        let is_running = ctx.now().duration_since(kept.created_at) < RUNNING_FOR;
        return Err(if is_running { running() } else { lost() });
    };
    let answer = kept
        .body
        .and_then(|body| key.open(&body))
        .ok_or_else(lost)?;
    let is_way = kept.media_type.as_deref() == Some(WAY);
    let way = HeaderValue::from_bytes(&answer).ok().filter(|_| is_way);
    let mut response = match &way {
        Some(_) => status.into_response(),
        None => (status, answer).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(REPLAYED_HEADER, HeaderValue::from_static("true"));
    if let Some(way) = way {
        headers.insert(header::LOCATION, way);
        return Ok(response);
    }
    headers.remove(header::CONTENT_TYPE);
    if let Some(media_type) = kept
        .media_type
        .and_then(|text| HeaderValue::from_str(&text).ok())
    {
        headers.insert(header::CONTENT_TYPE, media_type);
    }
    Ok(response)
}

fn running() -> Fault {
    let detail = "a request with this idempotency key is being answered";
    Fault::new(StatusCode::CONFLICT, "access.key_running", detail)
        .field("Idempotency-Key")
        .retry_after(1)
}

fn lost() -> Fault {
    let detail = "the request with this idempotency key took effect; its answer was not kept";
    Fault::new(StatusCode::CONFLICT, "access.key_lost", detail).field("Idempotency-Key")
}

/// Keeps the answer of a change beside its key.
#[expect(
    clippy::disallowed_methods,
    reason = "the answer belongs to the request, not to the record"
)]
async fn keep(ctx: &Ctx, key: &OnceKey, response: Response) -> Response {
    if response.status().is_server_error() || response.extensions().get::<Fault>().is_some() {
        // The change stands, yet the answer failed: a repeat is told so.
        return response;
    }
    let (parts, body) = response.into_parts();
    let bytes: Bytes = match body::collect(body, usize::MAX).await {
        Ok(bytes) => bytes,
        Err(fault) => return fault.into_response(),
    };
    if bytes.len() <= LARGEST_ANSWER {
        let media_type = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .map(str::to_owned);
        let is_way = parts.status.is_redirection();
        let way = parts.headers.get(header::LOCATION).filter(|_| is_way);
        let media_type = way.map_or(media_type, |_| Some(WAY.to_owned()));
        let kept = key.seal(rand::random(), way.map_or(&bytes, |way| way.as_bytes()));
        let (id, status) = (key.id, parts.status.as_u16());
        let done: Result<(), StoreError> = ctx
            .write(move |mut w| {
                w.aside(ANSWER, params![id, status, media_type, kept])?;
                w.unchanged(())
            })
            .await;
        if let Err(error) = done {
            tracing::warn!(%error, "the answer to an idempotent post could not be kept");
        }
    }
    Response::from_parts(parts, Body::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_in_parts_says_the_same_whatever_stands_between_them() {
        let sent = |called: &str, mark: &str, word: &str| {
            let mut headers = HeaderMap::new();
            let kind = format!("multipart/form-data; boundary={called}");
            headers.insert(header::CONTENT_TYPE, kind.parse().expect("a header"));
            let body = format!("--{mark}\r\n\r\n{word}\r\n--{mark}--\r\n");
            said(&headers, body.as_bytes()).into_owned()
        };
        let first = sent("----a1", "----a1", "井盖");
        assert_eq!(
            first,
            sent("\"----zz\"", "----zz", "井盖"),
            "also in quotes"
        );
        assert_ne!(first, sent("----a1", "----a1", "路灯"));
        // What is not in parts is taken as it is.
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; boundary=a"),
        );
        assert_eq!(said(&headers, b"banana").as_ref(), b"banana");
    }

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits_for_it_any_more() {
        let (tell, told) = tokio::sync::oneshot::channel();
        let (begin, begun) = tokio::sync::oneshot::channel::<()>();
        let waiting = tokio::spawn(to_its_end(async move {
            begun.await.expect("it is let begin");
            tell.send("done").expect("somebody asks");
        }));
        tokio::task::yield_now().await;
        waiting.abort();
        assert!(waiting.await.is_err(), "who waited is gone");
        begin.send(()).expect("the work is still there");
        assert_eq!(told.await, Ok("done"));
    }
}
