//! GET /facts — figures asked for by SQL of one's own, over views without personal fields; the same as a CSV file.

use crate::figures::{Freshness, freshness};
use crate::ops::{self, QueryError};
use crate::views;
use access::{Capability, Ctx, Fault, Fields, Permission, Problem, Routes, Word, show_as};
use askama::Template;
use axum::extract::RawQuery;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use store::StoreError;
use store::sandbox::{Answer, Refusal, SandboxError};
use ui::{FormState, Ui};

/// More rows than this are of no use on a page; the file has them all.
const MOST_LINES: usize = 200;

/// What facts bring to the program: their tables and views, the page, its words.
pub fn capability() -> Capability {
    Capability::new(
        "facts",
        Routes::new("facts").on(Method::GET, "/facts", Permission::FactsQuery, page),
    )
    .migrations(crate::ALL_MIGRATIONS)
    .locales(
        include_str!("../locales/zh-CN.ftl"),
        include_str!("../locales/en.ftl"),
    )
    .menu("facts-menu", "/facts", Permission::FactsQuery, 65)
}

impl Problem for QueryError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Forbidden(error) => error.status(),
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Query(SandboxError::Store(error)) | Self::Store(error) => error.status(),
            Self::Query(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Forbidden(error) => error.code(),
            Self::Busy => "busy",
            Self::Query(SandboxError::Store(error)) | Self::Store(error) => error.code(),
            Self::Query(SandboxError::Refused(_)) => "query_refused",
            Self::Query(SandboxError::Wrong(_)) => "query_wrong",
            Self::Query(SandboxError::TooLong(_)) => "query_too_long",
            Self::Query(SandboxError::TooLarge(_)) => "query_too_large",
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Forbidden(error) => error.args(),
            Self::Query(SandboxError::Store(error)) | Self::Store(error) => error.args(),
            _ => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Busy => Some(5),
            Self::Query(SandboxError::Store(error)) | Self::Store(error) => error.retry_after_s(),
            _ => None,
        }
    }
}

/// A view in the list beside the form.
struct View {
    name: &'static str,
    columns: String,
}

/// The rows of an answer as they are shown.
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    /// In words: how many rows there are.
    caption: String,
    /// Rows that are not on the page, in words.
    rest: Option<String>,
    csv: String,
}

#[derive(Template)]
#[template(path = "facts_query.html")]
struct QueryPage {
    ui: Ui,
    form: FormState,
    table: Option<Table>,
    views: Vec<View>,
    /// How fresh the figures are, in words.
    fresh: String,
    /// Whether the reader may have whole tables written.
    may_export: bool,
}

fn fresh_words(ui: &Ui, fresh: Option<Freshness>) -> String {
    match fresh {
        None => ui.t("facts-none-yet"),
        Some(f) if f.waiting == 0 => ui.t("facts-fresh"),
        Some(f) => ui.t2(
            "facts-waiting",
            "at",
            ui.time_text(f.as_of).as_str(),
            "n",
            f.waiting,
        ),
    }
}

/// Why a query has no answer, in the reader's words, with the engine's own words where they help.
fn reason(ui: &Ui, error: &SandboxError) -> String {
    match error {
        SandboxError::Refused(why) => ui.ta("facts-refused", &[("why", &refusal(ui, why))]),
        SandboxError::Wrong(why) => ui.ta("facts-wrong", &[("why", why)]),
        SandboxError::TooLong(seconds) => ui.tn("facts-too-long", "n", *seconds),
        SandboxError::TooLarge(_) => ui.t("facts-too-large"),
        SandboxError::Store(_) => ui.t("facts-failed"),
    }
}

/// What of a query is not allowed, in the reader's words.
fn refusal(ui: &Ui, why: &Refusal) -> String {
    // words: facts-refused-*
    let named = |key: &str, what: &str| ui.tn(key, "what", what);
    match why {
        Refusal::TooLong(most) => ui.tn("facts-refused-long", "n", *most),
        Refusal::Empty => ui.t("facts-refused-empty"),
        Refusal::NoQuestion => ui.t("facts-refused-no-question"),
        Refusal::Word(word) => named("facts-refused-word", word),
        Refusal::NoView(name) => named("facts-refused-no-view", name),
        Refusal::NoFunction(name) => named("facts-refused-no-function", name),
        Refusal::NameOfAView(name) => named("facts-refused-name-of-a-view", name),
        Refusal::KindOfText(kind) => named("facts-refused-kind-of-text", kind),
        Refusal::Comment => ui.t("facts-refused-comment"),
        Refusal::SecondStatement => ui.t("facts-refused-second"),
        Refusal::Sign(sign) => named("facts-refused-sign", &sign.to_string()),
        Refusal::NotClosed(quote) => named("facts-refused-not-closed", &quote.to_string()),
        Refusal::Parameter => ui.t("facts-refused-parameter"),
        Refusal::Outside => ui.t("facts-refused-outside"),
        Refusal::Change => ui.t("facts-refused-change"),
    }
}

fn table(ui: &Ui, answer: Answer, sql: &str) -> Table {
    let all = answer.rows.len();
    let rows: Vec<Vec<String>> = answer
        .rows
        .iter()
        .take(MOST_LINES)
        .map(|row| row.iter().map(ops::cell).collect())
        .collect();
    let rest = if answer.is_cut {
        Some(ui.tn("facts-cut", "n", all))
    } else if all > MOST_LINES {
        Some(ui.tn("facts-shown", "n", MOST_LINES))
    } else {
        None
    };
    let csv = form_urlencoded::Serializer::new(String::new())
        .append_pair("sql", sql)
        .append_pair("format", "csv")
        .finish();
    Table {
        columns: answer.columns,
        rows,
        caption: ui.tn("facts-rows", "n", all),
        rest,
        csv: format!("/facts?{csv}"),
    }
}

