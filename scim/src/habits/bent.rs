//! Which habits a request had: noted where each is bent, so that the list cannot say anything else than the code does.

use std::cell::Cell;
use std::collections::BTreeSet;

/// Something that identity providers do and the RFCs do not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Habit {
    /// `"True"` for a boolean.
    BooleanAsText,
    /// `""` for "no value".
    EmptyText,
    /// `[{...}]` for an attribute with one value.
    ArrayForOne,
    /// `{...}` or a text for an attribute with many values.
    OneForArray,
    /// A text where an object with `value` belongs.
    TextForObject,
    /// `Add`, `Replace`, `Remove`.
    OperationInCapitals,
    /// `name.givenName` or `urn:...:User:department` as the key of a value without path.
    PathAsKey,
    /// A password or `schemas`, which have no effect.
    WithoutEffect,
    /// `emails[type eq "work"].value` where there is no such value: it is created.
    CreatedByFilter,
    /// `remove members` with the members that are to go as the value.
    RemovedByValue,
    /// The same, wrapped once more in an object with the attribute's name.
    RemovedByWrappedValue,
    /// An extension's attribute without its URN in a filter.
    ExtensionWithoutUrn,
}

impl Habit {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::BooleanAsText,
        Self::EmptyText,
        Self::ArrayForOne,
        Self::OneForArray,
        Self::TextForObject,
        Self::OperationInCapitals,
        Self::PathAsKey,
        Self::WithoutEffect,
        Self::CreatedByFilter,
        Self::RemovedByValue,
        Self::RemovedByWrappedValue,
        Self::ExtensionWithoutUrn,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::BooleanAsText => "boolean_as_text",
            Self::EmptyText => "empty_text",
            Self::ArrayForOne => "array_for_one",
            Self::OneForArray => "one_for_array",
            Self::TextForObject => "text_for_object",
            Self::OperationInCapitals => "operation_in_capitals",
            Self::PathAsKey => "path_as_key",
            Self::WithoutEffect => "without_effect",
            Self::CreatedByFilter => "created_by_filter",
            Self::RemovedByValue => "removed_by_value",
            Self::RemovedByWrappedValue => "removed_by_wrapped_value",
            Self::ExtensionWithoutUrn => "extension_without_urn",
        }
    }

    /// What came, and what it was taken for.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::BooleanAsText => "\"True\" or \"False\" as text, taken as a boolean",
            Self::EmptyText => "\"\" as a value, taken as no value",
            Self::ArrayForOne => {
                "an array with one element for an attribute with one value, taken as that value"
            }
            Self::OneForArray => "one value for an attribute with many, taken as an array of it",
            Self::TextForObject => "a text for an object, taken as its value",
            Self::OperationInCapitals => "an op like Add or Replace, taken in any letter case",
            Self::PathAsKey => "a path as the key of a value without path, taken as an operation of its own",
            Self::WithoutEffect => "a password or schemas in a PATCH, left without effect",
            Self::CreatedByFilter => "a path with a filter that nothing satisfies, which creates the value",
            Self::RemovedByValue => {
                "a remove with the values that are to go, which removes those and no others"
            }
            Self::RemovedByWrappedValue => "the same, with the values wrapped in an object",
            Self::ExtensionWithoutUrn => "an extension's attribute without its URN in a filter",
        }
    }
}

thread_local! {
    /// One bit for each habit that was bent on this thread since the watch began.
    static BENT: Cell<u32> = const { Cell::new(0) };
}

fn bit(habit: Habit) -> u32 {
    1 << (habit as u32)
}

/// Notes that a habit was bent.
pub(crate) fn note(habit: Habit) {
    BENT.with(|bent| bent.set(bent.get() | bit(habit)));
}

