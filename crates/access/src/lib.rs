//! Who may do what: principals, roles, permissions, scopes, purposes, and [`Ctx`], without which nobody opens the store.
//!
//! Invariant: only this crate mints a store [`store::Grant`]; every grant belongs to a [`Ctx`] whose permission was checked.

mod ctx;
mod permission;
mod principal;

pub use ctx::{Ctx, Refused, Scope, Services};
pub use permission::{Permission, Role};
pub use principal::{AccountId, Principal, Staff, SystemRole, UnitId};
