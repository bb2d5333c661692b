//! Statements and rows of topics. Nothing here writes a table of another capability: a test reads this file to prove it.

use crate::model::{How, Mark, Measure, Standing, Topic, TopicId, ids_of, ids_text};
use cases::{Case, CaseId};
use jiff::Timestamp;
use kernel::codes::{CaseNumber, DistrictCode};
use store::{FromRow, Read, Row, StoreError, StoreResult, ToValue, Value, Write, params};

const COLUMNS: &str = "district, id, version, title, question, matters, place, words, unit_id, month, standing, started_on, \
    ended_on, result, made_at, updated_at";

impl FromRow for Topic {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        let (matters, place): (String, String) = (row.get(5)?, row.get(6)?);
        Ok(Self {
            district: row.get(0)?,
            id: row.get(1)?,
            version: row.get(2)?,
            title: row.get(3)?,
            question: row.get(4)?,
            matters: ids_of(&matters),
            place: place.parse().ok(),
            words: row.get(7)?,
            unit: row.get(8)?,
            month: row.get(9)?,
            standing: row.get(10)?,
            started_on: row.get(11)?,
            ended_on: row.get(12)?,
            result: row.get(13)?,
            made_at: row.get(14)?,
            updated_at: row.get(15)?,
        })
    }
}

/// Which topics a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The reader's districts; empty means all. City-wide topics are everybody's.
    pub districts: Vec<DistrictCode>,
    /// Only standing so; empty means any.
    pub standings: Vec<Standing>,
    /// Only chosen for this month.
    pub month: Option<String>,
}

/// Topics, the last changed first, with the number of their cases. One statement.
pub fn list(r: &mut Read<'_>, filter: &Filter, limit: i64) -> StoreResult<Vec<(Topic, i64)>> {
    let mut values: Vec<Value> = Vec::new();
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut wheres = "1 = 1".to_owned();
    if !filter.districts.is_empty() {
        let list: Vec<String> = filter
            .districts
            .iter()
            .map(|d| bind(d.to_value()))
            .collect();
        wheres += &format!(" AND (place = '' OR district IN ({}))", list.join(", "));
    }
    if !filter.standings.is_empty() {
        let list: Vec<String> = filter
            .standings
            .iter()
            .map(|s| bind(s.to_value()))
            .collect();
        wheres += &format!(" AND standing IN ({})", list.join(", "));
    }
    if let Some(month) = &filter.month {
        wheres += &format!(" AND month = {}", bind(month.to_value()));
    }
    let limit = bind(limit.to_value());
    let sql = format!(
        "SELECT {COLUMNS}, (SELECT count(*) FROM topic_cases c WHERE c.district = topics.district AND c.topic_id = topics.id) \
         FROM topics WHERE {wheres} ORDER BY updated_at DESC, id LIMIT {limit}"
    );
    struct Counted(Topic, i64);
    impl FromRow for Counted {
        fn from_row(row: &Row<'_>) -> StoreResult<Self> {
            Ok(Self(Topic::from_row(row)?, row.get(16)?))
        }
    }
    let rows: Vec<Counted> = r.all(&sql, &values)?;
    Ok(rows.into_iter().map(|c| (c.0, c.1)).collect())
}

/// A topic in a reader's districts (empty = all).
pub fn find(
    r: &mut Read<'_>,
    id: TopicId,
    districts: &[DistrictCode],
) -> StoreResult<Option<Topic>> {
    let sql = format!("SELECT {COLUMNS} FROM topics WHERE id = $1");
    let found: Option<Topic> = r.opt(&sql, params![id])?;
    Ok(found
        .filter(|t| districts.is_empty() || districts.contains(&t.district) || t.place.is_none()))
}

fn columns(topic: &Topic) -> Vec<Value> {
    vec![
        topic.district.to_value(),
        topic.id.to_value(),
        topic.version.to_value(),
        topic.title.to_value(),
        topic.question.to_value(),
        ids_text(&topic.matters).to_value(),
        topic
            .place
            .map(|p| p.to_string())
            .unwrap_or_default()
            .to_value(),
        topic.words.to_value(),
        topic.unit.to_value(),
        topic.month.to_value(),
        topic.standing.to_value(),
        topic.started_on.to_value(),
        topic.ended_on.to_value(),
        topic.result.to_value(),
        topic.made_at.to_value(),
        topic.updated_at.to_value(),
    ]
}

/// Keeps a new topic.
pub fn insert(w: &mut Write<'_>, topic: &Topic) -> StoreResult<()> {
    let places: Vec<String> = (1..=16).map(|n| format!("${n}")).collect();
    let sql = format!(
        "INSERT INTO topics ({COLUMNS}) VALUES ({})",
        places.join(", ")
    );
    w.exec(&sql, &columns(topic)).map(|_| ())
}

