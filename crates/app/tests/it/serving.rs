//! `shiyu serve` in a process of its own, and a client that asks it by bare sockets.

use crate::place::Place;
use serde_json::Value;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

/// The running program; killed with its owner if nobody killed it before.
pub struct Serving {
    child: Child,
    pub addr: SocketAddr,
}

impl Serving {
    /// Starts it on a free port and waits until it says where it listens.
    pub fn start(place: &Place) -> Self {
        let mut child = place
            .command(&["serve", "--addr", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut all = String::new();
        let addr = loop {
            let mut line = String::new();
            assert!(
                said.read_line(&mut line).unwrap() > 0,
                "it did not serve: {all}"
            );
            if let Some((_, addr)) = line.trim().split_once("Shiyu: http://") {
                break addr.parse().unwrap();
            }
            all.push_str(&line);
        };
        // Whoever does not read a pipe stops who writes into it.
        std::thread::spawn(move || io::copy(&mut said, &mut io::sink()));
        testkit::net::wait_for_port(addr, Duration::from_secs(20)).unwrap();
        Self { child, addr }
    }
    /// SIGKILL: no handler runs, no buffer is flushed.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request and its whole answer. An error means that nobody knows whether it was done.
pub fn ask(
    addr: SocketAddr,
    method: &str,
    path: &str,
    token: &str,
    body: &Value,
) -> io::Result<(u16, Value)> {
    let mut stream = TcpStream::connect_timeout(&addr, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {addr}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let cut = || io::Error::other("the answer was cut short");
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(cut)?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|s| s.parse().ok())
        .ok_or_else(cut)?;
    let body = serde_json::from_str(body).map_err(|_| cut())?;
    Ok((status, body))
}

/// Makes an account with these roles and answers an API token of it.
pub fn token(place: &Place, login: &str, roles: &str) -> String {
    place
        .run(&["user", "add", login, "--name", login, "--role", roles])
        .done();
    let made = place
        .run(&["user", "token", login, "--name", "test"])
        .done();
    made["token"].as_str().unwrap().to_owned()
}
