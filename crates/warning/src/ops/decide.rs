//! Deciding about a finding: seen, dismissed, what it was, and preventive work. A person decides, each time.

use super::WarningError;
use super::look::{common, find};
use crate::control;
use crate::model::{Level, Standing, Verdict, WarningId};
use crate::sql::{self, BeatRow, CaseBehind, Warning};
use access::{Ctx, Permission};
use cases::ops::{CaseError, NewPlace, NewReport, PREVENTIVE, report_with};
use kernel::codes::{CaseNumber, DivisionCode, GridCode};
use kernel::mask::mask_free_text;
use matters::City;
use std::collections::{BTreeMap, BTreeSet};
use store::{AuditEvent, StoreError, Write};

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;
/// Preventive work goes to at most so many beats of a finding, those with most cases first.
const MOST_BEATS: usize = 5;
/// At most so many of the cases behind a finding are looked at to choose beats.
const MOST_CASES: i64 = 2000;

/// A reason as it is kept: without names and numbers of people.
fn reason(text: &str, is_needed: bool) -> Result<String, WarningError> {
    let text = text.trim();
    if is_needed && text.is_empty() {
        return Err(WarningError::field(
            "reason",
            "warning.reason_missing",
            "is missing",
        ));
    }
    if text.chars().count() > LONGEST_REASON {
        let most = format!("has more than {LONGEST_REASON} characters");
        return Err(WarningError::field("reason", "warning.reason_long", most));
    }
    Ok(mask_free_text(text, &[]).0)
}

/// Says that somebody has looked at a finding. A second look changes nothing.
///
/// # Errors
/// [`WarningError`].
pub async fn see(ctx: &Ctx, id: WarningId) -> Result<Warning, WarningError> {
    ctx.require(Permission::WarningJudge)?;
    let warning = find(ctx, id).await?;
    if warning.standing != Standing::New {
        return Ok(warning);
    }
    let next = Warning {
        standing: Standing::Seen,
        ..warning
    };
    mark(ctx, next, "seen", None, String::new()).await
}

/// Says that nothing needs doing, and why.
///
/// # Errors
/// [`WarningError`]: a reason is needed; preventive work was opened.
pub async fn dismiss(ctx: &Ctx, id: WarningId, why: &str) -> Result<Warning, WarningError> {
    ctx.require(Permission::WarningJudge)?;
    let why = reason(why, true)?;
    let warning = find(ctx, id).await?;
    match warning.standing {
        Standing::Task => return Err(WarningError::Decided("followed by preventive work")),
        Standing::Dismissed => return Err(WarningError::Decided("dismissed")),
        Standing::New | Standing::Seen => {}
    }
    let next = Warning {
        standing: Standing::Dismissed,
        ..warning
    };
    mark(ctx, next, "dismissed", None, why).await
}

/// Says what a finding was, and how that is known. A later verdict is a second fact; the first one stays in the history.
///
/// # Errors
/// [`WarningError`]: a reason is needed.
pub async fn judge(
    ctx: &Ctx,
    id: WarningId,
    verdict: Verdict,
    why: &str,
) -> Result<Warning, WarningError> {
    ctx.require(Permission::WarningJudge)?;
    let why = reason(why, true)?;
    let warning = find(ctx, id).await?;
    let standing = match warning.standing {
        Standing::New => Standing::Seen,
        other => other,
    };
    let next = Warning {
        standing,
        verdict: Some(verdict),
        ..warning
    };
    mark(ctx, next, "verdict", Some(verdict), why).await
}

async fn mark(
    ctx: &Ctx,
    next: Warning,
    word: &'static str,
    verdict: Option<Verdict>,
    why: String,
) -> Result<Warning, WarningError> {
    let kept = next.clone();
    ctx.write::<_, WarningError, _>(move |mut w| {
        sql::update_standing(&mut w, &kept)?;
        sql::put_mark(&mut w, &kept, word, verdict, &why)?;
        let id = kept.id.to_string();
        let event = match word {
            "seen" => AuditEvent::done("warning.see", "warning", id),
            "dismissed" => AuditEvent::done("warning.dismiss", "warning", id),
            _ => AuditEvent::done("warning.judge", "warning", id),
        };
        let event = event
            .district(kept.district.as_str())
            .detail(serde_json::json!({ "standing": kept.standing, "verdict": verdict }));
        Ok(w.commit(event, ())?)
    })
    .await?;
    Ok(Warning {
        version: next.version + 1,
        ..next
    })
}

