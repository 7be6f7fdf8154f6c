//! Every kind of Concur id as its own type. Not here: ids of this product's own records, which live in `store`.
//! Source: Identity v4.1 (user UUID), User Provisioning v4 (provision id), Expense v3 (report, entry and itemization ids).

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id as a UUID, for storing it.
            pub fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as Concur writes it. It may contain `$`; the client encodes it when it goes into an address.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id! {
    /// The UUID of a Concur user: assigned by Concur at creation, immutable (Identity v4.1, `id`).
    UserId
}
uuid_id! {
    /// The id of a provision request, whose status Concur keeps for seven days (User Provisioning v4).
    ProvisionId
}
text_id! {
    /// The id of an expense report: 20 characters (Expense Reports v3, `ID`).
    ReportId
}
text_id! {
    /// The encrypted id of an expense entry (Expense Entries v3, `ID`); not promised to be stable over tokens.
    EntryId
}
text_id! {
    /// The encrypted id of an itemization (Expense Itemizations v3, `ID`).
    ItemizationId
}
