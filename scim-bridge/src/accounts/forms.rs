//! Reads the employee form of each company once a day, for the pre-flight of spend profiles (`translate::EmployeeForm`).
//!
//! A company whose form cannot be read is delivered to all the same: Concur's own word then comes with the delivery.
//! Source: Concur page *Spend Form Fields v4.1*.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::accounts::{Account, AuthenticationType};
use store::employee_forms;
use store::ids::AccountId;

use super::{AccountSettings, Clients};
use crate::logging;
use crate::translate::EmployeeForm;

/// How long a form that was read is taken for what the company asks.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// After a read that failed.
const TRY_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Keeps the forms of all companies fresh.
#[derive(Debug, Default)]
pub struct Forms {
    failed_at: BTreeMap<AccountId, Timestamp>,
}

impl Forms {
    /// Reads every form that was not read for a day; how many were. One that fails is tried again in an hour.
    ///
    /// # Errors
    /// A store that is away.
    pub async fn round(
        &mut self,
        store: &Store,
        clients: &Clients,
        now: Timestamp,
    ) -> Result<usize, store::Error> {
        let due = store.read(move |conn| {
            let accounts = store::accounts::list(conn)?.into_iter().filter(asks_for_one);
            let mut due = Vec::new();
            for account in accounts {
                let read_at = employee_forms::get(conn, account.id)?.map(|form| form.read_at);
                if read_at.is_none_or(|at| now.duration_since(at) >= FRESH) {
                    due.push(account.id);
                }
            }
            Ok(due)
        });
        let mut read = 0;
        for account in due.await? {
            let failed_at = self.failed_at.get(&account);
            if failed_at.is_some_and(|at| now.duration_since(*at) < TRY_AGAIN_AFTER) {
                continue;
            }
            match fields(clients, account).await {
                Ok(fields) => {
                    let form = employee_forms::EmployeeForm { fields, read_at: now };
                    store.write(move |conn| employee_forms::put(conn, account, &form)).await?;
                    self.failed_at.remove(&account);
                    read += 1;
                }
                Err(error) => {
                    let error = logging::chain(&*error);
                    if self.failed_at.insert(account, now).is_none() {
                        tracing::warn!(%account, %error, "the company's employee form cannot be read; spend profiles are sent without a check");
                    }
                }
            }
        }
        Ok(read)
    }
}

/// Whether spend profiles are written for this account, and checked.
fn asks_for_one(account: &Account) -> bool {
    let settings = AccountSettings::from_stored(&account.settings).unwrap_or_default();
    account.is_connected()
        && account.paused_at.is_none()
        && account.authentication_type == AuthenticationType::CompanyLevel
        && settings.spend
        && settings.preflight
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

async fn fields(clients: &Clients, account: AccountId) -> Result<serde_json::Value, AnyError> {
    let client = clients.get(account).await?;
    let fields = client.spend().form_fields(None).await?;
    Ok(serde_json::to_value(EmployeeForm::from_concur(&fields))?)
}
