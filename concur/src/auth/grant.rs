//! Token requests: the company grant, the user grant, the refresh. Credentials travel in the form, never in the
//! address; the form carries no charset and no `scope`, whose absence asks for everything the application holds.
//! Not here: storing what was answered, and when to refresh.
//! Source: Authentication, "Password grant", "Refreshing a token"; Company Level Authentication.

use super::{ApplicationToken, Credentials, Grant, TokenCause, TokenSet};
use crate::{
    Error, Http, Notice, Origin,
    http::{Answer, Endpoint, Payload},
    model::wire,
};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use url::form_urlencoded::Serializer;

/// The name of the token endpoint.
pub(super) const ENDPOINT: &str = "oauth.token";
static TOKEN: Endpoint = Endpoint::post(ENDPOINT);
const TOKEN_PATH: &str = "/oauth2/v0/token";

/// The life of an access token when the answer does not say it sensibly, in seconds.
const ACCESS_LIFE_DEFAULT: i64 = 3600;
/// No access token is trusted for longer than this, in seconds.
const ACCESS_LIFE_MAX: i64 = 24 * 3600;

/// Exchanges a grant for the first tokens. `origin` is the base URI of the company's data centre, or the global landing
/// zone; when the company lives elsewhere (code 16) the request is repeated there, once.
///
/// The caller must save the tokens durably before doing anything else: a company request token may be good for one
/// exchange only.
///
/// # Errors
/// [`Error::Token`] with the cause; [`Error::Host`] when the answer names a host that is not allowed; transport errors.
pub async fn exchange(
    http: &Http,
    origin: &Origin,
    credentials: &Credentials,
    grant: &Grant,
    now: Timestamp,
) -> Result<TokenSet, Error> {
    let secrets = match grant {
        Grant::Company { company_uuid, company_request_token } => [
            ("username", company_uuid.as_str()),
            ("password", company_request_token.expose_secret()),
            ("credtype", "authtoken"),
        ],
        Grant::User { username, password } => [
            ("username", username.as_str()),
            ("password", password.expose_secret()),
            ("credtype", "password"),
        ],
    };
    let form = form(credentials, "password", &secrets);
    let reply = request(http, origin, &form, now).await?;
    let Some(refresh_token) = reply.wire.refresh_token.clone() else {
        let failure = Box::new(reply.answer.into_failure());
        return Err(Error::Token { cause: TokenCause::NoRefreshToken, code: None, failure });
    };
    let geolocation = reply.geolocation(http)?;
    Ok(reply.into_tokens(geolocation, refresh_token, None, now))
}

/// Renews `tokens` at their geolocation. When the newest refresh token is refused and the one before it is still
/// kept, that one is tried: the answer with the newest may have been lost on its way into use.
pub(crate) async fn refresh(
    http: &Http,
    credentials: &Credentials,
    tokens: &TokenSet,
    now: Timestamp,
) -> Result<TokenSet, Error> {
    let attempt = refresh_with(http, credentials, tokens, &tokens.refresh_token, now).await;
    match (&attempt, &tokens.previous_refresh_token) {
        (Err(Error::Token { cause: TokenCause::RefreshTokenDead, .. }), Some(previous)) => {
            refresh_with(http, credentials, tokens, previous, now).await
        }
        _ => attempt,
    }
}

/// The application's own token, without a refresh token.
pub(super) async fn client_credentials(
    http: &Http,
    origin: &Origin,
    credentials: &Credentials,
    now: Timestamp,
) -> Result<ApplicationToken, Error> {
    let reply = request(http, origin, &form(credentials, "client_credentials", &[]), now).await?;
    let geolocation = reply.geolocation(http)?;
    let (expires_at, scopes) = (reply.wire.expires_at(now), reply.wire.scopes());
    let access_token = reply.wire.access_token;
    Ok(ApplicationToken { access_token, issued_at: now, expires_at, geolocation, scopes })
}

async fn refresh_with(
    http: &Http,
    credentials: &Credentials,
    tokens: &TokenSet,
    used: &SecretString,
    now: Timestamp,
) -> Result<TokenSet, Error> {
    let form = form(credentials, "refresh_token", &[("refresh_token", used.expose_secret())]);
    let reply = request(http, &tokens.geolocation, &form, now).await?;
    // `used` has just worked. If it was replaced, keep it until the replacement has worked as well.
    let next = reply.wire.refresh_token.clone().unwrap_or_else(|| used.clone());
    let rotated = next.expose_secret() != used.expose_secret();
    // The new refresh token may be the only one that still works, so no fault of the address may lose it.
    let geolocation = reply.geolocation(http).unwrap_or_else(|error| {
        if let Error::Host { reason } = error {
            tracing::error!(
                correlation_id = reply.answer.call.correlation_id,
                "a refresh answer named a host that is refused; the tokens are kept and the old host serves on"
            );
            http.notice(&Notice::GeolocationRefused { reason });
        }
        tokens.geolocation.clone()
    });
    Ok(reply.into_tokens(geolocation, next, rotated.then(|| used.clone()), now))
}

