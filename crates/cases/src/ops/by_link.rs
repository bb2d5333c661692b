//! What a requester does: answer a question, rate, reopen, add something. Who that is, the private link shows, or the account
//! with which it was reported. The code beside a number shows a case; to act takes one of the two.

use super::act::{Stored, known, known_codes};
use super::timers::{Job, facts, make};
use super::{CaseError, actor_of, own_case, track_link, words};
use crate::lists::ListKind;
use crate::model::{Case, State};
use crate::moves::Act;
use crate::rules::{ClockCommand, Command, FairCommand, Refusal, fairness, merging};
use crate::service::Cases;
use crate::{sql, sql_record};
use access::Ctx;
use kernel::codes::CaseNumber;
use std::net::IpAddr;
use store::{Read, StoreError};
use vault::ops::Known;

/// What shows that somebody is the requester of a case.
#[derive(Debug, Clone, Copy)]
pub enum Proof<'p> {
    /// The private link.
    Link {
        /// Its last part.
        token: &'p str,
        /// Where it was asked from: wrong tries slow a network down.
        client: Option<IpAddr>,
    },
    /// The account that is signed in, with which the case was reported.
    Account(CaseNumber),
}

impl Proof<'_> {
    /// The requester's own case.
    ///
    /// # Errors
    /// Those of [`track_link`] and of [`own_case`].
    pub async fn case(self, ctx: &Ctx) -> Result<Case, CaseError> {
        match self {
            Self::Link { token, client } => track_link(ctx, token, client).await,
            Self::Account(number) => own_case(ctx, number).await,
        }
    }
}

/// What is masked in what a requester says: whom the own case is of, and whom the one in which it goes on.
fn known_of(r: &mut Read<'_>, cases: &Cases, own: &Case, end: &Case) -> Result<Known, CaseError> {
    let mask = known(r, cases, own)?;
    if own.number == end.number {
        return Ok(mask);
    }
    Ok(mask.and(known(r, cases, end)?))
}

async fn begin(ctx: &Ctx, proof: Proof<'_>) -> Result<Job, CaseError> {
    let seen = proof.case(ctx).await?;
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    Ok(Job {
        lists: cases.lists(ctx).await?,
        actor: actor_of(ctx.principal(), &city.units),
        city,
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
/// Those of [`Proof::case`]; a code that is none; a rule's.
pub async fn rate(ctx: &Ctx, proof: Proof<'_>, command: FairCommand) -> Result<Case, CaseError> {
    let job = begin(ctx, proof).await?;
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
        note,
    };
    let days = job.lists.rules.rate_days;
    let cases = ctx.service::<Cases>();
    ctx.write(move |mut w| {
        let (own, end) = with_end(&mut w, &job.seen)?;
        let mut command = Command::Fair(command.clone());
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
            command = Command::OfMerged {
                command: Box::new(command),
                unit: end.unit,
            };
        }
        let inner = match &mut command {
            Command::OfMerged { command, .. } => command.as_mut(),
            other => other,
        };
        if let Command::Fair(FairCommand::Rate { note, .. }) = inner {
            *note = known(&mut w, &cases, &own)?.mask(note);
        }
        let (case, event) = make(&mut w, &job, &own, command)?;
        Ok(w.commit(event, case)?)
    })
    .await
}

/// The requester is not content and the matter goes on: the case of the link, or the one that it was merged into.
///
/// # Errors
/// As [`rate`].
pub async fn reopen(ctx: &Ctx, proof: Proof<'_>, reason: &str) -> Result<Case, CaseError> {
    let job = begin(ctx, proof).await?;
    let (reason, cases) = (reason.to_owned(), ctx.service::<Cases>());
    ctx.write(move |mut w| {
        let (own, end) = with_end(&mut w, &job.seen)?;
        let mask = known_of(&mut w, &cases, &own, &end)?;
        let command = FairCommand::Reopen {
            reason: mask.mask(&reason),
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
/// As [`rate`].
pub async fn add_message(ctx: &Ctx, proof: Proof<'_>, text: &str) -> Result<Case, CaseError> {
    let job = begin(ctx, proof).await?;
    let (text, cases) = (text.to_owned(), ctx.service::<Cases>());
    ctx.write(move |mut w| {
        let (own, end) = with_end(&mut w, &job.seen)?;
        let text = known_of(&mut w, &cases, &own, &end)?.mask(&text);
        let command = Command::Fair(FairCommand::AddMessage { text });
        let (case, event) = make(&mut w, &job, &end, command)?;
        Ok(w.commit(event, case)?)
    })
    .await
}

/// The requester answers the question that the unit asked. The clock of handling runs on.
///
/// # Errors
/// Those of [`Proof::case`]; a rule's when nothing is being asked.
pub async fn answer(ctx: &Ctx, proof: Proof<'_>, text: &str) -> Result<Case, CaseError> {
    let job = begin(ctx, proof).await?;
    let answer = ClockCommand::Answer {
        text: text.into(),
        how: String::new(),
    };
    let cases = ctx.service::<Cases>();
    ctx.write(move |mut w| {
        let before = sql::by_id(&mut w, job.seen.district, job.seen.id)?
            .ok_or_else(|| CaseError::not_found(job.seen.number))?;
        let mask = known(&mut w, &cases, &before)?;
        let command = Command::Clock(super::act::masked_words(answer.clone(), &mask));
        let (case, event) = make(&mut w, &job, &before, command)?;
        Ok(w.commit(event, case)?)
    })
    .await
}
