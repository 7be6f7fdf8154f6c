//! The application's own token: for managing event subscriptions, and for nothing that concerns one company.
//! Not here: storing it, since it can be had again at any time.
//! Source: Authentication, "Client Credentials grant".

use super::{Credentials, grant};
use crate::{Error, Http, Origin};
use jiff::Timestamp;
use secrecy::SecretString;

/// An application's token. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct ApplicationToken {
    /// Bearer token; opaque, about an hour. There is no refresh token: ask again.
    pub access_token: SecretString,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Where calls with it go.
    pub geolocation: Origin,
    /// The scopes that were granted, case-sensitive.
    pub scopes: Vec<String>,
}

impl ApplicationToken {
    /// When to ask for another: after 80 % of its life.
    pub fn renewal_due_at(&self) -> Timestamp {
        let life = self.expires_at.duration_since(self.issued_at);
        self.issued_at.saturating_add(life * 4 / 5).unwrap_or(self.expires_at)
    }
}

/// Asks for an application token at `origin`, any production data centre. The application must be allowed the grant
/// `client_credentials`.
///
/// # Errors
/// [`Error::Token`] with the cause; [`Error::Host`] when the answer names a host that is not allowed; transport errors.
pub async fn application_token(
    http: &Http,
    origin: &Origin,
    credentials: &Credentials,
    now: Timestamp,
) -> Result<ApplicationToken, Error> {
    grant::client_credentials(http, origin, credentials, now).await
}
