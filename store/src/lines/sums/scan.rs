//! Sums out of the lines themselves.
//!
//! The database only counts equal amounts (neither can sum decimal text, and SQLite's `SUM` would go through `f64`); the
//! multiplication and the sum happen here, in decimals. Subscriptions repeat their price, so the groups are few.

use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::Text;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::super::as_of::{self, AsOf};
use super::super::query::{Filter, filtered, load};
use super::{By, Sum, Sums, add, too_large};
use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::{lines, matches as matches_table};
use crate::value;
use crate::{Conn, Error};

/// App, month, owner, currency, amount, how many, first day, last day.
type Group = (String, String, String, String, String, i64, String, String);

/// Adds the lines that count and pass the filter.
pub(super) fn sums(
    conn: &mut Conn,
    account: AccountId,
    filter: &Filter,
    by: By,
    sums: &mut Sums,
) -> Result<(), Error> {
    let (account, schema) = (account.to_string(), as_of::schema(conn));
    // Something that is empty for every row stands where nothing is told apart: PostgreSQL groups by no constant.
    let nothing = "substr(lines.posted_currency, 1, 0)";
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
    for (app, month, owner, currency, amount, n, first, last) in groups {
        let amount = value::decimal(&amount, "lines.posted_amount")?;
        let sum = Sum {
            app_id: Some(app).filter(|app| !app.is_empty()),
            month,
            owner,
            currency,
            lines: value::count(n),
            posted: amount.checked_mul(Decimal::from(n)).ok_or_else(too_large)?,
            first: day(&first)?,
            last: day(&last)?,
        };
        add(sums, sum)?;
    }
    Ok(())
}

fn day(text: &str) -> Result<Date, Error> {
    value::parse(text, "lines.transaction_date")
}
