//! The only way to mount a handler: `Routes::new("cases").on(Method::GET, "/cases/{number}", Permission::CaseRead, show)`.
//!
//! Each entry goes into a table ([`RouteInfo`]) that tests, docs and OpenAPI read, and gets the guard in front that
//! resolves who asks, checks the permission and the form token, and puts a [`crate::Ctx`] into the request.
//! Each capability hands one [`Capability`] to the program.

use crate::again::Pages;
use crate::fault::Fault;
use crate::guard::{Guard, guard};
use crate::openapi::Operation;
use crate::permission::Permission;
use crate::state::AppState;
use axum::Router;
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter};
use std::sync::Arc;
use store::Migration;
use tower_http::catch_panic::CatchPanicLayer;

/// How a route speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteKind {
    /// Pages and forms for people. Strangers are sent to the sign-in page.
    Page,
    /// JSON for programs. Faults are problem documents.
    Api,
    /// Files of the program itself, health, metrics: no session is looked up, no [`crate::Ctx`] made.
    Bare,
}

/// One line of the route table.
#[derive(Debug, Clone)]
pub struct RouteInfo {
    /// Which capability brought it.
    pub capability: &'static str,
    /// The method; GET answers HEAD as well.
    pub method: Method,
    /// The pattern, with `{name}` for what varies.
    pub path: &'static str,
    /// What the visitor must hold.
    pub permission: Permission,
    /// How it speaks.
    pub kind: RouteKind,
    /// The most bytes of a body; none = the deployment's own bound.
    pub body_limit: Option<usize>,
    /// Whether an `Idempotency-Key` is honoured (API posts).
    pub is_idempotent: bool,
    /// Whether a screen on a wall may ask for it.
    pub is_for_a_wall: bool,
    /// Whether its form is shown again with what was typed where it is not taken now ([`crate::NotNow`]).
    pub is_shown_again: bool,
}

/// The handlers of one capability with what each asks for.
pub struct Routes {
    capability: &'static str,
    mounted: Vec<Mounted>,
}

struct Mounted {
    info: RouteInfo,
    operation: Option<Operation>,
    service: MethodRouter<AppState>,
}

