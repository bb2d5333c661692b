//! What the API answers about warnings.

use crate::backtest::Warned;
use crate::model::{Detector, Level, Method, Standing, Verdict, WarningId};
use crate::ops::{DayRun, Details, Opened, Stand, Worth};
use crate::performance::Performance;
use crate::sql::{BacktestRow, CaseBehind, Curve, Warning};
use crate::track::{Sight, Track};
use crate::view::{self, class};
use crate::words::Both;
use jiff::Timestamp;
use matters::City;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A finding in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct WarningView {
    /// Its id.
    id: String,
    /// The district of its first place.
    district: String,
    /// What it says, in both languages.
    sentence: Both,
    /// The class.
    matter: Both,
    /// The id of the class.
    matter_id: String,
    /// Where, in both languages.
    place: Both,
    /// What kind of places: grid, community, street, district.
    level: String,
    /// Their codes, the centre first.
    places: Vec<String>,
    /// new, seen, task or dismissed.
    standing: String,
    /// real, known_cause or false, where a person said so.
    verdict: Option<String>,
    /// The first day of its first window.
    began: String,
    /// The day it was first seen.
    first_seen: String,
    /// The day it was last seen.
    last_seen: String,
    /// How it looks now.
    now: SightView,
}

/// How a finding looked to a detector on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct SightView {
    day: String,
    detector: String,
    version: u32,
    /// First day of the window.
    from: String,
    /// Last day of the window.
    to: String,
    /// Incidents in the window, after merging.
    observed: u32,
    /// Reports in these places and days, repeated ones and those of patrols included.
    voices: u32,
    /// Incidents that the past lets expect.
    expected: f64,
    /// The chance of as much if nothing is unusual.
    p_value: f64,
    /// In how many days chance alone shows as much once.
    recurrence_days: f64,
    /// How many places it covered.
    places: u32,
}

impl SightView {
    fn of(sight: &Sight) -> Self {
        Self {
            day: sight.day.to_string(),
            detector: sight.detector.clone(),
            version: sight.version,
            from: sight.from.to_string(),
            to: sight.to.to_string(),
            observed: sight.observed,
            voices: sight.voices,
            expected: sight.expected,
            p_value: sight.p,
            recurrence_days: sight.recurrence_days,
            places: sight.places,
        }
    }
}

impl WarningView {
    /// A finding as it is kept.
    pub fn of(city: &City, warning: &Warning) -> Self {
        let track = &warning.track;
        Self {
            id: warning.id.to_string(),
            district: warning.district.to_string(),
            sentence: view::sentence(city, track),
            matter: class(city, track.category),
            matter_id: track.category.to_string(),
            place: view::place(city, track),
            level: track.level.to_string(),
            places: track.places.clone(),
            standing: warning.standing.to_string(),
            verdict: warning.verdict.map(|v| v.to_string()),
            began: track.began.to_string(),
            first_seen: track.first_seen.to_string(),
            last_seen: track.last_seen.to_string(),
            now: SightView::of(&track.now),
        }
    }
}

/// Something that people did about a finding. Whose account it was stands in the audit trail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WarningMarkView)]
pub struct MarkView {
    seq: i64,
    #[schema(value_type = String)]
    at: Timestamp,
    /// seen, task, dismissed or verdict.
    mark: String,
    verdict: Option<String>,
    reason: String,
}

/// A beat that preventive work was opened for.
#[derive(Debug, Serialize, ToSchema)]
pub struct BeatView {
    beat: String,
    /// Drawn by lot.
    is_control: bool,
    /// The seed of the draw.
    seed: i64,
    /// The case.
    case: String,
}

/// A finding with all that is known about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WarningFullView {
    #[serde(flatten)]
    warning: WarningView,
    /// Its days.
    curve: Curve,
    /// How it looked, day by day.
    history: Vec<SightView>,
    /// What people did about it.
    marks: Vec<MarkView>,
    /// Its preventive work.
    beats: Vec<BeatView>,
}

