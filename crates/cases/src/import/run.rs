//! The run of an import: whole file checked, cells drawn if wanted, then small batches.
//!
//! A batch is one transaction of at most 500 rows that takes about 50 ms, in the background lane, with one audit event.
//! What a batch did is known by `import_keys`, so an interrupted import is run again and goes on.

use crate::import::lines::{LinesError, MAX_RECORD, Record, Records, check_utf8};
use crate::import::map::{ImportMap, Places};
use crate::import::row::{self, ParsedRow};
use crate::measures::{self, Measures};
use crate::model::{Case, CaseEvent, CaseId, Imported};
use crate::rules::{self, Actor, CityRules, Command, Facts};
use crate::{model::Place, sql};
use access::{Ctx, Permission, SystemRole, UnitId};
use grid::report::{Reject, Report};
use grid::{ImportError, Why};
use jiff::civil::Date;
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::geo::Point;
use kernel::id::Id;
use matters::{City, MatterId, Reference};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{AuditEvent, StoreError, StoreResult, ToValue, Write, params, values};

/// The most rows of one transaction.
const BATCH: usize = 500;
/// About how long one transaction may take.
const BATCH_TIME: Duration = Duration::from_millis(50);
/// How often a batch is tried that another import at the same time gets in the way of.
const TRIES: u32 = 8;
/// Case numbers taken at once for one day.
const NUMBERS: u32 = 64;

/// What is to be imported, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file.
    pub file: PathBuf,
    /// Draw square cells of so many metres where points lie.
    pub draw_grid_m: Option<u32>,
    /// Where rejected rows are listed.
    pub rejects: Option<PathBuf>,
    /// The words in which their reasons are told there; none: in English.
    pub told: Option<(Arc<ui::I18n>, ui::Lang)>,
}

/// What an import did: `read = imported + unchanged + updated + rejected`, `placed + unplaced = imported + updated`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// Records in the file, the header left out.
    pub read: u64,
    /// New cases.
    pub imported: u64,
    /// Rows that were there with the same content.
    pub unchanged: u64,
    /// Rows that were there with other content.
    pub updated: u64,
    /// Rows refused.
    pub rejected: u64,
    /// Cases that lie in a known cell.
    pub placed: u64,
    /// Cases that do not.
    pub unplaced: u64,
    /// How long it took.
    pub seconds: f64,
}

impl Outcome {
    fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.imported += other.imported;
        self.unchanged += other.unchanged;
        self.updated += other.updated;
        self.rejected += other.rejected;
        self.placed += other.placed;
        self.unplaced += other.unplaced;
    }
}

