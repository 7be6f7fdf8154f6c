//! Our own bearer tokens (reliability S3): `ccb_<key id>_<32 random bytes, base64url>_<checksum>`. Stored is only an
//! HMAC-SHA-256 under a key derived from the master key; looked up by key id, compared in constant time, shown once.
//! Scopes are plain text here; what they open is decided in `scim-bridge/src/http/auth.rs`.
//!
//! A token is also the secret of a *client* (RFC 6749 §4.4), which gets short-lived [access tokens](access) for it. A
//! client has at most two live tokens, so that one can replace the other without a gap ([`rotate`]).
//!
//! A token may have no secret: JWTs of an issuer that is [trusted](trust) stand for it then.

mod access;
mod secret;
mod trust;

use diesel::prelude::*;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

pub use access::issue_access;
pub use trust::{Keys, Trust, trust, trusted, trusts};

use crate::conn::{Raw, on};
use crate::ids::{AccountId, TokenId};
use crate::schema::tokens;
use crate::value::{self, micros};
use crate::{Conn, Error};

/// Days a token may live at most.
const MAX_DAYS: i64 = 400;
/// Live tokens of one client: the one in use, and the one that replaces it.
const LIVE_MAX: usize = 2;

/// One of our bearer tokens, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Public part of the token.
    pub id: TokenId,
    /// Whose token it is: the id of the client's first one. The `client_id` of RFC 6749.
    pub client: TokenId,
    /// The only account it opens; `None`: all (design D3, for `admin`).
    pub account: Option<AccountId>,
    /// Label, such as the client that uses it.
    pub name: String,
    /// Scopes, compared whole (reliability Z1). Of an access token those that it carries.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From then on it is refused.
    pub expires_at: Timestamp,
    /// Since then it is refused.
    pub revoked_at: Option<Timestamp>,
    /// Last use, as exact as the caller records it.
    pub last_used_at: Option<Timestamp>,
}

impl Token {
    /// Whether it opens anything at this time.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// A new token.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The only account it opens; `None`: all.
    pub account: Option<AccountId>,
    /// Label.
    pub name: String,
    /// Scopes.
    pub scopes: Vec<String>,
    /// Cut to 400 days from `now`.
    pub expires_at: Timestamp,
    /// The time it is.
    pub now: Timestamp,
}

/// A token that takes over from another one.
#[derive(Debug)]
pub struct Rotated {
    /// The new one.
    pub token: Token,
    /// Its plaintext, which is shown here and nowhere else.
    pub plaintext: SecretString,
    /// The one it replaces, with its end.
    pub replaced: Token,
}

/// What came of [`rotate`].
#[derive(Debug)]
pub enum Rotation {
    /// There is a second token now.
    Made(Box<Rotated>),
    /// There is no live token of this id.
    NotLive,
    /// The client has two live tokens already.
    TwoAreLive,
    /// It has no secret: JWTs of an issuer stand for it, which changes its keys by itself.
    NoSecret,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = tokens)]
struct Row {
    token_id: String,
    account_id: Option<String>,
    name: String,
    secret_hmac: Vec<u8>,
    scopes: String,
    created_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
    client_id: String,
}

impl Row {
    fn new(token_id: String, client: Option<&TokenId>, new: &NewToken, secret_hmac: Vec<u8>) -> Self {
        Row {
            client_id: client.map_or_else(|| token_id.clone(), ToString::to_string),
            token_id,
            account_id: new.account.map(|id| id.to_string()),
            name: new.name.clone(),
            secret_hmac,
            scopes: value::list(&new.scopes),
            created_at: micros(new.now),
            expires_at: micros(new.expires_at),
            revoked_at: None,
            last_used_at: None,
        }
    }
}

impl TryFrom<Row> for Token {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        let client = if row.client_id.is_empty() { &row.token_id } else { &row.client_id };
        Ok(Token {
            client: value::parse(client, "tokens.client_id")?,
            id: value::parse(&row.token_id, "tokens.token_id")?,
            account: row.account_id.map(|id| value::parse(&id, "tokens.account_id")).transpose()?,
            name: row.name,
            scopes: value::parse_list(&row.scopes, "tokens.scopes")?,
            created_at: value::time(row.created_at, "tokens.created_at")?,
            expires_at: value::time(row.expires_at, "tokens.expires_at")?,
            revoked_at: value::time_opt(row.revoked_at, "tokens.revoked_at")?,
            last_used_at: value::time_opt(row.last_used_at, "tokens.last_used_at")?,
        })
    }
}

/// Whether the text has the form and the checksum of our tokens; asks no database.
pub fn is_well_formed(plaintext: &str) -> bool {
    secret::key_id(plaintext).is_some()
}

/// Makes a token, and with it a client. The plaintext is returned here and nowhere else, ever.
pub fn create(
    conn: &mut Conn,
    new: &NewToken,
    rng: &mut impl rand::CryptoRng,
) -> Result<(Token, SecretString), Error> {
    insert(conn, new, None, rng)
}

fn insert(
    conn: &mut Conn,
    new: &NewToken,
    client: Option<&TokenId>,
    rng: &mut impl rand::CryptoRng,
) -> Result<(Token, SecretString), Error> {
    let id = secret::new_id(rng);
    let plaintext = secret::new_plaintext(&id, rng);
    let secret_hmac = secret::stored(&conn.master_key, &plaintext)?;
    let latest =
        new.now.saturating_add(jiff::SignedDuration::from_hours(24 * MAX_DAYS)).unwrap_or(Timestamp::MAX);
    let new = NewToken { expires_at: new.expires_at.min(latest), ..new.clone() };
    let row = Row::new(id, client, &new, secret_hmac);
    on!(conn, c => diesel::insert_into(tokens::table).values(&row).execute(c))?;
    Ok((row.try_into()?, SecretString::from(plaintext)))
}

