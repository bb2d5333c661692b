//! Looking at findings: the list, one with its history, the cases behind it.

use super::WarningError;
use crate::counts::day_after;
use crate::model::{Standing, WarningId};
use crate::sql::{self, BeatRow, Behind, CaseBehind, Filter, Mark, Warning};
use crate::track::Sight;
use access::{AccountId, Ctx, Permission};
use jiff::civil::Date;
use kernel::codes::{DistrictCode, DivisionCode};
use kernel::{Cursor, Page, PageSize};
use matters::{City, MatterId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// At most so many cases behind a finding are shown.
const MOST_CASES: i64 = 200;

/// What a list is asked for. The reader's districts come on top.
#[derive(Debug, Clone, Default)]
pub struct WarningQuery {
    /// Only standing so; empty means any.
    pub standings: Vec<Standing>,
    /// Only of this class.
    pub matter: Option<MatterId>,
    /// Only with its record in this district.
    pub district: Option<DistrictCode>,
    /// Only seen on this day or later.
    pub seen_from: Option<Date>,
    /// The page.
    pub size: PageSize,
    /// After the last row seen.
    pub after: Option<Cursor>,
}

/// Findings in the reader's districts, the last seen first. One statement.
///
/// # Errors
/// [`WarningError`].
pub async fn list(ctx: &Ctx, query: WarningQuery) -> Result<Page<Warning>, WarningError> {
    ctx.require(Permission::WarningRead)?;
    let own = ctx.scope().districts;
    let districts = match query.district {
        Some(district) if own.is_empty() || own.contains(&district) => vec![district],
        Some(_) => return Ok(Page::from_probe(Vec::new(), query.size, cursor)),
        None => own,
    };
    let wrong = |e: kernel::paging::PagingError| {
        WarningError::field("after", "warning.bad_cursor", e.to_string())
    };
    let after = match &query.after {
        Some(cursor) => Some((
            cursor.part(0).map_err(wrong)?,
            cursor.part(1).map_err(wrong)?,
        )),
        None => None,
    };
    let filter = Filter {
        districts,
        standings: query.standings,
        matter: query.matter,
        seen_from: query.seen_from,
        after,
    };
    let size = query.size;
    let rows = ctx
        .read::<_, WarningError, _>(move |r| Ok(sql::list(r, &filter, size.probe())?))
        .await?;
    Ok(Page::from_probe(rows, size, cursor))
}

fn cursor(warning: &Warning) -> Cursor {
    Cursor::new([warning.track.last_seen.to_string(), warning.id.to_string()])
}

/// How many findings stand where, in the reader's districts.
pub type Standings = BTreeMap<Standing, u64>;

/// How many findings stand where, in the reader's districts. One statement.
///
/// # Errors
/// [`WarningError`].
pub async fn standings(ctx: &Ctx) -> Result<Standings, WarningError> {
    ctx.require(Permission::WarningRead)?;
    let districts = ctx.scope().districts;
    ctx.read::<_, WarningError, _>(move |r| Ok(sql::standings(r, &districts)?))
        .await
}

/// The last day that was looked at, if any was. One statement.
///
/// # Errors
/// [`WarningError`].
pub async fn last_day(ctx: &Ctx) -> Result<Option<Date>, WarningError> {
    ctx.require(Permission::WarningRead)?;
    let runs = ctx
        .read::<_, WarningError, _>(|r| Ok(sql::last_runs(r, 1)?))
        .await?;
    Ok(runs.first().map(|run| run.day))
}

/// A finding in the reader's districts.
///
/// # Errors
/// [`WarningError`]; a finding elsewhere is not found.
pub async fn find(ctx: &Ctx, id: WarningId) -> Result<Warning, WarningError> {
    ctx.require(Permission::WarningRead)?;
    let districts = ctx.scope().districts;
    let found = ctx
        .read::<_, WarningError, _>(move |r| Ok(sql::find(r, id, &districts)?))
        .await?;
    found.ok_or_else(|| WarningError::NotFound(id.to_string()))
}

/// Some findings by their ids, in that order; those that are not there are left out (command line). Must not be called
/// on an async thread.
///
/// # Errors
/// [`WarningError`].
pub fn some_blocking(ctx: &Ctx, ids: &[WarningId]) -> Result<Vec<Warning>, WarningError> {
    ctx.require(Permission::WarningRead)?;
    let (ids, districts) = (ids.to_vec(), ctx.scope().districts);
    ctx.read_blocking::<_, WarningError, _>(move |r| {
        let mut found = Vec::with_capacity(ids.len());
        for id in &ids {
            found.extend(sql::find(r, *id, &districts)?);
        }
        Ok(found)
    })
}

/// A finding with all that is known about it.
#[derive(Debug, Clone)]
pub struct Details {
    /// The finding.
    pub warning: Warning,
    /// How it looked, day by day.
    pub sights: Vec<Sight>,
    /// What people did about it.
    pub marks: Vec<Mark>,
    /// The beats of its preventive work.
    pub beats: Vec<BeatRow>,
    /// Names of the accounts that `marks` names.
    pub names: HashMap<AccountId, String>,
}

/// A finding in the reader's districts with all that is known about it.
///
/// # Errors
/// As [`find`].
pub async fn details(ctx: &Ctx, id: WarningId) -> Result<Details, WarningError> {
    ctx.require(Permission::WarningRead)?;
    let districts = ctx.scope().districts;
    let found = ctx
        .read::<_, WarningError, _>(move |r| {
            let Some(warning) = sql::find(r, id, &districts)? else {
                return Ok(None);
            };
            let marks = sql::marks(r, warning.district, id)?;
            let people: Vec<AccountId> = marks.iter().filter_map(|m| m.account).collect();
            Ok(Some(Details {
                sights: sql::sights(r, warning.district, id)?,
                beats: sql::beats(r, warning.district, id)?,
                names: access::ops::accounts::names(r, &people)?,
                marks,
                warning,
            }))
        })
        .await?;
    found.ok_or_else(|| WarningError::NotFound(id.to_string()))
}

/// What the cases behind a finding have in common, in these districts (empty = all).
pub(super) fn common(city: &City, warning: &Warning, districts: &[DistrictCode]) -> Behind {
    let track = &warning.track;
    let head = |code: &String| {
        code.parse::<DivisionCode>()
            .map_or_else(|_| code.clone(), |d| d.prefix().to_owned())
    };
    let of_places: BTreeSet<DistrictCode> = track
        .places
        .iter()
        .filter_map(|code| code.get(..6)?.parse().ok())
        .filter(|d| districts.is_empty() || districts.contains(d))
        .collect();
    let midnight = |date: Date| {
        date.to_zoned(city.timezone.clone())
            .map_or(jiff::Timestamp::MAX, |z| z.timestamp())
    };
    Behind {
        districts: of_places.into_iter().collect(),
        matter: track.category,
        heads: track.places.iter().map(head).collect(),
        from: midnight(track.began),
        to: midnight(day_after(track.now.to, 1)),
    }
}

/// The incidents behind a finding since it began, in the reader's districts, the oldest first. Whoever may not see cases
/// gets none: the counts say enough. One statement.
///
/// # Errors
/// [`WarningError`].
pub async fn behind(
    ctx: &Ctx,
    city: &City,
    warning: &Warning,
) -> Result<Vec<CaseBehind>, WarningError> {
    ctx.require(Permission::WarningRead)?;
    if !ctx.principal().may(Permission::CaseRead) {
        return Ok(Vec::new());
    }
    let behind = common(city, warning, &ctx.scope().districts);
    ctx.read::<_, WarningError, _>(move |r| Ok(sql::cases_behind(r, &behind, MOST_CASES)?))
        .await
}
