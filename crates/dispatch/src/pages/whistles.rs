//! GET /whistles, /whistles/{id}, /whistles/figures; POST /whistles, /whistles/{id}/answer|end|assess.

use super::{done, due_text, unit_name};
use crate::http::{answer_of, moments};
use crate::model::{Call, Mark, Standing, Whistle};
use crate::ops::whistle::{self, Blown, NewWhistle};
use crate::ops::{DispatchError, city};
use access::{
    Ctx, Fault, Fields, Go, Path, Problem as _, Query, UnitId, show as show_page, show_as,
};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::ToSpan as _;
use jiff::civil::Date;
use kernel::codes::CaseNumber;
use kernel::deadline::Limit;
use kernel::id::Id;
use kernel::{Cursor, DivisionCode, PageSize};
use matters::City;
use serde::Deserialize;
use ui::{FormState, Pager, Tone, Ui};

struct CallLine {
    unit: String,
    id: String,
    state: String,
    tone: &'static str,
    words: String,
    /// Who was called before a reorganisation.
    was: String,
    is_late: bool,
    of_unit: String,
    of_whistle: String,
    /// The reader's unit may still judge it.
    may_judge: bool,
}

struct Row {
    href: String,
    unit: String,
    place: String,
    number: String,
    ask: String,
    at: String,
    due: String,
    /// What moved: another calendar, another unit.
    was: Vec<String>,
    is_over: bool,
    calls: Vec<CallLine>,
}

/// What a whistle was before a calendar or a reorganisation moved it.
fn was_words(ui: &Ui, city: &City, w: &Whistle) -> Vec<String> {
    let due = w
        .was_due_at
        .map(|at| ui.tn("dispatch-was-due", "time", ui.time_text(at)));
    let unit = w
        .was_unit
        .map(|unit| ui.tn("dispatch-was-unit", "unit", unit_name(ui, city, unit)));
    [due, unit].into_iter().flatten().collect()
}

// words: dispatch-standing-* dispatch-mark-*
fn call_line(ui: &Ui, city: &City, w: &Whistle, call: &Call, may_judge: bool) -> CallLine {
    let mark = |m: Option<Mark>| {
        m.map(|m| ui.t(&format!("dispatch-mark-{m}")))
            .unwrap_or_default()
    };
    let tone = match call.standing {
        Standing::Called => "warn",
        Standing::Responded => "info",
        Standing::Arrived => "good",
        Standing::Declined => "bad",
    };
    CallLine {
        unit: unit_name(ui, city, call.unit),
        id: call.unit.to_string(),
        state: ui.t(&format!("dispatch-standing-{}", call.standing)),
        tone,
        words: call.words.clone(),
        was: call
            .was_unit
            .map(|unit| ui.tn("dispatch-was-unit", "unit", unit_name(ui, city, unit)))
            .unwrap_or_default(),
        is_late: call.is_late(ui.now) && !whistle::is_taken_back(w.ended_at, call),
        of_unit: mark(call.of_unit),
        of_whistle: mark(call.of_whistle),
        may_judge: may_judge && call.of_unit.is_none() && whistle::may_be_judged(w, call),
    }
}

fn row(ui: &Ui, city: &City, blown: &Blown, reader: Option<UnitId>) -> Row {
    let w = &blown.whistle;
    let place = w
        .division
        .map(|d| city.territory.name_in(d, ui.lang))
        .unwrap_or_default();
    let place = [place, w.address.clone()];
    let place: Vec<String> = place.into_iter().filter(|p| !p.is_empty()).collect();
    let may_judge = w.ended_at.is_some() && Some(w.unit) == reader;
    Row {
        href: format!("/whistles/{}", w.id),
        unit: unit_name(ui, city, w.unit),
        place: place.join(" · "),
        number: blown.number.clone().unwrap_or_default(),
        ask: w.ask.clone(),
        at: ui.time_text(w.at),
        due: due_text(ui, w.due_at, w.provisional && w.ended_at.is_none()),
        was: was_words(ui, city, w),
        is_over: w.ended_at.is_some(),
        calls: blown
            .calls
            .iter()
            .map(|c| call_line(ui, city, w, c, may_judge))
            .collect(),
    }
}

#[derive(Template)]
#[template(path = "dispatch_whistles.html")]
struct ListPage {
    ui: Ui,
    rows: Vec<Row>,
    pager: Pager,
    form: FormState,
    /// The reader's unit is one of a street and may whistle.
    may_blow: bool,
    units: Vec<String>,
    places: Vec<ui::Choice>,
}

