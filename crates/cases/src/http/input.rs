//! What calls take: JSON bodies, strict about unknown fields, turned into what `ops` understands.

use crate::model::Ask;
use crate::model::{Satisfaction, VerifyOutcome};
use crate::naming::{self, Named};
use crate::ops::{Contact, NewPlace, NewReport, Step};
use crate::record::{AnswerKind, AnswerParts};
use crate::rules::{AnswerCommand, ClockCommand, FairCommand, JointCommand};
use access::{AccountId, UnitId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use kernel::codes::{CaseNumber, DivisionCode, GridCode};
use kernel::deadline::Limit;
use kernel::geo::Crs;
use kernel::id::Id;
use matters::{City, MatterId};
use serde::Deserialize;
use utoipa::ToSchema;

/// So much of what was sent is said again.
const LONGEST_TOLD: usize = 40;

/// Where something is.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceInput {
    /// Degrees east, in `crs`.
    lon: Option<f64>,
    /// Degrees north, in `crs`.
    lat: Option<f64>,
    /// `wgs84` (default), `cgcs2000`, `gcj02`, `bd09`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    crs: Crs,
    /// The unit grid, where no point is known: fifteen digits.
    #[schema(value_type = Option<String>)]
    grid: Option<GridCode>,
    /// The division, where neither is known: twelve digits.
    #[schema(value_type = Option<String>)]
    division: Option<DivisionCode>,
    /// The address in words.
    address: Option<String>,
}

impl PlaceInput {
    fn into_place(self) -> Result<NewPlace, crate::ops::CaseError> {
        let lon_lat = match (self.lon, self.lat) {
            (Some(lon), Some(lat)) => Some((lon, lat)),
            (None, None) => None,
            (lon, _) => {
                let field = if lon.is_none() { "lon" } else { "lat" };
                return Err(crate::ops::CaseError::field(
                    field,
                    "cases.bad_point",
                    "a point needs lon and lat",
                ));
            }
        };
        Ok(NewPlace {
            lon_lat,
            crs: self.crs,
            grid: self.grid,
            division: self.division,
            address: self.address,
        })
    }
}

/// How to reach whoever reports. Kept encrypted, apart from the case.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactInput {
    /// The name.
    name: Option<String>,
    /// The phone number.
    phone: Option<String>,
    /// The mail address.
    email: Option<String>,
}

impl From<ContactInput> for Contact {
    fn from(c: ContactInput) -> Self {
        Self {
            name: c.name,
            phone: c.phone,
            email: c.email,
        }
    }
}

/// A report by anybody.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PublicReport {
    /// What is the matter; phone and ID numbers and mail addresses in it are masked.
    description: String,
    /// The id of the class, if known.
    #[schema(value_type = Option<String>)]
    matter: Option<MatterId>,
    /// Where.
    #[serde(default)]
    place: PlaceInput,
    /// How to reach whoever reports; may be left out.
    #[serde(default)]
    contact: ContactInput,
    /// The handling unit shall never learn who reported.
    #[serde(default)]
    confidential: bool,
    /// What kind of contact it is: a code of the city's list, such as `complaint`.
    nature: Option<String>,
    /// Whoever reports agrees to be told how the matter goes, by the contact given.
    #[serde(default)]
    notify: bool,
    /// The ids of uploaded files.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    attachments: Vec<Id>,
    /// The number of an open case of a public class that it is the same as; the desk decides. Others are passed over.
    #[schema(value_type = Option<String>)]
    same_as: Option<CaseNumber>,
}

impl PublicReport {
    pub fn into_report(self) -> Result<NewReport, crate::ops::CaseError> {
        Ok(NewReport {
            channel: "web".into(),
            description: self.description,
            matter: self.matter,
            place: self.place.into_place()?,
            contact: self.contact.into(),
            confidential: self.confidential,
            nature: self.nature,
            notify: self.notify,
            attachments: self.attachments,
            same_as: self.same_as,
            ..NewReport::default()
        })
    }
}

