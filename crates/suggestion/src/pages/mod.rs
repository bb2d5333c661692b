//! The pages of suggestion: how it is set and what it is worth; hot topics. They show what `ops` answers and work without
//! script.

mod hot;
mod overview;
#[cfg(test)]
mod tests;

use access::{Capability, Permission};
use axum::http::Method;
use jiff::civil::Date;
use kernel::codes::DivisionCode;
use matters::{City, MatterId};
use ui::Ui;

/// What suggestion brings to the program: calls, pages, tables, words.
pub fn capability() -> Capability {
    let (get, post) = (|| Method::GET, || Method::POST);
    let (read, manage) = (Permission::SuggestionRead, Permission::SuggestionManage);
    let routes = crate::http::routes()
        .on(get(), "/suggestions", read, overview::show)
        .on(post(), "/suggestions/settings", manage, overview::change)
        .on(post(), "/suggestions/train", manage, overview::train)
        .on(post(), "/suggestions/try", read, overview::try_out)
        .on(
            post(),
            "/suggestions/models/{number}/use",
            manage,
            overview::use_again,
        )
        .on(get(), "/hot-topics", Permission::TopicRead, hot::list)
        .on(post(), "/hot-topics", manage, hot::look)
        .on(get(), "/hot-topics/{id}", Permission::TopicRead, hot::show);
    Capability::new("suggestion", routes)
        .migrations(crate::MIGRATIONS)
        .locales(
            include_str!("../../locales/zh-CN.ftl"),
            include_str!("../../locales/en.ftl"),
        )
        .menu(
            "suggestion-hot-menu",
            "/hot-topics",
            Permission::TopicRead,
            56,
        )
        .menu("suggestion-menu", "/suggestions", read, 58)
}

/// The name of a class; its id where the catalogue no longer has it.
fn class_name(ui: &Ui, city: &City, id: MatterId) -> String {
    city.matter(id)
        .map_or_else(|| id.to_string(), |c| c.name(ui.lang.tag()).to_owned())
}

/// The name of a place; the whole city where there is none.
fn place_name(ui: &Ui, city: &City, code: &str) -> String {
    match code.parse::<DivisionCode>() {
        Ok(code) => {
            let own = city.territory.name_in(code, ui.lang);
            let district = city.territory.name_in(code.district().division(), ui.lang);
            if own == district {
                own
            } else {
                format!("{district} {own}")
            }
        }
        Err(_) => ui.city().to_owned(),
    }
}

fn span(ui: &Ui, from: Date, to: Date) -> String {
    ui.t2(
        "suggestion-span",
        "from",
        ui.date_text(from).as_str(),
        "to",
        ui.date_text(to).as_str(),
    )
}
