//! A class as people call it: by its label, its code, its name in either language, or by words that fit only one. Forms and
//! what was written without a network are read by the same rule.

use matters::{City, MatterClass};
use ui::Lang;

/// At most so many classes are told where words fit several.
const MOST_NAMED: usize = 6;

/// Which classes some words may mean.
#[derive(Debug)]
pub enum Named<'c> {
    /// This one.
    One(&'c MatterClass),
    /// None.
    Nothing,
    /// More than one; some of them.
    Several(Vec<&'c MatterClass>),
}

/// A class as forms show and take it: code and name.
pub fn matter_label(class: &MatterClass, lang: Lang) -> String {
    format!("{} {}", class.code, class.name(lang.tag()))
}

/// The class that was typed or chosen.
pub fn class<'c>(city: &'c City, text: &str) -> Named<'c> {
    let labelled = |c: &&MatterClass| Lang::ALL.iter().any(|lang| matter_label(c, *lang) == text);
    if let Some(class) = city
        .matters
        .choices()
        .find(labelled)
        .or_else(|| city.matters.classes().iter().find(labelled))
    {
        return Named::One(class);
    }
    let named = |c: &&MatterClass| {
        c.code.eq_ignore_ascii_case(text)
            || c.name_zh == text
            || c.name_en
                .as_deref()
                .is_some_and(|n| n.eq_ignore_ascii_case(text))
    };
    let exact: Vec<&MatterClass> = city.matters.choices().filter(named).collect();
    let found = if exact.is_empty() {
        city.matters.search(text, MOST_NAMED)
    } else {
        exact
    };
    match found[..] {
        [only] => Named::One(only),
        [] => Named::Nothing,
        _ => Named::Several(found),
    }
}
