//! Statements and rows of accounts, sessions and tokens.

use crate::model::{Account, AccountDraft, ApiToken, NewAccount};
use crate::permission::{Permission, Role};
use crate::principal::{AccountId, LeftUnit, UnitId};
use jiff::Timestamp;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{
    DecodeError, FromValue, Read, Row, StoreResult, ToValue, Value, ValueRef, Write, params,
};

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

/// An account as far as acting needs it.
#[derive(Debug, Clone)]
pub(crate) struct FoundAccount {
    pub id: AccountId,
    pub name: String,
    pub roles: JsonList<Role>,
    pub unit: Option<UnitId>,
    pub districts: JsonList<DistrictCode>,
    pub must_change: bool,
    pub left: JsonList<LeftUnit>,
}

impl FoundAccount {
    /// The first seven columns of the look-ups below.
    fn of(row: &Row<'_>) -> StoreResult<Self> {
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            roles: row.get(2)?,
            unit: row.get(3)?,
            districts: row.get(4)?,
            must_change: row.get(5)?,
            left: row.get(6)?,
        })
    }
    /// The colleague on leave, in the six columns from `first` on; none where the first is empty.
    fn away(row: &Row<'_>, first: usize) -> StoreResult<Option<Self>> {
        let Some(id) = row.get::<Option<AccountId>>(first)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            id,
            name: row.get(first + 1)?,
            roles: row.get(first + 2)?,
            unit: row.get(first + 3)?,
            districts: row.get(first + 4)?,
            must_change: false,
            left: row.get(first + 5)?,
        }))
    }
}

/// A session that still runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FoundSession {
    pub csrf: [u8; 32],
    pub seen_at: Timestamp,
}

const SESSION: &str = "SELECT a.id, a.name, a.roles, a.unit, a.districts, a.must_change, a.left_units, s.csrf, s.seen_at, \
     f.id, f.name, f.roles, f.unit, f.districts, f.left_units \
     FROM sessions s JOIN accounts a ON a.id = s.account \
     LEFT JOIN deputies d ON d.id = s.acting_under AND d.deputy = a.id AND d.from_at <= $2 AND d.to_at > $2 \
     AND d.ended_at IS NULL LEFT JOIN accounts f ON f.id = d.account AND f.disabled = 0 \
     WHERE s.token = $1 AND s.expires_at > $2 AND s.seen_at > $3 AND a.disabled = 0";

/// The session of a token and its account, unless it is over or the account is closed; and the account of the colleague in
/// whose place it acts, while that lasts.
pub(crate) fn session(
    r: &mut Read<'_>,
    token: &[u8; 32],
    now: Timestamp,
    idle_since: Timestamp,
) -> StoreResult<Option<(FoundAccount, FoundSession, Option<FoundAccount>)>> {
    let mut found = None;
    r.each(SESSION, params![token, now, idle_since], |row| {
        let account = FoundAccount::of(row)?;
        found = Some((
            account,
            FoundSession {
                csrf: row.get(7)?,
                seen_at: row.get(8)?,
            },
            FoundAccount::away(row, 9)?,
        ));
        Ok(false)
    })?;
    Ok(found)
}

const ORDERER: &str = "SELECT a.id, a.name, a.roles, a.unit, a.districts, a.must_change, a.left_units, \
     f.id, f.name, f.roles, f.unit, f.districts, f.left_units FROM accounts a \
     LEFT JOIN deputies d ON d.deputy = a.id AND d.account = $2 AND d.from_at <= $3 AND d.to_at > $3 AND d.ended_at IS NULL \
     LEFT JOIN accounts f ON f.id = d.account AND f.disabled = 0 \
     WHERE a.id = $1 AND a.disabled = 0 ORDER BY f.id LIMIT 1";

/// An account that is not closed, and the colleague in whose place it may act at a moment.
pub(crate) fn orderer(
    r: &mut Read<'_>,
    account: AccountId,
    behalf: Option<AccountId>,
    now: Timestamp,
) -> StoreResult<Option<(FoundAccount, Option<FoundAccount>)>> {
    let mut found = None;
    r.each(ORDERER, params![account, behalf, now], |row| {
        found = Some((FoundAccount::of(row)?, FoundAccount::away(row, 7)?));
        Ok(false)
    })?;
    Ok(found)
}

