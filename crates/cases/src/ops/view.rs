//! How a case is told to programs: plain values with words, times with the deployment's offset, and never a person's data.

use super::Tracked;
use crate::model::{CallBack, Case, CaseEvent, Fact, Place, State};
use crate::moves::Act;
use crate::record::{Answer, Round, SentAnswer};
use crate::rules::{answer, fairness};
use crate::service::Cases;
use crate::stage::Stage;
use access::{Principal, UnitId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::deadline::{ClockKind, Due, Light};
use kernel::deadline::{Thresholds, light, remaining};
use matters::{City, MatterId};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

/// A name beside its id or code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Named {
    /// The id or code.
    pub id: String,
    /// The name in Chinese or in the source's language.
    pub name: String,
}

/// The class of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MatterView {
    /// Its id.
    pub id: String,
    /// Its code in the catalogue.
    pub code: Option<String>,
    /// The catalogue.
    pub catalogue: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// Where something is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlaceView {
    /// Degrees east, WGS 84.
    pub lon: Option<f64>,
    /// Degrees north, WGS 84.
    pub lat: Option<f64>,
    /// The unit grid.
    pub grid: Option<String>,
    /// The community, street or district.
    pub division: Option<Named>,
    /// The address in words.
    pub address: Option<String>,
}

/// The open task of a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TaskView {
    /// `verify` or `check`.
    pub kind: String,
    /// The worker's account; null = the pool.
    pub assignee: Option<String>,
    /// Its own deadline, RFC 3339.
    pub due_at: String,
    /// That deadline is passed.
    pub is_late: bool,
}

/// How much is left in the ruling clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RemainingView {
    /// `working_hours` and the like.
    pub clock: String,
    /// Seconds of that clock, negative when late.
    pub seconds: i64,
}

/// The stage a case is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StageView {
    /// `verify`, `accept`, `register`, `dispatch`, `coordinate`, `sign`, `handle`, `check`, `close`, `audit`, `call_back`.
    pub stage: String,
    /// When it began, RFC 3339; null in a life of before there were stages.
    pub from: Option<String>,
    /// The limit of the stage as the city had it when it began; handling has that of the standard, or what a reopening gave its
    /// round.
    pub limit: Option<String>,
    /// When the stage is due; null without a limit and while the clock stands still.
    pub due_at: Option<String>,
    /// The calendar does not reach that far yet.
    pub provisional: bool,
    /// `in_time`, `soon`, `late`, `provisional`, `parked`; null without a limit.
    pub light: Option<String>,
}

/// The registration condition of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StandardView {
    /// Its number in the class.
    pub rule: u32,
    /// Its words.
    pub condition: String,
    /// Its limit, such as `4工作时`.
    pub limit: Option<String>,
    /// What closing may be called; empty means any.
    pub closings: Vec<String>,
    /// What has to be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Law, clause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// The version of the class that said so; absent in cases of before it was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edition: Option<EditionView>,
}

/// The version of a class under which a case was registered, whatever the class says since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EditionView {
    /// The class, for `/api/v1/matters/{id}?version=…`.
    pub matter: String,
    /// The catalogue.
    pub catalogue: String,
    /// The number of the version, from 1.
    pub version: u32,
    /// Its first day; null where it had counted since ever.
    #[schema(value_type = Option<String>)]
    pub valid_from: Option<jiff::civil::Date>,
    /// The standard that the catalogue followed, and its version.
    pub standard: String,
    /// The version of that standard.
    pub of_standard: String,
}

/// What a requester answered when called back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallBackView {
    /// When, RFC 3339.
    pub at: String,
    /// The unit contacted the requester.
    pub contacted: Option<bool>,
    /// It is solved.
    pub solved: Option<bool>,
    /// `satisfied`, `acceptable`, `dissatisfied`, `unknown`.
    pub satisfaction: String,
    /// What is missing: codes of the city's list.
    pub missing: Vec<String>,
}

