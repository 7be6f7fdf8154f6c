//! `account rename|pause|resume|disconnect|undo-replace|delete`: each says what it did and what stays.

use clap::Args;
use store::Store;
use store::accounts::Account;

use super::super::{Usage, output};
use crate::accounts::Clients;
use crate::accounts::lifecycle::{self, Act};
use crate::clock::Clock;
use crate::config::Config;
use crate::serve;

/// Another name.
#[derive(Debug, Args)]
pub(in crate::commands) struct Rename {
    /// The account's name.
    name: String,
    /// Its new name.
    new_name: String,
}

/// Nothing is sent.
#[derive(Debug, Args)]
pub(in crate::commands) struct Pause {
    /// The account's name.
    name: String,
    /// Why; shown with the account and kept in the audit trail.
    #[arg(long)]
    reason: String,
}

/// Nothing but the name.
#[derive(Debug, Args)]
pub(in crate::commands) struct Named {
    /// The account's name.
    name: String,
}

/// Everything goes.
#[derive(Debug, Args)]
pub(in crate::commands) struct Delete {
    /// The account's name.
    name: String,
    /// The account's name once more: its users, operations, expense lines and matches are deleted here for good. Nothing
    /// changes in Concur.
    #[arg(long, value_name = "NAME")]
    confirm: String,
}

fn act() -> Act {
    Act { actor: "command line".to_owned(), at: Clock::system().now() }
}

fn opened(config: &Config, name: &str) -> anyhow::Result<(Store, Account)> {
    let store = serve::open_store(config)?;
    let account = super::find(&store, name)?;
    Ok((store, account))
}

impl Rename {
    pub(super) fn run(&self, config: &Config) -> anyhow::Result<()> {
        let (store, account) = opened(config, &self.name)?;
        store.write_blocking(|conn| lifecycle::rename(conn, &account, &self.new_name, &act()))?;
        output::note(&format!(
            "{:?} is called {:?} now; tokens and data stay",
            self.name,
            self.new_name.trim()
        ));
        Ok(())
    }
}

impl Pause {
    pub(super) fn run(&self, config: &Config) -> anyhow::Result<()> {
        let (store, account) = opened(config, &self.name)?;
        store.write_blocking(|conn| lifecycle::pause(conn, &account, &self.reason, &act()))?;
        output::note("paused: nothing is sent to Concur or read from it; SCIM changes are accepted and wait");
        Ok(())
    }
}

pub(super) fn resume(named: &Named, config: &Config) -> anyhow::Result<()> {
    let (store, account) = opened(config, &named.name)?;
    if account.first_connected_at.is_some()
        && store.read_blocking(|conn| store::oauth_tokens::load(conn, account.id))?.is_none()
    {
        let reason = format!("{:?} is disconnected; connect it again with `account connect`", named.name);
        return Err(Usage(reason).into());
    }
    store.write_blocking(|conn| lifecycle::resume(conn, &account, &act()))?;
    output::note("resumed: what waited goes out");
    Ok(())
}

pub(super) async fn disconnect(named: &Named, config: &Config) -> anyhow::Result<()> {
    concur::install_crypto();
    let (store, account) = tokio::task::block_in_place(|| opened(config, &named.name))?;
    let clients = Clients::new(store.clone(), Clock::system(), serve::client_settings(config));
    let at_concur = lifecycle::disconnect(&store, &clients, &account, &act()).await?;
    output::note(&format!(
        "disconnected; credentials are forgotten, users and expense lines stay. {at_concur}"
    ));
    Ok(())
}

pub(super) fn undo_replace(named: &Named, config: &Config) -> anyhow::Result<()> {
    let store = serve::open_store(config)?;
    let back = store.write_blocking(|conn| lifecycle::undo_replace(conn, &named.name, &act()))?;
    let company = if back.company_uuid.is_empty() { back.id.to_string() } else { back.company_uuid };
    output::note(&format!(
        "{:?} is company {company} again; the other account is put aside, whole: `account list` shows it",
        named.name
    ));
    Ok(())
}

impl Delete {
    pub(super) fn run(&self, config: &Config) -> anyhow::Result<()> {
        if self.confirm != self.name {
            return Err(
                Usage(format!("--confirm needs the account's name once more: {:?}", self.name)).into()
            );
        }
        let (store, account) = opened(config, &self.name)?;
        let bar = output::spinner("deleting");
        lifecycle::delete(&store, &account, &act(), |batches| bar.set_position(batches))?;
        bar.finish_and_clear();
        output::note(&format!(
            "{:?} is deleted with everything that belonged to it; the audit trail stays. Nothing has changed in Concur",
            self.name
        ));
        Ok(())
    }
}
