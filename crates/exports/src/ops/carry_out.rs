//! Writing what was asked for, as bulk acts are carried out: a row that says what is wanted is taken for a run that holds it
//! for a while, under the rights the account has then. A run that ends with its process is begun anew by another; what it had
//! written is no file.

use super::{aside, event, key_name, permitted, with};
use crate::cases_file::{CasesFile, Format, Teller};
use crate::facts_file::{self, FactsFile};
use crate::files::{Exports, FileKey, Sink, Written};
use crate::model::{Export, ExportError, Kind, Why};
use crate::people::People;
use crate::rules;
use crate::sql::{self, Finished};
use crate::write::{self, WriteError};
use access::ops::orders;
use access::{Ctx, Permission};
use cases::facts::CaseFacts;
use cases::ops::{CaseError, within_scope};
use jiff::{SignedDuration, Timestamp};
use kernel::id::Id;
use matters::Reference;
use notices::{NewNotice, Notices, To};
use std::io;
use std::sync::Arc;
use store::{StoreError, StoreResult, Write};
use tokio::runtime::Handle;
use vault::crypto::SecretKey;
use vault::{Keys, VaultError};

/// A run holds its export for so long after each word of how far it is.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// A run says so often how far it is.
const STEPS: u64 = 20;
/// Exports begun in one look: they are written one after the other, so that people go first.
const MOST_DUE: i64 = 4;

/// Writes what is due; answers how many exports were ended. Called by the program itself; several processes may call it at
/// once: each export is written by one of them.
///
/// # Errors
/// The store's. What could not be ended is begun again when its run's time is over.
pub async fn run_due(system: &Ctx) -> Result<usize, ExportError> {
    let system = system.renewed();
    let now = system.now();
    let due: Result<Vec<Export>, ExportError> =
        system.read(move |r| Ok(sql::due(r, now, MOST_DUE)?)).await;
    let mut ended = 0;
    for export in due? {
        let id = export.id;
        match carry_out(&system, export).await {
            Ok(true) => ended += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%id, %error, "an export could not be ended; it is tried again")
            }
        }
    }
    Ok(ended)
}

/// One run of an export.
struct Run {
    system: Ctx,
    /// The permit of whoever asked.
    ctx: Ctx,
    export: Export,
    key: FileKey,
    runtime: Handle,
}

/// Carries one out; answers `false` where it is not ours any more.
async fn carry_out(system: &Ctx, export: Export) -> Result<bool, ExportError> {
    let system = system.renewed();
    let permit = orders::permit(&system, &export.orderer, Permission::CaseExport).await?;
    let permit = permit.filter(|ctx| permitted(ctx, &export.asked).is_ok());
    let run = permit.as_ref().map_or_else(
        || Id::new(system.now(), rand::random()),
        // Looks stand in the trail under the request of the run.
        Ctx::request,
    );
    let key = FileKey { id: export.id, run };
    let secret = SecretKey::new(rand::random());
    match take(&system, &export, key, secret.clone()).await {
        Ok(()) => {}
        // Another process was faster.
        Err(ExportError::Store(StoreError::Conflict)) => return Ok(false),
        Err(error) => return Err(error),
    }
    let Some(ctx) = permit else {
        fail(&system, &export, key, Why::NoRights).await?;
        return Ok(true);
    };
    if export.begun >= rules::MOST_BEGUN {
        fail(&system, &export, key, Why::Interrupted).await?;
        return Ok(true);
    }
    let run = Arc::new(Run {
        system: system.clone(),
        ctx,
        export: export.clone(),
        key,
        runtime: Handle::current(),
    });
    let written = tokio::task::spawn_blocking(move || run.write(secret))
        .await
        .map_err(|error| WriteError::File(io::Error::other(error)))
        .flatten();
    let error = match written {
        Ok((rows, written)) => match finish(&system, &export, key, rows, written).await {
            Ok(()) => return Ok(true),
            Err(error) => {
                let files = system.service::<Exports>();
                let _ = aside(move || files.remove(key)).await;
                return match error {
                    ExportError::Store(StoreError::Conflict) => Ok(false),
                    error => Err(error),
                };
            }
        },
        Err(error) => error,
    };
    let why = match error {
        WriteError::Stopped(why) => why,
        WriteError::Vault(VaultError::Refused(_) | VaultError::Purpose(_)) => Why::NoRights,
        // Removed by its owner, or taken by another process.
        WriteError::Store(StoreError::Conflict)
        | WriteError::Vault(VaultError::Store(StoreError::Conflict)) => return Ok(false),
        WriteError::Store(error) | WriteError::Vault(VaultError::Store(error))
            if error.is_transient()
                || matches!(error, StoreError::Busy { .. } | StoreError::Timeout) =>
        {
            return Err(error.into());
        }
        WriteError::File(error) => {
            tracing::error!(%error, id = %key.id, "the file of an export could not be written");
            Why::Disk
        }
        error => {
            tracing::error!(%error, id = %key.id, "an export could not be written");
            Why::Fault
        }
    };
    match fail(&system, &export, key, why).await {
        Err(ExportError::Store(StoreError::Conflict)) => Ok(false),
        other => other.map(|()| true),
    }
}

