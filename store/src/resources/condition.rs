//! What is asked of resources, in terms of columns, and the SQL that it becomes.
//!
//! The words are those of columns, not of SCIM: whoever knows filters says what part of one they can tell. Conditions
//! know no `NULL`: a test on a column without value is false, and `Not` of it true.

use diesel::dsl::not;
use diesel::expression::BoxableExpression;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};
use jiff::Timestamp;
use uuid::Uuid;

use crate::schema::{resource_emails, resources};
use crate::value::micros;

/// Which resources.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Every one.
    All,
    /// None.
    Nothing,
    /// All of these hold.
    And(Vec<Condition>),
    /// One of these holds.
    Or(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// Has this public id.
    ScimId(Uuid),
    /// Is active, or not.
    Active(bool),
    /// A text column.
    Text(TextColumn, TextTest),
    /// One of the e-mail addresses, in the form that is compared.
    Email(EmailTest),
    /// A time; what is compared has microseconds.
    Time(TimeColumn, Comparison, Timestamp),
}

/// Columns of text, in the form that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextColumn {
    /// Folded user name.
    UserName,
    /// The identity provider's id, as it is.
    ExternalId,
    /// Folded employee number.
    EmployeeNumber,
}

/// Columns of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeColumn {
    /// `meta.created`.
    Created,
    /// `meta.lastModified`.
    LastModified,
}

/// How two values stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Equal.
    Is,
    /// Greater, later.
    Above,
    /// Greater or equal.
    AtLeast,
    /// Less, earlier.
    Below,
    /// Less or equal.
    AtMost,
}

/// What is asked of a text; by code points, and never true without a text. No text here may contain NUL, which
/// PostgreSQL cannot be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextTest {
    /// There is one.
    Assigned,
    /// It stands so to this one.
    Compare(Comparison, String),
    /// It begins with it.
    StartsWith(String),
    /// It contains it.
    Contains(String),
    /// It ends with it.
    EndsWith(String),
}

/// What is asked of e-mail addresses: of one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailTest {
    /// It is this one.
    Is(String),
    /// It begins with it.
    StartsWith(String),
}

impl Condition {
    /// Whether an index names the few resources it may hold for, so that they are looked at before any order is.
    pub(super) fn narrows(&self) -> bool {
        match self {
            Condition::Nothing | Condition::ScimId(_) | Condition::Email(_) => true,
            Condition::Text(_, test) => {
                !matches!(test, TextTest::Assigned | TextTest::Contains(_) | TextTest::EndsWith(_))
            }
            Condition::Time(TimeColumn::LastModified, comparison, _) => {
                matches!(comparison, Comparison::Is | Comparison::Above | Comparison::AtLeast)
            }
            Condition::And(terms) => terms.iter().any(Condition::narrows),
            Condition::Or(terms) => !terms.is_empty() && terms.iter().all(Condition::narrows),
            Condition::All | Condition::Not(_) | Condition::Active(_) | Condition::Time(..) => false,
        }
    }
}

impl Condition {
    /// Whether it names a handful by a value that identifies them.
    pub(super) fn pins(&self) -> bool {
        match self {
            Condition::Nothing
            | Condition::ScimId(_)
            | Condition::Email(EmailTest::Is(_))
            | Condition::Text(_, TextTest::Compare(Comparison::Is, _)) => true,
            Condition::And(terms) => terms.iter().any(Condition::pins),
            _ => false,
        }
    }
}

impl Condition {
    /// Whether it is a single test, of which there are few, and no tree of them.
    pub(super) fn is_one_test(&self) -> bool {
        !matches!(self, Condition::And(_) | Condition::Or(_) | Condition::Not(_))
    }
}

/// A condition as an expression of one of the two databases.
pub(super) type Expression<DB> = Box<dyn BoxableExpression<resources::table, DB, SqlType = Nullable<Bool>>>;

/// A database that understands conditions.
pub(super) trait Dialect: diesel::backend::Backend + Sized {
    /// `account` is whose resources are asked for: e-mail addresses are found by it.
    fn expression(condition: &Condition, account: &str) -> Expression<Self>;
}

/// The expression for the database behind this connection.
pub(super) fn expression<C>(_: &C, condition: &Condition, account: &str) -> Expression<C::Backend>
where
    C: Connection,
    C::Backend: Dialect,
{
    C::Backend::expression(condition, account)
}

