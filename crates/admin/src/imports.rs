//! GET and POST /admin/imports — files brought in, and a form for the next one. GET /admin/imports/{id} — what one would
//! do, or did; confirm, cancel, the refused rows. The same under /evaluation/sets/imports for sets of definitions, which are
//! in other hands ([`Door`]).

use crate::model::{Door, Found, Import, ImportId, Kind, Options, State};
use crate::ops::{self, Imports, is_lost};
use crate::sql;
use access::{Ctx, Fault, Fields, Go, Path, Permission, Query, Upload, show as show_page, show_as};
use askama::Template;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use grid::report::rejects_csv;
use grid::{ImportError, Reject};
use kernel::{ClockKind, Crs, DivisionCode};
use matters::{MatterKind, Reference};
use serde::Deserialize;
use store::StoreError;
use ui::{Choice, Crumb, FormState, Html, Tone, Ui};

/// Imports on the page, refused rows on the page.
const MOST: i64 = 50;
const MOST_REJECTS: usize = 50;

struct Row {
    href: String,
    file: String,
    kind: String,
    when: Html,
    sums: String,
    state: &'static str,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "admin_imports.html")]
pub(crate) struct ListPage {
    ui: Ui,
    crumbs: Vec<Crumb>,
    form: FormState,
    kinds: Vec<Choice>,
    clocks_d: Vec<Choice>,
    clocks_h: Vec<Choice>,
    matter_kinds: Vec<Choice>,
    systems: Vec<Choice>,
    divisions: Vec<Choice>,
    rows: Vec<Row>,
    to: &'static str,
    title: &'static str,
    /// Whether files of several kinds come in here, each with its options.
    is_of_several: bool,
}

// words: admin-kind-* admin-state-*
fn kind_word(ui: &Ui, kind: Kind) -> String {
    ui.t(&format!("admin-kind-{kind}"))
}

fn state_word(state: State) -> (&'static str, &'static str) {
    match state {
        State::Ready => ("admin-state-ready", "warn"),
        State::Running => ("admin-state-running", "info"),
        State::Done => ("admin-state-done", "good"),
        State::Failed => ("admin-state-failed", "bad"),
        State::Cancelled => ("admin-state-cancelled", "info"),
    }
}

fn sums(ui: &Ui, found: &Found) -> String {
    ui.ta(
        "admin-sums",
        &[
            ("imported", &found.imported),
            ("updated", &found.updated),
            ("unchanged", &found.unchanged),
            ("rejected", &found.rejected),
        ],
    )
}

fn clocks(ui: &Ui, days: bool) -> Vec<Choice> {
    // words: admin-clock-*
    ClockKind::ALL
        .into_iter()
        .filter(|c| c.counts_days() == days)
        .map(|c| {
            Choice::new(
                c.code(),
                ui.t(&format!("admin-clock-{}", c.code().to_lowercase())),
            )
        })
        .collect()
}

pub(crate) fn list_page(
    ui: Ui,
    door: Door,
    imports: &[Import],
    form: FormState,
    may: impl Fn(Permission) -> bool,
    divisions: Vec<Choice>,
) -> ListPage {
    let rows = imports.iter().map(|i| {
        let (state, tone) = state_word(i.state);
        Row {
            href: format!("{}/{}", door.path(), i.id),
            file: i.file.clone(),
            kind: kind_word(&ui, i.kind),
            when: ui.time(i.made_at),
            sums: sums(&ui, &i.found),
            state,
            tone,
        }
    });
    ListPage {
        divisions,
        to: door.path(),
        title: title(door),
        is_of_several: door == Door::Administration,
        crumbs: crumbs(&ui, door, false),
        rows: rows.collect(),
        kinds: Kind::ALL
            .iter()
            .filter(|k| door.takes(**k) && k.needs().iter().all(|p| may(*p)))
            .map(|k| Choice::new(k.as_str(), kind_word(&ui, *k)))
            .collect(),
        clocks_d: clocks(&ui, true),
        clocks_h: clocks(&ui, false),
        matter_kinds: MatterKind::ALL
            .into_iter()
            // words: admin-matter-*
            .map(|k| Choice::new(k.as_str(), ui.t(&format!("admin-matter-{k}"))))
            .collect(),
        systems: ["wgs84", "cgcs2000", "gcj02", "bd09"]
            .into_iter()
            // words: admin-crs-*
            .map(|c| Choice::new(c, ui.t(&format!("admin-crs-{c}"))))
            .collect(),
        form,
        ui,
    }
}

/// What the list of a door is called.
fn title(door: Door) -> &'static str {
    match door {
        Door::Administration => "admin-imports",
        Door::Evaluation => "admin-definitions-imports",
    }
}

