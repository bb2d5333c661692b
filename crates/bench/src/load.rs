//! Clients over HTTP: each keeps one connection and leads one life of a case after the other, as four calls.
//!
//! A client that is told 429 waits as long as `Retry-After` says and asks again. Everything else that is no answer of
//! success is an error. The clients share the machine with the program, as the budget wants it.

use anyhow::{Context as _, anyhow};
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// Nobody waits longer than this for an answer; it is then an error.
const PATIENCE: Duration = Duration::from_secs(30);

/// One call of a life: who asks, and with which words.
#[derive(Debug, Clone)]
pub struct Call {
    /// The token of whoever asks.
    pub token: String,
    /// The JSON body.
    pub body: String,
}

/// A life as calls of the API: `POST /api/v1/cases`, then `POST /api/v1/cases/{number}/acts` for each of the others.
#[derive(Debug, Clone)]
pub struct ApiLife {
    /// The report.
    pub report: Call,
    /// The moves that follow.
    pub acts: Vec<Call>,
}

/// What happened to a call or a life, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// A call was answered with success.
    Answered,
    /// A call was answered 429 with a time to come back.
    Shed,
    /// Anything else.
    Failed,
    /// The last call of a life was answered with success.
    Lived,
}

/// What the clients have seen, in order of time, in seconds since the book was opened; and the first errors in words.
#[derive(Debug)]
pub struct Book {
    opened: Instant,
    seen: Mutex<Vec<(f64, Seen)>>,
    errors: Mutex<Vec<String>>,
}

impl Book {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            opened: Instant::now(),
            seen: Mutex::default(),
            errors: Mutex::default(),
        }
    }
    /// Seconds since it was opened.
    pub fn now_s(&self) -> f64 {
        self.opened.elapsed().as_secs_f64()
    }
    fn note(&self, what: Seen) {
        let at = self.now_s();
        lock(&self.seen).push((at, what));
    }
    fn note_error(&self, error: &anyhow::Error) {
        /// As many as somebody would read.
        const MOST: usize = 5;
        self.note(Seen::Failed);
        let mut errors = lock(&self.errors);
        if errors.len() < MOST {
            errors.push(format!("{error:#}"));
        }
    }
    /// When things of a kind happened.
    pub fn times(&self, what: Seen) -> Vec<f64> {
        let seen = lock(&self.seen);
        let times = seen.iter().filter(|(_, w)| *w == what).map(|(at, _)| *at);
        times.collect()
    }
    /// The first errors, in words.
    pub fn errors(&self) -> Vec<String> {
        lock(&self.errors).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets `count` clients work until `stop` says so; answers when the last has left.
pub async fn work(
    addr: SocketAddr,
    count: usize,
    life: &Arc<ApiLife>,
    book: &Arc<Book>,
    stop: &watch::Receiver<bool>,
) {
    let clients: Vec<_> = (0..count)
        .map(|_| tokio::spawn(client(addr, life.clone(), book.clone(), stop.clone())))
        .collect();
    for client in clients {
        if let Err(error) = client.await {
            book.note_error(&anyhow!("a client broke: {error}"));
        }
    }
}

async fn client(
    addr: SocketAddr,
    life: Arc<ApiLife>,
    book: Arc<Book>,
    mut stop: watch::Receiver<bool>,
) {
    let mut line: Option<Line> = None;
    while !*stop.borrow() {
        let connected = match line.take() {
            Some(line) => Ok(line),
            None => Line::open(addr).await,
        };
        let lived = match connected {
            Ok(connected) => lead(connected, &life, &book, &mut stop).await,
            Err(error) => Err(error),
        };
        match lived {
            Ok(kept) => line = Some(kept),
            Err(error) => {
                book.note_error(&error);
                // A program that is gone is not asked thousands of times a second.
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Leads one life, or as much of it as there is time for; answers the connection, for the next.
async fn lead(
    mut line: Line,
    life: &ApiLife,
    book: &Book,
    stop: &mut watch::Receiver<bool>,
) -> anyhow::Result<Line> {
    let Some(receipt) = line
        .insist("/api/v1/cases", &life.report, book, stop)
        .await?
    else {
        return Ok(line);
    };
    let receipt: serde_json::Value = serde_json::from_slice(&receipt)?;
    let number = receipt["number"]
        .as_str()
        .context("a receipt without a number")?;
    let path = format!("/api/v1/cases/{number}/acts");
    for call in &life.acts {
        if line.insist(&path, call, book, stop).await?.is_none() {
            return Ok(line);
        }
    }
    book.note(Seen::Lived);
    Ok(line)
}

/// A connection that is kept.
struct Line {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Line {
    async fn open(addr: SocketAddr) -> anyhow::Result<Self> {
        let open = async {
            let stream = TcpStream::connect(addr).await.context("connecting")?;
            stream.set_nodelay(true)?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await?;
            // It ends with its sender; an error shows at the next call.
            tokio::spawn(connection);
            anyhow::Ok(Self {
                sender,
                host: addr.to_string(),
            })
        };
        timeout(PATIENCE, open)
            .await
            .context("no connection in time")?
    }

    /// Asks until there is an answer other than 429; none when it is time to leave.
    async fn insist(
        &mut self,
        path: &str,
        call: &Call,
        book: &Book,
        stop: &mut watch::Receiver<bool>,
    ) -> anyhow::Result<Option<Bytes>> {
        while !*stop.borrow() {
            let asked = timeout(PATIENCE, self.ask(path, call)).await;
            let (status, wait, body) = asked.with_context(|| format!("no answer to {path}"))??;
            if status.is_success() {
                book.note(Seen::Answered);
                return Ok(Some(body));
            }
            let Some(wait) = wait.filter(|_| status == StatusCode::TOO_MANY_REQUESTS) else {
                let words = String::from_utf8_lossy(&body).into_owned();
                return Err(anyhow!("{path} answers {status}: {words}"));
            };
            book.note(Seen::Shed);
            tokio::select! {
                () = sleep(wait) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        Ok(None)
    }

    async fn ask(
        &mut self,
        path: &str,
        call: &Call,
    ) -> anyhow::Result<(StatusCode, Option<Duration>, Bytes)> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::AUTHORIZATION, format!("Bearer {}", call.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(call.body.clone())))
            .context("a request that cannot be sent")?;
        self.sender.ready().await.context("a broken connection")?;
        let response = self
            .sender
            .send_request(request)
            .await
            .with_context(|| format!("asking {path}"))?;
        let (parts, body) = response.into_parts();
        let wait = parts.headers.get(header::RETRY_AFTER);
        let wait = wait.and_then(|text| text.to_str().ok()?.parse().ok());
        let body = Body::new(body).collect().await.context("half an answer")?;
        Ok((parts.status, wait.map(Duration::from_secs), body.to_bytes()))
    }
}
