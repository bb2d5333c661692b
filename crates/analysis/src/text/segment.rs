//! From a message to its words: what counts as a letter, where a word begins and ends.
//!
//! A line that is already segmented (words set apart by blanks, as many public data sets and some
//! hotline systems deliver it) is taken as it stands; Chinese running text goes through jieba.
//! Letters are folded (full width to half width, Latin capitals to small ones) so that `Ａ３`, `A3`
//! and `a3` are the same; blanks and punctuation are no part of any word.

use jieba_rs::Jieba;
use std::collections::HashSet;
use std::sync::LazyLock;

/// The dictionary takes a tenth of a second to build: built once, when the first running text comes.
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Builds the dictionary now, so that the first message does not wait for it.
pub fn prepare() {
    LazyLock::force(&JIEBA);
}

/// The longest text that is read, in bytes; what follows is left out. Longer than any message in the
/// record of a city hotline, and short enough that one pasted book does not hold up a desk.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

/// The average number of Han letters in a piece between blanks, up to which a line counts as segmented.
/// Chinese words are about two letters long, clauses of running text seldom fewer than six.
const SEGMENTED_HAN_PER_PIECE: usize = 4;

/// Where a word stands in its text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Byte at which the word starts.
    pub start: usize,
    /// Byte after its last.
    pub end: usize,
}

impl Word {
    /// The word as written in `text`, the text it was cut from.
    pub fn of<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start..self.end]
    }
}

/// Folds a letter or digit to the form the model knows; `None` for blanks, punctuation and symbols.
pub fn fold(c: char) -> Option<char> {
    let c = match c {
        '\u{4e00}'..='\u{9fff}' => return Some(c),
        // The full-width forms of ASCII lie in one block, in ASCII's order.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xff01 + 0x21).unwrap_or(c),
        _ => c,
    };
    if c.is_ascii() {
        return c.is_ascii_alphanumeric().then(|| c.to_ascii_lowercase());
    }
    if !c.is_alphanumeric() {
        return None;
    }
    // Letters whose small form is several characters (such as İ) stay as they are.
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => Some(one),
        _ => Some(c),
    }
}

/// Whether a letter is written without blanks between words, so that a dictionary must find them.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// Whether the words of a line are already set apart by blanks.
///
/// ```
/// use analysis::text::looks_segmented;
/// assert!(looks_segmented("小区 物业 无故 停水"));
/// assert!(!looks_segmented("小区物业无故停水，请处理"));
/// assert!(looks_segmented("street light out"));
/// ```
pub fn looks_segmented(line: &str) -> bool {
    let (mut han, mut pieces) = (0usize, 0usize);
    for piece in line.split_whitespace() {
        let in_piece = piece.chars().filter(|c| is_han(*c)).count();
        han += in_piece;
        pieces += usize::from(in_piece > 0);
    }
    // One piece alone shows no blanks, so nobody has cut it, unless it is too short to be cut.
    han == 0 || (pieces > 1 && han <= SEGMENTED_HAN_PER_PIECE * pieces) || (pieces == 1 && han <= 1)
}

/// Cuts a text to [`MAX_TEXT_BYTES`], never inside a character.
pub fn bounded(text: &str) -> &str {
    if text.len() <= MAX_TEXT_BYTES {
        return text;
    }
    let mut end = MAX_TEXT_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The words of a text in reading order, each line by itself segmented or running.
/// Pieces without a letter or digit are no words. With `guess` unknown names are guessed from their
/// letters (slower, for reading by people); without it they fall into single letters.
pub fn words(text: &str, guess: bool) -> Vec<Word> {
    let text = bounded(text);
    let mut out = Vec::with_capacity(text.len() / 5);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if looks_segmented(line) {
            push_pieces(line, start, &mut out);
        } else {
            push_cut(line, start, guess, &mut out);
        }
        start += line.len();
    }
    out
}

