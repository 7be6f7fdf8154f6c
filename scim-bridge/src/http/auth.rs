//! From an `Authorization` header to a caller: which token, which scopes, which account.
//!
//! It runs before the body is read and before a query is parsed (reliability Z3). The account comes from the
//! token, never from the path (Z2). Why a credential was refused is told to nobody. RFC 6750, RFC 7644 §2.

use std::fmt;
use std::str::FromStr;
use std::time::Instant;

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use store::Conn;
use store::accounts::Account;
use store::ids::TokenId;
use store::tokens::{self, Token};

use super::error::Error;
use super::jwt;
use super::known::Known;
use crate::bridge::Bridge;

/// What a token may be used for. Compared whole, never by prefix; none implies another (Z1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Read SCIM resources and discovery documents.
    ScimRead,
    /// Create, change and delete SCIM resources.
    ScimWrite,
    /// Read expense lines, their apps and explanations.
    MatchRead,
    /// Set rules, and decide lines by hand.
    MatchWrite,
    /// Read the state of syncs.
    SyncRead,
    /// Read the outbox.
    OpsRead,
    /// Act on the outbox.
    OpsWrite,
    /// Release held deactivations.
    BrakeRelease,
    /// Read the audit trail.
    AuditRead,
    /// Read metrics.
    MetricsRead,
    /// Administer accounts and tokens.
    Admin,
}

impl Scope {
    /// Every scope, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::ScimRead,
        Self::ScimWrite,
        Self::MatchRead,
        Self::MatchWrite,
        Self::SyncRead,
        Self::OpsRead,
        Self::OpsWrite,
        Self::BrakeRelease,
        Self::AuditRead,
        Self::MetricsRead,
        Self::Admin,
    ];

    /// As stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ScimRead => "scim:read",
            Self::ScimWrite => "scim:write",
            Self::MatchRead => "match:read",
            Self::MatchWrite => "match:write",
            Self::SyncRead => "sync:read",
            Self::OpsRead => "ops:read",
            Self::OpsWrite => "ops:write",
            Self::BrakeRelease => "brake:release",
            Self::AuditRead => "audit:read",
            Self::MetricsRead => "metrics:read",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|scope| scope.as_str()).collect();
            format!("{text:?} is not a scope; there are {}", known.join(", "))
        })
    }
}

/// Who is calling.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The token's public key id, also of one that a JWT stands for: what logs and the audit trail name.
    pub token: TokenId,
    /// The account the token is bound to; a token for administrators may have none.
    pub account: Option<Account>,
    /// The token's label.
    pub name: String,
    scopes: Vec<String>,
}

/// The id in place of a token's, of one who rehearses.
const REHEARSING: &str = "0000000000000000";

impl Caller {
    /// Someone with a token and nothing else.
    #[cfg(test)]
    pub(super) fn of_token(id: &str) -> Self {
        Self { token: id.parse().unwrap(), account: None, name: String::new(), scopes: Vec::new() }
    }

    /// Someone with these scopes and without a token, for a rehearsal.
    pub(super) fn rehearsing(account: Account, scopes: &[Scope]) -> Option<Self> {
        let scopes = scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
        let token = REHEARSING.parse().ok()?;
        Some(Self { token, account: Some(account), name: String::new(), scopes })
    }

    /// Passes when the token carries the scope.
    pub(crate) fn require(&self, scope: Scope) -> Result<(), Error> {
        if self.scopes.iter().any(|held| held == scope.as_str()) {
            Ok(())
        } else {
            Err(Error::Forbidden(scope))
        }
    }
}

/// Who presents this header, if anyone we know.
pub(crate) async fn authenticate(bridge: &Bridge, headers: &HeaderMap) -> Result<Caller, Error> {
    let plaintext = bearer(headers).ok_or(Error::Unauthenticated)?;
    let (key, asked_at) = (Known::key(plaintext.expose_secret()), Instant::now());
    if let Some(caller) = bridge.known.get(&key, asked_at) {
        return Ok(caller);
    }
    let now = bridge.clock.now();
    let found = if jwt::looks_like_one(&plaintext) {
        jwt::authenticate(bridge, &plaintext, asked_at).await?
    } else {
        let read = move |conn: &mut Conn| {
            let Some(token) = tokens::authenticate(conn, &plaintext, now)? else { return Ok(None) };
            let account = token.account.map(|id| store::accounts::get(conn, id)).transpose()?;
            Ok(Some((token, account)))
        };
        bridge.store.read(read).await?
    };
    let (token, account) = found.ok_or(Error::Unauthenticated)?;
    touch(bridge, &token).await;
    let caller = Caller { token: token.id, account, name: token.name, scopes: token.scopes };
    bridge.known.put(key, &caller, asked_at);
    Ok(caller)
}

/// Notes the use, at most once a minute: it must not turn every read into a write.
pub(super) async fn touch(bridge: &Bridge, token: &Token) {
    let now = bridge.clock.now();
    let fresh = |at| now.duration_since(at) < SignedDuration::from_mins(1);
    if token.last_used_at.is_some_and(fresh) {
        return;
    }
    let id = token.id.clone();
    let noted = bridge.store.write(move |conn| tokens::touch_last_used(conn, &id, now)).await;
    if let Err(error) = noted {
        // The request itself may still be answered from a database that cannot be written to.
        tracing::warn!(token = %token.id, error = &error as &dyn std::error::Error, "last use not noted");
    }
}

/// The credential of exactly one `Authorization: Bearer <token>` header.
fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    let mut values = headers.get_all(AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let well_formed =
        scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains([' ', ',']);
    well_formed.then(|| SecretString::from(token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;
    use secrecy::ExposeSecret;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn exactly_one_bearer_header_carries_a_credential() {
        let check = |values: &[&str], token: Option<&str>| {
            let found = bearer(&headers(values));
            assert_eq!(found.as_ref().map(ExposeSecret::expose_secret), token, "{values:?}");
        };
        check(&["Bearer abc"], Some("abc"));
        check(&["bEARER abc"], Some("abc"));
        check(&[], None);
        check(&["abc"], None);
        check(&["Basic abc"], None);
        check(&["Bearer"], None);
        check(&["Bearer "], None);
        check(&["Bearer  abc"], None);
        check(&["Bearer abc def"], None);
        check(&["Bearer abc,Bearer def"], None);
        check(&["Bearer abc", "Bearer abc"], None);
    }

    #[test]
    fn scopes_are_read_back_whole() {
        for scope in Scope::ALL {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        assert!("scim".parse::<Scope>().unwrap_err().contains("scim:read"));
        assert!("scim:read ".parse::<Scope>().is_err());
    }
}
