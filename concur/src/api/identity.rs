//! Reading users: Identity v4.1 for lists, search and single users, v4 for look-ups by filter. Not here: writing,
//! which User Provisioning does for identity and product data alike, and deleting, which this product never does.
//! Source: pages "Identity v4", "Identity v4.1" and "Searching Users".

use super::target::{literal, segment, with_query};
use crate::{
    Client, Cursor, Error, Page, Pages, UserId,
    http::{Answer, Endpoint, Payload},
    model::{ENTERPRISE, IdentityUser},
    page::{PageSource, UnreadableRow, boxed},
};
use serde::Deserialize;
use serde_json::{Value, json};

static GET: Endpoint = Endpoint::get("identity.get").needing(IDENTITY_READ);
static LIST: Endpoint = Endpoint::get("identity.list").needing(IDENTITY_READ);
static FIND: Endpoint = Endpoint::get("identity.find").needing(IDENTITY_READ);
static SEARCH: Endpoint = Endpoint::post("identity.search").needing(IDENTITY_READ);

/// Each opens a part of the user; all are wanted, since this product reads users whole.
const IDENTITY_READ: &[&str] = &[
    "identity.user.core.read",
    "identity.user.coresensitive.read",
    "identity.user.enterprise.read",
    "identity.user.ids.read",
];

pub(super) static ENDPOINTS: &[&Endpoint] = &[&GET, &LIST, &FIND, &SEARCH];

const USERS: &str = "/profile/identity/v4.1/Users";
const USERS_V4: &str = "/profile/identity/v4/Users";
const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:concur:2.0:SearchRequest";

/// Most rows on one page of v4.1.
pub const LIST_ROWS_MAX: u16 = 1000;
/// Most rows on one page of v4; a look-up by a unique value needs one.
const FIND_ROWS: u16 = 100;

/// Every attribute this product reads. Some are shown only to those who name them, and who names one names all.
const WHOLE: &[&str] = &[
    "userName",
    "externalId",
    "active",
    "name",
    "displayName",
    "nickName",
    "title",
    "emails",
    "phoneNumbers",
    "addresses",
    "preferredLanguage",
    "timezone",
    "entitlements",
    "meta",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:companyId",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:startDate",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:terminationDate",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
];

/// What a user can be looked up by. All three are unique in the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LookupAttribute {
    /// `userName`; also unique over all of SAP Concur.
    UserName,
    /// `externalId`
    ExternalId,
    /// `employeeNumber` of the enterprise extension.
    EmployeeNumber,
}

/// Reads users; company tokens only.
#[derive(Clone, Debug)]
pub struct Identity {
    pub(crate) client: Client,
}

impl Identity {
    /// One user by id. Sees a write at once, unlike searching.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none in this company.
    pub async fn get(&self, id: &UserId) -> Result<IdentityUser, Error> {
        let answer = self.client.get(&GET, &format!("{USERS}/{}", segment(&id.to_string()))).await?;
        let user = user(&answer, answer.decode()?)?;
        if user.id() == *id {
            Ok(user)
        } else {
            Err(answer.undecodable("id", "the answer is about another user"))
        }
    }

    /// One page of all users of the company, inactive ones included; at most [`LIST_ROWS_MAX`] rows.
    pub async fn list(&self, count: u16, cursor: Option<&Cursor>) -> Result<Page<IdentityUser>, Error> {
        self.users(count).page(cursor).await
    }

    /// One page of all users like [`Identity::list`], with what is shown only to those who name it (`entitlements`).
    ///
    /// # Errors
    /// Any error of a call.
    pub async fn list_whole(&self, count: u16, cursor: Option<&Cursor>) -> Result<Page<IdentityUser>, Error> {
        let query = [
            ("count", Some(count.clamp(1, LIST_ROWS_MAX).to_string())),
            ("cursor", cursor.map(|cursor| cursor.as_str().to_owned())),
            ("attributes", Some(WHOLE.join(","))),
        ];
        page(&self.client.get(&LIST, &with_query(USERS, query)).await?)
    }

    /// One page of the users who were changed after a time, with what is shown only to those who name it. The index behind
    /// the search may lag minutes, so ask from some minutes before.
    ///
    /// # Errors
    /// Any error of a call.
    pub async fn changed_since(
        &self,
        since: jiff::Timestamp,
        count: u16,
        cursor: Option<&Cursor>,
    ) -> Result<Page<IdentityUser>, Error> {
        let since = since.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
        let filter = format!("meta.lastModified gt {}", literal(&since));
        self.search_for(&filter, count, cursor, Some(WHOLE)).await
    }

