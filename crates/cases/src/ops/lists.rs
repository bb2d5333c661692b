//! Looking: one case with its life, lists by key, counts for the inbox, tasks, suspected duplicates.

use super::act::recorded;
use super::{CaseError, Reach};
use crate::model::{Case, CaseEvent, CaseId, State};
use crate::period::{Closing, Span};
use crate::rules::likeness::shared_words;
use crate::search::Find;
use crate::service::Cases;
use crate::sql::{self, Filter};
use crate::sql_lists::{self, Near, TaskFilter};
use access::{AccountId, Ctx, Permission, Principal};
use jiff::{SignedDuration, Timestamp};
use kernel::codes::{CaseNumber, DistrictCode, GridCode};
use kernel::geo::{LocalPlane, Point};
use kernel::{Cursor, Page, PageSize};
use matters::MatterId;

/// The case with this number.
///
/// # Errors
/// `NotFound`, also when it is out of the reader's scope (that is recorded); the lack of the permission; the store's.
pub async fn find(ctx: &Ctx, number: CaseNumber) -> Result<Case, CaseError> {
    let reach = Reach::of(ctx)?;
    let found = ctx.read(move |r| visible(r, &reach, number)).await;
    recorded(ctx, &number, None, found).await
}

/// The case with this number, and its life. Two statements.
///
/// # Errors
/// As [`find`].
pub async fn events(ctx: &Ctx, number: CaseNumber) -> Result<(Case, Vec<CaseEvent>), CaseError> {
    let reach = Reach::of(ctx)?;
    let found = ctx.read(move |r| with_life(r, &reach, number)).await;
    recorded(ctx, &number, None, found).await
}

fn visible(r: &mut store::Read<'_>, reach: &Reach, number: CaseNumber) -> Result<Case, CaseError> {
    match sql::by_number(r, &number)? {
        Some(case) if reach.holds(&case) => Ok(case),
        found => Err(CaseError::NotFound {
            number: number.to_string(),
            is_hidden: found.is_some(),
        }),
    }
}

/// A visible case and its life.
pub(super) fn with_life(
    r: &mut store::Read<'_>,
    reach: &Reach,
    number: CaseNumber,
) -> Result<(Case, Vec<CaseEvent>), CaseError> {
    let case = visible(r, reach, number)?;
    let events = sql::events(r, case.district, case.id)?;
    // PostgreSQL reads statement by statement: what was added in between belongs to a later version.
    let events = events
        .into_iter()
        .take_while(|e| e.seq <= case.version)
        .collect();
    Ok((case, events))
}

/// What a list is asked for. The reader's scope comes on top.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Only in these states; empty means all.
    pub states: Vec<State>,
    /// Only in this district of record.
    pub district: Option<DistrictCode>,
    /// Only handled by this unit.
    pub unit: Option<access::UnitId>,
    /// Only of this class.
    pub matter: Option<MatterId>,
    /// Only reported at or after.
    pub from: Option<Timestamp>,
    /// Only reported before.
    pub to: Option<Timestamp>,
    /// Only closed, then; the last closed first.
    pub closing: Option<Closing>,
    /// Only what last failed its check then; the last first.
    pub reworked: Option<Span>,
    /// Only what the reader reported.
    pub own: bool,
    /// Only what is found by this.
    pub find: Option<Find>,
    /// The page.
    pub size: PageSize,
    /// After the last row seen.
    pub after: Option<Cursor>,
}

/// The part of a cursor at `index`.
pub(super) fn key<T: std::str::FromStr>(cursor: &Cursor, index: usize) -> Result<T, CaseError> {
    cursor
        .part(index)
        .map_err(|e| CaseError::field("after", "cases.bad_cursor", e.to_string()))
}

/// Everything that whoever holds this permission may see, for rooms above that read the record page by page
/// ([`sql::list`]).
///
/// # Errors
/// Without this permission.
pub fn within_scope(ctx: &Ctx, permission: Permission) -> Result<Filter, CaseError> {
    let reach = Reach::by(ctx, permission)?;
    Ok(Filter {
        districts: reach.districts,
        unit: reach.unit,
        ..Filter::default()
    })
}

/// In which order a list stands, and so what the place of a row in it is.
#[derive(Debug, Clone, Copy)]
enum Order {
    /// The greatest number first.
    Number,
    /// The last closed first.
    Closing,
    /// The last that failed its check first.
    Rework,
    /// The newest first.
    Age,
}

impl Order {
    fn of(query: &ListQuery) -> Self {
        match (&query.find, query.closing, query.reworked) {
            (Some(Find::Number { .. }), ..) => Self::Number,
            (None, Some(_), _) => Self::Closing,
            (None, None, Some(_)) => Self::Rework,
            _ => Self::Age,
        }
    }
}

/// The last row seen.
#[derive(Default)]
struct Last {
    before: Option<CaseId>,
    before_moment: Option<(Timestamp, CaseId)>,
    below: Option<CaseNumber>,
}

