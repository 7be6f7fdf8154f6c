//! Counting a deactivation and saying whether it goes or is held, inside the transaction that accepts it.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::ids::{AccountId, OperationId, ResourceId};
use store::operations::{self, Expect, State, Transition};
use store::webhooks::{self, Topic};
use store::{Conn, Error, brakes, resources};

use super::limits::{BrakeLimits, Counted};
use crate::translate::Kind;

/// The longer window.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// The shorter one.
const TEN_MINUTES: SignedDuration = SignedDuration::from_mins(10);

/// What the brake says to an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Grip {
    /// It goes.
    Free,
    /// It is held.
    Held {
        /// Why, as stored with the operation.
        reason: String,
        /// Whether by the brake; else by a person.
        by_brake: bool,
    },
}

impl Grip {
    /// The reason of one that is held.
    pub(crate) fn held(&self) -> Option<String> {
        match self {
            Self::Free => None,
            Self::Held { reason, .. } => Some(reason.clone()),
        }
    }
}

/// Counts a user whose access is to end and says whether that is held. Nothing is counted for other kinds. Call it
/// before any row of the user is written (see [`brakes::lock`]).
///
/// # Errors
/// The store's.
pub(crate) fn admit(
    conn: &mut Conn,
    account: AccountId,
    limits: &BrakeLimits,
    resource: ResourceId,
    kind: Kind,
    now: Timestamp,
) -> Result<Grip, Error> {
    if !kind.is_urgent() {
        return Ok(Grip::Free);
    }
    let mut brake = brakes::lock(conn, account, now)?;
    // Somebody said about this person that access shall not end yet; the provider's repeating it changes nothing.
    let earlier = held_of(conn, resource)?.pop();
    brakes::count(conn, account, resource, now)?;
    if let Some(earlier) = earlier {
        let by_brake = brakes::holds(conn, earlier.id)?;
        return Ok(Grip::Held { reason: earlier.reason.unwrap_or_default(), by_brake });
    }
    if brake.is_off(now) {
        return Ok(Grip::Free);
    }
    if brake.tripped_at.is_none() {
        let counted = counted(conn, &brake, now)?;
        if limits.surely_allow(counted) {
            return Ok(Grip::Free);
        }
        let active = active_without(conn, account, resource)?;
        let Some(reason) = limits.exceeded(counted, active) else { return Ok(Grip::Free) };
        trip(conn, &mut brake, reason, now)?;
    }
    Ok(held_by(&brake))
}

/// Trips the brake for a reason of its own: what is asked for would leave nobody with access.
///
/// # Errors
/// The store's.
pub(crate) fn trip_for(
    conn: &mut Conn,
    account: AccountId,
    reason: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let mut brake = brakes::lock(conn, account, now)?;
    if brake.tripped_at.is_some() || brake.is_off(now) {
        return Ok(());
    }
    trip(conn, &mut brake, reason.to_owned(), now)
}

fn trip(conn: &mut Conn, brake: &mut brakes::Brake, reason: String, now: Timestamp) -> Result<(), Error> {
    webhooks::publish(conn, brake.account, Topic::BrakeTripped, now, |_| Ok(json!({"reason": reason})))?;
    brake.tripped_at = Some(now);
    brake.reason = Some(reason);
    brake.alerted_at = None;
    brakes::put(conn, brake, now)
}

fn held_by(brake: &brakes::Brake) -> Grip {
    let why = brake.reason.as_deref().unwrap_or("too many deactivations");
    Grip::Held { reason: format!("held by the brake: {why}"), by_brake: true }
}

/// What the windows hold now.
pub(super) fn counted(conn: &mut Conn, brake: &brakes::Brake, now: Timestamp) -> Result<Counted, Error> {
    let mut since = |window: SignedDuration| {
        let start = now.checked_sub(window).unwrap_or(Timestamp::MIN);
        let start = brake.counted_from.map_or(start, |agreed| agreed.max(start));
        brakes::counted_since(conn, brake.account, start, None)
    };
    Ok(Counted { day: since(DAY)?, ten_minutes: since(TEN_MINUTES)? })
}

/// Users who stay active when this one goes.
fn active_without(conn: &mut Conn, account: AccountId, resource: ResourceId) -> Result<u64, Error> {
    let active = resources::count_active_users(conn, account)?;
    let row = resources::get(conn, resource)?;
    let one = usize::from(row.active && row.deleted_at.is_none());
    Ok(u64::try_from(active.saturating_sub(one)).unwrap_or(u64::MAX))
}

/// What is held of a user's access; one at most, unless a person has held more by hand.
pub(crate) fn held_of(conn: &mut Conn, resource: ResourceId) -> Result<Vec<operations::Operation>, Error> {
    let filter = operations::Filter {
        resource_id: Some(resource),
        states: vec![State::Held],
        ..operations::Filter::default()
    };
    let mut held = operations::list(conn, &filter, usize::from(u8::MAX))?;
    held.retain(|operation| operations::is_urgent(&operation.kind));
    Ok(held)
}

/// A later word about a user's access takes the place of what is held: it was never sent, and shall not come after it.
///
/// # Errors
/// The store's.
pub(crate) fn replace_held(
    conn: &mut Conn,
    resource: ResourceId,
    by: OperationId,
    now: Timestamp,
) -> Result<(), Error> {
    for held in held_of(conn, resource)?.into_iter().filter(|held| held.id != by) {
        let expect = Expect { state: held.state, lease_epoch: held.lease_epoch };
        let reason = Some(format!("operation {by} says what is to become of the user's access now"));
        let transition = Transition { reason, ..Transition::to(State::Superseded, now) };
        operations::transition(conn, held.id, expect, &transition)?;
        brakes::let_go(conn, held.id)?;
    }
    Ok(())
}
