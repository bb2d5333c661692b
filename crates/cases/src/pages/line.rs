//! A case in one line or on one card: what it is, where, how it stands with its clock.

use crate::model::{Case, Place, Standard};
use crate::ops::desk::task_light;
use crate::ops::view::{light_of, remaining_of};
use crate::sql_desk::Moments;
use crate::words::state_key;
use access::{AccountId, UnitId};
use kernel::codes::DivisionLevel;
use kernel::deadline::{ClockKind, Limit};
use matters::City;
use ui::{Html, Light, Ui};

/// A case of a list.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number.
    pub number: String,
    /// The class, or a word for none.
    pub matter: String,
    /// The beginning of what was reported.
    pub text: String,
    /// Where, in words.
    pub place: String,
    /// The word of its state.
    pub state: String,
    /// The mark of its light; empty without a deadline.
    pub mark: Html,
    /// What is left on its clock; empty without one.
    pub left: String,
    /// The handling unit; empty if none.
    pub unit: String,
    /// When it was reported.
    pub reported: Html,
    /// When it was closed; empty if it is not.
    pub closed: Html,
    /// Urgent.
    pub urgent: bool,
    /// Somebody asked to void it.
    pub is_void_asked: bool,
    /// The unit asked for more time, or to let the clock stand still.
    pub is_clock_asked: bool,
    /// Counts of it are exempt: a flag beside the raw fact.
    pub is_exempt: bool,
    /// The requester had it reopened.
    pub is_reopened: bool,
    /// Which decision it waits for; empty if none.
    pub waits_for: String,
    /// Where it leads.
    pub href: String,
}

/// So much of the text fits a line.
const TEXT_CHARS: usize = 60;

fn beginning(text: &str) -> String {
    let mut short: String = text.chars().take(TEXT_CHARS).collect();
    if text.chars().count() > TEXT_CHARS {
        short.push('…');
    }
    short
}

/// The class of a case, or a word for none.
pub fn matter_name(ui: &Ui, city: &City, case: &Case) -> String {
    case.matter.and_then(|m| city.matter(m)).map_or_else(
        || ui.t("cases-no-matter"),
        |c| c.name(ui.lang.tag()).to_owned(),
    )
}

/// The name of a unit, empty if there is none.
pub fn unit_name(ui: &Ui, city: &City, id: Option<UnitId>) -> String {
    id.and_then(|u| city.unit(u))
        .map(|u| u.name(ui.lang.tag()).to_owned())
        .unwrap_or_default()
}

/// Where, in words: the address, and the street and community it lies in.
pub fn place_text(city: &City, place: &Place, lang: ui::Lang) -> String {
    let division = place.division.map(|code| {
        let street = city
            .territory
            .at_level(code, DivisionLevel::Street)
            .map(|d| d.name_in(lang).to_owned());
        let own = city.territory.name_in(code, lang);
        match street {
            Some(street) if street != own => format!("{street} {own}"),
            _ => own,
        }
    });
    [place.address.clone(), division]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}

/// A division or a unit grid in words; what is known by no such name stands by its code.
pub fn place_name(city: &City, place: ::facts::Place, lang: ui::Lang) -> String {
    let division = Place {
        division: place.division(),
        ..Place::default()
    };
    let name = place_text(city, &division, lang);
    match place.grid() {
        Some(grid) => format!("{name} {grid}"),
        None => name,
    }
}

/// When something is due; where that rests on a calendar that is not loaded yet, with the sign and the word for it.
pub fn due_mark(ui: &Ui, due: jiff::Timestamp, provisional: bool) -> Html {
    let time = ui.time(due);
    if provisional {
        Html::from_markup(format!("{time} {}", ui.light(Light::Provisional)))
    } else {
        time
    }
}

/// A limit in words.
pub fn limit_words(ui: &Ui, limit: Limit) -> String {
    ui.tn("cases-limited", "limit", ui.limit(Some(limit)))
}

/// Under which version of its class a case was registered, in words; none in cases of before that was kept.
pub fn edition_words(ui: &Ui, standard: &Standard) -> Option<String> {
    let edition = standard.edition.as_ref()?;
    let number = match edition.valid_from {
        Some(from) => ui.t2(
            "cases-edition-from",
            "n",
            edition.version,
            "from",
            ui.date_text(from).as_str(),
        ),
        None => ui.tn("cases-edition", "n", edition.version),
    };
    let of = format!("{} {}", edition.standard, edition.of_standard);
    Some(match of.trim() {
        "" => number,
        of => format!("{of} · {number}"),
    })
}

