//! Refusals of strangers: summed per minute and route, so that a scan of the site does not fill the audit trail.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The sums of one minute: route pattern (method and path) and how often.
pub(crate) type Sums = BTreeMap<String, u64>;

/// The running sums of the present minute.
#[derive(Default)]
pub(crate) struct StrangerRefusals {
    running: Mutex<(i64, Sums)>,
}

impl StrangerRefusals {
    /// Counts one refusal; hands out the sums of an earlier minute when this one opens a new minute.
    pub fn note(&self, now: Timestamp, route: String) -> Option<Sums> {
        let mut running = self
            .running
            .lock()
            .expect("no holder of this lock can panic");
        let done = take_if_over(&mut running, now);
        *running.1.entry(route).or_default() += 1;
        done
    }
    /// Hands out the sums of a minute that is over.
    pub fn take(&self, now: Timestamp) -> Option<Sums> {
        take_if_over(
            &mut self
                .running
                .lock()
                .expect("no holder of this lock can panic"),
            now,
        )
    }
    /// Hands out what there is, at shutdown.
    pub fn take_all(&self) -> Option<Sums> {
        let mut running = self
            .running
            .lock()
            .expect("no holder of this lock can panic");
        let sums = std::mem::take(&mut running.1);
        (!sums.is_empty()).then_some(sums)
    }
}

fn take_if_over(running: &mut (i64, Sums), now: Timestamp) -> Option<Sums> {
    let minute = now.as_second().div_euclid(60);
    if running.0 == minute {
        return None;
    }
    running.0 = minute;
    let sums = std::mem::take(&mut running.1);
    (!sums.is_empty()).then_some(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_summed_and_handed_out_once() {
        let at = |s: i64| Timestamp::from_second(s).unwrap();
        let sums = StrangerRefusals::default();
        assert_eq!(sums.note(at(60), "GET /a".into()), None);
        assert_eq!(sums.note(at(119), "GET /a".into()), None);
        assert_eq!(sums.take(at(119)), None);
        let done = sums.note(at(120), "GET /b".into()).unwrap();
        assert_eq!(done, Sums::from([("GET /a".into(), 2)]));
        assert_eq!(sums.take(at(180)).unwrap().len(), 1);
        assert_eq!(sums.take_all(), None);
    }
}
