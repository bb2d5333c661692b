//! What is kept of a requester, who looked at it, and what may be done about it: looking for a purpose, erasing, and showing
//! who made a confidential report when two people agree. The vault decides; this finds the person of a case.

use super::{CaseError, find};
use crate::model::Case;
use crate::service::Cases;
use access::{Ctx, Permission};
use kernel::codes::CaseNumber;
use kernel::id::Id;
use vault::model::{ErasureCause, Field, Held, Look, Masked};
use vault::ops::{Unmasking, UnmaskingRequest};
use vault::{Keys, VaultError};

/// What the desk looks at when it looks at a contact.
const CONTACT: [Field; 5] = Field::SHOWN;

/// Why somebody of the handling unit neither asks nor decides.
const OF_THE_UNIT: &str = "whoever belongs to the handling unit does not learn who reported it";

/// What is kept of a person and who looked at it: what the person may read, without the content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The fields that are kept, each with its purpose and basis.
    pub held: Vec<Held>,
    /// Who looked, newest first.
    pub looks: Vec<Look>,
}

/// What a member of staff sees of a requester without a look.
#[derive(Debug, Clone)]
pub struct Requester {
    /// 张*, 138****1234.
    pub masked: Masked,
    /// What is kept and who looked.
    pub kept: Kept,
    /// Requests to be shown who made a confidential report.
    pub unmaskings: Vec<UnmaskingRequest>,
}

/// The person of a case, for staff who may look at people's data, and the keys of the vault.
async fn person(ctx: &Ctx, number: CaseNumber) -> Result<(Case, Id, Keys), RequesterError> {
    ctx.require(Permission::PersonalRead)
        .map_err(VaultError::from)?;
    anybodys(ctx, number).await
}

/// The person of a case in the reader's reach.
async fn anybodys(ctx: &Ctx, number: CaseNumber) -> Result<(Case, Id, Keys), RequesterError> {
    let case = find(ctx, number).await?;
    let cases = ctx.service::<Cases>();
    let (Some(subject), Some(keys)) = (case.subject, cases.vault()) else {
        return Err(VaultError::NotFound.into());
    };
    let keys = keys.clone();
    Ok((case, subject, keys))
}

/// 举报 — the unit gets the facts, never the person, whatever other roles somebody of it holds.
fn is_confidential_to(ctx: &Ctx, case: &Case) -> bool {
    let city = ctx.service::<Cases>().city();
    case.confidential && super::actor_of(ctx.principal(), &city.units).has_work_in(case)
}

/// Why the requester of a case is not shown: the case is out of reach, or the vault stays closed.
#[derive(Debug, thiserror::Error)]
pub enum RequesterError {
    /// The case.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<RequesterError> for access::Fault {
    fn from(error: RequesterError) -> Self {
        match error {
            RequesterError::Case(error) => error.into(),
            RequesterError::Vault(error) => error.into(),
        }
    }
}

/// The requester of a case, for staff who may look at people's data. Nothing of it is shown in the clear.
///
/// # Errors
/// The case's, the vault's; `NotFound` for a case that nobody is kept for.
pub async fn requester(ctx: &Ctx, number: CaseNumber) -> Result<Requester, RequesterError> {
    let (case, subject, keys) = person(ctx, number).await?;
    let district = case.district;
    let read = ctx
        .read(move |r| -> Result<_, VaultError> {
            Ok(Requester {
                masked: vault::ops::masked_in(r, &keys, district, subject)?,
                kept: Kept {
                    held: vault::ops::held_of(r, district, subject)?,
                    looks: vault::ops::looks_of(r, district, subject)?,
                },
                unmaskings: vault::ops::unmaskings_of(r, district, subject)?,
            })
        })
        .await?;
    Ok(read)
}

/// What is kept of the person who follows the own case, and who looked at it. The caller came by the code or the link.
///
/// # Errors
/// The store's.
pub async fn kept_of(ctx: &Ctx, case: &Case) -> Result<Kept, CaseError> {
    let Some(subject) = case.subject else {
        return Ok(Kept::default());
    };
    let district = case.district;
    ctx.read(move |r| {
        Ok(Kept {
            held: vault::ops::held_of(r, district, subject)?,
            looks: vault::ops::looks_of(r, district, subject)?,
        })
    })
    .await
}

/// Looks at the contact of a case for a purpose; the look is recorded, also when it is refused because whoever sees the
/// case may not look at people's data.
///
/// # Errors
/// The case's, the vault's.
pub async fn look_at(
    ctx: &Ctx,
    number: CaseNumber,
    purpose: &str,
) -> Result<Vec<(Field, String)>, RequesterError> {
    let (case, subject, keys) = anybodys(ctx, number).await?;
    Ok(vault::ops::look(ctx, &keys, case.district, subject, &CONTACT, purpose).await?)
}

/// Erases what is kept of the requester: the case and its proof stay. There is no way back.
///
/// # Errors
/// The case's, the vault's; `Field` for a cause that is not for people to give.
pub async fn erase(
    ctx: &Ctx,
    number: CaseNumber,
    cause: ErasureCause,
) -> Result<(), RequesterError> {
    if cause == ErasureCause::Retention {
        let reason = "requested or mistake";
        return Err(VaultError::field("cause", "vault-bad-cause", reason).into());
    }
    let (case, subject, _) = person(ctx, number).await?;
    Ok(vault::ops::erase(ctx, case.district, subject, cause).await?)
}

/// Asks that a second person agree to show who made a confidential report.
///
/// # Errors
/// The case's, the vault's.
pub async fn ask_unmasking(
    ctx: &Ctx,
    number: CaseNumber,
    reason: &str,
) -> Result<Unmasking, RequesterError> {
    let (case, subject, _) = person(ctx, number).await?;
    if is_confidential_to(ctx, &case) {
        return Err(VaultError::Unmasking(OF_THE_UNIT).into());
    }
    Ok(vault::ops::ask_unmasking(ctx, case.district, subject, case.id.0, reason).await?)
}

/// Agrees to such a request, or does not.
///
/// # Errors
/// The case's, the vault's.
pub async fn decide_unmasking(
    ctx: &Ctx,
    number: CaseNumber,
    request: Id,
    is_granted: bool,
) -> Result<(), RequesterError> {
    let (case, subject, _) = person(ctx, number).await?;
    if is_confidential_to(ctx, &case) {
        return Err(VaultError::Unmasking(OF_THE_UNIT).into());
    }
    let district = case.district;
    let asked = ctx
        .read(move |r| -> Result<_, VaultError> {
            Ok(vault::ops::unmaskings_of(r, district, subject)?)
        })
        .await?;
    if asked.iter().all(|other| other.id != request) {
        return Err(VaultError::NotFound.into());
    }
    Ok(vault::ops::decide_unmasking(ctx, district, request, case.id.0, is_granted).await?)
}
