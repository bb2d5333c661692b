//! GET /admin — everything an administrator looks after, each with the state it is in.

use crate::model::{Door, State};
use crate::sql;
use access::{Ctx, Fault, Permission, show as show_page};
use askama::Template;
use axum::response::Response;
use grid::model::in_force;
use jiff::civil::Date;
use kernel::DivisionLevel;
use matters::{City, Reference};
use std::collections::BTreeMap;
use ui::Ui;

/// One thing to look after.
struct Card {
    title: String,
    href: String,
    /// What is there.
    what: String,
    /// What wants attention; empty when nothing does.
    wants: Vec<String>,
    links: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "admin_home.html")]
pub(crate) struct HomePage {
    ui: Ui,
    cards: Vec<Card>,
}

/// What the home page knows beside the snapshot.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    pub channels: (i64, i64),
    pub drafts: i64,
    pub waiting: usize,
    pub may_users: bool,
}

/// At most so many districts are named on a card.
const MOST_NAMED: usize = 3;

fn territory(ui: &Ui, city: &City, on: Date) -> Card {
    let at = |level| {
        let all = city.territory.divisions();
        all.filter(|d| d.level() == level && in_force(d.valid_from, d.valid_to, on))
            .count()
    };
    let cells = city.territory.grids();
    let without_beat = cells
        .iter()
        .filter(|g| city.territory.beat_of(g.code).is_none())
        .count();
    let mut wants = Vec::new();
    if cells.is_empty() {
        wants.push(ui.t("admin-no-grids"));
    } else if without_beat > 0 {
        wants.push(ui.tn("admin-without-beat", "n", without_beat as u64));
    }
    Card {
        title: ui.t("admin-territory"),
        href: "/territory".into(),
        what: ui.ta(
            "admin-territory-what",
            &[
                ("districts", &(at(DivisionLevel::District) as u64)),
                ("streets", &(at(DivisionLevel::Street) as u64)),
                ("cells", &(cells.len() as u64)),
            ],
        ),
        wants,
        links: Vec::new(),
    }
}

fn units(ui: &Ui, city: &City) -> Card {
    let unreviewed = city.units.in_force().filter(|u| !u.reviewed).count();
    let mut wants = Vec::new();
    if city.units.in_force().next().is_none() {
        wants.push(ui.t("admin-no-units"));
    }
    if unreviewed > 0 {
        wants.push(ui.tn("admin-units-unreviewed", "n", unreviewed as u64));
    }
    Card {
        title: ui.t("admin-units"),
        href: "/units".into(),
        what: ui.tn(
            "admin-units-what",
            "n",
            city.units.in_force().count() as u64,
        ),
        wants,
        links: vec![(ui.t("admin-new-unit"), "/units/new".into())],
    }
}

fn catalogue(ui: &Ui, city: &City, sums: &Sums, on: Date) -> Card {
    let choices = city.matters.choices().count();
    let unruled = city
        .matters
        .choices()
        .filter(|c| c.conditions.is_empty())
        .count();
    let unreviewed = city
        .matters
        .classes()
        .iter()
        .filter(|c| !c.reviewed)
        .count();
    let ending = city
        .matters
        .catalogues()
        .iter()
        .filter(|c| c.reviewed && c.valid_to.is_some_and(|last| last < on))
        .count();
    let mut wants = Vec::new();
    let mut want = |key: &str, n: usize| {
        if n > 0 {
            wants.push(ui.tn(key, "n", n as u64));
        }
    };
    // words: admin-classes-* admin-catalogues-* admin-drafts* admin-users-*
    want(
        "admin-drafts",
        usize::try_from(sums.drafts).unwrap_or_default(),
    );
    want("admin-classes-unruled", unruled);
    want("admin-classes-unreviewed", unreviewed);
    want("admin-catalogues-ended", ending);
    if choices == 0 {
        wants.push(ui.t("admin-no-classes"));
    }
    Card {
        title: ui.t("admin-matters"),
        href: "/matters".into(),
        what: ui.tn("admin-matters-what", "n", choices as u64),
        wants,
        links: vec![
            (ui.t("admin-new-class"), "/matters/new".into()),
            (ui.t("admin-catalogues"), "/matters/catalogues".into()),
        ],
    }
}

fn duties(ui: &Ui, city: &City, on: Date) -> Card {
    let found = city.coverage(on);
    let mut by_district = BTreeMap::new();
    for gap in &found.gaps {
        *by_district.entry(gap.district).or_insert(0_u64) += 1;
    }
    let mut worst: Vec<_> = by_district.into_iter().collect();
    worst.sort_by_key(|(code, n)| (std::cmp::Reverse(*n), *code));
    let mut wants: Vec<String> = worst
        .iter()
        .take(MOST_NAMED)
        .map(|(district, n)| {
            let name = city
                .territory
                .division(*district)
                .map_or_else(|| district.to_string(), |d| d.name_in(ui.lang).to_owned());
            ui.t2("admin-gaps-in", "n", *n, "name", name.as_str())
        })
        .collect();
    if worst.len() > MOST_NAMED {
        wants.push(ui.tn("admin-gaps-more", "n", (worst.len() - MOST_NAMED) as u64));
    }
    if !found.clashes.is_empty() {
        wants.push(ui.tn("admin-clashes", "n", found.clashes.len() as u64));
    }
    if !found.without_unit.is_empty() {
        wants.push(ui.tn("admin-dead-duties", "n", found.without_unit.len() as u64));
    }
    let counting = city
        .duties
        .iter()
        .filter(|d| in_force(d.valid_from, d.valid_to, on));
    Card {
        title: ui.t("admin-duties"),
        href: "/duties".into(),
        what: ui.tn("admin-duties-what", "n", counting.count() as u64),
        wants,
        links: vec![
            (ui.t("admin-gaps"), "/duties/gaps".into()),
            (ui.t("admin-who"), "/who".into()),
            (ui.t("admin-rules"), "/duties/rules".into()),
        ],
    }
}

