//! Calling other systems: take what is due, send it signed, note how it ended. Killed between, it is sent again with the
//! same id when its lease is over.

use crate::model::{Connector, ConnectorError, Handover, Kind, LOSSES, Standing, Told, Trouble};
use crate::order::OrderView;
use crate::sql;
use access::{Ctx, Role, UnitId};
use cases::ops::view::{Viewer, stamp};
use cases::service::Cases;
use cases::{Case, CaseEvent, CaseId};
use jiff::Timestamp;
use kernel::id::Id;
use notices::outgoing::{CallError, Endpoint, Secret};
use notices::rules::{self, Next};
use notices::{NewNotice, Notices, To};
use std::sync::Arc;
use std::time::Duration;
use store::{AuditEvent, Read, StoreResult, Write};

/// Hand-overs taken at once.
const BATCH: i64 = 20;

/// Hand-overs that this worker took, with the systems they go to.
#[derive(Debug, Clone, Default)]
pub struct Claimed {
    due: Vec<Handover>,
    connectors: Vec<Connector>,
}

impl Claimed {
    /// How many.
    pub fn len(&self) -> usize {
        self.due.len()
    }
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }
}

/// Takes what is due: nobody else has it until its lease is over.
///
/// # Errors
/// The store's.
pub async fn claim(ctx: &Ctx) -> Result<Claimed, ConnectorError> {
    let now = ctx.now();
    if ctx
        .read::<_, ConnectorError, _>(move |r| Ok(sql::due(r, now, 1)?))
        .await?
        .is_empty()
    {
        return Ok(Claimed::default());
    }
    ctx.write::<_, ConnectorError, _>(move |mut w| {
        let mut taken = Vec::new();
        for due in sql::due(&mut w, now, BATCH)? {
            if sql::claim(&mut w, &due, now + rules::LEASE)? {
                taken.push(due);
            }
        }
        if taken.is_empty() {
            return Ok(w.unchanged(Claimed::default())?);
        }
        let claimed = Claimed {
            connectors: sql::connectors(&mut w)?,
            due: taken,
        };
        let event = AuditEvent::done("connector.try", "handover", claimed.due[0].message_id())
            .detail(serde_json::json!({ "count": claimed.len() }));
        Ok(w.commit(event, claimed)?)
    })
    .await
}

/// What is sent: the order as it stands for the system of its unit, few words of the moment of the event for a subscriber.
async fn body(
    ctx: &Ctx,
    notices: &Notices,
    connector: &Connector,
    h: &Handover,
) -> Result<Option<serde_json::Value>, ConnectorError> {
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let (district, id) = (h.district, CaseId(h.case));
    let head = |word: String, data: serde_json::Value| serde_json::json!({ "id": h.message_id(), "type": word, "at": stamp(h.made_at, &city.timezone), "data": data });
    if connector.kind == Kind::Events {
        // What the record says of the moment of the event: the same however often and however late it is sent.
        let life = ctx
            .read::<_, ConnectorError, _>(move |r| Ok(cases::sql::events(r, district, id)?))
            .await?;
        let then = at_event(id, &life, h.event_seq);
        return Ok(then.map(|case| {
            let unit = case.unit.map(|u| u.to_string());
            let data = serde_json::json!({
                "number": case.number, "event": h.event, "seq": h.event_seq, "state": case.state.as_str(), "unit": unit,
            });
            head(format!("case.{}", h.event), data)
        }));
    }
    let (case, files) = ctx
        .read::<_, ConnectorError, _>(move |r| {
            Ok((
                cases::sql::by_id(r, district, id)?,
                attachments::ops::of_case(r, district, id.0)?,
            ))
        })
        .await?;
    let Some(case) = case else {
        return Ok(None);
    };
    // What the unit has no longer is none of its system's business: the number, and that it is over.
    if LOSSES.contains(&h.event.as_str()) {
        let data =
            serde_json::json!({ "number": case.number, "event": h.event, "seq": h.event_seq });
        return Ok(Some(head(format!("order.{}", h.event), data)));
    }
    // The unit has the case or its part no longer: its system hears no more of it.
    if !has_work(&case, connector.unit) {
        return Ok(None);
    }
    let viewer = Viewer::new(&cases, ctx.now());
    let order = OrderView::of(&viewer, &case, &files, notices.public_url());
    let data = serde_json::to_value(order).map_err(|e| store::StoreError::Engine(e.to_string()))?;
    Ok(Some(head(format!("order.{}", h.event), data)))
}

/// The case as it was right after one of its events; none where there is no such event.
fn at_event(id: CaseId, life: &[CaseEvent], seq: u32) -> Option<Case> {
    let at = life.iter().position(|event| event.seq == seq)?;
    cases::rules::replay(id, &life[..=at])
}

/// Whether a case, or an open part of it, is with a unit.
fn has_work(case: &Case, unit: Option<UnitId>) -> bool {
    unit.is_some() && (case.unit == unit || case.joint.open().any(|part| Some(part.unit) == unit))
}

