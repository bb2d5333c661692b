//! The letters: once a day what is new is put up, a worker sends what is due. Killed between sending and noting, a letter is
//! sent again under the same id when its lease is over: nothing is lost, and the receiver's mail program can tell.

use super::subscribe::{PURPOSE, may_subscribe, remove};
use super::{changed, city};
use crate::letter;
use crate::model::{Entry, Letter, LetterKind, NearError, Subscription};
use crate::rules::{self, CONFIRM_WITHIN, SETTLING};
use crate::service::Nearby;
use crate::sql;
use access::Ctx;
use jiff::Timestamp;
use kernel::codes::DivisionCode;
use matters::City;
use notices::Notices;
use notices::channels::{Message, SendError};
use notices::rules::{LEASE, Next, after_failure};
use std::collections::BTreeMap;
use store::AuditEvent;
use vault::model::ErasureCause;
use vault::{Field, VaultError};

/// Letters taken at once.
const BATCH: i64 = 20;
/// Subscriptions looked at in one step.
const MANY: i64 = 200;
/// Entries looked at for a digest; more than anybody reads.
const MOST_LOOKED_AT: u32 = 200;

/// A letter that this worker took, with what it is for; none where the subscription is gone.
pub type Claimed = (Letter, Option<Subscription>);

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The other side took it.
    Sent,
    /// What it was to tell is not public any more.
    Nothing,
    /// The address was erased.
    Erased,
    /// It was not taken.
    Failed(SendError),
}

fn code_of(city: &City, entry: &Entry) -> String {
    city.matter(entry.matter)
        .map(|class| class.code.clone())
        .unwrap_or_default()
}

/// What a subscription is told of a stretch of time.
fn news<'a>(
    city: &City,
    one: &Subscription,
    entries: &'a [Entry],
    (since, until): (Timestamp, Timestamp),
) -> Vec<&'a Entry> {
    let is_news = |entry: &&Entry| rules::is_news(one, &code_of(city, entry), entry, since, until);
    entries.iter().filter(is_news).collect()
}

/// Puts up the digests of the day for the next subscriptions, from the hour on at which digests are made; answers how many
/// subscriptions were looked at. Each is looked at once a day, and gets no letter where nothing is new. One statement a
/// place, and one or two a subscription.
///
/// # Errors
/// The store's.
pub async fn make_digests(ctx: &Ctx) -> Result<usize, NearError> {
    let city = city(ctx);
    let Some(today) = rules::digest_day(ctx.now(), &city.timezone) else {
        return Ok(0);
    };
    if !may_subscribe(ctx) {
        return Ok(0);
    }
    let waiting = ctx
        .read::<_, NearError, _>(move |r| Ok(sql::to_tell(r, today, MANY)?))
        .await?;
    let until = ctx.now().checked_sub(SETTLING).unwrap_or(ctx.now());
    let mut since = BTreeMap::<DivisionCode, Timestamp>::new();
    for one in &waiting {
        let earliest = since.entry(one.place).or_insert(one.told_until);
        *earliest = (*earliest).min(one.told_until);
    }
    let mut found = BTreeMap::new();
    for (place, since) in since {
        found.insert(place, changed(ctx, place, since, MOST_LOOKED_AT).await?);
    }
    let decided: Vec<(Subscription, Timestamp, bool)> = waiting
        .into_iter()
        .map(|one| {
            let until = until.max(one.told_until);
            let has_news =
                !news(&city, &one, &found[&one.place], (one.told_until, until)).is_empty();
            (one, until, has_news)
        })
        .collect();
    let looked_at = decided.len();
    if looked_at == 0 {
        return Ok(0);
    }
    ctx.write(move |mut w| {
        let mut letters = 0;
        for (one, until, has_news) in &decided {
            if sql::told(&mut w, one, today, *until)? && *has_news {
                let stretch = (one.told_until, *until);
                sql::insert_letter(&mut w, one, LetterKind::Digest, stretch)?;
                letters += 1;
            }
        }
        let event = AuditEvent::done("near.digest", "subscriptions", today.to_string())
            .detail(serde_json::json!({ "subscriptions": decided.len(), "letters": letters }));
        Ok(w.commit(event, looked_at)?)
    })
    .await
}

