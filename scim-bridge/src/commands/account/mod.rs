//! `scim-bridge account …`: the SAP Concur companies that the bridge is connected to.

mod check;
mod connect;
mod lifecycle;
mod reference;
pub(super) mod settings;

use anyhow::Context;
use clap::Subcommand;
use store::Store;
use store::accounts;

use super::{Settings, output};
use crate::accounts::{level, view};
use crate::serve;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(super) enum Account {
    /// Connect a company: tests the credentials first, stores them second.
    Connect(Box<connect::Connect>),
    /// Test a connected company: DNS, TLS, token, grants, scopes, role, and a read of each type of data. Writes nothing.
    Check(check::Check),
    /// List the accounts.
    List,
    /// Show one account with its settings. Secrets are never shown.
    Show {
        /// Its name.
        name: String,
    },
    /// Give an account another name.
    Rename(lifecycle::Rename),
    /// Stop delivery and sync of an account; SCIM changes are accepted and wait.
    Pause(lifecycle::Pause),
    /// End a pause.
    Resume(lifecycle::Named),
    /// End the connection and forget its credentials; users and expense lines stay.
    Disconnect(lifecycle::Named),
    /// Give an account its name back after `connect --replace`.
    UndoReplace(lifecycle::Named),
    /// Delete an account with everything that belongs to it.
    Delete(lifecycle::Delete),
    /// Show an account's settings, or replace them with a file and plan every user anew.
    Settings(settings::SettingsOf),
    /// Say whether a user is provisioned under the account's scope, and why not.
    ScopeTest(settings::ScopeTest),
    /// The scopes to ask for: per functionality, as set-up guides list them and as our calls need them.
    Scopes(reference::Scopes),
    /// What the error codes of Concur's token endpoint mean, and what to do.
    Errors(reference::Errors),
}

impl Account {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let config = match self {
            Self::Scopes(scopes) => return scopes.run(),
            Self::Errors(errors) => return errors.run(),
            _ => settings.load()?,
        };
        match self {
            Self::Scopes(_) | Self::Errors(_) => Ok(()),
            Self::Connect(form) => form.run(&config).await,
            Self::Check(check) => check.run(&config).await,
            Self::Settings(form) => tokio::task::block_in_place(|| form.run(&config)),
            Self::ScopeTest(form) => tokio::task::block_in_place(|| form.run(&config)),
            Self::Rename(form) => tokio::task::block_in_place(|| form.run(&config)),
            Self::Pause(form) => tokio::task::block_in_place(|| form.run(&config)),
            Self::Resume(named) => tokio::task::block_in_place(|| lifecycle::resume(&named, &config)),
            Self::Disconnect(named) => lifecycle::disconnect(&named, &config).await,
            Self::UndoReplace(named) => {
                tokio::task::block_in_place(|| lifecycle::undo_replace(&named, &config))
            }
            Self::Delete(form) => tokio::task::block_in_place(|| form.run(&config)),
            Self::List => tokio::task::block_in_place(|| list(&serve::open_store(&config)?)),
            Self::Show { name } => tokio::task::block_in_place(|| {
                show(&serve::open_store(&config)?, &name, config.events.base().is_some())
            }),
        }
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

/// The account of a name, or the only one there is.
pub(super) fn named_or_only(store: &Store, name: Option<&str>) -> anyhow::Result<accounts::Account> {
    if let Some(name) = name {
        return find(store, name);
    }
    let mut all = store.read_blocking(accounts::list)?;
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => anyhow::bail!("there is no account yet: connect one with scim-bridge account connect"),
        (Some(last), false) => {
            let names: Vec<_> = all.iter().chain([&last]).map(|account| account.name.as_str()).collect();
            Err(super::Usage(format!("--account: say which of {}", names.join(", "))).into())
        }
    }
}

fn list(store: &Store) -> anyhow::Result<()> {
    let rows: Vec<_> = store
        .read_blocking(accounts::list)?
        .into_iter()
        .map(|account| {
            let state = match (account.is_connected(), account.paused_reason.as_deref()) {
                (false, _) => "imports only".to_owned(),
                (true, Some(reason)) => format!("paused: {reason}"),
                (true, None) => "connected".to_owned(),
            };
            vec![
                account.name,
                account.id.to_string(),
                account.company_uuid,
                if account.first_connected_at.is_some() { level(account.authentication_type) } else { "" }
                    .to_owned(),
                account.base_uri,
                state,
            ]
        })
        .collect();
    output::table(&["name", "id", "company uuid", "authentication", "base uri", "state"], &rows)
}

fn show(store: &Store, name: &str, events_on: bool) -> anyhow::Result<()> {
    let account = find(store, name)?;
    let shown = store.read_blocking(|conn| view(conn, account, events_on))?;
    output::result(&serde_json::to_string_pretty(&shown)?)
}
