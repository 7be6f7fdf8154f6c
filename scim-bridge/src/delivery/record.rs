//! Writing down what happened: every state change in one transaction with everything that follows from it.
//!
//! A compare-and-set that changes no row means that someone else has the operation: nothing is written then, and the
//! caller stops. Messages of Concur may name people, so they go to the store and never to the log.

use concur::Error;
use jiff::{SignedDuration, Timestamp};
use store::operations::{self, ExtensionOutcome, NewOperation, State, Transition};
use store::{Conn, events, links};

use super::engine::Engine;
use super::failure;
use super::job::Job;
use super::policy::{self, Decision, Event, later};
use super::verdict::{Verdict, refusal};
use crate::brake::{self, BrakeLimits, Grip};
use crate::translate::Kind;

/// An event makes its request be asked about sooner for so long; what Concur does not know by then comes with the usual waits.
const TOLD_FOR: SignedDuration = SignedDuration::from_mins(5);

/// What stands beside a state change.
#[derive(Debug, Clone, Default)]
pub(super) struct Note {
    /// One of [`failure`], or Concur's own code on a state that is not final.
    pub(super) code: Option<String>,
    /// Concur's words.
    pub(super) message: Option<String>,
    /// Concur's correlation id.
    pub(super) correlation_id: Option<String>,
    /// Concur's provision id.
    pub(super) provision_id: Option<String>,
}

impl Note {
    /// What an error of the client says, in Concur's words where there are any.
    pub(super) fn of(error: &Error) -> Self {
        let words = words(error.messages());
        Self {
            code: error.status().map(|status| status.to_string()),
            message: Some(if words.is_empty() { error.to_string() } else { words.join("; ") }),
            correlation_id: error.correlation_id().map(str::to_owned),
            provision_id: None,
        }
    }

    /// A reason of our own.
    pub(super) fn because(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..Self::default() }
    }

    /// The same note under another code.
    pub(super) fn coded(self, code: &str) -> Self {
        Self { code: Some(code.to_owned()), ..self }
    }
}

/// Concur's messages as an administrator reads them: each once, with the attribute's short name. Concur often says the same
/// thing twice, as a message and as the detail.
fn words(messages: &[concur::error::ApiMessage]) -> Vec<String> {
    let short = |text: &str| text.replace("urn:ietf:params:scim:schemas:core:2.0:User:", "");
    let mut said: Vec<String> = Vec::new();
    let mut words = Vec::new();
    for message in messages {
        let text = short(&message.message);
        if said.contains(&text) {
            continue;
        }
        let path = message.schema_path.as_deref().map(short).filter(|path| !text.contains(path.as_str()));
        let path = path.map(|path| format!(", at {path}")).unwrap_or_default();
        let code = message.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
        words.push(format!("{text}{path}{code}"));
        said.push(text);
    }
    words
}

/// What it means that a request was certainly not applied: whether it was sent at all.
pub(super) fn not_applied(error: &Error) -> Event {
    let retry_after = error.retry_after();
    if matches!(error, Error::Paused { .. }) {
        Event::HeldBack { retry_after }
    } else {
        Event::NotApplied { retry_after }
    }
}

/// What is written in the transaction of a state change.
pub(super) type Effects = Box<dyn FnOnce(&mut Conn, Timestamp) -> Result<(), store::Error> + Send>;

/// No effects beside the state change.
pub(super) fn nothing_more() -> Effects {
    Box::new(|_, _| Ok(()))
}

