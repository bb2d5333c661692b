//! GET /matters/{id} — one class with its conditions, its versions and its draft; publishing, taking back, retiring it. With
//! `version` as it was in that version, which is where a case leads that was registered under it.
//! GET /matters/{id}/compare — what differs between two versions.

use super::list::{flag_words, standing};
use super::{seen, today};
use crate::error::MatterError;
use crate::model::{Condition, Draft, MatterClass, MatterId};
use crate::ops::{self, History};
use crate::reference::{City, Reference};
use crate::rules::{Change, changes, check_class};
use access::{Ctx, Fault, Fields, Go, Path, Permission, Query, show as show_page};
use askama::Template;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::Deserialize;
use ui::{Crumb, FormState, Html, Tone, Ui};

pub(super) struct ConditionRow {
    number: u32,
    text: String,
    limit: String,
    closing: String,
    evidence: String,
    basis: String,
    mandatory: bool,
}

pub(super) fn condition_row(ui: &Ui, c: &Condition) -> ConditionRow {
    ConditionRow {
        number: c.rule_no,
        text: c.text.clone(),
        limit: ui.limit(c.limit),
        closing: c.closing.join("、"),
        evidence: c.evidence.clone().unwrap_or_default(),
        basis: c.legal_basis.clone().unwrap_or_default(),
        mandatory: c.mandatory,
    }
}

struct VersionRow {
    version: u32,
    href: String,
    from: String,
    note: String,
    made: Html,
    /// Its differences to the one before.
    compare: String,
    counts: bool,
    /// It has not begun and may be taken back.
    is_coming: bool,
}

struct DutyRow {
    place: String,
    unit: String,
}

#[derive(Template)]
#[template(path = "matters_class.html")]
pub(super) struct ClassPage {
    ui: Ui,
    crumbs: Vec<Crumb>,
    class: MatterClass,
    id: String,
    drop_href: String,
    name: Html,
    state: &'static str,
    tone: &'static str,
    flags: Vec<String>,
    keywords: String,
    valid: String,
    conditions: Vec<ConditionRow>,
    versions: Vec<VersionRow>,
    draft: Option<Draft>,
    draft_when: Html,
    flaws: Vec<String>,
    draft_changes: usize,
    duties: Vec<DutyRow>,
    form: FormState,
    may_manage: bool,
    is_new: bool,
    /// Which version this is and when it counted, where it is not the one that counts today.
    other: String,
}

impl ClassPage {
    fn major(&self) -> Html {
        super::list::major_name(&self.ui, &self.class)
    }
    fn nature(&self, nature: &str) -> Html {
        super::edit::nature_name(&self.ui, nature)
    }
}

/// First and last day in words.
pub(super) fn days(ui: &Ui, from: Option<Date>, to: Option<Date>) -> String {
    match (from, to) {
        (None, None) => ui.t("matters-always"),
        (Some(from), None) => ui.tn("matters-since", "from", ui.date_text(from).as_str()),
        (None, Some(to)) => ui.tn("matters-until", "to", ui.date_text(to).as_str()),
        (Some(from), Some(to)) => ui.t2(
            "matters-between",
            "from",
            ui.date_text(from).as_str(),
            "to",
            ui.date_text(to).as_str(),
        ),
    }
}

fn version_rows(ui: &Ui, class: &MatterClass, history: &History, on: Date) -> Vec<VersionRow> {
    let last = history.versions.last().map_or(0, |n| n.version);
    let mut rows: Vec<VersionRow> = history
        .versions
        .iter()
        .map(|n| VersionRow {
            version: n.version,
            href: format!("/matters/{}?version={}", class.id, n.version),
            from: n
                .valid_from
                .map_or_else(|| ui.t("matters-from-start"), |d| ui.date_text(d)),
            note: n.note.clone(),
            made: ui.time(n.made_at),
            compare: if n.version > 1 {
                format!(
                    "/matters/{}/compare?a={}&b={}",
                    class.id,
                    n.version - 1,
                    n.version
                )
            } else {
                String::new()
            },
            counts: n.version == class.version,
            is_coming: n.version == last && n.version > 1 && n.valid_from.is_some_and(|d| d > on),
        })
        .collect();
    rows.reverse();
    rows
}

fn duties_of(ui: &Ui, city: &City, class: &MatterClass, on: Date) -> Vec<DutyRow> {
    const MOST: usize = 20;
    let held = city.duties.iter().filter(|d| {
        grid::model::in_force(d.valid_from, d.valid_to, on)
            && (d.catalogue.is_empty() || d.catalogue == class.catalogue)
            && class.code.starts_with(&d.matter)
    });
    held.take(MOST)
        .map(|d| DutyRow {
            place: super::duties::place_words(ui, city, d),
            unit: city
                .unit(d.handling)
                .map(|u| u.name(ui.lang.tag()).to_owned())
                .unwrap_or_default(),
        })
        .collect()
}

