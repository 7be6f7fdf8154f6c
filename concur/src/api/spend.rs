//! Reading spend users, the fields of the employee form, and role codes. Not here: writing them, which User
//! Provisioning does.
//! Source: pages "Spend User Retrieval v4.1", "Spend Form Fields v4.1", "Role Code Definition v4".

use super::target::{segment, with_query};
use crate::{
    Client, Cursor, Error, Page, Pages, UserId,
    http::{Answer, Endpoint},
    model::{FormField, SpendUser, role_codes},
    page::{PageSource, UnreadableRow, boxed},
};
use serde::Deserialize;
use serde_json::Value;

static GET: Endpoint = Endpoint::get("spend.get").needing(&["spend.user.general.read"]);
static LIST: Endpoint = Endpoint::get("spend.list").needing(&["spend.user.general.read"]);
static FORM_FIELDS: Endpoint = Endpoint::get("spend.form_fields").needing(&["spend.user.general.read"]);
static ROLE_CODES: Endpoint = Endpoint::get("spend.role_codes").needing(&["spend.user.general.read"]);

pub(super) static ENDPOINTS: &[&Endpoint] = &[&GET, &LIST, &FORM_FIELDS, &ROLE_CODES];

const USERS: &str = "/profile/spend/v4.1/Users";

/// Most spend users on one page.
pub const SPEND_ROWS_MAX: u16 = 100;

/// Reads spend users; company tokens only.
#[derive(Clone, Debug)]
pub struct Spend {
    pub(crate) client: Client,
}

impl Spend {
    /// The spend extensions of a user, keyed by URN; `None` when the user has no spend data (or does not exist).
    pub async fn get_user(&self, id: &UserId) -> Result<Option<Value>, Error> {
        let target = format!("{USERS}/{}", segment(&id.to_string()));
        match self.client.get(&GET, &target).await {
            Ok(answer) => answer.decode().map(Some),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All users with spend data; those without are absent. `filter` in Concur's subset, which knows members of the
    /// spend extension with `eq` and `ne` alone.
    pub fn users(&self, filter: Option<&str>) -> Pages<SpendUser> {
        let (client, filter) = (self.client.clone(), filter.map(str::to_owned));
        Pages::new(LIST.name, move |cursor| {
            let (client, filter) = (client.clone(), filter.clone());
            boxed(async move {
                let start = start_index(cursor.as_ref())?;
                let target = with_query(
                    USERS,
                    [
                        ("startIndex", Some(start.to_string())),
                        ("count", Some(SPEND_ROWS_MAX.to_string())),
                        ("filter", filter),
                    ],
                );
                page(&client.get(&LIST, &target).await?, start)
            })
        })
    }

    /// The fields of the employee form: which custom data must be written. Without `user` it is the form of the
    /// company's global group.
    pub async fn form_fields(&self, user: Option<&UserId>) -> Result<Vec<FormField>, Error> {
        #[derive(Deserialize)]
        struct List {
            #[serde(rename = "Resources", default)]
            resources: Vec<FormField>,
        }
        let user = user.map(ToString::to_string);
        let target = with_query("/profile/spend/v4.1/FormFields", [("userId", user)]);
        let list: List = self.client.get(&FORM_FIELDS, &target).await?.decode()?;
        Ok(list.resources)
    }

    /// The codes of all roles the company knows. The list on the documentation's page is not complete, so a role that
    /// is missing here deserves a warning and not a refusal.
    pub async fn role_codes(&self) -> Result<Vec<String>, Error> {
        let answer = self.client.get(&ROLE_CODES, "/profile/spend/v4/Users/roleCodes").await?;
        let codes = role_codes(&answer.decode()?);
        if codes.is_empty() { Err(answer.undecodable(".", "expected role codes")) } else { Ok(codes) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    #[serde(rename = "Resources", default)]
    resources: Option<Vec<Value>>,
    #[serde(default)]
    total_results: Option<u64>,
}

/// The 1-based index a page begins with.
fn start_index(cursor: Option<&Cursor>) -> Result<u64, Error> {
    let Some(cursor) = cursor else { return Ok(1) };
    let reason = "the stored cursor does not belong to this list";
    cursor.as_str().parse().map_err(|_| Error::Paging { endpoint: LIST.name, reason })
}

fn page(answer: &Answer, start: u64) -> Result<Page<SpendUser>, Error> {
    let list: List = answer.decode()?;
    let rows = list.resources.unwrap_or_default();
    let after = start + rows.len() as u64;
    // Without a total a full page may be the last one; asking once more is cheaper than losing the rest.
    let more = !rows.is_empty()
        && list.total_results.map_or(rows.len() >= usize::from(SPEND_ROWS_MAX), |total| after <= total);
    let mut page = Page {
        items: Vec::with_capacity(rows.len()),
        unreadable: Vec::new(),
        next: more.then(|| Cursor::from_stored(after.to_string())),
        total: list.total_results,
        server_time: answer.server_time,
        correlation_id: answer.call.correlation_id.clone(),
        source: PageSource { call: answer.call.clone(), status: answer.status },
    };
    for (index, row) in rows.into_iter().enumerate() {
        match SpendUser::from_json(row) {
            Some(user) => page.items.push(user),
            None => page.unreadable.push(UnreadableRow {
                path: format!("Resources[{index}].id"),
                reason: "expected a UUID".to_owned(),
            }),
        }
    }
    Ok(page)
}
