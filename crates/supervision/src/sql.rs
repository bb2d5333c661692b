//! Statements and rows of supervision. Nothing else in the program writes these tables.

use crate::model::{EntryRow, Ladder, Mark, Rung, RungAct, RungAt, Standing, Supervised, Tell};
use access::{AccountId, UnitId};
use cases::Stage;
use jiff::Timestamp;
use kernel::DistrictCode;
use kernel::id::Id;
use std::collections::BTreeSet;
use store::{
    FromRow, Merge, Read, Row, StoreError, StoreResult, ToValue, Value, Write, params, values,
};

impl FromRow for Rung {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        let tell: String = row.get(4)?;
        Ok(Self {
            matter: row.get(0)?,
            level: row.get(1)?,
            at: row.get::<RungAt>(2)?,
            act: row.get::<RungAct>(3)?,
            tell: serde_json::from_str::<Vec<Tell>>(&tell)
                .map_err(|e| StoreError::Engine(e.to_string()))?,
            name_zh: row.get(5)?,
            name_en: row.get(6)?,
            enabled: row.get(7)?,
            version: row.get(8)?,
            stage: row.get(9)?,
        })
    }
}

/// Since when a city has rungs for stages beside handling, in the settings under this name.
pub(crate) const STAGES_SINCE: &str = "supervision_stages_since";

/// The whole ladder: handling by class, then the stages in their order, each by level. Three statements.
pub(crate) fn ladder(r: &mut Read<'_>) -> StoreResult<Ladder> {
    // `at` is a word of SQL on some engines; quoted it is a name on both.
    let mut rungs: Vec<Rung> = r.all(
        "SELECT matter, level, at, act, tell, name_zh, name_en, enabled, version, 'handle' FROM supervision_rungs \
         ORDER BY matter, level LIMIT 2000",
        &[],
    )?;
    let mut of_stages: Vec<Rung> = r.all(
        "SELECT '*', level, at, act, tell, name_zh, name_en, enabled, version, stage FROM supervision_stage_rungs \
         ORDER BY stage, level LIMIT 2000",
        &[],
    )?;
    of_stages.sort_by_key(|r| (r.stage, r.level));
    rungs.append(&mut of_stages);
    Ok(Ladder {
        rungs,
        stages_since: stages_since(r)?,
    })
}

fn stages_since(r: &mut Read<'_>) -> StoreResult<Option<Timestamp>> {
    let sql = "SELECT updated_at FROM settings WHERE name = $1";
    Ok(r.opt::<(Timestamp,)>(sql, params![STAGES_SINCE])?
        .map(|row| row.0))
}

/// From now on stages have rungs; answers whether they had none before.
pub(crate) fn begin_stages(w: &mut Write<'_>) -> StoreResult<bool> {
    if stages_since(w)?.is_some() {
        return Ok(false);
    }
    let now = w.now();
    let sql = "INSERT INTO settings (name, value, updated_at) VALUES ($1, '1', $2) ON CONFLICT (name) DO NOTHING";
    Ok(w.exec(sql, params![STAGES_SINCE, now])? == 1)
}

/// Adds a rung, or changes the one of its stage, class and level if nobody did since `version` (0 = there is none yet).
pub(crate) fn set_rung(w: &mut Write<'_>, rung: &Rung) -> StoreResult<()> {
    let tell = serde_json::to_string(&rung.tell).expect("words are always JSON");
    let now = w.now();
    let Rung {
        level,
        at,
        act,
        name_zh,
        name_en,
        enabled,
        version,
        ..
    } = rung;
    let (table, of, whose) = match rung.stage {
        Stage::Handle => ("supervision_rungs", "matter", rung.matter.as_str()),
        stage => ("supervision_stage_rungs", "stage", stage.as_str()),
    };
    if *version == 0 {
        let sql = format!(
            "INSERT INTO {table} ({of}, level, at, act, tell, name_zh, name_en, enabled, version, changed_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9)"
        );
        return match w.exec(
            &sql,
            params![whose, level, at, act, tell, name_zh, name_en, enabled, now],
        ) {
            Err(StoreError::Unique(_)) => Err(StoreError::Conflict),
            other => other.map(|_| ()),
        };
    }
    let sql = format!(
        "UPDATE {table} SET at = $3, act = $4, tell = $5, name_zh = $6, name_en = $7, enabled = $8, \
         version = version + 1, changed_at = $10 WHERE {of} = $1 AND level = $2 AND version = $9"
    );
    w.exec_one(
        &sql,
        params![
            whose, level, at, act, tell, name_zh, name_en, enabled, version, now
        ],
    )
}

