//! What other tables know of one user, read in one round trip: what a change must know, and what an answer shows.

use diesel::prelude::*;

use crate::conn::together;
use crate::groups::{self, Membership, MembershipRow};
use crate::ids::ResourceId;
use crate::links::{self, ExtensionRow, ExtensionState};
use crate::operations::{self, DetailsRow, Operation, Row};
use crate::{Conn, Error, resources, roles};

/// What an answer shows beside the row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// How far each extension has come, by name.
    pub extensions: Vec<ExtensionState>,
    /// The operation that says most about where the user stands: one that is held, else the last of its chain.
    pub telling: Option<Operation>,
    /// The groups that the user is in, by name.
    pub groups: Vec<Membership>,
}

/// What a change must know beside the row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changing {
    /// What an answer shows as long as nothing changes.
    pub shown: Shown,
    /// Folded e-mail addresses, in their order.
    pub emails: Vec<String>,
    /// Roles that Concur was asked for and not seen without ([`roles::granted`]).
    pub granted: Vec<String>,
}

/// What the answer about a user shows.
pub fn shown(conn: &mut Conn, user: ResourceId) -> Result<Shown, Error> {
    let key = user.to_string();
    let (extensions, telling, groups) = together!(conn,
        links::extensions_of_one!(&key) => ExtensionRow,
        operations::telling_of_one!(&key) => (Row, DetailsRow),
        groups::of_one!(&key) => MembershipRow,
    )?;
    shown_of(extensions, telling, groups)
}

/// What a change of a user must know.
pub fn changing(conn: &mut Conn, user: ResourceId) -> Result<Changing, Error> {
    let key = user.to_string();
    let (emails, granted, extensions, telling, groups) = together!(conn,
        resources::emails_of!(&key) => String,
        roles::granted_to!(&key) => String,
        links::extensions_of_one!(&key) => ExtensionRow,
        operations::telling_of_one!(&key) => (Row, DetailsRow),
        groups::of_one!(&key) => MembershipRow,
    )?;
    Ok(Changing { shown: shown_of(extensions, telling, groups)?, emails, granted })
}

fn shown_of(
    extensions: Vec<ExtensionRow>,
    telling: Vec<(Row, DetailsRow)>,
    groups: Vec<MembershipRow>,
) -> Result<Shown, Error> {
    Ok(Shown {
        extensions: all(extensions)?,
        telling: telling.into_iter().next().map(Operation::try_from).transpose()?,
        groups: all(groups)?,
    })
}

fn all<R, T: TryFrom<R, Error = Error>>(rows: Vec<R>) -> Result<Vec<T>, Error> {
    rows.into_iter().map(T::try_from).collect()
}