/// Runs an import. `progress` is told how many rows are done. Must not be called on an async thread.
///
/// # Errors
/// [`ImportError::Unusable`] when file or map cannot be used and nothing was written; the store's otherwise, and then
/// whole batches are kept.
pub fn run(
    ctx: &Ctx,
    reference: &Reference,
    map: &ImportMap,
    options: &Options,
    progress: &mut dyn FnMut(&Outcome),
) -> Result<Outcome, ImportError> {
    ctx.require(Permission::ImportRun)?;
    let started = Instant::now();
    let file_hash = check_file(&options.file)?;
    let (mut records, places) = open(&options.file, map)?;
    let mut rejects = options
        .rejects
        .as_deref()
        .map(|path| Rejects::create(path, options.told.clone()))
        .transpose()?;
    reference.refresh_blocking(ctx)?;
    if let Some(metres) = options.draw_grid_m {
        draw(ctx, reference, map, &options.file, metres)?;
    }
    let run_id = Id::new(ctx.clock().now(), rand::random());
    let mut state = Running {
        ctx,
        reference,
        map,
        file_hash,
        run_id,
        begun: false,
        is_first: is_first(ctx, map)?,
        channels: ctx.read_blocking(sql_import::channels)?,
        matters: HashMap::new(),
        units: HashMap::new(),
        numbers: HashMap::new(),
        total: Outcome::default(),
    };
    let mut seen = Seen::default();
    let mut batch = Vec::new();
    let mut size = 200;
    let mut part = Outcome::default();
    loop {
        let record = records
            .next_record()
            .map_err(|e| unreadable(&options.file, &e))?;
        let at_end = record.is_none();
        if let Some(Record { line, fields }) = record {
            part.read += 1;
            match take(map, &places, &mut seen, line, &fields) {
                Taken::New(row) => batch.push(*row),
                Taken::Repeat => part.unchanged += 1,
                Taken::Reject(reject) => {
                    part.rejected += 1;
                    if let Some(file) = &mut rejects {
                        file.write(places.text("id", &fields), &reject)?;
                    }
                }
            }
        }
        if batch.len() >= size || at_end {
            let batch_started = Instant::now();
            state.write(
                std::mem::take(&mut batch),
                std::mem::take(&mut part),
                at_end,
            )?;
            size = next_size(size, batch_started.elapsed());
            progress(&state.total);
            // Leaves the file unlocked for a moment: people in another process wait for exactly that.
            std::thread::sleep(Duration::from_millis(2));
        }
        if at_end {
            break;
        }
    }
    if let Some(file) = rejects {
        file.finish()?;
    }
    if state.total.imported > 1000 {
        ctx.analyze_blocking()?;
    }
    state.total.seconds = started.elapsed().as_secs_f64();
    Ok(state.total)
}

/// What [`run`] would do with a file, found out without writing anything: the same reading, the same keys.
///
/// # Errors
/// As [`run`].
pub fn preview(ctx: &Ctx, map: &ImportMap, file: &Path) -> Result<Report, ImportError> {
    ctx.require(Permission::ImportRun)?;
    check_file(file)?;
    let (mut records, places) = open(file, map)?;
    let mut report = Report::default();
    let (mut seen, mut batch) = (Seen::default(), Vec::new());
    loop {
        let record = records.next_record().map_err(|e| unreadable(file, &e))?;
        let at_end = record.is_none();
        if let Some(Record { line, fields }) = record {
            report.read += 1;
            match take(map, &places, &mut seen, line, &fields) {
                Taken::New(row) => batch.push((line, *row)),
                Taken::Repeat => report.unchanged += 1,
                Taken::Reject(reject) => report.reject(reject),
            }
        }
        if batch.len() >= BATCH || at_end {
            count(ctx, map, std::mem::take(&mut batch), &mut report)?;
        }
        if at_end {
            return Ok(report);
        }
    }
}

/// Counts rows by what is known of them.
fn count(
    ctx: &Ctx,
    map: &ImportMap,
    rows: Vec<(u64, ParsedRow)>,
    report: &mut Report,
) -> Result<(), ImportError> {
    let (district, source) = (map.district, map.source.clone());
    let ids: Vec<String> = rows.iter().map(|(_, row)| row.id.clone()).collect();
    let known = ctx.read_blocking::<_, StoreError, _>(move |r| {
        sql_import::keys(r, district, &source, ids.iter().map(String::as_str))
    })?;
    for (line, row) in rows {
        let name = || format!("{} {}", row.id, row.matter);
        match known.get(&row.id) {
            Some(key) if key.content == row.content => report.unchanged += 1,
            Some(_) => {
                report.updated += 1;
                report.show(line, false, name);
            }
            None => {
                report.imported += 1;
                report.show(line, true, name);
            }
        }
    }
    Ok(())
}

/// Whether no row of this source has been brought in before.
fn is_first(ctx: &Ctx, map: &ImportMap) -> Result<bool, StoreError> {
    let (district, source) = (map.district, map.source.clone());
    ctx.read_blocking(move |r| Ok(!sql_import::is_known(r, district, &source)?))
}

