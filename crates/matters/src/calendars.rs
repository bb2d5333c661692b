//! 工作日历 — the calendars of a city: versions laid one over the other, for the whole city and for single divisions.
//!
//! The product's own calendar (the notices of the State Council) lies at the bottom. A version names days, hours, or both;
//! where two name the same, the one loaded later stands. A version for a division stands over all of the city, one for a
//! street over those of its district, whenever they were loaded: what is said of the smaller place is meant for it.
//!
//! A deadline records the version it was computed with. In a division with versions of its own that name has a part for each
//! level, `2027-2027/summer-330102`: which versions lay below is told by the name alone.

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};
use kernel::calendar::WorkPeriod;
use kernel::id::Id;
use kernel::{Calendar, DivisionCode};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// One version, as it was loaded.
#[derive(Debug, Clone)]
pub struct Layer {
    /// What it says.
    pub calendar: Calendar,
    /// Only in this division; none: in the whole city.
    pub division: Option<DivisionCode>,
    /// When it was loaded.
    pub loaded_at: Timestamp,
    /// Why, in words.
    pub reason: Option<String>,
    /// By whom.
    pub loaded_by: Option<Id>,
}

/// Between the parts of a version's name: not allowed in the name of a single one.
const LEVEL: char = '/';

/// All calendars of a city.
#[derive(Debug)]
pub struct Calendars {
    own: Calendar,
    /// In the order they were loaded.
    layers: Vec<Layer>,
    city: Arc<Calendar>,
    /// For each division that has versions of its own.
    local: BTreeMap<DivisionCode, Arc<Calendar>>,
    by_version: HashMap<String, Arc<Calendar>>,
}

impl Calendars {
    /// Lays the versions over the product's own calendar, in the order they were loaded.
    pub fn build(own: &Calendar, layers: Vec<Layer>) -> Self {
        let mut city = own.clone();
        let mut by_version = HashMap::from([(own.version().to_owned(), Arc::new(own.clone()))]);
        for layer in layers.iter().filter(|l| l.division.is_none()) {
            let version = layer.calendar.version();
            city = city.overlaid(&layer.calendar, version);
            by_version.insert(version.to_owned(), Arc::new(city.clone()));
        }
        let city = Arc::new(city);
        let mut local = BTreeMap::new();
        for division in layers.iter().filter_map(|l| l.division) {
            local.entry(division).or_insert_with(|| {
                let over: Vec<&Layer> = over(&layers, division);
                Arc::new(laid(&city, &over))
            });
        }
        by_version.extend(
            local
                .values()
                .map(|c: &Arc<Calendar>| (c.version().to_owned(), c.clone())),
        );
        Self {
            own: own.clone(),
            layers,
            city,
            local,
            by_version,
        }
    }
    /// The calendar of the whole city.
    pub fn city(&self) -> &Arc<Calendar> {
        &self.city
    }
    /// The calendar in force at a place: of the smallest division around it that has versions of its own, else the city's.
    pub fn at(&self, division: Option<DivisionCode>) -> &Arc<Calendar> {
        let around = |here: DivisionCode| {
            self.local
                .iter()
                .filter(|(code, _)| code.contains(&here))
                .max_by_key(|(code, _)| code.level().digits())
                .map(|(_, calendar)| calendar)
        };
        division.and_then(around).unwrap_or(&self.city)
    }
    /// Every version loaded here, in order.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }
    /// The divisions that have versions of their own.
    pub fn divisions(&self) -> impl Iterator<Item = DivisionCode> + '_ {
        self.local.keys().copied()
    }
    /// The calendar of a recorded version, so that an old deadline can be computed again.
    pub fn version(&self, version: &str) -> Option<Arc<Calendar>> {
        if let Some(known) = self.by_version.get(version) {
            return Some(known.clone());
        }
        // A name of several levels whose parts have been laid over meanwhile: up to the named one of each level.
        let mut parts = version.split(LEVEL);
        let city = self.by_version.get(parts.next()?)?;
        let mut over: Vec<&Layer> = Vec::new();
        for part in parts {
            let last = self
                .layers
                .iter()
                .position(|l| l.calendar.version() == part)?;
            let division = self.layers[last].division?;
            over.extend(
                self.layers[..=last]
                    .iter()
                    .filter(|l| l.division == Some(division)),
            );
        }
        Some(Arc::new(laid(city, &over)))
    }
    /// The calendar that would be in force at a place if a version were loaded for it now.
    pub fn with(&self, calendar: &Calendar, division: Option<DivisionCode>) -> Arc<Calendar> {
        let mut layers = self.layers.clone();
        layers.push(Layer {
            calendar: calendar.clone(),
            division,
            loaded_at: Timestamp::MAX,
            reason: None,
            loaded_by: None,
        });
        Self::build(&self.own, layers).at(division).clone()
    }
}

