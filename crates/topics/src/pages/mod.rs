//! The pages of topics: the list by month and standing, one with its curve, measures and cases, the form. They show what
//! `ops` answers and work without script.

mod form;
mod list;
mod one;
#[cfg(test)]
mod tests;

use crate::model::Standing;
use access::{Capability, Permission};
use axum::http::Method;
use kernel::codes::DivisionCode;
use matters::{City, MatterId};
use ui::{Crumb, Ui};

/// What topics bring to the program: calls, pages, tables, words.
pub fn capability() -> Capability {
    let (get, post) = (|| Method::GET, || Method::POST);
    let (read, manage) = (Permission::TopicRead, Permission::TopicManage);
    let routes = crate::http::routes()
        .on(get(), "/topics", read, list::show)
        .on(get(), "/topics/new", manage, form::blank)
        .on(post(), "/topics/new", manage, form::make)
        .on(get(), "/topics/{id}", read, one::show)
        .on(get(), "/topics/{id}/edit", manage, form::edit)
        .on(post(), "/topics/{id}/edit", manage, form::change)
        .on(post(), "/topics/{id}/{act}", read, one::act);
    Capability::new("topics", routes)
        .migrations(crate::MIGRATIONS)
        .locales(
            include_str!("../../locales/zh-CN.ftl"),
            include_str!("../../locales/en.ftl"),
        )
        .menu("topics-menu", "/topics", read, 57)
}

// words: topics-standing-*, topics-measure-*, topics-mark-*

fn standing(ui: &Ui, standing: Standing) -> (String, &'static str) {
    let tone = match standing {
        Standing::Proposed | Standing::Dropped => "info",
        Standing::Chosen => "warn",
        Standing::UnderWay | Standing::Ended => "good",
    };
    let word = standing.as_str().replace('_', "-");
    (ui.t(&format!("topics-standing-{word}")), tone)
}

fn class_names(ui: &Ui, city: &City, ids: &[MatterId]) -> String {
    let names: Vec<String> = ids
        .iter()
        .map(|id| {
            city.matter(*id)
                .map_or_else(|| id.to_string(), |c| c.name(ui.lang.tag()).to_owned())
        })
        .collect();
    ui.list(&names)
}

fn place_name(ui: &Ui, city: &City, place: Option<DivisionCode>) -> String {
    let Some(code) = place else {
        return ui.city().to_owned();
    };
    let own = city.territory.name_in(code, ui.lang);
    let district = city.territory.name_in(code.district().division(), ui.lang);
    if own == district {
        own
    } else {
        format!("{district} {own}")
    }
}

fn unit_name(ui: &Ui, city: &City, unit: Option<access::UnitId>) -> String {
    unit.and_then(|u| city.unit(u))
        .map(|u| u.name(ui.lang.tag()).to_owned())
        .unwrap_or_default()
}

fn crumbs(ui: &Ui) -> Vec<Crumb> {
    vec![Crumb {
        label: ui.t("topics-title"),
        href: "/topics".to_owned(),
    }]
}
