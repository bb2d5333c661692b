//! 认领 — an enterprise, an organisation or a residents' group subscribes to matters in places, sees place, class and
//! redacted text of the open ones, and claims one. Every guard of `rights.md` is asked in `cases` before anything happens.

use super::{DispatchError, acting_unit, city, own_unit};
use crate::model::{ClaimRow, Subscription};
use crate::redact::redacted;
use crate::{sql, sql_desk};
use access::{Ctx, Permission, UnitId};
use cases::Case;
use cases::ops::joint as claims;
use cases::rules::JointCommand;
use kernel::DivisionCode;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use matters::{City, MatterId};
use store::{AuditEvent, Read, StoreError};

/// Shown of each list.
const MOST: i64 = 50;
/// Cases looked at to find those that are open to the unit.
const LOOKED_AT: i64 = 200;
/// Classes asked for at once.
const MOST_CLASSES: usize = 60;
/// Subscriptions of one unit.
const MOST_SUBSCRIPTIONS: usize = 50;

/// What a claimant sees of a case: nothing else leaves by this door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Its number.
    pub number: CaseNumber,
    /// The name of its class.
    pub class: String,
    /// The division it lies in, down to the community.
    pub place: String,
    /// What was reported, redacted.
    pub text: String,
    /// When it was reported.
    pub reported_at: jiff::Timestamp,
    /// When its unit has to have handled it.
    pub due_at: Option<jiff::Timestamp>,
}

/// The caller's unit, if it is one that may claim.
///
/// # Errors
/// The lack of the permission; an account without a unit.
pub fn claimant(ctx: &Ctx, city: &City) -> Result<Option<UnitId>, DispatchError> {
    ctx.require(Permission::CaseClaim)?;
    let unit = own_unit(ctx)?;
    Ok(Some(unit).filter(|unit| claims::is_of_society(city, *unit)))
}

fn society(ctx: &Ctx, city: &City) -> Result<UnitId, DispatchError> {
    acting_unit(ctx)?;
    // The permission is there; it is the unit that is of another kind.
    claimant(ctx, city)?.ok_or(DispatchError::NotNow {
        code: "dispatch.not_of_society",
        reason: "claims are for enterprises, organisations and residents' groups",
    })
}

/// Whether a subscription holds for a case.
pub fn holds(city: &City, subscription: &Subscription, case: &Case) -> bool {
    let Some(class) = case.matter.and_then(|m| city.matter(m)) else {
        return false;
    };
    let of_matter = (subscription.catalogue.is_empty()
        || subscription.catalogue == class.catalogue)
        && class.code.starts_with(&subscription.matter);
    let of_place = subscription
        .division
        .is_none_or(|division| claims::lies_in(city, case, division));
    of_matter && of_place
}

/// What the caller's unit subscribed to.
///
/// # Errors
/// [`DispatchError`].
pub async fn subscriptions(ctx: &Ctx) -> Result<Vec<Subscription>, DispatchError> {
    let Some(unit) = claimant(ctx, &city(ctx))? else {
        return Ok(Vec::new());
    };
    Ok(ctx.read(move |r| sql_desk::subscriptions(r, unit)).await?)
}

/// Subscribes the caller's unit to the matters whose code begins so, in a division.
///
/// # Errors
/// [`DispatchError`].
pub async fn subscribe(
    ctx: &Ctx,
    matter: &str,
    division: Option<DivisionCode>,
) -> Result<Id, DispatchError> {
    let city = city(ctx);
    let unit = society(ctx, &city)?;
    let matter = matter.trim();
    let mut fits = city
        .matters
        .choices()
        .filter(|c| c.code.starts_with(matter));
    if matter.chars().count() > 40 || fits.next().is_none() {
        let matter: String = matter.chars().take(40).collect();
        return Err(DispatchError::field(
            "matter",
            "dispatch.unknown_matter",
            format!("no class has a code that begins with {matter:?}"),
        ));
    }
    if let Some(unknown) = division.filter(|d| city.territory.division(*d).is_none()) {
        return Err(DispatchError::field(
            "division",
            "dispatch.unknown_division",
            format!("no division {unknown}"),
        ));
    }
    let subscription = Subscription {
        id: Id::new(ctx.now(), rand::random()),
        unit,
        catalogue: String::new(),
        matter: matter.to_owned(),
        division,
        made_at: ctx.now(),
    };
    let id = subscription.id;
    ctx.write(move |mut w| {
        let known = sql_desk::subscriptions(&mut w, unit)?;
        let is_there = |s: &&Subscription| {
            s.matter == subscription.matter && s.division == subscription.division
        };
        if known.iter().find(is_there).is_some() {
            return Ok(w.unchanged(())?);
        }
        if known.len() >= MOST_SUBSCRIPTIONS {
            let reason = format!("a unit has at most {MOST_SUBSCRIPTIONS} subscriptions");
            let error = DispatchError::field("matter", "dispatch.many_subscriptions", reason);
            let most = i64::try_from(MOST_SUBSCRIPTIONS).unwrap_or(i64::MAX);
            return Err(error.with("most", most));
        }
        sql_desk::subscribe(&mut w, &subscription)?;
        let event = AuditEvent::done("subscription.make", "unit", unit.to_string()).detail(
            serde_json::json!({ "matter": subscription.matter, "division": subscription.division }),
        );
        Ok(w.commit(event, ())?)
    })
    .await?;
    Ok(id)
}

