//! Reading users: by id, by filter, by page.
//!
//! A filter is answered from an index where one of its necessary equalities has one, else by looking at every
//! user, up to a limit: a filter must never cost more than the operator allowed (I33).

use std::collections::BTreeMap;

use scim::{Filter, ListQuery, Projection, ResourceType};
use serde_json::Value;
use store::ids::AccountId;
use store::resources::{self, Lookup, Resource, ResourceType as Kind};
use store::{Conn, Store};
use uuid::Uuid;

use super::content::employee_number_path;
use super::view::View;
use super::{Error, OnBehalf};
use crate::bridge::Bridge;

/// Users looked at in one step of a scan.
const SCAN_STEP: usize = 500;

/// One page of users.
#[derive(Debug)]
pub struct Listing {
    /// All that match, not only this page.
    pub total: usize,
    /// The page.
    pub views: Vec<View>,
}

/// The row behind a public id, if it is an id of this account's.
pub(super) fn row(conn: &mut Conn, account: AccountId, id: &str) -> Result<Resource, Error> {
    let found = match Uuid::try_parse(id) {
        Ok(uuid) if uuid.to_string() == id => resources::get_by_scim_id(conn, account, Kind::User, uuid)?,
        // Not one of our ids, whatever else it is: Okta's test asks for one that is no UUID.
        _ => None,
    };
    found.ok_or_else(|| scim::Error::not_found(format!("there is no user with id {id:.64}")).into())
}

/// Views of rows, which are shown from now on.
///
/// A row that nobody has seen may still change its id under our hands; it is read again in the transaction that
/// fixes the id.
pub(super) async fn show(store: &Store, rows: Vec<Resource>) -> Result<Vec<View>, store::Error> {
    if rows.iter().all(|row| row.shown) {
        return store.read(move |conn| rows.into_iter().map(|row| View::load(conn, row)).collect()).await;
    }
    store
        .write(move |conn| {
            let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
            resources::mark_shown(conn, &ids)?;
            ids.into_iter()
                .map(|id| {
                    let row = resources::get(conn, id)?;
                    View::load(conn, row)
                })
                .collect()
        })
        .await
}

/// One user.
pub(super) async fn read(bridge: &Bridge, on: &OnBehalf, id: &str) -> Result<View, Error> {
    let (account, id) = (on.account.id, id.to_owned());
    let found = bridge
        .store
        .read(move |conn| match row(conn, account, &id) {
            Ok(row) => Ok(Ok(row)),
            Err(Error::Scim(error)) => Ok(Err(error)),
            Err(Error::Store(error)) => Err(error),
        })
        .await??;
    let mut views = show(&bridge.store, vec![found]).await?;
    views.pop().ok_or_else(|| store::Error::NotFound { what: "user" }.into())
}

/// A page of users.
pub(super) async fn list(bridge: &Bridge, on: &OnBehalf, query: ListQuery) -> Result<Listing, Error> {
    let (account, base) = (on.account.id, bridge.scim_base());
    let limit = bridge.config.limits.filter_scan;
    let (first, count) = (query.start_index.saturating_sub(1), query.count);
    let page = match query.filter {
        None => {
            let read = move |conn: &mut Conn| resources::page(conn, account, Kind::User, first, count);
            Some(bridge.store.read(read).await?)
        }
        Some(filter) => {
            let read = move |conn: &mut Conn| matching(conn, account, &filter, &base, limit);
            bridge.store.read(read).await?.map(|rows| {
                let total = rows.len();
                (total, rows.into_iter().skip(first).take(count).collect())
            })
        }
    };
    let (total, rows) = page.ok_or_else(|| {
        scim::Error::too_many(format!(
            "this filter has no index and there are more than {limit} users to look at; \
             filter by userName, externalId, id, emails or employeeNumber"
        ))
    })?;
    let views = show(&bridge.store, rows).await?;
    Ok(Listing { total, views })
}

/// All rows that satisfy the filter in stable order, or nothing when there are too many to look at.
fn matching(
    conn: &mut Conn,
    account: AccountId,
    filter: &Filter,
    base: &str,
    limit: usize,
) -> Result<Option<Vec<Resource>>, store::Error> {
    let user = ResourceType::user();
    // Only a filter on the delivery state needs the queries behind it for every user.
    let delivery =
        filter.to_string().to_ascii_lowercase().contains(&scim::urn::DELIVERY.to_ascii_lowercase());
    let keep = |conn: &mut Conn, rows: Vec<Resource>, kept: &mut Vec<Resource>| {
        for row in rows {
            let view =
                if delivery { View::load(conn, row.clone())? } else { View::without_delivery(row.clone()) };
            if filter.matches(&view.render(base, &Projection::default()), user) {
                kept.push(row);
            }
        }
        Ok::<(), store::Error>(())
    };
    let mut kept = Vec::new();
    if let Some(candidates) = by_index(conn, account, filter)? {
        keep(conn, candidates, &mut kept)?;
        return Ok(Some(kept));
    }
    let mut start = 0;
    loop {
        let (total, rows) = resources::page(conn, account, Kind::User, start, SCAN_STEP)?;
        if total > limit {
            return Ok(None);
        }
        if rows.is_empty() {
            return Ok(Some(kept));
        }
        start += rows.len();
        keep(conn, rows, &mut kept)?;
    }
}

/// The rows that an index names for an equality which every match must satisfy; nothing if no index does.
fn by_index(
    conn: &mut Conn,
    account: AccountId,
    filter: &Filter,
) -> Result<Option<Vec<Resource>>, store::Error> {
    for (path, value) in filter.necessary_equalities(ResourceType::user()) {
        let Value::String(text) = value else { continue };
        if path == "id" {
            let found = match Uuid::try_parse(text) {
                Ok(id) => resources::get_by_scim_id(conn, account, Kind::User, id)?,
                Err(_) => None,
            };
            return Ok(Some(found.into_iter().collect()));
        }
        let lookup = match path.as_str() {
            "userName" => Lookup::UserName(scim::fold_user_name(text)),
            "externalId" => Lookup::ExternalId(text.clone()),
            "emails" | "emails.value" => Lookup::Email(scim::fold_user_name(text)),
            path if path == employee_number_path() => Lookup::EmployeeNumber(scim::fold_user_name(text)),
            _ => continue,
        };
        let found = resources::find(conn, account, Kind::User, &lookup)?;
        // The order of a list does not depend on how it was found.
        let ordered: BTreeMap<_, _> = found.into_iter().map(|row| ((row.created_at, row.id), row)).collect();
        return Ok(Some(ordered.into_values().collect()));
    }
    Ok(None)
}
