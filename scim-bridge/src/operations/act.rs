//! What a person does with one operation: send it round again, end it, stop it, let it go (reliability I20). Each with a
//! reason and an audit row, in one transaction.

use std::fmt;

use jiff::Timestamp;
use serde_json::json;
use store::ids::{AccountId, OperationId};
use store::operations::{self, Expect, Operation, State, Transition};
use store::{Conn, audit, brakes};

use crate::brake;
use crate::provision::{self, OnBehalf};
use crate::translate::Kind;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// A failed one is sent again, with all its attempts.
    Replay,
    /// One that is not on its way ends; what it wanted does not reach Concur.
    Cancel,
    /// One that waits is stopped, and the rest of its user's behind it, unless it ends access.
    Hold,
    /// One that a person has held goes on.
    Release,
}

impl Verb {
    /// As commands and addresses have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Cancel => "cancel",
            Self::Hold => "hold",
            Self::Release => "release",
        }
    }

    /// The states in which it can be done.
    fn from(self) -> &'static [State] {
        match self {
            Self::Replay => &[State::Failed],
            Self::Cancel => &[State::Accepted, State::Ready, State::Held, State::Failed],
            Self::Hold => &[State::Accepted, State::Ready],
            Self::Release => &[State::Held],
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// No reason was given.
    #[error("a reason is needed: it goes into the audit trail")]
    NoReason,
    /// There is no such operation in the account.
    #[error("there is no operation {0} in this account")]
    NotFound(OperationId),
    /// Its state does not allow it.
    #[error("operation {id} is {state}; {verb} is for operations that are {}", states(verb.from()))]
    State {
        /// The operation.
        id: OperationId,
        /// Its state.
        state: State,
        /// What was asked.
        verb: Verb,
    },
    /// A worker took it in this moment.
    #[error("operation {0} has just changed its state; look again")]
    Taken(OperationId),
    /// It is the brake's.
    #[error("the brake holds operation {0}: decide with scim-bridge brake release or cancel (/api/v1/brake)")]
    Brake(OperationId),
    /// Replaying would give access to somebody who has left since.
    #[error("operation {id} would give access that a later one, {later}, ends; cancel it instead")]
    Left {
        /// The operation.
        id: OperationId,
        /// The one that ends access.
        later: OperationId,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

fn states(states: &[State]) -> String {
    states.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", ")
}

/// Does it, and answers the operation as it is then.
///
/// # Errors
/// What does not allow it, or the store's.
pub fn act(
    conn: &mut Conn,
    account: AccountId,
    id: OperationId,
    verb: Verb,
    reason: &str,
    actor: &str,
    now: Timestamp,
) -> Result<Operation, ActError> {
    if reason.trim().is_empty() {
        return Err(ActError::NoReason);
    }
    let operation = match operations::get(conn, id) {
        Err(store::Error::NotFound { .. }) => return Err(ActError::NotFound(id)),
        found => found?,
    };
    if operation.account != account {
        return Err(ActError::NotFound(id));
    }
    if !verb.from().contains(&operation.state) {
        return Err(ActError::State { id, state: operation.state, verb });
    }
    if operation.state == State::Held && brakes::holds(conn, id)? {
        return Err(ActError::Brake(id));
    }
    let why = format!("{verb} by {actor}: {reason}");
    let expect = Expect { state: operation.state, lease_epoch: operation.lease_epoch };
    let to = |state: State| Transition { reason: Some(why.clone()), ..Transition::to(state, now) };
    let done = match verb {
        Verb::Replay => {
            if let Some(later) = ended_by(conn, &operation)? {
                return Err(ActError::Left { id, later });
            }
            operations::replay(conn, id, expect, &why, now)?
        }
        Verb::Cancel => operations::transition(conn, id, expect, &to(State::Cancelled))?,
        Verb::Hold => operations::transition(conn, id, expect, &to(State::Held))?,
        Verb::Release => operations::transition(conn, id, expect, &to(State::Accepted))?,
    };
    if !done {
        return Err(ActError::Taken(id));
    }
    if verb == Verb::Cancel && operations::is_urgent(&operation.kind) {
        brake::restore(conn, &operation, now)?;
        if operations::has_absorbed(conn, id)? {
            want_again(conn, &operation, actor, now)?;
        }
    }
    record(conn, &operation, verb, reason, actor, now)?;
    Ok(operations::get(conn, id)?)
}

/// Whoever was not let go after all shall have in Concur what earlier operations wanted: the deactivation had passed them, and
/// they are not sent any more.
fn want_again(
    conn: &mut Conn,
    operation: &Operation,
    actor: &str,
    now: Timestamp,
) -> Result<(), store::Error> {
    let account = store::accounts::get(conn, operation.account)?;
    let Ok(on) = OnBehalf::new(account, actor.to_owned()) else { return Ok(()) };
    let row = store::resources::get(conn, operation.resource_id)?;
    match provision::wanted(conn, &on, &row)? {
        Some(wanted) if wanted.user.is_active() => {
            provision::repair(conn, &on, &row, Kind::Update, wanted, now).map(drop)
        }
        _ => Ok(()),
    }
}

/// A later operation that ends the access which this one would give.
fn ended_by(conn: &mut Conn, operation: &Operation) -> Result<Option<OperationId>, store::Error> {
    if operations::is_urgent(&operation.kind) || operation.kind == "update" {
        return Ok(None);
    }
    let filter =
        operations::Filter { resource_id: Some(operation.resource_id), ..operations::Filter::default() };
    let chain = operations::list(conn, &filter, usize::from(u8::MAX))?;
    let stands = |it: &Operation| !matches!(it.state, State::Cancelled | State::Superseded);
    let mut later = chain.iter().filter(|it| it.id > operation.id && stands(it));
    // Newest first: only the last word about access counts.
    let last = later.find(|it| it.kind != "update");
    Ok(last.filter(|it| operations::is_urgent(&it.kind)).map(|it| it.id))
}

fn record(
    conn: &mut Conn,
    operation: &Operation,
    verb: Verb,
    reason: &str,
    actor: &str,
    now: Timestamp,
) -> Result<(), store::Error> {
    let event = audit::NewEvent {
        account: Some(operation.account),
        at: now,
        actor: actor.to_owned(),
        action: format!("operation.{verb}"),
        subject: format!("operation:{}", operation.id),
        details: json!({"reason": reason, "kind": operation.kind, "from": operation.state.as_str()}),
    };
    audit::append(conn, &event).map(|_| ())
}