/// Makes a second token of the client whose token `id` is, with the same account, name and scopes, valid until
/// `expires_at`. The old one ends at `old_ends_at`, unless it ends sooner.
pub fn rotate(
    conn: &mut Conn,
    id: &TokenId,
    expires_at: Timestamp,
    old_ends_at: Timestamp,
    now: Timestamp,
    rng: &mut impl rand::CryptoRng,
) -> Result<Rotation, Error> {
    let Some(old) = find(conn, id)?.filter(|token| token.is_live(now)) else { return Ok(Rotation::NotLive) };
    if trust::is_trust(conn, id.as_str())? {
        return Ok(Rotation::NoSecret);
    }
    lock(conn, &old.client)?;
    let live = list(conn, old.account)?.into_iter().filter(|it| it.client == old.client && it.is_live(now));
    if live.count() >= LIVE_MAX {
        return Ok(Rotation::TwoAreLive);
    }
    let new = NewToken {
        account: old.account,
        name: old.name.clone(),
        scopes: old.scopes.clone(),
        expires_at,
        now,
    };
    let (token, plaintext) = insert(conn, &new, Some(&old.client), rng)?;
    let ends_at = old.expires_at.min(old_ends_at);
    on!(conn, c => {
        diesel::update(tokens::table.find(id.as_str())).set(tokens::expires_at.eq(micros(ends_at))).execute(c)
    })?;
    let replaced = Token { expires_at: ends_at, ..old };
    Ok(Rotation::Made(Box::new(Rotated { token, plaintext, replaced })))
}

/// Two rotations of one client go one after the other. SQLite has one writer anyway.
fn lock(conn: &mut Conn, client: &TokenId) -> Result<(), Error> {
    if let Raw::Postgres(c) = &mut *conn.pooled {
        let first = tokens::table.find(client.as_str()).select(tokens::token_id).for_update();
        first.first::<String>(&mut ***c).optional()?;
    }
    Ok(())
}

/// The token with this id, whatever has become of it.
pub fn find(conn: &mut Conn, id: &TokenId) -> Result<Option<Token>, Error> {
    row(conn, id)?.map(Token::try_from).transpose()
}

fn row(conn: &mut Conn, id: &TokenId) -> Result<Option<Row>, Error> {
    on!(conn, c => tokens::table.find(id.as_str()).select(Row::as_select()).first(c).optional())
}

/// The token, if it is ours, not expired and not revoked; of an access token the one behind it, with the scopes that
/// the access token carries. Why it is not is nobody's business (reliability Z3).
pub fn authenticate(
    conn: &mut Conn,
    plaintext: &SecretString,
    now: Timestamp,
) -> Result<Option<Token>, Error> {
    if access::looks_like_one(plaintext) {
        return by_access(conn, plaintext, now);
    }
    by_secret(conn, plaintext, now)
}

/// The token, if this is its secret, and it is not expired and not revoked. Access tokens are none.
pub fn by_secret(conn: &mut Conn, plaintext: &SecretString, now: Timestamp) -> Result<Option<Token>, Error> {
    let Some(id) = secret::key_id(plaintext.expose_secret()) else { return Ok(None) };
    let Some(row) = row(conn, &id)? else { return Ok(None) };
    let given = secret::stored(&conn.master_key, plaintext.expose_secret())?;
    let equal: bool = given.as_slice().ct_eq(row.secret_hmac.as_slice()).into();
    let token = Token::try_from(row)?;
    Ok((equal && token.is_live(now)).then_some(token))
}

fn by_access(conn: &mut Conn, plaintext: &SecretString, now: Timestamp) -> Result<Option<Token>, Error> {
    let Some(claim) = access::claim(plaintext.expose_secret()) else { return Ok(None) };
    if !claim.holds(conn, now)? {
        return Ok(None);
    }
    let Some(token) = find(conn, &claim.id)?.filter(|token| token.is_live(now)) else { return Ok(None) };
    Ok(Some(Token { scopes: claim.narrow(token.scopes), ..token }))
}

/// Refuses it from now on; false if there is no such token or it was revoked before.
pub fn revoke(conn: &mut Conn, id: &TokenId, now: Timestamp) -> Result<bool, Error> {
    let changed = on!(conn, c => {
        diesel::update(tokens::table.find(id.as_str()).filter(tokens::revoked_at.is_null()))
            .set(tokens::revoked_at.eq(micros(now)))
            .execute(c)
    })?;
    Ok(changed == 1)
}

/// All tokens, or those bound to one account; oldest first.
pub fn list(conn: &mut Conn, account: Option<AccountId>) -> Result<Vec<Token>, Error> {
    let account = account.map(|id| id.to_string());
    let rows: Vec<Row> = on!(conn, c => {
        let mut query = tokens::table.select(Row::as_select()).into_boxed();
        if let Some(account) = &account {
            query = query.filter(tokens::account_id.eq(account));
        }
        query.order((tokens::created_at, tokens::token_id)).load(c)
    })?;
    rows.into_iter().map(Token::try_from).collect()
}

/// Records a use. A caller need not do so on every request.
pub fn touch_last_used(conn: &mut Conn, id: &TokenId, now: Timestamp) -> Result<(), Error> {
    on!(conn, c => {
        diesel::update(tokens::table.find(id.as_str())).set(tokens::last_used_at.eq(micros(now))).execute(c)
    })?;
    Ok(())
}
