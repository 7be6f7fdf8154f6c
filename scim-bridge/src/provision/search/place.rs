//! Places in a list, and the cursors that carry them to the caller and back.

use scim::{CursorKey, ListQuery, SortKey};
use serde_json::{Value, json};
use store::ids::{AccountId, ResourceId};
use store::resources::{Key, Position, Resource, SortColumn};

use super::CURSOR_TIMEOUT_SECONDS;
use crate::bridge::Bridge;

/// Where a resource stands in a list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub key: SortKey,
    pub id: ResourceId,
}

impl Place {
    /// Where a row stands in a list that the store sorts.
    pub(super) fn of(row: &Resource, by: SortColumn) -> Self {
        let Position { key, id } = Position::of(row, by);
        let key = match key {
            Key::Time(time) => SortKey::Time(time),
            Key::Text(text) => SortKey::Text(text),
        };
        Place { key, id }
    }

    /// The same for the store.
    pub(super) fn position(&self, by: SortColumn) -> Position {
        let key = match (&self.key, by) {
            (SortKey::Time(time), _) => Key::Time(*time),
            (SortKey::Text(text), _) => Key::Text(text.clone()),
            // No other key comes from a column; a place of another list has nothing behind it.
            (_, SortColumn::Created | SortColumn::LastModified) => Key::Text(String::new()),
            (_, SortColumn::UserName | SortColumn::ScimId) => Key::Time(jiff::Timestamp::MAX),
        };
        Position { key, id: self.id }
    }

    fn to_json(&self) -> Value {
        json!([self.key.to_json(), self.id.to_string()])
    }

    fn from_json(value: &Value) -> Option<Self> {
        Some(Place { key: SortKey::from_json(value.get(0)?)?, id: value.get(1)?.as_str()?.parse().ok()? })
    }
}

/// The cursors of one account and end point, at one time.
pub(super) struct Cursors {
    key: CursorKey,
    scope: String,
    now: jiff::Timestamp,
}

impl Cursors {
    pub(super) fn new(bridge: &Bridge, account: AccountId, endpoint: &str) -> Self {
        let key = CursorKey::new(bridge.store.derive_key("scim-bridge 2026 cursors"));
        Self { key, scope: format!("{account}{endpoint}"), now: bridge.clock.now() }
    }

    pub(super) fn seal(&self, query: &ListQuery, place: &Place) -> String {
        self.key.seal(query, &self.scope, &place.to_json(), self.now)
    }

    /// The place that the query's cursor means; none for the first page.
    pub(super) fn open(&self, query: &ListQuery) -> Result<Option<Place>, scim::Error> {
        let Some(cursor) = query.cursor.as_deref().filter(|cursor| !cursor.is_empty()) else {
            return Ok(None);
        };
        let place = self.key.open(cursor, query, &self.scope, self.now, CURSOR_TIMEOUT_SECONDS)?;
        let unreadable = || scim::Error::invalid_cursor("The cursor is of another version of this server.");
        Place::from_json(&place).map(Some).ok_or_else(unreadable)
    }
}
