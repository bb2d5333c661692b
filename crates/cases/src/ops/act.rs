//! Acting on a case: one transaction, one or several moves, each checked against role, permission and the table.

use super::report::{NewPlace, class_in_force, late_record, locate, moment_of};
use super::{CaseError, Change, Reach, actor_of, is_open_to, words};
use crate::basis::Basis;
use crate::lists::{ListEntry, ListKind, Lists};
use crate::model::{Case, CaseEvent, Satisfaction, Standard, State, TaskKind, VerifyOutcome};
use crate::moves::{Act, MOVES};
use crate::record::Answer;
use crate::rules::{
    self, Actor, AnswerCommand, ClockCommand, Command, Facts, FairCommand, JointCommand, Refusal,
    merging,
};
use crate::service::Cases;
use crate::{sql, sql_lists, sql_record, sql_unclear};
use access::{AccountId, Ctx, Principal, Role, UnitId, Word};
use attachments::{AttachmentError, AttachmentKind};
use jiff::Timestamp;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use matters::{City, MatterId};
use std::sync::Arc;
use store::{AuditEvent, Read, Sealed, StoreError, Write};
use vault::ops::Known;

/// The most moves of one call.
const MOST_STEPS: usize = 8;

/// What somebody wants done, as people and programs say it. Against the city's data it becomes a [`Command`].
#[derive(Debug, Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "the fields are those of the facts they lead to"
)]
pub enum Step {
    Verify {
        outcome: VerifyOutcome,
        note: String,
        attachments: Vec<Id>,
    },
    TakeTask {
        to: Option<AccountId>,
    },
    Accept {
        matter: Option<MatterId>,
        urgent: bool,
    },
    /// `doors`: codes of the city's list of other channels; none = all of them.
    NotAccept {
        reason: String,
        doors: Vec<String>,
    },
    Correct {
        matter: Option<MatterId>,
        place: Option<NewPlace>,
    },
    /// `rule` is the number of the registration condition; none = the only one.
    Register {
        rule: Option<u32>,
    },
    /// `doors` as in `NotAccept`.
    NotRegister {
        reason: String,
        doors: Vec<String>,
    },
    /// Without a unit: the one a coordinator ruled, else the one responsible for the matter at the place.
    Dispatch {
        unit: Option<UnitId>,
        basis: String,
    },
    Sign,
    Return {
        reason: String,
    },
    Rule {
        unit: UnitId,
        reason: String,
    },
    Assign {
        handler: AccountId,
    },
    ReportBack {
        result: String,
        attachments: Vec<Id>,
    },
    Check {
        passed: bool,
        note: String,
        attachments: Vec<Id>,
    },
    Close {
        closing: String,
    },
    CallBack {
        contacted: Option<bool>,
        solved: Option<bool>,
        satisfaction: Satisfaction,
        missing: Vec<String>,
        note: String,
    },
    RequestVoid {
        reason: String,
    },
    RefuseVoid {
        reason: String,
    },
    Void {
        reason: String,
    },
    Merge {
        into: CaseNumber,
    },
    Unmerge,
    ConfirmSelfHandling,
    Note {
        text: String,
        attachments: Vec<Id>,
    },
    Clock(ClockCommand),
    /// Nature and answer; what the city's list says of a nature is looked up.
    Reply(AnswerCommand),
    /// Appeal, exclusion, reopening; codes are looked up in the city's lists.
    Fair(FairCommand),
    Joint(JointCommand),
}

