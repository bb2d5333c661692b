//! Reports that may be about the same thing, by class, place, time and words. A suspicion with its reasons: whether they
//! are one, a person decides.
//!
//! Two readers ask. The desk sees the cases within its reach and may merge them. Whoever reports sees only open cases of
//! public classes, without a word of them and without a point, and may say "it is the same".

use super::{CaseError, Reach};
use crate::advice::{Alike, Asked, alike_by_grid, alike_by_rule};
use crate::model::{Case, Place};
use crate::rules::CityRules;
use crate::service::Cases;
use crate::sql;
use crate::sql_alike::{self, Around, NearBy};
use access::{Ctx, Permission};
use jiff::{SignedDuration, Timestamp};
use kernel::codes::{CaseNumber, DistrictCode, DivisionLevel};
use kernel::geo::LocalPlane;
use matters::City;

/// How far back words are compared.
const DAYS: i64 = 30;
/// How far away a case may lie to be compared by its words, in metres.
const RADIUS_M: f64 = 500.0;
/// Whoever reports is shown what is nearer than this.
const PUBLIC_RADIUS_M: f64 = 300.0;
/// Cases compared at most.
const MOST_COMPARED: i64 = 200;
/// Shown to whoever reports at most.
const MOST_PUBLIC: usize = 3;

/// What may be the same as a case, the likeliest first, within the reader's reach. One statement, and one more where
/// whoever reported named a case.
///
/// # Errors
/// The lack of the permission; the store's.
pub async fn alike(ctx: &Ctx, case: &Case) -> Result<Vec<(Case, Alike)>, CaseError> {
    let reach = Reach::of(ctx)?;
    let cases = ctx.service::<Cases>();
    let said = case.same_as;
    let near = near_by(
        &case.place,
        case.reported_at,
        (case.district, RADIUS_M),
        Some(case),
    );
    let (mut found, named) = ctx
        .read::<_, CaseError, _>(move |r| {
            let found = match &near {
                Some(near) => sql_alike::near_by(r, near, MOST_COMPARED)?,
                None => Vec::new(),
            };
            let named = match said {
                Some(number) if !found.iter().any(|c| c.number == number) => {
                    sql::by_number(r, &number)?
                }
                _ => None,
            };
            Ok((found, named))
        })
        .await?;
    found.extend(named);
    let asked = Asked::of(case);
    let rules = cases.rules();
    let mut alike: Vec<(Case, Alike)> = found
        .into_iter()
        .filter(|other| reach.holds(other) && other.id != case.id)
        .filter_map(|other| {
            let is_said = said == Some(other.number);
            let reasons = judged(&cases, &rules, &asked, &other);
            let reasons = match reasons {
                Some(reasons) => Alike { is_said, ..reasons },
                None if is_said => said_only(&asked, &other),
                None => return None,
            };
            Some((other, reasons))
        })
        .collect();
    sort(&mut alike);
    alike.truncate(rules.duplicate_most as usize);
    Ok(alike)
}

/// Open cases of public classes near by that may be what somebody is about to report. Nothing of their words or people.
/// One statement.
///
/// # Errors
/// The lack of the permission; the store's.
pub async fn alike_public(ctx: &Ctx, asked: &Asked<'_>) -> Result<Vec<(Case, Alike)>, CaseError> {
    ctx.require(Permission::CaseReport)?;
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let district = district_of(asked.place, cases.config().default_district);
    let Some(mut near) = near_by(asked.place, asked.at, (district, PUBLIC_RADIUS_M), None) else {
        return Ok(Vec::new());
    };
    near.only_open = true;
    let rules = cases.rules();
    let found = ctx
        .read::<_, CaseError, _>(move |r| Ok(sql_alike::near_by(r, &near, MOST_COMPARED)?))
        .await?;
    let mut alike: Vec<(Case, Alike)> = found
        .into_iter()
        .filter(|other| is_public(&city, other))
        .filter_map(|other| {
            let reasons = judged(&cases, &rules, asked, &other)?;
            Some((other, reasons))
        })
        .collect();
    sort(&mut alike);
    alike.truncate(MOST_PUBLIC);
    Ok(alike)
}

