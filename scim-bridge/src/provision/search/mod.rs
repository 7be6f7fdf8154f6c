//! Queries, RFC 7644 §3.4.2 and RFC 9865: which resources, in which order, which page.
//!
//! What the store can answer alone ([`condition`], an order that has an index) costs a page, however many resources
//! there are. For the rest it narrows down as far as it can; the filter or the sorting then looks at each resource
//! that is left, a step at a time, and at no more of them than the operator allows (reliability I33).

mod condition;
mod place;

use scim::{ListQuery, Projection, ResourceType, Sort, SortKey, SortOrder};
use serde_json::Value;
use store::Conn;
use store::ids::{AccountId, ResourceId};
use store::resources::{self, Condition, Order, Position, Resource, ResourceType as Kind, SortColumn, Start};

use self::condition::Plan;
use self::place::Place;
use super::groups::view as group;
use super::view::View;
use super::{Error, OnBehalf, find};
use crate::accounts::AccountSettings;
use crate::bridge::Bridge;

/// Seconds for which a cursor is good; `ServiceProviderConfig` announces them (RFC 9865 §4).
pub const CURSOR_TIMEOUT_SECONDS: u64 = 3600;
/// Resources looked at in one step.
const STEP: usize = 500;

/// The answer to a query.
#[derive(Debug)]
pub struct Page {
    /// All that match, not only this page.
    pub total: usize,
    /// The page, rendered as the query wants it.
    pub resources: Vec<Value>,
    /// `startIndex` of the answer; `None` when it was asked for by cursor.
    pub start_index: Option<usize>,
    /// Where the next page begins, if there is one and it was asked for by cursor.
    pub next_cursor: Option<String>,
}

impl Page {
    /// The `ListResponse`.
    pub fn into_message(self) -> Value {
        match self.start_index {
            Some(start_index) => scim::message::list_response(self.total, start_index, self.resources),
            None => scim::message::cursor_response(self.total, self.resources, self.next_cursor),
        }
    }
}

/// Which rows make a page.
#[derive(Debug, Default)]
struct Found {
    total: usize,
    rows: Vec<Resource>,
    /// The views of the rows, if they were all shown before; then the rows are here.
    views: Option<Vec<View>>,
    /// Where the last of them stands, if there are more.
    next: Option<Place>,
}

/// What is asked, for one kind of resource.
struct Question<'q> {
    account: AccountId,
    settings: &'q AccountSettings,
    kind: Kind,
    rt: &'static ResourceType,
    query: &'q ListQuery,
    place: Option<&'q Place>,
    /// Resources that may be looked at.
    limit: usize,
    scim_base: &'q str,
}

/// The users that a query asks for.
///
/// # Errors
/// 400 `tooMany` for a filter or an order that would look at too many users, those of a cursor, or the store's.
pub(super) async fn users(bridge: &Bridge, on: &OnBehalf, query: ListQuery) -> Result<Page, Error> {
    let (found, next_cursor) = found(bridge, on, Kind::User, &query).await?;
    let views = match found.views {
        Some(views) => views,
        None => find::show(&bridge.store, found.rows).await?,
    };
    let base = bridge.scim_base();
    Ok(Page {
        total: found.total,
        resources: views.iter().map(|view| view.render(&base, &query.projection)).collect(),
        start_index: query.cursor.is_none().then_some(query.start_index),
        next_cursor,
    })
}

/// The groups that a query asks for. Their members are looked up only where the projection shows them.
///
/// # Errors
/// As [`users`].
pub(super) async fn groups(bridge: &Bridge, on: &OnBehalf, query: ListQuery) -> Result<Page, Error> {
    let (found, next_cursor) = found(bridge, on, Kind::Group, &query).await?;
    let (settings, members) = (on.settings.clone(), group::Members::of(&query.projection));
    let views =
        bridge.store.read(move |conn| group::View::load_all(conn, found.rows, &settings, members)).await?;
    let base = bridge.scim_base();
    Ok(Page {
        total: found.total,
        resources: views.iter().map(|view| view.render(&base, &query.projection)).collect(),
        start_index: query.cursor.is_none().then_some(query.start_index),
        next_cursor,
    })
}

