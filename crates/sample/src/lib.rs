//! 示范市 — a synthetic city to look at and to try things on: territory, units, catalogue, staff, and half a year of cases
//! with full lives. Nothing in it is real: names, texts and people are put together here.
//!
//! [`generate`] is pure: the same seed and moment give the same city. [`ops::install`] writes it into an empty database.
//! Every case is led by [`cases::rules`], so that a step the desk would refuse cannot be in it.

mod classes;
mod course;
mod hours;
mod land;
mod lives;
mod luck;
mod names;
pub mod ops;
mod plan;
mod register;
mod sql;
mod words;

pub use classes::CATALOGUE;
pub use land::{Ground, SOURCE, Spot};
pub use lives::Life;
pub use plan::{Burst, DAYS};
pub use register::Person;

use actors::Unit;
use grid::{Beat, Division, UnitGrid};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use kernel::{Calendar, CaseNumber};
use matters::{Catalogue, Duty, MatterClass};
use rayon::prelude::*;

/// How many cases the sample city has.
pub const CASES: usize = 20_000;
/// The zone of the sample city.
pub const TIMEZONE: &str = "Asia/Shanghai";

/// Why a sample city could not be made. Each is a flaw of this maker or an unusable moment, not of any input.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The rules refuse a step.
    #[error("case {number}: {refusal}")]
    Refused {
        /// Which case.
        number: CaseNumber,
        /// Why.
        refusal: cases::rules::Refusal,
    },
    /// A step needs a role nobody has.
    #[error("nobody has the role {0}")]
    Nobody(access::Role),
    /// A class has no responsible unit.
    #[error("a class has no responsible unit")]
    NoUnit,
    /// A code could not be made.
    #[error(transparent)]
    Code(#[from] kernel::codes::CodeError),
    /// A point lies off the Earth.
    #[error(transparent)]
    Point(#[from] kernel::geo::GeoError),
    /// A border is none.
    #[error(transparent)]
    Area(#[from] grid::AreaError),
    /// A limit is none.
    #[error(transparent)]
    Limit(#[from] kernel::deadline::LimitError),
    /// An account would not do.
    #[error(transparent)]
    Account(#[from] access::AccountError),
    /// The moment lies too near the end of time.
    #[error(transparent)]
    Time(#[from] jiff::Error),
}

/// The whole sample city.
#[derive(Debug)]
pub struct SampleCity {
    /// The moment it was made for: nothing in it is later.
    pub now: Timestamp,
    /// City, districts, streets, communities, with their borders.
    pub divisions: Vec<Division>,
    /// Unit grids.
    pub grids: Vec<UnitGrid>,
    /// What the maker knows of each of `grids`, in the same order.
    pub spots: Vec<Spot>,
    /// Units of all eight kinds.
    pub units: Vec<Unit>,
    /// The one catalogue.
    pub catalogue: Catalogue,
    /// Its classes.
    pub classes: Vec<MatterClass>,
    /// Whose work what is where.
    pub duties: Vec<Duty>,
    /// The beats of the collectors.
    pub beats: Vec<Beat>,
    /// Staff, and the demo resident.
    pub people: Vec<Person>,
    /// Cases in order of time.
    pub lives: Vec<Life>,
    /// The burst of water failures laid into them.
    pub burst: Burst,
}

/// Makes the sample city as it stands at `now`: [`CASES`] cases over the [`DAYS`] days before.
///
/// # Errors
/// [`SampleError`].
pub fn generate(seed: u64, now: Timestamp) -> Result<SampleCity, SampleError> {
    generate_cases(seed, now, CASES)
}

/// [`generate`] with another number of cases (at least a hundred, so that every state is there); the city around them is
/// the same.
///
/// # Errors
/// [`SampleError`].
pub fn generate_cases(seed: u64, now: Timestamp, cases: usize) -> Result<SampleCity, SampleError> {
    let now = Timestamp::from_second(now.as_second())?;
    let cases = cases.max(100);
    let tz = TimeZone::get(TIMEZONE)?;
    let calendar = Calendar::cn();
    let today = tz.to_datetime(now).date();
    // The register is a little older than the cases.
    let valid_from = today.checked_sub((DAYS + 30).days())?.first_of_month();
    let founded = tz.to_timestamp(valid_from.to_datetime(jiff::civil::Time::midnight()))?;
    let land = land::make(seed, valid_from)?;
    let register = register::make(seed, &land, founded, valid_from)?;
    let classes = classes::classes(seed, founded)?;
    let ground = plan::Ground {
        seed,
        land: &land,
        calendar,
        tz: &tz,
        now,
        cases,
    };
    let (plans, burst) = plan::make(&ground)?;
    let world = lives::World::new(&ground, &classes, &register, today)?;
    let lives = (0..plans.len())
        .into_par_iter()
        .map(|at| world.live(at, &plans))
        .collect::<Result<Vec<_>, _>>()?;
    drop(world);
    Ok(SampleCity {
        now,
        divisions: land.divisions,
        grids: land.grids,
        spots: land.spots,
        units: register.units,
        catalogue: classes::catalogue(valid_from),
        classes,
        duties: register.duties,
        beats: register.beats,
        people: register.people,
        lives,
        burst,
    })
}
