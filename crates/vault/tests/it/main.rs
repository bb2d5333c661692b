//! The vault on both engines, asked by people whose permissions the route guard has checked.
#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod erasing;
mod guard;
mod looks;
mod putting;
mod rotation;
mod stage;
mod unmasking;
