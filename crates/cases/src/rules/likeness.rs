//! Why two reports may be about the same thing: the words they share, as a person reads them. The distance and the hours are
//! the other two reasons; whether they are one, a person decides.

/// Only so much of a text is compared.
const MOST_CHARS: usize = 400;
/// So many words are shown.
const MOST_WORDS: usize = 5;

/// The longest pieces of text that both have, longest first: two Chinese characters or more, or a whole word of four letters
/// or more. Pieces of a longer one are left out.
pub fn shared_words(a: &str, b: &str) -> Vec<String> {
    let (a, b): (Vec<char>, Vec<char>) = (prepared(a), prepared(b));
    // The length of the common run that ends at a[i] and b[j], for the row before and this one.
    let mut before = vec![0_usize; b.len() + 1];
    let mut found: Vec<String> = Vec::new();
    for i in 0..=a.len() {
        let mut row = vec![0_usize; b.len() + 1];
        for j in 0..=b.len() {
            let goes_on = i < a.len() && j < b.len() && a[i] == b[j] && is_of_words(a[i]);
            let run = before_at(&before, j);
            if goes_on {
                if j < b.len() {
                    row[j + 1] = run + 1;
                }
            } else if run > 0 {
                found.extend(piece(&a, i - run, i));
            }
        }
        before = row;
    }
    found.sort_by(|x, y| y.chars().count().cmp(&x.chars().count()).then(x.cmp(y)));
    let mut kept: Vec<String> = Vec::new();
    for word in found {
        if kept.len() == MOST_WORDS {
            break;
        }
        if kept.iter().all(|k| !k.contains(&word)) {
            kept.push(word);
        }
    }
    kept
}

/// The run that ends before position `j`.
fn before_at(before: &[usize], j: usize) -> usize {
    before.get(j).copied().unwrap_or_default()
}

fn prepared(text: &str) -> Vec<char> {
    text.chars()
        .take(MOST_CHARS)
        .flat_map(char::to_lowercase)
        .collect()
}

fn is_of_words(c: char) -> bool {
    c.is_alphanumeric()
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}')
}

/// A common run as a word; none where it is too short, or only a part of a word of letters.
fn piece(text: &[char], from: usize, to: usize) -> Option<String> {
    let run = text.get(from..to)?;
    if run.iter().any(|c| is_chinese(*c)) {
        return (run.len() >= 2).then(|| run.iter().collect());
    }
    let is_letter = |at: Option<&char>| at.is_some_and(|c| is_of_words(*c) && !is_chinese(*c));
    let is_whole = !(is_letter(text.get(to)) || from > 0 && is_letter(text.get(from - 1)));
    (run.len() >= 4 && is_whole).then(|| run.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_longest_common_pieces_come_first() {
        assert_eq!(
            shared_words("延安路的井盖缺失，很危险", "井盖缺失了，在延安路口"),
            ["井盖缺失", "延安路"]
        );
        assert_eq!(
            shared_words("a manhole cover is gone", "Manhole missing here"),
            ["manhole"]
        );
        assert_eq!(shared_words("井", "井"), Vec::<String>::new());
        assert_eq!(shared_words("", "井盖"), Vec::<String>::new());
        assert_eq!(shared_words("forest", "rest house"), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn whatever_is_shared_stands_in_both(a in "[井盖缺失路a-e ，]{0,30}", b in "[井盖缺失路a-e ，]{0,30}") {
            for word in shared_words(&a, &b) {
                prop_assert!(a.contains(&word) && b.contains(&word), "{word}");
            }
        }
        #[test]
        fn any_two_texts_are_compared_without_a_panic(a in "\\PC{0,60}", b in "\\PC{0,60}") {
            let _ = shared_words(&a, &b);
        }
    }
}
