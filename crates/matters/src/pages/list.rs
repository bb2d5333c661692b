//! GET /matters — the catalogue, found by words. GET and POST /matters/catalogues — which catalogues count.

use super::{seen, today, told};
use crate::model::{Catalogue, MatterClass, MatterId, MatterKind};
use crate::reference::{City, Reference};
use crate::{ops, sql_versions};
use access::{Ctx, Fault, Fields, Go, Permission, Query, show as show_page, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use grid::model::in_force;
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::HashSet;
use ui::{Choice, FormState, Html, Pager, Tone, Ui};

/// Classes on one page.
const PAGE: usize = 100;

#[derive(Deserialize, Default)]
pub(super) struct ListQuery {
    q: Option<String>,
    catalogue: Option<String>,
    kind: Option<String>,
    show: Option<String>,
    page: Option<usize>,
}

struct Row {
    href: String,
    code: String,
    name: Html,
    major: Html,
    conditions: usize,
    limits: String,
    flags: Vec<String>,
    state: &'static str,
    tone: &'static str,
    because: String,
}

#[derive(Template)]
#[template(path = "matters_list.html")]
pub(super) struct ListPage {
    ui: Ui,
    form: FormState,
    catalogues: Vec<Choice>,
    kinds: Vec<Choice>,
    shows: Vec<Choice>,
    rows: Vec<Row>,
    pager: Pager,
    may_manage: bool,
    drafts: u64,
    is_asked: bool,
}

// words: matters-state-*
/// How a class stands on a day.
pub(super) fn standing(
    city: &City,
    class: &MatterClass,
    has_draft: bool,
    on: Date,
) -> (&'static str, &'static str) {
    if has_draft {
        ("matters-state-draft", "warn")
    } else if class.valid_to.is_some_and(|last| last < on) {
        ("matters-state-ended", "bad")
    } else if class.valid_from.is_some_and(|first| on < first) {
        ("matters-state-coming", "info")
    } else if city.matters.is_choice(class) {
        ("matters-state-counts", "good")
    } else if class.reviewed {
        ("matters-state-off", "info")
    } else {
        ("matters-state-unreviewed", "warn")
    }
}

// words: matters-flag-*
/// The flags a class has, in words.
pub(super) fn flag_words(ui: &Ui, class: &MatterClass) -> Vec<String> {
    let f = class.flags;
    let all = [
        (f.public, "matters-flag-public"),
        (f.warnable, "matters-flag-warnable"),
        (f.verify, "matters-flag-verify"),
        (f.confidential, "matters-flag-confidential"),
        (f.claimable, "matters-flag-claimable"),
    ];
    let held = all.into_iter().filter(|(is, _)| *is);
    held.map(|(_, key)| ui.t(key)).collect()
}

// words: matters-major-*
/// The name of the major class: in the reader's language where it is that of the national standard, else as the city writes it.
pub(super) fn major_name(ui: &Ui, class: &MatterClass) -> Html {
    let Some(name) = class.major_name.as_deref() else {
        return Html::default();
    };
    let major = class.major.as_deref().unwrap_or_default();
    let kind = class.kind.letter().to_ascii_lowercase();
    let key = format!("matters-major-{kind}{major}");
    let words = &ui.site.words;
    let is_standard = words.has(&key) && words.text(ui::Lang::Zh, &key, &[]) == name;
    let in_english = is_standard.then(|| words.text(ui::Lang::En, &key, &[]));
    ui.named(name, in_english.as_deref())
}

/// The shortest and the longest limit in words; one where all are the same.
fn limits(ui: &Ui, class: &MatterClass) -> String {
    let mut all: Vec<_> = class.conditions.iter().map(|c| c.limit).collect();
    all.sort_by_key(|l| l.map(|l| i64::from(l.amount()) * l.clock().unit_seconds()));
    all.dedup();
    match all[..] {
        [] => "—".to_owned(),
        [only] => ui.limit(only),
        [first, .., last] => ui.t2(
            "matters-limits",
            "from",
            ui.limit(first).as_str(),
            "to",
            ui.limit(last).as_str(),
        ),
    }
}

fn is_shown(
    city: &City,
    class: &MatterClass,
    show: &str,
    drafts: &HashSet<MatterId>,
    on: Date,
) -> bool {
    match show {
        "all" => true,
        "drafts" => drafts.contains(&class.id),
        "ended" => class.valid_to.is_some_and(|last| last < on),
        "unreviewed" => !class.reviewed,
        _ => city.matters.is_choice(class) || drafts.contains(&class.id),
    }
}

pub(super) fn page_of(
    ui: Ui,
    city: &City,
    query: &ListQuery,
    drafts: &HashSet<MatterId>,
    on: Date,
    may_manage: bool,
) -> ListPage {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (q, catalogue, kind, show) = (
        text(&query.q),
        text(&query.catalogue),
        text(&query.kind),
        text(&query.show),
    );
    let fits = |class: &MatterClass| {
        (catalogue.is_empty() || class.catalogue == catalogue)
            && (kind.is_empty() || class.kind.as_str() == kind)
            && is_shown(city, class, &show, drafts, on)
    };
    let is_asked = !q.trim().is_empty();
    let found: Vec<(&MatterClass, Vec<String>)> = if is_asked {
        let found = city.matters.find(&q).filter(|(c, _)| fits(c));
        found.map(|(c, f)| (c, f.words)).collect()
    } else {
        let all = city.matters.classes().iter().filter(|c| fits(c));
        all.map(|c| (c, Vec::new())).collect()
    };
    let number = query.page.unwrap_or(1).clamp(1, 10_000);
    let total = found.len();
    let rows: Vec<Row> = found
        .into_iter()
        .skip((number - 1) * PAGE)
        .take(PAGE)
        .map(|(class, because)| {
            let (state, tone) = standing(city, class, drafts.contains(&class.id), on);
            Row {
                href: format!("/matters/{}", class.id),
                code: class.code.clone(),
                name: ui.named(&class.name_zh, class.name_en.as_deref()),
                major: major_name(&ui, class),
                conditions: class.conditions.len(),
                limits: limits(&ui, class),
                flags: flag_words(&ui, class),
                state,
                tone,
                because: because.join("、"),
            }
        })
        .collect();
    let link = |n: usize| {
        let mut link = form_urlencoded::Serializer::new("/matters?".to_owned());
        for (name, value) in [
            ("q", &q),
            ("catalogue", &catalogue),
            ("kind", &kind),
            ("show", &show),
        ] {
            if !value.is_empty() {
                link.append_pair(name, value);
            }
        }
        link.append_pair("page", &n.to_string()).finish()
    };
    ListPage {
        pager: Pager {
            previous: (number > 1).then(|| link(number - 1)),
            next: (number * PAGE < total).then(|| link(number + 1)),
            shown: rows.len() as u64,
            total: Some(total as u64),
        },
        form: FormState::new()
            .with("q", q)
            .with("catalogue", catalogue)
            .with("kind", kind)
            .with("show", show),
        catalogues: city
            .matters
            .catalogues()
            .iter()
            .map(|c| Choice::new(c.id.clone(), c.id.clone()))
            .collect(),
        kinds: kinds(&ui),
        shows: ["all", "drafts", "ended", "unreviewed"]
            .into_iter()
            // words: matters-show-*
            .map(|s| Choice::new(s, ui.t(&format!("matters-show-{s}"))))
            .collect(),
        drafts: drafts.len() as u64,
        rows,
        may_manage,
        is_asked,
        ui,
    }
}

/// The kinds of classes in the reader's words.
pub(super) fn kinds(ui: &Ui) -> Vec<Choice> {
    // words: matters-kind-*
    MatterKind::ALL
        .into_iter()
        .map(|k| Choice::new(k.as_str(), ui.t(&format!("matters-kind-{k}"))))
        .collect()
}

pub(super) async fn show(
    ctx: Ctx,
    ui: Ui,
    Query(query): Query<ListQuery>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let may_manage = ctx.principal().may(Permission::ReferenceManage);
    let drafts = if may_manage {
        ctx.read(sql_versions::drafts).await?
    } else {
        Vec::new()
    };
    let drafts: HashSet<MatterId> = drafts.into_iter().map(|d| d.class.id).collect();
    let on = today(&ctx, &city);
    show_page(&page_of(ui, &city, &query, &drafts, on, may_manage))
}

struct CatalogueRow {
    catalogue: Catalogue,
    classes: usize,
    counts: bool,
    form: FormState,
    /// Where it comes from, in words.
    source: String,
}

#[derive(Template)]
#[template(path = "matters_catalogues.html")]
pub(super) struct CataloguesPage {
    ui: Ui,
    rows: Vec<CatalogueRow>,
}

fn date_text(date: Option<Date>) -> String {
    date.map(|d| d.to_string()).unwrap_or_default()
}

pub(super) fn catalogues_of(
    ui: Ui,
    city: &City,
    on: Date,
    sent: Option<(String, FormState)>,
) -> CataloguesPage {
    let rows = city.matters.catalogues().iter().map(|c| {
        let mut form = FormState::new()
            .with("standard", c.standard.clone())
            .with("version", c.version.clone())
            .with("valid_from", date_text(c.valid_from))
            .with("valid_to", date_text(c.valid_to));
        if c.reviewed {
            form = form.with("reviewed", "1");
        }
        if let Some((_, again)) = sent.as_ref().filter(|(id, _)| *id == c.id) {
            form = again.clone();
        }
        CatalogueRow {
            classes: city
                .matters
                .classes()
                .iter()
                .filter(|class| class.catalogue == c.id)
                .count(),
            counts: c.reviewed && in_force(c.valid_from, c.valid_to, on),
            source: actors::source_words(&ui, &c.source),
            catalogue: c.clone(),
            form,
        }
    });
    CataloguesPage {
        rows: rows.collect(),
        ui,
    }
}

pub(super) async fn catalogues(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let on = today(&ctx, &city);
    show_page(&catalogues_of(ui, &city, on, None))
}

pub(super) async fn save_catalogue(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let id = fields.get("id").to_owned();
    let known = city.matters.catalogue(&id).ok_or_else(Fault::not_found)?;
    let entered = Catalogue {
        standard: fields.get("standard").chars().take(100).collect(),
        version: fields.get("version").chars().take(40).collect(),
        valid_from: fields.read("valid_from")?,
        valid_to: fields.read("valid_to")?,
        reviewed: fields.get("reviewed") == "1",
        ..known.clone()
    };
    match ops::save_catalogue(&ctx, entered).await {
        Ok(()) => {
            seen(&ctx).await?;
            let sentence = ui.tn("matters-catalogue-saved", "name", id.as_str());
            Ok(Go::to("/matters/catalogues")
                .saying(Tone::Good, sentence)
                .into_response())
        }
        Err(error) => {
            let mut form = fields.form();
            told(&ui, &mut form, error)?;
            let on = today(&ctx, &city);
            let page = catalogues_of(ui, &city, on, Some((id, form)));
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}
