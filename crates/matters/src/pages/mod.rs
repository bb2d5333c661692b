//! The pages of the catalogue and of duties: finding a class, editing it, who is responsible here, what is missing.
//!
//! They show what the snapshot and `ops` answer and send what people enter. Every page works without script.

mod class;
mod duties;
mod edit;
mod gaps;
mod list;
mod who;

use crate::error::MatterError;
use crate::model::{Duty, MatterClass};
use crate::reference::City;
use access::{Capability, Ctx, Fault, Permission, Routes};
use actors::Unit;
use axum::http::Method;
use jiff::civil::Date;
use kernel::DivisionLevel;
use ui::{Choice, FormState, Lang, Ui};

/// What a line of the register of duties says: what it is about, where it holds, which unit handles it.
pub fn duty_words(ui: &Ui, city: &City, duty: &Duty) -> [String; 3] {
    [
        duties::matter_words(ui, city, duty),
        duties::place_words(ui, city, duty),
        duties::unit_name(ui, city, Some(duty.handling)),
    ]
}

/// Where a line is read in the register, also when it has ended.
pub fn duty_link(duty: &Duty) -> String {
    let mut link = form_urlencoded::Serializer::new("/duties?".to_owned());
    if !duty.matter.is_empty() {
        link.append_pair("matter", &duty.matter);
    }
    if let Some(division) = duty.division {
        link.append_pair("division", &division.to_string());
    }
    link.append_pair("unit", &duty.handling.to_string());
    link.append_pair("all", "1").finish()
}

/// Adds the pages to the calls.
pub fn add(routes: Routes) -> Routes {
    let (get, post) = (|| Method::GET, || Method::POST);
    let (read, manage) = (Permission::ReferenceRead, Permission::ReferenceManage);
    routes
        .on(get(), "/matters", read, list::show)
        .on(get(), "/matters/new", manage, edit::blank)
        .on(post(), "/matters/new", manage, edit::make)
        .on(get(), "/matters/catalogues", manage, list::catalogues)
        .on(post(), "/matters/catalogues", manage, list::save_catalogue)
        .on(get(), "/matters/{id}", read, class::show)
        .on(get(), "/matters/{id}/compare", read, class::compare)
        .on(get(), "/matters/{id}/edit", manage, edit::form)
        .on(post(), "/matters/{id}/edit", manage, edit::save)
        .on(post(), "/matters/{id}/publish", manage, class::publish)
        .on(post(), "/matters/{id}/drop", manage, class::drop_draft)
        .on(post(), "/matters/{id}/take-back", manage, class::take_back)
        .on(post(), "/matters/{id}/retire", manage, class::retire)
        .on(get(), "/duties", read, duties::list)
        .on(get(), "/duties/new", manage, duties::blank)
        .on(post(), "/duties/new", manage, duties::add)
        .on(post(), "/duties/{id}/end", manage, duties::end)
        .on(get(), "/duties/rules", manage, duties::rules)
        .on(post(), "/duties/rules", manage, duties::set_rules)
        .on(get(), "/duties/gaps", read, gaps::show)
        .on(get(), "/who", read, who::show)
}

/// Adds the links of the top bar.
pub fn menu(capability: Capability) -> Capability {
    capability
        .menu("matters-menu-who", "/who", Permission::CaseDispatch, 38)
        .menu("matters-menu", "/matters", Permission::ReferenceManage, 803)
        .menu(
            "matters-menu-duties",
            "/duties",
            Permission::ReferenceManage,
            804,
        )
}

/// The date a form of this page begins with.
fn today(ctx: &Ctx, city: &City) -> Date {
    city.local_date(ctx.now())
}

/// A class as forms show and take it.
fn class_label(class: &MatterClass, lang: Lang) -> String {
    format!("{} {}", class.code, class.name(lang.tag()))
}

/// A unit as forms show and take it.
fn unit_label(unit: &Unit, lang: Lang) -> String {
    let name = unit.name(lang.tag());
    if name == unit.code || unit.code.ends_with(&format!("/{name}")) {
        name.to_owned()
    } else {
        format!("{} {name}", unit.code)
    }
}

/// The units a form offers.
fn units(ui: &Ui, city: &City) -> Vec<Choice> {
    let reviewed = city.units.in_force().filter(|u| u.reviewed);
    reviewed
        .map(|u| Choice::new(u.id.to_string(), unit_label(u, ui.lang)))
        .collect()
}

/// The most divisions a form offers.
const MOST_PLACES: usize = 600;

/// The divisions a form offers, districts with their streets, as deep as there is room for.
fn places(ui: &Ui, city: &City) -> Vec<Choice> {
    let territory = &city.territory;
    let deepest = [
        DivisionLevel::Community,
        DivisionLevel::Street,
        DivisionLevel::District,
    ]
    .into_iter()
    .find(|deepest| {
        let fitting = territory.divisions().filter(|d| d.level() <= *deepest);
        fitting.take(MOST_PLACES + 1).count() <= MOST_PLACES
    });
    let Some(deepest) = deepest else {
        return Vec::new();
    };
    territory
        .divisions()
        .filter(|d| d.level() <= deepest && d.level() >= DivisionLevel::City && !d.drawn)
        .map(|d| {
            let mut above = territory.ancestors(d.code);
            above.retain(|a| a.level() >= DivisionLevel::District);
            let mut names: Vec<&str> = above.iter().rev().map(|a| a.name_in(ui.lang)).collect();
            names.push(d.name_in(ui.lang));
            Choice::new(d.code.to_string(), names.join(" "))
        })
        .collect()
}

/// Puts what was wrong beside its field; what has no field is an answer of its own.
fn told(ui: &Ui, form: &mut FormState, error: MatterError) -> Result<(), Fault> {
    let fault = Fault::from(error);
    let Some(field) = fault.field_name().map(str::to_owned) else {
        return Err(fault);
    };
    let sentence = fault
        .sentence(&ui.site.words, ui.lang)
        .unwrap_or_else(|| fault.detail().to_owned());
    form.fault(&field, sentence);
    Ok(())
}

/// Lets the snapshot of this process see what was just written.
async fn seen(ctx: &Ctx) -> Result<(), Fault> {
    let reference = ctx.service::<crate::Reference>();
    reference.refresh(&ctx.renewed()).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
