//! Reading expenses: Reports, Entries and Itemizations v3.
use crate::{
    Client, EntryId, Error, Pages, ReportId,
    model::{Entry, Itemization, Report},
};
use jiff::civil::Date;

/// Whose reports to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ExpenseUser {
    /// All users of the company (`user=ALL`).
    #[default]
    All,
    /// The owner of the token.
    TokenOwner,
    /// One user by login id.
    Login(String),
}

/// Which reports to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportQuery {
    /// Whose reports.
    pub user: ExpenseUser,
    /// Header modified after this day.
    pub modified_after: Option<Date>,
    /// Header modified before this day.
    pub modified_before: Option<Date>,
}

/// Which itemizations to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemizationsOf {
    /// All of a report.
    Report(ReportId),
    /// All of an entry.
    Entry(EntryId),
}

/// Reads expenses.
#[derive(Clone, Debug)]
pub struct Expenses {
    pub(crate) client: Client,
}

#[expect(clippy::unused_async, reason = "signature first")]
impl Expenses {
    /// Reports, company-wide by default.
    pub fn reports(&self, _query: &ReportQuery) -> Pages<Report> {
        let _ = &self.client;
        unimplemented!()
    }
    /// One report; `None` when it is gone. `owner_login` is required unless the token's owner owns it.
    pub async fn report(&self, _id: &ReportId, _owner_login: Option<&str>) -> Result<Option<Report>, Error> {
        unimplemented!()
    }
    /// Entries of a report.
    pub fn entries(&self, _report: &ReportId) -> Pages<Entry> {
        unimplemented!()
    }
    /// Itemizations of a report or an entry.
    pub fn itemizations(&self, _of: &ItemizationsOf) -> Pages<Itemization> {
        unimplemented!()
    }
}