fn lease(now: Timestamp) -> Timestamp {
    now.checked_add(LEASE).unwrap_or(Timestamp::MAX)
}

async fn take(
    system: &Ctx,
    export: &Export,
    key: FileKey,
    secret: SecretKey,
) -> Result<(), ExportError> {
    let keys = system.service::<Keys>();
    let event = event("export.begin", export.id, &export.asked);
    system
        .renewed()
        .write(move |mut w| {
            let now = w.now();
            sql::take(&mut w, key.id, key.run, lease(now))?;
            vault::ops::put_secret(&mut w, &keys, &key_name(key.id), &secret)?;
            Ok(w.commit(event.clone(), ())?)
        })
        .await
}

fn tell(
    w: &mut Write<'_>,
    system: &Ctx,
    export: &Export,
    run: Id,
    kind: &'static str,
    facts: &[(&'static str, notices::Place)],
) -> StoreResult<()> {
    let Some(notices) = system.service_if_any::<Notices>() else {
        return Ok(());
    };
    let once = format!("export/{}/{run}", export.id);
    let path = format!("/exports/{}", export.id);
    let to = To::Account(export.account);
    let mut new =
        NewNotice::new(once, kind, to, notices.district(), path).with("asked", export.asked_at);
    for (name, place) in facts {
        new = new.with(name, place.clone());
    }
    notices::ops::post(w, &notices, &new).map(|_| ())
}

async fn finish(
    system: &Ctx,
    export: &Export,
    key: FileKey,
    rows: u64,
    written: Written,
) -> Result<(), ExportError> {
    let (ctx, export) = (system.renewed(), export.clone());
    let kept_to = ctx
        .now()
        .checked_add(rules::kept_for(&export.asked))
        .unwrap_or(Timestamp::MAX);
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let end = Finished {
        rows: whole(rows),
        bytes: whole(written.bytes),
        sha256: written.sha256,
        kept_to,
    };
    let inner = ctx.clone();
    ctx.write(move |mut w| {
        sql::finish(&mut w, key, &end)?;
        let said = [
            ("rows", notices::Place::from(end.rows.to_string())),
            ("until", notices::Place::from(end.kept_to)),
        ];
        tell(&mut w, &inner, &export, key.run, "export.done", &said)?;
        let facts = serde_json::json!({
            "rows": end.rows, "bytes": end.bytes, "sha256": end.sha256, "until": end.kept_to.to_string(),
        });
        let event = with(event("export.end", key.id, &export.asked), facts);
        Ok(w.commit(event, ())?)
    })
    .await
}

async fn fail(system: &Ctx, export: &Export, key: FileKey, why: Why) -> Result<(), ExportError> {
    let (ctx, export) = (system.renewed(), export.clone());
    let inner = ctx.clone();
    ctx.write(move |mut w| {
        sql::fail(&mut w, key, why)?;
        vault::ops::drop_secret(&mut w, &key_name(key.id))?;
        tell(&mut w, &inner, &export, key.run, "export.failed", &[])?;
        let facts = serde_json::json!({ "why": why });
        let event = with(event("export.fail", key.id, &export.asked), facts);
        Ok(w.commit(event, ())?)
    })
    .await
}

impl Run {
    /// Writes the file under the rights of whoever asked. Blocks.
    fn write(self: Arc<Self>, secret: SecretKey) -> Result<(u64, Written), WriteError> {
        let files = self.ctx.service::<Exports>();
        let begin = || files.begin(self.key, secret.clone());
        match self.export.asked.kind {
            Kind::CasesCsv => self.cases(Format::Csv, begin),
            Kind::CasesGeojson => self.cases(Format::Geojson, begin),
            Kind::FactsParquet => self.facts(begin),
        }
    }

    fn cases(
        &self,
        format: Format,
        begin: impl FnOnce() -> io::Result<Sink>,
    ) -> Result<(u64, Written), WriteError> {
        let asked = &self.export.asked;
        let city = self.ctx.service::<Reference>().current();
        let reach = within_scope(&self.ctx, Permission::CaseExport).map_err(refused)?;
        let period = write::filter(asked.from, asked.to, &city.timezone)
            .map_err(|error| WriteError::File(io::Error::other(error)))?;
        let filter = cases::sql::Filter {
            from: period.from,
            to: period.to,
            ..reach
        };
        let wanted = filter.clone();
        let by_state = self
            .ctx
            .read_blocking::<_, StoreError, _>(move |r| cases::sql::count_by_state(r, &wanted))?;
        let mut pace = self.pace(by_state.iter().map(|(_, n)| n).sum())?;
        let people = asked.purpose.as_ref().map(|purpose| {
            let keys = self.ctx.service::<Keys>();
            People::new(keys, purpose.clone(), self.runtime.clone())
        });
        let teller = Teller {
            city: &city,
            tz: &city.timezone,
            has_people: people.is_some(),
            reads_cases: self.ctx.principal().may(Permission::CaseRead),
        };
        let mut file = CasesFile::begin(begin()?, format, teller.columns(), true)?;
        let rows = write::cases(
            &self.ctx,
            filter,
            &teller,
            people.as_ref(),
            &mut file,
            &mut |rows| pace.at(rows),
        )?;
        Ok((rows, file.finish()?.finish()?))
    }

    fn facts(
        self: &Arc<Self>,
        begin: impl FnOnce() -> io::Result<Sink>,
    ) -> Result<(u64, Written), WriteError> {
        let city = self.ctx.service::<Reference>().current();
        let source = CaseFacts::source(city.timezone.clone());
        facts::catch_up(&self.system, &source).map_err(|error| match error {
            facts::UpkeepError::Store(error) => WriteError::Store(error),
            error => WriteError::File(io::Error::other(error)),
        })?;
        let districts = within_scope(&self.ctx, Permission::CaseExport)
            .map_err(refused)?
            .districts;
        let (run, sensitive) = (self.clone(), facts_file::sensitive(&city));
        let mut sink = Some(begin()?);
        self.ctx
            .renewed()
            .snapshot_blocking::<_, WriteError, _>(move |r| {
                let sink = sink
                    .take()
                    .ok_or_else(|| io::Error::other("a file cannot be begun twice"))?;
                let mut pace = run.pace(facts::rows::count(r, &districts)?)?;
                let mut file = FactsFile::begin(sink, &sensitive)?;
                let rows = write::facts(r, &districts, &mut file, &mut |rows| pace.at(rows))?;
                let (sink, _) = file.finish()?;
                Ok((rows, sink.finish()?))
            })
    }

    /// Notes how many rows there will be; from then on the run says now and then how far it is.
    fn pace(&self, expected: i64) -> Result<Pace<'_>, WriteError> {
        if expected > rules::most_rows(&self.export.asked) {
            return Err(WriteError::Stopped(match self.export.asked.purpose {
                Some(_) => Why::TooManyPeople,
                None => Why::TooMany,
            }));
        }
        let step = (u64::try_from(expected).unwrap_or(0) / STEPS).max(1);
        let pace = Pace {
            run: self,
            expected,
            step,
            next: step,
        };
        pace.note(0)?;
        Ok(pace)
    }
}

fn refused(error: CaseError) -> WriteError {
    match error {
        CaseError::Store(error) => WriteError::Store(error),
        _ => WriteError::Stopped(Why::NoRights),
    }
}

/// How far a run is.
struct Pace<'r> {
    run: &'r Run,
    expected: i64,
    step: u64,
    next: u64,
}

