//! Statements and rows of warnings, and the cases behind a finding. Nothing else in the program writes these tables.

use crate::model::{Detector, Level, Method, Standing, Verdict, WarningId};
use crate::track::{Sight, Track};
use access::AccountId;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::id::Id;
use matters::MatterId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use store::{
    DecodeError, FromRow, FromValue, Read, Row, StoreError, StoreResult, ToValue, Value, ValueRef,
    Write, params,
};

/// The district of rows that belong to the whole city.
const CITY: &str = "000000";

/// A JSON text column read into a type.
struct Json<T>(T);

impl<T: DeserializeOwned> FromValue for Json<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        let text = String::from_value(value)?;
        serde_json::from_str(&text)
            .map(Self)
            .map_err(|e| DecodeError(e.to_string()))
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("what is kept is made of what JSON can hold")
}

/// The days of a finding: how many incidents each had in its places, and how many a usual day had.
#[derive(Debug, Clone, Default, PartialEq, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Curve {
    /// Date and incidents, oldest first.
    #[schema(value_type = Vec<(String, u32)>)]
    pub days: Vec<(Date, u32)>,
    /// Incidents on a day of the weeks before it began.
    pub usual: f64,
}

/// A finding as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Warning {
    /// The district of its first place.
    pub district: DistrictCode,
    /// Its id.
    pub id: WarningId,
    /// Counts up with each change: the version two people must not both write.
    pub version: i64,
    /// Where it stands.
    pub standing: Standing,
    /// What people found out.
    pub verdict: Option<Verdict>,
    /// Where and what it is.
    pub track: Track,
    /// Its days.
    pub curve: Curve,
}

const COLUMNS: &str = "district, id, version, standing, verdict, track, curve";

impl FromRow for Warning {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        Ok(Self {
            district: row.get(0)?,
            id: row.get(1)?,
            version: row.get(2)?,
            standing: row.get(3)?,
            verdict: row.get(4)?,
            track: row.get::<Json<Track>>(5)?.0,
            curve: row.get::<Json<Curve>>(6)?.0,
        })
    }
}

/// Puts `$n` into a statement for each value.
#[derive(Default)]
struct Bound(Vec<Value>);

impl Bound {
    fn put(&mut self, value: &impl ToValue) -> String {
        self.0.push(value.to_value());
        format!("${}", self.0.len())
    }
    fn list<'a, T: ToValue + 'a>(&mut self, values: impl IntoIterator<Item = &'a T>) -> String {
        let places: Vec<String> = values.into_iter().map(|v| self.put(v)).collect();
        places.join(", ")
    }
}

/// Which findings a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The reader's districts; empty means all.
    pub districts: Vec<DistrictCode>,
    /// Only standing so; empty means any.
    pub standings: Vec<Standing>,
    /// Only of this class.
    pub matter: Option<MatterId>,
    /// Only seen on this day or later.
    pub seen_from: Option<Date>,
    /// Only those after this one in the list: last seen, id.
    pub after: Option<(Date, WarningId)>,
}

/// Findings, the last seen first. One statement.
pub fn list(r: &mut Read<'_>, filter: &Filter, limit: i64) -> StoreResult<Vec<Warning>> {
    let mut bound = Bound::default();
    let mut wheres = vec!["1 = 1".to_owned()];
    if !filter.districts.is_empty() {
        wheres.push(format!("district IN ({})", bound.list(&filter.districts)));
    }
    if !filter.standings.is_empty() {
        wheres.push(format!("standing IN ({})", bound.list(&filter.standings)));
    }
    if let Some(matter) = filter.matter {
        wheres.push(format!("matter_id = {}", bound.put(&matter)));
    }
    if let Some(day) = filter.seen_from {
        wheres.push(format!("last_seen >= {}", bound.put(&day)));
    }
    if let Some((day, id)) = filter.after {
        let (day, id) = (bound.put(&day), bound.put(&id));
        wheres.push(format!("(last_seen, id) < ({day}, {id})"));
    }
    let limit = bound.put(&limit);
    let sql = format!(
        "SELECT {COLUMNS} FROM warnings WHERE {} ORDER BY last_seen DESC, id DESC LIMIT {limit}",
        wheres.join(" AND ")
    );
    r.all(&sql, &bound.0)
}

