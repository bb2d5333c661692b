//! Use cases of the territory: import divisions, cells and beats; draw cells.
//!
//! They run on the command line's own thread (`_blocking` access to the store), in small transactions.

use crate::area::Bounds;
use crate::batch::{self, Changes, Writer, lay_over};
use crate::draw::{self, Canvas, DrawError, Plan};
use crate::import;
use crate::model::{Beat, Division, Lattice, UnitGrid, in_force};
use crate::report::{ImportError, Reject, Remark, Report, fingerprint};
use crate::rules::{self, MAX_CELLS_PER_COMMUNITY};
use crate::sql::{self, Part};
use crate::why::Why;
use access::{Ctx, Permission};
use kernel::geo::Crs;
use kernel::{DistrictCode, DivisionCode, DivisionLevel, GridCode, Point};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use store::{AuditEvent, StoreError};

/// How a file of the territory is to be read.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// Where the file comes from, kept with each row.
    pub source: String,
    /// The system of its coordinates.
    pub crs: Crs,
}

/// Gaps between cells wider than this are taken for the outside of the city.
const GAP_M: f64 = 5.0;

fn division_writer(file: String) -> Writer<Division> {
    Writer {
        action: "division.import",
        kind: "division",
        part: Part::Territory,
        file,
        insert: sql::insert_divisions,
        update: sql::update_division,
        name: |d| d.code.to_string(),
    }
}

fn grid_writer(action: &'static str, file: String) -> Writer<UnitGrid> {
    Writer {
        action,
        kind: "unit_grid",
        part: Part::Territory,
        file,
        insert: sql::insert_grids,
        update: sql::update_grid,
        name: |g| g.code.to_string(),
    }
}

fn known_divisions(ctx: &Ctx) -> Result<BTreeMap<DivisionCode, Division>, StoreError> {
    let all = ctx.read_blocking::<_, StoreError, _>(sql::all_divisions)?;
    Ok(all.into_iter().map(|d| (d.code, d)).collect())
}

fn known_grids(ctx: &Ctx) -> Result<BTreeMap<GridCode, UnitGrid>, StoreError> {
    let all = ctx.read_blocking::<_, StoreError, _>(sql::all_grids)?;
    Ok(all.into_iter().map(|g| (g.code, g)).collect())
}

