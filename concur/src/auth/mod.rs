//! OAuth2 against SAP Concur: exchanging a grant, keeping the tokens, refreshing them once for everybody.
//! Not here: where tokens are stored, which is the caller's [`TokenStore`].
//! Source: pages "Authentication" and "Company Level Authentication".

mod application;
mod cause;
mod grant;
mod refused;
mod session;
mod token;

pub use application::{ApplicationToken, application_token};
pub use cause::{Remedy, TokenCause};
pub use grant::exchange;
pub(crate) use session::Session;
pub use token::{StoreError, TokenSet, TokenStore, refresh_token_expires_at, request_token_expires_at};

use secrecy::SecretString;

/// The application's registration at SAP Concur. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Client id, a UUID.
    pub client_id: String,
    /// Client secret.
    pub client_secret: SecretString,
}

/// What is exchanged for the first tokens. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub enum Grant {
    /// "Company level": opens users and expenses.
    Company {
        /// The company's UUID.
        company_uuid: String,
        /// The company request token: valid 24 hours, to be treated as one-shot, never stored.
        company_request_token: SecretString,
    },
    /// "User level": opens expenses only.
    User {
        /// Login id.
        username: String,
        /// Password; never stored.
        password: SecretString,
    },
}
