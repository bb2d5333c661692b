//! What calls answer.

use crate::model::{Call, ClaimRow, Handover, OpenWork, Subscription, UnitPart, WhistleFigures};
use crate::ops::claims::Open;
use crate::ops::for_me::Named;
use crate::ops::reorganise::Preview;
use crate::ops::whistle::{Blown, is_taken_back};
use access::{AccountId, UnitId};
use cases::ops::view::stamp;
use jiff::Timestamp;
use matters::City;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;

/// Something with an id and a name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct UnitName {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
}

/// The words of a snapshot of the city.
pub(super) struct Teller<'a> {
    pub city: &'a City,
    pub now: Timestamp,
}

impl Teller<'_> {
    fn unit(&self, id: UnitId) -> UnitName {
        let found = self.city.unit(id).map(|u| u.name("zh").to_owned());
        UnitName {
            id: id.to_string(),
            name: found.unwrap_or_else(|| id.to_string()),
        }
    }
    fn time(&self, at: Timestamp) -> String {
        stamp(at, &self.city.timezone)
    }
    fn maybe(&self, at: Option<Timestamp>) -> Option<String> {
        at.map(|at| self.time(at))
    }
}

/// A part that the unit owes or owed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwedPartView)]
pub(super) struct PartView {
    /// The case.
    number: String,
    /// The number of the part within the case.
    part: u32,
    /// `help` or `share`.
    kind: String,
    /// What is asked.
    ask: String,
    /// When the answer is due, RFC 3339.
    due_at: String,
    /// Whether the answer is still owed.
    is_open: bool,
    /// It is owed and its time is over, and its clock does not stand still.
    is_late: bool,
    /// It is owed, and the calendar does not reach as far as it is due.
    provisional: bool,
}

/// The parts of a unit.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PartsView {
    /// The most pressing first.
    items: Vec<PartView>,
}

impl PartsView {
    pub fn of(teller: &Teller<'_>, parts: &[UnitPart]) -> Self {
        let view = |p: &UnitPart| {
            let part = p.case.joint.part(p.part);
            PartView {
                number: p.case.number.to_string(),
                part: p.part,
                kind: part.map_or("help", |x| x.kind.as_str()).to_owned(),
                ask: part.map(|x| x.ask.clone()).unwrap_or_default(),
                due_at: teller.time(p.due_at),
                is_open: p.is_open,
                is_late: p.is_open && p.case.paused_until.is_none() && p.due_at < teller.now,
                provisional: p.is_open && part.is_some_and(|x| x.provisional),
            }
        };
        Self {
            items: parts.iter().map(view).collect(),
        }
    }
}

/// A note that names the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MentionView {
    /// The case; null when the caller may no longer see it.
    number: Option<String>,
    /// The note; empty when the caller may no longer see the case.
    text: String,
    /// The name of whoever wrote it.
    by: String,
    /// When, RFC 3339.
    at: String,
    /// When it was read.
    seen_at: Option<String>,
}

/// Notes that name the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MentionsView {
    /// Newest first.
    items: Vec<MentionView>,
}

impl MentionsView {
    pub fn of(teller: &Teller<'_>, named: Vec<Named>) -> Self {
        let view = |n: Named| MentionView {
            number: n.case.map(|c| c.number.to_string()),
            text: n.text,
            by: n.by,
            at: teller.time(n.mention.at),
            seen_at: teller.maybe(n.mention.seen_at),
        };
        Self {
            items: named.into_iter().map(view).collect(),
        }
    }
}

/// What a shift left to the next.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HandoverView {
    /// Its id.
    id: String,
    /// Which desk: a role, or `unit`.
    desk: String,
    /// When it was given, RFC 3339.
    given_at: String,
    /// The name of whoever gave it.
    given_by: String,
    /// What was open: states with how many cases, the most pressing cases, parts and whistles owed.
    #[schema(value_type = Object)]
    open: OpenWork,
    /// What the next shift must know.
    words: String,
    /// When it was taken over.
    taken_at: Option<String>,
    /// The name of whoever took it over.
    taken_by: Option<String>,
}

/// Hand-overs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HandoversView {
    /// Newest first.
    items: Vec<HandoverView>,
}

impl HandoversView {
    pub fn of(
        teller: &Teller<'_>,
        found: Vec<Handover>,
        names: &HashMap<AccountId, String>,
    ) -> Self {
        let view = |h: Handover| HandoverView {
            id: h.id.to_string(),
            given_at: teller.time(h.given_at),
            given_by: names.get(&h.given_by).cloned().unwrap_or_default(),
            open: serde_json::from_str(&h.open_work).unwrap_or_default(),
            taken_at: teller.maybe(h.taken_at),
            taken_by: h.taken_by.and_then(|a| names.get(&a).cloned()),
            desk: h.desk,
            words: h.words,
        };
        Self {
            items: found.into_iter().map(view).collect(),
        }
    }
}

/// A unit that was called.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallView {
    /// Which unit.
    unit: UnitName,
    /// `called`, `responded`, `arrived`, `declined`.
    standing: String,
    /// When it has to have responded, RFC 3339.
    due_at: String,
    /// When it answered.
    responded_at: Option<String>,
    /// When it was there.
    arrived_at: Option<String>,
    /// What it answered.
    words: String,
    /// Who was called before a reorganisation.
    was_unit: Option<UnitName>,
    /// It answered late, or not at all with its time over.
    is_late: bool,
    /// How the whistler judges it: `good`, `fair`, `poor`.
    of_unit: Option<String>,
    /// How it judges the whistle.
    of_whistle: Option<String>,
}

