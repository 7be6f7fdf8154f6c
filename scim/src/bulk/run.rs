//! Carrying out a Bulk request, one request after the other: order, references, cycles, `failOnErrors`.
//!
//! Operations run in the order in which they were sent. One that refers to a resource that is still to be created
//! waits for it, and so does every later operation on the same resource. A circle of creations is resolved (RFC 7644
//! §3.7.1): the first of them is created without what it cannot refer to yet, and is replaced by what was asked for as
//! soon as all ids are known. If that fails it is deleted again and its answer is 409: an operation applies wholly or
//! not at all.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    BulkRequest, Method,
    reference::{self, target},
    request::{Asked, Operation},
};
use crate::{Error, ResourceType};

/// A request to carry out, with all references resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Position of its operation in the request, from 0.
    pub operation: usize,
    /// What to do.
    pub method: Method,
    /// Where.
    pub resource_type: &'static ResourceType,
    /// The resource; `None` for POST.
    pub id: Option<String>,
    /// An `If-Match` of this operation.
    pub version: Option<String>,
    /// The body; `null` for DELETE.
    pub data: Value,
}

/// What a request that succeeded leaves behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Success {
    /// HTTP status: 201, 200 or 204.
    pub status: u16,
    /// `id` of the resource.
    pub id: String,
    /// Its URI.
    pub location: String,
    /// Its entity tag; `None` after DELETE.
    pub version: Option<String>,
}

/// A Bulk request on its way. Ask [`Run::next_call`], carry it out, tell [`Run::settle`], until there is none.
#[derive(Debug)]
pub struct Run {
    fail_on_errors: usize,
    steps: Vec<Step>,
    current: Option<(usize, Stage)>,
}

#[derive(Debug)]
pub(super) struct Step {
    pub operation: Operation,
    /// Operations whose ids the data needs.
    needs: Vec<usize>,
    /// The operation that creates the resource of the path, and the one before on the same resource.
    after: Vec<usize>,
    pub state: State,
}

#[derive(Debug)]
pub(super) enum State {
    Waiting,
    /// Created, without references to what was not there.
    Partial(Success),
    /// To be deleted again, for this reason.
    Failing(Success, Error),
    Ended(Result<Success, Error>),
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Whole,
    CreateWithout,
    Complete,
    Undo,
}

impl State {
    fn id(&self) -> Option<&str> {
        match self {
            State::Partial(success) | State::Ended(Ok(success)) => Some(&success.id),
            State::Waiting | State::Failing(..) | State::Ended(Err(_)) => None,
        }
    }

    fn has_failed(&self) -> bool {
        matches!(self, State::Failing(..) | State::Ended(Err(_)))
    }
}

impl Run {
    /// Takes the request; nothing happens yet.
    pub fn new(request: BulkRequest) -> Run {
        let fail_on_errors = request.fail_on_errors.unwrap_or(usize::MAX);
        Run { fail_on_errors, steps: link(request.operations), current: None }
    }

    /// The next request to carry out; `None` at the end. Asked twice without an answer in between, it takes the first
    /// one for failed.
    pub fn next_call(&mut self) -> Option<Call> {
        if self.current.is_some() {
            self.settle(Err(Error::internal("the operation was not carried out")));
        }
        loop {
            let (i, stage) = self.choose()?;
            match self.call(i, stage) {
                Ok(call) => {
                    self.current = Some((i, stage));
                    return Some(call);
                }
                Err(error) => self.fail(i, error),
            }
        }
    }

    /// What came of the last call.
    pub fn settle(&mut self, outcome: Result<Success, Error>) {
        let Some((i, stage)) = self.current.take() else { return };
        match (stage, outcome) {
            (Stage::Whole, outcome) => self.steps[i].state = State::Ended(outcome),
            (Stage::CreateWithout, Ok(success)) => self.steps[i].state = State::Partial(success),
            (Stage::CreateWithout, Err(error)) => self.steps[i].state = State::Ended(Err(error)),
            (Stage::Complete, Ok(success)) => {
                self.steps[i].state = State::Ended(Ok(Success { status: 201, ..success }));
            }
            (Stage::Complete, Err(error)) => {
                let detail = format!("The circular reference cannot be resolved: {}", error.detail);
                self.fail(i, Error::conflict(detail));
            }
            (Stage::Undo, outcome) => {
                let State::Failing(_, error) = std::mem::replace(&mut self.steps[i].state, State::Waiting)
                else {
                    return;
                };
                let error = match outcome {
                    Ok(_) | Err(Error { status: 404, .. }) => error,
                    Err(undo) => {
                        let detail =
                            format!("{} The half-made resource stays: {}", error.detail, undo.detail);
                        Error { detail, ..error }
                    }
                };
                self.steps[i].state = State::Ended(Err(error));
            }
        }
    }

    /// Takes back the success of an operation that turned out not to stand after all.
    pub fn take_back(&mut self, operation: usize, error: Error) {
        if let Some(step) = self.steps.get_mut(operation) {
            step.state = State::Ended(Err(error));
        }
    }

    /// The `BulkResponse`: a result for every operation that was processed, in the order of the request. `base_url`
    /// is the absolute URL in front of `/Users`.
    pub fn into_response(self, base_url: &str) -> Value {
        super::response::render(&self.steps, base_url)
    }

