//! Use cases of the SCIM server: one function each, one transaction each.
//!
//! A write is checked, translated and committed together with its outbox entry and its audit row before anything
//! else happens (I1, design D4). Only then does the caller wait, for a bounded time, for Concur's word on the
//! identity part; a refusal puts the resource back as it was ([`refusal`]). No HTTP and no SQL in here.

mod backlog;
mod bent;
pub mod bulk;
mod content;
mod find;
pub mod groups;
mod outbox;
mod recompute;
mod refusal;
mod repair;
mod repeat;
mod scope;
mod search;
pub mod users;
mod verdict;
mod view;

use store::accounts::{Account, AuthenticationType};

pub use scim::Precondition;

pub(crate) use self::backlog::Backlog;
pub use self::bent::Bent;
pub use self::content::of as content;
pub use self::recompute::{Recomputed, recompute, replace_settings};
pub(crate) use self::repair::{NotImported, import, record_link, repair, wanted};
pub use self::search::{CURSOR_TIMEOUT_SECONDS, Page, everything};
pub use self::view::View;
use crate::accounts::AccountSettings;

/// Why a use case ended without success.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the RFC has a status for, Concur's refusals included.
    #[error(transparent)]
    Scim(#[from] scim::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Too many operations of the account wait already; nothing was changed.
    #[error("too many changes of this account wait to be delivered")]
    Backlog,
}

/// Whose users, and who acts.
#[derive(Debug, Clone)]
pub struct OnBehalf {
    /// The account of the credential.
    pub account: Account,
    /// Its settings.
    pub settings: AccountSettings,
    /// Who acts, as the audit trail names it.
    pub actor: String,
    /// Where it is noted what was bent for the caller.
    pub bent: Bent,
}

/// Why a stored user is not provisioned under these settings; nothing for one who is.
pub fn why_not(user: &serde_json::Value, settings: &AccountSettings) -> Option<String> {
    let user = scim::Resource::from_stored(scim::ResourceType::user(), user.clone());
    scope::why_not(&user, settings)
}

impl OnBehalf {
    /// Reads the account's settings.
    ///
    /// # Errors
    /// 403 for a company connected at user level, and settings that this version cannot read.
    pub fn new(account: Account, actor: String) -> Result<Self, Error> {
        if account.authentication_type == AuthenticationType::UserLevel {
            let reason = "this account is connected to SAP Concur at user level, which opens expenses and no users; \
                          connect it at company level";
            return Err(scim::Error::forbidden(reason).into());
        }
        let settings = AccountSettings::from_stored(&account.settings)
            .map_err(|error| store::Error::Corrupt { what: "account settings", reason: error.to_string() })?;
        Ok(Self { account, settings, actor, bent: Bent::default() })
    }
}
