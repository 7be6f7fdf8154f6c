//! Going back after Concur refused a write for certain while its caller was waiting (design D4, I2).
//!
//! One transaction puts the resource back and ends the operation. A later change of the same user that was
//! accepted meanwhile stays: only what the refused write had changed is taken out of it, and what is to be sent
//! for it is planned again.

use scim::{Resource, ResourceType};
use serde_json::{Map, Value, json};
use store::ids::OperationId;
use store::operations::{self, Expect, State, Transition};
use store::{Conn, audit, resources};

use super::verdict::Accepted;
use super::{Error, OnBehalf, content};
use crate::brake::Grip;
use crate::bridge::Bridge;
use crate::translate::{self, Kind, Operation};

/// How often going back starts again when another one was faster.
const TRIES: usize = 5;

/// Undoes a refused write.
pub(super) async fn undo(
    bridge: &Bridge,
    on: &OnBehalf,
    operation: OperationId,
    accepted: &Accepted,
) -> Result<(), Error> {
    for _ in 0..TRIES {
        let (job, accepted, now) = (on.clone(), accepted.clone(), bridge.clock.now());
        let undone = bridge.store.try_write(move |conn| undo_in(conn, &job, operation, &accepted, now)).await;
        // Someone else was faster: a later change, or another one who waits for the same verdict.
        if !matches!(undone, Err(Error::Store(store::Error::Stale { .. }))) {
            return undone;
        }
    }
    Err(store::Error::Unavailable { reason: "the resource is being changed too quickly".to_owned() }.into())
}

fn undo_in(
    conn: &mut Conn,
    on: &OnBehalf,
    operation: OperationId,
    accepted: &Accepted,
    now: jiff::Timestamp,
) -> Result<(), Error> {
    let refused = operations::get(conn, operation)?;
    if refused.state.is_end() {
        // Someone else waited for the same verdict and was quicker.
        return Ok(());
    }
    let waiting = operations::Filter {
        resource_id: Some(accepted.resource),
        states: vec![State::Accepted, State::Held, State::Ready],
        ..operations::Filter::default()
    };
    let mut later = operations::list(conn, &waiting, usize::from(u8::MAX))?;
    later.retain(|other| other.id > operation);
    let current = resources::get(conn, accepted.resource)?;
    let absorbed = operations::has_absorbed(conn, operation)?;
    if later.is_empty() && current.version == accepted.version {
        resources::restore(conn, accepted.resource, accepted.before.as_ref(), now)?;
        if let (true, Some(before)) = (absorbed, &accepted.before) {
            // Updates that were never sent, since the refused one carried them too, are wanted again.
            let resource = Resource::from_stored(ResourceType::user(), before.body.clone());
            let given = super::groups::given(&store::groups::of_user(conn, accepted.resource)?, &on.settings);
            let again = Operation::new(Kind::Update, translate::user(&resource, &on.settings, &given)?, None);
            super::outbox::enqueue(conn, on, accepted.resource, &again, &Grip::Free, now)?;
        }
    } else {
        replan(conn, on, accepted, &current, &later, absorbed, now)?;
    }
    let expect = Expect { state: refused.state, lease_epoch: refused.lease_epoch };
    let reason = Some("refused by Concur while the identity provider waited".to_owned());
    let transition = Transition { reason, ..Transition::to(State::Cancelled, now) };
    if !operations::transition(conn, operation, expect, &transition)? {
        return Err(store::Error::Stale { what: "operation" }.into());
    }
    let event = audit::NewEvent {
        account: Some(on.account.id),
        at: now,
        actor: "concur".to_owned(),
        action: "user.refused".to_owned(),
        subject: format!("user:{}", accepted.resource),
        details: json!({"operation": operation.as_i64(), "correlation_id": refused.correlation_id}),
    };
    audit::append(conn, &event)?;
    Ok(())
}