async fn page(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let sql = fields.get("sql").trim().to_owned();
    let mut form = fields.form();
    let mut found = None;
    if !sql.is_empty() {
        let asked = if fields.get("format") == "csv" {
            match ops::query_file(&ctx, &sql).await {
                Ok(file) => return Ok(file.download("facts", "csv", "text/csv; charset=utf-8")),
                Err(error) => Err(error),
            }
        } else {
            ops::query(&ctx, &sql).await
        };
        match asked {
            Ok(answer) => found = Some(table(&ui, answer, &sql)),
            Err(QueryError::Query(error)) if !matches!(error, SandboxError::Store(_)) => {
                form.fault("sql", reason(&ui, &error));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let now = ctx.now();
    let fresh = ctx
        .read::<_, StoreError, _>(move |r| freshness(r, now))
        .await?;
    let status = if form.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    show_as(status, &rendered(ui, form, found, fresh))
}

fn rendered(ui: Ui, form: FormState, table: Option<Table>, fresh: Option<Freshness>) -> QueryPage {
    let views = views::NAMES
        .iter()
        .map(|name| View {
            name,
            columns: views::columns(name).unwrap_or_default().join(", "),
        })
        .collect();
    QueryPage {
        fresh: fresh_words(&ui, fresh),
        // Whom it is open to has it in the menu.
        may_export: ui.menu.iter().any(|item| item.href == "/exports"),
        form,
        table,
        views,
        ui,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Value;
    use ui::{Lang, testing};

    const WORDS: (&str, &str, &str) = (
        "facts",
        include_str!("../locales/zh-CN.ftl"),
        include_str!("../locales/en.ftl"),
    );

    fn reader(lang: Lang) -> Ui {
        let words = access::words_of(&[access::capability(), capability()]).expect("sound words");
        let now = "2026-03-16T02:00:00Z".parse().expect("a time");
        testing::ui_with(testing::site_with(words), lang, now)
    }

    #[test]
    fn the_page_renders_in_both_languages_with_and_without_an_answer() {
        for lang in Lang::ALL {
            let ui = reader(lang);
            let answer = |rows: usize, is_cut: bool| Answer {
                columns: vec!["district".into(), "<b>".into()],
                rows: vec![vec![Value::Text("<i>".into()), Value::Null]; rows],
                is_cut,
            };
            let sql = "SELECT '<x>' & 1";
            let fresh = Freshness {
                as_of: ui.now,
                waiting: 1234,
                rebuilt_at: None,
            };
            for (found, fresh) in [
                (None, None),
                (Some(table(&ui, answer(0, false), sql)), Some(fresh)),
                (
                    Some(table(&ui, answer(MOST_LINES + 1, false), sql)),
                    Some(Freshness {
                        waiting: 0,
                        ..fresh
                    }),
                ),
                (Some(table(&ui, answer(3, true), sql)), None),
            ] {
                let html = rendered(ui.clone(), FormState::new().with("sql", sql), found, fresh)
                    .render()
                    .expect("the template renders");
                testing::assert_sound(&html);
                assert!(!html.contains("<i>") && !html.contains("<b>") && !html.contains("<x>"));
                assert!(html.contains("v_street_matters"));
            }
            for error in [
                SandboxError::Refused(Refusal::Comment),
                SandboxError::Wrong("x".into()),
                SandboxError::TooLong(10),
                SandboxError::TooLarge(5),
            ] {
                assert!(!reason(&ui, &error).is_empty());
            }
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_language_of_the_page_and_names_what_is_refused() {
        let zh = reader(Lang::Zh);
        for (sql, said) in [
            ("SELECT 1 -- x", "不允许写注释"),
            ("PRAGMA x", "只能以 SELECT 或 WITH 开头"),
            ("SELECT 1; SELECT 2", "一次只能查询一条语句"),
            ("SELECT * INTO x FROM v_days", "不能使用 INTO"),
            ("SELECT * FROM pg_authid", "pg_authid 不在可查询的视图之中"),
            ("SELECT pg_sleep(1)", "pg_sleep"),
            ("SELECT now()", "没有函数 now"),
            ("SELECT ?", "不能使用符号 ?"),
            ("SELECT 'a", "' 没有配对"),
            ("SELECT x'00'", "x"),
            ("", "没有内容"),
        ] {
            let fence = views::fence(store::Engine::Sqlite, None);
            let why = fence.check(sql).expect_err(sql);
            let text = reason(&zh, &SandboxError::Refused(why));
            assert!(text.contains(said), "{sql}: {text}");
        }
    }

    #[test]
    fn every_word_used_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let used =
            testing::used_keys(&[&root.join("templates"), &root.join("src")]).expect("sources");
        let words = ui::I18n::builder()
            .add(WORDS.0, WORDS.1, WORDS.2)
            .build()
            .expect("both languages have the same keys");
        let faults: Vec<String> = testing::word_faults(&words, &used, &["facts"])
            .into_iter()
            .filter(|fault| !fault.contains("facts-menu"))
            .collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
