//! What names in a filter mean: attributes of a resource outside brackets, sub-attributes of one value inside.

use crate::{
    Error, Filter, Path, ResourceType, habits,
    schema::{Attribute, Kind, Resolved, find},
};

/// Whose attributes the names in a filter are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'s> {
    /// A resource of this type.
    Resource(&'s ResourceType),
    /// One value of this attribute.
    Value(&'static Attribute),
}

impl Scope<'_> {
    /// What the path means here; `None` if nothing.
    pub(super) fn resolve(self, path: &Path) -> Option<Resolved> {
        match self {
            Scope::Resource(rt) => habits::resolve_in_filter(rt, path),
            Scope::Value(parent) => {
                let plain = path.schema.is_none() && path.filter.is_none() && path.sub.is_none();
                let attribute = find(parent.sub_attributes, &path.attribute).filter(|_| plain)?;
                Some(Resolved { extension: None, attribute: Some(attribute), sub: None })
            }
        }
    }
}

impl Resolved {
    /// The attribute whose values are compared: the sub-attribute, or the `value` of a bare complex attribute.
    pub(crate) fn compared(&self) -> Option<&'static Attribute> {
        let attribute = self.attribute?;
        let value = || attribute.sub_attribute("value");
        self.sub.or_else(value).or((attribute.kind != Kind::Complex).then_some(attribute))
    }
}

/// Refuses `gt`, `ge`, `lt`, `le` on booleans and binaries (RFC 7644 Table 3), wherever a name has such a type.
pub(super) fn check_ordering(filter: &Filter) -> Result<(), Error> {
    ResourceType::all().into_iter().try_for_each(|rt| check(filter, Scope::Resource(rt)))
}

/// The first name in a filter that means nothing there.
pub(super) fn unknown<'f>(filter: &'f Filter, scope: Scope<'_>) -> Option<&'f Path> {
    match filter {
        Filter::Compare { path, .. } | Filter::Present(path) | Filter::Any(path) => {
            let Some(resolved) = scope.resolve(path) else { return Some(path) };
            let inner = path.filter.as_deref().zip(resolved.attribute);
            inner.and_then(|(inner, parent)| unknown(inner, Scope::Value(parent)))
        }
        Filter::Not(inner) => unknown(inner, scope),
        Filter::And(terms) | Filter::Or(terms) => terms.iter().find_map(|term| unknown(term, scope)),
    }
}

fn check(filter: &Filter, scope: Scope<'_>) -> Result<(), Error> {
    let inside = |path: &Path| {
        let parent = scope.resolve(path).and_then(|resolved| resolved.attribute);
        match (path.filter.as_deref(), parent) {
            (Some(inner), Some(parent)) => check(inner, Scope::Value(parent)),
            _ => Ok(()),
        }
    };
    match filter {
        Filter::Compare { path, op, value } => {
            inside(path)?;
            let kind =
                scope.resolve(path).and_then(|resolved| resolved.compared()).map(|attribute| attribute.kind);
            let orderless = value.is_boolean() || matches!(kind, Some(Kind::Boolean | Kind::Binary));
            if op.is_ordering() && orderless {
                return Err(Error::invalid_filter(format!(
                    "{path} has no order: {op} cannot compare it; use eq or ne."
                )));
            }
            Ok(())
        }
        Filter::Present(path) | Filter::Any(path) => inside(path),
        Filter::Not(inner) => check(inner, scope),
        Filter::And(terms) | Filter::Or(terms) => terms.iter().try_for_each(|term| check(term, scope)),
    }
}
