//! The register of duties under `/api/v1/duties`: read, a line added or ended. Whole sheets come in as imports.

use super::UnitView;
use crate::error::MatterError;
use crate::model::{Duty, DutyId};
use crate::ops::{self, NewDuty};
use crate::reference::{City, Reference};
use crate::rules::DutyFilter;
use access::{Ctx, Fault, Json, Listing, Operation, Path, Permission, Query, Routes, UnitId};
use axum::http::{Method, StatusCode};
use grid::model::in_force;
use jiff::civil::Date;
use kernel::{Cursor, DivisionCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

pub(super) fn add(routes: Routes) -> Routes {
    routes
        .on_api(
            Method::GET,
            "/api/v1/duties",
            Permission::ReferenceRead,
            list,
            Operation::new("lists the register of duties: who answers for what, where, since when")
                .query::<String>("matter", "the code of a class or its beginning: lines that speak about it")
                .query::<String>("division", "a division of 12 digits: lines that hold in a part of it, or around it")
                .query::<String>("unit", "the code or the id of a unit: lines that name it")
                .query::<bool>("ended", "also lines that have ended")
                .paged()
                .answers::<Listing<DutyView>>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/duties",
            Permission::ReferenceManage,
            enter,
            Operation::new("adds a line to the register of duties")
                .about("With `replaces` that line ends on the day before, in the same step. A line is never rewritten.")
                .body::<DutyInput>()
                .answers::<DutyView>(201),
        )
        .on_api(
            Method::POST,
            "/api/v1/duties/{id}/end",
            Permission::ReferenceManage,
            end,
            Operation::new("ends a line of the register of duties, yesterday at the earliest")
                .body::<DutyEnd>()
                .answers::<DutyView>(200),
        )
}

/// A line of the register.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct DutyView {
    /// Its id.
    id: String,
    /// Only classes of this catalogue; empty for any.
    catalogue: String,
    /// A class code or the beginning of several; empty for any.
    matter: String,
    /// Only in this division; null for anywhere.
    division: Option<String>,
    /// Only in this beat; empty for any.
    beat: String,
    /// First day in force.
    #[schema(value_type = Option<String>)]
    valid_from: Option<Date>,
    /// Last day in force.
    #[schema(value_type = Option<String>)]
    valid_to: Option<Date>,
    /// It is in force today.
    in_force: bool,
    /// 处置单位
    handling: UnitView,
    /// 主管部门
    competent: Option<UnitView>,
    /// 权属单位
    owning: Option<UnitView>,
    /// 养护单位
    maintaining: Option<UnitView>,
    /// Law, clause, or the ruling it comes from.
    legal_basis: Option<String>,
    /// Where the line comes from.
    source: String,
}

impl DutyView {
    fn new(city: &City, duty: &Duty, on: Date) -> Self {
        let unit = |id: Option<UnitId>| id.map(|id| UnitView::new(city, id));
        Self {
            id: duty.id.to_string(),
            catalogue: duty.catalogue.clone(),
            matter: duty.matter.clone(),
            division: duty.division.map(|d| d.to_string()),
            beat: duty.beat.clone(),
            valid_from: duty.valid_from,
            valid_to: duty.valid_to,
            in_force: in_force(duty.valid_from, duty.valid_to, on),
            handling: UnitView::new(city, duty.handling),
            competent: unit(duty.competent),
            owning: unit(duty.owning),
            maintaining: unit(duty.maintaining),
            legal_basis: duty.legal_basis.clone(),
            source: duty.source.clone(),
        }
    }
}

/// A line to be added. Units are named by code or by id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DutyInput {
    /// Only classes of this catalogue.
    #[serde(default)]
    catalogue: String,
    /// A class code or the beginning of several; empty for any.
    #[serde(default)]
    matter: String,
    /// Only in this division, 12 digits.
    #[schema(value_type = Option<String>)]
    division: Option<DivisionCode>,
    /// Only in this beat.
    #[serde(default)]
    beat: String,
    /// First day in force.
    #[schema(value_type = Option<String>)]
    valid_from: Option<Date>,
    /// Last day in force.
    #[schema(value_type = Option<String>)]
    valid_to: Option<Date>,
    /// 处置单位
    handling: String,
    /// 主管部门
    competent: Option<String>,
    /// 权属单位
    owning: Option<String>,
    /// 养护单位
    maintaining: Option<String>,
    /// Law, clause.
    legal_basis: Option<String>,
    /// The id of the line whose place it takes.
    replaces: Option<String>,
}

