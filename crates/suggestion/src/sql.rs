//! Statements and rows of settings, models and outcomes, and the record as it is learned from.

use crate::model::{Kind, ModelRow, Outcome, OutcomeRow, Settings, Shares, Standing};
use cases::{Case, CaseId};
use jiff::Timestamp;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use std::collections::BTreeMap;
use store::{Read, StoreResult, ToValue, Value, Write, params};

/// The district of rows that belong to the whole city.
const CITY: &str = "000000";
const COLUMNS: &str = "number, kind, made_at, seed, messages, first_at, last_at, classes, features, threshold, held_back, \
    accuracy, macro_f1, coverage, answered_right, standing, from_at, to_at";

/// How suggestion is set.
pub fn settings(r: &mut Read<'_>) -> StoreResult<Settings> {
    r.one(
        "SELECT version, enabled, nightly, target, least FROM suggestion_settings WHERE district = $1",
        params![CITY],
    )
}

/// Sets it anew, unless somebody else was faster.
pub fn put_settings(w: &mut Write<'_>, settings: &Settings) -> StoreResult<()> {
    let sql = "UPDATE suggestion_settings SET enabled = $3, nightly = $4, target = $5, least = $6, version = version + 1 \
               WHERE district = $1 AND version = $2";
    w.exec_one(
        sql,
        params![
            CITY,
            settings.version,
            settings.enabled,
            settings.nightly,
            settings.target,
            settings.least
        ],
    )
}

/// Models, the newest first.
pub fn models(r: &mut Read<'_>, limit: i64) -> StoreResult<Vec<ModelRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM suggestion_models WHERE district = $1 ORDER BY number DESC LIMIT $2"
    );
    r.all(&sql, params![CITY, limit])
}

/// One model.
pub fn model(r: &mut Read<'_>, number: i64) -> StoreResult<Option<ModelRow>> {
    let sql =
        format!("SELECT {COLUMNS} FROM suggestion_models WHERE district = $1 AND number = $2");
    r.opt(&sql, params![CITY, number])
}

/// The models in force: kind and number.
pub fn in_force(r: &mut Read<'_>) -> StoreResult<BTreeMap<Kind, i64>> {
    let sql = "SELECT kind, number FROM suggestion_models WHERE district = $1 AND standing = $2 ORDER BY number";
    let rows: Vec<(Kind, i64)> = r.all(sql, params![CITY, Standing::InForce])?;
    Ok(rows.into_iter().collect())
}

/// The model of a kind that suggested at a moment; none before the first.
pub fn in_force_at(r: &mut Read<'_>, kind: Kind, at: Timestamp) -> StoreResult<Option<i64>> {
    let sql = "SELECT number FROM suggestion_models WHERE district = $1 AND kind = $2 AND from_at <= $3 \
               AND (to_at IS NULL OR to_at > $3) ORDER BY from_at DESC, number DESC LIMIT 1";
    Ok(r.opt::<(i64,)>(sql, params![CITY, kind, at])?.map(|n| n.0))
}

/// The weights of a model; none where they were let go.
pub fn body(r: &mut Read<'_>, number: i64) -> StoreResult<Option<Vec<u8>>> {
    let sql = "SELECT body FROM suggestion_models WHERE district = $1 AND number = $2";
    Ok(r.opt::<(Option<Vec<u8>>,)>(sql, params![CITY, number])?
        .and_then(|b| b.0))
}

/// Keeps a new model under the next number, which it answers. Fails as taken when another process did so first.
pub fn put_model(w: &mut Write<'_>, row: &ModelRow, body: &[u8]) -> StoreResult<i64> {
    let last: (i64,) = w.one(
        "SELECT coalesce(max(number), 0) FROM suggestion_models WHERE district = $1",
        params![CITY],
    )?;
    let number = last.0 + 1;
    let sql = format!(
        "INSERT INTO suggestion_models (district, {COLUMNS}, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
         $13, $14, $15, $16, $17, $18, $19, $20)"
    );
    let values = params![
        CITY,
        number,
        row.kind,
        row.made_at,
        row.seed,
        row.messages,
        row.first_at,
        row.last_at,
        row.classes,
        row.features,
        row.threshold,
        row.held_back,
        row.accuracy,
        row.macro_f1,
        row.coverage,
        row.answered_right,
        row.standing,
        row.from_at,
        row.to_at,
        body
    ];
    w.exec(&sql, values)?;
    Ok(number)
}

/// Ends the time of whatever suggests.
pub fn replace(w: &mut Write<'_>, kind: Kind, at: Timestamp) -> StoreResult<u64> {
    let sql = "UPDATE suggestion_models SET standing = $3, to_at = $4 WHERE district = $1 AND kind = $2 AND standing = $5";
    w.exec(
        sql,
        params![CITY, kind, Standing::Replaced, at, Standing::InForce],
    )
}

