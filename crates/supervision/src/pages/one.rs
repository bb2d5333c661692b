//! GET /supervision/{id} — one supervised matter. POST report, decide.

use super::{light, sentence, standing, unit_name};
use crate::model::{Standing, SupervisionError};
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
    pub is_opener: bool,
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
                    note: m.words.clone(),
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
            limit: s
                .limit_text
                .parse()
                .map_or_else(|_| s.limit_text.clone(), |limit| ui.limit(Some(limit))),
            due: ui.time(s.due_at),
            light: light(&ui, s),
            standing,
            tone,
            report: s.report.clone(),
            history,
            may_report: reader.is_of_unit && s.state == Standing::Open,
            may_decide: reader.is_opener && s.state == Standing::Reported,
            may_withdraw: reader.is_opener
                && matches!(s.state, Standing::Open | Standing::Reported),
            form,
            ui,
        }
    }
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
    let account = principal.actor().id;
    let is_opener = principal.may(Permission::CaseSupervise)
        && full
            .supervised
            .opened_by
            .is_some_and(|a| Some(a.0) == account)
        && !is_of_unit;
    show_as(
        status,
        &OnePage::new(
            ui,
            &city,
            &full,
            &Reader {
                is_of_unit,
                is_opener,
            },
            form,
        ),
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
