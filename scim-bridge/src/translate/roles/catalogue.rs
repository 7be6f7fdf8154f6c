//! The catalogue as data: every role and entitlement that `/Groups` shows.
//!
//! Names are those of Concur's *User Permissions* page where it has one, in English; the code is what counts.
//! Privileged is what administers, acts for others, processes or pays: nobody gets it through a group unless the
//! account's settings name the code (`allowed_roles`). Left out are codes that SAP lists as retired or unsupported
//! (`EXP_TRAVEL_AND_EXPENSE_USER`, `REPORTING_CAS_ANALYST`, `REPORTING_DASHBOARD_USER`) and the two that follow
//! approver limits (`SHD_AUTHORIZED_APPROVER`, `SHD_COST_OBJECT_APPROVER`).
//! Source: Concur page *Spend User Role Codes*.

use super::{Entry, Gives};

/// An entitlement under a name of its own.
const fn product(code: &'static str, name: &'static str) -> Entry {
    Entry { code, name, gives: Gives::Entitlement(code), privileged: false }
}

/// A role that follows an entitlement and cannot be assigned, so membership is the entitlement.
const fn follows(code: &'static str, name: &'static str, product: &'static str) -> Entry {
    Entry { code, name, gives: Gives::Entitlement(product), privileged: false }
}

const fn role(code: &'static str, name: &'static str) -> Entry {
    Entry { code, name, gives: Gives::Role, privileged: false }
}

const fn privileged(code: &'static str, name: &'static str) -> Entry {
    Entry { code, name, gives: Gives::Role, privileged: true }
}

