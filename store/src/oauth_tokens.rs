//! What Concur's token endpoint gave us, sealed, and the lease that makes the refresh single-flight over replicas
//! (reliability I24). The refresh token before the current one is kept until the current one has worked.

use diesel::prelude::*;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::{oauth_tokens, refresh_leases};
use crate::seal::Place;
use crate::value::{self, micros};
use crate::{Conn, Error};

/// Concur's tokens of an account.
#[derive(Clone, Debug)]
pub struct OauthTokens {
    /// Lives about an hour.
    pub access_token: SecretString,
    /// When it ends.
    pub access_expires_at: Timestamp,
    /// Lives six months from its last use.
    pub refresh_token: SecretString,
    /// When Concur issued it.
    pub refresh_issued_at: Timestamp,
    /// The one before, until [`forget_previous`].
    pub previous_refresh_token: Option<SecretString>,
    /// Address to send requests to; data, to be checked before use (reliability I22).
    pub geolocation: String,
    /// What the token may do.
    pub scopes: Vec<String>,
}

/// What an answer of the token endpoint brings.
#[derive(Clone, Debug)]
pub struct NewOauthTokens {
    /// The access token.
    pub access_token: SecretString,
    /// When it ends.
    pub access_expires_at: Timestamp,
    /// The refresh token.
    pub refresh_token: SecretString,
    /// When Concur issued it.
    pub refresh_issued_at: Timestamp,
    /// Address to send requests to.
    pub geolocation: String,
    /// What the token may do.
    pub scopes: Vec<String>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = oauth_tokens, treat_none_as_null = true)]
struct Row {
    account_id: String,
    access_token: Vec<u8>,
    access_expires_at: i64,
    refresh_token: Vec<u8>,
    refresh_issued_at: i64,
    previous_refresh: Option<Vec<u8>>,
    geolocation: String,
    scopes: String,
    updated_at: i64,
}

fn place(account: AccountId, column: &'static str) -> Place<'static> {
    Place { table: "oauth_tokens", row: "", column, account }
}

/// The tokens, opened; `None` if there are none yet.
pub fn load(conn: &mut Conn, account: AccountId) -> Result<Option<OauthTokens>, Error> {
    let key = account.to_string();
    let row: Option<Row> =
        on!(conn, c => oauth_tokens::table.find(&key).select(Row::as_select()).first(c).optional())?;
    let Some(row) = row else { return Ok(None) };
    let open = |column, sealed: &[u8]| conn.master_key.open(&place(account, column), sealed);
    Ok(Some(OauthTokens {
        access_token: open("access_token", &row.access_token)?,
        access_expires_at: value::time(row.access_expires_at, "oauth_tokens.access_expires_at")?,
        refresh_token: open("refresh_token", &row.refresh_token)?,
        refresh_issued_at: value::time(row.refresh_issued_at, "oauth_tokens.refresh_issued_at")?,
        previous_refresh_token: match row.previous_refresh {
            Some(sealed) => Some(open("previous_refresh", &sealed)?),
            None => None,
        },
        geolocation: row.geolocation,
        scopes: value::parse_list(&row.scopes, "oauth_tokens.scopes")?,
    }))
}

/// Saves; a refresh token that differs from the stored one makes that one `previous_refresh_token`. Commit before the
/// access token is used.
pub fn save(conn: &mut Conn, account: AccountId, new: &NewOauthTokens, now: Timestamp) -> Result<(), Error> {
    let previous = match load(conn, account)? {
        Some(old) if old.refresh_token.expose_secret() == new.refresh_token.expose_secret() => {
            old.previous_refresh_token
        }
        Some(old) => Some(old.refresh_token),
        None => None,
    };
    let seal = |column, secret: &SecretString| conn.master_key.seal(&place(account, column), secret);
    let row = Row {
        account_id: account.to_string(),
        access_token: seal("access_token", &new.access_token)?,
        access_expires_at: micros(new.access_expires_at),
        refresh_token: seal("refresh_token", &new.refresh_token)?,
        refresh_issued_at: micros(new.refresh_issued_at),
        previous_refresh: previous.map(|previous| seal("previous_refresh", &previous)).transpose()?,
        geolocation: new.geolocation.clone(),
        scopes: value::list(&new.scopes),
        updated_at: micros(now),
    };
    on!(conn, c => {
        diesel::insert_into(oauth_tokens::table)
            .values(&row)
            .on_conflict(oauth_tokens::account_id)
            .do_update()
            .set(&row)
            .execute(c)
    })?;
    Ok(())
}

/// The current refresh token has worked: the one before is not needed any more.
pub fn forget_previous(conn: &mut Conn, account: AccountId) -> Result<(), Error> {
    let key = account.to_string();
    on!(conn, c => {
        diesel::update(oauth_tokens::table.find(&key))
            .set(oauth_tokens::previous_refresh.eq(None::<Vec<u8>>))
            .execute(c)
    })?;
    Ok(())
}

/// Takes the refresh lease, or renews one's own; false while another owner holds it beyond `now`.
pub fn try_lease(
    conn: &mut Conn,
    account: AccountId,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let key = account.to_string();
    let row = (
        refresh_leases::account_id.eq(&key),
        refresh_leases::owner.eq(owner),
        refresh_leases::until.eq(micros(until)),
    );
    // The row is there after the first statement; the second one decides, in one step.
    let inserted = on!(conn, c => {
        diesel::insert_into(refresh_leases::table).values(row).on_conflict_do_nothing().execute(c)
    })?;
    if inserted == 1 {
        return Ok(true);
    }
    let free = refresh_leases::until.le(micros(now)).or(refresh_leases::owner.eq(owner));
    let taken = on!(conn, c => {
        diesel::update(refresh_leases::table.find(&key).filter(free))
            .set((refresh_leases::owner.eq(owner), refresh_leases::until.eq(micros(until))))
            .execute(c)
    })?;
    Ok(taken == 1)
}

/// Gives the lease back, if `owner` still holds it.
pub fn release_lease(conn: &mut Conn, account: AccountId, owner: &str) -> Result<(), Error> {
    let key = account.to_string();
    on!(conn, c => {
        diesel::delete(refresh_leases::table.find(&key).filter(refresh_leases::owner.eq(owner))).execute(c)
    })?;
    Ok(())
}
