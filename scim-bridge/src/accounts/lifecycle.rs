//! What can be done to an account after it was connected: another name, a pause, an end. Four ends, from the mildest on:
//! *pause* (nothing is sent, everything stays), *disconnect* (Concur's credentials are forgotten, the data stays),
//! *replace* (another company takes the name; undone with one call), *delete* (everything is gone but the audit trail).
//!
//! Not here: connecting (`connect`), and who may do this (`http`, `commands`).

use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};
use store::accounts::{self, Account, removal, replaced};
use store::audit::{self, NewEvent};
use store::ids::AccountId;
use store::{Conn, Constraint, Store};

use super::Clients;
use crate::logging;

/// Who asks, and when: for the audit trail.
#[derive(Clone, Debug)]
pub struct Act {
    /// Token or door, never a name of a person that we do not know.
    pub actor: String,
    /// The time.
    pub at: Timestamp,
}

/// Why it was not done. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    /// Another account has the name.
    #[error("the name {0:?} belongs to another account; choose another one")]
    NameTaken(String),
    /// No name at all.
    #[error("an account's name cannot be empty")]
    NoName,
    /// It is paused already, or not paused.
    #[error("the account is {0}")]
    Already(&'static str),
    /// Nothing was replaced under the name.
    #[error("no account was replaced under the name {0:?}, or the one that was has been deleted")]
    NothingReplaced(String),
    /// The store is away.
    #[error("the account cannot be changed")]
    Store(#[source] store::Error),
}

impl From<store::Error> for LifecycleError {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// Gives the account another name; everything else stays, since its id is the key.
///
/// # Errors
/// A name that is empty or taken.
pub fn rename(conn: &mut Conn, account: &Account, name: &str, act: &Act) -> Result<(), LifecycleError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(LifecycleError::NoName);
    }
    accounts::set_name(conn, account.id, name, act.at).map_err(|error| match error {
        store::Error::Conflict { constraint: Constraint::AccountName } => {
            LifecycleError::NameTaken(name.to_owned())
        }
        other => LifecycleError::Store(other),
    })?;
    tell(conn, account.id, "account.rename", &json!({"before": account.name, "after": name}), act)
}

/// Stops everything that is sent for the account: delivery and sync. SCIM writes are accepted and wait.
///
/// # Errors
/// An account that is paused already.
pub fn pause(conn: &mut Conn, account: &Account, reason: &str, act: &Act) -> Result<(), LifecycleError> {
    if account.paused_at.is_some() {
        return Err(LifecycleError::Already("paused already"));
    }
    accounts::pause(conn, account.id, reason, act.at)?;
    tell(conn, account.id, "account.pause", &json!({"reason": reason}), act)
}

/// Ends a pause; what waited goes out.
///
/// # Errors
/// An account that is not paused.
pub fn resume(conn: &mut Conn, account: &Account, act: &Act) -> Result<(), LifecycleError> {
    if account.paused_at.is_none() {
        return Err(LifecycleError::Already("not paused"));
    }
    accounts::resume(conn, account.id, act.at)?;
    tell(conn, account.id, "account.resume", &json!({"reason": account.paused_reason}), act)
}

/// What became of the connection at Concur's side. Whatever it was, our side is disconnected.
#[derive(Debug)]
pub enum AtConcur {
    /// Concur has ended it.
    Revoked,
    /// Concur did not, for this reason: its administrator disconnects the application.
    NotRevoked(String),
}

impl fmt::Display for AtConcur {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revoked => f.write_str("Concur has ended the connection"),
            Self::NotRevoked(reason) => write!(
                f,
                "Concur was not told ({reason}): let the company's administrator disconnect the application in Concur"
            ),
        }
    }
}

/// Ends the connection at Concur, as far as Concur lets us, forgets client id, secret and tokens, and pauses the account.
/// Users, lines and matches stay; connecting the same company again goes on where it stopped.
///
/// # Errors
/// A store that is away.
pub async fn disconnect(
    store: &Store,
    clients: &Clients,
    account: &Account,
    act: &Act,
) -> Result<AtConcur, LifecycleError> {
    let outcome = match clients.get(account.id).await {
        Ok(client) => client.revoke().await.map_err(|error| logging::chain(&error)),
        Err(error) => Err(logging::chain(&error)),
    };
    let at_concur = outcome.map_or_else(AtConcur::NotRevoked, |()| AtConcur::Revoked);
    let (id, act) = (account.id, act.clone());
    let revoked = matches!(at_concur, AtConcur::Revoked);
    store
        .try_write(move |conn| {
            removal::forget_credentials(conn, id)?;
            accounts::pause(conn, id, "disconnected", act.at)?;
            tell(conn, id, "account.disconnect", &json!({"revoked_at_concur": revoked}), &act)
        })
        .await?;
    clients.invalidate(account.id);
    Ok(at_concur)
}

/// The name of an account that has lost its name at `at`.
pub(super) fn put_aside(name: &str, at: Timestamp) -> String {
    format!("{name} (replaced {})", at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
}

/// Undoes the last replacement under this name: the account that was replaced gets it back, as it was; the other one is
/// put aside, so that this can be undone as well.
///
/// # Errors
/// Nothing to undo.
pub fn undo_replace(conn: &mut Conn, name: &str, act: &Act) -> Result<Account, LifecycleError> {
    let last =
        replaced::latest(conn, name)?.ok_or_else(|| LifecycleError::NothingReplaced(name.to_owned()))?;
    let back = replaced::give_back(conn, &last, &put_aside(name, act.at), act.at)?;
    tell(conn, back.id, "account.replace.undo", &json!({"instead_of": last.replaced_by}), act)?;
    Ok(back)
}

/// Deletes the account with its users, operations, reports, lines and matches; `deleted` is told how many transactions it
/// took so far. The audit trail stays. Nothing is changed in Concur.
///
/// # Errors
/// A store that is away; what is deleted is deleted, and the next call goes on.
pub fn delete(
    store: &Store,
    account: &Account,
    act: &Act,
    mut deleted: impl FnMut(u64),
) -> Result<(), LifecycleError> {
    let id = account.id;
    store.write_blocking(|conn| -> Result<(), store::Error> {
        removal::disarm(conn, id)?;
        accounts::pause(conn, id, "being deleted", act.at)?;
        append(conn, id, "account.delete", &json!({"name": account.name}), act)
    })?;
    let mut batches = 0;
    while !store.write_blocking(|conn| removal::delete_batch(conn, id))? {
        batches += 1;
        deleted(batches);
    }
    Ok(())
}

fn tell(
    conn: &mut Conn,
    account: AccountId,
    action: &str,
    details: &Value,
    act: &Act,
) -> Result<(), LifecycleError> {
    append(conn, account, action, details, act).map_err(LifecycleError::Store)
}

fn append(
    conn: &mut Conn,
    account: AccountId,
    action: &str,
    details: &Value,
    act: &Act,
) -> Result<(), store::Error> {
    let event = NewEvent {
        account: Some(account),
        at: act.at,
        actor: act.actor.clone(),
        action: action.to_owned(),
        subject: format!("account:{account}"),
        details: details.clone(),
    };
    audit::append(conn, &event).map(drop)
}
