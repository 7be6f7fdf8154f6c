//! The token in use, and its renewal: one refresh for all callers of this process, by a mutex, and for all replicas,
//! by the store's lease. What was answered is saved before it is used, and a caller that goes away in the middle does
//! not take the answer with it.
//! Source: Authentication, "Refreshing a token": every answer may carry a new refresh token.

use super::{Credentials, TokenSet, TokenStore, grant, refused::Refused};
use crate::{Clock, Error, Http, error::Held};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{sync::Mutex, time::sleep};

/// After a failed early refresh the token in use serves on, and the next attempt waits this long.
const PAUSE_AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(30);
/// How the answer of another replica is awaited.
const OTHER_REPLICA_LOOKS: u32 = 50;
const OTHER_REPLICA_PAUSE: Duration = Duration::from_millis(200);
/// The lease outlives the longest token request (which may go out twice) by this.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

pub(crate) struct Session {
    http: Http,
    credentials: Credentials,
    store: Arc<dyn TokenStore>,
    clock: Clock,
    /// How long the token endpoint is left alone after a 503 or a time-out.
    unavailable_pause: Duration,
    current: RwLock<Option<Arc<TokenSet>>>,
    renewing: Mutex<Renewing>,
}

#[derive(Default)]
struct Renewing {
    not_before: Option<Timestamp>,
    /// Answered and not saved, because the store failed: must be saved, not asked for again, since the refresh token
    /// in the store may have been used up.
    unsaved: Option<TokenSet>,
    refused: Option<Refused>,
    /// Until when the token endpoint is left alone, since it answered 503 or nothing.
    unavailable_until: Option<Timestamp>,
}

/// Why a token is wanted.
#[derive(Clone)]
enum Need {
    /// Any that is still good.
    Valid,
    /// One other than this, which Concur has refused.
    Replacing(Arc<TokenSet>),
    /// A new one in any case.
    Fresh,
    /// One that was issued after this.
    IssuedAfter(Timestamp),
}

impl Session {
    pub(crate) fn new(
        http: Http,
        credentials: Credentials,
        store: Arc<dyn TokenStore>,
        clock: Clock,
        unavailable_pause: Duration,
    ) -> Self {
        let (current, renewing) = (RwLock::new(None), Mutex::default());
        Self { http, credentials, store, clock, unavailable_pause, current, renewing }
    }

    /// A token that is good for now, renewed at 80 % of its life.
    pub(crate) async fn token(self: &Arc<Self>) -> Result<Arc<TokenSet>, Error> {
        match self.current().filter(|tokens| (self.clock)() < tokens.refresh_due_at()) {
            Some(tokens) => Ok(tokens),
            None => self.renew(Need::Valid).await,
        }
    }

    /// A token other than `refused`.
    pub(crate) async fn replace(self: &Arc<Self>, refused: Arc<TokenSet>) -> Result<Arc<TokenSet>, Error> {
        self.renew(Need::Replacing(refused)).await
    }

    /// Refreshes in any case, which keeps an idle connection alive.
    pub(crate) async fn refresh(self: &Arc<Self>) -> Result<Arc<TokenSet>, Error> {
        self.renew(Need::Fresh).await
    }

    /// Refreshes unless somebody, here or in another replica, has since `idle_since`.
    pub(crate) async fn keep_alive(self: &Arc<Self>, idle_since: Timestamp) -> Result<Arc<TokenSet>, Error> {
        self.renew(Need::IssuedAfter(idle_since)).await
    }

    /// On a task of its own, so that a caller that is cancelled cannot lose a rotated refresh token.
    async fn renew(self: &Arc<Self>, need: Need) -> Result<Arc<TokenSet>, Error> {
        let session = Arc::clone(self);
        let task = tokio::spawn(async move { session.renew_alone(need).await });
        task.await.unwrap_or_else(|error| Err(Error::TokenStore(Box::new(error))))
    }

