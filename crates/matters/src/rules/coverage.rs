//! The holes and the double lines of the register of duties: which class has nobody in which district.

use super::responsible::matter_rank;
use crate::model::{Duty, DutyId, MatterClass, MatterId};
use actors::Units;
use grid::Territory;
use grid::model::in_force;
use jiff::civil::Date;
use kernel::{DivisionCode, DivisionLevel};
use std::collections::BTreeMap;

/// A class for which nobody is named in a district, or in some of its streets.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Gap {
    /// The class.
    pub matter: MatterId,
    /// The district.
    pub district: DivisionCode,
    /// The streets in which nobody is named; empty when that is the whole district.
    pub streets: Vec<DivisionCode>,
}

/// Two lines that select the same matters in the same place at the same time and name different handling units.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Clash {
    /// The line that counts: the one that began later.
    pub counts: DutyId,
    /// The other.
    pub hidden: DutyId,
}

/// What is to be put right in the register.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Coverage {
    /// Classes that were looked at.
    pub classes: usize,
    /// Districts that were looked at.
    pub districts: usize,
    /// Ascending by district, then in the order of the classes.
    pub gaps: Vec<Gap>,
    /// Double lines.
    pub clashes: Vec<Clash>,
    /// Lines in force whose handling unit is not: they name nobody.
    pub without_unit: Vec<DutyId>,
}

/// Looks at every class of `classes` in every district in force. Lines for a beat cover no district.
pub fn coverage<'c>(
    duties: &[Duty],
    units: &Units,
    territory: &Territory,
    classes: impl Iterator<Item = &'c MatterClass>,
    on: Date,
) -> Coverage {
    let (alive, dead): (Vec<&Duty>, Vec<&Duty>) = duties
        .iter()
        .filter(|d| in_force(d.valid_from, d.valid_to, on))
        .partition(|d| units.was_in_force(d.handling, on));
    let districts: Vec<DivisionCode> = territory
        .divisions()
        .filter(|d| d.level() == DivisionLevel::District && !d.drawn)
        .filter(|d| in_force(d.valid_from, d.valid_to, on))
        .map(|d| d.code)
        .collect();
    let mut found = Coverage {
        districts: districts.len(),
        without_unit: dead.iter().map(|d| d.id).collect(),
        clashes: clashes(&alive),
        ..Coverage::default()
    };
    let places: Vec<_> = alive.iter().filter(|d| d.beat.is_empty()).collect();
    for class in classes {
        found.classes += 1;
        let held: Vec<Option<DivisionCode>> = places
            .iter()
            .filter(|d| matter_rank(d, Some(class)).is_some())
            .map(|d| d.division)
            .collect();
        for district in &districts {
            if let Some(streets) = missing(&held, territory, *district, on) {
                found.gaps.push(Gap {
                    matter: class.id,
                    district: *district,
                    streets,
                });
            }
        }
    }
    found.gaps.sort_by_key(|g| g.district);
    found
}

/// The streets of a district in which nobody is named, none when somebody is everywhere; empty for the whole district.
fn missing(
    held: &[Option<DivisionCode>],
    territory: &Territory,
    district: DivisionCode,
    on: Date,
) -> Option<Vec<DivisionCode>> {
    let covers = |code: DivisionCode| held.iter().any(|h| h.is_none_or(|h| h.contains(&code)));
    if covers(district) {
        return None;
    }
    let parts = |code: DivisionCode| -> Vec<DivisionCode> {
        territory
            .children(code)
            .filter(|d| in_force(d.valid_from, d.valid_to, on))
            .map(|d| d.code)
            .collect()
    };
    let streets = parts(district);
    let uncovered: Vec<DivisionCode> = streets
        .iter()
        .copied()
        .filter(|street| {
            let communities = parts(*street);
            let by_parts = !communities.is_empty() && communities.iter().all(|c| covers(*c));
            !covers(*street) && !by_parts
        })
        .collect();
    if uncovered.len() == streets.len() {
        return Some(Vec::new());
    }
    (!uncovered.is_empty()).then_some(uncovered)
}

fn clashes(alive: &[&Duty]) -> Vec<Clash> {
    let mut by_selector = BTreeMap::<_, Vec<&Duty>>::new();
    for duty in alive {
        let key = (
            duty.catalogue.as_str(),
            duty.matter.as_str(),
            duty.division,
            duty.beat.as_str(),
        );
        by_selector.entry(key).or_default().push(duty);
    }
    let mut found = Vec::new();
    for mut same in by_selector.into_values() {
        // The order in which `who` prefers them.
        same.sort_by_key(|d| std::cmp::Reverse((d.valid_from, d.id)));
        let Some((counts, hidden)) = same.split_first() else {
            continue;
        };
        let differing = hidden.iter().filter(|d| d.handling != counts.handling);
        found.extend(differing.map(|d| Clash {
            counts: counts.id,
            hidden: d.id,
        }));
    }
    found
}
