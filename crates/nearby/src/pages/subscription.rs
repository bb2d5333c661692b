//! GET and POST /near/confirm/{link} and /near/stop/{link} — the two ends of a subscription. The first press is never the
//! act: programs that look at letters before people do follow every link.

use super::place_name;
use crate::model::NearError;
use crate::ops;
use access::{Ctx, Fault, Path, show, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use cases::service::Cases;
use ui::Ui;

/// What is said, and the button, if there is something left to do.
#[derive(Template)]
#[template(path = "nearby_subscription.html")]
pub(super) struct SubscriptionPage {
    pub ui: Ui,
    pub title: String,
    pub text: String,
    /// Where the button sends; empty for none.
    pub action: String,
    pub button: String,
    /// Where to go on.
    pub near: String,
}

impl SubscriptionPage {
    pub(super) fn new(ui: Ui, title: String, text: String) -> Self {
        Self {
            title,
            text,
            action: String::new(),
            button: String::new(),
            near: "/near".to_owned(),
            ui,
        }
    }
    pub(super) fn asking(self, action: String, button: String) -> Self {
        Self {
            action,
            button,
            ..self
        }
    }
}

/// There is no subscription under this link: it was ended, or nobody confirmed it in time.
fn nothing(ui: Ui) -> Result<Response, Fault> {
    let (title, text) = (ui.t("nearby-link-gone"), ui.t("nearby-link-gone-text"));
    show_as(
        StatusCode::NOT_FOUND,
        &SubscriptionPage::new(ui, title, text),
    )
}

pub(super) async fn ask_confirm(
    ctx: Ctx,
    ui: Ui,
    Path(link): Path<String>,
) -> Result<Response, Fault> {
    let one = match ops::pending(&ctx, &link).await {
        Ok(one) => one,
        Err(NearError::NotFound) => return nothing(ui),
        Err(error) => return Err(error.into()),
    };
    let city = ctx.service::<Cases>().city();
    let place = place_name(&ui, &city, one.place);
    let (title, text) = (
        ui.t("nearby-confirm-title"),
        ui.tn("nearby-confirm-text", "place", place),
    );
    let button = ui.t("nearby-confirm");
    let page = SubscriptionPage::new(ui, title, text);
    show(&page.asking(format!("/near/confirm/{link}"), button))
}

pub(super) async fn confirm(ctx: Ctx, ui: Ui, Path(link): Path<String>) -> Result<Response, Fault> {
    let one = match ops::confirm(&ctx, &link).await {
        Ok(one) => one,
        Err(NearError::NotFound) => return nothing(ui),
        Err(error) => return Err(error.into()),
    };
    let city = ctx.service::<Cases>().city();
    let place = place_name(&ui, &city, one.place);
    let (title, text) = (
        ui.t("nearby-confirmed"),
        ui.tn("nearby-confirmed-text", "place", place),
    );
    let near = format!("/near?place={}", one.place);
    show(&SubscriptionPage {
        near,
        ..SubscriptionPage::new(ui, title, text)
    })
}

/// The same for every link: whether it belongs to a subscription is nobody's business.
pub(super) async fn ask_stop(ui: Ui, Path(link): Path<String>) -> Result<Response, Fault> {
    let (title, text) = (ui.t("nearby-stop-title"), ui.t("nearby-stop-text"));
    let button = ui.t("nearby-stop");
    let link: String = form_urlencoded::byte_serialize(link.as_bytes()).collect();
    let page = SubscriptionPage::new(ui, title, text);
    show(&page.asking(format!("/near/stop/{link}"), button))
}

/// Sent by the button, and by a mail program that ends it at one press (RFC 8058), which knows no form token.
pub(crate) async fn stop(ctx: Ctx, ui: Ui, Path(link): Path<String>) -> Result<Response, Fault> {
    ops::end(&ctx, &link).await?;
    let (title, text) = (ui.t("nearby-stopped"), ui.t("nearby-stopped-text"));
    show(&SubscriptionPage::new(ui, title, text))
}
