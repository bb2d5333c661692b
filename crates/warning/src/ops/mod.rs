//! Use cases of warnings: look at a day, look at findings, decide about one, test the past, set detectors.

mod daily;
mod decide;
mod error;
mod history;
mod look;
mod settings;

pub use daily::{DayRun, day_to_look_at, look_at, run_day, run_if_due};
pub use decide::{Opened, dismiss, judge, open_task, see};
pub use error::WarningError;
pub use history::{Ask, Stand, backtest, backtests, begin_backtest, run_backtest, work_backtest};
pub use look::{
    Details, Standings, WarningQuery, behind, details, find, last_day, list, some_blocking,
    standings,
};
pub use settings::{Worth, change_detector, detectors, worth};

use crate::counts::Counts;
use crate::guard::{self, Category};
use crate::places::Places;
use facts::figures::{self, Ask as AskFigures, FiguresError, Filter, Step};
use facts::{Level, Measure};
use jiff::civil::Date;
use kernel::id::Id;
use matters::{City, MatterId};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Read;

/// What detectors need of the city: its snapshot, its places, the classes that may raise warnings.
#[derive(Clone)]
struct Grounds {
    city: Arc<City>,
    places: Arc<Places>,
    categories: Arc<BTreeMap<MatterId, Category>>,
}

impl Grounds {
    fn of(city: Arc<City>) -> Self {
        Self {
            places: Arc::new(Places::of(&city.territory)),
            categories: Arc::new(guard::admitted(city.matters.classes())),
            city,
        }
    }
    /// The counts of the admitted classes, from the figures: incidents that no patrol found, and all voices.
    fn counts(&self, r: &mut Read<'_>, from: Date, to: Date) -> Result<Counts, FiguresError> {
        if self.categories.is_empty() {
            return Ok(Counts::new(from, to));
        }
        let matters: Vec<Id> = self.categories.keys().map(|id| id.0).collect();
        let ask = AskFigures {
            step: Step::Day,
            level: Level::Grid,
            by_matter: true,
            filter: Filter {
                matters,
                ..Filter::default()
            },
            ..AskFigures::new(from, to, &[Measure::Signal, Measure::Reported])
        };
        let number = |n: i64| u32::try_from(n.max(0)).unwrap_or(u32::MAX);
        let figures = figures::figures(r, &ask)?;
        // Before the record begins there is no past, which is something else than a quiet one.
        let begins = figures.iter().filter_map(|f| f.day).min().unwrap_or(to);
        let mut counts = Counts::new(begins.max(from), to);
        for figure in figures {
            let (Some(day), Some(matter)) = (figure.day, figure.matter) else {
                continue;
            };
            let code = figure.place.grid().map_or_else(
                || figure.place.division().map(|d| d.to_string()),
                |grid| Some(grid.to_string()),
            );
            // What lies nowhere that is known, or in a place that is no more, is in no place's count.
            if let Some(spot) = code.and_then(|code| self.places.spot(&code)) {
                let [incidents, voices] = [number(figure.n[0]), number(figure.n[1])];
                counts.add(MatterId(matter), day, spot, incidents, voices);
            }
        }
        Ok(counts.sorted())
    }
}
