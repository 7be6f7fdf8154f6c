//! Taking due operations for a lease, lane by lane: deactivations first, first attempts before retries, and for a company
//! that does not answer one request that tries.
//!
//! Not here: what is done with them. A claim is one transaction, in which leases that ran out are taken back too.

use std::collections::{BTreeMap, HashMap};
use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use store::Conn;
use store::ids::AccountId;
use store::operations::{self, Claim, Operation, State, Transition, What};
use store::watches::{self, Watch};

use super::breaker::Gate;
use super::budget::Sent;
use super::engine::Engine;
use super::failure;
use super::job::Job;
use super::policy::{elapsed, later};

/// Most operations that one claim takes for sending: as many as one Bulk holds.
const SENDS_MAX: usize = concur::api::BULK_OPERATIONS_MAX;
/// Most urgent operations that one claim takes for polling and reading: few enough to be through within a lease.
const FOLLOW_UPS_MAX: usize = 100;
/// The same for all others: whoever is among them may have to leave in the next moment, and then waits until they are through.
const ORDINARY_FOLLOW_UPS_MAX: usize = 25;
/// Most persons that are looked at again at a time: nobody waits for it.
const LOOKS_MAX: usize = 20;

/// While the ends of access of a company are on their way, nothing else of it is begun; but after so long one wave of
/// each other lane is, so that a thousand leavers do not keep those out who join.
const ORDINARY_WAITS_MAX: Duration = Duration::from_mins(1);

/// What is under way for one account. One wave of each lane at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Lane {
    /// Sends that end someone's access: nothing else can take their slots.
    Urgent,
    /// Polls, read-backs and look-ups of those.
    UrgentFollowUp,
    /// All other sends.
    Normal,
    /// Polls, read-backs and look-ups of those.
    FollowUp,
    /// Reading again whom a late request may have changed.
    Drift,
}

/// The lanes in which operations travel, the most urgent first.
const LANES: [Lane; 4] = [Lane::Urgent, Lane::UrgentFollowUp, Lane::Normal, Lane::FollowUp];

impl Lane {
    fn is_urgent(self) -> bool {
        matches!(self, Lane::Urgent | Lane::UrgentFollowUp)
    }
}

/// Which lanes of which accounts are taken.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    taken: HashMap<Lane, Vec<AccountId>>,
    /// When anything but urgent work was last begun for an account.
    begun: HashMap<AccountId, Timestamp>,
}

impl Lanes {
    pub(super) fn take(&mut self, lane: Lane, account: AccountId, now: Timestamp) {
        self.taken.entry(lane).or_default().push(account);
        if !lane.is_urgent() {
            self.begun.insert(account, now);
        }
    }

    pub(super) fn free(&mut self, lane: Lane, account: AccountId) {
        self.taken.entry(lane).or_default().retain(|taken| *taken != account);
    }

    fn taken(&self, lane: Lane) -> Vec<AccountId> {
        self.taken.get(&lane).cloned().unwrap_or_default()
    }

    /// Accounts whose ordinary work had its turn lately, and may wait behind the urgent.
    fn had_a_turn(&self, now: Timestamp) -> Vec<AccountId> {
        let is_lately = |begun: &Timestamp| elapsed(*begun, now) < ORDINARY_WAITS_MAX;
        self.begun.iter().filter(|(_, begun)| is_lately(begun)).map(|(account, _)| *account).collect()
    }
}

/// What one claim brought for one lane of one account.
pub(super) type Wave = (Lane, AccountId, Vec<Task>);

/// One thing to do.
pub(super) enum Task {
    /// An operation, claimed.
    Deliver(Box<Job>),
    /// A person to read again, with the operation that says what Concur shall hold.
    Look(Watch, Box<Job>),
}

/// What a claim goes by.
struct Round {
    now: Timestamp,
    owner: String,
    lease_until: Timestamp,
    /// Accounts that are busy in each lane.
    busy: BTreeMap<Lane, Vec<AccountId>>,
    /// Accounts whose ordinary lanes wait while urgent ones are taken.
    had_a_turn: Vec<AccountId>,
    /// Accounts for which nothing, or not everything, may go out.
    shut: Vec<AccountId>,
    /// Of those, the ones that may be tried.
    to_try: Vec<AccountId>,
    retries_max: usize,
}

