//! The core group, RFC 7643 §4.2 and §8.7.1. A member without `value` is nobody, so we ask for it.

use super::{Schema, attribute::Attribute};
use crate::urn;

/// What a group is to Concur; read-only.
pub(super) static BRIDGE_SCHEMA: Schema = Schema {
    id: urn::BRIDGE_GROUP,
    name: "Concur Group",
    description: "What the group is to SAP Concur",
    attributes: &[
        Attribute::string(
            "kind",
            "role and entitlement give what code says; kept groups give what is mapped",
        )
        .canonical(&["role", "entitlement", "kept"])
        .read_only(),
        Attribute::string("code", "Role code or entitlement").case_exact().read_only(),
        Attribute::boolean("assignable", "Whether members may be added: privileged roles need a setting")
            .read_only(),
    ],
};

/// Core group schema.
pub(super) static SCHEMA: Schema = Schema {
    id: urn::GROUP,
    name: "Group",
    description: "Group",
    attributes: &[
        Attribute::string("displayName", "Name of the group").required(),
        Attribute::complex(
            "members",
            &[
                Attribute::string("value", "Identifier of the member").required().case_exact().immutable(),
                // Written by the server from `value`, so that it cannot point elsewhere.
                Attribute::reference("$ref", &["User", "Group"], "URI of the member").read_only(),
                Attribute::string("type", "User or Group").canonical(&["User", "Group"]).immutable(),
                Attribute::string("display", "Name of the member").immutable(),
            ],
            "Members of the group",
        )
        .list(),
    ],
};
