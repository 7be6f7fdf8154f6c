//! Files of expense lines: CSV, TSV and Excel workbooks, Concur's own exports among them. Needs no credentials.
//!
//! The cast, in the order in which a file meets them:
//!
//! * an [`Upload`] is opened as a **table**: encoding, delimiter, sheet and headings are found out;
//! * its [`Layout`] is recognised by the headings, and a **mapping** says which column fills which [`Field`];
//! * what was **said** about an earlier file with the same headings counts for this one too ([`Remembered`]);
//! * a [`Survey`] reads every row once and decides dates and amounts for whole columns; what it cannot decide is asked;
//! * each row is **converted** to a canonical line, or becomes a [`Rejection`] with line, field, value and reason;
//! * [`check`] shows all of that and stores nothing; an [`Importer`] decides the lines and stores them, in pages, under one
//!   import, which [`undo`] takes back.
//!
//! Importing a file again, or one that overlaps it, changes nothing; equal rows of one file stay apart.

mod amount;
mod convert;
mod date;
mod error;
mod field;
mod judge;
mod key;
mod layout;
mod mapping;
mod options;
mod pages;
mod remembered;
mod run;
mod survey;
mod table;
mod template;
mod text;
mod workbook;

pub use amount::DecimalMark;
pub use convert::{Rejection, SOURCE};
pub use date::DateOrder;
pub use error::ImportError;
pub use field::Field;
pub use judge::{Check, CurrencySum, check};
pub use layout::Layout;
pub use mapping::{Mapping, Wishes, wish};
pub use options::{Options, Wanted};
pub use remembered::{Earlier, Remembered, Words};
pub use run::{Begun, Imported, Importer, undo};
pub use survey::{Column, Survey};
pub use table::{FileOptions, Record, Upload, Written};
pub use template::template;
