//! Statements and rows of hot topics.

use crate::model::HotTopicId;
use cases::{Case, CaseId};
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use matters::MatterId;
use serde::{Deserialize, Serialize};
use store::{FromRow, Read, Row, StoreError, StoreResult, ToValue, Value, Write, params};

/// What is kept of a hot topic beside its columns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// Its words, the strongest first.
    pub terms: Vec<String>,
    /// Day, incidents after merging, voices.
    pub curve: Vec<(Date, u32, u32)>,
    /// Its classes with their incidents, the most first.
    pub classes: Vec<(MatterId, u32)>,
    /// Its streets with their incidents, the most first.
    pub streets: Vec<(String, u32)>,
}

/// A hot topic.
#[derive(Debug, Clone, PartialEq)]
pub struct HotTopic {
    /// Where most of it lies.
    pub district: DistrictCode,
    /// Its id; a topic that goes on keeps it.
    pub id: HotTopicId,
    /// The day of the look that made it.
    pub made_on: Date,
    /// Its strongest words.
    pub name: String,
    /// Its most frequent class.
    pub matter: Option<MatterId>,
    /// The street or district it lies in; empty for the whole city.
    pub place: String,
    /// Incidents after merging.
    pub incidents: i64,
    /// Reports, repeated ones included.
    pub voices: i64,
    /// The first day.
    pub first_day: Date,
    /// The last day.
    pub last_day: Date,
    /// The rest.
    pub body: Body,
}

const COLUMNS: &str =
    "district, id, made_on, name, matter_id, place, incidents, voices, first_day, last_day, body";

impl FromRow for HotTopic {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        let body: String = row.get(10)?;
        Ok(Self {
            district: row.get(0)?,
            id: row.get(1)?,
            made_on: row.get(2)?,
            name: row.get(3)?,
            matter: row.get(4)?,
            place: row.get(5)?,
            incidents: row.get(6)?,
            voices: row.get(7)?,
            first_day: row.get(8)?,
            last_day: row.get(9)?,
            body: serde_json::from_str(&body)
                .map_err(|e| StoreError::Engine(format!("a hot topic: {e}")))?,
        })
    }
}

fn within(districts: &[DistrictCode], values: &mut Vec<Value>) -> String {
    if districts.is_empty() {
        return String::new();
    }
    let places: Vec<String> = districts
        .iter()
        .map(|d| {
            values.push(d.to_value());
            format!("${}", values.len())
        })
        .collect();
    format!(" AND district IN ({})", places.join(", "))
}

/// Hot topics in a reader's districts (empty = all), the most incidents first. One statement.
pub fn list(
    r: &mut Read<'_>,
    districts: &[DistrictCode],
    limit: i64,
) -> StoreResult<Vec<HotTopic>> {
    let mut values = Vec::new();
    let within = within(districts, &mut values);
    values.push(limit.to_value());
    let sql = format!(
        "SELECT {COLUMNS} FROM hot_topics WHERE 1 = 1{within} ORDER BY incidents DESC, id LIMIT ${}",
        values.len()
    );
    r.all(&sql, &values)
}

/// A hot topic in a reader's districts.
pub fn find(
    r: &mut Read<'_>,
    id: HotTopicId,
    districts: &[DistrictCode],
) -> StoreResult<Option<HotTopic>> {
    let sql = format!("SELECT {COLUMNS} FROM hot_topics WHERE id = $1");
    let found: Option<HotTopic> = r.opt(&sql, params![id])?;
    Ok(found.filter(|t| districts.is_empty() || districts.contains(&t.district)))
}

/// The day of the last look.
pub fn last_look(r: &mut Read<'_>) -> StoreResult<Option<Date>> {
    let sql = "SELECT max(made_on) FROM hot_topics";
    Ok(r.one::<(Option<Date>,)>(sql, &[])?.0)
}

/// Cases of a hot topic in a reader's districts, the newest first. One statement.
pub fn cases_of(
    r: &mut Read<'_>,
    topic: &HotTopic,
    districts: &[DistrictCode],
    limit: i64,
) -> StoreResult<Vec<Case>> {
    let mut values = vec![topic.district.to_value(), topic.id.to_value()];
    let within = within(districts, &mut values).replace("district", "c.district");
    values.push(limit.to_value());
    let sql = format!(
        "SELECT c.body FROM hot_topic_cases t JOIN cases c ON c.district = t.case_district AND c.id = t.case_id \
         WHERE t.district = $1 AND t.topic_id = $2{within} ORDER BY c.id DESC LIMIT ${}",
        values.len()
    );
    let rows: Vec<(String,)> = r.all(&sql, &values)?;
    rows.iter()
        .map(|row| crate::sql::read_case(&row.0))
        .collect()
}

/// The keys of all hot topics' cases: topic, case.
pub fn members(r: &mut Read<'_>) -> StoreResult<Vec<(HotTopicId, CaseId)>> {
    r.all(
        "SELECT topic_id, case_id FROM hot_topic_cases ORDER BY topic_id, case_id",
        &[],
    )
}

/// Cases reported since a moment, the newest first, before an id.
pub fn cases_since(
    r: &mut Read<'_>,
    since: Timestamp,
    before: Option<CaseId>,
    limit: i64,
) -> StoreResult<Vec<Case>> {
    let floor = Id::floor(since);
    let rows: Vec<(String,)> = match before {
        Some(id) => r.all(
            "SELECT body FROM cases WHERE id >= $1 AND id < $2 ORDER BY id DESC LIMIT $3",
            params![floor, id, limit],
        )?,
        None => r.all(
            "SELECT body FROM cases WHERE id >= $1 ORDER BY id DESC LIMIT $2",
            params![floor, limit],
        )?,
    };
    rows.iter()
        .map(|row| crate::sql::read_case(&row.0))
        .collect()
}

/// Puts new hot topics in the place of all others.
pub fn replace_all(
    w: &mut Write<'_>,
    topics: &[(HotTopic, Vec<(DistrictCode, CaseId)>)],
) -> StoreResult<()> {
    w.exec("DELETE FROM hot_topic_cases", &[])?;
    w.exec("DELETE FROM hot_topics", &[])?;
    let rows: Vec<Vec<Value>> = topics
        .iter()
        .map(|(t, _)| {
            vec![
                t.district.to_value(),
                t.id.to_value(),
                t.made_on.to_value(),
                t.name.to_value(),
                t.matter.to_value(),
                t.place.to_value(),
                t.incidents.to_value(),
                t.voices.to_value(),
                t.first_day.to_value(),
                t.last_day.to_value(),
                serde_json::to_string(&t.body)
                    .expect("a curve is made of what JSON can hold")
                    .to_value(),
            ]
        })
        .collect();
    let columns: Vec<&str> = COLUMNS.split(", ").collect();
    w.bulk("hot_topics", &columns, &rows)?;
    let members: Vec<Vec<Value>> = topics
        .iter()
        .flat_map(|(t, cases)| {
            cases.iter().map(|(district, case)| {
                vec![
                    t.district.to_value(),
                    t.id.to_value(),
                    district.to_value(),
                    case.to_value(),
                ]
            })
        })
        .collect();
    w.bulk(
        "hot_topic_cases",
        &["district", "topic_id", "case_district", "case_id"],
        &members,
    )
}
