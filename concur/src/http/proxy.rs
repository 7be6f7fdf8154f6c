//! The forward proxy of a network from which nothing reaches the internet directly. None is taken from the environment:
//! a token would then travel wherever a variable says. Behind one the proxy resolves Concur's names, so that only the
//! proxy's own name is looked up here, and it may be private.

use super::Addresses;
use std::{fmt, io, str::FromStr};
use url::{Host, Url};

/// An HTTP proxy, which is asked for tunnels (`CONNECT`). `Debug` and `Display` show no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy(Url);

/// Why text is no proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not the address of a proxy, like \"http://proxy.example.com:3128\" or \"http://user:password@10.0.0.8:3128\""
)]
pub struct NotAProxy;

impl FromStr for Proxy {
    type Err = NotAProxy;

    fn from_str(text: &str) -> Result<Self, NotAProxy> {
        let url = Url::parse(text).map_err(|_| NotAProxy)?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let served = matches!(url.scheme(), "http" | "https") && url.host().is_some();
        if bare && served { Ok(Self(url)) } else { Err(NotAProxy) }
    }
}

impl Proxy {
    /// Its name, if that has to be looked up.
    pub(super) fn name(&self) -> Option<&str> {
        match self.0.host() {
            Some(Host::Domain(name)) => Some(name),
            _ => None,
        }
    }

    /// Where it is; a private address is as good as any.
    pub(super) async fn look_up(&self) -> io::Result<Addresses> {
        let host = self.0.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(Addresses { allowed: found.map(|address| address.ip()).collect(), refused: Vec::new() })
    }

    /// For everything that is sent.
    pub(super) fn for_all(&self) -> Result<reqwest::Proxy, reqwest::Error> {
        reqwest::Proxy::all(self.0.as_str())
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())?;
        self.0.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_proxy_and_its_password_is_never_shown() {
        let proxy: Proxy = "http://user:s3cret@proxy.example.com:3128".parse().unwrap();
        assert_eq!(
            format!("{proxy} {proxy:?}"),
            "http://proxy.example.com:3128 Proxy(http://proxy.example.com:3128)"
        );
        assert_eq!(proxy.name(), Some("proxy.example.com"));
        assert_eq!("http://[::1]:3128/".parse::<Proxy>().unwrap().name(), None);
        for wrong in ["proxy.example.com:3128", "socks5://proxy:1080", "http://proxy/path", "", "http://"] {
            assert_eq!(wrong.parse::<Proxy>(), Err(NotAProxy), "{wrong}");
        }
    }
}
