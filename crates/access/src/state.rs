//! What the running program is made of, as far as every request needs it.

use crate::ctx::{Parts, Services};
use crate::gates::Gates;
use crate::routes::MenuEntry;
use axum::http::HeaderValue;
use jiff::SignedDuration;
use kernel::Clock;
use std::sync::Arc;
use std::time::Duration;
use store::Db;

/// What an operator may set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How the site is reached from outside, such as `https://city.example`; no slash at the end.
    pub public_url: String,
    /// A session without a request for this long has ended.
    pub session_idle: SignedDuration,
    /// A session ends after this long whatever happens.
    pub session_absolute: SignedDuration,
    /// So many wrong passwords in a row lock an account.
    pub tries: u32,
    /// For so long.
    pub locked_for: SignedDuration,
    /// Whether a proxy of ours stands in front and says in `X-Forwarded-For` who asks.
    pub is_behind_proxy: bool,
    /// Bounds on what is taken in and done at once.
    pub limits: Limits,
}

/// Bounds on what is taken in and done at once.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests being answered at the same time; one more is told to come back (429).
    pub in_flight: usize,
    /// Bytes of a request's body, unless the route says otherwise.
    pub body: usize,
    /// How long a request may take.
    pub request: Duration,
    /// Passwords being hashed at the same time (each takes 19 MiB and a core).
    pub hashes: usize,
    /// Passwords waiting to be hashed; one more is told to come back.
    pub hashes_waiting: usize,
    /// Public reports from one network in an hour.
    pub reports_per_hour: u32,
    /// How many of them at once.
    pub report_burst: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 256,
            body: 1 << 20,
            request: Duration::from_secs(30),
            hashes: 2,
            hashes_waiting: 32,
            reports_per_hour: 60,
            report_burst: 20,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8311".into(),
            session_idle: SignedDuration::from_mins(30),
            session_absolute: SignedDuration::from_hours(12),
            tries: 5,
            locked_for: SignedDuration::from_mins(15),
            is_behind_proxy: false,
            limits: Limits::default(),
        }
    }
}

impl Settings {
    /// Whether cookies travel over https only.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// What the program hands over to make an [`AppState`].
pub struct AppParts {
    /// The open database.
    pub db: Db,
    /// The clock of the process.
    pub clock: Arc<dyn Clock>,
    /// The parts of the capabilities.
    pub services: Services,
    /// Words, city name, time zone, notices.
    pub site: Arc<ui::Site>,
    /// What the operator set.
    pub settings: Settings,
    /// The key under which cookies of visitors without a session are signed; see [`crate::ops::cookie_key`].
    pub cookie_key: [u8; 32],
    /// The links of the top bar, from [`crate::menu_of`].
    pub menu: Vec<MenuEntry>,
}

/// The state of every handler. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    site: Arc<ui::Site>,
    settings: Settings,
    cookie_key: [u8; 32],
    menu: Vec<MenuEntry>,
    gates: Gates,
    content_policy: HeaderValue,
}

/// Scripts, styles, fonts and data come from this program alone; pictures may also be made in the page. A base map that
/// the deployment names is the one exception, for its pictures only.
fn content_policy(base: Option<&ui::BaseMap>) -> HeaderValue {
    let host = base.map_or(String::new(), |base| format!(" {}", base.origin));
    let policy = format!(
        "default-src 'self'; img-src 'self' data: blob:{host}; connect-src 'self'{host}; object-src 'none'; \
         frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    );
    HeaderValue::from_str(&policy).expect("a base map's origin is a plain host name")
}

impl AppState {
    /// Puts the parts together.
    pub fn new(parts: AppParts) -> Self {
        let AppParts {
            db,
            clock,
            services,
            site,
            settings,
            cookie_key,
            menu,
        } = parts;
        let gates = Gates::new(&settings.limits);
        let content_policy = content_policy(site.base_map.as_ref());
        let parts = Parts {
            db,
            clock,
            services,
        };
        Self {
            inner: Arc::new(Inner {
                parts,
                site,
                settings,
                cookie_key,
                menu,
                gates,
                content_policy,
            }),
        }
    }
    /// Words, city name, time zone, notices.
    pub fn site(&self) -> &Arc<ui::Site> {
        &self.inner.site
    }
    /// A page as far as it does not depend on who reads it.
    pub(crate) fn ui(
        &self,
        look: ui::Look,
        path: impl Into<String>,
        now: jiff::Timestamp,
    ) -> ui::Ui {
        let faces = self.parts().services.find::<crate::face::Faces>();
        let face = faces.map(|faces| faces.current()).unwrap_or_default();
        ui::Ui::new(self.site().clone(), look, path, now).with_face(face)
    }
    /// What the operator set.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }
    /// The clock of the process.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.parts.clock
    }
    /// The links of the top bar.
    pub fn menu(&self) -> &[MenuEntry] {
        &self.inner.menu
    }
    pub(crate) fn parts(&self) -> &Parts {
        &self.inner.parts
    }
    pub(crate) fn cookie_key(&self) -> &[u8; 32] {
        &self.inner.cookie_key
    }
    pub(crate) fn content_policy(&self) -> &HeaderValue {
        &self.inner.content_policy
    }
    pub(crate) fn gates(&self) -> &Gates {
        &self.inner.gates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_named_base_map_widens_the_content_policy_and_only_for_pictures() {
        let text = |base: Option<&ui::BaseMap>| content_policy(base).to_str().unwrap().to_owned();
        assert!(!text(None).contains("http"));
        let base = ui::BaseMap::new("https://tiles.example/{z}/{x}/{y}.png", "x").unwrap();
        let policy = text(Some(&base));
        for part in policy.split("; ") {
            let has_host = part.ends_with(" https://tiles.example");
            let may_have = part.starts_with("img-src") || part.starts_with("connect-src");
            assert_eq!(has_host, may_have, "{part}");
        }
    }
}
