//! What scopes there are and what each opens. Not here: which of them an application needs, which depends on what it
//! does.
//! Source: page "Scopes" and the scope paragraphs of each API (retrieved August 2026). Names are case-sensitive.

/// Whether a scope still means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It opens something.
    Current,
    /// It opens nothing any more and is given to no new application: its absence is no fault.
    Gone,
}

/// A scope of SAP Concur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// As it is written in a token.
    pub name: &'static str,
    /// What it opens, in words.
    pub opens: &'static str,
    /// Whether it still means something.
    pub standing: Standing,
}

/// Where SAP lists all scopes.
pub const REFERENCE: &str = "https://developer.concur.com/api-reference/authentication/scopes.html";

/// The scopes that a connection like this one meets.
pub static CATALOGUE: &[Scope] = &[
    Scope { name: "EXPRPT", opens: "Reports, Entries and Itemizations v3", standing: Standing::Current },
    Scope {
        name: "expense.report.read",
        opens: "Reports and Expenses v4: the business purpose",
        standing: Standing::Current,
    },
    Scope {
        name: "user.read",
        opens: "named beside `expense.report.read` by Reports and Expenses v4; Profile v1 (deprecated)",
        standing: Standing::Current,
    },
    Scope {
        name: "company.read",
        opens: "Profile v1 of the company (deprecated)",
        standing: Standing::Current,
    },
    Scope { name: "receipts.read", opens: "Receipts v4", standing: Standing::Current },
    Scope {
        name: "creditcardaccount.read",
        opens: "Detokenizer v5: card and bank numbers",
        standing: Standing::Current,
    },
    Scope { name: "purchaserequest.read", opens: "Purchase Request v4", standing: Standing::Current },
    Scope {
        name: "user_read",
        opens: "nothing any more; only in old samples beside `user.read`",
        standing: Standing::Gone,
    },
    Scope {
        name: "CCARD",
        opens: "Company Card Transactions v1.1 (deprecated June 2026)",
        standing: Standing::Current,
    },
    Scope { name: "BANK", opens: "the bank block of Report Details v2", standing: Standing::Current },
    Scope { name: "EXTRCT", opens: "Extracts v1", standing: Standing::Current },
    Scope { name: "FOP", opens: "nothing any more; only in old samples", standing: Standing::Gone },
    Scope { name: "GHOST", opens: "nothing any more; only in old samples", standing: Standing::Gone },
    Scope { name: "INVPMT", opens: "Payment Request v3", standing: Standing::Current },
    Scope { name: "INVVEN", opens: "Vendor v3", standing: Standing::Current },
    Scope {
        name: "USER",
        opens: "nothing any more: User v1 and v3 ended in January 2025",
        standing: Standing::Gone,
    },
    Scope {
        name: "COMPANY",
        opens: "nothing any more; not in the scope catalogue",
        standing: Standing::Gone,
    },
    Scope {
        name: "identity.user.core.read",
        opens: "name, activity, language, time zone",
        standing: Standing::Current,
    },
    Scope {
        name: "identity.user.coresensitive.read",
        opens: "mail addresses, phone numbers, postal addresses",
        standing: Standing::Current,
    },
    Scope {
        name: "identity.user.enterprise.read",
        opens: "employee number, cost centre, department, manager, dates",
        standing: Standing::Current,
    },
    Scope { name: "identity.user.ids.read", opens: "user name and external id", standing: Standing::Current },
    Scope {
        name: "spend.user.general.read",
        opens: "spend profiles, roles, approvers, form fields",
        standing: Standing::Current,
    },
    Scope {
        name: "spend.user.general.writeonly",
        opens: "every spend extension of a provisioning request",
        standing: Standing::Current,
    },
    Scope {
        name: "user.provision.read",
        opens: "status of provisioning requests, schemas",
        standing: Standing::Current,
    },
    Scope { name: "user.provision.write", opens: "creating and changing users", standing: Standing::Current },
    Scope {
        name: "identity.user.coreenterprise.writeonly",
        opens: "every core and enterprise attribute but the next two",
        standing: Standing::Current,
    },
    Scope { name: "identity.user.externalID.writeonly", opens: "`externalId`", standing: Standing::Current },
    Scope {
        name: "identity.user.emails.verified.writeonly",
        opens: "`emails.verified`",
        standing: Standing::Current,
    },
    Scope {
        name: "travel.user.general.read",
        opens: "travel profiles: rule class, groups, custom fields",
        standing: Standing::Current,
    },
    Scope {
        name: "travel.user.private.read",
        opens: "travel profiles: names for bookings, gender",
        standing: Standing::Current,
    },
    Scope {
        name: "expense.config.policies.restricted.read",
        opens: "expense policies",
        standing: Standing::Current,
    },
    Scope {
        name: "expense.config.expensetypes.restricted.read",
        opens: "expense types with their spend category",
        standing: Standing::Current,
    },
];

/// The scope of a name.
pub fn find(name: &str) -> Option<&'static Scope> {
    CATALOGUE.iter().find(|scope| scope.name == name)
}
