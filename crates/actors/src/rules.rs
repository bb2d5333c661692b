//! The units of a city in memory, and who among them belongs to whom.

use crate::model::{Unit, UnitId, UnitKind};
use grid::model::in_force;
use jiff::civil::Date;
use kernel::DivisionCode;
use kernel::mask::looks_like_resident_id;
use std::collections::HashMap;

/// All units as one immutable register.
#[derive(Debug, Default)]
pub struct Units {
    /// Ascending by code.
    all: Vec<Unit>,
    by_id: HashMap<UnitId, usize>,
    by_code: HashMap<String, usize>,
    /// By a unit: those that ended and whose work it took over.
    took_over: HashMap<UnitId, Vec<UnitId>>,
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
            took_over: HashMap::new(),
            on,
        }
    }
    /// The register with what reorganisations noted: a unit that ended, and one that took over work of it.
    #[must_use]
    pub fn with_heirs(mut self, heirs: &[(UnitId, UnitId)]) -> Self {
        for (unit, heir) in heirs {
            self.took_over.entry(*heir).or_default().push(*unit);
        }
        self
    }
    /// The units that ended and whose work is this one's now, by one reorganisation or several; not the unit itself.
    pub fn took_over(&self, id: UnitId) -> Vec<UnitId> {
        let mut all: Vec<UnitId> = Vec::new();
        let mut next = vec![id];
        while let Some(unit) = next.pop() {
            for before in self.took_over.get(&unit).into_iter().flatten() {
                if *before != id && !all.contains(before) {
                    all.push(*before);
                    next.push(*before);
                }
            }
        }
        all
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
        self.in_force_on(self.on)
    }
    /// Whether a unit is in force today.
    pub fn is_in_force(&self, id: UnitId) -> bool {
        self.get(id)
            .is_some_and(|u| in_force(u.valid_from, u.valid_to, self.on))
    }
    /// The units in force on a day, ascending by code.
    pub fn in_force_on(&self, on: Date) -> impl Iterator<Item = &Unit> {
        self.all
            .iter()
            .filter(move |u| in_force(u.valid_from, u.valid_to, on))
    }
    /// Whether a unit is in force on a day.
    pub fn was_in_force(&self, id: UnitId, on: Date) -> bool {
        self.get(id)
            .is_some_and(|u| in_force(u.valid_from, u.valid_to, on))
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
        self.government_on(division, self.on)
    }
    /// [`Units::government_of`] on a day.
    pub fn government_on(&self, division: DivisionCode, on: Date) -> Option<&Unit> {
        let of_division = |u: &&Unit| {
            u.kind == UnitKind::Government && u.division == Some(division) && u.reviewed
        };
        let has_upper = |u: &Unit| {
            let upper = u.parent.as_deref().and_then(|code| self.by_code(code));
            upper.is_some_and(|upper| upper.division == Some(division))
        };
        self.in_force_on(on)
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

/// What is wrong with a unit as somebody entered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitFlaw {
    /// The field.
    pub field: &'static str,
    /// A stable word.
    pub code: &'static str,
}

/// The phone of an office: digits, blanks, hyphens, brackets and a plus; never the shape of a resident's ID.
pub fn is_office_phone(text: &str) -> bool {
    let plain = |c: char| {
        c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')' | '（' | '）' | '+' | '转')
    };
    let digits = text.chars().filter(char::is_ascii_digit).count();
    !looks_like_resident_id(text) && text.chars().all(plain) && (3..=20).contains(&digits)
}

/// Checks a unit against the register it belongs to.
///
/// # Errors
/// The first [`UnitFlaw`].
pub fn check_unit(unit: &Unit, all: &[Unit]) -> Result<(), UnitFlaw> {
    const LONGEST: usize = 100;
    let flaw = |field, code| Err(UnitFlaw { field, code });
    let known = all.iter().find(|u| u.id == unit.id);
    if unit.code.is_empty() || unit.code.chars().count() > LONGEST {
        return flaw("code", "code-length");
    }
    if unit.code.contains('/') && known.is_none() {
        return flaw("code", "code-slash");
    }
    if known.is_none() && all.iter().any(|u| u.code == unit.code) {
        return flaw("code", "code-taken");
    }
    if unit.name_zh.trim().is_empty() || unit.name_zh.chars().count() > LONGEST {
        return flaw("name_zh", "name-length");
    }
    for (field, text) in [
        ("code", Some(unit.code.as_str())),
        ("name_zh", Some(unit.name_zh.as_str())),
        ("name_en", unit.name_en.as_deref()),
    ] {
        if text.is_some_and(looks_like_resident_id) {
            return flaw(field, "person-number");
        }
    }
    if unit.phone.as_deref().is_some_and(|p| !is_office_phone(p)) {
        return flaw("phone", "phone");
    }
    if unit
        .valid_from
        .zip(unit.valid_to)
        .is_some_and(|(from, to)| to < from)
    {
        return flaw("valid_to", "backward");
    }
    // The way up from the parent must not come back here.
    let mut above = unit.parent.as_deref();
    for _ in 0..=all.len() {
        let Some(code) = above else {
            return Ok(());
        };
        if code == unit.code {
            return flaw("parent", "circle");
        }
        let Some(parent) = all.iter().find(|u| u.code == code) else {
            let is_own = unit.parent.as_deref() == Some(code);
            return if is_own {
                flaw("parent", "no-parent")
            } else {
                Ok(())
            };
        };
        above = parent.parent.as_deref();
    }
    // An old circle above, which this unit is no part of.
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::id::Id;

    fn unit(n: u8, code: &str, parent: Option<&str>) -> Unit {
        Unit {
            id: UnitId(Id::from_bytes([n; 16])),
            code: code.into(),
            name_zh: code.into(),
            name_en: None,
            kind: UnitKind::Enterprise,
            parent: parent.map(str::to_owned),
            division: None,
            phone: Some("0592-1234567".into()),
            valid_from: None,
            valid_to: None,
            source: "test".into(),
            reviewed: true,
        }
    }

    #[test]
    fn a_unit_is_checked_against_its_register() {
        let all = [unit(1, "A", None), unit(2, "B", Some("A"))];
        assert_eq!(check_unit(&unit(3, "C", Some("B")), &all), Ok(()));
        assert_eq!(
            check_unit(&all[1], &all),
            Ok(()),
            "what is there may be saved again"
        );
        let code = |u: Unit| check_unit(&u, &all).unwrap_err().code;
        assert_eq!(code(unit(1, "A", Some("B"))), "circle");
        assert_eq!(code(unit(1, "A", Some("A"))), "circle");
        assert_eq!(code(unit(3, "B", None)), "code-taken");
        assert_eq!(code(unit(3, "a/b", None)), "code-slash");
        assert_eq!(code(unit(3, "", None)), "code-length");
        assert_eq!(code(unit(3, "C", Some("Z"))), "no-parent");
        let with = |change: fn(&mut Unit)| {
            let mut u = unit(3, "C", None);
            change(&mut u);
            code(u)
        };
        assert_eq!(with(|u| u.name_zh = " ".into()), "name-length");
        assert_eq!(
            with(|u| u.name_zh = "11010519491231002X".into()),
            "person-number"
        );
        assert_eq!(with(|u| u.phone = Some("call me".into())), "phone");
        assert_eq!(
            with(|u| {
                u.valid_from = Some(jiff::civil::date(2026, 1, 2));
                u.valid_to = Some(jiff::civil::date(2026, 1, 1));
            }),
            "backward"
        );
    }
}
