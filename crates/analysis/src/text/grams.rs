//! From words to features: hashed words, pairs of words and runs of one to three letters.
//!
//! A feature is a bucket of 2^22; two features that fall into one bucket share a weight, which costs
//! little because rare buckets are left out of a model. Features come in two blocks, letters and words,
//! that are brought to the same length before they are joined, so that the many runs of letters do not
//! drown the few words. Facts about the place and the time (`district=370102`) count as words.

use super::segment::{Word, fold};
use std::sync::LazyLock;

/// Bits of a bucket's number.
pub const BUCKET_BITS: u32 = 22;
/// Number of buckets.
pub const BUCKETS: usize = 1 << BUCKET_BITS;
/// People name the matter first: the words of a title or a first sentence count more than once.
pub const HEAD_WORDS: usize = 16;
/// How often a feature within the head is counted.
const HEAD_TIMES: u32 = 3;

/// Which of the two blocks a feature belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Block {
    /// Runs of one to three letters.
    Letters,
    /// Words, pairs of words, facts.
    Words,
}

/// One occurrence of a feature in a text.
#[derive(Clone, Copy, Debug)]
pub struct Gram {
    /// Its bucket.
    pub bucket: u32,
    /// Its block.
    pub block: Block,
    /// First byte it covers in the text (0 for a fact).
    pub start: u32,
    /// Byte after the last it covers (0 for a fact).
    pub end: u32,
    /// How often this occurrence counts.
    pub times: u32,
}

/// Murmur's finaliser: every bit of the input moves every bit of the output.
pub fn mix(mut x: u64) -> u64 {
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

fn bucket(key: u64) -> u32 {
    (mix(key) >> (64 - BUCKET_BITS)) as u32
}

/// What the key of a word begins with.
const WORD_SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const FACT_SEED: u64 = 0xd1b5_4a32_d192_ed03;

/// Takes one more letter into the key of a word: one multiplication a letter is enough, `bucket` mixes well.
fn extend(key: u64, letter: char) -> u64 {
    (key ^ u64::from(letter))
        .wrapping_mul(0x0000_0100_0000_01b3)
        .rotate_left(23)
}

/// Key of a word while its letters are taken in, one after another.
#[derive(Clone, Copy)]
pub struct WordKey(u64);

impl WordKey {
    /// No letter yet.
    pub fn new() -> Self {
        Self(WORD_SEED)
    }
    /// One more letter, folded.
    pub fn with(self, letter: char) -> Self {
        Self(extend(self.0, letter))
    }
    /// The bucket of the word so far.
    pub fn bucket(self) -> u32 {
        bucket(self.0)
    }
}

/// Calls `f` with every occurrence of every feature of a text cut into `words`, and of the facts beside it.
pub fn visit(text: &str, words: &[Word], facts: &[&str], mut f: impl FnMut(Gram)) {
    // The last two letters and the last word seen, with the byte where each starts.
    let (mut before, mut last) = (None::<(u64, u32)>, None::<(u64, u32)>);
    let mut last_word: Option<(u64, u32)> = None;
    for (number, word) in words.iter().enumerate() {
        let times = if number < HEAD_WORDS { HEAD_TIMES } else { 1 };
        let word_start = word.start as u32;
        let mut key = WORD_SEED;
        for (at, c) in word.of(text).char_indices() {
            let Some(letter) = fold(c) else { continue };
            key = extend(key, letter);
            let start = word_start + at as u32;
            let end = start + c.len_utf8() as u32;
            // Letters fit into 21 bits: up to three of them side by side are a key without collisions.
            let one = u64::from(letter) + 1;
            f(Gram {
                bucket: bucket(one),
                block: Block::Letters,
                start,
                end,
                times,
            });
            if let Some((b, b_start)) = last {
                let two = one | b << 21;
                f(Gram {
                    bucket: bucket(two),
                    block: Block::Letters,
                    start: b_start,
                    end,
                    times,
                });
                if let Some((a, a_start)) = before {
                    f(Gram {
                        bucket: bucket(two | a << 42),
                        block: Block::Letters,
                        start: a_start,
                        end,
                        times,
                    });
                }
            }
            before = last;
            last = Some((one, start));
        }
        let end = word.end as u32;
        f(Gram {
            bucket: bucket(key),
            block: Block::Words,
            start: word_start,
            end,
            times,
        });
        if let Some((previous, start)) = last_word {
            let pair = mix(previous).rotate_left(7) ^ key;
            f(Gram {
                bucket: bucket(pair),
                block: Block::Words,
                start,
                end,
                times,
            });
        }
        last_word = Some((key, word_start));
    }
    for fact in facts {
        let key = fact.chars().fold(FACT_SEED, extend);
        f(Gram {
            bucket: bucket(key),
            block: Block::Words,
            start: 0,
            end: 0,
            times: 1,
        });
    }
}

/// Which buckets a model knows, and how much each of them counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Vocabulary {
    // INVARIANT: one bit a bucket, set where the model has a row; `rank[i]` counts the bits before word
    // i, so that the row of a bucket is found with two reads that stay in the cache.
    bits: Vec<u64>,
    rank: Vec<u32>,
    scale: Vec<f32>,
}