/// Lets every clock be looked at again: the ladder or the calendar has changed.
pub(crate) fn look_at_all(w: &mut Write<'_>) -> StoreResult<()> {
    let now = w.now();
    w.derive(
        "UPDATE facts_supervision_clocks SET fire_at = $1 WHERE fire_at > $1",
        params![now],
    )
    .map(|_| ())
}

/// Sets when clocks next reach a rung; none = never. No case may stand in the list twice.
pub(crate) fn set_clocks(
    w: &mut Write<'_>,
    clocks: &[(DistrictCode, Id, Option<Timestamp>)],
) -> StoreResult<()> {
    let rows: Vec<Vec<Value>> = clocks
        .iter()
        .filter_map(|(district, case, at)| Some(values![district, case, (*at)?].into()))
        .collect();
    w.derive_merge(
        "facts_supervision_clocks",
        &["district", "case_id", "fire_at"],
        2,
        Merge::Replace,
        &rows,
    )?;
    for (district, case, _) in clocks.iter().filter(|c| c.2.is_none()) {
        w.derive(
            "DELETE FROM facts_supervision_clocks WHERE district = $1 AND case_id = $2",
            params![district, case],
        )?;
    }
    Ok(())
}

/// Clocks that have reached a rung by `now`, the oldest first. One statement that walks an index.
pub fn clocks_due(
    r: &mut Read<'_>,
    now: Timestamp,
    limit: i64,
) -> StoreResult<Vec<(DistrictCode, Id)>> {
    r.all(
        "SELECT district, case_id FROM facts_supervision_clocks WHERE fire_at <= $1 ORDER BY fire_at, case_id LIMIT $2",
        params![now, limit],
    )
}