/// Every group that stands for something of Concur.
#[rustfmt::skip]
pub const CATALOGUE: &[Entry] = &[
    product("Expense", "Concur Expense"),
    product("Invoice", "Concur Invoice"),
    product("Request", "Concur Request"),
    product("Travel", "Concur Travel"),
    follows("EXP_USER", "Expense User", "Expense"),
    follows("REQ_USER", "Request User", "Request"),
    follows("INV_PMT_USER", "Invoice User", "Invoice"),
    // Expense and shared.
    role("EXP_APPROVER", "Expense Approver"),
    role("EXP_FIND_ATTENDEES_USER", "Find Attendees User"),
    role("EXP_RECEIPT_PROCESSOR", "Expense Receipt Processor"),
    role("SHD_BILLING_ATTRIBUTES_USER", "Billing Attributes User"),
    role("SHD_BUDGET_APPROVER", "Budget Approver"),
    role("SHD_BUDGET_OWNER", "Budget Owner"),
    role("SHD_BUDGET_VIEWER", "Budget Viewer"),
    role("STATEMENT_APPROVER", "Statement Approver"),
    role("STATEMENT_USER", "Statement User"),
    role("TRAVEL_USER", "Travel User"),
    privileged("EXP_ATTENDEE_ADMIN", "Attendee Administrator"),
    privileged("EXP_ATTENDEE_ADMIN_RO", "Attendee Administrator (Read Only)"),
    privileged("EXP_CARD_ADMIN", "Company Card Administrator"),
    privileged("EXP_CASHADVANCE_ADMIN", "Cash Advance Administrator"),
    privileged("EXP_CONFIG_ADMIN", "Expense Configuration Administrator (Concur)"),
    privileged("EXP_CONFIG_ADMIN_CLIENT", "Expense Configuration Administrator (Restricted)"),
    privileged("EXP_CONFIG_ADMIN_RO", "Expense Configuration Administrator (Read Only)"),
    privileged("EXP_EMPLOYEE_ADMIN", "Expense Employee Administrator"),
    privileged("EXP_EXTRACT_ADMIN", "Extract Administrator"),
    privileged("EXP_FB_TAX_ADMIN", "Fringe Benefits Tax Administrator"),
    privileged("EXP_PCARD_ADMIN", "Purchasing Card Administrator"),
    privileged("EXP_PROCESSOR", "Expense Processor"),
    privileged("EXP_PROCESSOR_ADMIN", "Expense Processor Manager"),
    privileged("EXP_PROCESSOR_AUDIT", "Expense Processor (Audit)"),
    privileged("EXP_PROCESSOR_CR", "Expense Processor (Central Receiving)"),
    privileged("EXP_PROXY_USER", "Expense Proxy Logon User"),
    privileged("EXP_REIMBURSEMENT_APPROVER", "Reimbursement Approver"),
    privileged("EXP_REIMBURSEMENT_AUDITOR", "Reimbursement Auditor"),
    privileged("SHD_APP_CENTER_ADMIN", "App Center Administrator"),
    privileged("SHD_BUDGET_ADMIN", "Budget Administrator"),
    privileged("SHD_COMPANY_INFO_ADMIN", "Company Info Administrator"),
    privileged("SHD_CONFIG_ADMIN", "Shared Configuration Administrator (Concur)"),
    privileged("SHD_CONFIG_ADMIN_RO", "Shared Configuration Administrator (Read Only)"),
    privileged("SHD_DATA_RETENTION_ADMIN", "Data Retention Administrator"),
    privileged("SHD_EMPLOYEE_ADMIN", "Employee Administrator"),
    privileged("SHD_EMPLOYEE_ADMIN_RO", "Employee Administrator (Read Only)"),
    privileged("SHD_IMPORT_EXTRACT_ADMIN", "Import/Extract Administrator"),
    privileged("SHD_IMPORT_EXTRACT_ADMIN_RO", "Import/Extract Administrator (Read Only)"),
    privileged("SHD_PASSWORD_ADMIN", "Password Manager"),
    privileged("SHD_PAYROLL_ADMIN", "Payroll Administrator"),
    privileged("SHD_ROLE_ADMIN", "Role Administrator"),
    privileged("SHD_TAX_ADMIN", "Tax Administrator"),
    privileged("SHD_TAX_ADMIN_RO", "Tax Administrator (Read Only)"),
    privileged("SHD_TRAINING_ADMIN", "Training Administrator"),
    privileged("SHD_WEB_SERVICES_ADMIN", "Web Services Administrator"),
    privileged("STATEMENT_PROCESSOR", "Statement Processor"),
    privileged("STATEMENT_PROCESSOR_ADMIN", "Statement Processor Manager"),
    privileged("STATEMENT_PROCESSOR_AUDITOR", "Statement Processor (Audit)"),
    // Request.
    role("REQ_APPROVER", "Request Approver"),
    privileged("REQ_CONFIG_ADMIN", "Request Configuration Administrator (Concur)"),
    privileged("REQ_CONFIG_ADMIN_RO", "Request Configuration Administrator (Read Only)"),
    privileged("REQ_EVENT_ADMIN", "Request Event Administrator"),
    privileged("REQ_PROCESSOR", "Request Processor"),
    privileged("REQ_PROCESSOR_ADMIN", "Request Administrator"),
    privileged("REQ_PROCESSOR_AUDIT", "Request Auditor"),
    privileged("REQ_PROXY_USER", "Request Proxy Logon User"),
    privileged("REQ_RISK_ADMIN", "Request Risk Administrator"),
    // Invoice.
    role("INV_APPROVER", "Invoice Approver"),
    role("INV_AP_USER", "Invoice AP User"),
    role("INV_IC_VERIFIER", "Invoice Capture Verifier"),
    role("INV_PURCH_RECEIVER", "Purchase Order Receiver"),
    role("INV_PURCH_REQ_APPROVER", "Purchase Request Approver"),
    role("INV_PURCH_REQ_USER", "Purchase Request User"),
    role("INV_PURCH_USER", "Purchasing User"),
    role("INV_RECEIPT_USER", "Invoice Receipt User"),
    privileged("INV_CONFIG_ADMIN", "Invoice Configuration Administrator (Concur)"),
    privileged("INV_CONFIG_ADMIN_RO", "Invoice Configuration Administrator (Read Only)"),
    privileged("INV_EMPLOYEE_ADMIN", "Invoice Employee Administrator"),
    privileged("INV_IMAGE_PROCESSOR", "Invoice Image Processor"),
    privileged("INV_PMT_MANAGER", "Invoice Payment Manager"),
    privileged("INV_PROCESSOR", "Invoice Processor"),
    privileged("INV_PROCESSOR_AUDIT", "Invoice Processor (Audit)"),
    privileged("INV_PROCESSOR_MANAGER", "Invoice Processor Manager"),
    privileged("INV_PROXY_USER", "Invoice Proxy Logon User"),
    privileged("INV_PURCH_ORDER_PROCESSOR", "Purchase Order Processor"),
    privileged("INV_PURCH_ORDER_PROCESSOR_AUDIT", "Purchase Order Processor (Audit)"),
    privileged("INV_PURCH_REQ_PROCESSOR", "Purchase Request Processor"),
    privileged("INV_PURCH_REQ_PROCESSOR_AUDIT", "Purchase Request Processor (Audit)"),
    privileged("INV_PURCH_REQ_PROXY_USER", "Purchase Request Proxy Logon User"),
    privileged("INV_RECEIPT_PROCESSOR", "Invoice Receipt Processor"),
    privileged("INV_TAX_ADMIN", "Invoice Tax Administrator"),
    privileged("INV_VENDOR_ADMIN", "Invoice Vendor Manager"),
    // Reporting.
    role("BUDGET_REPORTING_USER", "Budget Reporting User"),
    role("REPORTING_BUSINESS_AUTHOR", "Reporting Business Author"),
    role("REPORTING_CONSUMER", "Reporting Consumer"),
    role("REPORTING_HIST_DATA_USER", "Reporting Historical Data User"),
    role("REPORTING_PRO_AUTHOR", "Reporting Professional Author"),
    privileged("REPORTING_CONFIG_ADMIN", "Reporting Configuration Administrator"),
    privileged("REPORTING_EMPLOYEE_ADMIN", "Reporting Employee Administrator"),
];

