//! Why a row of a file is not taken, or a file is not usable: a stable word with what its sentence names, for the words of the
//! language files; and the same in English, for logs and for programs.
//!
//! The sentences are `grid-reject-…`, the names of columns `grid-column-…`. A word is never used for two things.

use crate::area::AreaError;
use crate::draw::{DrawError, MAX_CELLS};
use crate::guard::Forbidden;
use crate::rules::MAX_CELLS_PER_COMMUNITY;
use access::{Saying, Word};
use kernel::CodeError;
use kernel::calendar::CalendarFlaw;
use kernel::deadline::LimitError;

/// A reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The stable word.
    pub code: &'static str,
    /// What the sentence names.
    pub args: Vec<(&'static str, String)>,
    /// In English.
    pub text: String,
}

impl Why {
    /// A reason by its word, and in English.
    pub fn new(code: &'static str, text: impl ToString) -> Self {
        Self {
            code,
            args: Vec::new(),
            text: text.to_string(),
        }
    }
    /// With something that the sentence names, cut to 80 characters.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        let value: String = value.to_string().chars().take(80).collect();
        self.args.push((name, value));
        self
    }
    /// With a list of names of the file or of the program, cut to 400 characters.
    #[must_use]
    pub fn whole(mut self, name: &'static str, value: impl ToString) -> Self {
        let value: String = value.to_string().chars().take(400).collect();
        self.args.push((name, value));
        self
    }
    // words: grid-reject-*
    /// As a part of another sentence, in the language of that one.
    pub fn word(&self) -> Word {
        let value = |(name, text): &(&'static str, String)| (*name, Word::Text(text.clone()));
        let key = format!("grid-reject-{}", self.code.replace('_', "-"));
        Saying::new(key, self.args.iter().map(value).collect()).into()
    }
    /// What has to be there is not.
    pub fn empty() -> Self {
        Self::new("empty", "is empty")
    }
    /// More than so many characters.
    pub fn too_long(most: usize) -> Self {
        Self::new("too_long", format!("longer than {most} characters")).with("most", most)
    }
    /// A text that is no date.
    pub fn no_date() -> Self {
        Self::new("no_date", "not a date of the form yyyy-mm-dd")
    }
    /// An end before its beginning.
    pub fn backward() -> Self {
        Self::new("backward", "ends before it begins")
    }
    /// A text that is no number of 0 or more.
    pub fn no_count() -> Self {
        Self::new("no_count", "not a whole number of 0 or more")
    }
}

impl From<Forbidden> for Why {
    fn from(error: Forbidden) -> Self {
        let text = error.to_string();
        match error {
            Forbidden::Column { name, word } => Self::new("forbidden_column", text)
                .with("name", name)
                .with("word", word),
            Forbidden::Class { name, word } => Self::new("forbidden_class", text)
                .with("name", name)
                .with("word", word),
            Forbidden::PersonNumber => Self::new("person_number", text),
        }
    }
}

impl From<CodeError> for Why {
    fn from(error: CodeError) -> Self {
        Self::new("bad_code", error.reason)
    }
}

impl From<AreaError> for Why {
    fn from(error: AreaError) -> Self {
        let text = error.to_string();
        match error {
            AreaError::NotAPolygon(_) => Self::new("no_polygon", text),
            AreaError::Empty => Self::new("no_ring", text),
            AreaError::Open { ring } => Self::new("open_ring", text).with("ring", ring),
            AreaError::Flat { ring } => Self::new("flat_ring", text).with("ring", ring),
            AreaError::Vertex { ring, vertex, .. } => Self::new("bad_vertex", text)
                .with("ring", ring)
                .with("vertex", vertex),
            AreaError::TooLarge => Self::new("many_vertices", text),
            AreaError::Crossing { lon, lat } => Self::new("crossing", text)
                .with("lon", format!("{lon:.6}"))
                .with("lat", format!("{lat:.6}")),
        }
    }
}

