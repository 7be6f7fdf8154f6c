//! Typed ids.
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);
        impl $name {
            /// A fresh UUIDv7 whose time part is `now`: later ids sort after earlier ones.
            pub fn generate(_now: jiff::Timestamp) -> Self { unimplemented!() }
            /// Wraps a UUID that is known to be an id of this kind.
            pub const fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
            /// The UUID itself.
            pub const fn as_uuid(self) -> Uuid { self.0 }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, uuid::Error> { s.parse().map(Self) }
        }
    };
}
uuid_id!(/// A connected Concur company.
    AccountId);
uuid_id!(/// A SCIM resource, internally; never the public `id`.
    ResourceId);
uuid_id!(/// An expense line: derived from account and source key, so a replay meets the same id.
    LineId);
uuid_id!(/// A sync run.
    RunId);

/// An operation of the outbox, rising over the whole database.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct OperationId(i64);
impl OperationId {
    /// Wraps a number that is known to be an operation id.
    pub const fn from_i64(n: i64) -> Self {
        Self(n)
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
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse().map(Self)
    }
}

/// Key id of one of our bearer tokens; public, 16 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct TokenId(String);
impl std::fmt::Display for TokenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
impl std::str::FromStr for TokenId {
    type Err = crate::Error;
    fn from_str(_s: &str) -> Result<Self, Self::Err> {
        unimplemented!()
    }
}
