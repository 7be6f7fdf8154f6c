//! Chains: which operations belong to one person, and in which order they stand.
//!
//! Concur knows persons, not resources. A user who was deleted and comes back is another resource and the same person,
//! so the later resource goes on with the chain of the earlier one, and order holds across both. A chain is named by
//! the first resource in it; two transactions that change one chain go one after the other.

use diesel::prelude::*;
use jiff::Timestamp;

use super::pass::{self, MERGED, Open};
use super::row::{IN_FLIGHT, PASSING_LANE};
use super::transition::promote;
use super::{State, URGENT_KINDS, is_urgent};
use crate::conn::{Raw, on, together};
use crate::ids::{OperationId, ResourceId};
use crate::links::Link;
use crate::prepared::{prepared, prepared_if};
use crate::schema::{chains, links, operation_details, operations, resources};
use crate::value::{self, micros};
use crate::{Conn, Error};

/// States in which nothing of an operation is on its way.
const UNSENT: [&str; 4] =
    [State::Accepted.as_str(), State::Held.as_str(), State::Ready.as_str(), State::Failed.as_str()];

/// Where an operation stands.
pub(super) struct Place {
    pub(super) chain_id: String,
    pub(super) account_id: String,
    pub(super) user_seq: i64,
    pub(super) attempt: i32,
    pub(super) kind: String,
    pub(super) priority: i32,
}

/// The chain of a resource: that which it follows, else its own.
fn of(conn: &mut Conn, resource: &str) -> Result<String, Error> {
    let followed: Option<String> = on!(conn, c => {
        chains::table.find(resource).select(chains::chain_id).first(c).optional()
    })?;
    Ok(followed.unwrap_or_else(|| resource.to_owned()))
}

/// The first resource of the person: what names the chain.
pub fn chain_of(conn: &mut Conn, resource: ResourceId) -> Result<ResourceId, Error> {
    value::parse(&of(conn, &resource.to_string())?, "chains.chain_id")
}

/// A new resource is the same person as an earlier one: from now on its operations stand behind those of the earlier one.
/// To be called before anything is enqueued for it.
pub fn follow(conn: &mut Conn, resource: ResourceId, earlier: ResourceId) -> Result<(), Error> {
    let chain_id = lock_of(conn, earlier)?;
    put(conn, &resource.to_string(), &chain_id)
}

/// What was found out late: `resource` is the same person as `earlier`. Moves its operations behind those of `earlier`;
/// one that was `ready` waits again. None of them may be on its way.
pub fn join(conn: &mut Conn, resource: ResourceId, earlier: ResourceId, now: Timestamp) -> Result<(), Error> {
    let (from, into) = (lock_of(conn, resource)?, lock_of(conn, earlier)?);
    if from == into {
        return Ok(());
    }
    let followers: Vec<String> = on!(conn, c => {
        chains::table.filter(chains::chain_id.eq(&from)).select(chains::resource_id).load(c)
    })?;
    for follower in followers.iter().chain([&from]) {
        put(conn, follower, &into)?;
    }
    let last: Option<i64> = on!(conn, c => {
        operations::table
            .filter(operations::chain_id.eq(&into))
            .select(diesel::dsl::max(operations::user_seq))
            .first(c)
    })?;
    let moved = (
        operations::chain_id.eq(&into),
        operations::user_seq.eq(operations::user_seq + last.unwrap_or(0)),
        operations::updated_at.eq(micros(now)),
    );
    let theirs = operations::table.filter(operations::chain_id.eq(&from));
    let ready = theirs.filter(operations::state.eq(State::Ready.as_str()));
    on!(conn, c => diesel::update(ready).set(operations::state.eq(State::Accepted.as_str())).execute(c))?;
    on!(conn, c => diesel::update(theirs).set(moved).execute(c))?;
    promote(conn, &into, now)
}

/// All resources that the person ever was, this one among them.
pub fn lives(conn: &mut Conn, resource: ResourceId) -> Result<Vec<ResourceId>, Error> {
    let members = members(conn, resource)?;
    members.iter().map(|member| value::parse(member, "chains.resource_id")).collect()
}

fn members(conn: &mut Conn, resource: ResourceId) -> Result<Vec<String>, Error> {
    let chain_id = of(conn, &resource.to_string())?;
    let mut members: Vec<String> = on!(conn, c => {
        chains::table
            .filter(chains::chain_id.eq(&chain_id))
            .order(chains::resource_id)
            .select(chains::resource_id)
            .load(c)
    })?;
    members.push(chain_id);
    Ok(members)
}

