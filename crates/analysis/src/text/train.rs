//! Training: from a city's own record of messages and classes to a [`Model`].
//!
//! One linear support vector machine a class against the rest, on features weighted by how rare they are
//! (inverse document frequency) and by how differently the classes use them. Confidence and threshold are
//! fitted on held-out folds, with equal texts in one fold. The same messages, labels and options give the
//! same model bit for bit, on any number of cores.

use super::calibrate::{self, DEFAULT_LEAST, DEFAULT_TARGET, HeldOut};
use super::grams::{BUCKETS, Block, Counter, Familiar, Vocabulary, damped, to_unit_length, visit};
use super::model::{Message, Model, Table, Weights};
use super::segment::words;
use super::solve::{Effort, Shuffle, Sparse, Stop, solve};
use rayon::prelude::*;
use std::collections::HashMap;
use thiserror::Error;

/// The most messages one model is trained on. More gain nothing and cost memory: take the latest.
pub const MAX_MESSAGES: usize = 200_000;
/// The most labels of one model.
pub const MAX_LABELS: usize = 4_096;
/// The most features looked at, the most frequent ones.
const MAX_CANDIDATES: usize = 1 << 19;
/// The most features a model keeps, those that tell most.
const MAX_FEATURES: usize = 1 << 16;
/// The most weights a model keeps over all labels; with many labels the smallest of each fall away.
const MAX_WEIGHTS: usize = 4_000_000;
/// Squared-hinge cost, tolerance and passes. Chosen on splits of public messages; flat around the optimum.
const EFFORT: Effort = Effort {
    cost: 2.0,
    tolerance: 0.02,
    max_passes: 200,
};

/// What can be chosen about a training.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Orders the folds and the solver's steps.
    pub seed: u64,
    /// The share of right answers wanted where the model speaks (0 to 1).
    pub target: f64,
    /// The least confidence at which the model speaks (0 to 1), however often it was right below.
    pub least: f64,
    /// Number of held-out folds (at least 2).
    pub folds: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            target: DEFAULT_TARGET,
            least: DEFAULT_LEAST,
            folds: 5,
        }
    }
}

/// Why no model could be made.
#[derive(Debug, Error, PartialEq)]
pub enum TrainError {
    /// Lists of different length.
    #[error("{messages} messages but {labels} labels")]
    Unequal {
        /// Number of messages.
        messages: usize,
        /// Number of labels.
        labels: usize,
    },
    /// There must be something to tell apart.
    #[error("cannot train on {0} label(s): at least two different labels are needed")]
    TooFewLabels(usize),
    /// Beyond [`MAX_LABELS`].
    #[error("{0} different labels, more than {MAX_LABELS}: is this the right column?")]
    TooManyLabels(usize),
    /// Beyond [`MAX_MESSAGES`].
    #[error("{0} messages, more than {MAX_MESSAGES}: give the latest ones")]
    TooManyMessages(usize),
    /// No feature is frequent enough.
    #[error("the messages have no words in common: is this the right column?")]
    NoFeatures,
    /// Whoever wanted the model no longer does.
    #[error("the training was stopped")]
    Stopped,
    /// An option outside its range.
    #[error("{name} is {value}, outside {range}")]
    Option {
        /// The option.
        name: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        range: &'static str,
    },
}

/// The counted features of one message by bucket: letters, words.
type Counted = [Vec<(u32, u16)>; 2];

