//! The tokens of one connection and the place that keeps them. Not here: how they are obtained (`grant.rs`) and when
//! they are renewed (`session.rs`).
//! Source: Authentication, "Obtaining a token", "Refreshing a token", "Managing tokens".

use crate::Origin;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

/// How long a company request token may be exchanged after it was made.
const REQUEST_TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// How long before a refresh token ends somebody should hear of it.
const REFRESH_WARNING: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a refresh token lives unused: six months, counted short.
const REFRESH_TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(182 * 24);

/// The tokens of one connection. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct TokenSet {
    /// Bearer token; opaque, about an hour.
    pub access_token: SecretString,
    /// When the access token ends.
    pub access_expires_at: Timestamp,
    /// The newest refresh token.
    pub refresh_token: SecretString,
    /// The refresh token before it, kept until the newest has worked once; then `None`.
    pub previous_refresh_token: Option<SecretString>,
    /// When this set was issued; each answer renews the refresh token's six months.
    pub refresh_issued_at: Timestamp,
    /// Where every further call goes.
    pub geolocation: Origin,
    /// The scopes that were granted, case-sensitive.
    pub scopes: Vec<String>,
}

impl TokenSet {
    /// When to renew the access token: after 80 % of its life.
    pub fn refresh_due_at(&self) -> Timestamp {
        let life = self.access_expires_at.duration_since(self.refresh_issued_at);
        self.refresh_issued_at.saturating_add(life * 4 / 5).unwrap_or(self.access_expires_at)
    }

    /// When the connection dies if nothing uses it: six months after the last answer.
    pub fn refresh_expires_at(&self) -> Timestamp {
        refresh_token_expires_at(self.refresh_issued_at)
    }

    /// From when on somebody should be told that the connection is about to die: 30 days before it does. A connection
    /// that is refreshed daily never gets there.
    pub fn refresh_warning_at(&self) -> Timestamp {
        self.refresh_expires_at().saturating_sub(REFRESH_WARNING).unwrap_or(self.refresh_issued_at)
    }
}

/// When a company request token that was made at `created_at` can no longer be exchanged: 24 hours later.
/// Source: Company Level Authentication, "Company Request Token".
pub fn request_token_expires_at(created_at: Timestamp) -> Timestamp {
    created_at.saturating_add(REQUEST_TOKEN_LIFE).unwrap_or(created_at)
}

/// When a refresh token that was issued at `issued_at` ends if nothing uses it: six months later, counted short.
pub fn refresh_token_expires_at(issued_at: Timestamp) -> Timestamp {
    issued_at.saturating_add(REFRESH_TOKEN_LIFE).unwrap_or(issued_at)
}

/// Any failure of a token store.
pub type StoreError = Box<dyn std::error::Error + Send + Sync>;

/// Keeps the tokens of one connection durably, for all replicas of the program.
pub trait TokenStore: Send + Sync {
    /// The stored tokens, or `None` when the account was never connected.
    fn load(&self) -> BoxFuture<'_, Result<Option<TokenSet>, StoreError>>;

    /// Stores all members in one step. Must be durable when it returns: the client uses a token only afterwards, and
    /// losing a rotated refresh token loses the connection for good.
    fn save<'a>(&'a self, tokens: &'a TokenSet) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Takes the lease to refresh this connection until `until`; `false` while another replica holds it. The default
    /// is right for a store that one process uses.
    fn lock_refresh(&self, now: Timestamp, until: Timestamp) -> BoxFuture<'_, Result<bool, StoreError>> {
        let _ = (now, until);
        Box::pin(async { Ok(true) })
    }

    /// Gives the lease back early.
    fn unlock_refresh(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}