/// How many findings stand where, in a reader's districts (empty = all). One statement.
pub fn standings(
    r: &mut Read<'_>,
    districts: &[DistrictCode],
) -> StoreResult<BTreeMap<Standing, u64>> {
    let mut bound = Bound::default();
    let within = if districts.is_empty() {
        String::new()
    } else {
        format!("WHERE district IN ({})", bound.list(districts))
    };
    let sql = format!(
        "SELECT standing, count(*) FROM warnings {within} GROUP BY standing ORDER BY standing"
    );
    let rows: Vec<(Standing, i64)> = r.all(&sql, &bound.0)?;
    Ok(rows
        .into_iter()
        .map(|(standing, n)| (standing, n.unsigned_abs()))
        .collect())
}

/// A finding in a reader's districts (empty = all).
pub fn find(
    r: &mut Read<'_>,
    id: WarningId,
    districts: &[DistrictCode],
) -> StoreResult<Option<Warning>> {
    let sql = format!("SELECT {COLUMNS} FROM warnings WHERE id = $1");
    let found: Option<Warning> = r.opt(&sql, params![id])?;
    Ok(found.filter(|w| districts.is_empty() || districts.contains(&w.district)))
}

/// Findings that were going on around a day: what a new signal may continue.
pub fn ongoing(r: &mut Read<'_>, from: Date, to: Date) -> StoreResult<Vec<Warning>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM warnings WHERE last_seen >= $1 AND began <= $2 ORDER BY first_seen, id"
    );
    r.all(&sql, params![from, to])
}

/// Keeps a new finding.
pub fn insert(w: &mut Write<'_>, warning: &Warning) -> StoreResult<()> {
    let track = &warning.track;
    let sql = "INSERT INTO warnings (district, id, version, matter_id, level, began, first_seen, last_seen, recurrence_days, \
               standing, verdict, track, curve) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let values = params![
        warning.district,
        warning.id,
        warning.version,
        track.category,
        track.level,
        track.began,
        track.first_seen,
        track.last_seen,
        track.now.recurrence_days,
        warning.standing,
        warning.verdict,
        json(track),
        json(&warning.curve)
    ];
    w.exec(sql, values).map(|_| ())
}

/// Keeps how a finding has grown. What people did about it stays.
pub fn update_track(w: &mut Write<'_>, warning: &Warning) -> StoreResult<()> {
    let track = &warning.track;
    let sql = "UPDATE warnings SET level = $3, began = $4, first_seen = $5, last_seen = $6, recurrence_days = $7, \
               track = $8, curve = $9, version = version + 1 WHERE district = $1 AND id = $2";
    let values = params![
        warning.district,
        warning.id,
        track.level,
        track.began,
        track.first_seen,
        track.last_seen,
        track.now.recurrence_days,
        json(track),
        json(&warning.curve)
    ];
    w.exec_one(sql, values)
}

/// Keeps where a finding stands and what people found out, unless somebody else changed it first.
pub fn update_standing(w: &mut Write<'_>, warning: &Warning) -> StoreResult<()> {
    let sql = "UPDATE warnings SET standing = $4, verdict = $5, version = version + 1 \
               WHERE district = $1 AND id = $2 AND version = $3";
    let values = params![
        warning.district,
        warning.id,
        warning.version,
        warning.standing,
        warning.verdict
    ];
    w.exec_one(sql, values)
}

