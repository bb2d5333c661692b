//! GET /suggestions — how suggestion is set, its models, what they are worth and what people decided. POST settings, train,
//! try, use.

use super::class_name;
use crate::adviser::Advisers;
use crate::jobs;
use crate::model::{KEYWORDS, Kind, ModelRow, Settings, Shares, Standing};
use crate::ops::{self, Overview, SuggestionError};
use access::{Ctx, Fault, Fields, Go, Path, Permission, UnitId, show as show_page, show_as};
use askama::Template;
use axum::response::{IntoResponse, Response};
use cases::advice::{Advised, Adviser as _, Asked, Learned, Why};
use cases::model::Place;
use cases::service::Cases;
use matters::{City, MatterId};
use ui::{FormState, Html, Tone, Ui};

/// The longest text that is tried.
const MOST_LETTERS: usize = 4000;

/// A model with what it is worth, as cells.
pub(super) struct Row {
    number: String,
    kind: String,
    standing: String,
    tone: &'static str,
    made: Html,
    messages: String,
    classes: String,
    held: String,
    accuracy: String,
    coverage: String,
    right: String,
    threshold: String,
    decided: Decided,
    /// Where a press puts it into force; empty where that cannot be.
    use_again: String,
}

/// What people decided, as cells.
pub(super) struct Decided {
    accepted: Html,
    overridden: Html,
    silent: Html,
}

/// What was suggested, and what people decided instead.
pub(super) struct Otherwise {
    suggested: String,
    decided: String,
    n: u64,
}

/// A suggestion that was tried.
pub(super) struct Tried {
    name: String,
    percent: String,
    words: String,
    learned: String,
}

#[derive(Template)]
#[template(path = "suggestion_overview.html")]
pub(super) struct OverviewPage {
    pub ui: Ui,
    form: FormState,
    settings: Settings,
    is_training: bool,
    may_manage: bool,
    keywords: Decided,
    rows: Vec<Row>,
    classes: Vec<Otherwise>,
    units: Vec<Otherwise>,
    /// What came of a try; none where nothing was tried.
    tried: Option<Vec<Tried>>,
}

fn share(ui: &Ui, share: Option<f64>) -> String {
    share.map_or_else(|| "—".to_owned(), |s| ui.percent(s).to_string())
}

fn decided(ui: &Ui, shares: Shares) -> Decided {
    Decided {
        accepted: ui.rate(shares.accepted, shares.suggested()),
        overridden: ui.rate(shares.overridden, shares.suggested()),
        silent: ui.rate(shares.silent, shares.all()),
    }
}

fn row(ui: &Ui, model: &ModelRow, shares: Shares, may_manage: bool) -> Row {
    // words: suggestion-kind-* suggestion-standing-*
    let standing = model.standing.as_str().replace('_', "-");
    Row {
        number: model.number.to_string(),
        kind: ui.t(&format!("suggestion-kind-{}", model.kind)),
        standing: ui.t(&format!("suggestion-standing-{standing}")),
        tone: match model.standing {
            Standing::InForce => "good",
            Standing::Replaced => "info",
            Standing::Weak => "warn",
        },
        made: ui.time(model.made_at),
        messages: ui.num(model.messages.unsigned_abs()),
        classes: ui.num(model.classes.unsigned_abs()),
        held: ui.num(model.held_back.unsigned_abs()),
        accuracy: share(ui, model.accuracy),
        coverage: share(ui, model.coverage),
        right: share(ui, model.answered_right),
        threshold: if model.threshold > 1.0 {
            "—".to_owned()
        } else {
            share(ui, Some(model.threshold))
        },
        decided: decided(ui, shares),
        use_again: if may_manage && model.standing == Standing::Replaced {
            format!("/suggestions/models/{}/use", model.number)
        } else {
            String::new()
        },
    }
}

fn otherwise(ui: &Ui, city: &City, overview: &Overview, kind: Kind) -> Vec<Otherwise> {
    let name = |id: kernel::id::Id| match kind {
        Kind::Class => class_name(ui, city, MatterId(id)),
        Kind::Unit => city
            .unit(UnitId(id))
            .map_or_else(|| id.to_string(), |u| u.name(ui.lang.tag()).to_owned()),
    };
    let list = overview.confusions.get(&kind).into_iter().flatten();
    list.map(|c| Otherwise {
        suggested: name(c.suggested),
        decided: name(c.decided),
        n: c.n.unsigned_abs(),
    })
    .collect()
}

/// What the page is made of.
pub(super) struct Sheet<'a> {
    pub city: &'a City,
    pub overview: &'a Overview,
    pub may_manage: bool,
    pub is_training: bool,
}

