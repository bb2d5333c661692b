//! What a requester does by the private link, without an account: rate, reopen, add something. The code beside a number shows
//! a case; to act takes the link.

use super::act::{Stored, known_codes, masked};
use super::timers::{Job, facts, make};
use super::{CaseError, actor_of, track_link, words};
use crate::lists::ListKind;
use crate::model::{Case, State};
use crate::moves::Act;
use crate::rules::{Command, FairCommand, Refusal, fairness, merging};
use crate::service::Cases;
use crate::sql_record;
use access::Ctx;
use std::net::IpAddr;
use store::{Read, StoreError};

/// The case behind a link and, where it was merged, the one in which its matter goes on.
async fn begin(ctx: &Ctx, link: &str, client: Option<IpAddr>) -> Result<Job, CaseError> {
    let seen = track_link(ctx, link, client).await?;
    let cases = ctx.service::<Cases>();
    Ok(Job {
        city: cases.city(),
        lists: cases.lists(ctx).await?,
        actor: actor_of(ctx.principal()),
        seen,
    })
}

/// The case itself, and where its matter goes on.
fn with_end(r: &mut Read<'_>, seen: &Case) -> Result<(Case, Case), CaseError> {
    let mut chain = sql_record::chain(r, &seen.number)?;
    let end = chain
        .pop()
        .ok_or_else(|| CaseError::not_found(seen.number))?;
    let own = chain.into_iter().next().unwrap_or_else(|| end.clone());
    Ok((own, end))
}

fn is_over(end: &Case) -> bool {
    end.state.is_final() && end.state != State::Merged
}

/// The requester rates: contacted, solved, satisfied, and what is missing. A changed rating is a second fact.
///
/// # Errors
/// Those of [`super::track_link`]; a code that is none; a rule's.
pub async fn rate_by_link(
    ctx: &Ctx,
    link: &str,
    command: FairCommand,
    client: Option<IpAddr>,
) -> Result<Case, CaseError> {
    let job = begin(ctx, link, client).await?;
    let FairCommand::Rate {
        contacted,
        solved,
        satisfaction,
        missing,
        note,
    } = command
    else {
        return Err(StoreError::Engine("only a rating is a rating".into()).into());
    };
    let command = FairCommand::Rate {
        contacted,
        solved,
        satisfaction,
        missing: known_codes(&job.lists, ListKind::Missing, "missing", missing)?,
        note: masked(&note),
    };
    let days = job.lists.rules.rate_days;
    ctx.write(move |mut w| {
        let (own, end) = with_end(&mut w, &job.seen)?;
        if own.state == State::Merged {
            let act = Act::Rate;
            let refused = |refusal| Err(CaseError::Rule { act, refusal });
            if !is_over(&end) {
                return refused(Refusal::NotOver { into: end.number });
            }
            if fairness::window(&end, days).is_none_or(|until| until < w.now()) {
                let act = act.as_str();
                return refused(Refusal::WindowClosed { act, days });
            }
        }
        let (case, event) = make(&mut w, &job, &own, Command::Fair(command.clone()))?;
        Ok(w.commit(event, case)?)
    })
    .await
}

/// The requester is not content and the matter goes on: the case of the link, or the one that it was merged into.
///
/// # Errors
/// As [`rate_by_link`].
pub async fn reopen_by_link(
    ctx: &Ctx,
    link: &str,
    reason: &str,
    client: Option<IpAddr>,
) -> Result<Case, CaseError> {
    let job = begin(ctx, link, client).await?;
    let reason = masked(reason);
    ctx.write(move |mut w| {
        let (_, end) = with_end(&mut w, &job.seen)?;
        let command = FairCommand::Reopen {
            reason: reason.clone(),
            to_dispatch: words::needs_dispatch(&job.city, &end),
        };
        let command = Command::Fair(command);
        let (case, event) = make(&mut w, &job, &end, command.clone())?;
        let mut others = Stored {
            w: &mut w,
            facts: &|other, now| facts(&job, other, now),
            late: &|_, _| None,
            audits: vec![event],
        };
        merging::beside(&mut others, &end, &command)?;
        let audits = others.audits;
        Ok(w.commit_all(&audits, case)?)
    })
    .await
}

/// The requester adds something to the case; where it was merged, to the one in which the matter goes on, so that its unit
/// reads it.
///
/// # Errors
/// As [`rate_by_link`].
pub async fn add_message_by_link(
    ctx: &Ctx,
    link: &str,
    text: &str,
    client: Option<IpAddr>,
) -> Result<Case, CaseError> {
    let job = begin(ctx, link, client).await?;
    let text = masked(text);
    ctx.write(move |mut w| {
        let (_, end) = with_end(&mut w, &job.seen)?;
        let command = Command::Fair(FairCommand::AddMessage { text: text.clone() });
        let (case, event) = make(&mut w, &job, &end, command)?;
        Ok(w.commit(event, case)?)
    })
    .await
}
