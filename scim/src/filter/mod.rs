//! Filters.
use crate::{Error, Path, ResourceType};
use serde_json::Value;
/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Comparison {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}
/// A filter, RFC 7644 §3.4.2.2.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Filter {
    Compare {
        path: Path,
        op: Comparison,
        value: Value,
    },
    Present(Path),
    /// `emails[...]` on its own.
    Any(Path),
    Not(Box<Filter>),
    And(Vec<Filter>),
    Or(Vec<Filter>),
}
impl Filter {
    /// Parses.
    pub fn parse(_text: &str) -> Result<Filter, Error> {
        unimplemented!()
    }
    /// Whether a rendered resource satisfies the filter.
    pub fn matches(&self, _resource: &Value, _rt: &ResourceType) -> bool {
        unimplemented!()
    }
    /// The path and value of a filter that is a single `eq`.
    pub fn as_equality(&self) -> Option<(&Path, &Value)> {
        unimplemented!()
    }
    /// Equalities (canonical path, value) that every match must satisfy: what an index may be asked before `matches` decides.
    pub fn necessary_equalities(&self, _rt: &ResourceType) -> Vec<(String, &Value)> {
        unimplemented!()
    }
}
impl std::fmt::Display for Filter {
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        unimplemented!()
    }
}
