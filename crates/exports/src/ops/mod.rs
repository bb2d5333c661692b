//! Use cases: ask for a file, see how far it is, fetch it, remove it; and what the program does with what is asked.

mod carry_out;
mod clean;

pub use carry_out::run_due;
pub use clean::{Cleaned, clean};

use crate::files::{Exports, FileKey, Source};
use crate::model::{Asked, Export, ExportError, ExportId, Kind, State, Why};
use crate::people;
use crate::rules;
use crate::sql;
use access::ops::orders::Orderer;
use access::{Ctx, Permission, Refused};
use matters::Reference;
use std::io;
use store::{AuditEvent, StoreError};
use vault::{Keys, Purpose};

/// The name of an export's key among those of the vault.
fn key_name(id: ExportId) -> String {
    format!("export/{id}")
}

/// Which permissions an export takes beside that of exports.
fn needs(asked: &Asked) -> impl Iterator<Item = Permission> {
    let facts = (!asked.kind.is_of_cases()).then_some(Permission::FactsQuery);
    let people = asked.purpose.as_ref().map(|_| Permission::PersonalRead);
    facts.into_iter().chain(people)
}

fn permitted(ctx: &Ctx, asked: &Asked) -> Result<(), Refused> {
    ctx.require(Permission::CaseExport)?;
    needs(asked).try_for_each(|permission| ctx.require(permission))
}

fn staff(ctx: &Ctx) -> Result<Orderer, Refused> {
    Orderer::of(ctx).ok_or(Refused {
        permission: Permission::CaseExport,
    })
}

/// What somebody may ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offered {
    /// The kinds.
    pub kinds: Vec<Kind>,
    /// The purposes for which names and phones may stand in it; none for whoever may not look at people's data.
    pub purposes: Vec<Purpose>,
}

/// What the reader may ask for.
///
/// # Errors
/// The store's.
pub async fn offered(ctx: &Ctx) -> Result<Offered, ExportError> {
    let may = |permission| ctx.principal().may(permission);
    let kinds = Kind::ALL.iter().copied();
    let kinds = kinds.filter(|k| k.is_of_cases() || may(Permission::FactsQuery));
    let purposes = if may(Permission::PersonalRead) {
        ctx.read::<_, ExportError, _>(|r| Ok(people::purposes(r)?))
            .await?
    } else {
        Vec::new()
    };
    Ok(Offered {
        kinds: kinds.collect(),
        purposes,
    })
}

/// Asks for an export. Asked for twice under one id, it is there once.
///
/// # Errors
/// A field at fault, the lack of a permission, enough exports of this account; the store's.
pub async fn ask(ctx: &Ctx, id: ExportId, asked: Asked) -> Result<(), ExportError> {
    permitted(ctx, &asked)?;
    let orderer = staff(ctx)?;
    rules::check(&asked, &ctx.service::<Reference>().current().timezone)?;
    ctx.write(move |mut w| {
        match sql::one(&mut w, id)? {
            Some(there) if there.account == orderer.account => return Ok(w.unchanged(())?),
            Some(_) => {
                let reason = "this id is taken";
                return Err(ExportError::field("id", "exports.taken", reason));
            }
            None => {}
        }
        if let Some(purpose) = &asked.purpose {
            let known = people::purposes(&mut w)?;
            if !known.iter().any(|p| p.code == *purpose) {
                let known: Vec<&str> = known.iter().map(|p| p.code.as_str()).collect();
                let reason = format!("expected one of {}", known.join(", "));
                return Err(ExportError::field("purpose", "exports.purpose", reason));
            }
        }
        let (open, kept) = sql::how_many(&mut w, orderer.account)?;
        is_room(open, kept)?;
        sql::insert(&mut w, id, &orderer, &asked)?;
        Ok(w.commit(event("export.ask", id, &asked), ())?)
    })
    .await
}

fn is_room(open: i64, kept: i64) -> Result<(), ExportError> {
    for (there, code, most) in [
        (open, "exports.enough_open", rules::MOST_OPEN),
        (kept, "exports.enough_kept", rules::MOST_KEPT),
    ] {
        if there >= most {
            return Err(ExportError::Enough { code, most });
        }
    }
    Ok(())
}

/// What the audit trail says of an export: what was asked for, and nothing that stands in it.
fn event(action: &'static str, id: ExportId, asked: &Asked) -> AuditEvent {
    let detail = serde_json::to_value(asked).unwrap_or_default();
    AuditEvent::done(action, "export", id.to_string()).detail(detail)
}

fn with(mut event: AuditEvent, facts: serde_json::Value) -> AuditEvent {
    if let (Some(detail), serde_json::Value::Object(facts)) = (event.detail.as_object_mut(), facts)
    {
        detail.extend(facts);
    }
    event
}

/// The newest exports: the reader's own; everybody's for whoever reads the audit trail. One statement.
///
/// # Errors
/// The store's.
pub async fn newest(ctx: &Ctx, most: i64) -> Result<Vec<Export>, ExportError> {
    let account = match ctx.principal().may(Permission::AuditRead) {
        true => None,
        false => Some(staff(ctx)?.account),
    };
    ctx.read(move |r| Ok(sql::newest(r, account, most)?)).await
}

