//! Connecting a company: test first, save second.
//!
//! The grant is exchanged and Concur is read once before anything is stored; then account, sealed credentials and
//! tokens commit in one transaction. A grant may be good for one exchange only, so a read that met an outage does not
//! throw the tokens away: it is told, and can be repeated by `account check`. What only the exchange needs, the company request token or the password, is not
//! kept: the refresh token stands for it. Source: Concur pages *Authentication* and *Company level authentication*.

use std::sync::Arc;

use concur::api::{ExpenseUser, ReportQuery};
use concur::auth::{self, Credentials, Grant, TokenSet};
use concur::{Client, Http};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use store::accounts::{self, Account, AuthenticationType, NewAccount, replaced};
use store::audit::{self, NewEvent};
use store::credentials::{self, Kind};
use store::{Conn, Store, oauth_tokens};

use super::lifecycle::put_aside;
use super::token_store::{HeldTokens, new_tokens};
use super::{AccountSettings, ClientSettings, clean_id};
use crate::clock::Clock;

/// Scope without which Concur refuses a user that carries an `externalId`.
const EXTERNAL_ID_SCOPE: &str = "identity.user.externalID.writeonly";

/// What an operator fills in. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// The account's name, unique.
    pub account_name: String,
    /// Base URI of the company's data centre, such as `https://us2.api.concursolutions.com`.
    pub base_uri: String,
    /// The application's id.
    pub client_id: SecretString,
    /// The application's secret.
    pub client_secret: SecretString,
    /// Company level (expenses and users) or user level (expenses only).
    pub grant: Grant,
    /// Defaults for what Concur needs and SCIM does not carry.
    pub settings: AccountSettings,
    /// Take the name from another company that has it. Its account is put aside, whole, and `account undo-replace` brings
    /// it back (feature A05).
    pub replace: bool,
}

impl NewConnection {
    /// Without what copying brought along into the ids. Secrets stay as they are.
    #[must_use]
    pub fn cleaned(mut self) -> Self {
        self.client_id = clean_id(self.client_id.expose_secret()).into();
        self.base_uri = self.base_uri.trim().to_owned();
        if let Grant::Company { company_uuid, .. } = &mut self.grant {
            *company_uuid = clean_id(company_uuid);
        }
        self
    }
}

