//! The words of exports. Plain data.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            /// All of them, in the order shown to people.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word in forms, in the store and in the API.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().copied().find(|w| w.as_str() == text);
                found.ok_or_else(|| format!("unknown word {text:?}"))
            }
        }
        store::text_value!($name);
    };
}

words! {
    /// Why an export failed, or its file is gone.
    Why {
        /// The account may no longer do this.
        NoRights = "no_rights",
        /// There are more rows than a file holds.
        TooMany = "too_many",
        /// There are more requesters than a file with names and phones holds.
        TooManyPeople = "too_many_people",
        /// The program was stopped each time it was at it.
        Interrupted = "interrupted",
        /// The file could not be written.
        Disk = "disk",
        /// Something that no reader can mend; the log says what.
        Fault = "fault",
        /// Its owner removed it.
        ByOwner = "by_owner",
        /// Its time was over.
        ByTime = "by_time",
        /// Somebody it names was erased.
        ByErasure = "by_erasure",
    }
}