/// Keeps a changed topic, unless somebody else changed it first: `topic.version` is the one that was seen. Its district
/// never changes.
pub fn update(w: &mut Write<'_>, topic: &Topic) -> StoreResult<()> {
    let sql = "UPDATE topics SET version = $3 + 1, title = $4, question = $5, matters = $6, place = $7, words = $8, unit_id = $9, \
               month = $10, standing = $11, started_on = $12, ended_on = $13, result = $14, updated_at = $15 \
               WHERE district = $1 AND id = $2 AND version = $3";
    let mut values = columns(topic);
    values.remove(14);
    w.exec_one(sql, &values)
}

/// The cases of a topic within a reader's districts (empty = all), the newest first. One statement.
pub fn cases_of(
    r: &mut Read<'_>,
    topic: &Topic,
    districts: &[DistrictCode],
    limit: i64,
) -> StoreResult<Vec<Case>> {
    let mut values = vec![topic.district.to_value(), topic.id.to_value()];
    let mut within = String::new();
    if !districts.is_empty() {
        let list: Vec<String> = districts
            .iter()
            .map(|d| {
                values.push(d.to_value());
                format!("${}", values.len())
            })
            .collect();
        within = format!(" AND c.district IN ({})", list.join(", "));
    }
    values.push(limit.to_value());
    let sql = format!(
        "SELECT c.body FROM topic_cases t JOIN cases c ON c.district = t.case_district AND c.id = t.case_id \
         WHERE t.district = $1 AND t.topic_id = $2{within} ORDER BY c.id DESC LIMIT ${}",
        values.len()
    );
    let rows: Vec<(String,)> = r.all(&sql, &values)?;
    rows.iter().map(|row| read_case(&row.0)).collect()
}

fn read_case(body: &str) -> StoreResult<Case> {
    serde_json::from_str(body).map_err(|e| StoreError::Engine(format!("a case: {e}")))
}

store::record! {
    /// What the cases of a topic come to.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Tally {
        /// Reports, repeated ones included.
        pub voices: i64,
        /// Incidents after merging.
        pub incidents: i64,
        /// Of these, still open.
        pub open: i64,
    }
}

/// What the cases of a topic come to. One statement.
pub fn tally(r: &mut Read<'_>, topic: &Topic) -> StoreResult<Tally> {
    let sum = |what: &str| {
        format!("CAST(coalesce(sum(CASE WHEN {what} THEN 1 ELSE 0 END), 0) AS BIGINT)")
    };
    let sql = format!(
        "SELECT {}, {}, {} FROM topic_cases t JOIN cases c ON c.district = t.case_district AND c.id = t.case_id \
         WHERE t.district = $1 AND t.topic_id = $2",
        sum("c.state <> 'voided'"),
        sum("c.state NOT IN ('merged', 'voided')"),
        sum(
            "c.closed_at IS NULL AND c.state NOT IN ('merged', 'voided', 'transferred', 'not_accepted', 'not_registered', 'closed', 'self_handled')"
        ),
    );
    r.one(&sql, params![topic.district, topic.id])
}

/// Puts cases into a topic; those that are in it stay. Answers how many are new.
pub fn add_cases(
    w: &mut Write<'_>,
    topic: &Topic,
    cases: &[(DistrictCode, CaseId)],
    how: How,
) -> StoreResult<u64> {
    let at = w.now();
    let mut added = 0;
    for (district, case) in cases {
        let sql = "INSERT INTO topic_cases (district, topic_id, case_district, case_id, how, added_at) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (district, topic_id, case_district, case_id) DO NOTHING";
        added += w.exec(
            sql,
            params![topic.district, topic.id, *district, *case, how, at],
        )?;
    }
    Ok(added)
}

/// Takes a case out of a topic.
pub fn remove_case(
    w: &mut Write<'_>,
    topic: &Topic,
    case: (DistrictCode, CaseId),
) -> StoreResult<u64> {
    let sql = "DELETE FROM topic_cases WHERE district = $1 AND topic_id = $2 AND case_district = $3 AND case_id = $4";
    w.exec(sql, params![topic.district, topic.id, case.0, case.1])
}

