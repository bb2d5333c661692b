//! Statements and rows of catalogues, classes, conditions, duties and calendars.

use crate::calendars::Layer;
use crate::model::{Catalogue, Condition, Duty, DutyId, Flags, MatterClass, MatterId, MatterKind};
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::id::Id;
use kernel::{Calendar, DivisionCode, Limit};
use std::collections::HashMap;
use store::{Read, StoreError, StoreResult, Value, Write, params};

const CATALOGUES: &str =
    "SELECT id, standard, version, valid_from, valid_to, source, reviewed FROM catalogues";
const CLASSES: &str = "SELECT id, catalogue, code, kind, major, minor, major_name, name_zh, name_en, local, keywords, is_public, \
     warnable, confidential, verify, default_nature, reviewed, claimable, version, valid_from, valid_to FROM matter_classes";
const CONDITIONS: &str = "SELECT class, rule_no, wording, time_limit, limit_text, closing, evidence, legal_basis, mandatory FROM matter_conditions";
const DUTIES: &str = "SELECT id, catalogue, matter, division, beat, valid_from, valid_to, competent, owning, maintaining, \
     handling, legal_basis, source FROM duties";

store::record! {
    struct ClassRow {
        id: MatterId,
        catalogue: String,
        code: String,
        kind: MatterKind,
        major: Option<String>,
        minor: Option<String>,
        major_name: Option<String>,
        name_zh: String,
        name_en: Option<String>,
        local: bool,
        keywords: String,
        is_public: bool,
        warnable: bool,
        confidential: bool,
        verify: bool,
        default_nature: Option<String>,
        reviewed: bool,
        claimable: bool,
        version: u32,
        valid_from: Option<Date>,
        valid_to: Option<Date>,
    }
}

store::record! {
    struct ConditionRow {
        class: MatterId,
        rule_no: u32,
        text: String,
        limit: Option<Limit>,
        limit_text: String,
        closing: String,
        evidence: Option<String>,
        legal_basis: Option<String>,
        mandatory: bool,
    }
}

/// Lists are kept as one item a line: readable in the table, and no item holds a line break.
fn lines(items: &[String]) -> String {
    items.join("\n")
}
fn items(text: &str) -> Vec<String> {
    text.lines()
        .filter(|l| !l.is_empty())
        .map(str::to_owned)
        .collect()
}

impl ClassRow {
    fn with(self, conditions: Vec<Condition>) -> MatterClass {
        MatterClass {
            id: self.id,
            catalogue: self.catalogue,
            code: self.code,
            kind: self.kind,
            major: self.major,
            minor: self.minor,
            major_name: self.major_name,
            name_zh: self.name_zh,
            name_en: self.name_en,
            local: self.local,
            keywords: items(&self.keywords),
            flags: Flags {
                public: self.is_public,
                warnable: self.warnable,
                confidential: self.confidential,
                verify: self.verify,
                claimable: self.claimable,
            },
            default_nature: self.default_nature,
            reviewed: self.reviewed,
            version: self.version,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            conditions,
        }
    }
}

impl ConditionRow {
    fn condition(self) -> Condition {
        Condition {
            rule_no: self.rule_no,
            text: self.text,
            limit: self.limit,
            limit_text: self.limit_text,
            closing: items(&self.closing),
            evidence: self.evidence,
            legal_basis: self.legal_basis,
            mandatory: self.mandatory,
        }
    }
}

/// Every catalogue.
pub fn all_catalogues(r: &mut Read<'_>) -> StoreResult<Vec<Catalogue>> {
    r.all(&format!("{CATALOGUES} ORDER BY id"), &[])
}

/// One catalogue.
pub fn catalogue(r: &mut Read<'_>, id: &str) -> StoreResult<Option<Catalogue>> {
    r.opt(&format!("{CATALOGUES} WHERE id = $1"), params![id])
}

/// Writes a catalogue's row as it shall be.
pub fn save_catalogue(w: &mut Write<'_>, c: &Catalogue) -> StoreResult<()> {
    let values = params![
        c.id,
        c.standard,
        c.version,
        c.valid_from,
        c.valid_to,
        c.source,
        c.reviewed
    ]
    .to_vec();
    let known = w.exec(
        "UPDATE catalogues SET standard = $2, version = $3, valid_from = $4, valid_to = $5, source = $6, reviewed = $7 WHERE id = $1",
        &values,
    )?;
    if known == 0 {
        w.exec(
            "INSERT INTO catalogues (id, standard, version, valid_from, valid_to, source, reviewed) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &values,
        )?;
    }
    Ok(())
}

/// Every class with its conditions.
pub fn all_classes(r: &mut Read<'_>) -> StoreResult<Vec<MatterClass>> {
    let rows = r.all(&format!("{CLASSES} ORDER BY catalogue, code"), &[])?;
    let conditions = r.all(&format!("{CONDITIONS} ORDER BY class, rule_no"), &[])?;
    Ok(joined(rows, conditions))
}

