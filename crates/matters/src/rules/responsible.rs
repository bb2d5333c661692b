//! Whose duty something is: the most specific line of the register; where there is none, the rules of the city.

use crate::model::{Duty, DutyId, MatterClass};
use access::UnitId;
use actors::Units;
use grid::Territory;
use grid::model::in_force;
use jiff::civil::Date;
use kernel::{DivisionCode, DivisionLevel, GridCode};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// A place as duties know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The deepest division known; none for "somewhere in the city".
    pub division: Option<DivisionCode>,
    /// The beat, if the cell is known and belongs to one.
    pub beat: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// The place of a cell, or of a division where no cell is known.
    pub fn of(
        territory: &'a Territory,
        grid: Option<GridCode>,
        division: Option<DivisionCode>,
    ) -> Self {
        Self {
            division: grid.map(GridCode::community).or(division),
            beat: grid
                .and_then(|g| territory.beat_of(g))
                .map(|b| b.code.as_str()),
        }
    }
}

/// Why a unit is responsible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// A line of the register of duties.
    Duty {
        /// Which line.
        duty: DutyId,
        /// How specific its place is: `beat`, `community`, …, `anywhere`.
        place: &'static str,
        /// The class code or prefix it names; empty for any.
        matter: String,
        /// Law, clause; of a ruling, its reason.
        legal_basis: Option<String>,
        /// 裁定 — the number of the case on which a coordinator ruled so.
        #[serde(skip_serializing_if = "Option::is_none")]
        ruling: Option<String>,
    },
    /// 首接负责 — nobody is named, and this unit received it first: it leads and may not pass it on.
    FirstReceiver,
    /// 属地兜底 — nobody is named, so the government of the territory answers.
    Territory {
        /// Of which division.
        division: DivisionCode,
    },
    /// Nobody is named and no government unit of the place is registered: the unit that coordinates sorts it out.
    City,
}

/// Who answers for a matter at a place, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Responsible {
    /// 主管部门
    pub competent: Option<UnitId>,
    /// 权属单位
    pub owning: Option<UnitId>,
    /// 养护单位
    pub maintaining: Option<UnitId>,
    /// 处置单位 — who is to handle it.
    pub handling: UnitId,
    /// Why.
    #[serde(flatten)]
    pub reason: Reason,
}

/// There is no unit at all to turn to: the register of units is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no unit in force is registered: import units first")]
pub struct NoUnit;

/// 属地兜底 — from which level on the government of the territory answers where nobody is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// The street or town, else the district, else the city.
    #[default]
    Street,
    /// The district, else the city: streets get only what is theirs (`domain.md` §3.2 art. 17).
    District,
    /// Always the unit that coordinates.
    Coordinator,
}

impl Fallback {
    /// All of them, in the order shown to people.
    pub const ALL: [Self; 3] = [Self::Street, Self::District, Self::Coordinator];
    /// The word in forms and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Street => "street",
            Self::District => "district",
            Self::Coordinator => "coordinator",
        }
    }
}

impl std::str::FromStr for Fallback {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|f| f.as_str() == text);
        found.ok_or_else(|| format!("unknown fallback {text:?}"))
    }
}

/// What a city says about matters for which the register names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DutyRules {
    /// 属地兜底.
    pub fallback: Fallback,
    /// The code of the unit that coordinates; empty for the first government unit of the city.
    pub coordinator: String,
    /// 首接负责 — where nobody is named, the unit that received the matter first leads.
    pub first_receiver: bool,
}

/// [`who_by`] under the rules a city has when it has set none, for a matter that nobody has received yet.
///
/// # Errors
/// [`NoUnit`] when no unit at all is in force.
pub fn who(
    duties: &[Duty],
    units: &Units,
    territory: &Territory,
    class: Option<&MatterClass>,
    place: Place<'_>,
    on: Date,
) -> Result<Responsible, NoUnit> {
    let rules = DutyRules::default();
    who_by(&rules, duties, units, territory, class, place, on, None)
}

/// Who answers for a matter at a place on a day.
///
/// Among the duties in force whose handling unit is in force, the most specific place wins (beat, community, street,
/// district, city, province, anywhere), then the most specific matter (longest code, then a named catalogue), then the
/// later beginning, then the lower id. Where none fits, the unit that received the matter `first` leads if the city says
/// so (首接负责); else the government unit of the street, else district, else city answers (属地兜底, from the level the
/// city chose); where none is registered, the unit that coordinates, else the first government unit of the highest
/// level, else the first unit: never a dead end while there is any unit.
///
/// # Errors
/// [`NoUnit`] when no unit at all is in force.
#[expect(
    clippy::too_many_arguments,
    reason = "these are the facts of the question, each of its own kind"
)]
pub fn who_by(
    rules: &DutyRules,
    duties: &[Duty],
    units: &Units,
    territory: &Territory,
    class: Option<&MatterClass>,
    place: Place<'_>,
    on: Date,
    first: Option<UnitId>,
) -> Result<Responsible, NoUnit> {
    if let Some((rank, duty)) = best(duties, units, class, place, on) {
        return Ok(Responsible {
            competent: duty.competent,
            owning: duty.owning,
            maintaining: duty.maintaining,
            handling: duty.handling,
            reason: Reason::Duty {
                duty: duty.id,
                place: place_word(rank.0),
                matter: duty.matter.clone(),
                legal_basis: duty.legal_basis.clone(),
                ruling: crate::model::ruling_of(&duty.source).map(str::to_owned),
            },
        });
    }
    let (handling, reason) =
        match first.filter(|u| rules.first_receiver && units.was_in_force(*u, on)) {
            Some(unit) => (unit, Reason::FirstReceiver),
            None => fallback(rules, units, territory, place, on)?,
        };
    Ok(Responsible {
        competent: None,
        owning: None,
        maintaining: None,
        handling,
        reason,
    })
}

