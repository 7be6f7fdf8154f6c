//! Who was authenticated a moment ago: most requests come from a few tokens, many in a second.
//!
//! What is remembered is as old as the operator allows, never older than [`TOKEN_KNOWN_FOR_MAX`]: a token that is revoked, and an account
//! whose settings change, are noticed within it in every process (reliability S3). Failures are not remembered.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::auth::Caller;
use crate::config::TOKEN_KNOWN_FOR_MAX;

/// Callers that are remembered at once.
const CALLERS_MAX: usize = 10_000;

/// A token, as far as it must be known to be recognised: its hash.
pub(super) type Key = [u8; 32];

/// The callers of the last moment.
#[derive(Debug)]
pub(crate) struct Known {
    age: Duration,
    callers: Mutex<HashMap<Key, (Instant, Caller)>>,
}

impl Known {
    pub(crate) fn new(age: Duration) -> Self {
        Self { age: age.min(TOKEN_KNOWN_FOR_MAX), callers: Mutex::default() }
    }

    /// The key of a token.
    pub(super) fn key(token: &str) -> Key {
        *blake3::hash(token.as_bytes()).as_bytes()
    }

    /// The caller, if seen a moment ago.
    pub(super) fn get(&self, key: &Key, now: Instant) -> Option<Caller> {
        let callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let (seen, caller) = callers.get(key)?;
        (now.saturating_duration_since(*seen) < self.age).then(|| caller.clone())
    }

    /// Remembers a caller who was just authenticated.
    pub(super) fn put(&self, key: Key, caller: &Caller, now: Instant) {
        if self.age.is_zero() {
            return;
        }
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= CALLERS_MAX {
            callers.retain(|_, (seen, _)| now.saturating_duration_since(*seen) < self.age);
        }
        if callers.len() < CALLERS_MAX {
            callers.insert(key, (now, caller.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_known_for_a_moment_and_never_longer_than_a_revocation_may_take() {
        let (known, start) = (Known::new(Duration::from_mins(1)), Instant::now());
        let caller = Caller::of_token("0123456789abcdef");
        let key = Known::key("ccb_one");
        assert!(known.get(&key, start).is_none());
        known.put(key, &caller, start);
        let just_before = start + Duration::from_millis(4_999);
        assert_eq!(known.get(&key, just_before).map(|caller| caller.token), Some(caller.token.clone()));
        assert!(known.get(&key, start + TOKEN_KNOWN_FOR_MAX).is_none());
        assert!(known.get(&Known::key("ccb_two"), start).is_none());
        let nobody = Known::new(Duration::ZERO);
        nobody.put(key, &caller, start);
        assert!(nobody.get(&key, start).is_none());
    }

    #[test]
    fn a_flood_of_callers_is_not_remembered_for_ever() {
        let (known, start) = (Known::new(TOKEN_KNOWN_FOR_MAX), Instant::now());
        let caller = Caller::of_token("0123456789abcdef");
        for n in 0..=CALLERS_MAX {
            known.put(Known::key(&n.to_string()), &caller, start);
        }
        assert!(known.get(&Known::key(&CALLERS_MAX.to_string()), start).is_none());
        known.put(Known::key("later"), &caller, start + TOKEN_KNOWN_FOR_MAX);
        assert!(known.get(&Known::key("later"), start + TOKEN_KNOWN_FOR_MAX).is_some());
        assert!(known.get(&Known::key("1"), start).is_none(), "the old ones made room");
    }
}
