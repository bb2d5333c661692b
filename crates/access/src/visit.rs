//! One request's visitor: who it is, by which credential, in which language; and the [`ui::Ui`] made of it.

use crate::again;
use crate::cookies;
use crate::ctx::Ctx;
use crate::fault::Fault;
use crate::front::Arrival;
use crate::guard::Guard;
use crate::permission::{Permission, Role};
use crate::principal::{OnBehalf, Principal, Staff};
use crate::secret;
use crate::sql::{self, FoundAccount};
use crate::state::AppState;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::Method;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use kernel::id::Id;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use store::StoreError;
use ui::{Flash, Look, Ui};

/// By what a visitor is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// By nothing.
    Nobody,
    /// By the cookie of a session.
    Session,
    /// By an API token.
    Token,
    /// By the token of a screen on a wall, which shows a few pages and does nothing.
    Wall,
}

/// Who asks, and how. Handlers may take it as an argument; most need only [`Ctx`] and [`Ui`].
#[derive(Clone)]
pub struct Visit {
    inner: Arc<Inner>,
}

struct Inner {
    principal: Principal,
    via: Via,
    /// What form tokens are made of: the session's secret, or the visitor cookie's.
    csrf: [u8; 32],
    /// The visitor cookie is new and has to be sent.
    is_new_visitor: bool,
    session: Option<SessionSeen>,
    must_change: bool,
    look: Look,
    path: String,
    flash: Option<Flash>,
    address: Option<IpAddr>,
    arrival: Arrival,
}

/// The session a visitor came with.
#[derive(Clone, Copy)]
pub(crate) struct SessionSeen {
    /// SHA-256 of its token, the key of its row.
    pub hash: [u8; 32],
    /// When its row last said it was seen.
    pub seen_at: Timestamp,
}

impl Visit {
    /// Who asks.
    pub fn principal(&self) -> &Principal {
        &self.inner.principal
    }
    /// By what it is known.
    pub fn via(&self) -> Via {
        self.inner.via
    }
    /// The network address, as far as it is known.
    pub fn address(&self) -> Option<IpAddr> {
        self.inner.address
    }
    /// The reference number of the request.
    pub fn reference(&self) -> Id {
        self.inner.arrival.reference
    }
    /// Language, theme, large type.
    pub fn look(&self) -> Look {
        self.inner.look
    }
    pub(crate) fn session(&self) -> Option<SessionSeen> {
        self.inner.session
    }
    pub(crate) fn must_change(&self) -> bool {
        self.inner.must_change
    }
    pub(crate) fn csrf_secret(&self) -> &[u8; 32] {
        &self.inner.csrf
    }
    pub(crate) fn is_new_visitor(&self) -> bool {
        self.inner.is_new_visitor
    }
    pub(crate) fn has_flash(&self) -> bool {
        self.inner.flash.is_some()
    }

    /// What a page holds as `ui`.
    pub fn ui(&self, state: &AppState) -> Ui {
        let visit = &*self.inner;
        let mut ui = state.ui(visit.look, visit.path.clone(), visit.arrival.now);
        ui.csrf = secret::mask(&visit.csrf, rand::random());
        ui.flash = visit.flash.clone();
        let (account, name, role) = match &visit.principal {
            Principal::Staff(staff) => {
                let name = match &staff.behalf {
                    Some(away) => {
                        let (name, away) = (staff.name.as_str(), away.name.as_str());
                        ui.t2("access-acting-for", "name", name, "away", away)
                    }
                    None => staff.name.clone(),
                };
                (staff.account, name, staff.roles.first().copied())
            }
            Principal::Resident { account, name, .. } => {
                (*account, name.clone(), Some(Role::Resident))
            }
            Principal::Stranger | Principal::System(_) => return ui,
        };
        let role = role.map(|role| ui.t(role_key(role))).unwrap_or_default();
        let is_resident = matches!(visit.principal, Principal::Resident { .. });
        ui.account = Some(ui::Account {
            id: account.to_string(),
            name,
            role,
            is_resident,
        });
        if visit.via == Via::Wall {
            // Nobody stands before it who could follow a link.
            ui.account = None;
            return ui;
        }
        ui.menu = state
            .menu()
            .iter()
            .filter(|entry| visit.principal.may(entry.permission))
            .filter(|entry| {
                !(entry.is_for_staff && matches!(visit.principal, Principal::Resident { .. }))
            })
            .map(|entry| ui::MenuItem::new(ui.t(entry.key), entry.href).in_part(entry.part()))
            .collect();
        ui
    }
}

