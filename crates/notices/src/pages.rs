//! The pages of notices: one's own, how one wants to be told, what did not arrive, how notices are worded.

use crate::http::OneWay;
use crate::model::{NoticeError, Template as Wording};
use crate::ops::{self, Addresses, Failed, Shown};
use crate::service::Notices;
use access::{Ctx, Fault, Fields, Go, Path, Permission, Problem, Query, Routes, show, show_as};
use askama::Template;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use kernel::id::Id;
use kernel::{Cursor, PageSize};
use serde::Deserialize;
use ui::{Crumb, FormState, Pager, Queue, Tone, Ui};

/// Adds the pages to the calls.
pub(crate) fn add(routes: Routes) -> Routes {
    let (get, post) = (|| Method::GET, || Method::POST);
    let (read, manage) = (Permission::NoticeRead, Permission::NoticeManage);
    routes
        .on(get(), "/notices", read, list)
        .on(post(), "/notices/read", read, read_all)
        .on(get(), "/notices/settings", read, settings)
        .on(post(), "/notices/settings", read, keep_settings)
        .on(get(), "/notices/failed", manage, failed)
        .on(post(), "/notices/failed/again", manage, again_all)
        .on(post(), "/notices/failed/{id}/{act}", manage, act_on_failed)
        .on(get(), "/notices/templates", manage, templates)
        .on(post(), "/notices/templates/{kind}/{lang}", manage, reword)
        .on(post(), "/notices/{id}/open", read, open)
}

#[derive(Deserialize)]
struct Wanted {
    all: Option<String>,
    after: Option<Cursor>,
}

#[derive(Template)]
#[template(path = "notices_list.html")]
pub(crate) struct ListPage {
    pub ui: Ui,
    pub queues: Vec<Queue>,
    pub rows: Vec<Shown>,
    pub has_unread: bool,
    pub pager: Pager,
}

async fn list(ctx: Ctx, ui: Ui, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    let only_unread = wanted.all.is_none();
    let page = ops::inbox(
        &ctx,
        ui.lang,
        only_unread,
        PageSize::default(),
        wanted.after.as_ref(),
    )
    .await?;
    let base = if only_unread {
        "/notices?"
    } else {
        "/notices?all=1&"
    };
    let queue = |label: String, href: &str, current| Queue {
        label,
        href: href.to_owned(),
        count: None,
        late: 0,
        soon: 0,
        current,
    };
    let queues = vec![
        queue(ui.t("notices-unread"), "/notices", only_unread),
        queue(ui.t("notices-all"), "/notices?all=1", !only_unread),
    ];
    show(&ListPage {
        queues,
        has_unread: page.items.iter().any(|n| n.notice.read_at.is_none()),
        pager: pager(
            base,
            wanted.after.is_some(),
            page.next.as_ref(),
            page.items.len(),
        ),
        rows: page.items,
        ui,
    })
}

fn pager(base: &str, is_later: bool, next: Option<&Cursor>, shown: usize) -> Pager {
    Pager {
        previous: is_later.then(|| base.trim_end_matches(['?', '&']).to_owned()),
        next: next.map(|after| format!("{base}after={after}")),
        shown: shown as u64,
        total: None,
    }
}

async fn read_all(ctx: Ctx, ui: Ui) -> Result<Go, Fault> {
    let n = ops::mark_read(&ctx, None).await?;
    Ok(Go::to("/notices").saying(Tone::Good, ui.tn("notices-marked", "n", n)))
}

async fn open(ctx: Ctx, Path(id): Path<Id>) -> Result<Go, Fault> {
    let path = ops::open(&ctx, id).await?;
    Ok(Go::to(if path.is_empty() {
        "/notices".to_owned()
    } else {
        path
    }))
}

#[derive(Template)]
#[template(path = "notices_settings.html")]
pub(crate) struct SettingsPage {
    pub ui: Ui,
    pub form: FormState,
    pub crumbs: Vec<Crumb>,
    /// What is kept now, masked.
    pub kept_email: String,
    pub kept_phone: String,
    pub has_email: bool,
    pub has_gateway: bool,
}

impl SettingsPage {
    fn new(ctx: &Ctx, ui: Ui, kept: Addresses, form: FormState) -> Self {
        let notices = ctx.service::<Notices>();
        let or_none = |text: String| {
            if text.is_empty() {
                ui.t("notices-none-kept")
            } else {
                text
            }
        };
        Self {
            crumbs: vec![Crumb {
                label: ui.t("notices-title"),
                href: "/notices".into(),
            }],
            kept_email: or_none(kept.email),
            kept_phone: or_none(kept.phone),
            form,
            has_email: notices.has_channel("email"),
            has_gateway: notices.has_channel("gateway"),
            ui,
        }
    }
}

