//! Roles that this bridge has asked Concur for, by user. Roles that an administrator gave in Concur are never in here,
//! and so never taken away (design D6: the smallest change).

use diesel::prelude::*;
use jiff::Timestamp;

use crate::conn::on;
use crate::ids::ResourceId;
use crate::schema::granted_roles;
use crate::value::micros;
use crate::{Conn, Error};

/// The query for the role codes of [`granted`].
macro_rules! granted_to {
    ($key:expr) => {
        $crate::schema::granted_roles::table
            .filter($crate::schema::granted_roles::resource_id.eq($key))
            .order($crate::schema::granted_roles::role_code)
            .select($crate::schema::granted_roles::role_code)
    };
}
pub(crate) use granted_to;

/// The role codes that were asked for and not seen gone, in their order.
pub fn granted(conn: &mut Conn, user: ResourceId) -> Result<Vec<String>, Error> {
    let key = user.to_string();
    on!(conn, c => granted_to!(&key).load(c))
}

/// Notes roles that are going to be asked for.
pub fn grant(conn: &mut Conn, user: ResourceId, codes: &[String], now: Timestamp) -> Result<(), Error> {
    for code in codes {
        let row = (
            granted_roles::resource_id.eq(user.to_string()),
            granted_roles::role_code.eq(code),
            granted_roles::granted_at.eq(micros(now)),
        );
        on!(conn, c => {
            diesel::insert_into(granted_roles::table).values(row).on_conflict_do_nothing().execute(c)
        })?;
    }
    Ok(())
}

/// Forgets roles that Concur was seen without.
pub fn forget(conn: &mut Conn, user: ResourceId, codes: &[String]) -> Result<(), Error> {
    let gone = granted_roles::resource_id.eq(user.to_string()).and(granted_roles::role_code.eq_any(codes));
    on!(conn, c => diesel::delete(granted_roles::table.filter(gone)).execute(c))?;
    Ok(())
}
