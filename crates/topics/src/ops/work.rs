//! Working on a topic: its moves, its cases, its measures.

use super::TopicError;
use crate::model::{How, Measure, MeasureStanding, Move, Topic, TopicId, is_month};
use crate::sql;
use access::{Ctx, Permission, UnitId};
use cases::{Case, CaseId};
use jiff::SignedDuration;
use jiff::civil::Date;
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::mask::mask_free_text;
use matters::City;
use store::AuditEvent;

/// Cases of one topic taken at once, at most.
pub const MOST_CASES: usize = 2_000;
/// Cases looked at by a query, at most.
const MOST_LOOKED: usize = 50_000;
/// Looked at in one step.
const STEP: i64 = 1_000;
/// A query looks back so far.
const DAYS: i64 = 366;
/// Numbers taken by hand at once.
const MOST_NUMBERS: usize = 200;
/// The longest measure, in characters.
const LONGEST: usize = 500;
/// Measures of one topic.
const MOST_MEASURES: usize = 60;

/// Moves a topic on.
///
/// # Errors
/// [`TopicError`].
pub async fn move_to(ctx: &Ctx, id: TopicId, version: i64, to: Move) -> Result<Topic, TopicError> {
    ctx.require(Permission::TopicManage)?;
    if let Move::Choose(month) = &to
        && !is_month(month)
    {
        let month: String = month.chars().take(20).collect();
        let reason = format!("{month:?} is no month: expected YYYY-MM");
        return Err(TopicError::field("month", "topics.bad_month", reason));
    }
    let before = super::find(ctx, id).await?;
    let mut topic = before.moved(&to).map_err(TopicError::Rule)?;
    topic.result = mask_free_text(&topic.result, &[]).0;
    topic.version = version;
    topic.updated_at = ctx.now();
    let (mark, note) = match to {
        Move::Choose(month) => ("chosen", month),
        Move::Start(day) => ("started", day.to_string()),
        Move::End(day, _) => ("ended", format!("{day} {}", topic.result)),
        Move::Drop(_) => ("dropped", topic.result.clone()),
        Move::Reopen => ("reopened", String::new()),
    };
    ctx.write::<_, TopicError, _>(move |mut w| {
        sql::update(&mut w, &topic)?;
        sql::put_mark(&mut w, &topic, mark, &note)?;
        let event = AuditEvent::done("topic.move", "topic", topic.id.to_string())
            .district(topic.district.as_str())
            .detail(
                serde_json::json!({ "from": before.standing, "to": topic.standing, "mark": mark }),
            );
        let changed = Topic {
            version: topic.version + 1,
            ..topic.clone()
        };
        Ok(w.commit(event, changed)?)
    })
    .await
}

async fn keep_cases(
    ctx: &Ctx,
    topic: Topic,
    cases: Vec<(DistrictCode, CaseId)>,
    how: How,
) -> Result<u64, TopicError> {
    ctx.write::<_, TopicError, _>(move |mut w| {
        let added = sql::add_cases(&mut w, &topic, &cases, how)?;
        sql::put_mark(&mut w, &topic, "cases", &added.to_string())?;
        let event = AuditEvent::done("topic.cases", "topic", topic.id.to_string())
            .district(topic.district.as_str())
            .detail(serde_json::json!({ "added": added, "how": how }));
        Ok(w.commit(event, added)?)
    })
    .await
}

/// Puts cases into a topic by their numbers. Answers how many are new.
///
/// # Errors
/// [`TopicError`]; a number that is not there, or not within the reader's scope, is named.
pub async fn add_cases(ctx: &Ctx, id: TopicId, numbers: &[CaseNumber]) -> Result<u64, TopicError> {
    ctx.require(Permission::TopicManage)?;
    let topic = super::find(ctx, id).await?;
    if numbers.is_empty() || numbers.len() > MOST_NUMBERS {
        let reason = format!("between 1 and {MOST_NUMBERS} numbers at once");
        return Err(TopicError::field("numbers", "topics.numbers", reason));
    }
    let wanted = numbers.to_vec();
    let found = ctx
        .read::<_, TopicError, _>(move |r| Ok(sql::keys_of(r, &wanted)?))
        .await?;
    let found = within(ctx, found);
    if let Some(missing) = numbers
        .iter()
        .find(|number| !found.iter().any(|c| c.number == **number))
    {
        return Err(TopicError::unknown("numbers", missing));
    }
    let keys = found.iter().map(|c| (c.district, c.id)).collect();
    keep_cases(ctx, topic, keys, How::Hand).await
}

/// The cases of these that lie within the reader's scope.
pub(super) fn within(ctx: &Ctx, cases: Vec<Case>) -> Vec<Case> {
    let scope = ctx.scope();
    cases
        .into_iter()
        .filter(|c| scope.districts.is_empty() || scope.districts.contains(&c.district))
        .filter(|c| scope.unit.is_none() || c.unit == scope.unit)
        .collect()
}

/// Whether a case is what a topic asks for: its place and its words. Its class was asked for by the statement.
fn is_meant(topic: &Topic, case: &Case) -> bool {
    let code = case
        .place
        .grid
        .map(|g| g.as_str().to_owned())
        .or(case.place.division.map(|d| d.prefix().to_owned()))
        .unwrap_or_default();
    let is_here = topic.place.is_none_or(|p| code.starts_with(p.prefix()));
    let mut words = topic.words.split_whitespace().peekable();
    let has_words = words.peek().is_none() || words.any(|word| case.description.contains(word));
    // A confidential report is in no topic.
    is_here && has_words && !case.confidential && case.state != cases::State::Voided
}