/// Keeps how a finding looked on a day; the same day again replaces it.
pub fn put_sight(
    w: &mut Write<'_>,
    district: DistrictCode,
    id: WarningId,
    sight: &Sight,
) -> StoreResult<()> {
    let sql = "INSERT INTO warning_sights (district, warning_id, day, detector, sight) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (district, warning_id, day, detector) DO UPDATE SET sight = excluded.sight";
    let values = params![district, id, sight.day, sight.detector, json(sight)];
    w.exec(sql, values).map(|_| ())
}

/// How a finding looked, day by day.
pub fn sights(r: &mut Read<'_>, district: DistrictCode, id: WarningId) -> StoreResult<Vec<Sight>> {
    let sql = "SELECT sight FROM warning_sights WHERE district = $1 AND warning_id = $2 ORDER BY day, detector";
    let rows: Vec<(Json<Sight>,)> = r.all(sql, params![district, id])?;
    Ok(rows.into_iter().map(|row| row.0.0).collect())
}

store::record! {
    /// Something that people did about a finding.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Mark {
        /// Its place in the history, from 1.
        pub seq: i64,
        /// When.
        pub at: Timestamp,
        /// Who; none where the program itself did it.
        pub account: Option<AccountId>,
        /// What: seen, task, dismissed, or verdict.
        pub mark: String,
        /// The verdict, where it is one.
        pub verdict: Option<Verdict>,
        /// Why.
        pub reason: String,
    }
}

/// What people did about a finding, in order.
pub fn marks(r: &mut Read<'_>, district: DistrictCode, id: WarningId) -> StoreResult<Vec<Mark>> {
    let sql = "SELECT seq, at, account_id, mark, verdict, reason FROM warning_marks WHERE district = $1 AND warning_id = $2 ORDER BY seq";
    r.all(sql, params![district, id])
}

/// Keeps what somebody did about a finding, as the next fact.
pub fn put_mark(
    w: &mut Write<'_>,
    warning: &Warning,
    mark: &str,
    verdict: Option<Verdict>,
    reason: &str,
) -> StoreResult<()> {
    let actor = w.grant().actor();
    let account = actor.id.filter(|_| actor.kind == store::ActorKind::Staff);
    let at = w.now();
    let key = params![warning.district, warning.id];
    let last: (i64,) = w.one(
        "SELECT coalesce(max(seq), 0) FROM warning_marks WHERE district = $1 AND warning_id = $2",
        key,
    )?;
    let sql = "INSERT INTO warning_marks (district, warning_id, seq, at, account_id, mark, verdict, reason) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = params![
        warning.district,
        warning.id,
        last.0 + 1,
        at,
        account,
        mark,
        verdict,
        reason
    ];
    w.exec(sql, values).map(|_| ())
}

store::record! {
    /// A beat that preventive work was opened for.
    #[derive(Debug, Clone, PartialEq)]
    pub struct BeatRow {
        /// Its code; where the city has no beats, that of a community.
        pub beat: String,
        /// Drawn by lot.
        pub is_control: bool,
        /// The seed of the draw.
        pub seed: i64,
        /// When the work was opened.
        pub opened_at: Timestamp,
        /// The case.
        pub case: CaseNumber,
    }
}

/// The beats of a finding's preventive work, chosen ones first.
pub fn beats(r: &mut Read<'_>, district: DistrictCode, id: WarningId) -> StoreResult<Vec<BeatRow>> {
    let sql = "SELECT beat, is_control, seed, opened_at, case_no FROM warning_beats WHERE district = $1 AND warning_id = $2 ORDER BY is_control, beat";
    r.all(sql, params![district, id])
}

/// How many beats preventive work has visited so far: chosen, drawn by lot.
pub fn beats_so_far(r: &mut Read<'_>) -> StoreResult<(u32, u32)> {
    let sql = "SELECT CAST(coalesce(sum(1 - is_control), 0) AS BIGINT), CAST(coalesce(sum(is_control), 0) AS BIGINT) FROM warning_beats";
    r.one(sql, &[])
}

