//! What keeps a file from being imported. Each says what, where and what to do; a single bad row is none of these, it is
//! rejected and the rest goes on.

use super::date::DateOrder;
use super::field::Field;

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file cannot be read.
    #[error("{name} cannot be read")]
    Read {
        /// The file.
        name: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It is no table.
    #[error("{name} is not a table: {reason}")]
    NotATable {
        /// The file.
        name: String,
        /// Why.
        reason: String,
    },
    /// The workbook has no sheet of that name.
    #[error("the workbook has no sheet {wanted:?}; it has {}", known.join(", "))]
    NoSheet {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A wish in the mapping names nothing.
    #[error("{wish}: {reason}")]
    Mapping {
        /// As it was given.
        wish: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Without these columns a line cannot be made.
    #[error("no column holds {}; say which one with --map {}=\"heading\" (the headings: {})",
        .missing.iter().map(|field| field.name()).collect::<Vec<_>>().join(" or "),
        .missing.first().map_or("", |field| field.name()), .headings.join(", "))]
    MissingColumn {
        /// Any one of them would do.
        missing: Vec<Field>,
        /// What the file has.
        headings: Vec<String>,
    },
    /// Two readings of the dates are possible.
    #[error("the dates in column {heading:?}, such as {sample:?}, can be read as {}; say which with --date-order",
        .orders.iter().map(|order| order.name()).collect::<Vec<_>>().join(" or "))]
    AmbiguousDates {
        /// The column.
        heading: String,
        /// One of its values.
        sample: String,
        /// The readings.
        orders: Vec<DateOrder>,
    },
    /// The column of dates holds none.
    #[error(
        "column {heading:?} holds no dates, but values such as {sample:?}; map TransactionDate to another column"
    )]
    NoDates {
        /// The column.
        heading: String,
        /// One of its values.
        sample: String,
    },
    /// Two readings of the amounts are possible.
    #[error(
        "the amounts in column {heading:?}, such as {sample:?}, can be read with decimal point or decimal comma; say which with --decimal"
    )]
    AmbiguousAmounts {
        /// The column.
        heading: String,
        /// One of its values.
        sample: String,
    },
    /// The column of amounts holds none.
    #[error(
        "column {heading:?} holds no amounts, but values such as {sample:?}; map its field to another column"
    )]
    NoAmounts {
        /// The column.
        heading: String,
        /// One of its values.
        sample: String,
    },
    /// The store refused. What was imported until then stays under this import, and importing again goes on from there.
    #[error("the store refused")]
    Store(#[from] store::Error),
    /// The account's rules cannot be asked, most likely because the dictionary lost an app that they name. Nothing was stored.
    #[error("the account's rules cannot decide lines; nothing was imported")]
    Rules(#[source] Box<crate::Error>),
    /// Deciding the apps of the new lines failed; they are stored, and the next sync decides them.
    #[error("the lines are stored, but could not be matched")]
    Match(#[source] Box<crate::Error>),
    /// The caller had it stop. What was imported until then stays under this import, and importing again goes on from there.
    #[error("stopped before its end; import {name} again to go on")]
    Stopped {
        /// The file.
        name: String,
    },
    /// It cannot be taken back while it goes on.
    #[error("import {id} is still under way; take it back when it is over")]
    UnderWay {
        /// The import.
        id: store::ids::ImportId,
    },
    /// The upload changed between its check and its import.
    #[error("{name} changed while it was read; import it again")]
    Changed {
        /// The file.
        name: String,
    },
}
