//! The calls of the catalogue and of duties under `/api/v1`. A handler translates; `ops` decides.

mod check;
mod duties;
mod items;
mod views;

pub use views::{Asked, named_class};
pub use views::{
    AskedClass, ClassView, ConditionView, CoverageView, FoundView, GapView, UnitView, WhoView,
};

use crate::error::MatterError;
use crate::model::MatterId;
use crate::reference::Reference;
use access::{Capability, Ctx, Fault, Json, Listing, Operation, Path, Permission, Query, Routes};
use axum::http::Method;
use jiff::civil::Date;
use kernel::geo::Point;
use kernel::{Cursor, DivisionCode, GridCode};
use serde::Deserialize;

/// Calls of the catalogue and of duties.
pub fn routes() -> Routes {
    let routes = Routes::new("matters")
        .on_api(
            Method::GET,
            "/api/v1/matters",
            Permission::ReferenceRead,
            list,
            Operation::new(
                "finds classes of the catalogue by words, or lists those people choose from",
            )
            .query::<String>(
                "q",
                "words of people, a name, a code; the best comes first, at most 50",
            )
            .query::<String>("catalogue", "only classes of this catalogue")
            .paged()
            .answers::<Listing<FoundView>>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/matters/{id}",
            Permission::ReferenceRead,
            show,
            Operation::new("shows a class as it counts today, with its registration conditions")
                .query::<u32>(
                    "version",
                    "as it was in this version, such as the `edition` of a case; today's if not given",
                )
                .answers::<ClassView>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/duties/who",
            Permission::ReferenceRead,
            who,
            Operation::new("says who is responsible for a matter at a place on a day, and why")
                .required_query::<String>(
                    "matter",
                    "the class: its id, its code, or CATALOGUE/CODE",
                )
                .query::<f64>("lon", "the place in WGS 84, with lat")
                .query::<f64>("lat", "the place in WGS 84, with lon")
                .query::<String>("grid", "the place as a unit grid of 15 digits")
                .query::<String>("division", "the place as a division of 12 digits")
                .query::<String>("on", "the local date; today if not given")
                .answers::<WhoView>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/duties/gaps",
            Permission::ReferenceRead,
            gaps,
            Operation::new(
                "lists for which class nobody is named in which district, and double lines",
            )
            .answers::<CoverageView>(200),
        );
    check::add(items::add(duties::add(routes)))
}

/// What the catalogue brings to the program: calls, pages, tables, words.
pub fn capability() -> Capability {
    crate::pages::menu(Capability::new("matters", crate::pages::add(routes())))
        .migrations(crate::MIGRATIONS)
        .locales(
            include_str!("../../locales/zh-CN.ftl"),
            include_str!("../../locales/en.ftl"),
        )
}

/// Classes on one page of the API.
const PAGE: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    q: Option<String>,
    catalogue: Option<String>,
    limit: Option<usize>,
    after: Option<Cursor>,
}

async fn list(ctx: Ctx, Query(query): Query<ListQuery>) -> Result<Json<Listing<FoundView>>, Fault> {
    let city = ctx.service::<Reference>().current();
    let size = query.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let catalogue = query.catalogue.as_deref().filter(|id| !id.is_empty());
    if let Some(id) = catalogue.filter(|id| city.matters.catalogue(id).is_none()) {
        let id: String = id.chars().take(80).collect();
        let reason = format!("no catalogue {id:?}");
        return Err(MatterError::field("catalogue", "matters.unknown_catalogue", reason).into());
    }
    let is_asked = |class: &crate::MatterClass| {
        catalogue.is_none_or(|id| class.catalogue == id) && city.matters.is_choice(class)
    };
    let asked = query.q.unwrap_or_default();
    if !asked.trim().is_empty() {
        let found = city
            .matters
            .find(&asked)
            .filter(|(class, _)| is_asked(class))
            .take(size);
        let items = found.map(|(c, f)| FoundView::new(c, f.words)).collect();
        return Ok(Json(Listing { items, next: None }));
    }
    let after: Option<String> = query
        .after
        .map(|cursor| cursor.part::<String>(0))
        .transpose()
        .map_err(|e| {
            Fault::invalid("after", "access.invalid_field", e.to_string()).arg("field", "after")
        })?;
    let key = |c: &crate::MatterClass| format!("{}/{}", c.catalogue, c.code);
    let mut rest: Vec<_> = city
        .matters
        .choices()
        .filter(|c| is_asked(c))
        .filter(|c| after.as_deref().is_none_or(|after| key(c).as_str() > after))
        .take(size + 1)
        .collect();
    let more = rest.len() > size;
    rest.truncate(size);
    let next = rest
        .last()
        .filter(|_| more)
        .map(|last| Cursor::new([key(last)]).to_string());
    let items = rest.into_iter().map(|c| FoundView::new(c, Vec::new()));
    Ok(Json(Listing {
        items: items.collect(),
        next,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShowQuery {
    version: Option<u32>,
}

async fn show(
    ctx: Ctx,
    Path(id): Path<MatterId>,
    Query(query): Query<ShowQuery>,
) -> Result<Json<ClassView>, Fault> {
    let city = ctx.service::<Reference>().current();
    let class = city.matter(id).ok_or_else(Fault::not_found)?;
    match query.version.filter(|n| *n != class.version) {
        None => Ok(Json(ClassView::new(class))),
        Some(version) => {
            let asked = ctx
                .read(move |r| crate::ops::version_of(r, id, version))
                .await?;
            Ok(Json(ClassView::new(&asked)))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhoQuery {
    matter: String,
    lon: Option<f64>,
    lat: Option<f64>,
    grid: Option<GridCode>,
    division: Option<DivisionCode>,
    on: Option<Date>,
}

async fn who(ctx: Ctx, Query(query): Query<WhoQuery>) -> Result<Json<WhoView>, Fault> {
    let city = ctx.service::<Reference>().current();
    let point = match (query.lon, query.lat) {
        (Some(lon), Some(lat)) => Some(Point::new(lon, lat).map_err(|e| {
            Fault::invalid("lon", "access.invalid_field", e.to_string()).arg("field", "lon")
        })?),
        (None, None) => None,
        _ => {
            return Err(Fault::invalid(
                "lon",
                "access.invalid_field",
                "lon and lat belong together",
            )
            .arg("field", "lon"));
        }
    };
    let class = views::named_class(&city, &query.matter)?;
    let on = query.on.unwrap_or_else(|| city.local_date(ctx.now()));
    let place = views::Asked {
        point,
        grid: query.grid,
        division: query.division,
    };
    Ok(Json(WhoView::ask(&city, class, place, on)?))
}

async fn gaps(ctx: Ctx) -> Result<Json<CoverageView>, Fault> {
    let city = ctx.service::<Reference>().current();
    let day = city.local_date(ctx.now());
    let found = tokio::task::spawn_blocking(move || CoverageView::new(&city, day))
        .await
        .map_err(|e| Fault::internal(format!("the duties could not be looked through: {e}")))?;
    Ok(Json(found))
}
