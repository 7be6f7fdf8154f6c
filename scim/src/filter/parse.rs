//! Reading filters, RFC 7644 Figure 1: `or` binds weakest, then `and`, then `not` and brackets.
//!
//! Words are read in any letter case. A bare word where a value should be (`externalId eq jyoung`, printed once in
//! Microsoft's tutorial) is refused: guessing there would turn a typo into an answer.

use serde_json::Value;

use super::{Comparison, Cursor, Filter};
use crate::{Error, path};

/// The whole text is one filter.
pub(super) fn whole(text: &str) -> Result<Filter, Error> {
    let mut cursor = Cursor::new(text)?;
    let filter = disjunction(&mut cursor)?;
    if cursor.is_at_end() { Ok(filter) } else { cursor.fail("the filter should end, or go on with and, or") }
}

/// The inside of `attribute[...]` and the closing bracket; the opening one is behind the cursor.
pub(crate) fn parse_bracket(cursor: &mut Cursor<'_>) -> Result<Filter, Error> {
    cursor.enter_value_path()?;
    let filter = disjunction(cursor).map_err(|error| Error::invalid_filter(error.detail))?;
    if !cursor.eat(']') {
        return cursor.fail("a closing ] is expected");
    }
    cursor.leave_value_path();
    Ok(filter)
}

fn disjunction(cursor: &mut Cursor<'_>) -> Result<Filter, Error> {
    let terms =
        joined(cursor, "or", |cursor| joined(cursor, "and", unary).map(|terms| one_or(terms, Filter::And)))?;
    Ok(one_or(terms, Filter::Or))
}

fn joined(
    cursor: &mut Cursor<'_>,
    word: &str,
    term: impl Fn(&mut Cursor<'_>) -> Result<Filter, Error>,
) -> Result<Vec<Filter>, Error> {
    let mut terms = vec![term(cursor)?];
    loop {
        cursor.skip_spaces();
        if !cursor.eat_word(word) {
            return Ok(terms);
        }
        terms.push(term(cursor)?);
    }
}

fn one_or(mut terms: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        last => {
            terms.extend(last);
            many(terms)
        }
    }
}

fn unary(cursor: &mut Cursor<'_>) -> Result<Filter, Error> {
    cursor.skip_spaces();
    let negated = cursor.eat_word("not");
    if negated {
        cursor.skip_spaces();
    }
    if !cursor.eat('(') {
        return if negated { cursor.fail("( is expected after not") } else { comparison(cursor) };
    }
    cursor.enter()?;
    let inner = disjunction(cursor)?;
    if !cursor.eat(')') {
        return cursor.fail("a closing ) is expected");
    }
    cursor.leave();
    Ok(if negated { Filter::Not(Box::new(inner)) } else { inner })
}

fn comparison(cursor: &mut Cursor<'_>) -> Result<Filter, Error> {
    cursor.count_term()?;
    let path = path::parse_at(cursor)?;
    cursor.skip_spaces();
    if cursor.eat_word("pr") {
        return Ok(Filter::Present(path));
    }
    for (op, word) in Comparison::ALL {
        if cursor.eat_word(word) {
            cursor.skip_spaces();
            let value = value(cursor)?;
            return Ok(Filter::Compare { path, op, value });
        }
    }
    if path.filter.is_some() && path.sub.is_none() {
        return Ok(Filter::Any(path));
    }
    cursor.fail("an operator is expected: eq, ne, co, sw, ew, gt, ge, lt, le or pr")
}

/// A JSON text, number, boolean or null.
fn value(cursor: &mut Cursor<'_>) -> Result<Value, Error> {
    let rest = cursor.rest();
    if rest.starts_with('"') {
        let Some(end) = end_of_text(rest) else {
            return cursor.fail("the text has no closing quote");
        };
        let Ok(text) = serde_json::from_str::<Value>(&rest[..end]) else {
            return cursor.fail("the text is not a JSON string");
        };
        cursor.advance(end);
        return Ok(text);
    }
    for (word, value) in [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)] {
        if cursor.eat_word(word) {
            return Ok(value);
        }
    }
    let end = rest.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c)).unwrap_or(rest.len());
    match serde_json::from_str::<Value>(&rest[..end]) {
        Ok(number) => {
            cursor.advance(end);
            Ok(number)
        }
        Err(_) => cursor.fail("a value is expected: text in double quotes, a number, true, false or null"),
    }
}

/// The byte behind the closing quote of the text that starts here.
fn end_of_text(rest: &str) -> Option<usize> {
    let mut escaped = false;
    rest.bytes().enumerate().skip(1).find_map(|(i, byte)| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes.then_some(i + 1)
    })
}
