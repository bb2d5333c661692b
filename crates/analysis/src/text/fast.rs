//! Judging many messages at once: the same model laid out for speed.
//!
//! What costs time is memory that does not fit the caches: the dictionary of the segmenter, a counter for every feature
//! there is, the weights. So here a feature's scale and weights lie side by side in one cache line, counting happens in a
//! small table of the message's own features, and running text is cut by the words the model itself knows, the longest
//! first: a word it does not know weighs nothing anyway. Segmented text gives the very scores of [`Model::judge`]; on
//! running text the cut may differ from the dictionary's, which moves few verdicts (a test on real messages says how few).

use super::grams::{Block, Familiar, Vocabulary, WordKey, damped, visit};
use super::model::{Message, Model, Table, Verdict};
use super::segment::{Word, bounded, fold, is_han, looks_segmented, push_pieces};

/// Labels up to which a row is laid out whole; with more, a row is longer than what a message touches of it.
const MOST_LABELS: usize = 63;
/// The longest word looked for, in letters.
const LONGEST_WORD: usize = 4;

/// A model laid out for speed.
pub struct Fast {
    /// Floats a row: its scale, then one weight a label, filled up so that short rows never cross a cache line.
    stride: usize,
    rows: Vec<f32>,
}

/// Memory for one message after another.
#[derive(Default)]
pub struct FastScratch {
    letters: Vec<(u32, Option<char>)>,
    words: Vec<Word>,
    counts: Counts,
    blocks: [Vec<f32>; 2],
    scores: Vec<f32>,
    confidences: Vec<f64>,
}

impl Fast {
    /// Lays a model out; none where it has so many labels that it would not help.
    pub fn of(model: &Model) -> Option<Self> {
        let labels = model.labels.len();
        let Table::Full(weights) = &model.weights.table else {
            return None;
        };
        if labels > MOST_LABELS {
            return None;
        }
        let stride = if labels < 8 {
            8
        } else {
            (labels + 1).next_multiple_of(16)
        };
        let scale = model.vocabulary.scale();
        let mut rows = vec![0.0; stride * scale.len()];
        for ((row, scale), weights) in rows
            .chunks_exact_mut(stride)
            .zip(scale)
            .zip(weights.chunks_exact(labels))
        {
            row[0] = *scale;
            row[1..=labels].copy_from_slice(weights);
        }
        Some(Self { stride, rows })
    }

    /// Judges one message.
    pub fn judge(
        &self,
        model: &Model,
        message: &Message<'_>,
        scratch: &mut FastScratch,
    ) -> Verdict {
        let FastScratch {
            letters,
            words,
            counts,
            blocks,
            scores,
            confidences,
        } = scratch;
        let text = bounded(message.text);
        cut(text, &model.vocabulary, letters, words);
        counts.clear();
        let mut familiar = Familiar::default();
        visit(text, words, message.facts, |gram| {
            let row = model.vocabulary.row(gram.bucket);
            familiar.add(gram.block, gram.times, row.is_some());
            if let Some(row) = row {
                counts.add(row, gram.block, gram.times);
            }
        });
        let labels = model.labels.len();
        let mut squares = [0.0f64; 2];
        for block in blocks.iter_mut() {
            block.clear();
            block.resize(labels, 0.0);
        }
        for (row, block, count) in counts.iter() {
            let at = row as usize * self.stride;
            let row = &self.rows[at..at + self.stride];
            let value = damped(count) * row[0];
            squares[block] += f64::from(value) * f64::from(value);
            for (sum, weight) in blocks[block].iter_mut().zip(&row[1..]) {
                *sum += value * weight;
            }
        }
        // Each block is brought to length 1, and then both together.
        let known = squares.iter().filter(|s| **s > 0.0).count();
        scores.clear();
        scores.extend_from_slice(&model.weights.intercepts);
        for (block, square) in blocks.iter().zip(squares).filter(|(_, s)| *s > 0.0) {
            let by = (1.0 / (square.sqrt() * (known as f64).sqrt())) as f32;
            for (score, sum) in scores.iter_mut().zip(block) {
                *score += by * sum;
            }
        }
        model.verdict(scores, (known > 0).then_some(familiar), confidences)
    }
}

/// Cuts a text into words: segmented lines as they stand, running ones by the words the model knows.
fn cut(
    text: &str,
    vocabulary: &Vocabulary,
    letters: &mut Vec<(u32, Option<char>)>,
    words: &mut Vec<Word>,
) {
    words.clear();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if looks_segmented(line) {
            push_pieces(line, start, words);
        } else {
            push_known(line, start, vocabulary, letters, words);
        }
        start += line.len();
    }
}

