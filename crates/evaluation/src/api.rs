//! The calls of evaluation under `/api/v1`: figures by definition, the cases behind a number, sets, frozen months.

use crate::definitions::DefinitionSet;
use crate::figures_pages::drill_of;
use crate::model::{By, Month};
use crate::ops::{self, ByDefinition, EvaluationError, Figures};
use crate::sql_sets;
use access::{Ctx, Fault, Fields, Json, Operation, Permission, Routes};
use axum::extract::RawQuery;
use axum::http::Method;
use cases::service::Cases;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// The cases of a page.
const PAGE: i64 = 100;

pub(crate) fn add(routes: Routes) -> Routes {
    let (get, read) = (|| Method::GET, Permission::EvaluationRead);
    routes
        .on_api(
            get(),
            "/api/v1/evaluation/sets",
            read,
            sets,
            Operation::new("lists the sets of definitions by which figures are made").answers::<Value>(200),
        )
        .on_api(
            get(),
            "/api/v1/evaluation/figures",
            read,
            figures,
            Operation::new("figures of a month by definition, each with numerator, denominator, definition and filter")
                .query::<String>("month", "YYYY-MM; the last month that is over without it")
                .query::<String>("set", "a set, perhaps with @version; `standard` without it")
                .query::<String>("by", "city, division, street, unit, matter or channel")
                .answers::<Value>(200),
        )
        .on_api(
            get(),
            "/api/v1/evaluation/cases",
            read,
            behind,
            Operation::new("the cases behind a number, newest first; what they count adds up to it")
                .query::<String>("rate", "the id of a definition")
                .query::<String>("side", "numerator or denominator")
                .query::<String>("key", "the key of the row")
                .query::<String>("month", "YYYY-MM")
                .query::<String>("set", "as for figures")
                .query::<String>("by", "as for figures")
                .query::<String>("after_review", "1: exempt lateness forgiven, excluded cases left out")
                .query::<String>("before", "`next` of the page before")
                .answers::<Value>(200),
        )
        .on_api(
            get(),
            "/api/v1/evaluation/months",
            read,
            months,
            Operation::new("lists the frozen months").answers::<Value>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/evaluation/months",
            Permission::EvaluationFreeze,
            freeze,
            Operation::new("freezes the figures of a month that is over, once")
                .body::<Freeze>()
                .answers::<Value>(201),
        )
}

/// Which month is frozen by which set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Freeze {
    /// YYYY-MM.
    month: String,
    /// The set; `standard` without it.
    #[serde(default)]
    set: Option<String>,
}

fn bad(field: &'static str, reason: String) -> Fault {
    Fault::invalid(field, "evaluation.bad_query", reason)
}

fn month_and_by(fields: &Fields, ctx: &Ctx) -> Result<(Month, By), Fault> {
    let zone = ctx.service::<Cases>().city().timezone.clone();
    let month = match fields.get("month") {
        "" => ops::last_month(ctx.now(), &zone),
        text => text.parse().map_err(|e| bad("month", e))?,
    };
    let by = match fields.get("by") {
        "" => By::City,
        text => By::grouping(text).map_err(|e| bad("by", e))?,
    };
    Ok((month, by))
}

async fn sets(ctx: Ctx) -> Result<Json<Value>, Fault> {
    let sets: Vec<DefinitionSet> = ctx.read(ops::sets).await?;
    Ok(Json(json!({ "sets": sets })))
}

async fn figures(ctx: Ctx, RawQuery(query): RawQuery) -> Result<Json<Figures>, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let (month, by) = month_and_by(&fields, &ctx)?;
    let city = ctx.service::<Cases>().city();
    let period = month
        .period(&city.timezone)
        .map_err(|e| EvaluationError::Period(e.to_string()))?;
    let set = match fields.get("set") {
        "" => "standard",
        set => set,
    };
    let asked = ByDefinition {
        set: set.to_owned(),
        by,
        period,
    };
    Ok(Json(ops::by_definition(&ctx, city, asked).await?.1))
}

async fn behind(ctx: Ctx, RawQuery(query): RawQuery) -> Result<Json<Value>, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let (month, by) = month_and_by(&fields, &ctx)?;
    if !matches!(fields.get("side"), "" | "numerator" | "denominator") {
        return Err(bad("side", "expected numerator or denominator".into()));
    }
    let city = ctx.service::<Cases>().city();
    let drill = drill_of(&fields, &city, month, by, PAGE)?;
    let found = ops::behind(&ctx, city, drill).await?;
    let is_full = i64::try_from(found.len()).unwrap_or(i64::MAX) == PAGE;
    let next = found.last().filter(|_| is_full).map(|c| c.id);
    let cases: Vec<Value> = found
        .iter()
        .map(|c| {
            json!({
                "number": c.number, "state": c.state, "unit": c.unit, "matter": c.matter, "channel": c.channel,
                "reported_at": c.reported_at, "due_at": c.due_at, "handled_at": c.handled_at, "closed_at": c.closed_at,
                "counts": c.counts,
            })
        })
        .collect();
    Ok(Json(json!({ "cases": cases, "next": next })))
}

async fn months(ctx: Ctx) -> Result<Json<Value>, Fault> {
    let found = ctx
        .read::<_, EvaluationError, _>(|r| Ok(sql_sets::frozen(r, 1200)?))
        .await?;
    Ok(Json(json!({ "months": found })))
}

async fn freeze(
    ctx: Ctx,
    Json(asked): Json<Freeze>,
) -> Result<(axum::http::StatusCode, Json<Value>), Fault> {
    let who = ops::may_freeze(&ctx)?;
    let month: Month = asked.month.parse().map_err(|e| bad("month", e))?;
    let city = ctx.service::<Cases>().city();
    let set = asked.set.unwrap_or_else(|| "standard".to_owned());
    let row = ctx
        .write(move |w| ops::freeze(w, &city, &set, month, &who))
        .await?;
    Ok((axum::http::StatusCode::CREATED, Json(json!(row))))
}
