//! GET /api/v1/cases, /cases/{number}, /cases/{number}/events, /inbox, /tasks — looking at cases.

use crate::ops::view::{CaseView, EventView, Viewer, stamp};
use crate::ops::{self, CaseError, ListQuery, allowed};
use crate::period::{self, Closing, Span};
use crate::service::Cases;
use access::{Ctx, Fault, Json, Listing, Path, Query, UnitId};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::{Cursor, PageSize};
use matters::MatterId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a list may be asked for. All as text, so that a fault names its field whatever the part.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    state: Option<String>,
    district: Option<String>,
    unit: Option<String>,
    matter: Option<String>,
    from: Option<String>,
    to: Option<String>,
    closed_from: Option<String>,
    closed_to: Option<String>,
    closed_in_time: Option<bool>,
    own: Option<bool>,
    q: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

/// A page of something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageWanted {
    pub(super) limit: Option<String>,
    pub(super) after: Option<String>,
}

pub(super) fn part<T: std::str::FromStr>(
    field: &'static str,
    text: Option<&String>,
) -> Result<Option<T>, CaseError>
where
    T::Err: std::fmt::Display,
{
    text.map(|t| t.parse())
        .transpose()
        .map_err(|e: T::Err| CaseError::field(field, "cases.bad_query", e.to_string()))
}

/// A time with its offset, or a day of the city: the moment it begins, or for the end of a stretch the one it is over.
fn moment(
    field: &'static str,
    text: Option<&String>,
    of_day: impl Fn(Date) -> Option<Timestamp>,
) -> Result<Option<Timestamp>, CaseError> {
    if let Some(day) = text.and_then(|text| text.parse::<Date>().ok())
        && text.is_some_and(|text| text.len() == "2026-03-16".len())
    {
        return Ok(of_day(day));
    }
    part(field, text)
}

impl Wanted {
    fn query(&self, tz: &TimeZone) -> Result<ListQuery, CaseError> {
        let from = |field, text| moment(field, text, |day| period::begin_of(day, tz));
        let to = |field, text| moment(field, text, |day| period::end_of(day, tz));
        let closed = Span {
            from: from("closed_from", self.closed_from.as_ref())?,
            to: to("closed_to", self.closed_to.as_ref())?,
        };
        let closing = Closing {
            span: closed,
            in_time: self.closed_in_time,
        };
        Ok(ListQuery {
            closing: (closing != Closing::default()).then_some(closing),
            reworked: None,
            states: self
                .state
                .as_deref()
                .map(ops::states_of)
                .transpose()?
                .unwrap_or_default(),
            district: part::<DistrictCode>("district", self.district.as_ref())?,
            unit: part::<UnitId>("unit", self.unit.as_ref())?,
            matter: part::<MatterId>("matter", self.matter.as_ref())?,
            from: from("from", self.from.as_ref())?,
            to: to("to", self.to.as_ref())?,
            own: self.own.unwrap_or_default(),
            find: self
                .q
                .as_deref()
                .map(|q| ops::search::read_find("q", q))
                .transpose()?
                .flatten(),
            size: part::<PageSize>("limit", self.limit.as_ref())?.unwrap_or_default(),
            after: part::<Cursor>("after", self.after.as_ref())?,
        })
    }
}

pub(super) async fn list(
    ctx: Ctx,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Listing<CaseView>>, Fault> {
    let cases = ctx.service::<Cases>();
    let page = ops::list(&ctx, wanted.query(&cases.city().timezone)?).await?;
    let viewer = Viewer::new(&cases, ctx.now()).read_by(ctx.principal());
    Ok(Json(page.map(|case| viewer.case(&case)).into()))
}

pub(super) async fn show(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
) -> Result<Json<CaseView>, Fault> {
    let case = ops::find(&ctx, number).await?;
    let viewer = Viewer::new(&ctx.service::<Cases>(), ctx.now()).read_by(ctx.principal());
    Ok(Json(viewer.case_with(&case, &allowed(&ctx, &case))))
}

/// A case's life.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Life {
    /// The events, in order.
    events: Vec<EventView>,
}

pub(super) async fn events(ctx: Ctx, Path(number): Path<CaseNumber>) -> Result<Json<Life>, Fault> {
    let (case, events) = ops::events(&ctx, number).await?;
    let viewer = Viewer::new(&ctx.service::<Cases>(), ctx.now()).read_by(ctx.principal());
    Ok(Json(Life {
        events: viewer.life(&case, &events),
    }))
}

pub(super) async fn calls(
    ctx: Ctx,
    Query(wanted): Query<PageWanted>,
) -> Result<Json<Listing<CaseView>>, Fault> {
    let size = part::<PageSize>("limit", wanted.limit.as_ref())?.unwrap_or_default();
    let after = part::<Cursor>("after", wanted.after.as_ref())?;
    let page = ops::calls(&ctx, size, after.as_ref()).await?;
    let viewer = Viewer::new(&ctx.service::<Cases>(), ctx.now());
    Ok(Json(page.map(|case| viewer.case(&case)).into()))
}