fn crumbs(ui: &Ui, door: Door, below_list: bool) -> Vec<Crumb> {
    let mut above = match door {
        Door::Administration => vec![("admin-title", "/admin")],
        Door::Evaluation => vec![
            ("admin-evaluation", "/evaluation"),
            ("admin-definitions", "/evaluation/sets"),
        ],
    };
    if below_list {
        above.push((title(door), door.path()));
    }
    // words: admin-title admin-evaluation* admin-definitions*
    let crumb = |(key, href): (&str, &str)| Crumb {
        label: ui.t(key),
        href: href.to_owned(),
    };
    above.into_iter().map(crumb).collect()
}

#[derive(Deserialize)]
pub(crate) struct ListQuery {
    kind: Option<String>,
    over: Option<String>,
}

async fn listed(ctx: &Ctx, ui: Ui, door: Door, form: FormState) -> Result<ListPage, Fault> {
    let imports = ctx.read(move |r| sql::newest(r, door, MOST)).await?;
    let city = ctx.service::<Reference>().current();
    let divisions = city.divisions_with_calendars(ui.lang);
    let divisions = divisions.map(|(code, name)| Choice::new(code.to_string(), name));
    Ok(list_page(
        ui,
        door,
        &imports,
        form,
        |permission| ctx.principal().may(permission),
        divisions.collect(),
    ))
}

pub(crate) async fn list(
    ctx: Ctx,
    ui: Ui,
    door: Door,
    Query(query): Query<ListQuery>,
) -> Result<Response, Fault> {
    let form = FormState::new()
        .with("kind", query.kind.unwrap_or_default())
        .with("over", query.over.unwrap_or_default());
    show_page(&listed(&ctx, ui, door, form).await?)
}

/// What a file holds: what the form says, where a door takes files of several kinds.
pub(crate) fn kind_of(fields: &Fields, door: Door) -> Result<Kind, Fault> {
    if door == Door::Evaluation {
        return Ok(Kind::Definitions);
    }
    let kind: Kind = fields.need("kind")?;
    if door.takes(kind) {
        return Ok(kind);
    }
    let why = format!("files of {kind} do not come in here");
    Err(Fault::invalid("kind", "access.invalid_field", why).arg("field", "kind"))
}

fn clock(fields: &Fields, name: &str) -> Result<Option<ClockKind>, Fault> {
    fields.read::<ClockKind>(name)
}

fn stem(name: &str) -> String {
    name.split('.')
        .next()
        .unwrap_or_default()
        .chars()
        .take(60)
        .collect()
}

