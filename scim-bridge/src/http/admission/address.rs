//! Whose address it is: the peer's, or what a trusted proxy says of its own caller (reliability Z7: the list of
//! proxies is explicit, and nobody else is believed).

use std::net::{IpAddr, Ipv6Addr};

use crate::config::Proxies;

/// What counts as one address. Whoever has an IPv6 address has 2^64 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Network(IpAddr);

impl Network {
    pub(super) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

/// Follows `X-Forwarded-For` from its end, where the nearest proxy wrote, for as long as trusted proxies did.
pub(super) fn client<'a>(
    peer: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a str>,
    proxies: &Proxies,
) -> IpAddr {
    let mut client = peer;
    let hops = forwarded.rev().flat_map(|value| value.rsplit(','));
    for hop in hops {
        if !proxies.trusts(client) {
            break;
        }
        let Ok(address) = hop.trim().parse() else { break };
        client = address;
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let proxies: Proxies = "10.0.0.1, 10.0.0.2".parse().unwrap();
        let check = |peer: &str, forwarded: &[&str], expected: &str| {
            let found = client(peer.parse().unwrap(), forwarded.iter().copied(), &proxies);
            assert_eq!(found.to_string(), expected, "{peer} {forwarded:?}");
        };
        check("192.0.2.7", &[], "192.0.2.7");
        check("192.0.2.7", &["198.51.100.1"], "192.0.2.7");
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.1"], "198.51.100.1");
        check("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1");
        // What the caller itself claims stands further left.
        check("10.0.0.1", &["203.0.113.9, 198.51.100.1, 10.0.0.2"], "198.51.100.1");
        check("10.0.0.1", &["203.0.113.9", "198.51.100.1"], "198.51.100.1");
        check("10.0.0.1", &["no address"], "10.0.0.1");
    }

    #[test]
    fn all_addresses_of_one_ipv6_network_are_one() {
        let of = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:1:ffff::2"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }
}
