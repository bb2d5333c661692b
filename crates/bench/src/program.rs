//! The program under test, run as people run it: `shiyu init`, `import`, `serve`.

use crate::measure::memory_mb;
use anyhow::{Context as _, bail};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Nobody waits longer than this for a start.
const GIVE_UP: Duration = Duration::from_secs(60);

/// Where the program is, and the folder it works in.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
}

impl Program {
    /// The one named by `SHIYU_BINARY`, else the one beside this program.
    ///
    /// # Errors
    /// When there is none.
    pub fn find() -> anyhow::Result<Self> {
        let path = match std::env::var_os("SHIYU_BINARY") {
            Some(path) => PathBuf::from(path),
            None => std::env::current_exe()
                .context("cannot tell where this program is")?
                .with_file_name("shiyu"),
        };
        if !path.is_file() {
            bail!(
                "there is no program {}: build it, or name it in SHIYU_BINARY",
                path.display()
            );
        }
        Ok(Self { path })
    }

    /// The command with its database and its data in `folder`. Settings of the developer's own do not reach it.
    pub fn command(&self, folder: &Path, url: &str) -> Command {
        let mut command = Command::new(&self.path);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SHIYU_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(folder)
            .env("SHIYU_DB", url)
            .env("SHIYU_DATA_DIR", folder.join("data"))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end; answers what it prints with `--json`, and the most memory it held, in MB.
    ///
    /// # Errors
    /// When it fails; its words are in the error.
    pub fn run(
        &self,
        folder: &Path,
        url: &str,
        args: &[&str],
    ) -> anyhow::Result<(serde_json::Value, f64)> {
        let child = self
            .command(folder, url)
            .args(args)
            .arg("--json")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", self.path.display()))?;
        let pid = child.id();
        let waiting = std::thread::spawn(move || child.wait_with_output());
        let mut peak_mb = 0.0_f64;
        while !waiting.is_finished() {
            peak_mb = peak_mb.max(memory_mb(pid, "VmHWM").unwrap_or(0.0));
            std::thread::sleep(Duration::from_millis(20));
        }
        let output = waiting
            .join()
            .map_err(|_| anyhow::anyhow!("the thread that waits for shiyu panicked"))?
            .context("cannot wait for shiyu")?;
        if !output.status.success() {
            bail!(
                "shiyu {} failed: {}{}",
                args.join(" "),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let answer = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("shiyu {} printed no JSON", args.join(" ")))?;
        Ok((answer, peak_mb))
    }

    /// Makes the database, with the sample city if wanted.
    ///
    /// # Errors
    /// When the program fails.
    pub fn init(&self, folder: &Path, url: &str, sample: bool) -> anyhow::Result<()> {
        let args: &[&str] = if sample {
            &["init", "--sample"]
        } else {
            &["init"]
        };
        self.run(folder, url, args).map(|_| ())
    }

    /// Starts `shiyu serve` and waits for its first answer.
    ///
    /// # Errors
    /// When it ends by itself, or does not answer in time.
    pub fn serve(&self, folder: &Path, url: &str) -> anyhow::Result<Running> {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::net::free_port()?));
        let started = Instant::now();
        let child = self
            .command(folder, url)
            .args(["serve", "--addr", &addr.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start shiyu serve")?;
        let mut running = Running { child, addr };
        loop {
            if is_healthy(addr) {
                return Ok(running);
            }
            if let Some(status) = running.child.try_wait()? {
                bail!("shiyu serve ended with {status}");
            }
            if started.elapsed() > GIVE_UP {
                bail!("shiyu serve did not answer within {} s", GIVE_UP.as_secs());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Whether `/healthz` answers 200.
fn is_healthy(addr: SocketAddr) -> bool {
    let limit = Duration::from_secs(2);
    get(addr, "/healthz", None, limit).is_ok_and(|(status, _)| status == 200)
}

/// One request on a connection of its own; answers its status and how long the answer is.
fn get(
    addr: SocketAddr,
    path: &str,
    token: Option<&str>,
    limit: Duration,
) -> std::io::Result<(u16, usize)> {
    let mut stream = TcpStream::connect_timeout(&addr, Duration::from_millis(200))?;
    stream.set_read_timeout(Some(limit))?;
    let token = token.map_or_else(String::new, |t| format!("Authorization: Bearer {t}\r\n"));
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {addr}\r\nAccept-Encoding: gzip\r\n{token}Connection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let status = answer.get(9..12).and_then(|s| std::str::from_utf8(s).ok());
    let status = status.and_then(|s| s.parse().ok()).unwrap_or(0);
    let head = answer.windows(4).position(|w| w == b"\r\n\r\n");
    let length = head.map_or(0, |head| answer.len() - head - 4);
    Ok((status, length))
}

/// A served program. It is killed, without a word, when it goes out of sight.
#[derive(Debug)]
pub struct Running {
    child: Child,
    /// Where it listens.
    pub addr: SocketAddr,
}

impl Running {
    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A page for whoever holds the token: its status and its length.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn get(&self, path: &str, token: &str) -> anyhow::Result<(u16, usize)> {
        get(self.addr, path, Some(token), GIVE_UP)
            .with_context(|| format!("{path} is not answered"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self
            .child
            .kill()
            .and_then(|()| self.child.wait().map(|_| ()))
        {
            eprintln!("cannot stop shiyu: {error}");
        }
    }
}
