//! Tokens without a secret: JWTs of a trusted issuer stand for them (B16).
//!
//! Name, scopes, end, revocation and last use are those of the token, so whatever holds for tokens holds for these. What
//! a JWT must look like is kept here and judged in `scim-bridge/src/http/jwt/`.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::Value;

use super::{NewToken, Row, Token, secret};
use crate::conn::on;
use crate::schema::{token_issuers, tokens};
use crate::value::{self, micros};
use crate::{Conn, Error};

/// Whose JWTs, and which of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// `iss`, compared whole (RFC 7519 §4.1.1).
    pub issuer: String,
    /// What `aud` must name (§4.1.3).
    pub audience: String,
    /// Claims that must be there with these values.
    pub claims: BTreeMap<String, String>,
    /// The issuer's keys.
    pub keys: Keys,
}

/// Where the keys of an issuer are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// At this address, as a JWK set (RFC 7517 §5).
    At(String),
    /// This JWK set.
    Given(Value),
}

/// Makes a token that JWTs stand for. It has no secret, so nothing can be presented as one.
pub fn trust(
    conn: &mut Conn,
    new: &NewToken,
    trust: &Trust,
    rng: &mut impl rand::CryptoRng,
) -> Result<Token, Error> {
    let row = Row::new(secret::new_id(rng), None, new, Vec::new());
    let (keys_url, keys) = match &trust.keys {
        Keys::At(url) => (Some(url.clone()), None),
        Keys::Given(set) => (None, Some(set.to_string())),
    };
    let claims = serde_json::to_string(&trust.claims)
        .map_err(|e| Error::Corrupt { what: "token_issuers.claims", reason: e.to_string() })?;
    let issuer = (
        token_issuers::token_id.eq(&row.token_id),
        token_issuers::issuer.eq(&trust.issuer),
        token_issuers::audience.eq(&trust.audience),
        token_issuers::claims.eq(claims),
        token_issuers::keys_url.eq(keys_url),
        token_issuers::keys.eq(keys),
    );
    on!(conn, c => diesel::insert_into(tokens::table).values(&row).execute(c))?;
    on!(conn, c => diesel::insert_into(token_issuers::table).values(issuer).execute(c))?;
    row.try_into()
}

/// The live tokens that JWTs of this issuer may stand for, oldest first.
pub fn trusted(conn: &mut Conn, issuer: &str, now: jiff::Timestamp) -> Result<Vec<(Token, Trust)>, Error> {
    let rows: Vec<(Row, IssuerRow)> = on!(conn, c => {
        token_issuers::table
            .inner_join(tokens::table)
            .filter(token_issuers::issuer.eq(issuer))
            .filter(tokens::revoked_at.is_null().and(tokens::expires_at.gt(micros(now))))
            .order((tokens::created_at, tokens::token_id))
            .select((Row::as_select(), IssuerRow::as_select()))
            .load(c)
    })?;
    rows.into_iter().map(|(row, issuer)| Ok((row.try_into()?, issuer.try_into()?))).collect()
}

/// Every trust, by the id of its token.
pub fn trusts(conn: &mut Conn) -> Result<BTreeMap<String, Trust>, Error> {
    let rows: Vec<(String, IssuerRow)> = on!(conn, c => {
        token_issuers::table.select((token_issuers::token_id, IssuerRow::as_select())).load(c)
    })?;
    rows.into_iter().map(|(id, row)| Ok((id, row.try_into()?))).collect()
}

/// Whether JWTs stand for the token.
pub(super) fn is_trust(conn: &mut Conn, token_id: &str) -> Result<bool, Error> {
    let found = token_issuers::table.find(token_id);
    on!(conn, c => diesel::select(diesel::dsl::exists(found)).get_result(c))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = token_issuers)]
struct IssuerRow {
    issuer: String,
    audience: String,
    claims: String,
    keys_url: Option<String>,
    keys: Option<String>,
}

impl TryFrom<IssuerRow> for Trust {
    type Error = Error;
    fn try_from(row: IssuerRow) -> Result<Self, Error> {
        let corrupt = |what, reason: String| Error::Corrupt { what, reason };
        let keys = match (row.keys_url, row.keys) {
            (Some(url), None) => Keys::At(url),
            (None, Some(set)) => Keys::Given(value::json(&set, "token_issuers.keys")?),
            _ => {
                return Err(corrupt("token_issuers.keys", "neither an address nor keys, or both".to_owned()));
            }
        };
        Ok(Trust {
            issuer: row.issuer,
            audience: row.audience,
            claims: serde_json::from_str(&row.claims)
                .map_err(|e| corrupt("token_issuers.claims", e.to_string()))?,
            keys,
        })
    }
}