/// Keeps a beat that preventive work was opened for.
pub fn put_beat(
    w: &mut Write<'_>,
    district: DistrictCode,
    id: WarningId,
    beat: &BeatRow,
) -> StoreResult<()> {
    let sql = "INSERT INTO warning_beats (district, warning_id, beat, is_control, seed, opened_at, case_no) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = params![
        district,
        id,
        beat.beat,
        beat.is_control,
        beat.seed,
        beat.opened_at,
        beat.case
    ];
    w.exec(sql, values).map(|_| ())
}

/// How the cases of preventive work ended: of the chosen beats and of those drawn by lot, how many were opened, are over,
/// and were voided, not accepted or not registered (nothing was there).
pub fn beat_outcomes(r: &mut Read<'_>) -> StoreResult<Vec<(bool, i64, i64, i64)>> {
    let sum = |what: &str| format!("CAST(sum(CASE WHEN {what} THEN 1 ELSE 0 END) AS BIGINT)");
    let sql = format!(
        "SELECT b.is_control, count(*), {}, {} FROM warning_beats b JOIN cases c ON c.district = substr(b.case_no, 1, 6) AND c.number = b.case_no \
         GROUP BY b.is_control ORDER BY b.is_control",
        sum("c.closed_at IS NOT NULL"),
        sum("c.state IN ('voided', 'not_accepted', 'not_registered')")
    );
    r.all(&sql, &[])
}

/// The detectors, in their order.
pub fn detectors(r: &mut Read<'_>) -> StoreResult<Vec<Detector>> {
    let sql = "SELECT code, method, level, enabled, version, settings FROM warning_detectors ORDER BY position, code";
    type Kept = (
        String,
        Method,
        Level,
        bool,
        u32,
        Json<BTreeMap<String, f64>>,
    );
    let rows: Vec<Kept> = r.all(sql, &[])?;
    rows.into_iter()
        .map(|(code, method, level, enabled, version, settings)| {
            let made = Detector::new(&code, method, level, settings.0);
            let made = made.map_err(|e| StoreError::Engine(format!("detector {code:?}: {e}")))?;
            Ok(made.as_kept(enabled, version))
        })
        .collect()
}

/// Keeps a detector: a new one goes to the end, a changed one keeps its place. Answers its version.
pub fn put_detector(w: &mut Write<'_>, detector: &Detector) -> StoreResult<u32> {
    let last: (i64,) = w.one(
        "SELECT coalesce(max(position), 0) FROM warning_detectors",
        &[],
    )?;
    let sql = "INSERT INTO warning_detectors (code, position, method, level, enabled, version, settings) \
               VALUES ($1, $2, $3, $4, $5, 1, $6) \
               ON CONFLICT (code) DO UPDATE SET method = excluded.method, level = excluded.level, enabled = excluded.enabled, \
               settings = excluded.settings, version = warning_detectors.version + 1 RETURNING version";
    let values = params![
        detector.code,
        last.0 + 1,
        detector.method,
        detector.level,
        detector.enabled,
        json(detector.settings())
    ];
    Ok(w.returning::<(u32,)>(sql, values)?.0)
}

store::record! {
    /// That a detector looked at a day.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Run {
        /// The day.
        pub day: Date,
        /// The detector.
        pub detector: String,
        /// When.
        pub at: Timestamp,
        /// The seed.
        pub seed: i64,
        /// Series it judged.
        pub series: i64,
        /// Series without enough past.
        pub too_short: i64,
        /// What it found.
        pub signals: i64,
    }
}

/// The latest day that was looked at by any detector.
pub fn last_day(r: &mut Read<'_>) -> StoreResult<Option<Date>> {
    let sql = "SELECT day FROM warning_runs WHERE district = $1 ORDER BY day DESC LIMIT 1";
    Ok(r.opt::<(Date,)>(sql, params![CITY])?.map(|row| row.0))
}

/// The last runs, newest first.
pub fn last_runs(r: &mut Read<'_>, limit: i64) -> StoreResult<Vec<Run>> {
    let sql = "SELECT day, detector, at, seed, series, too_short, signals FROM warning_runs WHERE district = $1 ORDER BY day DESC, detector LIMIT $2";
    r.all(sql, params![CITY, limit])
}

