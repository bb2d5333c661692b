//! How soon the program serves the sample city, and what it holds when nobody asks for anything.

use crate::measure::{median, memory_mb};
use crate::program::{Program, Running};
use crate::report::{Line, Wanted};
use anyhow::{Context as _, bail};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use testkit::temp::Dir;

/// Seconds until the first answer.
const START_S: f64 = 1.0;
/// Memory of an idle program, in MB.
const IDLE_MB: f64 = 80.0;
/// Nobody waits longer than this for a start.
const GIVE_UP: Duration = Duration::from_secs(60);
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
        let (running, start_s) = start(program, folder.path(), &url)?;
        starts.push(start_s);
        if turn == 0 {
            std::thread::sleep(IDLE);
            let held = memory_mb(running.0.id(), "VmRSS");
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

/// Starts the program and waits for its first answer.
fn start(program: &Program, folder: &Path, url: &str) -> anyhow::Result<(Running, f64)> {
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::net::free_port()?));
    let started = Instant::now();
    let mut command = program.command(folder, url);
    let child = command
        .args(["serve", "--addr", &addr.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start shiyu serve")?;
    let mut running = Running(child);
    loop {
        if is_healthy(addr) {
            return Ok((running, started.elapsed().as_secs_f64()));
        }
        if let Some(status) = running.0.try_wait()? {
            bail!("shiyu serve ended with {status}");
        }
        if started.elapsed() > GIVE_UP {
            bail!("shiyu serve did not answer within {} s", GIVE_UP.as_secs());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether `/healthz` answers 200.
fn is_healthy(addr: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&addr, Duration::from_millis(200))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(
            stream,
            "GET /healthz HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}