impl Vocabulary {
    /// Builds the table from ascending buckets and the scale of each.
    pub fn new(buckets: &[u32], scale: Vec<f32>) -> Self {
        assert_eq!(buckets.len(), scale.len(), "one scale a bucket");
        let mut bits = vec![0u64; BUCKETS / 64];
        for b in buckets {
            bits[*b as usize / 64] |= 1 << (b % 64);
        }
        let mut rank = Vec::with_capacity(bits.len());
        let mut seen = 0;
        for word in &bits {
            rank.push(seen);
            seen += word.count_ones();
        }
        assert_eq!(
            seen as usize,
            scale.len(),
            "buckets are distinct and within range"
        );
        Self { bits, rank, scale }
    }

    /// The row of a bucket, if the model knows it.
    #[inline]
    pub fn row(&self, bucket: u32) -> Option<u32> {
        let word = self.bits[bucket as usize / 64];
        let bit = 1u64 << (bucket % 64);
        (word & bit != 0).then(|| self.rank[bucket as usize / 64] + (word & (bit - 1)).count_ones())
    }

    /// The scale of every row.
    pub fn scale(&self) -> &[f32] {
        &self.scale
    }

    /// The buckets in order of their rows.
    pub fn buckets(&self) -> Vec<u32> {
        let mut out = Vec::with_capacity(self.scale.len());
        for (i, word) in self.bits.iter().enumerate() {
            let mut rest = *word;
            while rest != 0 {
                out.push(i as u32 * 64 + rest.trailing_zeros());
                rest &= rest - 1;
            }
        }
        out
    }
}

/// How much of a text a model knows: occurrences of runs of letters, known and all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Familiar {
    known: u64,
    all: u64,
}

impl Familiar {
    /// Takes in occurrences of a feature. Words do not count: how a text is cut depends on the words that are known.
    #[inline]
    pub fn add(&mut self, block: Block, times: u32, is_known: bool) {
        if block == Block::Letters {
            self.all += u64::from(times);
            self.known += u64::from(times) * u64::from(is_known);
        }
    }

    /// The known share; 1 where there is no letter at all, so that facts alone may speak.
    pub fn share(self) -> f64 {
        if self.all == 0 {
            1.0
        } else {
            self.known as f64 / self.all as f64
        }
    }
}

/// Counts features of one text after another without new memory.
#[derive(Default)]
pub struct Counter {
    counts: Vec<u16>,
    touched: [Vec<u32>; 2],
}

impl Counter {
    /// Counts one occurrence of a row.
    #[inline]
    pub fn add(&mut self, row: u32, block: Block, times: u32) {
        let row_at = row as usize;
        if row_at >= self.counts.len() {
            self.counts.resize(row_at + 1, 0);
        }
        let count = &mut self.counts[row_at];
        if *count == 0 {
            self.touched[block as usize].push(row);
        }
        *count = count.saturating_add(times as u16);
    }

    /// Hands over (row, count) of each block and starts anew.
    pub fn drain(&mut self) -> [Vec<(u32, u16)>; 2] {
        let counts = &mut self.counts;
        self.touched.each_mut().map(|rows| {
            rows.drain(..)
                .map(|row| (row, std::mem::take(&mut counts[row as usize])))
                .collect()
        })
    }

    /// Writes the weighted features of what was counted into `out` (rows with values, length 1 over
    /// all, both blocks alike) and starts anew.
    pub fn weigh(&mut self, scale: &[f32], out: &mut Vec<(u32, f32)>) {
        out.clear();
        for rows in &mut self.touched {
            let from = out.len();
            for row in rows.drain(..) {
                let count = std::mem::take(&mut self.counts[row as usize]);
                out.push((row, damped(count) * scale[row as usize]));
            }
            to_unit_length(&mut out[from..]);
        }
        to_unit_length(out);
    }
}

