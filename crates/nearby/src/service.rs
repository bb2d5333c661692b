//! What the use cases stand on besides the store: how often one network and one address may subscribe, and the words of
//! letters, which nobody's browser asks for.

use access::Buckets;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;
use ui::{Lang, Look, Site, Ui, Words};

/// Subscriptions of one network in an hour, and how many at once.
const OF_A_NETWORK: (u32, u32) = (10, 5);
/// First letters to one address in an hour, and how many at once: nobody's box is filled by others.
const TO_AN_ADDRESS: (u32, u32) = (1, 3);

/// The service. One per process, among its `access::Services`.
pub struct Nearby {
    pub(crate) networks: Buckets,
    pub(crate) addresses: Buckets,
    site: Arc<Site>,
}

impl Nearby {
    /// With the zone in which times are told. `salt` is random; it keeps the marks of rates from being guessed.
    ///
    /// # Panics
    /// When the words are not sound, which tests would show.
    pub fn new(time_zone: TimeZone, salt: [u8; 32]) -> Self {
        // How a matter stands is said in the words of cases.
        let words = access::words_of(&[cases::http::capability(), crate::capability()])
            .expect("the words of both languages are compared in a test");
        let site = Site {
            words,
            city: Words::default(),
            time_zone,
            notices: Vec::new(),
            base_map: None,
        };
        let buckets = |(per_hour, burst), salt| Buckets::new(per_hour, burst, salt);
        Self {
            networks: buckets(OF_A_NETWORK, salt),
            addresses: buckets(TO_AN_ADDRESS, salt),
            site: Arc::new(site),
        }
    }
    /// Words and formats of a letter in a language.
    pub fn words(&self, lang: &str, now: Timestamp) -> Ui {
        let look = Look {
            lang: Lang::from_tag(lang).unwrap_or_default(),
            ..Look::default()
        };
        Ui::new(self.site.clone(), look, "", now)
    }
}
