//! `scim-bridge token create|trust|list|rotate|revoke`: the bearer tokens that identity providers and API users present,
//! and the issuers whose JWTs stand for one.

use clap::Subcommand;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde_json::json;
use store::accounts::{Account, AuthenticationType};
use store::ids::TokenId;
use store::tokens::{self, NewToken, Rotated, Rotation};
use store::{Store, audit};

use super::trust::Trust;
use super::{Settings, Usage, output};
use crate::clock::Clock;
use crate::config::duration;
use crate::http::Scope;
use crate::serve;

/// The longest life of a token (reliability S3).
const LIFE_MAX_DAYS: i64 = 400;

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Make a token and print it, this once.
    Create {
        /// The account it is bound to.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        /// What it is for, for example "Okta production".
        #[arg(long)]
        name: String,
        /// Scopes, separated by commas.
        #[arg(long, value_delimiter = ',', default_value = "scim:read,scim:write")]
        scopes: Vec<String>,
        /// How long it is valid, at most 400d.
        #[arg(long, default_value = "365d", value_name = "DURATION")]
        expires_in: String,
    },
    /// Let the JWTs of an issuer stand for a token, which then has no secret.
    Trust(Trust),
    /// List tokens, without their secrets.
    List {
        /// Only those of this account.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
    },
    /// Make a second token for whoever has the first, who then has time to change over.
    Rotate {
        /// Id of the token that is to be replaced, as `list` shows it.
        id: String,
        /// How long the old one still works.
        #[arg(long, default_value = "7d", value_name = "DURATION")]
        overlap: String,
        /// How long the new one is valid, at most 400d.
        #[arg(long, default_value = "365d", value_name = "DURATION")]
        expires_in: String,
    },
    /// End a token at once.
    Revoke {
        /// Its id, as `list` shows it.
        id: String,
    },
}

impl Token {
    pub(super) fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let config = settings.load()?;
        let now = Clock::system().now();
        match self {
            Self::Create { account, name, scopes, expires_in } => {
                let new = checked(account.as_deref(), &name, &scopes, &expires_in, now)?;
                create(&serve::open_store(&config)?, account.as_deref(), new)
            }
            Self::Trust(trust) => trust.run(&config, now),
            Self::List { account } => list(&serve::open_store(&config)?, account.as_deref()),
            Self::Rotate { id, overlap, expires_in } => {
                let id = parse_id(&id)?;
                let overlap =
                    duration::parse(&overlap).map_err(|reason| Usage(format!("--overlap: {reason}")))?;
                let ends = Ends { new: now.checked_add(life(&expires_in)?)?, old: now.checked_add(overlap)? };
                rotate(&serve::open_store(&config)?, &id, ends, now)
            }
            Self::Revoke { id } => revoke(&serve::open_store(&config)?, &parse_id(&id)?, now),
        }
    }
}

/// Scopes that mean something without an account.
const UNBOUND: [Scope; 2] = [Scope::MetricsRead, Scope::Admin];

fn parse_id(text: &str) -> Result<TokenId, Usage> {
    text.parse().map_err(|_| {
        Usage(format!("{text:?} is not the id of a token: 16 hexadecimal digits, see `token list`"))
    })
}

/// How long a new token is valid.
fn life(expires_in: &str) -> anyhow::Result<SignedDuration> {
    let life = duration::parse(expires_in).map_err(|reason| Usage(format!("--expires-in: {reason}")))?;
    let life = SignedDuration::try_from(life)?;
    if life > SignedDuration::from_hours(24 * LIFE_MAX_DAYS) || life.is_zero() {
        return Err(
            Usage(format!("--expires-in {expires_in}: more than 0s and at most {LIFE_MAX_DAYS}d")).into()
        );
    }
    Ok(life)
}

