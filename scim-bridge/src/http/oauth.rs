//! `POST /oauth/token`: an access token for client credentials, RFC 6749 §4.4; and where to find it, RFC 8414.
//!
//! A client is a token of ours: its id is the `client_id`, the whole token the `client_secret`, in a Basic header or in
//! the body (§2.3.1). What it gets is short-lived, carries no more scopes, and ends with the token. There is no refresh
//! token (§4.4.3), no other grant, and nothing to log in to.

use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, PRAGMA};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use store::tokens::{self, Token};

use super::auth::{self, Scope};
use super::context::Context;
use super::error::Error;
use super::reply;

/// Bytes of a token request: a few parameters.
const BODY_BYTES_MAX: usize = 8 * 1024;

/// Why no token was issued, RFC 6749 §5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A parameter is missing or comes twice, or the client authenticates in two ways.
    Request(&'static str),
    /// Nobody we know. Why is told to nobody.
    Client,
    /// Another grant than ours.
    Grant,
    /// A scope that the client does not have.
    Scope,
}

impl Refusal {
    /// The `error` of the answer.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Request(_) => "invalid_request",
            Self::Client => "invalid_client",
            Self::Grant => "unsupported_grant_type",
            Self::Scope => "invalid_scope",
        }
    }

    /// The `error_description` of the answer.
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::Request(what) => what,
            Self::Client => {
                "no valid client credentials: client_id is the id of a token of this bridge, client_secret the token"
            }
            Self::Grant => "grant_type must be client_credentials",
            Self::Scope => {
                "scope names something that the client may not do; leave it out for all that it may"
            }
        }
    }
}

/// What is asked for.
#[derive(Debug)]
struct TokenRequest {
    client_id: String,
    client_secret: SecretString,
    /// Empty: all that the client has.
    scopes: Vec<String>,
}

/// POST `/oauth/token`.
pub(super) async fn token(mut context: Context) -> Result<HttpResponse, Error> {
    let form = context.form(BODY_BYTES_MAX).await?;
    let asked = TokenRequest::read(context.request.headers(), &form).map_err(Error::OAuth)?;
    let bridge = context.bridge().clone();
    let now = bridge.clock.now();
    let (client_id, secret) = (asked.client_id, asked.client_secret);
    let found = bridge.store.read(move |conn| tokens::by_secret(conn, &secret, now)).await?;
    let Some(client) = found.filter(|token| is_named(token, &client_id)) else {
        return Err(match bridge.admission.failed(&context.request, Instant::now()) {
            Error::Unauthenticated => Error::OAuth(Refusal::Client),
            limited => limited,
        });
    };
    bridge.admission.token(&client.id, Instant::now())?;
    let scopes = granted(&client, asked.scopes).ok_or(Error::OAuth(Refusal::Scope))?;
    auth::touch(&bridge, &client).await;
    let life = bridge.config.access_token_life;
    let expires_at = now.saturating_add(life).unwrap_or(client.expires_at).min(client.expires_at);
    let scope = scopes.join(" ");
    let access =
        bridge.store.read(move |conn| tokens::issue_access(conn, &client, &scopes, expires_at)).await?;
    let body = json!({
        "access_token": access.expose_secret(),
        "token_type": "Bearer",
        "expires_in": expires_at.duration_since(now).as_secs(),
        "scope": scope,
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, reply::JSON))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .body(body.to_string()))
}

/// GET `/.well-known/oauth-authorization-server`, RFC 8414 §3.
pub(super) async fn metadata(context: Context) -> Result<HttpResponse, Error> {
    let issuer = &context.bridge().public_url;
    Ok(reply::api(&json!({
        "issuer": &**issuer,
        "token_endpoint": format!("{issuer}/oauth/token"),
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": Scope::ALL.map(Scope::as_str),
    })))
}

/// Whether the token belongs to the client that is named: by the client's id, or by the token's own.
fn is_named(token: &Token, client_id: &str) -> bool {
    token.client.as_str() == client_id || token.id.as_str() == client_id
}

/// The scopes of the access token; nothing if more is asked for than the client has.
fn granted(client: &Token, asked: Vec<String>) -> Option<Vec<String>> {
    if asked.is_empty() {
        return Some(client.scopes.clone());
    }
    asked.iter().all(|scope| client.scopes.contains(scope)).then_some(asked)
}

