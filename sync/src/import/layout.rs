//! Exports that are known by their headings, so that nobody has to map them.

use serde::Serialize;

use super::field::plain;

/// A file that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Our own template, or rows with the names of Concur's API.
    Template,
    /// Concur's accounting extract with headings: a row for each journal entry.
    ConcurAccountingExtract,
    /// An expense report or entry list exported from Concur's pages or its reporting.
    ConcurReportExport,
    /// Any other table: columns are found by their headings alone.
    Other,
}

/// All of these headings have to be there.
const PRINTS: &[(Layout, &[&str])] = &[
    (Layout::ConcurAccountingExtract, &["Report Entry Transaction Date", "Report Entry Expense Type Name"]),
    (Layout::ConcurAccountingExtract, &["Report Entry Transaction Date", "Journal Amount"]),
    (Layout::Template, &["VendorDescription", "TransactionDate", "PostedAmount"]),
    (Layout::ConcurReportExport, &["Transaction Date", "Expense Type", "Report ID"]),
    (Layout::ConcurReportExport, &["Transaction Date", "Expense Type", "Report Name"]),
];

impl Layout {
    /// Recognises a file by its headings.
    pub(super) fn of(headings: &[String]) -> Self {
        let there: Vec<String> = headings.iter().map(|heading| plain(heading)).collect();
        let all = |wanted: &[&str]| wanted.iter().all(|heading| there.contains(&plain(heading)));
        PRINTS.iter().find(|(_, wanted)| all(wanted)).map_or(Layout::Other, |(layout, _)| *layout)
    }

    /// For people.
    pub const fn description(self) -> &'static str {
        match self {
            Layout::Template => "the import template",
            Layout::ConcurAccountingExtract => "SAP Concur accounting extract",
            Layout::ConcurReportExport => "SAP Concur report export",
            Layout::Other => "a table",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_exports_are_known_by_their_headings() {
        #[track_caller]
        fn check(headings: &[&str], expected: Layout) {
            let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
            assert_eq!(Layout::of(&headings), expected, "{headings:?}");
        }
        check(
            &["Employee ID", "Report Entry Transaction Date", "Journal Amount", "Report Entry Vendor Name"],
            Layout::ConcurAccountingExtract,
        );
        check(&["vendordescription", "Transaction_Date", "PostedAmount", "Extra"], Layout::Template);
        check(&["Report Name", "Expense Type", "Transaction Date", "Amount"], Layout::ConcurReportExport);
        check(&["Datum", "Betrag", "Anbieter"], Layout::Other);
    }
}
