//! The key sets of trusted issuers, fetched and remembered.
//!
//! A set is good for ten minutes, and for a day when it cannot be fetched anew. A key that is not in it is looked for once
//! more, at most every half minute, however many tokens name it. Who asks while a set is being fetched waits for that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::keys::{KeySet, NoKeys};
use crate::logging;

/// How long a set is taken to be up to date: Entra's change daily, and are announced before.
const FRESH: Duration = Duration::from_mins(10);
/// How long the last one is believed while the issuer does not answer.
const STALE_MAX: Duration = Duration::from_hours(24);
/// Shortest time between two fetches that a key made necessary which is not there.
const AGAIN_AFTER: Duration = Duration::from_secs(30);
/// Shortest time between two fetches that fail.
const FAILED_PAUSE: Duration = Duration::from_secs(5);
/// Time for a whole fetch.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of a set: a key takes half a thousand, with a certificate two thousand.
const BYTES_MAX: usize = 256 * 1024;

/// What is known of every issuer's keys.
#[derive(Debug)]
pub(crate) struct Issuers {
    http: Result<reqwest::Client, String>,
    sets: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Known>>>>,
}

#[derive(Debug, Default)]
struct Known {
    keys: Option<(Arc<KeySet>, Instant)>,
    tried_at: Option<Instant>,
}

impl Issuers {
    /// Asks nobody yet. `proxy` is the address that calls go through; empty: none.
    pub(crate) fn new(proxy: &str) -> Self {
        concur::install_crypto();
        Self { http: client(proxy), sets: Mutex::default() }
    }

    /// The keys at this address.
    ///
    /// # Errors
    /// No keys are known, and none can be had.
    pub(crate) async fn keys(&self, url: &str, now: Instant) -> Result<Arc<KeySet>, NoKeys> {
        let known = self.known(url);
        let mut known = known.lock().await;
        match &known.keys {
            Some((keys, at)) if now.saturating_duration_since(*at) < FRESH => return Ok(Arc::clone(keys)),
            _ => {}
        }
        let tried_lately = known.was_tried_within(FAILED_PAUSE, now);
        let fetched = if tried_lately {
            Err(NoKeys("the last try failed a moment ago".to_owned()))
        } else {
            self.fetch(url, &mut known, now).await
        };
        match (fetched, &known.keys) {
            (Err(reason), Some((keys, at))) if now.saturating_duration_since(*at) < STALE_MAX => {
                if !tried_lately {
                    tracing::warn!(error = %reason, "an issuer's keys cannot be fetched anew; the last ones are used");
                }
                Ok(Arc::clone(keys))
            }
            (fetched, _) => fetched,
        }
    }

    /// The keys at this address, fetched anew because one is missing; nothing if that was tried lately or fails.
    pub(crate) async fn keys_again(&self, url: &str, now: Instant) -> Option<Arc<KeySet>> {
        let known = self.known(url);
        let mut known = known.lock().await;
        match &known.keys {
            // Somebody else has fetched them while we waited.
            Some((keys, at)) if *at > now => return Some(Arc::clone(keys)),
            _ if known.was_tried_within(AGAIN_AFTER, now) => return None,
            _ => {}
        }
        let fetched = self.fetch(url, &mut known, now).await;
        fetched
            .inspect_err(|reason| tracing::warn!(error = %reason, "an issuer's keys cannot be fetched anew"))
            .ok()
    }

    fn known(&self, url: &str) -> Arc<tokio::sync::Mutex<Known>> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(sets.entry(url.to_owned()).or_default())
    }

    async fn fetch(&self, url: &str, known: &mut Known, now: Instant) -> Result<Arc<KeySet>, NoKeys> {
        known.tried_at = Some(now);
        let set = self.get(url).await.map_err(NoKeys)?;
        let keys = Arc::new(KeySet::parse(&set)?);
        known.keys = Some((Arc::clone(&keys), now));
        Ok(keys)
    }

    async fn get(&self, url: &str) -> Result<Value, String> {
        let http = self.http.as_ref().map_err(String::clone)?;
        let told = |error: reqwest::Error| logging::chain(&error.without_url());
        let mut answer = http.get(url).header("accept", "application/json").send().await.map_err(told)?;
        if !answer.status().is_success() {
            return Err(format!("it answers {}", answer.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(told)? {
            body.extend_from_slice(&chunk);
            if body.len() > BYTES_MAX {
                return Err(format!("it is longer than {BYTES_MAX} bytes"));
            }
        }
        serde_json::from_slice(&body).map_err(|error| format!("it is no JSON: {error}"))
    }
}

impl Known {
    fn was_tried_within(&self, time: Duration, now: Instant) -> bool {
        self.tried_at.is_some_and(|at| now.saturating_duration_since(at) < time)
    }
}

/// A client that goes where it is sent and nowhere else.
fn client(proxy: &str) -> Result<reqwest::Client, String> {
    let builder = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("scim-bridge")
        .no_proxy();
    let builder = if proxy.is_empty() {
        builder
    } else {
        let inside = reqwest::NoProxy::from_string("localhost,127.0.0.1,::1");
        // The address may hold a password, so the error is not passed on.
        let proxy = reqwest::Proxy::all(proxy).map_err(|_| "the proxy's address is none".to_owned())?;
        builder.proxy(proxy.no_proxy(inside))
    };
    builder.build().map_err(|error| logging::chain(&error))
}

#[cfg(test)]
mod tests;
