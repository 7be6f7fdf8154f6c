//! Exact sums of what was spent, by any of app, month and owner.
//!
//! The database only counts equal amounts (neither can sum decimal text, and SQLite's `SUM` would go through `f64`); the
//! multiplication and the sum happen here, in decimals. Subscriptions repeat their price, so the groups are few.

use std::collections::BTreeMap;

use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::Text;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::as_of::{self, AsOf};
use super::query::{Filter, filtered, load};
use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::{lines, matches as matches_table};
use crate::value;
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

/// App, month, owner, currency, amount, how many, first day, last day.
type Group = (String, String, String, String, String, i64, String, String);

/// Sums over the lines that count and pass the filter: no parents of itemizations, nothing personal. Sorted by what they
/// are told apart by.
pub fn sums(conn: &mut Conn, account: AccountId, filter: &Filter, by: By) -> Result<Vec<Sum>, Error> {
    let (account, schema) = (account.to_string(), as_of::schema(conn));
    // Something that is empty for every row stands where nothing is told apart: PostgreSQL groups by no constant.
    let nothing = "substr(lines.line_id, 1, 0)";
    let part = |wanted: bool, expression: &'static str| if wanted { expression } else { nothing };
    let app =
        part(by.app, "CASE WHEN matches.status = 'matched' THEN coalesce(matches.app_id, '') ELSE '' END");
    let month = part(by.month, "substr(lines.transaction_date, 1, 7)");
    let owner = part(by.owner, "lines.owner_login");
    let grouping = format!("{app}, {month}, {owner}, lines.posted_currency, lines.posted_amount");
    let groups: Vec<Group> = on!(conn, c => {
        let query = lines::table
            .left_join(matches_table::table)
            .filter(lines::counted.eq(true))
            .group_by(sql::<Text>(&grouping))
            .select((
                sql::<Text>(app),
                sql::<Text>(month),
                sql::<Text>(owner),
                sql::<Text>("lines.posted_currency"),
                sql::<Text>("lines.posted_amount"),
                count_star(),
                sql::<Text>("MIN(lines.transaction_date)"),
                sql::<Text>("MAX(lines.transaction_date)"),
            ));
        load!(filtered!(query, &account, filter), c, &account, filter, schema)
    })?;
    let mut sums: BTreeMap<(String, String, String, String), Sum> = BTreeMap::new();
    for (app, month, owner, currency, amount, n, first, last) in groups {
        let (first, last) = (day(&first)?, day(&last)?);
        let key = (app.clone(), month.clone(), owner.clone(), currency.clone());
        let sum = sums.entry(key).or_insert_with(|| Sum {
            app_id: Some(app).filter(|app| !app.is_empty()),
            month,
            owner,
            currency,
            lines: 0,
            posted: Decimal::ZERO,
            first,
            last,
        });
        let amount = value::decimal(&amount, "lines.posted_amount")?;
        sum.posted =
            amount.checked_mul(Decimal::from(n)).and_then(|more| more.checked_add(sum.posted)).ok_or_else(
                || Error::Corrupt { what: "lines.posted_amount", reason: "the sum is too large".to_owned() },
            )?;
        sum.lines += value::count(n);
        (sum.first, sum.last) = (sum.first.min(first), sum.last.max(last));
    }
    Ok(sums.into_values().collect())
}

fn day(text: &str) -> Result<Date, Error> {
    value::parse(text, "lines.transaction_date")
}
