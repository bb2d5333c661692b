//! The forms of moves: for each act that somebody may do on a case now, what is asked and what is offered.

use super::line::limit_words;
use super::pictures::{Entry, FILES, PictureField};
use super::read::{Wrong, matter_label, unit_label};
use crate::lists::{ListKind, Lists};
use crate::model::{Case, Part, Satisfaction, State, VerifyOutcome};
use crate::moves::Act;
use crate::ops::{CaseError, answer_of_closing};
use crate::record::AnswerParts;
use crate::rules::{CityRules, Refusal, evidence_owed, evidence_owed_for};
use crate::words::act_key;
use access::{Account, AccountId};
use actors::Unit;
use matters::{City, Reason};
use ui::{Choice, Lang, Ui};

/// The fields of a form that names several units: a split, a whistle. (By the API there may be more.)
pub const UNITS: [&str; 4] = ["unit1", "unit2", "unit3", "unit4"];
/// What each is asked.
pub const ASKS: [&str; 4] = ["ask1", "ask2", "ask3", "ask4"];
/// How long each has.
pub const LIMITS: [&str; 4] = ["limit1", "limit2", "limit3", "limit4"];

/// How a field is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line.
    Line,
    /// Several lines.
    Area,
    /// A day.
    Date,
    /// One line with offers to choose from, whose list stands elsewhere on the page under this id.
    Offers(&'static str),
    /// One of a few.
    Radios,
    /// One of many.
    Select,
    /// A box to tick.
    Check,
    /// Several of a few; the value holds them line by line.
    Checks,
}

/// One field of a form.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its id on the page.
    pub id: String,
    /// Its name when sent.
    pub name: &'static str,
    /// What is read beside it.
    pub label: String,
    /// A hint; may be empty.
    pub help: String,
    /// How it is filled in.
    pub kind: Kind,
    /// Must not be empty.
    pub required: bool,
    /// What it holds.
    pub value: String,
    /// What is wrong with it; empty if nothing.
    pub fault: String,
    /// What may be chosen.
    pub choices: Vec<Choice>,
}

impl Input {
    /// The ids of what describes it, for assistive technology.
    pub fn described(&self) -> String {
        let mut ids = Vec::new();
        if !self.help.is_empty() {
            ids.push(format!("h-{}", self.id));
        }
        if !self.fault.is_empty() {
            ids.push(format!("e-{}", self.id));
        }
        ids.join(" ")
    }
    /// Whether one of several boxes is ticked.
    pub fn holds(&self, value: &str) -> bool {
        self.value.lines().any(|v| v == value)
    }
    /// The id of its list of offers; empty if it has none.
    pub fn list(&self) -> &'static str {
        if let Kind::Offers(list) = self.kind {
            list
        } else {
            ""
        }
    }
    /// The kind as the template asks for it.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Line | Kind::Offers(_) => "line",
            Kind::Area => "area",
            Kind::Date => "date",
            Kind::Radios => "radios",
            Kind::Select => "select",
            Kind::Check => "check",
            Kind::Checks => "checks",
        }
    }
}

/// For which ends the desk drafts an answer that a shift leader has to agree to, as the city wants it.
pub(super) fn desk_drafts(state: State, rules: &CityRules) -> Vec<&'static str> {
    let is_new = matches!(
        state,
        State::PendingVerify | State::PendingAccept | State::PendingRegister
    );
    [
        (rules.answers_approved.refused, "refused"),
        (rules.answers_approved.direct, "direct"),
    ]
    .into_iter()
    .filter_map(|(is, end)| (is && is_new).then_some(end))
    .collect()
}

/// The form of one act on one case.
#[derive(Debug, Clone)]
pub struct ActForm {
    /// Its id on the page.
    pub id: String,
    /// Where it is sent.
    pub action: String,
    /// The act's word, as on its button.
    pub title: String,
    /// A sentence above the fields; may be empty.
    pub about: String,
    /// `primary`, `danger` or empty.
    pub tone: &'static str,
    /// The letter that opens or presses it; may be empty.
    pub key: &'static str,
    /// Shown unfolded.
    pub is_open: bool,
    /// The version the reader saw.
    pub version: u32,
    /// Where to go afterwards: a path of this site.
    pub back: String,
    /// What is asked.
    pub inputs: Vec<Input>,
    /// Its pictures and documents, where it takes any.
    pub files: Option<PictureField>,
    /// What is wrong with the whole; empty if nothing.
    pub fault: String,
}