/// How a sending ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The other side took it.
    Sent,
    /// There is nothing to send any more.
    Nothing,
    /// It was not taken: why, and whether for good.
    Failed(String, bool),
}

/// Sends one hand-over that was taken.
pub async fn send_one(ctx: &Ctx, claimed: &Claimed, at: usize) -> Outcome {
    let notices = ctx.service::<Notices>();
    let handover = &claimed.due[at];
    let connector = claimed
        .connectors
        .iter()
        .find(|c| c.id == handover.connector && c.enabled);
    let Some(connector) = connector.filter(|c| !c.url.is_empty()) else {
        return Outcome::Failed(
            "the connector is not in use, or is no longer called".into(),
            true,
        );
    };
    match call(ctx, &notices, connector, handover).await {
        Ok(None) => Outcome::Nothing,
        Ok(Some(Ok(()))) => Outcome::Sent,
        Ok(Some(Err(error))) => Outcome::Failed(error.to_string(), error.is_for_good()),
        Err(error) => {
            let id = handover.message_id();
            tracing::warn!(%id, %error, "hand-over {id} could not be made ready");
            Outcome::Failed("it could not be made ready".into(), false)
        }
    }
}

async fn call(
    ctx: &Ctx,
    notices: &Notices,
    connector: &Connector,
    handover: &Handover,
) -> Result<Option<Result<(), CallError>>, ConnectorError> {
    let wrong = |reason: &str| ConnectorError::field("url", "connectors.bad_url", reason);
    let endpoint: Endpoint = connector.url.parse().map_err(wrong)?;
    let (keys, name) = (notices.keys().cloned(), connector.secret_name());
    let keys = keys.ok_or_else(|| wrong("there is no vault"))?;
    let secret = ctx
        .read::<_, ConnectorError, _>(move |r| Ok(vault::ops::secret(r, &keys, &name)?))
        .await?
        .ok_or_else(|| wrong("there is no secret"))?;
    let Some(body) = body(ctx, notices, connector, handover).await? else {
        return Ok(None);
    };
    let body = body.to_string().into_bytes();
    let signed = Secret::from(&secret).sign(&handover.message_id(), ctx.clock().now(), &body);
    let limit = Duration::from_secs(u64::try_from(connector.timeout_s).unwrap_or(20));
    Ok(Some(
        notices.caller().post(&endpoint, &signed, body, limit).await,
    ))
}

/// Notes how the sending of a hand-over ended.
///
/// # Errors
/// The store's.
pub async fn settle(
    ctx: &Ctx,
    claimed: &Claimed,
    at: usize,
    outcome: Outcome,
) -> Result<Standing, ConnectorError> {
    let handover = claimed.due[at].clone();
    let is_unit = claimed
        .connectors
        .iter()
        .any(|c| c.id == handover.connector && c.kind == Kind::Unit);
    let spread: f64 = rand::random();
    ctx.renewed()
        .write::<_, ConnectorError, _>(move |mut w| {
            let now = w.now();
            let never = Timestamp::MAX;
            let (state, next, sent, failure, word) = match &outcome {
                // An order has to be acknowledged; a subscriber has heard.
                Outcome::Sent if is_unit => (Standing::Sent, never, Some(now), String::new(), "connector.sent"),
                Outcome::Sent => (Standing::Taken, never, Some(now), String::new(), "connector.sent"),
                Outcome::Nothing => (Standing::Dropped, never, None, String::new(), "connector.drop"),
                Outcome::Failed(why, for_good) => {
                    match rules::after_failure(handover.attempts + 1, *for_good, now, spread) {
                        Next::Again(at) => (Standing::Waiting, at, None, why.clone(), "connector.wait"),
                        Next::GiveUp => (Standing::Failed, never, None, why.clone(), "connector.fail"),
                    }
                }
            };
            let n = sql::settle(&mut w, &handover, state, next, sent, &failure)?;
            let event = AuditEvent::done(word, "handover", handover.message_id())
                .district(handover.district.as_str())
                .detail(serde_json::json!({ "attempts": handover.attempts + 1, "why": failure, "late": n == 0 }));
            Ok(w.commit(event, state)?)
        })
        .await
}

/// One round of the worker; answers how many were sent or tried.
///
/// # Errors
/// The store's, when nothing could be taken.
pub async fn push_due(ctx: &Ctx) -> Result<usize, ConnectorError> {
    let ctx = ctx.renewed();
    let claimed = Arc::new(claim(&ctx).await?);
    let mut running = tokio::task::JoinSet::new();
    for at in 0..claimed.len() {
        let (ctx, claimed) = (ctx.clone(), claimed.clone());
        running.spawn(async move {
            let outcome = send_one(&ctx, &claimed, at).await;
            if let Err(error) = settle(&ctx, &claimed, at, outcome).await {
                let id = claimed.due[at].message_id();
                tracing::warn!(%id, %error, "how hand-over {id} was sent could not be noted; it is sent again");
            }
        });
    }
    while running.join_next().await.is_some() {}
    Ok(claimed.len())
}

