//! Where the brake of an account stands, as the API and the command line show it.

use jiff::Timestamp;
use serde::Serialize;
use store::accounts::Account;
use store::{Conn, Error, brakes, resources};
use utoipa::ToSchema;

use super::admit;
use super::limits::{BrakeLimits, Limit};

/// One account's brake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = BrakeStatus)]
pub struct Status {
    /// `armed`, `tripped` or `off`.
    pub state: &'static str,
    /// Since when further deactivations are held.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub tripped_at: Option<Timestamp>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Deactivations and deletions that are held.
    pub held: u64,
    /// Users who lost access, or shall, in each window, beside how many may.
    pub counted: Windows,
    /// Users who are active now.
    pub active_users: u64,
    /// Until when it is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub off_until: Option<Timestamp>,
    /// Why it is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_reason: Option<String>,
    /// Who switched it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_by: Option<String>,
    /// The limits of the account.
    pub limits: BrakeLimits,
}

/// Both windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = BrakeWindows)]
pub struct Windows {
    /// The last ten minutes.
    pub ten_minutes: Window,
    /// The last 24 hours.
    pub day: Window,
}

/// One window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = BrakeWindow)]
pub struct Window {
    /// Users counted.
    pub users: u64,
    /// How many may be.
    pub limit: u64,
}

/// Reads where the brake stands.
///
/// # Errors
/// The store's.
pub fn status(
    conn: &mut Conn,
    account: &Account,
    limits: BrakeLimits,
    now: Timestamp,
) -> Result<Status, Error> {
    let brake = brakes::get(conn, account.id)?;
    let counted = admit::counted(conn, &brake, now)?;
    let active = u64::try_from(resources::count_active_users(conn, account.id)?).unwrap_or(u64::MAX);
    let window = |users: u64, limit: Limit| Window { users, limit: limit.of(active + users) };
    let off = brake.is_off(now);
    let state = match (off, brake.tripped_at) {
        (true, _) => "off",
        (false, Some(_)) => "tripped",
        (false, None) => "armed",
    };
    Ok(Status {
        state,
        tripped_at: brake.tripped_at,
        reason: brake.reason,
        held: brakes::count_held(conn, account.id)?,
        counted: Windows {
            ten_minutes: window(counted.ten_minutes, limits.ten_minutes),
            day: window(counted.day, limits.day),
        },
        active_users: active,
        off_until: brake.off_until.filter(|_| off),
        off_reason: brake.off_reason.filter(|_| off),
        off_by: brake.off_by.filter(|_| off),
        limits,
    })
}