/// Preventive work that was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// The cases of the finding's own beats.
    pub chosen: Vec<CaseNumber>,
    /// The cases of beats drawn by lot.
    pub control: Vec<CaseNumber>,
}

/// A beat to be visited: its code, its name, and the cell to begin at.
#[derive(Debug, Clone, PartialEq)]
struct Visit {
    beat: String,
    name: String,
    grid: GridCode,
    is_control: bool,
}

/// Opens preventive work: one case for each of the finding's beats (at most five, those with most cases), and for as
/// many beats drawn by lot as keep a tenth of all preventive beats ever visited a control. All are worded alike, the note
/// with them, so that whoever goes does not know which is which. The first case and the finding's mark are one transaction.
///
/// # Errors
/// [`WarningError`]: it was opened before, the finding was dismissed, no beat is known; what `cases` refuses.
pub async fn open_task(
    ctx: &Ctx,
    city: &City,
    id: WarningId,
    note: &str,
    seed: u64,
) -> Result<Opened, WarningError> {
    ctx.require(Permission::WarningTask)?;
    let note = reason(note, false)?;
    let warning = find(ctx, id).await?;
    match warning.standing {
        Standing::Task => return Err(WarningError::AlreadyOpened),
        Standing::Dismissed => return Err(WarningError::Decided("dismissed")),
        Standing::New | Standing::Seen => {}
    }
    let behind = common(city, &warning, &[]);
    let (cases, so_far) = ctx
        .read::<_, WarningError, _>(move |r| {
            Ok((
                sql::cases_behind(r, &behind, MOST_CASES)?,
                sql::beats_so_far(r)?,
            ))
        })
        .await?;
    let chosen = chosen(city, &warning, &cases);
    let visits = with_control(city, chosen, so_far, seed);
    if visits.is_empty() {
        return Err(WarningError::NoBeat);
    }
    let warning = Warning {
        standing: Standing::Task,
        ..warning
    };
    let (mut opened, mut is_first) = (
        Opened {
            chosen: Vec::new(),
            control: Vec::new(),
        },
        true,
    );
    for visit in visits {
        let is_control = visit.is_control;
        let number = open_one(ctx, city, &warning, &note, visit, seed, is_first).await?;
        is_first = false;
        if is_control {
            opened.control.push(number);
        } else {
            opened.chosen.push(number);
        }
    }
    Ok(opened)
}

/// Opens the case of one beat; the first one marks the finding.
async fn open_one(
    ctx: &Ctx,
    city: &City,
    warning: &Warning,
    note: &str,
    visit: Visit,
    seed: u64,
    is_first: bool,
) -> Result<CaseNumber, WarningError> {
    let category = city
        .matter(warning.track.category)
        .map_or_else(String::new, |m| m.name_zh.clone());
    let new = NewReport {
        channel: PREVENTIVE.to_owned(),
        description: format!(
            "预防性查看：请到“{}”查看{category}，发现问题一并处理，并如实反馈（没有发现也请反馈）。{note}",
            visit.name
        ),
        matter: Some(warning.track.category),
        place: NewPlace {
            grid: Some(visit.grid),
            ..NewPlace::default()
        },
        ..NewReport::default()
    };
    let (warning, note) = (warning.clone(), note.to_owned());
    let beside = move |w: &mut Write<'_>, case: &cases::Case| -> Result<_, CaseError> {
        if is_first {
            sql::update_standing(w, &warning)?;
            sql::put_mark(w, &warning, "task", None, &note)?;
        }
        let row = BeatRow {
            beat: visit.beat.clone(),
            is_control: visit.is_control,
            seed: i64::try_from(seed).unwrap_or(i64::MAX),
            opened_at: w.now(),
            case: case.number,
        };
        sql::put_beat(w, warning.district, warning.id, &row)?;
        let event = AuditEvent::done("warning.open_task", "warning", warning.id.to_string())
            .district(warning.district.as_str())
            .detail(serde_json::json!({ "case": case.number, "beat": row.beat, "is_control": row.is_control, "seed": seed }));
        Ok(Some(event))
    };
    match report_with(ctx, new, beside).await {
        Ok(receipt) => Ok(receipt.case.number),
        Err(CaseError::Store(StoreError::Conflict)) => Err(WarningError::Changed),
        Err(error) => Err(error.into()),
    }
}

