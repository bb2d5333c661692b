//! Use cases: what the administrator sets, what the system of a unit asks, what is stuck.

use crate::model::{Connector, ConnectorError, Handover, Kind, Stranded, Trouble};
use crate::order::OrderView;
use crate::sql;
use access::ops::accounts;
use access::{AccountDraft, AccountId, Ctx, Permission, Role, UnitId};
use cases::ops::view::Viewer;
use cases::service::Cases;
use jiff::{SignedDuration, Timestamp};
use kernel::codes::CaseNumber;
use kernel::id::Id;
use kernel::{Cursor, Page, PageSize};
use notices::Notices;
use notices::outgoing::{Endpoint, Secret};
use store::{AuditEvent, Read, StoreResult};
use vault::crypto::SecretKey;

/// The permissions of the key by which the system of a unit calls us.
const SCOPES: [Permission; 2] = [Permission::CaseRead, Permission::CaseHandle];
/// How long such a key lives, in days.
const KEY_DAYS: i64 = 366;
/// The most stuck hand-overs of one page.
const MOST_STUCK: i64 = 200;

/// A connector as it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The one that changes, with the version that was seen; none adds one.
    pub of: Option<(Id, i64)>,
    /// What it is called.
    pub name: String,
    /// What it is to us.
    pub kind: Kind,
    /// Whose it is.
    pub unit: Option<UnitId>,
    /// Where it is called; empty = it pulls.
    pub url: String,
    /// Of which events a subscriber hears.
    pub topics: String,
    /// How long an order may stay without acknowledgement, in minutes.
    pub ack_minutes: i64,
    /// How long a call may take, in seconds.
    pub timeout_s: i64,
    /// Whether it is in use.
    pub enabled: bool,
}

