//! Composite scores, grades and ranks. Pure.

use crate::definitions::{Band, Better, Composite, Definition, DefinitionSet, Part, Unit};
use crate::guards::Objection;
use crate::model::Share;
use analysis::funnel;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A part of a score: what it was made of and what it brought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// The rate or count.
    pub part: String,
    /// The value it was made of: a share, or a number.
    pub value: f64,
    /// Of how many points.
    pub weight: f64,
    /// How many.
    pub points: f64,
}

/// A composite score of one region, unit or post.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// Which composite.
    pub composite: String,
    /// The points; none when a part has nothing below.
    pub score: Option<f64>,
    /// It is made of the figures after review.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reviewed: bool,
    /// The points by the other figures: before review where it is made of those after, and the other way round; none where
    /// nothing was reviewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<f64>,
    /// The standard deviation that chance alone explains, of the rates' parts taken as independent.
    pub deviation: Option<f64>,
    /// The grade; none where it may not be graded.
    pub grade: Option<String>,
    /// The rank, shared where intervals of two deviations overlap; none where it may not be graded or on few cases.
    pub rank: Option<u32>,
    /// What stands against a grade.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objections: Vec<Objection>,
    /// The parts, as far as they have a value.
    pub parts: Vec<Scored>,
}

/// The points of a hundred that a number gets.
fn band(bands: &[Band], value: f64) -> f64 {
    bands
        .iter()
        .find(|b| b.up_to.is_none_or(|end| value <= end))
        .map_or(0.0, |b| b.points)
}

fn scored(
    part: &Part,
    rates: &BTreeMap<String, Share>,
    counts: &BTreeMap<String, i64>,
    grids: Option<u64>,
) -> Option<(Scored, f64)> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of cases stay far below 2^53"
    )]
    let (name, value, variance) = match (&part.rate, &part.count) {
        (Some(rate), _) => {
            let share = rates.get(rate)?;
            let value = share.value?;
            let n = share.denominator as f64;
            let inside = value.clamp(0.0, 1.0);
            (rate, value, inside * (1.0 - inside) / n)
        }
        (None, Some(count)) => {
            let count_of = *counts.get(count)? as f64;
            let value = match (part.per_grid, grids) {
                (false, _) => count_of,
                (true, Some(grids)) if grids > 0 => count_of / grids as f64,
                (true, _) => return None,
            };
            (count, value, 0.0)
        }
        (None, None) => return None,
    };
    // A numerator may exceed what is below it (carry-over): no more than all of the points.
    let share = match (part.bands.is_empty(), part.inverted) {
        (true, false) => value.clamp(0.0, 1.0),
        (true, true) => (1.0 - value).clamp(0.0, 1.0),
        (false, false) => band(&part.bands, value) / 100.0,
        (false, true) => band(&part.bands, 1.0 - value) / 100.0,
    };
    let variance = if part.bands.is_empty() {
        part.weight * part.weight * variance
    } else {
        0.0
    };
    Some((
        Scored {
            part: name.clone(),
            value,
            weight: part.weight,
            points: share * part.weight,
        },
        variance,
    ))
}

/// The figures of one object of which scores are made.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// Its rates.
    pub rates: BTreeMap<String, Share>,
    /// Its counts.
    pub counts: BTreeMap<String, i64>,
}

/// The points of a composite with its parts, as far as they have a value, and the variance of each.
fn points(
    composite: &Composite,
    made: &Made,
    grids: Option<u64>,
) -> (Option<f64>, Vec<Scored>, Vec<f64>) {
    let parts = composite.parts.iter();
    let made: Vec<Option<(Scored, f64)>> = parts
        .map(|p| scored(p, &made.rates, &made.counts, grids))
        .collect();
    let is_whole = made.iter().all(Option::is_some);
    let (parts, variances): (Vec<Scored>, Vec<f64>) = made.into_iter().flatten().unzip();
    let score = is_whole.then(|| parts.iter().map(|p| p.points).sum::<f64>());
    (score, parts, variances)
}

/// The score of a composite from the figures of one object, before and, where anything was reviewed, after review.
/// `objections` are those of the composite and of the object.
pub fn score(
    set: &DefinitionSet,
    composite: &Composite,
    raw: &Made,
    reviewed: Option<&Made>,
    grids: Option<u64>,
    objections: Vec<Objection>,
) -> Score {
    let (of, other) = match reviewed {
        Some(reviewed) if composite.reviewed => (reviewed, Some(raw)),
        Some(reviewed) => (raw, Some(reviewed)),
        None => (raw, None),
    };
    let (score, parts, variances) = points(composite, of, grids);
    let otherwise = other.and_then(|other| points(composite, other, grids).0);
    let grade = score
        .filter(|_| objections.is_empty())
        .and_then(|s| set.grade(s))
        .map(str::to_owned);
    Score {
        composite: composite.id.clone(),
        score,
        reviewed: composite.reviewed,
        otherwise,
        deviation: score.map(|_| variances.iter().sum::<f64>().sqrt()),
        grade,
        rank: None,
        objections,
        parts,
    }
}

