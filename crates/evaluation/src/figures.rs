//! Figures by definition: which sums a set needs, and what they make. One or two statements, whatever the set.

use crate::condition::Mode;
use crate::definitions::{
    Better, Composite, Definition, DefinitionSet, Filter, Object, Term, Unit,
};
use crate::guards::{LEAST_HOLDERS, Objection, against};
use crate::model::{By, Share};
use crate::ops::{FrozenLine, called, label};
use crate::scores::{self, Made, Placed, Score};
use crate::sql::{self, Ask, Summand, Sums};
use crate::vocabulary;
use access::Role;
use analysis::funnel::LEAST_FOR_RANK;
use cases::measures::UnitColumn;
use kernel::codes::DivisionCode;
use kernel::id::Id;
use matters::City;
use serde::Serialize;
use std::collections::BTreeMap;
use store::{Read, StoreResult};

/// A rate of one group, with all that has to be said with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// The numerator.
    pub numerator: i64,
    /// What the numerator counts: `cases`, `seconds`, `times`.
    pub numerator_unit: &'static str,
    /// The denominator.
    pub denominator: i64,
    /// What the denominator counts: `cases`.
    pub denominator_unit: &'static str,
    /// What both make, in `unit`, unrounded; none over zero.
    pub value: Option<f64>,
    /// Which definition, with its set and version.
    pub definition: String,
    /// Which cases only.
    #[serde(skip_serializing_if = "Filter::is_all")]
    pub filter: Filter,
    /// What the value is told in.
    pub unit: Unit,
    /// The same with exempt lateness forgiven and excluded cases left out; none where nothing was reviewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_review: Option<Share>,
    /// Where it stands among the groups; none for one group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub funnel: Option<Placed>,
}

impl Figure {
    /// Numerator, denominator, and one over the other, whatever it is told in.
    pub fn share(&self) -> Share {
        Share::of(self.numerator, self.denominator)
    }
}

/// The figures of one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// The code or id of what it stands for; `city` for all.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The rates by the id of their definition.
    pub rates: BTreeMap<String, Figure>,
    /// The composite scores.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    /// The group as it is stored, for the cases behind its figures.
    #[serde(skip)]
    pub group: (Option<String>, Option<Id>),
}

/// Where in the sums a definition finds its terms.
struct Places {
    numerator: Vec<usize>,
    denominator: Vec<usize>,
}

/// What is to be summed for a set.
struct Plan {
    summands: Vec<Summand>,
    names: Vec<(String, Vec<Filter>, Option<UnitColumn>)>,
    rates: Vec<Places>,
    counts: BTreeMap<String, usize>,
}

/// The summands of a side of a definition, under its filter.
pub fn summands(definition: &Definition, denominator: bool) -> Vec<Summand> {
    let whose = whose(definition);
    let side = |term: &Term| {
        let word = term.word()?;
        Some(Summand {
            amount: word.amount,
            filters: filters(term, &definition.filter),
            of: if denominator { whose } else { word.of },
        })
    };
    let terms = if denominator {
        &definition.denominator
    } else {
        &definition.numerator
    };
    terms.iter().filter_map(side).collect()
}

/// For whose act a definition is, by unit: what its numerator counts, if all of it is one act. Its denominator counts for the same
/// units, so that a case stands above and below for one of them: of the cases that a unit returned, or that are with it.
pub fn whose(definition: &Definition) -> Option<UnitColumn> {
    let mut acts = definition
        .numerator
        .iter()
        .filter_map(|t| Some(t.word()?.of));
    let first = acts.next()?;
    acts.all(|act| act == first).then_some(first).flatten()
}

fn filters(term: &Term, filter: &Filter) -> Vec<Filter> {
    let own = term.filter().into_iter();
    own.chain([filter])
        .filter(|f| !f.is_all())
        .cloned()
        .collect()
}

