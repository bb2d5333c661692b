//! GET /record-rules — what the city sets about answers, call-backs, reopening and duplicates, its lists, and the sentences of
//! answers; POST beside it changes one of them.

use super::read;
use crate::lists::{ListEntry, ListKind, Lists, PLACEHOLDERS, Settings, Template};
use crate::ops::{self, CaseError};
use crate::record::AnswerParts;
use crate::rules::RecordRules;
use crate::service::{Cases, DuplicateRule};
use access::{Ctx, Fault, Fields, Go, Role, show, show_as};
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;
use ui::{Choice, FormState, Tone, Ui};

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
    pub form: FormState,
    pub approvers: Vec<Choice>,
    pub lists: Vec<ListCard>,
    pub kinds: Vec<Choice>,
    pub list_kinds: Vec<Choice>,
    pub templates: Vec<TemplateCard>,
    pub placeholders: String,
}

impl RulesPage {
    pub fn new(ui: Ui, lists: &Lists, form: FormState) -> Self {
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
            approvers: [Role::DepartmentLead, Role::ShiftLeader]
                .map(|r| Choice::new(r.as_str(), ui.t(access::role_key(r))))
                .into(),
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

/// The settings as the form has them.
fn form_of(lists: &Lists) -> FormState {
    let (record, twins) = (&lists.rules.record, lists.duplicates);
    let limit = record.reopen_limit.map(|l| l.to_string());
    let mut pairs = vec![
        ("reopen_days", record.reopen_days.to_string()),
        ("most_reopenings", record.most_reopenings.to_string()),
        ("reopen_limit", limit.unwrap_or_default()),
        ("rate_days", record.rate_days.to_string()),
        ("radius_m", twins.radius_m.to_string()),
        ("hours", twins.hours.to_string()),
        ("most", twins.most.to_string()),
        ("active", "1".to_owned()),
    ];
    if record.answer_must_be_written {
        pairs.push(("answer_must_be_written", "1".to_owned()));
    }
    let roles = record.answer_approvers.iter();
    pairs.extend(roles.map(|r| ("answer_approvers", r.as_str().to_owned())));
    FormState::from_pairs(pairs)
}

/// The fields of the forms beside that of the settings.
const BESIDE: [&str; 19] = [
    "kind", "list", "code", "name_zh", "name_en", "also", "position", "matter", "active",
    "zh_found", "zh_done", "zh_rule", "zh_by", "zh_next", "en_found", "en_done", "en_rule",
    "en_by", "en_next",
];

/// The forms as they were sent: one of them, the others as they stand.
fn as_sent(lists: &Lists, fields: &Fields) -> FormState {
    if !fields.get("reopen_days").is_empty() {
        return fields.form();
    }
    BESIDE.iter().fold(form_of(lists), |form, name| {
        form.with(name, fields.get(name))
    })
}

async fn lists_of(ctx: &Ctx) -> Result<Arc<Lists>, Fault> {
    Ok(ctx.service::<Cases>().lists(ctx).await?)
}

pub(super) async fn page(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let lists = lists_of(&ctx).await?;
    let form = form_of(&lists);
    show(&RulesPage::new(ui, &lists, form))
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
            let lists = lists_of(ctx).await?;
            let mut form = as_sent(&lists, fields);
            let field = access::Problem::field(&error).unwrap_or_default();
            form.fault(&field, read::sentence(&ui, &error, None));
            let status = access::Problem::status(&error);
            show_as(status, &RulesPage::new(ui, &lists, form))
        }
        Err(error) => Err(error.into()),
    }
}

/// A number of the form.
fn number<T: std::str::FromStr>(fields: &Fields, field: &str) -> Result<T, CaseError> {
    fields
        .get(field)
        .trim()
        .parse()
        .map_err(|_| CaseError::field(field, "cases.bad_setting", "a number is needed"))
}

fn settings_of(fields: &Fields) -> Result<Settings, CaseError> {
    let approvers: Result<Vec<Role>, CaseError> = fields
        .all("answer_approvers")
        .map(|word| {
            word.parse()
                .map_err(|e: String| CaseError::field("answer_approvers", "cases.bad_setting", e))
        })
        .collect();
    let limit = fields.get("reopen_limit").trim();
    let reopen_limit = match limit.is_empty() {
        true => None,
        false => Some(limit.parse().map_err(|e: kernel::deadline::LimitError| {
            CaseError::field("reopen_limit", "cases.bad_setting", e.to_string())
        })?),
    };
    Ok(Settings {
        record: RecordRules {
            answer_must_be_written: !fields.get("answer_must_be_written").is_empty(),
            answer_approvers: approvers?,
            reopen_days: number(fields, "reopen_days")?,
            most_reopenings: number(fields, "most_reopenings")?,
            reopen_limit,
            rate_days: number(fields, "rate_days")?,
        },
        duplicates: Some(DuplicateRule {
            radius_m: number(fields, "radius_m")?,
            hours: number(fields, "hours")?,
            most: number(fields, "most")?,
        }),
    })
}

pub(super) async fn put_settings(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let done = match settings_of(&fields) {
        Ok(settings) => ops::put_settings(&ctx, settings).await,
        Err(error) => Err(error),
    };
    after(&ctx, ui, &fields, done).await
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
    let mut form = form_of(lists);
    form.fault("reopen_days", "fault");
    askama::Template::render(&RulesPage::new(ui, lists, form)).expect("the template renders")
}
