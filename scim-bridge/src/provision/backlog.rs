//! How many operations of an account may wait (reliability §7): beyond a limit changes are refused with 503, and
//! deactivations are still taken up to a second one (P4).
//!
//! The count is read from the store at most once a second and carried on in between, so a write costs no count. What
//! other replicas accept within that second is not in it: the limit is a protection, not an accounting.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use store::ids::AccountId;

use super::Error;
use crate::bridge::Bridge;
use crate::translate::Kind;

/// How old a count may be.
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// What is known of every account's backlog.
#[derive(Debug, Default)]
pub(crate) struct Backlog(Mutex<HashMap<AccountId, Counted>>);

#[derive(Debug, Clone, Copy)]
struct Counted {
    waiting: usize,
    at: Instant,
}

/// What an account's backlog has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Every change.
    Any,
    /// Deactivations and deletions.
    Leavers,
    /// Nothing.
    None,
}

impl Room {
    fn of(waiting: usize, max: usize, max_leavers: usize) -> Self {
        if waiting < max {
            Self::Any
        } else if waiting < max_leavers.max(max) {
            Self::Leavers
        } else {
            Self::None
        }
    }

    /// Refuses an operation that there is no room for.
    pub(super) fn admit(self, kind: Kind) -> Result<(), Error> {
        let leaver = matches!(kind, Kind::Deactivate | Kind::Delete);
        match self {
            Self::Any => Ok(()),
            Self::Leavers if leaver => Ok(()),
            Self::Leavers | Self::None => Err(Error::Backlog),
        }
    }
}

/// The room that an account has now.
pub(super) async fn room(bridge: &Bridge, account: AccountId) -> Result<Room, store::Error> {
    let limits = &bridge.config.limits;
    let waiting = if let Some(waiting) = bridge.backlog.fresh(account, Instant::now()) {
        waiting
    } else {
        let waiting = bridge.store.read(move |conn| store::operations::count_open(conn, account)).await?;
        bridge.backlog.put(account, waiting, Instant::now());
        waiting
    };
    Ok(Room::of(waiting, limits.backlog, limits.backlog_leavers))
}

impl Backlog {
    /// The count, unless it is too old.
    fn fresh(&self, account: AccountId, now: Instant) -> Option<usize> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = counts.get_mut(&account)?;
        if now.saturating_duration_since(counted.at) >= COUNT_EVERY {
            // Others go on with the old count while this caller reads a new one.
            counted.at = now;
            return None;
        }
        Some(counted.waiting)
    }

    /// One more operation was accepted.
    pub(super) fn accepted(&self, account: AccountId) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counted) = counts.get_mut(&account) {
            counted.waiting += 1;
        }
    }

    fn put(&self, account: AccountId, waiting: usize, now: Instant) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.insert(account, Counted { waiting, at: now });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leavers_go_on_where_others_wait() {
        let check = |waiting: usize, kind: Kind, admitted: bool| {
            assert_eq!(Room::of(waiting, 10, 20).admit(kind).is_ok(), admitted, "{waiting} {kind:?}");
        };
        check(9, Kind::Create, true);
        check(10, Kind::Create, false);
        check(10, Kind::Update, false);
        check(10, Kind::Reactivate, false);
        check(10, Kind::Deactivate, true);
        check(19, Kind::Delete, true);
        check(20, Kind::Delete, false);
    }

    #[test]
    fn a_count_is_carried_on_for_a_second() {
        let (backlog, account, start) = (
            Backlog::default(),
            AccountId::generate("2026-11-26T00:00:00Z".parse().unwrap()),
            Instant::now(),
        );
        assert_eq!(backlog.fresh(account, start), None);
        backlog.put(account, 7, start);
        assert_eq!(backlog.fresh(account, start), Some(7));
        backlog.accepted(account);
        assert_eq!(backlog.fresh(account, start + COUNT_EVERY / 2), Some(8));
        assert_eq!(backlog.fresh(account, start + COUNT_EVERY), None);
        assert_eq!(backlog.fresh(account, start + COUNT_EVERY), Some(8), "one caller counts, others go on");
    }
}
