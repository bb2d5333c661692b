//! The running program: its parts put together, its background work, its two operator's doors (`/metrics`, version).

use crate::compose::{Program, capabilities};
use crate::output::Failure;
use access::face::Faces;
use access::{
    AppParts, AppState, Capability, Ctx, Fault, Permission, Routes, Settings, SystemRole,
};
use attachments::{Attachments, Files, MayRead};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use cases::service::{Cases, CasesConfig};
use jiff::SignedDuration;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::StoreError;
use tokio::net::TcpListener;
use ui::{Site, Tone, Words};
use vault::MasterKeys;

/// How often the snapshot of reference data is compared with the store.
const REFRESH_EVERY: Duration = Duration::from_secs(1);
/// How often the clocks of tasks are looked at.
const TIMERS_EVERY: Duration = Duration::from_secs(20);
/// How often uploads that nobody took, files of exports and personal data past their time are removed.
const CLEAN_EVERY: Duration = Duration::from_secs(600);
/// How long requests, and work that was begun beside them, may go on after the program was told to stop.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// What the program itself brings: the operator's figures.
pub fn capability() -> Capability {
    Capability::new(
        "app",
        Routes::new("app").on(Method::GET, "/metrics", Permission::SystemManage, figures),
    )
}

async fn figures(ctx: Ctx) -> Result<Response, Fault> {
    let figures = ctx.service::<PrometheusHandle>();
    metrics::gauge!("store_writes_waiting").set(f64::from(
        u32::try_from(ctx.db().waiting()).unwrap_or(u32::MAX),
    ));
    Ok((
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        figures.render(),
    )
        .into_response())
}

/// The master key of the vault: from `SHIYU_MASTER_KEY`, else from the file named by `SHIYU_MASTER_KEY_FILE`, else from
/// `master.key` beside the data, which is made when it is not there.
///
/// # Errors
/// A key that cannot be read, or a file that others may read.
pub fn master_keys(data_dir: &Path) -> Result<MasterKeys, Failure> {
    let wrong = |e: vault::keys::KeyError| {
        Failure::unusable("unusable_key", e.to_string()).field("SHIYU_MASTER_KEY")
    };
    if let Ok(text) = std::env::var("SHIYU_MASTER_KEY") {
        return MasterKeys::parse(&text, "SHIYU_MASTER_KEY").map_err(wrong);
    }
    if let Some(path) = std::env::var_os("SHIYU_MASTER_KEY_FILE") {
        return MasterKeys::read_file(Path::new(&path)).map_err(wrong);
    }
    std::fs::create_dir_all(data_dir).map_err(|e| {
        Failure::unusable(
            "unusable_data_dir",
            format!("cannot make {}: {e}", data_dir.display()),
        )
        .field("data_dir")
    })?;
    MasterKeys::read_or_create(&data_dir.join("master.key"), rand::random()).map_err(wrong)
}