/// The words of a field, parted by commas or spaces, each read; the first that does not read is a fault of the field.
fn several<T>(
    fields: &Fields,
    name: &'static str,
    what: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Fault> {
    let words = fields.get(name).split([',', '，', '、', ' ']);
    let read = words.filter(|word| !word.is_empty()).map(|word| {
        read(word).ok_or_else(|| {
            let word = word.chars().take(20).collect::<String>();
            let why = format!("{word:?} is no {what}");
            Fault::invalid(name, "access.invalid_field", why).arg("field", name)
        })
    });
    read.collect()
}

fn years(fields: &Fields) -> Result<Vec<i16>, Fault> {
    several(fields, "years", "year", |word| {
        word.parse().ok().filter(|y| (1949..=2200).contains(y))
    })
}

/// The divisions to draw over, by their codes with or without the zeros behind.
fn over(fields: &Fields) -> Result<Vec<DivisionCode>, Fault> {
    several(fields, "over", "code of a division", |word| {
        DivisionCode::padded(word).ok()
    })
}

pub(crate) fn options(fields: &Fields, file: &str) -> Result<Options, Fault> {
    let or_file = |name: &str| match fields.get(name) {
        "" => stem(file),
        text => text.chars().take(100).collect(),
    };
    let or = |name: &str, default: &str| match fields.get(name) {
        "" => default.to_owned(),
        text => text.chars().take(100).collect(),
    };
    let written = |name: &str| {
        let text = fields.get(name);
        (!text.is_empty()).then(|| text.chars().take(200).collect())
    };
    Ok(Options {
        source: or_file("source"),
        crs: fields.read::<Crs>("crs")?,
        catalogue: or_file("catalogue"),
        standard: or("standard", "local"),
        version: or("version", "1"),
        valid_from: fields.read("valid_from")?,
        effective: fields.read("effective")?,
        bare_days: clock(fields, "bare_days")?,
        bare_hours: clock(fields, "bare_hours")?,
        kind: fields.read("matter_kind")?,
        map: fields.raw("map").to_owned(),
        metres: fields.read("metres")?,
        over: over(fields)?,
        calendar_version: written("calendar_version"),
        years: years(fields)?,
        division: fields.read("division")?,
        reason: written("reason"),
    })
}

/// What is wrong with a file, in the reader's words, with the field of the form where it stands.
fn told(ui: &Ui, error: &ImportError) -> Option<(String, String)> {
    let ImportError::Unusable { field, .. } = error else {
        return None;
    };
    let at = match field.as_deref() {
        Some("catalogue") => "catalogue",
        Some("valid_to" | "valid_from") => "valid_from",
        Some("metres") => "metres",
        Some("over") => "over",
        _ => "file",
    };
    Some((at.to_owned(), error.sentence(&ui.site.words, ui.lang)))
}

pub(crate) async fn upload(
    ctx: Ctx,
    ui: Ui,
    door: Door,
    upload: Upload,
) -> Result<Response, Fault> {
    let Upload { fields, files } = upload;
    let mut form = fields.form();
    let read = || -> Result<(Kind, Options), Fault> {
        let kind = kind_of(&fields, door)?;
        let name = files.first().map_or("", |f| f.name.as_str());
        Ok((kind, options(&fields, name)?))
    };
    let (kind, options) = match read() {
        Ok(read) => read,
        Err(fault) => {
            let field = fault.field_name().unwrap_or("kind").to_owned();
            let sentence = fault.sentence(&ui.site.words, ui.lang);
            form.fault(
                &field,
                sentence.unwrap_or_else(|| fault.detail().to_owned()),
            );
            return show_as(
                StatusCode::UNPROCESSABLE_ENTITY,
                &listed(&ctx, ui, door, form).await?,
            );
        }
    };
    let is_over_known = kind == Kind::Drawing && !options.over.is_empty();
    let (file, bytes) = match files.into_iter().next() {
        _ if is_over_known => (over_name(&options.over), Bytes::new()),
        Some(file) => (file.name, file.bytes),
        None => {
            form.fault("file", ui.t("admin-no-file"));
            return show_as(
                StatusCode::UNPROCESSABLE_ENTITY,
                &listed(&ctx, ui, door, form).await?,
            );
        }
    };
    if kind == Kind::Cases && options.map.trim().is_empty() {
        form.fault("map", ui.t("admin-no-map"));
        return show_as(
            StatusCode::UNPROCESSABLE_ENTITY,
            &listed(&ctx, ui, door, form).await?,
        );
    }
    let (worker, imports) = (ctx.clone(), ctx.service::<Imports>());
    let kept = tokio::task::spawn_blocking(move || {
        ops::upload(&worker, &imports, kind, &file, &bytes, options)
    })
    .await
    .map_err(|e| Fault::internal(format!("a file could not be looked at: {e}")))?;
    match kept {
        Ok(id) => Ok(Go::to(format!("{}/{id}", door.path())).into_response()),
        Err(error) => match told(&ui, &error) {
            Some((field, sentence)) => {
                form.fault(&field, sentence);
                show_as(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    &listed(&ctx, ui, door, form).await?,
                )
            }
            None => Err(error.into()),
        },
    }
}

/// What stands for the name of a file where there is none.
fn over_name(over: &[DivisionCode]) -> String {
    let codes: Vec<String> = over.iter().map(ToString::to_string).collect();
    codes.join(" ")
}

struct ShownLine {
    line: u64,
    what: &'static str,
    tone: &'static str,
    name: String,
}

struct RejectLine {
    line: String,
    field: String,
    value: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "admin_import.html")]