/// Ranks scores of one composite against each other: by intervals of 1.96 deviations, shared where they overlap. What
/// may not be graded, and what rests on fewer than 30 cases anywhere (`enough`), has none.
pub fn rank(scores: &mut [(Score, bool)]) {
    let intervals: Vec<Option<(f64, f64)>> = scores
        .iter()
        .map(|(s, enough)| {
            let half = 1.96 * s.deviation?;
            let score = s.score.filter(|_| *enough && s.objections.is_empty())?;
            Some((score - half, score + half))
        })
        .collect();
    for ((score, _), rank) in scores
        .iter_mut()
        .zip(funnel::shared_ranks(&intervals, true))
    {
        score.rank = rank;
    }
}

/// Where a share stands against the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Outside the 99.8 % limits, upwards.
    FarAbove,
    /// Outside the 95 % limits, upwards.
    Above,
    /// Not to be told from chance.
    Within,
    /// Outside the 95 % limits, downwards.
    Below,
    /// Outside the 99.8 % limits, downwards.
    FarBelow,
}

/// A share in the funnel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Placed {
    /// The 95 % limits around the whole for so many cases: the least and the greatest share that is not outside.
    pub limits95: (f64, f64),
    /// 99.8 % limits.
    pub limits998: (f64, f64),
    /// Where it stands.
    pub standing: Standing,
    /// Its rank, shared where Wilson intervals overlap; none on fewer than 30 cases or where neither way is better.
    pub rank: Option<u32>,
}