/// Brings in divisions from CSV or GeoJSON.
///
/// # Errors
/// An unusable file (nothing is written), or the store's.
pub fn import_divisions(
    ctx: &Ctx,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<Report, ImportError> {
    plan_divisions(ctx, bytes, options)?.carry_out(ctx, &mut |_| ())
}

/// What [`import_divisions`] would do.
///
/// # Errors
/// As [`import_divisions`].
pub fn plan_divisions(
    ctx: &Ctx,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<batch::Plan, ImportError> {
    ctx.require(Permission::ReferenceManage)?;
    let rows = import::divisions(bytes, options.crs)?;
    let known = known_divisions(ctx)?;
    let mut report = Report::default();
    for row in rows.iter().flatten() {
        row.warning().into_iter().for_each(|w| report.warn(w));
    }
    let lay = |row: &import::DivisionRow, before: Option<&Division>| {
        row.lay_over(before, &options.source)
    };
    let name = |d: &Division| format!("{} {}", d.code, d.name);
    let changes = lay_over(rows, &known, "code", name, lay, &mut report);
    let codes: BTreeSet<DivisionCode> = known
        .keys()
        .copied()
        .chain(changes.new.iter().map(|d| d.code))
        .collect();
    for division in &changes.new {
        if let Some(parent) = division.parent.filter(|p| !codes.contains(p)) {
            let text = format!(
                "division {}: its parent {parent} is not in the register",
                division.code
            );
            let remark = Remark::new("no_parent", text)
                .with("division", division.code)
                .with("parent", parent);
            report.warn(remark);
        }
    }
    report.ignored_columns = import::ignored_in_divisions(bytes);
    Ok(batch::Plan::new(report).write(division_writer(fingerprint(bytes)), changes))
}

/// Brings in cells from GeoJSON, or beats from a sheet with `beat,name,grid`.
///
/// Refused: what is no polygon, crosses itself or has no code. Taken with a warning: overlaps and gaps between cells, cells
/// outside their community or in one that is not registered, and communities with more cells than three digits number.
///
/// # Errors
/// An unusable file (nothing is written), or the store's.
pub fn import_grids(
    ctx: &Ctx,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<Report, ImportError> {
    plan_grids(ctx, bytes, options)?.carry_out(ctx, &mut |_| ())
}

/// What [`import_grids`] would do.
///
/// # Errors
/// As [`import_grids`].
pub fn plan_grids(
    ctx: &Ctx,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<batch::Plan, ImportError> {
    ctx.require(Permission::ReferenceManage)?;
    if !import::is_json(bytes) {
        return plan_beats(ctx, bytes, &options.source);
    }
    let rows = import::grids(bytes, options.crs)?;
    let (known, divisions) = (known_grids(ctx)?, known_divisions(ctx)?);
    let mut report = Report::default();
    let lay =
        |row: &import::GridRow, before: Option<&UnitGrid>| row.lay_over(before, &options.source);
    let name = |g: &UnitGrid| g.code.to_string();
    let changes = lay_over(rows, &known, "code", name, lay, &mut report);
    warn_of_misfits(ctx, &changes, &known, &divisions, &mut report);
    Ok(batch::Plan::new(report).write(grid_writer("grid.import", fingerprint(bytes)), changes))
}

/// Looks at the cells as they will be: those of the communities that the file touches, and their neighbours by box.
fn warn_of_misfits(
    ctx: &Ctx,
    changes: &Changes<UnitGrid>,
    known: &BTreeMap<GridCode, UnitGrid>,
    divisions: &BTreeMap<DivisionCode, Division>,
    report: &mut Report,
) {
    let today = ctx.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let touched: Vec<&UnitGrid> = changes.new.iter().chain(&changes.changed).collect();
    let Some(reach) = touched
        .iter()
        .map(|g| g.shape.bounds())
        .reduce(Bounds::joined)
    else {
        return;
    };
    let mut after: BTreeMap<GridCode, UnitGrid> = known
        .iter()
        .filter(|(_, g)| g.shape.bounds().overlaps(&reach))
        .map(|(code, g)| (*code, g.clone()))
        .collect();
    after.extend(touched.iter().map(|g| (g.code, (*g).clone())));
    after.retain(|_, g| in_force(g.valid_from, g.valid_to, today));
    let cells: Vec<UnitGrid> = after.into_values().collect();
    let changed: BTreeSet<GridCode> = touched.iter().map(|g| g.code).collect();
    for finding in rules::check_fit(&cells, GAP_M) {
        let concerns = match &finding {
            rules::Finding::Overlap { first, second } => {
                changed.contains(first) || changed.contains(second)
            }
            rules::Finding::Gap { beside, .. } => changed.contains(beside),
            rules::Finding::TooMany { .. } => true,
        };
        if concerns {
            report.warn(finding);
        }
    }
    for grid in touched {
        match divisions.get(&grid.code.community()) {
            None => {
                let text = format!("grid {}: its community is not in the register", grid.code);
                report.warn(Remark::new("no_community", text).with("grid", grid.code));
            }
            Some(community) => {
                let outside = |shape: &crate::Area| !shape.contains(grid.shape.label_point());
                if community.shape.as_ref().is_some_and(outside) {
                    let text = format!(
                        "grid {} lies outside its community {}",
                        grid.code, community.name
                    );
                    let remark = Remark::new("outside_community", text)
                        .with("grid", grid.code)
                        .with("community", &community.name);
                    report.warn(remark);
                }
            }
        }
    }
}

fn plan_beats(ctx: &Ctx, bytes: &[u8], source: &str) -> Result<batch::Plan, ImportError> {
    let rows = import::beats(bytes)?;
    let known_grids = known_grids(ctx)?;
    let stored = ctx.read_blocking::<_, StoreError, _>(sql::all_beats)?;
    let known: BTreeMap<String, Beat> = stored.into_iter().map(|b| (b.code.clone(), b)).collect();
    let mut report = Report::default();
    let mut wanted = BTreeMap::<String, Beat>::new();
    let mut owner = BTreeMap::<GridCode, String>::new();
    for row in rows {
        report.read += 1;
        let refusal = match row {
            Err(reject) => Some(reject),
            Ok(row) if !known_grids.contains_key(&row.grid) => Some(Reject::new(
                row.line,
                "grid",
                row.grid.as_str(),
                Why::new("unknown_grid", "no such unit grid"),
            )),
            Ok(row) => match owner.get(&row.grid) {
                Some(other) if *other != row.beat => Some(Reject::new(
                    row.line,
                    "grid",
                    row.grid.as_str(),
                    Why::new("other_beat", format!("already in beat {other}")).with("beat", other),
                )),
                Some(_) => {
                    report.unchanged += 1;
                    None
                }
                None => {
                    owner.insert(row.grid, row.beat.clone());
                    let beat = wanted.entry(row.beat.clone()).or_insert_with(|| {
                        let before = known.get(&row.beat);
                        Beat {
                            code: row.beat.clone(),
                            name: before.map_or_else(|| row.beat.clone(), |b| b.name.clone()),
                            valid_from: before.and_then(|b| b.valid_from),
                            valid_to: before.and_then(|b| b.valid_to),
                            source: before.map_or_else(|| source.to_owned(), |b| b.source.clone()),
                            grids: Vec::new(),
                            shifts: before.map(|b| b.shifts.clone()).unwrap_or_default(),
                        }
                    });
                    beat.name = row.name.unwrap_or_else(|| beat.name.clone());
                    beat.grids.push(row.grid);
                    let shown = || format!("{} {}", beat.name, row.grid);
                    match known.get(&row.beat) {
                        None => {
                            report.imported += 1;
                            report.show(row.line, true, shown);
                        }
                        Some(b) if b.grids.contains(&row.grid) => report.unchanged += 1,
                        Some(_) => {
                            report.updated += 1;
                            report.show(row.line, false, shown);
                        }
                    }
                    None
                }
            },
        };
        refusal.into_iter().for_each(|r| report.reject(r));
    }
    let mut changes = Changes {
        new: Vec::new(),
        changed: Vec::new(),
    };
    for (code, mut beat) in wanted {
        beat.grids.sort_unstable();
        match known.get(&code) {
            None => changes.new.push(beat),
            Some(before) if *before == beat => {}
            Some(_) => changes.changed.push(beat),
        }
    }
    Ok(batch::Plan::new(report).write(beat_writer(fingerprint(bytes)), changes))
}

fn beat_writer(file: String) -> Writer<Beat> {
    Writer {
        action: "beat.import",
        kind: "beat",
        part: Part::Territory,
        file,
        insert: |w, beats| beats.iter().try_for_each(|b| sql::save_beat(w, b)),
        update: sql::save_beat,
        name: |b| b.code.clone(),
    }
}

/// Writes one beat with its cells and shifts.
///
/// # Errors
/// A shift whose weekday or minutes are out of range, or the store's.
pub fn save_beat(ctx: &Ctx, beat: &Beat) -> Result<(), ImportError> {
    ctx.require(Permission::ReferenceManage)?;
    for shift in &beat.shifts {
        if !(1..=7).contains(&shift.weekday) || shift.from_min >= 1440 || shift.to_min > 1440 {
            let text = format!(
                "a shift of beat {} has a weekday outside 1..=7 or minutes outside a day",
                beat.code
            );
            let why = Why::new("bad_shift", text).with("beat", &beat.code);
            return Err(ImportError::because("bad_shift", why).at("shifts"));
        }
    }
    let changes = Changes {
        new: vec![beat.clone()],
        changed: Vec::new(),
    };
    beat_writer(String::new()).write(ctx, &changes)
}

/// What a drawing did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Drawn {
    /// New cells.
    pub cells: usize,
    /// Cells that were there already.
    pub unchanged: usize,
    /// Points too far from the rest of the district to be numbered.
    pub out_of_reach: usize,
}

impl From<DrawError> for ImportError {
    fn from(error: DrawError) -> Self {
        Self::because("cannot_draw", error)
    }
}

/// Draws square cells of `metres` where points lie, under made-up streets and communities of a district, and makes the
/// district if it is not in the register. Repeatable: cells that are there stay, a later file only adds. The caller asks
/// only about points that no cell holds yet, and refreshes its snapshot afterwards.
///
/// # Errors
/// [`DrawError`] as unusable (nothing is written), or the store's.
pub fn draw_for_points(
    ctx: &Ctx,
    district: DistrictCode,
    metres: u32,
    points: &[Point],
) -> Result<Drawn, ImportError> {
    ctx.require(Permission::ReferenceManage)?;
    if !draw::METRES.contains(&metres) {
        return Err(DrawError::Metres(metres).into());
    }
    if points.is_empty() {
        return Ok(Drawn::default());
    }
    let (stored, known_cells) = ctx.read_blocking::<_, StoreError, _>(move |r| {
        Ok((
            sql::lattice(r, district)?,
            sql::grids_beginning(r, district.as_str())?,
        ))
    })?;
    let divisions = known_divisions(ctx)?;
    let lattice = match stored {
        Some(l) if l.metres != metres => {
            return Err(DrawError::OtherSize {
                district,
                there: l.metres,
                wanted: metres,
            }
            .into());
        }
        Some(l) => l,
        None => Lattice::over(
            district,
            metres,
            points,
            first_free_street(district, &divisions)?,
        )?,
    };
    let plan = draw::plan_for_points(&lattice, points)?;
    let mut new_divisions = vec![imported_district(district)];
    new_divisions.extend(plan.divisions);
    new_divisions.retain(|d| !divisions.contains_key(&d.code));
    let known: BTreeSet<GridCode> = known_cells.iter().map(|g| g.code).collect();
    let cells = plan.grids.len();
    let new: Vec<UnitGrid> = plan
        .grids
        .into_iter()
        .filter(|g| !known.contains(&g.code))
        .collect();
    let drawn = Drawn {
        cells: new.len(),
        unchanged: cells - new.len(),
        out_of_reach: plan.out_of_reach,
    };
    if stored.is_none() {
        // The lattice comes first: an interrupted drawing goes on with the same cells.
        ctx.renewed()
            .write_blocking::<(), StoreError, _>(move |mut w| {
                sql::insert_lattice(&mut w, &lattice)?;
                let detail = serde_json::json!({ "metres": metres });
                w.commit(
                    AuditEvent::done("grid.draw", "lattice", district.to_string()).detail(detail),
                    (),
                )
            })?;
    }
    division_writer(String::new()).write(
        ctx,
        &Changes {
            new: new_divisions,
            changed: Vec::new(),
        },
    )?;
    grid_writer("grid.draw", String::new()).write(
        ctx,
        &Changes {
            new,
            changed: Vec::new(),
        },
    )?;
    Ok(drawn)
}

/// The district under which imports without a place are kept, until a register names it.
fn imported_district(district: DistrictCode) -> Division {
    Division {
        name_en: Some("Imported".into()),
        drawn: true,
        ..Division::new(district.division(), "导入数据", draw::SOURCE)
    }
}

/// Makes sure that the district of an import is in the register.
///
/// # Errors
/// The store's.
pub fn ensure_district(ctx: &Ctx, district: DistrictCode) -> Result<(), ImportError> {
    let code = district.division();
    if ctx
        .read_blocking::<_, StoreError, _>(move |r| sql::division(r, code))?
        .is_some()
    {
        return Ok(());
    }
    let changes = Changes {
        new: vec![imported_district(district)],
        changed: Vec::new(),
    };
    division_writer(String::new()).write(ctx, &changes)
}

/// The first number above the streets a district really has.
fn first_free_street(
    district: DistrictCode,
    divisions: &BTreeMap<DivisionCode, Division>,
) -> Result<u16, DrawError> {
    let own = |d: &&Division| {
        d.code.district() == district && d.level() >= DivisionLevel::Street && !d.drawn
    };
    let highest = divisions
        .values()
        .filter(own)
        .map(|d| d.code.as_str()[6..9].to_owned())
        .max();
    let last = highest.and_then(|n| n.parse::<u16>().ok()).unwrap_or(0);
    if last >= 999 {
        Err(DrawError::NoStreetLeft(district))
    } else {
        Ok(last + 1)
    }
}

/// Draws square cells over the districts, streets or communities of a GeoJSON file and brings the areas themselves in.
///
/// Nothing is drawn where there are other cells: a changed cell needs a new code, so that is for a survey to do.
///
/// # Errors
/// An unusable file or size (nothing is written), or the store's.
pub fn draw_for_areas(
    ctx: &Ctx,
    bytes: &[u8],
    metres: u32,
    options: &ImportOptions,
) -> Result<Report, ImportError> {
    plan_drawing(ctx, bytes, metres, options)?.carry_out(ctx, &mut |_| ())
}

/// What [`draw_for_areas`] would do: the sums are of cells, and each area is shown with the number of its new ones.
///
/// # Errors
/// As [`draw_for_areas`].
pub fn plan_drawing(
    ctx: &Ctx,
    bytes: &[u8],
    metres: u32,
    options: &ImportOptions,
) -> Result<batch::Plan, ImportError> {
    ctx.require(Permission::ReferenceManage)?;
    let rows = import::divisions(bytes, options.crs)?;
    let canvases: Vec<Canvas> = rows
        .iter()
        .flatten()
        .filter_map(|row| {
            Some(Canvas {
                code: row.code(),
                shape: row.shape()?.clone(),
            })
        })
        .collect();
    if canvases.is_empty() {
        let first = rows.iter().find_map(|r| r.as_ref().err());
        let reason = first
            .map(|r| format!(": {}: {}", r.field, r.reason))
            .unwrap_or_default();
        return Err(ImportError::unusable(
            "nothing_to_draw",
            format!("the file has no area to draw over{reason}"),
        ));
    }
    let cells = cells_over(ctx, &canvases, metres)?;
    let areas = plan_divisions(ctx, bytes, options)?;
    let Report {
        rejected,
        rejects,
        warnings,
        ignored_columns,
        not_listed,
        ..
    } = areas.report.clone();
    let mut plan = cells.plan(Some(areas), fingerprint(bytes));
    let report = &mut plan.report;
    report.read += rejected;
    (report.rejected, report.rejects) = (rejected, rejects);
    (report.warnings, report.not_listed) = (warnings, not_listed);
    report.ignored_columns = ignored_columns;
    Ok(plan)
}

/// The same over divisions whose borders are known already: what drawing there would do.
///
/// # Errors
/// A division that is not in the register or has no border, an unusable size, or the store's.
pub fn plan_drawing_over(
    ctx: &Ctx,
    codes: &[DivisionCode],
    metres: u32,
) -> Result<batch::Plan, ImportError> {
    ctx.require(Permission::ReferenceManage)?;
    let divisions = known_divisions(ctx)?;
    let wanted: BTreeSet<DivisionCode> = codes.iter().copied().collect();
    let mut canvases = Vec::new();
    for code in wanted {
        let shape = divisions.get(&code).and_then(|d| d.shape.clone());
        let shape = shape.ok_or_else(|| {
            let message = format!("no border of {code} is known");
            ImportError::unusable("no_border", message).at("over")
        })?;
        canvases.push(Canvas { code, shape });
    }
    Ok(cells_over(ctx, &canvases, metres)?.plan(None, String::new()))
}

/// The cells that would be drawn over some areas.
struct Cells {
    /// Streets and communities that would be made up and are not there.
    made: Vec<Division>,
    new: Vec<UnitGrid>,
    all: usize,
    /// Each area, by code and as far as it is known by name, with the number of its new cells.
    areas: Vec<(String, usize)>,
}

fn cells_over(ctx: &Ctx, canvases: &[Canvas], metres: u32) -> Result<Cells, ImportError> {
    let plan = draw::plan_for_areas(canvases, metres)?;
    let divisions = known_divisions(ctx)?;
    refuse_real_streets(canvases, &divisions)?;
    let known = known_grids(ctx)?;
    refuse_other_cells(&plan, &known)?;
    let in_file: BTreeSet<DivisionCode> = canvases.iter().map(|c| c.code).collect();
    let all = plan.grids.len();
    let made = plan
        .divisions
        .into_iter()
        .filter(|d| !divisions.contains_key(&d.code) && !in_file.contains(&d.code))
        .collect();
    let new: Vec<UnitGrid> = plan
        .grids
        .into_iter()
        .filter(|g| !known.contains_key(&g.code))
        .collect();
    let areas = canvases
        .iter()
        .map(|canvas| {
            let own = |g: &&UnitGrid| {
                let community = g.code.community();
                canvas.code == community || canvas.code.contains(&community)
            };
            let name = divisions.get(&canvas.code).map(|d| format!(" {}", d.name));
            let area = format!("{}{}", canvas.code, name.unwrap_or_default());
            (area, new.iter().filter(own).count())
        })
        .collect();
    Ok(Cells {
        made,
        new,
        all,
        areas,
    })
}

impl Cells {
    /// What is to be written: the areas themselves, what is made up to hold the cells, the cells.
    fn plan(self, areas: Option<batch::Plan>, file: String) -> batch::Plan {
        let mut report = Report {
            read: self.all as u64,
            imported: self.new.len() as u64,
            unchanged: (self.all - self.new.len()) as u64,
            ..Report::default()
        };
        for (line, (area, cells)) in (1..).zip(&self.areas) {
            if *cells > 0 {
                report.show(line, true, || format!("{area} + {cells}"));
            }
        }
        let mut plan = batch::Plan::new(report);
        if let Some(areas) = areas {
            plan.to_write += areas.to_write;
            plan = plan.then(move |ctx, progress| areas.carry_out(ctx, progress).map(|_| ()));
        }
        let made = Changes {
            new: self.made,
            changed: Vec::new(),
        };
        let cells = Changes {
            new: self.new,
            changed: Vec::new(),
        };
        plan.write(division_writer(file.clone()), made)
            .write(grid_writer("grid.draw", file), cells)
    }
}

/// Streets and communities are made up only where the register has none.
fn refuse_real_streets(
    canvases: &[Canvas],
    divisions: &BTreeMap<DivisionCode, Division>,
) -> Result<(), ImportError> {
    for canvas in canvases
        .iter()
        .filter(|c| c.code.level() != DivisionLevel::Community)
    {
        let inside =
            |d: &&Division| d.code != canvas.code && canvas.code.contains(&d.code) && !d.drawn;
        if let Some(real) = divisions.values().find(inside) {
            let text = format!(
                "{} has real divisions such as {} ({}): draw over its communities instead",
                canvas.code, real.code, real.name
            );
            let why = Why::new("draw_real_divisions", text)
                .with("division", canvas.code)
                .with("real", real.code)
                .with("name", &real.name);
            return Err(ImportError::because("cannot_draw", why).at("adcode"));
        }
    }
    Ok(())
}

/// A community whose cells are not exactly those that would be drawn keeps what it has.
fn refuse_other_cells(
    plan: &Plan,
    known: &BTreeMap<GridCode, UnitGrid>,
) -> Result<(), ImportError> {
    let mut drawn = BTreeMap::<DivisionCode, Vec<&UnitGrid>>::new();
    for grid in &plan.grids {
        drawn.entry(grid.code.community()).or_default().push(grid);
    }
    let last = u16::try_from(MAX_CELLS_PER_COMMUNITY).expect("999 is a small number");
    for (community, cells) in drawn {
        let bound = |n| GridCode::new(community, n).expect("1..=999 in a community");
        let there: Vec<&UnitGrid> = known
            .range(bound(1)..=bound(last))
            .map(|(_, g)| g)
            .collect();
        let same = there.len() <= cells.len()
            && there
                .iter()
                .all(|g| cells.iter().any(|c| c.code == g.code && c.shape == g.shape));
        if !same {
            let text = format!(
                "community {community} already has {} other grids; a changed grid needs a new code",
                there.len()
            );
            let why = Why::new("draw_other_grids", text)
                .with("community", community)
                .with("there", there.len());
            return Err(ImportError::because("cannot_draw", why).at("adcode"));
        }
    }
    Ok(())
}
