//! What the vault shows of requesters for a file: looks, each recorded as any other look.

use crate::cases_file::{PERSONAL, Personal};
use access::Ctx;
use cases::Case;
use std::sync::Arc;
use store::{Read, StoreError, StoreResult};
use tokio::runtime::Handle;
use vault::model::purpose;
use vault::{Keys, Purpose, VaultError};

/// Purposes of the program itself and of a person's own rights: no file is made for them.
const NOT_FOR_FILES: [&str; 3] = [purpose::NOTICE, purpose::OWN, "near"];

/// The purposes a file may be asked for, as they stand in the table of purposes.
///
/// # Errors
/// The store's.
pub fn purposes(r: &mut Read<'_>) -> StoreResult<Vec<Purpose>> {
    let mut known = vault::ops::purposes(r)?;
    known.retain(|p| !NOT_FOR_FILES.contains(&p.code.as_str()));
    Ok(known)
}

/// What opens the vault for a file.
pub struct People {
    keys: Arc<Keys>,
    purpose: String,
    runtime: Handle,
}

impl People {
    /// Whoever asks [`People::of`] stands on a thread that may block, outside this runtime.
    pub fn new(keys: Arc<Keys>, purpose: String, runtime: Handle) -> Self {
        Self {
            keys,
            purpose,
            runtime,
        }
    }

    /// The requester's name and phone; empty where none is kept, erased, or confidential. Who was allowed to see a
    /// confidential reporter was allowed to see, not to take the name out in a file.
    ///
    /// # Errors
    /// The vault's: nothing is left out in silence.
    pub fn of(&self, ctx: &Ctx, case: &Case) -> Result<Personal, VaultError> {
        let Some(subject) = case.subject else {
            return Ok(Personal::default());
        };
        let ctx = ctx.renewed();
        let district = case.district;
        let look = vault::ops::look(
            &ctx,
            &self.keys,
            district,
            subject,
            &PERSONAL,
            &self.purpose,
        );
        let found = match self.runtime.block_on(look) {
            Ok(found) => found,
            Err(VaultError::Erased | VaultError::Confidential) => return Ok(Personal::default()),
            Err(error) => return Err(error),
        };
        let is_confidential = ctx.read_blocking::<_, StoreError, _>(move |r| {
            vault::ops::is_confidential(r, district, subject)
        })?;
        if is_confidential {
            return Ok(Personal::default());
        }
        Ok(PERSONAL.map(|field| {
            let text = found.iter().find(|(f, _)| *f == field);
            text.map_or_else(String::new, |(_, text)| text.clone())
        }))
    }
}
