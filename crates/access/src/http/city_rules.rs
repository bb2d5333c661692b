//! /rules — what the city sets: every rule with its value, the page of one with its form and its history; the same as calls.

use crate::answer::{Go, show, show_as};
use crate::city_settings::{Setting, SettingKind, SettingsList, Values};
use crate::ctx::Ctx;
use crate::extract::{Fields, Json, Path};
use crate::face::Faces;
use crate::fault::{Fault, Problem, Word};
use crate::ops::accounts;
use crate::ops::settings::{self, SettingError, Version};
use crate::permission::Permission;
use crate::principal::AccountId;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::StoreError;
use ui::{Choice, FormState, Html, Tone, Ui};
use utoipa::ToSchema;

/// Between several values of a rule, and what stands for none of them.
const SEVERAL: &str = ", ";
const NONE: &str = "无";

impl Problem for SettingError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(error) => error.status(),
            Self::Store(error) => error.status(),
            Self::Unknown(_) => StatusCode::NOT_FOUND,
            Self::NothingBefore(_) => StatusCode::CONFLICT,
            Self::Value { .. } | Self::Names { .. } | Self::Reason => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Unknown(_) => "access.unknown_rule",
            Self::NothingBefore(_) => "access.nothing_before",
            Self::Value { .. } => "access.bad_rule",
            Self::Names { .. } => "access.rule_names_unknown",
            Self::Reason => "access.rule_reason",
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::Value { .. } | Self::Names { .. } => Some("value".into()),
            Self::Reason => Some("reason".into()),
            _ => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Names { name, .. } => vec![("name", name.as_str().into())],
            _ => Vec::new(),
        }
    }
}

/// The rules of one capability.
struct RuleGroup {
    name: String,
    rows: Vec<RuleRow>,
}

struct RuleRow {
    key: String,
    name: String,
    value: String,
    is_changed: bool,
}

#[derive(Template)]
#[template(path = "access_city_rules.html")]
struct RulesPage {
    ui: Ui,
    groups: Vec<RuleGroup>,
}

fn list_of(ctx: &Ctx) -> Arc<SettingsList> {
    ctx.service_if_any::<SettingsList>().unwrap_or_default()
}

async fn values(ctx: &Ctx) -> Result<Values, StoreError> {
    ctx.read(settings::in_force).await
}

/// A value as people read it.
fn said(ui: &Ui, setting: &Setting, value: &str) -> String {
    match (setting.say)(value, ui) {
        said if said.is_empty() => ui.t("access-rules-empty"),
        said => said,
    }
}

/// What this process keeps of the rules follows a change at once; other processes follow within a minute.
async fn followed(ctx: &Ctx) -> Result<(), StoreError> {
    if let Some(faces) = ctx.service_if_any::<Faces>() {
        faces.take(&values(ctx).await?);
    }
    Ok(())
}

pub(super) async fn list(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let values = values(&ctx).await?;
    let list = list_of(&ctx);
    let groups = list.all().chunk_by(|a, b| a.capability == b.capability);
    let groups = groups.map(|of| RuleGroup {
        // words: access-rules-of-*
        name: ui.t(&format!("access-rules-of-{}", of[0].capability)),
        rows: of
            .iter()
            .map(|setting| row(&ui, setting, &values))
            .collect(),
    });
    let groups = groups.collect();
    show(&RulesPage { ui, groups })
}

fn row(ui: &Ui, setting: &Setting, values: &Values) -> RuleRow {
    let value = setting.value(values);
    RuleRow {
        key: setting.key(),
        name: ui.t(&setting.word()),
        is_changed: value != setting.default,
        value: said(ui, setting, value),
    }
}

struct VersionRow {
    when: Html,
    value: String,
    who: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "access_city_rule.html")]
struct RulePage {
    ui: Ui,
    key: String,
    name: String,
    help: String,
    value: String,
    default: String,
    bounds: String,
    form: FormState,
    /// Offered instead of a text field.
    choices: Vec<Choice>,
    /// Several of them may be chosen, or none.
    is_several: bool,
    is_number: bool,
    may_be_empty: bool,
    may_change: bool,
    versions: Vec<VersionRow>,
}