// words: access-role-* access-menu-*
/// The key of a role's word.
#[must_use]
pub fn role_key(role: Role) -> &'static str {
    match role {
        Role::Resident => "access-role-resident",
        Role::Collector => "access-role-collector",
        Role::Acceptor => "access-role-acceptor",
        Role::ShiftLeader => "access-role-shift-leader",
        Role::Dispatcher => "access-role-dispatcher",
        Role::DepartmentLead => "access-role-department-lead",
        Role::Handler => "access-role-handler",
        Role::Checker => "access-role-checker",
        Role::Leader => "access-role-leader",
        Role::Analyst => "access-role-analyst",
        Role::Auditor => "access-role-auditor",
        Role::SystemAdmin => "access-role-system-admin",
        Role::SecurityAdmin => "access-role-security-admin",
    }
}

/// The principal of an account's row. An account that is nothing but a resident acts as one.
pub(crate) fn principal_of(found: FoundAccount, token_scope: Option<Vec<Permission>>) -> Principal {
    let FoundAccount {
        id,
        name,
        roles,
        unit,
        districts,
        left,
        ..
    } = found;
    if roles.0 == [Role::Resident] {
        return Principal::Resident {
            account: id,
            name,
            token_scope,
        };
    }
    Principal::Staff(Staff {
        account: id,
        name,
        roles: roles.0,
        unit,
        districts: districts.0,
        token_scope,
        behalf: None,
        left: left.0,
    })
}

/// The same, acting in the place of a colleague on leave: that one's roles, unit and districts, under the own name.
pub(crate) fn standing_in(own: FoundAccount, away: FoundAccount) -> Principal {
    Principal::Staff(Staff {
        account: own.id,
        name: own.name,
        roles: away.roles.0,
        unit: away.unit,
        districts: away.districts.0,
        token_scope: None,
        behalf: Some(OnBehalf {
            account: away.id,
            name: away.name,
            own_unit: own.unit,
        }),
        left: [own.left.0, away.left.0].concat(),
    })
}

/// Finds out who asks.
///
/// # Errors
/// 401 for an API token that is not valid (a wrong credential is never silently a stranger), or a store error.
pub(crate) async fn resolve(
    state: &AppState,
    parts: &Parts,
    guard: &Guard,
) -> Result<Visit, Fault> {
    let arrival = Arrival::of(&parts.extensions, state);
    let headers = &parts.headers;
    let is_https = state.settings().is_https();
    let mut visit = Inner {
        principal: Principal::Stranger,
        via: Via::Nobody,
        csrf: [0; 32],
        is_new_visitor: false,
        session: None,
        must_change: false,
        look: look_of(headers),
        path: match guard.found_again {
            Some(depth) => again::above(parts.uri.path(), depth),
            None => parts
                .uri
                .path_and_query()
                .map_or_else(|| "/".to_owned(), ToString::to_string),
        },
        flash: header_text(headers, header::COOKIE).and_then(Flash::from_cookie),
        address: address_of(state, parts),
        arrival,
    };
    if let Some(text) = header_text(headers, header::AUTHORIZATION) {
        let found = find_token(state, arrival, text).await?;
        visit.principal = found.ok_or_else(|| {
            Fault::new(
                StatusCode::UNAUTHORIZED,
                "access.bad_token",
                "the API token is not valid",
            )
        })?;
        visit.via = Via::Token;
        return Ok(Visit {
            inner: Arc::new(visit),
        });
    }
    let token = cookies::get(headers, cookies::SESSION, is_https).and_then(secret::token_hash);
    if let Some(hash) = token
        && let Some((account, session, away)) = find_session(state, arrival, hash).await?
    {
        visit.via = Via::Session;
        visit.csrf = session.csrf;
        visit.session = Some(SessionSeen {
            hash,
            seen_at: session.seen_at,
        });
        visit.must_change = account.must_change;
        visit.principal = match away {
            Some(away) => standing_in(account, away),
            None => principal_of(account, None),
        };
        return Ok(Visit {
            inner: Arc::new(visit),
        });
    }
    // A screen on a wall is nobody anywhere but at its pages, and there it only looks.
    if guard.route.is_for_a_wall
        && parts.method == Method::GET
        && let Some(token) = cookies::get(headers, cookies::WALL, is_https)
        && let Some(principal) = find_token(state, arrival, &format!("Bearer {token}")).await?
    {
        visit.via = Via::Wall;
        visit.principal = principal;
        return Ok(Visit {
            inner: Arc::new(visit),
        });
    }
    let known = cookies::get(headers, cookies::VISITOR, is_https)
        .and_then(|text| secret::read_visitor(text, state.cookie_key()));
    visit.is_new_visitor = known.is_none();
    visit.csrf = known.unwrap_or_else(rand::random);
    Ok(Visit {
        inner: Arc::new(visit),
    })
}

