//! Looking at people's data, finding people, and what may be shown without a look.

use super::{blind_of, open_field, subject_key};
use crate::keys::Keys;
use crate::model::{Field, Held, Look, LookFacts, LookOutcome, Masked, Purpose, VaultError, judge};
use crate::sql::{self, NewLook};
use access::{Ctx, Permission, Principal};
use kernel::DistrictCode;
use kernel::id::Id;
use kernel::mask::mask_free_text;
use store::{AuditEvent, Outcome, Read, StoreResult};

/// The most people a search answers.
pub const MOST_FOUND: usize = 20;
/// The most looks shown to the person.
const MOST_LOOKS: i64 = 200;

/// The role a look is done under, in the words of the permission table.
pub(super) fn role_of(principal: &Principal) -> String {
    match principal {
        Principal::Staff(staff) => staff
            .roles
            .iter()
            .find(|role| role.permissions().contains(&Permission::PersonalRead))
            .or_else(|| staff.roles.first())
            .map_or("staff", |role| role.as_str())
            .into(),
        Principal::Resident { .. } => "resident".into(),
        Principal::Stranger => "stranger".into(),
        Principal::System(role) => role.as_str().into(),
    }
}

/// Strangers are told at once and leave no row here: their refusals are summed per minute at the route guard, so that
/// nobody can fill a person's record of looks.
pub(super) fn turn_strangers_away(ctx: &Ctx) -> Result<(), VaultError> {
    match ctx.principal() {
        Principal::Stranger => Ok(ctx.require(Permission::PersonalRead)?),
        _ => Ok(()),
    }
}

pub(super) fn is_in_scope(ctx: &Ctx, district: DistrictCode) -> bool {
    let districts = ctx.scope().districts;
    districts.is_empty() || districts.contains(&district)
}

/// What is written into a look's purpose: a code, or the beginning of what was given instead.
fn cut(purpose: &str) -> String {
    purpose.chars().take(40).collect()
}

fn words(fields: &[Field]) -> String {
    let words: Vec<&str> = fields.iter().map(|f| f.as_str()).collect();
    words.join(",")
}

/// Shows fields of a person for a purpose (a code of the table of purposes). The look is recorded in the same write, also
/// when it is refused; fields that are not kept are left out of the answer.
///
/// # Errors
/// `Refused` without [`Permission::PersonalRead`]; `NotFound` for an unknown person or one outside the principal's
/// districts; `Purpose` for a purpose that is none; `Erased`; `Confidential` for the reporter of a confidential matter.
pub async fn look(
    ctx: &Ctx,
    keys: &Keys,
    district: DistrictCode,
    subject: Id,
    fields: &[Field],
    purpose: &str,
) -> Result<Vec<(Field, String)>, VaultError> {
    turn_strangers_away(ctx)?;
    let mut wanted = fields.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Err(VaultError::field(
            "fields",
            "vault-bad-none",
            "name at least one",
        ));
    }
    // Whoever holds the private link acts as the person: only the program reads it, to send it there.
    if wanted.contains(&Field::Link) && !matches!(ctx.principal(), Principal::System(_)) {
        return Err(VaultError::field(
            Field::Link,
            "vault-bad-link",
            "the private link is shown to nobody",
        ));
    }
    let (keys, purpose, role) = (keys.clone(), purpose.to_owned(), role_of(ctx.principal()));
    let account = ctx.principal().actor().id;
    let may_look = ctx.require(Permission::PersonalRead).is_ok();
    let in_scope = is_in_scope(ctx, district);
    ctx.write::<_, VaultError, _>(move |mut w| {
        let Some(row) = sql::subject(&mut w, district, subject)? else {
            return Ok(w.unchanged(Err(VaultError::NotFound))?);
        };
        let facts = LookFacts {
            may_look,
            is_in_scope: in_scope,
            is_purpose_known: sql::is_purpose(&mut w, &purpose)?,
            is_confidential: row.is_confidential,
            is_unmasked: row.is_confidential
                && super::unmask::is_unmasked(&mut w, district, subject, account)?,
            is_erased: row.erased_at.is_some(),
        };
        let shown = judge(facts, &purpose).and_then(|()| {
            let key = subject_key(&keys, district, subject, &row)?;
            let kept = sql::fields(&mut w, district, subject)?;
            kept.into_iter()
                .filter(|(field, _)| wanted.contains(field))
                .map(|(field, sealed)| {
                    Ok((field, open_field(&key, district, subject, field, &sealed)?))
                })
                .collect::<Result<Vec<_>, VaultError>>()
        });
        let outcome = match &shown {
            Ok(_) => LookOutcome::Seen,
            Err(VaultError::Erased) => LookOutcome::Erased,
            // Nothing was decided: the store or the key failed, and the whole attempt fails with it.
            Err(VaultError::Store(_) | VaultError::Sealed { .. } | VaultError::KeyVersion(_)) => {
                return Err(shown.expect_err("matched as an error"));
            }
            Err(_) => LookOutcome::Refused,
        };
        let look = NewLook {
            district,
            subject,
            role: role.clone(),
            purpose: cut(&purpose),
            outcome,
            fields: words(&wanted),
        };
        sql::insert_looks(&mut w, std::slice::from_ref(&look))?;
        let event = AuditEvent {
            outcome: match outcome {
                LookOutcome::Seen => Outcome::Done,
                _ => Outcome::Refused,
            },
            ..AuditEvent::done("vault.look", "subject", subject.to_string())
        }
        .district(district.as_str())
        .detail(
            serde_json::json!({"fields": look.fields, "purpose": look.purpose, "outcome": outcome}),
        );
        Ok(w.commit(event, shown)?)
    })
    .await?
}