/// Where preventive work is done: in beats; where the city has none, in communities.
fn area_of(city: &City, grid: GridCode) -> Option<(String, String)> {
    if city.territory.beats().next().is_some() {
        let beat = city.territory.beat_of(grid)?;
        return Some((beat.code.clone(), beat.name.clone()));
    }
    let community = grid.community();
    Some((community.to_string(), city.territory.name(community)))
}

/// The beats of a finding with the cell of each that had most cases, the beat with most cases first.
fn chosen(city: &City, warning: &Warning, cases: &[CaseBehind]) -> Vec<Visit> {
    let mut cells: BTreeMap<GridCode, usize> = BTreeMap::new();
    for grid in cases.iter().filter_map(|c| c.grid) {
        *cells.entry(grid).or_default() += 1;
    }
    if cells.is_empty() {
        // No case is known by its cell: begin where the finding lies.
        cells.extend(own_cells(city, warning).into_iter().map(|grid| (grid, 0)));
    }
    let mut beats: BTreeMap<(String, String), (usize, usize, GridCode)> = BTreeMap::new();
    for (grid, n) in cells {
        let Some(area) = area_of(city, grid) else {
            continue;
        };
        let (all, most, cell) = beats.entry(area).or_insert((0, n, grid));
        *all += n;
        if n > *most {
            (*most, *cell) = (n, grid);
        }
    }
    let mut visits: Vec<(usize, Visit)> = beats
        .into_iter()
        .map(|((beat, name), (all, _, grid))| {
            let visit = Visit {
                beat,
                name,
                grid,
                is_control: false,
            };
            (all, visit)
        })
        .collect();
    visits.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    visits.into_iter().take(MOST_BEATS).map(|v| v.1).collect()
}

/// The cells of a finding's places.
fn own_cells(city: &City, warning: &Warning) -> Vec<GridCode> {
    let places = warning.track.places.iter();
    if warning.track.level == Level::Grid {
        return places.filter_map(|code| code.parse().ok()).collect();
    }
    places
        .filter_map(|code| code.parse::<DivisionCode>().ok())
        .flat_map(|division| city.territory.grids_in(division).iter().map(|g| g.code))
        .collect()
}

/// The chosen beats, and behind them as many drawn by lot as are wanting.
fn with_control(
    city: &City,
    mut visits: Vec<Visit>,
    (chosen, control): (u32, u32),
    seed: u64,
) -> Vec<Visit> {
    let more = u32::try_from(visits.len()).expect("at most five beats");
    let wanting = control::wanting(chosen + more, control);
    if visits.is_empty() || wanting == 0 {
        return visits;
    }
    let mut areas: BTreeMap<String, (String, GridCode)> = BTreeMap::new();
    for cell in city.territory.grids() {
        if let Some((code, name)) = area_of(city, cell.code) {
            areas.entry(code).or_insert((name, cell.code));
        }
    }
    let all: BTreeSet<String> = areas.keys().cloned().collect();
    let but: BTreeSet<String> = visits.iter().map(|v| v.beat.clone()).collect();
    for beat in control::draw(&all, &but, wanting, seed) {
        let (name, grid) = areas[&beat].clone();
        visits.push(Visit {
            beat,
            name,
            grid,
            is_control: true,
        });
    }
    visits
}