impl Step {
    /// Its row in the table of moves.
    pub fn act(&self) -> Act {
        match self {
            Self::Verify { .. } => Act::Verify,
            Self::TakeTask { .. } => Act::TakeTask,
            Self::Accept { .. } => Act::Accept,
            Self::NotAccept { .. } => Act::NotAccept,
            Self::Correct { .. } => Act::Correct,
            Self::Register { .. } => Act::Register,
            Self::NotRegister { .. } => Act::NotRegister,
            Self::Dispatch { .. } => Act::Dispatch,
            Self::Sign => Act::Sign,
            Self::Return { .. } => Act::Return,
            Self::Rule { .. } => Act::Rule,
            Self::Assign { .. } => Act::Assign,
            Self::ReportBack { .. } => Act::ReportBack,
            Self::Check { .. } => Act::Check,
            Self::Close { .. } => Act::Close,
            Self::CallBack { .. } => Act::CallBack,
            Self::RequestVoid { .. } => Act::RequestVoid,
            Self::RefuseVoid { .. } => Act::RefuseVoid,
            Self::Void { .. } => Act::Void,
            Self::Merge { .. } => Act::Merge,
            Self::Unmerge => Act::Unmerge,
            Self::ConfirmSelfHandling => Act::ConfirmSelfHandling,
            Self::Note { .. } => Act::Note,
            Self::Clock(command) => command.act(),
            Self::Reply(command) => command.act(),
            Self::Fair(command) => command.act(),
            Self::Joint(command) => command.act(),
        }
    }
    /// Its pictures and documents, each as what it shows.
    fn files(&self) -> Vec<(Id, AttachmentKind)> {
        let (files, kind) = match self {
            Self::Verify { attachments, .. } => (attachments, AttachmentKind::Verify),
            Self::ReportBack { attachments, .. } => (attachments, AttachmentKind::After),
            Self::Check { attachments, .. } => (attachments, AttachmentKind::Check),
            Self::Note { attachments, .. }
            | Self::Fair(FairCommand::LodgeAppeal { attachments, .. }) => {
                (attachments, AttachmentKind::Document)
            }
            Self::Joint(
                JointCommand::AnswerPart { attachments, .. }
                | JointCommand::ShowClaim { attachments, .. },
            ) => (attachments, AttachmentKind::After),
            _ => return Vec::new(),
        };
        files.iter().map(|id| (*id, kind)).collect()
    }
}

/// All that the write closure needs; it may run more than once.
pub(super) struct Job {
    pub cases: Arc<Cases>,
    pub city: Arc<City>,
    pub lists: Arc<Lists>,
    pub principal: Principal,
    pub actor: Actor,
    pub reach: Reach,
    pub number: CaseNumber,
    pub expected: Option<u32>,
    pub steps: Vec<Step>,
    /// When it was done, where it is recorded later.
    pub done_at: Option<Timestamp>,
}

/// What a room above writes in the transaction of an act: it gets the case as it is after the act.
type Beside<'a> = dyn FnMut(&mut Write<'_>, &Case) -> Result<Vec<AuditEvent>, CaseError> + 'a;

/// Makes one or several moves on a case, all or none. With `expected_version` the case must still be as the actor saw it.
///
/// # Errors
/// [`CaseError`]; refusals are in the audit trail, and nothing has happened.
pub async fn act(
    ctx: &Ctx,
    number: CaseNumber,
    expected_version: Option<u32>,
    steps: Vec<Step>,
) -> Result<Case, CaseError> {
    act_done(ctx, number, expected_version, steps, None).await
}

/// As [`act`], for acts that were done earlier than they are recorded, such as without a network. The record has both
/// moments, clocks run on the later one, and the audit trail says that they differ.
///
/// # Errors
/// As [`act`]; a moment in the future or more than 31 days ago.
pub async fn act_done(
    ctx: &Ctx,
    number: CaseNumber,
    expected_version: Option<u32>,
    steps: Vec<Step>,
    done_at: Option<Timestamp>,
) -> Result<Case, CaseError> {
    let done_at = moment_of("done_at", done_at, ctx.now())?;
    carry_out(ctx, number, expected_version, steps, done_at, |_, _| {
        Ok(Vec::new())
    })
    .await
}

