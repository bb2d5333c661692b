//! Passwords: what is asked of a new one, and argon2id (RFC 9106) over them, off the async threads and bounded in number.

use crate::fault::Fault;
use crate::gates::Gates;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use rand::RngExt;
use std::sync::LazyLock;

/// Fewer characters than this are refused.
pub const SHORTEST: usize = 10;
/// More than this are refused, so that hashing stays bounded.
pub const LONGEST: usize = 200;
/// Letters and digits that are not mistaken for one another when a password is read aloud or from paper.
const READABLE: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Why a new password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too few characters.
    #[error("a password has at least {SHORTEST} characters")]
    TooShort,
    /// Too many characters.
    #[error("a password has at most {LONGEST} characters")]
    TooLong,
    /// It is the login, or one character again and again.
    #[error("the password is the login itself or has fewer than four different characters")]
    TooPlain,
}

/// Checks a new password. Length is what counts (NIST SP 800-63B §5.1.1); rules on kinds of characters are left out.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_new(password: &str, login: &str) -> Result<(), PasswordError> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(PasswordError::TooShort);
    }
    if length > LONGEST {
        return Err(PasswordError::TooLong);
    }
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 4 || password.eq_ignore_ascii_case(login) {
        return Err(PasswordError::TooPlain);
    }
    Ok(())
}

/// A password to be used once: four groups of four readable characters, about 92 bits.
pub fn one_time() -> String {
    let mut rng = rand::rng();
    let mut text = String::with_capacity(19);
    for i in 0..16 {
        if i > 0 && i % 4 == 0 {
            text.push('-');
        }
        text.push(char::from(READABLE[rng.random_range(0..READABLE.len())]));
    }
    text
}

/// Hashes a password with a fresh salt. Takes tens of milliseconds; see [`hash`] for async callers.
///
/// # Errors
/// Never for passwords within [`LONGEST`].
pub fn hash_blocking(password: &str) -> Result<String, Fault> {
    let hash: PasswordHash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|e| Fault::internal(format!("a password could not be hashed: {e}")))?;
    Ok(hash.to_string())
}

/// Whether the password is the one of this hash. `None` stands for a login nobody has: it costs the same and is never right.
fn verify_blocking(password: &str, hash: Option<&str>) -> Result<bool, Fault> {
    static NOBODY: LazyLock<String> =
        LazyLock::new(|| hash_blocking(&one_time()).expect("a password made here can be hashed"));
    let text = hash.unwrap_or(&NOBODY);
    let parsed = PasswordHash::new(text)
        .map_err(|e| Fault::internal(format!("a stored password hash is broken: {e}")))?;
    let is_right = password.chars().count() <= LONGEST
        && Argon2::default()
            .verify_password(password.as_bytes(), &parsed)
            .is_ok();
    Ok(is_right && hash.is_some())
}

/// Hashes a password on a thread that may block, in turn with others.
///
/// # Errors
/// 429 when too many wait.
pub(crate) async fn hash(gates: &Gates, password: String) -> Result<String, Fault> {
    let _turn = gates.hash().await?;
    tokio::task::spawn_blocking(move || hash_blocking(&password))
        .await
        .map_err(Fault::internal)?
}

/// Verifies a password on a thread that may block, in turn with others.
///
/// # Errors
/// 429 when too many wait.
pub(crate) async fn verify(
    gates: &Gates,
    password: String,
    hash: Option<String>,
) -> Result<bool, Fault> {
    let _turn = gates.hash().await?;
    tokio::task::spawn_blocking(move || verify_blocking(&password, hash.as_deref()))
        .await
        .map_err(Fault::internal)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_password_and_nothing_else() {
        let hash = hash_blocking("correct horse").unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(verify_blocking("correct horse", Some(&hash)).unwrap());
        assert!(!verify_blocking("correct horse ", Some(&hash)).unwrap());
        assert!(!verify_blocking("correct horse", None).unwrap());
        assert!(verify_blocking("x", Some("not a hash")).is_err());
        assert_ne!(hash, hash_blocking("correct horse").unwrap());
    }

    #[test]
    fn a_new_password_is_long_and_not_plain() {
        assert_eq!(check_new("short", "li"), Err(PasswordError::TooShort));
        assert_eq!(
            check_new(&"长".repeat(201), "li"),
            Err(PasswordError::TooLong)
        );
        assert_eq!(
            check_new("aaaaaaaaaaaab", "li"),
            Err(PasswordError::TooPlain)
        );
        assert_eq!(
            check_new("ZhangSan.desk", "zhangsan.desk"),
            Err(PasswordError::TooPlain)
        );
        assert_eq!(check_new("今天天气不错我们去海边", "li"), Ok(()));
        assert_eq!(check_new(&one_time(), "li"), Ok(()));
        assert_ne!(one_time(), one_time());
    }
}
