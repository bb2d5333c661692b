//! The model as a file: compact, versioned, self-checking.
//!
//! Layout, all numbers little-endian:
//!
//! | part | content |
//! |---|---|
//! | magic | `SHIYUTXT` |
//! | version | u32, [`VERSION`] |
//! | head | seed u64, messages trained on u64, sharpness f64, threshold f64, familiarity f64 (not in version 1), target f64, coverage f64, accuracy when answered f64 |
//! | labels | u32 number; each u32 length and UTF-8 bytes |
//! | intercepts | f32 a label |
//! | features | u32 number; ascending buckets u32; scales f32 |
//! | weights | u8 kind. 0: f32 a feature and label. 1: u16 a feature, how many it has; then u16 labels; then f32 weights |
//! | check | SHA-256 of everything before |
//!
//! Reading trusts nothing: lengths are compared with what is left, orders and ranges are checked, and a
//! byte changed anywhere is found by the check sum.

use super::calibrate::Calibration;
use super::grams::{BUCKETS, Vocabulary};
use super::model::{Model, Table, Weights};
use super::train::MAX_LABELS;
use sha2::{Digest, Sha256};
use thiserror::Error;

const MAGIC: &[u8; 8] = b"SHIYUTXT";
/// The version this program writes. It reads version 1 too, which knew no familiarity: nothing was too strange for it.
pub const VERSION: u32 = 2;
const WITHOUT_FAMILIARITY: u32 = 1;
const CHECK_BYTES: usize = 32;
/// Kinds of weights.
const FULL: u8 = 0;
const PICKED: u8 = 1;
const FIXED_BYTES: usize = MAGIC.len() + 4 + 8 * 8;

/// Why bytes are no model.
#[derive(Debug, Error, PartialEq)]
pub enum ModelFileError {
    /// Something else than a model.
    #[error("not a suggestion model: the file does not begin with SHIYUTXT")]
    NotAModel,
    /// Written by another version.
    #[error(
        "model of version {0}; this program reads version {WITHOUT_FAMILIARITY} to {VERSION}: train it again"
    )]
    Version(u32),
    /// Shorter than it says.
    #[error("model cut short: {0} is missing")]
    CutShort(&'static str),
    /// The check sum differs.
    #[error("model damaged: its check sum does not fit its content")]
    Damaged,
    /// A value no training writes.
    #[error("model unusable: {0}")]
    Invalid(&'static str),
}

impl Model {
    /// The model as bytes; equal models give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let rows = self.vocabulary.scale().len();
        let mut out = Vec::new();
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.seed.to_le_bytes());
        out.extend_from_slice(&self.trained_on.to_le_bytes());
        let c = &self.calibration;
        for number in [
            c.sharpness,
            c.threshold,
            c.familiarity,
            c.target,
            c.coverage,
            c.accuracy_when_answered,
        ] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&(self.labels.len() as u32).to_le_bytes());
        for label in &self.labels {
            out.extend_from_slice(&(label.len() as u32).to_le_bytes());
            out.extend_from_slice(label.as_bytes());
        }
        for intercept in &self.weights.intercepts {
            out.extend_from_slice(&intercept.to_le_bytes());
        }
        out.extend_from_slice(&(rows as u32).to_le_bytes());
        for bucket in self.vocabulary.buckets() {
            out.extend_from_slice(&bucket.to_le_bytes());
        }
        for scale in self.vocabulary.scale() {
            out.extend_from_slice(&scale.to_le_bytes());
        }
        match &self.weights.table {
            Table::Full(values) => {
                out.push(FULL);
                values
                    .iter()
                    .for_each(|v| out.extend_from_slice(&v.to_le_bytes()));
            }
            Table::Picked {
                starts,
                labels,
                values,
            } => {
                out.push(PICKED);
                starts.windows(2).for_each(|ends| {
                    out.extend_from_slice(&((ends[1] - ends[0]) as u16).to_le_bytes())
                });
                labels
                    .iter()
                    .for_each(|label| out.extend_from_slice(&label.to_le_bytes()));
                values
                    .iter()
                    .for_each(|v| out.extend_from_slice(&v.to_le_bytes()));
            }
        }
        let check = Sha256::digest(&out);
        out.extend_from_slice(&check);
        out
    }

    /// Reads a model.
    ///
    /// # Errors
    /// Anything but the unchanged bytes of [`Model::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        if !bytes.starts_with(MAGIC) {
            return Err(ModelFileError::NotAModel);
        }
        let mut rest = Bytes(&bytes[MAGIC.len()..]);
        let version = rest.u32("the version")?;
        if ![WITHOUT_FAMILIARITY, VERSION].contains(&version) {
            return Err(ModelFileError::Version(version));
        }
        if bytes.len() < FIXED_BYTES + CHECK_BYTES {
            return Err(ModelFileError::CutShort("the head"));
        }
        let (content, check) = bytes.split_at(bytes.len() - CHECK_BYTES);
        if Sha256::digest(content).as_slice() != check {
            return Err(ModelFileError::Damaged);
        }
        rest = Bytes(&content[MAGIC.len() + 4..]);
        let seed = rest.u64("the seed")?;
        let trained_on = rest.u64("the number of messages")?;
        let calibration = read_calibration(&mut rest, version)?;
        let labels = read_labels(&mut rest)?;
        let intercepts = rest.f32s(labels.len(), "an intercept")?;
        let rows = rest.u32("the number of features")? as usize;
        let vocabulary = read_vocabulary(&mut rest, rows)?;
        let weights = Weights {
            table: read_table(&mut rest, rows, labels.len())?,
            intercepts,
        };
        if !rest.0.is_empty() {
            return Err(ModelFileError::Invalid("bytes after the last weight"));
        }
        Ok(Self {
            labels,
            vocabulary,
            weights,
            calibration,
            seed,
            trained_on,
        })
    }
}

