//! The proxies in front of the bridge.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Addresses of proxies whose `X-Forwarded-For` is believed. Written with commas between them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Proxies(Vec<IpAddr>);

impl Proxies {
    /// Whether this address is one of them.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Proxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let parse = |part: &str| {
            let parsed: Result<IpAddr, _> = part.parse();
            parsed.map(|address| address.to_canonical()).map_err(|_| format!("{part:?} is not an IP address"))
        };
        Ok(Self(parts.map(parse).collect::<Result<_, _>>()?))
    }
}

impl TryFrom<String> for Proxies {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join(", "))
    }
}

impl From<Proxies> for String {
    fn from(proxies: Proxies) -> Self {
        proxies.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_proxies_is_read_back_and_a_wrong_one_named() {
        let proxies: Proxies = " 10.0.0.1,2001:db8::1 ,".parse().unwrap();
        assert_eq!(proxies.to_string(), "10.0.0.1, 2001:db8::1");
        assert_eq!("".parse(), Ok(Proxies::default()));
        assert_eq!("10.0.0.1, proxy".parse::<Proxies>(), Err("\"proxy\" is not an IP address".to_owned()));
    }
}
