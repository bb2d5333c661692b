//! GET /supervision/{id} — one supervised matter. POST report, decide.

use super::{light, sentence, standing, unit_name};
use crate::model::{Mark, Standing, SupervisionError};
use crate::ops::{self, Full};
use access::{Ctx, Fault, Fields, Go, Path, Permission, Problem, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cases::service::Cases;
use kernel::id::Id;
use ui::{Crumb, Entry, FormState, Html, Tone, Ui};

#[derive(Template)]
#[template(path = "supervision_one.html")]
pub(crate) struct OnePage {
    pub ui: Ui,
    pub id: String,
    pub crumbs: Vec<Crumb>,
    pub about: String,
    pub case: String,
    pub unit: Html,
    pub origin: String,
    pub instruction: String,
    pub limit: String,
    pub due: Html,
    pub light: Html,
    pub standing: String,
    pub tone: &'static str,
    pub report: String,
    pub history: Vec<Entry>,
    pub may_report: bool,
    pub may_decide: bool,
    pub may_withdraw: bool,
    pub form: FormState,
}

pub(crate) struct Reader {
    pub is_of_unit: bool,
}

impl OnePage {
    pub(crate) fn new(
        ui: Ui,
        city: &matters::City,
        full: &Full,
        reader: &Reader,
        form: FormState,
    ) -> Self {
        let s = &full.supervised;
        let (standing, tone) = standing(&ui, s);
        let history = full
            .marks
            .iter()
            .rev()
            .map(|m| {
                let role = m.role.parse().ok().map(|r| ui.t(access::role_key(r)));
                let name = m
                    .account
                    .and_then(|a| full.names.get(&a))
                    .cloned()
                    .unwrap_or_default();
                Entry {
                    when: ui.time(m.at),
                    what: ui.t(&format!("supervision-mark-{}", m.mark.replace('_', "-"))),
                    who: format!("{} {name}", role.unwrap_or_default())
                        .trim()
                        .to_owned(),
                    note: said(&ui, city, m),
                    ..Entry::default()
                }
            })
            .collect();
        Self {
            id: s.id.to_string(),
            crumbs: vec![Crumb {
                label: ui.t("supervision-title"),
                href: "/supervision".into(),
            }],
            about: s.about(),
            case: s.case_no.clone().unwrap_or_default(),
            unit: unit_name(&ui, city, s.unit),
            origin: ui.t(&format!("supervision-origin-{}", s.origin)),
            instruction: s.instruction.clone(),
            limit: s.limit_text.clone(),
            due: ui.time(s.due_at),
            light: light(&ui, s),
            standing,
            tone,
            report: s.report.clone(),
            history,
            may_report: reader.is_of_unit && s.state == Standing::Open,
            may_decide: full.may_decide && s.state == Standing::Reported,
            may_withdraw: full.may_decide && matches!(s.state, Standing::Open | Standing::Reported),
            form,
            ui,
        }
    }
}

/// What a mark says: the words of whoever made it, and what the program changed.
fn said(ui: &Ui, city: &matters::City, m: &Mark) -> String {
    let unit = |id: access::UnitId| {
        let found = city.unit(id).map(|u| u.name(ui.lang.tag()).to_owned());
        found.unwrap_or_default()
    };
    if let (Some(was), Some(now)) = (m.was_due_at, m.due_at) {
        let (was, now) = (ui.time_text(was), ui.time_text(now));
        let calendar = m.calendar.clone().unwrap_or_default();
        return ui.ta(
            "supervision-recomputed-said",
            &[
                ("was", &was.as_str()),
                ("now", &now.as_str()),
                ("calendar", &calendar.as_str()),
            ],
        );
    }
    if let (Some(from), Some(to)) = (m.was_unit, m.unit) {
        let (from, to) = (unit(from), unit(to));
        return ui.ta(
            "supervision-unit-changed-said",
            &[
                ("from", &from.as_str()),
                ("to", &to.as_str()),
                ("why", &m.words.as_str()),
            ],
        );
    }
    m.words.clone()
}

async fn page(
    ctx: &Ctx,
    ui: Ui,
    id: Id,
    status: StatusCode,
    form: FormState,
) -> Result<Response, Fault> {
    let full = ops::details(ctx, id).await?;
    let city = ctx.service::<Cases>().city();
    let principal = ctx.principal();
    let is_of_unit =
        principal.may(Permission::CaseHandle) && principal.unit() == Some(full.supervised.unit);
    show_as(
        status,
        &OnePage::new(ui, &city, &full, &Reader { is_of_unit }, form),
    )
}

pub(super) async fn show(ctx: Ctx, ui: Ui, Path(id): Path<Id>) -> Result<Response, Fault> {
    page(&ctx, ui, id, StatusCode::OK, FormState::new()).await
}

async fn refused(
    ctx: &Ctx,
    ui: Ui,
    id: Id,
    fields: &Fields,
    error: SupervisionError,
) -> Result<Response, Fault> {
    if matches!(
        error,
        SupervisionError::Store(_) | SupervisionError::Refused(_) | SupervisionError::NotFound
    ) {
        return Err(error.into());
    }
    let field = error.field().unwrap_or_else(|| "words".into());
    let (fault, said) = sentence(&ui, error);
    let mut form = fields.form();
    form.fault(&field, said);
    page(ctx, ui, id, fault.status(), form).await
}

pub(super) async fn report(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<Id>,
    fields: Fields,
) -> Result<Response, Fault> {
    match ops::report(&ctx, id, fields.get("report")).await {
        Ok(_) => Ok(Go::to(format!("/supervision/{id}"))
            .saying(Tone::Good, ui.t("supervision-report-sent"))
            .into_response()),
        Err(error) => refused(&ctx, ui, id, &fields, error).await,
    }
}

pub(super) async fn decide(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<Id>,
    fields: Fields,
) -> Result<Response, Fault> {
    let Some(decision) = crate::http::decision_of(fields.get("decision")) else {
        return Err(Fault::not_found());
    };
    match ops::decide(
        &ctx,
        id,
        decision,
        fields.get("words"),
        Some(fields.get("limit")),
    )
    .await
    {
        Ok(_) => Ok(Go::to(format!("/supervision/{id}"))
            .saying(Tone::Good, ui.t("supervision-decided"))
            .into_response()),
        Err(error) => refused(&ctx, ui, id, &fields, error).await,
    }
}