/// What a claim brought.
#[derive(Default)]
struct Claimed {
    waves: BTreeMap<(Lane, AccountId), Vec<Task>>,
    sent: Sent,
    tried: Vec<AccountId>,
}

impl Engine {
    /// Claims what is due and whose lane is free. Nothing is written where nothing is due.
    pub(super) async fn claim(&self, lanes: &Lanes) -> Result<Vec<Wave>, store::Error> {
        let now = self.now();
        let gates = self.breakers.gates(now);
        let round = Round {
            now,
            owner: self.owner.to_string(),
            lease_until: later(now, self.settings.lease),
            busy: LANES.into_iter().chain([Lane::Drift]).map(|lane| (lane, lanes.taken(lane))).collect(),
            had_a_turn: lanes.had_a_turn(now),
            shut: gates.iter().map(|(account, _)| *account).collect(),
            to_try: gates.iter().filter(|(_, gate)| *gate == Gate::OneTry).map(|(it, _)| *it).collect(),
            retries_max: self.budget.lock().unwrap_or_else(PoisonError::into_inner).allowance(now),
        };
        let claimed = self.store.write(move |conn| round.claim(conn)).await?;
        self.budget.lock().unwrap_or_else(PoisonError::into_inner).spend(claimed.sent, now);
        for account in claimed.tried {
            self.breakers.trying(account, now, self.settings.lease);
        }
        Ok(claimed.waves.into_iter().map(|((lane, account), tasks)| (lane, account, tasks)).collect())
    }
}

impl Round {
    fn claim(&self, conn: &mut Conn) -> Result<Claimed, store::Error> {
        let lost = operations::expire_leases(conn, self.now)?;
        if !lost.is_empty() {
            let count = lost.len();
            tracing::warn!(count, "leases ran out while sending; the outcomes will be looked up");
        }
        if store::installation::is_held(conn)? {
            return Ok(Claimed::default());
        }
        let paused = paused(conn)?;
        let mut claimed = Claimed::default();
        for lane in LANES {
            let exclude = self.excluded(lane, &paused, &claimed);
            self.take(conn, lane, &exclude, &[], usize::MAX, &mut claimed)?;
        }
        for account in self.to_try.iter().filter(|account| !paused.contains(account)) {
            for lane in LANES {
                let is_busy = self.busy.get(&lane).is_some_and(|busy| busy.contains(account));
                if !is_busy && self.take(conn, lane, &[], &[*account], 1, &mut claimed)? > 0 {
                    claimed.tried.push(*account);
                    break;
                }
            }
        }
        let exclude = self.excluded(Lane::Drift, &paused, &claimed);
        for watch in watches::take_due(conn, self.now, self.lease_until, &exclude, LOOKS_MAX)? {
            if let Some(job) = super::drift::job_of(conn, &watch, self.now)? {
                let task = Task::Look(watch.clone(), Box::new(job));
                claimed.waves.entry((Lane::Drift, watch.account)).or_default().push(task);
            }
        }
        Ok(claimed)
    }

    /// Accounts for which this lane claims nothing: those that may not, and where it is taken or waits for the urgent ones.
    fn excluded(&self, lane: Lane, paused: &[AccountId], claimed: &Claimed) -> Vec<AccountId> {
        let busy = self.busy.get(&lane).map(Vec::as_slice).unwrap_or_default();
        let mut exclude: Vec<AccountId> = busy.iter().chain(paused).chain(&self.shut).copied().collect();
        if !lane.is_urgent() {
            let under_way = self.busy.iter().filter(|(lane, _)| lane.is_urgent()).flat_map(|(_, them)| them);
            let begins =
                claimed.waves.keys().filter(|(lane, _)| lane.is_urgent()).map(|(_, account)| account);
            let leads = under_way.chain(begins).filter(|account| self.had_a_turn.contains(account));
            exclude.extend(leads);
        }
        exclude
    }

