//! OAuth2: grants, refresh, the token store.

use crate::{Error, Http, Origin};
use futures::future::BoxFuture;
use jiff::Timestamp;
use secrecy::SecretString;

/// The application's registration.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Client id (a UUID).
    pub client_id: String,
    /// Client secret.
    pub client_secret: SecretString,
}

/// What is exchanged for the first token.
#[derive(Clone, Debug)]
pub enum Grant {
    /// "Company level": company UUID and company request token.
    Company {
        /// The company's UUID.
        company_uuid: String,
        /// The request token, valid 24 hours, treated as one-shot.
        company_request_token: SecretString,
    },
    /// "User level": login and password; opens expenses only.
    User {
        /// Login id.
        username: String,
        /// Password.
        password: SecretString,
    },
}

/// The tokens of one connection.
#[derive(Clone, Debug)]
pub struct TokenSet {
    /// Bearer token, about an hour.
    pub access_token: SecretString,
    /// When the access token ends.
    pub access_expires_at: Timestamp,
    /// The newest refresh token.
    pub refresh_token: SecretString,
    /// The refresh token before it, kept until the newest has worked once.
    pub previous_refresh_token: Option<SecretString>,
    /// When the refresh token was answered; it lives six months from here.
    pub refresh_issued_at: Timestamp,
    /// Where all further calls go.
    pub geolocation: Origin,
    /// Granted scopes.
    pub scopes: Vec<String>,
}

/// Any failure of a token store.
pub type StoreError = Box<dyn std::error::Error + Send + Sync>;

/// Keeps the tokens of one connection durably.
pub trait TokenStore: Send + Sync {
    /// The stored tokens, or `None` when never connected.
    fn load(&self) -> BoxFuture<'_, Result<Option<TokenSet>, StoreError>>;
    /// Stores the tokens; durable when it returns.
    fn save<'a>(&'a self, tokens: &'a TokenSet) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Takes the refresh lease of this connection over all replicas until `until`; `false` when another owner holds it.
    fn lock_refresh(&self, _now: Timestamp, _until: Timestamp) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async { Ok(true) })
    }
    /// Gives the lease back.
    fn unlock_refresh(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}

/// Exchanges a grant for tokens; follows a geolocation redirect (code 16) once. The caller saves them before use.
#[expect(clippy::unused_async, reason = "signature first")]
pub async fn exchange(
    _http: &Http,
    _origin: &Origin,
    _credentials: &Credentials,
    _grant: &Grant,
    _now: Timestamp,
) -> Result<TokenSet, Error> {
    unimplemented!()
}