fn read_calibration(rest: &mut Bytes<'_>, version: u32) -> Result<Calibration, ModelFileError> {
    let mut number = || rest.u64("the calibration").map(f64::from_bits);
    let calibration = Calibration {
        sharpness: number()?,
        threshold: number()?,
        familiarity: if version == WITHOUT_FAMILIARITY {
            0.0
        } else {
            number()?
        },
        target: number()?,
        coverage: number()?,
        accuracy_when_answered: number()?,
    };
    let shares = [
        calibration.familiarity,
        calibration.target,
        calibration.coverage,
        calibration.accuracy_when_answered,
    ];
    let sharp = calibration.sharpness.is_finite() && calibration.sharpness > 0.0;
    if !sharp
        || !calibration.threshold.is_finite()
        || !shares.iter().all(|s| (0.0..=1.0).contains(s))
    {
        return Err(ModelFileError::Invalid("calibration out of range"));
    }
    Ok(calibration)
}

fn read_labels(rest: &mut Bytes<'_>) -> Result<Vec<String>, ModelFileError> {
    let number = rest.u32("the number of labels")? as usize;
    if !(2..=MAX_LABELS).contains(&number) {
        return Err(ModelFileError::Invalid("number of labels out of range"));
    }
    let mut labels: Vec<String> = Vec::with_capacity(number);
    for _ in 0..number {
        let length = rest.u32("the length of a label")? as usize;
        let label = std::str::from_utf8(rest.take(length, "a label")?)
            .map_err(|_| ModelFileError::Invalid("label that is not UTF-8"))?;
        if labels.last().is_some_and(|last| last.as_str() >= label) {
            return Err(ModelFileError::Invalid("labels out of order"));
        }
        labels.push(label.to_owned());
    }
    Ok(labels)
}

fn read_vocabulary(rest: &mut Bytes<'_>, rows: usize) -> Result<Vocabulary, ModelFileError> {
    let buckets: Vec<u32> = rest.numbers(rows, "a feature", u32::from_le_bytes)?;
    let ascending = buckets.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascending || buckets.last().is_some_and(|last| *last as usize >= BUCKETS) {
        return Err(ModelFileError::Invalid("features out of order"));
    }
    let scale = rest.f32s(rows, "a scale")?;
    Ok(Vocabulary::new(&buckets, scale))
}

fn read_table(rest: &mut Bytes<'_>, rows: usize, labels: usize) -> Result<Table, ModelFileError> {
    match rest.take(1, "the kind of weights")?[0] {
        FULL => Ok(Table::Full(
            rest.f32s(
                rows.checked_mul(labels)
                    .ok_or(ModelFileError::CutShort("a weight"))?,
                "a weight",
            )?,
        )),
        PICKED => read_picked(rest, rows, labels),
        _ => Err(ModelFileError::Invalid("unknown kind of weights")),
    }
}

