//! Name resolution that hands out public addresses only, so that a name under an allowed suffix cannot lead into the
//! private network or to a cloud's metadata service. Not here: which names are allowed (`host.rs`).

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// Resolves by the system and drops what is not public.
#[derive(Debug, Default)]
pub struct PublicOnly {
    pub(crate) loopback: bool,
    /// The name of the configured proxy, which is an operator's word and usually leads to a private address.
    pub(crate) proxy: Option<Box<str>>,
}

/// What a name leads to.
pub(super) struct Found {
    pub(super) allowed: Vec<IpAddr>,
    pub(super) refused: Vec<IpAddr>,
}

/// Asks the system.
pub(super) async fn look_up(name: &str, loopback: bool) -> io::Result<Found> {
    let found = tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip());
    let (allowed, refused) = found.partition(|ip| is_public(*ip) || (loopback && ip.is_loopback()));
    Ok(Found { allowed, refused })
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let loopback = self.loopback;
        let trusted = self.proxy.as_deref().is_some_and(|proxy| proxy.eq_ignore_ascii_case(name.as_str()));
        Box::pin(async move {
            let found = look_up(name.as_str(), loopback).await?;
            let trusted = if trusted { found.refused } else { Vec::new() };
            let allowed: Vec<_> =
                found.allowed.into_iter().chain(trusted).map(|ip| SocketAddr::new(ip, 0)).collect();
            if allowed.is_empty() {
                return Err(io::Error::other("the name leads to no public address").into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is of the public internet: not private, local, documentation, multicast or a way around that.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, or behind the translators of networks without IPv4 (RFC 6052
/// section 2.1) and 6to4 (RFC 3056 section 2).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bytes = address.octets();
    let v4 = |at: usize| Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(v4(12)),
        [0x2002, ..] => Some(v4(2)),
        _ => address.to_ipv4_mapped(),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let carrier_grade_nat = first == 100 && (64..128).contains(&second);
    let special = matches!(address.octets(), [192, 0, 0, _] | [198, 18 | 19, ..]);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || carrier_grade_nat
        || special
        || first == 0
        || first >= 224)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let documentation = (first, second) == (0x2001, 0xdb8);
    let local = first == 0x64 || first & 0xffc0 == 0xfec0 || address.to_ipv4().is_some();
    !(address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.is_multicast()
        || local
        || documentation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_handed_out() {
        #[track_caller]
        fn check(address: &str, public: bool) {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
        check("12.129.29.138", true);
        check("2600:1f18::1", true);
        check("64:ff9b::c81:1d8a", true);
        for private in [
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "127.0.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fd00::1",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "2002:a00:1::1",
            "::10.0.0.1",
            "fec0::1",
            "192.0.0.192",
            "198.18.0.1",
        ] {
            check(private, false);
        }
    }
}
