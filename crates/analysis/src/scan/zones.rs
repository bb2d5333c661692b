//! Where a scan looks: circles around every place, grown one nearest neighbour at a time.
//!
//! A zone is a prefix of a place's list of nearest places. The same set reached from two centres
//! counts once. Places at the same distance enter in the order of the coordinates file.

use super::ScanError;
use rayon::prelude::*;
use std::collections::HashSet;

/// The most entries all lists of neighbours together may have (800 MB of indices).
pub const MAX_ENTRIES: usize = 200_000_000;

/// What the two numbers of a point mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coordinates {
    /// Latitude and longitude in degrees; nearness is that of great circles (haversine).
    LatLon,
    /// x, y and perhaps more in any one unit; nearness is Euclid's.
    Cartesian,
}

/// A point: latitude and longitude, or x and y, in this order.
pub type Point = [f64; 2];

/// A number that grows with the distance between two points and orders them as distance does:
/// the haversine of the central angle, or the squared distance. It saves the root and the arc sine.
fn nearness(coordinates: Coordinates, a: &[f64], b: &[f64]) -> f64 {
    match coordinates {
        Coordinates::LatLon => {
            let [lat_a, lon_a, lat_b, lon_b] = [a[0], a[1], b[0], b[1]].map(f64::to_radians);
            let (north, east) = (((lat_b - lat_a) / 2.0).sin(), ((lon_b - lon_a) / 2.0).sin());
            north * north + lat_a.cos() * lat_b.cos() * east * east
        }
        Coordinates::Cartesian => a.iter().zip(b).map(|(a, b)| (b - a) * (b - a)).sum(),
    }
}

/// For every place its nearest places, itself first, nearest next.
#[derive(Clone, Debug)]
pub struct Neighbours {
    lists: Vec<u32>,
    width: usize,
}

impl Neighbours {
    /// Finds for each point the `limit` nearest, itself counted; all of them where `limit` is `None`.
    /// A point is a [`Point`]; Cartesian points may have more dimensions.
    ///
    /// # Errors
    /// When `limit` is zero, the points are not alike in their dimensions, or the lists would have more than
    /// [`MAX_ENTRIES`] entries together.
    pub fn nearest<P: AsRef<[f64]> + Sync>(
        points: &[P],
        coordinates: Coordinates,
        limit: Option<usize>,
    ) -> Result<Self, ScanError> {
        let width = limit.unwrap_or(points.len()).min(points.len());
        let dimensions = points.first().map_or(2, |p| p.as_ref().len());
        let fits = match coordinates {
            Coordinates::LatLon => dimensions == 2,
            Coordinates::Cartesian => dimensions >= 1,
        };
        if !fits || points.iter().any(|p| p.as_ref().len() != dimensions) {
            return Err(ScanError::Data(format!(
                "the points have not all {} numbers",
                dimensions.max(2)
            )));
        }
        if limit == Some(0) {
            return Err(ScanError::option(
                "max-neighbours",
                "at least 1 is needed: the place itself",
            ));
        }
        if points.len().saturating_mul(width) > MAX_ENTRIES {
            let most = MAX_ENTRIES / points.len();
            return Err(ScanError::option(
                "max-neighbours",
                format!(
                    "{} places need a limit of at most {most} neighbours",
                    points.len()
                ),
            ));
        }
        let lists = points
            .par_iter()
            .flat_map_iter(|centre| nearest_to(centre.as_ref(), points, coordinates, width))
            .collect();
        Ok(Self { lists, width })
    }

    /// The list of one place.
    fn of(&self, place: usize) -> &[u32] {
        &self.lists[place * self.width..(place + 1) * self.width]
    }

    /// How many places there are.
    pub fn places(&self) -> usize {
        self.lists.len().checked_div(self.width).unwrap_or(0)
    }
}

/// The `width` places nearest to a centre, by distance and then by number.
fn nearest_to<P: AsRef<[f64]>>(
    centre: &[f64],
    points: &[P],
    coordinates: Coordinates,
    width: usize,
) -> impl Iterator<Item = u32> + use<P> {
    let mut order: Vec<(f64, u32)> = (0u32..)
        .zip(points)
        .map(|(at, p)| (nearness(coordinates, centre, p.as_ref()), at))
        .collect();
    let nearer = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if width < order.len() {
        order.select_nth_unstable_by(width, nearer);
        order.truncate(width);
    }
    order.sort_unstable_by(nearer);
    order.into_iter().map(|(_, at)| at)
}

/// The zones of a scan: chains of places, each chain one centre's neighbours, each marked prefix a zone.
#[derive(Clone, Debug)]
pub struct Zones {
    members: Vec<u32>,
    /// Whether the prefix that ends at this member is a zone not met before.
    distinct: Vec<bool>,
    /// Where each centre's chain ends in `members`.
    ends: Vec<usize>,
    places: usize,
    count: usize,
}

/// Which prefixes become zones.
struct Screen<'a> {
    is_wide_enough: &'a dyn Fn(&[u32]) -> bool,
    /// Whether two sets that differ only by places without weight are two.
    counts_empty: bool,
}