/// Removes subscriptions that nobody confirmed in time, with their addresses; answers how many went.
///
/// # Errors
/// The store's.
pub async fn forget_unconfirmed(ctx: &Ctx) -> Result<usize, NearError> {
    let made_before = ctx
        .now()
        .checked_sub(CONFIRM_WITHIN)
        .unwrap_or(Timestamp::MIN);
    ctx.write(move |mut w| {
        let old = sql::unconfirmed(&mut w, made_before, MANY)?;
        if old.is_empty() {
            return Ok(w.unchanged(0)?);
        }
        for one in &old {
            remove(&mut w, one, ErasureCause::Retention)?;
        }
        let event = AuditEvent::done("near.forget", "subscriptions", "unconfirmed")
            .detail(serde_json::json!({ "subscriptions": old.len() }));
        Ok(w.commit(event, old.len())?)
    })
    .await
}

/// Takes letters that are due: nobody else has them until their lease is over.
///
/// # Errors
/// The store's.
pub async fn claim_due(ctx: &Ctx) -> Result<Vec<Claimed>, NearError> {
    let now = ctx.now();
    // Most of the time there is nothing, and looking costs no writer.
    let is_idle = ctx
        .read::<_, NearError, _>(move |r| Ok(sql::due(r, now, 1)?.is_empty()))
        .await?;
    if is_idle {
        return Ok(Vec::new());
    }
    ctx.write(move |mut w| {
        let mut taken = Vec::new();
        for letter in sql::due(&mut w, now, BATCH)? {
            if sql::claim(&mut w, &letter, now + LEASE)? {
                let one = sql::find(&mut w, letter.district, letter.subscription)?;
                taken.push((letter, one));
            }
        }
        if taken.is_empty() {
            return Ok(w.unchanged(taken)?);
        }
        let event = AuditEvent::done("near.try", "letter", taken[0].0.id.to_string())
            .detail(serde_json::json!({ "count": taken.len() }));
        Ok(w.commit(event, taken)?)
    })
    .await
}

/// Opens the address and the link of a subscription. The look is recorded.
async fn opened(
    ctx: &Ctx,
    notices: &Notices,
    one: &Subscription,
) -> Result<(String, String), Outcome> {
    let for_now = |why: &str| Outcome::Failed(SendError::ForNow(why.to_owned()));
    let keys = notices.keys().ok_or_else(|| for_now("there is no vault"))?;
    let fields = [Field::Email, Field::Link];
    let looked = vault::ops::look(ctx, keys, one.district, one.subject, &fields, PURPOSE).await;
    let shown = match looked {
        Ok(shown) => shown,
        Err(VaultError::Erased | VaultError::NotFound) => return Err(Outcome::Erased),
        Err(error) => {
            tracing::warn!(subscription = %one.id, %error, "the address of subscription {} does not open", one.id);
            return Err(for_now("the address does not open"));
        }
    };
    let of = |wanted: Field| {
        let found = shown.iter().find(|(field, _)| *field == wanted);
        found.map(|(_, text)| text.clone()).ok_or(Outcome::Erased)
    };
    Ok((of(Field::Email)?, of(Field::Link)?))
}

