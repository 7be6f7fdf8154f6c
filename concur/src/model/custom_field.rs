//! Custom and organisational-unit fields of reports, entries and itemizations.
//! Source: Expense Reports v3, "Custom Field" table.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The value of one `Custom1` … `Custom40` or `OrgUnit1` … `OrgUnit6` field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomField {
    /// `Amount`, `Boolean`, `ConnectedList`, `Date`, `Integer`, `List`, `Number` or `Text`.
    #[serde(rename = "Type", default)]
    pub kind: Option<String>,
    /// The text shown to people.
    #[serde(rename = "Value", default)]
    pub value: Option<String>,
    /// The list item's code, for list fields.
    #[serde(rename = "Code", default)]
    pub code: Option<String>,
    /// The list item's id, for list fields.
    #[serde(rename = "ListItemID", default)]
    pub list_item_id: Option<String>,
}

/// The fields of a raw row that are set, by name. One that has another shape than documented is left out; it stays
/// readable in the raw row.
pub(crate) fn custom_fields(raw: &Value) -> impl Iterator<Item = (&str, CustomField)> {
    raw.as_object().into_iter().flatten().filter_map(|(name, value)| {
        let numbered = name.strip_prefix("Custom").or_else(|| name.strip_prefix("OrgUnit"))?;
        numbered.parse::<u8>().ok()?;
        Some((name.as_str(), CustomField::deserialize(value).ok()?))
    })
}