/// By detector, on how many days it judged something.
pub fn days_run(r: &mut Read<'_>) -> StoreResult<BTreeMap<String, u32>> {
    let sql = "SELECT detector, CAST(sum(CASE WHEN series > 0 THEN 1 ELSE 0 END) AS BIGINT) FROM warning_runs WHERE district = $1 GROUP BY detector ORDER BY detector";
    let rows: Vec<(String, u32)> = r.all(sql, params![CITY])?;
    Ok(rows.into_iter().collect())
}

/// Forgets that a day was looked at, before it is looked at again.
pub fn forget_run(w: &mut Write<'_>, day: Date) -> StoreResult<u64> {
    w.exec(
        "DELETE FROM warning_runs WHERE district = $1 AND day = $2",
        params![CITY, day],
    )
}

/// Keeps that a detector looked at a day. Fails as taken when another process did so first.
pub fn put_run(w: &mut Write<'_>, run: &Run) -> StoreResult<()> {
    let sql = "INSERT INTO warning_runs (district, day, detector, at, seed, series, too_short, signals) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = params![
        CITY,
        run.day,
        run.detector,
        run.at,
        run.seed,
        run.series,
        run.too_short,
        run.signals
    ];
    w.exec(sql, values).map(|_| ())
}

store::record! {
    /// A finding as performance needs it, with one detector that saw it.
    #[derive(Debug, Clone, PartialEq)]
    pub struct SeenBy {
        /// The finding.
        pub id: WarningId,
        /// The first day of its first window.
        pub began: Date,
        /// The last day it was seen.
        pub last_seen: Date,
        /// What people found out.
        pub verdict: Option<Verdict>,
        /// A detector.
        pub detector: String,
        /// The first day it saw it.
        pub first: Date,
    }
}

/// Every finding with each detector that saw it.
pub fn seen_by(r: &mut Read<'_>) -> StoreResult<Vec<SeenBy>> {
    let sql = "SELECT w.id, w.began, w.last_seen, w.verdict, s.detector, min(s.day) FROM warnings w \
               JOIN warning_sights s ON s.district = w.district AND s.warning_id = w.id \
               GROUP BY w.id, w.began, w.last_seen, w.verdict, s.detector ORDER BY w.id, s.detector";
    r.all(sql, &[])
}

/// A case behind a finding, without a word of anybody.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseBehind {
    /// Its number.
    pub number: CaseNumber,
    /// Where it stands.
    pub state: cases::State,
    /// When it was reported.
    pub reported_at: Timestamp,
    /// Its unit grid.
    pub grid: Option<kernel::codes::GridCode>,
}

impl FromRow for CaseBehind {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        Ok(Self {
            number: row.get(0)?,
            state: row.get(1)?,
            reported_at: row.get(2)?,
            grid: row.get(3)?,
        })
    }
}

/// What the cases behind a finding have in common.
#[derive(Debug, Clone)]
pub struct Behind {
    /// Their districts of record.
    pub districts: Vec<DistrictCode>,
    /// Their class.
    pub matter: MatterId,
    /// The first digits of their places.
    pub heads: Vec<String>,
    /// Reported at or after.
    pub from: Timestamp,
    /// Reported before.
    pub to: Timestamp,
}

