//! The calls of supervision under `/api/v1`. A handler translates; `ops` decides.

use crate::model::{
    Decision, EntryRow, NewSupervised, Rung, Standing, Supervised, SupervisionError,
};
use crate::ops::{self, Asked, Full};
use access::{Ctx, Fault, Json, Listing, Operation, Path, Permission, Query, Routes, UnitId};
use axum::http::{Method, StatusCode};
use cases::Stage;
use cases::ops::view::stamp;
use cases::service::Cases;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use matters::City;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    let (get, post) = (|| Method::GET, || Method::POST);
    let (read, supervise) = (Permission::CaseRead, Permission::CaseSupervise);
    Routes::new("supervision")
        .on_api(
            post(),
            "/api/v1/cases/{number}/reminders",
            Permission::CaseRemind,
            remind,
            Operation::new("reminds whoever has a case; once for each step").body::<Words>().answers_empty(204, "told"),
        )
        .on_api(
            get(),
            "/api/v1/cases/{number}/reminders",
            read,
            entries,
            Operation::new("lists what was said to whoever has a case: by rungs of the ladder and by people")
                .answers::<Vec<EntryView>>(200),
        )
        .on_api(
            get(),
            "/api/v1/supervised",
            read,
            list,
            Operation::new("lists supervised matters in the caller's scope, the most pressing first")
                .query::<String>("state", "open, reported, signed_off or withdrawn; several with commas")
                .query::<String>("unit", "the id of a unit")
                .paged()
                .answers::<Listing<SupervisedView>>(200),
        )
        .on_api(
            post(),
            "/api/v1/supervised",
            supervise,
            open,
            Operation::new("puts a case, or what an instruction says, under supervision")
                .body::<OpenInput>()
                .answers::<SupervisedView>(201),
        )
        .on_api(
            get(),
            "/api/v1/supervised/counts",
            read,
            counts,
            Operation::new("counts supervised matters by unit and standing").answers::<Vec<CountView>>(200),
        )
        .on_api(
            get(),
            "/api/v1/supervised/{id}",
            read,
            show,
            Operation::new("shows a supervised matter with what was done about it").answers::<FullView>(200),
        )
        .on_api(
            post(),
            "/api/v1/supervised/{id}/report",
            Permission::CaseHandle,
            report,
            Operation::new("reports what the unit did").body::<ReportInput>().answers::<SupervisedView>(200),
        )
        .on_api(
            post(),
            "/api/v1/supervised/{id}/decide",
            supervise,
            decide,
            Operation::new("signs a report off, sends it back, or withdraws the supervision: whoever opened it, or in that one's place another with the same right")
                .body::<DecideInput>()
                .answers::<SupervisedView>(200),
        )
        .on_api(
            get(),
            "/api/v1/supervision-ladder",
            Permission::ReferenceRead,
            ladder,
            Operation::new("lists the rungs of the escalation ladder").answers::<Vec<RungView>>(200),
        )
        .on_api(
            post(),
            "/api/v1/supervision-ladder",
            Permission::ReferenceManage,
            change_rung,
            Operation::new("adds a rung (version 0) or changes one; every running clock is looked at again")
                .body::<RungView>()
                .answers_empty(204, "kept"),
        )
}

/// Some words.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Words {
    /// At most 2,000 characters.
    #[serde(default)]
    words: String,
}

