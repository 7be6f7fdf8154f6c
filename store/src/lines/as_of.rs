//! Time travel: a query as it would have been answered at another time.
//!
//! Common table expressions named like the tables stand before the query, so that it reads the lines that were known then
//! and the decisions that stood then. Texts and amounts are those of today: of them only the last reading is kept.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};
use jiff::Timestamp;

use crate::Conn;
use crate::conn::Raw;
use crate::value::micros;

/// The lines that were known, in pieces around their values: time, table, account, time.
const LINES: [&str; 4] = [
    "WITH lines AS (SELECT l.line_no, l.line_id, l.account_id, l.source, l.source_key, l.report_id, \
     l.owner_login, l.transaction_date, l.transaction_amount, l.transaction_currency, l.posted_amount, \
     l.posted_currency, l.counted, l.content_hash, CASE WHEN l.removed_at > ",
    " THEN NULL ELSE l.removed_at END AS removed_at FROM ",
    "lines l JOIN line_changes c ON c.line_no = l.line_no WHERE l.account_id = ",
    " AND c.added_at <= ",
];
/// The decisions that stand still, in pieces: table, account, time.
const STANDING: [&str; 3] = [
    "), matches AS (SELECT m.line_no, m.account_id, m.line_hash, m.status, m.app_id, m.score, m.band, m.matched_by, \
     m.candidate, m.explanation, m.dictionary_version, m.pinned, m.decided_at, m.since, m.rules_revision, m.rule FROM ",
    "matches m WHERE m.account_id = ",
    " AND m.since <= ",
];
/// The decisions that stood then and stand no more, in pieces: account, time, time.
const PAST: [&str; 4] = [
    " UNION ALL SELECT p.line_no, p.account_id, '' AS line_hash, p.status, p.app_id, p.score, p.band, p.matched_by, \
     p.candidate, p.explanation, p.dictionary_version, p.pinned, p.since AS decided_at, p.since, p.rules_revision, p.rule \
     FROM past_matches p WHERE p.account_id = ",
    " AND p.since <= ",
    " AND p.until > ",
    ") ",
];

/// A query over `lines` and `matches`, as of a time.
pub(super) struct AsOf<Q> {
    query: Q,
    account: String,
    at: i64,
    /// Names the tables themselves where an expression of their name would otherwise mean itself.
    schema: &'static str,
}

impl<Q> AsOf<Q> {
    pub(super) fn new(query: Q, account: &str, at: Timestamp, schema: &'static str) -> Self {
        Self { query, account: account.to_owned(), at: micros(at), schema }
    }
}

/// What stands before the name of a table, so that it means the table.
pub(super) fn schema(conn: &Conn) -> &'static str {
    // In PostgreSQL an expression does not see itself unless it says RECURSIVE; in SQLite it always does.
    if matches!(*conn.pooled, Raw::Sqlite(_)) { "main." } else { "" }
}

impl<Q: Query> Query for AsOf<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> QueryId for AsOf<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q, C> RunQueryDsl<C> for AsOf<Q> {}

impl<Q, DB> QueryFragment<DB> for AsOf<Q>
where
    DB: Backend + diesel::sql_types::HasSqlType<Text> + diesel::sql_types::HasSqlType<BigInt>,
    Q: QueryFragment<DB>,
    String: diesel::serialize::ToSql<Text, DB>,
    i64: diesel::serialize::ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(LINES[0]);
        out.push_bind_param::<BigInt, _>(&self.at)?;
        out.push_sql(LINES[1]);
        out.push_sql(self.schema);
        out.push_sql(LINES[2]);
        out.push_bind_param::<Text, _>(&self.account)?;
        out.push_sql(LINES[3]);
        out.push_bind_param::<BigInt, _>(&self.at)?;
        out.push_sql(STANDING[0]);
        out.push_sql(self.schema);
        out.push_sql(STANDING[1]);
        out.push_bind_param::<Text, _>(&self.account)?;
        out.push_sql(STANDING[2]);
        out.push_bind_param::<BigInt, _>(&self.at)?;
        out.push_sql(PAST[0]);
        out.push_bind_param::<Text, _>(&self.account)?;
        out.push_sql(PAST[1]);
        out.push_bind_param::<BigInt, _>(&self.at)?;
        out.push_sql(PAST[2]);
        out.push_bind_param::<BigInt, _>(&self.at)?;
        out.push_sql(PAST[3]);
        self.query.walk_ast(out.reborrow())
    }
}