fn calendar(ui: &Ui, city: &City, on: Date) -> Card {
    let mut wants = Vec::new();
    for year in [on.year(), on.year() + 1] {
        // The notice of the next year comes in autumn.
        let is_due = year == on.year() || on.month() >= 11;
        if is_due && !city.calendar.is_loaded(year) {
            wants.push(ui.tn("admin-year-missing", "year", year.to_string().as_str()));
        }
    }
    Card {
        title: ui.t("admin-calendar"),
        href: "/calendar".into(),
        what: ui.tn("admin-calendar-what", "version", city.calendar.version()),
        wants,
        links: vec![(
            ui.t("admin-calendar-bring"),
            "/admin/imports?kind=calendar".into(),
        )],
    }
}

/// A card that leads somewhere and counts nothing: its title and its sentence, where to, and what else is there.
fn plain(ui: &Ui, [title, what]: [&str; 2], href: &str, links: &[(&str, &str)]) -> Card {
    // words: admin-city-* admin-answers* admin-notices* admin-connectors* admin-grid-items*
    Card {
        title: ui.t(title),
        href: href.to_owned(),
        what: ui.t(what),
        wants: Vec::new(),
        links: links
            .iter()
            .map(|(label, to)| (ui.t(label), (*to).to_owned()))
            .collect(),
    }
}

pub(crate) fn page_of(ui: Ui, city: &City, sums: &Sums, on: Date) -> HomePage {
    let mut cards = vec![
        territory(&ui, city, on),
        units(&ui, city),
        catalogue(&ui, city, sums, on),
        duties(&ui, city, on),
        calendar(&ui, city, on),
        Card {
            title: ui.t("admin-imports"),
            href: "/admin/imports".into(),
            what: ui.t("admin-imports-what"),
            wants: if sums.waiting > 0 {
                vec![ui.tn("admin-imports-waiting", "n", sums.waiting as u64)]
            } else {
                Vec::new()
            },
            links: Vec::new(),
        },
        Card {
            title: ui.t("admin-channels"),
            href: "/record-rules".into(),
            what: ui.tn("admin-channels-what", "n", sums.channels.0),
            wants: if sums.channels.1 > 0 {
                vec![ui.tn("admin-channels-unreviewed", "n", sums.channels.1)]
            } else {
                Vec::new()
            },
            links: Vec::new(),
        },
        plain(
            &ui,
            ["admin-city-rules", "admin-city-rules-what"],
            "/rules",
            &[
                ("admin-city-look", "/rules/access.city_zh"),
                ("admin-answers", "/record-rules"),
            ],
        ),
        plain(
            &ui,
            ["admin-grid-items", "admin-grid-items-what"],
            "/grid-items",
            &[("admin-grid-items-bring", "/admin/imports?kind=grid-items")],
        ),
        plain(
            &ui,
            ["admin-notices", "admin-notices-what"],
            "/notices/failed",
            &[("admin-notices-words", "/notices/templates")],
        ),
        plain(
            &ui,
            ["admin-connectors", "admin-connectors-what"],
            "/connectors",
            &[("admin-connectors-stuck", "/connectors/stuck")],
        ),
    ];
    cards.push(Card {
        title: ui.t("admin-users"),
        href: if sums.may_users {
            "/users".into()
        } else {
            String::new()
        },
        what: ui.t(if sums.may_users {
            "admin-users-what"
        } else {
            "admin-users-other"
        }),
        wants: Vec::new(),
        links: Vec::new(),
    });
    HomePage { cards, ui }
}

pub(crate) async fn show(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let (channels, drafts, newest) = ctx
        .read(|r| {
            Ok::<_, store::StoreError>((
                sql::channels(r)?,
                sql::drafts(r)?,
                sql::newest(r, Door::Administration, 100)?,
            ))
        })
        .await?;
    let sums = Sums {
        channels,
        drafts,
        waiting: newest.iter().filter(|i| i.state == State::Ready).count(),
        may_users: ctx.principal().may(Permission::AccountManage),
    };
    let on = city.local_date(ctx.now());
    let page = tokio::task::spawn_blocking(move || page_of(ui, &city, &sums, on))
        .await
        .map_err(|e| Fault::internal(format!("the page could not be made: {e}")))?;
    show_page(&page)
}
