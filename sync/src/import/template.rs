//! The file to start from: a heading for each field, and one row of examples.

use super::field::Field;

/// As CSV, with a line of headings and a line of examples.
pub fn template() -> String {
    let row = |cell: fn(Field) -> &'static str| {
        Field::ALL.iter().map(|field| cell(*field)).collect::<Vec<_>>().join(",")
    };
    format!("{}\n{}\n", row(Field::name), row(Field::example))
}