/// The resources of every kind that a query of the root asks for, RFC 7644 §3.4.2.1: users first, then groups, each in
/// the order that is asked for.
///
/// # Errors
/// As [`users`]; 400 `invalidValue` for a cursor, which belongs to one kind of resource.
pub async fn everything(bridge: &Bridge, on: &OnBehalf, query: ListQuery) -> Result<Page, Error> {
    if query.cursor.is_some() {
        let reason = "a search of everything is paged by startIndex; cursors are given by /Users and /Groups";
        return Err(scim::Error::invalid_value(reason).into());
    }
    let mut page = users(bridge, on, query.clone()).await?;
    let of_groups = ListQuery {
        start_index: query.start_index.saturating_sub(page.total).max(1),
        count: query.count - page.resources.len(),
        ..query
    };
    let groups = super::groups::list(bridge, on, of_groups).await?;
    page.total += groups.total;
    page.resources.extend(groups.resources);
    Ok(page)
}

/// The rows of the page, and the cursor of the next one.
async fn found(
    bridge: &Bridge,
    on: &OnBehalf,
    kind: Kind,
    query: &ListQuery,
) -> Result<(Found, Option<String>), Error> {
    let (account, base, settings) = (on.account.id, bridge.scim_base(), on.settings.clone());
    let limit = bridge.config.limits.filter_scan;
    let rt = match kind {
        Kind::User => ResourceType::user(),
        Kind::Group => ResourceType::group(),
    };
    let cursors = place::Cursors::new(bridge, account, rt.endpoint);
    let place = cursors.open(query)?;
    let asked = query.clone();
    let read = move |conn: &mut Conn| {
        let question = Question {
            account,
            settings: &settings,
            kind,
            rt,
            query: &asked,
            place: place.as_ref(),
            limit,
            scim_base: &base,
        };
        let mut found = question.answer(conn)?;
        if let Some(found) = found.as_mut().filter(|_| kind == Kind::User) {
            // Whoever is shown already is read in one go.
            if found.rows.iter().all(|row| row.shown) {
                found.views = Some(View::load_all(conn, std::mem::take(&mut found.rows))?);
            }
        }
        Ok(found)
    };
    let mut found = bridge.store.read(read).await?.ok_or_else(|| too_many(query, kind, limit))?;
    let next_cursor = found.next.take().map(|place| cursors.seal(query, &place));
    Ok((found, next_cursor))
}

fn too_many(query: &ListQuery, kind: Kind, limit: usize) -> scim::Error {
    let what = match (&query.filter, &query.sort) {
        (None, Some(_)) => "this order has no index",
        _ => "this filter or this order has no index",
    };
    let (noun, indexed) = match kind {
        Kind::User => ("users", "userName, externalId, id, emails, employeeNumber or meta.lastModified"),
        Kind::Group => ("groups", "displayName, externalId, id or meta.lastModified"),
    };
    scim::Error::too_many(format!(
        "{what} and there are more than {limit} {noun} to look at; filter by {indexed}, \
         and sort by the name, id, meta.created or meta.lastModified"
    ))
}

