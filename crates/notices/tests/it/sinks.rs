//! A mail server and a web server that keep what they get.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a web server got.
#[derive(Debug, Clone)]
pub struct Got {
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, v)| v)
    }
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A web server that answers with what it was told, then with 200.
pub struct Web {
    pub port: u16,
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Web {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (got, answers) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(Mutex::new(VecDeque::new())),
        );
        let (sink, say) = (got.clone(), answers.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (sink, say) = (sink.clone(), say.clone());
                std::thread::spawn(move || serve(stream, &sink, &say));
            }
        });
        Self { port, got, answers }
    }
    pub fn answer(&self, statuses: &[u16]) {
        self.answers.lock().unwrap().extend(statuses);
    }
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, sink: &Mutex<Vec<Got>>, say: &Mutex<VecDeque<u16>>) -> Option<()> {
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = headers
        .iter()
        .find(|(n, _)| n == "content-length")?
        .1
        .parse()
        .ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    sink.lock().unwrap().push(Got { headers, body });
    let status = say.lock().unwrap().pop_front().unwrap_or(200);
    let location = if status == 302 {
        "location: http://169.254.169.254/\r\n"
    } else {
        ""
    };
    write!(
        stream,
        "HTTP/1.1 {status} X\r\n{location}content-length: 0\r\nconnection: close\r\n\r\n"
    )
    .ok()
}

/// A mail server that refuses as often as it was told, then takes everything.
pub struct Post {
    pub port: u16,
    got: Arc<Mutex<Vec<String>>>,
    refusals: Arc<Mutex<VecDeque<u16>>>,
}

impl Post {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (got, refusals) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(Mutex::new(VecDeque::new())),
        );
        let (sink, say) = (got.clone(), refusals.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (sink, say) = (sink.clone(), say.clone());
                std::thread::spawn(move || talk(stream, &sink, &say));
            }
        });
        Self {
            port,
            got,
            refusals,
        }
    }
    pub fn refuse(&self, codes: &[u16]) {
        self.refusals.lock().unwrap().extend(codes);
    }
    pub fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }
}

fn talk(
    mut stream: TcpStream,
    sink: &Mutex<Vec<String>>,
    say: &Mutex<VecDeque<u16>>,
) -> Option<()> {
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut send = |text: &str| write!(stream, "{text}\r\n").ok();
    send("220 sink")?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let word = line.to_uppercase();
        if word.starts_with("RCPT") {
            let refusal = say.lock().unwrap().pop_front();
            match refusal {
                // What a server says often repeats the recipient: it must not come into our lists.
                Some(code) => send(&format!("{code} {} is not taken", line.trim()))?,
                None => send("250 ok")?,
            }
        } else if word.starts_with("DATA") {
            send("354 go on")?;
            let mut text = String::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).ok()?;
                if line == ".\r\n" {
                    break;
                }
                text.push_str(&line);
            }
            sink.lock().unwrap().push(text);
            send("250 ok")?;
        } else if word.starts_with("QUIT") {
            send("221 bye")?;
            return Some(());
        } else {
            send("250 ok")?;
        }
    }
}
