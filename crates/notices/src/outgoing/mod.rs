//! Calling another system: only hosts the operator named, only addresses that are public or that the operator named, no
//! redirect, a time-out, and a signature over what is sent.
//!
//! A name is resolved once and the connection goes to the address that was checked, so that a name cannot first answer
//! with a public address and then with one inside (DNS rebinding).

mod call;
mod policy;
mod sign;

pub use call::{CallError, Caller, Endpoint};
pub use policy::{Policy, PolicyError};
pub use sign::{Secret, SignatureError, Signed, TOLERANCE, verify};