pub(super) fn page_of(
    ui: Ui,
    sheet: &Sheet<'_>,
    form: FormState,
    tried: Option<Vec<Tried>>,
) -> OverviewPage {
    let Sheet {
        city,
        overview,
        may_manage,
        is_training,
    } = *sheet;
    let settings = overview.settings;
    let shares = |number, kind| {
        overview
            .shares
            .get(&(number, kind))
            .copied()
            .unwrap_or_default()
    };
    let form = if form.value("target").is_empty() {
        form.with("target", format!("{:.0}", settings.target * 100.0))
            .with("least", format!("{:.0}", settings.least * 100.0))
            .with("enabled", if settings.enabled { "1" } else { "" })
            .with("nightly", if settings.nightly { "1" } else { "" })
    } else {
        form
    };
    OverviewPage {
        keywords: decided(&ui, shares(KEYWORDS, Kind::Class)),
        rows: overview
            .models
            .iter()
            .map(|m| row(&ui, m, shares(m.number, m.kind), may_manage))
            .collect(),
        classes: otherwise(&ui, city, overview, Kind::Class),
        units: otherwise(&ui, city, overview, Kind::Unit),
        form,
        settings,
        is_training,
        may_manage,
        tried,
        ui,
    }
}

async fn page(
    ctx: &Ctx,
    ui: Ui,
    form: FormState,
    tried: Option<Vec<Tried>>,
) -> Result<OverviewPage, Fault> {
    let overview = ops::overview(ctx).await?;
    let city = ctx.service::<Cases>().city();
    let sheet = Sheet {
        city: &city,
        overview: &overview,
        may_manage: ctx.require(Permission::SuggestionManage).is_ok(),
        is_training: jobs::is_training(),
    };
    Ok(page_of(ui, &sheet, form, tried))
}

pub(super) async fn show(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    show_page(&page(&ctx, ui, FormState::new(), None).await?)
}

fn percent(field: &'static str, code: &'static str, text: &str) -> Result<f64, SuggestionError> {
    let number = text
        .trim()
        .trim_end_matches(['%', '％'])
        .trim()
        .parse::<f64>()
        .ok()
        .filter(|n| n.is_finite());
    number.map(|n| n / 100.0).ok_or_else(|| {
        let text: String = text.chars().take(20).collect();
        SuggestionError::field(field, code, format!("{text:?} is no number"))
    })
}

pub(super) async fn change(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let wanted = async {
        let settings = Settings {
            version: fields.get("version").parse().unwrap_or(-1),
            enabled: !fields.get("enabled").is_empty(),
            nightly: !fields.get("nightly").is_empty(),
            target: percent("target", "suggestion.bad_target", fields.get("target"))?,
            least: percent("least", "suggestion.bad_least", fields.get("least"))?,
        };
        ops::change(&ctx, settings).await
    };
    match wanted.await {
        Ok(_) => Ok(Go::to("/suggestions")
            .saying(Tone::Good, ui.t("suggestion-done-set"))
            .into_response()),
        Err(error @ SuggestionError::Field { field, .. }) => {
            let fault = Fault::from(error);
            let sentence = fault
                .sentence(&ui.site.words, ui.lang)
                .unwrap_or_else(|| fault.detail().to_owned());
            let mut form = fields.form();
            form.fault(field, sentence);
            show_as(fault.status(), &page(&ctx, ui, form, None).await?)
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn train(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    jobs::begin_training(&ctx).await?;
    Ok(Go::to("/suggestions")
        .saying(Tone::Good, ui.t("suggestion-done-begun"))
        .into_response())
}

pub(super) async fn use_again(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<i64>,
) -> Result<Response, Fault> {
    ops::use_model(&ctx, number).await?;
    let sentence = ui.tn("suggestion-done-used", "model", number.to_string());
    Ok(Go::to("/suggestions")
        .saying(Tone::Good, sentence)
        .into_response())
}

fn why(ui: &Ui, city: &City, why: &[Why]) -> String {
    let told = why.iter().map(|reason| match reason {
        Why::Word(word) => word.clone(),
        Why::Place(code) => city.territory.name_in(*code, ui.lang),
        Why::Class(id) => class_name(ui, city, *id),
        Why::Night => ui.t("suggestion-night"),
    });
    told.collect::<Vec<_>>().join(" · ")
}

fn tried<T: Copy>(
    ui: &Ui,
    city: &City,
    advised: &[Advised<T>],
    name: impl Fn(T) -> String,
) -> Vec<Tried> {
    advised
        .iter()
        .map(|a| Tried {
            name: name(a.what),
            percent: ui.percent(a.confidence.clamp(0.0, 0.99)).to_string(),
            words: why(ui, city, &a.why),
            learned: match a.learned {
                Learned::Record(number) => {
                    ui.tn("suggestion-by-model", "model", number.to_string())
                }
                Learned::Keywords => ui.t("suggestion-by-keywords"),
            },
        })
        .collect()
}

/// Asks the adviser about a text that somebody types to see what it does. Nothing is kept.
pub(super) async fn try_out(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let text: String = fields.get("text").chars().take(MOST_LETTERS).collect();
    let found = match ctx.service_if_any::<Advisers>() {
        Some(advisers) if !text.trim().is_empty() => {
            let place = Place::default();
            let asked = Asked {
                text: &text,
                place: &place,
                at: ctx.now(),
                matter: None,
            };
            advisers.classes(&city, &asked)
        }
        _ => Vec::new(),
    };
    let tried = tried(&ui, &city, &found, |id| class_name(&ui, &city, id));
    let form = FormState::new().with("text", text);
    show_page(&page(&ctx, ui, form, Some(tried)).await?)
}
