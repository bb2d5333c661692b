//! What the forms of moves send, read as the steps `ops` takes; and what was wrong with it in the reader's words.

use super::cells;
use super::forms::{Input, onward};
use super::pictures::{Entry, FILES};
use crate::model::Ask;
use crate::model::{Case, Satisfaction, VerifyOutcome};
use crate::moves::Act;
use crate::naming::{self, Named};
use crate::ops::{CaseError, NewPlace, Step};
use crate::record::{AnswerKind, AnswerParts};
use crate::rules::{
    AnswerCommand as Reply, ClockCommand as Clock, FairCommand as Fair, JointCommand as Joint,
    Refusal,
};
use access::{AccountId, Fault, Fields, UnitId};
use actors::Unit;
use jiff::civil::Date;
use kernel::codes::{DivisionCode, GridCode};
use matters::{City, MatterId};
use std::str::FromStr;
use ui::{Lang, Ui};

pub use crate::naming::matter_label;

/// At most so many names are offered where a text fits several.
const MOST_NAMED: usize = 6;

/// Why a form was not done.
#[derive(Debug)]
pub enum Wrong {
    /// `ops` refused it.
    Case(CaseError),
    /// An entry does not read; the sentence is in the reader's language.
    Entry {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        sentence: String,
    },
}

impl From<CaseError> for Wrong {
    fn from(error: CaseError) -> Self {
        Self::Case(error)
    }
}

