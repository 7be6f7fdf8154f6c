//! Concur's spend extension under Concur's own URN (User Provisioning Service v4, "Spend User").
//!
//! None of it is required here: what a company demands is its own configuration, and defaults fill the rest when the
//! user is translated.

use super::{Schema, attribute::Attribute};
use crate::urn;

/// Spend user schema.
pub(super) static SCHEMA: Schema = Schema {
    id: urn::SPEND_USER,
    name: "SpendUser",
    description: "Spend profile in SAP Concur",
    attributes: &[
        Attribute::string("reimbursementCurrency", "Currency of reimbursement, three letters of ISO 4217"),
        Attribute::string("country", "Country, two letters of ISO 3166-1"),
        Attribute::string("locale", "Language and country, such as en-US"),
        Attribute::string("stateProvince", "State without country, such as WA"),
        Attribute::string("ledgerCode", "Ledger of the company").case_exact(),
        Attribute::string("cashAdvanceAccountCode", "Account of cash advances").case_exact(),
        Attribute::string("reimbursementType", "How expenses are paid back").canonical(&[
            "ACCOUNTS_PAYABLE",
            "ADP_PAYROLL",
            "CONCUR_PAY",
            "OTHER",
        ]),
        Attribute::complex(
            "customData",
            &[
                Attribute::string(
                    "id",
                    "custom1 to custom22, or orgUnit1 to orgUnit6; a value without it is left out",
                ),
                Attribute::string("value", "Text, or the code of a list item").case_exact(),
            ],
            "Custom and organization fields",
        )
        .list(),
    ],
};
