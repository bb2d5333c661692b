//! What the tests need from the machine: found, or installed where we may, or named in one line.

use crate::run::{heading, in_path, run};
use anyhow::bail;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use testkit::postgres::{MIN_MAJOR, Programs, SERVER};

/// What a run may be told to do without.
pub const NAMES: [&str; 5] = ["postgres", "chromium", "node", "shared", "slow"];

/// The oldest Node.js that builds the assets and drives the browser.
const MIN_NODE: u32 = 20;

/// What this run was told to do without.
#[derive(Clone, Debug, Default)]
pub struct Without(Vec<String>);

impl Without {
    /// Adds a name.
    ///
    /// # Errors
    /// When there is nothing of that name to do without.
    pub fn add(&mut self, name: &str) -> anyhow::Result<()> {
        if !NAMES.contains(&name) {
            bail!(
                "cannot do without \"{name}\": --without takes one of {}",
                NAMES.join(", ")
            );
        }
        self.0.push(name.to_owned());
        Ok(())
    }

    /// Whether it was named. The browser is driven from Node.js: without the one, without the other.
    pub fn has(&self, name: &str) -> bool {
        let named = |name: &str| self.0.iter().any(|other| other == name);
        named(name) || (name == "chromium" && named("node"))
    }

    /// As the tests read it from their environment.
    pub fn list(&self) -> String {
        self.0.join(",")
    }
}

/// Something the tests need.
struct Need {
    /// What `--without` calls it.
    name: &'static str,
    /// What to install, for people.
    what: String,
    /// Debian's packages of it.
    packages: &'static [&'static str],
    present: fn() -> bool,
}

fn needs() -> Vec<Need> {
    vec![
        Need {
            name: "postgres",
            what: format!("a PostgreSQL server, version {MIN_MAJOR} or later"),
            packages: &["postgresql"],
            present: has_postgres,
        },
        Need {
            name: "chromium",
            what: "Chromium".into(),
            packages: &["chromium"],
            present: || chromium().is_some(),
        },
        Need {
            name: "chromium",
            what: "a font with Chinese characters".into(),
            packages: &["fonts-noto-cjk"],
            present: has_chinese_font,
        },
        Need {
            name: "node",
            what: format!("Node.js {MIN_NODE} or later with npm"),
            packages: &["nodejs", "npm"],
            present: has_node,
        },
    ]
}

/// Sees to it that everything is there that was not excluded.
///
/// # Errors
/// One line that names what is missing and how to install or do without it.
pub fn ready(without: &Without) -> anyhow::Result<()> {
    let missing = || {
        needs()
            .into_iter()
            .filter(|need| !without.has(need.name) && !(need.present)())
            .collect::<Vec<_>>()
    };
    let before = missing();
    if before.is_empty() {
        return Ok(());
    }
    if is_root() && in_path("apt-get").is_some() {
        heading("installing what the tests need");
        // Whether it worked is seen by looking again.
        if let Err(error) = install(&before) {
            println!("{error:#}");
        }
    }
    let after = missing();
    if after.is_empty() {
        return Ok(());
    }
    bail!("{}", advice(&after))
}

fn advice(missing: &[Need]) -> String {
    let what: Vec<&str> = missing.iter().map(|need| need.what.as_str()).collect();
    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|need| need.packages)
        .copied()
        .collect();
    let mut without: Vec<String> = missing
        .iter()
        .map(|need| format!("--without {}", need.name))
        .collect();
    without.dedup();
    format!(
        "please install {} (on Debian: apt-get install {}) or run with {}",
        what.join(", "),
        packages.join(" "),
        without.join(" ")
    )
}

fn install(missing: &[Need]) -> anyhow::Result<()> {
    let apt = |args: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        run(&mut command)
    };
    apt(&["-q", "update"])?;
    let mut args = vec!["-q", "-y", "--no-install-recommends", "install"];
    args.extend(missing.iter().flat_map(|need| need.packages));
    apt(&args)
}