/// One export of the reader's own, or of anybody for whoever reads the audit trail; whether it is the reader's own.
///
/// # Errors
/// There is none; the store's.
pub async fn one(ctx: &Ctx, id: ExportId) -> Result<(Export, bool), ExportError> {
    let own = staff(ctx)?.account;
    let found: Result<_, ExportError> = ctx.read(move |r| Ok(sql::one(r, id)?)).await;
    let export = found?.ok_or(ExportError::NotFound)?;
    let is_own = export.account == own;
    if is_own || ctx.principal().may(Permission::AuditRead) {
        Ok((export, is_own))
    } else {
        Err(ExportError::NotFound)
    }
}

async fn own(ctx: &Ctx, id: ExportId) -> Result<Export, ExportError> {
    match one(ctx, id).await? {
        (export, true) => Ok(export),
        // It is there, and is somebody else's to have.
        (_, false) => Err(ExportError::NotFound),
    }
}

/// Begins one anew that failed, under the rights the account has now.
///
/// # Errors
/// It has not failed; the lack of a permission, enough exports; the store's.
pub async fn again(ctx: &Ctx, id: ExportId) -> Result<(), ExportError> {
    let export = own(ctx, id).await?;
    permitted(ctx, &export.asked)?;
    let orderer = staff(ctx)?;
    if export.state != State::Failed {
        return Err(ExportError::NotNow);
    }
    let done: Result<(), ExportError> = ctx
        .write(move |mut w| {
            let (open, kept) = sql::how_many(&mut w, orderer.account)?;
            is_room(open, kept)?;
            sql::again(&mut w, id, &orderer)?;
            Ok(w.commit(event("export.again", id, &export.asked), ())?)
        })
        .await;
    done.map_err(not_now)
}

fn not_now(error: ExportError) -> ExportError {
    match error {
        ExportError::Store(StoreError::Conflict) => ExportError::NotNow,
        error => error,
    }
}

/// Removes an export: its file and its key, or what is still to be written.
///
/// # Errors
/// It is removed already; the store's.
pub async fn remove(ctx: &Ctx, id: ExportId) -> Result<(), ExportError> {
    let export = own(ctx, id).await?;
    if export.state == State::Removed {
        return Err(ExportError::NotNow);
    }
    remove_as(ctx, &export, Why::ByOwner)
        .await
        .map_err(not_now)?;
    Ok(())
}

/// The key goes with the transaction; the file after it. Without its key it says nothing, and the next look removes what
/// could not be removed now.
async fn remove_as(ctx: &Ctx, export: &Export, why: Why) -> Result<(), ExportError> {
    let (id, seen) = (export.id, export.state);
    let facts = serde_json::json!({ "why": why, "sha256": export.sha256 });
    let event = with(event("export.remove", id, &export.asked), facts);
    ctx.write::<_, ExportError, _>(move |mut w| {
        sql::set_removed(&mut w, id, seen, why)?;
        vault::ops::drop_secret(&mut w, &key_name(id))?;
        Ok(w.commit(event.clone(), ())?)
    })
    .await?;
    if let Some(run) = export.run {
        let files = ctx.service::<Exports>();
        if let Err(error) = aside(move || files.remove(FileKey { id, run })).await {
            tracing::warn!(%error, %id, "the file of an export could not be removed yet");
        }
    }
    Ok(())
}

async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

/// Opens the file of an export for its owner, who must still be allowed to have it; that it leaves, and with which hash,
/// is in the audit trail before.
///
/// # Errors
/// `Gone` where there is no file any more, `NotNow` where there is none yet; the lack of a permission; the vault's, the
/// store's.
pub async fn open(ctx: &Ctx, id: ExportId) -> Result<(Export, Source), ExportError> {
    let export = own(ctx, id).await?;
    permitted(ctx, &export.asked)?;
    let run = match (export.state, export.run) {
        (State::Done, Some(run)) if export.kept_to.is_some_and(|to| ctx.now() < to) => run,
        (State::Waiting | State::Running | State::Failed, _) => return Err(ExportError::NotNow),
        _ => return Err(ExportError::Gone),
    };
    let keys = ctx.service::<Keys>();
    let secret = ctx
        .read::<_, ExportError, _>(move |r| Ok(vault::ops::secret(r, &keys, &key_name(id))?))
        .await?
        .ok_or(ExportError::Gone)?;
    let files = ctx.service::<Exports>();
    let source = aside(move || files.open(FileKey { id, run }, secret)).await;
    let source = source.map_err(|error| match error.kind() {
        // Such as in a database that was restored: files of exports are in no backup.
        io::ErrorKind::NotFound => ExportError::Gone,
        _ => ExportError::Folder(error),
    })?;
    let facts = serde_json::json!({ "sha256": export.sha256, "rows": export.written });
    let event = with(event("export.download", id, &export.asked), facts);
    ctx.write::<_, ExportError, _>(move |w| Ok(w.commit(event.clone(), ())?))
        .await?;
    Ok((export, source))
}
