//! What lies on the desks of the sample city besides its cases: people of whom each does one thing that a newcomer looks for
//! in the pages. A whistle, a claim, a topic, a supervision, a hand-over, an appeal, a case in parts, a question to a
//! resident. All by the same use cases as in the pages, under the rights of who does it; the clock is moved by hand, so
//! that what takes days has taken days.

use crate::compose::Program;
use crate::output::Failure;
use access::ops::accounts;
use access::ops::orders::{Orderer, permit};
use access::{AccountId, Ctx, Permission, Role, SystemRole, UnitId};
use cases::ops::{self, ListQuery, NewPlace, NewReport, Step};
use cases::rules::{ClockCommand, FairCommand, JointCommand};
use cases::{Case, State};
use dispatch::ops::whistle::Answer;
use dispatch::ops::{claims, handover, whistle};
use jiff::{SignedDuration, Timestamp};
use kernel::deadline::Limit;
use kernel::id::Id;
use kernel::{ManualClock, PageSize};
use matters::City;
use matters::MatterId;
use sample::{Person, SampleCity};
use std::sync::Arc;
use supervision::model::{NewSupervised, Origin};
use topics::model::Move;

/// Why a scene could not be played: a flaw of its author, or the store's.
type Flaw = Box<dyn std::error::Error + Send + Sync>;

/// Waste left in the open: the class of most scenes, because everybody knows what it is.
const WASTE: &str = "暴露垃圾";
/// Whoever claims: an enterprise that has nothing to do with waste.
const CLAIMANT: &str = "qy01.lead";

/// What it looks like afterwards.
const AFTER: &[u8] = include_bytes!("../pictures/after.png");

struct Stage<'s> {
    system: Ctx,
    clock: Arc<ManualClock>,
    /// The moment the city stands at.
    now: Timestamp,
    city: Arc<City>,
    sample: &'s SampleCity,
}

/// Plays all scenes in a city that has just been laid.
///
/// # Errors
/// The first scene that could not be played.
pub fn play(program: &mut Program, sample: &SampleCity) -> Result<(), Failure> {
    let runtime =
        tokio::runtime::Runtime::new().map_err(|e| Failure::other("runtime", e.to_string()))?;
    crate::serve::state_of(program, &runtime, "http://127.0.0.1:8311".into())?;
    let now = program.clock.now();
    let clock = Arc::new(ManualClock::at(now));
    let system = Ctx::system(
        program.db.clone(),
        clock.clone(),
        program.services.clone(),
        SystemRole::Keeper,
    );
    let stage = Stage {
        system,
        clock,
        now,
        city: program.reference.current(),
        sample,
    };
    runtime.block_on(async {
        // Whoever follows what happens begins before it does.
        let begun = supervision::begin(&stage.system).await;
        let told = |scene: &str, flaw: Flaw| Failure::other("scene", format!("{scene}: {flaw}"));
        begun.map_err(|e| told("notices", e.into()))?;
        stage.resident().await.map_err(|e| told("resident", e))?;
        stage.unit().await.map_err(|e| told("unit", e))?;
        stage.street().await.map_err(|e| told("street", e))?;
        stage.society().await.map_err(|e| told("society", e))?;
        stage.leaders().await.map_err(|e| told("leaders", e))?;
        stage.register().await.map_err(|e| told("register", e))
    })
}

