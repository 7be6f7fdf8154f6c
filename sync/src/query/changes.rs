//! What has changed since a caller asked last: lines that came, changed, were decided otherwise or went, each once, as they
//! are now. Who keeps the cursor and puts every line over the one of the same id holds a copy that misses nothing.

use jiff::Timestamp;
use matcher::Dictionary;
use serde::Serialize;
use store::{Store, ids::AccountId, lines::ChangeCursor};
use utoipa::ToSchema;

use super::lines::{self, LineView};
use super::page::PageRequest;
use crate::Error;

/// A line that changed.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Change {
    /// Number of the change; it grows with each one.
    pub change: i64,
    /// Since when the line is gone; `null` while it is there.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub removed_at: Option<Timestamp>,
    /// The line as it is now, with its decision.
    pub line: LineView,
}

/// A page of changes, the oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Changes {
    /// The changes.
    pub changes: Vec<Change>,
    /// Where to go on, now or later; always there.
    pub next_cursor: String,
    /// Whether there is more by now.
    pub more: bool,
}

/// Lines that changed after a cursor; without one, all lines.
///
/// # Errors
/// [`Error::BadCursor`] for a cursor that is not one of ours; otherwise the store refuses.
pub async fn changes(
    store: &Store,
    account: AccountId,
    dictionary: &Dictionary,
    request: &PageRequest,
) -> Result<Changes, Error> {
    let after = request.cursor.as_deref().map(decode).transpose()?.unwrap_or_default();
    let limit = request.limit();
    let mut found = store.read(move |conn| store::lines::changes(conn, account, after, limit + 1)).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map_or(after, |last| last.at);
    let changes = found.into_iter().map(|changed| Change {
        change: changed.at.change,
        removed_at: changed.line.removed_at,
        line: lines::view(changed.line, changed.decision, dictionary),
    });
    Ok(Changes { changes: changes.collect(), next_cursor: encode(next), more })
}

fn encode(cursor: ChangeCursor) -> String {
    let line = cursor.line.map(|line| line.to_string()).unwrap_or_default();
    format!("{}~{line}", cursor.change)
}

fn decode(text: &str) -> Result<ChangeCursor, Error> {
    let (change, line) = text.split_once('~').ok_or(Error::BadCursor)?;
    let line = match line {
        "" => None,
        line => Some(line.parse().map_err(|_| Error::BadCursor)?),
    };
    Ok(ChangeCursor { change: change.parse().map_err(|_| Error::BadCursor)?, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_out_and_others_are_refused() {
        let line = "12".parse().unwrap();
        for cursor in [ChangeCursor { change: 7, line: Some(line) }, ChangeCursor::default()] {
            assert_eq!(decode(&encode(cursor)).unwrap(), cursor);
        }
        for text in ["", "7", "x~", "7~x", "2026-02-28~0193a1b2-0000-7000-8000-000000000001"] {
            assert!(matches!(decode(text), Err(Error::BadCursor)), "{text}");
        }
    }
}
