//! GET /units — the units as a tree. GET and POST /units/new, /units/{id} — one unit, entered, changed or closed.

use crate::model::{Unit, UnitId, UnitKind};
use crate::rules::{UnitFlaw, check_unit};
use crate::{ops, sql};
use access::{
    Capability, Ctx, Fault, Fields, Go, Path, Permission, Query, Routes, show as show_page, show_as,
};
use askama::Template;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use grid::Tiles;
use grid::model::in_force;
use jiff::civil::Date;
use kernel::DivisionCode;
use kernel::id::Id;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use store::StoreError;
use ui::{Choice, Crumb, FormState, Html, Tone, Ui};

/// What units bring to the program: pages, the table, words.
pub fn capability() -> Capability {
    let (get, post) = (|| Method::GET, || Method::POST);
    let (read, manage) = (Permission::ReferenceRead, Permission::ReferenceManage);
    let routes = Routes::new("actors")
        .on(get(), "/units", read, list)
        .on(get(), "/units/new", manage, blank)
        .on(post(), "/units/new", manage, add)
        .on(get(), "/units/{id}", read, one)
        .on(post(), "/units/{id}", manage, edit);
    Capability::new("actors", routes)
        .migrations(crate::MIGRATIONS)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
        .menu("actors-menu", "/units", Permission::ReferenceManage, 802)
}

#[derive(Deserialize, Default)]
struct ListQuery {
    q: Option<String>,
    kind: Option<String>,
    all: Option<String>,
}

