//! Exact sums of what was spent, by any of app, month and owner. Whole months are kept (`kept`) where nothing but app and
//! month matters; everything else is summed from the lines (`scan`).

mod kept;
mod scan;

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

pub(super) use kept::spoil;
pub use kept::{Summed, confirm, keep, keep_at_once, sum_at_once, unkept};

use super::query::Filter;
use crate::ids::AccountId;
use crate::{Conn, Error};

/// By what sums are told apart. Currencies always are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct By {
    /// The app a line is matched to.
    pub app: bool,
    /// The month of the purchase.
    pub month: bool,
    /// The owner's login.
    pub owner: bool,
}

/// One sum. What it was not asked by is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The app; `None` for lines that are matched to none.
    pub app_id: Option<String>,
    /// `2026-03`.
    pub month: String,
    /// Login of the owner.
    pub owner: String,
    /// Posting currency (ISO 4217).
    pub currency: String,
    /// How many lines.
    pub lines: u64,
    /// Exact sum of the posted amounts; refunds subtract.
    pub posted: Decimal,
    /// Day of the first purchase.
    pub first: Date,
    /// Day of the last purchase.
    pub last: Date,
}

/// Sums by what they are told apart by: app, month, owner, currency.
type Sums = BTreeMap<(String, String, String, String), Sum>;

/// Sums over the lines that count and pass the filter: no parents of itemizations, nothing personal. Sorted by what they
/// are told apart by.
pub fn sums(conn: &mut Conn, account: AccountId, filter: &Filter, by: By) -> Result<Vec<Sum>, Error> {
    let mut sums = Sums::new();
    if kept::answers(filter, by) {
        let before = super::head(conn, account)?;
        kept::sums(conn, account, filter, by, &mut sums)?;
        // Several queries told it; they saw the same lines if none has changed meanwhile.
        if super::head(conn, account)?.change == before.change {
            return Ok(sums.into_values().collect());
        }
        sums.clear();
    }
    scan::sums(conn, account, filter, by, &mut sums)?;
    Ok(sums.into_values().collect())
}

/// Adds a sum to the one that is told apart by the same.
fn add(sums: &mut Sums, more: Sum) -> Result<(), Error> {
    let key = (
        more.app_id.clone().unwrap_or_default(),
        more.month.clone(),
        more.owner.clone(),
        more.currency.clone(),
    );
    let Some(sum) = sums.get_mut(&key) else {
        sums.insert(key, more);
        return Ok(());
    };
    sum.posted = sum.posted.checked_add(more.posted).ok_or_else(too_large)?;
    sum.lines += more.lines;
    (sum.first, sum.last) = (sum.first.min(more.first), sum.last.max(more.last));
    Ok(())
}

fn too_large() -> Error {
    Error::Corrupt { what: "lines.posted_amount", reason: "the sum is too large".to_owned() }
}