impl Engine {
    /// Records an event: decides what follows and writes it, with `effects`, in one transaction.
    ///
    /// Answers the decision, or `None` where the operation belongs to someone else by now or the store is away; the
    /// lease then runs out and the operation is found again.
    pub(super) async fn record(
        &self,
        job: &Job,
        event: Event,
        note: Note,
        effects: Effects,
    ) -> Option<Decision> {
        let now = self.now();
        let decision = policy::decide(&job.history(), event, &self.settings, now, self.chance.uniform());
        let note = if decision.gave_up { note.coded(failure::GAVE_UP) } else { note };
        let transition = Transition {
            due_at: Some(decision.due_at),
            settle_until: decision.settle_until,
            provision_id: note.provision_id.clone(),
            error_code: note.code.clone(),
            error_message: note.message.clone(),
            correlation_id: note.correlation_id.clone(),
            is_retry: !matches!(event, Event::Adopted | Event::StepDone | Event::HeldBack { .. }),
            ..Transition::to(decision.to, now)
        };
        let (id, expect) = (job.row.id, job.expect());
        let let_go = (decision.to == State::Failed)
            .then(|| job.let_go_of_approvers(&note, decision.gave_up))
            .flatten();
        let asked_for = self.asked_for(job, event, &note, now);
        let written = self
            .store
            .write(move |conn| {
                let mine = operations::transition(conn, id, expect, &transition)?;
                if mine {
                    effects(conn, now)?;
                    if let Some(let_go) = let_go {
                        let_go(conn, now)?;
                    }
                    if let Some((provision, due_at)) = asked_for
                        && events::was_told(conn, &provision, earlier(now, TOLD_FOR))?
                    {
                        operations::due_by(conn, id, due_at)?;
                    }
                }
                Ok(mine)
            })
            .await;
        match written {
            Ok(true) => {
                self.count(job, &decision, &note);
                if decision.to == State::Failed {
                    self.tell_refusal(job, &note);
                }
                Some(decision)
            }
            Ok(false) => {
                tracing::info!(operation = %id, "another worker has this operation; this one leaves it alone");
                None
            }
            Err(error) => {
                tracing::error!(operation = %id, %error, "a state change could not be stored; the lease will run out");
                None
            }
        }
    }

    /// The request whose outcome is waited for, and when to ask for it if an event says that there is one: that may come
    /// before the answer to the request, and before Concur's status knows of it.
    fn asked_for(&self, job: &Job, event: Event, note: &Note, now: Timestamp) -> Option<(String, Timestamp)> {
        let due_at = match event {
            Event::Submitted => now,
            Event::Pending { retry_after: None } => later(now, self.settings.poll_first),
            _ => return None,
        };
        let provision = note.provision_id.clone().or_else(|| job.row.provision_id.clone())?;
        Some((provision, due_at))
    }

    /// Tells waiters that Concur took the identity part.
    pub(super) fn tell_accepted(&self, job: &Job, user: concur::UserId) {
        self.waiters.publish(job.row.id, &Verdict::Accepted { concur_user_id: user.to_string() });
    }

    fn tell_refusal(&self, job: &Job, note: &Note) {
        let reason = note.message.as_deref().unwrap_or("no reason given");
        let code = note.code.as_deref().unwrap_or_default();
        if let Some(error) = refusal(code, reason, note.correlation_id.as_deref()) {
            self.waiters.publish(job.row.id, &Verdict::Refused(error));
        }
    }

    fn count(&self, job: &Job, decision: &Decision, note: &Note) {
        let account = job.row.account.to_string();
        let state = decision.to.to_string();
        if job.row.state == State::Sending {
            self.metrics.ups_attempts.with_label_values(&[account.as_str(), state.as_str()]).inc();
        }
        if matches!(decision.to, State::Done | State::Failed) {
            let kind = job.change.kind.as_str();
            self.metrics
                .ups_operations_ended
                .with_label_values(&[account.as_str(), kind, state.as_str()])
                .inc();
        }
        tracing::info!(
            operation = %job.row.id, account = %account, kind = %job.change.kind, attempt = job.row.attempt,
            from = %job.row.state, to = %state, code = note.code.as_deref(), correlation_id = note.correlation_id.as_deref(),
            "operation moved"
        );
    }
}

fn earlier(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_sub(by).unwrap_or(now)
}

