//! Reporting: any channel becomes one case. Place and district are found, personal words are masked, the contact goes to
//! the vault, and whoever reported gets a number with a code and a private link.

use super::{CaseError, actor_of};
use crate::lists::{ListEntry, ListKind, Lists};
use crate::model::{Case, CaseId, Place, Reported};
use crate::moves::Act;
use crate::rules::{self, Command, Facts, Refusal};
use crate::service::{Cases, Channel};
use crate::{sql, sql_access};
use access::{AccountId, Ctx, Permission, Principal, Role};
use attachments::AttachmentKind;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use kernel::clock::to_micros;
use kernel::codes::{CaseNumber, DistrictCode, DivisionCode, DivisionLevel, GridCode};
use kernel::contact::{is_mail_address, is_phone_number};
use kernel::geo::{Crs, Point, to_wgs84};
use kernel::id::Id;
use kernel::mask::mask_free_text;
use matters::rules::NotInForce;
use matters::{City, MatterClass, MatterId};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::Arc;
use store::{AuditEvent, Sealed, Write};
use vault::model::{Field, NewSubject, REPORT_BASIS, purpose};

/// A report made offline may arrive this much later.
const LATEST_ARRIVAL: SignedDuration = SignedDuration::from_hours(31 * 24);
/// The clock of a device may run ahead by this much.
const CLOCK_AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// The longest address, in characters.
const LONGEST_ADDRESS: usize = 300;
/// By these channels people report without being staff.
const OPEN_CHANNELS: [&str; 2] = ["web", "open311"];
/// 预防工作 — the channel of preventive work that warnings open. What comes by it is no signal ([`crate::facts`]).
pub const PREVENTIVE: &str = "preventive";
/// Letters and digits that nobody confuses on paper or on the phone.
const CODE_ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// How many of them a code has.
const CODE_LENGTH: usize = 6;

/// Where something is, as given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewPlace {
    /// Degrees east and north, in `crs`.
    pub lon_lat: Option<(f64, f64)>,
    /// The coordinate system of the point.
    pub crs: Crs,
    /// The unit grid, where no point is known.
    pub grid: Option<GridCode>,
    /// The division, where neither is known.
    pub division: Option<DivisionCode>,
    /// The address in words.
    pub address: Option<String>,
}

/// How to reach whoever reports. Goes to the vault and nowhere else.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// The name.
    pub name: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// The mail address.
    pub email: Option<String>,
}

impl Contact {
    /// Whether there is a way to tell the person anything.
    fn is_reachable(&self) -> bool {
        [&self.phone, &self.email]
            .iter()
            .any(|way| way.as_deref().is_some_and(|text| !text.trim().is_empty()))
    }
}

/// Never shows a person's data.
impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contact").finish_non_exhaustive()
    }
}

/// A report before it is a case.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewReport {
    /// By which channel it comes; the caller says, never the reporter.
    pub channel: String,
    /// What is the matter.
    pub description: String,
    /// The class, where it is known.
    pub matter: Option<MatterId>,
    /// Where.
    pub place: NewPlace,
    /// When it was seen, for reports made offline; else now.
    pub reported_at: Option<Timestamp>,
    /// How to reach whoever reports.
    pub contact: Contact,
    /// The handling unit shall never learn who reported.
    pub confidential: bool,
    /// The case that whoever reports says it is the same as.
    pub same_as: Option<CaseNumber>,
    /// 诉求性质 — a code of the city's list; none = that of the class, where it has one.
    pub nature: Option<String>,
    /// Whoever reports agreed to be told how the matter goes, by the contact given here.
    pub notify: bool,
    /// It was put right on the spot: how.
    pub self_handled: Option<String>,
    /// Pictures and documents already uploaded: what was seen.
    pub attachments: Vec<Id>,
    /// The same of what it looks like afterwards, where it was put right on the spot.
    pub after: Vec<Id>,
}