/// The first text that does not begin with the prefix any more, if there is one.
fn behind(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // Surrogates are no characters; the next one behind them is U+E000.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

/// A text in a `LIKE` pattern, with `\` as the escape character.
fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// A comparison with a column.
macro_rules! compare {
    ($column:expr, $comparison:expr, $value:expr, |$e:ident| $boxed:expr) => {
        match $comparison {
            Comparison::Is => {
                let $e = $column.eq($value);
                $boxed
            }
            Comparison::Above => {
                let $e = $column.gt($value);
                $boxed
            }
            Comparison::AtLeast => {
                let $e = $column.ge($value);
                $boxed
            }
            Comparison::Below => {
                let $e = $column.lt($value);
                $boxed
            }
            Comparison::AtMost => {
                let $e = $column.le($value);
                $boxed
            }
        }
    };
}

/// A test of a column that may be `NULL`; the answer never is.
macro_rules! text {
    ($column:expr, $test:expr) => {{
        let there = $column.is_not_null();
        match $test {
            TextTest::Assigned => Box::new(there.nullable()),
            TextTest::Compare(comparison, text) => {
                compare!($column, comparison, text.clone(), |e| Box::new(there.and(e)))
            }
            TextTest::StartsWith(prefix) => {
                let from = there.and($column.ge(prefix.clone()));
                match behind(prefix) {
                    Some(behind) => Box::new(from.and($column.lt(behind))),
                    None => Box::new(from),
                }
            }
            TextTest::Contains(part) => {
                Box::new(there.and($column.like(format!("%{}%", escaped(part))).escape('\\')))
            }
            TextTest::EndsWith(part) => {
                Box::new(there.and($column.like(format!("%{}", escaped(part))).escape('\\')))
            }
        }
    }};
}

/// The same text for both databases: diesel checks it against each.
macro_rules! dialect {
    ($backend:ty) => {
        impl Dialect for $backend {
            fn expression(condition: &Condition, account: &str) -> Expression<Self> {
                let constant =
                    |value: bool| -> Expression<Self> { Box::new(value.into_sql::<Nullable<Bool>>()) };
                let joined = |terms: &[Condition], all: bool| {
                    let mut terms = terms.iter().map(|term| -> Expression<Self> {
                        let term = Self::expression(term, account);
                        // SQLite takes a partial index for a part of an OR only if that part says what the index
                        // says. Every list says it, so that nothing changes.
                        if all { term } else { Box::new(term.and(resources::deleted_at.is_null())) }
                    });
                    let first = terms.next().unwrap_or_else(|| constant(all));
                    terms.fold(first, |left, right| -> Expression<Self> {
                        if all { Box::new(left.and(right)) } else { Box::new(left.or(right)) }
                    })
                };
                match condition {
                    Condition::All => constant(true),
                    Condition::Nothing => constant(false),
                    Condition::And(terms) => joined(terms, true),
                    Condition::Or(terms) => joined(terms, false),
                    Condition::Not(inner) => Box::new(not(Self::expression(inner, account))),
                    Condition::ScimId(id) => Box::new(resources::scim_id.eq(id.to_string()).nullable()),
                    Condition::Active(active) => Box::new(resources::active.eq(*active).nullable()),
                    Condition::Text(TextColumn::UserName, test) => text!(resources::user_name_folded, test),
                    Condition::Text(TextColumn::ExternalId, test) => text!(resources::external_id, test),
                    Condition::Text(TextColumn::EmployeeNumber, test) => {
                        text!(resources::employee_number, test)
                    }
                    Condition::Time(TimeColumn::Created, comparison, time) => {
                        compare!(resources::created_at, comparison, micros(*time), |e| Box::new(e.nullable()))
                    }
                    Condition::Time(TimeColumn::LastModified, comparison, time) => {
                        compare!(resources::updated_at, comparison, micros(*time), |e| Box::new(e.nullable()))
                    }
                    Condition::Email(test) => {
                        let own = resource_emails::account_id.eq(account.to_owned());
                        let address = resource_emails::email_folded;
                        let found = resource_emails::table
                            .select(resource_emails::resource_id)
                            .filter(own)
                            .into_boxed();
                        let found = match test {
                            EmailTest::Is(email) => found.filter(address.eq(email.clone())),
                            EmailTest::StartsWith(prefix) => {
                                let found = found.filter(address.ge(prefix.clone()));
                                match behind(prefix) {
                                    Some(behind) => found.filter(address.lt(behind)),
                                    None => found,
                                }
                            }
                        };
                        Box::new(resources::resource_id.eq_any(found).nullable())
                    }
                }
            }
        }
    };
}

dialect!(diesel::sqlite::Sqlite);
dialect!(diesel::pg::Pg);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_a_prefix_lies_before_the_text_behind_it() {
        assert_eq!(behind("ab").as_deref(), Some("ac"));
        assert_eq!(behind("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(behind("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(behind("\u{10ffff}"), None);
        assert_eq!(behind(""), None);
    }

    #[test]
    fn a_pattern_has_no_wild_cards_of_the_caller() {
        assert_eq!(escaped("50%_\\"), "50\\%\\_\\\\");
    }
}
