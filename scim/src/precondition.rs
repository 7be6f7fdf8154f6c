//! `If-Match` and `If-None-Match` against versions, RFC 7644 §3.14, RFC 9110 §13.1.
//!
//! Versions are weak tags from a counter, `W/"7"`. RFC 9110 wants strong comparison for `If-Match`; SCIM clients
//! send back the weak tag they were given, so tags are compared weakly: by their text, with or without `W/`.

use crate::Error;

/// What a caller expects of the version it is about to change or to read.
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
    /// Reads a header value: `*`, or entity tags separated by commas. What is no entity tag matches nothing.
    pub fn parse(header: &str) -> Self {
        if header.trim() == "*" {
            return Self::Any;
        }
        let mut versions = Vec::new();
        let mut rest = header;
        // A comma inside the quotes belongs to the tag (RFC 9110 §8.8.3).
        while let Some(start) = rest.find('"') {
            let (before, tag) = (&rest[..start], &rest[start + 1..]);
            let Some(end) = tag.find('"') else { break };
            let before = before.trim_start_matches([',', ' ', '\t']);
            if before.is_empty() || before == "W/" {
                versions.extend(tag[..end].parse::<i64>().ok());
            }
            rest = &tag[end + 1..];
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
    ///
    /// # Errors
    /// 412, naming the version that the resource has.
    pub fn check(&self, version: i64) -> Result<(), Error> {
        if self.holds(version) {
            return Ok(());
        }
        Err(Error::precondition_failed(format!(
            "the resource has version W/\"{version}\" by now; read it again and repeat the change"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly() {
        let check = |header: &str, version: i64, holds: bool| {
            assert_eq!(Precondition::parse(header).holds(version), holds, "{header} {version}");
        };
        check("W/\"3\"", 3, true);
        check("\"3\"", 3, true);
        check("W/\"2\", W/\"3\"", 3, true);
        check("W/\"2\",\"3\" , \"4\"", 4, true);
        check("W/\"2\"", 3, false);
        check(" * ", 3, true);
        check("\"*\"", 3, false);
        check("\"abc\"", 3, false);
        check("\"2,3\"", 3, false);
        check("\"a,\",W/\"3\"", 3, true);
        check("w/\"3\"", 3, false);
        check("3", 3, false);
        check("\"3", 3, false);
        check("", 3, false);
        assert!(Precondition::None.holds(3));
    }

    #[test]
    fn a_stale_version_is_412_and_tells_the_one_there_is() {
        let error = Precondition::parse("W/\"2\"").check(3).unwrap_err();
        assert_eq!((error.status, error.scim_type), (412, None));
        assert!(error.detail.contains("W/\"3\""), "{error}");
    }
}
