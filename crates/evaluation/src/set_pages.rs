//! GET /evaluation/sets — the sets of definitions there are; GET /evaluation/sets/{set} — one, read; GET and POST
//! /evaluation/sets/new — a set of the city's own, or its next version, as the text that `shiyu import definitions` takes.

use crate::definitions::{Definition, DefinitionSet, Filter, Object, Part, Term, Unit};
use crate::figures_pages::named;
use crate::guards::{self, Objection};
use crate::ops::{self, EvaluationError, Sets};
use access::{Ctx, Fault, Fields, Go, Path, Permission, Query, Routes, show as show_page, show_as};
use askama::Template;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use ui::{Crumb, FormState, Lang, Tone, Ui};

pub(crate) fn add(routes: Routes) -> Routes {
    let (read, manage) = (Permission::EvaluationRead, Permission::EvaluationManage);
    routes
        .on(Method::GET, "/evaluation/sets", read, list)
        .on(Method::GET, "/evaluation/sets/new", manage, blank)
        .on(Method::POST, "/evaluation/sets/new", manage, save)
        .on(Method::GET, "/evaluation/sets/{set}", read, one)
}

fn set_name<'s>(ui: &Ui, set: &'s DefinitionSet) -> &'s str {
    match ui.lang {
        Lang::Zh => &set.name_zh,
        Lang::En => &set.name_en,
    }
}

fn address(set: &DefinitionSet) -> String {
    format!("/evaluation/sets/{}@{}", set.id, set.version)
}

fn crumbs(ui: &Ui) -> Vec<Crumb> {
    let crumb = |label: String, href: &str| Crumb {
        label,
        href: href.to_owned(),
    };
    vec![
        crumb(ui.t("evaluation-title"), "/evaluation"),
        crumb(ui.t("evaluation-sets"), "/evaluation/sets"),
    ]
}

struct Row {
    href: String,
    name: String,
    id: String,
    rates: u64,
    scores: u64,
    is_example: bool,
    source: String,
}

#[derive(Template)]
#[template(path = "evaluation_sets.html")]
struct ListPage {
    ui: Ui,
    rows: Vec<Row>,
    /// Versions that cannot be read: name and reason.
    unreadable: Vec<(String, String)>,
    may_manage: bool,
}

fn list_page(ui: Ui, all: &Sets, may_manage: bool) -> ListPage {
    let unreadable = all.unreadable.iter();
    ListPage {
        unreadable: unreadable
            .map(|one| (format!("{}@{}", one.id, one.version), one.reason.clone()))
            .collect(),
        rows: all
            .sets
            .iter()
            .map(|set| Row {
                href: address(set),
                name: set_name(&ui, set).to_owned(),
                id: format!("{}@{}", set.id, set.version),
                rates: set.definitions.len() as u64,
                scores: set.composites.len() as u64,
                is_example: set.example,
                source: set.source.clone(),
            })
            .collect(),
        may_manage,
        ui,
    }
}

async fn list(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let all = ctx.read(ops::all_sets).await?;
    let may_manage = ctx.principal().may(Permission::EvaluationManage);
    show_page(&list_page(ui, &all, may_manage))
}

