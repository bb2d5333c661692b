//! A case as its page shows it: what, where, how it stands, what this reader may do now, and its life.

use super::advice::{self, AdviceCard, Given};
use super::forms::{ActForm, Maker, Sent, is_main};
use super::history::{self, Names, Reader};
use super::line::{
    Line, clock_of, due_mark, edition_words, limit_words, matter_name, place_text, unit_name,
};
use super::pictures::Shot;
use super::read;
use crate::advice::Alike;
use crate::lists::{ListKind, Lists};
use crate::model::{Case, CaseEvent, Fact, JointFact, State, Timed};
use crate::moves::Act;
use crate::ops::{self, Called, CaseError};
use crate::rules::likeness::shared_words;
use crate::rules::{Refusal, fairness};
use crate::service::{Cases, Channel};
use crate::sql_desk::Moments;
use crate::stage::Stage;
use crate::words::{act_key, state_key};
use access::{Account, AccountId, Ctx, Permission, Principal, Role};
use attachments::Attachment;
use grid::{TileSet, Tiles};
use kernel::codes::CaseNumber;
use matters::{City, Reason};
use std::sync::Arc;
use store::StoreError;
use ui::{Choice, Entry, Html, MapPoint, Ui};
use vault::Masked;

/// One line of the facts.
#[derive(Debug, Clone)]
pub struct FactLine {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: Html,
}

/// A part of the case that is or was with another unit.
#[derive(Debug, Clone)]
pub struct PartLine {
    /// Its number and kind.
    pub title: String,
    /// Whose it is.
    pub unit: String,
    /// What is asked.
    pub ask: String,
    /// When it is due.
    pub due: String,
    /// How it stands, in a word.
    pub state: String,
    /// The tone of that word.
    pub tone: &'static str,
}

/// A case that is perhaps about the same thing.
#[derive(Debug, Clone)]
pub struct Twin {
    /// The other case.
    pub line: Line,
    /// Why it is suspected, in words.
    pub reasons: String,
    /// What both say; empty if nothing.
    pub words: String,
}

/// One requester of a case: by which case, and what still has to be done. Nothing of the person.
#[derive(Debug, Clone)]
pub struct Voice {
    /// The case by which the requester came.
    pub number: String,
    /// When.
    pub reported: Html,
    /// What was said, or what is still to be done, in words.
    pub stands: String,
    /// Still has to be called.
    pub is_due: bool,
}

impl Voice {
    /// In the reader's words.
    pub fn of(ui: &Ui, called: &Called) -> Self {
        // words: cases-satisfaction-*
        let stands = match &called.said {
            Some(said) => ui.t(&format!(
                "cases-satisfaction-{}",
                said.satisfaction.as_str()
            )),
            None if called.is_due => ui.t("cases-voice-due"),
            None if called.has_contact => ui.t("cases-voice-later"),
            None => ui.t("cases-voice-link"),
        };
        Self {
            number: called.number.to_string(),
            reported: ui.time(called.reported_at),
            stands,
            is_due: called.is_due,
        }
    }
}

