//! What rooms above keep beside cases and that rests on the same ground: limits by the calendar of a place, and units.
//!
//! Whistles, supervised matters and topics are not cases, and `cases` knows nothing of them; but one change of a calendar
//! moves all their limits, and one reorganisation all that is open. So each room says here how, and the job that does it for
//! cases ([`crate::ops::recompute`]) and the one that moves them to new units do it for the rooms too.

use crate::ops::CaseError;
use access::{Ctx, UnitId};
use kernel::codes::DivisionCode;
use kernel::id::Id;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

/// What a room answers when it has done something.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T, CaseError>> + Send + 'a>>;

/// How many limits a room looked at, and what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recounted {
    /// Looked at.
    pub seen: i64,
    /// Moved, or made firm.
    pub moved: i64,
    /// Could not be computed; the log says why.
    pub failed: i64,
}

/// Where the work of a unit goes by a reorganisation.
type GoesTo = dyn Fn(UnitId, &str, Option<DivisionCode>) -> Option<UnitId> + Send + Sync;

/// 机构调整 — an order whose day has come, as rooms see it.
#[derive(Clone)]
pub struct Reorganised {
    /// The order.
    pub order: Id,
    /// What people call it.
    pub why: String,
    /// The units that give work away.
    pub froms: Vec<UnitId>,
    /// The units that end: whatever of theirs is open moves.
    pub ended: Vec<UnitId>,
    /// Of these, the one unit to which all the work goes, where it is one.
    pub only_heirs: BTreeMap<UnitId, UnitId>,
    goes_to: Arc<GoesTo>,
}

impl Reorganised {
    /// An order with the rule by which work moves: from which unit, of which matter (its code; empty for none), where.
    pub fn new(
        order: Id,
        why: String,
        froms: Vec<UnitId>,
        ended: Vec<UnitId>,
        only_heirs: BTreeMap<UnitId, UnitId>,
        goes_to: impl Fn(UnitId, &str, Option<DivisionCode>) -> Option<UnitId> + Send + Sync + 'static,
    ) -> Self {
        let goes_to = Arc::new(goes_to);
        Self {
            order,
            why,
            froms,
            ended,
            only_heirs,
            goes_to,
        }
    }
    /// Where work of a unit on a matter (empty for none in particular) at a place goes; none when it stays.
    pub fn goes_to(
        &self,
        from: UnitId,
        matter: &str,
        place: Option<DivisionCode>,
    ) -> Option<UnitId> {
        (self.goes_to)(from, matter, place).filter(|to| *to != from)
    }
}

/// A room that keeps limits or open work of units beside cases.
pub trait Room: Send + Sync {
    /// Computes its open limits again by the calendars as they are. Twice is once.
    fn recompute<'a>(&'a self, ctx: &'a Ctx) -> Doing<'a, Recounted> {
        let _ = ctx;
        Box::pin(async { Ok(Recounted::default()) })
    }
    /// How many of its open matters an order would move.
    fn count<'a>(&'a self, ctx: &'a Ctx, order: &'a Reorganised) -> Doing<'a, u64> {
        let _ = (ctx, order);
        Box::pin(async { Ok(0) })
    }
    /// What has to move before the cases do, since it follows what happens to them; answers how many. Twice is once.
    fn before_cases<'a>(&'a self, ctx: &'a Ctx, order: &'a Reorganised) -> Doing<'a, u64> {
        let _ = (ctx, order);
        Box::pin(async { Ok(0) })
    }
    /// Moves them; answers how many. Twice is once.
    fn reorganise<'a>(&'a self, ctx: &'a Ctx, order: &'a Reorganised) -> Doing<'a, u64> {
        let _ = (ctx, order);
        Box::pin(async { Ok(0) })
    }
}

/// The rooms that a program is composed of, among its [`access::Services`].
#[derive(Clone, Default)]
pub struct Rooms(pub Vec<Arc<dyn Room>>);

impl Rooms {
    /// Those of this program; none in one that is composed without.
    pub fn of(ctx: &Ctx) -> Vec<Arc<dyn Room>> {
        ctx.service_if_any::<Self>()
            .map(|rooms| rooms.0.clone())
            .unwrap_or_default()
    }
}
