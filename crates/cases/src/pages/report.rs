//! GET and POST /report — anybody reports; GET /report/receipt/{token} — the receipt with number, code and private link.

use super::Offers;
use super::advice::{self, Hints};
use super::again::Again;
use super::cells::{self, Cells};
use super::pictures::{self, Entry, FILES, ONCE, Offer, PictureField, fresh_key};
use super::read::{self, Wrong};
use crate::lists::ListKind;
use crate::model::{Case, State};
use crate::ops::{self, Contact, NewPlace, NewReport, Receipt};
use crate::service::Cases;
use access::{Ctx, Fault, Fields, FormParts, Go, NotNow, Path, Permission, Visit, show, show_as};
use askama::Template;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use grid::{Bounds, TileSet, Tiles};
use kernel::codes::DivisionLevel;
use matters::City;
use ui::{Choice, FormState, Html, Pin, Ui};

/// More places than this are not offered as a list: the address says it.
const MOST_PLACES: usize = 400;

#[derive(Template)]
#[template(path = "cases_report.html")]
pub(super) struct ReportPage {
    pub ui: Ui,
    pub form: FormState,
    pub matters: Vec<String>,
    pub places: Vec<Choice>,
    /// What lies below the division that was chosen.
    pub cells: Cells,
    /// Sets the place by a press; see [`place_map`].
    pub map: Html,
    pub files: PictureField,
    /// What kinds of contact there are.
    pub natures: Vec<Choice>,
    /// What a photo says that the form does not.
    pub offer: Offer,
    /// What the machine makes of it.
    pub hints: Hints,
    /// Why it was not taken now and stands here again; empty for a fresh form.
    pub again: Vec<String>,
}

/// The fields in the order of the form.
const ORDER: [&str; 13] = [
    "description",
    "files",
    "matter",
    "nature",
    "address",
    "division",
    "community",
    "grid",
    "lon",
    "lat",
    "phone",
    "email",
    "notify",
];

/// What kinds of contact there are, to choose from.
pub(super) async fn natures(ctx: &Ctx, ui: &Ui) -> Result<Vec<Choice>, Fault> {
    let lists = ctx.service::<Cases>().lists(ctx).await?;
    let lang = ui.lang.tag();
    Ok(lists
        .active(ListKind::Nature)
        .map(|e| Choice::new(e.code.clone(), e.name(lang)))
        .collect())
}

impl ReportPage {
    pub fn new(ui: Ui, city: &City, form: FormState, entry: &Entry) -> Self {
        Self {
            matters: Offers::of_matters(&ui, city),
            places: places(city, ui.lang),
            cells: Cells::of(&ui, city, &form),
            map: Html::default(),
            files: PictureField::new(&ui, "f", FILES, ui.t("cases-files-report")).sent(entry),
            natures: Vec::new(),
            offer: Offer::of(&ui, city, entry, false),
            hints: Hints::default(),
            again: Vec::new(),
            ui,
            form,
        }
    }
    /// With what the machine makes of what was written.
    pub fn with_hints(self, hints: Hints) -> Self {
        Self { hints, ..self }
    }
    /// With a map to set the place on, and the kinds of contact.
    pub async fn with_map(self, ctx: &Ctx) -> Result<Self, Fault> {
        Ok(Self {
            map: place_map(ctx, &self.ui),
            natures: natures(ctx, &self.ui).await?,
            ..self
        })
    }
}

/// A map on which a press sets the fields `lon` and `lat`; nothing where no borders are known. Members of staff see the
/// cells as well.
pub(super) fn place_map(ctx: &Ctx, ui: &Ui) -> Html {
    let Some(tiles) = ctx.service_if_any::<Tiles>() else {
        return Html::default();
    };
    let sets: &[TileSet] = match ctx.require(Permission::ReferenceRead) {
        Ok(()) => &TileSet::ALL,
        Err(_) => &[TileSet::Divisions],
    };
    let mut map = tiles.map(ui.t("cases-map-place"), sets);
    if map.bounds.is_none() {
        return Html::default();
    }
    // Whoever works in some districts begins there.
    let own = ctx.scope().districts;
    let territory = tiles.territory();
    let own = own.iter().filter_map(|d| territory.bounds_of(d.division()));
    if let Some(b) = own.reduce(Bounds::joined) {
        map.bounds = Some([b.west, b.south, b.east, b.north]);
    }
    map.pin = Some(Pin {
        lon: "lon",
        lat: "lat",
    });
    map.show(ui)
}

