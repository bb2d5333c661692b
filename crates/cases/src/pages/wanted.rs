//! What a list of the desk is asked for: a queue, a class, a district, a light, words. It is read from an address and
//! written into one, also into those that an account keeps under a name.

use super::{line, read};
use crate::model::State;
use crate::ops::desk::Narrow;
use crate::ops::{self, CaseError, states_of};
use crate::period::{Moment, Period};
use crate::search::Find;
use crate::sql_desk::Clock;
use crate::words::{light_key, state_key};
use ::facts::Place;
use access::{Ctx, Query};
use jiff::civil::Date;
use kernel::Cursor;
use kernel::codes::{CaseNumber, DistrictCode, DivisionLevel};
use matters::{City, MatterId};
use serde::Deserialize;
use ui::{Choice, FormState, Ui};

/// The queue of requests about the clock, in the address.
pub const ASKED: &str = "asked";
/// Every state, in the address.
pub const ALL: &str = "all";
/// Every state in which a case goes on, in the address.
const OPEN: &str = "open";

/// The parts of an address.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Parts {
    state: Option<String>,
    district: Option<String>,
    matter: Option<String>,
    light: Option<String>,
    place: Option<String>,
    by: Option<String>,
    from: Option<String>,
    to: Option<String>,
    find: Option<String>,
    case: Option<String>,
    after: Option<Cursor>,
}

/// What is listed.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The word of the queue as it stands in the address; empty where none was named.
    pub word: String,
    /// Its states; empty means all.
    pub states: Vec<State>,
    /// Requests about the clock.
    pub is_asked: bool,
    /// What narrows it.
    pub narrow: Narrow,
    /// What was typed into the search field.
    pub find_text: String,
    /// What was typed as class.
    pub matter_text: String,
    /// What was typed as days: of which moment, from, to.
    pub period_text: [String; 3],
    /// The case beside the list.
    pub case: Option<CaseNumber>,
    /// The page.
    pub after: Option<Cursor>,
    /// What could not be read: field and sentence.
    pub faults: Vec<(&'static str, String)>,
}

impl Wanted {
    /// Reads an address; `first` is the queue where the reader's work lies.
    ///
    /// # Errors
    /// A queue that there is not.
    pub fn read(ui: &Ui, city: &City, parts: Parts, first: State) -> Result<Self, CaseError> {
        let mut wanted = Self {
            find_text: parts.find.unwrap_or_default().trim().to_owned(),
            matter_text: parts.matter.unwrap_or_default().trim().to_owned(),
            case: parts.case.and_then(|text| text.parse().ok()),
            after: parts.after,
            ..Self::default()
        };
        match ops::search::read_find("find", &wanted.find_text) {
            Ok(find) => wanted.narrow.find = find,
            Err(error) => wanted.fault("find", read::told_of(ui, &error)),
        }
        wanted.read_matter(ui, city);
        if let Some(text) = parts.district {
            match text.parse() {
                Ok(district) => wanted.narrow.district = Some(district),
                Err(_) => wanted.unreadable(ui, "district"),
            }
        }
        if let Some(text) = parts.light {
            match Clock::ALL.into_iter().find(|c| c.as_str() == text) {
                Some(clock) => wanted.narrow.light = Some(clock),
                None => wanted.unreadable(ui, "light"),
            }
        }
        if let Some(text) = parts.place {
            match text.parse::<Place>() {
                Ok(place) => wanted.narrow.place = Some(place),
                Err(_) => wanted.unreadable(ui, "place"),
            }
        }
        wanted.read_period(ui, [parts.by, parts.from, parts.to]);
        let is_narrowed = wanted.is_narrowed();
        match parts.state.as_deref() {
            Some(ASKED) => (wanted.is_asked, wanted.word) = (true, ASKED.into()),
            Some(ALL) => wanted.word = ALL.into(),
            Some(word) => {
                wanted.states = states_of(word)?;
                wanted.word = word.trim().to_owned();
            }
            // Whoever looks for something and names no queue looks everywhere.
            None if is_narrowed => wanted.word = ALL.into(),
            None => {
                wanted.states = vec![first];
                wanted.word = first.to_string();
            }
        }
        if wanted.narrow.place.is_some() {
            wanted.of_place(ui)?;
        }
        match wanted.narrow.period.map(|period| period.of) {
            Some(Moment::Closed) => wanted.of_closed(ui),
            Some(Moment::Due) => wanted.of_due(ui)?,
            Some(Moment::Reported | Moment::Reworked) | None => {}
        }
        Ok(wanted)
    }

