//! The clocks of all open cases: what turned yellow or red.

pub use crate::sql_clocks::{Clock, Turned};

use super::{CaseError, Reach};
use crate::sql_clocks::{self, Within};
use access::Ctx;
use jiff::Timestamp;

/// The most that one look brings; with more the rest is asked for from the last one's moment on.
pub const MOST_TURNED: i64 = 5000;

/// What turned yellow or red after `from` and not after `to`, the first ones first; at most [`MOST_TURNED`]. For notices and
/// supervision: ask for the minute gone by, with the `to` of one look as the `from` of the next. One statement along four
/// indexes: its time depends on what turned, not on how many clocks are open.
///
/// Both clocks of a case are told of: that of the stage it is in (accept, register, …, call-back) and that of handling.
/// A clock that stands still or that was stopped before its moment came is not there; a deadline that rests on a year that
/// is not loaded turns red but never yellow. A clock that was moved by an extension turns anew.
///
/// # Errors
/// The lack of the permission; the store's.
pub async fn turned_since(
    ctx: &Ctx,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Turned>, CaseError> {
    let Reach {
        districts, unit, ..
    } = Reach::of(ctx)?;
    let within = Within { districts, unit };
    ctx.read(move |r| Ok(sql_clocks::turned(r, &within, (from, to), MOST_TURNED)?))
        .await
}
