//! Expense lines in the one canonical form (design D11), wherever they come from. Money is exact: decimals as text.
//!
//! An entry with itemizations is their sum: such a parent is kept, but never counted beside them nor matched. Personal
//! expenses are matched, but are not company spend and not counted.
//!
//! What it does not do: turn wire formats into lines (`sync/src/ingest`), or decide what a line pays for.

mod as_of;
mod by_hand;
mod changes;
mod charges;
mod decidable;
mod insert;
mod query;
mod remove;
mod row;
mod sums;
mod upsert;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;

pub use by_hand::by_hand;
pub use changes::{ChangeCursor, Changed, Head, changed_since, changes, head, lock_head};
pub(crate) use changes::{mark, next_change, set_rules_revision};
pub use charges::{Charge, charges};
pub use decidable::{Decidable, decidable, one, some};
pub use query::{Filter, Page, PageCursor, count, get, needs_match, page, raw};
pub use remove::mark_missing;
pub(crate) use remove::{of_report, remove};
pub use row::PreparedLine;
pub use sums::{
    By, Sum, Summed, confirm as confirm_sums, keep as keep_sums, keep_at_once, sum_at_once, sums,
    unkept as unkept_months,
};
pub use upsert::{Became, Placed, Upserted, upsert, upsert_prepared};

use crate::ids::{AccountId, LineId};
use crate::value::hash_parts;

/// An exact amount in a currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// Negative for credits and refunds.
    pub amount: Decimal,
    /// ISO 4217 code.
    pub currency: String,
}

/// The number under which the database keeps a line and all that belongs to it: in the order in which lines first came.
/// Another database has other numbers; outside, a line is known by its [`LineId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineNo(pub(crate) i64);

impl std::fmt::Display for LineNo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for LineNo {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// The texts and codes that matching looks at, as Concur writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// `VendorDescription`; itemizations inherit the entry's.
    pub vendor_description: Option<String>,
    /// `VendorListItemName`.
    pub vendor_list_item: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// `BusinessPurpose`.
    pub business_purpose: Option<String>,
    /// `ExpenseTypeCode`: stable.
    pub expense_type_code: Option<String>,
    /// `ExpenseTypeName`: localised.
    pub expense_type_name: Option<String>,
    /// `SpendCategoryCode`: stable.
    pub spend_category_code: Option<String>,
    /// `SpendCategoryName`: localised.
    pub spend_category_name: Option<String>,
}

/// A line as just read.
#[derive(Clone, Debug)]
pub struct NewLine {
    /// Where it comes from: `concur_v3`, `csv` …
    pub source: String,
    /// What identifies it there; with account and source it is the key.
    pub source_key: String,
    /// Concur's report id.
    pub report_id: Option<String>,
    /// Concur's entry id.
    pub entry_id: Option<String>,
    /// Concur's itemization id, if it is one.
    pub itemization_id: Option<String>,
    /// Login of the owner at the time of reading.
    pub owner_login: String,
    /// Day of the purchase.
    pub transaction_date: Date,
    /// What the vendor got.
    pub transaction: Money,
    /// The same in the currency of the report.
    pub posted: Money,
    /// What matching looks at.
    pub texts: Texts,
    /// Not company spend.
    pub is_personal: bool,
    /// The sum of its itemizations, which are lines of their own.
    pub has_itemizations: bool,
    /// As read.
    pub raw: Value,
}

/// A stored line, without its raw source (see [`raw`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Key in this database.
    pub no: LineNo,
    /// Key everywhere, derived from account, source and source key.
    pub id: LineId,
    /// Whose.
    pub account: AccountId,
    /// Where it comes from.
    pub source: String,
    /// What identifies it there.
    pub source_key: String,
    /// Concur's report id.
    pub report_id: Option<String>,
    /// Concur's entry id.
    pub entry_id: Option<String>,
    /// Concur's itemization id.
    pub itemization_id: Option<String>,
    /// Login of the owner.
    pub owner_login: String,
    /// Day of the purchase.
    pub transaction_date: Date,
    /// What the vendor got.
    pub transaction: Money,
    /// The same in the currency of the report.
    pub posted: Money,
    /// What matching looks at.
    pub texts: Texts,
    /// Not company spend.
    pub is_personal: bool,
    /// The sum of its itemizations.
    pub has_itemizations: bool,
    /// Hash of all of the above and of the raw source.
    pub content_hash: String,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Since when it is gone from its report.
    pub removed_at: Option<Timestamp>,
}

/// The id that a line has: the same line read again, by any replica, has the same one.
pub fn line_id(account: AccountId, source: &str, source_key: &str) -> LineId {
    let account = account.as_uuid();
    let hash = hash_parts([account.as_bytes().as_slice(), source.as_bytes(), source_key.as_bytes()]);
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    LineId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid()) // version 8: our own scheme
}