/// The browser: the one named by `SHIYU_CHROMIUM`, else the first of the usual ones.
pub fn chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("SHIYU_CHROMIUM") {
        return Some(PathBuf::from(named)).filter(|path| path.is_file());
    }
    let usual = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ];
    let elsewhere = [
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ];
    usual.iter().find_map(|name| in_path(name)).or_else(|| {
        elsewhere
            .map(PathBuf::from)
            .into_iter()
            .find(|path| path.is_file())
    })
}

/// Whether Node.js and npm are there and new enough.
pub fn has_node() -> bool {
    let version = output("node", &["--version"]);
    version
        .as_deref()
        .and_then(node_major)
        .is_some_and(|major| major >= MIN_NODE)
        && in_path("npm").is_some()
}

fn node_major(version: &str) -> Option<u32> {
    version
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

fn has_postgres() -> bool {
    let given = std::env::var_os(SERVER).is_some() && in_path("psql").is_some();
    given || Programs::find().is_some()
}

/// Where fontconfig is absent the usual folder has to answer. A system that is not Linux has its own.
fn has_chinese_font() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    match output("fc-list", &[":lang=zh-cn", "family"]) {
        Some(list) => !list.trim().is_empty(),
        None => Path::new("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").is_file(),
    }
}

/// Whether cargo has that subcommand installed.
pub fn has_cargo(subcommand: &str) -> bool {
    in_path(&format!("cargo-{subcommand}")).is_some()
        || output("cargo", &[subcommand, "--version"]).is_some()
}

fn is_root() -> bool {
    output("id", &["-u"]).is_some_and(|id| id.trim() == "0")
}

/// What a program prints when it succeeds.
fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Installs the modules of the npm project in `folder` when they are absent or older than its lock file.
/// Nothing to do where there is no such project.
///
/// # Errors
/// When npm fails.
pub fn node_modules(folder: &Path) -> anyhow::Result<()> {
    let lock = folder.join("package-lock.json");
    let changed = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    let installed = changed(&folder.join("node_modules/.package-lock.json"));
    if !lock.is_file() || installed.is_some_and(|at| changed(&lock).is_some_and(|lock| at >= lock))
    {
        return Ok(());
    }
    run(Command::new("npm")
        .args(["ci", "--no-fund", "--no-audit"])
        .current_dir(folder))
}

/// Whether the npm project in `folder` has that script.
pub fn has_script(folder: &Path, script: &str) -> bool {
    let text = std::fs::read(folder.join("package.json")).unwrap_or_default();
    let package: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    package["scripts"][script].is_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_missing_can_be_excluded() {
        let mut without = Without::default();
        without.add("node").unwrap();
        assert!(without.has("node") && without.has("chromium") && !without.has("postgres"));
        for garbage in ["", "Postgres", "node,postgres", "cargo"] {
            assert!(
                without
                    .add(garbage)
                    .unwrap_err()
                    .to_string()
                    .contains(garbage),
                "{garbage}"
            );
        }
        assert_eq!(without.list(), "node");
    }

    #[test]
    fn every_need_can_be_excluded() {
        assert!(needs().iter().all(|need| NAMES.contains(&need.name)));
    }

    #[test]
    fn the_advice_is_one_line_with_all_that_is_missing() {
        let advice = advice(&needs());
        assert!(!advice.contains('\n'));
        for part in ["PostgreSQL", "chromium", "fonts-noto-cjk", "--without node"] {
            assert!(advice.contains(part), "{advice}");
        }
        assert_eq!(advice.matches("--without chromium").count(), 1);
    }

    #[test]
    fn a_node_version_is_read_as_node_prints_it() {
        assert_eq!(node_major("v20.20.2\n"), Some(20));
        for garbage in ["", "20.1", "vx.1", "v"] {
            assert_eq!(node_major(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn scripts_are_found_in_a_package_and_nowhere_else() {
        let dir = testkit::temp::Dir::new("package").unwrap();
        assert!(!has_script(dir.path(), "build"));
        std::fs::write(dir.join("package.json"), "not json").unwrap();
        assert!(!has_script(dir.path(), "build"));
        std::fs::write(dir.join("package.json"), r#"{"scripts":{"build":"true"}}"#).unwrap();
        assert!(has_script(dir.path(), "build") && !has_script(dir.path(), "check"));
    }
}
