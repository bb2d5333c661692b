//! POST /report/advice — what the machine makes of a report while it is typed, and what is perhaps known already; and the
//! same at the desk, beside the case. A suggestion comes with its reason; a person decides.

use super::line::{limit_words, unit_name};
use super::read;
use super::sheet::Loaded;
use crate::advice::{Advised, Alike, Asked, Learned, Why};
use crate::model::{Case, Place, State};
use crate::moves::Act;
use crate::ops::{self, CaseError, locate};
use crate::service::Cases;
use crate::stand::Stand;
use access::{Ctx, Fault, Fields, UnitId, show};
use askama::Template;
use axum::response::Response;
use kernel::codes::{CaseNumber, DivisionLevel};
use kernel::deadline::Limit;
use matters::{City, MatterClass, MatterId};
use ui::{Html, Ui};

/// Classes suggested at most.
const MOST_CLASSES: usize = 3;
/// Limits told at most; a class with more has them on its page.
const MOST_LIMITS: usize = 3;
/// Fewer letters than this say nothing yet; two of Chinese are a word (停水).
const LEAST_LETTERS: usize = 2;

/// What the machine suggests about a case.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Classes, the likeliest first.
    pub classes: Vec<Advised<MatterId>>,
    /// The handling unit.
    pub unit: Option<Advised<UnitId>>,
}

/// What is suggested about a case at the desk, while it is still to be decided.
pub fn given(cases: &Cases, city: &City, case: &Case) -> Given {
    let Some(adviser) = cases.adviser() else {
        return Given::default();
    };
    let asked = Asked::of(case);
    match case.state {
        State::PendingVerify | State::PendingAccept => Given {
            classes: adviser.classes(city, &asked),
            unit: None,
        },
        State::PendingRegister => Given {
            // Only what speaks against the class it was given.
            classes: adviser
                .classes(city, &asked)
                .into_iter()
                .take(1)
                .filter(|c| Some(c.what) != case.matter)
                .collect(),
            unit: None,
        },
        State::PendingDispatch | State::Coordinating => Given {
            classes: Vec::new(),
            unit: adviser.unit(city, &asked),
        },
        _ => Given::default(),
    }
}

/// One suggestion as it is shown.
#[derive(Debug, Clone)]
pub struct Line {
    /// As forms take it: code and name.
    pub label: String,
    /// Its name.
    pub name: String,
    /// How sure; empty for keywords, whose rule of thumb is no probability.
    pub percent: String,
    /// What weighed, in words.
    pub why: String,
    /// How long handling takes, in words; empty where the class says nothing.
    pub limit: String,
}

/// What stands beside a case at the desk.
#[derive(Debug, Clone, Default)]
pub struct AdviceCard {
    /// Classes.
    pub classes: Vec<Line>,
    /// The unit.
    pub unit: Option<Line>,
    /// Where a press accepts the case with the suggested class; empty where the reader may not.
    pub accept: String,
    /// Whether the case has another class than is suggested.
    pub is_other: bool,
    /// Where the suggestions come from, in words.
    pub learned: String,
}

impl AdviceCard {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty() && self.unit.is_none()
    }
    /// What is suggested about a loaded case.
    pub fn of(ui: &Ui, city: &City, loaded: &Loaded) -> Self {
        let Given { classes, unit } = &loaded.advice;
        let learned = classes
            .first()
            .map(|c| c.learned)
            .or(unit.as_ref().map(|u| u.learned));
        Self {
            classes: class_lines(ui, city, classes),
            unit: unit.as_ref().and_then(|unit| {
                let name = unit_name(ui, city, Some(unit.what));
                (!name.is_empty()).then(|| Line {
                    label: city
                        .unit(unit.what)
                        .map(|u| read::unit_label(u, ui.lang))
                        .unwrap_or_default(),
                    name,
                    percent: percent(ui, unit.confidence),
                    why: why(ui, city, &unit.why),
                    limit: String::new(),
                })
            }),
            accept: if loaded.acts.contains(&Act::Accept) {
                format!("/cases/{}/accept?suggested=1", loaded.case.number)
            } else {
                String::new()
            },
            is_other: loaded.case.state == State::PendingRegister,
            learned: learned.map_or_else(String::new, |l| learned_words(ui, l)),
        }
    }
}

