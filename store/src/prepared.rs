//! Statements that are prepared once per connection, although diesel would prepare them each time.
//!
//! diesel keeps what it has prepared unless a part of it may come in endlessly many texts: every `UPDATE`, every
//! `DO UPDATE` and every piece of SQL counts as such a part. To prepare costs SQLite about as much as a small statement itself,
//! and PostgreSQL a round trip, during which whoever waits for our locks waits too.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::prelude::RunQueryDsl;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A statement that a connection keeps by its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prepared<Q> {
    statement: Q,
    kept: bool,
}

/// Prepares a statement once per connection. Its text must be one of a few: a connection forgets none.
///
/// Only one that answers, an `UPDATE` with what it returns: what is executed without an answer diesel passes on by reference,
/// and this wrapper is not asked.
pub(crate) fn prepared<Q: Query>(statement: Q) -> Prepared<Q> {
    Prepared { statement, kept: true }
}

/// [`prepared`] where the text is one of a few, otherwise whatever diesel does.
pub(crate) fn prepared_if<Q: Query>(one_of_few: bool, statement: Q) -> Prepared<Q> {
    Prepared { statement, kept: one_of_few }
}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.statement.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, backend: &DB) -> QueryResult<bool> {
        if self.kept { Ok(true) } else { self.statement.is_safe_to_cache_prepared(backend) }
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
    use crate::{Error, audit, testing};

    #[derive(QueryableByName)]
    struct Kept {
        #[diesel(sql_type = BigInt)]
        statements: i64,
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
            let kept = "SELECT count(*) AS statements FROM pg_prepared_statements \
                        WHERE statement LIKE 'WITH added%' AND generic_plans + custom_plans = 2";
            on!(conn, c => diesel::sql_query(kept).get_result::<Kept>(c))
        });
        assert_eq!(kept.map_err(|error: Error| error.to_string()).unwrap().statements, 1);
    }
}