/// Repetition counts, but less and less: 1 + ln n (sublinear term frequency), and nothing more beyond 255.
pub fn damped(count: u16) -> f32 {
    static DAMPED: LazyLock<[f32; 256]> = LazyLock::new(|| {
        std::array::from_fn(|n| {
            if n == 0 {
                0.0
            } else {
                1.0 + libm::logf(n as f32)
            }
        })
    });
    DAMPED[usize::from(count.min(255))]
}

/// Scales values to Euclidean length 1; nothing stays nothing.
pub fn to_unit_length(values: &mut [(u32, f32)]) {
    let length = values
        .iter()
        .map(|(_, v)| f64::from(*v) * f64::from(*v))
        .sum::<f64>()
        .sqrt();
    if length > 0.0 {
        let by = (1.0 / length) as f32;
        for (_, value) in values {
            *value *= by;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::segment::words;
    use super::*;

    fn grams(text: &str) -> Vec<(Block, &str)> {
        let cut = words(text, false);
        let mut out = Vec::new();
        visit(text, &cut, &[], |g| {
            out.push((g.block, &text[g.start as usize..g.end as usize]))
        });
        out.sort_unstable();
        out
    }

    #[test]
    fn the_features_of_two_words_by_hand() {
        let letters = ["停", "停水", "水", "灯", "灯停", "灯停水"].map(|s| (Block::Letters, s));
        let mut expected: Vec<_> = letters
            .into_iter()
            .chain([
                (Block::Words, "灯"),
                (Block::Words, "停水"),
                (Block::Words, "灯停水"),
            ])
            .collect();
        expected.sort_unstable();
        // Runs of letters pass over the blank between the words; the text they cover keeps it.
        let found: Vec<_> = grams("灯 停水")
            .into_iter()
            .map(|(b, s)| (b, s.replace(' ', "")))
            .collect();
        let mut found: Vec<_> = found.iter().map(|(b, s)| (*b, s.as_str())).collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn width_and_case_do_not_matter() {
        let key = |text: &str| {
            let mut out = Vec::new();
            visit(text, &words(text, false), &[], |g| out.push(g.bucket));
            out
        };
        assert_eq!(key("Ａ３ ＫＴＶ"), key("a3 ktv"));
    }

    #[test]
    fn a_fact_is_not_a_word_of_the_text() {
        let buckets = |text: &str, facts: &[&str]| {
            let mut out = Vec::new();
            visit(text, &words(text, false), facts, |g| {
                if g.block == Block::Words {
                    out.push(g.bucket)
                }
            });
            out
        };
        assert_ne!(buckets("night", &[]), buckets("", &["night"]));
    }

    #[test]
    fn the_vocabulary_finds_each_row_and_no_other() {
        let buckets = [0, 5, 63, 64, 1000, BUCKETS as u32 - 1];
        let vocabulary = Vocabulary::new(&buckets, vec![1.0; 6]);
        for (row, bucket) in buckets.iter().enumerate() {
            assert_eq!(vocabulary.row(*bucket), Some(row as u32));
        }
        assert_eq!(vocabulary.row(6), None);
        assert_eq!(vocabulary.buckets(), buckets);
    }

    #[test]
    fn both_blocks_weigh_the_same_whatever_their_number() {
        let mut counter = Counter::default();
        for row in 0..9 {
            counter.add(row, Block::Letters, 1);
        }
        counter.add(9, Block::Words, 1);
        let mut out = Vec::new();
        counter.weigh(&[1.0; 10], &mut out);
        let word = out.iter().find(|(row, _)| *row == 9).expect("counted").1;
        assert!((word * word - 0.5).abs() < 1e-6);
        assert!((out.iter().map(|(_, v)| v * v).sum::<f32>() - 1.0).abs() < 1e-6);
        counter.weigh(&[1.0; 10], &mut out);
        assert!(out.is_empty(), "the counter starts anew");
    }

    #[test]
    fn repetition_counts_less_and_less() {
        assert_eq!((damped(0), damped(1)), (0.0, 1.0));
        assert!((damped(3) - (1.0 + 3f32.ln())).abs() < 1e-6);
        assert_eq!(damped(60_000), damped(255));
    }
}