impl Question<'_> {
    /// The page; nothing when there are too many resources to look at.
    fn answer(&self, conn: &mut Conn) -> Result<Option<Found>, store::Error> {
        let all = Plan { condition: Condition::All, exact: true };
        let plan = self.query.filter.as_ref().map_or(all, |filter| condition::plan(filter, self.rt));
        match self.order() {
            Some(order) if plan.exact => self.ask_the_store(conn, &plan.condition, order).map(Some),
            _ => self.by_looking(conn, &plan),
        }
    }

    /// The order, if the store has an index for it.
    fn order(&self) -> Option<Order> {
        let Some(Sort { by, order }) = &self.query.sort else {
            return Some(Order::default());
        };
        let descending = *order == SortOrder::Descending;
        let by = match by.compared(self.rt).filter(|_| by.filter.is_none())?.as_str() {
            "userName" if self.kind == Kind::User => SortColumn::UserName,
            // The column has the name that is unique among resources of a kind.
            "displayName" if self.kind == Kind::Group => SortColumn::UserName,
            "id" => SortColumn::ScimId,
            "meta.created" => SortColumn::Created,
            "meta.lastModified" => SortColumn::LastModified,
            _ => return None,
        };
        Some(Order { by, descending })
    }

    fn ask_the_store(
        &self,
        conn: &mut Conn,
        condition: &Condition,
        order: Order,
    ) -> Result<Found, store::Error> {
        let count = |conn: &mut Conn| resources::count(conn, self.account, self.kind, condition);
        let by_cursor = self.query.cursor.is_some();
        let start = match self.place {
            Some(place) => Start::After(place.position(order.by)),
            None if by_cursor => Start::Offset(0),
            None => Start::Offset(self.query.start_index - 1),
        };
        if self.query.count == 0 {
            return Ok(Found { total: count(conn)?, ..Found::default() });
        }
        // One more tells whether there is another page.
        let wanted = self.query.count + usize::from(by_cursor);
        let mut rows = resources::list(conn, self.account, self.kind, condition, order, &start, wanted)?;
        // A page that is not full tells how many there are: those before it, and its own.
        let total = match start {
            Start::Offset(0) if rows.len() < wanted => rows.len(),
            _ => count(conn)?,
        };
        let more = rows.len() > self.query.count;
        rows.truncate(self.query.count);
        let next = rows.last().filter(|_| more).map(|row| Place::of(row, order.by));
        Ok(Found { total, rows, next, ..Found::default() })
    }

    fn by_looking(&self, conn: &mut Conn, plan: &Plan) -> Result<Option<Found>, store::Error> {
        if resources::count(conn, self.account, self.kind, &plan.condition)? > self.limit {
            return Ok(None);
        }
        let mut matches = self.look(conn, &plan.condition)?;
        let direction = self.query.sort.as_ref().map(|sort| sort.order).unwrap_or_default();
        let compare = |a: &Place, b: &Place| {
            let by_id = match direction {
                SortOrder::Ascending => a.id.cmp(&b.id),
                SortOrder::Descending => b.id.cmp(&a.id),
            };
            direction.compare(&a.key, &b.key).then(by_id)
        };
        matches.sort_by(compare);
        let first = match self.place {
            Some(place) => matches.partition_point(|found| compare(found, place).is_le()),
            None if self.query.cursor.is_some() => 0,
            None => self.query.start_index - 1,
        };
        let total = matches.len();
        let end = first.saturating_add(self.query.count).min(total);
        let page = matches.get(first..end).unwrap_or_default();
        let more = self.query.cursor.is_some() && end < total;
        let ids: Vec<ResourceId> = page.iter().map(|place| place.id).collect();
        let next = page.last().filter(|_| more).cloned();
        Ok(Some(Found { total, rows: resources::load(conn, &ids)?, next, ..Found::default() }))
    }

    /// Where each resource stands that the filter holds for.
    fn look(&self, conn: &mut Conn, condition: &Condition) -> Result<Vec<Place>, store::Error> {
        let filter = self.query.filter.as_ref();
        // Only a query about the delivery state or the groups needs the queries behind it for every user.
        let asked =
            [filter.map(ToString::to_string), self.query.sort.as_ref().map(|sort| sort.by.to_string())];
        let asked = asked.into_iter().flatten().collect::<String>().to_ascii_lowercase();
        let whole = asked.contains(&scim::urn::DELIVERY.to_ascii_lowercase()) || asked.contains("groups");
        let members = if asked.contains("members") { group::Members::Wanted } else { group::Members::Left };
        let mut matches = Vec::new();
        let mut start = Start::Offset(0);
        loop {
            let order = Order::default();
            let rows = resources::list(conn, self.account, self.kind, condition, order, &start, STEP)?;
            let Some(last) = rows.last() else {
                return Ok(matches);
            };
            start = Start::After(Position::of(last, order.by));
            let is_last = rows.len() < STEP;
            let places: Vec<_> = rows.iter().map(|row| (row.id, row.created_at)).collect();
            for ((id, created), rendered) in
                places.into_iter().zip(self.rendered(conn, rows, whole, members)?)
            {
                if filter.is_none_or(|filter| filter.matches(&rendered, self.rt)) {
                    let sort = self.query.sort.as_ref();
                    let key = sort.map_or(SortKey::Time(created), |sort| sort.key(&rendered, self.rt));
                    matches.push(Place { key, id });
                }
            }
            if is_last {
                return Ok(matches);
            }
        }
    }

    /// All of each resource, as far as this query looks at it.
    fn rendered(
        &self,
        conn: &mut Conn,
        rows: Vec<Resource>,
        whole: bool,
        members: group::Members,
    ) -> Result<Vec<Value>, store::Error> {
        let all = Projection::default();
        if self.kind == Kind::Group {
            let views = group::View::load_all(conn, rows, self.settings, members)?;
            return Ok(views.iter().map(|view| view.render(self.scim_base, &all)).collect());
        }
        let views = if whole {
            View::load_all(conn, rows)?
        } else {
            rows.into_iter().map(View::without_delivery).collect()
        };
        Ok(views.iter().map(|view| view.render(self.scim_base, &all)).collect())
    }
}

#[cfg(test)]
mod tests;
