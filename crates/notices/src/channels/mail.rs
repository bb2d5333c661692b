//! E-mail by SMTP (RFC 5321) with TLS.

use super::{Channel, Message as Notice, SendError, Sending};
use crate::outgoing::Policy;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error as SmtpError;
use lettre::{SmtpTransport, Transport as _};
use std::time::Duration;
use vault::Field;

const TIME_LIMIT: Duration = Duration::from_secs(20);

/// Where mail goes and who sends it.
#[derive(Clone)]
pub struct MailConfig {
    /// `smtps://user:password@host`, `smtp://host:587?tls=required`, or plain `smtp://127.0.0.1:25` on the same machine.
    pub url: String,
    /// The sender, such as `示范市 <noreply@city.example>`.
    pub from: String,
}

/// Never shows the password.
impl std::fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailConfig")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// The channel.
pub struct Mail {
    transport: SmtpTransport,
    from: Mailbox,
    host: String,
    port: u16,
    policy: Policy,
}

impl Mail {
    /// With the server and sender of the configuration.
    ///
    /// # Errors
    /// The key at fault, and why.
    pub fn new(config: &MailConfig, policy: Policy) -> Result<Self, (&'static str, String)> {
        let from = config
            .from
            .parse()
            .map_err(|e| ("smtp_from", format!("no sender: {e}")))?;
        let (host, port) = host_of(&config.url).ok_or((
            "smtp_url",
            "begins with smtp:// or smtps:// and names a host".to_owned(),
        ))?;
        let transport = SmtpTransport::from_url(&config.url)
            // The text of the error may repeat the address, and with it a password.
            .map_err(|_| ("smtp_url", "is no address of a mail server".to_owned()))?
            .timeout(Some(TIME_LIMIT))
            .build();
        Ok(Self {
            transport,
            from,
            host,
            port,
            policy,
        })
    }
    async fn check_address(&self) -> Result<(), SendError> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port))
            .await
            .map_err(|e| {
                SendError::ForNow(format!("the mail server is not found: {}", e.kind()))
            })?;
        if found.map(|a| a.ip()).all(|ip| self.policy.allows_mail(ip)) {
            Ok(())
        } else {
            Err(SendError::ForGood(
                "the mail server has an address that may not be called".into(),
            ))
        }
    }
}

/// Host and port of an address of a mail server.
fn host_of(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let default = match scheme {
        "smtp" => 25,
        "smtps" => 465,
        _ => return None,
    };
    let authority = rest.split(['/', '?']).next()?;
    let host_port = authority.rsplit('@').next()?;
    if let Some(rest) = host_port.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        let port = port
            .strip_prefix(':')
            .map_or(Some(default), |p| p.parse().ok())?;
        return Some((host.to_owned(), port));
    }
    let (host, port) = match host_port.split_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (host_port, default),
    };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

/// In our words: what a server answers may repeat the recipient.
fn failure(error: &SmtpError) -> SendError {
    let code = error
        .status()
        .map(|c| format!(" ({c})"))
        .unwrap_or_default();
    if error.is_permanent() {
        SendError::ForGood(format!("the mail server does not take it{code}"))
    } else if error.is_transient() {
        SendError::ForNow(format!("the mail server cannot take it now{code}"))
    } else if error.is_timeout() {
        SendError::ForNow("the mail server did not answer in time".into())
    } else {
        SendError::ForNow("no connection to the mail server".into())
    }
}

/// A header of one line of ASCII that a mail program reads (RFC 2369, RFC 8058).
macro_rules! ending {
    ($type:ident, $name:literal) => {
        #[derive(Clone)]
        struct $type(String);
        impl Header for $type {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }
            fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self(text.to_owned()))
            }
            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), self.0.clone())
            }
        }
    };
}
ending!(EndsAt, "List-Unsubscribe");
ending!(EndsByPost, "List-Unsubscribe-Post");

impl Channel for Mail {
    fn name(&self) -> &'static str {
        "email"
    }
    fn field(&self) -> Field {
        Field::Email
    }
    fn send<'a>(&'a self, notice: &'a Notice) -> Sending<'a> {
        Box::pin(async move {
            let to: Mailbox = notice
                .to
                .parse()
                .map_err(|_| SendError::ForGood("the address is no mail address".into()))?;
            let mut text = notice.text.clone();
            if !notice.link.is_empty() {
                text.push_str("\n\n");
                text.push_str(&notice.link);
            }
            let mut builder = Message::builder()
                .from(self.from.clone())
                .to(to)
                .subject(notice.title.clone())
                .message_id(Some(format!("<{}@shiyu>", notice.id)))
                .header(ContentType::TEXT_PLAIN);
            if !notice.ends_at.is_empty() {
                builder = builder
                    .header(EndsAt(format!("<{}>", notice.ends_at)))
                    .header(EndsByPost("List-Unsubscribe=One-Click".to_owned()));
            }
            let message = builder
                .body(text)
                .map_err(|_| SendError::ForGood("the message cannot be made".into()))?;
            self.check_address().await?;
            // The client of the library blocks; its async twin would bring a second set of everything.
            let transport = self.transport.clone();
            let sent = tokio::task::spawn_blocking(move || transport.send(&message)).await;
            match sent {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(failure(&error)),
                Err(_) => Err(SendError::ForNow("the sending was broken off".into())),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_or_refused_without_its_password() {
        assert_eq!(host_of("smtp://a.b"), Some(("a.b".into(), 25)));
        assert_eq!(
            host_of("smtps://u:p%40@a.b:1465/?tls=required"),
            Some(("a.b".into(), 1465))
        );
        assert_eq!(host_of("smtp://[::1]:25"), Some(("::1".into(), 25)));
        for garbage in [
            "",
            "a.b",
            "http://a.b",
            "smtp://",
            "smtp://a:b",
            "smtp://[::1",
        ] {
            let config = MailConfig {
                url: garbage.into(),
                from: "x <a@b.c>".into(),
            };
            assert_eq!(
                Mail::new(&config, Policy::default()).err().map(|e| e.0),
                Some("smtp_url"),
                "{garbage}"
            );
        }
        let config = MailConfig {
            url: "smtp://u:secret@a.b".into(),
            from: "nobody".into(),
        };
        assert!(!format!("{config:?}").contains("secret"));
        assert_eq!(
            Mail::new(&config, Policy::default()).err().map(|e| e.0),
            Some("smtp_from")
        );
    }
}