/// How specific a duty is: its place, its code, whether it names a catalogue. Of two that are alike the one that holds since
/// later counts, then the one that was written later.
type Rank = (usize, usize, bool);

fn best<'d>(
    duties: &'d [Duty],
    units: &Units,
    class: Option<&MatterClass>,
    place: Place<'_>,
    on: Date,
) -> Option<(Rank, &'d Duty)> {
    fitting(duties, units, class, place, on).max_by_key(|(rank, d)| (*rank, d.valid_from, d.id))
}

/// Every duty that would hold here on a day, the one that counts first.
pub fn candidates<'d>(
    duties: &'d [Duty],
    units: &Units,
    class: Option<&MatterClass>,
    place: Place<'_>,
    on: Date,
) -> Vec<&'d Duty> {
    let mut all: Vec<_> = fitting(duties, units, class, place, on).collect();
    all.sort_by_key(|(rank, d)| Reverse((*rank, d.valid_from, d.id)));
    all.into_iter().map(|(_, d)| d).collect()
}

fn fitting<'d>(
    duties: &'d [Duty],
    units: &Units,
    class: Option<&MatterClass>,
    place: Place<'_>,
    on: Date,
) -> impl Iterator<Item = (Rank, &'d Duty)> {
    duties
        .iter()
        .filter(move |d| {
            in_force(d.valid_from, d.valid_to, on) && units.was_in_force(d.handling, on)
        })
        .filter_map(move |d| {
            let (code, named) = matter_rank(d, class)?;
            Some(((place_rank(d, place)?, code, named), d))
        })
}

/// How specific the place of a duty is, if it holds this place: the digits it fixes, more for a beat.
fn place_rank(duty: &Duty, place: Place<'_>) -> Option<usize> {
    const BEAT: usize = 100;
    if !duty.beat.is_empty() {
        return (place.beat == Some(duty.beat.as_str())).then_some(BEAT);
    }
    match duty.division {
        None => Some(0),
        Some(wanted) => {
            let here = place.division?;
            wanted.contains(&here).then_some(wanted.level().digits())
        }
    }
}

fn place_word(rank: usize) -> &'static str {
    match rank {
        0 => "anywhere",
        2 => "province",
        4 => "city",
        6 => "district",
        9 => "street",
        12 => "community",
        _ => "beat",
    }
}

/// How specific the matter of a duty is, if it holds this class: the characters of the code it fixes, then the catalogue.
pub(super) fn matter_rank(duty: &Duty, class: Option<&MatterClass>) -> Option<(usize, bool)> {
    if duty.matter.is_empty() && duty.catalogue.is_empty() {
        return Some((0, false));
    }
    let class = class?;
    let fits = (duty.catalogue.is_empty() || duty.catalogue == class.catalogue)
        && class.code.starts_with(&duty.matter);
    fits.then_some((duty.matter.len(), !duty.catalogue.is_empty()))
}

fn fallback(
    rules: &DutyRules,
    units: &Units,
    territory: &Territory,
    place: Place<'_>,
    on: Date,
) -> Result<(UnitId, Reason), NoUnit> {
    let deepest = match rules.fallback {
        Fallback::Street => Some(DivisionLevel::Community),
        Fallback::District => Some(DivisionLevel::District),
        Fallback::Coordinator => None,
    };
    let above = place.division.into_iter().flat_map(|d| {
        let ancestors = territory.ancestors(d).into_iter().map(|a| a.code);
        // A division the register does not know still has the levels its code tells.
        let by_code = std::iter::successors(d.parent(), |up| up.parent());
        let mut all: Vec<DivisionCode> =
            std::iter::once(d).chain(ancestors).chain(by_code).collect();
        all.sort_by_key(|code| Reverse(code.level()));
        all
    });
    for division in above.filter(|d| deepest.is_some_and(|deepest| d.level() <= deepest)) {
        if let Some(unit) = units.government_on(division, on) {
            return Ok((unit.id, Reason::Territory { division }));
        }
    }
    let coordinator = units
        .by_code(&rules.coordinator)
        .filter(|u| units.was_in_force(u.id, on));
    let is_government = |u: &&actors::Unit| u.kind == actors::UnitKind::Government && u.reviewed;
    // A street is no answer for a place that is not its own: whoever is of the whole city goes first.
    let level = |u: &&actors::Unit| u.division.map_or(DivisionLevel::City, DivisionCode::level);
    let first = coordinator
        .or_else(|| {
            units
                .in_force_on(on)
                .filter(is_government)
                .min_by_key(level)
        })
        .or_else(|| units.in_force_on(on).next());
    Ok((first.ok_or(NoUnit)?.id, Reason::City))
}
