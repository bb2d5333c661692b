//! Use cases: what is public at a place, subscribing to it, and the letters.

mod letters;
mod look;
mod subscribe;

pub use letters::{
    Claimed, Outcome, claim_due, deliver_due, forget_unconfirmed, make_digests, send_one, settle,
};
pub use look::{changed, feed, list, one};
pub use subscribe::{New, confirm, end, may_subscribe, pending, subscribe};

use cases::service::Cases;
use matters::City;
use std::sync::Arc;

fn city(ctx: &access::Ctx) -> Arc<City> {
    ctx.service::<Cases>().city()
}
