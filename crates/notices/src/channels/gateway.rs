//! The city's gateway for text messages, WeChat or DingTalk: a signed webhook that says to whom, which words, where it leads.

use super::{Channel, Message, SendError, Sending};
use crate::outgoing::{Caller, Endpoint, Secret};
use kernel::Clock;
use std::sync::Arc;
use std::time::Duration;
use vault::Field;

const TIME_LIMIT: Duration = Duration::from_secs(20);

/// The gateway.
pub struct Gateway {
    caller: Caller,
    endpoint: Endpoint,
    secret: Secret,
    clock: Arc<dyn Clock>,
}

impl Gateway {
    /// A gateway at an address, with the secret it shares with us.
    pub fn new(caller: Caller, endpoint: Endpoint, secret: Secret, clock: Arc<dyn Clock>) -> Self {
        Self {
            caller,
            endpoint,
            secret,
            clock,
        }
    }
}

impl Channel for Gateway {
    fn name(&self) -> &'static str {
        "gateway"
    }
    fn field(&self) -> Field {
        Field::Phone
    }
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            // The number is what the gateway is for; nothing else in it is a person's.
            let body = serde_json::json!({
                "id": message.id,
                "type": "notice",
                "kind": message.kind,
                "lang": message.lang,
                "to": message.to,
                "title": message.title,
                "text": message.text,
                "link": message.link,
            })
            .to_string()
            .into_bytes();
            let signed = self
                .secret
                .sign(&message.id.to_string(), self.clock.now(), &body);
            self.caller
                .post(&self.endpoint, &signed, body, TIME_LIMIT)
                .await
                .map_err(|e| {
                    if e.is_for_good() {
                        SendError::ForGood(e.to_string())
                    } else {
                        SendError::ForNow(e.to_string())
                    }
                })
        })
    }
}
