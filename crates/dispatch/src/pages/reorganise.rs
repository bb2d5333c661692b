//! GET /reorganise — units merge or split on a day: entered, looked at, confirmed. POST /reorganise.

use super::faulty;
use crate::ops::reorganise::{self, Preview};
use crate::ops::{DispatchError, needed};
use access::{Ctx, Fault, Fields, Go, show as show_page, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use ui::{FormState, Tone, Ui};

struct OrderRow {
    why: String,
    day: String,
    made: String,
    cases: i64,
    is_done: bool,
}

#[derive(Template)]
#[template(path = "dispatch_reorganise.html")]
struct OrderPage {
    ui: Ui,
    form: FormState,
    preview: Option<Preview>,
    orders: Vec<OrderRow>,
}

async fn page(
    ctx: &Ctx,
    ui: Ui,
    form: FormState,
    preview: Option<Preview>,
) -> Result<OrderPage, Fault> {
    let orders = reorganise::orders(ctx).await?;
    let orders = orders
        .into_iter()
        .map(|o| OrderRow {
            why: o.why,
            day: ui.date_text(o.day),
            made: ui.time_text(o.made_at),
            cases: o.cases,
            is_done: o.done_at.is_some(),
        })
        .collect();
    Ok(OrderPage {
        ui,
        form,
        preview,
        orders,
    })
}

pub(super) async fn blank(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    show_page(&page(&ctx, ui, FormState::new(), None).await?)
}

/// What the form says: the rows, the day, the name. The confirmation is the day, typed once more.
struct Order {
    lines: Vec<reorganise::Line>,
    day: Date,
    why: String,
}

fn read(fields: &Fields) -> Result<Order, DispatchError> {
    let day = fields
        .get("on")
        .parse::<Date>()
        .map_err(|_| DispatchError::field("on", "dispatch.bad_day", "this is no day"))?;
    let why = needed("why", fields.get("why"))?;
    let rows = fields.get("rows");
    let text = if rows.trim_start().starts_with("from") {
        rows.to_owned()
    } else {
        format!("from,to,matter,division\n{rows}\n")
    };
    let lines = reorganise::read(text.as_bytes()).map_err(|e| {
        DispatchError::field("rows", "dispatch.bad_rows", e.to_string()).with("fault", e.fault())
    })?;
    Ok(Order { lines, day, why })
}

pub(super) async fn send(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let wants_it_done = fields.get("step") == "order";
    let result = match read(&fields) {
        Err(error) => Err(error),
        Ok(order) if !wants_it_done => reorganise::preview(&ctx, order.lines, order.day)
            .await
            .map(Some),
        Ok(order) if fields.get("confirm") != order.day.to_string() => Err(DispatchError::field(
            "confirm",
            "dispatch.not_confirmed",
            "type the day once more",
        )),
        Ok(order) => reorganise::order(&ctx, order.lines, order.day, &order.why)
            .await
            .map(|_| None),
    };
    match result {
        Ok(None) => Ok(Go::to("/reorganise")
            .saying(Tone::Good, ui.t("dispatch-ordered"))
            .into_response()),
        Ok(Some(preview)) => show_page(&page(&ctx, ui, fields.form(), Some(preview)).await?),
        Err(error) => {
            // A missing confirmation leaves the preview on the page.
            let preview = match (&error, read(&fields)) {
                (
                    DispatchError::Field {
                        field: "confirm", ..
                    },
                    Ok(order),
                ) => Some(reorganise::preview(&ctx, order.lines, order.day).await?),
                _ => None,
            };
            let form = faulty(&ui, fields.form(), error)?;
            let page = page(&ctx, ui, form, preview).await?;
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}
