//! Schemas of values that come from the store: texts of a fixed list.

use store::matches::{Band, Status};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// What can be decided about a line.
pub(crate) fn status() -> Object {
    texts("What was decided.", Status::ALL.iter().map(|status| status.as_str()))
}

/// How sure a decision can be.
pub(crate) fn band() -> Object {
    texts("How sure the decision is.", Band::ALL.iter().map(|band| band.as_str()))
}

fn texts(description: &str, all: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(all.collect::<Vec<_>>()))
        .build()
}
