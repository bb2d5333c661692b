//! What the use cases of notices stand on: the channels the operator configured, the keys of the vault, what is known of
//! unread counts.

use crate::channels::{Channel, Gateway, Mail, MailConfig};
use crate::outgoing::{Caller, Endpoint, Secret};
use crate::sql;
use access::{AccountId, Ctx, Unread};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::{Clock, DistrictCode};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use store::StoreError;
use ui::Lang;

/// A count is shown for so long before it is asked anew.
const COUNT_KEPT: SignedDuration = SignedDuration::from_secs(10);
/// More accounts than this are not kept in mind.
const MOST_COUNTS: usize = 10_000;

/// What a deployment sets about notices.
pub struct NoticesConfig {
    /// How the program is reached from outside, for links.
    pub public_url: String,
    /// The zone in which times are told.
    pub timezone: TimeZone,
    /// The district under which the addresses of staff lie in the vault.
    pub district: DistrictCode,
    /// The language of people who chose none.
    pub lang: Lang,
    /// The mail server, if there is one.
    pub mail: Option<MailConfig>,
    /// The gateway for text messages, if there is one.
    pub gateway: Option<(Endpoint, Secret)>,
    /// Who calls other systems, with the hosts that may be called.
    pub caller: Caller,
}

impl NoticesConfig {
    /// Notices in the program only.
    ///
    /// # Errors
    /// When there is no TLS.
    pub fn inside(
        public_url: &str,
        timezone: TimeZone,
        district: DistrictCode,
    ) -> Result<Self, String> {
        Ok(Self {
            public_url: public_url.to_owned(),
            timezone,
            district,
            lang: Lang::Zh,
            mail: None,
            gateway: None,
            caller: Caller::new(crate::outgoing::Policy::default(), None)?,
        })
    }
}

/// The service. One per process, among its `access::Services`.
pub struct Notices {
    channels: Vec<Box<dyn Channel>>,
    keys: Option<Arc<vault::Keys>>,
    caller: Caller,
    pub(crate) public_url: String,
    pub(crate) timezone: TimeZone,
    pub(crate) district: DistrictCode,
    pub(crate) lang: Lang,
    counts: Mutex<HashMap<AccountId, (u64, Timestamp)>>,
}

impl Notices {
    /// With the channels of the configuration. Without the keys of the vault nobody is reached outside the program.
    ///
    /// # Errors
    /// The key of the configuration at fault, and why.
    pub fn new(
        config: NoticesConfig,
        keys: Option<Arc<vault::Keys>>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, (&'static str, String)> {
        let mut channels: Vec<Box<dyn Channel>> = Vec::new();
        if let Some(mail) = &config.mail {
            channels.push(Box::new(Mail::new(mail, config.caller.policy().clone())?));
        }
        if let Some((endpoint, secret)) = config.gateway {
            if !config.caller.policy().names(endpoint.host()) {
                let host = endpoint.host();
                return Err((
                    "webhook_hosts",
                    format!("{host} of notice_gateway is not named"),
                ));
            }
            let caller = config.caller.clone();
            channels.push(Box::new(Gateway::new(
                caller,
                endpoint,
                secret,
                clock.clone(),
            )));
        }
        Ok(Self {
            channels,
            keys,
            caller: config.caller,
            public_url: config.public_url.trim_end_matches('/').to_owned(),
            timezone: config.timezone,
            district: config.district,
            lang: config.lang,
            counts: Mutex::default(),
        })
    }
    /// With one more channel.
    #[must_use]
    pub fn with_channel(mut self, channel: Box<dyn Channel>) -> Self {
        self.channels.push(channel);
        self
    }
    /// The channels by which notices leave the program.
    pub fn channels(&self) -> &[Box<dyn Channel>] {
        &self.channels
    }
    /// Who calls other systems.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
    /// The district of notices that are about no case.
    pub fn district(&self) -> DistrictCode {
        self.district
    }
    /// How the program is reached from outside, no slash at the end.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }
    /// The keys of the vault, if there are any.
    pub fn keys(&self) -> Option<&vault::Keys> {
        self.keys.as_deref()
    }
    /// Whether there is a channel of this name.
    pub fn has_channel(&self, name: &str) -> bool {
        self.channels.iter().any(|c| c.name() == name)
    }
    /// Forgets what is known of an account: it has just read something.
    pub(crate) fn forget_count(&self, account: AccountId) {
        self.counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&account);
    }
    fn known_count(&self, account: AccountId, now: Timestamp) -> Option<u64> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, at) = counts.get(&account)?;
        (now.duration_since(*at) < COUNT_KEPT && now >= *at).then_some(*count)
    }
    fn keep_count(&self, account: AccountId, count: u64, now: Timestamp) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MOST_COUNTS {
            counts.clear();
        }
        counts.insert(account, (count, now));
    }
}

/// Counts unread notices for the top bar.
pub struct Inbox {
    system: Ctx,
    notices: Arc<Notices>,
}

impl Inbox {
    /// As the service that `access` asks.
    pub fn counter(system: Ctx, notices: Arc<Notices>) -> Arc<access::UnreadCount> {
        Arc::new(access::UnreadCount(Box::new(Self { system, notices })))
    }
}

impl Unread for Inbox {
    fn of<'a>(
        &'a self,
        account: AccountId,
    ) -> Pin<Box<dyn Future<Output = Option<u64>> + Send + 'a>> {
        Box::pin(async move {
            let ctx = self.system.renewed();
            if let Some(count) = self.notices.known_count(account, ctx.now()) {
                return Some(count);
            }
            let counted = ctx
                .read::<_, StoreError, _>(move |r| sql::unread(r, account))
                .await;
            match counted {
                Ok(count) => {
                    self.notices.keep_count(account, count, ctx.now());
                    Some(count)
                }
                // The page is shown without the number; the store's own trouble is logged where it matters.
                Err(_) => None,
            }
        })
    }
}