/// [`act`], with something that a room above writes in the same transaction; its audit events come after those of the acts.
///
/// # Errors
/// As [`act`], and those of `beside`: then nothing has happened.
pub async fn act_with<F>(
    ctx: &Ctx,
    number: CaseNumber,
    expected_version: Option<u32>,
    steps: Vec<Step>,
    beside: F,
) -> Result<Case, CaseError>
where
    F: FnMut(&mut Write<'_>, &Case) -> Result<Vec<AuditEvent>, CaseError> + Send + 'static,
{
    carry_out(ctx, number, expected_version, steps, None, beside).await
}

async fn carry_out<F>(
    ctx: &Ctx,
    number: CaseNumber,
    expected_version: Option<u32>,
    steps: Vec<Step>,
    done_at: Option<Timestamp>,
    mut beside: F,
) -> Result<Case, CaseError>
where
    F: FnMut(&mut Write<'_>, &Case) -> Result<Vec<AuditEvent>, CaseError> + Send + 'static,
{
    if steps.is_empty() {
        return Err(CaseError::field(
            "acts",
            "cases.no_acts",
            "name at least one act",
        ));
    }
    if steps.len() > MOST_STEPS {
        return Err(CaseError::field(
            "acts",
            "cases.many_acts",
            format!("at most {MOST_STEPS} acts in one call"),
        ));
    }
    let first = steps[0].act();
    let cases = ctx.service::<Cases>();
    let reach = recorded(ctx, &number, Some(first), Reach::of(ctx)).await?;
    let city = cases.city();
    let job = Job {
        lists: cases.lists(ctx).await?,
        cases,
        principal: ctx.principal().clone(),
        actor: actor_of(ctx.principal(), &city.units),
        city,
        reach,
        number,
        expected: expected_version,
        steps,
        done_at,
    };
    let done = ctx.write(move |w| attempt(w, &job, &mut beside)).await;
    recorded(ctx, &number, Some(first), done).await
}

/// Puts a note into the file of a case, whatever its version.
///
/// # Errors
/// As [`act`].
pub async fn note(
    ctx: &Ctx,
    number: CaseNumber,
    text: String,
    attachments: Vec<Id>,
) -> Result<Case, CaseError> {
    act(ctx, number, None, vec![Step::Note { text, attachments }]).await
}

/// Hands a result on, after writing a refusal into the audit trail.
pub(super) async fn recorded<T>(
    ctx: &Ctx,
    number: &CaseNumber,
    tried: Option<Act>,
    result: Result<T, CaseError>,
) -> Result<T, CaseError> {
    if let Some(event) = result.as_ref().err().and_then(|e| e.audit(number, tried)) {
        ctx.record_refusal(event).await?;
    }
    result
}

/// The acts that are somebody's to do on a case as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Acts {
    /// Those that are possible, in the order of the table. Content is checked when they are done.
    pub open: Vec<Act>,
    /// Those that are used up, or whose time is over, and why.
    pub closed: Vec<(Act, Refusal)>,
}

/// Which acts somebody may do on a case as it stands now: [`Acts::open`].
pub fn allowed(ctx: &Ctx, case: &Case) -> Vec<Act> {
    acts_of(ctx, case).open
}

/// Which acts are somebody's to do on a case, and which of them are no longer possible.
pub fn acts_of(ctx: &Ctx, case: &Case) -> Acts {
    let principal = ctx.principal();
    let cases = ctx.service::<Cases>();
    let (city, rules) = (cases.city(), cases.rules());
    let actor = actor_of(principal, &city.units);
    let facts = Facts {
        now: ctx.now(),
        actor: &actor,
        calendar: city.calendar_at(case.place.here()),
        tz: &city.timezone,
        rules: &rules,
        on_duty: None,
    };
    let mut acts = Acts::default();
    for row in MOVES.iter().filter(|row| row.from.contains(&case.state)) {
        // A claimant acts on a page of its own, and who may whistle the register of units says.
        let is_elsewhere = matches!(row.act, Act::Claim | Act::ShowClaim | Act::Whistle);
        if !matches!(row.by, crate::moves::Who::Program)
            && !matches!(row.act, Act::Join | Act::Part | Act::RenewCall)
            && !is_elsewhere
            && is_open_to(principal, row.act).is_ok()
            && rules::may(case, row.act, &actor).is_ok()
        {
            match rules::bounds(case, row.act, &facts) {
                Ok(()) => acts.open.push(row.act),
                Err(refusal) => acts.closed.push((row.act, refusal)),
            }
        }
    }
    acts
}

pub(super) fn attempt(
    mut w: Write<'_>,
    job: &Job,
    above: &mut Beside<'_>,
) -> Result<Sealed<Case>, CaseError> {
    let Some(before) = sql::by_number(&mut w, &job.number)? else {
        return Err(CaseError::not_found(job.number));
    };
    if !job.reach.holds(&before) && !whistles_at_home(job, &before) {
        return Err(CaseError::NotFound {
            number: job.number.to_string(),
            is_hidden: true,
        });
    }
    if let Some(expected) = job.expected.filter(|v| *v != before.version) {
        let since = sql_lists::events_after(&mut w, before.district, before.id, expected)?;
        let since = since.iter().map(Change::of).collect();
        return Err(CaseError::Changed {
            number: job.number,
            expected,
            found: before.version,
            since,
        });
    }
    let mut case = before.clone();
    let mut events: Vec<CaseEvent> = Vec::new();
    let mut audits: Vec<AuditEvent> = Vec::with_capacity(job.steps.len());
    let mask = match job.steps.iter().any(has_words) {
        true => known(&mut w, &job.cases, &before)?,
        false => Known::default(),
    };
    for step in &job.steps {
        let act = step.act();
        is_open_to(&job.principal, act)?;
        // The table and the role first: content that was not looked up tells nothing to whoever may not act.
        rules::may(&case, act, &job.actor).map_err(|refusal| CaseError::Rule { act, refusal })?;
        let now = w.now();
        let command = resolve(&mut w, job, &case, step, &mask, now)?;
        let other = beside(&mut w, job, &case, &command)?;
        let facts = facts(job, &case, now);
        let mut new = rules::decide(Some(&case), command, &facts)
            .map_err(|refusal| CaseError::Rule { act, refusal })?;
        for event in &mut new {
            event.done_at = job.done_at;
        }
        let from = case.state;
        for event in &new {
            case = rules::apply(Some(case), event).expect("an event never takes a case away");
        }
        events.extend(new);
        audits.extend(other);
        let detail = serde_json::json!({ "from": from.as_str(), "to": case.state.as_str(), "version": case.version });
        audits.push(
            AuditEvent::done(act.audit(), "case", case.number.to_string())
                .district(case.district.as_str())
                .detail(detail),
        );
        audits.extend(
            job.done_at
                .map(|done_at| late_record(&case, act, done_at, now)),
        );
    }
    if case.confidential
        && !before.confidential
        && let Some(subject) = case.subject
    {
        vault::ops::make_confidential(&mut w, case.district, subject)?;
    }
    let files: Vec<(Id, AttachmentKind)> = job.steps.iter().flat_map(Step::files).collect();
    claim(&mut w, &job.cases, &case, &files)?;
    sql::update(&mut w, &case, &before, &events)?;
    audits.extend(above(&mut w, &case)?);
    Ok(w.commit_all(&audits, case)?)
}

/// Whether nothing is wanted but a whistle by the street in which the case lies: a street calls units to any matter of its
/// own, whoever handles it, and sees the case from then on.
fn whistles_at_home(job: &Job, case: &Case) -> bool {
    job.steps.iter().all(|step| step.act() == Act::Whistle)
        && job.reach.covers(case)
        && (job.actor.unit).is_some_and(|unit| super::joint::is_street_of(&job.city, unit, case))
}

/// Ties uploaded files to the case. One statement.
pub(super) fn claim(
    w: &mut Write<'_>,
    cases: &Cases,
    case: &Case,
    files: &[(Id, AttachmentKind)],
) -> Result<(), CaseError> {
    if files.is_empty() {
        return Ok(());
    }
    let refuse = |code, reason: String| Err(CaseError::field("attachments", code, reason));
    if cases.attachments().is_none() {
        return refuse(
            "cases.no_files",
            "this deployment takes no attachments".into(),
        );
    }
    match attachments::ops::attach(w, case.district, case.id.0, files) {
        Ok(()) => Ok(()),
        Err(AttachmentError::Gone(id)) => {
            refuse("cases.unknown_file", format!("no upload {id} of yours"))
        }
        Err(error @ AttachmentError::TooMany { .. }) => {
            refuse("cases.many_files", error.to_string())
        }
        Err(AttachmentError::Store(error)) => Err(error.into()),
        Err(other) => Err(StoreError::Engine(other.to_string()).into()),
    }
}

/// What a move does to the cases on the other side: a merge, undoing it, a reopening.
fn beside(
    w: &mut Write<'_>,
    job: &Job,
    case: &Case,
    command: &Command,
) -> Result<Vec<AuditEvent>, CaseError> {
    let mut others = Stored {
        w,
        facts: &|other, now| facts(job, other, now),
        late: &|other, now| Some(words::for_a_late_joiner(job, other, now)),
        audits: Vec::new(),
    };
    merging::beside(&mut others, case, command)?;
    Ok(others.audits)
}

/// The other cases in the transaction of a move.
pub(super) struct Stored<'a, 'w> {
    /// The transaction.
    pub w: &'a mut Write<'w>,
    /// What decisions on them rest on.
    pub facts: &'a dyn Fn(&Case, Timestamp) -> Facts<'a>,
    /// The answer to somebody who joins a case that is over.
    pub late: &'a dyn Fn(&Case, Timestamp) -> Option<Answer>,
    /// What was done to them.
    pub audits: Vec<AuditEvent>,
}

impl merging::Others for Stored<'_, '_> {
    type Error = CaseError;
    fn find(&mut self, number: &CaseNumber) -> Result<Option<Case>, CaseError> {
        Ok(sql::by_number(self.w, number)?)
    }
    fn merged_into(&mut self, number: &CaseNumber) -> Result<Vec<Case>, CaseError> {
        Ok(sql_record::merged_into(self.w, number)?)
    }
    fn make(
        &mut self,
        other: &Case,
        command: FairCommand,
        of: &CaseNumber,
    ) -> Result<Case, CaseError> {
        let now = self.w.now();
        let act = command.act();
        let command = match (self.late)(other, now) {
            Some(words) => answered(Command::Fair(command), words),
            None => Command::Fair(command),
        };
        let events = rules::decide(Some(other), command, &(self.facts)(other, now))
            .map_err(|refusal| CaseError::Rule { act, refusal })?;
        let after = events
            .iter()
            .fold(Some(other.clone()), rules::apply)
            .expect("an event never takes a case away");
        sql::update(self.w, &after, other, &events)?;
        let detail = serde_json::json!({ "case": of.to_string(), "version": after.version });
        let event = AuditEvent::done(act.audit(), "case", after.number.to_string())
            .district(after.district.as_str())
            .detail(detail);
        self.audits.push(event);
        Ok(after)
    }
}

fn facts<'a>(job: &'a Job, case: &Case, now: Timestamp) -> Facts<'a> {
    Facts {
        now,
        actor: &job.actor,
        calendar: job.city.calendar_at(case.place.here()),
        tz: &job.city.timezone,
        rules: &job.lists.rules,
        on_duty: on_duty(&job.city, case, now),
    }
}