/// Trains a model on messages and the label each was given in the record.
pub fn train(
    messages: &[Message<'_>],
    labels: &[&str],
    options: &Options,
) -> Result<Model, TrainError> {
    train_until(messages, labels, options, &|| false)
}

/// As [`train`], but gives up with [`TrainError::Stopped`] soon after `is_stopped` says so: it is asked before each part of the
/// work and in each pass of the solver.
///
/// # Errors
/// [`TrainError`].
pub fn train_until(
    messages: &[Message<'_>],
    labels: &[&str],
    options: &Options,
    is_stopped: Stop<'_>,
) -> Result<Model, TrainError> {
    check(messages, labels, options)?;
    let mut names: Vec<&str> = labels.to_vec();
    names.sort_unstable();
    names.dedup();
    if names.len() < 2 {
        return Err(TrainError::TooFewLabels(names.len()));
    }
    if names.len() > MAX_LABELS {
        return Err(TrainError::TooManyLabels(names.len()));
    }
    let truth: Vec<u16> = labels
        .iter()
        .map(|l| names.binary_search(l).expect("names holds every label") as u16)
        .collect();
    let counted = count(messages, is_stopped)?;
    let held = held_out(messages, &counted, &truth, names.len(), options, is_stopped)?;
    let calibration = calibrate::fit(&held, &truth, names.len(), options.target, options.least);
    let everything: Vec<usize> = (0..messages.len()).collect();
    let (vocabulary, weights) = fit(
        &counted,
        &truth,
        names.len(),
        &everything,
        options.seed,
        is_stopped,
    )?;
    if vocabulary.scale().is_empty() {
        return Err(TrainError::NoFeatures);
    }
    Ok(Model {
        labels: names.into_iter().map(str::to_owned).collect(),
        vocabulary,
        weights,
        calibration,
        seed: options.seed,
        trained_on: messages.len() as u64,
    })
}

fn check(messages: &[Message<'_>], labels: &[&str], options: &Options) -> Result<(), TrainError> {
    if messages.len() != labels.len() {
        return Err(TrainError::Unequal {
            messages: messages.len(),
            labels: labels.len(),
        });
    }
    if messages.len() > MAX_MESSAGES {
        return Err(TrainError::TooManyMessages(messages.len()));
    }
    if !(options.target > 0.0 && options.target <= 1.0) {
        return Err(TrainError::Option {
            name: "target",
            value: options.target.to_string(),
            range: "above 0 up to 1",
        });
    }
    if !(0.0..=1.0).contains(&options.least) {
        return Err(TrainError::Option {
            name: "least",
            value: options.least.to_string(),
            range: "0 to 1",
        });
    }
    if !(2..=20).contains(&options.folds) {
        return Err(TrainError::Option {
            name: "folds",
            value: options.folds.to_string(),
            range: "2 to 20",
        });
    }
    Ok(())
}

fn go_on(is_stopped: Stop<'_>) -> Result<(), TrainError> {
    if is_stopped() {
        return Err(TrainError::Stopped);
    }
    Ok(())
}

fn count(messages: &[Message<'_>], is_stopped: Stop<'_>) -> Result<Vec<Counted>, TrainError> {
    let counted: Result<Vec<_>, TrainError> = messages
        .par_chunks(256)
        .map_init(Counter::default, |counter, chunk| {
            let one = |m: &Message<'_>| {
                visit(m.text, &words(m.text, false), m.facts, |g| {
                    counter.add(g.bucket, g.block, g.times)
                });
                counter.drain()
            };
            go_on(is_stopped)?;
            Ok(chunk.iter().map(one).collect::<Vec<_>>())
        })
        .collect();
    Ok(counted?.concat())
}

/// What a model that has not seen it says of every message.
fn held_out(
    messages: &[Message<'_>],
    counted: &[Counted],
    truth: &[u16],
    classes: usize,
    options: &Options,
    is_stopped: Stop<'_>,
) -> Result<HeldOut, TrainError> {
    let fold = folds(messages, truth, options);
    let mut out = HeldOut {
        scores: vec![0.0; messages.len() * classes],
        familiar: vec![0.0; messages.len()],
    };
    let (mut features, mut scores) = (Vec::new(), Vec::new());
    for held in 0..options.folds {
        let seen: Vec<usize> = (0..messages.len()).filter(|i| fold[*i] != held).collect();
        let (vocabulary, weights) = fit(
            counted,
            truth,
            classes,
            &seen,
            options.seed.wrapping_add(1 + held as u64),
            is_stopped,
        )?;
        for i in (0..messages.len()).filter(|i| fold[*i] == held) {
            weigh(&counted[i], &vocabulary, &mut features);
            weights.score(&features, &mut scores);
            out.scores[i * classes..(i + 1) * classes].copy_from_slice(&scores);
            out.familiar[i] = familiar(&counted[i], &vocabulary);
        }
    }
    Ok(out)
}

/// The fold of each message: every label dealt out evenly, equal texts into one fold, because a copy in
/// another fold would make the model look surer than it is.
fn folds(messages: &[Message<'_>], truth: &[u16], options: &Options) -> Vec<usize> {
    let mut order: Vec<usize> = (0..messages.len()).collect();
    Shuffle::new(options.seed).shuffle(&mut order);
    let mut next: HashMap<u16, usize> = HashMap::new();
    let mut of_text: HashMap<&str, usize> = HashMap::new();
    let mut fold = vec![0; messages.len()];
    for i in order {
        fold[i] = *of_text.entry(messages[i].text).or_insert_with(|| {
            // Labels start at different folds, so that many rare ones do not all fall into the first.
            let turn = next.entry(truth[i]).or_insert(usize::from(truth[i]));
            *turn += 1;
            *turn % options.folds
        });
    }
    fold
}

/// Fits vocabulary and weights to the messages `seen`.
fn fit(
    counted: &[Counted],
    truth: &[u16],
    classes: usize,
    seen: &[usize],
    seed: u64,
    is_stopped: Stop<'_>,
) -> Result<(Vocabulary, Weights), TrainError> {
    go_on(is_stopped)?;
    let mut frequency = vec![0u32; BUCKETS];
    for (bucket, _) in seen.iter().flat_map(|i| counted[*i].iter().flatten()) {
        frequency[*bucket as usize] += 1;
    }
    let candidates = choose(&frequency, seen.len());
    let known = Vocabulary::new(&candidates, vec![1.0; candidates.len()]);
    let scale = scales(
        counted,
        truth,
        classes,
        seen,
        &known,
        &candidates,
        &frequency,
    );
    drop(known);
    let (buckets, scale) = most_telling(candidates, scale, &frequency);
    let vocabulary = Vocabulary::new(&buckets, scale);

    let rows: Vec<Vec<(u32, f32)>> = seen
        .par_iter()
        .map(|i| {
            let mut features = Vec::new();
            weigh(&counted[*i], &vocabulary, &mut features);
            features
        })
        .collect();
    let x = Sparse::from_rows(&rows);
    drop(rows);
    let solved: Result<Vec<(Vec<f32>, f32)>, TrainError> = (0..classes)
        .into_par_iter()
        .map(|class| {
            go_on(is_stopped)?;
            let positive: Vec<bool> = seen
                .iter()
                .map(|i| usize::from(truth[*i]) == class)
                .collect();
            let w = solve(
                &x,
                &positive,
                buckets.len(),
                EFFORT,
                seed.wrapping_mul(1_000_003).wrapping_add(class as u64),
                is_stopped,
            );
            Ok((
                w[..buckets.len()].iter().map(|v| *v as f32).collect(),
                w[buckets.len()] as f32,
            ))
        })
        .collect();
    let (columns, intercepts): (Vec<_>, Vec<_>) = solved?.into_iter().unzip();
    // Weights of a solver that was stopped are of no use.
    go_on(is_stopped)?;
    let table = Table::new(buckets.len(), &columns, MAX_WEIGHTS);
    Ok((vocabulary, Weights { intercepts, table }))
}

/// The buckets worth looking at, ascending: seen often enough, and the most frequent if there are too many.
fn choose(frequency: &[u32], messages: usize) -> Vec<u32> {
    // In a small record everything is rare; in a large one what was seen twice is chance.
    let least = match messages {
        0..500 => 1,
        500..3_000 => 2,
        _ => 3,
    };
    let mut chosen: Vec<u32> = (0..BUCKETS as u32)
        .filter(|b| frequency[*b as usize] >= least)
        .collect();
    if chosen.len() > MAX_CANDIDATES {
        chosen.sort_by_key(|b| (std::cmp::Reverse(frequency[*b as usize]), *b));
        chosen.truncate(MAX_CANDIDATES);
        chosen.sort_unstable();
    }
    chosen
}

/// Of many candidates those that tell most: how much one counts times the root of how often it occurs. A model that
/// stays in the caches judges several times as fast, and what is left out hardly moves a verdict.
fn most_telling(candidates: Vec<u32>, scale: Vec<f32>, frequency: &[u32]) -> (Vec<u32>, Vec<f32>) {
    if candidates.len() <= MAX_FEATURES {
        return (candidates, scale);
    }
    let telling = |i: usize| scale[i] * (frequency[candidates[i] as usize] as f32).sqrt();
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|a, b| telling(*b).total_cmp(&telling(*a)).then(a.cmp(b)));
    order.truncate(MAX_FEATURES);
    order.sort_unstable();
    order.iter().map(|i| (candidates[*i], scale[*i])).unzip()
}

/// How much a feature counts: its inverse document frequency times how differently the classes use it,
/// the mean over classes of |ln(share in the class / share in the rest)|. The idea of weighting by
/// log-count ratios is Wang & Manning's (*Baselines and Bigrams*, ACL 2012); one scale for all classes
/// keeps the model linear.
fn scales(
    counted: &[Counted],
    truth: &[u16],
    classes: usize,
    seen: &[usize],
    vocabulary: &Vocabulary,
    buckets: &[u32],
    frequency: &[u32],
) -> Vec<f32> {
    // The classes of the messages that hold each feature, one list after another.
    let mut starts = Vec::with_capacity(buckets.len() + 1);
    starts.push(0usize);
    for bucket in buckets {
        starts.push(starts[starts.len() - 1] + frequency[*bucket as usize] as usize);
    }
    let mut holders = vec![0u16; starts[buckets.len()]];
    let mut next = starts.clone();
    let mut of_class = vec![0f64; classes];
    for i in seen {
        for (bucket, _) in counted[*i].iter().flatten() {
            if let Some(row) = vocabulary.row(*bucket) {
                holders[next[row as usize]] = truth[*i];
                next[row as usize] += 1;
                of_class[usize::from(truth[*i])] += 1.0;
            }
        }
    }
    let all: f64 = of_class.iter().sum();
    let features = buckets.len() as f64;
    let messages = seen.len() as f64;
    (0..buckets.len())
        .into_par_iter()
        .map_init(
            || vec![0f64; classes],
            |held, row| {
                let list = &holders[starts[row]..starts[row + 1]];
                held.fill(0.0);
                for class in list {
                    held[usize::from(*class)] += 1.0;
                }
                let total = list.len() as f64;
                let apart: f64 = held
                    .iter()
                    .zip(&of_class)
                    .map(|(here, size)| {
                        let inside = (here + 1.0) / (size + features);
                        let outside = (total - here + 1.0) / (all - size + features);
                        libm::log(inside / outside).abs()
                    })
                    .sum();
                let rarity = libm::log((1.0 + messages) / (1.0 + total)) + 1.0;
                (rarity * apart / classes as f64) as f32
            },
        )
        .collect()
}

/// How much of a counted message is known.
fn familiar(counted: &Counted, vocabulary: &Vocabulary) -> f64 {
    let mut familiar = Familiar::default();
    for (bucket, count) in &counted[Block::Letters as usize] {
        let is_known = vocabulary.row(*bucket).is_some();
        familiar.add(Block::Letters, u32::from(*count), is_known);
    }
    familiar.share()
}

/// The weighted features of a counted message: as [`Counter::weigh`] makes them from a text.
fn weigh(counted: &Counted, vocabulary: &Vocabulary, out: &mut Vec<(u32, f32)>) {
    out.clear();
    for block in counted {
        let from = out.len();
        for (bucket, count) in block {
            if let Some(row) = vocabulary.row(*bucket) {
                out.push((row, damped(*count) * vocabulary.scale()[row as usize]));
            }
        }
        to_unit_length(&mut out[from..]);
    }
    to_unit_length(out);
}

#[cfg(test)]
mod tests {
    use super::super::grams::Counter;
    use super::super::test_data::{small_model, small_record};
    use super::*;

    fn train_on(record: &[(&str, &str)], options: &Options) -> Result<Model, TrainError> {
        let messages: Vec<Message<'_>> = record.iter().map(|(text, _)| (*text).into()).collect();
        let labels: Vec<&str> = record.iter().map(|(_, label)| *label).collect();
        train(&messages, &labels, options)
    }

    #[test]
    fn a_trained_model_knows_its_matters_in_other_words() {
        let model = small_model();
        for (text, label) in [
            ("马路上的灯不亮", "路灯"),
            ("KTV音乐吵得睡不着", "噪声"),
            ("家里停水了，水管漏水", "供水"),
        ] {
            let verdict = model.judge(&text.into());
            assert_eq!(model.labels()[verdict.label], label, "{text}: {verdict:?}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_on_any_number_of_cores() {
        let bytes = small_model().to_bytes();
        let alone = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .expect("one thread");
        assert!(alone.install(|| small_model().to_bytes()) == bytes);
        let three = rayon::ThreadPoolBuilder::new()
            .num_threads(3)
            .build()
            .expect("three threads");
        assert!(three.install(|| small_model().to_bytes()) == bytes);
    }

    #[test]
    fn a_training_that_is_stopped_ends_at_the_next_question() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let record = small_record();
        let messages: Vec<Message<'_>> = record.iter().map(|(t, _)| t.as_str().into()).collect();
        let labels: Vec<&str> = record.iter().map(|(_, l)| l.as_ref()).collect();
        // One thread: the questions come one after another.
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let asked_until = |most: usize| {
            let asked = AtomicUsize::new(0);
            let stop = || asked.fetch_add(1, Ordering::Relaxed) >= most;
            let done = alone
                .as_ref()
                .expect("one thread")
                .install(|| train_until(&messages, &labels, &Options::default(), &stop));
            (done.map(|model| model.to_bytes()), asked.into_inner())
        };
        let (whole, asked) = asked_until(usize::MAX);
        assert!(
            whole == Ok(small_model().to_bytes()),
            "asking changes nothing"
        );
        let passes = 6
            * 2
            * labels
                .iter()
                .collect::<std::collections::BTreeSet<_>>()
                .len();
        assert!(
            asked > passes,
            "{asked} questions: at least two a class and fit"
        );
        for most in (0..asked).step_by(7) {
            let (stopped, asked) = asked_until(most);
            assert!(stopped == Err(TrainError::Stopped), "after {most}");
            // The class at hand is left, and no other begun.
            assert!(asked <= most + 4, "{asked} questions, stopped at {most}");
        }
    }

    #[test]
    fn judging_many_is_judging_each() {
        let model = small_model();
        let record = small_record();
        let messages: Vec<Message<'_>> = record
            .iter()
            .cycle()
            .take(700)
            .map(|(text, _)| text.as_str().into())
            .collect();
        let each: Vec<_> = messages.iter().map(|m| model.judge(m)).collect();
        assert_eq!(model.judge_all(&messages), each);
    }

    #[test]
    fn facts_decide_where_words_cannot() {
        let facts = [["unit=东区"], ["unit=西区"]];
        let messages: Vec<Message<'_>> = (0..60)
            .map(|i| Message {
                text: "垃圾没有清运",
                facts: &facts[i % 2],
            })
            .collect();
        let labels: Vec<&str> = (0..60).map(|i| ["甲", "乙"][i % 2]).collect();
        let model = train(&messages, &labels, &Options::default()).expect("two labels");
        for (fact, label) in facts.iter().zip(["甲", "乙"]) {
            let verdict = model.judge(&Message {
                text: "垃圾没有清运",
                facts: fact,
            });
            assert_eq!(model.labels()[verdict.label], label);
        }
    }

    #[test]
    fn what_cannot_be_trained_is_refused_with_its_reason() {
        let options = Options::default();
        assert_eq!(train_on(&[], &options), Err(TrainError::TooFewLabels(0)));
        assert_eq!(
            train_on(&[("停水", "供水"); 9], &options),
            Err(TrainError::TooFewLabels(1))
        );
        assert_eq!(
            train_on(&[("", "a"), ("？", "b")], &options),
            Err(TrainError::NoFeatures)
        );
        assert_eq!(
            train(&["停水".into()], &[], &options),
            Err(TrainError::Unequal {
                messages: 1,
                labels: 0
            })
        );
        for target in [0.0, 1.5, f64::NAN] {
            assert!(matches!(
                train_on(&[("a", "b")], &Options { target, ..options }),
                Err(TrainError::Option { name: "target", .. })
            ));
        }
        assert!(matches!(
            train_on(
                &[("a", "b")],
                &Options {
                    least: -0.1,
                    ..options
                }
            ),
            Err(TrainError::Option { name: "least", .. })
        ));
        assert!(matches!(
            train_on(
                &[("a", "b")],
                &Options {
                    folds: 1,
                    ..options
                }
            ),
            Err(TrainError::Option { name: "folds", .. })
        ));
        let many: Vec<String> = (0..MAX_LABELS + 1).map(|i| i.to_string()).collect();
        let record: Vec<(&str, &str)> = many.iter().map(|l| ("停水", l.as_str())).collect();
        assert_eq!(
            train_on(&record, &options),
            Err(TrainError::TooManyLabels(MAX_LABELS + 1))
        );
    }

    #[test]
    fn two_messages_make_a_model_that_stays_silent() {
        let model = train_on(&[("停水", "供水"), ("路灯", "照明")], &Options::default())
            .expect("two labels");
        assert!(
            !model.judge(&"停水".into()).answered,
            "two messages prove nothing"
        );
    }

    #[test]
    fn equal_texts_fall_into_one_fold_and_labels_are_dealt_evenly() {
        let texts: Vec<String> = (0..100).map(|i| format!("文 {}", i / 2)).collect();
        let messages: Vec<Message<'_>> = texts.iter().map(|t| t.as_str().into()).collect();
        let truth: Vec<u16> = (0..100).map(|i| u16::from(i >= 50)).collect();
        let fold = folds(&messages, &truth, &Options::default());
        for pair in fold.chunks(2) {
            assert_eq!(pair[0], pair[1]);
        }
        for f in 0..5 {
            assert_eq!(fold[..50].iter().filter(|x| **x == f).count(), 10);
        }
    }

    #[test]
    fn counted_features_weigh_as_those_read_from_the_text() {
        let model = small_model();
        let message = Message::from("路灯 坏了 路灯 不亮 水管");
        let counted = count(&[message], &|| false).unwrap();
        let (mut a, mut b) = (Vec::new(), Vec::new());
        weigh(&counted[0], &model.vocabulary, &mut a);
        let mut counter = Counter::default();
        visit(message.text, &words(message.text, false), &[], |g| {
            if let Some(row) = model.vocabulary.row(g.bucket) {
                counter.add(row, g.block, g.times);
            }
        });
        counter.weigh(model.vocabulary.scale(), &mut b);
        assert!(!a.is_empty());
        assert_eq!(a, b);
    }
}
