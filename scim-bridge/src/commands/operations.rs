//! `scim-bridge operations list|show|replay|cancel|hold|release`: the outbox of an account.

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use store::Store;
use store::accounts::Account;
use store::ids::OperationId;
use store::operations::State;

use super::{Settings, Usage, output};
use crate::clock::Clock;
use crate::operations::{self, ActError, Verb, Wanted};
use crate::serve;

/// Who acts, as the audit trail names it.
const ACTOR: &str = "command line";
/// Operations of a page, unless asked otherwise.
const PAGE: usize = 50;
/// Failed operations that `--all-failed` looks for at a time.
const FAILED_PAGE: usize = 200;

/// What to do with operations.
#[derive(Debug, Subcommand)]
pub(super) enum Operations {
    /// List them, newest first.
    List(List),
    /// Show one with all its attempts and what became of each part.
    Show {
        /// Its id.
        id: i64,
        /// The account's name; not needed while there is one account.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        /// Instead: the exact request that would be sent for it. Sends nothing.
        #[arg(long)]
        request: bool,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// Send failed ones again, with all their attempts.
    Replay(Replay),
    /// End some that are not on their way; a cancelled deactivation leaves access, and SCIM shows it.
    Cancel(Act),
    /// Stop some that wait, and what comes after them for the same user.
    Hold(Act),
    /// Let go what `hold` has stopped. What the brake holds is released with `brake release`.
    Release(Act),
}

/// Which to list.
#[derive(Debug, Args)]
pub(super) struct List {
    /// The account's name; not needed while there is one account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// In these states, with commas between them, like failed,held.
    #[arg(long = "state", value_name = "STATE", value_delimiter = ',')]
    states: Vec<String>,
    /// Of this kind: create, update, deactivate, reactivate or delete.
    #[arg(long)]
    kind: Option<String>,
    /// Of this user, by SCIM id or userName.
    #[arg(long)]
    user: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = PAGE, value_name = "NUMBER")]
    limit: usize,
    /// Go on after a page: the cursor that it ended with.
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<i64>,
    /// Instead: one line of JSON for each, with the exact request that would be sent for it. Sends nothing.
    #[arg(long, conflicts_with = "json")]
    requests: bool,
    /// For machines.
    #[arg(long)]
    json: bool,
}

/// Which to act upon.
#[derive(Debug, Args)]
pub(super) struct Act {
    /// Their ids.
    #[arg(required = true)]
    ids: Vec<i64>,
    /// The account's name; not needed while there is one account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Why. Goes into the audit trail.
    #[arg(long)]
    reason: String,
}

/// Which to send again.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// Their ids.
    #[arg(required_unless_present = "all_failed")]
    ids: Vec<i64>,
    /// Every failed operation of the account.
    #[arg(long, conflicts_with = "ids")]
    all_failed: bool,
    /// The account's name; not needed while there is one account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Why. Goes into the audit trail.
    #[arg(long)]
    reason: String,
}

impl Operations {
    pub(super) fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let config = settings.load()?;
        let store = serve::open_store(&config)?;
        match self {
            Self::List(list) => list.run(&store),
            Self::Show { id, account, request, json } => {
                let account = super::account::named_or_only(&store, account.as_deref())?;
                let id = OperationId::from_i64(id);
                if request { would_send(&store, &account, id) } else { show(&store, &account, id, json) }
            }
            Self::Replay(replay) => replay.run(&store),
            Self::Cancel(act) => act.run(&store, Verb::Cancel),
            Self::Hold(act) => act.run(&store, Verb::Hold),
            Self::Release(act) => act.run(&store, Verb::Release),
        }
    }
}

impl List {
    fn run(self, store: &Store) -> anyhow::Result<()> {
        let states = self
            .states
            .iter()
            .map(|name| {
                let known = || State::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", ");
                name.parse().map_err(|_| Usage(format!("--state {name}: there are {}", known())))
            })
            .collect::<Result<Vec<State>, _>>()?;
        if self.limit == 0 {
            return Err(Usage("--limit 0: at least 1".to_owned()).into());
        }
        let account = super::account::named_or_only(store, self.account.as_deref())?;
        let wanted = Wanted {
            account: account.id,
            states,
            kind: self.kind,
            user: self.user.clone(),
            before: self.cursor.map(OperationId::from_i64),
            limit: self.limit,
        };
        let page = store.read_blocking(|conn| operations::list(conn, &wanted))?;
        let user = self.user.unwrap_or_default();
        let page = page.ok_or_else(|| anyhow::anyhow!("there is no user {user:?} in {}", account.name))?;
        if self.json {
            return output::result(&serde_json::to_string_pretty(&page)?);
        }
        let listed = page["operations"].as_array().into_iter().flatten();
        if self.requests {
            for operation in listed {
                output::result(&with_request(store, &account, operation)?.to_string())?;
            }
        } else {
            let rows: Vec<Vec<String>> = listed.map(row).collect();
            output::table(&["id", "kind", "state", "user", "attempts", "accepted", "why"], &rows)?;
        }
        if let Some(next) = page["next_cursor"].as_str() {
            output::note(&format!("older ones: the same with --cursor {next}"));
        }
        Ok(())
    }
}

