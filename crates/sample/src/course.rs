//! One life on its way: waits that people would need, and the commands they give.

use crate::SampleError;
use crate::classes::Entry;
use crate::hours::{DAY, HOUR, MINUTE};
use crate::lives::{Life, World};
use crate::luck::Luck;
use crate::plan::{Channel, Plan};
use crate::words;
use access::{AccountId, Role, UnitId};
use cases::model::{Place, Reported, Satisfaction, Standard, VerifyOutcome};
use cases::record::AnswerParts;
use cases::rules::{
    Actor, AnswerCommand, ClockCommand, Command, Facts, Refusal, apply, decide, new_case_id,
};
use cases::{Case, CaseEvent, State};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use matters::MatterClass;

/// Why a life goes no further.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It has come to now, to the wanted state, or to its end.
    Here,
    /// The maker gave a command that the rules refuse: a flaw of the maker.
    Refused(Refusal),
    /// The maker asked for a role nobody has: a flaw of the maker.
    Nobody(Role),
}

/// A life on its way.
pub(crate) struct Course<'w> {
    pub world: &'w World<'w>,
    pub plan: &'w Plan,
    pub entry: &'static Entry,
    pub class: &'w MatterClass,
    pub luck: Luck,
    case: Option<Case>,
    events: Vec<CaseEvent>,
    pub at: Timestamp,
    /// Where the life is to stand, and whether that is a wish or the planned course.
    until: Option<State>,
}

impl<'w> Course<'w> {
    pub(crate) fn run(
        world: &'w World<'w>,
        plan: &'w Plan,
        original: Option<kernel::CaseNumber>,
        luck: Luck,
    ) -> Result<Life, SampleError> {
        let (entry, class) = (world.entries[plan.entry], &world.classes[plan.entry]);
        let mut course = Self {
            world,
            plan,
            entry,
            class,
            luck,
            case: None,
            events: Vec::new(),
            at: plan.at,
            until: plan.until,
        };
        let walked = course.walk(original).err().unwrap_or(Stop::Here);
        match course.catch_up(walked) {
            Ok(()) | Err(Stop::Here) => {}
            Err(Stop::Refused(refusal)) => {
                return Err(SampleError::Refused {
                    number: plan.number,
                    refusal,
                });
            }
            Err(Stop::Nobody(role)) => return Err(SampleError::Nobody(role)),
        }
        match course.case {
            Some(case) => Ok(Life {
                case,
                events: course.events,
            }),
            None => Err(SampleError::Refused {
                number: plan.number,
                refusal: Refusal::Missing { field: "report" },
            }),
        }
    }

    /// Lets the clock of an open task run on to now, as the program's timers would have done.
    fn catch_up(&mut self, stop: Stop) -> Result<(), Stop> {
        if !matches!(stop, Stop::Here) {
            return Err(stop);
        }
        self.until = None;
        while self.case()?.state == State::PendingCheck {
            let Some(task) = self.case()?.task.clone() else {
                break;
            };
            self.act(task.due_at, &self.world.program, Command::LapseCheck)?;
        }
        Ok(())
    }

    fn wants(&self, state: State) -> bool {
        self.until == Some(state)
    }
    /// Whether something of this probability happens; in a life on its way to a wanted state only what leads there.
    fn happens(&mut self, probability: f64, to: Option<State>) -> bool {
        match (self.until, to) {
            (Some(until), Some(to)) if until == to => true,
            (Some(_), _) => false,
            (None, _) => self.luck.chance(probability),
        }
    }

    /// Gives a command at a moment, unless that lies ahead of now.
    fn act(&mut self, at: Timestamp, actor: &Actor, command: Command) -> Result<(), Stop> {
        let at = at.max(self.at);
        if at > self.world.now {
            return Err(Stop::Here);
        }
        let grid = self.world.land.spots[self.plan.spot].grid;
        let on_duty = self
            .world
            .territory
            .worker_on_duty(grid, self.world.tz.to_datetime(at));
        let World {
            calendar,
            tz,
            rules,
            ..
        } = self.world;
        let facts = Facts {
            now: at,
            actor,
            calendar,
            tz,
            rules,
            on_duty,
        };
        let events = decide(self.case.as_ref(), command, &facts).map_err(Stop::Refused)?;
        for event in events {
            self.case = apply(self.case.take(), &event);
            self.events.push(event);
        }
        self.at = at;
        match &self.case {
            Some(case) if Some(case.state) == self.until => Err(Stop::Here),
            _ => Ok(()),
        }
    }

