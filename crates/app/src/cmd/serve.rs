//! `shiyu serve [--addr 127.0.0.1:8311]`: pages and API.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use crate::serve;
use access::SystemRole;
use clap::Args;
use serde::Deserialize;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

/// Serve pages and API until told to stop.
#[derive(Args)]
pub struct Serve {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8311", env = "SHIYU_ADDR")]
    addr: SocketAddr,
}

#[derive(Deserialize)]
struct DemoAccounts {
    accounts: Vec<DemoAccount>,
}

#[derive(Deserialize)]
struct DemoAccount {
    role: String,
    login: String,
    password: String,
    home: String,
}

impl Serve {
    /// Runs until SIGTERM or Ctrl-C.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        start_log();
        let mut program = Program::open(common)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|e| Failure::other("runtime", e.to_string()))?;
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind(self.addr))
            .map_err(|e| {
                Failure::unusable(
                    "unusable_address",
                    format!("cannot listen on {}: {e}", self.addr),
                )
                .field("addr")
            })?;
        let addr = listener.local_addr().unwrap_or(self.addr);
        let url = match program.config.public_url.as_str() {
            // Nobody has set one: the program is reached where it listens.
            "http://127.0.0.1:8311" => format!("http://{addr}"),
            url => url.to_owned(),
        };
        let state = serve::state_of(&mut program, &runtime, url.clone())?;
        let system = program.system(SystemRole::Keeper);
        if !ui::assets::has_islands() {
            tracing::warn!("built without Node: pages work without scripts, charts and keys");
        }
        announce(&program.config.data_dir, &url);
        tracing::info!(%addr, db = %program.db.url(), "serving");
        let served = runtime.block_on(serve::serve(state, system, &program, listener));
        let by = served.as_ref().map_or_else(|_| Instant::now(), |by| *by);
        serve::end(runtime, by);
        served?;
        Done::new(&serde_json::json!({ "served": addr.to_string() }), "")
    }
}

/// Says where the program is, and the accounts of the sample city where there is one.
fn announce(data_dir: &Path, url: &str) {
    crate::output::tell(format_args!("市域 Shiyu: {url}"));
    let accounts = std::fs::read_to_string(data_dir.join("demo-accounts.json")).ok();
    let accounts = accounts.and_then(|text| serde_json::from_str::<DemoAccounts>(&text).ok());
    for account in accounts.iter().flat_map(|a| &a.accounts) {
        let DemoAccount {
            role,
            login,
            password,
            home,
        } = account;
        crate::output::tell(format_args!(
            "  {role:<16} {login:<20} {password:<20} {home}"
        ));
    }
}

fn start_log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("SHIYU_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first log.
    let _ = match std::env::var("SHIYU_LOG_FORMAT").as_deref() {
        Ok("json") => builder.json().try_init(),
        _ => builder.try_init(),
    };
}
