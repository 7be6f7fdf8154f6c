//! The five-minute rule: an API that answered 503, or nothing in time, is left alone for a while, so that a maintenance
//! is not made harder. It holds for that API of that company alone: a slow list of reports does not hold back a
//! deactivation. Not here: the pause after a 429, which is for every call (`backoff`).
//! Source: page "HTTP Status Codes", 503 and time-outs.

use super::pause::Pause;
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// What the page asks for.
pub(crate) const PAUSE_DEFAULT: Duration = Duration::from_mins(5);

/// The APIs of one company that are left alone. A new one knows of none.
#[derive(Debug)]
pub(crate) struct Outages {
    pause: Duration,
    apis: Mutex<BTreeMap<&'static str, Pause>>,
}

impl Outages {
    /// Leaves an API alone for `pause` each time; zero never does.
    pub(crate) fn new(pause: Duration) -> Self {
        Self { pause, apis: Mutex::default() }
    }

    /// The API did not serve. Calls that were in flight together make one pause.
    pub(crate) fn begun(&self, api: &'static str, now: Timestamp, instant: Instant) {
        let mut apis = self.apis();
        if apis.get(api).is_none_or(|pause| pause.left(now, instant).is_none()) {
            apis.insert(api, Pause::of(self.pause, now, instant));
        }
    }

    /// How long to leave the API alone; `None` for not at all.
    pub(crate) fn left(&self, api: &str, now: Timestamp, instant: Instant) -> Option<Duration> {
        self.apis().get(api)?.left(now, instant)
    }

    /// Every API that was ever left alone, and for how long from now on.
    pub(crate) fn all(&self, now: Timestamp, instant: Instant) -> BTreeMap<&'static str, Duration> {
        let apis = self.apis();
        apis.iter().map(|(api, pause)| (*api, pause.left(now, instant).unwrap_or_default())).collect()
    }

    fn apis(&self) -> MutexGuard<'_, BTreeMap<&'static str, Pause>> {
        self.apis.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn one_api_is_left_alone_for_five_minutes_and_the_others_are_not() {
        let (noon, start): (Timestamp, _) = ("2026-11-24T12:00:00Z".parse().unwrap(), Instant::now());
        let outages = Outages::new(PAUSE_DEFAULT);
        outages.begun("expenses", noon, start);
        outages.begun("expenses", noon + SignedDuration::from_mins(2), start);
        let later = noon + SignedDuration::from_mins(4);
        assert_eq!(outages.left("expenses", later, start), Some(Duration::from_mins(1)));
        assert_eq!(outages.left("provisioning", later, start), None);
        assert_eq!(outages.all(later, start), BTreeMap::from([("expenses", Duration::from_mins(1))]));
        let over = noon + SignedDuration::from_mins(5);
        assert_eq!(outages.all(over, start), BTreeMap::from([("expenses", Duration::ZERO)]));
        assert!(outages.left("expenses", over, start).is_none());
    }
}
