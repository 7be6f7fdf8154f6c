//! What the store can answer of a filter: from SCIM's words to those of columns. Pure.
//!
//! The condition that comes out holds for every resource that the filter holds for. Where it holds for no other, it
//! is *exact*, and nobody needs to look at the resources to know which ones match.

use jiff::Timestamp;
use scim::schema::ResourceType;
use scim::{Comparison as Op, Filter, Path};
use serde_json::Value;
use store::resources::{Comparison, Condition, EmailTest, TextColumn, TextTest, TimeColumn};
use uuid::Uuid;

use crate::provision::content::employee_number_path;

/// What is to be asked of the store.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub condition: Condition,
    /// Whether it says all that the filter says.
    pub exact: bool,
}

impl Plan {
    fn exact(condition: Condition) -> Self {
        Plan { condition, exact: true }
    }

    fn narrowed(condition: Condition) -> Self {
        Plan { condition, exact: false }
    }

    /// The store cannot tell.
    fn open() -> Self {
        Self::narrowed(Condition::All)
    }
}

/// The part of a filter that the store can answer.
pub(super) fn plan(filter: &Filter, rt: &'static ResourceType) -> Plan {
    match filter {
        Filter::And(terms) => {
            let plans: Vec<Plan> = terms.iter().map(|term| plan(term, rt)).collect();
            let exact = plans.iter().all(|plan| plan.exact);
            let told = plans.into_iter().map(|plan| plan.condition).filter(|told| *told != Condition::All);
            Plan { condition: Condition::And(told.collect()), exact }
        }
        Filter::Or(terms) => {
            let plans: Vec<Plan> = terms.iter().map(|term| plan(term, rt)).collect();
            let exact = plans.iter().all(|plan| plan.exact);
            if plans.iter().any(|plan| plan.condition == Condition::All) {
                return Plan { condition: Condition::All, exact };
            }
            Plan { condition: Condition::Or(plans.into_iter().map(|plan| plan.condition).collect()), exact }
        }
        // Of a narrowed condition nothing follows for what it leaves out.
        Filter::Not(inner) => match plan(inner, rt) {
            Plan { condition, exact: true } => Plan::exact(not(condition)),
            Plan { exact: false, .. } => Plan::open(),
        },
        Filter::Present(path) => present(path, rt),
        Filter::Any(_) => narrowed_by_equality(filter, rt),
        Filter::Compare { path, op, value } => compare(path, *op, value, filter, rt),
    }
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

fn present(path: &Path, rt: &'static ResourceType) -> Plan {
    let Some(name) = path.compared(rt).filter(|_| path.filter.is_none()) else {
        return Plan::open();
    };
    match (column(&name, rt), name.as_str()) {
        (Some(column), _) => Plan::exact(Condition::Text(column, TextTest::Assigned)),
        (None, "id" | "meta.created" | "meta.lastModified") => Plan::exact(Condition::All),
        _ => Plan::open(),
    }
}

fn compare(path: &Path, op: Op, value: &Value, filter: &Filter, rt: &'static ResourceType) -> Plan {
    let Some(name) = path.compared(rt) else {
        // "If the specified attribute is not present, there is no match" (RFC 7644 section 3.4.2.1).
        return if value.is_null() { Plan::open() } else { Plan::exact(Condition::Nothing) };
    };
    if path.filter.is_some() {
        return narrowed_by_equality(filter, rt);
    }
    match (name.as_str(), value) {
        ("id", Value::String(text)) => id(op, text),
        ("active", value) if rt == ResourceType::user() => active(op, value),
        ("meta.created", Value::String(text)) => time(TimeColumn::Created, op, text),
        ("meta.lastModified", Value::String(text)) => time(TimeColumn::LastModified, op, text),
        ("meta.resourceType", Value::String(text)) => match op {
            Op::Eq if text == rt.name => Plan::exact(Condition::All),
            Op::Eq => Plan::exact(Condition::Nothing),
            _ => Plan::open(),
        },
        ("emails.value", Value::String(text)) if !text.contains('\0') => match op {
            Op::Eq => Plan::exact(Condition::Email(EmailTest::Is(scim::fold_user_name(text)))),
            Op::Sw => Plan::exact(Condition::Email(EmailTest::StartsWith(scim::fold_user_name(text)))),
            _ => Plan::open(),
        },
        (name, value) => match column(name, rt) {
            Some(column) => text(column, op, value),
            None => Plan::open(),
        },
    }
}

/// An equality that every match satisfies, of those that an index knows.
fn narrowed_by_equality(filter: &Filter, rt: &'static ResourceType) -> Plan {
    for (name, value) in filter.necessary_equalities(rt) {
        match value {
            Value::String(text) if name == "emails.value" && !text.contains('\0') => {
                return Plan::narrowed(Condition::Email(EmailTest::Is(scim::fold_user_name(text))));
            }
            _ => {}
        }
    }
    Plan::open()
}

/// The column that holds an attribute.
fn column(name: &str, rt: &ResourceType) -> Option<TextColumn> {
    match name {
        "externalId" => Some(TextColumn::ExternalId),
        "userName" if rt == ResourceType::user() => Some(TextColumn::UserName),
        "displayName" if rt == ResourceType::group() => Some(TextColumn::UserName),
        name if rt == ResourceType::user() && name == employee_number_path() => {
            Some(TextColumn::EmployeeNumber)
        }
        _ => None,
    }
}

fn id(op: Op, text: &str) -> Plan {
    // `id` is caseExact: another spelling of the same UUID is another text.
    let known = Uuid::try_parse(text).ok().filter(|id| id.to_string() == text);
    let is = known.map_or(Condition::Nothing, Condition::ScimId);
    match op {
        Op::Eq => Plan::exact(is),
        Op::Ne => Plan::exact(not(is)),
        _ => Plan::open(),
    }
}

fn active(op: Op, value: &Value) -> Plan {
    let wanted = match value {
        Value::Bool(wanted) => Some(*wanted),
        // Entra ID compares booleans with text.
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    };
    match (op, wanted) {
        (Op::Eq, Some(wanted)) => Plan::exact(Condition::Active(wanted)),
        (Op::Ne, Some(wanted)) => Plan::exact(Condition::Active(!wanted)),
        _ => Plan::open(),
    }
}

fn text(column: TextColumn, op: Op, value: &Value) -> Plan {
    let asks = |asked| Condition::Text(column, asked);
    let text = match (value, op) {
        (Value::Null, Op::Eq) => return Plan::exact(not(asks(TextTest::Assigned))),
        (Value::Null, Op::Ne) => return Plan::exact(asks(TextTest::Assigned)),
        // No text that is stored contains NUL, and PostgreSQL cannot be asked about one.
        (Value::String(text), _) if !text.contains('\0') => text,
        _ => return Plan::open(),
    };
    let exact_case = column == TextColumn::ExternalId;
    let text = if exact_case { text.clone() } else { scim::fold_user_name(text) };
    let compared = |comparison| move |text| TextTest::Compare(comparison, text);
    match op {
        Op::Eq => Plan::exact(asks(compared(Comparison::Is)(text))),
        Op::Ne => Plan::exact(not(asks(compared(Comparison::Is)(text)))),
        Op::Gt => Plan::exact(asks(compared(Comparison::Above)(text))),
        Op::Ge => Plan::exact(asks(compared(Comparison::AtLeast)(text))),
        Op::Lt => Plan::exact(asks(compared(Comparison::Below)(text))),
        Op::Le => Plan::exact(asks(compared(Comparison::AtMost)(text))),
        Op::Sw => Plan::exact(asks(TextTest::StartsWith(text))),
        // The store's patterns know no letter case on one of the databases: good for what is folded, else too wide.
        Op::Co => Plan { condition: asks(TextTest::Contains(text)), exact: !exact_case },
        Op::Ew => Plan { condition: asks(TextTest::EndsWith(text)), exact: !exact_case },
    }
}

/// Times are kept in microseconds; what they are compared with may lie between two of them.
fn time(column: TimeColumn, op: Op, text: &str) -> Plan {
    let Some(time) = scim::parse_date_time(text) else {
        return Plan::open();
    };
    let below = time.as_nanosecond().div_euclid(1_000);
    let whole = below * 1_000 == time.as_nanosecond();
    let Some(floor) = i64::try_from(below).ok().and_then(|micros| Timestamp::from_microsecond(micros).ok())
    else {
        return Plan::open();
    };
    let asks = |comparison| Condition::Time(column, comparison, floor);
    match op {
        Op::Eq if whole => Plan::exact(asks(Comparison::Is)),
        Op::Ne if whole => Plan::exact(not(asks(Comparison::Is))),
        Op::Eq => Plan::exact(Condition::Nothing),
        Op::Ne => Plan::exact(Condition::All),
        Op::Gt => Plan::exact(asks(Comparison::Above)),
        Op::Ge => Plan::exact(asks(if whole { Comparison::AtLeast } else { Comparison::Above })),
        Op::Lt => Plan::exact(asks(if whole { Comparison::Below } else { Comparison::AtMost })),
        Op::Le => Plan::exact(asks(Comparison::AtMost)),
        Op::Co | Op::Sw | Op::Ew => Plan::open(),
    }
}
