//! Accounts: one connected Concur company each (design D1). The id is the key; the name is a label that can change.
//! Secrets of an account are in `credentials` and `oauth_tokens`.

pub mod removal;
pub mod replaced;

use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::accounts;
use crate::value::{self, micros, text_enum};
use crate::webhooks::{self, Topic};
use crate::{Conn, Error};

/// One connected Concur company.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Immutable key.
    pub id: AccountId,
    /// Unique label, as the operator typed it.
    pub name: String,
    /// Concur's id of the company.
    pub company_uuid: String,
    /// Which kind of token Concur gave us (design D2).
    pub authentication_type: AuthenticationType,
    /// Address of the data centre, as configured.
    pub base_uri: String,
    /// Address that Concur's token endpoint told us to use; data, to be checked before use (reliability I22).
    pub geolocation: Option<String>,
    /// Settings of the account, owned by their readers.
    pub settings: Value,
    /// Anchor of the one-year window; set once.
    pub first_connected_at: Option<Timestamp>,
    /// While set, nothing is sent for this account.
    pub paused_at: Option<Timestamp>,
    /// Why it is paused.
    pub paused_reason: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

impl Account {
    /// Whether it was ever connected to Concur. One that was not holds imported lines alone.
    pub fn is_connected(&self) -> bool {
        self.first_connected_at.is_some()
    }
}

text_enum!(
    /// For whom the Concur tokens of an account speak.
    AuthenticationType {
        /// User Level Authentication: expense sync only.
        UserLevel = "user_level",
        /// Company Level Authentication: users too.
        CompanyLevel = "company_level",
    }
);

/// A new account.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Unique label.
    pub name: String,
    /// Concur's id of the company.
    pub company_uuid: String,
    /// Which kind of token Concur gives us.
    pub authentication_type: AuthenticationType,
    /// Address of the data centre.
    pub base_uri: String,
    /// Settings.
    pub settings: Value,
    /// The time it is.
    pub now: Timestamp,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = accounts)]
struct Row {
    account_id: String,
    name: String,
    company_uuid: String,
    authentication_type: String,
    base_uri: String,
    geolocation: Option<String>,
    settings: String,
    first_connected_at: Option<i64>,
    paused_at: Option<i64>,
    paused_reason: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<Row> for Account {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Account {
            id: value::parse(&row.account_id, "accounts.account_id")?,
            name: row.name,
            company_uuid: row.company_uuid,
            authentication_type: value::parse(&row.authentication_type, "accounts.authentication_type")?,
            base_uri: row.base_uri,
            geolocation: row.geolocation,
            settings: value::json(&row.settings, "accounts.settings")?,
            first_connected_at: value::time_opt(row.first_connected_at, "accounts.first_connected_at")?,
            paused_at: value::time_opt(row.paused_at, "accounts.paused_at")?,
            paused_reason: row.paused_reason,
            created_at: value::time(row.created_at, "accounts.created_at")?,
            updated_at: value::time(row.updated_at, "accounts.updated_at")?,
        })
    }
}

/// Adds an account; [`crate::Constraint::AccountName`] when the name is taken.
pub fn insert(conn: &mut Conn, new: &NewAccount) -> Result<Account, Error> {
    let row = Row {
        account_id: AccountId::generate(new.now).to_string(),
        name: new.name.clone(),
        company_uuid: new.company_uuid.clone(),
        authentication_type: new.authentication_type.to_string(),
        base_uri: new.base_uri.clone(),
        geolocation: None,
        settings: new.settings.to_string(),
        first_connected_at: None,
        paused_at: None,
        paused_reason: None,
        created_at: micros(new.now),
        updated_at: micros(new.now),
    };
    on!(conn, c => diesel::insert_into(accounts::table).values(&row).execute(c))?;
    row.try_into()
}

/// Adds an account that is not connected, for imported lines; [`set_connection`] may follow. Until then its authentication
/// type means nothing. [`crate::Constraint::AccountName`] when the name is taken.
pub fn insert_unconnected(conn: &mut Conn, name: &str, now: Timestamp) -> Result<Account, Error> {
    let new = NewAccount {
        name: name.to_owned(),
        company_uuid: String::new(),
        authentication_type: AuthenticationType::UserLevel,
        base_uri: String::new(),
        settings: Value::Object(serde_json::Map::new()),
        now,
    };
    insert(conn, &new)
}