    /// All users of the company, inactive ones included, `count` rows a page.
    pub fn users(&self, count: u16) -> Pages<IdentityUser> {
        let client = self.client.clone();
        Pages::new(LIST.name, move |cursor| {
            let client = client.clone();
            boxed(async move {
                let count = count.clamp(1, LIST_ROWS_MAX).to_string();
                let cursor = cursor.map(|cursor| cursor.as_str().to_owned());
                let target = with_query(USERS, [("count", Some(count)), ("cursor", cursor)]);
                page(&client.get(&LIST, &target).await?)
            })
        })
    }

    /// Users whose attribute equals `value`, without regard to case, which is how Concur compares. Usually one or none.
    ///
    /// Employee numbers go through the v4.1 search, whose index may lag minutes behind a write: an empty answer right
    /// after a write proves nothing.
    pub async fn find_by(&self, attribute: LookupAttribute, value: &str) -> Result<Vec<IdentityUser>, Error> {
        let found = match attribute {
            LookupAttribute::UserName => self.filter("userName", value).await?,
            LookupAttribute::ExternalId => self.filter("externalId", value).await?,
            LookupAttribute::EmployeeNumber => {
                let filter = format!("{ENTERPRISE}:employeeNumber eq {}", literal(value));
                self.search(&filter, FIND_ROWS, None).await?
            }
        };
        if let Some(row) = found.unreadable.into_iter().next() {
            let PageSource { call, status } = found.source;
            return Err(Error::Decode { call, status, path: row.path, reason: row.reason });
        }
        let wanted = value.to_lowercase();
        let mut users = found.items;
        // A filter that the server did not understand must not look like a match. What the token may not see is trusted.
        users.retain(|user| attribute.of(user).is_none_or(|found| found.to_lowercase() == wanted));
        Ok(users)
    }

    /// One page of a v4.1 search; `filter` in Concur's subset of the SCIM grammar. A cursor belongs to its filter.
    pub async fn search(
        &self,
        filter: &str,
        count: u16,
        cursor: Option<&Cursor>,
    ) -> Result<Page<IdentityUser>, Error> {
        self.search_for(filter, count, cursor, None).await
    }

    async fn search_for(
        &self,
        filter: &str,
        count: u16,
        cursor: Option<&Cursor>,
        attributes: Option<&[&str]>,
    ) -> Result<Page<IdentityUser>, Error> {
        let mut body = json!({
            "schemas": [SEARCH_REQUEST],
            "filter": filter,
            "count": count.clamp(1, LIST_ROWS_MAX),
        });
        if let Some(attributes) = attributes {
            body["attributes"] = json!(attributes);
        }
        if let Some(cursor) = cursor {
            body["cursor"] = cursor.as_str().into();
        }
        let target = format!("{USERS}/.search");
        let body = body.to_string();
        page(&self.client.send(&SEARCH, &target, Payload::Json(body.as_bytes())).await?)
    }

    async fn filter(&self, attribute: &str, value: &str) -> Result<Page<IdentityUser>, Error> {
        let filter = format!("{attribute} eq {}", literal(value));
        let target = with_query(USERS_V4, [("filter", Some(filter)), ("count", Some(FIND_ROWS.to_string()))]);
        page(&self.client.get(&FIND, &target).await?)
    }
}

impl LookupAttribute {
    fn of(self, user: &IdentityUser) -> Option<&str> {
        match self {
            Self::UserName => user.user_name(),
            Self::ExternalId => user.external_id(),
            Self::EmployeeNumber => user.employee_number(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListResponse {
    /// Absent when nothing was found.
    #[serde(rename = "Resources", default)]
    resources: Option<Vec<Value>>,
    #[serde(default)]
    total_results: Option<u64>,
    #[serde(default)]
    next_cursor: Option<String>,
}

fn page(answer: &Answer) -> Result<Page<IdentityUser>, Error> {
    let list: ListResponse = answer.decode()?;
    let mut page = Page {
        items: Vec::new(),
        unreadable: Vec::new(),
        next: list.next_cursor.filter(|cursor| !cursor.is_empty()).map(Cursor::from_stored),
        total: list.total_results,
        server_time: answer.server_time,
        correlation_id: answer.call.correlation_id.clone(),
        source: PageSource { call: answer.call.clone(), status: answer.status },
    };
    for (index, resource) in list.resources.unwrap_or_default().into_iter().enumerate() {
        match IdentityUser::from_json(resource) {
            Some(user) => page.items.push(user),
            None => page.unreadable.push(UnreadableRow {
                path: format!("Resources[{index}].id"),
                reason: "expected a UUID".to_owned(),
            }),
        }
    }
    Ok(page)
}

/// A user resource that is the whole answer.
fn user(answer: &Answer, resource: Value) -> Result<IdentityUser, Error> {
    IdentityUser::from_json(resource).ok_or_else(|| answer.undecodable("id", "expected a UUID"))
}
