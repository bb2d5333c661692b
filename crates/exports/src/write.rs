//! Reading the record page by page into a file, in bounded memory. Blocks; for a thread that may.

use crate::cases_file::{CasesFile, Personal, Teller};
use crate::facts_file::FactsFile;
use crate::model::Why;
use crate::people::People;
use access::Ctx;
use cases::sql::{self, Filter};
use evaluation::Period;
use evaluation::model::PeriodError;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use kernel::codes::DistrictCode;
use std::io::{self, Write};
use store::{Read, StoreError};
use vault::VaultError;

/// Cases read at once.
const PAGE: i64 = 1000;
/// Cases with requesters read at once: each is a look, and whoever waits wants to see that it goes on.
const PAGE_WITH_PEOPLE: i64 = 100;
/// Cases of a row group.
const ROW_GROUP: u32 = 50_000;

/// Why a file was not written to its end.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file.
    #[error("the file could not be written to its end: {0}")]
    File(#[from] io::Error),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Whoever is told how far it is wants no more.
    #[error("the export was stopped: {0}")]
    Stopped(Why),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Is told how many rows are written after each page; its error ends the writing.
pub type Tell<'t> = &'t mut dyn FnMut(u64) -> Result<(), WriteError>;

/// The cases reported in these local days, both ends included.
///
/// # Errors
/// A period that ends before it begins, or lies outside the range of time.
pub fn filter(from: Option<Date>, to: Option<Date>, tz: &TimeZone) -> Result<Filter, PeriodError> {
    let first = from.unwrap_or(date(1970, 1, 1));
    let last = to.unwrap_or(date(9000, 1, 1));
    let period = Period::days(first, last, tz)?;
    Ok(Filter {
        from: from.map(|_| period.start),
        to: to.map(|_| period.end),
        ..Filter::default()
    })
}

/// Writes the cases of a filter, newest first; answers how many. With `people` each requester is looked up under `ctx`.
///
/// # Errors
/// [`WriteError`].
pub fn cases<W: Write>(
    ctx: &Ctx,
    mut filter: Filter,
    teller: &Teller<'_>,
    people: Option<&People>,
    file: &mut CasesFile<W>,
    tell: Tell<'_>,
) -> Result<u64, WriteError> {
    let mut rows = 0;
    let page_size = if people.is_some() {
        PAGE_WITH_PEOPLE
    } else {
        PAGE
    };
    loop {
        let wanted = filter.clone();
        let page =
            ctx.read_blocking::<_, StoreError, _>(move |r| sql::list(r, &wanted, page_size))?;
        let Some(last) = page.last() else {
            return Ok(rows);
        };
        filter.before = Some(last.id);
        for case in &page {
            let shown = people.map_or_else(|| Ok(Personal::default()), |p| p.of(ctx, case))?;
            file.add(teller.tell(case, shown))?;
            rows += 1;
        }
        tell(rows)?;
    }
}

/// Writes what the cases of these districts count as (empty: of all), in the order of their keys; answers how many. All
/// pages must see one state of the database, so it wants a snapshot.
///
/// # Errors
/// [`WriteError`].
pub fn facts<W: Write>(
    r: &mut Read<'_>,
    districts: &[DistrictCode],
    file: &mut FactsFile<'_, W>,
    tell: Tell<'_>,
) -> Result<u64, WriteError> {
    let mut rows = 0;
    facts::rows::each(r, districts, ROW_GROUP, |page| {
        rows += page.len() as u64;
        file.add(page)?;
        tell(rows)
    })
}
