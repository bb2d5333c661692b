//! The calls of connectors under `/api/v1`. A handler translates; `ops` decides.

use crate::model::{Connector, ConnectorError, Kind};
use crate::ops::{self, Mend, Wanted};
use crate::order::{HandoverView, OrderView};
use access::{Ctx, Fault, Json, Listing, Operation, Path, Permission, Query, Routes, UnitId};
use axum::http::{Method, StatusCode};
use cases::service::Cases;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use matters::City;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    let (get, post) = (|| Method::GET, || Method::POST);
    let (handle, manage) = (Permission::CaseHandle, Permission::SystemManage);
    Routes::new("connectors")
        .on_api(
            get(),
            "/api/v1/orders",
            handle,
            orders,
            Operation::new("lists what was handed over to the caller's unit, in order, after a cursor")
                .about("A unit's system keeps the last `next` and asks again; what it has, it acknowledges. An order that is not acknowledged in time stands in the list of what is stuck.")
                .paged()
                .answers::<Listing<HandoverView>>(200),
        )
        .on_api(
            get(),
            "/api/v1/orders/{number}",
            handle,
            order,
            Operation::new("shows an order with its pictures and documents").answers::<OrderView>(200),
        )
        .on_api(
            post(),
            "/api/v1/orders/{number}/acknowledge",
            handle,
            acknowledge,
            Operation::new("acknowledges what there is of an order; twice changes nothing").answers::<Changed>(200),
        )
        .on_api(
            get(),
            "/api/v1/handovers/stuck",
            handle,
            stuck,
            Operation::new("lists what is stuck on its way to the caller's unit").answers::<Vec<HandoverView>>(200),
        )
        .on_api(
            get(),
            "/api/v1/connectors",
            manage,
            list,
            Operation::new("lists other systems").answers::<Vec<ConnectorView>>(200),
        )
        .on_api(
            post(),
            "/api/v1/connectors",
            manage,
            set,
            Operation::new("adds or changes another system; the secret of a new one is shown once")
                .body::<ConnectorInput>()
                .answers::<SetView>(200),
        )
        .on_api(
            post(),
            "/api/v1/connectors/{id}/secret",
            manage,
            secret,
            Operation::new("makes a new secret, which is shown once; the old one is right no longer").answers::<SecretView>(200),
        )
        .each_time()
        .on_api(
            get(),
            "/api/v1/connectors/stuck",
            manage,
            stuck,
            Operation::new("lists what is stuck on its way to any system").answers::<Vec<HandoverView>>(200),
        )
        .on_api(
            post(),
            "/api/v1/connectors/stuck/{id}",
            manage,
            mend,
            Operation::new("sends a hand-over again, or takes it off the list").body::<MendInput>().answers_empty(204, "done"),
        )
        .on_api(
            post(),
            "/api/v1/connectors/{id}/key",
            Permission::AccountManage,
            key,
            Operation::new("makes a key by which the system of a unit calls us, shown once; earlier ones are taken back")
                .answers::<SecretView>(200),
        )
        .each_time()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paging {
    limit: Option<String>,
    after: Option<String>,
}

fn part<T: std::str::FromStr>(
    field: &'static str,
    text: Option<&String>,
) -> Result<Option<T>, ConnectorError>
where
    T::Err: std::fmt::Display,
{
    text.map(|t| t.parse())
        .transpose()
        .map_err(|e: T::Err| ConnectorError::field(field, "connectors.bad_cursor", e.to_string()))
}

async fn orders(
    ctx: Ctx,
    Query(paging): Query<Paging>,
) -> Result<Json<Listing<HandoverView>>, Fault> {
    let size = part("limit", paging.limit.as_ref())?.unwrap_or_default();
    let after: Option<kernel::Cursor> = part("after", paging.after.as_ref())?;
    let mut page = ops::orders(&ctx, size, after.as_ref()).await?;
    // The last page has a cursor too: the system asks on from there next time.
    if page.next.is_none() {
        let last = page.items.last();
        page.next = last
            .map(|h| kernel::Cursor::new([h.place.to_string(), h.event_seq.to_string()]))
            .or(after);
    }
    let tz = ctx.service::<Cases>().city().timezone.clone();
    Ok(Json(page.map(|h| HandoverView::of(&h, &tz)).into()))
}

async fn order(ctx: Ctx, Path(number): Path<CaseNumber>) -> Result<Json<OrderView>, Fault> {
    Ok(Json(ops::order(&ctx, number).await?))
}

/// How many were changed.
#[derive(Serialize, ToSchema)]
struct Changed {
    /// So many.
    changed: u64,
}

async fn acknowledge(ctx: Ctx, Path(number): Path<CaseNumber>) -> Result<Json<Changed>, Fault> {
    let changed = ops::acknowledge(&ctx, number).await?;
    Ok(Json(Changed { changed }))
}

async fn stuck(ctx: Ctx) -> Result<Json<Vec<HandoverView>>, Fault> {
    let found = ops::stuck(&ctx).await?;
    let tz = ctx.service::<Cases>().city().timezone.clone();
    let rows = &found.handovers;
    Ok(Json(
        rows.iter().map(|h| HandoverView::of(h, &tz)).collect(),
    ))
}

