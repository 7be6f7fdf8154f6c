//! `account settings`: change an account's settings, and what follows from it. `account scope-test`: who is provisioned.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use store::accounts;
use store::resources::{self, Lookup, ResourceType};

use super::super::{Usage, output};
use crate::accounts::lifecycle::Act;
use crate::accounts::{AccountSettings, problems};
use crate::clock::Clock;
use crate::config::Config;
use crate::provision::{replace_settings, why_not};
use crate::serve;

/// Show or replace the settings.
#[derive(Debug, Args)]
pub(in crate::commands) struct SettingsOf {
    /// The account's name.
    name: String,
    /// File with the new settings (JSON); what it leaves out gets its default. Every user is planned anew.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Whether a user is provisioned, and why not.
#[derive(Debug, Args)]
pub(in crate::commands) struct ScopeTest {
    /// The account's name.
    name: String,
    /// The user's userName. Without it: how many users are out of scope.
    user: Option<String>,
    /// A scoping filter to try instead of the account's, for example 'department eq "Sales"'. Nothing is stored.
    #[arg(long, value_name = "FILTER")]
    scope: Option<String>,
}

/// Reads settings from a file and checks them.
pub(in crate::commands) fn read(path: &Path) -> anyhow::Result<AccountSettings> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the settings {}", path.display()))?;
    let settings: AccountSettings =
        serde_json::from_str(&text).map_err(|error| Usage(format!("{}: {error}", path.display())))?;
    let found = problems(&settings);
    if found.is_empty() {
        return Ok(settings);
    }
    Err(Usage(format!("{}:\n  {}", path.display(), found.join("\n  "))).into())
}

impl SettingsOf {
    pub(super) fn run(self, config: &Config) -> anyhow::Result<()> {
        let Some(path) = &self.file else {
            let store = serve::open_store(config)?;
            let account = super::find(&store, &self.name)?;
            let settings = AccountSettings::from_stored(&account.settings)?;
            return output::result(&serde_json::to_string_pretty(&settings.to_stored())?);
        };
        let settings = read(path)?;
        let (store, clock) = (serve::open_store(config)?, Clock::system());
        let account = super::find(&store, &self.name)?;
        let act = Act { actor: "command line".to_owned(), at: clock.now() };
        let done = replace_settings(&store, &clock, account.id, &settings, &act)?;
        output::note(&format!(
            "settings stored; {} users looked at, {} operations follow",
            done.users, done.operations
        ));
        if done.held > 0 {
            output::note(&format!(
                "{} of them are deactivations that the brake holds: scim-bridge brake status --account {:?}",
                done.held, self.name
            ));
        }
        if done.unfit > 0 {
            output::note(&format!(
                "{} users have values that Concur cannot hold under these settings; they stay as they are",
                done.unfit
            ));
        }
        Ok(())
    }
}

impl ScopeTest {
    pub(super) fn run(self, config: &Config) -> anyhow::Result<()> {
        let store = serve::open_store(config)?;
        let account = super::find(&store, &self.name)?;
        let mut settings = AccountSettings::from_stored(&account.settings)?;
        if let Some(scope) = self.scope {
            let filter =
                scim::Filter::parse(&scope).map_err(|error| Usage(format!("--scope: {}", error.detail)))?;
            if let Some(path) = filter.unknown_path(scim::ResourceType::user()) {
                return Err(Usage(format!("--scope: {path} is no attribute of a user")).into());
            }
            settings.scope = Some(scope);
        }
        let Some(name) = &self.user else { return self::count(&store, &account, &settings) };
        let lookup = Lookup::UserName(scim::fold_user_name(name));
        let found =
            store.read_blocking(|conn| resources::find(conn, account.id, ResourceType::User, &lookup))?;
        let user = found.first().with_context(|| format!("there is no user {name:?} in {}", account.name))?;
        let reason = why_not(&user.body, &settings);
        output::result(reason.as_deref().unwrap_or("in scope: the user is provisioned"))
    }
}

fn count(
    store: &store::Store,
    account: &accounts::Account,
    settings: &AccountSettings,
) -> anyhow::Result<()> {
    const PAGE: usize = 500;
    let (mut looked_at, mut out) = (0, 0);
    loop {
        let (_, rows) = store
            .read_blocking(|conn| resources::page(conn, account.id, ResourceType::User, looked_at, PAGE))?;
        looked_at += rows.len();
        out += rows.iter().filter(|row| why_not(&row.body, settings).is_some()).count();
        if rows.len() < PAGE {
            break;
        }
    }
    output::result(&format!("{looked_at} users, {out} of them out of scope"))
}