/// The grid worker who checks a case by turn: nobody where the published list of tasks for grid workers has no such check.
fn on_duty(city: &City, case: &Case, now: Timestamp) -> Option<AccountId> {
    let class = case.matter.and_then(|m| city.matter(m));
    let is_listed = city.items.check(TaskKind::Check.as_str(), class).is_ok();
    let grid = case.place.grid.filter(|_| is_listed)?;
    city.worker_on_duty(grid, now)
}

/// Refuses a task for a grid worker that the published list (网格事项清单) does not have, naming the list. Checkers are none.
fn listed(city: &City, case: &Case, kind: TaskKind, roles: &[Role]) -> Result<(), CaseError> {
    if !roles.contains(&Role::Collector) || roles.contains(&Role::Checker) {
        return Ok(());
    }
    let class = case.matter.and_then(|m| city.matter(m));
    city.items
        .check(kind.as_str(), class)
        // words: cases-off-task-*
        .map_err(|off| {
            CaseError::field("to", "cases.off_list", off.to_string())
                .with("list", off.list)
                .with("task", Word::Key(format!("cases-off-task-{}", off.task)))
                .with("matter", off.matter)
        })
}

/// Free text with phone and ID numbers and mail addresses masked: what people write into a case is not the place for them.
pub(super) fn masked(text: &str) -> String {
    Known::default().mask(text)
}

