//! Near duplicates: reports that may be about one and the same thing, by class, place, time and words.
//!
//! Two doors lead in. Reports of one class close together in place and time are suspects whatever their
//! words (two neighbours describe a broken lamp differently). Reports in nearly the same words are
//! suspects over a longer time and distance (one person writes twice, or through two channels). Every
//! suspect comes with its reasons; a person decides.
//!
//! Likeness of words is the Jaccard share of common runs of three letters (shingles); candidates are found
//! by MinHash with banding (Broder, *On the Resemblance and Containment of Documents*, 1997), and every
//! candidate is then compared exactly.

use super::grams::mix;
use super::segment::{bounded, fold};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// Where a report points to, in degrees (CGCS2000 / WGS 84).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Place {
    /// Longitude.
    pub lon: f64,
    /// Latitude.
    pub lat: f64,
}

/// What is compared of a report. Nothing about who made it.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Title and text.
    pub text: &'a str,
    /// Its class, where one is given.
    pub class: Option<&'a str>,
    /// Its place, where one is known.
    pub place: Option<Place>,
    /// When it came in.
    pub time: Timestamp,
}

/// How close is close.
#[derive(Clone, Copy, Debug)]
pub struct Closeness {
    /// Reports of one class within this distance in metres …
    pub radius_m: f64,
    /// … and this time in hours are suspects whatever their words.
    pub window_h: f64,
    /// Reports that share at least this part of their shingles (0 to 1) are suspects …
    pub words: f64,
    /// … within this distance in metres, or where a place is not known …
    pub words_radius_m: f64,
    /// … and this time in hours.
    pub words_window_h: f64,
}

impl Default for Closeness {
    /// 50 m and 24 h, as digital city management systems have it; half of the shingles within 2 km and 30 days.
    fn default() -> Self {
        Self {
            radius_m: 50.0,
            window_h: 24.0,
            words: 0.5,
            words_radius_m: 2_000.0,
            words_window_h: 720.0,
        }
    }
}

/// One reason why two reports are suspects.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason", content = "value")]
pub enum Reason {
    /// Both carry the same class.
    SameClass,
    /// Distance in metres, within the radius.
    Near(f64),
    /// Time between them in hours, within the window.
    Soon(f64),
    /// Share of common shingles.
    SameWords(f64),
}

/// Two reports that may be about the same thing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suspect {
    /// The earlier report, by its place in the list.
    pub first: usize,
    /// The later one.
    pub second: usize,
    /// 0 to 1, to show the likeliest first.
    pub likeness: f64,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// Compares two reports. `None` when nothing makes them suspects.
pub fn compare(
    a: &Report<'_>,
    b: &Report<'_>,
    closeness: &Closeness,
) -> Option<(f64, Vec<Reason>)> {
    compare_shingled(a, &shingles(a.text), b, &shingles(b.text), closeness)
}

fn compare_shingled(
    a: &Report<'_>,
    of_a: &[u64],
    b: &Report<'_>,
    of_b: &[u64],
    c: &Closeness,
) -> Option<(f64, Vec<Reason>)> {
    let hours = hours_between(a.time, b.time);
    let metres = a.place.zip(b.place).map(|(a, b)| metres_between(a, b));
    let same_class = a.class.is_some() && a.class == b.class;
    let near = metres.filter(|m| *m <= c.radius_m);
    let soon = hours <= c.window_h;
    let words = jaccard(of_a, of_b);
    let by_place = near
        .filter(|_| same_class && soon)
        .map(|m| 1.0 - (part(m, c.radius_m) + part(hours, c.window_h)) / 4.0);
    let not_far = metres.is_none_or(|m| m <= c.words_radius_m);
    let by_words =
        (words >= c.words && words > 0.0 && not_far && hours <= c.words_window_h).then_some(words);
    let likeness = match (by_place, by_words) {
        (None, None) => return None,
        (Some(one), None) | (None, Some(one)) => one,
        // Two independent doors: surer than either.
        (Some(place), Some(words)) => 1.0 - (1.0 - place) * (1.0 - words),
    };
    let mut reasons = Vec::new();
    reasons.extend(same_class.then_some(Reason::SameClass));
    reasons.extend(near.map(Reason::Near));
    reasons.extend(soon.then_some(Reason::Soon(hours)));
    reasons.extend(by_words.map(Reason::SameWords));
    Some((likeness, reasons))
}

/// A share of a limit; a limit of 0 is used up by 0.
fn part(value: f64, limit: f64) -> f64 {
    if limit > 0.0 { value / limit } else { 0.0 }
}

