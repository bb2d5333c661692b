//! Pages: layouts, form and table pieces, words in both languages, formats, charts, maps, assets.
//!
//! A page is an askama struct with a field `ui: Ui`; its template extends `layout.html` (staff) or `plain.html`
//! (residents) and imports the macros of `ui/form.html` and `ui/pieces.html`. README.md of this crate shows one whole.
//! Deliberately absent: rules, storage, routes. Everything here is a function of what it is given, `now` included.

pub mod assets;
pub mod chart;
pub mod face;
pub mod flash;
pub mod form;
mod format;
pub mod html;
pub mod i18n;
pub mod lang;
pub mod light;
pub mod look;
pub mod map;
pub mod page;
pub mod pieces;
pub mod testing;
mod view;

pub use chart::{Bar, BarChart, LineChart, Series};
pub use face::{Accent, Face};
pub use flash::{Flash, Tone};
pub use form::{Choice, FormState, field_name, label_fields};
pub use format::{Count, Given, area, bytes, distance, group_digits, listed};
pub use html::Html;
pub use i18n::{Arg, I18n, I18nError};
pub use kernel::deadline::{ClockKind, Light, Remaining};
pub use lang::Lang;
pub use look::{Look, Theme};
pub use map::{BaseMap, Map, MapPoint, MapTiles, Pin, Scale, Shade, Shading};
pub use page::ErrorPage;
pub use pieces::{Crumb, Entry, EntryLink, Pager, Queue, Step, StepState};
pub use view::{Account, MenuItem, MenuPart, MenuSection, Notice, Site, Ui, Words};