/// 答复 — a written answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnswerView {
    /// When it went out, RFC 3339; null while it is a draft.
    pub sent_at: Option<String>,
    /// `handled`, `direct`, `refused`, `ended`.
    pub kind: String,
    /// What was found.
    pub found: String,
    /// What was done.
    pub done: String,
    /// By which rule.
    pub rule: String,
    /// By whom.
    pub by: String,
    /// What next.
    pub next: String,
    /// Nobody wrote it: it was made of the record.
    pub from_record: bool,
    /// Codes of the doors that a refusal names.
    pub doors: Vec<String>,
}

/// 申诉 — the one appeal of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AppealView {
    /// Against which count.
    pub count: String,
    /// Why.
    pub reason: String,
    /// `lodged`, `endorsed`, `granted`, `refused`.
    pub stage: String,
    /// Why it was refused.
    pub refused: Option<String>,
    /// The round it is about: how many reopenings came before.
    pub round: usize,
}

/// 剔除 — leaving a call-back out of the rates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExclusionView {
    /// Why: a code of the city's list.
    pub reason: String,
    /// In words.
    pub words: String,
    /// How it was decided; null = not yet.
    pub granted: Option<bool>,
}

/// A round that a reopening ended: how it stood then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoundView {
    /// When the requester reopened it.
    pub reopened_at: String,
    /// Why.
    pub reason: String,
    /// When handling had been due.
    pub due_at: Option<String>,
    /// When it had been handled.
    pub handled_at: Option<String>,
    /// When it had been closed.
    pub closed_at: Option<String>,
    /// The raw fact: it had been handled after its deadline.
    pub is_late: bool,
    /// Counts of that round that are exempt.
    pub exempt: Vec<String>,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CaseView {
    /// Its number.
    pub number: String,
    /// How many events it has: name it as `expected_version` when acting.
    pub version: u32,
    /// Where it stands.
    pub state: String,
    /// The district that keeps the record.
    pub district: String,
    /// The channel.
    pub channel: String,
    /// The source and the row's own id, of an imported case.
    pub source: Option<Named>,
    /// The class.
    pub matter: Option<MatterView>,
    /// What is the matter, masked.
    pub description: String,
    /// Where.
    pub place: PlaceView,
    /// Urgent.
    pub urgent: bool,
    /// The handling unit never learns who reported.
    pub confidential: bool,
    /// When it was reported, RFC 3339 like all times.
    pub reported_at: String,
    /// When it was accepted.
    pub accepted_at: Option<String>,
    /// When it was registered.
    pub registered_at: Option<String>,
    /// When it was first dispatched.
    pub dispatched_at: Option<String>,
    /// When handling is due.
    pub due_at: Option<String>,
    /// The calendar does not reach that far yet.
    pub provisional: bool,
    /// `in_time`, `soon`, `late`, `provisional`, `parked`; null without a deadline.
    pub light: Option<String>,
    /// What is left, while it is being handled.
    pub remaining: Option<RemainingView>,
    /// The stage it is in, with the clock of that stage; null when nobody waits for anything.
    pub stage: Option<StageView>,
    /// The request about the clock that waits for a decision: `extension`, `endorsed` (the second level decides),
    /// `suspension`.
    pub asked: Option<String>,
    /// When the unit last said it was done.
    pub handled_at: Option<String>,
    /// When it was over.
    pub closed_at: Option<String>,
    /// What closing was called.
    pub closing: Option<String>,
    /// Why it was not accepted, not registered or voided.
    pub reason: Option<String>,
    /// The registration condition.
    pub standard: Option<StandardView>,
    /// The handling unit.
    pub unit: Option<Named>,
    /// The handler's account.
    pub handler: Option<String>,
    /// The task in the street.
    pub task: Option<TaskView>,
    /// What the verification found: `yes`, `no`, `not_found`.
    pub verified: Option<String>,
    /// How often a unit returned it.
    pub returns: u32,
    /// How often a check failed.
    pub reworks: u32,
    /// The case that goes on in its place.
    pub merged_into: Option<String>,
    /// Somebody asked to void it: why.
    pub void_requested: Option<String>,
    /// What the requester answered last.
    pub call_back: Option<CallBackView>,
    /// 诉求性质 — a code of the city's list.
    pub nature: Option<String>,
    /// Nobody named that nature: it is the city's usual one, until a person of the desk sets it.
    pub nature_assumed: bool,
    /// Somebody asked: an answer is owed before the case ends.
    pub answer_owed: bool,
    /// The answer that is being written.
    pub draft: Option<AnswerView>,
    /// The draft has been agreed to by a head.
    pub draft_approved: bool,
    /// The answer that went out when it last ended.
    pub answer: Option<AnswerView>,
    /// The raw fact: handling ended after its deadline, in the round that is or ended last. It stays, whatever is exempt.
    pub is_late: bool,
    /// A round before a reopening was handled late: figures count that for ever ([`RoundView::is_late`] says which).
    pub was_late_before: bool,
    /// Counts that an appeal made exempt, such as `late`: flags beside the raw facts.
    pub exempt: Vec<String>,
    /// The one appeal.
    pub appeal: Option<AppealView>,
    /// Whether the call-back is left out of the rates.
    pub exclusion: Option<ExclusionView>,
    /// Rounds that reopenings ended, in order.
    pub reopened: Vec<RoundView>,
    /// Cases that were merged into this one.
    pub joined: Vec<String>,
    /// The parts of it that are or were with other units.
    pub parts: Vec<PartView>,
    /// The claim that stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimView>,
    /// The unit that was told first: it leads and may not pass the case on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_receiver: Option<Named>,
    /// The enterprise or organisation that is complained of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<Named>,
    /// When it last changed.
    pub updated_at: String,
    /// What the reader may do now; null where nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
}

