//! GET, POST /supervision/ladder — the rungs of the escalation ladder.

use super::sentence;
use crate::model::{Rung, RungAct, RungAt, SupervisionError, Tell};
use crate::ops;
use access::{Ctx, Fault, Fields, Go, Permission, Problem, Query, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cases::Stage;
use serde::Deserialize;
use ui::{Choice, Crumb, FormState, Tone, Ui};

/// A rung in the list.
pub(crate) struct RungLine {
    pub href: String,
    pub stage: String,
    pub matter: String,
    pub level: i64,
    pub name: String,
    pub at: String,
    pub act: String,
    pub tell: String,
    pub enabled: bool,
}

/// Which rung is being set; level 0 adds one.
#[derive(Deserialize)]
pub(super) struct Chosen {
    stage: Option<String>,
    matter: Option<String>,
    level: Option<i64>,
}

#[derive(Template)]
#[template(path = "supervision_ladder.html")]
pub(crate) struct LadderPage {
    pub ui: Ui,
    pub crumbs: Vec<Crumb>,
    pub rows: Vec<RungLine>,
    /// The version of the rung being set, 0 for a new one, with its form.
    pub chosen: Option<(i64, FormState)>,
    /// Which rung that is: its stage, its class, its level.
    pub setting: String,
    pub stages: Vec<Choice>,
    pub acts: Vec<Choice>,
    pub tells: Vec<Choice>,
    pub may_change: bool,
}

fn tell_word(ui: &Ui, tell: Tell) -> String {
    ui.t(&format!(
        "supervision-tell-{}",
        tell.as_str().replace('_', "-")
    ))
}

fn stage_word(ui: &Ui, stage: Stage) -> String {
    ui.t(cases::words::stage_key(stage))
}

fn form_of(rung: &Rung) -> FormState {
    let (level, at) = (rung.level.to_string(), rung.at.to_string());
    let enabled = if rung.enabled { "1" } else { "" };
    let mut pairs = vec![
        ("stage", rung.stage.as_str()),
        ("matter", rung.matter.as_str()),
        ("level", &level),
        ("at", &at),
        ("act", rung.act.as_str()),
        ("name_zh", &rung.name_zh),
        ("name_en", &rung.name_en),
        ("enabled", enabled),
    ];
    pairs.extend(rung.tell.iter().map(|t| ("tell", t.as_str())));
    FormState::from_pairs(pairs)
}

impl LadderPage {
    /// The rungs; the chosen one with its form, as it is kept or as it was sent.
    pub(crate) fn new(
        ui: Ui,
        rungs: &[Rung],
        may_change: bool,
        chosen: Option<(&str, &str, i64)>,
        sent: Option<FormState>,
    ) -> Self {
        let rows = rungs.iter().map(|rung| RungLine {
            href: format!(
                "/supervision/ladder?stage={}&matter={}&level={}",
                rung.stage,
                rung.matter.replace('*', "%2A"),
                rung.level
            ),
            stage: stage_word(&ui, rung.stage),
            matter: if rung.matter == "*" {
                ui.t("supervision-all-classes")
            } else {
                rung.matter.clone()
            },
            level: rung.level,
            name: if ui.lang == ui::Lang::En {
                rung.name_en.clone()
            } else {
                rung.name_zh.clone()
            },
            at: match rung.at {
                RungAt::Percent(n) => format!("{n} %"),
                RungAt::After(limit) => {
                    let limit = ui.limit(Some(limit));
                    ui.tn("supervision-at-after", "limit", limit.as_str())
                }
            },
            act: ui.t(&format!("supervision-act-{}", rung.act)),
            tell: ui.list(
                &rung
                    .tell
                    .iter()
                    .map(|t| tell_word(&ui, *t))
                    .collect::<Vec<_>>(),
            ),
            enabled: rung.enabled,
        });
        let rows: Vec<RungLine> = rows.collect();
        let setting = chosen.and_then(|(stage, matter, level)| {
            let at = rungs.iter().position(|r| {
                r.stage.as_str() == stage && r.matter == matter && r.level == level
            })?;
            let row = &rows[at];
            Some(format!("{} · {} · {}", row.stage, row.matter, row.level))
        });
        let setting = setting.unwrap_or_default();
        let chosen = chosen.filter(|_| may_change).map(|(stage, matter, level)| {
            let found = rungs
                .iter()
                .find(|r| r.stage.as_str() == stage && r.matter == matter && r.level == level);
            let kept = found.map_or_else(
                || {
                    FormState::new()
                        .with("stage", Stage::Handle.as_str())
                        .with("matter", "*")
                        .with("enabled", "1")
                },
                form_of,
            );
            (found.map_or(0, |r| r.version), sent.unwrap_or(kept))
        });
        Self {
            crumbs: vec![Crumb {
                label: ui.t("supervision-title"),
                href: "/supervision".into(),
            }],
            rows,
            chosen,
            setting,
            stages: Stage::ALL
                .iter()
                .map(|s| Choice::new(s.as_str(), stage_word(&ui, *s)))
                .collect(),
            acts: RungAct::ALL
                .iter()
                .map(|a| Choice::new(a.as_str(), ui.t(&format!("supervision-act-{a}"))))
                .collect(),
            tells: Tell::ALL
                .iter()
                .map(|t| Choice::new(t.as_str(), tell_word(&ui, *t)))
                .collect(),
            may_change,
            ui,
        }
    }
}

async fn page(
    ctx: &Ctx,
    ui: Ui,
    status: StatusCode,
    chosen: Option<(&str, &str, i64)>,
    sent: Option<FormState>,
) -> Result<Response, Fault> {
    let rungs = ops::ladder(ctx).await?.rungs;
    let may_change = ctx.principal().may(Permission::ReferenceManage);
    show_as(
        status,
        &LadderPage::new(ui, &rungs, may_change, chosen, sent),
    )
}

pub(super) async fn show(
    ctx: Ctx,
    ui: Ui,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Fault> {
    let matter = chosen.matter.unwrap_or_default();
    let stage = chosen.stage.unwrap_or_else(|| Stage::Handle.to_string());
    let chosen = (chosen.level).map(|level| (stage.as_str(), matter.as_str(), level));
    page(&ctx, ui, StatusCode::OK, chosen, None).await
}

fn read(fields: &Fields) -> Result<Rung, SupervisionError> {
    fn part<T: std::str::FromStr>(
        fields: &Fields,
        field: &'static str,
    ) -> Result<T, SupervisionError>
    where
        T::Err: std::fmt::Display,
    {
        fields.get(field).parse().map_err(|e: T::Err| {
            SupervisionError::field(field, "supervision.bad_rung", e.to_string())
        })
    }
    let tell = fields
        .all("tell")
        .map(|t| {
            t.parse()
                .map_err(|e: String| SupervisionError::field("tell", "supervision.bad_rung", e))
        })
        .collect::<Result<_, _>>()?;
    Ok(Rung {
        stage: part(fields, "stage")?,
        matter: fields.get("matter").to_owned(),
        level: part(fields, "level")?,
        at: part(fields, "at")?,
        act: part(fields, "act")?,
        tell,
        name_zh: fields.get("name_zh").to_owned(),
        name_en: fields.get("name_en").to_owned(),
        enabled: !fields.get("enabled").is_empty(),
        version: part(fields, "version")?,
    })
}

pub(super) async fn change(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let done = match read(&fields) {
        Ok(rung) => ops::change_rung(&ctx, rung).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(Go::to("/supervision/ladder")
            .saying(Tone::Good, ui.t("supervision-rung-kept"))
            .into_response()),
        Err(error) if error.field().is_some() => {
            let field = error.field().unwrap_or_default();
            let (fault, said) = sentence(&ui, error);
            let mut form = fields.form();
            form.fault(&field, said);
            let chosen = (
                fields.get("stage"),
                fields.get("matter"),
                fields.get("level").parse().unwrap_or(0),
            );
            page(&ctx, ui, fault.status(), Some(chosen), Some(form)).await
        }
        Err(error) => Err(error.into()),
    }
}