/// The permit under which the guard itself looks up who asks.
fn doorkeeper(state: &AppState, arrival: Arrival) -> Ctx {
    Ctx::grant(
        state.parts(),
        Principal::Stranger,
        Permission::Public,
        None,
        arrival,
    )
    .expect("everybody holds the public permission")
}

async fn find_session(
    state: &AppState,
    arrival: Arrival,
    hash: [u8; 32],
) -> Result<Option<(FoundAccount, sql::FoundSession, Option<FoundAccount>)>, StoreError> {
    let now = arrival.now;
    let idle_since = now - state.settings().session_idle;
    doorkeeper(state, arrival)
        .read(move |r| sql::session(r, &hash, now, idle_since))
        .await
}

/// Whose session a browser still shows that is over, and its secret; none where it is forgotten.
pub(crate) async fn ended_session(
    state: &AppState,
    parts: &Parts,
    hash: [u8; 32],
) -> Option<(crate::AccountId, [u8; 32])> {
    let arrival = Arrival::of(&parts.extensions, state);
    let found: Result<_, StoreError> = doorkeeper(state, arrival)
        .read(move |r| sql::ended_session(r, &hash))
        .await;
    found.ok().flatten()
}

async fn find_token(
    state: &AppState,
    arrival: Arrival,
    header: &str,
) -> Result<Option<Principal>, StoreError> {
    let Some(hash) = header
        .strip_prefix("Bearer ")
        .and_then(|text| secret::token_hash(text.trim()))
    else {
        return Ok(None);
    };
    let now = arrival.now;
    let found = doorkeeper(state, arrival)
        .read(move |r| sql::token(r, &hash, now))
        .await?;
    Ok(found.map(|(account, scopes)| principal_of(account, Some(scopes.0))))
}

pub(crate) fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

pub(crate) fn look_of(headers: &HeaderMap) -> Look {
    Look::read(
        header_text(headers, header::COOKIE),
        header_text(headers, header::ACCEPT_LANGUAGE),
    )
}

/// The address of the visitor: the connection's, or what a trusted proxy in front says last.
fn address_of(state: &AppState, parts: &Parts) -> Option<IpAddr> {
    if state.settings().is_behind_proxy {
        let line = parts
            .headers
            .get_all("x-forwarded-for")
            .iter()
            .next_back()?
            .to_str()
            .ok()?;
        return line.rsplit(',').next()?.trim().parse().ok();
    }
    parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip())
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Fault> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| unguarded("Visit"))
    }
}

impl FromRequestParts<AppState> for Ctx {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Fault> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| unguarded("Ctx"))
    }
}

impl FromRequestParts<AppState> for Ui {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Fault> {
        let visit = parts
            .extensions
            .get::<Visit>()
            .ok_or_else(|| unguarded("Ui"))?;
        let mut ui = visit.ui(state);
        // Only people see a top bar; the count is kept for some seconds (see `Unread`).
        if visit.via() == Via::Session
            && let Some(account) = account_of(visit.principal())
            && let Some(count) = state.parts().services.find::<crate::UnreadCount>()
        {
            ui.unread = count.0.of(account).await;
        }
        Ok(ui)
    }
}

fn account_of(principal: &Principal) -> Option<crate::AccountId> {
    match principal {
        Principal::Staff(staff) => Some(staff.account),
        Principal::Resident { account, .. } => Some(*account),
        Principal::Stranger | Principal::System(_) => None,
    }
}

fn unguarded(what: &str) -> Fault {
    Fault::internal(format!(
        "a handler asked for {what} on a route that no guard stands before"
    ))
}