/// What is masked in the words of a case besides numbers: its requester's name and mail address, as the vault has them.
/// Without a requester or a vault there is nothing to know.
pub(super) fn known(r: &mut Read<'_>, cases: &Cases, case: &Case) -> Result<Known, CaseError> {
    let (Some(keys), Some(subject)) = (cases.vault(), case.subject) else {
        return Ok(Known::default());
    };
    // What cannot be masked is not stored.
    Known::of(r, keys, case.district, subject)
        .map_err(|error| StoreError::Engine(error.to_string()).into())
}

/// Whether somebody's words come with a step: then the requester's name is looked for in them.
fn has_words(step: &Step) -> bool {
    !matches!(
        step,
        Step::TakeTask { .. }
            | Step::Accept { .. }
            | Step::Correct { place: None, .. }
            | Step::Register { .. }
            | Step::Sign
            | Step::Assign { .. }
            | Step::Close { .. }
            | Step::Merge { .. }
            | Step::Unmerge
            | Step::ConfirmSelfHandling
    )
}

/// Looks up what a step names, so that the rules decide on facts.
fn resolve(
    r: &mut Read<'_>,
    job: &Job,
    case: &Case,
    step: &Step,
    mask: &Known,
    now: Timestamp,
) -> Result<Command, CaseError> {
    let city = &job.city;
    Ok(match step.clone() {
        Step::Verify {
            outcome,
            note,
            attachments,
        } => {
            listed(city, case, TaskKind::Verify, &job.actor.roles)?;
            Command::Verify {
                outcome,
                note: mask.mask(&note),
                attachments,
            }
        }
        Step::TakeTask { to } => {
            let kind = case.task.as_ref().map_or(TaskKind::Verify, |t| t.kind);
            match to {
                Some(to) => {
                    let worker = check_worker(r, city, case, to)?;
                    listed(city, case, kind, &worker.roles.0)?;
                }
                None => listed(city, case, kind, &job.actor.roles)?,
            }
            Command::TakeTask { to }
        }
        Step::Accept { matter, urgent } => {
            // Accepted under the class it has, where none is named.
            if let Some(id) = matter.or(case.matter) {
                class_in_force(city, id, city.local_date(now))?;
            }
            Command::Accept { matter, urgent }
        }
        Step::NotAccept { reason, doors } => {
            let (reason, doors) = (mask.mask(&reason), open_doors(job, doors)?);
            let answer = words::at_the_end(job, case, Act::NotAccept, &reason, doors, now);
            answered(Command::NotAccept { reason }, answer)
        }
        Step::Correct { matter, place } => {
            let mut place = place.map(|new| locate(city, &new)).transpose()?;
            if let Some(address) = place.as_mut().and_then(|p| p.address.as_mut()) {
                *address = mask.mask(address);
            }
            // The class it has stays possible: whoever corrects the place does not choose it anew.
            if let Some(id) = matter.filter(|id| case.matter != Some(*id)) {
                class_in_force(city, id, city.local_date(now))?;
            }
            Command::Correct { matter, place }
        }
        Step::Register { rule } => Command::Register {
            standard: standard(city, case, rule, now)?,
        },
        Step::NotRegister { reason, doors } => {
            let (reason, doors) = (mask.mask(&reason), open_doors(job, doors)?);
            let answer = words::at_the_end(job, case, Act::NotRegister, &reason, doors, now);
            answered(Command::NotRegister { reason }, answer)
        }
        Step::Dispatch { unit, basis } => {
            let (unit, found) = match unit.or(case.ruled) {
                Some(unit) => (known_unit(city, unit)?, String::new()),
                None => responsible(r, city, case, now)?,
            };
            Command::Dispatch {
                unit,
                basis: if basis.trim().is_empty() {
                    found
                } else {
                    mask.mask(&basis)
                },
            }
        }
        Step::Sign => Command::Sign,
        Step::Return { reason } => Command::Return {
            reason: mask.mask(&reason),
        },
        Step::Rule { unit, reason } => Command::Rule {
            unit: known_unit(city, unit)?,
            reason: mask.mask(&reason),
        },
        Step::Assign { handler } => {
            check_handler(r, case, handler)?;
            Command::Assign { handler }
        }
        Step::ReportBack {
            result,
            attachments,
        } => Command::ReportBack {
            result: mask.mask(&result),
            attachments,
        },
        Step::Check {
            passed,
            note,
            attachments,
        } => {
            listed(city, case, TaskKind::Check, &job.actor.roles)?;
            Command::Check {
                passed,
                note: mask.mask(&note),
                attachments,
            }
        }
        Step::Close { closing } => {
            let answer = words::at_the_end(job, case, Act::Close, &closing, Vec::new(), now);
            answered(Command::Close { closing }, answer)
        }
        Step::CallBack {
            contacted,
            solved,
            satisfaction,
            missing,
            note,
        } => {
            let command = Command::CallBack {
                contacted,
                solved,
                satisfaction,
                missing: known_codes(&job.lists, ListKind::Missing, "missing", missing)?,
                note: mask.mask(&note),
            };
            if case.state == State::Merged {
                Command::OfMerged {
                    unit: check_merged_call(r, job, case)?,
                    command: Box::new(command),
                }
            } else {
                command
            }
        }
        Step::RequestVoid { reason } => Command::RequestVoid {
            reason: mask.mask(&reason),
        },
        Step::RefuseVoid { reason } => Command::RefuseVoid {
            reason: mask.mask(&reason),
        },
        Step::Void { reason } => {
            let reason = mask.mask(&reason);
            let answer = words::at_the_end(job, case, Act::Void, &reason, Vec::new(), now);
            answered(Command::Void { reason }, answer)
        }
        Step::Merge { into } => Command::Merge {
            into: target(r, job, case, into)?,
        },
        Step::Unmerge => Command::Unmerge,
        Step::ConfirmSelfHandling => {
            let act = Act::ConfirmSelfHandling;
            let answer = words::at_the_end(job, case, act, "", Vec::new(), now);
            answered(Command::ConfirmSelfHandling, answer)
        }
        Step::Note { text, attachments } => {
            let mentions = super::joint::mentioned(r, case, &text, &city.units)?;
            Command::Note {
                text: mask.mask(&text),
                attachments,
                mentions,
            }
        }
        Step::Clock(command) => Command::Clock(masked_words(command, mask)),
        Step::Reply(command) => Command::Reply(words::known_reply(job, case, command, mask, now)?),
        Step::Fair(command) => Command::Fair(words::known_fair(job, case, command, mask)?),
        Step::Joint(command) => super::joint::resolve(city, case, &job.actor, command, mask)?,
    })
}