const TOKEN: &str = "SELECT a.id, a.name, a.roles, a.unit, a.districts, a.must_change, a.left_units, t.scopes \
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
        let account = FoundAccount::of(row)?;
        found = Some((account, row.get(7)?));
        Ok(false)
    })?;
    Ok(found)
}

macro_rules! account_columns {
    () => {
        "id, login, name, roles, unit, districts, failed_tries, locked_until, disabled, must_change, created_at, version, left_units"
    };
}

const BY_ID: &str = concat!(
    "SELECT ",
    account_columns!(),
    " FROM accounts WHERE id = $1"
);
const BY_LOGIN: &str = concat!(
    "SELECT ",
    account_columns!(),
    " FROM accounts WHERE login = $1"
);
const PAGE: &str = concat!(
    "SELECT ",
    account_columns!(),
    " FROM accounts WHERE login > $1 ORDER BY login LIMIT $2"
);
const SEARCH: &str = concat!(
    "SELECT ",
    account_columns!(),
    " FROM accounts WHERE login > $1 AND (login LIKE $3 OR lower(name) LIKE $3) ORDER BY login LIMIT $2"
);

/// The account of an id.
pub(crate) fn account(r: &mut Read<'_>, id: AccountId) -> StoreResult<Option<Account>> {
    r.opt(BY_ID, params![id])
}
/// The account of a login.
pub(crate) fn account_by_login(r: &mut Read<'_>, login: &str) -> StoreResult<Option<Account>> {
    r.opt(BY_LOGIN, params![login])
}
/// Accounts after a login; `like` is a pattern in lowercase for login or name.
pub(crate) fn accounts(
    r: &mut Read<'_>,
    after: &str,
    limit: i64,
    like: Option<&str>,
) -> StoreResult<Vec<Account>> {
    match like {
        Some(like) => r.all(SEARCH, params![after, limit, like]),
        None => r.all(PAGE, params![after, limit]),
    }
}

const BY_NAME: &str = "SELECT id FROM accounts WHERE name = $1 ORDER BY id LIMIT 100";

/// The accounts of this name, open or closed.
pub(crate) fn accounts_named(r: &mut Read<'_>, name: &str) -> StoreResult<Vec<Id>> {
    let found: Vec<(Id,)> = r.all(BY_NAME, params![name])?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

const OF_UNIT: &str = concat!(
    "SELECT ",
    account_columns!(),
    " FROM accounts WHERE unit = $1 AND disabled = 0 ORDER BY name, login LIMIT 200"
);

/// The open accounts of a unit.
pub(crate) fn of_unit(r: &mut Read<'_>, unit: UnitId) -> StoreResult<Vec<Account>> {
    r.all(OF_UNIT, params![unit])
}

const OF_ROLE: &str = concat!(
    "SELECT ",
    account_columns!(),
    " FROM accounts WHERE roles LIKE $1 AND (districts = '[]' OR districts LIKE $2) AND disabled = 0 ORDER BY id LIMIT $3"
);

/// The open accounts that hold a role and may see a district.
pub(crate) fn of_role(
    r: &mut Read<'_>,
    role: Role,
    district: DistrictCode,
    limit: i64,
) -> StoreResult<Vec<Account>> {
    let (role, district) = (format!("%\"{role}\"%"), format!("%\"{district}\"%"));
    r.all(OF_ROLE, params![role, district, limit])
}

/// The names of accounts, in no order. Ids that are no account are left out.
pub(crate) fn names(r: &mut Read<'_>, ids: &[AccountId]) -> StoreResult<Vec<(AccountId, String)>> {
    let values: Vec<Value> = ids.iter().map(ToValue::to_value).collect();
    let marks: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        "SELECT id, name FROM accounts WHERE id IN ({})",
        marks.join(", ")
    );
    r.all(&sql, &values)
}

const PASSWORD: &str = "SELECT password FROM accounts WHERE id = $1";

/// The password hash of an account.
pub(crate) fn password(r: &mut Read<'_>, id: AccountId) -> StoreResult<Option<String>> {
    Ok(r.opt::<(String,)>(PASSWORD, params![id])?.map(|row| row.0))
}

