//! `cargo xtask gen`: renews the files that are made from the program; `--check` says which are out of date.
//!
//! A new generated folder is one line in [`GENERATED`].

use crate::run::{heading, run};
use crate::workspace::Workspace;
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// A folder whose every file the program writes.
pub struct Generated {
    /// The folder, below the root. Nothing in it is written by hand.
    pub folder: &'static str,
    /// The command of the program that writes it, with `--out FOLDER` added.
    pub command: &'static str,
}

/// All of them.
pub const GENERATED: &[Generated] = &[Generated {
    folder: "docs/generated",
    command: "gen-docs",
}];

/// Renews or compares all generated folders.
///
/// # Errors
/// When an argument is unknown, the build or a generator fails, or with `--check` a file is out of date.
pub fn command(workspace: &Workspace, args: &[String]) -> anyhow::Result<ExitCode> {
    let check = match args {
        [] => false,
        [flag] if flag == "--check" => true,
        [other, ..] => bail!("unexpected argument \"{other}\""),
    };
    heading("build");
    run(&mut workspace.cargo(&["build", "--workspace", "--bins"]))?;
    let binary = workspace.binary("debug", "shiyu");
    for generated in GENERATED {
        if check {
            compare(workspace, &binary, generated)?;
        } else {
            let folder = workspace.root.join(generated.folder);
            write(&binary, generated, &folder)?;
            println!("{}: {} files", generated.folder, files(&folder)?.len());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the folder elsewhere and compares it with the committed one.
///
/// # Errors
/// When they differ, with the names of the files that do.
pub fn compare(workspace: &Workspace, binary: &Path, generated: &Generated) -> anyhow::Result<()> {
    let fresh = testkit::temp::Dir::new("generated")?;
    write(binary, generated, fresh.path())?;
    let stale = differences(
        &files(fresh.path())?,
        &files(&workspace.root.join(generated.folder))?,
    );
    if !stale.is_empty() {
        bail!(
            "out of date in {} (cargo xtask gen renews them): {}",
            generated.folder,
            stale.join(", ")
        );
    }
    Ok(())
}

fn write(binary: &Path, generated: &Generated, folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    run(Command::new(binary)
        .arg(generated.command)
        .arg("--out")
        .arg(folder))
}

/// Every file below a folder with its content, by path below it. An absent folder has none.
fn files(folder: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop().filter(|next| next.is_dir()) {
        for entry in std::fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let content = std::fs::read(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                found.insert(path.strip_prefix(folder)?.to_path_buf(), content);
            }
        }
    }
    Ok(found)
}

/// The names that are in one only, or differ.
fn differences(
    fresh: &BTreeMap<PathBuf, Vec<u8>>,
    committed: &BTreeMap<PathBuf, Vec<u8>>,
) -> Vec<String> {
    let names = fresh
        .keys()
        .chain(committed.keys().filter(|name| !fresh.contains_key(*name)));
    names
        .filter(|name| fresh.get(*name) != committed.get(*name))
        .map(|name| name.display().to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_a_missing_and_a_left_over_file_are_named() {
        let fresh = testkit::temp::Dir::new("fresh").unwrap();
        let old = testkit::temp::Dir::new("old").unwrap();
        for (dir, name, text) in [
            (&fresh, "same", "1"),
            (&old, "same", "1"),
            (&fresh, "changed", "1"),
            (&old, "changed", "2"),
            (&fresh, "new", "1"),
            (&old, "gone", "1"),
        ] {
            std::fs::create_dir_all(dir.join("deep")).unwrap();
            std::fs::write(dir.join("deep").join(name), text).unwrap();
        }
        let names = differences(&files(fresh.path()).unwrap(), &files(old.path()).unwrap());
        assert_eq!(names, ["deep/changed", "deep/new", "deep/gone"]);
        assert!(files(&fresh.join("absent")).unwrap().is_empty());
    }
}
