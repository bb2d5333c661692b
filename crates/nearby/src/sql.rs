//! The statements of subscriptions and letters. Public cases are asked for by [`open311::sql::page`].

use crate::model::{Letter, LetterKind, Subscription};
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use store::{Read, StoreResult, Write, params};

const READ: &str = "SELECT district, id, subject_id, place, classes, lang, confirmed_at, told_until FROM near_subscriptions";

/// A new subscription, not yet confirmed. `link_hash` is what the store keeps of its link.
pub fn insert(
    w: &mut Write<'_>,
    new: &Subscription,
    link_hash: &[u8; 32],
    today: Date,
) -> StoreResult<()> {
    let made_at = w.now();
    w.exec(
        "INSERT INTO near_subscriptions (district, id, subject_id, link_hash, place, classes, lang, made_at, confirmed_at, told_on, told_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            new.district,
            new.id,
            new.subject,
            link_hash,
            new.place,
            new.classes,
            new.lang,
            made_at,
            new.confirmed_at,
            today,
            new.told_until
        ],
    )?;
    Ok(())
}

/// The subscription that a link belongs to.
pub fn by_link(r: &mut Read<'_>, link_hash: &[u8; 32]) -> StoreResult<Option<Subscription>> {
    r.opt(&format!("{READ} WHERE link_hash = $1"), params![link_hash])
}

/// A subscription.
pub fn find(r: &mut Read<'_>, district: DistrictCode, id: Id) -> StoreResult<Option<Subscription>> {
    let sql = format!("{READ} WHERE district = $1 AND id = $2");
    r.opt(&sql, params![district, id])
}

/// Confirms a subscription: news are told from this moment on, the first time on the day after `today`.
pub fn confirm(w: &mut Write<'_>, one: &Subscription, today: Date) -> StoreResult<()> {
    let now = w.now();
    w.exec_one(
        "UPDATE near_subscriptions SET confirmed_at = $3, told_on = $4, told_until = $3 WHERE district = $1 AND id = $2 AND confirmed_at IS NULL",
        params![one.district, one.id, now, today],
    )
}

/// Removes a subscription with the letter that waits for it.
pub fn remove(w: &mut Write<'_>, district: DistrictCode, id: Id) -> StoreResult<()> {
    w.exec(
        "DELETE FROM near_letters WHERE district = $1 AND subscription_id = $2",
        params![district, id],
    )?;
    w.exec(
        "DELETE FROM near_subscriptions WHERE district = $1 AND id = $2",
        params![district, id],
    )?;
    Ok(())
}

/// Subscriptions made before a moment that nobody confirmed, the oldest first.
pub fn unconfirmed(
    r: &mut Read<'_>,
    made_before: Timestamp,
    limit: i64,
) -> StoreResult<Vec<Subscription>> {
    let sql = format!(
        "{READ} WHERE confirmed_at IS NULL AND made_at < $1 ORDER BY made_at, district, id LIMIT $2"
    );
    r.all(&sql, params![made_before, limit])
}

/// Confirmed subscriptions that were told nothing on this day yet and have no letter under way.
pub fn to_tell(r: &mut Read<'_>, today: Date, limit: i64) -> StoreResult<Vec<Subscription>> {
    let sql = format!(
        "{READ} s WHERE confirmed_at IS NOT NULL AND told_on < $1 AND NOT EXISTS \
         (SELECT 1 FROM near_letters l WHERE l.district = s.district AND l.subscription_id = s.id) \
         ORDER BY told_on, id LIMIT $2"
    );
    r.all(&sql, params![today, limit])
}

/// Notes that a subscription was told everything up to `until` for the day `today`; false when another process has done so.
pub fn told(
    w: &mut Write<'_>,
    one: &Subscription,
    today: Date,
    until: Timestamp,
) -> StoreResult<bool> {
    let changed = w.exec(
        "UPDATE near_subscriptions SET told_on = $3, told_until = $4 WHERE district = $1 AND id = $2 AND told_on < $3",
        params![one.district, one.id, today, until],
    )?;
    Ok(changed == 1)
}

/// A digest that came late counts for the day on which it was sent.
pub fn told_late(
    w: &mut Write<'_>,
    district: DistrictCode,
    id: Id,
    today: Date,
) -> StoreResult<()> {
    w.exec(
        "UPDATE near_subscriptions SET told_on = $3 WHERE district = $1 AND id = $2 AND told_on < $3",
        params![district, id, today],
    )?;
    Ok(())
}

/// Puts a letter up to be sent now.
pub fn insert_letter(
    w: &mut Write<'_>,
    one: &Subscription,
    kind: LetterKind,
    (since, until): (Timestamp, Timestamp),
) -> StoreResult<()> {
    let now = w.now();
    let id = Id::new(now, rand::random());
    w.exec(
        "INSERT INTO near_letters (district, id, subscription_id, kind, since, until, attempts, next_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)",
        params![one.district, id, one.id, kind, since, until, now],
    )?;
    Ok(())
}

/// Letters that are due, the longest waiting first.
pub fn due(r: &mut Read<'_>, now: Timestamp, limit: i64) -> StoreResult<Vec<Letter>> {
    r.all(
        "SELECT district, id, subscription_id, kind, since, until, attempts, next_at FROM near_letters \
         WHERE next_at <= $1 ORDER BY next_at, district, id LIMIT $2",
        params![now, limit],
    )
}

/// Takes a letter until `lease`; false when another worker was faster.
pub fn claim(w: &mut Write<'_>, letter: &Letter, lease: Timestamp) -> StoreResult<bool> {
    let changed = w.exec(
        "UPDATE near_letters SET attempts = attempts + 1, next_at = $4 WHERE district = $1 AND id = $2 AND next_at = $3",
        params![letter.district, letter.id, letter.next_at, lease],
    )?;
    Ok(changed == 1)
}

/// Lets a letter wait until `next_at`.
pub fn postpone(w: &mut Write<'_>, letter: &Letter, next_at: Timestamp) -> StoreResult<()> {
    w.exec(
        "UPDATE near_letters SET next_at = $3 WHERE district = $1 AND id = $2",
        params![letter.district, letter.id, next_at],
    )?;
    Ok(())
}

/// Removes a letter: it was sent, or is given up.
pub fn drop_letter(w: &mut Write<'_>, letter: &Letter) -> StoreResult<()> {
    w.exec(
        "DELETE FROM near_letters WHERE district = $1 AND id = $2",
        params![letter.district, letter.id],
    )?;
    Ok(())
}
