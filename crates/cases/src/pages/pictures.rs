//! Pictures and documents in forms and on pages: taken in with the form, kept when it comes back, shown where the case is.
//!
//! A file that is not taken is named in a sentence; everything else that was sent is kept. What a photo says about where
//! and when it was taken is offered to whoever reports, never used without a yes.

use super::line::place_text;
use super::read::{self, Wrong};
use crate::model::{Case, CaseId, Place};
use crate::service::Cases;
use access::{Ctx, Fault, Fields, FilePart, FormParts, UploadedFile};
use attachments::ops::MOST_AT_ONCE;
use attachments::process::{FileError, MOST_BYTES};
use attachments::{Attachment, AttachmentError, AttachmentKind, Offered, Uploaded};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use kernel::codes::DistrictCode;
use kernel::geo::Point;
use kernel::id::Id;
use matters::City;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use store::StoreError;
use ui::{FormState, Html, Ui};

/// The input of a form with one group of pictures; the first of the form to report.
pub const FILES: &str = "files";
/// The input with the pictures of afterwards.
pub const AFTER: &str = "after";
/// What a form with files may have in bytes; a single file has its own, smaller bound.
pub const FORM_BYTES: usize = 160 << 20;
/// What inputs offer to choose. Named one by one, so that phones hand over JPEG instead of their own formats.
const ACCEPT: &str = "image/jpeg,image/png,image/webp,application/pdf";
/// The same where only a photo taken now makes sense.
const ACCEPT_PHOTO: &str = "image/jpeg,image/png,image/webp";

/// A file that was taken in and is in no case yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Its id.
    pub id: Id,
    /// Its name on the device of whoever sent it; only shown back to them.
    pub name: String,
}

impl Kept {
    /// As the form carries it.
    pub fn value(&self) -> String {
        format!("{} {}", self.id, self.name)
    }
    fn parse(text: &str) -> Option<Self> {
        let (id, name) = text.split_once(' ').unwrap_or((text, ""));
        Some(Self {
            id: id.parse().ok()?,
            name: name.to_owned(),
        })
    }
}

/// The inputs of one group of files, as the template shows them.
#[derive(Debug, Clone)]
pub struct PictureField {
    /// Its id on the page.
    pub id: String,
    /// Its name when sent.
    pub name: &'static str,
    /// What is read beside it.
    pub label: String,
    /// A hint.
    pub help: String,
    /// The camera opens at once.
    pub is_camera: bool,
    /// At least one is needed; the hint says why.
    pub is_needed: bool,
    /// What came with an earlier try.
    pub kept: Vec<Kept>,
    /// What is wrong; empty if nothing.
    pub faults: Vec<String>,
}

impl PictureField {
    /// A fresh one: `key` is the word beside it.
    pub fn new(ui: &Ui, id: &str, name: &'static str, label: String) -> Self {
        let help = ui.t2(
            "cases-files-help",
            "megabytes",
            MOST_BYTES >> 20,
            "most",
            MOST_AT_ONCE,
        );
        Self {
            id: format!("{id}-{name}"),
            name,
            label,
            help,
            is_camera: false,
            is_needed: false,
            kept: Vec::new(),
            faults: Vec::new(),
        }
    }
    /// What may be chosen.
    pub fn accept(&self) -> &'static str {
        if self.is_camera { ACCEPT_PHOTO } else { ACCEPT }
    }
    /// As it was sent.
    #[must_use]
    pub fn sent(mut self, entry: &Entry) -> Self {
        self.kept = entry.kept(self.name);
        self.faults = entry
            .faults
            .iter()
            .filter(|(field, _)| field == self.name)
            .map(|(_, sentence)| sentence.clone())
            .collect();
        self
    }
}

/// A form that may carry files, as it was sent.
#[derive(Debug, Default)]
pub struct Entry {
    /// Its words.
    pub fields: Fields,
    taken: Vec<(String, Kept, Offered)>,
    faults: Vec<(String, String)>,
    /// Digests of the files sent now, with their inputs.
    prints: Vec<(String, [u8; 32])>,
}

/// The field with the key of a form that is to be done once.
pub const ONCE: &str = "once";

/// A key for a form of a report: sent twice it is one report.
pub fn fresh_key() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}