/// The account; [`Error::NotFound`] if there is none.
pub fn get(conn: &mut Conn, id: AccountId) -> Result<Account, Error> {
    let id = id.to_string();
    let row: Option<Row> =
        on!(conn, c => accounts::table.find(&id).select(Row::as_select()).first(c).optional())?;
    row.ok_or(Error::NotFound { what: "account" })?.try_into()
}

/// The account with exactly this name.
pub fn by_name(conn: &mut Conn, name: &str) -> Result<Option<Account>, Error> {
    let row: Option<Row> = on!(conn, c => {
        accounts::table.filter(accounts::name.eq(name)).select(Row::as_select()).first(c).optional()
    })?;
    row.map(Account::try_from).transpose()
}

/// All accounts, by name.
pub fn list(conn: &mut Conn) -> Result<Vec<Account>, Error> {
    let rows: Vec<Row> = on!(conn, c => {
        accounts::table.order(accounts::name).select(Row::as_select()).load(c)
    })?;
    rows.into_iter().map(Account::try_from).collect()
}

/// Changes one column set of one account; `NotFound` if there is no such account.
macro_rules! set {
    ($conn:expr, $id:expr, $now:expr, $($change:expr),+) => {{
        let id = $id.to_string();
        let change = ($($change,)+ accounts::updated_at.eq(micros($now)));
        match on!($conn, c => diesel::update(accounts::table.find(&id)).set(change).execute(c))? {
            0 => Err(Error::NotFound { what: "account" }),
            _ => Ok(()),
        }
    }};
}

/// Renames it; [`crate::Constraint::AccountName`] when the name is taken.
pub fn set_name(conn: &mut Conn, id: AccountId, name: &str, now: Timestamp) -> Result<(), Error> {
    set!(conn, id, now, accounts::name.eq(name))
}

/// Replaces the settings.
pub fn set_settings(conn: &mut Conn, id: AccountId, settings: &Value, now: Timestamp) -> Result<(), Error> {
    set!(conn, id, now, accounts::settings.eq(settings.to_string()))
}

/// Says which company the account speaks to, and how. For an account that was not connected before: nothing else changes
/// its company (design D1).
pub fn set_connection(
    conn: &mut Conn,
    id: AccountId,
    company_uuid: &str,
    authentication_type: AuthenticationType,
    base_uri: &str,
    now: Timestamp,
) -> Result<(), Error> {
    set!(
        conn,
        id,
        now,
        accounts::company_uuid.eq(company_uuid),
        accounts::authentication_type.eq(authentication_type.as_str()),
        accounts::base_uri.eq(base_uri)
    )
}

/// Keeps the address that Concur's token endpoint told us.
pub fn set_geolocation(
    conn: &mut Conn,
    id: AccountId,
    geolocation: &str,
    now: Timestamp,
) -> Result<(), Error> {
    set!(conn, id, now, accounts::geolocation.eq(geolocation))
}

/// Sets the first connection date once; later calls change nothing. Returns the date that stands.
pub fn set_first_connected(conn: &mut Conn, id: AccountId, at: Timestamp) -> Result<Timestamp, Error> {
    let key = id.to_string();
    on!(conn, c => {
        diesel::update(accounts::table.find(&key).filter(accounts::first_connected_at.is_null()))
            .set((accounts::first_connected_at.eq(micros(at)), accounts::updated_at.eq(micros(at))))
            .execute(c)
    })?;
    Ok(get(conn, id)?.first_connected_at.unwrap_or(at))
}

/// Nothing is sent for the account until `resume`.
pub fn pause(conn: &mut Conn, id: AccountId, reason: &str, now: Timestamp) -> Result<(), Error> {
    set!(conn, id, now, accounts::paused_at.eq(micros(now)), accounts::paused_reason.eq(reason))?;
    webhooks::publish(conn, id, Topic::AccountPaused, now, |_| Ok(json!({"reason": reason})))
}

/// Ends a pause.
pub fn resume(conn: &mut Conn, id: AccountId, now: Timestamp) -> Result<(), Error> {
    set!(conn, id, now, accounts::paused_at.eq(None::<i64>), accounts::paused_reason.eq(None::<String>))?;
    webhooks::publish(conn, id, Topic::AccountResumed, now, |_| Ok(json!({})))
}
