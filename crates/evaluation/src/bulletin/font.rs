//! A font with Chinese glyphs, found on the system: a bulletin is printed with real text, not with pictures of it.

use skrifa::raw::FileRef;
use skrifa::string::StringId;
use skrifa::{FontRef, MetadataProvider as _};
use std::path::{Path, PathBuf};

/// Files that hold Chinese glyphs, the ones that look best first.
const FILES: &[&str] = &[
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "NotoSansSC-Regular.ttf",
    "SourceHanSansSC-Regular.otf",
    "SourceHanSansCN-Regular.otf",
    "SourceHanSans.ttc",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "msyh.ttc",
    "PingFang.ttc",
];
/// Folders are searched so deep.
const DEEPEST: usize = 6;

/// Why there is no font.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FontError {
    /// None was found.
    #[error(
        "no font with Chinese glyphs in {0}; on Debian and Ubuntu install the package fonts-noto-cjk"
    )]
    Missing(String),
    /// One was found and cannot be read.
    #[error("cannot read the font {0}")]
    Unreadable(String),
}

/// A font file and the face in it.
pub struct FontFile {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Which face of a collection.
    pub index: u32,
}

/// The folders in which systems keep fonts, as fontconfig has them by default.
pub fn folders() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = ["/usr/share/fonts", "/usr/local/share/fonts"]
        .map(PathBuf::from)
        .into();
    if let Some(home) = std::env::var_os("HOME").map(PathBuf::from) {
        all.push(home.join(".local/share/fonts"));
        all.push(home.join(".fonts"));
    }
    all.extend(["/System/Library/Fonts", "C:\\Windows\\Fonts"].map(PathBuf::from));
    all
}

/// The best font in these folders.
///
/// # Errors
/// [`FontError`], which names the package to install.
pub fn find(folders: &[PathBuf]) -> Result<FontFile, FontError> {
    let mut found: Vec<(usize, PathBuf)> = Vec::new();
    for folder in folders {
        look(folder, DEEPEST, &mut found);
    }
    found.sort();
    let Some((_, path)) = found.first() else {
        let names: Vec<String> = folders.iter().map(|f| f.display().to_string()).collect();
        return Err(FontError::Missing(names.join(", ")));
    };
    let unreadable = || FontError::Unreadable(path.display().to_string());
    let bytes = std::fs::read(path).map_err(|_| unreadable())?;
    let index = chinese_face(&bytes).ok_or_else(unreadable)?;
    Ok(FontFile { bytes, index })
}

fn look(folder: &Path, deep: usize, found: &mut Vec<(usize, PathBuf)>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() && deep > 0 {
            look(&path, deep - 1, found);
        } else if let Some(name) = path.file_name().and_then(|n| n.to_str())
            && let Some(at) = FILES.iter().position(|f| *f == name)
        {
            found.push((at, path));
        }
    }
}

/// The face for simplified Chinese in a file or collection: by its name, else the first that has the glyphs.
fn chinese_face(bytes: &[u8]) -> Option<u32> {
    let faces: Vec<FontRef<'_>> = match FileRef::new(bytes).ok()? {
        FileRef::Font(face) => vec![face],
        // The length a damaged file claims is not believed: reading ends at the first face that is none.
        FileRef::Collection(all) => all.iter().map_while(Result::ok).collect(),
    };
    let has_glyphs =
        |face: &FontRef<'_>| "市域评价".chars().all(|c| face.charmap().map(c).is_some());
    let is_simplified = |face: &FontRef<'_>| {
        let mut names = face.localized_strings(StringId::FAMILY_NAME);
        names.any(|name| name.to_string().ends_with(" SC"))
    };
    let with_glyphs = || (0..).zip(&faces).filter(|(_, face)| has_glyphs(face));
    with_glyphs()
        .find(|(_, face)| is_simplified(face))
        .or_else(|| with_glyphs().next())
        .map(|(n, _)| n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_font_the_package_is_named() {
        let empty = testkit::temp::Dir::new("fonts").unwrap();
        let error = find(&[empty.path().to_owned()]).err().unwrap().to_string();
        assert!(error.contains("fonts-noto-cjk"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_font_is_refused() {
        let dir = testkit::temp::Dir::new("fonts").unwrap();
        for garbage in [
            &b""[..],
            b"ttcf",
            b"ttcf\0\x01\0\0\xff\xff\xff\xff",
            b"OTTO\0\xff",
        ] {
            std::fs::write(dir.path().join("NotoSansSC-Regular.ttf"), garbage).unwrap();
            assert!(matches!(
                find(&[dir.path().to_owned()]),
                Err(FontError::Unreadable(_))
            ));
        }
    }
}
