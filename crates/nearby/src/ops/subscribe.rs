//! Subscribing to a place by e-mail: asked for, confirmed by the link in the first letter, ended by the same link.

use super::city;
use crate::model::{LetterKind, NearError, Subscription};
use crate::rules::{self, MOST_CLASSES};
use crate::service::Nearby;
use crate::sql;
use access::Ctx;
use kernel::codes::DivisionCode;
use kernel::id::Id;
use notices::Notices;
use std::net::{IpAddr, Ipv4Addr};
use store::{AuditEvent, Write};
use ui::Lang;
use vault::model::{Erasure, ErasureCause, ErasureLog};
use vault::{Field, NewSubject};

/// The purpose in the vault under which addresses of subscriptions lie, and no other.
pub const PURPOSE: &str = "near";
/// The basis of what a person gives with a subscription.
const BASIS: &str = "个人信息保护法第十三条第一款第（一）项：本人同意";

/// What somebody asks to hear of.
#[derive(Debug, Clone)]
pub struct New {
    /// The place.
    pub place: DivisionCode,
    /// Codes of public classes; empty = all.
    pub classes: Vec<String>,
    /// The address as it was typed.
    pub email: String,
    /// The language of the letters.
    pub lang: Lang,
}

/// Whether this deployment can send letters at all.
pub fn may_subscribe(ctx: &Ctx) -> bool {
    ctx.service_if_any::<Notices>()
        .is_some_and(|n| n.has_channel("email") && n.keys().is_some())
}

/// The codes of public classes, each once, in order.
fn codes(ctx: &Ctx, wanted: &[String]) -> Result<String, NearError> {
    let wrong = |reason| NearError::field("classes", "nearby.classes", reason);
    if wanted.len() > MOST_CLASSES {
        return Err(wrong("names more than 20 classes"));
    }
    let city = city(ctx);
    let public = rules::classes(&city);
    let mut codes: Vec<&str> = wanted.iter().map(String::as_str).collect();
    codes.sort_unstable();
    codes.dedup();
    // A code with a space in it would be read as two.
    let is_known = |code: &&str| !code.contains(' ') && public.iter().any(|c| c.code == **code);
    if !codes.iter().all(is_known) {
        return Err(wrong("names a class that is not public"));
    }
    Ok(codes.join(" "))
}

/// Keeps the wish of somebody to hear of a place and puts the first letter up. The answer is the same whether the address
/// is subscribed already, and whether it gets a letter now: one address gets only so many.
///
/// # Errors
/// `NoMail`; `Field` for an address, a place or classes that are none; `TooOften` for one network.
pub async fn subscribe(ctx: &Ctx, client: Option<IpAddr>, new: New) -> Result<(), NearError> {
    if !may_subscribe(ctx) {
        return Err(NearError::NoMail);
    }
    let address = rules::address(&new.email)?;
    let classes = codes(ctx, &new.classes)?;
    let service = ctx.service::<Nearby>();
    let client = client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    service
        .networks
        .take(client, ctx.now(), rand::random())
        .map_err(|retry_after_s| NearError::TooOften { retry_after_s })?;
    let box_key = address.to_lowercase();
    if service
        .addresses
        .take_key(box_key.as_bytes(), ctx.now(), rand::random())
        .is_err()
    {
        return Ok(());
    }
    let notices = ctx.service::<Notices>();
    let keys = notices.keys().ok_or(NearError::NoMail)?.clone();
    let today = city(ctx).local_date(ctx.now());
    let district = new.place.district();
    ctx.write(move |mut w| {
        let link = hex::encode(rand::random::<[u8; 32]>());
        let link_hash = rules::link_hash(&link).expect("the link was just made");
        let person = NewSubject::new(district)
            .with(Field::Email, &address, PURPOSE, BASIS)?
            .with(Field::Link, &link, PURPOSE, BASIS)?;
        let now = w.now();
        let one = Subscription {
            district,
            id: Id::new(now, rand::random()),
            subject: vault::ops::put(&mut w, &keys, &person)?,
            place: new.place,
            classes: classes.clone(),
            lang: new.lang.tag().to_owned(),
            confirmed_at: None,
            told_until: now,
        };
        sql::insert(&mut w, &one, &link_hash, today)?;
        sql::insert_letter(&mut w, &one, LetterKind::Confirm, (now, now))?;
        let event = done("near.subscribe", &one)
            .detail(serde_json::json!({ "place": one.place, "classes": one.classes }));
        Ok(w.commit(event, ())?)
    })
    .await
}

fn done(word: &'static str, one: &Subscription) -> AuditEvent {
    AuditEvent::done(word, "subscription", one.id.to_string()).district(one.district.as_str())
}

/// The subscription of a link that is there, confirmed or not.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn pending(ctx: &Ctx, link: &str) -> Result<Subscription, NearError> {
    let hash = rules::link_hash(link).ok_or(NearError::NotFound)?;
    ctx.read(move |r| sql::by_link(r, &hash)?.ok_or(NearError::NotFound))
        .await
}

/// Confirms the subscription of a link; answers it. Doing it twice changes nothing.
///
/// # Errors
/// `NotFound` when it was ended or nobody confirmed it in time; the store's.
pub async fn confirm(ctx: &Ctx, link: &str) -> Result<Subscription, NearError> {
    let hash = rules::link_hash(link).ok_or(NearError::NotFound)?;
    let today = city(ctx).local_date(ctx.now());
    ctx.write(move |mut w| {
        let one = sql::by_link(&mut w, &hash)?.ok_or(NearError::NotFound)?;
        if one.confirmed_at.is_some() {
            return Ok(w.unchanged(one)?);
        }
        sql::confirm(&mut w, &one, today)?;
        Ok(w.commit(done("near.confirm", &one), one)?)
    })
    .await
}

/// Ends the subscription of a link and erases its address. A link of none is ended already.
///
/// # Errors
/// The store's.
pub async fn end(ctx: &Ctx, link: &str) -> Result<(), NearError> {
    let Some(hash) = rules::link_hash(link) else {
        return Ok(());
    };
    let erased = ctx
        .write::<_, NearError, _>(move |mut w| {
            let Some(one) = sql::by_link(&mut w, &hash)? else {
                return Ok(w.unchanged(None)?);
            };
            remove(&mut w, &one, ErasureCause::Requested)?;
            let erasure = Erasure {
                district: one.district,
                subject: one.subject,
                at: w.now(),
                cause: ErasureCause::Requested.as_str().to_owned(),
            };
            Ok(w.commit(done("near.end", &one), Some(erasure))?)
        })
        .await?;
    if let (Some(erasure), Some(log)) = (erased, ctx.service_if_any::<ErasureLog>())
        && let Err(error) = log.list(&erasure)
    {
        // It is done in the database whatever happens here; the next reconciling lists what is missing.
        tracing::warn!(%error, "an erasure could not be listed outside the database yet");
    }
    Ok(())
}

/// Removes a subscription and erases its address, inside the caller's transaction, whose audit event stands for it.
pub(super) fn remove(
    w: &mut Write<'_>,
    one: &Subscription,
    cause: ErasureCause,
) -> Result<(), NearError> {
    sql::remove(w, one.district, one.id)?;
    vault::ops::erase_in(w, one.district, one.subject, cause)?;
    Ok(())
}