/// The keys of the rungs that fired on a case.
pub(crate) fn fired(
    r: &mut Read<'_>,
    district: DistrictCode,
    case: Id,
) -> StoreResult<BTreeSet<String>> {
    let rows: Vec<(String,)> = r.all(
        "SELECT entry FROM supervision_entries WHERE district = $1 AND case_id = $2 AND level IS NOT NULL",
        params![district, case],
    )?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Adds an entry to the file of a case unless its key is there; answers whether it is new.
pub(crate) fn add_entry(
    w: &mut Write<'_>,
    district: DistrictCode,
    case: Id,
    row: &EntryRow,
) -> StoreResult<bool> {
    let sql = "INSERT INTO supervision_entries (district, case_id, entry, at, kind, level, name_zh, name_en, account_id, role, words) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (district, case_id, entry) DO NOTHING";
    let EntryRow {
        entry,
        at,
        kind,
        level,
        name_zh,
        name_en,
        account,
        role,
        words,
    } = row;
    let n = w.exec(
        sql,
        params![
            district, case, entry, at, kind, level, name_zh, name_en, account, role, words
        ],
    )?;
    Ok(n == 1)
}

const ENTRY: &str = "SELECT entry, at, kind, level, name_zh, name_en, account_id, role, words FROM supervision_entries";

/// What was said about a case, newest first; rungs that were passed unseen are left out. One statement.
pub(crate) fn entries(
    r: &mut Read<'_>,
    district: DistrictCode,
    case: Id,
) -> StoreResult<Vec<EntryRow>> {
    let sql = format!(
        "{ENTRY} WHERE district = $1 AND case_id = $2 AND kind <> 'passed' ORDER BY at DESC, entry LIMIT 100"
    );
    r.all(&sql, params![district, case])
}

/// One entry of a case.
pub(crate) fn entry(
    r: &mut Read<'_>,
    district: DistrictCode,
    case: Id,
    key: &str,
) -> StoreResult<Option<EntryRow>> {
    let sql = format!("{ENTRY} WHERE district = $1 AND case_id = $2 AND entry = $3");
    r.opt(&sql, params![district, case, key])
}

macro_rules! columns {
    () => {
        "district, id, version, case_id, case_no, unit_id, origin, instruction, limit_text, opened_by, opened_role, opened_at, \
         due_at, provisional, state, report, reported_at, decided_at, told_late, due_from, due_limit, calendar"
    };
}

/// Stores a new supervised matter.
pub(crate) fn insert(w: &mut Write<'_>, s: &Supervised) -> StoreResult<()> {
    let sql = concat!(
        "INSERT INTO supervised (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)"
    );
    w.exec(
        sql,
        params![
            s.district,
            s.id,
            s.version,
            s.case,
            s.case_no,
            s.unit,
            s.origin,
            s.instruction,
            s.limit_text,
            s.opened_by,
            s.opened_role,
            s.opened_at,
            s.due_at,
            s.provisional,
            s.state,
            s.report,
            s.reported_at,
            s.decided_at,
            s.told_late,
            s.due_from,
            s.due_limit,
            s.calendar
        ],
    )
    .map(|_| ())
}

/// Stores the new standing of a supervised matter, if nobody did since its version.
pub(crate) fn update(w: &mut Write<'_>, s: &Supervised) -> StoreResult<()> {
    let sql = "UPDATE supervised SET version = version + 1, due_at = $4, provisional = $5, state = $6, report = $7, \
               reported_at = $8, decided_at = $9, told_late = $10, due_from = $11, due_limit = $12, calendar = $13, unit_id = $14 WHERE district = $1 AND id = $2 AND version = $3";
    w.exec_one(
        sql,
        params![
            s.district,
            s.id,
            s.version,
            s.due_at,
            s.provisional,
            s.state,
            s.report,
            s.reported_at,
            s.decided_at,
            s.told_late,
            s.due_from,
            s.due_limit,
            s.calendar,
            s.unit
        ],
    )
}

/// Writes down what somebody did.
pub(crate) fn add_mark(w: &mut Write<'_>, s: &Supervised, mark: &Mark) -> StoreResult<()> {
    let (next,): (i64,) = w.one(
        "SELECT coalesce(max(seq), 0) + 1 FROM supervised_marks WHERE district = $1 AND supervised_id = $2",
        params![s.district, s.id],
    )?;
    let sql = "INSERT INTO supervised_marks (district, supervised_id, seq, at, account_id, role, mark, words, was_due_at, due_at, calendar, was_unit, unit) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    w.exec(
        sql,
        params![
            s.district,
            s.id,
            next,
            mark.at,
            mark.account,
            mark.role,
            mark.mark,
            mark.words,
            mark.was_due_at,
            mark.due_at,
            mark.calendar,
            mark.was_unit,
            mark.unit
        ],
    )
    .map(|_| ())
}

/// What was done about a supervised matter, in order. One statement.
pub(crate) fn marks(r: &mut Read<'_>, s: &Supervised) -> StoreResult<Vec<Mark>> {
    r.all(
        "SELECT at, account_id, role, mark, words, was_due_at, due_at, calendar, was_unit, unit FROM supervised_marks WHERE district = $1 AND supervised_id = $2 ORDER BY seq LIMIT 200",
        params![s.district, s.id],
    )
}

/// Which supervised matters a list asks for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The reader's districts; empty means all.
    pub districts: Vec<DistrictCode>,
    /// Only what this unit is to do.
    pub unit: Option<UnitId>,
    /// Only standing so; empty means any.
    pub states: Vec<Standing>,
    /// Only this one.
    pub id: Option<Id>,
    /// Only about this case.
    pub case: Option<Id>,
    /// Only after this one in the list: when due, id.
    pub after: Option<(Timestamp, Id)>,
}

fn wheres(filter: &Filter, bound: &mut Vec<Value>) -> String {
    let mut wheres = vec!["1 = 1".to_owned()];
    let mut put = |value: Value| {
        bound.push(value);
        format!("${}", bound.len())
    };
    if !filter.districts.is_empty() {
        let list: Vec<String> = filter.districts.iter().map(|d| put(d.to_value())).collect();
        wheres.push(format!("district IN ({})", list.join(", ")));
    }
    if !filter.states.is_empty() {
        let list: Vec<String> = filter.states.iter().map(|s| put(s.to_value())).collect();
        wheres.push(format!("state IN ({})", list.join(", ")));
    }
    if let Some(unit) = filter.unit {
        wheres.push(format!("unit_id = {}", put(unit.to_value())));
    }
    if let Some(id) = filter.id {
        wheres.push(format!("id = {}", put(id.to_value())));
    }
    if let Some(case) = filter.case {
        wheres.push(format!("case_id = {}", put(case.to_value())));
    }
    if let Some((due, id)) = filter.after {
        let (due, id) = (put(due.to_value()), put(id.to_value()));
        wheres.push(format!(
            "(due_at > {due} OR (due_at = {due} AND id > {id}))"
        ));
    }
    wheres.join(" AND ")
}

