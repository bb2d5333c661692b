//! `shiyu vault status|rotate|new-key`: the master key under which the keys of people's data are wrapped.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::SystemRole;
use indicatif::ProgressBar;
use std::path::PathBuf;
use vault::{Keys, MasterKeys, VaultError};

/// Changes the master key of people's data.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Tell which version of the master key seals now, and whether older ones are still needed.
    Status,
    /// Add a new version to a key file; what was there stays. Every serving process must be started again before `rotate`.
    NewKey {
        /// The key file.
        file: PathBuf,
    },
    /// Wrap all keys anew under the newest version, while people work; an interrupted run goes on when run again.
    Rotate,
}

impl Args {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        match self.what {
            What::Status => status(common),
            What::NewKey { file } => new_key(&file),
            What::Rotate => rotate(common),
        }
    }
}

fn key_failure(error: &VaultError) -> Failure {
    match error {
        VaultError::Store(error) => Failure::other("store", error.to_string()),
        other => Failure::unusable("unusable_key", other.to_string()).field("SHIYU_MASTER_KEY"),
    }
}

/// What both commands on a database stand on.
struct Opened {
    program: Program,
    runtime: tokio::runtime::Runtime,
    keys: Keys,
}

fn open(common: &Common) -> Result<Opened, Failure> {
    let program = Program::open(common)?;
    let master = crate::serve::master_keys(&program.config.data_dir)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::other("runtime", e.to_string()))?;
    let system = program.system(SystemRole::Keeper);
    let keys = runtime
        .block_on(vault::ops::open_keys(&system, master))
        .map_err(|e| key_failure(&e))?;
    Ok(Opened {
        program,
        runtime,
        keys,
    })
}

fn status(common: &Common) -> Result<Done, Failure> {
    let Opened {
        program,
        runtime,
        keys,
    } = open(common)?;
    let system = program.system(SystemRole::Keeper);
    let is_behind = runtime
        .block_on(vault::ops::versions_behind(&system, &keys))
        .map_err(|e| key_failure(&e))?;
    let version = keys.current_version();
    let json = serde_json::json!({ "version": version, "older_versions_needed": is_behind });
    let text = match is_behind {
        true => format!(
            "version {version} seals; older versions are still needed: run `shiyu vault rotate`"
        ),
        false => format!("version {version} seals; no older version is needed"),
    };
    Done::new(&json, text)
}

fn new_key(file: &std::path::Path) -> Result<Done, Failure> {
    let keys = MasterKeys::add_version(file, rand::random())
        .map_err(|e| Failure::unusable("unusable_key", e.to_string()).field("file"))?;
    let version = keys.current_version();
    let json = serde_json::json!({ "file": file, "version": version });
    let text = format!(
        "{} has version {version} now; start every serving process again, then run `shiyu vault rotate`",
        file.display()
    );
    Done::new(&json, text)
}

fn rotate(common: &Common) -> Result<Done, Failure> {
    let Opened {
        program,
        runtime,
        keys,
    } = open(common)?;
    let bar = ProgressBar::new_spinner();
    bar.set_message("keys of people's data are wrapped anew");
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    let done = runtime
        .block_on(vault::ops::rotate(
            &program.system(SystemRole::Keeper),
            &keys,
        ))
        .map_err(|e| key_failure(&e))?;
    bar.finish_and_clear();
    let version = keys.current_version();
    let json = serde_json::json!({ "version": version, "rewrapped": done.rewrapped });
    let text = format!(
        "{} keys wrapped anew under version {version}; older versions may leave the key file",
        done.rewrapped
    );
    Done::new(&json, text)
}
