//! Random tokens, how they are kept (only their SHA-256), and the masked form tokens that prove where a form came from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The head of an API token, so that scanners of leaked secrets can know one.
pub const API_TOKEN_PREFIX: &str = "shiyu_";

/// 256 random bits as 43 characters for a cookie or a header.
pub(crate) fn token_text(random: [u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(random)
}

/// What the store keeps of a token: its SHA-256. Anything that cannot be a token of ours has none.
pub(crate) fn token_hash(text: &str) -> Option<[u8; 32]> {
    let text = text.strip_prefix(API_TOKEN_PREFIX).unwrap_or(text);
    if text.len() != 43
        || !text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    {
        return None;
    }
    Some(sha256(text.as_bytes()))
}

/// SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A form token: the secret under a random mask, so that a compressed page never shows the same bytes twice
/// (otherwise the length of answers would give it away letter by letter).
pub(crate) fn mask(secret: &[u8; 32], mask: [u8; 32]) -> String {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&mask);
    for (i, byte) in bytes[32..].iter_mut().enumerate() {
        *byte = secret[i] ^ mask[i];
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether a form token stands for this secret; compares in constant time.
pub(crate) fn unmasks_to(text: &str, secret: &[u8; 32]) -> bool {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) else {
        return false;
    };
    let Ok(bytes) = <[u8; 64]>::try_from(bytes) else {
        return false;
    };
    let mut found = [0; 32];
    for (i, byte) in found.iter_mut().enumerate() {
        *byte = bytes[i] ^ bytes[32 + i];
    }
    found.ct_eq(secret).into()
}

/// The cookie of a visitor without a session: a random secret and our signature over it.
pub(crate) fn sign_visitor(secret: &[u8; 32], key: &[u8; 32]) -> String {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(secret);
    bytes[32..].copy_from_slice(&signature(secret, key));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The secret of a visitor's cookie, if we signed it.
pub(crate) fn read_visitor(text: &str, key: &[u8; 32]) -> Option<[u8; 32]> {
    let bytes: [u8; 64] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let secret: [u8; 32] = bytes[..32].try_into().expect("half of 64 bytes");
    bool::from(bytes[32..].ct_eq(&signature(&secret, key))).then_some(secret)
}

fn signature(secret: &[u8; 32], key: &[u8; 32]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(b"shiyu visitor 1\0");
    mac.update(secret);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_token_looks_different_each_time_and_means_the_same() {
        let secret = [7; 32];
        let (a, b) = (mask(&secret, [1; 32]), mask(&secret, [2; 32]));
        assert_ne!(a, b);
        assert!(unmasks_to(&a, &secret) && unmasks_to(&b, &secret));
        assert!(!unmasks_to(&a, &[8; 32]));
        for garbage in ["", "x", "ÿ", &a[1..], &"A".repeat(86)] {
            assert!(!unmasks_to(garbage, &secret), "{garbage}");
        }
    }

    #[test]
    fn a_visitor_cannot_sign_for_itself() {
        let cookie = sign_visitor(&[3; 32], &[4; 32]);
        assert_eq!(read_visitor(&cookie, &[4; 32]), Some([3; 32]));
        assert_eq!(read_visitor(&cookie, &[5; 32]), None);
        assert_eq!(
            read_visitor(&URL_SAFE_NO_PAD.encode([0; 64]), &[4; 32]),
            None
        );
        assert_eq!(read_visitor("no", &[4; 32]), None);
    }

    #[test]
    fn only_what_can_be_a_token_is_looked_up() {
        let text = token_text([9; 32]);
        assert_eq!(
            token_hash(&text),
            token_hash(&format!("{API_TOKEN_PREFIX}{text}"))
        );
        assert!(token_hash(&text).is_some());
        for garbage in ["", "abc", &"é".repeat(43), &"=".repeat(43)] {
            assert_eq!(token_hash(garbage), None);
        }
    }
}
