//! How often one network may report without signing in: a token bucket per /24 (IPv4) or /48 (IPv6).
//!
//! No address is stored: the key is a hash under a salt that lives for one day and only in memory, and all buckets
//! go with it (`rights.md`, repeated callers: a rate-limit mark lives 24 h).

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

/// More networks than this in one day share one bucket, so that memory stays bounded.
const MOST_NETWORKS: usize = 100_000;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The buckets of one process: of networks, or of keys.
pub struct Buckets {
    per_hour: u32,
    burst: u32,
    day: Mutex<Day>,
}

struct Day {
    salt: [u8; 32],
    since: Option<Timestamp>,
    buckets: HashMap<[u8; 16], Bucket>,
}

struct Bucket {
    tokens: f64,
    at: Timestamp,
}

impl Buckets {
    /// `per_hour` reports an hour, `burst` of them at once; `salt` is random.
    pub fn new(per_hour: u32, burst: u32, salt: [u8; 32]) -> Self {
        Self {
            per_hour: per_hour.max(1),
            burst: burst.max(1),
            day: Mutex::new(Day {
                salt,
                since: None,
                buckets: HashMap::new(),
            }),
        }
    }

    /// Takes one token of the address's network.
    ///
    /// # Errors
    /// The seconds until there is a token again.
    pub fn take(&self, address: IpAddr, now: Timestamp, fresh_salt: [u8; 32]) -> Result<(), u32> {
        self.take_one(|salt| network_key(salt, address), now, fresh_salt)
    }

    /// Takes one token of a key: an account, a client.
    ///
    /// # Errors
    /// As [`Buckets::take`].
    pub fn take_key(&self, key: &[u8], now: Timestamp, fresh_salt: [u8; 32]) -> Result<(), u32> {
        self.take_one(|salt| hashed(salt, key), now, fresh_salt)
    }

    fn take_one(
        &self,
        key_of: impl Fn(&[u8; 32]) -> [u8; 16],
        now: Timestamp,
        fresh_salt: [u8; 32],
    ) -> Result<(), u32> {
        let mut day = self.day.lock().expect("no holder of this lock can panic");
        let since = *day.since.get_or_insert(now);
        if now.duration_since(since) >= DAY {
            *day = Day {
                salt: fresh_salt,
                since: Some(now),
                buckets: HashMap::new(),
            };
        }
        let mut key = key_of(&day.salt);
        if day.buckets.len() >= MOST_NETWORKS && !day.buckets.contains_key(&key) {
            key = [0; 16];
        }
        let full = f64::from(self.burst);
        let per_second = f64::from(self.per_hour) / 3600.0;
        let bucket = day.buckets.entry(key).or_insert(Bucket {
            tokens: full,
            at: now,
        });
        let elapsed_s = now.duration_since(bucket.at).as_secs_f64().max(0.0);
        bucket.tokens = (bucket.tokens + elapsed_s * per_second).min(full);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        let wait_s = ((1.0 - bucket.tokens) / per_second)
            .ceil()
            .clamp(1.0, 3600.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 1..=3600 above"
        )]
        Err(wait_s as u32)
    }
}

fn network_key(salt: &[u8; 32], address: IpAddr) -> [u8; 16] {
    match address.to_canonical() {
        IpAddr::V4(v4) => hashed(salt, &v4.octets()[..3]),
        IpAddr::V6(v6) => hashed(salt, &v6.octets()[..6]),
    }
}

fn hashed(salt: &[u8; 32], key: &[u8]) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(key);
    hash.finalize()[..16]
        .try_into()
        .expect("a SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_network_has_its_burst_then_waits_then_goes_on() {
        let buckets = Buckets::new(60, 3, [7; 32]);
        let home: IpAddr = "192.0.2.7".parse().unwrap();
        let neighbour: IpAddr = "::ffff:192.0.2.9".parse().unwrap();
        for _ in 0..3 {
            assert_eq!(buckets.take(home, at(0), [0; 32]), Ok(()));
        }
        assert_eq!(buckets.take(neighbour, at(0), [0; 32]), Err(60));
        assert_eq!(
            buckets.take("198.51.100.1".parse().unwrap(), at(0), [0; 32]),
            Ok(())
        );
        assert_eq!(buckets.take(home, at(60), [0; 32]), Ok(()));
    }

    #[test]
    fn a_mark_lives_one_day() {
        let buckets = Buckets::new(1, 1, [7; 32]);
        let home: IpAddr = "2001:db8:1:2::3".parse().unwrap();
        assert_eq!(buckets.take(home, at(0), [0; 32]), Ok(()));
        assert!(
            buckets
                .take("2001:db8:1:ffff::1".parse().unwrap(), at(1), [0; 32])
                .is_err()
        );
        assert_eq!(buckets.take(home, at(24 * 3600), [1; 32]), Ok(()));
    }
}
