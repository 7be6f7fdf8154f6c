//! One Concur user against what is wanted and what was known: pure. The identity alone is compared; the spend profile and
//! the roles are read back by delivery, and another read for each user would cost hours in a large company.

use serde_json::{Value, json};

use crate::translate::{self, APPROVER, ConcurUser, ENTERPRISE, ROLE, SPEND};

/// The manager's id in Concur is known when a change is sent, and not here.
const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

/// What Concur holds of what is managed, in the form that links keep: the identity as read, the rest as it was known.
pub(super) fn seen(identity: &Value, known: &ConcurUser, wanted: &ConcurUser) -> ConcurUser {
    let mut seen = translate::observe(identity, None, &[known, wanted]);
    for part in [SPEND, ROLE, APPROVER] {
        seen.remove(part);
        if let Some(part_known) = known.get(part) {
            seen.set(part, part_known.clone());
        }
    }
    let hidden = identity[ENTERPRISE].get("manager").is_none();
    if let (true, Some(manager)) = (hidden, known.get(MANAGER)) {
        seen.set(MANAGER, manager.clone());
    }
    seen
}

/// Notes the manager whom Concur holds for somebody who is taken over, or the first change would write them anew.
pub(super) fn note_manager(identity: &Value, held: &mut ConcurUser) {
    if let Some(manager) = identity[ENTERPRISE]["manager"]["value"].as_str() {
        held.set(MANAGER, json!({"value": manager}));
    }
}

/// The attributes in which Concur is not as wanted: path, wanted, known, Concur's. Access is [`access`]'s.
pub(super) fn differences(seen: &ConcurUser, known: &ConcurUser, wanted: &ConcurUser) -> Vec<Value> {
    let (held, mut wanted) = (identity_of(seen), identity_of(wanted));
    if let Some(active) = held.get("active") {
        wanted.set("active", active.clone());
    }
    let changes = translate::diff(&held, &wanted);
    let attribute = |path: &str| path.split('[').next().unwrap_or_default().to_owned();
    changes
        .into_iter()
        .map(|change| {
            let at = attribute(&change.path);
            json!({
                "attribute": change.path,
                "wanted": change.value,
                "known": known.get(&at),
                "concur": held.get(&at),
            })
        })
        .collect()
}

/// Whether the user has access in Concur, and shall have.
pub(super) fn access(seen: &ConcurUser, wanted: &ConcurUser) -> (bool, bool) {
    (seen.is_active(), wanted.is_active())
}

fn identity_of(user: &ConcurUser) -> ConcurUser {
    let mut identity = user.clone();
    for path in [SPEND, ROLE, APPROVER, MANAGER] {
        identity.remove(path);
    }
    identity
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concur(value: Value) -> ConcurUser {
        ConcurUser::from_value(value)
    }

    #[test]
    fn a_difference_names_the_attribute_and_all_three_words() {
        let wanted = concur(json!({"userName": "a@b.c", "title": "Lead", "active": true,
            "emails": [{"type": "work", "value": "a@b.c"}], (SPEND): {"country": "US"}}));
        let known =
            concur(json!({"userName": "a@b.c", "title": "Lead", "active": true, (SPEND): {"country": "US"}}));
        let identity = json!({"userName": "a@b.c", "title": "Chef", "active": false, "displayName": "made by Concur",
            "emails": [{"type": "work", "value": "x@b.c", "verified": true}]});
        let seen = seen(&identity, &known, &wanted);
        assert_eq!(access(&seen, &wanted), (false, true));
        assert_eq!(seen.get(SPEND), known.get(SPEND), "the profile is as it was known");
        let found = differences(&seen, &known, &wanted);
        let title = json!({"attribute": "title", "wanted": "Lead", "known": "Lead", "concur": "Chef"});
        assert!(found.contains(&title), "{found:?}");
        assert!(found.iter().any(|it| it["attribute"] == "emails[type eq \"work\"].value"), "{found:?}");
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn what_concur_spells_in_its_own_way_is_no_difference() {
        let wanted = concur(json!({"userName": "a@b.c", "active": true,
            (ENTERPRISE): {"startDate": "2021-11-17T00:00:00Z"}}));
        let identity = json!({"userName": "A@B.C", "active": true, "title": null,
            (ENTERPRISE): {"startDate": "2021-11-17T00:00:00.000", "companyId": "c"}});
        let seen = seen(&identity, &wanted, &wanted);
        assert_eq!(differences(&seen, &wanted, &wanted), Vec::<Value>::new());
    }
}