/// As many rows as would have taken the time of a batch; never less than half or more than a quarter above the last one,
/// so that one hiccup of the machine does not make many small transactions.
fn next_size(size: usize, took: Duration) -> usize {
    let wanted = BATCH_TIME.as_micros() * size as u128 / took.as_micros().max(1);
    usize::try_from(wanted)
        .unwrap_or(BATCH)
        .clamp(size / 2, size * 5 / 4)
        .clamp(20, BATCH)
}

fn unreadable(file: &Path, error: &LinesError) -> ImportError {
    let text = format!("cannot read {}: {error}", file.display());
    let why = match error {
        LinesError::Io(said) => Why::new("file_io", text).with("said", said),
        LinesError::TooLong { .. } => Why::new("file_long_record", text).with("most", MAX_RECORD),
        LinesError::NotUtf8 { .. } => Why::new("file_not_utf8", text),
    };
    let fault = ImportError::because("unreadable_file", why);
    match error.line() {
        Some(line) => fault.on_line(line),
        None => fault,
    }
}

fn reader(file: &Path) -> Result<BufReader<File>, ImportError> {
    let opened = File::open(file).map_err(|e| unreadable(file, &e.into()))?;
    Ok(BufReader::with_capacity(1 << 16, opened))
}

/// The file's hash, once it has proved to be UTF-8 and to fall into records to its end: nothing is written of a file
/// that is not.
fn check_file(file: &Path) -> Result<String, ImportError> {
    let mut hash = Sha256::new();
    check_utf8(reader(file)?, |bytes| hash.update(bytes)).map_err(|e| unreadable(file, &e))?;
    let mut records = Records::new(reader(file)?);
    while records.pass_record().map_err(|e| unreadable(file, &e))? {}
    Ok(hex::encode(hash.finalize()))
}

fn open(file: &Path, map: &ImportMap) -> Result<(Records<BufReader<File>>, Places), ImportError> {
    let mut records = Records::new(reader(file)?);
    let header = records.next_record().map_err(|e| unreadable(file, &e))?;
    let header = header.ok_or_else(|| {
        ImportError::unusable(
            "empty_file",
            format!("{} is empty: it has no header", file.display()),
        )
    })?;
    let places = map.places(&header.fields)?;
    Ok((records, places))
}

/// Reads all points and draws cells under those that lie in none.
fn draw(
    ctx: &Ctx,
    reference: &Reference,
    map: &ImportMap,
    file: &Path,
    metres: u32,
) -> Result<(), ImportError> {
    if !map.columns.contains_key("lat") {
        return Err(ImportError::unusable(
            "no_points",
            "cells can only be drawn where the map has columns lat and lon",
        )
        .at("columns.lat"));
    }
    let (mut records, places) = open(file, map)?;
    let city = reference.current();
    let mut points: Vec<Point> = Vec::new();
    while let Some(record) = records.next_record().map_err(|e| unreadable(file, &e))? {
        // A row that is rejected draws nothing: the same cells come out whatever is wrong with other rows.
        if let Ok(ParsedRow {
            point: Some(point), ..
        }) = row::read(map, &places, record.line, &record.fields)
            && city.locate(point).is_none()
        {
            points.push(point);
        }
    }
    grid::ops::draw_for_points(ctx, map.district, metres, &points)?;
    reference.refresh_blocking(ctx)?;
    Ok(())
}

/// Which ids of this file have been met, and with what content. A few bytes a row, whatever the rows hold.
#[derive(Default)]
struct Seen {
    hasher: RandomState,
    rows: HashMap<u64, u64>,
}

enum Taken {
    New(Box<ParsedRow>),
    Repeat,
    Reject(Reject),
}

fn take(map: &ImportMap, places: &Places, seen: &mut Seen, line: u64, record: &[String]) -> Taken {
    match row::read(map, places, line, record) {
        Err(reject) => Taken::Reject(reject),
        Ok(row) => {
            let content = seen.hasher.hash_one(row.content);
            match seen.rows.insert(seen.hasher.hash_one(&row.id), content) {
                None => Taken::New(Box::new(row)),
                Some(first) => {
                    // The first row of an id stands.
                    seen.rows.insert(seen.hasher.hash_one(&row.id), first);
                    if first == content {
                        Taken::Repeat
                    } else {
                        Taken::Reject(Reject::new(
                            line,
                            "id",
                            &row.id,
                            Why::new("same_id", "this id stands further up with other content"),
                        ))
                    }
                }
            }
        }
    }
}