/// Puts a model into force (again).
pub fn put_in_force(w: &mut Write<'_>, number: i64, at: Timestamp) -> StoreResult<()> {
    let sql = "UPDATE suggestion_models SET standing = $3, from_at = $4, to_at = NULL \
               WHERE district = $1 AND number = $2 AND body IS NOT NULL";
    w.exec_one(sql, params![CITY, number, Standing::InForce, at])
}

/// Lets go the weights of models that have not suggested since `before`. What they were worth stays.
pub fn forget_bodies(w: &mut Write<'_>, before: Timestamp) -> StoreResult<u64> {
    let sql = "UPDATE suggestion_models SET body = NULL WHERE district = $1 AND standing <> $2 AND made_at < $3 \
               AND (to_at IS NULL OR to_at < $3) AND body IS NOT NULL";
    w.exec(sql, params![CITY, Standing::InForce, before])
}

/// Cases of the record, the newest first, before an id: what can be learned from is chosen by [`crate::rules::lesson`].
pub fn cases_before(
    r: &mut Read<'_>,
    before: Option<CaseId>,
    limit: i64,
) -> StoreResult<Vec<Case>> {
    let rows: Vec<(String,)> = match before {
        Some(id) => r.all(
            "SELECT body FROM cases WHERE id < $1 ORDER BY id DESC LIMIT $2",
            params![id, limit],
        )?,
        None => r.all(
            "SELECT body FROM cases ORDER BY id DESC LIMIT $1",
            params![limit],
        )?,
    };
    rows.iter().map(|row| read_case(&row.0)).collect()
}

/// A case as its row holds it.
pub fn read_case(body: &str) -> StoreResult<Case> {
    serde_json::from_str(body).map_err(|e| store::StoreError::Engine(format!("a case: {e}")))
}

/// Whether an outcome is kept for these cases already.
pub fn outcomes_of(
    r: &mut Read<'_>,
    district: DistrictCode,
    case: CaseId,
) -> StoreResult<Vec<Kind>> {
    let sql =
        "SELECT kind FROM suggestion_outcomes WHERE district = $1 AND case_id = $2 ORDER BY kind";
    let rows: Vec<(Kind,)> = r.all(sql, params![district, case])?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Keeps outcomes.
pub fn put_outcomes(w: &mut Write<'_>, rows: &[OutcomeRow]) -> StoreResult<()> {
    let columns = [
        "district",
        "case_id",
        "kind",
        "model",
        "at",
        "suggested",
        "confidence",
        "decided",
        "outcome",
    ];
    let rows: Vec<Vec<Value>> = rows
        .iter()
        .map(|row| {
            vec![
                row.district.to_value(),
                row.case.to_value(),
                row.kind.to_value(),
                row.model.to_value(),
                row.at.to_value(),
                row.suggested.to_value(),
                row.confidence.to_value(),
                row.decided.to_value(),
                row.outcome.to_value(),
            ]
        })
        .collect();
    w.bulk("suggestion_outcomes", &columns, &rows)
}

/// By model and kind, how often people decided as it suggested. One statement.
pub fn shares(r: &mut Read<'_>) -> StoreResult<BTreeMap<(i64, Kind), Shares>> {
    let sql = "SELECT model, kind, outcome, count(*) FROM suggestion_outcomes GROUP BY model, kind, outcome ORDER BY model, kind, outcome";
    let rows: Vec<(i64, Kind, Outcome, i64)> = r.all(sql, &[])?;
    let mut shares: BTreeMap<(i64, Kind), Shares> = BTreeMap::new();
    for (model, kind, outcome, n) in rows {
        shares
            .entry((model, kind))
            .or_default()
            .add(outcome, n.unsigned_abs());
    }
    Ok(shares)
}

store::record! {
    /// A class or unit that was suggested, and what people decided instead, with how often.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Confusion {
        /// What was suggested.
        pub suggested: Id,
        /// What was decided.
        pub decided: Id,
        /// How often.
        pub n: i64,
    }
}

/// What people most often decided instead. One statement.
pub fn confusions(
    r: &mut Read<'_>,
    model: i64,
    kind: Kind,
    limit: i64,
) -> StoreResult<Vec<Confusion>> {
    let sql = "SELECT suggested, decided, count(*) AS n FROM suggestion_outcomes WHERE model = $1 AND kind = $2 AND outcome = $3 \
               GROUP BY suggested, decided ORDER BY n DESC, suggested, decided LIMIT $4";
    r.all(sql, params![model, kind, Outcome::Overridden, limit])
}