#[derive(Deserialize, Default)]
pub(super) struct Wanted {
    after: Option<Cursor>,
}

async fn page(ctx: &Ctx, ui: Ui, wanted: &Wanted, form: FormState) -> Result<ListPage, Fault> {
    let city = city(ctx);
    let reader = ctx.principal().unit();
    let found = whistle::list(ctx, PageSize::default(), wanted.after.as_ref()).await?;
    let handles = ctx.require(access::Permission::CaseHandle).is_ok();
    let street = reader
        .filter(|_| handles)
        .and_then(|u| cases::ops::joint::street_of(&city, u));
    let places = street.map_or_else(Vec::new, |street| {
        std::iter::once(street)
            .chain(city.territory.children(street).map(|d| d.code))
            .map(|d| ui::Choice::new(d.to_string(), city.territory.name_in(d, ui.lang)))
            .collect()
    });
    let rows: Vec<Row> = found
        .items
        .iter()
        .map(|b| row(&ui, &city, b, reader))
        .collect();
    let pager = Pager {
        previous: wanted.after.is_some().then(|| "/whistles".to_owned()),
        next: found.next.map(|c| format!("/whistles?after={c}")),
        shown: rows.len() as u64,
        total: None,
    };
    Ok(ListPage {
        units: if street.is_some() {
            cases::pages::unit_offers(&ui, &city)
        } else {
            Vec::new()
        },
        may_blow: street.is_some(),
        rows,
        pager,
        places,
        form,
        ui,
    })
}

pub(super) async fn list(
    ctx: Ctx,
    ui: Ui,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    show_page(&page(&ctx, ui, &wanted, FormState::new()).await?)
}

/// The fields of the units that are called.
const UNITS: [&str; 4] = ["unit1", "unit2", "unit3", "unit4"];

fn read(ui: &Ui, city: &City, fields: &Fields) -> Result<NewWhistle, DispatchError> {
    let mut units = Vec::new();
    for name in UNITS {
        let unit = cases::pages::unit_of(ui, city, fields.get(name)).map_err(|said| {
            DispatchError::field(name, "dispatch.unit_field", said.as_str()).with("said", said)
        })?;
        units.extend(unit);
    }
    let limit = match fields.get("limit") {
        "" => None,
        text => Some(
            text.parse::<Limit>()
                .map_err(|e| DispatchError::field("limit", "dispatch.bad_limit", e.to_string()))?,
        ),
    };
    let division = match fields.get("division") {
        "" => None,
        text => Some(text.parse::<DivisionCode>().map_err(|e| {
            DispatchError::field("division", "dispatch.outside_street", e.to_string())
        })?),
    };
    let case =
        match fields.get("case") {
            "" => None,
            text => Some(text.parse::<CaseNumber>().map_err(|e| {
                DispatchError::field("case", "dispatch.no_case_here", e.to_string())
            })?),
        };
    Ok(NewWhistle {
        case,
        units,
        ask: fields.get("ask").to_owned(),
        division,
        address: fields.get("address").to_owned(),
        limit,
    })
}