impl NewReport {
    /// All its files, each as what it shows.
    fn files(&self) -> Vec<(Id, AttachmentKind)> {
        let seen = if self.self_handled.is_some() {
            AttachmentKind::Before
        } else {
            AttachmentKind::Report
        };
        let as_kind = |ids: &[Id], kind| ids.iter().map(move |id| (*id, kind)).collect::<Vec<_>>();
        [
            as_kind(&self.attachments, seen),
            as_kind(&self.after, AttachmentKind::After),
        ]
        .concat()
    }
}

/// What whoever reports takes away. Code and link are kept as hashes only; the link can tell its code again ([`receipt`]).
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The case.
    pub case: Case,
    /// Six characters beside the number.
    pub code: String,
    /// The secret part of the private link (`/track/link/{link}`).
    pub link: String,
}

/// What the store keeps of a code: the case's id is its salt.
pub(crate) fn code_hash(case: CaseId, code: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(case.0.bytes());
    hash.update(code.as_bytes());
    hash.finalize().into()
}

/// What the store keeps of a link: 256 random bits need no salt.
pub(crate) fn link_hash(link: &str) -> [u8; 32] {
    Sha256::digest(link.as_bytes()).into()
}

/// A code of random bytes; each character is one of 31, so that none is likelier than another.
fn new_code(mut random: impl FnMut() -> u8) -> String {
    const FAIR: u8 = (256 / CODE_ALPHABET.len() * CODE_ALPHABET.len()) as u8;
    let mut code = String::new();
    while code.len() < CODE_LENGTH {
        let byte = random();
        if byte < FAIR {
            code.push(char::from(
                CODE_ALPHABET[usize::from(byte) % CODE_ALPHABET.len()],
            ));
        }
    }
    code
}

/// The code that goes with a link. It is made of the link, so that the page behind it can tell the code again although only
/// hashes of both are kept: whoever has the 256 bits of the link may do all that the code allows and more, and the code, of
/// 30 bits, tells nothing of the link.
fn code_of(link: &str) -> String {
    let mut block = 0_u32;
    let mut bytes = Vec::new();
    new_code(|| {
        if bytes.is_empty() {
            bytes = Sha256::digest(format!("shiyu code {block} {link}")).to_vec();
            block += 1;
        }
        bytes.pop().expect("a SHA-256 has 32 bytes")
    })
}

/// The receipt of a report once more, for whoever has its link; none of its code where the case has one of another making.
///
/// # Errors
/// As [`super::track_link`].
pub async fn receipt(
    ctx: &Ctx,
    link: &str,
    client: Option<IpAddr>,
) -> Result<(Case, Option<String>), CaseError> {
    let case = super::track_link(ctx, link, client).await?;
    let (district, id) = (case.district, case.id);
    let kept: Result<Option<Vec<u8>>, CaseError> = ctx
        .read(move |r| Ok(sql_access::code_hash(r, district, id)?))
        .await;
    let code = code_of(link);
    let is_own = kept?.is_some_and(|hash| hash == code_hash(id, &code));
    Ok((case, is_own.then_some(code)))
}

/// A code as people type it: upper case, without spaces and hyphens.
pub(crate) fn typed_code(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .take(2 * CODE_LENGTH)
        .flat_map(char::to_uppercase)
        .collect()
}

fn address_of(place: &NewPlace) -> Option<&str> {
    let address = place.address.as_deref().map(str::trim);
    address.filter(|a| !a.is_empty())
}

