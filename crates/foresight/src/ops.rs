//! Outlooks and the reach of reporting, asked for by people. What was read is kept for the hour, so that a feed that ends, or
//! a file that came, is seen; what took long to work out is kept for as long as the counts stay the same.

use crate::outlook::{Counts, Outlook, PAST_DAYS, outlook};
use crate::reach::{Facts, Incident, Reach, reach};
use crate::sql;
use access::{Ctx, Permission, Refused};
use facts::figures::{Ask, Counted, Filter, SeriesQuery, figures, freshness, series};
use facts::{Count, FiguresError, Level, Measure, Place};
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};
use kernel::codes::DivisionCode;
use kernel::id::Id;
use matters::{City, MatterId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use store::StoreError;
use tokio::sync::{Mutex, OnceCell};

/// Places and classes that stand for themselves; the others are taken together.
const MOST_PLACES: usize = 12;
const MOST_CLASSES: usize = 8;
/// Outlooks kept.
const MOST_KEPT: usize = 100;
/// The reach of reporting looks back so far.
const REACH_DAYS: i32 = 180;
/// How long a page waits for the work.
const PATIENCE: Duration = Duration::from_secs(2);
/// Figures older than this mean that the feed is missing.
const FRESH_HOURS: i64 = 26;
const SECONDS_A_DAY: f64 = 86_400.0;

/// Why nothing can be foreseen.
#[derive(Debug, thiserror::Error)]
pub enum ForesightError {
    /// Lacks the permission.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The figures cannot be read.
    #[error(transparent)]
    Figures(#[from] FiguresError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work goes on; whoever asks again finds it done.
    #[error("the forecast is being worked out")]
    Working,
    /// The work was broken off, as when the program stops.
    #[error("the work was broken off")]
    BrokenOff,
}

/// What is kept, so that the work is done once for many readers.
#[derive(Default)]
pub struct Kept {
    /// Of the hour that has begun: a feed that ends, or a file that came, is seen within it.
    prospects: Mutex<BTreeMap<(DateTime, Question), Work>>,
    /// The newest of each question, for as long as the counts are the same.
    outlooks: Mutex<BTreeMap<Question, (Counts, Outlook)>>,
    reach: Mutex<Option<(DateTime, Arc<Reached>)>>,
}

/// A prospect, or the work that will end in one: whoever asks meanwhile waits for the same.
type Work = Arc<OnceCell<Arc<Prospect>>>;

/// The local hour that has begun.
fn hour_of(city: &City, now: Timestamp) -> DateTime {
    let local = city.timezone.to_datetime(now);
    local.date().at(local.hour(), 0, 0, 0)
}

/// What is asked to be foreseen.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// Within this district or street; none is the whole city.
    pub within: Option<Place>,
    /// Of this class alone.
    pub matter: Option<MatterId>,
    /// The reader's districts; empty means all.
    pub districts: Vec<kernel::codes::DistrictCode>,
}

/// A place or class of an outlook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part<K> {
    /// One of its own.
    One(K),
    /// All smaller ones together.
    Others,
}

/// What was foreseen.
#[derive(Debug, Clone, PartialEq)]
pub struct Prospect {
    /// The first day of the past.
    pub first: Date,
    /// The last day of the past: yesterday.
    pub last: Date,
    /// Places, in the order of the outlook's.
    pub places: Vec<Part<Place>>,
    /// Classes, in the order of the outlook's; none inside is a report without a class.
    pub classes: Vec<Part<Option<MatterId>>>,
    /// Whether reports came in as they should.
    pub has_feed: bool,
    /// The figures have everything up to here; none where there are no figures.
    pub as_of: Option<Timestamp>,
    /// What will be.
    pub outlook: Outlook,
}

/// How readily the streets report.
#[derive(Debug, Clone, PartialEq)]
pub struct Reached {
    /// The first day of the incidents looked at.
    pub from: Date,
    /// The streets, in the order of the reach's.
    pub streets: Vec<DivisionCode>,
    /// What was found; none where nothing was ever reported twice.
    pub reach: Option<Reach>,
}