impl WarningFullView {
    /// A finding with all that is known about it.
    pub fn of(city: &City, details: &Details) -> Self {
        let marks = details.marks.iter().map(|m| MarkView {
            seq: m.seq,
            at: m.at,
            mark: m.mark.clone(),
            verdict: m.verdict.map(|v| v.to_string()),
            reason: m.reason.clone(),
        });
        let beats = details.beats.iter().map(|b| BeatView {
            beat: b.beat.clone(),
            is_control: b.is_control,
            seed: b.seed,
            case: b.case.to_string(),
        });
        Self {
            warning: WarningView::of(city, &details.warning),
            curve: details.warning.curve.clone(),
            history: details.sights.iter().map(SightView::of).collect(),
            marks: marks.collect(),
            beats: beats.collect(),
        }
    }
}

/// A case behind a finding, without a word of anybody.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseBehindView {
    number: String,
    state: String,
    #[schema(value_type = String)]
    reported_at: Timestamp,
    grid: Option<String>,
}

/// The cases behind a finding.
#[derive(Debug, Serialize, ToSchema)]
pub struct CasesView {
    cases: Vec<CaseBehindView>,
}

impl CasesView {
    /// The cases behind a finding.
    pub fn of(cases: &[CaseBehind]) -> Self {
        let cases = cases.iter().map(|c| CaseBehindView {
            number: c.number.to_string(),
            state: c.state.to_string(),
            reported_at: c.reported_at,
            grid: c.grid.map(|g| g.to_string()),
        });
        Self {
            cases: cases.collect(),
        }
    }
}

/// The cases of preventive work.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenedView {
    /// Those of the finding's own beats.
    chosen: Vec<String>,
    /// Those of beats drawn by lot.
    control: Vec<String>,
}

impl OpenedView {
    /// The cases of preventive work.
    pub fn of(opened: &Opened) -> Self {
        let numbers = |list: &[kernel::CaseNumber]| list.iter().map(ToString::to_string).collect();
        Self {
            chosen: numbers(&opened.chosen),
            control: numbers(&opened.control),
        }
    }
}

/// A detector.
#[derive(Debug, Serialize, ToSchema)]
pub struct DetectorView {
    code: String,
    /// scan, ears-c2, farrington or cusum.
    method: String,
    /// grid, community, street or district.
    level: String,
    enabled: bool,
    version: u32,
    settings: BTreeMap<String, f64>,
}

impl DetectorView {
    /// A detector.
    pub fn of(detector: &Detector) -> Self {
        Self {
            code: detector.code.clone(),
            method: Method::as_str(detector.method).to_owned(),
            level: Level::as_str(detector.level).to_owned(),
            enabled: detector.enabled,
            version: detector.version,
            settings: detector.settings().clone(),
        }
    }
}

/// How preventive work ended, of chosen beats or of those drawn by lot.
#[derive(Debug, Serialize, ToSchema)]
pub struct BeatsWorth {
    /// Drawn by lot.
    is_control: bool,
    opened: i64,
    over: i64,
    /// Nothing was there: voided, not accepted, not registered.
    nothing_there: i64,
}

/// What detectors and preventive work have been worth.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorthView {
    detectors: Vec<Performance>,
    beats: Vec<BeatsWorth>,
}

impl WorthView {
    /// What detectors and preventive work have been worth.
    pub fn of(worth: Worth) -> Self {
        let beats = worth
            .beats
            .into_iter()
            .map(|(is_control, opened, over, nothing_there)| BeatsWorth {
                is_control,
                opened,
                over,
                nothing_there,
            });
        Self {
            detectors: worth.detectors,
            beats: beats.collect(),
        }
    }
}

