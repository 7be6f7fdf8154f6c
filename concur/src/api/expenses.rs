//! Reading expenses: reports, their entries, and the itemizations of those. Read-only. Not here: the business purpose,
//! which v3 does not have, and any meaning of a line.
//! Source: pages "Reports v3", "Expense Entries v3", "Itemizations v3".

use super::{
    rows,
    target::{segment, with_query},
};
use crate::{
    Client, Cursor, EntryId, Error, Page, Pages, ReportId,
    http::{Answer, Endpoint},
    model::{Entry, Itemization, Report, Row},
    page::boxed,
};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

static REPORTS: Endpoint = Endpoint::legacy_get("expenses.reports").needing(&["EXPRPT"]);
static REPORT: Endpoint = Endpoint::legacy_get("expenses.report").needing(&["EXPRPT"]);
static ENTRIES: Endpoint = Endpoint::legacy_get("expenses.entries").needing(&["EXPRPT"]);
static ITEMIZATIONS: Endpoint = Endpoint::legacy_get("expenses.itemizations").needing(&["EXPRPT"]);

pub(super) static ENDPOINTS: &[&Endpoint] = &[&REPORTS, &REPORT, &ENTRIES, &ITEMIZATIONS];

const REPORTS_PATH: &str = "/api/v3.0/expense/reports";
const ENTRIES_PATH: &str = "/api/v3.0/expense/entries";
const ITEMIZATIONS_PATH: &str = "/api/v3.0/expense/itemizations";

/// Rows per page. The documentation names a default of 25 and no maximum; fewer may come.
pub const PAGE_ROWS_MAX: u16 = 100;

/// Whose reports to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ExpenseUser {
    /// All users of the company (`user=ALL`): without it only the token owner's own reports come, usually none.
    #[default]
    All,
    /// The owner of the token.
    TokenOwner,
    /// One user by login id.
    Login(String),
}

/// Which reports to list; by default all of the company.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportQuery {
    /// Whose reports.
    pub user: ExpenseUser,
    /// Header modified after this day. Zone and boundary are undocumented: subtract a day and de-duplicate.
    pub modified_after: Option<Date>,
    /// Header modified before this day. Add a day likewise.
    pub modified_before: Option<Date>,
    /// Rows per page; [`PAGE_ROWS_MAX`] when `None`.
    pub limit: Option<u16>,
}

/// Which itemizations to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemizationsOf {
    /// All of a report.
    Report(ReportId),
    /// All of an entry.
    Entry(EntryId),
}

/// Reads expenses; company and user tokens.
#[derive(Clone, Debug)]
pub struct Expenses {
    pub(crate) client: Client,
}

impl Expenses {
    /// Report headers, reports of test users included.
    pub fn reports(&self, query: &ReportQuery) -> Pages<Report> {
        let target = with_query(
            REPORTS_PATH,
            [
                ("limit", Some(query.limit.unwrap_or(PAGE_ROWS_MAX).clamp(1, PAGE_ROWS_MAX).to_string())),
                ("user", query.user.parameter()),
                ("modifiedDateAfter", query.modified_after.map(|date| date.to_string())),
                ("modifiedDateBefore", query.modified_before.map(|date| date.to_string())),
            ],
        );
        self.pages(&REPORTS, REPORTS_PATH, target)
    }

