//! The calls of evaluation under `/api/v1`: figures by definition, the cases behind a number, sets, frozen
//! months, the bulletin.

use crate::definitions::DefinitionSet;
use crate::figures;
use crate::figures_pages::{DOCUMENTS, Names, check_begun, days_of, document, drill_of};
use crate::model::{By, Month};
use crate::ops::{self, ByDefinition, EvaluationError, Figures};
use crate::sql_sets;
use access::{Ctx, Fault, Fields, Json, Operation, Path, Permission, Routes};
use axum::extract::RawQuery;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use cases::service::Cases;
use serde::Deserialize;
use serde_json::{Value, json};
use ui::{Lang, Ui};
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
            Operation::new("lists the sets of definitions by which figures are made")
                .about("`unreadable` names stored versions that cannot be read, with the reason: nothing is made by them.")
                .answers::<Value>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/evaluation/sets",
            Permission::EvaluationManage,
            define,
            Operation::new("adds a set of definitions of a city's own, or its next version")
                .about("A version never changes: the same one with other content is refused, with the same content it is no change (200).")
                .body::<DefinitionSet>()
                .answers::<DefinitionSet>(201)
                .answers::<DefinitionSet>(200),
        )
        .on_api(
            get(),
            "/api/v1/evaluation/sets/{set}",
            read,
            one_set,
            Operation::new("shows a set of definitions: `standard` is its newest version, `standard@1` the first")
                .answers::<DefinitionSet>(200),
        )
        .on_api(
            get(),
            "/api/v1/evaluation/bulletin",
            read,
            bulletin,
            Operation::new("makes the bulletin of a month as PDF or Excel, within the caller's scope")
                .query::<String>("month", "YYYY-MM; the last month that is over without it")
                .query::<String>("set", "as for figures")
                .query::<String>("format", "pdf or xlsx; without it what the header `Accept` prefers, else pdf")
                .query::<String>("lang", "zh-CN or en; without it the language of the request")
                .answers_file(200, &crate::figures_pages::DOCUMENTS),
        )
        .on_api(
            get(),
            "/api/v1/evaluation/figures",
            read,
            by_definition,
            Operation::new("figures of a month by definition, each with numerator, denominator, definition and filter")
                .query::<String>("month", "YYYY-MM; the last month that is over without it")
                .query::<String>("set", "a set, perhaps with @version; `standard` without it")
                .query::<String>("by", "city, division, street, unit, matter, channel or nature")
                .answers::<Value>(200),
        )
        .on_api(
            get(),
            "/api/v1/evaluation/cases",
            read,
            behind,
            Operation::new("the cases behind a number, newest first; what they count adds up to it")
                .query::<String>("rate", "the id of a definition")
                .query::<String>("count", "instead of a rate a plain count: a word of the vocabulary, such as archive")
                .query::<String>("side", "numerator or denominator")
                .query::<String>("key", "the key of the row")
                .query::<String>("month", "YYYY-MM")
                .query::<String>("from", "instead of a month the first day, with to")
                .query::<String>("to", "the last day, included")
                .query::<String>("set", "as for figures")
                .query::<String>("by", "as for figures")
                .query::<String>("after_review", "1, true or yes: exempt lateness forgiven, excluded cases left out")
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
            get(),
            "/api/v1/evaluation/months/{set}/{month}",
            read,
            month,
            Operation::new("shows a frozen month: the figures as they were frozen, by whom and when, and what comes out otherwise now")
                .about("`rows` is what figures has, with the numbers of then; `differences` lists the numbers that the same definitions give otherwise today. Only for who sees the whole city.")
                .query::<String>("by", "city, division, unit, matter or channel; city without it")
                .answers::<Value>(200),
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
    ops::check_begun(month, ctx.now(), &zone)?;
    let by = match fields.get("by") {
        "" => By::City,
        text => By::grouping(text).map_err(|e| bad("by", e))?,
    };
    Ok((month, by))
}

async fn sets(ctx: Ctx) -> Result<Json<ops::Sets>, Fault> {
    Ok(Json(ctx.read(ops::all_sets).await?))
}

async fn one_set(ctx: Ctx, Path(name): Path<String>) -> Result<Json<DefinitionSet>, Fault> {
    let sets = ctx.read(ops::sets).await?;
    Ok(Json(ops::find_set(&sets, &name)?))
}

async fn define(
    ctx: Ctx,
    Json(set): Json<DefinitionSet>,
) -> Result<(StatusCode, Json<DefinitionSet>), Fault> {
    let is_new = ops::add_set(&ctx, set.clone()).await?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(set)))
}