fn class_lines(ui: &Ui, city: &City, classes: &[Advised<MatterId>]) -> Vec<Line> {
    classes
        .iter()
        .take(MOST_CLASSES)
        .filter_map(|advised| {
            let class = city.matter(advised.what)?;
            Some(Line {
                label: read::matter_label(class, ui.lang),
                name: class.name(ui.lang.tag()).to_owned(),
                percent: match advised.learned {
                    Learned::Record(_) => percent(ui, advised.confidence),
                    Learned::Keywords => String::new(),
                },
                why: why(ui, city, &advised.why),
                limit: limits(ui, class),
            })
        })
        .collect()
}

fn percent(ui: &Ui, share: f64) -> String {
    // 100 % would be a promise.
    ui.percent(share.clamp(0.0, 0.99)).to_string()
}

/// The limits of a class: one, or the few that its conditions have.
fn limits(ui: &Ui, class: &MatterClass) -> String {
    let mut limits: Vec<Limit> = Vec::new();
    for limit in class.conditions.iter().filter_map(|c| c.limit) {
        if !limits.contains(&limit) {
            limits.push(limit);
        }
    }
    let words: Vec<String> = limits
        .iter()
        .take(MOST_LIMITS)
        .map(|limit| limit_words(ui, *limit))
        .collect();
    words.join(" / ")
}

fn why(ui: &Ui, city: &City, why: &[Why]) -> String {
    let words = why.iter().filter_map(|reason| match reason {
        Why::Word(word) => Some(word.clone()),
        Why::Place(division) => Some(city.territory.name_in(*division, ui.lang)),
        Why::Class(class) => Some(city.matter(*class)?.name(ui.lang.tag()).to_owned()),
        Why::Night => Some(ui.t("cases-advice-night")),
    });
    words.collect::<Vec<_>>().join(" · ")
}

fn learned_words(ui: &Ui, learned: Learned) -> String {
    match learned {
        Learned::Record(model) => ui.tn("cases-advice-record", "model", model.to_string()),
        Learned::Keywords => ui.t("cases-advice-keywords"),
    }
}

/// Why two reports are perhaps one, in words.
pub fn reasons(ui: &Ui, alike: &Alike) -> String {
    let mut told = Vec::new();
    if alike.is_said {
        told.push(ui.t("cases-alike-said"));
    }
    if alike.is_same_class {
        told.push(ui.t("cases-alike-class"));
    }
    if alike.is_same_grid {
        told.push(ui.t("cases-alike-grid"));
    }
    if let Some(metres) = alike.metres {
        told.push(ui.distance(metres).to_string());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "hours within a month"
    )]
    let hours = alike.hours.round().max(0.0) as u64;
    told.push(if hours < 48 {
        ui.tn("cases-alike-hours", "n", hours)
    } else {
        ui.tn("cases-alike-days", "n", hours / 24)
    });
    if let Some(share) = alike.words {
        told.push(ui.tn("cases-alike-words", "share", percent(ui, share)));
    }
    told.join(" · ")
}

/// An open case that somebody may be about to report again: what everybody may know of it.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its number.
    pub number: String,
    /// Its class.
    pub matter: String,
    /// The street, as on the pages of what is near: nothing finer is public.
    pub place: String,
    /// How it stands.
    pub state: String,
    /// When it was reported.
    pub reported: Html,
    /// Whether it is the one chosen.
    pub is_chosen: bool,
}

