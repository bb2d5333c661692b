//! The sample city: what it promises, and that it can be installed on both engines.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod city;
mod install;
