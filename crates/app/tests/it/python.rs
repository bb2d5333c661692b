//! Programs of others from PyPI, run unchanged against ours.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python that has this version of a package, made once beside the built tests; none where it cannot be made (it needs
/// python3-venv and PyPI).
pub fn python_with(package: &str, version: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{package}-{version}"));
    let python = folder.join("bin/python");
    let has = |python: &Path| {
        let import = Command::new(python)
            .args(["-c", &format!("import {package}")])
            .output();
        import.is_ok_and(|o| o.status.success())
    };
    if !has(&python) {
        let made = Command::new("python3")
            .args(["-m", "venv"])
            .arg(&folder)
            .output();
        made.ok().filter(|o| o.status.success())?;
        let exact = format!("{package}=={version}");
        let pip = ["-m", "pip", "install", "--quiet", &exact];
        Command::new(&python).args(pip).output().ok()?;
    }
    has(&python).then_some(python)
}
