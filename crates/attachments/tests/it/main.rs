//! Uploads, attaching and reading on both engines, and through the route guard.

mod life;
mod over_http;
mod stage;
