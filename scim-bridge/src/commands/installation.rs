//! `scim-bridge installation status|confirm`: whether this database delivers, and letting it after a backup was put back.

use anyhow::Context;
use clap::Subcommand;
use store::Store;
use store::accounts::{Account, AuthenticationType};
use store::installation;

use super::{Settings, Usage, output};
use crate::accounts::Clients;
use crate::clock::Clock;
use crate::config::Config;
use crate::installation::Witness;
use crate::provision::OnBehalf;
use crate::reconcile::{self, Parts};
use crate::serve;

/// Who confirms, as the audit trail names it.
const ACTOR: &str = "command line";

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Installation {
    /// Whether changes are delivered from this database, and why not.
    Status,
    /// Deliver from this database: it is the right one. Everyone whom Concur has changed since it was saved is read
    /// first; what waits for them is held for a person.
    Confirm {
        /// Why. Goes into the audit trail.
        #[arg(long)]
        reason: String,
    },
}

impl Installation {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let config = settings.load()?;
        let store = tokio::task::block_in_place(|| serve::open_store(&config))?;
        match self {
            Self::Status => status(&store, &Witness::of(&config)).await,
            Self::Confirm { reason } if reason.trim().is_empty() => {
                Err(Usage("--reason is empty: it goes into the audit trail".to_owned()).into())
            }
            Self::Confirm { reason } => confirm(&config, &store, &reason).await,
        }
    }
}

async fn status(store: &Store, witness: &Witness) -> anyhow::Result<()> {
    let Some(it) = store.read(installation::get).await? else {
        return output::result("no process has served from this database yet");
    };
    match &it.held {
        None => output::result("changes are delivered from this database")?,
        Some(hold) => {
            output::result(&format!("nothing is delivered since {}: {}", hold.at, hold.reason))?;
            output::note("if it is the right one: scim-bridge installation confirm --reason \"…\"");
        }
    }
    output::result(&format!("installation {}, generation {} of {}", it.id, it.generation, it.seen_at))?;
    output::note(&format!("its witness is {}", witness.file().display()));
    Ok(())
}

async fn confirm(config: &Config, store: &Store, reason: &str) -> anyhow::Result<()> {
    let it = store.read(installation::get).await?;
    let Some(it) = it.filter(|it| it.held.is_some()) else {
        return output::result("changes are delivered from this database; there is nothing to confirm");
    };
    concur::install_crypto();
    let clock = Clock::system();
    let clients = Clients::new(store.clone(), clock.clone(), serve::client_settings(config));
    for account in store.read(store::accounts::list).await?.into_iter().filter(delivers) {
        let parts = Parts {
            store: store.clone(),
            clock: clock.clone(),
            client: clients.get(account.id).await?,
            on: OnBehalf::new(account.clone(), ACTOR.to_owned())?,
        };
        let again = reconcile::read_again(&parts, it.seen_at).await.with_context(|| {
            format!(
                "nothing is confirmed: {} cannot be read; try again, or disconnect that account",
                account.name
            )
        })?;
        output::result(&format!(
            "{}: {} users were changed in Concur since {}; {} operations that waited for them are held",
            account.name, again.changed, it.seen_at, again.held
        ))?;
        if again.unknown > 0 {
            output::note(&format!(
                "{} of them are unknown here: scim-bridge reconcile --account {:?} says who is whom, --import takes them over",
                again.unknown, account.name
            ));
        }
        if again.held > 0 {
            output::note(
                "scim-bridge operations list --state held shows them; release what is still wanted, cancel the rest",
            );
        }
    }
    Witness::of(config).confirm(store, reason, ACTOR, clock.now()).await?;
    output::result("changes are delivered from this database again")
}

/// Whether users are written for this account.
fn delivers(account: &Account) -> bool {
    account.is_connected() && account.authentication_type == AuthenticationType::CompanyLevel
}