/// The command with the answer that goes out where one is owed and nobody wrote it.
fn answered(command: Command, answer: Answer) -> Command {
    Command::Answered {
        command: Box::new(command),
        words: Box::new(answer),
    }
}

/// The doors that a refusal names: those given, else all of the city's list.
fn open_doors(job: &Job, doors: Vec<String>) -> Result<Vec<String>, CaseError> {
    if doors.is_empty() {
        let all = job.lists.active(ListKind::Door);
        return Ok(all.map(|d| d.code.clone()).collect());
    }
    known_codes(&job.lists, ListKind::Door, "doors", doors)
}

/// Codes that the city's list has, each once.
pub(super) fn known_codes(
    lists: &Lists,
    kind: ListKind,
    field: &'static str,
    codes: Vec<String>,
) -> Result<Vec<String>, CaseError> {
    let mut known: Vec<String> = Vec::with_capacity(codes.len().min(20));
    for code in codes {
        known_code(lists, kind, field, &code)?;
        if !known.contains(&code) {
            known.push(code);
        }
    }
    Ok(known)
}

/// The entry of a code that may be chosen.
pub(super) fn known_code<'l>(
    lists: &'l Lists,
    kind: ListKind,
    field: &'static str,
    code: &str,
) -> Result<&'l ListEntry, CaseError> {
    lists.choose(kind, code.trim()).ok_or_else(|| {
        let known: Vec<&str> = lists.active(kind).map(|e| e.code.as_str()).collect();
        let known = known.join(", ");
        let code: String = code.chars().take(40).collect();
        let reason = format!("{code:?} is not one of {known}");
        CaseError::field(field, "cases.unknown_code", reason)
            .with("given", code)
            .with("known", known)
    })
}

