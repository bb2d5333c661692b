//! Configuration: command line, then environment (`SHIYU_*`), then file (`--config`), then defaults.

use crate::output::Failure;
use clap::Args;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Where the database is when nobody says otherwise.
pub const DEFAULT_DB: &str = "sqlite:shiyu-data/shiyu.db";
/// When the day before is looked at for what is unusual, if nothing was set.
pub const DEFAULT_WARNINGS_AT: &str = "06:30";

/// The options every command takes.
#[derive(Args, Debug, Clone, Default)]
pub struct Common {
    /// The database: `sqlite:PATH` or `postgres://…` [default: sqlite:shiyu-data/shiyu.db]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "SHIYU_DB",
        hide_env_values = true
    )]
    pub db: Option<String>,
    /// A configuration file (TOML); see docs/generated/configuration.md.
    #[arg(long, global = true, value_name = "FILE", env = "SHIYU_CONFIG")]
    pub config: Option<PathBuf>,
}

/// What can stand in the file. Every key can be given as `SHIYU_…` in the environment as well.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    db: Option<String>,
    city: Option<String>,
    timezone: Option<String>,
    district: Option<String>,
    public_url: Option<String>,
    behind_proxy: Option<bool>,
    data_dir: Option<PathBuf>,
    session_idle_minutes: Option<i64>,
    requests_in_flight: Option<usize>,
    reports_per_hour: Option<u32>,
    reports_at_once: Option<u32>,
    database_connections: Option<usize>,
    warnings_at: Option<String>,
    base_map: Option<String>,
    base_map_attribution: Option<String>,
    smtp_url: Option<String>,
    smtp_from: Option<String>,
    notice_gateway: Option<String>,
    notice_gateway_secret: Option<String>,
    notices_in: Option<String>,
    webhook_hosts: Option<String>,
    webhook_networks: Option<String>,
    webhook_authorities: Option<PathBuf>,
}

/// The keys, what they mean and their defaults: the table of `docs/generated/configuration.md`.
pub const KEYS: &[(&str, &str, &str)] = &[
    (
        "db",
        "the database: `sqlite:PATH` or `postgres://…`",
        DEFAULT_DB,
    ),
    (
        "city",
        "the name of the city, shown at the top of every page",
        "本市, or 示范市 for the sample city",
    ),
    (
        "timezone",
        "the zone of local dates, working hours and times without a zone",
        "Asia/Shanghai",
    ),
    (
        "district",
        "the six-digit district of record of reports whose place is not known",
        "990001",
    ),
    (
        "public_url",
        "how the program is reached from outside, no slash at the end",
        "http://127.0.0.1:8311",
    ),
    (
        "behind_proxy",
        "a proxy of ours stands in front and says in `X-Forwarded-For` who asks",
        "false",
    ),
    (
        "data_dir",
        "the folder of keys, pictures and documents",
        "beside the SQLite file, else shiyu-data",
    ),
    (
        "session_idle_minutes",
        "a session without a request for this long has ended",
        "30",
    ),
    (
        "requests_in_flight",
        "requests answered at the same time; one more is told to come back",
        "256",
    ),
    (
        "reports_per_hour",
        "reports an hour from one network (/24, IPv6 /48) without signing in; more where many residents share an address, as on mobile networks",
        "60",
    ),
    (
        "reports_at_once",
        "how many of them at once, before the hourly pace holds",
        "20",
    ),
    (
        "database_connections",
        "connections that write (PostgreSQL)",
        "6",
    ),
    (
        "warnings_at",
        "the local time of day from which the day before is looked at for what is unusual",
        DEFAULT_WARNINGS_AT,
    ),
    (
        "base_map",
        "a map of somebody else below ours: the address of its pictures with `{z}`, `{x}` and `{y}`; WGS 84 or CGCS2000 in Web Mercator; readers' browsers then ask that host",
        "none: nothing outside is asked",
    ),
    (
        "base_map_attribution",
        "whose the base map is, as its owner wants it shown",
        "",
    ),
    (
        "smtp_url",
        "the mail server for notices: `smtps://user:password@host`, `smtp://host:587?tls=required`; better given as SHIYU_SMTP_URL, since it holds a password",
        "none: no mail is sent",
    ),
    (
        "smtp_from",
        "the sender of mail, such as `City <noreply@city.example>`",
        "none; needed with smtp_url",
    ),
    (
        "notice_gateway",
        "the city's gateway for text messages, WeChat or DingTalk, called by signed webhook; its host stands in webhook_hosts too",
        "none: no text message is sent",
    ),
    (
        "notice_gateway_secret",
        "the secret shared with the gateway, `whsec_` and base64; better given as SHIYU_NOTICE_GATEWAY_SECRET",
        "none; needed with notice_gateway",
    ),
    (
        "notices_in",
        "the language of people who chose none: `zh-CN` or `en`",
        "zh-CN",
    ),
    (
        "webhook_hosts",
        "hosts that the program may call, separated by commas; it calls no other",
        "none: nobody is called",
    ),
    (
        "webhook_networks",
        "networks that are not public and may be called all the same, such as `10.0.0.0/8`",
        "none: public addresses only",
    ),
    (
        "webhook_authorities",
        "a PEM file of certificate authorities of the city's own, beside the public ones",
        "none",
    ),
];

