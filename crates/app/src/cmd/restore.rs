//! `shiyu restore DIR`: a backup into an empty database of either engine; then every case is replayed, and whoever was
//! forgotten after the backup is forgotten again.

use super::backup::folders;
use crate::compose::{Program, migrations};
use crate::config::Common;
use crate::erasures;
use crate::output::{Done, Failure};
use access::SystemRole;
use clap::Args;
use indicatif::ProgressBar;
use kernel::{Clock as _, SystemClock};
use std::path::PathBuf;
use store::dump::Dump;
use store::{AuditEvent, Db, DbOptions, StoreError};

/// Tables that hold no row as long as nobody has worked with a database.
const UNUSED: &[&str] = &["cases", "accounts", "vault_subjects"];

/// Restore a backup into an empty database, of whichever engine.
#[derive(Args)]
pub struct Restore {
    /// The folder that `shiyu backup` made.
    dir: PathBuf,
    /// A further list of erasures (a copy of another machine's `erasures.log`); the one beside the data is always applied.
    #[arg(long, value_name = "FILE")]
    erasures: Option<PathBuf>,
}

impl Restore {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let config = common.load()?;
        let more = match &self.erasures {
            Some(path) if path.is_file() => erasures::read(path)?,
            Some(path) => {
                let text = format!("there is no file {}", path.display());
                return Err(Failure::unusable("unreadable_file", text).field("erasures"));
            }
            None => Vec::new(),
        };
        erasures::read(&erasures::path(&config.data_dir))?;
        // An argument that is no backup, unlike a disk that fails while one is read.
        if !self.dir.join("manifest.json").is_file() {
            let text = format!(
                "{} is no backup: it has no manifest.json",
                self.dir.display()
            );
            return Err(Failure::unusable("no_backup", text).field("dir"));
        }
        let bar = ProgressBar::new_spinner();
        bar.set_message("checksums");
        bar.tick();
        let dump = Dump::open(&self.dir)?;
        let options = DbOptions {
            create: true,
            writers: config.database_connections,
            ..DbOptions::default()
        };
        let db = Db::open(&config.db, &options)?;
        db.refuse_used(UNUSED)?;
        // Files first: a row never names a file that is not there.
        let mut files = 0;
        for folder in folders(&config.data_dir) {
            files += dump.copy_out(&folder)?;
        }
        db.load(
            &dump,
            &migrations(),
            UNUSED,
            SystemClock.now(),
            &mut |part| {
                bar.set_message(part.to_owned());
                bar.tick();
            },
        )?;
        bar.finish_and_clear();
        drop(db);
        let program = Program::open(common)?;
        let reconciled = erasures::reconcile(
            &program.system(SystemRole::Keeper),
            &program.config.data_dir,
            more,
        )?;
        let system = program.system(SystemRole::Operator);
        // A backup of an earlier version has no measures; they follow from the record.
        cases::replay::measure(&system, |_| {})?;
        let found = cases::replay::replay(&system)?;
        let manifest = &dump.manifest;
        let (taken_at, rows, mismatches) = (manifest.taken_at, manifest.rows(), found.mismatches);
        let revived = system.write_blocking::<_, StoreError, _>(move |mut w| {
            let revived = access::ops::end_revived(&mut w)?;
            let detail = serde_json::json!({
                "taken_at": taken_at, "rows": rows, "mismatches": mismatches, "sessions_ended": revived.sessions_ended,
            });
            let event = AuditEvent::done("store.restore", "database", "all");
            w.commit(event.detail(detail), revived)
        })?;
        if found.mismatches > 0 {
            let text = format!(
                "restored, but {} of {} cases differ from their events: {}",
                found.mismatches,
                found.cases,
                found.differing.join("; ")
            );
            return Err(Failure::other("mismatches", text));
        }
        let json = serde_json::json!({
            "dir": self.dir, "taken_at": manifest.taken_at, "rows": manifest.rows(), "files": files,
            "erased_again": reconciled.erased, "cases": found.cases, "events": found.events, "mismatches": found.mismatches,
            "sessions_ended": revived.sessions_ended, "tokens_alive": revived.tokens,
        });
        let text = format!(
            "{} rows and {files} files of {} restored; {} people erased again; {} cases replayed from {} events, {} mismatches; everybody signs in again; {} API tokens work, also those revoked since: see `shiyu user list`",
            manifest.rows(),
            manifest.taken_at,
            reconciled.erased,
            found.cases,
            found.events,
            found.mismatches,
            revived.tokens
        );
        Done::new(&json, text)
    }
}