/// A report taken in by staff.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StaffReport {
    /// The channel, such as `patrol` or `hotline`.
    channel: String,
    /// What is the matter; phone and ID numbers and mail addresses in it are masked.
    description: String,
    /// The id of the class, if known.
    #[schema(value_type = Option<String>)]
    matter: Option<MatterId>,
    /// The class as people call it, where its id is not known: its code, its name in either language, or words that fit only
    /// one.
    matter_words: Option<String>,
    /// Where.
    #[serde(default)]
    place: PlaceInput,
    /// When it was seen, RFC 3339, for reports made offline; at most 31 days ago.
    #[schema(value_type = Option<String>)]
    reported_at: Option<Timestamp>,
    /// How to reach whoever reports.
    #[serde(default)]
    contact: ContactInput,
    /// The handling unit shall never learn who reported.
    #[serde(default)]
    confidential: bool,
    /// What kind of contact it is: a code of the city's list, such as `complaint`.
    nature: Option<String>,
    /// Whoever reports agrees to be told how the matter goes, by the contact given.
    #[serde(default)]
    notify: bool,
    /// It was put right on the spot: how.
    self_handled: Option<String>,
    /// The ids of uploaded files: what was seen.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    attachments: Vec<Id>,
    /// The ids of uploaded files: what it looks like after it was put right on the spot.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    after: Vec<Id>,
}

impl StaffReport {
    pub fn into_report(self, city: &City) -> Result<NewReport, crate::ops::CaseError> {
        Ok(NewReport {
            matter: match self.matter_words.as_deref().map(str::trim) {
                Some(words) if self.matter.is_none() && !words.is_empty() => {
                    Some(class_called(city, words)?)
                }
                _ => self.matter,
            },
            channel: self.channel,
            description: self.description,
            place: self.place.into_place()?,
            reported_at: self.reported_at,
            contact: self.contact.into(),
            confidential: self.confidential,
            nature: self.nature,
            notify: self.notify,
            self_handled: self.self_handled,
            same_as: None,
            attachments: self.attachments,
            after: self.after,
        })
    }
}

fn class_called(city: &City, words: &str) -> Result<MatterId, crate::ops::CaseError> {
    match naming::class(city, words) {
        Named::One(class) => Ok(class.id),
        Named::Nothing | Named::Several(_) => {
            let words: String = words.chars().take(LONGEST_TOLD).collect();
            let code = "cases.no_single_class";
            Err(crate::ops::CaseError::field("matter_words", code, words))
        }
    }
}

/// Moves to make on a case.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Acts {
    /// The version of the case as the caller saw it; leave it out to act on whatever it is now.
    pub expected_version: Option<u32>,
    /// When the acts were done, where they are recorded later, such as acts made without a network: at most 31 days ago.
    #[schema(value_type = Option<String>)]
    pub done_at: Option<Timestamp>,
    /// The device had a network when they were done: recorded within a minute they have no other moment than that of the record.
    #[serde(default)]
    pub online: bool,
    /// The moves, in order, at most 8; all or none.
    pub acts: Vec<ActInput>,
}

/// What is done with a network and recorded within this was recorded when it was done: photographs take a while to be sent.
const AT_ONCE: SignedDuration = SignedDuration::from_mins(1);

impl Acts {
    /// When the acts were done, where they are recorded later. What a device without a network kept is recorded later, however
    /// short that was.
    pub fn done_at(&self, now: Timestamp) -> Option<Timestamp> {
        let is_now = |done: &Timestamp| self.online && now.duration_since(*done).abs() <= AT_ONCE;
        self.done_at.filter(|done| !is_now(done))
    }
}