fn checked(ctx: &Ctx, mut wanted: Wanted) -> Result<Wanted, ConnectorError> {
    let bad =
        |field, reason: &str| Err(ConnectorError::field(field, "connectors.bad_field", reason));
    wanted.name = wanted.name.trim().to_owned();
    if wanted.name.is_empty()
        || wanted.name.chars().count() > 60
        || wanted.name.contains(char::is_control)
    {
        return bad("name", "1 to 60 characters");
    }
    if !(1..=7 * 24 * 60).contains(&wanted.ack_minutes) {
        return bad("ack_minutes", "1 minute to a week");
    }
    if !(1..=60).contains(&wanted.timeout_s) {
        return bad("timeout_s", "1 to 60 seconds");
    }
    wanted.url = wanted.url.trim().to_owned();
    if !wanted.url.is_empty() {
        let endpoint: Endpoint = wanted
            .url
            .parse()
            .map_err(|reason: &str| ConnectorError::field("url", "connectors.bad_url", reason))?;
        let notices = ctx.service::<Notices>();
        if !notices.caller().policy().names(endpoint.host()) {
            let reason = format!(
                "the operator did not name {} in webhook_hosts",
                endpoint.host()
            );
            return Err(ConnectorError::field("url", "connectors.host", reason));
        }
    }
    match wanted.kind {
        Kind::Unit => {
            let city = ctx.service::<Cases>().city();
            match wanted.unit {
                Some(unit) if city.units.is_in_force(unit) => {}
                _ => return bad("unit", "a unit in force"),
            }
            wanted.topics = String::new();
        }
        Kind::Events => {
            wanted.unit = None;
            if wanted.url.is_empty() {
                return bad("url", "a subscriber is called: give its address");
            }
            let topics: Vec<&str> = wanted
                .topics
                .split([' ', ',', '\n'])
                .filter(|t| !t.is_empty())
                .collect();
            let is_word = |t: &&str| {
                *t == "*"
                    || (t.len() <= 40 && t.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
            };
            if topics.is_empty() || topics.len() > 60 || !topics.iter().all(is_word) {
                return bad("topics", "words such as dispatched closed, or *");
            }
            wanted.topics = topics.join(" ");
        }
    }
    Ok(wanted)
}

/// Adds or changes a connector. A new one that is called gets a secret, whose text is answered once.
///
/// # Errors
/// A field that cannot be used; `NotFound`; `Store(Conflict)`.
pub async fn set(ctx: &Ctx, wanted: Wanted) -> Result<(Connector, Option<String>), ConnectorError> {
    ctx.require(Permission::SystemManage)?;
    let wanted = checked(ctx, wanted)?;
    let keys = ctx.service::<Notices>().keys().cloned();
    let new_id = Id::new(ctx.now(), rand::random());
    let bytes: [u8; 32] = rand::random();
    ctx.write::<_, ConnectorError, _>(move |mut w| {
        let before = match wanted.of {
            Some((id, _)) => Some(sql::connector(&mut w, id)?.ok_or(ConnectorError::NotFound)?),
            None => None,
        };
        let connector = Connector {
            id: before.as_ref().map_or(new_id, |c| c.id),
            version: wanted.of.map_or(1, |(_, version)| version),
            name: wanted.name.clone(),
            // Whose it is and what it is to us no form changes: its key and its hand-overs belong to that. (A reorganisation
            // gives it to the unit that takes over.)
            kind: before.as_ref().map_or(wanted.kind, |c| c.kind),
            unit: before.as_ref().map_or(wanted.unit, |c| c.unit),
            account: before.as_ref().and_then(|c| c.account),
            url: wanted.url.clone(),
            topics: wanted.topics.clone(),
            ack_minutes: wanted.ack_minutes,
            timeout_s: wanted.timeout_s,
            enabled: wanted.enabled,
            stranded: before.as_ref().map_or_else(String::new, |c| c.stranded.clone()),
        };
        match &before {
            Some(_) => sql::update(&mut w, &connector)?,
            None => sql::insert(&mut w, &connector)?,
        }
        let mut shown = None;
        if !connector.url.is_empty()
            && let Some(keys) = &keys
            && vault::ops::secret(&mut w, keys, &connector.secret_name())?.is_none()
        {
            let key = SecretKey::new(bytes);
            vault::ops::put_secret(&mut w, keys, &connector.secret_name(), &key)?;
            shown = Some(Secret::from(&key).text());
        }
        let event = AuditEvent::done("connector.set", "connector", connector.id.to_string()).detail(serde_json::json!({
            "kind": connector.kind, "unit": connector.unit, "url": connector.url, "topics": connector.topics, "enabled": connector.enabled,
        }));
        Ok(w.commit(event, (connector, shown))?)
    })
    .await
}

/// A new secret for a connector; the old one is right no longer. Answers its text, once.
///
/// # Errors
/// `NotFound`; the vault's, the store's.
pub async fn renew_secret(ctx: &Ctx, id: Id) -> Result<String, ConnectorError> {
    ctx.require(Permission::SystemManage)?;
    let keys = ctx
        .service::<Notices>()
        .keys()
        .cloned()
        .ok_or(ConnectorError::NotFound)?;
    let bytes: [u8; 32] = rand::random();
    ctx.write::<_, ConnectorError, _>(move |mut w| {
        let connector = sql::connector(&mut w, id)?.ok_or(ConnectorError::NotFound)?;
        let key = SecretKey::new(bytes);
        vault::ops::put_secret(&mut w, &keys, &connector.secret_name(), &key)?;
        let event = AuditEvent::done("connector.secret", "connector", id.to_string());
        Ok(w.commit(event, Secret::from(&key).text())?)
    })
    .await
}

/// All connectors, for the administrators of the system and of security.
///
/// # Errors
/// The lack of both permissions; the store's.
pub async fn all(ctx: &Ctx) -> Result<Vec<Connector>, ConnectorError> {
    ctx.require(Permission::SystemManage)
        .or_else(|_| ctx.require(Permission::AccountManage))?;
    ctx.read::<_, ConnectorError, _>(|r| Ok(sql::connectors(r)?))
        .await
}

/// A key by which the system of a unit calls us: it belongs to a technical account of the unit, which nobody signs in with,
/// and may see and handle the unit's cases. Earlier keys are taken back. Answers the key, once.
///
/// # Errors
/// `NotFound` for a connector of no unit; the account's, the store's.
pub async fn issue_key(ctx: &Ctx, id: Id) -> Result<String, ConnectorError> {
    ctx.require(Permission::AccountManage)?;
    let connector = ctx
        .read::<_, ConnectorError, _>(move |r| Ok(sql::connector(r, id)?))
        .await?
        .ok_or(ConnectorError::NotFound)?;
    let unit = connector.unit.ok_or(ConnectorError::NotFound)?;
    let account = match connector.account {
        Some(account) => account,
        None => technical_account(ctx, &connector, unit).await?,
    };
    let (found, old) = ctx
        .read::<_, ConnectorError, _>(move |r| {
            Ok((accounts::find(r, account)?, accounts::tokens(r, account)?))
        })
        .await?;
    let new = accounts::new_token(&found, "connector", &SCOPES, KEY_DAYS, ctx.now())?;
    let text = new.text.clone();
    ctx.write::<_, access::AccountError, _>(move |w| accounts::add_token(w, account, &new))
        .await?;
    for token in old.into_iter().filter(|t| t.revoked_at.is_none()) {
        ctx.write::<_, access::AccountError, _>(move |w| accounts::revoke(w, account, token.id))
            .await?;
    }
    Ok(text)
}

/// The account of a connector. Made in steps of their own: one that is there already is found by its login.
async fn technical_account(
    ctx: &Ctx,
    connector: &Connector,
    unit: UnitId,
) -> Result<AccountId, ConnectorError> {
    let id = connector.id;
    let hex = id.to_string().replace('-', "");
    let login = format!("connector-{}", &hex[hex.len() - 12..]);
    let draft = AccountDraft {
        name: connector.name.clone(),
        roles: vec![Role::Handler],
        unit: Some(unit),
        districts: Vec::new(),
    };
    // No password has this hash: nobody signs in with it.
    let new = accounts::new_account(&login, draft, "!".into(), false, ctx.now())?;
    let made = ctx
        .write::<_, access::AccountError, _>(move |w| accounts::add(w, &new))
        .await;
    let account = match made {
        Ok(account) => account,
        Err(access::AccountError::LoginTaken(_)) => {
            ctx.read::<_, access::AccountError, _>(move |r| accounts::find_login(r, &login))
                .await?
                .id
        }
        Err(error) => return Err(error.into()),
    };
    ctx.write::<_, ConnectorError, _>(move |mut w| {
        sql::set_account(&mut w, id, account)?;
        let event = AuditEvent::done("connector.account", "connector", id.to_string())
            .detail(serde_json::json!({ "account": account }));
        Ok(w.commit(event, account)?)
    })
    .await
}

/// The connector of the caller's own unit.
async fn own(ctx: &Ctx) -> Result<Connector, ConnectorError> {
    ctx.require(Permission::CaseHandle)?;
    let unit = ctx.principal().unit().ok_or(ConnectorError::NoConnector)?;
    let found = ctx
        .read::<_, ConnectorError, _>(move |r| Ok(sql::of_unit(r, unit)?))
        .await?;
    found.ok_or(ConnectorError::NoConnector)
}

/// What was handed over to the caller's unit after a cursor, in order. It stays in the list when it is acknowledged, so that
/// a system that lost something begins anew. Two statements.
///
/// # Errors
/// `NoConnector`; a cursor of another list; the store's.
pub async fn orders(
    ctx: &Ctx,
    size: PageSize,
    after: Option<&Cursor>,
) -> Result<Page<Handover>, ConnectorError> {
    let connector = own(ctx).await?;
    let wrong = |e: kernel::paging::PagingError| {
        ConnectorError::field("after", "connectors.bad_cursor", e.to_string())
    };
    let (place, seq): (i64, i64) = match after {
        Some(cursor) => (
            cursor.part(0).map_err(wrong)?,
            cursor.part(1).map_err(wrong)?,
        ),
        None => (0, 0),
    };
    let rows = ctx
        .read::<_, ConnectorError, _>(move |r| {
            Ok(sql::after(r, connector.id, place, seq, size.probe())?)
        })
        .await?;
    let cursor = |h: &Handover| Cursor::new([h.place.to_string(), h.event_seq.to_string()]);
    Ok(Page::from_probe(rows, size, cursor))
}

/// One order of the caller's unit, with its pictures and documents.
///
/// # Errors
/// The case's.
pub(crate) async fn order(ctx: &Ctx, number: CaseNumber) -> Result<OrderView, ConnectorError> {
    ctx.require(Permission::CaseHandle)?;
    let case = cases::ops::find(ctx, number).await?;
    let (district, id) = (case.district, case.id.0);
    let files = ctx
        .read::<_, ConnectorError, _>(move |r| Ok(attachments::ops::of_case(r, district, id)?))
        .await?;
    let viewer = Viewer::new(&ctx.service::<Cases>(), ctx.now());
    Ok(OrderView::of(
        &viewer,
        &case,
        &files,
        ctx.service::<Notices>().public_url(),
    ))
}

/// The caller's system has what there is of a case. Acknowledging twice changes nothing; what the unit lost is acknowledged
/// as well, though it no longer sees the case.
///
/// # Errors
/// `NoConnector`; the case's; the store's.
pub async fn acknowledge(ctx: &Ctx, number: CaseNumber) -> Result<u64, ConnectorError> {
    let connector = own(ctx).await?;
    let handed_over = ctx
        .read::<_, ConnectorError, _>(move |r| {
            let Some(case) = cases::sql::by_number(r, &number)? else {
                return Ok(None);
            };
            let is_known = sql::was_handed_over(r, connector.id, case.district, case.id.0)?;
            Ok(is_known.then_some(case))
        })
        .await?;
    let case = match handed_over {
        Some(case) => case,
        None => cases::ops::find(ctx, number).await?,
    };
    ctx.write::<_, ConnectorError, _>(move |mut w| {
        let n = sql::take(&mut w, connector.id, case.id.0, u32::MAX)?;
        let event = AuditEvent::done("connector.acknowledge", "case", number.to_string())
            .district(case.district.as_str())
            .detail(serde_json::json!({ "connector": connector.id, "handovers": n }));
        Ok(w.commit(event, n)?)
    })
    .await
}

/// What is stuck, the oldest first.
#[derive(Debug, Default)]
pub struct Stuck {
    /// The hand-overs, at most some hundreds.
    pub handovers: Vec<Handover>,
    /// How many there are in all.
    pub total: i64,
    /// The connectors they are stuck at, among others.
    pub connectors: Vec<Connector>,
}

/// What is stuck: everything for the administrator, the own for a unit; with the connectors it is stuck at.
///
/// # Errors
/// The lack of both permissions; the store's.
pub async fn stuck(ctx: &Ctx) -> Result<Stuck, ConnectorError> {
    let own = match ctx.require(Permission::SystemManage) {
        Ok(()) => None,
        Err(_) => match own(ctx).await {
            Ok(connector) => Some(connector.id),
            Err(ConnectorError::NoConnector) => return Ok(Stuck::default()),
            Err(error) => return Err(error),
        },
    };
    let now = ctx.now();
    ctx.read::<_, ConnectorError, _>(move |r| {
        Ok(Stuck {
            handovers: sql::stuck(r, now, own, MOST_STUCK)?,
            total: sql::count_stuck(r, now, own)?,
            connectors: sql::connectors(r)?,
        })
    })
    .await
}

/// What is done about a hand-over that is stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mend {
    /// It begins anew.
    Again,
    /// Somebody looked, and nothing more is to be done.
    Dismiss,
}

