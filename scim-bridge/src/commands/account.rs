//! `scim-bridge account connect|list|show`: the SAP Concur companies that the bridge is connected to.
#![expect(clippy::doc_markdown, reason = "here doc comments are the help texts")]

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use concur::auth::Grant;
use store::Store;
use store::accounts::{self, AuthenticationType};

use super::{Settings, Usage, output, secret};
use crate::accounts::{AccountSettings, NewConnection, connect};
use crate::clock::Clock;
use crate::serve;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(super) enum Account {
    /// Connect a company: tests the credentials first, stores them second.
    Connect(Box<Connect>),
    /// List the accounts.
    List,
    /// Show one account with its settings. Secrets are never shown.
    Show {
        /// Its name.
        name: String,
    },
}

/// What the Concur application's page and the company's administrator give you.
#[derive(Debug, Args)]
pub(super) struct Connect {
    /// Account Name: a label of your choice that tells companies apart.
    #[arg(long)]
    name: String,
    /// Base URI of the data centre, for example https://us2.api.concursolutions.com.
    #[arg(long)]
    base_uri: String,
    /// Client ID of the application.
    #[arg(long)]
    client_id: String,
    /// File with the Client Secret; - is standard input. Else SCIM_BRIDGE_CLIENT_SECRET.
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
    /// Company Level Authentication: the Company UUID. Reads and writes users and expenses.
    #[arg(long, conflicts_with = "username")]
    company_uuid: Option<String>,
    /// File with the Company Request Token (valid one day). Else SCIM_BRIDGE_COMPANY_REQUEST_TOKEN.
    #[arg(long, value_name = "FILE")]
    company_request_token_file: Option<PathBuf>,
    /// User Level Authentication: the login id. Reads expenses only, no users.
    #[arg(long)]
    username: Option<String>,
    /// File with that user's password. Else SCIM_BRIDGE_PASSWORD.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// File with the account's settings (JSON): default country, login domain, entitlements …
    #[arg(long, value_name = "FILE")]
    settings_file: Option<PathBuf>,
}

impl Account {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let config = settings.load()?;
        match self {
            Self::Connect(form) => {
                let new = form.read()?;
                concur::install_crypto();
                let opening = config.clone();
                let store = tokio::task::spawn_blocking(move || serve::open_store(&opening)).await??;
                let account =
                    connect(&store, &Clock::system(), &serve::client_settings(&config), new).await?;
                let whom = match account.authentication_type {
                    AuthenticationType::CompanyLevel => format!("company {}", account.company_uuid),
                    AuthenticationType::UserLevel => "at user level: expenses only, no users".to_owned(),
                };
                output::note(&format!("connected: {whom}, {}", account.base_uri));
                output::result(&account.id.to_string())
            }
            Self::List => tokio::task::block_in_place(|| list(&serve::open_store(&config)?)),
            Self::Show { name } => tokio::task::block_in_place(|| show(&serve::open_store(&config)?, &name)),
        }
    }
}

impl Connect {
    fn read(self) -> anyhow::Result<NewConnection> {
        let client_secret = secret::read(
            "client secret",
            self.client_secret_file.as_deref(),
            "--client-secret-file",
            "SCIM_BRIDGE_CLIENT_SECRET",
        )?;
        let grant = match (self.company_uuid, self.username) {
            (Some(company_uuid), _) => Grant::Company {
                company_uuid,
                company_request_token: secret::read(
                    "company request token",
                    self.company_request_token_file.as_deref(),
                    "--company-request-token-file",
                    "SCIM_BRIDGE_COMPANY_REQUEST_TOKEN",
                )?,
            },
            (None, Some(username)) => Grant::User {
                username,
                password: secret::read(
                    "password",
                    self.password_file.as_deref(),
                    "--password-file",
                    "SCIM_BRIDGE_PASSWORD",
                )?,
            },
            (None, None) => {
                let reason = "give --company-uuid (company level: users and expenses) or --username (user level: \
                              expenses only)";
                return Err(Usage(reason.to_owned()).into());
            }
        };
        let settings = match &self.settings_file {
            None => AccountSettings::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read the settings {}", path.display()))?;
                serde_json::from_str(&text).map_err(|error| Usage(format!("{}: {error}", path.display())))?
            }
        };
        Ok(NewConnection {
            account_name: self.name,
            base_uri: self.base_uri,
            client_id: self.client_id.into(),
            client_secret,
            grant,
            settings,
        })
    }
}

/// The account of a name; the message lists those that exist.
pub(super) fn find(store: &Store, name: &str) -> anyhow::Result<accounts::Account> {
    let (found, all) =
        store.read_blocking(|conn| Ok((accounts::by_name(conn, name)?, accounts::list(conn)?)))?;
    found.with_context(|| {
        let names: Vec<_> = all.iter().map(|account| account.name.as_str()).collect();
        let known = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
        format!("there is no account {name:?} (accounts: {known})")
    })
}

fn list(store: &Store) -> anyhow::Result<()> {
    let rows: Vec<_> = store
        .read_blocking(accounts::list)?
        .into_iter()
        .map(|account| {
            let state = if account.paused_at.is_some() { "paused" } else { "connected" };
            vec![
                account.name,
                account.id.to_string(),
                account.company_uuid,
                level(account.authentication_type).to_owned(),
                account.base_uri,
                state.to_owned(),
            ]
        })
        .collect();
    output::table(&["name", "id", "company uuid", "authentication", "base uri", "state"], &rows)
}

fn show(store: &Store, name: &str) -> anyhow::Result<()> {
    let account = find(store, name)?;
    let shown = serde_json::json!({
        "name": account.name,
        "id": account.id,
        "company_uuid": account.company_uuid,
        "authentication_type": level(account.authentication_type),
        "base_uri": account.base_uri,
        "geolocation": account.geolocation,
        "first_connected_at": account.first_connected_at,
        "paused_at": account.paused_at,
        "paused_reason": account.paused_reason,
        "settings": account.settings,
    });
    output::result(&serde_json::to_string_pretty(&shown)?)
}

fn level(authentication: AuthenticationType) -> &'static str {
    match authentication {
        AuthenticationType::UserLevel => "user_level",
        AuthenticationType::CompanyLevel => "company_level",
    }
}
