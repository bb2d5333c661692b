//! What may be about the same thing as a report: cases near by in place and time, whatever their class.

use crate::model::{Case, CaseId};
use crate::sql_lists::CaseBody;
use jiff::Timestamp;
use kernel::codes::{DistrictCode, DivisionCode, GridCode};
use kernel::id::Id;
use store::{Read, StoreResult, ToValue, Value};

/// States in which a case is no longer the one to join.
const GONE: &str = "('merged', 'voided', 'transferred', 'not_accepted', 'not_registered')";
/// States in which a case is over.
const OVER: &str = "('merged', 'voided', 'transferred', 'not_accepted', 'not_registered', 'closed', 'self_handled', 'answered_directly')";

/// Where to look.
#[derive(Debug, Clone)]
pub enum Around {
    /// In a box of degrees: west, south, east, north; and in the unit grid of the middle, where no point is known.
    Box([f64; 4], Option<GridCode>),
    /// In one division, where no point is known.
    Division(DivisionCode),
}

/// Which cases may be about the same thing.
#[derive(Debug, Clone)]
pub struct NearBy {
    /// The district that keeps their record.
    pub district: DistrictCode,
    /// Reported not before.
    pub from: Timestamp,
    /// Reported before.
    pub to: Timestamp,
    /// Where.
    pub around: Around,
    /// Only those that are not over.
    pub only_open: bool,
    /// Not this one.
    pub but: Option<CaseId>,
}

/// The newest cases of [`NearBy`]. One statement over the days of one district.
pub fn near_by(r: &mut Read<'_>, near: &NearBy, limit: i64) -> StoreResult<Vec<Case>> {
    let mut values: Vec<Value> = Vec::new();
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut wheres = format!(
        "district = {} AND id >= {} AND id < {} AND state NOT IN {}",
        bind(near.district.to_value()),
        bind(Id::floor(near.from).to_value()),
        bind(Id::floor(near.to).to_value()),
        if near.only_open { OVER } else { GONE }
    );
    match &near.around {
        Around::Box([west, south, east, north], grid) => {
            let within = format!(
                "lon BETWEEN {} AND {} AND lat BETWEEN {} AND {}",
                bind(west.to_value()),
                bind(east.to_value()),
                bind(south.to_value()),
                bind(north.to_value())
            );
            wheres += &match grid {
                Some(grid) => {
                    let grid = bind(grid.to_value());
                    format!(" AND (({within}) OR (lon IS NULL AND grid = {grid}))")
                }
                None => format!(" AND {within}"),
            };
        }
        Around::Division(division) => {
            wheres += &format!(" AND division = {}", bind(division.to_value()));
        }
    }
    if let Some(but) = near.but {
        wheres += &format!(" AND id <> {}", bind(but.to_value()));
    }
    let limit = bind(limit.to_value());
    let sql = format!("SELECT body FROM cases WHERE {wheres} ORDER BY id DESC LIMIT {limit}");
    Ok(r.all::<CaseBody>(&sql, &values)?
        .into_iter()
        .map(|b| b.0)
        .collect())
}