/// The list of rejected rows: `line,id,field,value,reason`.
struct Rejects {
    writer: csv::Writer<File>,
    told: Option<(Arc<ui::I18n>, ui::Lang)>,
}

impl Rejects {
    fn create(path: &Path, told: Option<(Arc<ui::I18n>, ui::Lang)>) -> Result<Self, ImportError> {
        let fault = |e: &dyn std::fmt::Display| {
            let shown = path.display();
            let why = Why::new("unwritable", format!("cannot write {shown}: {e}"))
                .whole("file", shown)
                .with("said", e);
            ImportError::because("unwritable_rejects", why).at("rejects")
        };
        let mut writer = csv::Writer::from_path(path).map_err(|e| fault(&e))?;
        writer
            .write_record(["line", "id", "field", "value", "reason"])
            .map_err(|e| fault(&e))?;
        Ok(Self { writer, told })
    }
    fn write(&mut self, id: &str, reject: &Reject) -> Result<(), ImportError> {
        let id = if grid::guard::check_text(id).is_ok() {
            id
        } else {
            ""
        };
        let line = reject.line.to_string();
        // The column keeps the name that the map has for it, by which a script sorts the rows.
        let reason = match &self.told {
            Some((words, lang)) => reject.sentence(words, *lang),
            None => reject.reason.clone(),
        };
        let fields = [line.as_str(), id, &reject.field, &reject.value, &reason];
        self.writer
            .write_record(fields.map(|cell| kernel::sheet::guarded(cell).into_owned()))
            .map_err(|e| StoreError::Lost(format!("rejects file: {e}")).into())
    }
    fn finish(mut self) -> Result<(), ImportError> {
        self.writer
            .flush()
            .map_err(|e| StoreError::Lost(format!("rejects file: {e}")).into())
    }
}

/// Blocks of case numbers: the next and the end, for each district and day.
type Numbers = HashMap<(DistrictCode, Date), (u32, u32)>;

struct Running<'r> {
    ctx: &'r Ctx,
    reference: &'r Reference,
    map: &'r ImportMap,
    file_hash: String,
    run_id: Id,
    begun: bool,
    is_first: bool,
    channels: HashMap<String, String>,
    matters: HashMap<String, MatterId>,
    units: HashMap<String, UnitId>,
    numbers: Numbers,
    total: Outcome,
}

/// A row whose place, class, unit and channel have been found.
#[derive(Clone)]
struct Placed {
    row: ParsedRow,
    district: DistrictCode,
    place: Place,
    matter: Option<MatterId>,
    unit: Option<UnitId>,
    channel: String,
}

/// What one batch needs, owned, so that its transaction may run again.
struct Batch {
    rows: Vec<Placed>,
    map_district: DistrictCode,
    source: String,
    timezone: jiff::tz::TimeZone,
    numbers: Numbers,
    part: Outcome,
    total: Outcome,
    run: RunRow,
}

#[derive(Clone)]
struct RunRow {
    id: Id,
    file_hash: String,
    begin: bool,
    end: bool,
}

