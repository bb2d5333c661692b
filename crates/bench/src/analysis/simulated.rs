//! Data whose law is known: places on a lattice, cases by chance, series of counts.

use analysis::scan::{Coordinates, Neighbours, Tally, Zones};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};

/// Where the random numbers of one simulation begin: the same number, the same data.
pub fn generator(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5ca1_ab1e)
}

/// Places on a square lattice.
pub fn square(places: u32) -> Vec<[f64; 2]> {
    let side = f64::from(places).sqrt().ceil() as u32;
    (0..places)
        .map(|p| [f64::from(p % side), f64::from(p / side)])
        .collect()
}

/// Zones on a square lattice: at most so many places in one, and half of all weight.
pub fn lattice(neighbours: usize, weights: &[f64]) -> Zones {
    let points = square(u32::try_from(weights.len()).expect("a lattice is small"));
    let neighbours = Neighbours::nearest(&points, Coordinates::Cartesian, Some(neighbours))
        .expect("a lattice has neighbours");
    Zones::within(&neighbours, weights, 0.5).expect("weights are above zero")
}

/// How often each place and each unit of time is met.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// Weights of the places.
    pub places: Vec<f64>,
    /// Weights of the units.
    pub units: Vec<f64>,
}

impl Pattern {
    /// All places and units alike.
    pub fn even(places: usize, units: usize) -> Self {
        Self {
            places: vec![1.0; places],
            units: vec![1.0; units],
        }
    }

    /// Places between half and one and a half of the mean, units with a weekly rhythm: what a city looks like.
    pub fn uneven(places: usize, units: usize) -> Self {
        const WEEK: [f64; 7] = [1.3, 1.2, 1.1, 1.1, 1.0, 0.8, 0.5];
        Self {
            places: (0..places)
                .map(|p| 0.5 + (p * 7 % 11) as f64 / 10.0)
                .collect(),
            units: (0..units).map(|u| WEEK[u % 7]).collect(),
        }
    }

    /// Expected counts, place after place with all its units, that add up to `cases`.
    pub fn expected(&self, cases: f64) -> Vec<f64> {
        let sum = self.places.iter().sum::<f64>() * self.units.iter().sum::<f64>();
        self.places
            .iter()
            .flat_map(|p| self.units.iter().map(move |u| p * u * cases / sum))
            .collect()
    }

    /// So many cases, each at a place and in a unit by chance.
    pub fn draw(&self, count: usize, rng: &mut impl Rng) -> Vec<Tally> {
        let (places, units) = (Running::of(&self.places), Running::of(&self.units));
        (0..count)
            .map(|_| Tally {
                place: places.draw(rng),
                unit: units.draw(rng),
                group: 0,
                count: 1,
            })
            .collect()
    }
}

/// Running sums of weights, to draw positions from.
struct Running(Vec<f64>);

impl Running {
    fn of(weights: &[f64]) -> Self {
        let add = |sum: &mut f64, w: &f64| {
            *sum += w;
            Some(*sum)
        };
        Self(weights.iter().scan(0.0, add).collect())
    }

    fn draw(&self, rng: &mut impl Rng) -> u32 {
        let at = rng.random::<f64>() * self.0.last().copied().unwrap_or(0.0);
        let position = self.0.partition_point(|sum| *sum <= at);
        u32::try_from(position.min(self.0.len() - 1)).expect("positions are few")
    }
}

/// A Poisson count: by multiplication, in parts so that large means do not underflow.
pub fn poisson(mut mean: f64, rng: &mut impl Rng) -> f64 {
    let mut total = 0.0;
    while mean > 0.0 {
        let part = mean.min(30.0);
        mean -= part;
        let (limit, mut product) = ((-part).exp(), rng.random::<f64>());
        while product > limit {
            product *= rng.random::<f64>();
            total += 1.0;
        }
    }
    total
}

/// A nearly normal number: twelve uniforms, less six.
pub fn normal(rng: &mut impl Rng) -> f64 {
    (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
}

/// A count with variance about twice its mean: the mean itself varies.
pub fn overdispersed(mean: f64, rng: &mut impl Rng) -> f64 {
    let wobble = mean.sqrt() * normal(rng);
    poisson((mean + wobble).max(0.0), rng)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_the_mean_and_the_variance_they_promise() {
        let mut rng = generator(1);
        for (law, ratio) in [
            (poisson as fn(f64, &mut Xoshiro256PlusPlus) -> f64, 1.0),
            (overdispersed, 2.0),
        ] {
            let draws: Vec<f64> = (0..20_000).map(|_| law(50.0, &mut rng)).collect();
            let mean = draws.iter().sum::<f64>() / 20_000.0;
            let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 19_999.0;
            assert!((mean - 50.0).abs() < 0.5, "{mean}");
            assert!((variance / mean / ratio - 1.0).abs() < 0.06, "{variance}");
        }
    }

    #[test]
    fn cases_follow_the_pattern() {
        let pattern = Pattern {
            places: vec![1.0, 0.0, 3.0],
            units: vec![2.0, 2.0],
        };
        let expected = pattern.expected(8.0);
        assert_eq!(expected, [1.0, 1.0, 0.0, 0.0, 3.0, 3.0]);
        let cases = pattern.draw(8_000, &mut generator(2));
        let at = |place| cases.iter().filter(|t| t.place == place).count() as f64;
        assert!((at(0) - 2_000.0).abs() < 250.0 && at(1) == 0.0);
        assert_eq!(
            pattern.draw(50, &mut generator(3)),
            pattern.draw(50, &mut generator(3))
        );
    }
}
