//! GET /record-rules — the city's lists about the record and the sentences of answers; POST beside it changes one of them. Its
//! other rules are among those of `/rules`.

use super::read;
use crate::lists::{ListEntry, ListKind, Lists, PLACEHOLDERS, Template};
use crate::ops::{self, CaseError};
use crate::record::AnswerParts;
use crate::service::{Cases, Channel};
use access::{Ctx, Fault, Fields, Go, show, show_as};
use axum::response::{IntoResponse as _, Response};
use std::collections::BTreeMap;
use std::sync::Arc;
use ui::{Choice, FormState, Tone, Ui};

/// The channels by code.
type Channels = BTreeMap<String, Channel>;

/// One list with its entries.
pub(super) struct ListCard {
    pub title: String,
    /// Natures have two marks of their own.
    pub is_nature: bool,
    pub entries: Vec<ListEntry>,
}

/// One template as the page shows it.
pub(super) struct TemplateCard {
    pub kind: String,
    /// Of which kind of answer, in words.
    pub title: String,
    pub matter: String,
    pub zh: Vec<Sentence>,
    pub en: Vec<Sentence>,
}

/// One sentence of a template.
pub(super) struct Sentence {
    pub field: String,
    pub label: String,
    pub text: String,
}

#[derive(askama::Template)]
#[template(path = "cases_rules.html")]
pub(super) struct RulesPage {
    pub ui: Ui,
    pub channels: Vec<Channel>,
    pub form: FormState,
    pub lists: Vec<ListCard>,
    pub kinds: Vec<Choice>,
    pub list_kinds: Vec<Choice>,
    pub templates: Vec<TemplateCard>,
    pub placeholders: String,
}

impl RulesPage {
    pub fn new(ui: Ui, lists: &Lists, channels: &Channels, form: FormState) -> Self {
        // words: cases-list-*, cases-template-*, cases-part-*
        let title = |kind: &str| ui.t(&format!("cases-list-{kind}"));
        let template_title = |kind: &str| ui.t(&format!("cases-template-{kind}"));
        let sentences = |lang: &str, parts: &AnswerParts| {
            parts
                .named()
                .map(|(name, text)| Sentence {
                    field: format!("{lang}_{name}"),
                    label: ui.t(&format!("cases-part-{name}")),
                    text: text.to_owned(),
                })
                .into()
        };
        let kinds = ["handled", "direct", "refused", "ended"];
        Self {
            lists: ListKind::ALL
                .iter()
                .map(|kind| ListCard {
                    title: title(kind.as_str()),
                    is_nature: *kind == ListKind::Nature,
                    entries: lists
                        .entries
                        .iter()
                        .filter(|e| e.kind == kind.as_str())
                        .cloned()
                        .collect(),
                })
                .collect(),
            kinds: kinds.map(|k| Choice::new(k, template_title(k))).into(),
            list_kinds: ListKind::ALL
                .iter()
                .map(|k| Choice::new(k.as_str(), title(k.as_str())))
                .collect(),
            templates: lists
                .templates
                .iter()
                .map(|t| TemplateCard {
                    kind: t.kind.clone(),
                    title: template_title(&t.kind),
                    matter: t.matter.clone(),
                    zh: sentences("zh", &t.zh),
                    en: sentences("en", &t.en),
                })
                .collect(),
            channels: channels.values().cloned().collect(),
            placeholders: PLACEHOLDERS
                .iter()
                .map(|p| format!("{{{p}}}"))
                .collect::<Vec<_>>()
                .join(" "),
            form,
            ui,
        }
    }
}

/// Forms that nobody filled in yet: a new entry may be chosen.
fn blank() -> FormState {
    FormState::default().with("active", "1")
}

async fn lists_of(ctx: &Ctx) -> Result<Arc<Lists>, Fault> {
    Ok(ctx.service::<Cases>().lists(ctx).await?)
}

async fn channels_of(ctx: &Ctx) -> Result<Arc<Channels>, Fault> {
    Ok(ctx.service::<Cases>().load_channels(ctx).await?)
}

pub(super) async fn page(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let (lists, channels) = (lists_of(&ctx).await?, channels_of(&ctx).await?);
    show(&RulesPage::new(ui, &lists, &channels, blank()))
}

/// Back to the page with a word, or the page with what was wrong.
async fn after(
    ctx: &Ctx,
    ui: Ui,
    fields: &Fields,
    done: Result<(), CaseError>,
) -> Result<Response, Fault> {
    match done {
        Ok(()) => Ok(Go::to("/record-rules")
            .saying(Tone::Good, ui.t("cases-rules-saved"))
            .into_response()),
        Err(error @ CaseError::Field { .. }) => {
            let (lists, channels) = (lists_of(ctx).await?, channels_of(ctx).await?);
            let mut form = fields.form();
            let field = access::Problem::field(&error).unwrap_or_default();
            form.fault(&field, read::sentence(&ui, &error, None));
            let status = access::Problem::status(&error);
            show_as(status, &RulesPage::new(ui, &lists, &channels, form))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn put_entry(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let is_ticked = |name| !fields.get(name).is_empty();
    let position = fields.get("position").trim().parse().unwrap_or(99);
    let entry = ListEntry {
        kind: fields.get("list").to_owned(),
        code: fields.get("code").trim().to_owned(),
        name_zh: fields.get("name_zh").trim().to_owned(),
        name_en: fields.get("name_en").trim().to_owned(),
        also: fields.get("also").trim().to_owned(),
        direct: is_ticked("direct"),
        confidential: is_ticked("confidential"),
        active: is_ticked("active"),
        position,
    };
    let done = ops::put_list_entry(&ctx, entry).await;
    after(&ctx, ui, &fields, done).await
}

pub(super) async fn put_channel(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let channel = Channel {
        code: fields.get("channel_code").trim().to_owned(),
        name_zh: fields.get("channel_zh").trim().to_owned(),
        name_en: fields.get("channel_en").trim().to_owned(),
        verify: !fields.get("verify").is_empty(),
        reviewed: true,
    };
    let done = ops::put_channel(&ctx, channel).await;
    after(&ctx, ui, &fields, done).await
}

pub(super) async fn put_template(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let parts = |lang: &str| {
        let part = |name: &str| fields.get(&format!("{lang}_{name}")).trim().to_owned();
        AnswerParts {
            found: part("found"),
            done: part("done"),
            rule: part("rule"),
            by: part("by"),
            next: part("next"),
        }
    };
    let (kind, matter) = (
        fields.get("kind").to_owned(),
        fields.get("matter").trim().to_owned(),
    );
    let done = if fields.get("drop").is_empty() {
        let template = Template {
            kind,
            matter,
            zh: parts("zh"),
            en: parts("en"),
        };
        ops::put_template(&ctx, template).await
    } else {
        ops::drop_template(&ctx, kind, matter).await
    };
    after(&ctx, ui, &fields, done).await
}

/// The page in a test.
#[cfg(test)]
pub(super) fn sample(ui: Ui, lists: &Lists) -> String {
    let mut form = blank();
    form.fault("code", "fault");
    let channel = Channel {
        code: "hotline".into(),
        name_zh: "热线".into(),
        name_en: "Hotline".into(),
        verify: true,
        reviewed: false,
    };
    let channels = Channels::from([(channel.code.clone(), channel)]);
    askama::Template::render(&RulesPage::new(ui, lists, &channels, form))
        .expect("the template renders")
}
