//! Taking due operations for a lease: deactivations first, a quarter of the slots kept free for them.
//!
//! Not here: what is done with them. A claim is one transaction, in which leases that ran out are taken back too.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use store::Conn;
use store::ids::AccountId;
use store::operations::{self, Claim, Operation, State, Transition};

use super::engine::Engine;
use super::failure;
use super::job::Job;
use super::policy::later;

/// Most operations that one claim takes for sending: as many as one Bulk holds.
const SENDS_MAX: usize = concur::api::BULK_OPERATIONS_MAX;
/// Most operations that one claim takes for polling and reading: few enough to be through within a lease.
const FOLLOW_UPS_MAX: usize = 40;

/// What is under way for one account. One wave of each lane at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Lane {
    /// Sends that end someone's access: nothing else can take their slots.
    Urgent,
    /// All other sends.
    Normal,
    /// Polls, read-backs and look-ups.
    FollowUp,
}

/// Which lanes of which accounts are taken.
#[derive(Debug, Default)]
pub(super) struct Lanes(HashMap<Lane, Vec<AccountId>>);

impl Lanes {
    pub(super) fn take(&mut self, lane: Lane, account: AccountId) {
        self.0.entry(lane).or_default().push(account);
    }

    pub(super) fn free(&mut self, lane: Lane, account: AccountId) {
        self.0.entry(lane).or_default().retain(|taken| *taken != account);
    }

    fn taken(&self, lane: Lane) -> Vec<AccountId> {
        self.0.get(&lane).cloned().unwrap_or_default()
    }
}

/// The operations of one account that one claim brought for one lane.
pub(super) type Wave = (Lane, AccountId, Vec<Job>);

impl Engine {
    /// Claims what is due and whose lane is free. Nothing is written where nothing is due.
    pub(super) async fn claim(&self, lanes: &Lanes) -> Result<Vec<Wave>, store::Error> {
        let (urgent, normal, follow_up) =
            (lanes.taken(Lane::Urgent), lanes.taken(Lane::Normal), lanes.taken(Lane::FollowUp));
        let (now, owner) = (self.now(), self.owner.to_string());
        let lease_until = later(now, self.settings.lease);
        self.store
            .write(move |conn| {
                let lost = operations::expire_leases(conn, now)?;
                if !lost.is_empty() {
                    tracing::warn!(
                        count = lost.len(),
                        "leases ran out while sending; the outcomes will be looked up"
                    );
                }
                let paused = paused(conn)?;
                let claim = |limit: usize, busy: &[AccountId], urgent_only: bool| {
                    let exclude: Vec<AccountId> = busy.iter().chain(&paused).copied().collect();
                    (limit, exclude, urgent_only)
                };
                let mut waves: BTreeMap<(Lane, AccountId), Vec<Job>> = BTreeMap::new();
                for (lane, (limit, exclude, urgent_only)) in [
                    (Lane::Urgent, claim(SENDS_MAX, &urgent, true)),
                    (Lane::Normal, claim(SENDS_MAX, &normal, false)),
                    (Lane::FollowUp, claim(FOLLOW_UPS_MAX, &follow_up, false)),
                ] {
                    let claim =
                        Claim { now, owner: &owner, lease_until, limit, exclude: &exclude, urgent_only };
                    let rows = match lane {
                        Lane::FollowUp => operations::claim_polls(conn, &claim)?,
                        Lane::Urgent | Lane::Normal => operations::claim_due(conn, &claim)?,
                    };
                    for row in rows {
                        let account = row.account;
                        if let Some(job) = loaded(conn, row, now)? {
                            waves.entry((lane, account)).or_default().push(job);
                        }
                    }
                }
                Ok(waves.into_iter().map(|((lane, account), jobs)| (lane, account, jobs)).collect())
            })
            .await
    }
}

/// Accounts that an operator, or a refused token, has paused.
fn paused(conn: &mut Conn) -> Result<Vec<AccountId>, store::Error> {
    let accounts = store::accounts::list(conn)?;
    Ok(accounts.into_iter().filter(|account| account.paused_at.is_some()).map(|account| account.id).collect())
}

/// The job of a claimed row; one that cannot be read fails at once and blocks nobody else.
fn loaded(conn: &mut Conn, row: Operation, now: Timestamp) -> Result<Option<Job>, store::Error> {
    let expect = operations::Expect { state: row.state, lease_epoch: row.lease_epoch };
    let id = row.id;
    match Job::load(conn, row)? {
        Ok(job) => Ok(Some(job)),
        Err(error) => {
            tracing::error!(operation = %id, %error, "an operation cannot be read; it needs a person");
            let failed = Transition {
                error_code: Some(failure::UNREADABLE.to_owned()),
                error_message: Some(error.to_string()),
                ..Transition::to(State::Failed, now)
            };
            operations::transition(conn, id, expect, &failed)?;
            Ok(None)
        }
    }
}
