//! Rules of the city as versioned data: what is in force, what was before, setting and setting back.

use crate::city_settings::{Setting, SettingsList, Values};
use crate::ctx::{Ctx, Refused};
use crate::permission::Permission;
use jiff::Timestamp;
use kernel::id::Id;
use std::collections::BTreeMap;
use store::{AuditEvent, Read, StoreError, StoreResult, Write, params};

store::record! {
    /// One value that a rule had.
    #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
    pub struct Version {
        /// The order in which values were set, over all rules.
        pub seq: i64,
        /// The rule.
        pub key: String,
        /// The value; none: the default.
        pub value: Option<String>,
        /// When it was set.
        pub at: Timestamp,
        /// By which account.
        pub set_by: Option<Id>,
        /// Why.
        pub reason: String,
    }
}

/// Why a rule cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// The reader may not.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// No rule has this name.
    #[error("no rule is called {0:?}")]
    Unknown(String),
    /// The value is none.
    #[error("{key}: {reason}")]
    Value {
        /// The rule.
        key: String,
        /// Why.
        reason: String,
    },
    /// The value names what the city does not have.
    #[error("{key}: the city has no {name:?}")]
    Names {
        /// The rule.
        key: String,
        /// The name.
        name: String,
    },
    /// Without a reason nobody knows later why.
    #[error("a reason is needed, of at most {LONGEST_REASON} characters")]
    Reason,
    /// There is no value before this one.
    #[error("{0} has not been changed: there is nothing to set back")]
    NothingBefore(String),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The longest reason, in characters.
pub const LONGEST_REASON: usize = 500;
/// Versions of one rule that are shown.
const SHOWN: i64 = 100;

const LATEST: &str = "SELECT name, value FROM city_settings WHERE seq IN (SELECT max(seq) FROM city_settings GROUP BY name) ORDER BY name";

/// What the city has set. One statement.
pub fn in_force(r: &mut Read<'_>) -> StoreResult<Values> {
    let rows: Vec<(String, Option<String>)> = r.all(LATEST, &[])?;
    Ok(rows
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect())
}

/// The values a rule had, the present one first.
pub fn history(r: &mut Read<'_>, key: &str) -> StoreResult<Vec<Version>> {
    r.all(
        "SELECT seq, name, value, at, set_by, reason FROM city_settings WHERE name = $1 ORDER BY seq DESC LIMIT $2",
        params![key, SHOWN],
    )
}

/// Sets rules, all or none: each key with its new value, none for the default. Answers how many changed.
///
/// # Errors
/// [`SettingError`]; then nothing was set.
pub async fn set(
    ctx: &Ctx,
    list: &SettingsList,
    wanted: &BTreeMap<String, Option<String>>,
    reason: &str,
) -> Result<usize, SettingError> {
    let (checked, reason) = checked(ctx, list, wanted, reason)?;
    let list = list.clone();
    ctx.write(move |w| store_all(w, &list, &checked, &reason))
        .await
}

/// [`set`] for the command line. Must not be called on an async thread.
///
/// # Errors
/// The same.
pub fn set_blocking(
    ctx: &Ctx,
    list: &SettingsList,
    wanted: &BTreeMap<String, Option<String>>,
    reason: &str,
) -> Result<usize, SettingError> {
    let (checked, reason) = checked(ctx, list, wanted, reason)?;
    let list = list.clone();
    ctx.write_blocking(move |w| store_all(w, &list, &checked, &reason))
}

/// Sets a rule back to the value it had before the present one.
///
/// # Errors
/// As [`set`]; a rule that was never changed.
pub async fn set_back(
    ctx: &Ctx,
    list: &SettingsList,
    key: &str,
    reason: &str,
) -> Result<usize, SettingError> {
    let wanted = key.to_owned();
    let versions = ctx
        .read::<_, StoreError, _>(move |r| history(r, &wanted))
        .await?;
    if versions.is_empty() {
        return Err(SettingError::NothingBefore(key.to_owned()));
    }
    let before = versions.get(1).and_then(|v| v.value.clone());
    set(
        ctx,
        list,
        &BTreeMap::from([(key.to_owned(), before)]),
        reason,
    )
    .await
}

type Checked = Vec<(Setting, Option<String>)>;

fn checked(
    ctx: &Ctx,
    list: &SettingsList,
    wanted: &BTreeMap<String, Option<String>>,
    reason: &str,
) -> Result<(Checked, String), SettingError> {
    ctx.require(Permission::ReferenceManage)?;
    let reason = reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err(SettingError::Reason);
    }
    let mut checked = Vec::with_capacity(wanted.len());
    for (key, text) in wanted {
        let setting = *list
            .get(key)
            .ok_or_else(|| SettingError::Unknown(key.chars().take(80).collect()))?;
        let value = match text {
            Some(text) => Some((setting.check)(text).map_err(|reason| SettingError::Value {
                key: key.clone(),
                reason,
            })?),
            None => None,
        };
        // What equals the default follows the default.
        checked.push((setting, value.filter(|v| v != setting.default)));
    }
    Ok((checked, reason))
}

fn store_all(
    mut w: Write<'_>,
    list: &SettingsList,
    checked: &Checked,
    reason: &str,
) -> Result<store::Sealed<usize>, SettingError> {
    let before = in_force(&mut w)?;
    let (last,): (Option<i64>,) = w.one("SELECT max(seq) FROM city_settings", &[])?;
    let (mut seq, at) = (last.unwrap_or(0), w.now());
    let by = w.grant().actor().id;
    let mut events = Vec::new();
    for (setting, value) in checked {
        let key = setting.key();
        if before.get(&key) == value.as_ref() {
            continue;
        }
        if let Some(value) = value
            && let Some(name) = list.unknown_name(&mut w, setting, value)?
        {
            return Err(SettingError::Names { key, name });
        }
        seq += 1;
        w.exec(
            "INSERT INTO city_settings (seq, name, value, at, set_by, reason) VALUES ($1, $2, $3, $4, $5, $6)",
            params![seq, key, value, at, by, reason],
        )?;
        let detail = serde_json::json!({
            "before": setting.value(&before), "after": value.as_deref().unwrap_or(setting.default), "reason": reason,
        });
        events.push(AuditEvent::done("city_settings.set", "setting", key).detail(detail));
    }
    if events.is_empty() {
        return Ok(w.unchanged(0)?);
    }
    let changed = events.len();
    Ok(w.commit_all(&events, changed)?)
}