/// Finds the place: its point in WGS 84, its cell, its division.
///
/// # Errors
/// A point outside the earth, a cell or a division that is not registered, an address that is too long.
pub fn locate(city: &City, new: &NewPlace) -> Result<Place, CaseError> {
    let address = address_of(new);
    if address.is_some_and(|a| a.chars().count() > LONGEST_ADDRESS) {
        return Err(CaseError::field(
            "address",
            "cases.too_long_address",
            format!("has more than {LONGEST_ADDRESS} characters"),
        ));
    }
    let address = address.map(|a| mask_free_text(a, &[]).0);
    let (point, given) = match new.lon_lat {
        Some((lon, lat)) => {
            let as_given = Point::new(lon, lat).map_err(|e| {
                let field = if matches!(e, kernel::geo::GeoError::Latitude(_)) {
                    "lat"
                } else {
                    "lon"
                };
                CaseError::field(field, "cases.bad_point", e.to_string())
            })?;
            let given = (!matches!(new.crs, Crs::Wgs84)).then_some((new.crs, lon, lat));
            (Some(to_wgs84(as_given, new.crs)), given)
        }
        None => (None, None),
    };
    if let Some(grid) = new.grid
        && city.territory.grid(grid).is_none()
    {
        return Err(CaseError::field(
            "grid",
            "cases.unknown_grid",
            format!("no unit grid {grid} is registered"),
        ));
    }
    if let Some(division) = new.division
        && city.territory.division(division).is_none()
    {
        return Err(CaseError::field(
            "division",
            "cases.unknown_division",
            format!("no division {division} is registered"),
        ));
    }
    let grid = point
        .and_then(|p| city.locate(p))
        .or(new.grid.filter(|_| point.is_none()));
    let division = grid
        .map(GridCode::community)
        .or_else(|| point.and_then(|p| city.territory.division_at(p)))
        .or(new.division);
    Ok(Place {
        point,
        given,
        grid,
        division,
        address,
    })
}

/// The district that keeps the record: that of the cell, else of the division, else the default.
fn district_of(place: &Place, default: DistrictCode) -> DistrictCode {
    let by_division = place
        .division
        .filter(|d| d.level().digits() >= DivisionLevel::District.digits())
        .map(DivisionCode::district);
    place
        .grid
        .map(GridCode::district)
        .or(by_division)
        .unwrap_or(default)
}

/// Which district keeps a report that names no place: the deployment's, unless it lies outside the reach of whoever reports.
/// Then their own does, so that they find again what they reported; where it lies, the desk finds out.
fn keeper(reach: &[DistrictCode], default: DistrictCode) -> DistrictCode {
    match reach {
        [own, ..] if !reach.contains(&default) => *own,
        _ => default,
    }
}

/// Whether somebody may report by this channel and in this way.
fn check_reporter(ctx: &Ctx, new: &NewReport) -> Result<(), CaseError> {
    let is_open = OPEN_CHANNELS.contains(&new.channel.as_str());
    let by_staff = [
        Permission::CaseInspect,
        Permission::CaseAccept,
        Permission::CaseRegister,
    ];
    // Whoever may open preventive work reports by its channel, and by no other.
    let is_preventive = new.channel == PREVENTIVE && ctx.principal().may(Permission::WarningTask);
    let is_reporting_staff = match ctx.principal() {
        Principal::Staff(_) => is_preventive || by_staff.iter().any(|p| ctx.principal().may(*p)),
        Principal::System(_) => true,
        Principal::Resident { .. } | Principal::Stranger => false,
    };
    if !is_open && !is_reporting_staff {
        return Err(access::Refused {
            permission: Permission::CaseInspect,
        }
        .into());
    }
    if new.self_handled.is_some() {
        ctx.require(Permission::CaseInspect)?;
    }
    if new.reported_at.is_some() && !is_reporting_staff {
        return Err(CaseError::field(
            "reported_at",
            "cases.bad_time",
            "only staff report for an earlier time",
        ));
    }
    Ok(())
}

fn moment(new: &NewReport, now: Timestamp) -> Result<Timestamp, CaseError> {
    let at = moment_of("reported_at", new.reported_at, now)?;
    Ok(at.unwrap_or(now))
}