    /// Claims for one lane. Answers how many there were.
    fn take(
        &self,
        conn: &mut Conn,
        lane: Lane,
        exclude: &[AccountId],
        only: &[AccountId],
        limit_max: usize,
        claimed: &mut Claimed,
    ) -> Result<usize, store::Error> {
        let parts: &[(What, usize)] = match lane {
            Lane::Urgent => &[(What::Urgent, SENDS_MAX)],
            Lane::Normal => &[(What::Firsts, SENDS_MAX), (What::Retries, self.retries_max.min(SENDS_MAX))],
            Lane::UrgentFollowUp => &[(What::Urgent, FOLLOW_UPS_MAX)],
            Lane::FollowUp | Lane::Drift => &[(What::Ordinary, ORDINARY_FOLLOW_UPS_MAX)],
        };
        let mut count = 0;
        for (what, limit) in parts {
            let limit = (*limit).min(limit_max - count.min(limit_max));
            let claim = Claim {
                now: self.now,
                owner: &self.owner,
                lease_until: self.lease_until,
                limit,
                exclude,
                only,
                what: *what,
            };
            let rows = match lane {
                Lane::Urgent | Lane::Normal => operations::claim_due(conn, &claim)?,
                _ => operations::claim_polls(conn, &claim)?,
            };
            count += rows.len();
            for row in rows {
                if row.state == State::Sending {
                    let is_retry = *what == What::Retries || (*what == What::Urgent && row.attempt > 1);
                    let sent = &mut claimed.sent;
                    if is_retry { sent.retries += 1 } else { sent.firsts += 1 }
                }
                let account = row.account;
                if let Some(job) = loaded(conn, row, self.now)? {
                    let wave = claimed.waves.entry((lane, account)).or_default();
                    wave.push(Task::Deliver(Box::new(job)));
                }
            }
        }
        Ok(count)
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

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn round(lanes: &Lanes, now: Timestamp) -> Round {
        Round {
            now,
            owner: "a".to_owned(),
            lease_until: now,
            busy: LANES.into_iter().map(|lane| (lane, lanes.taken(lane))).collect(),
            had_a_turn: lanes.had_a_turn(now),
            shut: Vec::new(),
            to_try: Vec::new(),
            retries_max: 0,
        }
    }

    #[test]
    fn everything_else_of_a_company_waits_for_who_leaves_but_not_for_ever() {
        let (one, other) =
            (AccountId::generate(START), AccountId::generate(later(START, ORDINARY_WAITS_MAX)));
        let mut lanes = Lanes::default();
        lanes.take(Lane::Normal, one, START);
        lanes.free(Lane::Normal, one);
        lanes.take(Lane::Normal, other, START);
        lanes.free(Lane::Normal, other);
        lanes.take(Lane::UrgentFollowUp, one, START);
        let excluded = |lanes: &Lanes, lane, now| round(lanes, now).excluded(lane, &[], &Claimed::default());

        let soon = later(START, Duration::from_secs(59));
        for lane in [Lane::Normal, Lane::FollowUp, Lane::Drift] {
            assert_eq!(excluded(&lanes, lane, soon), [one], "{lane:?}");
        }
        assert_eq!(excluded(&lanes, Lane::Urgent, soon), [], "another urgent lane goes its way");
        let late = later(START, ORDINARY_WAITS_MAX);
        assert_eq!(excluded(&lanes, Lane::FollowUp, late), [], "one turn each minute");

        let mut claimed = Claimed::default();
        claimed.waves.insert((Lane::Urgent, other), Vec::new());
        assert_eq!(
            round(&lanes, soon).excluded(Lane::Normal, &[], &claimed),
            [one, other],
            "what the same claim has begun counts"
        );
        lanes.free(Lane::UrgentFollowUp, one);
        assert_eq!(excluded(&lanes, Lane::FollowUp, soon), [], "nobody leaves any more");
    }
}
