//! Statements that are prepared once per connection, although diesel would prepare them each time.
//!
//! diesel keeps what it has prepared unless a part of it may come in endlessly many texts: every `UPDATE`, every
//! `DO UPDATE` and every piece of SQL counts as such a part. To prepare costs SQLite about as much as a small statement itself,
//! and PostgreSQL a round trip, during which whoever waits for our locks waits too.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::prelude::RunQueryDsl;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A statement that a connection keeps by its text, or does not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prepared<Q> {
    statement: Q,
    /// `None`: as diesel does.
    kept: Option<bool>,
}

/// Prepares a statement once per connection. Its text must be one of a few: a connection forgets none.
///
/// Only one that answers, an `UPDATE` with what it returns: what is executed without an answer diesel passes on by reference,
/// and this wrapper is not asked.
pub(crate) fn prepared<Q: Query>(statement: Q) -> Prepared<Q> {
    Prepared { statement, kept: Some(true) }
}

/// [`prepared`] where the text is one of a few, otherwise whatever diesel does.
pub(crate) fn prepared_if<Q: Query>(one_of_few: bool, statement: Q) -> Prepared<Q> {
    Prepared { statement, kept: one_of_few.then_some(true) }
}

/// Prepares a statement at each use, for tables that grow while they are asked: PostgreSQL settles for a plan after a few uses,
/// and one that suits an empty table reads all of a large one.
pub(crate) fn planned_anew<Q: Query>(statement: Q) -> Prepared<Q> {
    Prepared { statement, kept: Some(false) }
}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.statement.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, backend: &DB) -> QueryResult<bool> {
        self.kept.map_or_else(|| self.statement.is_safe_to_cache_prepared(backend), Ok)
    }
}

/// No type tells the text: it is looked up by the text itself.
impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Prepared<Q> {}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::sql_types::BigInt;
    use serde_json::json;

    use crate::conn::on;
    use crate::schema::audit_heads;
    use crate::{Conn, Error, audit, testing};

    #[derive(QueryableByName)]
    struct Kept {
        #[diesel(sql_type = BigInt)]
        statements: i64,
    }

    /// How many statements like this the connection keeps.
    fn kept(conn: &mut Conn, like: &str) -> Result<i64, Error> {
        let kept = format!(
            "SELECT count(*) AS statements FROM pg_prepared_statements WHERE statement LIKE '{like}'"
        );
        Ok(on!(conn, c => diesel::sql_query(kept).get_result::<Kept>(c))?.statements)
    }

    #[test]
    fn what_is_planned_anew_is_not_kept() {
        let Some(test) = testing::postgres() else { return };
        let kept = test.store.write_blocking(|conn| {
            let heads = || audit_heads::table.select(audit_heads::seq);
            on!(conn, c => super::planned_anew(heads()).load::<i64>(c))?;
            let anew = kept(conn, "SELECT \"audit_heads%")?;
            on!(conn, c => heads().load::<i64>(c))?;
            Ok((anew, kept(conn, "SELECT \"audit_heads%")?))
        });
        assert_eq!(kept.map_err(|error: Error| error.to_string()).unwrap(), (0, 1));
    }

    #[test]
    fn an_update_is_prepared_once() {
        let Some(test) = testing::postgres() else { return };
        let event = audit::NewEvent {
            account: None,
            at: "2026-11-28T12:00:00Z".parse().unwrap(),
            actor: "ana".to_owned(),
            action: "user.create".to_owned(),
            subject: "1".to_owned(),
            details: json!({}),
        };
        let kept = test.store.write_blocking(|conn| {
            audit::append(conn, &event)?;
            audit::append(conn, &event)?;
            kept(conn, "WITH added%' AND generic_plans + custom_plans = '2")
        });
        assert_eq!(kept.map_err(|error: Error| error.to_string()).unwrap(), 1);
    }
}
