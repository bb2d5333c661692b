//! The duties that the sheet of a catalogue names by the way: 处置单位 and 主管部门 of a class, for the whole city.

use crate::import::{MatterSheet, NamedUnits};
use crate::model::{Catalogue, Duty, DutyId};
use access::{Ctx, UnitId};
use actors::Unit;
use grid::Remark;
use grid::model::in_force;
use jiff::civil::Date;
use kernel::id::Id;
use std::collections::BTreeMap;

/// What a sheet says about duties.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// The lines to add.
    pub duties: Vec<Duty>,
    /// What a person should look at.
    pub warnings: Vec<Remark>,
}

/// A unit by its code, else by its name where only one in force has it.
fn find<'u>(units: &'u [Unit], text: &str, on: Date) -> Result<&'u Unit, NotOne> {
    let alive = || {
        units
            .iter()
            .filter(|u| in_force(u.valid_from, u.valid_to, on))
    };
    if let Some(unit) = alive().find(|u| u.code == text) {
        return Ok(unit);
    }
    let mut named = alive().filter(|u| u.name_zh == text || u.name_en.as_deref() == Some(text));
    match (named.next(), named.next()) {
        (Some(unit), None) => Ok(unit),
        (None, _) => Err(NotOne::None),
        (Some(_), Some(_)) => Err(NotOne::Several),
    }
}

/// Why a text names no unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NotOne {
    None,
    Several,
}

impl NotOne {
    /// What is told of a text that stands on the lines of so many classes.
    fn remark(self, text: &str, classes: u64) -> Remark {
        let remark = match self {
            Self::None => Remark::new(
                "no_unit",
                format!("no unit {text:?} is registered ({classes} classes)"),
            ),
            Self::Several => Remark::new(
                "several_units",
                format!(
                    "several units are called {text:?}: name it by its code ({classes} classes)"
                ),
            ),
        };
        remark.with("unit", text).with("classes", classes)
    }
}

/// One line for each class whose lines name the same registered units, if no line of the register is about just this
/// class in the whole city. Whatever cannot be told for sure is a warning, not a line.
pub(super) fn duties(
    ctx: &Ctx,
    sheet: &MatterSheet,
    catalogue: &Catalogue,
    units: &[Unit],
    known: &[Duty],
    on: Date,
) -> Named {
    let mut out = Named::default();
    let mut unknown = BTreeMap::<(NotOne, String), u64>::new();
    for class in &sheet.classes {
        let named: Vec<&NamedUnits> = class.units().iter().collect();
        let [named] = named[..] else {
            if named.len() > 1 {
                let text = format!(
                    "class {} names different units on different lines: no duty is made for it",
                    class.code()
                );
                let remark = Remark::new("units_differ", text);
                out.warnings.push(remark.with("class", class.code()));
            }
            continue;
        };
        let stands = known.iter().any(|d| {
            d.matter == class.code()
                && (d.catalogue.is_empty() || d.catalogue == catalogue.id)
                && d.division.is_none()
                && d.beat.is_empty()
                && d.valid_to.is_none_or(|end| end >= on)
        });
        let Some(handling) = named.handling.as_deref().filter(|_| !stands) else {
            continue;
        };
        let mut look = |text: &str| -> Option<UnitId> {
            find(units, text, on)
                .map(|u| u.id)
                .map_err(|why| *unknown.entry((why, text.to_owned())).or_default() += 1)
                .ok()
        };
        let competent = named.competent.as_deref().and_then(&mut look);
        let Some(handling) = look(handling) else {
            continue;
        };
        out.duties.push(Duty {
            id: DutyId(Id::new(ctx.now(), rand::random())),
            catalogue: catalogue.id.clone(),
            matter: class.code().to_owned(),
            division: None,
            beat: String::new(),
            valid_from: catalogue.valid_from.or(Some(on)),
            valid_to: catalogue.valid_to,
            competent,
            owning: None,
            maintaining: None,
            handling,
            legal_basis: None,
            source: catalogue.source.clone(),
        });
    }
    let told = unknown
        .into_iter()
        .map(|((why, text), classes)| why.remark(&text, classes));
    out.warnings.extend(told);
    out
}
