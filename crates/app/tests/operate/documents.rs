//! What the documents name is there: files, commands, links.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every document written by hand.
fn documents() -> Vec<PathBuf> {
    let root = workspace_root();
    let mut found = Vec::new();
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    ] {
        found.push(root.join(name));
    }
    for folder in ["docs", "docs/adr"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "md") {
                found.push(path);
            }
        }
    }
    found
}

/// The texts between two marks.
fn between<'t>(text: &'t str, open: &str, close: &str) -> Vec<&'t str> {
    text.split(open)
        .skip(1)
        .filter_map(|rest| rest.split_once(close).map(|found| found.0))
        .collect()
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for link in between(&text, "](", ")") {
            let target = link.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            if !document.parent().unwrap().join(target).exists() {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_source_file_that_a_document_names_is_there() {
    let root = workspace_root();
    let mut gone = Vec::new();
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for name in between(&text, "`", "`") {
            let is_path = [
                "crates/",
                "docs/",
                "deploy/",
                "examples/",
                "islands/",
                "e2e/",
                "xtask/",
            ]
            .iter()
            .any(|head| name.starts_with(head));
            if is_path && !name.contains(['*', '{', '<', '…', ' ']) && !root.join(name).exists() {
                gone.push(format!("{}: {name}", document.display()));
            }
        }
    }
    assert!(gone.is_empty(), "{gone:#?}");
}

#[test]
fn every_command_that_a_document_shows_is_one() {
    let commands =
        std::fs::read_to_string(workspace_root().join("docs/generated/commands.md")).unwrap();
    let known: BTreeSet<&str> = between(&commands, "## `shiyu ", "`")
        .iter()
        .filter_map(|usage| usage.split(' ').next())
        .collect();
    assert!(known.len() > 10);
    let mut unknown = Vec::new();
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for line in text.lines().map(str::trim) {
            let shown = line
                .strip_prefix("shiyu ")
                .into_iter()
                .chain(between(line, "`shiyu ", "`"));
            for word in shown.filter_map(|rest| rest.split([' ', '|']).next()) {
                if !word.starts_with('-') && word != "help" && !known.contains(word) {
                    unknown.push(format!("{}: {line}", document.display()));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn every_crate_stands_in_the_map() {
    let root = workspace_root();
    let map = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let is_crate = |path: &Path| path.join("Cargo.toml").is_file();
    for entry in std::fs::read_dir(root.join("crates")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            !is_crate(&path) || map.contains(&format!("`{name}`")),
            "ARCHITECTURE.md does not name {name}"
        );
    }
}
