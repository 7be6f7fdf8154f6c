//! The parameters of a query, RFC 7644 §3.4.2: from the query string or from the body of `POST .../.search`.
//!
//! Sorting and cursors are not offered, and like every parameter we do not know (Entra's `aadOptscim062020`) they are
//! ignored.

use serde_json::Value;

use crate::{Error, Filter, Projection, urn};

/// Resources in one page at most; `ServiceProviderConfig` announces it.
pub const MAX_COUNT: usize = 200;
/// Resources in one page if the client does not say.
pub const DEFAULT_COUNT: usize = 100;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery {
    /// Which resources; `None` is all.
    pub filter: Option<Filter>,
    /// 1-based position of the first resource of the page.
    pub start_index: usize,
    /// Resources in the page, at most [`MAX_COUNT`]; 0 asks for totals only.
    pub count: usize,
    /// What of each resource.
    pub projection: Projection,
}

impl ListQuery {
    /// Reads decoded query parameters.
    ///
    /// `startIndex` below 1 is 1, a negative `count` is 0, one above [`MAX_COUNT`] is capped (§3.4.2.4).
    ///
    /// # Errors
    /// `invalidFilter`, the errors of [`Projection::parse`], and `invalidValue` for a number that is none or a known
    /// parameter that is given twice.
    pub fn parse<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Result<ListQuery, Error> {
        const KNOWN: [&str; 5] = ["filter", "startIndex", "count", "attributes", "excludedAttributes"];
        let mut given: [Option<&str>; 5] = [None; 5];
        for (name, value) in pairs {
            let Some(place) = KNOWN.iter().position(|known| known.eq_ignore_ascii_case(name)) else {
                continue;
            };
            if given[place].replace(value).is_some() {
                return Err(Error::invalid_value(format!("The parameter {} is given twice.", KNOWN[place])));
            }
        }
        let [filter, start_index, count, attributes, excluded] = given;
        let number = |name: &str, text: Option<&str>, default: usize| match text {
            None => Ok(default),
            Some(text) => number(text)
                .ok_or_else(|| Error::invalid_value(format!("{name} must be a number without fraction."))),
        };
        Ok(ListQuery {
            filter: filter.map(Filter::parse).transpose()?,
            start_index: number("startIndex", start_index, 1)?.max(1),
            count: number("count", count, DEFAULT_COUNT)?.min(MAX_COUNT),
            projection: Projection::parse(attributes, excluded)?,
        })
    }

    /// Reads a `SearchRequest` (§3.4.3).
    ///
    /// # Errors
    /// Those of [`ListQuery::parse`], and `invalidSyntax` if the body is no `SearchRequest`.
    pub fn from_search_request(body: &Value) -> Result<ListQuery, Error> {
        let named = |name: &str| {
            let members = body.as_object().into_iter().flatten();
            members.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
        };
        let is_search = named("schemas").and_then(Value::as_array).is_some_and(|ids| {
            ids.iter().filter_map(Value::as_str).any(|id| id.eq_ignore_ascii_case(urn::SEARCH_REQUEST))
        });
        if !is_search {
            return Err(Error::invalid_syntax(format!("schemas must contain {}.", urn::SEARCH_REQUEST)));
        }
        let mut pairs = Vec::new();
        for name in ["filter", "startIndex", "count", "attributes", "excludedAttributes"] {
            let text = match named(name) {
                None | Some(Value::Null) => continue,
                Some(Value::String(text)) => text.clone(),
                Some(Value::Number(number)) => number.to_string(),
                Some(Value::Array(list)) => {
                    list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
                }
                Some(_) => return Err(Error::invalid_value(format!("{name} has the wrong type."))),
            };
            pairs.push((name, text));
        }
        Self::parse(pairs.iter().map(|(name, text)| (*name, text.as_str())))
    }
}

/// A whole number, negative ones as 0, those beyond counting as very large.
fn number(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(if text.starts_with('-') { 0 } else { digits.parse().unwrap_or(usize::MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScimType;

    fn read(pairs: &[(&str, &str)]) -> Result<ListQuery, Error> {
        ListQuery::parse(pairs.iter().copied())
    }

    fn check(pairs: &[(&str, &str)], start_index: usize, count: usize) {
        let query = read(pairs).unwrap();
        assert_eq!((query.start_index, query.count), (start_index, count), "{pairs:?}");
    }

    #[test]
    fn numbers_are_brought_into_range() {
        check(&[], 1, DEFAULT_COUNT);
        check(&[("startIndex", "0"), ("count", "0")], 1, 0);
        check(&[("startIndex", "-3"), ("count", "-1")], 1, 0);
        check(&[("startIndex", "101"), ("count", "200")], 101, 200);
        check(&[("count", "201")], 1, 200);
        check(&[("startIndex", "99999999999999999999999")], usize::MAX, DEFAULT_COUNT);
    }

    #[test]
    fn unknown_parameters_are_ignored() {
        let pairs = [("aadOptscim062020", ""), ("sortBy", "userName"), ("filter", "userName pr")];
        assert!(read(&pairs).unwrap().filter.is_some());
    }

    #[test]
    fn an_empty_filter_is_an_error_and_never_everything() {
        assert_eq!(read(&[("filter", "")]).unwrap_err().scim_type, Some(ScimType::InvalidFilter));
    }

    #[test]
    fn numbers_that_are_none_and_doubled_parameters_are_refused() {
        for pairs in [&[("count", "many")][..], &[("count", "1.5")], &[("count", "1"), ("count", "2")]] {
            assert_eq!(read(pairs).unwrap_err().scim_type, Some(ScimType::InvalidValue), "{pairs:?}");
        }
    }

    #[test]
    fn a_search_request_says_the_same_in_a_body() {
        let body = serde_json::json!({"schemas": [urn::SEARCH_REQUEST], "attributes": ["userName", "emails.value"],
            "filter": "active eq true", "startIndex": 2, "count": 10});
        let pairs = [
            ("attributes", "userName,emails.value"),
            ("filter", "active eq true"),
            ("startIndex", "2"),
            ("count", "10"),
        ];
        assert_eq!(ListQuery::from_search_request(&body).unwrap(), read(&pairs).unwrap());
        assert!(ListQuery::from_search_request(&serde_json::json!({})).is_err());
    }
}