fn ticked(is: bool) -> &'static str {
    if is { "1" } else { "" }
}

async fn settings(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let kept = ops::addresses(&ctx).await?;
    let form = FormState::new()
        .with("by_email", ticked(kept.by_email))
        .with("by_gateway", ticked(kept.by_gateway))
        .with("in_english", ticked(kept.in_english));
    show(&SettingsPage::new(&ctx, ui, kept, form))
}

/// The sentence of an error in the reader's language.
fn sentence(ui: &Ui, error: NoticeError) -> (Fault, String) {
    let fault = Fault::from(error);
    let said = fault.sentence(&ui.site.words, ui.lang);
    let said = said.unwrap_or_else(|| fault.detail().to_owned());
    (fault, said)
}

async fn keep_settings(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let wanted = Addresses {
        email: fields.get("email").to_owned(),
        phone: fields.get("phone").to_owned(),
        by_email: !fields.get("by_email").is_empty(),
        by_gateway: !fields.get("by_gateway").is_empty(),
        in_english: !fields.get("in_english").is_empty(),
    };
    match ops::set_addresses(&ctx, wanted).await {
        Ok(()) => Ok(Go::to("/notices/settings")
            .saying(Tone::Good, ui.t("notices-settings-kept"))
            .into_response()),
        Err(error) if error.field().is_some() => {
            let field = error.field().unwrap_or_default();
            let (fault, said) = sentence(&ui, error);
            let mut form = fields.form();
            form.fault(&field, said);
            let kept = ops::addresses(&ctx).await?;
            show_as(fault.status(), &SettingsPage::new(&ctx, ui, kept, form))
        }
        Err(error) => Err(error.into()),
    }
}

/// A failure as the list shows it.
pub(crate) struct FailedRow {
    pub id: String,
    /// What it says, by the title of its kind; the word of the kind where there is none.
    pub title: String,
    pub path: String,
    /// The number of the case it is about; empty where it is about something else.
    pub number: String,
    pub at: ui::Html,
    pub channel: String,
    pub attempts: u32,
    pub why: String,
    /// When it is tried again by itself; none = it was given up.
    pub next: Option<ui::Html>,
    /// The code of the channel.
    pub way: String,
    /// Whether it stands in words of the program rather than of the reader.
    pub is_foreign: bool,
    pub can_go_again: bool,
}

#[derive(Template)]
#[template(path = "notices_failed.html")]
pub(crate) struct FailedPage {
    pub ui: Ui,
    pub rows: Vec<FailedRow>,
    pub count: Failed,
    pub has_channel: bool,
    pub pager: Pager,
}

// words: notices-channel-*
async fn failed(ctx: Ctx, ui: Ui, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    let (page, count) = ops::failures(&ctx, PageSize::default(), wanted.after.as_ref()).await?;
    let pager = pager(
        "/notices/failed?",
        wanted.after.is_some(),
        page.next.as_ref(),
        page.items.len(),
    );
    let wordings = ops::templates(&ctx).await?;
    let rows = page
        .items
        .into_iter()
        .map(|f| {
            let key = format!("notices-channel-{}", f.channel.replace('_', "-"));
            FailedRow {
                id: f.notice.to_string(),
                title: title_of(&wordings, &f.kind, ui.lang.tag(), number_in(&f.path)),
                number: number_in(&f.path).to_owned(),
                path: f.path,
                at: ui.time(f.at),
                channel: if ui.site.words.has(&key) {
                    ui.t(&key)
                } else {
                    f.channel.clone()
                },
                attempts: f.attempts,
                why: if f.failure == crate::model::NO_ACCOUNT {
                    ui.t("notices-failed-no-account")
                } else {
                    f.failure
                },
                is_foreign: f.channel != "in_app",
                can_go_again: f.next_at.is_none_or(|at| ops::can_go_now(at, ctx.now())),
                next: f.next_at.map(|at| ui.time(at)),
                way: f.channel,
            }
        })
        .collect();
    show(&FailedPage {
        rows,
        count,
        has_channel: !ctx.service::<Notices>().channels().is_empty(),
        pager,
        ui,
    })
}

/// The number in the address of a case.
fn number_in(path: &str) -> &str {
    let number = path.strip_prefix("/cases/").unwrap_or_default();
    number.split(['/', '?', '#']).next().unwrap_or_default()
}

async fn again_all(ctx: Ctx, ui: Ui) -> Result<Go, Fault> {
    let n = ops::again(&ctx, None, None).await?;
    Ok(Go::to("/notices/failed").saying(Tone::Good, ui.tn("notices-begun-again", "n", n)))
}

