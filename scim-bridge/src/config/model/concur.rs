//! How Concur is called, and how often it is asked for news.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::SecretUrl;
use crate::config::duration;

/// The client of SAP Concur.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Concur {
    /// Let `http://127.0.0.1` stand for Concur: for the simulator, never in production.
    pub allow_loopback_http: bool,
    /// Time to establish a connection.
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    /// Time for a whole request.
    #[serde(with = "duration")]
    pub request_timeout: Duration,
    /// The proxy that calls go through; empty: none.
    pub proxy: SecretUrl,
    /// Requests a second to one company.
    pub requests_per_second: u32,
    /// Requests under way to one company.
    pub max_concurrent: usize,
    /// Requests a second to all companies together.
    pub total_requests_per_second: u32,
    /// Requests under way to all companies together.
    pub total_max_concurrent: usize,
    /// How long an API that answered 503 or nothing is left alone.
    #[serde(with = "duration")]
    pub unavailable_pause: Duration,
}

impl Default for Concur {
    fn default() -> Self {
        Self {
            allow_loopback_http: false,
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(70),
            proxy: SecretUrl::default(),
            requests_per_second: 10,
            max_concurrent: 4,
            total_requests_per_second: 50,
            total_max_concurrent: 32,
            unavailable_pause: Duration::from_mins(5),
        }
    }
}

impl Concur {
    /// The proxy that calls go through.
    ///
    /// # Errors
    /// An address that is none; [`Config::validate`] says so first.
    pub fn proxy(&self) -> Result<Option<concur::Proxy>, concur::NotAProxy> {
        let text = self.proxy.expose();
        if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
    }
}

/// The pull of expense reports and users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sync {
    /// Whether this process pulls at all.
    pub enabled: bool,
    /// Time from the start of one sync of an account to the next.
    #[serde(with = "duration")]
    pub interval: Duration,
}

impl Default for Sync {
    fn default() -> Self {
        Self { enabled: true, interval: Duration::from_mins(15) }
    }
}