impl Running<'_> {
    fn write(&mut self, rows: Vec<ParsedRow>, part: Outcome, end: bool) -> Result<(), ImportError> {
        self.meet(&rows)?;
        let city = self.reference.current();
        let rows = rows.into_iter().map(|row| self.place(&city, row)).collect();
        let batch = Arc::new(Batch {
            rows,
            map_district: self.map.district,
            source: self.map.source.clone(),
            timezone: self.map.timezone.clone(),
            numbers: self.numbers.clone(),
            part,
            total: self.total.clone(),
            run: RunRow {
                id: self.run_id,
                file_hash: self.file_hash.clone(),
                begin: !self.begun,
                end,
            },
        });
        let mut tries = 0;
        let (part, numbers) = loop {
            tries += 1;
            let (batch, is_first) = (batch.clone(), self.is_first);
            let written = self
                .ctx
                .renewed()
                .write_blocking(move |w| write_batch(w, &batch, is_first));
            match written {
                // Another import brought some of these rows meanwhile: looked at again, they are known.
                Err(StoreError::Unique(_) | StoreError::Conflict) if tries < TRIES => {
                    self.is_first = false;
                }
                other => break other?,
            }
        };
        self.begun = true;
        self.numbers = numbers;
        self.total.add(&part);
        Ok(())
    }

    /// Makes the classes, units and channels that no batch before has met.
    fn meet(&mut self, rows: &[ParsedRow]) -> Result<(), ImportError> {
        let source = self.map.source.as_str();
        let new =
            |known: &dyn Fn(&str) -> bool, of: &dyn Fn(&ParsedRow) -> &str| -> BTreeSet<String> {
                rows.iter()
                    .map(of)
                    .filter(|name| !name.is_empty() && !known(name))
                    .map(str::to_owned)
                    .collect()
            };
        let matters = new(&|n| self.matters.contains_key(n), &|r| &r.matter);
        self.matters.extend(matters::ops::get_or_make_imported(
            self.ctx, source, &matters,
        )?);
        let units = new(&|n| self.units.contains_key(n), &|r| &r.unit);
        self.units
            .extend(actors::ops::get_or_make_imported(self.ctx, source, &units)?);
        let channels = new(
            &|n| {
                self.channels
                    .contains_key(&sql_import::channel_key(source, n))
            },
            &|r| &r.channel,
        );
        if !channels.is_empty() {
            let (source, names) = (source.to_owned(), channels.clone());
            let made = self
                .ctx
                .renewed()
                .write_blocking(move |w| sql_import::make_channels(w, &source, &names))?;
            self.channels.extend(made);
        }
        if !matters.is_empty() || !units.is_empty() {
            self.reference.refresh_blocking(self.ctx)?;
        }
        Ok(())
    }

    fn place(&self, city: &City, row: ParsedRow) -> Placed {
        let grid = row.point.and_then(|p| city.locate(p));
        let division = grid.map(|g| g.community());
        let district = grid.map_or(self.map.district, |g| g.district());
        let address = Some(row.address.clone()).filter(|a| !a.is_empty());
        let channel = self
            .channels
            .get(&sql_import::channel_key(&self.map.source, &row.channel));
        Placed {
            district,
            place: Place {
                point: row.point,
                given: row.given,
                grid,
                division,
                address,
            },
            matter: self.matters.get(&row.matter).copied(),
            unit: self.units.get(&row.unit).copied(),
            channel: channel.cloned().unwrap_or_else(|| "import".to_owned()),
            row,
        }
    }
}

fn imported(placed: &Placed, source: &str, number: CaseNumber) -> Imported {
    let row = &placed.row;
    Imported {
        district: placed.district,
        number,
        source: source.to_owned(),
        row_id: row.id.clone(),
        reported_at: row.reported_at,
        closed_at: row.closed_at,
        due_at: row.due_at,
        status: row.status,
        matter: placed.matter,
        unit: placed.unit,
        channel: placed.channel.clone(),
        description: row.description.clone(),
        place: placed.place.clone(),
        notes: row.notes.clone(),
    }
}