/// Puts the parts of the running program together.
///
/// # Errors
/// The store's, and a key that cannot be used.
pub fn state_of(
    program: &mut Program,
    runtime: &tokio::runtime::Runtime,
    public_url: String,
) -> Result<AppState, Failure> {
    cases::moves::prove(cases::moves::MOVES, cases::moves::TIMERS)
        .map_err(|flaw| Failure::other("table_of_moves", flaw))?;
    let system = program.ready(SystemRole::Keeper)?;
    let keys = runtime
        .block_on(vault::ops::open_keys(
            &system,
            master_keys(&program.config.data_dir)?,
        ))
        .map_err(|e| Failure::unusable("unusable_key", e.to_string()).field("SHIYU_MASTER_KEY"))?;
    let keys = Arc::new(keys);
    let notices = Arc::new(notices_of(program, &public_url, keys.clone())?);
    let files = Arc::new(files(program)?);
    let cases = Cases::new(
        program.reference.clone(),
        CasesConfig::new(program.config.district),
    )
    .with_vault(keys.clone())
    .with_attachments(files.clone())
    .with_adviser(program.services.get::<suggestion::Advisers>());
    program.services.add(notices::service::Inbox::counter(
        system.clone(),
        notices.clone(),
    ));
    program.services.add(notices);
    let panels: Vec<Arc<dyn cases::pages::Panel>> = vec![
        Arc::new(supervision::CasePanel),
        Arc::new(dispatch::CasePanel),
    ];
    program.services.add(Arc::new(cases::pages::Panels(panels)));
    program.services.add(files);
    program.services.add(keys);
    program.services.add(Arc::new(cases));
    program.services.add(Arc::new(evaluation::Piles::default()));
    let faces = Faces::default();
    faces.take(&program.reference.current().settings);
    program.services.add(Arc::new(faces));
    let recorder = PrometheusBuilder::new().build_recorder();
    program.services.add(Arc::new(recorder.handle()));
    // A second composition in one process (tests) counts into the first one's figures.
    let _ = metrics::set_global_recorder(recorder);
    let capabilities = capabilities();
    let words =
        access::words_of(&capabilities).map_err(|e| Failure::other("words", e.to_string()))?;
    let is_sample = is_sample(&system)?;
    let site = Site {
        words,
        city: city_name(program, is_sample),
        time_zone: program.config.timezone.clone(),
        notices: if is_sample {
            vec![sample_notice()]
        } else {
            Vec::new()
        },
        base_map: program.config.base_map.clone(),
    };
    let mut settings = Settings {
        public_url,
        is_behind_proxy: program.config.behind_proxy,
        ..Settings::default()
    };
    settings.session_idle = SignedDuration::from_mins(program.config.session_idle_minutes);
    settings.limits.in_flight = program.config.requests_in_flight;
    settings.limits.reports_per_hour = program.config.reports_per_hour;
    settings.limits.report_burst = program.config.reports_at_once;
    Ok(AppState::new(AppParts {
        db: program.db.clone(),
        clock: program.clock.clone(),
        services: program.services.clone(),
        site: Arc::new(site),
        settings,
        cookie_key: access::ops::cookie_key(&system)?,
        menu: access::menu_of(&capabilities),
    }))
}

/// Pictures and documents in a folder beside the data, shown to whoever may see their case.
fn files(program: &Program) -> Result<Attachments, Failure> {
    let folder = program.config.data_dir.join("files");
    let files = Files::folder(&folder).map_err(|e| {
        Failure::unusable(
            "unusable_data_dir",
            format!("cannot use {}: {e}", folder.display()),
        )
        .field("data_dir")
    })?;
    let may_read: MayRead = Arc::new(|ctx, district, case| {
        Box::pin(async move { cases::ops::may_read(&ctx, district, case).await })
    });
    Ok(Attachments::new(
        files,
        program.config.timezone.clone(),
        may_read,
    ))
}

/// The notices of the program: by the channels of the configuration.
fn notices_of(
    program: &Program,
    public_url: &str,
    keys: Arc<vault::Keys>,
) -> Result<notices::Notices, Failure> {
    let keys_of = &program.config.notices;
    let config = notices::NoticesConfig {
        public_url: public_url.to_owned(),
        timezone: program.config.timezone.clone(),
        district: program.config.district,
        lang: keys_of.lang,
        mail: keys_of.mail.clone(),
        gateway: keys_of.gateway.clone(),
        caller: keys_of.caller.clone(),
    };
    notices::Notices::new(config, Some(keys), &program.clock).map_err(|(key, why)| {
        Failure::unusable("unusable_config", format!("{key}: {why}")).field(key)
    })
}

pub(crate) fn city_name(program: &Program, is_sample: bool) -> Words {
    match program.config.city.as_deref() {
        Some(city) => Words::new(city, city),
        None if is_sample => Words::new("示范市", "Sample City"),
        None => Words::new("本市", "Our city"),
    }
}

/// Whether the sample city was laid into this database.
fn is_sample(system: &Ctx) -> Result<bool, Failure> {
    let found = system.read_blocking::<_, StoreError, _>(|r| {
        r.opt::<(String,)>(
            "SELECT value FROM settings WHERE name = $1",
            store::params!["sample_city"],
        )
    })?;
    Ok(found.is_some())
}

/// What stands on top of every page of the sample city.
fn sample_notice() -> (Tone, Words) {
    let zh = "示范市是虚构的：人物、单位和案件均为程序生成。";
    let en = "The sample city is invented: its people, units and cases were made by the program.";
    (Tone::Info, Words::new(zh, en))
}