    /// One report; `None` when it is gone. `owner_login` is needed unless the token's owner owns the report; `ALL`
    /// does not work here.
    pub async fn report(&self, id: &ReportId, owner_login: Option<&str>) -> Result<Option<Report>, Error> {
        let path = format!("{REPORTS_PATH}/{}", segment(id.as_str()));
        let target = with_query(&path, [("user", owner_login.map(str::to_owned))]);
        match self.client.get(&REPORT, &target).await {
            Ok(answer) => rows::row(&answer.body)
                .map(Some)
                .map_err(|fault| answer.undecodable(fault.path, fault.reason)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The entries of a report. There is no filter by date.
    pub fn entries(&self, report: &ReportId) -> Pages<Entry> {
        let target = list_target(ENTRIES_PATH, ("reportID", report.as_str()));
        self.pages(&ENTRIES, ENTRIES_PATH, target)
    }

    /// The itemizations of a report or of an entry.
    pub fn itemizations(&self, of: &ItemizationsOf) -> Pages<Itemization> {
        let of = match of {
            ItemizationsOf::Report(id) => ("reportID", id.as_str()),
            ItemizationsOf::Entry(id) => ("entryID", id.as_str()),
        };
        self.pages(&ITEMIZATIONS, ITEMIZATIONS_PATH, list_target(ITEMIZATIONS_PATH, of))
    }

    fn pages<T: Row>(&self, endpoint: &'static Endpoint, path: &'static str, first: String) -> Pages<T> {
        let client = self.client.clone();
        Pages::new(endpoint.name, move |cursor| {
            let (client, first) = (client.clone(), first.clone());
            boxed(async move {
                let target = match cursor {
                    None => first,
                    Some(cursor) => stored_target(endpoint, path, &cursor)?,
                };
                page(&client.get(endpoint, &target).await?, path)
            })
        })
    }
}

impl ExpenseUser {
    fn parameter(&self) -> Option<String> {
        match self {
            Self::All => Some("ALL".to_owned()),
            Self::TokenOwner => None,
            Self::Login(login) => Some(login.clone()),
        }
    }
}

fn list_target(path: &str, (name, id): (&str, &str)) -> String {
    let limit = PAGE_ROWS_MAX.to_string();
    with_query(path, [(name, Some(id.to_owned())), ("user", Some("ALL".to_owned())), ("limit", Some(limit))])
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    #[serde(default)]
    items: Option<Vec<Box<RawValue>>>,
    #[serde(default)]
    next_page: Option<String>,
}

fn page<T: Row>(answer: &Answer, path: &str) -> Result<Page<T>, Error> {
    let list: List = answer.decode()?;
    let next = list.next_page.filter(|next| !next.is_empty()).map(|next| {
        next_target(&next, path)
            .ok_or_else(|| answer.undecodable("NextPage", "expected a page of the same list"))
    });
    let next = next.transpose()?.map(Cursor::from_stored);
    Ok(rows::page(answer, "Items", &list.items.unwrap_or_default(), next))
}

/// Path and query of a `NextPage`. Its host is often a legacy one, even with `http:`, which must never see a token:
/// scheme and host are dropped here and replaced by the geolocation when it is asked for.
fn next_target(next: &str, path: &str) -> Option<String> {
    let url = Url::parse(next).or_else(|_| Url::parse("https://relative.invalid")?.join(next)).ok()?;
    let query = url.query()?;
    let same = url.path().trim_end_matches('/').eq_ignore_ascii_case(path);
    same.then(|| format!("{path}?{query}"))
}

/// A cursor comes back from storage, so it is data: it must lead to the list it was made for.
fn stored_target(endpoint: &Endpoint, path: &str, cursor: &Cursor) -> Result<String, Error> {
    let reason = "the stored cursor does not belong to this list";
    next_target(cursor.as_str(), path).ok_or(Error::Paging { endpoint: endpoint.name, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_page_keeps_path_and_query_and_loses_its_host() {
        #[track_caller]
        fn check(next: &str, expected: Option<&str>) {
            assert_eq!(next_target(next, REPORTS_PATH).as_deref(), expected, "{next}");
        }
        let kept = Some("/api/v3.0/expense/reports?offset=ab%24c&limit=100&user=ALL");
        check(
            "https://us2.api.concursolutions.com/api/v3.0/expense/reports?offset=ab%24c&limit=100&user=ALL",
            kept,
        );
        check(
            "http://www.concursolutions.com/api/v3.0/expense/reports?offset=ab%24c&limit=100&user=ALL",
            kept,
        );
        check(
            "http://www.concursolutions.com/api/v3.0/Expense/Reports/?offset=ab%24c&limit=100&user=ALL",
            kept,
        );
        check("/api/v3.0/expense/reports?offset=ab%24c&limit=100&user=ALL", kept);
        check("https://us2.api.concursolutions.com/api/v3.0/expense/reports", None);
        check("https://us2.api.concursolutions.com/oauth2/v0/token?offset=1", None);
        check("https://us2.api.concursolutions.com/api/v3.0/expense/reports/../../../x?offset=1", None);
        check("//evil.test/x?offset=1", None);
    }
}