/// One transaction: what is new, what is the same, what says something else.
///
/// `is_first`: no row of this source was known when the import began, so none needs to be looked up; the rows of one file
/// have been told apart already, and another import at the same time shows as a conflict.
fn write_batch(
    mut w: Write<'_>,
    batch: &Batch,
    is_first: bool,
) -> Result<store::Sealed<(Outcome, Numbers)>, StoreError> {
    let mut part = batch.part.clone();
    let mut numbers = batch.numbers.clone();
    let known = if is_first {
        BTreeMap::new()
    } else {
        let ids = batch.rows.iter().map(|r| r.row.id.as_str());
        sql_import::keys(&mut w, batch.map_district, &batch.source, ids)?
    };
    let facts_actor = Actor {
        behalf: None,
        ties: crate::rules::Ties::default(),
        kind: "system",
        account: Some(SystemRole::Importer.id()),
        roles: Vec::new(),
        unit: None,
        is_program: true,
    };
    let (rules_of_city, now) = (CityRules::default(), w.now());
    let facts = Facts {
        now,
        actor: &facts_actor,
        calendar: kernel::Calendar::cn(),
        tz: &batch.timezone,
        rules: &rules_of_city,
        on_duty: None,
    };
    let mut fresh: Vec<(Case, CaseEvent, &Placed)> = Vec::new();
    for placed in &batch.rows {
        match known.get(&placed.row.id) {
            Some(key) if key.content == placed.row.content => {
                part.unchanged += 1;
                continue;
            }
            Some(key) => {
                update(&mut w, batch, placed, key, &facts)?;
                part.updated += 1;
            }
            None => {
                let day = batch.timezone.to_datetime(placed.row.reported_at).date();
                let number = next_number(&mut w, &mut numbers, placed.district, day)?;
                let command = Command::Import(Box::new(imported(placed, &batch.source, number)));
                let mut events = rules::decide(None, command, &facts).map_err(refused)?;
                let event = events
                    .pop()
                    .ok_or_else(|| StoreError::Misuse("an import makes one event".into()))?;
                let case = rules::apply(None, &event)
                    .ok_or_else(|| StoreError::Misuse("an import begins a life".into()))?;
                let id = rules::new_case_id(placed.row.reported_at, rand::random());
                fresh.push((Case { id, ..case }, event, placed));
                part.imported += 1;
            }
        }
        if placed.place.grid.is_some() {
            part.placed += 1;
        } else {
            part.unplaced += 1;
        }
    }
    insert(&mut w, batch, &fresh)?;
    let mut total = batch.total.clone();
    total.add(&part);
    if part.read == 0 && !batch.run.end {
        return w.unchanged((part, numbers));
    }
    sql_import::save_run(&mut w, batch, &total)?;
    let detail = serde_json::json!({
        "file": batch.run.file_hash, "read": part.read, "imported": part.imported, "unchanged": part.unchanged,
        "updated": part.updated, "rejected": part.rejected,
    });
    let event = AuditEvent::done("case.import", "import_run", batch.run.id.to_string())
        .district(batch.map_district.as_str())
        .detail(detail);
    w.commit(event, (part, numbers))
}

fn refused(refusal: rules::Refusal) -> StoreError {
    StoreError::Misuse(format!("an import was refused: {refusal}"))
}

/// The next number of a day, from the block at hand or a new one.
fn next_number(
    w: &mut Write<'_>,
    numbers: &mut Numbers,
    district: DistrictCode,
    day: Date,
) -> StoreResult<CaseNumber> {
    let block = numbers.entry((district, day)).or_insert((0, 0));
    if block.0 == block.1 {
        let first = sql::take_numbers(w, district, day, NUMBERS)?;
        *block = (first, first + NUMBERS);
    }
    let sequence = block.0;
    block.0 += 1;
    CaseNumber::new(district, day, sequence).map_err(|e| StoreError::Engine(e.to_string()))
}

/// What the outbox says of a batch.
#[derive(Serialize)]
struct Brought {
    cases: Vec<(DistrictCode, CaseId)>,
}

