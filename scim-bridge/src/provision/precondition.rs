//! `If-Match` and `If-None-Match` against versions, RFC 7644 §3.14, RFC 9110 §13.1.
//!
//! Versions are weak tags from a counter, `W/"7"`. RFC 9110 wants strong comparison for `If-Match`; SCIM clients
//! send back the weak tag they were given, so tags are compared by their text.

/// What a caller expects of the version it is about to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    None,
    /// Any existing version (`*`).
    Any,
    /// One of these. Tags that are none of ours match nothing.
    OneOf(Vec<i64>),
}

impl Precondition {
    /// Reads a header value.
    pub fn parse(header: &str) -> Self {
        let mut versions = Vec::new();
        for tag in header.split(',').map(str::trim) {
            if tag == "*" {
                return Self::Any;
            }
            let opaque = tag.strip_prefix("W/").unwrap_or(tag);
            let version = opaque.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            versions.extend(version.and_then(|version| version.parse::<i64>().ok()));
        }
        Self::OneOf(versions)
    }

    /// Whether a resource of this version satisfies it.
    pub fn holds(&self, version: i64) -> bool {
        match self {
            Self::None | Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }

    /// Refuses a version that does not satisfy it.
    pub(crate) fn check(&self, version: i64) -> Result<(), scim::Error> {
        if self.holds(version) {
            return Ok(());
        }
        Err(scim::Error::precondition_failed(format!(
            "the resource has version W/\"{version}\" by now; read it again and repeat the change"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_by_their_text() {
        let check = |header: &str, version: i64, holds: bool| {
            assert_eq!(Precondition::parse(header).holds(version), holds, "{header} {version}");
        };
        check("W/\"3\"", 3, true);
        check("\"3\"", 3, true);
        check("W/\"2\", W/\"3\"", 3, true);
        check("W/\"2\"", 3, false);
        check("*", 3, true);
        check("\"abc\"", 3, false);
        check("3", 3, false);
        check("", 3, false);
        assert!(Precondition::None.holds(3));
    }
}