/// Takes the refused change out of a resource that has moved on, and out of what waits to be sent for it.
fn replan(
    conn: &mut Conn,
    on: &OnBehalf,
    accepted: &Accepted,
    current: &resources::Resource,
    later: &[operations::Operation],
    absorbed: bool,
    now: jiff::Timestamp,
) -> Result<(), Error> {
    let kinds: Vec<Kind> = later
        .iter()
        .filter_map(|waiting| Operation::from_payload(&waiting.payload).ok())
        .map(|planned| planned.kind)
        .collect();
    if current.deleted_at.is_some() || kinds.contains(&Kind::Delete) {
        // The person leaves anyway, and a deletion is never planned away (I17).
        return Ok(());
    }
    let kept = match &accepted.before {
        Some(before) => without(&before.body, &accepted.after.body, &current.body),
        None => current.body.clone(),
    };
    let resource = Resource::from_stored(ResourceType::user(), kept);
    if resource.to_stored() != current.body {
        resources::update(conn, current.id, current.version, &content::of(&resource), now)?;
    }
    let kind = match &accepted.before {
        // The create was refused, so whatever came after it is the create now.
        None => Kind::Create,
        Some(_) if kinds.contains(&Kind::Deactivate) => Kind::Deactivate,
        Some(_) if kinds.contains(&Kind::Reactivate) => Kind::Reactivate,
        Some(_) => Kind::Update,
    };
    let grip = grip_of(conn, later)?;
    for waiting in later {
        let expect = Expect { state: waiting.state, lease_epoch: waiting.lease_epoch };
        let reason = Some("an earlier change was refused, so this one was planned again".to_owned());
        let transition = Transition { reason, ..Transition::to(State::Superseded, now) };
        operations::transition(conn, waiting.id, expect, &transition)?;
    }
    if later.is_empty() && accepted.before.is_some() && !absorbed {
        // What was changed meanwhile is nothing that Concur would notice; it still holds what it held before.
        return Ok(());
    }
    let before = accepted.before.as_ref().map(|before| before.body.clone());
    let given = super::groups::given(&store::groups::of_user(conn, current.id)?, &on.settings);
    let again = Operation::new(kind, translate::user(&resource, &on.settings, &given)?, before);
    super::outbox::enqueue(conn, on, current.id, &again, &grip, now)?;
    Ok(())
}

/// Planning again is no way past the brake: a deactivation that was held is held.
fn grip_of(conn: &mut Conn, later: &[operations::Operation]) -> Result<Grip, store::Error> {
    let mut held = later.iter().filter(|it| it.state == State::Held && operations::is_urgent(&it.kind));
    let Some(held) = held.next() else { return Ok(Grip::Free) };
    let by_brake = store::brakes::holds(conn, held.id)?;
    Ok(Grip::Held { reason: held.reason.clone().unwrap_or_default(), by_brake })
}

/// `current` without the step from `before` to `after`: what that step changed and nobody has changed since goes
/// back. Attribute by attribute, extensions by their attributes.
fn without(before: &Value, after: &Value, current: &Value) -> Value {
    let (Value::Object(before), Value::Object(after), Value::Object(current)) = (before, after, current)
    else {
        return current.clone();
    };
    let mut result = Map::new();
    let names: std::collections::BTreeSet<&String> = before.keys().chain(current.keys()).collect();
    for name in names {
        let (old, refused, now) = (before.get(name), after.get(name), current.get(name));
        let value = if name.starts_with("urn:") {
            let part = |value: Option<&Value>| value.cloned().unwrap_or_else(|| json!({}));
            Some(without(&part(old), &part(refused), &part(now)))
                .filter(|v| v.as_object().is_none_or(|o| !o.is_empty()))
        } else if now == refused {
            old.cloned()
        } else {
            now.cloned()
        };
        if let Some(value) = value {
            result.insert(name.clone(), value);
        }
    }
    Value::Object(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_refused_step_changed_goes_back() {
        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let before =
            json!({"userName": "ada", "title": "Engineer", "nickName": "A", (urn): {"department": "R"}});
        // Refused: another title, no nickname, a division.
        let after = json!({"userName": "ada", "title": "Lead", (urn): {"department": "R", "division": "D"}});
        // Accepted meanwhile: another department, a display name.
        let current = json!({"userName": "ada", "title": "Lead", "displayName": "Ada",
            (urn): {"department": "S", "division": "D"}});
        assert_eq!(
            without(&before, &after, &current),
            json!({"userName": "ada", "title": "Engineer", "nickName": "A", "displayName": "Ada",
                (urn): {"department": "S"}})
        );
    }

    #[test]
    fn what_was_changed_again_since_stays() {
        let (before, after, current) = (json!({"title": "a"}), json!({"title": "b"}), json!({"title": "c"}));
        assert_eq!(without(&before, &after, &current), json!({"title": "c"}));
    }
}
