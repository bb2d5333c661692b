//! GET /claims — subscriptions, open matters and claims of an organisation. POST /claims/…

use super::{done, faulty};
use crate::ops::claims::Open;
use crate::ops::{DispatchError, city, claims as ops};
use access::{Ctx, Fault, Fields, FormParts, Go, Path, show as show_page, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cases::pages::pictures::{self, FILES, PictureField};
use kernel::DivisionCode;
use kernel::codes::{CaseNumber, DivisionLevel};
use kernel::id::Id;
use ui::{Choice, FormState, Tone, Ui};

struct Matter {
    number: String,
    class: String,
    place: String,
    text: String,
    reported: String,
}

struct ClaimLine {
    matter: Matter,
    at: String,
    until: String,
    state: String,
    tone: &'static str,
    is_open: bool,
    files: PictureField,
}

struct SubscriptionLine {
    id: String,
    what: String,
    place: String,
}

#[derive(Template)]
#[template(path = "dispatch_claims.html")]
struct ClaimsPage {
    ui: Ui,
    /// The unit is one that may claim.
    may_claim: bool,
    form: FormState,
    subscriptions: Vec<SubscriptionLine>,
    open: Vec<Matter>,
    claims: Vec<ClaimLine>,
    matters: Vec<Choice>,
    places: Vec<Choice>,
}

fn matter(ui: &Ui, open: &Open) -> Matter {
    Matter {
        number: open.number.to_string(),
        class: open.class.clone(),
        place: open.place.clone(),
        text: open.text.clone(),
        reported: ui.time_text(open.reported_at),
    }
}

async fn page(ctx: &Ctx, ui: Ui, form: FormState) -> Result<ClaimsPage, Fault> {
    let city = city(ctx);
    let may_claim = ops::claimant(ctx, &city)?.is_some();
    let subscriptions = ops::subscriptions(ctx).await?;
    let open = ops::open(ctx).await?;
    let own = ops::own(ctx).await?;
    let class = |code: &str| {
        let fits = city.matters.choices().find(|c| c.code == code);
        fits.map_or_else(
            || code.to_owned(),
            |c| format!("{code} {}", c.name(ui.lang.tag())),
        )
    };
    let subscriptions = subscriptions
        .into_iter()
        .map(|s| SubscriptionLine {
            id: s.id.to_string(),
            what: if s.matter.is_empty() {
                ui.t("dispatch-any-matter")
            } else {
                class(&s.matter)
            },
            place: s.division.map_or_else(
                || ui.t("dispatch-anywhere"),
                |d| city.territory.name_in(d, ui.lang),
            ),
        })
        .collect();
    // words: dispatch-outcome-*
    let claims = own
        .iter()
        .map(|(row, open)| {
            let is_open = row.ended_at.is_none() && row.shown_at.is_none();
            let word = if row.ended_at.is_none() && row.shown_at.is_some() {
                "shown"
            } else {
                row.outcome.as_str()
            };
            let label = ui.t("dispatch-evidence");
            ClaimLine {
                at: ui.time_text(row.at),
                until: ui.time_text(row.until),
                state: ui.t(&format!("dispatch-outcome-{word}")),
                tone: match word {
                    "open" => "warn",
                    "shown" => "good",
                    _ => "info",
                },
                is_open,
                files: PictureField::new(&ui, &format!("show-{}", open.number), FILES, label),
                matter: matter(&ui, open),
            }
        })
        .collect();
    let mut matters: Vec<Choice> = city
        .matters
        .choices()
        .filter(|c| c.flags.public && !c.flags.confidential)
        .map(|c| {
            Choice::new(
                c.code.clone(),
                format!("{} {}", c.code, c.name(ui.lang.tag())),
            )
        })
        .collect();
    matters.truncate(800);
    let mut places: Vec<Choice> = city
        .territory
        .divisions()
        .filter(|d| {
            matches!(
                d.code.level(),
                DivisionLevel::District | DivisionLevel::Street
            )
        })
        .map(|d| Choice::new(d.code.to_string(), city.territory.name_in(d.code, ui.lang)))
        .collect();
    places.truncate(800);
    Ok(ClaimsPage {
        may_claim,
        open: open.iter().map(|o| matter(&ui, o)).collect(),
        subscriptions,
        claims,
        matters,
        places,
        form,
        ui,
    })
}

pub(super) async fn show(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    match page(&ctx, ui.clone(), FormState::new()).await {
        Ok(page) => show_page(&page),
        Err(fault) => Err(fault),
    }
}

pub(super) async fn subscribe(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let division = match fields.get("division") {
        "" => Ok(None),
        text => text.parse::<DivisionCode>().map(Some).map_err(|e| {
            DispatchError::field("division", "dispatch.unknown_division", e.to_string())
        }),
    };
    let done = match division {
        Ok(division) => ops::subscribe(&ctx, fields.get("matter"), division).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(Go::to("/claims")
            .saying(Tone::Good, ui.t("dispatch-subscribed"))
            .into_response()),
        Err(error) => {
            let form = faulty(&ui, fields.form(), error)?;
            let page = page(&ctx, ui, form).await?;
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

pub(super) async fn unsubscribe(ctx: Ctx, ui: Ui, Path(id): Path<Id>) -> Result<Response, Fault> {
    let result = ops::unsubscribe(&ctx, id).await;
    done(&ui, "/claims", result, "dispatch-unsubscribed")
}

pub(super) async fn claim(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
) -> Result<Response, Fault> {
    let result = ops::claim(&ctx, number).await;
    done(&ui, "/claims", result, "dispatch-claimed")
}

pub(super) async fn evidence(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
    form: FormParts,
) -> Result<Response, Fault> {
    let entry = pictures::read(&ctx, &ui, form).await?;
    let result = entry.fields.get("result").to_owned();
    let files = entry.ids(FILES);
    let shown = ops::show(&ctx, number, result, files).await;
    done(&ui, "/claims", shown, "dispatch-claim-shown")
}

pub(super) async fn drop(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
    fields: Fields,
) -> Result<Response, Fault> {
    let result = ops::drop(&ctx, number, fields.get("reason").to_owned()).await;
    done(&ui, "/claims", result, "dispatch-claim-dropped")
}
