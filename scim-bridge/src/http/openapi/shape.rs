//! The form of a body: of a type of ours, or of a document that a handler composes.

use utoipa::ToSchema;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, Object, ObjectBuilder, OneOfBuilder, Schema,
    SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};

/// A form under its name.
pub(super) struct Shape {
    name: String,
    schema: RefOr<Schema>,
    uses: Vec<(String, RefOr<Schema>)>,
}

impl Shape {
    /// Of a type.
    pub(super) fn of<T: ToSchema>() -> Self {
        let mut uses = Vec::new();
        T::schemas(&mut uses);
        Self { name: T::name().into_owned(), schema: T::schema(), uses }
    }

    /// Of a document, by its members.
    pub(super) fn object(name: &str, description: &str, members: &[(&str, Member)]) -> Self {
        let mut object = ObjectBuilder::new().description(Some(description));
        for (name, member) in members {
            object = object.property(*name, member.schema());
            if !matches!(member, Member::Sometimes(_)) {
                object = object.required(*name);
            }
        }
        Self { name: name.to_owned(), schema: RefOr::T(Schema::Object(object.build())), uses: Vec::new() }
    }

    /// Of any document: what it holds is described elsewhere.
    pub(super) fn free(name: &str, description: &str) -> Self {
        let object = ObjectBuilder::new()
            .description(Some(description))
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)));
        Self { name: name.to_owned(), schema: RefOr::T(Schema::Object(object.build())), uses: Vec::new() }
    }

    /// One of two.
    pub(super) fn either(name: &str, one: &Self, other: &Self) -> Self {
        let schema = OneOfBuilder::new().item(one.reference()).item(other.reference()).build();
        let uses = one.components().chain(other.components()).collect();
        Self { name: name.to_owned(), schema: RefOr::T(Schema::OneOf(schema)), uses }
    }

    /// Together with forms that it names.
    pub(super) fn with(mut self, used: &Shape) -> Self {
        self.uses.extend(used.components());
        self
    }

    /// How others name it.
    pub(super) fn reference(&self) -> Ref {
        Ref::from_schema_name(&self.name)
    }

    /// It and all that it names.
    pub(super) fn components(&self) -> impl Iterator<Item = (String, RefOr<Schema>)> + use<> {
        let own = (self.name.clone(), self.schema.clone());
        self.uses.clone().into_iter().chain([own])
    }
}

/// A member of a document.
#[derive(Debug, Clone)]
pub(super) enum Member {
    Text,
    Whole,
    /// RFC 3339.
    Time,
    /// Any object.
    Object,
    /// Anything, also `null`.
    Anything,
    /// Another form.
    Of(&'static str),
    List(Box<Member>),
    /// There, and perhaps `null`.
    Nullable(Box<Member>),
    /// Not always there.
    Sometimes(Box<Member>),
}

/// A list of other forms.
pub(super) fn list_of(name: &'static str) -> Member {
    Member::List(Box::new(Member::Of(name)))
}

/// There, and perhaps `null`.
pub(super) fn nullable(member: Member) -> Member {
    Member::Nullable(Box::new(member))
}

/// Not always there.
pub(super) fn sometimes(member: Member) -> Member {
    Member::Sometimes(Box::new(member))
}

impl Member {
    fn schema(&self) -> RefOr<Schema> {
        let plain = |kind: Type| ObjectBuilder::new().schema_type(kind).build();
        let object: Object = match self {
            Member::Text => plain(Type::String),
            Member::Whole => plain(Type::Integer),
            Member::Time => ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
                .build(),
            Member::Object => ObjectBuilder::new()
                .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)))
                .build(),
            Member::Anything => ObjectBuilder::new().schema_type(SchemaType::AnyValue).build(),
            Member::Of(name) => return RefOr::Ref(Ref::from_schema_name(*name)),
            Member::List(of) => {
                return RefOr::T(Schema::Array(ArrayBuilder::new().items(of.schema()).build()));
            }
            Member::Sometimes(member) => return member.schema(),
            Member::Nullable(member) => {
                let null = plain(Type::Null);
                let either = OneOfBuilder::new().item(Schema::Object(null)).item(member.schema());
                return RefOr::T(Schema::OneOf(either.build()));
            }
        };
        RefOr::T(Schema::Object(object))
    }
}
