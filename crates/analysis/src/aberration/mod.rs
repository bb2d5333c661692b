//! Aberration detection: which points of a series of counts are higher than its past allows.
//!
//! EARS C1–C3, Farrington flexible and CUSUM, with the conventions of the R package `surveillance`
//! (Salmon, Schumacher & Höhle 2016, doi:10.18637/jss.v070.i10); adjustment for the kind of day by the
//! working calendar; and control of false discoveries over many series.
//!
//! All methods take the whole series and a range of positions, counted from 1, to be judged.

mod cusum;
mod day_kind;
mod discovery;
mod ears;
mod farrington;
mod glm;
#[cfg(test)]
mod golden;
mod threshold;

pub use cusum::{Cusum, Reference, Transform, cusum, risen_since};
pub use day_kind::{DayKind, DayPattern};
pub use discovery::{adjusted_p_values, discoveries};
pub use ears::{Ears, EarsMethod, ears};
pub use farrington::{Farrington, Timeline, farrington};
pub use glm::reweight;
pub use threshold::{Bounds, Power, Threshold, delta_bounds, negative_binomial_bounds};

use crate::series::SeriesError;
use std::ops::RangeInclusive;
use thiserror::Error;

/// What a detector says about one point.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Point {
    /// Position in the series, from 1.
    pub index: usize,
    /// The count.
    pub observed: f64,
    /// The count that the past lets expect; none where no model could be fitted.
    pub expected: Option<f64>,
    /// The largest count that raises no alarm; none where no alarm can be raised.
    pub upper: Option<f64>,
    /// Whether the count is above [`Point::upper`].
    pub alarm: bool,
    /// The chance of a count at least this high if nothing is unusual, where the method has one.
    pub p_value: Option<f64>,
}

/// Why a series cannot be judged.
#[derive(Debug, Error, PartialEq)]
pub enum DetectError {
    /// The series itself.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// The range does not lie in the series.
    #[error("the range {from}:{to} does not lie in the {length} points of the series")]
    Range {
        /// First position asked for.
        from: usize,
        /// Last position asked for.
        to: usize,
        /// Points in the series.
        length: usize,
    },
    /// The range begins before the method has enough past.
    #[error("point {index} has too little past: {why}")]
    History {
        /// Position, from 1.
        index: usize,
        /// What is missing.
        why: String,
    },
    /// The series has no point with enough past.
    #[error("the series has {length} points and none of them enough past: {why}")]
    TooShort {
        /// Points in the series.
        length: usize,
        /// What is missing.
        why: String,
    },
    /// The points that set the mean have no case.
    #[error(
        "all counts before point {0} are 0; a series of zeros has no expected count to hold others against"
    )]
    NothingBefore(usize),
    /// A setting out of bounds.
    #[error("{name} is {value}, but must be {rule}")]
    Setting {
        /// Name of the setting, as on the command line.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        rule: &'static str,
    },
}

/// Checks a setting against its rule.
fn setting(
    name: &'static str,
    value: f64,
    holds: bool,
    rule: &'static str,
) -> Result<(), DetectError> {
    if holds {
        Ok(())
    } else {
        Err(DetectError::Setting { name, value, rule })
    }
}

fn check_alpha(alpha: f64) -> Result<(), DetectError> {
    setting(
        "alpha",
        alpha,
        alpha > 0.0 && alpha < 1.0,
        "between 0 and 1",
    )
}

/// The positions to judge: those asked for if all are possible, or from `first_possible` to the end.
fn positions(
    asked: Option<RangeInclusive<usize>>,
    length: usize,
    first_possible: usize,
    why: &str,
) -> Result<RangeInclusive<usize>, DetectError> {
    let Some(asked) = asked else {
        return if first_possible <= length {
            Ok(first_possible..=length)
        } else {
            Err(DetectError::TooShort {
                length,
                why: why.to_owned(),
            })
        };
    };
    let (from, to) = (*asked.start(), *asked.end());
    if from < 1 || to > length || from > to {
        return Err(DetectError::Range { from, to, length });
    }
    if from < first_possible {
        return Err(DetectError::History {
            index: from,
            why: why.to_owned(),
        });
    }
    Ok(asked)
}