/// Every class as it counts on a day.
pub fn classes_on(r: &mut Read<'_>, on: Date) -> StoreResult<Vec<MatterClass>> {
    let mut classes = all_classes(r)?;
    let mut overlays = crate::sql_versions::overlays(r, &classes, on)?;
    for class in &mut classes {
        if let Some(counting) = overlays.remove(&class.id) {
            *class = counting;
        }
    }
    Ok(classes)
}

/// One class by its row.
pub fn class(r: &mut Read<'_>, id: MatterId) -> StoreResult<Option<MatterClass>> {
    let row: Option<ClassRow> = r.opt(&format!("{CLASSES} WHERE id = $1"), params![id])?;
    let Some(row) = row else { return Ok(None) };
    let sql = format!("{CONDITIONS} WHERE class = $1 ORDER BY class, rule_no");
    let conditions = r.all(&sql, params![id])?;
    Ok(joined(vec![row], conditions).pop())
}

/// The id of the class of this code.
pub fn class_by_code(
    r: &mut Read<'_>,
    catalogue: &str,
    code: &str,
) -> StoreResult<Option<MatterId>> {
    let sql = "SELECT id FROM matter_classes WHERE catalogue = $1 AND code = $2";
    let row: Option<(MatterId,)> = r.opt(sql, params![catalogue, code])?;
    Ok(row.map(|(id,)| id))
}

/// Sets the last day of a class, or takes it away.
pub fn end_class(w: &mut Write<'_>, id: MatterId, last: Option<Date>) -> StoreResult<()> {
    let sql = "UPDATE matter_classes SET valid_to = $2 WHERE id = $1";
    w.exec_one(sql, params![id, last])
}

/// The classes of one catalogue with their conditions.
pub fn classes_of(r: &mut Read<'_>, catalogue: &str) -> StoreResult<Vec<MatterClass>> {
    let rows = r.all(
        &format!("{CLASSES} WHERE catalogue = $1 ORDER BY catalogue, code"),
        params![catalogue],
    )?;
    let of_catalogue = "WHERE class IN (SELECT id FROM matter_classes WHERE catalogue = $1)";
    let conditions = r.all(
        &format!("{CONDITIONS} {of_catalogue} ORDER BY class, rule_no"),
        params![catalogue],
    )?;
    Ok(joined(rows, conditions))
}

fn joined(rows: Vec<ClassRow>, conditions: Vec<ConditionRow>) -> Vec<MatterClass> {
    let mut by_class = HashMap::<MatterId, Vec<Condition>>::new();
    for row in conditions {
        by_class.entry(row.class).or_default().push(row.condition());
    }
    let with = |row: ClassRow| {
        let own = by_class.remove(&row.id).unwrap_or_default();
        row.with(own)
    };
    rows.into_iter().map(with).collect()
}

fn class_values(c: &MatterClass) -> Vec<Value> {
    params![
        c.id,
        c.catalogue,
        c.code,
        c.kind,
        c.major,
        c.minor,
        c.major_name,
        c.name_zh,
        c.name_en,
        c.local,
        lines(&c.keywords),
        c.flags.public,
        c.flags.warnable,
        c.flags.confidential,
        c.flags.verify,
        c.default_nature,
        c.reviewed,
        c.flags.claimable,
        c.version,
        c.valid_from,
        c.valid_to
    ]
    .to_vec()
}

/// Adds classes that are not there yet, with their conditions.
pub fn insert_classes(w: &mut Write<'_>, classes: &[MatterClass]) -> StoreResult<()> {
    let rows: Vec<_> = classes.iter().map(class_values).collect();
    w.bulk(
        "matter_classes",
        &[
            "id",
            "catalogue",
            "code",
            "kind",
            "major",
            "minor",
            "major_name",
            "name_zh",
            "name_en",
            "local",
            "keywords",
            "is_public",
            "warnable",
            "confidential",
            "verify",
            "default_nature",
            "reviewed",
            "claimable",
            "version",
            "valid_from",
            "valid_to",
        ],
        &rows,
    )?;
    insert_conditions(w, classes)
}

/// Rewrites a class and its conditions; its id stays.
pub fn update_class(w: &mut Write<'_>, class: &MatterClass) -> StoreResult<()> {
    w.exec_one(
        "UPDATE matter_classes SET catalogue = $2, code = $3, kind = $4, major = $5, minor = $6, major_name = $7, \
         name_zh = $8, name_en = $9, local = $10, keywords = $11, is_public = $12, warnable = $13, confidential = $14, \
         verify = $15, default_nature = $16, reviewed = $17, claimable = $18, version = $19, valid_from = $20, valid_to = $21 \
         WHERE id = $1",
        &class_values(class),
    )?;
    w.exec(
        "DELETE FROM matter_conditions WHERE class = $1",
        params![class.id],
    )?;
    insert_conditions(w, std::slice::from_ref(class))
}