/// When a line ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DutyEnd {
    /// Its last day.
    #[schema(value_type = String)]
    last: Date,
}

/// Lines of a page unless more are asked for.
const PAGE: usize = 50;
/// Lines of a page at most.
const MOST: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    matter: Option<String>,
    division: Option<DivisionCode>,
    unit: Option<String>,
    #[serde(default)]
    ended: bool,
    limit: Option<usize>,
    after: Option<Cursor>,
}

/// A unit by its id or its code.
fn unit(city: &City, field: &str, text: &str) -> Result<UnitId, MatterError> {
    let known = text.parse().ok().filter(|id| city.unit(*id).is_some());
    let found = known.or_else(|| city.units.by_code(text).map(|u| u.id));
    found.ok_or_else(|| {
        let text: String = text.chars().take(80).collect();
        MatterError::field(field, "matters.unknown_unit", format!("no unit {text:?}"))
    })
}

async fn list(ctx: Ctx, Query(query): Query<ListQuery>) -> Result<Json<Listing<DutyView>>, Fault> {
    let city = ctx.service::<Reference>().current();
    let on = city.local_date(ctx.now());
    let size = query.limit.unwrap_or(PAGE).clamp(1, MOST);
    let named = query.unit.as_deref();
    let filter = DutyFilter {
        matter: query.matter.unwrap_or_default(),
        division: query.division,
        unit: named.map(|text| unit(&city, "unit", text)).transpose()?,
        ended: query.ended,
    };
    let after: Option<DutyId> = query
        .after
        .map(|cursor| cursor.part::<DutyId>(0))
        .transpose()
        .map_err(|e| {
            Fault::invalid("after", "access.invalid_field", e.to_string()).arg("field", "after")
        })?;
    let mut found: Vec<&Duty> = city
        .duties
        .iter()
        .filter(|d| after.is_none_or(|after| d.id > after) && filter.lets(d, on))
        .collect();
    found.sort_unstable_by_key(|d| d.id);
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more);
    Ok(Json(Listing {
        next: next.map(|last| Cursor::new([last.id.to_string()]).to_string()),
        items: found.iter().map(|d| DutyView::new(&city, d, on)).collect(),
    }))
}

/// The line as the register holds it now.
async fn shown(ctx: &Ctx, id: DutyId) -> Result<DutyView, Fault> {
    let reference = ctx.service::<Reference>();
    reference.refresh(&ctx.renewed()).await?;
    let city: Arc<City> = reference.current();
    let duty = city.duties.iter().find(|d| d.id == id);
    let duty = duty.ok_or_else(Fault::not_found)?;
    Ok(DutyView::new(&city, duty, city.local_date(ctx.now())))
}

async fn enter(
    ctx: Ctx,
    Json(input): Json<DutyInput>,
) -> Result<(StatusCode, Json<DutyView>), Fault> {
    let city = ctx.service::<Reference>().current();
    let one = |field: &str, text: &Option<String>| {
        let text = text.as_deref().map(str::trim).filter(|t| !t.is_empty());
        text.map(|text| unit(&city, field, text)).transpose()
    };
    let replaces = input.replaces.as_deref().map(|text| {
        text.parse::<DutyId>()
            .map_err(|e| MatterError::field("replaces", "matters.invalid", e))
    });
    let basis = input.legal_basis.as_deref().map(str::trim);
    let new = NewDuty {
        handling: unit(&city, "handling", input.handling.trim())?,
        competent: one("competent", &input.competent)?,
        owning: one("owning", &input.owning)?,
        maintaining: one("maintaining", &input.maintaining)?,
        legal_basis: basis.filter(|b| !b.is_empty()).map(str::to_owned),
        catalogue: input.catalogue,
        matter: input.matter,
        division: input.division,
        beat: input.beat,
        valid_from: input.valid_from,
        valid_to: input.valid_to,
        source: "api".into(),
    };
    let id = ops::add_duty(&ctx, &city, &new, replaces.transpose()?).await?;
    Ok((StatusCode::CREATED, Json(shown(&ctx, id).await?)))
}

async fn end(
    ctx: Ctx,
    Path(id): Path<DutyId>,
    Json(input): Json<DutyEnd>,
) -> Result<Json<DutyView>, Fault> {
    let city = ctx.service::<Reference>().current();
    ops::end_duty(&ctx, id, input.last, city.local_date(ctx.now())).await?;
    Ok(Json(shown(&ctx, id).await?))
}