/// Whether everybody may know that a case is there: its class is public, nobody asked for confidence, and it is a matter of
/// its own.
pub fn is_public(city: &City, case: &Case) -> bool {
    let class = case.matter.and_then(|id| city.matter(id));
    class.is_some_and(|c| c.flags.public && !c.flags.confidential)
        && !case.confidential
        && !case.is_a_voice()
}

/// The case that whoever reports says it is the same as: one that is public and not over; else none, silently, because
/// an answer would tell whether a number exists. One statement.
///
/// # Errors
/// The store's.
pub(super) async fn named_public(
    ctx: &Ctx,
    city: &City,
    number: Option<CaseNumber>,
) -> Result<Option<Case>, CaseError> {
    match number {
        Some(number) => public_by_number(ctx, city, number).await,
        None => Ok(None),
    }
}

/// A case that whoever reports may say theirs is the same as: one that is public and not over. One statement.
///
/// # Errors
/// The store's.
pub(crate) async fn public_by_number(
    ctx: &Ctx,
    city: &City,
    number: CaseNumber,
) -> Result<Option<Case>, CaseError> {
    let found = ctx
        .read::<_, CaseError, _>(move |r| Ok(sql::by_number(r, &number)?))
        .await?;
    Ok(found.filter(|case| is_public(city, case) && !case.state.is_final()))
}

fn judged(cases: &Cases, rules: &CityRules, asked: &Asked<'_>, other: &Case) -> Option<Alike> {
    let (radius_m, hours) = (rules.duplicate_radius_m, f64::from(rules.duplicate_hours));
    let found = match cases.adviser() {
        Some(adviser) => adviser.alike(asked, other, radius_m, hours),
        None => alike_by_rule(asked, other, radius_m, hours),
    };
    let by_grid = rules
        .duplicate_same_grid
        .then(|| alike_by_grid(asked, other, hours))
        .flatten();
    match (found, by_grid) {
        // Words and place are two reasons: surer than either.
        (Some(by_words), Some(by_grid)) => Some(Alike {
            likeness: 1.0 - (1.0 - by_words.likeness) * (1.0 - by_grid.likeness),
            words: by_words.words,
            ..by_grid
        }),
        (found, by_grid) => found.or(by_grid),
    }
}

fn said_only(asked: &Asked<'_>, other: &Case) -> Alike {
    Alike {
        likeness: 0.5,
        metres: crate::advice::distance(asked.place.point, other.place.point),
        hours: crate::advice::hours_apart(asked.at, other.reported_at),
        is_same_class: asked.matter.is_some() && asked.matter == other.matter,
        is_same_grid: false,
        words: None,
        is_said: true,
    }
}

fn sort(alike: &mut [(Case, Alike)]) {
    alike.sort_by(|(a, x), (b, y)| {
        y.is_said
            .cmp(&x.is_said)
            .then(y.likeness.total_cmp(&x.likeness))
            .then(b.id.cmp(&a.id))
    });
}

fn district_of(place: &Place, default: DistrictCode) -> DistrictCode {
    let by_division = place
        .division
        .filter(|d| d.level().digits() >= DivisionLevel::District.digits())
        .map(kernel::codes::DivisionCode::district);
    place
        .grid
        .map(kernel::codes::GridCode::district)
        .or(by_division)
        .unwrap_or(default)
}

/// Where and when to look around a place; none where too little is known of it.
fn near_by(
    place: &Place,
    at: Timestamp,
    (district, radius_m): (DistrictCode, f64),
    but: Option<&Case>,
) -> Option<NearBy> {
    let around = match (place.point, place.division) {
        (Some(point), _) => {
            let plane = LocalPlane::at(point);
            let corner = |east: f64, north: f64| plane.point(east, north).unwrap_or(point);
            let (low, high) = (corner(-radius_m, -radius_m), corner(radius_m, radius_m));
            Around::Box([low.lon(), low.lat(), high.lon(), high.lat()], place.grid)
        }
        (None, Some(division)) if division.level() == DivisionLevel::Community => {
            Around::Division(division)
        }
        _ => return None,
    };
    let span = SignedDuration::from_hours(DAYS * 24);
    Some(NearBy {
        district,
        from: at.checked_sub(span).unwrap_or(Timestamp::MIN),
        to: at
            .checked_add(SignedDuration::from_hours(24))
            .unwrap_or(Timestamp::MAX),
        around,
        only_open: false,
        but: but.map(|c| c.id),
    })
}