/// Foresees incidents: the next two weeks, and how the last week compares. Long work goes on when nobody waits for it
/// any more.
///
/// # Errors
/// [`ForesightError`]; `Working` where it takes longer than somebody waits for a page: ask again.
pub async fn forecast(
    ctx: &Ctx,
    city: &City,
    mut question: Question,
) -> Result<Arc<Prospect>, ForesightError> {
    ctx.require(Permission::EvaluationRead)?;
    question.districts = ctx.scope().districts;
    let today = city.local_date(ctx.now());
    let kept = ctx.service_if_any::<Kept>().unwrap_or_default();
    let key = (hour_of(city, ctx.now()), question);
    let work = {
        let mut prospects = kept.prospects.lock().await;
        prospects.retain(|(hour, _), _| *hour == key.0);
        if prospects.len() >= MOST_KEPT && !prospects.contains_key(&key) {
            prospects.clear();
        }
        prospects.entry(key.clone()).or_default().clone()
    };
    let (ctx, asked) = (ctx.clone(), key.1.clone());
    let (own, shelf) = (work.clone(), kept.clone());
    let begun = tokio::spawn(async move {
        own.get_or_try_init(|| work_out(&ctx, &shelf, asked, today))
            .await
            .cloned()
    });
    let found = tokio::time::timeout(PATIENCE, begun)
        .await
        .map_err(|_| ForesightError::Working)?
        .map_err(|_| ForesightError::BrokenOff)??;
    // Figures that are still being made, or a feed that is missing, may be there the next moment.
    if !found.has_feed {
        kept.prospects.lock().await.remove(&key);
    }
    Ok(found)
}

async fn work_out(
    ctx: &Ctx,
    kept: &Kept,
    question: Question,
    today: Date,
) -> Result<Arc<Prospect>, ForesightError> {
    let (asked, now) = (question.clone(), ctx.now());
    let seen = ctx
        .read::<_, ForesightError, _>(move |r| look(r, &asked, today, now))
        .await?;
    let gathered = gather(&seen, &question, today);
    let known = kept.outlooks.lock().await.get(&question).cloned();
    let outlook = match known {
        Some((counts, outlook)) if counts == gathered.counts => outlook,
        _ => {
            let counts = gathered.counts.clone();
            let made = tokio::task::spawn_blocking(move || outlook(&counts))
                .await
                .map_err(|_| ForesightError::BrokenOff)?;
            let mut outlooks = kept.outlooks.lock().await;
            if outlooks.len() >= MOST_KEPT {
                outlooks.clear();
            }
            outlooks.insert(question, (gathered.counts.clone(), made.clone()));
            made
        }
    };
    Ok(Arc::new(gathered.prospect(outlook, &seen)))
}

/// What the figures say.
struct Seen {
    counts: Vec<Count>,
    as_of: Option<Timestamp>,
    is_fresh: bool,
    came_lately: bool,
}

fn level_of(question: &Question) -> Level {
    match question.within.map_or(0, Place::len) {
        0 => Level::District,
        _ => Level::Street,
    }
}

fn look(
    r: &mut store::Read<'_>,
    question: &Question,
    today: Date,
    now: Timestamp,
) -> Result<Seen, ForesightError> {
    let yesterday = today.saturating_sub(1.days());
    let fresh = freshness(r, now)?;
    let query = SeriesQuery {
        from: today.saturating_sub(i32::try_from(PAST_DAYS).unwrap_or(i32::MAX).days()),
        to: yesterday,
        level: level_of(question),
        by_matter: true,
        counted: Counted::Incidents,
        filter: Filter {
            districts: question.districts.clone(),
            within: question.within,
            matters: question.matter.iter().map(|m| m.0).collect(),
            ..Filter::default()
        },
    };
    let lately = Ask::new(
        yesterday.saturating_sub(1.days()),
        yesterday,
        &[Measure::Reported],
    );
    let came_lately = figures(r, &lately)?.iter().any(|f| f.n[0] > 0);
    Ok(Seen {
        counts: series(r, &query)?,
        as_of: fresh.as_ref().map(|f| f.as_of),
        is_fresh: fresh.is_some_and(|f| now.duration_since(f.as_of).as_hours() < FRESH_HOURS),
        came_lately,
    })
}

/// The largest keys of a list of counts, and where each other key stands.
fn largest<K: Ord + Copy>(
    sums: BTreeMap<K, i64>,
    most: usize,
) -> (Vec<Part<K>>, BTreeMap<K, usize>) {
    let mut by_size: Vec<(K, i64)> = sums.into_iter().collect();
    by_size.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let alone = if by_size.len() > most {
        most - 1
    } else {
        by_size.len()
    };
    let mut parts: Vec<Part<K>> = by_size
        .iter()
        .take(alone)
        .map(|(k, _)| Part::One(*k))
        .collect();
    if by_size.len() > alone {
        parts.push(Part::Others);
    }
    let at = by_size
        .iter()
        .enumerate()
        .map(|(n, (k, _))| (*k, n.min(alone)));
    (parts, at.collect())
}