struct Row {
    href: String,
    name: Html,
    code: String,
    /// How deep it stands in the tree, as a class name; flat when something was looked for.
    depth: String,
    kind: String,
    phone: String,
    state: &'static str,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "actors_units.html")]
struct UnitsPage {
    ui: Ui,
    form: FormState,
    kinds: Vec<Choice>,
    rows: Vec<Row>,
    total: usize,
    unreviewed: usize,
    may_manage: bool,
}

/// The most units on the page; looking for one finds the rest.
const MOST: usize = 500;

// words: actors-kind-*
fn kind_word(ui: &Ui, kind: UnitKind) -> String {
    ui.t(&format!("actors-kind-{}", kind.as_str().replace('_', "-")))
}

fn kinds(ui: &Ui) -> Vec<Choice> {
    UnitKind::ALL
        .into_iter()
        .map(|k| Choice::new(k.as_str(), kind_word(ui, k)))
        .collect()
}

// words: actors-state-*
fn standing(unit: &Unit, on: Date) -> (&'static str, &'static str) {
    if !in_force(unit.valid_from, unit.valid_to, on) {
        ("actors-state-closed", "bad")
    } else if unit.reviewed {
        ("actors-state-open", "good")
    } else {
        ("actors-state-unreviewed", "warn")
    }
}

/// The units in the order of the tree, each with its depth. A unit in a circle or without its upper one stands at the top.
fn tree(units: &[Unit]) -> Vec<(&Unit, usize)> {
    let codes: BTreeSet<&str> = units.iter().map(|u| u.code.as_str()).collect();
    let mut below = BTreeMap::<&str, Vec<&Unit>>::new();
    for unit in units {
        let parent = unit.parent.as_deref().filter(|p| codes.contains(p));
        below
            .entry(parent.unwrap_or_default())
            .or_default()
            .push(unit);
    }
    let (mut out, mut seen) = (Vec::new(), BTreeSet::new());
    let mut stack: Vec<(&Unit, usize)> = Vec::new();
    let roots = below.get("").into_iter().flatten().map(|u| (*u, 0));
    stack.extend(roots.rev());
    loop {
        while let Some((unit, depth)) = stack.pop() {
            if !seen.insert(unit.code.as_str()) {
                continue;
            }
            out.push((unit, depth));
            let own = below.get(unit.code.as_str()).into_iter().flatten();
            stack.extend(own.rev().map(|u| (*u, depth + 1)));
        }
        // What is left hangs in a circle.
        match units.iter().find(|u| !seen.contains(u.code.as_str())) {
            Some(unit) => stack.push((unit, 0)),
            None => return out,
        }
    }
}

fn units_page(ui: Ui, units: &[Unit], query: &ListQuery, on: Date, may_manage: bool) -> UnitsPage {
    let q = query.q.clone().unwrap_or_default().trim().to_lowercase();
    let kind = query.kind.clone().unwrap_or_default();
    let all = query.all.is_some();
    let is_asked = !q.is_empty() || !kind.is_empty();
    let fits = |u: &Unit| {
        let holds = |text: &str| text.to_lowercase().contains(&q);
        (q.is_empty()
            || holds(&u.code)
            || holds(&u.name_zh)
            || u.name_en.as_deref().is_some_and(holds))
            && (kind.is_empty() || u.kind.as_str() == kind)
            && (all || in_force(u.valid_from, u.valid_to, on))
    };
    let found: Vec<(&Unit, usize)> = tree(units).into_iter().filter(|(u, _)| fits(u)).collect();
    let rows = found.iter().take(MOST).map(|(unit, depth)| {
        let (state, tone) = standing(unit, on);
        Row {
            href: format!("/units/{}", unit.id),
            name: ui.named(&unit.name_zh, unit.name_en.as_deref()),
            code: unit.code.clone(),
            depth: if is_asked {
                String::new()
            } else {
                "—".repeat((*depth).min(6))
            },
            kind: kind_word(&ui, unit.kind),
            phone: unit.phone.clone().unwrap_or_default(),
            state,
            tone,
        }
    });
    let mut form = FormState::new()
        .with("q", q.clone())
        .with("kind", kind.clone());
    if all {
        form = form.with("all", "1");
    }
    UnitsPage {
        rows: rows.collect(),
        total: found.len(),
        unreviewed: units.iter().filter(|u| !u.reviewed).count(),
        kinds: kinds(&ui),
        form,
        may_manage,
        ui,
    }
}

/// Today in the city's zone.
fn today(ui: &Ui) -> Date {
    ui.site.time_zone.to_datetime(ui.now).date()
}

async fn list(ctx: Ctx, ui: Ui, Query(query): Query<ListQuery>) -> Result<Response, Fault> {
    let units = ctx.read(sql::all).await?;
    let may_manage = ctx.principal().may(Permission::ReferenceManage);
    let on = today(&ui);
    show_page(&units_page(ui, &units, &query, on, may_manage))
}

#[derive(Template)]
#[template(path = "actors_unit.html")]
struct UnitPage {
    ui: Ui,
    crumbs: Vec<Crumb>,
    form: FormState,
    /// None for a new one.
    unit: Option<Unit>,
    title: String,
    state: &'static str,
    tone: &'static str,
    kinds: Vec<Choice>,
    parents: Vec<Choice>,
    divisions: Vec<Choice>,
    below: Vec<(String, String)>,
    may_manage: bool,
}

impl UnitPage {
    fn source(&self, source: &str) -> String {
        source_words(&self.ui, source)
    }
}

// words: actors-source-*
/// Where a row of the reference data comes from, in words where the program itself is meant; the name of a file stays.
#[must_use]
pub fn source_words(ui: &Ui, source: &str) -> String {
    let words = source.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let key = format!("actors-source-{}", words.join("-"));
    if ui.site.words.has(&key) {
        ui.t(&key)
    } else {
        source.to_owned()
    }
}

fn divisions(ctx: &Ctx, ui: &Ui) -> Vec<Choice> {
    const MOST_DIVISIONS: usize = 600;
    let Some(tiles) = ctx.service_if_any::<Tiles>() else {
        return Vec::new();
    };
    let territory = tiles.territory();
    let named = territory
        .divisions()
        .filter(|d| d.level() <= kernel::DivisionLevel::Street && !d.drawn);
    named
        .take(MOST_DIVISIONS)
        .map(|d| {
            let above = territory.ancestors(d.code);
            let district = above
                .iter()
                .find(|a| a.level() == kernel::DivisionLevel::District);
            let name = match district {
                Some(district) => format!("{} {}", district.name_in(ui.lang), d.name_in(ui.lang)),
                None => d.name_in(ui.lang).to_owned(),
            };
            Choice::new(d.code.to_string(), name)
        })
        .collect()
}

fn unit_page(
    ui: Ui,
    units: &[Unit],
    divisions: Vec<Choice>,
    unit: Option<Unit>,
    form: FormState,
    may_manage: bool,
) -> UnitPage {
    let on = today(&ui);
    let own = unit.as_ref().map(|u| u.code.clone()).unwrap_or_default();
    let (state, tone) = unit
        .as_ref()
        .map_or(("actors-state-open", "good"), |u| standing(u, on));
    UnitPage {
        crumbs: vec![Crumb {
            label: ui.t("actors-units"),
            href: "/units".into(),
        }],
        title: unit
            .as_ref()
            .map_or_else(|| ui.t("actors-new"), |u| u.name(ui.lang.tag()).to_owned()),
        kinds: kinds(&ui),
        parents: units
            .iter()
            .filter(|u| u.code != own && in_force(u.valid_from, u.valid_to, on))
            .map(|u| {
                Choice::new(
                    u.code.clone(),
                    format!("{} {}", u.code, u.name(ui.lang.tag())),
                )
            })
            .collect(),
        below: units
            .iter()
            .filter(|u| !own.is_empty() && u.parent.as_deref() == Some(&own))
            .map(|u| (format!("/units/{}", u.id), u.name(ui.lang.tag()).to_owned()))
            .collect(),
        divisions,
        unit,
        state,
        tone,
        form,
        may_manage,
        ui,
    }
}

fn filled(unit: &Unit) -> FormState {
    let text = |t: Option<String>| t.unwrap_or_default();
    let mut form = FormState::new()
        .with("name_zh", unit.name_zh.clone())
        .with("name_en", text(unit.name_en.clone()))
        .with("kind", unit.kind.as_str())
        .with("parent", text(unit.parent.clone()))
        .with("division", text(unit.division.map(|d| d.to_string())))
        .with("phone", text(unit.phone.clone()))
        .with("valid_from", text(unit.valid_from.map(|d| d.to_string())))
        .with("valid_to", text(unit.valid_to.map(|d| d.to_string())));
    if unit.reviewed {
        form = form.with("reviewed", "1");
    }
    form
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The unit of a form, laid over what it was.
fn entered(fields: &Fields, before: Unit) -> Result<Unit, Fault> {
    let division: Option<DivisionCode> = fields.read("division")?;
    Ok(Unit {
        name_zh: fields.get("name_zh").to_owned(),
        name_en: some(fields.get("name_en")),
        kind: fields.need("kind")?,
        parent: some(fields.get("parent")),
        division,
        phone: some(fields.get("phone")),
        valid_from: fields.read("valid_from")?,
        valid_to: fields.read("valid_to")?,
        reviewed: fields.get("reviewed") == "1",
        ..before
    })
}

async fn one(ctx: Ctx, ui: Ui, Path(id): Path<UnitId>) -> Result<Response, Fault> {
    let units = ctx.read(sql::all).await?;
    let unit = units.iter().find(|u| u.id == id).cloned();
    let unit = unit.ok_or_else(Fault::not_found)?;
    let may_manage = ctx.principal().may(Permission::ReferenceManage);
    let (form, places) = (filled(&unit), divisions(&ctx, &ui));
    show_page(&unit_page(ui, &units, places, Some(unit), form, may_manage))
}

async fn blank(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let units = ctx.read(sql::all).await?;
    let places = divisions(&ctx, &ui);
    let form = FormState::new()
        .with("kind", "government")
        .with("reviewed", "1");
    show_page(&unit_page(ui, &units, places, None, form, true))
}

// words: actors-wrong-*
fn again(
    ctx: &Ctx,
    ui: Ui,
    units: &[Unit],
    unit: Option<Unit>,
    fields: &Fields,
    wrong: (&str, String),
) -> Result<Response, Fault> {
    let mut form = fields.form();
    form.fault(wrong.0, wrong.1);
    let places = divisions(ctx, &ui);
    let page = unit_page(ui, units, places, unit, form, true);
    show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn keep(
    ctx: &Ctx,
    ui: Ui,
    fields: &Fields,
    before: Option<Unit>,
    unit: Result<Unit, Fault>,
) -> Result<Response, Fault> {
    let units = ctx.read(sql::all).await?;
    let flaw_words = |flaw: UnitFlaw| (flaw.field, ui.t(&format!("actors-wrong-{}", flaw.code)));
    let unit = match unit {
        Ok(unit) => unit,
        Err(fault) => {
            let Some(field) = fault.field_name() else {
                return Err(fault);
            };
            let sentence = fault.sentence(&ui.site.words, ui.lang);
            let sentence = sentence.unwrap_or_else(|| fault.detail().to_owned());
            return again(ctx, ui, &units, before, fields, (field, sentence));
        }
    };
    if let Err(flaw) = check_unit(&unit, &units) {
        let wrong = flaw_words(flaw);
        return again(ctx, ui, &units, before, fields, wrong);
    }
    let id = unit.id;
    match ops::save(ctx, unit).await {
        Ok(()) => Ok(Go::to(format!("/units/{id}"))
            .saying(Tone::Good, ui.t("actors-saved"))
            .into_response()),
        Err(StoreError::Unique(_)) => {
            let wrong = ("code", ui.t("actors-wrong-code-taken"));
            again(ctx, ui, &units, before, fields, wrong)
        }
        Err(error) => Err(error.into()),
    }
}

async fn add(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let before = Unit {
        id: UnitId(Id::new(ctx.now(), rand::random())),
        code: fields.get("code").to_owned(),
        name_zh: String::new(),
        name_en: None,
        kind: UnitKind::Government,
        parent: None,
        division: None,
        phone: None,
        valid_from: None,
        valid_to: None,
        source: "editor".into(),
        reviewed: true,
    };
    let unit = entered(&fields, before);
    keep(&ctx, ui, &fields, None, unit).await
}

async fn edit(ctx: Ctx, ui: Ui, Path(id): Path<UnitId>, fields: Fields) -> Result<Response, Fault> {
    let before = ctx.read(move |r| sql::get(r, id)).await?;
    let before = before.ok_or_else(Fault::not_found)?;
    let unit = entered(&fields, before.clone());
    keep(&ctx, ui, &fields, Some(before), unit).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use ui::{Lang, testing};

    fn unit(n: u8, code: &str, parent: Option<&str>) -> Unit {
        Unit {
            id: UnitId(Id::from_bytes([n; 16])),
            code: code.into(),
            name_zh: format!("<b>{code}"),
            name_en: None,
            kind: UnitKind::Government,
            parent: parent.map(str::to_owned),
            division: None,
            phone: None,
            valid_from: None,
            valid_to: (n == 4).then_some(date(1969, 1, 1)),
            source: "test".into(),
            reviewed: n != 3,
        }
    }

    fn units() -> Vec<Unit> {
        vec![
            unit(1, "A", None),
            unit(2, "B", Some("A")),
            unit(3, "C", Some("B")),
            unit(4, "D", Some("nowhere")),
            // A circle.
            unit(5, "X", Some("Y")),
            unit(6, "Y", Some("X")),
        ]
    }

    #[test]
    fn the_tree_has_every_unit_once_also_those_in_a_circle() {
        let units = units();
        let seen: Vec<_> = tree(&units)
            .iter()
            .map(|(u, d)| (u.code.clone(), *d))
            .collect();
        let expected = [("A", 0), ("B", 1), ("C", 2), ("D", 0), ("X", 0), ("Y", 1)];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(c, d)| (c.to_owned(), d))
            .collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_pages_are_sound_in_both_languages_and_every_word_is_there() {
        let words = access::words_of(&[access::capability(), capability()]).unwrap();
        let units = units();
        for lang in Lang::ALL {
            let ui = || {
                let words = access::words_of(&[access::capability(), capability()]).unwrap();
                testing::ui_with(testing::site_with(words), lang, jiff::Timestamp::UNIX_EPOCH)
            };
            for q in ["", "B", "zzz"] {
                let query = ListQuery {
                    q: Some(q.into()),
                    ..ListQuery::default()
                };
                let html = units_page(ui(), &units, &query, date(2026, 3, 16), true).render();
                let html = html.unwrap();
                testing::assert_sound(&html);
                assert!(
                    !html.contains("<b>A") && !html.contains("/units/04040404"),
                    "closed ones are left out"
                );
            }
            let form = filled(&units[0]);
            let page = unit_page(ui(), &units, Vec::new(), Some(units[0].clone()), form, true);
            testing::assert_sound(&page.render().unwrap());
            let said = |source: &str| source_words(&ui(), source);
            assert!(!said("editor").contains("editor"), "told in words");
            assert_eq!(
                said("units-2026.csv"),
                "units-2026.csv",
                "a file keeps its name"
            );
            let form = filled(&units[3]);
            let page = unit_page(
                ui(),
                &units,
                Vec::new(),
                Some(units[3].clone()),
                form,
                false,
            );
            assert!(!page.render().unwrap().contains("data-guard"));
            let page = unit_page(ui(), &units, Vec::new(), None, FormState::new(), true);
            testing::assert_sound(&page.render().unwrap());
        }
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let used = testing::used_keys(&[&root.join("templates"), &root.join("src")]).unwrap();
        let faults: Vec<String> = testing::word_faults(&words, &used, &["actors"])
            .into_iter()
            .filter(|fault| !fault.contains("actors-menu"))
            .collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
