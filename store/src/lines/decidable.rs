//! Lines that a decision is due for, each with what was decided in short: for previews, and for deciding anew.

use diesel::prelude::*;

use super::row::{LineRow, TextsRow};
use super::{Line, LineNo};
use crate::conn::on;
use crate::ids::{AccountId, LineId};
use crate::matches::{Outcome, OutcomeRow};
use crate::schema::{line_texts, lines, matches as matches_table};
use crate::value;
use crate::{Conn, Error};

/// A line, and what was decided about it if anything was.
#[derive(Clone, Debug)]
pub struct Decidable {
    /// The line.
    pub line: Line,
    /// Without the explanation.
    pub outcome: Option<Outcome>,
}

/// What joins a line behind a place to its decision. It repeats the place: PostgreSQL does not conclude that what equals a number
/// behind it lies behind it too, and would go through all that lies before with each page.
macro_rules! of_line_after {
    ($after:expr) => {
        crate::schema::matches::line_no
            .eq(crate::schema::lines::line_no)
            .and(crate::schema::matches::line_no.gt($after))
    };
}
pub(super) use of_line_after;

type Row = (LineRow, TextsRow, Option<OutcomeRow>);

/// All lines that decisions are made about, in the order in which they came: no parents of itemizations, none that is
/// removed. Pass the last one to go on.
pub fn decidable(
    conn: &mut Conn,
    account: AccountId,
    after: Option<LineNo>,
    limit: usize,
) -> Result<Vec<Decidable>, Error> {
    let account = account.to_string();
    let after = after.map_or(0, |line| line.0);
    let rows: Vec<Row> = on!(conn, c => {
        lines::table
            .inner_join(line_texts::table)
            .left_join(matches_table::table.on(of_line_after!(after)))
            .filter(lines::account_id.eq(&account).and(lines::line_no.gt(after)).and(lines::removed_at.is_null()))
            .filter(line_texts::has_itemizations.eq(false).and(line_texts::line_no.gt(after)))
            .order(lines::line_no)
            .limit(value::limit(limit))
            .select((LineRow::as_select(), TextsRow::as_select(), Option::<OutcomeRow>::as_select()))
            .load(c)
    })?;
    rows.into_iter().map(read).collect()
}

/// The same lines out of these; keep them to some hundreds.
pub fn some(conn: &mut Conn, account: AccountId, these: &[LineNo]) -> Result<Vec<Decidable>, Error> {
    let account = account.to_string();
    let these: Vec<i64> = these.iter().map(|line| line.0).collect();
    let rows: Vec<Row> = on!(conn, c => {
        lines::table
            .inner_join(line_texts::table)
            .left_join(matches_table::table)
            .filter(lines::line_no.eq_any(&these).and(lines::account_id.eq(&account)).and(lines::removed_at.is_null()))
            .filter(line_texts::has_itemizations.eq(false))
            .order(lines::line_no)
            .select((LineRow::as_select(), TextsRow::as_select(), Option::<OutcomeRow>::as_select()))
            .load(c)
    })?;
    rows.into_iter().map(read).collect()
}

/// The line of this id, if decisions are made about it.
pub fn one(conn: &mut Conn, account: AccountId, id: LineId) -> Result<Option<Decidable>, Error> {
    let id = id.to_string();
    let no: Option<i64> = on!(conn, c => {
        lines::table.filter(lines::line_id.eq(&id)).select(lines::line_no).first(c).optional()
    })?;
    let Some(no) = no else { return Ok(None) };
    Ok(some(conn, account, &[LineNo(no)])?.pop())
}

pub(super) fn read((line, texts, outcome): Row) -> Result<Decidable, Error> {
    Ok(Decidable { line: (line, texts).try_into()?, outcome: outcome.map(Outcome::try_from).transpose()? })
}
