//! The solver: a linear support vector machine by dual coordinate descent.
//!
//! Hsieh, Chang, Lin, Keerthi, Sundararajan: *A Dual Coordinate Descent Method for Large-scale Linear
//! SVM* (ICML 2008), algorithm 3 with shrinking, for the squared hinge loss (L2-loss):
//! min over w of ½ wᵀw + C Σ max(0, 1 − y·wᵀx)². The intercept is a feature that is 1 everywhere.
//! Everything is sequential and in a fixed order for a seed, so that two runs agree bit for bit.

/// Rows of sparse values, one after another.
#[derive(Clone, Debug, Default)]
pub struct Sparse {
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl Sparse {
    /// Puts rows of (column, value) together.
    pub fn from_rows(rows: &[Vec<(u32, f32)>]) -> Self {
        let mut out = Self {
            starts: Vec::with_capacity(rows.len() + 1),
            ..Self::default()
        };
        out.starts.push(0);
        for row in rows {
            for (column, value) in row {
                out.columns.push(*column);
                out.values.push(*value);
            }
            out.starts.push(out.columns.len());
        }
        out
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The columns and values of a row.
    pub fn row(&self, i: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.starts[i]..self.starts[i + 1];
        self.columns[range.clone()]
            .iter()
            .zip(&self.values[range])
            .map(|(c, v)| (*c as usize, f64::from(*v)))
    }
}

/// A small generator for the order in which rows are visited (splitmix64: Steele, Lea, Flood 2014).
/// Our own, because the same seed must give the same model in every later version of the program.
#[derive(Clone, Debug)]
pub struct Shuffle(u64);

impl Shuffle {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Puts a slice into random order (Fisher–Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = ((u128::from(self.next_u64()) * (i as u128 + 1)) >> 64) as usize;
            items.swap(i, j);
        }
    }
}

/// Whether long work is no longer wanted; asked often, from any thread.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// How long and how closely to solve.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Cost of an error; larger fits the training rows more closely.
    pub cost: f64,
    /// Stop when the projected gradients lie within this.
    pub tolerance: f64,
    /// Stop after this many passes.
    pub max_passes: usize,
}

/// Finds the weights that tell the rows where `positive` holds from the others.
/// The last weight is the intercept. `columns` is the number of columns of `x`. Once `is_stopped` says so, what is found so far
/// comes back after the pass: it is of no use.
pub fn solve(
    x: &Sparse,
    positive: &[bool],
    columns: usize,
    effort: Effort,
    seed: u64,
    is_stopped: Stop<'_>,
) -> Vec<f64> {
    assert_eq!(x.len(), positive.len(), "one side a row");
    let mut w = vec![0.0; columns + 1];
    let mut alpha = vec![0.0f64; x.len()];
    let diagonal = 0.5 / effort.cost;
    let squares: Vec<f64> = (0..x.len())
        .map(|i| diagonal + 1.0 + x.row(i).map(|(_, v)| v * v).sum::<f64>())
        .collect();
    let mut order: Vec<usize> = (0..x.len()).collect();
    let mut active = order.len();
    let mut shuffle = Shuffle::new(seed);
    // Rows at zero whose gradient lies beyond the largest of the last pass will likely stay there.
    let mut shrink_above = f64::INFINITY;
    for _ in 0..effort.max_passes {
        if is_stopped() {
            break;
        }
        let (mut largest, mut least) = (f64::NEG_INFINITY, f64::INFINITY);
        shuffle.shuffle(&mut order[..active]);
        let mut at = 0;
        while at < active {
            let i = order[at];
            let y = if positive[i] { 1.0 } else { -1.0 };
            let margin = y * (w[columns] + x.row(i).map(|(c, v)| w[c] * v).sum::<f64>());
            let gradient = margin - 1.0 + diagonal * alpha[i];
            if alpha[i] == 0.0 && gradient > shrink_above {
                active -= 1;
                order.swap(at, active);
                continue;
            }
            let projected = if alpha[i] == 0.0 {
                gradient.min(0.0)
            } else {
                gradient
            };
            largest = largest.max(projected);
            least = least.min(projected);
            if projected.abs() > 1e-12 {
                let next = (alpha[i] - gradient / squares[i]).max(0.0);
                let step = (next - alpha[i]) * y;
                alpha[i] = next;
                for (c, v) in x.row(i) {
                    w[c] += step * v;
                }
                w[columns] += step;
            }
            at += 1;
        }
        if largest - least <= effort.tolerance {
            if active == order.len() {
                break;
            }
            // Solved on the rows that are left: look at all of them once more.
            active = order.len();
            shrink_above = f64::INFINITY;
        } else {
            shrink_above = if largest > 0.0 {
                largest
            } else {
                f64::INFINITY
            };
        }
    }
    w
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CLOSE: Effort = Effort {
        cost: 1.0,
        tolerance: 1e-9,
        max_passes: 10_000,
    };

    fn objective(x: &Sparse, positive: &[bool], w: &[f64], cost: f64) -> f64 {
        let bias = w[w.len() - 1];
        let loss: f64 = (0..x.len())
            .map(|i| {
                let y = if positive[i] { 1.0 } else { -1.0 };
                let short = 1.0 - y * (bias + x.row(i).map(|(c, v)| w[c] * v).sum::<f64>());
                short.max(0.0).powi(2)
            })
            .sum();
        0.5 * w.iter().map(|v| v * v).sum::<f64>() + cost * loss
    }

    #[test]
    fn two_opposite_rows_by_hand() {
        // x = ±1, no use for the intercept: min ½w² + 2(1 − w)² has its minimum where w = 4(1 − w), w = 0.8.
        let x = Sparse::from_rows(&[vec![(0, 1.0)], vec![(0, -1.0)]]);
        let w = solve(&x, &[true, false], 1, CLOSE, 1, &|| false);
        assert!((w[0] - 0.8).abs() < 1e-6, "{w:?}");
        assert!(w[1].abs() < 1e-6, "{w:?}");
    }

    #[test]
    fn one_side_alone_is_solved_by_the_intercept() {
        let x = Sparse::from_rows(&[vec![], vec![]]);
        let w = solve(&x, &[false, false], 0, CLOSE, 1, &|| false);
        assert!((w[0] + 0.8).abs() < 1e-6, "{w:?}");
    }

    proptest! {
        #[test]
        fn no_small_step_lowers_the_objective(
            cells in proptest::collection::vec(-2.0f32..2.0, 24),
            sides in proptest::collection::vec(any::<bool>(), 8),
            seed in 0u64..50,
        ) {
            let rows: Vec<Vec<(u32, f32)>> = cells.chunks(3).map(|r| r.iter().enumerate().map(|(c, v)| (c as u32, *v)).collect()).collect();
            let x = Sparse::from_rows(&rows);
            let w = solve(&x, &sides, 3, CLOSE, seed, &|| false);
            let best = objective(&x, &sides, &w, 1.0);
            for c in 0..4 {
                for step in [-1e-3, 1e-3] {
                    let mut other = w.clone();
                    other[c] += step;
                    prop_assert!(objective(&x, &sides, &other, 1.0) >= best - 1e-9);
                }
            }
        }
    }
}
