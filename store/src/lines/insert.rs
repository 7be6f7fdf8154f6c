//! Lines that were not known before: plain rows, with numbers that are taken beforehand, so that a line's rows in other
//! tables need not wait for it.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::row::PreparedLine;
use crate::conn::Raw;
use crate::insert::insert_rows;
use crate::schema::{line_raw, line_texts, lines};
use crate::value;
use crate::{Conn, Error};

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    no: i64,
}

/// The next numbers, ascending, for as many lines. Only this transaction has them.
pub(super) fn next_numbers(conn: &mut Conn, count: usize) -> Result<Vec<i64>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let wanted = value::limit(count);
    match &mut *conn.pooled {
        // The write transaction keeps everybody else out.
        Raw::Sqlite(c) => {
            let last: Option<i64> = lines::table.select(diesel::dsl::max(lines::line_no)).first(&mut **c)?;
            let first = last.unwrap_or(0) + 1;
            Ok((first..first + wanted).collect())
        }
        Raw::Postgres(c) => {
            let next = "SELECT nextval(pg_get_serial_sequence('lines', 'line_no')) AS no FROM generate_series(1, $1)";
            let numbers: Vec<Number> = diesel::sql_query(next).bind::<BigInt, _>(wanted).load(&mut ***c)?;
            Ok(numbers.into_iter().map(|number| number.no).collect())
        }
    }
}

/// Writes them, each under its number.
pub(super) fn insert(conn: &mut Conn, new: &[&PreparedLine]) -> Result<(), Error> {
    insert_rows!(
        conn,
        lines[
            line_no,
            line_id,
            account_id,
            source,
            source_key,
            report_id,
            owner_login,
            transaction_date,
            transaction_amount,
            transaction_currency,
            posted_amount,
            posted_currency,
            counted,
            content_hash,
            removed_at,
        ],
        new.iter().map(|line| &line.line)
    )?;
    insert_rows!(
        conn,
        line_texts[
            line_no,
            entry_id,
            itemization_id,
            vendor_description,
            vendor_list_item,
            description,
            business_purpose,
            expense_type_code,
            expense_type_name,
            spend_category_code,
            spend_category_name,
            is_personal,
            has_itemizations,
            updated_at,
        ],
        new.iter().map(|line| &line.texts)
    )?;
    insert_rows!(conn, line_raw[line_no, raw], new.iter().map(|line| &line.raw))
}