/// What a page shows of a case.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Its number.
    pub number: String,
    /// Its class, or a word for none.
    pub title: String,
    /// The word of its state.
    pub state: String,
    /// The same as programs say it.
    pub state_word: &'static str,
    /// Whether its life is over.
    pub is_over: bool,
    /// The light with its word; empty without a clock.
    pub light: Html,
    /// What is left; empty without a clock.
    pub left: String,
    /// Urgent.
    pub urgent: bool,
    /// What was reported.
    pub description: String,
    /// What is known, in lines.
    pub facts: Vec<FactLine>,
    /// What the reader must know before acting.
    pub warnings: Vec<String>,
    /// The moves that carry it on.
    pub main: Vec<ActForm>,
    /// All other moves.
    pub more: Vec<ActForm>,
    /// Moves that are the reader's and possible no longer, each with why, in sentences.
    pub closed: Vec<String>,
    /// Who should handle it, and why; empty once that is past.
    pub responsible: (String, String),
    /// What the machine suggests; empty where it is silent or the decision is past.
    pub advice: AdviceCard,
    /// Perhaps the same matter.
    pub twins: Vec<Twin>,
    /// Where a duplicate is merged; empty where the reader may not.
    pub merge_action: String,
    /// The version the reader sees.
    pub version: u32,
    /// Where to go after an act.
    pub back: String,
    /// The parts with other units; those that have ended stay.
    pub parts: Vec<PartLine>,
    /// The claim that stands, in a sentence; empty if none.
    pub claim: String,
    /// Its life.
    pub history: Vec<Entry>,
    /// Its pictures and documents.
    pub shots: Vec<Shot>,
    /// The requester, masked; empty if none gave a name.
    pub requester: String,
    /// The purposes to look at the contact for; empty where the reader may not.
    pub purposes: Vec<Choice>,
    /// The requesters of the case with those merged into it; empty where it has only its own.
    pub voices: Vec<Voice>,
    /// Whether the reader may open the page of what is kept of the requester.
    pub may_look: bool,
    /// Where it lies, on a map; empty without a point.
    pub map: Html,
}

/// What was loaded of a case.
pub struct Loaded {
    /// The case.
    pub case: Case,
    /// Its life.
    pub events: Vec<CaseEvent>,
    /// Its pictures and documents.
    pub attachments: Vec<Attachment>,
    /// The channel it came by.
    pub channel: Option<Channel>,
    /// What the reader may do.
    pub acts: Vec<Act>,
    /// What is the reader's to do and possible no longer, and why.
    pub closed: Vec<(Act, Refusal)>,
    /// Names of people in it.
    pub names: Names,
    /// The people of the handling unit.
    pub handlers: Vec<Account>,
    /// Workers of the beat.
    pub workers: Vec<(AccountId, String)>,
    /// Perhaps the same matter.
    pub twins: Vec<(Case, Alike)>,
    /// What the machine suggests.
    pub advice: Given,
    /// The requesters of the case and of those merged into it, for whoever may know.
    pub voices: Vec<Called>,
    /// What its requesters miss: codes.
    pub missing: Vec<String>,
    /// The city's lists.
    pub lists: Arc<Lists>,
    /// The requester, masked.
    pub requester: Option<Masked>,
}

/// Why a unit answers, in a sentence.
pub fn why(ui: &Ui, city: &City, reason: &Reason) -> String {
    match reason {
        Reason::Duty {
            ruling: Some(number),
            legal_basis,
            ..
        } => ui.t2(
            "cases-why-ruling",
            "number",
            number.as_str(),
            "reason",
            legal_basis.as_deref().unwrap_or_default(),
        ),
        Reason::Duty {
            legal_basis: Some(law),
            ..
        } => ui.tn("cases-why-duty-law", "law", law.as_str()),
        Reason::Duty { .. } => ui.t("cases-why-duty"),
        Reason::FirstReceiver => ui.t("cases-why-first"),
        Reason::Territory { division } => ui.tn(
            "cases-why-territory",
            "place",
            city.territory.name_in(*division, ui.lang),
        ),
        Reason::City => ui.t("cases-why-city"),
    }
}

/// That an act is possible no longer, and why, in a sentence: in the words with which it would be refused.
fn closed_words(ui: &Ui, act: Act, refusal: &Refusal) -> String {
    let refused = CaseError::Rule {
        act,
        refusal: refusal.clone(),
    };
    let (act, why) = (ui.t(act_key(act)), read::sentence(ui, &refused, None));
    ui.t2("cases-act-closed", "act", act.as_str(), "why", why.as_str())
}

