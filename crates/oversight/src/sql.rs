//! The statements.

use crate::model::{Draw, Drawn, HEAD, Place, SpecialAct, Wanted, heads};
use crate::rules::Lottery;
use jiff::Timestamp;
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

/// Special acts of the record, newest first, at most `most`. One statement: each event has an arm over the index of its head
/// that gives no more rows than the page has; a late report, whose event does not say when the form was filled in, comes from
/// the trail.
pub(crate) fn specials(
    r: &mut Read<'_>,
    wanted: &Wanted,
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    after: Option<Place>,
    districts: &[DistrictCode],
    most: i64,
) -> StoreResult<Vec<SpecialAct>> {
    let mut values: Vec<Value> = Vec::new();
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut bounds = String::new();
    if let Some(from) = from {
        bounds.push_str(&format!(" AND at >= {}", bind(from.to_value())));
    }
    if let Some(to) = to {
        bounds.push_str(&format!(" AND at < {}", bind(to.to_value())));
    }
    if !districts.is_empty() {
        let marks: Vec<String> = districts.iter().map(|d| bind(d.to_value())).collect();
        bounds.push_str(&format!(" AND district IN ({})", marks.join(", ")));
    }
    // The rows after a place: the time alone bounds the index, the rest parts what was recorded in one moment.
    let mut of_events = bounds.clone();
    let mut of_trail = bounds;
    if let Some(place) = after {
        let (at, key, seq) = (
            bind(place.at.to_value()),
            bind(place.key.to_value()),
            bind(place.seq.to_value()),
        );
        of_events.push_str(&format!(
            " AND at <= {at} AND (at < {at} OR case_id < {key} OR (case_id = {key} AND seq < {seq}))"
        ));
        of_trail.push_str(&format!(" AND at <= {at} AND (at < {at} OR id < {key})"));
    }
    let limit = bind(most.to_value());
    let head = format!("substr(fact, 11, {HEAD})");
    let listed: Vec<String> = heads().map(|head| format!("'{head}'")).collect();
    let special = format!("{head} IN ({})", listed.join(", "));
    let event = "SELECT district, case_id AS key, seq, at, done_at, actor_kind, actor_id, fact, '' AS object FROM case_events";
    let in_order = format!("ORDER BY at DESC, case_id DESC, seq DESC LIMIT {limit}");
    let mut arms: Vec<String> = wanted
        .heads
        .iter()
        .map(|one| format!("{event} WHERE {special} AND {head} = '{one}'{of_events} {in_order}"))
        .collect();
    if wanted.late {
        // What is special besides has its own arm already.
        let alone = if wanted.heads.is_empty() {
            String::new()
        } else {
            format!(" AND NOT ({special})")
        };
        arms.push(format!(
            "{event} WHERE done_at IS NOT NULL{alone}{of_events} {in_order}"
        ));
        let act = bind(cases::ops::LATE_RECORD.to_value());
        let report = bind("%\"act\":\"report\"%".to_value());
        arms.push(format!(
            "SELECT district, id AS key, CAST(0 AS BIGINT) AS seq, at, CAST(NULL AS BIGINT) AS done_at, actor_kind, actor_id, \
             detail AS fact, object_id AS object FROM audit \
             WHERE action = {act} AND outcome = 'done' AND detail LIKE {report}{of_trail} ORDER BY id DESC LIMIT {limit}"
        ));
    }
    let arms: Vec<String> = arms
        .iter()
        .enumerate()
        .map(|(n, arm)| format!("SELECT * FROM ({arm}) AS a{n}"))
        .collect();
    let sql = format!(
        "SELECT s.district, s.key, s.seq, s.at, s.done_at, s.actor_kind, s.actor_id, s.fact, coalesce(c.number, s.object), \
         p.login, p.name FROM ({}) AS s \
         LEFT JOIN cases c ON c.district = s.district AND c.id = s.key LEFT JOIN accounts p ON p.id = s.actor_id \
         ORDER BY s.at DESC, s.key DESC, s.seq DESC LIMIT {limit}",
        arms.join(" UNION ALL ")
    );
    r.all(&sql, &values)
}
