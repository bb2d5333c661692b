//! Decisions about matters: whose duty something is, and what the cases of a class may be used for.

use crate::model::{Catalogue, Duty, DutyId, Flags, MatterClass, MatterId, MatterKind};
use access::UnitId;
use actors::Units;
use grid::Territory;
use grid::model::in_force;
use jiff::civil::Date;
use kernel::{DivisionCode, GridCode};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::HashMap;

/// All catalogues, classes and conditions as one immutable register.
#[derive(Debug, Default)]
pub struct Matters {
    catalogues: Vec<Catalogue>,
    /// Ascending by catalogue and code.
    classes: Vec<MatterClass>,
    by_id: HashMap<MatterId, usize>,
    on: Date,
}

impl Matters {
    /// Builds the register as it stands on a day.
    pub fn build(mut catalogues: Vec<Catalogue>, mut classes: Vec<MatterClass>, on: Date) -> Self {
        catalogues.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        classes.sort_unstable_by(|a, b| (&a.catalogue, &a.code).cmp(&(&b.catalogue, &b.code)));
        let by_id = classes
            .iter()
            .enumerate()
            .map(|(at, c)| (c.id, at))
            .collect();
        Self {
            catalogues,
            classes,
            by_id,
            on,
        }
    }
    /// A class, whatever its catalogue's validity.
    pub fn get(&self, id: MatterId) -> Option<&MatterClass> {
        self.by_id.get(&id).map(|at| &self.classes[*at])
    }
    /// A class by its catalogue and code.
    pub fn by_code(&self, catalogue: &str, code: &str) -> Option<&MatterClass> {
        let key = (catalogue, code);
        let at = self
            .classes
            .binary_search_by(|c| (c.catalogue.as_str(), c.code.as_str()).cmp(&key))
            .ok()?;
        Some(&self.classes[at])
    }
    /// The class an import made or met, by source and name.
    pub fn imported(&self, source: &str, name: &str) -> Option<&MatterClass> {
        let key = imported(source, name);
        self.by_code(&key.catalogue, &key.code)
    }
    /// Every class, ascending by catalogue and code.
    pub fn classes(&self) -> &[MatterClass] {
        &self.classes
    }
    /// Every catalogue, ascending by id.
    pub fn catalogues(&self) -> &[Catalogue] {
        &self.catalogues
    }
    /// A catalogue.
    pub fn catalogue(&self, id: &str) -> Option<&Catalogue> {
        let at = self
            .catalogues
            .binary_search_by(|c| c.id.as_str().cmp(id))
            .ok()?;
        Some(&self.catalogues[at])
    }
    /// The classes people choose from today: of the catalogues in force that a person has looked at.
    pub fn choices(&self) -> impl Iterator<Item = &MatterClass> {
        self.classes.iter().filter(|c| {
            let catalogue = self.catalogue(&c.catalogue);
            catalogue.is_some_and(|k| k.reviewed && in_force(k.valid_from, k.valid_to, self.on))
        })
    }
    /// The choices in whose name, code or keywords a text occurs; the shorter name first.
    pub fn search(&self, text: &str, limit: usize) -> Vec<&MatterClass> {
        let wanted = text.trim().to_lowercase();
        let holds = |word: &str| word.to_lowercase().contains(&wanted);
        let mut found: Vec<&MatterClass> = self
            .choices()
            .filter(|c| {
                holds(&c.name_zh)
                    || holds(&c.code)
                    || c.name_en.as_deref().is_some_and(holds)
                    || c.keywords.iter().any(|k| holds(k))
            })
            .collect();
        found.sort_by_key(|c| (c.name_zh.chars().count(), c.code.clone()));
        found.truncate(limit);
        found
    }
}

/// Where the class of an import is registered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImportedMatter {
    /// `local:SOURCE`.
    pub catalogue: String,
    /// The source's own word, which is the code and the name.
    pub code: String,
}

/// The key under which an import's class is registered: blanks trimmed and single, at most 200 characters.
pub fn imported(source: &str, name: &str) -> ImportedMatter {
    let key = actors::rules::imported(source, name);
    ImportedMatter {
        catalogue: format!("local:{}", key.source),
        code: key.name,
    }
}

/// Words of facilities, hygiene and water in class names: such events may raise warnings unless a conduct word is there.
const THING_WORDS: [&str; 24] = [
    "垃圾",
    "积水",
    "污水",
    "渗漏",
    "漏水",
    "跑冒",
    "堵塞",
    "路面",
    "道路破损",
    "塌陷",
    "沉陷",
    "坑",
    "积雪",
    "结冰",
    "粪便",
    "污物",
    "渣土",
    "污渍",
    "焚烧",
    "扬尘",
    "水体",
    "死株",
    "卫生",
    "脏",
];
/// Words of what people do in class names: such events are never warnable and not public unless the sheet says so.
const CONDUCT_WORDS: [&str; 24] = [
    "占道", "经营", "摊", "游商", "店外", "乱", "违规", "违法", "违章", "擅自", "非法", "流浪",
    "乞讨", "噪", "养", "贩", "散发", "张贴", "悬挂", "纠纷", "聚集", "人员", "举报", "私",
];

