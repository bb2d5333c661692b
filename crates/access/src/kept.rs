//! A form that was sent after its session ended: what was typed is carried through the sign-in page by the browser itself, and
//! given back to the same person. Where a script is there it keeps the words (`islands/src/parts/typed.ts`), and the browser is
//! sent to sign in as ever.
//!
//! Nothing of it is stored. It is carried only where the form shows the token of the session that ended, so that no other site
//! can put words into anybody's mouth; and given back only to the account of that session.

use crate::cookies;
use crate::extract::Fields;
use crate::parts::FormParts;
use crate::principal::AccountId;
use axum::http::{HeaderMap, header};

/// Set by the script of the pages: it keeps what is typed by itself.
const SCRIPT_COOKIE: &str = "shiyu_script";
/// More than this is not carried, in bytes.
const MOST_BYTES: usize = 64 << 10;
/// The fields of the sign-in page that carry it.
const WORDS: &str = "kept";
const TO: &str = "kept_to";
const WHOSE: &str = "kept_for";
const PARTS: &str = "kept_in_parts";
const FILES: &str = "kept_no_files";

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Where the form was sent to: a path of this site.
    pub to: String,
    /// Whose session it was.
    pub whose: AccountId,
    /// The entries of the form, in order.
    pub pairs: Vec<(String, String)>,
    /// The form is one that may carry files.
    pub in_parts: bool,
    /// It carried files, which are gone.
    pub lost_files: bool,
}

/// Whether the pages of this browser run their script.
pub(crate) fn has_script(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::COOKIE).iter();
    let mut cookies = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    cookies.any(|pair| pair.trim() == format!("{SCRIPT_COOKIE}=1"))
}

/// The token of the session that the browser still has.
pub(crate) fn old_session(headers: &HeaderMap, is_https: bool) -> Option<[u8; 32]> {
    cookies::get(headers, cookies::SESSION, is_https).and_then(crate::secret::token_hash)
}

impl Kept {
    /// Of a form; none where it is too long, says nothing, or holds a password.
    pub async fn read(
        to: String,
        whose: AccountId,
        in_parts: bool,
        mut form: FormParts,
    ) -> Option<Self> {
        let mut lost_files = false;
        while form.next_file(0).await.ok()?.is_some() {
            lost_files = true;
        }
        let pairs = form.into_fields().into_pairs();
        let bytes: usize = pairs
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let is_secret = pairs.iter().any(|(name, _)| name.contains("password"));
        let says = pairs.iter().any(|(_, value)| is_words(value));
        (says && !is_secret && bytes <= MOST_BYTES).then_some(Self {
            to,
            whose,
            pairs,
            in_parts,
            lost_files,
        })
    }
    /// As fields of the sign-in page.
    pub fn hidden(&self) -> Vec<(&'static str, String)> {
        let mut words = form_urlencoded::Serializer::new(String::new());
        words.extend_pairs(&self.pairs);
        let flag = |is: bool| if is { "1" } else { "" }.to_owned();
        vec![
            (WORDS, words.finish()),
            (TO, self.to.clone()),
            (WHOSE, self.whose.to_string()),
            (PARTS, flag(self.in_parts)),
            (FILES, flag(self.lost_files)),
        ]
    }
    /// What the sign-in page carried.
    pub fn carried(fields: &Fields) -> Option<Self> {
        let words = Fields::parse(fields.raw(WORDS).as_bytes());
        let to = ui::look::own_path(fields.get(TO)).to_owned();
        let pairs = words.into_pairs();
        (!pairs.is_empty() && !to.starts_with("/sign-")).then_some(Self {
            to,
            whose: fields.get(WHOSE).parse().ok()?,
            pairs,
            in_parts: !fields.get(PARTS).is_empty(),
            lost_files: !fields.get(FILES).is_empty(),
        })
    }
    /// What a person typed among the entries, to be read again.
    pub fn words(&self) -> Vec<&str> {
        let values = self.pairs.iter().map(|(_, value)| value.trim());
        values.filter(|value| is_words(value)).collect()
    }
}

/// Whether somebody typed this in words; what a page sends by itself, or a choice, is one piece of plain letters.
fn is_words(value: &str) -> bool {
    let value = value.trim();
    !value.is_ascii() || value.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::id::Id;

    fn whose() -> AccountId {
        AccountId(Id::from_bytes([1; 16]))
    }
    fn kept(pairs: &[(&str, &str)]) -> Kept {
        Kept {
            to: "/cases/330102-20260316-00001/note".into(),
            whose: whose(),
            pairs: pairs
                .iter()
                .map(|(n, v)| ((*n).into(), (*v).into()))
                .collect(),
            in_parts: true,
            lost_files: false,
        }
    }

    #[test]
    fn what_the_sign_in_page_carries_reads_the_same_again() {
        let before = kept(&[
            ("text", "第一行\r\n第二行 & <b>"),
            ("case", "a"),
            ("case", "b"),
            ("version", "3"),
        ]);
        let hidden = before.hidden();
        let fields = Fields::of(hidden.into_iter().map(|(n, v)| (n.to_owned(), v)).collect());
        assert_eq!(Kept::carried(&fields), Some(before.clone()));
        assert_eq!(before.words(), ["第一行\r\n第二行 & <b>"]);
        assert_eq!(Kept::carried(&Fields::default()), None);
        // Nobody is led away from this site, nor to sign in again.
        for to in ["https://evil.example/x", "//evil.example", "/sign-out"] {
            let mut pairs = before.hidden();
            pairs[1].1 = to.into();
            let fields = Fields::of(pairs.into_iter().map(|(n, v)| (n.to_owned(), v)).collect());
            let to = Kept::carried(&fields).map(|kept| kept.to);
            assert!(to.as_ref().is_none_or(|to| to == "/"), "{to:?}");
        }
    }

    #[test]
    fn the_script_says_that_it_is_there() {
        let with = |line: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, line.parse().expect("a header"));
            has_script(&headers)
        };
        assert!(with("a=b; shiyu_script=1"));
        assert!(
            !with("a=b; shiyu_script=")
                && !with("x_shiyu_script=1")
                && !has_script(&HeaderMap::new())
        );
    }
}