impl Plan {
    fn of(set: &DefinitionSet) -> Self {
        let mut plan = Self {
            summands: Vec::new(),
            names: Vec::new(),
            rates: Vec::new(),
            counts: BTreeMap::new(),
        };
        for definition in &set.definitions {
            let whose = whose(definition);
            let places = |plan: &mut Self, terms: &[Term], denominator: bool| {
                let place = |t: &Term| {
                    let of = if denominator { whose } else { t.word()?.of };
                    plan.place(t.name(), filters(t, &definition.filter), of)
                };
                terms.iter().filter_map(place).collect()
            };
            let numerator = places(&mut plan, &definition.numerator, false);
            let denominator = places(&mut plan, &definition.denominator, true);
            plan.rates.push(Places {
                numerator,
                denominator,
            });
        }
        for part in set.composites.iter().flat_map(|c| &c.parts) {
            if let Some(count) = &part.count
                && let Some(of) = vocabulary::word(count).map(|word| word.of)
                && let Some(place) = plan.place(count, Vec::new(), of)
            {
                plan.counts.insert(count.clone(), place);
            }
        }
        plan
    }
    fn place(&mut self, name: &str, filters: Vec<Filter>, of: Option<UnitColumn>) -> Option<usize> {
        let wanted = (name.to_owned(), filters, of);
        if let Some(at) = self.names.iter().position(|n| *n == wanted) {
            return Some(at);
        }
        let amount = vocabulary::word(name)?.amount;
        self.summands.push(Summand {
            amount,
            filters: wanted.1.clone(),
            of,
        });
        self.names.push(wanted);
        Some(self.names.len() - 1)
    }
}

/// What the figures of a set say of every group. At most three sums, and who holds which post, or what channels or natures are called.
///
/// # Errors
/// The store's.
pub fn lines(
    r: &mut Read<'_>,
    set: &DefinitionSet,
    city: &City,
    ask: &Ask,
) -> StoreResult<Vec<Line>> {
    let plan = Plan::of(set);
    let raw = sql::sums(r, ask, &plan.summands, Mode::Raw, false)?;
    // What a review changed is a small part: its raw share is taken away, and what counts of it after review put back.
    let before = sql::sums(r, ask, &plan.summands, Mode::Raw, true)?;
    let after = if before.is_empty() {
        Vec::new()
    } else {
        sql::sums(r, ask, &plan.summands, Mode::AfterReview, true)?
    };
    let is_whole_city = ask.scope.districts.is_empty() && ask.scope.unit.is_none();
    let holders = if ask.by == By::City && is_whole_city {
        Some(holders(r)?)
    } else {
        None
    };
    let called = called(r, ask.by)?;
    let nothing = vec![0; plan.summands.len()];
    let same = |all: &[Sums], group: &Sums| -> Option<Vec<i64>> {
        all.iter()
            .find(|s| s.key == group.key && s.id == group.id)
            .map(|s| s.sums.clone())
    };
    let mut lines = Vec::new();
    for group in &raw {
        if ask.by != By::City && group.sums.iter().all(|n| *n == 0) {
            continue;
        }
        let reviewed = same(&before, group).map(|taken| {
            let back = same(&after, group).unwrap_or_else(|| nothing.clone());
            let all = group.sums.iter().zip(taken).zip(back);
            all.map(|((n, taken), back)| n - taken + back)
                .collect::<Vec<i64>>()
        });
        let (key, name) = label(city, ask.by, group.key.as_deref(), group.id, &called);
        lines.push(Line {
            rates: rates(set, &plan, &group.sums, reviewed.as_deref()),
            scores: Vec::new(),
            group: (group.key.clone(), group.id),
            key,
            name,
        });
        let counts = |sums: &[i64]| -> BTreeMap<String, i64> {
            let counts = plan.counts.iter();
            counts.map(|(name, at)| (name.clone(), sums[*at])).collect()
        };
        if let Some(line) = lines.last_mut() {
            let raw = Made {
                rates: shares(line, false),
                counts: counts(&group.sums),
            };
            let after = reviewed.map(|sums| Made {
                rates: shares(line, true),
                counts: counts(&sums),
            });
            line.scores = scored(
                set,
                city,
                ask.by,
                line,
                (&raw, after.as_ref()),
                holders.as_ref(),
            );
        }
    }
    if ask.by == By::City && lines.is_empty() {
        let (key, name) = label(city, By::City, None, None, &called);
        lines.push(Line {
            rates: rates(set, &plan, &nothing, None),
            scores: Vec::new(),
            group: (None, None),
            key,
            name,
        });
    }
    lines.sort_by(|a, b| a.key.cmp(&b.key));
    compare(set, &mut lines);
    Ok(lines)
}

