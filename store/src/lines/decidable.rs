//! Lines that a decision is due for, each with what was decided in short: for previews, and for deciding anew.

use diesel::prelude::*;

use super::Line;
use super::row::{LineRow, TextsRow};
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

type Row = (LineRow, TextsRow, Option<OutcomeRow>);

/// All lines that decisions are made about, by id: no parents of itemizations, none that is removed. Pass the last id to
/// go on.
pub fn decidable(
    conn: &mut Conn,
    account: AccountId,
    after: Option<LineId>,
    limit: usize,
) -> Result<Vec<Decidable>, Error> {
    let account = account.to_string();
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let rows: Vec<Row> = on!(conn, c => {
        lines::table
            .inner_join(line_texts::table)
            .left_join(matches_table::table)
            .filter(lines::account_id.eq(&account).and(lines::line_id.gt(&after)).and(lines::removed_at.is_null()))
            .filter(line_texts::has_itemizations.eq(false))
            .order(lines::line_id)
            .limit(value::limit(limit))
            .select((LineRow::as_select(), TextsRow::as_select(), Option::<OutcomeRow>::as_select()))
            .load(c)
    })?;
    rows.into_iter().map(read).collect()
}

/// The same lines out of these; keep them to some hundreds.
pub fn some(conn: &mut Conn, account: AccountId, ids: &[LineId]) -> Result<Vec<Decidable>, Error> {
    let account = account.to_string();
    let ids: Vec<String> = ids.iter().map(LineId::to_string).collect();
    let rows: Vec<Row> = on!(conn, c => {
        lines::table
            .inner_join(line_texts::table)
            .left_join(matches_table::table)
            .filter(lines::line_id.eq_any(&ids).and(lines::account_id.eq(&account)).and(lines::removed_at.is_null()))
            .filter(line_texts::has_itemizations.eq(false))
            .order(lines::line_id)
            .select((LineRow::as_select(), TextsRow::as_select(), Option::<OutcomeRow>::as_select()))
            .load(c)
    })?;
    rows.into_iter().map(read).collect()
}

fn read((line, texts, outcome): Row) -> Result<Decidable, Error> {
    Ok(Decidable { line: (line, texts).try_into()?, outcome: outcome.map(Outcome::try_from).transpose()? })
}
