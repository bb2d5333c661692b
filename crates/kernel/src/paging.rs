//! Keyset paging: a bounded page size, an opaque cursor that carries the last row's key, and the page itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// What is wrong with a request for a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PagingError {
    /// A size that is not a number in range.
    #[error("page size {0:?} is not a number in 1..={max}", max = PageSize::MAX)]
    Size(String),
    /// A cursor this program did not make.
    #[error("cannot read cursor {input:?}: {reason}")]
    Cursor {
        /// What was given, cut to 40 characters.
        input: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// How many rows a page may have: 1..=200, by default 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PageSize(u16);

impl PageSize {
    /// The largest page.
    pub const MAX: u16 = 200;

    /// A size in range.
    ///
    /// # Errors
    /// 0 or more than [`Self::MAX`].
    pub fn new(rows: u64) -> Result<Self, PagingError> {
        match u16::try_from(rows) {
            Ok(n @ 1..=Self::MAX) => Ok(Self(n)),
            _ => Err(PagingError::Size(rows.to_string())),
        }
    }
    /// The number of rows.
    pub fn rows(self) -> usize {
        usize::from(self.0)
    }
    /// What to ask the store for: one row more than the page shows tells whether another page follows.
    pub fn probe(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(50)
    }
}

impl FromStr for PageSize {
    type Err = PagingError;
    fn from_str(text: &str) -> Result<Self, PagingError> {
        let refuse = || PagingError::Size(text.chars().take(40).collect());
        text.parse().map_err(|_| refuse()).and_then(Self::new)
    }
}

impl<'de> serde::Deserialize<'de> for PageSize {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// The key of the last row of a page, in url-safe text whose inside is nobody's business. It grants nothing: a list
/// applies the reader's scope again on every page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(Vec<String>);

impl Cursor {
    /// The longest text a cursor may have.
    pub const MAX_LENGTH: usize = 2048;

    /// A cursor of the parts of a key, in the order of the list's ORDER BY.
    pub fn new<S: Into<String>>(parts: impl IntoIterator<Item = S>) -> Self {
        Self(parts.into_iter().map(Into::into).collect())
    }
    /// The parts of the key.
    pub fn parts(&self) -> &[String] {
        &self.0
    }
    /// The part at `index` (from 0), read as what the list sorts by.
    ///
    /// # Errors
    /// A missing part, or one that is not a `T`: the cursor belongs to another list.
    pub fn part<T: FromStr>(&self, index: usize) -> Result<T, PagingError> {
        let part = self
            .0
            .get(index)
            .ok_or_else(|| self.refuse(format!("part {} is missing", index + 1)))?;
        part.parse()
            .map_err(|_| self.refuse(format!("part {} does not belong to this list", index + 1)))
    }
    fn refuse(&self, reason: String) -> PagingError {
        PagingError::Cursor {
            input: self.to_string().chars().take(40).collect(),
            reason,
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(&self.0).expect("a list of strings is always JSON");
        f.pad(&URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for Cursor {
    type Err = PagingError;
    fn from_str(text: &str) -> Result<Self, PagingError> {
        let refuse = |reason: &str| PagingError::Cursor {
            input: text.chars().take(40).collect(),
            reason: reason.into(),
        };
        if text.len() > Self::MAX_LENGTH {
            return Err(refuse("longer than any cursor"));
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| refuse("not url-safe base64"))?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|_| refuse("not made by this program"))
    }
}

crate::codes::serde_as_text!(Cursor);

/// One page of a list and where the next begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The rows, at most the page size.
    pub items: Vec<T>,
    /// The cursor of the next page; none on the last.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page of the rows a query with limit [`PageSize::probe`] gave; `key` tells the cursor of a row.
    pub fn from_probe(mut rows: Vec<T>, size: PageSize, key: impl Fn(&T) -> Cursor) -> Self {
        let more = rows.len() > size.rows();
        rows.truncate(size.rows());
        let next = if more { rows.last().map(key) } else { None };
        Self { items: rows, next }
    }
    /// The same page with each row turned into something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            next: self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_bounded() {
        assert_eq!("200".parse::<PageSize>().unwrap().rows(), 200);
        assert_eq!(
            (PageSize::default().rows(), PageSize::default().probe()),
            (50, 51)
        );
        for bad in ["0", "201", "-1", "", "many", "99999999999999999999", "１０"] {
            let message = bad.parse::<PageSize>().unwrap_err().to_string();
            assert_eq!(
                message,
                format!("page size {bad:?} is not a number in 1..=200")
            );
        }
        assert!(serde_json::from_str::<PageSize>("201").is_err());
    }

    #[test]
    fn a_page_tells_whether_another_follows() {
        let key = |n: &i64| Cursor::new([n.to_string()]);
        let size = PageSize::new(2).unwrap();
        let page = Page::from_probe(vec![1, 2, 3], size, key);
        assert_eq!((page.items, page.next), (vec![1, 2], Some(key(&2))));
        assert_eq!(Page::from_probe(vec![1, 2], size, key).next, None);
        assert_eq!(Page::from_probe(Vec::new(), size, key).next, None);
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = Cursor::new(["2026-02-13", "17"]);
        assert_eq!(cursor.part::<i64>(1), Ok(17));
        assert!(
            cursor
                .part::<i64>(0)
                .unwrap_err()
                .to_string()
                .ends_with("part 1 does not belong to this list")
        );
        assert!(
            cursor
                .part::<i64>(2)
                .unwrap_err()
                .to_string()
                .ends_with("part 3 is missing")
        );
        let refused = |text: &str| text.parse::<Cursor>().unwrap_err().to_string();
        assert_eq!(
            refused("a b"),
            "cannot read cursor \"a b\": not url-safe base64"
        );
        assert_eq!(
            refused("aaaa"),
            "cannot read cursor \"aaaa\": not made by this program"
        );
        assert!(refused(&"a".repeat(3000)).ends_with("longer than any cursor"));
    }

    proptest! {
        #[test]
        fn cursors_read_back_and_garbage_does_not_panic(parts in prop::collection::vec("\\PC{0,20}", 0..5), garbage in "\\PC{0,40}") {
            let cursor = Cursor::new(parts);
            let text = cursor.to_string();
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            prop_assert_eq!(text.parse::<Cursor>().unwrap(), cursor);
            let _ = garbage.parse::<Cursor>();
        }
    }
}
