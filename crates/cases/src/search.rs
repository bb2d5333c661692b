//! 查找 — what is typed into the search field, and the words under which a case is found.
//!
//! Chinese has no spaces: each two characters side by side are a *word* of the index, and so is each whole run of letters and
//! digits. A query is cut in the same way; its words narrow the search, and its *phrases*, the parts between spaces, must
//! then stand in the text as they are. A number, or the beginning of one, is looked up by itself.
//!
//! Deliberately absent: people. Names and telephone numbers lie in the vault and are not searched; the text of a case is
//! masked before it is kept.

use crate::model::Case;
use kernel::codes::{DistrictCode, DivisionLevel};
use matters::City;
use std::collections::BTreeSet;

/// The longest query, in characters.
pub const MOST_CHARS: usize = 100;
/// The most phrases of a query.
pub const MOST_PHRASES: usize = 6;
/// So much of the description is found, in characters.
pub const TEXT_CHARS: usize = 1000;
/// Of longer words only the beginning is kept, in characters.
const WORD_CHARS: usize = 32;
/// More words than these narrow a search no further.
const MOST_WORDS: usize = 4;
/// The way in which texts are cut. Another way needs another number: then the index is made again.
pub const WAY: i64 = 2;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Find {
    /// A case number, or the beginning of one.
    Number {
        /// The district it begins with.
        district: DistrictCode,
        /// The least number of this beginning, in full length.
        least: String,
        /// The greatest.
        most: String,
    },
    /// Words of the text.
    Words {
        /// What must stand in the text as it is, folded.
        phrases: Vec<String>,
        /// Words of the index that all of these have; never empty.
        words: Vec<String>,
    },
}

/// Why a query is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// Nothing in it narrows a search.
    #[error(
        "at least two Chinese characters, a whole word of letters and digits, or a case number"
    )]
    TooShort,
    /// It is too long.
    #[error("at most {MOST_CHARS} characters and {MOST_PHRASES} words")]
    TooLong,
}

impl Find {
    /// Reads a query; none for an empty one.
    ///
    /// # Errors
    /// [`FindError`].
    pub fn read(text: &str) -> Result<Option<Self>, FindError> {
        if text.chars().take(MOST_CHARS + 1).count() > MOST_CHARS {
            return Err(FindError::TooLong);
        }
        let folded = folded(text);
        if folded.is_empty() {
            return Ok(None);
        }
        if let Some(number) = number(&folded) {
            return Ok(Some(number));
        }
        let phrases: Vec<String> = folded.split(' ').map(str::to_owned).collect();
        if phrases.len() > MOST_PHRASES {
            return Err(FindError::TooLong);
        }
        let words = narrowing(&phrases);
        if words.is_empty() {
            return Err(FindError::TooShort);
        }
        Ok(Some(Self::Words { phrases, words }))
    }
}

/// The beginning of a case number, if it is one: `330102`, `330102-2026`, `330102-20260316-0001`.
fn number(text: &str) -> Option<Find> {
    const PATTERN: (usize, usize) = (8, 5);
    let mut parts = text.splitn(3, '-');
    let district: DistrictCode = parts.next()?.parse().ok()?;
    let (day, sequence) = (parts.next().unwrap_or(""), parts.next());
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    // A sequence comes behind a whole day; ten digits are the most there are.
    let is_number = is_digits(day)
        && day.len() <= PATTERN.0
        && sequence.is_none_or(|s| is_digits(s) && s.len() <= 10 && day.len() == PATTERN.0);
    if !is_number {
        return None;
    }
    let sequence = sequence.unwrap_or("");
    let filled = |with: &str| {
        let fill = |part: &str, length: usize| {
            format!("{part}{}", with.repeat(length.saturating_sub(part.len())))
        };
        format!(
            "{district}-{}-{}",
            fill(day, PATTERN.0),
            fill(sequence, PATTERN.1)
        )
    };
    Some(Find::Number {
        district,
        least: filled("0"),
        most: filled("9"),
    })
}

/// The words of the phrases that narrow best: of each phrase the first, the last and one from the middle, the long ones
/// before the short.
fn narrowing(phrases: &[String]) -> Vec<String> {
    let mut chosen: Vec<String> = Vec::new();
    for phrase in phrases {
        let words = in_order(phrase);
        let few = [0, words.len() / 2, words.len().saturating_sub(1)];
        for at in few {
            if let Some(word) = words.get(at).filter(|w| !chosen.contains(w)) {
                chosen.push(word.clone());
            }
        }
    }
    chosen.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    chosen.truncate(MOST_WORDS);
    chosen
}