fn insert_conditions(w: &mut Write<'_>, classes: &[MatterClass]) -> StoreResult<()> {
    let row = |class: &MatterClass, c: &Condition| {
        params![
            class.id,
            c.rule_no,
            c.text,
            c.limit,
            c.limit_text,
            lines(&c.closing),
            c.evidence,
            c.legal_basis,
            c.mandatory
        ]
        .to_vec()
    };
    let rows: Vec<_> = classes
        .iter()
        .flat_map(|class| class.conditions.iter().map(move |c| row(class, c)))
        .collect();
    w.bulk(
        "matter_conditions",
        &[
            "class",
            "rule_no",
            "wording",
            "time_limit",
            "limit_text",
            "closing",
            "evidence",
            "legal_basis",
            "mandatory",
        ],
        &rows,
    )
}

/// Every duty.
pub fn all_duties(r: &mut Read<'_>) -> StoreResult<Vec<Duty>> {
    r.all(
        &format!("{DUTIES} ORDER BY catalogue, matter, division, beat, id"),
        &[],
    )
}

fn duty_values(d: &Duty) -> Vec<Value> {
    params![
        d.id,
        d.catalogue,
        d.matter,
        d.division,
        d.beat,
        d.valid_from,
        d.valid_to,
        d.competent,
        d.owning,
        d.maintaining,
        d.handling,
        d.legal_basis,
        d.source
    ]
    .to_vec()
}

/// Adds duties.
pub fn insert_duties(w: &mut Write<'_>, duties: &[Duty]) -> StoreResult<()> {
    let rows: Vec<_> = duties.iter().map(duty_values).collect();
    w.bulk(
        "duties",
        &[
            "id",
            "catalogue",
            "matter",
            "division",
            "beat",
            "valid_from",
            "valid_to",
            "competent",
            "owning",
            "maintaining",
            "handling",
            "legal_basis",
            "source",
        ],
        &rows,
    )
}

/// Rewrites a duty; its id stays.
pub fn update_duty(w: &mut Write<'_>, duty: &Duty) -> StoreResult<()> {
    w.exec_one(
        "UPDATE duties SET catalogue = $2, matter = $3, division = $4, beat = $5, valid_from = $6, valid_to = $7, \
         competent = $8, owning = $9, maintaining = $10, handling = $11, legal_basis = $12, source = $13 WHERE id = $1",
        &duty_values(duty),
    )
}

/// One duty.
pub fn duty(r: &mut Read<'_>, id: DutyId) -> StoreResult<Option<Duty>> {
    r.opt(&format!("{DUTIES} WHERE id = $1"), params![id])
}

/// Ends a duty: `last` is its last day. A duty that has ended before keeps its end.
pub fn end_duty(w: &mut Write<'_>, id: DutyId, last: Date) -> StoreResult<()> {
    w.exec_one(
        "UPDATE duties SET valid_to = $2 WHERE id = $1 AND (valid_to IS NULL OR valid_to > $2)",
        params![id, last],
    )
}

/// Every stored calendar, the one loaded first first.
pub fn all_calendars(r: &mut Read<'_>) -> StoreResult<Vec<Layer>> {
    type Stored = (
        String,
        String,
        Option<DivisionCode>,
        Timestamp,
        Option<String>,
        Option<Id>,
    );
    let rows: Vec<Stored> = r.all(
        "SELECT version, body, division, loaded_at, reason, loaded_by FROM calendars ORDER BY position",
        &[],
    )?;
    rows.into_iter()
        .map(|(version, body, division, loaded_at, reason, loaded_by)| {
            let calendar = Calendar::parse_kept(&body)
                .map_err(|e| StoreError::Misuse(format!("stored calendar {version:?}: {e}")))?;
            Ok(Layer {
                calendar,
                division,
                loaded_at,
                reason,
                loaded_by,
            })
        })
        .collect()
}

/// Keeps a calendar version over all others. The same version with another body is for the caller to refuse.
pub fn insert_calendar(w: &mut Write<'_>, layer: &Layer) -> StoreResult<()> {
    let (last,): (Option<i64>,) = w.one("SELECT max(position) FROM calendars", &[])?;
    w.exec(
        "INSERT INTO calendars (version, body, loaded_at, position, division, reason, loaded_by) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            layer.calendar.version(),
            layer.calendar.to_text(),
            layer.loaded_at,
            last.unwrap_or(0) + 1,
            layer.division,
            layer.reason,
            layer.loaded_by
        ],
    )
    .map(|_| ())
}

/// How many versions there are whose name begins so: for the next name of that kind.
pub fn versions_like(r: &mut Read<'_>, head: &str) -> StoreResult<i64> {
    let (found,): (i64,) = r.one(
        "SELECT count(*) FROM calendars WHERE substr(version, 1, $1) = $2",
        params![
            i64::try_from(head.chars().count()).unwrap_or(i64::MAX),
            head
        ],
    )?;
    Ok(found)
}