/// A part of a case that another unit answers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PartView {
    /// Its number within the case.
    pub part: u32,
    /// `help` or `share`.
    pub kind: String,
    /// Whose it is.
    pub unit: Named,
    /// What is asked.
    pub ask: String,
    /// When the answer is due, RFC 3339.
    pub due_at: String,
    /// When it was answered.
    pub answered_at: Option<String>,
    /// When it was taken back.
    pub recalled_at: Option<String>,
    /// It is open and past its time, and its clock does not stand still.
    pub is_late: bool,
    /// It is open, and the calendar does not reach as far as it is due.
    pub provisional: bool,
}

/// A claim on a case.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ClaimView {
    /// By whom.
    pub unit: Named,
    /// When, RFC 3339.
    pub at: String,
    /// When it is over if nothing was shown.
    pub until: String,
    /// The calendar does not reach that far.
    pub provisional: bool,
    /// When the claimant showed what it did.
    pub shown_at: Option<String>,
}

/// One event of a life.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EventView {
    /// Its place in the life, from 1.
    pub seq: u32,
    /// When, RFC 3339.
    pub at: String,
    /// When it was done, where it was recorded later.
    pub done_at: Option<String>,
    /// What, such as `accepted`.
    pub event: String,
    /// `staff`, `resident`, `stranger`, `system`; `hidden` where the reader may not know.
    pub by: String,
    /// In which role.
    pub role: Option<String>,
    /// The account, of staff only.
    pub account: Option<String>,
    /// The unit of whoever did it.
    pub unit: Option<Named>,
    /// The content of the event, without a person's data.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// What a requester sees of the own case.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TrackView {
    /// Its number.
    pub number: String,
    /// Where it stands.
    pub state: String,
    /// The name of its class.
    pub matter: Option<String>,
    /// What was reported, masked.
    pub description: String,
    /// The address in words.
    pub address: Option<String>,
    /// When it was reported, RFC 3339 like all times.
    pub reported_at: String,
    /// When it was accepted.
    pub accepted_at: Option<String>,
    /// When it was registered.
    pub registered_at: Option<String>,
    /// When it was dispatched.
    pub dispatched_at: Option<String>,
    /// The handling unit.
    pub unit: Option<String>,
    /// When handling is due.
    pub due_at: Option<String>,
    /// Its light.
    pub light: Option<String>,
    /// When the unit said it was done.
    pub handled_at: Option<String>,
    /// When it was over.
    pub closed_at: Option<String>,
    /// What closing was called.
    pub closing: Option<String>,
    /// Why it was not accepted, not registered or voided.
    pub reason: Option<String>,
    /// The case that goes on in its place.
    pub merged_into: Option<String>,
    /// What the unit asks the requester; null if nothing.
    pub question: Option<String>,
    /// The written answer, once it went out.
    pub answer: Option<AnswerView>,
    /// What the requester said last.
    pub call_back: Option<CallBackView>,
    /// Why that counts in no rate (剔除): a code of the city's list; null where it counts.
    pub left_out: Option<String>,
    /// May be rated now, by the link.
    pub may_rate: bool,
    /// May be reopened until then, by the link; null = not.
    pub reopen_until: Option<String>,
    /// How often it was reopened.
    pub reopenings: usize,
}