/// Cases by class, newest first, reported at or after a moment and before an id: candidates of a query.
pub fn candidates(
    r: &mut Read<'_>,
    topic: &Topic,
    since: Timestamp,
    before: Option<CaseId>,
    limit: i64,
) -> StoreResult<Vec<Case>> {
    let mut values: Vec<Value> = vec![kernel::id::Id::floor(since).to_value()];
    let mut wheres = "id >= $1".to_owned();
    if let Some(before) = before {
        values.push(before.to_value());
        wheres += &format!(" AND id < ${}", values.len());
    }
    if !topic.matters.is_empty() {
        let list: Vec<String> = topic
            .matters
            .iter()
            .map(|m| {
                values.push(m.to_value());
                format!("${}", values.len())
            })
            .collect();
        wheres += &format!(" AND matter_id IN ({})", list.join(", "));
    }
    values.push(limit.to_value());
    let sql = format!(
        "SELECT body FROM cases WHERE {wheres} ORDER BY id DESC LIMIT ${}",
        values.len()
    );
    let rows: Vec<(String,)> = r.all(&sql, &values)?;
    rows.iter().map(|row| read_case(&row.0)).collect()
}

/// The keys of cases by their numbers; those that are not there are left out.
pub fn keys_of(r: &mut Read<'_>, numbers: &[CaseNumber]) -> StoreResult<Vec<Case>> {
    let mut found = Vec::new();
    for number in numbers {
        found.extend(cases::sql::by_number(r, number)?);
    }
    Ok(found)
}

/// The measures of a topic, in order.
pub fn measures(r: &mut Read<'_>, topic: &Topic) -> StoreResult<Vec<Measure>> {
    let sql = "SELECT seq, words, unit_id, due_on, standing, done_on FROM topic_measures WHERE district = $1 AND topic_id = $2 ORDER BY seq";
    r.all(sql, params![topic.district, topic.id])
}

/// Keeps a measure under its number; number 0 makes a new one. Answers the number.
pub fn put_measure(w: &mut Write<'_>, topic: &Topic, measure: &Measure) -> StoreResult<i64> {
    let seq = if measure.seq == 0 {
        let sql = "SELECT coalesce(max(seq), 0) FROM topic_measures WHERE district = $1 AND topic_id = $2";
        w.one::<(i64,)>(sql, params![topic.district, topic.id])?.0 + 1
    } else {
        measure.seq
    };
    let at = w.now();
    let sql = "INSERT INTO topic_measures (district, topic_id, seq, words, unit_id, due_on, standing, done_on, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
               ON CONFLICT (district, topic_id, seq) DO UPDATE SET words = excluded.words, unit_id = excluded.unit_id, due_on = excluded.due_on, \
               standing = excluded.standing, done_on = excluded.done_on, updated_at = excluded.updated_at";
    let values = params![
        topic.district,
        topic.id,
        seq,
        measure.words,
        measure.unit,
        measure.due_on,
        measure.standing,
        measure.done_on,
        at
    ];
    w.exec(sql, values)?;
    Ok(seq)
}

/// What happened to a topic, in order.
pub fn marks(r: &mut Read<'_>, topic: &Topic) -> StoreResult<Vec<Mark>> {
    let sql = "SELECT seq, at, account_id, mark, note FROM topic_marks WHERE district = $1 AND topic_id = $2 ORDER BY seq";
    r.all(sql, params![topic.district, topic.id])
}

/// Keeps that something happened, as the next fact.
pub fn put_mark(w: &mut Write<'_>, topic: &Topic, mark: &str, note: &str) -> StoreResult<()> {
    let actor = w.grant().actor();
    let account = actor.id.filter(|_| actor.kind == store::ActorKind::Staff);
    let at = w.now();
    let sql = "SELECT coalesce(max(seq), 0) FROM topic_marks WHERE district = $1 AND topic_id = $2";
    let last: (i64,) = w.one(sql, params![topic.district, topic.id])?;
    let sql = "INSERT INTO topic_marks (district, topic_id, seq, at, account_id, mark, note) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    w.exec(
        sql,
        params![
            topic.district,
            topic.id,
            last.0 + 1,
            at,
            account,
            mark,
            note
        ],
    )
    .map(|_| ())
}

#[cfg(test)]
mod tests {
    /// The guard: a topic never touches how a case counts, because nothing here can write another table.
    #[test]
    fn nothing_but_the_tables_of_topics_is_written() {
        let text = include_str!("sql.rs");
        let statements = text.split("#[cfg(test)]").next().unwrap_or_default();
        let mut seen = 0;
        for verb in ["INSERT INTO ", "UPDATE ", "DELETE FROM "] {
            for (at, _) in statements.match_indices(verb) {
                let rest = &statements[at + verb.len()..];
                let table: String = rest
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                    .collect();
                // `DO UPDATE SET` names no table.
                if table.is_empty() || rest.starts_with("SET") {
                    continue;
                }
                seen += 1;
                assert!(
                    table == "topics" || table.starts_with("topic_"),
                    "{verb}{table}"
                );
            }
        }
        assert!(seen >= 6, "{seen} statements were looked at");
    }
}