/// A text as it is compared: full-width signs as plain ones, small letters, single spaces.
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_apart = false;
    for c in text.chars() {
        let c = match c {
            '\u{FF01}'..='\u{FF5E}' => {
                char::from_u32(u32::from(c) - 0xFEE0).expect("these signs have plain ones")
            }
            _ => c,
        };
        if c.is_whitespace() || c.is_control() {
            is_apart = !out.is_empty();
            continue;
        }
        if is_apart {
            out.push(' ');
            is_apart = false;
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The text by which a case is found: what it says, where, what stands beside it in every list (its class and its street and
/// community, in the languages that have a name), and its number, one line each.
pub fn text_of(case: &Case, city: &City) -> String {
    let said: String = case.description.chars().take(TEXT_CHARS).collect();
    let address = case.place.address.as_deref().unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    let class = case.matter.and_then(|m| city.matter(m));
    let place = case.place.here();
    let street = place.and_then(|d| city.territory.at_level(d, DivisionLevel::Street));
    let own = place.and_then(|d| city.territory.division(d));
    for lang in ui::Lang::ALL {
        names.extend(class.map(|c| folded(c.name(lang.tag()))));
        for division in [street, own].into_iter().flatten() {
            names.push(folded(division.name_in(lang)));
        }
    }
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    let names = names.join("，");
    format!(
        "{}\n{}\n{names}\n{}",
        folded(&said),
        folded(address),
        case.number
    )
}

/// The words of a text that [`text_of`] made, each once. The district of its number is none: every case has one.
pub fn words_of(text: &str) -> BTreeSet<String> {
    let (said, number) = text.rsplit_once('\n').unwrap_or((text, ""));
    let tail = number.split_once('-').map_or(number, |(_, tail)| tail);
    // People say 0047 or 47 for 00047.
    let sequence = tail.rsplit('-').next().unwrap_or_default();
    let short = (1..sequence.len().saturating_sub(1))
        .take_while(|from| sequence.as_bytes()[from - 1] == b'0')
        .map(|from| sequence[from..].to_owned());
    let numbers = in_order(tail).into_iter().chain(short);
    in_order(said).into_iter().chain(numbers).collect()
}

/// How a sign is cut.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// Written without spaces: two side by side are a word.
    Pair,
    /// Letters and digits: a whole run is a word.
    Run,
    /// Neither.
    Other,
}

fn sign(c: char) -> Sign {
    match c {
        '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7AF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}' => Sign::Pair,
        _ if c.is_alphanumeric() => Sign::Run,
        _ => Sign::Other,
    }
}

fn in_order(folded: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut run = String::new();
    let mut before: Option<char> = None;
    for c in folded.chars().chain([' ']) {
        let kind = sign(c);
        if kind == Sign::Run {
            run.push(c);
        } else if !run.is_empty() {
            words.push(run.chars().take(WORD_CHARS).collect());
            run.clear();
        }
        if kind == Sign::Pair {
            words.extend(before.map(|b| String::from_iter([b, c])));
        }
        before = (kind == Sign::Pair).then_some(c);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(query: &str) -> Vec<String> {
        match Find::read(query) {
            Ok(Some(Find::Words { words, .. })) => words,
            other => panic!("{query}: {other:?}"),
        }
    }

    fn bounds(query: &str) -> (String, String) {
        match Find::read(query) {
            Ok(Some(Find::Number { least, most, .. })) => (least, most),
            other => panic!("{query}: {other:?}"),
        }
    }

    #[test]
    fn a_text_is_cut_into_pairs_of_characters_and_whole_words() {
        let text = format!(
            "{}\n{}\n330102-20260316-00137",
            folded("井盖缺失，ＫＦＣ 门口"),
            folded("延安路12号")
        );
        let expected = [
            "00137", "0137", "12", "137", "20260316", "kfc", "井盖", "安路", "延安", "盖缺",
            "缺失", "门口",
        ];
        assert_eq!(words_of(&text).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn two_characters_are_enough_and_one_is_not() {
        assert_eq!(words("井盖"), ["井盖"]);
        assert_eq!(words(" 井盖  缺失 "), ["井盖", "缺失"]);
        // A single character says nothing by itself, and is still asked for beside others.
        assert_eq!(Find::read("树"), Err(FindError::TooShort));
        assert_eq!(Find::read("！？"), Err(FindError::TooShort));
        assert_eq!(words("12号"), ["12"]);
        assert_eq!(Find::read("  "), Ok(None));
        assert_eq!(Find::read(&"井".repeat(101)), Err(FindError::TooLong));
        assert_eq!(Find::read("a b c d e f g"), Err(FindError::TooLong));
    }

    #[test]
    fn the_beginning_of_a_number_is_a_stretch_of_numbers() {
        let both = |least: &str, most: &str| (least.to_owned(), most.to_owned());
        assert_eq!(
            bounds("330102"),
            both("330102-00000000-00000", "330102-99999999-99999")
        );
        assert_eq!(
            bounds("330102-202603"),
            both("330102-20260300-00000", "330102-20260399-99999")
        );
        assert_eq!(
            bounds("330102-20260316-001"),
            both("330102-20260316-00100", "330102-20260316-00199")
        );
        assert_eq!(
            bounds("３３０１０２－20260316－00137"),
            both("330102-20260316-00137", "330102-20260316-00137")
        );
        // What only looks like one is a word.
        assert_eq!(words("20260316-00137"), ["20260316", "00137"]);
        assert_eq!(words("000102"), ["000102"]);
        assert_eq!(words("330102-2026-1"), ["330102", "2026", "1"]);
    }

    proptest! {
        #[test]
        fn a_part_of_a_text_is_found_by_words_that_the_text_has(said in "[a-z井盖缺失路灯0-9 ，]{0,30}", from in 0_usize..30, length in 0_usize..30) {
            let text = folded(&said);
            let part: String = text.chars().skip(from).take(length).collect();
            // Whole words only: a part that begins or ends within one is not asked for.
            let is_whole = in_order(&part).iter().all(|w| in_order(&text).contains(w));
            if let (true, Ok(Some(Find::Words { words, phrases }))) = (is_whole, Find::read(&part)) {
                let known = words_of(&format!("{text}\n\n330102-20260316-00001"));
                for word in words {
                    prop_assert!(known.contains(&word), "{word} of {part:?} in {text:?}");
                }
                for phrase in phrases {
                    prop_assert!(text.contains(&phrase));
                }
            }
        }

        #[test]
        fn any_text_is_a_query_or_is_refused(text in ".{0,200}") {
            let _ = Find::read(&text);
            prop_assert!(words_of(&folded(&text)).iter().all(|w| w.chars().count() <= WORD_CHARS));
        }
    }
}
