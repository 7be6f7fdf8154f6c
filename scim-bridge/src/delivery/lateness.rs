//! Telling of deactivations that take too long: at once, and then every half hour while it lasts, as often as the brake
//! tells of itself (reliability I17).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::ids::AccountId;

/// A deactivation that is older than this and not done is told of.
const LATE: Duration = Duration::from_mins(15);
/// How often it is said again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// When each account's late deactivations were last told of, by this process.
#[derive(Debug, Clone, Default)]
pub(super) struct Lateness(Arc<Mutex<HashMap<AccountId, Timestamp>>>);

impl Lateness {
    /// Whether it is to be told now that the oldest deactivation of the account has this age. One that is in time ends the
    /// matter, so that the next late one is told of at once.
    pub(super) fn is_due(&self, account: AccountId, age: Duration, now: Timestamp) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if age <= LATE {
            told.remove(&account);
            return false;
        }
        let due = told.get(&account).is_none_or(|last| now.duration_since(*last) >= AGAIN_AFTER);
        if due {
            told.insert(account, now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_deactivation_is_told_at_once_and_every_half_hour_while_it_lasts() {
        let start: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let (lateness, account) = (Lateness::default(), AccountId::generate(start));
        let due = |minute: u64, age: u64| {
            let now = start + SignedDuration::from_mins(i64::try_from(minute).unwrap());
            lateness.is_due(account, Duration::from_mins(age), now)
        };
        assert!(!due(0, 15));
        assert!(due(1, 16));
        assert!(!due(2, 17));
        assert!(!due(30, 45));
        assert!(due(31, 46));
        assert!(!lateness.is_due(account, Duration::ZERO, start), "it is done");
        assert!(due(33, 16), "another one is told of at once");
        assert!(
            lateness.is_due(AccountId::generate(start), Duration::from_mins(16), start),
            "each account by itself"
        );
    }
}
