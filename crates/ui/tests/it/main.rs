//! Tests of the crate as pages use it.

mod gallery;
