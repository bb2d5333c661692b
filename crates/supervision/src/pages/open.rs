//! GET, POST /supervision/new — puts a case, or what an instruction says, under supervision.

use super::sentence;
use crate::model::{NewSupervised, Origin, SupervisionError};
use crate::ops;
use access::{Ctx, Fault, Fields, Go, Problem, Query, show, show_as};
use askama::Template;
use axum::response::{IntoResponse, Response};
use cases::service::Cases;
use matters::City;
use serde::Deserialize;
use ui::{Choice, Crumb, FormState, Tone, Ui};

/// More units than this are of no use in a list to choose from.
const MOST_UNITS: usize = 600;

#[derive(Deserialize)]
pub(super) struct About {
    case: Option<String>,
}

#[derive(Template)]
#[template(path = "supervision_open.html")]
pub(crate) struct OpenPage {
    pub ui: Ui,
    pub form: FormState,
    pub origins: Vec<Choice>,
    pub units: Vec<Choice>,
    pub crumbs: Vec<Crumb>,
}

impl OpenPage {
    pub(crate) fn new(ui: Ui, city: &City, form: FormState) -> Self {
        let origins = Origin::ALL
            .iter()
            .map(|o| Choice::new(o.as_str(), ui.t(&format!("supervision-origin-{o}"))))
            .collect();
        let mut units = vec![Choice::new("", ui.t("supervision-unit-of-case"))];
        let known = city
            .units
            .in_force()
            .filter(|u| u.reviewed)
            .take(MOST_UNITS);
        units.extend(known.map(|u| Choice::new(u.id.to_string(), u.name(ui.lang.tag()))));
        let crumbs = vec![Crumb {
            label: ui.t("supervision-title"),
            href: "/supervision".into(),
        }];
        Self {
            form,
            origins,
            units,
            crumbs,
            ui,
        }
    }
}

pub(super) async fn blank(ctx: Ctx, ui: Ui, Query(about): Query<About>) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let form = FormState::new()
        .with("case", about.case.unwrap_or_default())
        .with("origin", Origin::Instruction.as_str())
        .with("limit", "3工作日");
    show(&OpenPage::new(ui, &city, form))
}

fn read(fields: &Fields) -> Result<NewSupervised, SupervisionError> {
    fn part<T: std::str::FromStr>(
        fields: &Fields,
        field: &'static str,
    ) -> Result<Option<T>, SupervisionError>
    where
        T::Err: std::fmt::Display,
    {
        match fields.get(field) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|e: T::Err| {
                SupervisionError::field(field, "supervision.bad_query", e.to_string())
            }),
        }
    }
    Ok(NewSupervised {
        number: part(fields, "case")?,
        unit: part::<kernel::id::Id>(fields, "unit")?.map(access::UnitId),
        origin: part(fields, "origin")?.unwrap_or(Origin::Instruction),
        instruction: fields.get("instruction").to_owned(),
        limit: fields.get("limit").to_owned(),
    })
}

pub(super) async fn send(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let done = match read(&fields) {
        Ok(new) => ops::open(&ctx, new).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(opened) => Ok(Go::to(format!("/supervision/{}", opened.id))
            .saying(Tone::Good, ui.t("supervision-opened"))
            .into_response()),
        Err(error @ (SupervisionError::Store(_) | SupervisionError::Refused(_))) => {
            Err(error.into())
        }
        Err(error) => {
            let field = match &error {
                SupervisionError::Case(_) | SupervisionError::AlreadyOpen => "case".to_owned(),
                other => other.field().unwrap_or_else(|| "instruction".into()),
            };
            let (fault, said) = sentence(&ui, error);
            let mut form = fields.form();
            form.fault(&field, said);
            let city = ctx.service::<Cases>().city();
            show_as(fault.status(), &OpenPage::new(ui, &city, form))
        }
    }
}
