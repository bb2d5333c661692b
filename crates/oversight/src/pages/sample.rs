//! GET /audit/sample — cases drawn by lot, the same again for the same seed; POST draws, POST /audit/sample/file takes the file.

use super::{CSV, csv, period};
use crate::model::{Draw, Drawn, MOST_DRAWN, Sample};
use crate::ops;
use access::{Ctx, Fault, Fields, Go, Json, show, show_as};
use askama::Template;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cases::State;
use cases::service::{Cases, Channel};
use cases::words::state_key;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ui::{FormState, Html, Ui};

struct Line {
    number: String,
    state: String,
    reported: Html,
    closed: Html,
    channel: String,
}

struct Table {
    /// In words: how many of how many, by which seed.
    caption: String,
    rows: Vec<Line>,
    /// What was drawn by, for the form that takes the file.
    kept: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "oversight_sample.html")]
struct SamplePage {
    ui: Ui,
    form: FormState,
    table: Option<Table>,
}

const FIELDS: [&str; 4] = ["from", "to", "size", "seed"];

/// What a sample is drawn by when nobody says otherwise: 30 cases of the last 30 days.
fn defaults(ui: &Ui) -> FormState {
    let today = ui.now.to_zoned(ui.site.time_zone.clone()).date();
    FormState::new()
        .with("from", today.saturating_sub(30.days()).to_string())
        .with("to", today.to_string())
        .with("size", "30")
}

fn read(ui: &Ui, fields: &Fields) -> Result<Draw, Fault> {
    let missing = |name: &'static str| {
        Fault::invalid(name, "oversight.missing", format!("{name} is missing"))
    };
    let (from, to) = period(ui, fields)?;
    Ok(Draw {
        from: from.ok_or_else(|| missing("from"))?,
        to: to.ok_or_else(|| missing("to"))?,
        size: fields.read::<u32>("size")?.unwrap_or(30),
        seed: fields.get("seed").trim().to_owned(),
    })
}

/// A seed that nobody chose.
fn new_seed() -> String {
    hex::encode(rand::random::<[u8; 8]>())
}

pub(crate) async fn page(ctx: Ctx, ui: Ui, RawQuery(text): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(text.unwrap_or_default().as_bytes());
    if fields.get("seed").is_empty() {
        let form = defaults(&ui);
        return show(&SamplePage {
            form,
            table: None,
            ui,
        });
    }
    let draw = read(&ui, &fields)?;
    let sample = ops::sample(&ctx, &draw).await?;
    let channels = ctx.service::<Cases>().load_channels(&ctx).await?;
    show(&page_of(ui, &fields, &draw, &sample, &channels))
}

pub(super) fn page_of(
    ui: Ui,
    fields: &Fields,
    draw: &Draw,
    sample: &Sample,
    channels: &BTreeMap<String, Channel>,
) -> impl Template {
    let rows = sample.drawn.iter().map(|case| line(&ui, channels, case));
    let rows = rows.collect();
    let caption = ui.ta(
        "oversight-sample-caption",
        &[
            ("n", &ui.num(sample.drawn.len() as u64)),
            ("of", &ui.num(sample.population)),
            ("seed", &draw.seed),
        ],
    );
    SamplePage {
        table: Some(Table {
            caption,
            rows,
            kept: FIELDS
                .into_iter()
                .map(|name| (name, fields.get(name).to_owned()))
                .collect(),
        }),
        form: fields.form(),
        ui,
    }
}

fn line(ui: &Ui, channels: &BTreeMap<String, Channel>, case: &Drawn) -> Line {
    Line {
        number: case.number.to_string(),
        state: case
            .state
            .parse::<State>()
            .map_or_else(|_| case.state.clone(), |state| ui.t(state_key(state))),
        reported: ui.time(case.reported_at),
        closed: ui.time_or_dash(case.closed_at),
        channel: channels.get(&case.channel).map_or_else(
            || case.channel.clone(),
            |c| match ui.lang {
                ui::Lang::Zh => c.name_zh.clone(),
                ui::Lang::En => c.name_en.clone(),
            },
        ),
    }
}

/// POST /audit/sample — draws, and says so in the trail. Without a seed the program takes one by chance.
pub(crate) async fn draw(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let wanted = read(&ui, &fields).and_then(|mut draw| {
        if draw.seed.is_empty() {
            draw.seed = new_seed();
        }
        ops::check(&draw)?;
        Ok(draw)
    });
    let draw = match wanted {
        Ok(draw) => draw,
        Err(fault) => {
            let Some(field) = fault.field_name().map(str::to_owned) else {
                return Err(fault);
            };
            let mut form = fields.form();
            let sentence = fault
                .sentence(&ui.site.words, ui.lang)
                .unwrap_or_else(|| fault.detail().to_owned());
            form.fault(&field, sentence);
            let page = SamplePage {
                form,
                table: None,
                ui,
            };
            return show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    ops::record_draw(&ctx, &draw).await?;
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("from", fields.get("from"))
        .append_pair("to", fields.get("to"))
        .append_pair("size", &draw.size.to_string())
        .append_pair("seed", &draw.seed)
        .finish();
    Ok(Go::to(format!("/audit/sample?{query}")).into_response())
}

/// POST /audit/sample/file — the sample as a file.
pub(crate) async fn file(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let draw = read(&ui, &fields)?;
    let sample = ops::sample(&ctx, &draw).await?;
    let head = [
        "lot",
        "number",
        "state",
        "channel",
        "reported_at",
        "closed_at",
    ];
    let rows = sample.drawn.iter().enumerate().map(|(i, case)| {
        [
            (i + 1).to_string(),
            case.number.to_string(),
            case.state.clone(),
            case.channel.clone(),
            case.reported_at.to_string(),
            case.closed_at.map(|t| t.to_string()).unwrap_or_default(),
        ]
    });
    let bytes = csv(head, rows);
    let detail = serde_json::json!({
        "seed": draw.seed,
        "from": draw.from.to_string(),
        "to": draw.to.to_string(),
        "population": sample.population,
    });
    let taken = ops::take(&ctx, "sample", bytes, sample.drawn.len(), detail).await?;
    Ok(taken.download("sample", "csv", CSV))
}

/// What to draw.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct SampleInput {
    /// Cases reported not before, RFC 3339.
    #[schema(value_type = String)]
    from: Timestamp,
    /// Cases reported before, RFC 3339.
    #[schema(value_type = String)]
    to: Timestamp,
    /// So many.
    #[schema(minimum = 1, maximum = 500)]
    size: u32,
    /// The seed; without it the program takes one by chance and says which.
    #[serde(default)]
    #[schema(max_length = 64)]
    seed: Option<String>,
}

/// A sample as the API tells it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SampleView {
    /// The seed it was drawn by.
    seed: String,
    /// How many cases the period has.
    population: u64,
    /// The numbers drawn, in the order of the lot.
    numbers: Vec<String>,
}

/// POST /api/v1/audit/sample
pub(crate) async fn api(
    ctx: Ctx,
    Json(input): Json<SampleInput>,
) -> Result<Json<SampleView>, Fault> {
    let draw = Draw {
        from: input.from,
        to: input.to,
        size: input.size.min(MOST_DRAWN + 1),
        seed: input.seed.unwrap_or_else(new_seed),
    };
    ops::record_draw(&ctx, &draw).await?;
    let sample = ops::sample(&ctx, &draw).await?;
    Ok(Json(SampleView {
        seed: draw.seed,
        population: sample.population,
        numbers: sample.drawn.iter().map(|c| c.number.to_string()).collect(),
    }))
}