/// Words between blanks, without the punctuation around them.
pub fn push_pieces(line: &str, offset: usize, out: &mut Vec<Word>) {
    let mut open: Option<usize> = None;
    // Ends at the last letter seen, so that trailing punctuation falls away.
    let mut end = 0;
    for (at, c) in line.char_indices() {
        if c.is_whitespace() {
            if let Some(start) = open.take() {
                out.push(Word {
                    start: offset + start,
                    end: offset + end,
                });
            }
        } else if fold(c).is_some() {
            open.get_or_insert(at);
            end = at + c.len_utf8();
        }
    }
    if let Some(start) = open {
        out.push(Word {
            start: offset + start,
            end: offset + end,
        });
    }
}

fn push_cut(line: &str, offset: usize, guess: bool, out: &mut Vec<Word>) {
    let mut at = offset;
    // jieba's tokens cover the line without gaps, so that the next one starts where the last ended.
    for token in JIEBA.cut(line, guess) {
        let end = at + token.word.len();
        if token.word.chars().any(|c| fold(c).is_some()) {
            out.push(Word { start: at, end });
        }
        at = end;
    }
}

/// The most frequent family names, one letter each.
const FAMILY_NAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向汤";
/// What names of places end with.
const PLACE_ENDINGS: &str = "区路街镇村桥园苑城县市乡湾山河湖站场厂店院校巷里坊庄社府馆楼队寺";

/// Whether a word looks like the name of a person: the dictionary says so, or it does not know a word of two or three
/// letters that begins with a family name and does not end like a place. Errs on the side of calling it a name.
pub fn looks_like_a_name(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    if !(2..=4).contains(&letters.len()) || !letters.iter().all(|c| is_han(*c)) {
        return false;
    }
    if JIEBA.has_word(word) {
        return JIEBA
            .tag(word, false)
            .first()
            .is_some_and(|t| t.word == word && t.tag.starts_with("nr"));
    }
    letters.len() <= 3
        && FAMILY_NAMES.contains(letters[0])
        && !PLACE_ENDINGS.contains(letters[letters.len() - 1])
}

/// Words of English that tell no matter from another, as [`fold`] leaves them: the stop words of the Snowball project
/// (snowballstem.org, `algorithms/english/stop.txt`, BSD licence), those with an apostrophe without it and as a cut there leaves
/// them (but no word of its own, such as shed and well), the auxiliaries that the list only mentions, and what people begin a request with.
const STOP_WORDS_EN: &str = "\
    about above after again against all also am an and any are aren arent as at be because been before being \
    below between both but by can cannot cant could couldn couldnt did didn didnt do does doesn doesnt doing \
    don dont down during each few for from further had hadn hadnt has hasn hasnt have haven havent having he \
    hed her here heres hers herself hes him himself his how hows if im in into is isn isnt it its \
    itself ive just let lets ll may me more most mustn mustnt my myself no nor not of off on once only or \
    other ought our ours ourselves out over own please re same shan shant she shes should shouldn \
    shouldnt so some such than that thats the their theirs them themselves then there theres these they theyd \
    theyll theyre theyve this those through to too under until up us ve very was wasn wasnt we were \
    weren werent weve what whats when whens where wheres which while who whom whos why whys will with wont \
    would wouldn wouldnt you youd youll your youre yours yourself yourselves youve";
/// The same of Chinese, where the dictionary has them for verbs, adverbs or nouns: what people begin, join and end a request with.
const STOP_WORDS_ZH: &str = "\
    一下 一直 不是 但是 你好 可以 咨询 因为 已经 希望 您好 感谢 所以 投诉 敬请 有人 没有 现在 能否 能够 谢谢 请求 请问 还是 还有 进行 近期 都是 非常";

static STOP_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let both = [STOP_WORDS_EN, STOP_WORDS_ZH];
    both.iter()
        .flat_map(|list| list.split_whitespace())
        .collect()
});