// words: matters-error-*
/// What is wrong with a class, in sentences.
fn flaw_words(ui: &Ui, class: &MatterClass) -> Vec<String> {
    check_class(class)
        .into_iter()
        .map(|wrong| {
            let fault = Fault::from(MatterError::from(wrong));
            fault
                .sentence(&ui.site.words, ui.lang)
                .unwrap_or_else(|| fault.detail().to_owned())
        })
        .collect()
}

/// The page of a class; `class` is what counts, or the draft of one that is not there yet.
pub(super) fn page_of(
    ui: Ui,
    city: &City,
    class: MatterClass,
    history: History,
    on: Date,
    may_manage: bool,
) -> ClassPage {
    let is_new = history.draft.as_ref().is_some_and(|d| d.base == 0);
    let (state, tone) = standing(city, &class, is_new, on);
    let draft = history.draft.clone();
    ClassPage {
        crumbs: vec![Crumb {
            label: ui.t("matters-title"),
            href: "/matters".into(),
        }],
        id: class.id.to_string(),
        drop_href: format!("/matters/{}/drop", class.id),
        name: ui.named(&class.name_zh, class.name_en.as_deref()),
        flags: flag_words(&ui, &class),
        keywords: class.keywords.join("、"),
        valid: days(&ui, class.valid_from, class.valid_to),
        conditions: class
            .conditions
            .iter()
            .map(|c| condition_row(&ui, c))
            .collect(),
        versions: version_rows(&ui, &class, &history, on),
        draft_when: draft
            .as_ref()
            .map(|d| ui.time(d.edited_at))
            .unwrap_or_default(),
        flaws: draft
            .as_ref()
            .map(|d| flaw_words(&ui, &d.class))
            .unwrap_or_default(),
        draft_changes: draft
            .as_ref()
            .map_or(0, |d| changes(&class, &d.class).len()),
        duties: duties_of(&ui, city, &class, on),
        form: FormState::new().with("valid_from", on.to_string()).with(
            "last",
            class.valid_to.map(|d| d.to_string()).unwrap_or_default(),
        ),
        draft,
        state,
        tone,
        may_manage,
        is_new,
        other: String::new(),
        class,
        ui,
    }
}

/// The page of a class as it says in a version that is not the one that counts, to be read only.
pub(super) fn version_page_of(
    ui: Ui,
    city: &City,
    class: MatterClass,
    mut history: History,
    counting: u32,
    on: Date,
) -> ClassPage {
    history.draft = None;
    let number = class.version;
    let next = history.versions.iter().find(|n| n.version > number);
    let last = next.and_then(|n| n.valid_from?.yesterday().ok());
    let when = days(&ui, class.valid_from, last.or(class.valid_to));
    let other = ui.ta(
        "matters-other-version",
        &[("n", &number), ("days", &when), ("counting", &counting)],
    );
    let mut page = page_of(ui, city, class, history, on, false);
    for row in &mut page.versions {
        row.counts = row.version == counting;
    }
    page.valid = when;
    page.other = other;
    page
}

#[derive(Deserialize)]
pub(super) struct ShowQuery {
    version: Option<u32>,
}

pub(super) async fn show(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<MatterId>,
    Query(query): Query<ShowQuery>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let mut history = ctx.read(move |r| ops::history(r, id)).await?;
    if let Some(counting) = city.matter(id).map(|class| class.version)
        && let Some(version) = query.version.filter(|n| *n != counting)
    {
        let class = ctx.read(move |r| ops::version_of(r, id, version)).await?;
        let on = today(&ctx, &city);
        return show_page(&version_page_of(ui, &city, class, history, counting, on));
    }
    let may_manage = ctx.principal().may(Permission::ReferenceManage);
    if !may_manage {
        history.draft = None;
    }
    let own = history.draft.as_ref().filter(|d| d.base == 0);
    let class = city.matter(id).or(own.map(|d| &d.class));
    let class = class.cloned().ok_or_else(Fault::not_found)?;
    let on = today(&ctx, &city);
    show_page(&page_of(ui, &city, class, history, on, may_manage))
}

#[derive(Deserialize)]
pub(super) struct CompareQuery {
    a: Option<u32>,
    /// 0 or nothing: the draft.
    b: Option<u32>,
}

struct ChangeRow {
    what: String,
    before: String,
    after: String,
}

#[derive(Template)]
#[template(path = "matters_compare.html")]
pub(super) struct ComparePage {
    ui: Ui,
    crumbs: Vec<Crumb>,
    before: String,
    after: String,
    rows: Vec<ChangeRow>,
}

