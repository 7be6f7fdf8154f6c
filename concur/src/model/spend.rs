//! A spend user, the fields of the employee form, and role codes. Not here: writing them, which User Provisioning does.
//! Source: pages "Spend User Retrieval v4.1", "Spend Form Fields v4.1", "Role Code Definition v4".

use super::wire;
use crate::UserId;
use serde::Deserialize;
use serde_json::Value;

/// URN of the spend user extension.
pub const SPEND: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:User";
/// URN of the extension with roles.
pub const SPEND_ROLE: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:Role";
/// URN of the extension with approvers.
pub const SPEND_APPROVER: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:Approver";

/// A user's spend data. It carries no login id and no activity: join with Identity by id. `Debug` shows the id alone.
#[derive(Clone, PartialEq)]
pub struct SpendUser {
    id: UserId,
    raw: Value,
}

impl SpendUser {
    /// Reads a spend user from its JSON; `None` when `id` is missing or no UUID.
    pub fn from_json(raw: Value) -> Option<Self> {
        let id = raw.get("id")?.as_str()?.parse().ok()?;
        Some(Self { id, raw })
    }

    /// The user's id: the one Identity uses.
    pub fn id(&self) -> UserId {
        self.id
    }

    /// The spend user extension.
    pub fn spend(&self) -> Option<&Value> {
        self.extension(SPEND)
    }

    /// The extension under `urn`.
    pub fn extension(&self, urn: &str) -> Option<&Value> {
        self.raw.get(urn)
    }

    /// The codes of the roles the user holds; those that follow from entitlements are not among them.
    pub fn role_names(&self) -> impl Iterator<Item = &str> {
        let roles = self.extension(SPEND_ROLE).and_then(|role| role.get("roles")?.as_array());
        roles.into_iter().flatten().filter_map(|role| role.get("roleName")?.as_str())
    }

    /// The resource as Concur wrote it.
    pub fn raw(&self) -> &Value {
        &self.raw
    }
}

impl std::fmt::Debug for SpendUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpendUser").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A field of the company's employee form.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FormField {
    /// Name, capitalised: `Custom1`, `OrgUnit2`, `CashAdvanceAccountCode`.
    pub name: String,
    /// What people see.
    #[serde(default, deserialize_with = "wire::text")]
    pub label: Option<String>,
    /// `EDIT`, `PICK_LIST` and the like.
    #[serde(default, deserialize_with = "wire::text")]
    pub control_type: Option<String>,
    /// `String`, `List`, `ConnectedList`, `Boolean` and the like.
    #[serde(default, deserialize_with = "wire::text")]
    pub data_type: Option<String>,
    /// Longest value in characters.
    #[serde(default)]
    pub max_length: Option<u32>,
    /// Must be filled.
    #[serde(default)]
    pub is_required: bool,
    /// `RW`, `RO` or `HD` (hidden).
    #[serde(default, deserialize_with = "wire::text")]
    pub access: Option<String>,
    /// A field of the company's own.
    #[serde(default)]
    pub is_custom: bool,
    /// Depth in a connected list.
    #[serde(default)]
    pub hier_level: Option<u32>,
    /// The list its values come from; a value is then the list item's code.
    #[serde(default)]
    pub list: Option<FormList>,
}

/// The list behind a form field.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FormList {
    /// Id of the list in Lists v4.
    #[serde(default, deserialize_with = "wire::text")]
    pub sync_guid: Option<String>,
}

impl FormField {
    /// Without a value for it a spend user is refused: required and writable.
    pub fn is_mandatory(&self) -> bool {
        self.is_required && self.access.as_deref() == Some("RW")
    }

    /// Its `id` among `customData` (`custom1`, `orgUnit2`); `None` when it is not one of those.
    pub fn custom_data_id(&self) -> Option<String> {
        let (lower, number) = match (self.name.strip_prefix("Custom"), self.name.strip_prefix("OrgUnit")) {
            (Some(number), _) => ("custom", number),
            (_, Some(number)) => ("orgUnit", number),
            _ => return None,
        };
        number.parse::<u8>().ok().map(|number| format!("{lower}{number}"))
    }
}

/// The role codes Concur lists. Its answer's shape is not documented, so every text that looks like a code is taken.
pub(crate) fn role_codes(json: &Value) -> Vec<String> {
    let lists: Vec<&Vec<Value>> = match json {
        Value::Array(list) => vec![list],
        Value::Object(members) => members.values().filter_map(Value::as_array).collect(),
        _ => Vec::new(),
    };
    let code = |item: &Value| match item {
        Value::String(code) => Some(code.clone()).filter(|code| is_code(code)),
        Value::Object(members) => {
            members.values().filter_map(Value::as_str).find(|text| is_code(text)).map(str::to_owned)
        }
        _ => None,
    };
    lists.into_iter().flatten().filter_map(code).collect()
}

/// Upper-case words joined by underscores.
fn is_code(text: &str) -> bool {
    let of_code = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    text.contains('_') && text.bytes().all(of_code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn role_codes_are_found_in_any_likely_shape() {
        #[track_caller]
        fn check(json: &Value, expected: &[&str]) {
            assert_eq!(role_codes(json), expected, "{json}");
        }
        check(&json!(["EXP_APPROVER", "SHD_TAX_ADMIN"]), &["EXP_APPROVER", "SHD_TAX_ADMIN"]);
        check(&json!({"roleCodes": ["EXP_APPROVER"]}), &["EXP_APPROVER"]);
        check(&json!([{"code": "EXP_APPROVER", "name": "Expense Approver"}]), &["EXP_APPROVER"]);
        check(&json!({"schemas": ["urn:x"], "Resources": [{"id": "EXP_USER"}]}), &["EXP_USER"]);
        check(&json!({"schemas": []}), &[]);
        check(&json!("EXP_APPROVER"), &[]);
        check(&json!(["Expense Approver", 7]), &[]);
    }

    #[test]
    fn a_form_field_names_its_custom_data_and_says_whether_it_must_be_filled() {
        #[track_caller]
        fn check(name: &str, required: bool, access: &str, id: Option<&str>, mandatory: bool) {
            let field: FormField =
                serde_json::from_value(json!({"name": name, "isRequired": required, "access": access}))
                    .unwrap();
            assert_eq!((field.custom_data_id().as_deref(), field.is_mandatory()), (id, mandatory), "{name}");
        }
        check("Custom1", true, "RW", Some("custom1"), true);
        check("OrgUnit2", true, "HD", Some("orgUnit2"), false);
        check("Custom22", false, "RW", Some("custom22"), false);
        check("CustomerNumber", true, "RO", None, false);
        check("CashAdvanceAccountCode", true, "RW", None, true);
    }
}
