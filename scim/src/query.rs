//! Queries.
use crate::{Error, Filter, Projection};
/// The parameters of a list request, RFC 7644 §3.4.2.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct ListQuery {
    pub filter: Option<Filter>,
    /// 1-based.
    pub start_index: usize,
    /// At most 200; 0 asks for totals only.
    pub count: usize,
    pub projection: Projection,
}
impl ListQuery {
    /// Reads decoded query parameters.
    pub fn parse<'a>(_pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Result<ListQuery, Error> {
        unimplemented!()
    }
}