/// The state of one part of a user, with the operation and with the resource.
pub(super) fn put_part(
    conn: &mut Conn,
    job: &PartOf,
    part: &str,
    state: &str,
    note: &Note,
    now: Timestamp,
) -> Result<(), store::Error> {
    let outcome = ExtensionOutcome {
        extension: part.to_owned(),
        state: state.to_owned(),
        code: note.code.clone(),
        message: note.message.clone(),
        updated_at: now,
    };
    operations::put_extension(conn, job.operation, &outcome)?;
    let state = links::ExtensionState {
        extension: part.to_owned(),
        state: state.to_owned(),
        provision_id: note.provision_id.clone().or_else(|| job.provision_id.clone()),
        error_code: note.code.clone(),
        error_message: note.message.clone(),
        updated_at: now,
    };
    links::put_extension(conn, job.resource, &state)
}

/// Where a part's state is kept.
#[derive(Debug, Clone)]
pub(super) struct PartOf {
    operation: store::ids::OperationId,
    resource: store::ids::ResourceId,
    provision_id: Option<String>,
}

impl PartOf {
    /// Of an operation that has ended.
    pub(super) fn of(operation: store::ids::OperationId, resource: store::ids::ResourceId) -> Self {
        Self { operation, resource, provision_id: None }
    }

    pub(super) fn job(job: &Job) -> Self {
        Self {
            operation: job.row.id,
            resource: job.row.resource_id,
            provision_id: job.row.provision_id.clone(),
        }
    }
}

/// The rest of an operation: after a deactivation what else the provider changed, now that access has ended; after an
/// adoption the end of access, where the provider's new user is to have none and was in Concur with it.
pub(super) fn rest_of(
    job: &Job,
    known: &crate::translate::ConcurUser,
    now: Timestamp,
) -> Option<NewOperation> {
    let kind = match job.change.kind {
        Kind::Deactivate if job.left_over(known) => Kind::Update,
        Kind::Create if known.is_active() && !job.change.desired.is_active() => Kind::Deactivate,
        _ => return None,
    };
    let rest = crate::translate::Operation { kind, before: None, ..job.change.clone() };
    Some(NewOperation {
        account: job.row.account,
        resource_id: job.row.resource_id,
        kind: rest.kind.as_str().to_owned(),
        payload: rest.to_payload(),
        held: None,
        now,
    })
}

/// Enqueues a rest; one that ends access goes through the brake.
pub(super) fn enqueue_rest(
    conn: &mut Conn,
    rest: &NewOperation,
    limits: &BrakeLimits,
) -> Result<(), store::Error> {
    if !operations::is_urgent(&rest.kind) {
        return operations::enqueue(conn, rest).map(drop);
    }
    let grip = brake::admit(conn, rest.account, limits, rest.resource_id, Kind::Deactivate, rest.now)?;
    let id = operations::enqueue(conn, &NewOperation { held: grip.held(), ..rest.clone() })?.id;
    if matches!(grip, Grip::Held { by_brake: true, .. }) {
        store::brakes::hold(conn, rest.account, id, rest.now)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::words;
    use concur::error::ApiMessage;

    #[test]
    fn concurs_messages_are_said_once_and_shortly() {
        let message = |code: Option<&str>, text: &str, path: Option<&str>| ApiMessage {
            code: code.map(str::to_owned),
            message: text.to_owned(),
            schema_path: path.map(str::to_owned),
        };
        let user_name = "urn:ietf:params:scim:schemas:core:2.0:User:userName";
        let taken = format!("'{user_name}' is already in use");
        let said = words(&[
            message(Some("INVALID_VALUE"), &taken, Some(user_name)),
            message(None, &taken, None),
            message(Some("INVALID_VALUE"), "too long", Some("title")),
        ]);
        assert_eq!(
            said,
            ["'userName' is already in use (INVALID_VALUE)", "too long, at title (INVALID_VALUE)"]
        );
    }
}
