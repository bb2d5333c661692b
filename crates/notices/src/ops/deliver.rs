//! The worker's steps: take what is due, send it, note how it ended. Killed between sending and noting, a delivery is sent
//! again under the same id when its lease is over: nothing is lost, and the receiver can tell.

use crate::channels::{Message, SendError};
use crate::model::{DeliveryState, NoticeError, Place, Template};
use crate::rules::{self, Next};
use crate::service::Notices;
use crate::sql::{self, Due, Wishes};
use crate::template;
use access::Ctx;
use kernel::id::Id;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::AuditEvent;
use ui::Lang;
use vault::model::purpose;
use vault::{Field, VaultError};

/// Deliveries taken at once.
const BATCH: i64 = 20;

/// Deliveries that this worker took, with what they need to be worded.
#[derive(Debug, Clone, Default)]
pub struct Claimed {
    due: Vec<Due>,
    wishes: Vec<Wishes>,
    templates: Vec<Template>,
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
pub async fn claim_due(ctx: &Ctx) -> Result<Claimed, NoticeError> {
    let now = ctx.now();
    // Most of the time there is nothing, and looking costs no writer.
    if ctx
        .read::<_, NoticeError, _>(move |r| Ok(sql::due(r, now, 1)?))
        .await?
        .is_empty()
    {
        return Ok(Claimed::default());
    }
    ctx.write(move |mut w| {
        let mut taken = Vec::new();
        for due in sql::due(&mut w, now, BATCH)? {
            if sql::claim(&mut w, &due, now + rules::LEASE)? {
                taken.push(due);
            }
        }
        if taken.is_empty() {
            return Ok(w.unchanged(Claimed::default())?);
        }
        let accounts: Vec<_> = taken.iter().filter_map(|d| d.account).collect();
        let claimed = Claimed {
            wishes: sql::wishes(&mut w, &accounts)?,
            templates: sql::templates(&mut w)?,
            due: taken,
        };
        let event = AuditEvent::done("notice.try", "notice", claimed.due[0].notice.to_string())
            .detail(serde_json::json!({ "count": claimed.due.len() }));
        Ok(w.commit(event, claimed)?)
    })
    .await
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The other side took it.
    Sent,
    /// There is nothing to send it to.
    Nowhere(String),
    /// It was not taken.
    Failed(SendError),
}

/// Opens the contact: the address and, for a requester, the private link. The look is recorded.
async fn contact(
    ctx: &Ctx,
    notices: &Notices,
    due: &Due,
    field: Field,
    wishes: &[Wishes],
) -> Result<(String, Option<String>), Outcome> {
    let nowhere = |why: &str| Outcome::Nowhere(why.to_owned());
    let keys = notices.keys().ok_or_else(|| nowhere("there is no vault"))?;
    let (district, subject, fields) = match (due.account, due.subject) {
        (Some(account), _) => {
            let wish = wishes.iter().find(|w| w.account == account);
            let wish = wish.ok_or_else(|| nowhere("no address was given"))?;
            (notices.district, wish.subject, vec![field])
        }
        (None, Some(subject)) => (due.district, subject, vec![field, Field::Link]),
        (None, None) => return Err(nowhere("it is for nobody")),
    };
    let looked = vault::ops::look(ctx, keys, district, subject, &fields, purpose::NOTICE).await;
    let shown = match looked {
        Ok(shown) => shown,
        Err(VaultError::Store(error)) => {
            tracing::warn!(notice = %due.notice, %error, "the contact of notice {} could not be opened", due.notice);
            return Err(Outcome::Failed(SendError::ForNow(
                "the store was busy".into(),
            )));
        }
        // A message on a phone that others see would name what was to stay between two.
        Err(VaultError::Confidential) => return Err(nowhere("the report is confidential")),
        Err(VaultError::Erased | VaultError::NotFound) => {
            return Err(nowhere("the person was erased"));
        }
        Err(error) => {
            tracing::error!(notice = %due.notice, %error, "the contact of notice {} does not open", due.notice);
            return Err(Outcome::Failed(SendError::ForGood(
                "the contact does not open".into(),
            )));
        }
    };
    let of = |wanted: Field| {
        shown
            .iter()
            .find(|(f, _)| *f == wanted)
            .map(|(_, text)| text.clone())
    };
    let to = of(field).ok_or_else(|| nowhere("no such contact was given"))?;
    Ok((to, of(Field::Link)))
}

/// Words and sends one delivery that was taken.
pub async fn send_one(ctx: &Ctx, notices: &Notices, claimed: &Claimed, at: usize) -> Outcome {
    let due = &claimed.due[at];
    let channel = notices.channels().iter().find(|c| c.name() == due.channel);
    let Some(channel) = channel else {
        let why = "this channel is no longer configured";
        return Outcome::Failed(SendError::ForGood(why.into()));
    };
    let (to, link) = match contact(ctx, notices, due, channel.field(), &claimed.wishes).await {
        Ok(found) => found,
        Err(outcome) => return outcome,
    };
    let lang = claimed
        .wishes
        .iter()
        .find(|w| due.account == Some(w.account))
        .map_or(notices.lang.tag(), |w| w.lang.as_str());
    let Some((title, text)) = worded(&claimed.templates, &due.kind, lang, &due.places, notices)
    else {
        return Outcome::Failed(SendError::ForGood(
            "there is no template of this kind".into(),
        ));
    };
    let path = match (&link, due.subject) {
        (Some(link), _) => format!("/track/link/{link}"),
        (None, Some(_)) => "/track".to_owned(),
        (None, None) => due.path.clone(),
    };
    let message = Message {
        id: due.notice,
        kind: due.kind.clone(),
        to,
        title,
        text,
        link: format!("{}{path}", notices.public_url),
        lang: lang.to_owned(),
        ends_at: String::new(),
    };
    match channel.send(&message).await {
        Ok(()) => Outcome::Sent,
        Err(error) => Outcome::Failed(error),
    }
}

/// Title and text of a kind in a language, or in Chinese where it has none in that.
pub(super) fn worded(
    templates: &[Template],
    kind: &str,
    lang: &str,
    places: &str,
    notices: &Notices,
) -> Option<(String, String)> {
    let of = |lang: &str| templates.iter().find(|t| t.kind == kind && t.lang == lang);
    let template = of(lang).or_else(|| of(Lang::Zh.tag()))?;
    let places: BTreeMap<String, Place> = serde_json::from_str(places).unwrap_or_default();
    let fill = |text: &str| template::render(text, &template.lang, &places, &notices.timezone);
    Some((fill(&template.title), fill(&template.body)))
}

/// Notes how the try of a delivery ended.
///
/// # Errors
/// The store's.
pub async fn settle(
    ctx: &Ctx,
    claimed: &Claimed,
    at: usize,
    outcome: Outcome,
) -> Result<DeliveryState, NoticeError> {
    let due = claimed.due[at].clone();
    let ctx = ctx.renewed();
    let spread: f64 = rand::random();
    ctx.write(move |mut w| {
        let now = w.now();
        let (state, next_at, failure, word) = match &outcome {
            Outcome::Sent => (DeliveryState::Sent, now, String::new(), "notice.sent"),
            Outcome::Nowhere(why) => (DeliveryState::Dropped, now, why.clone(), "notice.drop"),
            Outcome::Failed(error) => {
                let for_good = matches!(error, SendError::ForGood(_));
                match rules::after_failure(due.attempts + 1, for_good, now, spread) {
                    Next::Again(at) => (DeliveryState::Waiting, at, error.to_string(), "notice.wait"),
                    Next::GiveUp => (DeliveryState::Failed, now, error.to_string(), "notice.fail"),
                }
            }
        };
        if sql::settle(&mut w, &due, state, next_at, &failure)? == 0 {
            // Its lease was over and another worker has it, or somebody let it begin anew.
            let event = AuditEvent::done("notice.late", "notice", due.notice.to_string());
            return Ok(w.commit(event.district(due.district.as_str()), state)?);
        }
        let event = AuditEvent::done(word, "notice", due.notice.to_string())
            .district(due.district.as_str())
            .detail(serde_json::json!({ "channel": due.channel, "attempts": due.attempts + 1, "why": failure }));
        Ok(w.commit(event, state)?)
    })
    .await
}

/// One round of the worker: takes what is due, sends it side by side, notes how each ended; answers how many were tried.
///
/// # Errors
/// The store's, when nothing could be taken. What cannot be noted is logged, and sent again when its lease is over.
pub async fn deliver_due(ctx: &Ctx) -> Result<usize, NoticeError> {
    let ctx = ctx.renewed();
    let notices = ctx.service::<Notices>();
    let claimed = Arc::new(claim_due(&ctx).await?);
    let mut running = tokio::task::JoinSet::new();
    for at in 0..claimed.len() {
        let (ctx, notices, claimed) = (ctx.clone(), notices.clone(), claimed.clone());
        running.spawn(async move {
            let outcome = send_one(&ctx, &notices, &claimed, at).await;
            let id: Id = claimed.due[at].notice;
            if let Err(error) = settle(&ctx, &claimed, at, outcome).await {
                tracing::warn!(notice = %id, %error, "how notice {id} was sent could not be noted; it is sent again");
            }
        });
    }
    while running.join_next().await.is_some() {}
    Ok(claimed.len())
}