/// New cases by the bulk path: rows, events, keys, and one line in the outbox for the batch.
fn insert(
    w: &mut Write<'_>,
    batch: &Batch,
    fresh: &[(Case, CaseEvent, &Placed)],
) -> StoreResult<()> {
    if fresh.is_empty() {
        return Ok(());
    }
    let years: BTreeSet<i16> = fresh
        .iter()
        .map(|(c, ..)| c.reported_at.to_zoned(jiff::tz::TimeZone::UTC).year())
        .collect();
    for year in years {
        w.ensure_year(year)?;
    }
    w.bulk_each(
        "cases",
        sql::COLUMNS,
        fresh.iter().map(|(case, ..)| sql::columns(case)),
    )?;
    w.bulk_each(
        "case_events",
        sql::EVENT_COLUMNS,
        fresh
            .iter()
            .map(|(case, event, _)| sql::event_columns(case, event)),
    )?;
    let measures = fresh
        .iter()
        .map(|(case, event, _)| Measures::of(case, std::slice::from_ref(event)).values());
    w.bulk_each("case_measures", measures::COLUMNS, measures)?;
    let keys = fresh.iter().map(|(case, _, placed)| {
        values![
            batch.map_district,
            batch.source,
            placed.row.id,
            case.district,
            case.id,
            placed.row.content
        ]
        .into()
    });
    w.bulk_each("import_keys", sql_import::KEYS, keys)?;
    let cases = fresh.iter().map(|(c, ..)| (c.district, c.id)).collect();
    let body =
        serde_json::to_string(&Brought { cases }).map_err(|e| StoreError::Misuse(e.to_string()))?;
    w.outbox(
        "case.imported",
        batch.map_district.as_str(),
        batch.run.id,
        &body,
    )
}

/// A row that says something else than before: an event with old and new.
fn update(
    w: &mut Write<'_>,
    batch: &Batch,
    placed: &Placed,
    key: &sql_import::Key,
    facts: &Facts<'_>,
) -> StoreResult<()> {
    let case = sql::by_id(w, key.case_district, key.case_id)?.ok_or(StoreError::Conflict)?;
    let events = sql::events(w, case.district, case.id)?;
    let old = events.iter().rev().find_map(|e| match &e.fact {
        crate::Fact::Imported(import) => Some(import.clone()),
        crate::Fact::ImportUpdated { new, .. } => Some(new.clone()),
        _ => None,
    });
    let old = old
        .ok_or_else(|| StoreError::Misuse(format!("case {} has no imported event", case.number)))?;
    // District and number are the case's for good, wherever the row now says it lies.
    let new = Box::new(Imported {
        district: case.district,
        ..imported(placed, &batch.source, case.number)
    });
    let events =
        rules::decide(Some(&case), Command::UpdateImport { old, new }, facts).map_err(refused)?;
    let after = events
        .iter()
        .fold(Some(case.clone()), rules::apply)
        .ok_or(StoreError::Conflict)?;
    sql::update(w, &after, &case, &events)?;
    let sql =
        "UPDATE import_keys SET content = $4 WHERE district = $1 AND source = $2 AND row_id = $3";
    w.exec_one(
        sql,
        params![
            batch.map_district,
            batch.source,
            placed.row.id,
            placed.row.content
        ],
    )
}

/// Statements of imports.
mod sql_import {
    use super::*;
    use store::Read;

    store::record! {
        pub struct KeyRow {
            pub row_id: String,
            pub case_district: DistrictCode,
            pub case_id: CaseId,
            pub content: [u8; 16],
        }
    }

    /// The columns of `import_keys`.
    pub const KEYS: &[&str] = &[
        "district",
        "source",
        "row_id",
        "case_district",
        "case_id",
        "content",
    ];

    /// What became of a row before.
    pub type Key = KeyRow;