pub(super) async fn reviews(
    ctx: Ctx,
    Query(wanted): Query<PageWanted>,
) -> Result<Json<Listing<CaseView>>, Fault> {
    let size = part::<PageSize>("limit", wanted.limit.as_ref())?.unwrap_or_default();
    let after = part::<Cursor>("after", wanted.after.as_ref())?;
    let page = ops::reviews(&ctx, size, after.as_ref()).await?;
    let viewer = Viewer::new(&ctx.service::<Cases>(), ctx.now()).read_by(ctx.principal());
    Ok(Json(page.map(|case| viewer.case(&case)).into()))
}

/// One requester of a case, without anything of the person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VoiceView {
    /// The case by which the requester came: the case itself, or one merged into it.
    number: String,
    /// By which channel.
    channel: String,
    /// When it was reported, RFC 3339.
    reported_at: String,
    /// A way to call back was left.
    can_be_called: bool,
    /// Still has to be called.
    is_due: bool,
    /// How content the requester was: `satisfied`, `acceptable`, `dissatisfied`, `unknown`; null = has not said.
    satisfaction: Option<String>,
}

/// The requesters of a case.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Voices {
    /// Its own and those of all cases merged into it, the own first.
    voices: Vec<VoiceView>,
}

pub(super) async fn voices(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
) -> Result<Json<Voices>, Fault> {
    let tz = ctx.service::<Cases>().city().timezone.clone();
    let found = ops::voices(&ctx, number).await?;
    let voices = found.into_iter().map(|v| VoiceView {
        number: v.number.to_string(),
        channel: v.channel,
        reported_at: stamp(v.reported_at, &tz),
        can_be_called: v.has_contact,
        is_due: v.is_due,
        satisfaction: v.said.map(|s| s.satisfaction.to_string()),
    });
    Ok(Json(Voices {
        voices: voices.collect(),
    }))
}

/// A case that is perhaps about the same thing, and why it is thought so.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SuspectView {
    /// The case.
    number: String,
    /// Where it stands.
    state: String,
    /// How far apart, in metres; null where one of them has no point, and both lie in the same unit grid.
    metres: Option<f64>,
    /// Both lie in the same unit grid, and of one of them no more is known.
    same_grid: bool,
    /// How long apart, in minutes.
    minutes: i64,
    /// What both say, the longest first.
    words: Vec<String>,
}

/// Cases that are perhaps about the same thing, the nearest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Suspects {
    /// The suspects; whether they are one, a person decides.
    suspects: Vec<SuspectView>,
}

pub(super) async fn suspects(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
) -> Result<Json<Suspects>, Fault> {
    let case = ops::find(&ctx, number).await?;
    let found = match case.matter {
        Some(matter) => {
            let wanted = ops::Likeness {
                point: case.place.point,
                grid: case.place.grid,
                matter,
                at: case.reported_at,
                text: case.description.clone(),
            };
            ops::similar(&ctx, wanted).await?
        }
        None => Vec::new(),
    };
    let suspects = found.into_iter().filter(|s| s.case.id != case.id);
    let suspects = suspects.map(|s| SuspectView {
        number: s.case.number.to_string(),
        state: s.case.state.to_string(),
        metres: s.metres.map(|metres| (metres * 10.0).round() / 10.0),
        same_grid: s.metres.is_none(),
        minutes: s.minutes,
        words: s.words,
    });
    Ok(Json(Suspects {
        suspects: suspects.collect(),
    }))
}

/// How many cases stand in a state.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StateCount {
    /// The state.
    state: String,
    /// How many.
    cases: i64,
}

/// The counts of an inbox.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Inbox {
    /// By state; states without a case are left out.
    counts: Vec<StateCount>,
}

pub(super) async fn inbox(ctx: Ctx, Query(wanted): Query<Wanted>) -> Result<Json<Inbox>, Fault> {
    if wanted.q.is_some() {
        let reason = "what is looked for by words is listed, not counted";
        return Err(CaseError::field("q", "cases.bad_query", reason).into());
    }
    let tz = ctx.service::<Cases>().city().timezone.clone();
    let counts = ops::counts_by_state(&ctx, wanted.query(&tz)?).await?;
    let counts = counts
        .into_iter()
        .map(|(state, cases)| StateCount {
            state: state.to_string(),
            cases,
        })
        .collect();
    Ok(Json(Inbox { counts }))
}

pub(super) async fn tasks(
    ctx: Ctx,
    Query(wanted): Query<PageWanted>,
) -> Result<Json<Listing<CaseView>>, Fault> {
    let size = part::<PageSize>("limit", wanted.limit.as_ref())?.unwrap_or_default();
    let after = part::<Cursor>("after", wanted.after.as_ref())?;
    let page = ops::tasks(&ctx, size, after.as_ref()).await?;
    let viewer = Viewer::new(&ctx.service::<Cases>(), ctx.now()).read_by(ctx.principal());
    Ok(Json(page.map(|case| viewer.case(&case)).into()))
}