/// What there is to tell: of trouble that is new, and of trouble that is over. What a connector that was put out of use had is over
/// without a word.
struct News {
    begun: Vec<(Connector, Trouble, Handover)>,
    over: Vec<(Connector, Told)>,
    gone: Vec<Told>,
}

impl News {
    fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.over.is_empty() && self.gone.is_empty()
    }
}

/// Two statements while all is well.
fn news(r: &mut Read<'_>, now: Timestamp) -> StoreResult<News> {
    let (stuck, told) = (sql::troubles(r, now)?, sql::told(r)?);
    let mut news = News {
        begun: Vec::new(),
        over: Vec::new(),
        gone: Vec::new(),
    };
    if stuck.is_empty() && told.is_empty() {
        return Ok(news);
    }
    let connectors = sql::connectors(r)?;
    let of = |id: Id| connectors.iter().find(|c| c.id == id);
    for (id, trouble) in &stuck {
        let is_told = told
            .iter()
            .any(|t| t.connector == *id && t.trouble == *trouble);
        let Some(connector) = of(*id).filter(|_| !is_told) else {
            continue;
        };
        if let Some(first) = sql::first_stuck(r, now, *id, *trouble)? {
            news.begun.push((connector.clone(), *trouble, first));
        }
    }
    for told in told {
        if stuck.contains(&(told.connector, told.trouble)) {
            continue;
        }
        match of(told.connector).filter(|c| c.enabled) {
            None => news.gone.push(told),
            Some(connector) => {
                let pace = sql::pace(r, &told, now)?;
                if crate::rules::is_over(told.trouble, pace) {
                    news.over.push((connector.clone(), told));
                }
            }
        }
    }
    Ok(news)
}

/// Posts a notice about a connector to the administrator and to the heads of its unit, each with the page of what is stuck.
fn tell(
    w: &mut Write<'_>,
    notices: &Notices,
    connector: &Connector,
    new: impl Fn(To, &'static str) -> NewNotice,
) -> StoreResult<()> {
    let unit = connector.unit.map(|unit| To::Unit {
        unit,
        roles: vec![Role::DepartmentLead],
    });
    notices::ops::post(
        w,
        notices,
        &new(To::Role(Role::SystemAdmin), "/connectors/stuck"),
    )?;
    if let Some(unit) = unit {
        notices::ops::post(w, notices, &new(unit, "/unit/handovers"))?;
    }
    Ok(())
}

/// Tells the administrator and the unit what is the matter with a connector, once until it is over, and once that it is over;
/// answers of how much they were told. The list of what is stuck has every hand-over all the while.
///
/// # Errors
/// The store's.
pub async fn tell_stuck(ctx: &Ctx) -> Result<usize, ConnectorError> {
    let ctx = ctx.renewed();
    let now = ctx.now();
    if ctx
        .read::<_, ConnectorError, _>(move |r| Ok(news(r, now)?.is_empty()))
        .await?
    {
        return Ok(0);
    }
    let notices = ctx.service::<Notices>();
    ctx.write::<_, ConnectorError, _>(move |mut w| {
        let now = w.now();
        let news = news(&mut w, now)?;
        let mut events = Vec::new();
        for (connector, trouble, first) in &news.begun {
            if !sql::begin_trouble(&mut w, connector.id, *trouble)? {
                continue;
            }
            let kind = match trouble {
                Trouble::Late => "connector.stuck",
                Trouble::Failed => "connector.failed",
            };
            let once = format!("{kind}/{}/{}", connector.id, now.as_microsecond());
            tell(&mut w, &notices, connector, |to, path| {
                NewNotice::new(once.clone(), kind, to, first.district, path)
                    .with("number", first.case_no.clone())
                    .with("name", connector.name.clone())
            })?;
            events.push(
                AuditEvent::done("connector.stuck", "connector", connector.id.to_string())
                    .detail(serde_json::json!({ "trouble": trouble, "first": first.message_id() })),
            );
        }
        for (connector, told) in &news.over {
            let Some(district) = sql::last_district(&mut w, connector.id)? else {
                continue;
            };
            if !sql::end_trouble(&mut w, connector.id, told.trouble)? {
                continue;
            }
            let once = format!(
                "connector.well/{}/{}/{}",
                connector.id,
                told.trouble,
                now.as_microsecond()
            );
            tell(&mut w, &notices, connector, |to, path| {
                NewNotice::new(once.clone(), "connector.well", to, district, path)
                    .with("name", connector.name.clone())
            })?;
            events.push(
                AuditEvent::done("connector.well", "connector", connector.id.to_string()).detail(
                    serde_json::json!({ "trouble": told.trouble, "since": told.since.to_string() }),
                ),
            );
        }
        let told = events.len();
        for gone in &news.gone {
            if sql::end_trouble(&mut w, gone.connector, gone.trouble)? {
                events.push(
                    AuditEvent::done("connector.calm", "connector", gone.connector.to_string())
                        .detail(serde_json::json!({ "trouble": gone.trouble })),
                );
            }
        }
        if events.is_empty() {
            return Ok(w.unchanged(0)?);
        }
        Ok(w.commit_all(&events, told)?)
    })
    .await
}
