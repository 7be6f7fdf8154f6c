//! Attribute characteristics, RFC 7643 §2.2, §2.3 and §7, and a small vocabulary to write schemas down with.

/// Data type, RFC 7643 §2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Unicode text.
    String,
    /// `true` or `false`.
    Boolean,
    /// Number with a fraction.
    Decimal,
    /// Number without a fraction.
    Integer,
    /// `xsd:dateTime` as text.
    DateTime,
    /// Base64 text.
    Binary,
    /// URI as text.
    Reference,
    /// Object of sub-attributes.
    Complex,
}

/// Who may write, RFC 7643 §7 "mutability".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// The server alone.
    ReadOnly,
    /// Everyone, at any time.
    ReadWrite,
    /// Everyone, once.
    Immutable,
    /// Everyone; nobody reads it.
    WriteOnly,
}

/// When an answer shows the attribute, RFC 7643 §7 "returned".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// In every answer, whatever is asked for.
    Always,
    /// In no answer.
    Never,
    /// Unless other attributes are asked for or this one is excluded.
    Default,
    /// Only if asked for by name.
    Request,
}

/// Among what a value is unique, RFC 7643 §7 "uniqueness".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uniqueness {
    /// Nothing.
    None,
    /// The resources of one account.
    Server,
    /// Everything.
    Global,
}

/// One attribute of a schema, RFC 7643 §7. Field names are the RFC's.
#[derive(Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Canonical spelling; clients may use any letter case.
    pub name: &'static str,
    /// Data type.
    pub kind: Kind,
    /// Whether the value is an array.
    pub multi_valued: bool,
    /// For the administrator who maps attributes.
    pub description: &'static str,
    /// Whether a resource without it is refused.
    pub required: bool,
    /// Whether letter case matters when values are compared.
    pub case_exact: bool,
    /// Who may write.
    pub mutability: Mutability,
    /// When answers show it.
    pub returned: Returned,
    /// Among what its value is unique.
    pub uniqueness: Uniqueness,
    /// Suggested values; others are accepted.
    pub canonical_values: &'static [&'static str],
    /// What a reference may point at.
    pub reference_types: &'static [&'static str],
    /// Parts of a complex attribute.
    pub sub_attributes: &'static [Attribute],
}

impl Attribute {
    /// A singular, optional, writable attribute with the defaults of RFC 7643 §2.2.
    pub(crate) const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            multi_valued: false,
            description,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            canonical_values: &[],
            reference_types: &[],
            sub_attributes: &[],
        }
    }

    /// Text.
    pub(crate) const fn string(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::String, description)
    }

    /// A boolean.
    pub(crate) const fn boolean(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::Boolean, description)
    }

    /// A point in time.
    pub(crate) const fn date_time(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::DateTime, description)
    }

    /// A URI of one of the named types.
    pub(crate) const fn reference(
        name: &'static str,
        types: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        let mut attribute = Self::new(name, Kind::Reference, description).case_exact();
        attribute.reference_types = types;
        attribute
    }

    /// An object of sub-attributes.
    pub(crate) const fn complex(
        name: &'static str,
        parts: &'static [Attribute],
        description: &'static str,
    ) -> Self {
        let mut attribute = Self::new(name, Kind::Complex, description);
        attribute.sub_attributes = parts;
        attribute
    }

    /// ... whose value is an array.
    pub(crate) const fn list(mut self) -> Self {
        self.multi_valued = true;
        self
    }

    /// ... without which a resource is refused.
    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// ... whose letter case matters.
    pub(crate) const fn case_exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    /// ... that only the server writes.
    pub(crate) const fn read_only(mut self) -> Self {
        self.mutability = Mutability::ReadOnly;
        self
    }

    /// ... that is written once.
    pub(crate) const fn immutable(mut self) -> Self {
        self.mutability = Mutability::Immutable;
        self
    }

    /// ... that every answer shows.
    pub(crate) const fn always(mut self) -> Self {
        self.returned = Returned::Always;
        self
    }

    /// ... that is unique among the resources of an account.
    pub(crate) const fn unique(mut self) -> Self {
        self.uniqueness = Uniqueness::Server;
        self
    }

    /// ... with suggested values.
    pub(crate) const fn canonical(mut self, values: &'static [&'static str]) -> Self {
        self.canonical_values = values;
        self
    }

    /// The sub-attribute of that name, in any letter case.
    pub fn sub_attribute(&self, name: &str) -> Option<&'static Attribute> {
        find(self.sub_attributes, name)
    }

    /// Whether only the server writes it.
    pub fn is_read_only(&self) -> bool {
        self.mutability == Mutability::ReadOnly
    }
}

/// The attribute of that name, in any letter case (RFC 7643 §2.1).
pub(crate) fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