impl TokenRequest {
    /// Reads header and form. The client is judged before its wishes.
    fn read(headers: &HeaderMap, form: &[(String, String)]) -> Result<Self, Refusal> {
        let parameter = |name: &str| {
            let mut values = form.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
            match (values.next(), values.next()) {
                (Some(_), Some(_)) => Err(Refusal::Request("a parameter may come once")),
                // "Parameters sent without a value MUST be treated as if they were omitted" (§3.2).
                (value, _) => Ok(value.filter(|value| !value.is_empty())),
            }
        };
        let (id, secret) = (parameter("client_id")?, parameter("client_secret")?);
        let (client_id, client_secret) = match (basic(headers), secret) {
            (Presented::Broken, _) | (Presented::Nothing, None) => return Err(Refusal::Client),
            (Presented::Pair(..), Some(_)) => {
                return Err(Refusal::Request("credentials come in the header or in the body, not in both"));
            }
            (Presented::Pair(named, secret), None) => {
                if id.is_some_and(|id| id != named) {
                    return Err(Refusal::Request("client_id is another one than in the header"));
                }
                (named, secret)
            }
            (Presented::Nothing, Some(secret)) => {
                (id.ok_or(Refusal::Client)?.to_owned(), SecretString::from(secret))
            }
        };
        match parameter("grant_type")? {
            Some("client_credentials") => {}
            Some(_) => return Err(Refusal::Grant),
            None => return Err(Refusal::Request("grant_type is missing")),
        }
        let mut scopes: Vec<String> =
            parameter("scope")?.unwrap_or_default().split(' ').map(str::to_owned).collect();
        scopes.retain(|scope| !scope.is_empty());
        scopes.dedup();
        Ok(Self { client_id, client_secret, scopes })
    }
}

/// What the `Authorization` header holds.
enum Presented {
    Nothing,
    Pair(String, SecretString),
    Broken,
}

/// Reads `Basic`, whose two parts are form-encoded each (§2.3.1, appendix B).
fn basic(headers: &HeaderMap) -> Presented {
    let mut values = headers.get_all(AUTHORIZATION);
    let value = match (values.next(), values.next()) {
        (None, _) => return Presented::Nothing,
        (Some(value), None) => value,
        _ => return Presented::Broken,
    };
    let pair = || {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some((decoded(id)?, decoded(secret)?))
    };
    match pair() {
        Some((id, secret)) => Presented::Pair(id, SecretString::from(secret)),
        None => Presented::Broken,
    }
}

/// One form-encoded text. Clients that do not encode send the same: neither part of ours has a character that changes.
fn decoded(text: &str) -> Option<String> {
    let pair = format!("x={}", text.replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn read(authorization: &[&str], form: &[(&str, &str)]) -> Result<(String, Vec<String>), Refusal> {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let form: Vec<_> = form.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let asked = TokenRequest::read(&headers, &form)?;
        Ok((format!("{}:{}", asked.client_id, asked.client_secret.expose_secret()), asked.scopes))
    }

    #[test]
    fn a_client_authenticates_in_one_way() {
        let grant = ("grant_type", "client_credentials");
        let pair = format!("Basic {}", STANDARD.encode("id:secret"));
        let encoded = format!("bAsIc {}", STANDARD.encode("i%64:se%63ret"));
        let all = |text: &str| Ok((text.to_owned(), Vec::new()));
        assert_eq!(read(&[&pair], &[grant]), all("id:secret"));
        assert_eq!(read(&[&encoded], &[grant]), all("id:secret"));
        assert_eq!(read(&[&pair], &[grant, ("client_id", "id")]), all("id:secret"));
        let body = [grant, ("client_id", "id"), ("client_secret", "secret")];
        assert_eq!(read(&[], &body), all("id:secret"));
        assert!(matches!(read(&[&pair], &body), Err(Refusal::Request(_))));
        assert!(matches!(read(&[&pair], &[grant, ("client_id", "other")]), Err(Refusal::Request(_))));
        for broken in ["Basic", "Basic !", "Bearer abc", "Basic aWQ="] {
            assert_eq!(read(&[broken], &[grant]), Err(Refusal::Client), "{broken}");
        }
        assert_eq!(read(&[&pair, &pair], &[grant]), Err(Refusal::Client));
        assert_eq!(read(&[], &[grant]), Err(Refusal::Client));
        assert_eq!(read(&[], &[grant, ("client_secret", "secret")]), Err(Refusal::Client));
    }

    #[test]
    fn wishes_are_read_once_each_and_without_empty_ones() {
        let pair = format!("Basic {}", STANDARD.encode("id:secret"));
        let ask = |form: &[(&str, &str)]| read(&[&pair], form).map(|(_, scopes)| scopes.join(","));
        let grant = ("grant_type", "client_credentials");
        assert_eq!(
            ask(&[grant, ("scope", "scim:read  scim:write"), ("resource", "x")]).unwrap(),
            "scim:read,scim:write"
        );
        assert_eq!(ask(&[grant, ("scope", "")]).unwrap(), "");
        assert_eq!(ask(&[("grant_type", "password")]), Err(Refusal::Grant));
        assert!(matches!(ask(&[("grant_type", "")]), Err(Refusal::Request(_))));
        assert!(matches!(ask(&[grant, grant]), Err(Refusal::Request(_))));
    }
}
