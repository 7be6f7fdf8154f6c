//! Who gets in, and how often: connections, requests of one token, failed authentications of one address.
//!
//! What is remembered is bounded ([`rate::Limiter`]), and time is an argument. Nothing here reads a request's body or
//! knows a resource; the limits on those are `extract`'s and the `scim` crate's.

mod address;
mod connections;
mod rate;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use store::ids::TokenId;

use self::address::{Network, client};
pub(super) use self::connections::{Connections, refuse};
use self::rate::{Limiter, Rate};
use super::error::Error;
use crate::config::{Limits, Proxies};

/// Addresses with failed authentications that are remembered at once.
const ADDRESSES_MAX: usize = 65_536;
/// Tokens in use that are remembered at once.
const TOKENS_MAX: usize = 10_000;
/// The header in which proxies say for whom they ask.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The limits on how often, and what they remember. One for the process.
pub(crate) struct Admission {
    tokens: Limiter<TokenId>,
    failures: Limiter<Network>,
    pub(super) connections: Arc<Connections>,
    proxies: Proxies,
}

impl std::fmt::Debug for Admission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("http::Admission")
    }
}

impl Admission {
    pub(crate) fn new(limits: &Limits) -> Self {
        let second = Duration::from_secs(1);
        let tokens = Rate::new(limits.token_rate, second, limits.token_burst);
        let failures = Rate::new(limits.failed_authentications, 60 * second, limits.failed_authentications);
        Self {
            tokens: Limiter::new(tokens, TOKENS_MAX),
            failures: Limiter::new(failures, ADDRESSES_MAX),
            connections: Arc::new(Connections::new(limits.connections, limits.connections_per_address)),
            proxies: limits.trusted_proxies.clone(),
        }
    }

    /// Counts a request of a token.
    pub(super) fn token(&self, token: &TokenId, now: Instant) -> Result<(), Error> {
        self.tokens.pass(token, now).map_err(|wait| Error::RateLimited { retry_after_s: whole_seconds(wait) })
    }

    /// Counts a failed authentication: 401, or 429 when the address has failed too often.
    ///
    /// Whoever presents a valid token always passes, also from such an address: behind a proxy all callers may share
    /// one, and nobody shall lock the others out. Guessing a token is hopeless anyway; what is bounded is the work.
    pub(super) fn failed(&self, request: &HttpRequest, now: Instant) -> Error {
        let Some(address) = self.client(request) else { return Error::Unauthenticated };
        match self.failures.pass(&Network::of(address), now) {
            Ok(()) => Error::Unauthenticated,
            Err(wait) => Error::TooManyFailures { retry_after_s: whole_seconds(wait) },
        }
    }

    /// The caller's address; of a trusted proxy's caller what the proxy says.
    fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip();
        let forwarded = request.headers().get_all(FORWARDED_FOR).filter_map(|value| value.to_str().ok());
        Some(client(peer, forwarded, &self.proxies))
    }
}

/// `Retry-After` has whole seconds, and coming back too early helps nobody.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::whole_seconds;
    use std::time::Duration;

    #[test]
    fn retry_after_is_rounded_up_and_at_least_a_second() {
        let check = |millis, seconds| assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        check(0, 1);
        check(20, 1);
        check(1_000, 1);
        check(1_001, 2);
    }
}