fn read_picked(rest: &mut Bytes<'_>, rows: usize, labels: usize) -> Result<Table, ModelFileError> {
    let counts: Vec<u16> = rest.numbers(rows, "a number of weights", u16::from_le_bytes)?;
    let mut starts = Vec::with_capacity(rows + 1);
    let mut total = 0u32;
    starts.push(total);
    for count in counts {
        total = total
            .checked_add(u32::from(count))
            .ok_or(ModelFileError::Invalid("too many weights"))?;
        starts.push(total);
    }
    let owners: Vec<u16> =
        rest.numbers(total as usize, "the label of a weight", u16::from_le_bytes)?;
    for ends in starts.windows(2) {
        let own = &owners[ends[0] as usize..ends[1] as usize];
        if own.windows(2).any(|pair| pair[0] >= pair[1])
            || own.last().is_some_and(|last| usize::from(*last) >= labels)
        {
            return Err(ModelFileError::Invalid("weights out of order"));
        }
    }
    let values = rest.f32s(total as usize, "a weight")?;
    Ok(Table::Picked {
        starts,
        labels: owners,
        values,
    })
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], ModelFileError> {
        let (head, tail) = self
            .0
            .split_at_checked(length)
            .ok_or(ModelFileError::CutShort(what))?;
        self.0 = tail;
        Ok(head)
    }

    fn numbers<T, const N: usize>(
        &mut self,
        count: usize,
        what: &'static str,
        read: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, ModelFileError> {
        let length = count.checked_mul(N).ok_or(ModelFileError::CutShort(what))?;
        let bytes = self.take(length, what)?;
        Ok(bytes
            .as_chunks::<N>()
            .0
            .iter()
            .map(|chunk| read(*chunk))
            .collect())
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, ModelFileError> {
        self.numbers(1, what, u32::from_le_bytes).map(|n| n[0])
    }

    fn u64(&mut self, what: &'static str) -> Result<u64, ModelFileError> {
        self.numbers(1, what, u64::from_le_bytes).map(|n| n[0])
    }

    fn f32s(&mut self, count: usize, what: &'static str) -> Result<Vec<f32>, ModelFileError> {
        let numbers = self.numbers(count, what, f32::from_le_bytes)?;
        if numbers.iter().any(|n| !n.is_finite()) {
            return Err(ModelFileError::Invalid("a weight that is not a number"));
        }
        Ok(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_data::small_model;
    use super::*;

    /// Bytes with a check sum that fits, so that the checks behind it are reached.
    fn sealed(mut content: Vec<u8>) -> Vec<u8> {
        let check = Sha256::digest(&content);
        content.extend_from_slice(&check);
        content
    }

    #[test]
    fn a_model_survives_its_file() {
        let model = small_model();
        assert_eq!(Model::from_bytes(&model.to_bytes()), Ok(model));
    }

    #[test]
    fn so_does_one_with_picked_weights() {
        let mut model = small_model();
        let (rows, labels) = (model.features(), model.labels.len());
        let Table::Full(values) = &model.weights.table else {
            panic!("three labels fit into a full table")
        };
        let columns: Vec<Vec<f32>> = (0..labels)
            .map(|label| values.iter().skip(label).step_by(labels).copied().collect())
            .collect();
        model.weights.table = Table::new(rows, &columns, rows);
        let bytes = model.to_bytes();
        assert_eq!(Model::from_bytes(&bytes), Ok(model));
        for length in (100..bytes.len() - CHECK_BYTES).step_by(307) {
            assert!(
                Model::from_bytes(&sealed(bytes[..length].to_vec())).is_err(),
                "{length} bytes"
            );
        }
    }

    #[test]
    fn a_file_of_before_finds_nothing_too_strange() {
        let mut model = small_model();
        let bytes = model.to_bytes();
        // The familiarity lies after magic, version, seed, number of messages, sharpness and threshold.
        let mut before = bytes[..bytes.len() - CHECK_BYTES].to_vec();
        before.drain(44..52);
        before[8..12].copy_from_slice(&WITHOUT_FAMILIARITY.to_le_bytes());
        model.calibration.familiarity = 0.0;
        assert_eq!(Model::from_bytes(&sealed(before)), Ok(model));
    }

    #[test]
    fn every_cut_is_refused() {
        let bytes = small_model().to_bytes();
        for length in (0..bytes.len()).step_by(97).chain(0..100) {
            assert!(
                Model::from_bytes(&bytes[..length]).is_err(),
                "{length} bytes"
            );
            if (12..bytes.len() - CHECK_BYTES).contains(&length) {
                let cut = sealed(bytes[..length].to_vec());
                assert!(
                    Model::from_bytes(&cut).is_err(),
                    "{length} bytes with a fitting check sum"
                );
            }
        }
    }

    #[test]
    fn every_changed_byte_is_found() {
        let bytes = small_model().to_bytes();
        for at in (0..bytes.len()).step_by(101) {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            assert!(Model::from_bytes(&changed).is_err(), "byte {at}");
        }
    }

    #[test]
    fn another_file_and_another_version_are_named() {
        assert_eq!(
            Model::from_bytes(b"PK\x03\x04 a spreadsheet"),
            Err(ModelFileError::NotAModel)
        );
        assert_eq!(Model::from_bytes(b""), Err(ModelFileError::NotAModel));
        let mut newer = small_model().to_bytes();
        newer[8] = 9;
        assert_eq!(Model::from_bytes(&newer), Err(ModelFileError::Version(9)));
    }

    #[test]
    fn values_no_training_writes_are_refused_though_the_sum_fits() {
        let bytes = small_model().to_bytes();
        let content = &bytes[..bytes.len() - CHECK_BYTES];
        // Sharpness lies after magic, version, seed and number of messages.
        let mut flat = content.to_vec();
        flat[28..36].copy_from_slice(&0f64.to_le_bytes());
        assert_eq!(
            Model::from_bytes(&sealed(flat)),
            Err(ModelFileError::Invalid("calibration out of range"))
        );
        let mut huge = content.to_vec();
        huge[FIXED_BYTES..FIXED_BYTES + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(
            Model::from_bytes(&sealed(huge)),
            Err(ModelFileError::Invalid("number of labels out of range"))
        );
        let mut longer = content.to_vec();
        longer.push(0);
        assert!(Model::from_bytes(&sealed(longer)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn garbage_never_panics(tail in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
            let mut content = [MAGIC.as_slice(), &VERSION.to_le_bytes()].concat();
            content.extend(tail);
            proptest::prop_assert!(Model::from_bytes(&content).is_err());
            proptest::prop_assert!(Model::from_bytes(&sealed(content)).is_err());
        }
    }
}
