//! Sending a wave: single requests in parallel or one Bulk, and what came of each.
//!
//! Whether an error means "not applied" is `concur`'s knowledge (`Error::advice`); what follows is the policy's. Here
//! is only the thin act between them, and the one rule that is about time: nothing is sent under a lease that the
//! request could outlive. Source: Concur page *User Provisioning v4*.

use std::future::Future;
use std::time::Duration;

use concur::model::BulkOperation;
use concur::{Advice, Client, Error, ProvisionId, UserId};
use futures::stream::{self, StreamExt as _};
use serde_json::Value;
use store::operations::State;
use store::{links, resources};

use super::batch::{Batch, group};
use super::engine::{Engine, side_by_side};
use super::failure;
use super::job::{Job, Profile, Request};
use super::part;
use super::policy::{Event, elapsed};
use super::record::{Effects, Note, PartOf, not_applied, nothing_more, put_part};
use crate::translate::SPEND;

/// What came of one request.
enum Sent<T> {
    Answered(T),
    Error(Error),
    /// Given up by us before the lease ran out.
    OutOfTime,
    /// Not begun: too little of the lease was left, or the worker stops.
    NotBegun,
}

impl Engine {
    /// Sends what one claim brought for one account.
    pub(super) async fn send_wave(&self, jobs: Vec<Job>) {
        let Some(account) = jobs.first().map(|job| job.row.account) else { return };
        let Some(client) = self.client(account).await else {
            for job in jobs {
                let note = Note::because("the account has no usable Concur connection");
                self.record(&job, Event::NotApplied { retry_after: None }, note, nothing_more()).await;
            }
            return;
        };
        let reads = jobs.into_iter().map(|job| self.with_current_lists(&client, job));
        let jobs: Vec<Option<Job>> =
            stream::iter(reads).buffered(self.settings.max_concurrent).collect().await;
        let mut sends = Vec::new();
        for job in jobs.into_iter().flatten() {
            match job.request() {
                Request::Nothing => self.record_nothing(&job).await,
                Request::NeverThere => self.end_access_of_unknown(&client, &job).await,
                request => sends.push((job, request)),
            }
        }
        let sizes: Vec<usize> =
            sends.iter().map(|(job, request)| bulk_operation(job, request).encoded_len()).collect();
        let batches = group(&sizes, self.settings.bulk_from);
        let mut sends: Vec<Option<(Job, Request)>> = sends.into_iter().map(Some).collect();
        let mut take = |index: usize| sends.get_mut(index).and_then(Option::take);
        let batches: Vec<Vec<(Job, Request)>> = batches
            .into_iter()
            .map(|batch| match batch {
                Batch::Single(index) => take(index).into_iter().collect(),
                Batch::Bulk(indexes) => indexes.into_iter().filter_map(&mut take).collect(),
            })
            .collect();
        let sends: Vec<_> = batches.into_iter().map(|batch| self.send_batch(&client, batch)).collect();
        let inflight = self.metrics.ups_requests_inflight.with_label_values(&[account.to_string()]);
        let count = i64::try_from(sends.len().min(self.settings.max_concurrent)).unwrap_or(i64::MAX);
        inflight.add(count);
        side_by_side(self.settings.max_concurrent, sends).await;
        inflight.sub(count);
    }

    /// Concur holds what is wanted already; whether that is so is read back like everything else.
    pub(super) async fn record_nothing(&self, job: &Job) {
        let accepted: Effects = {
            let part_of = PartOf::job(job);
            Box::new(move |conn, now| {
                put_part(conn, &part_of, part::IDENTITY, "success", &Note::default(), now)
            })
        };
        let recorded = self.record(job, Event::NothingToSend, Note::default(), accepted).await;
        if let (Some(_), Some(user)) = (recorded, job.user) {
            self.tell_accepted(job, user);
        }
    }

