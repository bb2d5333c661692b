//! How soon the program serves the sample city, and what it holds when nobody asks for anything.

use crate::measure::{median, memory_mb};
use crate::program::Program;
use crate::report::{Line, Wanted};
use anyhow::{Context as _, bail};
use std::process::Stdio;
use std::time::{Duration, Instant};
use testkit::temp::Dir;

/// Seconds until the first answer.
const START_S: f64 = 1.0;
/// Memory of an idle program, in MB.
const IDLE_MB: f64 = 80.0;
/// How long the program is left alone before its memory is read: its regular work has then run a few times.
const IDLE: Duration = Duration::from_secs(5);

/// Measures.
///
/// # Errors
/// When the program does not start.
pub fn run(program: &Program, turns: u32, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let folder = Dir::new("bench-start")?;
    let url = format!("sqlite:{}", folder.join("sample.db").display());
    program.init(folder.path(), &url, true)?;
    let (mut starts, mut bare, mut idle_mb) = (Vec::new(), Vec::new(), 0.0_f64);
    for turn in 0..turns {
        let started = Instant::now();
        let running = program.serve(folder.path(), &url)?;
        starts.push(started.elapsed().as_secs_f64());
        if turn == 0 {
            std::thread::sleep(IDLE);
            let held = memory_mb(running.id(), "VmRSS");
            idle_mb = held.context("shiyu serve ended by itself")?;
        }
        drop(running);
        let started = Instant::now();
        let mut version = program.command(folder.path(), &url);
        let status = version.arg("--version").stdout(Stdio::null()).status()?;
        if !status.success() {
            bail!("shiyu --version failed");
        }
        bare.push(started.elapsed().as_secs_f64());
    }
    let (start_s, bare_s) = (median(starts), median(bare));
    let line = Line::new(
        "start",
        "sqlite",
        "start with the sample city / 1 s",
        start_s / START_S,
    );
    let detail = format!("{start_s:.3} s, {:.0} × shiyu --version", start_s / bare_s);
    say(line.wanted(Wanted::AtMost(1.0)).detail(detail));
    let line = Line::new(
        "start",
        "sqlite",
        "idle memory with the sample city / 80 MB",
        idle_mb / IDLE_MB,
    );
    say(line
        .wanted(Wanted::AtMost(1.0))
        .detail(format!("{idle_mb:.0} MB")));
    Ok(())
}