/// One move. Which one is said by `act`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ActInput {
    Verify {
        #[schema(value_type = String)]
        outcome: VerifyOutcome,
        #[serde(default)]
        note: String,
        #[serde(default)]
        #[schema(value_type = Vec<String>)]
        attachments: Vec<Id>,
    },
    TakeTask {
        #[schema(value_type = Option<String>)]
        to: Option<AccountId>,
    },
    Accept {
        #[schema(value_type = Option<String>)]
        matter: Option<MatterId>,
        #[serde(default)]
        urgent: bool,
        /// What kind of contact it is, where that is to be put right first.
        nature: Option<String>,
    },
    NotAccept {
        reason: String,
        /// Codes of the doors still open; none = all of the city's list.
        #[serde(default)]
        doors: Vec<String>,
    },
    Correct {
        #[schema(value_type = Option<String>)]
        matter: Option<MatterId>,
        place: Option<PlaceInput>,
    },
    Register {
        rule: Option<u32>,
    },
    NotRegister {
        reason: String,
        /// Codes of the doors still open; none = all of the city's list.
        #[serde(default)]
        doors: Vec<String>,
    },
    Dispatch {
        #[schema(value_type = Option<String>)]
        unit: Option<UnitId>,
        #[serde(default)]
        basis: String,
    },
    Sign {},
    Return {
        reason: String,
    },
    Rule {
        #[schema(value_type = String)]
        unit: UnitId,
        reason: String,
    },
    Assign {
        #[schema(value_type = String)]
        handler: AccountId,
    },
    ReportBack {
        result: String,
        #[serde(default)]
        #[schema(value_type = Vec<String>)]
        attachments: Vec<Id>,
        /// The draft of the answer to the requester.
        answer: Option<AnswerInput>,
    },
    Check {
        passed: bool,
        #[serde(default)]
        note: String,
        #[serde(default)]
        #[schema(value_type = Vec<String>)]
        attachments: Vec<Id>,
    },
    Close {
        closing: String,
    },
    CallBack {
        contacted: Option<bool>,
        solved: Option<bool>,
        #[schema(value_type = String)]
        satisfaction: Satisfaction,
        /// What is missing: codes of the city's list.
        #[serde(default)]
        missing: Vec<String>,
        #[serde(default)]
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
        #[schema(value_type = String)]
        into: CaseNumber,
    },
    Unmerge {},
    ConfirmSelfHandling {},
    Note {
        text: String,
        #[serde(default)]
        #[schema(value_type = Vec<String>)]
        attachments: Vec<Id>,
    },
    RequestExtension {
        reason: String,
    },
    EndorseExtension {},
    GrantExtension {},
    RefuseExtension {
        reason: String,
    },
    RequestSuspension {
        reason: String,
        /// The day on whose morning it ends, such as 2026-05-01.
        #[schema(value_type = String)]
        until: Date,
    },
    Suspend {},
    RefuseSuspension {
        reason: String,
    },
    Resume {},
    AskRequester {
        question: String,
    },
    Answer {
        text: String,
        /// By which way and when the requester said it: needed of staff, who write it down for them.
        #[serde(default)]
        how: String,
    },
    SetNature {
        /// A code of the city's list, such as `complaint`.
        nature: String,
    },
    DraftAnswer {
        /// What was done, or the reply itself.
        done: String,
        /// What was found.
        #[serde(default)]
        found: String,
        /// By which rule.
        #[serde(default)]
        rule: String,
        /// By whom.
        #[serde(default)]
        by: String,
        /// What next.
        #[serde(default)]
        next: String,
        /// At the desk, for which end: `refused` (usual) or `direct`.
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        kind: AnswerKind,
    },
    ApproveAnswer {},
    ReturnAnswer {
        reason: String,
    },
    AnswerDirectly {
        /// What was done, or the reply itself.
        done: String,
        /// What was found.
        #[serde(default)]
        found: String,
        /// By which rule.
        #[serde(default)]
        rule: String,
        /// By whom.
        #[serde(default)]
        by: String,
        /// What next.
        #[serde(default)]
        next: String,
    },
    LodgeAppeal {
        /// Against which count: a code of the city's list, such as `late`.
        count: String,
        reason: String,
        /// What proves it; needed where no file does.
        #[serde(default)]
        evidence: String,
        #[serde(default)]
        #[schema(value_type = Vec<String>)]
        attachments: Vec<Id>,
    },
    EndorseAppeal {},
    GrantAppeal {},
    RefuseAppeal {
        reason: String,
    },
    AskExclusion {
        /// A code of the city's list, such as `no_legal_basis`.
        reason: String,
        #[serde(default)]
        words: String,
    },
    GrantExclusion {},
    RefuseExclusion {
        reason: String,
    },
    Reopen {
        reason: String,
    },
    AddMessage {
        text: String,
    },
    AskHelp {
        #[schema(value_type = String)]
        unit: UnitId,
        /// What is asked.
        ask: String,
        /// How long the unit has, with its clock, such as `2工作日`.
        #[schema(value_type = String)]
        limit: Limit,
    },
    Split {
        /// Two to eight shares, each of another unit.
        shares: Vec<ShareInput>,
    },
    AnswerPart {
        /// The number of the part.
        part: u32,
        answer: String,
        #[serde(default)]
        #[schema(value_type = Vec<String>)]
        attachments: Vec<Id>,
    },
    RecallPart {
        /// The number of the part.
        part: u32,
        reason: String,
    },
    NameFirst {
        reason: String,
    },
    NameParty {
        #[schema(value_type = String)]
        unit: UnitId,
    },
    Whistle {
        /// The units that are called.
        #[schema(value_type = Vec<String>)]
        units: Vec<UnitId>,
        ask: String,
        /// How long they have to respond; left out = what the city sets.
        #[schema(value_type = Option<String>)]
        limit: Option<Limit>,
    },
    DropClaim {
        reason: String,
    },
}