impl From<LimitError> for Why {
    fn from(error: LimitError) -> Self {
        let text = error.to_string();
        match error {
            LimitError::Amount { .. } => Self::new("limit_amount", text),
            LimitError::Bounds { .. } => {
                Self::new("limit_bounds", text).with("max", kernel::Limit::MAX_AMOUNT)
            }
            LimitError::Fraction { .. } => Self::new("limit_fraction", text),
            LimitError::Clock { .. } => Self::new("limit_clock", text),
            LimitError::Bare { unit, .. } => Self::new("limit_bare", text).with("unit", unit),
        }
    }
}

impl From<DrawError> for Why {
    fn from(error: DrawError) -> Self {
        let text = error.to_string();
        match error {
            DrawError::Metres(metres) => Self::new("draw_metres", text).with("metres", metres),
            DrawError::OtherSize {
                district,
                there,
                wanted,
            } => Self::new("draw_other_size", text)
                .with("district", district)
                .with("there", there)
                .with("wanted", wanted),
            DrawError::NoStreetLeft(district) => {
                Self::new("draw_no_street", text).with("district", district)
            }
            DrawError::TooMany => Self::new("draw_many", text).with("most", MAX_CELLS),
            DrawError::TooManyInCommunity { community, cells } => {
                Self::new("draw_many_in_community", text)
                    .with("community", community)
                    .with("cells", cells)
                    .with("most", MAX_CELLS_PER_COMMUNITY)
            }
            DrawError::TooManyCommunities {
                division,
                communities,
            } => Self::new("draw_many_communities", text)
                .with("division", division)
                .with("communities", communities),
            DrawError::TooHigh(division) => {
                Self::new("draw_too_high", text).with("division", division)
            }
        }
    }
}

impl From<CalendarFlaw> for Why {
    fn from(flaw: CalendarFlaw) -> Self {
        use CalendarFlaw as F;
        let text = flaw.to_string();
        let range = |why: Self, (from, to): (Option<_>, Option<_>)| {
            let end = |date: Option<jiff::civil::Date>| date.map(|d| d.to_string());
            why.with("from", end(from).unwrap_or_default())
                .with("to", end(to).unwrap_or_default())
        };
        let given = |code, given: String| Self::new(code, &text).with("given", given);
        match flaw {
            F::NoDate(it) => given("calendar_no_date", it),
            F::NoMonthDay(it) => given("calendar_no_month_day", it),
            F::NoRange(it) => given("calendar_no_range", it),
            F::NoSeason(it) => given("calendar_no_season", it),
            F::NoPeriod(it) => given("calendar_no_period", it),
            F::BackwardPeriod(it) => given("calendar_backward_period", it),
            F::LatePeriod(it) => given("calendar_late_period", it),
            F::NoPeriods => Self::new("calendar_no_periods", text),
            F::Overlap(first, second) => Self::new("calendar_overlap", text)
                .with("first", first)
                .with("second", second),
            F::PeriodsTwice(line) => Self::new("calendar_periods_twice", text).with("line", line),
            F::HoursTwice => Self::new("calendar_hours_twice", text),
            F::NoYear(it) => given("calendar_no_year", it),
            F::Backward(run) => range(Self::new("calendar_backward", text), run),
            F::Long(run, most) => range(Self::new("calendar_long", text), run).with("most", most),
            F::NoYearYet => Self::new("calendar_no_year_yet", text),
            F::UnknownWord(it) => given("calendar_unknown_word", it),
            F::NoVersion => Self::new("calendar_no_version", text),
            F::LateValidity => Self::new("calendar_late_validity", text),
            F::OtherYear(date, year) => Self::new("calendar_other_year", text)
                .with("date", date)
                .with("year", year),
            F::OutsideValidity(date, run) => {
                range(Self::new("calendar_outside_validity", text), run).with("date", date)
            }
            F::LineBreak(date) => Self::new("calendar_line_break", text).with("date", date),
            F::TwoKinds(date) => Self::new("calendar_two_kinds", text).with("date", date),
            F::NoYears => Self::new("calendar_no_years", text),
            F::NoDays => Self::new("calendar_no_days", text),
            F::ManyDays(most) => Self::new("calendar_many_days", text).with("most", most),
            F::NoIcsDate(it) => given("calendar_no_ics_date", it),
            F::HasTime(it) => given("calendar_has_time", it),
            F::Repeats => Self::new("calendar_repeats", text),
            F::CutOff => Self::new("calendar_cut_off", text),
            F::NoStart => Self::new("calendar_no_start", text),
            F::NoColumn(name) => Self::new("calendar_no_column", text).with("name", name),
            F::UnknownKind(it) => given("calendar_unknown_kind", it),
            F::Reader(said) => Self::new("calendar_reader", text).with("said", said),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    /// Every text that stands between `open` and the next quotation mark, blanks and line breaks before it aside.
    fn after(source: &str, open: &str, into: &mut BTreeSet<String>) {
        for rest in source.split(open).skip(1) {
            if let Some(rest) = rest.trim_start().strip_prefix('"')
                && let Some((word, _)) = rest.split_once('"')
            {
                into.insert(word.to_owned());
            }
        }
    }

    /// The texts behind a mark in the sources of a folder.
    fn marked(at: &Path, mark: &str, into: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(at)
            .expect("a folder of sources")
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                marked(&path, mark, into);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let source = std::fs::read_to_string(&path).expect("a source");
                after(&source, mark, into);
            }
        }
    }