/// Ends a subscription of the caller's unit.
///
/// # Errors
/// [`DispatchError`].
pub async fn unsubscribe(ctx: &Ctx, id: Id) -> Result<(), DispatchError> {
    let unit = society(ctx, &city(ctx))?;
    ctx.write(move |mut w| {
        if sql_desk::unsubscribe(&mut w, id, unit)? == 0 {
            return Err(DispatchError::NotFound("subscription"));
        }
        let event = AuditEvent::done("subscription.end", "unit", unit.to_string());
        Ok(w.commit(event, ())?)
    })
    .await
}

/// The open cases that the caller's unit subscribed to and may claim, newest first. Two statements.
///
/// # Errors
/// [`DispatchError`].
pub async fn open(ctx: &Ctx) -> Result<Vec<Open>, DispatchError> {
    let city = city(ctx);
    let Some(unit) = claimant(ctx, &city)? else {
        return Ok(Vec::new());
    };
    let on = city.local_date(ctx.now());
    let of = city.clone();
    let (subscribed, found) = ctx
        .read(move |r| -> Result<_, StoreError> {
            let subscribed = sql_desk::subscriptions(r, unit)?;
            let classes: Vec<MatterId> = of
                .matters
                .classes()
                .iter()
                .filter(|c| c.flags.public && !c.flags.confidential)
                .filter(|c| {
                    subscribed.iter().any(|s| {
                        (s.catalogue.is_empty() || s.catalogue == c.catalogue)
                            && c.code.starts_with(&s.matter)
                    })
                })
                .map(|c| c.id)
                .take(MOST_CLASSES)
                .collect();
            let found = sql_desk::open_to_claim(r, &classes, LOOKED_AT)?;
            Ok((subscribed, found))
        })
        .await?;
    Ok(found
        .iter()
        .filter(|case| {
            case.joint.claim.is_none()
                && claims::not_open(&city, case).is_none()
                && subscribed.iter().any(|s| holds(&city, s, case))
                && claims::interest(&city, case, unit, on).is_none()
        })
        .take(usize::try_from(MOST).unwrap_or(usize::MAX))
        .map(|case| shown(&city, case))
        .collect())
}

/// What a claimant sees of a case.
pub fn shown(city: &City, case: &Case) -> Open {
    let class = case.matter.and_then(|m| city.matter(m));
    let community = case
        .place
        .grid
        .and_then(|g| city.territory.community_of(g))
        .map(|c| c.code)
        .or(case.place.division);
    Open {
        number: case.number,
        class: class.map(|c| c.name_zh.clone()).unwrap_or_default(),
        place: community
            .map(|d| city.territory.name(d))
            .unwrap_or_default(),
        text: redacted(&case.description),
        reported_at: case.reported_at,
        due_at: case.due_at,
    }
}

/// The claims of the caller's unit, newest first. One statement.
///
/// # Errors
/// [`DispatchError`].
pub async fn own(ctx: &Ctx) -> Result<Vec<(ClaimRow, Open)>, DispatchError> {
    let city = city(ctx);
    let Some(unit) = claimant(ctx, &city)? else {
        return Ok(Vec::new());
    };
    let found = ctx.read(move |r| sql::claims_of(r, unit, MOST)).await?;
    Ok(found
        .into_iter()
        .map(|(row, case)| {
            let open = shown(&city, &case);
            (row, open)
        })
        .collect())
}

fn is_subscribed(
    city: std::sync::Arc<City>,
    unit: UnitId,
) -> impl FnMut(&mut Read<'_>, &Case) -> Result<bool, cases::ops::CaseError> + Send + 'static {
    move |r, case| {
        let subscribed = sql_desk::subscriptions(r, unit)?;
        Ok(subscribed.iter().any(|s| holds(&city, s, case)))
    }
}

/// Claims a case for the caller's unit.
///
/// # Errors
/// [`DispatchError`].
pub async fn claim(ctx: &Ctx, number: CaseNumber) -> Result<(), DispatchError> {
    let city = city(ctx);
    let unit = society(ctx, &city)?;
    let command = JointCommand::Claim {
        claimant: cases::model::Claimant::default(),
    };
    claims::act_as_claimant(
        ctx,
        number,
        command,
        is_subscribed(city, unit),
        |w, case| {
            sql::insert_claim(w, case)?;
            Ok(Vec::new())
        },
    )
    .await?;
    Ok(())
}

/// The claimant shows what it did, with evidence.
///
/// # Errors
/// [`DispatchError`].
pub async fn show(
    ctx: &Ctx,
    number: CaseNumber,
    result: String,
    attachments: Vec<Id>,
) -> Result<(), DispatchError> {
    let city = city(ctx);
    let unit = society(ctx, &city)?;
    let command = JointCommand::ShowClaim {
        result,
        attachments,
    }
    .masked(|t| kernel::mask::mask_free_text(t, &[]).0);
    claims::act_as_claimant(
        ctx,
        number,
        command,
        is_subscribed(city, unit),
        |w, case| {
            sql::lay_claims(w, case, crate::model::ClaimOutcome::Shown)?;
            Ok(Vec::new())
        },
    )
    .await?;
    Ok(())
}

/// The claimant gives its claim up.
///
/// # Errors
/// [`DispatchError`].
pub async fn drop(ctx: &Ctx, number: CaseNumber, reason: String) -> Result<(), DispatchError> {
    let city = city(ctx);
    let unit = society(ctx, &city)?;
    let command = JointCommand::DropClaim { reason };
    claims::act_as_claimant(
        ctx,
        number,
        command,
        is_subscribed(city, unit),
        |w, case| {
            sql::lay_claims(w, case, crate::model::ClaimOutcome::Dropped)?;
            Ok(Vec::new())
        },
    )
    .await?;
    Ok(())
}
