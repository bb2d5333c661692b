//! When a connector is well again. Pure.

use crate::model::{Pace, Trouble};
use jiff::SignedDuration;

/// So long nothing was late at a connector that has taken something in time meanwhile …
pub(crate) const CALM: SignedDuration = SignedDuration::from_hours(1);
/// … or so long nothing was late at one that nothing was handed over to.
pub(crate) const LONG_CALM: SignedDuration = SignedDuration::from_hours(24);

/// Whether trouble is over at a connector at which nothing is stuck in this way any more. One that is slow now and then is not
/// well each time it has caught up: people would be told of every order again. What was given up is over as soon as it was taken.
pub(crate) fn is_over(trouble: Trouble, pace: Pace) -> bool {
    match trouble {
        Trouble::Failed => true,
        Trouble::Late => !pace.late_this_day || pace.in_time && !pace.late_this_hour,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_connector_is_well_when_it_kept_its_time_for_a_while() {
        let pace = |in_time, late_this_hour, late_this_day| Pace {
            in_time,
            late_this_hour,
            late_this_day,
        };
        for (of, is_well) in [
            // Late once, and caught up.
            (pace(false, true, true), false),
            // Now in time, now late.
            (pace(true, true, true), false),
            // Quiet, but nothing shows that it is quicker.
            (pace(false, false, true), false),
            (pace(true, false, true), true),
            (pace(false, false, false), true),
        ] {
            assert_eq!(is_over(Trouble::Late, of), is_well, "{of:?}");
        }
        assert!(is_over(Trouble::Failed, pace(false, true, true)));
    }
}
