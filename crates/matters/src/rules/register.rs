//! Which lines of the register of duties somebody asks for.

use crate::model::Duty;
use access::UnitId;
use jiff::civil::Date;
use kernel::DivisionCode;

/// What a list of duties is asked for. Empty, it lets every line through that has not ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DutyFilter {
    /// A class code or its beginning: lines about it, about all of which it is one, or about one of which it is the beginning.
    pub matter: String,
    /// Lines that hold in a part of it, or around it.
    pub division: Option<DivisionCode>,
    /// Lines that name it in whichever part.
    pub unit: Option<UnitId>,
    /// Also lines that have ended.
    pub ended: bool,
}

impl DutyFilter {
    /// Whether a line is asked for on a day.
    pub fn lets(&self, duty: &Duty, on: Date) -> bool {
        let asked = self.matter.as_str();
        let named = [
            duty.competent,
            duty.owning,
            duty.maintaining,
            Some(duty.handling),
        ];
        (self.ended || duty.valid_to.is_none_or(|last| last >= on))
            && (duty.matter.starts_with(asked) || asked.starts_with(&duty.matter))
            && self.division.is_none_or(|asked| {
                duty.division
                    .is_none_or(|own| own.contains(&asked) || asked.contains(&own))
            })
            && self.unit.is_none_or(|unit| named.contains(&Some(unit)))
    }
}
