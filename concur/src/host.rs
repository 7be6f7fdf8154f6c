//! Which hosts may receive a request. Every address that arrives as data (a token's `geolocation`, a configured base
//! URI) becomes an [`Origin`] here or is refused; nothing else in this crate can name a host. Not here: what the name
//! resolves to, which `http/resolver.rs` checks at connection time.
//! Source: page "Base URIs"; Authentication, "geolocation".

use crate::{Error, error::HostRefusal};
use std::{fmt, net::IpAddr};
use url::{Host, Url};

/// Which origins are acceptable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPolicy {
    suffixes: Vec<String>,
    loopback: bool,
}

impl HostPolicy {
    /// `https`, port 443, and a host equal to or under `concursolutions.com`.
    pub fn production() -> Self {
        Self { suffixes: vec!["concursolutions.com".to_owned()], loopback: false }
    }

    /// Like [`HostPolicy::production`], and additionally http or https to this machine's loopback at any port, where
    /// the simulator listens. Only behind an explicit development switch.
    pub fn development() -> Self {
        Self { loopback: true, ..Self::production() }
    }

    /// Additionally allows hosts equal to or under `suffix`, such as a data centre under a domain of its own.
    #[must_use]
    pub fn allow_suffix(mut self, suffix: &str) -> Self {
        self.suffixes.push(suffix.trim_matches('.').to_ascii_lowercase());
        self
    }

    /// Reduces an address to its origin and checks it. A path or capital letters, both seen in `geolocation`, are
    /// dropped; a foreign host, a user name, another scheme or port is refused.
    ///
    /// # Errors
    /// [`Error::Host`].
    pub fn origin(&self, text: &str) -> Result<Origin, Error> {
        let refuse = |reason| Error::Host { reason };
        let url = Url::parse(text.trim()).map_err(|_| refuse(HostRefusal::NotAnAddress))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse(HostRefusal::Credentials));
        }
        let host = url.host().ok_or_else(|| refuse(HostRefusal::NotAnAddress))?;
        match (is_loopback(&host), url.scheme()) {
            (true, "http" | "https") if self.loopback => {}
            (true, _) => return Err(refuse(HostRefusal::Loopback)),
            (false, "https") => self.check_public(&host, url.port())?,
            (false, _) => return Err(refuse(HostRefusal::NotHttps)),
        }
        Ok(Origin(url.origin().ascii_serialization()))
    }

    /// Whether loopback addresses may be connected to.
    pub(crate) fn allows_loopback(&self) -> bool {
        self.loopback
    }

    fn check_public(&self, host: &Host<&str>, port: Option<u16>) -> Result<(), Error> {
        if port.is_some() {
            return Err(Error::Host { reason: HostRefusal::Port });
        }
        match host {
            Host::Domain(name) if self.suffixes.iter().any(|suffix| is_under(name, suffix)) => Ok(()),
            _ => Err(Error::Host { reason: HostRefusal::NotAllowed }),
        }
    }
}

/// Equal to the suffix or below it, cut at a label: `evilconcursolutions.com` is not under `concursolutions.com`.
fn is_under(name: &str, suffix: &str) -> bool {
    !suffix.is_empty() && name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

/// A checked scheme and lower-cased host (and port, in development), without a path: `https://us2.api.concursolutions.com`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// The origin without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_its_origin_or_is_refused() {
        #[track_caller]
        fn check(policy: &HostPolicy, text: &str, expected: Result<&str, HostRefusal>) {
            let found = policy.origin(text).map(|origin| origin.to_string());
            let found = found.map_err(|error| match error {
                Error::Host { reason } => reason,
                other => panic!("{other}"),
            });
            assert_eq!(found, expected.map(str::to_owned), "{text}");
        }
        let production = HostPolicy::production();
        let us2 = Ok("https://us2.api.concursolutions.com");
        check(&production, "https://us2.api.concursolutions.com", us2);
        check(&production, "https://us2.api.concursolutions.com/", us2);
        check(&production, "https://us2.api.concursolutions.com/oauth2/v0/token", us2);
        check(&production, "https://US2.api.Concursolutions.com", us2);
        check(&production, "https://us2.api.concursolutions.com:443", us2);
        // The variant that never asks for a client certificate.
        let browsers = "https://www-us2.api.concursolutions.com";
        check(&production, browsers, Ok(browsers));
        check(&production, "https://concursolutions.com", Ok("https://concursolutions.com"));
        check(&production, "https://us2.api.concursolutions.com:8443", Err(HostRefusal::Port));
        check(&production, "http://us2.api.concursolutions.com", Err(HostRefusal::NotHttps));
        check(&production, "ftp://us2.api.concursolutions.com", Err(HostRefusal::NotHttps));
        check(&production, "https://evilconcursolutions.com", Err(HostRefusal::NotAllowed));
        check(&production, "https://concursolutions.com.evil.test", Err(HostRefusal::NotAllowed));
        check(&production, "https://us2.api.concursolutions.com.", Err(HostRefusal::NotAllowed));
        check(&production, "https://a@us2.api.concursolutions.com", Err(HostRefusal::Credentials));
        check(&production, "https://us2.api.concursolutions.com@evil.test", Err(HostRefusal::Credentials));
        check(&production, "https://169.254.169.254/latest", Err(HostRefusal::NotAllowed));
        check(&production, "https://[fd00::1]/", Err(HostRefusal::NotAllowed));
        check(&production, "http://127.0.0.1:9/", Err(HostRefusal::Loopback));
        check(&production, "https://localhost", Err(HostRefusal::Loopback));
        check(&production, "us2.api.concursolutions.com", Err(HostRefusal::NotAnAddress));
        check(&production, "", Err(HostRefusal::NotAnAddress));

        let development = HostPolicy::development();
        check(&development, "http://127.0.0.1:8081/x", Ok("http://127.0.0.1:8081"));
        check(&development, "http://[::1]:8081", Ok("http://[::1]:8081"));
        check(&development, "http://localhost:8081", Ok("http://localhost:8081"));
        check(&development, "http://10.0.0.1:8081", Err(HostRefusal::NotHttps));
        check(&development, "https://10.0.0.1", Err(HostRefusal::NotAllowed));

        let china = production.allow_suffix("api.cnqr-cn.com");
        check(&china, "https://cn.api.cnqr-cn.com", Ok("https://cn.api.cnqr-cn.com"));
    }
}