    fn case(&self) -> Result<&Case, Stop> {
        self.case.as_ref().ok_or(Stop::Here)
    }

    fn walk(&mut self, original: Option<kernel::CaseNumber>) -> Result<(), Stop> {
        self.report()?;
        if self.case()?.state == State::SelfHandledAudit {
            let (at, who) = (
                self.desk(90.0),
                self.world.pick(Role::Acceptor, &mut self.luck)?,
            );
            return self.act(at, who, Command::ConfirmSelfHandling);
        }
        let merges_early = original.is_some() && self.luck.chance(0.5);
        if self.case()?.state == State::PendingVerify && !merges_early {
            self.verify()?;
        }
        if let Some(into) = original {
            let (at, who) = (
                self.desk(30.0),
                self.world.pick(Role::Acceptor, &mut self.luck)?,
            );
            return self.act(at, who, Command::Merge { into });
        }
        if self.wants(State::AnsweredDirectly) {
            return self.answer_directly();
        }
        self.accept()?;
        self.register()?;
        self.dispatch()?;
        self.handle()
    }

    fn report(&mut self) -> Result<(), Stop> {
        let World { land, .. } = *self.world;
        let (spot, channel) = (&land.spots[self.plan.spot], self.plan.channel);
        let place = words::whereabouts(spot, &mut self.luck);
        let seen = self.entry.seen[self.plan.seen].1;
        let is_alone =
            self.plan.duplicate_of.is_none() && channel == Channel::Patrol && self.entry.light;
        let to_self = if self.wants(State::SelfHandledAudit) {
            State::SelfHandledAudit
        } else {
            State::SelfHandled
        };
        let self_handled = (is_alone && self.happens(0.3, Some(to_self)))
            .then(|| (*self.luck.pick(&words::SELF_HANDLED)).to_owned());
        // Residents leave the class open more often than not.
        let knows_class = !channel.is_public() || self.luck.chance(0.4);
        let is_contact = matches!(
            channel,
            Channel::Hotline | Channel::Visit | Channel::Web | Channel::Open311
        ) || self.wants(State::Waiting);
        // Few people say what kind of contact theirs is.
        let report = Reported {
            district: spot.grid.district(),
            number: self.plan.number,
            reported_at: self.plan.at,
            channel: channel.word().into(),
            matter: knows_class.then_some(self.class.id),
            description: words::report(
                self.entry,
                seen,
                &place,
                channel,
                self.plan.in_english,
                &mut self.luck,
            ),
            place: Place {
                point: Some(self.plan.point),
                given: None,
                grid: Some(spot.grid),
                division: Some(spot.grid.community()),
                address: Some(place.address),
            },
            subject: None,
            attachments: Vec::new(),
            verify: channel.verify() && self.class.flags.verify,
            self_handled,
            notify: false,
            confidential: self.class.flags.confidential,
            same_as: None,
            nature: is_contact.then(|| "help".to_owned()),
            nature_assumed: is_contact,
            askable: Some(is_contact),
            requested: is_contact,
        };
        let actor = match channel {
            Channel::Web | Channel::Open311 => &self.world.stranger,
            Channel::Sensor => &self.world.program,
            Channel::Patrol => self.worker(self.plan.at)?,
            _ => self.world.pick(Role::Acceptor, &mut self.luck)?,
        };
        let id = new_case_id(self.plan.at, self.random_tail());
        let begun = self.act(self.plan.at, actor, Command::Report(Box::new(report)));
        if let Some(case) = &mut self.case {
            case.id = id;
        }
        begun
    }