/// The moment an act was done, as whoever did it says: not in the future, not long ago.
pub(super) fn moment_of(
    field: &'static str,
    at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, CaseError> {
    let refuse = |reason: String| Err(CaseError::field(field, "cases.bad_time", reason));
    match at.map(to_micros) {
        None => Ok(None),
        Some(at) if at > now + CLOCK_AHEAD => refuse(format!("{at} lies in the future")),
        Some(at) if at < now - LATEST_ARRIVAL => refuse(format!("{at} is more than 31 days ago")),
        Some(at) => Ok(Some(at.min(now))),
    }
}

/// A class under which something may come in on a day: in the catalogue, and in force.
///
/// # Errors
/// An unknown class, one that has ended, or one that has not begun.
pub(crate) fn class_in_force(
    city: &City,
    id: MatterId,
    on: Date,
) -> Result<&MatterClass, CaseError> {
    let class = city.matter(id).ok_or_else(|| {
        let reason = format!("no class {id} in the catalogue");
        CaseError::field("matter", "cases.unknown_matter", reason)
    })?;
    city.matters.check_in_force(class, on).map_err(|e| {
        let code = match e {
            NotInForce::Ended { .. } => "cases.class_ended",
            NotInForce::NotBegun { .. } => "cases.class_not_begun",
        };
        CaseError::field("matter", code, e.to_string())
    })?;
    Ok(class)
}

/// The description with names and numbers masked, and whether anything was.
fn masked_description(new: &NewReport) -> Result<(String, bool), CaseError> {
    let refused = |refusal| {
        Err(CaseError::Rule {
            act: Act::Report,
            refusal,
        })
    };
    let description = new.description.trim();
    if description.is_empty() {
        return refused(Refusal::Missing {
            field: "description",
        });
    }
    if description.chars().count() > rules::MAX_TEXT {
        return refused(Refusal::TooLong {
            field: "description",
            most: rules::MAX_TEXT,
        });
    }
    let (masked, spans) = mask_free_text(description, &names(new));
    Ok((masked, !spans.is_empty()))
}

/// The address of the matter with names and numbers masked, and whether anything was.
fn masked_address(new: &NewReport) -> (Option<String>, bool) {
    match address_of(&new.place) {
        Some(address) => {
            let (masked, spans) = mask_free_text(address, &names(new));
            (Some(masked), !spans.is_empty())
        }
        None => (None, false),
    }
}

fn names(new: &NewReport) -> Vec<&str> {
    let contact = &new.contact;
    let said = [contact.name.as_deref(), contact.email.as_deref()];
    said.into_iter().flatten().collect()
}

/// Why nobody could be reached by the contact given: a phone number and a mail address have their shape, and whoever wants to
/// be told gives one of them.
fn contact_faults(new: &NewReport) -> Vec<CaseError> {
    let mut faults = Vec::new();
    let [phone, email] = [&new.contact.phone, &new.contact.email]
        .map(|text| text.as_deref().map(str::trim).filter(|t| !t.is_empty()));
    if phone.is_some_and(|text| !is_phone_number(text)) {
        let reason = "is no phone number";
        faults.push(CaseError::field("phone", "cases.bad_phone", reason));
    }
    if email.is_some_and(|text| !is_mail_address(text)) {
        let reason = "is no mail address";
        faults.push(CaseError::field("email", "cases.bad_email", reason));
    }
    if new.notify && !new.contact.is_reachable() {
        let reason = "needs a phone number or a mail address";
        faults.push(CaseError::field("notify", "cases.no_way_to_tell", reason));
    }
    faults
}

/// All that is wrong with what somebody entered, each naming its field: what [`report`] refuses one after another. A form tells
/// it at once.
pub fn entry_faults(city: &City, lists: &Lists, new: &NewReport, now: Timestamp) -> Vec<CaseError> {
    let class = new.matter.map(|id| {
        let seen_on = city.local_date(new.reported_at.unwrap_or(now));
        class_in_force(city, id, seen_on)
    });
    let NewPlace {
        lon_lat,
        crs,
        grid,
        division,
        ref address,
    } = new.place;
    let places = [
        NewPlace {
            address: address.clone(),
            ..NewPlace::default()
        },
        NewPlace {
            lon_lat,
            crs,
            ..NewPlace::default()
        },
        NewPlace {
            grid,
            division,
            ..NewPlace::default()
        },
    ];
    let nature = named_nature(lists, new);
    let faults = [
        masked_description(new).err(),
        class.and_then(Result::err),
        nature.err(),
    ];
    let of_places = places.iter().map(|place| locate(city, place).err());
    let mut faults: Vec<CaseError> = faults.into_iter().chain(of_places).flatten().collect();
    faults.extend(contact_faults(new));
    faults
}

/// Whether whoever asks can be asked back: by what they left with staff who wrote it down, by the own account, or by the link
/// where they gave at least a name.
fn is_askable(principal: &Principal, contact: &Contact) -> bool {
    match principal {
        Principal::Resident { .. } => true,
        Principal::Stranger => *contact != Contact::default(),
        Principal::Staff(_) | Principal::System(_) => contact.is_reachable(),
    }
}

/// What goes to the vault: the contact, and the words as they were written where some had to be masked.
fn person(
    new: &NewReport,
    district: DistrictCode,
    original: &str,
    link: &str,
    is_confidential: bool,
) -> Result<NewSubject, CaseError> {
    let contact = &new.contact;
    let fields = [
        (Field::Link, link),
        (Field::Name, contact.name.as_deref().unwrap_or_default()),
        (Field::Phone, contact.phone.as_deref().unwrap_or_default()),
        (Field::Email, contact.email.as_deref().unwrap_or_default()),
        (Field::Text, original),
    ];
    fields.iter().try_fold(
        NewSubject::new(district).confidential(is_confidential),
        |subject, (field, text)| {
            subject
                .with(*field, text, purpose::HANDLING, REPORT_BASIS)
                .map_err(|e| CaseError::field(field.as_str(), "cases.bad_contact", e.to_string()))
        },
    )
}

/// All that the write closure needs; it may run more than once.
struct Job {
    cases: Arc<Cases>,
    city: Arc<City>,
    lists: Arc<Lists>,
    actor: rules::Actor,
    report: Reported,
    person: NewSubject,
    files: Vec<(Id, AttachmentKind)>,
    id: CaseId,
    /// It came with a moment of its own.
    is_back_dated: bool,
    on_duty: Option<AccountId>,
    code_hash: [u8; 32],
    link_hash: [u8; 32],
}

/// Takes a report in.
///
/// # Errors
/// [`CaseError`]; then nothing is kept.
pub async fn report(ctx: &Ctx, new: NewReport) -> Result<Receipt, CaseError> {
    report_with(ctx, new, |_, _| Ok(None)).await
}

/// [`report`] for work that another room opens: `beside` writes that room's rows in the same transaction, and answers
/// what the audit trail says about them. It may run again, as every closure of a transaction.
///
/// # Errors
/// As [`report`], and what `beside` refuses; then nothing is kept.
pub async fn report_with<F>(ctx: &Ctx, new: NewReport, beside: F) -> Result<Receipt, CaseError>
where
    F: FnMut(&mut Write<'_>, &Case) -> Result<Option<AuditEvent>, CaseError> + Send + 'static,
{
    let mut beside = beside;
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let now = ctx.now();
    check_reporter(ctx, &new)?;
    let reported_at = moment(&new, now)?;
    let (description, is_masked) = masked_description(&new)?;
    let channel = known_channel(ctx, &cases, &new.channel).await?;
    // What was seen while a class was in force is reported under it, although it arrives later.
    let seen_on = city.local_date(reported_at);
    let class = new
        .matter
        .map(|id| class_in_force(&city, id, seen_on))
        .transpose()?;
    let (address, is_address_masked) = masked_address(&new);
    let mut place = Place {
        address,
        ..locate(&city, &new.place)?
    };
    if !new.after.is_empty() && new.self_handled.is_none() {
        return Err(CaseError::field(
            "after",
            "cases.no_after",
            "pictures of afterwards come with what was put right on the spot",
        ));
    }
    let files = new.files();
    let same_as = super::alike::named_public(ctx, &city, new.same_as).await?;
    // Whoever says that it is the same and no more means the same street; where exactly is not theirs to know.
    if place == Place::default() {
        let there = same_as.as_ref().and_then(|case| case.place.here());
        let street = there.and_then(|d| city.territory.at_level(d, DivisionLevel::Street));
        place.division = street.map(|d| d.code);
    }
    let default = keeper(&ctx.scope().districts, cases.config().default_district);
    let district = district_of(&place, default);
    let lists = cases.lists(ctx).await?;
    // Whoever is no member of staff asks for something; so does whoever left a contact, or came by a channel of the public.
    let is_requested = !matches!(ctx.principal(), Principal::Staff(_) | Principal::System(_))
        || new.contact != Contact::default()
        || channel.verify;
    let named = named_nature(&lists, &new)?;
    // Every contact has a nature: where nobody named one, what is usual for its class, or for the city, is taken until the
    // desk sets it. What a patrol finds is no contact.
    let nature = named.or_else(|| usual_nature(&lists, class).filter(|_| is_requested));
    let is_confidential = new.confidential
        || class.is_some_and(|c| c.flags.confidential)
        || nature.is_some_and(|n| n.confidential);
    let written = [
        is_masked.then_some(new.description.trim()),
        address_of(&new.place).filter(|_| is_address_masked),
    ];
    if let Some(fault) = contact_faults(&new).into_iter().next() {
        return Err(fault);
    }
    let original = written.into_iter().flatten().collect::<Vec<_>>().join("\n");
    let link = hex::encode(rand::random::<[u8; 32]>());
    let notify = new.notify;
    let person = if cases.vault().is_some() {
        // Who is to be told gets the link again with each message; else only hashes of it are kept.
        let sent = if notify { link.as_str() } else { "" };
        person(&new, district, &original, sent, is_confidential)?
    } else if new.contact == Contact::default() {
        // Without a vault the unmasked words are kept nowhere.
        NewSubject::new(district)
    } else {
        return Err(CaseError::field(
            "contact",
            "cases.no_vault",
            "this deployment keeps no personal data: report without a name",
        ));
    };
    let number = cases
        .next_number(ctx, district, city.local_date(reported_at))
        .await?;
    let is_own_finding = ctx.principal().has(Role::Collector) && channel.code == "patrol";
    let report = Reported {
        district,
        number,
        reported_at,
        // What somebody says is the same as an open matter is one voice more on it: nobody is sent to look a second time, and
        // the desk joins the two.
        verify: channel.verify
            && class.is_none_or(|c| c.flags.verify)
            && !is_own_finding
            && same_as.is_none(),
        channel: channel.code,
        matter: new.matter,
        description,
        confidential: is_confidential,
        same_as: same_as.map(|case| case.number),
        nature: nature.map(|n| n.code.clone()),
        nature_assumed: named.is_none() && nature.is_some(),
        requested: is_requested,
        askable: Some(is_askable(ctx.principal(), &new.contact)),
        notify,
        subject: None,
        attachments: files.iter().map(|(id, _)| *id).collect(),
        self_handled: (new.self_handled.as_deref())
            .map(|how| mask_free_text(how.trim(), &names(&new)).0),
        place,
    };
    let id = rules::new_case_id(reported_at, rand::random());
    let code = code_of(&link);
    let job = Job {
        on_duty: report
            .place
            .grid
            .filter(|_| {
                let class = report.matter.and_then(|m| city.matter(m));
                city.items.check("verify", class).is_ok()
            })
            .and_then(|grid| city.worker_on_duty(grid, now)),
        actor: actor_of(ctx.principal(), &city.units),
        code_hash: code_hash(id, &code),
        link_hash: link_hash(&link),
        cases,
        city,
        lists,
        report,
        person,
        files,
        id,
        is_back_dated: new.reported_at.is_some(),
    };
    let case = ctx.write(move |w| keep(w, &job, &mut beside)).await?;
    Ok(Receipt { case, code, link })
}

/// The nature of a report as somebody named it.
fn named_nature<'l>(lists: &'l Lists, new: &NewReport) -> Result<Option<&'l ListEntry>, CaseError> {
    let named = new.nature.as_deref().map(str::trim);
    named
        .filter(|n| !n.is_empty())
        .map(|code| super::act::known_code(lists, ListKind::Nature, "nature", code))
        .transpose()
}