fn rates(
    set: &DefinitionSet,
    plan: &Plan,
    sums: &[i64],
    reviewed: Option<&[i64]>,
) -> BTreeMap<String, Figure> {
    let total = |places: &[usize], sums: &[i64]| places.iter().map(|at| sums[*at]).sum::<i64>();
    set.definitions
        .iter()
        .zip(&plan.rates)
        .map(|(definition, places)| {
            let share = |sums: &[i64]| {
                Share::of(
                    total(&places.numerator, sums),
                    total(&places.denominator, sums),
                )
            };
            let told = |share: Share| Share {
                value: share.value.map(|v| definition.unit.told(v)),
                ..share
            };
            let raw = told(share(sums));
            let figure = Figure {
                numerator: raw.numerator,
                numerator_unit: definition.unit.of_numerator(),
                denominator: raw.denominator,
                denominator_unit: "cases",
                value: raw.value,
                definition: format!("{}@{}:{}", set.id, set.version, definition.id),
                filter: definition.filter.clone(),
                unit: definition.unit,
                after_review: reviewed.map(|sums| told(share(sums))),
                funnel: None,
            };
            (definition.id.clone(), figure)
        })
        .collect()
}

/// How many people hold each role.
fn holders(r: &mut Read<'_>) -> StoreResult<BTreeMap<Role, u64>> {
    let mut held = BTreeMap::new();
    for (roles, accounts) in crate::sql_sets::roles_held(r)? {
        let roles: Vec<Role> = serde_json::from_str(&roles).unwrap_or_default();
        for role in roles {
            *held.entry(role).or_default() += accounts.unsigned_abs();
        }
    }
    Ok(held)
}

/// The shares of a line by the id of their definition: as they are, or after review where anything was reviewed.
fn shares(line: &Line, reviewed: bool) -> BTreeMap<String, Share> {
    let share = |figure: &Figure| match figure.after_review.filter(|_| reviewed) {
        Some(after) => Share::of(after.numerator, after.denominator),
        None => figure.share(),
    };
    let rates = line.rates.iter();
    rates
        .map(|(id, figure)| (id.clone(), share(figure)))
        .collect()
}

/// The composites of one group: of a unit by unit, of a region by division or street, of posts for the whole city.
fn scored(
    set: &DefinitionSet,
    city: &City,
    by: By,
    line: &Line,
    (raw, reviewed): (&Made, Option<&Made>),
    holders: Option<&BTreeMap<Role, u64>>,
) -> Vec<Score> {
    let object = match by {
        By::Unit => Object::Unit,
        By::Division | By::Street => Object::Region,
        By::City if holders.is_some() => Object::Post,
        By::City | By::Matter | By::Channel | By::Nature => return Vec::new(),
    };
    if line.group.0.is_none() && line.group.1.is_none() {
        return Vec::new();
    }
    let grids = (object == Object::Region).then(|| grids_in(city, &line.key));
    set.composites
        .iter()
        .filter(|c| c.object == object)
        .map(|composite| {
            let mut against = against(set, composite);
            let role = composite
                .post
                .as_deref()
                .and_then(|p| p.parse::<Role>().ok());
            if let (Some(held), Some(role)) = (holders, role) {
                let holders = held.get(&role).copied().unwrap_or(0);
                if holders < LEAST_HOLDERS {
                    against.push(Objection::FewHolders { holders });
                }
            }
            scores::score(set, composite, raw, reviewed, grids, against)
        })
        .collect()
}

