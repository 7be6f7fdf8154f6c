//! Lines as payments: for what looks at many of them together.

use diesel::prelude::*;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::as_of::{self, AsOf};
use super::query::{Filter, filtered, load};
use crate::conn::on;
use crate::ids::{AccountId, LineId};
use crate::schema::{lines, matches as matches_table};
use crate::value;
use crate::{Conn, Error};

/// A line that counts as spend and is matched to an app, as a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The line.
    pub line_id: LineId,
    /// Where it was read.
    pub source: String,
    /// What it pays for.
    pub app_id: String,
    /// Login of the owner.
    pub owner: String,
    /// Day of the purchase.
    pub date: Date,
    /// What the vendor got; negative for a refund.
    pub amount: Decimal,
    /// Its currency (ISO 4217).
    pub currency: String,
}

/// Line, source, app, owner, day, amount, currency.
type Row = (String, String, Option<String>, String, String, String, String);

/// The charges among the lines that pass the filter, by app, owner, day and id. All at once: they are the few lines in a
/// company's expenses that name an app.
pub fn charges(conn: &mut Conn, account: AccountId, filter: &Filter) -> Result<Vec<Charge>, Error> {
    let (account, schema) = (account.to_string(), as_of::schema(conn));
    let rows: Vec<Row> = on!(conn, c => {
        let query = lines::table
            .left_join(matches_table::table)
            .filter(lines::counted.eq(true))
            .filter(matches_table::status.eq("matched").and(matches_table::app_id.is_not_null()))
            .select((
                lines::line_id,
                lines::source,
                matches_table::app_id.nullable(),
                lines::owner_login,
                lines::transaction_date,
                lines::transaction_amount,
                lines::transaction_currency,
            ));
        let query = filtered!(query, &account, filter)
            .order((matches_table::app_id, lines::owner_login, lines::transaction_date, lines::line_id));
        load!(query, c, &account, filter, schema)
    })?;
    rows.into_iter()
        .map(|(line_id, source, app_id, owner, date, amount, currency)| {
            Ok(Charge {
                line_id: value::parse(&line_id, "lines.line_id")?,
                source,
                app_id: app_id.unwrap_or_default(),
                owner,
                date: value::parse(&date, "lines.transaction_date")?,
                amount: value::decimal(&amount, "lines.transaction_amount")?,
                currency,
            })
        })
        .collect()
}
