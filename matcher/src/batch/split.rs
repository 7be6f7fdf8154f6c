//! Rows of CSV (RFC 4180) split without copying: what the crate `csv` reads, in a fraction of its time, for text that
//! is known to be UTF-8. The crate is the referee of the tests, and reads what is no UTF-8.
//!
//! A row ends at a line feed, a carriage return, or both; empty rows are skipped. A quotation mark opens a field only
//! as its first character, and doubled it is a mark; what follows a closing mark belongs to the field.

/// A field of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    start: usize,
    end: usize,
    /// In the memory for fields whose marks had to be taken out, not in the text itself.
    unquoted: bool,
}

/// The fields of one row, in memory that is used again.
#[derive(Debug, Default)]
pub(super) struct Fields {
    places: Vec<Place>,
    unquoted: String,
}

impl Fields {
    /// Splits the row at `at`, empty ones skipped. Where it begins, and where it ends with what ends it; `None` when
    /// there is none.
    pub(super) fn read(&mut self, text: &str, at: usize) -> Option<(usize, usize)> {
        let bytes = text.as_bytes();
        let start = at + bytes[at..].iter().position(|byte| !matches!(byte, b'\n' | b'\r'))?;
        self.places.clear();
        self.unquoted.clear();
        let mut field = start;
        loop {
            let (place, end) =
                if bytes.get(field) == Some(&b'"') { self.quoted(text, field) } else { plain(bytes, field) };
            self.places.push(place);
            match bytes.get(end) {
                Some(b',') => field = end + 1,
                Some(b'\r') if bytes.get(end + 1) == Some(&b'\n') => return Some((start, end + 2)),
                Some(_) => return Some((start, end + 1)),
                None => return Some((start, end)),
            }
        }
    }

    /// A field that begins with a quotation mark, and where it ends in the text.
    fn quoted(&mut self, text: &str, at: usize) -> (Place, usize) {
        let bytes = text.as_bytes();
        let inner = at + 1;
        let closing =
            |from: usize| bytes[from..].iter().position(|byte| *byte == b'"').map(|found| from + found);
        match closing(inner) {
            // Most fields hold no mark inside, and nothing between the closing one and the separator.
            Some(end) if matches!(bytes.get(end + 1), None | Some(b',' | b'\n' | b'\r')) => {
                return (Place { start: inner, end, unquoted: false }, end + 1);
            }
            None => return (Place { start: inner, end: bytes.len(), unquoted: false }, bytes.len()),
            Some(_) => {}
        }
        let start = self.unquoted.len();
        let mut from = inner;
        let end = loop {
            let Some(mark) = closing(from) else {
                self.unquoted.push_str(&text[from..]);
                break bytes.len();
            };
            self.unquoted.push_str(&text[from..mark]);
            if bytes.get(mark + 1) == Some(&b'"') {
                self.unquoted.push('"');
                from = mark + 2;
            } else {
                let (rest, end) = plain(bytes, mark + 1);
                self.unquoted.push_str(&text[rest.start..rest.end]);
                break end;
            }
        };
        (Place { start, end: self.unquoted.len(), unquoted: true }, end)
    }

    /// A field of the row that was read last; empty beyond its end.
    #[inline]
    pub(super) fn get<'t>(&'t self, text: &'t str, column: Option<usize>) -> &'t str {
        let place = column.and_then(|at| self.places.get(at));
        place.map_or("", |place| {
            let source = if place.unquoted { &self.unquoted } else { text };
            &source[place.start..place.end]
        })
    }
}

/// A field without quotation marks around it, and where it ends.
fn plain(bytes: &[u8], at: usize) -> (Place, usize) {
    let length = bytes[at..].iter().position(|byte| matches!(byte, b',' | b'\n' | b'\r'));
    let end = length.map_or(bytes.len(), |length| at + length);
    (Place { start: at, end, unquoted: false }, end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<Vec<String>> {
        let (mut fields, mut at, mut rows) = (Fields::default(), 0, Vec::new());
        while let Some((_, end)) = fields.read(text, at) {
            let row = (0..fields.places.len()).map(|column| fields.get(text, Some(column)).to_owned());
            rows.push(row.collect());
            at = end;
        }
        rows
    }

    fn by_crate(text: &str) -> Vec<Vec<String>> {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let row = |row: csv::Result<csv::StringRecord>| row.unwrap().iter().map(str::to_owned).collect();
        reader.records().map(row).collect()
    }

    #[test]
    fn marks_and_ends_are_read_as_the_standard_says() {
        let check = |text: &str, expected: &[&[&str]]| assert_eq!(split(text), expected, "{text:?}");
        check("a,b\r\nc,d\n", &[&["a", "b"], &["c", "d"]]);
        check("\"a,b\",c", &[&["a,b", "c"]]);
        check("\"say \"\"x\"\"\",\"\n\"", &[&["say \"x\"", "\n"]]);
        check("5\" pipe,\"a\"b", &[&["5\" pipe", "ab"]]);
        check("\n\r\n,\n", &[&["", ""]]);
        check("", &[]);
    }

    proptest! {
        #[test]
        fn rows_are_split_as_the_crate_splits_them(text in "[a\",\r\nÄ ]{0,40}") {
            prop_assert_eq!(split(&text), by_crate(&text));
        }
    }
}
