//! GET /desk — the queues of the desk with their clocks and the cases of one; GET /cases/{number}/beside — the case that is
//! being worked on, as it stands beside the list.

use super::bulk::{self, Banner, BulkButton};
use super::line::Line;
use super::sheet::{self, Frame, Sheet, reader_of};
use super::wanted::{self, Wanted};
use super::{Offers, own_back};
use crate::model::{Case, State};
use crate::ops::desk::moments;
use crate::ops::{self, CaseError, ListQuery};
use crate::period::{Closing, Moment, Span};
use crate::search::Find;
use crate::service::Cases;
use crate::sql_bulk::SavedFilter;
use crate::sql_desk::{Clock, Standing};
use crate::words::state_key;
use access::{Ctx, Fault, Path, Permission, Principal, Query, Role, show as show_page};
use askama::Template;
use axum::response::Response;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use kernel::{Page, PageSize};
use serde::Deserialize;
use ui::{Choice, FormState, Html, Pager, Queue, Ui};

/// The queues of the desk in the order of a case's way.
const QUEUES: [State; 13] = [
    State::PendingVerify,
    State::PendingAccept,
    State::PendingRegister,
    State::PendingDispatch,
    State::Coordinating,
    State::PendingSign,
    State::Handling,
    State::Suspended,
    State::Waiting,
    State::PendingCheck,
    State::PendingClose,
    State::SelfHandledAudit,
    State::Closed,
];
/// Cases on a page of a queue.
const PAGE: u64 = 30;

/// A case of the list, and how it is opened beside it.
pub(super) struct DeskLine {
    pub line: Line,
    /// It is the one beside the list.
    pub is_current: bool,
    /// Where the case is loaded from.
    pub beside: String,
    /// The address of the desk with the case.
    pub address: String,
    /// What is sent when it is picked: its number and the version shown.
    pub pick: String,
}

/// A list that the account kept under a name.
pub(super) struct Chip {
    pub name: String,
    pub href: String,
    /// How many it lists, where that is known anyway.
    pub count: Option<u64>,
    pub is_current: bool,
}

/// How far the search has come with the cases of before; none when it has them all.
pub(super) struct Making {
    pub seen: i64,
    pub total: i64,
}

