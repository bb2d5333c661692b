//! GET /help, /help/{guide}, /help/pictures/{file} — open to everybody.

use crate::guide::{GUIDES, Guide, Picture};
use access::{Capability, Ctx, Fault, Path, Permission, Routes, show};
use askama::Template;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use ui::{Html, Ui};

/// The pictures, named `name-language.png`.
#[derive(RustEmbed)]
#[folder = "../../docs/guide/pictures"]
struct Pictures;

/// What help brings to the program.
pub fn capability() -> Capability {
    let routes = Routes::new("help")
        .on(Method::GET, "/help", Permission::Public, list)
        .on(Method::GET, "/help/{guide}", Permission::Public, one)
        .on(
            Method::GET,
            "/help/pictures/{file}",
            Permission::Public,
            picture,
        );
    Capability::new("help", routes).locales(
        include_str!("../locales/zh-CN.ftl"),
        include_str!("../locales/en.ftl"),
    )
}

struct Link {
    href: String,
    title: &'static str,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    ui: Ui,
    title: String,
    guides: Vec<Link>,
    body: Option<Html>,
}

fn page(ui: Ui, guide: Option<&Guide>) -> HelpPage {
    let lang = ui.lang;
    let guides = GUIDES.iter().map(|other| Link {
        href: format!("/help/{}", other.name),
        title: other.title(lang),
        is_here: guide.is_some_and(|guide| guide.name == other.name),
    });
    HelpPage {
        title: guide.map_or_else(|| ui.t("help-title"), |guide| guide.title(lang).to_owned()),
        guides: guides.collect(),
        body: guide.map(|guide| {
            let picture = |name: &str| {
                let file = format!("{name}-{}.png", lang.tag());
                let found = Pictures::get(&file)?;
                Picture::png(format!("/help/pictures/{file}"), &found.data)
            };
            guide.body(lang, picture, |alt| ui.tn("help-picture", "what", alt))
        }),
        ui,
    }
}

async fn list(_ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    show(&page(ui, None))
}

async fn one(_ctx: Ctx, ui: Ui, Path(name): Path<String>) -> Result<Response, Fault> {
    match Guide::find(&name) {
        Some(guide) => show(&page(ui, Some(guide))),
        None => Err(Fault::not_found()),
    }
}

async fn picture(_ctx: Ctx, Path(file): Path<String>) -> Response {
    let Some(found) = Pictures::get(&file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "image/png"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, found.data).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ui::{Lang, testing};

    #[test]
    fn every_guide_renders_in_both_languages() {
        for lang in Lang::ALL {
            let words =
                access::words_of(&[access::capability(), capability()]).expect("sound words");
            let now = "2026-03-16T02:00:00Z".parse().expect("a time");
            let ui = testing::ui_with(testing::site_with(words), lang, now);
            for guide in std::iter::once(None).chain(GUIDES.iter().map(Some)) {
                let html = page(ui.clone(), guide)
                    .render()
                    .expect("the template renders");
                testing::assert_sound(&html);
            }
        }
    }

    #[test]
    fn every_word_used_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let used =
            testing::used_keys(&[&root.join("templates"), &root.join("src")]).expect("sources");
        let words = ui::I18n::builder()
            .add(
                "help",
                include_str!("../locales/zh-CN.ftl"),
                include_str!("../locales/en.ftl"),
            )
            .build()
            .expect("both languages have the same keys");
        assert_eq!(
            testing::word_faults(&words, &used, &["help"]),
            Vec::<String>::new()
        );
    }
}
