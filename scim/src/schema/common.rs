//! Attributes every resource has, RFC 7643 §3 and §3.1. They belong to no schema and are not published in `/Schemas`.

use super::attribute::Attribute;

/// `schemas`, `id`, `externalId`, `meta`.
pub(super) const ATTRIBUTES: &[Attribute] = &[
    Attribute::reference("schemas", &["uri"], "URNs of the schemas the resource uses")
        .list()
        .read_only()
        .always(),
    Attribute::string("id", "Identifier given by this server").case_exact().read_only().always().unique(),
    Attribute::string("externalId", "Identifier given by the identity provider").case_exact(),
    Attribute::complex(
        "meta",
        &[
            Attribute::string("resourceType", "Name of the resource type").case_exact().read_only(),
            Attribute::date_time("created", "When the resource came to be").read_only(),
            Attribute::date_time("lastModified", "When the resource last changed").read_only(),
            Attribute::reference("location", &["uri"], "URI of the resource").read_only(),
            Attribute::string("version", "Entity tag").case_exact().read_only(),
        ],
        "What the server knows about the resource",
    )
    .read_only(),
];
