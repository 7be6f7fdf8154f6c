//! Secrets that an operator typed in, sealed (reliability S1), one row per account and kind. Tokens that Concur gave
//! us in exchange are in `oauth_tokens`.

use diesel::prelude::*;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::credentials;
use crate::seal::Place;
use crate::value::{micros, text_enum};
use crate::{Conn, Error};

text_enum!(
    /// Which secret of an account.
    Kind {
        /// Client ID of the app registered in Concur.
        ClientId = "client_id",
        /// Client Secret of that app.
        ClientSecret = "client_secret",
        /// One-day token of company-level authentication.
        CompanyRequestToken = "company_request_token",
        /// Login of user-level authentication.
        Username = "username",
        /// Password of user-level authentication.
        Password = "password",
    }
);

fn place(account: AccountId, kind: Kind) -> Place<'static> {
    Place { table: "credentials", row: kind.as_str(), column: "sealed", account }
}

/// Seals and stores; replaces what was there.
pub fn put(
    conn: &mut Conn,
    account: AccountId,
    kind: Kind,
    value: &SecretString,
    now: Timestamp,
) -> Result<(), Error> {
    let sealed = conn.master_key.seal(&place(account, kind), value)?;
    let row = (
        credentials::account_id.eq(account.to_string()),
        credentials::kind.eq(kind.as_str()),
        credentials::sealed.eq(&sealed),
        credentials::updated_at.eq(micros(now)),
    );
    on!(conn, c => {
        diesel::insert_into(credentials::table)
            .values(row)
            .on_conflict((credentials::account_id, credentials::kind))
            .do_update()
            .set((credentials::sealed.eq(&sealed), credentials::updated_at.eq(micros(now))))
            .execute(c)
    })?;
    Ok(())
}

/// Opens it; `None` if it was never stored, [`Error::Seal`] if it does not open.
pub fn get(conn: &mut Conn, account: AccountId, kind: Kind) -> Result<Option<SecretString>, Error> {
    let key = (account.to_string(), kind.as_str());
    let sealed: Option<Vec<u8>> = on!(conn, c => {
        credentials::table.find((&key.0, key.1)).select(credentials::sealed).first(c).optional()
    })?;
    sealed.map(|sealed| conn.master_key.open(&place(account, kind), &sealed)).transpose()
}

/// Forgets it; whether there was one.
pub fn delete(conn: &mut Conn, account: AccountId, kind: Kind) -> Result<bool, Error> {
    let key = (account.to_string(), kind.as_str());
    Ok(on!(conn, c => diesel::delete(credentials::table.find((&key.0, key.1))).execute(c))? > 0)
}
