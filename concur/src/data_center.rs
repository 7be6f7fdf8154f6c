//! The addresses of the data centres. A list to choose from and to name places by: calls go where the token's
//! `geolocation` says, whether it stands here or not.
//! Source: page "Base URIs" (retrieved August 2026).

use crate::Origin;

/// What a data centre is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Real companies.
    Production,
    /// Sandboxes made before 2022; newer ones live in production.
    Implementation,
    /// The global landing zone: gives tokens to companies of every data centre, and answers nothing else.
    TokensOnly,
}

/// One address that Concur publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataCenter {
    /// Concur's name of it, such as `US2`.
    pub name: &'static str,
    /// Where it stands, in words.
    pub place: &'static str,
    /// What it is for.
    pub environment: Environment,
    /// Its base URI.
    pub base_uri: &'static str,
    /// The variant that never asks for a client certificate, where there is one.
    pub browser_uri: Option<&'static str>,
}

/// Every published address. China left the list in October 2025; its host must be allowed by hand.
pub static DATA_CENTERS: &[DataCenter] = &[
    DataCenter {
        name: "US2",
        place: "North America",
        environment: Environment::Production,
        base_uri: "https://us2.api.concursolutions.com",
        browser_uri: Some("https://www-us2.api.concursolutions.com"),
    },
    DataCenter {
        name: "EU2",
        place: "Europe, Middle East, Africa",
        environment: Environment::Production,
        base_uri: "https://eu2.api.concursolutions.com",
        browser_uri: Some("https://www-eu2.api.concursolutions.com"),
    },
    DataCenter {
        name: "APJ1",
        place: "Asia, Pacific, Japan",
        environment: Environment::Production,
        base_uri: "https://apj1.api.concursolutions.com",
        browser_uri: Some("https://www-apj1.api.concursolutions.com"),
    },
    DataCenter {
        name: "CCPS",
        place: "public sector of the United States",
        environment: Environment::Production,
        base_uri: "https://usg.api.concursolutions.com",
        browser_uri: Some("https://www-usg.api.concursolutions.com"),
    },
    DataCenter {
        name: "GLZ",
        place: "global landing zone",
        environment: Environment::TokensOnly,
        base_uri: "https://glz.api.concursolutions.com",
        browser_uri: None,
    },
    DataCenter {
        name: "US implementation",
        place: "North America, sandboxes made before 2022",
        environment: Environment::Implementation,
        base_uri: "https://us-impl.api.concursolutions.com",
        browser_uri: Some("https://www-us-impl.api.concursolutions.com"),
    },
    DataCenter {
        name: "EMEA implementation",
        place: "Europe, Middle East, Africa, sandboxes made before 2022",
        environment: Environment::Implementation,
        base_uri: "https://emea-impl.api.concursolutions.com",
        browser_uri: Some("https://www-emea-impl.api.concursolutions.com"),
    },
];

impl DataCenter {
    /// The data centre whose address this is, in either variant; `None` for one that is not published (any more).
    pub fn at(origin: &Origin) -> Option<&'static Self> {
        let mut known = DATA_CENTERS.iter();
        known.find(|center| center.base_uri == origin.as_str() || center.browser_uri == Some(origin.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HostPolicy;

    #[test]
    fn every_published_address_may_receive_a_request_and_names_its_data_centre() {
        for center in DATA_CENTERS {
            for uri in [Some(center.base_uri), center.browser_uri].into_iter().flatten() {
                let origin = HostPolicy::production().origin(uri).unwrap();
                assert_eq!(origin.as_str(), uri);
                assert_eq!(DataCenter::at(&origin), Some(center));
            }
        }
        let older = HostPolicy::production().origin("https://us.api.concursolutions.com").unwrap();
        assert_eq!(DataCenter::at(&older), None);
    }
}
