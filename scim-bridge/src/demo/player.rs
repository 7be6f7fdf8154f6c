//! Plays a recorded IdP conversation against a running bridge, and compares what came back and what Concur received
//! with what the recording says. The demo and the tests play through this one door.
//!
//! It behaves as the IdP does: over HTTP, with a bearer token. What it looks at beyond that (is everything
//! delivered, what did Concur receive) it reads from the store and the simulator, as an operator would.

use std::time::Duration;

use anyhow::{Context, bail};
use fixtures::idp::{self, ConcurWrite, Step, Variables};
use fixtures::simulator::{Simulator, Write};
use serde_json::Value;
use store::ids::AccountId;
use store::operations::{self, State};
use store::resources::{self, Lookup, ResourceType};
use store::{Store, links};

/// How long a change may take to arrive in Concur and be read back.
const DELIVERY_MAX: Duration = Duration::from_mins(1);
/// How often to look whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Where a conversation is played.
#[derive(Debug)]
pub struct Player<'a> {
    /// The IdP's connection.
    pub http: reqwest::Client,
    /// SCIM base address, without a slash at the end.
    pub scim: String,
    /// Bearer token with `scim:read` and `scim:write`.
    pub token: String,
    /// The bridge's store.
    pub store: Store,
    /// The account that the token opens.
    pub account: AccountId,
    /// The Concur behind the bridge.
    pub simulator: &'a Simulator,
}

/// What came of a step.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// Status of the answer.
    pub status: u16,
    /// Body of the answer; null when there was none.
    pub body: Value,
    /// What Concur received because of the step.
    pub writes: Vec<Write>,
    /// Where answer or writes part from the recording; empty when all is as recorded.
    pub differences: Vec<String>,
}

/// Whether the step is played for the first time, or again because the IdP's process or ours died during it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// First time.
    First,
    /// A repetition: what the first try has done is found instead of done again.
    Repeat,
}