impl ActForm {
    /// What is wrong with it when it comes back, and the id of what is to be mended: the first field at fault, else the form.
    pub fn told(&self) -> (&str, String) {
        if let Some(input) = self.inputs.iter().find(|i| !i.fault.is_empty()) {
            return (&input.id, input.fault.clone());
        }
        match self.files.as_ref().map(|f| (f, f.faults.as_slice())) {
            Some((files, [first, ..])) => (&files.id, first.clone()),
            _ => (&self.id, self.fault.clone()),
        }
    }
}

/// The id of an act's form on the page of a case.
pub(super) fn form_id(act: Act, number: &str) -> String {
    format!("{}-{number}", act.as_str().replace('_', "-"))
}

/// What was sent and refused, to be shown again.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// Which act.
    pub act: Act,
    /// What was typed and which files were taken in.
    pub entry: &'a Entry,
    /// Why it was refused.
    pub wrong: &'a Wrong,
}

/// All that forms are made from.
pub struct Maker<'a> {
    /// The reader.
    pub ui: &'a Ui,
    /// The city's reference data.
    pub city: &'a City,
    /// The city's lists.
    pub lists: &'a Lists,
    /// The case.
    pub case: &'a Case,
    /// The people of the handling unit, where one may assign.
    pub handlers: &'a [Account],
    /// Workers who may be given the task, with their names.
    pub workers: &'a [(AccountId, String)],
    /// Whether the reader may register and dispatch as well: then accepting can carry a case as far as its unit.
    pub may_go_on: bool,
    /// Where to go afterwards.
    pub back: &'a str,
    /// A form that comes back.
    pub sent: Option<Sent<'a>>,
}

/// The moves that follow an act where it carries a case as far as its unit, the routine way.
pub fn onward(act: Act) -> &'static [Act] {
    match act {
        Act::Accept => &[Act::Register, Act::Dispatch],
        Act::Register => &[Act::Dispatch],
        _ => &[],
    }
}

/// Acts that carry a case on its way; the others stand folded beside them.
pub fn is_main(act: Act) -> bool {
    matches!(
        act,
        Act::Verify
            | Act::Accept
            | Act::Register
            | Act::Dispatch
            | Act::Sign
            | Act::ReportBack
            | Act::Check
            | Act::Close
            | Act::CallBack
            | Act::ConfirmSelfHandling
            | Act::Rule
            | Act::Answer
            | Act::ApproveAnswer
            | Act::EndorseAppeal
            | Act::GrantAppeal
            | Act::GrantExclusion
            | Act::AnswerPart
    )
}

/// The letter of an act on the desk.
fn key_of(act: Act) -> &'static str {
    match act {
        Act::Accept => "a",
        Act::NotAccept | Act::NotRegister => "u",
        Act::Correct => "e",
        Act::Register => "r",
        Act::Dispatch => "d",
        Act::Sign => "s",
        Act::Return => "b",
        Act::ReportBack => "f",
        Act::Close => "c",
        Act::Merge => "m",
        Act::Note => "n",
        _ => "",
    }
}

/// All letters of acts, in the order of the table of acts, with the acts that each opens.
pub(super) fn keys(ui: &Ui) -> Vec<(&'static str, String)> {
    let mut keys: Vec<(&'static str, Vec<String>)> = Vec::new();
    for act in Act::ALL.iter().filter(|act| !key_of(**act).is_empty()) {
        let (key, title) = (key_of(*act), ui.t(act_key(*act)));
        match keys.iter_mut().find(|(known, _)| *known == key) {
            Some((_, titles)) => titles.push(title),
            None => keys.push((key, vec![title])),
        }
    }
    keys.into_iter()
        .map(|(key, titles)| (key, ui.list(&titles)))
        .collect()
}

fn tone_of(act: Act) -> &'static str {
    match act {
        Act::NotAccept | Act::NotRegister | Act::Void | Act::Return => "danger",
        _ if is_main(act) => "primary",
        _ => "",
    }
}

