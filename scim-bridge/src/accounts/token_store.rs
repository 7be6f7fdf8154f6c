//! Concur's tokens of an account, kept in our store: sealed, durable before use, refreshed by one replica at a time.

use std::sync::{Arc, Mutex, PoisonError};

use concur::HostPolicy;
use concur::auth::{StoreError, TokenSet, TokenStore};
use futures::future::BoxFuture;
use jiff::Timestamp;
use store::Store;
use store::ids::AccountId;
use store::oauth_tokens::{self, NewOauthTokens};

use crate::clock::Clock;

/// The tokens of one account in the store.
pub(super) struct StoredTokens {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) account: AccountId,
    pub(super) host_policy: HostPolicy,
    /// Who asks for the refresh lease: unique per process.
    pub(super) owner: Arc<str>,
}

impl TokenStore for StoredTokens {
    fn load(&self) -> BoxFuture<'_, Result<Option<TokenSet>, StoreError>> {
        Box::pin(async {
            let account = self.account;
            let Some(tokens) = self.store.read(move |conn| oauth_tokens::load(conn, account)).await? else {
                return Ok(None);
            };
            Ok(Some(TokenSet {
                access_token: tokens.access_token,
                access_expires_at: tokens.access_expires_at,
                refresh_token: tokens.refresh_token,
                previous_refresh_token: tokens.previous_refresh_token,
                refresh_issued_at: tokens.refresh_issued_at,
                // A stored address is data like any other: it is checked each time it is read.
                geolocation: self.host_policy.origin(&tokens.geolocation)?,
                scopes: tokens.scopes,
            }))
        })
    }

    fn save<'a>(&'a self, tokens: &'a TokenSet) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async {
            let (account, now, new) = (self.account, self.clock.now(), new_tokens(tokens));
            let newest_has_worked = tokens.previous_refresh_token.is_none();
            self.store
                .write(move |conn| {
                    oauth_tokens::save(conn, account, &new, now)?;
                    if newest_has_worked { oauth_tokens::forget_previous(conn, account) } else { Ok(()) }
                })
                .await?;
            Ok(())
        })
    }

    fn lock_refresh(&self, now: Timestamp, until: Timestamp) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let (account, owner) = (self.account, Arc::clone(&self.owner));
            let lease =
                move |conn: &mut store::Conn| oauth_tokens::try_lease(conn, account, &owner, now, until);
            Ok(self.store.write(lease).await?)
        })
    }

    fn unlock_refresh(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async {
            let (account, owner) = (self.account, Arc::clone(&self.owner));
            self.store.write(move |conn| oauth_tokens::release_lease(conn, account, &owner)).await?;
            Ok(())
        })
    }
}

/// What the store keeps of a token set.
pub(super) fn new_tokens(tokens: &TokenSet) -> NewOauthTokens {
    NewOauthTokens {
        access_token: tokens.access_token.clone(),
        access_expires_at: tokens.access_expires_at,
        refresh_token: tokens.refresh_token.clone(),
        refresh_issued_at: tokens.refresh_issued_at,
        geolocation: tokens.geolocation.as_str().to_owned(),
        scopes: tokens.scopes.clone(),
    }
}

/// The tokens of a connection that is being tried and not stored yet.
pub(super) struct HeldTokens(Mutex<TokenSet>);

impl HeldTokens {
    pub(super) fn new(tokens: TokenSet) -> Self {
        Self(Mutex::new(tokens))
    }

    pub(super) fn get(&self) -> TokenSet {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl TokenStore for HeldTokens {
    fn load(&self) -> BoxFuture<'_, Result<Option<TokenSet>, StoreError>> {
        Box::pin(async { Ok(Some(self.get())) })
    }

    fn save<'a>(&'a self, tokens: &'a TokenSet) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = tokens.clone();
            Ok(())
        })
    }
}
