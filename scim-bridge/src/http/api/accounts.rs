//! `/api/v1/accounts`: every account, and connecting one. For tokens with the scope `admin` that are bound to no account.

use actix_web::HttpResponse;
use concur::auth::Grant;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Conn;
use utoipa::ToSchema;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;
use crate::accounts::{self, AccountSettings, AccountView, ConnectError, Connection, NewConnection};
use crate::{logging, serve};

/// What the Concur application's page and the company's administrator give you. Either company level (`company_uuid`,
/// `company_request_token`) or user level (`username`, `password`).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountToConnect)]
pub(in crate::http) struct Wanted {
    /// Account Name: a label of your choice that tells companies apart.
    name: String,
    /// Base URI of the data centre, for example `https://us2.api.concursolutions.com`.
    base_uri: String,
    /// Client ID of the application.
    client_id: String,
    /// Client Secret of the application.
    #[schema(value_type = String, write_only)]
    client_secret: SecretString,
    /// Company level: the Company UUID. Reads and writes users and expenses.
    company_uuid: Option<String>,
    /// Company level: the Company Request Token, valid one day.
    #[schema(value_type = Option<String>, write_only)]
    company_request_token: Option<SecretString>,
    /// User level: the login id. Reads expenses only.
    username: Option<String>,
    /// User level: that user's password.
    #[schema(value_type = Option<String>, write_only)]
    password: Option<SecretString>,
    /// The account's settings; what is left out gets its default.
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
    /// The name once more: take it from another company that has it. That account is put aside with all its data, and
    /// `scim-bridge account undo-replace` brings it back.
    replace: Option<String>,
}

/// A company that is connected.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountConnected)]
pub(in crate::http) struct Connected {
    /// The account.
    account: AccountView,
    /// Why Concur could not be read yet, if it was not there for that: the credentials are accepted and kept.
    unread: Option<String>,
}

/// Every account.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Accounts {
    /// By name.
    accounts: Vec<AccountView>,
}

/// GET: every account.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let bridge = context.bridge();
    let events_on = bridge.config.events.base().is_some();
    let read = move |conn: &mut Conn| {
        let all = store::accounts::list(conn)?;
        all.into_iter().map(|account| accounts::view(conn, account, events_on)).collect()
    };
    let accounts = Accounts { accounts: bridge.store.read(read).await? };
    Ok(reply::api(&super::body(&accounts)?))
}

/// POST: tests the credentials, and stores them if they work.
pub(crate) async fn connect(mut context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &[])?;
    let wanted: Wanted = super::read(context.body().await?)?;
    let new = wanted.connection()?;
    let bridge = context.bridge();
    let settings = serve::client_settings(&bridge.config);
    let connecting = accounts::connect_by(context.actor(), &bridge.store, &bridge.clock, &settings, new);
    let Connection { account, unread } = Box::pin(connecting).await?;
    bridge.delivery.wake();
    bridge.look_for_syncs();
    let events_on = bridge.config.events.base().is_some();
    let account = bridge.store.read(move |conn| accounts::view(conn, account, events_on)).await?;
    let connected = Connected { account, unread: unread.map(|error| logging::chain(&error)) };
    Ok(reply::created(&super::body(&connected)?))
}

impl Wanted {
    fn connection(self) -> Result<NewConnection, Error> {
        let wrong = |reason: &str| Error::BadParameter(reason.to_owned());
        if self.replace.as_ref().is_some_and(|typed| *typed != self.name) {
            return Err(wrong("replace: write the account's name once more"));
        }
        let grant = match (self.company_uuid, self.company_request_token, self.username, self.password) {
            (Some(company_uuid), Some(company_request_token), None, None) => {
                Grant::Company { company_uuid, company_request_token }
            }
            (None, None, Some(username), Some(password)) => Grant::User { username, password },
            _ => {
                return Err(wrong(
                    "give company_uuid and company_request_token (company level: users and expenses), or username and \
                     password (user level: expenses only)",
                ));
            }
        };
        let settings: AccountSettings = match self.settings {
            None => AccountSettings::default(),
            Some(settings) => super::read(settings)?,
        };
        let problems = accounts::problems(&settings);
        if !problems.is_empty() {
            return Err(Error::BadParameter(problems.join("; ")));
        }
        Ok(NewConnection {
            account_name: self.name,
            base_uri: self.base_uri,
            client_id: self.client_id.into(),
            client_secret: self.client_secret,
            grant,
            settings,
            replace: self.replace.is_some(),
        })
    }
}

impl From<ConnectError> for Error {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Store(error) => Self::Store(error),
            ConnectError::OtherCompany { .. } => {
                Self::Scim(scim::Error::conflict(error.to_string().replace("--replace ", "\"replace\": ")))
            }
            ConnectError::Unreachable(_) => Self::Scim(scim::Error::unavailable(logging::chain(&error))),
            ConnectError::NoName
            | ConnectError::BaseUri(_)
            | ConnectError::Exchange(_)
            | ConnectError::Read { .. } => Self::BadParameter(logging::chain(&error)),
        }
    }
}
