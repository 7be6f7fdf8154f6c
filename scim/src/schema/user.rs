//! The core user, RFC 7643 §4.1 and §8.7.1, less what this server does not store.

use super::{Schema, attribute::Attribute};
use crate::urn;

/// `type`, with the values the RFC suggests.
const fn kind_of(values: &'static [&'static str]) -> Attribute {
    Attribute::string("type", "What the value is for").canonical(values)
}

const VALUE: Attribute = Attribute::string("value", "The value itself");
const DISPLAY: Attribute = Attribute::string("display", "Name for display");
const PRIMARY: Attribute = Attribute::boolean("primary", "The preferred value; true at most once");

/// Core user schema.
pub(super) static SCHEMA: Schema = Schema {
    id: urn::USER,
    name: "User",
    description: "User account",
    attributes: &[
        Attribute::string("userName", "Login name, unique in the company without regard to letter case")
            .required()
            .unique(),
        Attribute::complex(
            "name",
            &[
                Attribute::string("formatted", "Full name for display"),
                Attribute::string("familyName", "Family name"),
                Attribute::string("givenName", "Given name"),
                Attribute::string("middleName", "Middle name"),
                Attribute::string("honorificPrefix", "Title before the name"),
                Attribute::string("honorificSuffix", "Suffix after the name"),
            ],
            "Parts of the name",
        ),
        Attribute::string("displayName", "Name shown to others"),
        Attribute::string("nickName", "Casual name"),
        Attribute::reference("profileUrl", &["external"], "URI of a profile page"),
        Attribute::string("title", "Job title"),
        Attribute::string("userType", "Relationship to the organization"),
        Attribute::string("preferredLanguage", "Language, as in Accept-Language"),
        Attribute::string("locale", "Locale for dates and numbers"),
        Attribute::string("timezone", "Time zone, as in the IANA database"),
        Attribute::boolean("active", "Whether the user may work in Concur"),
        Attribute::complex(
            "emails",
            &[VALUE, DISPLAY, kind_of(&["work", "home", "other"]), PRIMARY],
            "E-mail addresses",
        )
        .list(),
        Attribute::complex(
            "phoneNumbers",
            &[VALUE, DISPLAY, kind_of(&["work", "home", "mobile", "fax", "pager", "other"]), PRIMARY],
            "Phone numbers",
        )
        .list(),
        Attribute::complex(
            "addresses",
            &[
                Attribute::string("formatted", "The whole address for display"),
                Attribute::string("streetAddress", "Street and number"),
                Attribute::string("locality", "City"),
                Attribute::string("region", "State or region"),
                Attribute::string("postalCode", "Postal code"),
                Attribute::string("country", "Country, two letters of ISO 3166-1"),
                kind_of(&["work", "home", "other"]),
                PRIMARY,
            ],
            "Postal addresses",
        )
        .list(),
        Attribute::complex(
            "groups",
            &[
                Attribute::string("value", "Identifier of the group").case_exact().read_only(),
                Attribute::reference("$ref", &["Group"], "URI of the group").read_only(),
                Attribute::string("display", "Name of the group").read_only(),
                Attribute::string("type", "direct or indirect")
                    .canonical(&["direct", "indirect"])
                    .read_only(),
            ],
            "Groups the user belongs to; changed through the group",
        )
        .list()
        .read_only(),
        Attribute::complex(
            "entitlements",
            &[
                Attribute::string("value", "Concur product: Expense, Invoice, Request or Travel"),
                DISPLAY,
                kind_of(&[]),
                PRIMARY,
            ],
            "Concur products the user may use",
        )
        .list(),
        Attribute::complex("roles", &[VALUE, DISPLAY, kind_of(&[]), PRIMARY], "Roles, as sent").list(),
    ],
};
