//! `attributes` and `excludedAttributes`, RFC 7644 §3.4.2.5 and §3.9.

use std::fmt;

use crate::{
    Error, Path,
    schema::{Attribute, Returned},
    urn,
};

/// Which attributes an answer shows. The default shows what the schema says is returned by default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Projection {
    include: Vec<Path>,
    exclude: Vec<Path>,
}

impl Projection {
    /// Reads the two parameters: names separated by commas, each a path. A filter in brackets says nothing here, so
    /// `emails[type eq "work"]` (Entra's collection of examples) shows `emails`. Unknown names show nothing.
    ///
    /// # Errors
    /// `invalidPath` or `invalidFilter` for what is no path; `invalidValue` if both parameters are given, which
    /// RFC 7644 §3.9 calls mutually exclusive.
    pub fn parse(attributes: Option<&str>, excluded: Option<&str>) -> Result<Projection, Error> {
        let include = paths(attributes.unwrap_or_default())?;
        let exclude = paths(excluded.unwrap_or_default())?;
        if !include.is_empty() && !exclude.is_empty() {
            return Err(Error::invalid_value(
                "Use attributes or excludedAttributes, not both in one request.",
            ));
        }
        Ok(Self { include, exclude })
    }

    /// Whether nothing was asked for in particular.
    pub fn is_default(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Whether an attribute of the base schema is shown: what is not need not be looked up.
    pub fn wants(&self, rt: &crate::ResourceType, name: &str) -> bool {
        rt.attribute(name).is_some_and(|attribute| self.shows(attribute, None))
    }

    /// Whether the attribute, or a part of it, is shown.
    pub(crate) fn shows(&self, attribute: &Attribute, schema: Option<&str>) -> bool {
        let asked = || self.include.iter().any(|path| names(path, attribute, schema));
        match attribute.returned {
            Returned::Always => true,
            Returned::Never => false,
            Returned::Request => asked(),
            Returned::Default if !self.include.is_empty() => asked(),
            Returned::Default => {
                !self.exclude.iter().any(|path| path.sub.is_none() && names(path, attribute, schema))
            }
        }
    }

    /// Whether a part of a shown attribute is shown.
    pub(crate) fn shows_part(&self, whole: &Attribute, part: &Attribute, schema: Option<&str>) -> bool {
        let names_part =
            |path: &&Path| path.sub.as_deref().is_some_and(|sub| sub.eq_ignore_ascii_case(part.name));
        let mut asked = self.include.iter().filter(|path| names(path, whole, schema)).peekable();
        let mut refused = self.exclude.iter().filter(|path| names(path, whole, schema));
        match part.returned {
            Returned::Always => true,
            Returned::Never => false,
            _ if asked.peek().is_some() => asked.any(|path| path.sub.is_none() || names_part(&path)),
            Returned::Request => false,
            Returned::Default => !refused.any(|path| names_part(&path)),
        }
    }
}

/// As the two parameters would say it.
impl fmt::Display for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, paths) in [("attributes", &self.include), ("excludedAttributes", &self.exclude)] {
            if !paths.is_empty() {
                let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
                write!(f, "{name}={}", paths.join(","))?;
            }
        }
        Ok(())
    }
}

/// Whether the path is about the attribute: by its name, or by the bare URN of its extension.
fn names(path: &Path, attribute: &Attribute, schema: Option<&str>) -> bool {
    let same_schema = match (path.schema.as_deref(), schema) {
        (None, None) => true,
        (Some(named), Some(schema)) => named.eq_ignore_ascii_case(schema),
        (Some(named), None) => named == urn::USER || named == urn::GROUP,
        (None, Some(_)) => false,
    };
    same_schema && (path.attribute.is_empty() || path.attribute.eq_ignore_ascii_case(attribute.name))
}

/// Paths separated by commas; commas inside brackets or quotes separate nothing.
fn paths(text: &str) -> Result<Vec<Path>, Error> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    text.split(|c: char| {
        match c {
            '"' if !escaped => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        escaped = quoted && c == '\\' && !escaped;
        c == ',' && !quoted && depth == 0
    })
    .map(str::trim)
    .filter(|name| !name.is_empty())
    .map(Path::parse)
    .collect()
}