/// The filter of a query within the reader's scope; none when the two have nothing in common.
fn within(ctx: &Ctx, query: &ListQuery) -> Result<Option<Filter>, CaseError> {
    let reach = Reach::of(ctx)?;
    let districts = match query.district {
        Some(district) if reach.districts.is_empty() || reach.districts.contains(&district) => {
            vec![district]
        }
        Some(_) => return Ok(None),
        None => reach.districts,
    };
    // Whoever asks for the own unit by name gets what is that unit's own, and not what it took over.
    let (unit, inherited) = match (reach.unit, query.unit) {
        (Some(own), Some(wanted)) if own != wanted => return Ok(None),
        (Some(own), None) => (Some(own), reach.inherited),
        (own, wanted) => (own.or(wanted), Vec::new()),
    };
    let reporter = if query.own {
        Some(
            ctx.principal()
                .actor()
                .id
                .unwrap_or(kernel::id::Id::from_bytes([0; 16])),
        )
    } else {
        None
    };
    let states = match query.closing {
        None => query.states.clone(),
        Some(_) if query.states.is_empty() || query.states.contains(&State::Closed) => {
            vec![State::Closed]
        }
        Some(_) => return Ok(None),
    };
    let mut last = Last::default();
    if let Some(cursor) = &query.after {
        match Order::of(query) {
            Order::Number => last.below = Some(key(cursor, 0)?),
            Order::Closing | Order::Rework => {
                last.before_moment = Some((key(cursor, 0)?, key(cursor, 1)?))
            }
            Order::Age => last.before = Some(key(cursor, 0)?),
        }
    }
    Ok(Some(Filter {
        states,
        districts,
        unit,
        inherited,
        reporter,
        matter: query.matter,
        from: query.from,
        to: query.to,
        closing: query.closing,
        reworked: query.reworked,
        before: last.before,
        before_moment: last.before_moment,
        below: last.below,
        find: query.find.clone(),
        ..Filter::default()
    }))
}

/// A page of cases, newest first, or the last closed or reworked first where those are asked for. One statement; where words
/// are looked for, now and then one more that says in which districts there are any.
///
/// # Errors
/// A cursor of another list; the lack of the permission; the store's.
pub async fn list(ctx: &Ctx, query: ListQuery) -> Result<Page<Case>, CaseError> {
    let size = query.size;
    let Some(mut filter) = within(ctx, &query)? else {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    };
    if matches!(query.find, Some(Find::Words { .. })) && filter.districts.is_empty() {
        filter.districts = super::search::known(ctx)
            .await?
            .districts
            .into_iter()
            .collect();
    }
    let rows: Result<Vec<Case>, CaseError> = ctx
        .read(move |r| Ok(sql::list(r, &filter, size.probe())?))
        .await;
    Ok(page(rows?, size, Order::of(&query)))
}

/// A page of [`list`], for callers that are not async.
pub(super) fn list_blocking(ctx: &Ctx, query: &ListQuery) -> Result<Page<Case>, CaseError> {
    let size = query.size;
    let Some(filter) = within(ctx, query)? else {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    };
    let rows: Result<Vec<Case>, CaseError> =
        ctx.read_blocking(move |r| Ok(sql::list(r, &filter, size.probe())?));
    Ok(page(rows?, size, Order::of(query)))
}

fn page(rows: Vec<Case>, size: PageSize, order: Order) -> Page<Case> {
    Page::from_probe(rows, size, |case| match order {
        Order::Number => Cursor::new([case.number.to_string()]),
        Order::Age => Cursor::new([case.id.to_string()]),
        Order::Closing => {
            let closed_at = case.closed_at.unwrap_or(case.reported_at);
            Cursor::new([closed_at.to_string(), case.id.to_string()])
        }
        Order::Rework => {
            let reworked_at = case.reworked_at.unwrap_or(case.reported_at);
            Cursor::new([reworked_at.to_string(), case.id.to_string()])
        }
    })
}

/// How many cases stand in each state, within the reader's scope and the query. One statement.
///
/// # Errors
/// The lack of the permission; the store's.
pub async fn counts_by_state(ctx: &Ctx, query: ListQuery) -> Result<Vec<(State, i64)>, CaseError> {
    let Some(filter) = within(
        ctx,
        &ListQuery {
            after: None,
            ..query
        },
    )?
    else {
        return Ok(Vec::new());
    };
    ctx.read(move |r| Ok(sql::count_by_state(r, &filter)?))
        .await
}

/// What the reader's own unit has on its table: to sign for and being handled, or the given states. One statement.
///
/// # Errors
/// A reader without a unit; else as [`list`].
pub async fn my_unit(ctx: &Ctx, query: ListQuery) -> Result<Page<Case>, CaseError> {
    let Some(unit) = ctx.principal().unit() else {
        return Err(CaseError::field(
            "unit",
            "cases.no_own_unit",
            "this account belongs to no unit",
        ));
    };
    let states = if query.states.is_empty() {
        vec![State::PendingSign, State::Handling]
    } else {
        query.states.clone()
    };
    list(
        ctx,
        ListQuery {
            unit: Some(unit),
            states,
            ..query
        },
    )
    .await
}