impl Player<'_> {
    /// How many writes Concur has received so far; the `mark` of the next step.
    pub fn mark(&self) -> usize {
        self.writes().len()
    }

    /// Sends the step's request, waits until its effect is read back from Concur, and compares. `mark` is the
    /// number of writes before the step; captured values are added to `variables`.
    ///
    /// # Errors
    /// The bridge cannot be reached, or a change is not delivered within a minute.
    pub async fn play(
        &self,
        step: &Step,
        variables: &mut Variables,
        mark: usize,
        turn: Turn,
    ) -> anyhow::Result<Played> {
        let mut played = self.send(step, variables).await?;
        if turn == Turn::Repeat {
            self.find_instead(step, &mut played).await?;
        }
        for (name, pointer) in &step.capture {
            if let Some(value) = played.body.pointer(pointer).and_then(Value::as_str) {
                variables.insert(name.clone(), value.to_owned());
            }
        }
        if step.request.method != "GET" {
            self.wait_until_delivered().await?;
        }
        played.writes = self.writes().split_off(mark);
        self.compare_writes(step, variables, &mut played).await?;
        Ok(played)
    }

    async fn send(&self, step: &Step, variables: &Variables) -> anyhow::Result<Played> {
        let request = &step.request;
        let url = format!("{}{}", self.scim, idp::expand(&request.path, variables)?);
        let mut builder = self
            .http
            .request(request.method.parse().context("the recording's method")?, &url)
            .bearer_auth(&self.token);
        for (name, value) in &request.headers {
            builder = builder.header(name, idp::expand(value, variables)?);
        }
        if let Some(body) = &request.body {
            builder = builder.body(serde_json::to_vec(&idp::expand_value(body, variables)?)?);
        }
        let answer = builder.send().await.with_context(|| format!("{} {url}", request.method))?;
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let text = answer.text().await?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? };

        let mut differences = Vec::new();
        if status != step.expect.status {
            differences.push(format!("status: expected {}, found {status}: {body}", step.expect.status));
        }
        for (name, start) in &step.expect.headers {
            let found = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if !found.starts_with(start.as_str()) {
                differences.push(format!("header {name}: expected {start}…, found {found:?}"));
            }
        }
        let mut known = variables.clone();
        for (name, pointer) in &step.capture {
            if let Some(value) = body.pointer(pointer).and_then(Value::as_str) {
                known.insert(name.clone(), value.to_owned());
            }
        }
        if let Some(expected) = &step.expect.body {
            let expected = idp::expand_value(expected, &known)?;
            differences.extend(idp::differences(&expected, &body).iter().map(ToString::to_string));
        }
        Ok(Played { status, body, writes: Vec::new(), differences })
    }

    /// An IdP whose connection was cut repeats its request, meets 409 (or 404 on a repeated DELETE), and looks the
    /// person up. That is an outcome as good as the recorded one.
    async fn find_instead(&self, step: &Step, played: &mut Played) -> anyhow::Result<()> {
        let request = &step.request;
        match (request.method.as_str(), played.status) {
            ("POST", 409) => {
                let body = request.body.clone().unwrap_or_default();
                let name = body["userName"].as_str().context("a create without userName")?.to_owned();
                let answer = self
                    .http
                    .get(format!("{}/Users", self.scim))
                    .query(&[("filter", format!("userName eq \"{name}\""))])
                    .bearer_auth(&self.token)
                    .send()
                    .await?;
                let found: Value = serde_json::from_str(&answer.text().await?)?;
                played.body = found["Resources"][0].clone();
                played.differences.clear();
            }
            ("DELETE", 404) => played.differences.clear(),
            // A lookup that found nobody the first time may find the person now.
            ("GET", 200) if step.expect.body.as_ref().is_some_and(|body| body["totalResults"] == 0) => {
                played.differences.clear();
            }
            _ => {}
        }
        Ok(())
    }

    /// Waits until no operation of the account is on its way.
    async fn wait_until_delivered(&self) -> anyhow::Result<()> {
        let waited = tokio::time::timeout(DELIVERY_MAX, async {
            loop {
                let account = self.account;
                let counts =
                    self.store.read(move |conn| operations::counts_by_state(conn, Some(account))).await?;
                let open = |(state, count): &(State, u64)| {
                    *count > 0 && !state.is_end() && !matches!(state, State::Failed | State::Held)
                };
                if !counts.iter().any(open) {
                    return anyhow::Ok(());
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
        match waited.await {
            Ok(done) => done,
            Err(_) => bail!("a change was not delivered to Concur within {DELIVERY_MAX:?}"),
        }
    }

    /// Writes to users, in the order in which Concur received them.
    fn writes(&self) -> Vec<Write> {
        self.simulator.writes().into_iter().filter(|write| write.path.starts_with("/profile/")).collect()
    }

    async fn compare_writes(
        &self,
        step: &Step,
        variables: &mut Variables,
        played: &mut Played,
    ) -> anyhow::Result<()> {
        if played.writes.len() != step.concur.len() {
            let seen: Vec<String> = played
                .writes
                .iter()
                .map(|write| format!("{} {} {}", write.method, write.path, write.body))
                .collect();
            played.differences.push(format!(
                "Concur: expected {} writes, received {}: {seen:?}",
                step.concur.len(),
                seen.len()
            ));
        }
        for (expected, write) in step.concur.iter().zip(played.writes.clone()) {
            if let Some(name) = &expected.assigns {
                let id = self.concur_user_id(&write).await?;
                variables.insert(name.clone(), id);
            }
            compare_write(expected, &write, variables, &mut played.differences)?;
        }
        Ok(())
    }

    /// The id that Concur gave the user of a create.
    async fn concur_user_id(&self, write: &Write) -> anyhow::Result<String> {
        let name = write.body["userName"].as_str().context("a create without userName")?;
        let (account, lookup) = (self.account, Lookup::UserName(scim::fold_user_name(name)));
        let id = self
            .store
            .read(move |conn| {
                let found = resources::find(conn, account, ResourceType::User, &lookup)?;
                let Some(resource) = found.into_iter().next() else { return Ok(None) };
                Ok(links::get(conn, resource.id)?.and_then(|link| link.concur_user_id))
            })
            .await?;
        id.with_context(|| "the bridge has not stored the id that Concur gave".to_owned())
    }
}

fn compare_write(
    expected: &ConcurWrite,
    write: &Write,
    variables: &Variables,
    differences: &mut Vec<String>,
) -> anyhow::Result<()> {
    let path = idp::expand(&expected.path, variables)?;
    if (&expected.method, &path) != (&write.method, &write.path) {
        differences.push(format!(
            "Concur: expected {} {path}, received {} {}",
            expected.method, write.method, write.path
        ));
    }
    if !write.applied {
        differences.push(format!("Concur: refused {} {} ({})", write.method, write.path, write.status));
    }
    if let Some(body) = &expected.body {
        let body = idp::expand_value(body, variables)?;
        let found = idp::differences(&body, &write.body);
        differences.extend(found.iter().map(|difference| format!("Concur: {difference}")));
    }
    if let Some(operations) = &expected.operations {
        let mut expanded = operations.clone();
        for operation in &mut expanded {
            operation.path = idp::expand(&operation.path, variables)?;
            if let Some(value) = &operation.value {
                operation.value = Some(idp::expand_value(value, variables)?);
            }
        }
        let found = idp::patch_differences(&expanded, &write.body);
        differences.extend(found.iter().map(|difference| format!("Concur: {difference}")));
    }
    Ok(())
}
