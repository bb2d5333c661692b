//! The vault's cryptography, pure: keys and nonces are arguments.
//!
//! Sealing is XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03); its nonce of 24 bytes may be drawn at random. What is
//! sealed is bound to its place (district, subject, field) as associated data, so that a ciphertext moved to another row
//! does not open. A sealed text is the nonce followed by the ciphertext with its tag. The blind index is HMAC-SHA256
//! (RFC 2104) of the kind and the normalised text under a key of its own.

use chacha20poly1305::aead::{Aead, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 24;
/// Bytes that the authentication tag adds.
pub const TAG_BYTES: usize = 16;

/// 256 bits that open things. Cleared from memory when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(Zeroizing<[u8; 32]>);

impl SecretKey {
    /// A key of these bytes, which the caller drew at random.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
    /// The bytes, for writing a key file and for signing what is sent.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// Why something sealed does not open. It does not say which byte: to whoever tampered both look the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// Fewer bytes than a nonce and a tag.
    #[error("sealed data of {0} bytes is too short")]
    Short(usize),
    /// Another key, another place, or changed bytes.
    #[error("sealed data does not open: another key, another place, or it was changed")]
    Tampered,
    /// It opened, but is not what was put in.
    #[error("sealed data does not hold {0}")]
    Content(&'static str),
}

/// What a sealed thing is bound to.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// `key` for a wrapped key, `field` for a field.
    pub kind: &'a str,
    /// The district of the row, six digits.
    pub district: &'a str,
    /// The subject's id.
    pub subject: [u8; 16],
    /// The field's word; empty for a key.
    pub field: &'a str,
}

impl Place<'_> {
    /// Unambiguous because no part but the last varies in length without a zero byte after it.
    fn bytes(&self) -> Vec<u8> {
        let mut out = b"shiyu vault 1\0".to_vec();
        for part in [self.kind, self.district] {
            out.extend_from_slice(part.as_bytes());
            out.push(0);
        }
        out.extend_from_slice(&self.subject);
        out.extend_from_slice(self.field.as_bytes());
        out
    }
}

/// Seals bytes under a key, bound to a place.
pub fn seal(key: &SecretKey, place: Place<'_>, nonce: [u8; NONCE_BYTES], text: &[u8]) -> Vec<u8> {
    seal_with(key, &place.bytes(), nonce, text)
}

/// Opens what [`seal`] made.
///
/// # Errors
/// When the key, the place or any byte differs.
pub fn open(
    key: &SecretKey,
    place: Place<'_>,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    open_with(key, &place.bytes(), sealed)
}

/// Seals a key under another.
pub fn wrap(
    master: &SecretKey,
    place: Place<'_>,
    nonce: [u8; NONCE_BYTES],
    key: &SecretKey,
) -> Vec<u8> {
    seal(master, place, nonce, key.bytes())
}

/// Opens a wrapped key.
///
/// # Errors
/// As [`open`], and when what it holds is no key.
pub fn unwrap(
    master: &SecretKey,
    place: Place<'_>,
    wrapped: &[u8],
) -> Result<SecretKey, CryptoError> {
    let bytes = open(master, place, wrapped)?;
    let key = <[u8; 32]>::try_from(bytes.as_slice())
        .map_err(|_| CryptoError::Content("a key of 32 bytes"))?;
    Ok(SecretKey::new(key))
}

/// The blind index of a normalised text: the same text of the same kind has the same index under the same key.
pub fn blind(key: &SecretKey, kind: &str, normalised: &str) -> [u8; 32] {
    let mut message = b"shiyu blind index 1\0".to_vec();
    message.extend_from_slice(kind.as_bytes());
    message.push(0);
    message.extend_from_slice(normalised.as_bytes());
    hmac(key.bytes(), &message)
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn seal_with(key: &SecretKey, aad: &[u8], nonce: [u8; NONCE_BYTES], text: &[u8]) -> Vec<u8> {
    let cipher = XChaCha20Poly1305::new(&(*key.bytes()).into());
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: text, aad })
        .expect("only texts beyond 256 GiB cannot be sealed");
    let mut out = Vec::with_capacity(NONCE_BYTES + sealed.len());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&sealed);
    out
}