/// The versions that lie over the city's at a division: the larger division first, then as they were loaded.
fn over(layers: &[Layer], here: DivisionCode) -> Vec<&Layer> {
    let mut over: Vec<&Layer> = layers
        .iter()
        .filter(|l| l.division.is_some_and(|of| of.contains(&here)))
        .collect();
    over.sort_by_key(|l| l.division.map(|d| d.level().digits()));
    over
}

/// A calendar with versions of divisions laid over it, named by the last of each level.
fn laid(city: &Calendar, over: &[&Layer]) -> Calendar {
    let mut name = city.version().to_owned();
    let mut calendar = city.clone();
    for (n, layer) in over.iter().enumerate() {
        let is_last = over
            .get(n + 1)
            .is_none_or(|next| next.division != layer.division);
        if is_last {
            name = format!("{name}{LEVEL}{}", layer.calendar.version());
        }
        calendar = calendar.overlaid(&layer.calendar, &name);
    }
    calendar.named(&name)
}

/// A day that a version changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ChangedDay {
    /// Which day.
    #[schema(value_type = String)]
    pub date: Date,
    /// The working hours before, such as `08:00-12:00 14:00-18:00`; empty: not worked.
    pub was: String,
    /// The working hours after; empty: not worked.
    pub becomes: String,
    /// The holiday's name, or why.
    pub name: String,
}

/// What one calendar changes against another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Changes {
    /// Years that become known.
    pub years: Vec<i16>,
    /// The days that change between the ends asked about, the first ones first; at most [`MOST_DAYS`].
    pub days: Vec<ChangedDay>,
    /// How many days change altogether.
    pub total: usize,
}

/// Changed days that are listed; the rest is counted.
pub const MOST_DAYS: usize = 400;

/// The working hours of a day as text.
pub fn hours_text(periods: &[WorkPeriod]) -> String {
    let texts: Vec<String> = periods.iter().map(ToString::to_string).collect();
    texts.join(" ")
}

/// The days of a year.
pub fn days_of(year: i16) -> impl Iterator<Item = Date> {
    date(year, 1, 1)
        .series(1.day())
        .take_while(move |d| d.year() == year)
}

/// The hours of a year, stretch by stretch: first day, last day, hours. Days that are not worked belong to the stretch
/// around them.
pub fn stretches(calendar: &Calendar, year: i16) -> Vec<(Date, Date, String)> {
    let mut rows: Vec<(Date, Date, String)> = Vec::new();
    for on in days_of(year).filter(|d| calendar.is_workday(*d)) {
        let hours = hours_text(calendar.periods_on(on));
        match rows.last_mut() {
            Some((_, last, same)) if *same == hours => *last = on,
            _ => rows.push((on, on, hours)),
        }
    }
    rows
}

