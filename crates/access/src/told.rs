//! What is told once and kept nowhere, on a page that may be loaded again: the words stand in the address of the page, sealed
//! (XChaCha20-Poly1305) under a key made of the session's secret, so that they open in this session and in no other.

use crate::secret::sha256;
use crate::visit::Visit;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit as _};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

/// Bytes of the nonce in front of the sealed words.
const NONCE_BYTES: usize = 24;

fn cipher(whose: &str, secret: &[u8; 32], what: &str) -> XChaCha20Poly1305 {
    let mut key = format!("shiyu told once 1 {whose} {what} ").into_bytes();
    key.extend_from_slice(secret);
    XChaCha20Poly1305::new(&sha256(&key).into())
}

fn seal(cipher: &XChaCha20Poly1305, nonce: [u8; NONCE_BYTES], words: &str) -> String {
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), words.as_bytes())
        .expect("only texts beyond 256 GiB cannot be sealed");
    URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat())
}

fn open(cipher: &XChaCha20Poly1305, sealed: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
    let words = cipher.decrypt(&XNonce::from(*nonce), sealed).ok()?;
    String::from_utf8(words).ok()
}

impl Visit {
    fn cipher(&self, what: &str) -> XChaCha20Poly1305 {
        let actor = self.principal().actor();
        let id = actor.id.map(|id| id.to_string()).unwrap_or_default();
        cipher(&id, self.csrf_secret(), what)
    }
    /// Words for a part of an address, that only this session opens again; `what` names the page they are for.
    pub fn seal(&self, what: &str, words: &str) -> String {
        seal(&self.cipher(what), rand::random(), words)
    }
    /// The words that this session sealed for this page; none for anything else.
    pub fn open(&self, what: &str, sealed: &str) -> Option<String> {
        open(&self.cipher(what), sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_words_open_for_the_same_account_session_and_page_only() {
        let of = |whose: &str, secret: u8, what: &str| cipher(whose, &[secret; 32], what);
        let sealed = seal(&of("a", 1, "x"), [7; NONCE_BYTES], "AB23CD");
        assert!(!sealed.contains("AB23CD"));
        assert!(
            sealed
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        );
        assert_eq!(open(&of("a", 1, "x"), &sealed).as_deref(), Some("AB23CD"));
        for other in [of("b", 1, "x"), of("a", 2, "x"), of("a", 1, "y")] {
            assert_eq!(open(&other, &sealed), None);
        }
        for garbage in ["", "x", "井盖", &sealed[1..], &"A".repeat(80)] {
            assert_eq!(open(&of("a", 1, "x"), garbage), None, "{garbage:?}");
        }
    }
}