impl Wrong {
    pub(super) fn entry(field: &'static str, sentence: String) -> Self {
        Self::Entry { field, sentence }
    }
    /// The field of the form at fault, if it is one of `inputs`, and a sentence.
    pub fn told(&self, ui: &Ui, inputs: &[Input]) -> (Option<&'static str>, String) {
        match self {
            Self::Entry { field, sentence } => (Some(field), sentence.clone()),
            Self::Case(error) => {
                let field = access::Problem::field(error);
                let input = inputs.iter().find(|i| Some(i.name) == field.as_deref());
                (
                    input.map(|i| i.name),
                    sentence(ui, error, input.map(|i| i.label.as_str())),
                )
            }
        }
    }
    /// As an error page.
    pub fn fault(self) -> Fault {
        match self {
            Self::Case(error) => error.into(),
            Self::Entry { field, sentence } => {
                Fault::invalid(field, "cases.bad_form", sentence.clone()).arg("sentence", sentence)
            }
        }
    }
    /// The HTTP status of a page that shows it.
    pub fn status(&self) -> axum::http::StatusCode {
        match self {
            Self::Case(error) => access::Problem::status(error),
            Self::Entry { .. } => axum::http::StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

/// A refusal in the reader's words. Where a field is named, it is named as on the form.
pub fn sentence(ui: &Ui, error: &CaseError, label: Option<&str>) -> String {
    if let (CaseError::Rule { refusal, .. }, Some(label)) = (error, label) {
        match refusal {
            Refusal::Missing { .. } => return ui.tn("cases-error-missing", "field", label),
            Refusal::TooLong { most, .. } => {
                return ui.t2("cases-error-too-long", "field", label, "most", *most);
            }
            _ => {}
        }
    }
    told_of(ui, error)
}

/// Any problem in the reader's words; in its own where there are none.
pub fn told_of(ui: &Ui, problem: &dyn access::Problem) -> String {
    let key = access::word_key(problem.code());
    if ui.site.words.has(&key) {
        let args = access::on_a_page(problem.field().as_deref(), problem.args());
        access::told(ui, &key, &args)
    } else {
        problem.to_string()
    }
}

/// A unit as forms show and take it.
pub fn unit_label(unit: &Unit, lang: Lang) -> String {
    let name = unit.name(lang.tag());
    if name == unit.code || unit.code.ends_with(&format!("/{name}")) {
        name.to_owned()
    } else {
        format!("{} {name}", unit.code)
    }
}

/// A class by what was typed or chosen: its label, its code, its name, or words that fit only one.
///
/// # Errors
/// None, or several, fit.
pub fn matter(ui: &Ui, city: &City, text: &str) -> Result<Option<MatterId>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    match naming::class(city, text) {
        Named::One(only) => Ok(Some(only.id)),
        Named::Nothing => Err(Wrong::entry(
            "matter",
            ui.tn("cases-matter-unknown", "text", text),
        )),
        Named::Several(several) => {
            let names: Vec<String> = several.iter().map(|c| matter_label(c, ui.lang)).collect();
            Err(Wrong::entry(
                "matter",
                ui.tn("cases-matter-several", "names", ui.list(&names)),
            ))
        }
    }
}

/// A unit in force by what was typed or chosen.
///
/// # Errors
/// None, or several, fit.
pub fn unit(ui: &Ui, city: &City, text: &str) -> Result<Option<UnitId>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let labelled =
        |u: &&Unit| Lang::ALL.iter().any(|lang| unit_label(u, *lang) == text) || u.code == text;
    if let Some(unit) = city.units.in_force().find(labelled) {
        return Ok(Some(unit.id));
    }
    let holds = |u: &&Unit| {
        u.name_zh.contains(text)
            || u.name_en
                .as_deref()
                .is_some_and(|n| n.to_lowercase().contains(&text.to_lowercase()))
    };
    let found: Vec<&Unit> = city
        .units
        .in_force()
        .filter(holds)
        .take(MOST_NAMED)
        .collect();
    match &found[..] {
        [only] => Ok(Some(only.id)),
        [] => Err(Wrong::entry(
            "unit",
            ui.tn("cases-unit-unknown", "text", text),
        )),
        several => {
            let names: Vec<String> = several.iter().map(|u| unit_label(u, ui.lang)).collect();
            Err(Wrong::entry(
                "unit",
                ui.tn("cases-unit-several", "names", ui.list(&names)),
            ))
        }
    }
}

/// A unit of one of several fields.
fn named_unit(
    ui: &Ui,
    city: &City,
    text: &str,
    field: &'static str,
) -> Result<Option<UnitId>, Wrong> {
    unit(ui, city, text).map_err(|wrong| match wrong {
        Wrong::Entry { sentence, .. } => Wrong::Entry { field, sentence },
        other => other,
    })
}

/// The shares of a split: the rows of the form that name a unit.
fn shares(ui: &Ui, city: &City, fields: &Fields) -> Result<Vec<Ask>, Wrong> {
    let mut shares = Vec::new();
    let rows = super::forms::UNITS
        .into_iter()
        .zip(super::forms::ASKS)
        .zip(super::forms::LIMITS);
    for ((unit, ask), limit) in rows {
        let Some(of) = named_unit(ui, city, fields.get(unit), unit)? else {
            continue;
        };
        shares.push(Ask {
            unit: of,
            ask: fields.get(ask).to_owned(),
            limit: needed(ui, fields, limit)?,
        });
    }
    Ok(shares)
}

fn part<T: FromStr>(ui: &Ui, fields: &Fields, field: &'static str) -> Result<Option<T>, Wrong> {
    let text = fields.get(field);
    if text.is_empty() {
        return Ok(None);
    }
    // words: cases-field-*
    let label = ui.t(&format!("cases-field-{field}"));
    text.parse()
        .map(Some)
        .map_err(|_| Wrong::entry(field, ui.tn("cases-unreadable", "field", label.as_str())))
}

fn needed<T: FromStr>(ui: &Ui, fields: &Fields, field: &'static str) -> Result<T, Wrong> {
    part(ui, fields, field)?.ok_or_else(|| missing(ui, field))
}

pub(super) fn missing(ui: &Ui, field: &'static str) -> Wrong {
    let label = ui.t(&format!("cases-field-{field}"));
    Wrong::entry(field, ui.tn("cases-error-missing", "field", label.as_str()))
}

/// The place of a form: a point, a cell, a division, an address.
///
/// # Errors
/// A coordinate that is no number, or only one of the two.
pub fn place(ui: &Ui, fields: &Fields) -> Result<NewPlace, Wrong> {
    let mut wrongs = Vec::new();
    let place = place_and_faults(ui, fields, &mut wrongs);
    match wrongs.into_iter().next() {
        Some(wrong) => Err(wrong),
        None => Ok(place),
    }
}

/// What of it reads; the rest is added to what is wrong with the form.
pub fn place_and_faults(ui: &Ui, fields: &Fields, wrongs: &mut Vec<Wrong>) -> NewPlace {
    let lon = part::<f64>(ui, fields, "lon");
    let lat = part::<f64>(ui, fields, "lat");
    let lon_lat = match (lon, lat) {
        (Ok(Some(lon)), Ok(Some(lat))) => Some((lon, lat)),
        (Ok(None), Ok(None)) => None,
        (Ok(None), Ok(_)) => {
            wrongs.push(Wrong::entry("lon", ui.t("cases-point-half")));
            None
        }
        (Ok(_), Ok(None)) => {
            wrongs.push(Wrong::entry("lat", ui.t("cases-point-half")));
            None
        }
        (lon, lat) => {
            wrongs.extend([lon.err(), lat.err()].into_iter().flatten());
            None
        }
    };
    let division = kept(part::<DivisionCode>(ui, fields, "division"), wrongs);
    let community = kept(part::<DivisionCode>(ui, fields, "community"), wrongs);
    let grid = kept(part::<GridCode>(ui, fields, "grid"), wrongs);
    let (division, community, grid) = (division.flatten(), community.flatten(), grid.flatten());
    let (division, grid) = cells::chosen(ui, division, community, grid, wrongs);
    let address = fields.get("address");
    NewPlace {
        lon_lat,
        grid,
        division,
        address: (!address.is_empty()).then(|| address.to_owned()),
        ..NewPlace::default()
    }
}

/// What reads; what does not is added to what is wrong with the form.
pub fn kept<T>(found: Result<T, Wrong>, wrongs: &mut Vec<Wrong>) -> Option<T> {
    found.map_err(|wrong| wrongs.push(wrong)).ok()
}

fn yes_no(fields: &Fields, field: &str) -> Option<bool> {
    match fields.get(field) {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// The place of a correction; none when it is as it was. Without a new point the case stays in its cell and division.
fn corrected(ui: &Ui, fields: &Fields, case: &Case) -> Result<Option<NewPlace>, Wrong> {
    let new = place(ui, fields)?;
    let point = case.place.point.map(|p| (p.lon(), p.lat()));
    if new.lon_lat == point && new.address == case.place.address {
        return Ok(None);
    }
    Ok(Some(NewPlace {
        grid: case.place.grid,
        division: case.place.division,
        ..new
    }))
}

/// A draft; which doors are open the city's list says.
fn draft(parts: AnswerParts, kind: AnswerKind) -> Reply {
    let doors = Vec::new();
    Reply::DraftAnswer { parts, kind, doors }
}

fn set_nature(nature: String) -> Step {
    Step::Reply(Reply::SetNature {
        nature,
        confidential: false,
    })
}

/// The steps that a form asks for: what goes before the act itself is a nature put right on accepting, and the draft of an
/// answer written on reporting back; what follows it, the moves as far as the unit where the form says so.
///
/// # Errors
/// As [`step`].
pub fn steps(
    ui: &Ui,
    city: &City,
    case: &Case,
    act: Act,
    offered: &str,
    entry: &Entry,
) -> Result<Vec<Step>, Wrong> {
    let fields = &entry.fields;
    let first = match act {
        Act::Accept => {
            let nature = fields.get("nature");
            let is_known =
                case.record.nature.as_deref() == Some(nature) && !case.record.nature_assumed;
            let is_new = !nature.is_empty() && !is_known;
            is_new.then(|| set_nature(nature.to_owned()))
        }
        Act::ReportBack if !fields.get("done").is_empty() => {
            let parts = AnswerParts {
                done: fields.get("done").to_owned(),
                ..AnswerParts::default()
            };
            Some(Step::Reply(draft(parts, AnswerKind::default())))
        }
        _ => None,
    };
    let own = step(ui, city, case, act, offered, entry)?;
    let goes_on = !fields.get("onward").is_empty();
    let further: &[Act] = if goes_on { onward(act) } else { &[] };
    let further = further.iter().map(|act| match act {
        Act::Register => Step::Register { rule: None },
        _ => Step::Dispatch {
            unit: None,
            basis: String::new(),
        },
    });
    Ok(first.into_iter().chain([own]).chain(further).collect())
}

/// The step that a form of an act on a case asks for, with its files. `offered` is the unit that the form of a dispatch offered: left as
/// it is, the reason of the offer is kept with the case.
///
/// # Errors
/// The entry that does not read. Whether the step may be made, `ops` says.
pub fn step(
    ui: &Ui,
    city: &City,
    case: &Case,
    act: Act,
    offered: &str,
    entry: &Entry,
) -> Result<Step, Wrong> {
    entry.whole()?;
    let fields = &entry.fields;
    let files = || entry.ids(FILES);
    let text = |field: &str| fields.get(field).to_owned();
    let reason = || text("reason");
    let parts = || AnswerParts {
        found: text("found"),
        done: text("done"),
        rule: text("by_rule"),
        next: text("next"),
        ..AnswerParts::default()
    };
    Ok(match act {
        Act::Verify => Step::Verify {
            outcome: needed::<VerifyOutcome>(ui, fields, "outcome")?,
            note: text("note"),
            attachments: files(),
        },
        Act::TakeTask => Step::TakeTask {
            to: part::<AccountId>(ui, fields, "to")?,
        },
        Act::Accept => Step::Accept {
            matter: matter(ui, city, fields.get("matter"))?,
            urgent: !fields.get("urgent").is_empty(),
        },
        Act::NotAccept => Step::NotAccept {
            reason: reason(),
            doors: Vec::new(),
        },
        Act::Correct => Step::Correct {
            matter: matter(ui, city, fields.get("matter"))?,
            place: corrected(ui, fields, case)?,
        },
        Act::Register => Step::Register {
            rule: part::<u32>(ui, fields, "rule")?,
        },
        Act::NotRegister => Step::NotRegister {
            reason: reason(),
            doors: Vec::new(),
        },
        Act::Dispatch => {
            let is_as_offered = fields.get("basis").is_empty() && fields.get("unit") == offered;
            let unit = if is_as_offered {
                None
            } else {
                unit(ui, city, fields.get("unit"))?
            };
            Step::Dispatch {
                unit,
                basis: text("basis"),
            }
        }
        Act::Sign => Step::Sign,
        Act::Return => Step::Return { reason: reason() },
        Act::Rule => Step::Rule {
            unit: unit(ui, city, fields.get("unit"))?.ok_or_else(|| missing(ui, "unit"))?,
            reason: reason(),
        },
        Act::Assign => Step::Assign {
            handler: needed::<AccountId>(ui, fields, "handler")?,
        },
        Act::ReportBack => Step::ReportBack {
            result: text("result"),
            attachments: files(),
        },
        Act::Check => {
            let passed = match fields.get("passed") {
                "pass" => true,
                "fail" => false,
                _ => return Err(missing(ui, "passed")),
            };
            Step::Check {
                passed,
                note: text("note"),
                attachments: files(),
            }
        }
        Act::Close => Step::Close {
            closing: text("closing"),
        },
        Act::CallBack => Step::CallBack {
            contacted: yes_no(fields, "contacted"),
            solved: yes_no(fields, "solved"),
            satisfaction: needed::<Satisfaction>(ui, fields, "satisfaction")?,
            missing: fields.all("missing").map(str::to_owned).collect(),
            note: text("note"),
        },
        Act::RequestVoid => Step::RequestVoid { reason: reason() },
        Act::RefuseVoid => Step::RefuseVoid { reason: reason() },
        Act::Void => Step::Void { reason: reason() },
        Act::Merge => Step::Merge {
            into: needed(ui, fields, "into")?,
        },
        Act::Unmerge => Step::Unmerge,
        Act::ConfirmSelfHandling => Step::ConfirmSelfHandling,
        Act::Note => Step::Note {
            text: text("text"),
            attachments: files(),
        },
        Act::RequestExtension => Step::Clock(Clock::RequestExtension { reason: reason() }),
        Act::EndorseExtension => Step::Clock(Clock::EndorseExtension),
        Act::GrantExtension => Step::Clock(Clock::GrantExtension),
        Act::RefuseExtension => Step::Clock(Clock::RefuseExtension { reason: reason() }),
        Act::RequestSuspension => Step::Clock(Clock::RequestSuspension {
            reason: reason(),
            until: needed::<Date>(ui, fields, "until")?,
        }),
        Act::Suspend => Step::Clock(Clock::Suspend),
        Act::RefuseSuspension => Step::Clock(Clock::RefuseSuspension { reason: reason() }),
        Act::Resume => Step::Clock(Clock::Resume),
        Act::AskRequester => Step::Clock(Clock::AskRequester {
            question: text("question"),
        }),
        Act::Answer => Step::Clock(Clock::Answer {
            text: text("answer"),
            how: text("how"),
        }),
        Act::SetNature => set_nature(text("nature")),
        Act::DraftAnswer => {
            let kind = match fields.get("answer_kind") {
                "direct" => AnswerKind::Direct,
                _ => AnswerKind::Refused,
            };
            Step::Reply(draft(parts(), kind))
        }
        Act::ApproveAnswer => Step::Reply(Reply::ApproveAnswer),
        Act::ReturnAnswer => Step::Reply(Reply::ReturnAnswer { reason: reason() }),
        Act::AnswerDirectly => Step::Reply(Reply::AnswerDirectly {
            parts: parts(),
            direct: false,
        }),
        Act::LodgeAppeal => Step::Fair(Fair::LodgeAppeal {
            count: text("count"),
            reason: reason(),
            evidence: text("evidence"),
            attachments: files(),
        }),
        Act::EndorseAppeal => Step::Fair(Fair::EndorseAppeal),
        Act::GrantAppeal => Step::Fair(Fair::GrantAppeal),
        Act::RefuseAppeal => Step::Fair(Fair::RefuseAppeal { reason: reason() }),
        Act::AskExclusion => Step::Fair(Fair::AskExclusion {
            reason: text("exclusion"),
            words: text("words"),
        }),
        Act::GrantExclusion => Step::Fair(Fair::GrantExclusion),
        Act::RefuseExclusion => Step::Fair(Fair::RefuseExclusion { reason: reason() }),
        Act::Reopen => Step::Fair(Fair::Reopen {
            reason: reason(),
            to_dispatch: false,
        }),
        Act::AddMessage => Step::Fair(Fair::AddMessage {
            text: text("message"),
        }),
        Act::AskHelp => Step::Joint(Joint::AskHelp {
            unit: unit(ui, city, fields.get("unit"))?.ok_or_else(|| missing(ui, "unit"))?,
            ask: text("ask"),
            limit: needed(ui, fields, "limit")?,
        }),
        Act::Split => Step::Joint(Joint::Split {
            shares: shares(ui, city, fields)?,
        }),
        Act::AnswerPart => Step::Joint(Joint::AnswerPart {
            part: needed(ui, fields, "part")?,
            answer: text("answer"),
            attachments: files(),
        }),
        Act::RecallPart => Step::Joint(Joint::RecallPart {
            part: needed(ui, fields, "part")?,
            reason: reason(),
        }),
        Act::NameFirst => Step::Joint(Joint::NameFirst { reason: reason() }),
        Act::NameParty => Step::Joint(Joint::NameParty {
            unit: unit(ui, city, fields.get("unit"))?.ok_or_else(|| missing(ui, "unit"))?,
        }),
        Act::Whistle => {
            let mut units = Vec::new();
            for name in super::forms::UNITS {
                units.extend(named_unit(ui, city, fields.get(name), name)?);
            }
            Step::Joint(Joint::Whistle {
                units,
                ask: text("ask"),
                limit: part(ui, fields, "limit")?,
                is_street: false,
            })
        }
        Act::DropClaim => Step::Joint(Joint::DropClaim { reason: reason() }),
        Act::Rate
        | Act::Join
        | Act::Part
        | Act::RenewCall
        | Act::Report
        | Act::Claim
        | Act::ShowClaim
        | Act::LapseClaim
        | Act::ChangeUnit
        | Act::Import
        | Act::UpdateImport
        | Act::LapseVerify
        | Act::LapseCheck
        | Act::LapseSuspension
        | Act::LapseWaiting
        | Act::Recompute => {
            return Err(Wrong::Case(CaseError::field(
                "act",
                "cases.no_acts",
                "no person makes this move by a form",
            )));
        }
    })
}
