//! Use cases of notices. [`post`] works inside another capability's transaction; the others open their own.

mod deliver;
mod inbox;
mod manage;
mod posting;

pub use deliver::{Claimed, Outcome, claim_due, deliver_due, send_one, settle};
pub use inbox::{Addresses, Shown, addresses, inbox, mark_read, open, set_addresses};
pub use manage::{
    Failed, Health, again, can_go_now, dismiss, failures, forget_old, health, reword, templates,
};
pub use posting::post;
