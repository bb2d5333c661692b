//! For the tests of commands: runs one as the command line would.

use super::Cli;
use crate::output::{Done, Failure};
use clap::Parser;
use std::sync::atomic::{AtomicU32, Ordering};

/// Parses the arguments after the program's name and runs the command.
pub fn run(args: &[&str]) -> Result<Done, Failure> {
    let cli = Cli::try_parse_from(std::iter::once(&"shiyu").chain(args))
        .map_err(|e| Failure::unusable("usage", e.to_string()))?;
    super::run(cli)
}

/// Hands the path of a temporary file with this text to `with`, and removes it afterwards.
pub fn with_file<T>(text: &str, with: impl FnOnce(&str) -> T) -> T {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "shiyu-test-{}-{}.csv",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).unwrap();
    let result = with(path.to_str().unwrap());
    std::fs::remove_file(&path).unwrap();
    result
}
