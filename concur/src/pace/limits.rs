//! How fast and how wide one company is asked. Concur publishes no numbers, so these are cautious and settable.
//! Not here: the pause after a 429 and the signs of strain, which `backoff` remembers.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

/// At most so many requests at once, and so many begun per second with a burst of one second's worth.
#[derive(Debug)]
pub(crate) struct Limits {
    slots: Arc<Semaphore>,
    max_concurrent: u32,
    interval: Duration,
    burst: Duration,
    /// When the bucket will be full again (the "theoretical arrival time" of the generic cell rate algorithm).
    full_at: Mutex<Option<Instant>>,
}

impl Limits {
    pub(crate) fn new(max_concurrent: usize, requests_per_second: u32) -> Self {
        let interval = Duration::from_secs(1) / requests_per_second.max(1);
        let max_concurrent = u32::try_from(max_concurrent).unwrap_or(u32::MAX).clamp(1, 1 << 20);
        let slots = Arc::new(Semaphore::new(max_concurrent as usize));
        Self { slots, max_concurrent, interval, burst: Duration::from_secs(1), full_at: Mutex::new(None) }
    }

    /// Waits for a slot and for the rate. Under strain a call keeps `slowdown` times the usual distance to the one before it
    /// and takes that many slots, so that fewer are out at once, but always one. The slots are free again when the permit
    /// is dropped. `None` cannot happen, since the semaphore is never closed, and would only mean no limit.
    pub(crate) async fn acquire(&self, slowdown: u32) -> Option<OwnedSemaphorePermit> {
        let slots = slowdown.clamp(1, self.max_concurrent);
        let permit = Arc::clone(&self.slots).acquire_many_owned(slots).await.ok();
        if let Some(start) = self.reserve(Instant::now(), slowdown) {
            sleep_until(start).await;
        }
        permit
    }

    /// Slots that are taken now.
    pub(crate) fn in_flight(&self) -> u32 {
        let free = u32::try_from(self.slots.available_permits()).unwrap_or(u32::MAX);
        self.max_concurrent.saturating_sub(free)
    }

    /// Slots in all.
    pub(crate) fn slots(&self) -> u32 {
        self.max_concurrent
    }

    /// The rate without any strain.
    pub(crate) fn requests_per_second(&self) -> f64 {
        self.interval.as_secs_f64().recip()
    }

    /// Takes the next place; when to begin, or `None` for at once.
    fn reserve(&self, now: Instant, slowdown: u32) -> Option<Instant> {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let next = full_at.map_or(now, |at| at.max(now)) + self.interval * slowdown;
        *full_at = Some(next);
        next.checked_sub(self.burst).filter(|start| *start > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_of_one_second_is_free_and_the_rest_keeps_the_rate() {
        let limits = Limits::new(100, 5);
        let started = Instant::now();
        for _ in 0..5 {
            drop(limits.acquire(1).await);
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
        for _ in 0..10 {
            drop(limits.acquire(1).await);
        }
        assert_eq!(started.elapsed().as_millis(), 2000);
        for _ in 0..10 {
            drop(limits.acquire(4).await);
        }
        assert_eq!(started.elapsed().as_millis(), 10_000);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_requests_than_slots_are_out_at_once() {
        let limits = Limits::new(2, 1000);
        let (first, _second) = (limits.acquire(1).await, limits.acquire(1).await);
        assert!(tokio::time::timeout(Duration::from_secs(5), limits.acquire(1)).await.is_err());
        drop(first);
        assert!(tokio::time::timeout(Duration::from_secs(5), limits.acquire(1)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn strain_leaves_fewer_requests_out_at_once_and_never_none() {
        let limits = Limits::new(4, 1000);
        for (slowdown, at_once) in [(1, 4), (2, 2), (4, 1), (16, 1)] {
            let mut out = Vec::new();
            while let Ok(permit) =
                tokio::time::timeout(Duration::from_secs(5), limits.acquire(slowdown)).await
            {
                out.push(permit);
            }
            assert_eq!(out.len(), at_once, "slowed down {slowdown} times");
        }
    }
}
