//! The ids that are ours, each with a type of its own, so that none is passed for another. No `Deref`, no public
//! inner value: an id is parsed, shown and compared. Concur's ids are plain text here; they belong to `concur`.

use jiff::Timestamp;
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh UUIDv7 whose time part is `now`, so that later ids sort after earlier ones.
            pub fn generate(now: Timestamp) -> Self {
                Self(uuid_v7(now))
            }
            /// Wraps a UUID that is known to be an id of this kind.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            /// The UUID itself.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id!(
    /// A recorded conversation of the flight recorder.
    RecordingId
);
uuid_id!(
    /// An account: one connected Concur company.
    AccountId
);
uuid_id!(
    /// A SCIM resource, internally; never its public `id`, which may change while nobody has seen it.
    ResourceId
);
uuid_id!(
    /// An expense line: derived from account, source and source key, so a replayed page meets the same id.
    LineId
);
uuid_id!(
    /// A sync run.
    RunId
);
uuid_id!(
    /// An import: one file that somebody handed in.
    ImportId
);

uuid_id!(
    /// A webhook: an address that is told what happens.
    WebhookId
);
uuid_id!(
    /// A message to a webhook; the receiver sees it as `webhook-id`, the same at every attempt.
    MessageId
);

/// Times before 1970 do not occur; they would sort first.
fn uuid_v7(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
}

/// An operation of the outbox; rises over the whole database, and goes to Concur as `bulkId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct OperationId(i64);

impl OperationId {
    /// Wraps a number that is known to be an operation id.
    pub const fn from_i64(number: i64) -> Self {
        Self(number)
    }
    /// The number itself.
    pub const fn as_i64(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for OperationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for OperationId {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Key id of one of our bearer tokens: public, 16 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct TokenId(String);

/// The text is not 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token id is 16 lower-case hexadecimal digits")]
pub struct TokenIdError;

impl TokenId {
    /// Digits in a key id.
    pub const LEN: usize = 16;
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for TokenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for TokenId {
    type Err = TokenIdError;
    fn from_str(text: &str) -> Result<Self, TokenIdError> {
        let ok = text.len() == Self::LEN && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if ok { Ok(Self(text.to_owned())) } else { Err(TokenIdError) }
    }
}