/// Lets a stuck hand-over begin anew, or takes it off the list: the administrator any, a unit its own.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn mend(
    ctx: &Ctx,
    connector: Id,
    case: Id,
    seq: u32,
    mend: Mend,
) -> Result<(), ConnectorError> {
    if ctx.require(Permission::SystemManage).is_err() && own(ctx).await?.id != connector {
        return Err(ConnectorError::NotFound);
    }
    ctx.write::<_, ConnectorError, _>(move |mut w| {
        let found = sql::connector(&mut w, connector)?.ok_or(ConnectorError::NotFound)?;
        let until = w.now() + SignedDuration::from_mins(found.ack_minutes);
        let now = w.now();
        let (n, word) = match mend {
            Mend::Again => (
                sql::again(&mut w, &found, case, seq, until)?,
                "connector.again",
            ),
            Mend::Dismiss => (
                sql::dismiss(&mut w, connector, case, seq)?,
                "connector.dismiss",
            ),
        };
        if n == 0 {
            return Err(ConnectorError::NotFound);
        }
        // Whoever has seen to the last of what is stuck is told of the next.
        for trouble in Trouble::ALL {
            if sql::first_stuck(&mut w, now, connector, *trouble)?.is_none() {
                sql::end_trouble(&mut w, connector, *trouble)?;
            }
        }
        let event = AuditEvent::done(word, "handover", format!("{case}-{seq}-{connector}"));
        Ok(w.commit(event, ())?)
    })
    .await
}

/// How many hand-overs are stuck, for the operator. One statement.
///
/// # Errors
/// The store's.
pub fn count_stuck(r: &mut Read<'_>, now: Timestamp) -> StoreResult<i64> {
    sql::count_stuck(r, now, None)
}

/// The systems that nothing reaches any more since their units have ended, and why, for the operator. One statement.
///
/// # Errors
/// The store's.
pub fn stranded(
    r: &mut Read<'_>,
    is_in_force: impl Fn(UnitId) -> bool,
) -> StoreResult<Vec<(Connector, Stranded)>> {
    let all = sql::connectors(r)?;
    let found = all.into_iter().filter_map(|c| {
        let why = c.is_stranded(&is_in_force)?;
        Some((c, why))
    });
    Ok(found.collect())
}