/// What came of looking at a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayRunView {
    /// The day.
    pub day: String,
    /// The seed of the simulations, as text: it may be larger than a JSON number holds exactly.
    pub seed: String,
    /// Ids of findings that began.
    pub begun: Vec<String>,
    /// Ids of findings that go on.
    pub going_on: Vec<String>,
    /// How long it took.
    pub seconds: f64,
}

impl DayRunView {
    /// As it came.
    pub fn of(run: &DayRun) -> Self {
        let ids = |list: &[WarningId]| list.iter().map(ToString::to_string).collect();
        Self {
            day: run.day.to_string(),
            seed: run.seed.to_string(),
            begun: ids(&run.begun),
            going_on: ids(&run.going_on),
            seconds: run.seconds,
        }
    }
}

/// A back-test that was begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunView {
    /// Its id.
    pub id: String,
}

/// A warning that would have come.
#[derive(Debug, Serialize, ToSchema)]
pub struct WarnedView {
    sentence: Both,
    matter: Both,
    place: Both,
    level: String,
    places: Vec<String>,
    began: String,
    first_seen: String,
    last_seen: String,
    verdict: Option<String>,
    now: SightView,
    history: Vec<SightView>,
}

impl WarnedView {
    /// A warning that would have come.
    pub fn of(city: &City, warned: &Warned) -> Self {
        let track: &Track = &warned.track;
        Self {
            sentence: view::sentence(city, track),
            matter: class(city, track.category),
            place: view::place(city, track),
            level: track.level.to_string(),
            places: track.places.clone(),
            began: track.began.to_string(),
            first_seen: track.first_seen.to_string(),
            last_seen: track.last_seen.to_string(),
            verdict: warned.verdict.map(|v| Verdict::as_str(v).to_owned()),
            now: SightView::of(&track.now),
            history: warned.sights.iter().map(SightView::of).collect(),
        }
    }
}

/// What came of a back-test.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeView {
    from: String,
    to: String,
    seed: u64,
    warnings: Vec<WarnedView>,
    performance: Vec<Performance>,
    days_judged: BTreeMap<String, u32>,
    /// By detector, how many warnings the same days bring by chance alone.
    by_chance: BTreeMap<String, u32>,
}

impl OutcomeView {
    /// What came of a back-test.
    pub fn of(city: &City, outcome: &crate::backtest::Outcome) -> Self {
        Self {
            from: outcome.from.to_string(),
            to: outcome.to.to_string(),
            seed: outcome.seed,
            warnings: outcome
                .warned
                .iter()
                .map(|w| WarnedView::of(city, w))
                .collect(),
            performance: outcome.performance.clone(),
            days_judged: outcome.days_judged.clone(),
            by_chance: outcome.by_chance.clone(),
        }
    }
}

/// How far a back-test is.
#[derive(Debug, Serialize, ToSchema)]
pub struct BacktestView {
    id: String,
    from: String,
    to: String,
    /// running, done, failed or left (the program ended while it ran).
    stand: String,
    steps: i64,
    steps_done: i64,
    failure: Option<String>,
    outcome: Option<OutcomeView>,
}

impl BacktestView {
    /// How far a back-test is at a moment.
    pub fn of(city: &City, row: &BacktestRow, now: Timestamp) -> Self {
        let (stand, failure, outcome) = match row.stand(now) {
            Stand::Running(_) => ("running", None, None),
            Stand::Left => ("left", None, None),
            Stand::Failed(why) => ("failed", Some(why), None),
            Stand::Done(outcome) => ("done", None, Some(OutcomeView::of(city, &outcome))),
        };
        Self {
            id: row.id.to_string(),
            from: row.from.to_string(),
            to: row.to.to_string(),
            stand: stand.to_owned(),
            steps: row.steps,
            steps_done: row.steps_done,
            failure,
            outcome,
        }
    }
}

/// The word of a standing, for lists of them.
pub fn standings_of(text: &str) -> Result<Vec<Standing>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::parse)
        .collect()
}