/// The communities to choose from, with their streets; the streets where there are too many communities.
pub(super) fn places(city: &City, lang: ui::Lang) -> Vec<Choice> {
    let at = |level| {
        city.territory
            .divisions()
            .filter(move |d| d.level() == level)
    };
    let level = if at(DivisionLevel::Community).count() <= MOST_PLACES {
        DivisionLevel::Community
    } else {
        DivisionLevel::Street
    };
    at(level)
        .take(MOST_PLACES)
        .map(|d| {
            let street = city
                .territory
                .at_level(d.code, DivisionLevel::Street)
                .filter(|s| s.code != d.code);
            let district = city
                .territory
                .at_level(d.code, DivisionLevel::District)
                .map(|d| d.name_in(lang))
                .unwrap_or_default();
            Choice::new(
                d.code.to_string(),
                format!(
                    "{district} {} {}",
                    street.map(|s| s.name_in(lang)).unwrap_or_default(),
                    d.name_in(lang)
                ),
            )
        })
        .collect()
}

#[derive(Template)]
#[template(path = "cases_receipt.html")]
pub(super) struct ReceiptPage {
    pub ui: Ui,
    pub number: String,
    /// Empty where the link's case has a code of another making.
    pub code: String,
    /// The path of the private link.
    pub link: String,
    /// The whole address of the private link.
    pub address: String,
    /// What happens next, and by when; empty once there is a deadline.
    pub next: String,
    /// Where one sees what else is known around.
    pub near: String,
}

/// The empty form. A link may fill in the class by its code, the place, and a public case that it is the same as; what it
/// names wrongly is left out.
pub(super) async fn blank(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let given = Fields::parse(query.unwrap_or_default().as_bytes());
    let said = advice::said(&ctx, &ui, &city, given.get("same_as")).await?;
    let hints = Hints {
        known: said.into_iter().collect(),
        ..Hints::default()
    };
    let form = filled_in(&ui, &city, &given);
    let page = ReportPage::new(ui, &city, form, &Entry::default()).with_hints(hints);
    show(&page.with_map(&ctx).await?)
}

fn filled_in(ui: &Ui, city: &City, given: &Fields) -> FormState {
    let mut form = FormState::new().with(ONCE, fresh_key());
    let class = city
        .matters
        .choices()
        .find(|c| c.code == given.get("matter"));
    if let Some(class) = class {
        form = form.with("matter", read::matter_label(class, ui.lang));
    }
    let division = given.get("division");
    if places(city, ui.lang)
        .iter()
        .any(|place| place.value == division)
    {
        form = form.with("division", division);
    }
    form
}

pub(super) async fn send(
    ctx: Ctx,
    ui: Ui,
    NotNow(not_now): NotNow,
    form: FormParts,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    if let Some(fault) = not_now {
        let (entry, again) = Again::read(&ui, &fault, form).await?;
        let form = entry.fields.form();
        let page = ReportPage::new(ui, &city, form, &entry)
            .with_map(&ctx)
            .await?;
        return again.show(&ReportPage {
            again: again.sentences.clone(),
            ..page
        });
    }
    let entry = pictures::read(&ctx, &ui, form).await?;
    let offer = Offer::of(&ui, &city, &entry, false);
    let asks = !entry.fields.get(cells::LIST).is_empty();
    if asks || (entry.whole().is_ok() && offer.is_open(&entry.fields)) {
        let page = ReportPage::new(ui, &city, entry.fields.form(), &entry);
        return show(&page.with_map(&ctx).await?);
    }
    // Without script somebody asks for the hints by a button of the form.
    if !entry.fields.get("look").is_empty() {
        let hints = Hints {
            is_asked: true,
            ..advice::hints(&ctx, &ui, &entry.fields).await?
        };
        let page = ReportPage::new(ui, &city, entry.fields.form(), &entry).with_hints(hints);
        return show(&page.with_map(&ctx).await?);
    }
    let print = entry.print();
    let key = entry.fields.get(ONCE).to_owned();
    access::once_by_form(&ctx, &key, &print, move |ctx| async move {
        answer(&ctx, ui, &city, &entry, &offer).await
    })
    .await
}