pub(crate) struct ImportPage {
    ui: Ui,
    crumbs: Vec<Crumb>,
    /// Its own address.
    to: String,
    file: String,
    kind: String,
    state: &'static str,
    tone: &'static str,
    found: Found,
    /// The first rows that would be written, or were.
    lines: Vec<ShownLine>,
    /// What stands over them.
    lines_are: &'static str,
    rejects: Vec<RejectLine>,
    /// The first of the warnings.
    warnings: Vec<String>,
    is_ready: bool,
    is_running: bool,
    is_done: bool,
    is_lost: bool,
    /// Rows written of rows to write.
    progress: String,
    confirm_href: String,
    cancel_href: String,
    writes: u64,
    /// Where what was written stands; empty where the reader may not be shown it.
    written_at: &'static str,
}

/// Where data of a kind stands, for who may bring it in.
fn written_at(kind: Kind) -> &'static str {
    match kind {
        Kind::Divisions | Kind::Grid | Kind::Drawing => "/territory",
        Kind::Units => "/units",
        Kind::Matters => "/matters",
        Kind::Duties => "/duties",
        Kind::GridItems => "/grid-items",
        Kind::Calendar => "/calendar",
        Kind::Definitions => "/evaluation/sets",
        // Who brings cases in need not be one who reads them.
        Kind::Cases => "",
    }
}

// words: admin-shown-*
/// What the rows on the page are: a row is written once the import says so, and not before.
fn lines_are(state: State) -> &'static str {
    match state {
        State::Ready => "admin-shown-ready",
        State::Running => "admin-shown-running",
        State::Done => "admin-shown-done",
        State::Failed | State::Cancelled => "admin-shown-stopped",
    }
}

pub(crate) fn import_page(
    ui: Ui,
    import: Import,
    progress: Option<(u64, u64)>,
    lost: bool,
) -> ImportPage {
    let (state, tone) = state_word(import.state);
    let found = import.found;
    let door = match import.kind {
        Kind::Definitions => Door::Evaluation,
        _ => Door::Administration,
    };
    let to = format!("{}/{}", door.path(), import.id);
    ImportPage {
        crumbs: crumbs(&ui, door, true),
        file: import.file,
        kind: kind_word(&ui, import.kind),
        lines: found
            .shown
            .iter()
            .map(|r| ShownLine {
                line: r.line,
                what: if r.is_new {
                    "admin-new"
                } else {
                    "admin-changed"
                },
                tone: if r.is_new { "good" } else { "info" },
                name: r.name.clone(),
            })
            .collect(),
        rejects: found
            .rejects
            .iter()
            .take(MOST_REJECTS)
            .map(|r| r.told(&ui.site.words, ui.lang))
            .map(|r| RejectLine {
                line: match &r.sheet {
                    Some(sheet) => format!("{sheet} {}", r.line),
                    None => r.line.to_string(),
                },
                field: r.field.clone(),
                value: r.value.clone(),
                reason: r.reason.clone(),
            })
            .collect(),
        warnings: found
            .warnings
            .iter()
            .take(MOST_REJECTS)
            .map(|w| w.sentence(&ui.site.words, ui.lang))
            .collect(),
        is_ready: import.state == State::Ready,
        is_running: import.state == State::Running && !lost,
        is_done: import.state == State::Done,
        is_lost: lost,
        lines_are: lines_are(import.state),
        written_at: written_at(import.kind),
        progress: progress.map_or_else(
            || ui.t("admin-running"),
            |(done, of)| ui.t2("admin-progress", "done", done, "of", of),
        ),
        confirm_href: format!("{to}/confirm"),
        cancel_href: format!("{to}/cancel"),
        to,
        writes: found.imported + found.updated,
        found,
        state,
        tone,
        ui,
    }
}