/// The parts of an answer as one text.
fn in_a_row(parts: &AnswerParts) -> String {
    let parts = parts.named();
    let words: Vec<&str> = parts
        .iter()
        .map(|(_, t)| *t)
        .filter(|t| !t.is_empty())
        .collect();
    words.join(" ")
}

impl Maker<'_> {
    /// The form of an act.
    pub fn form(&self, act: Act) -> ActForm {
        let word = act.as_str().replace('_', "-");
        let id = form_id(act, &self.case.number.to_string());
        let mut form = ActForm {
            action: format!("/cases/{}/{word}", self.case.number),
            title: self.ui.t(act_key(act)),
            about: String::new(),
            tone: tone_of(act),
            key: key_of(act),
            is_open: is_main(act),
            version: self.case.version,
            back: self.back.to_owned(),
            inputs: self.inputs(act, &id),
            files: self.files(act, &id),
            fault: String::new(),
            id,
        };
        if act == Act::Register && self.case.matter.is_none() {
            form.about = self.ui.t("cases-register-no-matter");
        }
        if let Some(asked) = self.asked(act) {
            form.about = asked;
        }
        if act == Act::Return && self.case.returns > 0 {
            form.about = self
                .ui
                .tn("cases-return-again", "n", i64::from(self.case.returns));
        }
        if let Some(sent) = self.sent.filter(|s| s.act == act) {
            form.is_open = true;
            let (field, sentence) = sent.wrong.told(self.ui, &form.inputs);
            for input in &mut form.inputs {
                input.value = match input.kind {
                    Kind::Checks => {
                        let all: Vec<&str> = sent.entry.fields.all(input.name).collect();
                        all.join("\n")
                    }
                    _ => sent.entry.fields.get(input.name).to_owned(),
                };
                if field == Some(input.name) {
                    sentence.clone_into(&mut input.fault);
                }
            }
            form.files = form.files.map(|files| files.sent(sent.entry));
            if let Some(files) = &mut form.files
                && matches!(
                    sent.wrong,
                    Wrong::Case(CaseError::Rule {
                        refusal: Refusal::EvidenceOwed { .. },
                        ..
                    })
                )
            {
                files.faults.push(sentence.clone());
            }
            let is_told = form.inputs.iter().any(|i| !i.fault.is_empty())
                || form.files.as_ref().is_some_and(|f| !f.faults.is_empty());
            if !is_told {
                form.fault = sentence;
            }
        }
        form
    }

    /// What was asked for, above the form that decides it.
    fn asked(&self, act: Act) -> Option<String> {
        let ui = self.ui;
        match act {
            Act::EndorseExtension | Act::GrantExtension | Act::RefuseExtension => {
                let asked = self.case.extension.as_ref()?;
                Some(ui.tn("cases-asked-extension", "reason", asked.reason.as_str()))
            }
            Act::Suspend | Act::RefuseSuspension => {
                let asked = self.case.suspension.as_ref()?;
                let until = ui.time_text(asked.until);
                let (until, reason) = (until.as_str(), asked.reason.as_str());
                Some(ui.t2("cases-asked-suspension", "until", until, "reason", reason))
            }
            Act::Answer => self.case.question.clone(),
            Act::ApproveAnswer => {
                let draft = self.case.record.draft.as_ref()?;
                let words = in_a_row(&draft.answer.parts);
                Some(ui.tn("cases-asked-answer", "words", words))
            }
            // Whoever closes agrees to what goes out by that: it is read first.
            Act::Close => {
                if let Some(draft) = &self.case.record.draft {
                    let words = in_a_row(&draft.answer.parts);
                    let is_open = !draft.approved && draft.returned.is_none();
                    return is_open.then(|| ui.tn("cases-close-draft", "words", words));
                }
                if self.lists.rules.answer_must_be_written {
                    return None;
                }
                let known = (self.case.standard.as_ref()).map_or(&[][..], |s| &s.closings);
                let closing = match known {
                    [only] => only.clone(),
                    _ => ui.t("cases-close-to-choose"),
                };
                let made = answer_of_closing(self.city, self.lists, self.case, &closing, ui.now)?;
                Some(ui.tn("cases-close-answer", "words", in_a_row(&made.parts)))
            }
            Act::DraftAnswer => {
                let returned = self.case.record.draft.as_ref()?.returned.as_ref()?;
                Some(ui.tn("cases-answer-returned", "reason", returned.as_str()))
            }
            Act::EndorseAppeal | Act::GrantAppeal | Act::RefuseAppeal => {
                let appeal = self.case.record.appeal.as_ref()?;
                let count = self
                    .lists
                    .name(ListKind::Appeal, &appeal.count, ui.lang.tag());
                let asked = ui.t2(
                    "cases-asked-appeal",
                    "count",
                    count.as_str(),
                    "reason",
                    appeal.reason.as_str(),
                );
                Some(match appeal.evidence.as_str() {
                    "" => asked,
                    evidence => format!(
                        "{asked} {}",
                        ui.tn("cases-appeal-evidence", "evidence", evidence)
                    ),
                })
            }
            Act::GrantExclusion | Act::RefuseExclusion => {
                let asked = self.case.record.exclusion.as_ref()?;
                let reason = self
                    .lists
                    .name(ListKind::Exclusion, &asked.reason, ui.lang.tag());
                let words = asked.words.as_str();
                Some(ui.t2(
                    "cases-asked-exclusion",
                    "reason",
                    reason.as_str(),
                    "words",
                    words,
                ))
            }
            Act::NotAccept | Act::NotRegister => {
                let doors: Vec<String> = self
                    .lists
                    .active(ListKind::Door)
                    .map(|d| d.name(ui.lang.tag()).to_owned())
                    .collect();
                let is_told = crate::rules::answer::is_owed(self.case) && !doors.is_empty();
                is_told.then(|| ui.tn("cases-refusal-doors", "doors", ui.list(&doors)))
            }
            _ => None,
        }
    }

    /// The pictures that an act takes: a look on the spot those made there, an answer its proof.
    fn files(&self, act: Act, id: &str) -> Option<PictureField> {
        // words: cases-files-*
        let (word, is_camera) = match act {
            Act::Verify => ("cases-files-verify", true),
            Act::Check => ("cases-files-check", true),
            Act::ReportBack => ("cases-files-after", false),
            Act::Note => ("cases-files-note", false),
            Act::LodgeAppeal => ("cases-files-evidence", false),
            Act::AnswerPart => ("cases-files-after", false),
            _ => return None,
        };
        let field = PictureField::new(self.ui, id, FILES, self.ui.t(word));
        let rules = &self.lists.rules;
        let (owed, is_needed) = match act {
            Act::ReportBack => (evidence_owed(self.case, rules), true),
            // Shares ask for it, help does not: with both open the form cannot know which is answered.
            Act::AnswerPart => {
                let mut open = self.case.joint.open();
                let owed = |p: &Part| evidence_owed_for(self.case, p, rules);
                let all = self.case.joint.open().all(|p| owed(p).is_some());
                (open.find_map(owed), all)
            }
            _ => (None, false),
        };
        let help = match owed {
            Some(evidence) => self.ui.t2(
                "cases-files-owed",
                "evidence",
                evidence,
                "help",
                field.help.as_str(),
            ),
            None => field.help.clone(),
        };
        Some(PictureField {
            is_camera,
            is_needed: owed.is_some() && is_needed,
            help,
            ..field
        })
    }

    fn input(&self, id: &str, name: &'static str, kind: Kind) -> Input {
        // words: cases-field-*
        Input {
            id: format!("{id}-{name}"),
            name,
            label: self.ui.t(&format!("cases-field-{name}")),
            help: String::new(),
            kind,
            required: false,
            value: String::new(),
            fault: String::new(),
            choices: Vec::new(),
        }
    }

    fn inputs(&self, act: Act, id: &str) -> Vec<Input> {
        let needed = |name, kind| Input {
            required: true,
            ..self.input(id, name, kind)
        };
        let note = || self.input(id, "note", Kind::Area);
        let reason = || vec![needed("reason", Kind::Area)];
        match act {
            Act::Verify => {
                // words: cases-verify-*
                let choices = VerifyOutcome::ALL.iter().map(|o| {
                    self.choice(
                        o.as_str(),
                        &format!("cases-verify-{}", o.as_str().replace('_', "-")),
                    )
                });
                vec![
                    Input {
                        choices: choices.collect(),
                        ..needed("outcome", Kind::Radios)
                    },
                    note(),
                ]
            }
            Act::Accept => {
                let urgent = self.input(id, "urgent", Kind::Check);
                vec![
                    self.matter(id, true),
                    self.nature(id, false),
                    Input {
                        value: if self.case.urgent {
                            "1".into()
                        } else {
                            String::new()
                        },
                        ..urgent
                    },
                ]
                .into_iter()
                .chain(self.onward(id))
                .collect()
            }
            Act::Correct => {
                let address = self.case.place.address.clone().unwrap_or_default();
                let help = self.ui.t("cases-correct-help");
                let point = |name, value: Option<f64>| Input {
                    value: value.map(|v| v.to_string()).unwrap_or_default(),
                    ..self.input(id, name, Kind::Line)
                };
                vec![
                    self.matter(id, false),
                    Input {
                        value: address,
                        help,
                        ..self.input(id, "address", Kind::Line)
                    },
                    point("lon", self.case.place.point.map(kernel::Point::lon)),
                    point("lat", self.case.place.point.map(kernel::Point::lat)),
                ]
            }
            Act::NotAccept
            | Act::NotRegister
            | Act::Return
            | Act::RequestVoid
            | Act::RefuseVoid
            | Act::Void
            | Act::RequestExtension
            | Act::RefuseExtension
            | Act::ReturnAnswer
            | Act::RefuseAppeal
            | Act::RefuseExclusion
            | Act::RefuseSuspension
            | Act::NameFirst
            | Act::DropClaim => reason(),
            Act::AskHelp => vec![
                needed("unit", Kind::Offers("offer-units")),
                needed("ask", Kind::Area),
                self.limit(id, "limit", true),
            ],
            Act::Split => self.split(id),
            Act::AnswerPart => vec![self.part(id), needed("answer", Kind::Area)],
            Act::RecallPart => vec![self.part(id), needed("reason", Kind::Area)],
            Act::NameParty => vec![Input {
                help: self.ui.t("cases-party-help"),
                ..needed("unit", Kind::Offers("offer-units"))
            }],
            Act::Whistle => {
                let mut inputs: Vec<Input> = UNITS.iter().map(|n| self.one_unit(id, n)).collect();
                inputs[0].required = true;
                inputs.push(needed("ask", Kind::Area));
                inputs.push(self.limit(id, "limit", false));
                inputs
            }
            Act::SetNature => vec![self.nature(id, true)],
            Act::AddMessage => vec![needed("message", Kind::Area)],
            Act::Reopen => vec![Input {
                help: self.ui.t("cases-reopen-help"),
                ..needed("reason", Kind::Area)
            }],
            Act::DraftAnswer | Act::AnswerDirectly => {
                let draft = self.case.record.draft.as_ref().map(|d| &d.answer.parts);
                let is_draft = act == Act::DraftAnswer;
                let ends = desk_drafts(self.case.state, &self.lists.rules);
                let part = |name, value: Option<&String>| Input {
                    value: value.cloned().unwrap_or_default(),
                    ..self.input(id, name, Kind::Area)
                };
                let done = Input {
                    required: true,
                    help: self.ui.t("cases-answer-help"),
                    ..part(
                        "done",
                        draft.map(|d| &d.done).or(self
                            .case
                            .record
                            .result
                            .as_ref()
                            .filter(|_| is_draft)),
                    )
                };
                if is_draft {
                    let law = self.case.standard.as_ref();
                    let law = law.and_then(|s| s.legal_basis.as_ref());
                    let drafted = draft.map(|d| &d.rule).filter(|rule| !rule.is_empty());
                    // words: cases-answer-end-*
                    let choices: Vec<Choice> = (ends.iter())
                        .map(|end| self.choice(end, &format!("cases-answer-end-{end}")))
                        .collect();
                    let kind = (!choices.is_empty()).then(|| Input {
                        value: ends
                            .first()
                            .map(|end| (*end).to_owned())
                            .unwrap_or_default(),
                        choices,
                        ..needed("answer_kind", Kind::Radios)
                    });
                    let mut inputs: Vec<Input> = kind.into_iter().collect();
                    inputs.extend([
                        part("found", draft.map(|d| &d.found)),
                        done,
                        part("by_rule", drafted.or(law)),
                        part("next", draft.map(|d| &d.next)),
                    ]);
                    inputs
                } else {
                    vec![done, part("next", None)]
                }
            }
            Act::LodgeAppeal => vec![
                Input {
                    choices: self.choices(ListKind::Appeal),
                    ..needed("count", Kind::Radios)
                },
                needed("reason", Kind::Area),
                Input {
                    help: self.ui.t("cases-evidence-help"),
                    ..self.input(id, "evidence", Kind::Area)
                },
            ],
            Act::AskExclusion => vec![
                Input {
                    choices: self.choices(ListKind::Exclusion),
                    ..needed("exclusion", Kind::Radios)
                },
                self.input(id, "words", Kind::Area),
            ],
            Act::RequestSuspension => vec![
                needed("reason", Kind::Area),
                Input {
                    help: self.ui.t("cases-until-help"),
                    ..needed("until", Kind::Date)
                },
            ],
            Act::AskRequester => vec![Input {
                help: self.ui.t("cases-question-help"),
                ..needed("question", Kind::Area)
            }],
            Act::Answer => vec![
                needed("answer", Kind::Area),
                Input {
                    help: self.ui.t("cases-how-help"),
                    ..needed("how", Kind::Line)
                },
            ],
            Act::Register => {
                let onward = self.onward(id);
                self.conditions(id).into_iter().chain(onward).collect()
            }
            Act::Dispatch => self.dispatch(id),
            Act::Rule => {
                // What the list of duties says stands there to begin with; whoever rules may say otherwise. It is kept and
                // quoted to others, so it is in the language of the record and not in that of whoever presses.
                let (unit, why) = self.responsible();
                let of_record = Ui {
                    lang: Lang::Zh,
                    ..self.ui.clone()
                };
                let reason = if unit.is_empty() {
                    String::new()
                } else {
                    self.responsible_unit(&of_record).1
                };
                let help = if self.ui.lang == Lang::Zh {
                    String::new()
                } else {
                    self.ui.t("cases-rule-reason-help")
                };
                vec![
                    Input {
                        value: unit,
                        help: why,
                        ..needed("unit", Kind::Offers("offer-units"))
                    },
                    Input {
                        value: reason,
                        help,
                        ..needed("reason", Kind::Area)
                    },
                ]
            }
            Act::Assign => {
                let people = self
                    .handlers
                    .iter()
                    .map(|a| Choice::new(a.id.to_string(), a.name.clone()))
                    .collect();
                let value = self.case.handler.map(|h| h.to_string()).unwrap_or_default();
                vec![Input {
                    choices: people,
                    value,
                    ..needed("handler", Kind::Select)
                }]
            }
            Act::TakeTask if !self.workers.is_empty() => {
                let people = self
                    .workers
                    .iter()
                    .map(|(id, name)| Choice::new(id.to_string(), name.clone()))
                    .collect();
                let value = self
                    .case
                    .task
                    .as_ref()
                    .and_then(|t| t.assignee)
                    .map(|a| a.to_string())
                    .unwrap_or_default();
                let help = self.ui.t("cases-pool-help");
                vec![Input {
                    choices: people,
                    value,
                    help,
                    ..self.input(id, "to", Kind::Select)
                }]
            }
            Act::ReportBack => {
                let mut asked = vec![needed("result", Kind::Area)];
                if crate::rules::answer::is_owed(self.case) && self.case.record.draft.is_none() {
                    asked.push(Input {
                        help: self.ui.t("cases-answer-nudge"),
                        ..self.input(id, "done", Kind::Area)
                    });
                }
                asked
            }
            Act::Check => {
                let choices = vec![
                    Choice::new("pass", self.ui.t("cases-check-pass")),
                    Choice::new("fail", self.ui.t("cases-check-fail")),
                ];
                let note = Input {
                    help: self.ui.t("cases-check-help"),
                    ..note()
                };
                vec![
                    Input {
                        choices,
                        ..needed("passed", Kind::Radios)
                    },
                    note,
                ]
            }
            Act::Close => self.closing(id),
            Act::CallBack => {
                let yes_no = |name| Input {
                    choices: vec![
                        Choice::new("yes", self.ui.t("cases-yes")),
                        Choice::new("no", self.ui.t("cases-no")),
                    ],
                    ..self.input(id, name, Kind::Radios)
                };
                // words: cases-satisfaction-*
                let answers = Satisfaction::ALL.iter().map(|s| {
                    self.choice(s.as_str(), &format!("cases-satisfaction-{}", s.as_str()))
                });
                vec![
                    yes_no("contacted"),
                    yes_no("solved"),
                    Input {
                        choices: answers.collect(),
                        ..needed("satisfaction", Kind::Radios)
                    },
                    Input {
                        choices: self.choices(ListKind::Missing),
                        ..self.input(id, "missing", Kind::Checks)
                    },
                    note(),
                ]
            }
            Act::Merge => vec![Input {
                help: self.ui.t("cases-merge-help"),
                ..needed("into", Kind::Line)
            }],
            Act::Note => vec![Input {
                required: true,
                ..self.input(id, "text", Kind::Area)
            }],
            _ => Vec::new(),
        }
    }

    /// What may be chosen of one of the city's lists.
    fn choices(&self, kind: ListKind) -> Vec<Choice> {
        let lang = self.ui.lang.tag();
        self.lists
            .active(kind)
            .map(|e| Choice::new(e.code.clone(), e.name(lang)))
            .collect()
    }

    fn nature(&self, id: &str, required: bool) -> Input {
        Input {
            required,
            choices: self.choices(ListKind::Nature),
            // What the city only assumes is for the desk to say.
            value: (self.case.record.nature.clone())
                .filter(|_| !self.case.record.nature_assumed)
                .unwrap_or_default(),
            ..self.input(id, "nature", Kind::Radios)
        }
    }

    /// How long somebody has, with its clock.
    fn limit(&self, id: &str, name: &'static str, required: bool) -> Input {
        Input {
            required,
            label: self.ui.t("cases-field-limit"),
            help: self.ui.t("cases-limit-help"),
            ..self.input(id, name, Kind::Line)
        }
    }

    fn one_unit(&self, id: &str, name: &'static str) -> Input {
        self.input(id, name, Kind::Offers("offer-units"))
    }

    /// Which of the open parts.
    fn part(&self, id: &str) -> Input {
        let choices: Vec<Choice> = self
            .case
            .joint
            .open()
            .map(|p| {
                let unit = self.city.unit(p.unit);
                let unit = unit.map_or_else(String::new, |u| u.name(self.ui.lang.tag()).to_owned());
                let no = self.ui.tn("cases-part-no", "n", i64::from(p.no));
                Choice::new(p.no.to_string(), format!("{no} · {unit}")).help(p.ask.clone())
            })
            .collect();
        let value = if let [only] = &choices[..] {
            only.value.clone()
        } else {
            String::new()
        };
        Input {
            required: true,
            choices,
            value,
            ..self.input(id, "part", Kind::Radios)
        }
    }

    /// The shares of a split: a unit, what it is asked, how long it has.
    fn split(&self, id: &str) -> Vec<Input> {
        let mut inputs = Vec::new();
        for (n, ((unit, ask), limit)) in UNITS.iter().zip(ASKS).zip(LIMITS).enumerate() {
            let required = n < 2;
            inputs.push(Input {
                required,
                ..self.one_unit(id, unit)
            });
            inputs.push(Input {
                required,
                ..self.input(id, ask, Kind::Area)
            });
            inputs.push(Input {
                label: self.ui.t(&format!("cases-field-{limit}")),
                ..self.limit(id, limit, required)
            });
        }
        inputs
    }

    fn choice(&self, value: &str, key: &str) -> Choice {
        Choice::new(value, self.ui.t(key))
    }

    fn matter(&self, id: &str, required: bool) -> Input {
        let value = self
            .case
            .matter
            .and_then(|m| self.city.matter(m))
            .map(|c| matter_label(c, self.ui.lang))
            .unwrap_or_default();
        let help = self.ui.t("cases-matter-choose");
        Input {
            required,
            value,
            help,
            ..self.input(id, "matter", Kind::Offers("offer-matters"))
        }
    }

    /// Whether the moves that follow are made at once. Ticked where nothing is left to choose.
    fn onward(&self, id: &str) -> Option<Input> {
        if !self.may_go_on {
            return None;
        }
        let class = self.case.matter.and_then(|m| self.city.matter(m));
        let has_one = class.is_some_and(|c| c.conditions.len() == 1);
        let is_routine = has_one && !self.responsible().0.is_empty();
        Some(Input {
            value: if is_routine {
                "1".into()
            } else {
                String::new()
            },
            help: self.ui.t("cases-onward-help"),
            ..self.input(id, "onward", Kind::Check)
        })
    }

    fn conditions(&self, id: &str) -> Vec<Input> {
        let Some(class) = self.case.matter.and_then(|m| self.city.matter(m)) else {
            return Vec::new();
        };
        let choices: Vec<Choice> = class
            .conditions
            .iter()
            .map(|c| {
                let limit = c
                    .limit
                    .map_or_else(|| self.ui.t("cases-no-limit"), |l| limit_words(self.ui, l));
                let law = c
                    .legal_basis
                    .as_deref()
                    .map(|l| format!(" · {l}"))
                    .unwrap_or_default();
                Choice::new(c.rule_no.to_string(), c.text.clone()).help(format!("{limit}{law}"))
            })
            .collect();
        let only = if let [one] = &choices[..] {
            one.value.clone()
        } else {
            String::new()
        };
        vec![Input {
            choices,
            value: only,
            required: true,
            ..self.input(id, "rule", Kind::Radios)
        }]
    }

    fn dispatch(&self, id: &str) -> Vec<Input> {
        let (unit, why) = self.responsible();
        let asked = Input {
            // Empty where `ops` finds it in the life of the case.
            required: !unit.is_empty(),
            value: unit.clone(),
            help: why,
            ..self.input(id, "unit", Kind::Offers("offer-units"))
        };
        vec![
            asked,
            Input {
                help: self.ui.t("cases-basis-help"),
                ..self.input(id, "basis", Kind::Line)
            },
        ]
    }

    /// The unit that should handle the case, as its form offers it, and why; empty where no unit is known.
    pub fn responsible(&self) -> (String, String) {
        let (unit, why) = self.responsible_unit(self.ui);
        let label = unit.map(|u| unit_label(u, self.ui.lang));
        (label.unwrap_or_default(), why)
    }

    /// The same by its name alone, to be read and not to be sent.
    pub fn responsible_named(&self) -> (String, String) {
        let (unit, why) = self.responsible_unit(self.ui);
        let name = unit.map(|u| u.name(self.ui.lang.tag()).to_owned());
        (name.unwrap_or_default(), why)
    }

    fn responsible_unit(&self, ui: &Ui) -> (Option<&Unit>, String) {
        if let Some(unit) = self.case.ruled.and_then(|u| self.city.unit(u)) {
            return (Some(unit), ui.t("cases-why-ruled"));
        }
        let on = self.city.local_date(ui.now);
        let found = self.city.who(
            self.case.matter,
            self.case.place.grid,
            self.case.place.division,
            on,
        );
        let Ok(found) = found else {
            return (None, ui.t("cases-why-none"));
        };
        let is_named = matches!(found.reason, Reason::Duty { .. });
        if !is_named && self.city.duty_rules.first_receiver && self.case.returns > 0 {
            return (None, ui.t("cases-why-first"));
        }
        let unit = self.city.unit(found.handling);
        (unit, super::sheet::why(ui, self.city, &found.reason))
    }

    fn closing(&self, id: &str) -> Vec<Input> {
        let known = self
            .case
            .standard
            .as_ref()
            .map(|s| s.closings.as_slice())
            .unwrap_or_default();
        if known.is_empty() {
            return vec![Input {
                required: true,
                ..self.input(id, "closing", Kind::Line)
            }];
        }
        let choices = known
            .iter()
            .map(|c| Choice::new(c.clone(), c.clone()))
            .collect();
        let value = if let [only] = known {
            only.clone()
        } else {
            String::new()
        };
        vec![Input {
            required: true,
            choices,
            value,
            ..self.input(id, "closing", Kind::Radios)
        }]
    }
}

/// Whether a verification, a check or nothing of the street is open in this state.
pub fn has_task(state: State) -> bool {
    matches!(state, State::PendingVerify | State::PendingCheck)
}
