//! Our own bearer tokens (reliability S3): `ccb_<key id>_<32 random bytes, base64url>_<checksum>`. Stored is only an
//! HMAC-SHA-256 under a key derived from the master key; looked up by key id, compared in constant time, shown once.
//! Scopes are plain text here; what they open is decided in `scim-bridge/src/http/auth.rs`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::conn::on;
use crate::ids::{AccountId, TokenId};
use crate::schema::tokens;
use crate::value::{self, micros};
use crate::{Conn, Error, MasterKey};

const PREFIX: &str = "ccb_";
/// Characters of 32 bytes in base64url without padding.
const SECRET_LEN: usize = 43;
const CHECKSUM_LEN: usize = 8;
const LEN: usize = PREFIX.len() + TokenId::LEN + 1 + SECRET_LEN + 1 + CHECKSUM_LEN;
/// Days a token may live at most.
const MAX_DAYS: i64 = 400;

/// One of our bearer tokens, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Public part of the token.
    pub id: TokenId,
    /// The only account it opens; `None`: all (design D3, for `admin`).
    pub account: Option<AccountId>,
    /// Label, such as the client that uses it.
    pub name: String,
    /// Scopes, compared whole (reliability Z1).
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
}

impl TryFrom<Row> for Token {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Token {
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

/// The first digits of a hash over all that precedes: a typo is recognised without a look-up.
fn checksum(unsigned: &str) -> String {
    let mut digits = blake3::hash(unsigned.as_bytes()).to_hex().to_string();
    digits.truncate(CHECKSUM_LEN);
    digits
}

fn secret_hmac(master_key: &MasterKey, plaintext: &str) -> Result<Vec<u8>, Error> {
    let key = master_key.derive("scim-bridge 2026 bearer tokens");
    let mac = Hmac::<Sha256>::new_from_slice(key.as_slice());
    let mac = mac.map_err(|e| Error::MasterKey { reason: e.to_string() })?;
    Ok(mac.chain_update(plaintext.as_bytes()).finalize().into_bytes().to_vec())
}

/// The key id, if the text has the form and the checksum of our tokens.
fn key_id(plaintext: &str) -> Option<TokenId> {
    if plaintext.len() != LEN || !plaintext.is_ascii() || !plaintext.starts_with(PREFIX) {
        return None;
    }
    let (unsigned, given) = plaintext.split_at(LEN - CHECKSUM_LEN - 1);
    let id = unsigned[PREFIX.len()..].get(..TokenId::LEN)?.parse().ok()?;
    (given.strip_prefix('_')? == checksum(unsigned)).then_some(id)
}

/// Whether the text has the form and the checksum of our tokens; asks no database.
pub fn is_well_formed(plaintext: &str) -> bool {
    key_id(plaintext).is_some()
}

/// Makes a token. The plaintext is returned here and nowhere else, ever.
pub fn create(
    conn: &mut Conn,
    new: &NewToken,
    rng: &mut impl rand::CryptoRng,
) -> Result<(Token, SecretString), Error> {
    let mut id = [0_u8; TokenId::LEN / 2];
    rng.fill_bytes(&mut id);
    let id = format!("{:016x}", u64::from_be_bytes(id));
    let mut secret = Zeroizing::new([0_u8; 32]);
    rng.fill_bytes(secret.as_mut_slice());
    let mut plaintext = format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(secret.as_slice()));
    let checksum = checksum(&plaintext);
    plaintext.push('_');
    plaintext.push_str(&checksum);
    let latest =
        new.now.saturating_add(jiff::SignedDuration::from_hours(24 * MAX_DAYS)).unwrap_or(Timestamp::MAX);
    let row = Row {
        token_id: id,
        account_id: new.account.map(|id| id.to_string()),
        name: new.name.clone(),
        secret_hmac: secret_hmac(&conn.master_key, &plaintext)?,
        scopes: value::list(&new.scopes),
        created_at: micros(new.now),
        expires_at: micros(new.expires_at.min(latest)),
        revoked_at: None,
        last_used_at: None,
    };
    on!(conn, c => diesel::insert_into(tokens::table).values(&row).execute(c))?;
    Ok((row.try_into()?, SecretString::from(plaintext)))
}

/// The token, if it is ours, not expired and not revoked. Why it is not is nobody's business (reliability Z3).
pub fn authenticate(
    conn: &mut Conn,
    plaintext: &SecretString,
    now: Timestamp,
) -> Result<Option<Token>, Error> {
    let Some(id) = key_id(plaintext.expose_secret()) else { return Ok(None) };
    let row: Option<Row> = on!(conn, c => {
        tokens::table.find(id.as_str()).select(Row::as_select()).first(c).optional()
    })?;
    let Some(row) = row else { return Ok(None) };
    let given = secret_hmac(&conn.master_key, plaintext.expose_secret())?;
    let equal: bool = given.as_slice().ct_eq(row.secret_hmac.as_slice()).into();
    let valid = equal && row.revoked_at.is_none() && micros(now) < row.expires_at;
    if valid { row.try_into().map(Some) } else { Ok(None) }
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
