//! Which addresses may be told: those of the public internet over https, so that a webhook is no way into the network that
//! the bridge stands in. One setting opens it, for receivers that stand there on purpose.

use std::net::IpAddr;

use url::{Host, Url};

/// The address in its normal form, or why it may not be told. Names are checked once more when they are resolved.
pub(super) fn checked(text: &str, private_addresses: bool) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|error| format!("{text:?} is no address: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address holds no user and password: messages are signed instead".to_owned());
    }
    let address = match url.host() {
        None => return Err(format!("{text:?} names no host")),
        Some(Host::Domain(_)) => None,
        Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
        Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
    };
    match url.scheme() {
        "https" => {}
        "http" if private_addresses => {}
        _ => return Err("an address starts with https:// (setting webhooks.private_addresses)".to_owned()),
    }
    if !private_addresses && address.is_some_and(|address| !concur::is_public(address)) {
        return Err("the address is not public (setting webhooks.private_addresses)".to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_https_is_told_unless_the_network_is_opened() {
        for good in ["https://hooks.example.com/a?b=c", "https://12.129.29.138:8443/"] {
            assert!(checked(good, false).is_ok(), "{good}");
        }
        let private =
            ["http://hooks.example.com/", "https://10.1.2.3/", "https://[::1]/", "http://127.0.0.1:9/x"];
        for address in private {
            let refused = checked(address, false).unwrap_err();
            assert!(refused.contains("webhooks.private_addresses"), "{address}: {refused}");
            assert!(checked(address, true).is_ok(), "{address}");
        }
        for bad in
            ["hooks.example.com", "ftp://example.com/", "https://", "https://a:b@example.com/", "data:x"]
        {
            assert!(checked(bad, true).is_err(), "{bad}");
        }
    }
}