#[derive(Template)]
#[template(path = "cases_desk.html")]
pub(super) struct DeskPage {
    pub ui: Ui,
    pub queues: Vec<Queue>,
    /// The word of the queue shown.
    pub queue: String,
    pub lines: Vec<DeskLine>,
    pub pager: Pager,
    /// The case beside the list: its number, and where it is loaded from.
    pub beside: Option<(String, String)>,
    pub may_report: bool,
    /// Whether the reader may take calls in.
    pub may_take_in: bool,
    /// The list holds cases of several states.
    pub is_mixed: bool,
    /// The filter as it stands, with what is wrong with it.
    pub form: FormState,
    /// Something narrows the list, or was meant to.
    pub is_filtered: bool,
    /// The place it is narrowed to, in words, and the address of the list of all places; empty for none.
    pub place: String,
    pub all_places: String,
    /// The days it is narrowed to, in words, and the address of the list of all days; empty for none.
    pub days: String,
    pub all_days: String,
    /// What was closed is listed, the last closed first.
    pub is_of_closing: bool,
    /// The filter asks for more than words.
    pub is_open: bool,
    pub states: Vec<Choice>,
    pub districts: Vec<Choice>,
    pub lights: Vec<Choice>,
    /// The moments whose days may be chosen.
    pub moments: Vec<Choice>,
    pub making: Option<Making>,
    pub chips: Vec<Chip>,
    /// What is kept when the list gets a name.
    pub asked: String,
    /// The address of the list.
    pub back: String,
    /// Acts that may be asked for several cases of the list; empty where there are none.
    pub bulk: Vec<BulkButton>,
    /// The id of the next bulk act.
    pub bulk_id: String,
    /// The letters of acts on the open case, or on those picked, with what they do.
    pub keys: Vec<(&'static str, String)>,
    /// Bulk acts that wait, go on, or were not seen.
    pub banners: Vec<Html>,
}

impl DeskPage {
    /// Whether any case of the list has a clock.
    pub fn has_clock(&self) -> bool {
        self.lines.iter().any(|l| !l.line.mark.is_empty())
    }
    /// Whether any case of the list has a unit.
    pub fn has_unit(&self) -> bool {
        self.lines.iter().any(|l| !l.line.unit.is_empty())
    }
}

/// The queue where the work of a role lies.
fn first_queue(principal: &Principal) -> State {
    let Principal::Staff(staff) = principal else {
        return State::PendingAccept;
    };
    match staff.roles.first() {
        Some(Role::ShiftLeader) => State::PendingRegister,
        Some(Role::Dispatcher) => State::PendingDispatch,
        Some(Role::DepartmentLead | Role::Handler) => State::PendingSign,
        Some(Role::Collector | Role::Checker) => State::PendingCheck,
        Some(Role::Leader) => State::Coordinating,
        _ => State::PendingAccept,
    }
}

pub(super) async fn show(ctx: Ctx, ui: Ui, Query(parts): wanted::Asked) -> Result<Response, Fault> {
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let wanted = Wanted::read(&ui, &city, parts, first_queue(ctx.principal()))?;
    if let Some(number) = wanted.number()
        && let Some(found) = find(&ctx, number).await?
    {
        let there = access::Go::to(format!("/cases/{found}"));
        return Ok(axum::response::IntoResponse::into_response(there));
    }
    let at = moments(&cases, &city, ui.now);
    let standings = ops::desk::queues(&ctx).await?;
    let page = page_of(&ctx, &wanted).await?;
    let own = ops::bulk::own(&ctx).await?;
    let making = making(&ctx, &wanted).await?;
    let back = wanted.address(wanted.after.as_ref(), None);
    let fragment = |number: CaseNumber| {
        let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
        format!("/cases/{number}/beside?back={back}")
    };
    let lines: Vec<DeskLine> = page
        .items
        .iter()
        .map(|case| DeskLine {
            is_current: Some(case.number) == wanted.case,
            line: Line::of(&ui, &city, &at, case),
            beside: fragment(case.number),
            address: wanted.address(wanted.after.as_ref(), Some(case.number)),
            pick: format!("{}@{}", case.number, case.version),
        })
        .collect();
    let beside = wanted
        .case
        .map(|number| (number.to_string(), fragment(number)));
    let pager = Pager {
        previous: wanted.after.is_some().then(|| wanted.address(None, None)),
        next: page
            .next
            .as_ref()
            .map(|after| wanted.address(Some(after), None)),
        shown: lines.len() as u64,
        total: None,
    };
    let asked = wanted.query();
    let is_filtered = wanted.is_narrowed() || !wanted.faults.is_empty();
    let only_words = wanted.narrow.district.is_none()
        && wanted.narrow.period.is_none()
        && wanted.narrow.matter.is_none()
        && wanted.narrow.light.is_none();
    show_page(&DeskPage {
        queues: queues_of(&ctx, &ui, &standings, &wanted),
        queue: wanted.title(&ui),
        may_report: ctx.principal().may(Permission::CaseInspect),
        may_take_in: ctx.principal().may(Permission::CaseAccept),
        is_mixed: wanted.states.len() != 1,
        form: wanted.form(),
        is_filtered,
        place: wanted.place_name(&city, ui.lang),
        all_places: wanted.of_all_places(),
        days: wanted.period_words(&ui),
        all_days: wanted.of_all_days(),
        is_of_closing: wanted.closed_days().is_some(),
        is_open: is_filtered
            && !(only_words && wanted.faults.iter().all(|(field, _)| *field == "find")),
        states: states(&ui),
        districts: wanted::districts(&ctx, &city, ui.lang),
        lights: wanted::lights(&ui),
        moments: wanted::moments(&ui),
        making,
        chips: chips(&own.filters, &standings, &asked),
        bulk: bulk::buttons(&ui, &ctx, &page.items),
        bulk_id: Id::new(ui.now, rand::random()).to_string(),
        banners: own
            .bulks
            .iter()
            .map(|b| Banner::of(&ui, b, &back).html())
            .collect(),
        keys: super::forms::keys(&ui),
        asked,
        back,
        lines,
        pager,
        beside,
        ui,
    })
}

/// The cases listed. What waits for somebody stands in the order of its clocks, everything else the newest first.
async fn page_of(ctx: &Ctx, wanted: &Wanted) -> Result<Page<Case>, CaseError> {
    let size = PageSize::new(PAGE).unwrap_or_default();
    let after = wanted.after.as_ref();
    let narrow = wanted.narrow.clone();
    if wanted.is_asked {
        return ops::desk::asked(ctx, narrow, size, after).await;
    }
    if wanted.is_queue() {
        return ops::desk::narrowed(ctx, wanted.states.clone(), narrow, size, after).await;
    }
    let tz = ctx.service::<Cases>().city().timezone.clone();
    let reported = narrow.period.filter(|p| p.of == Moment::Reported);
    let reported = reported.map_or_else(Span::default, |period| period.span(&tz));
    let closing = wanted.closed_days().map(|period| Closing {
        span: period.span(&tz),
        in_time: narrow.light.map(|light| light == Clock::InTime),
    });
    let reworked = narrow.period.filter(|p| p.of == Moment::Reworked);
    let query = ListQuery {
        reworked: reworked.map(|period| period.span(&tz)),
        from: reported.from,
        to: reported.to,
        closing,
        states: wanted.states.clone(),
        district: narrow.district,
        matter: narrow.matter,
        find: narrow.find,
        size,
        after: wanted.after.clone(),
        ..ListQuery::default()
    };
    ops::list(ctx, query).await
}

/// Whether words are looked for while the search does not have all cases yet.
async fn making(ctx: &Ctx, wanted: &Wanted) -> Result<Option<Making>, CaseError> {
    if !matches!(wanted.narrow.find, Some(Find::Words { .. })) {
        return Ok(None);
    }
    let known = ops::search::known(ctx).await?;
    Ok((!known.is_finished).then_some(Making {
        seen: known.seen,
        total: known.total,
    }))
}

fn queues_of(ctx: &Ctx, ui: &Ui, standings: &[Standing], wanted: &Wanted) -> Vec<Queue> {
    let mut queues: Vec<Queue> = QUEUES
        .iter()
        .filter(|s| match s {
            _ if wanted.states.contains(s) => true,
            State::Closed => ctx.principal().may(Permission::CaseCallBack),
            // Clocks that stand still are rare: where none does, there is no queue of them.
            State::Suspended | State::Waiting => standings.iter().any(|q| q.state == **s),
            _ => true,
        })
        .map(|s| queue_of(ui, standings, *s, wanted.states == [*s]))
        .collect();
    // Requests about the clock have a queue of their own for those who decide on them, and for those who see that one waits.
    let asked: i64 = standings.iter().map(|s| s.asked).sum();
    if wanted.is_asked || asked > 0 || ctx.principal().may(Permission::CaseGrant) {
        queues.push(Queue {
            label: ui.t("cases-desk-asked"),
            href: format!("/desk?state={}", wanted::ASKED),
            count: Some(u64::try_from(asked).unwrap_or_default()),
            late: 0,
            soon: 0,
            current: wanted.is_asked,
        });
    }
    queues
}

/// The queues that may be chosen in the filter.
fn states(ui: &Ui) -> Vec<Choice> {
    let open = [Choice::new("open", ui.t("cases-desk-open"))];
    let each = QUEUES
        .iter()
        .map(|s| Choice::new(s.as_str(), ui.t(state_key(*s))));
    open.into_iter().chain(each).collect()
}

/// The kept lists of an account. How many a list holds is told where it is a queue, with or without a light: that is
/// counted anyway.
fn chips(filters: &[SavedFilter], standings: &[Standing], asked: &str) -> Vec<Chip> {
    filters
        .iter()
        .map(|filter| Chip {
            name: filter.name.clone(),
            href: format!("/desk?{}", filter.asked),
            count: counted(&filter.asked, standings),
            is_current: filter.asked == asked,
        })
        .collect()
}

fn counted(asked: &str, standings: &[Standing]) -> Option<u64> {
    let mut parts = asked.split('&');
    let state: State = parts.next()?.strip_prefix("state=")?.parse().ok()?;
    let light = parts.next().map(|part| part.strip_prefix("light="));
    if state.is_final() || parts.next().is_some() {
        return None;
    }
    let standing = standings.iter().find(|s| s.state == state);
    let count = |of: fn(&Standing) -> i64| standing.map_or(0, of);
    let count = match light {
        None => count(|s| s.total),
        Some(Some("late")) => count(|s| s.late),
        Some(Some("soon")) => count(|s| s.soon),
        Some(Some("in_time")) => count(|s| s.total - s.late - s.soon),
        Some(_) => return None,
    };
    u64::try_from(count).ok()
}

async fn find(ctx: &Ctx, number: CaseNumber) -> Result<Option<CaseNumber>, Fault> {
    match ops::find(ctx, number).await {
        Ok(case) => Ok(Some(case.number)),
        Err(CaseError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A queue with its counts. What is over is not counted: there is more of it every day, and it waits for nobody.
fn queue_of(ui: &Ui, standings: &[Standing], state: State, current: bool) -> Queue {
    let standing = standings.iter().find(|s| s.state == state);
    let count =
        |of: fn(&Standing) -> i64| standing.map_or(0, |s| u64::try_from(of(s)).unwrap_or_default());
    Queue {
        label: ui.t(state_key(state)),
        href: format!("/desk?state={state}"),
        count: (!state.is_final()).then(|| count(|s| s.total)),
        late: count(|s| s.late),
        soon: count(|s| s.soon),
        current,
    }
}

#[derive(Deserialize)]
pub(super) struct Back {
    back: Option<String>,
}

/// The case beside the list of the desk: a part of a page, loaded by script. Without script the list leads to its page.
#[derive(Template)]
#[template(path = "cases_beside.html")]
pub(super) struct BesidePart {
    pub ui: Ui,
    pub c: Sheet,
    pub offers: Offers,
}

pub(super) async fn beside(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
    Query(Back { back }): Query<Back>,
) -> Result<Response, Fault> {
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let loaded = sheet::load(&ctx, &cases, &city, number).await?;
    let back = own_back(back.as_deref().unwrap_or_default(), number);
    let frame = Frame {
        ui: &ui,
        city: &city,
        at: moments(&cases, &city, ui.now),
        reader: reader_of(ctx.principal()),
        may_look: ctx.principal().may(Permission::PersonalRead),
        tiles: ctx.service_if_any::<grid::Tiles>(),
        may_go_on: super::may_go_on(ctx.principal()),
        back: &back,
        sent: None,
    };
    let c = frame.sheet(&loaded);
    show_page(&BesidePart {
        offers: Offers::for_forms(&ui, &city, &c.main, &c.more),
        c,
        ui,
    })
}
