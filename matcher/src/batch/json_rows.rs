//! Rows of a file of JSON lines.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{BadRow, Counts, NOT_UTF_8, Predictor, amount};
use crate::ExpenseTexts;
use crate::rules::Facts;

/// One expense line as a file holds it. Members that are not listed are ignored: exports carry many more.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Row<'r> {
    /// The caller's id of the row, given back unchanged.
    #[serde(borrow)]
    pub id: Cow<'r, str>,
    /// Concur's `VendorDescription`.
    #[serde(rename = "VendorDescription", default, borrow)]
    pub vendor_description: Option<Cow<'r, str>>,
    /// Concur's `BusinessPurpose`.
    #[serde(rename = "BusinessPurpose", default, borrow)]
    pub business_purpose: Option<Cow<'r, str>>,
    /// Concur's `ExpenseTypeName`.
    #[serde(rename = "ExpenseTypeName", default, borrow)]
    pub expense_type_name: Option<Cow<'r, str>>,
    /// Concur's `SpendCategory`.
    #[serde(rename = "SpendCategory", default, borrow)]
    pub spend_category: Option<Cow<'r, str>>,
    /// Concur's `ExpenseTypeCode`.
    #[serde(rename = "ExpenseTypeCode", default, borrow)]
    pub expense_type_code: Option<Cow<'r, str>>,
    /// Concur's `SpendCategoryCode`.
    #[serde(rename = "SpendCategoryCode", default, borrow)]
    pub spend_category_code: Option<Cow<'r, str>>,
    /// The amount, a number or a decimal number in quotes; only rules ask for it, as for those below.
    #[serde(rename = "Amount", default, borrow)]
    pub amount: Option<&'r RawValue>,
    /// The currency's code.
    #[serde(rename = "Currency", default, borrow)]
    pub currency: Option<Cow<'r, str>>,
    /// Who spent it.
    #[serde(rename = "Owner", default, borrow)]
    pub owner: Option<Cow<'r, str>>,
    /// The owner's department.
    #[serde(rename = "Department", default, borrow)]
    pub department: Option<Cow<'r, str>>,
    /// The ledger account.
    #[serde(rename = "Account", default, borrow)]
    pub account: Option<Cow<'r, str>>,
}

impl Row<'_> {
    /// The texts as the matcher takes them; an absent one is empty.
    pub fn texts(&self) -> ExpenseTexts<'_> {
        ExpenseTexts {
            vendor_description: self.vendor_description.as_deref().unwrap_or_default(),
            business_purpose: self.business_purpose.as_deref().unwrap_or_default(),
            expense_type_name: self.expense_type_name.as_deref().unwrap_or_default(),
            spend_category: self.spend_category.as_deref().unwrap_or_default(),
            expense_type_code: self.expense_type_code.as_deref(),
            spend_category_code: self.spend_category_code.as_deref(),
        }
    }
}

impl Row<'_> {
    /// What rules may look at.
    ///
    /// # Errors
    /// The amount is no decimal number.
    pub fn facts(&self) -> Result<Facts<'_>, String> {
        let written = self.amount.map_or("", |amount| amount.get().trim_matches('"'));
        Ok(Facts {
            texts: self.texts(),
            amount: amount(if written == "null" { "" } else { written })?,
            currency: self.currency.as_deref(),
            owner: self.owner.as_deref(),
            department: self.department.as_deref(),
            account: self.account.as_deref(),
        })
    }
}

impl Predictor<'_> {
    /// Decides the rows of a block and appends a prediction for each. `first_line` is the line of the file, counted
    /// from 1, on which the block begins. Empty lines are skipped.
    ///
    /// # Errors
    /// The first row that cannot be read; the predictions before it were appended.
    pub fn json_lines(&mut self, block: &[u8], first_line: u64, out: &mut Vec<u8>) -> Result<Counts, BadRow> {
        let mut counts = Counts::default();
        for (line, bytes) in (first_line..).zip(block.split(|byte| *byte == b'\n')) {
            let bad = |reason: String| BadRow { line, reason };
            // Programs on Windows begin a file with a byte order mark.
            let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).filter(|_| line == 1).unwrap_or(bytes);
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let text = std::str::from_utf8(bytes).map_err(|_| bad(NOT_UTF_8.to_owned()))?;
            let row: Row<'_> = serde_json::from_str(text).map_err(|_| bad(reason(text)))?;
            if self.rules.is_some() {
                self.answer_by_rules(&row.id, &row.facts().map_err(bad)?, &mut counts, out);
            } else {
                self.answer(&row.id, &row.texts(), &mut counts, out);
            }
        }
        Ok(counts)
    }
}

/// What is wrong with a line, with the member that it concerns.
fn reason(line: &str) -> String {
    let mut reader = serde_json::Deserializer::from_str(line);
    let read = serde_path_to_error::deserialize::<_, Row<'_>>(&mut reader);
    match read.map_err(|error| (error.path().to_string(), error.inner().to_string())) {
        Err((path, message)) => {
            // The line number in serde_json's message is always 1 here and would contradict ours.
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            if path == "." { message } else { format!("field {path}: {message}") }
        }
        Ok(_) => "more than one JSON object; one a line".to_owned(),
    }
}