fn row(operation: &Value) -> Vec<String> {
    let text = |name: &str| match &operation[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let why = [text("error_code"), text("error_message"), text("reason")];
    let why = why.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    vec![text("id"), text("kind"), text("state"), text("user"), text("attempt"), text("accepted_at"), why]
}

/// An operation, told shortly, with what would be sent for it.
fn with_request(store: &Store, account: &Account, operation: &Value) -> anyhow::Result<Value> {
    let shown = &operation["id"];
    let id = shown.as_str().and_then(|id| id.parse().ok()).or_else(|| shown.as_i64());
    let id = OperationId::from_i64(id.with_context(|| format!("{shown} is no id of an operation"))?);
    let request = store.read_blocking(|conn| operations::request(conn, account.id, id))?;
    Ok(json!({
        "id": shown, "kind": operation["kind"], "state": operation["state"], "user": operation["user"], "request": request,
    }))
}

fn would_send(store: &Store, account: &Account, id: OperationId) -> anyhow::Result<()> {
    let found = store.read_blocking(|conn| operations::request(conn, account.id, id))?;
    let request = found.ok_or_else(|| anyhow::anyhow!("there is no operation {id} in {}", account.name))?;
    output::result(&serde_json::to_string_pretty(&request)?)
}

/// What comes first of an operation that is shown.
const FIRST: [&str; 5] = ["id", "kind", "state", "user", "reason"];

fn show(store: &Store, account: &Account, id: OperationId, json: bool) -> anyhow::Result<()> {
    let found = store.read_blocking(|conn| operations::show(conn, account.id, id))?;
    let shown = found.ok_or_else(|| anyhow::anyhow!("there is no operation {id} in {}", account.name))?;
    if json {
        return output::result(&serde_json::to_string_pretty(&shown)?);
    }
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let members = shown.as_object().into_iter().flatten();
    let mut members: Vec<_> = members.map(|(name, value)| (name.as_str(), value)).collect();
    members.sort_by_key(|(name, _)| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
    for (name, value) in members {
        match value {
            Value::Null => {}
            Value::Array(entries) => {
                for entry in entries {
                    let members = entry.as_object().into_iter().flatten();
                    let told: Vec<String> = members
                        .filter(|(_, value)| !value.is_null())
                        .map(|(name, value)| format!("{name} {}", plain(value)))
                        .collect();
                    output::result(&format!("{}: {}", name.trim_end_matches('s'), told.join(", ")))?;
                }
            }
            value => output::result(&format!("{name}: {}", plain(value)))?,
        }
    }
    Ok(())
}

impl Act {
    fn run(self, store: &Store, verb: Verb) -> anyhow::Result<()> {
        let account = super::account::named_or_only(store, self.account.as_deref())?;
        act_on_all(store, &account, &self.ids, verb, &self.reason)
    }
}

/// All that can be done is done; what cannot is said, and makes the command fail.
fn act_on_all(store: &Store, account: &Account, ids: &[i64], verb: Verb, reason: &str) -> anyhow::Result<()> {
    let mut refused = 0;
    for id in ids {
        match one(store, account, OperationId::from_i64(*id), verb, reason) {
            Ok(state) => output::note(&format!("operation {id} is {state} now")),
            Err(ActError::Store(error)) => return Err(error.into()),
            Err(ActError::NoReason) => return Err(Usage(format!("--reason: {}", ActError::NoReason)).into()),
            Err(error) => {
                refused += 1;
                output::note(&error.to_string());
            }
        }
    }
    anyhow::ensure!(refused == 0, "{refused} of {} operations stay as they were", ids.len());
    Ok(())
}

fn one(
    store: &Store,
    account: &Account,
    id: OperationId,
    verb: Verb,
    reason: &str,
) -> Result<State, ActError> {
    let now = Clock::system().now();
    store
        .write_blocking(|conn| operations::act(conn, account.id, id, verb, reason, ACTOR, now))
        .map(|operation| operation.state)
}

impl Replay {
    fn run(self, store: &Store) -> anyhow::Result<()> {
        let account = super::account::named_or_only(store, self.account.as_deref())?;
        if !self.all_failed {
            return act_on_all(store, &account, &self.ids, Verb::Replay, &self.reason);
        }
        let (mut ids, mut before) = (Vec::new(), None);
        loop {
            let filter = store::operations::Filter {
                account: Some(account.id),
                states: vec![State::Failed],
                before,
                ..store::operations::Filter::default()
            };
            let page = store.read_blocking(|conn| store::operations::list(conn, &filter, FAILED_PAGE))?;
            ids.extend(page.iter().map(|operation| operation.id.as_i64()));
            before = page.last().map(|last| last.id);
            if page.len() < FAILED_PAGE {
                break;
            }
        }
        // Oldest first: they are the heads of their chains.
        ids.reverse();
        output::note(&format!("{} failed operations", ids.len()));
        act_on_all(store, &account, &ids, Verb::Replay, &self.reason)
    }
}
