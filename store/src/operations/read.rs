//! Looking into the outbox: single operations, lists, attempts, outcomes per extension, figures.

use std::collections::HashMap;

use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;
use jiff::Timestamp;

use super::row::{DetailsRow, Row};
use super::{Operation, State};
use crate::conn::on;
use crate::ids::{AccountId, OperationId, ResourceId};
use crate::schema::{attempts, operation_details, operation_extensions, operations};
use crate::value::{self, micros};
use crate::{Conn, Error};

/// Resources of one statement: below the parameters that either database takes.
const CHUNK: usize = 500;

/// One try to send.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// From 1.
    pub attempt: i32,
    /// When it was claimed.
    pub started_at: Timestamp,
    /// Who tried.
    pub lease_owner: String,
    /// Hash of what was sent.
    pub payload_hash: String,
    /// When its outcome was stored.
    pub ended_at: Option<Timestamp>,
    /// The state it led to.
    pub outcome: Option<State>,
    /// Concur's error code.
    pub error_code: Option<String>,
    /// Concur's message.
    pub error_message: Option<String>,
    /// Concur's correlation id.
    pub correlation_id: Option<String>,
    /// Concur's id of the provision request.
    pub provision_id: Option<String>,
}

/// What became of one extension of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct ExtensionOutcome {
    /// Concur's name of it.
    pub extension: String,
    /// Concur's word for how it went.
    pub state: String,
    /// Concur's code.
    pub code: Option<String>,
    /// Concur's message.
    pub message: Option<String>,
    /// When it was read.
    pub updated_at: Timestamp,
}

/// Which operations. An empty filter means all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this account.
    pub account: Option<AccountId>,
    /// Of this resource.
    pub resource_id: Option<ResourceId>,
    /// Of this person, whichever resource they belong to.
    pub chain: Option<ResourceId>,
    /// In one of these states; empty: any.
    pub states: Vec<State>,
    /// Of this kind.
    pub kind: Option<String>,
    /// With a lower id: the next page.
    pub before: Option<OperationId>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = attempts)]
struct AttemptRow {
    attempt: i32,
    started_at: i64,
    lease_owner: String,
    payload_hash: String,
    ended_at: Option<i64>,
    outcome: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
    correlation_id: Option<String>,
    provision_id: Option<String>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = operation_extensions, treat_none_as_null = true)]
struct ExtensionRow {
    op_id: i64,
    extension: String,
    state: String,
    code: Option<String>,
    message: Option<String>,
    updated_at: i64,
}

/// The operation.
pub fn get(conn: &mut Conn, id: OperationId) -> Result<Operation, Error> {
    let row: Option<(Row, DetailsRow)> = on!(conn, c => {
        operations::table
            .inner_join(operation_details::table)
            .filter(operations::op_id.eq(id.as_i64()))
            .select((Row::as_select(), DetailsRow::as_select()))
            .first(c)
            .optional()
    })?;
    row.ok_or(Error::NotFound { what: "operation" })?.try_into()
}

/// The last operation of a resource's chain.
pub fn latest_for_resource(conn: &mut Conn, resource: ResourceId) -> Result<Option<Operation>, Error> {
    let filter = Filter { resource_id: Some(resource), ..Filter::default() };
    Ok(list(conn, &filter, 1)?.pop())
}

/// The last operation of a resource's chain that was not cancelled: what Concur was last asked for, or shall be.
pub fn last_asked(conn: &mut Conn, resource: ResourceId) -> Result<Option<Operation>, Error> {
    let states = State::ALL.iter().copied().filter(|state| *state != State::Cancelled).collect();
    Ok(list(conn, &Filter { resource_id: Some(resource), states, ..Filter::default() }, 1)?.pop())
}

/// The query for the operation that says most about where a resource stands: one that is held, else the last of its chain.
macro_rules! telling_of_one {
    ($key:expr) => {{
        use $crate::operations::{DetailsRow, Row, State};
        use $crate::schema::{operation_details, operations};
        operations::table
            .inner_join(operation_details::table)
            .filter(operations::resource_id.eq($key))
            .order((operations::state.eq(State::Held.as_str()).desc(), operations::op_id.desc()))
            .limit(1)
            .select((Row::as_select(), DetailsRow::as_select()))
    }};
}
pub(crate) use telling_of_one;