const INSERT: &str = "INSERT INTO accounts (id, login, name, password, roles, unit, districts, failed_tries, locked_until, \
     disabled, must_change, created_at, changed_at, version) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, 0, NULL, 0, $8, $9, $9, 1)";

/// Adds an account.
pub(crate) fn insert(w: &mut Write<'_>, new: &NewAccount, now: Timestamp) -> StoreResult<()> {
    let NewAccount {
        id,
        login,
        draft,
        password_hash,
        must_change,
    } = new;
    let AccountDraft {
        name,
        roles,
        unit,
        districts,
    } = draft;
    let (roles, districts) = (JsonList(roles.clone()), JsonList(districts.clone()));
    w.exec(
        INSERT,
        params![
            id,
            login,
            name,
            password_hash,
            roles,
            unit,
            districts,
            must_change,
            now
        ],
    )
    .map(|_| ())
}

const EDIT: &str = "UPDATE accounts SET name = $3, roles = $4, unit = $5, districts = $6, changed_at = $7, left_units = $8, version = version + 1 \
     WHERE id = $1 AND version = $2";

/// Changes what the security administrator may change, if nobody did since `version`; `left` are all units it belonged to before.
pub(crate) fn edit(
    w: &mut Write<'_>,
    id: AccountId,
    version: i64,
    draft: &AccountDraft,
    left: &[LeftUnit],
) -> StoreResult<()> {
    let AccountDraft {
        name,
        roles,
        unit,
        districts,
    } = draft;
    let (roles, districts) = (JsonList(roles.clone()), JsonList(districts.clone()));
    let (now, left) = (w.now(), JsonList(left.to_vec()));
    w.exec_one(
        EDIT,
        params![id, version, name, roles, unit, districts, now, left],
    )
}

const HOLD: &str = "UPDATE accounts SET version = version WHERE id = $1";

/// The account as it stands, held against others until the end of the transaction: what is decided on it stays true.
pub(crate) fn hold_account(w: &mut Write<'_>, id: AccountId) -> StoreResult<Option<Account>> {
    w.exec(HOLD, params![id])?;
    account(w, id)
}

const STANDING: &str = "UPDATE accounts SET failed_tries = $2, locked_until = $3 WHERE id = $1";

/// Notes wrong tries and a lock, or forgets both, of an account that is held. No change for whoever edits it.
pub(crate) fn set_standing(
    w: &mut Write<'_>,
    id: AccountId,
    failed_tries: u32,
    locked_until: Option<Timestamp>,
) -> StoreResult<()> {
    w.exec_one(STANDING, params![id, failed_tries, locked_until])
}

const CLOSE: &str = "UPDATE accounts SET disabled = $2, failed_tries = 0, locked_until = NULL, changed_at = $3, version = version + 1 WHERE id = $1";

/// Closes an account or opens it again; opening also ends a lock.
pub(crate) fn set_disabled(w: &mut Write<'_>, id: AccountId, is_disabled: bool) -> StoreResult<()> {
    let now = w.now();
    w.exec_one(CLOSE, params![id, is_disabled, now])
}

const NEW_PASSWORD: &str = "UPDATE accounts SET password = $2, must_change = $3, failed_tries = 0, locked_until = NULL, changed_at = $4 WHERE id = $1";

/// Replaces the password hash, which also ends a lock.
pub(crate) fn set_password(
    w: &mut Write<'_>,
    id: AccountId,
    hash: &str,
    must_change: bool,
) -> StoreResult<()> {
    let now = w.now();
    w.exec_one(NEW_PASSWORD, params![id, hash, must_change, now])
}

const NEW_SESSION: &str = "INSERT INTO sessions (token, account, csrf, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $4, $5)";

/// Begins a session.
pub(crate) fn insert_session(
    w: &mut Write<'_>,
    token: &[u8; 32],
    account: AccountId,
    csrf: &[u8; 32],
    expires_at: Timestamp,
) -> StoreResult<()> {
    let now = w.now();
    w.exec(NEW_SESSION, params![token, account, csrf, now, expires_at])
        .map(|_| ())
}