/// Everything about a new token but the id of its account.
fn checked(
    account: Option<&str>,
    name: &str,
    scopes: &[String],
    expires_in: &str,
    now: Timestamp,
) -> anyhow::Result<NewToken> {
    for scope in scopes {
        let scope: Scope = scope.parse().map_err(Usage)?;
        if account.is_none() && !UNBOUND.contains(&scope) {
            return Err(Usage(format!("{scope} opens the data of one account: give --account NAME")).into());
        }
    }
    let expires_at = now.checked_add(life(expires_in)?)?;
    Ok(NewToken { account: None, name: name.to_owned(), scopes: scopes.to_vec(), expires_at, now })
}

fn create(store: &Store, account: Option<&str>, mut new: NewToken) -> anyhow::Result<()> {
    let found = account.map(|name| super::account::find(store, name)).transpose()?;
    if let Some(found) = &found {
        provisions(found, &new.scopes)?;
    }
    new.account = found.map(|account| account.id);
    let (token, plaintext) = store.write_blocking(|conn| {
        let (token, plaintext) = tokens::create(conn, &new, &mut rand::rng())?;
        let details = json!({"scopes": token.scopes, "expires_at": token.expires_at});
        record(conn, &token, "token.created", details, new.now)?;
        Ok::<_, store::Error>((token, plaintext))
    })?;
    output::note(&format!(
        "token {} for {}, valid until {}; it is shown only this once:",
        token.id,
        account.unwrap_or("no single account"),
        token.expires_at
    ));
    output::note(&format!(
        "(for OAuth client credentials at /oauth/token: {} is the client id, the token the client secret)",
        token.client
    ));
    output::result(plaintext.expose_secret())
}

/// When the two tokens of a rotation end.
#[derive(Clone, Copy)]
struct Ends {
    new: Timestamp,
    old: Timestamp,
}

fn rotate(store: &Store, id: &TokenId, ends: Ends, now: Timestamp) -> anyhow::Result<()> {
    let rotated = store.write_blocking(|conn| {
        let rotated = tokens::rotate(conn, id, ends.new, ends.old, now, &mut rand::rng())?;
        if let Rotation::Made(made) = &rotated {
            let (new, old) = (&made.token, &made.replaced);
            let details =
                json!({"replaces": old.id, "old_expires_at": old.expires_at, "expires_at": new.expires_at});
            record(conn, new, "token.rotated", details, now)?;
        }
        Ok::<_, store::Error>(rotated)
    })?;
    match rotated {
        Rotation::NoSecret => anyhow::bail!(
            "token {id} has no secret to rotate: JWTs of an issuer stand for it, and the issuer changes its keys by itself"
        ),
        Rotation::NotLive => anyhow::bail!("there is no live token {id}; `token create` makes a new one"),
        Rotation::TwoAreLive => anyhow::bail!(
            "the client of token {id} has two live tokens already: let the old one end, or revoke it (see `token list`)"
        ),
        Rotation::Made(made) => {
            let Rotated { token: new, plaintext, replaced: old } = *made;
            output::note(&format!(
                "token {} takes over from {}, which works until {}; the client id for OAuth stays {}; valid until {}; \
                 it is shown only this once:",
                new.id, old.id, old.expires_at, new.client, new.expires_at
            ));
            output::result(plaintext.expose_secret())
        }
    }
}

/// Concur lets only a company-level connection read and write users.
pub(super) fn provisions(account: &Account, scopes: &[String]) -> Result<(), Usage> {
    let scim = [Scope::ScimRead, Scope::ScimWrite];
    let asked =
        scopes.iter().filter_map(|scope| scope.parse().ok()).any(|scope: Scope| scim.contains(&scope));
    if asked && account.authentication_type == AuthenticationType::UserLevel {
        return Err(Usage(format!(
            "{} is connected at user level, which opens expenses and no users: connect it at company level for SCIM, \
             or give --scopes match:read",
            account.name
        )));
    }
    Ok(())
}

