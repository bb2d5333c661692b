//! `shiyu backup DIR`: everything the program knows, in one snapshot, while it serves. No keys.

use crate::compose::{Program, migrations};
use crate::config::Common;
use crate::erasures;
use crate::output::{Done, Failure};
use access::SystemRole;
use clap::Args;
use indicatif::ProgressBar;
use std::path::{Path, PathBuf};
use store::dump::{About, DumpError, Folder};
use store::{AuditEvent, StoreError};

/// Write a backup of the database and the files into a new folder, while the program serves.
#[derive(Args)]
pub struct Backup {
    /// The folder to make; it must not be there, or be empty.
    dir: PathBuf,
}

/// The folders whose files belong to the records.
pub(super) fn folders(data_dir: &Path) -> Vec<Folder<'static>> {
    vec![Folder {
        name: "attachments",
        path: data_dir.join("files"),
    }]
}

impl From<DumpError> for Failure {
    fn from(error: DumpError) -> Self {
        let text = error.to_string();
        match error {
            DumpError::Exists(_) => Self::unusable("not_empty", text).field("dir"),
            DumpError::Running(_) => Self::unusable("already_running", text).field("dir"),
            DumpError::Damaged { .. } => Self::unusable("damaged_backup", text).field("dir"),
            DumpError::Foreign(_) => Self::unusable("unusable_backup", text).field("dir"),
            DumpError::InUse(_) => Self::unusable("database_in_use", text).field("db"),
            DumpError::Io { .. } => Self::other("io", text).field("dir"),
            DumpError::Store(error) => error.into(),
        }
    }
}

impl Backup {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let program = Program::open(common)?;
        // Whoever was forgotten until now is on the list that outlives this database.
        erasures::reconcile(
            &program.system(SystemRole::Keeper),
            &program.config.data_dir,
            Vec::new(),
        )?;
        let about = About {
            program: env!("CARGO_PKG_VERSION"),
            now: program.clock.now(),
        };
        let bar = ProgressBar::new_spinner();
        let manifest = program.db.dump(
            &self.dir,
            &about,
            &migrations(),
            &folders(&program.config.data_dir),
            &mut |part| {
                bar.set_message(part.to_owned());
                bar.tick();
            },
        );
        bar.finish_and_clear();
        let manifest = manifest?;
        let (rows, files) = (manifest.rows(), manifest.files.len());
        let detail = serde_json::json!({ "rows": rows, "files": files });
        program
            .system(SystemRole::Operator)
            .write_blocking::<_, StoreError, _>(move |w| {
                let event = AuditEvent::done("store.backup", "database", "all");
                w.commit(event.detail(detail.clone()), ())
            })?;
        let json = serde_json::json!({
            "dir": self.dir, "taken_at": manifest.taken_at, "engine": manifest.engine,
            "tables": manifest.tables.len(), "rows": rows, "files": files,
        });
        let text = format!(
            "{}: {rows} rows of {} tables, {files} files",
            self.dir.display(),
            manifest.tables.len()
        );
        Done::new(&json, text)
    }
}
