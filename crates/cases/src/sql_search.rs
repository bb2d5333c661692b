//! Statements of the search: the index of words, how far it has come, and the cases that have them all.

use crate::model::{Case, CaseId};
use crate::search::Find;
use crate::sql::{self, Filter};
use crate::sql_lists::CaseBody;
use facts::upkeep::CaseKey;
use jiff::Timestamp;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use std::collections::{BTreeMap, BTreeSet};
use store::{FromRow, Merge, Read, Row, StoreResult, ToValue, Value, Write, params, values};

/// The only row of the state.
const CASES: &str = "cases";
/// Cases asked for in one statement.
const AT_ONCE: usize = 200;

/// How far the index has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// How texts were cut ([`crate::search::WAY`]).
    pub way: i64,
    /// The districts that have any case in it.
    pub districts: BTreeSet<DistrictCode>,
    /// The oldest case of before that was looked at.
    pub upto: Option<(Id, DistrictCode)>,
    /// How many of before were looked at.
    pub seen: i64,
    /// How many there were when it began.
    pub total: i64,
    /// All of before are in it.
    pub is_finished: bool,
}

impl FromRow for Standing {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        let districts: String = row.get(1)?;
        let (id, district) = (row.get::<Option<Id>>(2)?, row.get(3)?);
        Ok(Self {
            way: row.get(0)?,
            districts: districts
                .split_whitespace()
                .filter_map(|d| d.parse().ok())
                .collect(),
            upto: id.zip(district),
            seen: row.get(4)?,
            total: row.get(5)?,
            is_finished: row.get::<Option<Timestamp>>(6)?.is_some(),
        })
    }
}

fn joined(districts: &BTreeSet<DistrictCode>) -> String {
    let all: Vec<&str> = districts.iter().map(DistrictCode::as_str).collect();
    all.join(" ")
}

/// How far the index has come; none before it was begun.
pub fn standing(r: &mut Read<'_>) -> StoreResult<Option<Standing>> {
    let sql = "SELECT way, districts, upto_id, upto_district, cases_seen, cases_total, finished_at \
               FROM facts_search_state WHERE name = $1";
    r.opt(sql, params![CASES])
}

/// Begins the index, or begins it again: what is in it stays and is looked at anew.
pub fn begin(w: &mut Write<'_>, way: i64) -> StoreResult<()> {
    let total = w.one::<(i64,)>("SELECT count(*) FROM cases", &[])?.0;
    let now = w.now();
    let sql = "INSERT INTO facts_search_state (name, way, districts, cases_seen, cases_total, begun_at, looked_at) \
               VALUES ($1, $2, '', 0, $3, $4, $4) ON CONFLICT (name) DO UPDATE SET way = excluded.way, upto_id = NULL, \
               upto_district = NULL, cases_seen = 0, cases_total = excluded.cases_total, begun_at = excluded.begun_at, \
               looked_at = excluded.looked_at, finished_at = NULL";
    w.derive(sql, params![CASES, way, total, now]).map(|_| ())
}

/// Takes the index for this transaction: of several writers the others wait, and then see what this one wrote. Answers how
/// far it has come.
pub fn take(w: &mut Write<'_>) -> StoreResult<Option<Standing>> {
    let now = w.now();
    w.derive(
        "UPDATE facts_search_state SET looked_at = $2 WHERE name = $1",
        params![CASES, now],
    )?;
    standing(w)
}

/// Notes how far the index has come.
pub fn put_standing(w: &mut Write<'_>, standing: &Standing) -> StoreResult<()> {
    let (id, district) = standing.upto.unzip();
    let finished = standing.is_finished.then(|| w.now());
    let values = values![
        CASES,
        joined(&standing.districts),
        id,
        district,
        standing.seen,
        finished
    ];
    let sql = "UPDATE facts_search_state SET districts = $2, upto_id = $3, upto_district = $4, cases_seen = $5, \
               finished_at = $6 WHERE name = $1";
    w.derive(sql, &values).map(|_| ())
}

