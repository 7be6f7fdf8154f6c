//! Cursor paging: opaque text out, the same text in. A cursor names the last row that was shown, so that rows added
//! or removed meanwhile neither repeat nor hide others.

use store::lines::PageCursor;

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

/// A page of rows that are all at hand, in an order of their own. Its cursor is a place in that order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    start: usize,
    end: usize,
}

impl PageRequest {
    /// Which of so many rows.
    pub(super) fn slice(&self, rows: usize) -> Result<Slice, Error> {
        let start = match self.cursor.as_deref().map(str::parse::<usize>) {
            None => 0,
            Some(Ok(start)) if start <= rows => start,
            Some(_) => return Err(Error::BadCursor),
        };
        Ok(Slice { start, end: (start + self.limit()).min(rows) })
    }
}

impl Slice {
    /// The rows.
    pub(super) fn of<T>(self, rows: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        rows.into_iter().skip(self.start).take(self.end - self.start)
    }

    /// Where the next page begins, if there is one.
    pub(super) fn next_cursor(self, rows: usize) -> Option<String> {
        (self.end < rows).then(|| self.end.to_string())
    }
}

pub(super) fn encode(cursor: &PageCursor) -> String {
    format!("{}~{}", cursor.transaction_date, cursor.line)
}

pub(super) fn decode(text: &str) -> Result<PageCursor, Error> {
    let (date, line) = text.split_once('~').ok_or(Error::BadCursor)?;
    let transaction_date = date.parse().map_err(|_| Error::BadCursor)?;
    let line = line.parse().map_err(|_| Error::BadCursor)?;
    Ok(PageCursor { transaction_date, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_out() {
        let cursor =
            PageCursor { transaction_date: "2026-02-28".parse().unwrap(), line: "12".parse().unwrap() };
        assert_eq!(decode(&encode(&cursor)).unwrap(), cursor);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "~", "2026-02-28", "2026-02-30~7", "2026-02-28~0193a1b2-0000-7000-8000-000000000001"]
        {
            assert!(matches!(decode(text), Err(Error::BadCursor)), "{text}");
        }
    }

    #[test]
    fn slices_go_from_page_to_page_and_other_cursors_are_refused() {
        let page = |cursor: Option<&str>| PageRequest { cursor: cursor.map(str::to_owned), limit: Some(2) };
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let slice = page(cursor.as_deref()).slice(5).unwrap();
            seen.extend(slice.of(0..5));
            cursor = slice.next_cursor(5);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4]);
        for text in ["6", "-1", "x", ""] {
            assert!(matches!(page(Some(text)).slice(5), Err(Error::BadCursor)), "{text}");
        }
    }

    #[test]
    fn limits_are_cut_not_refused() {
        let limit = |limit| PageRequest { cursor: None, limit }.limit();
        assert_eq!([limit(None), limit(Some(0)), limit(Some(7)), limit(Some(9_999))], [100, 1, 7, 1_000]);
    }
}