    async fn send_batch(&self, client: &Client, mut batch: Vec<(Job, Request)>) {
        let Some((first, _)) = batch.first() else { return };
        let _slot = self.slot(first.row.account, first.change.kind.is_urgent()).await;
        // A Bulk that is refused as a whole is halved, until the one that spoils it stands alone.
        let mut waiting = Vec::new();
        loop {
            match batch.len() {
                0 => {}
                1 => {
                    for (job, request) in batch.drain(..) {
                        self.send_single(client, job, request).await;
                    }
                }
                _ => {
                    if let Some(mut refused) = self.send_bulk(client, std::mem::take(&mut batch)).await {
                        waiting.push(refused.split_off(refused.len() / 2));
                        waiting.push(refused);
                    }
                }
            }
            match waiting.pop() {
                Some(next) => batch = next,
                None => return,
            }
        }
    }

    async fn send_single(&self, client: &Client, job: Job, request: Request) {
        let provisioning = client.provisioning();
        let sent = match &request {
            Request::Create(body) => {
                self.within_lease(&job, async {
                    let created = provisioning.create_user(body).await?;
                    Ok((created.id, created.provision_id, created.body, created.correlation_id))
                })
                .await
            }
            Request::Patch(user, patch) => {
                self.within_lease(&job, async {
                    let patched = provisioning.patch_user(user, patch).await?;
                    Ok((patched.id, patched.provision_id, patched.body, patched.correlation_id))
                })
                .await
            }
            Request::Nothing | Request::NeverThere => return self.record_nothing(&job).await,
        };
        match sent {
            Sent::Answered((user, provision_id, body, correlation_id)) => {
                self.record_written(&job, user, provision_id, &body, correlation_id).await;
            }
            Sent::Error(error) => self.record_error(client, &job, &request, &error).await,
            Sent::OutOfTime => {
                let note = Note::because("no answer before the lease ended");
                self.record(&job, Event::Lost, note, nothing_more()).await;
            }
            Sent::NotBegun => self.give_back(&job).await,
        }
    }

    /// The identity part is done: link, public id and state in one transaction, then the verdict.
    async fn record_written(
        &self,
        job: &Job,
        user: UserId,
        provision_id: ProvisionId,
        body: &Value,
        correlation_id: String,
    ) {
        let known = job.observed(body, Profile::NotRead);
        let adopted = job.adopted;
        let (resource, had_user, has_spend) =
            (job.row.resource_id, job.user.is_some(), job.change.desired.get(SPEND).is_some());
        let (has_roles, has_approvers) = (job.has_roles(), job.has_approvers());
        let withheld = job.spend_sent(&job.known).0 == Some(part::WITHHELD);
        let link = job.link(user, adopted, &known, self.now());
        let note = Note {
            provision_id: Some(provision_id.to_string()),
            correlation_id: Some(correlation_id),
            ..Note::default()
        };
        let (part_of, part_note, urgent) = (PartOf::job(job), note.clone(), job.change.kind.is_urgent());
        let effects: Effects = Box::new(move |conn, now| {
            links::put(conn, &link)?;
            if !had_user {
                resources::adopt_scim_id(conn, resource, user.as_uuid())?;
            }
            put_part(conn, &part_of, part::IDENTITY, "success", &part_note, now)?;
            if has_spend && !urgent && !withheld {
                put_part(conn, &part_of, part::SPEND, "pending", &part_note, now)?;
            }
            if has_roles && !withheld {
                put_part(conn, &part_of, part::ROLES, "pending", &part_note, now)?;
            }
            if has_approvers {
                put_part(conn, &part_of, part::APPROVERS, "pending", &part_note, now)?;
            }
            Ok(())
        });
        if self.record(job, Event::Submitted, note, effects).await.is_some() {
            self.tell_accepted(job, user);
        }
    }

