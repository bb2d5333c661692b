//! The published list of tasks for grid workers (网格事项清单) under `/api/v1/grid-items`: read, an item entered or changed.

use crate::items::{self, GridItem};
use crate::reference::Reference;
use access::{Ctx, Fault, Json, Listing, Operation, Permission, Query, Routes};
use axum::http::{Method, StatusCode};
use grid::model::in_force;
use jiff::civil::Date;
use kernel::Cursor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) fn add(routes: Routes) -> Routes {
    routes
        .on_api(
            Method::GET,
            "/api/v1/grid-items",
            Permission::ReferenceRead,
            list,
            Operation::new("lists what grid workers may be asked to do, each item with the paper that admitted it")
                .query::<String>("list", "only this version of the list")
                .query::<bool>("ended", "also items that are not in force today")
                .paged()
                .answers::<Listing<ItemView>>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/grid-items",
            Permission::ReferenceManage,
            save,
            Operation::new("enters an item of the list, or changes the one of this code in this list (200)")
                .about("While an item is in force, a task for grid workers that no item has is refused, naming the list.")
                .body::<ItemInput>()
                .answers::<ItemView>(201)
                .answers::<ItemView>(200),
        )
}

/// An item of the list.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ItemView {
    /// The list in its version.
    list: String,
    /// The item's own code.
    code: String,
    /// What it is called.
    name: String,
    /// `verify`, `check`, or null for any task.
    task: Option<String>,
    /// Only classes whose code is this or begins with it; empty for any.
    matter: String,
    /// The paper or the body by which it was admitted.
    approved_by: String,
    /// When it was admitted.
    #[schema(value_type = String)]
    approved_on: Date,
    /// First day in force.
    #[schema(value_type = Option<String>)]
    valid_from: Option<Date>,
    /// Last day in force.
    #[schema(value_type = Option<String>)]
    valid_to: Option<Date>,
    /// It is in force today.
    in_force: bool,
}

impl ItemView {
    fn new(item: &GridItem, on: Date) -> Self {
        Self {
            list: item.list.clone(),
            code: item.code.clone(),
            name: item.name.clone(),
            task: (!item.task.is_empty()).then(|| item.task.clone()),
            matter: item.matter.clone(),
            approved_by: item.approved_by.clone(),
            approved_on: item.approved_on,
            valid_from: item.valid_from,
            valid_to: item.valid_to,
            in_force: in_force(item.valid_from, item.valid_to, on),
        }
    }
}

/// An item to be entered, or changed where its code is in the list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ItemInput {
    /// The list in its version, such as `2026-1`.
    list: String,
    /// The item's own code.
    code: String,
    /// What it is called.
    name: String,
    /// `verify` or `check`; any task without it.
    task: Option<String>,
    /// Only classes whose code is this or begins with it.
    #[serde(default)]
    matter: String,
    /// The paper or the body by which it was admitted (准入).
    approved_by: String,
    /// When it was admitted.
    #[schema(value_type = String)]
    approved_on: Date,
    /// First day in force.
    #[schema(value_type = Option<String>)]
    valid_from: Option<Date>,
    /// Last day in force.
    #[schema(value_type = Option<String>)]
    valid_to: Option<Date>,
}

/// Items of a page unless more are asked for.
const PAGE: usize = 50;
/// Items of a page at most.
const MOST: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    list: Option<String>,
    #[serde(default)]
    ended: bool,
    limit: Option<usize>,
    after: Option<Cursor>,
}

async fn list(ctx: Ctx, Query(query): Query<ListQuery>) -> Result<Json<Listing<ItemView>>, Fault> {
    let city = ctx.service::<Reference>().current();
    let on = city.local_date(ctx.now());
    let size = query.limit.unwrap_or(PAGE).clamp(1, MOST);
    let after = query
        .after
        .map(|cursor| {
            let list = cursor.part::<String>(0)?;
            cursor.part::<String>(1).map(|code| (list, code))
        })
        .transpose()
        .map_err(|e| {
            Fault::invalid("after", "access.invalid_field", e.to_string()).arg("field", "after")
        })?;
    let wanted = query.list.as_deref().filter(|l| !l.is_empty());
    let mut found: Vec<&GridItem> = city
        .items
        .all()
        .iter()
        .filter(|i| wanted.is_none_or(|list| i.list == list))
        .filter(|i| query.ended || in_force(i.valid_from, i.valid_to, on))
        .filter(|i| {
            let key = (i.list.as_str(), i.code.as_str());
            after
                .as_ref()
                .is_none_or(|(list, code)| key > (list.as_str(), code.as_str()))
        })
        .collect();
    found.sort_unstable_by(|a, b| (&a.list, &a.code).cmp(&(&b.list, &b.code)));
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more);
    Ok(Json(Listing {
        next: next.map(|last| Cursor::new([last.list.clone(), last.code.clone()]).to_string()),
        items: found.iter().map(|i| ItemView::new(i, on)).collect(),
    }))
}

async fn save(
    ctx: Ctx,
    Json(input): Json<ItemInput>,
) -> Result<(StatusCode, Json<ItemView>), Fault> {
    let item = items::checked(GridItem {
        list: input.list,
        code: input.code,
        name: input.name,
        task: input.task.unwrap_or_default(),
        matter: input.matter,
        approved_by: input.approved_by,
        approved_on: input.approved_on,
        valid_from: input.valid_from,
        valid_to: input.valid_to,
    })?;
    let is_new = items::save(&ctx, item.clone()).await?;
    let reference = ctx.service::<Reference>();
    reference.refresh(&ctx.renewed()).await?;
    let on = reference.current().local_date(ctx.now());
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(ItemView::new(&item, on))))
}