/// The light that rules the case now, and what is left on its clock: that of the stage, or of handling when that presses
/// more. A life of before there were stages shows the clock of its task while one is open.
pub fn clock_of(ui: &Ui, city: &City, at: &Moments, case: &Case) -> (Option<Light>, String) {
    if case.stage_from.is_none()
        && let Some(of_task) = task_clock(ui, at, case)
    {
        return of_task;
    }
    let handling = || {
        let left = remaining_of(case, city, ui.now).map(|r| ui.left(r));
        (light_of(case, city, ui.now), left.unwrap_or_default())
    };
    let (Some(light), Some(due), Some(limit)) = (
        case.stage_light(ui.now),
        case.stage_due_at,
        case.stage_limit,
    ) else {
        return handling();
    };
    // Waiting to be signed for, both clocks run: the worse light is shown, of two alike the one that ends first.
    let presses_more = case.handling_due().is_some_and(|handling| {
        let worst = case.light(ui.now);
        worst != Some(light) || (case.handling_light(ui.now) == worst && handling < due)
    });
    if presses_more {
        return handling();
    }
    let due = kernel::deadline::Due {
        at: due,
        provisional: case.stage_provisional,
        parked: false,
    };
    let left = kernel::deadline::remaining(
        ui.now,
        &due,
        limit.clock(),
        city.calendar_at(case.place.here()),
        &city.timezone,
    );
    (Some(light), ui.left(left))
}

/// The light of a worker's open task, and what is left of it.
pub fn task_clock(ui: &Ui, at: &Moments, case: &Case) -> Option<(Option<Light>, String)> {
    let (task, light) = (case.task.as_ref()?, task_light(case, at)?);
    let left = ui::Remaining {
        clock: ClockKind::UrgentHours,
        seconds: task.due_at.duration_since(ui.now).as_secs(),
    };
    Some((Some(light), ui.left(left)))
}

impl Line {
    /// The line of a case that leads to its page.
    pub fn of(ui: &Ui, city: &City, at: &Moments, case: &Case) -> Self {
        Self::with(ui, city, case, clock_of(ui, city, at, case))
    }
    /// The line of a case as the task of a worker: with the clock of the task.
    pub fn of_task(ui: &Ui, city: &City, at: &Moments, case: &Case) -> Self {
        let clock = task_clock(ui, at, case).unwrap_or_else(|| clock_of(ui, city, at, case));
        Self::with(ui, city, case, clock)
    }
    fn with(ui: &Ui, city: &City, case: &Case, (light, left): (Option<Light>, String)) -> Self {
        Self {
            number: case.number.to_string(),
            matter: matter_name(ui, city, case),
            text: beginning(&case.description),
            place: place_text(city, &case.place, ui.lang),
            state: ui.t(state_key(case.state)),
            // Without a rest that says it in words, the light does.
            mark: light
                .map(|l| {
                    if left.is_empty() {
                        ui.light(l)
                    } else {
                        ui.light_mark(l)
                    }
                })
                .unwrap_or_default(),
            left,
            unit: unit_name(ui, city, case.unit),
            reported: ui.time(case.reported_at),
            closed: case.closed_at.map(|at| ui.time(at)).unwrap_or_default(),
            urgent: case.urgent,
            is_void_asked: case.void_requested.is_some(),
            is_clock_asked: case.extension.is_some() || case.suspension.is_some(),
            is_exempt: !case.record.exempt.is_empty(),
            is_reopened: !case.record.rounds.is_empty(),
            // words: cases-waits-*
            waits_for: case
                .waits_for()
                .map(|w| ui.t(&format!("cases-waits-{}", w.replace('_', "-"))))
                .unwrap_or_default(),
            href: format!("/cases/{}", case.number),
        }
    }
}

/// Whether the open task is this worker's own.
pub fn is_mine(case: &Case, account: Option<AccountId>) -> bool {
    account.is_some() && case.task.as_ref().and_then(|t| t.assignee) == account
}
