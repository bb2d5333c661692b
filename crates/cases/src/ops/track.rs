//! Following one's own case without an account: number and code, or the private link. Wrong tries slow down, by case and
//! by network; no address is stored, and every mark is gone after a day.

use super::CaseError;
use super::report::{code_hash, link_hash, typed_code};
use crate::model::Case;
use crate::service::Cases;
use crate::{sql, sql_access};
use access::{Ctx, Permission};
use jiff::{SignedDuration, Timestamp};
use kernel::codes::CaseNumber;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use store::AuditEvent;
use subtle::ConstantTimeEq;

/// Wrong tries on one case before it has to wait.
const TRIES_PER_CASE: u32 = 5;
/// One more try on a case after so long.
const PER_CASE: SignedDuration = SignedDuration::from_mins(10);
/// Wrong tries from one network before it has to wait: a household and a few offices behind one address.
const TRIES_PER_NETWORK: u32 = 20;
/// One more try from a network after so long.
const PER_NETWORK: SignedDuration = SignedDuration::from_mins(2);
/// More keys than this in one day share one bucket, so that memory stays bounded.
const MOST_KEYS: usize = 100_000;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The wrong tries of one process.
pub(crate) struct Tries(Mutex<Marks>);

struct Marks {
    salt: [u8; 32],
    since: Option<Timestamp>,
    wrong: HashMap<[u8; 16], Mark>,
}

/// A leaky bucket: how many wrong tries count at a moment.
#[derive(Clone, Copy)]
struct Mark {
    count: f64,
    at: Timestamp,
}

/// A bucket: its key, how many tries it holds, after how long one is forgotten.
type Bucket = ([u8; 16], u32, SignedDuration);

impl Tries {
    /// With a random salt.
    pub fn new(salt: [u8; 32]) -> Self {
        Self(Mutex::new(Marks {
            salt,
            since: None,
            wrong: HashMap::new(),
        }))
    }
    /// Whether one more try is due.
    ///
    /// # Errors
    /// The seconds until then.
    fn check(
        &self,
        number: Option<&CaseNumber>,
        client: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), u32> {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        marks.begin_day(now);
        let buckets = marks.buckets(number, client);
        let wait_s = buckets
            .iter()
            .map(|b| marks.wait_s(b, now))
            .max()
            .unwrap_or(0);
        if wait_s == 0 { Ok(()) } else { Err(wait_s) }
    }
    /// Counts a wrong try; answers whether it was the one that used up the tries of the case.
    fn wrong(&self, number: Option<&CaseNumber>, client: Option<IpAddr>, now: Timestamp) -> bool {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        marks.begin_day(now);
        let mut is_used_up = false;
        for bucket in marks.buckets(number, client) {
            let count = marks.count(&bucket, now) + 1.0;
            marks.wrong.insert(bucket.0, Mark { count, at: now });
            is_used_up |= bucket.1 == TRIES_PER_CASE && count + 1.0 > f64::from(bucket.1);
        }
        is_used_up
    }
}

impl Marks {
    fn begin_day(&mut self, now: Timestamp) {
        let since = *self.since.get_or_insert(now);
        if now.duration_since(since) >= DAY {
            self.since = Some(now);
            self.wrong.clear();
        }
    }
    fn buckets(&self, number: Option<&CaseNumber>, client: Option<IpAddr>) -> Vec<Bucket> {
        let mut buckets = Vec::with_capacity(2);
        if let Some(number) = number {
            buckets.push((
                self.key(b"case", number.to_string().as_bytes()),
                TRIES_PER_CASE,
                PER_CASE,
            ));
        }
        // Where the address is not known, all such visitors share one bucket.
        let network = match client.map(|c| c.to_canonical()) {
            Some(IpAddr::V4(v4)) => v4.octets()[..3].to_vec(),
            Some(IpAddr::V6(v6)) => v6.octets()[..6].to_vec(),
            None => Vec::new(),
        };
        buckets.push((
            self.key(b"network", &network),
            TRIES_PER_NETWORK,
            PER_NETWORK,
        ));
        buckets
    }
    fn key(&self, kind: &[u8], what: &[u8]) -> [u8; 16] {
        let mut hash = Sha256::new();
        hash.update(self.salt);
        hash.update(kind);
        hash.update(what);
        let key: [u8; 16] = hash.finalize()[..16]
            .try_into()
            .expect("a SHA-256 has 32 bytes");
        if self.wrong.len() >= MOST_KEYS && !self.wrong.contains_key(&key) {
            [0; 16]
        } else {
            key
        }
    }
    fn count(&self, bucket: &Bucket, now: Timestamp) -> f64 {
        self.wrong.get(&bucket.0).map_or(0.0, |mark| {
            let forgotten =
                now.duration_since(mark.at).as_secs_f64().max(0.0) / bucket.2.as_secs_f64();
            (mark.count - forgotten).max(0.0)
        })
    }
    fn wait_s(&self, bucket: &Bucket, now: Timestamp) -> u32 {
        let over = self.count(bucket, now) + 1.0 - f64::from(bucket.1);
        if over <= 0.0 {
            return 0;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to a day"
        )]
        let wait_s = (over * bucket.2.as_secs_f64()).ceil().clamp(1.0, 86_400.0) as u32;
        wait_s
    }
}

