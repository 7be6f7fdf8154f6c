//! The enterprise extension, RFC 7643 §4.3 and §8.7.1, and what Concur keeps beside it.
//!
//! Concur puts `startDate` and `terminationDate` under the RFC's own enterprise URN. A schema of the RFC is not ours to
//! extend, so they have an extension of their own here; translation to Concur puts them where Concur wants them.

use super::{Schema, attribute::Attribute};
use crate::urn;

/// Enterprise user schema.
pub(super) static SCHEMA: Schema = Schema {
    id: urn::ENTERPRISE_USER,
    name: "EnterpriseUser",
    description: "Enterprise user",
    attributes: &[
        Attribute::string("employeeNumber", "Number in the company; leading zeros count"),
        Attribute::string("costCenter", "Cost center"),
        Attribute::string("organization", "Organization"),
        Attribute::string("division", "Division"),
        Attribute::string("department", "Department"),
        Attribute::complex(
            "manager",
            &[
                Attribute::string("value", "Identifier of the manager").case_exact(),
                Attribute::reference("$ref", &["User"], "URI of the manager").read_only(),
                Attribute::string("displayName", "Name of the manager").read_only(),
            ],
            "Manager",
        ),
    ],
};

/// Employment dates, which Concur knows and RFC 7643 does not.
pub(super) static BRIDGE_SCHEMA: Schema = Schema {
    id: urn::BRIDGE_USER,
    name: "ConcurEmployment",
    description: "Employment dates in SAP Concur",
    attributes: &[
        Attribute::date_time("startDate", "First day of employment"),
        Attribute::date_time("terminationDate", "Last day of employment"),
    ],
};
