//! One sync of one account, by whoever starts it: the loop of a server, or a person at the command line. Never two at a
//! time, over all processes: a lease says whose it is, and is renewed while the run goes on.
//!
//! How to sync is the `sync` crate's; when, the schedule's.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use matcher::Matcher;
use store::Store;
use store::accounts::Account;
use store::ids::AccountId;
use sync::pull::told::Told;
use sync::run::Summary;
use sync::{Company, Progress, Snapshot};

use crate::accounts::{ClientError, Clients};
use crate::clock::Clock;
use crate::logging;

const CHORE: &str = "sync";
/// A process that dies leaves its lease this long.
const LEASE: SignedDuration = SignedDuration::from_mins(1);
const RENEW_EVERY: Duration = Duration::from_secs(15);

/// What a run needs.
#[derive(Clone, Debug)]
pub struct Syncer {
    /// Where rows go.
    pub store: Store,
    /// The clients of all accounts.
    pub clients: Clients,
    /// The time.
    pub clock: Clock,
    /// Decides the app of each line.
    pub matcher: Arc<Matcher>,
    /// Reports read at once; the client's own limits still hold.
    pub parallel_reports: usize,
}

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// Somebody else is at it.
    #[error("a sync of this account is under way in another process")]
    UnderWay,
    /// The lease went to somebody else, which happens to a process that stood still.
    #[error("another process has taken the sync over, since this one stood still for too long")]
    TakenOver,
    /// No client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The run itself.
    #[error(transparent)]
    Sync(#[from] sync::Error),
    /// The store is away.
    #[error("the store is away")]
    Store(#[from] store::Error),
}

impl Syncer {
    /// Runs one sync of the account. Pages commit with their position, so it may be dropped anywhere.
    ///
    /// # Errors
    /// [`SyncError`]; what was stored stays, and the next run goes on there.
    pub async fn run(&self, account: &Account, progress: &dyn Progress) -> Result<Summary, SyncError> {
        self.alone(account, async |company| sync::run::sync(&company, &self.matcher, progress).await).await
    }

    /// Reads what lies before the year, where that was asked for, until `until`. `None`: nothing is to be read.
    ///
    /// # Errors
    /// [`SyncError`]; what was stored stays, and the next call goes on there.
    pub async fn history(
        &self,
        account: &Account,
        until: Option<Timestamp>,
        progress: &dyn Progress,
    ) -> Result<Option<Summary>, SyncError> {
        self.alone(account, async |company| {
            sync::run::history(&company, &self.matcher, until, progress).await
        })
        .await
    }

    /// Reads the reports of the account that events have named, and no others.
    ///
    /// # Errors
    /// [`SyncError`]; what was not read stays to be read.
    pub async fn told(&self, account: &Account) -> Result<(Told, Snapshot), SyncError> {
        self.alone(account, async |company| sync::run::told(&company, &self.matcher).await).await
    }

    /// Does something for the account that only one process may do at a time.
    async fn alone<T>(
        &self,
        account: &Account,
        work: impl AsyncFnOnce(Company) -> Result<T, sync::Error>,
    ) -> Result<T, SyncError> {
        let client = self.clients.get(account.id).await?;
        let owner = format!("{}-{:08x}", std::process::id(), rand::random::<u32>());
        if !self.take(account.id, &owner).await? {
            return Err(SyncError::UnderWay);
        }
        let company = Company {
            store: self.store.clone(),
            account: account.id,
            client,
            clock: self.clock.as_fn(),
            parallel_reports: self.parallel_reports,
        };
        let outcome = tokio::select! {
            done = work(company) => done.map_err(SyncError::Sync),
            lost = self.keep(account.id, &owner) => Err(lost),
        };
        let (id, ours) = (account.id, owner.clone());
        if let Err(error) =
            self.store.write(move |conn| store::leases::give_back(conn, id, CHORE, &ours)).await
        {
            tracing::debug!(error = %logging::chain(&error), "the lease of a sync ends by itself");
        }
        outcome
    }

    /// Renews the lease until it is lost; never ends otherwise.
    async fn keep(&self, account: AccountId, owner: &str) -> SyncError {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            match self.take(account, owner).await {
                Ok(true) => {}
                Ok(false) => return SyncError::TakenOver,
                Err(error) => {
                    tracing::warn!(error = %logging::chain(&error), "the lease of a sync was not renewed");
                }
            }
        }
    }

    async fn take(&self, account: AccountId, owner: &str) -> Result<bool, store::Error> {
        let (now, owner) = (self.clock.now(), owner.to_owned());
        let until = now.saturating_add(LEASE).unwrap_or(now);
        self.store.write(move |conn| store::leases::take(conn, account, CHORE, &owner, now, until)).await
    }
}
