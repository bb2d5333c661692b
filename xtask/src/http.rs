//! A small HTTP/1.1 client for loopback: enough to sign in as a person would and read pages.
//!
//! One connection a request, plain text, cookies kept. No redirects followed: the caller looks at them.

use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A page larger than this is no page.
const MAX_RESPONSE: u64 = 16 << 20;
/// How long one answer may take.
const LIMIT: Duration = Duration::from_secs(30);

/// One person's browser.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    cookies: BTreeMap<String, String>,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Client {
    /// A browser without cookies for the server at `address`.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            cookies: BTreeMap::new(),
        }
    }

    /// # Errors
    /// When there is no answer, or it is not HTTP.
    pub fn get(&mut self, path: &str) -> anyhow::Result<Response> {
        self.request("GET", path, "", "")
    }

    /// Sends a form.
    ///
    /// # Errors
    /// When there is no answer, or it is not HTTP.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Response> {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        let body = pairs.join("&");
        let headers = format!(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            body.len()
        );
        self.request("POST", path, &headers, &body)
    }

    fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> anyhow::Result<Response> {
        let shown = format!("{method} {path}");
        let mut stream = TcpStream::connect_timeout(&self.address, LIMIT)
            .with_context(|| format!("cannot connect to {} for {shown}", self.address))?;
        stream.set_read_timeout(Some(LIMIT))?;
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = if cookies.is_empty() {
            String::new()
        } else {
            format!("Cookie: {}\r\n", cookies.join("; "))
        };
        let origin = format!("http://{}", self.address);
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nOrigin: {origin}\r\nAccept: text/html\r\nAccept-Encoding: identity\r\nConnection: close\r\n{cookies}{headers}\r\n",
            self.address
        );
        stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(body.as_bytes()))
            .with_context(|| format!("cannot send {shown}"))?;
        let mut bytes = Vec::new();
        stream
            .take(MAX_RESPONSE)
            .read_to_end(&mut bytes)
            .with_context(|| format!("no whole answer to {shown}"))?;
        let response = Response::parse(&bytes)
            .with_context(|| format!("cannot read the answer to {shown}"))?;
        for cookie in response
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
            .map(|(_, value)| value)
        {
            self.keep(cookie);
        }
        Ok(response)
    }

    fn keep(&mut self, cookie: &str) {
        let pair = cookie.split(';').next().unwrap_or_default();
        if let Some((name, value)) = pair.split_once('=') {
            self.cookies
                .insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
}

impl Response {
    fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .context("the head has no end")?;
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let mut words = first.split(' ');
        let (version, code) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        if !version.starts_with("HTTP/1.") {
            bail!("\"{first}\" is no status line of HTTP/1");
        }
        let status = code
            .parse()
            .with_context(|| format!("\"{code}\" is no status code"))?;
        let header = |line: &str| {
            line.split_once(':')
                .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        };
        let mut response = Self {
            status,
            headers: lines.filter_map(header).collect(),
            body: String::new(),
        };
        let body = &bytes[end + 4..];
        let body = if response
            .header("transfer-encoding")
            .is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
        {
            join_chunks(body)?
        } else {
            body.to_vec()
        };
        response.body = String::from_utf8_lossy(&body).into_owned();
        Ok(response)
    }

    /// The first header of that name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of the form's input `name`.
    pub fn input(&self, name: &str) -> Option<String> {
        let tags = self
            .body
            .split("<input")
            .skip(1)
            .filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag));
        let mut named = tags.filter(|tag| attribute(tag, "name") == Some(name));
        let value = attribute(named.next()?, "value")?;
        Some(
            value
                .replace("&quot;", "\"")
                .replace("&#43;", "+")
                .replace("&#x2B;", "+")
                .replace("&amp;", "&"),
        )
    }
}

/// The quoted value of an attribute of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// Takes a chunked body apart (RFC 9112, 7.1).
fn join_chunks(mut rest: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest
            .windows(2)
            .position(|two| two == b"\r\n")
            .context("a chunk has no size")?;
        let text = String::from_utf8_lossy(&rest[..line]);
        let digits = text.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(digits, 16)
            .with_context(|| format!("\"{digits}\" is no chunk size"))?;
        rest = &rest[line + 2..];
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(rest.get(..size).context("a chunk ends too early")?);
        rest = rest
            .get(size..)
            .and_then(|rest| rest.strip_prefix(b"\r\n"))
            .context("a chunk has no end")?;
    }
}

/// Percent-encodes all but letters, digits and `-._~`.
fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A server that gives the answers one after the other and returns what it was asked.
    pub fn serve(
        answers: &'static [&'static str],
    ) -> (SocketAddr, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answer_all = move || {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                asked.push(read_request(&mut stream));
                stream.write_all(answer.as_bytes()).unwrap();
            }
            asked
        };
        (address, std::thread::spawn(answer_all))
    }

    /// The head, and as much body as it announces; it may come in pieces.
    fn read_request(stream: &mut TcpStream) -> String {
        let mut bytes = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).unwrap();
            bytes.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let announced = text
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "));
            let length: usize = announced.map_or(0, |number| number.trim().parse().unwrap());
            let whole = text
                .split_once("\r\n\r\n")
                .is_some_and(|(_, body)| body.len() >= length);
            if whole || read == 0 {
                return text;
            }
        }
    }

    #[test]
    fn cookies_are_sent_back() {
        let (address, server) = serve(&[
            "HTTP/1.1 303 See Other\r\nSet-Cookie: s=1; Path=/\r\nlocation: /x\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\nhi",
        ]);
        let mut client = Client::new(address);
        let first = client
            .post("/sign-in", &[("login", "a b"), ("密码", "&=")])
            .unwrap();
        assert_eq!((first.status, first.header("location")), (303, Some("/x")));
        assert_eq!(client.get("/x").unwrap().body, "hi");
        let asked = server.join().unwrap();
        assert!(
            asked[0].ends_with("login=a%20b&%E5%AF%86%E7%A0%81=%26%3D"),
            "{}",
            asked[0]
        );
        assert!(asked[1].contains("\r\nCookie: s=1\r\n"), "{}", asked[1]);
    }

    #[test]
    fn a_chunked_body_is_put_together() {
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\n\r\n";
        assert_eq!(Response::parse(bytes).unwrap().body, "Wikipedia");
    }

    #[test]
    fn the_hidden_field_is_found_whatever_the_order_of_its_attributes() {
        let page = |body: &str| Response {
            status: 200,
            headers: Vec::new(),
            body: body.to_owned(),
        };
        assert_eq!(
            page(r#"<input name="login"><input type="hidden" value="a&amp;b" name="csrf">"#)
                .input("csrf")
                .as_deref(),
            Some("a&b")
        );
        assert_eq!(
            page(r#"<input name="csrf" value="t"/>"#)
                .input("csrf")
                .as_deref(),
            Some("t")
        );
        for garbage in [
            "",
            "<input",
            "<input name=\"csrf\">",
            "<input name=\"csrf value=x>",
        ] {
            assert_eq!(page(garbage).input("csrf"), None, "{garbage}");
        }
    }

    #[test]
    fn what_is_not_http_is_refused() {
        let garbage: [&[u8]; 9] = [
            b"",
            b"\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/2 200\r\n\r\n",
            b"HTTP/1.1 abc\r\n\r\n",
            b"\xff\xfe\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nab\r\n",
        ];
        for bytes in garbage {
            assert!(
                Response::parse(bytes).is_err(),
                "{:?}",
                String::from_utf8_lossy(bytes)
            );
        }
    }
}
