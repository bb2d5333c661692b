//! Accounts and API tokens as people see them.

use crate::permission::{Permission, Role};
use crate::principal::{AccountId, LeftUnit, UnitId};
use crate::sql::JsonList;
use jiff::Timestamp;
use kernel::codes::DistrictCode;
use kernel::id::Id;

store::record! {
    /// 账号 — who may sign in.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Account {
        /// Its id.
        pub id: AccountId,
        /// What is typed at sign-in; lowercase.
        pub login: String,
        /// The name shown to colleagues.
        pub name: String,
        /// What it may be.
        pub roles: JsonList<Role>,
        /// The unit it belongs to.
        pub unit: Option<UnitId>,
        /// The districts it may see; empty means the whole city.
        pub districts: JsonList<DistrictCode>,
        /// Wrong passwords since the last right one.
        pub failed_tries: u32,
        /// Shut for a while after wrong passwords.
        pub locked_until: Option<Timestamp>,
        /// Closed by the security administrator.
        pub is_disabled: bool,
        /// The password has to be changed at the next sign-in.
        pub must_change: bool,
        /// When it was made.
        pub created_at: Timestamp,
        /// Counts changes; an edit names the one it saw.
        pub version: i64,
        /// The units it belonged to before.
        pub left: JsonList<LeftUnit>,
    }
}

/// What the security administrator fills in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDraft {
    /// The name shown to colleagues.
    pub name: String,
    /// What it may be.
    pub roles: Vec<Role>,
    /// The unit it belongs to.
    pub unit: Option<UnitId>,
    /// The districts it may see; empty means the whole city.
    pub districts: Vec<DistrictCode>,
}

/// An account to be made. The password is already hashed: hashing has no place in a transaction.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its id, made by the caller so that a closure that runs again makes the same account.
    pub id: AccountId,
    /// What is typed at sign-in.
    pub login: String,
    /// The rest.
    pub draft: AccountDraft,
    /// From [`crate::password::hash_blocking`].
    pub password_hash: String,
    /// Whether the password was made for one use.
    pub must_change: bool,
}

store::record! {
    /// 接口令牌 — a program that acts for an account. The token itself is shown once and not kept.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ApiToken {
        /// Its id.
        pub id: Id,
        /// What it is for.
        pub name: String,
        /// Which permissions of the account's roles it carries.
        pub scopes: JsonList<Permission>,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it ends.
        pub expires_at: Timestamp,
        /// When it was taken back.
        pub revoked_at: Option<Timestamp>,
    }
}

/// What the pages of accounts need to know of units and districts, which live in rooms above this one.
/// The program adds one to its [`crate::Services`] as [`Directory`].
pub trait Places: Send + Sync {
    /// Units to choose from, with their names.
    fn units(&self, lang: ui::Lang) -> Vec<(UnitId, String)>;
    /// Districts to choose from, with their names.
    fn districts(&self, lang: ui::Lang) -> Vec<(DistrictCode, String)>;
}

/// The service that offers units and districts to the pages of accounts.
pub struct Directory(pub Box<dyn Places>);

/// How many notices an account has not read, for the top bar: notices live in a room above this one. The program adds one
/// to its [`crate::Services`] as [`UnreadCount`]; it keeps what it knows for some seconds, so that pages cost nothing.
pub trait Unread: Send + Sync {
    /// How many; none where it cannot be told now.
    fn of<'a>(
        &'a self,
        account: AccountId,
    ) -> std::pin::Pin<Box<dyn Future<Output = Option<u64>> + Send + 'a>>;
}

/// The service that counts unread notices.
pub struct UnreadCount(pub Box<dyn Unread>);