impl Zones {
    /// Keeps the prefixes whose weight is at most `max_share` of all weight. A weight is whatever the
    /// bound counts: population, people or cases; one for each place.
    ///
    /// # Errors
    /// When `max_share` is not above 0 and at most 1, or there are not as many weights as places.
    pub fn within(
        neighbours: &Neighbours,
        weights: &[f64],
        max_share: f64,
    ) -> Result<Self, ScanError> {
        check(neighbours, weights, max_share)?;
        let count = weights.len();
        let all = Screen {
            is_wide_enough: &|_| true,
            counts_empty: true,
        };
        Ok(Self::grow(neighbours, weights, max_share, 0..count, &all))
    }

    /// The zones around some centres only, which are wide enough: for places of which most have nothing to show, and
    /// for findings that must not point at too small a place.
    ///
    /// A prefix is kept when `is_wide_enough` holds for its places (it must keep holding as a prefix grows), and when
    /// its places with weight were not met before: with cases as weights, places without a case make no new zone.
    /// Choose the centres by what chance leaves as it is (the cases of the whole study, not those of the last days):
    /// the replicates are searched in the same zones.
    ///
    /// # Errors
    /// As [`Zones::within`]; a centre that is no place.
    pub fn screened(
        neighbours: &Neighbours,
        weights: &[f64],
        max_share: f64,
        centres: &[usize],
        is_wide_enough: impl Fn(&[u32]) -> bool,
    ) -> Result<Self, ScanError> {
        check(neighbours, weights, max_share)?;
        if let Some(centre) = centres.iter().find(|c| **c >= weights.len()) {
            return Err(ScanError::Data(format!(
                "the centre {centre} is none of {} places",
                weights.len()
            )));
        }
        let centres = centres.iter().copied();
        let screen = Screen {
            is_wide_enough: &is_wide_enough,
            counts_empty: false,
        };
        Ok(Self::grow(neighbours, weights, max_share, centres, &screen))
    }

    fn grow(
        neighbours: &Neighbours,
        weights: &[f64],
        max_share: f64,
        centres: impl Iterator<Item = usize>,
        screen: &Screen<'_>,
    ) -> Self {
        // The margin keeps a zone of exactly the share in, whatever the order of summation.
        let limit = weights.iter().sum::<f64>() * max_share * (1.0 + 1e-12);
        let mut zones = Self {
            members: Vec::new(),
            distinct: Vec::new(),
            ends: Vec::new(),
            places: weights.len(),
            count: 0,
        };
        let mut seen = HashSet::new();
        for centre in centres {
            zones.add_centre(neighbours.of(centre), weights, limit, screen, &mut seen);
        }
        zones
    }

    /// Adds one centre's prefixes up to the limit, without those at the end that were met before.
    fn add_centre(
        &mut self,
        list: &[u32],
        weights: &[f64],
        limit: f64,
        screen: &Screen<'_>,
        seen: &mut HashSet<u128>,
    ) {
        let start = self.members.len();
        let (mut weight, mut signature, mut keep) = (0.0, 0u128, start);
        for &place in list {
            weight += weights[place as usize];
            if weight > limit {
                break;
            }
            if screen.counts_empty || weights[place as usize] > 0.0 {
                signature ^= signature_of(place);
            }
            self.members.push(place);
            let new = (screen.is_wide_enough)(&self.members[start..]) && seen.insert(signature);
            self.distinct.push(new);
            if new {
                self.count += 1;
                keep = self.members.len();
            }
        }
        self.members.truncate(keep);
        self.distinct.truncate(keep);
        self.ends.push(keep);
    }

    /// How many different zones there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many places the zones were built from.
    pub fn places(&self) -> usize {
        self.places
    }

    /// The chains: for each centre its neighbours with the mark of the prefix each one completes.
    pub(super) fn chains(&self) -> impl Iterator<Item = impl Iterator<Item = (usize, bool)>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| {
            self.members[start..end]
                .iter()
                .zip(&self.distinct[start..end])
                .map(|(&place, &distinct)| (place as usize, distinct))
        })
    }

    /// The first `size` places of a centre's chain.
    pub(super) fn prefix(&self, centre: usize, size: usize) -> &[u32] {
        let start = centre.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.members[start..start + size]
    }
}

/// Whether a bound and weights can be used with these neighbours.
fn check(neighbours: &Neighbours, weights: &[f64], max_share: f64) -> Result<(), ScanError> {
    if !(max_share > 0.0 && max_share <= 1.0) {
        return Err(ScanError::option(
            "max-population",
            format!("{max_share} is not a share above 0 and at most 1"),
        ));
    }
    if weights.len() != neighbours.places() {
        return Err(ScanError::Data(format!(
            "{} weights for {} places",
            weights.len(),
            neighbours.places()
        )));
    }
    Ok(())
}

/// A 128-bit number for a place; a set is known by the exclusive or of its places' numbers. Two
/// different sets agree with probability 2⁻¹²⁸, far below that of a fault of the machine.
fn signature_of(place: u32) -> u128 {
    let place = u64::from(place) + 1;
    u128::from(super::mix(place)) << 64 | u128::from(super::mix(place ^ 0x5851_f42d_4c95_7f2d))
}