/// Why a company could not be connected. Nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// An account name is needed to find the connection again.
    #[error("the account name is empty; give the connection a name")]
    NoName,
    /// The name stands for another company already; nothing is ever overwritten by accident.
    #[error(
        "the account {name:?} is already connected to another company ({connected}); choose another name for this \
         one, rename the existing account, check which company's credentials these are, or put the existing account \
         aside with --replace {name:?}"
    )]
    OtherCompany {
        /// The name.
        name: String,
        /// The company (or user) that it stands for.
        connected: String,
    },
    /// The base URI is not an address of Concur.
    #[error(
        "the base URI cannot be used (a simulator on this machine needs --set concur.allow_loopback_http=true)"
    )]
    BaseUri(#[source] concur::Error),
    /// Concur was not reached: nothing is known about the credentials.
    #[error("SAP Concur cannot be reached; check the base URI and the network, then connect again")]
    Unreachable(#[source] concur::Error),
    /// Concur gave no token for these credentials.
    #[error("SAP Concur does not accept these credentials")]
    Exchange(#[source] concur::Error),
    /// The token works and opens too little.
    #[error(
        "the credentials are accepted, and reading {what} with them is refused; check the application's scopes, then \
         connect again (with a new company request token: this one has been exchanged)"
    )]
    Read {
        /// What was read.
        what: &'static str,
        /// Why not.
        #[source]
        source: concur::Error,
    },
    /// The store is away.
    #[error("the connection works and could not be saved; connect again")]
    Store(#[from] store::Error),
}

/// A connection that is stored.
#[derive(Debug)]
pub struct Connection {
    /// The account.
    pub account: Account,
    /// Why Concur could not be read yet, if it was not there for that: an outage, not a refusal.
    pub unread: Option<concur::Error>,
}

/// Connects a company, or connects it again with new credentials, for whoever has the command line.
///
/// # Errors
/// [`ConnectError`]; nothing is stored then.
pub async fn connect(
    store: &Store,
    clock: &Clock,
    clients: &ClientSettings,
    new: NewConnection,
) -> Result<Connection, ConnectError> {
    connect_by("operator".to_owned(), store, clock, clients, new).await
}

/// [`connect`] for somebody whom the audit trail shall name.
///
/// # Errors
/// As there.
pub async fn connect_by(
    actor: String,
    store: &Store,
    clock: &Clock,
    clients: &ClientSettings,
    new: NewConnection,
) -> Result<Connection, ConnectError> {
    let new = new.cleaned();
    if new.account_name.trim().is_empty() {
        return Err(ConnectError::NoName);
    }
    let name = new.account_name.clone();
    let before = store.read(move |conn| connected_as(conn, &name)).await?;
    allowed_name(&new, before.as_ref())?;
    let (tokens, unread) = test(clock, clients, &new).await?;
    let now = clock.now();
    // The name is looked at once more, in the transaction that takes it.
    let account = store.try_write(move |conn| save(conn, actor, &new, &tokens, now)).await?;
    Ok(Connection { account, unread })
}

/// Exchanges the grant and reads once; the tokens, and why nothing could be read if Concur was not there for it.
async fn test(
    clock: &Clock,
    clients: &ClientSettings,
    new: &NewConnection,
) -> Result<(TokenSet, Option<concur::Error>), ConnectError> {
    let origin = clients.host_policy.origin(&new.base_uri).map_err(ConnectError::BaseUri)?;
    let http = Http::new(&clients.http, clients.host_policy.clone()).map_err(ConnectError::BaseUri)?;
    let credentials = Credentials {
        client_id: new.client_id.expose_secret().to_owned(),
        client_secret: new.client_secret.clone(),
    };
    let exchanged = auth::exchange(&http, &origin, &credentials, &new.grant, clock.now()).await;
    let held = Arc::new(HeldTokens::new(exchanged.map_err(refused)?));
    let client = clients.client(clock, credentials, held.clone()).map_err(ConnectError::BaseUri)?;
    match read(&client, &new.grant).await {
        Ok(()) => Ok((held.get(), None)),
        Err((_, outage)) if is_outage(&outage) => Ok((held.get(), Some(outage))),
        Err((what, source)) => Err(ConnectError::Read { what, source }),
    }
}

/// Reads once what the grant is for; what could not be read, and why.
async fn read(client: &Client, grant: &Grant) -> Result<(), (&'static str, concur::Error)> {
    let reports = async |user| {
        let query = ReportQuery { user, limit: Some(1), ..ReportQuery::default() };
        client.expenses().reports(&query).page(None).await
    };
    match grant {
        Grant::Company { .. } => match client.identity().list(1, None).await {
            // An application for data sync alone may hold no scope of users.
            Err(concur::Error::Denied(denied)) => match reports(ExpenseUser::All).await {
                Ok(_) => Ok(()),
                Err(error) if is_outage(&error) => Err(("expense reports", error)),
                Err(_) => Err(("users and expense reports", concur::Error::Denied(denied))),
            },
            Err(error) => Err(("users", error)),
            Ok(_) => Ok(()),
        },
        Grant::User { .. } => match reports(ExpenseUser::TokenOwner).await {
            Err(error) => Err(("expense reports", error)),
            Ok(_) => Ok(()),
        },
    }
}

/// Says nothing about what the credentials open.
fn is_outage(error: &concur::Error) -> bool {
    matches!(
        error,
        concur::Error::NotSent { .. }
            | concur::Error::NoAnswer { .. }
            | concur::Error::Server(_)
            | concur::Error::Throttled(_)
            | concur::Error::Paused { .. }
    )
}

/// A missing answer says nothing about the credentials.
fn refused(error: concur::Error) -> ConnectError {
    match error {
        _ if is_outage(&error) => ConnectError::Unreachable(error),
        _ => ConnectError::Exchange(error),
    }
}

/// An account of that name, and whom it speaks for.
type Known = (Account, Option<String>);

fn connected_as(conn: &mut Conn, name: &str) -> Result<Option<Known>, store::Error> {
    let Some(account) = accounts::by_name(conn, name)? else { return Ok(None) };
    let user =
        credentials::get(conn, account.id, Kind::Username)?.map(|name| name.expose_secret().to_owned());
    Ok(Some((account, user)))
}

/// As [`check_name`]; whether the account of that name is to be put aside.
fn allowed_name(new: &NewConnection, before: Option<&Known>) -> Result<bool, ConnectError> {
    match check_name(new, before) {
        Err(ConnectError::OtherCompany { .. }) if new.replace => Ok(true),
        checked => checked.map(|()| false),
    }
}

/// A name belongs to one company, or at user level to one user, for good.
fn check_name(new: &NewConnection, before: Option<&Known>) -> Result<(), ConnectError> {
    let Some((account, user)) = before else { return Ok(()) };
    // An account of imported lines speaks for no company yet.
    if !account.is_connected() {
        return Ok(());
    }
    let same = match (&new.grant, account.authentication_type) {
        (Grant::Company { company_uuid, .. }, AuthenticationType::CompanyLevel) => {
            account.company_uuid.eq_ignore_ascii_case(company_uuid)
        }
        (Grant::User { username, .. }, AuthenticationType::UserLevel) => {
            user.as_ref().is_some_and(|user| user.eq_ignore_ascii_case(username))
        }
        _ => false,
    };
    if same {
        return Ok(());
    }
    let connected = match account.authentication_type {
        AuthenticationType::CompanyLevel => format!("company {}", account.company_uuid),
        AuthenticationType::UserLevel => "by one of its users".to_owned(),
    };
    Err(ConnectError::OtherCompany { name: new.account_name.clone(), connected })
}

fn save(
    conn: &mut Conn,
    actor: String,
    new: &NewConnection,
    tokens: &TokenSet,
    now: jiff::Timestamp,
) -> Result<Account, ConnectError> {
    let mut before = connected_as(conn, &new.account_name)?;
    let mut replaced = None;
    if allowed_name(new, before.as_ref())? {
        replaced = before.take().map(|(account, _)| account);
    }
    if let Some(old) = &replaced {
        replaced::take_name(conn, old, &put_aside(&old.name, now), now)?;
    }
    let mut settings = new.settings.clone();
    if !tokens.scopes.is_empty() && !tokens.scopes.iter().any(|scope| scope == EXTERNAL_ID_SCOPE) {
        settings.forward_external_id = false;
    }
    let (company_uuid, authentication_type) = match &new.grant {
        Grant::Company { company_uuid, .. } => (company_uuid.clone(), AuthenticationType::CompanyLevel),
        // A user-level token does not tell its company, and nothing that needs it can be done with one.
        Grant::User { .. } => (String::new(), AuthenticationType::UserLevel),
    };
    let reconnected = before.is_some();
    let account = match before {
        Some((account, _)) => {
            if !account.is_connected() {
                let (company, base_uri) = (&company_uuid, &new.base_uri);
                accounts::set_connection(conn, account.id, company, authentication_type, base_uri, now)?;
            }
            accounts::set_settings(conn, account.id, &settings.to_stored(), now)?;
            if account.paused_at.is_some() {
                accounts::resume(conn, account.id, now)?;
            }
            account
        }
        None => accounts::insert(
            conn,
            &NewAccount {
                name: new.account_name.clone(),
                company_uuid,
                authentication_type,
                base_uri: new.base_uri.clone(),
                settings: settings.to_stored(),
                now,
            },
        )?,
    };
    if let Some(old) = &replaced {
        replaced::record(conn, old, account.id, now)?;
    }
    accounts::set_geolocation(conn, account.id, tokens.geolocation.as_str(), now)?;
    accounts::set_first_connected(conn, account.id, now)?;
    credentials::put(conn, account.id, Kind::ClientId, &new.client_id, now)?;
    credentials::put(conn, account.id, Kind::ClientSecret, &new.client_secret, now)?;
    if let Grant::User { username, .. } = &new.grant {
        credentials::put(conn, account.id, Kind::Username, &username.clone().into(), now)?;
    }
    oauth_tokens::save(conn, account.id, &new_tokens(tokens), now)?;
    oauth_tokens::forget_previous(conn, account.id)?;
    audit::append(
        conn,
        &NewEvent {
            account: Some(account.id),
            at: now,
            actor,
            action: match (reconnected, &replaced) {
                (true, _) => "account.reconnect",
                (false, Some(_)) => "account.replace",
                (false, None) => "account.connect",
            }
            .to_owned(),
            subject: account.id.to_string(),
            details: json!({
                "name": account.name,
                "company_uuid": account.company_uuid,
                "instead_of": replaced.map(|old| old.id),
            }),
        },
    )?;
    Ok(accounts::get(conn, account.id)?)
}