async fn page(ctx: &Ctx, ui: Ui, key: &str, form: Option<FormState>) -> Result<RulePage, Fault> {
    let list = list_of(ctx);
    let setting = list
        .get(key)
        .ok_or_else(|| SettingError::Unknown(key.chars().take(80).collect()))?;
    let wanted = key.to_owned();
    let (values, versions, names) = ctx
        .read(move |r| -> Result<_, StoreError> {
            let versions = settings::history(r, &wanted)?;
            let ids: Vec<AccountId> = versions
                .iter()
                .filter_map(|v| v.set_by.map(AccountId))
                .collect();
            Ok((settings::in_force(r)?, versions, accounts::names(r, &ids)?))
        })
        .await?;
    let value = setting.value(&values);
    let kind = (setting.kind)();
    let choices = match kind {
        SettingKind::YesNo => vec![
            Choice::new("yes", ui.t("access-rules-yes")),
            Choice::new("no", ui.t("access-rules-no")),
        ],
        SettingKind::OneOf(values) | SettingKind::SomeOf(values) => values
            .iter()
            .map(|value| Choice::new(*value, said(&ui, setting, value)))
            .collect(),
        _ => Vec::new(),
    };
    let bounds = match kind {
        SettingKind::Whole { least, most } | SettingKind::Number { least, most } => {
            let (least, most) = (least.to_string(), most.to_string());
            ui.t2(
                "access-rules-bounds",
                "least",
                least.as_str(),
                "most",
                most.as_str(),
            )
        }
        _ => String::new(),
    };
    let row = |v: Version| VersionRow {
        when: ui.time(v.at),
        value: said(&ui, setting, v.value.as_deref().unwrap_or(setting.default)),
        who: v
            .set_by
            .and_then(|id| names.get(&AccountId(id)).cloned())
            .unwrap_or_else(|| ui.t("access-rules-program")),
        reason: v.reason,
    };
    Ok(RulePage {
        key: setting.key(),
        name: ui.t(&setting.word()),
        help: ui.t(&setting.help_word()),
        value: said(&ui, setting, value),
        default: said(&ui, setting, setting.default),
        bounds,
        form: form.unwrap_or_else(|| match kind {
            SettingKind::SomeOf(_) => {
                FormState::from_pairs(value.split(SEVERAL).map(|one| ("value", one)))
            }
            _ => FormState::new().with("value", value),
        }),
        choices,
        is_several: matches!(kind, SettingKind::SomeOf(_)),
        is_number: matches!(kind, SettingKind::Whole { .. }),
        may_be_empty: kind == SettingKind::Line,
        may_change: ctx.principal().may(Permission::ReferenceManage),
        versions: versions.into_iter().map(row).collect(),
        ui,
    })
}

pub(super) async fn one(ctx: Ctx, ui: Ui, Path(key): Path<String>) -> Result<Response, Fault> {
    show(&page(&ctx, ui, &key, None).await?)
}

pub(super) async fn set(
    ctx: Ctx,
    ui: Ui,
    Path(key): Path<String>,
    fields: Fields,
) -> Result<Response, Fault> {
    let list = list_of(&ctx);
    let kind = list.get(&key).map(|setting| (setting.kind)());
    let value = match kind {
        Some(SettingKind::SomeOf(_)) => {
            let chosen: Vec<&str> = fields.all("value").collect();
            if chosen.is_empty() {
                NONE.to_owned()
            } else {
                chosen.join(SEVERAL)
            }
        }
        _ => fields.get("value").to_owned(),
    };
    let wanted = BTreeMap::from([(key.clone(), Some(value))]);
    let done = settings::set(&ctx, &list_of(&ctx), &wanted, fields.get("reason")).await;
    answer(&ctx, ui, &key, &fields, done).await
}

pub(super) async fn set_back(
    ctx: Ctx,
    ui: Ui,
    Path(key): Path<String>,
    fields: Fields,
) -> Result<Response, Fault> {
    let done = settings::set_back(&ctx, &list_of(&ctx), &key, fields.get("reason")).await;
    answer(&ctx, ui, &key, &fields, done).await
}