/// The configuration a command runs under.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database.
    pub db: String,
    /// The name of the city, if one was set.
    pub city: Option<String>,
    /// The zone.
    pub timezone: TimeZone,
    /// The district of record of reports whose place is not known.
    pub district: kernel::codes::DistrictCode,
    /// How the program is reached.
    pub public_url: String,
    /// A proxy stands in front.
    pub behind_proxy: bool,
    /// Keys, pictures, documents.
    pub data_dir: PathBuf,
    /// Idle time-out in minutes.
    pub session_idle_minutes: i64,
    /// Requests at once.
    pub requests_in_flight: usize,
    /// Reports an hour from one network without signing in.
    pub reports_per_hour: u32,
    /// How many of them at once.
    pub reports_at_once: u32,
    /// Writing connections.
    pub database_connections: usize,
    /// From when the day before is looked at for what is unusual.
    pub warnings_at: jiff::civil::Time,
    /// A map of somebody else below ours.
    pub base_map: Option<ui::BaseMap>,
    /// How notices leave the program.
    pub notices: NoticeKeys,
}

/// How notices leave the program, and whom it may call.
#[derive(Debug, Clone)]
pub struct NoticeKeys {
    /// The mail server.
    pub mail: Option<notices::channels::MailConfig>,
    /// The gateway for text messages.
    pub gateway: Option<(notices::outgoing::Endpoint, notices::outgoing::Secret)>,
    /// The language of people who chose none.
    pub lang: ui::Lang,
    /// Who calls other systems.
    pub caller: notices::outgoing::Caller,
}

