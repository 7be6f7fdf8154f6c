//! Events that SAP Concur sends of its own accord.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What an event must prove to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventTrust {
    /// That it was signed with one of Concur's keys, at the secret address.
    Signature,
    /// That its sender knows the secret address.
    Address,
}

/// Events that SAP Concur sends of its own accord.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Events {
    /// The address under which Concur reaches the bridge; empty: no events are taken.
    pub address: String,
    /// What an event must prove.
    pub trust: EventTrust,
    /// PEM file with more public keys of Concur; empty: none but those of its key sets.
    pub keys_file: PathBuf,
    /// Largest event, in bytes.
    pub body_bytes: usize,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            address: String::new(),
            trust: EventTrust::Signature,
            keys_file: PathBuf::new(),
            body_bytes: 64 * 1024,
        }
    }
}

impl Events {
    /// The address under which Concur reaches the bridge, without a slash at its end, if events are taken.
    pub fn base(&self) -> Option<&str> {
        let address = self.address.trim_end_matches('/');
        (!address.is_empty()).then_some(address)
    }
}