    /// What became of these rows before. One statement.
    pub fn keys<'r>(
        r: &mut Read<'_>,
        district: DistrictCode,
        source: &str,
        ids: impl Iterator<Item = &'r str>,
    ) -> StoreResult<BTreeMap<String, Key>> {
        let mut values = params![district, source].to_vec();
        values.extend(ids.map(ToValue::to_value));
        if values.len() == 2 {
            return Ok(BTreeMap::new());
        }
        // Padded to a few sizes, so that few statements are prepared.
        let filled = values.len();
        let wanted = 2 + (filled - 2).next_power_of_two();
        let last = values[filled - 1].clone();
        values.resize(wanted, last);
        let places: Vec<String> = (3..=wanted).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT row_id, case_district, case_id, content FROM import_keys WHERE district = $1 AND source = $2 AND row_id IN ({})",
            places.join(", ")
        );
        Ok(r.all::<KeyRow>(&sql, &values)?
            .into_iter()
            .map(|k| (k.row_id.clone(), k))
            .collect())
    }

    /// Whether any row of a source is known.
    pub fn is_known(r: &mut Read<'_>, district: DistrictCode, source: &str) -> StoreResult<bool> {
        let sql = "SELECT row_id FROM import_keys WHERE district = $1 AND source = $2 LIMIT 1";
        Ok(r.opt::<(String,)>(sql, params![district, source])?
            .is_some())
    }

    /// The key of a source's word for a channel.
    pub fn channel_key(source: &str, name: &str) -> String {
        format!("{source}/{name}")
    }

    /// The channels that imports made: key → code, which are the same.
    pub fn channels(r: &mut Read<'_>) -> StoreResult<HashMap<String, String>> {
        Ok(
            r.all::<(String,)>("SELECT code FROM channels WHERE source <> 'shiyu'", &[])?
                .into_iter()
                .map(|(c,)| (c.clone(), c))
                .collect(),
        )
    }

    /// Makes channels that nobody has reviewed.
    pub fn make_channels(
        mut w: Write<'_>,
        source: &str,
        names: &BTreeSet<String>,
    ) -> Result<store::Sealed<HashMap<String, String>>, StoreError> {
        let mut made = HashMap::new();
        for name in names {
            let code = channel_key(source, name);
            let sql = "INSERT INTO channels (code, name_zh, name_en, verify, source, reviewed, position) VALUES ($1, $2, $2, 1, $3, 0, 1000) \
                       ON CONFLICT (code) DO NOTHING";
            w.exec(sql, params![code, name, source])?;
            made.insert(code.clone(), code);
        }
        w.commit(
            AuditEvent::done("channel.import", "channel", source.to_owned()),
            made,
        )
    }

    /// Keeps how far the run has come.
    pub fn save_run(w: &mut Write<'_>, batch: &Batch, total: &Outcome) -> StoreResult<()> {
        let now = w.now();
        let counts = serde_json::to_string(total).map_err(|e| StoreError::Misuse(e.to_string()))?;
        let finished = batch.run.end.then_some(now);
        let read = i64::try_from(total.read).unwrap_or(i64::MAX);
        if batch.run.begin {
            let sql = "INSERT INTO import_runs (district, id, source, file_hash, started_at, updated_at, finished_at, rows_read, counts) \
                       VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)";
            return w
                .exec(
                    sql,
                    params![
                        batch.map_district,
                        batch.run.id,
                        batch.source,
                        batch.run.file_hash,
                        now,
                        finished,
                        read,
                        counts
                    ],
                )
                .map(|_| ());
        }
        let sql = "UPDATE import_runs SET updated_at = $3, finished_at = $4, rows_read = $5, counts = $6 WHERE district = $1 AND id = $2";
        w.exec_one(
            sql,
            params![
                batch.map_district,
                batch.run.id,
                now,
                finished,
                read,
                counts
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_as_long_as_its_time_allows_and_changes_by_steps() {
        let next = |size, ms| next_size(size, Duration::from_millis(ms));
        assert_eq!(next(200, 10), 250, "a quick one grows by a quarter");
        assert_eq!(next(400, 1), BATCH);
        assert_eq!(next(500, 55), 454, "a little too long: a little shorter");
        assert_eq!(next(400, 5000), 200, "a hiccup halves it at most");
        assert_eq!(next(30, 5000), 20);
        assert_eq!(next_size(20, Duration::ZERO), 25);
    }
}
