//! What the rows of Expense v3 have in common: typed members with the row as written beside them.

use super::{Entry, Itemization, Report};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A row of a list that keeps its JSON.
pub(crate) trait Row: DeserializeOwned + Send + 'static {
    fn with_raw(self, raw: Value) -> Self;
}

impl Row for Report {
    fn with_raw(self, raw: Value) -> Self {
        Self { raw, ..self }
    }
}

impl Row for Entry {
    fn with_raw(self, raw: Value) -> Self {
        Self { raw, ..self }
    }
}

impl Row for Itemization {
    fn with_raw(self, raw: Value) -> Self {
        Self { raw, ..self }
    }
}