/// Reads the keys of notices; the error names the key.
fn notice_keys(
    text: impl Fn(&'static str) -> Option<String>,
) -> Result<NoticeKeys, (&'static str, String)> {
    use notices::outgoing::{Caller, Policy, Secret};
    let given = |key| {
        text(key)
            .map(|t| t.trim().to_owned())
            .filter(|t| !t.is_empty())
    };
    let mail = match (given("smtp_url"), given("smtp_from")) {
        (None, _) => None,
        (Some(url), Some(from)) => Some(notices::channels::MailConfig { url, from }),
        (Some(_), None) => return Err(("smtp_from", "is needed with smtp_url".into())),
    };
    let gateway = match (given("notice_gateway"), given("notice_gateway_secret")) {
        (None, _) => None,
        (Some(url), Some(secret)) => {
            let endpoint = url
                .parse()
                .map_err(|e: &str| ("notice_gateway", e.to_owned()))?;
            let secret =
                Secret::parse(&secret).map_err(|e| ("notice_gateway_secret", e.to_owned()))?;
            Some((endpoint, secret))
        }
        (Some(_), None) => {
            return Err((
                "notice_gateway_secret",
                "is needed with notice_gateway".into(),
            ));
        }
    };
    let lang = match given("notices_in").as_deref() {
        None | Some("zh-CN") => ui::Lang::Zh,
        Some("en") => ui::Lang::En,
        Some(other) => return Err(("notices_in", format!("{other:?} is neither zh-CN nor en"))),
    };
    let hosts = given("webhook_hosts").unwrap_or_default();
    let networks = given("webhook_networks").unwrap_or_default();
    let policy = Policy::parse(&hosts, &networks).map_err(|e| (e.key, e.reason))?;
    let authorities = given("webhook_authorities").map(PathBuf::from);
    let caller =
        Caller::new(policy, authorities.as_deref()).map_err(|e| ("webhook_authorities", e))?;
    Ok(NoticeKeys {
        mail,
        gateway,
        lang,
        caller,
    })
}

impl Common {
    /// Reads file and environment.
    ///
    /// # Errors
    /// Exit 2, naming the key at fault.
    pub fn load(&self) -> Result<Config, Failure> {
        let file = match &self.config {
            Some(path) => read(path)?,
            None => File::default(),
        };
        Config::new(self.db.clone(), file, |key| {
            std::env::var(format!("SHIYU_{}", key.to_uppercase())).ok()
        })
    }
}

fn read(path: &Path) -> Result<File, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        Failure::unusable(
            "unreadable_config",
            format!("cannot read {}: {e}", path.display()),
        )
        .field("config")
    })?;
    toml::from_str(&text).map_err(|e| {
        Failure::unusable(
            "unreadable_config",
            format!("{}: {}", path.display(), e.message()),
        )
        .field("config")
    })
}

impl Config {
    fn new(
        db: Option<String>,
        file: File,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let wrong = |key: &str, why: String| {
            Failure::unusable("unusable_config", format!("{key}: {why}")).field(key)
        };
        fn parsed<T: std::str::FromStr>(
            env: Option<String>,
            file: Option<T>,
            default: T,
        ) -> Result<T, String>
        where
            T::Err: std::fmt::Display,
        {
            match env {
                Some(text) => text
                    .parse()
                    .map_err(|e| format!("cannot use {text:?}: {e}")),
                None => Ok(file.unwrap_or(default)),
            }
        }
        let text = |key: &str, file: Option<String>, default: &str| {
            env(key).or(file).unwrap_or_else(|| default.to_owned())
        };
        let limits = access::Limits::default();
        let db = db.unwrap_or_else(|| text("db", file.db, DEFAULT_DB));
        let zone = text("timezone", file.timezone, "Asia/Shanghai");
        let district = text("district", file.district, "990001");
        let warnings_at = text("warnings_at", file.warnings_at, DEFAULT_WARNINGS_AT);
        let data_dir = env("data_dir")
            .map(PathBuf::from)
            .or(file.data_dir)
            .unwrap_or_else(|| beside(&db));
        let attribution = text("base_map_attribution", file.base_map_attribution, "");
        let base_map = env("base_map")
            .or(file.base_map)
            .filter(|url| !url.is_empty())
            .map(|url| ui::BaseMap::new(&url, &attribution))
            .transpose()
            .map_err(|e| wrong("base_map", e))?;
        let notices = notice_keys(|key| {
            env(key).or_else(|| match key {
                "smtp_url" => file.smtp_url.clone(),
                "smtp_from" => file.smtp_from.clone(),
                "notice_gateway" => file.notice_gateway.clone(),
                "notice_gateway_secret" => file.notice_gateway_secret.clone(),
                "notices_in" => file.notices_in.clone(),
                "webhook_hosts" => file.webhook_hosts.clone(),
                "webhook_networks" => file.webhook_networks.clone(),
                "webhook_authorities" => file
                    .webhook_authorities
                    .as_ref()
                    .map(|p| p.display().to_string()),
                _ => None,
            })
        })
        .map_err(|(key, why)| wrong(key, why))?;
        Ok(Self {
            notices,
            base_map,
            city: env("city").or(file.city),
            timezone: TimeZone::get(&zone)
                .map_err(|e| wrong("timezone", format!("unknown time zone {zone:?}: {e}")))?,
            district: district
                .parse()
                .map_err(|e: kernel::codes::CodeError| wrong("district", e.to_string()))?,
            public_url: text("public_url", file.public_url, "http://127.0.0.1:8311")
                .trim_end_matches('/')
                .to_owned(),
            behind_proxy: parsed(env("behind_proxy"), file.behind_proxy, false)
                .map_err(|e| wrong("behind_proxy", e))?,
            session_idle_minutes: parsed(
                env("session_idle_minutes"),
                file.session_idle_minutes,
                30,
            )
            .map_err(|e| wrong("session_idle_minutes", e))?
            .clamp(1, 24 * 60),
            requests_in_flight: parsed(env("requests_in_flight"), file.requests_in_flight, 256)
                .map_err(|e| wrong("requests_in_flight", e))?
                .clamp(1, 10_000),
            reports_per_hour: parsed(
                env("reports_per_hour"),
                file.reports_per_hour,
                limits.reports_per_hour,
            )
            .map_err(|e| wrong("reports_per_hour", e))?
            .max(1),
            reports_at_once: parsed(
                env("reports_at_once"),
                file.reports_at_once,
                limits.report_burst,
            )
            .map_err(|e| wrong("reports_at_once", e))?
            .max(1),
            database_connections: parsed(env("database_connections"), file.database_connections, 6)
                .map_err(|e| wrong("database_connections", e))?
                .clamp(1, 200),
            warnings_at: warnings_at.parse().map_err(|e| {
                let text = format!("cannot read the time of day {warnings_at:?}: {e}");
                wrong("warnings_at", text)
            })?,
            data_dir,
            db,
        })
    }
}

