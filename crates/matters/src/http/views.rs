//! What the calls and the command line answer, as JSON.

use crate::error::MatterError;
use crate::model::{Condition, Flags, MatterClass};
use crate::reference::City;
use crate::rules::Coverage;
use access::UnitId;
use jiff::civil::Date;
use kernel::geo::Point;
use kernel::{DivisionCode, GridCode};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A class as a list shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FoundView {
    /// Its id, for good.
    pub id: String,
    /// The catalogue it belongs to.
    pub catalogue: String,
    /// Its code in the catalogue.
    pub code: String,
    /// `component`, `event` or `other`.
    pub kind: String,
    /// The name of the major class.
    pub major_name: Option<String>,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English, where one is known.
    pub name_en: Option<String>,
    /// Words by which people find it.
    pub keywords: Vec<String>,
    /// The words that led to it, the weightiest first; empty where nothing was asked.
    pub because: Vec<String>,
}

impl FoundView {
    /// A class, with the words that led to it.
    pub fn new(class: &MatterClass, because: Vec<String>) -> Self {
        Self {
            id: class.id.to_string(),
            catalogue: class.catalogue.clone(),
            code: class.code.clone(),
            kind: class.kind.to_string(),
            major_name: class.major_name.clone(),
            name: class.name_zh.clone(),
            name_en: class.name_en.clone(),
            keywords: class.keywords.clone(),
            because,
        }
    }
}

/// A registration condition.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConditionView {
    /// Its number in the class.
    pub rule_no: u32,
    /// When it applies.
    pub condition: String,
    /// How long handling may take, such as `4工作时`; null means without limit.
    pub limit: Option<String>,
    /// The clock of the limit: UH, UD, WH, WD or CD.
    pub clock: Option<String>,
    /// What closing may be called; any of them.
    pub closing: Vec<String>,
    /// What has to be shown.
    pub evidence: Option<String>,
    /// Law, clause.
    pub legal_basis: Option<String>,
    /// It must be registered when it applies.
    pub mandatory: bool,
}

impl ConditionView {
    fn new(c: &Condition) -> Self {
        Self {
            rule_no: c.rule_no,
            condition: c.text.clone(),
            limit: c.limit.map(|l| l.to_string()),
            clock: c.limit.map(|l| l.clock().code().to_owned()),
            closing: c.closing.clone(),
            evidence: c.evidence.clone(),
            legal_basis: c.legal_basis.clone(),
            mandatory: c.mandatory,
        }
    }
}

/// A class with its conditions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClassView {
    /// What a list shows of it.
    #[serde(flatten)]
    pub found: FoundView,
    /// Which version this is, from 1.
    pub version: u32,
    /// First day of this version.
    #[schema(value_type = Option<String>)]
    pub valid_from: Option<Date>,
    /// Last day of the class.
    #[schema(value_type = Option<String>)]
    pub valid_to: Option<Date>,
    /// Shown on the public map.
    pub public: bool,
    /// May raise warnings.
    pub warnable: bool,
    /// The unit never learns who reported.
    pub confidential: bool,
    /// A public report is verified first.
    pub verify: bool,
    /// Others may claim its cases.
    pub claimable: bool,
    /// Its registration conditions.
    pub conditions: Vec<ConditionView>,
}

impl ClassView {
    /// A class as it counts today, or as it was in a version.
    pub fn new(class: &MatterClass) -> Self {
        let Flags {
            public,
            warnable,
            confidential,
            verify,
            claimable,
        } = class.flags;
        Self {
            found: FoundView::new(class, Vec::new()),
            version: class.version,
            valid_from: class.valid_from,
            valid_to: class.valid_to,
            public,
            warnable,
            confidential,
            verify,
            claimable,
            conditions: class.conditions.iter().map(ConditionView::new).collect(),
        }
    }
}

/// A unit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnitView {
    /// Its id.
    pub id: String,
    /// Its code; null for a unit that is not registered any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The phone of the office.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl UnitView {
    pub(super) fn new(city: &City, id: UnitId) -> Self {
        let unit = city.unit(id);
        Self {
            id: id.to_string(),
            code: unit.map(|u| u.code.clone()),
            name: unit.map(|u| u.name_zh.clone()),
            phone: unit.and_then(|u| u.phone.clone()),
        }
    }
}

/// The class that was asked about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AskedClass {
    /// Its code.
    pub code: String,
    /// Its catalogue.
    pub catalogue: String,
    /// Its name.
    pub name: String,
}

/// Who is responsible, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WhoView {
    /// For what.
    pub matter: AskedClass,
    /// In which cell.
    pub grid: Option<String>,
    /// In which division.
    pub division: Option<String>,
    /// The point lies in no unit grid and in no border that is registered: outside the territory.
    pub outside: bool,
    /// On which day.
    #[schema(value_type = String)]
    pub on: Date,
    /// 处置单位
    pub handling: UnitView,
    /// 主管部门
    pub competent: Option<UnitView>,
    /// 权属单位
    pub owning: Option<UnitView>,
    /// 养护单位
    pub maintaining: Option<UnitView>,
    /// Why: `duty` with the line, `first_receiver`, `territory` or `city`.
    #[schema(value_type = Object)]
    pub reason: Value,
}

/// Where somebody asks.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Asked {
    /// A point.
    pub point: Option<Point>,
    /// A cell, if there is no point.
    pub grid: Option<GridCode>,
    /// A division, if neither is there.
    pub division: Option<DivisionCode>,
}