/// The words of a running line: the longest known one at each letter, else the letter alone; Latin letters and digits
/// side by side are one word.
fn push_known(
    line: &str,
    offset: usize,
    vocabulary: &Vocabulary,
    letters: &mut Vec<(u32, Option<char>)>,
    words: &mut Vec<Word>,
) {
    letters.clear();
    letters.extend(line.char_indices().map(|(at, c)| (at as u32, fold(c))));
    let end_of = |i: usize| letters.get(i).map_or(line.len(), |l| l.0 as usize);
    let mut i = 0;
    while i < letters.len() {
        let Some(first) = letters[i].1 else {
            i += 1;
            continue;
        };
        let mut length = 1;
        if is_han(first) {
            let mut key = WordKey::new().with(first);
            for n in 2..=LONGEST_WORD {
                let Some((_, Some(letter))) = letters.get(i + n - 1) else {
                    break;
                };
                if !is_han(*letter) {
                    break;
                }
                key = key.with(*letter);
                if vocabulary.row(key.bucket()).is_some() {
                    length = n;
                }
            }
        } else {
            while let Some((_, Some(letter))) = letters.get(i + length) {
                if is_han(*letter) {
                    break;
                }
                length += 1;
            }
        }
        words.push(Word {
            start: offset + letters[i].0 as usize,
            end: offset + end_of(i + length),
        });
        i += length;
    }
}

/// How often each row occurs in one message: a small table that stays in the nearest cache.
#[derive(Default)]
struct Counts {
    /// Row + 1 (0 = free), block, count. Its length is a power of two and at least twice the number of rows.
    slots: Vec<(u32, u16, u16)>,
    /// Slots in use, in the order of their first occurrence.
    used: Vec<u32>,
}

impl Counts {
    fn clear(&mut self) {
        for slot in self.used.drain(..) {
            self.slots[slot as usize].0 = 0;
        }
    }

    fn add(&mut self, row: u32, block: Block, times: u32) {
        if self.slots.len() < 2 * (self.used.len() + 1) {
            self.grow();
        }
        let slot = self.find(row);
        let found = &mut self.slots[slot];
        if found.0 == 0 {
            *found = (row + 1, block as u16, times as u16);
            self.used.push(slot as u32);
        } else {
            found.2 = found.2.saturating_add(times as u16);
        }
    }

    /// The slot of a row, or the free one where it belongs.
    fn find(&self, row: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (row.wrapping_mul(0x9e37_79b1) >> 12) as usize & mask;
        while self.slots[at].0 != 0 && self.slots[at].0 != row + 1 {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        let held: Vec<(u32, u16, u16)> =
            self.used.iter().map(|s| self.slots[*s as usize]).collect();
        let size = (self.slots.len() * 2).max(1024);
        self.slots.clear();
        self.slots.resize(size, (0, 0, 0));
        self.used.clear();
        for entry in held {
            let slot = self.find(entry.0 - 1);
            self.slots[slot] = entry;
            self.used.push(slot as u32);
        }
    }

    /// Row, block, count, in the order of their first occurrence.
    fn iter(&self) -> impl Iterator<Item = (u32, usize, u16)> + '_ {
        self.used.iter().map(|slot| {
            let (row, block, count) = self.slots[*slot as usize];
            (row - 1, usize::from(block), count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_data::{small_model, small_record};
    use super::*;

    #[test]
    fn segmented_text_is_judged_as_ever() {
        let model = small_model();
        let fast = Fast::of(&model).expect("three labels");
        let mut scratch = FastScratch::default();
        for text in [
            "路灯 不亮 三天",
            "停水 自来水 发黄",
            "street light out",
            "",
            "。！",
            "噪声",
        ] {
            let (a, b) = (
                model.judge(&text.into()),
                fast.judge(&model, &text.into(), &mut scratch),
            );
            assert_eq!((a.label, a.answered), (b.label, b.answered), "{text}");
            assert!(
                (a.confidence - b.confidence).abs() < 1e-5,
                "{text}: {a:?} {b:?}"
            );
        }
    }

    #[test]
    fn running_text_is_judged_alike() {
        let model = small_model();
        let fast = Fast::of(&model).expect("three labels");
        let mut scratch = FastScratch::default();
        let record = small_record();
        let same = record
            .iter()
            .filter(|(text, _)| {
                let message = text.as_str().into();
                model.judge(&message).label == fast.judge(&model, &message, &mut scratch).label
            })
            .count();
        assert!(
            same * 100 >= record.len() * 99,
            "{same} of {}",
            record.len()
        );
    }

    #[test]
    fn many_features_are_counted_right() {
        let mut counts = Counts::default();
        for round in 0..3u32 {
            for row in (0..5000u32).map(|n| n * 7919 % 262_144) {
                counts.add(row, Block::Words, 1 + round % 2);
            }
        }
        let found: Vec<(u32, usize, u16)> = counts.iter().collect();
        assert_eq!(found.len(), 5000);
        assert!(found.iter().all(|(_, block, n)| (*block, *n) == (1, 4)));
        counts.clear();
        assert_eq!(counts.iter().count(), 0);
        counts.add(3, Block::Letters, 2);
        assert_eq!(counts.iter().collect::<Vec<_>>(), [(3, 0, 2)]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_cut_into_words_in_order(text in "\\PC{0,60}|[市区停水a-zＡ９，\n 🙂]{0,60}") {
            let model = small_model_once();
            let (mut letters, mut words) = (Vec::new(), Vec::new());
            cut(&text, &model.vocabulary, &mut letters, &mut words);
            let mut last = 0;
            for word in &words {
                proptest::prop_assert!(word.start >= last && word.end > word.start);
                proptest::prop_assert!(word.of(&text).chars().any(|c| fold(c).is_some()));
                last = word.end;
            }
        }
    }

    fn small_model_once() -> &'static Model {
        static MODEL: std::sync::LazyLock<Model> = std::sync::LazyLock::new(small_model);
        &MODEL
    }
}