async fn remind(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
    Json(body): Json<Words>,
) -> Result<StatusCode, Fault> {
    ops::remind(&ctx, number, &body.words).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What was said to whoever has a case.
#[derive(Serialize, ToSchema)]
struct EntryView {
    /// When, RFC 3339.
    at: String,
    /// `rung` or `person`.
    kind: String,
    /// The level of a rung.
    level: Option<i64>,
    /// The rung's name.
    name: String,
    /// In which role somebody reminded.
    role: Option<String>,
    /// In words.
    words: String,
}

async fn entries(ctx: Ctx, Path(number): Path<CaseNumber>) -> Result<Json<Vec<EntryView>>, Fault> {
    let case = cases::ops::find(&ctx, number).await?;
    let city = ctx.service::<Cases>().city();
    let rows = ops::entries_of(&ctx, &case).await?;
    let view = |e: EntryRow| EntryView {
        at: stamp(e.at, &city.timezone),
        kind: e.kind,
        level: e.level,
        name: e.name_zh,
        role: e.role,
        words: e.words,
    };
    Ok(Json(rows.into_iter().map(view).collect()))
}

/// A supervised matter.
#[derive(Serialize, ToSchema)]
struct SupervisedView {
    /// Its id.
    id: String,
    /// The number of its case, if it is about one.
    case: Option<String>,
    /// The id of the unit that is to act.
    unit: String,
    /// The name of that unit.
    unit_name: Option<String>,
    /// `instruction`, `refused`, `overdue`, `unsolved` or `effect`.
    origin: String,
    /// What is asked.
    instruction: String,
    /// How long.
    limit: String,
    /// In which role it was opened.
    opened_role: String,
    /// When, RFC 3339 like all times.
    opened_at: String,
    /// When the report is due.
    due_at: String,
    /// A report is owed and late.
    is_late: bool,
    /// The calendar does not reach that far yet.
    provisional: bool,
    /// `open`, `reported`, `signed_off` or `withdrawn`.
    state: String,
    /// What the unit reported last.
    report: String,
    /// When.
    reported_at: Option<String>,
    /// When it was signed off or withdrawn.
    decided_at: Option<String>,
}

impl SupervisedView {
    fn of(s: &Supervised, city: &City, now: jiff::Timestamp) -> Self {
        let tz = &city.timezone;
        Self {
            id: s.id.to_string(),
            case: s.case_no.clone(),
            unit: s.unit.to_string(),
            unit_name: city.unit(s.unit).map(|u| u.name_zh.clone()),
            origin: s.origin.to_string(),
            instruction: s.instruction.clone(),
            limit: s.limit_text.clone(),
            opened_role: s.opened_role.clone(),
            opened_at: stamp(s.opened_at, tz),
            due_at: stamp(s.due_at, tz),
            is_late: s.is_late(now),
            provisional: s.provisional,
            state: s.state.to_string(),
            report: s.report.clone(),
            reported_at: s.reported_at.map(|at| stamp(at, tz)),
            decided_at: s.decided_at.map(|at| stamp(at, tz)),
        }
    }
    fn json(ctx: &Ctx, s: &Supervised) -> Json<Self> {
        Json(Self::of(s, &ctx.service::<Cases>().city(), ctx.now()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    state: Option<String>,
    unit: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

fn part<T: std::str::FromStr>(
    field: &'static str,
    text: Option<&String>,
) -> Result<Option<T>, SupervisionError>
where
    T::Err: std::fmt::Display,
{
    text.map(|t| t.parse())
        .transpose()
        .map_err(|e: T::Err| SupervisionError::field(field, "supervision.bad_query", e.to_string()))
}

pub(crate) fn states_of(text: &str) -> Result<Vec<Standing>, SupervisionError> {
    text.split(',')
        .map(str::trim)
        .filter(|t| !t.is_empty())
        .map(|t| {
            t.parse()
                .map_err(|e: String| SupervisionError::field("state", "supervision.bad_query", e))
        })
        .collect()
}

async fn list(
    ctx: Ctx,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Listing<SupervisedView>>, Fault> {
    let asked = Asked {
        states: states_of(wanted.state.as_deref().unwrap_or_default())?,
        unit: part::<Id>("unit", wanted.unit.as_ref())?.map(UnitId),
        size: part("limit", wanted.limit.as_ref())?.unwrap_or_default(),
        after: part("after", wanted.after.as_ref())?,
    };
    let page = ops::list(&ctx, asked).await?;
    let (city, now) = (ctx.service::<Cases>().city(), ctx.now());
    Ok(Json(
        page.map(|s| SupervisedView::of(&s, &city, now)).into(),
    ))
}

/// A supervision to be opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OpenInput {
    /// The number of the case; left out for an instruction about something else.
    #[schema(value_type = Option<String>)]
    case: Option<CaseNumber>,
    /// The id of the unit that is to act; left out = the one that handles the case.
    #[schema(value_type = Option<String>)]
    unit: Option<Id>,
    /// `instruction` (usual), `refused`, `overdue`, `unsolved` or `effect`.
    origin: Option<String>,
    /// What is asked, at most 2,000 characters.
    instruction: String,
    /// How long, such as `3工作日`.
    limit: String,
}

async fn open(
    ctx: Ctx,
    Json(body): Json<OpenInput>,
) -> Result<(StatusCode, Json<SupervisedView>), Fault> {
    let origin = body.origin.as_deref().unwrap_or("instruction");
    let new = NewSupervised {
        number: body.case,
        unit: body.unit.map(UnitId),
        origin: origin
            .parse()
            .map_err(|e: String| SupervisionError::field("origin", "supervision.bad_query", e))?,
        instruction: body.instruction,
        limit: body.limit,
    };
    let opened = ops::open(&ctx, new).await?;
    Ok((StatusCode::CREATED, SupervisedView::json(&ctx, &opened)))
}

/// How many matters of a unit are supervised.
#[derive(Serialize, ToSchema)]
struct CountView {
    /// The id of the unit.
    unit: String,
    /// Its name.
    unit_name: Option<String>,
    /// Where they stand.
    state: String,
    /// So many.
    count: i64,
    /// Of which a report is late.
    late: i64,
}

async fn counts(ctx: Ctx) -> Result<Json<Vec<CountView>>, Fault> {
    let city = ctx.service::<Cases>().city();
    let rows = ops::count(&ctx).await?;
    let view = |c: crate::sql::UnitCount| CountView {
        unit: c.unit.to_string(),
        unit_name: city.unit(c.unit).map(|u| u.name_zh.clone()),
        state: c.state.to_string(),
        count: c.n,
        late: c.late,
    };
    Ok(Json(rows.into_iter().map(view).collect()))
}

/// What somebody did.
#[derive(Serialize, ToSchema)]
struct MarkView {
    /// When, RFC 3339.
    at: String,
    /// In which role.
    role: String,
    /// `opened`, `reported`, `sent_back`, `signed_off`, `withdrawn`; by the program `recomputed`, `unit_changed`.
    mark: String,
    /// In words.
    words: String,
    /// When the report was due, where another calendar moved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    was_due_at: Option<String>,
    /// When it is due since.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<String>,
    /// The calendar version that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar: Option<String>,
    /// The id of the unit that was to act, where a reorganisation moved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    was_unit: Option<String>,
    /// The id of the unit that is to act since.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
}

/// A supervised matter with what was done about it.
#[derive(Serialize, ToSchema)]
struct FullView {
    /// What is kept.
    supervised: SupervisedView,
    /// What was done, in order.
    marks: Vec<MarkView>,
}

async fn show(ctx: Ctx, Path(id): Path<Id>) -> Result<Json<FullView>, Fault> {
    let Full {
        supervised, marks, ..
    } = ops::details(&ctx, id).await?;
    let city = ctx.service::<Cases>().city();
    let marks = marks
        .into_iter()
        .map(|m| MarkView {
            at: stamp(m.at, &city.timezone),
            role: m.role,
            mark: m.mark,
            words: m.words,
            was_due_at: m.was_due_at.map(|at| stamp(at, &city.timezone)),
            due_at: m.due_at.map(|at| stamp(at, &city.timezone)),
            calendar: m.calendar,
            was_unit: m.was_unit.map(|u| u.to_string()),
            unit: m.unit.map(|u| u.to_string()),
        })
        .collect();
    Ok(Json(FullView {
        supervised: SupervisedView::of(&supervised, &city, ctx.now()),
        marks,
    }))
}

/// What the unit did.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportInput {
    /// In words, at most 2,000 characters.
    report: String,
}

async fn report(
    ctx: Ctx,
    Path(id): Path<Id>,
    Json(body): Json<ReportInput>,
) -> Result<Json<SupervisedView>, Fault> {
    let done = ops::report(&ctx, id, &body.report).await?;
    Ok(SupervisedView::json(&ctx, &done))
}

/// What whoever decides on it says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecideInput {
    /// `sign_off`, `send_back` or `withdraw`.
    decision: String,
    /// Why; may be empty for a sign-off.
    #[serde(default)]
    words: String,
    /// A new limit when it is sent back; left out = the one before.
    limit: Option<String>,
}

pub(crate) fn decision_of(word: &str) -> Option<Decision> {
    match word.replace('-', "_").as_str() {
        "sign_off" => Some(Decision::SignOff),
        "send_back" => Some(Decision::SendBack),
        "withdraw" => Some(Decision::Withdraw),
        _ => None,
    }
}

async fn decide(
    ctx: Ctx,
    Path(id): Path<Id>,
    Json(body): Json<DecideInput>,
) -> Result<Json<SupervisedView>, Fault> {
    let decision = decision_of(&body.decision).ok_or_else(|| {
        SupervisionError::field(
            "decision",
            "supervision.bad_query",
            "sign_off, send_back or withdraw",
        )
    })?;
    let done = ops::decide(&ctx, id, decision, &body.words, body.limit.as_deref()).await?;
    Ok(SupervisedView::json(&ctx, &done))
}

/// A rung of the ladder.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RungView {
    /// Of which stage's clock: `handle` (usual), or `verify`, `accept`, `register`, `dispatch`, `coordinate`, `sign`, `check`,
    /// `close`, `audit`, `call_back`.
    #[serde(default = "handle")]
    stage: String,
    /// The code of a class, or `*` for all others.
    matter: String,
    /// Its place, from 1.
    level: i64,
    /// `80%` of the limit, or `+1工作日` after it.
    at: String,
    /// `warn`, `overdue` or `criticism`.
    act: String,
    /// Whom it tells: handler, lead, dispatcher, shift_leader, leader, holder.
    tell: Vec<String>,
    /// Its name in Chinese.
    name_zh: String,
    /// Its name in English.
    name_en: String,
    /// Whether it is in force.
    enabled: bool,
    /// The version it replaces; 0 adds one.
    version: i64,
}

fn handle() -> String {
    Stage::Handle.to_string()
}

async fn ladder(ctx: Ctx) -> Result<Json<Vec<RungView>>, Fault> {
    let view = |r: Rung| RungView {
        stage: r.stage.to_string(),
        matter: r.matter,
        level: r.level,
        at: r.at.to_string(),
        act: r.act.to_string(),
        tell: r.tell.iter().map(ToString::to_string).collect(),
        name_zh: r.name_zh,
        name_en: r.name_en,
        enabled: r.enabled,
        version: r.version,
    };
    Ok(Json(
        ops::ladder(&ctx)
            .await?
            .rungs
            .into_iter()
            .map(view)
            .collect(),
    ))
}

async fn change_rung(ctx: Ctx, Json(body): Json<RungView>) -> Result<StatusCode, Fault> {
    fn read<T: std::str::FromStr<Err = String>>(
        field: &'static str,
        text: &str,
    ) -> Result<T, SupervisionError> {
        text.parse()
            .map_err(|e: String| SupervisionError::field(field, "supervision.bad_rung", e))
    }
    let rung = Rung {
        stage: read("stage", &body.stage)?,
        at: read("at", &body.at)?,
        act: read("act", &body.act)?,
        tell: body
            .tell
            .iter()
            .map(|t| read("tell", t))
            .collect::<Result<_, _>>()?,
        matter: body.matter,
        level: body.level,
        name_zh: body.name_zh,
        name_en: body.name_en,
        enabled: body.enabled,
        version: body.version,
    };
    ops::change_rung(&ctx, rung).await?;
    Ok(StatusCode::NO_CONTENT)
}