    /// A question that the desk answers itself.
    fn answer_directly(&mut self) -> Result<(), Stop> {
        let (at, who) = (
            self.desk(15.0),
            self.world.pick(Role::Acceptor, &mut self.luck)?,
        );
        let nature = AnswerCommand::SetNature {
            nature: "consultation".into(),
            confidential: false,
        };
        self.act(at, who, Command::Reply(nature))?;
        let parts = AnswerParts {
            done: (*self.luck.pick(&words::ANSWERED)).to_owned(),
            ..AnswerParts::default()
        };
        let reply = AnswerCommand::AnswerDirectly {
            parts,
            direct: true,
        };
        self.act(at, who, Command::Reply(reply))
    }

    fn random_tail(&mut self) -> [u8; 10] {
        std::array::from_fn(|_| self.luck.below(256) as u8)
    }

    /// The collector of the place: who is on duty, else one of the beat.
    fn worker(&mut self, at: Timestamp) -> Result<&'w Actor, Stop> {
        let (territory, grid) = (
            &self.world.territory,
            self.world.land.spots[self.plan.spot].grid,
        );
        let on_duty = territory.worker_on_duty(grid, self.world.tz.to_datetime(at));
        let of_beat = territory
            .beat_of(grid)
            .and_then(|b| b.shifts.first())
            .map(|s| s.worker);
        self.world
            .actor(on_duty.or(of_beat).ok_or(Stop::Nobody(Role::Collector))?)
    }

    fn verify(&mut self) -> Result<(), Stop> {
        let Some(task) = self.case()?.task.clone() else {
            return Ok(());
        };
        if self.happens(0.025, None) {
            return self.act(task.due_at, &self.world.program, Command::LapseVerify);
        }
        let wait = 15.0 * MINUTE + self.luck_wait(150.0);
        let at = self
            .street(self.after(wait))
            .min(task.due_at - SignedDuration::from_mins(1));
        let actor = match task.assignee {
            Some(worker) => self.world.actor(worker)?,
            None => self.worker(at)?,
        };
        if task.assignee.is_none() && self.luck.chance(0.6) {
            let taken = at - SignedDuration::from_mins(12);
            self.act(taken, actor, Command::TakeTask { to: None })?;
        }
        let to_refusal = Some(State::NotAccepted);
        let (outcome, notes): (_, &[&str]) = if self.happens(0.07, to_refusal) {
            (VerifyOutcome::No, &words::DISPROVED)
        } else if self.happens(0.05, None) {
            (VerifyOutcome::NotFound, &words::NOT_FOUND)
        } else {
            (VerifyOutcome::Yes, &words::VERIFIED)
        };
        let note = (*self.luck.pick(notes)).to_owned();
        self.act(
            at,
            actor,
            Command::Verify {
                outcome,
                note,
                attachments: Vec::new(),
            },
        )
    }

    fn accept(&mut self) -> Result<(), Stop> {
        let (at, who) = (
            self.desk(22.0),
            self.world.pick(Role::Acceptor, &mut self.luck)?,
        );
        let disproved = matches!(
            self.case()?.verified,
            Some(VerifyOutcome::No | VerifyOutcome::NotFound)
        );
        let refused = if disproved {
            0.88
        } else if self.plan.channel.is_public() {
            0.02
        } else {
            0.004
        };
        if self.happens(refused, Some(State::NotAccepted)) {
            let reason = if disproved {
                words::NOT_ACCEPTED[0]
            } else {
                *self.luck.pick(&words::NOT_ACCEPTED[1..])
            };
            self.act(
                at,
                who,
                Command::NotAccept {
                    reason: reason.into(),
                },
            )?;
            return Err(Stop::Here);
        }
        if self.happens(0.015, None) {
            let mut place = self.case()?.place.clone();
            let spot = &self.world.land.spots[self.plan.spot];
            let beside = *self.luck.pick(spot.ground.landmarks());
            place.address = place.address.map(|a| words::more_exactly(&a, beside));
            self.act(
                at,
                who,
                Command::Correct {
                    matter: Some(self.class.id),
                    place: Some(place),
                },
            )?;
        }
        let limit = self.class.condition(self.rule()).and_then(|c| c.limit);
        let urgent = limit
            .is_some_and(|l| i64::from(l.amount()) * l.clock().unit_seconds() <= 2 * 3600)
            || self.plan.channel == Channel::Leader;
        self.act(
            at,
            who,
            Command::Accept {
                matter: Some(self.class.id),
                urgent,
            },
        )
    }

    fn register(&mut self) -> Result<(), Stop> {
        if self.happens(0.006, Some(State::Voided)) {
            self.void()?;
        }
        let (at, who) = (
            self.desk(18.0),
            self.world.pick(Role::ShiftLeader, &mut self.luck)?,
        );
        if self.happens(0.011, Some(State::NotRegistered)) {
            let reason = (*self.luck.pick(&words::NOT_REGISTERED)).to_owned();
            self.act(at, who, Command::NotRegister { reason })?;
            return Err(Stop::Here);
        }
        let rule = self.rule();
        let condition = self.class.condition(rule).ok_or(Stop::Here)?;
        let standard = Standard::of(self.class, condition, Some(&self.world.catalogue));
        self.act(at, who, Command::Register { standard })
    }

    /// Somebody asks to void the case; the shift leader mostly agrees.
    fn void(&mut self) -> Result<(), Stop> {
        let (at, who) = (
            self.desk(30.0),
            self.world.pick(Role::Acceptor, &mut self.luck)?,
        );
        let reason = (*self.luck.pick(&words::VOIDED)).to_owned();
        self.act(
            at,
            who,
            Command::RequestVoid {
                reason: reason.clone(),
            },
        )?;
        let (at, who) = (
            self.desk(60.0),
            self.world.pick(Role::ShiftLeader, &mut self.luck)?,
        );
        if self.happens(0.75, Some(State::Voided)) {
            self.act(at, who, Command::Void { reason })?;
            return Err(Stop::Here);
        }
        self.act(
            at,
            who,
            Command::RefuseVoid {
                reason: words::VOID_REFUSED.into(),
            },
        )
    }

    /// To the unit whose duty it is, sometimes by way of others who return it.
    fn dispatch(&mut self) -> Result<(), Stop> {
        let community = self.world.land.spots[self.plan.spot].grid.community();
        let answer = self
            .world
            .answers
            .get(&(self.plan.entry, community))
            .cloned()
            .ok_or(Stop::Here)?;
        let mut returns = 0;
        if self.happens(0.045, Some(State::Coordinating)) {
            returns = 1 + usize::from(self.happens(0.25, Some(State::Coordinating)));
            returns += usize::from(returns == 2 && self.happens(0.45, Some(State::Coordinating)));
        }
        for _ in 0..returns {
            self.wrong_way(answer.unit)?;
        }
        if self.case()?.state == State::Coordinating {
            let at = self.desk(5.0 * HOUR);
            let role = if self.luck.chance(0.7) {
                Role::Dispatcher
            } else {
                Role::Leader
            };
            let who = self.world.pick(role, &mut self.luck)?;
            let reason = (*self.luck.pick(&words::RULED)).to_owned();
            self.act(
                at,
                who,
                Command::Rule {
                    unit: answer.unit,
                    reason,
                },
            )?;
        }
        let (at, who) = (
            self.desk(16.0),
            self.world.pick(Role::Dispatcher, &mut self.luck)?,
        );
        self.act(
            at,
            who,
            Command::Dispatch {
                unit: answer.unit,
                basis: answer.basis,
            },
        )
    }

    fn wrong_way(&mut self, right: UnitId) -> Result<(), Stop> {
        let others: Vec<UnitId> = self
            .world
            .staff
            .keys()
            .copied()
            .filter(|u| *u != right && self.handles(*u))
            .collect();
        let unit = *self.luck.pick(&others);
        let (at, who) = (
            self.desk(16.0),
            self.world.pick(Role::Dispatcher, &mut self.luck)?,
        );
        self.act(
            at,
            who,
            Command::Dispatch {
                unit,
                basis: "按类别派遣".into(),
            },
        )?;
        let at = self.soon(20.0, 150.0);
        let at = self.unit_hours(at);
        let lead = self.world.actor(self.world.staff[&unit].0)?;
        let reason = (*self.luck.pick(&words::RETURNED)).to_owned();
        self.act(at, lead, Command::Return { reason })
    }
    fn handles(&self, unit: UnitId) -> bool {
        let (lead, handlers) = &self.world.staff[&unit];
        !handlers.is_empty()
            && self.world.actors[lead]
                .roles
                .contains(&Role::DepartmentLead)
    }

    fn handle(&mut self) -> Result<(), Stop> {
        let unit = self.case()?.unit.ok_or(Stop::Here)?;
        let (lead, handlers) = self
            .world
            .staff
            .get(&unit)
            .ok_or(Stop::Nobody(Role::DepartmentLead))?;
        let (lead, handler) = (
            self.world.actor(*lead)?,
            self.world.actor(*self.luck.pick(handlers))?,
        );
        let at = self.soon(5.0, if self.is_urgent() { 25.0 } else { 120.0 });
        let at = self.unit_hours(at);
        if self.luck.chance(0.65) {
            self.act(at, lead, Command::Sign)?;
            let (at, account) = (self.soon(1.0, 15.0), handler.account);
            if let Some(account) = account {
                self.act(
                    at,
                    lead,
                    Command::Assign {
                        handler: AccountId(account),
                    },
                )?;
            }
        } else {
            self.act(at, handler, Command::Sign)?;
        }
        if self.happens(0.02, None) {
            let (at, who) = (
                self.desk(2.0 * HOUR),
                self.world.pick(Role::Dispatcher, &mut self.luck)?,
            );
            let text = (*self.luck.pick(&words::NOTES)).to_owned();
            self.act(
                at,
                who,
                Command::Note {
                    text,
                    attachments: Vec::new(),
                    mentions: Vec::new(),
                },
            )?;
        }
        if self.wants(State::Suspended) {
            self.suspend(handler)?;
        }
        if self.wants(State::Waiting) {
            let at = self.soon(10.0, 60.0);
            let question = words::QUESTION.to_owned();
            let ask = ClockCommand::AskRequester { question };
            self.act(at, handler, Command::Clock(ask))?;
        }
        // Some wait for an owner, for material, for money.
        let is_recent =
            self.world.now.duration_since(self.plan.at) < SignedDuration::from_hours(40 * 24);
        if is_recent && self.happens(0.02, Some(State::Handling)) {
            return Err(Stop::Here);
        }
        let mut done = (*self.luck.pick(self.entry.done)).to_owned();
        for round in 0..3 {
            let at = if round == 0 {
                self.when_done()?
            } else {
                self.when_redone()
            };
            self.act(
                at,
                handler,
                Command::ReportBack {
                    result: done.clone(),
                    attachments: Vec::new(),
                },
            )?;
            let fails = round < 2 && self.happens(0.055, None);
            self.check(!fails)?;
            if !fails {
                break;
            }
            if round == 0 {
                done = format!("{}{done}", words::AGAIN);
            }
        }
        self.close()
    }

    /// The unit asks to let the clock stand still, and the dispatcher agrees.
    fn suspend(&mut self, handler: &Actor) -> Result<(), Stop> {
        let at = self.soon(10.0, 60.0);
        let until = self.world.tz.to_datetime(self.world.now).date();
        let ask = ClockCommand::RequestSuspension {
            reason: words::SUSPENDED.to_owned(),
            until: until.saturating_add(30.days()),
        };
        self.act(at, handler, Command::Clock(ask))?;
        let (at, who) = (
            self.desk(30.0),
            self.world.pick(Role::Dispatcher, &mut self.luck)?,
        );
        self.act(at, who, Command::Clock(ClockCommand::Suspend))
    }

    /// When the unit is done: mostly well within the limit, sometimes after.
    fn when_done(&mut self) -> Result<Timestamp, Stop> {
        let dispatched = self
            .events
            .iter()
            .rev()
            .find(|e| matches!(e.fact, cases::Fact::Dispatched { .. }))
            .map_or(self.at, |e| e.at);
        let Some(due) = self.case()?.due_at else {
            return Ok(self.after(DAY));
        };
        let span = due.duration_since(dispatched).as_secs_f64() / 60.0;
        let is_slow = self.class.code.starts_with("E03") || self.class.code == "C0284";
        let late = if is_slow { 0.16 } else { 0.07 };
        let earliest = self.soon(6.0, 25.0);
        if self.happens(late, None) {
            let over = due
                + SignedDuration::from_secs(((20.0 + self.luck_wait(span * 0.5)) * 60.0) as i64);
            return Ok(self.unit_hours(over).max(earliest));
        }
        let share = self.luck.unit().max(self.luck.unit()).mul_add(0.85, 0.08);
        let planned = dispatched + SignedDuration::from_secs((share * span * 60.0) as i64);
        let at = self.unit_hours(planned.max(earliest));
        // Who sees that the night would make it late finishes in the evening before, or as soon as it can be done.
        Ok(if at > due {
            self.unit_hours(earliest)
        } else {
            at
        })
    }
    fn when_redone(&mut self) -> Timestamp {
        let at = self.soon(HOUR, 20.0 * HOUR);
        self.unit_hours(at)
    }

    fn check(&mut self, passed: bool) -> Result<(), Stop> {
        let wait = if self.happens(0.06, None) {
            self.luck.between(2.2, 6.0) * HOUR
        } else {
            self.luck.between(12.0, 100.0)
        };
        let at = self.street(self.after(wait));
        // A check nobody does within its clock goes back to the pool, as often as it takes.
        while let Some(task) = self.case()?.task.clone().filter(|t| t.due_at < at) {
            self.act(task.due_at, &self.world.program, Command::LapseCheck)?;
        }
        let assignee = self.case()?.task.as_ref().and_then(|t| t.assignee);
        let actor = match assignee {
            Some(worker) => self.world.actor(worker)?,
            None if self.luck.chance(0.5) => self.world.pick(Role::Checker, &mut self.luck)?,
            None => self.worker(at)?,
        };
        let notes: &[&str] = if passed {
            &words::CHECK_PASSED
        } else {
            &words::CHECK_FAILED
        };
        let note = (*self.luck.pick(notes)).to_owned();
        self.act(
            at,
            actor,
            Command::Check {
                passed,
                note,
                attachments: Vec::new(),
            },
        )
    }

    fn close(&mut self) -> Result<(), Stop> {
        let closings = self
            .case()?
            .standard
            .as_ref()
            .map(|s| s.closings.clone())
            .unwrap_or_default();
        if closings.is_empty() {
            return Ok(());
        }
        let role = if self.luck.chance(0.75) {
            Role::ShiftLeader
        } else {
            Role::Checker
        };
        let (at, who) = (self.desk(70.0), self.world.pick(role, &mut self.luck)?);
        let closing = self.luck.pick(&closings).clone();
        self.act(at, who, Command::Close { closing })?;
        let can_be_called = matches!(
            self.plan.channel,
            Channel::Hotline | Channel::Visit | Channel::Web
        );
        if !can_be_called || !self.happens(0.62, None) {
            return Ok(());
        }
        let case = self.case()?;
        let (was_late, was_redone) = (
            case.due_at
                .zip(case.handled_at)
                .is_some_and(|(due, handled)| handled > due),
            case.reworks > 0,
        );
        let weights = match (was_late, was_redone) {
            (false, false) => [70.0, 18.0, 5.0, 7.0],
            (true, true) => [30.0, 25.0, 37.0, 8.0],
            _ => [48.0, 24.0, 20.0, 8.0],
        };
        let satisfaction = Satisfaction::ALL[self.luck.weighted(&weights)];
        let is_reached = satisfaction != Satisfaction::Unknown;
        let solved =
            is_reached.then(|| satisfaction != Satisfaction::Dissatisfied || self.luck.chance(0.4));
        let contacted = is_reached.then(|| self.luck.chance(0.85));
        let at = self.soon(0.4 * DAY, 3.0 * DAY);
        let at = self.within(at, 9 * 60, 18 * 60);
        let role = if self.luck.chance(0.6) {
            Role::Acceptor
        } else {
            Role::Checker
        };
        let who = self.world.pick(role, &mut self.luck)?;
        self.act(
            at,
            who,
            Command::CallBack {
                contacted,
                solved,
                satisfaction,
                missing: Vec::new(),
                note: String::new(),
            },
        )
    }
}
