//! Which hosts may receive a request of ours.

use crate::Error;
use std::fmt;
use url::Url;

/// Which origins are acceptable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPolicy {
    suffixes: Vec<String>,
    loopback: bool,
}

impl HostPolicy {
    /// `https`, port 443, a host under `concursolutions.com`.
    pub fn production() -> Self {
        Self { suffixes: vec!["concursolutions.com".to_owned()], loopback: false }
    }
    /// Like [`HostPolicy::production`], and additionally http or https to loopback addresses at any port.
    pub fn development() -> Self {
        Self { loopback: true, ..Self::production() }
    }
    /// Allows hosts equal to or under one more suffix.
    #[must_use]
    pub fn allow_suffix(mut self, suffix: &str) -> Self {
        self.suffixes.push(suffix.to_ascii_lowercase());
        self
    }
    /// Normalises to scheme and host (and port) and checks it.
    pub fn origin(&self, _text: &str) -> Result<Origin, Error> {
        let _ = self.loopback;
        unimplemented!()
    }
}

/// A checked scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(Url);

impl Origin {
    /// `https://us2.api.concursolutions.com`, without a trailing slash.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
