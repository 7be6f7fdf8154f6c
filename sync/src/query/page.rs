//! Cursor paging: opaque text out, the same text in. A cursor names the last row that was shown, so that rows added
//! or removed meanwhile neither repeat nor hide others.

use store::{ids::LineId, lines::PageCursor};

use crate::Error;

/// Rows on a page when the caller does not say.
pub const LIMIT_DEFAULT: usize = 100;
/// Rows on a page at the most; a larger wish is cut to this.
pub const LIMIT_MAX: usize = 1_000;

/// Which page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// What the page before this one called `next_cursor`.
    pub cursor: Option<String>,
    /// Rows; [`LIMIT_DEFAULT`] when absent, at most [`LIMIT_MAX`], at least 1.
    pub limit: Option<usize>,
}

impl PageRequest {
    pub(super) fn limit(&self) -> usize {
        self.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX)
    }
}

pub(super) fn encode(cursor: &PageCursor) -> String {
    format!("{}~{}", cursor.transaction_date, cursor.line_id)
}

pub(super) fn decode(text: &str) -> Result<PageCursor, Error> {
    let (date, id) = text.split_once('~').ok_or(Error::BadCursor)?;
    let transaction_date = date.parse().map_err(|_| Error::BadCursor)?;
    let line_id: LineId = id.parse().map_err(|_| Error::BadCursor)?;
    Ok(PageCursor { transaction_date, line_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_out() {
        let cursor = PageCursor {
            transaction_date: "2026-02-28".parse().unwrap(),
            line_id: "0193a1b2-0000-7000-8000-000000000001".parse().unwrap(),
        };
        assert_eq!(decode(&encode(&cursor)).unwrap(), cursor);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "~", "2026-02-28", "2026-02-30~0193a1b2-0000-7000-8000-000000000001", "2026-02-28~7"]
        {
            assert!(matches!(decode(text), Err(Error::BadCursor)), "{text}");
        }
    }

    #[test]
    fn limits_are_cut_not_refused() {
        let limit = |limit| PageRequest { cursor: None, limit }.limit();
        assert_eq!([limit(None), limit(Some(0)), limit(Some(7)), limit(Some(9_999))], [100, 1, 7, 1_000]);
    }
}
