//! Putting lines in: idempotent by (account, source, source key), so that a page read twice changes nothing.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::upsert::excluded;
use jiff::Timestamp;

use super::row::{LineRow, RawRow, TextsRow, rows};
use super::{NewLine, changes};
use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::{line_raw, line_texts, lines};
use crate::{Conn, Error};

/// Rows per statement: 16 columns each stay well under SQLite's 32,766 bound values and PostgreSQL's 65,535.
const CHUNK: usize = 1_000;

/// What an upsert did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upserted {
    /// Not known before.
    pub inserted: usize,
    /// Known, and different now (or back after a removal).
    pub changed: usize,
    /// Known and the same.
    pub unchanged: usize,
}

/// Puts lines as read. Of two with the same key the last one counts (the first is counted nowhere).
pub fn upsert(
    conn: &mut Conn,
    account: AccountId,
    new: &[NewLine],
    now: Timestamp,
) -> Result<Upserted, Error> {
    let mut done = Upserted::default();
    for chunk in new.chunks(CHUNK) {
        let mut pending: HashMap<String, (LineRow, TextsRow, RawRow)> = HashMap::with_capacity(chunk.len());
        for line in chunk {
            let rows = rows(account, line, now);
            pending.insert(rows.0.line_id.clone(), rows);
        }
        let ids: Vec<&String> = pending.keys().collect();
        let stored: Vec<(String, String, Option<i64>)> = on!(conn, c => {
            lines::table
                .filter(lines::line_id.eq_any(&ids))
                .select((lines::line_id, lines::content_hash, lines::removed_at))
                .load(c)
        })?;
        done.inserted += pending.len() - stored.len();
        for (id, hash, removed_at) in stored {
            let same = pending.get(&id).is_some_and(|(line, ..)| line.content_hash == hash);
            if same && removed_at.is_none() {
                pending.remove(&id);
                done.unchanged += 1;
            } else {
                done.changed += 1;
            }
        }
        put(conn, account, pending, now)?;
    }
    Ok(done)
}

fn put(
    conn: &mut Conn,
    account: AccountId,
    pending: HashMap<String, (LineRow, TextsRow, RawRow)>,
    now: Timestamp,
) -> Result<(), Error> {
    if pending.is_empty() {
        return Ok(());
    }
    let change = changes::next_change(conn, account)?;
    let mut line_rows = Vec::with_capacity(pending.len());
    let mut texts_rows = Vec::with_capacity(pending.len());
    let mut raw_rows = Vec::with_capacity(pending.len());
    for (line, texts, raw) in pending.into_values() {
        line_rows.push(line);
        texts_rows.push(texts);
        raw_rows.push(raw);
    }
    on!(conn, c => {
        diesel::insert_into(lines::table)
            .values(&line_rows)
            .on_conflict(lines::line_id)
            .do_update()
            .set((
                lines::report_id.eq(excluded(lines::report_id)),
                lines::entry_id.eq(excluded(lines::entry_id)),
                lines::itemization_id.eq(excluded(lines::itemization_id)),
                lines::owner_login.eq(excluded(lines::owner_login)),
                lines::transaction_date.eq(excluded(lines::transaction_date)),
                lines::transaction_amount.eq(excluded(lines::transaction_amount)),
                lines::transaction_currency.eq(excluded(lines::transaction_currency)),
                lines::posted_amount.eq(excluded(lines::posted_amount)),
                lines::posted_currency.eq(excluded(lines::posted_currency)),
                lines::counted.eq(excluded(lines::counted)),
                lines::content_hash.eq(excluded(lines::content_hash)),
                lines::removed_at.eq(excluded(lines::removed_at)),
            ))
            .execute(c)
    })?;
    on!(conn, c => {
        diesel::insert_into(line_texts::table)
            .values(&texts_rows)
            .on_conflict(line_texts::line_id)
            .do_update()
            .set((
                line_texts::vendor_description.eq(excluded(line_texts::vendor_description)),
                line_texts::vendor_list_item.eq(excluded(line_texts::vendor_list_item)),
                line_texts::description.eq(excluded(line_texts::description)),
                line_texts::business_purpose.eq(excluded(line_texts::business_purpose)),
                line_texts::expense_type_code.eq(excluded(line_texts::expense_type_code)),
                line_texts::expense_type_name.eq(excluded(line_texts::expense_type_name)),
                line_texts::spend_category_code.eq(excluded(line_texts::spend_category_code)),
                line_texts::spend_category_name.eq(excluded(line_texts::spend_category_name)),
                line_texts::is_personal.eq(excluded(line_texts::is_personal)),
                line_texts::has_itemizations.eq(excluded(line_texts::has_itemizations)),
                line_texts::updated_at.eq(excluded(line_texts::updated_at)),
            ))
            .execute(c)
    })?;
    on!(conn, c => {
        diesel::insert_into(line_raw::table)
            .values(&raw_rows)
            .on_conflict(line_raw::line_id)
            .do_update()
            .set(line_raw::raw.eq(excluded(line_raw::raw)))
            .execute(c)
    })?;
    let ids: Vec<&str> = line_rows.iter().map(|row| row.line_id.as_str()).collect();
    changes::mark(conn, account, change, &ids, now)
}