fn list(store: &Store, account: Option<&str>) -> anyhow::Result<()> {
    let account =
        account.map(|name| super::account::find(store, name).map(|account| account.id)).transpose()?;
    let (found, accounts, trusts) = store.read_blocking(|conn| {
        Ok((tokens::list(conn, account)?, store::accounts::list(conn)?, tokens::trusts(conn)?))
    })?;
    let day =
        |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.strftime("%Y-%m-%d").to_string());
    let rows: Vec<_> = found
        .into_iter()
        .map(|token| {
            let account = accounts.iter().find(|account| Some(account.id) == token.account);
            let trust = trusts.get(token.id.as_str());
            vec![
                token.id.to_string(),
                trust.map_or_else(|| token.client.to_string(), |trust| format!("JWTs of {}", trust.issuer)),
                token.name,
                account.map_or_else(|| "-".to_owned(), |account| account.name.clone()),
                token.scopes.join(","),
                day(Some(token.expires_at)),
                day(token.last_used_at),
                day(token.revoked_at),
            ]
        })
        .collect();
    output::table(&["id", "client id", "name", "account", "scopes", "expires", "last used", "revoked"], &rows)
}

fn revoke(store: &Store, id: &TokenId, now: Timestamp) -> anyhow::Result<()> {
    let revoked = store.write_blocking(|conn| {
        let Some(token) = tokens::list(conn, None)?.into_iter().find(|token| token.id == *id) else {
            return Ok(false);
        };
        let revoked = tokens::revoke(conn, id, now)?;
        if revoked {
            record(conn, &token, "token.revoked", json!({}), now)?;
        }
        Ok::<_, store::Error>(revoked)
    })?;
    anyhow::ensure!(revoked, "there is no live token {id}");
    output::note(&format!("token {id} is revoked"));
    Ok(())
}

pub(super) fn record(
    conn: &mut store::Conn,
    token: &tokens::Token,
    action: &str,
    details: serde_json::Value,
    at: Timestamp,
) -> Result<(), store::Error> {
    let event = audit::NewEvent {
        account: token.account,
        at,
        actor: "command line".to_owned(),
        action: action.to_owned(),
        subject: format!("token:{}", token.id),
        details,
    };
    audit::append(conn, &event).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_level_account_takes_no_token_for_scim() {
        let test = store::testing::sqlite();
        let connected = |name: &str, authentication_type| {
            let new = store::accounts::NewAccount {
                name: name.to_owned(),
                company_uuid: name.to_owned(),
                authentication_type,
                base_uri: "https://us2.api.concursolutions.com".to_owned(),
                settings: json!({}),
                now: Timestamp::UNIX_EPOCH,
            };
            test.store.write_blocking(|conn| store::accounts::insert(conn, &new)).unwrap()
        };
        let (user, company) = (
            connected("us", AuthenticationType::UserLevel),
            connected("co", AuthenticationType::CompanyLevel),
        );
        let scopes = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let refused = provisions(&user, &scopes("match:read,scim:write")).unwrap_err();
        assert!(refused.to_string().contains("company level"), "{refused}");
        assert!(provisions(&user, &scopes("match:read")).is_ok());
        assert!(provisions(&company, &scopes("scim:read,scim:write")).is_ok());
        // Nor does one that was made before help: the use cases refuse the account itself.
        let error = crate::provision::OnBehalf::new(user, "test".to_owned()).unwrap_err();
        assert!(error.to_string().contains("user level"), "{error}");
    }

    #[test]
    fn a_token_is_checked_before_the_database_is_touched() {
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let scopes = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let unbound = checked(None, "x", &scopes("metrics:read,scim:read"), "10d", now).unwrap_err();
        assert!(unbound.is::<Usage>() && unbound.to_string().contains("--account"), "{unbound}");
        let new = checked(Some("Acme"), "Okta", &scopes("scim:read,scim:write"), "10d", now).unwrap();
        assert_eq!(new.expires_at.to_string(), "2026-03-11T00:00:00Z");
        for (scope, life, named) in [
            ("scim", "10d", "scim:read"),
            ("scim:read", "401d", "400d"),
            ("scim:read", "0s", "0s"),
            ("admin", "soon", "8s"),
        ] {
            let error = checked(Some("Acme"), "x", &scopes(scope), life, now).unwrap_err();
            assert!(error.is::<Usage>() && error.to_string().contains(named), "{error}");
        }
    }
}