/// GET /report/receipt/{token} — number, code and private link of a report, for whoever has the link.
pub(super) async fn receipt(
    ctx: Ctx,
    ui: Ui,
    visit: Visit,
    axum::extract::State(state): axum::extract::State<access::AppState>,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let (case, code) = match ops::receipt(&ctx, &token, visit.address()).await {
        Ok(found) => found,
        // What leads nowhere is told as by the link itself.
        Err(ops::CaseError::WrongCode | ops::CaseError::TooManyTries { .. }) => {
            return Ok(Go::to("/track").into_response());
        }
        Err(error) => return Err(error.into()),
    };
    let city = ctx.service::<Cases>().city();
    let link = format!("/track/link/{token}");
    show(&ReceiptPage {
        number: case.number.to_string(),
        code: code.unwrap_or_default(),
        address: format!("{}{link}", state.settings().public_url),
        next: next_promise(&ui, &case),
        near: near(&city, &case),
        link,
        ui,
    })
}

async fn answer(
    ctx: &Ctx,
    ui: Ui,
    city: &City,
    entry: &Entry,
    offer: &Offer,
) -> Result<Response, Fault> {
    match take(ctx, &ui, city, entry, offer).await {
        Ok(receipt) => {
            // A page of its own: a reload or a step back sends nothing again.
            Ok(Go::to(format!("/report/receipt/{}", receipt.link)).into_response())
        }
        Err(wrongs) => {
            let wrongs = of_entry(wrongs)?;
            let form = refused(&ui, &entry.fields, &wrongs, &ORDER);
            show_as(
                status_of(&wrongs),
                &ReportPage::new(ui, city, form, entry).with_map(ctx).await?,
            )
        }
    }
}

/// The form as it was sent, with what is wrong beside its field.
pub(super) fn refused(ui: &Ui, fields: &Fields, wrongs: &[Wrong], order: &[&str]) -> FormState {
    let mut form = fields.form();
    let mut told: Vec<(String, String)> = wrongs.iter().map(|w| fault_of(ui, w)).collect();
    // As the fields stand on the form, so that the list of faults leads from the top down.
    told.sort_by_key(|(field, _)| order.iter().position(|f| f == field));
    for (field, sentence) in told {
        form.fault(&field, sentence);
    }
    form
}

/// The field at fault, and the sentence beside it.
fn fault_of(ui: &Ui, wrong: &Wrong) -> (String, String) {
    let (field, sentence) = match wrong {
        Wrong::Entry { field, sentence } => ((*field).to_owned(), sentence.clone()),
        Wrong::Case(error) => {
            let field = access::Problem::field(error).unwrap_or_default();
            let field = if field == "attachments" {
                FILES.to_owned()
            } else {
                field
            };
            // words: cases-field-*
            let key = format!("cases-field-{field}");
            let label = ui.site.words.has(&key).then(|| ui.t(&key));
            (field, read::sentence(ui, error, label.as_deref()))
        }
    };
    if field.is_empty() {
        ("description".to_owned(), sentence)
    } else {
        (field, sentence)
    }
}

/// What is wrong with a form; where the store failed, or the permission is lacking, an error page instead.
pub(super) fn of_entry(wrongs: Vec<Wrong>) -> Result<Vec<Wrong>, Fault> {
    let is_no_entry = |wrong: &Wrong| {
        let error = match wrong {
            Wrong::Case(error) => error,
            Wrong::Entry { .. } => return false,
        };
        matches!(error, ops::CaseError::Store(_) | ops::CaseError::Refused(_))
    };
    let mut wrongs = wrongs;
    match wrongs.iter().position(is_no_entry) {
        Some(at) => Err(wrongs.swap_remove(at).fault()),
        None => Ok(wrongs),
    }
}

/// Takes a report in; or all that is wrong with the form, those entries first that do not read.
pub(super) async fn take_in(
    ctx: &Ctx,
    city: &City,
    new: NewReport,
    mut wrongs: Vec<Wrong>,
) -> Result<Receipt, Vec<Wrong>> {
    let lists = ctx.service::<Cases>().lists(ctx).await;
    let lists = lists.map_err(|error| vec![Wrong::Case(error.into())])?;
    let of_report = ops::entry_faults(city, &lists, &new, ctx.now());
    wrongs.extend(of_report.into_iter().map(Wrong::Case));
    if wrongs.is_empty() {
        ops::report(ctx, new).await.map_err(|e| vec![e.into()])
    } else {
        Err(wrongs)
    }
}

