//! The statements of Open311: public cases with the words that were read, and those words.

use cases::Case;
use cases::model::{CaseId, State};
use jiff::Timestamp;
use kernel::id::Id;
use kernel::{DistrictCode, DivisionCode, DivisionLevel};
use matters::MatterId;
use store::{
    DecodeError, FromRow, FromValue, Read, Row, StoreResult, ToValue, Value, ValueRef, Write,
    params,
};

/// A `body` column read into a case.
struct Body(Case);

impl FromValue for Body {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        let text = String::from_value(value)?;
        let case = serde_json::from_str(&text).map_err(|e| DecodeError(e.to_string()))?;
        Ok(Self(case))
    }
}

/// A case and its public words, if somebody has read them.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The case.
    pub case: Case,
    /// The words; empty = they stay in the house; none = nobody has read them yet.
    pub text: Option<String>,
    /// When they were read.
    pub reviewed_at: Option<Timestamp>,
}

impl FromRow for Shown {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        let Body(case) = row.get(0)?;
        Ok(Self {
            case,
            text: row.get(1)?,
            reviewed_at: row.get(2)?,
        })
    }
}

const SHOWN: &str = "SELECT c.body, t.text, t.reviewed_at FROM cases c \
     LEFT JOIN open311_texts t ON t.district = c.district AND t.case_id = c.id";

/// Which public cases.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of these classes.
    pub classes: Vec<MatterId>,
    /// Reported at or after this, and before that: the head of a case's id is the time of its report.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Only with these numbers.
    pub numbers: Vec<String>,
    /// Only open, or only closed ones.
    pub open: Option<bool>,
    /// Only those whose words nobody has read.
    pub unread: bool,
    /// Only in this division.
    pub within: Option<DivisionCode>,
    /// Only those that come after this one in the list, where a page ended.
    pub after: Option<CaseId>,
    /// Only those that were written, or whose words were read, at or after this.
    pub changed_since: Option<Timestamp>,
}

/// A page of public cases, newest first. One statement. Void ones are not public: nobody says that they were true.
pub fn page(r: &mut Read<'_>, filter: &Filter, limit: u32, offset: u32) -> StoreResult<Vec<Shown>> {
    let mut values: Vec<Value> = Vec::new();
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut list = |items: Vec<Value>| {
        let places: Vec<String> = items.into_iter().map(&mut bind).collect();
        places.join(", ")
    };
    let classes = list(filter.classes.iter().map(ToValue::to_value).collect());
    let finals: Vec<Value> = State::ALL
        .iter()
        .filter(|s| s.is_final())
        .map(|s| s.as_str().to_value())
        .collect();
    let mut wheres = vec![
        format!("c.matter_id IN ({classes})"),
        "c.state <> 'voided'".to_owned(),
    ];
    match filter.open {
        Some(true) => wheres.push(format!("c.state NOT IN ({})", list(finals))),
        Some(false) => wheres.push(format!("c.state IN ({})", list(finals))),
        None => {}
    }
    if !filter.numbers.is_empty() {
        let numbers = filter.numbers.iter().map(|n| n.as_str().to_value());
        wheres.push(format!("c.number IN ({})", list(numbers.collect())));
        let mut districts: Vec<&str> = filter.numbers.iter().map(|n| &n[..6]).collect();
        districts.sort_unstable();
        districts.dedup();
        let districts = districts.iter().map(|d| d.to_value()).collect();
        wheres.push(format!("c.district IN ({})", list(districts)));
    }
    if let Some((from, to)) = filter.span {
        let bounds = [from, to].map(|at| Id::floor(at).to_value());
        let places = list(bounds.into());
        let (from, to) = places.split_once(", ").expect("two places were bound");
        wheres.push(format!("c.id >= {from} AND c.id < {to}"));
    }
    if filter.unread {
        wheres.push("t.case_id IS NULL".to_owned());
    }
    if let Some(place) = filter.within {
        let mut begins = |digits: usize| {
            let head = list(vec![place.as_str()[..digits].to_value()]);
            format!("substr(c.division, 1, {digits}) = {head}")
        };
        // The index of streets is over the first nine digits.
        if place.level() == DivisionLevel::Community {
            wheres.push(begins(DivisionLevel::Street.digits()));
        }
        wheres.push(begins(place.level().digits()));
    }
    if let Some(last) = filter.after {
        wheres.push(format!("c.id < {}", list(vec![last.to_value()])));
    }
    if let Some(since) = filter.changed_since {
        let since = list(vec![since.to_value()]);
        wheres.push(format!(
            "(c.updated_at >= {since} OR t.reviewed_at >= {since})"
        ));
    }
    let sql = format!(
        "{SHOWN} WHERE {} ORDER BY c.id DESC LIMIT {limit} OFFSET {offset}",
        wheres.join(" AND ")
    );
    r.all(&sql, &values)
}

/// Keeps the public words of a case; later ones take the place of earlier ones.
pub fn save_text(
    w: &mut Write<'_>,
    district: DistrictCode,
    case: Id,
    text: &str,
) -> StoreResult<()> {
    let now = w.now();
    w.exec(
        "INSERT INTO open311_texts (district, case_id, text, reviewed_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (district, case_id) DO UPDATE SET text = excluded.text, reviewed_at = excluded.reviewed_at",
        params![district, case, text, now],
    )?;
    Ok(())
}