/// The case behind a number and its code. A wrong number and a wrong code look alike, and both count.
///
/// # Errors
/// `WrongCode`; `TooManyTries` with the time to wait; the store's.
pub async fn track(
    ctx: &Ctx,
    number: CaseNumber,
    code: &str,
    client: Option<IpAddr>,
) -> Result<Case, CaseError> {
    ctx.require(Permission::CaseTrack)?;
    let cases = ctx.service::<Cases>();
    let now = ctx.now();
    let wait = |retry_after_s| CaseError::TooManyTries { retry_after_s };
    cases
        .tries
        .check(Some(&number), client, now)
        .map_err(wait)?;
    let found = ctx
        .read(move |r| -> Result<_, CaseError> {
            let Some(case) = sql::by_number(r, &number)? else {
                return Ok(None);
            };
            let hash = sql_access::code_hash(r, case.district, case.id)?;
            Ok(hash.map(|hash| (case, hash)))
        })
        .await?;
    let code = typed_code(code);
    if let Some((case, hash)) = found
        && bool::from(code_hash(case.id, &code).as_slice().ct_eq(&hash))
    {
        return Ok(case);
    }
    if cases.tries.wrong(Some(&number), client, now) {
        let event = AuditEvent::refused("case.track", "case", number.to_string())
            .district(number.district().as_str());
        ctx.record_refusal(
            event.detail(serde_json::json!({ "why": "wrong_code", "tries": TRIES_PER_CASE })),
        )
        .await?;
    }
    Err(CaseError::WrongCode)
}

/// The case behind a private link.
///
/// # Errors
/// As [`track`].
pub async fn track_link(ctx: &Ctx, link: &str, client: Option<IpAddr>) -> Result<Case, CaseError> {
    ctx.require(Permission::CaseTrack)?;
    let cases = ctx.service::<Cases>();
    let now = ctx.now();
    let is_shaped =
        link.len() == 64 && link.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let found = if is_shaped {
        let hash = link_hash(link);
        ctx.read(move |r| -> Result<_, CaseError> { Ok(sql_access::by_link(r, &hash)?) })
            .await?
    } else {
        None
    };
    // Nobody guesses 256 bits, so a link that leads somewhere is never made to wait for the wrong ones of others on the same
    // network; only those are counted.
    if let Some(case) = found {
        return Ok(case);
    }
    cases
        .tries
        .check(None, client, now)
        .map_err(|retry_after_s| CaseError::TooManyTries { retry_after_s })?;
    cases.tries.wrong(None, client, now);
    Err(CaseError::WrongCode)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn five_wrong_tries_on_a_case_then_a_wait_then_one_more() {
        let tries = Tries::new([7; 32]);
        let number: CaseNumber = "330102-20260316-00001".parse().unwrap();
        for n in 0..5 {
            assert_eq!(
                tries.check(Some(&number), Some(IpAddr::from([192, 0, 2, n])), at(0)),
                Ok(())
            );
            assert_eq!(
                tries.wrong(Some(&number), Some(IpAddr::from([192, 0, n, 2])), at(0)),
                n == 4
            );
        }
        let other_network = Some(IpAddr::from([198, 51, 100, 1]));
        assert_eq!(tries.check(Some(&number), other_network, at(0)), Err(600));
        let other: CaseNumber = "330102-20260316-00002".parse().unwrap();
        assert_eq!(tries.check(Some(&other), other_network, at(0)), Ok(()));
        assert_eq!(tries.check(Some(&number), other_network, at(600)), Ok(()));
        assert!(tries.wrong(Some(&number), other_network, at(600)));
        assert!(tries.check(Some(&number), other_network, at(601)).is_err());
    }

    #[test]
    fn a_network_that_tries_many_cases_waits_too() {
        let tries = Tries::new([7; 32]);
        for n in 0..20 {
            let number: CaseNumber = format!("330102-20260316-{:05}", n + 1).parse().unwrap();
            assert_eq!(
                tries.check(Some(&number), Some(IpAddr::from([192, 0, 2, 1])), at(0)),
                Ok(())
            );
            tries.wrong(Some(&number), Some(IpAddr::from([192, 0, 2, 77])), at(0));
        }
        let fresh: CaseNumber = "330102-20260316-00999".parse().unwrap();
        assert_eq!(
            tries.check(Some(&fresh), Some(IpAddr::from([192, 0, 2, 9])), at(0)),
            Err(120)
        );
        assert_eq!(
            tries.check(None, Some(IpAddr::from([192, 0, 2, 9])), at(0)),
            Err(120)
        );
        assert_eq!(
            tries.check(Some(&fresh), Some(IpAddr::from([192, 0, 3, 9])), at(0)),
            Ok(())
        );
    }

    #[test]
    fn marks_are_gone_after_a_day() {
        let tries = Tries::new([7; 32]);
        for _ in 0..300 {
            tries.wrong(None, None, at(0));
        }
        assert!(tries.check(None, None, at(60)).is_err());
        assert_eq!(tries.check(None, None, at(24 * 3600)), Ok(()));
        assert!(tries.0.lock().unwrap().wrong.is_empty());
    }
}
