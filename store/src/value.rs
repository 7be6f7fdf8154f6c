//! How values stand in columns, the same on both databases: times as microseconds since 1970 UTC (`BIGINT`), JSON,
//! UUIDs, decimals and dates as text. Decimals never pass through `f64`.

use std::str::FromStr;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::Error;

pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

pub(crate) fn time(micros: i64, what: &'static str) -> Result<Timestamp, Error> {
    Timestamp::from_microsecond(micros).map_err(|e| Error::Corrupt { what, reason: e.to_string() })
}

pub(crate) fn time_opt(micros: Option<i64>, what: &'static str) -> Result<Option<Timestamp>, Error> {
    micros.map(|m| time(m, what)).transpose()
}

/// Anything with `FromStr`: ids, UUIDs, dates, our text enums.
pub(crate) fn parse<T: FromStr<Err: std::fmt::Display>>(text: &str, what: &'static str) -> Result<T, Error> {
    text.parse().map_err(|e: T::Err| Error::Corrupt { what, reason: e.to_string() })
}

pub(crate) fn json(text: &str, what: &'static str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|e| Error::Corrupt { what, reason: e.to_string() })
}

pub(crate) fn decimal(text: &str, what: &'static str) -> Result<Decimal, Error> {
    Decimal::from_str_exact(text).map_err(|e| Error::Corrupt { what, reason: e.to_string() })
}

/// `25.00000000` and `25` are one amount and get one text.
pub(crate) fn decimal_text(amount: Decimal) -> String {
    amount.normalize().to_string()
}

pub(crate) fn list(items: &[String]) -> String {
    Value::from(items.to_vec()).to_string()
}

pub(crate) fn parse_list(text: &str, what: &'static str) -> Result<Vec<String>, Error> {
    serde_json::from_str(text).map_err(|e| Error::Corrupt { what, reason: e.to_string() })
}

/// A hash of several parts in which neither order nor borders can be mistaken.
pub(crate) fn hash_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize()
}

/// A row count as the database gives it.
pub(crate) fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// A limit as the database takes it.
pub(crate) fn limit(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// An enum that stands as text in a column: variants, their texts, and both directions.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every variant, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];
            /// As it stands in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::value::UnknownText;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok($name::$variant),)+ _ => Err($crate::value::UnknownText) }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
pub(crate) use text_enum;

/// The text names no variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such name")]
pub struct UnknownText;