/// The cases before a place, the newest first.
pub fn older(
    r: &mut Read<'_>,
    before: Option<(Id, DistrictCode)>,
    limit: i64,
) -> StoreResult<Vec<Case>> {
    let order = "ORDER BY id DESC, district DESC LIMIT";
    let rows: Vec<CaseBody> = match before {
        None => r.all(
            &format!("SELECT body FROM cases {order} $1"),
            params![limit],
        )?,
        Some((id, district)) => r.all(
            &format!("SELECT body FROM cases WHERE (id, district) < ($1, $2) {order} $3"),
            params![id, district, limit],
        )?,
    };
    Ok(rows.into_iter().map(|b| b.0).collect())
}

/// The cases of some keys.
pub fn cases(r: &mut Read<'_>, keys: &[CaseKey]) -> StoreResult<Vec<Case>> {
    let mut found = Vec::with_capacity(keys.len());
    for some in keys.chunks(AT_ONCE) {
        let some: Vec<_> = some.iter().map(|k| (k.district, CaseId(k.id))).collect();
        found.extend(crate::sql_lists::by_keys(r, &some)?.into_values());
    }
    Ok(found)
}

/// The texts that are in the index, by case.
pub fn texts(
    r: &mut Read<'_>,
    keys: &[(DistrictCode, CaseId)],
) -> StoreResult<BTreeMap<(DistrictCode, CaseId), String>> {
    let mut found = BTreeMap::new();
    for some in keys.chunks(AT_ONCE) {
        let mut values: Vec<Value> = Vec::new();
        let mut wheres = Vec::new();
        for (district, id) in some {
            values.extend([district.to_value(), id.to_value()]);
            let n = values.len();
            wheres.push(format!("(district = ${} AND case_id = ${n})", n - 1));
        }
        let sql = format!(
            "SELECT district, case_id, text FROM facts_search_texts WHERE {}",
            wheres.join(" OR ")
        );
        for (district, id, text) in r.all::<(DistrictCode, CaseId, String)>(&sql, &values)? {
            found.insert((district, id), text);
        }
    }
    Ok(found)
}

/// Puts words and texts into the index; words that are there already stay.
pub fn add(w: &mut Write<'_>, words: &[Vec<Value>], texts: &[Vec<Value>]) -> StoreResult<()> {
    w.derive_merge(
        "facts_search_words",
        &["district", "word", "case_id"],
        3,
        Merge::Replace,
        words,
    )?;
    w.derive_merge(
        "facts_search_texts",
        &["district", "case_id", "text"],
        2,
        Merge::Replace,
        texts,
    )
}

/// Takes a word of a case out of the index.
pub fn drop_word(
    w: &mut Write<'_>,
    district: DistrictCode,
    word: &str,
    case: CaseId,
) -> StoreResult<()> {
    let sql = "DELETE FROM facts_search_words WHERE district = $1 AND word = $2 AND case_id = $3";
    w.derive(sql, params![district, word, case]).map(|_| ())
}

/// A phrase as LIKE takes it.
fn pattern(phrase: &str) -> String {
    let mut out = String::with_capacity(phrase.len() + 2);
    out.push('%');
    for c in phrase.chars() {
        if matches!(c, '%' | '_' | '!') {
            out.push('!');
        }
        out.push(c);
    }
    out.push('%');
    out
}

/// That the text of a case has the phrases: `of` names its district and its id.
pub(crate) fn has_phrases(of: (&str, &str), phrases: &[String], values: &mut Vec<Value>) -> String {
    let likes: Vec<String> = phrases
        .iter()
        .map(|phrase| {
            values.push(pattern(phrase).to_value());
            format!("t.text LIKE ${} ESCAPE '!'", values.len())
        })
        .collect();
    format!(
        "EXISTS (SELECT 1 FROM facts_search_texts AS t WHERE t.district = {} AND t.case_id = {} AND {})",
        of.0,
        of.1,
        likes.join(" AND ")
    )
}

/// That a row of `cases` is one that is looked for; for lists of few cases, whose texts are looked through.
pub(crate) fn is_found(find: &Find, values: &mut Vec<Value>) -> String {
    match find {
        Find::Number {
            district,
            least,
            most,
        } => {
            values.extend([district.to_value(), least.to_value(), most.to_value()]);
            let n = values.len();
            format!(
                "cases.district = ${} AND cases.number BETWEEN ${} AND ${n}",
                n - 2,
                n - 1
            )
        }
        Find::Words { phrases, .. } => has_phrases(("cases.district", "cases.id"), phrases, values),
    }
}

