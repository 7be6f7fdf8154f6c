//! Asking for the outcome of provision requests: one question for all operations of a request.
//!
//! How a status is to be read is `concur`'s knowledge (`ProvisionStatus::outcome`). Results are found by the bulk id,
//! never by position; an operation that the answer leaves out is unknown. Source: Concur page *User Provisioning v4*,
//! Provision Status; *User Provisioning* guide, "Reading the result".

use std::collections::BTreeMap;

use concur::model::{ExtensionOutcome, OperationOutcome, ProvisionOutcome, Verdict};
use concur::{Advice, Client, ProvisionId};
use store::ids::AccountId;
use store::operations::State;
use store::watches::Watch;
use store::{links, resources};

use super::engine::{Engine, side_by_side};
use super::job::Job;
use super::policy::Event;
use super::record::{Effects, Note, PartOf, nothing_more, put_part};
use super::{failure, part};
use crate::translate::{APPROVER, ROLE, SPEND};

impl Engine {
    /// Polls, reads back and looks up what one claim brought for one account.
    pub(super) async fn follow_up(&self, jobs: Vec<Job>) {
        let Some(account) = jobs.first().map(|job| job.row.account) else { return };
        let Some(client) = self.client(account).await else {
            for job in &jobs {
                let event = match job.row.state {
                    State::Submitted => Event::Pending { retry_after: None },
                    _ => Event::ReadFailed { retry_after: None },
                };
                let note = Note::because("the account has no usable Concur connection");
                self.record(job, event, note, nothing_more()).await;
            }
            return;
        };
        let mut requests: BTreeMap<Option<String>, Vec<Job>> = BTreeMap::new();
        let mut others = Vec::new();
        for job in jobs {
            match job.row.state {
                State::Submitted => requests.entry(job.row.provision_id.clone()).or_default().push(job),
                _ => others.push(job),
            }
        }
        let limit = self.settings.max_concurrent;
        let polls: Vec<_> = requests.into_iter().map(|(id, jobs)| self.poll(&client, id, jobs)).collect();
        let looks: Vec<_> = others.into_iter().map(|job| self.look(&client, job)).collect();
        futures::join!(side_by_side(limit, polls), side_by_side(limit, looks));
    }

    /// Reads everyone again whom a late request may have changed.
    pub(super) async fn look_at_all_again(&self, account: AccountId, looks: Vec<(Watch, Job)>) {
        let Some(client) = self.client(account).await else { return };
        let look = async |(watch, job): (Watch, Job)| {
            let _slot = self.slot(account, false).await;
            self.look_again(&client, watch, &job).await;
        };
        side_by_side(self.settings.max_concurrent, looks.into_iter().map(look).collect()).await;
    }

    /// Reads the user of an operation whose request has ended, or nobody knows how.
    async fn look(&self, client: &Client, job: Job) {
        let _slot = self.slot(job.row.account, job.change.kind.is_urgent()).await;
        if job.row.state == State::Unknown {
            self.settle(client, &job).await;
        } else {
            self.read_back(client, &job).await;
        }
    }

    /// Asks for one provision request and records the outcome of each of its operations.
    async fn poll(&self, client: &Client, id: Option<String>, jobs: Vec<Job>) {
        let Some(id) = id.and_then(|id| id.parse::<ProvisionId>().ok()) else {
            return self
                .record_all(&jobs, Event::Forgotten, &Note::because("no provision id is stored"))
                .await;
        };
        let Some(first) = jobs.first() else { return };
        let (account, is_urgent) = (first.row.account, first.change.kind.is_urgent());
        let slot = self.slot(account, is_urgent).await;
        let status = client.provisioning().status(&id).await;
        drop(slot);
        self.heard(account, status.as_ref().err());
        let status = match status {
            Ok(status) => status,
            // Concur keeps a status for seven days; afterwards it knows nothing, which is not a failure.
            Err(error) if error.advice() == Advice::NotFound => {
                return self.record_all(&jobs, Event::Forgotten, &Note::of(&error)).await;
            }
            Err(error) => {
                let event = Event::Pending { retry_after: error.retry_after() };
                return self.record_all(&jobs, event, &Note::of(&error)).await;
            }
        };
        let ProvisionOutcome::Completed { operations, .. } = status.outcome() else {
            return self.record_all(&jobs, Event::Pending { retry_after: None }, &Note::default()).await;
        };
        let only = jobs.len() == 1;
        for job in &jobs {
            if let Some(outcome) = result_of(job, &operations, only) {
                self.record_outcome(client, job, outcome, &status.correlation_id).await;
            } else {
                let note = Note::because("the status leaves this operation out");
                self.record(job, Event::Forgotten, note, nothing_more()).await;
            }
        }
    }

    async fn record_all(&self, jobs: &[Job], event: Event, note: &Note) {
        for job in jobs {
            self.record(job, event, note.clone(), nothing_more()).await;
        }
    }

