//! The real data beside the project, for the tests that need it.

use std::path::{Path, PathBuf};

/// The folder of the shared data: `SHIYU_SHARED` if set, else `../shared` beside the workspace.
/// `None` where it is absent, or where this run was told to do without it (`--without shared`).
pub fn dir() -> Option<PathBuf> {
    find(
        crate::without("shared"),
        std::env::var_os("SHIYU_SHARED").map(PathBuf::from),
        &workspace_root(),
    )
}

/// A file or folder of the shared data, or `None` after saying that the test `name` is skipped.
pub fn need(name: &str, path: impl AsRef<Path>) -> Option<PathBuf> {
    let path = path.as_ref();
    let found = dir().map(|dir| dir.join(path)).filter(|file| file.exists());
    if found.is_none() {
        crate::skip(name, &format!("the shared data has no {}", path.display()));
    }
    found
}

/// The root of the workspace this crate was built in.
pub fn workspace_root() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir
        .ancestors()
        .nth(2)
        .expect("this crate lies two folders below the root")
        .to_path_buf()
}

/// A folder named by the environment is not replaced by the default when it is absent: whoever
/// names one wants that one or none.
fn find(without: bool, named: Option<PathBuf>, root: &Path) -> Option<PathBuf> {
    if without {
        return None;
    }
    let dir = named.or_else(|| Some(root.parent()?.join("shared")))?;
    dir.is_dir().then_some(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace_manifest() {
        let manifest = std::fs::read_to_string(workspace_root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }

    #[test]
    fn the_named_folder_wins_and_is_not_replaced_when_absent() {
        let dir = crate::temp::Dir::new("shared").unwrap();
        let root = dir.path().join("project");
        std::fs::create_dir_all(dir.path().join("shared")).unwrap();
        let default = Some(dir.path().join("shared"));
        assert_eq!(find(false, None, &root), default);
        assert_eq!(
            find(false, Some(dir.path().to_path_buf()), &root),
            Some(dir.path().to_path_buf())
        );
        assert_eq!(find(false, Some(dir.path().join("nowhere")), &root), None);
        assert_eq!(find(true, None, &root), None);
    }
}
