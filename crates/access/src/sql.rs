//! Statements and rows of accounts, sessions and tokens.

use crate::permission::{Permission, Role};
use crate::principal::{AccountId, UnitId};
use jiff::Timestamp;
use kernel::codes::DistrictCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{DecodeError, FromValue, Read, StoreResult, ToValue, Value, ValueRef, params};

/// A short list kept as JSON in one column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JsonList<T>(pub Vec<T>);

impl<T: Serialize> ToValue for JsonList<T> {
    fn to_value(&self) -> Value {
        Value::Text(serde_json::to_string(&self.0).expect("a list of words is always JSON"))
    }
}
impl<T: DeserializeOwned> FromValue for JsonList<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        let text = String::from_value(value)?;
        serde_json::from_str(&text)
            .map(Self)
            .map_err(|e| DecodeError(format!("{text:?}: {e}")))
    }
}

store::record! {
    /// An account as far as acting needs it.
    #[derive(Debug, Clone)]
    pub(crate) struct FoundAccount {
        pub id: AccountId,
        pub name: String,
        pub roles: JsonList<Role>,
        pub unit: Option<UnitId>,
        pub districts: JsonList<DistrictCode>,
        pub must_change: bool,
    }
}

store::record! {
    /// A session that still runs.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct FoundSession {
        pub csrf: [u8; 32],
        pub seen_at: Timestamp,
    }
}

const SESSION: &str = "SELECT a.id, a.name, a.roles, a.unit, a.districts, a.must_change, s.csrf, s.seen_at \
     FROM sessions s JOIN accounts a ON a.id = s.account \
     WHERE s.token = $1 AND s.expires_at > $2 AND s.seen_at > $3 AND a.disabled = 0";

/// The session of a token and its account, unless it is over or the account is closed.
pub(crate) fn session(
    r: &mut Read<'_>,
    token: &[u8; 32],
    now: Timestamp,
    idle_since: Timestamp,
) -> StoreResult<Option<(FoundAccount, FoundSession)>> {
    let mut found = None;
    r.each(SESSION, params![token, now, idle_since], |row| {
        let account = FoundAccount {
            id: row.get(0)?,
            name: row.get(1)?,
            roles: row.get(2)?,
            unit: row.get(3)?,
            districts: row.get(4)?,
            must_change: row.get(5)?,
        };
        found = Some((
            account,
            FoundSession {
                csrf: row.get(6)?,
                seen_at: row.get(7)?,
            },
        ));
        Ok(false)
    })?;
    Ok(found)
}

const TOKEN: &str = "SELECT a.id, a.name, a.roles, a.unit, a.districts, a.must_change, t.scopes \
     FROM api_tokens t JOIN accounts a ON a.id = t.account \
     WHERE t.token = $1 AND t.expires_at > $2 AND t.revoked_at IS NULL AND a.disabled = 0";

/// The account behind an API token and the token's scopes, unless either is over.
pub(crate) fn token(
    r: &mut Read<'_>,
    token: &[u8; 32],
    now: Timestamp,
) -> StoreResult<Option<(FoundAccount, JsonList<Permission>)>> {
    let mut found = None;
    r.each(TOKEN, params![token, now], |row| {
        let account = FoundAccount {
            id: row.get(0)?,
            name: row.get(1)?,
            roles: row.get(2)?,
            unit: row.get(3)?,
            districts: row.get(4)?,
            must_change: row.get(5)?,
        };
        found = Some((account, row.get(6)?));
        Ok(false)
    })?;
    Ok(found)
}
