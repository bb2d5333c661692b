//! Signing what is sent, in the manner of Standard Webhooks (standardwebhooks.com, "Signature scheme"): HMAC-SHA256 over
//! `id.timestamp.body`, in the headers `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,<base64>`.
//!
//! The id stays the same when a message is sent again, so that the receiver knows a repetition; the timestamp is that of
//! the sending, so that a copy played back later is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use vault::crypto::SecretKey;

/// How far a timestamp may lie from the receiver's clock.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
const PREFIX: &str = "whsec_";

/// The secret that both sides hold: 24 to 64 bytes. Never printed.
#[derive(Clone)]
pub struct Secret(zeroizing::Bytes);

/// Bytes that are cleared when dropped, by way of the vault's own keys where they have 32 bytes.
mod zeroizing {
    /// A secret's bytes.
    #[derive(Clone)]
    pub struct Bytes(pub Vec<u8>);
    impl Drop for Bytes {
        fn drop(&mut self) {
            self.0.fill(0);
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<&SecretKey> for Secret {
    fn from(key: &SecretKey) -> Self {
        Self(zeroizing::Bytes(key.bytes().to_vec()))
    }
}

impl Secret {
    /// Reads `whsec_` and base64, as other programs write it.
    ///
    /// # Errors
    /// In words, without any part of the secret.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let inner = text.strip_prefix(PREFIX).unwrap_or(text);
        let bytes = STANDARD
            .decode(inner)
            .map_err(|_| "a secret is whsec_ and base64")?;
        if (24..=64).contains(&bytes.len()) {
            Ok(Self(zeroizing::Bytes(bytes)))
        } else {
            Err("a secret has 24 to 64 bytes")
        }
    }
    /// As it is shown once to whoever sets the other side up.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0.0))
    }
    fn signature(&self, id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0.0).expect("HMAC takes keys of any length");
        mac.update(id.as_bytes());
        mac.update(b".");
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac.finalize().into_bytes().into()
    }
    /// The headers of a message.
    pub fn sign(&self, id: &str, now: Timestamp, body: &[u8]) -> Signed {
        let timestamp = now.as_second().to_string();
        let signature = STANDARD.encode(self.signature(id, &timestamp, body));
        Signed {
            id: id.to_owned(),
            timestamp,
            signature: format!("v1,{signature}"),
        }
    }
}

/// The three headers of a signed message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// `webhook-id`
    pub id: String,
    /// `webhook-timestamp`, seconds since 1970.
    pub timestamp: String,
    /// `webhook-signature`
    pub signature: String,
}

/// Why a message is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No timestamp.
    #[error("the timestamp is no number of seconds")]
    Timestamp,
    /// Too old or from the future: perhaps played back.
    #[error("the timestamp lies too far from the clock")]
    Stale,
    /// No signature of this secret.
    #[error("no signature is right")]
    Wrong,
}

/// What a receiver does: the timestamp first, then the signatures (several, separated by spaces, while a secret changes).
///
/// # Errors
/// Why the message is not believed.
pub fn verify(
    secret: &Secret,
    signed: &Signed,
    body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let sent: i64 = signed
        .timestamp
        .parse()
        .map_err(|_| SignatureError::Timestamp)?;
    if sent.abs_diff(now.as_second()) > TOLERANCE.as_secs().unsigned_abs() {
        return Err(SignatureError::Stale);
    }
    let right = secret.signature(&signed.id, &signed.timestamp, body);
    let is_right = signed
        .signature
        .split(' ')
        .filter_map(|part| part.strip_prefix("v1,"))
        .filter_map(|text| STANDARD.decode(text).ok())
        .any(|given| bool::from(given.as_slice().ct_eq(&right)));
    if is_right {
        Ok(())
    } else {
        Err(SignatureError::Wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_614_265_330).unwrap()
    }

    /// The example of the specification's reference libraries: id `msg_p5jXN8AQM9LWM0D4loKWxJek`, 1614265330,
    /// `{"test": 2432232314}`.
    #[test]
    fn the_published_example_has_the_published_signature() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            now(),
            b"{\"test\": 2432232314}",
        );
        assert_eq!(
            signed.signature,
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        assert_eq!(
            verify(&secret, &signed, b"{\"test\": 2432232314}", now()),
            Ok(())
        );
    }

    #[test]
    fn another_body_an_old_time_and_another_secret_are_not_believed() {
        let secret = Secret::parse(&format!("whsec_{}", STANDARD.encode([7; 32]))).unwrap();
        let other = Secret::parse(&STANDARD.encode([8; 32])).unwrap();
        let signed = secret.sign("a", now(), b"{}");
        assert_eq!(
            verify(&secret, &signed, b"{ }", now()),
            Err(SignatureError::Wrong)
        );
        assert_eq!(
            verify(&other, &signed, b"{}", now()),
            Err(SignatureError::Wrong)
        );
        let renamed = Signed {
            id: "b".into(),
            ..signed.clone()
        };
        assert_eq!(
            verify(&secret, &renamed, b"{}", now()),
            Err(SignatureError::Wrong)
        );
        let late = now() + SignedDuration::from_secs(301);
        assert_eq!(
            verify(&secret, &signed, b"{}", late),
            Err(SignatureError::Stale)
        );
        let moved = Signed {
            timestamp: late.as_second().to_string(),
            ..signed.clone()
        };
        assert_eq!(
            verify(&secret, &moved, b"{}", late),
            Err(SignatureError::Wrong)
        );
        let both = Signed {
            signature: format!("v1,AAAA {}", signed.signature),
            ..signed
        };
        assert_eq!(verify(&secret, &both, b"{}", now()), Ok(()));
    }

    #[test]
    fn garbage_is_no_secret_and_secrets_are_not_printed() {
        for garbage in ["", "whsec_", "whsec_!!!", "whsec_AAAA", "井盖"] {
            assert!(Secret::parse(garbage).is_err(), "{garbage:?}");
        }
        let secret = Secret::parse(&STANDARD.encode([7; 32])).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(Secret::parse(&secret.text()).unwrap().text(), secret.text());
    }
}
