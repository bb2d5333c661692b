//! `Ui`: what every page knows about its reader and the deployment, and the words and formats it offers to templates.

use crate::assets;
use crate::flash::{Flash, Tone};
use crate::html::{Html, escape};
use crate::i18n::{Arg, I18n};
use crate::lang::Lang;
use crate::look::{self, Look, Theme, percent_encode};
use crate::map::BaseMap;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// The same words in both languages, for what is not in the language files: names a city gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Words {
    /// Both.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// The words in one language; the other language where a city gave only that.
    #[must_use]
    pub fn in_lang(&self, lang: Lang) -> &str {
        let (first, second) = match lang {
            Lang::Zh => (&self.zh, &self.en),
            Lang::En => (&self.en, &self.zh),
        };
        if first.is_empty() { second } else { first }
    }
}

/// What is the same on every page of a deployment.
#[derive(Debug)]
pub struct Site {
    /// The words of all capabilities.
    pub words: I18n,
    /// The city's name (示范市).
    pub city: Words,
    /// The zone in which times are shown.
    pub time_zone: TimeZone,
    /// Notices on top of every page, such as "this city is invented".
    pub notices: Vec<(Tone, Words)>,
    /// A map of somebody else below ours, where the deployment names one.
    pub base_map: Option<BaseMap>,
}

/// A notice above the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How it is meant.
    pub tone: Tone,
    /// A sentence.
    pub text: String,
}

/// Who is signed in, as the top bar shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name shown.
    pub name: String,
    /// The role in the reader's language (派遣员).
    pub role: String,
}

/// One link of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuItem {
    /// What is read, in the reader's language.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// How much waits there; shown when it is not 0.
    pub count: Option<u64>,
}

impl MenuItem {
    /// A link without a count.
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: href.into(),
            count: None,
        }
    }
}

/// What a page holds as `ui`.
#[derive(Clone, Debug)]
pub struct Ui {
    /// The deployment.
    pub site: Arc<Site>,
    /// The reader's language.
    pub lang: Lang,
    /// Light or dark.
    pub theme: Theme,
    /// Elder mode (大字版).
    pub elder: bool,
    /// The token every form sends back; empty where nobody is signed in and no form needs one.
    pub csrf: String,
    /// Who is signed in.
    pub account: Option<Account>,
    /// How many notices this reader has not read; none where there are no notices or nobody is signed in.
    pub unread: Option<u64>,
    /// The links of the top bar that this reader may follow.
    pub menu: Vec<MenuItem>,
    /// Path and query of this page.
    pub path: String,
    /// What was just done.
    pub flash: Option<Flash>,
    /// Notices above the content: those of the site, then those of the page.
    pub notices: Vec<Notice>,
    /// The moment this page speaks of.
    pub now: Timestamp,
}

impl Ui {
    /// A page for a reader who is not signed in. Fill the other fields as they are known.
    #[must_use]
    pub fn new(site: Arc<Site>, look: Look, path: impl Into<String>, now: Timestamp) -> Self {
        let notices = site.notices.iter();
        let notices = notices
            .map(|(tone, words)| Notice {
                tone: *tone,
                text: words.in_lang(look.lang).to_owned(),
            })
            .collect();
        Self {
            lang: look.lang,
            theme: look.theme,
            elder: look.elder,
            csrf: String::new(),
            account: None,
            unread: None,
            menu: Vec::new(),
            path: path.into(),
            flash: None,
            notices,
            now,
            site,
        }
    }

    /// The word or sentence of a key.
    #[must_use]
    pub fn t(&self, key: &str) -> String {
        self.site.words.text(self.lang, key, &[])
    }

    /// A sentence with one value.
    #[must_use]
    pub fn tn(&self, key: &str, name: &str, value: impl Arg) -> String {
        self.site.words.text(self.lang, key, &[(name, &value)])
    }

    /// A sentence with two values.
    #[must_use]
    pub fn t2(
        &self,
        key: &str,
        name: &str,
        value: impl Arg,
        name_2: &str,
        value_2: impl Arg,
    ) -> String {
        self.site
            .words
            .text(self.lang, key, &[(name, &value), (name_2, &value_2)])
    }

