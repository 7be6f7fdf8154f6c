//! Where a file may be cut into blocks.

/// What the rows of a file are cut by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// A line feed outside quotation marks ends a row.
    Csv,
    /// Every line feed ends a row.
    Lines,
}

/// Bytes of the whole rows at the beginning of a block that begins with a row: up to and with the last line feed
/// that ends one. 0 when no row ends in it.
pub fn rows_end(block: &[u8], cut: Cut) -> usize {
    if cut == Cut::Lines || !block.contains(&b'"') {
        return block.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    }
    // As the crate `csv` reads RFC 4180: a mark opens a field only as its first byte, and doubled it is a mark.
    let (mut end, mut state) = (0, State::FieldBegins);
    for (at, byte) in block.iter().enumerate() {
        state = match (state, byte) {
            (State::Quoted, b'"') => State::Closed,
            (State::FieldBegins | State::Closed, b'"') | (State::Quoted, _) => State::Quoted,
            (_, b'\n') => {
                end = at + 1;
                State::FieldBegins
            }
            (_, b',' | b'\r') => State::FieldBegins,
            _ => State::Plain,
        };
    }
    end
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FieldBegins,
    Plain,
    Quoted,
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_ends_behind_a_row() {
        let check = |block: &str, csv: usize, lines: usize| {
            assert_eq!(rows_end(block.as_bytes(), Cut::Csv), csv, "csv {block:?}");
            assert_eq!(rows_end(block.as_bytes(), Cut::Lines), lines, "lines {block:?}");
        };
        check("a,b\nc,d\ne", 8, 8);
        check("a,\"b\nc\",d\ne", 10, 10);
        check("a,\"b\nc", 0, 5);
        check("a,\"say \"\"x\"\"\n\"\nb,\"", 15, 15);
        check("5\" pipe,b\nc", 10, 10);
        check("no end", 0, 0);
        check("", 0, 0);
    }
}
