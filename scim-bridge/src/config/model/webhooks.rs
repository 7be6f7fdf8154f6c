//! Messages to the operator's own systems.

use serde::{Deserialize, Serialize};

/// Messages to the operator's own systems.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// Whether webhooks may go to http and to addresses of the private network.
    pub private_addresses: bool,
}
