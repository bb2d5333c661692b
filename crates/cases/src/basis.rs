//! Why a case went to its unit (派遣依据), as the record has it where nobody wrote anything else: which line of the register of
//! duties, which ruling, or what counts where nobody is named. The record has it as one line of codes, so that it says the same in
//! every language and for ever; pages say it in the reader's words.

use kernel::DivisionCode;
use kernel::codes::CaseNumber;
use matters::{DutyId, Reason};

/// Why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// 权责清单 — a line of the register of duties, with its legal basis.
    Duty {
        /// Which line.
        duty: DutyId,
        /// How specific its place is.
        place: String,
        /// Law, clause; may be empty.
        law: String,
    },
    /// 裁定 — a coordinator's ruling on another case.
    Ruling {
        /// On which.
        number: CaseNumber,
        /// How specific its place is.
        place: String,
        /// The reason; may be empty.
        reason: String,
    },
    /// 首接负责
    FirstReceiver,
    /// 属地兜底
    Territory(DivisionCode),
    /// Nobody is named, and no government unit of the place is registered.
    City,
}

impl Basis {
    /// Of what the register answers. None for a ruling whose number is none, which only a hand in the store can bring about.
    pub fn of(reason: Reason) -> Option<Self> {
        Some(match reason {
            Reason::Duty {
                duty,
                place,
                legal_basis,
                ruling,
                ..
            } => {
                let (place, law) = (place.to_owned(), legal_basis.unwrap_or_default());
                match ruling {
                    Some(number) => Self::Ruling {
                        number: number.parse().ok()?,
                        place,
                        reason: law,
                    },
                    None => Self::Duty { duty, place, law },
                }
            }
            Reason::FirstReceiver => Self::FirstReceiver,
            Reason::Territory { division } => Self::Territory(division),
            Reason::City => Self::City,
        })
    }
    /// The line of the record.
    pub fn line(&self) -> String {
        let more = |law: &str| match law {
            "" => String::new(),
            law => format!("；{law}"),
        };
        match self {
            Self::Duty { duty, place, law } => format!("duty {duty} ({place}){}", more(law)),
            Self::Ruling {
                number,
                place,
                reason,
            } => format!("ruling {number} ({place}){}", more(reason)),
            Self::FirstReceiver => "first receiver".to_owned(),
            Self::Territory(division) => format!("territory {division}"),
            Self::City => "city".to_owned(),
        }
    }
    /// A line of the record; none where a person wrote it in words.
    pub fn read(line: &str) -> Option<Self> {
        match line {
            "first receiver" => return Some(Self::FirstReceiver),
            "city" => return Some(Self::City),
            _ => {}
        }
        let (kind, rest) = line.split_once(' ')?;
        if kind == "territory" {
            return rest.parse().ok().map(Self::Territory);
        }
        let (what, rest) = rest.split_once(" (")?;
        let (place, rest) = rest.split_once(')')?;
        let is_word = place.chars().all(|c| c.is_ascii_lowercase());
        if !is_word || !(rest.is_empty() || rest.starts_with('；')) {
            return None;
        }
        let more = rest.strip_prefix('；').unwrap_or_default().to_owned();
        let place = place.to_owned();
        match kind {
            "duty" => Some(Self::Duty {
                duty: what.parse().ok()?,
                place,
                law: more,
            }),
            "ruling" => Some(Self::Ruling {
                number: what.parse().ok()?,
                place,
                reason: more,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read_back_and_what_people_write_is_not_taken_for_it() {
        let duty = DutyId(kernel::id::Id::from_bytes([7; 16]));
        for law in ["", "城市供水条例第二十三条（二）；另见 (3)"] {
            for basis in [
                Basis::Duty {
                    duty,
                    place: "district".into(),
                    law: law.into(),
                },
                Basis::Ruling {
                    number: "330102-20260316-00001".parse().unwrap(),
                    place: "street".into(),
                    reason: law.into(),
                },
                Basis::FirstReceiver,
                Basis::Territory("330102001000".parse().unwrap()),
                Basis::City,
            ] {
                assert_eq!(Basis::read(&basis.line()), Some(basis));
            }
        }
        for words in [
            "",
            "三定方案",
            "duty",
            "duty of the water office (district)",
            "ruling 12 (street)",
            "territory of the street",
            "city hall said so",
            "first receiver (street)",
        ] {
            assert_eq!(Basis::read(words), None, "{words}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_not_and_read_lines_are_written_the_same(
            line in "\\PC{0,40}|(duty|ruling|territory) [0-9a-f (;；)-]{0,40}"
        ) {
            if let Some(basis) = Basis::read(&line) {
                prop_assert_eq!(Basis::read(&basis.line()), Some(basis));
            }
        }
    }
}
