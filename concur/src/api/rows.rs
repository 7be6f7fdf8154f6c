//! Rows of a list, each read on its own, so that one row that is not as documented does not hide the others. Not here:
//! how an API names its next page.

use crate::{
    Cursor, Error, Page,
    http::{Answer, DecodeFault, decode},
    model::Row,
    page::{PageSource, UnreadableRow},
};
use serde_json::value::RawValue;

/// A page of the rows in `items`, which stand in the answer under `name` (empty for a bare array).
pub(super) fn page<T: Row>(
    answer: &Answer,
    name: &str,
    items: &[Box<RawValue>],
    next: Option<Cursor>,
) -> Page<T> {
    let mut page = Page {
        items: Vec::with_capacity(items.len()),
        unreadable: Vec::new(),
        next,
        total: None,
        server_time: answer.server_time,
        correlation_id: answer.call.correlation_id.clone(),
        source: PageSource { call: answer.call.clone(), status: answer.status },
    };
    for (index, item) in items.iter().enumerate() {
        match row(item.get().as_bytes()) {
            Ok(row) => page.items.push(row),
            Err(fault) => {
                let path = match fault.path.as_str() {
                    "." => format!("{name}[{index}]"),
                    inner => format!("{name}[{index}].{inner}"),
                };
                page.unreadable.push(UnreadableRow { path, reason: fault.reason });
            }
        }
    }
    page
}

/// A page of an answer that is a bare array, which is how Expense v4 and Expense Configuration v4 list.
pub(super) fn array<T: Row>(answer: &Answer) -> Result<Page<T>, Error> {
    let items: Vec<Box<RawValue>> = answer.decode()?;
    Ok(page(answer, "", &items, None))
}

/// A row, typed from the text as written, so that amounts keep their digits, with the plain JSON beside it.
pub(super) fn row<T: Row>(json: &[u8]) -> Result<T, DecodeFault> {
    let row: T = decode(json)?;
    Ok(row.with_raw(decode(json)?))
}
