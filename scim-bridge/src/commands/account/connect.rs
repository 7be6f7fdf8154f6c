//! `scim-bridge account connect`: the form, as flags.
#![expect(clippy::doc_markdown, reason = "here doc comments are the help texts")]

use std::path::PathBuf;

use clap::Args;
use concur::auth::Grant;
use secrecy::ExposeSecret as _;
use store::accounts::AuthenticationType;

use super::super::{Usage, output, secret};
use super::check;
use crate::accounts::{AccountSettings, Connection, NewConnection, connect, is_uuid_v4};
use crate::clock::Clock;
use crate::config::Config;
use crate::logging;
use crate::serve;

/// What the Concur application's page and the company's administrator give you.
#[derive(Debug, Args)]
pub(in crate::commands) struct Connect {
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
    /// Take the name from another company that has it: its account is put aside with all its data, and `account undo-replace`
    /// brings it back. Type the name once more.
    #[arg(long, value_name = "NAME")]
    replace: Option<String>,
    /// Run every check of `account check` and store nothing. A company request token may be good for one exchange only:
    /// make a new one to connect afterwards.
    #[arg(long)]
    check: bool,
}

impl Connect {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<()> {
        let only_check = self.check;
        let new = self.read()?;
        concur::install_crypto();
        let (clock, clients) = (Clock::system(), serve::client_settings(config));
        if only_check {
            return check::typed(&clock, &clients, new).await;
        }
        if !is_uuid_v4(new.client_id.expose_secret()) {
            output::note(
                "warning: the client id is not a UUID of version 4, as Concur's are; compare it with the application's page",
            );
        }
        let opening = config.clone();
        let store = tokio::task::spawn_blocking(move || serve::open_store(&opening)).await??;
        let Connection { account, unread } = connect(&store, &clock, &clients, new).await?;
        let whom = match account.authentication_type {
            AuthenticationType::CompanyLevel => format!("company {}", account.company_uuid),
            AuthenticationType::UserLevel => "at user level: expenses only, no users".to_owned(),
        };
        output::note(&format!("connected: {whom}, {}", account.base_uri));
        if let Some(lives) = account.geolocation.as_ref().filter(|lives| **lives != account.base_uri) {
            output::note(&format!("the company lives at {lives}: calls go there"));
        }
        if let Some(error) = unread {
            output::note(&format!(
                "warning: the credentials are accepted and kept, and nothing was read yet: {}; run `scim-bridge account \
                 check {:?}` later",
                logging::chain(&error),
                account.name
            ));
        }
        output::result(&account.id.to_string())
    }

    fn read(self) -> anyhow::Result<NewConnection> {
        if self.replace.as_ref().is_some_and(|typed| *typed != self.name) {
            return Err(
                Usage(format!("--replace needs the account's name once more: {:?}", self.name)).into()
            );
        }
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
            Some(path) => super::settings::read(path)?,
        };
        Ok(NewConnection {
            account_name: self.name,
            base_uri: self.base_uri,
            client_id: self.client_id.into(),
            client_secret,
            grant,
            settings,
            replace: self.replace.is_some(),
        }
        .cleaned())
    }
}