/// A filter as a line of words; empty where it lets everything through.
fn filter_words(ui: &Ui, filter: &Filter) -> String {
    // words: evaluation-only-*
    let flag =
        |value: Option<bool>, yes: &str, no: &str| value.map(|v| ui.t(if v { yes } else { no }));
    let list = |key: &str, names: &[String]| {
        (!names.is_empty()).then(|| ui.tn(key, "names", names.join(", ").as_str()))
    };
    let parts = [
        flag(
            filter.patrol,
            "evaluation-only-patrol",
            "evaluation-only-residents",
        ),
        flag(
            filter.urgent,
            "evaluation-only-urgent",
            "evaluation-only-ordinary",
        ),
        flag(
            filter.imported,
            "evaluation-only-imported",
            "evaluation-only-own",
        ),
        list("evaluation-only-channels", &filter.channels),
        list("evaluation-only-natures", &filter.natures),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// A sum as it is written: words with plus signs, a filter of a word in brackets.
fn sum_words(ui: &Ui, terms: &[Term]) -> String {
    let term = |term: &Term| {
        let filter = term.filter().map(|f| filter_words(ui, f));
        match filter.filter(|f| !f.is_empty()) {
            Some(filter) => format!("{} ({filter})", term.name()),
            None => term.name().to_owned(),
        }
    };
    terms.iter().map(term).collect::<Vec<_>>().join(" + ")
}

struct Rate {
    name: String,
    id: String,
    numerator: String,
    denominator: String,
    filter: String,
    unit: &'static str,
    note: String,
}

struct Score {
    name: String,
    id: String,
    object: &'static str,
    is_example: bool,
    /// Made of the figures after review.
    is_reviewed: bool,
    note: String,
    objections: Vec<String>,
    parts: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "evaluation_set.html")]
struct SetPage {
    ui: Ui,
    crumbs: Vec<Crumb>,
    name: String,
    id: String,
    is_example: bool,
    source: String,
    figures: String,
    /// Where it is copied and changed; empty for readers.
    change: String,
    rates: Vec<Rate>,
    scores: Vec<Score>,
}

fn rate(ui: &Ui, d: &Definition) -> Rate {
    Rate {
        name: named(ui, d),
        id: d.id.clone(),
        numerator: sum_words(ui, &d.numerator),
        denominator: sum_words(ui, &d.denominator),
        filter: filter_words(ui, &d.filter),
        // words: evaluation-unit-*
        unit: match d.unit {
            Unit::Share => "evaluation-unit-share",
            Unit::Hours => "evaluation-unit-hours",
            Unit::Times => "evaluation-unit-times",
        },
        note: match ui.lang {
            Lang::Zh => d.note_zh.clone(),
            Lang::En => d.note_en.clone(),
        },
    }
}

/// What a part adds, and with how many points at most.
fn part(ui: &Ui, set: &DefinitionSet, part: &Part) -> (String, String) {
    let of = match (&part.rate, &part.count) {
        (Some(id), _) => set
            .definition(id)
            .map_or_else(|| id.clone(), |d| named(ui, d)),
        (None, count) => count.clone().unwrap_or_default(),
    };
    let of = if part.inverted {
        ui.tn("evaluation-part-inverted", "name", of.as_str())
    } else {
        of
    };
    (of, part.weight.to_string())
}

fn objection(ui: &Ui, objection: &Objection) -> String {
    ui.t(match objection {
        Objection::RewardsSilence { .. } => "evaluation-rewards-silence",
        Objection::CountAsTarget { .. } => "evaluation-count-as-target",
        Objection::FewHolders { .. } => "evaluation-few-holders",
        Objection::NotOfHundred => "evaluation-not-of-hundred",
    })
}

fn set_page(ui: Ui, set: &DefinitionSet, may_manage: bool) -> SetPage {
    let id = format!("{}@{}", set.id, set.version);
    let scores = set.composites.iter().map(|c| {
        let mut objections: Vec<String> = guards::against(set, c)
            .iter()
            .map(|o| objection(&ui, o))
            .collect();
        objections.dedup();
        Score {
            name: match ui.lang {
                Lang::Zh => c.name_zh.clone(),
                Lang::En => c.name_en.clone(),
            },
            id: c.id.clone(),
            // words: evaluation-object-*
            object: match c.object {
                Object::Region => "evaluation-object-region",
                Object::Unit => "evaluation-object-unit",
                Object::Post => "evaluation-object-post",
            },
            is_example: c.example,
            is_reviewed: c.reviewed,
            note: match ui.lang {
                Lang::Zh => c.note_zh.clone(),
                Lang::En => c.note_en.clone(),
            },
            objections,
            parts: c.parts.iter().map(|p| part(&ui, set, p)).collect(),
        }
    });
    SetPage {
        crumbs: crumbs(&ui),
        name: set_name(&ui, set).to_owned(),
        is_example: set.example,
        source: set.source.clone(),
        figures: format!("/evaluation/figures?set={id}"),
        change: if may_manage {
            format!("/evaluation/sets/new?from={id}")
        } else {
            String::new()
        },
        rates: set.definitions.iter().map(|d| rate(&ui, d)).collect(),
        scores: scores.collect(),
        id,
        ui: ui.clone(),
    }
}

async fn one(ctx: Ctx, ui: Ui, Path(name): Path<String>) -> Result<Response, Fault> {
    let sets = ctx.read(ops::sets).await?;
    let set = ops::find_set(&sets, &name)?;
    let may_manage = ctx.principal().may(Permission::EvaluationManage);
    show_page(&set_page(ui, &set, may_manage))
}

#[derive(Template)]
#[template(path = "evaluation_set_new.html")]
struct NewPage {
    ui: Ui,
    crumbs: Vec<Crumb>,
    form: FormState,
}

#[derive(Deserialize)]
struct BeginQuery {
    from: Option<String>,
}

/// The id a city's first set of its own begins with.
const OWN: &str = "city";

/// The text a change begins with: the next version of a set of the city's, or a copy of one of the program's. A version that
/// cannot be read is taken all the same.
fn begun(all: &Sets, from: DefinitionSet) -> DefinitionSet {
    let id = if from.example {
        OWN.to_owned()
    } else {
        from.id.clone()
    };
    let read = all.sets.iter().filter(|s| s.id == id).map(|s| s.version);
    let unreadable = all.unreadable.iter().filter(|s| s.id == id);
    let newest = unreadable
        .filter_map(|s| u32::try_from(s.version).ok())
        .chain(read)
        .max();
    DefinitionSet {
        version: newest.unwrap_or(0) + 1,
        example: false,
        id,
        ..from
    }
}

async fn blank(ctx: Ctx, ui: Ui, Query(query): Query<BeginQuery>) -> Result<Response, Fault> {
    let all = ctx.read(ops::all_sets).await?;
    let from = ops::find_set(&all.sets, query.from.as_deref().unwrap_or("standard"))?;
    let form = FormState::new().with("text", begun(&all, from).to_toml());
    show_page(&NewPage {
        crumbs: crumbs(&ui),
        form,
        ui,
    })
}

async fn save(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let read = DefinitionSet::parse(fields.raw("text")).map_err(EvaluationError::from);
    let done = match read {
        Ok(set) => {
            let (to, name) = (address(&set), set_name(&ui, &set).to_owned());
            let done = ops::add_set(&ctx, set).await;
            done.map(|is_new| (to, name, is_new))
        }
        Err(error) => Err(error),
    };
    match done {
        Ok((to, name, is_new)) => {
            // words: evaluation-set-*
            let key = if is_new {
                "evaluation-set-added"
            } else {
                "evaluation-set-there"
            };
            let said = ui.tn(key, "name", name.as_str());
            Ok(Go::to(to).saying(Tone::Good, said).into_response())
        }
        Err(error @ (EvaluationError::Set(_) | EvaluationError::SameVersion { .. })) => {
            let fault = Fault::from(error);
            let sentence = fault.sentence(&ui.site.words, ui.lang);
            let mut form = fields.form();
            form.fault(
                "text",
                sentence.unwrap_or_else(|| fault.detail().to_owned()),
            );
            let page = NewPage {
                crumbs: crumbs(&ui),
                form,
                ui,
            };
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::built_in;
    use crate::ops::Unreadable;
    use ui::testing;

    fn reader(lang: Lang) -> Ui {
        let words = access::words_of(&[access::capability(), crate::capability()]);
        let site = testing::site_with(words.expect("sound words"));
        testing::ui_with(site, lang, jiff::Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_copy_of_a_set_of_the_programs_becomes_the_citys_next_version() {
        let mut all = Sets {
            sets: built_in(),
            unreadable: Vec::new(),
        };
        let standard = all.sets[0].clone();
        let copy = begun(&all, standard.clone());
        assert_eq!(
            (copy.id.as_str(), copy.version, copy.example),
            ("city", 1, false)
        );
        assert!(copy.check().is_ok());
        all.sets.push(copy.clone());
        assert_eq!(begun(&all, standard).version, 2);
        assert_eq!(begun(&all, copy.clone()).version, 2);
        all.unreadable.push(Unreadable {
            id: "city".into(),
            version: 2,
            reason: "damaged".into(),
        });
        assert_eq!(begun(&all, copy).version, 3);
    }

    #[test]
    fn a_version_that_cannot_be_read_is_named_in_the_list() {
        let all = Sets {
            sets: built_in(),
            unreadable: vec![Unreadable {
                id: "ours".into(),
                version: 7,
                reason: "file: <b>".into(),
            }],
        };
        for lang in Lang::ALL {
            let html = list_page(reader(lang), &all, true).render().unwrap();
            testing::assert_sound(&html);
            let badge = reader(lang).t("evaluation-set-unreadable");
            assert!(html.contains("ours@7") && html.contains(&badge));
            assert!(!html.contains("<b>") && !html.contains("sets/ours@7"));
        }
    }

    #[test]
    fn a_set_is_read_in_both_languages_with_what_stands_against_grading_it() {
        let set = &built_in()[0];
        for lang in Lang::ALL {
            let html = set_page(reader(lang), set, true)
                .render()
                .expect("the page renders");
            testing::assert_sound(&html);
            assert!(html.contains("need_archive"));
            assert!(html.contains("/evaluation/sets/new?from=standard@1"));
            assert!(html.contains(&reader(lang).t("evaluation-rewards-silence")));
            let mut form = FormState::new().with("text", "<b>");
            form.fault("text", "<i>");
            let page = NewPage {
                crumbs: Vec::new(),
                form,
                ui: reader(lang),
            };
            let html = page.render().expect("the page renders");
            testing::assert_sound(&html);
            assert!(!html.contains("<b>") && !html.contains("<i>"));
        }
        let html = set_page(reader(Lang::En), set, false);
        assert!(!html.render().expect("it renders").contains("sets/new"));
    }
}