/// Supervised matters, the most pressing first. One statement.
pub(crate) fn list(r: &mut Read<'_>, filter: &Filter, limit: i64) -> StoreResult<Vec<Supervised>> {
    let mut bound = Vec::new();
    let wheres = wheres(filter, &mut bound);
    bound.push(limit.to_value());
    let sql = format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM supervised WHERE {} ORDER BY due_at, id LIMIT ${}"
        ),
        wheres,
        bound.len()
    );
    r.all(&sql, &bound)
}

store::record! {
    /// How many matters of a unit are supervised.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct UnitCount {
        /// The unit.
        pub unit: UnitId,
        /// Where they stand.
        pub state: Standing,
        /// So many.
        pub n: i64,
        /// Of which a report is late.
        pub late: i64,
    }
}

/// Counts by unit and standing. One statement.
pub(crate) fn counts(
    r: &mut Read<'_>,
    filter: &Filter,
    now: Timestamp,
) -> StoreResult<Vec<UnitCount>> {
    let mut bound = vec![now.to_value()];
    let wheres = wheres(filter, &mut bound);
    let sql = format!(
        "SELECT unit_id, state, count(*), CAST(sum(CASE WHEN state = 'open' AND due_at < $1 THEN 1 ELSE 0 END) AS BIGINT) \
         FROM supervised WHERE {wheres} GROUP BY unit_id, state ORDER BY unit_id, state LIMIT 5000"
    );
    r.all(&sql, &bound)
}

/// Whether an account has an open supervision of a case.
pub(crate) fn has_open(
    r: &mut Read<'_>,
    district: DistrictCode,
    case: Id,
    by: Option<AccountId>,
) -> StoreResult<bool> {
    let sql = "SELECT count(*) FROM supervised WHERE district = $1 AND case_id = $2 AND opened_by = $3 AND state IN ('open', 'reported')";
    Ok(r.one::<(i64,)>(sql, params![district, case, by])?.0 > 0)
}

/// Supervised matters whose report is late and nobody was told. One statement.
pub(crate) fn untold_late(
    r: &mut Read<'_>,
    now: Timestamp,
    limit: i64,
) -> StoreResult<Vec<Supervised>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM supervised WHERE state = 'open' AND due_at < $1 AND told_late = 0 ORDER BY due_at, id LIMIT $2"
    );
    r.all(sql, params![now, limit])
}

/// Supervised matters whose report is owed and whose limit is known, in the order of their ids. One statement.
pub(crate) fn open_limits(r: &mut Read<'_>, after: Id, limit: i64) -> StoreResult<Vec<Supervised>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM supervised WHERE state = 'open' AND due_limit IS NOT NULL AND id > $1 ORDER BY id LIMIT $2"
    );
    r.all(sql, params![after, limit])
}

/// Who wrote the last report.
pub(crate) fn reporter(r: &mut Read<'_>, s: &Supervised) -> StoreResult<Option<AccountId>> {
    let sql = "SELECT account_id FROM supervised_marks WHERE district = $1 AND supervised_id = $2 AND mark = 'reported' \
               ORDER BY seq DESC LIMIT 1";
    let found = r.opt::<(Option<AccountId>,)>(sql, params![s.district, s.id])?;
    Ok(found.and_then(|row| row.0))
}

/// Open cases in the order of their keys, to begin with: those of a unit, whose clocks may run.
pub(crate) fn open_cases(
    r: &mut Read<'_>,
    after: Option<(DistrictCode, Id)>,
    limit: i64,
) -> StoreResult<Vec<(DistrictCode, Id)>> {
    let (district, id) = after.map_or_else(
        || (String::new(), Id::from_bytes([0; 16])),
        |(d, i)| (d.to_string(), i),
    );
    r.all(
        "SELECT district, id FROM cases WHERE state IN ('pending_sign', 'handling') AND due_at IS NOT NULL \
         AND (district > $1 OR (district = $1 AND id > $2)) ORDER BY district, id LIMIT $3",
        params![district, id, limit],
    )
}
