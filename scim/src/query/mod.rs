//! The parameters of a query, RFC 7644 §3.4.2: from the query string or from the body of `POST .../.search`.
//!
//! A parameter that nobody knows (Entra's `aadOptscim062020`) is ignored.

mod cursor;
mod sort;

use serde_json::Value;

pub use cursor::CursorKey;
pub use sort::{Sort, SortKey, SortOrder};

use crate::{Error, Filter, Projection, message::member, urn};

/// Resources in one page at most; `ServiceProviderConfig` announces it.
pub const MAX_COUNT: usize = 200;
/// Resources in one page if the client does not say: as many as there may be.
pub const DEFAULT_COUNT: usize = MAX_COUNT;

/// The parameters of §3.4.2, of RFC 9865 §2, and of §3.9.
const KNOWN: [&str; 8] =
    ["filter", "sortBy", "sortOrder", "startIndex", "count", "cursor", "attributes", "excludedAttributes"];

/// What a client asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery {
    /// Which resources; `None` is all.
    pub filter: Option<Filter>,
    /// In which order; `None` is one of the server's that stays as it is.
    pub sort: Option<Sort>,
    /// 1-based position of the first resource of the page.
    pub start_index: usize,
    /// Resources in the page, at most [`MAX_COUNT`]; 0 asks for totals only.
    pub count: usize,
    /// The cursor to go on from, empty for the first page; `None` pages by index (RFC 9865 §2.4).
    pub cursor: Option<String>,
    /// What of each resource.
    pub projection: Projection,
}

impl ListQuery {
    /// Reads decoded query parameters.
    ///
    /// `startIndex` below 1 is 1, a negative `count` is 0, one above [`MAX_COUNT`] is capped (§3.4.2.4).
    ///
    /// # Errors
    /// `invalidFilter`, the errors of [`Projection::parse`] and [`Sort::parse`], `invalidCount` for a `count` beside a
    /// cursor that is no number, and `invalidValue` for another number that is none, for `cursor` beside `startIndex`,
    /// and for a known parameter that is given twice.
    pub fn parse<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Result<ListQuery, Error> {
        let mut given: [Option<&str>; KNOWN.len()] = [None; KNOWN.len()];
        for (name, value) in pairs {
            let Some(place) = KNOWN.iter().position(|known| known.eq_ignore_ascii_case(name)) else {
                continue;
            };
            if given[place].replace(value).is_some() {
                return Err(Error::invalid_value(format!("The parameter {} is given twice.", KNOWN[place])));
            }
        }
        let [filter, sort_by, sort_order, start_index, count, cursor, attributes, excluded] = given;
        if cursor.is_some() && start_index.is_some() {
            return Err(Error::invalid_value("Use startIndex or cursor, not both in one request."));
        }
        let start_index = whole_number(start_index, 1)
            .ok_or_else(|| Error::invalid_value("startIndex must be a number without fraction."))?;
        let count = whole_number(count, DEFAULT_COUNT).ok_or_else(|| {
            let detail = "count must be a number without fraction.";
            if cursor.is_some() { Error::invalid_count(detail) } else { Error::invalid_value(detail) }
        })?;
        Ok(ListQuery {
            filter: filter.map(Filter::parse).transpose()?,
            sort: Sort::parse(sort_by, sort_order)?,
            start_index: start_index.max(1),
            count: count.min(MAX_COUNT),
            cursor: cursor.map(str::to_owned),
            projection: Projection::parse(attributes, excluded)?,
        })
    }

    /// Reads a `SearchRequest` (§3.4.3).
    ///
    /// # Errors
    /// Those of [`ListQuery::parse`], and `invalidSyntax` if the body is no `SearchRequest`.
    pub fn from_search_request(body: &Value) -> Result<ListQuery, Error> {
        let Some(body) = body.as_object() else {
            return Err(Error::invalid_syntax("The body of a search must be a JSON object."));
        };
        let is_search = member(body, "schemas").and_then(Value::as_array).is_some_and(|ids| {
            ids.iter().filter_map(Value::as_str).any(|id| id.eq_ignore_ascii_case(urn::SEARCH_REQUEST))
        });
        if !is_search {
            return Err(Error::invalid_syntax(format!("schemas must contain {}.", urn::SEARCH_REQUEST)));
        }
        let mut pairs = Vec::new();
        for name in KNOWN {
            let text = match member(body, name) {
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

/// The number in a parameter, if it is one.
fn whole_number(text: Option<&str>, default: usize) -> Option<usize> {
    text.map_or(Some(default), number)
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
        let pairs = [("aadOptscim062020", ""), ("filter", "userName pr")];
        assert!(read(&pairs).unwrap().filter.is_some());
    }

    #[test]
    fn an_empty_cursor_is_the_first_page_and_no_cursor_is_paging_by_index() {
        assert_eq!(read(&[]).unwrap().cursor, None);
        assert_eq!(read(&[("cursor", ""), ("count", "5")]).unwrap().cursor.as_deref(), Some(""));
        let both = read(&[("cursor", ""), ("startIndex", "1")]).unwrap_err();
        assert_eq!(both.scim_type, Some(ScimType::InvalidValue));
        let count = read(&[("cursor", ""), ("count", "many")]).unwrap_err();
        assert_eq!((count.status, count.scim_type), (400, Some(ScimType::InvalidCount)));
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
            "filter": "active eq true", "startIndex": 2, "count": 10, "sortBy": "title", "sortOrder": "descending"});
        let pairs = [
            ("attributes", "userName,emails.value"),
            ("filter", "active eq true"),
            ("startIndex", "2"),
            ("count", "10"),
            ("sortBy", "title"),
            ("sortOrder", "descending"),
        ];
        assert_eq!(ListQuery::from_search_request(&body).unwrap(), read(&pairs).unwrap());
        let first_page = serde_json::json!({"schemas": [urn::SEARCH_REQUEST], "CURSOR": "", "sortBy": null});
        assert_eq!(ListQuery::from_search_request(&first_page).unwrap(), read(&[("cursor", "")]).unwrap());
        let wrong = serde_json::json!({"schemas": [urn::SEARCH_REQUEST], "filter": {"a": 1}});
        assert_eq!(
            ListQuery::from_search_request(&wrong).unwrap_err().scim_type,
            Some(ScimType::InvalidValue)
        );
        for body in [serde_json::json!({}), serde_json::json!([])] {
            let error = ListQuery::from_search_request(&body).unwrap_err();
            assert_eq!(error.scim_type, Some(ScimType::InvalidSyntax));
        }
    }
}
