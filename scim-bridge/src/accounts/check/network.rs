//! From the base URI to an answer without a token. Not here: where the company lives, which its token says.

use concur::{Addresses, DataCenter, Environment, Origin, Proxy, Unreached};

use super::Finding;
use std::io;

pub(super) fn base_uri(typed: &str, judged: Result<&Origin, &concur::Error>) -> Finding {
    match judged {
        Ok(origin) => Finding::ok("base uri", place(origin)),
        Err(error) => Finding::failed(
            "base uri",
            format!("{typed:?}: {error}"),
            "use one of Concur's addresses, such as https://us2.api.concursolutions.com (a simulator on this machine \
             needs --set concur.allow_loopback_http=true)",
        ),
    }
}

pub(super) fn dns(origin: &Origin, proxy: Option<&Proxy>, looked_up: &io::Result<Addresses>) -> Finding {
    if let Some(proxy) = proxy {
        return match looked_up {
            Ok(_) => Finding::ok("dns", format!("looked up by the proxy {proxy}")),
            Err(error) => Finding::failed(
                "dns",
                format!("the name of the proxy {proxy} cannot be looked up: {error}"),
                "check concur.proxy and this machine's name servers",
            ),
        };
    }
    match looked_up {
        Err(error) => Finding::failed(
            "dns",
            format!("the name of {origin} cannot be looked up: {error}"),
            "check the spelling of the base URI and this machine's name servers",
        ),
        Ok(Addresses { allowed, refused }) if allowed.is_empty() => Finding::failed(
            "dns",
            format!("{origin} leads to no public address ({} that are not)", refused.len()),
            "let this machine's name servers answer for Concur's names as the internet does; private addresses are never \
             called",
        ),
        Ok(Addresses { allowed, .. }) => Finding::ok("dns", format!("{} address(es)", allowed.len())),
    }
}

pub(super) fn tls(origin: &Origin, reached: Result<u16, Unreached>) -> Finding {
    match reached {
        Ok(_) if origin.as_str().starts_with("http:") => Finding::warning(
            "tls",
            "reached without TLS: a simulator on this machine",
            "never set concur.allow_loopback_http in production",
        ),
        Ok(_) => Finding::ok("tls", "connected; the certificate is trusted"),
        Err(Unreached::Tls) => Finding::failed(
            "tls",
            format!("TLS with {origin} cannot be agreed on"),
            "if a proxy or firewall opens TLS, let Concur's hosts pass or trust its certificate on this machine; if a client \
             certificate is asked for, use the www- address",
        ),
        Err(Unreached::TimedOut) => Finding::failed(
            "tls",
            format!("{origin} does not answer in time"),
            "let this machine reach it on port 443, then check status.sap.com for an outage",
        ),
        Err(Unreached::NoConnection) => Finding::failed(
            "tls",
            format!("{origin} cannot be connected to"),
            "let this machine reach it on port 443, or set concur.proxy where only a proxy does",
        ),
    }
}

/// The address with the data centre it belongs to.
pub(super) fn place(origin: &Origin) -> String {
    let Some(center) = DataCenter::at(origin) else { return origin.to_string() };
    let kind = match center.environment {
        Environment::Production => "",
        Environment::Implementation => ", a test environment",
        Environment::TokensOnly => ", gives tokens only",
    };
    format!("{origin} ({}: {}{kind})", center.name, center.place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::check::Outcome;
    use concur::HostPolicy;

    fn us2() -> Origin {
        HostPolicy::production().origin("https://us2.api.concursolutions.com").unwrap()
    }

    #[test]
    fn each_way_of_not_arriving_has_its_own_fix() {
        let proxy: Proxy = "http://proxy.example.com:3128".parse().unwrap();
        let private = Addresses { allowed: vec![], refused: vec!["10.0.0.1".parse().unwrap()] };
        let findings = [
            dns(&us2(), None, &Err(io::Error::other("no such name"))),
            dns(&us2(), None, &Ok(private)),
            dns(&us2(), Some(&proxy), &Err(io::Error::other("no such name"))),
            tls(&us2(), Err(Unreached::Tls)),
            tls(&us2(), Err(Unreached::TimedOut)),
            tls(&us2(), Err(Unreached::NoConnection)),
        ];
        let fixes: std::collections::BTreeSet<_> = findings.iter().map(|finding| &finding.fix).collect();
        assert_eq!(fixes.len(), findings.len());
        assert!(findings.iter().all(|finding| finding.outcome == Outcome::Failed && finding.fix.is_some()));
        assert_eq!(tls(&us2(), Ok(404)).outcome, Outcome::Ok);
    }

    #[test]
    fn an_address_is_shown_with_its_data_centre_and_tests_are_marked() {
        assert_eq!(place(&us2()), "https://us2.api.concursolutions.com (US2: North America)");
        let test = HostPolicy::production().origin("https://us-impl.api.concursolutions.com").unwrap();
        assert!(place(&test).ends_with("a test environment)"), "{}", place(&test));
    }
}