/// What views are made with: one snapshot of the city, one moment.
#[derive(Clone)]
pub struct Viewer {
    city: Arc<City>,
    now: Timestamp,
    /// Of the departments only: what requesters said is shown without who said it.
    is_of_department: bool,
}

/// The word of an event, as in the API: `reported`, `accepted` …
pub fn event_word(fact: &Fact) -> String {
    let value = serde_json::to_value(fact).expect("an event is made of what JSON can hold");
    value
        .get("event")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// A moment with the offset of a zone.
pub fn stamp(at: Timestamp, tz: &TimeZone) -> String {
    at.display_with_offset(tz.to_offset(at)).to_string()
}

/// The light of a case's handling deadline: as it stood when handling ended, else now. None without a deadline, or for a
/// closed case whose end of handling nobody knows.
pub fn light_of(case: &Case, city: &City, now: Timestamp) -> Option<Light> {
    let due = Due {
        at: case.due_at?,
        provisional: case.provisional,
        parked: case.paused_until.is_some(),
    };
    if case.handled_at.is_none() && case.state.is_final() {
        return None;
    }
    // Told in advance by the event that set the deadline, whatever the calendar says today.
    if case.calendar.is_some() && case.handled_at.is_none() {
        return case.handling_light(now);
    }
    let at = case.handled_at.unwrap_or(now);
    let start = case.due_from.unwrap_or(case.reported_at);
    light(
        at,
        start,
        &due,
        case.clock_of_handling(),
        city.calendar_at(case.place.here()),
        &city.timezone,
        &case.pauses,
        Thresholds::default(),
    )
    .ok()
}

/// How much is left until a case's handling is due, while it is not handled.
pub fn remaining_of(
    case: &Case,
    city: &City,
    now: Timestamp,
) -> Option<kernel::deadline::Remaining> {
    if case.handled_at.is_some() || case.state.is_final() {
        return None;
    }
    let due = Due {
        at: case.due_at?,
        provisional: case.provisional,
        parked: case.paused_until.is_some(),
    };
    // While the clock stands still, what is left is what was left when it stopped.
    let standing = case.pauses.last().filter(|p| p.to.is_none());
    Some(remaining(
        standing.map_or(now, |pause| pause.from),
        &due,
        case.clock_of_handling(),
        city.calendar_at(case.place.here()),
        &city.timezone,
    ))
}

impl Viewer {
    /// With the present reference data, at a moment.
    pub fn new(cases: &Cases, now: Timestamp) -> Self {
        Self {
            city: cases.city(),
            now,
            is_of_department: false,
        }
    }
    /// For a reader: the departments read what is missing, never who rated (`rights.md`, call-back).
    #[must_use]
    pub fn read_by(self, principal: &Principal) -> Self {
        let is_of_department = match principal {
            Principal::Staff(staff) => {
                !staff.roles.is_empty() && staff.roles.iter().all(|r| r.is_of_departments())
            }
            _ => false,
        };
        Self {
            is_of_department,
            ..self
        }
    }
    fn call_back(&self, said: &CallBack) -> CallBackView {
        CallBackView {
            at: self.time(said.at),
            contacted: said.contacted,
            solved: said.solved,
            satisfaction: said.satisfaction.to_string(),
            missing: said.missing.clone(),
        }
    }
    fn answer(&self, answer: &Answer, sent_at: Option<Timestamp>) -> AnswerView {
        let parts = answer.parts.clone();
        AnswerView {
            sent_at: self.maybe(sent_at),
            kind: answer.kind.as_str().to_owned(),
            found: parts.found,
            done: parts.done,
            rule: parts.rule,
            by: parts.by,
            next: parts.next,
            from_record: answer.from_record,
            doors: answer.doors.clone(),
        }
    }
    fn sent(&self, sent: Option<&SentAnswer>) -> Option<AnswerView> {
        sent.map(|s| self.answer(&s.answer, Some(s.at)))
    }
    fn round(&self, round: &Round) -> RoundView {
        let is_late = round.is_late();
        RoundView {
            reopened_at: self.time(round.reopened_at),
            reason: round.reason.clone(),
            due_at: self.maybe(round.due_at),
            handled_at: self.maybe(round.handled_at),
            closed_at: self.maybe(round.closed_at),
            is_late,
            exempt: round.exempt.clone(),
        }
    }
    fn time(&self, at: Timestamp) -> String {
        stamp(at, &self.city.timezone)
    }
    fn maybe(&self, at: Option<Timestamp>) -> Option<String> {
        at.map(|at| self.time(at))
    }
    fn unit(&self, id: UnitId) -> Named {
        Named {
            id: id.to_string(),
            name: self
                .city
                .unit(id)
                .map_or_else(|| id.to_string(), |u| u.name("zh").to_owned()),
        }
    }
    fn matter(&self, id: MatterId) -> MatterView {
        let class = self.city.matter(id);
        MatterView {
            id: id.to_string(),
            code: class.map(|c| c.code.clone()),
            catalogue: class.map(|c| c.catalogue.clone()),
            name: class.map(|c| c.name_zh.clone()),
        }
    }
    fn place(&self, place: &Place) -> PlaceView {
        PlaceView {
            lon: place.point.map(|p| p.lon()),
            lat: place.point.map(|p| p.lat()),
            grid: place.grid.map(|g| g.to_string()),
            division: place.division.map(|d| Named {
                id: d.to_string(),
                name: self.city.territory.name(d),
            }),
            address: place.address.clone(),
        }
    }

    fn stage(&self, case: &Case) -> Option<StageView> {
        let stage = Stage::of(case)?;
        let is_handling = stage == Stage::Handle;
        let limit = if is_handling {
            case.limit_of_handling()
        } else {
            case.stage_limit
        };
        Some(StageView {
            stage: stage.to_string(),
            from: self.maybe(case.stage_from),
            limit: limit.map(|l| l.to_string()),
            due_at: self.maybe(case.stage_due()),
            provisional: if is_handling {
                case.provisional
            } else {
                case.stage_provisional
            },
            light: case.stage_light(self.now).map(|l| l.as_str().to_owned()),
        })
    }

    /// A case.
    pub fn case(&self, case: &Case) -> CaseView {
        CaseView {
            number: case.number.to_string(),
            version: case.version,
            state: case.state.to_string(),
            district: case.district.to_string(),
            channel: case.channel.clone(),
            source: case.source.as_ref().map(|(source, row)| Named {
                id: row.clone(),
                name: source.clone(),
            }),
            matter: case.matter.map(|m| self.matter(m)),
            description: case.description.clone(),
            place: self.place(&case.place),
            urgent: case.urgent,
            confidential: case.confidential,
            reported_at: self.time(case.reported_at),
            accepted_at: self.maybe(case.accepted_at),
            registered_at: self.maybe(case.registered_at),
            dispatched_at: self.maybe(case.dispatched_at),
            due_at: self.maybe(case.due_at),
            provisional: case.provisional,
            light: light_of(case, &self.city, self.now).map(|l| l.as_str().to_owned()),
            remaining: remaining_of(case, &self.city, self.now).map(|r| RemainingView {
                clock: clock_word(r.clock).to_owned(),
                seconds: r.seconds,
            }),
            stage: self.stage(case),
            asked: case.asked().map(str::to_owned),
            handled_at: self.maybe(case.handled_at),
            closed_at: self.maybe(case.closed_at),
            closing: case.closing.clone(),
            reason: case.reason.clone(),
            standard: case.standard.as_ref().map(|s| StandardView {
                rule: s.rule,
                condition: s.condition.clone(),
                limit: s.limit.map(|l| l.to_string()),
                closings: s.closings.clone(),
                evidence: s.evidence.clone(),
                legal_basis: s.legal_basis.clone(),
                edition: s.edition.as_ref().map(|e| EditionView {
                    matter: s.matter.to_string(),
                    catalogue: s.catalogue.clone(),
                    version: e.version,
                    valid_from: e.valid_from,
                    standard: e.standard.clone(),
                    of_standard: e.of_standard.clone(),
                }),
            }),
            unit: case.unit.map(|u| self.unit(u)),
            handler: case.handler.map(|h| h.to_string()),
            task: case
                .task
                .as_ref()
                .filter(|_| matches!(case.state, State::PendingVerify | State::PendingCheck))
                .map(|t| TaskView {
                    kind: t.kind.to_string(),
                    assignee: t.assignee.map(|a| a.to_string()),
                    due_at: self.time(t.due_at),
                    is_late: t.due_at < self.now,
                }),
            verified: case.verified.map(|v| v.to_string()),
            returns: case.returns,
            reworks: case.reworks,
            merged_into: case.merged_into.map(|n| n.to_string()),
            void_requested: case.void_requested.clone(),
            call_back: case.call_back.as_ref().map(|c| self.call_back(c)),
            nature: case.record.nature.clone(),
            nature_assumed: case.record.nature_assumed,
            answer_owed: answer::is_owed(case),
            draft: (case.record.draft.as_ref()).map(|d| self.answer(&d.answer, None)),
            draft_approved: case.record.draft.as_ref().is_some_and(|d| d.approved),
            answer: self.sent(case.record.answer.as_ref()),
            is_late: fairness::is_late(case),
            was_late_before: fairness::was_late_before(case),
            exempt: case.record.exempt.clone(),
            appeal: case.record.appeal.as_ref().map(|a| AppealView {
                count: a.count.clone(),
                reason: a.reason.clone(),
                stage: a.stage.as_str().to_owned(),
                refused: a.refused.clone(),
                round: a.round,
            }),
            exclusion: case.record.exclusion.as_ref().map(|e| ExclusionView {
                reason: e.reason.clone(),
                words: e.words.clone(),
                granted: e.granted,
            }),
            reopened: case.record.rounds.iter().map(|r| self.round(r)).collect(),
            joined: (case.record.joined.iter())
                .map(|j| j.number.to_string())
                .collect(),
            parts: case
                .joint
                .parts
                .iter()
                .map(|p| PartView {
                    part: p.no,
                    kind: p.kind.to_string(),
                    unit: self.unit(p.unit),
                    ask: p.ask.clone(),
                    due_at: self.time(p.due_at),
                    answered_at: self.maybe(p.answered_at),
                    recalled_at: self.maybe(p.recalled_at),
                    is_late: p.is_open() && case.paused_until.is_none() && p.due_at < self.now,
                    provisional: p.is_open() && p.provisional,
                })
                .collect(),
            claim: case.joint.claim.as_ref().map(|c| ClaimView {
                unit: self.unit(c.unit),
                at: self.time(c.at),
                until: self.time(c.until),
                provisional: c.timed.as_ref().is_some_and(|t| t.provisional),
                shown_at: self.maybe(c.shown_at),
            }),
            first_receiver: case.joint.first.map(|u| self.unit(u)),
            party: case.joint.party.map(|u| self.unit(u)),
            updated_at: self.time(case.updated_at),
            allowed: None,
        }
    }
    /// A case with what the reader may do now.
    pub fn case_with(&self, case: &Case, allowed: &[Act]) -> CaseView {
        CaseView {
            allowed: Some(allowed.iter().map(|a| a.as_str().to_owned()).collect()),
            ..self.case(case)
        }
    }

    /// One event of a case's life.
    pub fn event(&self, case: &Case, event: &CaseEvent) -> EventView {
        let mut data =
            serde_json::to_value(&event.fact).expect("an event is made of what JSON can hold");
        let mut word = String::new();
        if let Some(object) = data.as_object_mut() {
            if let Some(Value::String(text)) = object.remove("event") {
                word = text;
            }
            // The key of a person in the vault is of no use to a reader and joins nothing.
            object.remove("subject");
            if let Some(clocks) = &event.clocks {
                let clocks =
                    serde_json::to_value(clocks).expect("clocks are made of what JSON can hold");
                object.insert("clocks".to_owned(), clocks);
            }
        }
        self.in_zone(&mut data);
        let is_rating_hidden =
            self.is_of_department && matches!(event.fact, Fact::CalledBack { .. });
        let is_hidden =
            is_rating_hidden || case.confidential && matches!(event.fact, Fact::Reported(_));
        if is_rating_hidden && let Some(object) = data.as_object_mut() {
            // Words of their own would tell who wrote them.
            object.remove("note");
        }
        let account = event
            .by
            .account
            .filter(|_| event.by.kind == "staff" && !is_hidden);
        EventView {
            seq: event.seq,
            at: self.time(event.at),
            done_at: event.done_at.map(|at| self.time(at)),
            event: word,
            by: if is_rating_hidden {
                "hidden".to_owned()
            } else {
                event.by.kind.clone()
            },
            role: event
                .by
                .role
                .filter(|_| !is_hidden)
                .map(|r| r.as_str().to_owned()),
            account: account.map(|a| a.to_string()),
            unit: event.by.unit.filter(|_| !is_hidden).map(|u| self.unit(u)),
            data,
        }
    }
    /// A life.
    pub fn life(&self, case: &Case, events: &[CaseEvent]) -> Vec<EventView> {
        events.iter().map(|e| self.event(case, e)).collect()
    }
    /// Times inside an event get the zone's offset too. Their names end in `_at`.
    fn in_zone(&self, value: &mut Value) {
        match value {
            Value::Object(object) => {
                for (name, inner) in object.iter_mut() {
                    let at = inner
                        .as_str()
                        .filter(|_| name.ends_with("_at"))
                        .and_then(|text| text.parse::<Timestamp>().ok());
                    match at {
                        Some(at) => *inner = Value::String(self.time(at)),
                        None => self.in_zone(inner),
                    }
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|inner| self.in_zone(inner)),
            _ => {}
        }
    }

    /// What a requester sees of the own case just reported.
    pub fn track(&self, case: &Case) -> TrackView {
        self.tracked(&Tracked {
            may_rate: false,
            reopen_until: None,
            may_add: false,
            own: case.clone(),
            end: case.clone(),
        })
    }
    /// What a requester sees of the own case. What was merged shows how the case stands in which its matter goes on, and
    /// the answer that went out there.
    pub fn tracked(&self, tracked: &Tracked) -> TrackView {
        let (case, end) = (&tracked.own, &tracked.end);
        TrackView {
            number: case.number.to_string(),
            state: case.state.to_string(),
            matter: case
                .matter
                .and_then(|m| self.city.matter(m))
                .map(|c| c.name_zh.clone()),
            description: case.description.clone(),
            address: case.place.address.clone(),
            reported_at: self.time(case.reported_at),
            accepted_at: self.maybe(case.accepted_at),
            registered_at: self.maybe(end.registered_at),
            dispatched_at: self.maybe(end.dispatched_at),
            unit: end.unit.map(|u| self.unit(u).name),
            due_at: self.maybe(end.due_at),
            light: light_of(end, &self.city, self.now).map(|l| l.as_str().to_owned()),
            handled_at: self.maybe(end.handled_at),
            closed_at: self.maybe(end.closed_at),
            closing: end.closing.clone(),
            reason: case.reason.clone(),
            merged_into: case.merged_into.map(|n| n.to_string()),
            question: case.question.clone(),
            answer: self.sent(end.record.answer.as_ref()),
            call_back: case.call_back.as_ref().map(|c| self.call_back(c)),
            left_out: case.left_out().map(str::to_owned),
            may_rate: tracked.may_rate,
            reopen_until: self.maybe(tracked.reopen_until),
            reopenings: end.record.rounds.len(),
        }
    }
}

fn clock_word(clock: ClockKind) -> &'static str {
    match clock {
        ClockKind::UrgentHours => "urgent_hours",
        ClockKind::UrgentDays => "urgent_days",
        ClockKind::WorkingHours => "working_hours",
        ClockKind::WorkingDays => "working_days",
        ClockKind::CalendarDays => "calendar_days",
    }
}
