//! Connecting a company: test first, save second.
use concur::{Error, HostPolicy, auth::Grant};
use secrecy::SecretString;
use store::{Store, accounts::Account};

use super::{AccountSettings, ClientSettings};
use crate::clock::Clock;

/// What an operator fills in.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// The account's name, unique.
    pub account_name: String,
    /// Base URI of the token endpoint, such as `https://us2.api.concursolutions.com`.
    pub base_uri: String,
    /// The application's id.
    pub client_id: SecretString,
    /// The application's secret.
    pub client_secret: SecretString,
    /// Company level or user level.
    pub grant: Grant,
    /// Defaults for what SCIM does not carry.
    pub settings: AccountSettings,
}

/// Why a company could not be connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// To be filled.
    #[error("placeholder")]
    Concur(#[from] Error),
}

/// Connects a company.
#[expect(clippy::unused_async, reason = "signature first")]
pub async fn connect(
    _store: &Store,
    _clock: &Clock,
    _clients: &ClientSettings,
    _new: NewConnection,
) -> Result<Account, ConnectError> {
    let _ = HostPolicy::production;
    unimplemented!()
}