/// The newest link to a Concur user that a resource of the same chain has.
pub fn link(conn: &mut Conn, resource: ResourceId) -> Result<Option<Link>, Error> {
    let members = members(conn, resource)?;
    let newest: Option<String> = on!(conn, c => {
        links::table
            .filter(links::resource_id.eq_any(&members).and(links::concur_user_id.is_not_null()))
            .order((links::updated_at.desc(), links::resource_id.desc()))
            .select(links::resource_id)
            .first(c)
            .optional()
    })?;
    match newest {
        Some(resource) => crate::links::get(conn, value::parse(&resource, "links.resource_id")?),
        None => Ok(None),
    }
}

/// Whether no later operation stands behind this one in its chain.
pub fn is_latest(conn: &mut Conn, id: OperationId) -> Result<bool, Error> {
    let place = place(conn, id)?;
    let later = operations::table
        .filter(operations::chain_id.eq(&place.chain_id).and(operations::user_seq.gt(place.user_seq)));
    let exists: bool = on!(conn, c => diesel::select(diesel::dsl::exists(later)).get_result(c))?;
    Ok(!exists)
}

/// A chain, locked until the end of the transaction, with what the next operation must know of it.
pub(super) struct End {
    pub(super) chain_id: String,
    /// Place of the last operation; 0: there is none.
    pub(super) last: i64,
    /// Those that have not ended.
    pub(super) open: Vec<Open>,
}

/// The end of a resource's chain.
pub(super) fn lock_end(conn: &mut Conn, resource: ResourceId) -> Result<End, Error> {
    let resource = resource.to_string();
    let mut chain_id = lock_named(conn, &resource)?;
    loop {
        let (followed, last, open) = together!(conn,
            chains::table.find(&resource).select(chains::chain_id) => String,
            operations::table
                .filter(operations::chain_id.eq(&chain_id))
                .select(diesel::dsl::max(operations::user_seq)) => Option<i64>,
            pass::open_part!(&chain_id) => pass::OpenRow,
        )?;
        let now = followed.into_iter().next().unwrap_or_else(|| resource.clone());
        if now == chain_id {
            let open = open.into_iter().map(Open::try_from).collect::<Result<_, _>>()?;
            return Ok(End { chain_id, last: last.into_iter().flatten().next().unwrap_or(0), open });
        }
        // While we waited, it has joined another.
        lock(conn, &now)?;
        chain_id = now;
    }
}

/// Locks the chain that a resource is known to belong to, and says which it is.
fn lock_named(conn: &mut Conn, resource: &str) -> Result<String, Error> {
    #[derive(QueryableByName)]
    struct Locked {
        #[diesel(sql_type = diesel::sql_types::Text)]
        resource_id: String,
    }
    match &mut *conn.pooled {
        Raw::Sqlite(_) => of(conn, resource),
        Raw::Postgres(c) => {
            let locking = diesel::sql_query(
                "SELECT resource_id FROM resources WHERE resource_id = \
                 COALESCE((SELECT chain_id FROM chains WHERE resource_id = $1), $1) FOR UPDATE",
            )
            .bind::<diesel::sql_types::Text, _>(resource);
            let locked: Option<Locked> = prepared(locking).get_result(&mut ***c).optional()?;
            Ok(locked.ok_or(Error::NotFound { what: "resource" })?.resource_id)
        }
    }
}

/// The chain of a resource, locked until the end of the transaction.
pub(super) fn lock_of(conn: &mut Conn, resource: ResourceId) -> Result<String, Error> {
    let resource = resource.to_string();
    let mut chain_id = of(conn, &resource)?;
    loop {
        lock(conn, &chain_id)?;
        // While we waited, it may have joined another.
        let now = of(conn, &resource)?;
        if now == chain_id {
            return Ok(chain_id);
        }
        chain_id = now;
    }
}

/// Where an operation stands, its chain locked until the end of the transaction.
pub(super) fn lock_around(conn: &mut Conn, id: OperationId) -> Result<Place, Error> {
    let mut seen = place(conn, id)?;
    loop {
        lock(conn, &seen.chain_id)?;
        let now = place(conn, id)?;
        if now.chain_id == seen.chain_id {
            return Ok(now);
        }
        seen = now;
    }
}

