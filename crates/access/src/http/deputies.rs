//! GET /deputies — who acts for whom. POST /deputies, /deputies/{id}/end, /deputies/{id}/act, /deputies/back; the same under
//! /api/v1/deputies (but for acting, which only a session does).

use crate::answer::{Go, show, show_as};
use crate::ctx::Ctx;
use crate::extract::{Fields, Json, Path};
use crate::fault::Fault;
use crate::ops::deputies::{self, Deputy, DeputyError};
use crate::permission::Permission;
use crate::principal::Principal;
use crate::visit::Visit;
use askama::Template;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use kernel::id::Id;
use serde::{Deserialize, Serialize};
use ui::{FormState, Tone, Ui};
use utoipa::ToSchema;

struct Row {
    id: String,
    away: String,
    deputy: String,
    from: String,
    to: String,
    reason: String,
    is_on: bool,
    /// The reader may act under it now.
    may_act: bool,
}

#[derive(Template)]
#[template(path = "access_deputies.html")]
struct DeputiesPage {
    ui: Ui,
    form: FormState,
    rows: Vec<Row>,
    /// Whose place the reader takes at present; empty in the own place.
    acting_for: String,
    /// May enter a leave of others.
    for_others: bool,
}

async fn page(ctx: &Ctx, ui: Ui, form: FormState) -> Result<DeputiesPage, Fault> {
    let found = deputies::list(ctx).await?;
    let (me, acting_for) = match ctx.principal() {
        Principal::Staff(staff) => (
            Some(staff.account),
            staff.behalf.as_ref().map(|b| b.name.clone()),
        ),
        _ => (None, None),
    };
    let rows = found
        .into_iter()
        .map(|d| Row {
            id: d.id.to_string(),
            is_on: d.is_on(ui.now),
            may_act: Some(d.deputy) == me && d.is_on(ui.now) && acting_for.is_none(),
            from: ui.time_text(d.from),
            to: ui.time_text(d.to),
            away: d.account_name,
            deputy: d.deputy_name,
            reason: d.reason,
        })
        .collect();
    Ok(DeputiesPage {
        rows,
        form,
        acting_for: acting_for.unwrap_or_default(),
        for_others: ctx.require(Permission::RoleManage).is_ok(),
        ui,
    })
}

pub(super) async fn list(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    show(&page(&ctx, ui, FormState::new()).await?)
}

/// The moments of a span of whole local days.
fn span(tz: &TimeZone, from: Date, to: Date) -> Result<(Timestamp, Timestamp), DeputyError> {
    let morning = |day: Date| {
        day.to_zoned(tz.clone())
            .map(|z| z.timestamp())
            .map_err(|_| DeputyError::Span)
    };
    let after = to.checked_add(1.day()).map_err(|_| DeputyError::Span)?;
    Ok((morning(from)?, morning(after)?))
}

pub(super) async fn appoint(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let day = |name: &str| fields.get(name).parse::<Date>();
    let done = match (day("from"), day("to")) {
        (Ok(from), Ok(to)) => match span(&ui.site.time_zone, from, to) {
            Ok(span) => {
                let (account, deputy) = (fields.get("account"), fields.get("deputy"));
                deputies::appoint(&ctx, account, deputy, span, fields.get("reason")).await
            }
            Err(error) => Err(error),
        },
        _ => Err(DeputyError::Span),
    };
    match done {
        Ok(_) => {
            let said = ui.t("access-deputy-entered");
            Ok(Go::to("/deputies").saying(Tone::Good, said).into_response())
        }
        Err(error) => {
            let fault = Fault::from(error);
            let Some(field) = fault.field_name().map(str::to_owned) else {
                return Err(fault);
            };
            let mut form = fields.form();
            form.fault(
                &field,
                fault
                    .sentence(&ui.site.words, ui.lang)
                    .unwrap_or_else(|| fault.detail().to_owned()),
            );
            let page = page(&ctx, ui, form).await?;
            show_as(fault.status(), &page)
        }
    }
}

pub(super) async fn end(ctx: Ctx, ui: Ui, Path(id): Path<Id>) -> Result<Response, Fault> {
    deputies::end(&ctx, id).await?;
    let said = ui.t("access-deputy-ended");
    Ok(Go::to("/deputies").saying(Tone::Good, said).into_response())
}

async fn act_as(ctx: &Ctx, visit: &Visit, id: Option<Id>) -> Result<(), Fault> {
    let session = visit.session().ok_or(DeputyError::NoSession)?;
    Ok(deputies::act_under(ctx, session.hash, id).await?)
}

pub(super) async fn act(
    ctx: Ctx,
    visit: Visit,
    ui: Ui,
    Path(id): Path<Id>,
) -> Result<Response, Fault> {
    act_as(&ctx, &visit, Some(id)).await?;
    let said = ui.t("access-deputy-acting");
    Ok(Go::to("/deputies").saying(Tone::Good, said).into_response())
}

pub(super) async fn back(ctx: Ctx, visit: Visit, ui: Ui) -> Result<Response, Fault> {
    act_as(&ctx, &visit, None).await?;
    let said = ui.t("access-deputy-back");
    Ok(Go::to("/deputies").saying(Tone::Good, said).into_response())
}

/// One span in which somebody acts in another's place.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeputyView {
    /// Its id.
    id: String,
    /// The login of whoever is away.
    account: String,
    /// The login of the deputy.
    deputy: String,
    /// From when, RFC 3339.
    from: String,
    /// Until when, RFC 3339; not included.
    to: String,
    /// Why.
    reason: String,
    /// Whether it counts now.
    is_on: bool,
}

impl DeputyView {
    fn of(d: Deputy, now: Timestamp) -> Self {
        Self {
            is_on: d.is_on(now),
            id: d.id.to_string(),
            account: d.account_login,
            deputy: d.deputy_login,
            from: d.from.to_string(),
            to: d.to.to_string(),
            reason: d.reason,
        }
    }
}

/// All of them that the caller may see and that are not over.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeputiesView {
    /// The earliest first.
    deputies: Vec<DeputyView>,
}

/// A leave with its deputy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeputyInput {
    /// The login of whoever is away; left out = the caller.
    #[serde(default)]
    account: String,
    /// The login of the deputy.
    deputy: String,
    /// From when, RFC 3339.
    #[schema(value_type = String)]
    from: Timestamp,
    /// Until when, RFC 3339; not included.
    #[schema(value_type = String)]
    to: Timestamp,
    /// Why.
    reason: String,
}

pub(super) async fn api_list(ctx: Ctx) -> Result<Json<DeputiesView>, Fault> {
    let now = ctx.now();
    let found = deputies::list(&ctx).await?;
    let deputies = found.into_iter().map(|d| DeputyView::of(d, now)).collect();
    Ok(Json(DeputiesView { deputies }))
}

pub(super) async fn api_appoint(
    ctx: Ctx,
    Json(input): Json<DeputyInput>,
) -> Result<Json<DeputiesView>, Fault> {
    let span = (input.from, input.to);
    deputies::appoint(&ctx, &input.account, &input.deputy, span, &input.reason).await?;
    api_list(ctx).await
}

pub(super) async fn api_end(ctx: Ctx, Path(id): Path<Id>) -> Result<Json<DeputiesView>, Fault> {
    deputies::end(&ctx, id).await?;
    api_list(ctx).await
}
