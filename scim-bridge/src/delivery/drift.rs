//! Looking again: a request whose outcome was unknown may take effect two hours later, and then undo what is newer.
//!
//! So everyone for whom an outcome was ever unknown is read again 5, 30 and 125 minutes after the last attempt
//! (reliability I12; Concur gives a request up after 120). A difference makes a new operation with today's desired state,
//! and an alert. The watch itself begins in the store, with the state change that makes an outcome unknown.

use std::time::Duration;

use concur::api::LookupAttribute;
use concur::{Advice, Client};
use jiff::Timestamp;
use store::operations::{self, NewOperation};
use store::watches::{self, Watch};
use store::{Conn, links};

use super::engine::Engine;
use super::job::Job;
use super::policy::later;
use crate::translate::{ConcurUser, Kind, Operation};

/// When the looks are, after the last attempt.
const LOOKS: [Duration; 3] = [Duration::from_mins(5), Duration::from_mins(30), Duration::from_mins(125)];
/// Operations that give or end access.
const ACCESS_KINDS: [&str; 4] = ["create", "reactivate", "deactivate", "delete"];
/// How long a look is put off that could not be made, or that would meet an operation under way.
const LATER: Duration = Duration::from_mins(1);

/// When the look after so many is due; `None` after the last.
fn next_look(looks: u32, since: Timestamp) -> Option<Timestamp> {
    let wait = LOOKS.get(usize::try_from(looks).unwrap_or(usize::MAX))?;
    Some(later(since, *wait))
}

/// What Concur shall hold of a watched person. Nothing while that is still being delivered: the look is put off; nothing
/// either where nothing was ever delivered: the watch ends.
pub(super) fn job_of(conn: &mut Conn, watch: &Watch, now: Timestamp) -> Result<Option<Job>, store::Error> {
    if operations::is_chain_open(conn, watch.chain)? {
        watches::looked(conn, watch, Some((watch.looks, later(now, LATER))))?;
        return Ok(None);
    }
    let mut job = match operations::newest_done(conn, watch.chain)? {
        Some(row) => Job::load(conn, row)?.ok(),
        None => None,
    };
    if let Some(job) = job.as_mut().filter(|job| job.change.kind == Kind::Update) {
        // An update says nothing about access; what last did, does.
        let last = operations::newest_done_of(conn, watch.chain, &ACCESS_KINDS)?;
        let active = last.is_none_or(|last| {
            let wanted = Operation::from_payload(&last.payload);
            !operations::is_urgent(&last.kind) && wanted.is_ok_and(|wanted| wanted.desired.is_active())
        });
        job.change.kind = Kind::Reactivate;
        job.change.desired.set("active", active.into());
    }
    if job.is_none() {
        watches::looked(conn, watch, None)?;
    }
    Ok(job)
}

/// What a look found.
enum Seen {
    AsWanted,
    Different(Box<ConcurUser>),
    /// There is a user where none was known of: a create that was given up has arrived.
    Appeared,
    /// The user is gone, or could not be read.
    Nothing,
}

