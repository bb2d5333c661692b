//! GET /public-texts — words that wait to be read before they become public; POST /public-texts/{number} says which do.

use crate::ops;
use access::{Ctx, Fault, Fields, Go, Path, Permission, Routes, show};
use askama::Template;
use axum::extract::RawQuery;
use axum::http::Method;
use axum::response::{IntoResponse as _, Response};
use cases::model::CaseId;
use cases::service::Cases;
use kernel::codes::CaseNumber;
use kernel::paging::Cursor;
use ui::{Pager, Tone, Ui};

const LIST: &str = "/public-texts";

/// Adds the page to the calls.
pub fn add(routes: Routes) -> Routes {
    let permission = Permission::CaseAccept;
    routes.on(Method::GET, LIST, permission, page).on(
        Method::POST,
        "/public-texts/{number}",
        permission,
        publish,
    )
}

/// A case whose words wait.
struct Line {
    number: String,
    matter: String,
    text: String,
}

#[derive(Template)]
#[template(path = "open311_texts.html")]
struct TextsPage {
    ui: Ui,
    lines: Vec<Line>,
    pager: Pager,
}

async fn page(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let after = match fields.read::<Cursor>("after")? {
        Some(cursor) => Some(cursor.part::<CaseId>(0).map_err(|e| {
            Fault::invalid("after", "access.invalid_field", e.to_string()).arg("field", "after")
        })?),
        None => None,
    };
    let city = ctx.service::<Cases>().city();
    let lang = ui.lang.tag();
    let name = |id| city.matter(id).map(|c| c.name(lang).to_owned());
    let unread = ops::unread(&ctx, after).await?;
    let pager = Pager {
        previous: after.map(|_| LIST.to_owned()),
        // A cursor is plain letters and digits.
        next: unread
            .next
            .as_ref()
            .map(|after| format!("{LIST}?after={after}")),
        shown: unread.items.len() as u64,
        total: None,
    };
    let lines = unread.items.into_iter().map(|u| Line {
        number: u.number.to_string(),
        matter: u.matter.and_then(name).unwrap_or_default(),
        text: u.text,
    });
    show(&TextsPage {
        lines: lines.collect(),
        pager,
        ui,
    })
}

async fn publish(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
    fields: Fields,
) -> Result<Response, Fault> {
    let keeps = fields.get("what") == "keep";
    let text = if keeps { "" } else { fields.get("text") };
    ops::publish(&ctx, number, text)
        .await
        .map_err(|e| Fault::from(e).back(LIST.to_owned()))?;
    let done = if text.is_empty() {
        ui.t("open311-kept")
    } else {
        ui.t("open311-published")
    };
    Ok(Go::to(LIST).saying(Tone::Good, done).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ui::Lang;
    use ui::testing;

    fn i18n() -> ui::I18n {
        ui::I18n::builder()
            .add(
                "open311",
                include_str!("../locales/zh-CN.ftl"),
                include_str!("../locales/en.ftl"),
            )
            .build()
            .expect("both languages have the same keys and variables")
    }

    #[test]
    fn the_page_is_sound_with_and_without_lines() {
        let now = "2026-03-16T01:00:00Z".parse().unwrap();
        for lang in Lang::ALL {
            for lines in [0, 2] {
                let line = |n: usize| Line {
                    number: format!("330102-20260316-{n:05}"),
                    matter: "上水井盖".into(),
                    text: "井盖<b>缺失".into(),
                };
                let page = TextsPage {
                    ui: testing::ui_with(testing::site_with(i18n()), lang, now),
                    lines: (0..lines).map(line).collect(),
                    pager: Pager::default(),
                };
                let html = page.render().unwrap();
                testing::assert_sound(&html);
                assert!(!html.contains("<b>缺失"));
            }
        }
    }

    #[test]
    fn every_word_used_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let used = testing::used_keys(&[&root.join("templates"), &root.join("src")]).unwrap();
        let faults = testing::word_faults(&i18n(), &used, &["open311"]);
        assert!(faults.is_empty(), "{faults:#?}");
    }
}