/// A page of the cases that are looked for, newest first. One statement. Words are asked of each district by itself: a
/// filter without districts finds nothing by them.
pub fn list(r: &mut Read<'_>, filter: &Filter, find: &Find, limit: i64) -> StoreResult<Vec<Case>> {
    let mut values = Vec::new();
    let sql = match find {
        // Numbers of a district grow with their day: the newest first is the greatest first.
        Find::Number { .. } => {
            let wheres = sql::conditions(filter, &filter.states, &mut values);
            let found = is_found(find, &mut values);
            format!(
                "SELECT body FROM cases WHERE {wheres} AND {found} ORDER BY number DESC LIMIT {limit}"
            )
        }
        // What waits for somebody is little: its texts are looked through.
        Find::Words { .. } if is_open(filter) => {
            let wheres = sql::conditions(filter, &filter.states, &mut values);
            let found = is_found(find, &mut values);
            format!(
                "SELECT body FROM cases WHERE pressing IS NOT NULL AND {wheres} AND {found} ORDER BY id DESC LIMIT {limit}"
            )
        }
        Find::Words { .. } if filter.districts.is_empty() => return Ok(Vec::new()),
        Find::Words { phrases, words } => by_words(filter, phrases, words, limit, &mut values),
    };
    let rows: Vec<CaseBody> = r.all(&sql, &values)?;
    Ok(rows.into_iter().map(|b| b.0).collect())
}

fn is_open(filter: &Filter) -> bool {
    !filter.states.is_empty() && filter.states.iter().all(|s| !s.is_final())
}

/// The rarest way in is not known before: the walk follows one word, newest first, and asks for the others.
fn by_words(
    filter: &Filter,
    phrases: &[String],
    words: &[String],
    limit: i64,
    values: &mut Vec<Value>,
) -> String {
    let (first, others) = words.split_first().expect("a search has a word");
    // What the walk itself asks: it bounds the ids, so the cases need not be looked at for that.
    let only = Filter {
        districts: Vec::new(),
        from: None,
        to: None,
        before: None,
        find: None,
        ..filter.clone()
    };
    let asks_cases = sql::conditions(&only, &only.states, &mut Vec::new()) != sql::ALL;
    let parts: Vec<String> = filter
        .districts
        .iter()
        .enumerate()
        .map(|(n, district)| {
            let mut bind = |value: Value| {
                values.push(value);
                format!("${}", values.len())
            };
            let mut wheres = format!(
                "w.district = {} AND w.word = {}",
                bind(district.to_value()),
                bind(first.to_value())
            );
            for (sign, bound) in [
                (">=", filter.from.map(|from| Id::floor(from).to_value())),
                ("<", filter.to.map(|to| Id::floor(to).to_value())),
                ("<", filter.before.map(|before| before.to_value())),
            ] {
                if let Some(bound) = bound {
                    wheres += &format!(" AND w.case_id {sign} {}", bind(bound));
                }
            }
            for word in others {
                wheres += &format!(
                    " AND EXISTS (SELECT 1 FROM facts_search_words AS v WHERE v.district = w.district AND v.word = {} AND v.case_id = w.case_id)",
                    bind(word.to_value())
                );
            }
            wheres += &format!(" AND {}", has_phrases(("w.district", "w.case_id"), phrases, values));
            if asks_cases {
                let of_case = sql::conditions(&only, &only.states, values);
                wheres += &format!(
                    " AND EXISTS (SELECT 1 FROM cases WHERE cases.district = w.district AND cases.id = w.case_id AND {of_case})"
                );
            }
            format!(
                "SELECT * FROM (SELECT w.district AS district, w.case_id AS id FROM facts_search_words AS w WHERE {wheres} \
                 ORDER BY w.case_id DESC LIMIT {limit}) AS p{n}"
            )
        })
        .collect();
    format!(
        "SELECT c.body FROM (SELECT district, id FROM ({}) AS p ORDER BY id DESC LIMIT {limit}) AS k \
         JOIN cases AS c ON c.district = k.district AND c.id = k.id ORDER BY k.id DESC",
        parts.join(" UNION ALL ")
    )
}
