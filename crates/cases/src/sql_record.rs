//! Statements about what the record keeps beside the way through the offices: lists and settings, requesters of merged cases,
//! who still has to be called, which decisions wait.

use crate::lists::{ListEntry, Template};
use crate::model::Case;
use crate::record::AnswerParts;
use crate::sql_lists::CaseBody;
use access::UnitId;
use jiff::Timestamp;
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::id::Id;
use store::{Read, StoreError, StoreResult, ToValue, Value, Write, params};

/// So many cases merged into one are shown.
const MOST_MERGED: i64 = 600;

/// Every entry of every list.
pub fn entries(r: &mut Read<'_>) -> StoreResult<Vec<ListEntry>> {
    r.all(
        "SELECT kind, code, name_zh, name_en, also, direct, confidential, active, position FROM case_lists \
         ORDER BY kind, position, code",
        &[],
    )
}

/// Adds an entry, or changes it.
pub fn put_entry(w: &mut Write<'_>, e: &ListEntry) -> StoreResult<()> {
    w.exec(
        "INSERT INTO case_lists (kind, code, name_zh, name_en, also, direct, confidential, active, position) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (kind, code) DO UPDATE SET name_zh = $3, name_en = $4, \
         also = $5, direct = $6, confidential = $7, active = $8, position = $9",
        params![
            e.kind,
            e.code,
            e.name_zh,
            e.name_en,
            e.also,
            e.direct,
            e.confidential,
            e.active,
            e.position
        ],
    )
    .map(|_| ())
}

/// The templates of answers. A text that no longer reads is an error: it was checked when it was stored.
pub fn templates(r: &mut Read<'_>) -> StoreResult<Vec<Template>> {
    let rows: Vec<(String, String, String, String)> = r.all(
        "SELECT kind, matter, zh, en FROM answer_templates ORDER BY kind, matter",
        &[],
    )?;
    let parts = |text: &str| {
        serde_json::from_str::<AnswerParts>(text)
            .map_err(|e| StoreError::Engine(format!("a template of answers: {e}")))
    };
    rows.iter()
        .map(|(kind, matter, zh, en)| {
            Ok(Template {
                kind: kind.clone(),
                matter: matter.clone(),
                zh: parts(zh)?,
                en: parts(en)?,
            })
        })
        .collect()
}

/// Adds a template, or changes it.
pub fn put_template(w: &mut Write<'_>, t: &Template) -> StoreResult<()> {
    let json = |parts: &AnswerParts| {
        serde_json::to_string(parts).expect("five texts are what JSON can hold")
    };
    w.exec(
        "INSERT INTO answer_templates (kind, matter, zh, en) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (kind, matter) DO UPDATE SET zh = $3, en = $4",
        params![t.kind, t.matter, json(&t.zh), json(&t.en)],
    )
    .map(|_| ())
}

/// Takes a template of some classes away. That for all classes stays.
pub fn drop_template(w: &mut Write<'_>, kind: &str, matter: &str) -> StoreResult<()> {
    w.exec(
        "DELETE FROM answer_templates WHERE kind = $1 AND matter = $2 AND matter <> ''",
        params![kind, matter],
    )
    .map(|_| ())
}

/// A case and the cases it leads to by merges, in order, at most fifty: the last one is where the matter goes on. Empty
/// without such a case. One statement.
pub fn chain(r: &mut Read<'_>, number: &CaseNumber) -> StoreResult<Vec<Case>> {
    let sql = "WITH RECURSIVE chain (number, next, body, n) AS ( \
               SELECT number, merged_into, body, 0 FROM cases WHERE district = $1 AND number = $2 \
               UNION ALL \
               SELECT c.number, c.merged_into, c.body, chain.n + 1 FROM chain JOIN cases c \
               ON c.district = substr(chain.next, 1, 6) AND c.number = chain.next WHERE chain.n < 50) \
               SELECT body FROM chain ORDER BY n";
    let found: Vec<CaseBody> = r.all(sql, params![number.district(), number])?;
    Ok(found.into_iter().map(|b| b.0).collect())
}

/// The cases that were merged into one, those merged into them included, the oldest first; it is not among them. One
/// statement. `UNION` ends also where merges of a file go in circles.
pub fn merged_into(r: &mut Read<'_>, number: &CaseNumber) -> StoreResult<Vec<Case>> {
    let sql = "WITH RECURSIVE tree (number) AS ( \
               SELECT $1 UNION SELECT c.number FROM tree JOIN cases c ON c.merged_into = tree.number) \
               SELECT c.body FROM tree JOIN cases c ON c.district = substr(tree.number, 1, 6) AND c.number = tree.number \
               WHERE c.number <> $1 ORDER BY c.id LIMIT $2";
    let number = number.to_string();
    let found: Vec<CaseBody> = r.all(sql, params![number, MOST_MERGED])?;
    Ok(found.into_iter().map(|b| b.0).collect())
}

/// Whose cases, and where a page of them begins.
#[derive(Debug, Clone, Default)]
pub struct Within {
    /// Only in these districts of record; empty means all.
    pub districts: Vec<DistrictCode>,
    /// Only handled by this unit.
    pub unit: Option<UnitId>,
    /// Not handled by this unit: nobody calls back or reviews for the own unit.
    pub not_unit: Option<UnitId>,
}