fn form(credentials: &Credentials, grant_type: &str, members: &[(&str, &str)]) -> SecretString {
    let mut form = Serializer::new(String::new());
    form.append_pair("client_id", &credentials.client_id);
    form.append_pair("client_secret", credentials.client_secret.expose_secret());
    form.append_pair("grant_type", grant_type);
    form.extend_pairs(members);
    form.finish().into()
}

/// Sends a token request, following code 16 once.
async fn request(http: &Http, origin: &Origin, form: &SecretString, now: Timestamp) -> Result<Reply, Error> {
    let answer = send(http, origin, form, now).await?;
    let (answer, origin) = match elsewhere(&answer) {
        Some(geolocation) => {
            let origin = http.host_policy().origin(&geolocation)?;
            (send(http, &origin, form, now).await?, origin)
        }
        None => (answer, origin.clone()),
    };
    match answer.status {
        200..=299 => Ok(Reply { wire: answer.decode()?, answer, origin }),
        400..=499 if answer.status != 429 && answer.status != 408 => Err(refusal(answer)),
        _ => Err(Error::from_failure(answer.into_failure())),
    }
}

async fn send(http: &Http, origin: &Origin, form: &SecretString, now: Timestamp) -> Result<Answer, Error> {
    http.exchange(&TOKEN, origin, TOKEN_PATH, Payload::Form(form.expose_secret()), None, now).await
}

#[derive(Deserialize)]
struct WireRefusal {
    #[serde(default, deserialize_with = "wire::text_or_number")]
    code: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    geolocation: Option<String>,
}

impl WireRefusal {
    fn of(answer: &Answer) -> Self {
        answer.decode().unwrap_or(Self { code: None, geolocation: None })
    }

    fn code(&self) -> Option<u32> {
        self.code.as_ref()?.trim().parse().ok()
    }
}

/// Where the user lives, if the answer says "not here".
fn elsewhere(answer: &Answer) -> Option<String> {
    if !(400..=499).contains(&answer.status) {
        return None;
    }
    let refusal = WireRefusal::of(answer);
    (refusal.code() == Some(16)).then_some(refusal.geolocation)?
}

fn refusal(answer: Answer) -> Error {
    let code = WireRefusal::of(&answer).code();
    let cause = code.map_or(TokenCause::Unlisted, TokenCause::from_code);
    Error::Token { cause, code, failure: Box::new(answer.into_failure()) }
}

/// A success of the token endpoint. `refresh_expires_in`, where present, is a point in time and not a duration; it is
/// not read, since six months from issue hold everywhere.
#[derive(Deserialize)]
struct WireToken {
    access_token: SecretString,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<i64>,
    #[serde(default)]
    refresh_token: Option<SecretString>,
    #[serde(default, deserialize_with = "text_if_any")]
    geolocation: Option<String>,
    #[serde(default, deserialize_with = "text_if_any")]
    scope: Option<String>,
}

impl WireToken {
    fn expires_at(&self, now: Timestamp) -> Timestamp {
        let life = self.expires_in.filter(|life| *life > 0).unwrap_or(ACCESS_LIFE_DEFAULT);
        now.saturating_add(SignedDuration::from_secs(life.min(ACCESS_LIFE_MAX))).unwrap_or(now)
    }

    fn scopes(&self) -> Vec<String> {
        let scopes = self.scope.as_deref().unwrap_or_default();
        scopes.split_whitespace().map(str::to_owned).collect()
    }
}

/// Text, or nothing whatever else is there: an oddity beside the tokens must not lose the tokens.
fn text_if_any<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<Value>::deserialize(from)? {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    })
}

/// `"3600"` on most pages, `3600` on two.
fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(match Option::<Value>::deserialize(from)? {
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    })
}

struct Reply {
    wire: WireToken,
    answer: Answer,
    origin: Origin,
}

impl Reply {
    /// Where further calls go: what the answer names, if that is allowed, else where it came from.
    fn geolocation(&self, http: &Http) -> Result<Origin, Error> {
        match &self.wire.geolocation {
            Some(named) => http.host_policy().origin(named),
            None => Ok(self.origin.clone()),
        }
    }

    fn into_tokens(
        self,
        geolocation: Origin,
        refresh_token: SecretString,
        previous_refresh_token: Option<SecretString>,
        now: Timestamp,
    ) -> TokenSet {
        let (access_expires_at, scopes) = (self.wire.expires_at(now), self.wire.scopes());
        TokenSet {
            access_token: self.wire.access_token,
            access_expires_at,
            refresh_token,
            previous_refresh_token,
            refresh_issued_at: now,
            geolocation,
            scopes,
        }
    }
}