    /// Days from an address. Without a moment they are days of reports; without a day there is no period.
    fn read_period(&mut self, ui: &Ui, texts: [Option<String>; 3]) {
        let [by, from, to] = texts.map(|text| text.unwrap_or_default().trim().to_owned());
        self.period_text = [by.clone(), from.clone(), to.clone()];
        let of = match Moment::ALL.into_iter().find(|m| m.as_str() == by) {
            Some(of) => of,
            None if by.is_empty() => Moment::Reported,
            None => return self.unreadable(ui, "by"),
        };
        let mut day = |field: &'static str, text: &str| {
            let day = text.parse::<Date>().ok();
            if day.is_none() && !text.is_empty() {
                self.unreadable(ui, field);
            }
            day
        };
        let (from, to) = (day("from", &from), day("to", &to));
        if let Some((from, to)) = from.zip(to)
            && to < from
        {
            return self.fault("to", ui.t("cases-desk-days-reversed"));
        }
        if from.is_some() || to.is_some() {
            self.narrow.period = Some(Period { of, from, to });
        }
    }

    /// Days of closing list what was closed, and tell apart what was handled by its deadline and what was not.
    fn of_closed(&mut self, ui: &Ui) {
        if self.narrow.place.is_some() {
            self.narrow.place = None;
            self.fault("place", ui.t("cases-desk-closed-no-place"));
        }
        let is_closed = self.states.is_empty() || self.states.contains(&State::Closed);
        if self.is_asked || !is_closed {
            self.fault("state", ui.t("cases-desk-closed-only"));
        }
        if self.narrow.light == Some(Clock::Soon) {
            self.narrow.light = None;
            self.fault("light", ui.t("cases-desk-closed-not-soon"));
        }
        self.is_asked = false;
        self.states = vec![State::Closed];
        self.word = State::Closed.to_string();
    }

    /// Handling is due only of what is not over.
    fn of_due(&mut self, ui: &Ui) -> Result<(), CaseError> {
        let is_over = self.states.iter().any(|s| s.is_final());
        if is_over {
            self.fault("state", ui.t("cases-desk-due-open-only"));
        }
        if is_over || self.word == ALL {
            self.states = states_of(OPEN)?;
            self.word = OPEN.into();
        }
        Ok(())
    }

    /// What lies in a place is listed as long as somebody waits for it.
    fn of_place(&mut self, ui: &Ui) -> Result<(), CaseError> {
        let is_over = self.states.iter().any(|s| s.is_final());
        if is_over {
            self.fault("state", ui.t("cases-desk-place-open-only"));
        }
        if is_over || self.word == ALL {
            self.states = states_of(OPEN)?;
            self.word = OPEN.into();
        }
        Ok(())
    }

    /// Reads the query of an address that was kept.
    pub fn read_query(query: &str) -> Option<Parts> {
        let pairs = form_urlencoded::parse(query.as_bytes());
        let mut parts = Parts::default();
        for (name, value) in pairs.filter(|(_, value)| !value.is_empty()) {
            let field = match name.as_ref() {
                "state" => &mut parts.state,
                "district" => &mut parts.district,
                "matter" => &mut parts.matter,
                "light" => &mut parts.light,
                "place" => &mut parts.place,
                "by" => &mut parts.by,
                "from" => &mut parts.from,
                "to" => &mut parts.to,
                "find" => &mut parts.find,
                _ => return None,
            };
            *field = Some(value.into_owned());
        }
        Some(parts)
    }

    fn read_matter(&mut self, ui: &Ui, city: &City) {
        let id = self.matter_text.parse::<MatterId>().ok();
        if let Some(class) = id.and_then(|id| city.matter(id)) {
            self.narrow.matter = Some(class.id);
            self.matter_text = read::matter_label(class, ui.lang);
            return;
        }
        match read::matter(ui, city, &self.matter_text) {
            Ok(matter) => self.narrow.matter = matter,
            Err(wrong) => {
                let sentence = wrong.told(ui, &[]).1;
                self.fault("matter", sentence);
            }
        }
    }

    fn fault(&mut self, field: &'static str, sentence: String) {
        self.faults.push((field, sentence));
    }

    fn unreadable(&mut self, ui: &Ui, field: &'static str) {
        // words: cases-desk-field-*
        let label = ui.t(&format!("cases-desk-field-{field}"));
        self.fault(field, ui.tn("cases-unreadable", "field", label.as_str()));
    }

    /// Whether anything narrows the list.
    pub fn is_narrowed(&self) -> bool {
        let Narrow {
            district,
            matter,
            place,
            period,
            light,
            find,
        } = &self.narrow;
        district.is_some()
            || matter.is_some()
            || place.is_some()
            || period.is_some()
            || light.is_some()
            || find.is_some()
    }

    /// Whether every case listed waits for somebody: then the list stands in the order of the clocks.
    pub fn is_queue(&self) -> bool {
        let is_open = !self.states.is_empty() && self.states.iter().all(|s| !s.is_final());
        is_open || self.narrow.light.is_some() && self.closed_days().is_none()
    }

    /// The days of closing, where they are asked for.
    pub fn closed_days(&self) -> Option<Period> {
        let period = self.narrow.period;
        period.filter(|period| period.of == Moment::Closed)
    }

    /// The query of the address, without page and case: what an account keeps.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("state", &self.word);
        let Narrow {
            district,
            matter,
            place,
            period,
            light,
            find,
        } = &self.narrow;
        if let Some(district) = district {
            query.append_pair("district", district.as_str());
        }
        if let Some(matter) = matter {
            query.append_pair("matter", &matter.to_string());
        }
        if let Some(place) = place {
            query.append_pair("place", &place.to_string());
        }
        if let Some(period) = period {
            query.append_pair("by", period.of.as_str());
            for (name, day) in [("from", period.from), ("to", period.to)] {
                if let Some(day) = day {
                    query.append_pair(name, &day.to_string());
                }
            }
        }
        if let Some(light) = light {
            query.append_pair("light", light.as_str());
        }
        if find.is_some() {
            query.append_pair("find", &self.find_text);
        }
        query.finish()
    }

    /// The place the list is narrowed to, in words; empty for none.
    pub fn place_name(&self, city: &City, lang: ui::Lang) -> String {
        self.narrow
            .place
            .map(|place| line::place_name(city, place, lang))
            .unwrap_or_default()
    }

    /// The days the list is narrowed to, in words; empty for none.
    pub fn period_words(&self, ui: &Ui) -> String {
        let Some(Period { of, from, to }) = self.narrow.period else {
            return String::new();
        };
        // words: cases-desk-days-*
        let key = |bounds: &str| format!("cases-desk-days-{}-{bounds}", of.as_str());
        let date = |day: Date| ui.date_long(day);
        match (from, to) {
            (Some(from), Some(to)) if from == to => ui.tn(&key("on"), "day", date(from)),
            (Some(from), Some(to)) => ui.t2(&key("between"), "from", date(from), "to", date(to)),
            (Some(from), None) => ui.tn(&key("from"), "day", date(from)),
            (None, Some(to)) => ui.tn(&key("to"), "day", date(to)),
            (None, None) => String::new(),
        }
    }

    /// The address of the same list of all days.
    pub fn of_all_days(&self) -> String {
        self.with(Narrow {
            period: None,
            ..self.narrow.clone()
        })
    }

    /// The address of the same list of all places.
    pub fn of_all_places(&self) -> String {
        self.with(Narrow {
            place: None,
            ..self.narrow.clone()
        })
    }

    fn with(&self, narrow: Narrow) -> String {
        let all = Self {
            narrow,
            ..self.clone()
        };
        all.address(None, None)
    }

    /// The address of the list, from a place on, with a case beside it.
    pub fn address(&self, after: Option<&Cursor>, case: Option<CaseNumber>) -> String {
        let mut address = format!("/desk?{}", self.query());
        if let Some(after) = after {
            address.push_str(&format!("&after={after}"));
        }
        if let Some(case) = case {
            address.push_str(&format!("&case={case}"));
        }
        address
    }

    /// The number that was typed in full, if it was one.
    pub fn number(&self) -> Option<CaseNumber> {
        matches!(self.narrow.find, Some(Find::Number { .. }))
            .then(|| crate::search::folded(&self.find_text).parse().ok())
            .flatten()
    }

    /// The word of what is listed.
    pub fn title(&self, ui: &Ui) -> String {
        match &self.states[..] {
            _ if self.is_asked => ui.t("cases-desk-asked"),
            _ if self.word == OPEN => ui.t("cases-desk-open"),
            [one] => ui.t(state_key(*one)),
            [] => ui.t("cases-desk-all"),
            _ => ui.t("cases-desk-several"),
        }
    }

    /// The form of the filter, with what is wrong.
    pub fn form(&self) -> FormState {
        let district = self.narrow.district.map(|d| d.to_string());
        let light = self.narrow.light.map_or("", Clock::as_str);
        let place = self.narrow.place.map(|place| place.to_string());
        let mut form = FormState::new()
            .with("state", self.word.as_str())
            .with("district", district.unwrap_or_default())
            .with("matter", self.matter_text.as_str())
            .with("light", light)
            .with("place", place.unwrap_or_default())
            .with("find", self.find_text.as_str());
        for (field, text) in ["by", "from", "to"].into_iter().zip(&self.period_text) {
            form = form.with(field, text.as_str());
        }
        for (field, sentence) in &self.faults {
            form.fault(field, sentence.clone());
        }
        form
    }
}

/// The lights that may be chosen.
pub fn lights(ui: &Ui) -> Vec<Choice> {
    Clock::ALL
        .into_iter()
        .map(|clock| Choice::new(clock.as_str(), ui.t(light_key(clock))))
        .collect()
}

/// The moments whose days may be chosen.
pub fn moments(ui: &Ui) -> Vec<Choice> {
    Moment::ALL
        .into_iter()
        // words: cases-desk-by-*
        .map(|of| Choice::new(of.as_str(), ui.t(&format!("cases-desk-by-{}", of.as_str()))))
        .collect()
}

/// The districts that may be chosen: those of the reader.
pub fn districts(ctx: &Ctx, city: &City, lang: ui::Lang) -> Vec<Choice> {
    let own = ctx.scope().districts;
    let of_reader = |d: DistrictCode| own.is_empty() || own.contains(&d);
    city.territory
        .divisions()
        .filter(|d| d.level() == DivisionLevel::District && of_reader(d.code.district()))
        .map(|d| Choice::new(d.code.district().to_string(), d.name_in(lang)))
        .collect()
}

/// An address as a query of this module.
pub type Asked = Query<Parts>;