impl Stage<'_> {
    /// Moves the clock to so long before now.
    fn before(&self, hours: i64) {
        self.clock.set(self.now - SignedDuration::from_hours(hours));
    }
    fn person(&self, fits: impl Fn(&Person) -> bool, whom: &str) -> Result<&Person, Flaw> {
        let found = self.sample.people.iter().find(|p| fits(p));
        found.ok_or_else(|| format!("there is nobody: {whom}").into())
    }
    /// The permit of an account, under the rights it has.
    async fn account(&self, account: AccountId) -> Result<Ctx, Flaw> {
        let orderer = Orderer {
            account,
            behalf: None,
            scope: None,
        };
        let permit = permit(&self.system, &orderer, Permission::OwnAccount).await?;
        permit.ok_or_else(|| "an account may not do anything".into())
    }
    async fn login(&self, login: &str) -> Result<Ctx, Flaw> {
        let id = self.person(|p| p.login == login, login)?.id;
        self.account(id).await
    }
    /// The permit of somebody nobody signs in as: the account is open for as long as the scene.
    async fn guest(&self, account: AccountId) -> Result<Ctx, Flaw> {
        self.closed(account, false).await?;
        self.account(account).await
    }
    async fn closed(&self, account: AccountId, is_closed: bool) -> Result<(), Flaw> {
        let security = self.login("demo.security").await?;
        let done = security.write(move |w| accounts::set_closed(w, account, is_closed));
        Ok(done.await?)
    }
    async fn act(&self, who: &Ctx, case: &Case, step: Step) -> Result<Case, Flaw> {
        Ok(ops::act(&who.renewed(), case.number, None, vec![step]).await?)
    }
    /// The evidence of somebody who was not there: a drawing, which nobody takes for a photograph.
    async fn picture(&self, who: &Ctx) -> Result<Id, Flaw> {
        let files = who.service::<attachments::Attachments>();
        let drawn = axum::body::Bytes::from_static(AFTER);
        let taken = attachments::ops::upload(&who.renewed(), &files, drawn).await?;
        Ok(taken.upload.id)
    }
    fn waste(&self) -> Result<MatterId, Flaw> {
        let found = self.city.matters.choices().find(|c| c.name_zh == WASTE);
        Ok(found.ok_or("the class of waste is not there")?.id)
    }
    /// Cases of a unit in a state, the newest first.
    async fn of_unit(&self, who: &Ctx, unit: UnitId, state: State) -> Result<Vec<Case>, Flaw> {
        let query = ListQuery {
            states: vec![state],
            unit: Some(unit),
            size: PageSize::new(100)?,
            ..ListQuery::default()
        };
        Ok(ops::list(who, query).await?.items)
    }

    /// From a report into the hands of its unit, each step an hour after the one before. Answers the case.
    async fn dispatched(&self, reporter: &Ctx, words: &str, hours: i64) -> Result<Case, Flaw> {
        self.before(hours);
        let report = NewReport {
            channel: "web".into(),
            description: words.into(),
            matter: Some(self.waste()?),
            place: NewPlace {
                grid: Some(self.beat()?),
                ..NewPlace::default()
            },
            ..NewReport::default()
        };
        let mut case = ops::report(&reporter.renewed(), report).await?.case;
        self.clock.advance(std::time::Duration::from_secs(20 * 60));
        if case.task.is_some() {
            let worker = self.given(&case, "demo.collector").await?;
            let verify = Step::Verify {
                outcome: cases::model::VerifyOutcome::Yes,
                note: "现场属实。".into(),
                attachments: Vec::new(),
            };
            case = self.act(&worker, &case, verify).await?;
        }
        self.clock.advance(std::time::Duration::from_secs(10 * 60));
        let accept = Step::Accept {
            matter: None,
            urgent: false,
        };
        case = self
            .act(&self.login("demo.acceptor").await?, &case, accept)
            .await?;
        let shift = self.login("demo.shift").await?;
        case = self
            .act(&shift, &case, Step::Register { rule: None })
            .await?;
        let dispatch = Step::Dispatch {
            unit: None,
            basis: String::new(),
        };
        case = self
            .act(&self.login("demo.dispatcher").await?, &case, dispatch)
            .await?;
        self.clock.advance(std::time::Duration::from_secs(10 * 60));
        let lead = self.lead(case.unit).await?;
        self.act(&lead, &case, Step::Sign).await
    }
    /// A cell of the beat that the demo collector looks after.
    fn beat(&self) -> Result<kernel::GridCode, Flaw> {
        let worker = self.person(|p| p.login == "demo.collector", "a collector")?;
        let mut beats = self.sample.beats.iter();
        let beat = beats.find(|b| b.shifts.iter().any(|s| s.worker == worker.id));
        let cell = beat.and_then(|b| b.grids.first());
        Ok(*cell.ok_or("the collector has no beat")?)
    }
    /// The desk gives the task of a case to somebody.
    async fn given(&self, case: &Case, login: &str) -> Result<Ctx, Flaw> {
        let to = self.person(|p| p.login == login, login)?.id;
        let desk = self.login("demo.acceptor").await?;
        self.act(&desk, case, Step::TakeTask { to: Some(to) })
            .await?;
        self.account(to).await
    }
    /// The lead of a unit.
    async fn lead(&self, unit: Option<UnitId>) -> Result<Ctx, Flaw> {
        let leads = |p: &Person| {
            p.draft.unit.is_some()
                && p.draft.unit == unit
                && p.draft.roles.contains(&Role::DepartmentLead)
        };
        let id = self.person(leads, "a lead")?.id;
        self.account(id).await
    }

    /// A resident with an account: one report just made, one with a question, one that is over and waits to be rated.
    async fn resident(&self) -> Result<(), Flaw> {
        let resident = self.login("demo.resident").await?;
        let over = self
            .dispatched(&resident, "小区东门的垃圾桶满了，袋子堆到了人行道上。", 50)
            .await?;
        let lead = self.lead(over.unit).await?;
        self.clock.advance(std::time::Duration::from_secs(2 * 3600));
        let done = Step::ReportBack {
            result: "已清运，并把收运时间改到早上七点前。".into(),
            attachments: vec![self.picture(&lead).await?],
        };
        let over = self.act(&lead, &over, done).await?;
        self.clock.advance(std::time::Duration::from_secs(1800));
        let checked = Step::Check {
            passed: true,
            note: "已清理干净。".into(),
            attachments: Vec::new(),
        };
        let checker = self.given(&over, "demo.checker").await?;
        let over = self.act(&checker, &over, checked).await?;
        let closing = over.standard.as_ref().and_then(|s| s.closings.first());
        let close = Step::Close {
            closing: closing.cloned().unwrap_or_default(),
        };
        self.act(&self.login("demo.shift").await?, &over, close)
            .await?;
        let asked = self
            .dispatched(&resident, "绿化带里有人倒了装修垃圾。", 6)
            .await?;
        let question = Step::Clock(ClockCommand::AskRequester {
            question: "请问是在路的哪一侧，靠近哪个路口？".into(),
        });
        let lead = self.lead(asked.unit).await?;
        self.act(&lead, &asked, question).await?;
        self.clock.set(self.now - SignedDuration::from_mins(10));
        let report = NewReport {
            channel: "web".into(),
            description: "公交站旁的果皮箱倒了，垃圾散在地上。".into(),
            matter: Some(self.waste()?),
            place: NewPlace {
                grid: Some(self.beat()?),
                ..NewPlace::default()
            },
            ..NewReport::default()
        };
        ops::report(&resident.renewed(), report).await?;
        self.clock.set(self.now);
        Ok(())
    }

    /// The unit with most to do: more time asked for and granted, help of another unit, a colleague mentioned, an appeal.
    async fn unit(&self) -> Result<(), Flaw> {
        let lead = self.login("demo.lead").await?;
        let own = lead.principal().unit().ok_or("the lead has no unit")?;
        let others = self.helpers(own)?;
        let handled = self.of_unit(&lead, own, State::Handling).await?;
        let now = self.now;
        let open: Vec<&Case> = handled
            .iter()
            .filter(|c| c.due_at.is_some_and(|due| due > now) && c.extensions == 0)
            .collect();
        let [first, second, third, fourth, ..] = open.as_slice() else {
            return Err("the unit has too few open cases".into());
        };
        let more_time = |reason: &str| {
            Step::Clock(ClockCommand::RequestExtension {
                reason: reason.into(),
            })
        };
        self.act(&lead, first, more_time("清运车辆检修，明早恢复。"))
            .await?;
        let second = self
            .act(&lead, second, more_time("需等物业开放地下车库。"))
            .await?;
        let dispatcher = self.login("demo.dispatcher").await?;
        let endorse = Step::Clock(ClockCommand::EndorseExtension);
        let second = self.act(&dispatcher, &second, endorse).await?;
        let grant = Step::Clock(ClockCommand::GrantExtension);
        self.act(&self.login("demo.shift").await?, &second, grant)
            .await?;
        let help = JointCommand::AskHelp {
            unit: others[0],
            ask: "请协助临时占道，便于清运车停靠。".into(),
            limit: "2工作日".parse::<Limit>()?,
        };
        self.act(&lead, third, Step::Joint(help)).await?;
        let limit = "3工作日".parse::<Limit>()?;
        let shares = [others[0], others[1]].map(|unit| cases::model::Ask {
            unit,
            ask: "请处理各自管养范围内的部分。".into(),
            limit,
        });
        let split = JointCommand::Split {
            shares: shares.to_vec(),
        };
        self.act(&dispatcher, fourth, Step::Joint(split)).await?;
        let note = Step::Note {
            text: "@demo.leader 这一带一周内第三次反映，请关注。".into(),
            attachments: Vec::new(),
        };
        self.act(&lead, first, note).await?;
        let closed = self.of_unit(&lead, own, State::Closed).await?;
        let late = closed.iter().find(|c| cases::rules::fairness::is_late(c));
        if let Some(late) = late {
            let appeal = FairCommand::LodgeAppeal {
                count: "late".into(),
                reason: "当日道路封闭施工，车辆无法进入。".into(),
                evidence: "交警部门封闭通告".into(),
                attachments: Vec::new(),
            };
            self.act(&lead, late, Step::Fair(appeal)).await?;
        }
        Ok(())
    }
    /// Other units that handle cases.
    fn helpers(&self, own: UnitId) -> Result<Vec<UnitId>, Flaw> {
        let mut found: Vec<UnitId> = Vec::new();
        for person in &self.sample.people {
            let is_lead = person.draft.roles.contains(&Role::DepartmentLead);
            if let Some(unit) = person.draft.unit.filter(|u| is_lead && *u != own)
                && cases::ops::joint::street_of(&self.city, unit).is_none()
                && !found.contains(&unit)
            {
                found.push(unit);
            }
        }
        if found.len() < 2 {
            return Err("there are too few units".into());
        }
        Ok(found)
    }

    /// A street calls: once answered, once not yet.
    async fn street(&self) -> Result<(), Flaw> {
        let demo = self.login("demo.lead").await?;
        let called = demo.principal().unit().ok_or("the lead has no unit")?;
        let city = &self.city;
        let of_street = |p: &Person| {
            p.draft.roles.contains(&Role::DepartmentLead)
                && p.draft
                    .unit
                    .is_some_and(|u| cases::ops::joint::street_of(city, u).is_some())
        };
        let id = self.person(of_street, "a lead of a street")?.id;
        let street = self.guest(id).await?;
        let other = self.helpers(called)?[0];
        let new = |ask: &str| whistle::NewWhistle {
            case: None,
            units: vec![called, other],
            ask: ask.into(),
            division: None,
            address: "农贸市场后巷".into(),
            limit: None,
        };
        self.before(20);
        let answered = new("市场后巷污水和垃圾混排，请两家一起到场。");
        let answered = whistle::blow(&street.renewed(), answered).await?;
        self.before(18);
        whistle::answer(&demo.renewed(), answered, Answer::Respond, "半小时内到场。").await?;
        self.before(1);
        let open = new("沿街商户夜间倾倒厨余，请到场商定收运时间。");
        whistle::blow(&street.renewed(), open).await?;
        self.clock.set(self.now);
        self.closed(id, true).await
    }

    /// An enterprise subscribes to waste and claims a case.
    async fn society(&self) -> Result<(), Flaw> {
        let id = self.person(|p| p.login == CLAIMANT, CLAIMANT)?.id;
        let claimant = self.guest(id).await?;
        let class = self.city.matter(self.waste()?).ok_or("no class of waste")?;
        claims::subscribe(&claimant, &class.code, None).await?;
        let open = claims::open(&claimant).await?;
        let first = open.first().ok_or("there is nothing to claim")?;
        claims::claim(&claimant.renewed(), first.number).await?;
        self.closed(id, true).await
    }

    /// A supervision of what is late, a reminder, a topic of the month with a measure, a shift handed over.
    async fn leaders(&self) -> Result<(), Flaw> {
        let (leader, shift) = (
            self.login("demo.leader").await?,
            self.login("demo.shift").await?,
        );
        let lead = self.login("demo.lead").await?;
        let own = lead.principal().unit().ok_or("the lead has no unit")?;
        let handled = self.of_unit(&lead, own, State::Handling).await?;
        let now = self.now;
        let mut late = handled.iter().filter(|c| c.due_at.is_some_and(|d| d < now));
        let late = late.next().or(handled.last()).ok_or("nothing is handled")?;
        let new = NewSupervised {
            number: Some(late.number),
            unit: None,
            origin: Origin::Overdue,
            instruction: "请查明超期原因，三个工作日内办结并报告。".into(),
            limit: "3工作日".into(),
        };
        supervision::ops::open(&leader, new).await?;
        supervision::ops::remind(&shift, late.number, "请今日反馈进展。").await?;
        let class = self.waste()?;
        let draft = topics::ops::Draft {
            title: "背街小巷垃圾清运".into(),
            question: "怎样让背街小巷的垃圾当天清走？".into(),
            matters: vec![class],
            unit: Some(own),
            ..topics::ops::Draft::default()
        };
        let today = self.city.local_date(self.now);
        let topic = topics::ops::make(&leader, &self.city, draft).await?;
        let month = format!("{:04}-{:02}", today.year(), today.month());
        let topic =
            topics::ops::move_to(&leader, topic.id, topic.version, Move::Choose(month)).await?;
        topics::ops::move_to(&leader, topic.id, topic.version, Move::Start(today)).await?;
        topics::ops::gather(&leader, topic.id).await?;
        let measure = topics::ops::NewMeasure {
            seq: None,
            words: "增加傍晚一次收运，每周公布漏收点位。".into(),
            unit: Some(own),
            due_on: Some(today.saturating_add(jiff::ToSpan::days(14))),
            standing: topics::model::MeasureStanding::UnderWay,
        };
        topics::ops::put_measure(&leader, &self.city, topic.id, measure).await?;
        let words = "夜间有两件待派遣，一件退单请先协调。";
        let desk = handover::desks_of(shift.principal()).0;
        let desk = desk.first().ok_or("the shift leader has no desk")?;
        handover::give(&shift, desk, words).await?;
        Ok(())
    }
    /// One line of the register of duties has ended and none has taken its place: a gap to be found.
    async fn register(&self) -> Result<(), Flaw> {
        let admin = self.login("demo.system").await?;
        let lines = self.city.duties.iter().filter(|d| d.valid_to.is_none());
        let line = lines.max_by(|a, b| (&a.matter, a.division).cmp(&(&b.matter, b.division)));
        let line = line.ok_or("there are no duties")?.id;
        let today = self.city.local_date(self.now);
        matters::ops::end_duty(&admin, line, today.yesterday()?, today).await?;
        Ok(())
    }
}
