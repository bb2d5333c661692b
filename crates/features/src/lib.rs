//! No code: one set of features for what many crates share. `Cargo.toml` says why.
