//! Hot topics: each day the reports of the last weeks are grouped by words, place and time.

use super::SuggestionError;
use crate::model::HotTopicId;
use crate::sql_hot::{self, Body, HotTopic};
use crate::{guard, rules};
use access::{Ctx, Permission};
use analysis::text::{self, Post, TopicOptions};
use cases::model::State;
use cases::{Case, CaseId};
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, ToSpan};
use kernel::codes::{DistrictCode, DivisionCode, DivisionLevel};
use kernel::id::Id;
use matters::{City, MatterId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use store::{AuditEvent, StoreError};

/// Reports of so many days are looked at.
pub const DAYS: i64 = 60;
/// The newest reports looked at, at most.
const MOST_REPORTS: usize = 20_000;
/// Cases read in one step.
const STEP: i64 = 2_000;
/// Hot topics kept.
const MOST_TOPICS: usize = 60;
/// A place is named where at least this share of the incidents lies in it.
const MOSTLY: f64 = 0.6;
/// A topic goes on when at least this share of its cases was in it before.
const SAME: f64 = 0.4;
/// Cases shown at most.
const MOST_CASES: i64 = 200;

/// What came of a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Look {
    /// The day.
    pub day: Date,
    /// Reports looked at.
    pub reports: usize,
    /// Topics found.
    pub topics: usize,
    /// Of these, how many went on from the look before.
    pub going_on: usize,
}

type Made = (HotTopic, Vec<(DistrictCode, CaseId)>);

/// Groups the reports of the last weeks and puts what was found in the place of what was there. The same record gives
/// the same topics. Must not be called on an async thread.
///
/// # Errors
/// [`SuggestionError`].
pub fn look(ctx: &Ctx, city: &Arc<City>) -> Result<Look, SuggestionError> {
    ctx.require(Permission::SuggestionManage)?;
    let now = ctx.clock().now();
    let day = city.local_date(now);
    let since = now - SignedDuration::from_hours(DAYS * 24);
    let mut found: Vec<Case> = Vec::new();
    let mut before: Option<CaseId> = None;
    loop {
        let page = ctx.renewed().read_blocking::<_, StoreError, _>(move |r| {
            sql_hot::cases_since(r, since, before, STEP)
        })?;
        let Some(last) = page.last() else {
            break;
        };
        before = Some(last.id);
        found.extend(page.into_iter().filter(|case| is_material(city, case)));
        if found.len() >= MOST_REPORTS {
            found.truncate(MOST_REPORTS);
            break;
        }
    }
    let members = ctx
        .renewed()
        .read_blocking::<_, StoreError, _>(sql_hot::members)?;
    let mut known: HashMap<CaseId, HotTopicId> = HashMap::new();
    known.extend(members.into_iter().map(|(topic, case)| (case, topic)));
    let mut made = grouped(city, &found, day);
    let mut going_on = 0;
    let mut taken: BTreeSet<HotTopicId> = BTreeSet::new();
    for (topic, cases) in &mut made {
        topic.id = match continues(cases, &known).filter(|id| !taken.contains(id)) {
            Some(id) => {
                going_on += 1;
                id
            }
            None => HotTopicId(Id::new(now, rand::random())),
        };
        taken.insert(topic.id);
    }
    let answer = Look {
        day,
        reports: found.len(),
        topics: made.len(),
        going_on,
    };
    let kept = answer.clone();
    ctx.renewed()
        .write_blocking::<_, StoreError, _>(move |mut w| {
            sql_hot::replace_all(&mut w, &made)?;
            let event = AuditEvent::done("suggestion.hot_topics", "hot_topic", day.to_string())
                .detail(serde_json::json!({ "reports": kept.reports, "topics": kept.topics, "going_on": kept.going_on }));
            w.commit(event, ())
        })?;
    Ok(answer)
}

/// Whether a report is looked at: its words may be read, and residents brought it. Patrols and preventive work are left
/// out, because what the city goes to look for is no concern that was raised.
fn is_material(city: &City, case: &Case) -> bool {
    guard::is_readable(city, case)
        && !cases::facts::PATROL_CHANNELS.contains(&case.channel.as_str())
        && !case.description.is_empty()
        && !matches!(case.state, State::NotAccepted | State::Transferred)
}

