//! Counts every call to Concur of one account: for the metrics at once, for the scope planner in the database when
//! told to. Not here: when that is (`upkeep`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use concur::{Call, Notice, Observer};
use jiff::Timestamp;
use store::concur_calls::Calls;

use crate::clock::Clock;
use crate::metrics::Metrics;

/// The calls of one account that are not in the database yet.
pub(super) struct CallCounter {
    account: String,
    clock: Clock,
    metrics: Option<Metrics>,
    next: Option<Arc<dyn Observer>>,
    succeeded: Mutex<BTreeMap<&'static str, (u64, Timestamp)>>,
}

impl CallCounter {
    /// Tells `metrics` and `next` too.
    pub(super) fn new(
        account: String,
        clock: Clock,
        metrics: Option<Metrics>,
        next: Option<Arc<dyn Observer>>,
    ) -> Self {
        Self { account, clock, metrics, next, succeeded: Mutex::default() }
    }

    /// Takes what was counted since the last time.
    pub(super) fn take(&self) -> Vec<Calls> {
        let counted = std::mem::take(&mut *self.succeeded());
        let calls = counted.into_iter().map(|(endpoint, (succeeded, last_at))| Calls {
            endpoint: endpoint.to_owned(),
            succeeded,
            last_at,
        });
        calls.collect()
    }

    fn succeeded(&self) -> MutexGuard<'_, BTreeMap<&'static str, (u64, Timestamp)>> {
        self.succeeded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for CallCounter {
    fn called(&self, call: &Call) {
        if call.status.is_some_and(|status| (200..300).contains(&status)) {
            let now = self.clock.now();
            let mut succeeded = self.succeeded();
            let (count, last_at) = succeeded.entry(call.endpoint).or_insert((0, now));
            (*count, *last_at) = (*count + 1, now);
        }
        if let Some(metrics) = &self.metrics {
            let status = call.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
            metrics.concur_requests.with_label_values(&[&self.account, call.endpoint, &status]).inc();
            metrics
                .concur_request_seconds
                .with_label_values(&[call.endpoint])
                .observe(call.duration.as_secs_f64());
        }
        if let Some(next) = &self.next {
            next.called(call);
        }
    }

    fn noticed(&self, notice: &Notice) {
        if let Some(next) = &self.next {
            next.noticed(notice);
        }
    }
}