/// What changes from one calendar to another between two days, both included.
pub fn changes(before: &Calendar, after: &Calendar, from: Date, to: Date) -> Changes {
    let years = after.years().filter(|y| !before.is_loaded(*y)).collect();
    let names: HashMap<Date, &str> = after.days().map(|(date, _, name)| (date, name)).collect();
    let mut days = Vec::new();
    let mut total = 0;
    for date in from.series(1.day()).take_while(|d| *d <= to) {
        let (was, becomes) = (before.periods_on(date), after.periods_on(date));
        if was == becomes {
            continue;
        }
        total += 1;
        if days.len() < MOST_DAYS {
            days.push(ChangedDay {
                date,
                was: hours_text(was),
                becomes: hours_text(becomes),
                name: names.get(&date).copied().unwrap_or_default().to_owned(),
            });
        }
    }
    Changes { years, days, total }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(text: &str, division: Option<&str>) -> Layer {
        Layer {
            calendar: Calendar::parse(text).unwrap(),
            division: division.map(|d| d.parse().unwrap()),
            loaded_at: Timestamp::UNIX_EPOCH,
            reason: None,
            loaded_by: None,
        }
    }
    fn code(text: &str) -> Option<DivisionCode> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn the_smaller_place_stands_over_the_larger_one() {
        let layers = vec![
            layer(
                "version market\nlocal\nwork 2026-07-04 集市\n",
                code("330102001000").map(|c| c.to_string()).as_deref(),
            ),
            layer(
                "version summer\nhours 2026-06-01..2026-09-30 07:30-13:30\n",
                Some("330102000000"),
            ),
            layer(
                "version heat\nlocal\noff 2026-07-03 高温\noff 2026-07-04\n",
                None,
            ),
        ];
        let all = Calendars::build(Calendar::cn(), layers);
        let (friday, saturday) = (date(2026, 7, 3), date(2026, 7, 4));
        assert_eq!(all.city().version(), "heat");
        assert!(!all.city().is_workday(friday));
        let street = all.at(code("330102001000"));
        assert_eq!(street.version(), "heat/summer/market");
        assert!(street.is_workday(saturday) && !street.is_workday(friday));
        assert_eq!(hours_text(street.periods_on(saturday)), "07:30-13:30");
        let other = all.at(code("330102002003"));
        assert_eq!(other.version(), "heat/summer");
        assert!(!other.is_workday(saturday));
        assert_eq!(
            hours_text(other.periods_on(date(2026, 7, 6))),
            "07:30-13:30"
        );
        assert_eq!(
            hours_text(other.periods_on(date(2026, 10, 12))),
            "08:00-12:00 14:00-18:00"
        );
        assert_eq!(all.at(code("330104000000")).version(), "heat");
        assert_eq!(all.at(None).version(), "heat");
    }

    #[test]
    fn a_version_that_was_laid_over_is_found_again() {
        let mut layers = vec![
            layer("version a\nlocal\noff 2026-05-20 甲\n", None),
            layer(
                "version b\nlocal\noff 2026-05-21 乙\n",
                Some("330102000000"),
            ),
        ];
        let before = Calendars::build(Calendar::cn(), layers.clone());
        let recorded = before.at(code("330102000000")).clone();
        assert_eq!(recorded.version(), "a/b");
        layers.push(layer("version c\nlocal\nwork 2026-05-20\n", None));
        layers.push(layer(
            "version d\nlocal\nwork 2026-05-21\n",
            Some("330102000000"),
        ));
        let after = Calendars::build(Calendar::cn(), layers);
        assert_eq!(after.at(code("330102000000")).version(), "c/d");
        let again = after.version("a/b").unwrap();
        assert_eq!(again.to_text(), recorded.to_text());
        assert_eq!(
            after.version("a").unwrap().to_text(),
            before.city().to_text()
        );
        for unknown in ["", "x", "a/x", "a/c", "x/b"] {
            assert!(after.version(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn what_a_version_changes_is_told_day_by_day() {
        let all = Calendars::build(Calendar::cn(), Vec::new());
        let next = layer(
            "version n\nyear 2027\noff 2027-01-01 元旦\nwork 2027-01-02 元旦\n",
            None,
        );
        let after = all.with(&next.calendar, None);
        let found = changes(all.city(), &after, date(2027, 1, 1), date(2027, 12, 31));
        assert_eq!((found.years, found.total), (vec![2027], 2));
        assert_eq!(found.days[0].becomes, "");
        assert_eq!(found.days[1].was, "");
        assert_eq!(found.days[1].name, "元旦");
    }
}
