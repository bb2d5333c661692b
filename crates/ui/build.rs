//! Lists the assets for `src/assets.rs`: every file of `assets/` and, when it has been built, of `islands/dist/`,
//! with its content hash in the name, its integrity value and a gzip copy. Nothing is fetched.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha384};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here =
        PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it for build scripts"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it for build scripts"));
    let ours = here.join("assets");
    let islands = here.join("../../islands/dist");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", ours.display());
    // The folder is in the repository (empty but for .gitkeep): a path that does not exist would rerun this script for ever.
    if islands.is_dir() {
        println!("cargo:rerun-if-changed={}", islands.display());
    }

    let mut code = String::from("static ASSETS: &[Asset] = &[\n");
    let mut names = Vec::new();
    for root in [ours, islands] {
        for file in files_under(&root)? {
            let name = slashed(
                file.strip_prefix(&root)
                    .expect("it was found under the root"),
            );
            assert!(!names.contains(&name), "two assets are called {name}");
            describe(&file, &name, &out, &mut code)?;
            names.push(name);
        }
    }
    code.push_str("];\n");
    fs::write(out.join("assets.rs"), code)
}

/// One `Asset { … }` of the generated list; writes the gzip copy beside it.
fn describe(file: &Path, name: &str, out: &Path, code: &mut String) -> io::Result<()> {
    let bytes = fs::read(file)?;
    let hash = Sha384::digest(&bytes);
    let short: String = hash.iter().take(6).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let served = match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}.{short}.{extension}"),
        None => format!("{name}.{short}"),
    };
    let packed = out.join(format!("{}.gz", served.replace('/', "_")));
    // The time stamp in the header stays 0, so that two builds are the same to the byte.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&bytes)?;
    fs::write(&packed, gzip.finish()?)?;
    let _ = writeln!(
        code,
        "    Asset {{ name: {name:?}, served: {served:?}, integrity: \"sha384-{integrity}\", mime: {mime:?}, \
         bytes: include_bytes!({file:?}), gzip: include_bytes!({packed:?}) }},",
        integrity = STANDARD.encode(hash),
        mime = mime_of(name),
        file = fs::canonicalize(file)?,
    );
    Ok(())
}

/// All files below `root`, sorted, without hidden files and source maps; none when `root` does not exist.
fn files_under(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !root.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(root)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || name.ends_with(".map") {
            continue;
        }
        if path.is_dir() {
            found.extend(files_under(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn slashed(path: &Path) -> String {
    path.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

fn mime_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