/// What a rule of a kind takes, in words: whoever typed something else needs no more.
fn expected(ui: &Ui, kind: SettingKind) -> String {
    // words: access-rules-bad-*
    match kind {
        SettingKind::Whole { least, most } | SettingKind::Number { least, most } => {
            let (least, most) = (least.to_string(), most.to_string());
            let key = match kind {
                SettingKind::Whole { .. } => "access-rules-bad-whole",
                _ => "access-rules-bad-number",
            };
            ui.t2(key, "least", least.as_str(), "most", most.as_str())
        }
        SettingKind::Limit => ui.t("access-rules-bad-limit"),
        SettingKind::YesNo | SettingKind::OneOf(_) | SettingKind::SomeOf(_) => {
            ui.t("access-rules-bad-choice")
        }
        SettingKind::Line | SettingKind::Text => ui.t("access-rules-bad-text"),
    }
}

async fn answer(
    ctx: &Ctx,
    ui: Ui,
    key: &str,
    fields: &Fields,
    done: Result<usize, SettingError>,
) -> Result<Response, Fault> {
    let fault = match done {
        Ok(_) => {
            followed(ctx).await?;
            let said = ui.t("access-rules-saved");
            return Ok(Go::to(format!("/rules/{key}"))
                .saying(Tone::Good, said)
                .into_response());
        }
        Err(error) => Fault::from(error),
    };
    let Some(field) = fault.field_name() else {
        return Err(fault);
    };
    let mut form = fields.form();
    let setting = (fault.code() == "access.bad_rule").then(|| list_of(ctx).get(key).copied());
    let sentence = match setting.flatten() {
        Some(setting) => Some(expected(&ui, (setting.kind)())),
        None => fault.sentence(&ui.site.words, ui.lang),
    };
    form.fault(field, sentence.unwrap_or_else(|| fault.detail().to_owned()));
    show_as(fault.status(), &page(ctx, ui, key, Some(form)).await?)
}

/// A rule of the city in the API.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RuleView {
    key: String,
    value: String,
    default: String,
}

/// The rules of the city.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RulesView {
    rules: Vec<RuleView>,
}

/// New values by key; null = the default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRules {
    rules: BTreeMap<String, Option<String>>,
    reason: String,
}

fn view(list: &SettingsList, values: &Values) -> RulesView {
    let rules = list.all().iter().map(|setting| RuleView {
        key: setting.key(),
        value: setting.value(values).to_owned(),
        default: setting.default.to_owned(),
    });
    RulesView {
        rules: rules.collect(),
    }
}

pub(super) async fn list_api(ctx: Ctx) -> Result<axum::Json<RulesView>, Fault> {
    let values = values(&ctx).await?;
    Ok(axum::Json(view(&list_of(&ctx), &values)))
}

pub(super) async fn set_api(
    ctx: Ctx,
    Json(new): Json<NewRules>,
) -> Result<axum::Json<RulesView>, Fault> {
    let list = list_of(&ctx);
    settings::set(&ctx, &list, &new.rules, &new.reason).await?;
    followed(&ctx).await?;
    let values = values(&ctx).await?;
    Ok(axum::Json(view(&list, &values)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ui::{Lang, testing};

    #[test]
    fn every_kind_of_rule_says_in_words_what_it_takes() {
        let now = "2026-03-16T02:00:00Z".parse().expect("a time");
        let (least, most) = (1.0, 9.5);
        for lang in Lang::ALL {
            let words = crate::words_of(&[crate::capability()]).expect("sound words");
            let ui = testing::ui_with(testing::site_with(words), lang, now);
            for kind in [
                SettingKind::Whole { least, most },
                SettingKind::Number { least, most },
                SettingKind::YesNo,
                SettingKind::OneOf(&["a"]),
                SettingKind::SomeOf(&["a"]),
                SettingKind::Limit,
                SettingKind::Line,
                SettingKind::Text,
            ] {
                let said = expected(&ui, kind);
                assert!(!said.contains('⟦'), "{kind:?}: {said}");
                let has_bounds = said.contains('1') && said.contains("9.5");
                let is_bounded =
                    matches!(kind, SettingKind::Whole { .. } | SettingKind::Number { .. });
                assert_eq!(has_bounds, is_bounded, "{kind:?}: {said}");
            }
        }
    }
}