/// Another system.
#[derive(Serialize, ToSchema)]
struct ConnectorView {
    /// Its id.
    id: String,
    /// Name it when changing.
    version: i64,
    /// What it is called.
    name: String,
    /// `unit` or `events`.
    kind: String,
    /// The id of its unit.
    unit: Option<String>,
    /// Where it is called; empty = it pulls.
    url: String,
    /// Of which events a subscriber hears.
    topics: Vec<String>,
    /// How long an order may stay without acknowledgement, in minutes.
    ack_minutes: i64,
    /// How long a call may take, in seconds.
    timeout_s: i64,
    /// Whether it is in use.
    enabled: bool,
    /// Whether it has a key by which it calls us.
    has_key: bool,
    /// Why nothing reaches it any more since its unit has ended: `several` units take the work over, the one that does
    /// `has_system` of its own, or the unit has `ended` and nobody said where its work goes. Null otherwise.
    stranded: Option<String>,
}

impl ConnectorView {
    fn of(c: Connector, city: &City) -> Self {
        let stranded = c.is_stranded(|unit| city.units.is_in_force(unit));
        Self {
            stranded: stranded.map(|why| why.as_str().to_owned()),
            id: c.id.to_string(),
            version: c.version,
            name: c.name,
            kind: c.kind.to_string(),
            unit: c.unit.map(|u| u.to_string()),
            url: c.url,
            topics: c.topics.split_whitespace().map(str::to_owned).collect(),
            ack_minutes: c.ack_minutes,
            timeout_s: c.timeout_s,
            enabled: c.enabled,
            has_key: c.account.is_some(),
        }
    }
}

async fn list(ctx: Ctx) -> Result<Json<Vec<ConnectorView>>, Fault> {
    let all = ops::all(&ctx).await?;
    let city = ctx.service::<Cases>().city();
    Ok(Json(
        all.into_iter()
            .map(|c| ConnectorView::of(c, &city))
            .collect(),
    ))
}

/// Another system as it is set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConnectorInput {
    /// The one that changes; left out = a new one.
    #[schema(value_type = Option<String>)]
    id: Option<Id>,
    /// The version that was seen.
    #[serde(default)]
    version: i64,
    /// What it is called.
    name: String,
    /// `unit` or `events`; never changes.
    #[schema(value_type = String)]
    kind: Kind,
    /// The id of its unit; never changes.
    #[schema(value_type = Option<String>)]
    unit: Option<Id>,
    /// Where it is called; empty = it pulls.
    #[serde(default)]
    url: String,
    /// Of which events a subscriber hears, separated by spaces; `*` = all.
    #[serde(default)]
    topics: String,
    /// How long an order may stay without acknowledgement, in minutes; 30 if left out.
    ack_minutes: Option<i64>,
    /// How long a call may take, in seconds; 20 if left out.
    timeout_s: Option<i64>,
    /// Whether it is in use.
    enabled: bool,
}

/// What was set.
#[derive(Serialize, ToSchema)]
struct SetView {
    /// The system.
    connector: ConnectorView,
    /// The secret that signs what is sent there, where one was made now; it is not shown again.
    secret: Option<String>,
}

async fn set(ctx: Ctx, Json(body): Json<ConnectorInput>) -> Result<Json<SetView>, Fault> {
    let wanted = Wanted {
        of: body.id.map(|id| (id, body.version)),
        name: body.name,
        kind: body.kind,
        unit: body.unit.map(UnitId),
        url: body.url,
        topics: body.topics,
        ack_minutes: body.ack_minutes.unwrap_or(30),
        timeout_s: body.timeout_s.unwrap_or(20),
        enabled: body.enabled,
    };
    let (connector, secret) = ops::set(&ctx, wanted).await?;
    Ok(Json(SetView {
        connector: ConnectorView::of(connector, &ctx.service::<Cases>().city()),
        secret,
    }))
}

/// Something that is shown once.
#[derive(Serialize, ToSchema)]
struct SecretView {
    /// Its text.
    secret: String,
}

async fn secret(ctx: Ctx, Path(id): Path<Id>) -> Result<Json<SecretView>, Fault> {
    let secret = ops::renew_secret(&ctx, id).await?;
    Ok(Json(SecretView { secret }))
}

async fn key(ctx: Ctx, Path(id): Path<Id>) -> Result<Json<SecretView>, Fault> {
    let secret = ops::issue_key(&ctx, id).await?;
    Ok(Json(SecretView { secret }))
}

/// What is done about a hand-over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MendInput {
    /// `again` or `dismiss`.
    what: String,
}

/// Connector, case and event of the id of a message.
pub(crate) fn parts_of(id: &str) -> Option<(Id, Id, u32)> {
    // Two ids of 36 characters around a number: case-seq-connector.
    let (case, rest) = id.split_at_checked(36)?;
    let (seq, connector) = rest.strip_prefix('-')?.split_once('-')?;
    Some((
        connector.parse().ok()?,
        case.parse().ok()?,
        seq.parse().ok()?,
    ))
}

pub(crate) fn mend_of(word: &str) -> Option<Mend> {
    match word {
        "again" => Some(Mend::Again),
        "dismiss" => Some(Mend::Dismiss),
        _ => None,
    }
}

async fn mend(
    ctx: Ctx,
    Path(id): Path<String>,
    Json(body): Json<MendInput>,
) -> Result<StatusCode, Fault> {
    let (connector, case, seq) = parts_of(&id).ok_or(ConnectorError::NotFound)?;
    let what = mend_of(&body.what)
        .ok_or_else(|| ConnectorError::field("what", "connectors.bad_field", "again or dismiss"))?;
    ops::mend(&ctx, connector, case, seq, what).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_message_names_its_hand_over_and_garbage_none() {
        let (a, b) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
        assert_eq!(parts_of(&format!("{a}-7-{b}")), Some((b, a, 7)));
        for garbage in [
            "",
            "x",
            &format!("{a}"),
            &format!("{a}-7"),
            &format!("{a}-x-{b}"),
            &"井".repeat(36),
        ] {
            assert_eq!(parts_of(garbage), None, "{garbage}");
        }
    }
}