/// The requester of a merged case is called when the case it went into is over, and never by whoever had work in that;
/// answers the unit that handled it.
fn check_merged_call(
    r: &mut Read<'_>,
    job: &Job,
    case: &Case,
) -> Result<Option<UnitId>, CaseError> {
    let refused = |refusal| {
        let act = Act::CallBack;
        Err(CaseError::Rule { act, refusal })
    };
    let Some(end) = sql_record::chain(r, &case.number)?.pop() else {
        return Ok(None);
    };
    if !end.state.is_final() || end.state == State::Merged {
        return refused(Refusal::NotOver { into: end.number });
    }
    if job.actor.has_work_in(&end) {
        let act = Act::CallBack.as_str();
        return refused(Refusal::OwnUnit { act });
    }
    Ok(end.unit)
}

/// The command with the words of people masked.
pub(super) fn masked_words(command: ClockCommand, mask: &Known) -> ClockCommand {
    use ClockCommand as C;
    match command {
        C::RequestExtension { reason } => C::RequestExtension {
            reason: mask.mask(&reason),
        },
        C::RefuseExtension { reason } => C::RefuseExtension {
            reason: mask.mask(&reason),
        },
        C::RequestSuspension { reason, until } => C::RequestSuspension {
            reason: mask.mask(&reason),
            until,
        },
        C::RefuseSuspension { reason } => C::RefuseSuspension {
            reason: mask.mask(&reason),
        },
        C::AskRequester { question } => C::AskRequester {
            question: mask.mask(&question),
        },
        C::Answer { text, how } => C::Answer {
            text: mask.mask(&text),
            how: mask.mask(&how),
        },
        without_words @ (C::EndorseExtension
        | C::GrantExtension
        | C::Suspend
        | C::Resume
        | C::LapseSuspension
        | C::LapseWaiting
        | C::Recompute) => without_words,
    }
}

pub(super) fn known_unit(city: &City, unit: UnitId) -> Result<UnitId, CaseError> {
    if city.units.is_in_force(unit) {
        Ok(unit)
    } else {
        Err(CaseError::field(
            "unit",
            "cases.unknown_unit",
            format!("no unit {unit} is in force"),
        ))
    }
}

