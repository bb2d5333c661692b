//! GET /grid-items — the published list of tasks for grid workers. POST /grid-items — one item, with the paper that admitted it.

use super::faulty;
use crate::ops::{DispatchError, city};
use access::{Ctx, Fault, Fields, Go, Permission, show as show_page, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use matters::GridItem;
use ui::{Choice, FormState, Tone, Ui};

struct Row {
    list: String,
    code: String,
    name: String,
    task: String,
    matter: String,
    admitted: String,
    is_on: bool,
}

#[derive(Template)]
#[template(path = "dispatch_items.html")]
struct ItemsPage {
    ui: Ui,
    form: FormState,
    rows: Vec<Row>,
    may_edit: bool,
    tasks: Vec<Choice>,
}

// words: dispatch-task-*
fn task_word(ui: &Ui, task: &str) -> String {
    let key = if task.is_empty() { "any" } else { task };
    ui.t(&format!("dispatch-task-{key}"))
}

fn page(ctx: &Ctx, ui: Ui, form: FormState) -> ItemsPage {
    let city = city(ctx);
    let on = city.local_date(ui.now);
    let rows = city
        .items
        .all()
        .iter()
        .map(|i| Row {
            list: i.list.clone(),
            code: i.code.clone(),
            name: i.name.clone(),
            task: task_word(&ui, &i.task),
            matter: i.matter.clone(),
            admitted: format!("{} · {}", i.approved_by, ui.date_text(i.approved_on)),
            is_on: grid::model::in_force(i.valid_from, i.valid_to, on),
        })
        .collect();
    let tasks = ["", "verify", "check"]
        .iter()
        .map(|t| Choice::new(*t, task_word(&ui, t)))
        .collect();
    ItemsPage {
        rows,
        form,
        may_edit: ctx.require(Permission::ReferenceManage).is_ok(),
        tasks,
        ui,
    }
}

pub(super) async fn show(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    show_page(&page(&ctx, ui, FormState::new()))
}

fn read(fields: &Fields) -> Result<GridItem, DispatchError> {
    let day = |field: &'static str| -> Result<Option<Date>, DispatchError> {
        match fields.get(field) {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| DispatchError::field(field, "dispatch.bad_day", "this is no day")),
        }
    };
    let text = |name: &str| fields.get(name).to_owned();
    let missing = || matters::MatterError::field("approved_on", "matters.missing", "is empty");
    Ok(matters::items::checked(GridItem {
        list: text("list"),
        code: text("code"),
        name: text("name"),
        task: text("task"),
        matter: text("matter"),
        approved_by: text("approved_by"),
        approved_on: day("approved_on")?.ok_or_else(missing)?,
        valid_from: day("valid_from")?,
        valid_to: day("valid_to")?,
    })?)
}

fn is_missing(error: &matters::MatterError) -> bool {
    access::Problem::code(error) == "matters.missing"
}

pub(super) async fn save(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    match read(&fields) {
        Ok(item) => {
            matters::items::save(&ctx, item).await?;
            let cases = ctx.service::<cases::service::Cases>();
            cases.refresh(&ctx).await?;
            let said = ui.t("dispatch-item-saved");
            Ok(Go::to("/grid-items")
                .saying(Tone::Good, said)
                .into_response())
        }
        Err(DispatchError::Matter(error)) if is_missing(&error) => {
            let field = access::Problem::field(&error).unwrap_or_default();
            let mut form = fields.form();
            let sentence = ui.tn("matters-error-missing", "field", ui::field_name(&field));
            form.fault(&field, sentence);
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page(&ctx, ui, form))
        }
        Err(error) => {
            let form = faulty(&ui, fields.form(), error)?;
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page(&ctx, ui, form))
        }
    }
}
