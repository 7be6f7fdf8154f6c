//! Paths.
use crate::{Error, Filter, ResourceType};
/// A path, RFC 7644 §3.5.2 Figure 7.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Schema URN in front of the name.
    pub schema: Option<String>,
    /// Attribute name as written; empty when the path is a bare schema URN.
    pub attribute: String,
    /// Filter in brackets.
    pub filter: Option<Box<Filter>>,
    /// Sub-attribute after the dot.
    pub sub: Option<String>,
}
impl Path {
    /// Parses.
    pub fn parse(_text: &str) -> Result<Path, Error> {
        unimplemented!()
    }
    /// The canonical spelling for this resource type without the bracket: `emails.value`, `urn:...:User:department`; `None` if unknown.
    pub fn canonical(&self, _rt: &ResourceType) -> Option<String> {
        unimplemented!()
    }
}
impl std::fmt::Display for Path {
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        unimplemented!()
    }
}
