//! Rows of a file in, predictions out: the shape that the command line and other programs exchange.
//!
//! Pure conversion. Reading, writing and threads belong to the caller.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Band, ExpenseTexts, Matcher, Scratch};

/// One expense line as a file holds it. Members that are not listed are ignored: exports carry many more.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Row {
    /// The caller's id of the row, given back unchanged.
    pub id: String,
    /// Concur's `VendorDescription`.
    #[serde(rename = "VendorDescription", default)]
    pub vendor_description: Option<String>,
    /// Concur's `BusinessPurpose`.
    #[serde(rename = "BusinessPurpose", default)]
    pub business_purpose: Option<String>,
    /// Concur's `ExpenseTypeName`.
    #[serde(rename = "ExpenseTypeName", default)]
    pub expense_type_name: Option<String>,
    /// Concur's `SpendCategory`.
    #[serde(rename = "SpendCategory", default)]
    pub spend_category: Option<String>,
    /// Concur's `ExpenseTypeCode`.
    #[serde(rename = "ExpenseTypeCode", default)]
    pub expense_type_code: Option<String>,
    /// Concur's `SpendCategoryCode`.
    #[serde(rename = "SpendCategoryCode", default)]
    pub spend_category_code: Option<String>,
}

impl Row {
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

/// What the matcher says about one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// The row's id.
    pub id: String,
    /// The app, or `null` for an abstention.
    pub app_id: Option<Arc<str>>,
    /// Score of the candidate, 0 to 1; 0 without one.
    pub score: f64,
    /// The score's band.
    pub band: Band,
    /// The best app seen, also below the threshold.
    pub candidate: Option<Arc<str>>,
}

/// Decides one row.
pub fn predict(matcher: &Matcher, row: &Row, scratch: &mut Scratch) -> Prediction {
    let decision = matcher.decide(&row.texts(), scratch);
    Prediction {
        id: row.id.clone(),
        app_id: decision.app_id,
        score: decision.score,
        band: decision.band,
        candidate: decision.candidate,
    }
}

/// Decides one row given as JSON and appends the prediction to `out`, as JSON and a line feed: what one line of a
/// JSON Lines file becomes.
///
/// # Errors
/// The line is not a [`Row`]; `out` is as it was.
pub fn predict_json(
    matcher: &Matcher,
    line: &str,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    let row: Row = serde_json::from_str(line)?;
    serde_json::to_writer(&mut *out, &predict(matcher, &row, scratch))?;
    out.push(b'\n');
    Ok(())
}