impl Routes {
    /// The (still empty) routes of a capability.
    pub fn new(capability: &'static str) -> Self {
        Self {
            capability,
            mounted: Vec::new(),
        }
    }
    /// Mounts a page or a form.
    ///
    /// # Panics
    /// At start-up, on a method other than GET, POST, PUT, PATCH or DELETE.
    #[must_use]
    pub fn on<H, T>(
        self,
        method: Method,
        path: &'static str,
        permission: Permission,
        handler: H,
    ) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        let service = MethodRouter::new().on(filter(&method), handler);
        self.mount(method, path, permission, RouteKind::Page, None, service)
    }
    /// Mounts an API call with its description. A POST honours `Idempotency-Key`.
    ///
    /// # Panics
    /// As [`Routes::on`].
    #[must_use]
    pub fn on_api<H, T>(
        self,
        method: Method,
        path: &'static str,
        permission: Permission,
        handler: H,
        operation: Operation,
    ) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        let service = MethodRouter::new().on(filter(&method), handler);
        self.mount(
            method,
            path,
            permission,
            RouteKind::Api,
            Some(operation),
            service,
        )
    }
    /// Mounts what is not worth a session look-up and open to everybody: assets, health.
    ///
    /// # Panics
    /// As [`Routes::on`].
    #[must_use]
    pub fn bare<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        let service = MethodRouter::new().on(MethodFilter::GET, handler);
        self.mount(
            Method::GET,
            path,
            Permission::Public,
            RouteKind::Bare,
            None,
            service,
        )
    }
    /// Lets the route mounted last take bodies up to `bytes` (uploads).
    #[must_use]
    pub fn takes(mut self, bytes: usize) -> Self {
        if let Some(last) = self.mounted.last_mut() {
            last.info.body_limit = Some(bytes);
        }
        self
    }
    /// The POST mounted last is done anew each time it is sent, and its answer is kept nowhere: a look at a person's data.
    #[must_use]
    pub fn each_time(mut self) -> Self {
        if let Some(last) = self.mounted.last_mut() {
            last.info.is_idempotent = false;
        }
        self
    }
    /// The form mounted last is shown again by its own handler, with what was typed, where its token is of no session any more
    /// or too many came from one network: the handler is told by [`crate::NotNow`], and its permit changes nothing.
    #[must_use]
    pub fn shown_again(mut self) -> Self {
        if let Some(last) = self.mounted.last_mut() {
            last.info.is_shown_again = true;
        }
        self
    }
    /// The page mounted last may be shown on a wall, or is a part of one that may: a screen that hangs for weeks and does
    /// nothing asks for it as whoever hung it.
    ///
    /// # Panics
    /// At start-up, on a route that is not asked for by GET.
    #[must_use]
    pub fn for_a_wall(mut self) -> Self {
        if let Some(last) = self.mounted.last_mut() {
            let method = &last.info.method;
            assert!(
                *method == Method::GET,
                "a wall only looks: {method} {} is nothing for it",
                last.info.path
            );
            last.info.is_for_a_wall = true;
        }
        self
    }
    fn mount(
        mut self,
        method: Method,
        path: &'static str,
        permission: Permission,
        kind: RouteKind,
        operation: Option<Operation>,
        service: MethodRouter<AppState>,
    ) -> Self {
        let is_idempotent = kind == RouteKind::Api && method == Method::POST;
        let info = RouteInfo {
            capability: self.capability,
            method,
            path,
            permission,
            kind,
            body_limit: None,
            is_idempotent,
            is_for_a_wall: false,
            is_shown_again: false,
        };
        self.mounted.push(Mounted {
            info,
            operation,
            service,
        });
        self
    }

    /// The table of these routes.
    pub fn table(&self) -> impl Iterator<Item = &RouteInfo> {
        self.mounted.iter().map(|m| &m.info)
    }
    pub(crate) fn operations(&self) -> impl Iterator<Item = (&RouteInfo, &Operation)> {
        self.mounted
            .iter()
            .filter_map(|m| Some((&m.info, m.operation.as_ref()?)))
    }
    /// Adds these routes, each behind its guard, to the program's router.
    pub(crate) fn mount_on(
        self,
        mut router: Router<AppState>,
        state: &AppState,
        pages: &Pages,
    ) -> Router<AppState> {
        for Mounted { info, service, .. } in self.mounted {
            let path = info.path;
            let guarded = Guard {
                state: state.clone(),
                found_again: (info.method != Method::GET).then(|| pages.depth(path)),
                route: Arc::new(info),
            };
            let service = service
                .layer(CatchPanicLayer::custom(panicked))
                .layer(from_fn_with_state(guarded, guard));
            router = router.route(path, service);
        }
        router
    }
}

fn filter(method: &Method) -> MethodFilter {
    const TAKEN: [Method; 5] = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    assert!(
        TAKEN.contains(method),
        "routes are mounted with GET, POST, PUT, PATCH or DELETE, not {method}"
    );
    MethodFilter::try_from(method.clone()).expect("the five methods above are all known to axum")
}

/// What a handler that panicked answers; the front door logs it.
pub(crate) fn panicked(cause: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let text = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Fault::internal(format!("a handler panicked: {text}")).into_response()
}

/// A link of the top bar, shown to whoever holds the permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MenuEntry {
    /// The key of its word.
    pub key: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// Who sees it.
    pub permission: Permission,
    /// Smaller comes first: below 50 the daily work, below 700 what the record tells, below 890 what is set up, above
    /// that the reader's own.
    pub place: u16,
    /// Whether it is nothing to a resident, who holds the permission all the same.
    pub is_for_staff: bool,
}

impl MenuEntry {
    /// The part of the menu its place lies in.
    #[must_use]
    pub const fn part(&self) -> ui::MenuPart {
        match self.place {
            0..50 => ui::MenuPart::Work,
            50..700 => ui::MenuPart::Insight,
            700..890 => ui::MenuPart::Manage,
            890.. => ui::MenuPart::Own,
        }
    }
}

/// What a capability brings to the program. `app` composes the program from a list of these, one line each.
pub struct Capability {
    /// Its name, the first part of its keys and codes.
    pub name: &'static str,
    /// Its handlers.
    pub routes: Routes,
    /// Its tables.
    pub migrations: &'static [Migration],
    /// Its words: the text of `zh-CN.ftl` and of `en.ftl`.
    pub locales: Option<(&'static str, &'static str)>,
    /// Its links in the top bar.
    pub menu: Vec<MenuEntry>,
    /// How refusals are written where its addresses speak a form of their own.
    pub refusals: Option<Refusals>,
}

