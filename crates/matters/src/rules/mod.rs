//! Decisions about matters: whose duty something is, and what the cases of a class may be used for.

mod class;
mod compare;
mod coverage;
mod flags;
mod index;
mod register;
mod responsible;

pub use class::{Wrong, check_class, first_flaw};
pub use compare::{Change, changes};
pub use coverage::{Clash, Coverage, Gap, coverage};
pub use flags::{default_flags, is_conduct};
pub use index::{Found, Index};
pub use register::DutyFilter;
pub use responsible::{
    DutyRules, Fallback, NoUnit, Place, Reason, Responsible, candidates, who, who_by,
};

use crate::model::{Catalogue, Flags, MatterClass, MatterId, MatterKind};
use grid::model::in_force;
use jiff::civil::Date;
use std::collections::HashMap;

/// All catalogues, classes and conditions as one immutable register.
#[derive(Debug, Default)]
pub struct Matters {
    catalogues: Vec<Catalogue>,
    /// Ascending by catalogue and code.
    classes: Vec<MatterClass>,
    by_id: HashMap<MatterId, usize>,
    /// Over `classes`.
    index: Index,
    on: Date,
}

impl Matters {
    /// Builds the register as it stands on a day.
    pub fn build(mut catalogues: Vec<Catalogue>, mut classes: Vec<MatterClass>, on: Date) -> Self {
        catalogues.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        classes.sort_unstable_by(|a, b| (&a.catalogue, &a.code).cmp(&(&b.catalogue, &b.code)));
        let by_id = classes
            .iter()
            .enumerate()
            .map(|(at, c)| (c.id, at))
            .collect();
        Self {
            index: Index::build(&classes),
            catalogues,
            classes,
            by_id,
            on,
        }
    }
    /// A class, whatever its catalogue's validity.
    pub fn get(&self, id: MatterId) -> Option<&MatterClass> {
        self.by_id.get(&id).map(|at| &self.classes[*at])
    }
    /// A class by its catalogue and code.
    pub fn by_code(&self, catalogue: &str, code: &str) -> Option<&MatterClass> {
        let key = (catalogue, code);
        let at = self
            .classes
            .binary_search_by(|c| (c.catalogue.as_str(), c.code.as_str()).cmp(&key))
            .ok()?;
        Some(&self.classes[at])
    }
    /// The class an import made or met, by source and name.
    pub fn imported(&self, source: &str, name: &str) -> Option<&MatterClass> {
        let key = imported(source, name);
        self.by_code(&key.catalogue, &key.code)
    }
    /// Every class, ascending by catalogue and code.
    pub fn classes(&self) -> &[MatterClass] {
        &self.classes
    }
    /// Every catalogue, ascending by id.
    pub fn catalogues(&self) -> &[Catalogue] {
        &self.catalogues
    }
    /// A catalogue.
    pub fn catalogue(&self, id: &str) -> Option<&Catalogue> {
        let at = self
            .catalogues
            .binary_search_by(|c| c.id.as_str().cmp(id))
            .ok()?;
        Some(&self.catalogues[at])
    }
    /// The classes people choose from today: in force, of the catalogues in force that a person has looked at.
    pub fn choices(&self) -> impl Iterator<Item = &MatterClass> {
        self.classes.iter().filter(|c| self.is_choice(c))
    }
    /// Whether people choose this class today.
    pub fn is_choice(&self, class: &MatterClass) -> bool {
        let catalogue = self.catalogue(&class.catalogue);
        in_force(class.valid_from, class.valid_to, self.on)
            && catalogue.is_some_and(|k| k.reviewed && in_force(k.valid_from, k.valid_to, self.on))
    }
    /// Why nobody may report, accept or register under this class: it or its catalogue has ended before a day, or has not
    /// begun by the day of this register. Cases that were registered before keep what they hold.
    ///
    /// # Errors
    /// [`NotInForce`].
    pub fn check_in_force(&self, class: &MatterClass, on: Date) -> Result<(), NotInForce> {
        let catalogue = self.catalogue(&class.catalogue);
        let ends = [class.valid_to, catalogue.and_then(|k| k.valid_to)];
        if let Some(last) = ends.into_iter().flatten().min().filter(|last| *last < on) {
            return Err(NotInForce::Ended {
                code: class.code.clone(),
                last,
            });
        }
        let begins = [class.valid_from, catalogue.and_then(|k| k.valid_from)];
        match begins.into_iter().flatten().max() {
            Some(first) if first > self.on => Err(NotInForce::NotBegun {
                code: class.code.clone(),
                first,
            }),
            _ => Ok(()),
        }
    }
    /// The classes that words of people fit best, with the words that led to each ([`Index::find`]).
    pub fn find(&self, text: &str) -> impl Iterator<Item = (&MatterClass, Found)> {
        let found = self.index.find(text).into_iter();
        found.map(|f| (&self.classes[f.at], f))
    }
    /// The day this register is of.
    pub fn on(&self) -> Date {
        self.on
    }
    /// The choices in whose name, code or keywords a text occurs; the shorter name first.
    pub fn search(&self, text: &str, limit: usize) -> Vec<&MatterClass> {
        let wanted = text.trim().to_lowercase();
        let holds = |word: &str| word.to_lowercase().contains(&wanted);
        let mut found: Vec<&MatterClass> = self
            .choices()
            .filter(|c| {
                holds(&c.name_zh)
                    || holds(&c.code)
                    || c.name_en.as_deref().is_some_and(holds)
                    || c.keywords.iter().any(|k| holds(k))
            })
            .collect();
        found.sort_by_key(|c| (c.name_zh.chars().count(), c.code.clone()));
        found.truncate(limit);
        found
    }
}

