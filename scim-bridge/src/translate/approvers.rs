//! Approvers of a spend user: Concur's lists, one for each product, each naming people who hold the role for it.
//!
//! Concur replaces a list as a whole, so what others put there is read before and kept. Source: Concur page *User
//! Provisioning v4*, Approver extension.

use serde_json::{Map, Value, json};

use super::document::{APPROVER, ConcurUser};

/// A list of approvers that a manager can be put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// As Concur calls it.
    pub name: &'static str,
    /// The role that everyone on it must hold.
    pub role: &'static str,
}

/// The lists whose role is documented.
pub const LISTS: [List; 4] = [
    List { name: "report", role: "EXP_APPROVER" },
    List { name: "request", role: "REQ_APPROVER" },
    List { name: "invoice", role: "INV_APPROVER" },
    List { name: "purchaseRequest", role: "INV_PURCH_REQ_APPROVER" },
];

/// The list of that name.
pub fn list(name: &str) -> Option<List> {
    LISTS.into_iter().find(|list| list.name == name)
}

/// Whether `approver` is the first approver on a list, as far as is known.
pub fn is_first(holds: &ConcurUser, list: &str, approver: &str) -> bool {
    entries(holds, list).iter().any(|entry| is_primary(entry) && id(entry) == Some(approver))
}

/// The complete lists with `approver` as the first of each: who else is on a list stays, except who was first.
pub fn complete(holds: &ConcurUser, lists: &[String], approver: &str) -> Value {
    let of = |list: &String| {
        let others = entries(holds, list).iter().filter(|it| !is_primary(it) && id(it) != Some(approver));
        let first = json!({"approver": {"value": approver}, "primary": true});
        (list.clone(), std::iter::once(first).chain(others.map(sent)).collect::<Vec<_>>().into())
    };
    Value::Object(lists.iter().map(of).collect::<Map<_, _>>())
}

/// Whether two lists name the same people in the same places.
pub(super) fn same(one: &[Value], other: &[Value]) -> bool {
    let place = |entry: &Value| (id(entry).map(str::to_owned), is_primary(entry));
    one.len() == other.len() && one.iter().all(|a| other.iter().any(|b| place(a) == place(b)))
}

/// The lists of a spend user as Concur shows it; nothing where there are none.
pub(super) fn held(spend: &Value) -> Option<Value> {
    let lists = spend.get(APPROVER).and_then(Value::as_object)?;
    let filled = |(_, entries): &(&String, &Value)| entries.as_array().is_some_and(|it| !it.is_empty());
    let lists: Map<_, _> = lists
        .iter()
        .filter(filled)
        .map(|(name, entries)| {
            let entries = entries.as_array().into_iter().flatten().map(sent);
            (name.clone(), entries.collect())
        })
        .collect();
    (!lists.is_empty()).then_some(Value::Object(lists))
}

/// Whether a spend user as Concur shows it holds a role.
pub fn holds_role(spend: &Value, role: &str) -> bool {
    let roles = super::roles::assigned(spend);
    let mut roles = roles.as_array().into_iter().flatten();
    roles.any(|held| held.get("roleName").and_then(Value::as_str) == Some(role))
}

fn entries<'a>(holds: &'a ConcurUser, list: &str) -> &'a [Value] {
    let found = holds.get(&format!("{APPROVER}:{list}")).and_then(Value::as_array);
    found.map(Vec::as_slice).unwrap_or_default()
}

/// An entry as it is sent: the id alone, because an employee number beside it could contradict it.
fn sent(entry: &Value) -> Value {
    let approver = match id(entry) {
        Some(id) => json!({"value": id}),
        None => entry.get("approver").cloned().unwrap_or_default(),
    };
    json!({"approver": approver, "primary": is_primary(entry)})
}

fn id(entry: &Value) -> Option<&str> {
    entry.get("approver")?.get("value")?.as_str()
}

fn is_primary(entry: &Value) -> bool {
    entry.get("primary").and_then(Value::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::roles;

    #[test]
    fn every_list_has_a_role_that_groups_can_give() {
        for list in LISTS {
            let role = roles::by_code(list.role).unwrap();
            assert_eq!((role.gives, role.privileged), (roles::Gives::Role, false), "{}", list.name);
        }
    }

    #[test]
    fn the_new_manager_comes_first_and_second_approvers_stay() {
        let spend = json!({(APPROVER): {
            "report": [
                {"approver": {"value": "old", "employeeNumber": "1"}, "primary": true},
                {"approver": {"value": "second", "employeeNumber": "2"}, "primary": false},
            ],
            "invoice": [{"approver": {"value": "old"}, "primary": true}],
            "request": [],
        }});
        let mut holds = ConcurUser::default();
        holds.set(APPROVER, held(&spend).unwrap());
        assert!(is_first(&holds, "report", "old") && !is_first(&holds, "report", "second"));
        assert!(!is_first(&holds, "request", "old"));
        let lists = ["report".to_owned(), "request".to_owned()];
        let expected = json!({
            "report": [
                {"approver": {"value": "new"}, "primary": true},
                {"approver": {"value": "second"}, "primary": false},
            ],
            "request": [{"approver": {"value": "new"}, "primary": true}],
        });
        assert_eq!(complete(&holds, &lists, "new"), expected, "lists that are not ours are not written");
        let promoted = complete(&holds, &lists[..1], "second");
        assert_eq!(promoted, json!({"report": [{"approver": {"value": "second"}, "primary": true}]}));
    }

    #[test]
    fn a_role_is_held_by_those_who_were_assigned_it() {
        let spend = json!({(crate::translate::ROLE): {"roles": [{"roleName": "EXP_APPROVER"}]}});
        assert!(holds_role(&spend, "EXP_APPROVER") && !holds_role(&spend, "REQ_APPROVER"));
        assert!(!holds_role(&json!({}), "EXP_APPROVER"));
    }
}