// words: matters-field-*
fn change_row(ui: &Ui, change: &Change) -> ChangeRow {
    let field = ui.t(&format!("matters-field-{}", change.field.replace('_', "-")));
    let value = |text: &str| match text {
        "yes" => ui.t("matters-yes"),
        "no" => ui.t("matters-no"),
        "" => "—".to_owned(),
        other => other.to_owned(),
    };
    ChangeRow {
        what: match change.rule_no {
            None => field,
            Some(number) => ui.t2(
                "matters-change-of",
                "n",
                number.to_string().as_str(),
                "field",
                field.as_str(),
            ),
        },
        before: value(&change.before),
        after: value(&change.after),
    }
}

fn version_name(ui: &Ui, class: &MatterClass) -> String {
    ui.tn("matters-version", "n", class.version.to_string().as_str())
}

pub(super) fn compare_of(
    ui: Ui,
    old: &MatterClass,
    new: &MatterClass,
    is_draft: bool,
) -> ComparePage {
    ComparePage {
        crumbs: vec![
            Crumb {
                label: ui.t("matters-title"),
                href: "/matters".into(),
            },
            Crumb {
                label: super::class_label(old, ui.lang),
                href: format!("/matters/{}", old.id),
            },
        ],
        before: version_name(&ui, old),
        after: if is_draft {
            ui.t("matters-draft")
        } else {
            version_name(&ui, new)
        },
        rows: changes(old, new)
            .iter()
            .map(|c| change_row(&ui, c))
            .collect(),
        ui,
    }
}

pub(super) async fn compare(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<MatterId>,
    Query(query): Query<CompareQuery>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let counting = city.matter(id).cloned().ok_or_else(Fault::not_found)?;
    let may_manage = ctx.principal().may(Permission::ReferenceManage);
    let (a, b) = (query.a.unwrap_or(counting.version), query.b.unwrap_or(0));
    if b == 0 && !may_manage {
        return Err(Fault::not_found());
    }
    let (old, new) = ctx
        .read(move |r| {
            let old = ops::version_of(r, id, a)?;
            let new = if b == 0 {
                let draft = ops::history(r, id)?.draft;
                draft.ok_or(MatterError::NotFound("draft"))?.class
            } else {
                ops::version_of(r, id, b)?
            };
            Ok::<_, MatterError>((old, new))
        })
        .await?;
    show_page(&compare_of(ui, &old, &new, b == 0))
}

/// After a step of the editor: the class with a sentence, or the sentence of what was wrong.
async fn stepped(
    ctx: &Ctx,
    ui: &Ui,
    id: MatterId,
    done: Result<String, MatterError>,
) -> Result<Response, Fault> {
    let back = format!("/matters/{id}");
    match done {
        Ok(sentence) => {
            seen(ctx).await?;
            Ok(Go::to(back).saying(Tone::Good, sentence).into_response())
        }
        Err(error) => {
            let fault = Fault::from(error);
            match fault.sentence(&ui.site.words, ui.lang) {
                Some(sentence) if fault.status().is_client_error() => {
                    Ok(Go::to(back).saying(Tone::Bad, sentence).into_response())
                }
                _ => Err(fault.back(back)),
            }
        }
    }
}

pub(super) async fn publish(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<MatterId>,
    fields: Fields,
) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let on = today(&ctx, &city);
    let from: Date = fields.need("valid_from")?;
    let done = ops::publish(&ctx, id, from, on).await;
    let done = done.map(|n| {
        ui.t2(
            "matters-published",
            "n",
            n.to_string().as_str(),
            "from",
            ui.date_text(from).as_str(),
        )
    });
    stepped(&ctx, &ui, id, done).await
}

pub(super) async fn drop_draft(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<MatterId>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    ops::drop_draft(&ctx, id).await?;
    let sentence = ui.t("matters-draft-dropped");
    let back = if city.matter(id).is_some() {
        format!("/matters/{id}")
    } else {
        "/matters".to_owned()
    };
    Ok(Go::to(back).saying(Tone::Good, sentence).into_response())
}

pub(super) async fn take_back(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<MatterId>,
    fields: Fields,
) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let version: u32 = fields.need("version")?;
    let done = ops::take_back(&ctx, id, version, today(&ctx, &city)).await;
    let done = done.map(|()| ui.tn("matters-taken-back", "n", version.to_string().as_str()));
    stepped(&ctx, &ui, id, done).await
}

pub(super) async fn retire(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<MatterId>,
    fields: Fields,
) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let last: Option<Date> = fields.read("last")?;
    let done = ops::retire(&ctx, id, last, today(&ctx, &city)).await;
    let done = done.map(|()| match last {
        Some(last) => ui.tn("matters-retired", "last", ui.date_text(last).as_str()),
        None => ui.t("matters-unretired"),
    });
    stepped(&ctx, &ui, id, done).await
}
