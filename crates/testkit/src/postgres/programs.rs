//! Where the server's programs are, and who may run them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest major version of PostgreSQL the program supports.
pub const MIN_MAJOR: u32 = 15;

/// What must lie in one folder for a server to be of use to us.
const NEEDED: [&str; 4] = ["initdb", "pg_ctl", "postgres", "psql"];

/// Where distributions put server programs; `*` stands for any text.
const PLACES: [&str; 5] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
];

/// The programs of one installed server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    dir: PathBuf,
    major: u32,
}

impl Programs {
    /// The first that is complete and new enough: what `PATH` and `pg_config` name, then the usual
    /// places, newest first.
    pub fn find() -> Option<Self> {
        let mut usual: Vec<Self> = PLACES
            .iter()
            .flat_map(|place| expand(place))
            .filter_map(|dir| Self::in_dir(&dir))
            .collect();
        usual.sort_by_key(|programs| std::cmp::Reverse(programs.major));
        named()
            .iter()
            .find_map(|dir| Self::in_dir(dir))
            .or_else(|| usual.into_iter().next())
    }

    /// The folder they lie in.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The major version.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The path of one of them.
    pub fn path(&self, program: &str) -> PathBuf {
        self.dir.join(program)
    }

    fn in_dir(dir: &Path) -> Option<Self> {
        if !NEEDED.iter().all(|program| dir.join(program).is_file()) {
            return None;
        }
        let output = Command::new(dir.join("postgres"))
            .arg("--version")
            .output()
            .ok()?;
        let major = major(&String::from_utf8_lossy(&output.stdout))?;
        (major >= MIN_MAJOR).then(|| Self {
            dir: dir.to_path_buf(),
            major,
        })
    }
}

/// Folders the developer's own environment names. A link in `PATH` leads to where the server lives.
fn named() -> Vec<PathBuf> {
    let linked = in_path("initdb").and_then(|program| program.canonicalize().ok());
    let beside = linked.and_then(|program| program.parent().map(Path::to_path_buf));
    let configured = Command::new("pg_config")
        .arg("--bindir")
        .output()
        .ok()
        .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    beside.into_iter().chain(configured).collect()
}

/// The first file of that name in `PATH`.
pub(super) fn in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}

/// The folders that a pattern with at most one `*` stands for.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (parent, prefix) = before
        .rsplit_once('/')
        .expect("every pattern is an absolute path");
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let names = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| name.starts_with(prefix))
        .map(|name| PathBuf::from(format!("{parent}/{name}{after}")))
        .collect()
}

/// The major version in what `postgres --version` prints: `postgres (PostgreSQL) 15.18 (Debian …)`,
/// `17beta1`, `19devel`.
fn major(text: &str) -> Option<u32> {
    let (_, version) = text.split_once("(PostgreSQL) ")?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// User and group of somebody other than root who may run a server.
pub(super) fn unprivileged() -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| user(&users, name))
}

/// User and group of `name` in a password file. Root under another name is nobody to us.
fn user(users: &str, name: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [login, _, uid, gid, ..] = fields[..] else {
            return None;
        };
        let uid: u32 = uid.parse().ok()?;
        (login == name && uid != 0).then_some((uid, gid.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_as_servers_print_it() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 17beta1"), Some(17));
        assert_eq!(major("postgres (PostgreSQL) 19devel"), Some(19));
        for garbage in [
            "",
            "postgres",
            "(PostgreSQL) ",
            "(PostgreSQL) x",
            "\u{0}\u{ffff}",
        ] {
            assert_eq!(major(garbage), None, "{garbage:?}");
        }
    }

    #[test]
    fn a_user_is_found_by_name_and_is_never_root() {
        let users = "root:x:0:0::/root:/bin/sh\npostgres:x:101:104::/:/bin/sh\n\n:::\nnobody:x:0:0::/:\nbad:x:a:b\n";
        assert_eq!(user(users, "postgres"), Some((101, 104)));
        assert_eq!(user(users, "nobody"), None);
        assert_eq!(user(users, "bad"), None);
        assert_eq!(user(users, "absent"), None);
    }

    #[test]
    fn a_pattern_stands_for_what_is_there() {
        let dir = crate::temp::Dir::new("expand").unwrap();
        for name in ["15", "16", "other"] {
            std::fs::create_dir(dir.join(name)).unwrap();
        }
        let mut found = expand(&format!("{}/1*/bin", dir.path().display()));
        found.sort();
        assert_eq!(found, [dir.join("15/bin"), dir.join("16/bin")]);
        assert!(expand("/nowhere/at/all/*/bin").is_empty());
    }

    #[test]
    fn a_folder_without_all_programs_is_no_server() {
        let dir = crate::temp::Dir::new("programs").unwrap();
        std::fs::write(dir.join("postgres"), "").unwrap();
        assert_eq!(Programs::in_dir(dir.path()), None);
    }
}