/// Loads a case for its page.
///
/// # Errors
/// As [`ops::find`].
pub async fn load(
    ctx: &Ctx,
    cases: &Cases,
    city: &City,
    number: CaseNumber,
) -> Result<Loaded, CaseError> {
    let (case, events) = ops::events(ctx, number).await?;
    let ops::Acts {
        open: mut acts,
        closed,
    } = ops::acts_of(ctx, &case);
    if ops::joint::may_whistle(city, ctx.principal(), &case) {
        acts.push(Act::Whistle);
    }
    let workers: Vec<AccountId> =
        if acts.contains(&Act::TakeTask) && is_of_the_desk(ctx.principal()) {
            workers_near(city, &case)
        } else {
            Vec::new()
        };
    let mut ids = history::accounts_of(&case, &events);
    ids.extend(&workers);
    let unit = case.unit.filter(|_| acts.contains(&Act::Assign));
    let (district, id, has_files) = (case.district, case.id.0, has_files(&events));
    let (names, handlers, attachments) = ctx
        .read(move |r| -> Result<_, StoreError> {
            let names = access::ops::accounts::names(r, &ids)?;
            let handlers = match unit {
                Some(unit) => access::ops::accounts::of_unit(r, unit)?,
                None => Vec::new(),
            };
            let attachments = if has_files {
                attachments::ops::of_case(r, district, id)?
            } else {
                Vec::new()
            };
            Ok((names, handlers, attachments))
        })
        .await?;
    let twins = if acts.contains(&Act::Merge) {
        ops::alike(ctx, &case).await?
    } else {
        Vec::new()
    };
    let requester = match (case.subject, cases.vault()) {
        (Some(subject), Some(keys)) if sees_requester(ctx.principal(), &case) => {
            match vault::ops::masked(ctx, keys, case.district, subject).await {
                Ok(masked) => Some(masked),
                Err(error) => {
                    tracing::warn!(number = %case.number, %error, "the requester of case {} cannot be shown", case.number);
                    None
                }
            }
        }
        _ => None,
    };
    let workers = workers
        .into_iter()
        .filter_map(|id| names.get(&id).map(|name| (id, name.clone())))
        .collect();
    let handles = |a: &Account| {
        a.roles
            .0
            .iter()
            .any(|r| matches!(r, Role::Handler | Role::DepartmentLead))
    };
    let channel = cases.channel(ctx, &case.channel).await?;
    let sees_voices =
        ctx.principal().may(Permission::CaseMerge) || ctx.principal().may(Permission::CaseCallBack);
    let voices = if sees_voices && !case.record.joined.is_empty() {
        ops::voices(ctx, number).await?
    } else {
        Vec::new()
    };
    Ok(Loaded {
        channel,
        acts,
        closed,
        handlers: handlers.into_iter().filter(handles).collect(),
        twins,
        advice: advice::given(cases, city, &case),
        voices,
        missing: ops::missing(ctx, &case).await?,
        lists: cases.lists(ctx).await?,
        names,
        workers,
        requester,
        case,
        events,
        attachments,
    })
}

/// Whether anything in a life came with pictures or documents.
/// A moment by which a limit ends, with the sign and the word where its calendar is not loaded.
fn time_of(ui: &Ui, at: jiff::Timestamp, timed: Option<&Timed>) -> String {
    if timed.is_some_and(|t| t.provisional) {
        ui.tn("cases-time-provisional", "time", ui.time_text(at))
    } else {
        ui.time_text(at)
    }
}

fn has_files(events: &[CaseEvent]) -> bool {
    events.iter().any(|event| match &event.fact {
        Fact::Reported(report) => !report.attachments.is_empty(),
        Fact::Verified { attachments, .. }
        | Fact::ReportedBack { attachments, .. }
        | Fact::Checked { attachments, .. }
        | Fact::AppealLodged { attachments, .. }
        | Fact::Noted { attachments, .. }
        | Fact::Joint(
            JointFact::PartAnswered { attachments, .. } | JointFact::ClaimShown { attachments, .. },
        ) => !attachments.is_empty(),
        _ => false,
    })
}

fn is_of_the_desk(principal: &Principal) -> bool {
    principal.has(Role::Acceptor) || principal.has(Role::ShiftLeader)
}