impl Pace<'_> {
    fn at(&mut self, rows: u64) -> Result<(), WriteError> {
        let is_last = i64::try_from(rows).is_ok_and(|rows| rows == self.expected);
        if rows < self.next || is_last {
            return Ok(());
        }
        self.next = rows + self.step;
        // Who lost the right in between gets no more of it.
        let Run {
            system,
            export,
            runtime,
            ..
        } = self.run;
        let permit = orders::permit(system, &export.orderer, Permission::CaseExport);
        let permit = runtime.block_on(permit)?;
        if permit.is_none_or(|ctx| permitted(&ctx, &export.asked).is_err()) {
            return Err(WriteError::Stopped(Why::NoRights));
        }
        self.note(rows)
    }

    fn note(&self, rows: u64) -> Result<(), WriteError> {
        let (key, expected) = (self.run.key, self.expected);
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let asked = self.run.export.asked.clone();
        self.run
            .system
            .renewed()
            .write_blocking::<_, WriteError, _>(move |mut w| {
                let now = w.now();
                sql::set_progress(&mut w, key, rows, expected, lease(now))?;
                let facts = serde_json::json!({ "rows": rows, "of": expected });
                let event = with(event("export.progress", key.id, &asked), facts);
                Ok(w.commit(event, ())?)
            })
    }
}
