//! Where time comes from. Rules take `now` as an argument; only the edges of the program hold a [`Clock`].

use jiff::Timestamp;
use std::sync::Mutex;

/// A source of the present moment, rounded to the microsecond that the store keeps.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that may ask the machine"
    )]
    fn now(&self) -> Timestamp {
        to_micros(Timestamp::now())
    }
}

/// A clock that a test moves by hand.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// Starts at `at`.
    pub fn at(at: Timestamp) -> Self {
        Self(Mutex::new(to_micros(at)))
    }
    /// Sets the clock.
    pub fn set(&self, at: Timestamp) {
        *self.0.lock().expect("no holder of this lock can panic") = to_micros(at);
    }
    /// Moves the clock forward.
    pub fn advance(&self, by: std::time::Duration) {
        let mut now = self.0.lock().expect("no holder of this lock can panic");
        *now = now
            .checked_add(by)
            .expect("tests stay inside the range of time");
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no holder of this lock can panic")
    }
}

/// Drops what is finer than a microsecond, so that a time read back equals the time written.
pub fn to_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond())
        .expect("a timestamp's own microseconds are in range")
}