    /// A sentence with any number of values: `ui.ta("key", &[("a", &x), ("b", &y)])`.
    #[must_use]
    pub fn ta(&self, key: &str, args: &[(&str, &dyn Arg)]) -> String {
        self.site.words.text(self.lang, key, args)
    }

    /// Words that a city gave in both languages.
    #[must_use]
    pub fn say<'a>(&self, words: &'a Words) -> &'a str {
        words.in_lang(self.lang)
    }

    /// A name as the city knows it: in English where there is an English one, else in Chinese and marked as Chinese.
    #[must_use]
    pub fn named(&self, zh: &str, en: Option<&str>) -> Html {
        match (self.lang, en) {
            (Lang::En, Some(en)) => Html::from_text(en),
            (Lang::En, None) if !zh.is_ascii() => {
                let zh = Html::from_text(zh);
                Html::from_markup(format!("<span lang=\"zh-CN\">{zh}</span>"))
            }
            _ => Html::from_text(zh),
        }
    }

    /// The city's name.
    #[must_use]
    pub fn city(&self) -> &str {
        self.site.city.in_lang(self.lang)
    }

    /// Attributes of `<html>`: language, theme unless it follows the device, elder mode.
    #[must_use]
    pub fn html_attributes(&self) -> Html {
        let mut out = format!("lang=\"{}\"", self.lang.tag());
        if self.theme != Theme::Auto {
            out.push_str(&format!(" data-theme=\"{}\"", self.theme.name()));
        }
        if self.elder {
            out.push_str(" data-elder=\"1\"");
        }
        Html::from_markup(out)
    }

    /// The links and scripts of the head: our own style always, Tabler and the scripts when they were built.
    #[must_use]
    pub fn head(&self) -> Html {
        assets::head()
    }

    /// The address of an asset (`map.js`), with its hash; empty if there is no such asset.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::url(name).unwrap_or_default()
    }

    /// The script element of an island, empty when it was not built.
    #[must_use]
    pub fn island(&self, name: &str) -> Html {
        assets::script(name)
    }

    /// Whether a menu link leads to this page or above it.
    #[must_use]
    pub fn is_here(&self, href: &str) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        path == href
            || (href.len() > 1
                && path
                    .strip_prefix(href)
                    .is_some_and(|rest| rest.starts_with('/')))
    }

    /// The hidden field of every form that changes something.
    #[must_use]
    pub fn csrf_field(&self) -> Html {
        Html::from_markup(format!(
            "<input type=\"hidden\" name=\"csrf\" value=\"{}\">",
            escape(&self.csrf)
        ))
    }

    /// A link that changes the look and comes back here, such as `look_link("lang", "en")`.
    #[must_use]
    pub fn look_link(&self, name: &str, value: &str) -> String {
        format!(
            "{}?{name}={value}&back={}",
            look::PATH,
            percent_encode(&self.path)
        )
    }

    /// The language the switch offers: the other one.
    #[must_use]
    pub fn other_lang(&self) -> Lang {
        match self.lang {
            Lang::Zh => Lang::En,
            Lang::En => Lang::Zh,
        }
    }

    /// The theme the switch offers: auto → light → dark → auto.
    #[must_use]
    pub fn next_theme(&self) -> Theme {
        match self.theme {
            Theme::Auto => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::Auto,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn the_menu_marks_the_page_and_what_lies_below_it() {
        let mut ui = testing::sample_ui(Lang::Zh, Timestamp::UNIX_EPOCH);
        ui.path = "/desk/inbox?after=3".to_owned();
        assert!(ui.is_here("/desk") && ui.is_here("/desk/inbox"));
        assert!(!ui.is_here("/des") && !ui.is_here("/") && !ui.is_here("/cases"));
        assert_eq!(
            ui.look_link("lang", "en"),
            "/look?lang=en&back=%2Fdesk%2Finbox%3Fafter%3D3"
        );
    }

    #[test]
    fn a_name_given_in_one_language_only_is_shown_in_both() {
        let name = Words::new("海棠市", "");
        assert_eq!(
            (name.in_lang(Lang::Zh), name.in_lang(Lang::En)),
            ("海棠市", "海棠市")
        );
    }
}
