//! Posting a notice inside the transaction of what it tells of.

use crate::model::{DeliveryState, MOST_RECIPIENTS, NewNotice, To};
use crate::service::Notices;
use crate::sql::{self, Row, Unheard};
use access::{AccountId, Role, UnitId};
use kernel::DistrictCode;
use kernel::id::Id;
use store::{Read, StoreResult, Write};

/// Whom a notice reaches.
enum Recipient {
    Account(AccountId),
    Requester(Id),
    /// A unit in which nobody has an account: it stands in the list of failures.
    Nobody(UnitId),
}

impl Recipient {
    fn key(&self) -> String {
        match self {
            Self::Account(id) => format!("a/{id}"),
            Self::Requester(id) => format!("s/{id}"),
            Self::Nobody(id) => format!("u/{id}"),
        }
    }
}

fn recipients(r: &mut Read<'_>, new: &NewNotice) -> StoreResult<Vec<Recipient>> {
    Ok(match &new.to {
        To::Account(id) => vec![Recipient::Account(*id)],
        To::Requester(id) => vec![Recipient::Requester(*id)],
        To::Role(role) => {
            let most = u16::try_from(MOST_RECIPIENTS).unwrap_or(u16::MAX);
            let found = access::ops::accounts::of_role(r, *role, new.district, most)?;
            found.iter().map(|a| Recipient::Account(a.id)).collect()
        }
        To::Unit { unit, roles } => match of_unit(r, *unit, roles)? {
            nobody if nobody.is_empty() => vec![Recipient::Nobody(*unit)],
            people => people,
        },
    })
}

/// The people of a unit with one of the roles, else all of it.
fn of_unit(r: &mut Read<'_>, unit: UnitId, roles: &[Role]) -> StoreResult<Vec<Recipient>> {
    let all = access::ops::accounts::of_unit(r, unit)?;
    let has_role = |a: &&access::Account| a.roles.0.iter().any(|role| roles.contains(role));
    let mut chosen: Vec<_> = all.iter().filter(has_role).collect();
    if chosen.is_empty() {
        chosen = all.iter().collect();
    }
    let people = chosen.iter().take(MOST_RECIPIENTS);
    Ok(people.map(|a| Recipient::Account(a.id)).collect())
}

/// What is told, whoever is told it.
struct Message<'a> {
    district: DistrictCode,
    once: &'a str,
    kind: &'a str,
    path: &'a str,
    places: &'a str,
}

/// Posts a notice inside the caller's transaction, whose audit event stands for it; answers how many people are told by it
/// who were not before. A repeated post of the same key changes nothing.
///
/// # Errors
/// The store's.
pub fn post(w: &mut Write<'_>, notices: &Notices, new: &NewNotice) -> StoreResult<u32> {
    let found = recipients(w, new)?;
    let places = serde_json::to_string(&new.places).expect("words are made of what JSON can hold");
    let message = Message {
        district: new.district,
        once: &new.once,
        kind: new.kind,
        path: &new.path,
        places: &places,
    };
    tell(w, notices, &message, &found)
}

/// Tells a unit what it could not read while it had nobody: its heads, else all of it. Answers whether there is anybody now.
pub(super) fn tell_unit(
    w: &mut Write<'_>,
    notices: &Notices,
    unheard: &Unheard,
) -> StoreResult<bool> {
    let found = of_unit(w, unheard.unit, &[Role::DepartmentLead])?;
    if found.is_empty() {
        return Ok(false);
    }
    let nobody = format!("/{}", Recipient::Nobody(unheard.unit).key());
    let message = Message {
        district: unheard.district,
        once: unheard.once.strip_suffix(&nobody).unwrap_or(&unheard.once),
        kind: &unheard.kind,
        path: &unheard.path,
        places: &unheard.places,
    };
    tell(w, notices, &message, &found)?;
    sql::heard(w, unheard)?;
    Ok(true)
}

fn tell(
    w: &mut Write<'_>,
    notices: &Notices,
    message: &Message<'_>,
    found: &[Recipient],
) -> StoreResult<u32> {
    let accounts: Vec<AccountId> = found
        .iter()
        .filter_map(|r| match r {
            Recipient::Account(id) => Some(*id),
            _ => None,
        })
        .collect();
    let can_leave = !notices.channels().is_empty() && notices.keys().is_some();
    let wishes = if can_leave {
        sql::wishes(w, &accounts)?
    } else {
        Vec::new()
    };
    let mut told = 0;
    for recipient in found {
        let id = Id::new(w.now(), rand::random());
        let once = format!("{}/{}", message.once, recipient.key());
        let mut row = Row {
            district: message.district,
            id,
            once: &once,
            kind: message.kind,
            account: None,
            subject: None,
            unit: None,
            path: message.path,
            places: message.places,
        };
        match recipient {
            Recipient::Account(account) => row.account = Some(*account),
            Recipient::Requester(subject) => row.subject = Some(*subject),
            Recipient::Nobody(unit) => row.unit = Some(*unit),
        }
        if !sql::insert(w, &row)? {
            continue;
        }
        told += 1;
        let wish = wishes.iter().find(|wish| row.account == Some(wish.account));
        let wanted = |channel: &str| match recipient {
            Recipient::Requester(_) => can_leave,
            Recipient::Account(_) => wish.is_some_and(|wish| match channel {
                "email" => wish.email,
                _ => wish.gateway,
            }),
            Recipient::Nobody(_) => false,
        };
        let names = notices.channels().iter().map(|c| c.name());
        for channel in names.filter(|name| wanted(name)) {
            sql::insert_delivery(w, message.district, id, channel, DeliveryState::Waiting, "")?;
        }
        if let Recipient::Nobody(_) = recipient {
            let (failed, why) = (DeliveryState::Failed, crate::model::NO_ACCOUNT);
            sql::insert_delivery(w, message.district, id, "in_app", failed, why)?;
        }
    }
    Ok(told)
}