/// Places shares in the funnel around their whole (Spiegelhalter 2005). None for what is no share of cases.
pub fn funnel(definition: &Definition, shares: &[Share]) -> Vec<Option<Placed>> {
    let (above, below) = shares.iter().fold((0_i64, 0_i64), |(n, d), s| {
        (n + s.numerator, d + s.denominator)
    });
    let is_share = definition.unit == Unit::Share;
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of cases stay far below 2^53"
    )]
    let whole = above as f64 / below.max(1) as f64;
    let sizes = |s: &Share| -> Option<(u64, u64)> {
        let (n, d) = (
            u64::try_from(s.numerator).ok()?,
            u64::try_from(s.denominator).ok()?,
        );
        (is_share && d > 0 && n <= d).then_some((n, d))
    };
    let intervals: Vec<Option<(f64, f64)>> = shares
        .iter()
        .map(|s| {
            let (n, d) = sizes(s).filter(|(_, d)| *d >= funnel::LEAST_FOR_RANK)?;
            funnel::wilson(n, d).filter(|_| definition.better != Better::Neither)
        })
        .collect();
    let ranks = funnel::shared_ranks(&intervals, definition.better == Better::Higher);
    shares
        .iter()
        .zip(ranks)
        .map(|(share, rank)| {
            let (_, d) = sizes(share)?;
            let limits95 = funnel::exact_limits(whole, d, 0.05)?;
            let limits998 = funnel::exact_limits(whole, d, 0.002)?;
            let value = share.value?;
            let standing = if value > limits998.1 {
                Standing::FarAbove
            } else if value > limits95.1 {
                Standing::Above
            } else if value < limits998.0 {
                Standing::FarBelow
            } else if value < limits95.0 {
                Standing::Below
            } else {
                Standing::Within
            };
            Some(Placed {
                limits95,
                limits998,
                standing,
                rank,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::built_in;

    fn share(n: i64, d: i64) -> Share {
        Share::of(n, d)
    }

    #[test]
    fn a_score_is_the_sum_of_its_parts() {
        let set = &built_in()[0];
        let composite = set.composite("unit/eg").unwrap();
        let rates: BTreeMap<String, Share> = [
            ("dispose_on_time/need_dispose", share(90, 100)),
            ("closing/need_archive", share(80, 100)),
            ("rework/handled_ever", share(5, 100)),
        ]
        .map(|(k, v)| (k.to_owned(), v))
        .into();
        let made = |rates: &BTreeMap<String, Share>| Made {
            rates: rates.clone(),
            counts: BTreeMap::new(),
        };
        let got = score(set, composite, &made(&rates), None, None, Vec::new());
        // 0.9 × 60 + 0.8 × 30 + (1 − 0.05) × 10
        assert!((got.score.unwrap() - 87.5).abs() < 1e-9);
        assert_eq!(got.grade.as_deref(), Some("B"));
        // √(60²·0.9·0.1/100 + 30²·0.8·0.2/100 + 10²·0.05·0.95/100)
        assert!((got.deviation.unwrap() - (3.24_f64 + 1.44 + 0.0475).sqrt()).abs() < 1e-9);
        let refused = score(
            set,
            composite,
            &made(&rates),
            None,
            None,
            vec![Objection::FewHolders { holders: 4 }],
        );
        assert!(refused.score.is_some() && refused.grade.is_none());
        // After review two more were on time; the score is made of what its definition says, and the other is told.
        let mut after = rates.clone();
        after.insert("dispose_on_time/need_dispose".into(), share(92, 100));
        let both = |reviewed: bool| {
            let composite = Composite {
                reviewed,
                ..composite.clone()
            };
            let after = made(&after);
            let got = score(
                set,
                &composite,
                &made(&rates),
                Some(&after),
                None,
                Vec::new(),
            );
            (
                got.score.unwrap(),
                got.otherwise.unwrap(),
                got.parts[0].value,
            )
        };
        let ((raw, then, value), (after_review, before, after_value)) = (both(false), both(true));
        assert!((raw - 87.5).abs() < 1e-9 && (then - 88.7).abs() < 1e-9);
        assert_eq!((after_review, before), (then, raw));
        assert_eq!((value, after_value), (0.9, 0.92));
        let mut short = rates;
        short.remove("closing/need_archive");
        let got = score(set, composite, &made(&short), None, None, Vec::new());
        assert_eq!((got.score, got.grade, got.parts.len()), (None, None, 2));
    }

    #[test]
    fn bands_per_grid_are_those_of_the_source() {
        let set = &built_in()[0];
        let part = &set.composite("region/cu-class-1").unwrap().parts[1];
        for (per_grid, points) in [
            (0.0, 100.0),
            (1.0, 90.0),
            (2.0, 90.0),
            (3.0, 75.0),
            (6.0, 60.0),
            (8.0, 40.0),
            (9.0, 0.0),
        ] {
            assert_eq!(band(&part.bands, per_grid), points, "{per_grid}");
        }
        let counts: BTreeMap<String, i64> = [("register".to_owned(), 40)].into();
        let (made, _) = scored(part, &BTreeMap::new(), &counts, Some(10)).unwrap();
        assert_eq!((made.value, made.points), (4.0, 15.0));
        assert!(scored(part, &BTreeMap::new(), &counts, None).is_none());
    }

    #[test]
    fn ranks_are_shared_where_differences_are_noise_and_absent_on_few_cases() {
        let set = &built_in()[0];
        let closing = set.definition("closing/need_archive").unwrap();
        let shares = [
            share(830, 1000),
            share(84, 100),
            share(25, 29),
            share(400, 1000),
            share(0, 0),
            share(29, 30),
        ];
        let placed = funnel(closing, &shares);
        let rank = |n: usize| placed[n].as_ref().and_then(|p| p.rank);
        assert_eq!((rank(0), rank(1)), (Some(1), Some(1)));
        assert_eq!(rank(2), None, "fewer than 30");
        assert_eq!(rank(3), Some(4));
        assert!(placed[4].is_none());
        assert_eq!(placed[3].as_ref().unwrap().standing, Standing::FarBelow);
        let back = set.definition("back/dispatch").unwrap();
        assert!(
            funnel(back, &shares)
                .iter()
                .flatten()
                .all(|p| p.rank.is_none()),
            "neither way is better"
        );
    }

    #[test]
    fn scores_that_may_not_be_graded_get_no_rank() {
        let set = &built_in()[0];
        let composite = set.composite("unit/eg").unwrap();
        let made = |objections| Score {
            composite: composite.id.clone(),
            score: Some(80.0),
            reviewed: false,
            otherwise: None,
            deviation: Some(1.0),
            grade: None,
            rank: None,
            objections,
            parts: Vec::new(),
        };
        let mut all = vec![
            (made(Vec::new()), true),
            (
                made(vec![Objection::RewardsSilence { part: "x".into() }]),
                true,
            ),
            (made(Vec::new()), false),
        ];
        rank(&mut all);
        assert_eq!(
            all.iter().map(|(s, _)| s.rank).collect::<Vec<_>>(),
            [Some(1), None, None]
        );
    }
}