impl Asked {
    /// The cell and the division of the place, as far as the register knows.
    pub fn located(self, city: &City) -> (Option<GridCode>, Option<DivisionCode>) {
        match self.point {
            Some(p) => (city.locate(p), city.territory.division_at(p)),
            None => {
                let own = self.grid.map(GridCode::community);
                (self.grid, own.or(self.division))
            }
        }
    }
    /// Whether a point was named that lies outside the territory, in a city whose grids or borders are registered.
    pub fn is_outside(self, city: &City) -> bool {
        let territory = &city.territory;
        let is_drawn = !territory.grids().is_empty() || territory.bordered().next().is_some();
        self.point.is_some() && is_drawn && self.located(city) == (None, None)
    }
}

/// A class by its id, by its code where only one catalogue has it, or by `CATALOGUE/CODE`.
///
/// # Errors
/// No class, or several.
pub fn named_class<'c>(city: &'c City, text: &str) -> Result<&'c MatterClass, MatterError> {
    let wrong = |reason: String| MatterError::field("matter", "matters.unknown_class", reason);
    let by_id = text.parse().ok().and_then(|id| city.matter(id));
    let by_name = || {
        let (catalogue, code) = text.rsplit_once('/')?;
        city.matters.by_code(catalogue, code)
    };
    if let Some(class) = by_id.or_else(by_name) {
        return Ok(class);
    }
    let coded = |only_choices: bool| -> Vec<&MatterClass> {
        let classes = city.matters.classes().iter();
        classes
            .filter(|c| c.code == text && (!only_choices || city.matters.is_choice(c)))
            .collect()
    };
    let all = coded(false);
    let found = if all.len() > 1 {
        coded(true)
    } else {
        all.clone()
    };
    match (found.as_slice(), all.as_slice()) {
        ([class], _) => Ok(class),
        (_, []) => {
            let text: String = text.chars().take(80).collect();
            Err(wrong(format!("no catalogue has the class {text:?}")))
        }
        (_, several) => {
            let names: Vec<String> = several
                .iter()
                .map(|c| format!("{}/{}", c.catalogue, c.code))
                .collect();
            let names = names.join(", ");
            let reason = format!("several catalogues have {text:?}: say which of {names}");
            let error = MatterError::field("matter", "matters.several_classes", reason);
            Err(error.with("names", names))
        }
    }
}

impl WhoView {
    /// Asks the snapshot.
    ///
    /// # Errors
    /// When no unit at all is registered.
    pub fn ask(
        city: &City,
        class: &MatterClass,
        place: Asked,
        on: Date,
    ) -> Result<Self, MatterError> {
        let (grid, division) = place.located(city);
        let found = city
            .who(Some(class.id), grid, division, on)
            .map_err(|e| MatterError::field("matter", "matters.no_unit", e))?;
        let unit = |id: Option<UnitId>| id.map(|id| UnitView::new(city, id));
        Ok(Self {
            matter: AskedClass {
                code: class.code.clone(),
                catalogue: class.catalogue.clone(),
                name: class.name_zh.clone(),
            },
            grid: grid.map(|g| g.to_string()),
            division: division.map(|d| d.to_string()),
            outside: place.is_outside(city),
            on,
            handling: UnitView::new(city, found.handling),
            competent: unit(found.competent),
            owning: unit(found.owning),
            maintaining: unit(found.maintaining),
            reason: serde_json::to_value(&found.reason).unwrap_or_default(),
        })
    }
}

/// A class for which nobody is named in a district.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GapView {
    /// The district, twelve digits.
    pub district: String,
    /// The code of the class.
    pub code: String,
    /// Its catalogue.
    pub catalogue: String,
    /// Its name.
    pub name: String,
    /// The streets in which nobody is named; empty for the whole district.
    pub streets: Vec<String>,
}

/// What is to be put right in the register of duties.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CoverageView {
    /// Classes that were looked at.
    pub classes: usize,
    /// Districts that were looked at.
    pub districts: usize,
    /// Where nobody is named, at most 5,000.
    pub gaps: Vec<GapView>,
    /// Gaps beyond those listed.
    pub not_listed: usize,
    /// Pairs of lines that select the same and name different units: the one that counts, the one it hides.
    pub clashes: Vec<(String, String)>,
    /// Lines in force whose handling unit is not.
    pub without_unit: Vec<String>,
}

impl CoverageView {
    const MOST: usize = 5_000;

    /// Looks through the register as it counts on a day.
    pub fn new(city: &City, on: Date) -> Self {
        let Coverage {
            classes,
            districts,
            gaps,
            clashes,
            without_unit,
        } = city.coverage(on);
        let listed = gaps.iter().take(Self::MOST).filter_map(|g| {
            let class = city.matter(g.matter)?;
            Some(GapView {
                district: g.district.to_string(),
                code: class.code.clone(),
                catalogue: class.catalogue.clone(),
                name: class.name_zh.clone(),
                streets: g.streets.iter().map(ToString::to_string).collect(),
            })
        });
        Self {
            classes,
            districts,
            not_listed: gaps.len().saturating_sub(Self::MOST),
            gaps: listed.collect(),
            clashes: clashes
                .iter()
                .map(|c| (c.counts.to_string(), c.hidden.to_string()))
                .collect(),
            without_unit: without_unit.iter().map(ToString::to_string).collect(),
        }
    }
}