    /// What is to be done next, and how. What is half done comes first, so that nobody works on it.
    fn choose(&self) -> Option<(usize, Stage)> {
        let failing = |step: &Step| matches!(step.state, State::Failing(..));
        if let Some(i) = self.steps.iter().position(failing) {
            return Some((i, Stage::Undo));
        }
        let stopped = self.steps.iter().filter(|step| step.state.has_failed()).count() >= self.fail_on_errors;
        let settled = |i: &usize| !matches!(self.steps[*i].state, State::Waiting);
        let completable = |step: &Step| {
            matches!(step.state, State::Partial(_)) && (stopped || step.needs.iter().all(settled))
        };
        if let Some(i) = self.steps.iter().position(completable) {
            return Some((i, Stage::Complete));
        }
        if stopped {
            return None;
        }
        let ended = |i: &usize| matches!(self.steps[*i].state, State::Ended(_));
        let waiting = |step: &Step| matches!(step.state, State::Waiting);
        let ready =
            |step: &Step| waiting(step) && step.needs.iter().all(settled) && step.after.iter().all(ended);
        if let Some(i) = self.steps.iter().position(ready) {
            return Some((i, Stage::Whole));
        }
        // Only creations need nothing but each other, so whoever is left waits for a circle of them.
        let circle = (0..self.steps.len()).find(|i| waiting(&self.steps[*i]) && self.needs_itself(*i));
        circle.map(|i| (i, Stage::CreateWithout))
    }

    /// Whether a waiting operation waits, through others, for itself.
    fn needs_itself(&self, start: usize) -> bool {
        let mut seen = vec![false; self.steps.len()];
        let mut open = vec![start];
        while let Some(i) = open.pop() {
            for &needed in &self.steps[i].needs {
                if needed == start {
                    return true;
                }
                if matches!(self.steps[needed].state, State::Waiting) && !seen[needed] {
                    seen[needed] = true;
                    open.push(needed);
                }
            }
        }
        false
    }

    fn call(&self, i: usize, stage: Stage) -> Result<Call, Error> {
        let asked = self.steps[i].operation.asked.as_ref().map_err(Clone::clone)?;
        let by_bulk_id = |bulk_id: &str| {
            self.steps.iter().find(|step| {
                step.operation.bulk_id.as_deref() == Some(bulk_id)
                    && step.operation.asked.as_ref().is_ok_and(|asked| asked.method == Method::Post)
            })
        };
        let id_of = |bulk_id: &str| by_bulk_id(bulk_id)?.state.id().map(str::to_owned);
        let plain = |method, id, data| Call {
            operation: i,
            method,
            resource_type: asked.resource_type,
            id,
            version: None,
            data,
        };
        let own_id = || self.steps[i].state.id().map(str::to_owned);
        match (stage, &self.steps[i].state) {
            (Stage::Undo, State::Failing(created, _)) => {
                return Ok(plain(Method::Delete, Some(created.id.clone()), Value::Null));
            }
            (Stage::CreateWithout, _) => {
                let waits = |step: &Step| matches!(step.state, State::Waiting);
                let mut data = reference::without(&asked.data, &|id| by_bulk_id(id).is_some_and(waits));
                check(&data, &by_bulk_id)?;
                reference::resolve(&mut data, &id_of);
                return Ok(plain(Method::Post, None, data));
            }
            _ => {}
        }
        check(&asked.data, &by_bulk_id)?;
        let mut data = asked.data.clone();
        reference::resolve(&mut data, &id_of);
        if let Stage::Complete = stage {
            return Ok(plain(Method::Put, own_id(), data));
        }
        let id = match asked.id.as_deref().map(|id| (id, target(id))) {
            None => None,
            Some((id, None)) => Some(id.to_owned()),
            Some((_, Some(bulk_id))) => {
                check_one(bulk_id, by_bulk_id(bulk_id))?;
                id_of(bulk_id)
            }
        };
        Ok(Call { version: asked.version.clone(), ..plain(asked.method, id, data) })
    }

    /// Ends an operation without success; what it has made goes first.
    fn fail(&mut self, i: usize, error: Error) {
        let state = std::mem::replace(&mut self.steps[i].state, State::Waiting);
        self.steps[i].state = match state {
            State::Partial(success) => State::Failing(success, error),
            _ => State::Ended(Err(error)),
        };
    }
}

/// Who waits for whom.
fn link(operations: Vec<Operation>) -> Vec<Step> {
    let mut creations = HashMap::new();
    for (i, operation) in operations.iter().enumerate() {
        if let (Some(id), Ok(Asked { method: Method::Post, .. })) = (&operation.bulk_id, &operation.asked) {
            creations.insert(id.clone(), i);
        }
    }
    let mut last_on: HashMap<(&'static str, String), usize> = HashMap::new();
    let mut steps = Vec::with_capacity(operations.len());
    for (i, operation) in operations.into_iter().enumerate() {
        let (mut needs, mut after) = (Vec::new(), Vec::new());
        if let Ok(asked) = &operation.asked {
            reference::each(&asked.data, &mut |id| needs.extend(creations.get(id)));
            if let Some(id) = &asked.id {
                after.extend(target(id).and_then(|id| creations.get(id)));
                after.extend(last_on.insert((asked.resource_type.name, id.clone()), i));
            }
        }
        steps.push(Step { operation, needs, after, state: State::Waiting });
    }
    steps
}

/// Whether everything that the data refers to is there.
fn check<'s>(data: &Value, by_bulk_id: &impl Fn(&str) -> Option<&'s Step>) -> Result<(), Error> {
    let mut result = Ok(());
    reference::each(data, &mut |bulk_id| {
        if result.is_ok() {
            result = check_one(bulk_id, by_bulk_id(bulk_id));
        }
    });
    result
}

fn check_one(bulk_id: &str, step: Option<&Step>) -> Result<(), Error> {
    match step {
        None => Err(Error::invalid_value(format!(
            "No POST of this request has the bulkId {bulk_id:.64} that is referred to."
        ))),
        Some(step) if step.state.id().is_none() => Err(Error::conflict(format!(
            "The operation with the bulkId {bulk_id:.64}, which is referred to, created nothing."
        ))),
        Some(_) => Ok(()),
    }
}