/// The topic that most of these cases were in before.
fn continues(
    cases: &[(DistrictCode, CaseId)],
    known: &HashMap<CaseId, HotTopicId>,
) -> Option<HotTopicId> {
    let mut counts: BTreeMap<HotTopicId, usize> = BTreeMap::new();
    for id in cases.iter().filter_map(|(_, case)| known.get(case)) {
        *counts.entry(*id).or_default() += 1;
    }
    let (id, n) = counts.into_iter().max_by_key(|(_, n)| *n)?;
    #[expect(clippy::cast_precision_loss, reason = "numbers of cases")]
    let share = n as f64 / cases.len() as f64;
    (share >= SAME).then_some(id)
}

/// Groups cases into topics. Pure; the ids are still to be given.
fn grouped(city: &City, cases: &[Case], day: Date) -> Vec<Made> {
    let texts: Vec<String> = cases
        .iter()
        .map(|c| guard::readable_text(&c.description))
        .collect();
    let posts: Vec<Post<'_>> = cases
        .iter()
        .zip(&texts)
        .map(|(case, text)| Post {
            text,
            place: case.place.point.map(|p| text::Place {
                lon: p.lon(),
                lat: p.lat(),
            }),
            time: case.reported_at,
        })
        .collect();
    let options = TopicOptions {
        least_messages: guard::LEAST_INCIDENTS,
        ..TopicOptions::default()
    };
    let mut made: Vec<Made> = text::topics(&posts, &city.timezone, &options)
        .into_iter()
        .filter(|topic| topic.different_texts >= guard::LEAST_TEXTS && !topic.name.is_empty())
        .filter_map(|topic| {
            let members: Vec<&Case> = topic.messages.iter().map(|i| &cases[*i]).collect();
            described(city, &topic, &members, day)
        })
        .collect();
    made.sort_by(|(a, _), (b, _)| {
        b.incidents
            .cmp(&a.incidents)
            .then(b.voices.cmp(&a.voices))
            .then(a.name.cmp(&b.name))
    });
    made.truncate(MOST_TOPICS);
    made
}

fn described(city: &City, topic: &text::Topic, members: &[&Case], day: Date) -> Option<Made> {
    let is_incident = |case: &Case| case.state != State::Merged;
    let incidents = members.iter().filter(|c| is_incident(c)).count();
    if incidents < guard::LEAST_INCIDENTS {
        return None;
    }
    let mut days: BTreeMap<Date, (u32, u32)> = BTreeMap::new();
    let mut classes: BTreeMap<MatterId, u32> = BTreeMap::new();
    let mut streets: BTreeMap<DivisionCode, u32> = BTreeMap::new();
    let mut districts: BTreeMap<DistrictCode, u32> = BTreeMap::new();
    for case in members {
        let (merged, all) = days.entry(city.local_date(case.reported_at)).or_default();
        *all += 1;
        *districts.entry(case.district).or_default() += 1;
        if is_incident(case) {
            *merged += 1;
            if let Some(matter) = case.matter {
                *classes.entry(matter).or_default() += 1;
            }
            // Never below the street.
            if let Some(street) = rules::street_of(&case.place) {
                *streets.entry(street).or_default() += 1;
            }
        }
    }
    let (first, last) = (*days.first_key_value()?.0, *days.last_key_value()?.0);
    let curve = first
        .series(1.days())
        .take_while(|d| *d <= last)
        .map(|d| {
            let (incidents, voices) = days.get(&d).copied().unwrap_or_default();
            (d, incidents, voices)
        })
        .collect();
    let classes = most(classes);
    let streets = most(streets);
    let district = most(districts).first()?.0;
    let cases = members.iter().map(|c| (c.district, c.id)).collect();
    let made = HotTopic {
        district,
        id: HotTopicId(Id::from_bytes([0; 16])),
        made_on: day,
        name: topic.name.clone(),
        matter: classes.first().map(|c| c.0),
        place: place_of(&streets, incidents),
        incidents: i64::try_from(incidents).unwrap_or(i64::MAX),
        voices: i64::try_from(members.len()).unwrap_or(i64::MAX),
        first_day: first,
        last_day: last,
        body: Body {
            terms: topic.terms.clone(),
            curve,
            classes,
            streets: streets
                .into_iter()
                .map(|(code, n)| (code.to_string(), n))
                .collect(),
        },
    };
    Some((made, cases))
}