/// Lets work on threads of its own go on until `by` and leaves what is not done then: it ends with the process. What it
/// writes, it writes in transactions.
pub fn end(runtime: tokio::runtime::Runtime, by: Instant) {
    runtime.shutdown_timeout(by.saturating_duration_since(Instant::now()));
}

/// Serves until told to stop (SIGTERM, Ctrl-C), then lets running requests finish. Answers by when everything has to be over
/// ([`end`]).
///
/// # Errors
/// When serving fails.
pub async fn serve(
    state: AppState,
    system: Ctx,
    program: &Program,
    listener: TcpListener,
) -> Result<Instant, Failure> {
    let router = access::router(&state, capabilities());
    let desks = system.service::<cases::service::Cases>();
    let advisers = system.service::<suggestion::Advisers>();
    let figures = tokio::spawn(crate::figures::keep_up(
        system.clone(),
        program.config.timezone.clone(),
    ));
    let warnings = tokio::spawn(warning::jobs::daily(
        system.clone(),
        program.reference.clone(),
        program.config.warnings_at,
    ));
    let suggesting = tokio::spawn(suggestion::jobs::run(
        system.clone(),
        program.reference.clone(),
    ));
    let together = tokio::spawn(dispatch::jobs::keep_up(system.clone()));
    let deadlines = tokio::spawn(follow_calendars(system.clone(), program.reference.clone()));
    let searching = tokio::spawn(cases::jobs::index(system.clone()));
    let bulk_acts = tokio::spawn(cases::jobs::bulk_acts(system.clone()));
    let exporting = tokio::spawn(exports::jobs::run(system.clone()));
    let delivering = tokio::spawn(notices::jobs::deliver(system.clone()));
    let supervising = tokio::spawn(supervision::jobs::run(system.clone()));
    let connecting = tokio::spawn(connectors::jobs::run(system.clone()));
    let writing = tokio::spawn(nearby::jobs::run(system.clone()));
    let work = tokio::spawn(background(
        system,
        program.reference.clone(),
        program.config.data_dir.clone(),
    ));
    let keeping = tokio::spawn(access::ops::keep(state.clone()));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let (told, was_told) = tokio::sync::watch::channel(None::<Instant>);
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        stopped().await;
        // Open desks listen for as long as they are open: nobody waits for them.
        desks.hang_up();
        // What was learned from half a record is of no use: a training gives up.
        advisers.stop();
        let _ = told.send(Some(Instant::now() + STOP_WITHIN));
    });
    let mut hears = was_told.clone();
    let deadline = async move {
        let _ = hears.wait_for(Option::is_some).await;
        tokio::time::sleep(STOP_WITHIN).await;
    };
    let served = tokio::select! {
        served = async { server.await } => served,
        () = deadline => Ok(()),
    };
    figures.abort();
    warnings.abort();
    suggesting.abort();
    together.abort();
    searching.abort();
    bulk_acts.abort();
    exporting.abort();
    delivering.abort();
    supervising.abort();
    connecting.abort();
    writing.abort();
    work.abort();
    deadlines.abort();
    keeping.abort();
    access::ops::flush(&state).await?;
    served.map_err(|e| Failure::other("serve", e.to_string()))?;
    let by = *was_told.borrow();
    Ok(by.unwrap_or_else(Instant::now))
}

