//! All users of a company, from Identity v4.1, page by page.

use serde_json::{Value, json};
use store::{cursors, users};

use super::{retry, row_gap};
use crate::{Company, Error, Progress, Snapshot};

/// Users per page; Identity v4.1 allows up to 1,000.
const PAGE: u16 = 500;
const DATA_TYPE: &str = "users";
/// Where an unfinished full read goes on.
const CURSOR: &str = "full_read";

/// Reads every user, active or not. Needs a company-level connection (Identity takes no other token).
///
/// # Errors
/// Concur cannot be read, or the store refuses. What was stored stays, and the next call goes on after it.
pub async fn users(company: &Company, progress: &dyn Progress, snapshot: &mut Snapshot) -> Result<(), Error> {
    let account = company.account;
    let stored = company.store.read(move |conn| cursors::get(conn, account, DATA_TYPE, CURSOR)).await?;
    let mut cursor = stored.as_ref().and_then(Value::as_str).map(concur::Cursor::from_stored);
    loop {
        let identity = company.client.identity();
        let page = retry::read(|| identity.list(PAGE, cursor.as_ref())).await;
        let page = page.map_err(|source| Error::Concur { what: "users", source })?;
        snapshot.gaps.extend(page.unreadable.iter().map(|row| row_gap("users", row, &page.correlation_id)));
        let rows: Vec<users::NewUser> = page.items.iter().filter_map(row).collect();
        let (next, now) = (page.next.clone(), company.now());
        snapshot.users += rows.len();
        snapshot.pages += 1;
        company
            .store
            .write(move |conn| {
                users::upsert(conn, account, &rows, now)?;
                match &next {
                    Some(next) => cursors::put(conn, account, DATA_TYPE, CURSOR, &json!(next.as_str()), now),
                    None => cursors::delete(conn, account, DATA_TYPE, CURSOR).map(drop),
                }
            })
            .await?;
        progress.update(snapshot);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

/// A user without a visible login id is of no use here: the token lacks `identity.user.ids.read`.
fn row(user: &concur::model::IdentityUser) -> Option<users::NewUser> {
    Some(users::NewUser {
        concur_user_id: user.id().to_string(),
        user_name: user.user_name()?.to_owned(),
        external_id: user.external_id().map(str::to_owned),
        employee_number: user.employee_number().map(str::to_owned),
        display_name: user.display_name().map(str::to_owned),
        active: user.active().unwrap_or(true),
        raw: user.raw().clone(),
    })
}