    #[test]
    fn every_reason_of_every_importer_has_its_sentence_in_both_languages() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the folder of the crates");
        let mut codes = BTreeSet::new();
        for name in ["actors", "matters", "cases", "dispatch", "evaluation"] {
            marked(&crates.join(name).join("src"), "Why::new(", &mut codes);
        }
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut remarks = BTreeSet::new();
        for name in ["actors", "matters", "evaluation"] {
            marked(&crates.join(name).join("src"), "Remark::new(", &mut remarks);
        }
        for file in [
            "why.rs",
            "sheet.rs",
            "import.rs",
            "batch.rs",
            "ops.rs",
            "report.rs",
        ] {
            let source = std::fs::read_to_string(own.join(file)).expect("a source");
            let source = source.split("#[cfg(test)]").next().unwrap_or_default();
            after(source, "Why::new(", &mut codes);
            after(source, "Remark::new(", &mut remarks);
            if file == "why.rs" {
                after(source, "Self::new(", &mut codes);
                after(source, "=> given(", &mut codes);
            }
        }
        for by_parsing in ["bad_code", "unit_kind", "matter_kind", "no_rule_number"] {
            codes.insert(by_parsing.to_owned());
        }
        assert!(
            codes.len() > 50 && codes.contains("calendar_has_time"),
            "{codes:?}"
        );
        assert!(remarks.len() > 8, "{remarks:?}");
        for words in [
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        ] {
            for code in &codes {
                let key = format!("\ngrid-reject-{} = ", code.replace('_', "-"));
                assert!(words.contains(&key), "no sentence for {code}");
            }
            for code in &remarks {
                let key = format!("\ngrid-remark-{} = ", code.replace('_', "-"));
                assert!(words.contains(&key), "no sentence for the remark {code}");
            }
        }
    }

    #[test]
    fn a_reason_is_one_word_and_names_what_its_sentence_needs() {
        let why = Why::from(LimitError::Bare {
            input: "2天".into(),
            unit: "天".into(),
            choices: "x",
        });
        assert_eq!(
            (why.code, why.args),
            ("limit_bare", vec![("unit", "天".to_owned())])
        );
        let why = Why::from(Forbidden::PersonNumber);
        assert_eq!((why.code, why.args), ("person_number", Vec::new()));
    }
}
