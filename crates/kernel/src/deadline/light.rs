//! What people see of a deadline: the light (`look.md`) and how much is left in the ruling clock.

use super::{ClockKind, DeadlineError, Due, Ground, Pause, Stops};
use crate::calendar::Calendar;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The state of a deadline, each with its own sign and word: ● ▲ ■ ◌ ‖.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// ● green: less than the first threshold of the limit is used.
    InTime,
    /// ▲ yellow: the first threshold is reached.
    Soon,
    /// ■ red: the due time is passed.
    Late,
    /// ◌ not late, and the due time rests on a calendar that is not loaded yet.
    Provisional,
    /// ‖ the clock stands still and the due time was not passed when it stopped.
    Parked,
}

impl Light {
    /// A stable word, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InTime => "in_time",
            Self::Soon => "soon",
            Self::Late => "late",
            Self::Provisional => "provisional",
            Self::Parked => "parked",
        }
    }
}

/// At which share of the limit the light changes, in percent. `domain.md` §1.5: green to 80, yellow to 100, then red.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// From this share on: soon.
    pub soon_percent: u32,
    /// Beyond the due time and from this share on: late. Below 100 it means 100; above, it grants grace.
    pub late_percent: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            soon_percent: 80,
            late_percent: 100,
        }
    }
}

/// How much is left in the measure of the ruling clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Remaining {
    /// The clock that rules.
    pub clock: ClockKind,
    /// Seconds of its measure (a working day is 24 hours of it), negative when late.
    pub seconds: i64,
}

impl Remaining {
    /// Whether the due time is passed by measured time.
    pub fn is_late(self) -> bool {
        self.seconds < 0
    }
    /// Whole units left, or passed: the 3 of 还有 3 工作时 and of 超 3 工作时.
    pub fn units(self) -> i64 {
        self.seconds.abs() / self.clock.unit_seconds()
    }
    /// Whole minutes left, or passed, beyond [`Self::units`].
    pub fn rest_minutes(self) -> i64 {
        self.seconds.abs() % self.clock.unit_seconds() / 60
    }
}

/// The light of a deadline at `now`, by the share of measured time that has run outside the pauses since `start`.
///
/// Late wins over all but a clock that stopped before the due time; provisional wins over in time and soon, because
/// the share of an uncertain limit would only look exact.
///
/// # Errors
/// A pause that ends before it begins.
#[expect(
    clippy::too_many_arguments,
    reason = "each is a fact of its own, and a struct for one call would hide that"
)]
pub fn light(
    now: Timestamp,
    start: Timestamp,
    due: &Due,
    clock: ClockKind,
    calendar: &Calendar,
    tz: &TimeZone,
    pauses: &[Pause],
    thresholds: Thresholds,
) -> Result<Light, DeadlineError> {
    let stops = Stops::new(pauses)?;
    let standing = stops.standing_since(now);
    if standing.is_some_and(|since| since < due.at) {
        return Ok(Light::Parked);
    }
    let ground = Ground {
        clock,
        calendar,
        tz,
    };
    let used = i128::from(ground.measure(start, now, &stops).as_secs());
    let allowed = i128::from(ground.measure(start, due.at, &stops).as_secs());
    let reached = |percent: u32| used * 100 >= allowed * i128::from(percent);
    if now > due.at && reached(thresholds.late_percent) {
        return Ok(Light::Late);
    }
    if due.provisional {
        return Ok(Light::Provisional);
    }
    // A limit that holds no measured time at all, as from midnight on a Sunday to midnight, has no share to speak of.
    let soon = allowed > 0 && reached(thresholds.soon_percent);
    Ok(if soon { Light::Soon } else { Light::InTime })
}

/// The moment from which a deadline is soon: the first at which `percent` of the measured time from `start` to `due` has
/// run outside the pauses. What [`light`] tells moment by moment, told in advance, so that it can be kept and looked for.
/// None where no measured time lies between the two.
///
/// ```
/// use kernel::deadline::{ClockKind, soon_at};
/// let tz = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
/// let at = |text: &str| text.parse().unwrap();
/// // Four working hours from nine o'clock end at three; 3 h 12 min of them have run at 14:12.
/// let (start, due) = (at("2026-03-16T09:00:00+08:00"), at("2026-03-16T15:00:00+08:00"));
/// let soon = soon_at(start, due, ClockKind::WorkingHours, kernel::Calendar::cn(), &tz, &[], 80).unwrap();
/// assert_eq!(soon, Some(at("2026-03-16T14:12:00+08:00")));
/// ```
///
/// # Errors
/// A pause that ends before it begins.
pub fn soon_at(
    start: Timestamp,
    due: Timestamp,
    clock: ClockKind,
    calendar: &Calendar,
    tz: &TimeZone,
    pauses: &[Pause],
    percent: u32,
) -> Result<Option<Timestamp>, DeadlineError> {
    let stops = Stops::new(pauses)?;
    let ground = Ground {
        clock,
        calendar,
        tz,
    };
    let allowed = i128::from(ground.measure(start, due, &stops).as_secs());
    if allowed <= 0 {
        return Ok(None);
    }
    let target = (allowed * i128::from(percent)).div_euclid(100)
        + i128::from(allowed * i128::from(percent) % 100 != 0);
    let target = i64::try_from(target).unwrap_or(i64::MAX);
    Ok(ground.reach(start, SignedDuration::from_secs(target), &stops))
}

/// How much of the ruling clock is left from `now` to `due`. While the clock stands still, pass the moment it stopped.
pub fn remaining(
    now: Timestamp,
    due: &Due,
    clock: ClockKind,
    calendar: &Calendar,
    tz: &TimeZone,
) -> Remaining {
    let ground = Ground {
        clock,
        calendar,
        tz,
    };
    Remaining {
        clock,
        seconds: ground.measure(now, due.at, &Stops::default()).as_secs(),
    }
}