/// The operation of each resource that says most about where it stands: one that is held, else the last of its chain.
/// Resources without any operation are left out.
pub fn telling_of(
    conn: &mut Conn,
    resources: &[ResourceId],
) -> Result<HashMap<ResourceId, Operation>, Error> {
    let mut telling = HashMap::with_capacity(resources.len());
    for chunk in resources.chunks(CHUNK) {
        let keys: Vec<String> = chunk.iter().map(ToString::to_string).collect();
        // `op_id` rises along a chain: an operation is added under the lock of its resource.
        let mut ids: HashMap<String, i64> = HashMap::with_capacity(keys.len());
        for held_only in [false, true] {
            let newest: Vec<(String, Option<i64>)> = on!(conn, c => {
                let chain = operations::table
                    .filter(operations::resource_id.eq_any(&keys))
                    .group_by(operations::resource_id)
                    .select((operations::resource_id, max(operations::op_id)));
                if held_only {
                    chain.filter(operations::state.eq(State::Held.as_str())).load(c)
                } else {
                    chain.load(c)
                }
            })?;
            ids.extend(newest.into_iter().filter_map(|(resource, id)| Some((resource, id?))));
        }
        let ids: Vec<i64> = ids.into_values().collect();
        let rows: Vec<(Row, DetailsRow)> = on!(conn, c => {
            operations::table
                .inner_join(operation_details::table)
                .filter(operations::op_id.eq_any(&ids))
                .select((Row::as_select(), DetailsRow::as_select()))
                .load(c)
        })?;
        for row in rows {
            let operation = Operation::try_from(row)?;
            telling.insert(operation.resource_id, operation);
        }
    }
    Ok(telling)
}

/// Whether the resource has an operation that is still going to change. A `failed` one is not: it waits for a person.
pub fn has_open(conn: &mut Conn, resource: ResourceId) -> Result<bool, Error> {
    let key = resource.to_string();
    let open = State::ALL.iter().filter(|s| !s.is_end() && **s != State::Failed).map(|s| s.as_str());
    on!(conn, c => {
        diesel::select(diesel::dsl::exists(
            operations::table.filter(operations::resource_id.eq(&key).and(operations::state.eq_any(open))),
        ))
        .get_result(c)
    })
}

/// Newest first.
pub fn list(conn: &mut Conn, filter: &Filter, limit: usize) -> Result<Vec<Operation>, Error> {
    let rows: Vec<(Row, DetailsRow)> = on!(conn, c => {
        let mut query = operations::table
            .inner_join(operation_details::table)
            .select((Row::as_select(), DetailsRow::as_select()))
            .into_boxed();
        if let Some(account) = filter.account {
            query = query.filter(operations::account_id.eq(account.to_string()));
        }
        if let Some(resource) = filter.resource_id {
            query = query.filter(operations::resource_id.eq(resource.to_string()));
        }
        if let Some(chain) = filter.chain {
            query = query.filter(operations::chain_id.eq(chain.to_string()));
        }
        if !filter.states.is_empty() {
            query = query.filter(operations::state.eq_any(filter.states.iter().map(|state| state.as_str())));
        }
        if let Some(kind) = &filter.kind {
            query = query.filter(operations::kind.eq(kind));
        }
        if let Some(before) = filter.before {
            query = query.filter(operations::op_id.lt(before.as_i64()));
        }
        query.order(operations::op_id.desc()).limit(value::limit(limit)).load(c)
    })?;
    rows.into_iter().map(Operation::try_from).collect()
}

/// Every try to send, in order.
pub fn attempts(conn: &mut Conn, id: OperationId) -> Result<Vec<Attempt>, Error> {
    let rows: Vec<AttemptRow> = on!(conn, c => {
        attempts::table
            .filter(attempts::op_id.eq(id.as_i64()))
            .order(attempts::attempt)
            .select(AttemptRow::as_select())
            .load(c)
    })?;
    let convert = |row: AttemptRow| {
        Ok(Attempt {
            attempt: row.attempt,
            started_at: value::time(row.started_at, "attempts.started_at")?,
            lease_owner: row.lease_owner,
            payload_hash: row.payload_hash,
            ended_at: value::time_opt(row.ended_at, "attempts.ended_at")?,
            outcome: row.outcome.map(|state| value::parse(&state, "attempts.outcome")).transpose()?,
            error_code: row.error_code,
            error_message: row.error_message,
            correlation_id: row.correlation_id,
            provision_id: row.provision_id,
        })
    };
    rows.into_iter().map(convert).collect()
}

/// Outcomes per extension, by name.
pub fn extensions(conn: &mut Conn, id: OperationId) -> Result<Vec<ExtensionOutcome>, Error> {
    let rows: Vec<ExtensionRow> = on!(conn, c => {
        operation_extensions::table
            .filter(operation_extensions::op_id.eq(id.as_i64()))
            .order(operation_extensions::extension)
            .select(ExtensionRow::as_select())
            .load(c)
    })?;
    let convert = |row: ExtensionRow| {
        Ok(ExtensionOutcome {
            extension: row.extension,
            state: row.state,
            code: row.code,
            message: row.message,
            updated_at: value::time(row.updated_at, "operation_extensions.updated_at")?,
        })
    };
    rows.into_iter().map(convert).collect()
}

