//! Paths: the one grammar behind filters, PATCH operations, projections and the keys of a PATCH value.
//!
//! RFC 7644 Figure 7, `PATH = attrPath / valuePath [subAttr]`, with `attrPath` of Figure 1. A path is parsed without
//! knowing the resource type; what it means is decided by [`ResourceType`] later. Names keep the case they came in.

use std::fmt;

use crate::{
    Error, Filter, ResourceType,
    filter::{Cursor, parse_bracket},
    habits,
    schema::{Resolved, split_known_urn},
    urn,
};

/// A path such as `userName`, `name.givenName`, `emails[type eq "work"].value`,
/// `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value`, or a bare schema URN.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Schema URN in front of the name; canonical where the schema is one of ours.
    pub schema: Option<String>,
    /// Attribute name as written; empty when the path is a bare schema URN.
    pub attribute: String,
    /// Filter in brackets.
    pub filter: Option<Box<Filter>>,
    /// Sub-attribute after the dot, as written.
    pub sub: Option<String>,
}

impl Path {
    /// Parses a whole path.
    ///
    /// # Errors
    /// `invalidPath`; `invalidFilter` if it is the part in brackets that cannot be read.
    pub fn parse(text: &str) -> Result<Path, Error> {
        let mut cursor = Cursor::new(text.trim()).map_err(|error| Error::invalid_path(error.detail))?;
        let path = parse_at(&mut cursor)?;
        if cursor.is_at_end() {
            Ok(path)
        } else {
            Err(Error::invalid_path(cursor.blame("the path should end")))
        }
    }

    /// The canonical spelling for this resource type, without the bracket: `emails.value`, `urn:...:User:department`.
    /// `None` if the path names nothing there.
    pub fn canonical(&self, rt: &ResourceType) -> Option<String> {
        rt.resolve(self).map(|resolved| resolved.canonical())
    }

    /// The canonical spelling of what a filter compares: as [`Path::canonical`], a bare complex attribute as its
    /// `.value`, and an extension's attribute also without its URN (Entra ID). `None` if the path names nothing there
    /// or nothing that can be compared.
    pub fn compared(&self, rt: &ResourceType) -> Option<String> {
        let resolved = habits::resolve_in_filter(rt, self)?;
        let compared = resolved.compared()?;
        let sub = Some(compared).filter(|compared| Some(*compared) != resolved.attribute);
        Some(Resolved { sub, ..resolved }.canonical())
    }

    /// Whether the path is this one name and nothing more, in any letter case.
    pub(crate) fn is_plain(&self, name: &str) -> bool {
        let core = self.schema.as_deref().is_none_or(|id| id == urn::USER || id == urn::GROUP);
        core && self.filter.is_none() && self.sub.is_none() && self.attribute.eq_ignore_ascii_case(name)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            f.write_str(schema)?;
            if !self.attribute.is_empty() {
                f.write_str(":")?;
            }
        }
        f.write_str(&self.attribute)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        if let Some(sub) = &self.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}

/// Parses a path where the cursor stands and leaves the cursor behind it.
pub(crate) fn parse_at(cursor: &mut Cursor<'_>) -> Result<Path, Error> {
    let start = cursor.blame("an attribute name is expected, such as userName or name.givenName");
    let token = cursor.take_while(|c| !c.is_whitespace() && !"()[]\",".contains(c));
    let mut path = split(token).ok_or_else(|| Error::invalid_path(start))?;
    if cursor.eat('[') {
        if path.sub.is_some() || path.attribute.is_empty() {
            return Err(Error::invalid_path(
                cursor.blame("a filter in brackets follows an attribute, not a part of one"),
            ));
        }
        path.filter = Some(Box::new(parse_bracket(cursor)?));
        if cursor.eat('.') {
            let sub = cursor.take_while(is_name_char);
            if !is_name(sub) {
                return Err(Error::invalid_path(cursor.blame("the name of a sub-attribute is expected")));
            }
            path.sub = Some(sub.to_owned());
        }
    }
    Ok(path)
}

/// Splits `urn:...:User:name.givenName` at the last colon that can be meant, and at the dot.
fn split(token: &str) -> Option<Path> {
    let (schema, rest) = match split_known_urn(token) {
        Some((id, rest)) => (Some(id.to_owned()), rest),
        None => match token.rsplit_once(':') {
            Some((id, rest)) if !id.is_empty() => (Some(id.to_owned()), rest),
            Some(_) => return None,
            None => (None, token),
        },
    };
    if rest.is_empty() && schema.is_some() && !token.ends_with([':', '.']) {
        return Some(Path { schema, attribute: String::new(), filter: None, sub: None });
    }
    let (attribute, sub) = match rest.split_once('.') {
        Some((attribute, sub)) => (attribute, Some(sub)),
        None => (rest, None),
    };
    let well_formed = is_name(attribute) && sub.is_none_or(is_name);
    well_formed.then(|| Path {
        schema,
        attribute: attribute.to_owned(),
        filter: None,
        sub: sub.map(str::to_owned),
    })
}

