//! GET /desk — the queues of the desk with their clocks and the cases of one; GET /cases/{number}/beside — the case that is
//! being worked on, as it stands beside the list.

use super::line::Line;
use super::sheet::{self, Frame, Sheet, reader_of};
use super::{Offers, own_back};
use crate::model::{Case, State};
use crate::ops::desk::moments;
use crate::ops::{self, CaseError, ListQuery, states_of};
use crate::service::Cases;
use crate::sql_desk::Standing;
use crate::words::state_key;
use access::{Ctx, Fault, Path, Permission, Principal, Query, Role, show as show_page};
use askama::Template;
use axum::response::Response;
use kernel::codes::CaseNumber;
use kernel::{Cursor, PageSize};
use serde::Deserialize;
use ui::{Pager, Queue, Ui};

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
/// The queue of requests about the clock, in the address.
const ASKED: &str = "asked";
/// Cases on a page of a queue.
const PAGE: u64 = 30;

#[derive(Deserialize)]
pub(super) struct Wanted {
    state: Option<String>,
    case: Option<String>,
    find: Option<String>,
    after: Option<Cursor>,
}

/// A case of the list, and how it is opened beside it.
pub(super) struct DeskLine {
    pub line: Line,
    /// It is the one beside the list.
    pub is_current: bool,
    /// Where the case is loaded from.
    pub beside: String,
    /// The address of the desk with the case.
    pub address: String,
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
    /// A number that was looked for and not found; empty if none was.
    pub not_found: String,
    pub may_report: bool,
    /// Whether the reader may take calls in.
    pub may_take_in: bool,
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

pub(super) async fn show(
    ctx: Ctx,
    ui: Ui,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    let mut not_found = String::new();
    if let Some(text) = wanted
        .find
        .as_deref()
        .map(str::trim)
        .filter(|t| !t.is_empty())
    {
        match find(&ctx, text).await? {
            Some(number) => {
                return Ok(axum::response::IntoResponse::into_response(access::Go::to(
                    format!("/cases/{number}"),
                )));
            }
            None => text.clone_into(&mut not_found),
        }
    }
    let is_asked = wanted.state.as_deref() == Some(ASKED);
    let state = match wanted.state.as_deref() {
        Some(ASKED) => Vec::new(),
        Some(word) => states_of(word)?,
        None => vec![first_queue(ctx.principal())],
    };
    let first = state.first().map(ToString::to_string);
    let word = wanted.state.clone().or(first).unwrap_or_default();
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let at = moments(&cases, &city, ui.now);
    let standings = ops::desk::queues(&ctx).await?;
    let size = PageSize::new(PAGE).unwrap_or_default();
    // What waits for somebody stands in the order of its clocks, what is over the newest first.
    let page = if is_asked {
        ops::desk::asked(&ctx, size, wanted.after.as_ref()).await?
    } else if state.iter().all(|s| !s.is_final()) {
        ops::desk::queue(&ctx, state.clone(), size, wanted.after.as_ref()).await?
    } else {
        let query = ListQuery {
            states: state.clone(),
            size,
            after: wanted.after.clone(),
            ..ListQuery::default()
        };
        ops::list(&ctx, query).await?
    };
    let selected = wanted
        .case
        .as_deref()
        .and_then(|text| text.parse::<CaseNumber>().ok());
    let address = |case: Option<&Case>, after: Option<&Cursor>| {
        let mut address = format!("/desk?state={word}");
        if let Some(after) = after {
            address.push_str(&format!("&after={after}"));
        }
        if let Some(case) = case {
            address.push_str(&format!("&case={}", case.number));
        }
        address
    };
    let back = address(None, wanted.after.as_ref());
    let fragment = |number: CaseNumber| {
        let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
        format!("/cases/{number}/beside?back={back}")
    };
    let lines: Vec<DeskLine> = page
        .items
        .iter()
        .map(|case| DeskLine {
            is_current: Some(case.number) == selected,
            line: Line::of(&ui, &city, &at, case),
            beside: fragment(case.number),
            address: address(Some(case), wanted.after.as_ref()),
        })
        .collect();
    let beside = selected.map(|number| (number.to_string(), fragment(number)));
    let mut queues: Vec<Queue> = QUEUES
        .iter()
        .filter(|s| match s {
            _ if state.contains(s) => true,
            State::Closed => ctx.principal().may(Permission::CaseCallBack),
            // Clocks that stand still are rare: where none does, there is no queue of them.
            State::Suspended | State::Waiting => standings.iter().any(|q| q.state == **s),
            _ => true,
        })
        .map(|s| queue_of(&ui, &standings, *s, state == [*s]))
        .collect();
    // Requests about the clock have a queue of their own for those who decide on them, and for those who see that one waits.
    let asked: i64 = standings.iter().map(|s| s.asked).sum();
    if is_asked || asked > 0 || ctx.principal().may(Permission::CaseGrant) {
        queues.push(Queue {
            label: ui.t("cases-desk-asked"),
            href: format!("/desk?state={ASKED}"),
            count: Some(u64::try_from(asked).unwrap_or_default()),
            late: 0,
            soon: 0,
            current: is_asked,
        });
    }
    let pager = Pager {
        previous: wanted
            .after
            .is_some()
            .then(|| format!("/desk?state={word}")),
        next: page.next.as_ref().map(|after| address(None, Some(after))),
        shown: lines.len() as u64,
        total: None,
    };
    let queue = if is_asked {
        ui.t("cases-desk-asked")
    } else if let [one] = &state[..] {
        ui.t(state_key(*one))
    } else {
        ui.t("cases-desk-several")
    };
    let may_report = ctx.principal().may(Permission::CaseInspect);
    let may_take_in = ctx.principal().may(Permission::CaseAccept);
    show_page(&DeskPage {
        ui,
        queues,
        queue,
        lines,
        pager,
        beside,
        not_found,
        may_report,
        may_take_in,
    })
}

async fn find(ctx: &Ctx, text: &str) -> Result<Option<CaseNumber>, Fault> {
    let Ok(number) = text.parse::<CaseNumber>() else {
        return Ok(None);
    };
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