/// Finds people by a whole phone number or name, for a purpose; answers where they are in the vault, newest first, at
/// most [`MOST_FOUND`]. Each of them can read that somebody searched for them. Nobody's data is shown by it, and reporters
/// of confidential matters are not found.
///
/// # Errors
/// `Refused` without [`Permission::PersonalRead`]; `Purpose` for a purpose that is none; `Field` when `kind` has no index
/// or the text is too short to be one person's.
pub async fn search(
    ctx: &Ctx,
    keys: &Keys,
    kind: Field,
    text: &str,
    purpose: &str,
) -> Result<Vec<(DistrictCode, Id)>, VaultError> {
    turn_strangers_away(ctx)?;
    let refused = ctx.require(Permission::PersonalRead).err();
    let hash = match (refused.is_some(), kind.normalise(text)) {
        (true, _) => [0; 32],
        (false, Some(normalised)) if is_long_enough(kind, &normalised) => {
            blind_of(keys, kind, text).expect("a field with a normal form has an index")
        }
        _ if kind.is_indexed() => {
            return Err(VaultError::field(
                kind,
                "vault-bad-part",
                "give the whole number or the whole name",
            ));
        }
        _ => {
            return Err(VaultError::field(
                "kind",
                "vault-bad-kind",
                "only name and phone can be searched for",
            ));
        }
    };
    let (purpose, role, districts) = (
        purpose.to_owned(),
        role_of(ctx.principal()),
        ctx.scope().districts,
    );
    ctx.write::<_, VaultError, _>(move |mut w| {
        let detail = serde_json::json!({"kind": kind, "purpose": cut(&purpose)});
        let refusal = match &refused {
            Some(refused) => Some(VaultError::Refused(refused.clone())),
            None if sql::is_purpose(&mut w, &purpose)? => None,
            None => Some(VaultError::Purpose(cut(&purpose))),
        };
        if let Some(refusal) = refusal {
            let event = AuditEvent::refused("vault.search", "vault", "people").detail(detail);
            return Ok(w.commit(event, Err(refusal))?);
        }
        let found = sql::find(&mut w, &hash, kind, &districts, MOST_FOUND as i64)?;
        let looks: Vec<NewLook> = found
            .iter()
            .map(|(district, subject)| NewLook {
                district: *district,
                subject: *subject,
                role: role.clone(),
                purpose: cut(&purpose),
                outcome: LookOutcome::Found,
                fields: kind.to_string(),
            })
            .collect();
        if !looks.is_empty() {
            sql::insert_looks(&mut w, &looks)?;
        }
        let event = AuditEvent::done("vault.search", "vault", "people").detail(detail);
        Ok(w.commit(event, Ok(found))?)
    })
    .await?
}

/// A surname or an extension alone would find strangers.
fn is_long_enough(kind: Field, normalised: &str) -> bool {
    normalised.chars().count() >= if kind == Field::Phone { 7 } else { 2 }
}