/// The nature that contacts about a class mostly have, where the city's list knows the word; else the city's usual one.
fn usual_nature<'l>(lists: &'l Lists, class: Option<&MatterClass>) -> Option<&'l ListEntry> {
    let of_class = class.and_then(|c| c.default_nature.as_deref());
    of_class
        .and_then(|word| lists.by_word(ListKind::Nature, word))
        .or_else(|| lists.choose(ListKind::Nature, &lists.rules.usual_nature.0))
}

async fn known_channel(ctx: &Ctx, cases: &Cases, code: &str) -> Result<Channel, CaseError> {
    let found = cases.channel(ctx, code).await?;
    found.ok_or_else(|| {
        let known: Vec<String> = cases.channels().keys().cloned().collect();
        let known = known.join(", ");
        let code: String = code.chars().take(40).collect();
        let reason = format!("{code:?} is not one of {known}");
        CaseError::field("channel", "cases.unknown_channel", reason)
            .with("given", code)
            .with("known", known)
    })
}

fn keep(
    mut w: Write<'_>,
    job: &Job,
    beside: &mut impl FnMut(&mut Write<'_>, &Case) -> Result<Option<AuditEvent>, CaseError>,
) -> Result<Sealed<Case>, CaseError> {
    let mut report = job.report.clone();
    if let Some(keys) = job.cases.vault().filter(|_| !job.person.is_empty()) {
        report.subject = Some(vault::ops::put(&mut w, keys, &job.person)?);
    }
    let facts = Facts {
        now: w.now(),
        actor: &job.actor,
        calendar: job.city.calendar_at(job.report.place.here()),
        tz: &job.city.timezone,
        rules: &job.lists.rules,
        on_duty: job.on_duty,
    };
    let events =
        rules::decide(None, Command::Report(Box::new(report)), &facts).map_err(|refusal| {
            CaseError::Rule {
                act: Act::Report,
                refusal,
            }
        })?;
    let case =
        rules::replay(job.id, &events).expect("a life that begins with a report makes a case");
    sql::insert(&mut w, &case, &events)?;
    sql_access::insert(
        &mut w,
        case.district,
        case.id,
        &job.code_hash,
        &job.link_hash,
    )?;
    super::act::claim(&mut w, &job.cases, &case, &job.files)?;
    let event = AuditEvent::done(Act::Report.audit(), "case", case.number.to_string())
        .district(case.district.as_str())
        .detail(serde_json::json!({ "state": case.state.as_str(), "channel": case.channel, "version": case.version }));
    let mut audits = vec![event];
    if job.is_back_dated {
        audits.push(late_record(&case, Act::Report, case.reported_at, facts.now));
    }
    audits.extend(beside(&mut w, &case)?);
    Ok(w.commit_all(&audits, case)?)
}

/// What the audit trail says beside an act recorded later than it was done, such as one made without a network.
pub(super) fn late_record(case: &Case, act: Act, done_at: Timestamp, now: Timestamp) -> AuditEvent {
    let late = now.duration_since(done_at);
    AuditEvent::done(super::LATE_RECORD, "case", case.number.to_string())
        .district(case.district.as_str())
        .detail(serde_json::json!({
            "act": act.as_str(),
            "done_at": done_at.to_string(),
            "recorded_at": now.to_string(),
            "minutes": late.as_mins(),
        }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_use_letters_nobody_confuses_and_each_as_often_as_another() {
        let mut bytes = (0..=255_u8).cycle();
        let code = new_code(|| bytes.next().expect("a cycle never ends"));
        assert_eq!(code, "234567");
        // Bytes of 248 and above would favour the first letters and are passed over.
        let mut high = [248, 251, 255, 30, 31, 0, 1, 2, 247].into_iter();
        assert_eq!(new_code(|| high.next().expect("enough bytes")), "Z2234Z");
    }

    #[test]
    fn what_names_no_place_stays_within_the_reach_of_whoever_reports() {
        let [city, first, second] =
            ["990001", "990101", "990102"].map(|code| code.parse::<DistrictCode>().unwrap());
        // Who sees the whole city, or the deployment's district, needs no other.
        assert_eq!(keeper(&[], city), city);
        assert_eq!(keeper(&[first, city], city), city);
        assert_eq!(keeper(&[first], city), first);
        assert_eq!(keeper(&[second, first], city), second);
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        assert_eq!(typed_code(" ab2-3 cd"), "AB23CD");
        assert_eq!(typed_code(&"x".repeat(10_000)).len(), 12);
    }

    #[test]
    fn a_link_has_one_code_and_other_links_have_others() {
        let link = |n: u8| hex::encode([n; 32]);
        assert_eq!(code_of(&link(1)), code_of(&link(1)));
        let codes: std::collections::BTreeSet<String> =
            (0..=200).map(|n| code_of(&link(n))).collect();
        assert_eq!(codes.len(), 201);
        let is_of_alphabet = |code: &String| {
            code.len() == CODE_LENGTH && code.bytes().all(|b| CODE_ALPHABET.contains(&b))
        };
        assert!(codes.iter().all(is_of_alphabet));
    }

    #[test]
    fn the_same_code_of_two_cases_has_two_hashes() {
        let id = |n| CaseId(Id::from_bytes([n; 16]));
        assert_ne!(code_hash(id(1), "ABCDEF"), code_hash(id(2), "ABCDEF"));
    }

    #[test]
    fn names_and_numbers_are_masked() {
        let new = NewReport {
            description: " 我是张小明，电话13800138000，井盖坏了 ".into(),
            contact: Contact {
                name: Some("张小明".into()),
                ..Contact::default()
            },
            ..NewReport::default()
        };
        let (masked, is_masked) = masked_description(&new).unwrap();
        assert!(
            is_masked
                && !masked.contains("张小明")
                && !masked.contains("13800138000")
                && masked.contains("井盖坏了"),
            "{masked}"
        );
        let at = |address: &str| NewReport {
            place: NewPlace {
                address: Some(address.into()),
                ..NewPlace::default()
            },
            contact: new.contact.clone(),
            ..NewReport::default()
        };
        let (address, is_masked) = masked_address(&at(" 延安路 1 号，张小明家，13800138000 "));
        let address = address.unwrap();
        assert!(
            is_masked
                && address.starts_with("延安路 1 号")
                && !address.contains("张小明")
                && !address.contains("13800138000"),
            "{address}"
        );
        assert_eq!(
            masked_address(&at("延安路 1 号")),
            (Some("延安路 1 号".into()), false)
        );
        assert_eq!(masked_address(&at(" ")), (None, false));
        let plain = NewReport {
            description: "井盖坏了".into(),
            ..NewReport::default()
        };
        assert_eq!(
            masked_description(&plain).unwrap(),
            ("井盖坏了".to_owned(), false)
        );
    }

    #[test]
    fn a_contact_the_vault_does_not_take_is_refused_by_its_field() {
        let contact = Contact {
            phone: Some("1\u{0}2".into()),
            ..Contact::default()
        };
        let new = NewReport {
            description: "a".into(),
            contact,
            ..NewReport::default()
        };
        let refused = person(&new, "330102".parse().unwrap(), "", "", false);
        assert!(matches!(refused, Err(CaseError::Field { field, .. }) if field == "phone"));
    }
}