impl Entry {
    /// A form without files.
    pub fn of(fields: Fields) -> Self {
        Self {
            fields,
            ..Self::default()
        }
    }
    /// All that the form says, its files included, as long as it is the same page: what two sendings are compared by.
    pub fn print(&self) -> Vec<u8> {
        let mut digest = Sha256::new();
        let mut add = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        };
        for (name, value) in self.fields.pairs().filter(|(name, _)| *name != "csrf") {
            add(name.as_bytes());
            add(value.as_bytes());
        }
        for (name, print) in &self.prints {
            add(name.as_bytes());
            add(print);
        }
        digest.finalize().to_vec()
    }
    /// The files of an input: those of an earlier try that are still wanted, then those sent now.
    pub fn kept(&self, name: &str) -> Vec<Kept> {
        let key = format!("{name}_kept");
        let earlier = self.fields.all(&key).filter_map(Kept::parse);
        let now = self
            .taken
            .iter()
            .filter(|(field, ..)| field == name)
            .map(|(_, kept, _)| kept.clone());
        let mut all: Vec<Kept> = Vec::new();
        for kept in earlier.chain(now) {
            if all.iter().all(|k| k.id != kept.id) {
                all.push(kept);
            }
        }
        all
    }
    /// Their ids.
    pub fn ids(&self, name: &str) -> Vec<Id> {
        self.kept(name).into_iter().map(|k| k.id).collect()
    }
    /// What the photos sent now say about themselves, in order.
    pub fn offered(&self) -> impl Iterator<Item = Offered> {
        self.taken.iter().map(|(_, _, offered)| *offered)
    }
    /// Refuses the form while one of its files was not taken.
    ///
    /// # Errors
    /// The first of them.
    pub fn whole(&self) -> Result<(), Wrong> {
        match self.faults.first() {
            None => Ok(()),
            Some((field, sentence)) => Err(Wrong::Entry {
                field: if field == AFTER { AFTER } else { FILES },
                sentence: sentence.clone(),
            }),
        }
    }
}

/// Reads a form and takes its files in, one after another.
///
/// # Errors
/// A form that cannot be read; the store's. A file that is not taken is no error but a sentence beside its input.
pub async fn read(ctx: &Ctx, ui: &Ui, mut form: FormParts) -> Result<Entry, Fault> {
    let cases = ctx.service::<Cases>();
    let (mut taken, mut faults): (Vec<(String, Kept, Offered)>, _) = (Vec::new(), Vec::new());
    let mut prints = Vec::new();
    while let Some(part) = form.next_file(MOST_BYTES).await? {
        let before = taken
            .iter()
            .filter(|(field, ..)| *field == part.file.field)
            .count();
        let FilePart { file, is_too_large } = part;
        let UploadedFile {
            field, name, bytes, ..
        } = file;
        prints.push((field.clone(), Sha256::digest(&bytes).into()));
        let result = match cases.attachments() {
            None => Err(ui.t("cases-error-no-files")),
            Some(_) if before >= MOST_AT_ONCE => {
                Err(ui.tn("cases-error-many-files", "most", MOST_AT_ONCE))
            }
            Some(_) if is_too_large => {
                let bytes = MOST_BYTES + 1;
                let error = AttachmentError::from(FileError::TooLarge { bytes });
                Err(read::told_of(ui, &error))
            }
            Some(service) => match attachments::ops::upload(ctx, service, bytes).await {
                Ok(uploaded) => Ok(uploaded),
                Err(error @ (AttachmentError::File(_) | AttachmentError::Busy { .. })) => {
                    Err(read::told_of(ui, &error))
                }
                Err(error) => return Err(error.into()),
            },
        };
        match result {
            Ok(Uploaded { upload, offered }) => {
                let id = upload.id;
                taken.push((field, Kept { id, name }, offered));
            }
            Err(why) => {
                let sentence = ui.t2("cases-file-fault", "name", name.as_str(), "why", why);
                faults.push((field, sentence));
            }
        }
    }
    Ok(Entry {
        fields: form.into_fields(),
        taken,
        faults,
        prints,
    })
}

/// What a photo says about itself, as a question to whoever reports.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Offer {
    /// Degrees east and north; none when the photo names no place in the city, or a place was given.
    pub point: Option<(f64, f64)>,
    /// That place in words.
    pub place: String,
    /// When it was taken, where that is asked for.
    pub time: Option<Timestamp>,
    /// That time as people say it.
    pub time_text: String,
}

/// Photos taken longer ago than this are offered as the time of the finding; younger ones are as good as now.
const WORTH_ASKING: SignedDuration = SignedDuration::from_mins(10);
/// The earliest time that a report may name.
const TOO_LONG_AGO: SignedDuration = SignedDuration::from_hours(31 * 24);

