//! Reading users: Identity v4.1, and the v4 filter for look-ups.
use crate::{Client, Cursor, Error, Page, Pages, UserId, model::IdentityUser};

/// What a user can be looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupAttribute {
    /// `userName`
    UserName,
    /// `externalId`
    ExternalId,
    /// `employeeNumber`
    EmployeeNumber,
}

/// Reads users.
#[derive(Clone, Debug)]
pub struct Identity {
    pub(crate) client: Client,
}

#[expect(clippy::unused_async, reason = "signature first")]
impl Identity {
    /// One user by id; an error with `Advice::NotFound` when there is none.
    pub async fn get(&self, _id: &UserId) -> Result<IdentityUser, Error> {
        let _ = &self.client;
        unimplemented!()
    }
    /// One page of all users of the company.
    pub async fn list(&self, _count: u16, _cursor: Option<&Cursor>) -> Result<Page<IdentityUser>, Error> {
        unimplemented!()
    }
    /// All users of the company.
    pub fn users(&self, _count: u16) -> Pages<IdentityUser> {
        unimplemented!()
    }
    /// Users whose attribute equals the value.
    pub async fn find_by(
        &self,
        _attribute: LookupAttribute,
        _value: &str,
    ) -> Result<Vec<IdentityUser>, Error> {
        unimplemented!()
    }
    /// One page of a v4.1 search.
    pub async fn search(
        &self,
        _filter: &str,
        _count: u16,
        _cursor: Option<&Cursor>,
    ) -> Result<Page<IdentityUser>, Error> {
        unimplemented!()
    }
}
