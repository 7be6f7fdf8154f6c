//! Lines that people have decided.

use diesel::prelude::*;

use super::Decidable;
use super::decidable::read;
use super::row::{LineRow, TextsRow};
use crate::conn::on;
use crate::ids::AccountId;
use crate::matches::OutcomeRow;
use crate::schema::{line_texts, lines, matches as matches_table};
use crate::value;
use crate::{Conn, Error};

/// Lines that a person has decided, the last decision first; none that is removed.
pub fn by_hand(conn: &mut Conn, account: AccountId, limit: usize) -> Result<Vec<Decidable>, Error> {
    let account = account.to_string();
    let rows: Vec<(LineRow, TextsRow, OutcomeRow)> = on!(conn, c => {
        matches_table::table
            .inner_join(lines::table.inner_join(line_texts::table))
            .filter(matches_table::account_id.eq(&account).and(matches_table::pinned))
            .filter(lines::removed_at.is_null())
            .order((matches_table::decided_at.desc(), matches_table::line_no.desc()))
            .limit(value::limit(limit))
            .select((LineRow::as_select(), TextsRow::as_select(), OutcomeRow::as_select()))
            .load(c)
    })?;
    rows.into_iter().map(|(line, texts, outcome)| read((line, texts, Some(outcome)))).collect()
}
