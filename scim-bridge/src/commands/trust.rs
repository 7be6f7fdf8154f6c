//! `scim-bridge token trust`: access with the JWTs of an issuer.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::tokens::{self, Keys, NewToken};
use url::{Host, Url};

use super::{Usage, output, token};
use crate::config::{Config, duration};
use crate::http::{KeySet, Scope};
use crate::serve;

/// Bytes of a file of keys.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// RS256, PS256 and ES256 are believed. Everything that is asked for must be in a JWT: issuer, audience, claims, and an end.
#[derive(Debug, Args)]
pub(super) struct Trust {
    /// The account that the JWTs open.
    #[arg(long, value_name = "NAME")]
    account: String,
    /// What it is for, for example "Entra production".
    #[arg(long)]
    name: String,
    /// The claim iss, to the letter.
    #[arg(long, value_name = "TEXT")]
    issuer: String,
    /// What the claim aud must name.
    #[arg(long, value_name = "TEXT")]
    audience: String,
    /// Where the issuer publishes its keys, a JWK set.
    #[arg(long, value_name = "URL", required_unless_present = "keys_file", conflicts_with = "keys_file")]
    keys_url: Option<String>,
    /// The keys themselves, a JWK set, for an issuer that cannot be reached from here.
    #[arg(long, value_name = "FILE")]
    keys_file: Option<PathBuf>,
    /// A claim that must be there with this value, for example sub=1b2c; an array must have it. Several are all asked for.
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    claims: Vec<String>,
    /// Scopes, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "scim:read,scim:write")]
    scopes: Vec<String>,
    /// For how long.
    #[arg(long, default_value = "3650d", value_name = "DURATION")]
    expires_in: String,
}

impl Trust {
    pub(super) fn run(self, config: &Config, now: Timestamp) -> anyhow::Result<()> {
        let trust = self.trust()?;
        for scope in &self.scopes {
            scope.parse::<Scope>().map_err(Usage)?;
        }
        let life =
            duration::parse(&self.expires_in).map_err(|reason| Usage(format!("--expires-in: {reason}")))?;
        let store = serve::open_store(config)?;
        let account = super::account::find(&store, &self.account)?;
        token::provisions(&account, &self.scopes)?;
        let new = NewToken {
            account: Some(account.id),
            name: self.name,
            scopes: self.scopes,
            expires_at: now.checked_add(SignedDuration::try_from(life)?)?,
            now,
        };
        let made = store.write_blocking(|conn| {
            let same = |(_, other): &(tokens::Token, tokens::Trust)| {
                other.audience == trust.audience && other.claims == trust.claims
            };
            if let Some((token, _)) = tokens::trusted(conn, &trust.issuer, now)?.iter().find(|it| same(it)) {
                return Ok(Err(token.id.clone()));
            }
            let token = tokens::trust(conn, &new, &trust, &mut rand::rng())?;
            let details = json!({
                "issuer": trust.issuer,
                "audience": trust.audience,
                "claims": trust.claims,
                "scopes": token.scopes,
                "expires_at": token.expires_at,
            });
            token::record(conn, &token, "token.trusted", details, now)?;
            Ok::<_, store::Error>(Ok(token))
        })?;
        let token = made.map_err(|other| {
            Usage(format!(
                "token {other} stands for the same JWTs: revoke it first, or tell them apart by --claim"
            ))
        })?;
        output::note(&format!(
            "JWTs of {} for {} open {} as token {}, until it is revoked or {}",
            trust.issuer, trust.audience, account.name, token.id, token.expires_at
        ));
        output::result(token.id.as_str())
    }