fn wheres(within: &Within, values: &mut Vec<Value>) -> String {
    let mut wheres = String::new();
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    if !within.districts.is_empty() {
        let list: Vec<String> = within
            .districts
            .iter()
            .map(|d| bind(d.to_value()))
            .collect();
        wheres += &format!(" AND c.district IN ({})", list.join(", "));
    }
    if let Some(unit) = within.unit {
        wheres += &format!(" AND c.unit_id = {}", bind(unit.to_value()));
    }
    if let Some(unit) = within.not_unit {
        wheres += &format!(
            " AND (c.unit_id IS NULL OR c.unit_id <> {})",
            bind(unit.to_value())
        );
    }
    wheres
}

/// Cases whose requester may be called back, those that ended first in front; none that ended before `since`. What was merged
/// is there only when the case it went into is over, and as long after that: that case's state says so for one merge, the
/// caller follows longer chains. One statement of two halves, each of which walks an index of its own.
pub fn to_call(
    r: &mut Read<'_>,
    within: &Within,
    since: Timestamp,
    after: Option<(Timestamp, Id)>,
    limit: i64,
) -> StoreResult<Vec<Case>> {
    let mut values = params![since].to_vec();
    let mut wheres = wheres(within, &mut values);
    if let Some((at, id)) = after {
        values.push(at.to_value());
        values.push(id.to_value());
        wheres += &format!(
            " AND (c.call_at, c.id) > (${}, ${})",
            values.len() - 1,
            values.len()
        );
    }
    let sql = format!(
        "SELECT body FROM ( \
         SELECT * FROM (SELECT c.call_at, c.id, c.body FROM cases c WHERE c.call_at IS NOT NULL AND c.call_at >= $1{wheres} \
         AND c.state <> 'merged' ORDER BY c.call_at, c.id LIMIT {limit}) own \
         UNION ALL \
         SELECT * FROM (SELECT c.call_at, c.id, c.body FROM cases c JOIN cases s \
         ON s.district = substr(c.merged_into, 1, 6) AND s.number = c.merged_into \
         WHERE c.call_at IS NOT NULL AND c.state = 'merged'{wheres} AND (s.state = 'merged' OR s.closed_at >= $1 AND s.state IN \
         ('closed', 'answered_directly', 'not_accepted', 'not_registered', 'self_handled', 'voided')) \
         ORDER BY c.call_at, c.id LIMIT {limit}) merged) calls \
         ORDER BY call_at, id LIMIT {limit}"
    );
    let found: Vec<CaseBody> = r.all(&sql, &values)?;
    Ok(found.into_iter().map(|b| b.0).collect())
}

/// Where chains of merges end: for each case named, the body of the last one. One statement.
pub fn ends(r: &mut Read<'_>, numbers: &[CaseNumber]) -> StoreResult<Vec<(String, Case)>> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let values: Vec<Value> = numbers.iter().map(|n| n.to_string().to_value()).collect();
    let list: Vec<String> = (1..=values.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        "WITH RECURSIVE chain (root, number, next, body, n) AS ( \
         SELECT number, number, merged_into, body, 0 FROM cases WHERE number IN ({list}) AND district IN ({heads}) \
         UNION ALL \
         SELECT chain.root, c.number, c.merged_into, c.body, chain.n + 1 FROM chain JOIN cases c \
         ON c.district = substr(chain.next, 1, 6) AND c.number = chain.next WHERE chain.n < 50) \
         SELECT root, body FROM chain WHERE next IS NULL",
        list = list.join(", "),
        heads = list
            .iter()
            .map(|p| format!("substr({p}, 1, 6)"))
            .collect::<Vec<_>>()
            .join(", "),
    );
    let found: Vec<RootBody> = r.all(&sql, &values)?;
    Ok(found.into_iter().map(|row| (row.0, row.1)).collect())
}

struct RootBody(String, Case);
impl store::FromRow for RootBody {
    fn from_row(row: &store::Row<'_>) -> StoreResult<Self> {
        Ok(Self(row.get(0)?, row.get::<CaseBody>(1)?.0))
    }
}

/// Cases that wait for one of these decisions, the oldest first. One statement.
pub fn waiting(
    r: &mut Read<'_>,
    within: &Within,
    words: &[&'static str],
    after: Option<Id>,
    limit: i64,
) -> StoreResult<Vec<Case>> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = Vec::new();
    let mut wheres = wheres(within, &mut values);
    if let Some(after) = after {
        values.push(after.to_value());
        wheres += &format!(" AND c.id > ${}", values.len());
    }
    // Words of our own.
    let words: Vec<String> = words.iter().map(|w| format!("'{w}'")).collect();
    let sql = format!(
        "SELECT c.body FROM cases c WHERE c.waits_for IN ({}){wheres} ORDER BY c.id LIMIT {limit}",
        words.join(", ")
    );
    let found: Vec<CaseBody> = r.all(&sql, &values)?;
    Ok(found.into_iter().map(|b| b.0).collect())
}