fn most<K: Ord>(counts: BTreeMap<K, u32>) -> Vec<(K, u32)> {
    let mut list: Vec<(K, u32)> = counts.into_iter().collect();
    list.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    list
}

/// The street that holds most of it, else the district; empty where it is all over the city.
fn place_of(streets: &[(DivisionCode, u32)], incidents: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "numbers of cases")]
    let enough = |n: u32| f64::from(n) >= MOSTLY * incidents as f64;
    if let Some((street, n)) = streets.first()
        && enough(*n)
    {
        return street.to_string();
    }
    let mut districts: BTreeMap<DistrictCode, u32> = BTreeMap::new();
    for (street, n) in streets {
        *districts.entry(street.district()).or_default() += n;
    }
    most(districts)
        .first()
        .filter(|(_, n)| enough(*n))
        .map_or_else(String::new, |(district, _)| {
            debug_assert_eq!(district.division().level(), DivisionLevel::District);
            district.division().to_string()
        })
}

/// Looks once a local day after `not_before`. Must not be called on an async thread.
///
/// # Errors
/// [`SuggestionError`].
pub fn look_if_due(
    ctx: &Ctx,
    city: &Arc<City>,
    not_before: Time,
) -> Result<Option<Look>, SuggestionError> {
    let now = ctx.clock().now();
    if city.timezone.to_datetime(now).time() < not_before {
        return Ok(None);
    }
    let (settings, last) = ctx.renewed().read_blocking::<_, StoreError, _>(|r| {
        Ok((crate::sql::settings(r)?, sql_hot::last_look(r)?))
    })?;
    if !settings.enabled || last.is_some_and(|day| day >= city.local_date(now)) {
        return Ok(None);
    }
    look(ctx, city).map(Some)
}

/// Hot topics in the reader's districts, the most incidents first. One statement.
///
/// # Errors
/// [`SuggestionError`].
pub async fn list(ctx: &Ctx) -> Result<Vec<HotTopic>, SuggestionError> {
    ctx.require(Permission::TopicRead)?;
    let districts = ctx.scope().districts;
    ctx.read::<_, SuggestionError, _>(move |r| {
        Ok(sql_hot::list(r, &districts, MOST_TOPICS as i64)?)
    })
    .await
}

/// The day of the last look. One statement.
///
/// # Errors
/// [`SuggestionError`].
pub async fn last_look(ctx: &Ctx) -> Result<Option<Date>, SuggestionError> {
    ctx.require(Permission::TopicRead)?;
    ctx.read::<_, SuggestionError, _>(|r| Ok(sql_hot::last_look(r)?))
        .await
}

/// A hot topic in the reader's districts.
///
/// # Errors
/// [`SuggestionError`]; one elsewhere is not found.
pub async fn find(ctx: &Ctx, id: HotTopicId) -> Result<HotTopic, SuggestionError> {
    ctx.require(Permission::TopicRead)?;
    let districts = ctx.scope().districts;
    let found = ctx
        .read::<_, SuggestionError, _>(move |r| Ok(sql_hot::find(r, id, &districts)?))
        .await?;
    found.ok_or_else(|| SuggestionError::NotFound(id.to_string()))
}

/// The cases behind a hot topic.
pub type Behind = Vec<Case>;

/// The cases behind a hot topic within the reader's reach, the newest first; none for whoever may not see cases. One
/// statement.
///
/// # Errors
/// [`SuggestionError`].
pub async fn behind(ctx: &Ctx, topic: &HotTopic) -> Result<Behind, SuggestionError> {
    ctx.require(Permission::TopicRead)?;
    if ctx.require(Permission::CaseRead).is_err() {
        return Ok(Vec::new());
    }
    let scope = ctx.scope();
    let topic = topic.clone();
    let districts = scope.districts;
    let cases = ctx
        .read::<_, SuggestionError, _>(move |r| {
            Ok(sql_hot::cases_of(r, &topic, &districts, MOST_CASES)?)
        })
        .await?;
    // Departments see what they handle.
    Ok(cases
        .into_iter()
        .filter(|case| scope.unit.is_none() || case.unit == scope.unit)
        .collect())
}