/// The incidents behind a finding, oldest first: what detectors count, so neither merged nor void nor the city's own
/// findings. One statement over the days of the districts.
pub fn cases_behind(r: &mut Read<'_>, behind: &Behind, limit: i64) -> StoreResult<Vec<CaseBehind>> {
    if behind.heads.is_empty() || behind.districts.is_empty() {
        return Ok(Vec::new());
    }
    let mut bound = Bound::default();
    let districts = bound.list(&behind.districts);
    // Ids begin with the time of the report: the range is the key to the right rows.
    let (from, to) = (
        bound.put(&Id::floor(behind.from)),
        bound.put(&Id::floor(behind.to)),
    );
    let matter = bound.put(&behind.matter);
    let own: Vec<String> = cases::facts::PATROL_CHANNELS
        .iter()
        .map(|c| (*c).to_owned())
        .collect();
    let own = bound.list(&own);
    let heads: Vec<String> = behind
        .heads
        .iter()
        .map(|head| {
            let (low, high) = (bound.put(head), bound.put(&format!("{head}~")));
            format!("(coalesce(grid, division) >= {low} AND coalesce(grid, division) < {high})")
        })
        .collect();
    let limit = bound.put(&limit);
    let sql = format!(
        "SELECT number, state, reported_at, grid FROM cases WHERE district IN ({districts}) AND id >= {from} AND id < {to} \
         AND matter_id = {matter} AND channel NOT IN ({own}) AND state NOT IN ('merged', 'voided') AND ({}) ORDER BY id LIMIT {limit}",
        heads.join(" OR ")
    );
    r.all(&sql, &bound.0)
}

/// A back-test as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct BacktestRow {
    /// Its id.
    pub id: Id,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// The seed.
    pub seed: i64,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it last made a step.
    pub moved_at: Timestamp,
    /// Its steps.
    pub steps: i64,
    /// Those done.
    pub steps_done: i64,
    /// What came of it, as JSON.
    pub outcome: Option<String>,
    /// Why it failed.
    pub failure: Option<String>,
}

impl FromRow for BacktestRow {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        Ok(Self {
            id: row.get(0)?,
            from: row.get(1)?,
            to: row.get(2)?,
            seed: row.get(3)?,
            asked_at: row.get(4)?,
            moved_at: row.get(5)?,
            steps: row.get(6)?,
            steps_done: row.get(7)?,
            outcome: row.get(8)?,
            failure: row.get(9)?,
        })
    }
}

const BACKTEST: &str =
    "id, from_day, to_day, seed, asked_at, moved_at, steps, steps_done, outcome, failure";

/// A back-test.
pub fn backtest(r: &mut Read<'_>, id: Id) -> StoreResult<Option<BacktestRow>> {
    let sql = format!("SELECT {BACKTEST} FROM warning_backtests WHERE district = $1 AND id = $2");
    r.opt(&sql, params![CITY, id])
}

/// The last back-tests, newest first.
pub fn backtests(r: &mut Read<'_>, limit: i64) -> StoreResult<Vec<BacktestRow>> {
    let sql = format!(
        "SELECT {BACKTEST} FROM warning_backtests WHERE district = $1 ORDER BY id DESC LIMIT $2"
    );
    r.all(&sql, params![CITY, limit])
}

/// Keeps a back-test that begins.
pub fn insert_backtest(w: &mut Write<'_>, row: &BacktestRow) -> StoreResult<()> {
    let sql = "INSERT INTO warning_backtests (district, id, from_day, to_day, seed, asked_at, moved_at, steps, steps_done, outcome, failure) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = params![
        CITY,
        row.id,
        row.from,
        row.to,
        row.seed,
        row.asked_at,
        row.moved_at,
        row.steps,
        row.steps_done,
        row.outcome,
        row.failure
    ];
    w.exec(sql, values).map(|_| ())
}

/// Keeps how far a back-test has come, and its end.
pub fn update_backtest(
    w: &mut Write<'_>,
    id: Id,
    steps_done: i64,
    outcome: Option<&str>,
    failure: Option<&str>,
) -> StoreResult<()> {
    let now = w.now();
    let sql = "UPDATE warning_backtests SET moved_at = $3, steps_done = $4, outcome = $5, failure = $6 WHERE district = $1 AND id = $2";
    let values = params![
        CITY,
        id,
        now,
        steps_done,
        outcome.map(str::to_owned),
        failure.map(str::to_owned)
    ];
    w.exec_one(sql, values)
}