const ENDED_SESSION: &str = "SELECT s.account, s.csrf FROM sessions s JOIN accounts a ON a.id = s.account \
     WHERE s.token = $1 AND a.disabled = 0";

/// Whose session this is or was, and its secret, for as long as it is not forgotten: what it sent can still be known as its own.
pub(crate) fn ended_session(
    r: &mut Read<'_>,
    token: &[u8; 32],
) -> StoreResult<Option<(AccountId, [u8; 32])>> {
    r.opt(ENDED_SESSION, params![token])
}

const END_SESSION: &str = "DELETE FROM sessions WHERE token = $1";
const END_SESSIONS: &str = "DELETE FROM sessions WHERE account = $1";
const FORGET_SESSIONS: &str = "DELETE FROM sessions WHERE expires_at < $1";

/// Ends one session.
pub(crate) fn end_session(w: &mut Write<'_>, token: &[u8; 32]) -> StoreResult<u64> {
    w.exec(END_SESSION, params![token])
}
/// Ends all sessions of an account; answers how many there were.
pub(crate) fn end_sessions(w: &mut Write<'_>, account: AccountId) -> StoreResult<u64> {
    w.exec(END_SESSIONS, params![account])
}
/// Removes sessions that ran out before `before`.
pub(crate) fn forget_sessions(w: &mut Write<'_>, before: Timestamp) -> StoreResult<u64> {
    w.exec(FORGET_SESSIONS, params![before])
}

const NEW_TOKEN: &str = "INSERT INTO api_tokens (id, token, account, name, scopes, created_at, expires_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)";
const TOKENS: &str = "SELECT id, name, scopes, created_at, expires_at, revoked_at FROM api_tokens WHERE account = $1 ORDER BY id DESC LIMIT 200";
const LIVE_TOKENS: &str =
    "SELECT COUNT(*) FROM api_tokens WHERE revoked_at IS NULL AND expires_at > $1";
const REVOKE: &str =
    "UPDATE api_tokens SET revoked_at = $3 WHERE id = $1 AND account = $2 AND revoked_at IS NULL";

/// How many API tokens work at a moment.
pub(crate) fn live_tokens(r: &mut Read<'_>, now: Timestamp) -> StoreResult<i64> {
    Ok(r.one::<(i64,)>(LIVE_TOKENS, params![now])?.0)
}

/// Adds an API token.
pub(crate) fn insert_token(
    w: &mut Write<'_>,
    token: &ApiToken,
    hash: &[u8; 32],
    account: AccountId,
) -> StoreResult<()> {
    let ApiToken {
        id,
        name,
        scopes,
        created_at,
        expires_at,
        ..
    } = token;
    w.exec(
        NEW_TOKEN,
        params![id, hash, account, name, scopes, created_at, expires_at],
    )
    .map(|_| ())
}
/// The latest 200 tokens of an account.
pub(crate) fn tokens(r: &mut Read<'_>, account: AccountId) -> StoreResult<Vec<ApiToken>> {
    r.all(TOKENS, params![account])
}
/// Takes a token back.
pub(crate) fn revoke_token(w: &mut Write<'_>, id: Id, account: AccountId) -> StoreResult<u64> {
    let now = w.now();
    w.exec(REVOKE, params![id, account, now])
}

const ANY_OVER: &str = "SELECT CASE WHEN EXISTS (SELECT 1 FROM sessions WHERE expires_at < $1) \
     OR EXISTS (SELECT 1 FROM idempotency WHERE created_at < $2) THEN 1 ELSE 0 END";
const FORGET_ANSWERS: &str = "DELETE FROM idempotency WHERE created_at < $1";

/// Whether there is a session or a kept answer to remove.
pub(crate) fn is_any_over(
    r: &mut Read<'_>,
    sessions: Timestamp,
    answers: Timestamp,
) -> StoreResult<bool> {
    Ok(r.one::<(bool,)>(ANY_OVER, params![sessions, answers])?.0)
}
/// Removes kept answers older than `before`.
pub(crate) fn forget_answers(w: &mut Write<'_>, before: Timestamp) -> StoreResult<u64> {
    w.exec(FORGET_ANSWERS, params![before])
}