/// Looks for cases of the topic's classes, place and words in the last year and puts them into it. Answers how many are
/// new.
///
/// # Errors
/// [`TopicError`].
pub async fn gather(ctx: &Ctx, id: TopicId) -> Result<u64, TopicError> {
    ctx.require(Permission::TopicManage)?;
    let topic = super::find(ctx, id).await?;
    let since = ctx.now() - SignedDuration::from_hours(DAYS * 24);
    let mut found: Vec<Case> = Vec::new();
    let mut before: Option<CaseId> = None;
    let mut looked = 0;
    while looked < MOST_LOOKED && found.len() < MOST_CASES {
        let asked = topic.clone();
        let page = ctx
            .read::<_, TopicError, _>(move |r| Ok(sql::candidates(r, &asked, since, before, STEP)?))
            .await?;
        let Some(last) = page.last() else {
            break;
        };
        before = Some(last.id);
        looked += page.len();
        found.extend(page.into_iter().filter(|case| is_meant(&topic, case)));
    }
    let mut found = within(ctx, found);
    found.truncate(MOST_CASES);
    let keys = found.iter().map(|c| (c.district, c.id)).collect();
    keep_cases(ctx, topic, keys, How::Query).await
}

/// Takes a case out of a topic; nothing of the case changes.
///
/// # Errors
/// [`TopicError`].
pub async fn remove_case(ctx: &Ctx, id: TopicId, number: CaseNumber) -> Result<(), TopicError> {
    ctx.require(Permission::TopicManage)?;
    let topic = super::find(ctx, id).await?;
    ctx.write::<_, TopicError, _>(move |mut w| {
        let found = sql::keys_of(&mut w, &[number])?;
        let removed = match found.first() {
            Some(case) => sql::remove_case(&mut w, &topic, (case.district, case.id))?,
            None => 0,
        };
        if removed == 0 {
            return Err(TopicError::NotFound(number.to_string()));
        }
        let event = AuditEvent::done("topic.cases", "topic", topic.id.to_string())
            .district(topic.district.as_str())
            .detail(serde_json::json!({ "removed": number }));
        Ok(w.commit(event, ())?)
    })
    .await
}

/// A measure as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMeasure {
    /// Its number; none makes a new one.
    pub seq: Option<i64>,
    /// What is done.
    pub words: String,
    /// By whom; the topic's own unit where it is not given.
    pub unit: Option<UnitId>,
    /// Until when.
    pub due_on: Option<Date>,
    /// How it stands.
    pub standing: MeasureStanding,
}

/// Adds a measure, or changes one. A department does so for topics that its own unit answers for, and for measures that
/// are its own.
///
/// # Errors
/// [`TopicError`] naming the field.
pub async fn put_measure(
    ctx: &Ctx,
    city: &City,
    id: TopicId,
    new: NewMeasure,
) -> Result<Measure, TopicError> {
    if ctx.require(Permission::TopicManage).is_err() {
        ctx.require(Permission::TopicAct)?;
    }
    let topic = super::find(ctx, id).await?;
    if topic.standing.is_over() {
        return Err(TopicError::Rule(crate::model::Refusal::Standing));
    }
    let words = mask_free_text(new.words.trim(), &[]).0;
    if words.is_empty() {
        return Err(TopicError::field("words", "topics.missing", "is empty"));
    }
    if words.chars().count() > LONGEST {
        let reason = format!("has more than {LONGEST} characters");
        return Err(TopicError::field("words", "topics.too_long", reason).at_most(LONGEST));
    }
    let unit = new.unit.or(topic.unit);
    if let Some(unit) = unit
        && city.unit(unit).is_none()
    {
        return Err(TopicError::unknown("unit", unit));
    }
    let today = city.local_date(ctx.now());
    let is_manager = ctx.require(Permission::TopicManage).is_ok();
    let own = ctx.principal().unit();
    ctx.write::<_, TopicError, _>(move |mut w| {
        let all = sql::measures(&mut w, &topic)?;
        let before = match new.seq {
            Some(seq) => Some(
                all.iter()
                    .find(|m| m.seq == seq)
                    .ok_or_else(|| TopicError::NotFound(seq.to_string()))?,
            ),
            None => None,
        };
        let of_unit = |of: Option<UnitId>| own.is_some() && of == own;
        let is_ours = of_unit(topic.unit) || before.is_some_and(|m| of_unit(m.unit));
        if !is_manager && !is_ours {
            return Err(TopicError::NotOurs);
        }
        if before.is_none() && all.len() >= MOST_MEASURES {
            let reason = format!("more than {MOST_MEASURES} measures");
            return Err(
                TopicError::field("words", "topics.too_many", reason).at_most(MOST_MEASURES)
            );
        }
        let done_on = match (new.standing, before.and_then(|m| m.done_on)) {
            (MeasureStanding::Done, Some(day)) => Some(day),
            (MeasureStanding::Done, None) => Some(today),
            _ => None,
        };
        let mut measure = Measure {
            seq: new.seq.unwrap_or(0),
            words: words.clone(),
            unit,
            due_on: new.due_on,
            standing: new.standing,
            done_on,
        };
        measure.seq = sql::put_measure(&mut w, &topic, &measure)?;
        let note = format!("{} {}", measure.standing, measure.words);
        sql::put_mark(&mut w, &topic, "measure", &note)?;
        let event = AuditEvent::done("topic.measure", "topic", topic.id.to_string())
            .district(topic.district.as_str())
            .detail(serde_json::json!({ "measure": measure.seq, "standing": measure.standing }));
        Ok(w.commit(event, measure)?)
    })
    .await
}
