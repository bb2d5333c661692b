//! Open cases by place under one light of the desk: late, soon, in time. Counted from the record itself at this moment:
//! the figures know days, and a light turns within one.

use access::Ctx;
use cases::State;
use cases::ops::{CaseError, desk};
use cases::sql_desk::Clock;
use facts::standing::Standing;
use facts::{Level, Place};
use matters::MatterId;
use std::collections::BTreeMap;

/// The light of this word.
pub(crate) fn light(word: &str) -> Option<Clock> {
    Clock::ALL.into_iter().find(|clock| clock.as_str() == word)
}

/// The open cases by places of a level, perhaps of one class or state only. Those with the light stand where else the
/// overdue ones do. One statement.
pub(crate) async fn standing(
    ctx: &Ctx,
    level: Level,
    class: Option<MatterId>,
    state: Option<State>,
    clock: Clock,
) -> Result<Vec<Standing>, CaseError> {
    let narrow = desk::Narrow {
        matter: class,
        ..desk::Narrow::default()
    };
    let found = desk::by_place(ctx, state.into_iter().collect(), narrow, clock).await?;
    let mut places = BTreeMap::<Place, (i64, i64)>::new();
    for at in found {
        let (open, lit) = places.entry(at.place.at(level)).or_default();
        *open += at.open;
        *lit += at.lit;
    }
    let of = |(place, (open, overdue))| Standing {
        place,
        open,
        overdue,
    };
    Ok(places.into_iter().map(of).collect())
}