/// Whether a folded word is one of grammar or courtesy rather than of a matter. Of Chinese words the dictionary that cuts them
/// says what they are: pronouns, prepositions, conjunctions, particles, interjections and numerals are.
pub fn is_stop_word(word: &str) -> bool {
    if STOP_WORDS.contains(word) {
        return true;
    }
    if !word.chars().all(is_han) || !JIEBA.has_word(word) {
        return false;
    }
    let tags = JIEBA.tag(word, false);
    let whole = tags.first().filter(|t| t.word == word);
    whole.is_some_and(|t| t.tag.starts_with(['r', 'p', 'c', 'u', 'y', 'e', 'm']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_grammar_and_courtesy_are_told_from_those_of_a_matter() {
        for word in [
            "the", "which", "dont", "doesn", "please", "我们", "什么", "怎么", "因为", "关于",
            "这个", "请问", "没有",
        ] {
            assert!(is_stop_word(word), "{word}");
        }
        for word in [
            "noise",
            "street",
            "light",
            "won",
            "搅拌站",
            "车位",
            "噪音",
            "路灯",
            "停水",
            "扰民",
            "违建",
            "垃圾",
        ] {
            assert!(!is_stop_word(word), "{word}");
        }
    }

    fn cut(text: &str) -> Vec<&str> {
        words(text, false).iter().map(|w| w.of(text)).collect()
    }

    #[test]
    fn segmented_text_is_taken_as_it_stands() {
        assert_eq!(
            cut("A3 区 大道 西行，  占 道"),
            ["A3", "区", "大道", "西行", "占", "道"]
        );
    }

    #[test]
    fn running_text_is_cut_by_the_dictionary() {
        assert_eq!(
            cut("小区物业公司无故停水。"),
            ["小区", "物业公司", "无故", "停水"]
        );
    }

    #[test]
    fn each_line_is_judged_by_itself() {
        assert_eq!(
            cut("物业公司无故停水\n业主 服务 管理 不洗"),
            ["物业公司", "无故", "停水", "业主", "服务", "管理", "不洗"]
        );
    }

    #[test]
    fn other_scripts_are_cut_at_blanks() {
        assert_eq!(cut("Street light (out)!"), ["Street", "light", "out"]);
    }

    #[test]
    fn full_width_and_capitals_are_folded() {
        let folded: String = "Ａ３区ＫＴＶ！é É".chars().filter_map(fold).collect();
        assert_eq!(folded, "a3区ktvéé");
    }

    #[test]
    fn a_text_of_nothing_has_no_words() {
        for text in ["", " \n\t ", "！？。，…—", "🙂🙂", "\u{feff}\u{200b}"] {
            assert!(words(text, false).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn names_of_people_are_told_from_words_and_places() {
        for name in ["刘德华", "张晓凡", "王建国", "李某明"] {
            assert!(looks_like_a_name(name), "{name}");
        }
        for word in [
            "搅拌站",
            "车位",
            "丽发新城",
            "石桥村",
            "金星路",
            "噪音",
            "王",
            "abc",
        ] {
            assert!(!looks_like_a_name(word), "{word}");
        }
    }

    #[test]
    fn a_very_long_text_is_cut_at_a_character() {
        let long = "市".repeat(MAX_TEXT_BYTES);
        let kept = bounded(&long);
        assert!(kept.len() <= MAX_TEXT_BYTES && kept.len() > MAX_TEXT_BYTES - 4);
    }

    proptest::proptest! {
        #[test]
        fn words_lie_in_order_inside_any_text(text in "\\PC{0,60}|[市区 停水a-z，\n]{0,60}") {
            let mut last = 0;
            for word in words(&text, false) {
                proptest::prop_assert!(word.start >= last && word.end > word.start);
                proptest::prop_assert!(word.of(&text).chars().any(|c| fold(c).is_some()));
                last = word.end;
            }
        }
    }
}