/// One share of a split.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShareInput {
    /// Whose it is.
    #[schema(value_type = String)]
    unit: UnitId,
    /// What is asked.
    ask: String,
    /// How long the unit has, with its clock.
    #[schema(value_type = String)]
    limit: Limit,
}

/// A written answer. What is left out is filled in from the city's template.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerInput {
    /// What was done, or the reply itself.
    done: String,
    /// What was found.
    #[serde(default)]
    found: String,
    /// By which rule.
    #[serde(default)]
    rule: String,
    /// By whom.
    #[serde(default)]
    by: String,
    /// What next.
    #[serde(default)]
    next: String,
}

impl From<AnswerInput> for AnswerParts {
    fn from(a: AnswerInput) -> Self {
        Self {
            found: a.found,
            done: a.done,
            rule: a.rule,
            by: a.by,
            next: a.next,
        }
    }
}

impl ActInput {
    /// The moves of one entry: a nature put right comes before the acceptance, the draft of an answer before reporting back.
    pub fn into_steps(mut self) -> Result<Vec<Step>, crate::ops::CaseError> {
        let first = match &mut self {
            Self::Accept { nature, .. } => nature.take().map(set_nature),
            Self::ReportBack { answer, .. } => answer.take().map(|a| {
                let parts = a.into();
                Step::Reply(draft(parts, AnswerKind::default()))
            }),
            _ => None,
        };
        Ok(first.into_iter().chain([self.into_step()?]).collect())
    }
    fn into_step(self) -> Result<Step, crate::ops::CaseError> {
        Ok(match self {
            Self::Verify {
                outcome,
                note,
                attachments,
            } => Step::Verify {
                outcome,
                note,
                attachments,
            },
            Self::TakeTask { to } => Step::TakeTask { to },
            Self::Accept { matter, urgent, .. } => Step::Accept { matter, urgent },
            Self::NotAccept { reason, doors } => Step::NotAccept { reason, doors },
            Self::Correct { matter, place } => Step::Correct {
                matter,
                place: place.map(PlaceInput::into_place).transpose()?,
            },
            Self::Register { rule } => Step::Register { rule },
            Self::NotRegister { reason, doors } => Step::NotRegister { reason, doors },
            Self::Dispatch { unit, basis } => Step::Dispatch { unit, basis },
            Self::Sign {} => Step::Sign,
            Self::Return { reason } => Step::Return { reason },
            Self::Rule { unit, reason } => Step::Rule { unit, reason },
            Self::Assign { handler } => Step::Assign { handler },
            Self::ReportBack {
                result,
                attachments,
                ..
            } => Step::ReportBack {
                result,
                attachments,
            },
            Self::Check {
                passed,
                note,
                attachments,
            } => Step::Check {
                passed,
                note,
                attachments,
            },
            Self::Close { closing } => Step::Close { closing },
            Self::CallBack {
                contacted,
                solved,
                satisfaction,
                missing,
                note,
            } => Step::CallBack {
                contacted,
                solved,
                satisfaction,
                missing,
                note,
            },
            Self::RequestVoid { reason } => Step::RequestVoid { reason },
            Self::RefuseVoid { reason } => Step::RefuseVoid { reason },
            Self::RequestExtension { reason } => {
                Step::Clock(ClockCommand::RequestExtension { reason })
            }
            Self::EndorseExtension {} => Step::Clock(ClockCommand::EndorseExtension),
            Self::GrantExtension {} => Step::Clock(ClockCommand::GrantExtension),
            Self::RefuseExtension { reason } => {
                Step::Clock(ClockCommand::RefuseExtension { reason })
            }
            Self::RequestSuspension { reason, until } => {
                Step::Clock(ClockCommand::RequestSuspension { reason, until })
            }
            Self::Suspend {} => Step::Clock(ClockCommand::Suspend),
            Self::RefuseSuspension { reason } => {
                Step::Clock(ClockCommand::RefuseSuspension { reason })
            }
            Self::Resume {} => Step::Clock(ClockCommand::Resume),
            Self::AskRequester { question } => Step::Clock(ClockCommand::AskRequester { question }),
            Self::Answer { text, how } => Step::Clock(ClockCommand::Answer { text, how }),
            Self::AskHelp { unit, ask, limit } => {
                Step::Joint(JointCommand::AskHelp { unit, ask, limit })
            }
            Self::Split { shares } => {
                let share = |s: ShareInput| Ask {
                    unit: s.unit,
                    ask: s.ask,
                    limit: s.limit,
                };
                let shares = shares.into_iter().map(share).collect();
                Step::Joint(JointCommand::Split { shares })
            }
            Self::AnswerPart {
                part,
                answer,
                attachments,
            } => Step::Joint(JointCommand::AnswerPart {
                part,
                answer,
                attachments,
            }),
            Self::RecallPart { part, reason } => {
                Step::Joint(JointCommand::RecallPart { part, reason })
            }
            Self::NameFirst { reason } => Step::Joint(JointCommand::NameFirst { reason }),
            Self::NameParty { unit } => Step::Joint(JointCommand::NameParty { unit }),
            Self::Whistle { units, ask, limit } => Step::Joint(JointCommand::Whistle {
                units,
                ask,
                limit,
                is_street: false,
            }),
            Self::DropClaim { reason } => Step::Joint(JointCommand::DropClaim { reason }),
            Self::Void { reason } => Step::Void { reason },
            Self::Merge { into } => Step::Merge { into },
            Self::Unmerge {} => Step::Unmerge,
            Self::ConfirmSelfHandling {} => Step::ConfirmSelfHandling,
            Self::Note { text, attachments } => Step::Note { text, attachments },
            Self::SetNature { nature } => set_nature(nature),
            Self::DraftAnswer {
                done,
                found,
                rule,
                by,
                next,
                kind,
            } => {
                let parts = AnswerParts {
                    found,
                    done,
                    rule,
                    by,
                    next,
                };
                Step::Reply(draft(parts, kind))
            }
            Self::ApproveAnswer {} => Step::Reply(AnswerCommand::ApproveAnswer),
            Self::ReturnAnswer { reason } => Step::Reply(AnswerCommand::ReturnAnswer { reason }),
            Self::AnswerDirectly {
                done,
                found,
                rule,
                by,
                next,
            } => Step::Reply(AnswerCommand::AnswerDirectly {
                parts: AnswerParts {
                    found,
                    done,
                    rule,
                    by,
                    next,
                },
                direct: false,
            }),
            Self::LodgeAppeal {
                count,
                reason,
                evidence,
                attachments,
            } => Step::Fair(FairCommand::LodgeAppeal {
                count,
                reason,
                evidence,
                attachments,
            }),
            Self::EndorseAppeal {} => Step::Fair(FairCommand::EndorseAppeal),
            Self::GrantAppeal {} => Step::Fair(FairCommand::GrantAppeal),
            Self::RefuseAppeal { reason } => Step::Fair(FairCommand::RefuseAppeal { reason }),
            Self::AskExclusion { reason, words } => {
                Step::Fair(FairCommand::AskExclusion { reason, words })
            }
            Self::GrantExclusion {} => Step::Fair(FairCommand::GrantExclusion),
            Self::RefuseExclusion { reason } => Step::Fair(FairCommand::RefuseExclusion { reason }),
            Self::Reopen { reason } => Step::Fair(FairCommand::Reopen {
                reason,
                to_dispatch: false,
            }),
            Self::AddMessage { text } => Step::Fair(FairCommand::AddMessage { text }),
        })
    }
}