/// Roles that nobody can hold together: at most one of each set.
pub(super) const EXCLUSIVE: &[&[&str]] = &[
    &["EXP_ATTENDEE_ADMIN", "EXP_ATTENDEE_ADMIN_RO"],
    &["SHD_EMPLOYEE_ADMIN", "SHD_EMPLOYEE_ADMIN_RO", "SHD_PASSWORD_ADMIN"],
    &["EXP_CONFIG_ADMIN", "EXP_CONFIG_ADMIN_RO"],
    &["SHD_CONFIG_ADMIN", "SHD_CONFIG_ADMIN_RO"],
    &["SHD_TAX_ADMIN", "SHD_TAX_ADMIN_RO"],
    &["REQ_CONFIG_ADMIN", "REQ_CONFIG_ADMIN_RO"],
    &["INV_CONFIG_ADMIN", "INV_CONFIG_ADMIN_RO"],
    &["SHD_IMPORT_EXTRACT_ADMIN", "SHD_IMPORT_EXTRACT_ADMIN_RO"],
    &["EXP_PROCESSOR_AUDIT", "EXP_PROCESSOR"],
    &["EXP_PROCESSOR_AUDIT", "EXP_PROCESSOR_ADMIN"],
    &["EXP_PROCESSOR_AUDIT", "EXP_PROCESSOR_CR"],
    &["REQ_PROCESSOR_ADMIN", "REQ_PROCESSOR_AUDIT", "REQ_PROCESSOR", "REQ_RISK_ADMIN"],
    &["INV_PROCESSOR", "INV_PROCESSOR_AUDIT", "INV_PROCESSOR_MANAGER"],
    &["REPORTING_BUSINESS_AUTHOR", "REPORTING_PRO_AUTHOR", "REPORTING_CONSUMER"],
];

/// A role and the one without which it does nothing.
pub(super) const REQUIRES: &[(&str, &str)] = &[
    ("STATEMENT_APPROVER", "EXP_APPROVER"),
    ("STATEMENT_PROCESSOR", "EXP_PROCESSOR"),
    ("STATEMENT_PROCESSOR_AUDITOR", "EXP_PROCESSOR_AUDIT"),
    ("STATEMENT_PROCESSOR_ADMIN", "EXP_PROCESSOR_ADMIN"),
    ("REQ_EVENT_ADMIN", "REQ_PROXY_USER"),
];
