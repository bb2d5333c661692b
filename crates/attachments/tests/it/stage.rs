//! A program small enough for these tests.

use access::{AppParts, AppState, Ctx, Services, Settings};
use attachments::{AttachmentError, AttachmentKind, Attachments, Files, MayRead, ops};
use bytes::Bytes;
use jiff::tz::TimeZone;
use kernel::id::Id;
use kernel::{Clock, DistrictCode, ManualClock};
use std::sync::Arc;
use store::AuditEvent;
use testdb::TestDb;

pub fn migrations() -> Vec<store::Migration> {
    [
        store::MIGRATIONS,
        access::MIGRATIONS,
        attachments::MIGRATIONS,
    ]
    .concat()
}

pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts")
        .block_on(future)
}

/// A small photo.
pub fn photo() -> Vec<u8> {
    let image = image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8 * 6, y as u8 * 8, 90]));
    let mut out = Vec::new();
    image::codecs::jpeg::JpegEncoder::new(&mut out)
        .encode_image(&image)
        .expect("a picture is encoded");
    out
}

/// A plain document.
pub const DOCUMENT: &[u8] = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n";

pub struct Stage<'d> {
    pub db: &'d TestDb,
    pub clock: Arc<ManualClock>,
    system: Ctx,
    pub service: Arc<Attachments>,
    pub dir: testkit::temp::Dir,
}

impl<'d> Stage<'d> {
    /// Everybody may read the attachments of cases whose id begins with 1, nobody those of others.
    pub fn new(db: &'d TestDb) -> Self {
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        let dir = testkit::temp::Dir::new("attachments").expect("a folder");
        let may_read: MayRead =
            Arc::new(|_, _, case: Id| Box::pin(async move { Ok(case.bytes()[0] == 1) }));
        let files = Files::folder(dir.path()).expect("a folder");
        let service = Arc::new(Attachments::new(files, TimeZone::UTC, may_read));
        Self {
            db,
            system: db.system(&clock),
            clock,
            service,
            dir,
        }
    }
    pub fn system(&self) -> Ctx {
        self.system.renewed()
    }
    pub fn upload(&self, bytes: &[u8]) -> Id {
        let bytes = Bytes::copy_from_slice(bytes);
        run(ops::upload(&self.system(), &self.service, bytes))
            .expect("the file is taken")
            .upload
            .id
    }
    pub fn attach(
        &self,
        case: Id,
        kind: AttachmentKind,
        ids: &[Id],
    ) -> Result<(), AttachmentError> {
        let files: Vec<(Id, AttachmentKind)> = ids.iter().map(|id| (*id, kind)).collect();
        self.system()
            .write_blocking::<_, AttachmentError, _>(move |mut w| {
                ops::attach(&mut w, district(), case, &files)?;
                Ok(w.commit(
                    AuditEvent::done("test.attach", "case", case.to_string()),
                    (),
                )?)
            })
    }
    /// Gives a case so many documents.
    pub fn fill(&self, case: Id, documents: usize) {
        for at in (0..documents).step_by(ops::MOST_AT_ONCE) {
            let now = documents.min(at + ops::MOST_AT_ONCE) - at;
            let ids: Vec<Id> = (0..now).map(|_| self.upload(DOCUMENT)).collect();
            self.attach(case, AttachmentKind::Document, &ids)
                .expect("there is room for them");
        }
    }
    /// How many files lie in the folder.
    pub fn files(&self) -> usize {
        fn under(path: &std::path::Path) -> usize {
            let entries = std::fs::read_dir(path).expect("a folder");
            entries
                .map(|e| e.expect("an entry").path())
                .map(|p| if p.is_dir() { under(&p) } else { 1 })
                .sum()
        }
        under(self.dir.path())
    }
    pub fn count(&self, sql: &'static str) -> i64 {
        self.system()
            .read_blocking::<_, AttachmentError, _>(move |r| Ok(r.one::<(i64,)>(sql, &[])?.0))
            .expect("a count")
    }
    /// Attachments of cases.
    pub fn attached(&self) -> i64 {
        self.count("SELECT count(*) FROM attachments WHERE district <> '000000'")
    }
    /// Marks of taken uploads.
    pub fn marks(&self) -> i64 {
        self.count("SELECT count(*) FROM attachments WHERE district = '000000'")
    }
    pub fn state(&self) -> AppState {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let mut services = Services::default();
        services.add(self.service.clone());
        let site = ui::Site {
            words: access::words_of(&[access::capability(), attachments::capability()])
                .expect("the words are complete"),
            city: ui::Words::new("示范市", "Sample City"),
            time_zone: TimeZone::UTC,
            notices: Vec::new(),
            base_map: None,
        };
        AppState::new(AppParts {
            db: (**self.db).clone(),
            clock,
            services,
            site: Arc::new(site),
            settings: Settings::default(),
            cookie_key: [1; 32],
            menu: Vec::new(),
        })
    }
}

pub fn district() -> DistrictCode {
    "330102".parse().expect("a district")
}
/// A case whose attachments may be read.
pub fn open_case() -> Id {
    Id::from_bytes([1; 16])
}
/// A case whose attachments may not be read.
pub fn closed_case() -> Id {
    Id::from_bytes([2; 16])
}
