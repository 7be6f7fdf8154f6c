//! The transformations that the mapping table names: one function from a SCIM user to one Concur value.
//!
//! Each answers an [`Outcome`] and knows nothing of what happens to it: whether a misfit is refused or left out is
//! the table's matter. Sources: Concur pages *Identity v4.1* (limits, closed lists) and *Spend User*.

mod countries;
mod dates;
mod lists;
mod names;
mod regional;
mod spend;
mod text;
mod user_name;
mod zones;

use serde_json::Value;

use super::given::Given;
use super::mapping::Row;
use crate::accounts::AccountSettings;

pub use countries::{Country, country};
pub(super) use dates::{canonical, date_time};
pub(super) use lists::{addresses, emails, entitlements, phone_numbers, roles};
pub(super) use names::{family_name, given_name};
pub(super) use regional::{language, time_zone};
pub(super) use spend::{
    currency, custom_data, from_settings, is_custom_field, locale, reimbursement_type, spend_country,
    state_province,
};
pub(super) use text::{active, boolean, employee_number, external_id, manager, text};
pub(super) use user_name::user_name;

/// What a transformation reads.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The SCIM user.
    pub resource: &'a scim::Resource,
    /// Defaults and choices of the account.
    pub settings: &'a AccountSettings,
    /// What the user's groups give.
    pub given: &'a Given,
}

impl Source<'_> {
    /// The trimmed text at a SCIM path, unless it is empty.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.resource.get_str(path).map(str::trim).filter(|text| !text.is_empty())
    }
}

/// What a transformation makes of a SCIM user.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Nothing was sent and nothing is derived.
    Absent,
    /// The value for Concur.
    Fits(Value),
    /// A value near what was sent, and what was changed.
    Nearest(Value, Vec<String>),
    /// Concur cannot hold what was sent; the reason follows the attribute's name in a sentence.
    Misfit(String),
}

impl Outcome {
    /// A value, nearest if there is something to say about it.
    fn with(value: Value, remarks: Vec<String>) -> Self {
        if remarks.is_empty() { Self::Fits(value) } else { Self::Nearest(value, remarks) }
    }
}

/// A transformation of the mapping table.
pub type Transform = fn(&Source<'_>, &Row) -> Outcome;
