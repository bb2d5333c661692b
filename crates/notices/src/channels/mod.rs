//! Channels: how a notice leaves the program. A city that has another one implements [`Channel`] and adds a line where the
//! service is made.

mod gateway;
mod mail;

pub use gateway::Gateway;
pub use mail::{Mail, MailConfig};

use kernel::id::Id;
use std::future::Future;
use std::pin::Pin;
use vault::Field;

/// What is sent to one person by one channel.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The id of the notice: a message that is sent again has the same.
    pub id: Id,
    /// The kind of the notice.
    pub kind: String,
    /// The address or number, opened for this sending.
    pub to: String,
    /// One line.
    pub title: String,
    /// The text.
    pub text: String,
    /// Where it leads; empty if nowhere.
    pub link: String,
    /// `zh-CN` or `en`.
    pub lang: String,
    /// Where one POST ends messages of this kind (RFC 8058); empty where they end with the matter they tell of.
    pub ends_at: String,
}

/// Never shows a person's data.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Why a message was not taken. In words of the program: they stand in a list, so they name no person and repeat nothing
/// that the other side wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Trying again may help.
    #[error("{0}")]
    ForNow(String),
    /// Trying again cannot help.
    #[error("{0}")]
    ForGood(String),
}

/// A sending under way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>>;

/// How a notice leaves the program.
pub trait Channel: Send + Sync {
    /// Its word in the store and the API, also the name of the choice an account makes.
    fn name(&self) -> &'static str;
    /// Which field of a person it sends to.
    fn field(&self) -> Field;
    /// Sends a message. It may be called twice for the same: the id tells.
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a>;
}