impl Offer {
    /// What the photos of a form offer that the form does not say itself. Members of staff may report for an earlier time.
    pub fn of(ui: &Ui, city: &City, entry: &Entry, may_date: bool) -> Self {
        let fields = &entry.fields;
        let number = |name: &str| fields.get(name).parse::<f64>().ok();
        let sent = match (number("photo_lon"), number("photo_lat")) {
            (Some(lon), Some(lat)) => Point::new(lon, lat).ok(),
            _ => None,
        };
        let names_place = ["lon", "lat", "division"]
            .iter()
            .any(|name| !fields.get(name).is_empty());
        let point = entry
            .offered()
            .find_map(|o| o.point)
            .or(sent)
            .filter(|_| !names_place);
        let found = point.and_then(|point| {
            let grid = city.locate(point);
            let division = grid
                .map(|g| g.community())
                .or_else(|| city.territory.division_at(point))?;
            let place = Place {
                division: Some(division),
                ..Place::default()
            };
            Some((point, place_text(city, &place, ui.lang)))
        });
        let time = entry
            .offered()
            .find_map(|o| o.time)
            .or_else(|| fields.get("photo_time").parse().ok())
            .filter(|at: &Timestamp| {
                let age = ui.now.duration_since(*at);
                may_date && age > WORTH_ASKING && age < TOO_LONG_AGO
            });
        let (point, place) = found.map_or((None, String::new()), |(point, place)| {
            (Some((point.lon(), point.lat())), place)
        });
        Self {
            point,
            place,
            time,
            time_text: time.map(|at| ui.time_text(at)).unwrap_or_default(),
        }
    }
    /// Whether something is offered and was not answered yet.
    pub fn is_open(&self, fields: &Fields) -> bool {
        self.is_open_in(&fields.form())
    }
    /// The same for a form that is shown again.
    pub fn is_open_in(&self, form: &FormState) -> bool {
        let is_answered = |name| form.holds(name, "yes") || form.holds(name, "no");
        self.point.is_some() && !is_answered("use_place")
            || self.time.is_some() && !is_answered("use_time")
    }
    /// The place, if it was said to be right.
    pub fn agreed_point(&self, fields: &Fields) -> Option<(f64, f64)> {
        self.point.filter(|_| fields.get("use_place") == "yes")
    }
    /// The time, if it was said to be right.
    pub fn agreed_time(&self, fields: &Fields) -> Option<Timestamp> {
        self.time.filter(|_| fields.get("use_time") == "yes")
    }
}

/// A picture or document of a case, as a page shows it.
#[derive(Debug, Clone)]
pub struct Shot {
    /// Its id.
    pub id: String,
    /// It has a thumbnail; else it is a document.
    pub is_picture: bool,
    /// What it shows.
    pub kind: String,
    /// When the case took it.
    pub when: Html,
    /// The same as text, for who does not see the picture.
    pub alt: String,
}

impl Shot {
    /// An attachment of a case.
    pub fn of(ui: &Ui, attachment: &Attachment) -> Self {
        // words: cases-shot-*
        let kind = ui.t(&format!("cases-shot-{}", attachment.kind));
        let time = ui.time_text(attachment.attached_at);
        Self {
            id: attachment.id.to_string(),
            is_picture: attachment.is_picture(),
            when: ui.time(attachment.attached_at),
            alt: ui.t2("cases-shot-alt", "kind", kind.as_str(), "time", time),
            kind,
        }
    }
}

/// The most pictures on a card: what is asked matters more there.
const MOST_ON_A_CARD: usize = 4;

/// The pictures of the cases of a list, a few of each. One statement.
///
/// # Errors
/// The store's.
pub async fn shots_of(
    ctx: &Ctx,
    ui: &Ui,
    cases: &[&Case],
) -> Result<HashMap<CaseId, Vec<Shot>>, Fault> {
    let keys: Vec<(DistrictCode, Id)> = cases.iter().map(|c| (c.district, c.id.0)).collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let found = ctx
        .read(move |r| -> Result<_, StoreError> { attachments::ops::of_cases(r, &keys) })
        .await?;
    let mut shots: HashMap<CaseId, Vec<Shot>> = HashMap::new();
    for attachment in found {
        let of_case = shots.entry(CaseId(attachment.case_id)).or_default();
        if of_case.len() < MOST_ON_A_CARD {
            of_case.push(Shot::of(ui, &attachment));
        }
    }
    Ok(shots)
}

/// A picture that is part of the page itself: whoever follows a case by its code holds no address to fetch it from.
pub struct Picture {
    /// The small picture as a `data:` address.
    pub source: String,
    /// What it shows, and since when, for who does not see it.
    pub alt: String,
    /// What it shows.
    pub kind: String,
}

/// The most pictures of a requester's page: each is a part of it.
const MOST_FOR_REQUESTER: usize = 6;

/// What a requester sees of the own case: what was reported and what it looks like afterwards, not what workers noted
/// between. One statement.
///
/// # Errors
/// The store's. A file that cannot be read is left out.
pub async fn pictures_for_requester(
    ctx: &Ctx,
    ui: &Ui,
    case: &Case,
) -> Result<Vec<Picture>, Fault> {
    let cases = ctx.service::<Cases>();
    let Some(service) = cases.attachments() else {
        return Ok(Vec::new());
    };
    let (district, id) = (case.district, case.id.0);
    let found = ctx
        .read(move |r| -> Result<_, StoreError> { attachments::ops::of_case(r, district, id) })
        .await?;
    let open = found.iter().filter(|a| {
        use AttachmentKind as K;
        a.is_picture() && matches!(a.kind, K::Report | K::Before | K::After)
    });
    let mut pictures = Vec::new();
    for attachment in open.take(MOST_FOR_REQUESTER) {
        match attachments::ops::file_of(service, attachment, true).await {
            Ok(bytes) => {
                let Shot { alt, kind, .. } = Shot::of(ui, attachment);
                let source = format!("data:image/jpeg;base64,{}", STANDARD.encode(bytes));
                pictures.push(Picture { source, alt, kind });
            }
            Err(error) => {
                tracing::warn!(number = %case.number, %error, "a picture of case {} cannot be shown", case.number);
            }
        }
    }
    Ok(pictures)
}