/// All suspects among reports, the likeliest first; equal ones in the order of the list.
pub fn duplicates(reports: &[Report<'_>], closeness: &Closeness) -> Vec<Suspect> {
    let shingled: Vec<Vec<u64>> = reports.iter().map(|r| shingles(r.text)).collect();
    let mut pairs: HashSet<(usize, usize)> = HashSet::new();
    by_class_and_place(reports, closeness, &mut pairs);
    by_words(&shingled, &mut pairs);
    let mut out: Vec<Suspect> = pairs
        .into_iter()
        .filter_map(|(i, j)| {
            let (first, second) = if reports[j].time < reports[i].time {
                (j, i)
            } else {
                (i, j)
            };
            let (likeness, reasons) = compare_shingled(
                &reports[first],
                &shingled[first],
                &reports[second],
                &shingled[second],
                closeness,
            )?;
            Some(Suspect {
                first,
                second,
                likeness,
                reasons,
            })
        })
        .collect();
    out.sort_by(|a, b| {
        b.likeness
            .total_cmp(&a.likeness)
            .then((a.first, a.second).cmp(&(b.first, b.second)))
    });
    out
}

/// Metres in a degree of latitude on the sphere of [`metres_between`].
const METRES_PER_DEGREE: f64 = EARTH_RADIUS_M * std::f64::consts::PI / 180.0;
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// Pairs of one class, in one or neighbouring strips of latitude as wide as the radius, within the window.
fn by_class_and_place(
    reports: &[Report<'_>],
    closeness: &Closeness,
    pairs: &mut HashSet<(usize, usize)>,
) {
    let mut order: Vec<usize> = (0..reports.len())
        .filter(|i| reports[*i].class.is_some() && reports[*i].place.is_some())
        .collect();
    order.sort_by_key(|i| reports[*i].time);
    let width = closeness.radius_m.max(1.0);
    let mut recent: HashMap<(Option<&str>, i64), Vec<usize>> = HashMap::new();
    for i in order {
        let Some(place) = reports[i].place else {
            continue;
        };
        let strip = (place.lat * METRES_PER_DEGREE / width).floor() as i64;
        for neighbour in [strip.saturating_sub(1), strip, strip.saturating_add(1)] {
            let Some(list) = recent.get_mut(&(reports[i].class, neighbour)) else {
                continue;
            };
            list.retain(|j| hours_between(reports[*j].time, reports[i].time) <= closeness.window_h);
            pairs.extend(list.iter().map(|j| (i.min(*j), i.max(*j))));
        }
        recent.entry((reports[i].class, strip)).or_default().push(i);
    }
}

/// Bands of MinHash values: a pair with a likeness of 0.5 meets in at least one band with probability
/// 1 − (1 − 0.5³)³² = 0.986.
const BANDS: usize = 32;
const ROWS: usize = 3;
/// A band with more reports than this (forms, signatures) compares each with this many before it.
const MOST_IN_BAND: usize = 64;

fn by_words(shingled: &[Vec<u64>], pairs: &mut HashSet<(usize, usize)>) {
    let mut bands: HashMap<(usize, u64), Vec<usize>> = HashMap::new();
    for (i, shingles) in shingled.iter().enumerate().filter(|(_, s)| !s.is_empty()) {
        for band in 0..BANDS {
            let key = (0..ROWS).fold(0, |key, row| {
                let salt = mix((band * ROWS + row + 1) as u64);
                let least = shingles.iter().map(|s| mix(s ^ salt)).min().unwrap_or(0);
                mix(key ^ least).rotate_left(9)
            });
            let list = bands.entry((band, key)).or_default();
            pairs.extend(list.iter().rev().take(MOST_IN_BAND).map(|j| (*j, i)));
            list.push(i);
        }
    }
}

/// The runs of three letters of a text as ascending numbers without repeats; a text of one or two
/// letters is one shingle.
fn shingles(text: &str) -> Vec<u64> {
    let letters: Vec<u64> = bounded(text)
        .chars()
        .filter_map(fold)
        .map(|c| u64::from(c) + 1)
        .collect();
    let join = |run: &[u64]| run.iter().fold(0, |key, letter| key << 21 | letter);
    let mut out: Vec<u64> = match letters.len() {
        0 => Vec::new(),
        1 | 2 => vec![join(&letters)],
        _ => letters.windows(3).map(join).collect(),
    };
    out.sort_unstable();
    out.dedup();
    out
}

/// Common members over all members of two ascending lists; 0 where both are empty.
fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (mut i, mut j, mut common) = (0, 0, 0usize);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    let all = a.len() + b.len() - common;
    if all == 0 {
        0.0
    } else {
        common as f64 / all as f64
    }
}

fn hours_between(a: Timestamp, b: Timestamp) -> f64 {
    (a.as_second() - b.as_second()).unsigned_abs() as f64 / 3_600.0
}

/// Great-circle distance (haversine, mean radius of the earth).
pub fn metres_between(a: Place, b: Place) -> f64 {
    let half = |degrees: f64| libm::sin(degrees.to_radians() / 2.0);
    let (across, along) = (half(b.lat - a.lat), half(b.lon - a.lon));
    let chord = across * across
        + libm::cos(a.lat.to_radians()) * libm::cos(b.lat.to_radians()) * along * along;
    2.0 * EARTH_RADIUS_M * libm::asin(chord.sqrt().min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn report(
        text: &'static str,
        class: Option<&'static str>,
        metres_north: f64,
        hours: i64,
    ) -> Report<'static> {
        Report {
            text,
            class,
            place: Some(Place {
                lon: 120.2,
                lat: 30.25 + metres_north / METRES_PER_DEGREE,
            }),
            time: Timestamp::from_second(1_700_000_000 + hours * 3_600).expect("in range"),
        }
    }

    #[test]
    fn one_class_close_by_is_a_suspect_in_any_words() {
        let a = report("路灯不亮", Some("0108"), 0.0, 0);
        let (likeness, reasons) = compare(
            &a,
            &report("晚上太黑", Some("0108"), 20.0, 12),
            &Closeness::default(),
        )
        .expect("a suspect");
        // 20 of 50 m and 12 of 24 h: 1 − (0.4 + 0.5) / 4.
        assert!((likeness - 0.775).abs() < 1e-6, "{likeness}");
        assert!(
            matches!(reasons[..], [Reason::SameClass, Reason::Near(m), Reason::Soon(h)] if (m - 20.0).abs() < 0.01 && h == 12.0)
        );
        for other in [
            report("晚上太黑", Some("0109"), 20.0, 12),
            report("晚上太黑", Some("0108"), 51.0, 12),
            report("晚上太黑", Some("0108"), 20.0, 25),
            report("晚上太黑", None, 20.0, 12),
        ] {
            assert_eq!(
                compare(&a, &other, &Closeness::default()),
                None,
                "{other:?}"
            );
        }
    }

    #[test]
    fn the_same_words_are_a_suspect_over_days_unless_far_away() {
        let a = report("幸福小区三栋旁边工地半夜施工", None, 0.0, 0);
        let words = |north, hours| {
            compare(
                &a,
                &report("幸福小区三栋旁边工地半夜施工！！", Some("x"), north, hours),
                &Closeness::default(),
            )
        };
        assert_eq!(words(500.0, 200), Some((1.0, vec![Reason::SameWords(1.0)])));
        assert_eq!(words(5_000.0, 200), None);
        assert_eq!(words(500.0, 1_000), None);
    }

    #[test]
    fn likeness_of_words_by_hand() {
        // 停水两 水两天 | 停水两 水两小: one of three shingles in common.
        assert!(
            (jaccard(&shingles("停水两天"), &shingles("停水，两小")) - 1.0 / 3.0).abs() < 1e-12
        );
        assert_eq!(jaccard(&shingles("停水"), &shingles("停 水")), 1.0);
        assert_eq!(
            jaccard(&shingles(""), &shingles("。")),
            0.0,
            "two empty texts have nothing in common"
        );
    }

    #[test]
    fn the_earlier_report_comes_first_and_the_likeliest_pair_first() {
        let reports = [
            report("井盖丢失危险", Some("0101"), 0.0, 5),
            report("井盖丢失危险", Some("0101"), 1.0, 1),
            report("少了一个盖子", Some("0101"), 30.0, 9),
        ];
        let found = duplicates(&reports, &Closeness::default());
        assert_eq!(
            found
                .iter()
                .map(|s| (s.first, s.second))
                .collect::<Vec<_>>(),
            [(1, 0), (0, 2), (1, 2)]
        );
    }

    #[test]
    fn a_metre_is_a_metre() {
        let a = Place { lon: 0.0, lat: 0.0 };
        assert!((metres_between(a, Place { lon: 1.0, lat: 0.0 }) - 111_195.08).abs() < 0.01);
        assert_eq!(metres_between(a, a), 0.0);
        let far = metres_between(
            a,
            Place {
                lon: 180.0,
                lat: 0.0,
            },
        );
        assert!((far - std::f64::consts::PI * EARTH_RADIUS_M).abs() < 1.0);
    }

    proptest! {
        /// The brute-force twin: every pair compared by itself. The place door is exact; through the words
        /// door nothing is found that is none, and equal texts are always found.
        #[test]
        fn nothing_is_found_that_comparing_all_pairs_does_not_find(
            rows in proptest::collection::vec((0usize..4, 0usize..3, -200.0f64..200.0, -40i64..40), 0..25),
        ) {
            let texts = ["路灯不亮了请修", "路灯不亮了快来修", "半夜施工太吵", ""];
            let classes = [None, Some("a"), Some("b")];
            let reports: Vec<_> = rows.iter().map(|(t, c, north, h)| report(texts[*t], classes[*c], *north, *h)).collect();
            let closeness = Closeness { words: 0.9, ..Closeness::default() };
            let found: HashSet<_> = duplicates(&reports, &closeness).iter().map(|s| (s.first.min(s.second), s.first.max(s.second))).collect();
            let mut expected = HashSet::new();
            for i in 0..reports.len() {
                for j in i + 1..reports.len() {
                    if compare(&reports[i], &reports[j], &closeness).is_some() {
                        expected.insert((i, j));
                    }
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