/// Words and sends a letter that was taken.
pub async fn send_one(ctx: &Ctx, (letter, one): &Claimed) -> Outcome {
    let Some(one) = one else {
        return Outcome::Erased;
    };
    let notices = ctx.service::<Notices>();
    let channel = notices.channels().iter().find(|c| c.name() == "email");
    let Some(channel) = channel else {
        return Outcome::Failed(SendError::ForNow("no mail server is configured".into()));
    };
    let city = city(ctx);
    let found = match letter.kind {
        LetterKind::Confirm => Ok(Vec::new()),
        LetterKind::Digest => changed(ctx, one.place, letter.since, MOST_LOOKED_AT).await,
    };
    let found = match found {
        Ok(found) => found,
        Err(error) => return Outcome::Failed(SendError::ForNow(error.to_string())),
    };
    let entries = news(&city, one, &found, (letter.since, letter.until));
    if letter.kind == LetterKind::Digest && entries.is_empty() {
        return Outcome::Nothing;
    }
    let (to, link) = match opened(ctx, &notices, one).await {
        Ok(opened) => opened,
        Err(outcome) => return outcome,
    };
    let ui = ctx.service::<Nearby>().words(&one.lang, ctx.now());
    let base = notices.public_url();
    let worded = match letter.kind {
        LetterKind::Confirm => letter::confirm(&ui, &city, one, base, &link),
        LetterKind::Digest => letter::digest(&ui, &city, one, base, &link, &entries),
    };
    let message = Message {
        id: letter.id,
        kind: format!("near.{}", letter.kind),
        to,
        title: worded.title,
        text: worded.text,
        link: worded.link,
        lang: one.lang.clone(),
        ends_at: worded.ends_at,
    };
    match channel.send(&message).await {
        Ok(()) => Outcome::Sent,
        Err(error) => Outcome::Failed(error),
    }
}

/// Notes how the try of a letter ended. A letter that is given up says so in the log; the subscription stays, because a
/// server that refuses today may be the city's own.
///
/// # Errors
/// The store's.
pub async fn settle(ctx: &Ctx, (letter, one): &Claimed, outcome: Outcome) -> Result<(), NearError> {
    let (letter, one) = (letter.clone(), one.clone());
    let today = city(ctx).local_date(ctx.now());
    let spread: f64 = rand::random();
    ctx.write(move |mut w| {
        let of_letter = |word| {
            AuditEvent::done(word, "letter", letter.id.to_string())
                .district(letter.district.as_str())
                .detail(serde_json::json!({ "kind": letter.kind.as_str(), "attempts": letter.attempts + 1 }))
        };
        let word = match &outcome {
            Outcome::Sent => {
                if letter.kind == LetterKind::Digest {
                    sql::told_late(&mut w, letter.district, letter.subscription, today)?;
                }
                sql::drop_letter(&mut w, &letter)?;
                "near.sent"
            }
            Outcome::Nothing => {
                sql::drop_letter(&mut w, &letter)?;
                "near.drop"
            }
            Outcome::Erased => {
                match &one {
                    Some(one) => remove(&mut w, one, ErasureCause::Requested)?,
                    None => sql::drop_letter(&mut w, &letter)?,
                }
                "near.drop"
            }
            Outcome::Failed(error) => {
                let for_good = matches!(error, SendError::ForGood(_));
                match after_failure(letter.attempts + 1, for_good, w.now(), spread) {
                    Next::Again(at) => {
                        sql::postpone(&mut w, &letter, at)?;
                        "near.wait"
                    }
                    Next::GiveUp => {
                        tracing::warn!(letter = %letter.id, %error, "letter {} about a place is given up", letter.id);
                        sql::drop_letter(&mut w, &letter)?;
                        "near.fail"
                    }
                }
            }
        };
        Ok(w.commit(of_letter(word), ())?)
    })
    .await
}

/// One round of the worker: takes what is due, sends it side by side, notes how each ended; answers how many were tried.
///
/// # Errors
/// The store's, when nothing could be taken. What cannot be noted is logged, and sent again when its lease is over.
pub async fn deliver_due(ctx: &Ctx) -> Result<usize, NearError> {
    let ctx = ctx.renewed();
    let claimed = claim_due(&ctx).await?;
    let tried = claimed.len();
    let mut running = tokio::task::JoinSet::new();
    for one in claimed {
        let ctx = ctx.clone();
        running.spawn(async move {
            let outcome = send_one(&ctx, &one).await;
            if let Err(error) = settle(&ctx.renewed(), &one, outcome).await {
                let id = one.0.id;
                tracing::warn!(letter = %id, %error, "how letter {id} was sent could not be noted; it is sent again");
            }
        });
    }
    while running.join_next().await.is_some() {}
    Ok(tried)
}
