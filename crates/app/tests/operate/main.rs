//! Operation: backups of a running deployment, restores into either engine, upgrades of an older one.
#![expect(
    clippy::unwrap_used,
    reason = "what cannot be unwrapped here is the failure a test looks for"
)]

mod backup;
mod documents;
mod shiyu;
mod upgrade;