/// How many unit grids lie in a region.
fn grids_in(city: &City, region: &str) -> u64 {
    DivisionCode::padded(region).map_or(0, |code| city.territory.grids_in(code).len() as u64)
}

/// The rows of a frozen month as figures. Every number is the one that was frozen; where a row stands among the others follows
/// from these numbers. A score has its points, its grade and the shares it was made of, as they were kept; a month frozen before
/// these were kept has no parts.
pub fn of_frozen(set: &DefinitionSet, frozen: &BTreeMap<String, FrozenLine>) -> Vec<Line> {
    let figure = |definition: &Definition, line: &FrozenLine| {
        let share = line.rates.get(&definition.id)?;
        let told = |share: &Share| Share {
            value: share.value.map(|v| definition.unit.told(v)),
            ..*share
        };
        Some(Figure {
            numerator: share.numerator,
            numerator_unit: definition.unit.of_numerator(),
            denominator: share.denominator,
            denominator_unit: "cases",
            value: told(share).value,
            definition: format!("{}@{}:{}", set.id, set.version, definition.id),
            filter: definition.filter.clone(),
            unit: definition.unit,
            after_review: line.after_review.get(&definition.id).map(told),
            funnel: None,
        })
    };
    let score = |composite: &Composite, line: &FrozenLine| {
        let (score, grade) = line.scores.get(&composite.id)?.clone();
        let made = line.made.get(&composite.id).cloned().unwrap_or_default();
        let objections = match &grade {
            Some(_) => Vec::new(),
            None => against(set, composite),
        };
        Some(Score {
            composite: composite.id.clone(),
            score,
            reviewed: composite.reviewed,
            otherwise: made.otherwise,
            deviation: None,
            grade,
            rank: None,
            objections,
            parts: made.parts,
        })
    };
    let mut lines: Vec<Line> = frozen
        .iter()
        .map(|(key, line)| Line {
            key: key.clone(),
            name: line.name.clone(),
            rates: set
                .definitions
                .iter()
                .filter_map(|d| Some((d.id.clone(), figure(d, line)?)))
                .collect(),
            scores: set
                .composites
                .iter()
                .filter_map(|c| score(c, line))
                .collect(),
            group: (None, None),
        })
        .collect();
    place(set, &mut lines);
    lines
}

/// Places every rate in its funnel.
fn place(set: &DefinitionSet, lines: &mut [Line]) {
    if lines.len() < 2 {
        return;
    }
    for definition in &set.definitions {
        let shares: Vec<Share> = lines
            .iter()
            .map(|line| {
                line.rates
                    .get(&definition.id)
                    .map_or_else(Share::default, Figure::share)
            })
            .collect();
        let placed = scores::funnel(definition, &shares);
        for (line, placed) in lines.iter_mut().zip(placed) {
            if let Some(figure) = line.rates.get_mut(&definition.id) {
                figure.funnel = placed;
            }
        }
    }
}

/// Places every rate in its funnel and ranks the scores.
fn compare(set: &DefinitionSet, lines: &mut [Line]) {
    if lines.len() < 2 {
        return;
    }
    place(set, lines);
    for composite in &set.composites {
        let enough = |line: &Line| {
            let rates = composite.parts.iter().filter_map(|p| p.rate.as_ref());
            rates
                .filter_map(|rate| line.rates.get(rate))
                .all(|f| f.denominator.unsigned_abs() >= LEAST_FOR_RANK)
        };
        let mut found: Vec<(Score, bool)> = Vec::new();
        for line in lines.iter() {
            let score = line.scores.iter().find(|s| s.composite == composite.id);
            found.extend(score.map(|s| (s.clone(), enough(line))));
        }
        scores::rank(&mut found);
        let mut ranked = found.into_iter();
        for line in lines.iter_mut() {
            let own = line.scores.iter_mut().find(|s| s.composite == composite.id);
            if let Some(own) = own
                && let Some((score, _)) = ranked.next()
            {
                *own = score;
            }
        }
    }
}

/// Whether a figure may be told as better or worse.
pub fn is_judged(definition: &Definition) -> bool {
    definition.better != Better::Neither
}