pub(super) async fn blow(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let city = city(&ctx);
    let done = match read(&ui, &city, &fields) {
        Ok(new) => whistle::blow(&ctx, new).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(id) => Ok(Go::to(format!("/whistles/{id}"))
            .saying(Tone::Good, ui.t("dispatch-blown"))
            .into_response()),
        Err(error) => {
            let field = match (error.field().as_deref(), &error) {
                // The list of units is four fields of the form; a fault of all of them stands at the first.
                (Some("units"), _) => "unit1".to_owned(),
                (Some(field), _) => field.to_owned(),
                // What the case itself does not allow.
                (None, DispatchError::Case(error))
                    if !fields.get("case").is_empty() && error.status().is_client_error() =>
                {
                    "case".to_owned()
                }
                (None, _) => return Err(error.into()),
            };
            let mut form = fields.form();
            form.fault(&field, super::sentence(&ui, &error));
            let page = page(&ctx, ui, &Wanted::default(), form).await?;
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

#[derive(Template)]
#[template(path = "dispatch_whistle.html")]
struct OnePage {
    ui: Ui,
    row: Row,
    form: FormState,
    id: String,
    /// The reader's unit was called and may respond or decline, or say that it was there.
    may_answer: bool,
    may_arrive: bool,
    may_end: bool,
    /// The reader's unit was called, the whistle has ended, and it has not judged it.
    may_judge: bool,
    marks: Vec<ui::Choice>,
}

pub(super) async fn one(ctx: Ctx, ui: Ui, Path(id): Path<Id>) -> Result<Response, Fault> {
    let city = city(&ctx);
    let blown = whistle::find(&ctx, id).await?;
    let reader = ctx.principal().unit();
    let handles = ctx.require(access::Permission::CaseHandle).is_ok();
    let own = blown
        .calls
        .iter()
        .find(|c| Some(c.unit) == reader && handles);
    let standing = own.map(|c| c.standing);
    let ended = blown.whistle.ended_at.is_some();
    let marks = Mark::ALL
        .iter()
        .map(|m| ui::Choice::new(m.as_str(), ui.t(&format!("dispatch-mark-{m}"))))
        .collect();
    show_page(&OnePage {
        row: row(&ui, &city, &blown, reader.filter(|_| handles)),
        id: id.to_string(),
        form: FormState::new(),
        may_answer: !ended && standing == Some(Standing::Called),
        may_arrive: !ended && matches!(standing, Some(Standing::Called | Standing::Responded)),
        may_end: handles && Some(blown.whistle.unit) == reader && !ended,
        may_judge: ended && own.is_some_and(|c| c.of_whistle.is_none()),
        marks,
        ui,
    })
}

pub(super) async fn answer(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<Id>,
    fields: Fields,
) -> Result<Response, Fault> {
    let to = format!("/whistles/{id}");
    let result = match answer_of(fields.get("answer")) {
        Ok(answer) => whistle::answer(&ctx, id, answer, fields.get("words")).await,
        Err(error) => Err(error),
    };
    done(&ui, &to, result, "dispatch-answered")
}

pub(super) async fn end(ctx: Ctx, ui: Ui, Path(id): Path<Id>) -> Result<Response, Fault> {
    let to = format!("/whistles/{id}");
    done(&ui, &to, whistle::end(&ctx, id).await, "dispatch-ended")
}

pub(super) async fn assess(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<Id>,
    fields: Fields,
) -> Result<Response, Fault> {
    let to = format!("/whistles/{id}");
    let of: Option<UnitId> = fields.read("unit")?;
    let mark: Mark = fields.need("mark")?;
    let result = whistle::assess(&ctx, id, of, mark, fields.get("why")).await;
    done(&ui, &to, result, "dispatch-assessed")
}

struct FigureRow {
    unit: String,
    called: i64,
    in_time: i64,
    late: i64,
    arrived: i64,
    declined: i64,
    judged: String,
    whistled: i64,
    whistles_judged: String,
}

#[derive(Template)]
#[template(path = "dispatch_figures.html")]
struct FiguresPage {
    ui: Ui,
    form: FormState,
    rows: Vec<FigureRow>,
}

#[derive(Deserialize)]
pub(super) struct Span {
    from: Option<Date>,
    to: Option<Date>,
}

pub(super) async fn figures(ctx: Ctx, ui: Ui, Query(span): Query<Span>) -> Result<Response, Fault> {
    let city = city(&ctx);
    let today = city.local_date(ui.now);
    let to = span.to.unwrap_or(today);
    let from = span.from.unwrap_or(to.saturating_sub(30.days()));
    let (begin, end) = moments(&ctx, from, to)?;
    let sums = whistle::figures_between(&ctx, begin, end).await?;
    let marks = |n: [i64; 3]| {
        let [good, fair, poor] = n;
        ui.ta(
            "dispatch-marks",
            &[("good", &good), ("fair", &fair), ("poor", &poor)],
        )
    };
    let mut rows: Vec<FigureRow> = sums
        .into_iter()
        .map(|(unit, f)| FigureRow {
            unit: unit_name(&ui, &city, unit),
            called: f.called,
            in_time: f.in_time,
            late: f.late,
            arrived: f.arrived,
            declined: f.declined,
            judged: marks(f.judged),
            whistled: f.whistled,
            whistles_judged: marks(f.whistles_judged),
        })
        .collect();
    rows.sort_by(|a, b| a.unit.cmp(&b.unit));
    let form = FormState::new()
        .with("from", from.to_string())
        .with("to", to.to_string());
    show_page(&FiguresPage { ui, form, rows })
}
