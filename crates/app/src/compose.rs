//! Composition: which capabilities make the program, and what a command needs to run: database, clock, snapshot.

use crate::config::{Common, Config};
use crate::output::Failure;
use access::city_settings::SettingsList;
use access::{Capability, Ctx, Services, SystemRole};
use grid::ImportError;
use kernel::{Clock, SystemClock};
use matters::Reference;
use std::sync::Arc;
use store::{Db, DbOptions, Migration, StoreError};

/// What the program is made of. A new capability is one line here.
pub fn capabilities() -> Vec<Capability> {
    vec![
        access::capability(),
        grid::http::capability(),
        actors::capability(),
        matters::http::capability(),
        vault::capability(),
        attachments::capability(),
        notices::capability(),
        facts::capability(),
        cases::http::capability(),
        supervision::capability(),
        connectors::capability(),
        evaluation::capability(),
        warning::http::capability(),
        dispatch::capability(),
        foresight::capability(),
        open311::capability(),
        nearby::capability(),
        suggestion::capability(),
        topics::capability(),
        exports::capability(),
        admin::capability(),
        oversight::capability(),
        command::capability(),
        help::capability(),
        crate::serve::capability(),
    ]
}

/// What a city may set. A capability that declares rules is one line here.
pub fn rules_of_the_city() -> SettingsList {
    SettingsList::new(&[
        access::face::FaceRules::SETTINGS,
        cases::rules::CityRules::SETTINGS,
    ])
    .naming(cases::ops::unknown_channel)
}

/// Every table of the program, in order.
pub fn migrations() -> Vec<Migration> {
    access::migrations_of(&capabilities())
}

/// The parts of a running command.
pub struct Program {
    /// The configuration.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The snapshot of reference data.
    pub reference: Arc<Reference>,
    /// The parts by type.
    pub services: Services,
}

impl Program {
    /// Opens an initialised database.
    ///
    /// # Errors
    /// Exit 2 naming `shiyu init` when there is none.
    pub fn open(common: &Common) -> Result<Self, Failure> {
        let config = common.load()?;
        let db = Db::open(&config.db, &options(&config, false)).map_err(Failure::from)?;
        db.check_schema(&migrations()).map_err(Failure::from)?;
        Ok(Self::with(config, db))
    }

    /// Makes the database where there is none, and brings its schema up to date. Answers the migrations applied.
    ///
    /// # Errors
    /// When the database cannot be made.
    pub fn init(common: &Common) -> Result<(Self, Vec<u32>), Failure> {
        let config = common.load()?;
        let db = Db::open(&config.db, &options(&config, true)).map_err(Failure::from)?;
        let applied = db
            .migrate(&migrations(), SystemClock.now())
            .map_err(Failure::from)?;
        Ok((Self::with(config, db), applied))
    }

    fn with(config: Config, db: Db) -> Self {
        let reference = Arc::new(Reference::new(config.timezone.clone()));
        let mut services = Services::default();
        services.add(reference.clone());
        services.add(Arc::new(rules_of_the_city()));
        services.add(Arc::new(rooms()));
        services.add(crate::places::directory(reference.clone()));
        services.add(crate::places::tiles(reference.clone()));
        services.add(crate::erasures::log(&config.data_dir));
        services.add(Arc::new(foresight::Kept::default()));
        services.add(Arc::new(suggestion::Advisers::default()));
        let rates = open311::ops::KeyRates::new(
            open311::ops::PER_HOUR,
            open311::ops::BURST,
            rand::random(),
        );
        services.add(Arc::new(rates));
        let nearby = nearby::Nearby::new(config.timezone.clone(), rand::random());
        services.add(Arc::new(nearby));
        let imports = config.data_dir.join("imports");
        services.add(Arc::new(admin::Imports::new(imports)));
        let exports = config.data_dir.join("exports");
        services.add(Arc::new(exports::Exports::new(exports)));
        Self {
            config,
            db,
            clock: Arc::new(SystemClock),
            reference,
            services,
        }
    }

    /// The program acts by itself.
    pub fn system(&self, role: SystemRole) -> Ctx {
        Ctx::system(
            self.db.clone(),
            self.clock.clone(),
            self.services.clone(),
            role,
        )
    }

    /// The program acts by itself, with a fresh snapshot of the reference data.
    ///
    /// # Errors
    /// The store's.
    pub fn ready(&self, role: SystemRole) -> Result<Ctx, Failure> {
        let ctx = self.system(role);
        self.reference.refresh_blocking(&ctx)?;
        Ok(ctx)
    }
}

/// What is kept beside cases and follows calendars and reorganisations as they do.
fn rooms() -> cases::rooms::Rooms {
    cases::rooms::Rooms(vec![
        Arc::new(dispatch::Whistles),
        Arc::new(connectors::Systems),
        Arc::new(supervision::Matters),
        Arc::new(topics::Topics),
    ])
}

fn options(config: &Config, create: bool) -> DbOptions {
    DbOptions {
        create,
        writers: config.database_connections,
        ..DbOptions::default()
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::Uninitialised => Self::unusable("uninitialised", message).field("db"),
            StoreError::Open { .. } => Self::unusable("unusable_database", message).field("db"),
            StoreError::Busy { .. } => Self::other("busy", message),
            _ => Self::other("store", message),
        }
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Unusable {
                code,
                message,
                field,
                line,
                ..
            } => {
                let mut failure = Self::unusable(code, message);
                failure.field = field;
                failure.line = line;
                failure
            }
            ImportError::Refused(refused) => Self::other("refused", refused.to_string()),
            ImportError::Store(error) => error.into(),
        }
    }
}
