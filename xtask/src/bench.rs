//! `cargo xtask bench`: builds for release and runs the workspace's bench program. What it measures and how is in
//! `docs/performance.md`; its options are its own (`--quick`, `--only NAME`, `--cases N`, `--json FILE`).

use crate::run::{heading, run};
use crate::workspace::Workspace;
use anyhow::bail;
use std::process::{Command, ExitCode};

/// The program that measures.
const PROGRAM: &str = "shiyu-bench";
/// The program that is measured.
const MEASURED: &str = "shiyu";

/// Builds both for release, then runs it with `args`; it finds the program under test in
/// the environment variable `SHIYU_BINARY`.
///
/// # Errors
/// When there is nothing to run, the build fails or the bench does.
pub fn bench(workspace: &Workspace, args: &[String]) -> anyhow::Result<ExitCode> {
    if !workspace.binaries.iter().any(|name| name == PROGRAM) {
        bail!("this workspace has no program {PROGRAM} to measure with");
    }
    heading("build for release");
    run(&mut workspace.cargo(&[
        "build",
        "--release",
        "-p",
        PROGRAM,
        "-p",
        MEASURED,
        "--bins",
    ]))?;
    heading("bench");
    let mut command = Command::new(workspace.binary("release", PROGRAM));
    command
        .args(args)
        .current_dir(&workspace.root)
        .env("SHIYU_BINARY", workspace.binary("release", MEASURED));
    run(&mut command)?;
    Ok(ExitCode::SUCCESS)
}