fn open_with(
    key: &SecretKey,
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    if sealed.len() < NONCE_BYTES + TAG_BYTES {
        return Err(CryptoError::Short(sealed.len()));
    }
    let (nonce, msg) = sealed.split_at(NONCE_BYTES);
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().expect("split at the length of a nonce");
    XChaCha20Poly1305::new(&(*key.bytes()).into())
        .decrypt(&XNonce::from(nonce), Payload { msg, aad })
        .map(Zeroizing::new)
        .map_err(|_| CryptoError::Tampered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLACE: Place<'static> = Place {
        kind: "field",
        district: "330102",
        subject: [7; 16],
        field: "phone",
    };

    #[test]
    fn sealing_is_the_published_xchacha20_poly1305() {
        // draft-irtf-cfrg-xchacha-03, appendix A.3.1.
        let key: [u8; 32] = std::array::from_fn(|i| 0x80 + i as u8);
        let nonce: [u8; 24] = std::array::from_fn(|i| 0x40 + i as u8);
        let aad = hex::decode("50515253c0c1c2c3c4c5c6c7").unwrap();
        let text = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
                     sunscreen would be it.";
        let sealed = seal_with(&SecretKey::new(key), &aad, nonce, text);
        assert_eq!(sealed[..24], nonce);
        assert_eq!(
            hex::encode(&sealed[24..]),
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb\
             731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452\
             2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
             21f9664c97637da9768812f615c68b13b52e\
             c0875924c1c7987947deafd8780acf49"
        );
    }

    #[test]
    fn the_index_is_the_published_hmac() {
        // RFC 4231, test case 2.
        assert_eq!(
            hex::encode(hmac(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn an_index_depends_on_key_kind_and_text() {
        let (a, b) = (SecretKey::new([1; 32]), SecretKey::new([2; 32]));
        let index = blind(&a, "phone", "13812341234");
        assert_eq!(index, blind(&a, "phone", "13812341234"));
        assert_ne!(index, blind(&b, "phone", "13812341234"));
        assert_ne!(index, blind(&a, "name", "13812341234"));
        assert_ne!(index, blind(&a, "phone", "13812341235"));
    }

    #[test]
    fn what_was_moved_to_another_place_does_not_open() {
        let key = SecretKey::new([3; 32]);
        let sealed = seal(&key, PLACE, [9; 24], b"13812341234");
        assert_eq!(
            open(&key, PLACE, &sealed).unwrap().as_slice(),
            b"13812341234"
        );
        let elsewhere = [
            Place {
                kind: "key",
                ..PLACE
            },
            Place {
                district: "330104",
                ..PLACE
            },
            Place {
                subject: [8; 16],
                ..PLACE
            },
            Place {
                field: "name",
                ..PLACE
            },
        ];
        for place in elsewhere {
            assert_eq!(
                open(&key, place, &sealed).unwrap_err(),
                CryptoError::Tampered
            );
        }
        assert_eq!(
            open(&SecretKey::new([4; 32]), PLACE, &sealed).unwrap_err(),
            CryptoError::Tampered
        );
    }

    #[test]
    fn a_wrapped_key_comes_back_and_nothing_else_does() {
        let (master, key) = (SecretKey::new([5; 32]), SecretKey::new([6; 32]));
        let wrapped = wrap(&master, PLACE, [1; 24], &key);
        assert_eq!(unwrap(&master, PLACE, &wrapped).unwrap(), key);
        let no_key = seal(&master, PLACE, [1; 24], b"short");
        assert_eq!(
            unwrap(&master, PLACE, &no_key).unwrap_err(),
            CryptoError::Content("a key of 32 bytes")
        );
    }

    #[test]
    fn a_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", SecretKey::new([65; 32])), "SecretKey(…)");
    }

    proptest! {
        #[test]
        fn any_text_comes_back_and_any_changed_byte_is_noticed(
            text in proptest::collection::vec(any::<u8>(), 0..300), key in any::<[u8; 32]>(),
            nonce in any::<[u8; 24]>(), at in any::<prop::sample::Index>(), bit in 0..8_u8,
        ) {
            let key = SecretKey::new(key);
            let mut sealed = seal(&key, PLACE, nonce, &text);
            let opened = open(&key, PLACE, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), text.as_slice());
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(open(&key, PLACE, &sealed).unwrap_err(), CryptoError::Tampered);
        }

        #[test]
        fn garbage_never_opens(garbage in proptest::collection::vec(any::<u8>(), 0..120)) {
            prop_assert!(open(&SecretKey::new([1; 32]), PLACE, &garbage).is_err());
        }
    }
}