/// Whether a form would lead anywhere: what only the content decides is looked at here, so that no form invites in vain.
fn is_of_use(act: Act, case: &Case, lists: &Lists, city: &City) -> bool {
    match act {
        Act::AnswerDirectly => {
            let class = case.matter.and_then(|m| city.matter(m));
            lists
                .nature_relied_on(case, class)
                .is_some_and(|n| n.direct)
        }
        // At the desk an answer is drafted where the city wants a shift leader to agree to it.
        Act::DraftAnswer if crate::moves::AT_THE_DESK.contains(&case.state) => {
            !super::forms::desk_drafts(case.state, &lists.rules).is_empty()
                || case.state == State::SelfHandledAudit
                    && (lists.rules.answers_approved.self_handled
                        || lists.rules.answer_must_be_written)
        }
        Act::LodgeAppeal => {
            let took_over = case.unit.map(|unit| city.units.took_over(unit));
            let took_over = took_over.unwrap_or_default();
            let is_held = |code: &str| fairness::appealed_round(case, code, &took_over).is_some();
            lists.active(ListKind::Appeal).any(|e| is_held(&e.code))
        }
        _ => true,
    }
}

/// Whoever reported confidentially is shown to nobody here.
fn sees_requester(principal: &Principal, case: &Case) -> bool {
    !case.confidential && principal.may(Permission::PersonalRead)
}

/// The workers of the beat in which the case lies.
fn workers_near(city: &City, case: &Case) -> Vec<AccountId> {
    let Some(beat) = case
        .place
        .grid
        .and_then(|grid| city.territory.beat_of(grid))
    else {
        return Vec::new();
    };
    let mut workers: Vec<AccountId> = beat.shifts.iter().map(|s| s.worker).collect();
    workers.sort_unstable();
    workers.dedup();
    workers
}

/// Whether the reader belongs to departments only.
pub fn reader_of(principal: &Principal) -> Reader {
    let is_of_department = match principal {
        Principal::Staff(staff) => staff.roles.iter().all(|r| r.is_of_departments()),
        _ => false,
    };
    Reader {
        is_of_department,
        reads_duties: principal.may(Permission::ReferenceRead),
    }
}

/// A map of one case shows so much around it, in degrees: some streets.
const AROUND_DEG: f64 = 0.004;

/// What a sheet is made with.
pub struct Frame<'a> {
    /// The reader.
    pub ui: &'a Ui,
    /// The city's reference data.
    pub city: &'a Arc<City>,
    /// The moments by which clocks are told.
    pub at: Moments,
    /// How the reader stands to the case.
    pub reader: Reader,
    /// Whether the reader may look at the contact, for which purposes.
    pub may_look: bool,
    /// Whether the reader may carry a case as far as its unit.
    pub may_go_on: bool,
    /// The tiles of a map, where the program has some.
    pub tiles: Option<Arc<Tiles>>,
    /// Where to go after an act.
    pub back: &'a str,
    /// A form that comes back.
    pub sent: Option<Sent<'a>>,
}