async fn act_on_failed(
    ctx: Ctx,
    ui: Ui,
    Path((id, act)): Path<(Id, String)>,
    Query(way): Query<OneWay>,
) -> Result<Go, Fault> {
    let said = match act.as_str() {
        "again" => match ops::again(&ctx, Some(id), way.channel.as_deref()).await {
            Ok(n) => ui.tn("notices-begun-again", "n", n),
            Err(NoticeError::StillNobody) => {
                let said = ui.t("notices-error-still-nobody");
                return Ok(Go::to("/notices/failed").saying(Tone::Warn, said));
            }
            Err(error) => return Err(error.into()),
        },
        "dismiss" => {
            ops::dismiss(&ctx, id).await?;
            ui.t("notices-dismissed")
        }
        _ => return Err(Fault::not_found()),
    };
    Ok(Go::to("/notices/failed").saying(Tone::Good, said))
}

/// The title of a kind in a language, with the number of the case; its other places are left open.
fn title_of(wordings: &[Wording], kind: &str, lang: &str, number: &str) -> String {
    let Some(wording) = wordings.iter().find(|w| w.kind == kind && w.lang == lang) else {
        return kind.to_owned();
    };
    let title = wording.title.replace("{number}", number);
    let mut told = String::new();
    let mut is_place = false;
    for c in title.chars() {
        match c {
            '{' => is_place = true,
            '}' => {
                is_place = false;
                told.push('…');
            }
            c if !is_place => told.push(c),
            _ => {}
        }
    }
    told
}

/// Which kind is being worded.
#[derive(Deserialize)]
struct Chosen {
    kind: Option<String>,
    lang: Option<String>,
}

#[derive(Template)]
#[template(path = "notices_templates.html")]
pub(crate) struct TemplatesPage {
    pub ui: Ui,
    pub crumbs: Vec<Crumb>,
    pub all: Vec<Wording>,
    /// The one being worded, with its form.
    pub chosen: Option<(Wording, FormState)>,
}

impl TemplatesPage {
    /// All kinds; the one of `kind` and `lang` with its form, as it is kept or as it was sent.
    pub(crate) fn new(
        ui: Ui,
        all: Vec<Wording>,
        kind: &str,
        lang: &str,
        sent: Option<FormState>,
    ) -> Self {
        let found = all
            .iter()
            .find(|w| w.kind == kind && w.lang == lang)
            .cloned();
        let chosen = found.map(|w| {
            let kept = FormState::new()
                .with("title", &w.title)
                .with("body", &w.body);
            (w, sent.unwrap_or(kept))
        });
        let crumbs = vec![Crumb {
            label: ui.t("notices-failed-title"),
            href: "/notices/failed".into(),
        }];
        Self {
            ui,
            crumbs,
            all,
            chosen,
        }
    }
    // words: notices-lang-*
    /// What a language is called in that of the reader.
    fn lang_name(&self, lang: &str) -> String {
        self.ui.t(lang_key(lang))
    }
}

fn lang_key(lang: &str) -> &'static str {
    if lang == "en" {
        "notices-lang-en"
    } else {
        "notices-lang-zh"
    }
}

async fn templates(ctx: Ctx, ui: Ui, Query(chosen): Query<Chosen>) -> Result<Response, Fault> {
    let all = ops::templates(&ctx).await?;
    let (kind, lang) = (
        chosen.kind.unwrap_or_default(),
        chosen.lang.unwrap_or_default(),
    );
    show(&TemplatesPage::new(ui, all, &kind, &lang, None))
}

