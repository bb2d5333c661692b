//! The units of a city in memory, and who among them belongs to whom.

use crate::model::{Unit, UnitId, UnitKind};
use grid::model::in_force;
use jiff::civil::Date;
use kernel::DivisionCode;
use std::collections::HashMap;

/// All units as one immutable register.
#[derive(Debug, Default)]
pub struct Units {
    /// Ascending by code.
    all: Vec<Unit>,
    by_id: HashMap<UnitId, usize>,
    by_code: HashMap<String, usize>,
    on: Date,
}

impl Units {
    /// Builds the register as it stands on a day. Units out of force keep their names.
    pub fn build(mut units: Vec<Unit>, on: Date) -> Self {
        units.sort_unstable_by(|a, b| a.code.cmp(&b.code));
        let by_id = units.iter().enumerate().map(|(at, u)| (u.id, at)).collect();
        let by_code = units
            .iter()
            .enumerate()
            .map(|(at, u)| (u.code.clone(), at))
            .collect();
        Self {
            all: units,
            by_id,
            by_code,
            on,
        }
    }
    /// A unit, in force or not.
    pub fn get(&self, id: UnitId) -> Option<&Unit> {
        self.by_id.get(&id).map(|at| &self.all[*at])
    }
    /// A unit by its code, in force or not.
    pub fn by_code(&self, code: &str) -> Option<&Unit> {
        self.by_code.get(code).map(|at| &self.all[*at])
    }
    /// The unit an import made or met, by source and name.
    pub fn imported(&self, source: &str, name: &str) -> Option<&Unit> {
        let key = crate::rules::imported(source, name);
        self.by_code(&key.code())
    }
    /// Every unit, ascending by code.
    pub fn all(&self) -> &[Unit] {
        &self.all
    }
    /// The units in force today, ascending by code.
    pub fn in_force(&self) -> impl Iterator<Item = &Unit> {
        self.all
            .iter()
            .filter(|u| in_force(u.valid_from, u.valid_to, self.on))
    }
    /// Whether a unit is in force today.
    pub fn is_in_force(&self, id: UnitId) -> bool {
        self.get(id)
            .is_some_and(|u| in_force(u.valid_from, u.valid_to, self.on))
    }
    /// The unit that a unit belongs to.
    pub fn parent(&self, id: UnitId) -> Option<&Unit> {
        self.by_code(self.get(id)?.parent.as_deref()?)
    }
    /// Whether two units are the same or one stands above the other: such units do not check each other's work.
    pub fn are_related(&self, a: UnitId, b: UnitId) -> bool {
        self.line(a).any(|u| u.id == b) || self.line(b).any(|u| u.id == a)
    }
    /// The unit and those above it. Bounded, so that a circle in the register ends.
    pub fn line(&self, id: UnitId) -> impl Iterator<Item = &Unit> {
        const DEEPEST: usize = 16;
        std::iter::successors(self.get(id), |u| self.by_code(u.parent.as_deref()?)).take(DEEPEST)
    }
    /// The government unit in force that is in charge of exactly this division: the one without a unit above it in the
    /// same division, the lowest code among several.
    pub fn government_of(&self, division: DivisionCode) -> Option<&Unit> {
        let of_division = |u: &&Unit| {
            u.kind == UnitKind::Government && u.division == Some(division) && u.reviewed
        };
        let has_upper = |u: &Unit| {
            let upper = u.parent.as_deref().and_then(|code| self.by_code(code));
            upper.is_some_and(|upper| upper.division == Some(division))
        };
        self.in_force()
            .filter(of_division)
            .min_by_key(|u| (has_upper(u), u.code.clone()))
    }
}

/// The key under which an import's unit is registered: blanks trimmed and single, at most 200 characters.
pub fn imported(source: &str, name: &str) -> crate::model::ImportedUnit {
    let tidy = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ").chars().take(200).collect::<String>()
    };
    crate::model::ImportedUnit {
        source: tidy(source),
        name: tidy(name),
    }
}
