//! When a delivery is tried again, and when it is given up. Pure.

use jiff::{SignedDuration, Timestamp};

/// So often a delivery is tried before it is given up: the waits between add up to about a day and a half.
pub const MOST_ATTEMPTS: u32 = 8;
/// A delivery that was begun belongs to its worker for so long; then another takes it as lost. Longer than any sending.
pub const LEASE: SignedDuration = SignedDuration::from_secs(90);
const FIRST_WAIT_S: i64 = 30;
const LONGEST_WAIT_S: i64 = 12 * 3600;

/// How long to wait after the `attempts`th try failed: 30 s, then four times as long each time, half a day at most.
/// `spread` from 0 to 1 adds up to a fifth, so that many failures do not come back at the same moment.
pub fn wait_after(attempts: u32, spread: f64) -> SignedDuration {
    let mut wait = FIRST_WAIT_S;
    for _ in 1..attempts.min(20) {
        wait = (wait * 4).min(LONGEST_WAIT_S);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "seconds of half a day"
    )]
    let extra = (wait as f64 * 0.2 * spread.clamp(0.0, 1.0)) as i64;
    SignedDuration::from_secs(wait + extra)
}

/// What follows a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is tried again at this time.
    Again(Timestamp),
    /// It is given up.
    GiveUp,
}

/// What follows the `attempts`th try, which failed for good or for now.
pub fn after_failure(attempts: u32, for_good: bool, now: Timestamp, spread: f64) -> Next {
    if for_good || attempts >= MOST_ATTEMPTS {
        Next::GiveUp
    } else {
        Next::Again(now + wait_after(attempts, spread))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_half_a_day_and_end() {
        let waits: Vec<i64> = (1..=MOST_ATTEMPTS)
            .map(|n| wait_after(n, 0.0).as_secs())
            .collect();
        assert_eq!(waits, [30, 120, 480, 1920, 7680, 30_720, 43_200, 43_200]);
        assert_eq!(wait_after(1, 1.0).as_secs(), 36);
        assert_eq!(wait_after(u32::MAX, 7.0).as_secs(), 51_840);
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(after_failure(MOST_ATTEMPTS, false, now, 0.5), Next::GiveUp);
        assert_eq!(after_failure(1, true, now, 0.5), Next::GiveUp);
        assert!(
            matches!(after_failure(1, false, now, 0.0), Next::Again(at) if at.as_second() == 30)
        );
    }
}