/// A class under which nothing new may come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotInForce {
    /// It has ended.
    #[error("class {code} has ended on {last}: choose one that is in force")]
    Ended {
        /// The class.
        code: String,
        /// Its last day.
        last: Date,
    },
    /// It has not begun.
    #[error("class {code} begins on {first}: choose one that is in force")]
    NotBegun {
        /// The class.
        code: String,
        /// Its first day.
        first: Date,
    },
}

impl MatterClass {
    /// The words by which people name this class: its name and its keywords. What a suggestion starts from before a city
    /// has a record to learn from.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name_zh.as_str()).chain(self.keywords.iter().map(String::as_str))
    }
}

/// Where the class of an import is registered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImportedMatter {
    /// `local:SOURCE`.
    pub catalogue: String,
    /// The source's own word, which is the code and the name.
    pub code: String,
}

/// The key under which an import's class is registered: blanks trimmed and single, at most 200 characters.
pub fn imported(source: &str, name: &str) -> ImportedMatter {
    let key = actors::rules::imported(source, name);
    ImportedMatter {
        catalogue: format!("local:{}", key.source),
        code: key.name,
    }
}

/// A class as an import makes it: the source's own word, without limit, with nothing that a person would have to allow.
pub fn imported_class(id: MatterId, catalogue: &str, code: &str) -> MatterClass {
    MatterClass {
        id,
        catalogue: catalogue.to_owned(),
        code: code.to_owned(),
        kind: MatterKind::Other,
        major: None,
        minor: None,
        major_name: None,
        name_zh: code.to_owned(),
        name_en: None,
        local: true,
        keywords: Vec::new(),
        flags: Flags {
            public: false,
            warnable: false,
            confidential: false,
            verify: true,
            claimable: false,
        },
        default_nature: None,
        reviewed: false,
        version: 1,
        valid_from: None,
        valid_to: None,
        conditions: Vec::new(),
    }
}

/// The catalogue that holds the classes an import makes.
pub fn imported_catalogue(id: &str, source: &str) -> Catalogue {
    Catalogue {
        id: id.to_owned(),
        standard: "local".into(),
        version: "1".into(),
        valid_from: None,
        valid_to: None,
        source: source.to_owned(),
        reviewed: false,
    }
}
