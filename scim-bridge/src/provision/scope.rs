//! Who is provisioned: an account's scoping filter, and why not (B22).
//!
//! Out of scope, a user is kept in SCIM and not sent to Concur; one who leaves the scope loses access there, as if
//! unassigned, and one who enters it gets it. The reason stands in the Delivery extension as `skipReason`.

use jiff::Timestamp;
use scim::{Filter, Resource, ResourceType};
use store::ids::ResourceId;
use store::links::{self, ExtensionState};
use store::{Conn, operations};

use crate::accounts::AccountSettings;
use crate::translate::{Kind, Translated};

/// The part of a user's delivery record that says whether the user is in scope.
pub(super) const PART: &str = "scope";
const OUT: &str = "out";
const IN: &str = "in";

/// Why a user is not provisioned; nothing for one who is.
pub(super) fn why_not(user: &Resource, settings: &AccountSettings) -> Option<String> {
    // What cannot be read was checked when it was set; leaving everyone out would be the worse mistake.
    let filter = Filter::parse(settings.scope.as_deref()?).ok()?;
    let seen = user.to_stored();
    let holds = |filter: &Filter| filter.matches(&seen, ResourceType::user());
    if holds(&filter) {
        return None;
    }
    let unmet = match &filter {
        Filter::And(terms) => terms.iter().find(|term| !holds(term)).unwrap_or(&filter),
        whole => whole,
    };
    Some(format!("out of scope: the account provisions users with {filter}; not met: {unmet}"))
}

/// Whether Concur was ever asked for the user.
pub(super) fn was_sent(conn: &mut Conn, user: ResourceId) -> Result<bool, store::Error> {
    Ok(links::get(conn, user)?.is_some() || operations::latest_for_resource(conn, user)?.is_some())
}

/// What a user's coming into scope is to Concur.
pub(super) fn kind_of_entry(
    conn: &mut Conn,
    user: ResourceId,
    wanted: &Translated,
) -> Result<Kind, store::Error> {
    let is_there = links::get(conn, user)?.is_some_and(|link| link.concur_user_id.is_some());
    Ok(match (is_there, wanted.user.is_active()) {
        (false, _) => Kind::Create,
        (true, true) => Kind::Reactivate,
        (true, false) => Kind::Update,
    })
}

/// Keeps the answer where the user's view finds it. Accounts without a scope leave no trace.
pub(super) fn note(
    conn: &mut Conn,
    user: ResourceId,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<(), store::Error> {
    let parts = links::extensions(conn, user)?;
    note_beside(conn, user, &parts, reason, now).map(drop)
}

/// [`note`] by a caller who knows the parts of the user's delivery record; whether there was anything to note.
pub(super) fn note_beside(
    conn: &mut Conn,
    user: ResourceId,
    parts: &[ExtensionState],
    reason: Option<&str>,
    now: Timestamp,
) -> Result<bool, store::Error> {
    let is_same = match parts.iter().find(|part| part.extension == PART) {
        None => reason.is_none(),
        Some(part) => part.error_message.as_deref() == reason,
    };
    if is_same {
        return Ok(false);
    }
    let state = ExtensionState {
        extension: PART.to_owned(),
        state: if reason.is_some() { OUT } else { IN }.to_owned(),
        provision_id: None,
        error_code: None,
        error_message: reason.map(str::to_owned),
        updated_at: now,
    };
    links::put_extension(conn, user, &state)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_unmet_condition_is_named() {
        let settings =
            |scope: &str| AccountSettings { scope: Some(scope.to_owned()), ..AccountSettings::default() };
        let user = Resource::from_stored(
            ResourceType::user(),
            json!({"userName": "a@b.c", "title": "Chef", "active": true}),
        );
        let check = |scope: &str| why_not(&user, &settings(scope));
        assert_eq!(why_not(&user, &AccountSettings::default()), None);
        assert_eq!(check("title eq \"chef\""), None);
        let reason = check("active eq true and title eq \"Cook\"").unwrap();
        assert!(reason.ends_with("not met: title eq \"Cook\""), "{reason}");
    }
}