/// What the cases of a class may be used for where the sheet does not say: facilities, hygiene and water may raise
/// warnings and be shown in public; conduct of persons never (`rights.md`).
pub fn default_flags(kind: MatterKind, name_zh: &str) -> Flags {
    let has = |words: &[&str]| words.iter().any(|w| name_zh.contains(w));
    let is_thing = match kind {
        MatterKind::Component => true,
        MatterKind::Event => has(&THING_WORDS) && !has(&CONDUCT_WORDS),
        MatterKind::Other => false,
    };
    Flags {
        public: is_thing,
        warnable: is_thing,
        confidential: name_zh.contains("举报"),
        verify: true,
    }
}

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
    /// 属地兜底 — nobody is named, so the government of the territory answers.
    Territory {
        /// Of which division.
        division: DivisionCode,
    },
    /// Nobody is named and no government unit of the place is registered: the first unit of the city sorts it out.
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

/// Who answers for a matter at a place on a day.
///
/// Among the duties in force whose handling unit is in force, the most specific place wins (beat, community, street,
/// district, city, province, anywhere), then the most specific matter (longest code, then a named catalogue), then the
/// later beginning, then the lower id. Where none fits, the government unit of the street, else district, else city
/// answers (属地兜底); where none is registered, the first government unit, else the first unit: never a dead end while
/// there is any unit.
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
    let best = duties
        .iter()
        .filter(|d| in_force(d.valid_from, d.valid_to, on) && units.is_in_force(d.handling))
        .filter_map(|d| Some((place_rank(d, place)?, matter_rank(d, class)?, d)))
        .max_by_key(|(place, matter, d)| (*place, *matter, d.valid_from, Reverse(d.id)));
    match best {
        Some((rank, _, duty)) => Ok(Responsible {
            competent: duty.competent,
            owning: duty.owning,
            maintaining: duty.maintaining,
            handling: duty.handling,
            reason: Reason::Duty {
                duty: duty.id,
                place: place_word(rank),
                matter: duty.matter.clone(),
                legal_basis: duty.legal_basis.clone(),
                ruling: crate::model::ruling_of(&duty.source).map(str::to_owned),
            },
        }),
        None => fallback(units, territory, place),
    }
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
fn matter_rank(duty: &Duty, class: Option<&MatterClass>) -> Option<(usize, bool)> {
    if duty.matter.is_empty() && duty.catalogue.is_empty() {
        return Some((0, false));
    }
    let class = class?;
    let fits = (duty.catalogue.is_empty() || duty.catalogue == class.catalogue)
        && class.code.starts_with(&duty.matter);
    fits.then_some((duty.matter.len(), !duty.catalogue.is_empty()))
}

fn fallback(units: &Units, territory: &Territory, place: Place<'_>) -> Result<Responsible, NoUnit> {
    let answer = |handling, reason| {
        Ok(Responsible {
            competent: None,
            owning: None,
            maintaining: None,
            handling,
            reason,
        })
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
    for division in above {
        if let Some(unit) = units.government_of(division) {
            return answer(unit.id, Reason::Territory { division });
        }
    }
    let is_government = |u: &&actors::Unit| u.kind == actors::UnitKind::Government && u.reviewed;
    let first = units
        .in_force()
        .find(is_government)
        .or_else(|| units.in_force().next());
    answer(first.ok_or(NoUnit)?.id, Reason::City)
}

/// A class as an import makes it: the source's own word, without limit, with nothing that a person would have to allow.
pub fn imported_class(id: MatterId, catalogue: &str, code: &str) -> MatterClass {
    MatterClass {
        id,
        catalogue: catalogue.to_owned(),
        code: code.to_owned(),
        kind: MatterKind::Other,
        major: None,
        minor: None,
        major_name: None,
        name_zh: code.to_owned(),
        name_en: None,
        local: true,
        keywords: Vec::new(),
        flags: Flags {
            public: false,
            warnable: false,
            confidential: false,
            verify: true,
        },
        default_nature: None,
        reviewed: false,
        conditions: Vec::new(),
    }
}

/// The catalogue that holds the classes an import makes.
pub fn imported_catalogue(id: &str, source: &str) -> Catalogue {
    Catalogue {
        id: id.to_owned(),
        standard: "local".into(),
        version: "1".into(),
        valid_from: None,
        valid_to: None,
        source: source.to_owned(),
        reviewed: false,
    }
}
