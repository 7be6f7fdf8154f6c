//! Switching the brake off for a while, and on again. Off needs a reason and an end, and is audited.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::ids::AccountId;
use store::{Store, audit, brakes};

use crate::clock::Clock;

/// The longest time without a brake.
const OFF_AT_MOST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Why the brake was not switched.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// No reason was given.
    #[error("a reason is needed: it goes into the audit trail")]
    NoReason,
    /// The end is not in the next seven days.
    #[error("the brake can be off until a time in the next 7 days, not {0}")]
    End(Timestamp),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Off until `until`: deactivations are counted and go. What is held stays held.
///
/// # Errors
/// No reason, an end that is not in the next seven days, or the store's.
pub async fn off(
    store: &Store,
    clock: &Clock,
    account: AccountId,
    until: Timestamp,
    reason: String,
    actor: String,
) -> Result<(), SwitchError> {
    let now = clock.now();
    if reason.trim().is_empty() {
        return Err(SwitchError::NoReason);
    }
    if until <= now || until.duration_since(now) > OFF_AT_MOST {
        return Err(SwitchError::End(until));
    }
    let switched = store.write(move |conn| {
        let mut brake = brakes::lock(conn, account, now)?;
        brake.off_until = Some(until);
        brake.off_reason = Some(reason.clone());
        brake.off_by = Some(actor.clone());
        brakes::put(conn, &brake, now)?;
        let details = json!({"until": until, "reason": reason});
        audit::append(conn, &event(account, actor, "brake.off", details, now)).map(|_| ())
    });
    Ok(switched.await?)
}

/// On again.
///
/// # Errors
/// The store's.
pub async fn on(
    store: &Store,
    clock: &Clock,
    account: AccountId,
    reason: String,
    actor: String,
) -> Result<(), SwitchError> {
    let now = clock.now();
    let switched = store.write(move |conn| {
        let mut brake = brakes::lock(conn, account, now)?;
        brake.off_until = None;
        brake.off_reason = None;
        brake.off_by = None;
        brakes::put(conn, &brake, now)?;
        let details = json!({"reason": reason});
        audit::append(conn, &event(account, actor, "brake.on", details, now)).map(|_| ())
    });
    Ok(switched.await?)
}

fn event(
    account: AccountId,
    actor: String,
    action: &str,
    details: serde_json::Value,
    at: Timestamp,
) -> audit::NewEvent {
    let (action, subject) = (action.to_owned(), format!("account:{account}"));
    audit::NewEvent { account: Some(account), at, actor, action, subject, details }
}