    async fn renew_alone(&self, need: Need) -> Result<Arc<TokenSet>, Error> {
        let mut renewing = self.renewing.lock().await;
        let now = (self.clock)();
        if let Some(unsaved) = renewing.unsaved.take() {
            self.keep(unsaved, &mut renewing).await?;
        }
        // Somebody may have renewed it while we waited, here or in another replica.
        if let Some(tokens) = self.current().filter(|tokens| need.is_met_by(tokens, now)) {
            return Ok(tokens);
        }
        let stored = self.load().await?;
        if need.is_met_by(&stored, now) {
            return Ok(self.use_now(stored));
        }
        let usable = matches!(need, Need::Valid) && now < stored.access_expires_at;
        if usable && renewing.not_before.is_some_and(|at| now < at) {
            return Ok(self.use_now(stored));
        }
        match self.refresh_under_lease(&need, &mut renewing).await {
            Ok(tokens) => Ok(tokens),
            Err(error) if usable => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "early token refresh failed; the token in use serves on"
                );
                renewing.not_before = now.checked_add(PAUSE_AFTER_FAILURE).ok();
                Ok(self.use_now(stored))
            }
            Err(error) => Err(error),
        }
    }

    async fn refresh_under_lease(
        &self,
        need: &Need,
        renewing: &mut Renewing,
    ) -> Result<Arc<TokenSet>, Error> {
        let lease = self.http.total_timeout() * 2 + LEASE_MARGIN;
        for _ in 0..OTHER_REPLICA_LOOKS {
            let now = (self.clock)();
            let until = now
                .saturating_add(SignedDuration::try_from(lease).unwrap_or(SignedDuration::MAX))
                .unwrap_or(now);
            if self.store.lock_refresh(now, until).await.map_err(Error::TokenStore)? {
                let result = self.refresh_with_lease(need, renewing).await;
                if let Err(error) = self.store.unlock_refresh().await {
                    // It ends by itself; nobody is hurt but by waiting.
                    tracing::warn!(
                        error = &*error as &dyn std::error::Error,
                        "cannot give back the refresh lease"
                    );
                }
                return result;
            }
            // Another replica is at it. What we have may serve until it is done.
            let stored = self.load().await?;
            let still_good = matches!(need, Need::Valid) && (self.clock)() < stored.access_expires_at;
            if still_good || need.is_met_by(&stored, (self.clock)()) {
                return Ok(self.use_now(stored));
            }
            sleep(OTHER_REPLICA_PAUSE).await;
        }
        Err(Error::RefreshBusy)
    }

    async fn refresh_with_lease(&self, need: &Need, renewing: &mut Renewing) -> Result<Arc<TokenSet>, Error> {
        // The holder before us may have just finished.
        let stored = self.load().await?;
        let now = (self.clock)();
        if need.is_met_by(&stored, now) {
            return Ok(self.use_now(stored));
        }
        // A person who asks for a refresh, to test a connection, gets one; nobody else repeats a refusal.
        let refused = renewing.refused.as_ref().filter(|refused| refused.holds_for(&stored, now));
        if let (Some(refused), Need::Valid | Need::Replacing(_) | Need::IssuedAfter(_)) = (refused, need) {
            return Err(refused.error());
        }
        if let (Some(until), Need::Valid | Need::Replacing(_) | Need::IssuedAfter(_)) =
            (renewing.unavailable_until.filter(|until| now < *until), need)
        {
            let retry_after = Duration::try_from(until.duration_since(now)).unwrap_or_default();
            return Err(Error::Paused { endpoint: grant::ENDPOINT, retry_after, because: Held::Unavailable });
        }
        renewing.unavailable_until = None;
        match grant::refresh(&self.http, &self.credentials, &stored, now).await {
            Ok(tokens) => {
                renewing.refused = None;
                self.keep(tokens, renewing).await
            }
            Err(error) => {
                renewing.refused = Refused::of(&error, &stored, now);
                if error.is_outage() {
                    let pause = error.retry_after().unwrap_or(self.unavailable_pause);
                    renewing.unavailable_until =
                        now.saturating_add(SignedDuration::try_from(pause).unwrap_or_default()).ok();
                }
                Err(error)
            }
        }
    }

    /// Saves, and only then uses.
    async fn keep(&self, tokens: TokenSet, renewing: &mut Renewing) -> Result<Arc<TokenSet>, Error> {
        if let Err(error) = self.store.save(&tokens).await {
            renewing.unsaved = Some(tokens);
            return Err(Error::TokenStore(error));
        }
        renewing.not_before = None;
        Ok(self.use_now(tokens))
    }

    async fn load(&self) -> Result<TokenSet, Error> {
        self.store.load().await.map_err(Error::TokenStore)?.ok_or(Error::NotConnected)
    }

    fn current(&self) -> Option<Arc<TokenSet>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn use_now(&self, tokens: TokenSet) -> Arc<TokenSet> {
        let tokens = Arc::new(tokens);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&tokens));
        tokens
    }
}

impl Need {
    fn is_met_by(&self, tokens: &TokenSet, now: Timestamp) -> bool {
        let good = now < tokens.refresh_due_at();
        match self {
            Self::Valid => good,
            Self::Replacing(refused) => {
                good && refused.access_token.expose_secret() != tokens.access_token.expose_secret()
            }
            Self::Fresh => false,
            Self::IssuedAfter(since) => tokens.refresh_issued_at > *since,
        }
    }
}
