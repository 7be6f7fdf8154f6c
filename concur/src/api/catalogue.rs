//! Every endpoint that this crate calls for a company, with the scopes it takes: what "needed" and "used" are counted
//! from. Not here: what a scope opens beside that (`scope`), and which endpoints a part of the product calls.
//! Source: the "Scopes" paragraph of each API's page.

use super::{
    events, expense_config, expense_reports, expenses, identity, provisioning, provisioning_schemas,
    report_details, signing_keys, spend, travel,
};
use crate::http::{Endpoint, method_name};

/// An endpoint and the scopes it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointScopes {
    /// The stable name, as in [`crate::Call::endpoint`].
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The scopes it takes to be answered in full; with some of them Concur leaves members out, with none it refuses.
    pub scopes: &'static [&'static str],
}

/// Every endpoint, by API. Token requests take no scope and are not among them.
pub fn endpoint_scopes() -> impl Iterator<Item = EndpointScopes> {
    let apis: [&[&Endpoint]; 11] = [
        expenses::ENDPOINTS,
        expense_reports::ENDPOINTS,
        expense_config::ENDPOINTS,
        report_details::ENDPOINTS,
        identity::ENDPOINTS,
        provisioning::ENDPOINTS,
        provisioning_schemas::ENDPOINTS,
        spend::ENDPOINTS,
        travel::ENDPOINTS,
        events::ENDPOINTS,
        signing_keys::ENDPOINTS,
    ];
    apis.into_iter().flatten().map(|endpoint| EndpointScopes {
        name: endpoint.name,
        method: method_name(&endpoint.method),
        scopes: endpoint.scopes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope;
    use std::{collections::HashSet, fs, path::Path};

    #[test]
    fn every_endpoint_is_listed_once_and_takes_scopes_that_the_catalogue_knows() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
        let sources =
            fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
        let written: usize = sources.map(|text| text.lines().filter(|line| is_endpoint(line)).count()).sum();
        let mut names = HashSet::new();
        for endpoint in endpoint_scopes() {
            assert!(names.insert(endpoint.name), "{} twice", endpoint.name);
            for name in endpoint.scopes {
                let found = scope::find(name).unwrap_or_else(|| panic!("{name} of {}", endpoint.name));
                assert_eq!(found.standing, scope::Standing::Current, "{name} of {}", endpoint.name);
            }
            let without = endpoint.name.starts_with("events.") || endpoint.name == "oauth.jwks";
            assert_eq!(endpoint.scopes.is_empty(), without, "{}", endpoint.name);
        }
        assert_eq!(names.len(), written);
    }

    fn is_endpoint(line: &str) -> bool {
        line.starts_with("static ") && line.contains(": Endpoint =")
    }
}
