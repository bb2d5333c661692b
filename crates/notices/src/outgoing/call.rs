//! One HTTP POST to a system the operator named.

use super::policy::Policy;
use super::sign::Signed;
use axum::http::{Request, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The most bytes of an answer that are read.
const MOST_ANSWER: usize = 64 << 10;
/// Where a call goes: `https://host/path` or `http://host:port/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    is_tls: bool,
    host: String,
    port: u16,
    path: String,
}

impl Endpoint {
    /// The host, without port.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}{}", self.host, self.port, self.path)
    }
}

impl FromStr for Endpoint {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > 500 {
            return Err("an address has at most 500 characters");
        }
        let uri: Uri = text.trim().parse().map_err(|_| "is no address")?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("an address begins with https:// or http://"),
        };
        let authority = uri.authority().ok_or("names no host")?;
        if authority.as_str().contains('@') {
            return Err("an address holds no name and password");
        }
        let host = uri
            .host()
            .filter(|h| !h.is_empty())
            .ok_or("names no host")?;
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            None if authority.as_str().len() > host.len() => return Err("the port is no number"),
            None if is_tls => 443,
            None => 80,
        };
        let path = uri.path_and_query().map_or("/", |p| p.as_str());
        Ok(Self {
            is_tls,
            host: host.to_ascii_lowercase(),
            port,
            path: path.to_owned(),
        })
    }
}

/// Why a call did not end well. The words name no person and nothing the other side wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The host or its address may not be called.
    #[error("{0} may not be called: the configuration does not name it")]
    NotNamed(String),
    /// The host has only addresses that may not be called.
    #[error("{0} has no address that may be called")]
    Address(String),
    /// No connection, or it broke.
    #[error("no connection: {0}")]
    Connection(String),
    /// It took too long.
    #[error("no answer in {0} s")]
    TimeOut(u64),
    /// The other side said no.
    #[error("the other side answered {0}")]
    Status(u16),
}

impl CallError {
    /// Whether trying again cannot help.
    pub fn is_for_good(&self) -> bool {
        match self {
            Self::NotNamed(_) | Self::Address(_) => true,
            Self::Connection(_) | Self::TimeOut(_) => false,
            Self::Status(status) => {
                (300..500).contains(status) && !matches!(status, 404 | 408 | 409 | 425 | 429)
            }
        }
    }
}

/// Calls other systems. Cheap to clone.
#[derive(Clone)]
pub struct Caller {
    policy: Arc<Policy>,
    tls: TlsConnector,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl Caller {
    /// With the public certificate authorities, and those of a PEM file where a city has its own.
    ///
    /// # Errors
    /// A file that cannot be read or holds no certificate.
    pub fn new(policy: Policy, authorities: Option<&Path>) -> Result<Self, String> {
        let mut roots = rustls::RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        if let Some(path) = authorities {
            let wrong = |e: &dyn fmt::Display| format!("{}: {e}", path.display());
            let mut n = 0;
            for certificate in CertificateDer::pem_file_iter(path).map_err(|e| wrong(&e))? {
                let certificate = certificate.map_err(|e| wrong(&e))?;
                roots.add(certificate).map_err(|e| wrong(&e))?;
                n += 1;
            }
            if n == 0 {
                return Err(wrong(&"holds no certificate"));
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            policy: Arc::new(policy),
            tls: TlsConnector::from(Arc::new(config)),
        })
    }
    /// Which hosts and addresses may be called.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Posts a JSON body with its signature; anything but 2xx is an error. Redirects are not followed.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn post(
        &self,
        to: &Endpoint,
        signed: &Signed,
        body: Vec<u8>,
        limit: Duration,
    ) -> Result<(), CallError> {
        match tokio::time::timeout(limit, self.call(to, signed, body)).await {
            Ok(done) => done,
            Err(_) => Err(CallError::TimeOut(limit.as_secs())),
        }
    }

    async fn call(&self, to: &Endpoint, signed: &Signed, body: Vec<u8>) -> Result<(), CallError> {
        if !self.policy.names(&to.host) {
            return Err(CallError::NotNamed(to.host.clone()));
        }
        let stream = TcpStream::connect(self.address(to).await?)
            .await
            .map_err(|e| CallError::Connection(e.kind().to_string()))?;
        let request = Request::post(&to.path)
            .header(header::HOST, format!("{}:{}", to.host, to.port))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "shiyu")
            .header("webhook-id", &signed.id)
            .header("webhook-timestamp", &signed.timestamp)
            .header("webhook-signature", &signed.signature)
            .body(Full::new(Bytes::from(body)))
            .map_err(|e| CallError::Connection(e.to_string()))?;
        if !to.is_tls {
            return exchange(stream, request).await;
        }
        let name = ServerName::try_from(to.host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| CallError::Connection("no name for a certificate".into()))?;
        let stream = self
            .tls
            .connect(name, stream)
            .await
            .map_err(|e| CallError::Connection(format!("TLS: {e}")))?;
        exchange(stream, request).await
    }

    /// The first address of the host that may be called.
    async fn address(&self, to: &Endpoint) -> Result<SocketAddr, CallError> {
        let host = to.host.trim_matches(['[', ']']);
        let found = tokio::net::lookup_host((host, to.port))
            .await
            .map_err(|e| CallError::Connection(format!("{host}: {}", e.kind())))?;
        let mut found = found.filter(|a| self.policy.allows(a.ip()));
        found
            .next()
            .ok_or_else(|| CallError::Address(host.to_owned()))
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<(), CallError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |e: hyper::Error| CallError::Connection(e.to_string());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let running = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(broken);
    let status = match answer {
        Ok(answer) => {
            let status = answer.status();
            // Read to its end, so that the other side is not cut off; what it says is not looked at.
            let _ = Limited::new(answer.into_body(), MOST_ANSWER)
                .collect()
                .await;
            Ok(status)
        }
        Err(error) => Err(error),
    };
    running.abort();
    let status = status?;
    if status.is_success() {
        Ok(())
    } else {
        Err(CallError::Status(status.as_u16()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_or_refused() {
        let endpoint: Endpoint = "https://Gateway.City/sms?x=1".parse().unwrap();
        assert_eq!(endpoint.to_string(), "https://gateway.city:443/sms?x=1");
        assert_eq!(
            "http://[::1]:8080".parse::<Endpoint>().unwrap().to_string(),
            "http://[::1]:8080/"
        );
        for garbage in [
            "",
            "gateway.city",
            "ftp://a/",
            "https://",
            "https://u:p@a/",
            "https://a:/",
            "https://a:x/",
            "http:///x",
            "https://井盖/",
            &format!("https://a/{}", "x".repeat(600)),
        ] {
            assert!(garbage.parse::<Endpoint>().is_err(), "{garbage:?}");
        }
    }

    #[test]
    fn only_what_may_change_is_tried_again() {
        for status in [500, 502, 503, 429, 408, 404] {
            assert!(!CallError::Status(status).is_for_good(), "{status}");
        }
        for status in [301, 400, 401, 403, 410, 422] {
            assert!(CallError::Status(status).is_for_good(), "{status}");
        }
    }
}
