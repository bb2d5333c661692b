//! Making a topic and changing what it is about.

use super::TopicError;
use super::work::MOST_CASES;
use crate::model::{How, Standing, Topic, TopicId, is_wide_enough};
use crate::sql;
use access::{Ctx, Permission, UnitId};
use cases::service::Cases;
use kernel::codes::{DivisionCode, DivisionLevel};
use kernel::id::Id;
use kernel::mask::mask_free_text;
use matters::{City, MatterId};
use store::AuditEvent;
use suggestion::model::HotTopicId;

/// The longest name, question and words of a query, in characters.
const LONGEST: [(&str, usize); 3] = [("title", 60), ("question", 2000), ("words", 200)];
/// Classes of one topic at most.
const MOST_CLASSES: usize = 12;

/// What a topic is to be about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Its name.
    pub title: String,
    /// What is asked.
    pub question: String,
    /// Classes its curve counts.
    pub matters: Vec<MatterId>,
    /// District or street its curve counts.
    pub place: Option<DivisionCode>,
    /// Words that cases found by query hold.
    pub words: String,
    /// The unit that answers for it.
    pub unit: Option<UnitId>,
    /// The hot topic it is made of.
    pub hot: Option<HotTopicId>,
}

impl Draft {
    /// The draft as it is kept: trimmed, numbers of people masked.
    fn checked(mut self, city: &City) -> Result<Self, TopicError> {
        for text in [&mut self.title, &mut self.question, &mut self.words] {
            *text = mask_free_text(text.trim(), &[]).0;
        }
        if self.title.is_empty() {
            return Err(TopicError::field("title", "topics.missing", "is empty"));
        }
        for ((field, most), text) in
            LONGEST
                .into_iter()
                .zip([&self.title, &self.question, &self.words])
        {
            if text.chars().count() > most {
                let reason = format!("has more than {most} characters");
                return Err(TopicError::field(field, "topics.too_long", reason).at_most(most));
            }
        }
        if self.matters.is_empty() && self.place.is_none() && self.words.is_empty() {
            let reason = "a topic needs a class, a place or words";
            return Err(TopicError::field("matters", "topics.about_nothing", reason));
        }
        if self.matters.len() > MOST_CLASSES {
            let reason = format!("more than {MOST_CLASSES} classes");
            return Err(
                TopicError::field("matters", "topics.too_many", reason).at_most(MOST_CLASSES)
            );
        }
        if let Some(unknown) = self.matters.iter().find(|id| city.matter(**id).is_none()) {
            return Err(TopicError::unknown("matters", unknown));
        }
        if let Some(place) = self.place {
            if city.territory.division(place).is_none() {
                return Err(TopicError::unknown("place", place));
            }
            // One building is one family (`rights.md`, small cells).
            if !is_wide_enough(place) {
                let reason = "a topic is never about less than a street";
                return Err(TopicError::field("place", "topics.too_small", reason));
            }
        }
        // What is above the districts is the whole city, as no place is.
        self.place = self.place.filter(|p| p.level() >= DivisionLevel::District);
        if let Some(unit) = self.unit
            && city.unit(unit).is_none()
        {
            return Err(TopicError::unknown("unit", unit));
        }
        Ok(self)
    }
}

/// What a hot topic suggests a topic to be about.
///
/// # Errors
/// [`TopicError`].
pub async fn draft_of_hot(ctx: &Ctx, id: HotTopicId) -> Result<Draft, TopicError> {
    let hot = suggestion::ops::hot_topic(ctx, id).await?;
    Ok(Draft {
        title: hot.name.clone(),
        matters: hot.matter.into_iter().collect(),
        place: hot.place.parse().ok(),
        words: hot
            .body
            .terms
            .iter()
            .take(3)
            .cloned()
            .collect::<Vec<_>>()
            .join(" "),
        hot: Some(id),
        ..Draft::default()
    })
}

/// Makes a topic; one made of a hot topic takes its cases.
///
/// # Errors
/// [`TopicError`] naming the field.
pub async fn make(ctx: &Ctx, city: &City, draft: Draft) -> Result<Topic, TopicError> {
    ctx.require(Permission::TopicManage)?;
    let draft = draft.checked(city)?;
    let behind = match draft.hot {
        Some(id) => {
            let hot = suggestion::ops::hot_topic(ctx, id).await?;
            suggestion::ops::behind(ctx, &hot).await?
        }
        None => Vec::new(),
    };
    let cases: Vec<_> = behind
        .iter()
        .take(MOST_CASES)
        .map(|c| (c.district, c.id))
        .collect();
    let now = ctx.now();
    let whole_city = ctx.service::<Cases>().config().default_district;
    let district = draft.place.map_or(whole_city, DivisionCode::district);
    let topic = Topic {
        district,
        id: TopicId(Id::new(now, rand::random())),
        version: 1,
        title: draft.title,
        question: draft.question,
        matters: draft.matters,
        place: draft.place,
        words: draft.words,
        unit: draft.unit,
        month: None,
        standing: Standing::Proposed,
        started_on: None,
        ended_on: None,
        result: String::new(),
        made_at: now,
        updated_at: now,
    };
    let kept = topic.clone();
    ctx.write::<_, TopicError, _>(move |mut w| {
        sql::insert(&mut w, &kept)?;
        let added = sql::add_cases(&mut w, &kept, &cases, How::Hot)?;
        sql::put_mark(&mut w, &kept, "made", &kept.title)?;
        let event = AuditEvent::done("topic.make", "topic", kept.id.to_string())
            .district(kept.district.as_str())
            .detail(serde_json::json!({ "title": kept.title, "cases": added }));
        Ok(w.commit(event, ())?)
    })
    .await?;
    Ok(topic)
}

/// Changes what a topic is about, and the unit that answers for it. Its district stays.
///
/// # Errors
/// [`TopicError`] naming the field.
pub async fn edit(
    ctx: &Ctx,
    city: &City,
    id: TopicId,
    version: i64,
    draft: Draft,
) -> Result<Topic, TopicError> {
    ctx.require(Permission::TopicManage)?;
    let draft = draft.checked(city)?;
    let before = super::find(ctx, id).await?;
    if before.standing.is_over() {
        return Err(TopicError::Rule(crate::model::Refusal::Standing));
    }
    let now = ctx.now();
    let topic = Topic {
        version,
        title: draft.title,
        question: draft.question,
        matters: draft.matters,
        place: draft.place,
        words: draft.words,
        unit: draft.unit,
        updated_at: now,
        ..before
    };
    ctx.write::<_, TopicError, _>(move |mut w| {
        sql::update(&mut w, &topic)?;
        sql::put_mark(&mut w, &topic, "edited", "")?;
        let event = AuditEvent::done("topic.edit", "topic", topic.id.to_string())
            .district(topic.district.as_str())
            .detail(serde_json::json!({ "title": topic.title, "unit": topic.unit }));
        let changed = Topic {
            version: topic.version + 1,
            ..topic.clone()
        };
        Ok(w.commit(event, changed)?)
    })
    .await
}
