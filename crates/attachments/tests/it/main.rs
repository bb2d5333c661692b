//! Uploads, attaching and reading on both engines, and through the route guard.
#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod life;
mod over_http;
mod stage;
