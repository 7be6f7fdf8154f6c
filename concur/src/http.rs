//! The one HTTP client: limits, no redirects, no proxy.

use crate::{Error, HostPolicy};
use std::time::Duration;

/// Limits of the outbound HTTP client (reliability I23).
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Time for connection and TLS.
    pub connect_timeout: Duration,
    /// Time for the whole request including the body.
    pub total_timeout: Duration,
    /// Largest answer body after decompression, in bytes.
    pub body_bytes_max: usize,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(70),
            body_bytes_max: 16 * 1024 * 1024,
        }
    }
}

/// The HTTP client that all calls share.
#[derive(Clone, Debug)]
pub struct Http {
    policy: HostPolicy,
}

impl Http {
    /// A client with these limits that speaks only to hosts of `policy`.
    pub fn new(_config: &HttpConfig, policy: HostPolicy) -> Result<Self, Error> {
        Ok(Self { policy })
    }
    /// The hosts it may speak to.
    pub fn host_policy(&self) -> &HostPolicy {
        &self.policy
    }
}

/// Makes ring the process-wide TLS provider; harmless when called again.
pub fn install_crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
