//! How fast one company is asked, how many calls are under way, and when none is made. One gate stands before every
//! call ([`Pace::enter`]) and learns from every answer ([`Pace::learn`]).
//!
//! * `limits`: so many calls at once and a second, for one company and, as a [`Budget`], for all of them together;
//! * `backoff`: the pause after a 429 and the slower pace under strain;
//! * `outages`: the five-minute rule for an API that answered 503 or nothing.
//!
//! Not here: sending again, which is decided where its cost is known.
//! Source: page "HTTP Status Codes"; Concur publishes no numbers.

mod backoff;
mod limits;
mod outages;
mod pause;

use self::{backoff::Backoff, limits::Limits, outages::Outages};
use crate::{
    Error,
    error::Held,
    http::{Answer, Endpoint},
};
use jiff::Timestamp;
use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep},
};

pub(crate) use outages::PAUSE_DEFAULT as UNAVAILABLE_PAUSE_DEFAULT;

/// A pause is waited up to this long; a longer one is the caller's to plan.
const PAUSE_WAITED_MAX: Duration = Duration::from_secs(10);

/// What all companies may ask of Concur together. Cheap to clone; all clones are one budget.
#[derive(Clone)]
pub struct Budget(Arc<Limits>);

impl Budget {
    /// So many requests at once and begun per second, each at least 1, with a burst of one second's worth.
    pub fn new(max_concurrent: usize, requests_per_second: u32) -> Self {
        Self(Arc::new(Limits::new(max_concurrent, requests_per_second)))
    }

    /// Requests of all companies that are under way.
    pub fn in_flight(&self) -> u32 {
        self.0.in_flight()
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget").field("in_flight", &self.in_flight()).finish_non_exhaustive()
    }
}

/// How a company is asked at this moment, for people and metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentPace {
    /// Slots that calls under way take. Under strain one call takes several.
    pub slots_taken: u32,
    /// Slots in all: calls at once without any strain.
    pub slots: u32,
    /// Calls begun per second at most, as slow as the strain makes it.
    pub requests_per_second: f64,
    /// By what the pace is divided: 1 without trouble, at most 16.
    pub slowdown: u32,
    /// What is left of the pause that Concur asked of every call (429).
    pub paused: Option<Duration>,
    /// APIs that ever answered 503 or nothing, and for how long each is left alone; zero once it is asked again.
    pub unavailable: BTreeMap<&'static str, Duration>,
}

/// The gate of one company.
#[derive(Debug)]
pub(crate) struct Pace {
    limits: Limits,
    budget: Option<Budget>,
    backoff: Backoff,
    outages: Outages,
}

/// The right to make one call; dropping it makes room for the next.
pub(crate) struct Slot {
    _company: Option<OwnedSemaphorePermit>,
    _budget: Option<OwnedSemaphorePermit>,
}

impl Pace {
    pub(crate) fn new(
        max_concurrent: usize,
        requests_per_second: u32,
        budget: Option<Budget>,
        unavailable_pause: Duration,
    ) -> Self {
        Self {
            limits: Limits::new(max_concurrent, requests_per_second),
            budget,
            backoff: Backoff::default(),
            outages: Outages::new(unavailable_pause),
        }
    }

    /// Waits until a call of this endpoint may be made.
    ///
    /// # Errors
    /// [`Error::Paused`] when that is too long to be waited for here.
    pub(crate) async fn enter(
        &self,
        endpoint: &Endpoint,
        clock: &(dyn Fn() -> Timestamp + Send + Sync),
    ) -> Result<Slot, Error> {
        let company = self.limits.acquire(self.backoff.slowdown()).await;
        let budget = match &self.budget {
            Some(Budget(limits)) => limits.acquire(1).await,
            None => None,
        };
        let slot = Slot { _company: company, _budget: budget };
        match self.held(endpoint, clock(), Instant::now()) {
            Some((left, because)) if left > PAUSE_WAITED_MAX => {
                Err(Error::Paused { endpoint: endpoint.name, retry_after: left, because })
            }
            Some((left, _)) => {
                sleep(left).await;
                Ok(slot)
            }
            None => Ok(slot),
        }
    }

    /// The longer one of the company's pause and that of the endpoint's API.
    fn held(&self, endpoint: &Endpoint, now: Timestamp, instant: Instant) -> Option<(Duration, Held)> {
        let throttled = self.backoff.remaining(now, instant).map(|left| (left, Held::Throttled));
        let unavailable =
            self.outages.left(endpoint.api(), now, instant).map(|left| (left, Held::Unavailable));
        throttled.into_iter().chain(unavailable).max_by_key(|(left, _)| *left)
    }

    /// What an answer says about how much Concur can take, for every further call. A 503 that says how long obeys
    /// that; one that does not, and silence, begin the five minutes.
    pub(crate) fn learn(&self, endpoint: &Endpoint, answer: &Result<Answer, Error>, now: Timestamp) {
        let instant = Instant::now();
        match answer {
            Ok(Answer { status: 429, retry_after, .. }) => {
                self.backoff.strained(instant);
                self.backoff.throttled(*retry_after, now, instant);
            }
            Ok(Answer { status: 503, retry_after: Some(asked), .. }) => {
                self.backoff.strained(instant);
                self.backoff.throttled(Some(*asked), now, instant);
            }
            Ok(Answer { status: 503, .. }) => {
                self.backoff.strained(instant);
                self.outages.begun(endpoint.api(), now, instant);
            }
            Err(error @ Error::NoAnswer { .. }) => {
                self.backoff.strained(instant);
                if error.is_outage() {
                    self.outages.begun(endpoint.api(), now, instant);
                }
            }
            Ok(Answer { status: 200..=299, .. }) => self.backoff.went_well(now, instant),
            _ => {}
        }
    }

    pub(crate) fn current(&self, now: Timestamp) -> CurrentPace {
        let (instant, slowdown) = (Instant::now(), self.backoff.slowdown());
        CurrentPace {
            slots_taken: self.limits.in_flight(),
            slots: self.limits.slots(),
            requests_per_second: self.limits.requests_per_second() / f64::from(slowdown),
            slowdown,
            paused: self.backoff.remaining(now, instant),
            unavailable: self.outages.all(now, instant),
        }
    }
}