/// A whistle.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WhistleView {
    /// Its id.
    id: String,
    /// Who whistles.
    unit: UnitName,
    /// The case it is for.
    number: Option<String>,
    /// Where: the division.
    division: Option<String>,
    /// Where, in words.
    address: String,
    /// What for.
    ask: String,
    /// When, RFC 3339.
    at: String,
    /// When those it called have to have responded.
    due_at: String,
    /// The calendar does not reach that far.
    provisional: bool,
    /// When that was before another calendar moved it.
    was_due_at: Option<String>,
    /// Who whistled before a reorganisation.
    was_unit: Option<UnitName>,
    /// When it ended.
    ended_at: Option<String>,
    /// Those it called.
    calls: Vec<CallView>,
}

impl WhistleView {
    pub fn of(teller: &Teller<'_>, blown: &Blown) -> Self {
        let w = &blown.whistle;
        let call = |c: &Call| CallView {
            unit: teller.unit(c.unit),
            standing: c.standing.to_string(),
            due_at: teller.time(c.due_at),
            responded_at: teller.maybe(c.responded_at),
            arrived_at: teller.maybe(c.arrived_at),
            words: c.words.clone(),
            was_unit: c.was_unit.map(|u| teller.unit(u)),
            is_late: c.is_late(teller.now) && !is_taken_back(w.ended_at, c),
            of_unit: c.of_unit.map(|m| m.to_string()),
            of_whistle: c.of_whistle.map(|m| m.to_string()),
        };
        Self {
            id: w.id.to_string(),
            unit: teller.unit(w.unit),
            number: blown.number.clone(),
            division: w.division.map(|d| d.to_string()),
            address: w.address.clone(),
            ask: w.ask.clone(),
            at: teller.time(w.at),
            due_at: teller.time(w.due_at),
            provisional: w.provisional && w.ended_at.is_none(),
            was_due_at: teller.maybe(w.was_due_at),
            was_unit: w.was_unit.map(|u| teller.unit(u)),
            ended_at: teller.maybe(w.ended_at),
            calls: blown.calls.iter().map(call).collect(),
        }
    }
}

/// The figures of one unit.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UnitFigures {
    /// Which unit.
    unit: UnitName,
    /// Called, in time, late, arrived, declined; marks good, fair, poor; whistled, and the marks of its whistles.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    figures: WhistleFigures,
}

/// Figures of whistles, unit by unit.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FiguresView {
    /// In the order of the units' ids.
    rows: Vec<UnitFigures>,
}

impl FiguresView {
    pub fn of(teller: &Teller<'_>, sums: BTreeMap<UnitId, WhistleFigures>) -> Self {
        let row = |(unit, figures)| UnitFigures {
            unit: teller.unit(unit),
            figures,
        };
        Self {
            rows: sums.into_iter().map(row).collect(),
        }
    }
}

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SubscriptionView {
    /// Its id.
    id: String,
    /// Classes whose code begins so.
    matter: String,
    /// In this division; null for anywhere.
    division: Option<String>,
}

/// What an organisation subscribed to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SubscriptionsView {
    /// In the order in which they were made.
    items: Vec<SubscriptionView>,
}

impl SubscriptionsView {
    pub fn of(found: Vec<Subscription>) -> Self {
        let view = |s: Subscription| SubscriptionView {
            id: s.id.to_string(),
            matter: s.matter,
            division: s.division.map(|d| d.to_string()),
        };
        Self {
            items: found.into_iter().map(view).collect(),
        }
    }
}

/// What an organisation sees of a matter.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OpenMatterView {
    /// The number.
    number: String,
    /// The name of its class.
    class: String,
    /// The community it lies in.
    place: String,
    /// What was reported, redacted.
    text: String,
    /// When it was reported, RFC 3339.
    reported_at: String,
    /// When its unit has to have handled it.
    due_at: Option<String>,
}

impl OpenMatterView {
    fn of(teller: &Teller<'_>, open: &Open) -> Self {
        Self {
            number: open.number.to_string(),
            class: open.class.clone(),
            place: open.place.clone(),
            text: open.text.clone(),
            reported_at: teller.time(open.reported_at),
            due_at: teller.maybe(open.due_at),
        }
    }
}

/// Open matters.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OpenMattersView {
    /// Newest first.
    items: Vec<OpenMatterView>,
}

impl OpenMattersView {
    pub fn of(teller: &Teller<'_>, found: &[Open]) -> Self {
        Self {
            items: found
                .iter()
                .map(|o| OpenMatterView::of(teller, o))
                .collect(),
        }
    }
}

/// A claim of the caller's organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnClaimView)]
pub(super) struct ClaimView {
    /// The matter.
    matter: OpenMatterView,
    /// When it was claimed, RFC 3339.
    at: String,
    /// When the claim is over if nothing was shown.
    until: String,
    /// When something was shown.
    shown_at: Option<String>,
    /// `open`, `shown`, `dropped`, `lapsed`, `past`.
    outcome: String,
}

/// Claims.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClaimsView {
    /// Newest first.
    items: Vec<ClaimView>,
}

impl ClaimsView {
    pub fn of(teller: &Teller<'_>, found: &[(ClaimRow, Open)]) -> Self {
        let view = |(row, open): &(ClaimRow, Open)| ClaimView {
            matter: OpenMatterView::of(teller, open),
            at: teller.time(row.at),
            until: teller.time(row.until),
            shown_at: teller.maybe(row.shown_at),
            outcome: row.outcome.to_string(),
        };
        Self {
            items: found.iter().map(view).collect(),
        }
    }
}

/// What an order of reorganisation does.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PreviewView {
    /// Nothing was written.
    dry_run: bool,
    /// The day, the units that end, duties that end and begin, cases that move by unit, accounts left in ended units.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    preview: Preview,
}

impl PreviewView {
    pub fn of(preview: Preview, dry_run: bool) -> Self {
        Self { dry_run, preview }
    }
}
