//! The reference data of a city as one immutable snapshot, so that a case is decided without a single query.
//!
//! Each part has a counter in the store that every change bumps in its own transaction. [`Reference::refresh`] compares
//! the counters and reloads the parts that moved; the process that made the change calls it right after, others once a
//! second at most. A snapshot once taken stays as it is: decide on one, not on two.

use crate::calendars::{Calendars, Layer};
use crate::items::GridItems;
use crate::model::{Duty, MatterClass, MatterId};
use crate::rules::{Coverage, DutyRules, Matters, NoUnit, Place, Responsible};
use crate::{rules, sql};
use access::city_settings::Values;
use access::{AccountId, Ctx, UnitId};
use actors::{Unit, Units};
use grid::{Part, Territory};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::codes::DivisionLevel;
use kernel::{Calendar, DivisionCode, GridCode, Limit, Pause, Point, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use store::{Read, StoreResult};

/// The reference data on one day.
#[derive(Debug, Clone)]
pub struct City {
    /// Divisions, cells, beats.
    pub territory: Arc<Territory>,
    /// Units.
    pub units: Arc<Units>,
    /// Catalogues, classes, conditions.
    pub matters: Arc<Matters>,
    /// Responsibilities.
    pub duties: Arc<Vec<Duty>>,
    /// What the city says about matters for which nobody is named.
    pub duty_rules: Arc<DutyRules>,
    /// 网格事项清单 — what grid workers may be asked to do.
    pub items: Arc<GridItems>,
    /// The calendar of the whole city; deadlines of a case are computed with [`City::calendar_at`] its place.
    pub calendar: Arc<Calendar>,
    /// All calendars, of divisions too.
    pub calendars: Arc<Calendars>,
    /// What the city sets, by the name of the rule ([`access::city_settings`]).
    pub settings: Arc<Values>,
    /// The zone of local dates and working hours.
    pub timezone: TimeZone,
    changes: BTreeMap<String, i64>,
    on: Date,
}

impl City {
    /// The cell in which a point lies.
    pub fn locate(&self, p: Point) -> Option<GridCode> {
        self.territory.locate(p)
    }
    /// A class.
    pub fn matter(&self, id: MatterId) -> Option<&MatterClass> {
        self.matters.get(id)
    }
    /// The same with the units as somebody read them just now: whoever decides by them in a transaction does not go by what this
    /// process remembers.
    #[must_use]
    pub fn with_units(&self, units: Vec<Unit>) -> Self {
        Self {
            units: Arc::new(Units::build(units, self.on)),
            ..self.clone()
        }
    }
    /// A unit.
    pub fn unit(&self, id: UnitId) -> Option<&Unit> {
        self.units.get(id)
    }
    /// The limit of a condition of a class.
    pub fn limit(&self, matter: MatterId, rule_no: u32) -> Option<Limit> {
        self.matters.get(matter)?.condition(rule_no)?.limit
    }
    /// The calendar of a recorded version, so that an old deadline can be computed again.
    pub fn calendar_version(&self, version: &str) -> Option<Arc<Calendar>> {
        self.calendars.version(version)
    }
    /// The calendar in force at a place.
    pub fn calendar_at(&self, division: Option<DivisionCode>) -> &Arc<Calendar> {
        self.calendars.at(division)
    }
    /// The state of all calendars as a word: another word after every change of one.
    pub fn state_of_calendars(&self) -> String {
        let counter = self.changes.get(Part::Calendars.as_str());
        let own = Calendar::cn().version();
        format!("{own}+{}", counter.copied().unwrap_or_default())
    }
    /// The local date of a moment.
    pub fn local_date(&self, at: Timestamp) -> Date {
        self.timezone.to_datetime(at).date()
    }
    /// When something is due by today's calendar and this city's zone.
    ///
    /// # Errors
    /// [`kernel::deadline::DeadlineError`].
    pub fn due(
        &self,
        start: Timestamp,
        limit: Limit,
        pauses: &[Pause],
    ) -> Result<kernel::Due, kernel::deadline::DeadlineError> {
        kernel::deadline::deadline(start, limit, &self.calendar, &self.timezone, pauses)
    }
    /// Who answers for a matter at a place on a local date, and why ([`rules::who`]).
    ///
    /// # Errors
    /// [`NoUnit`] when no unit at all is registered.
    pub fn who(
        &self,
        matter: Option<MatterId>,
        grid: Option<GridCode>,
        division: Option<DivisionCode>,
        on: Date,
    ) -> Result<Responsible, NoUnit> {
        self.who_after(matter, grid, division, on, None)
    }
    /// [`City::who`] for a matter that `first` received first: where nobody is named, that unit leads if the city says
    /// so (首接负责).
    ///
    /// # Errors
    /// [`NoUnit`] when no unit at all is registered.
    pub fn who_after(
        &self,
        matter: Option<MatterId>,
        grid: Option<GridCode>,
        division: Option<DivisionCode>,
        on: Date,
        first: Option<UnitId>,
    ) -> Result<Responsible, NoUnit> {
        let class = matter.and_then(|id| self.matters.get(id));
        let place = Place::of(&self.territory, grid, division);
        rules::who_by(
            &self.duty_rules,
            &self.duties,
            &self.units,
            &self.territory,
            class,
            place,
            on,
            first,
        )
    }
    /// The holes and double lines of the register of duties on a day, over the classes people choose from.
    pub fn coverage(&self, on: Date) -> Coverage {
        let classes = self.matters.choices();
        rules::coverage(&self.duties, &self.units, &self.territory, classes, on)
    }
    /// The local day this snapshot is of.
    pub fn on(&self) -> Date {
        self.on
    }
    /// The worker on duty for a cell at a moment; none means that the task goes to the pool.
    pub fn worker_on_duty(&self, grid: GridCode, at: Timestamp) -> Option<AccountId> {
        self.territory
            .worker_on_duty(grid, self.timezone.to_datetime(at))
    }
}

/// The name under which changes of the city's rules are counted.
const SETTINGS: &str = "settings";

/// What was read of the parts that changed.
struct Fresh {
    changes: BTreeMap<String, i64>,
    territory: Option<Territory>,
    units: Option<Units>,
    matters: Option<Matters>,
    items: Option<GridItems>,
    duties: Option<(Vec<Duty>, DutyRules)>,
    calendars: Option<Vec<Layer>>,
    settings: Option<Values>,
}

/// Reads the parts whose counters differ from `known`. The counters are read first: data that changes meanwhile is
/// read again at the next look.
fn read_changed(
    r: &mut Read<'_>,
    known: &BTreeMap<String, i64>,
    on: Date,
    another_day: bool,
) -> StoreResult<Fresh> {
    let changes = grid::sql::changes(r)?;
    let moved = |part: Part| {
        let by_date = matches!(part, Part::Territory | Part::Units | Part::Catalogue);
        (another_day && by_date) || changes.get(part.as_str()) != known.get(part.as_str())
    };
    let territory = if moved(Part::Territory) {
        let (divisions, grids) = (grid::sql::all_divisions(r)?, grid::sql::all_grids(r)?);
        Some(Territory::build(
            divisions,
            grids,
            grid::sql::all_beats(r)?,
            on,
        ))
    } else {
        None
    };
    let units = if moved(Part::Units) {
        Some(Units::build(actors::sql::all(r)?, on).with_heirs(&actors::sql::heirs(r)?))
    } else {
        None
    };
    let matters = if moved(Part::Catalogue) {
        Some(Matters::build(
            sql::all_catalogues(r)?,
            sql::classes_on(r, on)?,
            on,
        ))
    } else {
        None
    };
    let items = if moved(Part::Catalogue) {
        Some(GridItems::build(crate::sql_items::all(r)?, on))
    } else {
        None
    };
    let duties = if moved(Part::Duties) {
        Some((sql::all_duties(r)?, crate::ops::duty_rules(r)?))
    } else {
        None
    };
    let calendars = if moved(Part::Calendars) {
        Some(sql::all_calendars(r)?)
    } else {
        None
    };
    let settings = if changes.get(SETTINGS) != known.get(SETTINGS) {
        Some(access::ops::settings::in_force(r)?)
    } else {
        None
    };
    Ok(Fresh {
        settings,
        changes,
        territory,
        units,
        matters,
        items,
        duties,
        calendars,
    })
}

impl City {
    /// The divisions that may have a calendar of their own: districts and streets, in order, with their names.
    pub fn divisions_with_calendars(
        &self,
        lang: ui::Lang,
    ) -> impl Iterator<Item = (DivisionCode, String)> {
        let divisions = self
            .territory
            .divisions()
            .filter(|d| matches!(d.level(), DivisionLevel::District | DivisionLevel::Street));
        divisions.map(move |d| (d.code, d.name_in(lang).to_owned()))
    }
    fn empty(timezone: TimeZone) -> Self {
        let calendars = Arc::new(Calendars::build(Calendar::cn(), Vec::new()));
        Self {
            territory: Arc::default(),
            units: Arc::default(),
            matters: Arc::default(),
            items: Arc::default(),
            duties: Arc::default(),
            calendar: calendars.city().clone(),
            calendars,
            settings: Arc::default(),
            duty_rules: Arc::default(),
            timezone,
            changes: BTreeMap::new(),
            on: Date::MIN,
        }
    }
    fn with(&self, fresh: Fresh, on: Date) -> Self {
        let mut next = self.clone();
        next.changes = fresh.changes;
        next.on = on;
        if let Some(territory) = fresh.territory {
            next.territory = Arc::new(territory);
        }
        if let Some(units) = fresh.units {
            next.units = Arc::new(units);
        }
        if let Some(matters) = fresh.matters {
            next.matters = Arc::new(matters);
        }
        if let Some(items) = fresh.items {
            next.items = Arc::new(items);
        }
        if let Some((duties, rules)) = fresh.duties {
            next.duties = Arc::new(duties);
            next.duty_rules = Arc::new(rules);
        }
        if let Some(settings) = fresh.settings {
            next.settings = Arc::new(settings);
        }
        if let Some(stored) = fresh.calendars {
            let calendars = Arc::new(Calendars::build(Calendar::cn(), stored));
            next.calendar = calendars.city().clone();
            next.calendars = calendars;
        }
        next
    }
}

/// Holds the present snapshot and renews it.
#[derive(Debug)]
pub struct Reference {
    current: RwLock<Arc<City>>,
}

impl Reference {
    /// A holder that has loaded nothing yet: local dates are of `timezone`, the calendar is the product's own.
    pub fn new(timezone: TimeZone) -> Self {
        Self {
            current: RwLock::new(Arc::new(City::empty(timezone))),
        }
    }
    /// The present snapshot.
    pub fn current(&self) -> Arc<City> {
        self.current
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }
    fn put(&self, next: City) {
        *self
            .current
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(next);
    }
    /// Reloads what changed since the last look; answers whether anything did. One small query when nothing did.
    ///
    /// # Errors
    /// The store's; the snapshot then stays as it was.
    pub async fn refresh(&self, ctx: &Ctx) -> StoreResult<bool> {
        let (before, on, another_day) = self.look(ctx);
        let known = before.changes.clone();
        let fresh = ctx
            .read(move |r| read_changed(r, &known, on, another_day))
            .await?;
        Ok(self.take(&before, fresh, on))
    }
    /// [`Reference::refresh`] for the command line. Must not be called on an async thread.
    ///
    /// # Errors
    /// The store's; the snapshot then stays as it was.
    pub fn refresh_blocking(&self, ctx: &Ctx) -> StoreResult<bool> {
        let (before, on, another_day) = self.look(ctx);
        let known = before.changes.clone();
        let fresh = ctx.read_blocking(move |r| read_changed(r, &known, on, another_day))?;
        Ok(self.take(&before, fresh, on))
    }
    fn look(&self, ctx: &Ctx) -> (Arc<City>, Date, bool) {
        let before = self.current();
        let on = before.local_date(ctx.clock().now());
        let another_day = on != before.on;
        (before, on, another_day)
    }
    fn take(&self, before: &City, fresh: Fresh, on: Date) -> bool {
        let changed = fresh.changes != before.changes || on != before.on;
        if changed {
            self.put(before.with(fresh, on));
        }
        changed
    }
}