/// What was counted, place by place and class by class.
struct Gathered {
    first: Date,
    last: Date,
    places: Vec<Part<Place>>,
    classes: Vec<Part<Option<MatterId>>>,
    counts: Counts,
}

fn gather(seen: &Seen, question: &Question, today: Date) -> Gathered {
    let last = today.saturating_sub(1.days());
    let level = level_of(question);
    let place_of = |c: &Count| c.place.at(level);
    let class_of = |c: &Count| c.matter.map(MatterId);
    let (mut by_place, mut by_class) = (BTreeMap::new(), BTreeMap::new());
    for c in &seen.counts {
        *by_place.entry(place_of(c)).or_insert(0) += c.n;
        *by_class.entry(class_of(c)).or_insert(0) += c.n;
    }
    let (places, place_at) = largest(by_place, MOST_PLACES);
    let (classes, class_at) = largest(by_class, MOST_CLASSES);
    // The record begins with the first report: the days before it are no days without reports.
    let first = seen
        .counts
        .iter()
        .map(|c| c.day)
        .min()
        .unwrap_or(today)
        .min(last);
    let day_of =
        |day: Date| usize::try_from(first.until(day).map_or(0, |s| s.get_days())).unwrap_or(0);
    let mut counts = Counts::new(places.len(), classes.len(), day_of(last) + 1);
    for c in seen.counts.iter().filter(|c| c.day <= last) {
        let (place, class) = (place_at[&place_of(c)], class_at[&class_of(c)]);
        counts.add(place, class, day_of(c.day), c.n.max(0) as f64);
    }
    Gathered {
        first,
        last,
        places,
        classes,
        counts,
    }
}

impl Gathered {
    fn prospect(self, outlook: Outlook, seen: &Seen) -> Prospect {
        let has_feed = seen.is_fresh && seen.came_lately;
        Prospect {
            first: self.first,
            last: self.last,
            outlook: if has_feed {
                outlook
            } else {
                outlook.without_feed()
            },
            places: self.places,
            classes: self.classes,
            has_feed,
            as_of: seen.as_of,
        }
    }
}

/// Estimates how readily the streets report.
///
/// # Errors
/// [`ForesightError`].
pub async fn reached(ctx: &Ctx, city: &Arc<City>) -> Result<Arc<Reached>, ForesightError> {
    ctx.require(Permission::Public)?;
    let today = city.local_date(ctx.now());
    let kept = ctx.service_if_any::<Kept>().unwrap_or_default();
    let mut known = kept.reach.lock().await;
    let hour = hour_of(city, ctx.now());
    if let Some((_, found)) = known.as_ref().filter(|(at, _)| *at == hour) {
        return Ok(found.clone());
    }
    let from = today.saturating_sub(REACH_DAYS.days());
    let begin = from
        .to_zoned(city.timezone.clone())
        .map_or(Timestamp::UNIX_EPOCH, |z| z.timestamp());
    let (rows, again) = ctx
        .read::<_, StoreError, _>(move |r| Ok((sql::stood(r, begin)?, sql::again(r, begin)?)))
        .await?;
    let (now, city) = (ctx.now(), city.clone());
    let found =
        tokio::task::spawn_blocking(move || Arc::new(estimated(&rows, &again, &city, from, now)))
            .await
            .map_err(|_| ForesightError::BrokenOff)?;
    if found.reach.is_some() {
        *known = Some((hour, found.clone()));
    }
    Ok(found)
}

/// From rows to estimates. Only classes that may raise warnings: facilities, hygiene, water; never conduct of persons.
fn estimated(
    rows: &[sql::StoodRow],
    again: &HashMap<kernel::codes::CaseNumber, Vec<Timestamp>>,
    city: &City,
    from: Date,
    now: Timestamp,
) -> Reached {
    let mut streets: BTreeMap<DivisionCode, usize> = BTreeMap::new();
    let mut classes: BTreeMap<Id, usize> = BTreeMap::new();
    let mut incidents = Vec::new();
    for row in rows {
        let Some(matter) = row.matter.filter(|m| {
            city.matter(MatterId(*m))
                .is_some_and(|class| class.flags.warnable)
        }) else {
            continue;
        };
        let street = Place::of(row.grid, row.division).at(Level::Street);
        let Some(street) = street
            .division()
            .filter(|_| street.len() == Level::Street.digits())
        else {
            continue;
        };
        // Ended at an unknown time: how long it stood is not known.
        let end = match row.ended_at {
            Some(end) => end,
            None if row.state.is_final() => continue,
            None => now,
        };
        let days = end.duration_since(row.reported_at).as_secs_f64() / SECONDS_A_DAY;
        let while_it_stood = |at: &&Timestamp| (row.reported_at..=end).contains(*at);
        let count = again
            .get(&row.number)
            .map_or(0, |times| times.iter().filter(while_it_stood).count());
        let (next_street, next_class) = (streets.len(), classes.len());
        incidents.push(Incident {
            street: *streets.entry(street).or_insert(next_street),
            class: *classes.entry(matter).or_insert(next_class),
            again: u32::try_from(count).unwrap_or(u32::MAX),
            days,
        });
    }
    let mut codes: Vec<(usize, DivisionCode)> = streets.into_iter().map(|(c, n)| (n, c)).collect();
    codes.sort_unstable_by_key(|(n, _)| *n);
    let codes: Vec<DivisionCode> = codes.into_iter().map(|(_, c)| c).collect();
    let facts: Vec<Facts> = codes.iter().map(|c| facts_of(city, *c)).collect();
    Reached {
        from,
        reach: reach(&incidents, &facts, classes.len()),
        streets: codes,
    }
}

