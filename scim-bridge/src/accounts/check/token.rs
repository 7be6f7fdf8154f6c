//! What the token endpoint's answer says: about the credentials, about the application's grants, and about where the
//! company lives.

use concur::auth::{TokenCause, TokenSet};
use concur::{Error, Origin};
use jiff::Timestamp;

use super::Finding;
use super::network::place;
use crate::accounts::pasted::is_uuid_v4;

/// What is needed to make a refused connection again.
const CONNECT_AGAIN: &str = "connect again with `scim-bridge account connect`";

pub(super) fn client_id(id: &str) -> Finding {
    if is_uuid_v4(id) {
        Finding::ok("client id", "a UUID")
    } else {
        Finding::warning(
            "client id",
            "it is not a UUID of version 4, as Concur's are",
            "compare it with the application's page (it is not the client secret and not the company UUID)",
        )
    }
}

pub(super) fn token(answer: Result<&TokenSet, &Error>, now: Timestamp) -> Finding {
    match answer {
        Ok(tokens) => {
            let minutes = tokens.access_expires_at.duration_since(now).as_mins();
            let days = tokens.refresh_expires_at().duration_since(now).as_hours() / 24;
            Finding::ok(
                "token",
                format!("good for {minutes} minutes; the connection for {days} days if unused"),
            )
        }
        Err(Error::NotAuthenticated(source)) => token(Err(source), now),
        Err(error @ Error::Token { cause, .. }) => {
            let next = match cause {
                TokenCause::RefreshTokenDead => {
                    format!("{}: `scim-bridge account connect`", cause.next_step())
                }
                _ => cause.next_step().to_owned(),
            };
            let code = code_of(error);
            Finding::failed("token", format!("Concur gave none{code}: {}", cause.meaning()), next)
        }
        Err(Error::Host { reason }) => Finding::failed(
            "token",
            format!(
                "Concur sent the request to an address that is refused: {}",
                Error::Host { reason: *reason }
            ),
            "check the base URI; if the company lives under another domain, its host must be allowed first",
        ),
        Err(Error::NotConnected) => Finding::failed("token", "nothing is stored", CONNECT_AGAIN),
        Err(error @ (Error::TokenStore(_) | Error::RefreshBusy)) => {
            Finding::failed("token", error.to_string(), "look after the database, then check again")
        }
        Err(error) => Finding::failed(
            "token",
            error.to_string(),
            "this says nothing about the credentials: check again later",
        ),
    }
}

fn code_of(error: &Error) -> String {
    match error {
        Error::Token { code: Some(code), .. } => format!(" (code {code})"),
        _ => String::new(),
    }
}

/// The two grants that a connection lives on; `None` where one was not tried.
pub(super) fn grants(password: Option<&Error>, refresh: Option<Result<(), &Error>>) -> Finding {
    let missing = |error: &Error| {
        let Error::Token { cause, .. } = error else { return false };
        matches!(
            cause,
            TokenCause::GrantNotAllowed | TokenCause::RefreshNotAllowed | TokenCause::NoRefreshToken
        )
    };
    let fix = |grant: &str| {
        format!(
            "ask SAP Concur to add {grant} to the application's Allowed Grants (both refresh_token and password are needed)"
        )
    };
    match (password, refresh) {
        (Some(Error::Token { cause: TokenCause::NoRefreshToken, .. }), _) => Finding::failed(
            "grants",
            "refresh_token is not allowed: the answer carried none",
            fix("refresh_token"),
        ),
        (Some(error), _) if missing(error) => {
            Finding::failed("grants", "password is not allowed for this application", fix("password"))
        }
        (_, Some(Err(error))) if missing(error) => Finding::failed(
            "grants",
            "refresh_token is not allowed for this application",
            fix("refresh_token"),
        ),
        (_, Some(Ok(()))) => Finding::ok("grants", "password and refresh_token are allowed"),
        _ => Finding::skipped("grants", "no token"),
    }
}

/// Where the company lives, against where we were told.
pub(super) fn geolocation(typed: &Origin, lives: &Origin) -> Finding {
    let tokens_only = concur::DataCenter::at(typed)
        .is_some_and(|center| center.environment == concur::Environment::TokensOnly);
    if typed == lives || tokens_only {
        Finding::ok("geolocation", format!("calls go to {}", place(lives)))
    } else {
        Finding::warning(
            "geolocation",
            format!("the company lives elsewhere: calls go to {}", place(lives)),
            format!("nothing breaks; write {lives} as the base URI when you connect again"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::check::Outcome;
    use concur::HostPolicy;

    #[test]
    fn the_right_address_is_named_when_the_company_lives_elsewhere() {
        let origin = |name: &str| {
            HostPolicy::production().origin(&format!("https://{name}.api.concursolutions.com")).unwrap()
        };
        assert_eq!(geolocation(&origin("us2"), &origin("us2")).outcome, Outcome::Ok);
        assert_eq!(geolocation(&origin("glz"), &origin("eu2")).outcome, Outcome::Ok);
        let elsewhere = geolocation(&origin("us"), &origin("eu2"));
        assert_eq!(elsewhere.outcome, Outcome::Warning);
        assert!(elsewhere.found.contains("(EU2: "), "{}", elsewhere.found);
        assert!(elsewhere.fix.unwrap().contains("https://eu2.api.concursolutions.com"));
    }

    #[test]
    fn a_client_id_that_is_no_uuid_is_a_warning() {
        assert_eq!(client_id("5bb8f7f4-9f6a-4d9b-8a6a-2a1f0e6a1c11").outcome, Outcome::Ok);
        assert_eq!(client_id("my application").outcome, Outcome::Warning);
    }
}
