//! An account as people and programs are shown it: without any secret.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use store::accounts::{Account, AuthenticationType};
use store::ids::AccountId;
use store::{Conn, oauth_tokens};
use utoipa::ToSchema;

use crate::events;

/// What there is to see of an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    /// Its name.
    pub name: String,
    /// Its id, which stays when the name changes.
    #[schema(value_type = String)]
    pub id: AccountId,
    /// Concur's id of the company; empty for an account that only takes imports.
    pub company_uuid: String,
    /// `company_level` or `user_level`.
    pub authentication_type: &'static str,
    /// The address that was entered.
    pub base_uri: String,
    /// The address that Concur names, to which calls go.
    pub geolocation: Option<String>,
    /// The first connection; a year before it begins what is kept.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_connected_at: Option<Timestamp>,
    /// Since when nothing is sent or read.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paused_at: Option<Timestamp>,
    /// Why.
    pub paused_reason: Option<String>,
    /// The connection; null without one.
    pub tokens: Option<Tokens>,
    /// Whether Concur's events are taken.
    pub events: events::Status,
    /// The settings, as stored.
    #[schema(value_type = Object)]
    pub settings: Value,
}

/// How long the connection lasts, and what it may do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountTokens)]
pub struct Tokens {
    /// When the access token ends; another one is had by itself.
    #[schema(value_type = String, format = DateTime)]
    pub access_token_ends_at: Timestamp,
    /// When it was refreshed last.
    #[schema(value_type = String, format = DateTime)]
    pub refreshed_at: Timestamp,
    /// When the connection ends if it is not used.
    #[schema(value_type = String, format = DateTime)]
    pub connection_ends_if_unused_at: Timestamp,
    /// The scopes that Concur granted.
    pub scopes: Vec<String>,
}

/// The account with its connection, its events and its settings. `events_on`: whether this bridge takes events at all.
///
/// # Errors
/// The store refuses.
pub fn view(conn: &mut Conn, account: Account, events_on: bool) -> Result<AccountView, store::Error> {
    let tokens = oauth_tokens::load(conn, account.id)?.map(|tokens| Tokens {
        access_token_ends_at: tokens.access_expires_at,
        refreshed_at: tokens.refresh_issued_at,
        connection_ends_if_unused_at: concur::auth::refresh_token_expires_at(tokens.refresh_issued_at),
        scopes: tokens.scopes,
    });
    let events = events::status(conn, account.id, events_on)?;
    Ok(AccountView {
        name: account.name,
        id: account.id,
        company_uuid: account.company_uuid,
        authentication_type: level(account.authentication_type),
        base_uri: account.base_uri,
        geolocation: account.geolocation,
        first_connected_at: account.first_connected_at,
        paused_at: account.paused_at,
        paused_reason: account.paused_reason,
        tokens,
        events,
        settings: account.settings,
    })
}

/// The authentication type's name.
pub fn level(authentication: AuthenticationType) -> &'static str {
    match authentication {
        AuthenticationType::UserLevel => "user_level",
        AuthenticationType::CompanyLevel => "company_level",
    }
}
