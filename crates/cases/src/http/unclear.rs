//! GET /api/v1/duties/unclear — the duties that units dispute, with the cases behind each.

use super::cases::part;
use crate::ops::view::stamp;
use crate::ops::{self, CaseError, Return, ReturnedCase, Unclear};
use crate::service::Cases;
use access::{Ctx, Fault, Json, Query};
use matters::City;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The last days that are looked at unless others are asked for.
const DAYS: u32 = 30;
/// The most days.
const MOST_DAYS: u32 = 365;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    days: Option<String>,
}

/// The duties that are not clear, the most disputed first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UnclearDuties {
    /// Cases reported in so many last days were looked at.
    days: u32,
    /// The duties.
    duties: Vec<UnclearDuty>,
}

/// One class in one district.
#[derive(Debug, Serialize, ToSchema)]
struct UnclearDuty {
    /// The class; null where the cases have none.
    matter: Option<ClassName>,
    /// The district, twelve digits.
    district: String,
    /// Its name.
    district_name: String,
    /// How often cases came back.
    returns: u32,
    /// The cases, the newest first.
    cases: Vec<UnclearCase>,
}

/// A class.
#[derive(Debug, Serialize, ToSchema)]
struct ClassName {
    /// Its id.
    id: String,
    /// Its catalogue.
    catalogue: String,
    /// Its code.
    code: String,
    /// Its name.
    name: String,
}

/// A case that came back.
#[derive(Debug, Serialize, ToSchema)]
struct UnclearCase {
    /// Its number.
    number: String,
    /// Each return in order.
    returns: Vec<CaseReturn>,
}

/// One return.
#[derive(Debug, Serialize, ToSchema)]
struct CaseReturn {
    /// When.
    at: String,
    /// The unit that says it is not its duty: its id.
    unit: Option<String>,
    /// The unit's name.
    unit_name: Option<String>,
    /// Its reason.
    reason: String,
}

fn duty(city: &City, duty: &Unclear) -> UnclearDuty {
    let told = |r: &Return| CaseReturn {
        at: stamp(r.at, &city.timezone),
        unit: r.unit.map(|id| id.to_string()),
        unit_name: r
            .unit
            .and_then(|id| city.unit(id))
            .map(|u| u.name_zh.clone()),
        reason: r.reason.clone(),
    };
    let case = |c: &ReturnedCase| UnclearCase {
        number: c.case.number.to_string(),
        returns: c.returns.iter().map(told).collect(),
    };
    let class = duty.matter.and_then(|id| city.matter(id));
    UnclearDuty {
        matter: class.map(|c| ClassName {
            id: c.id.to_string(),
            catalogue: c.catalogue.clone(),
            code: c.code.clone(),
            name: c.name_zh.clone(),
        }),
        district: duty.district.to_string(),
        district_name: city.territory.name(duty.district),
        returns: duty.returns,
        cases: duty.cases.iter().map(case).collect(),
    }
}

pub(super) async fn list(ctx: Ctx, Query(span): Query<Span>) -> Result<Json<UnclearDuties>, Fault> {
    let days = part::<u32>("days", span.days.as_ref())?.unwrap_or(DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        let reason = format!("expected 1 to {MOST_DAYS}");
        return Err(CaseError::field("days", "cases.bad_query", reason).into());
    }
    let city = ctx.service::<Cases>().city();
    let found = ops::unclear(&ctx, days).await?;
    Ok(Json(UnclearDuties {
        days,
        duties: found.iter().map(|d| duty(&city, d)).collect(),
    }))
}