/// An import of a door.
pub(crate) async fn find(ctx: &Ctx, door: Door, id: ImportId) -> Result<Import, Fault> {
    let found = ctx.read(move |r| sql::one(r, id)).await?;
    let found = found.filter(|import| door.takes(import.kind));
    found.ok_or_else(Fault::not_found)
}

pub(crate) async fn one(
    ctx: Ctx,
    ui: Ui,
    door: Door,
    Path(id): Path<ImportId>,
) -> Result<Response, Fault> {
    let import = find(&ctx, door, id).await?;
    let imports = ctx.service::<Imports>();
    let lost = is_lost(&import, &imports, ctx.now());
    show_page(&import_page(ui, import, imports.progress(id), lost))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ImportError> + Send + 'static,
) -> Result<Result<T, ImportError>, Fault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Fault::internal(format!("an import could not be moved on: {e}")))
}

pub(crate) async fn confirm(
    ctx: Ctx,
    ui: Ui,
    door: Door,
    Path(id): Path<ImportId>,
) -> Result<Response, Fault> {
    let import = find(&ctx, door, id).await?;
    let (imports, reference) = (ctx.service::<Imports>(), ctx.service::<Reference>());
    let (worker, books) = (ctx.clone(), imports.clone());
    let begun = blocking(move || ops::begin(&worker, &books, import)).await?;
    let back = format!("{}/{id}", door.path());
    match begun {
        Ok(import) => {
            // Whoever asked for it need not wait: it goes on when the page is left.
            tokio::task::spawn_blocking(move || {
                ops::carry_out(&ctx, &reference, &imports, &import)
            });
            Ok(Go::to(back)
                .saying(Tone::Info, ui.t("admin-begun"))
                .into_response())
        }
        Err(ImportError::Store(StoreError::Conflict)) => Ok(Go::to(back)
            .saying(Tone::Warn, ui.t("admin-moved-on"))
            .into_response()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn cancel(
    ctx: Ctx,
    ui: Ui,
    door: Door,
    Path(id): Path<ImportId>,
) -> Result<Response, Fault> {
    let import = find(&ctx, door, id).await?;
    let imports = ctx.service::<Imports>();
    match blocking(move || ops::cancel(&ctx, &imports, &import)).await? {
        Ok(()) => Ok(Go::to(door.path())
            .saying(Tone::Good, ui.t("admin-cancelled"))
            .into_response()),
        Err(ImportError::Store(StoreError::Conflict)) => {
            Ok(Go::to(format!("{}/{id}", door.path()))
                .saying(Tone::Warn, ui.t("admin-moved-on"))
                .into_response())
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn rejects(
    ctx: Ctx,
    ui: Ui,
    door: Door,
    Path(id): Path<ImportId>,
) -> Result<Response, Fault> {
    let import = find(&ctx, door, id).await?;
    // The mark lets spreadsheets read it as UTF-8.
    let told: Vec<Reject> = (import.found.rejects.iter())
        .map(|r| r.told(&ui.site.words, ui.lang))
        .collect();
    let body = format!("\u{feff}{}", rejects_csv(&told));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"rejects-{id}.csv\""),
        ),
    ];
    Ok((headers, body).into_response())
}

#[cfg(test)]
mod tests;