/// The registration condition with its limit, as the catalogue has it now; the case keeps it from here on.
fn standard(
    city: &City,
    case: &Case,
    rule: Option<u32>,
    now: Timestamp,
) -> Result<Standard, CaseError> {
    let missing = || CaseError::Rule {
        act: Act::Register,
        refusal: Refusal::Missing { field: "matter" },
    };
    let matter = case.matter.ok_or_else(missing)?;
    let class = class_in_force(city, matter, city.local_date(now))?;
    let conditions = &class.conditions;
    let condition = match rule {
        Some(number) => class.condition(number),
        None if conditions.len() == 1 => conditions.first(),
        None => None,
    };
    let Some(condition) = condition else {
        let known: Vec<String> = conditions.iter().map(|c| c.rule_no.to_string()).collect();
        let is_none = known.is_empty();
        let known = known.join(", ");
        let (reason, key) = match (rule, is_none) {
            (_, true) => (
                format!("class {} has no registration condition", class.code),
                "cases-rule-none", // word
            ),
            (Some(number), _) => (
                format!(
                    "class {} has no condition {number}, only {known}",
                    class.code
                ),
                "cases-rule-other", // word
            ),
            (None, _) => (
                format!(
                    "class {} has several conditions, choose one of {known}",
                    class.code
                ),
                "cases-rule-several", // word
            ),
        };
        let args = match is_none {
            true => vec![("class", class.code.as_str().into())],
            false => vec![
                ("class", class.code.as_str().into()),
                ("known", known.into()),
            ],
        };
        return Err(CaseError::field("rule", "cases.unknown_rule", reason)
            .with("why", access::Saying::new(key, args)));
    };
    let catalogue = city.matters.catalogue(&class.catalogue);
    Ok(Standard::of(class, condition, catalogue))
}

/// Who answers for the matter at the place today, and why. Who received it first is only asked for where a city says that
/// this counts and the case came back.
fn responsible(
    r: &mut Read<'_>,
    city: &City,
    case: &Case,
    now: Timestamp,
) -> Result<(UnitId, String), CaseError> {
    let on = city.local_date(now);
    let first = if city.duty_rules.first_receiver && case.returns > 0 {
        sql_unclear::first_receiver(r, case)?
    } else {
        None
    };
    let found = city
        .who_after(case.matter, case.place.grid, case.place.division, on, first)
        .map_err(|e| CaseError::field("unit", "cases.no_unit", e.to_string()))?;
    let basis = Basis::of(found.reason).map(|basis| basis.line());
    Ok((found.handling, basis.unwrap_or_default()))
}

/// Where a merge goes on: the case named, or the one that this was merged into, which the actor may see and which is not
/// void. One statement.
fn target(
    r: &mut Read<'_>,
    job: &Job,
    case: &Case,
    into: CaseNumber,
) -> Result<CaseNumber, CaseError> {
    let chain = sql_record::chain(r, &into)?;
    let by = (&job.actor, &*job.lists.rules);
    merging::goes_on(case, into, &chain, |c| job.reach.holds(c), by).map_err(|refusal| {
        let act = Act::Merge;
        CaseError::Rule { act, refusal }
    })
}

/// A handler is an open account of the handling unit.
fn check_handler(r: &mut Read<'_>, case: &Case, handler: AccountId) -> Result<(), CaseError> {
    let refuse = || {
        CaseError::field(
            "handler",
            "cases.unknown_handler",
            format!("{handler} is no handler of the handling unit"),
        )
    };
    let account = account(r, handler)?.ok_or_else(refuse)?;
    let handles = account
        .roles
        .0
        .iter()
        .any(|r| matches!(r, Role::Handler | Role::DepartmentLead));
    if handles && account.unit.is_some() && account.unit == case.unit {
        Ok(())
    } else {
        Err(refuse())
    }
}

/// A worker in the street is an open account that verifies or checks, and never one with work of its own in the case.
fn check_worker(
    r: &mut Read<'_>,
    city: &City,
    case: &Case,
    worker: AccountId,
) -> Result<access::Account, CaseError> {
    let refuse = || {
        CaseError::field(
            "to",
            "cases.unknown_worker",
            format!("{worker} may not do this task"),
        )
    };
    let account = account(r, worker)?.ok_or_else(refuse)?;
    let inspects = account
        .roles
        .0
        .iter()
        .any(|r| matches!(r, Role::Collector | Role::Checker));
    let in_reach = account.districts.0.is_empty() || account.districts.0.contains(&case.district);
    let is_own = super::has_own_work(&city.units, &account, case);
    if inspects && in_reach && !is_own {
        Ok(account)
    } else {
        Err(refuse())
    }
}

pub(super) fn account(
    r: &mut Read<'_>,
    id: AccountId,
) -> Result<Option<access::Account>, CaseError> {
    match access::ops::accounts::find(r, id) {
        Ok(account) => Ok((!account.is_disabled).then_some(account)),
        Err(access::AccountError::NotFound(_)) => Ok(None),
        Err(access::AccountError::Store(error)) => Err(error.into()),
        Err(other) => Err(StoreError::Engine(other.to_string()).into()),
    }
}
