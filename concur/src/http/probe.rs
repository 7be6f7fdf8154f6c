//! How far a connection gets without any token: the name, the connection, TLS. For connection tests. Not here: what
//! a token opens.
//! Source: page "Base URIs"; the token endpoint's public keys are open to everybody.

use super::{Endpoint, Http, Payload, resolver};
use crate::{Error, Origin};
use jiff::Timestamp;
use std::{error, io, net::IpAddr};
use url::{Host, Url};

static KEYS: Endpoint = Endpoint::get("oauth.keys");

/// What a host's name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// May be connected to.
    pub allowed: Vec<IpAddr>,
    /// Private, link-local or otherwise not public: never connected to.
    pub refused: Vec<IpAddr>,
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// Nothing answered in time.
    TimedOut,
    /// The certificate is not trusted, or the two sides cannot agree on TLS.
    Tls,
    /// The connection was refused, reset or cut, or the name leads nowhere.
    NoConnection,
}

impl Http {
    /// Looks the host's name up, as every connection does: behind a proxy the proxy's, with which Concur's is
    /// looked up by the proxy.
    ///
    /// # Errors
    /// What the system's resolver says.
    pub async fn look_up(&self, origin: &Origin) -> io::Result<Addresses> {
        if let Some(proxy) = self.proxy() {
            return proxy.look_up().await;
        }
        let url = Url::parse(origin.as_str()).map_err(io::Error::other)?;
        let loopback = self.host_policy().allows_loopback();
        match url.host() {
            Some(Host::Domain(name)) => {
                let resolver::Found { allowed, refused } = resolver::look_up(name, loopback).await?;
                Ok(Addresses { allowed, refused })
            }
            // An `Origin` with an address instead of a name is a loopback that the policy allows.
            Some(Host::Ipv4(ip)) => Ok(Addresses { allowed: vec![ip.into()], refused: vec![] }),
            Some(Host::Ipv6(ip)) => Ok(Addresses { allowed: vec![ip.into()], refused: vec![] }),
            None => Err(io::Error::other("the address has no host")),
        }
    }

    /// Connects and asks for the public keys, without any token; the HTTP status of whatever is answered.
    ///
    /// # Errors
    /// How far it got.
    pub async fn reach(&self, origin: &Origin, now: Timestamp) -> Result<u16, Unreached> {
        match self.exchange(&KEYS, origin, "/oauth2/v0/jwks", Payload::None, None, now).await {
            Ok(answer) => Ok(answer.status),
            Err(error) => Err(unreached(&error)),
        }
    }
}

impl Error {
    /// Why there was no connection or no complete answer; `None` for an error of another kind.
    pub fn unreached(&self) -> Option<Unreached> {
        match self {
            Self::NotSent { .. } | Self::NoAnswer { .. } => Some(unreached(self)),
            Self::NotAuthenticated(source) => source.unreached(),
            _ => None,
        }
    }
}

fn unreached(error: &Error) -> Unreached {
    match error {
        Error::NotSent { source, .. } | Error::NoAnswer { source, .. } if source.is_timeout() => {
            Unreached::TimedOut
        }
        _ if has_tls_cause(error) => Unreached::Tls,
        _ => Unreached::NoConnection,
    }
}

/// I/O errors hide what they wrap from `source`, so each is asked.
fn has_tls_cause(error: &(dyn error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.into_iter().any(|cause| {
        cause.is::<rustls::Error>()
            || cause
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref)
                .is_some_and(|inner| has_tls_cause(inner))
    })
}
