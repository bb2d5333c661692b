//! When people get to a step: waits, and the hours of the desk, the street and the units.

use crate::course::Course;
use jiff::{SignedDuration, Timestamp};

/// Waits are in minutes.
pub(crate) const MINUTE: f64 = 1.0;
pub(crate) const HOUR: f64 = 60.0;
pub(crate) const DAY: f64 = 24.0 * HOUR;

impl Course<'_> {
    pub(crate) fn after(&self, minutes: f64) -> Timestamp {
        self.at + SignedDuration::from_secs((minutes * 60.0) as i64)
    }
    /// A moment between two waits from here, in minutes.
    pub(crate) fn soon(&mut self, from: f64, to: f64) -> Timestamp {
        let wait = self.luck.between(from, to);
        self.after(wait)
    }
    /// The moment itself if it lies between two minutes of the day, else a little after the next beginning.
    pub(crate) fn within(&mut self, at: Timestamp, from_min: i64, to_min: i64) -> Timestamp {
        let local = self.world.tz.to_datetime(at);
        let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
        let wait = if minute < from_min {
            from_min - minute
        } else if minute >= to_min {
            24 * 60 - minute + from_min
        } else {
            return at;
        };
        at + SignedDuration::from_mins(wait)
            + SignedDuration::from_secs(self.luck.below(45 * 60) as i64)
    }
    /// When the desk, which is staffed every day, gets to it.
    pub(crate) fn desk(&mut self, mean_min: f64) -> Timestamp {
        let wait = 2.0 * MINUTE + self.luck_wait(mean_min);
        let at = self.after(wait);
        self.within(at, 7 * 60 + 30, 22 * 60)
    }
    /// When somebody is in the street.
    pub(crate) fn street(&mut self, at: Timestamp) -> Timestamp {
        self.within(at, 7 * 60 + 30, 19 * 60 + 30)
    }
    /// When a unit works: at any hour for what is urgent, else on working days.
    pub(crate) fn unit_hours(&mut self, mut at: Timestamp) -> Timestamp {
        if self.is_urgent() {
            return at;
        }
        // The longest row of days off has nine; two weeks are more than enough.
        for _ in 0..14 {
            at = self.within(at, 8 * 60, 18 * 60);
            if self
                .world
                .calendar
                .is_workday(self.world.tz.to_datetime(at).date())
            {
                return at;
            }
            at += SignedDuration::from_hours(10);
        }
        at
    }
    pub(crate) fn luck_wait(&mut self, mean: f64) -> f64 {
        self.luck.wait(mean).min(mean * 6.0)
    }
    pub(crate) fn is_urgent(&self) -> bool {
        let rule = self.rule();
        self.class
            .condition(rule)
            .and_then(|c| c.limit)
            .is_some_and(|l| !l.clock().reads_calendar() && l.amount() <= 6)
    }
    pub(crate) fn rule(&self) -> u32 {
        self.entry.seen[self.plan.seen].0
    }
}