impl Engine {
    /// Reads one person again.
    pub(super) async fn look_again(&self, client: &Client, watch: Watch, job: &Job) {
        let seen = match job.user {
            None => self.look_for_stranger(client, job).await,
            Some(user) => match client.identity().get(&user).await {
                Ok(identity) => match self.seen(client, job, &identity).await {
                    Ok(known) if job.missing_in(&known).is_empty() => Seen::AsWanted,
                    Ok(known) => Seen::Different(Box::new(known)),
                    Err(_) => Seen::Nothing,
                },
                Err(error) if error.advice() == Advice::NotFound && job.change.kind.is_urgent() => {
                    Seen::AsWanted
                }
                Err(error) => {
                    self.heard(job.row.account, Some(&error));
                    Seen::Nothing
                }
            },
        };
        let (account, now) = (job.row.account, self.now());
        let repair = match &seen {
            Seen::Different(known) => repair_of(&job.change, known),
            _ => job.change.clone(),
        };
        let row = job.row.clone();
        let different = matches!(seen, Seen::Different(_) | Seen::Appeared);
        let written = self.store.write(move |conn| {
            let known = match seen {
                Seen::Nothing => {
                    return watches::looked(conn, &watch, Some((watch.looks, later(now, LATER))))
                        .map(|_| false);
                }
                Seen::AsWanted | Seen::Appeared => None,
                Seen::Different(known) => Some(known),
            };
            let next = next_look(watch.looks + 1, watch.since);
            let mine = watches::looked(conn, &watch, next.map(|at| (watch.looks + 1, at.max(now))))?;
            // Whatever was accepted meanwhile carries the newer truth, and is read back itself.
            if !mine || !different || operations::is_chain_open(conn, watch.chain)? {
                return Ok(false);
            }
            if let Some(known) = known {
                links::set_known(conn, row.resource_id, &known.to_value(), now)?;
            }
            let new = NewOperation {
                account: row.account,
                resource_id: row.resource_id,
                kind: repair.kind.as_str().to_owned(),
                payload: repair.to_payload(),
                held: None,
                now,
            };
            operations::enqueue(conn, &new).map(|_| true)
        });
        match written.await {
            Ok(true) => {
                self.metrics.ups_drift.with_label_values(&[account.to_string()]).inc();
                tracing::error!(
                    operation = %job.row.id, %account,
                    "a late request changed a user after a newer one was done; what is wanted is sent again"
                );
            }
            Ok(false) if different => {
                tracing::info!(operation = %job.row.id, %account, "a difference that a newer operation will mend");
            }
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "a look could not be recorded; it will be made again"),
        }
    }
}

impl Engine {
    /// Access was ended for someone who was not in Concur. Should a create have arrived since, the user carries our
    /// externalId.
    async fn look_for_stranger(&self, client: &Client, job: &Job) -> Seen {
        let Some(external_id) = job.change.desired.get_str("externalId") else { return Seen::AsWanted };
        match client.identity().find_by(LookupAttribute::ExternalId, external_id).await {
            Ok(users) if users.iter().all(|user| user.active() == Some(false)) => Seen::AsWanted,
            Ok(_) => Seen::Appeared,
            Err(error) => {
                self.heard(job.row.account, Some(&error));
                Seen::Nothing
            }
        }
    }
}

/// The operation that brings back what is wanted. One that changes access is needed where that differs; a deactivation
/// is followed by an update, if more does.
fn repair_of(wanted: &Operation, known: &ConcurUser) -> Operation {
    let kind = match (wanted.kind.is_urgent(), wanted.desired.is_active(), known.is_active()) {
        (true, _, _) => wanted.kind,
        (false, true, false) => Kind::Reactivate,
        (false, false, true) => Kind::Deactivate,
        (false, _, _) => Kind::Update,
    };
    Operation { kind, before: None, ..wanted.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_looks_are_at_5_30_and_125_minutes_after_the_last_attempt() {
        let since: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let minutes = |looks| next_look(looks, since).map(|at| at.duration_since(since).as_mins());
        assert_eq!([0, 1, 2, 3].map(minutes), [Some(5), Some(30), Some(125), None]);
        let first = next_look(0, since).unwrap().duration_since(since);
        assert_eq!(first.as_mins(), watches::FIRST_LOOK_MINUTES, "where the store begins");
    }

    #[test]
    fn a_repair_changes_access_only_where_that_differs() {
        let user = |active: bool| ConcurUser::from_value(serde_json::json!({"active": active, "title": "a"}));
        let check = |kind, wanted, known, repair| {
            let translated = crate::translate::Translated { user: user(wanted), ..Default::default() };
            let wanted = Operation::new(kind, translated, None);
            assert_eq!(repair_of(&wanted, &user(known)).kind, repair);
        };
        check(Kind::Delete, false, true, Kind::Delete);
        check(Kind::Deactivate, false, true, Kind::Deactivate);
        check(Kind::Create, true, true, Kind::Update);
        check(Kind::Create, true, false, Kind::Reactivate);
        check(Kind::Reactivate, false, true, Kind::Deactivate);
        check(Kind::Reactivate, false, false, Kind::Update);
    }
}