/// A page of open tasks that are the worker's own or of the pool, the most pressing first. One statement.
///
/// # Errors
/// The lack of the permission to inspect; a cursor of another list; the store's.
pub async fn tasks(
    ctx: &Ctx,
    size: PageSize,
    after: Option<&Cursor>,
) -> Result<Page<Case>, CaseError> {
    ctx.require(Permission::CaseInspect)?;
    let reach = Reach::of(ctx)?;
    let Principal::Staff(staff) = ctx.principal() else {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    };
    let after = match after {
        Some(cursor) => Some((key::<Timestamp>(cursor, 0)?, key::<CaseId>(cursor, 1)?)),
        None => None,
    };
    let filter = TaskFilter {
        districts: reach.districts,
        worker: AccountId(staff.account.0),
        not_unit: staff.unit,
        after,
    };
    let rows: Result<Vec<Case>, CaseError> = ctx
        .read(move |r| Ok(sql_lists::tasks(r, &filter, size.probe())?))
        .await;
    Ok(Page::from_probe(rows?, size, |case| {
        let due_at = case.task.as_ref().map_or(case.updated_at, |t| t.due_at);
        Cursor::new([due_at.to_string(), case.id.to_string()])
    }))
}

/// A case that is perhaps about the same thing, and why it is thought so.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    /// The case.
    pub case: Case,
    /// How far apart; none where one of them has no point, and both lie in the same unit grid.
    pub metres: Option<f64>,
    /// How long apart, in whole minutes.
    pub minutes: i64,
    /// What both say, the longest first.
    pub words: Vec<String>,
}

/// What is looked for: where, of which class, when, in which words.
#[derive(Debug, Clone)]
pub struct Likeness {
    /// Where, if a point is known.
    pub point: Option<Point>,
    /// The unit grid, where no point is known.
    pub grid: Option<GridCode>,
    /// The class.
    pub matter: MatterId,
    /// When.
    pub at: Timestamp,
    /// What was said; may be empty.
    pub text: String,
}

/// Cases that are perhaps about the same thing: same class, near in place and time, as the city has set; where one has no point,
/// in the same unit grid. A suspicion with its reasons; whether they are one, a person decides.
///
/// # Errors
/// The lack of the permission; the store's.
pub async fn similar(ctx: &Ctx, wanted: Likeness) -> Result<Vec<Suspect>, CaseError> {
    let reach = Reach::of(ctx)?;
    suspects(ctx, wanted, move |case| reach.holds(case)).await
}

async fn suspects(
    ctx: &Ctx,
    wanted: Likeness,
    may_see: impl Fn(&Case) -> bool,
) -> Result<Vec<Suspect>, CaseError> {
    let cases = ctx.service::<Cases>();
    let (city, config) = (cases.city(), cases.config());
    let rules = cases.rules();
    let radius_m = rules.duplicate_radius_m;
    let Likeness {
        point,
        grid,
        matter,
        at,
        text,
    } = wanted;
    let grid = point.map_or(grid, |p| city.locate(p));
    let district = grid.map_or(config.default_district, |g| g.district());
    let span = SignedDuration::from_hours(i64::from(rules.duplicate_hours));
    let within = point.map(|point| {
        let plane = LocalPlane::at(point);
        let corner = |east: f64, north: f64| plane.point(east, north).unwrap_or(point);
        let (low, high) = (corner(-radius_m, -radius_m), corner(radius_m, radius_m));
        [low.lon(), low.lat(), high.lon(), high.lat()]
    });
    let in_grid = grid.filter(|_| rules.duplicate_same_grid);
    if within.is_none() && in_grid.is_none() {
        return Ok(Vec::new());
    }
    let near = Near {
        district,
        matter,
        from: at.checked_sub(span).unwrap_or(Timestamp::MIN),
        to: at.checked_add(span).unwrap_or(Timestamp::MAX),
        within,
        grid: in_grid,
    };
    // The box holds a little more than the circle.
    let probe = 2 * i64::from(rules.duplicate_most);
    let found: Result<Vec<Case>, CaseError> = ctx
        .read(move |r| Ok(sql_lists::near(r, &near, probe)?))
        .await;
    let mut suspects: Vec<Suspect> = found?
        .into_iter()
        .filter(may_see)
        .filter_map(|case| {
            let metres = crate::advice::distance(case.place.point, point);
            let is_near = match metres {
                Some(metres) => metres <= radius_m,
                None => in_grid.is_some() && case.place.grid == in_grid,
            };
            is_near.then(|| Suspect {
                metres,
                minutes: case.reported_at.duration_since(at).as_secs().abs() / 60,
                words: shared_words(&case.description, &text),
                case,
            })
        })
        .collect();
    suspects.sort_by(|a, b| {
        let far = |s: &Suspect| s.metres.unwrap_or(f64::INFINITY);
        far(a).total_cmp(&far(b)).then(b.case.id.cmp(&a.case.id))
    });
    suspects.truncate(rules.duplicate_most as usize);
    Ok(suspects)
}
