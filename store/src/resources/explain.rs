//! How the database will run a list of resources: the plan that `EXPLAIN` tells for the very query that is run.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::ResourceType;
use super::condition::{Condition, expression};
use super::list::{Key, Order, Position, SortColumn, Start, after, page_of, sorted};
use crate::conn::Raw;
use crate::ids::AccountId;
use crate::schema::resources;
use crate::value::{self, micros};
use crate::{Conn, Error};

/// The plan for the ids of a page ([`crate::resources::list`]), a line for each step, in the database's words.
pub fn explain_list(
    conn: &mut Conn,
    account: AccountId,
    resource_type: ResourceType,
    condition: &Condition,
    order: Order,
    start: &Start,
    limit: usize,
) -> Result<String, Error> {
    let account = account.to_string();
    let steps: Vec<String> = match &mut *conn.pooled {
        Raw::Sqlite(c) => {
            let c = &mut **c;
            let query =
                page_of!(resources::resource_id, c, &account, resource_type, condition, order, start, limit);
            let rows: Vec<(i32, i32, i32, String)> = ExplainQueryPlan(query).load(c)?;
            rows.into_iter().map(|(_, _, _, detail)| detail).collect()
        }
        Raw::Postgres(c) => {
            let c = &mut ***c;
            let query =
                page_of!(resources::resource_id, c, &account, resource_type, condition, order, start, limit);
            Explain(query).load(c)?
        }
    };
    Ok(steps.join("\n"))
}

/// SQLite's form.
#[derive(Debug, Clone)]
struct ExplainQueryPlan<Q>(Q);

/// PostgreSQL's form.
#[derive(Debug, Clone)]
struct Explain<Q>(Q);

macro_rules! explanation {
    ($name:ident, $backend:ty, $prefix:literal, $sql_type:ty) => {
        impl<Q: QueryFragment<$backend>> QueryFragment<$backend> for $name<Q> {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, $backend>) -> QueryResult<()> {
                out.unsafe_to_cache_prepared();
                out.push_sql($prefix);
                self.0.walk_ast(out)
            }
        }
        impl<Q> Query for $name<Q> {
            type SqlType = $sql_type;
        }
        impl<Q> QueryId for $name<Q> {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }
        impl<Q, C> RunQueryDsl<C> for $name<Q> {}
    };
}

explanation!(
    ExplainQueryPlan,
    diesel::sqlite::Sqlite,
    "EXPLAIN QUERY PLAN ",
    (Integer, Integer, Integer, Text)
);
explanation!(Explain, diesel::pg::Pg, "EXPLAIN ", Text);