    fn trust(&self) -> anyhow::Result<tokens::Trust> {
        for (name, text) in [("--issuer", &self.issuer), ("--audience", &self.audience)] {
            if text.is_empty() {
                return Err(Usage(format!("{name} is empty")).into());
            }
        }
        let keys = match (&self.keys_url, &self.keys_file) {
            (Some(url), _) => Keys::At(checked_url(url)?),
            (None, Some(file)) => Keys::Given(read_keys(file)?),
            (None, None) => return Err(Usage("give --keys-url or --keys-file".to_owned()).into()),
        };
        let mut claims = BTreeMap::new();
        for claim in &self.claims {
            let pair = claim.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
            let Some((name, value)) = pair else {
                return Err(Usage(format!("--claim {claim}: expected NAME=VALUE")).into());
            };
            if ["iss", "aud", "exp", "nbf", "iat", "cnf"].contains(&name) {
                return Err(Usage(format!("--claim {claim}: {name} is checked already")).into());
            }
            if claims.insert(name.to_owned(), value.to_owned()).is_some() {
                return Err(Usage(format!("--claim {name} is there twice; all claims are asked for")).into());
            }
        }
        Ok(tokens::Trust { issuer: self.issuer.clone(), audience: self.audience.clone(), claims, keys })
    }
}

/// An address that nobody on the way can answer for.
fn checked_url(text: &str) -> Result<String, Usage> {
    let url = Url::parse(text).map_err(|error| Usage(format!("--keys-url {text}: {error}")))?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    };
    if url.scheme() == "https" || (url.scheme() == "http" && is_here) {
        return Ok(url.into());
    }
    Err(Usage(format!("--keys-url {text}: keys come over https, or from this machine")))
}

fn read_keys(file: &Path) -> anyhow::Result<Value> {
    let named = || format!("--keys-file {}", file.display());
    let size = std::fs::metadata(file).with_context(named)?.len();
    if size > FILE_BYTES_MAX {
        return Err(Usage(format!("{}: more than {FILE_BYTES_MAX} bytes", named())).into());
    }
    let set: Value = serde_json::from_slice(&std::fs::read(file).with_context(named)?)
        .map_err(|error| Usage(format!("{}: {error}", named())))?;
    KeySet::parse(&set).map_err(|reason| Usage(format!("{}: {reason}", named())))?;
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        trust: Trust,
    }

    fn read(more: &[&str]) -> Result<tokens::Trust, String> {
        let line =
            ["trust", "--account", "Acme", "--name", "Entra", "--issuer", "https://idp", "--audience", "a"];
        let line = Line::try_parse_from(line.iter().chain(more)).map_err(|error| error.to_string())?;
        line.trust.trust().map_err(|error| error.to_string())
    }

    #[test]
    fn keys_come_from_one_place_that_can_be_trusted() {
        let at = |url: &str| read(&["--keys-url", url]).map(|trust| trust.keys);
        let kept = |url: &str| Ok(Keys::At(url.to_owned()));
        assert_eq!(at("https://idp/keys"), kept("https://idp/keys"));
        assert_eq!(at("http://127.0.0.1:8080/keys"), kept("http://127.0.0.1:8080/keys"));
        assert_eq!(at("http://[::1]/keys"), kept("http://[::1]/keys"));
        for url in
            ["http://idp/keys", "http://127.0.0.1.idp/keys", "file:///keys", "ftp://localhost/", "keys"]
        {
            assert!(at(url).is_err(), "{url}");
        }
        assert!(read(&[]).unwrap_err().contains("--keys-url"));
        assert!(read(&["--keys-url", "https://idp/keys", "--keys-file", "x"]).is_err());
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let set = json!({"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]});
        std::fs::write(path, set.to_string()).unwrap();
        assert_eq!(read(&["--keys-file", path]).unwrap().keys, Keys::Given(set));
        std::fs::write(path, r#"{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}"#).unwrap();
        assert!(read(&["--keys-file", path]).unwrap_err().contains("no RSA or P-256 key"));
    }

    #[test]
    fn claims_are_pairs() {
        let claims = |claims: &[&str]| {
            let mut line = vec!["--keys-url", "https://idp/keys"];
            line.extend(claims.iter().flat_map(|claim| ["--claim", claim]));
            read(&line).map(|trust| trust.claims.into_iter().collect::<Vec<_>>())
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(claims(&["sub=a=b", "azp=c"]), Ok(vec![pair("azp", "c"), pair("sub", "a=b")]));
        for wrong in [["sub", "a=b"], ["=x", "a=b"], ["a=", "a=b"], ["aud=x", "a=b"], ["a=b", "a=c"]] {
            assert!(claims(&wrong).is_err(), "{wrong:?}");
        }
    }
}
