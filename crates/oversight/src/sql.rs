//! The statements.

use crate::model::{Draw, Drawn};
use crate::rules::Lottery;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use store::{FromRow as _, Read, StoreResult, ToValue, Value};

const COLUMNS: &str =
    "SELECT district, id, number, state, channel, reported_at, closed_at FROM cases";

/// Sends every case of the period through the lottery. One statement; memory of the sample's size.
pub(crate) fn draw(
    r: &mut Read<'_>,
    draw: &Draw,
    districts: &[DistrictCode],
) -> StoreResult<(u64, Vec<Drawn>)> {
    // The head of a case's id is the time of its report.
    let mut values: Vec<Value> = vec![
        Id::floor(draw.from).to_value(),
        Id::floor(draw.to).to_value(),
    ];
    let mut reach = String::new();
    if !districts.is_empty() {
        let marks: Vec<String> = districts
            .iter()
            .map(|district| {
                values.push(district.to_value());
                format!("${}", values.len())
            })
            .collect();
        reach = format!(" AND district IN ({})", marks.join(", "));
    }
    let sql = format!("{COLUMNS} WHERE id >= $1 AND id < $2{reach}");
    let mut lottery = Lottery::new(&draw.seed, draw.size as usize);
    r.each(&sql, &values, |row| {
        let case = Drawn::from_row(row)?;
        lottery.add(case.id, case);
        Ok(true)
    })?;
    Ok(lottery.close())
}