async fn reword(
    ctx: Ctx,
    ui: Ui,
    Path((kind, lang)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Fault> {
    let version = fields.need::<i64>("version")?;
    let done = ops::reword(
        &ctx,
        &kind,
        &lang,
        version,
        fields.get("title"),
        fields.get("body"),
    )
    .await;
    match done {
        Ok(()) => {
            let told = ui.t2(
                "notices-reworded",
                "title",
                fields.get("title"),
                "lang",
                ui.t(lang_key(&lang)),
            );
            Ok(Go::to("/notices/templates")
                .saying(Tone::Good, told)
                .into_response())
        }
        Err(error) if error.field().is_some() => {
            let field = error.field().unwrap_or_default();
            let (fault, said) = sentence(&ui, error);
            let mut form = fields.form();
            form.fault(&field, said);
            let all = ops::templates(&ctx).await?;
            show_as(
                fault.status(),
                &TemplatesPage::new(ui, all, &kind, &lang, Some(form)),
            )
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Notice;
    use ui::Lang;
    use ui::testing::{assert_sound, site_with, ui_with};

    fn reader(lang: Lang) -> Ui {
        let words = access::words_of(&[access::capability(), crate::capability()]).unwrap();
        ui_with(
            site_with(words),
            lang,
            "2026-03-16T01:00:00Z".parse().unwrap(),
        )
    }

    fn sample() -> Shown {
        let notice = Notice {
            district: "330102".parse().unwrap(),
            id: Id::from_bytes([1; 16]),
            kind: "case.dispatched".into(),
            account: None,
            subject: None,
            path: "/cases/330102-20260316-00001".into(),
            places: "{}".into(),
            at: "2026-03-16T00:30:00Z".parse().unwrap(),
            read_at: None,
        };
        Shown {
            notice,
            title: "新派案件 330102-20260316-00001".into(),
            text: "上水井盖，应于 2026-03-16 14:00 前办结。".into(),
        }
    }

    #[test]
    fn every_page_is_sound_in_both_languages() {
        for lang in [Lang::Zh, Lang::En] {
            for rows in [Vec::new(), vec![sample(), sample()]] {
                let page = ListPage {
                    ui: reader(lang),
                    queues: Vec::new(),
                    has_unread: !rows.is_empty(),
                    pager: pager("/notices?", false, None, rows.len()),
                    rows,
                };
                assert_sound(&page.render().unwrap());
            }
            for full in [false, true] {
                let mut form = FormState::new();
                if full {
                    form.fault("email", "x");
                }
                let page = SettingsPage {
                    ui: reader(lang),
                    form,
                    crumbs: Vec::new(),
                    kept_email: if full { "***".into() } else { String::new() },
                    kept_phone: String::new(),
                    has_email: full,
                    has_gateway: full,
                };
                assert_sound(&page.render().unwrap());
                let row = FailedRow {
                    id: "1".into(),
                    title: "test".into(),
                    path: "/cases/1".into(),
                    number: number_in("/cases/1?from=notices").into(),
                    at: ui::Html::from_text("x"),
                    channel: "x".into(),
                    attempts: 8,
                    why: "no connection".into(),
                    next: None,
                    way: "email".into(),
                    is_foreign: true,
                    can_go_again: true,
                };
                let waiting = FailedRow {
                    id: "2".into(),
                    title: "x".into(),
                    path: "/cases/1".into(),
                    number: "1".into(),
                    at: ui::Html::from_text("x"),
                    channel: "x".into(),
                    attempts: 1,
                    why: "no connection".into(),
                    next: Some(ui::Html::from_text("14:00")),
                    way: "email".into(),
                    is_foreign: true,
                    can_go_again: false,
                };
                let page = FailedPage {
                    ui: reader(lang),
                    rows: if full { vec![row, waiting] } else { Vec::new() },
                    count: Failed {
                        given_up: i64::from(full),
                        tried_again: i64::from(full),
                    },
                    has_channel: full,
                    pager: pager("/notices/failed?", full, None, 1),
                };
                assert_sound(&page.render().unwrap());
            }
            let wording = Wording {
                kind: "test".into(),
                lang: "en".into(),
                title: "A".into(),
                body: "B {number}".into(),
                places: "number due".into(),
                version: 1,
            };
            let page = TemplatesPage::new(reader(lang), vec![wording.clone()], "test", "en", None);
            assert_sound(&page.render().unwrap());
            let page = TemplatesPage::new(reader(lang), vec![wording], "", "", None);
            assert_sound(&page.render().unwrap());
        }
    }

    #[test]
    fn a_failure_is_told_by_the_title_of_its_kind() {
        let wording = |lang: &str, title: &str| Wording {
            kind: "case.help_asked".into(),
            lang: lang.into(),
            title: title.into(),
            body: String::new(),
            places: String::new(),
            version: 1,
        };
        let all = [
            wording("zh-CN", "协办：案件 {number}"),
            wording("en", "A part of case {number} is yours"),
        ];
        let told = |kind: &str, lang| title_of(&all, kind, lang, "1");
        assert_eq!(told("case.help_asked", "zh-CN"), "协办：案件 1");
        assert_eq!(told("case.help_asked", "en"), "A part of case 1 is yours");
        assert_eq!(told("of.others", "en"), "of.others");
        let open = [wording("en", "Report on {about}")];
        assert_eq!(title_of(&open, "case.help_asked", "en", ""), "Report on …");
    }

    #[test]
    fn the_words_are_complete() {
        let words = access::words_of(&[access::capability(), crate::capability()]).unwrap();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let used = ui::testing::used_keys(&[&root.join("templates"), &root.join("src")]).unwrap();
        let is_elsewhere = |f: &String| f.contains("notices-menu") || f.contains("notices-error-");
        let mut faults = ui::testing::word_faults(&words, &used, &["notices"]);
        faults.retain(|f| !is_elsewhere(f));
        assert!(faults.is_empty(), "{faults:#?}");
    }
}
