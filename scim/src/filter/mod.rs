//! Filters, RFC 7644 §3.4.2.2: parsed whole, evaluated in memory.
//!
//! What the store can answer from an index it learns through [`Filter::as_equality`] and
//! [`Filter::necessary_equalities`]; [`Filter::matches`] always has the last word.

mod cursor;
mod eval;
mod parse;
mod print;
mod scope;

use serde_json::Value;

use crate::{Error, Path, ResourceType, habits};

pub(crate) use cursor::Cursor;
pub use eval::parse_date_time;
pub(crate) use eval::{holds, select_values};
pub(crate) use parse::parse_bracket;
pub(crate) use scope::Scope;

/// Comparison operators of RFC 7644 Table 3; `pr` is [`Filter::Present`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than, or later.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less than, or earlier.
    Lt,
    /// Less or equal.
    Le,
}

impl Comparison {
    /// All of them with their spelling.
    pub(crate) const ALL: [(Comparison, &'static str); 9] = [
        (Comparison::Eq, "eq"),
        (Comparison::Ne, "ne"),
        (Comparison::Co, "co"),
        (Comparison::Sw, "sw"),
        (Comparison::Ew, "ew"),
        (Comparison::Gt, "gt"),
        (Comparison::Ge, "ge"),
        (Comparison::Lt, "lt"),
        (Comparison::Le, "le"),
    ];

    /// Whether it asks for an order, which booleans and binaries do not have (Table 3).
    pub(crate) fn is_ordering(self) -> bool {
        matches!(self, Comparison::Gt | Comparison::Ge | Comparison::Lt | Comparison::Le)
    }
}

/// A filter, RFC 7644 Figure 1.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// `userName eq "x"`; also Entra's `emails[type eq "work"].value eq "x"`, which the figure does not know.
    Compare {
        /// What is compared; all the values it selects.
        path: Path,
        /// How.
        op: Comparison,
        /// With what: text, number, boolean or null.
        value: Value,
    },
    /// `title pr`.
    Present(Path),
    /// `emails[type eq "work" and value co "x"]` on its own: some value satisfies all of it.
    Any(Path),
    /// `not (...)`.
    Not(Box<Filter>),
    /// At least two, all of which must hold.
    And(Vec<Filter>),
    /// At least two, one of which must hold.
    Or(Vec<Filter>),
}

impl Filter {
    /// Parses a whole filter.
    ///
    /// # Errors
    /// `invalidFilter` for a broken or too large one, and for `gt` and its kin on booleans and binaries.
    pub fn parse(text: &str) -> Result<Filter, Error> {
        let as_filter = |error: Error| Error::invalid_filter(error.detail);
        let filter = parse::whole(text).map_err(as_filter)?;
        scope::check_ordering(&filter)?;
        Ok(filter)
    }

    /// Whether a rendered resource ([`crate::Resource::render`] without projection) satisfies the filter.
    ///
    /// An attribute the resource type does not have has no value (RFC 7644 §3.4.2.1).
    pub fn matches(&self, resource: &Value, rt: &ResourceType) -> bool {
        resource.as_object().is_some_and(|resource| eval::holds(self, Scope::Resource(rt), resource))
    }

    /// The first path that names no attribute of this resource type. A request with one finds nobody (RFC 7644 §3.4.2.1);
    /// a filter in a setting should be refused, for it would find nobody for ever.
    pub fn unknown_path(&self, rt: &ResourceType) -> Option<&Path> {
        scope::unknown(self, Scope::Resource(rt))
    }

    /// The path and value of a filter that is nothing but one `eq` with a value.
    pub fn as_equality(&self) -> Option<(&Path, &Value)> {
        match self {
            Filter::Compare { path, op: Comparison::Eq, value }
                if path.filter.is_none() && !value.is_null() =>
            {
                Some((path, value))
            }
            _ => None,
        }
    }

    /// Equalities that every match must satisfy, as (canonical path, value): `userName`, `emails.value`,
    /// `urn:...:User:employeeNumber`, a bare complex attribute as its `.value`.
    ///
    /// The store may ask an index about any one of them and let [`Filter::matches`] decide about what it finds.
    pub fn necessary_equalities(&self, rt: &ResourceType) -> Vec<(String, &Value)> {
        let mut found = Vec::new();
        self.collect_equalities(rt, &mut found);
        found
    }

    fn collect_equalities<'f>(&'f self, rt: &ResourceType, found: &mut Vec<(String, &'f Value)>) {
        match self {
            Filter::Compare { path, op: Comparison::Eq, value } if !value.is_null() => {
                if let Some(resolved) = habits::resolve_in_filter(rt, path) {
                    let bare = resolved.sub.is_none()
                        && resolved.attribute.is_some_and(|a| a.sub_attribute("value").is_some());
                    let name = resolved.canonical();
                    found.push((if bare { name + ".value" } else { name }, value));
                }
            }
            Filter::Any(path) => {
                let Some((resolved, inner)) = habits::resolve_in_filter(rt, path).zip(path.filter.as_deref())
                else {
                    return;
                };
                for (sub, value) in inner.value_equalities() {
                    if let Some(sub) = resolved.attribute.and_then(|a| a.sub_attribute(sub)) {
                        found.push((format!("{}.{}", resolved.canonical(), sub.name), value));
                    }
                }
            }
            Filter::And(terms) => terms.iter().for_each(|term| term.collect_equalities(rt, found)),
            Filter::Compare { .. } | Filter::Present(_) | Filter::Not(_) | Filter::Or(_) => {}
        }
    }

    /// The `eq` terms, joined by `and`, of a filter in brackets: (sub-attribute as written, value).
    pub(crate) fn value_equalities(&self) -> Vec<(&str, &Value)> {
        match self {
            Filter::And(terms) => terms.iter().flat_map(Filter::value_equalities).collect(),
            _ => match self.as_equality() {
                Some((path, value)) if path.schema.is_none() && path.sub.is_none() => {
                    vec![(path.attribute.as_str(), value)]
                }
                _ => Vec::new(),
            },
        }
    }

    /// Whether it is made of `eq` terms joined by `and` and of nothing else.
    pub(crate) fn is_conjunction_of_equalities(&self) -> bool {
        match self {
            Filter::And(terms) => terms.iter().all(Filter::is_conjunction_of_equalities),
            _ => self.as_equality().is_some_and(|(path, _)| path.schema.is_none() && path.sub.is_none()),
        }
    }
}

#[cfg(test)]
mod tests;
