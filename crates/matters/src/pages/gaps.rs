//! GET /duties/gaps — for which class nobody is named in which district, double lines, lines that name a closed unit.

use super::class_label;
use super::duties::{matter_words, place_words, unit_name};
use crate::model::DutyId;
use crate::reference::{City, Reference};
use crate::rules::Coverage;
use access::{Ctx, Fault, Permission, show as show_page};
use askama::Template;
use axum::response::Response;
use kernel::DivisionCode;
use std::collections::BTreeMap;
use ui::{Crumb, Ui};

/// Classes that are listed for one district; the number says how many there are.
const MOST: usize = 60;

struct GapRow {
    matter: String,
    /// Where a line for it is entered.
    href: String,
    /// The streets without anybody; empty for the whole district.
    streets: String,
}

struct District {
    name: String,
    count: usize,
    rows: Vec<GapRow>,
    more: usize,
}

struct ClashRow {
    matter: String,
    place: String,
    counts: String,
    hidden: String,
}

struct DeadRow {
    matter: String,
    place: String,
    unit: String,
    href: String,
}

#[derive(Template)]
#[template(path = "matters_gaps.html")]
pub(super) struct GapsPage {
    ui: Ui,
    crumbs: Vec<Crumb>,
    classes: usize,
    /// Class and district pairs with nobody, and all pairs.
    holes: usize,
    holes_tone: &'static str,
    pairs: usize,
    districts: Vec<District>,
    clashes: Vec<ClashRow>,
    dead: Vec<DeadRow>,
    may_manage: bool,
}

pub(super) fn page_of(ui: Ui, city: &City, found: &Coverage, may_manage: bool) -> GapsPage {
    let duty = |id: DutyId| city.duties.iter().find(|d| d.id == id);
    let mut by_district = BTreeMap::<DivisionCode, Vec<GapRow>>::new();
    for gap in &found.gaps {
        let Some(class) = city.matter(gap.matter) else {
            continue;
        };
        let streets: Vec<String> = gap
            .streets
            .iter()
            .map(|s| {
                city.territory
                    .division(*s)
                    .map_or_else(|| s.to_string(), |d| d.name_in(ui.lang).to_owned())
            })
            .collect();
        let head = "/duties/new?";
        let mut href = form_urlencoded::Serializer::for_suffix(head.to_owned(), head.len());
        href.append_pair("matter", &class_label(class, ui.lang))
            .append_pair("division", &gap.district.to_string());
        by_district.entry(gap.district).or_default().push(GapRow {
            matter: class_label(class, ui.lang),
            href: href.finish(),
            streets: ui.list(&streets),
        });
    }
    let districts = by_district.into_iter().map(|(code, mut rows)| {
        let count = rows.len();
        rows.truncate(MOST);
        District {
            name: city
                .territory
                .division(code)
                .map_or_else(|| code.to_string(), |d| d.name_in(ui.lang).to_owned()),
            more: count - rows.len(),
            count,
            rows,
        }
    });
    GapsPage {
        crumbs: vec![Crumb {
            label: ui.t("matters-duties"),
            href: "/duties".into(),
        }],
        classes: found.classes,
        holes: found.gaps.len(),
        holes_tone: if found.gaps.is_empty() {
            "good"
        } else {
            "warn"
        },
        pairs: found.classes * found.districts,
        districts: districts.collect(),
        clashes: found
            .clashes
            .iter()
            .filter_map(|c| {
                let (counts, hidden) = (duty(c.counts)?, duty(c.hidden)?);
                Some(ClashRow {
                    matter: matter_words(&ui, city, counts),
                    place: place_words(&ui, city, counts),
                    counts: unit_name(&ui, city, Some(counts.handling)),
                    hidden: unit_name(&ui, city, Some(hidden.handling)),
                })
            })
            .collect(),
        dead: found
            .without_unit
            .iter()
            .filter_map(|id| {
                let d = duty(*id)?;
                Some(DeadRow {
                    matter: matter_words(&ui, city, d),
                    place: place_words(&ui, city, d),
                    unit: unit_name(&ui, city, Some(d.handling)),
                    href: format!("/duties/new?replaces={id}"),
                })
            })
            .collect(),
        may_manage,
        ui,
    }
}

pub(super) async fn show(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let may_manage = ctx.principal().may(Permission::ReferenceManage);
    let day = super::today(&ctx, &city);
    let (found, city) = tokio::task::spawn_blocking(move || (city.coverage(day), city))
        .await
        .map_err(|e| Fault::internal(format!("the duties could not be looked through: {e}")))?;
    show_page(&page_of(ui, &city, &found, may_manage))
}