/// What a page may show of a person without a look (张*, 138****1234), inside the caller's read. The caller has checked
/// that its reader may see the matter.
///
/// A masked display is no look and is not recorded: it tells a clerk that a name and a number are there, which every
/// handler of the matter must know, and neither is enough to reach or recognise anybody.
///
/// # Errors
/// `NotFound` for an unknown person; `Sealed` or `KeyVersion` when the master key is not the right one.
pub fn masked_in(
    r: &mut Read<'_>,
    keys: &Keys,
    district: DistrictCode,
    subject: Id,
) -> Result<Masked, VaultError> {
    let row = sql::subject(r, district, subject)?.ok_or(VaultError::NotFound)?;
    let mut masked = Masked {
        is_confidential: row.is_confidential,
        is_erased: row.erased_at.is_some(),
        ..Masked::default()
    };
    if masked.is_confidential || masked.is_erased {
        return Ok(masked);
    }
    let key = subject_key(keys, district, subject, &row)?;
    for (field, sealed) in sql::fields(r, district, subject)? {
        let text = open_field(&key, district, subject, field, &sealed)?;
        masked.add(field, &text);
    }
    Ok(masked)
}

/// What the vault knows somebody by, to be masked in what others write about the matter. It never leaves this type.
#[derive(Default)]
pub struct Known(Vec<String>);

/// Never shows a person's data.
impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").finish_non_exhaustive()
    }
}

impl Known {
    /// What the vault knows a person by, inside the caller's transaction; of somebody unknown or erased, nothing. Two
    /// statements. This is no look: nobody reads it.
    ///
    /// # Errors
    /// The store's; `Sealed` or `KeyVersion` when the master key is not the right one.
    pub fn of(
        r: &mut Read<'_>,
        keys: &Keys,
        district: DistrictCode,
        subject: Id,
    ) -> Result<Self, VaultError> {
        let Some(row) = sql::subject(r, district, subject)?.filter(|s| s.erased_at.is_none())
        else {
            return Ok(Self::default());
        };
        let key = subject_key(keys, district, subject, &row)?;
        let mut known = Vec::new();
        for (field, sealed) in sql::fields(r, district, subject)? {
            if matches!(field, Field::Name | Field::Email) {
                known.push(open_field(&key, district, subject, field, &sealed)?);
            }
        }
        Ok(Self(known))
    }
    /// These and those.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
    /// A text with these names and addresses masked, and every phone and ID number and mail address.
    pub fn mask(&self, text: &str) -> String {
        let names: Vec<&str> = self.0.iter().map(String::as_str).collect();
        mask_free_text(text, &names).0
    }
}

/// Whether a person reported in confidence, inside the caller's read. Shows nothing of the person.
///
/// # Errors
/// The store's.
pub fn is_confidential(r: &mut Read<'_>, district: DistrictCode, subject: Id) -> StoreResult<bool> {
    Ok(sql::subject(r, district, subject)?.is_some_and(|row| row.is_confidential))
}

/// [`masked_in`] for whoever may see matters of the district.
///
/// # Errors
/// `Refused` without [`Permission::CaseRead`]; `NotFound` outside the principal's districts; else as [`masked_in`].
pub async fn masked(
    ctx: &Ctx,
    keys: &Keys,
    district: DistrictCode,
    subject: Id,
) -> Result<Masked, VaultError> {
    ctx.require(Permission::CaseRead)?;
    if !is_in_scope(ctx, district) {
        return Err(VaultError::NotFound);
    }
    let keys = keys.clone();
    ctx.read(move |r| masked_in(r, &keys, district, subject))
        .await
}

/// Who looked at a person's data, newest first, at most 200: for the person, who comes by the private link of the matter.
/// The caller has checked that link.
///
/// # Errors
/// The store's.
pub fn looks_of(r: &mut Read<'_>, district: DistrictCode, subject: Id) -> StoreResult<Vec<Look>> {
    sql::looks(r, district, subject, MOST_LOOKS)
}

/// What is kept of a person, for what and on which basis, without the content: for the person, as [`looks_of`].
///
/// # Errors
/// The store's.
pub fn held_of(r: &mut Read<'_>, district: DistrictCode, subject: Id) -> StoreResult<Vec<Held>> {
    sql::held(r, district, subject)
}

/// The purposes to choose from.
///
/// # Errors
/// The store's.
pub fn purposes(r: &mut Read<'_>) -> StoreResult<Vec<Purpose>> {
    sql::purposes(r)
}