/// The folder beside the SQLite file; without one, `shiyu-data`.
fn beside(db: &str) -> PathBuf {
    let folder = db
        .strip_prefix("sqlite:")
        .and_then(|path| Path::new(path).parent());
    folder
        .filter(|f| !f.as_os_str().is_empty())
        .map_or_else(|| PathBuf::from("shiyu-data"), Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_over_the_file_and_the_command_line_over_both() {
        let file: File =
            toml::from_str("db = 'sqlite:a/x.db'\ntimezone = 'UTC'\nsession_idle_minutes = 5")
                .unwrap();
        let env = |key: &str| (key == "timezone").then(|| "America/Chicago".to_owned());
        let config = Config::new(Some("sqlite:b/y.db".into()), file, env).unwrap();
        assert_eq!(config.db, "sqlite:b/y.db");
        assert_eq!(config.timezone.iana_name(), Some("America/Chicago"));
        assert_eq!(config.session_idle_minutes, 5);
        assert_eq!(config.data_dir, Path::new("b"));
    }

    #[test]
    fn a_key_that_cannot_be_used_is_named() {
        let none = |_: &str| None;
        assert!(toml::from_str::<File>("colour = 'red'").is_err());
        let file: File = toml::from_str("timezone = 'Mars'").unwrap();
        assert!(Config::new(None, file, none).is_err());
        for (wrong, value) in [
            ("notices_in", "de"),
            ("webhook_hosts", "https://a.b"),
            ("webhook_networks", "10.0.0.0/99"),
            ("webhook_authorities", "/nowhere.pem"),
            ("behind_proxy", "perhaps"),
            ("reports_per_hour", "many"),
            ("reports_at_once", "-1"),
            ("base_map", "tiles.example/{z}/{x}/{y}"),
        ] {
            let env = |key: &str| (key == wrong).then(|| value.to_owned());
            let failure = Config::new(None, File::default(), env).unwrap_err();
            assert_eq!(failure.field.as_deref(), Some(wrong));
        }
    }

    #[test]
    fn every_key_of_the_file_is_in_the_table() {
        for (key, ..) in KEYS {
            let line = match *key {
                "behind_proxy" => format!("{key} = true"),
                "session_idle_minutes"
                | "requests_in_flight"
                | "reports_per_hour"
                | "reports_at_once"
                | "database_connections" => {
                    format!("{key} = 1")
                }
                _ => format!("{key} = 'x'"),
            };
            assert!(toml::from_str::<File>(&line).is_ok(), "{key}");
        }
    }
}