/// A draft; which doors are open the city's list says.
fn draft(parts: AnswerParts, kind: AnswerKind) -> AnswerCommand {
    let doors = Vec::new();
    AnswerCommand::DraftAnswer { parts, kind, doors }
}

fn set_nature(nature: String) -> Step {
    Step::Reply(AnswerCommand::SetNature {
        nature,
        confidential: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::from_json;

    fn field_of(body: &str) -> String {
        let fault = from_json::<Acts>(body.as_bytes()).expect_err(body);
        fault.field_name().unwrap_or("-").to_owned()
    }

    #[test]
    fn what_was_kept_without_a_network_has_its_own_moment_however_short_that_was() {
        let now: Timestamp = "2026-03-16T01:00:00Z".parse().unwrap();
        let kept = |done: &str, online: &str| {
            let body =
                format!(r#"{{"done_at":"2026-03-16T{done}Z"{online},"acts":[{{"act":"sign"}}]}}"#);
            from_json::<Acts>(body.as_bytes())
                .unwrap()
                .done_at(now)
                .is_some()
        };
        for offline in ["", r#","online":false"#] {
            for done in ["00:59:58", "00:30:00", "01:00:00", "01:00:20"] {
                assert!(kept(done, offline), "{done}{offline}");
            }
        }
        let online = r#","online":true"#;
        assert!(
            !kept("00:59:58", online) && !kept("00:59:00", online) && !kept("01:00:20", online)
        );
        // It could not be sent at once all the same.
        assert!(kept("00:58:59", online) && kept("00:30:00", online));
    }

    #[test]
    fn acts_read_as_documented() {
        let body = r#"{"expected_version":3,"acts":[{"act":"sign"},{"act":"report_back","result":"已修复"}]}"#;
        let acts = from_json::<Acts>(body.as_bytes()).unwrap();
        let steps: Vec<Step> = acts
            .acts
            .into_iter()
            .flat_map(|a| a.into_steps().unwrap())
            .collect();
        assert_eq!(
            steps,
            [
                Step::Sign,
                Step::ReportBack {
                    result: "已修复".into(),
                    attachments: Vec::new()
                }
            ]
        );
    }

    #[test]
    fn garbage_is_refused_by_its_field() {
        assert_eq!(field_of(r#"{"acts":"sign"}"#), "acts");
        assert_eq!(field_of(r#"{"acts":[],"version":1}"#), "version");
        assert_eq!(
            field_of(r#"{"expected_version":-1,"acts":[]}"#),
            "expected_version"
        );
        assert!(field_of(r#"{"acts":[{"act":"steal"}]}"#).starts_with("acts[0]"));
        assert!(field_of(r#"{"acts":[{"act":"sign","by":"me"}]}"#).starts_with("acts[0]"));
        assert!(field_of(r#"{"acts":[{"act":"close"}]}"#).starts_with("acts[0]"));
        for bad in ["", "[", "nul", "{\"acts\":[{\"act\":\"sign\"}]} x"] {
            assert_eq!(field_of(bad), "-", "{bad}");
        }
    }

    #[test]
    fn half_a_point_is_refused() {
        let place = from_json::<PlaceInput>(br#"{"lon":120.1}"#).unwrap();
        assert!(
            place
                .into_place()
                .unwrap_err()
                .to_string()
                .starts_with("lat")
        );
    }
}