/// Runs `f`, and tells which habits were bent on its way. What `f` returns depends on nothing but `f`.
pub fn watch<T>(f: impl FnOnce() -> T) -> (T, BTreeSet<Habit>) {
    let outer = BENT.with(|bent| bent.replace(0));
    let value = f();
    let bent = BENT.with(|bent| bent.replace(outer));
    (value, Habit::ALL.into_iter().filter(|habit| bent & bit(*habit) != 0).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Filter, PatchRequest, Resource, ResourceType, patch};

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "the cases read better")]
    fn check(operations: serde_json::Value, expected: &[Habit]) {
        let user = json!({"schemas": [crate::urn::USER], "userName": "ada", "active": true,
            "emails": [{"value": "a@example.com", "type": "home"}]});
        let user = Resource::from_client(ResourceType::user(), &user).unwrap();
        let body = json!({"schemas": [crate::urn::PATCH_OP], "Operations": operations});
        let (applied, bent) = watch(|| patch::apply(&user, &PatchRequest::parse(&body)?));
        applied.unwrap();
        assert_eq!(bent.into_iter().collect::<Vec<_>>(), expected, "{body}");
    }

    #[test]
    fn each_habit_is_noted_where_it_is_bent_and_what_the_rfc_says_is_none() {
        check(json!([{"op": "replace", "path": "active", "value": false}]), &[]);
        check(json!([{"op": "replace", "value": {"title": "x", "name": {"givenName": "A"}}}]), &[]);
        check(json!([{"op": "remove", "path": "title"}]), &[]);
        check(json!([{"op": "add", "path": "emails", "value": [{"value": "b@example.com"}]}]), &[]);
        check(
            json!([{"op": "Replace", "path": "active", "value": "False"}]),
            &[Habit::BooleanAsText, Habit::OperationInCapitals],
        );
        check(json!([{"op": "replace", "path": "title", "value": ""}]), &[Habit::EmptyText]);
        let manager = format!("{}:manager", crate::urn::ENTERPRISE_USER);
        check(json!([{"op": "add", "path": manager, "value": [{"value": "7"}]}]), &[Habit::ArrayForOne]);
        check(json!([{"op": "add", "path": manager, "value": "7"}]), &[Habit::TextForObject]);
        check(
            json!([{"op": "add", "path": "emails", "value": {"value": "b@example.com"}}]),
            &[Habit::OneForArray],
        );
        check(json!([{"op": "replace", "value": {"name.givenName": "A"}}]), &[Habit::PathAsKey]);
        check(json!([{"op": "replace", "path": "password", "value": "x"}]), &[Habit::WithoutEffect]);
        check(
            json!([{"op": "add", "path": "emails[type eq \"work\"].value", "value": "b@example.com"}]),
            &[Habit::CreatedByFilter],
        );
        check(
            json!([{"op": "remove", "path": "emails", "value": [{"value": "a@example.com"}]}]),
            &[Habit::RemovedByValue],
        );
        check(
            json!([{"op": "remove", "path": "emails", "value": {"emails": [{"value": "a@example.com"}]}}]),
            &[Habit::RemovedByWrappedValue],
        );
    }

    #[test]
    fn a_watch_inside_of_another_one_keeps_to_itself() {
        let (inner, outer) = watch(|| {
            note(Habit::EmptyText);
            let ((), inner) = watch(|| note(Habit::PathAsKey));
            inner
        });
        assert_eq!((inner.len(), outer.into_iter().collect::<Vec<_>>()), (1, vec![Habit::EmptyText]));
        let manager = Filter::parse("manager eq \"7\"").unwrap();
        let (_, bent) = watch(|| manager.unknown_path(ResourceType::user()).is_none());
        assert_eq!(bent.into_iter().collect::<Vec<_>>(), [Habit::ExtensionWithoutUrn]);
    }

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = Habit::ALL.iter().map(|habit| habit.name()).collect();
        assert_eq!(names.len(), Habit::ALL.len());
        assert!(Habit::ALL.iter().all(|habit| !habit.sentence().is_empty()));
    }
}