/// What is shown while somebody reports.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// Classes.
    pub classes: Vec<Line>,
    /// The label of the class that was chosen among them; empty if none.
    pub chosen: String,
    /// What is perhaps known already.
    pub known: Vec<Known>,
    /// Somebody asked for it: an empty answer is told.
    pub is_asked: bool,
}

impl Hints {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty() && self.known.is_empty()
    }
}

/// What the machine makes of a report that is being written.
///
/// # Errors
/// The store's.
pub async fn hints(ctx: &Ctx, ui: &Ui, fields: &Fields) -> Result<Hints, CaseError> {
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let written: String = fields
        .get("description")
        .chars()
        .take(crate::rules::MAX_TEXT)
        .collect();
    // What is not yet right is told when the report is sent.
    let place = read::place(ui, fields)
        .ok()
        .and_then(|new| locate(&city, &new).ok())
        .unwrap_or_default();
    let said = said(ctx, ui, &city, fields.get("same_as")).await?;
    if written.trim().chars().count() < LEAST_LETTERS {
        return Ok(Hints {
            known: said.into_iter().collect(),
            ..Hints::default()
        });
    }
    let (text, _) = kernel::mask::mask_free_text(written.trim(), &[]);
    let matter = read::matter(ui, &city, fields.get("matter")).ok().flatten();
    let mut asked = Asked {
        text: &text,
        place: &place,
        at: ctx.now(),
        matter,
    };
    let classes = match (cases.adviser(), matter) {
        (Some(adviser), None) => adviser.classes(&city, &asked),
        _ => Vec::new(),
    };
    // A class that is only suggested finds what is known already, too.
    let hinted = read::matter(ui, &city, fields.get("matter_hint"))
        .ok()
        .flatten();
    asked.matter = matter.or(hinted).or(classes.first().map(|c| c.what));
    let alike = ops::alike_public(ctx, &asked).await?;
    let mut known: Vec<Known> = alike
        .iter()
        .map(|(case, _)| known_case(ui, &city, case, fields.get("same_as")))
        .collect();
    // What somebody came to say the same of stays, however far away it is.
    known.extend(said.filter(|said| known.iter().all(|k| k.number != said.number)));
    Ok(Hints {
        classes: class_lines(ui, &city, &classes),
        chosen: fields.get("matter_hint").to_owned(),
        known,
        is_asked: false,
    })
}

/// The open public case with a number, as the one that was chosen; none for any other number.
pub(super) async fn said(
    ctx: &Ctx,
    ui: &Ui,
    city: &City,
    number: &str,
) -> Result<Option<Known>, CaseError> {
    let Ok(number) = number.parse::<CaseNumber>() else {
        return Ok(None);
    };
    let found = ops::public_by_number(ctx, city, number).await?;
    Ok(found.map(|case| known_case(ui, city, &case, &number.to_string())))
}

fn known_case(ui: &Ui, city: &City, case: &Case, chosen: &str) -> Known {
    let number = case.number.to_string();
    Known {
        matter: super::line::matter_name(ui, city, case),
        place: street(city, &case.place, ui.lang),
        state: Stand::of(case.state)
            .map(|stand| ui.t(stand.key()))
            .unwrap_or_default(),
        reported: ui.time(case.reported_at),
        is_chosen: number == chosen,
        number,
    }
}

/// The street, in words; a larger division where no street is known.
fn street(city: &City, place: &Place, lang: ui::Lang) -> String {
    let here = place.here();
    let street = here.and_then(|d| city.territory.at_level(d, DivisionLevel::Street));
    let coarse = Place {
        division: street.map(|s| s.code).or(here),
        ..Place::default()
    };
    super::line::place_text(city, &coarse, lang)
}

/// The hints as a part of a page.
#[derive(Template)]
#[template(path = "cases_hints.html")]
pub(super) struct HintsPart {
    pub ui: Ui,
    pub hints: Hints,
}

pub(super) async fn part(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let hints = hints(&ctx, &ui, &fields).await?;
    show(&HintsPart { ui, hints })
}