async fn take(
    ctx: &Ctx,
    ui: &Ui,
    city: &City,
    entry: &Entry,
    offer: &Offer,
) -> Result<Receipt, Vec<Wrong>> {
    let (new, wrongs) = told(ui, city, entry, offer);
    let new = NewReport {
        channel: "web".into(),
        ..new
    };
    take_in(ctx, city, new, wrongs).await
}

/// The words of a report. A picture says enough, and so does "me too": the text then says that nothing was written.
fn words_or_else(ui: &Ui, fields: &Fields, has_pictures: bool) -> String {
    match fields.get("description") {
        "" if has_pictures => ui.t("cases-words-picture-only"),
        "" if !fields.get("same_as").is_empty() => ui.t("cases-words-me-too"),
        words => words.to_owned(),
    }
}

/// What a form tells of a matter and of whoever reports it; by which channel, the caller says.
/// What does not read is left out of it and told beside it.
pub(super) fn told(ui: &Ui, city: &City, entry: &Entry, offer: &Offer) -> (NewReport, Vec<Wrong>) {
    let mut wrongs: Vec<Wrong> = entry.whole().err().into_iter().collect();
    let fields = &entry.fields;
    let given = |name: &str| Some(fields.get(name).to_owned()).filter(|t| !t.is_empty());
    // What somebody typed stands before what the machine suggested and somebody chose.
    let typed = read::matter(ui, city, fields.get("matter")).and_then(|typed| match typed {
        Some(matter) => Ok(Some(matter)),
        None => read::matter(ui, city, fields.get("matter_hint")),
    });
    let matter = read::kept(typed, &mut wrongs).flatten();
    let place = read::place_and_faults(ui, fields, &mut wrongs);
    let new = NewReport {
        description: words_or_else(ui, fields, !entry.ids(FILES).is_empty()),
        matter,
        same_as: fields.get("same_as").parse().ok(),
        place: NewPlace {
            lon_lat: place.lon_lat.or(offer.agreed_point(fields)),
            ..place
        },
        attachments: entry.ids(FILES),
        contact: Contact {
            name: given("name"),
            phone: given("phone"),
            email: given("email"),
        },
        confidential: !fields.get("confidential").is_empty(),
        nature: given("nature"),
        notify: !fields.get("notify").is_empty(),
        ..NewReport::default()
    };
    (new, wrongs)
}

/// The status of a form with faults.
pub(super) fn status_of(wrongs: &[Wrong]) -> StatusCode {
    wrongs
        .first()
        .map_or(StatusCode::UNPROCESSABLE_ENTITY, Wrong::status)
}

/// The place of the form, or that of a photo where it was said to be right.
pub(super) fn offered_place(ui: &Ui, fields: &Fields, offer: &Offer) -> Result<NewPlace, Wrong> {
    let place = read::place(ui, fields)?;
    Ok(NewPlace {
        lon_lat: place.lon_lat.or(offer.agreed_point(fields)),
        ..place
    })
}

/// The page of what happens in the street of a case, else of which place one would like to see.
fn near(city: &City, case: &Case) -> String {
    let street = case.place.division.and_then(|division| {
        city.territory
            .at_level(division, DivisionLevel::Street)
            .map(|street| street.code)
    });
    street.map_or_else(
        || "/near".to_owned(),
        |street| format!("/near?place={street}"),
    )
}

/// The same for as long as nothing else is promised; empty once there is a deadline, or the desk has decided.
pub(super) fn next_promise(ui: &Ui, case: &Case) -> String {
    let is_fresh = matches!(
        case.state,
        State::PendingVerify | State::PendingAccept | State::SelfHandledAudit
    );
    if is_fresh && case.due_at.is_none() {
        next_step(ui, case)
    } else {
        String::new()
    }
}

/// What the city does next with a fresh report, and by when where a clock runs.
pub(super) fn next_step(ui: &Ui, case: &Case) -> String {
    match (case.state, &case.task) {
        (State::PendingVerify, Some(task)) => {
            ui.tn("cases-next-verify", "time", ui.time_text(task.due_at))
        }
        (State::SelfHandledAudit, _) => ui.t("cases-next-confirm"),
        _ => ui.t("cases-next-accept"),
    }
}
