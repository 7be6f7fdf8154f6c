//! Reading back: `done` means that Concur was read and holds what was wanted, not that it said so.
//!
//! Reads by id, which sees a write at once. Source: Concur pages *Identity v4.1* and *Spend User Retrieval v4.1*.

use concur::model::IdentityUser;
use concur::{Advice, Client, Error};
use store::{Conn, links, operations};

use super::approvers;
use super::engine::Engine;
use super::job::{Job, Manager, Profile};
use super::managers;
use super::part;
use super::policy::Event;
use super::record::{Effects, Note, PartOf, enqueue_rest, nothing_more, put_part, rest_of};
use super::roles;
use crate::translate::ConcurUser;

impl Engine {
    /// Reads the user and compares; ends the operation, or finds out that it has not arrived.
    pub(super) async fn read_back(&self, client: &Client, job: &Job) {
        let Some(user) = job.user else {
            // Only access that is to end gets here without a user: there is none to end.
            self.record(job, Event::ReadBackEqual, Note::default(), nothing_more()).await;
            return;
        };
        let read = match client.identity().get(&user).await {
            Ok(identity) => self.seen(client, job, &identity).await.map(Some),
            Err(error) if error.advice() == Advice::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        // An answer closes a breaker, whatever was asked: with everything waiting to be read back nothing else would.
        self.heard(job.row.account, read.as_ref().err());
        match read {
            Ok(Some(known)) => self.compare(job, known).await,
            Ok(None) if job.change.kind.is_urgent() => {
                self.record(
                    job,
                    Event::ReadBackEqual,
                    Note::because("the user is not in Concur"),
                    nothing_more(),
                )
                .await;
            }
            Ok(None) => {
                let note = Note::because("the user is not in Concur");
                self.record(job, Event::ReadBackDifferent, note, nothing_more()).await;
            }
            Err(error) => {
                let event = Event::ReadFailed { retry_after: error.retry_after() };
                self.record(job, event, Note::of(&error), nothing_more()).await;
            }
        }
    }

    /// What Concur holds of what we manage.
    pub(super) async fn seen(
        &self,
        client: &Client,
        job: &Job,
        user: &IdentityUser,
    ) -> Result<ConcurUser, Error> {
        if !job.has_spend_to_read() {
            return Ok(job.observed(user.raw(), Profile::NotRead));
        }
        let spend = client.spend().get_user(&user.id()).await?;
        Ok(job.observed(user.raw(), Profile::Read(spend.as_ref())))
    }

    async fn compare(&self, job: &Job, known: ConcurUser) {
        let missing = job.missing_in(&known);
        if missing.is_empty() {
            let effects = self.arrived(job, &known);
            self.record(job, Event::ReadBackEqual, Note::default(), effects).await;
            return;
        }
        if job.has_only_roles_left(&missing) {
            return self.go_on_with_roles(job, &known).await;
        }
        let paths: Vec<&str> = missing.iter().map(|operation| operation.path.as_str()).collect();
        let note = Note::because(format!("Concur holds something else at {}", paths.join(", ")));
        // What was read is what the next patch is computed against.
        let effects: Effects = {
            let (resource, known) = (job.row.resource_id, known.to_value());
            Box::new(move |conn, now| links::set_known(conn, resource, &known, now))
        };
        self.record(job, Event::ReadBackDifferent, note, effects).await;
    }

    /// The spend user is there, its roles are not: the same operation goes on with them.
    async fn go_on_with_roles(&self, job: &Job, known: &ConcurUser) {
        let (resource, part_of, stored) = (job.row.resource_id, PartOf::job(job), known.to_value());
        let effects: Effects = Box::new(move |conn, now| {
            links::set_known(conn, resource, &stored, now)?;
            put_part(conn, &part_of, part::IDENTITY, "success", &Note::default(), now)?;
            put_part(conn, &part_of, part::SPEND, "success", &Note::default(), now)?;
            put_part(conn, &part_of, part::ROLES, "pending", &Note::default(), now)
        });
        self.record(job, Event::StepDone, Note::default(), effects).await;
    }

    /// Everything arrived: what Concur holds, the state of each part, and the rest of a deactivation.
    fn arrived(&self, job: &Job, known: &ConcurUser) -> Effects {
        let (resource, operation, part_of) = (job.row.resource_id, job.row.id, PartOf::job(job));
        let (stored, has_spend, has_roles) = (known.to_value(), job.has_spend(), job.has_roles());
        let (state, lacks) = job.spend_sent(known);
        let (spend_state, spend_note) =
            (state.unwrap_or("success"), lacks.map_or_else(Note::default, Note::because));
        let withheld = spend_state == part::WITHHELD;
        let revoked = if has_roles { job.change.revoked.clone() } else { Vec::new() };
        let (rest, limits) = (rest_of(job, known, self.now()), job.settings.brake);
        let approver = job.settle_approver(known);
        let ended = job.user.filter(|_| job.change.kind.is_urgent()).map(|user| user.to_string());
        let account = job.row.account;
        let waits_for_manager = job.manager == Manager::Expected && !job.change.kind.is_urgent();
        Box::new(move |conn: &mut Conn, now| {
            links::set_known(conn, resource, &stored, now)?;
            put_part(conn, &part_of, part::IDENTITY, "success", &Note::default(), now)?;
            if has_spend {
                put_part(conn, &part_of, part::SPEND, spend_state, &spend_note, now)?;
            }
            if has_roles && withheld {
                let note = Note::because("waits for the spend profile");
                put_part(conn, &part_of, part::ROLES, part::WITHHELD, &note, now)?;
            } else if has_roles {
                put_part(conn, &part_of, part::ROLES, "success", &Note::default(), now)?;
                roles::forget_revoked(conn, resource, operation, &revoked)?;
            }
            approver(conn, now)?;
            if let Some(user) = ended {
                approvers::tell_whose_approver_left(conn, &part_of, account, &user, now)?;
            }
            if waits_for_manager {
                managers::settled(conn, operation, managers::WAITING, now)?;
            }
            if let Some(rest) = rest
                && operations::is_latest(conn, operation)?
            {
                enqueue_rest(conn, &rest, &limits)?;
            }
            Ok(())
        })
    }
}
