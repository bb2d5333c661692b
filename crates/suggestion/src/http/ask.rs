//! POST /api/v1/suggestions — what the machine makes of a report. Nothing that is sent is kept.

use super::views::SuggestionView;
use crate::ops::SuggestionError;
use access::{Ctx, Fault, Json, Permission};
use cases::advice::Asked;
use cases::ops::{NewPlace, alike_public, locate};
use cases::service::Cases;
use jiff::Timestamp;
use kernel::codes::DivisionCode;
use kernel::mask::mask_free_text;
use matters::MatterId;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is asked about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SuggestionAsk)]
pub(super) struct Wanted {
    /// The words, at most 4,000 characters.
    text: String,
    /// Degrees east, in WGS 84.
    lon: Option<f64>,
    /// Degrees north.
    lat: Option<f64>,
    /// The code of a division, where no point is known.
    division: Option<String>,
    /// The id of the class, where a person has given one: then no class is suggested, and a unit may be.
    matter_id: Option<String>,
    /// When it was seen; now where it is not given.
    #[schema(value_type = Option<String>)]
    reported_at: Option<Timestamp>,
    /// `en`, else Chinese.
    lang: Option<String>,
}

fn wrong(field: &'static str, reason: impl Into<String>) -> SuggestionError {
    SuggestionError::field(field, "suggestion.bad_query", reason)
}

pub(super) async fn suggest(
    ctx: Ctx,
    Json(wanted): Json<Wanted>,
) -> Result<Json<SuggestionView>, Fault> {
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    if wanted.text.chars().count() > cases::rules::MAX_TEXT {
        let reason = format!("has more than {} characters", cases::rules::MAX_TEXT);
        return Err(wrong("text", reason).into());
    }
    let (text, _) = mask_free_text(wanted.text.trim(), &[]);
    if text.is_empty() {
        return Err(wrong("text", "is empty").into());
    }
    let lon_lat = match (wanted.lon, wanted.lat) {
        (Some(lon), Some(lat)) => Some((lon, lat)),
        (None, None) => None,
        (None, _) => return Err(wrong("lon", "is missing beside lat").into()),
        (_, None) => return Err(wrong("lat", "is missing beside lon").into()),
    };
    let division = match wanted.division.as_deref() {
        Some(code) => Some(
            code.parse::<DivisionCode>()
                .map_err(|e| wrong("division", e.to_string()))?,
        ),
        None => None,
    };
    let matter = match wanted.matter_id.as_deref() {
        Some(id) => {
            let id = id
                .parse()
                .map(MatterId)
                .map_err(|_| wrong("matter_id", "is no id"))?;
            let class = city
                .matter(id)
                .ok_or_else(|| wrong("matter_id", "no such class"))?;
            Some(class.id)
        }
        None => None,
    };
    let new = NewPlace {
        lon_lat,
        division,
        ..NewPlace::default()
    };
    let place = locate(&city, &new).map_err(SuggestionError::from)?;
    let mut asked = Asked {
        text: &text,
        place: &place,
        at: wanted.reported_at.unwrap_or(ctx.now()),
        matter,
    };
    let adviser = cases.adviser();
    let classes = match (adviser, matter) {
        (Some(adviser), None) => adviser.classes(&city, &asked),
        _ => Vec::new(),
    };
    asked.matter = matter.or(classes.first().map(|c| c.what));
    let is_staff = ctx.require(Permission::CaseRead).is_ok();
    let unit = match (adviser, asked.matter) {
        (Some(adviser), Some(_)) if is_staff => adviser.unit(&city, &asked),
        _ => None,
    };
    let alike = alike_public(&ctx, &asked)
        .await
        .map_err(SuggestionError::from)?;
    let lang = wanted.lang.as_deref().unwrap_or("zh-CN");
    Ok(Json(SuggestionView::of(
        &city,
        lang,
        &classes,
        unit.as_ref(),
        &alike,
    )))
}
