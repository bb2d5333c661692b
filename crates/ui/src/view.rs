//! `Ui`: what every page knows about its reader and the deployment, and the words and formats it offers to templates.

use crate::assets;
use crate::face::{Accent, Face};
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
    /// What tells one account from every other, in whatever language the page is.
    pub id: String,
    /// The name shown.
    pub name: String,
    /// The role in the reader's language (派遣员).
    pub role: String,
    /// A resident, who has a layout of their own on every page.
    pub is_resident: bool,
}

/// The parts of the menu. Work lies open; the others unfold where a reader has more links than a bar can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MenuPart {
    /// What a person does all day.
    Work,
    /// What the record tells: figures, warnings, forecasts, topics.
    Insight,
    /// What is set up and looked after.
    Manage,
    /// The reader's own account.
    Own,
}

impl MenuPart {
    // words: ui-menu-*
    /// The key of its word.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Work => "ui-menu-work",
            Self::Insight => "ui-menu-insight",
            Self::Manage => "ui-menu-manage",
            Self::Own => "ui-menu-own",
        }
    }
}

/// More links than this, and the menu unfolds by its parts.
const MOST_IN_A_BAR: usize = 8;

/// One part of the menu with its links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuSection<'a> {
    /// Which.
    pub part: MenuPart,
    /// Whether its links lie in the bar and need no unfolding.
    pub is_flat: bool,
    /// The links, in their order.
    pub items: Vec<&'a MenuItem>,
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
    /// The part of the menu it belongs to.
    pub part: MenuPart,
}

impl MenuItem {
    /// A link of the daily work, without a count.
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: href.into(),
            count: None,
            part: MenuPart::Work,
        }
    }

    /// The link in another part of the menu.
    #[must_use]
    pub fn in_part(self, part: MenuPart) -> Self {
        Self { part, ..self }
    }
}

/// What a page holds as `ui`.
#[derive(Clone, Debug)]
pub struct Ui {
    /// The deployment.
    pub site: Arc<Site>,
    /// What the city sets about its pages.
    pub face: Arc<Face>,
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
            face: Arc::default(),
        }
    }

    /// With what the city sets about its pages: its line stands above the notices of the deployment.
    #[must_use]
    pub fn with_face(mut self, face: Arc<Face>) -> Self {
        let text = face.notice.in_lang(self.lang);
        if !text.is_empty() {
            let text = text.to_owned();
            self.notices.insert(
                0,
                Notice {
                    tone: Tone::Info,
                    text,
                },
            );
        }
        self.face = face;
        self
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
        match self.face.city.in_lang(self.lang) {
            "" => self.site.city.in_lang(self.lang),
            city => city,
        }
    }

    /// The address that calls the city's hotline (RFC 3966), without the marks people write between digits.
    #[must_use]
    pub fn hotline_link(&self) -> String {
        let digits = self
            .face
            .hotline
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '+');
        format!("tel:{}", digits.collect::<String>())
    }

    /// Attributes of `<html>`: language, theme unless it follows the device, elder mode, colour of the city.
    #[must_use]
    pub fn html_attributes(&self) -> Html {
        let mut out = format!("lang=\"{}\"", self.lang.tag());
        if self.theme != Theme::Auto {
            out.push_str(&format!(" data-theme=\"{}\"", self.theme.name()));
        }
        if self.elder {
            out.push_str(" data-elder=\"1\"");
        }
        if self.face.accent != Accent::default() {
            out.push_str(&format!(" data-accent=\"{}\"", self.face.accent.name()));
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

    /// The menu by its parts, without the reader's own, which stands beside the name.
    #[must_use]
    pub fn menu_sections(&self) -> Vec<MenuSection<'_>> {
        let parts = [MenuPart::Work, MenuPart::Insight, MenuPart::Manage];
        let count = self.menu.iter().filter(|i| parts.contains(&i.part)).count();
        let sections = parts.into_iter().map(|part| {
            let items = self.section(part);
            let is_flat = part == MenuPart::Work || count <= MOST_IN_A_BAR || items.len() == 1;
            MenuSection {
                part,
                is_flat,
                items,
            }
        });
        sections.filter(|s| !s.items.is_empty()).collect()
    }

    /// Whether every page has the layout of residents: for whoever is one.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.account.as_ref().is_some_and(|who| who.is_resident)
    }

    /// The links to what is the reader's own.
    #[must_use]
    pub fn own_links(&self) -> Vec<&MenuItem> {
        self.section(MenuPart::Own)
    }

    fn section(&self, part: MenuPart) -> Vec<&MenuItem> {
        self.menu.iter().filter(|i| i.part == part).collect()
    }

    /// Whether this link of the menu is the nearest one to this page: it leads here or above, and no longer one does.
    #[must_use]
    pub fn is_here(&self, href: &str) -> bool {
        let is_nearer =
            |item: &MenuItem| item.href.len() > href.len() && self.leads_here(&item.href);
        self.leads_here(href) && !self.menu.iter().any(is_nearer)
    }

    /// Whether one of the links is [`Self::is_here`].
    #[must_use]
    pub fn is_among(&self, items: &[&MenuItem]) -> bool {
        items.iter().any(|item| self.is_here(&item.href))
    }

    fn leads_here(&self, href: &str) -> bool {
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
        ui.menu.push(MenuItem::new("收件", "/desk/inbox"));
        assert!(!ui.is_here("/desk") && ui.is_here("/desk/inbox"));
        ui.menu.pop();
        assert_eq!(
            ui.look_link("lang", "en"),
            "/look?lang=en&back=%2Fdesk%2Finbox%3Fafter%3D3"
        );
    }

    #[test]
    fn a_long_menu_unfolds_by_its_parts_and_a_short_one_lies_open() {
        let mut ui = testing::sample_ui(Lang::Zh, Timestamp::UNIX_EPOCH);
        let with = |part: MenuPart, n: usize| {
            (0..n).map(move |i| MenuItem::new("x", format!("/{}/{i}", part.key())).in_part(part))
        };
        ui.menu = with(MenuPart::Work, 3)
            .chain(with(MenuPart::Insight, 2))
            .chain(with(MenuPart::Own, 2))
            .collect();
        assert!(ui.menu_sections().iter().all(|s| s.is_flat));
        assert_eq!((ui.menu_sections().len(), ui.own_links().len()), (2, 2));
        ui.menu.extend(with(MenuPart::Manage, 4));
        let folded: Vec<bool> = ui.menu_sections().iter().map(|s| !s.is_flat).collect();
        assert_eq!(folded, [false, true, true]);
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
