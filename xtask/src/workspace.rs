//! What cargo says about this workspace.

use anyhow::{Context, bail};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// The workspace: where it lies, where it is built, what programs it has.
#[derive(Debug)]
pub struct Workspace {
    /// The folder of the root manifest.
    pub root: PathBuf,
    /// Where cargo builds.
    pub target: PathBuf,
    /// The names of its programs.
    pub binaries: Vec<String>,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// When cargo fails or answers something else than its documented format.
    pub fn load() -> anyhow::Result<Self> {
        let mut command = cargo();
        // The manifest of this crate lies one folder below the root, wherever we are called from.
        command.args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--manifest-path",
        ]);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let output = command.output().context("cannot run cargo")?;
        if !output.status.success() {
            bail!(
                "cargo metadata failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Self::parse(&output.stdout)
    }

    fn parse(json: &[u8]) -> anyhow::Result<Self> {
        let metadata: Value =
            serde_json::from_slice(json).context("cannot parse cargo metadata")?;
        let path = |key: &str| -> anyhow::Result<PathBuf> {
            let text = metadata[key].as_str();
            Ok(PathBuf::from(
                text.with_context(|| format!("cargo metadata has no {key}"))?,
            ))
        };
        let packages = metadata["packages"]
            .as_array()
            .context("cargo metadata has no packages")?;
        let targets = packages
            .iter()
            .filter_map(|package| package["targets"].as_array())
            .flatten();
        let is_binary = |target: &&Value| {
            target["kind"]
                .as_array()
                .is_some_and(|kinds| kinds.iter().any(|kind| kind == "bin"))
        };
        let binaries = targets
            .filter(is_binary)
            .filter_map(|target| target["name"].as_str().map(str::to_owned))
            .collect();
        Ok(Self {
            root: path("workspace_root")?,
            target: path("target_directory")?,
            binaries,
        })
    }

    /// Where the program `name` lies after a build with the profile of that folder (`debug`, `release`).
    pub fn binary(&self, profile: &str, name: &str) -> PathBuf {
        self.target
            .join(profile)
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// A cargo command at the root.
    pub fn cargo(&self, args: &[&str]) -> Command {
        let mut command = cargo();
        command.args(args).current_dir(&self.root);
        command
    }
}

/// The cargo that called us, else the one in `PATH`.
fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_read() {
        let workspace = Workspace::load().unwrap();
        assert!(workspace.root.join("xtask/src/workspace.rs").is_file());
        assert!(workspace.binaries.iter().any(|name| name == "xtask"));
    }

    #[test]
    fn anything_else_is_refused() {
        for garbage in [
            "",
            "[]",
            "{}",
            "{\"packages\":[]}",
            "{\"packages\":3,\"workspace_root\":\"/\"}",
            "\u{0}",
        ] {
            assert!(Workspace::parse(garbage.as_bytes()).is_err(), "{garbage:?}");
        }
    }
}