/// Whether Excel is asked for rather than PDF: by name, else by the order in which `Accept` names them.
fn wants_excel(format: &str, accept: &str) -> Result<bool, Fault> {
    let [pdf, excel] = DOCUMENTS;
    match format {
        "pdf" => Ok(false),
        "xlsx" => Ok(true),
        "" => {
            let mut named = accept
                .split(',')
                .map(|part| part.split(';').next().unwrap_or_default().trim());
            Ok(named.find(|m| [pdf, excel].contains(m)) == Some(excel))
        }
        other => {
            let other: String = other.chars().take(20).collect();
            Err(bad(
                "format",
                format!("expected pdf or xlsx, not {other:?}"),
            ))
        }
    }
}

async fn bulletin(
    ctx: Ctx,
    mut ui: Ui,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let (month, _) = month_and_by(&fields, &ctx)?;
    ui.lang = match fields.get("lang") {
        "" => ui.lang,
        "zh-CN" => Lang::Zh,
        "en" => Lang::En,
        _ => return Err(bad("lang", "expected zh-CN or en".into())),
    };
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    let is_pdf = !wants_excel(fields.get("format"), accept.unwrap_or_default())?;
    let set = match fields.get("set") {
        "" => "standard",
        set => set,
    };
    document(&ctx, &ui, set.to_owned(), month, is_pdf).await
}

async fn by_definition(
    ctx: Ctx,
    ui: Ui,
    RawQuery(query): RawQuery,
) -> Result<Json<Figures>, Fault> {
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
    let mut found = ops::by_definition(&ctx, city, asked).await?.1;
    if matches!(by, By::Channel | By::Nature) {
        let names = Names::load(&ctx, &ui).await?;
        for row in found.rows.iter_mut().filter(|row| row.key != "unknown") {
            row.name = names.text(&ui, by, row);
        }
    }
    Ok(Json(found))
}

async fn behind(ctx: Ctx, RawQuery(query): RawQuery) -> Result<Json<Value>, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let (month, by) = month_and_by(&fields, &ctx)?;
    if !matches!(fields.get("side"), "" | "numerator" | "denominator") {
        return Err(bad("side", "expected numerator or denominator".into()));
    }
    let city = ctx.service::<Cases>().city();
    let drill = drill_of(&fields, &city, month, by, PAGE)?;
    check_begun(days_of(&fields)?, month, ctx.now(), &city)?;
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

async fn month(
    ctx: Ctx,
    Path((set, month)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Fault> {
    let month: Month = month.parse().map_err(|_| Fault::not_found())?;
    ops::may_read_frozen(&ctx)?;
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let by = match fields.get("by") {
        "" => By::City,
        text => ops::frozen_by(text).map_err(|e| bad("by", e))?,
    };
    let (city, now) = (ctx.service::<Cases>().city(), ctx.now());
    let (frozen, snapshot, differences) = ctx
        .read(move |r| ops::compared(r, &city, &set, month, now))
        .await?;
    let rows = snapshot
        .figures
        .get(by.as_str())
        .map(|rows| figures::of_frozen(&snapshot.set, rows))
        .unwrap_or_default();
    let mut answer = json!(frozen);
    answer["by"] = json!(by.as_str());
    answer["rows"] = json!(rows);
    answer["differences"] = json!(differences);
    Ok(Json(answer))
}

async fn freeze(ctx: Ctx, Json(asked): Json<Freeze>) -> Result<(StatusCode, Json<Value>), Fault> {
    let who = ops::may_freeze(&ctx)?;
    let month: Month = asked.month.parse().map_err(|e| bad("month", e))?;
    let city = ctx.service::<Cases>().city();
    let set = asked.set.unwrap_or_else(|| "standard".to_owned());
    let row = ctx
        .write(move |w| ops::freeze(w, &city, &set, month, &who))
        .await?;
    Ok((StatusCode::CREATED, Json(json!(row))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_bulletin_is_that_named_first() {
        let [pdf, excel] = DOCUMENTS;
        let wants = |format: &str, accept: &str| wants_excel(format, accept).ok();
        assert_eq!(wants("pdf", excel), Some(false));
        assert_eq!(wants("xlsx", pdf), Some(true));
        assert_eq!(wants("", ""), Some(false));
        assert_eq!(wants("", "*/*"), Some(false));
        assert_eq!(wants("", &format!("text/html, {excel};q=0.9")), Some(true));
        assert_eq!(wants("", &format!("{pdf}, {excel}")), Some(false));
        assert_eq!(wants("docx", ""), None);
    }
}