async fn stopped() {
    let interrupt = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => _ = signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

/// The work that nobody asks for: fresh reference data and the clocks of tasks. Each failure is logged and tried again.
async fn background(system: Ctx, reference: Arc<matters::Reference>, data_dir: PathBuf) {
    let mut since_timers = TIMERS_EVERY;
    let mut since_cleaning = CLEAN_EVERY;
    loop {
        if let Err(error) = reference.refresh(&system.renewed()).await {
            tracing::warn!(%error, "reference data could not be refreshed");
        }
        let faces = system.service::<Faces>();
        faces.take(&reference.current().settings);
        if since_timers >= TIMERS_EVERY {
            since_timers = Duration::ZERO;
            let cases = system.service::<cases::service::Cases>();
            if let Err(error) = cases.load_channels(&system.renewed()).await {
                tracing::warn!(%error, "channels could not be read again");
            }
            match cases::ops::run_timers(&system.renewed()).await {
                Ok(0) => {}
                Ok(lapsed) => tracing::info!(lapsed, "tasks went back to the pool or to the desk"),
                Err(error) => tracing::warn!(%error, "the clocks of tasks could not be looked at"),
            }
            trim(&system).await;
        }
        if since_cleaning >= CLEAN_EVERY {
            since_cleaning = Duration::ZERO;
            clean(&system).await;
            list_erasures(&system, &data_dir).await;
        }
        tokio::time::sleep(REFRESH_EVERY).await;
        since_cleaning += REFRESH_EVERY;
        since_timers += REFRESH_EVERY;
    }
}

/// Computes open deadlines again whenever the calendars changed. A failure is logged and tried again.
async fn follow_calendars(system: Ctx, reference: Arc<matters::Reference>) {
    let mut followed = String::new();
    loop {
        let state = reference.current().state_of_calendars();
        if state != followed {
            match cases::ops::recompute(&system.renewed(), |_| {}).await {
                Ok(run) => {
                    if let Some(run) = run {
                        tracing::info!(
                            seen = run.seen,
                            moved = run.moved,
                            failed = run.failed,
                            "open deadlines follow the calendar"
                        );
                    }
                    followed = state;
                }
                Err(error) => {
                    tracing::warn!(%error, "open deadlines could not be computed again");
                    tokio::time::sleep(TIMERS_EVERY).await;
                }
            }
        }
        tokio::time::sleep(REFRESH_EVERY).await;
    }
}

/// Brings the list of erasures outside the database up to date, so that it outlives this database.
async fn list_erasures(system: &Ctx, data_dir: &Path) {
    let (ctx, data_dir) = (system.renewed(), data_dir.to_owned());
    let done = tokio::task::spawn_blocking(move || {
        crate::erasures::reconcile(&ctx, &data_dir, Vec::new())
    });
    if let Ok(Err(failure)) = done.await {
        tracing::warn!(error = %failure.message, "the list of erasures could not be brought up to date");
    }
}

/// Readers that begin with what happened first of all. At the first start others may have entered before them.
const FROM_THE_BEGINNING: [&str; 2] = ["facts/%", "dispatch/%"];

/// Lets go what every reader of the outbox has read. A failure is logged and tried again.
async fn trim(system: &Ctx) {
    loop {
        let ctx = system.renewed();
        let gone = ctx.write::<_, StoreError, _>(|mut w| {
            let gone = w.outbox_trim(&FROM_THE_BEGINNING)?;
            w.unchanged(gone)
        });
        match gone.await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => return tracing::warn!(%error, "the outbox could not be trimmed"),
        }
    }
}

async fn clean(system: &Ctx) {
    match attachments::ops::clean_orphans(&system.renewed(), &system.service::<Attachments>()).await
    {
        Ok(0) => {}
        Ok(orphans) => tracing::info!(orphans, "uploads that nobody took were removed"),
        Err(error) => tracing::warn!(%error, "uploads that nobody took could not be removed"),
    }
    match vault::ops::forget_expired(&system.renewed()).await {
        Ok(0) => {}
        Ok(people) => tracing::info!(people, "personal data past its time was erased"),
        Err(error) => tracing::warn!(%error, "personal data past its time could not be erased"),
    }
    // After the erasures: a file that names somebody who was erased goes with them.
    exports::jobs::clean(system).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn what_is_done_in_time_is_waited_for_and_nothing_else() {
        let runtime = || tokio::runtime::Runtime::new().unwrap();
        let begun = Instant::now();
        let (going_on, (send, done)) = (runtime(), channel());
        going_on.spawn_blocking(move || {
            std::thread::sleep(Duration::from_millis(300));
            send.send(()).unwrap();
        });
        end(going_on, begun + Duration::from_secs(20));
        assert!(done.try_recv().is_ok(), "it had time enough");
        let (stuck, (hold, held)) = (runtime(), channel::<()>());
        stuck.spawn_blocking(move || held.recv_timeout(Duration::from_secs(60)));
        let begun = Instant::now();
        end(stuck, begun + Duration::from_millis(300));
        assert!(begun.elapsed() < Duration::from_secs(20));
        drop(hold);
    }
}