/// `ATTRNAME` of Figure 1, and the `$` of `$ref`, which the figure forgot.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$') && text.chars().all(is_name_char)
}

pub(crate) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScimType;

    fn check(text: &str, canonical: Option<&str>) {
        let path = Path::parse(text).unwrap();
        assert_eq!(path.canonical(ResourceType::user()).as_deref(), canonical, "{text}");
        assert_eq!(Path::parse(&path.to_string()).unwrap(), path, "{text}");
    }

    #[test]
    fn names_are_read_in_any_letter_case() {
        check("userName", Some("userName"));
        check("USERNAME", Some("userName"));
        check("Name.GivenName", Some("name.givenName"));
        check("emails[type eq \"work\"].Value", Some("emails.value"));
        check("addresses[type eq \"other\"].Formatted", Some("addresses.formatted"));
        check("manager.$ref", None);
        check("nosuch", None);
        check("name.nosuch", None);
    }

    #[test]
    fn a_schema_urn_may_stand_in_front() {
        let manager = format!("{}:manager", urn::ENTERPRISE_USER);
        check(&format!("{}:userName", urn::USER), Some("userName"));
        check(&manager, Some(&manager));
        check(&manager.to_uppercase(), Some(&manager));
        check(&format!("{manager}.value"), Some(&format!("{manager}.value")));
        check(&format!("{manager}.$ref"), Some(&format!("{manager}.$ref")));
        check(urn::ENTERPRISE_USER, Some(urn::ENTERPRISE_USER));
        check("urn:example:2.0:User:shoeSize", None);
        check(
            &format!("{}[id eq \"custom1\"].value", format_args!("{}:customData", urn::SPEND_USER)),
            Some(&format!("{}:customData.value", urn::SPEND_USER)),
        );
    }

    #[test]
    fn a_filter_compares_the_value_of_a_complex_attribute() {
        let check = |text: &str, compared: Option<&str>| {
            assert_eq!(
                Path::parse(text).unwrap().compared(ResourceType::user()).as_deref(),
                compared,
                "{text}"
            );
        };
        check("USERNAME", Some("userName"));
        check("emails", Some("emails.value"));
        check("emails[type eq \"work\"].value", Some("emails.value"));
        check("manager", Some(&format!("{}:manager.value", urn::ENTERPRISE_USER)));
        check("meta.lastModified", Some("meta.lastModified"));
        check("name", None);
        check("nosuch", None);
    }

    #[test]
    fn entra_once_wrote_a_dot_after_the_urn() {
        check(
            &format!("{}.manager", urn::ENTERPRISE_USER),
            Some(&format!("{}:manager", urn::ENTERPRISE_USER)),
        );
    }

    #[test]
    fn a_path_is_bounded() {
        assert!(Path::parse(&"a".repeat(4096)).is_ok());
        assert_eq!(Path::parse(&"a".repeat(4097)).unwrap_err().scim_type, Some(ScimType::InvalidPath));
    }

    #[test]
    fn malformed_paths_are_invalid_path_and_malformed_filters_in_them_invalid_filter() {
        for text in [
            "",
            " ",
            ".",
            "a.",
            ".a",
            "a..b",
            "a.b.c",
            "1a",
            "a b",
            "a[",
            "a]",
            "[type eq \"x\"]",
            "a.b[type eq \"x\"]",
            "a[b eq 1].",
            "a[b eq 1]c",
            ":a",
            "urn:a:",
            "a[b eq 1].c.d",
            "a\"",
            "a,b",
        ] {
            let error = Path::parse(text).expect_err(text);
            assert_eq!(error.status, 400);
            let in_bracket = text == "a[";
            let expected = if in_bracket { ScimType::InvalidFilter } else { ScimType::InvalidPath };
            assert_eq!(error.scim_type, Some(expected), "{text}: {error}");
        }
        for text in ["a[]", "a[b]", "a[b eq]", "a[b eq x]", "a[b eq \"x\"", "a[b[c eq 1]]", "a[b zz 1]"] {
            let error = Path::parse(text).expect_err(text);
            assert_eq!(error.scim_type, Some(ScimType::InvalidFilter), "{text}: {error}");
        }
    }
}