fn facts_of(city: &City, street: DivisionCode) -> Facts {
    let above_zero = |n: Option<i64>| n.filter(|n| *n > 0).map(|n| n as f64);
    let Some(division) = city.territory.division(street) else {
        return [None; 2];
    };
    let residents = above_zero(division.residents);
    let square_metres: f64 = city
        .territory
        .grids_in(street)
        .iter()
        .map(|g| g.area_m2)
        .sum();
    let density = residents
        .filter(|_| square_metres > 0.0)
        .map(|people| people / square_metres * 1e6);
    let size = residents
        .zip(above_zero(division.households))
        .map(|(people, homes)| people / homes);
    [density, size]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outlook::Light;

    fn foreseen(seen: &Seen, question: &Question, today: Date) -> Prospect {
        let gathered = gather(seen, question, today);
        let outlook = outlook(&gathered.counts);
        gathered.prospect(outlook, seen)
    }

    fn seen(days: i32, today: Date) -> Seen {
        let mut counts = Vec::new();
        for back in 1..=days {
            let day = today.saturating_sub(back.days());
            for (street, n) in [("350203001", 3), ("350203002", 1)] {
                for class in 0..12_u8 {
                    counts.push(Count {
                        day,
                        place: street.parse().unwrap(),
                        matter: (class > 0).then(|| Id::from_bytes([class; 16])),
                        n: i64::from(n + (back * 7 + i32::from(class)) % 3),
                    });
                }
            }
        }
        Seen {
            counts,
            as_of: None,
            is_fresh: true,
            came_lately: true,
        }
    }

    #[test]
    fn the_largest_stand_alone_and_the_others_together_and_nothing_is_lost() {
        let today = jiff::civil::date(2026, 6, 15);
        let question = Question {
            within: Some("350203".parse().unwrap()),
            ..Question::default()
        };
        let seen = seen(90, today);
        let found = foreseen(&seen, &question, today);
        assert_eq!(found.places.len(), 2);
        assert_eq!(
            (found.classes.len(), found.classes[7]),
            (MOST_CLASSES, Part::Others)
        );
        assert_eq!(
            (found.first, found.last),
            (
                today.saturating_sub(90.days()),
                today.saturating_sub(1.days())
            )
        );
        let all: i64 = seen.counts.iter().map(|c| c.n).sum();
        assert_eq!(found.outlook.past.iter().sum::<f64>(), all as f64);
        let last_week: f64 = found.outlook.categories.iter().map(|l| l.last_week).sum();
        assert_eq!(last_week, found.outlook.whole.last_week);
        let whole = foreseen(&seen, &Question::default(), today);
        assert_eq!(whole.places, [Part::One("350203".parse().unwrap())]);
    }

    #[test]
    fn without_figures_there_is_nothing_and_all_lights_are_grey() {
        let today = jiff::civil::date(2026, 6, 15);
        let none = Seen {
            counts: Vec::new(),
            as_of: None,
            is_fresh: false,
            came_lately: false,
        };
        let found = foreseen(&none, &Question::default(), today);
        assert!(found.places.is_empty() && !found.has_feed);
        assert_eq!(found.outlook.whole.light, Light::NoFeed);
        let stale = foreseen(
            &Seen {
                came_lately: false,
                ..seen(90, today)
            },
            &Question::default(),
            today,
        );
        assert!(
            stale
                .outlook
                .categories
                .iter()
                .all(|l| l.light == Light::NoFeed)
        );
    }
}
