//! GET /desk — the queues of the desk, the cases of one, and beside it the case that is being worked on.

use super::Offers;
use super::line::Line;
use super::sheet::{self, Frame, Sheet, reader_of};
use crate::model::{Case, State};
use crate::ops::{self, CaseError, ListQuery, counts_by_state, states_of};
use crate::service::Cases;
use crate::words::state_key;
use access::{Ctx, Fault, Permission, Principal, Query, Role, show as show_page};
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
/// Cases on a page of a queue.
const PAGE: u64 = 30;

#[derive(Deserialize)]
pub(super) struct Wanted {
    state: Option<String>,
    case: Option<String>,
    find: Option<String>,
    after: Option<Cursor>,
}

#[derive(Template)]
#[template(path = "cases_desk.html")]
pub(super) struct DeskPage {
    pub ui: Ui,
    pub queues: Vec<Queue>,
    /// The word of the queue shown.
    pub queue: String,
    pub lines: Vec<Line>,
    pub pager: Pager,
    /// The case beside the list.
    pub beside: Option<Sheet>,
    pub offers: Offers,
    /// A number that was looked for and not found; empty if none was.
    pub not_found: String,
    pub may_report: bool,
}

impl DeskPage {
    /// Whether any case of the list has a clock.
    pub fn has_clock(&self) -> bool {
        self.lines.iter().any(|line| !line.mark.is_empty())
    }
    /// Whether any case of the list has a unit.
    pub fn has_unit(&self) -> bool {
        self.lines.iter().any(|line| !line.unit.is_empty())
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
    let state = match wanted.state.as_deref() {
        Some(word) => states_of(word)?,
        None => vec![first_queue(ctx.principal())],
    };
    let word = wanted.state.clone().unwrap_or_else(|| state[0].to_string());
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let counts = counts_by_state(
        &ctx,
        ListQuery {
            states: QUEUES.to_vec(),
            ..ListQuery::default()
        },
    )
    .await?;
    let size = PageSize::new(PAGE).unwrap_or_default();
    let page = ops::list(
        &ctx,
        ListQuery {
            states: state.clone(),
            size,
            after: wanted.after.clone(),
            ..ListQuery::default()
        },
    )
    .await?;
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
    let lines: Vec<Line> = page
        .items
        .iter()
        .map(|case| Line {
            current: Some(case.number) == selected,
            ..Line::new(
                &ui,
                &city,
                case,
                format!("{}#case", address(Some(case), wanted.after.as_ref())),
            )
        })
        .collect();
    let back = address(None, wanted.after.as_ref());
    let beside = match selected {
        Some(number) => sheet_of(&ctx, &ui, &cases, number, &back).await?,
        None => None,
    };
    let queues = QUEUES
        .iter()
        .filter(|s| {
            **s != State::Closed
                || ctx.principal().may(Permission::CaseCallBack)
                || state.contains(s)
        })
        .map(|s| Queue {
            label: ui.t(state_key(*s)),
            href: format!("/desk?state={s}"),
            count: counts
                .iter()
                .find(|(state, _)| state == s)
                .map_or(0, |(_, n)| u64::try_from(*n).unwrap_or(0)),
            late: 0,
            soon: 0,
            current: state == [*s],
        })
        .collect();
    let pager = Pager {
        previous: wanted
            .after
            .is_some()
            .then(|| format!("/desk?state={word}")),
        next: page.next.as_ref().map(|after| address(None, Some(after))),
        shown: lines.len() as u64,
        total: None,
    };
    let offers = beside
        .as_ref()
        .map(|c| Offers::for_forms(&ui, &city, &c.main, &c.more))
        .unwrap_or_default();
    let queue = if let [one] = &state[..] {
        ui.t(state_key(*one))
    } else {
        ui.t("cases-desk-several")
    };
    let may_report = ctx.principal().may(Permission::CaseInspect);
    show_page(&DeskPage {
        ui,
        queues,
        queue,
        lines,
        pager,
        beside,
        offers,
        not_found,
        may_report,
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

/// The case beside the list; none where it is not there for this reader.
async fn sheet_of(
    ctx: &Ctx,
    ui: &Ui,
    cases: &Cases,
    number: CaseNumber,
    back: &str,
) -> Result<Option<Sheet>, Fault> {
    let city = cases.city();
    let loaded = match sheet::load(ctx, cases, &city, number).await {
        Ok(loaded) => loaded,
        Err(CaseError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let frame = Frame {
        ui,
        city: &city,
        reader: reader_of(ctx.principal()),
        may_look: ctx.principal().may(Permission::PersonalRead),
        back,
        sent: None,
    };
    Ok(Some(frame.sheet(&loaded)))
}
