//! 门面 — how a city introduces itself on its pages: its name, its hotline, a line on top, one colour.

use crate::view::Words;

/// The one colour for what can be acted on. Each is checked for contrast in light and dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accent {
    /// 天青, the blue-green of Ru ware.
    #[default]
    Celadon,
    /// 石青, a blue.
    Azurite,
    /// 紫棠, a purple.
    Plum,
    /// 墨, grey.
    Ink,
}

impl Accent {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Celadon, Self::Azurite, Self::Plum, Self::Ink];

    /// Their words, in the same order.
    pub const NAMES: [&'static str; 4] = [
        Self::Celadon.name(),
        Self::Azurite.name(),
        Self::Plum.name(),
        Self::Ink.name(),
    ];

    /// Its word in settings and in the style sheet.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Celadon => "celadon",
            Self::Azurite => "azurite",
            Self::Plum => "plum",
            Self::Ink => "ink",
        }
    }

    /// The one of this word.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|accent| accent.name() == name)
    }
}

/// What a city sets about its pages; what is empty follows the deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Face {
    /// Its name.
    pub city: Words,
    /// The number of its hotline; empty where there is none.
    pub hotline: String,
    /// A line on top of every page.
    pub notice: Words,
    /// Its colour.
    pub accent: Accent,
}