/// An operation behind `place` that is on its way or done, or a deactivation that has passed it and goes out next: nothing
/// older is to go out any more. Updates do not pass one
/// that is to end access: they go on while it is held (reliability B3), and say nothing about access.
pub(super) fn passed_by(conn: &mut Conn, place: &Place) -> Result<Option<OperationId>, Error> {
    let gone = IN_FLIGHT.into_iter().chain([State::Done.as_str()]);
    let goes_next = operations::state.eq(State::Ready.as_str()).and(operations::lane.eq(PASSING_LANE));
    let later: Option<i64> = on!(conn, c => {
        let mut query = operations::table
            .filter(operations::chain_id.eq(&place.chain_id).and(operations::user_seq.gt(place.user_seq)))
            .filter(operations::state.eq_any(gone).or(goes_next))
            .order(operations::user_seq)
            .select(operations::op_id)
            .into_boxed();
        if is_urgent(&place.kind) {
            query = query.filter(operations::kind.ne(MERGED));
        }
        query.first(c).optional()
    })?;
    Ok(later.map(OperationId::from_i64))
}

/// What stands before a `done` operation and was not sent will not be sent: it would undo the newer state. A deactivation
/// is left out only for what changes access itself.
pub(super) fn supersede_before(
    conn: &mut Conn,
    place: &Place,
    by: OperationId,
    now: Timestamp,
) -> Result<(), Error> {
    let earlier: Vec<i64> = on!(conn, c => {
        let mut query = operations::table
            .filter(operations::chain_id.eq(&place.chain_id).and(operations::user_seq.lt(place.user_seq)))
            .filter(operations::state.eq_any(UNSENT))
            .select(operations::op_id)
            .into_boxed();
        if place.kind == MERGED {
            query = query.filter(operations::kind.ne_all(URGENT_KINDS));
        }
        query.load(c)
    })?;
    supersede(conn, &earlier, by, "a later operation of the person is done", now)
}

/// Ends operations that were not sent, in favour of another.
pub(super) fn supersede(
    conn: &mut Conn,
    op_ids: &[i64],
    by: OperationId,
    reason: &str,
    now: Timestamp,
) -> Result<(), Error> {
    if op_ids.is_empty() {
        return Ok(());
    }
    // Mostly it is one: on SQLite the text depends on how many there are.
    let one = op_ids.len() == 1;
    on!(conn, c => {
        // Once more by state: on PostgreSQL one of them may have been claimed since they were read.
        let change = diesel::update(operations::table.filter(operations::op_id.eq_any(op_ids)))
            .filter(operations::state.eq_any(UNSENT))
            .set((operations::state.eq(State::Superseded.as_str()), operations::updated_at.eq(micros(now))));
        prepared_if(one, change.returning(operations::op_id)).load::<i64>(c)
    })?;
    let ended = operations::table
        .filter(operations::op_id.eq_any(op_ids).and(operations::state.eq(State::Superseded.as_str())))
        .select(operations::op_id);
    on!(conn, c => {
        let change = diesel::update(operation_details::table.filter(operation_details::op_id.eq_any(ended)))
            .set((operation_details::superseded_by.eq(by.as_i64()), operation_details::reason.eq(reason)));
        prepared_if(one, change.returning(operation_details::op_id)).load::<i64>(c)
    })?;
    Ok(())
}

fn place(conn: &mut Conn, id: OperationId) -> Result<Place, Error> {
    let columns = (
        operations::chain_id,
        operations::account_id,
        operations::user_seq,
        operations::attempt,
        operations::kind,
        operations::priority,
    );
    let row: Option<(String, String, i64, i32, String, i32)> =
        on!(conn, c => operations::table.find(id.as_i64()).select(columns).first(c).optional())?;
    let (chain_id, account_id, user_seq, attempt, kind, priority) =
        row.ok_or(Error::NotFound { what: "operation" })?;
    Ok(Place { chain_id, account_id, user_seq, attempt, kind, priority })
}

fn put(conn: &mut Conn, resource: &str, chain_id: &str) -> Result<(), Error> {
    let row = (chains::resource_id.eq(resource), chains::chain_id.eq(chain_id));
    on!(conn, c => {
        diesel::insert_into(chains::table)
            .values(row)
            .on_conflict(chains::resource_id)
            .do_update()
            .set(chains::chain_id.eq(chain_id))
            .execute(c)
    })?;
    Ok(())
}

/// Two transactions that change one chain go one after the other: without it, one could end an operation while the
/// other, not seeing that, adds a successor that nobody would make ready. SQLite has one writer anyway.
fn lock(conn: &mut Conn, chain_id: &str) -> Result<(), Error> {
    if let Raw::Postgres(c) = &mut *conn.pooled {
        let query = resources::table.find(chain_id).select(resources::resource_id).for_update();
        let locked: Option<String> = query.first(&mut ***c).optional()?;
        locked.ok_or(Error::NotFound { what: "resource" })?;
    }
    Ok(())
}
