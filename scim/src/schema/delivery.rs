//! Our read-only extension: how far Concur has taken over a user, part by part, with the last error in Concur's words.
//!
//! Concur works after it has answered; this is where an administrator sees the outcome without leaving SCIM.

use super::{Schema, attribute::Attribute};
use crate::urn;

const STATUS: &[Attribute] = &[
    Attribute::string("state", "State of the delivery").case_exact().read_only(),
    Attribute::string("provisionId", "Provision id of the last request to Concur").case_exact().read_only(),
    Attribute::string("error", "Last refusal, in Concur's words").read_only(),
    Attribute::date_time("updated", "When this was last true").read_only(),
];

/// Delivery schema.
pub(super) static SCHEMA: Schema = Schema {
    id: urn::DELIVERY,
    name: "Delivery",
    description: "State of the delivery to SAP Concur",
    attributes: &[
        Attribute::complex("identity", STATUS, "Identity part of the user").read_only(),
        Attribute::complex("spend", STATUS, "Spend part of the user").read_only(),
        Attribute::complex("travel", STATUS, "Travel part of the user").read_only(),
        Attribute::complex("roles", STATUS, "Roles of the user").read_only(),
        Attribute::complex("approvers", STATUS, "Approvers of the user").read_only(),
        Attribute::string("skipReason", "Why the user is not provisioned").read_only(),
        Attribute::string("warnings", "What was changed or left out on the way to Concur").list().read_only(),
    ],
};