/// How refusals are written below a path whose callers expect a form of their own, whichever part of the house refuses.
#[derive(Clone, Copy)]
pub struct Refusals {
    /// The path with which these addresses begin.
    pub below: &'static str,
    /// Writes one.
    pub write: fn(&Refusal<'_>) -> Response,
}

/// A refusal in words.
#[derive(Debug)]
pub struct Refusal<'a> {
    /// Its status.
    pub status: StatusCode,
    /// The path that was asked for, without its query.
    pub path: &'a str,
    /// The parameter at fault, where there is one.
    pub field: Option<&'a str>,
    /// The sentence, in the language asked for where the program has words for it.
    pub sentence: &'a str,
}

impl Capability {
    /// A capability with its routes, and nothing else yet.
    pub fn new(name: &'static str, routes: Routes) -> Self {
        Self {
            name,
            routes,
            migrations: &[],
            locales: None,
            menu: Vec::new(),
            refusals: None,
        }
    }
    /// With a form of its own for refusals, for every address that begins with `below`.
    #[must_use]
    pub fn refusals(mut self, below: &'static str, write: fn(&Refusal<'_>) -> Response) -> Self {
        self.refusals = Some(Refusals { below, write });
        self
    }
    /// With its tables.
    #[must_use]
    pub fn migrations(mut self, migrations: &'static [Migration]) -> Self {
        self.migrations = migrations;
        self
    }
    /// With its words: `include_str!` of `zh-CN.ftl` and `en.ftl`.
    #[must_use]
    pub fn locales(mut self, zh: &'static str, en: &'static str) -> Self {
        self.locales = Some((zh, en));
        self
    }
    /// With a link in the top bar: the key of its word, where it leads, who sees it, its place (smaller comes first).
    #[must_use]
    pub fn menu(
        mut self,
        key: &'static str,
        href: &'static str,
        permission: Permission,
        place: u16,
    ) -> Self {
        self.menu.push(MenuEntry {
            key,
            href,
            permission,
            place,
            is_for_staff: false,
        });
        self
    }
    /// The same for what only concerns staff, such as their leave: a resident does not see it.
    #[must_use]
    pub fn staff_menu(
        self,
        key: &'static str,
        href: &'static str,
        permission: Permission,
        place: u16,
    ) -> Self {
        let mut with = self.menu(key, href, permission, place);
        if let Some(entry) = with.menu.last_mut() {
            entry.is_for_staff = true;
        }
        with
    }
}

/// The words of all capabilities.
///
/// # Errors
/// The first fault in the language files.
pub fn words_of(capabilities: &[Capability]) -> Result<ui::I18n, ui::I18nError> {
    let mut builder = ui::I18n::builder();
    for capability in capabilities {
        if let Some((zh, en)) = capability.locales {
            builder = builder.add(capability.name, zh, en);
        }
    }
    builder.build()
}

/// The links of the top bar, in order.
pub fn menu_of(capabilities: &[Capability]) -> Vec<MenuEntry> {
    let mut menu: Vec<MenuEntry> = capabilities
        .iter()
        .flat_map(|c| c.menu.iter().copied())
        .collect();
    menu.sort_by_key(|entry| (entry.place, entry.href));
    menu
}

/// The tables of the store and of all capabilities.
pub fn migrations_of(capabilities: &[Capability]) -> Vec<Migration> {
    let own = store::MIGRATIONS.iter().copied();
    own.chain(
        capabilities
            .iter()
            .flat_map(|c| c.migrations.iter().copied()),
    )
    .collect()
}

/// The route table of all capabilities, ordered by path.
pub fn table_of(capabilities: &[Capability]) -> Vec<RouteInfo> {
    let mut table: Vec<RouteInfo> = capabilities
        .iter()
        .flat_map(|c| c.routes.table().cloned())
        .collect();
    table.sort_by(|a, b| (a.path, a.method.as_str()).cmp(&(b.path, b.method.as_str())));
    table
}