    async fn record_outcome(
        &self,
        client: &Client,
        job: &Job,
        outcome: &OperationOutcome,
        correlation_id: &str,
    ) {
        let note = Note { correlation_id: Some(correlation_id.to_owned()), ..Note::default() };
        let event = match &outcome.verdict {
            Verdict::Success | Verdict::NoOp => Event::Succeeded,
            Verdict::Pending => Event::Pending { retry_after: None },
            Verdict::NotProcessed | Verdict::Blocked => Event::NotApplied { retry_after: None },
            Verdict::Failed { .. } if outcome.identity_failed() => {
                return self.record_identity_failure(client, job, outcome, note).await;
            }
            Verdict::Failed { code, .. } => Event::PartFailed { permanent: is_permanent(code.as_deref()) },
        };
        let note = match &outcome.verdict {
            Verdict::Failed { .. } => failed(outcome, note).coded(failure::EXTENSION),
            _ => note,
        };
        let effects = self.parts(job, outcome, event);
        let user = job.user.or(outcome.user_id);
        let recorded = self.record(job, event, note, effects).await;
        if let (Some(_), Some(user), Event::Succeeded | Event::PartFailed { .. }) = (recorded, user, event) {
            self.tell_accepted(job, user);
        }
    }

    /// Nothing of the operation was done. Concur's codes for "already exists" are not documented, so a create looks.
    async fn record_identity_failure(
        &self,
        client: &Client,
        job: &Job,
        outcome: &OperationOutcome,
        note: Note,
    ) {
        let Verdict::Failed { code, .. } = &outcome.verdict else { return };
        let note = failed(outcome, note);
        if !is_permanent(code.as_deref()) {
            self.record(job, Event::NotApplied { retry_after: None }, note, nothing_more()).await;
            return;
        }
        let reason =
            if code.as_deref() == Some("409") { failure::UNIQUENESS } else { failure::INVALID_VALUE };
        if job.user.is_none() {
            self.meet_existing(client, job, note, reason).await;
        } else {
            self.record(job, Event::Refused, note.coded(reason), nothing_more()).await;
        }
    }

    /// What is known of each part, and the link of a user that a Bulk created.
    fn parts(&self, job: &Job, outcome: &OperationOutcome, event: Event) -> Effects {
        if !matches!(event, Event::Succeeded | Event::PartFailed { .. }) {
            return nothing_more();
        }
        // So that the next patch, if there is one, names the failed part alone.
        let user = job.user.or(outcome.user_id);
        let link = user.map(|user| job.link(user, job.adopted, &job.with_identity_taken(), self.now()));
        let new_user = if job.user.is_none() { outcome.user_id } else { None };
        let (resource, part_of) = (job.row.resource_id, PartOf::job(job));
        let mut products = Vec::new();
        let withheld = job.spend_sent(&job.known).0 == Some(part::WITHHELD);
        if job.has_spend() && !withheld {
            products.push((part::SPEND, product_part(outcome, SPEND)));
        }
        if job.has_roles() && !withheld {
            products.push((part::ROLES, product_part(outcome, ROLE)));
        }
        if job.has_approvers() {
            products.push((part::APPROVERS, product_part(outcome, APPROVER)));
        }
        for (name, (state, note)) in &products {
            if *state == "failed" {
                let cause = note.code.as_deref().unwrap_or("none");
                self.metrics.ups_extension_failures.with_label_values(&[name, cause]).inc();
            }
        }
        Box::new(move |conn, now| {
            if let Some(link) = link {
                links::put(conn, &link)?;
            }
            if let Some(user) = new_user {
                resources::adopt_scim_id(conn, resource, user.as_uuid())?;
            }
            put_part(conn, &part_of, part::IDENTITY, "success", &Note::default(), now)?;
            for (name, (state, note)) in products {
                put_part(conn, &part_of, name, state, &note, now)?;
            }
            Ok(())
        })
    }
}

/// The result of an operation: by its bulk id, or the only one there is for a request of its own, where Concur
/// invents the bulk id.
fn result_of<'a>(job: &Job, outcomes: &'a [OperationOutcome], only: bool) -> Option<&'a OperationOutcome> {
    let id = job.row.id.to_string();
    let own = outcomes.iter().find(|outcome| outcome.bulk_id.as_deref() == Some(&id));
    own.or_else(|| match outcomes {
        [single] if only && single.bulk_id.as_deref().is_none_or(|id| id.parse::<i64>().is_err()) => {
            Some(single)
        }
        _ => None,
    })
}

fn product_part(outcome: &OperationOutcome, urn: &str) -> (&'static str, Note) {
    let found: Option<&ExtensionOutcome> = outcome.extensions.iter().find(|extension| extension.name == urn);
    match found.map(|extension| &extension.verdict) {
        Some(Verdict::Failed { code, message, path }) => {
            ("failed", told(code.clone(), message.clone(), path.as_deref()))
        }
        Some(Verdict::Blocked) => ("blocked", Note::default()),
        Some(Verdict::Success | Verdict::NoOp) => ("success", Note::default()),
        Some(Verdict::Pending | Verdict::NotProcessed) | None => ("pending", Note::default()),
    }
}

fn failed(outcome: &OperationOutcome, note: Note) -> Note {
    let Verdict::Failed { code, message, path } = &outcome.verdict else { return note };
    Note { correlation_id: note.correlation_id, ..told(code.clone(), message.clone(), path.as_deref()) }
}

fn told(code: Option<String>, message: Option<String>, path: Option<&str>) -> Note {
    let path = path.map(|path| format!(" ({path})")).unwrap_or_default();
    let message = message.unwrap_or_else(|| "Concur gave no reason".to_owned());
    Note { code, message: Some(format!("{message}{path}")), ..Note::default() }
}

/// A code of 400 to 499 is a mistake that repeating does not mend; 5xx and none may pass.
fn is_permanent(code: Option<&str>) -> bool {
    code.and_then(|code| code.parse::<u16>().ok()).is_some_and(|code| (400..500).contains(&code))
}
