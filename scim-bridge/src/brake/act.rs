//! What a person decides about deactivations that the brake holds: let them go, or end them (reliability B4).
//!
//! Releasing everything ends the episode and agrees with what was counted: counting starts anew. Cancelling everything
//! ends it too, but what had been let through stays counted, since a mistake that was sent once may be sent again.
//! Single decisions always work and leave the brake as it is.

use jiff::Timestamp;
use serde_json::json;
use store::ids::{AccountId, OperationId};
use store::operations::{self, Expect, State, Transition};
use store::resources::{self, ResourceType};
use store::{Conn, Store, audit, brakes};
use uuid::Uuid;

use super::restore::restore;
use crate::clock::Clock;

/// Operations of one transaction.
const PAGE: usize = 100;

/// Let go, or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Access ends.
    Release,
    /// Access stays.
    Cancel,
}

impl Verb {
    fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Cancel => "cancel",
        }
    }
}

/// Which of the held operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// This one.
    Operation(OperationId),
    /// That of the user with this SCIM id.
    User(String),
    /// All of them; the brake is armed again.
    All,
}

/// A decision.
#[derive(Debug, Clone)]
pub struct Order {
    /// Whose brake.
    pub account: AccountId,
    /// What to do.
    pub verb: Verb,
    /// With which.
    pub which: Which,
    /// Why; goes into the audit trail.
    pub reason: String,
    /// Who decides, as the audit trail names it.
    pub actor: String,
}

/// What became of a decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = BrakeActed)]
pub struct Acted {
    /// Operations released or cancelled.
    pub operations: usize,
    /// Cancelled ones whose user could not be shown as before, because the user name was taken meanwhile.
    #[schema(value_type = Vec<i64>)]
    pub not_restored: Vec<OperationId>,
}

/// Why a decision was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// No reason was given.
    #[error("a reason is needed: it goes into the audit trail")]
    NoReason,
    /// There is no such operation or user in the account.
    #[error("there is no {0} in this account")]
    NotFound(String),
    /// It is there, and the brake does not hold it.
    #[error("the brake holds no deactivation of {0}")]
    NotHeld(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Carries a decision out, some operations in each transaction, each with its audit row.
///
/// # Errors
/// A decision that names nothing that is held, or the store's. What was done before an error stays done; repeating goes on.
pub async fn act(store: &Store, clock: &Clock, order: Order) -> Result<Acted, ActError> {
    if order.reason.trim().is_empty() {
        return Err(ActError::NoReason);
    }
    let mut acted = Acted::default();
    loop {
        let (step, now) = (order.clone(), clock.now());
        let (done, more) = store.try_write(move |conn| one_step(conn, &step, now)).await?;
        acted.operations += done.operations;
        acted.not_restored.extend(done.not_restored);
        if !more {
            return Ok(acted);
        }
    }
}

fn one_step(conn: &mut Conn, order: &Order, now: Timestamp) -> Result<(Acted, bool), ActError> {
    let mut brake = brakes::lock(conn, order.account, now)?;
    let chosen = chosen(conn, order)?;
    let mut acted = Acted::default();
    for id in &chosen {
        let operation = operations::get(conn, *id)?;
        let to = match order.verb {
            Verb::Release => State::Accepted,
            Verb::Cancel => State::Cancelled,
        };
        let expect = Expect { state: operation.state, lease_epoch: operation.lease_epoch };
        let reason = Some(format!("{} by {}: {}", past(order.verb), order.actor, order.reason));
        let transition = Transition { reason, ..Transition::to(to, now) };
        if !operations::transition(conn, *id, expect, &transition)? {
            // Superseded in this moment; nothing is left to decide.
            continue;
        }
        brakes::let_go(conn, *id)?;
        acted.operations += 1;
        if order.verb == Verb::Cancel {
            brakes::uncount(conn, order.account, operation.resource_id)?;
            if !restore(conn, &operation, now)? {
                acted.not_restored.push(*id);
            }
        }
    }
    let more = order.which == Which::All && chosen.len() == PAGE;
    if order.which == Which::All && !more {
        brake.tripped_at = None;
        brake.reason = None;
        brake.alerted_at = None;
        if order.verb == Verb::Release {
            brake.counted_from = Some(now);
        }
        brakes::put(conn, &brake, now)?;
    }
    record(conn, order, &chosen, now)?;
    Ok((acted, more))
}

fn past(verb: Verb) -> &'static str {
    match verb {
        Verb::Release => "released",
        Verb::Cancel => "cancelled",
    }
}

/// The held operations that are meant, those of one step.
fn chosen(conn: &mut Conn, order: &Order) -> Result<Vec<OperationId>, ActError> {
    match &order.which {
        Which::All => Ok(brakes::held(conn, order.account, None, PAGE)?),
        Which::Operation(id) => {
            let found = match operations::get(conn, *id) {
                Err(store::Error::NotFound { .. }) => None,
                found => Some(found?),
            };
            let ours = found.is_some_and(|operation| operation.account == order.account);
            match (ours, ours && brakes::holds(conn, *id)?) {
                (false, _) => Err(ActError::NotFound(format!("operation {id}"))),
                (true, false) => Err(ActError::NotHeld(format!("operation {id}"))),
                (true, true) => Ok(vec![*id]),
            }
        }
        Which::User(id) => {
            let uuid = Uuid::try_parse(id).map_err(|_| ActError::NotFound(format!("user {id:.64}")))?;
            let user = resources::find_by_scim_id(conn, order.account, ResourceType::User, uuid)?
                .ok_or_else(|| ActError::NotFound(format!("user {uuid}")))?;
            let mut held = Vec::new();
            for operation in super::admit::held_of(conn, user.id)? {
                if brakes::holds(conn, operation.id)? {
                    held.push(operation.id);
                }
            }
            if held.is_empty() { Err(ActError::NotHeld(format!("user {uuid}"))) } else { Ok(held) }
        }
    }
}

fn record(
    conn: &mut Conn,
    order: &Order,
    operations: &[OperationId],
    now: Timestamp,
) -> Result<(), store::Error> {
    let event = audit::NewEvent {
        account: Some(order.account),
        at: now,
        actor: order.actor.clone(),
        action: format!("brake.{}", order.verb.as_str()),
        subject: format!("account:{}", order.account),
        details: json!({
            "reason": order.reason,
            "all": order.which == Which::All,
            "operations": operations,
        }),
    };
    audit::append(conn, &event).map(|_| ())
}
