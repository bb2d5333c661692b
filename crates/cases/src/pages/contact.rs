//! POST /cases/{number}/contact — a look at the requester's contact for a stated purpose. The look is recorded, and the
//! requester can read that it happened.

use crate::ops::requester;
use access::{Ctx, Fault, Fields, Path, show};
use askama::Template;
use axum::response::Response;
use kernel::codes::CaseNumber;
use ui::Ui;
use vault::model::{Field, purpose};

/// The purposes for which the desk looks at a contact.
pub const PURPOSES: [&str; 3] = [purpose::HANDLING, purpose::CALL_BACK, purpose::EMERGENCY];

/// One field of a contact.
pub struct Told {
    /// What it is.
    pub label: String,
    /// Its content.
    pub value: String,
    /// A link to call or write; empty if there is none.
    pub href: String,
}

#[derive(Template)]
#[template(path = "cases_contact.html")]
struct ContactPage {
    ui: Ui,
    number: String,
    purpose: String,
    fields: Vec<Told>,
}

pub(super) async fn look(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
    fields: Fields,
) -> Result<Response, Fault> {
    let back = format!("/cases/{number}");
    let purpose = fields.get("purpose").to_owned();
    let shown = requester::look_at(&ctx, number, &purpose)
        .await
        .map_err(|e| Fault::from(e).back(back))?;
    let told = shown
        .into_iter()
        .map(|(field, value)| {
            let href = match field {
                Field::Phone => format!(
                    "tel:{}",
                    value
                        .chars()
                        .filter(|c| c.is_ascii_digit() || *c == '+')
                        .collect::<String>()
                ),
                Field::Email => format!("mailto:{value}"),
                _ => String::new(),
            };
            // words: cases-contact-*
            Told {
                label: ui.t(&format!("cases-contact-{}", field.as_str())),
                value,
                href,
            }
        })
        .collect();
    let purpose = super::requester::purpose_word(&ui, &purpose);
    show(&ContactPage {
        ui,
        number: number.to_string(),
        purpose,
        fields: told,
    })
}

#[cfg(test)]
pub(super) fn sample(ui: Ui) -> String {
    let fields = vec![Told {
        label: ui.t("cases-contact-phone"),
        value: "13800138000".into(),
        href: "tel:13800138000".into(),
    }];
    let purpose = ui.t("cases-purpose-call-back");
    ContactPage {
        ui,
        number: "330102-20260316-00001".into(),
        purpose,
        fields,
    }
    .render()
    .expect("the template renders")
}