/// Puts the outcome of one extension; replaces the one before.
pub fn put_extension(conn: &mut Conn, id: OperationId, outcome: &ExtensionOutcome) -> Result<(), Error> {
    let row = ExtensionRow {
        op_id: id.as_i64(),
        extension: outcome.extension.clone(),
        state: outcome.state.clone(),
        code: outcome.code.clone(),
        message: outcome.message.clone(),
        updated_at: micros(outcome.updated_at),
    };
    on!(conn, c => {
        diesel::insert_into(operation_extensions::table)
            .values(&row)
            .on_conflict((operation_extensions::op_id, operation_extensions::extension))
            .do_update()
            .set(&row)
            .execute(c)
    })?;
    Ok(())
}

/// How many operations are in which state; states without any are left out.
pub fn counts_by_state(conn: &mut Conn, account: Option<AccountId>) -> Result<Vec<(State, u64)>, Error> {
    let rows: Vec<(String, i64)> = on!(conn, c => {
        let mut query = operations::table
            .group_by(operations::state)
            .select((operations::state, count_star()))
            .into_boxed();
        if let Some(account) = account {
            query = query.filter(operations::account_id.eq(account.to_string()));
        }
        query.load(c)
    })?;
    let mut counts = Vec::with_capacity(rows.len());
    for (state, n) in rows {
        counts.push((value::parse(&state, "operations.state")?, value::count(n)));
    }
    counts.sort_unstable();
    Ok(counts)
}

/// How many operations of an account have not ended (`failed` ones count: they wait for a person).
pub fn count_open(conn: &mut Conn, account: AccountId) -> Result<usize, Error> {
    let open = State::ALL.iter().filter(|state| !state.is_end()).map(|state| state.as_str());
    let count: i64 = on!(conn, c => {
        operations::table
            .filter(operations::account_id.eq(account.to_string()).and(operations::state.eq_any(open)))
            .count()
            .get_result(c)
    })?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// When the oldest operation that has not ended was accepted (`failed` ones count: they wait for a person).
pub fn oldest_open(conn: &mut Conn, account: Option<AccountId>) -> Result<Option<Timestamp>, Error> {
    let open = State::ALL.iter().filter(|state| !state.is_end()).map(|state| state.as_str());
    let oldest: Option<i64> = on!(conn, c => {
        let mut query = operations::table
            .filter(operations::state.eq_any(open))
            .select(min(operations::created_at))
            .into_boxed();
        if let Some(account) = account {
            query = query.filter(operations::account_id.eq(account.to_string()));
        }
        query.first(c)
    })?;
    value::time_opt(oldest, "operations.created_at")
}

/// The earliest time at which `claim_due`, `claim_polls` or `expire_leases` will have work; `None`: nothing waits. One
/// look into an index for each state, however much waits.
pub fn next_due(conn: &mut Conn) -> Result<Option<Timestamp>, Error> {
    let mut earliest: Option<i64> = on!(conn, c => {
        operations::table
            .filter(operations::lease_until.is_not_null())
            .order(operations::lease_until)
            .select(operations::lease_until)
            .first(c)
            .optional()
    })?
    .flatten();
    for state in [State::Ready, State::Submitted, State::Verifying, State::Unknown] {
        let due: Option<i64> = on!(conn, c => {
            operations::table
                .filter(operations::state.eq(state.as_str()).and(operations::lease_until.is_null()))
                .order(operations::due_at)
                .select(operations::due_at)
                .first(c)
                .optional()
        })?;
        earliest = earliest.into_iter().chain(due).min();
    }
    value::time_opt(earliest, "operations.due_at")
}

/// The newest operation of a person that is done: what Concur shall hold, as long as nothing later is under way.
pub fn newest_done(conn: &mut Conn, chain: ResourceId) -> Result<Option<Operation>, Error> {
    newest_done_of(conn, chain, &[])
}

/// The same among operations of these kinds; none given: of all.
pub fn newest_done_of(
    conn: &mut Conn,
    chain: ResourceId,
    kinds: &[&str],
) -> Result<Option<Operation>, Error> {
    let newest: Option<i64> = on!(conn, c => {
        let mut query = operations::table
            .filter(operations::chain_id.eq(chain.to_string()).and(operations::state.eq(State::Done.as_str())))
            .order(operations::user_seq.desc())
            .select(operations::op_id)
            .into_boxed();
        if !kinds.is_empty() {
            query = query.filter(operations::kind.eq_any(kinds));
        }
        query.first(c).optional()
    })?;
    newest.map(|id| get(conn, OperationId::from_i64(id))).transpose()
}

/// Whether something of the person is still going to change. A `failed` operation is not: it waits for a person.
pub fn is_chain_open(conn: &mut Conn, chain: ResourceId) -> Result<bool, Error> {
    let open = State::ALL.iter().filter(|s| !s.is_end() && **s != State::Failed).map(|s| s.as_str());
    on!(conn, c => {
        diesel::select(diesel::dsl::exists(
            operations::table
                .filter(operations::chain_id.eq(chain.to_string()).and(operations::state.eq_any(open))),
        ))
        .get_result(c)
    })
}
