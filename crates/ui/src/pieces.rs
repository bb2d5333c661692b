//! What the macros of `ui/pieces.html` show: plain values, filled by the page.

use crate::html::Html;

/// Where the page lies: a link of the path above the title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crumb {
    /// What is read.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// Links to the neighbouring pages of a list paged by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pager {
    /// The page before, if there is one.
    pub previous: Option<String>,
    /// The page after, if there is one.
    pub next: Option<String>,
    /// How many rows this page shows.
    pub shown: u64,
    /// How many there are, where that is known.
    pub total: Option<u64>,
}

/// One queue of a desk with its count and lights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// What is read (待受理).
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// How many wait; none where they are not counted.
    pub count: Option<u64>,
    /// How many of them are late.
    pub late: u64,
    /// How many will be soon.
    pub soon: u64,
    /// Whether it is the one shown.
    pub current: bool,
}

/// One entry of a history, in the order it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// When, from [`crate::Ui::time`].
    pub when: Html,
    /// What happened, a short phrase (受理).
    pub what: String,
    /// Who did it, may be empty.
    pub who: String,
    /// More words, may be empty.
    pub note: String,
    /// How it is meant: `info`, `good`, `warn`, `bad` (see [`crate::Tone::name`]); empty = `info`.
    pub tone: &'static str,
    /// Where more about it is read.
    pub link: Option<EntryLink>,
}

/// A link of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryLink {
    /// Its words.
    pub label: String,
    /// A path of this site.
    pub href: String,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Behind us.
    Done,
    /// Where it stands.
    Current,
    /// Still to come.
    Next,
}

impl StepState {
    /// The ending of the CSS class and of the word's key (`ui-step-done`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            StepState::Done => "done",
            StepState::Current => "current",
            StepState::Next => "next",
        }
    }
}

/// One step of the way of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name (派遣).
    pub label: String,
    /// A second line: when, or by when. May be empty.
    pub note: Html,
    /// How far it is.
    pub state: StepState,
}