    /// Sends a Bulk. Answers the wave back where Concur refused it as a whole.
    async fn send_bulk(&self, client: &Client, batch: Vec<(Job, Request)>) -> Option<Vec<(Job, Request)>> {
        let operations: Vec<BulkOperation> =
            batch.iter().map(|(job, request)| bulk_operation(job, request)).collect();
        let provisioning = client.provisioning();
        let sent = match batch.iter().min_by_key(|(job, _)| job.row.lease_until) {
            Some((first, _)) => self.within_lease(first, provisioning.bulk(&operations)).await,
            None => return None,
        };
        let (event, note) = match sent {
            Sent::Answered(submitted) => {
                let note = Note {
                    provision_id: Some(submitted.provision_id.to_string()),
                    correlation_id: Some(submitted.correlation_id),
                    ..Note::default()
                };
                (Event::Submitted, note)
            }
            Sent::Error(error) => match error.advice() {
                Advice::CertainlyNotApplied { .. } => (not_applied(&error), Note::of(&error)),
                Advice::ReAuthenticate => (Event::NotApplied { retry_after: None }, Note::of(&error)),
                Advice::Unknown { .. } => (Event::Lost, Note::of(&error)),
                Advice::Permanent | Advice::Conflict | Advice::NotFound | Advice::Split => {
                    return Some(batch);
                }
            },
            Sent::OutOfTime => (Event::Lost, Note::because("no answer before the lease ended")),
            Sent::NotBegun => {
                for (job, _) in &batch {
                    self.give_back(job).await;
                }
                return None;
            }
        };
        for (job, _) in &batch {
            self.record(job, event, note.clone(), nothing_more()).await;
        }
        None
    }

    async fn record_error(&self, client: &Client, job: &Job, request: &Request, error: &Error) {
        let note = Note::of(error);
        let created = matches!(request, Request::Create(_));
        let (event, note) = match error.advice() {
            Advice::CertainlyNotApplied { .. } => (not_applied(error), note),
            Advice::ReAuthenticate => (Event::NotApplied { retry_after: None }, note),
            Advice::Unknown { .. } => (Event::Lost, note),
            // Something of ours, such as an address or the token request: Concur has not judged the user.
            Advice::Permanent if !matches!(error, Error::Rejected(_)) => {
                (Event::NotApplied { retry_after: None }, note)
            }
            // "Already exists" may be our own earlier attempt, and Concur has no agreed answer for it.
            Advice::Conflict if created => {
                return self.meet_existing(client, job, note, failure::UNIQUENESS).await;
            }
            Advice::Permanent if created => {
                return self.meet_existing(client, job, note, failure::INVALID_VALUE).await;
            }
            Advice::Conflict => (Event::Refused, note.coded(failure::UNIQUENESS)),
            Advice::NotFound if job.change.kind.is_urgent() => (Event::NothingToSend, note),
            Advice::NotFound => (Event::Refused, note.coded(failure::VANISHED)),
            Advice::Permanent | Advice::Split => (Event::Refused, note.coded(failure::INVALID_VALUE)),
        };
        self.record(job, event, note, nothing_more()).await;
    }

    /// Nothing was sent, so the operation goes back to the queue.
    async fn give_back(&self, job: &Job) {
        let note = Note::because(
            "not begun: the lease would have ended first, or this process is stopping or may be taken for dead",
        );
        self.record(job, Event::HeldBack { retry_after: None }, note, nothing_more()).await;
    }

    /// Runs a request only while the lease certainly outlives it, and drops it before the lease ends.
    async fn within_lease<T>(&self, job: &Job, request: impl Future<Output = Result<T, Error>>) -> Sent<T> {
        debug_assert_eq!(job.row.state, State::Sending, "only a claimed operation is sent");
        let now = self.now();
        let left = job.row.lease_until.map_or(Duration::ZERO, |until| elapsed(now, until));
        let may_send = self.presence.is_certain() && !self.stop.is_cancelled();
        let time = self.settings.time_to_send(left).filter(|_| may_send);
        let Some(time) = time else { return Sent::NotBegun };
        match tokio::time::timeout(time, request).await {
            Ok(Ok(answer)) => {
                self.heard(job.row.account, None);
                Sent::Answered(answer)
            }
            Ok(Err(error)) => {
                self.heard(job.row.account, Some(&error));
                Sent::Error(error)
            }
            Err(_) => {
                self.heard_failure(job.row.account, true);
                Sent::OutOfTime
            }
        }
    }
}

/// An operation as part of a Bulk. The operation's own id is the key to its result.
fn bulk_operation(job: &Job, request: &Request) -> BulkOperation {
    let id = job.row.id.to_string();
    match request {
        Request::Create(body) => BulkOperation::create(id, body.clone()),
        Request::Patch(user, patch) => BulkOperation::patch(id, user, patch),
        Request::Nothing | Request::NeverThere => BulkOperation::create(id, Value::Null),
    }
}