impl Frame<'_> {
    /// The sheet of a loaded case.
    pub fn sheet(&self, loaded: &Loaded) -> Sheet {
        let (ui, city, case) = (self.ui, self.city, &loaded.case);
        let maker = Maker {
            ui,
            city,
            lists: &loaded.lists,
            case,
            handlers: &loaded.handlers,
            workers: &loaded.workers,
            may_go_on: self.may_go_on,
            back: self.back,
            sent: self.sent,
        };
        // The merge has its own place beside what is perhaps the same; as a form it asks for a number.
        let (main, more): (Vec<ActForm>, Vec<ActForm>) = loaded
            .acts
            .iter()
            .filter(|act| is_of_use(**act, case, &loaded.lists, city))
            .map(|act| (is_main(*act), maker.form(*act)))
            .fold(
                (Vec::new(), Vec::new()),
                |(mut main, mut more), (is_main, form)| {
                    if is_main {
                        main.push(form)
                    } else {
                        more.push(form)
                    }
                    (main, more)
                },
            );
        let is_before_dispatch = matches!(
            case.state,
            State::PendingVerify
                | State::PendingAccept
                | State::PendingRegister
                | State::PendingDispatch
                | State::Coordinating
        );
        let (light, left) = clock_of(ui, city, &self.at, case);
        Sheet {
            number: case.number.to_string(),
            title: matter_name(ui, city, case),
            state: ui.t(state_key(case.state)),
            state_word: case.state.as_str(),
            is_over: case.state.is_final(),
            light: light.map(|l| ui.light(l)).unwrap_or_default(),
            left,
            urgent: case.urgent,
            description: case.description.clone(),
            facts: self.facts(loaded),
            warnings: self.warnings(case),
            main,
            more,
            closed: (loaded.closed.iter())
                .filter(|(act, _)| is_of_use(*act, case, &loaded.lists, city))
                .map(|(act, refusal)| closed_words(ui, *act, refusal))
                .collect(),
            responsible: if is_before_dispatch {
                maker.responsible_named()
            } else {
                Default::default()
            },
            advice: AdviceCard::of(ui, city, loaded),
            twins: loaded
                .twins
                .iter()
                .map(|(twin, alike)| Twin {
                    line: Line::of(ui, city, &self.at, twin),
                    reasons: advice::reasons(ui, alike),
                    words: ui.list(&shared_words(&case.description, &twin.description)),
                })
                .collect(),
            merge_action: if loaded.acts.contains(&Act::Merge) {
                format!("/cases/{}/merge", case.number)
            } else {
                String::new()
            },
            version: case.version,
            back: self.back.to_owned(),
            parts: self.parts(case),
            claim: self.claim(case),
            history: history::entries(
                ui,
                city,
                case,
                &loaded.events,
                &loaded.names,
                self.reader,
                &loaded.lists,
            ),
            shots: loaded.attachments.iter().map(|a| Shot::of(ui, a)).collect(),
            requester: self.requester(case, loaded.requester.as_ref()),
            purposes: self.purposes(loaded.requester.as_ref()),
            voices: loaded.voices.iter().map(|v| Voice::of(ui, v)).collect(),
            may_look: self.may_look && case.subject.is_some(),
            map: self.map(case),
        }
    }

    /// The unit grids around the case, its own marked, and the case with its light.
    fn map(&self, case: &Case) -> Html {
        let (Some(tiles), Some(point)) = (&self.tiles, case.place.point) else {
            return Html::default();
        };
        let (ui, lon, lat) = (self.ui, point.lon(), point.lat());
        let mut map = tiles.map(ui.t("cases-map"), &TileSet::ALL);
        map.bounds = Some([
            lon - AROUND_DEG,
            lat - AROUND_DEG,
            lon + AROUND_DEG,
            lat + AROUND_DEG,
        ]);
        map.marked = case.place.grid.iter().map(ToString::to_string).collect();
        map.points = vec![MapPoint {
            lon,
            lat,
            n: 1,
            light: case.light(ui.now),
            text: place_text(self.city, &case.place, self.ui.lang),
            href: String::new(),
        }];
        map.show(ui)
    }

    fn unit(&self, id: access::UnitId) -> String {
        let unit = self.city.unit(id);
        unit.map_or_else(String::new, |u| u.name(self.ui.lang.tag()).to_owned())
    }

    fn parts(&self, case: &Case) -> Vec<PartLine> {
        let ui = self.ui;
        // words: cases-part-*
        let line = |part: &crate::model::Part| {
            let (state, tone) = if part.answered_at.is_some() {
                ("cases-part-answered", "good")
            } else if part.recalled_at.is_some() {
                ("cases-part-back", "info")
            } else if case.paused_until.is_some() {
                ("cases-part-still", "info")
            } else if part.due_at < ui.now {
                ("cases-part-late", "bad")
            } else {
                ("cases-part-open", "warn")
            };
            let kind = match part.kind {
                crate::model::PartKind::Help => ui.t("cases-kind-help"),
                crate::model::PartKind::Share => ui.t("cases-kind-share"),
            };
            let no = ui.tn("cases-part-no", "n", i64::from(part.no));
            PartLine {
                title: format!("{no} · {kind}"),
                unit: self.unit(part.unit),
                ask: part.ask.clone(),
                due: if part.is_open() && part.provisional {
                    ui.tn(
                        "cases-due-by-provisional",
                        "time",
                        ui.time_text(part.due_at),
                    )
                } else {
                    ui.tn("cases-due", "time", ui.time_text(part.due_at))
                },
                state: ui.t(state),
                tone,
            }
        };
        case.joint.parts.iter().map(line).collect()
    }

    fn claim(&self, case: &Case) -> String {
        let Some(claim) = &case.joint.claim else {
            return String::new();
        };
        let (ui, unit) = (self.ui, self.unit(claim.unit));
        if claim.shown_at.is_some() {
            return ui.tn("cases-claim-shown", "unit", unit.as_str());
        }
        let until = time_of(ui, claim.until, claim.timed.as_ref());
        ui.t2(
            "cases-claim-stands",
            "unit",
            unit.as_str(),
            "until",
            until.as_str(),
        )
    }

    fn requester(&self, case: &Case, masked: Option<&Masked>) -> String {
        match masked {
            _ if case.confidential => self.ui.t("cases-requester-confidential"),
            Some(m) if m.is_erased => self.ui.t("cases-requester-erased"),
            Some(m) => [m.name.as_str(), m.phone.as_str()]
                .into_iter()
                .filter(|t| !t.is_empty())
                .collect::<Vec<_>>()
                .join(" · "),
            None => String::new(),
        }
    }

    fn purposes(&self, masked: Option<&Masked>) -> Vec<Choice> {
        if !self.may_look || masked.is_none_or(|m| m.is_erased || m.is_confidential) {
            return Vec::new();
        }
        // words: cases-purpose-*
        super::contact::PURPOSES
            .iter()
            .map(|code| {
                Choice::new(
                    *code,
                    self.ui
                        .t(&format!("cases-purpose-{}", code.replace('_', "-"))),
                )
            })
            .collect()
    }

    fn warnings(&self, case: &Case) -> Vec<String> {
        let ui = self.ui;
        let mut told = Vec::new();
        if let Some(reason) = &case.void_requested {
            told.push(ui.tn("cases-warn-void", "reason", reason.as_str()));
        }
        if let Some(asked) = &case.extension {
            told.push(ui.tn("cases-asked-extension", "reason", asked.reason.as_str()));
        }
        if let Some(asked) = &case.suspension {
            let until = ui.time_text(asked.until);
            let (until, reason) = (until.as_str(), asked.reason.as_str());
            told.push(ui.t2("cases-asked-suspension", "until", until, "reason", reason));
        }
        if let Some(until) = case.paused_until {
            let until = time_of(ui, until, case.wait.as_ref());
            told.push(ui.tn("cases-warn-parked", "time", until.as_str()));
        }
        if case.returns > 0 && !case.state.is_final() {
            told.push(ui.tn("cases-warn-returns", "n", i64::from(case.returns)));
        }
        if case.reworks > 0 && !case.state.is_final() {
            told.push(ui.tn("cases-warn-reworks", "n", i64::from(case.reworks)));
        }
        if case.joint.first.is_some() && case.joint.first == case.unit && !case.state.is_final() {
            told.push(ui.t("cases-warn-first"));
        }
        let open = case.joint.open().count();
        if open > 0 {
            let n = i64::try_from(open).unwrap_or(i64::MAX);
            told.push(ui.tn("cases-warn-parts", "n", n));
        }
        if case.provisional {
            told.push(ui.t("cases-warn-provisional"));
        }
        told
    }

    fn facts(&self, loaded: &Loaded) -> Vec<FactLine> {
        let (ui, city, case) = (self.ui, self.city, &loaded.case);
        let mut facts: Vec<FactLine> = Vec::new();
        // words: cases-fact-*
        let mut add = |key: &str, value: Html| {
            if !value.is_empty() {
                facts.push(FactLine {
                    label: ui.t(key),
                    value,
                });
            }
        };
        let text = |t: &str| Html::from_text(t);
        let time = |at: Option<jiff::Timestamp>| at.map(|at| ui.time(at)).unwrap_or_default();
        add(
            "cases-fact-place",
            text(&place_text(city, &case.place, ui.lang)),
        );
        add(
            "cases-fact-grid",
            text(&case.place.grid.map(|g| g.to_string()).unwrap_or_default()),
        );
        add(
            "cases-fact-point",
            text(
                &case
                    .place
                    .point
                    .map(|p| format!("{:.5}, {:.5}", p.lon(), p.lat()))
                    .unwrap_or_default(),
            ),
        );
        add("cases-fact-reported", ui.time(case.reported_at));
        let (lists, lang, record) = (&loaded.lists, ui.lang.tag(), &case.record);
        if let Some(nature) = &record.nature {
            let name = lists.name(ListKind::Nature, nature, lang);
            let name = if record.nature_assumed {
                ui.tn("cases-nature-assumed", "nature", name)
            } else {
                name
            };
            add("cases-fact-nature", text(&name));
        } else if crate::rules::answer::is_owed(case) {
            // A contact of before natures were kept, or of a city that assumes none.
            add("cases-fact-nature", text(&ui.t("cases-nature-none")));
        }
        add(
            "cases-fact-channel",
            text(&loaded.channel.as_ref().map_or_else(
                || case.channel.clone(),
                |c| c.name(ui.lang.tag()).to_owned(),
            )),
        );
        if let Some(verified) = case.verified {
            // words: cases-verify-*
            add(
                "cases-fact-verified",
                text(&ui.t(&format!(
                    "cases-verify-{}",
                    verified.as_str().replace('_', "-")
                ))),
            );
        }
        if let Some(standard) = &case.standard {
            let limit = standard
                .limit
                .map_or_else(|| ui.t("cases-no-limit"), |l| limit_words(ui, l));
            add(
                "cases-fact-standard",
                text(&format!(
                    "{} {} · {limit}",
                    standard.code, standard.condition
                )),
            );
            if let (Some(words), Some(edition)) =
                (edition_words(ui, standard), standard.edition.as_ref())
            {
                let (words, matter) = (Html::from_text(&words), standard.matter);
                let (version, rule) = (edition.version, standard.rule);
                add(
                    "cases-fact-edition",
                    Html::from_markup(format!(
                        "<a href=\"/matters/{matter}?version={version}#c{rule}\">{words}</a>"
                    )),
                );
            }
            for (key, words) in [
                ("cases-fact-evidence", &standard.evidence),
                ("cases-fact-law", &standard.legal_basis),
            ] {
                add(key, text(words.as_deref().unwrap_or_default()));
            }
        }
        add("cases-fact-unit", text(&unit_name(ui, city, case.unit)));
        add(
            "cases-fact-handler",
            text(
                &case
                    .handler
                    .and_then(|h| loaded.names.get(&h).cloned())
                    .unwrap_or_default(),
            ),
        );
        if let Some(stage) = Stage::of(case).filter(|s| *s != Stage::Handle)
            && let Some(due) = case.stage_due_at
        {
            // words: cases-stage-*
            let name = ui.t(crate::words::stage_key(stage));
            let until = due_mark(ui, due, case.stage_provisional);
            let name = Html::from_text(&name);
            add(
                "cases-fact-stage",
                Html::from_markup(format!("{name} · {until}")),
            );
        }
        let due = case.due_at.map(|due| due_mark(ui, due, case.provisional));
        add("cases-fact-due", due.unwrap_or_default());
        add("cases-fact-handled", time(case.handled_at));
        if fairness::is_late(case) {
            add("cases-fact-late", text(&ui.t("cases-late-raw")));
        }
        // The flag stands beside the raw fact, never in its place.
        if !record.exempt.is_empty() {
            let names = lists.names(ListKind::Appeal, &record.exempt, lang);
            add("cases-fact-exempt", text(&ui.list(&names)));
        }
        if let Some(appeal) = &record.appeal {
            // words: cases-appeal-stage-*
            let stage = ui.t(&format!("cases-appeal-stage-{}", appeal.stage.as_str()));
            let count = lists.name(ListKind::Appeal, &appeal.count, lang);
            let told = ui.t2(
                "cases-appeal-told",
                "count",
                count.as_str(),
                "stage",
                stage.as_str(),
            );
            add("cases-fact-appeal", text(&told));
        }
        if let Some(draft) = &record.draft {
            // words: cases-draft-*, cases-answer-*, cases-exclusion-*
            let key = match (draft.approved, draft.returned.is_some()) {
                (true, _) => "cases-draft-approved",
                (false, true) => "cases-draft-returned",
                (false, false) => "cases-draft-waiting",
            };
            add("cases-fact-draft", text(&ui.t(key)));
        }
        if let Some(sent) = &record.answer {
            let key = if sent.answer.from_record {
                "cases-answer-from-record"
            } else {
                "cases-answer-written"
            };
            let when = ui.time_text(sent.at);
            add(
                "cases-fact-answer",
                text(&ui.tn(key, "time", when.as_str())),
            );
        } else if crate::rules::answer::is_owed(case) && !case.state.is_final() {
            add("cases-fact-answer", text(&ui.t("cases-answer-owed")));
        }
        if !loaded.missing.is_empty() {
            let names = lists.names(ListKind::Missing, &loaded.missing, lang);
            add("cases-fact-missing", text(&ui.list(&names)));
        }
        if let Some(exclusion) = &record.exclusion {
            let reason = lists.name(ListKind::Exclusion, &exclusion.reason, lang);
            let key = match exclusion.granted {
                None => "cases-exclusion-asked",
                Some(true) => "cases-exclusion-granted",
                Some(false) => "cases-exclusion-refused",
            };
            add(
                "cases-fact-exclusion",
                text(&ui.tn(key, "reason", reason.as_str())),
            );
        }
        for round in &record.rounds {
            let ended = round
                .closed_at
                .map(|at| ui.time_text(at))
                .unwrap_or_default();
            let told = ui.t2(
                "cases-round",
                "closed",
                ended.as_str(),
                "reason",
                round.reason.as_str(),
            );
            let late = if round.is_late() {
                format!(" {}", ui.t("cases-late-raw"))
            } else {
                String::new()
            };
            // What an appeal made exempt of it stands beside it.
            let exempt = if round.exempt.is_empty() {
                String::new()
            } else {
                let names = lists.names(ListKind::Appeal, &round.exempt, lang);
                format!(" · {} {}", ui.t("cases-fact-exempt"), ui.list(&names))
            };
            add(
                "cases-fact-reopened",
                text(&format!("{told}{late}{exempt}")),
            );
        }
        if let Some(task) = case
            .task
            .as_ref()
            .filter(|_| super::forms::has_task(case.state))
        {
            let whose = task.assignee.map_or_else(
                || ui.t("cases-pool"),
                |a| {
                    loaded
                        .names
                        .get(&a)
                        .cloned()
                        .unwrap_or_else(|| ui.t("cases-by-staff"))
                },
            );
            add(
                "cases-fact-task",
                text(&ui.t2(
                    "cases-task-of",
                    "who",
                    whose.as_str(),
                    "time",
                    ui.time_text(task.due_at).as_str(),
                )),
            );
        }
        add("cases-fact-closed", time(case.closed_at));
        add(
            "cases-fact-closing",
            text(case.closing.as_deref().unwrap_or_default()),
        );
        add(
            "cases-fact-reason",
            text(case.reason.as_deref().unwrap_or_default()),
        );
        if let Some(into) = case.merged_into {
            add(
                "cases-fact-merged",
                Html::from_markup(format!("<a href=\"/cases/{into}\">{into}</a>")),
            );
        }
        facts
    }
}
